"""The Slack edge over loopback: the door and the carrier against the sandbox's Slack, with an intake that only listens."""

import asyncio
import contextlib
import hashlib
import hmac
import json
import shutil
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest
from starlette.applications import Starlette
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import Mount, Route
from uuid_utils import uuid7

from bot.channel import LEFT, Answer, Request
from bot.delivery import Delivery
from bot.intake import House, Intake
from bot.rates import Rates
from bot.sandbox.ledger import Fault, Ledger, SandboxClock
from bot.sandbox.slack import BOT_ID, BOT_USER, Ack, Channel, FakeSlack
from bot.sandbox.slack_blocks import texts
from bot.sandbox.slack_records import CONTOSO_TEAM
from bot.slack import listen
from bot.slack.carry import SCOPES, SlackCarrier, account
from bot.slack.listen import SlackDoor
from bot.store import Store
from handlers.card import Button, Buttons, Card, Form, FormField, Mention, Quote, line
from handlers.commands import ChannelMoved, ChannelTouched, MessageChanged
from handlers.domain.channels import Seen
from handlers.domain.delivery import Dead, Place, Post, Retry, Sent, Unknown
from handlers.domain.people import Account
from storage.database import Database, make_engine
from storage.outbox import Claimed
from tests.bot.test_fake_slack import serving
from tests.conftest import hurried

INCIDENTS, CONTOSO, TAILSPIN = "C0INCIDENTS", "C0EXTCONTOSO", "C0EXTTAILSPIN"
SECRET = "sandbox-signing-secret"
CARD = Card("INC-7 Checkout down", (line("Declared."), Buttons((Button("Join", "join 7", "primary"),))))
FORM = Form(
    "INC-7 update",
    "update 7",
    (FormField("text", "How does it stand?", "text"), FormField("who", "Who", "person", optional=True)),
)
Json = dict[str, Any]
MINIMUM = frozenset(
    {
        "auth.test",
        "chat.postEphemeral",
        "chat.postMessage",
        "chat.update",
        "conversations.create",
        "conversations.invite",
        "conversations.list",
        "users.info",
        "views.open",
        "views.publish",
        "views.update",
    }
)


@dataclass
class Listening:
    """An intake that writes down what it is asked and answers what it is told to."""

    known: dict[str, Account] = field(default_factory=dict)
    asked: list[Request] = field(default_factory=list)
    says: Callable[[Request], Answer] = lambda _: Answer(CARD, recorded=True)
    waits: asyncio.Event | None = None
    rooms: dict[str, int] = field(default_factory=dict)
    changes: list[MessageChanged] = field(default_factory=list)

    async def take(self, request: Request) -> Answer:
        """Known people are answered."""
        if self.waits is not None:
            await self.waits.wait()
        if request.user not in self.known and not request.foreign:
            return Answer(known=False)
        self.asked.append(request)
        return self.says(request)

    async def meet(self, account: Account) -> None:
        """Remember."""
        self.known[account.id] = account

    async def changed(self, account: Account) -> None:
        """Remember whom it knows."""
        if account.id in self.known:
            self.known[account.id] = account

    async def room(self, platform: str, channel: str) -> int | None:
        """Whether it is a room."""
        return self.rooms.get(channel) if platform == "slack" else None

    async def followed(self, change: MessageChanged) -> None:
        """Remember."""
        self.changes.append(change)

    async def home(self, request: Request) -> Card | None:
        """A home with one button."""
        if request.user not in self.known:
            return None
        return Card(
            "Open incidents", (Buttons((Button("Declare", "declare", "danger", form=True), Button("Help", "help"))),)
        )


