"""A sandbox Slack and an app that hears it, over real loopback HTTP; and the blocks its tests are written with."""

import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.signature import Clock, SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from bot.sandbox.ledger import Ledger, SandboxClock
from bot.sandbox.slack import FakeSlack
from tests.bot.loopback import listening

START = datetime(2026, 3, 4, 14, 2, tzinfo=UTC)
INCIDENTS = "C0INCIDENTS"
CONTOSO = "C0EXTCONTOSO"
SECRET = "sandbox-signing-secret"
Heard = dict[str, Any]


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def section(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}, **more}


def button(action_id: str, label: str = "Go", value: str = "") -> dict[str, Any]:
    made = {"type": "button", "action_id": action_id, "text": plain(label)}
    return made | ({"value": value} if value else {})


def actions(*elements: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "actions", "elements": list(elements), **more}


def options(*values: str) -> list[dict[str, Any]]:
    return [{"text": plain(v.capitalize()), "value": v} for v in values]


def field_of(block_id: str, element: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "input", "block_id": block_id, "label": plain(block_id), "element": element, **more}


def modal(*blocks: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "modal", "title": plain("Declare"), "submit": plain("Go"), "blocks": list(blocks), **more}


TITLE = field_of("title", {"type": "plain_text_input", "action_id": "text", "max_length": 20})


@dataclass
class Rig:
    """A Slack and an app that writes down what it hears and answers what it is told to."""

    slack: FakeSlack
    ledger: Ledger
    clock: SandboxClock
    web: AsyncWebClient
    session: aiohttp.ClientSession
    heard: list[Heard] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    answer: Callable[[Heard], Response | Awaitable[Response]] = lambda _: Response()

    async def door(self, request: Request) -> Response:
        """The app's one URL for everything."""
        body = await request.body()
        assert SignatureVerifier(SECRET, Noon(self.clock)).is_valid_request(body, dict(request.headers))
        if request.headers["content-type"] == "application/json":
            told = json.loads(body)
        else:
            form = dict(parse_qsl(body.decode(), keep_blank_values=True))
            told = json.loads(form["payload"]) if "payload" in form else form
        self.heard.append(told)
        self.headers.append(dict(request.headers))
        made = self.answer(told)
        return made if isinstance(made, Response) else await made

    def told(self, kind: str) -> list[Heard]:
        """The events of one type that arrived."""
        return [h["event"] for h in self.heard if h.get("type") == "event_callback" and h["event"]["type"] == kind]

    async def refused(self, method: str, **args: Any) -> str:
        """The error Slack names when this call is refused."""
        with pytest.raises(SlackApiError) as caught:
            await self.web.api_call(method, json=args)
        return str(caught.value.response["error"])

    async def raw(self, method: str, body: object, **headers: str) -> tuple[int, Any, Any]:
        """A call without the SDK: status, headers, text."""
        sent = {"Authorization": "Bearer xoxb-sandbox", "Content-Type": "application/json", **headers}
        data = body if isinstance(body, str | bytes) else json.dumps(body)
        async with self.session.post(self.slack.api_url + method, data=data, headers=sent) as response:
            return response.status, response.headers, await response.text()

    async def post(self, *blocks: dict[str, Any], channel: str = INCIDENTS) -> str:
        """Say something as the bot; its ts."""
        said = await self.web.chat_postMessage(channel=channel, text="hello", blocks=list(blocks) or None)
        return str(said["ts"])

    async def opened(self, view: dict[str, Any], user: str = "ana") -> str:
        """Open a modal the way a command does; its id."""
        ack = await self.slack.command(user, INCIDENTS, "/incident", "declare")
        made = await self.web.views_open(trigger_id=ack.payload["trigger_id"], view=view)
        return str(made["view"]["id"])


class Noon(Clock):
    """A clock for the SDK's verifier."""

    def __init__(self, clock: SandboxClock) -> None:
        self._clock = clock

    def now(self) -> float:
        """Seconds since 1970."""
        return self._clock.now().timestamp()


@contextlib.asynccontextmanager
async def rigged(**settings: Any) -> AsyncIterator[Rig]:
    """A whole rig with its own frozen clock, ledger and port."""
    clock = SandboxClock(START)
    ledger = Ledger(clock)
    slack = FakeSlack(ledger, clock, **settings)
    async with aiohttp.ClientSession() as session:
        rig = Rig(slack, ledger, clock, AsyncWebClient(), session)
        routes = [Mount("/sandbox/slack", routes=slack.routes()), Route("/slack/events", rig.door, methods=["POST"])]
        async with listening(Starlette(routes=routes)) as address:
            slack.base_url = f"{address}/sandbox/slack"
            slack.events_url = f"{address}/slack/events"
            rig.web = AsyncWebClient("xoxb-sandbox", base_url=slack.api_url, session=session, retry_handlers=[])
            yield rig
            await slack.aclose()
