"""Five hundred customers, forty account managers, three incidents: everybody reads their own words, once, and no other's.

Each customer has three words of its own that stand nowhere else: in its name, in a fact for it alone, and in its catalog
record. Everything that any platform was ever asked to show is kept, edits included, and searched for them.
"""

import json
import random
import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from handlers.card import Card
from handlers.domain.apology import Apology, Version
from handlers.domain.catalog import parse_bytes, to_dict
from handlers.domain.delivery import Outcome, Sent, Unknown
from handlers.domain.people import Account
from handlers.domain.relay import Relay
from storage import export
from storage.outbox import Claimed
from storage.rows import pack
from tests.desk import Desk, MemoryCarrier, words
from tests.stories.quick import PEOPLE, all_of, people

CUSTOMERS, MANAGERS, SERVICES, REGIONS = 500, 40, ("mail", "search", "ledger"), ("NA", "EU", "AP")
ZONES = ("UTC", "America/New_York", "Asia/Kolkata", "Europe/Berlin", "Asia/Tokyo", "America/Los_Angeles")
FALCONS = 4
"""Customers of each incident with a fact for them alone."""
CANARY = re.compile(r"z[qxj][a-z]{8}")


@dataclass(frozen=True)
class Told:
    """A customer of the catalog. `name`, `fact` and `record` are the words that are its own."""

    key: str
    name: str
    fact: str
    record: str
    service: str
    region: str
    manager: str
    first: bool
    channels: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Said:
    """One thing a platform was asked to show. Words as stored, marks and buttons included."""

    platform: str
    place: str
    key: str
    audience: str
    edit: bool
    words: str

    @property
    def canaries(self) -> set[str]:
        """The customers' own words in it."""
        return set(CANARY.findall(self.words.casefold()))


@dataclass
class Ledger(MemoryCarrier):
    """A platform that keeps everything it ever showed. Every `lose`th answer is lost after it was shown."""

    said: list[Said] = field(default_factory=list)
    lose: int = 0
    lost: int = 0

    async def carry(self, row: Claimed) -> Outcome:
        """Show it; say so, or not."""
        outcome = await super().carry(row)
        shown = row.text or json.dumps(pack(row.card), ensure_ascii=False) + " ".join(row.args)
        where = outcome.at if isinstance(outcome, Sent) and outcome.at else row.message_at or row.address
        self.said.append(Said(self.platform, where, row.key, row.audience, bool(row.message_id), shown))
        if self.lose and row.audience == "customer" and not row.message_id and len(self.said) % self.lose == 0:
            self.lost += 1
            return Unknown("reset")  # it was shown, and nobody hears of it
        return outcome

    async def look(self, row: Claimed) -> Sent | bool:
        """The channel's history tells."""
        found = next((s for s in self.screens.values() if s.key == row.key), None)
        return Sent(found.id, found.place) if found is not None else False


@dataclass
class House:
    """The desk, its customers, and what the platforms showed."""

    desk: Desk
    customers: dict[str, Told]
    managers: dict[str, str]  # first name to platform

    @property
    def said(self) -> list[Said]:
        """Everything ever shown, on both platforms."""
        return [s for c in (self.desk.slack, self.desk.teams) for s in getattr(c, "said", [])]

    def hit(self, services: tuple[str, ...], region: str) -> list[Told]:
        """Who is affected, reckoned here and not by the bot."""
        return [c for c in self.customers.values() if c.service in services and region in ("", c.region)]

    async def say(self, who: str, *lines: str, on: str = "slack") -> str:
        """Lines of one person; the last answer. None may be refused."""
        shown = ""
        for line in lines:
            answer = await self.desk.say(who, line, on=on)
            shown = words(answer.show)
            assert not answer.refused, f"{who}: {line}: {shown}"
        return shown

    async def settled(self) -> None:
        """Everything is carried, and what nobody heard of is looked for."""
        for _ in range(6):
            await self.desk.settle()
            self.desk.clock.wind(seconds=25)
            await self.desk.delivery.settle()
        await self.desk.settle()


