"""Against the sandbox's Teams, over HTTP both ways."""

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from bot.gate import Refusal, check_teams_body, read_activity
from bot.sandbox.ledger import Fault, Ledger, SandboxClock
from bot.sandbox.teams import APP_ID, HOME_TENANT, FakeTeams
from bot.teams.connector import Connector, TeamsDoor
from bot.teams.hosts import Hosts
from bot.teams.keys import KeySet
from bot.teams.mentions import plain_text
from bot.teams.tokens import Verifier
from tests.bot.teams_connector.microsoft import CARD, Json, failure

INCIDENTS = "19:incidents@thread.tacv2"
OPERATIONS = "19:operations@thread.tacv2"


class Bot:
    """The whole wire of this file behind one endpoint, and the sandbox's Teams beside it."""

    def __init__(self) -> None:
        clock = SandboxClock()
        self.ledger = Ledger(clock)
        self.teams = FakeTeams(self.ledger, clock)
        self.hosts = Hosts(local={"127.0.0.1"})
        self.connector = Connector(
            "", "", "", hosts=self.hosts, token_source=lambda: (self.teams.identity.issue(), 3600)
        )
        self.door = TeamsDoor(self.connector)
        self.verifier: Verifier | None = None
        self.heard: list[Json] = []
        self.answer: Json | None = None
        self.routes = [
            Mount("/sandbox/teams", routes=self.teams.routes()),
            Route("/api/messages", self.messages, methods=["POST"]),
        ]

    def listen(self, address: str) -> None:
        """Tell both sides where the other is."""
        self.teams.service_url = f"{address}/sandbox/teams/"
        self.teams.messages_url = f"{address}/api/messages"
        keys = KeySet(f"{address}/sandbox/teams/v1/.well-known/openidconfiguration")
        self.verifier = Verifier(APP_ID, HOME_TENANT, keys, hosts=self.hosts)

    async def messages(self, request: Request) -> Response:
        """The endpoint, as the listener has it."""
        assert self.verifier is not None
        try:
            body = await request.body()
            check_teams_body(request.headers, body)
            sender = await self.verifier.sender(request.headers)
            proven = self.verifier.fits(sender, received := read_activity(body))
        except Refusal as refusal:
            return Response(status_code=refusal.status)
        status, body = await self.door.handle(received, proven, self.hear)
        return JSONResponse(body, status)

    async def hear(self, received: Json) -> Json | None:
        """Note it, and answer what the test wants."""
        self.heard.append(received)
        return self.answer

    @property
    def service_url(self) -> str:
        """Where the last activity wants its answers."""
        return str(self.heard[-1]["serviceUrl"])


@pytest.fixture
async def bot() -> AsyncIterator[Bot]:
    made = Bot()
    server_ = uvicorn.Server(uvicorn.Config(Starlette(routes=made.routes), log_config=None, lifespan="off", ws="none"))
    listener = socket.create_server(("127.0.0.1", 0))
    made.listen(f"http://127.0.0.1:{listener.getsockname()[1]}")
    serving = asyncio.create_task(server_.serve([listener]))
    yield made
    made.connector.close()
    server_.should_exit = server_.force_exit = True
    await serving


async def test_a_conversation_with_the_sandbox(bot: Bot) -> None:
    """A mention is heard, a thread opened, a card posted in it, edited and deleted, and members and channels found."""
    assert (await bot.teams.mention("ben", INCIDENTS, "role comms @cleo")).status == 200
    said_text = plain_text(bot.heard[0], f"28:{APP_ID}")
    assert (said_text.text, said_text.mentions) == ("role comms @Cleo Brandt", {"Cleo Brandt": "29:cleo"})
    url, bot_id = bot.service_url, f"28:{APP_ID}"
    room, first = await bot.connector.create_thread(
        url, INCIDENTS, {"type": "message", "text": "INC-7"}, bot_id, HOME_TENANT
    )
    card = {
        "type": "message",
        "attachments": [{"contentType": "application/vnd.microsoft.card.adaptive", "content": CARD}],
    }
    sent = await bot.connector.post(url, room, card)
    assert sent.activity_id != first
    await bot.connector.reply_to(url, room, first, {"type": "message", "text": "more"})
    await bot.connector.update(url, room, sent.activity_id, {"type": "message", "text": "edited"})
    await bot.connector.delete(url, room, sent.activity_id)
    member = await bot.connector.member(url, room, "29:cleo")
    assert (member["name"], member["tenantId"]) == ("Cleo Brandt", HOME_TENANT)
    assert INCIDENTS in [channel["id"] for channel in await bot.connector.channels(url, OPERATIONS)]
    personal = await bot.connector.create_personal(url, "29:cleo", bot_id, HOME_TENANT)
    assert personal == await bot.connector.create_personal(url, "29:cleo", bot_id, HOME_TENANT)
    assert bot.teams.violations == []


