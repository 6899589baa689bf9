"""Retention: once a day, whoever left long ago is erased by itself, where a setting says after how many days."""

from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy import Connection

from bot.store import Store
from handlers.domain.errors import Refused
from handlers.domain.incident import Setting
from storage import erase
from storage.book import SqlBook
from storage.erase import Subject

log = structlog.get_logger()

EVERY: Final = timedelta(days=1)
"""How often it is looked at; replicas share it by a setting in the database."""
LAST: Final = "retention.last"


class Retention:
    """Erases people and customers of whom there was nothing for `days` days and whom the catalog no longer names.

    0 days: nothing is ever erased by itself, which is the house's default.
    """

    def __init__(self, store: Store, days: int) -> None:
        """Nothing happens before `tick`."""
        self.store = store
        self.days = days

    async def tick(self) -> int:
        """Look once a day; how many were erased. Each goes in a transaction of its own."""
        if not self.days:
            return 0
        done = 0
        for subject in await self.store.rows(self._due):
            try:
                label = await self.store.rows(lambda c, now, who=subject: self._erase(c, now, who))  # type: ignore[misc]
            except Refused:
                log.info("not erased yet: still at work", kind=subject.kind)
                continue
            done += 1
            log.info("erased after the time that is set", kind=subject.kind, label=label, days=self.days)
        return done

    def _due(self, connection: Connection, now: datetime) -> list[Subject]:
        book = SqlBook(connection, now, self.store.database.catalog)
        last = book.get(Setting, LAST)
        if last is not None and datetime.fromisoformat(last.value) > now - EVERY:
            return []
        book.put(Setting(LAST, now.isoformat()))
        erase.forget_requests(connection, now, self.days)
        return erase.overdue(connection, now, book.catalog, self.days)

    def _erase(self, connection: Connection, now: datetime, who: Subject) -> str:
        return erase.erase(connection, now, self.store.database.catalog(connection), who, "clock").label
