"""The composition root: every part, in the order they start and stop. The only file that knows them all."""

import asyncio
import socket
import ssl
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog
import uvicorn
from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from bot.clock import Metronome
from bot.delivery import CALL_SECONDS, Delivery, lock_incident
from bot.intake import AWAY, House, Intake
from bot.mail.carry import MailCarrier, utc_now
from bot.mail.server import mail_sender, mail_server
from bot.rates import Rates
from bot.retention import Retention
from bot.settings import Settings, Wrong, redacted
from bot.slack.carry import SlackCarrier
from bot.slack.listen import SlackDoor
from bot.store import Store
from bot.teams.carry import TeamsCarrier
from bot.teams.connector import Connector
from bot.teams.hosts import Hosts
from bot.teams.keys import KeySet
from bot.teams.listen import TeamsListener
from bot.teams.tokens import Verifier
from bot.web import health
from bot.web.door import GIVEN_TWICE, body_of, given_twice
from bot.webhook import reach
from bot.webhook.carry import WebhookCarrier
from bot.webhook.shape import secret_of
from handlers.commands import ChannelMoved, ChannelTouched, LookedFor, PostSettled
from handlers.domain.catalog import CatalogErrors, parse_bytes, to_dict
from handlers.domain.delivery import Sent
from handlers.domain.incident import Setting
from storage import migrate, outbox
from storage.book import SqlBook
from storage.database import Database, make_engine

log = structlog.get_logger()

AUDIT_SECONDS = 60
"""How often the auditor asks: due over 60 s ago, neither sent nor held? (promises.md, section 3)."""
AGAIN_SECONDS = 5
"""How soon the auditor asks once more where posts seem to be late. Ours."""
END_SECONDS = 9.0
"""From the word that it should end until all is closed; a second is left of the ten (promises.md, section 4) for the
process itself. What follows is shared out of it."""
ANSWERS_SECONDS = 5
"""How long requests that are under way may take to their answers; nobody waits longer (Slack 3 s, Teams 5)."""
CALLS_SECONDS = CALL_SECONDS + 0.5
"""How long posts that are under way may take to their outcomes, beside that; a call ends by itself before."""
NOTED_AGAIN = (1, 5, 30, 120, 600)
"""Seconds between tries to write down what a platform told by the way. Whatever is lost after that is asked for when
it matters: a post without an echo is looked for, a channel is looked at before a customer's post. Ours."""
LOOK_SECONDS = 1.0
"""How long a look at the outbox may hold up the end; it is taken again after the next start. Ours."""


@dataclass(frozen=True)
class Outside:
    """What the sandbox (and tests) put in place of the world; the defaults are the world."""

    clock: Callable[[], datetime] | None = None
    teams_token: Callable[[], tuple[str, float]] | None = None
    teams_openid: str = ""
    teams_hosts: tuple[str, ...] = ()
    teams_service_url: str = ""
    webhook_resolve: reach.Resolve = reach.system
    webhook_tls: ssl.SSLContext | None = None
    tick_seconds: float = 1
    paced: bool = True
    migrate: bool = True
    routes: Sequence[BaseRoute] = field(default=())


