"""The sandbox closed and opened again: what stood on screen stands there, and its buttons work."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.app import listen, prepare, serving
from bot.sandbox.house import CATALOG, Sandbox, sandbox
from bot.sandbox.ledger import SandboxClock
from bot.sandbox.memory import remember, remembered, restore

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
DAY_LONG = 3600
"""Seconds between ticks: this test settles by itself."""


@asynccontextmanager
async def opened(url: str, clock: SandboxClock) -> AsyncIterator[Sandbox]:
    """A sandbox on this database, as `amends sandbox` opens and leaves it."""
    sock = listen("127.0.0.1", 0)
    port = sock.getsockname()[1]
    async with sandbox(port=port, database_url=url, clock=clock, tick_seconds=DAY_LONG) as world:
        prepare(world.app.database, world.app.settings)
        await restore(world)
        async with serving(world.app, sock):
            yield world
            await remember(world, str(CATALOG))


async def test_what_stood_on_screen_stands_there_again_and_can_be_pressed(tmp_path: Path) -> None:
    """A room, its card, and the time survive; a press on the old card changes it in both platforms."""
    url = f"sqlite:///{tmp_path / 'sandbox.db'}"
    async with opened(url, SandboxClock(NOON)) as world:
        await world.slack.command("U0ANA", "#incidents", "/incident", "declare Checkout is down sev2 services checkout")
        await world.settle()
        world.clock.wind(timedelta(hours=1))
    known = remembered(url)
    assert known is not None
    assert known.now == NOON + timedelta(hours=1)
    async with opened(url, SandboxClock(known.now)) as world:
        room = next(c for c in world.slack.world.channels.values() if c.name == "inc-1-checkout-is-down")
        card = next(m for m in room.messages.values() if "Severity: SEV2" in m.text)
        await world.slack.press("U0ANA", room.id, card.ts, "say:1", value="status 1 identified")
        await world.settle()
        assert "Status: Identified" in room.messages[card.ts].text
        thread = [m for said in world.teams.world.messages.values() for m in said.values()]
        assert any("Identified" in str(m.attachments) for m in thread)
