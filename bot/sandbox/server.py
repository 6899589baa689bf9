"""`amends sandbox`: the bot, a local Slack and a local Teams, and one page that shows them."""

import asyncio
from pathlib import Path

import click

from bot.app import listen, prepare, serving, until_signal
from bot.sandbox.house import CATALOG, SANDBOX_DATABASE, sandbox
from bot.sandbox.ledger import SandboxClock
from bot.sandbox.memory import remember, remembered, restore

__all__ = ["run"]


def run(host: str, port: int, *, migrate: bool, database_url: str | None, timezone: str = "UTC") -> None:
    """Serve the sandbox until a signal. Raises bot.settings.Wrong with a cure."""
    asyncio.run(_run(host, port, migrate=migrate, database_url=database_url or SANDBOX_DATABASE, timezone=timezone))


async def _run(host: str, port: int, *, migrate: bool, database_url: str, timezone: str) -> None:
    sock = listen(host, port)
    known = remembered(database_url)
    clock = SandboxClock(known.now, running=True) if known is not None else SandboxClock()
    catalog = CATALOG
    if known is not None and known.catalog and await asyncio.to_thread(Path(known.catalog).is_file):
        catalog = Path(known.catalog)
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
            async with serving(world.app, sock) as server:
                _hello(host, port)
                await until_signal(server)
                await remember(world, str(catalog))
        finally:
            click.echo("  The sandbox is closed. `make run` opens it again where it stood.")


def _hello(host: str, port: int) -> None:
    click.echo(f"\n  Amends sandbox: http://{host}:{port}/sandbox\n")
    click.echo("  A local Slack and a local Teams, no account needed. Ctrl+C ends it.\n")
