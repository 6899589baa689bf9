"""How Slack reaches the app: signed HTTP requests, or envelopes over Socket Mode; and how long the answer took."""

import asyncio
import contextlib
import hashlib
import hmac
import json
import time
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import urlencode
from weakref import WeakKeyDictionary

import aiohttp
from starlette.websockets import WebSocket, WebSocketDisconnect

from bot.sandbox.ledger import Json, SandboxClock
from bot.sandbox.slack_limits import ACK_SECONDS, EVENT_RETRY_SECONDS, SOCKET_CONNECTIONS
from bot.sandbox.slack_records import APP_ID

T = TypeVar("T")
ENVELOPES = uuid.UUID("5b6f6d6e-1d5e-4c5f-9d0a-000000000000")  # so that envelope ids repeat from run to run
KEPT_EVENTS = 10_000  # how many can still be redelivered


@dataclass(frozen=True)
class Ack:
    """What the app answered to one request of Slack's, and when.

    `status` is the HTTP status, 0 where no answer came; over a socket 200 stands for an acknowledged envelope.
    `problem`: "" · operation_timeout (over 3 s) · dispatch_failed (no connection, or not 200).
    """

    kind: str  # slash_commands | interactive | events_api
    status: int
    seconds: float
    body: str
    payload: Json
    via: str  # http | socket | nowhere
    problem: str
    raw: bytes = field(default=b"", repr=False)
    headers: dict[str, str] = field(default_factory=dict, repr=False)

    @property
    def ok(self) -> bool:
        """Answered in time with a 200."""
        return not self.problem

    @property
    def answer(self) -> Json:
        """The answer's JSON object, {} where there was none."""
        try:
            told = json.loads(self.body)
        except ValueError:
            return {}
        return told if isinstance(told, dict) else {}


@dataclass(eq=False)
class Socket:
    """One open Socket Mode connection, living on the server's event loop."""

    websocket: WebSocket
    loop: asyncio.AbstractEventLoop
    waiting: dict[str, "asyncio.Future[Json]"] = field(default_factory=dict)
    leaving: bool = False

    async def ask(self, envelope: Json, seconds: float) -> Json:
        """Send an envelope and wait for its acknowledgement; raises TimeoutError or ConnectionError."""
        waiting: asyncio.Future[Json] = self.loop.create_future()
        self.waiting[envelope["envelope_id"]] = waiting
        try:
            await self.websocket.send_text(json.dumps(envelope))
            return await asyncio.wait_for(waiting, seconds)
        finally:
            self.waiting.pop(envelope["envelope_id"], None)

    def heard(self, text: str) -> None:
        """Take what the app sent: an acknowledgement, or something to ignore."""
        try:
            told = json.loads(text)
        except ValueError:
            return
        waiting = self.waiting.get(str(told.get("envelope_id"))) if isinstance(told, dict) else None
        if waiting is not None and not waiting.done():
            waiting.set_result(told)

    def lost(self) -> None:
        """The connection is gone: whoever waits for an acknowledgement hears so."""
        self.leaving = True
        for waiting in self.waiting.values():
            if not waiting.done():
                waiting.set_exception(ConnectionResetError("the socket closed before the acknowledgement"))

    async def disconnect(self, reason: str) -> None:
        """Tell the app to come back on another connection, then close this one."""
        self.leaving = True
        with contextlib.suppress(RuntimeError, WebSocketDisconnect):
            await self.websocket.send_text(
                json.dumps({"type": "disconnect", "reason": reason, "debug_info": {"host": "applink-sandbox"}})
            )
            await self.websocket.close()

    async def cut(self) -> None:
        """Close without a word."""
        self.leaving = True
        with contextlib.suppress(RuntimeError, WebSocketDisconnect):
            await self.websocket.close(1011)


async def on_loop(loop: asyncio.AbstractEventLoop, work: Awaitable[T]) -> T:
    """Await on the loop that owns a socket, from whichever loop the caller runs on."""
    if asyncio.get_running_loop() is loop:
        return await work

    async def run() -> T:
        return await work

    return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(run(), loop))


