"""A worker of the outbox, to claim and finish by hand."""

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select

from handlers.card import Card, line
from handlers.domain.delivery import Outcome, Place, Post, Sent
from storage import outbox
from storage.book import SqlBook
from storage.database import Database
from storage.outbox import Claimed
from storage.tables import outbox as table
from tests.desk import Clock

HERE = Place("slack", "channel", "C0HERE")
THERE = Place("slack", "channel", "C0THERE")
SENT = Sent("m1", "C0HERE")
PLATFORMS = ("slack", "teams")


def post(key: str, place: Place = HERE, words: str = "hello", **more: Any) -> Post:
    """An internal post of a few words; never to a customer's channel, whatever the place is called."""
    place = replace(place, kind="thread" if place.kind == "channel" else place.kind)
    return Post(key, place, card=Card(words, (line(words),)), **more)


def apology(key: str, place: Place = HERE, words: str = "We are sorry.") -> Post:
    """A customer post that was approved."""
    return Post(key, place, text=words, audience="customer", approval="digest")


@dataclass
class Worker:
    """One worker of the outbox, and a clock to wind."""

    database: Database
    clock: Clock

    def put(self, *posts: Post) -> None:
        """Write posts down in one transaction."""
        with self.database.begin() as (connection, now):
            for number, each in enumerate(posts):
                outbox.put(connection, now, each, number)

    def claim(self, limit: int = 10) -> list[Claimed]:
        """Claim what may go now."""
        return self.database.run(lambda c, now: outbox.claim(c, now, PLATFORMS, limit))

    def start(self, row: Claimed) -> bool:
        """Commit the attempt."""
        return self.database.run(lambda c, now: outbox.start(c, now, row))

    def finish(self, row: Claimed, outcome: Outcome) -> bool:
        """Write down the outcome."""
        return self.database.run(lambda c, now: outbox.finish(c, now, row, outcome))

    def carry(self, outcome: Outcome = SENT) -> Claimed:
        """Claim the one row that may go, and carry it to this end."""
        (row,) = self.claim()
        assert self.start(row)
        assert self.finish(row, outcome)
        return row

    def row(self, key: str) -> Any:
        """The row of a key."""
        return self.database.run(lambda c, _now: c.execute(select(table).where(table.c.key == key)).mappings().one())

    def state(self, key: str) -> str:
        """The state of a key."""
        return str(self.row(key)["state"])

    def keys(self) -> list[str]:
        """Claim, and say which."""
        return [r.key for r in self.claim()]

    def set(self, record: object) -> None:
        """Write a record."""
        self.database.run(lambda c, now: SqlBook(c, now, self.database.catalog).put(record))