@dataclass
class Rig:
    """A Slack, the edge, and the intake behind it."""

    slack: FakeSlack
    ledger: Ledger
    clock: SandboxClock
    carrier: SlackCarrier
    door: SlackDoor
    intake: Listening
    url: str
    arrived: list[tuple[str, Sent]] = field(default_factory=list)
    told: list[ChannelTouched | ChannelMoved] = field(default_factory=list)

    async def command(
        self, text: str, *, user: str = "ana", channel: str = INCIDENTS, command: str = "/incident"
    ) -> Ack:
        """Type a command and wait for all that follows."""
        ack = await self.slack.command(user, channel, command, text)
        await self.settled()
        return ack

    async def settled(self) -> None:
        """Nothing is under way any more, on either side."""
        await self.slack.drain()
        await self.door.drain()
        await self.slack.drain()

    def whispered(self, user: str = "ana", channel: str = "") -> list[str]:
        """What this person alone was told, oldest first."""
        return [said(m.blocks) or m.text for m in self.slack.whispers(user, channel)]

    def calls(self, method: str) -> int:
        """How often the app called a method."""
        return sum(c.method == method for c in self.slack.calls)

    async def send(self, body: bytes, kind: str, **headers: str) -> listen.Answered:
        """Bytes at the door, signed."""
        stamp = str(int(self.clock.now().timestamp()))
        digest = hmac.new(SECRET.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
        signed = {"content-type": kind, "x-slack-request-timestamp": stamp, "x-slack-signature": f"v0={digest}"}
        return await self.door.handle(signed | headers, body)


def said(blocks: list[Json]) -> str:
    """The words of blocks."""
    return " ".join(texts(blocks))


@contextlib.asynccontextmanager
async def rigged(start: datetime | None = None, **settings: Any) -> AsyncIterator[Rig]:
    """The edge before a Slack of its own; everybody of the sandbox's house is known but Noor."""
    clock = SandboxClock(start)
    ledger = Ledger(clock)
    slack = FakeSlack(ledger, clock, **settings)
    intake = Listening()
    for user in ("U0ANA", "U0CLEO", "U0DANA"):
        intake.known[user] = Account("slack", user, user, "colleague")
    holder: list[SlackDoor] = []

    async def door(request: HttpRequest) -> Response:
        answered = await holder[0].handle(request.headers, await request.body())
        return Response(answered.body, answered.status, answered.headers)

    routes = [Mount("/sandbox/slack", routes=slack.routes()), Route("/slack/events", door, methods=["POST"])]
    async with serving(Starlette(routes=routes)) as address:
        slack.base_url, slack.events_url = f"{address}/sandbox/slack", f"{address}/slack/events"
        carrier = SlackCarrier("xoxb-sandbox", api_url=slack.api_url, clock=lambda: clock.now().timestamp())
        rig = Rig(slack, ledger, clock, carrier, SlackDoor(intake, carrier), intake, address)

        async def arrived(nonce: str, found: Sent) -> None:
            rig.arrived.append((nonce, found))

        async def told(command: ChannelTouched | ChannelMoved) -> None:
            rig.told.append(command)

        rig.door = SlackDoor(intake, carrier, SECRET, arrived=arrived, told=told, now=lambda: clock.now().timestamp())
        holder.append(rig.door)
        await carrier.start()
        await carrier.hello()
        yield rig
        await rig.settled()
        await rig.door.close()
        await slack.aclose()
        await carrier.close()


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    """The sandbox's own people and channels."""
    async with rigged() as made:
        yield made


def row(op: str = "message", address: str = INCIDENTS, **more: Any) -> Claimed:
    """A claimed row."""
    made = Claimed(
        id=1,
        key="inc-7/headline@slack",
        place=Place("slack", more.pop("kind", "channel"), address),
        op=op,
        card=CARD,
        text="",
        args=(),
        address=address,
        message_id="",
        message_at="",
        target_id="",
        thread_id="",
        nonce=str(uuid7()),
        revision=1,
        attempts=1,
        fence=1,
        lease_until=datetime.now(UTC) + timedelta(seconds=10),
        audience="internal",
        incident=7,
        digest="",
    )
    return replace(made, **more)


def customer(address: str = CONTOSO, text: str = "We are *sorry* & <will> mend it.", **more: Any) -> Claimed:
    """A customer's row."""
    return row(address=address, card=None, text=text, audience="customer", approval="d", **more)


# --- carrying: posts -------------------------------------------------------------------------------------------------


async def test_a_card_is_posted_once_with_an_opaque_id_and_nothing_unfolded(rig: Rig) -> None:
    """What any app could read of the metadata is a random id."""
    claimed = row()
    outcome = await rig.carrier.carry(claimed)
    (message,) = rig.slack.messages(INCIDENTS)
    assert outcome == Sent(message.ts, INCIDENTS)
    assert message.metadata == {"event_type": "amends", "event_payload": {"id": claimed.nonce}}
    (entry,) = rig.ledger.find("chat.postMessage")
    sent = {k: entry.payload[k] for k in ("parse", "link_names", "unfurl_links", "unfurl_media", "client_msg_id")}
    assert sent == {
        "parse": "none",
        "link_names": False,
        "unfurl_links": False,
        "unfurl_media": False,
        "client_msg_id": claimed.nonce,
    }


async def test_a_customer_reads_the_approved_words_and_the_row_gets_a_link(rig: Rig) -> None:
    """Exactly the words, no card, and the proof where they stand."""
    outcome = await rig.carrier.carry(customer())
    (message,) = rig.slack.messages(CONTOSO)
    assert said(message.blocks) == "We are *sorry* & <will> mend it."
    assert isinstance(outcome, Sent)
    assert outcome.link.startswith("https://sandbox.slack.com/archives/C0EXTCONTOSO/p")


async def test_a_row_that_stands_is_edited(rig: Rig) -> None:
    """The same message changes; nothing new is said."""
    first = await rig.carrier.carry(row())
    assert isinstance(first, Sent)
    card = Card("INC-7 Checkout up", (line("Resolved."),))
    second = await rig.carrier.carry(row(card=card, message_id=first.id, message_at=first.at))
    (message,) = rig.slack.messages(INCIDENTS)
    assert second == first
    assert "Resolved." in said(message.blocks)


async def test_replies_stand_in_the_thread_and_people_are_written_to_directly(rig: Rig) -> None:
    """A thread by its first message, a person by their id."""
    first = await rig.carrier.carry(row())
    assert isinstance(first, Sent)
    await rig.carrier.carry(row(thread_id=first.id))
    direct = await rig.carrier.carry(row(address="U0CLEO", kind="person"))
    assert rig.slack.messages(INCIDENTS)[1].thread_ts == first.id
    assert isinstance(direct, Sent)
    assert direct.at.startswith("D")


async def test_a_customers_reply_is_seen_in_the_channel_too(rig: Rig) -> None:
    """It stands in its thread, and nobody has to open the thread to read it; our own rooms stay quiet."""
    first = await rig.carrier.carry(customer())
    assert isinstance(first, Sent)
    await rig.carrier.carry(customer(text="It is mended.", thread_id=first.id))
    reply = rig.slack.messages(CONTOSO)[1]
    assert (reply.thread_ts, reply.subtype) == (first.id, "thread_broadcast")
    root = await rig.carrier.carry(row())
    assert isinstance(root, Sent)
    await rig.carrier.carry(row(thread_id=root.id))
    assert rig.slack.messages(INCIDENTS)[1].subtype == ""


async def test_where_the_thread_is_gone_the_customer_is_told_all_the_same(rig: Rig) -> None:
    """Somebody deleted the first message: the next one begins anew, and is said once."""
    assert isinstance(await rig.carrier.carry(customer(thread_id="1000000000.000001")), Sent)
    (message,) = rig.slack.messages(CONTOSO)
    assert message.thread_ts == ""


async def test_a_card_that_slack_finds_too_long_is_drawn_shorter(rig: Rig) -> None:
    """The undocumented sum of all blocks may lie lower than was measured."""
    rig.ledger.faults.append(Fault("chat.postMessage", "error", error="msg_blocks_too_long"))
    card = Card(
        "A1", (*(Quote("long words " * 250) for _ in range(4)), Buttons((Button("Approve", "apology approve 1"),)))
    )
    assert isinstance(await rig.carrier.carry(row(card=card)), Sent)
    (message,) = rig.slack.messages(INCIDENTS)
    assert "Shortened" in said(message.blocks)
    assert "actions" in [b["type"] for b in message.blocks]


# --- carrying: outcomes ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "outcome", "posts"),
    [
        (Fault("chat.postMessage", "accept_then_drop"), Unknown, 1),
        (Fault("chat.postMessage", "drop_before"), Unknown, 0),
        (Fault("chat.postMessage", "accept_then_500"), Unknown, 1),
        (Fault("chat.postMessage", "truncate"), Unknown, 1),
        (Fault("chat.postMessage", "html"), Unknown, 1),
        (Fault("chat.postMessage", "accept_then_error"), Unknown, 1),
        (Fault("chat.postMessage", "accept_then_error", error="fatal_error"), Unknown, 1),
        (Fault("chat.postMessage", "status", status=503), Unknown, 0),
        (Fault("chat.postMessage", "rate_limited", seconds=7), Retry, 0),
        (Fault("chat.postMessage", "error", error="service_unavailable"), Retry, 0),
        (Fault("chat.postMessage", "error", error="channel_not_found"), Dead, 0),
        (Fault("chat.postMessage", "error", error="is_archived"), Dead, 0),
        (Fault("chat.postMessage", "error", error="not_in_channel"), Dead, 0),
        (Fault("chat.postMessage", "error", error="token_revoked"), Dead, 0),
        (Fault("chat.postMessage", "error", error="invalid_blocks"), Dead, 0),
        (Fault("chat.postMessage", "error", error="unknown_method"), Dead, 0),
        (Fault("chat.postMessage", "error", error="restricted_action"), Dead, 0),
        (Fault("chat.postMessage", "status", status=404), Dead, 0),
    ],
    ids=lambda v: f"{v.kind} {v.error}".strip() if isinstance(v, Fault) else None,
)
async def test_what_came_of_a_post_is_never_guessed(rig: Rig, fault: Fault, outcome: type, posts: int) -> None:
    """Definite refusals, later, and what nobody can know: one call each, never a second by itself."""
    rig.ledger.faults.append(replace(fault))
    assert isinstance(await rig.carrier.carry(row()), outcome)
    assert len(rig.slack.messages(INCIDENTS)) == posts
    assert rig.calls("chat.postMessage") == 1


