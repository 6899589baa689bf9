"""The way out by e-mail: one connection a mail, and what came of it as an outcome."""

import asyncio
import re
import socket
import ssl
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.headerregistry import Address
from typing import Final

import aiosmtplib

from bot.channel import Outlet
from bot.mail.draw import Mail, envelope
from bot.mail.server import MailServer
from handlers.domain.delivery import Dead, Outcome, Retry, Sent, Unknown
from handlers.domain.letter import opened
from storage.outbox import Claimed

READY_SECONDS: Final = 4.5
"""Until the server is ready for the words; before that nothing was sent. Ours."""
CALL_SECONDS: Final = 7.5
"""The whole call; a row may take 8 s in all (promises.md, section 2)."""
LONGEST_REASON: Final = 160
"""Characters of what a server says that people are shown; ours."""
GO_AHEAD, TAKEN = 354, range(200, 300)
"""Replies to DATA and to its end. https://www.rfc-editor.org/rfc/rfc5321#section-4.3.2"""
_DOT = re.compile(rb"(?m)^\.")


def utc_now() -> datetime:
    """This machine's clock, aware."""
    return datetime.now(UTC)


class MailCarrier(Outlet):
    """Carries rows to mail addresses. `clock` dates the mails (UTC); `tls` replaces the system's trust in tests."""

    platform = "email"

    def __init__(
        self,
        server: MailServer,
        sender: Address,
        *,
        clock: Callable[[], datetime] = utc_now,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Nothing is opened before the first mail."""
        self.server = server
        self.sender = sender
        self._clock = clock
        self._tls = tls

    async def carry(self, row: Claimed) -> Outcome:
        """Send a mail. Words that replace earlier ones are a mail more, in its thread."""
        if row.op != "message" or row.place.kind != "channel":
            return Dead(f"e-mail has no {row.op} of a {row.place.kind}")
        try:
            mail, to = self._mail(row), envelope(row.address)
            data = bytes(mail)
        except (ValueError, IndexError) as fault:  # the parser of addresses stumbles over some
            return Dead(str(fault))
        return await self._sent(row, to, data)

    async def check(self) -> list[str]:
        """What stands in the way of sending, for `amends doctor`; nothing is sent."""
        client = self._client()
        try:
            async with asyncio.timeout(CALL_SECONDS):
                await client.connect()
                await client.noop()
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            return [f"{self.server}: {_before(error).reason}. Mend AMENDS_SMTP_URL, or start that server."]
        finally:
            client.close()
        return []

    def _mail(self, row: Claimed) -> Mail:
        subject, words = opened(row.text)
        own = self._id(row.nonce)
        answers = [self._id(row.thread_id)] if row.thread_id else []
        if row.message_id:  # other words for a mail that is there already
            answers.append(own)
            own = self._id(f"{row.nonce}.{row.revision}")
        return Mail(self.sender, row.address, subject, words, self._clock(), own, tuple(answers))

    def _id(self, of: str) -> str:
        """The same post has the same Message-ID however often it is tried: a random id that names nobody."""
        return f"{of}@{self.sender.domain}"

    def _client(self) -> aiosmtplib.SMTP:
        server = self.server
        return aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.user or None,
            password=server.password or None,
            use_tls=server.tls,
            start_tls=server.starttls,
            tls_context=self._tls,
            local_hostname=_own_name(),
            timeout=CALL_SECONDS,
        )

    async def _sent(self, row: Claimed, to: str, data: bytes) -> Outcome:
        began = time.monotonic()
        client = self._client()
        try:
            try:
                async with asyncio.timeout(READY_SECONDS):
                    await client.connect()
                    await client.mail(self.sender.addr_spec)
                    await client.rcpt(to)
                    said = await client.execute_command(b"DATA")
                    if said.code != GO_AHEAD:
                        raise aiosmtplib.SMTPDataError(said.code, said.message)
            except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
                return _before(error)
            if time.monotonic() - began > READY_SECONDS:  # the process may have been stopped meanwhile
                return Retry("held up before it left", after=0)
            return await self._words(client, row, data, began + CALL_SECONDS - time.monotonic())
        finally:
            client.close()

    async def _words(self, client: aiosmtplib.SMTP, row: Claimed, data: bytes, seconds: float) -> Outcome:
        """The words and the dot that ends them: from here on a lost answer tells nothing."""
        wire = client.protocol
        if wire is None or not wire.is_connected:
            return Retry("the mail server hung up before the words left")
        if not data.endswith(b"\r\n"):
            data += b"\r\n"
        try:
            wire.write(_DOT.sub(b"..", data) + b".\r\n")
            said = await wire.read_response(timeout=seconds)
        except aiosmtplib.SMTPResponseException:
            return Unknown("the mail server's answer could not be read")
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            return Unknown(f"no answer from the mail server ({type(error).__name__})")
        if said.code in TAKEN:
            if client.protocol is not None and client.protocol.is_connected:
                client.protocol.write(b"QUIT\r\n")  # a courtesy; its answer changes nothing
            return Sent(row.message_id or row.nonce)
        return _refused(said.code, said.message)


def _before(error: Exception) -> Retry | Dead:
    """What a fault means while no word has left: nothing is there."""
    if isinstance(error, aiosmtplib.SMTPResponseException):
        found = _refused(error.code, error.message)
        return found if isinstance(found, Dead) else Retry(found.reason)
    if isinstance(error, OSError | TimeoutError):
        kind = type(error if isinstance(error, TimeoutError) else error.__cause__ or error).__name__
        return Retry(f"no connection to the mail server ({kind})")
    return Dead(_short(str(error)))


def _refused(code: int, words: str) -> Retry | Dead | Unknown:
    """A reply that is no yes: for now (4xx), for good (5xx), or none that a mail server may give."""
    reason = _short(f"{code} {words}")
    if 500 <= code < 600:
        return Dead(reason)
    return Retry(reason) if 400 <= code < 500 else Unknown(reason)


def _short(words: str) -> str:
    line = " ".join("".join(c if c.isprintable() else " " for c in words).split())
    return line if len(line) <= LONGEST_REASON else f"{line[: LONGEST_REASON - 2]} …"


def _own_name() -> str:
    name = socket.gethostname()
    return name if re.fullmatch(r"[A-Za-z0-9.-]{1,253}", name) else "localhost"
