"""Teams' edge over real loopback HTTP: what people do in the sandbox's Teams, what the bot makes of it, what they see."""

import asyncio
import contextlib
import json
import shutil
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from bot.channel import Answer
from bot.channel import Request as Asked
from bot.delivery import Delivery
from bot.intake import NOT_RECORDED, House, Intake
from bot.sandbox.ledger import Fault, Ledger, SandboxClock
from bot.sandbox.teams import APP_ID, HOME_TENANT, OTHER_TENANT, FakeTeams, Message
from bot.sandbox.teams_cards import pressables
from bot.store import LATER, Store
from bot.teams import cards
from bot.teams.carry import INCIDENTS as SETTING
from bot.teams.carry import NOT_ON_TEAMS, SERVICE_URL, TeamsCarrier, outcome
from bot.teams.connector import Connector, ConnectorFailed
from bot.teams.hosts import Hosts
from bot.teams.keys import KeySet
from bot.teams.listen import NOT_LOOKED_UP, TeamsListener
from bot.teams.tokens import Verifier
from handlers.card import Button, Buttons, Card, Form, FormField, line
from handlers.domain.catalog import parse_bytes, to_dict
from handlers.domain.delivery import Dead, Outcome, Place, Post, Retry, Sent, Unknown
from handlers.domain.incident import Conversation, Incident, Room, Setting
from handlers.domain.people import Account
from handlers.domain.permit import NOT_AVAILABLE
from storage import outbox
from storage.book import SqlBook
from storage.database import Database, make_engine
from storage.outbox import Claimed
from tests.bot.loopback import listening
from tests.conftest import hurried

Json = dict[str, Any]
T = TypeVar("T")

INCIDENTS = "19:incidents@thread.tacv2"
OPERATIONS = "19:operations@thread.tacv2"
CUSTOMERS = "19:customers@thread.tacv2"
FABRIKAM = "19:fabrikam@thread.tacv2"
ON_CALL = "19:on-call@thread.v2"
START = datetime(2026, 3, 4, 14, 2, tzinfo=UTC)
CATALOG = b"""
services:
  - {key: checkout, name: Checkout}
customers:
  - key: fabrikam
    name: Fabrikam
    uses: [{service: checkout}]
    account_manager: noor@example.com
    channels: [{teams: "19:fabrikam@thread.tacv2"}]
people:
  - {name: Noor Haddad, email: noor@example.com, teams: "29:noor"}
"""


class Breakable(Store):
    """A store whose database can go away."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.broken = False

    async def rows(
        self, work: Callable[[Connection, datetime], T], *, rank: int = LATER, within: float | None = None
    ) -> T:
        """As always, unless it is broken."""
        if self.broken:
            raise OperationalError("SELECT 1", {}, Exception("gone"))
        return await super().rows(work, rank=rank, within=within)


class Scripted(Intake):
    """The real intake, unless the next answer is written down for it."""

    def __init__(self, store: Store) -> None:
        super().__init__(store, House(ZoneInfo("UTC"), ("teams",)))
        self.asked: list[Asked] = []
        self.script: list[Answer] = []

    async def take(self, request: Asked) -> Answer:
        """Note what was asked."""
        self.asked.append(request)
        return self.script.pop(0) if self.script else await super().take(request)


@dataclass
class Rig:
    """A Teams, a bot and its database, each on the other's doorstep."""

    teams: FakeTeams
    ledger: Ledger
    clock: SandboxClock
    store: Breakable
    intake: Scripted
    carrier: TeamsCarrier
    connector: Connector
    listener: TeamsListener
    delivery: Delivery
    another: Callable[[], object]  # from now on another server of the same house hears what Teams says

    async def settle(self) -> None:
        """Carry everything that is due."""
        await self.delivery.drain()

    async def learned(self, channel: str = INCIDENTS) -> None:
        """The incidents channel is known."""
        await self.store.book(lambda book: book.put(Setting(SETTING, channel)))

    async def declared(self) -> Room:
        """An incident with its thread, as Ben declared it."""
        await self.learned()
        await self.teams.mention("ben", INCIDENTS, "declare sev2 Checkout is down services checkout")
        await self.settle()
        room = await self.store.book(lambda book: book.get(Room, 1, "teams"))
        assert room is not None
        assert room.address
        return room

    async def incident(self, number: int = 1) -> Incident:
        """What is recorded of it."""
        found = await self.store.book(lambda book: book.get(Incident, number))
        assert found is not None
        return found

    def said(self, place: str) -> list[Message]:
        """What the bot's messages look like in a place, oldest first."""
        return self.teams.world.said_in(place, by=self.teams.world.bot_id)

    def chat(self, key: str) -> str:
        """Somebody's own chat with the bot."""
        return self.teams.world.personal_chat(self.teams.world.person(key))

    def toast(self, key: str) -> str:
        """The line somebody last saw at the edge of their screen."""
        found = self.teams.toasts.get(f"29:{key}")
        return found.text if found else ""

    async def account(self, key: str) -> Account | None:
        """What is kept of somebody."""
        return await self.store.book(lambda book: book.account("teams", f"29:{key}"))


def read(message: Message | Json | None) -> str:
    """All the words of a message or a card, roughly."""
    card = message if isinstance(message, dict) else message.attachments[0]["content"] if message else {}
    found: list[str] = []

    def walk(value: object) -> None:
        if isinstance(value, dict):
            found.extend(
                str(value[name]) for name in ("text", "title", "value", "label") if isinstance(value.get(name), str)
            )
            for inner in value.values():
                walk(inner)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)

    walk(card)
    return "\n".join(found)


