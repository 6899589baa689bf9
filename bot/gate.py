"""The gate: what every inbound request must survive before any platform's SDK sees it.

Framework-free: headers, raw bytes and the time go in; a parsed request comes out or `Refusal` is raised, always a 4xx.
Sizes and signatures are checked on raw bytes before a single character is parsed. The replay keys named here are the
ones intake stores, so that a repeat gets the stored reply and nothing else.
"""

import hashlib
import hmac
import json
import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal
from urllib.parse import parse_qsl

Json = dict[str, Any]

BODY_BYTES: Final = 256 * 1024
"""Largest body either door reads; ours (promises, flood). Slack and Teams stay far below it."""
COMMAND_BYTES: Final = 64 * 1024
"""Largest body of a slash command; ours. Slack cuts what people type far below it."""
MAX_AGE_SECONDS: Final = 300
"""Oldest (or most future) Slack timestamp. https://docs.slack.dev/authentication/verifying-requests-from-slack"""
JSON_DEPTH: Final = 100
"""Deepest nesting of JSON; ours. Real payloads stay under 20."""
FORM_FIELDS: Final = 100
"""Most fields of a form; ours. Slack sends about 15."""

_TIMESTAMP = re.compile(r"[0-9]{10}")
_RETRY = re.compile(r"[0-9]{1,3}")
_INTEGER_BITS = 63
_INTEGER_DIGITS = 20
_FORM = "application/x-www-form-urlencoded"
_JSON = "application/json"

SlackKind = Literal["command", "interaction", "event", "url_verification", "ssl_check", "app_rate_limited"]


class Refusal(Exception):  # noqa: N818 - the field's word for a 4xx; it is an answer, not a fault of ours
    """A request that is not let in: HTTP `status` (400, 401, 403, 413 or 415) and a `reason` for the log.

    The reason never quotes what was sent, so that it may be logged and answered as it stands.
    """

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(f"{status} {reason}")
        self.status = status
        self.reason = reason


@dataclass(frozen=True, slots=True)
class SlackRequest:
    """One authentic request from Slack, of an admitted workspace."""

    kind: SlackKind
    payload: Json
    """A command's form fields, an interaction's payload, or a whole event envelope."""
    replay_key: str | None
    """What makes this request the same as another; None for those without an effect."""
    retry_num: int = 0
    """Slack's count of earlier deliveries of this event; 0 for the first. Never a reason to skip (promises, 1)."""


def header(headers: Mapping[str, str], name: str) -> str:
    """One header's value whatever its capitals; "" if absent."""
    wanted = name.lower()
    value = headers.get(wanted)
    if value is not None:
        return value
    return next((found for key, found in headers.items() if key.lower() == wanted), "")


def check_slack(
    headers: Mapping[str, str], body: bytes, secret: str, now: float, admitted: Collection[str]
) -> SlackRequest:
    """Let one HTTP request from Slack in, or raise `Refusal`.

    `now` is seconds since the epoch; `admitted` holds the ids of the workspaces this installation serves. In order: 413
    too large, 415 wrong type, 401 unsigned, wrongly signed or too old, 400 malformed, 403 another workspace. A Slack
    Connect stranger's own workspace is no reason to refuse here: what they may do is decided per act.
    """
    if len(body) > BODY_BYTES:
        raise Refusal(413, "the body is too large")
    kind = _media_type(headers)
    if kind not in {_FORM, _JSON}:
        raise Refusal(415, "the content type is neither a form nor JSON")
    _check_signature(headers, body, secret, now)
    retry = header(headers, "x-slack-retry-num")
    retry_num = int(retry) if _RETRY.fullmatch(retry) else 0
    if kind == _JSON:
        return _slack_event(read_json(body), admitted, retry_num)
    form = _read_form(body)
    if "payload" in form:
        return _slack_interaction(read_json(form["payload"].encode()), admitted, retry_num)
    if "command" in form:
        if len(body) > COMMAND_BYTES:
            raise Refusal(413, "the command is too large")
        return _slack_command(form, admitted, retry_num)
    if form.get("ssl_check") == "1":
        return SlackRequest("ssl_check", dict(form), None, retry_num)
    raise Refusal(400, "the form is neither a command nor an interaction")


def check_slack_envelope(envelope: object, admitted: Collection[str]) -> SlackRequest | None:
    """Let one Socket Mode message in; None for those that carry no request (hello, disconnect).

    Socket Mode is authenticated by the connection, so only form and workspace are left to check. Text or bytes are read
    as strictly as a body; an object already parsed by the socket client is taken as it is.
    https://docs.slack.dev/apis/events-api/using-socket-mode
    """
    if isinstance(envelope, str):
        envelope = envelope.encode("utf-8", "surrogatepass")
    if isinstance(envelope, bytes):
        if len(envelope) > BODY_BYTES:
            raise Refusal(413, "the message is too large")
        envelope = read_json(envelope)
    if not isinstance(envelope, dict):
        raise Refusal(400, "the message is not a JSON object")
    _check_tree(envelope, strings=True)
    kind, payload = envelope.get("type"), envelope.get("payload")
    if kind not in ("slash_commands", "interactive", "events_api"):  # a tuple: `kind` may be unhashable
        return None
    if not isinstance(payload, dict):
        raise Refusal(400, "the message has no payload")
    attempt = envelope.get("retry_attempt")
    retry_num = attempt if isinstance(attempt, int) and 0 <= attempt < 1000 else 0
    if kind == "slash_commands":
        return _slack_command(payload, admitted, retry_num)
    if kind == "interactive":
        return _slack_interaction(payload, admitted, retry_num)
    return _slack_event(payload, admitted, retry_num)


