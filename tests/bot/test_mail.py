"""Customers' mail against a real mail server on this machine: what it looks like, and what became of it."""

import re
import socket
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from ssl import PROTOCOL_TLS_SERVER, SSLContext
from typing import Any

import pytest

from bot.mail.carry import MailCarrier
from bot.mail.draw import as_html, envelope
from bot.mail.server import MailServer, mail_sender, mail_server
from bot.sandbox.certificates import certificates
from bot.sandbox.ledger import Fault, Ledger, SandboxClock
from bot.sandbox.mailbox import FakeMail
from handlers.domain.delivery import Dead, Place, Retry, Sent, Unknown
from handlers.domain.letter import letter
from storage.outbox import Claimed

AT = datetime(2026, 11, 20, 12, 34, 56, tzinfo=UTC)
SENDER = mail_sender("Example Status <status@example.com>")
NONCE = "01a20582-ab1d-709e-a8c8-d1d4502686ae"
WORDS = (
    "We are sorry.\n\nWhat you saw\n- <b>Mail & search</b> failed\n- from 14:02 to 15:10 CET\n.\n.. a dot\nÜber uns."
)


def claimed(**fields: Any) -> Claimed:
    """A row about to be carried; `fields` say what is different."""
    whole = {
        "id": 1,
        "key": "apology-1/acme/email:it@acme.example",
        "place": Place("email", "channel", "it@acme.example"),
        "op": "message",
        "card": None,
        "text": letter("Our apology for the problem with Mail", WORDS),
        "args": (),
        "address": "it@acme.example",
        "message_id": "",
        "message_at": "",
        "target_id": "",
        "thread_id": "",
        "nonce": NONCE,
        "revision": 1,
        "attempts": 1,
        "fence": 1,
        "lease_until": AT,
        "audience": "customer",
        "incident": 1,
        "digest": "",
        "approval": "d",
    }
    return Claimed(**(whole | fields))


@pytest.fixture
async def mail() -> AsyncIterator[FakeMail]:
    """A mail server that takes everything."""
    clock = SandboxClock(AT)
    found = FakeMail(Ledger(clock), clock)
    await found.start()
    yield found
    await found.close()


def carrier(mail: FakeMail, **fields: Any) -> MailCarrier:
    """A carrier that hands its mail in there."""
    return MailCarrier(MailServer("127.0.0.1", mail.port), SENDER, clock=lambda: AT, **fields)


@pytest.fixture
def trust() -> Iterator[tuple[SSLContext, SSLContext]]:
    """A server's certificate, and a context that trusts it."""
    with certificates(["127.0.0.1"]) as (cert, key, client):
        server = SSLContext(PROTOCOL_TLS_SERVER)
        server.load_cert_chain(cert, key)
        yield server, client


async def test_the_text_is_what_was_approved_and_the_html_says_no_more(mail: FakeMail) -> None:
    """Byte for byte in plain text; escaped, with lists as lists, in HTML."""
    assert await carrier(mail).carry(claimed()) == Sent(NONCE)
    got = mail.mails[0]
    assert got["text"] == WORDS
    assert "<li>&lt;b&gt;Mail &amp; search&lt;/b&gt; failed</li>" in got["html"]
    assert "<b>" not in got["html"]
    assert re.sub(r"<[^>]+>|\s", "", got["html"]).replace("&lt;b&gt;", "<b>").count("Mail") == 1
    raw = message_from_bytes(next(mail.ledger.find("mail.data")).payload["raw"].encode(), policy=default)
    assert [p.get_content_type() for p in raw.iter_parts()] == ["text/plain", "text/html"]  # type: ignore[attr-defined]


async def test_its_head_says_who_when_and_that_no_human_typed_it(mail: FakeMail) -> None:
    """Sender, receiver, subject, date, an id that names nobody, and a sign for machines not to answer."""
    await carrier(mail).carry(claimed())
    head = mail.mails[0]["headers"]
    assert head["From"] == "Example Status <status@example.com>"
    assert head["To"] == "it@acme.example"
    assert head["Subject"] == "Our apology for the problem with Mail"
    assert head["Date"] == "Fri, 20 Nov 2026 12:34:56 +0000"
    assert head["Message-ID"] == f"<{NONCE}@example.com>"
    assert head["Auto-Submitted"] == "auto-generated"
    assert "In-Reply-To" not in head
    assert "acme" not in head["Message-ID"]