async def test_a_missing_scope_is_named(rig: Rig) -> None:
    """Whoever reads the dead row knows what to grant."""
    rig.slack.missing_scopes = frozenset({"pins:write"})
    outcome = await rig.carrier.carry(row("pin", target_id="1.2"))
    assert outcome == Dead("missing_scope: pins:write")


async def replica(rig: Rig, file: Path) -> AsyncIterator[tuple[SlackCarrier, Delivery]]:
    """A server before this Slack, with the database in this file."""
    store = Store(Database(hurried(make_engine(f"sqlite:///{file}")), rig.clock.now))
    carrier = SlackCarrier("xoxb-sandbox", api_url=rig.slack.api_url, rates=Rates(store))
    await carrier.hello()
    yield carrier, Delivery(store, Intake(store, House(ZoneInfo("UTC"), ("slack",))), {"slack": carrier})
    await carrier.close()
    store.close()


async def say(delivery: Delivery, *channels: str) -> None:
    """A post into each of these channels, carried if it may be."""
    posts = [Post(f"k{uuid7()}", Place("slack", "thread", c), card=CARD) for c in channels]
    await delivery.store.book(lambda book: [book.send(p) for p in posts])
    await delivery.drain()


async def test_no_call_is_made_inside_a_retry_after_window(rig: Rig, sqlite_template: Path, tmp_path: Path) -> None:
    """Not by the one that was told, not by its neighbour, not after a restart; other channels go on; then it goes."""
    file = Path(shutil.copy(sqlite_template, tmp_path / "amends.db"))
    rig.ledger.faults.append(Fault("chat.postMessage", "rate_limited", seconds=30))
    for _ in range(3):  # each a server of its own
        async for _, delivery in replica(rig, file):
            await say(delivery, INCIDENTS, CONTOSO)
    assert rig.calls("chat.postMessage") == 4
    rig.clock.wind(timedelta(seconds=29))
    async for _, delivery in replica(rig, file):
        await delivery.drain()
        assert (len(rig.slack.messages(INCIDENTS)), len(rig.slack.messages(CONTOSO))) == (0, 3)
        rig.clock.wind(timedelta(seconds=1))
        await delivery.drain()
    assert (len(rig.slack.messages(INCIDENTS)), len(rig.slack.messages(CONTOSO))) == (3, 3)
    assert rig.slack.violations["called_inside_retry_after"] == 0


async def test_a_look_up_keeps_out_of_its_window_too(rig: Rig, sqlite_template: Path, tmp_path: Path) -> None:
    """Whoever asks who somebody is is told to wait, as is the next one; the other methods go on."""
    file = Path(shutil.copy(sqlite_template, tmp_path / "amends.db"))
    rig.ledger.faults.append(Fault("users.info", "rate_limited", seconds=30))
    for _ in range(2):
        async for carrier, _ in replica(rig, file):
            assert await carrier.who("U0ANA") is None
            assert isinstance(await carrier.call("conversations.info", channel=INCIDENTS), dict)
    assert rig.calls("users.info") == 1
    rig.clock.wind(timedelta(seconds=30))
    async for carrier, _ in replica(rig, file):
        assert await carrier.who("U0ANA") is not None


async def test_nothing_is_called_more_often_than_slack_allows(rig: Rig, sqlite_template: Path, tmp_path: Path) -> None:
    """Ten posts for one channel, sixty edits and look-ups in a row: none of them meets a 429, and all get through."""
    file = Path(shutil.copy(sqlite_template, tmp_path / "amends.db"))
    async for carrier, delivery in replica(rig, file):
        await say(delivery, *[INCIDENTS] * 10)
        assert len(rig.slack.messages(INCIDENTS)) == 4
        for _ in range(20):
            rig.clock.wind(timedelta(seconds=0.5))
            await delivery.drain()
        assert len(rig.slack.messages(INCIDENTS)) == 10
        found = [await carrier.call("conversations.info", channel=INCIDENTS) for _ in range(60)]
        assert sum(isinstance(f, dict) for f in found) == 50
    assert rig.slack.violations.total() == 0


async def test_nobody_at_home_is_a_definite_no() -> None:
    """A refused connection sent nothing."""
    carrier = SlackCarrier("xoxb-sandbox", api_url="http://127.0.0.1:9/api/")
    outcome = await carrier.carry(row())
    problems = await carrier.check("incidents")
    await carrier.close()
    assert isinstance(outcome, Retry)
    assert problems == [
        "Slack cannot be reached (no connection to Slack (ClientConnectorError)). Check the network, a proxy, or SLACK_API_URL."
    ]


async def test_an_answer_that_does_not_come_in_time_is_unknown(rig: Rig) -> None:
    """The call gives up before the row's lease does; the post is there all the same."""
    rig.ledger.faults.append(Fault("chat.postMessage", "delay", seconds=0.3))
    told = await rig.carrier.call("chat.postMessage", seconds=0.1, channel=INCIDENTS, text="x")
    assert not isinstance(told, dict)
    assert isinstance(told.outcome, Unknown)
    for _ in range(100):
        if rig.slack.messages(INCIDENTS):
            break
        await asyncio.sleep(0.02)
    assert len(rig.slack.messages(INCIDENTS)) == 1


async def test_the_next_customers_post_begins_when_this_ones_bytes_have_left(rig: Rig) -> None:
    """Not only with the answer."""
    said: list[int] = []
    left = asyncio.Event()
    LEFT.set(lambda: said.append(len(rig.slack.messages(CONTOSO))) or left.set())
    rig.ledger.faults.append(Fault("chat.postMessage", "delay", seconds=0.3))
    customer = row(address=CONTOSO, card=None, text="We are sorry.", audience="customer", approval="d")
    carried = asyncio.create_task(rig.carrier.carry(customer))
    await asyncio.wait_for(left.wait(), 10)
    assert not carried.done()
    assert isinstance(await carried, Sent)
    assert said == [0]


# --- carrying: rooms -------------------------------------------------------------------------------------------------


async def test_a_room_is_opened_named_pinned_and_filled(rig: Rig) -> None:
    """The calls of an incident's first minute."""
    opened = await rig.carrier.carry(row("open", args=("inc-7-checkout", "public"), kind="room"))
    assert isinstance(opened, Sent)
    assert (opened.name, opened.link) == ("inc-7-checkout", f"https://sandbox.slack.com/archives/{opened.id}")
    posted = await rig.carrier.carry(row(address=opened.id))
    assert isinstance(posted, Sent)
    pin = row("pin", opened.id, target_id=posted.id)
    assert [type(await rig.carrier.carry(pin)) for _ in range(2)] == [Sent, Sent]
    await rig.carrier.carry(row("topic", opened.id, args=("SEV2 · <!channel> " + "x" * 300,)))
    for user in ("U0ANA", "U0ANA", BOT_USER):
        assert isinstance(await rig.carrier.carry(row("invite", opened.id, args=(user,))), Sent)
    room = rig.slack.world.channels[opened.id]
    assert room.pins == [posted.id]
    assert room.topic["value"].startswith("SEV2 · &lt;!channel&gt;")
    assert room.members == [BOT_USER, "U0ANA"]
    assert isinstance(await rig.carrier.carry(row("close", opened.id)), Sent)
    assert isinstance(await rig.carrier.carry(row("close", opened.id)), Sent)


