"""A sev1 at three in the morning with nobody answering, watched in a browser while the clock is wound for two hours."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.stories.page import Desk, opened

NIGHT = datetime(2026, 11, 20, 2, 40, tzinfo=UTC)
ROOM = "inc-1-checkout-is-down"


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """The sandbox, twenty to three."""
    async with opened(tmp_path, NIGHT) as found:
        yield found


async def wind(desk: Desk, minutes: int) -> None:
    """Press the clock on, five minutes at a time."""
    for _ in range(minutes // 5):
        before = desk.world.clock.now()
        await desk.page.get_by_test_id("clock-wind-5").click()
        while (desk.world.clock.now() - before).total_seconds() < 300:
            await desk.page.wait_for_timeout(20)
        await desk.world.settle()


async def test_two_hours_of_silence(desk: Desk) -> None:
    """Soon, due, overdue, escalated, and again: one card in each room that ages, and an end when Ben answers."""
    await desk.type("slack", "/incident declare Checkout is down sev1 services checkout region US")
    await expect(desk.teams).to_contain_text("INC-1 Checkout is down")
    await desk.slack_channel(ROOM)
    await desk.thread()
    await expect(desk.slack).to_contain_text("Investigating")
    await desk.type("slack", "/incident role 1 deputy @Ben")
    await expect(desk.slack).to_contain_text("Ben Okafor is deputy now.")
    await desk.type("slack", "/incident role 1 comms @Cleo")
    await expect(desk.slack).to_contain_text("Cleo Laurent is comms now.")
    await desk.type("slack", "/incident update Customers in the US cannot pay. We are looking at the payment gateway.")
    await expect(desk.slack).to_contain_text("When is the next update?")
    await wind(desk, 15)
    await desk.slack_chat()
    await expect(desk.slack).to_contain_text("An update is due at")
    await desk.screen("reminder-1-soon")
    await desk.slack_channel(ROOM)
    await wind(desk, 5)
    for side in (desk.slack, desk.teams):
        await expect(side).to_contain_text("an update is due.")
    await desk.screen("reminder-2-due")
    await wind(desk, 5)
    for side in (desk.slack, desk.teams):
        await expect(side).to_contain_text("Overdue since 03:00")
    await desk.screen("reminder-3-overdue")
    await wind(desk, 10)
    for side in (desk.slack, desk.teams):
        await expect(side).to_contain_text("the escalation channel")
    await desk.slack_channel("incidents")
    await expect(desk.slack).to_contain_text("Nobody answers.")
    await desk.screen("reminder-4-escalated")
    await wind(desk, 85)
    await desk.slack_channel(ROOM)
    for side in (desk.slack, desk.teams):
        await expect(side).to_contain_text("Asked at 04:15")
        await expect(side.get_by_role("button", name="On track")).to_have_count(1)
    await desk.screen("reminder-5-two-hours")
    await desk.become("teams", "29:ben")
    await desk.press(desk.teams, "On track")
    for side in (desk.slack, desk.teams):
        await expect(side).to_contain_text("Ben Okafor said: on track, nothing new yet")
        await expect(side.get_by_role("button", name="On track")).to_have_count(0)
    await desk.screen("reminder-6-answered")
