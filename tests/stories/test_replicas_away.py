"""Two servers before one database, and a platform that is away for both or for one: told once, never this and then that."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from bot.delivery import Delivery
from bot.store import Store
from handlers.domain.delivery import Dead, Outcome, Retry
from handlers.domain.incident import Setting
from storage.database import Database, make_engine
from tests.desk import Desk, MemoryCarrier, words
from tests.stories.quick import all_of

ON_POSTGRES = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
pytestmark = ON_POSTGRES


class Two:
    """Two replicas: the desk's own and another, each with its own way to Slack, and one Slack and one Teams."""

    def __init__(self, desk: Desk, url: str) -> None:
        self.desk = desk
        store = Store(Database(make_engine(url), desk.clock))
        slack = MemoryCarrier("slack", screens=desk.slack.screens, numbers=desk.slack.numbers)
        self.slacks = (desk.slack, slack)
        self.other = Delivery(store, desk.intake, {"slack": slack, "teams": desk.teams})
        self.both = (desk.delivery, self.other)

    async def says(self, number: int, by: tuple[int, ...], seconds: float = 31) -> None:
        """A word for both platforms, carried by these servers, one after the other; then time passes."""
        await all_of(self.desk, ("ana", f"update 1 Word {number}"))
        for place in by:
            await self.both[place].drain()
        self.desk.clock.wind(seconds=seconds)

    def told(self) -> list[tuple[str, str, int]]:
        """What is told of troubles in Teams: each message, what it says now, and how often it was changed."""
        screens = [s for s in self.desk.teams.screens.values() if s.key.startswith("trouble/")]
        return [(s.key, words(s.card).splitlines()[0], s.edits) for s in screens]

    async def standing(self) -> list[str]:
        """What doctor would name."""
        return await self.desk.store.book(
            lambda b: [s.name for s in b.find(Setting) if s.name.startswith("trouble.") and s.value]
        )


@pytest.fixture
async def two(desk: Desk, database_url: str) -> AsyncIterator[Two]:
    """An incident in which nothing waits."""
    await all_of(desk, ("ana", "declare Mail is down sev4 services sign-in region NA"))
    await desk.settle()
    found = Two(desk, database_url)
    yield found
    found.other.store.close()


def cut(carrier: MemoryCarrier, how: Outcome | None) -> None:
    """Nothing gets through to this platform from this server."""
    carrier.fail = {} if how is None else {"": how}


async def test_a_platform_that_is_away_for_both_is_told_once_and_ended_once(two: Two) -> None:
    """Whichever of them gets through first says that it is over."""
    for slack in two.slacks:
        cut(slack, Retry("no connection"))
    for number in range(6):
        await two.says(number, (0, 1) if number % 2 else (1, 0))
    assert [m[1] for m in two.told()] == ["Slack is in trouble"]
    assert await two.standing() == ["trouble.away.slack"]
    cut(two.slacks[1], None)
    two.desk.clock.wind(minutes=20)
    await two.says(7, (1, 0))
    await two.both[0].drain()
    assert [m[1] for m in two.told()] == ["Slack is fine again"]
    assert await two.standing() == []


async def test_one_server_that_is_cut_off_is_no_platform_that_is_away(two: Two) -> None:
    """The other goes on posting: the house is told nothing, however long it lasts."""
    cut(two.slacks[0], Retry("no connection", after=None))
    for number in range(12):
        await two.says(number, (0, 1))
        two.desk.clock.wind(seconds=60)
        await two.both[1].drain()
    assert two.told() == []
    assert await two.standing() == []


async def test_the_other_server_ends_what_one_told_alone(two: Two) -> None:
    """It had posted well before, and believed for half a minute at most that nothing stands."""
    await two.says(0, (1,))
    cut(two.slacks[0], Retry("no connection"))
    for number in range(1, 6):
        await two.says(number, (0,))
    assert [m[1] for m in two.told()] == ["Slack is in trouble"]
    two.desk.clock.wind(minutes=20)
    await two.says(6, (1,))
    await two.both[0].drain()
    assert [m[1] for m in two.told()] == ["Slack is fine again"]


async def test_a_server_with_an_old_token_tells_it_in_one_message(two: Two) -> None:
    """One replica is refused, the other is not, for as long as somebody forgets it: one message, changed at most."""
    cut(two.slacks[0], Dead("token_revoked"))
    for number in range(10):
        await two.says(number, (0,) if number % 2 else (1,), seconds=40)
    await two.both[1].drain()
    assert len(two.told()) == 1
    cut(two.slacks[0], None)
    await two.says(11, (0, 1), seconds=40)
    await two.says(12, (0, 1), seconds=40)
    await two.both[1].drain()
    assert [m[1] for m in two.told()] == ["Slack is fine again"]
    assert await two.standing() == []


async def test_it_is_told_once_where_both_tell_it_at_the_same_moment(two: Two) -> None:
    """The first time ever, too, when there is no row yet to wait for."""
    for attempt in range(20):
        meet, name = asyncio.Barrier(2), f"server-{attempt}"

        async def tell(delivery: Delivery, name: str = name, meet: asyncio.Barrier = meet) -> None:
            await meet.wait()
            await delivery.store.book(lambda b: delivery._trouble(b, "clock", name, on=True, reason="7 min behind"))

        await asyncio.gather(*(tell(delivery) for delivery in two.both))
    await two.desk.settle()
    assert len(two.told()) == 20
