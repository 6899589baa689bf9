"""The server is killed between its 200 and its posts, or told to end: nothing is lost, nothing is said twice."""

import asyncio
import signal
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from bot.sandbox.ledger import Fault
from tests.bot.served import INCIDENTS, TEAMS_INCIDENTS, World, approved, eventually, in_slack, recap, shown, world

DECLARE = "declare Checkout is down sev2 services checkout region US"
RECOVERY = 30
"""Seconds until all is said: the lease of 10 s, a look, a post; with room for a busy machine."""


def said(house: World) -> Counter[str]:
    """How often each post was put on screen anew, by its opaque id; rooms by their names."""
    counted = Counter(
        str(e.payload["metadata"]["event_payload"]["id"])
        for e in house.ledger.find("chat.postMessage")
        if "metadata" in e.payload
    )
    rooms = (e for e in house.ledger.find("conversations.create") if e.platform == "slack")
    return counted + Counter(str(e.payload["name"]) for e in rooms)


async def warm(house: World, *who: str) -> None:
    """Everybody is known, so that no look-up is in the way."""
    await house.served()
    for name in who:
        await house.says(name, "whoami")


async def check_declared(house: World) -> None:
    """One room, one headline, one announcement, and the update; each once, and nothing is left over."""
    await house.settled(RECOVERY)
    assert house.rows("SELECT key, error FROM outbox WHERE state <> 'sent'") == []
    assert max(said(house).values()) == 1
    assert len([c for c in house.slack.world.channels.values() if c.name.startswith("inc-")]) == 1
    assert len(house.said(INCIDENTS)) == 1
    assert sum("INC-1" in m and "Status" in m for m in house.said(house.room())) == 1


async def all_of(stories: Sequence[Callable[[Path, Path], Awaitable[None]]], folder: Path, template: Path) -> None:
    """Several houses at once: most of the time they wait for a lease to run out."""
    places = [folder / str(number) for number, _ in enumerate(stories)]
    for place in places:
        place.mkdir()
    await asyncio.gather(*(story(place, template) for story, place in zip(stories, places, strict=True)))


async def killed_before_anything_left(folder: Path, template: Path) -> None:
    """Slack refuses everything; the 200 has gone out; SIGKILL."""
    async with world(folder, template=template) as house:
        await warm(house, "ana")
        for method in ("conversations.create", "chat.postMessage"):
            house.ledger.faults.append(Fault(method, "rate_limited", times=-1, seconds=1))
        assert "INC-1" in await house.says("ana", DECLARE)
        await house.bots[-1].end(signal.SIGKILL)
        assert house.room() == ""
        house.ledger.faults.clear()
        await house.served()
        await check_declared(house)


async def killed_while_the_room_opens(folder: Path, template: Path) -> None:
    """The call is under way when the server dies; Slack opens the room all the same."""
    async with world(folder, template=template) as house:
        await warm(house, "ana")
        slow = Fault("conversations.create", "delay", seconds=0.5)
        house.ledger.faults.append(slow)
        assert "INC-1" in await house.says("ana", DECLARE)
        await eventually(lambda: slow.times == 0)
        await house.bots[-1].end(signal.SIGKILL)
        await eventually(house.room)
        await house.served()
        await check_declared(house)


async def killed_while_a_post_is_in_the_air(folder: Path, template: Path) -> None:
    """The announcement is under way when the server dies; it arrives, and the next server finds it in the history."""
    async with world(folder, template=template) as house:
        await warm(house, "ana")
        slow = Fault("chat.postMessage", "delay", place=INCIDENTS, seconds=0.5)
        house.ledger.faults.append(slow)
        assert "INC-1" in await house.says("ana", DECLARE)
        await eventually(lambda: slow.times == 0)
        await house.bots[-1].end(signal.SIGKILL)
        await eventually(lambda: house.said(INCIDENTS))
        await house.served()
        await check_declared(house)


async def killed_when_a_post_was_lost(folder: Path, template: Path) -> None:
    """The announcement is under way when the server dies, and Slack never takes it: it is said after all."""
    async with world(folder, template=template) as house:
        await warm(house, "ana")
        slow = Fault("chat.postMessage", "delay", place=INCIDENTS, seconds=0.5)
        house.ledger.faults.append(slow)
        assert "INC-1" in await house.says("ana", DECLARE)
        await eventually(lambda: slow.times == 0)
        await house.bots[-1].end(signal.SIGKILL)
        house.slack.world.channels[INCIDENTS].is_archived = True
        await eventually(lambda: [e for e in house.ledger.refusals if e.place == INCIDENTS])
        house.slack.world.channels[INCIDENTS].is_archived = False
        assert house.said(INCIDENTS) == []
        await house.served()
        await check_declared(house)


async def killed_before_both_platforms_heard(folder: Path, template: Path) -> None:
    """Slack and Teams refuse everything when the server dies: a room on each, and one incident."""
    async with world(folder, template=template, platforms=("slack", "teams")) as house:
        await warm(house, "ana")
        await house.teams.say_personal("ana", "whoami")
        house.ledger.faults.append(Fault("*", "status", status=429, times=-1))
        assert "INC-1" in await house.says("ana", DECLARE)
        await house.bots[-1].end(signal.SIGKILL)
        house.ledger.faults.clear()
        await house.served()
        await check_declared(house)
        threads = [m for m in house.teams.world.messages[TEAMS_INCIDENTS].values() if not m.root]
        assert len(threads) == 1
        assert "INC-1" in str(threads[0].attachments)


