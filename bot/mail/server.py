"""Where mail is handed in and in whose name: AMENDS_SMTP_URL and AMENDS_MAIL_FROM, read and checked."""

from dataclasses import dataclass, field
from email.errors import MessageError
from email.headerregistry import Address
from email.policy import SMTP
from urllib.parse import parse_qsl, unquote, urlsplit

from bot.loopback import is_loopback

SUBMISSION, SUBMISSIONS = 587, 465
"""Ports for handing mail in: https://www.rfc-editor.org/rfc/rfc6409#section-3.1 and
https://www.rfc-editor.org/rfc/rfc8314#section-7.3"""
_EXAMPLE = "smtp://user:password@host:587?starttls=true, or smtps://user:password@host"


@dataclass(frozen=True, slots=True)
class MailServer:
    """A mail server. `tls`: encrypted from the first byte; `starttls`: from that command on, or not at all."""

    host: str
    port: int
    tls: bool = False
    starttls: bool = False
    user: str = ""
    password: str = field(default="", repr=False)

    def __str__(self) -> str:
        return f"{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"


def mail_server(url: str) -> MailServer:
    """The mail server of a URL. Raises ValueError with what is wrong, never with a part of the URL."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError(f"cannot be read. Write {_EXAMPLE}.") from None
    if parts.scheme not in ("smtp", "smtps") or not host or parts.path not in ("", "/") or parts.fragment:
        raise ValueError(f"cannot be read. Write {_EXAMPLE}.")
    asked = dict(parse_qsl(parts.query, keep_blank_values=True))
    starttls = asked.pop("starttls", "false").lower()
    if asked or starttls not in ("true", "false") or (parts.scheme == "smtps" and starttls == "true"):
        raise ValueError("may end in ?starttls=true (with smtp://) or ?starttls=false, and in nothing else.")
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if bool(user) != bool(password):
        raise ValueError(f"needs a user and a password, or neither. Write {_EXAMPLE}.")
    secure = parts.scheme == "smtps" or starttls == "true"
    if password and not secure and not is_loopback(host):
        raise ValueError("would send its password in the clear. Add ?starttls=true, or begin it with smtps://.")
    usual = SUBMISSIONS if parts.scheme == "smtps" else SUBMISSION
    return MailServer(host, port or usual, parts.scheme == "smtps", starttls == "true", user, password)


def mail_sender(written: str) -> Address:
    """The sender of AMENDS_MAIL_FROM: an address, or a name before it in brackets. Raises ValueError with the fault."""
    example = "Write status@example.com, or Example Status <status@example.com>."
    if any(ord(c) < 32 or ord(c) == 127 for c in written):
        raise ValueError(f"holds a line break. {example}")
    try:
        header = SMTP.header_factory("From", written)
        found = header.addresses
    except (MessageError, ValueError, IndexError, AttributeError):
        raise ValueError(f"is no mail address. {example}") from None
    if len(found) != 1 or header.defects or "." not in found[0].domain or not found[0].username:
        raise ValueError(f"is no mail address. {example}")
    if not found[0].addr_spec.isascii():
        raise ValueError(f"has letters that not every mail server takes. {example}")
    sender: Address = found[0]
    return sender
