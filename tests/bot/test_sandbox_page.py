"""The sandbox page: its API over real HTTP, and the page itself in a browser where one is installed."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

import aiohttp
import pytest
import uvicorn
from playwright.async_api import Browser, Page, async_playwright, expect
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from bot.sandbox.ledger import Fault, Ledger, SandboxClock
from bot.sandbox.page import FOLDER, routes
from bot.sandbox.slack import METHODS, FakeSlack
from bot.sandbox.slack_call import Call
from bot.sandbox.teams import ADAPTIVE_CARD, FakeTeams
from bot.sandbox.teams_world import Message

INCIDENTS = "19:incidents@thread.tacv2"
ATTACK = "<img src=x onerror=alert(1)><script>alert(1)</script>"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]

FORM = {
    "type": "modal",
    "title": {"type": "plain_text", "text": "Recap"},
    "submit": {"type": "plain_text", "text": "Record"},
    "blocks": [
        {
            "type": "input",
            "block_id": "seen",
            "label": {"type": "plain_text", "text": "What could customers not do?"},
            "element": {"type": "plain_text_input", "action_id": "text"},
        },
        {
            "type": "input",
            "block_id": "services",
            "label": {"type": "plain_text", "text": "Services"},
            "element": {
                "type": "multi_static_select",
                "action_id": "chosen",
                "options": [
                    {"text": {"type": "plain_text", "text": name}, "value": name.lower()} for name in ("Search", "Shop")
                ],
            },
        },
        {
            "type": "input",
            "block_id": "day",
            "optional": True,
            "label": {"type": "plain_text", "text": "On"},
            "element": {"type": "datepicker", "action_id": "date"},
        },
    ],
}
CARD = {
    "type": "AdaptiveCard",
    "version": "1.5",
    "body": [
        {"type": "TextBlock", "text": f"INC-7 **Checkout** {ATTACK}", "wrap": True},
        {"type": "FactSet", "facts": [{"title": "Status", "value": "Investigating"}]},
    ],
    "actions": [
        {
            "type": "Action.ShowCard",
            "title": "Severity",
            "card": {
                "type": "AdaptiveCard",
                "body": [
                    {
                        "type": "Input.Text",
                        "id": "because",
                        "label": "Because",
                        "isRequired": True,
                        "errorMessage": "Say why.",
                    }
                ],
                "actions": [{"type": "Action.Execute", "title": "Set", "verb": "severity"}],
            },
        },
        {"type": "Action.Submit", "title": "Resolve", "data": {"msteams": {"type": "task/fetch"}}},
    ],
}
DIALOG = {
    "title": "Resolve INC-7",
    "height": "medium",
    "width": "medium",
    "card": {
        "contentType": ADAPTIVE_CARD,
        "content": {
            "type": "AdaptiveCard",
            "version": "1.5",
            "body": [
                {"type": "Input.Text", "id": "why", "label": "Because", "isRequired": True, "errorMessage": "Why?"}
            ],
            "actions": [{"type": "Action.Submit", "title": "Resolve", "data": {"says": "resolve"}}],
        },
    },
}


@dataclass
class Bot:
    """A bot that remembers what it heard and answers in a fixed way."""

    slack: FakeSlack
    heard: list[dict[str, Any]] = field(default_factory=list)
    status: int = 200

    async def events(self, request: Request) -> Response:
        """Slack's door."""
        raw = await request.body()
        told: dict[str, Any]
        if request.headers["content-type"].startswith("application/json"):
            told = json.loads(raw)
        else:
            told = dict(parse_qsl(raw.decode(), keep_blank_values=True))
            told = json.loads(told["payload"]) if "payload" in told else told
        self.heard.append(told)
        if self.status != 200:
            return Response(status_code=self.status)
        if "command" in told and told["text"] == "recap":
            METHODS["views.open"](
                Call(self.slack.world, "views.open", {"trigger_id": told["trigger_id"], "view": FORM})
            )
            return Response()
        if "command" in told:
            return JSONResponse({"text": f"INC-7 {told['text']}"})
        if told["type"] == "view_submission" and told["view"]["state"]["values"]["seen"]["text"]["value"] == "bad":
            return JSONResponse({"response_action": "errors", "errors": {"seen": "Say what they could not do."}})
        return Response()

    async def messages(self, request: Request) -> Response:
        """Teams' door."""
        told = await request.json()
        self.heard.append(told)
        if told["type"] != "invoke":
            return Response(status_code=self.status)
        if told["name"] == "task/fetch":
            return JSONResponse({"task": {"type": "continue", "value": DIALOG}})
        if told["name"] == "task/submit":
            return JSONResponse({"task": {"type": "message", "value": "INC-7 resolved."}})
        kind = "application/vnd.microsoft.activity.message"
        return JSONResponse({"statusCode": 200, "type": kind, "value": "Severity is sev1."})


