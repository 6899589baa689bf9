"""`amends serve` before a Slack that is reached by nothing but SLACK_API_URL, token and secret."""

import asyncio
import functools
import html
import json
import re
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qsl

import aiohttp
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from bot.sandbox.house import CATALOG
from bot.sandbox.ledger import Fault, Json, SandboxClock
from bot.sandbox.slack import NotPossible
from bot.sandbox.slack_wire import SlackWire, Socket
from tests.bot.loopback import listening
from tests.bot.served import (
    INCIDENTS,
    MINIMUM,
    NEXT_WEEK,
    SOON,
    YESTERDAY,
    Bot,
    World,
    approved,
    eventually,
    free_port,
    in_slack,
    launch,
    recap,
    together,
    world,
)

CUSTOMERS = ("C0CONTOSO", "C0FABRIKAM", "C0TAILSPIN")


@pytest.fixture
async def house(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[World]:
    """A whole Slack with a server before it."""
    async with world(tmp_path, template=sqlite_template) as found:
        await found.served()
        yield found


async def test_the_main_job_on_the_smallest_slack(tmp_path: Path) -> None:
    """Declare to published apology where auth.test, chat, views, users.info and three of conversations are all there is."""
    async with world(tmp_path, only=MINIMUM, scopes=False, catalog=in_slack(tmp_path)) as house:
        bot = await house.served()
        said = await house.says("ana", "declare Checkout is down sev2 services checkout region US")
        assert "INC-1" in said
        await eventually(lambda: house.room() and house.said(house.room()) and house.said(INCIDENTS))
        await house.says("ben", "update 1 Half of the nodes are back")
        await house.says("ana", "severity 1 sev1 because it spreads")
        await house.says("ana", "status 1 monitoring")
        await house.says("ana", "resolve 1 because errors are gone")
        await recap(house)
        await approved(house)
        await house.says("cleo", "apology publish 1")
        await eventually(lambda: house.rows("SELECT state FROM apologies") == [("published",)])
        await house.settled()

        (recipients,) = house.rows("SELECT recipients FROM versions ORDER BY number DESC LIMIT 1")[0]
        signed = {r["address"]: r["text"] for r in json.loads(recipients)}
        assert set(signed) == set(CUSTOMERS)
        for channel in CUSTOMERS:
            (message,) = house.slack.messages(channel)
            assert html.unescape(message.text) == signed[channel]
            assert "alert before certificates expire" in message.text
        assert house.slack.messages("C0NORTHWIND") == []

        headline, *room = house.said(house.room())
        assert "SEV1" in headline
        assert "Resolved" in headline
        assert any("Half of the nodes are back" in m for m in room)
        assert len(house.said(INCIDENTS)) == 1
        for lacking in ("topic", "pin"):
            assert headline.count(f"slack: {lacking}") == 2, "once in the text for screen readers, once in the card"
            assert bot.log.count(f"slack: {lacking}") == 1
            assert not any(lacking in m for m in room)
        await house.says("ana", "declare Search is slow sev3 services search")
        await eventually(lambda: "slack: pin" in "".join(house.said(house.room(2))[:1]))
        assert bot.log.count("slack: topic") == 1, (
            "the log names what this Slack lacks once, however many rooms there are"
        )
        assert not house.slack.violations
        assert {c.method for c in house.slack.calls if not c.error} <= {*MINIMUM, "response_url"}
        assert await bot.end() == 0


class SomebodyElsesSlack:
    """A Slack that has never heard of Amends: the fewest fields that each method documents, and a 404 for the rest."""

    def __init__(self) -> None:
        """One workspace, one channel."""
        self.posts: list[Json] = []
        self.channels = {"C1": "incidents", "C0CONTOSO": "ext-contoso"}
        self.invited: list[tuple[str, str]] = []

    async def answer(self, request: Request) -> JSONResponse:
        """Whatever method, form or JSON, query or body."""
        raw = await request.body()
        told = json.loads(raw) if raw[:1] == b"{" else {**request.query_params, **dict(parse_qsl(raw.decode()))}
        if request.headers.get("authorization") != "Bearer xoxb-1":
            return JSONResponse({"ok": False, "error": "invalid_auth"})
        work = getattr(self, request.path_params["method"].replace(".", "_"), None)
        return JSONResponse({"ok": True, **work(told)}) if work else JSONResponse({"detail": "Not Found"}, 404)

    def auth_test(self, _: Json) -> Json:
        return {"team_id": "T1", "user_id": "U9", "bot_id": "B9", "team": "House", "url": "https://house.example/"}

    def conversations_list(self, _: Json) -> Json:
        return {"channels": [{"id": k, "name": v} for k, v in self.channels.items()]}

    def conversations_create(self, told: Json) -> Json:
        self.channels["C2"] = told["name"]
        return {"channel": {"id": "C2", "name": told["name"]}}

    def conversations_invite(self, told: Json) -> Json:
        self.invited.append((told["channel"], told["users"]))
        return {"channel": {"id": told["channel"]}}

    def chat_postMessage(self, told: Json) -> Json:  # noqa: N802 - Slack's name
        self.posts.append(told)
        return {"channel": told["channel"], "ts": f"1700000000.{len(self.posts):06}"}

    def chat_update(self, told: Json) -> Json:
        number = int(told["ts"].partition(".")[2]) - 1
        self.posts[number] = {**told, "edited": True}
        return {"channel": told["channel"], "ts": told["ts"]}

    def users_info(self, told: Json) -> Json:
        return {"user": {"id": told["user"], "name": told["user"].lower(), "profile": {}}}

    def in_(self, channel: str) -> list[str]:
        """The texts of a channel."""
        return [p["text"] for p in self.posts if p["channel"] == channel]


async def test_the_main_job_on_a_slack_that_somebody_else_wrote(tmp_path: Path) -> None:
    """Nothing of the sandbox's: commands signed by hand, bare answers; from the first word to the apology."""
    theirs = SomebodyElsesSlack()
    wire = SlackWire(SandboxClock(), "hush", Counter())
    routes = [Route("/api/{method}", theirs.answer, methods=["GET", "POST"])]
    async with listening(Starlette(routes=routes)) as address:
        settings = {"SLACK_API_URL": f"{address}/api", "SLACK_BOT_TOKEN": "xoxb-1", "SLACK_SIGNING_SECRET": "hush"}
        port = free_port()
        bot: Bot = launch(tmp_path, {**settings, "AMENDS_CATALOG": str(CATALOG)}, port)
        try:
            await bot.ready()
            wire.events_url = f"{bot.url}/slack/events"

            async def says(user: str, text: str) -> str:
                form = {"command": "/incident", "text": text, "user_id": user, "channel_id": "C1", "team_id": "T1"}
                ack = await wire.deliver("slash_commands", form)
                assert ack.ok, (ack.status, ack.body)
                return ack.body

            assert "INC-1" in await says("U0ANA", "declare Checkout is down sev1 services shop region US")
            await eventually(lambda: theirs.in_("C1") and theirs.in_("C2") and theirs.invited, 10, lambda: bot.log)
            await says("U0BEN", "update 1 We see errors at checkout and are working on it. to customers")
            assert theirs.in_("C0CONTOSO") == []
            await says("U0ANA", "send 1")
            await eventually(lambda: theirs.in_("C0CONTOSO"), 10, lambda: bot.log)
            await says("U0ANA", "resolve 1")
            await eventually(lambda: "Resolved" in theirs.in_("C2")[0], 10, lambda: theirs.in_("C2"))
            assert ("C2", "U0ANA") in theirs.invited
            assert len(theirs.in_("C0CONTOSO")) == 1
            assert len(theirs.in_("C1")) == 1
            facts = f"seen: could not pay from: {YESTERDAY} 09:02 UTC to: 10:10 UTC count: 1,200 customers "
            facts += f"trigger: an expired certificate state: fixed data-loss: no next-report: {SOON}"
            said = ""
            for user, line in (
                ("U0ANA", f"recap 1 {facts}"),
                ("U0ANA", f"task 1 add Alert before certificates expire @noor due {NEXT_WEEK}"),
                ("U0BEN", 'apology draft 1 signatory "Morgan Cole"'),
                ("U0BEN", "apology fill 1 remedy none due"),
                ("U0BEN", "apology fill 1 contact help@shop.example"),
                ("U0BEN", "apology submit 1"),
                ("U0ANA", "apology approve 1"),
                ("U0CLEO", "apology approve 1"),
                ("U0CLEO", "apology publish 1"),
            ):
                said += f"\n>> {line}\n{await says(user, line)}"
            await eventually(lambda: len(theirs.in_("C0CONTOSO")) == 2, 10, lambda: said + bot.log)
            update, apology = (p for p in theirs.posts if p["channel"] == "C0CONTOSO")
            assert "expired certificate" in apology["text"]
            assert "Morgan Cole" in apology["text"]
            assert apology["thread_ts"] == f"1700000000.{theirs.posts.index(update) + 1:06}"
        finally:
            assert await bot.end() == 0
            await wire.aclose()
        assert "Traceback" not in bot.log


async def test_a_customer_who_is_not_on_this_slack_is_left_to_a_person(house: World) -> None:
    """Fabrikam is in Teams, which is off, and Tailspin's channel is gone: the others are told, and these two are named."""
    house.slack.world.channels["C0TAILSPIN"].is_archived = True
    await house.says("ana", "declare Checkout is down sev2 services shop region US")
    await house.says("ana", "resolve 1")
    await recap(house)
    await approved(house)
    assert "Fabrikam" in await house.says("cleo", "apology show 1")
    await house.says("cleo", "apology publish 1")
    await eventually(lambda: len(house.slack.messages("C0CONTOSO")) == 1)
    await eventually(lambda: house.rows("SELECT 1 FROM outbox WHERE address = 'C0TAILSPIN' AND state = 'dead'"))
    told = await house.says("cleo", "apology status 1")
    assert re.search(r"Tailspin.*failed.*is_archived", told)
    assert re.search(r"Contoso.*sent", told)
    assert "Fabrikam Inc* has no channel here: to be told by hand" in told


async def test_somebody_slack_is_slow_about_is_asked_to_say_it_again(house: World) -> None:
    """Beyond the time a look-up may take nothing is recorded; the next try works; after that nobody is looked up."""
    house.ledger.faults = [Fault("users.info", "delay", seconds=2)]
    said = await house.says("noor", "declare Search is slow sev3 services search")
    assert "again" in said
    assert house.counted("incidents", "requests", "outbox") == (0, 0, 0)
    assert "INC-1" in await house.says("noor", "declare Search is slow sev3 services search")
    await house.settled()
    asked = len([c for c in house.slack.calls if c.method == "users.info"])
    for line in ("show 1", "note 1 looking", "severity 1 sev2"):
        await house.says("noor", line)
    assert len([c for c in house.slack.calls if c.method == "users.info"]) == asked


async def test_threat_03_guests_and_strangers_do_nothing_at_all(house: World) -> None:
    """Neither typed nor pressed: they read that it is not available, and nothing is written down for them."""
    await house.says("ana", "declare Search is slow sev3 services search")
    await house.settled()
    before = house.counted()
    for user in ("gus", "sol"):
        house.slack.world.channels[INCIDENTS].members.append(house.slack.who(user))
        for line in ("note 1 I was here", "declare Mine", "severity 1 sev1"):
            try:
                said = await house.says(user, line)
            except NotPossible:  # people of other workspaces cannot type our commands
                continue
            assert "not available" in said
        ts, action, value = house.button(INCIDENTS, "join 1")
        assert (await house.slack.press(user, INCIDENTS, ts, action, value=value)).ok
    await asyncio.sleep(0.2)
    assert house.counted() == before


def anew(wire: SlackWire, known: list[Socket]) -> list[Socket]:
    """Sockets that were opened since."""
    return [s for s in wire.sockets if s not in known and not s.leaving]


async def test_socket_mode_needs_no_door(tmp_path: Path, sqlite_template: Path) -> None:
    """Command, button, modal and event come over the socket; told to refresh, or cut off, the server comes back."""
    async with world(tmp_path, template=sqlite_template, socket_mode=True) as house:
        bot = await house.served()
        wire = house.slack.wire
        await eventually(lambda: wire.sockets)
        assert "INC-1" in await house.says("ana", "declare Checkout is down sev2 services checkout region US")
        await house.settled()
        await house.press("noor", INCIDENTS, "join 1")
        await eventually(lambda: "U0NOOR" in house.slack.world.channels[house.room()].members)
        await house.says("ana", "update 1")
        view = house.slack.top_view("ana")
        assert view is not None
        assert (await house.slack.submit("ana", view.id, {"text": "Half of them are back"})).ok
        await eventually(lambda: any("Half of them are back" in m for m in house.said(house.room())))
        for lose in (wire.refresh, wire.cut):
            known = list(wire.sockets)
            await lose()
            await eventually(functools.partial(anew, wire, known), 20)
        await house.slack.mention("ana", INCIDENTS, "severity 1 sev1")
        await eventually(lambda: house.rows("SELECT severity FROM incidents") == [("sev1",)])
        assert {a.via for a in wire.acks} - {"nowhere"} == {"socket"}  # what found no socket came again
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{bot.url}/slack/events", json={"type": "url_verification", "challenge": "x"}) as answer,
        ):
            assert answer.status == 401
        assert await bot.end() == 0


