"""Customers' webhooks against real receivers on this machine: where a call may go, what it says, what became of it."""

import base64
import hashlib
import hmac
import json
import re
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from ssl import SSLContext
from typing import Any

import pytest

from bot.sandbox.hooks import FakeHooks
from bot.sandbox.ledger import Fault, Ledger, SandboxClock
from bot.webhook.carry import WebhookCarrier
from bot.webhook.reach import Forbidden, Resolve, closed, networks, reachable, system
from bot.webhook.shape import opaque, secret_of
from handlers.domain.delivery import Dead, Outcome, Place, Post, Retry, Sent, Unknown
from handlers.domain.letter import letter
from storage.outbox import Claimed
from tests.bot.test_mail import NONCE
from tests.bot.test_mail import claimed as mailed
from tests.desk import Desk
from tests.stories.quick import all_of, customer, furnish

KEY = bytes(range(32))
HOOK = "https://status.acme.example/hooks/7?team=blue"
LOOPBACK = networks("127.0.0.0/8")


@dataclass
class Receivers:
    """The receivers, a house with an incident, and how the bot reaches them."""

    hooks: FakeHooks
    trust: SSLContext
    desk: Desk

    def carrier(self, **fields: Any) -> WebhookCarrier:
        """A carrier whose name service is the receivers' own."""
        usual: dict[str, Any] = {"private": LOOPBACK, "resolve": self.hooks.resolve, "tls": self.trust}
        return WebhookCarrier(self.desk.store, KEY, public_url="https://amends.example", **(usual | fields))

    async def carry(self, **fields: Any) -> Outcome:
        """One row."""
        return await self.carrier().carry(claimed(**fields))


def claimed(**fields: Any) -> Claimed:
    """A row for a webhook."""
    usual = {
        "key": f"update-1/acme/webhook:{HOOK}",
        "place": Place("webhook", "channel", HOOK),
        "address": HOOK,
        "text": letter("Problem with Mail", "Half of it is back."),
        "written_at": datetime(2026, 11, 20, 12, tzinfo=UTC),
    }
    return mailed(**(usual | fields))


@pytest.fixture
async def there(seed_desk: Desk) -> AsyncIterator[Receivers]:
    """Receivers, and INC-1 of Ana's."""
    await furnish(seed_desk)
    await all_of(seed_desk, ("ana", "declare authsvc of Acme burns sev1 services mail region NA"))
    clock = SandboxClock(seed_desk.clock())
    hooks = FakeHooks(Ledger(clock), clock, KEY)
    async with hooks.serving(["status.acme.example"]) as trust:
        yield Receivers(hooks, trust, seed_desk)


# --- what it says ----------------------------------------------------------------------------------------------------
async def test_it_has_the_shape_of_statuspage(there: Receivers) -> None:
    """Every key of platforms.md, section 4, none left out, ids of twelve letters and digits, times with milliseconds."""
    assert await there.carry() == Sent(NONCE)
    body = there.hooks.calls[0]["body"]
    assert list(body) == ["meta", "page", "incident"]
    incident = body["incident"]
    wanted = (
        "id name status created_at updated_at monitoring_at resolved_at impact shortlink started_at page_id "
        "incident_updates components reminder_intervals"
    )
    assert set(incident) == set(wanted.split())
    update = incident["incident_updates"][0]
    assert set(update) == {
        "id",
        "status",
        "body",
        "incident_id",
        "created_at",
        "updated_at",
        "display_at",
        "affected_components",
        "deliver_notifications",
        "custom_tweet",
        "tweet_id",
    }
    assert {"id", "name", "url", "time_zone", "updated_at"} <= set(body["page"])
    assert (incident["name"], update["body"]) == ("Problem with Mail", "Half of it is back.")
    assert (incident["status"], incident["impact"]) == ("investigating", "critical")
    assert [(c["name"], c["status"]) for c in incident["components"]] == [("Mail", "major_outage")]
    for ident in (incident["id"], update["id"], body["page"]["id"], incident["components"][0]["id"]):
        assert re.fullmatch(r"[a-z0-9]{12}", ident)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", incident["created_at"])


async def test_nothing_internal_is_in_it(there: Receivers) -> None:
    """No title, no number, no severity, no key, no id of ours."""
    await there.carry()
    call = there.hooks.calls[0]
    said = json.dumps([call["body"], call["headers"]])
    for inside in ("authsvc", "burns", "INC-1", "sev1", "update-1", NONCE, "mx-blu", "ana"):
        assert inside not in said


ALARM = json.dumps({"event": "update.overdue", "incident": "INC-1"})