def check_teams_body(headers: Mapping[str, str], body: bytes) -> None:
    """Raise `Refusal` (413, 415) for a body that is not even looked at. Who sent it is `bot.teams.tokens`' question."""
    if len(body) > BODY_BYTES:
        raise Refusal(413, "the body is too large")
    if _media_type(headers) != _JSON:
        raise Refusal(415, "the content type is not JSON")


def read_activity(body: bytes) -> Json:
    """Read one Bot Framework activity, or raise `Refusal` 400; asked only once somebody we trust has sent it.

    https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-api-reference#activity-object
    """
    activity = read_json(body)
    if not _name(activity.get("type")):
        raise Refusal(400, "the activity has no type")
    return activity


def teams_replay_key(activity: Mapping[str, Any]) -> str | None:
    """What makes this activity the same as another: conversation and activity id; invokes add name and replyToId.

    None where Teams names no activity id, as in some conversation updates, which are harmless when repeated.
    """
    conversation, activity_id = activity.get("conversation"), activity.get("id")
    conversation_id = conversation.get("id") if isinstance(conversation, dict) else None
    if not _name(activity_id) or not _name(conversation_id):
        return None
    if activity.get("type") == "invoke":
        return _key("teams", "invoke", conversation_id, activity_id, activity.get("name"), activity.get("replyToId"))
    return _key("teams", activity.get("type"), conversation_id, activity_id)


def read_json(body: bytes) -> Json:
    """Read a JSON object that a database and a platform can take in turn, or raise `Refusal` 400.

    Refused: bad UTF-8, anything but an object, a key given twice, nesting beyond `JSON_DEPTH`, NaN and infinities,
    integers beyond 64 bits, lone surrogates and NUL (PostgreSQL stores neither).
    """
    try:
        text = body.decode("utf-8")
        value = json.loads(
            text, object_pairs_hook=_pairs, parse_constant=_constant, parse_int=_integer, parse_float=_float
        )
    except RecursionError:
        raise Refusal(400, "the JSON is nested too deeply") from None
    except ValueError:  # UnicodeDecodeError and JSONDecodeError are both ValueErrors
        raise Refusal(400, "the body is not JSON") from None
    if not isinstance(value, dict):
        raise Refusal(400, "the body is not a JSON object")
    # Only an escape can bring a surrogate or NUL past UTF-8 and the parser, so most bodies are spared the look.
    _check_tree(value, strings="\\u" in text)
    return value


def _media_type(headers: Mapping[str, str]) -> str:
    return header(headers, "content-type").partition(";")[0].strip().lower()


def _check_signature(headers: Mapping[str, str], body: bytes, secret: str, now: float) -> None:
    """https://docs.slack.dev/authentication/verifying-requests-from-slack, on bytes: no input can make it raise."""
    stamp = header(headers, "x-slack-request-timestamp")
    if not secret or not _TIMESTAMP.fullmatch(stamp):
        raise Refusal(401, "the request is not signed")
    expected = b"v0=" + hmac.new(secret.encode(), b"v0:%b:%b" % (stamp.encode(), body), "sha256").hexdigest().encode()
    given = header(headers, "x-slack-signature").encode("utf-8", "surrogatepass")
    genuine = hmac.compare_digest(expected, given)
    if abs(now - int(stamp)) > MAX_AGE_SECONDS:
        raise Refusal(401, "the request is too old")
    if not genuine:
        raise Refusal(401, "the signature does not match")


