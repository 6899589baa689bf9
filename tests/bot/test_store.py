"""The store: requests go first, each call commits by itself, and none pays for another's fault."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Self

import pytest
from sqlalchemy import Connection, event, text

from bot.store import FIRST, LATER, NotReachedError, Store
from handlers.domain.errors import Refused
from handlers.domain.incident import Setting
from storage.book import SqlBook
from storage.database import Database, make_engine
from tests.conftest import hurried
from tests.desk import Clock


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    """A store on each kind of database."""
    found = Store(Database(hurried(make_engine(database_url)), Clock()))
    yield found
    found.close()


def write(name: str) -> Callable[[SqlBook], None]:
    """Write a setting down."""
    return lambda book: book.put(Setting(name, "here"))


async def names(store: Store) -> list[str]:
    """What was written down."""
    return await store.book(lambda book: [s.name for s in book.find(Setting)])


async def burst(store: Store, *works: Callable[[SqlBook], object]) -> list[object]:
    """Calls that all come while the database is busy with one before them."""
    busy, go = threading.Event(), threading.Event()

    def hold(_connection: Connection, _now: datetime) -> None:
        busy.set()
        go.wait(10)

    threads = 1 if store.database.sqlite else 4
    before = [asyncio.create_task(store.rows(hold)) for _ in range(threads)]
    await asyncio.to_thread(busy.wait, 10)
    found = asyncio.gather(*(store.book(work) for work in works), return_exceptions=True)
    await asyncio.sleep(0)
    go.set()
    await asyncio.gather(*before)
    return await found


async def test_each_call_is_a_commit_of_its_own(store: Store) -> None:
    """However many come at once."""
    commits: list[object] = []
    event.listen(store.database.engine, "commit", commits.append)
    before = 1 if store.database.sqlite else 4
    assert await burst(store, *(write(f"s{n:02}") for n in range(10))) == [None] * 10
    assert len(commits) == before + 10
    assert await names(store) == [f"s{n:02}" for n in range(10)]


async def test_a_refusal_undoes_only_its_own_work(store: Store) -> None:
    """The others are kept, and answered."""

    def refused(book: SqlBook) -> None:
        book.put(Setting("half", "done"))
        raise Refused("no")

    found = await burst(store, write("before"), refused, write("behind"))
    assert [type(f) for f in found] == [type(None), Refused, type(None)]
    assert await names(store) == ["before", "behind"]


async def test_a_statement_that_fails_is_its_own_callers_fault(store: Store) -> None:
    """Nobody else hears of it."""
    found = await burst(
        store, write("before"), lambda book: book.connection.execute(text("SELECT nonsense")), write("behind")
    )
    assert [f is None for f in found] == [True, False, True]
    assert await names(store) == ["before", "behind"]


async def test_nobody_is_answered_before_the_commit(store: Store) -> None:
    """And if it fails, everybody hears so and nothing is kept."""

    def fail(_connection: object) -> None:
        raise OSError("the disk is full")

    event.listen(store.database.engine, "commit", fail)
    found = await asyncio.gather(*(store.book(write(f"s{n}")) for n in range(6)), return_exceptions=True)
    event.remove(store.database.engine, "commit", fail)
    assert [type(f) for f in found] == [OSError] * 6
    assert await names(store) == []


async def test_requests_go_before_the_outbox(database_url: str) -> None:
    """Whoever waits for an answer is served first, whenever they came within the same second."""
    store = Store(Database(hurried(make_engine(database_url)), Clock()), lambda: 0.0)
    order: list[str] = []

    def note(name: str) -> Callable[[SqlBook], None]:
        return lambda _book: order.append(name)

    later = [asyncio.create_task(store.book(note("outbox"), rank=LATER)) for _ in range(200)]
    first = [asyncio.create_task(store.book(note("request"), rank=FIRST)) for _ in range(4)]
    await asyncio.gather(*later, *first)
    assert max(n for n, name in enumerate(order) if name == "request") < 150
    store.close()


async def test_the_outbox_does_not_wait_for_as_long_as_people_ask(database_url: str) -> None:
    """What waited for a second is served before requests that came after it, or a flood of them would end all posts."""
    clock = [0.0]
    store = Store(Database(hurried(make_engine(database_url)), Clock()), lambda: clock[0])
    order: list[str] = []

    def note(name: str) -> Callable[[SqlBook], None]:
        return lambda _book: order.append(name)

    async with Held(store):
        waiting = [asyncio.create_task(store.book(note("outbox"), rank=LATER))]
        await asyncio.sleep(0)
        for second in (0.5, 1.5):
            clock[0] = second
            waiting += [asyncio.create_task(store.book(note(f"asked at {second}"), rank=FIRST)) for _ in range(20)]
            await asyncio.sleep(0)
    await asyncio.gather(*waiting)
    before = order[: order.index("outbox")]
    assert before.count("asked at 0.5") >= 16
    assert before.count("asked at 1.5") <= 3
    store.close()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_posts_that_wait_for_each_other_leave_a_request_its_thread(store: Store) -> None:
    """Posts may all stand before one bucket: whoever waits for an answer is not behind them. SQLite has one writer."""
    go = threading.Event()
    posts = [asyncio.create_task(store.rows(lambda _c, _now: go.wait(10))) for _ in range(12)]
    await asyncio.sleep(0)
    assert await asyncio.wait_for(store.book(lambda _book: "answered", rank=FIRST), 5) == "answered"
    assert not any(post.done() for post in posts)
    go.set()
    assert await asyncio.gather(*posts) == [True] * 12


async def test_a_store_that_ends_refuses_what_has_not_begun(store: Store) -> None:
    """Nobody waits for ever for a server that ends: what had begun is kept, the rest was surely not done, and is said."""
    async with Held(store) as held:
        waiting = [asyncio.create_task(store.book(write(f"s{n}"))) for n in range(3)]
        await asyncio.sleep(0)
        store.end()
        assert [type(f) for f in await asyncio.gather(*waiting, return_exceptions=True)] == [NotReachedError] * 3
        with pytest.raises(NotReachedError):
            await store.book(write("late"))
    assert await asyncio.gather(*held.hanging) == [None] * len(held.hanging)


class Held:
    """The database as one that does nothing: each of its threads hangs in a transaction until it is let go."""

    def __init__(self, store: Store) -> None:
        self.store, self.go = store, threading.Event()
        self.hanging: list[asyncio.Task[object]] = []

    async def __aenter__(self) -> Self:
        threads = 1 if self.store.database.sqlite else 4
        begun = threading.Barrier(threads + 1)

        def hang(_connection: Connection, _now: datetime) -> None:
            begun.wait(10)
            self.go.wait(10)

        self.hanging = [asyncio.create_task(self.store.rows(hang, rank=FIRST)) for _ in range(threads)]
        await asyncio.to_thread(begun.wait, 10)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.go.set()
        await asyncio.gather(*self.hanging)


async def test_what_a_silent_database_did_not_take_is_given_up_and_never_done(store: Store) -> None:
    """Whoever waits hears so in time; when the database is back, it does not do it after all."""
    async with Held(store):
        with pytest.raises(NotReachedError):
            await store.book(write("too late"), within=0.01)
    await store.book(write("in time"), within=5)
    assert await names(store) == ["in time"]


async def test_what_hangs_in_its_own_transaction_is_undone_where_it_was_given_up(store: Store) -> None:
    """Begun, written, not committed: the no that was said stays true."""
    begun, go = threading.Event(), threading.Event()

    def slow(book: SqlBook) -> None:
        write("half done")(book)
        begun.set()
        go.wait(10)

    waiting = asyncio.create_task(store.book(slow, within=0.05))
    await asyncio.to_thread(begun.wait, 10)
    with pytest.raises(NotReachedError):
        await waiting
    go.set()
    assert await names(store) == []


async def test_what_is_being_committed_is_waited_for(store: Store) -> None:
    """However long it takes: nobody can take it back any more, so nobody says that it was not done."""
    committing, go = threading.Event(), threading.Event()
    assert await names(store) == []

    @event.listens_for(store.database.engine, "commit")
    def _slow(_connection: Connection) -> None:
        committing.set()
        go.wait(10)

    waiting = asyncio.create_task(store.book(write("kept"), within=0.5))
    await asyncio.to_thread(committing.wait, 10)
    await asyncio.wait({waiting}, timeout=0.8)
    assert not waiting.done()
    go.set()
    await waiting
    assert await names(store) == ["kept"]


async def test_a_database_that_is_only_busy_is_waited_for(store: Store) -> None:
    """As long as it finishes other work, ours has its turn to come."""
    async with Held(store) as held:
        waiting = asyncio.create_task(store.book(write("kept"), within=0.02))
        for _ in range(5):
            store._answered = asyncio.get_running_loop().time()
            await asyncio.wait({waiting}, timeout=0.01)
        assert not waiting.done()
        held.go.set()
        await waiting
    assert await names(store) == ["kept"]