async def test_an_address_that_works_once_is_not_tried_for_ever(tmp_path: Path, sqlite_template: Path) -> None:
    """The socket's address was used up before it was reached: the server asks for another one."""
    async with world(tmp_path, template=sqlite_template, socket_mode=True) as house:
        await house.served()
        await eventually(lambda: house.slack.wire.sockets)
        issue = house.slack._ticket

        def stale() -> str:
            house.slack._ticket = issue  # type: ignore[method-assign]
            return issue().replace("ticket=", "ticket=used")

        house.slack._ticket = stale  # type: ignore[method-assign]
        (before,) = house.slack.wire.sockets
        await house.slack.wire.refresh()
        await eventually(lambda: [s for s in house.slack.wire.sockets if s is not before], 25)
        await house.says("ana", "whoami")


async def test_ten_people_at_once_are_all_answered(house: World) -> None:
    """Commands of one moment: each is answered in time, and each incident has its own room."""
    await together(*(house.says(who, "whoami") for who in ("ana", "ben", "cleo", "noor", "dana")))
    lines = [
        (w, f"declare Trouble {n} {w} sev4 services search")
        for n in (1, 2)
        for w in ("ana", "ben", "cleo", "noor", "dana")
    ]
    said = await together(*(house.says(*line) for line in lines))
    assert {s.split()[0].strip("*") for s in said} == {f"INC-{n}" for n in range(1, 11)}
    await house.settled(60)
    assert len([c for c in house.slack.world.channels.values() if c.name.startswith("inc-")]) == 10
    assert not house.slack.violations
