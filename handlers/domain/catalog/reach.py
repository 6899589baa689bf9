"""Whom an incident reaches: a hit part affects the users of the whole, a hit whole the users of its parts."""

from collections.abc import Collection
from dataclasses import dataclass

from handlers.domain.catalog.records import Catalog, Customer, Use


@dataclass(frozen=True, slots=True)
class Affected:
    """A customer an incident reaches, and why, in a sentence part: "uses BPOS in North America"."""

    customer: Customer
    reason: str


@dataclass(frozen=True, slots=True)
class Unaffected:
    """A customer an incident does not reach, and why not."""

    customer: Customer
    reason: str


def reach(
    catalog: Catalog, services: Collection[str], region: str | None = None
) -> tuple[tuple[Affected, ...], tuple[Unaffected, ...]]:
    """Every customer of the catalog, in its order, either affected or not.

    `services` are the keys hit; `region` a key or name, None or "" for every region. A service hit with no region
    named is hit wherever it is offered; where a region is named, the person who named it is believed.
    """
    reacher = _Reach(catalog, services, region or "")
    hit: list[Affected] = []
    spared: list[Unaffected] = []
    for customer in catalog.customers:
        why = next(filter(None, (reacher.hits(use) for use in customer.uses)), "")
        if why:
            hit.append(Affected(customer, why))
        else:
            spared.append(Unaffected(customer, reacher.spares(customer)))
    return tuple(hit), tuple(spared)


def affected(catalog: Catalog, services: Collection[str], region: str | None = None) -> tuple[Affected, ...]:
    """The customers an incident reaches, each with a reason; see `reach`."""
    return reach(catalog, services, region)[0]


def not_affected(catalog: Catalog, services: Collection[str], region: str | None = None) -> tuple[Unaffected, ...]:
    """The customers an incident does not reach, each with a reason; see `reach`."""
    return reach(catalog, services, region)[1]


class _Reach:
    """One incident's services and regions, worked out once for all customers."""

    def __init__(self, catalog: Catalog, services: Collection[str], region: str) -> None:
        self.catalog = catalog
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

    def where(self, use: Use) -> str:
        name = self.catalog.service_name(use.service)
        return f"{name} in {self.catalog.region_name(use.region)}" if use.region else f"{name} in every region"

    def spares(self, customer: Customer) -> str:
        """Why no use of a customer is hit."""
        if not customer.uses:
            return "uses no service of the catalog"
        near = [use for use in customer.uses if self.touched(use.service)]
        if near:
            return f"uses {_listed([self.where(use) for use in near])} only"
        if not self.hit:
            return "no service is named yet"
        return f"uses {_listed([self.where(use) for use in customer.uses])}, not {_listed(self.names(), 'or')}"

    def names(self) -> list[str]:
        return [self.catalog.service_name(key) for key in self.hit]


def _listed(words: list[str], last: str = "and") -> str:
    words = list(dict.fromkeys(words))
    if len(words) > 4:
        words = [*words[:3], f"{len(words) - 3} more"]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"
