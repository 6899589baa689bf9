"""Thirty days of reminders against a reference of twenty lines: each step said once, whoever ticks, whoever dies."""

import asyncio
import os
import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event

from bot.channel import Answer, Request
from bot.intake import House, Intake
from bot.store import Store
from handlers.domain.catalog import parse_bytes, to_dict
from handlers.domain.incident import Event
from handlers.domain.people import Account
from storage.database import Database, make_engine
from tests.conftest import hurried
from tests.desk import Clock, words

INCIDENTS = int(os.environ.get("AMENDS_SOAK_INCIDENTS", "200"))
"""How many are declared in the thirty days; more for a soak."""
FIRST = datetime(2026, 10, 1, tzinfo=UTC)
DAYS = 30
"""From 1 October: Sydney's clocks go forward on the 4th, Berlin's back on the 25th."""
GRID = timedelta(minutes=30)
"""Somebody ticks this often, where anything might be due."""
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
WAITS = (-HOUR / 2, 0 * HOUR, HOUR / 2, 2 * HOUR)
POLICY = """
policy:
  severities: {sev1: {updates: 4h}, sev2: {updates: 9h}, sev3: {updates: %s}}
  reminders:
    again: none
    escalation:
      - {before: 30m, tell: [commander]}
      - {after: 0m, tell: [commander, deputy]}
      - {after: 30m, tell: [roles]}
      - {after: 2h, tell: [channel]}
"""
EDITS = {FIRST: 18, FIRST + timedelta(days=11, hours=5): 7, FIRST + timedelta(days=20, hours=3): 26}
"""When the policy is edited, and the hours between updates of a sev3 from then on."""
PEOPLE = "people: [{name: Ana Silva, email: ana@example.com, slack: U0ANA, roles: [commander]}]\n"


# --- what is said to the bot -----------------------------------------------------------------------------------------
@dataclass(frozen=True, order=True)
class Said:
    """A line at a time, about an incident; for the reference: what it does to the clock."""

    at: datetime
    incident: int
    line: str
    what: str = ""
    length: timedelta = timedelta()
    wall: str = ""


def script(seed: int) -> list[Said]:
    """What people say in these thirty days: the same for the same seed."""
    dice = random.Random(seed)
    starts = sorted(FIRST + timedelta(seconds=dice.randrange(60, 25 * 86400)) for _ in range(INCIDENTS))
    lines: list[Said] = []
    for number, start in enumerate(starts, 1):
        severity = dice.choice(("sev1", "sev2", "sev3", "sev3"))
        lines.append(Said(start, number, f"declare Trouble {number} {severity}", severity))
        at = start
        for _ in range(dice.randrange(1, 4)):
            at += timedelta(seconds=dice.randrange(600, 20 * 3600))
            lines.append(_line(dice, at, number))
        end = at + timedelta(seconds=dice.randrange(600, 8 * 3600))
        lines.append(Said(end, number, f"{dice.choice(('resolve', 'cancel'))} {number} because it is over", "over"))
    return sorted(line for line in lines if line.at < FIRST + timedelta(days=DAYS))


def _line(dice: random.Random, at: datetime, n: int) -> Said:
    minutes = dice.choice((15, 30, 60, 240, 700))
    length = timedelta(minutes=minutes)
    match dice.randrange(6):
        case 0:
            return Said(at, n, f"ontrack {n}", "spoke")
        case 1:
            return Said(at, n, f"update {n} Words at {at:%d %H:%M:%S} next {minutes}m", "next", length)
        case 2:
            return Said(at, n, f"remind {n} snooze {minutes}m", "later", length)
        case 3:
            return Said(at, n, f"remind {n} every {minutes + 60}m", "every", length + HOUR)
        case 4:
            wall = f"{dice.choice((1, 2, 3, 9)):02}:{dice.choice((0, 15, 30)):02}"
            return Said(at, n, f"remind {n} at {wall}", "at", timedelta(), wall)
        case _:
            return Said(at, n, f"update {n} Words at {at:%d %H:%M:%S}", "spoke")


