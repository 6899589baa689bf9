"""The sandbox's page in a real browser: a commander's screen, to be pressed and looked at."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, async_playwright, expect

from bot.app import listen, serving
from bot.sandbox.house import Sandbox, sandbox
from bot.sandbox.ledger import SandboxClock
from tests.bot.test_sandbox_page import CHROMIUM, FLAGS

SCREENS = Path(__file__).parents[2] / "docs" / "images"
"""Where `WRITE_DOCS=1` puts the screens that docs/ shows."""
PATIENCE = 20_000
"""Milliseconds until something that should appear counts as missing."""


@dataclass
class Desk:
    """A commander's screen: Slack on the left, Teams on the right, and who acts on each."""

    page: Page
    world: Sandbox

    def __post_init__(self) -> None:
        self.slack = self.page.get_by_test_id("slack-messages")
        self.teams = self.page.get_by_test_id("teams-messages")
        self.modal = self.page.get_by_test_id("modal")
        self.dialog = self.page.get_by_test_id("dialog")

    async def become(self, side: str, who: str) -> None:
        """Somebody else sits down at one platform."""
        await self.page.get_by_test_id(f"{side}-person").click()
        await self.page.get_by_test_id(f"{side}-as-{who}").click()
        name = who.removeprefix("U0").removeprefix("29:").capitalize()
        await expect(self.page.get_by_test_id(f"{side}-person")).to_contain_text(name)

    async def slack_channel(self, name: str) -> None:
        """Open a channel of Slack by its name, as the side bar shows it."""
        await self.page.locator(f'.slack [data-name="{name}"]').click()

    async def slack_chat(self) -> None:
        """Open one's own chat with Amends in Slack."""
        await self.page.locator(".slack .side-row", has=self.page.get_by_text("Amends", exact=True)).click()

    async def thread(self) -> None:
        """Open the incident's thread in Teams."""
        await self.page.locator('[data-testid^="teams-conversation-19:incidents@thread.tacv2;"]').click()

    async def type(self, side: str, words: str) -> None:
        """Type a line and press Enter."""
        box = self.page.get_by_test_id(f"{side}-composer")
        await box.fill(words)
        await box.press("Enter")

    async def press(self, where: Locator, label: str) -> None:
        """Press the latest button of this label."""
        await where.get_by_role("button", name=label, exact=True).last.click()

    def asked(self, name: str) -> Locator:
        """An input of Slack's open modal."""
        return self.modal.locator(f'[data-control="{name}/answer"]')

    async def screen(self, name: str) -> None:
        """Keep what the commander sees now, for the docs (`WRITE_DOCS=1`)."""
        if os.environ.get("WRITE_DOCS"):
            await self.page.wait_for_timeout(400)  # what slides in has slid in
            await self.page.screenshot(path=SCREENS / f"{name}.png")

    async def send(self) -> None:
        """Send Slack's modal, and see it go."""
        await self.page.get_by_test_id("modal-submit").click()
        await expect(self.modal).to_be_hidden()


@asynccontextmanager
async def opened(folder: Path, start: datetime) -> AsyncIterator[Desk]:
    """The real sandbox with a browser before it; whatever the page complains of fails the test."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    sock = listen("127.0.0.1", 0)
    port = sock.getsockname()[1]
    clock = SandboxClock(start, running=True)
    complaints: list[str] = []
    async with (
        sandbox(port=port, database_url=f"sqlite:///{folder / 'sandbox.db'}", clock=clock) as world,
        serving(world.app, sock),
        async_playwright() as playwright,
    ):
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = await browser.new_page(viewport={"width": 1600, "height": 1000})
        page.set_default_timeout(PATIENCE)
        expect.set_options(timeout=PATIENCE)
        page.on("console", lambda m: complaints.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        await page.goto(f"http://127.0.0.1:{port}/sandbox")
        await page.wait_for_selector("body.ready")
        yield Desk(page, world)
        await browser.close()
    assert complaints == []