async def test_what_follows_is_in_the_thread_of_the_first(mail: FakeMail) -> None:
    """A later post answers the first; other words for a post are a mail of their own that answers it."""
    await carrier(mail).carry(claimed(thread_id="root-1"))
    await carrier(mail).carry(claimed(thread_id="root-1", message_id=NONCE, revision=3))
    later, correction = (m["headers"] for m in mail.mails)
    assert later["In-Reply-To"] == later["References"] == "<root-1@example.com>"
    assert correction["Message-ID"] == f"<{NONCE}.3@example.com>"
    assert correction["In-Reply-To"] == f"<{NONCE}@example.com>"
    assert correction["References"] == f"<root-1@example.com> <{NONCE}@example.com>"


async def test_a_post_tried_again_is_the_same_mail(mail: FakeMail) -> None:
    """However often it is tried, its Message-ID stays, so that mail servers can tell."""
    for _ in range(2):
        await carrier(mail).carry(claimed(attempts=2))
    assert len({m["headers"]["Message-ID"] for m in mail.mails}) == 1


@pytest.mark.parametrize(
    ("fault", "outcome", "seen"),
    [
        (Fault("mail.rcpt", "status", status=450, error="try later"), Retry("450 try later"), 0),
        (Fault("mail.rcpt", "status", status=550, error="no such user"), Dead("550 no such user"), 0),
        (Fault("mail.rcpt", "drop_before"), Retry, 0),
        (Fault("mail.data", "status", status=451, error="busy"), Retry("451 busy"), 0),
        (Fault("mail.data", "status", status=554, error="is spam"), Dead("554 is spam"), 0),
        (Fault("mail.data", "drop_before"), Unknown, 0),
        (Fault("mail.data", "accept_then_drop"), Unknown, 1),
    ],
)
async def test_what_the_server_says_decides(mail: FakeMail, fault: Fault, outcome: object, seen: int) -> None:
    """No for now: again. No for good: dead, in its words. Silence after the last dot: nobody knows."""
    mail.ledger.faults.append(fault)
    came = await carrier(mail).carry(claimed())
    assert came == outcome or type(came) is outcome
    assert len(mail.mails) == seen


async def test_a_server_that_is_not_there_is_tried_again() -> None:
    """Nothing listens, or the name is unknown: certainly nothing was sent."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    for server in (MailServer("127.0.0.1", port), MailServer("no-such-host.invalid", 25)):
        came = await MailCarrier(server, SENDER).carry(claimed())
        assert isinstance(came, Retry)
        assert came.after is None


async def test_what_a_server_says_is_made_short(mail: FakeMail) -> None:
    """A long answer, with what no terminal should get, is one short line."""
    mail.ledger.faults.append(Fault("mail.rcpt", "status", status=550, error="x" * 400))
    came = await carrier(mail).carry(claimed())
    assert isinstance(came, Dead)
    assert len(came.reason) <= 160


@pytest.mark.parametrize(
    "subject",
    ["Hello\rBcc: eve@evil.example", "Hello\x0b", "Hello\u2028Bcc: x", "Hel\u202elo", "x" * 79, " ", ""],
)
async def test_no_subject_brings_headers_of_its_own(mail: FakeMail, subject: str) -> None:
    """Line breaks, invisible characters, too long or none at all: it does not leave."""
    came = await carrier(mail).carry(claimed(text=letter(subject, WORDS)))
    assert isinstance(came, Dead)
    assert "subject" in came.reason
    assert mail.mails == []


@pytest.mark.parametrize(
    "address",
    [
        "a@b.example\r\nRCPT TO:<eve@evil.example>",
        "a b@c.example",
        "a@b.example, eve@evil.example",
        "ü@b.example",
        "@b",
        "",
    ],
)
async def test_an_address_is_one_address(mail: FakeMail, address: str) -> None:
    """Whatever else stands in a channel's address reaches nobody."""
    came = await carrier(mail).carry(claimed(address=address))
    assert isinstance(came, Dead), came
    assert mail.mails == []


