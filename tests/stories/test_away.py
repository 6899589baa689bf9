"""What is away comes back: a platform for an hour or a day, its token, the clock's hour. Nothing is lost, nothing doubled."""

import asyncio
import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import Connection, event, select

from bot.intake import DISK_FULL
from bot.store import Store
from handlers.card import Card
from handlers.domain.channels import Seen
from handlers.domain.delivery import Dead, Outcome, Place, Post, Retry, Sent, Unknown
from storage.outbox import Claimed
from storage.tables import events
from tests.desk import Desk, MemoryCarrier, words
from tests.stories.quick import all_of, apology, approved, customer, furnish, told


class Disk:
    """The room that an embedded database has, in pages. https://www.sqlite.org/pragma.html#pragma_max_page_count."""

    MOST = 1_073_741_823

    def __init__(self, desk: Desk) -> None:
        self.pages = self.MOST
        event.listen(desk.store.database.engine, "begin", self._limit)

    def _limit(self, connection: Connection) -> None:
        connection.exec_driver_sql(f"PRAGMA max_page_count={self.pages}")

    def fill(self) -> None:
        """Nothing more goes on it (a limit below what is there means what is there)."""
        self.pages = 1

    def make_room(self) -> None:
        """Somebody deleted the ballast."""
        self.pages = self.MOST


async def ticks(desk: Desk, minutes: int, every: int = 1) -> None:
    """Minutes pass; the clock ticks, the auditor asks, and what comes of it is carried."""
    for _ in range(0, minutes, every):
        await desk.pass_time(minutes=every)
        if await desk.delivery.audit():
            await desk.delivery.audit()
        await desk.settle()


def stand(desk: Desk, platform: str) -> list[str]:
    """The numbers of the updates that stand in a platform's room, in the order of their arrival."""
    screens = (desk.slack if platform == "slack" else desk.teams).screens.values()
    return [said.split("Step ")[1][:3] for s in screens if "Step " in (said := words(s.card)) and "/said/" in s.key]


@pytest.mark.parametrize("hours", [1, 24])
async def test_a_platform_that_was_away_gets_all_of_it_in_order_and_the_other_went_on(
    seed_desk: Desk, hours: int
) -> None:
    """Every update of those hours, once, in order, a quarter of an hour after it is back at the latest; nothing is dead."""
    desk = seed_desk
    await furnish(desk)
    await all_of(desk, ("ana", "declare Mail is down sev1 services mail region NA"))
    await desk.settle()
    before = {s.key for s in desk.screens()}
    desk.slack.fail[""] = Retry("no connection to Slack")
    said = [f"{n:03}" for n in range(hours * 2)]
    for number in said:
        await all_of(desk, ("ana", f"update 1 Step {number} is done"))
        await ticks(desk, 30, every=10)
        assert stand(desk, "teams")[-1] == number
    assert stand(desk, "slack") == []
    assert any("Posts are stuck" in words(s.card) for s in desk.teams.screens.values())
    desk.slack.fail = {}
    await ticks(desk, 15, every=5)
    assert stand(desk, "slack") == stand(desk, "teams") == said
    posts = await desk.posts()
    assert {p.state for p in posts if p.due is not None} == {"sent"}
    assert max(Counter(s.key for s in desk.screens()).values()) == 1
    assert before < {s.key for s in desk.screens()}
    assert not any("Posts are stuck" in words(s.card) for s in desk.screens())


@dataclass
class Revoked(MemoryCarrier):
    """A Slack that takes so many customers' posts, and then nothing: its token was revoked."""

    left: int = 10**9

    async def carry(self, row: Claimed) -> Outcome:
        """Until nothing is left."""
        if self.left <= 0:
            return Dead("token_revoked")
        self.left -= row.audience == "customer"
        return await super().carry(row)


MANY = (
    *(customer(f"s{n:02}", f"slack: C0MANY{n:03}") for n in range(20)),
    *(customer(f"t{n:02}", f"teams: '19:many{n:02}@thread.tacv2'") for n in range(20)),
)


async def revoked(desk: Desk, left: int) -> Revoked:
    """Forty customers, half of them on a Slack that takes only so many more posts."""
    desk.slack = desk.delivery.carriers["slack"] = slack = Revoked("slack")
    await furnish(desk, *MANY)
    slack.left = left
    return slack


async def customers(desk: Desk, prefix: str) -> Counter[tuple[str, str, str]]:
    """How many customers' posts of a series are in which state, and why."""
    posts = [p for p in await desk.posts(prefix) if p.audience == "customer"]
    return Counter((p.place.platform, p.state, p.error) for p in posts)


async def test_a_token_revoked_in_the_midst_of_a_broadcast(seed_desk: Desk) -> None:
    """Slack's rest is dead with that reason, and all of Teams is told."""
    desk = seed_desk
    await revoked(desk, 12)
    await all_of(
        desk,
        ("ana", "declare Mail is down sev1 services mail region NA"),
        ("ana", "update 1 Mail is slow since 12:00 UTC to customers"),
        ("ben", "send 1"),
    )
    await desk.settle()
    expected = {("slack", "sent", ""): 12, ("slack", "dead", "token_revoked"): 8, ("teams", "sent", ""): 20}
    assert await customers(desk, "update-1/") == expected


async def test_a_token_revoked_while_an_apology_goes_out(seed_desk: Desk) -> None:
    """It pauses by itself; with a new token all who were not told are told, and nobody twice."""
    desk = seed_desk
    await approved_after(desk, 12)
    await all_of(desk, ("cleo", "apology publish 1 to 40"))
    await desk.settle()
    assert (await apology(desk)).state == "paused"
    assert (await customers(desk, "apology-1/"))["slack", "dead", "token_revoked"] > 0
    assert isinstance(desk.slack, Revoked)
    desk.slack.left = 10**9
    await all_of(desk, ("cleo", "apology resume 1"))
    await desk.settle()
    assert ((await apology(desk)).state, len(told(desk))) == ("published", 40)
    assert max(Counter(s.key for s in desk.screens("apology-1/")).values()) == 1


