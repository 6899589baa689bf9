"""A local Slack and a local Teams peopled from a catalog, on a server of their own, with the bot between them."""

import asyncio
import base64
import contextlib
import secrets
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import uvicorn
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount

from bot.app import App, Outside, listen
from bot.sandbox import page
from bot.sandbox.hooks import FakeHooks
from bot.sandbox.ledger import Ledger, SandboxClock
from bot.sandbox.mailbox import FakeMail
from bot.sandbox.slack import FakeSlack
from bot.sandbox.slack_records import BOT_USER, CONTOSO_TEAM
from bot.sandbox.slack_records import Channel as SlackChannel
from bot.sandbox.slack_records import Person as SlackPerson
from bot.sandbox.teams import Channel as TeamsChannel
from bot.sandbox.teams import FakeTeams, Team
from bot.sandbox.teams import Person as TeamsPerson
from bot.settings import Settings
from bot.webhook.shape import SECRET_PREFIX
from handlers.domain.catalog import Catalog, parse_bytes
from storage import outbox

CATALOG = Path(__file__).parent / "house.catalog.yaml"
SANDBOX_DATABASE = "sqlite:///sandbox.db"


def slack_seed(catalog: Catalog) -> tuple[list[SlackPerson], list[SlackChannel]]:
    """Slack people and channels of a catalog: colleagues, a guest, one from a customer; #incidents and customers'."""
    people = [
        SlackPerson(p.slack, p.email.split("@")[0] or p.name.split()[0].lower(), p.name, p.email, title=p.title)
        for p in catalog.people
        if p.slack
    ]
    house = [p.id for p in people]
    outsiders = [
        SlackPerson("U0GUEST", "gus", "Gus Guest", "gus@contractor.example", title="Contractor", is_restricted=True),
        SlackPerson("U0STRANGER", "sol", "Sol Stern", "sol@contoso.example", CONTOSO_TEAM, "IT lead"),
    ]
    rooms = [
        SlackChannel("C0GENERAL", "general", [*house], is_general=True, creator=house[0]),
        SlackChannel("C0INCIDENTS", "incidents", [*house, "U0GUEST", BOT_USER], creator=house[0]),
    ]
    for customer in catalog.customers:
        for channel in customer.channels:
            if channel.platform == "slack":
                stranger = ["U0STRANGER"] if customer.key == "contoso" else []
                rooms.append(
                    SlackChannel(
                        channel.address,
                        f"ext-{customer.key}",
                        [*house, *stranger, BOT_USER],
                        creator=house[0],
                        connected=[f"T0{customer.key.upper()}"],
                    )
                )
    return [*people, *outsiders], rooms


def teams_seed(catalog: Catalog) -> tuple[list[TeamsPerson], list[Team]]:
    """Teams people and teams of a catalog: Operations with General and Incidents, and the customers' channels."""
    people = [
        TeamsPerson(p.teams.removeprefix("29:"), p.name, p.email) for p in catalog.people if p.teams.startswith("29:")
    ]
    keys = tuple(p.key for p in people)
    operations = Team(
        "19:operations@thread.tacv2",
        "Operations",
        (TeamsChannel("19:operations@thread.tacv2", "General"), TeamsChannel("19:incidents@thread.tacv2", "Incidents")),
        keys,
    )
    shared = tuple(
        TeamsChannel(channel.address, customer.name, "shared", members=(*keys, *(("gil",) if n == 0 else ())))
        for n, (customer, channel) in enumerate(
            (c, ch) for c in catalog.customers for ch in c.channels if ch.platform == "teams"
        )
    )
    customers = Team(
        "19:customers@thread.tacv2", "Customers", (TeamsChannel("19:customers@thread.tacv2", "General"), *shared), keys
    )
    guest = TeamsPerson("gil", "Gil Guest", "gil@fabrikam.example", "99999999-9999-4999-8999-999999999999", "guest")
    return [*people, guest], [operations, customers]


