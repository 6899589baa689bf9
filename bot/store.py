"""The way from the async edge to the synchronous store: worker threads, one transaction a call."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Connection

from storage.book import SqlBook
from storage.database import Database

T = TypeVar("T")


class Store:
    """One writer thread on SQLite (it has one writer anyway), four on PostgreSQL."""

    def __init__(self, database: Database) -> None:
        """Threads start when they are first needed."""
        self.database = database
        self._threads = ThreadPoolExecutor(1 if database.sqlite else 4, thread_name_prefix="store")

    async def book(self, work: Callable[[SqlBook], T]) -> T:
        """Run `work` with a book, in one transaction, in a worker thread; it commits before this returns."""
        return await self.rows(lambda connection, now: work(self.open(connection, now)))

    async def rows(self, work: Callable[[Connection, datetime], T]) -> T:
        """Run `work` with a bare connection, in one transaction, in a worker thread."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self.database.run, work)

    def open(self, connection: Connection, now: datetime) -> SqlBook:
        """The book of a transaction that has begun."""
        return SqlBook(connection, now, self.database.catalog)

    def close(self) -> None:
        """Finish what runs, then close."""
        self._threads.shutdown(wait=True)
        self.database.dispose()
