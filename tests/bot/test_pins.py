"""Pins through both doors: 📌 on a message of the room, words after the verb; edits and deletions are followed."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.sandbox.slack_call import event_json
from tests.bot.served import INCIDENTS, TEAMS_INCIDENTS, World, eventually, world
from tests.bot.test_serve_teams import asks, messages, read, room

DECLARE = "declare Checkout is down sev2 services checkout region US"


@pytest.fixture
async def house(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[World]:
    """One server before a Slack and a Teams, an incident of Ana's with a room on each."""
    async with world(tmp_path, platforms=("slack", "teams"), template=sqlite_template) as found:
        await found.served()
        await asks(found, "ana", "whoami")
        assert "INC-1" in await found.says("ana", DECLARE)
        await eventually(lambda: room(found) and found.room())
        await found.says("ben", "join 1")
        await found.settled()
        yield found


def pins(house: World) -> list[tuple[object, ...]]:
    """What is kept."""
    return house.rows("SELECT words, gone, author_name FROM pins ORDER BY number")


async def test_a_pushpin_in_the_slack_room_keeps_the_message_and_follows_it(house: World) -> None:
    """Another person's words, in a thread too; edited, then deleted by their author. No other emoji does anything."""
    here = house.room()
    first = await house.slack.say("ben", here, "db2 took over at 14:02 & holds")
    answer = await house.slack.say("ben", here, "the replica is 3 min behind", thread_ts=first)
    await house.slack.react("ana", here, first, "eyes")
    await house.slack.react("ana", here, first, "pushpin")
    await house.slack.react("ana", here, answer, "pushpin")
    await eventually(lambda: len(pins(house)) == 2)
    assert [p[0] for p in pins(house)] == ["db2 took over at 14:02 & holds", "the replica is 3 min behind"]
    assert {p[2] for p in pins(house)} == {"Ben Okafor"}
    assert "db2 took over at 14:02 &amp; holds" in await house.says("ana", "timeline 1")
    await house.slack.edit("ben", here, first, "db2 took over at 14:05")
    await eventually(lambda: pins(house)[0][0] == "db2 took over at 14:05")
    assert "(edited)" in await house.says("ana", "timeline 1")
    await house.slack.delete("ben", here, answer)
    await eventually(lambda: pins(house)[1][1] == "deleted")
    shown = await house.says("ana", "timeline 1")
    assert "3 min behind" not in shown
    assert "(deleted by its author)" in shown
    assert house.rows("SELECT 1 FROM events WHERE words LIKE '%3 min behind%'") == []
    assert not house.slack.violations


async def test_taking_the_pushpin_off_takes_the_pin_out(house: World) -> None:
    """By whoever put it there."""
    here = house.room()
    ts = await house.slack.say("ben", here, "db2 took over")
    await house.slack.react("ana", here, ts, "pushpin")
    await eventually(lambda: pins(house))
    channel = house.slack.world.channels[here]
    item = {"type": "message", "channel": here, "ts": ts}
    for user, gone in (("U0BEN", ""), ("U0ANA", "unpinned")):
        told = {"user": user, "reaction": "pushpin", "item": item, "item_user": "U0BEN", "event_ts": ts}
        await house.slack.emit([event_json(house.slack.world, "reaction_removed", channel, **told)])
        await eventually(lambda gone=gone: pins(house)[0][1] == gone)


async def test_nothing_said_elsewhere_is_read_or_kept(house: World) -> None:
    """A pushpin in another channel, in a customer's, or by a guest: no message is asked for, nothing is written down."""
    asked = len([c for c in house.slack.calls if c.method == "conversations.replies"])
    ts = await house.slack.say("ana", INCIDENTS, "lunch?")
    await house.slack.react("ana", INCIDENTS, ts, "pushpin")
    customer = await house.slack.say("ana", "C0CONTOSO", "hello Contoso")
    await house.slack.react("ana", "C0CONTOSO", customer, "pushpin")
    await house.slack.edit("ana", INCIDENTS, ts, "dinner?")
    await house.says("ana", "whoami")
    assert pins(house) == []
    assert len([c for c in house.slack.calls if c.method == "conversations.replies"]) == asked


async def test_words_after_the_verb_follow_their_message_on_both_platforms(house: World) -> None:
    """Typed to the bot in the room; edited, the pin says the new words; deleted, it says so."""
    here = house.room()
    ts = await house.slack.mention("ben", here, "pin vendor says 20 minutes")
    headline = room(house)
    assert headline is not None
    thread = f"{TEAMS_INCIDENTS};messageid={headline.id}"
    await house.teams.mention("ben", thread, "pin vendor has a fix")
    await eventually(lambda: len(pins(house)) == 2)
    mine = next(m for m in messages(house) if "vendor has a fix" in read(m) and m.sender != house.teams.world.bot_id)
    await house.slack.edit("ben", here, ts, "<@U0AMENDS> pin vendor says 40 minutes")
    await house.teams.edit("ben", thread, mine.id, "pin vendor has no fix")
    await eventually(lambda: {p[0] for p in pins(house)} == {"vendor says 40 minutes", "vendor has no fix"})
    await house.slack.delete("ben", here, ts)
    await house.teams.delete("ben", thread, mine.id)
    await eventually(lambda: [p[1] for p in pins(house)] == ["deleted", "deleted"])
    assert [p[0] for p in pins(house)] == ["", ""]


async def test_a_pushpin_on_the_bots_own_message_in_teams(house: World) -> None:
    """Teams tells of reactions on the bot's messages alone: an update is pinned by one, and unpinned."""
    await house.says("ana", "update 1 Half of the nodes are back")
    headline = room(house)
    assert headline is not None
    await eventually(lambda: any("Half of the nodes" in read(m) and m.root for m in messages(house)))
    said = next(m for m in messages(house) if "Half of the nodes" in read(m) and m.root)
    thread = f"{TEAMS_INCIDENTS};messageid={headline.id}"
    await house.teams.react("ben", thread, said.id, "like")
    await house.teams.react("ben", thread, said.id, "1f4cc_pushpin")
    await eventually(lambda: pins(house))
    assert "Half of the nodes are back" in str(pins(house)[0][0])
    await house.teams.react("ben", thread, said.id, "1f4cc_pushpin", remove=True)
    await eventually(lambda: pins(house)[0][1] == "unpinned")