# --- the reference ---------------------------------------------------------------------------------------------------
def clock_time(wall: str, now: datetime, zone: ZoneInfo) -> datetime | None:
    """When clocks in this zone show this time next; None where they skip it or show it twice."""
    here = now.astimezone(zone)
    hour, minute = map(int, wall.split(":"))
    for day in (here.date(), here.date() + timedelta(days=1)):
        naive = datetime(day.year, day.month, day.day, hour, minute)  # noqa: DTZ001 - a wall clock has no zone
        early, late = (naive.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
        if early != late and naive + 2 * HOUR > here.replace(tzinfo=None):
            return None
        if early > now:
            return early
    raise AssertionError


@dataclass
class Model:
    """One incident, as twenty lines would have it."""

    severity: str
    last: datetime
    zone: ZoneInfo
    every: timedelta | None = None
    due: datetime | None = None
    hand: bool = False
    step: int = 0
    said: datetime | None = None
    cadence: timedelta = timedelta()
    log: list[tuple[datetime, int]] = field(default_factory=list)

    def arm(self, now: datetime, due: datetime, *, hand: bool, soon: bool = True) -> None:
        """An update is due then; it is said beforehand where there is time for it."""
        self.due, self.hand, self.said = due, hand, None
        self.step = 0 if soon and due - now >= HOUR else 1

    def hear(self, said: Said, hours: int) -> None:
        """Somebody said something."""
        now = said.at
        if said.what == "over":
            self.due = None
        elif said.what == "next":
            self.last = now
            self.arm(now, now + said.length, hand=True)
        elif said.what == "later":
            self.arm(now, now + said.length, hand=True, soon=False)
        elif said.what == "at" and (due := clock_time(said.wall, now, self.zone)) and due - now >= MINUTE:
            self.arm(now, due, hand=True, soon=False)
        elif said.what in ("spoke", "every", "sev1", "sev2", "sev3"):
            self.last = now
            self.every = said.length if said.what == "every" else self.every
            self.cadence = self.every or HOUR * {"sev1": 4, "sev2": 9, "sev3": hours}[self.severity]
            self.arm(now, now + self.cadence, hand=False)

    def tick(self, now: datetime, hours: int) -> None:
        """The clock looks."""
        if self.due is None:
            return
        cadence = self.every or HOUR * {"sev1": 4, "sev2": 9, "sev3": hours}[self.severity]
        if not self.hand and cadence != self.cadence:
            moved = max(now, self.last + cadence)
            self.cadence = cadence
            if self.said is None or moved > now:
                self.arm(now, moved, hand=False)
        if self.step == 0 and now >= self.due:
            self.step = 1
        if self.step < len(WAITS):
            at = self.due + WAITS[self.step]
            if self.step > 1 and self.said:
                at = max(at, self.said + WAITS[self.step] - WAITS[self.step - 1] - MINUTE)
            if now >= at:
                self.log.append((now, self.step))
                self.step, self.said = self.step + 1, now


# --- the servers -----------------------------------------------------------------------------------------------------
class Killed(BaseException):
    """kill -9, in the middle of a transaction: nothing of it is left."""


class Replica:
    """One server, which may be told to die at its so-manieth statement."""

    def __init__(self, url: str, clock: Clock, zone: ZoneInfo) -> None:
        engine = hurried(make_engine(url))
        self.left = 0
        event.listen(engine, "before_cursor_execute", self._count)
        self.store = Store(Database(engine, clock))
        self.intake = Intake(self.store, House(zone, ("slack",)))

    def _count(self, *_: Any) -> None:
        if self.left:
            self.left -= 1
            if not self.left:
                raise Killed


@dataclass
class Month:
    """The database, whoever serves it, and the reference beside."""

    url: str
    zone: ZoneInfo
    replicas: int
    dice: random.Random
    clock: Clock = field(default_factory=Clock)
    servers: list[Replica] = field(default_factory=list)
    models: dict[int, Model] = field(default_factory=dict)
    deaths: int = 0
    hours: int = 0

    def start(self) -> Replica:
        """One more server."""
        server = Replica(self.url, self.clock, self.zone)
        self.servers.append(server)
        return server

    async def tick(self) -> None:
        """Every server looks, in any order, sometimes at the same moment; one may die of it and is started again."""
        order = self.dice.sample(self.servers, len(self.servers))
        victim = order[0] if self.dice.random() < 0.1 else None
        if victim is not None:
            victim.left = self.dice.randrange(1, 60)
            try:
                await victim.intake.tick()
            except Killed:
                self.deaths += 1
            self.servers.remove(victim)
            victim.store.close()
            order[0] = self.start()
        if self.dice.random() < 0.1:
            await asyncio.gather(*(server.intake.tick() for server in order))
        else:
            for server in order:
                await server.intake.tick()
        for model in self.models.values():
            model.tick(self.clock.at, self.hours)

    async def hear(self, said: Said) -> Answer:
        """Somebody says something to some server."""
        server = self.dice.choice(self.servers)
        request = Request(f"{said.incident}-{said.at.isoformat()}", "slack", "U0ANA", "C0INCIDENTS", said.line)
        answer = await server.intake.take(request)
        if said.incident not in self.models:
            self.models[said.incident] = Model(said.what, said.at, self.zone)
        self.models[said.incident].hear(said, self.hours)
        skipped = said.what == "at" and self._refused(said)
        over = self.models[said.incident].due is None and said.what != "over"
        assert answer.refused == (skipped or over), f"{said}: {words(answer.show)}"
        return answer

    def _refused(self, said: Said) -> bool:
        due = clock_time(said.wall, said.at, self.zone)
        return due is None or due - said.at < MINUTE

    async def edit(self, hours: int) -> None:
        """The policy is edited and loaded."""
        self.hours = hours
        catalog = parse_bytes((PEOPLE + POLICY % f"{hours}h").encode(), filename="house.yaml")
        await self.servers[0].store.book(lambda b: b.load_catalog(to_dict(catalog), str(hours)))


def moments(lines: list[Said]) -> Iterator[tuple[datetime, Said | int | None]]:
    """Lines, edits of the policy, and ticks on the grid, in order."""
    found: list[tuple[datetime, int, Said | int | None]] = [(line.at, 1, line) for line in lines]
    found += [(at, 0, hours) for at, hours in EDITS.items()]
    found += [(FIRST + n * GRID, 2, None) for n in range(1, int(timedelta(days=DAYS) / GRID))]
    for at, _, what in sorted(found, key=lambda one: one[:2]):
        yield at, what


@pytest.mark.parametrize(("replicas", "zone"), [(1, "Europe/Berlin"), (2, "Australia/Sydney"), (4, "Europe/Berlin")])
async def test_each_due_time_of_thirty_days_is_said_once(
    sqlite_template: Path, tmp_path: Path, replicas: int, zone: str
) -> None:
    """Step by step what the reference says, at the same tick; nothing twice, nothing after the end, none left out."""
    shutil.copy(sqlite_template, tmp_path / "month.db")
    month = Month(f"sqlite:///{tmp_path / 'month.db'}", ZoneInfo(zone), replicas, random.Random(replicas))
    month.clock.at = FIRST
    for _ in range(replicas):
        month.start()
    await month.edit(18)
    await month.servers[0].intake.meet(Account("slack", "U0ANA", "Ana Silva", "colleague", "ana@example.com"))
    for at, what in moments(script(7)):
        month.clock.at = at
        if isinstance(what, Said):
            await month.hear(what)
        elif what is not None:
            await month.edit(what)
        elif _anything(month, at):
            await month.tick()
    events = await month.servers[0].store.book(lambda b: b.find(Event, kind="reminder"))
    told: dict[int, list[datetime]] = {n: [] for n in month.models}
    for one in events:
        told[one.incident].append(one.at)
    assert told == {n: [at for at, _ in model.log] for n, model in month.models.items()}
    kept = await month.servers[0].store.book(lambda b: [p.key for p in b.posts("inc-") if "/reminder/" in p.key])
    assert len(kept) == len(set(kept))
    assert sum(map(len, told.values())) > 2 * INCIDENTS
    assert month.deaths > 0
    for server in month.servers:
        server.store.close()


def _anything(month: Month, now: datetime) -> bool:
    """Whether a tick may say something; now and then one where nothing is due, to see that nothing is said."""
    soon = any(
        model.due is not None and model.step < len(WAITS) and model.due + WAITS[model.step] <= now
        for model in month.models.values()
    )
    return soon or month.dice.random() < 0.02 or any(timedelta() <= now - at < GRID for at in EDITS)
