"""The way from the async edge to the synchronous store: worker threads, one transaction a call."""

import asyncio
import heapq
import itertools
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

    async def book(self, work: Callable[[SqlBook], T], *, rank: int = LATER) -> T:
        """Run `work` with a book, in one transaction, in a worker thread; it commits before this returns."""
        return await self.rows(lambda connection, now: work(self.open(connection, now)), rank=rank)

    async def rows(self, work: Callable[[Connection, datetime], T], *, rank: int = LATER) -> T:
        """Run `work` with a bare connection, in one transaction, in a worker thread."""
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (rank, next(self._turn), answer, lambda: self.database.run(work)))
        self._next()
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
