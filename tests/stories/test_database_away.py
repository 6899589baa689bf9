"""A database that stops without a farewell, or behind a network that is cut anywhere: never a false yes, never twice."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from sqlalchemy import make_url, select

from bot.channel import Request
from bot.intake import NOT_RECORDED
from bot.scenarios import FOLDER
from storage import migrate
from storage.database import PATIENCE, Database, make_engine
from storage.tables import events
from tests.desk import Clock, Desk, words
from tests.proxy import Proxy, to_unix
from tests.soak import on_postgres

CUTS = 24
"""At how many places of a request the network is cut."""


@dataclass
class House:
    """A desk whose way to its database is a network that can be cut; `direct` is one with a way of its own."""

    desk: Desk
    network: Proxy
    direct: Desk
    direct_url: str

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


async def opened(direct_url: str, url: str, network: Proxy) -> House:
    """An incident is open; its platforms are lists in memory."""
    clock = Clock()
    direct = Desk(Database(make_engine(direct_url), clock), clock)
    await direct.furnish(FOLDER / "bpos-2010.catalog.yaml")
    desk = Desk(Database(make_engine(url), clock), clock)
    assert (await desk.say("ana", "declare Checkout is down sev1 services sign-in region NA")).recorded
    await desk.settle()
    return House(desk, network, direct, direct_url)


async def closed(house: House) -> None:
    """The network is whole again, and all is closed."""
    house.network.heal()
    for each in (house.desk, house.direct):
        await asyncio.to_thread(each.store.close)  # the network between them is this loop's


@pytest.fixture
async def house(database_url: str) -> AsyncIterator[House]:
    """A database of the test run's server, behind a network of its own."""
    socket = database_url.split("host=")[1].split("&", maxsplit=1)[0]
    name = make_url(database_url).database
    network = Proxy(to_unix(f"{socket}/.s.PGSQL.5432"))
    url = f"postgresql+psycopg://postgres@127.0.0.1:{await network.start()}/{name}?sslmode=disable&gssencmode=disable"
    found = await opened(database_url, url, network)
    yield found
    await closed(found)
    await network.stop()


ON_POSTGRES = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@pytest.mark.usefixtures("postgres")  # skips where there is none
async def test_a_database_that_stops_under_load_is_said_and_everything_is_recorded_once() -> None:
    """Stopped as by `pg_ctl -m immediate`, twice: no yes meanwhile, the process lives, and repeats have one effect."""
    async with on_postgres(1, replicas=1) as server:  # its own: others go on with theirs
        engine = make_engine(server.direct)
        migrate.migrate(engine)
        engine.dispose()
        house = await opened(server.direct, server.urls[0], server.proxies[0])
        for stop in range(2):
            load = [asyncio.create_task(house.until_yes(stop * 20 + n)) for n in range(20)]
            await server.stop_database()
            assert (await house.note(900 + stop))[::2] == (False, f"Amends\n{NOT_RECORDED}")
            assert not await moved(house.desk)
            await server.start_database()
            await asyncio.gather(*load)
            await house.until_yes(900 + stop)
        await house.desk.settle()
        assert set((await house.recorded()).values()) == {1}
        assert len(await house.recorded()) == 42
        assert {p.state for p in await house.direct.posts() if p.due is not None} == {"sent"}
        assert max(Counter(s.key for s in house.desk.screens()).values()) == 1
        await closed(house)


async def moved(desk: Desk) -> bool:
    """Whether the outbox can be looked at."""
    try:
        await desk.delivery.once()
    except Exception:  # noqa: BLE001 - the database is away: whatever its driver calls that
        return False
    return True


@ON_POSTGRES
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


@ON_POSTGRES
async def test_a_commit_whose_answer_was_lost_is_found_when_it_is_said_again(house: House) -> None:
    """The database has it and nobody was told: not recorded, people read; the repeat finds itself, and adds nothing."""
    house.network.cut_at = b"COMMIT"
    assert (await house.note(1))[::2] == (False, f"Amends\n{NOT_RECORDED}")
    assert await house.recorded() == {"00001": 1}
    house.network.cut_at = b""
    assert (await house.note(1))[:2] == (True, True)
    assert await house.recorded() == {"00001": 1}


@ON_POSTGRES
async def test_a_connection_that_the_network_swallowed_is_given_up_in_seconds(house: House) -> None:
    """A new one stands in 3 s or is an error, which people read; a word in the address goes before our own."""
    engine = make_engine(f"{house.direct_url}&tcp_user_timeout=1234")
    with engine.connect() as connection:
        told = connection.connection.driver_connection.info.get_parameters()
    engine.dispose()
    assert {name: told[name] for name in PATIENCE} == {n: str(v) for n, v in PATIENCE.items()} | {
        "tcp_user_timeout": "1234"
    }
    house.network.reset()
    house.network.black_hole()
    assert (await house.note(1))[::2] == (False, f"Amends\n{NOT_RECORDED}")
    house.network.heal()
    await house.until_yes(1)
    assert await house.recorded() == {"00001": 1}


@ON_POSTGRES
async def test_one_server_cut_off_from_the_database_does_not_hold_up_the_other(house: House) -> None:
    """A black hole for one of two: the other records and sends; what was held back arrives when it heals, once."""
    house.network.black_hole()
    waiting = [asyncio.create_task(house.note(n)) for n in range(8)]
    assert (await house.direct.say("ana", "update 1 The other one is well", key="well")).recorded
    await house.direct.settle()
    assert sum("The other one is well" in words(s.card) for s in house.direct.screens("/said/")) == 2
    house.network.heal()
    for number, (yes, _, said) in enumerate(await asyncio.gather(*waiting)):
        assert yes or NOT_RECORDED in said  # its connection broke before it healed
        await house.until_yes(number)
    await house.desk.settle()
    assert await house.recorded() == {f"{n:05}": 1 for n in range(8)}
    assert max(Counter(s.key for d in (house.desk, house.direct) for s in d.screens()).values()) == 1
