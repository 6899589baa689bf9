"""The store: calls that wait share a commit, and none of them pays for another's fault."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from datetime import datetime

import pytest
from sqlalchemy import Connection, event, text

from bot.store import FIRST, GROUP, LATER, Store
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


async def test_calls_that_wait_share_a_commit(store: Store) -> None:
    """On SQLite a burst costs one sync; on PostgreSQL each commits by itself."""
    commits: list[object] = []
    event.listen(store.database.engine, "commit", commits.append)
    assert await burst(store, *(write(f"s{n:02}") for n in range(GROUP))) == [None] * GROUP
    assert len(commits) == (2 if store.database.sqlite else 4 + GROUP)
    assert await names(store) == [f"s{n:02}" for n in range(GROUP)]


async def test_a_refusal_undoes_only_its_own_work(store: Store) -> None:
    """The others in the same commit are kept, and answered."""

    def refused(book: SqlBook) -> None:
        book.put(Setting("half", "done"))
        raise Refused("no")

    found = await burst(store, write("before"), refused, write("behind"))
    assert [type(f) for f in found] == [type(None), Refused, type(None)]
    assert await names(store) == ["before", "behind"]


async def test_a_statement_that_fails_is_its_own_callers_fault(store: Store) -> None:
    """Whatever the database rolled back with it is done again, once."""
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


async def test_requests_go_before_the_outbox(store: Store) -> None:
    """Whoever waits for an answer is served first, whenever they came."""
    order: list[str] = []
    count = GROUP + 4

    def note(name: str) -> Callable[[SqlBook], None]:
        return lambda _book: order.append(name)

    later = [asyncio.create_task(store.book(note("outbox"), rank=LATER)) for _ in range(2 * count)]
    first = [asyncio.create_task(store.book(note("request"), rank=FIRST)) for _ in range(4)]
    await asyncio.gather(*later, *first)
    assert max(n for n, name in enumerate(order) if name == "request") < GROUP + 8