@contextlib.asynccontextmanager
async def rigged(folder: Path, template: Path, **options: Any) -> AsyncIterator[Rig]:
    """A whole rig with its own database, clock and port."""
    shutil.copy(template, folder / "edge.db")
    clock = SandboxClock(START)
    ledger = Ledger(clock)
    teams = FakeTeams(ledger, clock, **options)
    store = Breakable(Database(hurried(make_engine(f"sqlite:///{folder / 'edge.db'}")), clock.now))
    await store.book(lambda book: book.load_catalog(to_dict(parse_bytes(CATALOG, filename="edge.yaml")), "edge"))
    box: list[TeamsListener] = []

    async def messages(request: Request) -> Response:
        peer = request.client.host if request.client else None
        status, body = await box[0].handle(request.headers, await request.body(), peer)
        return Response(status_code=status) if body is None else JSONResponse(body, status)

    app = Starlette(
        routes=[Mount("/sandbox/teams", routes=teams.routes()), Route("/api/messages", messages, methods=["POST"])]
    )
    async with listening(app) as address:
        teams.service_url = f"{address}/sandbox/teams/"
        teams.messages_url = f"{address}/api/messages"
        hosts = Hosts(local=("127.0.0.1",))
        keys = KeySet(f"{teams.service_url}v1/.well-known/openidconfiguration")
        connector = Connector(
            APP_ID, "sandbox", HOME_TENANT, hosts=hosts, token_source=lambda: (teams.identity.issue(), 3600)
        )
        intake = Scripted(store)
        carrier = TeamsCarrier(connector, store, HOME_TENANT, bot_id=f"28:{APP_ID}")

        def door() -> TeamsListener:
            verifier = Verifier(APP_ID, HOME_TENANT, keys, hosts=hosts)
            box[:] = [TeamsListener(intake, store, connector, verifier, carrier)]
            return box[0]

        listener = door()
        delivery = Delivery(store, intake, {"teams": carrier})
        try:
            yield Rig(teams, ledger, clock, store, intake, carrier, connector, listener, delivery, door)
        finally:
            await listener.close()
            connector.close()
            store.close()


