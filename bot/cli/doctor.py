"""`doctor`: is everything in place, and how to mend what is not."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Literal

import click
from sqlalchemy import Connection, func, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from bot.cli.catalog import summary
from bot.cli.opening import embedded_file, reason, there
from bot.settings import Settings, Wrong, read, redacted
from bot.store import Store
from handlers.domain.catalog import Catalog
from handlers.domain.letter import PLATFORMS
from storage import migrate
from storage import outbox as posts
from storage.database import Database, full, make_engine
from storage.tables import catalogs
from storage.tables import rooms as room_rows
from storage.tables import settings as setting_rows

LEAST_DISK = 200_000_000
"""Bytes that should be free where an embedded database lies: room for its log and a copy before a migration. Ours."""
DATABASE_SKEW_SECONDS = 5
"""The database's clock rules reminders; further apart than this, log lines and records disagree visibly. Ours."""
PLATFORM_SKEW_SECONDS = 60
"""A clock that is off by a minute is on its way to 300 s, where requests and tokens are refused.
https://docs.slack.dev/authentication/verifying-requests-from-slack"""
CALL_SECONDS = 8
PROBE = """
CREATE UNLOGGED TABLE amends_doctor AS SELECT repeat(md5(n::text), 58) AS filler FROM generate_series(1, 4300) AS n
"""
"""Eight megabytes: rows just too short to be compressed."""


@dataclass(frozen=True, slots=True)
class Check:
    """What was looked at and what was found; a fault says how to mend it."""

    subject: str
    words: str
    state: Literal["ok", "fault", "note"] = "ok"


@click.command(short_help="Check everything; say how to mend each fault.")
@click.pass_context
def doctor(ctx: click.Context) -> None:
    """Check settings, database, migrations, tokens, scopes, channels, clocks; say how to mend each fault.

    Exit status 1 if anything is at fault. Nothing is changed and nothing is posted.
    """
    faults = 0
    try:
        settings = read()
    except Wrong as wrong:
        faults += _say(Check("Settings", str(wrong), "fault"))
        written = _as_written()
        if written is None:
            ctx.exit(1)
        settings = written
    else:
        _say(Check("Settings", "every value can be read."))
    usable = True
    for check in _local(settings):
        faults += _say(check)
        usable = usable and not (check.state == "fault" and check.subject in {"Database", "Migrations"})
    faults += asyncio.run(_outside(settings, usable=usable))
    click.echo(f"{faults} fault{'s' * (faults != 1)}." if faults else "All is well.")
    if faults:
        ctx.exit(1)


def _say(check: Check) -> bool:
    """Print a line; whether it is a fault."""
    click.echo(f"{check.state:<6} {check.subject}: {check.words}")
    return check.state == "fault"


def _as_written() -> Settings | None:
    """The settings with half-set platforms, so that the rest can be looked at; None if they cannot be read at all."""
    try:
        found = Settings(_env_file=".env")  # type: ignore[call-arg]  # pydantic-settings' own argument
        backend = make_url(found.database_url).get_backend_name()
    except (ValueError, ArgumentError):
        return None
    return found if backend in ("sqlite", "postgresql") else None


def _local(settings: Settings) -> Iterator[Check]:
    """What this machine can tell: catalog, database, schema, clock, disk, outbox."""
    yield from _catalog_file(settings)
    where = redacted(settings.database_url)
    try:
        there(settings)
    except Wrong as wrong:
        yield Check("Database", str(wrong), "fault")
        return
    database = Database(make_engine(settings.database_url))
    try:
        database.ping()
        yield Check("Database", f"{where} answers.")
        yield from _schema(database, settings)
        yield from _clock(database)
        yield from _room(database)
    except SQLAlchemyError as error:
        mend = "Start it, or mend AMENDS_DATABASE_URL"
        if not database.sqlite:
            mend += "; one whose disk is full of its own log stays down until there is room"
        yield Check("Database", f"{where} does not answer ({reason(error)}). {mend}.", "fault")
    finally:
        database.dispose()
    yield from _disk(settings)
    days = settings.retention_days
    after = f"who left is erased after {days} days without a trace." if days else "nothing is erased by itself."
    yield Check("Retention", after, "note")


