"""Whom an incident reaches: a hit part affects the users of the whole, a hit whole the users of its parts."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from handlers.domain.catalog.records import Catalog, Customer, Use

Windows = Sequence[tuple[datetime, datetime]]
"""When customers were hit, as aware instants; one of no length is a moment."""
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Affected:
    """A customer an incident reaches, and why, in a sentence part: "uses BPOS in North America"."""

    customer: Customer
    reason: str
    services: tuple[str, ...] = ()
    """The keys of the services they use that were hit, as a contract counts them: the whole, where a part was hit."""


@dataclass(frozen=True, slots=True)
class Unaffected:
    """A customer an incident does not reach, and why not."""

    customer: Customer
    reason: str


def reach(
    catalog: Catalog, services: Collection[str], region: str | None = None, windows: Windows = ()
) -> tuple[tuple[Affected, ...], tuple[Unaffected, ...]]:
    """Every customer of the catalog, in its order, either affected or not.

    `services` are the keys hit; `region` a key or name, None or "" for every region. A service hit with no region
    named is hit wherever it is offered; where a region is named, the person who named it is believed. A use that began
    after every one of the `windows`, or ended before them, is not hit; with no window known its days do not matter.
    """
    reacher = _Reach(catalog, services, region or "", windows)
    hit: list[Affected] = []
    spared: list[Unaffected] = []
    for customer in catalog.customers:
        reasons = {use: why for use in customer.uses if (why := reacher.hits(use)) and reacher.then(use, customer)}
        if reasons:
            services_hit = tuple(dict.fromkeys(use.service for use in reasons))
            hit.append(Affected(customer, next(iter(reasons.values())), services_hit))
        else:
            spared.append(Unaffected(customer, reacher.spares(customer)))
    return tuple(hit), tuple(spared)


def affected(
    catalog: Catalog, services: Collection[str], region: str | None = None, windows: Windows = ()
) -> tuple[Affected, ...]:
    """The customers an incident reaches, each with a reason; see `reach`."""
    return reach(catalog, services, region, windows)[0]


def not_affected(
    catalog: Catalog, services: Collection[str], region: str | None = None, windows: Windows = ()
) -> tuple[Unaffected, ...]:
    """The customers an incident does not reach, each with a reason; see `reach`."""
    return reach(catalog, services, region, windows)[1]


class _Reach:
    """One incident's services and regions, worked out once for all customers."""

    def __init__(self, catalog: Catalog, services: Collection[str], region: str, windows: Windows) -> None:
        self.catalog = catalog
        self.windows = windows
        self.region = region
        self.hit = [found.key for word in services if (found := catalog.service(word))]
        self.by_service: dict[str, tuple[tuple[str, str], ...]] = {}
        self.by_use: dict[Use, str] = {}  # customers are many, the ways to use a service few

    def touched(self, key: str) -> tuple[tuple[str, str], ...]:
        """The hit services that touch the users of `key`, each with the words of why."""
        if key not in self.by_service:
            name = self.catalog.service_name
            wholes = self.catalog.wholes(key)
            found: list[tuple[str, str]] = []
            for hit in self.hit:
                if hit == key:
                    found.append((hit, ""))
                elif hit in wholes:
                    found.append((hit, f", part of {name(hit)}"))
                elif key in self.catalog.wholes(hit):
                    found.append((hit, f"; {name(hit)} is part of it"))
            self.by_service[key] = tuple(sorted(found, key=lambda pair: pair[1] != ""))
        return self.by_service[key]

    def regions(self, hit: str) -> frozenset[str] | None:
        """The folded keys of the regions in which a service is hit; None for all."""
        service = self.catalog.service(hit)
        named = (self.region,) if self.region else (service.regions if service else ())
        return frozenset(self.folded(r) for r in named) or None

    def folded(self, region: str) -> str:
        found = self.catalog.region(region)
        return found.key.casefold() if found else ""

    def hits(self, use: Use) -> str:
        """Why a use is hit, or nothing."""
        if use not in self.by_use:
            self.by_use[use] = self._hits(use)
        return self.by_use[use]

    def _hits(self, use: Use) -> str:
        for hit, why in self.touched(use.service):
            regions = self.regions(hit)
            if regions is None or not use.region or self.folded(use.region) in regions:
                return f"uses {self.where(use)}{why}"
        return ""

    def then(self, use: Use, customer: Customer) -> bool:
        """Whether a use overlaps one of the windows, by days of the customer's zone."""
        if not self.windows or (use.start is None and use.end is None):
            return True
        zone = ZoneInfo(customer.timezone)
        first = datetime.combine(use.start, time(), zone) if use.start else None
        over = datetime.combine(use.end + _DAY, time(), zone) if use.end else None
        return any(
            (first is None or max(end, start + timedelta.resolution) > first) and (over is None or start < over)
            for start, end in self.windows
        )

    def where(self, use: Use) -> str:
        name = self.catalog.service_name(use.service)
        return f"{name} in {self.catalog.region_name(use.region)}" if use.region else f"{name} in every region"

    def spares(self, customer: Customer) -> str:
        """Why no use of a customer is hit."""
        if not customer.uses:
            return "uses no service of the catalog"
        late = [use for use in customer.uses if self.hits(use)]
        if late:
            return f"uses {_listed([self.where(use) + _days(use) for use in late])} only, which is not when it was hit"
        near = [use for use in customer.uses if self.touched(use.service)]
        if near:
            return f"uses {_listed([self.where(use) for use in near])} only"
        if not self.hit:
            return "no service is named yet"
        return f"uses {_listed([self.where(use) for use in customer.uses])}, not {_listed(self.names(), 'or')}"

    def names(self) -> list[str]:
        return [self.catalog.service_name(key) for key in self.hit]


def _days(use: Use) -> str:
    """` (1 March 2026 to 30 June 2026)`."""
    first, last = (f"{day.day} {day:%B %Y}" if day else "" for day in (use.start, use.end))
    if first and last:
        return f" ({first} to {last})"
    return f" (from {first})" if first else f" (to {last})" if last else ""


def _listed(words: list[str], last: str = "and") -> str:
    words = list(dict.fromkeys(words))
    if len(words) > 4:
        words = [*words[:3], f"{len(words) - 3} more"]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"
