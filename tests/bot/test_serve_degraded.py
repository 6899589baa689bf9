"""A server whose database is away, locked or full, over real HTTP: everybody reads in time that nothing was recorded."""

import asyncio
import contextlib
import json
import os
import re
import shutil
import sqlite3
import subprocess
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import psycopg
import pytest
from sqlalchemy import make_url

from bot.intake import DISK_FULL, NOT_RECORDED
from bot.sandbox.ledger import Fault
from bot.sandbox.slack_world import BOT_USER
from tests.bot.served import INCIDENTS, TEAMS_INCIDENTS, World, command, eventually, shown, world
from tests.bot.test_serve_teams import messages, read, room
from tests.disk import USER, SmallDisk, asked, migrated, own_postgres, small_disk
from tests.proxy import Proxy, to_unix

DECLARE = "declare Checkout is down sev2 services checkout region US"
FULL = """
CREATE OR REPLACE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    RAISE EXCEPTION 'could not extend file "base/16384/16492": No space left on device' USING ERRCODE = '53100';
END $$
"""
"""What PostgreSQL says where the disk of its data is full, without the disk: tests.stories.test_disk has the disk."""
TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
Breaking = Callable[[World], AbstractAsyncContextManager[None]]


async def furnished(house: World) -> None:
    """An incident with rooms on both platforms; a Slack form is open, and a Teams form stands in the thread."""
    await house.served()
    for who in ("ana", "ben", "cleo"):
        await house.teams.say_personal(who, "whoami")
        await house.says(who, "whoami")
    assert "INC-1" in await house.says("ana", DECLARE)
    await house.settled()
    await house.says("ana", "update 1")
    assert house.slack.top_view("ana") is not None
    headline = room(house)
    assert headline is not None
    await house.teams.press("ben", thread(house), headline.id, "Post update")
    await eventually(lambda: form(house))
    await house.settled()


def thread(house: World) -> str:
    """The incident's thread in Teams."""
    headline = room(house)
    assert headline is not None
    return f"{TEAMS_INCIDENTS};messageid={headline.id}"


def form(house: World) -> str:
    """The id of the form that stands in it."""
    return next((m.id for m in messages(house) if "Input.Text" in read(m)), "")


# --- seven ways of saying something; each tells what whoever said it reads, and nobody else -----------------------------
async def typed_in_slack(house: World) -> str:
    """A slash command; its answer is for whoever typed it."""
    ack = await house.slack.command("ana", INCIDENTS, "/incident", "note 1 a line typed in Slack")
    assert ack.answer.get("response_type") == "ephemeral"
    return ack.body


async def pressed_in_slack(house: World) -> str:
    """A button; the answer comes over its response_url."""
    before = len(house.slack.whispers("ben", INCIDENTS))
    await house.press("ben", INCIDENTS, "join 1")
    await eventually(lambda: len(house.slack.whispers("ben", INCIDENTS)) > before)
    return shown(house.slack.whispers("ben", INCIDENTS)[-1])


async def sent_in_slack(house: World) -> str:
    """A form; it stays open, with the answer at a field."""
    view = house.slack.top_view("ana")
    assert view is not None
    await house.slack.submit("ana", view.id, {"text": "a form sent in Slack"})
    return " ".join(view.errors.values())


async def named_in_slack(house: World) -> str:
    """A mention; whoever wrote it is answered for their eyes only."""
    before = len(house.slack.whispers("cleo", INCIDENTS))
    await house.slack.mention("cleo", INCIDENTS, "note 1 a mention in Slack")
    await eventually(lambda: len(house.slack.whispers("cleo", INCIDENTS)) > before)
    return shown(house.slack.whispers("cleo", INCIDENTS)[-1])


async def typed_in_teams(house: World) -> str:
    """A mention in the thread; the answer comes into the writer's own chat."""
    chat = house.teams.world.personal_chat(house.teams.world.person("ana"))
    before = len(messages(house, chat))
    delivery = await house.teams.mention("ana", thread(house), "note 1 a line typed in Teams")
    assert delivery.status == 200
    await eventually(lambda: len(messages(house, chat)) > before)
    return read(messages(house, chat)[-1])


async def pressed_in_teams(house: World) -> str:
    """A button; the answer is the HTTP answer, a line at the edge of that person's screen."""
    headline = room(house)
    assert headline is not None
    delivery = await house.teams.press("ana", thread(house), headline.id, "Identified")
    assert delivery is not None
    return json.dumps(delivery.body, ensure_ascii=False)