async def test_a_domain_in_other_letters_is_spelled_plainly(mail: FakeMail) -> None:
    """As mail servers know it."""
    assert envelope("it@bücher.example") == "it@xn--bcher-kva.example"
    assert isinstance(await carrier(mail).carry(claimed(address="it@bücher.example")), Sent)
    assert mail.mails[0]["to"] == "it@xn--bcher-kva.example"


@pytest.mark.parametrize("op", ["open", "pin", "topic"])
async def test_a_mailbox_is_no_room(mail: FakeMail, op: Any) -> None:
    """Calls on rooms are no mail."""
    assert isinstance(await carrier(mail).carry(claimed(op=op)), Dead)


async def test_nobody_can_look_into_a_mailbox(mail: FakeMail) -> None:
    """What is unknown stays so until a person says."""
    assert await carrier(mail).look(claimed()) is True
    assert await carrier(mail).who("x", "y") is None


@pytest.mark.parametrize("at_once", [True, False])
async def test_it_speaks_tls_and_trusts_only_whom_it_should(
    trust: tuple[SSLContext, SSLContext], *, at_once: bool
) -> None:
    """From the first byte or by STARTTLS; a certificate nobody vouches for gets no mail."""
    clock = SandboxClock(AT)
    mail = FakeMail(Ledger(clock), clock)
    await mail.start(trust[0], at_once=at_once)
    server = MailServer("127.0.0.1", mail.port, tls=at_once, starttls=not at_once)
    try:
        assert await MailCarrier(server, SENDER, tls=trust[1]).carry(claimed()) == Sent(NONCE)
        assert isinstance(await MailCarrier(server, SENDER).carry(claimed()), Retry)
        assert len(mail.mails) == 1
    finally:
        await mail.close()


async def test_a_server_without_starttls_gets_nothing_when_it_is_asked_for(mail: FakeMail) -> None:
    """Rather no mail than one in the clear."""
    server = MailServer("127.0.0.1", mail.port, starttls=True)
    assert isinstance(await MailCarrier(server, SENDER).carry(claimed()), Dead)
    assert mail.mails == []


@pytest.mark.filterwarnings("ignore:Session.login_data:DeprecationWarning")  # aiosmtpd's own
async def test_it_logs_in_and_says_when_it_may_not() -> None:
    """The right password sends; a wrong one is dead at once, and shown nowhere."""
    clock = SandboxClock(AT)
    mail = FakeMail(Ledger(clock), clock, auth=("amends", "pass word/@"))
    await mail.start()
    right = mail_server(f"smtp://amends:pass%20word%2F%40@127.0.0.1:{mail.port}")
    wrong = mail_server(f"smtp://amends:guess@127.0.0.1:{mail.port}")
    try:
        assert isinstance(await MailCarrier(right, SENDER).carry(claimed()), Sent)
        assert await MailCarrier(right, SENDER).check() == []
        came = await MailCarrier(wrong, SENDER).carry(claimed())
        assert isinstance(came, Dead)
        assert came.reason.startswith("535")
        faults = await MailCarrier(wrong, SENDER).check()
        assert len(faults) == 1
        assert "535" in faults[0]
        assert "guess" not in faults[0] + repr(wrong) + str(wrong)
    finally:
        await mail.close()


def test_html_keeps_paragraphs_and_lists_apart() -> None:
    """A heading, its list and what follows."""
    drawn = as_html("Head\n- one\n- two\nafter\n\nNext\nline")
    assert "<p>Head</p>\n<ul><li>one</li><li>two</li></ul>\n<p>after</p>\n<p>Next<br>line</p>" in drawn


def test_the_sandbox_certificates_are_gone_with_it(trust: tuple[SSLContext, SSLContext]) -> None:
    """Keys lie on disk no longer than the block lasts."""
    del trust
    with certificates(["localhost"]) as (cert, key, _):
        assert Path(cert).is_file()
    assert not Path(key).exists()
