"""Logging: one line per fact, and no secret, signature, address or body in any of them.

The filter works on what is about to be written, so a library's message, an exception's text and a traceback pass
through it as well. https://docs.slack.dev/authentication/best-practices-for-security
"""

import logging
import re
import sys
from collections.abc import Mapping
from typing import Any, Final, Literal, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

TEXT_CHARACTERS: Final = 16_000
"""Longest text that is written: three quarters from its head, the rest from its tail, where tracebacks end; ours."""
_READ_CHARACTERS: Final = 200_000
REDACTED: Final = "[redacted]"

_KEPT_BACK = (
    r"response_url|trigger_id|access_token|refresh_token|client_secret|signing_secret|bot_token|app_token|"
    r"app_password|password|authorization|x-slack-signature|client_assertion"
)
# A value after one of these names: quoted (any depth of escaping), form-encoded, or bare.
_NAMED = re.compile(
    rf"""(?ix)(?P<name> \b(?:{_KEPT_BACK})\b
        (?: \\*["']?\s*[:=]\s* | \\*["']\s*,\s* )   # name: value, name=value, "name": …, ('name', …)
        (?: b?\\*["'] )? )
    (?P<value> [^\s"'\\&,;}})\]]+ )"""
)
_PATTERNS: Final[tuple[tuple[re.Pattern[str], str], ...]] = (
    # Authorization values first: their scheme would otherwise be all that the named rule takes.
    (re.compile(r"(?i)\b(bearer|basic)(\s|%20|\+)+[a-z0-9._~+/=-]+"), rf"\1 {REDACTED}"),
    (re.compile(r"(?i)\bxox[a-z](?:\.xox[a-z])?-[a-z0-9-]+"), REDACTED),
    (re.compile(r"(?i)\bxapp-[a-z0-9-]+"), REDACTED),
    (re.compile(r"\beyJ[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)?"), REDACTED),
    (re.compile(r"\bv0(?:=|%3[Dd])[0-9A-Fa-f]{8,}"), REDACTED),
    # Slack's response URLs and incoming webhooks are secrets in themselves, also form-encoded or with escaped slashes.
    (re.compile(r"(?i)\bhttps?(?::|%3a)(?:\\?/|%2f){2}hooks\.slack(?:-gov)?\.com[^\s\"'<>&,)}\]]*"), REDACTED),
    (re.compile(r"\bwhsec_[A-Za-z0-9+/=_-]+"), REDACTED),
    (re.compile(r"\bv1,[A-Za-z0-9+/=]{20,}"), REDACTED),
    (re.compile(r"(webhook[:/]https?://[^\s/\"'<>]{1,256}/)[^\s\"'<>]+"), rf"\1{REDACTED}"),
    (re.compile(r"(?i)([?&](?:sig|code|token)=)[^\s\"'<>&]+"), rf"\1{REDACTED}"),
    (re.compile(r"(?i)(\b[a-z][a-z0-9+.-]{1,31}://[^\s:/@\"']{0,256}:)[^\s/@\"']{1,256}@"), rf"\1{REDACTED}@"),
    (re.compile(r"\b[0-9]{6,}\.[0-9]{6,}\.[0-9a-f]{16,}\b"), REDACTED),  # a bare trigger_id
    # Starts only where a word starts and stops after an address's longest part: linear on any text.
    (
        re.compile(r"(?<![\w.+%-])[\w.+%-]{1,64}?(?:@|%40)[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}"),
        REDACTED,
    ),
)
_QUIET: Final[Mapping[str, int]] = {
    # Bolt logs whole bodies: at INFO when a signature is wrong, at WARNING when nothing listens for a request.
    "slack_bolt": logging.ERROR,
    "slack_sdk": logging.WARNING,
    "alembic": logging.WARNING,
    "uvicorn.error": logging.WARNING,
    "aiohttp.access": logging.WARNING,
    "apscheduler": logging.WARNING,
    "asyncio": logging.WARNING,
    "msal": logging.WARNING,
    "msrest": logging.WARNING,
    "sqlalchemy": logging.WARNING,
    "urllib3": logging.WARNING,
    "uvicorn.access": logging.WARNING,
    "websockets": logging.WARNING,
}


def scrub(text: str) -> str:
    """`text` without tokens, signatures, response addresses, trigger ids, passwords in URLs, and e-mail addresses.

    Never raises; what is longer than `TEXT_CHARACTERS` loses its middle.
    """
    length = len(text)
    text = _redact(text[:_READ_CHARACTERS])  # before the cut: half a token would no longer look like one
    if len(text) <= TEXT_CHARACTERS:
        return text
    head = TEXT_CHARACTERS * 3 // 4
    return f"{text[:head]}… ({length:,} characters) …{text[head - TEXT_CHARACTERS :]}"


def scrub_event(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """The structlog processor: scrubs every text in an event, keys and nested values included."""
    return {scrub(key): _scrub_value(key, value) for key, value in event.items()}


def configure(kind: Literal["json", "text"], *, stream: TextIO | None = None, level: int = logging.INFO) -> None:
    """Send structlog and stdlib logging through one scrubbed line format on `stream` (standard error).

    Times are UTC, RFC 3339. Calling it again replaces the earlier set-up. Servers must be told to keep theirs away
    (uvicorn: `log_config=None`).
    """
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        # Plain tracebacks: prettier ones print local variables, and those are people's words and tokens.
        structlog.processors.format_exc_info,
        structlog.processors.UnicodeDecoder(),
    ]
    renderer: Processor = (
        structlog.processors.JSONRenderer(sort_keys=True, ensure_ascii=False, default=repr)
        if kind == "json"
        else structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    )
    handler = _ScrubbedHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, scrub_event, renderer, _scrub_line],
        )
    )
    root = logging.getLogger()
    for old in list(root.handlers):
        if isinstance(old, _ScrubbedHandler):
            root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    for name, least in _QUIET.items():
        logging.getLogger(name).setLevel(max(level, least))
    logging.captureWarnings(capture=True)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


class _ScrubbedHandler(logging.StreamHandler[TextIO]):
    """A stream handler whose own failures do not print the record: stdlib's would show it unscrubbed."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the stdlib's name
        """Say that a line was lost, and which logger's, without its content."""
        try:
            self.stream.write(f"a log line of {record.name} could not be written\n")
        except (OSError, ValueError):
            return


def _scrub_line(_logger: WrappedLogger, _method: str, line: str | bytes | EventDict) -> str:
    """The last look, at the rendered line: catches what only shows once values stand side by side."""
    return _redact(line.decode("utf-8", "replace") if isinstance(line, bytes) else str(line))


def _redact(text: str) -> str:
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return _NAMED.sub(_hide_value, text)


def _scrub_value(key: str, value: Any, depth: int = 0) -> Any:
    if re.fullmatch(_KEPT_BACK, key, re.IGNORECASE):
        return REDACTED
    if isinstance(value, bool | int | float) or value is None:
        return value
    if depth < 6 and isinstance(value, Mapping):
        return {scrub(str(name)): _scrub_value(str(name), inner, depth + 1) for name, inner in value.items()}
    if depth < 6 and isinstance(value, list | tuple | set | frozenset):
        return [_scrub_value("", inner, depth + 1) for inner in value]
    return scrub(value if isinstance(value, str) else repr(value))


def _hide_value(match: re.Match[str]) -> str:
    hidden = match["value"].startswith(REDACTED[:-1])
    return match[0] if hidden else match["name"] + REDACTED
