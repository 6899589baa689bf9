"""Fifty thousand bad requests at both doors of the whole bot, and every forged one (promises.md, sections 4 and 8).

`make malformed` runs it, about half an hour; the last result is in docs/security.md. It ends at the first answer of 500
or above, line in the log that is an error, change that nobody asked for, and when the process grew, or one request in a
hundred took longer, beyond the bound. Beside them: a request that is right and changes nothing.
"""

import io
import itertools
import logging
import math
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from bot.logs import configure
from storage import migrate
from storage.database import make_engine
from tests.bot.doors import FORM, SLACK, House, behind_doors, command
from tests.bot.malformed import PEOPLE, Spoiler, Watch, recorded
from tests.bot.test_vectors import activities, slack_kinds, turned_away
from tests.bot.vectors import slack_vectors, teams_vectors

DRAWN = 50_000
"""Requests drawn from recordings, beside those forged by combination, whose number follows from the lists."""
GROWTH = 20 * 1024 * 1024
"""Bytes by which the process, emulators included, may grow between the first tenth of the run and its end."""
SLOW_SECONDS = 0.05
"""What one bad request may take: all but one in a hundred; the longest is printed, and is the machine's as well."""
RIGHT = 300
"""Requests that are right, asked before and after, to see what any request costs here."""
STATM = Path("/proc/self/statm")
PAGE = 4096


def resident() -> int:
    """Bytes of memory this process holds; 0 where the system does not say."""
    return int(STATM.read_text(encoding="ascii").split()[1]) * PAGE if STATM.exists() else 0


def shares(times: Sequence[float]) -> tuple[float, float, float]:
    """Half of them, all but one in a hundred, the longest; milliseconds."""
    ordered = sorted(times)
    half, most = (ordered[math.ceil(share * len(ordered)) - 1] for share in (0.5, 0.99))
    return half * 1000, most * 1000, ordered[-1] * 1000


def right(house: House) -> list[float]:
    """Seconds of requests with nothing wrong about them."""
    found = []

    async def ask(body: bytes) -> None:
        headers = house.box.slack.wire.signed(body, FORM)
        began = time.perf_counter()
        status, _ = await house.straight(SLACK, body, headers)
        found.append(time.perf_counter() - began)
        assert status == 200

    for number in range(RIGHT):
        house.runner.run(ask(command(text="show 1", user_id=f"U0{PEOPLE[number % len(PEOPLE)].upper()}")))
    house.box.clock.wind(timedelta(minutes=1))
    return found


def main(count: int = DRAWN, seed: int = 1) -> None:
    """Ask every request forged by combination and `count` drawn from `seed`, and say what became of them."""
    log = io.StringIO()
    configure("json", stream=log, level=logging.INFO)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "amends.db"
        engine = make_engine(f"sqlite:///{database}")
        migrate.migrate(engine)
        engine.dispose()
        with behind_doors(database) as house:
            app_id, secret, now = house.box.teams.app_id, house.box.slack.signing_secret, int(time.time())
            forged = turned_away(house, slack_vectors(slack_kinds(), secret, now, every=1))
            forged += turned_away(house, teams_vectors(activities(house), app_id, now, every=6))
            watch = Watch(house, log)
            spoiler = Spoiler(house, recorded(house), seed)
            cases = spoiler.cases()
            plain = right(house)
            watch.ask(itertools.islice(cases, count // 10))
            before = resident()
            watch.ask(itertools.islice(cases, count - count // 10))
            grown = resident() - before
            plain += right(house)
    asked, statuses = watch.asked + forged.total(), watch.statuses + forged
    print(f"{asked:,} bad requests in {time.monotonic() - began:,.0f} s: {forged.total():,} forged by combination,")
    print(f"{watch.asked:,} drawn from {len(spoiler.seeds)} recordings")
    print("by status: " + ", ".join(f"{status}: {n:,}" for status, n in sorted(statuses.items())))
    kinds = Counter[str]()
    for name, n in watch.kinds.items():
        kinds[name.partition(" (")[0]] += n
    print("by kind: " + ", ".join(f"{name}: {n:,}" for name, n in sorted(kinds.items())))
    print(f"notes whose words were naughty, one effect for each intent: {watch.effects:,}; other effects: 0")
    print(f"memory: {grown / 2**20:+.1f} MB since the first tenth")
    quiet, bad = shares(plain), shares(watch.times)
    print(f"{'ms':28}{'p50':>8}{'p99':>8}{'max':>8}")
    for name, found in ((f"{len(plain)} right requests", quiet), (f"{len(watch.times):,} bad requests", bad)):
        print(f"{name:28}" + "".join(f"{ms:8.1f}" for ms in found))
    met = bad[1] < SLOW_SECONDS * 1000
    print(f"bad ÷ right: p50 {bad[0] / quiet[0]:.2f}, p99 {bad[1] / quiet[1]:.2f}")
    print(f"target p99 < {SLOW_SECONDS * 1000:.0f} ms: {'met' if met else 'MISSED'}")
    if grown > GROWTH:
        sys.exit("the process grew")
    if not met:
        sys.exit("bad requests were slow")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