@pytest.fixture
async def rig(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[Rig]:
    """The sandbox's own people and teams."""
    async with rigged(tmp_path, sqlite_template) as made:
        yield made
        assert not [v for v in made.teams.violations if v.kind != "rate"]


# typed lines


async def test_a_line_in_a_channel_is_answered_in_its_thread_and_opens_a_room(rig: Rig) -> None:
    """The mention is not part of the words, the room is a thread, and its address is where people act in it."""
    room = await rig.declared()
    incident = await rig.incident()
    assert (incident.title, incident.severity, incident.services) == ("Checkout is down", "sev2", ("checkout",))
    posts = {m.id: m for m in rig.said(INCIDENTS)}
    root = posts[room.address.partition(";messageid=")[2]]
    assert root.root == ""
    assert "INC-1 Checkout is down" in read(root)
    assert root.summary.startswith("INC-1 Checkout is down")
    asked = rig.intake.asked[0]
    answered = next(m for m in posts.values() if m.root)
    assert f"{INCIDENTS};messageid={answered.root}" == asked.channel == asked.reply_to
    assert "You are commander" in read(answered)
    assert room.link == (
        f"https://teams.microsoft.com/l/message/19%3Aincidents%40thread.tacv2/{root.id}"
        f"?tenantId={HOME_TENANT}&parentMessageId={root.id}"
    )


async def test_who_writes_is_looked_up_once_an_hour(rig: Rig) -> None:
    """Name and verified address come from Teams, the Entra id is their alias; the next line asks nobody."""
    await rig.teams.say_personal("ben", "list")
    account = await rig.account("ben")
    ben = rig.teams.world.person("ben")
    assert account == Account(
        "teams", "29:ben", "Ben Okafor", "colleague", "ben@example.com", HOME_TENANT, ben.aad, START
    )
    rig.teams.world.change_person("ben", name="Benedict Okafor")
    await rig.teams.say_personal("ben", "list mine")
    assert (await rig.account("ben")) == account
    rig.clock.wind(timedelta(hours=1, seconds=1))
    await rig.teams.say_personal("ben", "list all")
    renewed = await rig.account("ben")
    assert renewed is not None
    assert renewed.name == "Benedict Okafor"


async def test_in_ones_own_chat_no_mention_is_needed(rig: Rig) -> None:
    """The answer stands in that chat; lines and bold marks arrive as they were typed."""
    await rig.declared()
    await rig.teams.say_personal("ben", "update 1 First line\nsecond *line*")
    await rig.settle()
    assert (await rig.incident()).last_update == "First line\nsecond *line*"
    asked = rig.intake.asked[-1]
    assert (asked.personal, asked.channel, asked.typed) == (True, rig.chat("ben"), True)
    assert "INC-1" in read(rig.said(rig.chat("ben"))[-1])


async def test_people_mentioned_become_ids(rig: Rig) -> None:
    """Whatever their name: the grammar reads who was meant."""
    room = await rig.declared()
    await rig.teams.say_personal("noor", "whoami")
    await rig.teams.mention("ben", room.address, "role deputy @noor -- your shift")
    assert "<@29:noor>" in rig.intake.asked[-1].words
    assert rig.intake.asked[-1].mentions == (("29:noor", "Noor Haddad"),)
    assert (await rig.incident()).holder("deputy") == "noor@example.com"


async def test_a_bare_mention_is_a_call_for_help(rig: Rig) -> None:
    """And so is an empty line."""
    await rig.teams.mention("ben", INCIDENTS, "")
    assert rig.intake.asked[-1].words == "help"


async def test_people_among_themselves_are_not_answered(tmp_path: Path, sqlite_template: Path) -> None:
    """Even where the bot may read a channel it answers only when it is spoken to."""
    async with rigged(tmp_path, sqlite_template, read_consent=True) as rig:
        delivery = await rig.teams.say("ben", INCIDENTS, "declare sev1 nothing of the kind")
        assert delivery is not None
        assert delivery.status == 200
        assert not rig.intake.asked


async def test_edits_deletions_and_reactions_are_taken_politely(rig: Rig) -> None:
    """What was said once stays said; Teams gets its 200."""
    await rig.learned()
    first = await rig.teams.mention("ben", INCIDENTS, "declare Checkout is down")
    await rig.settle()
    own = rig.said(INCIDENTS)[0]
    heard = [
        await rig.teams.edit("ben", INCIDENTS, first.activity["id"], "declare sev1 Other"),
        await rig.teams.delete("ben", INCIDENTS, first.activity["id"]),
        await rig.teams.react("ben", INCIDENTS, own.id),
    ]
    assert [d.status for d in heard if d] == [200, 200, 200]
    assert len(rig.intake.asked) == 1


async def test_a_line_delivered_many_times_has_one_effect_and_one_answer(rig: Rig) -> None:
    """Also when the copies arrive at once."""
    await rig.learned()
    first = await rig.teams.mention("ben", INCIDENTS, "declare Checkout is down")
    copies = await rig.teams.redeliver(first.activity["id"], 5)
    await rig.settle()
    assert {d.status for d in copies} == {200}
    assert len(await rig.store.book(lambda book: book.search())) == 1
    assert len(rig.said(INCIDENTS)) == 2  # the answer and the room


async def test_two_servers_that_hear_the_same_line_show_one_form(rig: Rig) -> None:
    """Teams hands it to one of them and then to the other; a form that could not be posted may be asked for again."""
    room = await rig.declared()
    rig.ledger.faults.append(Fault("activity.post", "status", place=room.address, status=403))
    first = await rig.teams.mention("ana", room.address, "update")
    for _ in range(3):
        rig.another()
        await rig.teams.redeliver(first.activity["id"], 2)
    forms = [m for m in rig.said(room.address) if '"verb": "form"' in json.dumps(m.attachments)]
    assert len(forms) == 1


async def test_a_line_that_needs_a_form_shows_one_in_the_conversation(rig: Rig) -> None:
    """Once; sent with a fault it comes back with a sentence, sent well it is replaced for everybody."""
    room = await rig.declared()
    first = await rig.teams.mention("ana", room.address, "update")
    await rig.teams.redeliver(first.activity["id"], 2)
    forms = [m for m in rig.said(room.address) if '"verb": "form"' in json.dumps(m.attachments)]
    assert len(forms) == 1
    place, shown = room.address, forms[0]
    await rig.teams.press("cleo", place, shown.id, "Post update", {"text": "   "})
    ana, cleo = rig.teams.world.person("ana"), rig.teams.world.person("cleo")
    assert "Please fill this in." in read(shown.card_for(cleo))
    assert "Please fill this in." not in read(shown.card_for(ana))
    await rig.teams.press("cleo", place, shown.id, "Post update", {"text": "Half is back"})
    await rig.settle()
    assert (await rig.incident()).last_update == "Half is back"
    for person in (ana, cleo):
        card = shown.card_for(person)
        assert card is not None
        assert not [p for p in pressables(card) if p.action.get("verb") == "form"]


async def test_an_old_submit_button_is_understood_too(rig: Rig) -> None:
    """Its line comes as a message; it is answered in the conversation."""
    await rig.declared()
    chat = rig.chat("ben")
    button = {"type": "Action.Submit", "title": "Old", "data": {"says": "status 1 identified"}}
    card = {"type": "AdaptiveCard", "version": "1.5", "body": [], "actions": [button]}
    sent = await rig.connector.post(
        rig.teams.service_url, chat, {"type": "message", "attachments": [cards.attached(card)]}
    )
    await rig.teams.press("ben", chat, sent.activity_id, "Old")
    await rig.settle()
    assert (await rig.incident()).status == "identified"
    assert not rig.intake.asked[-1].typed
    assert "INC-1" in read(rig.said(chat)[-1])


# who may not


async def test_a_guest_is_told_alone_that_nothing_is_available(tmp_path: Path, sqlite_template: Path) -> None:
    """Not in front of others, and nothing more than that; it is on record."""
    async with rigged(tmp_path, sqlite_template, guests_bring_home_tenant=False) as rig:
        await rig.learned()
        await rig.teams.mention("gil", INCIDENTS, "declare sev1 Mine")
        await rig.settle()
        assert not rig.said(INCIDENTS)
        assert [NOT_AVAILABLE in read(m) for m in rig.said(rig.chat("gil"))] == [True]
        account = await rig.account("gil")
        assert account is not None
        assert account.kind in ("guest", "stranger")
        assert not await rig.store.book(lambda book: book.search())


async def test_a_guest_pressing_a_button_learns_nothing(tmp_path: Path, sqlite_template: Path) -> None:
    """The card stays as it is."""
    async with rigged(tmp_path, sqlite_template, guests_bring_home_tenant=False) as rig:
        room = await rig.declared()
        root = room.address.partition("=")[2]
        await rig.teams.press("gil", room.address, root, "Identified")
        await rig.teams.press("gil", room.address, root, "Post update")
        await rig.settle()
        assert NOT_AVAILABLE in rig.toast("gil")
        assert "29:gil" not in rig.teams.dialogs
        assert (await rig.incident()).status == "investigating"


async def test_another_tenant_is_refused_at_the_door(rig: Rig) -> None:
    """403, whoever signed it."""
    delivery = await rig.teams.mention("gil", INCIDENTS, "list")
    assert (delivery.status, delivery.activity["channelData"]["tenant"]["id"]) == (403, OTHER_TENANT)
    assert not rig.intake.asked


async def test_what_is_not_let_in_gets_its_status(rig: Rig) -> None:
    """Too large, another type, not signed, signed but no JSON: 413, 415, 401, 400, each with a reason."""
    own = {"content-type": "application/json"}
    activity = json.dumps({"type": "message", "serviceUrl": rig.teams.service_url}).encode()
    answers = [
        await rig.listener.handle(own, b" " * 300_000, "127.0.0.1"),
        await rig.listener.handle({"content-type": "text/plain"}, b"{}", "127.0.0.1"),
        await rig.listener.handle(own, activity, "127.0.0.1"),
        await rig.listener.handle(own | {"authorization": rig.teams.identity.sign({})}, b"{", "127.0.0.1"),
        await rig.listener.handle(own, b"{", "127.0.0.1"),
    ]
    assert [status for status, _ in answers] == [413, 415, 401, 400, 401], "an unsigned body is not read"
    assert all(body and body["error"] for _, body in answers)


async def test_without_teams_word_on_who_it_is_nothing_is_done(tmp_path: Path, sqlite_template: Path) -> None:
    """The person is asked to try again, and then it works."""
    async with rigged(tmp_path, sqlite_template) as rig:
        await rig.learned()
        rig.ledger.faults.append(Fault("members.get", "status", status=404, times=2))
        await rig.teams.mention("ben", INCIDENTS, "declare Checkout is down")
        assert not await rig.store.book(lambda book: book.search())
        assert [NOT_LOOKED_UP in read(m) for m in rig.said(rig.chat("ben"))] == [True]
        assert not rig.intake.asked
        await rig.teams.say_personal("ana", "list")
        assert NOT_LOOKED_UP in read(rig.said(rig.chat("ana"))[-1])
        await rig.teams.mention("ben", INCIDENTS, "declare Checkout is down")
        assert len(await rig.store.book(lambda book: book.search())) == 1


async def test_a_slow_look_up_is_not_waited_for(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """An invoke has five seconds in all."""
    monkeypatch.setattr("bot.teams.listen.LOOKUP_SECONDS", 0.05)
    rig.ledger.faults.append(Fault("members.get", "delay", seconds=0.3))
    await rig.teams.say_personal("ben", "list")
    assert NOT_LOOKED_UP in read(rig.said(rig.chat("ben"))[-1])
    assert not rig.intake.asked


# buttons


async def test_a_pressed_button_acts_and_the_card_changes_for_everybody(rig: Rig) -> None:
    """Whoever pressed reads one line; the live card is edited, no second one is posted."""
    room = await rig.declared()
    root = room.address.partition("=")[2]
    delivery = await rig.teams.press("ana", room.address, root, "Identified")
    await rig.settle()
    assert delivery is not None
    assert delivery.body["type"] == cards.MESSAGE_TYPE
    assert rig.toast("ana").startswith("INC-1 Checkout is down")
    message = rig.teams.world.find_message(INCIDENTS, root)
    assert message is not None
    assert message.edits >= 1
    assert "Identified" in read(message)
    assert (await rig.incident()).status == "identified"


async def test_a_button_that_asks_first_acts_on_the_second_press(rig: Rig) -> None:
    """The first only shows the question."""
    room = await rig.declared()
    root = room.address.partition("=")[2]
    assert await rig.teams.press("ben", room.address, root, "Resolve") is None
    await rig.teams.press("ben", room.address, root, "Yes, resolve")
    assert (await rig.incident()).status == "resolved"


async def test_a_press_delivered_many_times_has_one_effect(rig: Rig) -> None:
    """Teams tries an invoke up to three times; each copy gets an answer."""
    room = await rig.declared()
    first = await rig.teams.press("ben", room.address, room.address.partition("=")[2], "Identified")
    assert first is not None
    before = (await rig.incident()).revision
    copies = await rig.teams.redeliver(first.activity["id"], 4)
    await rig.settle()
    assert {d.status for d in copies} == {200}
    assert {d.body["value"] for d in copies} == {first.body["value"]}
    assert (await rig.incident()).revision == before


async def test_an_answer_with_content_is_posted_where_the_button_is(rig: Rig) -> None:
    """A line alone does not hold a timeline; copies of the press post nothing more."""
    room = await rig.declared()
    root = room.address.partition("=")[2]
    await rig.teams.press("ben", room.address, root, "Yes, resolve")
    await rig.teams.mention("ben", room.address, "cancel 1 because a slip")
    await rig.settle()
    before = len(rig.said(room.address))
    card = Card("INC-1 Checkout is down", (Buttons((Button("Timeline", "timeline 1"),)),))
    place = Place("teams", "room", "1")
    await rig.store.book(lambda book: book.send(Post("test/1", place, card=card, incident=1)))
    await rig.settle()
    first = await rig.teams.press("ana", room.address, rig.said(room.address)[-1].id, "Timeline")
    assert first is not None
    await rig.teams.redeliver(first.activity["id"], 2)
    await rig.settle()
    posted = rig.said(room.address)[before + 1 :]
    assert len(posted) == 1
    assert "timeline" in read(posted[0])
    assert "timeline" in rig.toast("ana")


@pytest.mark.parametrize("alone", [True, False])
async def test_an_answer_for_one_person_is_never_posted_where_others_read(rig: Rig, *, alone: bool) -> None:
    """A contract's credit, asked by a button in the room, stands in the personal chat of whoever pressed."""
    room = await rig.declared()
    card = Card("INC-1 Checkout is down", (Buttons((Button("Credit", "credit 1"),)),))
    await rig.store.book(lambda book: book.send(Post("test/1", Place("teams", "room", "1"), card=card, incident=1)))
    await rig.settle()
    before = len(rig.said(room.address))
    steps = Card("INC-1: contract credit", tuple(line(f"Step {n} of the credit") for n in range(9)))
    rig.intake.script.append(Answer(steps, alone=alone))
    await rig.teams.press("ana", room.address, rig.said(room.address)[-1].id, "Credit")
    await rig.settle()
    assert len(rig.said(room.address)) == before + (not alone)
    assert [("Step 8" in read(m)) for m in rig.said(rig.chat("ana"))[-1:]] == [True] * alone


async def test_a_credit_typed_in_a_room_is_answered_in_the_personal_chat(rig: Rig) -> None:
    """The figures as well as a refusal; nothing of it stands in the room."""
    room = await rig.declared()
    await rig.settle()
    before = len(rig.said(room.address))
    for who, words in (("ben", "contract credit"), ("ana", "That is for that customer's account manager")):
        await rig.teams.mention(who, room.address, "credit 1")
        await rig.settle()
        assert len(rig.said(room.address)) == before
        assert words in read(rig.said(rig.chat(who))[-1])


async def test_a_refused_press_says_why(rig: Rig) -> None:
    """In a line for this person alone, with nothing changed and nothing posted."""
    room = await rig.declared()
    root = room.address.partition("=")[2]
    await rig.teams.press("ben", room.address, root, "Yes, resolve")
    await rig.settle()
    before = len(rig.said(room.address))
    rig.intake.script.append(Answer(Card("INC-1", (line("That is over."),), "warning"), refused=True))
    await rig.teams.press("ana", room.address, root, "Draft apology")
    await rig.settle()
    assert rig.toast("ana") == "INC-1: That is over."
    assert len(rig.said(room.address)) == before


async def test_a_press_that_turns_out_to_need_a_form_posts_it(rig: Rig) -> None:
    """A pressed button cannot open a dialog afterwards."""
    room = await rig.declared()
    form = Form("Why", "cancel 1", (FormField("because", "Why?"),))
    rig.intake.script += [Answer(form), Answer(form), Answer(form)]
    first = await rig.teams.press("ben", room.address, room.address.partition("=")[2], "Identified")
    assert first is not None
    await rig.teams.redeliver(first.activity["id"], 2)
    assert [m.summary for m in rig.said(room.address)].count("Why") == 1
    assert "The form is in the conversation" in rig.toast("ben")


# dialogs


async def test_a_form_opens_in_a_dialog_and_its_answers_are_recorded(rig: Rig) -> None:
    """With what was typed, the dialog closes and says so; the room sees it."""
    room = await rig.declared()
    await rig.teams.press("ana", room.address, room.address.partition("=")[2], "Post update")
    dialog = rig.teams.dialogs["29:ana"]
    assert dialog.title.startswith("INC-1")
    await rig.teams.press_in_dialog("ana", dialog.id, "Post update", {"text": "Line one\nline two"})
    await rig.settle()
    assert "29:ana" not in rig.teams.dialogs
    assert rig.toast("ana").startswith("INC-1 Checkout is down")
    assert (await rig.incident()).last_update == "Line one\nline two"
    assert any("Line one" in read(m) for m in rig.said(room.address))


async def test_a_form_with_faults_stays_open_with_a_sentence_at_each(rig: Rig) -> None:
    """What was typed is kept, and nothing is recorded."""
    room = await rig.declared()
    await rig.teams.press("ana", room.address, room.address.partition("=")[2], "Post update")
    first = rig.teams.dialogs["29:ana"]
    await rig.teams.press_in_dialog("ana", first.id, "Post update", {"text": "  ", "next": "30m"})
    again = rig.teams.dialogs["29:ana"]
    assert again.id != first.id
    assert "Please fill this in." in read(again.card)
    assert "30m" in read(again.card)
    assert (await rig.incident()).last_update == ""
    await rig.teams.press_in_dialog("ana", again.id, "Post update", {"text": "Better"})
    assert (await rig.incident()).last_update == "Better"


async def test_a_refused_form_keeps_what_was_typed(rig: Rig) -> None:
    """The reason stands above it."""
    room = await rig.declared()
    await rig.teams.press("ana", room.address, room.address.partition("=")[2], "Post update")
    refusal = Card("INC-1 Checkout is down", (line("Not while it rains."),), "warning")
    rig.intake.script.append(Answer(refusal, refused=True))
    await rig.teams.press_in_dialog("ana", rig.teams.dialogs["29:ana"].id, "Post update", {"text": "Long words"})
    again = rig.teams.dialogs["29:ana"]
    assert "Not while it rains." in read(again.card)
    assert "Long words" in read(again.card)


async def test_choices_of_several_come_back_as_several(rig: Rig) -> None:
    """Also when a value holds a comma."""
    room = await rig.declared()
    options = (("a", "A"), ("b,c", "B"), ("d", "D"))
    form = Form("Pick", "services 1", (FormField("services", "Services", "choices", options),))
    rig.intake.script.append(Answer(form))
    await rig.teams.press("ana", room.address, room.address.partition("=")[2], "Services")
    rig.intake.script.append(Answer(Card("INC-1", (line("Done."),)), recorded=True))
    await rig.teams.press_in_dialog("ana", rig.teams.dialogs["29:ana"].id, "Send", {"services": "a,b%2Cc"})
    assert rig.intake.asked[-1].values == {"services": ("a", "b,c")}
    assert rig.intake.asked[-1].words == "services 1"


async def test_a_card_may_answer_in_a_dialog_and_its_buttons_go_on_there(rig: Rig) -> None:
    """A button inside a dialog is a line like any other."""
    room = await rig.declared()
    root = room.address.partition("=")[2]
    shown = Card("INC-1", (line("Which?"), Buttons((Button("Show", "show 1"),))))
    rig.intake.script.append(Answer(shown))
    await rig.teams.press("ana", room.address, root, "Post update")
    await rig.teams.press_in_dialog("ana", rig.teams.dialogs["29:ana"].id, "Show")
    assert rig.intake.asked[-1].words == "show 1"
    assert "Checkout is down" in read(rig.teams.dialogs["29:ana"].card)


async def test_a_forged_form_harms_nobody(rig: Rig) -> None:
    """The line it says is judged like any other; what it carries goes back to its sender at most."""
    room = await rig.declared()
    await rig.teams.press("ana", room.address, room.address.partition("=")[2], "Post update")
    dialog = rig.teams.dialogs["29:ana"]
    forgeries: list[Any] = [{"_": "Form"}, {"_": "Card", "head": "x", "blocks": [], "tone": "plain"}, 5, True, []]
    for forged in forgeries:
        delivery = await rig.teams.submit_task("ana", dialog.id, {"says": "update 1", "form": forged, "text": " "})
        assert delivery.status == 200
        rig.teams.dialogs["29:ana"] = dialog
    delivery = await rig.teams.submit_task("ana", dialog.id, {"says": ["x"], "form": {}})
    assert delivery.status == 200
    assert (await rig.incident()).last_update == ""


async def test_an_invoke_unknown_here_is_accepted(rig: Rig) -> None:
    """So that Teams goes on delivering."""
    first = await rig.teams.say_personal("ben", "list")
    activity = first.activity | {"type": "invoke", "id": "f:odd", "name": "composeExtension/query", "value": {}}
    assert (await rig.teams.deliver(activity)).status == 200


# in a customer's channel


async def test_nothing_of_ours_is_said_in_a_customers_channel(rig: Rig) -> None:
    """Neither answers nor forms: they go to the person's own chat."""
    await rig.learned()
    await rig.teams.mention("ben", FABRIKAM, "list")
    await rig.teams.mention("ben", FABRIKAM, "declare")
    await rig.teams.mention("ben", FABRIKAM, "nonsense of some kind")
    await rig.settle()
    assert not rig.said(FABRIKAM)
    assert len(rig.said(rig.chat("ben"))) == 3


# arriving


async def test_a_team_that_adds_the_bot_teaches_it_where_incidents_are_announced(rig: Rig) -> None:
    """A channel called like that, greeted once; later teams change nothing."""
    heard = await rig.teams.install(OPERATIONS)
    assert {d.status for d in heard} == {200}
    await rig.settle()
    setting = await rig.store.book(lambda book: book.get(Setting, SETTING))
    assert setting == Setting(SETTING, INCIDENTS)
    assert len(rig.said(INCIDENTS)) == 1
    greeting = rig.said(INCIDENTS)[0]
    assert "@Amends here" in read(greeting)
    await rig.teams.press("ana", f"{INCIDENTS};messageid={greeting.id}", greeting.id, "Declare an incident")
    assert "29:ana" in rig.teams.dialogs
    await rig.teams.install(OPERATIONS)
    await rig.settle()
    assert len(rig.said(INCIDENTS)) == 1


async def test_without_such_a_channel_general_is_taken(rig: Rig) -> None:
    """General's id is the team's own."""
    channels = tuple(c for c in rig.teams.world.teams[OPERATIONS].channels if c.name == "General")
    rig.teams.world.change_team(OPERATIONS, channels=channels)
    await rig.teams.install(OPERATIONS)
    setting = await rig.store.book(lambda book: book.get(Setting, SETTING))
    assert setting == Setting(SETTING, OPERATIONS)


async def test_a_team_with_a_customers_channel_is_never_learned(rig: Rig) -> None:
    """Nothing of ours may be announced before a customer's eyes."""
    heard = await rig.teams.install(CUSTOMERS)
    assert {d.status for d in heard} == {200}
    await rig.settle()
    assert await rig.store.book(lambda book: book.get(Setting, SETTING)) is None
    assert not rig.said(CUSTOMERS)
    assert not rig.said(FABRIKAM)


async def test_a_line_makes_its_channel_the_one_for_incidents(rig: Rig) -> None:
    """Whatever was learned before."""
    await rig.learned()
    await rig.teams.mention("ben", OPERATIONS, "here")
    setting = await rig.store.book(lambda book: book.get(Setting, SETTING))
    assert setting == Setting(SETTING, OPERATIONS)


async def test_a_colleague_who_adds_the_bot_is_greeted_once_and_a_guest_is_not(rig: Rig) -> None:
    """Two events say the same."""
    await rig.teams.install_personal("cleo")
    await rig.teams.install_personal("cleo")
    rig.teams.world.change_person("gil", tenant=HOME_TENANT)
    await rig.teams.install_personal("gil")
    await rig.settle()
    assert len(rig.said(rig.chat("cleo"))) == 1
    assert not rig.said(rig.chat("gil"))


async def test_a_conversation_is_kept_as_last_heard(rig: Rig) -> None:
    """A thread under its channel; its address is renewed by whatever happens in it."""
    await rig.teams.mention("ben", INCIDENTS, "list")
    kept = await rig.store.book(lambda book: book.find(Conversation))
    assert kept == [
        Conversation(
            INCIDENTS,
            rig.teams.service_url,
            HOME_TENANT,
            "channel",
            f"28:{APP_ID}",
            team=OPERATIONS,
            channel=INCIDENTS,
            seen_at=START,
        )
    ]
    rig.clock.wind(timedelta(minutes=10))
    await rig.teams.say_personal("ben", "list")
    mine = await rig.store.book(lambda book: book.get(Conversation, rig.chat("ben")))
    assert mine is not None
    assert (mine.kind, mine.person, mine.channel, mine.seen_at) == ("personal", "29:ben", "", rig.clock.now())


# when the database is away


async def test_a_line_that_could_not_be_recorded_is_answered_so(rig: Rig) -> None:
    """Never a false yes, never a 5xx."""
    await rig.teams.say_personal("ben", "list")
    rig.store.broken = True
    delivery = await rig.teams.mention("ben", INCIDENTS, "declare Checkout is down")
    rig.store.broken = False
    assert delivery.status == 200
    assert NOT_RECORDED in read(rig.said(rig.chat("ben"))[-1])
    assert not await rig.store.book(lambda book: book.search())


async def test_a_press_that_could_not_be_recorded_is_answered_so(rig: Rig) -> None:
    """And the dialog of a form keeps what was typed."""
    room = await rig.declared()
    root = room.address.partition("=")[2]
    await rig.teams.press("ana", room.address, root, "Post update")
    rig.store.broken = True
    await rig.teams.press("ben", room.address, root, "Identified")
    await rig.teams.press_in_dialog("ana", rig.teams.dialogs["29:ana"].id, "Post update", {"text": "Long words"})
    heard = await rig.teams.install(OPERATIONS)
    rig.store.broken = False
    assert NOT_RECORDED in rig.toast("ben")
    assert "Long words" in read(rig.teams.dialogs["29:ana"].card)
    assert {d.status for d in heard} == {200}


# whatever is sent

odd = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=8) | st.sampled_from(["says", "form", INCIDENTS]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["says", "form", "many", "data", "action", "verb", "id", "_", "title", "fields", "name"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
FIELDS = (
    "value", "channelData", "from", "recipient", "conversation", "replyToId", "entities", "text", "membersAdded", "id",
    "action", "name", "timestamp",
)  # fmt: skip


class Answering(Intake):
    """An intake that answers everything with one thing."""

    def __init__(self, store: Store, answer: Answer) -> None:
        super().__init__(store, House(ZoneInfo("UTC"), ("teams",)))
        self.answer = answer

    async def take(self, request: Asked) -> Answer:
        """Always the same."""
        assert isinstance(request.words, str)
        assert all(isinstance(value, str | tuple) for value in (request.values or {}).values())
        return self.answer


class Nowhere(Store):
    """A store that keeps nothing and knows everybody; without an account, the database is away."""

    def __init__(self, account: Account | None) -> None:
        super().__init__(Database(make_engine("sqlite:///:memory:"), lambda: START))
        self.account = account

    async def book(self, work: Callable[[SqlBook], T], *, rank: int = LATER, within: float | None = None) -> T:
        """Somebody known, in no customer's channel."""
        del work, rank, within
        if self.account is None:
            raise OperationalError("SELECT 1", {}, Exception("gone"))
        return (self.account, False)  # type: ignore[return-value]


FORM = Form("Update", "update 1", (FormField("text", "Text", "text"), FormField("services", "Services", "choices")))
ANSWERS = (
    Answer(FORM),
    Answer(refused=True, fields={"text": "Too short.", "": "No."}),
    Answer(Card("INC-1", (line("Refused."),)), refused=True),
    Answer(Card("INC-1", (Buttons((Button("Show", "show 1"),)),)), recorded=True),
    Answer(None, recorded=True),
    Answer(known=False),
)
PACKED = cards.form_card(FORM)["actions"][0]["data"]


@given(
    st.sampled_from(
        ["message", "invoke", "conversationUpdate", "installationUpdate", "messageReaction", "typing", "x"]
    ),
    st.sampled_from(["adaptiveCard/action", "task/fetch", "task/submit", "x"]),
    st.dictionaries(st.sampled_from(FIELDS), odd, max_size=3),
    st.dictionaries(st.sampled_from(["says", "form", "many", "text", "services", "msteams"]), odd, max_size=3),
    st.sampled_from(ANSWERS),
    st.booleans(),
)
@settings(max_examples=150)
def test_nothing_a_sender_can_do_breaks_the_door(
    kind: str, name: str, fields: Json, data: Json, answer: Answer, known: bool
) -> None:
    """Any activity a local tool may send is answered, never with a 5xx and never by an exception."""

    async def run() -> int:
        store = Nowhere(Account("teams", "29:a", "Ana", "colleague") if known else None)
        connector = Connector("", "", "", hosts=Hosts(any_loopback=True), seconds=0.2)
        verifier = Verifier("", "", KeySet("http://127.0.0.1:9/"), unauthenticated_loopback=True)
        carrier = TeamsCarrier(connector, store, "")
        listener = TeamsListener(Answering(store, answer), store, connector, verifier, carrier)
        sent = PACKED | data
        activity = {
            "type": kind,
            "name": name,
            "id": "1",
            "serviceUrl": "http://127.0.0.1:9/",
            "channelId": "msteams",
            "from": {"id": "29:a"},
            "recipient": {"id": "28:b"},
            "conversation": {"id": "a:1", "conversationType": "personal"},
            "value": {"data": sent, "action": {"verb": "form", "data": sent}} if kind == "invoke" else sent,
            **fields,
        }
        headers = {"content-type": "application/json", "host": "127.0.0.1"}
        try:
            status, body = await listener.handle(headers, json.dumps(activity).encode(), "127.0.0.1")
            await listener.close()
        finally:
            connector.close()
            store.close()
        json.dumps(body)
        return status

    assert asyncio.run(run()) in {200, 202, 400, 401, 403, 501}


# carrying


def row(kind: str = "channel", address: str = INCIDENTS, **fields: Any) -> Claimed:
    """A claimed row of the outbox."""
    place = Place("teams", fields.pop("kind", kind), address)
    card = Card("INC-7 Checkout", (line("It is down."),)) if "text" not in fields else None
    whole: Json = {
        "id": 1, "key": "k", "place": place, "op": "message", "card": card, "text": "", "args": (), "address": address,
        "message_id": "", "message_at": "", "target_id": "", "thread_id": "", "nonce": "n", "revision": 1, "attempts": 1,
        "fence": 1, "lease_until": START, "audience": "internal", "incident": 7, "digest": "d",
    }  # fmt: skip
    return Claimed(**(whole | fields))


async def heard(rig: Rig) -> None:
    """Some activity has arrived, so that the way back is known."""
    await rig.teams.say_personal("ben", "list")


async def test_a_post_to_a_channel_begins_a_thread_and_later_ones_edit_or_continue_it(rig: Rig) -> None:
    """The id and the thread come back; the same row edits; a row of that thread goes below it."""
    await heard(rig)
    sent = await rig.carrier.carry(row(op="open"))
    assert isinstance(sent, Sent)
    assert sent.at == f"{INCIDENTS};messageid={sent.id}"
    changed = Card("INC-7 Checkout", (line("It is up."),), "good")
    again = await rig.carrier.carry(row(op="open", message_id=sent.id, message_at=sent.at, card=changed))
    assert again == sent
    below = await rig.carrier.carry(row(thread_id=sent.id))
    inside = await rig.carrier.carry(row("thread", sent.at))
    assert isinstance(below, Sent)
    assert isinstance(inside, Sent)
    assert below.at == inside.at == sent.at
    assert f"/{below.id}?" in below.link
    assert below.link.endswith(f"parentMessageId={sent.id}")
    first, *rest = rig.said(INCIDENTS)
    assert (first.edits, "It is up." in read(first)) == (1, True)
    assert [m.root for m in rest] == [sent.id, sent.id]


async def test_customers_words_arrive_byte_for_byte(rig: Rig) -> None:
    """Raw text in a thread of its own; a correction goes below it."""
    await heard(rig)
    words = "Dear *Fabrikam*,\n\nwe are <sorry> & {{so}}.\n"
    sent = await rig.carrier.carry(row("channel", FABRIKAM, text=words, audience="customer", approval="a"))
    assert isinstance(sent, Sent)
    message = rig.said(FABRIKAM)[0]
    assert (message.text, message.text_format, message.attachments) == (words, "plain", [])
    assert sent.link.startswith("https://teams.microsoft.com/l/message/19%3Afabrikam%40thread.tacv2/")
    await rig.carrier.carry(row("channel", FABRIKAM, text="Correction", thread_id=sent.id))
    assert rig.said(FABRIKAM)[1].root == sent.id


async def test_a_group_chat_has_no_threads(rig: Rig) -> None:
    """A post is a message, without a deep link."""
    await heard(rig)
    sent = await rig.carrier.carry(row("channel", ON_CALL))
    assert isinstance(sent, Sent)
    assert (sent.at, sent.link) == (ON_CALL, "")


async def test_a_person_is_reached_in_their_own_chat(rig: Rig) -> None:
    """The one heard from, else a new one, which is kept; by Teams id or by Entra object id."""
    await heard(rig)
    known = await rig.carrier.carry(row("person", "29:ben"))
    assert isinstance(known, Sent)
    assert known.at == rig.chat("ben")
    assert not list(rig.ledger.find("conversations.create"))
    new = await rig.carrier.carry(row("person", "29:ana"))
    assert isinstance(new, Sent)
    assert new.at == rig.chat("ana")
    await rig.carrier.carry(row("person", "29:ana"))
    assert len(list(rig.ledger.find("conversations.create"))) == 1
    by_alias = await rig.carrier.carry(row("person", rig.teams.world.person("ben").aad))
    assert isinstance(by_alias, Sent)
    assert by_alias.at == rig.chat("ben")
    assert len(list(rig.ledger.find("conversations.create"))) == 1


async def test_what_teams_has_no_call_for_is_dead_at_once(rig: Rig) -> None:
    """Pins, topics, invitations; and a row without an address waits."""
    for op in ("pin", "topic", "invite", "rename", "close", "home"):
        assert await rig.carrier.carry(row(op=op)) == Dead(NOT_ON_TEAMS)
    assert await rig.carrier.carry(row(address="")) == Retry("no_address")
    assert await rig.carrier.look(row()) is True


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault("conversations.create", "accept_then_500"), Unknown("ServiceError")),
        (Fault("conversations.create", "accept_then_drop"), Unknown("reset")),
        (Fault("conversations.create", "truncate"), Unknown("not_json")),
        (Fault("conversations.create", "html"), Unknown("not_json")),
        (Fault("conversations.create", "status", status=502), None),
        (Fault("conversations.create", "status", status=504), None),
        (Fault("conversations.create", "rate_limited", seconds=7), Retry("TooManyRequests", 7.0)),
        (Fault("conversations.create", "status", status=412), Retry("PreconditionFailed")),
        (Fault("conversations.create", "status", status=401), Retry("BotNotRegistered")),
        (Fault("conversations.create", "status", status=403), Dead("BotNotInConversationRoster")),
        (Fault("conversations.create", "status", status=404), Dead("ConversationNotFound")),
        (Fault("conversations.create", "status", status=413), Dead("MessageSizeTooBig")),
        (Fault("conversations.create", "status", status=400), Dead("BadSyntax")),
    ],
)
async def test_what_teams_answers_becomes_an_outcome(rig: Rig, fault: Fault, expected: Outcome | None) -> None:
    """What may have happened is unknown; what did not is tried again or dead, by what Teams said."""
    await heard(rig)
    rig.ledger.faults.append(fault)
    found = await rig.carrier.carry(row(op="open"))
    if expected is None:
        assert isinstance(found, Unknown)
    else:
        assert found == expected