async def test_a_room_of_our_own_that_is_there_already_is_taken_again(rig: Rig) -> None:
    """The answer to its creation was lost: there is one room, not two."""
    rig.ledger.faults.append(Fault("conversations.create", "accept_then_drop"))
    claimed = row("open", args=("inc-7-checkout", "public"), kind="room")
    assert isinstance(await rig.carrier.carry(claimed), Unknown)
    seen = await rig.carrier.look(claimed)
    again = await rig.carrier.carry(claimed)
    assert isinstance(again, Sent)
    assert seen == again
    assert again.name == "inc-7-checkout"


async def test_a_name_that_somebody_else_took_is_left_to_them(rig: Rig) -> None:
    """The next name is tried; so it is where privacy would not be kept."""
    rig.slack.add_channel(Channel("C0THEIRS", "inc-7-checkout", ["U0ANA"], creator="U0ANA"))
    rig.slack.add_channel(Channel("C0OPEN", "inc-8-private", [BOT_USER], creator=BOT_USER))
    first = await rig.carrier.carry(row("open", args=("inc-7-checkout", "public"), kind="room"))
    second = await rig.carrier.carry(row("open", args=("inc-8-private", "private"), kind="room"))
    assert isinstance(first, Sent)
    assert isinstance(second, Sent)
    assert (first.name, second.name) == ("inc-7-checkout-2", "inc-8-private-2")
    assert rig.slack.world.channels[second.id].is_private


async def test_a_small_slack_is_enough() -> None:
    """An emulator with a dozen methods: posts and rooms work, what it lacks is dead by name, nobody can look."""
    async with rigged(only=MINIMUM) as rig:
        assert isinstance(await rig.carrier.carry(customer()), Sent)
        assert isinstance(await rig.carrier.carry(row("open", args=("inc-7", "public"), kind="room")), Sent)
        assert await rig.carrier.carry(row("pin", target_id="1.2")) == Dead("unknown_method")
        assert await rig.carrier.carry(row("topic", args=("x",))) == Dead("unknown_method")
        assert await rig.carrier.look(row()) is True
        assert await rig.carrier.find_channel("#incidents") == (INCIDENTS, "incidents")
        assert await rig.carrier.check("incidents") == []


# --- carrying: where customers are -----------------------------------------------------------------------------------


async def test_what_slack_says_of_a_customers_channel(rig: Rig) -> None:
    """Its name, who reads along, whether it is archived and the bot in it: all that it is held against later."""
    await rig.slack.archive("dana", CONTOSO)
    await rig.slack.leave("amends", TAILSPIN)
    team = rig.slack.world.team_id
    contoso, tailspin = await rig.carrier.see(CONTOSO), await rig.carrier.see(TAILSPIN)
    assert contoso == Seen(CONTOSO, "ext-contoso", team, archived=True, organisations=("T0CONTOSO",))
    assert isinstance(tailspin, Seen)
    assert not tailspin.member
    assert await rig.carrier.see("C0NOWHERE0") == Dead("channel_not_found")


async def test_an_event_makes_the_next_look_a_fresh_one(rig: Rig) -> None:
    """Renamed, shared, no longer shared: seen at once, and told to whoever keeps the bindings."""
    await rig.carrier.see(CONTOSO)
    await rig.slack.rename("dana", CONTOSO, "ext-fabrikam")
    await rig.slack.connect(CONTOSO, "T0THIRD")
    await rig.settled()
    found = await rig.carrier.see(CONTOSO)
    assert isinstance(found, Seen)
    assert (found.name, found.organisations) == ("ext-fabrikam", ("T0CONTOSO", "T0THIRD"))
    assert rig.told == [ChannelTouched("slack", CONTOSO)] * 2
    await rig.slack.disconnect(CONTOSO, "T0CONTOSO")
    new = await rig.slack.change_id(CONTOSO)
    await rig.settled()
    found = await rig.carrier.see(CONTOSO)
    assert isinstance(found, Seen)
    assert (found.id, found.organisations) == (new, ("T0THIRD",))
    assert rig.told[2:] == [ChannelTouched("slack", CONTOSO), ChannelMoved("slack", CONTOSO, new)]


async def test_what_is_known_grows_old_after_ten_minutes(rig: Rig) -> None:
    """Even where no event told of the change."""
    await rig.carrier.see(CONTOSO)
    rig.slack.world.channels[CONTOSO].connected.append("T0THIRD")
    rig.clock.wind(timedelta(seconds=599))
    found = await rig.carrier.see(CONTOSO)
    assert isinstance(found, Seen)
    assert found.organisations == ("T0CONTOSO",)
    rig.clock.wind(timedelta(seconds=2))
    found = await rig.carrier.see(CONTOSO)
    assert isinstance(found, Seen)
    assert found.organisations == ("T0CONTOSO", "T0THIRD")


async def test_many_customers_cost_one_look_at_the_list_of_channels(rig: Rig) -> None:
    """conversations.info has 50 calls a minute; a broadcast must not need one per channel."""
    await asyncio.gather(rig.carrier.see(CONTOSO), rig.carrier.see(TAILSPIN))
    assert rig.calls("conversations.list") == 1
    assert rig.calls("conversations.info") == 0


async def test_a_question_that_slack_does_not_answer_is_asked_again_later(rig: Rig) -> None:
    """Nothing was sent, so nothing is unknown."""
    for kind in ("accept_then_500", "rate_limited"):
        rig.ledger.faults += [
            Fault("conversations.list", kind, seconds=5),
            Fault("conversations.info", kind, seconds=5),
        ]
        assert isinstance(await rig.carrier.see(CONTOSO), Retry), kind


async def test_posts_follow_a_channel_whose_id_changed(rig: Rig) -> None:
    """Slack gives a shared channel another id and says so."""
    new = await rig.slack.change_id(CONTOSO)
    await rig.settled()
    outcome = await rig.carrier.carry(customer())
    assert isinstance(outcome, Sent)
    assert outcome.at == new


# --- carrying: the unknown -------------------------------------------------------------------------------------------