@dataclass
class Sandbox:
    """Everything running, and a client that speaks as the page does."""

    address: str
    slack: FakeSlack
    teams: FakeTeams
    ledger: Ledger
    clock: SandboxClock
    bot: Bot
    http: aiohttp.ClientSession
    wound: list[timedelta]
    outbox: list[dict[str, Any]]
    stop: Callable[[], Awaitable[None]]

    async def get(self, path: str, **headers: str) -> tuple[int, Any]:
        """GET a JSON answer."""
        async with self.http.get(f"{self.address}/sandbox/api/{path}", headers=headers) as answer:
            return answer.status, await answer.json()

    async def post(self, path: str, body: Any, method: str = "POST", **headers: str) -> tuple[int, Any]:
        """Send JSON as the page would."""
        url = f"{self.address}/sandbox/api/{path}"
        async with self.http.request(method, url, json=body, headers=headers) as answer:
            return answer.status, await answer.json()

    async def state(self, slack: str = "", teams: str = "") -> Any:
        """What the page sees."""
        return (await self.get(f"state?slack={slack}&teams={teams}"))[1]

    def say(self, channel: str, text: str, **more: Any) -> str:
        """The bot posts into Slack; the ts."""
        args = {"channel": channel, "text": text, **more}
        told = METHODS["chat.postMessage"](Call(self.slack.world, "chat.postMessage", args))
        self.ledger.accept("slack", "chat.postMessage", channel, "U0AMENDS", args)
        return str(told["ts"])

    def card(self, card: dict[str, Any] = CARD, conversation: str = INCIDENTS) -> Message:
        """The bot posts a card into Teams."""
        world = self.teams.world
        attachment = {"contentType": ADAPTIVE_CARD, "content": card}
        at = self.clock.now()
        said = Message(world.next_message_id(), conversation, "", world.bot_id, "Amends", at, attachments=[attachment])
        world.add(said)
        self.ledger.accept("teams", "activity.post", conversation, world.bot_id, {})
        return said


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """The page, both platforms and a bot behind one loopback port."""
    clock = SandboxClock(datetime(2026, 11, 24, 2, 41, tzinfo=UTC))
    ledger = Ledger(clock)
    slack, teams = FakeSlack(ledger, clock), FakeTeams(ledger, clock)
    bot = Bot(slack)
    wound: list[timedelta] = []
    outbox: list[dict[str, Any]] = []

    async def wind(by: timedelta) -> None:
        wound.append(by)
        clock.wind(by)

    page = routes(slack, teams, ledger, clock, outbox=lambda: outbox, wind=wind, timezone="Europe/Berlin")
    doors = [
        Route("/slack/events", bot.events, methods=["POST"]),
        Route("/api/messages", bot.messages, methods=["POST"]),
    ]
    app = Starlette(routes=[*page, *doors, *slack.routes("/s"), Mount("/t", routes=teams.routes())])
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning", lifespan="off"))
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn says it in no other way
        await asyncio.sleep(0.005)
    port = server.servers[0].sockets[0].getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    slack.events_url, slack.base_url = f"{address}/slack/events", f"{address}/s"
    teams.messages_url, teams.service_url = f"{address}/api/messages", f"{address}/t/"

    async def stop() -> None:
        server.should_exit = True
        await asyncio.shield(serving)

    async with aiohttp.ClientSession() as http:
        yield Sandbox(address, slack, teams, ledger, clock, bot, http, wound, outbox, stop)
    await slack.aclose()
    await stop()


# what is shown


async def test_state_shows_both_platforms_as_the_chosen_people_see_them(sandbox: Sandbox) -> None:
    """One look holds both platforms, the people to act as, the clock with the house's zone, and the grammar's usages."""
    sandbox.say("C0INCIDENTS", "hello")
    sandbox.outbox.append({"id": 1, "key": "apology-7/contoso", "state": "unknown"})
    seen = await sandbox.state("U0CLEO", "29:ana")
    assert seen["as"] == {"slack": "U0CLEO", "teams": "29:ana"}
    assert seen["slack"]["me"]["id"] == "U0CLEO"
    assert seen["teams"]["user"]["id"] == "29:ana"
    assert {p["id"] for p in seen["people"]["slack"]} >= {"U0ANA", "U0CLEO", "U0STRANGER"}
    assert "U0AMENDS" not in {p["id"] for p in seen["people"]["slack"]}
    assert next(p for p in seen["people"]["slack"] if p["id"] == "U0STRANGER")["foreign"]
    assert seen["clock"] == {"now": "2026-11-24T02:41:00+00:00", "zone": "Europe/Berlin"}
    assert seen["outbox"] == [{"id": 1, "key": "apology-7/contoso", "state": "unknown"}]
    assert seen["counts"]["accepted"] == 1
    assert "declare" in {use["verb"] for use in seen["usages"]}