async def test_an_on_call_service_is_posted_what_its_row_holds(there: Receivers) -> None:
    """The very bytes, signed; and such words under a customer's name go nowhere."""
    own = {"key": "inc-1/reminder/1/on-call/4@webhook", "audience": "internal", "approval": "", "text": ALARM}
    assert await there.carry(**own) == Dead("a webhook has no message of a channel")
    assert await there.carry(**own, place=Place("webhook", "thread", HOOK)) == Sent(NONCE)
    assert there.hooks.calls[0]["body"] == json.loads(ALARM)
    assert await there.carry(text=ALARM) == Dead("its text has no subject")
    assert len(there.hooks.calls) == 1


@pytest.mark.parametrize("kind", ["drop_before", "accept_then_drop", "accept_then_500"])
async def test_an_alarm_is_repeated_by_itself_until_it_is_taken(there: Receivers, kind: str) -> None:
    """No person is asked whether it arrived: it goes again under the same id, which its receiver knows."""
    desk = there.desk
    desk.delivery.carriers["webhook"] = there.carrier()
    there.hooks.ledger.faults.append(Fault("webhook.post", kind))
    alarm = Post("inc-1/reminder/1/on-call/4@webhook", Place("webhook", "thread", HOOK), text=ALARM, incident=1)
    await desk.store.book(lambda b: b.send(alarm))
    await desk.settle()
    assert [p.state for p in await desk.posts(alarm.key)] == ["retry"]
    await desk.pass_time(minutes=1)
    assert [p.state for p in await desk.posts(alarm.key)] == ["sent"]
    assert len({c["headers"]["webhook-id"] for c in there.hooks.calls}) == 1
    assert desk.screens("unclear/") == []


async def test_an_alarm_for_a_customers_webhook_is_held(there: Receivers) -> None:
    """A policy that names a customer's address as the on-call service tells them nothing of the house."""
    desk = there.desk
    await furnish(desk, customer("acme", f"webhook: '{HOOK}'"))
    desk.delivery.carriers["webhook"] = there.carrier()
    alarm = Post("inc-1/reminder/1/on-call/4@webhook", Place("webhook", "thread", HOOK), text=ALARM, incident=1)
    await desk.store.book(lambda b: b.send(alarm))
    await desk.settle()
    assert [p.state for p in await desk.posts(alarm.key)] == ["held"]
    assert there.hooks.calls == []


async def test_it_is_signed_after_standard_webhooks(there: Receivers) -> None:
    """HMAC-SHA256 over id, time and the very bytes; the time is now."""
    await there.carry()
    head = there.hooks.calls[0]["headers"]
    raw = json.dumps(there.hooks.calls[0]["body"], ensure_ascii=False, separators=(",", ":")).encode()
    content = f"{head['webhook-id']}.{head['webhook-timestamp']}.".encode() + raw
    mac = base64.b64encode(hmac.new(KEY, content, hashlib.sha256).digest()).decode()
    assert head["webhook-signature"] == f"v1,{mac}"
    assert abs(int(head["webhook-timestamp"]) - datetime.now(UTC).timestamp()) < 300


async def test_a_receiver_with_another_secret_takes_nothing(there: Receivers) -> None:
    """Its 401 is a definite no."""
    other = WebhookCarrier(
        there.desk.store, bytes(32), public_url="https://a.example", private=LOOPBACK,
        resolve=there.hooks.resolve, tls=there.trust,
    )  # fmt: skip
    assert await other.carry(claimed()) == Dead("the receiver answered 401")
    assert there.hooks.calls == []


async def test_a_correction_updates_the_entry_and_a_later_word_is_one_more(there: Receivers) -> None:
    """The same entry of the same incident with other words; a post in its thread is another entry of it."""
    await there.carry()
    await there.carry(message_id=NONCE, revision=2, text=letter("Problem with Mail", "All of it is back."))
    await there.carry(thread_id=NONCE, nonce="another", text=letter("Problem with Mail", "It is over."))
    incidents = [c["body"]["incident"] for c in there.hooks.calls]
    entries = [i["incident_updates"][0]["id"] for i in incidents]
    assert len({i["id"] for i in incidents}) == 1
    assert entries[0] == entries[1] != entries[2]
    assert len({c["headers"]["webhook-id"] for c in there.hooks.calls}) == 3


async def test_a_call_tried_again_is_known_by_its_id(there: Receivers) -> None:
    """So that a receiver can tell a repetition."""
    await there.carry()
    await there.carry(attempts=2)
    assert len({c["headers"]["webhook-id"] for c in there.hooks.calls}) == 1