async def test_a_post_whose_answer_was_lost_is_found_again(rig: Rig) -> None:
    """By the opaque id in the history: in channels, threads and direct messages."""
    root = await rig.carrier.carry(row())
    assert isinstance(root, Sent)
    for claimed in (customer(), row(thread_id=root.id), row(address="U0CLEO", kind="person")):
        rig.slack.hold()  # no echo yet
        rig.ledger.faults.append(Fault("chat.postMessage", "accept_then_drop"))
        assert isinstance(await rig.carrier.carry(claimed), Unknown)
        found = await rig.carrier.look(claimed)
        assert isinstance(found, Sent)
        assert rig.slack.world.channels[found.at].messages[found.id].metadata["event_payload"]["id"] == claimed.nonce


async def test_a_post_that_is_surely_absent_is_said_to_be(rig: Rig) -> None:
    """The history was read to its end, or to before the row was written."""
    await rig.slack.say("ana", INCIDENTS, "hello")
    rig.ledger.faults.append(Fault("chat.postMessage", "drop_before"))
    claimed = row()
    assert isinstance(await rig.carrier.carry(claimed), Unknown)
    assert await rig.carrier.look(claimed) is False


async def test_where_nobody_can_look_nobody_knows(rig: Rig) -> None:
    """No scope, no method, no more calls this minute: a person decides."""
    for fault in ("missing_scope", "unknown_method", "not_in_channel"):
        rig.ledger.faults.append(Fault("conversations.history", "error", error=fault))
        assert await rig.carrier.look(row()) is True
    rig.ledger.faults.append(Fault("conversations.history", "rate_limited", seconds=60))
    assert await rig.carrier.look(row()) is True


async def test_a_history_of_fifteen_a_page_is_read_until_before_the_post() -> None:
    """Restricted apps see 15 messages a minute: enough where few came after it."""
    async with rigged(history_restricted=True) as rig:
        await rig.slack.say("ana", INCIDENTS, "an hour ago")
        rig.clock.wind(timedelta(hours=1))
        rig.slack.hold()
        rig.ledger.faults.append(Fault("chat.postMessage", "accept_then_drop"))
        claimed = row()
        assert isinstance(await rig.carrier.carry(claimed), Unknown)
        assert isinstance(await rig.carrier.look(claimed), Sent)


async def test_the_echo_of_a_post_settles_it_without_a_look(rig: Rig) -> None:
    """Slack tells us of our own message: its row is found, and no history is read."""
    rig.ledger.faults.append(Fault("chat.postMessage", "accept_then_500"))
    rig.slack.hold()
    claimed = row()
    assert isinstance(await rig.carrier.carry(claimed), Unknown)
    await rig.slack.release()
    await rig.settled()
    found = await rig.carrier.look(claimed)
    assert rig.arrived == [(claimed.nonce, found)]
    assert rig.calls("conversations.history") == 0


async def test_somebody_elses_metadata_settles_nothing(rig: Rig) -> None:
    """Any app may post our event type: only our own bot's counts."""
    event: Json = {"type": "message_metadata_posted", "app_id": "A0OTHER", "bot_id": "B0OTHER", "user_id": "U0ANA"}
    event |= {"channel_id": INCIDENTS, "message_ts": "1.2"}
    event["metadata"] = {"event_type": "amends", "event_payload": {"id": "n"}}
    await rig.slack.emit([{"event": event, "shared": False, "heard": True}])
    assert rig.arrived == []


# --- people and the doctor -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("user", "kind"),
    [("U0ANA", "colleague"), ("U0GUEST", "guest"), ("U0STRANGER", "stranger"), (BOT_USER, "bot"), ("U0NOBODY", None)],
)
async def test_slack_says_who_is_a_colleague(rig: Rig, user: str, kind: str | None) -> None:
    """Full members of our workspace, and nobody else."""
    found = await rig.carrier.who(user)
    assert (found.kind if found else None) == kind


def test_leavers_and_unconfirmed_addresses_count_for_nothing() -> None:
    """A deactivated account is no colleague; an address counts only where Slack verified it."""
    base = {"id": "U1", "team_id": "T1", "profile": {"real_name": "Ana", "email": "Ana@example.com"}}
    assert account(base, "T1").email == "ana@example.com"
    assert account(base | {"is_email_confirmed": False}, "T1").email == ""
    assert account(base | {"deleted": True}, "T1").kind == "stranger"
    assert account(base | {"is_stranger": True}, "T1").kind == "stranger"


async def test_the_doctor_names_each_fault_and_its_cure(rig: Rig) -> None:
    """A healthy set-up has none; a missing scope, a missing channel and a dead token have one each."""
    assert await rig.carrier.check("#incidents") == []
    assert (await rig.carrier.check("nowhere"))[0].startswith("Slack: there is no channel “nowhere”")
    assert (await rig.carrier.check("general"))[0].startswith("Slack: the bot is not in #general.")
    rig.slack.missing_scopes = frozenset({"pins:write"})
    assert (await rig.carrier.check("incidents"))[0].startswith("Slack: the scope pins:write is missing (to pin")
    assert await rig.carrier.check("incidents", vital=True) == []
    rig.ledger.faults.append(Fault("conversations.list", "rate_limited", seconds=1))
    assert "could not be looked up (ratelimited)" in (await rig.carrier.check("incidents", vital=True))[0]
    rig.slack.revoked = "token_revoked"
    assert (await rig.carrier.check("incidents"))[0].startswith("Slack does not take SLACK_BOT_TOKEN (token_revoked).")


async def test_the_sandbox_grants_every_scope_we_ask_for(rig: Rig) -> None:
    """So that a scope asked for but not granted there would be noticed."""
    assert rig.carrier.me is not None
    assert set(SCOPES) <= rig.carrier.me.scopes


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/x",
        "http://hooks.slack.com/x",
        "https://a@hooks.slack.com/x",
        "https://hooks.slack.com.evil/x",
        "http://127.0.0.1:1/x",
        "x",
        "https://[x",
    ],
)
async def test_threat_11_answers_go_to_slack_only(rig: Rig, url: str) -> None:
    """A response_url that points elsewhere is not called."""
    assert await rig.carrier.respond(url, {"text": "x"}) is False


# --- the door --------------------------------------------------------------------------------------------------------


async def test_a_command_is_answered_privately_at_once(rig: Rig) -> None:
    """What was typed arrives as it is, with who and where; the answer is for their eyes."""
    ack = await rig.command("declare Checkout is down sev1")
    (request,) = rig.intake.asked
    assert (request.platform, request.user, request.channel) == ("slack", "U0ANA", INCIDENTS)
    assert (request.words, request.personal, request.typed) == ("declare Checkout is down sev1", False, True)
    assert request.key.startswith("slack:command:")
    assert ack.answer["response_type"] == "ephemeral"
    assert "Declared." in rig.whispered()[0]
    assert rig.slack.messages(INCIDENTS) == []


@pytest.mark.parametrize(
    ("command", "text", "words"),
    [
        ("/apology", "draft 7", "apology draft 7"),
        ("/apology", "", "apology"),
        ("/inc", "list", "list"),
        ("/amends", "list", "list"),
    ],
)
async def test_every_command_speaks_the_same_grammar(rig: Rig, command: str, text: str, words: str) -> None:
    """/apology puts its own word in front; other names say the line as it is."""
    await rig.command(text, command=command)
    assert rig.intake.asked[0].words == words


