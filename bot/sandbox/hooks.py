"""The customers' webhooks: receivers on this machine, over TLS, that check each signature and show what they were told.

Every host name of a webhook in the catalog leads here, through the carrier's own name service.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from ssl import SSLContext

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.app import listen
from bot.sandbox.certificates import certificates
from bot.sandbox.ledger import Json, Ledger, SandboxClock
from bot.sandbox.teams_faults import Reset

OLDEST = 300
"""Seconds by which a call's time may be off (Standard Webhooks, signature verification)."""
METHOD = "webhook.post"
"""What the fault script can hit. Kinds: drop_before, accept_then_drop, accept_then_500, status, rate_limited, delay."""


class FakeHooks:
    """Receivers of webhooks. What they took is in `calls`, the oldest first, and in the ledger."""

    def __init__(self, ledger: Ledger, clock: SandboxClock, key: bytes) -> None:
        """`key`: the shared secret."""
        self.ledger = ledger
        self.clock = clock
        self.calls: list[Json] = []
        self.port = 0
        self.asked: list[str] = []
        self._key = key

    async def resolve(self, host: str, port: int) -> list[tuple[str, int]]:
        """The sandbox's name service: every name is this machine."""
        del port
        self.asked.append(host)
        return [("127.0.0.1", self.port)]

    @asynccontextmanager
    async def serving(self, hosts: Sequence[str]) -> AsyncIterator[SSLContext]:
        """Listen while the block lasts; yields a context that trusts these receivers."""
        app = Starlette(routes=[Route("/{path:path}", self._called, methods=["POST"])])
        with certificates([*hosts, "localhost"]) as (cert, key, trust):
            sock = listen("127.0.0.1", 0)
            self.port = sock.getsockname()[1]
            config = uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                lifespan="off",
                ssl_certfile=cert,
                ssl_keyfile=key,
                ws="websockets-sansio",
            )
            server = uvicorn.Server(config)
            running = asyncio.create_task(server.serve(sockets=[sock]))
            try:
                while not server.started and not running.done():  # noqa: ASYNC110 - uvicorn offers no event
                    await asyncio.sleep(0.01)
                yield trust
            finally:
                server.should_exit = True
                await running
                sock.close()

    async def _called(self, request: Request) -> Response:
        raw = await request.body()
        url = f"https://{request.headers['host'].partition(':')[0]}{request.url.path}"
        if not self._ours(request, raw):
            self.ledger.refuse("webhook", METHOD, url, "", {}, {"status": 401})
            return Response(status_code=401)
        fault = self.ledger.fault_for(METHOD, url)
        kind = fault.kind if fault is not None else ""
        if fault is not None and kind == "delay":
            await asyncio.sleep(fault.seconds)
        if fault is not None and kind in ("status", "rate_limited", "drop_before"):
            self.ledger.refuse("webhook", METHOD, url, "", {}, {"kind": kind})
            if kind == "drop_before":
                return Reset()
            wait = {"Retry-After": f"{fault.seconds:.0f}"} if kind == "rate_limited" else {}
            if fault.error:  # where a redirect leads
                wait["Location"] = fault.error
            return Response(status_code=429 if kind == "rate_limited" else fault.status, headers=wait)
        body = json.loads(raw)
        call = {"url": url, "body": body, "headers": dict(request.headers), "at": self.clock.now().isoformat()}
        self.calls.append(call)
        self.ledger.accept("webhook", METHOD, url, "amends", call)
        if kind == "accept_then_drop":
            return Reset()
        return Response(status_code=500 if kind == "accept_then_500" else 204)

    def _ours(self, request: Request, raw: bytes) -> bool:
        ident, stamp = request.headers.get("webhook-id", ""), request.headers.get("webhook-timestamp", "")
        if not stamp.isdigit() or abs(time.time() - int(stamp)) > OLDEST:
            return False
        mac = hmac.new(self._key, f"{ident}.{stamp}.".encode() + raw, hashlib.sha256).digest()
        wanted = f"v1,{base64.b64encode(mac).decode()}"
        return any(hmac.compare_digest(wanted, s) for s in request.headers.get("webhook-signature", "").split())

    def redraw(self, url: str, name: str, words: str, at: str) -> None:
        """Put back what was there before the sandbox was closed, as far as the outbox has it."""
        update = {"id": f"{url} {at}", "body": words, "status": ""}
        incident = {"name": name, "incident_updates": [update]}
        self.calls.append({"url": url, "body": {"page": {}, "incident": incident}, "headers": {}, "at": at})
