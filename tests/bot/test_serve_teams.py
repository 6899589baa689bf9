"""`amends serve` with TEAMS_UNAUTHENTICATED=loopback before a local tool, alone and beside a Slack."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.sandbox.ledger import Fault, Json
from bot.sandbox.teams import Message
from tests.bot.served import INCIDENTS, NEXT_WEEK, SOON, TEAMS_INCIDENTS, YESTERDAY, World, eventually, world

DECLARE = "declare Checkout is down sev2 services checkout region US"


@pytest.fixture
async def both(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[World]:
    """One server before a Slack and a Teams."""
    async with world(tmp_path, platforms=("slack", "teams"), template=sqlite_template) as found:
        await found.served()
        await asks(found, "ana", "whoami")
        yield found


@pytest.fixture
async def teams(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[World]:
    """A server before a Teams alone, which does not know yet where incidents are announced."""
    async with world(tmp_path, platforms=("teams",), template=sqlite_template) as found:
        found.settings.pop("TEAMS_INCIDENTS_CHANNEL")
        await found.served()
        yield found
        assert found.teams.bearers == [], "nothing is known that a token could be for"
        assert [v for v in found.teams.violations if v.kind != "rate"] == []


def messages(house: World, conversation: str = TEAMS_INCIDENTS) -> list[Message]:
    """What stands in a channel and its threads, or in a chat."""
    return list(house.teams.world.messages.get(conversation, {}).values())


def read(message: Message) -> str:
    """A message as words and what its buttons carry."""
    return f"{message.text} {json.dumps(message.attachments, ensure_ascii=False)}"


def room(house: World, number: int = 1) -> Message | None:
    """The first message of an incident's thread."""
    return next(
        (m for m in messages(house) if not m.root and f"INC-{number} " in read(m) and "29:" not in m.sender), None
    )


async def asks(house: World, user: str, text: str) -> str:
    """Say a line in one's own chat; the answer that appears there."""
    chat = house.teams.world.personal_chat(house.teams.world.person(user))
    before = {m.id for m in messages(house, chat)}
    delivery = await house.teams.say_personal(user, text)
    assert delivery.status == 200, delivery

    def answers() -> list[Message]:
        bot = house.teams.world.bot_id
        return [m for m in messages(house, chat) if m.id not in before and m.sender == bot]

    await eventually(answers, 10, lambda: (text, house.bots[-1].log[-2000:]))
    return read(answers()[-1])


async def test_the_main_job_through_a_local_tool(teams: World) -> None:
    """Installed, declared, updated, resolved, recapped, and an approved apology published: all of it unsigned."""
    for delivery in await teams.teams.install("19:operations@thread.tacv2"):
        assert delivery.status == 200
    await eventually(lambda: any("Incidents are announced in this channel" in read(m) for m in messages(teams)))
    await teams.teams.mention("ana", TEAMS_INCIDENTS, DECLARE)
    await eventually(lambda: room(teams))
    headline = room(teams)
    assert headline is not None
    thread = f"{TEAMS_INCIDENTS};messageid={headline.id}"

    await teams.teams.press("ana", thread, headline.id, "Post update")
    await eventually(lambda: any("Input.Text" in read(m) for m in messages(teams)))
    form = next(m for m in messages(teams) if "Input.Text" in read(m))
    (field,) = [i["id"] for i in inputs(form) if i["type"] == "Input.Text" and i.get("isMultiline")][:1]
    sent = await teams.teams.press("ana", thread, form.id, "Post update", {field: "Half of the nodes are back"})
    assert sent is not None
    assert sent.status == 200
    await eventually(lambda: "Half of the nodes are back" in read(room(teams) or headline))
    await teams.teams.mention("ben", thread, "severity sev1 because it spreads")
    await teams.teams.mention("ana", thread, "resolve")
    await eventually(lambda: "Resolved" in read(room(teams) or headline))

    facts = f"seen: could not pay from: {YESTERDAY} 09:02 UTC to: 10:10 UTC count: 1,200 customers "
    facts += f"trigger: an expired certificate state: fixed data-loss: no next-report: {SOON}"
    assert "Recorded" in await asks(teams, "ana", f"recap 1 {facts}")
    said = []
    for who, line in (
        ("ana", f"task 1 add Alert before certificates expire @Noor due {NEXT_WEEK}"),
        ("ben", 'apology draft 1 signatory "Morgan Cole"'),
        ("ben", 'apology fill 1 remedy "none due"'),
        ("ben", "apology submit 1"),
        ("ana", "apology approve 1"),
        ("cleo", "apology approve 1"),
        ("cleo", "apology publish 1"),
    ):
        said.append(await asks(teams, who, line))
    await eventually(lambda: teams.rows("SELECT state FROM apologies") == [("published",)], 10, lambda: said)
    await eventually(lambda: messages(teams, "19:fabrikam@thread.tacv2"))
    (apology,) = messages(teams, "19:fabrikam@thread.tacv2")
    assert "We are sorry" in read(apology)
    await teams.settled()
    assert len([m for m in messages(teams) if not m.root and "INC-1 " in read(m)]) == 1


