"""The way from the async edge to the synchronous store: worker threads, one transaction a call."""

import asyncio
import heapq
import itertools
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection

from storage.book import SqlBook
from storage.database import Database

T = TypeVar("T")

FIRST, LATER = 0, 1
"""Somebody waits for an answer (3 s at most) · the outbox and the clock, which can wait a moment."""


class NotReachedError(Exception):
    """The database did not take it in time. It was surely not done, and will not be."""


class _Turn:
    """Either the work commits or whoever waits gives it up, never both: the yes and the no are both true."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._committing = self._given_up = False

    def commit(self) -> None:
        """Just before the commit. Raises NotReachedError where it was given up: the work is undone."""
        with self._lock:
            if self._given_up:
                raise NotReachedError
            self._committing = True

    def give_up(self) -> bool:
        """Whether it is certain now that nothing is committed."""
        with self._lock:
            self._given_up = not self._committing
            return self._given_up


class Store:
    """One writer thread on SQLite (it has one writer anyway), four on PostgreSQL; one commit per call.

    Requests go before the outbox and the clock. Sharing a commit among several requests is not done: one commit per
    command is the rule of the house; what that costs is in benchmarks/ack.py.
    """

    def __init__(self, database: Database) -> None:
        """Threads start when they are first needed."""
        self.database = database
        self._free = 1 if database.sqlite else 4
        self._threads = ThreadPoolExecutor(self._free, thread_name_prefix="store")
        self._waiting: list[tuple[int, int, asyncio.Future[Any], Callable[[], Any]]] = []
        self._turn = itertools.count()
        self._answered = float("-inf")  # when the database last did something, seconds on the loop's clock

    async def book(self, work: Callable[[SqlBook], T], *, rank: int = LATER, within: float | None = None) -> T:
        """Run `work` with a book, in one transaction, in a worker thread; it commits before this returns."""
        return await self.rows(lambda connection, now: work(self.open(connection, now)), rank=rank, within=within)

    async def rows(
        self, work: Callable[[Connection, datetime], T], *, rank: int = LATER, within: float | None = None
    ) -> T:
        """Run `work` with a bare connection, in one transaction, in a worker thread.

        `within`: seconds after which it is given up if the database has done nothing at all for so long; raises
        NotReachedError then. A database that is only busy is waited for.
        """
        loop, turn = asyncio.get_running_loop(), _Turn()
        asked = loop.time()
        answer: asyncio.Future[T] = loop.create_future()

        def done(connection: Connection, now: datetime) -> T:
            found = work(connection, now)
            turn.commit()
            return found

        heapq.heappush(self._waiting, (rank, next(self._turn), answer, lambda: self.database.run(done)))
        self._next()
        while within is not None:
            left = within - (loop.time() - max(asked, self._answered))  # since it last did something
            finished, _ = await asyncio.wait({answer}, timeout=max(left, 0))
            if finished:
                break
            if loop.time() - max(asked, self._answered) >= within and turn.give_up():
                answer.cancel()
                raise NotReachedError
        return await answer

    def _next(self) -> None:
        """Start what waits, the most urgent first, as long as a thread is free."""
        loop = asyncio.get_running_loop()
        while self._free and self._waiting:
            _, _, answer, work = heapq.heappop(self._waiting)
            if answer.cancelled():
                continue
            self._free -= 1
            running = loop.run_in_executor(self._threads, work)
            running.add_done_callback(lambda done, answer=answer: self._done(done, answer))  # type: ignore[misc]

    def _done(self, done: asyncio.Future[Any], answer: asyncio.Future[Any]) -> None:
        self._free += 1
        if not done.cancelled() and (error := done.exception()) is None:
            self._answered = asyncio.get_running_loop().time()
        if done.cancelled():
            answer.cancel()
        elif not answer.cancelled():
            error = done.exception()
            if error is not None:
                answer.set_exception(error)
            else:
                answer.set_result(done.result())
        self._next()

    def open(self, connection: Connection, now: datetime) -> SqlBook:
        """The book of a transaction that has begun."""
        return SqlBook(connection, now, self.database.catalog)

    def close(self) -> None:
        """Finish what runs, then close."""
        self._threads.shutdown(wait=True)
        self.database.dispose()