def _catalog_file(settings: Settings) -> Iterator[Check]:
    """The file that each start loads."""
    if settings.catalog is None:
        return
    from bot.app import read_catalog

    try:
        read_catalog(settings.catalog)
    except Wrong as wrong:
        yield Check("Catalog", str(wrong), "fault")
    else:
        yield Check("Catalog", f"{settings.catalog} can be loaded.")


def _schema(database: Database, settings: Settings) -> Iterator[Check]:
    engine = database.engine
    with engine.connect() as connection:
        at = migrate.revision(connection)
    if not migrate.known(engine):
        yield Check("Migrations", f"{at} is of a newer Amends. Start that version, or restore a backup.", "fault")
    elif at != migrate.head():
        state = f"the schema is at {at}, not at {migrate.head()}" if at else "there is no schema yet"
        yield Check("Migrations", f"{state}. Run `amends migrate`.", "fault")
    else:
        yield Check("Migrations", f"the schema is current, {at}.")
        yield from database.run(lambda connection, now: list(_contents(database, settings, connection, now)))


def _contents(database: Database, settings: Settings, connection: Connection, now: datetime) -> Iterator[Check]:
    if connection.execute(select(func.count(catalogs.c.number))).scalar_one():
        catalog = database.catalog(connection)
        yield Check("Catalog", f"{summary(catalog)}.")
        yield from _by_hand(settings, catalog)
    elif settings.catalog is None:
        yield Check(
            "Catalog",
            "none is loaded, so nobody can be told. Run `amends catalog load FILE`, or set AMENDS_CATALOG.",
            "fault",
        )
    counts = posts.counts(connection)
    reasons = posts.reasons(connection, "dead")
    stuck = [f"{counts[state]} {state}" for state in ("unknown", "held", "dead") if counts.get(state)]
    late = posts.overdue(connection, now)
    if late:
        yield Check(
            "Outbox",
            f"{late} post{'s are' if late != 1 else ' is'} overdue by a minute and more. Is a server running?",
            "fault",
        )
    if stuck:
        why = ", ".join(f"{count} {reason}" for reason, count in reasons)
        dead = f" Dead because of: {why}." if why else ""
        yield Check("Outbox", f"{', '.join(stuck)}: `amends outbox list` names them.{dead}", "note")
    yield from _troubles(connection)
    if not late and not stuck:
        yield Check("Outbox", "nothing is stuck.")


def _troubles(connection: Connection) -> Iterator[Check]:
    """What the servers told the house of, and is not over."""
    mends = {
        "away": "does not answer the servers. Check the network and the platform's own status page.",
        "refused": "does not take the bot. Set another token and start the servers again.",
        "archived": "takes no posts in its incidents channel. Unarchive it and invite the bot, or name another one.",
        "clock": "has a clock that is off the database's by minutes. Set it (chrony, systemd-timesyncd).",
    }
    query = select(setting_rows).where(setting_rows.c.name.like("trouble.%"), setting_rows.c.value != "")
    for row in connection.execute(query.order_by(setting_rows.c.name)).mappings():
        _, what, where = row["name"].split(".", 2)
        yield Check("Trouble", f"{PLATFORMS.get(where, where)} {mends.get(what, what)}", "fault")
    shut = select(room_rows).where(room_rows.c.fault != "").order_by(room_rows.c.incident, room_rows.c.platform)
    for row in connection.execute(shut).mappings():
        words = f"INC-{row['incident']} has no room of its own in {PLATFORMS[row['platform']]} ({row['fault']})."
        yield Check("Rooms", words, "note")