async def test_a_direct_message_is_a_personal_place(rig: Rig) -> None:
    """A command typed there is personal, and so are bare words; these are answered with a message."""
    direct = rig.slack.direct("ana")
    await rig.command("list", channel=direct)
    await rig.slack.say("ana", direct, "help &amp; more")
    await rig.settled()
    assert [r.personal for r in rig.intake.asked] == [True, True]
    assert rig.intake.asked[1].words == "help &amp;amp; more"  # entities are the grammar's to undo
    assert "Declared." in said(rig.slack.messages(direct)[-1].blocks)


async def test_naming_the_bot_in_a_channel_is_like_a_command(rig: Rig) -> None:
    """The name itself is no word of the line; the answer is private; nothing is said twice."""
    await rig.slack.mention("ana", INCIDENTS, f"<@{BOT_USER}> status 7 identified")
    await rig.settled()
    assert [r.words for r in rig.intake.asked] == ["status 7 identified"]
    assert "Declared." in rig.whispered()[0]


async def test_other_talk_edits_and_bots_are_not_for_us(rig: Rig) -> None:
    """Only what is said to the bot is heard, once, and never from itself."""
    ts = await rig.slack.say("ana", INCIDENTS, "status 7 identified")
    await rig.slack.edit("ana", INCIDENTS, ts, "status 7 resolved")
    direct = rig.slack.direct("ana")
    await rig.carrier.call("chat.postMessage", channel=direct, text="a word from ourselves")
    edited = {
        "type": "app_mention",
        "user": "U0ANA",
        "channel": INCIDENTS,
        "text": f"<@{BOT_USER}> list",
        "edited": {"ts": "1"},
    }
    await rig.slack.emit([{"event": edited, "shared": False, "heard": True}])
    await rig.settled()
    assert rig.intake.asked == []


async def test_a_retried_event_has_one_effect(rig: Rig) -> None:
    """Slack asks again while, or after, the first answer was made."""
    await rig.slack.mention("ana", INCIDENTS, "list")
    for event_id in list(rig.slack.wire.events):
        await rig.slack.redeliver(event_id)
    await rig.settled()
    assert len(rig.intake.asked) == 1
    assert len(rig.whispered()) == 1


async def test_somebody_new_is_looked_up_and_then_answered(rig: Rig) -> None:
    """Noor was never here: Slack says who he is before his line is read."""
    await rig.command("list", user="noor")
    assert rig.intake.known["U0NOOR"].kind == "colleague"
    assert rig.intake.known["U0NOOR"].email == "noor@example.com"
    assert "Declared." in rig.whispered("noor")[0]


async def test_where_slack_does_not_say_who_it_is_nothing_is_done(rig: Rig) -> None:
    """The person reads that they were not looked up, not that they may not."""
    rig.ledger.faults.append(Fault("users.info", "error", error="internal_error", times=-1))
    await rig.command("list", user="noor")
    assert listen.NOT_LOOKED_UP in rig.whispered("noor")[0]
    assert rig.intake.asked == []


async def test_a_stranger_is_a_stranger_by_their_workspace_alone(rig: Rig) -> None:
    """Slack Connect people can press our buttons: no look-up is needed to know that they are not of this house."""
    posted = await rig.carrier.carry(row(address=CONTOSO))
    assert isinstance(posted, Sent)
    await rig.slack.press("sol", CONTOSO, posted.id, "say:0")
    await rig.settled()
    assert rig.intake.asked[-1].foreign == CONTOSO_TEAM
    assert "U0STRANGER" not in rig.intake.known
    assert rig.calls("users.info") == 0


async def test_people_named_in_a_line_are_looked_up_before_it_is_read(rig: Rig) -> None:
    """A role can be given to somebody who never spoke to the bot; names come along."""
    await rig.command("role 7 comms @noor")
    assert rig.intake.asked[0].words == "role 7 comms <@U0NOOR|noor>"
    assert rig.intake.asked[0].mentions == (("U0NOOR", "noor"),)
    assert rig.intake.known["U0NOOR"].name == "Noor Haddad"


async def test_an_old_account_is_asked_for_again_in_the_background(rig: Rig) -> None:
    """Once an hour and person: who leaves the company loses what they may do."""
    rig.slack.world.people["U0ANA"].is_restricted = True
    await rig.command("list")
    await rig.command("list open")
    assert rig.intake.known["U0ANA"].kind == "guest"
    assert rig.calls("users.info") == 1


# --- forms -----------------------------------------------------------------------------------------------------------


def forms(request: Request) -> Answer:
    """A form, and once it is filled in a card."""
    return Answer(FORM) if request.values is None else Answer(CARD, recorded=True)


async def test_a_form_opens_is_filled_in_and_answered_where_it_was_asked_for(rig: Rig) -> None:
    """The line comes back with the answers; the modal closes; the answer appears in the channel."""
    rig.intake.says = forms
    ack = await rig.command("update")
    assert ack.body == ""
    view = rig.slack.top_view("ana")
    assert view is not None
    await rig.slack.submit("ana", view.id, {"text": "Nodes are back", "who": "U0CLEO"})
    await rig.settled()
    sent = rig.intake.asked[-1]
    assert (sent.words, sent.channel) == ("update 7", INCIDENTS)
    assert sent.values == {"text": "Nodes are back", "who": "U0CLEO"}
    assert rig.slack.top_view("ana") is None
    assert "Declared." in rig.whispered()[0]


async def test_a_forms_faults_stand_at_its_fields(rig: Rig) -> None:
    """The modal stays open with the sentence under the field; a fault without a field stands under the first."""
    rig.intake.says = forms
    await rig.command("update")
    view = rig.slack.top_view("ana")
    assert view is not None
    rig.intake.says = lambda _: Answer(refused=True, fields={"who": "Nobody of that name is here."})
    await rig.slack.submit("ana", view.id, {"text": "x"})
    assert view.errors == {"who": "Nobody of that name is here."}
    rig.intake.says = lambda _: Answer(Card("INC-7", (line("It is over & done."),), "warning"), refused=True)
    await rig.slack.submit("ana", view.id, {"text": "x"})
    assert view.errors == {"text": "It is over & done."}


async def test_an_answer_whose_channel_is_out_of_reach_comes_as_a_direct_message(rig: Rig) -> None:
    """The response_url is over and the bot is not in #general: the person reads it all the same."""
    rig.intake.says = forms
    await rig.command("update", channel="C0GENERAL")
    view = rig.slack.top_view("ana")
    assert view is not None
    rig.clock.wind(timedelta(minutes=31))
    await rig.slack.submit("ana", view.id, {"text": "x"})
    await rig.settled()
    assert "Declared." in said(rig.slack.messages(rig.slack.direct("ana"))[-1].blocks)


