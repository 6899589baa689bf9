"""Degraded honestly: whatever is away, people read at once what does not work, never a false yes; the rest goes on."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path

import prometheus_client
import pytest
from sqlalchemy import text

from bot.channel import Answer, Request
from bot.intake import DISK_FULL, NOT_RECORDED
from bot.web import health
from handlers.domain.delivery import Dead, Retry, Unknown
from handlers.domain.incident import Event, Incident, Room, Setting
from handlers.trouble import SENTENCES
from tests.desk import Desk, words
from tests.stories.quick import all_of, customer, furnish

INCIDENTS = "19:incidents@thread.tacv2"
WAYS = (
    ("slack", "declare Search is slow sev4", True, None),  # a command
    ("slack", "severity 1 sev2", False, None),  # a button
    ("slack", "update 1", False, {"text": "Half of it is back"}),  # a form that is sent
    ("slack", "update 1", False, None),  # a form that is opened
    ("teams", "declare Search is slow sev4", True, None),
    ("teams", "severity 1 sev2", False, None),
    ("teams", "update 1", False, {"text": "Half of it is back"}),
    ("teams", "update 1", False, None),
)


@pytest.fixture
async def desk(seed_desk: Desk) -> Desk:
    """A house with an incident in which nothing waits."""
    await furnish(seed_desk, customer("acme", "slack: C0ACME001"))
    await all_of(seed_desk, ("ana", "declare Mail is down sev1 services mail"))
    await seed_desk.settle()
    return seed_desk


def metric(name: str, **labels: str) -> float:
    """A metric's value; 0 where it was never set."""
    return prometheus_client.REGISTRY.get_sample_value(name, labels) or 0.0


async def say(desk: Desk, number: int, on: str, line: str, typed: bool, values: dict[str, str] | None) -> Answer:
    """One way of saying something."""
    user = "U0ANA" if on == "slack" else "29:ana"
    channel = "C0INCIDENTS" if on == "slack" else INCIDENTS
    key = f"way-{number}-{on}"
    return await desk.intake.take(
        Request(key, "slack" if on == "slack" else "teams", user, channel, line, values=values, typed=typed)
    )


async def record(desk: Desk) -> list[object]:
    """All that happened, and every post there is."""
    story = await desk.store.book(lambda b: [*b.find(Event), *b.find(Incident)])
    return [*story, *(p.key for p in await desk.posts())]


@asynccontextmanager
async def silent(desk: Desk) -> AsyncIterator[None]:
    """The database does nothing: its one thread hangs in a transaction."""
    begun, go = threading.Event(), threading.Event()

    def hang(*_: object) -> None:
        begun.set()
        go.wait(30)

    hanging = asyncio.create_task(desk.store.rows(hang))
    await asyncio.to_thread(begun.wait, 10)
    yield
    go.set()
    await hanging


