"""A catalog file, read and checked as a whole: either every line of it is good, or nothing is loaded."""

import itertools
import re
from collections.abc import Iterable
from datetime import date
from urllib.parse import urlsplit

from babel.core import Locale, UnknownLocaleError

from handlers.domain.catalog.policy_section import POLICY_KEYS, read_policy
from handlers.domain.catalog.reading import Faults, Section, is_mail_address
from handlers.domain.catalog.records import (
    MODES,
    PLATFORMS,
    Catalog,
    Channel,
    Contract,
    Customer,
    Maintenance,
    Region,
    Service,
    Tier,
    Use,
    folded_channel,
)
from handlers.domain.catalog.yaml_tree import Listing, Mapping, Node, Scalar, Spot, decoded, read_tree, shown
from handlers.domain.people import Person
from handlers.domain.policy import ROLES, Policy

CATALOG_KEYS = ("regions", "services", "customers", "people", "maintenance", "policy")
SERVICE_KEYS = ("key", "name", "part_of", "regions", "internal_names")
CUSTOMER_KEYS = (
    "key",
    "name",
    "uses",
    "account_manager",
    "deliver",
    "channels",
    "timezone",
    "locale",
    "contract",
)
USE_KEYS = ("service", "region", "from", "to")
CONTRACT_KEYS = ("version", "zone", "mode", "uptime", "credits", "from", "to", "source")
PERSON_KEYS = ("name", "title", "email", "slack", "teams", "roles")

_SLACK_CHANNEL = re.compile(r"[CG][A-Z0-9]{2,20}")
_SLACK_USER = re.compile(r"[UW][A-Z0-9]{2,20}")
_TEAMS_CHANNEL = re.compile(r"19:[^\s;]+@[a-z0-9.]+")
_TEAMS_USER = re.compile(r"\d{1,3}:\S+")
_ENTRA_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_LOCALE = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|\d{3}))?")
_LONGEST_ADDRESS = 500
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def parse_bytes(data: bytes, *, filename: str) -> Catalog:
    """A catalog from a file's bytes, which must be UTF-8. Raises CatalogErrors."""
    return parse_catalog(decoded(data, filename=filename), filename=filename)


def parse_catalog(text: str, *, filename: str) -> Catalog:
    """A catalog from YAML. Raises CatalogErrors with every fault by line and key, and nothing else, whatever it is fed.

    `filename` is only for the messages.
    """
    faults = Faults(filename)
    root = read_tree(text, filename=filename)
    catalog = _Reader(faults).catalog(Section(root, "", faults, CATALOG_KEYS))
    faults.settle()
    return catalog