async def test_unknown_people_fall_back_to_somebody_who_is_there(sandbox: Sandbox) -> None:
    """A person remembered by an old browser tab, no longer in the sandbox, becomes the first one who is."""
    seen = await sandbox.state("U0NOBODY", "29:nobody")
    assert seen["slack"]["me"]["id"] == seen["as"]["slack"] != "U0NOBODY"
    assert seen["teams"]["user"]["id"] == seen["as"]["teams"] != "29:nobody"


async def test_ledger_lists_effects_and_refusals_in_order(sandbox: Sandbox) -> None:
    """The ledger drawer gets accepted effects and refusals apart, each with its number and what was said."""
    sandbox.say("C0INCIDENTS", "first")
    sandbox.ledger.refuse("slack", "chat.postMessage", "C0GONE", "U0AMENDS", {}, {"error": "channel_not_found"})
    status, told = await sandbox.get("ledger")
    assert status == 200
    assert [e["payload"]["text"] for e in told["entries"]] == ["first"]
    assert [e["answer"]["error"] for e in told["refusals"]] == ["channel_not_found"]
    assert told["seq"] == told["refusals"][0]["seq"]


async def test_stream_ticks_when_something_happens_on_a_platform(sandbox: Sandbox) -> None:
    """An open page hears of a new effect at once, without asking."""
    async with sandbox.http.get(f"{sandbox.address}/sandbox/api/stream") as stream:
        assert stream.content_type == "text/event-stream"
        assert (await stream.content.readuntil(b"\n\n")) == b"retry: 800\n\n"
        assert (await stream.content.readuntil(b"\n\n")) == b"event: tick\ndata: 0\n\n"
        sandbox.say("C0INCIDENTS", "news")
        tick = await asyncio.wait_for(stream.content.readuntil(b"\n\n"), 5)
        assert tick == b"event: tick\ndata: 1\n\n"


async def test_open_stream_does_not_hold_up_the_servers_end(sandbox: Sandbox) -> None:
    """Ctrl-C ends the sandbox although a page is still listening."""
    async with sandbox.http.get(f"{sandbox.address}/sandbox/api/stream") as stream:
        await stream.content.readuntil(b"data: 0\n\n")
        await asyncio.wait_for(sandbox.stop(), 10)
        assert await stream.content.read() == b""


# acting


async def test_command_typed_on_the_page_reaches_the_bot_as_slack_sends_it(sandbox: Sandbox) -> None:
    """The bot hears the command with its person and channel; its answer shows only to that person."""
    where = {"user": "U0ANA", "channel": "C0INCIDENTS", "command": "/incident", "text": "show 7"}
    assert await sandbox.post("slack/command", where) == (200, {"ok": True})
    assert sandbox.bot.heard[0]["text"] == "show 7"
    ana, cleo = await sandbox.state("U0ANA"), await sandbox.state("U0CLEO")
    assert [m["text"] for m in room(ana)["messages"] if m["ephemeral"]] == ["INC-7 show 7"]
    assert not room(cleo)["messages"]


async def test_bot_that_answers_with_an_error_is_told_kindly(sandbox: Sandbox) -> None:
    """A command that fails is no failure of the page: it says so in a sentence."""
    sandbox.bot.status = 500
    where = {"user": "U0ANA", "channel": "C0INCIDENTS", "command": "/incident", "text": "show"}
    status, told = await sandbox.post("slack/command", where)
    assert status == 200
    assert "Amends could not be reached" in told["note"]


async def test_modal_is_filled_in_refused_at_its_block_and_sent(sandbox: Sandbox) -> None:
    """Values arrive as Slack's state; a refused field comes back as that block's sentence; a good form closes."""
    where = {"user": "U0ANA", "channel": "C0INCIDENTS", "command": "/incident", "text": "recap"}
    await sandbox.post("slack/command", where)
    view = (await sandbox.state("U0ANA"))["slack"]["view"]
    chosen = [{"text": {"type": "plain_text", "text": "Shop"}, "value": "shop"}]
    values: dict[str, Any] = {
        "seen": {"text": {"type": "plain_text_input", "value": "bad"}},
        "services": {"chosen": {"type": "multi_static_select", "selected_options": chosen}},
        "day": {"date": {"type": "datepicker", "selected_date": None}},
    }
    sent = {"user": "U0ANA", "view_id": view["id"], "values": values}
    _, refused = await sandbox.post("slack/submit", sent)
    assert refused["errors"] == {"seen": "Say what they could not do."}
    values["seen"]["text"]["value"] = "could not pay"
    _, accepted = await sandbox.post("slack/submit", sent)
    assert "errors" not in accepted
    assert sandbox.bot.heard[-1]["view"]["state"]["values"]["services"]["chosen"]["selected_options"] == chosen
    assert (await sandbox.state("U0ANA"))["slack"]["view"] is None


