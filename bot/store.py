"""The way from the async edge to the synchronous store: worker threads, one transaction a call."""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection

from storage.book import SqlBook
from storage.database import Database

T = TypeVar("T")

FIRST, LATER = 0.0, 1.0
"""Seconds by which those that came later may go before: somebody waits for an answer (3 s at most) · the outbox and the
clock, which can wait a moment, but not for as long as people go on asking. Ours."""


_Waiting = tuple[float, asyncio.Future[Any], Callable[[], Any]]
"""Up to when those that came later may go before, who is answered, and the work."""


class NotReachedError(Exception):
    """The database did not take it in time, or the server ends. It was surely not done, and will not be."""


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

    Requests go before the outbox and the clock; where there are four threads, one is theirs alone, because posts may
    all wait for the same bucket of a platform. Sharing a commit among several requests is not done: one commit per
    command is the rule of the house; what that costs is in benchmarks/ack.py.
    """

    def __init__(self, database: Database, clock: Callable[[], float] = time.monotonic) -> None:
        """Threads start when they are first needed. `clock` says in seconds who has waited how long."""
        self.database = database
        self._clock = clock
        self._free = 1 if database.sqlite else 4
        self._others_free = max(1, self._free - 1)  # of these, how many may serve others than requests
        self._threads = ThreadPoolExecutor(self._free, thread_name_prefix="store")
        self._requests: deque[_Waiting] = deque()
        self._others: deque[_Waiting] = deque()
        self._ending = False
        self._answered = float("-inf")  # when the database last did something, seconds on the loop's clock

    async def book(self, work: Callable[[SqlBook], T], *, rank: float = LATER, within: float | None = None) -> T:
        """Run `work` with a book, in one transaction, in a worker thread; it commits before this returns."""
        return await self.rows(lambda connection, now: work(self.open(connection, now)), rank=rank, within=within)

    async def rows(
        self, work: Callable[[Connection, datetime], T], *, rank: float = LATER, within: float | None = None
    ) -> T:
        """Run `work` with a bare connection, in one transaction, in a worker thread.

        `within`: seconds after which it is given up if the database has done nothing at all for so long; raises
        NotReachedError then. A database that is only busy is waited for.
        """
        loop, turn = asyncio.get_running_loop(), _Turn()
        if self._ending:
            raise NotReachedError
        asked = loop.time()
        answer: asyncio.Future[T] = loop.create_future()

        def done(connection: Connection, now: datetime) -> T:
            found = work(connection, now)
            turn.commit()
            return found

        line = self._requests if rank == FIRST else self._others
        line.append((self._clock() + rank, answer, lambda: self.database.run(done)))
        self._next()
        while within is not None:
            left = within - (loop.time() - max(asked, self._answered))  # since it last did something
            finished, _ = await asyncio.wait({answer}, timeout=max(left, 0))
            if finished:
                break
            if loop.time() - max(asked, self._answered) < within:
                continue
            if not turn.give_up():
                break  # it is committing: what comes of that is waited for
            answer.cancel()
            raise NotReachedError
        return await answer

    def _next(self) -> None:
        """Start what waits, the most urgent first, as long as a thread is free: nothing waits for ever."""
        loop = asyncio.get_running_loop()
        while line := self._line():
            _, answer, work = line.popleft()
            if answer.cancelled():
                continue
            other = line is self._others
            self._free -= 1
            self._others_free -= other
            running = loop.run_in_executor(self._threads, work)
            running.add_done_callback(lambda done, a=answer, other=other: self._done(done, a, other))  # type: ignore[misc]

    def _line(self) -> deque[_Waiting] | None:
        """Whose turn it is; None if nothing may start."""
        if not self._free:
            return None
        lines = (self._requests, self._others) if self._others_free else (self._requests,)
        return min(filter(None, lines), key=lambda line: line[0][0], default=None)

    def _done(self, done: asyncio.Future[Any], answer: asyncio.Future[Any], other: bool) -> None:
        self._free += 1
        self._others_free += other
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

    def end(self) -> None:
        """Begin nothing more. What has not begun is refused: it was surely not done, and whoever asked reads so."""
        self._ending = True
        for line in (self._requests, self._others):
            while line:
                answer = line.popleft()[1]
                if not answer.done():
                    answer.set_exception(NotReachedError())

    def close(self) -> None:
        """Finish what runs, then close."""
        self._threads.shutdown(wait=True)
        self.database.dispose()