async def sent_in_teams(house: World) -> str:
    """A form; it stays, for that person, with the answer in it."""
    fields = re.findall(r'"id": "([^"]*text[^"]*)"', read(next(m for m in messages(house) if m.id == form(house))))
    delivery = await house.teams.press("ben", thread(house), form(house), "Post update", {fields[0]: "a form of Teams"})
    assert delivery is not None
    return json.dumps(delivery.body, ensure_ascii=False)


WAYS: tuple[Callable[[World], Awaitable[str]], ...] = (
    typed_in_slack,
    pressed_in_slack,
    sent_in_slack,
    named_in_slack,
    typed_in_teams,
    pressed_in_teams,
    sent_in_teams,
)
SAID: dict[Callable[[World], Awaitable[str]], str] = {
    typed_in_slack: "a line typed in Slack",
    sent_in_slack: "a form sent in Slack",
    named_in_slack: "a mention in Slack",
    typed_in_teams: "a line typed in Teams",
    sent_in_teams: "a form of Teams",
}
"""What stands in the record of each; the buttons change a status and who is in."""


async def everybody(house: World) -> list[str]:
    """All of them at the same moment; what each reads."""
    return list(await asyncio.gather(*(way(house) for way in WAYS)))


async def again(house: World, begun: tuple[int, int]) -> None:
    """What was delivered since then is delivered twice more, the same bytes; a mention is typed anew where that was said."""
    acks, deliveries = house.slack.wire.acks[begun[0] :], house.teams.deliveries[begun[1] :]
    if not effects(house)[SAID[named_in_slack]]:
        await named_in_slack(house)
    for _ in range(2):
        for ack in acks:
            if ack.kind != "events_api":
                await house.slack.wire.again(ack)
        for number in dict.fromkeys(d.activity["id"] for d in deliveries):
            await house.teams.redeliver(number)
    await house.settled()


def effects(house: World) -> dict[str, int]:
    """How often each of what was said stands in the record, and how the incident stands."""
    told = " | ".join(str(row[0]) for row in house.rows("SELECT words FROM events"))
    return {part: told.count(part) for part in SAID.values()}


def limits(house: World) -> list[object]:
    """Answers that came too late for Slack or Teams, or that they could not read."""
    kept = [v for v in house.teams.violations if v.kind != "rate"]
    return [*((name, n) for name, n in house.slack.violations.items() if not name.startswith("rate")), *kept]


def heard(house: World) -> Counter[str]:
    """How often each message of the bot's was put on screen for several people to read, by its words."""
    channels = [shown(m) for c in (house.room(), INCIDENTS) for m in house.slack.messages(c) if m.user == BOT_USER]
    threads = [read(m) for m in messages(house) if m.sender == house.teams.world.bot_id and not m.deleted]
    return Counter([*channels, *threads])


async def metric(house: World, line: str) -> float:
    """One line of `/metrics`; 0 where it is not there."""
    async with aiohttp.ClientSession() as session, session.get(f"{house.bots[-1].url}/metrics") as answer:
        found = re.search(rf"^{re.escape(line)} (\S+)$", await answer.text(), re.MULTILINE)
    return float(found[1]) if found else 0.0


async def doctor(house: World, **settings: str) -> str:
    """What `amends doctor` says."""
    process = command(house.folder, house.settings | settings, "doctor")
    out, _ = await asyncio.to_thread(process.communicate, timeout=60)
    return out.decode()


async def broken(
    house: World, breaking: Breaking, sentence: str, seen: Callable[[], Awaitable[None]], *, room: bool = False
) -> None:
    """While it is broken every way says so, in time; nothing of it has happened; afterwards each has one effect.

    `room`: a little may be left, so that some are recorded; those say so, and no others.
    """
    await furnished(house)
    before = house.rows("SELECT count(*) FROM events")
    public = heard(house)
    async with breaking(house):
        begun = len(house.slack.wire.acks), len(house.teams.deliveries)
        answers = dict(zip(WAYS, await everybody(house), strict=True))
        no = [way for way, said in answers.items() if sentence in said]
        assert len(no) > 2 if room else no == list(WAYS), (answers, house.bots[-1].log[-2000:])
        assert not [said for way, said in answers.items() if way not in no and "Not recorded" in said]
        await seen()
        recorded = effects(house) if room else {}
    if not room:
        await metric(house, "amends_database_up")  # what was held back in between has arrived
        recorded = effects(house)
        assert house.rows("SELECT count(*) FROM events") == before
    assert [recorded[part] for way, part in SAID.items()] == [int(way not in no) for way in SAID]
    assert limits(house) == []
    assert room or heard(house) == public
    await again(house, begun)
    assert effects(house) == dict.fromkeys(SAID.values(), 1)
    assert house.rows("SELECT status FROM incidents") == [("identified",)]
    assert house.rows("SELECT count(*) FROM members") == [(2,)]
    assert house.rows("SELECT key FROM outbox WHERE state IN ('unknown', 'dead', 'held')") == []
    assert max(heard(house).values()) == 1