def made(seed: int) -> list[Told]:
    """The customers; the same in every run."""
    dice = random.Random(seed)
    used: set[str] = set()

    def own(mark: str) -> str:
        while (word := f"z{mark}" + "".join(dice.choices("aeiourstlnm", k=8))) in used:
            pass
        used.add(word)
        return word

    found = []
    for n in range(CUSTOMERS):
        key = f"k{n:03}"
        count = dice.choice((1, 1, 2, 3))
        channels = tuple(
            ("slack", f"C0{key.upper()}{i}") if dice.random() < 0.6 else ("teams", f"19:{key}-{i}@thread.tacv2")
            for i in range(count)
        )
        name, fact, record = (own(mark) for mark in "qxj")
        first, manager = dice.random() < 0.5, f"am{n % MANAGERS:02}"
        service, region = dice.choice(SERVICES), dice.choice(REGIONS)
        found.append(Told(key, name, fact, record, service, region, manager, first, channels))
    return found


def catalog(listed: list[Told], managers: dict[str, str]) -> bytes:
    """The house as YAML."""
    text = "regions: [" + ", ".join(f"{{key: {r}, name: Region {r}}}" for r in REGIONS) + "]\nservices:\n"
    text += "".join(f"  - {{key: {s}, name: {s.capitalize()}, regions: [{', '.join(REGIONS)}]}}\n" for s in SERVICES)
    text += people()
    for who, platform in managers.items():
        address = f"slack: U0{who.upper()}" if platform == "slack" else f"teams: '29:{who}'"
        text += (
            f"  - {{name: {who.capitalize()} Book, email: {who}@example.com, {address}, roles: [account-manager]}}\n"
        )
    text += "customers:\n"
    for n, c in enumerate(listed):
        channels = ", ".join(f"{{{p}: '{a}'}}" for p, a in c.channels)
        text += (
            f"  - {{key: {c.key}, name: {c.name.capitalize()} Ltd, uses: [{{service: {c.service}, region: {c.region}}}], "
            f"account_manager: {c.manager}@example.com, deliver: {'first' if c.first else 'all'}, channels: [{channels}], "
            f"timezone: {ZONES[n % len(ZONES)]}, locale: {('en-US', 'en-GB')[n % 2]}, "
            f"contract: {{version: v1, source: 'order {c.record}', zone: UTC, mode: tenant-minutes, uptime: 99.9, "
            "credits: [{below: 99.9, percent: 10}]}}\n"
        )
    return text.encode()


@pytest.fixture
async def house(seed_desk: Desk) -> House:
    """The house at noon, on two platforms that keep everything and lose every ninth answer."""
    desk = seed_desk
    managers = {f"am{n:02}": "slack" if n % 2 else "teams" for n in range(MANAGERS)}
    listed = made(7)
    loaded = parse_bytes(catalog(listed, managers), filename="house.yaml")
    await desk.store.book(lambda b: b.load_catalog(to_dict(loaded), "house"))
    for who, name, _ in PEOPLE:
        for platform, address in (("slack", f"U0{who.upper()}"), ("teams", f"29:{who}")):
            await desk.intake.meet(Account(platform, address, name, "colleague", f"{who}@example.com"))
    for who, platform in managers.items():
        address = f"U0{who.upper()}" if platform == "slack" else f"29:{who}"
        await desk.intake.meet(Account(platform, address, f"{who} Book", "colleague", f"{who}@example.com"))
    desk.slack, desk.teams = Ledger("slack", lose=9), Ledger("teams", lose=9)
    desk.delivery.carriers.update({"slack": desk.slack, "teams": desk.teams})
    desk.clock.at = desk.clock.at.replace(hour=12)
    return House(desk, {c.key: c for c in listed}, managers)


INCIDENTS = (
    (1, ("mail",), "NA", ""),
    (2, ("mail", "search"), "EU", "private"),
    (3, ("ledger", "search"), "", ""),
)


