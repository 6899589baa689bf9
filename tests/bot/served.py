"""The real server as an outsider meets it: a process of its own, told of the world by nothing but its settings."""

import asyncio
import contextlib
import os
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import psycopg
import uvicorn
from sqlalchemy import make_url
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.sandbox.house import CATALOG, slack_seed, teams_seed
from bot.sandbox.ledger import Json, Ledger, SandboxClock
from bot.sandbox.slack import FakeSlack
from bot.sandbox.slack import Message as SlackMessage
from bot.sandbox.slack_blocks import texts
from bot.sandbox.teams import FakeTeams
from bot.sandbox.teams_courier import Delivery
from handlers.domain.catalog import parse_bytes

ROOT = Path(__file__).parents[2]
INCIDENTS, TEAMS_INCIDENTS = "C0INCIDENTS", "19:incidents@thread.tacv2"
MINIMUM = frozenset(
    {
        *("auth.test", "conversations.create", "conversations.list", "conversations.invite", "users.info"),
        *("chat.postMessage", "chat.postEphemeral", "chat.update", "chat.delete", "chat.getPermalink"),
        *("views.open", "views.push", "views.update", "views.publish"),
    }
)
"""All that the smallest Slack knows; everything else is `unknown_method` to it."""
OURS = ("AMENDS_", "SLACK_", "TEAMS_")
YESTERDAY = (datetime.now(UTC) - timedelta(days=1)).date().isoformat()
SOON = (datetime.now(UTC) + timedelta(days=3)).date().isoformat()
NEXT_WEEK = (datetime.now(UTC) + timedelta(days=7)).date().isoformat()


class Playground(FakeTeams):
    """Teams as the Agents Playground plays it: no token on the way in, and none wanted on the way out."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        """As FakeTeams; `bearers` collects what the bot sent along all the same."""
        super().__init__(*args, **settings)
        self.bearers: list[str] = []
        self.identity.is_bearer = self._anybody  # type: ignore[method-assign]

    def _anybody(self, header: str | None) -> bool:
        if header:
            self.bearers.append(header)
        return True

    async def _attempt(self, activity: Json, attempt: int, authorization: str | None, url: str) -> Delivery:
        return await super()._attempt(activity, attempt, authorization or "", url)


@dataclass
class Bot:
    """One run of `python -m bot serve`."""

    process: "subprocess.Popen[bytes]"
    url: str
    log_file: Path

    @property
    def log(self) -> str:
        """Everything it said on standard error."""
        return self.log_file.read_text(encoding="utf-8", errors="replace")

    async def ready(self) -> None:
        """Wait until it serves."""
        async with aiohttp.ClientSession() as session:
            for _ in range(600):
                assert self.process.poll() is None, self.log
                with contextlib.suppress(aiohttp.ClientError):
                    async with session.get(f"{self.url}/readyz") as answer:
                        assert answer.status == 200
                        return
                await asyncio.sleep(0.05)
        raise AssertionError(self.log)

    async def end(self, how: signal.Signals = signal.SIGTERM, within: float = 15) -> int:
        """End it so; its exit status."""
        self.process.send_signal(how)
        return await asyncio.to_thread(self.process.wait, within)


@dataclass
class World:
    """A Slack and a Teams on loopback, a folder with a database, and whoever serves them."""

    folder: Path
    slack: FakeSlack
    teams: Playground
    ledger: Ledger
    address: str
    port: int
    settings: dict[str, str] = field(default_factory=dict)
    bots: list[Bot] = field(default_factory=list)
    module: str = "bot"  # or one of the tests' that begins like it
    url: str = ""  # how the test itself reaches a PostgreSQL, which may be another way than the server's

    @property
    def database(self) -> Path:
        """The file of the database."""
        return self.folder / "amends.db"

    def start(self, *words: str, port: int = 0, **settings: str) -> Bot:
        """Start the server; it is not ready yet. `port`: a second one's; `settings` that are its own."""
        bot = launch(self.folder, self.settings | settings, port or self.port, *words, module=self.module)
        self.bots.append(bot)
        return bot

    async def served(self, *words: str, port: int = 0, **settings: str) -> Bot:
        """Start the server and wait until it answers."""
        bot = self.start(*words, port=port, **settings)
        await bot.ready()
        return bot

    # --- looking ---------------------------------------------------------------------------------------------------------

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """What the database holds."""
        if self.url:
            return self._asked(query, values)
        with contextlib.closing(sqlite3.connect(self.database, timeout=10)) as connection:
            return connection.execute(query, values).fetchall()

    def alter(self, line: str, *values: object) -> None:
        """Change the database behind the server's back."""
        if self.url:
            self._asked(line, values)
            return
        with contextlib.closing(sqlite3.connect(self.database, timeout=10)) as connection:
            connection.execute(line, values)
            connection.commit()

    def _asked(self, line: str, values: tuple[object, ...]) -> list[tuple[Any, ...]]:
        where = make_url(self.url).set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(where, autocommit=True) as connection:
            found = connection.execute(line.replace("?", "%s").encode(), values or None)
            return found.fetchall() if found.description else []

    def waiting(self) -> list[tuple[Any, ...]]:
        """Posts that were written down and have not come to an end."""
        return self.rows("SELECT key, state, error FROM outbox WHERE state NOT IN ('sent', 'dead') AND due IS NOT NULL")

    async def settled(self, seconds: float = 20) -> None:
        """Wait until everything that was written down is on screen."""
        await eventually(lambda: not self.waiting(), seconds, self.waiting)

    def room(self, number: int = 1) -> str:
        """The Slack channel of an incident."""
        return next((c.id for c in self.slack.world.channels.values() if c.name.startswith(f"inc-{number}-")), "")

    def said(self, channel: str) -> list[str]:
        """What stands in a Slack channel, each message as words."""
        return [shown(m) for m in self.slack.messages(channel)] if channel else []

    def threads(self, conversation: str = TEAMS_INCIDENTS) -> list[str]:
        """What stands in a Teams channel, each message as its JSON."""
        return [f"{m.text} {m.attachments}" for m in self.teams.world.messages.get(conversation, {}).values()]

    def counted(self, *tables: str) -> tuple[int, ...]:
        """How many rows each table holds."""
        names = tables or ("incidents", "events", "outbox", "facts", "apologies", "approvals", "tasks", "members")
        return tuple(self.rows(f"SELECT count(*) FROM {n}")[0][0] for n in names)

    # --- acting ----------------------------------------------------------------------------------------------------------

    async def says(self, user: str, words: str, channel: str = INCIDENTS) -> str:
        """Type a slash command; what its answer says to whoever typed it."""
        ack = await self.slack.command(user, channel, "/incident", words)
        assert ack.ok, (ack.status, ack.body, self.bots[-1].log[-2000:])
        return " ".join(texts(ack.answer.get("blocks", []))) or str(ack.answer.get("text", ""))

    def button(self, channel: str, part: str) -> tuple[str, str, str]:
        """The last message with a button that says this: its ts, the action id, the value."""
        for message in reversed(self.slack.messages(channel)):
            for block in message.blocks:
                for element in block.get("elements", []):
                    if element.get("type") == "button" and part in str(element.get("value")):
                        return message.ts, element["action_id"], element["value"]
        raise AssertionError(f"no button says {part!r} in {self.said(channel)}")

    async def press(self, user: str, channel: str, part: str) -> None:
        """Press that button."""
        ts, action, value = self.button(channel, part)
        ack = await self.slack.press(user, channel, ts, action, value=value)
        assert ack.ok, ack