def _read_form(body: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(
            body.decode("utf-8"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=FORM_FIELDS,
        )
    except ValueError:
        raise Refusal(400, "the body is not a form") from None
    form = dict(pairs)
    if len(form) != len(pairs):
        raise Refusal(400, "a field is given twice")
    if any("\0" in text for pair in pairs for text in pair):
        raise Refusal(400, "a field holds a NUL character")
    return form


def _slack_command(form: Mapping[str, Any], admitted: Collection[str], retry_num: int) -> SlackRequest:
    if not all(isinstance(value, str) for value in form.values() if value is not None):
        raise Refusal(400, "the command's fields are not text")
    if not all(_name(form.get(field)) for field in ("command", "user_id", "channel_id")):
        raise Refusal(400, "the command lacks a field")
    _admit(admitted, form.get("team_id"))
    key = _key("slack", "command", form.get("trigger_id") or _canonical(form))
    return SlackRequest("command", dict(form), key, retry_num)


def _slack_interaction(payload: Json, admitted: Collection[str], retry_num: int) -> SlackRequest:
    """`team` is the workspace the app is installed on, null for organisation-wide installations, and `view` repeats it.

    https://docs.slack.dev/reference/interaction-payloads/block_actions-payload
    """
    kind = payload.get("type")
    if not _name(kind):
        raise Refusal(400, "the interaction has no type")
    view = _object(payload, "view")
    _admit(admitted, _object(payload, "team").get("id"), view.get("app_installed_team_id"))
    if not _name(_object(payload, "user").get("id")):
        raise Refusal(400, "the interaction names no user")
    actions = payload.get("actions", [])
    if not isinstance(actions, list) or not all(isinstance(action, dict) for action in actions):
        raise Refusal(400, "the interaction's actions are malformed")
    if kind in {"view_submission", "view_closed"}:
        if not _name(view.get("id")):
            raise Refusal(400, "the form has no id")
        values = _canonical(_object(_object(payload, "view"), "state"))
        key = _key("slack", kind, view["id"], view.get("hash"), values)
    else:
        pressed = [action.get("action_ts") for action in actions] or [payload.get("action_ts")]
        key = _key("slack", kind, payload.get("trigger_id") or _canonical(payload), pressed)
    return SlackRequest("interaction", payload, key, retry_num)


def _slack_event(envelope: Json, admitted: Collection[str], retry_num: int) -> SlackRequest:
    """In a shared channel `team_id` may be the author's workspace; ours then stands in `authorizations`.

    https://docs.slack.dev/apis/events-api/#callback-field
    """
    kind = envelope.get("type")
    if kind == "url_verification":
        if not _name(envelope.get("challenge")):
            raise Refusal(400, "the challenge is missing")
        return SlackRequest("url_verification", envelope, None, retry_num)
    if kind == "app_rate_limited":
        _admit(admitted, envelope.get("team_id"))
        return SlackRequest("app_rate_limited", envelope, None, retry_num)
    if kind != "event_callback":
        raise Refusal(400, "the event's type is unknown")
    given = envelope.get("authorizations")
    authorizations = [entry for entry in given if isinstance(entry, dict)] if isinstance(given, list) else []
    _admit(
        admitted,
        envelope.get("team_id"),
        envelope.get("context_team_id"),
        *(entry.get("team_id") for entry in authorizations),
    )
    if not _name(envelope.get("event_id")) or not _name(_object(envelope, "event").get("type")):
        raise Refusal(400, "the event lacks its id or its type")
    return SlackRequest("event", envelope, _key("slack", "event", envelope["event_id"]), retry_num)


def _admit(admitted: Collection[str], *teams: object) -> None:
    named = [team for team in teams if _name(team)]
    if not named:
        raise Refusal(403, "no workspace is named")
    if not any(team in admitted for team in named):
        raise Refusal(403, "the workspace is not admitted")


def _object(parent: Mapping[str, Any], name: str) -> Json:
    """The object `name`, {} where it is absent or null; anything else is malformed."""
    value = parent.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Refusal(400, "an object was expected")
    return value


def _name(value: object) -> bool:
    return isinstance(value, str) and value != ""


def _canonical(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _key(platform: str, kind: object, *parts: object) -> str:
    """A replay key: readable at the front, a digest behind, because trigger ids are secrets while they live."""
    digest = hashlib.sha256(_canonical([kind, *parts]).encode()).hexdigest()
    return f"{platform}:{kind if isinstance(kind, str) and kind.isidentifier() else 'other'}:{digest[:40]}"


def _pairs(pairs: list[tuple[str, Any]]) -> Json:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("a key is given twice")
    return result


def _constant(_name: str) -> float:
    raise ValueError("NaN and Infinity are not JSON")


def _integer(digits: str) -> int:
    # int() of thousands of digits is slow, and refused by Python itself beyond 4,300.
    if len(digits) > _INTEGER_DIGITS or (value := int(digits)).bit_length() > _INTEGER_BITS:
        raise ValueError("the number is out of range")
    return value


def _float(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise ValueError("the number is out of range")
    return value


def _check_tree(root: Json, *, strings: bool) -> None:
    """Depth, and (if `strings`) lone surrogates and NUL; level by level: recursion is what an attacker wants."""
    level: list[Any] = [root]
    depth = 0
    while level:
        depth += 1
        if depth > JSON_DEPTH:
            raise Refusal(400, "the JSON is nested too deeply")
        below: list[Any] = []
        for container in level:
            if isinstance(container, dict):
                if strings:
                    for key in container:
                        _check_text(key)
                children: Collection[Any] = container.values()
            else:
                children = container
            for child in children:
                if isinstance(child, dict | list):
                    below.append(child)
                elif strings and isinstance(child, str):
                    _check_text(child)
        level = below


def _check_text(text: str) -> None:
    if "\0" in text:
        raise Refusal(400, "a text holds a NUL character")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Refusal(400, "a text holds half a character") from None