@pytest.mark.parametrize(
    ("failed", "expected"),
    [
        (ConnectorFailed("refused"), Retry("refused")),
        (ConnectorFailed("dns"), Retry("dns")),
        (ConnectorFailed("timeout", ambiguous=True), Unknown("timeout")),
        (ConnectorFailed("token_invalid_client"), Retry("token_invalid_client")),
        (ConnectorFailed("host_not_allowed"), Dead("host_not_allowed")),
        (ConnectorFailed("http_503", status=503), Retry("http_503")),
        (ConnectorFailed("http_405", status=405), Dead("http_405")),
    ],
)
def test_a_failure_without_an_answer_is_tried_again_unless_something_left(
    failed: ConnectorFailed, expected: Outcome
) -> None:
    """No answer and nothing sent: later."""
    assert outcome(failed) == expected


async def test_somebody_without_the_app_of_their_own_is_answered_in_the_thread(rig: Rig) -> None:
    """Where no chat can be opened, better there than not at all."""
    await rig.teams.mention("ben", INCIDENTS, "list")
    rig.teams.world.change_person("ben", has_app=False)
    rig.store.broken = True
    first = await rig.teams.mention("ben", INCIDENTS, "declare Checkout is down")
    rig.store.broken = False
    thread = f"{INCIDENTS};messageid={first.activity['id']}"
    assert [NOT_RECORDED in read(m) for m in rig.said(thread)] == [True]


