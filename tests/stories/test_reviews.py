"""The catalog is looked through: whoever answers for a part of it is asked, in time and once a week, until they did."""

from datetime import UTC, datetime

import pytest

from handlers.domain.incident import Review
from tests.desk import Desk, Screen, buttons, words
from tests.stories.quick import all_of, customer, furnish, refused

MONDAY = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


@pytest.fixture
async def desk(seed_desk: Desk) -> Desk:
    """Dana looks after two customers, Noor is admin; the first tick has begun the count."""
    seed_desk.clock.at = MONDAY
    await house(seed_desk, "90d")
    return seed_desk


async def house(desk: Desk, every: str) -> None:
    """The same catalog with another policy."""
    both = customer("acme", "slack: C0ACME001") + customer("zenith", "slack: C0ZENITH1")
    policy = f"policy: {{reminders: {{catalog_review: {every}}}, digest: {{at: off, weekly: off}}}}\n"
    await furnish(desk, both, policy=policy, noor="[admin]")
    await desk.intake.tick()


def asked(desk: Desk, who: str) -> list[Screen]:
    """Who was asked to look it through."""
    return [s for s in desk.screens("review/") if s.place in (f"U0{who.upper()}", f"29:{who}")]


async def reviews(desk: Desk) -> dict[str, Review]:
    """What is stored."""
    return {r.owner: r for r in await desk.store.book(lambda b: b.find(Review))}


async def test_each_part_is_asked_for_by_its_owner_and_again_until_it_is_done(desk: Desk) -> None:
    """After ninety days, then each week; the press says when it comes next, and is kept."""
    await desk.pass_time(days=89)
    assert desk.screens("review/") == []
    await desk.pass_time(days=1)
    [card] = asked(desk, "dana")
    assert "Please look through your 2 customers." in words(card.card)
    [admins] = asked(desk, "noor")
    assert "the services, people and policy of the catalog" in words(admins.card)
    assert asked(desk, "ben") == []
    await desk.pass_time(days=7)
    assert len(asked(desk, "dana")) == 2
    await all_of(desk, ("dana", buttons(card.card)["All is right"]))
    await desk.pass_time(days=30)
    assert len(asked(desk, "dana")) == 2
    found = (await reviews(desk))["dana@example.com"]
    assert found.by == "dana@example.com"
    assert (found.due_at - found.since).days == 90


async def test_a_week_before_it_stands_in_the_list_and_in_the_home(desk: Desk) -> None:
    """Named with its day; gone once it is done."""
    await desk.pass_time(days=82)
    assert "look through" not in words((await desk.say("dana", "list mine")).show)
    await desk.pass_time(days=2)
    shown = words((await desk.say("dana", "list mine")).show)
    assert "The catalog look through your 2 customers, due" in shown
    await all_of(desk, ("dana", "customer reviewed"))
    assert "look through" not in words((await desk.say("dana", "list mine")).show)


async def test_only_its_owner_says_that_a_part_is_right(desk: Desk) -> None:
    """Nobody's account manager has nothing to say of customers; services are the admins'."""
    before = await reviews(desk)
    assert "nobody's account manager" in refused(await desk.say("ben", "customer reviewed"))
    refused(await desk.say("dana", "service reviewed"))
    assert await reviews(desk) == before
    await all_of(desk, ("noor", "service reviewed"))
    assert (await reviews(desk))[""].by == "noor@example.com"


async def test_another_policy_counts_at_the_next_tick(desk: Desk) -> None:
    """Sooner, or never; what was counted so far stays."""
    await desk.pass_time(days=30)
    await house(desk, "30d")
    await desk.pass_time(seconds=1)
    assert len(asked(desk, "dana")) == 1
    await house(desk, "none")
    await desk.pass_time(days=300)
    assert len(asked(desk, "dana")) == 1
    assert "asks for no reviews" in refused(await desk.say("dana", "customer reviewed"))


async def test_whoever_covers_is_asked(desk: Desk) -> None:
    """An account manager who is away is not."""
    await desk.pass_time(days=85)
    await all_of(desk, ("dana", "cover @Ben until 2027-03-01"))
    await desk.pass_time(days=5)
    assert asked(desk, "dana") == []
    assert len(asked(desk, "ben")) == 1
    await all_of(desk, ("ben", "customer reviewed"))
    assert (await reviews(desk))["dana@example.com"].by == "ben@example.com"
