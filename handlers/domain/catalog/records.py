"""What a catalog holds: services, regions, customers with their contracts and channels, people, planned maintenance."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from fractions import Fraction
from functools import cached_property

from handlers.domain.catalog.reading import nearest
from handlers.domain.people import Person
from handlers.domain.policy import Policy

PLATFORMS: tuple[str, ...] = ("slack", "teams", "email", "webhook")
MODES: tuple[str, ...] = ("tenant-minutes", "user-minutes")
"""How a contract counts downtime: minutes in which the customer was hit, or those minutes times the share of users."""


@dataclass(frozen=True, slots=True)
class Region:
    """A region by the key people type and the name customers read. One that is not listed is its own name."""

    key: str
    name: str


@dataclass(frozen=True, slots=True)
class Service:
    """A service under its public name. `part_of` is a service key; without regions it is offered in every region."""

    key: str
    name: str
    part_of: str = ""
    regions: tuple[str, ...] = ()
    internal_names: tuple[str, ...] = ()
    """What the house calls it inside; no customer may read these (rule W18)."""


@dataclass(frozen=True, slots=True)
class Channel:
    """Where a customer reads us: a Slack channel id, a Teams conversation id, a mail address or an HTTPS address."""

    platform: str
    address: str


@dataclass(frozen=True, slots=True)
class Use:
    """A customer uses a service in a region; without one, in every region.

    `start` and `end` (`from` and `to` in the file) are its first and its last day in the customer's time zone; None:
    as far back or on as anybody asks.
    """

    service: str
    region: str = ""
    start: date | None = None
    end: date | None = None


@dataclass(frozen=True, slots=True)
class Tier:
    """A credit of `percent` of the month's fee when uptime lies strictly below `below` percent."""

    below: Fraction
    percent: Fraction