async def test_the_way_back_is_the_latest_that_was_named(rig: Rig) -> None:
    """By this conversation, else by any other; a fixed address wins; before all that Teams' own."""
    calls: list[str] = []

    class Noting(Connector):
        async def post(self, service_url: str, conversation_id: str, activity: Json) -> Any:
            calls.append(service_url)
            if not service_url.startswith("http://127.0.0.1"):
                raise ConnectorFailed("refused")
            return await super().post(service_url, conversation_id, activity)

    hosts = Hosts(local=("127.0.0.1",))
    noting = Noting(APP_ID, "", HOME_TENANT, hosts=hosts, token_source=lambda: (rig.teams.identity.issue(), 3600))
    carrier = TeamsCarrier(noting, rig.store, HOME_TENANT)
    fixed = TeamsCarrier(noting, rig.store, HOME_TENANT, rig.teams.service_url)
    assert await carrier.carry(row("channel", ON_CALL)) == Retry("refused")
    await heard(rig)
    for where, url in ((ON_CALL, "https://here.example/"), ("19:other@thread.v2", "https://other.example/")):
        talk = Conversation(where, url, HOME_TENANT, "groupChat", "28:x", seen_at=START + timedelta(minutes=1))
        await rig.store.book(lambda book, talk=talk: book.put(talk))  # type: ignore[misc]
    await carrier.carry(row("channel", ON_CALL))
    assert isinstance(await carrier.carry(row("person", "29:ben")), Sent)
    assert isinstance(await fixed.carry(row("channel", ON_CALL)), Sent)
    noting.close()
    assert calls == [SERVICE_URL, "https://here.example/", rig.teams.service_url, rig.teams.service_url]