async def approved_after(desk: Desk, left: int) -> None:
    """An approved apology, on that Slack."""
    await revoked(desk, left)
    await approved(desk)


async def test_a_full_disk_is_said_and_heals_with_space(seed_desk: Desk) -> None:
    """No yes that is not kept: not recorded, people read, and the same request is recorded once when there is room."""
    desk, disk = seed_desk, Disk(seed_desk)
    await furnish(desk)
    await all_of(desk, ("ana", "declare Mail is down sev1 services mail region NA"))
    await desk.settle()
    disk.fill()
    refused = []
    for n in range(40):  # a little room is left in pages that are there
        answer = await desk.say("ana", f"note 1 {n:03} {'words ' * 400}", key=f"note-{n}")
        if not answer.recorded:
            refused.append(n)
    assert refused
    assert words(answer.show) == f"Amends\n{DISK_FULL}"
    disk.make_room()
    for n in range(40):
        answer = await desk.say("ana", f"note 1 {n:03} {'words ' * 400}", key=f"note-{n}")
        assert (answer.recorded, answer.repeated) == (n in refused, n not in refused)
    told = await desk.store.rows(lambda c, _now: list(c.execute(select(events.c.words)).scalars()))
    assert Counter(re.findall(r"(\d{3}) words", " ".join(told))) == {f"{n:03}": 1 for n in range(40)}
    await desk.settle()
    assert {p.state for p in await desk.posts() if p.due is not None} == {"sent"}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("jump", [-60, 60, -5, 5])
async def test_a_clock_that_jumps_says_each_reminder_once(desk: Desk, jump: int) -> None:
    """The database's clock is set by an hour or five minutes: due once, said once, at the latest when it is due again."""
    await all_of(desk, ("ana", "declare Checkout is down sev1 services sign-in region NA"))
    await desk.settle()
    await ticks(desk, 15)
    assert reminded(desk) == []
    desk.clock.wind(minutes=jump)
    await ticks(desk, 10 + max(0, -jump), every=5)
    assert reminded(desk) == ["inc-1/reminder/1@slack", "inc-1/reminder/1@teams"]
    desk.clock.wind(minutes=-max(jump, 0))
    await ticks(desk, 5)
    assert reminded(desk) == ["inc-1/reminder/1@slack", "inc-1/reminder/1@teams"]


def reminded(desk: Desk) -> list[str]:
    """The rooms' reminders on screen."""
    return [s.key for s in desk.screens("/reminder/") if "/to/" not in s.key and "/channel@" not in s.key]


class Mute(MemoryCarrier):
    """A platform that never answers a question about the past, or about a channel."""

    asked = 0

    async def look(self, row: Claimed) -> Sent | bool:
        """No answer, until whoever asks has had enough."""
        del row
        self.asked += 1
        return bool(await asyncio.Future())

    async def see(self, address: str, *, first: bool = False, tried: bool = False) -> Seen | Outcome | None:
        """Likewise, where a channel is looked at in passing."""
        del address, tried
        if first:
            self.asked += 1
            await asyncio.Future()
        return None


async def test_a_question_that_nobody_answers_holds_no_post_up(desk: Desk) -> None:
    """Many posts are unclear on a platform that shows no history in time: the other's, and its own, go out meanwhile."""
    desk.slack = mute = Mute("slack")
    mute.fail = {"lost-": Unknown("reset")}
    desk.delivery.carriers["slack"] = mute
    lost = [Post(f"lost-{n}", Place("slack", "thread", f"C{n}"), card=Card("x")) for n in range(8)]
    await desk.store.book(lambda book: book.send_all(lost))
    await desk.settle()
    desk.clock.wind(seconds=11)
    running = asyncio.create_task(desk.delivery.run())
    async with asyncio.timeout(60):
        while mute.asked < len(lost):  # noqa: ASYNC110 - they ask by themselves
            await asyncio.sleep(0)
        for platform in ("slack", "teams"):
            post = Post(f"page@{platform}", Place(platform, "thread", "P1"), card=Card("y"))
            await desk.store.book(lambda book, post=post: book.send(post))
        desk.delivery.wake()
        while len(desk.screens("page@")) < 2:  # noqa: ASYNC110 - likewise
            await asyncio.sleep(0)
        await desk.delivery.stop()
        await running
    assert {p.state for p in await desk.posts("lost-")} == {"unknown"}


async def test_an_outcome_that_the_database_did_not_take_at_once_is_kept(desk: Desk) -> None:
    """It goes away after the post left: what came of it is written down once it is back, also beyond the lease."""
    gone = 0

    class Gone(Store):
        """A database that is away just when outcomes are written down, for longer than a lease."""

        async def book(self, work: Any, **more: Any) -> Any:
            nonlocal gone
            if desk.slack.screens and gone < 3:
                gone += 1
                desk.clock.wind(seconds=5)
                raise OSError("the database is away")
            return await super().book(work, **more)

    desk.delivery.store = Gone(desk.store.database)
    await desk.store.book(lambda book: book.send(Post("k", Place("slack", "thread", "C1"), card=Card("x"))))
    for _ in range(2):  # the outbox stumbles over the same database
        with pytest.raises(OSError, match="away"):
            await desk.settle()
    await desk.settle()
    (post,) = await desk.posts("k")
    assert (gone, post.state, post.attempts) == (3, "sent", 1)
    assert len(desk.screens("k")) == 1
    desk.delivery.store.close()
