"""The store: requests go first, each call commits by itself, and none pays for another's fault."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from datetime import datetime

import pytest
from sqlalchemy import Connection, event, text

from bot.store import FIRST, LATER, Store
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


async def test_requests_go_before_the_outbox(store: Store) -> None:
    """Whoever waits for an answer is served first, whenever they came."""
    order: list[str] = []

    def note(name: str) -> Callable[[SqlBook], None]:
        return lambda _book: order.append(name)

    later = [asyncio.create_task(store.book(note("outbox"), rank=LATER)) for _ in range(200)]
    first = [asyncio.create_task(store.book(note("request"), rank=FIRST)) for _ in range(4)]
    await asyncio.gather(*later, *first)
    assert max(n for n, name in enumerate(order) if name == "request") < 150