async def test_who_somebody_is_follows_teams_word(rig: Rig) -> None:
    """Full members of our tenant are colleagues; guests, other tenants and the anonymous are not; silence is no word."""
    await heard(rig)
    kinds = {}
    for key in ("ben", "gil"):
        found = await rig.carrier.who(f"29:{key}", INCIDENTS)
        assert found is not None
        kinds[key] = found.kind
    sam = await rig.carrier.who("29:sam", f"{FABRIKAM};messageid=1")
    assert sam is not None
    assert (kinds, sam.kind, sam.tenant) == ({"ben": "colleague", "gil": "guest"}, "stranger", OTHER_TENANT)
    rig.teams.world.change_person("cleo", role="anonymous")
    rig.teams.world.change_person("dana", email="dana_x#EXT#@example.onmicrosoft.com")
    for key, kind in (("cleo", "stranger"), ("dana", "guest")):
        found = await rig.carrier.who(f"29:{key}", "")
        assert found is not None
        assert (found.kind, found.email.count("#")) == (kind, 0)
    assert await rig.carrier.who("29:nobody", INCIDENTS) is None


async def test_the_doctor_finds_what_is_wrong_with_teams(rig: Rig) -> None:
    """A sentence for each fault, nothing when all is well."""
    await heard(rig)
    assert "no incidents channel" in (await rig.carrier.check())[0]
    await rig.learned()
    assert await rig.carrier.check() == []
    rig.teams.world.change_team(OPERATIONS, installed=False)
    assert "not in its incidents channel" in (await rig.carrier.check())[0]
    rig.teams.identity.revoke_tokens()
    rig.ledger.faults.append(Fault("members.get", "status", status=401))
    assert "refuses the bot's token" in (await rig.carrier.check())[0]

    def nothing() -> tuple[str, float]:
        raise OSError

    refused = Connector(APP_ID, "", HOME_TENANT, hosts=Hosts(local=("127.0.0.1",)), token_source=nothing)
    assert "gives the bot no token" in (await TeamsCarrier(refused, rig.store, HOME_TENANT).check())[0]
    refused.close()


async def test_an_incident_lives_in_its_thread_from_declare_to_resolve(rig: Rig) -> None:
    """Through the outbox: every post of it is sent, none is dead or unknown."""
    room = await rig.declared()
    await rig.teams.mention("ana", room.address, "join")
    await rig.teams.mention("ben", room.address, "update Half of it is back next 30m")
    await rig.teams.mention("ben", room.address, "resolve because it is fixed")
    await rig.settle()

    def states(book: SqlBook) -> set[str]:
        return {post.state for post in outbox.states(book.connection, "")}

    assert await rig.store.book(states) == {"sent"}
    assert "Half of it is back" in read(rig.said(room.address)[0])
    assert (await rig.incident()).status == "resolved"