async def test_a_form_that_does_not_open_can_be_asked_for_again(rig: Rig) -> None:
    """The person reads why, with a button that opens it."""
    rig.intake.says = forms
    rig.ledger.faults.append(Fault("views.open", "error", error="expired_trigger_id"))
    await rig.command("update")
    (whisper,) = rig.slack.whispers("ana")
    assert "The form did not open (expired_trigger_id)" in said(whisper.blocks)
    await rig.slack.press("ana", INCIDENTS, whisper.ts, "form:0")
    await rig.settled()
    assert rig.slack.top_view("ana") is not None


async def test_a_mention_that_needs_a_form_gets_a_button_for_it(rig: Rig) -> None:
    """Slack gives nothing to open a form with there."""
    rig.intake.says = forms
    await rig.slack.mention("ana", INCIDENTS, "update")
    await rig.settled()
    (whisper,) = rig.slack.whispers("ana")
    assert [e["value"] for b in whisper.blocks if b["type"] == "actions" for e in b["elements"]] == ["update 7"]


async def test_a_long_text_is_edited_in_parts_and_comes_back_whole(rig: Rig) -> None:
    """More than one input holds."""
    words = "\n\n".join(f"Paragraph {i}. " + "We are sorry. " * 30 + "End." for i in range(20))
    form = Form("A1 edit", "apology edit 1", (FormField("full", "Text", "text", initial=words),))
    rig.intake.says = lambda r: Answer(form) if r.values is None else Answer(CARD)
    await rig.command("edit 1", command="/apology")
    view = rig.slack.top_view("ana")
    assert view is not None
    await rig.slack.submit("ana", view.id, {})
    assert rig.intake.asked[-1].values == {"full": words}


async def test_a_line_too_long_for_a_form_is_said_so(rig: Rig) -> None:
    """Nothing is cut."""
    rig.intake.says = lambda _: Answer(replace(FORM, says="update 7 " + "x" * 3_000))
    await rig.command("update")
    assert "too long for a form" in rig.whispered()[0]


# --- buttons and the home tab ----------------------------------------------------------------------------------------


async def test_a_button_says_its_line_and_the_answer_is_for_who_pressed(rig: Rig) -> None:
    """The pressed card stays as it is."""
    posted = await rig.carrier.carry(row())
    assert isinstance(posted, Sent)
    ack = await rig.slack.press("cleo", INCIDENTS, posted.id, "say:0")
    await rig.settled()
    (request,) = rig.intake.asked
    assert (request.words, request.user, request.channel, request.typed) == ("join 7", "U0CLEO", INCIDENTS, False)
    assert ack.ok
    assert "Declared." in rig.whispered("cleo")[0]
    assert rig.slack.messages(INCIDENTS)[0].versions == []


async def test_a_press_that_was_answered_already_says_nothing_more(rig: Rig) -> None:
    """A double click has one effect and one answer."""
    posted = await rig.carrier.carry(row())
    assert isinstance(posted, Sent)
    rig.intake.says = lambda _: Answer(CARD, repeated=True)
    await rig.slack.press("cleo", INCIDENTS, posted.id, "say:0")
    await rig.settled()
    assert rig.whispered("cleo") == []


async def test_a_foreign_element_is_acknowledged_and_ignored(rig: Rig) -> None:
    """Only buttons of ours say anything."""
    blocks = [
        {
            "type": "actions",
            "elements": [
                {"type": "button", "action_id": "x", "text": {"type": "plain_text", "text": "X"}, "value": "list"}
            ],
        }
    ]
    told = await rig.carrier.call("chat.postMessage", channel=INCIDENTS, text="x", blocks=blocks)
    assert isinstance(told, dict)
    ack = await rig.slack.press("cleo", INCIDENTS, told["ts"], "x")
    assert ack.ok
    assert rig.intake.asked == []


async def test_the_home_tab_is_drawn_and_its_buttons_work(rig: Rig) -> None:
    """There is no channel there: a form opens, a card appears in a modal, and the tab is drawn again after a change."""
    await rig.slack.open_home("noor")
    await rig.settled()
    home = rig.slack.world.homes["U0NOOR"]
    await rig.slack.press_in_view("noor", home, "say:1")
    await rig.settled()
    shown = rig.slack.top_view("noor")
    assert shown is not None
    assert "Declared." in said(shown.body["blocks"])
    assert (rig.intake.asked[0].channel, rig.intake.asked[0].personal) == ("", True)
    assert rig.calls("views.publish") == 2
    rig.intake.says = forms
    await rig.slack.press_in_view("noor", home, "form:0")
    await rig.settled()
    form = rig.slack.top_view("noor")
    assert form is not None
    await rig.slack.submit("noor", form.id, {"text": "x"})
    await rig.settled()
    assert "Declared." in said(rig.slack.messages(rig.slack.direct("noor"))[-1].blocks)


async def test_a_card_in_a_modal_can_be_pressed_on(rig: Rig) -> None:
    """Its answer takes its place; its form lies on top of it."""
    await rig.slack.open_home("ana")
    await rig.settled()
    await rig.slack.press_in_view("ana", rig.slack.world.homes["U0ANA"], "say:1")
    await rig.settled()
    card = rig.slack.top_view("ana")
    assert card is not None
    rig.intake.says = lambda _: Answer(
        Card("INC-7", (line("You are in."), Buttons((Button("Update", "update 7", form=True),))))
    )
    await rig.slack.press_in_view("ana", card.id, "say:0")
    await rig.settled()
    assert "You are in." in said(card.body["blocks"])
    rig.intake.says = forms
    await rig.slack.press_in_view("ana", card.id, "form:0")
    await rig.settled()
    top = rig.slack.top_view("ana")
    assert top is not None
    assert top.previous == card.id


async def test_a_shortcut_says_its_name(rig: Rig) -> None:
    """From Slack's own menu, without typing."""
    rig.intake.says = forms
    await rig.slack.shortcut("ana", "declare")
    await rig.settled()
    assert rig.intake.asked[0].words == "declare"
    assert rig.slack.top_view("ana") is not None


# --- what must not go wrong ------------------------------------------------------------------------------------------