class SlackWire:
    """Sends what Slack sends. With a socket open everything goes there, as an app in Socket Mode is set up in Slack."""

    def __init__(self, clock: SandboxClock, signing_secret: str, violations: Counter[str]) -> None:
        """Signs with this secret at the clock's time; late answers are counted as late_ack."""
        self.events_url = ""
        self.ack_seconds = ACK_SECONDS
        self.signing_time: Callable[[], datetime] = clock.now
        self.acks: list[Ack] = []
        self.sockets: list[Socket] = []
        self.events: dict[str, Json] = {}
        self.due: list[tuple[float, str, int, str]] = []  # virtual time, event id, attempt, reason
        self._clock = clock
        self._secret = signing_secret.encode()
        self._violations = violations
        self._sessions: WeakKeyDictionary[asyncio.AbstractEventLoop, aiohttp.ClientSession] = WeakKeyDictionary()
        self._turn = 0
        self._envelope = 0

    def signed(self, body: bytes, content_type: str) -> dict[str, str]:
        """Slack's headers for this body: https://docs.slack.dev/authentication/verifying-requests-from-slack."""
        stamp = str(int(self.signing_time().timestamp()))
        digest = hmac.new(self._secret, f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
        return {
            "Content-Type": content_type,
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": f"v0={digest}",
        }

    async def deliver(self, kind: str, payload: Json, retry: tuple[int, str] | None = None) -> Ack:
        """Send one payload by socket or HTTP and wait for the answer, at most `ack_seconds`."""
        open_sockets = [s for s in self.sockets if not s.leaving]
        if open_sockets:
            self._turn += 1
            ack = await self._by_socket(open_sockets[self._turn % len(open_sockets)], kind, payload, retry)
        elif self.events_url:
            ack = await self._by_http(kind, payload, retry)
        else:
            ack = Ack(kind, 0, 0.0, "", payload, "nowhere", "dispatch_failed")
        return self._noted(ack)

    def _noted(self, ack: Ack) -> Ack:
        self.acks.append(ack)
        if ack.problem == "operation_timeout":
            self._violations["late_ack"] += 1
        elif ack.problem and ack.via != "nowhere":
            self._violations["failed_ack"] += 1
        return ack

    async def _by_socket(self, socket: Socket, kind: str, payload: Json, retry: tuple[int, str] | None) -> Ack:
        self._envelope += 1
        envelope: Json = {
            "envelope_id": str(uuid.uuid5(ENVELOPES, str(self._envelope))),
            "type": kind,
            "accepts_response_payload": kind != "events_api",
            "payload": payload,
        }
        if kind == "events_api":
            envelope |= {"retry_attempt": retry[0] if retry else 0, "retry_reason": retry[1] if retry else ""}
        began = time.perf_counter()
        told: Json = {}
        problem = ""
        try:
            told = await on_loop(socket.loop, socket.ask(envelope, self.ack_seconds))
        except TimeoutError:
            problem = "operation_timeout"
        except (OSError, RuntimeError, WebSocketDisconnect):
            problem = "dispatch_failed"
        body = json.dumps(told["payload"]) if told.get("payload") else ""
        spent = time.perf_counter() - began
        return Ack(kind, 0 if problem else 200, spent, body, payload, "socket", problem)

    async def _by_http(self, kind: str, payload: Json, retry: tuple[int, str] | None) -> Ack:
        if kind == "events_api":
            raw, content_type = json.dumps(payload).encode(), "application/json"
        else:
            fields = payload if kind == "slash_commands" else {"payload": json.dumps(payload)}
            raw, content_type = urlencode(fields).encode(), "application/x-www-form-urlencoded"
        headers = self.signed(raw, content_type)
        if retry:
            headers |= {"X-Slack-Retry-Num": str(retry[0]), "X-Slack-Retry-Reason": retry[1]}
        return await self._post(kind, payload, raw, headers)

    async def _post(self, kind: str, payload: Json, raw: bytes, headers: dict[str, str]) -> Ack:
        began = time.perf_counter()
        status, body, problem = 0, "", ""
        try:
            limit = aiohttp.ClientTimeout(total=self.ack_seconds)
            async with self._session().post(self.events_url, data=raw, headers=headers, timeout=limit) as answer:
                status, body = answer.status, await answer.text()
            problem = "" if status == 200 else "dispatch_failed"
        except TimeoutError:
            status, problem = 0, "operation_timeout"
        except (aiohttp.ClientError, OSError, UnicodeDecodeError):
            status, problem = 0, "dispatch_failed"
        return Ack(kind, status, time.perf_counter() - began, body, payload, "http", problem, raw, headers)

    async def again(self, ack: Ack) -> Ack:
        """The very same bytes, headers and signature once more (over HTTP only): a replayed request."""
        return self._noted(await self._post(ack.kind, ack.payload, ack.raw, ack.headers))

    async def event(self, event_id: str, attempt: int = 0, reason: str = "") -> Ack:
        """Deliver an event, for the first time or again; a failure is put down for Slack's next retry."""
        ack = await self.deliver("events_api", self.events[event_id], (attempt, reason) if attempt else None)
        if ack.problem and ack.via != "nowhere" and attempt < len(EVENT_RETRY_SECONDS):
            why = "http_timeout" if ack.problem == "operation_timeout" else "http_error"
            why = "connection_failed" if ack.problem == "dispatch_failed" and not ack.status else why
            when = self._clock.now().timestamp() + EVENT_RETRY_SECONDS[attempt]
            self.due.append((when, event_id, attempt + 1, why))
        return ack

    def keep(self, payload: Json) -> str:
        """Remember an event so that it can be delivered again; its id."""
        event_id = str(payload["event_id"])
        self.events[event_id] = payload
        if len(self.events) > KEPT_EVENTS:
            self.events.pop(next(iter(self.events)))
        return event_id

    async def retry_due(self) -> list[Ack]:
        """Send the failed events whose next retry has come (on the virtual clock)."""
        now = self._clock.now().timestamp()
        ripe = [row for row in self.due if row[0] <= now]
        self.due = [row for row in self.due if row[0] > now]
        return [await self.event(event_id, attempt, reason) for _, event_id, attempt, reason in ripe]

    # Socket Mode, the server's side

    async def serve(self, websocket: WebSocket) -> None:
        """One connection of the app's, from hello to its end."""
        await websocket.accept()
        if len([s for s in self.sockets if not s.leaving]) >= SOCKET_CONNECTIONS:
            await websocket.close(1013, "too_many_websockets")
            return
        socket = Socket(websocket, asyncio.get_running_loop())
        self.sockets.append(socket)
        hello: Json = {"type": "hello", "num_connections": len(self.sockets), "connection_info": {"app_id": APP_ID}}
        hello["debug_info"] = {"host": "applink-sandbox", "build_number": 1, "approximate_connection_time": 18060}
        try:
            await websocket.send_text(json.dumps(hello))
            while (message := await websocket.receive())["type"] != "websocket.disconnect":
                socket.heard(message.get("text") or "")
        except (RuntimeError, WebSocketDisconnect):  # closed meanwhile, from either side
            pass
        finally:
            socket.lost()
            self.sockets.remove(socket)

    async def refresh(self, reason: str = "refresh_requested") -> None:
        """Ask every connection to come back, as Slack does every few hours (also: warning, link_disabled)."""
        for socket in list(self.sockets):
            await on_loop(socket.loop, socket.disconnect(reason))

    async def cut(self) -> None:
        """Every connection breaks without a word."""
        for socket in list(self.sockets):
            await on_loop(socket.loop, socket.cut())

    # the client side

    def _session(self) -> aiohttp.ClientSession:
        loop = asyncio.get_running_loop()
        session = self._sessions.get(loop)
        if session is None or session.closed:
            session = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), trust_env=False)
            self._sessions[loop] = session
        return session

    async def aclose(self) -> None:
        """Close sockets and this loop's HTTP connections."""
        for socket in list(self.sockets):
            await on_loop(socket.loop, socket.cut())
        session = self._sessions.pop(asyncio.get_running_loop(), None)
        if session is not None:
            await session.close()


def wrapped(event: Json, team_id: str, event_id: str, seconds: int, bot_user: str) -> Json:
    """The envelope around every event: https://docs.slack.dev/apis/events-api (Event type structure)."""
    body: dict[str, Any] = event["event"]
    return {
        "token": "sandbox-verification-token",
        "team_id": team_id,
        "context_team_id": team_id,
        "context_enterprise_id": None,
        "api_app_id": APP_ID,
        "event": body,
        "type": "event_callback",
        "event_id": event_id,
        "event_time": seconds,
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": team_id,
                "user_id": bot_user,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": event["shared"],
        "event_context": f"4-{event_id}",
    }