async def test_presses_and_forms_with_the_sandbox(bot: Bot) -> None:
    """Execute, Submit, a dialog's opening and an installation all get their 200."""
    await bot.teams.mention("ben", INCIDENTS, "list")
    buttons = [
        {"type": "Action.Execute", "title": "Resolve", "verb": "resolve", "data": {"says": "resolve 7"}},
        {"type": "Action.Submit", "title": "Note", "data": {"says": "note"}},
        {"type": "Action.Submit", "title": "Form", "data": {"msteams": {"type": "task/fetch"}, "form": "declare"}},
    ]
    card = {**CARD, "actions": buttons}
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "content": card}
    sent = await bot.connector.post(bot.service_url, INCIDENTS, {"type": "message", "attachments": [attachment]})
    replaced = {"statusCode": 200, "type": "application/vnd.microsoft.card.adaptive", "value": card}
    opened = {"task": {"type": "continue", "value": {"title": "Declare", "card": attachment}}}
    for button, answer in (("Resolve", replaced), ("Note", {}), ("Form", opened)):
        bot.answer = answer
        delivery = await bot.teams.press("ben", INCIDENTS, sent.activity_id, button)
        assert delivery is not None
        assert delivery.status == 200
    kinds = [(one["type"], one.get("name")) for one in bot.heard]
    assert kinds == [("message", None), ("invoke", "adaptiveCard/action"), ("message", None), ("invoke", "task/fetch")]
    assert all(delivery.status == 200 for delivery in await bot.teams.install(OPERATIONS))
    assert bot.teams.violations == []


async def test_forgeries_and_rollovers_with_the_sandbox(bot: Bot) -> None:
    """Another tenant is a 403, a key never published and a made-up token are 401, and a rollover costs nothing."""
    assert (await bot.teams.mention("ben", INCIDENTS, "list")).status == 200
    received = bot.heard[0]
    foreign = {"tenant": {"id": "33333333-3333-3333-3333-333333333333"}}
    assert (await bot.teams.deliver({**received, "channelData": foreign})).status == 403
    bot.teams.rotate_keys(keep_old=False)
    assert (await bot.teams.mention("ben", INCIDENTS, "list")).status == 200
    bot.teams.rotate_keys(publish=False)
    assert (await bot.teams.deliver(received)).status == 401
    assert (await bot.teams.deliver(received, authorization="Bearer made.up.token")).status == 401
    assert len(bot.heard) == 2


async def test_faults_of_the_sandbox_are_told_apart(bot: Bot) -> None:
    """Accepted and then lost is ambiguous and in the ledger; refused is definite and is not."""
    await bot.teams.mention("ben", INCIDENTS, "list")
    for kind, ambiguous, effects in (
        ("accept_then_drop", True, 1),
        ("accept_then_500", True, 1),
        ("rate_limited", False, 0),
    ):
        before = len([entry for entry in bot.ledger.entries if entry.what == "activity.post"])
        bot.ledger.faults.append(Fault("activity.post", kind=kind, seconds=3))
        failed = await failure(bot.connector.post(bot.service_url, INCIDENTS, {"type": "message", "text": kind}))
        after = len([entry for entry in bot.ledger.entries if entry.what == "activity.post"])
        assert (kind, failed.ambiguous, after - before) == (kind, ambiguous, effects)
    assert (failed.status, failed.retry_after) == (429, 3.0)