async def test_press_carries_the_button_and_what_stands_in_the_other_inputs(sandbox: Sandbox) -> None:
    """A button of a message arrives with its value; the choice made beside it arrives in state."""
    choice = {"text": {"type": "plain_text", "text": "Sev 1"}, "value": "sev1"}
    elements = [
        {"type": "static_select", "action_id": "sev", "options": [choice]},
        {
            "type": "button",
            "action_id": "go",
            "value": "severity 7",
            "text": {"type": "plain_text", "text": "Set"},
        },
    ]
    ts = sandbox.say("C0INCIDENTS", "card", blocks=[{"type": "actions", "block_id": "b1", "elements": elements}])
    pressed = {"user": "U0ANA", "channel": "C0INCIDENTS", "ts": ts, "block_id": "b1", "action_id": "go"}
    state = {"b1": {"sev": {"type": "static_select", "selected_option": choice}}}
    status, _ = await sandbox.post("slack/press", pressed | {"value": "severity 7", "state": state})
    assert status == 200
    assert sandbox.bot.heard[-1]["actions"][0]["value"] == "severity 7"
    assert sandbox.bot.heard[-1]["state"]["values"]["b1"]["sev"]["selected_option"] == choice


async def test_slack_acts_beside_commands_reach_slack(sandbox: Sandbox) -> None:
    """Messages, threads, mentions, reactions, joining and the Home tab all work from the page."""
    here = {"user": "U0ANA", "channel": "C0INCIDENTS"}
    _, said = await sandbox.post("slack/say", here | {"text": "hello"})
    await sandbox.post("slack/mention", here | {"text": "list", "thread_ts": said["ts"]})
    await sandbox.post("slack/react", here | {"ts": said["ts"], "name": "eyes"})
    await sandbox.post("slack/home", {"user": "U0ANA"})
    made = await sandbox.slack.create_channel("U0ANA", "war-room")
    assert (await sandbox.post("slack/join", {"user": "U0CLEO", "channel": made}))[0] == 200
    assert room(await sandbox.state("U0CLEO"), made)["is_member"]
    message = room(await sandbox.state("U0ANA"))["messages"][0]
    assert message["text"] == "hello"
    assert message["replies"][0]["text"] == "<@U0AMENDS> list"
    assert message["reactions"][0]["name"] == "eyes"
    kinds = [e["event"]["type"] for e in sandbox.bot.heard if e.get("type") == "event_callback"]
    assert {"message", "app_mention", "app_home_opened"} <= set(kinds)


async def test_mention_in_a_teams_channel_begins_a_thread_the_page_can_follow(sandbox: Sandbox) -> None:
    """The answer names the new thread's conversation; the bot heard the mention in it."""
    body = {"user": "29:ben", "conversation": INCIDENTS, "text": "declare Checkout is down"}
    _, told = await sandbox.post("teams/mention", body)
    assert told["conversation"].startswith(f"{INCIDENTS};messageid=")
    assert sandbox.bot.heard[-1]["text"].endswith("declare Checkout is down")
    body |= {"conversation": told["conversation"], "text": "aside"}
    assert (await sandbox.post("teams/say", body))[0] == 200
    assert len(sandbox.bot.heard) == 1
    await sandbox.post("teams/personal", {"user": "29:ben", "text": "whoami"})
    assert sandbox.bot.heard[-1]["conversation"]["conversationType"] == "personal"


async def test_card_is_pressed_by_index_and_its_dialog_sent(sandbox: Sandbox) -> None:
    """An action of a shown card takes its inputs along; task/fetch opens a dialog, whose button sends and closes it."""
    said = sandbox.card()
    on = {"user": "29:ben", "conversation": INCIDENTS, "activity_id": said.id}
    await sandbox.post("teams/press", on | {"action": 1, "inputs": {"because": "all of the US"}})
    assert sandbox.bot.heard[-1]["value"]["action"]["data"] == {"because": "all of the US"}
    assert (await sandbox.state(teams="29:ben"))["teams"]["toast"]["text"] == "Severity is sev1."
    await sandbox.post("teams/press", on | {"action": 2, "inputs": {}})
    dialog = (await sandbox.state(teams="29:ben"))["teams"]["dialog"]
    assert dialog["title"] == "Resolve INC-7"
    filled = {"user": "29:ben", "dialog_id": dialog["id"], "action": 0, "inputs": {"why": "fixed"}}
    assert (await sandbox.post("teams/submit", filled))[0] == 200
    assert sandbox.bot.heard[-1]["value"]["data"] == {"says": "resolve", "why": "fixed"}
    assert (await sandbox.state(teams="29:ben"))["teams"]["dialog"] is None
    await sandbox.post(
        "teams/react", {"user": "29:ben", "conversation": INCIDENTS, "message_id": said.id, "reaction": "like"}
    )
    assert said.reactions == {"like": ["29:ben"]}


