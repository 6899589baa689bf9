"""A whole server whose Teams signs as Microsoft does, on an event loop of its own, and requests made by hand."""

import asyncio
import functools
import hashlib
import json
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
from sqlalchemy import event, select
from starlette.applications import Starlette
from starlette.types import Message, Scope

from bot.app import listen, serving
from bot.sandbox.house import Sandbox, sandbox
from bot.sandbox.ledger import Json
from storage.tables import metadata

SLACK, TEAMS = "/slack/events", "/api/messages"
INCIDENTS, CHANNEL = "C0INCIDENTS", "19:incidents@thread.tacv2"
FORM, JSON = "application/x-www-form-urlencoded", "application/json"
LASTING = ("incidents", "events", "members", "tasks", "facts", "apologies", "approvals", "pings", "settings", "pins")
"""What an accepted line may change; requests, accounts, conversations and answers come and go."""
REFUSALS = {400, 401, 403, 413, 415}


@dataclass
class House:
    """A server with a Slack and a Teams that signs, on an event loop of its own, with one incident in it."""

    runner: asyncio.Runner
    box: Sandbox
    url: str
    session: aiohttp.ClientSession
    beside: sqlite3.Connection
    answers: list[bytes] = field(default_factory=list)

    def post(self, path: str, body: bytes, headers: Mapping[str, str] | list[tuple[str, str]]) -> int:
        """Send this; the status of the answer."""
        return self.runner.run(self._post(path, body, headers))

    async def _post(self, path: str, body: bytes, headers: Mapping[str, str] | list[tuple[str, str]]) -> int:
        async with self.session.post(f"{self.url}{path}", data=body, headers=headers) as answer:
            self.answers.append(await answer.read())
            return answer.status

    async def straight(self, path: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
        """Hand this to the web application without a network between: any header goes, and thousands a second."""
        scope: Scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "POST",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": b"",
            "headers": [(k.lower().encode(), v.encode("utf-8", "surrogatepass")) for k, v in headers.items()],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 3978),
        }
        told: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Message) -> None:
            told.append(message)

        await self.asgi(scope, receive, send)  # a fault of the application is raised here
        return told[0]["status"], b"".join(m.get("body", b"") for m in told[1:])

    @functools.cached_property
    def asgi(self) -> Starlette:
        """The same application that the server serves."""
        return self.box.app.asgi()

    def said(self) -> int:
        """How many things the platforms were asked to do, and did."""
        return len(self.box.ledger.entries)

    def slack(self, body: bytes, kind: str = FORM, **headers: str) -> int:
        """Send this, signed as Slack signs."""
        signed = self.box.slack.wire.signed(body, kind)
        return self.post(SLACK, body, signed | {k.replace("_", "-"): v for k, v in headers.items()})

    def teams(self, activity: Json, authorization: str | None = None) -> int:
        """Send this, signed as Microsoft signs (or with this header)."""
        token = self.box.teams.identity.sign(activity) if authorization is None else authorization
        headers = {"Content-Type": JSON} | ({"Authorization": token} if token else {})
        return self.post(TEAMS, json.dumps(activity).encode("utf-8", "surrogatepass"), headers)

    def settle(self) -> None:
        """Let everything go its way."""
        self.runner.run(self.box.settle())

    def writes(self) -> int:
        """A number that changes whenever anything is written (https://www.sqlite.org/pragma.html#pragma_data_version)."""
        found: int = self.beside.execute("PRAGMA data_version").fetchone()[0]
        return found

    def trace(self, *tables: str) -> str:
        """A digest of what these tables hold, or of the whole database."""
        return self.box.app.database.run(lambda c, _now: self._trace(c, tables))

    @staticmethod
    def _trace(connection: Any, tables: tuple[str, ...]) -> str:
        found = hashlib.sha256()
        for table in metadata.sorted_tables:
            if not tables or table.name in tables:
                for row in connection.execute(select(table)):
                    found.update(repr(row).encode("utf-8", "surrogatepass"))
        return found.hexdigest()


@contextmanager
def behind_doors(database: Path) -> Iterator[House]:
    """The server on this database, with an incident in it."""
    with asyncio.Runner() as runner, closing(sqlite3.connect(database)) as beside:
        stack = AsyncExitStack()
        runner.run(stack.__aenter__())
        sock = listen("127.0.0.1", 0)
        stack.callback(sock.close)
        port = sock.getsockname()[1]
        made = sandbox(port=port, database_url=f"sqlite:///{database}", tick_seconds=3600)
        box = runner.run(stack.enter_async_context(made))
        # without waiting for the disk: these tests do not pull the plug
        event.listen(box.app.database.engine, "connect", lambda c, _r: c.execute("PRAGMA synchronous=OFF"))
        runner.run(stack.enter_async_context(serving(box.app, sock)))

        async def opened() -> aiohttp.ClientSession:
            return await stack.enter_async_context(aiohttp.ClientSession())

        found = House(runner, box, f"http://127.0.0.1:{port}", runner.run(opened()), beside)
        ack = runner.run(
            box.slack.command("ana", INCIDENTS, "/incident", "declare Checkout is down sev2 services checkout")
        )
        assert ack.ok
        found.settle()
        for line in ("whoami", "show 1"):
            runner.run(box.teams.mention("ana", CHANNEL, line))
        found.settle()
        yield found
        runner.run(stack.aclose())


def command(**fields: str) -> bytes:
    """A slash command of Ana's that changes something."""
    form = {"command": "/incident", "text": "severity 1 sev1", "user_id": "U0ANA", "channel_id": INCIDENTS}
    return urlencode({**form, "team_id": "T0SANDBOX", "trigger_id": str(time.time_ns()), **fields}).encode()


def line(house: House, text: str = "severity 1 sev1", **changed: Any) -> Json:
    """A line of Ana's in her own chat."""
    teams = house.box.teams
    ana = teams.world.person("ana")
    place = teams.world.place(teams.world.personal_chat(ana))
    activity = teams._activity(ana, place, "message", str(time.time_ns()))
    return {**activity, "text": text, "textFormat": "plain", **changed}