def shown(message: SlackMessage) -> str:
    """A Slack message as words."""
    return " ".join([message.text, *texts(message.blocks)])


async def eventually(
    true: Callable[[], object], seconds: float = 20, otherwise: Callable[[], object] = lambda: ""
) -> None:
    """Wait until it is so."""
    end = asyncio.get_running_loop().time() + seconds
    while not true():
        if asyncio.get_running_loop().time() > end:
            raise AssertionError(f"it did not come to it: {otherwise()}")
        await asyncio.sleep(0.02)


def free_port() -> int:
    """A port nobody listens on."""
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as found:
        return int(found.getsockname()[1])


def environment(settings: dict[str, str]) -> dict[str, str]:
    """The environment of a process of its own: nobody's settings but these."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(OURS)}
    return kept | {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error::RuntimeWarning"} | settings


def command(folder: Path, settings: dict[str, str], *words: str) -> "subprocess.Popen[bytes]":
    """`amends …` in a folder of its own."""
    line = [sys.executable, "-m", "bot", *words]
    return subprocess.Popen(line, cwd=folder, env=environment(settings), stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def launch(folder: Path, settings: dict[str, str], port: int, *words: str, module: str = "bot") -> Bot:
    """`amends serve` on this port, its log in a file. `module`: one of the tests' that begins like it."""
    log_file = folder / f"serve-{len(list(folder.glob('serve-*')))}.log"
    with log_file.open("wb") as log:
        line = [sys.executable, "-m", module, "serve", "--port", str(port), *words]
        process = subprocess.Popen(line, cwd=folder, env=environment(settings), stdout=log, stderr=log)
    return Bot(process, f"http://127.0.0.1:{port}", log_file)


def without_scopes(app: ASGIApp) -> ASGIApp:
    """The same server, but it never names the scopes it granted."""

    async def plain(scope: Scope, receive: Receive, send: Send) -> None:
        async def bare(message: Message) -> None:
            if message["type"] == "http.response.start":
                kept = [(k, v) for k, v in message["headers"] if k.lower() != b"x-oauth-scopes"]
                message = {**message, "headers": kept}
            await send(message)

        await app(scope, receive, bare)

    return plain