async def test_acts_the_platform_would_not_allow_are_sentences(sandbox: Sandbox) -> None:
    """Who cannot see a place, or presses what is not there, reads why; nothing reaches the bot."""
    refused = [
        await sandbox.post("slack/say", {"user": "U0STRANGER", "channel": "C0INCIDENTS", "text": "let me in"}),
        await sandbox.post("slack/press", {"user": "U0ANA", "channel": "C0INCIDENTS", "ts": "1.0", "action_id": "x"}),
        await sandbox.post("teams/mention", {"user": "29:sam", "conversation": INCIDENTS, "text": "list"}),
        await sandbox.post("teams/submit", {"user": "29:ben", "dialog_id": "gone", "action": 0}),
        await sandbox.post(
            "teams/press", {"user": "29:ben", "conversation": INCIDENTS, "activity_id": "1", "action": 0}
        ),
    ]
    for status, told in refused:
        assert status == 409
        assert told["sentence"].endswith(".")
    assert sandbox.bot.heard == []


# the clock and the faults


async def test_clock_winds_forward_only_and_by_a_month_at_most(sandbox: Sandbox) -> None:
    """A press winds by its minutes through the caller's own wind; nonsense is refused in a sentence."""
    assert (await sandbox.post("clock", {"minutes": 30}))[1]["now"] == "2026-11-24T03:11:00+00:00"
    for nonsense in (0, -5, "30", None, True, float("nan"), 1e300):
        status, told = await sandbox.post("clock", {"minutes": nonsense})
        assert status == 400
        assert "clock" in told["sentence"]
    assert sandbox.wound == [timedelta(minutes=30)]


async def test_fault_is_added_listed_and_removed(sandbox: Sandbox) -> None:
    """The fault script is the ledger's own; a spent line no longer shows."""
    line = {"method": "chat.postMessage", "kind": "rate_limited", "seconds": 20, "place": "C0INCIDENTS"}
    _, told = await sandbox.post("faults", line)
    assert sandbox.ledger.faults == [Fault("chat.postMessage", "rate_limited", place="C0INCIDENTS", seconds=20)]
    spent = Fault("chat.update", "html", times=0)
    sandbox.ledger.faults.append(spent)
    assert (await sandbox.get("faults"))[1]["faults"] == told["faults"]
    _, left = await sandbox.post("faults", {"id": told["faults"][0]["id"]}, method="DELETE")
    assert left["faults"] == []
    assert sandbox.ledger.faults == []


@pytest.mark.parametrize(
    "line",
    [
        {"kind": "explode"},
        {"kind": "status", "status": 200},
        {"kind": "delay", "seconds": -1},
        {"kind": "status", "times": 0},
        {"kind": "status", "times": "many"},
        {"down": "discord"},
        {},
    ],
)
async def test_fault_that_means_nothing_is_refused(sandbox: Sandbox, line: dict[str, Any]) -> None:
    """A line the platforms would not understand never gets into the script."""
    status, told = await sandbox.post("faults", line)
    assert status == 400
    assert told["sentence"]
    assert sandbox.ledger.faults == []


async def test_platform_taken_down_refuses_calls_until_it_is_back(sandbox: Sandbox) -> None:
    """Down means every call is reset, for this platform alone; up again means the script is as before."""
    own = Fault("activity.put", "html")
    sandbox.ledger.faults.append(own)
    _, told = await sandbox.post("faults", {"down": "teams"})
    assert told["down"] == ["teams"]
    assert len(told["faults"]) == 1
    down = sandbox.ledger.fault_for("activity.post", INCIDENTS)
    assert down is not None
    assert down.kind == "drop_before"
    assert sandbox.ledger.fault_for("conversations.create", INCIDENTS) is not None
    assert sandbox.ledger.fault_for("conversations.create", "inc-7-checkout") is None
    assert sandbox.ledger.fault_for("chat.postMessage", "C0INCIDENTS") is None
    await sandbox.post("faults", {"down": "teams"}, method="DELETE")
    assert sandbox.ledger.faults == [own]