class _Reader:
    """One file's reading: what was seen so far, so that references can be checked on the line they stand on."""

    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        self.services: dict[str, Service] = {}
        self.regions: dict[str, Region] = {}
        self.emails: dict[str, str] = {}
        self.seen: dict[tuple[str, str], Spot] = {}

    def catalog(self, root: Section) -> Catalog:
        regions = tuple(filter(None, (self.region(s) for s in root.sections("regions", ("key", "name"), "key"))))
        services = self.read_services(root)
        policy_section = root.section("policy", POLICY_KEYS)
        roles = tuple(w for w, _, _ in policy_section.words("roles")) if policy_section else ()
        people = tuple(filter(None, (self.person(s, roles) for s in root.sections("people", PERSON_KEYS, "name"))))
        customers = tuple(self.customer(s) for s in root.sections("customers", CUSTOMER_KEYS, "key"))
        maintenance = tuple(
            filter(None, (self.work(s) for s in root.sections("maintenance", ("services", "from", "to"))))
        )
        policy = (
            read_policy(policy_section, self.emails, {w: s.key for w, s in self.services.items()})
            if policy_section
            else Policy()
        )
        return Catalog(regions, services, customers, people, maintenance, policy)

    def once(self, what: str, word: str, section: Section, key: str, *, exact: bool = False) -> None:
        """A fault if this word stood under the same heading before."""
        if not word:
            return
        mark = (what, word if exact else word.casefold())
        spot = section.spot_of(key)
        if mark in self.seen:
            section.fault(key, f"{shown(word)} is taken: another {what} has it on line {self.seen[mark].line}")
        else:
            self.seen[mark] = spot

    def region(self, section: Section) -> Region | None:
        key = section.text("key", required=True)
        name = section.text("name") or key
        self.once("region", key, section, "key")
        if name.casefold() != key.casefold():
            self.once("region", name, section, "name")
        if not key:
            return None
        found = Region(key, name)
        self.regions[key.casefold()] = found
        self.regions[name.casefold()] = found
        return found

    def region_key(self, word: str) -> str:
        """A region as the catalog spells it; one that is not listed is its own name."""
        found = self.regions.get(word.casefold())
        return found.key if found else word

    def read_services(self, root: Section) -> tuple[Service, ...]:
        sections = tuple(root.sections("services", SERVICE_KEYS, "key"))
        services = tuple(self.service(section) for section in sections)
        for section, service in zip(sections, services, strict=True):
            if service.key:
                self.services.setdefault(service.key.casefold(), service)
                if service.name.casefold() != service.key.casefold():
                    self.once("service", service.name, section, "name")
        return tuple(self.placed(section, service) for section, service in zip(sections, services, strict=True))

    def service(self, section: Section) -> Service:
        key = section.key()
        self.once("service", key, section, "key")
        return Service(
            key=key,
            name=section.text("name") or key,
            part_of=section.text("part_of"),
            regions=tuple(dict.fromkeys(self.region_key(word) for word, _, _ in section.words("regions"))),
            internal_names=tuple(word for word, _, _ in section.words("internal_names")),
        )

    def placed(self, section: Section, service: Service) -> Service:
        """A service whose `part_of` is a service of the catalog and leads to no circle."""
        if not service.part_of:
            return service
        whole = self.known_service(service.part_of, section.spot_of("part_of"), section.at("part_of"))
        if whole is None:
            return service
        chain = [service.key]
        here: Service | None = whole
        while here is not None and len(chain) <= len(self.services):
            chain.append(here.key)
            if here.key == service.key:
                section.fault("part_of", f"goes round in a circle: {' → '.join(chain[:8])}")
                break
            here = self.services.get(here.part_of.casefold()) if here.part_of else None
        return Service(service.key, service.name, whole.key, service.regions, service.internal_names)

    def known_service(self, word: str, spot: Spot, path: str) -> Service | None:
        found = self.services.get(word.casefold())
        if found is None:
            near = self.faults.nearest(word, (s.key for s in self.services.values()))
            hint = near or ("" if self.services else "; list it under services: first")
            self.faults.add(spot, path, f"there is no service {shown(word)}{hint}")
        return found

    def person(self, section: Section, roles: tuple[str, ...]) -> Person | None:
        name = section.text("name", required=True)
        email = section.email("email")
        slack = section.text("slack")
        teams = section.text("teams")
        if slack and not _SLACK_USER.fullmatch(slack):
            section.fault(
                "slack", f"{shown(slack)} is no Slack member id; copy it from the profile, it looks like U012AB3CD"
            )
        if teams and not (_TEAMS_USER.fullmatch(teams) or _ENTRA_ID.fullmatch(teams)):
            section.fault("teams", f"{shown(teams)} is no Teams user id; write 29:… or the Entra object id")
        for key, word in (("email", email), ("slack", slack), ("teams", teams)):
            self.once(f"person ({key})", word, section, key)
        if email:
            self.emails[email.casefold()] = email
        held = self.roles(section, (*ROLES, *roles))
        key = email.lower() or (f"slack:{slack}" if slack else f"teams:{teams}" if teams else "")
        if held and not key and name:
            section.fault("roles", "somebody with a role needs an email, a slack id or a teams id to be known by")
        if not name:
            return None
        return Person(
            key=key or name.lower(),
            name=name,
            title=section.text("title"),
            email=email,
            slack=slack,
            teams=teams,
            roles=held,
        )

    def roles(self, section: Section, known: tuple[str, ...]) -> frozenset[str]:
        found: set[str] = set()
        for word, spot, path in section.words("roles"):
            match = next((r for r in known if r.casefold() == word.casefold()), "")
            if match:
                found.add(match)
            else:
                near = self.faults.nearest(word, known)
                hint = near or "; add it to policy: roles: if the house has it"
                self.faults.add(spot, path, f"there is no role {shown(word)}{hint}")
        return frozenset(found)

    def customer(self, section: Section) -> Customer:
        key = section.key()
        name = section.text("name") or key
        self.once("customer", key, section, "key")
        if name.casefold() != key.casefold():
            self.once("customer", name, section, "name")
        zone = section.zone("timezone", "UTC")
        return Customer(
            key=key,
            name=name,
            uses=self.uses(section),
            account_manager=self.manager(section),
            deliver=section.one_of("deliver", ("first", "all"), "first"),
            channels=self.channels(section),
            timezone=zone,
            locale=_locale(section),
            contracts=_contracts(section, zone),
        )

    def manager(self, section: Section) -> str:
        email = section.email("account_manager")
        if not email:
            return ""
        if email.casefold() not in self.emails:
            near = self.faults.nearest(email, self.emails.values())
            section.fault("account_manager", f"nobody in people: has the address {shown(email)}{near}")
        return self.emails.get(email.casefold(), email)

    def uses(self, section: Section) -> tuple[Use, ...]:
        found: list[Use] = []
        for use in section.sections("uses", USE_KEYS):
            word = use.text("service", required=True)
            region = self.region_key(use.text("region"))
            service = self.known_service(word, use.spot_of("service"), use.at("service")) if word else None
            if service is None:
                continue
            offered = [self.region_key(r) for r in service.regions]
            if region and offered and region.casefold() not in {r.casefold() for r in offered}:
                near = self.faults.nearest(region, offered)
                places = ", ".join(offered)
                use.fault("region", f"{shown(service.key)} is offered in {places}, not in {shown(region)}{near}")
            one = Use(service.key, region, *_days(use))
            if any(_same_use(one, other) for other in found):
                self.faults.add(use.spot, use.path, "says the same as a line above")
            else:
                found.append(one)
        return tuple(found)

    def channels(self, section: Section) -> tuple[Channel, ...]:
        found: list[Channel] = []
        for count, node in enumerate(section.items("channels"), 1):
            path = f"{section.at('channels')}[{count}]"
            channel = self.channel(section, node, path)
            if channel is None:
                continue
            mark = ("channel", "\n".join(folded_channel(channel)))
            if mark in self.seen:
                self.faults.add(
                    node.spot,
                    path,
                    f"{shown(channel.address)} is bound on line {self.seen[mark].line} already; "
                    "a channel belongs to one customer, once",
                )
            else:
                self.seen[mark] = node.spot
            found.append(channel)
        return tuple(found)

    def channel(self, section: Section, node: Node, path: str) -> Channel | None:
        if not isinstance(node, Mapping) or len(node.entries) != 1:
            self.faults.add(node.spot, path, "write one address, for example {slack: C0123456789}")
            return None
        key, value = node.entries[0]
        platform = key.text.casefold()
        if platform not in PLATFORMS:
            near = self.faults.nearest(key.text, PLATFORMS)
            hint = near or f"; it may be {', '.join(PLATFORMS)}"
            self.faults.add(key.spot, path, f"there is no platform {shown(key.text)}{hint}")
            return None
        if isinstance(value, Scalar) and value.nothing:
            self.faults.add(value.spot, f"{path}.{platform}", "is empty")
            return None
        address = section.word(value, f"{path}.{platform}", longest=_LONGEST_ADDRESS)
        fault = _address_fault(platform, address) if address else ""
        if fault:
            self.faults.add(value.spot, f"{path}.{platform}", f"{shown(address)} {fault}")
        elif platform == "email" and address:
            section.address(address, value.spot, f"{path}.{platform}")
        return Channel(platform, address) if address and not fault else None

    def work(self, section: Section) -> Maintenance | None:
        words = section.words("services")
        if not words:
            section.items("services", required=True)
        keys = tuple(s.key for word, spot, path in words if (s := self.known_service(word, spot, path)))
        start, end = section.moment("from", required=True), section.moment("to", required=True)
        if start is None or end is None:
            return None
        if end <= start:
            section.fault("to", "must be later than from")
        return Maintenance(keys, start, end)


