"""B4: five thousand reminders due in the same second, beside APScheduler's own job store in the same run.

`make bench` runs it. Ours: the metronome ticks, the tick claims what is due, and commits each reminder with its card,
its line of the timeline and the next step; it is said when that is through. Theirs: as many jobs with a date in an
SQLAlchemy job store on the same kind of file, as the documentation sets it up; a job only notes the time.
https://apscheduler.readthedocs.io/en/3.x/userguide.html
"""

import asyncio
import itertools
import json
import math
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

DUE = 5_000
"""Reminders of the same second."""
OPEN = (10_000, 100_000)
"""Open incidents in all; the others are due much later."""
TRIED = 100
"""Jobs of the peer written down to see how long all will take."""
PATIENCE = 180
"""Seconds after which what was not said counts as missed."""


def shares(late: list[float]) -> dict[str, float]:
    """Seconds of lateness: half of them, all but one in a hundred, the last."""
    ordered = sorted(late) or [math.inf]
    at = {name: ordered[math.ceil(share * len(ordered)) - 1] for name, share in (("p50", 0.5), ("p99", 0.99))}
    return at | {"last": ordered[-1]}


async def amends(folder: str, size: int) -> dict[str, Any]:
    """So many open incidents, 5,000 of them due in the same second; how late each was said."""
    from zoneinfo import ZoneInfo

    from bot.clock import Metronome
    from bot.intake import House, Intake
    from bot.store import Store
    from handlers.domain.incident import Event, Incident
    from handlers.domain.people import Account
    from storage import migrate
    from storage.database import Database, make_engine

    store = Store(Database(make_engine(f"sqlite:///{folder}/remind.db")))
    migrate.migrate(store.database.engine)
    committed: list[datetime] = []
    intake = Intake(store, House(ZoneInfo("UTC"), ("slack", "teams")), lambda: committed.append(datetime.now(UTC)))
    for platform, user in (("slack", "U0ANA"), ("teams", "29:ana")):
        await intake.meet(Account(platform, user, "Ana Silva", "colleague", "ana@example.com"))
    far = datetime.now(UTC) + timedelta(days=2)
    made = [
        Incident(
            number=n,
            title=f"Trouble {n}",
            severity="sev1",
            status="investigating",
            declared_at=far - timedelta(days=3),
            declared_by="ana@example.com",
            roles=(("commander", "ana@example.com"),),
            next_update_at=far,
            remind_at=far,
            remind_step=1,
        )
        for n in range(1, size + 1)
    ]
    await store.book(lambda b: b.put_all(made))
    from dataclasses import replace

    due = (datetime.now(UTC) + timedelta(seconds=5)).replace(microsecond=0)
    await store.book(lambda b: b.put_all([replace(i, next_update_at=due, remind_at=due) for i in made[:DUE]]))
    clock = Metronome(intake.tick)
    clock.start()
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        left = await store.book(lambda b: len(b.due(Incident, "remind_at", DUE)))
        if not left and datetime.now(UTC) > due + timedelta(seconds=1):
            break
        await asyncio.sleep(0.5)
    clock.stop()
    events = sorted(await store.book(lambda b: b.find(Event, kind="reminder")), key=lambda e: e.at)
    batches = [len(list(group)) for _, group in itertools.groupby(events, key=lambda e: e.at)]
    assert len(batches) == len(committed), (len(batches), len(committed))
    late = [(at - due).total_seconds() for count, at in zip(batches, committed, strict=True) for _ in range(count)]
    store.close()
    twice = len(events) - len({e.incident for e in events})
    return {"said": len(events), "twice": twice} | shares(late)


SAID: list[float] = []


def note() -> None:
    """What a job of the peer does."""
    SAID.append(time.time())


def apscheduler(folder: str) -> dict[str, Any]:
    """5,000 jobs of the same second, as they come out of the box: a background scheduler with its job store."""
    from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
    from apscheduler.schedulers.background import BackgroundScheduler

    scheduler = BackgroundScheduler(
        jobstores={"default": SQLAlchemyJobStore(url=f"sqlite:///{folder}/jobs.db")}, timezone="UTC"
    )
    scheduler.start(paused=True)
    began = time.monotonic()
    for number in range(TRIED):  # how long it takes to write them all down
        scheduler.add_job("__main__:note", "date", run_date=datetime.now(UTC) + timedelta(days=1), id=str(number))
    each = (time.monotonic() - began) / TRIED
    scheduler.remove_all_jobs()
    due = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=10 + 2 * each * DUE)
    for number in range(DUE):
        scheduler.add_job("__main__:note", "date", run_date=due, id=str(number))
    if due - datetime.now(UTC) < timedelta(seconds=2):
        raise SystemExit("the peer's jobs were not written in time; try a quieter machine")
    scheduler.resume()
    until = due.timestamp() + PATIENCE
    while time.time() < until and scheduler.get_jobs():
        time.sleep(0.5)
    scheduler.shutdown(wait=True)
    return {"said": len(SAID), "twice": 0} | shares([at - due.timestamp() for at in SAID])


def part(*arguments: str) -> dict[str, Any]:
    """Run one part in a process of its own, in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        line = [sys.executable, __file__, folder, *arguments]
        done = subprocess.run(line, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True, text=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> int:
    """The table; 1 if any of ours was missed or said twice."""
    rows = [(f"amends, {size:,} open", part("amends", str(size))) for size in OPEN]
    rows.append(("APScheduler", part("apscheduler")))
    print(f"B4  {DUE:,} reminders due in the same second, SQLite; seconds late")
    print(f"{'':24}{'said':>8}{'missed':>8}{'twice':>8}{'p50 s':>8}{'p99 s':>8}{'last s':>8}")
    for name, found in rows:
        times = "".join(f"{found[key]:8.2f}" for key in ("p50", "p99", "last"))
        print(f"{name:24}{found['said']:8}{DUE - found['said']:8}{found['twice']:8}{times}")
    good = all(found["said"] == DUE and not found["twice"] for name, found in rows if name.startswith("amends"))
    print(f"target none missed, none twice: {'met' if good else 'MISSED'}\n")
    return 0 if good else 1


if __name__ == "__main__":
    if len(sys.argv) > 1:
        folder, which, *size = sys.argv[1:]
        done = asyncio.run(amends(folder, int(size[0]))) if which == "amends" else apscheduler(folder)
        print(json.dumps(done))
    else:
        sys.exit(main())