# at the door


async def test_page_and_its_parts_are_served_with_a_strict_policy(sandbox: Sandbox) -> None:
    """Every file comes with its type and a policy that allows no foreign or inline script."""
    for path, kind in {"": "text/html", "/static/page.js": "text/javascript", "/static/page.css": "text/css"}.items():
        async with sandbox.http.get(f"{sandbox.address}/sandbox{path}") as answer:
            assert answer.status == 200
            assert answer.content_type == kind
            assert "default-src 'none'; script-src 'self'" in answer.headers["Content-Security-Policy"]
    for path in ("nothing.js", "page.py", "..%2Fpage.py", "..%2f..%2fsandbox%2fpage.js"):
        async with sandbox.http.get(f"{sandbox.address}/sandbox/static/{path}") as answer:
            assert answer.status == 404


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Host": "evil.example"},
        {"Host": "127.0.0.1.evil.example"},
    ],
)
async def test_other_sites_can_neither_read_nor_act(sandbox: Sandbox, headers: dict[str, str]) -> None:
    """A page of another site, or another name pointed at this machine, gets 403 for looks and acts alike."""
    act = {"user": "U0ANA", "channel": "C0INCIDENTS", "text": "hi"}
    assert (await sandbox.get("state", **headers))[0] == 403
    assert (await sandbox.post("slack/say", act, **headers))[0] == 403
    assert (await sandbox.post("faults", {"kind": "html"}, **headers))[0] == 403
    assert list(sandbox.ledger.find()) == []


async def test_own_origin_is_let_in(sandbox: Sandbox) -> None:
    """The page itself, with the headers browsers add, is served."""
    act = {"user": "U0ANA", "channel": "C0INCIDENTS", "text": "hi"}
    headers = {"Origin": sandbox.address, "Sec-Fetch-Site": "same-origin"}
    assert (await sandbox.post("slack/say", act, **headers))[0] == 200


@pytest.mark.parametrize(
    ("raw", "kind", "status"),
    [
        (b"{}", "text/plain", 415),
        (b"{}", "application/x-www-form-urlencoded", 415),
        (b"[1]", "application/json", 400),
        (b"{", "application/json", 400),
        (b"\xff", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b'{"user": 7}', "application/json", 400),
        (
            b'{"user": "U0ANA", "channel": "C0INCIDENTS", "action_id": "x", "ts": "1", "state": [1]}',
            "application/json",
            400,
        ),
        (b" " * 300_000, "application/json", 413),
    ],
)
async def test_bodies_that_are_no_request_are_refused(sandbox: Sandbox, raw: bytes, kind: str, status: int) -> None:
    """Wrong types, shapes and sizes are answered with 4xx and a sentence, never with a traceback."""
    url = f"{sandbox.address}/sandbox/api/slack/press"
    async with sandbox.http.post(url, data=raw, headers={"Content-Type": kind}) as answer:
        assert answer.status == status
        assert (await answer.json())["sentence"]


def test_page_asks_for_nothing_from_elsewhere_and_never_parses_data_as_markup() -> None:
    """No file of the page names another host, sets innerHTML, evaluates text, or holds inline script or style."""
    for file in sorted(FOLDER.iterdir()):
        text = file.read_text(encoding="utf-8")
        for banned in (
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "new Function",
            "@import",
        ):
            assert banned not in text, f"{file.name}: {banned}"
        if file.suffix in (".html", ".css"):
            assert "http://" not in text
            assert "https://" not in text
            assert " style=" not in text
            assert "<script>" not in text


def room(state: Any, channel: str = "C0INCIDENTS") -> Any:
    """One channel of a Slack state."""
    return next(c for c in state["slack"]["channels"] if c["id"] == channel)


