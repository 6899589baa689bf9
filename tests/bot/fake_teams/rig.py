"""A sandbox Teams and a bot that hears it, over real loopback HTTP; and the cards its tests are written with."""

import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import aiohttp
import jwt
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from bot.sandbox.ledger import Ledger, SandboxClock
from bot.sandbox.teams import APP_ID, ISSUER, FakeTeams
from tests.bot.loopback import listening

INCIDENTS = "19:incidents@thread.tacv2"
OPERATIONS = "19:operations@thread.tacv2"
FABRIKAM = "19:fabrikam@thread.tacv2"
NORTHWIND = "19:northwind@thread.tacv2"
ON_CALL = "19:on-call@thread.v2"
START = datetime(2026, 3, 4, 14, 2, tzinfo=UTC)

CARD = {
    "type": "AdaptiveCard",
    "version": "1.5",
    "body": [
        {"type": "TextBlock", "text": "INC-7 Checkout"},
        {"type": "Input.Text", "id": "why", "label": "Why", "isRequired": True, "errorMessage": "Say why."},
        {"type": "Input.Toggle", "id": "sure", "title": "Sure"},
    ],
    "actions": [
        {"type": "Action.Execute", "title": "Resolve", "verb": "resolve", "data": {"n": 7}},
        {"type": "Action.Submit", "title": "Note", "data": {"says": "note"}},
        {"type": "Action.Submit", "title": "Form", "data": {"msteams": {"type": "task/fetch"}, "form": "declare"}},
        {"type": "Action.OpenUrl", "title": "Page", "url": "https://status.example.com"},
        {"type": "Action.Execute", "title": "Later", "verb": "later", "isEnabled": False},
        {
            "type": "Action.ShowCard",
            "title": "More",
            "card": {
                "type": "AdaptiveCard",
                "body": [{"type": "Input.Text", "id": "more", "label": "More"}],
                "actions": [{"type": "Action.Execute", "title": "Tell", "verb": "tell", "associatedInputs": "auto"}],
            },
        },
    ],
}
Heard = Callable[[dict[str, Any]], Awaitable[Response] | Response]


def attached(card: object) -> dict[str, Any]:
    return {"contentType": "application/vnd.microsoft.card.adaptive", "content": card}


def said(text: str = "hello", *cards: object) -> dict[str, Any]:
    return {"type": "message", "text": text, "attachments": [attached(c) for c in cards]}


@dataclass
class Rig:
    """A Teams and a bot that writes down what it hears and answers what it is told to."""

    teams: FakeTeams
    ledger: Ledger
    clock: SandboxClock
    root: str = ""
    token: str = ""
    heard: list[dict[str, Any]] = field(default_factory=list)
    headers: list[str] = field(default_factory=list)
    answer: Heard = lambda _: Response()
    session: aiohttp.ClientSession | None = None

    async def messages(self, request: Request) -> Response:
        """The bot's door."""
        self.headers.append(request.headers.get("authorization", ""))
        self.heard.append(await request.json())
        response = self.answer(self.heard[-1])
        return response if isinstance(response, Response) else await response

    async def call(self, method: str, path: str, body: object = None, token: str | None = None) -> tuple[int, Any]:
        """The bot's call; the answer's JSON."""
        status, _, answer = await self.full(method, path, body, token)
        return status, answer

    async def full(self, method: str, path: str, body: object = None, token: str | None = None) -> tuple[int, Any, Any]:
        """As `call`, with the headers in the middle."""
        assert self.session is not None
        bearer = {"Authorization": f"Bearer {self.token if token is None else token}"}
        async with self.session.request(method, self.root + path, json=body, headers=bearer) as response:
            raw = await response.read()
            kind = response.headers.get("content-type", "")
            return response.status, response.headers, json.loads(raw) if "json" in kind and raw else raw

    async def post(self, conversation: str, activity: object, reply_to: str = "") -> tuple[int, Any]:
        """Say something as the bot."""
        tail = f"/{reply_to}" if reply_to else ""
        return await self.call("POST", f"/v3/conversations/{conversation}/activities{tail}", activity)

    async def thread(self, *cards: object) -> tuple[str, str]:
        """Begin a thread in Incidents; its conversation id and its first message's id."""
        status, answer = await self.call(
            "POST",
            "/v3/conversations",
            {"isGroup": True, "channelData": {"channel": {"id": INCIDENTS}}, "activity": said("INC-7", *cards)},
        )
        assert status == 201
        return answer["id"], answer["activityId"]


@contextlib.asynccontextmanager
async def rigged(**options: Any) -> AsyncIterator[Rig]:
    """A whole rig with its own clock, ledger and port."""
    clock = SandboxClock(START)
    ledger = Ledger(clock)
    teams = FakeTeams(ledger, clock, **options)
    rig = Rig(teams, ledger, clock)
    app = Starlette(
        routes=[Mount("/sandbox/teams", routes=teams.routes()), Route("/api/messages", rig.messages, methods=["POST"])]
    )
    async with listening(app) as address, aiohttp.ClientSession() as session:
        rig.session = session
        rig.root = f"{address}/sandbox/teams"
        teams.service_url = rig.root + "/"
        teams.messages_url = f"{address}/api/messages"
        rig.token = teams.identity.issue()
        yield rig


def credentials(**changes: str) -> dict[str, str]:
    return {
        "grant_type": "client_credentials",
        "client_id": APP_ID,
        "client_secret": "sandbox",
        "scope": "https://api.botframework.com/.default",
        **changes,
    }


async def public_keys(rig: Rig) -> dict[str, Any]:
    """The key set, found the way a bot finds it."""
    assert rig.session is not None
    async with rig.session.get(f"{rig.root}/v1/.well-known/openidconfiguration") as response:
        metadata = await response.json()
    async with rig.session.get(metadata["jwks_uri"]) as response:
        return {key["kid"]: key for key in (await response.json())["keys"]}


async def verified(rig: Rig, header: str) -> dict[str, Any]:
    """The claims, checked as Microsoft's page says."""
    token = header.removeprefix("Bearer ")
    key = (await public_keys(rig))[jwt.get_unverified_header(token)["kid"]]
    if "msteams" not in key["endorsements"]:
        raise jwt.InvalidTokenError("endorsement")
    claims: dict[str, Any] = jwt.decode(
        token, jwt.PyJWK(key), algorithms=["RS256"], audience=APP_ID, issuer=ISSUER, options={"require": ["exp"]}
    )
    return claims


def card(*body: object, actions: object = (), **more: object) -> dict[str, Any]:
    actions = list(actions) if isinstance(actions, tuple) else actions
    return {"type": "AdaptiveCard", "version": "1.5", "body": list(body), "actions": actions, **more}


def answering(body: object) -> Heard:
    return lambda _: JSONResponse(body)


FORM = card(
    {"type": "Input.Text", "id": "title", "label": "Title"},
    actions=[{"type": "Action.Submit", "title": "Send", "data": {"form": "declare"}}],
)


async def open_form(rig: Rig) -> Any:
    """Ben presses Form and the bot answers with a dialog."""
    _, first = await rig.thread(CARD)
    rig.answer = answering(
        {
            "task": {
                "type": "continue",
                "value": {"title": "Declare", "height": "medium", "width": 500, "card": attached(FORM)},
            }
        }
    )
    await rig.teams.press("ben", INCIDENTS, first, "Form", {"why": "x"})
    return rig.teams.state_for("ben")["dialog"]