@contextmanager
def locked(desk: Desk) -> Iterator[None]:
    """Another process holds the write lock of the file."""
    with closing(sqlite3.connect(str(desk.store.database.engine.url.database), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


async def test_while_the_database_is_silent_every_way_in_says_not_recorded(desk: Desk) -> None:
    """Commands, buttons and forms, on both platforms, in time; afterwards nothing of it has happened, and all works."""
    desk.intake.patience = 0.02
    before, counted = await record(desk), metric("amends_not_recorded_total", reason="database away")
    async with silent(desk):
        for number, (on, line, typed, values) in enumerate(WAYS):
            answer = await say(desk, number, on, line, typed, values)
            assert (words(answer.show), answer.refused, answer.recorded) == (f"Amends\n{NOT_RECORDED}", True, False)
        home = await desk.intake.home(Request("h", "slack", "U0ANA", "D1", "", personal=True))
        assert NOT_RECORDED in words(home)
    assert await record(desk) == before
    assert metric("amends_not_recorded_total", reason="database away") == counted + len(WAYS) + 1
    desk.intake.patience = 5
    for number, (on, line, typed, values) in enumerate(WAYS[:3]):
        assert not (await say(desk, number, on, line, typed, values)).refused


async def test_a_file_that_another_process_holds_is_said_in_time(desk: Desk) -> None:
    """The write lock of the embedded database is waited for in its thread, not by the person."""
    desk.intake.patience = 0.02
    before = await record(desk)
    with locked(desk):
        answer = await desk.say("ana", "severity 1 sev2")
        assert NOT_RECORDED in words(answer.show)
    assert await record(desk) == before


async def test_a_broken_connection_is_said_at_once(desk: Desk) -> None:
    """A database that refuses, as one that is being restarted."""
    desk.store.database.engine.dispose()
    url = str(desk.store.database.engine.url.database)
    kept = Path(url).rename(f"{url}.away")
    Path(url).mkdir()
    try:
        for number, (on, line, typed, values) in enumerate(WAYS):
            answer = await say(desk, number, on, line, typed, values)
            assert NOT_RECORDED in words(answer.show)
    finally:
        desk.store.database.engine.dispose()
        Path(url).rmdir()
        kept.rename(url)
    await all_of(desk, ("ana", "severity 1 sev2"))


async def test_metrics_and_readiness_answer_without_the_database(desk: Desk) -> None:
    """The watch on us is not blind when it matters."""
    await health.refresh(desk.store)
    assert metric("amends_database_up") == 1
    desk.store.database.engine.dispose()
    url = str(desk.store.database.engine.url.database)
    kept = Path(url).rename(f"{url}.away")
    Path(url).mkdir()
    try:
        routes = {r.path: r.endpoint for r in health.routes(desk.store)}
        shown = await routes["/metrics"](None)
        assert shown.status_code == 200
        assert b"amends_database_up 0.0" in shown.body
        assert (await routes["/readyz"](None)).status_code == 503
    finally:
        desk.store.database.engine.dispose()
        Path(url).rmdir()
        kept.rename(url)


async def test_a_full_disk_is_never_a_yes_and_heals_with_space(desk: Desk) -> None:
    """As many lines are in the record as were answered as recorded; the sentence names the disk; room heals it."""

    def cap(more: int | None) -> None:
        with desk.store.database.engine.connect() as connection:
            pages = connection.execute(text("PRAGMA page_count")).scalar_one()
            limit = pages + more if more is not None else 1_000_000
            connection.execute(text(f"PRAGMA max_page_count = {limit}"))
            connection.rollback()

    await asyncio.get_running_loop().run_in_executor(desk.store._threads, cap, 3)
    counted, yes, no = metric("amends_not_recorded_total", reason="disk full"), 0, 0
    for number in range(60):
        answer = await desk.say("ana", f"note 1 number {number} {'x' * 2000}")
        yes += answer.recorded
        if not answer.recorded:
            no += 1
            assert words(answer.show) == f"Amends\n{DISK_FULL}"
    assert no > 5
    notes = [e for e in await desk.store.book(lambda b: b.find(Event)) if "number" in e.words]
    assert len(notes) == yes
    assert metric("amends_not_recorded_total", reason="disk full") == counted + no
    await asyncio.get_running_loop().run_in_executor(desk.store._threads, cap, None)
    await all_of(desk, ("ana", "note 1 there is room again"))


def troubles(desk: Desk, on: str) -> list[str]:
    """What is said of troubles in one platform's incidents channel."""
    carrier = desk.slack if on == "slack" else desk.teams
    return [words(s.card) for s in carrier.screens.values() if s.key.startswith("trouble/")]


@pytest.mark.parametrize(("away", "other"), [("slack", "teams"), ("teams", "slack")])
@pytest.mark.parametrize("outcome", [Retry("no connection"), Unknown("no answer")])
async def test_one_platform_is_away_and_the_other_says_so_and_goes_on(
    desk: Desk, away: str, other: str, outcome: Retry | Unknown
) -> None:
    """Said once, where people can read it; everything kept arrives in order, and the same message says that it is over."""
    carrier = desk.slack if away == "slack" else desk.teams
    carrier.fail = {f"@{away}": outcome}
    for n in range(12):
        await all_of(desk, ("ana", f"update 1 Word {n}"))
        await desk.settle()
    (said,) = troubles(desk, other)
    assert "does not answer" in said
    assert "Everything works here" in said
    assert troubles(desk, away) == []
    assert metric("amends_platform_up", platform=away) == 0
    elsewhere = desk.teams if away == "slack" else desk.slack
    assert any("Word 11" in words(s.card) for s in elsewhere.screens.values())
    carrier.fail = {}
    for _ in range(12):
        await desk.pass_time(minutes=5)
        await desk.delivery.settle()
        await desk.settle()
    (over,) = troubles(desk, other)
    assert "answers again" in over
    assert metric("amends_platform_up", platform=away) == 1
    if isinstance(outcome, Retry):
        there = [words(s.card) for s in carrier.screens.values() if "/said/" in s.key]
        assert [w for w in there if "Word 0" in w]
        assert [w for w in there if "Word 11" in w]


async def test_a_platform_that_only_asks_us_to_wait_is_not_away(desk: Desk) -> None:
    """Its limits are no trouble."""
    desk.slack.fail = {"@slack": Retry("Slack asked us to wait", after=20)}
    for n in range(8):
        await all_of(desk, ("ana", f"update 1 Word {n}"))
        await desk.pass_time(seconds=30)
    assert troubles(desk, "teams") == []


async def test_a_revoked_token_is_told_on_the_other_platform(desk: Desk) -> None:
    """What Slack does not take is dead with its reason, the rest is done; a new token ends it."""
    desk.slack.fail = {"@slack": Dead("token_revoked")}
    await all_of(desk, ("ana", "update 1 Half of it is back"))
    await desk.settle()
    (said,) = troubles(desk, "teams")
    assert "does not take the bot any more (token_revoked)" in said
    assert metric("amends_platform_up", platform="slack") == 0
    assert {p.error for p in await desk.posts() if p.state == "dead"} == {"token_revoked"}
    assert any("Half of it is back" in words(s.card) for s in desk.teams.screens.values())
    desk.slack.fail = {}
    await all_of(desk, ("ana", "update 1 All of it is back"))
    await desk.settle()
    assert "takes the bot again" in troubles(desk, "teams")[0]


async def test_an_archived_room_goes_on_where_incidents_are_announced(desk: Desk) -> None:
    """What did not arrive is said there, and every room reads why; nothing is lost."""
    room = await desk.store.book(lambda b: b.get(Room, 1, "slack"))
    assert room is not None
    desk.slack.fail = {"/said/": Dead("is_archived")}
    await all_of(desk, ("ana", "update 1 Half of it is back"))
    desk.clock.wind(seconds=1)
    await desk.delivery.once()
    await asyncio.gather(*desk.delivery._tasks)
    desk.slack.fail = {}
    await desk.settle()
    after = await desk.store.book(lambda b: b.get(Room, 1, "slack"))
    assert after is not None
    assert (after.address, after.fault) == ("C0INCIDENTS", "is_archived")
    here = [words(s.card) for s in desk.slack.screens.values() if s.place == "C0INCIDENTS"]
    assert any("Half of it is back" in w for w in here)
    for carrier in (desk.slack, desk.teams):
        assert any("takes no posts (is_archived)" in words(s.card) for s in carrier.screens.values())


async def test_nothing_of_a_private_incident_is_said_where_all_can_read(desk: Desk) -> None:
    """Its room is archived, or was never opened: its members hear of it in their own chats."""
    desk.slack.fail = {"inc-3/room": Dead("restricted_action")}
    await all_of(desk, ("ana", "declare A leak sev1 private"), ("ana", "declare Another leak sev1 private"))
    await desk.settle()
    desk.slack.fail = {"inc-2/": Dead("is_archived")}
    await all_of(desk, ("ana", "update 2 The leak is found"), ("ana", "update 3 This one too"))
    await desk.settle()
    public = [words(s.card) + s.text for s in desk.screens() if s.place in ("C0INCIDENTS", INCIDENTS)]
    assert not [w for w in public if "leak" in w or "This one" in w]
    own = [words(s.card) for s in desk.screens("shut-2") if s.place in ("U0ANA", "29:ana")]
    assert any("takes no posts" in w for w in own)


async def test_the_incidents_channel_is_archived(desk: Desk) -> None:
    """The other platform says so, and that it is over."""
    desk.slack.fail = {"announcement": Dead("is_archived"), "announce": Dead("is_archived")}
    await all_of(desk, ("ana", "declare Search is down sev2 services search"))
    await desk.settle()
    (said,) = troubles(desk, "teams")
    assert "incidents channel in Slack takes no posts (is_archived)" in said
    desk.slack.fail = {}
    await all_of(desk, ("ana", "declare Search is odd sev4 services search"))
    await desk.settle()
    assert "takes posts again" in troubles(desk, "teams")[0]


@pytest.mark.parametrize(("seconds", "side"), [(420, "ahead of"), (-420, "behind")])
async def test_a_clock_that_went_astray_is_told_once_and_taken_back(desk: Desk, seconds: float, side: str) -> None:
    """More than five minutes off the database's; less is no trouble."""
    await desk.delivery.clocks(seconds / 2, "server-1")
    await desk.settle()
    assert troubles(desk, "slack") == []
    for _ in range(3):
        await desk.delivery.clocks(seconds, "server-1")
        await desk.settle()
    for on in ("slack", "teams"):
        (said,) = troubles(desk, on)
        assert f"7 min {side} the database's" in said
    await desk.delivery.clocks(0, "server-1")
    await desk.settle()
    assert "right again" in troubles(desk, "slack")[0]


async def test_another_server_ends_what_the_first_one_told(desk: Desk) -> None:
    """What is told stands in the database, not in a process."""
    from bot.delivery import Delivery

    desk.slack.fail = {"@slack": Dead("token_revoked")}
    await all_of(desk, ("ana", "update 1 Half of it is back"))
    await desk.settle()
    desk.slack.fail = {}
    desk.delivery = Delivery(desk.store, desk.intake, {"slack": desk.slack, "teams": desk.teams})
    await all_of(desk, ("ana", "update 1 All of it is back"))
    await desk.settle()
    assert "takes the bot again" in troubles(desk, "teams")[0]
    standing = await desk.store.book(
        lambda b: [s for s in b.find(Setting) if s.name.startswith("trouble.") and s.value]
    )
    assert standing == []


@pytest.mark.parametrize("sentence", [NOT_RECORDED, DISK_FULL, *SENTENCES.values()])
def test_operations_quotes_every_sentence(sentence: str) -> None:
    """The table in docs/operations.md says what people read, word for word."""
    page = (Path(__file__).parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")
    said = sentence.format(
        name="Slack", reason={"A": "7 min ahead of", "T": "is_archived"}.get(sentence[0], "token_revoked")
    )
    assert said.split(". ")[0] in page