async def test_a_slow_answer_follows(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Slack gets its 200 in time; the person reads that the answer follows, and then the answer."""
    monkeypatch.setattr(listen, "ANSWER_SECONDS", 0.05)
    rig.intake.waits = asyncio.Event()
    ack = await rig.slack.command("ana", INCIDENTS, "/incident", "declare x")
    assert listen.FOLLOWS in said(ack.answer["blocks"])
    rig.intake.waits.set()
    await rig.settled()
    assert "Declared." in rig.whispered()[-1]


async def test_a_bug_of_ours_is_a_sentence_with_a_reference(rig: Rig) -> None:
    """Never a 5xx: Slack would take the app for broken."""

    def broken(_: Request) -> Answer:
        raise RuntimeError("secret")

    rig.intake.says = broken
    ack = await rig.command("list")
    assert ack.status == 200
    assert "Something broke on our side" in rig.whispered()[0]
    assert "secret" not in ack.body
    await rig.slack.mention("ana", INCIDENTS, "list")
    assert all(a.status == 200 for a in rig.slack.wire.acks)


async def test_unsigned_old_and_foreign_requests_are_refused(rig: Rig) -> None:
    """401 and 403, before Bolt sees a byte."""
    form = urlencode(
        {"command": "/incident", "user_id": "U0ANA", "channel_id": "C1", "team_id": "T0OTHER", "text": "x"}
    ).encode()
    kind = "application/x-www-form-urlencoded"
    assert (await rig.door.handle({"content-type": kind}, form)).status == 401
    assert (await rig.send(form, kind, **{"x-slack-request-timestamp": "1000000000"})).status == 401
    assert (await rig.send(form, kind)).status == 403
    assert (await rig.send(b"x" * 300_000, kind)).status == 413
    assert (await rig.send(b"x", "image/png")).status == 415
    assert rig.intake.asked == []


async def test_slacks_own_checks_are_answered(rig: Rig) -> None:
    """The challenge comes back; the certificate check and unknown kinds are simply fine."""
    ack = await rig.slack.verify_url()
    assert ack.answer["challenge"] == ack.payload["challenge"]
    assert (await rig.send(b"ssl_check=1&token=x", "application/x-www-form-urlencoded")).status == 200
    limited = {"type": "app_rate_limited", "team_id": "T0SANDBOX", "minute_rate_limited": 1}
    assert (await rig.send(json.dumps(limited).encode(), "application/json")).status == 200
    event = {"type": "event_callback", "team_id": "T0SANDBOX", "event_id": "Ev1", "event": {"type": "link_shared"}}
    assert (await rig.send(json.dumps(event).encode(), "application/json")).status == 200


ODD: list[Json] = [
    {"type": "block_actions", "actions": []},
    {"type": "block_actions", "actions": [{"action_id": 7}]},
    {"type": "block_actions", "actions": [{"action_id": "say:0", "type": "button", "value": ["x"]}]},
    {
        "type": "block_actions",
        "actions": [{"action_id": "say:0", "type": "button", "value": "list"}],
        "container": [],
        "channel": "C1",
    },
    {
        "type": "view_submission",
        "view": {"id": "V1", "callback_id": "form", "private_metadata": "[1", "state": {"values": [1]}},
    },
    {
        "type": "view_submission",
        "view": {
            "id": "V1",
            "callback_id": "form",
            "private_metadata": '{"says":"x"}',
            "state": {"values": {"a": [1], "b": {"c": 1}}},
        },
    },
    {"type": "view_submission", "view": {"id": "V1"}},
    {"type": "view_closed", "view": {"id": "V1", "callback_id": "form"}},
    {"type": "shortcut"},
    {"type": "block_suggestion", "action_id": "x"},
    {"type": "block_suggestion"},
    {"type": "dialog_submission", "callback_id": "x"},
    {"type": "nonsense", "enterprise": "x", "is_enterprise_install": {}},
]
ODD_EVENTS: list[Json] = [
    {"type": "app_mention"},
    {"type": "app_mention", "user": {}, "channel": 1, "text": []},
    {"type": "message", "channel_type": "im", "user": "U0ANA", "channel": "D1", "text": None, "subtype": {}},
    {"type": "message_metadata_posted", "metadata": []},
    {"type": "channel_rename", "channel": None},
    {"type": "channel_id_changed"},
    {"type": "app_home_opened", "user": 5},
    {"type": "tokens_revoked"},
]


@pytest.mark.parametrize("odd", range(len(ODD)))
async def test_odd_interactions_are_refused_or_ignored(rig: Rig, odd: int) -> None:
    """Signed, but of no shape Slack sends: 200 or 4xx, never 5xx."""
    payload = {"team": {"id": "T0SANDBOX"}, "user": {"id": "U0ANA"}, **ODD[odd]}
    answered = await rig.send(urlencode({"payload": json.dumps(payload)}).encode(), "application/x-www-form-urlencoded")
    assert answered.status in (200, 400)
    await rig.settled()


@pytest.mark.parametrize("odd", range(len(ODD_EVENTS)))
@pytest.mark.parametrize(
    "around", [{}, {"authorizations": ["x"]}, {"authorizations": [{"team_id": 5}]}, {"is_ext_shared_channel": []}]
)
async def test_odd_events_are_refused_or_ignored(rig: Rig, odd: int, around: Json) -> None:
    """The same for events and for the envelope around them."""
    envelope = {"type": "event_callback", "team_id": "T0SANDBOX", "event_id": "Ev1", "event": ODD_EVENTS[odd], **around}
    answered = await rig.send(json.dumps(envelope).encode(), "application/json")
    assert answered.status in (200, 400)
    await rig.settled()


# --- Socket Mode -----------------------------------------------------------------------------------------------------


async def test_socket_mode_is_the_same_door(rig: Rig) -> None:
    """Commands, forms and events over a connection of ours, answered by envelope; foreign workspaces are not."""
    await rig.door.start_socket("xapp-sandbox")
    ack = await rig.command("declare x")
    assert (ack.via, ack.ok) == ("socket", True)
    assert "Declared." in rig.whispered()[0]
    rig.intake.says = forms
    ack = await rig.command("update")
    assert ack.body == ""
    assert rig.slack.top_view("ana") is not None
    await rig.slack.mention("ana", INCIDENTS, "list")
    await rig.settled()
    asked = len(rig.intake.asked)
    assert rig.intake.asked[-1].words == "list"
    ack = await rig.slack.command("ana", INCIDENTS, "/incident", "list", overrides={"team_id": "T0OTHER"})
    assert ack.ok
    assert len(rig.intake.asked) == asked


async def test_a_lost_socket_comes_back(rig: Rig) -> None:
    """Slack refreshes connections every few hours."""
    await rig.door.start_socket("xapp-sandbox")
    first = rig.slack.wire.sockets[0]
    await rig.slack.wire.refresh()
    for _ in range(200):
        if any(not s.leaving and s is not first for s in rig.slack.wire.sockets):
            break
        await asyncio.sleep(0.02)
    ack = await rig.command("declare x")
    assert (ack.via, ack.ok) == ("socket", True)


async def test_our_bot_is_who_slack_says_it_is(rig: Rig) -> None:
    """auth.test names workspace, user and bot."""
    me = rig.carrier.me
    assert me is not None
    assert (me.team, me.user, me.bot) == ("T0SANDBOX", BOT_USER, BOT_ID)


async def test_a_called_person_is_mentioned_in_a_post(rig: Rig) -> None:
    """A reminder pings the commander, and nobody else."""
    card = Card(
        "INC-7", (line(Mention("Ana Ruiz", "U0ANA", ping=True), ": an update is due, ", Mention("Cleo", "U0CLEO")),)
    )
    await rig.carrier.carry(row(card=card))
    (message,) = rig.slack.messages(INCIDENTS)
    assert "<@U0ANA>" in said(message.blocks)
    assert "U0CLEO" not in said(message.blocks)
