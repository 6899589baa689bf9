"""What can be away beside the database, before a real server: people read it, `/metrics` shows it, `doctor` names it."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.sandbox.ledger import Fault
from tests.bot.served import INCIDENTS, TEAMS_INCIDENTS, World, eventually, world
from tests.bot.test_serve_degraded import BOTH, DECLARE, ON_POSTGRES, doctor, metric
from tests.bot.test_serve_teams import messages, read

POSTS = {
    "slack": ("chat.postMessage", "chat.update", "conversations.history", "conversations.replies"),
    "teams": ("activity.post", "activity.put"),
}
CLOCK = """
CREATE SCHEMA skewed;
CREATE TABLE skewed.by (seconds double precision);
INSERT INTO skewed.by VALUES (0);
CREATE FUNCTION skewed.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE AS
    'SELECT pg_catalog.clock_timestamp() + make_interval(secs => (SELECT seconds FROM skewed.by))'
"""
"""A database with a clock of its own: what comes first in the search path is what `clock_timestamp()` means."""


def wind(house: World, **by: float) -> None:
    """Set the database's clock that far from this machine's."""
    house.alter("UPDATE skewed.by SET seconds = ?", timedelta(**by).total_seconds())


@asynccontextmanager
async def on_postgres(folder: Path, url: str) -> AsyncIterator[World]:
    """A house whose database has a clock of its own."""
    async with world(folder, platforms=BOTH, url=url) as house:
        for line in CLOCK.split(";\n"):
            house.alter(line)
        house.settings["AMENDS_DATABASE_URL"] = f"{url}&options=-csearch_path%3Dpublic,skewed,pg_catalog"
        yield house


@pytest.fixture
async def house(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[World]:
    """A server before both platforms, an incident on both."""
    async with world(tmp_path, platforms=BOTH, template=sqlite_template) as found:
        await declared(found)
        yield found


async def declared(house: World) -> None:
    """An incident with a room on both platforms."""
    await house.served()
    for who in ("ana", "ben"):
        await house.teams.say_personal(who, "whoami")
    assert "INC-1" in await house.says("ana", DECLARE)
    await house.settled()


def in_teams(house: World) -> str:
    """All that stands in Teams' incidents channel and its threads."""
    return " ".join(read(m) for m in messages(house, TEAMS_INCIDENTS) if not m.deleted)


def in_slack(house: World) -> str:
    """All that stands in Slack's incidents channel."""
    return " ".join(house.said(INCIDENTS))


@ON_POSTGRES
@pytest.mark.parametrize(("away", "name"), [("slack", "Slack"), ("teams", "Teams")])
async def test_a_platform_that_is_silent_is_told_on_the_other(
    tmp_path: Path, database_url: str, away: str, name: str
) -> None:
    """Half a minute by the database's clock; the other goes on; what was kept arrives once, and the message says so."""
    async with on_postgres(tmp_path, database_url) as house:
        await declared(house)
        elsewhere = in_teams if away == "slack" else in_slack
        house.ledger.faults += [Fault(method, "drop_before", times=-1) for method in POSTS[away]]
        await house.says("ana", "update 1 Half of the nodes are back")
        await eventually(lambda: house.rows("SELECT 1 FROM outbox WHERE platform = ? AND attempts > 0", away))
        for seconds in (40, 80, 120, 180, 240):
            wind(house, seconds=seconds)
            await house.says("ana", f"note 1 {seconds} s later")
            await house.says("ben", f"update 1 Still at it after {seconds} s")
            if f"{name} does not answer" in elsewhere(house):
                break
            await asyncio.sleep(1)
        await eventually(lambda: f"{name} does not answer. What is for {name} is kept" in elsewhere(house))
        assert await metric(house, f'amends_platform_up{{platform="{away}"}}') == 0
        assert f"fault  Trouble: {name} does not answer the servers" in await doctor(house)
        house.ledger.faults.clear()
        wind(house, minutes=30)
        await eventually(lambda: f"{name} answers again" in elsewhere(house))
        assert await metric(house, f'amends_platform_up{{platform="{away}"}}') == 1
        assert "Trouble" not in await doctor(house)
        assert "does not answer" not in elsewhere(house), re.findall(".{300}does not answer.{300}", elsewhere(house))
        await eventually(lambda: "Still at it after" in " ".join(back_now(house, away)))


def back_now(house: World, platform: str) -> list[str]:
    """What stands in the incident's room on that platform."""
    return house.said(house.room()) if platform == "slack" else [read(m) for m in messages(house)]


@pytest.mark.parametrize("reason", ["token_revoked", "account_inactive"])
async def test_a_token_that_slack_does_not_take_is_told_on_teams(house: World, reason: str) -> None:
    """Revoked, or the app was removed from the workspace: Teams goes on and says so; with it back that is over."""
    if reason == "token_revoked":
        house.slack.revoked = reason
    else:
        await house.slack.uninstall()
    await house.teams.say_personal("ana", "update 1 Half of the nodes are back")
    await eventually(lambda: f"Slack does not take the bot any more ({reason})" in in_teams(house))
    await eventually(lambda: "Half of the nodes are back" in in_teams(house))
    assert await metric(house, 'amends_platform_up{platform="slack"}') == 0
    assert await metric(house, 'amends_posts_total{outcome="dead",platform="slack"}') > 0
    said = await doctor(house)
    assert "fault  Trouble: Slack does not take the bot" in said
    assert reason in said.split("Slack: ")[1]
    house.slack.revoked = ""
    await house.teams.say_personal("ana", "update 1 All of them are back")
    await eventually(lambda: "Slack takes the bot again" in in_teams(house))
    assert await metric(house, 'amends_platform_up{platform="slack"}') == 1
    assert "Trouble" not in await doctor(house)


