"""The customers' mailboxes: a mail server on this machine that takes every mail, shows it, and sends nothing on."""

import asyncio
import email
import ssl
from collections.abc import Callable
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from bot.sandbox.ledger import Fault, Json, Ledger, SandboxClock

METHODS = ("mail.rcpt", "mail.data")
"""What the fault script can hit: the recipient's line, and the words. Kinds: status (`status` as the reply's code),
drop_before, accept_then_drop, delay."""


class FakeMail:
    """A mail server. What it took is in `mails`, the oldest first, and in the ledger."""

    def __init__(self, ledger: Ledger, clock: SandboxClock, *, auth: tuple[str, str] | None = None) -> None:
        """`auth`: the user and the password it wants, if any."""
        self.ledger = ledger
        self.clock = clock
        self.mails: list[Json] = []
        self.port = 0
        self._auth = auth
        self._server: asyncio.Server | None = None
        self._open: set[SMTP] = set()

    async def start(self, tls: ssl.SSLContext | None = None, *, at_once: bool = False) -> int:
        """Listen on loopback; the port. `tls` offers STARTTLS, or (`at_once`) speaks TLS from the first byte."""
        loop = asyncio.get_running_loop()
        check = self._known if self._auth else None
        options: dict[str, Any] = {
            "hostname": "sandbox",
            "ident": "Amends sandbox",
            "loop": loop,
            "tls_context": tls if not at_once else None,
            "authenticator": check,
            "auth_require_tls": False,
        }

        def made() -> SMTP:
            peer = SMTP(self, **options)
            self._open.add(peer)
            return peer

        self._server = await loop.create_server(made, "127.0.0.1", 0, ssl=tls if at_once else None)
        self.port = self._server.sockets[0].getsockname()[1]
        return self.port

    async def close(self) -> None:
        """Hang up on everybody."""
        if self._server is not None:
            self._server.close()
            for peer in self._open:
                _hang_up(peer)
            await self._server.wait_closed()
            self._server = None
            await asyncio.sleep(0)

    def _known(self, _server: SMTP, _session: Session, _envelope: Envelope, _how: str, data: Any) -> AuthResult:
        right = self._auth is not None and (data.login, data.password) == tuple(s.encode() for s in self._auth)
        return AuthResult(success=right, handled=False)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """A recipient."""
        fault = self.ledger.fault_for("mail.rcpt", address)
        if fault is not None:
            return await self._faulty(fault, server, address, lambda: None)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """The words."""
        to = envelope.rcpt_tos[0]
        content = envelope.content if isinstance(envelope.content, bytes) else b""

        def taken() -> None:
            self._take(str(envelope.mail_from), to, content)

        fault = self.ledger.fault_for("mail.data", to)
        if fault is not None:
            return await self._faulty(fault, server, to, taken)
        taken()
        return "250 OK"

    async def _faulty(self, fault: Fault, server: SMTP, place: str, taken: Callable[[], None]) -> str:
        if fault.kind == "delay":
            await asyncio.sleep(fault.seconds)
            taken()
            return "250 OK"
        if fault.kind == "status":
            answer = {"status": fault.status}
            self.ledger.refuse("email", fault.method, place, "", {}, answer)
            return f"{fault.status} {fault.error or 'a fault of the script'}"
        if fault.kind == "accept_then_drop":
            taken()
        _hang_up(server)
        return "421 gone"

    def _take(self, sender: str, to: str, content: bytes) -> None:
        message = email.message_from_bytes(content, policy=default)
        assert isinstance(message, EmailMessage)
        parts = {kind: message.get_body((kind,)) for kind in ("plain", "html")}
        mail = {
            "from": str(message["From"]),
            "to": to,
            "subject": str(message["Subject"]),
            "text": _text(parts["plain"]),
            "html": _text(parts["html"]),
            "headers": {name: str(value).strip() for name, value in message.items()},
            "at": self.clock.now().isoformat(),
        }
        self.mails.append(mail)
        self.ledger.accept("email", "mail.data", to, sender, {**mail, "raw": content.decode("utf-8", "replace")})

    def redraw(self, to: str, subject: str, text: str, at: str) -> None:
        """Put back what was there before the sandbox was closed; of several mails of one post only the last is kept."""
        self.mails.append({"from": "", "to": to, "subject": subject, "text": text, "html": "", "headers": {}, "at": at})


def _hang_up(peer: SMTP) -> None:
    if isinstance(peer.transport, asyncio.WriteTransport):
        peer.transport.abort()


def _text(part: Any) -> str:
    """A part as a reader shows it: mail ends its lines its own way."""
    return str(part.get_content()).replace("\r\n", "\n") if part is not None else ""