def address_fault(platform: str, address: str) -> str:
    """What is wrong with a channel's address, as the end of a sentence that begins with it; nothing if it is fit."""
    if len(address) > _LONGEST_ADDRESS:
        return f"is too long: {_LONGEST_ADDRESS} characters fit"
    if platform == "email":
        return "" if is_mail_address(address) else "is no mail address; it looks like dana@example.com"
    return _address_fault(platform, address)


def _address_fault(platform: str, address: str) -> str:
    if platform == "slack" and not _SLACK_CHANNEL.fullmatch(address):
        return "is no Slack channel id; copy it from the end of the channel's details, it looks like C0123456789"
    if platform == "teams" and not _TEAMS_CHANNEL.fullmatch(address):
        return "is no Teams conversation id; it looks like 19:…@thread.tacv2"
    return _web_fault(address) if platform == "webhook" else ""


def _web_fault(address: str) -> str:
    try:
        parts = urlsplit(address)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        return "is no web address; it looks like https://hooks.example.com/…"
    if not host or any(c.isspace() for c in address):
        return "is no web address; it looks like https://hooks.example.com/…"
    if parts.username or parts.password:
        return "holds a user name or password; leave them out"
    if parts.scheme != "https" and not (parts.scheme == "http" and host in _LOOPBACK):
        return "must begin with https://"
    return ""


