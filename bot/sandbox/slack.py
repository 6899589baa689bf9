"""A Slack over HTTP: Web API, response URLs and Socket Mode on one side, people who type and press on the other.

One app (Amends) is installed in one workspace. What it gets wrong is refused and counted, as Slack would; what it does
goes into the ledger; the fault script breaks calls on demand. Nothing here ever speaks to the real Slack.
"""

import asyncio
import json
import socket as sockets
import struct
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import Message as AsgiMessage
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from bot.sandbox import slack_chat, slack_conversations, slack_hooks, slack_limits, slack_views
from bot.sandbox.ledger import Fault, Json, Ledger, SandboxClock
from bot.sandbox.slack_call import Call, Method, parsed
from bot.sandbox.slack_events import NotPossible
from bot.sandbox.slack_forms import SlackPeople
from bot.sandbox.slack_rates import HISTORY, SlackRates
from bot.sandbox.slack_records import (
    APP_ID,
    BOT_ID,
    BOT_USER,
    TEAM,
    Channel,
    Message,
    Person,
    SlackError,
    View,
    channels,
    people,
)
from bot.sandbox.slack_wire import Ack, SlackWire
from bot.sandbox.slack_world import SlackWorld

__all__ = [
    "APP_ID",
    "BOT_ID",
    "BOT_USER",
    "Ack",
    "Called",
    "Channel",
    "FakeSlack",
    "Message",
    "NotPossible",
    "Person",
    "View",
    "channels",
    "people",
]

METHODS: dict[str, Method] = {**slack_chat.METHODS, **slack_conversations.METHODS, **slack_views.METHODS}
CONNECT = "apps.connections.open"


@dataclass(frozen=True)
class Called:
    """One call the app made, whatever came of it (reads too, which the ledger leaves out)."""

    method: str
    place: str
    at: datetime  # virtual time, UTC
    status: int
    error: str  # "" where Slack said ok
    fault: str  # the fault it ran into, "" for none


@dataclass(frozen=True)
class Answer:
    """An HTTP answer about to be sent."""

    status: int
    body: bytes
    content_type: str = "application/json; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()


class _Endpoint:
    """An ASGI endpoint that keeps the connection in its own hands (Starlette wraps plain functions)."""

    def __init__(self, run: Callable[[Scope, Receive, Send], Awaitable[None]]) -> None:
        self._run = run

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._run(scope, receive, send)