# --- what breaks ---------------------------------------------------------------------------------------------------------
@asynccontextmanager
async def full(house: World) -> AsyncIterator[None]:
    """PostgreSQL finds no room for anything."""
    house.alter(FULL)
    tables = [name for (name,) in house.rows(TABLES)]
    for name in tables:
        house.alter(f'CREATE TRIGGER no_room BEFORE INSERT OR UPDATE ON "{name}" EXECUTE FUNCTION no_room()')
    house.alter(FULL.replace("no_room() RETURNS trigger", "no_table() RETURNS event_trigger"))
    house.alter(
        "CREATE EVENT TRIGGER no_table ON ddl_command_start WHEN TAG IN ('CREATE TABLE AS') EXECUTE FUNCTION no_table()"
    )
    yield
    house.alter("DROP EVENT TRIGGER no_table")
    for name in tables:
        house.alter(f'DROP TRIGGER no_room ON "{name}"')


def filling(disk: SmallDisk) -> Breaking:
    """A ballast file takes all that is left, and what is free in the database's pages is used up."""

    @asynccontextmanager
    async def filled(house: World) -> AsyncIterator[None]:
        disk.fill()
        await use_up(house)
        disk.fill()
        yield
        disk.free()

    return filled


@asynccontextmanager
async def capped(house: World) -> AsyncIterator[None]:
    """SQLite may not grow by a page, and what is free in its pages is used up."""
    (house.folder / "pages").write_text("1", encoding="ascii")
    await use_up(house)
    yield
    (house.folder / "pages").unlink()


async def use_up(house: World) -> None:
    """Lines, until there is no room even for short ones."""
    for words in (300, 30, 1):  # a little room is left in pages that are there
        refused = 0
        for number in range(200):
            refused += "Not recorded" in await house.says("ana", f"note 1 {words} {number} {'filler ' * words}")
            if refused > 3:
                break


