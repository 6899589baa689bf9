"""B13: one apology to 10,000 customers, from draft to the last post queued, beside a bare insert of the same rows.

`make bench` runs it. Each part lives in a process of its own, so that its memory is its own; lines are said as people
say them, to the bot's own way in, on an SQLite file with full sync; the platforms answer at once, in memory.
"""

import asyncio
import itertools
import json
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from handlers.domain.catalog import Catalog

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

SIZES = (1_000, 10_000)
"""Customers: the small house first, so that growth per customer is seen."""
SECONDS = 10.0
"""The longest that one command may take."""
MEGABYTES = 300.0
"""The most memory of the process, at its peak."""
GROWTH = 3.0
"""How many times dearer a delivered post, or a look for the next posts, may be with ten times as many customers."""
CARRIED = 300
"""Posts carried of the last step, with all the others still waiting in line."""
OWN = 5
"""Customers with a fact that only they read."""
SPARE_EVERY = 100
"""One customer in so many has a second channel, for when the first fails."""
ZONES = (
    "America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles", "America/Phoenix",
    "America/Toronto", "America/Mexico_City", "America/Bogota", "America/Sao_Paulo", "Europe/London", "Europe/Dublin",
    "Europe/Paris", "Europe/Berlin", "Europe/Helsinki", "Europe/Istanbul", "Africa/Johannesburg", "Asia/Dubai",
    "Asia/Kolkata", "Asia/Singapore", "Asia/Hong_Kong", "Asia/Tokyo", "Asia/Seoul", "Australia/Perth",
    "Australia/Sydney", "Pacific/Auckland",
)  # fmt: skip
PEOPLE = (
    ("ana", "Ana Silva", "commander"),
    ("ben", "Ben Okafor", "comms"),
    ("cleo", "Cleo Laurent", "comms-approver"),
    ("noor", "Noor Haddad", "comms"),
    ("dana", "Dana Lee", "account-manager"),
    *((f"am{n}", f"Manager Number{n}", "account-manager") for n in range(1, 40)),
)
STEPS = (
    ("ben", 'apology draft 1 signatory "Morgan Cole"', "draft"),
    ("ben", "apology lint 1", "lint"),
    ("ben", "apology submit 1", "submit"),
    ("ana", "apology approve 1", "approve (commander)"),
    ("cleo", "apology approve 1", "approve (communications)"),
    ("dana", "apology approve 1", "approve (account manager)"),
    ("cleo", "apology publish 1 to {size}", "publish: compose, lint, queue"),
)


# --- a house of any size ---------------------------------------------------------------------------------------------
def house(size: int) -> "Catalog":
    """So many customers: 25 time zones, two kinds of English, Slack and Teams."""
    from handlers.domain.catalog import Catalog, Channel, Customer, Region, Service, Use
    from handlers.domain.people import Person

    customers = []
    for n in range(1, size + 1):
        slack, teams = Channel("slack", f"C0{n:08}"), Channel("teams", f"19:{n:08}@thread.tacv2")
        first, second = (slack, teams) if n % 3 else (teams, slack)
        customers.append(
            Customer(
                f"customer-{n:05}",
                f"Company{n:05} Ltd",
                (Use("mail", "NA"),),
                "dana@example.com" if n <= OWN else f"am{n % 39 + 1}@example.com",
                channels=(first, second) if n % SPARE_EVERY == 0 else (first,),
                timezone=ZONES[n % len(ZONES)],
                locale="en-US" if n % 2 else "en-GB",
            )
        )
    return Catalog(
        (Region("NA", "North America"), Region("EU", "Europe")),
        (
            Service("mail", "Mail", regions=("NA", "EU"), internal_names=("mx-blu",)),
            Service("search", "Search", regions=("NA", "EU")),
        ),
        tuple(customers),
        tuple(
            Person(f"{who}@example.com", name, "Director", f"{who}@example.com", f"U0{who.upper()}", f"29:{who}",
                   frozenset({role}))
            for who, name, role in PEOPLE
        ),
    )  # fmt: skip