@dataclass
class Sandbox:
    """The fakes, the bot, and the clock they share."""

    clock: SandboxClock
    ledger: Ledger
    slack: FakeSlack
    teams: FakeTeams
    mail: FakeMail
    hooks: FakeHooks
    app: App

    async def settle(self, rounds: int = 40) -> None:
        """Carry everything that is due, and wait until nothing moves (replay, tests)."""
        for _ in range(rounds):
            await self.slack.drain()
            if self.app.slack_door is not None:
                await self.app.slack_door.drain()
            await self.app.delivery.drain()
            busy = await self.app.store.rows(outbox.moving)
            if not busy:
                return
            await asyncio.sleep(0.02)

    async def wind(self, by: timedelta) -> None:
        """Wind the clock on, in steps no longer than the shortest cadence, and do what falls due on the way."""
        goal = self.clock.now() + by
        while (left := goal - self.clock.now()) > timedelta():
            self.clock.wind(min(left, STEP))
            await self.app.intake.tick()
            self.app.delivery.wake()
            await asyncio.sleep(0)


SLOW = 60
"""Seconds between ticks from which on the clock is somebody else's to wind (replay), and nothing is paced."""
STEP = timedelta(minutes=5)
"""How far the clock jumps between two ticks when it is wound."""


@contextlib.contextmanager
def _quiet_server(app: Starlette) -> Iterator[uvicorn.Server]:
    config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", ws="websockets-sansio")
    server = uvicorn.Server(config)
    yield server


@asynccontextmanager
async def sandbox(
    *,
    port: int,
    database_url: str,
    host: str = "127.0.0.1",
    catalog_file: Path = CATALOG,
    clock: SandboxClock | None = None,
    timezone: str = "UTC",
    socket_mode: bool = False,
    platforms: tuple[str, ...] = ("slack", "teams"),
    only: frozenset[str] | None = None,
    migrate: bool = True,
    tick_seconds: float = 1,
    slack_options: dict[str, Any] | None = None,
) -> AsyncIterator[Sandbox]:
    """The local platforms, running, and the bot wired to them but not yet started (see `bot.app.serve`).

    `port` is where the bot will listen. Everything is loopback.
    """
    catalog = parse_bytes(await asyncio.to_thread(catalog_file.read_bytes), filename=catalog_file.name)
    clock = clock or SandboxClock()
    ledger = Ledger(clock)
    slack = FakeSlack(ledger, clock, seed=slack_seed(catalog), only=only, **(slack_options or {}))
    team_people, teams_ = teams_seed(catalog)
    teams = FakeTeams(ledger, clock, people=team_people, teams=teams_, chats=[])
    sock = listen("127.0.0.1", 0)
    base = f"http://127.0.0.1:{sock.getsockname()[1]}"
    world = Starlette(routes=[Mount("/slack", routes=slack.routes()), Mount("/teams", routes=teams.routes())])
    slack.base_url = f"{base}/slack"
    slack.events_url = f"http://{host}:{port}/slack/events"
    slack.wire.signing_time = lambda: datetime.now(UTC)  # the door checks ages by real time
    teams.service_url = f"{base}/teams/"
    teams.messages_url = f"http://{host}:{port}/api/messages"
    async with post_office(catalog, ledger, clock) as office:
        settings = _settings(
            slack, teams, database_url, catalog_file, timezone, port, platforms, socket_mode=socket_mode
        ).model_copy(update=office.settings)
        box: list[Sandbox] = []

        def rows() -> list[dict[str, Any]]:
            return box[0].app.database.run(lambda c, _now: [outbox.as_json(s) for s in outbox.all_states(c, limit=300)])

        async def wind(by: timedelta) -> None:
            await box[0].wind(by)

        letters = (office.mail, office.hooks)
        routes: list[BaseRoute] = list(
            page.routes(slack, teams, ledger, clock, outbox=rows, wind=wind, timezone=timezone, letters=letters)
        )
        outside = Outside(
            clock=clock.now,
            teams_token=lambda: (teams.identity.issue(), 3600),
            teams_openid=f"{base}/teams/v1/.well-known/openidconfiguration",
            teams_hosts=("127.0.0.1",),
            teams_service_url=teams.service_url,
            tick_seconds=tick_seconds,
            paced=tick_seconds < SLOW,
            migrate=migrate,
            webhook_resolve=office.hooks.resolve,
            webhook_tls=office.trust,
            routes=routes,
        )
        box.append(Sandbox(clock, ledger, slack, teams, *letters, App(settings, outside)))
        with _quiet_server(world) as server:
            running = asyncio.create_task(server.serve(sockets=[sock]))
            try:
                while not server.started:  # noqa: ASYNC110 - uvicorn offers no event
                    await asyncio.sleep(0.01)
                yield box[0]
            finally:
                await slack.aclose()
                server.should_exit = True
                await running
                sock.close()


