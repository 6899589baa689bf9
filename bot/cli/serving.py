"""`serve`, `sandbox`, `run`, `replay`, `migrate`: the commands that start something."""

import asyncio
import logging
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, TypeVar

import click
from sqlalchemy import func, inspect, select
from sqlalchemy.exc import SQLAlchemyError

from bot.cli.opening import embedded_file, reason
from bot.logs import configure
from bot.settings import Settings, Wrong, check_host, read, redacted
from storage import migrate as schema
from storage.database import make_engine
from storage.tables import incidents

PORT = 3978
"""Where Teams tools look for a bot.
https://learn.microsoft.com/microsoftteams/platform/toolkit/debug-your-teams-app-test-tool"""
PLAY = "sqlite:///sandbox.db"
"""The sandbox's own database, so that play and real never mix."""

C = TypeVar("C", bound=Callable[..., Any])


def _door(command: C) -> C:
    """The options of whatever listens."""
    host = click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
    port = click.option(
        "--port", type=click.IntRange(1, 65535), default=PORT, show_default=True, help="Port to listen on."
    )
    bare = click.option("--no-migrate", is_flag=True, help="Refuse to start unless the schema is current already.")
    return host(port(bare(command)))


@click.command(short_help="Serve Slack and Teams until a signal.")
@_door
def serve(host: str, port: int, no_migrate: bool) -> None:
    """Serve Slack and Teams, the status page and the clock, until a signal."""
    _serve(read(), host, port, no_migrate)


@click.command(short_help="Try it all on a local Slack and Teams: no account needed.")
@_door
def sandbox(host: str, port: int, no_migrate: bool) -> None:
    """Try everything on a local Slack and a local Teams in one page: no account, no tenant, no token."""
    _sandbox(read(), host, port, no_migrate)


@click.command(short_help="Serve if credentials are set, else the sandbox.")
@_door
def run(host: str, port: int, no_migrate: bool) -> None:
    """What `make run` does: serve if Slack or Teams credentials are set, else the sandbox."""
    settings = read()
    if settings.slack or settings.teams:
        _serve(settings, host, port, no_migrate)
    else:
        _sandbox(settings, host, port, no_migrate)


def _serve(settings: Settings, host: str, port: int, no_migrate: bool) -> None:
    check_host(settings, host)
    _log(settings)
    from bot.app import App, Outside, listen, serve as serve_until_signal  # noqa: I001 - imported late: the SDKs take a second

    def ready() -> None:
        names = " and ".join(n for n, on in (("Slack", settings.slack), ("Teams", settings.teams)) if on)
        click.echo(
            f"Amends listens on http://{_shown(host)}:{port}{f' for {names}' if names else ''}. Ctrl+C ends it.",
            err=True,
        )
        if not names:
            click.echo(
                "Neither Slack nor Teams is set up: only the status page is served. `amends sandbox` needs neither.",
                err=True,
            )

    async def until_signal() -> None:
        sock = listen(host, port)
        try:
            await serve_until_signal(App(settings, Outside(migrate=not no_migrate)), sock, ready=ready)
        finally:
            sock.close()

    with signals():
        asyncio.run(until_signal())


def _sandbox(settings: Settings, host: str, port: int, no_migrate: bool) -> None:
    _log(settings)
    from bot.sandbox.server import run as run_sandbox

    url = settings.database_url if "database_url" in settings.model_fields_set else None
    with signals():
        run_sandbox(host, port, migrate=not no_migrate, database_url=url, timezone=settings.timezone)


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _log(settings: Settings) -> None:
    configure(settings.log or ("text" if sys.stderr.isatty() else "json"), level=logging.INFO)


@contextmanager
def signals() -> Iterator[None]:
    """Ctrl+C and SIGTERM end a start at once and a running server in good order, with exit status 0.

    uvicorn handles both signals while it serves and raises them again when it is done, before the outbox is drained:
    that second one is passed over (uvicorn.server.Server.capture_signals).
    """

    def on(number: int, frame: FrameType | None) -> None:
        while frame is not None:
            if frame.f_code.co_name == "capture_signals":
                return
            frame = frame.f_back
        raise SystemExit(128 + number)

    before = {number: signal.signal(number, on) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@click.command(short_help="Play a scenario on the sandbox's platforms.")
@click.argument("file", metavar="FILE|NAME")
def replay(file: str) -> None:
    """Play a scenario, by path or by the name of a shipped one (bpos-2010), on the sandbox's platforms.

    It never touches a real platform. The database is AMENDS_DATABASE_URL, or else the sandbox's own; it must hold no
    incident yet. `amends sandbox` then shows what happened.
    """
    settings = read()
    url = settings.database_url if "database_url" in settings.model_fields_set else PLAY
    _empty(settings.model_copy(update={"database_url": url}))
    from bot.sandbox.replay import run as play

    play(file, url)


def _empty(settings: Settings) -> None:
    """Refuse a database that holds incidents, before anything of the scenario touches it."""
    file = embedded_file(settings)
    if file is not None and not file.exists():
        return
    where = redacted(settings.database_url)
    engine = make_engine(settings.database_url)
    try:
        held = 0
        if inspect(engine).has_table(incidents.name):
            with engine.connect() as connection:
                held = connection.execute(select(func.count(incidents.c.number))).scalar_one()
    except SQLAlchemyError as error:
        raise Wrong(f"The database {where} does not answer ({reason(error)}). Mend AMENDS_DATABASE_URL.") from None
    finally:
        engine.dispose()
    if held:
        mend = f"remove {file}" if file is not None else "empty it"
        raise Wrong(
            f"The database {where} holds {held} incident{'s' * (held != 1)}; a replay wants an empty one. Set "
            f"AMENDS_DATABASE_URL to a new file, or {mend}."
        )


@click.command(short_help="Bring the database to the current schema.")
def migrate() -> None:
    """Bring the database to the current schema; safe to run from several replicas at once.

    A copy of an embedded database is made beside it first.
    """
    settings = read()
    file = embedded_file(settings)
    if file is not None and not file.parent.is_dir():
        raise Wrong(f"There is no folder {file.parent} for the database. Make it, or mend AMENDS_DATABASE_URL.")
    where = redacted(settings.database_url)
    engine = make_engine(settings.database_url)
    try:
        if not schema.known(engine):
            raise Wrong(f"The database {where} belongs to a newer Amends. Use that version, or restore a backup.")
        changed = schema.migrate(engine)
    except SQLAlchemyError as error:
        raise Wrong(
            f"The database {where} could not be brought up to date ({reason(error)}). "
            "Start it, or mend AMENDS_DATABASE_URL."
        ) from None
    finally:
        engine.dispose()
    click.echo(f"{where} is {'now' if changed else 'already'} at the current schema, {schema.head()}.")