class Memory:
    """A platform that says yes at once."""

    def __init__(self, platform: str) -> None:
        self.platform = platform
        self._numbers = itertools.count(1)

    def buckets(self, op: Any, address: str, *, edit: bool, broadcast: bool) -> tuple[Any, ...]:
        """It takes as much as we have."""
        del op, address, edit, broadcast
        return ()

    async def carry(self, row: Any) -> Any:
        """It arrived."""
        from handlers.domain.delivery import Sent

        number = row.message_id or f"{self.platform}-{next(self._numbers)}"
        return Sent(number, f"room-{number}" if row.op == "open" else row.address, name="room")

    async def look(self, row: Any) -> bool:
        """Nothing is ever lost here."""
        del row
        return True

    async def see(self, address: str, *, first: bool = False, tried: bool = False) -> Any:
        """The channel is as it was."""
        from handlers.domain.channels import Seen

        del first, tried
        return Seen(address, reach="yes")

    async def who(self, user: str, channel: str) -> None:
        """Nobody is asked here."""
        del user, channel


class Desk:
    """The bot's own way in and way out."""

    def __init__(self, folder: str) -> None:
        from zoneinfo import ZoneInfo

        from bot.delivery import Delivery
        from bot.intake import House, Intake
        from bot.store import Store
        from storage.database import Database, make_engine

        self.store = Store(Database(make_engine(f"sqlite:///{folder}/bench.db")))
        self.intake = Intake(self.store, House(ZoneInfo("UTC"), ("slack", "teams")))
        carriers = {name: Memory(name) for name in ("slack", "teams")}
        self.delivery = Delivery(self.store, self.intake, carriers)

    async def say(self, who: str, words: str) -> Any:
        """One line of one person in the incidents channel; what is refused ends the bench."""
        from bot.channel import Request

        request = Request(f"k{time.time_ns()}", "slack", f"U0{who.upper()}", "C0INCIDENTS", words)
        answer = await self.intake.take(request)
        if answer.refused:
            raise SystemExit(f"refused: {words}: {answer.show}")
        return answer


# --- the parts, each a process ---------------------------------------------------------------------------------------
async def prepare(folder: str, size: int) -> dict[str, Any]:
    """The house, and a resolved incident with a full record; its rooms are open."""
    from handlers.domain.catalog import to_dict
    from handlers.domain.incident import Setting
    from handlers.domain.people import Account
    from storage import migrate

    desk = Desk(folder)
    migrate.migrate(desk.store.database.engine)
    await desk.store.book(lambda b: b.load_catalog(to_dict(house(size)), "bench"))
    for name, address in (("slack.incidents", "C0INCIDENTS"), ("teams.incidents", "19:incidents@thread.tacv2")):
        await desk.store.book(lambda b, name=name, address=address: b.put(Setting(name, address)))  # type: ignore[misc]
    for who, name, _ in PEOPLE:
        for platform, number in (("slack", f"U0{who.upper()}"), ("teams", f"29:{who}")):
            await desk.intake.meet(Account(platform, number, name, "colleague", f"{who}@example.com"))
    day, soon = (datetime.now(UTC) - timedelta(days=1)).date(), (datetime.now(UTC) + timedelta(days=3)).date()
    record = [
        "declare Mail is down sev1 services mail region NA",
        'fact 1 impact "could not send mail" source support public',
        f"fact 1 window {day} 02:00-03:00 UTC source monitoring public",
        'fact 1 cause.trigger "our configuration change" source statement public',
        "fact 1 fix fixed source statement public",
        'fact 1 count "12,000 people" source monitoring public',
        "fact 1 data-loss none source statement public",
        "fact 1 contact support@example.com source statement public",
        'fact 1 remedy "none due" source statement public',
        f"fact 1 next-report {soon} source statement public",
        *(f'fact 1 impact "could not open archive number {n}" source support for customer-{n:05}'
          for n in range(1, OWN + 1)),
        f"task 1 add Test every change before it is rolled out @Noor due {soon}",
        "resolve 1",
    ]  # fmt: skip
    for words in record:
        await desk.say("ana", words)
    await desk.delivery.drain()
    desk.store.close()
    return {}