@dataclass(frozen=True, slots=True)
class Contract:
    """One version of a customer's service level terms. Month edges are those of `zone` (IANA)."""

    version: str
    zone: str
    mode: str = "tenant-minutes"
    uptime: Fraction | None = None
    """Promised percent of a month."""
    credits: tuple[Tier, ...] = ()
    start: date | None = None
    """The first day these terms count (`from` in the file); None: as far back as anybody asks."""
    end: date | None = None
    """The last day they count (`to`); None: until the next version begins."""
    source: str = ""
    """Where the terms are written."""


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer account: what they use, where they are told, by whom, in which time zone and English."""

    key: str
    name: str
    uses: tuple[Use, ...] = ()
    account_manager: str = ""
    """Mail address of a person in the catalog."""
    deliver: str = "first"
    """`first`: the next channel only after a definite failure of the one before; `all`: every channel."""
    channels: tuple[Channel, ...] = ()
    timezone: str = "UTC"
    locale: str = "en-US"
    contracts: tuple[Contract, ...] = ()
    """The versions of the contract, oldest first; each counts until the next one begins."""

    @property
    def contract(self) -> Contract | None:
        """The latest version of the contract; for what counted in a month see `handlers.domain.credit`."""
        return self.contracts[-1] if self.contracts else None

    @property
    def english(self) -> str:
        """The English their dates are written in: en-US, or en-GB for everybody else."""
        return "en-US" if self.locale == "en-US" else "en-GB"


@dataclass(frozen=True, slots=True)
class Maintenance:
    """Planned work on services, half-open `[start, end)`, UTC."""

    services: tuple[str, ...]
    start: datetime
    end: datetime


@dataclass(frozen=True)
class Catalog:
    """The whole catalog as loaded. Immutable; the look-ups build their indexes once."""

    regions: tuple[Region, ...] = ()
    services: tuple[Service, ...] = ()
    customers: tuple[Customer, ...] = ()
    people: tuple[Person, ...] = ()
    maintenance: tuple[Maintenance, ...] = ()
    policy: Policy = field(default_factory=Policy)

    @cached_property
    def _services(self) -> dict[str, Service]:
        by_name = {s.name.casefold(): s for s in reversed(self.services)}
        return by_name | {s.key.casefold(): s for s in self.services}

    @cached_property
    def _customers(self) -> dict[str, Customer]:
        by_name = {c.name.casefold(): c for c in reversed(self.customers)}
        return by_name | {c.key.casefold(): c for c in self.customers}

    @cached_property
    def _channels(self) -> dict[tuple[str, str], Customer]:
        return {folded_channel(n): c for c in self.customers for n in c.channels}

    @cached_property
    def channels_mark(self) -> str:
        """Changes when a channel comes, goes, or changes hands (SHA-256)."""
        listed = sorted((n.platform, n.address, c.key) for c in self.customers for n in c.channels)
        return hashlib.sha256(json.dumps(listed).encode()).hexdigest()

    @cached_property
    def managers_mark(self) -> str:
        """Changes when an account manager comes or goes (SHA-256)."""
        listed = sorted({c.account_manager.casefold() for c in self.customers})
        return hashlib.sha256(json.dumps(listed).encode()).hexdigest()

    @cached_property
    def _people(self) -> dict[tuple[str, str], Person]:
        found = {("email", p.email.casefold()): p for p in self.people if p.email}
        found |= {("slack", p.slack): p for p in self.people if p.slack}
        return found | {("teams", p.teams.casefold()): p for p in self.people if p.teams}

    @cached_property
    def _regions(self) -> dict[str, Region]:
        spelt = [r for s in self.services for r in s.regions] + [u.region for c in self.customers for u in c.uses]
        found = {name.casefold(): Region(name, name) for name in reversed(spelt) if name}
        found |= {r.name.casefold(): r for r in self.regions}
        return found | {r.key.casefold(): r for r in self.regions}

    def service(self, word: str) -> Service | None:
        """A service by its key or its name, capitals aside."""
        return self._services.get(word.strip().casefold())

    def nearest_services(self, word: str) -> tuple[str, ...]:
        """Up to three keys of services whose key or name is nearest to a mistyped word, best first."""
        near = nearest(word, (w for s in self.services for w in (s.key, s.name)))
        return tuple(dict.fromkeys(self._services[w.casefold()].key for w in near))

    def service_name(self, key: str) -> str:
        """A service's public name; the key itself where the catalog no longer has it."""
        found = self.service(key)
        return found.name if found else key

    def customer(self, word: str) -> Customer | None:
        """A customer by key or name, capitals aside."""
        return self._customers.get(word.strip().casefold())

    def nearest_customers(self, word: str) -> tuple[str, ...]:
        """Up to three keys of customers whose key or name is nearest to a mistyped word, best first."""
        near = nearest(word, (w for c in self.customers for w in (c.key, c.name)))
        return tuple(dict.fromkeys(self._customers[w.casefold()].key for w in near))

    def customer_by_channel(self, platform: str, address: str) -> Customer | None:
        """Whose channel this is, if any customer's."""
        return self._channels.get(folded_channel(Channel(platform, address)))

    def region(self, word: str) -> Region | None:
        """A region by key or name, capitals aside; one that is not listed is its own name. None for no word at all."""
        word = word.strip()
        return self._regions.get(word.casefold(), Region(word, word)) if word else None

    def region_name(self, key: str) -> str:
        """What customers read for a region; nothing for everywhere."""
        found = self.region(key)
        return found.name if found else ""

    def person(self, email: str) -> Person | None:
        """A person by mail address, capitals aside."""
        return self._people.get(("email", email.strip().casefold()))

    def person_on(self, platform: str, user: str, *, alias: str = "") -> Person | None:
        """A person by Slack user id, or by Teams user id or (`alias`) Entra object id."""
        if platform == "slack":
            return self._people.get(("slack", user))
        return self._people.get((platform, user.casefold())) or self._people.get((platform, alias.casefold()))

    def people_with(self, role: str) -> tuple[Person, ...]:
        """Everybody who holds a role, in the catalog's order."""
        return tuple(p for p in self.people if role in p.roles)

    def wholes(self, key: str) -> tuple[str, ...]:
        """The services a service is part of, nearest first, without itself."""
        found: list[str] = []
        here = self.service(key)
        while here and here.part_of and here.part_of not in found and len(found) < len(self.services):
            found.append(here.part_of)
            here = self.service(here.part_of)
        return tuple(found)

    def parts(self, key: str) -> tuple[str, ...]:
        """The services that are part of a service, at any depth, in the catalog's order, without itself."""
        return tuple(s.key for s in self.services if key in self.wholes(s.key))

    def maintenance_of(self, services: Iterable[str]) -> tuple[Maintenance, ...]:
        """Planned work on any of these services, or on a whole they are part of.

        Work on a part alone does not excuse the whole.
        """
        wanted = {w for key in services for w in (key, *self.wholes(key))}
        return tuple(m for m in self.maintenance if wanted.intersection(m.services))


def folded_channel(channel: Channel) -> tuple[str, str]:
    """What makes two channels one: capitals count in Slack ids and web addresses; a Teams thread is its channel."""
    if channel.platform in {"webhook", "slack"}:
        return channel.platform, channel.address
    return channel.platform, channel.address.partition(";messageid=")[0].casefold()