@asynccontextmanager
async def locked(house: World) -> AsyncIterator[None]:
    """Another process holds the write lock."""
    with contextlib.closing(sqlite3.connect(house.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def networked(house: World, network: Proxy, how: str) -> AbstractAsyncContextManager[None]:
    """The way to the database is cut."""

    @asynccontextmanager
    async def cut(_: World) -> AsyncIterator[None]:
        if how == "black hole":
            network.black_hole()
        elif how == "half closed":
            network.half_closed = True
        else:
            network.reset_after = 0
            network.reset()
        yield
        network.half_closed, network.reset_after = False, None
        network.heal()
        network.reset()

    return cut(house)


@asynccontextmanager
async def before_postgres(url: str) -> AsyncIterator[tuple[Proxy, str]]:
    """A network before the test run's PostgreSQL, and the address that leads through it."""
    socket = url.split("host=")[1].split("&", maxsplit=1)[0]
    network = Proxy(to_unix(f"{socket}/.s.PGSQL.5432"))
    name = make_url(url).database
    there = f"postgresql+psycopg://postgres@127.0.0.1:{await network.start()}/{name}?sslmode=disable&gssencmode=disable"
    try:
        yield network, there
    finally:
        await network.stop()


BOTH = ("slack", "teams")
ON_POSTGRES = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@ON_POSTGRES
@pytest.mark.parametrize("how", ["black hole", "half closed", "reset"])
async def test_cut_off_from_the_database_everybody_reads_in_time_that_nothing_was_recorded(
    tmp_path: Path, database_url: str, how: str
) -> None:
    """On both platforms, privately, by command, button, form and mention; later each has one effect."""
    async with (
        before_postgres(database_url) as (network, through),
        world(tmp_path, platforms=BOTH, url=database_url) as house,
    ):
        house.settings["AMENDS_DATABASE_URL"] = through

        async def seen() -> None:
            assert await metric(house, 'amends_not_recorded_total{reason="database away"}') >= len(WAYS)
            assert await metric(house, "amends_database_up") == 0
            await house.slack.rename("ana", "C0CONTOSO", "ext-renamed")  # an event that nobody waits for, but Slack
            assert "does not answer" in (await doctor(house, AMENDS_DATABASE_URL=through)).split("Database:")[1][:300]

        await broken(house, lambda h: networked(h, network, how), NOT_RECORDED, seen)


@dataclass
class Disk:
    """A disk that is full while `breaking`, and what is seen of that from outside."""

    house: World
    breaking: Breaking
    metric: str = 'amends_not_recorded_total{reason="disk full"}'
    doctor: str = "fault  Disk: "
    sentence: str = DISK_FULL
    some_room: bool = True


@asynccontextmanager
async def refusing(folder: Path, request: pytest.FixtureRequest) -> AsyncIterator[Disk]:
    """PostgreSQL answers as it does where its disk is full (SQLSTATE 53100)."""
    server: str = request.getfixturevalue("postgres")
    name = f"full{os.getpid()}"
    asked(server, f"CREATE DATABASE {name} TEMPLATE template_amends")
    async with world(folder, platforms=BOTH, url=server.replace("/postgres?", f"/{name}?")) as house:
        yield Disk(house, full, some_room=False)
    asked(server, f"DROP DATABASE {name} WITH (FORCE)")


@asynccontextmanager
async def limited(folder: Path, request: pytest.FixtureRequest) -> AsyncIterator[Disk]:
    """SQLite in a server of its own that may not grow (`max_page_count`); its doctor sees the real disk, with room."""
    async with world(folder, platforms=BOTH, template=request.getfixturevalue("sqlite_template")) as house:
        house.module = "tests.capped"
        yield Disk(house, capped, doctor="Disk: ")


@asynccontextmanager
async def small_sqlite(folder: Path, request: pytest.FixtureRequest) -> AsyncIterator[Disk]:
    """SQLite on a small tmpfs."""
    with small_disk(8) as disk:
        (disk.folder / "amends.db").write_bytes(request.getfixturevalue("sqlite_template").read_bytes())
        (folder / "amends.db").symlink_to(disk.folder / "amends.db")
        async with world(folder, platforms=BOTH) as house:
            yield Disk(house, filling(disk))


@asynccontextmanager
async def small_data(folder: Path, _: pytest.FixtureRequest) -> AsyncIterator[Disk]:
    """PostgreSQL whose data lie on a small tmpfs."""
    with own_postgres() as server, small_disk(64, USER) as disk:
        url = str(server.get_uri(driver="psycopg"))
        asked(url, f"CREATE TABLESPACE small LOCATION '{disk.folder}'")
        asked(url, "CREATE DATABASE small TABLESPACE small")
        url = url.replace("/postgres?", "/small?")
        migrated(url)
        async with world(folder, platforms=BOTH, url=url) as house:
            yield Disk(house, filling(disk), doctor="fault  Disk: PostgreSQL finds no room")
        asked(url.replace("/small?", "/postgres?"), "DROP DATABASE small WITH (FORCE)")
        asked(url.replace("/small?", "/postgres?"), "DROP TABLESPACE small")


@asynccontextmanager
async def small_log(folder: Path, _: pytest.FixtureRequest) -> AsyncIterator[Disk]:
    """PostgreSQL whose own log lies on a small tmpfs: it ends itself, and does not start while that is full."""
    with small_disk(64, USER) as disk, own_postgres() as server:
        url = str(server.get_uri(driver="psycopg"))
        asked(url, "ALTER SYSTEM SET max_wal_size = '32MB'")
        server.stop()
        log = server.pgdata / "pg_wal"
        shutil.copytree(log, disk.folder / "pg_wal")
        shutil.rmtree(log)
        log.symlink_to(disk.folder / "pg_wal")
        for place, _folders, files in os.walk(disk.folder / "pg_wal"):
            for each in (place, *(f"{place}/{name}" for name in files)):
                shutil.chown(each, USER)
        server.ensure_postgres_running()
        migrated(url)

        @asynccontextmanager
        async def panic(_: World) -> AsyncIterator[None]:
            disk.fill()
            with contextlib.suppress(psycopg.OperationalError):
                for _n in range(100):  # sixteen of them fill what it has in hand
                    asked(url, "SELECT pg_logical_emit_message(false, 'ballast', repeat('x', 1000000))")
            await eventually(lambda: not server.get_postmaster_info().process.is_running(), 30)
            with pytest.raises(subprocess.SubprocessError):
                server.ensure_postgres_running()
            yield
            disk.free()
            server.ensure_postgres_running()

        async with world(folder, platforms=BOTH, url=url) as house:
            away = 'amends_not_recorded_total{reason="database away"}'
            words = "one whose disk is full of its own log stays down until there is room"
            yield Disk(house, panic, away, words, NOT_RECORDED, some_room=False)


REAL = (small_sqlite, small_data, small_log) if os.environ.get("AMENDS_SOAK_DISKS") else ()
"""Disks that are really full need root, so they are tried by `make soak`."""


@pytest.mark.parametrize("place", [refusing, limited, *REAL])
async def test_a_full_disk_is_said_on_both_platforms_and_heals_by_itself(
    tmp_path: Path, request: pytest.FixtureRequest, place: Callable[..., AbstractAsyncContextManager[Disk]]
) -> None:
    """Nothing is lost or doubled, nobody reads a false yes; metric and doctor name it."""
    async with place(tmp_path, request) as disk:

        async def seen() -> None:
            assert await metric(disk.house, disk.metric) > 2
            said = await doctor(disk.house)
            assert disk.doctor in said, said

        await broken(disk.house, disk.breaking, disk.sentence, seen, room=disk.some_room)
        await eventually(lambda: not disk.house.waiting())


async def test_a_database_that_another_process_holds_is_said_on_both_platforms(
    tmp_path: Path, sqlite_template: Path
) -> None:
    """The write lock of the embedded database, for as long as it is held."""
    async with world(tmp_path, platforms=BOTH, template=sqlite_template) as house:

        async def seen() -> None:
            assert await metric(house, 'amends_not_recorded_total{reason="database away"}') >= len(WAYS)
            assert "does not answer (database is locked)" in await doctor(house)

        await broken(house, locked, NOT_RECORDED, seen)


@ON_POSTGRES
async def test_a_commit_whose_answer_was_lost_is_found_over_http(tmp_path: Path, database_url: str) -> None:
    """It was recorded though nobody knew: the same delivery finds it, and adds nothing."""
    async with (
        before_postgres(database_url) as (network, through),
        world(tmp_path, platforms=BOTH, url=database_url) as house,
    ):
        house.settings["AMENDS_DATABASE_URL"] = through
        await furnished(house)
        begun = len(house.slack.wire.acks), len(house.teams.deliveries)
        network.cut_at = b"COMMIT"
        assert NOT_RECORDED in await typed_in_slack(house)
        assert NOT_RECORDED in await typed_in_teams(house)
        # the clock's commits are cut as well: now and then the line is cut before this one is asked for
        assert effects(house)["a line typed in Slack"] <= 1
        network.cut_at = b""
        typed = next(ack for ack in house.slack.wire.acks[begun[0] :] if ack.kind == "slash_commands")
        assert "Noted" in (await house.slack.wire.again(typed)).body
        line = next(d for d in house.teams.deliveries[begun[1] :] if "a line typed in Teams" in str(d.activity))
        await house.teams.redeliver(line.activity["id"])
        await house.settled()
        assert effects(house)["a line typed in Slack"] == effects(house)["a line typed in Teams"] == 1
        assert limits(house) == []


FABRIKAM = "19:fabrikam@thread.tacv2"


@ON_POSTGRES
async def test_what_came_of_a_post_is_not_forgotten_while_the_disk_is_full(tmp_path: Path, database_url: str) -> None:
    """A customer's post was in the air when the disk filled: it arrived, that is known, and no person is asked."""
    async with world(tmp_path, platforms=BOTH, url=database_url) as house:
        await furnished(house)
        await house.says("ana", "update 1 We see errors at checkout to customers")
        # theirs alone: the incident's own thread is opened by the same call, and may be late
        slow = Fault("conversations.create", "delay", place=FABRIKAM, seconds=1.5)
        house.ledger.faults.append(slow)
        await house.says("ben", "send 1")
        await eventually(lambda: slow.times == 0)
        async with full(house):
            await eventually(lambda: messages(house, FABRIKAM))
            await eventually(lambda: "waits for the database" in house.bots[-1].log)
            house.alter(LATER)  # its lease is over long since
            assert await metric(house, 'amends_stumbles_total{reason="disk full",what="outbox"}') > 0
        await house.settled()
        assert house.rows("SELECT state FROM outbox WHERE address = ?", FABRIKAM) == [("sent",)]
        assert len(messages(house, FABRIKAM)) == 1
        assert house.rows("SELECT key FROM outbox WHERE key LIKE 'unclear/%'") == []


LATER = """
DO $$ BEGIN
    SET LOCAL session_replication_role = replica;
    UPDATE outbox SET lease_until = lease_until - interval '1 hour' WHERE lease_until IS NOT NULL;
END $$
"""
"""Behind the triggers' back."""