async def test_killed_after_the_answer_everything_is_said_once(tmp_path: Path, sqlite_template: Path) -> None:
    """Whatever was answered is kept: the next server on the same database says it all, each message once."""
    deaths = (
        killed_before_anything_left,
        killed_while_the_room_opens,
        killed_while_a_post_is_in_the_air,
        killed_when_a_post_was_lost,
        killed_before_both_platforms_heard,
    )
    await all_of(deaths, tmp_path, sqlite_template)


async def publishing(house: World) -> None:
    """An approved apology that three customers are to read."""
    await warm(house, "ana", "ben", "cleo")
    await house.says("ana", DECLARE)
    await house.says("ana", "resolve 1")
    await recap(house)
    await approved(house)
    await house.settled()


CUSTOMERS = ("C0CONTOSO", "C0FABRIKAM", "C0TAILSPIN")


def told(house: World) -> list[int]:
    """How many messages each customer's channel shows."""
    return [len(house.slack.messages(channel)) for channel in CUSTOMERS]


async def killed_while_a_customers_post_arrives(folder: Path, template: Path) -> None:
    """The first customer's post arrives without anybody to hear of it: found in the history, and the rest follow."""
    async with world(folder, template=template, catalog=in_slack(folder)) as house:
        await publishing(house)
        slow = Fault("chat.postMessage", "delay", place=CUSTOMERS[0], seconds=0.5)
        house.ledger.faults.append(slow)
        await house.says("cleo", "apology publish 1")
        await eventually(lambda: slow.times == 0)
        await house.bots[-1].end(signal.SIGKILL)
        await eventually(lambda: told(house) == [1, 0, 0])
        await house.served()
        await eventually(lambda: house.rows("SELECT state FROM apologies") == [("published",)], RECOVERY)
        assert told(house) == [1, 1, 1]


async def killed_while_a_customers_post_is_lost(folder: Path, template: Path) -> None:
    """It never arrived, but who knows: a person is asked, and only their word sends it; once."""
    async with world(folder, template=template, catalog=in_slack(folder)) as house:
        await publishing(house)
        slow = Fault("chat.postMessage", "delay", place=CUSTOMERS[0], seconds=0.5)
        house.ledger.faults.append(slow)
        await house.says("cleo", "apology publish 1")
        await eventually(lambda: slow.times == 0)
        await house.bots[-1].end(signal.SIGKILL)
        house.slack.world.channels[CUSTOMERS[0]].is_archived = True
        await eventually(lambda: [e for e in house.ledger.refusals if e.place == CUSTOMERS[0]])
        house.slack.world.channels[CUSTOMERS[0]].is_archived = False
        await house.served()
        asked = house.slack.direct("ana")
        await eventually(lambda: any("did it arrive" in shown(m) for m in house.slack.messages(asked)), RECOVERY)
        assert told(house)[0] == 0
        await house.press("ana", asked, "again")
        await eventually(lambda: told(house)[0] == 1, RECOVERY)
        await house.says("cleo", "apology resume 1")
        await eventually(lambda: house.rows("SELECT state FROM apologies") == [("published",)], RECOVERY)
        assert told(house) == [1, 1, 1]


async def test_killed_while_publishing_no_customer_reads_it_twice(tmp_path: Path, sqlite_template: Path) -> None:
    """A post that arrived is found; one that may not have is a person's to send again."""
    deaths = (killed_while_a_customers_post_arrives, killed_while_a_customers_post_is_lost)
    await all_of(deaths, tmp_path, sqlite_template)


async def told_to_end_while_slack_is_slow(folder: Path, template: Path) -> None:
    """What is under way ends well, what is not waits for the next server; each message once."""
    async with world(folder, template=template) as house:
        await warm(house, "ana")
        house.ledger.faults.append(Fault("chat.postMessage", "drop_before", place=INCIDENTS))
        house.ledger.faults.append(Fault("*", "delay", times=-1, seconds=1))
        await asyncio.gather(*(house.says("ana", line) for line in (DECLARE, "whoami")))
        assert await house.bots[-1].end(within=10) == 0
        house.ledger.faults.clear()
        await asyncio.sleep(1.1)  # what Slack was still at
        await house.served()
        await check_declared(house)


async def told_to_end_while_slack_hangs(folder: Path, template: Path) -> None:
    """A call that never comes back keeps nobody from ending."""
    async with world(folder, template=template) as house:
        await warm(house, "ana")
        house.ledger.faults.append(Fault("*", "delay", times=-1, seconds=3600))
        await house.says("ana", DECLARE)
        assert await house.bots[-1].end(within=10) == 0
        assert "stumbled" not in house.bots[-1].log


async def test_told_to_end_it_ends_in_time_and_loses_nothing(tmp_path: Path, sqlite_template: Path) -> None:
    """SIGTERM in the midst of it: exit status 0 within ten seconds."""
    await all_of((told_to_end_while_slack_is_slow, told_to_end_while_slack_hangs), tmp_path, sqlite_template)
