"""A database that stops without a farewell, or behind a network that is cut anywhere: never a false yes, never twice."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from sqlalchemy import select

from bot.channel import Request
from bot.intake import NOT_RECORDED
from bot.scenarios import FOLDER
from storage import migrate
from storage.database import Database, make_engine
from storage.tables import events
from tests.desk import Clock, Desk, words
from tests.proxy import Proxy
from tests.soak import Soak, on_postgres

CUTS = 24
"""At how many places of a request the network is cut."""


@dataclass
class House:
    """A desk whose way to its database is a proxy; `server` is the database itself."""

    desk: Desk
    server: Soak
    direct: Desk
    said: list[str] = field(default_factory=list)

    @property
    def network(self) -> Proxy:
        """Between the two."""
        return self.server.proxies[0]

    async def note(self, number: int) -> tuple[bool, bool, str]:
        """One line under its own key; whether it was recorded, whether that was known already, and what was said."""
        asked = Request(f"note-{number}", "slack", "U0BEN", "C0INCIDENTS", f"note 1 number {number:05} of many")
        answer = await self.desk.intake.take(asked)
        return answer.recorded or answer.repeated, answer.repeated, words(answer.show)

    async def until_yes(self, number: int) -> str:
        """Said again, under the same key, until it is recorded; what the refusals said."""
        refusals = set()
        for _ in range(200):
            yes, _, said = await self.note(number)
            if yes:
                return " ".join(refusals)
            refusals.add(said)
            await asyncio.sleep(0.05)
        raise AssertionError(refusals)

    async def recorded(self) -> Counter[str]:
        """How often each number stands in the record."""
        told = await self.direct.store.rows(lambda c, _now: list(c.execute(select(events.c.words)).scalars()))
        return Counter(line.split("number ")[1][:5] for line in told if "number " in line)


@pytest.fixture
async def house(request: pytest.FixtureRequest) -> AsyncIterator[House]:
    """An incident is open; its platforms are lists in memory."""
    request.getfixturevalue("postgres")  # skips where there is none
    clock = Clock()
    async with on_postgres(1, replicas=1) as server:
        engine = make_engine(server.direct)
        migrate.migrate(engine)
        direct = Desk(Database(engine, clock), clock)
        await direct.furnish(FOLDER / "bpos-2010.catalog.yaml")
        desk = Desk(Database(make_engine(server.urls[0]), clock), clock)
        assert (await desk.say("ana", "declare Checkout is down sev1 services sign-in region NA")).recorded
        await desk.settle()
        yield House(desk, server, direct)
        server.proxies[0].heal()
        for each in (desk, direct):
            await asyncio.to_thread(each.store.close)  # the network between them is this loop's


async def test_a_database_that_stops_under_load_is_said_and_everything_is_recorded_once(house: House) -> None:
    """Stopped as by `pg_ctl -m immediate`, twice: no yes meanwhile, the process lives, and repeats have one effect."""
    for stop in range(2):
        load = [asyncio.create_task(house.until_yes(stop * 20 + n)) for n in range(20)]
        await house.server.stop_database()
        assert (await house.note(900 + stop))[::2] == (False, f"Amends\n{NOT_RECORDED}")
        assert not await moved(house.desk)
        await house.server.start_database()
        await asyncio.gather(*load)
        await house.until_yes(900 + stop)
    await house.desk.settle()
    assert set((await house.recorded()).values()) == {1}
    assert len(await house.recorded()) == 42
    assert {p.state for p in await house.direct.posts() if p.due is not None} == {"sent"}
    assert max(Counter(s.key for s in house.desk.screens()).values()) == 1


async def moved(desk: Desk) -> bool:
    """Whether the outbox can be looked at."""
    try:
        await desk.delivery.once()
    except Exception:  # noqa: BLE001 - the database is away: whatever its driver calls that
        return False
    return True


async def test_a_request_cut_anywhere_on_its_way_to_the_database_has_one_effect(house: House) -> None:
    """No yes that is not kept; said again under the same key it is recorded, once."""
    before = house.network.passed
    await house.until_yes(0)
    length = house.network.passed - before
    broken = 0
    for number in range(1, CUTS + 1):
        house.network.reset_after = house.network.passed + length * number // CUTS
        yes, _, said = await house.note(number)
        assert yes or NOT_RECORDED in said
        broken += not yes
        house.network.reset_after = None
        assert (await house.recorded())[f"{number:05}"] == 1 or not yes
        await house.until_yes(number)
    assert broken
    assert await house.recorded() == {f"{n:05}": 1 for n in range(CUTS + 1)}


async def test_a_commit_whose_answer_was_lost_is_found_when_it_is_said_again(house: House) -> None:
    """The database has it and nobody was told: not recorded, people read; the repeat finds itself, and adds nothing."""
    house.network.cut_at = b"COMMIT"
    assert (await house.note(1))[::2] == (False, f"Amends\n{NOT_RECORDED}")
    assert await house.recorded() == {"00001": 1}
    house.network.cut_at = b""
    assert (await house.note(1))[:2] == (True, True)
    assert await house.recorded() == {"00001": 1}


async def test_one_server_cut_off_from_the_database_does_not_hold_up_the_other(house: House) -> None:
    """A black hole for one of two: the other records and sends; what was held back arrives when it heals, once."""
    house.network.black_hole()
    waiting = [asyncio.create_task(house.note(n)) for n in range(8)]
    assert (await house.direct.say("ana", "update 1 The other one is well", key="well")).recorded
    await house.direct.settle()
    assert sum("The other one is well" in words(s.card) for s in house.direct.screens("/said/")) == 2
    assert not any(task.done() for task in waiting)
    house.network.heal()
    assert all(yes for yes, _, _ in await asyncio.gather(*waiting))
    await house.desk.settle()
    assert await house.recorded() == {f"{n:05}": 1 for n in range(8)}
    assert max(Counter(s.key for d in (house.desk, house.direct) for s in d.screens()).values()) == 1