async def test_its_status_is_the_records(there: Receivers) -> None:
    """Resolved is resolved: with a time, and nothing is down any more."""
    await all_of(there.desk, ("ana", "resolve 1 because it is over"))
    await there.carry()
    body = there.hooks.calls[0]["body"]
    assert body["incident"]["status"] == "resolved"
    assert body["incident"]["resolved_at"].endswith("Z")
    assert body["page"]["status_indicator"] == "none"
    assert body["incident"]["components"][0]["status"] == "operational"


# --- what becomes of it ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("fault", "outcome", "seen"),
    [
        (Fault("webhook.post", "status", status=204), Sent(NONCE), 0),
        (Fault("webhook.post", "status", status=400), Dead("the receiver answered 400"), 0),
        (Fault("webhook.post", "status", status=404), Dead("the receiver answered 404"), 0),
        (Fault("webhook.post", "status", status=410), Dead("the receiver answered 410"), 0),
        (Fault("webhook.post", "rate_limited", seconds=40), Retry("the receiver asked us to wait", 40), 0),
        (Fault("webhook.post", "status", status=429), Retry("the receiver asked us to wait", None), 0),
        (Fault("webhook.post", "status", status=503), Unknown("the receiver answered 503"), 0),
        (Fault("webhook.post", "accept_then_500"), Unknown("the receiver answered 500"), 1),
        (Fault("webhook.post", "drop_before"), Unknown, 0),
        (Fault("webhook.post", "accept_then_drop"), Unknown, 1),
    ],
)
async def test_what_the_receiver_answers_decides(there: Receivers, fault: Fault, outcome: object, seen: int) -> None:
    """Yes, no, later; and where something was written and nothing certain came back, nobody knows."""
    there.hooks.ledger.faults.append(fault)
    came = await there.carry()
    assert came == outcome or type(came) is outcome
    assert len(there.hooks.calls) == seen


async def test_nothing_listens_there(there: Receivers) -> None:
    """No connection, or a certificate nobody vouches for: certainly not told, so it is tried again."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    async def nobody(_host: str, _port: int) -> list[tuple[str, int]]:
        return [("127.0.0.1", port)]

    assert isinstance(await there.carrier(resolve=nobody).carry(claimed()), Retry)
    assert isinstance(await there.carrier(tls=None).carry(claimed()), Retry)
    assert there.hooks.calls == []


@pytest.mark.parametrize(
    "address",
    [
        "http://status.acme.example/hooks",
        "ftp://status.acme.example/",
        "https://user:secret@status.acme.example/",
        "https:///nowhere",
        "status.acme.example",
        "https://[::1/",
    ],
)
async def test_only_https_and_no_passwords(there: Receivers, address: str) -> None:
    """Anything else is not called at all."""
    assert isinstance(await there.carry(address=address), Dead)
    assert there.hooks.asked == []


async def test_a_text_without_a_subject_does_not_leave(there: Receivers) -> None:
    """The incident's name is part of what was approved; without one nothing goes."""
    assert isinstance(await there.carry(text="Half of it is back."), Dead)
    assert there.hooks.asked == []


async def test_threat_11_a_redirect_is_not_followed(there: Receivers) -> None:
    """Wherever it leads."""
    there.hooks.ledger.faults.append(
        Fault("webhook.post", "status", status=307, error="https://169.254.169.254/latest/meta-data")
    )
    came = await there.carry()
    assert isinstance(came, Dead)
    assert "redirect" in came.reason
    assert there.hooks.asked == ["status.acme.example"]


# --- where it may go -------------------------------------------------------------------------------------------------
CLOSED = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "100.127.255.255",
    "127.0.0.1",
    "127.8.9.10",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.8",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.7",
    "203.0.113.9",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:7f00:1",
    "::ffff:169.254.169.254",
    "64:ff9b::a00:1",
    "64:ff9b::127.0.0.1",
    "64:ff9b:1::1",
    "2002:7f00:1::",
    "2002:a00:1::",
    "2001:0:4136:e378:8000:63bf:f5ff:fffe",
    "2001:db8::1",
    "100::1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "3fff::1",
    "5f00::1",
]
OPEN = [
    "1.1.1.1",
    "93.184.216.34",
    "100.63.255.255",
    "172.32.0.1",
    "2606:4700::1111",
    "::ffff:1.1.1.1",
    "64:ff9b::101:101",
    "2002:101:101::",
]


@pytest.mark.parametrize("address", [*CLOSED, "", "localhost", "0x7f.1", "2130706433", "127.1", "not an address"])
def test_threat_11_private_addresses_are_closed_in_every_spelling(address: str) -> None:
    """This machine, private, shared, link-local, multicast, reserved, documentation; also inside an IPv6 address."""
    assert closed(address)


