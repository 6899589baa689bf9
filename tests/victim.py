"""A server that ends at a named point: `python -m tests.victim URL LEDGER POINT NUMBER kill|stop|blind`.

It types a short story into a house that is furnished already, carries what comes of it to a platform whose only memory
is a file, and at the NUMBER-th passing of POINT kills (or stops) itself (`blind`: kills, and Teams has no history); the
points `before` and `after` mean the first call to a customer. At the point `poison` one post ends every server that
touches it, and NUMBER is the minutes that passed before. At the point `none` it prints how often each was passed.
"""

import asyncio
import json
import os
import signal
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from bot.channel import LEFT, Request
from bot.delivery import WORKERS, Delivery
from bot.intake import House, Intake
from bot.store import LATER, Store
from handlers.domain.delivery import Bucket, Op, Outcome, Sent
from handlers.domain.people import Account
from storage.database import Database, make_engine
from storage.outbox import Claimed
from tests.conftest import hurried
from tests.desk import Clock

T = TypeVar("T")
STORY = (
    ("U0ANA", "declare Checkout is down sev1 services sign-in region NA"),
    ("U0BEN", "update 1 Half of the nodes are back"),
    ("U0BEN", "update 1 Some customers cannot sign in. We are working on it. to customers"),
    ("U0ANA", "send 1"),
)
"""Who says what, each under a key of its own, so that a restarted story is the platform's retry."""
POISON, POISONED = "inc-1/said/", 70
"""The posts that end whoever touches them, by how their keys begin, and the exit status of whoever did."""


@dataclass
class PaperCarrier:
    """A platform that is an append-only file: a line for each call it took, in the order of their arrival."""

    platform: str
    ledger: Path
    looks: bool = True
    strike: str = ""  # kill it `before` or `after` the first call to a customer; stop it `leaving` with any; `poison`

    def buckets(self, op: Op, address: str, *, edit: bool, broadcast: bool) -> tuple[Bucket, ...]:
        """Paper is patient."""
        del op, address, edit, broadcast
        return ()

    async def carry(self, row: Claimed) -> Outcome:
        """Take the call and write it down; the message id is the row's opaque id."""
        if self.strike == "before" and row.audience == "customer":
            os.kill(os.getpid(), signal.SIGKILL)
        if self.strike == "poison" and row.key.startswith(POISON):
            os._exit(POISONED)
        place = f"{self.platform}-room" if row.op == "open" else row.address
        if self.strike == "leaving" and row.op == "message" and not row.message_id:
            self.strike = ""
            asyncio.get_running_loop().call_later(0.05, os.kill, os.getpid(), signal.SIGSTOP)
            await asyncio.sleep(0.1)  # on its way to the first byte
        entry = {"key": row.key, "op": row.op, "nonce": row.nonce, "edit": bool(row.message_id), "place": place}
        with self.ledger.open("ab", buffering=0) as paper:
            paper.write(json.dumps(entry).encode() + b"\n")
        if self.looks:
            LEFT.get()()
        await asyncio.sleep(0)
        if self.strike == "after" and row.audience == "customer":
            os.kill(os.getpid(), signal.SIGKILL)
        return Sent(row.message_id or row.nonce, row.message_at or place)

    async def look(self, row: Claimed) -> Sent | bool:
        """The whole file is the history, if there is one."""
        if not self.looks:
            return True
        return next((Sent(e["nonce"], e["place"]) for e in entries(self.ledger) if e["nonce"] == row.nonce), False)

    async def see(self, address: str, *, first: bool = False, tried: bool = False) -> None:
        """Paper says nothing of who reads it."""
        del address, first, tried

    async def who(self, user: str, channel: str) -> Account | None:
        """Everybody is known already."""
        del user, channel
        return None


def entries(ledger: Path) -> list[dict[str, Any]]:
    """Every call that was taken."""
    return [json.loads(line) for line in ledger.read_bytes().splitlines()] if ledger.exists() else []


class CountingStore(Store):
    """A store that knows how many transactions are under way."""

    busy = 0

    async def rows(
        self, work: Callable[[Connection, datetime], T], *, rank: int = LATER, within: float | None = None
    ) -> T:
        """One transaction."""
        self.busy += 1
        try:
            return await super().rows(work, rank=rank, within=within)
        finally:
            self.busy -= 1


@dataclass
class Server:
    """A server's parts, before the same paper as every other."""

    clock: Clock
    store: CountingStore
    intake: Intake
    delivery: Delivery


def build(url: str, ledger: Path, *, workers: int = WORKERS, blind: bool = False) -> Server:
    """The parts, on this database. `blind`: as in the world, nobody can look in Teams whether a post arrived."""
    clock = Clock()
    store = CountingStore(Database(hurried(make_engine(url)), clock))
    intake = Intake(store, House(ZoneInfo("UTC"), ("slack", "teams")))
    carriers = {p: PaperCarrier(p, ledger, looks=p == "slack" or not blind) for p in ("slack", "teams")}
    return Server(clock, store, intake, Delivery(store, intake, carriers, workers=workers))


async def tell(house: Server) -> None:
    """Say each line, and carry everything that came of it before the next."""
    for number, (who, line) in enumerate(STORY):
        house.clock.wind(seconds=1)
        await house.intake.take(Request(f"story-{number}", "slack", who, "C0INCIDENTS", line))
        await house.delivery.drain()


async def main(url: str, ledger: Path, point: str, number: int, way: str) -> None:
    """Live until the point."""
    # with one post in the air at a time it is known which one the kill meets
    house = build(url, ledger, workers=1 if point in ("before", "after") else WORKERS, blind=way == "blind")
    passed: Counter[str] = Counter()

    async def fault(name: str) -> None:
        passed[name] += 1
        if (name, passed[name]) != (point, number):
            return
        while way == "stop" and house.store.busy:  # noqa: ASYNC110 - stopped in a transaction it would hold all up
            await asyncio.sleep(0)
        os.kill(os.getpid(), signal.SIGSTOP if way == "stop" else signal.SIGKILL)

    def committed() -> None:
        passed["committed"] += 1
        if (point, passed["committed"]) == ("committed", number):
            os.kill(os.getpid(), signal.SIGKILL)

    if point in ("before", "after", "leaving", "poison"):
        for carrier in house.delivery.carriers.values():
            assert isinstance(carrier, PaperCarrier)
            carrier.strike = point
    house.delivery.fault = fault
    house.intake.wake = committed
    if point == "poison":
        house.clock.wind(minutes=number)
    await tell(house)
    await house.delivery.drain()
    if point == "poison":
        await house.delivery.settle()
        await house.delivery.drain()
    house.store.close()
    sys.stdout.write(json.dumps(passed))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]), sys.argv[5]))
