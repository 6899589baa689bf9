"""A server killed at any moment: what was answered is kept, and everything is said once."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import pytest

from bot.delivery import CALL_SECONDS, LEAVE_SECONDS
from bot.scenarios import FOLDER
from handlers.domain.delivery import PostState
from storage import migrate, outbox
from storage.database import Database, make_engine
from storage.outbox import QUARANTINED
from tests.conftest import hurried
from tests.desk import Clock, Desk
from tests.victim import POISON, POISONED, Server, build, entries, tell

ROOT = Path(__file__).parents[2]
POINTS = ("committed", "claimed", "started", "called", "finished")
REPEATABLE = ("topic", "pin", "invite")


async def furnish(url: str, catalog: Path = FOLDER / "bpos-2010.catalog.yaml") -> None:
    """The catalog, its people and the incidents channels."""
    clock = Clock()
    desk = Desk(Database(hurried(make_engine(url)), clock), clock)
    await desk.furnish(catalog)
    desk.store.close()


def victim(url: str, ledger: Path, point: str, number: int, way: str = "kill") -> subprocess.Popen[bytes]:
    """Start a server that ends itself."""
    line = [sys.executable, "-m", "tests.victim", url, str(ledger), point, str(number), way]
    return subprocess.Popen(line, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


async def recover(server: Server) -> list[PostState]:
    """A new server: the leases run out, people's unanswered requests come again, and everything goes its way."""
    server.clock.wind(minutes=1)
    for _ in range(4):
        await server.delivery.drain()
        await server.delivery.settle()
        server.clock.wind(seconds=11)
    await tell(server)
    for _ in range(4):
        await server.delivery.settle()
        await server.delivery.drain()
        server.clock.wind(seconds=11)
    return await server.store.rows(lambda c, _now: outbox.all_states(c))


def said(ledger: Path) -> Counter[str]:
    """How often each message was put on screen anew; edits and repeatable calls show nothing twice."""
    return Counter(e["key"] for e in entries(ledger) if not e["edit"] and e["op"] not in REPEATABLE)


def check(posts: list[PostState], ledger: Path) -> list[PostState]:
    """The oracle: each message stands there once; the only exception is a customer's post that nobody saw arrive."""
    messages = {p.key: p for p in posts if p.op not in REPEATABLE}
    shown = said(ledger)
    assert set(shown) <= set(messages)
    assert max(shown.values()) == 1
    open_ = [p for p in posts if p.state != "sent"]
    assert all(p.state == "unknown" and p.audience == "customer" for p in open_), open_
    assert {k for k in messages if k not in shown} <= {p.key for p in open_}
    return open_


def every_point() -> list[tuple[str, str, int]]:
    """Each passing of each point, on both kinds of database: counted by a server that lives."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/count.db"
        engine = make_engine(url)
        migrate.migrate(engine)
        engine.dispose()
        asyncio.run(furnish(url))
        with victim(url, Path(folder) / "ledger.jsonl", "none", 0) as process:
            told = process.communicate()[0].decode()
    passed = json.loads(told[told.rindex("{") :])
    kinds = ("sqlite", "postgresql")
    return [(kind, point, n) for kind in kinds for point in POINTS for n in range(1, passed[point] + 1)]


CASES = [("sqlite", point, number) for point in POINTS for number in (1, 4)]
CASES += [("sqlite", "started", 15), ("sqlite", "called", 15), *(("postgresql", point, 3) for point in POINTS[:4])]
if os.environ.get("AMENDS_SOAK_POINTS"):  # `make soak`
    CASES = every_point()


@pytest.mark.parametrize(("database_url", "point", "number"), CASES, indirect=["database_url"])
async def test_killed_at_any_point_nothing_is_lost_or_doubled(
    database_url: str, tmp_path: Path, point: str, number: int
) -> None:
    """SIGKILL between commit and call, between call and note, anywhere: after the restart everything stands once."""
    await furnish(database_url)
    ledger = tmp_path / "ledger.jsonl"
    with victim(database_url, ledger, point, number) as process:
        assert await asyncio.to_thread(process.wait, 60) == -signal.SIGKILL
    server = build(database_url, ledger)
    check(await recover(server), ledger)
    server.store.close()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("arrived", [False, True])
async def test_a_customers_post_in_the_air_is_settled_by_a_look_or_by_a_person(
    database_url: str, tmp_path: Path, *, arrived: bool
) -> None:
    """Killed around a customer's call: found, it is settled; not found, it is never sent again by itself."""
    await furnish(database_url)
    ledger = tmp_path / "ledger.jsonl"
    with victim(database_url, ledger, "after" if arrived else "before", 1) as process:
        assert await asyncio.to_thread(process.wait, 60) == -signal.SIGKILL
    server = build(database_url, ledger)
    open_ = check(await recover(server), ledger)
    assert bool(open_) != arrived
    desk = Desk(server.store.database, server.clock)
    desk.delivery.carriers = server.delivery.carriers
    asked = {p.key for p in await desk.posts("unclear/")}
    assert asked == {f"unclear/{post.id}/{post.tried}@slack/U0ANA" for post in open_}
    for post in open_:
        assert post.key not in said(ledger)
        assert (await desk.say("ben", f"settle {post.id} again")).recorded
    await desk.settle()
    assert check(await desk.posts(), ledger) == []
    desk.store.close()
    server.store.close()