def _by_hand(settings: Settings, catalog: Catalog) -> Iterator[Check]:
    """Those whom nobody can tell but a person, because a way out is not set up."""
    on = {"slack": settings.slack, "teams": settings.teams, "email": settings.mail, "webhook": settings.webhooks}
    for platform in ("email", "webhook"):
        waiting = [
            c
            for c in catalog.customers
            if any(ch.platform == platform for ch in c.channels) and not any(on[ch.platform] for ch in c.channels)
        ]
        if waiting and not on[platform]:
            names = ", ".join(c.name for c in waiting[:5]) + (" and more" if len(waiting) > 5 else "")
            yield Check("Catalog", f"{names}: told by hand, because {PLATFORMS[platform]} is not set up.", "note")
    if any(rule.webhook for rule in catalog.policy.on_call) and not settings.webhooks:
        yield Check("Catalog", "the on-call service is not told (`on_call`): webhooks are not set up.", "fault")


def _clock(database: Database) -> Iterator[Check]:
    """PostgreSQL's clock beside this machine's; an embedded database has no other."""
    if database.sqlite:
        return
    with database.engine.connect() as connection:
        theirs = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
    yield _skew("Database clock", theirs, DATABASE_SKEW_SECONDS)


def _room(database: Database) -> Iterator[Check]:
    """Whether PostgreSQL has room: how much its disk has cannot be asked, so a little is written and undone.

    Without its log, which may be what is nearly full. https://www.postgresql.org/docs/current/sql-createtable.html
    """
    if database.sqlite:
        return
    try:
        with database.engine.connect() as connection:
            connection.execute(text(PROBE))
            connection.rollback()
    except DBAPIError as error:
        if full(error):
            words = (
                f"PostgreSQL finds no room ({reason(error)}). Make some on its disk; nothing is recorded until then."
            )
            yield Check("Disk", words, "fault")
        elif getattr(error.orig, "sqlstate", None) == "42501":
            yield Check("Disk", "not looked at: this user of PostgreSQL may not make a table.", "note")
        else:
            raise
    else:
        yield Check("Disk", "PostgreSQL has room for 8 MB and more.")


def _skew(subject: str, theirs: datetime, most: float) -> Check:
    apart = (datetime.now(UTC) - theirs).total_seconds()
    side = "ahead" if apart > 0 else "behind"
    if abs(apart) <= most:
        return Check(subject, f"this machine is within {most:.0f} s of it.")
    return Check(
        subject, f"this machine is {abs(apart):.0f} s {side}. Set its clock (chrony, systemd-timesyncd).", "fault"
    )


def _disk(settings: Settings) -> Iterator[Check]:
    file = embedded_file(settings)
    if file is None:
        return
    try:
        free = shutil.disk_usage(file.resolve().parent).free
    except OSError as error:
        yield Check("Disk", f"cannot be looked at ({error.strerror}).", "fault")
        return
    wanted = max(LEAST_DISK, 2 * file.stat().st_size)
    words = f"{free / 1e9:.1f} GB are free beside {file}"
    if free < wanted:
        yield Check("Disk", f"{words}; {wanted / 1e9:.1f} GB are wanted. Make room, or move the database.", "fault")
    else:
        yield Check("Disk", f"{words}.")


async def _outside(settings: Settings, *, usable: bool) -> int:
    """Slack and Teams, asked in person; how many faults."""
    faults = 0
    async for check in _slack(settings):
        faults += _say(check)
    async for check in _teams(settings, usable=usable):
        faults += _say(check)
    async for check in _mail(settings):
        faults += _say(check)
    for check in _webhooks(settings):
        faults += _say(check)
    return faults