def inputs(message: Message) -> list[Json]:
    """Every input of a message's cards."""
    found: list[Json] = []

    def look(value: Any) -> None:
        if isinstance(value, dict):
            if str(value.get("type", "")).startswith("Input."):
                found.append(value)
            for inner in value.values():
                look(inner)
        elif isinstance(value, list):
            for inner in value:
                look(inner)

    look(message.attachments)
    return found


async def test_where_incidents_are_announced_can_be_said(teams: World) -> None:
    """`@Amends here` in a channel, without anybody having added the bot to a team."""
    await teams.teams.mention("ana", "19:operations@thread.tacv2", "here")
    await eventually(lambda: teams.rows("SELECT 1 FROM settings WHERE name = 'teams.incidents'"))
    await teams.teams.mention("ana", TEAMS_INCIDENTS, DECLARE)
    await eventually(lambda: [m for m in messages(teams, "19:operations@thread.tacv2") if "INC-1 " in read(m)])


async def test_only_programs_on_this_machine_may_go_unsigned(teams: World) -> None:
    """A proxy, a web page, an address elsewhere: 401, and nothing is written down."""
    chat = teams.teams.world.personal_chat(teams.teams.world.person("ana"))
    activity: Json = {
        "type": "message",
        "id": "1",
        "channelId": "msteams",
        "serviceUrl": teams.teams.service_url,
        "from": {"id": "29:ana", "name": "Ana Silva"},
        "conversation": {"id": chat, "conversationType": "personal"},
        "recipient": {"id": teams.teams.world.bot_id},
        "text": "declare Mine sev4",
    }
    elsewhere = (
        "https://smba.trafficmanager.net/emea/",
        "http://10.0.0.1/",
        "http://localhost.evil.example/",
        "",
        None,
    )
    async with aiohttp.ClientSession() as session:

        async def status(body: Json, **headers: str) -> int:
            named = {k.replace("_", "-"): v for k, v in headers.items()}
            async with session.post(teams.teams.messages_url, json=body, headers=named) as answer:
                return answer.status

        for headers in (
            {"X_Forwarded_For": "127.0.0.1"},
            {"Forwarded": "for=127.0.0.1"},
            {"Via": "1.1 proxy"},
            {"X_Real_IP": "127.0.0.1"},
            {"Host": "amends.example"},
            {"Origin": "https://evil.example"},
        ):
            assert await status(activity, **headers) == 401, headers
        for url in elsewhere:
            assert await status({**activity, "serviceUrl": url}) == 401, url
        assert teams.counted("incidents", "conversations", "accounts", "requests") == (0, 0, 0, 0)
        assert await status(activity) == 200
    await eventually(lambda: teams.counted("incidents") == (1,))


