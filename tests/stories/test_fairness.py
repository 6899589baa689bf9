"""Limits of the platforms, and neighbours: who has ten thousand to tell does not hold up who has one."""

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, event, update

from bot.delivery import BROADCASTS
from handlers.card import Card
from handlers.domain.delivery import BROADCAST, PAGE, Outcome, Place, Post, Retry, Sent, Unknown
from handlers.domain.incident import Incident
from storage import outbox
from storage.book import SqlBook
from storage.database import Database
from storage.outbox import Claimed
from storage.tables import outbox as table
from tests.desk import Desk
from tests.stories.quick import all_of, customer, furnish


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


async def test_broadcasts_that_hang_leave_hands_for_a_neighbour(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A platform that takes its time with them holds four of our hands, not all twelve; the rest still comes."""
    answers, carry, under_way = asyncio.Event(), desk.slack.carry, 0

    async def slow(row: Claimed) -> Outcome:
        nonlocal under_way
        if row.key.startswith("mass"):
            under_way += 1
            await answers.wait()
        return await carry(row)

    monkeypatch.setattr(desk.slack, "carry", slow)
    await put(desk, broadcast(30))
    for _ in range(20):
        await desk.delivery.once()
        await asyncio.sleep(0.01)
    await put(desk, [Post("page", Place("slack", "thread", "P1"), card=Card("y"), rank=PAGE)])
    assert await desk.delivery.once()
    for _ in range(200):
        if desk.screens("page"):
            break
        await asyncio.sleep(0.05)
    assert desk.screens("page")
    assert under_way == BROADCASTS
    answers.set()
    await desk.delivery.drain()
    assert len(desk.screens("mass-1/")) == 30


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


async def test_a_dear_look_at_the_broadcasts_is_not_taken_for_every_page(desk: Desk) -> None:
    """While it is too soon for another, a page goes, and so do broadcasts once it is time."""
    await put(desk, broadcast(3))
    await put(desk, [Post("page", Place("slack", "thread", "P1"), card=Card("y"), rank=PAGE)])
    desk.delivery._broadcasts = float("inf")
    claimed = await desk.store.book(lambda book: desk.delivery._claim(book, ("slack",), 12))
    assert [row.key for row in claimed] == ["page"]
    desk.delivery._broadcasts = 0.0
    claimed = await desk.store.book(lambda book: desk.delivery._claim(book, ("slack",), 12))
    assert [row.key for row in claimed] == [p.key for p in broadcast(3)]


def steps(database: Database, work: Callable[[Connection, datetime], object]) -> int:
    """How many thousand steps SQLite takes (https://www.sqlite.org/c3ref/progress_handler.html): no clock is asked."""
    taken = [0]

    def step() -> None:
        taken[0] += 1

    def counted(connection: Connection, now: datetime) -> None:
        driver: Any = connection.connection.driver_connection
        driver.set_progress_handler(step, 1000)
        try:
            work(connection, now)
        finally:
            driver.set_progress_handler(None, 0)

    database.run(counted)
    return taken[0]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_long_line_to_one_place_costs_its_length_and_not_its_square(desk: Desk) -> None:
    """A look at the outbox, and what the auditor asks: twice the line, about twice the work."""
    one = Place("slack", "thread", "C0ONE")
    took: list[tuple[int, int]] = []
    for size in (1000, 2000):
        start = size - 1000
        await put(desk, [Post(f"deep/{n}", one, card=Card("x"), rank=BROADCAST) for n in range(start, size)])
        database = desk.store.database
        took.append(
            (
                steps(database, lambda c, now: outbox.claim(c, now, ("slack",), 12)),
                steps(database, lambda c, now: outbox.overdue(c, now + timedelta(minutes=5))),
            )
        )
    assert took[0][1] > 0
    for once, twice in zip(*took, strict=True):
        assert twice <= 3 * once + 5


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_what_was_said_in_a_place_is_not_read_again_for_what_comes_next(desk: Desk) -> None:
    """A channel with two thousand messages behind it: the next costs as much to look at as the first."""
    one = Place("slack", "thread", "C0ONE")
    await put(desk, [Post(f"old/{n}", one, card=Card("x")) for n in range(2000)])
    await desk.store.rows(lambda c, _now: c.execute(update(table).values(state="sent")))
    await put(desk, [Post("next", one, card=Card("x"))])
    assert steps(desk.store.database, lambda c, now: outbox.claim(c, now, ("slack",), 12)) <= 3


@pytest.mark.parametrize("answered", [True, False])
async def test_a_command_and_the_answer_to_a_post_at_the_same_moment_do_not_wait_for_each_other(
    desk: Desk, answered: bool
) -> None:
    """The incident comes before its posts, for whoever writes: a knot would cost PostgreSQL a second to untie."""
    await furnish(desk, customer("acme", "slack: C0ACME001"))
    await all_of(desk, ("ana", "declare Search is slow sev3"))
    await desk.settle()
    there = Place("slack", "channel", "C0ACME001")
    post = Post(
        "update-9/acme/slack:C0ACME001", there, text="We are sorry.", audience="customer", approval="d", incident=1
    )
    await put(desk, [post])
    (row,) = await desk.store.rows(lambda c, now: outbox.claim(c, now, ("slack",), 1))
    assert row.key == post.key
    assert await desk.store.rows(lambda c, now: outbox.start(c, now, row))
    if not answered:
        await desk.store.book(lambda book: desk.delivery._finish(book, row, Unknown("reset")))
    faults: list[BaseException] = []
    event.listen(desk.store.database.engine, "handle_error", lambda fault: faults.append(fault.original_exception))
    locked = threading.Event()

    def command(book: SqlBook) -> None:
        book.get(Incident, 1)
        locked.set()
        time.sleep(0.3)  # long enough for the other to take what it takes first
        book.send(replace(post, text="Other words."))

    def answer(book: SqlBook) -> None:
        locked.wait(10)
        if answered:
            desk.delivery._finish(book, row, Sent("m1", "C0ACME001"))
        else:
            desk.delivery._settled(book, row, Sent("m1", "C0ACME001"))

    await asyncio.gather(desk.store.book(command), desk.store.book(answer))
    assert faults == []