@dataclass(frozen=True)
class PostOffice:
    """The customers' mailboxes and webhooks, running; `settings` lead the bot there, `trust` knows their receivers."""

    mail: FakeMail
    hooks: FakeHooks
    settings: dict[str, Any]
    trust: ssl.SSLContext


@asynccontextmanager
async def post_office(catalog: Catalog, ledger: Ledger, clock: SandboxClock) -> AsyncIterator[PostOffice]:
    """A mail server and receivers for every webhook of the catalog, on loopback, while the block lasts."""
    key = secrets.token_bytes(32)
    mail, hooks = FakeMail(ledger, clock), FakeHooks(ledger, clock, key)
    called = [ch.address for c in catalog.customers for ch in c.channels if ch.platform == "webhook"]
    async with hooks.serving([urlsplit(address).hostname or "" for address in called]) as trust:
        try:
            settings = {
                "smtp_url": SecretStr(f"smtp://127.0.0.1:{await mail.start()}"),
                "mail_from": "Example Status <status@example.com>",
                "webhook_secret": SecretStr(f"{SECRET_PREFIX}{base64.b64encode(key).decode()}"),
                "webhook_private": "127.0.0.0/8",
            }
            yield PostOffice(mail, hooks, settings, trust)
        finally:
            await mail.close()


def _settings(
    slack: FakeSlack,
    teams: FakeTeams,
    database_url: str,
    catalog: Path,
    timezone: str,
    port: int,
    platforms: tuple[str, ...],
    *,
    socket_mode: bool,
) -> Settings:
    given: dict[str, Any] = {
        "AMENDS_DATABASE_URL": database_url,
        "AMENDS_CATALOG": catalog,
        "AMENDS_TIMEZONE": timezone,
        "AMENDS_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "SLACK_BOT_TOKEN": "",
        "SLACK_SIGNING_SECRET": "",
        "SLACK_APP_TOKEN": "",
        "SLACK_INCIDENTS_CHANNEL": "incidents",
        "TEAMS_APP_ID": "",
        "TEAMS_APP_PASSWORD": "",
        "TEAMS_TENANT_ID": "",
        "TEAMS_UNAUTHENTICATED": "",
        "TEAMS_INCIDENTS_CHANNEL": "",
    }
    if "slack" in platforms:
        given |= {
            "SLACK_BOT_TOKEN": slack.bot_token,
            "SLACK_SIGNING_SECRET": slack.signing_secret,
            "SLACK_API_URL": slack.api_url,
            "SLACK_APP_TOKEN": slack.app_token if socket_mode else "",
        }
    if "teams" in platforms:
        given |= {
            "TEAMS_APP_ID": teams.app_id,
            "TEAMS_APP_PASSWORD": teams.app_password,
            "TEAMS_TENANT_ID": teams.tenant_id,
            "TEAMS_INCIDENTS_CHANNEL": "19:incidents@thread.tacv2",
        }
    fields = {str(f.validation_alias): n for n, f in Settings.model_fields.items()}
    secret = {n for n, f in Settings.model_fields.items() if f.annotation is SecretStr}
    values = {fields[k]: SecretStr(v) if fields[k] in secret else v for k, v in given.items()}
    defaults = {n: f.default for n, f in Settings.model_fields.items() if n not in values}
    return Settings.model_construct(**(defaults | values))