@pytest.mark.parametrize("address", OPEN)
def test_public_addresses_are_open(address: str) -> None:
    """Their neighbours and the public ones inside IPv6 are."""
    assert not closed(address)


def test_a_setting_opens_what_it_names_and_nothing_beside() -> None:
    """One network, and the same address in its IPv6 dress."""
    mine = networks("10.20.0.0/16, fd00:1::/64")
    assert not closed("10.20.3.4", mine)
    assert not closed("::ffff:10.20.3.4", mine)
    assert not closed("fd00:1::5", mine)
    assert closed("10.21.0.1", mine)
    assert closed("fd00:2::5", mine)
    assert closed("127.0.0.1", mine)
    assert networks("") == ()
    with pytest.raises(ValueError, match=r"10\.20"):
        networks("10.20.0.1/16")


def answering(*addresses: str) -> Resolve:
    """A name service with these answers."""

    async def resolve(_host: str, port: int) -> list[tuple[str, int]]:
        return [(a, port) for a in addresses]

    return resolve


async def test_one_bad_address_among_good_ones_closes_the_name() -> None:
    """It is never left to chance which of them is used."""
    assert await reachable("x.example", 443, (), answering("1.1.1.1", "1.0.0.1")) == [
        ("1.1.1.1", 443),
        ("1.0.0.1", 443),
    ]
    with pytest.raises(Forbidden, match=r"10\.0\.0\.1"):
        await reachable("x.example", 443, (), answering("1.1.1.1", "10.0.0.1", "1.0.0.1"))
    with pytest.raises(OSError, match="no address"):
        await reachable("x.example", 443, (), answering())


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "2130706433", "0x7f000001", "127.1", "0177.0.0.1", "[::1]", "0"]
)
async def test_every_spelling_of_this_machine_is_closed(there: Receivers, host: str) -> None:
    """Resolved by the real resolver, as the system understands it; nothing is called, whatever it makes of it."""
    url = f"https://{host}:{there.hooks.port}/"
    came = await there.carrier(private=(), resolve=system).carry(claimed(address=url))
    assert isinstance(came, Dead | Retry), came
    if isinstance(came, Dead):
        assert "no public address" in came.reason
    assert there.hooks.calls == []
    assert there.hooks.ledger.refusals == []


async def test_a_private_target_is_dead_and_says_why(there: Receivers) -> None:
    """Without the setting the very same receiver is out of reach."""
    came = await there.carrier(private=()).carry(claimed())
    assert came == Dead("status.acme.example leads to 127.0.0.1, which is no public address")
    assert there.hooks.calls == []


async def test_the_name_is_asked_once_and_a_second_answer_changes_nothing(there: Receivers) -> None:
    """The connection goes to the very address that was looked at."""
    answers = iter([[("127.0.0.1", there.hooks.port)], [("10.0.0.1", 443)]])
    asked: list[str] = []

    async def rebinding(host: str, _port: int) -> list[tuple[str, int]]:
        asked.append(host)
        return next(answers)

    assert isinstance(await there.carrier(resolve=rebinding).carry(claimed()), Sent)
    assert asked == ["status.acme.example"]


async def test_a_name_that_is_unknown_is_tried_again(there: Receivers) -> None:
    """Name services fail for a while."""
    came = await there.carrier(resolve=system).carry(claimed(address="https://no-such-host.invalid/"))
    assert isinstance(came, Retry)


def test_ids_are_stable_and_tell_nothing() -> None:
    """The same of the same, another of another kind."""
    assert opaque("a", "x") == opaque("a", "x")
    assert len({opaque("a", "x"), opaque("b", "x"), opaque("a", "y")}) == 3


@pytest.mark.parametrize("written", ["", "whsec_", "whsec_!!!!", "whsec_c2hvcnQ=", base64.b64encode(KEY).decode()])
def test_a_secret_is_long_enough_and_never_repeated(written: str) -> None:
    """What is wrong with it is said without it, and how to make one."""
    with pytest.raises(ValueError, match="whsec_") as refused:
        secret_of(written)
    assert written in ("", "whsec_") or written not in str(refused.value)
    assert secret_of(f"whsec_{base64.b64encode(KEY).decode()}") == KEY


async def test_two_houses_do_not_share_receivers() -> None:
    """Receivers stop with their block."""
    clock = SandboxClock(datetime(2026, 11, 20, tzinfo=UTC))
    hooks = FakeHooks(Ledger(clock), clock, KEY)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(hooks.serving([]))
    with pytest.raises(OSError, match="refused"), socket.create_connection(("127.0.0.1", hooks.port), 1):
        pass