class App:
    """One server: both platforms, the outbox, the clock, the web side."""

    def __init__(self, settings: Settings, outside: Outside | None = None) -> None:
        """Wire the parts; nothing is opened before `start`."""
        self.settings = settings
        self.outside = outside or Outside()
        self.database = Database(make_engine(settings.database_url), self.outside.clock)
        self.store = Store(self.database)
        platforms = tuple(p for p, on in (("slack", settings.slack), ("teams", settings.teams)) if on)
        outlets = tuple(p for p, on in (("email", settings.mail), ("webhook", settings.webhooks)) if on)
        self.intake = Intake(self.store, House(settings.zone, platforms, settings.public_url, outlets))
        self.delivery = Delivery(self.store, self.intake, {})
        self.intake.wake = self.delivery.wake
        self.retention = Retention(self.store, settings.retention_days)
        self.metronome = Metronome(self._tick, self.outside.tick_seconds)
        self.slack: SlackCarrier | None = None
        self.slack_door: SlackDoor | None = None
        self.teams: TeamsCarrier | None = None
        self.teams_door: TeamsListener | None = None
        self._stack = AsyncExitStack()
        self._running: asyncio.Task[None] | None = None
        self._ends: float | None = None  # when it must have ended, seconds on the loop's clock
        self._retaining: asyncio.Task[None] | None = None
        self._audited = 0.0

    async def _tick(self) -> None:
        await self.intake.tick()
        if time.monotonic() - self._audited > AUDIT_SECONDS:
            self._audited = time.monotonic()
            if await self.delivery.audit():
                self._audited -= AUDIT_SECONDS - AGAIN_SECONDS
            await self.delivery.clocks(await health.refresh(self.store), socket.gethostname())
            self._retain()

    def _retain(self) -> None:
        """Erase what is to be erased, beside the clock: it may take many small steps, and reminders do not wait."""
        if self._retaining is None or self._retaining.done():
            self._retaining = asyncio.create_task(self._retained())

    async def _retained(self) -> None:
        try:
            await self.retention.tick()
        except AWAY as error:
            log.warning("not looked for what is to be erased", error=type(error).__name__)

    async def start(self) -> None:
        """Database, schema, catalog, platforms, then the outbox and the clock. Raises Wrong with a cure."""
        await asyncio.to_thread(prepare, self.database, self.settings, migrate_too=self.outside.migrate)
        if self.settings.slack:
            await self._start_slack()
        if self.settings.teams:
            await self._start_teams()
        self._start_letters()
        self._running = asyncio.create_task(self.delivery.run())
        self.metronome.start()

    async def _start_slack(self) -> None:
        settings = self.settings
        carrier = SlackCarrier(
            settings.slack_bot_token.get_secret_value(),
            api_url=settings.slack_api_url,
            rates=Rates(self.store),
            paced=self.outside.paced,
        )
        await carrier.start()
        self._stack.push_async_callback(carrier.close)
        problems = await carrier.check(settings.slack_incidents_channel, vital=True)
        channel = None if problems else await carrier.find_channel(settings.slack_incidents_channel)
        if channel is None:
            raise Wrong(problems[0] if problems else "Slack did not answer. Start again in a moment.")
        await self.store.book(lambda book: book.put(Setting("slack.incidents", channel[0])))
        self.slack = carrier
        self.delivery.carriers["slack"] = carrier
        self.slack_door = SlackDoor(
            self.intake,
            carrier,
            settings.slack_signing_secret.get_secret_value(),
            arrived=self._arrived,
            told=self._told,
        )
        self._stack.push_async_callback(self._shut, self.slack_door)
        if token := settings.slack_app_token.get_secret_value():
            for problem in await carrier.check_socket(token):
                raise Wrong(problem)
            await self.slack_door.start_socket(token)

    async def _arrived(self, nonce: str, found: Sent) -> None:
        """The echo of our own post settles its row, whatever became of the answer."""

        def settled(book: SqlBook) -> None:
            lock_incident(book, outbox.incident_of(book.connection, nonce))
            post = outbox.arrived(book.connection, book.now, nonce, found)
            if post is None:
                return
            self.intake.machine(book, LookedFor(post.id, found=True))
            if post.audience == "customer":
                self.intake.machine(book, PostSettled(post.key))

        await self._noted("an echo", settled)

    async def _told(self, command: ChannelTouched | ChannelMoved) -> None:
        """A platform told that a channel changed."""
        await self._noted("a change of a channel", lambda book: self.intake.machine(book, command))

    async def _noted(self, what: str, work: Callable[[SqlBook], None]) -> None:
        """Write down what nobody waits for; again, for a while, where the database is away."""
        for pause in NOTED_AGAIN:
            try:
                return await self.store.book(work)
            except AWAY as error:
                log.warning("not recorded yet", what=what, error=type(error).__name__)
            await asyncio.sleep(pause)
        log.error("not recorded", what=what)
        return None

    async def _start_teams(self) -> None:
        settings, outside = self.settings, self.outside
        hosts = Hosts(local=outside.teams_hosts, any_loopback=settings.loopback)
        keys = KeySet(outside.teams_openid) if outside.teams_openid else KeySet()
        verifier = Verifier(
            settings.teams_app_id,
            settings.teams_tenant_id,
            keys,
            hosts=hosts,
            unauthenticated_loopback=settings.loopback,
        )
        connector = Connector(
            settings.teams_app_id,
            settings.teams_app_password.get_secret_value(),
            settings.teams_tenant_id,
            hosts=hosts,
            token_source=outside.teams_token,
        )
        self._stack.callback(connector.close)
        carrier = TeamsCarrier(
            connector,
            self.store,
            settings.teams_tenant_id,
            outside.teams_service_url,
            f"28:{settings.teams_app_id}" if settings.teams_app_id else "",
            dialogs=not settings.loopback,
            paced=self.outside.paced,
        )
        for problem in await carrier.check_token():
            raise Wrong(problem)
        if settings.teams_incidents_channel:
            channel = settings.teams_incidents_channel
            await self.store.book(lambda book: book.put(Setting("teams.incidents", channel)))
        self.teams = carrier
        self.delivery.carriers["teams"] = carrier
        self.teams_door = TeamsListener(self.intake, self.store, connector, verifier, carrier)
        self._stack.push_async_callback(self._shut, self.teams_door)

    def _start_letters(self) -> None:
        """E-mail and webhooks, where they are set up. They are ways out only: nothing is asked of them at start."""
        settings, outside = self.settings, self.outside
        clock = outside.clock or utc_now
        if settings.mail:
            server = mail_server(settings.smtp_url.get_secret_value())
            self.delivery.carriers["email"] = MailCarrier(server, mail_sender(settings.mail_from), clock=clock)
        if settings.webhooks:
            self.delivery.carriers["webhook"] = WebhookCarrier(
                self.store,
                secret_of(settings.webhook_secret.get_secret_value()),
                public_url=settings.public_url,
                private=reach.networks(settings.webhook_private),
                resolve=outside.webhook_resolve,
                tls=outside.webhook_tls,
            )

    async def rest(self) -> None:
        """Tick and claim no more, and let the posts that are under way finish."""
        if self._ends is not None:
            return
        loop = asyncio.get_running_loop()
        self._ends = loop.time() + END_SECONDS
        until = loop.time() + CALLS_SECONDS
        self.metronome.stop()
        if self._retaining is not None:
            self._retaining.cancel()
            await asyncio.gather(self._retaining, return_exceptions=True)
        await self.delivery.stop(CALLS_SECONDS)
        if self._running is not None:
            _, late = await asyncio.wait({self._running}, timeout=LOOK_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(self._running, return_exceptions=True)
            await self.delivery.stop(max(0.0, until - loop.time()))  # what was being claimed when it was said first

    async def stop(self) -> None:
        """Come to rest, then close everything. Also after a start that broke off."""
        await self.rest()
        await self._stack.aclose()
        self.store.end()
        await asyncio.to_thread(self.store.close)

    async def _shut(self, door: SlackDoor | TeamsListener) -> None:
        """Close a door; what it is still at may take what is left of the time."""
        left = 0.0 if self._ends is None else self._ends - asyncio.get_running_loop().time()
        await door.close(max(LOOK_SECONDS / 2, left))

    def asgi(self) -> Starlette:
        """The web application of this server; `serving` starts and stops the parts behind it."""
        routes: list[BaseRoute] = [
            Route("/slack/events", self._slack, methods=["POST"]),
            Route("/api/messages", self._teams, methods=["POST"]),
            *health.routes(self.store),
            *self.outside.routes,
        ]
        app = Starlette(routes=routes)
        app.router.redirect_slashes = False  # a redirect would lead to whatever host the request named
        return app

    async def _slack(self, request: Request) -> Response:
        if self.slack_door is None:
            return PlainTextResponse("Slack is not switched on here.\n", 404)
        body = await body_of(request)
        if body is None:
            return PlainTextResponse("The request did not arrive in time.\n", 400)
        if given_twice(request):
            return PlainTextResponse(GIVEN_TWICE, 401)
        answered = await self.slack_door.handle(request.headers, body)
        return Response(answered.body, answered.status, answered.headers)

    async def _teams(self, request: Request) -> Response:
        if self.teams_door is None:
            return PlainTextResponse("Teams is not switched on here.\n", 404)
        body = await body_of(request)
        if body is None:
            return PlainTextResponse("The request did not arrive in time.\n", 400)
        if given_twice(request):
            return PlainTextResponse(GIVEN_TWICE, 401)
        peer = request.client.host if request.client else ""
        status, content = await self.teams_door.handle(request.headers, body, peer)
        return Response(status_code=status) if content is None else JSONResponse(content, status)


def prepare(database: Database, settings: Settings, *, migrate_too: bool = True) -> None:
    """Reach the database, bring it up to date, load the catalog. Raises Wrong with a cure."""
    where = redacted(settings.database_url)
    file = database.engine.url.database or ""
    if database.sqlite and not (folder := Path(file).parent).is_dir():
        raise Wrong(f"There is no folder {folder} for the database. Make it, or mend AMENDS_DATABASE_URL.")
    try:
        database.ping()
    except (SQLAlchemyError, OSError) as error:
        reason = str(getattr(error, "orig", error) or error).strip().splitlines()[0][:200]
        raise Wrong(
            f"The database {where} does not answer ({reason}). Start it, or mend AMENDS_DATABASE_URL."
        ) from None
    try:
        if not migrate.known(database.engine):
            raise Wrong(f"The database {where} belongs to a newer Amends. Start that version, or restore a backup.")
        if not migrate.current(database.engine):
            if not migrate_too:
                raise Wrong(
                    f"The database {where} is not up to date. Run `amends migrate`, or start without --no-migrate."
                )
            migrate.migrate(database.engine)
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", error) or error).strip().splitlines()[0][:200]
        raise Wrong(f"The database {where} could not be brought up to date ({reason}).") from None
    if settings.catalog is not None:
        load_catalog(database, settings.catalog)


def read_catalog(file: Path) -> tuple[dict[str, Any], str]:
    """A catalog file as stored content and digest. Raises Wrong naming the first fault and its line."""
    import hashlib

    try:
        data = file.read_bytes()
    except OSError as error:
        raise Wrong(f"The catalog {file} cannot be read ({error.strerror}). Mend AMENDS_CATALOG.") from None
    try:
        catalog = parse_bytes(data, filename=file.name)
    except CatalogErrors as errors:
        first, more = errors.errors[0], len(errors.errors) - 1
        where = f"line {first.line}: {f'{first.path}: ' if first.path else ''}{first.message}"
        rest = f", and {more} more: `amends catalog check {file}` lists them" if more else ""
        raise Wrong(f"The catalog {file} is not loaded: {where}{rest}. Mend the file, then start again.") from None
    return to_dict(catalog), hashlib.sha256(data).hexdigest()


def load_catalog(database: Database, file: Path) -> bool:
    """Make a file the current catalog, unless it is already; whether it changed."""
    content, digest = read_catalog(file)

    def work(connection: Any, now: datetime) -> bool:
        book = SqlBook(connection, now, database.catalog)
        if book.loaded_file() == digest:
            return False
        book.take_catalog(content, digest, file.name)
        return True

    return database.run(work)


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Its protocol is named, so that asyncio switches Nagle's delay off. Raises Wrong if taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((host, port))
    except OSError as error:
        found.close()
        raise Wrong(
            f"Port {port} on {host} cannot be opened ({error.strerror}). "
            "Choose another: --port 4000, or make run PORT=4000."
        ) from None
    found.listen(512)
    return found


@asynccontextmanager
async def serving(app: App, sock: socket.socket) -> AsyncIterator[uvicorn.Server]:
    """The server, started and listening; it stops when the block ends (or on a signal, see `serve`)."""
    config = uvicorn.Config(
        app.asgi(),
        log_config=None,
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=ANSWERS_SECONDS,
        server_header=False,
        proxy_headers=False,
    )
    server = uvicorn.Server(config)
    try:
        await app.start()
        running = asyncio.create_task(server.serve(sockets=[sock]))
        while not server.started and not running.done():  # noqa: ASYNC110 - uvicorn offers no event
            await asyncio.sleep(0.01)
        try:
            yield server
        finally:
            server.should_exit = True
            resting = asyncio.create_task(app.rest())  # while the last answers are made
            await running
            await resting
    finally:
        await app.stop()


async def serve(app: App, sock: socket.socket, *, ready: Callable[[], None] = lambda: None) -> None:
    """Serve until a signal; a wrong setting found while starting is raised as Wrong."""
    async with serving(app, sock) as server:
        ready()
        await until_signal(server)


async def until_signal(server: uvicorn.Server) -> None:
    """Wait until the server was told to stop."""
    while not server.should_exit:  # noqa: ASYNC110 - uvicorn sets it in its signal handler
        await asyncio.sleep(0.1)