@asynccontextmanager
async def listening(app: ASGIApp) -> AsyncIterator[str]:
    """An app on a free loopback port, on this very event loop; its address."""
    # with its protocol named: asyncio sets TCP_NODELAY only then, without it each answer takes 40 ms
    listener = socket.socket(proto=socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", ws="websockets-sansio")
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup([listener])
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        for door in server.servers:
            door.close()
        for connection in list(server.server_state.connections):
            transport = getattr(connection, "transport", None)
            if transport is not None:
                transport.abort()
        for task in server.server_state.tasks:  # what hangs by the fault script
            task.cancel()
        await asyncio.gather(*server.server_state.tasks, return_exceptions=True)
        listener.close()


@asynccontextmanager
async def world(
    folder: Path,
    *,
    platforms: Sequence[str] = ("slack",),
    socket_mode: bool = False,
    scopes: bool = True,
    catalog: Path = CATALOG,
    template: Path | None = None,
    url: str = "",
    **slack_options: Any,
) -> AsyncIterator[World]:
    """A Slack and a Teams on loopback and the settings that name them; every server started here is ended here.

    `template`: a migrated database to begin with, for speed; `url`: a migrated PostgreSQL instead. `scopes`: whether Slack names the scopes it granted.
    """
    clock = SandboxClock()
    ledger = Ledger(clock)
    cast = parse_bytes(catalog.read_bytes(), filename=catalog.name)
    slack = FakeSlack(ledger, clock, seed=slack_seed(cast), **slack_options)
    people, teams_ = teams_seed(cast)
    teams = Playground(ledger, clock, people=people, teams=teams_, chats=[])
    if template is not None:
        (folder / "amends.db").write_bytes(template.read_bytes())
    app: ASGIApp = Starlette(routes=[Mount("/slack", routes=slack.routes()), Mount("/teams", routes=teams.routes())])
    async with listening(app if scopes else without_scopes(app)) as address:
        port = free_port()
        slack.base_url = f"{address}/slack"
        slack.events_url = "" if socket_mode else f"http://127.0.0.1:{port}/slack/events"
        slack.wire.signing_time = lambda: datetime.now(UTC)
        teams.service_url = f"{address.replace('127.0.0.1', 'localhost')}/teams/"
        teams.messages_url = f"http://127.0.0.1:{port}/api/messages"
        settings = {"AMENDS_CATALOG": str(catalog), "AMENDS_LOG": "json"}
        if "slack" in platforms:
            settings |= {"SLACK_API_URL": slack.api_url, "SLACK_BOT_TOKEN": slack.bot_token}
            settings |= (
                {"SLACK_APP_TOKEN": slack.app_token} if socket_mode else {"SLACK_SIGNING_SECRET": slack.signing_secret}
            )
        if "teams" in platforms:
            settings |= {"TEAMS_UNAUTHENTICATED": "loopback", "TEAMS_INCIDENTS_CHANNEL": TEAMS_INCIDENTS}
        if url:
            settings["AMENDS_DATABASE_URL"] = url
        found = World(folder, slack, teams, ledger, address, port, settings, url=url)
        try:
            yield found
        finally:
            for bot in found.bots:
                if bot.process.poll() is None:
                    bot.process.kill()
                await asyncio.to_thread(bot.process.wait)
            await slack.aclose()
        for bot in found.bots:
            assert "Traceback" not in bot.log, bot.log


async def together(*work: Awaitable[Any]) -> list[Any]:
    """All at once."""
    return list(await asyncio.gather(*work))


def in_slack(folder: Path) -> Path:
    """The sandbox's house, but every customer is in Slack."""
    file = folder / "house.yaml"
    text = CATALOG.read_text(encoding="utf-8").replace('teams: "19:fabrikam@thread.tacv2"', "slack: C0FABRIKAM")
    file.write_text(text, encoding="utf-8")
    return file


async def recap(house: World) -> None:
    """Open the recap form, fill it in, send it."""
    await house.says("ana", "recap 1")
    view = house.slack.top_view("ana")
    assert view is not None
    answers = {"seen": "could not pay", "day": YESTERDAY, "from": "09:02", "to": "10:10", "zone": "UTC"}
    answers |= {"count": "1,200 customers", "trigger": "an expired certificate", "state": "fixed", "data-loss": "no"}
    answers |= {"change": "Alert before certificates expire", "change-by": "U0NOOR", "change-due": NEXT_WEEK}
    answers |= {"next-report": SOON}
    ack = await house.slack.submit("ana", view.id, answers)
    assert ack.ok, ack.body
    assert house.slack.top_view("ana") is None, (ack.body, view.errors)


async def approved(house: World) -> None:
    """From a resolved incident with a recap to an apology that two people approved."""
    said = ""
    for who, line in (
        ("ben", 'apology draft 1 signatory "Morgan Cole"'),
        ("ben", 'apology fill 1 contact "help@shop.example"'),
        ("ben", "apology submit 1"),
        ("ana", "apology approve 1"),
        ("cleo", "apology approve 1"),
    ):
        said += f"\n>> {line}\n{await house.says(who, line)}"
    assert house.rows("SELECT state FROM apologies") == [("approved",)], said
