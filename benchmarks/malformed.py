"""Fifty thousand bad requests at both doors of the whole bot, and every forged one (promises.md, sections 4 and 8).

`make malformed` runs it, about half an hour; the last result is in docs/security.md. It ends at the first answer of 500
or above, line in the log that is an error, change that nobody asked for, and when the process grew beyond the bound.
"""

import io
import itertools
import logging
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from bot.logs import configure
from storage import migrate
from storage.database import make_engine
from tests.bot.doors import behind_doors
from tests.bot.malformed import Spoiler, Watch, recorded
from tests.bot.test_vectors import activities, slack_kinds, turned_away
from tests.bot.vectors import slack_vectors, teams_vectors

DRAWN = 50_000
"""Requests drawn from recordings, beside those forged by combination, whose number follows from the lists."""
GROWTH = 20 * 1024 * 1024
"""Bytes by which the process, emulators included, may grow between the first tenth of the run and its end."""
STATM = Path("/proc/self/statm")
PAGE = 4096


def resident() -> int:
    """Bytes of memory this process holds; 0 where the system does not say."""
    return int(STATM.read_text(encoding="ascii").split()[1]) * PAGE if STATM.exists() else 0


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
            watch.ask(itertools.islice(cases, count // 10))
            before = resident()
            watch.ask(itertools.islice(cases, count - count // 10))
            grown = resident() - before
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
    if grown > GROWTH:
        sys.exit("the process grew")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
