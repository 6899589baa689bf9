"""Limits of the platforms, and neighbours: who has ten thousand to tell does not hold up who has one."""

from collections import Counter

import pytest

from handlers.card import Card
from handlers.domain.delivery import BROADCAST, PAGE, Place, Post, Retry
from tests.desk import Desk


def broadcast(count: int, incident: int = 1) -> list[Post]:
    """One incident's words to so many channels."""
    places = [Place("slack", "thread", f"C{incident:02}{n:06}") for n in range(count)]
    return [Post(f"mass-{incident}/{p.address}", p, card=Card("x"), rank=BROADCAST, incident=incident) for p in places]


async def put(desk: Desk, posts: list[Post]) -> None:
    """Write them down."""
    await desk.store.book(lambda book: book.send_all(posts))


async def seconds(desk: Desk, count: int) -> None:
    """Let so many seconds pass, each with its look at the outbox."""
    for _ in range(count):
        await desk.settle()
        desk.clock.wind(seconds=1)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_ten_thousand_posts_and_their_429s_do_not_delay_a_neighbour(desk: Desk) -> None:
    """Every fifth channel answers 429; a declare and its page go within the second, in each of twenty seconds."""
    desk.slack.limits = {"slack": ((300, 60.0),), "slack *": ((24, 5.0),)}
    await put(desk, broadcast(10_000))
    for n in range(0, 10_000, 5):
        desk.slack.fail[f"mass-1/C01{n:06}"] = Retry("busy", 30.0)
    for second in range(20):
        await put(desk, [Post(f"page-{second}", Place("slack", "thread", f"P{second}"), card=Card("y"), rank=PAGE)])
        before = desk.clock.at
        await desk.delivery.drain()
        assert any(s.key == f"page-{second}" for s in desk.screens()), second
        assert desk.clock.at == before
        desk.clock.wind(seconds=1)
    carried = Counter(key for _, key, _ in desk.slack.calls if key.startswith("mass"))
    assert 80 <= carried.total() <= 96
    assert max(carried.values()) == 1


async def test_a_small_incidents_broadcast_is_not_behind_a_large_ones(desk: Desk) -> None:
    """Two hundred channels of one incident, then six of another: done soon, not after the last."""
    desk.slack.limits = {"slack *": ((6, 1.0),)}
    await put(desk, broadcast(200))
    await seconds(desk, 2)
    await put(desk, broadcast(6, incident=2))
    await seconds(desk, 7)  # which of a dozen claimed posts asks for room first is open
    assert len(desk.screens("mass-2/")) == 6
    assert len(desk.screens("mass-1/")) <= 48


async def test_a_full_workspace_lets_all_through_in_time(desk: Desk) -> None:
    """As many a minute as it takes, none lost, none tried in vain."""
    desk.slack.limits = {"slack": ((10, 60.0),)}
    await put(desk, broadcast(35))
    for done in (10, 20, 30, 35):
        await desk.settle()
        assert len(desk.screens("mass-1/")) == done
        desk.clock.wind(seconds=60)
    assert sorted(key for _, key, _ in desk.slack.calls) == [p.key for p in broadcast(35)]


async def test_two_replicas_share_one_bucket(desk: Desk) -> None:
    """What one has used the other may not use again, and a third, just started, neither."""
    desk.slack.limits = {"slack": ((10, 60.0),)}
    await put(desk, broadcast(30))
    others = [Desk(desk.store.database, desk.clock) for _ in range(2)]
    for other in others:
        other.delivery.carriers = desk.delivery.carriers
    for replica in (desk, *others):
        await replica.delivery.drain()
    assert len(desk.screens("mass-1/")) == 10