async def test_somebody_teams_is_slow_about_is_asked_to_say_it_again(teams: World) -> None:
    """Beyond the time a look-up may take nothing is recorded; the next try works; after that nobody is looked up."""
    slow = Fault("members.get", "delay", seconds=2)
    teams.ledger.faults = [slow]
    assert "again" in await asks(teams, "noor", DECLARE)
    assert teams.counted("incidents", "requests") == (0, 0)
    assert "INC-1" in await asks(teams, "noor", DECLARE)
    slow.times = -1  # nobody is asked any more
    assert "INC-1" in await asks(teams, "noor", "note 1 looking")
    assert slow.times == -1


async def test_a_guest_does_nothing_at_all(teams: World) -> None:
    """From another tenant, in a channel shared with it: neither typed nor pressed."""
    await asks(teams, "ana", DECLARE)
    before = teams.counted()
    await teams.teams.mention("gil", "19:fabrikam@thread.tacv2", "declare Mine sev4")
    await asyncio.sleep(0.3)
    assert teams.counted() == before
    assert [m for m in messages(teams, "19:fabrikam@thread.tacv2") if m.sender == teams.teams.world.bot_id] == []


async def test_what_is_said_on_one_side_stands_on_both(both: World) -> None:
    """One incident, a room on each; updates and severities appear in both, wherever they were said."""
    assert "INC-1" in await both.says("ana", DECLARE)
    await eventually(lambda: room(both) and both.room())
    headline = room(both)
    assert headline is not None
    thread = f"{TEAMS_INCIDENTS};messageid={headline.id}"
    await both.teams.mention("ben", thread, "update Said in Teams")
    await eventually(lambda: any("Said in Teams" in m for m in both.said(both.room())))
    await both.says("ana", "update Said in Slack", both.room())
    await eventually(lambda: any("Said in Slack" in read(m) and m.root == headline.id for m in messages(both)))
    await both.teams.mention("ben", thread, "severity sev1 because it spreads")
    await eventually(lambda: "SEV1" in both.said(both.room())[0] and "SEV1" in read(room(both) or headline))
    await both.settled()
    assert sum("Said in Teams" in m for m in both.said(both.room())[1:]) == 1
    assert len(both.said(INCIDENTS)) == 1


async def test_teams_may_come_later(tmp_path: Path, sqlite_template: Path) -> None:
    """A local tool says where it is when it first speaks: the room that waited for it opens then."""
    async with world(tmp_path, platforms=("slack", "teams"), template=sqlite_template) as house:
        await house.served()
        await house.says("ana", DECLARE)
        await eventually(lambda: house.rows("SELECT 1 FROM outbox WHERE error = 'teams_not_heard_from_yet'"))
        await asks(house, "ana", "whoami")
        await eventually(lambda: room(house), 20)


async def test_a_reminder_that_is_answered_in_slack_changes_in_teams_too(both: World) -> None:
    """Said on both sides when the update is due; one press, and both cards say who answered."""
    await both.says("ana", DECLARE)
    await eventually(lambda: room(both) and both.room())
    await both.settled()
    past = (datetime.now(UTC) - timedelta(seconds=5)).strftime("%Y-%m-%d %H:%M:%S.%f")
    both.alter("UPDATE incidents SET next_update_at = ?, remind_at = ?", past, past)
    await eventually(lambda: both.rows("SELECT 1 FROM outbox WHERE key LIKE '%remind%' AND state = 'sent'"))
    await both.settled()
    reminder = next(m for m in messages(both) if m.root and "snooze" in read(m))
    await both.press("ana", both.room(), "snooze")
    await eventually(lambda: "Ana Silva snoozed" in read(reminder), 10, lambda: read(reminder))
    assert "Action." not in read(reminder)
    await eventually(lambda: "Ana Silva snoozed" in both.said(both.room())[-1])
