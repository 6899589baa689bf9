"""`amends sandbox`: the bot, a local Slack and a local Teams, and one page that shows them."""

import asyncio
from pathlib import Path

import click

from bot.app import listen, prepare, serve
from bot.sandbox.house import CATALOG, SANDBOX_DATABASE, sandbox
from bot.sandbox.ledger import SandboxClock
from bot.sandbox.memory import remembered, restore

__all__ = ["run"]


def run(host: str, port: int, *, migrate: bool, database_url: str | None, timezone: str = "UTC") -> None:
    """Serve the sandbox until a signal. Raises bot.settings.Wrong with a cure."""
    asyncio.run(_run(host, port, migrate=migrate, database_url=database_url or SANDBOX_DATABASE, timezone=timezone))


async def _run(host: str, port: int, *, migrate: bool, database_url: str, timezone: str) -> None:
    sock = listen(host, port)
    known = remembered(database_url)
    clock = SandboxClock()
    catalog = CATALOG
    if known is not None:
        clock.set(known.now)
        found = Path(known.catalog)
        catalog = found if known.catalog and found.is_file() else CATALOG  # noqa: ASYNC240 - once, before anything runs
    async with sandbox(
        host=host,
        port=port,
        database_url=database_url,
        catalog_file=catalog,
        clock=clock,
        timezone=timezone,
        migrate=migrate,
    ) as world:
        prepare(world.app.database, world.app.settings, migrate_too=migrate)
        await restore(world)
        try:
            await serve(world.app, sock, ready=lambda: _hello(host, port))
        finally:
            click.echo("  The sandbox is closed. `make run` opens it again where it stood.")


def _hello(host: str, port: int) -> None:
    click.echo(f"\n  Amends sandbox: http://{host}:{port}/sandbox\n")
    click.echo("  A local Slack and a local Teams, no account needed. Ctrl+C ends it.\n")