async def ran(house: House, number: int, services: tuple[str, ...], region: str, private: str) -> list[Told]:
    """An incident from its first word to its published apology; the customers who have a fact for them alone."""
    day = house.desk.clock.at.date()
    hit = house.hit(services, region)
    alone = random.Random(number).sample(hit, FALCONS)
    line = (
        f"declare Trouble {number} sev1 services {','.join(services)} {f'region {region}' if region else ''} {private}"
    )
    report = day + timedelta(days=3)
    await house.say("ana", line, f"role {number} comms @ben")
    if private:
        for who in ("cleo", "noor", *sorted({c.manager for c in alone})):
            await house.say("ana", f"role {number} scribe {who if who in ('cleo', 'noor') else f'{who}@example.com'}")
    if region:  # the third hits two customers of three: its apology alone is enough for some seconds
        await house.say("ana", f"holding {number}")
        await house.say("ben", f"send {2 * number - 1}")
        await house.say("ana", f"update {number} It is slow since 11:50 UTC. Next update at 23:00 UTC to customers")
        await house.say("ben", f"send {2 * number}")
        await house.settled()
    await house.say(
        "ana",
        f'fact {number} impact "could not finish their work" source support public',
        *(f'fact {number} impact "could not reach {c.fact}" source support for {c.key}' for c in alone),
        f"fact {number} window {day} 02:00-03:00 UTC source monitoring public",
        f'fact {number} cause.trigger "our configuration change" source statement public',
        f"fact {number} fix fixed source statement public",
        f'fact {number} count "1,200 customers" source monitoring public',
        f"fact {number} data-loss none source statement public",
        f"fact {number} contact support@example.com source statement public",
        f'fact {number} remedy "none due" source statement public',
        f"fact {number} next-report {report} source statement public",
        f"task {number} add Test every change before it is rolled out @Noor due {report}",
        f"resolve {number}",
    )
    await signed(house, number, number, alone, f'apology draft {number} signatory "Morgan Cole"')
    return alone


async def signed(house: House, number: int, apology: int, alone: list[Told], *lines: str) -> None:
    """Draft (as said), submit, sign by everybody who must, publish with the count, and carry it all."""
    await house.say("ben", *lines)
    await house.say("ben", f"apology submit {apology}")
    for who in ("ana", "cleo"):
        await house.say(who, f"apology approve {apology}")
    for who in sorted({c.manager for c in alone}):
        await house.say(who, f"apology show {apology}", f"apology approve {apology}", on=house.managers[who])
    found = await house.desk.store.book(lambda b: b.get(Version, apology, b.get(Apology, apology).version))  # type: ignore[union-attr]
    assert found is not None
    count = len([r for r in found.recipients if not r.spare])
    for _ in range(2):  # the platform hands it over twice
        key = f"publish-{apology}-{found.number}"
        answer = await house.desk.say("cleo", f"apology publish {apology} to {count}", key=key)
        assert not answer.refused, words(answer.show)
    await house.settled()
    for _ in range(20):
        state = await house.desk.store.book(lambda b: b.get(Apology, apology))
        assert state is not None
        if state.state == "published":
            return
        await house.say("cleo", f"apology resume {apology}")  # it paused over answers that were lost
        await house.settled()
    raise AssertionError(state)


def own(house: House, said: Said) -> Told | None:
    """The customer whose channel this is."""
    return next((c for c in house.customers.values() if (said.platform, said.place) in c.channels), None)


async def test_threat_05_every_customer_reads_its_own_words_once_and_nobody_elses(house: House) -> None:
    """Updates, holding statements, apologies, a correction, a retraction, a follow-up; answers lost on the way."""
    alone = {number: await ran(house, number, *rest) for number, *rest in INCIDENTS}
    _each_once(house)
    await signed(
        house,
        1,
        1,
        alone[1],
        "apology correct 1 because the cause was another",
        f'fact 1 F{FALCONS + 3} = "our network upgrade" because we looked again',
    )
    await all_of(house.desk, ("cleo", "apology retract 2 because it was wrong"))
    await house.settled()
    later = house.desk.clock.at.date() + timedelta(days=5)
    fill = f"apology fill 4 next-report {later} source statement"
    await signed(house, 1, 4, alone[1], "apology follow-up 1", fill)
    _nobody_elses(house)
    _own_words(house, alone)
    _packs(house)
    await _opened(house, alone)
    _private(house)
    await _exports(house, alone)


def _each_once(house: House) -> None:
    """Each affected customer, in each channel it wants to be told in, exactly one message of each series."""
    posted = Counter((s.key.split("/")[0], s.platform, s.place) for s in house.said if s.audience == "customer")
    assert set(posted.values()) == {1}, [k for k, n in posted.items() if n > 1][:5]
    for number, services, region, _ in INCIDENTS:
        wanted = {ch for c in house.hit(services, region) for ch in (c.channels[:1] if c.first else c.channels)}
        before = (f"holding-{2 * number - 1}", f"update-{2 * number}") if region else ()
        for series in (f"apology-{number}", *before):
            got = {(p, a) for s, p, a in posted if s == series}
            assert got == wanted, series
    lost = sum(c.lost for c in (house.desk.slack, house.desk.teams) if isinstance(c, Ledger))
    assert lost > 30  # answers that nobody heard: looked up, never sent again


