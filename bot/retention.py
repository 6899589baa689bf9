"""Retention: once a day, whoever left long ago is erased by itself, where a setting says after how many days."""

import asyncio
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy import Connection

from bot.store import Store
from handlers.domain.errors import Refused
from handlers.domain.incident import Setting
from storage import erase
from storage.book import SqlBook
from storage.erase import Step, Subject

log = structlog.get_logger()

EVERY: Final = timedelta(days=1)
"""How often it is looked at; replicas share it by a setting in the database."""
BROKEN_OFF: Final = timedelta(hours=1)
"""An erasure begun so long ago, here or from the shell, broke off: it is finished, whatever the setting."""
LAST: Final = "retention.last"


class Retention:
    """Erases people and customers of whom there was nothing for `days` days and whom the catalog no longer names.

    0 days: nothing is ever erased by itself, which is the house's default. What somebody began is finished even so.
    """

    def __init__(self, store: Store, days: int) -> None:
        """Nothing happens before `tick`."""
        self.store = store
        self.days = days

    async def tick(self) -> int:
        """Look once a day; how many were erased. It goes in small steps, and people's requests go first."""
        done = 0
        for broken_off in await self.store.rows(lambda c, now: erase.unfinished(c, now - BROKEN_OFF)):
            done += await self._to_its_end(broken_off)
        for subject in () if not self.days else await self.store.rows(self._due):
            try:
                begun = await self.store.rows(lambda c, now, who=subject: self._begin(c, now, who))  # type: ignore[misc]
            except Refused:
                log.info("not erased yet: still at work", kind=subject.kind)
                continue
            done += await self._to_its_end(begun)
        if done and self.store.database.sqlite:
            await asyncio.to_thread(self.store.database.compact)
        return done

    async def _to_its_end(self, step: Step) -> int:
        while not step.done:
            step = await self.store.rows(lambda c, now, step=step: erase.go_on(c, now, step))  # type: ignore[misc]
        log.info("erased", kind=step.plan.subject.kind, label=step.plan.label, days=self.days)
        return 1

    def _due(self, connection: Connection, now: datetime) -> list[Subject]:
        book = SqlBook(connection, now, self.store.database.catalog)
        last = book.get(Setting, LAST)
        if last is not None and datetime.fromisoformat(last.value) > now - EVERY:
            return []
        book.put(Setting(LAST, now.isoformat()))
        erase.forget_requests(connection, now, self.days)
        return erase.overdue(connection, now, book.catalog, self.days)

    def _begin(self, connection: Connection, now: datetime, who: Subject) -> Step:
        return erase.begin(connection, now, self.store.database.catalog(connection), who, "clock")