# in a browser


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """The machine's own Chromium; the tests that need it skip visibly where there is none."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        await opened.close()


@dataclass
class Window:
    """The page in a browser, and what it complained about."""

    page: Page
    complaints: list[str]


@pytest.fixture
async def window(browser: Browser, sandbox: Sandbox) -> AsyncIterator[Window]:
    """The page opened; anything on the console, and any request to elsewhere, fails the test."""
    page = await browser.new_page(viewport={"width": 1440, "height": 900})
    complaints: list[str] = []
    page.on("console", lambda m: complaints.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: complaints.append(dialog.message))
    page.on("request", lambda r: None if r.url.startswith(sandbox.address) else complaints.append(r.url))
    await page.goto(f"{sandbox.address}/sandbox")
    await page.wait_for_selector("body.ready")
    yield Window(page, complaints)
    await page.close()
    assert complaints == []


async def test_typing_a_command_in_the_browser(sandbox: Sandbox, window: Window) -> None:
    """A command typed with the keyboard alone reaches the bot; the answer is marked as visible to one person."""
    box = window.page.get_by_test_id("slack-composer")
    await box.fill("/incident show 7")
    await box.press("Enter")
    await expect(window.page.get_by_test_id("slack-messages")).to_contain_text("INC-7 show 7")
    await expect(window.page.get_by_test_id("ephemeral")).to_be_visible()
    assert sandbox.bot.heard[0]["command"] == "/incident"


async def test_a_line_typed_before_the_one_before_was_answered_goes_next(sandbox: Sandbox, window: Window) -> None:
    """Whoever types fast loses no Enter: the second line is there before the first can have been answered."""
    await window.page.get_by_test_id("slack-composer").evaluate(
        """(box) => { for (const n of [7, 8]) {
            box.value = `/incident show ${n}`;
            box.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", cancelable: true }));
        } }"""
    )
    await expect(window.page.get_by_test_id("slack-messages")).to_contain_text("INC-7 show 8")
    assert [told["text"] for told in sandbox.bot.heard] == ["show 7", "show 8"]


async def test_what_people_and_bots_write_is_never_markup(sandbox: Sandbox, window: Window) -> None:
    """Hostile text shows as text on both platforms: no element of it is made, nothing runs."""
    sandbox.say(
        "C0INCIDENTS",
        ATTACK,
        blocks=[{"type": "section", "text": {"type": "mrkdwn", "text": f"*{ATTACK}* <javascript:alert(1)|x>"}}],
    )
    sandbox.card()
    await sandbox.slack.say("U0CLEO", "C0INCIDENTS", ATTACK)
    await expect(window.page.get_by_test_id("slack-messages")).to_contain_text("onerror=alert(1)")
    await expect(window.page.get_by_test_id("teams-messages")).to_contain_text(ATTACK)
    assert await window.page.locator(".stream img, .stream script, .stream a[href^=javascript]").count() == 0


async def test_modal_in_the_browser(sandbox: Sandbox, window: Window) -> None:
    """Slack's own checks, the bot's sentence at its block, and a sent form: all in the open modal."""
    page = window.page
    await page.get_by_test_id("slack-composer").fill("/incident recap")
    await page.get_by_test_id("slack-send").click()
    await page.get_by_test_id("modal-submit").click()
    await expect(page.get_by_test_id("error-seen")).to_contain_text("required")
    await page.get_by_test_id("input-text").fill("bad")
    await page.get_by_test_id("input-chosen").click()
    await page.get_by_test_id("option-shop").check()
    await page.keyboard.press("Escape")
    await page.get_by_test_id("input-date").fill("2026-11-24")
    await page.get_by_test_id("modal-submit").click()
    await expect(page.get_by_test_id("error-seen")).to_contain_text("Say what they could not do.")
    await page.get_by_test_id("input-text").fill("could not pay")
    await page.get_by_test_id("modal-submit").click()
    await expect(page.get_by_test_id("modal")).to_have_count(0)
    values = sandbox.bot.heard[-1]["view"]["state"]["values"]
    assert values["seen"]["text"]["value"] == "could not pay"
    assert [o["value"] for o in values["services"]["chosen"]["selected_options"]] == ["shop"]
    assert values["day"]["date"]["selected_date"] == "2026-11-24"


async def test_press_in_the_browser_asks_for_confirmation(sandbox: Sandbox, window: Window) -> None:
    """A button with a confirm dialog does nothing until it is confirmed."""
    confirm = {
        "title": {"type": "plain_text", "text": "Resolve?"},
        "text": {"type": "mrkdwn", "text": "It is *over*."},
        "confirm": {"type": "plain_text", "text": "Resolve"},
        "deny": {"type": "plain_text", "text": "Not yet"},
    }
    button = {
        "type": "button",
        "action_id": "resolve",
        "value": "resolve 7",
        "text": {"type": "plain_text", "text": "Resolve"},
        "confirm": confirm,
    }
    sandbox.say("C0INCIDENTS", "card", blocks=[{"type": "actions", "elements": [button]}])
    await window.page.get_by_test_id("action-resolve").click()
    await window.page.get_by_test_id("confirm-no").click()
    assert sandbox.bot.heard == []
    await window.page.get_by_test_id("action-resolve").click()
    await window.page.get_by_test_id("confirm-yes").click()
    await expect(window.page.get_by_test_id("confirm")).to_have_count(0)
    await expect(window.page.locator("[aria-busy]")).to_have_count(0)
    assert sandbox.bot.heard[-1]["actions"][0]["value"] == "resolve 7"


async def test_teams_card_and_dialog_in_the_browser(sandbox: Sandbox, window: Window) -> None:
    """A shown card checks its input and sends it; a dialog opens, is sent and leaves a toast."""
    page = window.page
    sandbox.card()
    await page.get_by_test_id("action-Severity").click()
    await page.get_by_test_id("action-Set").click()
    await expect(page.get_by_test_id("error-because")).to_contain_text("Say why.")
    await page.get_by_test_id("input-because").fill("all of the US")
    await page.get_by_test_id("action-Set").click()
    await expect(page.get_by_test_id("teams-toast").first).to_contain_text("Severity is sev1.")
    assert sandbox.bot.heard[-1]["value"]["action"]["data"] == {"because": "all of the US"}
    await page.get_by_test_id("action-Resolve").click()
    await page.get_by_test_id("input-why").fill("fixed")
    await page.get_by_test_id("dialog-submit").click()
    await expect(page.get_by_test_id("dialog")).to_have_count(0)
    assert sandbox.bot.heard[-1]["value"]["data"]["why"] == "fixed"


async def test_teams_composer_is_addressed_to_amends(sandbox: Sandbox, window: Window) -> None:
    """In a channel the line is already addressed to Amends; taken off, the bot hears nothing and the page says so."""
    page = window.page
    await page.get_by_test_id("teams-composer").fill("declare Checkout is down")
    await page.get_by_test_id("teams-send").click()
    await expect(page.get_by_test_id("teams-messages")).to_contain_text("declare Checkout is down")
    assert "<at>Amends</at>" in sandbox.bot.heard[-1]["text"]
    await page.get_by_test_id("teams-mention-pill").click()
    await expect(page.get_by_text("Amends will not see this")).to_be_visible()
    await page.get_by_test_id("teams-composer").fill("between us")
    await page.get_by_test_id("teams-send").click()
    await expect(page.get_by_test_id("teams-messages")).to_contain_text("between us")
    assert len(sandbox.bot.heard) == 1


async def test_people_are_switched_by_keyboard(sandbox: Sandbox, window: Window) -> None:
    """Ctrl+K, a few letters and Enter: the page now acts as somebody else, and what was only Ana's is gone."""
    page = window.page
    await page.get_by_test_id("slack-composer").fill("/incident show 7")
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("ephemeral")).to_be_visible()
    await page.keyboard.press("Control+k")
    await page.get_by_test_id("palette-search").fill("cleo slack")
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("slack-person")).to_contain_text("Cleo")
    await expect(page.get_by_test_id("ephemeral")).to_have_count(0)
    assert sandbox.bot.heard[0]["user_id"] == "U0ANA"


