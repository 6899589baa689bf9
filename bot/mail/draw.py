"""A customer's mail as bytes: text and HTML, threaded, marked as sent by a machine. Pure."""

import html
import re
from dataclasses import dataclass
from datetime import datetime
from email.charset import QP, Charset
from email.headerregistry import Address
from email.message import Message
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import SMTP
from email.utils import format_datetime

_ITEM = re.compile(r"- (.*)")
_STYLE = "font-family: sans-serif; font-size: 16px; line-height: 1.5; max-width: 40em"


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail to one address. `at`: when it leaves, aware. The ids are what Message-ID holds, without brackets.

    `answers`: the mails of this thread before it, the oldest first.
    """

    sender: Address
    to: str
    subject: str
    words: str
    at: datetime
    id: str
    answers: tuple[str, ...] = ()

    def __bytes__(self) -> bytes:
        return written(self).as_bytes()


def written(mail: Mail) -> Message:
    """The message. Raises ValueError for an address or a subject that does not fit into its header.

    The text part is `words`, byte for byte (line ends as mail has them); the HTML part says the same and no more. It
    names no customer but the one it goes to, and asks machines not to answer
    (https://www.rfc-editor.org/rfc/rfc3834#section-5).
    """
    message = MIMEMultipart("alternative", policy=SMTP)
    message["From"] = mail.sender  # type: ignore[assignment]  # the policy takes addresses
    message["To"] = Address(addr_spec=envelope(mail.to))  # type: ignore[assignment]
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(mail.at)
    message["Message-ID"] = f"<{mail.id}>"
    if mail.answers:
        message["In-Reply-To"] = f"<{mail.answers[-1]}>"
        message["References"] = " ".join(f"<{id_}>" for id_ in dict.fromkeys(mail.answers))
    message["Auto-Submitted"] = "auto-generated"
    for kind, words in (("plain", mail.words), ("html", as_html(mail.words))):
        message.attach(_part(kind, words))
    return message


def envelope(address: str) -> str:
    """An address as a mail server takes it: a domain in other letters is spelled in plain ones. Raises ValueError."""
    name, at, domain = address.rpartition("@")
    try:
        plain = f"{name}{at}{domain.encode('idna').decode()}"
    except UnicodeError:
        plain = ""
    if not name or not plain.isascii() or not plain:
        message = "this address has letters that not every mail server takes"
        raise ValueError(message)
    return plain


def as_html(words: str) -> str:
    """The same words as HTML: paragraphs and lists, everything escaped, nothing to fetch and nothing to follow."""
    blocks = []
    for paragraph in re.split(r"\n{2,}", words.strip("\n")):
        open_list = False
        lines: list[str] = []
        parts: list[str] = []
        for line in paragraph.split("\n"):
            item = _ITEM.fullmatch(line)
            if (item is not None) != open_list and lines:
                parts.append(_block(lines, listed=open_list))
                lines = []
            open_list = item is not None
            lines.append(html.escape(item[1] if item else line))
        parts.append(_block(lines, listed=open_list))
        blocks += parts
    body = "\n".join(blocks)
    return f'<!doctype html>\n<html><body style="{_STYLE}">\n{body}\n</body></html>\n'


def _block(lines: list[str], *, listed: bool) -> str:
    if listed:
        return "<ul>" + "".join(f"<li>{line}</li>" for line in lines) + "</ul>"
    return f"<p>{'<br>'.join(lines)}</p>"


def _part(kind: str, words: str) -> MIMEText:
    readable = Charset("utf-8")
    readable.body_encoding = QP
    return MIMEText(words, kind, readable, policy=SMTP)  # type: ignore[arg-type]  # a Charset is what it is for