async def _slack(settings: Settings) -> AsyncIterator[Check]:
    token = settings.slack_bot_token.get_secret_value()
    if not token:
        yield Check("Slack", "off (SLACK_BOT_TOKEN is not set).", "note")
        return
    from bot.slack.carry import SlackCarrier

    carrier = SlackCarrier(token, api_url=settings.slack_api_url)
    try:
        faults = await carrier.check(settings.slack_incidents_channel)
        if carrier.me is not None and (app_token := settings.slack_app_token.get_secret_value()):
            faults += await carrier.check_socket(app_token)
    finally:
        await carrier.close()
    for fault in faults:
        yield Check("Slack", fault.removeprefix("Slack: "), "fault")
    if not faults:
        team = carrier.me.name if carrier.me else ""
        where = f" of {team}" if team else ""
        yield Check("Slack", f"token, scopes and #{settings.slack_incidents_channel.lstrip('#')}{where} are fine.")
    if settings.slack_app_token.get_secret_value():
        yield Check("Slack", "Socket Mode: no public address is needed.", "note")
    async for check in _slack_clock(settings.slack_api_url):
        yield check


async def _slack_clock(api_url: str) -> AsyncIterator[Check]:
    """Slack's clock, from the Date header of https://docs.slack.dev/reference/methods/api.test."""
    import aiohttp

    timeout = aiohttp.ClientTimeout(total=CALL_SECONDS)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.post(api_url.rstrip("/") + "/api.test", allow_redirects=False) as response,
        ):
            said = response.headers.get("Date", "")
    except (aiohttp.ClientError, TimeoutError, ValueError):
        return  # that Slack cannot be reached was said already
    try:
        theirs = parsedate_to_datetime(said)
    except ValueError:
        return
    yield _skew("Slack clock", theirs, PLATFORM_SKEW_SECONDS)


async def _teams(settings: Settings, *, usable: bool) -> AsyncIterator[Check]:
    if settings.loopback:
        yield Check("Teams", "unsigned, for local tools on this machine only (TEAMS_UNAUTHENTICATED=loopback).", "note")
        return
    if not (settings.teams_app_id and settings.teams_app_password.get_secret_value() and settings.teams_tenant_id):
        yield Check("Teams", "off (TEAMS_APP_ID is not set)." if not settings.teams_app_id else "half set.", "note")
        return
    if not usable:
        yield Check("Teams", "not asked: it needs the database.", "note")
        return
    from bot.teams.carry import TeamsCarrier
    from bot.teams.connector import Connector

    store = _store(settings)
    connector = Connector(
        settings.teams_app_id, settings.teams_app_password.get_secret_value(), settings.teams_tenant_id
    )
    try:
        faults = await TeamsCarrier(connector, store, settings.teams_tenant_id).check()
    finally:
        connector.close()
        store.close()
    for fault in faults:
        yield Check("Teams", fault.removeprefix("Teams: "), "fault")
    if not faults:
        yield Check("Teams", "the token is good and the incidents channel is known.")


async def _mail(settings: Settings) -> AsyncIterator[Check]:
    if not settings.mail or not settings.mail_from:
        half = settings.mail or settings.mail_from
        yield Check("Mail", "half set." if half else "off (AMENDS_SMTP_URL is not set).", "note")
        return
    from bot.mail.carry import MailCarrier
    from bot.mail.server import mail_sender, mail_server

    try:
        server, sender = mail_server(settings.smtp_url.get_secret_value()), mail_sender(settings.mail_from)
    except ValueError:  # said among the settings already
        yield Check("Mail", "not asked: its settings cannot be read.", "note")
        return
    faults = await MailCarrier(server, sender).check()
    for fault in faults:
        yield Check("Mail", fault, "fault")
    if not faults:
        how = "TLS" if server.tls else "STARTTLS" if server.starttls else "no encryption"
        who = "as the user that is set" if server.user else "without a user"
        yield Check("Mail", f"{server} lets us in ({how}, {who}); no mail was sent.")


def _webhooks(settings: Settings) -> Iterator[Check]:
    if not settings.webhooks:
        yield Check("Webhooks", "off (AMENDS_WEBHOOK_SECRET is not set).", "note")
        return
    private = f" Private networks that may be called: {settings.webhook_private}." if settings.webhook_private else ""
    yield Check("Webhooks", f"calls are signed.{private}")


def _store(settings: Settings) -> Store:
    return Store(Database(make_engine(settings.database_url)))
