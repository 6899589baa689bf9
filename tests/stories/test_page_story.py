"""The whole way in a browser, by mouse and keyboard: from the first word to an apology in five customers' channels."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.stories.page import Desk, opened

TITLE = "Checkout fails for customers in the US"
ROOM = "inc-1-checkout-fails-for-customers-in-the-us"
SEEN = "could not pay"
CUSTOMERS = ("C0CONTOSO", "C0TAILSPIN", "19:fabrikam@thread.tacv2")
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """The real sandbox with a browser before it, at noon."""
    async with opened(tmp_path, NOON) as found:
        yield found


async def declare(desk: Desk) -> None:
    """Ana declares by the form; both platforms have a room."""
    await desk.type("slack", "/incident declare")
    await desk.asked("title").fill(TITLE)
    await desk.asked("severity").select_option(label="SEV2 Major")
    await desk.asked("region").select_option(label="United States")
    await desk.send()
    await expect(desk.teams).to_contain_text(f"INC-1 {TITLE}")
    await desk.slack_channel(ROOM)
    await expect(desk.slack).to_contain_text("Investigating")
    await desk.thread()
    await desk.become("teams", "29:ben")


async def run_it(desk: Desk) -> None:
    """Severity from Slack, services and an update from Teams; each side sees the other's."""
    await desk.press(desk.slack, "Severity")
    await desk.asked("severity").select_option(label="SEV1 Critical")
    await desk.asked("because").fill("nobody in the US can pay")
    await desk.send()
    await expect(desk.teams).to_contain_text("Ana Silva set severity SEV1 (was SEV2) because nobody in the US can pay")
    await desk.press(desk.teams, "Services")
    await desk.dialog.get_by_label("Checkout", exact=True).check()
    await desk.page.get_by_test_id("dialog-submit").click()
    await expect(desk.slack).to_contain_text("Ben Okafor set services: Checkout")
    await desk.type("teams", "update Customers cannot pay because a payment certificate expired")
    await expect(desk.slack).to_contain_text("Ben Okafor posted an update")


async def answer_the_reminder(desk: Desk) -> None:
    """The clock is wound, both rooms are reminded, Ben answers in Teams: the card changes in Slack too."""
    await desk.page.get_by_test_id("clock-wind-30").click()
    for side in (desk.slack, desk.teams):
        await expect(side).to_contain_text("Overdue since 12:20")
    await desk.press(desk.teams, "On track")
    for side in (desk.slack, desk.teams):
        await expect(side).to_contain_text("Ben Okafor said: on track, nothing new yet")
        await expect(side.get_by_role("button", name="Snooze 15")).to_have_count(0)


async def resolve(desk: Desk) -> None:
    """Ana resolves in Slack, and is asked whether she means it."""
    await desk.press(desk.slack, "Resolve")
    await desk.page.get_by_test_id("confirm-yes").click()
    await expect(desk.teams).to_contain_text("Ana Silva resolved it")
    await expect(desk.slack).to_contain_text("Reminders have stopped")


async def recap_and_draft(desk: Desk) -> None:
    """One form and two buttons from resolved to a draft that nothing blocks; the updates are already in the form."""
    await desk.press(desk.slack, "Recap")  # the first button
    await expect(desk.asked("trigger")).to_have_value("a payment certificate expired")
    await expect(desk.asked("from")).to_have_value("")  # never from when the room was opened
    await desk.asked("seen").fill(SEEN)
    await desk.asked("from").fill("11:55")
    await desk.asked("to").fill("12:20")
    await desk.asked("count").fill("40%")
    await desk.asked("state").select_option(label="Fixed")
    await desk.asked("data-loss").select_option(label="No")
    await desk.asked("change").fill("renew every certificate 30 days before it expires")
    await desk.asked("change-by").select_option(label="Noor Haddad")
    await desk.asked("change-due").fill("2026-12-18")
    await desk.screen("apology-1-recap")
    await desk.send()  # the one form
    await expect(desk.slack).to_contain_text("This is what customers will read")
    await desk.screen("apology-2-sentences")
    await desk.press(desk.slack, "Draft apology")  # the second button
    await expect(desk.slack.get_by_role("button", name="Submit for approval")).to_be_visible()
    await expect(desk.slack).not_to_contain_text("Needed before it can be submitted")
    await desk.screen("apology-3-draft")