async def publish(folder: str, size: int) -> dict[str, Any]:
    """Draft, lint, submit, approve, publish: seconds of each; memory; how often each text was made and linted."""
    import bot.app  # noqa: F401 - what the running bot has in memory before anything happens
    from handlers import apologise
    from storage import outbox

    desk = Desk(folder)
    await desk.say("ana", "show 1")
    composed, linted = Counter[Any](), Counter[str]()
    real_compose, real_lint = apologise.compose, apologise.lint_variant

    def compose(source: Any, audience: Any) -> Any:
        composed[audience] += 1
        return real_compose(source, audience)

    def lint_variant(text: str, *more: Any) -> Any:
        linted[text] += 1
        return real_lint(text, *more)

    apologise.compose, apologise.lint_variant = compose, lint_variant
    idle = peak()
    steps = []
    for who, words, name in STEPS:
        composed.clear()
        linted.clear()
        began = time.perf_counter()
        await desk.say(who, words.format(size=size))
        steps.append([name, time.perf_counter() - began, peak()])
    found = {
        "idle": idle,
        "steps": steps,
        "composed": composed.total(),
        "audiences": len(composed),
        "linted": linted.total(),
        "texts": len(linted),
    }
    apologise.compose, apologise.lint_variant = real_compose, real_lint
    posts = await desk.store.rows(lambda c, _now: outbox.states(c, "apology-1/"))
    expected = await desk.store.book(own_texts)
    by_customer = {p.key.split("/")[1]: p for p in posts}
    found["queued"] = len(posts)
    found["distinct"] = len({p.text for p in posts})
    found["own"] = sum(p.text == expected.get(customer) for customer, p in by_customer.items())
    found["personal"] = sum(f"archive number {n}" in by_customer[f"customer-{n:05}"].text for n in range(1, OWN + 1))
    found["leaked"] = sum("archive number" in p.text for p in posts) - found["personal"]
    desk.store.close()
    return found


def own_texts(book: Any) -> dict[str, str]:
    """What each customer should read, composed anew for this look: by customer key."""
    from zoneinfo import ZoneInfo

    from handlers.apologise import source_of
    from handlers.context import Context, Whence
    from handlers.domain.apology import Apology
    from handlers.domain.compose import Audience, compose
    from handlers.domain.incident import Incident
    from handlers.domain.people import NOBODY

    apology = book.get(Apology, 1)
    ctx = Context(NOBODY, Whence("clock"), apology.published_at, ZoneInfo("UTC"), ("slack", "teams"), "")
    source = source_of(book, ctx, (book.get(Incident, 1),), apology.signatory)
    own = {f.customer for f in source.facts if f.visibility == "customer"}
    made: dict[Audience, str] = {}
    found = {}
    for customer in book.catalog.customers:
        audience = Audience(customer.key if customer.key in own else None, customer.timezone, customer.english)
        if audience not in made:
            made[audience] = compose(source, audience).text("chat")
        found[customer.key] = made[audience]
    return found


async def deliver(folder: str, size: int) -> dict[str, Any]:
    """Carry the first steps and some of the last: processor milliseconds a settled post, and a look for the next."""
    from storage import outbox

    desk = Desk(folder)
    settled: list[float] = []
    claims: list[float] = []
    real_machine, real_claim = desk.intake.machine, outbox.claim

    def timed(real: Callable[..., Any], into: list[float]) -> Callable[..., Any]:
        def run(*args: Any, **more: Any) -> Any:
            began = time.thread_time()  # of this thread alone: a busy machine makes both houses wait, not alike
            done = real(*args, **more)
            into.append((time.thread_time() - began) * 1000)
            return done

        return run

    desk.intake.machine = timed(real_machine, settled)  # type: ignore[method-assign]
    outbox.claim = timed(real_claim, claims)
    while len(settled) < 11:  # one, then ten: the last of these lets all the rest go
        if not await desk.delivery.once():
            await asyncio.sleep(0.01)
    await desk.delivery.drain(1)
    lets_go = max(settled)
    settled.clear()
    claims.clear()
    began = time.perf_counter()
    while len(settled) < CARRIED and await desk.delivery.once():
        pass
    took = time.perf_counter() - began
    await desk.delivery.stop()
    count = len(settled)
    desk.store.close()
    return {
        "size": size,
        "lets_go": lets_go,
        "settled": middle(settled),
        "claim": middle(claims),
        "rate": count / took,
        "posts": count,
    }