def _nobody_elses(house: House) -> None:
    """Not one word of another customer in anything a customer was ever shown, whatever was edited later."""
    customers = [s for s in house.said if s.audience == "customer"]
    assert len(customers) > 2 * CUSTOMERS
    assert len({s.key.split("/")[1] for s in customers}) > 0.8 * CUSTOMERS
    for said in customers:
        reader = own(house, said)
        assert reader is not None, said.place
        assert said.key.split("/")[1] == reader.key
        assert said.canaries <= {reader.name, reader.fact}, said
        assert reader.record not in said.words
    for said in house.said:
        if own(house, said) is not None:
            assert said.audience == "customer", said  # no card of the house in a customer's channel


def _own_words(house: House, alone: dict[int, list[Told]]) -> None:
    """What is for one customer alone reaches that customer: else the search above proves nothing."""
    for number, falcons in alone.items():
        for c in falcons:
            read = [s for s in house.said if s.key.startswith(f"apology-{number}/{c.key}/")]
            assert read
            assert c.fact in read[0].words


def _packs(house: House) -> None:
    """An account manager's own messages name their own customers, and hold nothing that is for others alone."""
    managers = {f"U0{w.upper()}": w for w in house.managers} | {f"29:{w}": w for w in house.managers}
    seen: set[str] = set()
    by_word = {w: c for c in house.customers.values() for w in (c.name, c.fact, c.record)}
    for said in house.said:
        who = managers.get(said.place)
        if who is None:
            continue
        relay = said.key.startswith("relay-")
        for word in said.canaries:
            customer = by_word[word]
            if relay or word != customer.name:
                assert customer.manager == who, said
        seen |= {who} if relay else set()
    assert seen == set(house.managers)


async def _opened(house: House, alone: dict[int, list[Told]]) -> None:
    """A customer's pack, opened by its own account manager, holds its own words and no other customer's."""
    told = house.hit(("ledger", "search"), "")
    for c in (*alone[3], *told[:: len(told) // 10]):
        shown = await house.desk.say(c.manager, f"relay pack 3 {c.key}", on=house.managers[c.manager])
        assert not shown.refused, words(shown.show)
        found = set(CANARY.findall(json.dumps(pack(shown.show), ensure_ascii=False).casefold()))
        assert c.name in found
        assert found <= {c.name, c.fact, c.record}, words(shown.show)
    await house.settled()


def _private(house: House) -> None:
    """Of the private incident nothing is said but to its members and to the customers it hit."""
    about = [s for s in house.said if s.audience == "internal" and ("INC-2" in s.words or "Trouble 2" in s.words)]
    assert about
    room = {s.place for s in house.said if s.key.startswith("inc-2/") and s.key.endswith("@slack")}
    members = {"U0ANA", "U0BEN", "U0CLEO", "U0NOOR", "29:ana", "29:ben", "29:cleo", "29:noor"}
    falcons = {c.manager for c in random.Random(2).sample(house.hit(("mail", "search"), "EU"), FALCONS)}
    members |= {f"U0{w.upper()}" for w in falcons} | {f"29:{w}" for w in falcons}
    assert {s.place for s in about} <= members | room
    assert "C0INCIDENTS" not in room


async def _exports(house: House, alone: dict[int, list[Told]]) -> None:
    """The file about one incident holds nothing that was said to customers of another, nor any catalog record."""
    for number, services, region, _ in INCIDENTS:
        whole = await house.desk.store.rows(lambda c, _now, n=number: export.gather(c, n))  # type: ignore[misc]
        found = set(CANARY.findall(json.dumps(whole, ensure_ascii=False, default=str).casefold()))
        hit = house.hit(services, region)
        assert found & {c.fact for c in house.customers.values()} == {c.fact for c in alone[number]}
        assert found - {c.fact for c in alone[number]} <= {c.name for c in hit}
    relays = await house.desk.store.book(lambda b: b.find(Relay, apology=1))
    assert {r.customer for r in relays} == {c.key for c in house.hit(("mail",), "NA")}


def test_the_search_finds_what_it_looks_for() -> None:
    """A canary in a button, a mention or a field of a card counts like one in a sentence."""
    from handlers.card import Button, Buttons

    card = Card("x", (Buttons((Button("Press", "relay done zqaeiourst"),)),))
    assert Said("slack", "C", "k", "internal", False, json.dumps(pack(card))).canaries == {"zqaeiourst"}