async def test_new_room_appears_unread_and_what_is_typed_stays(sandbox: Sandbox, window: Window) -> None:
    """A room the bot opens shows up by itself with a dot, and a half-typed card input survives the news."""
    page = window.page
    said = sandbox.card()
    await page.get_by_test_id("action-Severity").click()
    await page.get_by_test_id("input-because").fill("half a sen")
    made = METHODS["conversations.create"](Call(sandbox.slack.world, "x", {"name": "inc-7-checkout"}))["channel"]
    sandbox.say(made["id"], "INC-7")
    await expect(page.get_by_test_id(f"slack-channel-{made['id']}").locator(".dot")).to_be_visible()
    await expect(page.get_by_test_id("input-because")).to_have_value("half a sen")
    assert sandbox.teams.world.find_message(INCIDENTS, said.id) is said


async def test_clock_outbox_and_faults_in_the_browser(sandbox: Sandbox, window: Window) -> None:
    """The clock shows both zones and winds on; the outbox shows what waits; a platform is taken down by a switch."""
    page = window.page
    row = {"id": 4, "key": "apology-3/contoso", "destination": "slack #ext", "state": "held", "attempts": 1}
    sandbox.outbox.append(row | {"audience": "customer", "due": "2026-11-24T02:41:00Z", "error": "drifted"})
    await expect(page.get_by_test_id("clock")).to_contain_text("02:41")
    await expect(page.get_by_test_id("clock")).to_contain_text("03:41")
    await page.get_by_test_id("clock-wind-30").click()
    await expect(page.get_by_test_id("clock")).to_contain_text("03:11")
    await page.get_by_test_id("outbox-tab").click()
    await expect(page.get_by_test_id("outbox-4")).to_contain_text("drifted")
    await page.get_by_test_id("faults-tab").click()
    await page.get_by_test_id("fault-down-slack").click()
    await expect(page.get_by_test_id("fault-down-slack")).to_have_attribute("aria-checked", "true")
    assert sandbox.ledger.fault_for("chat.postMessage") is not None