def _locale(section: Section) -> str:
    text = section.text("locale")
    if not text or _is_locale(text):
        return text or "en-US"
    near = section.faults.nearest(text.replace("_", "-"), ("en-US", "en-GB"))
    section.fault("locale", f"{shown(text)} is no locale{near or '; write it as en-US or en-GB'}")
    return "en-US"


def _is_locale(text: str) -> bool:
    try:
        return bool(_LOCALE.fullmatch(text)) and Locale.parse(text, sep="-") is not None
    except (ValueError, UnknownLocaleError):
        return False


def _days(section: Section) -> tuple[date | None, date | None]:
    """The first and the last day of something; each may be left open."""
    start, end = section.day("from"), section.day("to")
    if start is not None and end is not None and end < start:
        section.fault("to", f"{end} is before from: {start}; to: is the last day that counts")
        return start, None
    return start, end


def _same_use(one: Use, other: Use) -> bool:
    """Whether two entries say the same of some day."""
    apart = (one.end and other.start and one.end < other.start) or (other.end and one.start and other.end < one.start)
    return (one.service, one.region.casefold()) == (other.service, other.region.casefold()) and not apart


def _contracts(section: Section, zone: str) -> tuple[Contract, ...]:
    """The versions of a contract, oldest first: one mapping, or a list of them."""
    if not isinstance(section.node("contract"), Listing):
        only = section.section("contract", CONTRACT_KEYS)
        return () if only is None else (_contract(only, zone),)
    found: list[Contract] = []
    for row in section.sections("contract", CONTRACT_KEYS, "version"):
        version = _contract(row, zone)
        if found:
            _follows(row, version, found)
        found.append(version)
    return tuple(found)


def _follows(row: Section, version: Contract, earlier: list[Contract]) -> None:
    """Fault a version that does not begin after the one before it: on each day one version counts."""
    last = earlier[-1]
    if version.version and version.version in {e.version for e in earlier}:
        row.fault(
            "version", f"{shown(version.version)} is taken by a version above; each version has a name of its own"
        )
    if row.has("from") and version.start is None:
        return  # it is at fault already
    if version.start is None:
        row.fault("from", "is missing; each version after the first says from which day it counts")
    elif last.start is not None and version.start <= last.start:
        words = f"is not later than {last.start}, where version {shown(last.version)} above begins"
        row.fault("from", f"{version.start} {words}; list the versions oldest first")
    elif last.end is not None and version.start <= last.end:
        words = f"overlaps version {shown(last.version)} above, which counts to {last.end}"
        row.fault("from", f"{version.start} {words}; on each day one version counts")


def _contract(section: Section, zone: str) -> Contract:
    uptime = section.number("uptime", low=0, high=100)
    start, end = _days(section)
    contract = Contract(
        version=section.text("version", required=True),
        zone=section.zone("zone", zone),
        mode=section.one_of("mode", MODES, MODES[0]),
        uptime=uptime,
        credits=tuple(_tiers(section)),
        start=start,
        end=end,
        source=section.text("source", longest=_LONGEST_ADDRESS),
    )
    above = [t for t in contract.credits if uptime is not None and t.below > uptime]
    if above:
        section.fault("credits", "a credit begins above the promised uptime; below: may not exceed uptime:")
    return contract


def _tiers(section: Section) -> Iterable[Tier]:
    """The tiers, mildest first; a worse month never earns less."""
    found: list[Tier] = []
    for row in section.sections("credits", ("below", "percent")):
        below = row.number("below", low=0, high=100, required=True)
        percent = row.number("percent", low=0, high=100, required=True)
        if below is None or percent is None:
            continue
        if any(t.below == below for t in found):
            row.fault("below", "this threshold stands twice")
        found.append(Tier(below, percent))
    found.sort(key=lambda t: -t.below)
    if any(worse.percent < mild.percent for mild, worse in itertools.pairwise(found)):
        section.fault("credits", "a lower uptime earns less than a higher one; look at the percentages")
    return found


def read_customers(nodes: Iterable[tuple[Node, str]], catalog: Catalog, faults: Faults) -> tuple[Customer, ...]:
    """Customers from elsewhere (a CSV file), checked against a catalog's services, regions and people."""
    reader = _Reader(faults)
    reader.services = {s.key.casefold(): s for s in catalog.services}
    reader.regions = {w.casefold(): r for r in catalog.regions for w in (r.name, r.key)}
    reader.emails = {p.email.casefold(): p.email for p in catalog.people if p.email}
    return tuple(reader.customer(Section(node, path, faults, CUSTOMER_KEYS)) for node, path in nodes)