async def mend_and_submit(desk: Desk) -> None:
    """A gap that only warns is filled by its form, the words are edited, and the text is submitted."""
    await desk.press(desk.slack, "Fill contact")
    await desk.asked("value").fill("your account manager")
    await desk.send()
    await expect(desk.slack).to_contain_text("Contact: your account manager.")
    await desk.press(desk.slack, "Name who signs")
    await desk.asked("value").fill("Morgan Cole, on behalf of us all")
    await desk.send()
    await expect(desk.slack).to_contain_text("Morgan Cole, on behalf of us all")
    await desk.press(desk.slack, "Edit words")
    words = await desk.asked("text").input_value()
    assert SEEN in words
    await desk.asked("text").fill(words.replace("We are sorry.", "We are sorry, and we mean it."))
    await desk.send()
    await expect(desk.slack).to_contain_text("We are sorry, and we mean it.")
    await desk.press(desk.slack, "Submit for approval")
    await expect(desk.teams).to_contain_text("please approve")


async def approve_and_publish(desk: Desk) -> None:
    """Ana signs the facts in the room; Cleo reads it in her own chat, signs the words, and publishes."""
    await desk.press(desk.slack, "Approve")
    await expect(desk.slack).to_contain_text("Signed as commander")
    await desk.become("slack", "U0CLEO")
    await desk.slack_chat()
    await expect(desk.slack).to_contain_text("Approved by Ana Silva (commander)")
    await desk.screen("apology-4-approve")
    await desk.press(desk.slack, "Approve")
    await expect(desk.slack).to_contain_text("the last signature")
    await desk.press(desk.slack, "Publish")
    await desk.page.get_by_test_id("confirm-yes").click()
    await expect(desk.teams).to_contain_text("5 of 5 sent")
    await desk.screen("apology-5-published")
    for side in (desk.slack, desk.teams):  # what is out cannot be sent by a late press
        await expect(side.get_by_role("button", name="Publish")).to_have_count(0)


async def told_by_phone(desk: Desk) -> None:
    """Dana rings her customer, and one press says so."""
    await desk.become("slack", "U0DANA")
    await desk.slack_chat()
    await expect(desk.slack).to_contain_text("Tailspin Toys: to be told")
    # an edit: Slack lets fifty of them through a minute, and this story may have used them up
    await expect(desk.slack).to_contain_text("sent in their Slack channel", timeout=75_000)
    await desk.press(desk.slack, "Told Contoso Ltd by phone")
    await expect(desk.slack).to_contain_text("Told 1 of 5")


async def letters(desk: Desk) -> None:
    """Mail and webhooks have a drawer of their own: one each, in the reader's zone, under public words."""
    await desk.page.get_by_test_id("letters-tab").click()
    drawer = desk.page.get_by_test_id("letters")
    for kind, who, zone in (
        ("email", "it@woodgrove.example", "06:55 to 07:20 EST"),
        ("webhook", "https://status.lamna.example/hooks/shop", "05:55 to 06:20 CST"),
    ):
        row = drawer.get_by_test_id(f"letter-{kind}")
        await expect(row).to_have_count(1)
        await expect(row).to_contain_text(who)
        await row.locator("summary").click()
        await expect(row).to_contain_text(zone)
    await expect(drawer).to_contain_text("Our apology for the problem with Checkout")
    await desk.page.get_by_test_id("letters-tab").click()


async def test_from_the_first_word_to_an_apology_in_five_channels(desk: Desk) -> None:
    """Two platforms, four people, one clock: what was approved is read once by each customer hit, by nobody else."""
    await declare(desk)
    await run_it(desk)
    await answer_the_reminder(desk)
    await resolve(desk)
    await recap_and_draft(desk)
    await mend_and_submit(desk)
    await approve_and_publish(desk)

    await desk.press(desk.teams, "Status per channel")
    for customer in ("Contoso Ltd Slack: sent", "Fabrikam Inc Teams: sent", "Tailspin Toys Slack: sent"):
        await expect(desk.teams).to_contain_text(customer)
    for channel, zone in (("ext-contoso", "06:55 to 07:20 EST"), ("ext-tailspin", "05:55 to 06:20 CST")):
        await desk.slack_channel(channel)
        await expect(desk.slack.locator("article")).to_have_count(1)
        await expect(desk.slack).to_contain_text("We are sorry, and we mean it.")
        await expect(desk.slack).to_contain_text(SEEN)
        await expect(desk.slack).to_contain_text(zone)
    await desk.page.locator('.teams [data-name="Fabrikam Inc"]').click()
    await expect(desk.teams.locator("article")).to_have_count(1)
    await expect(desk.teams).to_contain_text("03:55 to 04:20 PST")
    await desk.slack_channel("ext-northwind")
    await expect(desk.slack).to_contain_text("This is the very beginning")
    await expect(desk.slack.locator("article")).to_have_count(0)
    await letters(desk)
    await told_by_phone(desk)

    told = [e.place for e in desk.world.ledger.find() if e.place.partition(";")[0] in CUSTOMERS]
    assert sorted(told) == sorted(CUSTOMERS)  # once each, and never edited
    assert not [e for e in desk.world.ledger.find() if e.place == "C0NORTHWIND"]