@pytest.mark.parametrize(
    ("database_url", "point", "seconds"),
    [
        ("sqlite", "started", LEAVE_SECONDS),
        ("postgresql", "called", LEAVE_SECONDS),
        ("sqlite", "leaving", CALL_SECONDS),
    ],
    indirect=["database_url"],
)
async def test_a_server_that_stood_still_does_not_say_it_again(
    database_url: str, tmp_path: Path, point: str, seconds: float
) -> None:
    """Stopped beyond its lease, its posts taken over, then continued: it notices, and nothing is said twice.

    Also when it was on its way to the first byte: its call is over before that byte.
    """
    await furnish(database_url)
    ledger = tmp_path / "ledger.jsonl"
    with victim(database_url, ledger, point, 4, "stop") as process:
        await asyncio.to_thread(os.waitid, os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)
        stopped = time.monotonic()
        server = build(database_url, ledger)
        posts = await recover(server)
        check(posts, ledger)
        await asyncio.sleep(max(0.0, stopped + seconds + 0.1 - time.monotonic()))
        process.send_signal(signal.SIGCONT)
        assert await asyncio.to_thread(process.wait, 60) == 0
    server.clock.wind(minutes=5)
    check(await recover(server), ledger)
    server.store.close()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_post_that_ends_three_servers_is_left_to_a_person(database_url: str, tmp_path: Path) -> None:
    """`os._exit` in its carrier, three servers each: it is held, all else is said once, and it can be tried again."""
    await furnish(database_url)
    ledger = tmp_path / "ledger.jsonl"
    deaths = 0
    while deaths < 30:
        with victim(database_url, ledger, "poison", deaths + 1) as process:
            if await asyncio.to_thread(process.wait, 60) != POISONED:
                break
        deaths += 1
    server = build(database_url, ledger)
    server.clock.wind(minutes=deaths + 2)
    posts = await recover(server)
    held = [p for p in posts if p.state == "held"]
    assert {p.error for p in held} == {QUARANTINED}
    assert {p.key[: len(POISON)] for p in held} == {POISON}
    assert 3 <= deaths <= 3 * len(held)  # the first may have met several of them at once
    assert {p.state for p in posts if p not in held} == {"sent"}
    for post in held:
        await server.store.rows(lambda c, now, post=post: outbox.settle(c, now, post.id, "again"))
    check(await recover(server), ledger)
    server.store.close()


def crowded(folder: Path) -> Path:
    """The seed's catalog with forty more customers, half of them on each platform."""
    more = "".join(
        f"  - {{key: c{n:02}, name: C{n:02} Ltd, uses: [{{service: bpos, region: NA}}], account_manager: dana@example.com,"
        f" channels: [{{{'slack: C0MANY' if n % 2 else 'teams: 19:many'}{n:03}{'' if n % 2 else '@thread.tacv2'}}}]}}\n"
        for n in range(40)
    )
    found = folder / "crowded.yaml"
    text = (FOLDER / "bpos-2010.catalog.yaml").read_text()
    found.write_text(text.replace("\ncustomers:\n", f"\ncustomers:\n{more}"))
    return found


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("point", "number"), [("started", 18), ("started", 31), ("called", 24), ("finished", 40)])
async def test_a_kill_in_a_broadcast_leaves_at_most_one_customer_unconfirmed_a_platform(
    database_url: str, tmp_path: Path, point: str, number: int
) -> None:
    """Of a dozen posts in the air all but one are found, or had not begun; Teams, where nobody can look, has one at all."""
    await furnish(database_url, crowded(tmp_path))
    ledger = tmp_path / "ledger.jsonl"
    with victim(database_url, ledger, point, number, "blind") as process:
        assert await asyncio.to_thread(process.wait, 60) == -signal.SIGKILL
    server = build(database_url, ledger, blind=True)
    posts = await recover(server)
    server.store.close()
    customers = [p for p in posts if p.audience == "customer"]
    unconfirmed = Counter(p.place.platform for p in customers if p.state == "unknown")
    assert len(customers) > 40
    assert all(p.state in ("sent", "unknown") for p in customers)
    assert max(unconfirmed.values(), default=0) <= 1
    assert max(said(ledger).values()) == 1
    silent = {p.key for p in customers} - set(said(ledger))
    assert silent <= {p.key for p in customers if p.state == "unknown"}