class FakeSlack(SlackPeople):
    """The workspace as a server. `only` restricts the Web API to these methods; `missing_scopes` were not granted.

    Set `base_url` to where `routes()` are mounted (prefix included); until then it is learned from the first call's
    Host header. Set `wire.events_url` (or the argument) to the app's door. `enforce_rates` answers 429 beyond Slack's
    tiers; `history_restricted` gives history one call a minute and 15 messages a page. `client_msg_ids`: ignored,
    dedupe or error.
    """

    def __init__(
        self,
        ledger: Ledger,
        clock: SandboxClock,
        *,
        bot_token: str = "xoxb-sandbox",  # noqa: S107 - opens nothing but this fake
        app_token: str = "xapp-sandbox",  # noqa: S107 - the same
        signing_secret: str = "sandbox-signing-secret",  # noqa: S107 - the same
        team_id: str = TEAM,
        seed: tuple[Iterable[Person], Iterable[Channel]] | None = None,
        events_url: str = "",
        base_url: str = "",
        only: frozenset[str] | None = None,
        missing_scopes: frozenset[str] = frozenset(),
        enforce_rates: bool = False,
        history_restricted: bool = False,
        client_msg_ids: str = "ignored",
        subscriptions: frozenset[str] | None = None,
    ) -> None:
        """`seed` is (people, channels); the sandbox's own cast by default."""
        world = SlackWorld(ledger, clock, team_id, seed or (people(), channels()))
        wire = SlackWire(clock, signing_secret, world.violations)
        super().__init__(world, wire, ledger, clock)
        world.base_url, world.history_restricted, world.client_msg_ids = base_url, history_restricted, client_msg_ids
        wire.events_url = events_url
        self.subscriptions = self.subscriptions if subscriptions is None else subscriptions
        self.bot_token, self.app_token, self.signing_secret = bot_token, app_token, signing_secret
        self.only, self.missing_scopes, self.enforce_rates = only, missing_scopes, enforce_rates
        self.revoked = ""  # token_revoked or account_inactive: every call is refused so
        self.rates = SlackRates(clock, world.violations)
        self.rates.history_restricted = history_restricted
        self.calls: list[Called] = []
        self._prefix = ""
        self._tickets: set[str] = set()

    # what tests and the page reach for

    @property
    def violations(self) -> Counter[str]:
        """Limits the app broke, by Slack's names; late_ack, failed_ack, rate:<method>, called_inside_retry_after."""
        return self.world.violations

    @property
    def events_url(self) -> str:
        """Where commands, interactions and events are posted while no socket is open."""
        return self.wire.events_url

    @events_url.setter
    def events_url(self, url: str) -> None:
        self.wire.events_url = url

    @property
    def base_url(self) -> str:
        """Where this server is reached, without a trailing slash; response_urls begin so."""
        return self.world.base_url

    @base_url.setter
    def base_url(self, url: str) -> None:
        self.world.base_url = url.rstrip("/")

    @property
    def api_url(self) -> str:
        """The value for SLACK_API_URL."""
        return f"{self.base_url}/api/"

    def add_user(self, person: Person) -> Person:
        """One more person; the stored one is answered."""
        return self.world.add_user(person)

    def add_channel(self, channel: Channel) -> Channel:
        """One more channel; the stored one is answered."""
        return self.world.add_channel(channel)

    def messages(self, channel: str) -> list[Message]:
        """A channel's messages, oldest first, ephemeral ones not among them; deleted ones are gone."""
        return list(self._any(channel).messages.values())

    def whispers(self, user: str, channel: str = "") -> list[Message]:
        """What only this person sees, oldest first, in one channel or in all."""
        user = self.who(user)
        rooms = [self._any(channel)] if channel else list(self.world.channels.values())
        return sorted((m for c in rooms for m in c.ephemerals.values() if m.ephemeral_to == user), key=lambda m: m.ts)

    def top_view(self, user: str) -> View | None:
        """The modal in front of this person, if any."""
        stack = self.world.stacks.get(self.who(user), [])
        return self.world.views[stack[-1]] if stack else None

    async def uninstall(self) -> None:
        """The app is removed: both events, then every call is account_inactive."""
        revoked = {"bot": [BOT_USER], "oauth": []}
        both = [self._event("tokens_revoked", tokens=revoked), self._event("app_uninstalled")]
        await self.emit(both)
        self.revoked = "account_inactive"

    @staticmethod
    def _event(kind: str, **event: object) -> Json:
        return {"event": {"type": kind, **event}, "shared": False, "heard": True}

    async def aclose(self) -> None:
        """Let events under way finish, then close connections."""
        await self.drain()
        await self.wire.aclose()

    # HTTP

    def routes(self, prefix: str = "") -> list[BaseRoute]:
        """What to mount: the Web API, response URLs, the Socket Mode door; all below `prefix` (no slash at its end)."""
        self._prefix = prefix
        return [
            Route(f"{prefix}/api/{{method}}", _Endpoint(self._serve)),
            Route(f"{prefix}/{{kind}}/{self.world.team_id}/{{rest:path}}", _Endpoint(self._hooked)),
            WebSocketRoute(f"{prefix}/link/", self._link),
        ]

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One Web API call, fault script included."""
        request = Request(scope, receive)
        method = str(scope["path_params"]["method"])
        raw = await request.body()
        if not self.base_url:
            mounted = str(scope.get("root_path", "")) + self._prefix
            self.base_url = f"http://{request.headers.get('host', '127.0.0.1')}{mounted}"
        try:
            args = parsed(request.headers.get("content-type", ""), request.url.query, raw)
        except SlackError as refused:
            await self._send(self._refused(method, "", {}, refused), scope, receive, send)
            return
        token = request.headers.get("authorization", "").removeprefix("Bearer ").strip() or str(args.get("token") or "")
        args.pop("token", None)
        place = self._place(method, args)
        barred = self._barred(method, token) or self._limited(method, place)
        if barred is not None:
            await self._send(barred, scope, receive, send)
            return
        fault = self.ledger.fault_for(method, place)
        if await self._stopped(fault, (method, place, args), scope, receive, send):
            return
        answer = self._run(method, place, args, fault.kind if fault else "")
        await self._after(fault, answer, scope, receive, send)

    def _place(self, method: str, args: Json) -> str:
        """The id of the channel a call is about; the person of views.publish; a new channel's name."""
        for name in ("channel", "channel_id"):
            if args.get(name):
                found = self.world.find_channel(str(args[name]))
                return found.id if found else str(args[name])
        names = {"conversations.create": "name", "views.publish": "user_id"}
        return str(args.get(names.get(method, ""), ""))

    def _barred(self, method: str, token: str) -> Answer | None:
        """Unknown methods and tokens that open nothing."""
        error = ""
        if method not in {*METHODS, CONNECT} or (self.only is not None and method not in self.only):
            return self._refused(method, "", {}, SlackError("unknown_method", req_method=method))
        if not token:
            error = "not_authed"
        elif token not in (self.bot_token, self.app_token):
            error = "invalid_auth"
        elif self.revoked:
            error = self.revoked
        elif (token == self.app_token) != (method == CONNECT) and method != "api.test":
            error = "not_allowed_token_type"
        return self._refused(method, "", {}, SlackError(error)) if error else None

    def _limited(self, method: str, place: str) -> Answer | None:
        if not (self.enforce_rates or (self.world.history_restricted and method in HISTORY)):
            return None
        seconds = self.rates.wait(method, place)
        return self._slow_down(method, place, {}, seconds) if seconds else None

    def _slow_down(self, method: str, place: str, args: Json, seconds: int) -> Answer:
        told = {"ok": False, "error": "ratelimited"}
        self.ledger.refuse("slack", method, place, BOT_USER, args, told)
        self._called(method, place, 429, "ratelimited", "")
        return Answer(429, json.dumps(told).encode(), headers=(("Retry-After", str(seconds)),))

    def _run(self, method: str, place: str, args: Json, fault: str) -> Answer:
        """The call itself: its effect, the ledger, the events it sets off."""
        try:
            self._scoped(method, place, args)
            if method == CONNECT:
                return self._ok(method, place, {"url": self._ticket()}, fault)
            call = Call(self.world, method, args)
            told = METHODS[method](call)
        except SlackError as refused:
            return self._refused(method, place, args, refused, fault)
        if slack_limits.RULES[method].write:
            made = told.get("channel")
            where = str(made["id"]) if method == "conversations.create" and isinstance(made, dict) else place
            self.ledger.accept("slack", method, where, BOT_USER, args, told)
        self.fire(call.events)
        return self._ok(method, place, told, fault)

    def _scoped(self, method: str, place: str, args: Json) -> None:
        rule = slack_limits.RULES[method]
        channel = self.world.channels.get(place)
        private = channel.kind == "group" if channel else str(args.get("is_private", "")).lower() in ("true", "1")
        needed = rule.private_scope if private else rule.scope
        if needed in self.missing_scopes:
            raise SlackError("missing_scope", needed=needed, provided=self.scopes)

    @property
    def scopes(self) -> str:
        """The granted scopes, as the X-OAuth-Scopes header lists them."""
        rules = slack_limits.RULES.values()
        granted = {s for r in rules for s in (r.scope, r.private_scope) if s and s != "connections:write"}
        granted |= {"commands", "app_mentions:read", "im:history", "im:read", "metadata.message:read", "reactions:read"}
        return ",".join(sorted(granted - self.missing_scopes))

    def _called(self, method: str, place: str, status: int, error: str, fault: str) -> None:
        self.calls.append(Called(method, place, self.clock.now(), status, error, fault))

    def _ok(self, method: str, place: str, told: Json, fault: str) -> Answer:
        self._called(method, place, 200, "", fault)
        body = json.dumps({"ok": True, **told}).encode()
        return Answer(200, body, headers=(("X-OAuth-Scopes", self.scopes),))

    def _refused(self, method: str, place: str, args: Json, refused: SlackError, fault: str = "") -> Answer:
        if refused.limit:
            self.violations[refused.error] += 1
        self.ledger.refuse("slack", method, place, BOT_USER, args, refused.answer)
        self._called(method, place, 200, refused.error, fault)
        return Answer(200, json.dumps(refused.answer).encode(), headers=(("X-OAuth-Scopes", self.scopes),))

    async def _after(self, fault: Fault | None, answer: Answer, scope: Scope, receive: Receive, send: Send) -> None:
        """Faults that spoil the answer of a call that had its effect."""
        kind = fault.kind if fault else ""
        if kind == "accept_then_drop":
            await abort(receive, send)
            return
        if kind == "accept_then_500":
            answer = Answer(500, b"Internal Server Error", "text/plain; charset=utf-8")
        elif kind == "accept_then_error":
            told = {"ok": False, "error": (fault.error if fault else "") or "internal_error"}
            answer = Answer(200, json.dumps(told).encode())
        elif kind == "truncate":
            answer = Answer(200, answer.body[: len(answer.body) // 2])
        elif kind == "html":
            answer = Answer(200, b"<!DOCTYPE html><title>Slack</title><p>Something went wrong.</p>", "text/html")
        await self._send(answer, scope, receive, send)

    async def _send(self, answer: Answer, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(answer.headers) | {"content-type": answer.content_type}
        await Response(answer.body, answer.status, headers)(scope, receive, send)

    # response URLs

    async def _hooked(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A post to a response_url, fault script included (as the method response_url)."""
        request = Request(scope, receive)
        payload = slack_hooks.read(await request.body())
        hook = self.world.hooks.get("{kind}/{rest}".format(**scope["path_params"]))
        place = hook.channel if hook else ""
        fault = self.ledger.fault_for("response_url", place)
        if await self._stopped(fault, ("response_url", place, payload), scope, receive, send):
            return
        try:
            ts = slack_hooks.carry_out(self.world, hook, payload)
        except SlackError as refused:
            told = self._refused("response_url", place, payload, refused)
            answer = Answer(slack_hooks.refusal_status(refused), told.body)
        else:
            self.ledger.accept("slack", "response_url", place, BOT_USER, payload, {"ts": ts})
            self._called("response_url", place, 200, "", fault.kind if fault else "")
            answer = Answer(200, b"ok", "text/html")
        await self._after(fault, answer, scope, receive, send)

    async def _stopped(
        self, fault: Fault | None, call: tuple[str, str, Json], scope: Scope, receive: Receive, send: Send
    ) -> bool:
        """Delay a call, or end it before it has any effect, as the fault script wants; whether it is ended."""
        if fault is None:
            return False
        method, place, args = call
        early: Answer | None = None
        if fault.kind == "delay":
            await asyncio.sleep(fault.seconds)
        elif fault.kind == "drop_before":
            self._called(method, place, 0, "", fault.kind)
            await abort(receive, send)
            return True
        elif fault.kind == "status":
            self._called(method, place, fault.status, "", fault.kind)
            early = Answer(fault.status, HTTPStatus(fault.status).phrase.encode(), "text/plain; charset=utf-8")
        elif fault.kind == "error":
            early = self._refused(method, place, args, SlackError(fault.error or "internal_error"), fault.kind)
        elif fault.kind == "rate_limited":
            seconds = max(1, round(fault.seconds))
            self.rates.hold(method, place, seconds)
            early = self._slow_down(method, place, args, seconds)
        if early is not None:
            await self._send(early, scope, receive, send)
        return early is not None

    # Socket Mode

    def _ticket(self) -> str:
        ticket = self.world.number("ticket")
        self._tickets.add(ticket)
        base = self.base_url.replace("http", "ws", 1)
        return f"{base}/link/?ticket={ticket}&app_id={APP_ID}"

    async def _link(self, websocket: WebSocket) -> None:
        """The door that apps.connections.open pointed to; each ticket opens it once."""
        ticket = parse_qs(websocket.url.query).get("ticket", [""])[0]
        if ticket not in self._tickets:
            await websocket.send_denial_response(PlainTextResponse("invalid ticket", 401))
            return
        self._tickets.discard(ticket)
        await self.wire.serve(websocket)


async def abort(receive: Receive, send: Send) -> None:
    """Reset the client's connection without an answer (TCP RST under uvicorn).

    ASGI has no word for it, so the server's transport is taken hold of; where there is none, half an answer is sent and
    left unfinished, which breaks the connection as well.
    """
    transport = getattr(getattr(receive, "__self__", None), "transport", None)
    if isinstance(transport, asyncio.Transport):
        raw = transport.get_extra_info("socket")
        if raw is not None:  # linger 0: close() sends RST instead of FIN
            raw.setsockopt(sockets.SOL_SOCKET, sockets.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
        while (await receive())["type"] != "http.disconnect":
            pass
        return
    half: list[AsgiMessage] = [
        {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1000")]},
        {"type": "http.response.body", "body": b'{"ok":', "more_body": True},
    ]
    for part in half:
        await send(part)