async def test_an_archived_room_is_told_in_all_its_rooms(house: World) -> None:
    """What is said goes on where incidents are announced."""
    await house.slack.archive("ana", house.room())
    await house.says("ana", "update 1 Half of the nodes are back")
    await eventually(lambda: "takes no posts (is_archived)" in in_teams(house))
    await eventually(lambda: "Half of the nodes are back" in in_slack(house))
    await eventually(lambda: "takes no posts (is_archived)" in in_slack(house))
    assert await metric(house, 'amends_posts_total{outcome="dead",platform="slack"}') > 0
    assert "note   Rooms: INC-1 has no room of its own in Slack (is_archived)" in await doctor(house)


async def test_an_archived_incidents_channel_is_told_on_the_other_platform(house: World) -> None:
    """Until it takes posts again."""
    await house.slack.archive("ana", INCIDENTS)
    await house.teams.say_personal("ana", "declare Search is slow sev3 services search")
    await eventually(lambda: "The incidents channel in Slack takes no posts (is_archived)" in in_teams(house))
    assert await metric(house, 'amends_posts_total{outcome="dead",platform="slack"}') > 0
    assert "fault  Trouble: Slack takes no posts in its incidents channel" in await doctor(house)
    await house.slack.unarchive("ana", INCIDENTS)
    await house.teams.say_personal("ana", "declare Search is odd sev3 services search")
    await eventually(lambda: "takes posts again" in in_teams(house))
    assert "Trouble" not in await doctor(house)


async def test_an_archived_customers_channel_asks_a_person(house: World) -> None:
    """Whoever leads communications reads it; the other customers are told."""
    await house.slack.archive("ana", "C0CONTOSO")
    await house.says("ana", "update 1 We see errors at checkout to customers")
    await house.says("ben", "send 1")
    await eventually(lambda: house.rows("SELECT 1 FROM outbox WHERE audience = 'customer' AND error = 'is_archived'"))
    own = house.slack.direct("ana")
    await eventually(
        lambda: any("is_archived" in m and "Contoso" in m for m in house.said(own)), 20, lambda: house.said(own)
    )
    assert await metric(house, 'amends_posts_total{outcome="dead",platform="slack"}') > 0
    assert "is_archived" in (await doctor(house)).split("Dead because of: ")[1].splitlines()[0]


@ON_POSTGRES
@pytest.mark.parametrize(
    ("minutes", "side", "told"), [(60, "behind", "behind"), (-60, "ahead", "ahead of"), (4, "", "")]
)
async def test_a_machine_whose_clock_is_wrong_beside_a_database_whose_clock_is_right(
    tmp_path: Path, database_url: str, minutes: int, side: str, told: str
) -> None:
    """An hour: signed at the right time, requests are refused, and it is told; four minutes: all works. Reminders once."""
    async with on_postgres(tmp_path, database_url) as house:
        wind(house, minutes=minutes)  # the database and the platforms are right, the server's machine is not
        await house.served()
        await house.teams.say_personal("ana", "whoami")  # in Teams here nothing is signed
        await house.teams.say_personal("ana", DECLARE)
        await house.settled()
        house.slack.wire.signing_time = lambda: datetime.now(UTC) + timedelta(minutes=minutes)
        ack = await house.slack.command("ana", INCIDENTS, "/incident", "note 1 signed at the right time")
        assert ack.status == (401 if told else 200)
        assert abs(await metric(house, "amends_clock_skew_seconds") + minutes * 60) < 30
        said = await doctor(house)
        assert (f"Database clock: this machine is {abs(minutes) * 60}"[:-3] in said) or abs(minutes) == 4
        assert f" s {side or 'behind'}. Set its clock" in said
        if told:
            sentence = f"A server's clock is 60 min {told} the database's. Reminders go by the database's clock"
            for elsewhere in (in_slack, in_teams):
                await eventually(lambda e=elsewhere: sentence in e(house))
            assert "has a clock that is off the database's by minutes" in said
        else:
            assert "A server's clock" not in in_slack(house) + in_teams(house)
        for later in (31, 32):  # an update is due after half an hour; another look a minute later says nothing anew
            wind(house, minutes=minutes + later)
            await eventually(lambda: reminders(house))
            await house.settled()
        assert len(reminders(house)) == 1


def reminders(house: World) -> list[tuple[object, ...]]:
    """The reminder in the incident's room in Teams."""
    return house.rows("SELECT key, state FROM outbox WHERE key LIKE 'inc-1/reminder/%@teams' AND key NOT LIKE '%/to/%'")