async def ceiling(folder: str, size: int) -> dict[str, Any]:
    """The same outbox rows through the bare driver into an empty database, in one transaction; seconds."""
    from storage import migrate
    from storage.database import make_engine

    engine = make_engine(f"sqlite:///{folder}/ceiling.db")
    migrate.migrate(engine)
    engine.dispose()
    source = sqlite3.connect(f"{folder}/bench.db")
    rows = source.execute("SELECT * FROM outbox WHERE audience = 'customer'").fetchall()
    source.close()
    target = sqlite3.connect(f"{folder}/ceiling.db", isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        target.execute(f"PRAGMA {pragma}")
    began = time.perf_counter()
    target.execute("BEGIN IMMEDIATE")
    target.executemany(f"INSERT INTO outbox VALUES ({', '.join('?' * len(rows[0]))})", rows)
    target.execute("COMMIT")
    took = time.perf_counter() - began
    target.close()
    assert len(rows) == size
    return {"seconds": took}


def peak() -> float:
    """The most memory this process ever had; megabytes."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # kilobytes in Linux, bytes in macOS
    return most / (1_000_000 if sys.platform == "darwin" else 1_000_000 / 1024)


def middle(times: list[float]) -> float:
    """The median."""
    return sorted(times)[len(times) // 2] if times else 0.0


PARTS: dict[str, Any] = {"prepare": prepare, "publish": publish, "ceiling": ceiling, "deliver": deliver}


# --- what is printed -------------------------------------------------------------------------------------------------
def part(name: str, folder: str, size: int) -> dict[str, Any]:
    """Run one part in a process of its own; what it found."""
    done = subprocess.run([sys.executable, __file__, name, folder, str(size)], stdout=subprocess.PIPE, check=False)
    if done.returncode:
        raise SystemExit(f"{name} ended with {done.returncode}: {done.stdout.decode()[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def table(size: int, found: dict[str, Any], bare: float) -> bool:
    """Print one house; whether every command met its targets and every customer got their own words, made once."""
    print(f"B13a  one apology to {size:,} customers, SQLite full sync, every line one commit")
    print(f"{'':32}{'seconds':>10}{'peak MB':>10}{'+ MB':>8}")
    print(f"{'idle':32}{'':10}{found['idle']:10.0f}")
    for name, seconds, most in found["steps"]:
        print(f"{name:32}{seconds:10.2f}{most:10.0f}{most - found['idle']:8.0f}")
    queueing = found["steps"][-1][1]
    print(f"{'ceiling: bare insert, one commit':32}{bare:10.2f}")
    print(f"amends ÷ ceiling: {queueing / bare:.1f}×, {queueing / size * 1000:.2f} ms a customer")
    print(
        f"{found['queued']:,} posts queued, {found['distinct']} distinct texts; composed {found['composed']} times for "
        f"{found['audiences']} kinds of reader, linted {found['linted']} times for {found['texts']} texts; "
        f"{found['own']:,} customers with their own text, {found['personal']} of them with their own fact, "
        f"{found['leaked']} with somebody else's"
    )
    right = found["queued"] == found["own"] == size and found["personal"] == OWN and not found["leaked"]
    once = found["composed"] == found["audiences"] and found["linted"] == found["texts"]
    slowest, most = max(s for _, s, _ in found["steps"]), max(m for _, _, m in found["steps"])
    good = slowest <= SECONDS and most <= MEGABYTES and right and once
    print(
        f"target ≤ {SECONDS:.0f} s a command, ≤ {MEGABYTES:.0f} MB, each text made once, each customer their own: "
        f"{'met' if good else 'MISSED'}\n"
    )
    return good


def growth(runs: list[dict[str, Any]]) -> bool:
    """Print what a delivered post costs while all others wait; whether it stays about the same in the larger house."""
    print(f"B13b  {CARRIED} posts of the last step carried, all the others in line; ms of processor time")
    print(f"{'customers':>10}{'ms a settled post':>20}{'ms a claim':>14}{'ms to let all go':>18}{'posts a second':>16}")
    for run in runs:
        print(f"{run['size']:10,}{run['settled']:20.2f}{run['claim']:14.2f}{run['lets_go']:18.0f}{run['rate']:16.0f}")
    small, large = runs[0], runs[-1]
    worst = max(large[what] / small[what] for what in ("settled", "claim"))
    good = worst <= GROWTH
    print(
        f"target ≤ {GROWTH:.0f}× dearer with {large['size'] // small['size']} times the customers: {worst:.1f}× "
        f"{'met' if good else 'MISSED'}\n"
    )
    return good


def main() -> int:
    """A house of 1,000 and one of 10,000; 1 if a target is missed."""
    good, runs = True, []
    for size in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            part("prepare", folder, size)
            found = part("publish", folder, size)
            good &= table(size, found, part("ceiling", folder, size)["seconds"])
            runs.append(part("deliver", folder, size))
    good &= growth(runs)
    return 0 if good else 1


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(asyncio.run(PARTS[sys.argv[1]](sys.argv[2], int(sys.argv[3])))))
    else:
        sys.exit(main())
