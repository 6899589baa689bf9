"""What loading another catalog would change, in sentences for the operator who is about to do it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

from handlers.domain.catalog.records import Catalog, Channel, Contract, Customer, Maintenance, Region, Service, Use
from handlers.domain.people import Person
from handlers.domain.policy import Approvals, Holding, Policy, Publishing, Reminders, SeverityPolicy, Term

AUDITED_AT_ONCE = 50
"""Customers that one line of the audit chain names. Ours."""
PLATFORM_NAMES = {"slack": "Slack", "teams": "Teams", "email": "e-mail", "webhook": "webhook"}


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. `kind` is added, removed or changed; `subject` names what ("customer contoso")."""

    kind: str
    subject: str
    sentence: str

    def __str__(self) -> str:
        return self.sentence


def diff(old: Catalog, new: Catalog) -> list[Change]:
    """The changes from one catalog to another, in the order of the file's sections; none if they are the same."""
    return [
        *_by_key("region", _keyed(old.regions), _keyed(new.regions), _region, _region_changes),
        *_by_key("service", _keyed(old.services), _keyed(new.services), _service, _service_changes),
        *_by_key("person", _keyed(old.people), _keyed(new.people), _person, _person_changes),
        *_by_key("customer", _keyed(old.customers), _keyed(new.customers), _customer, _customer_changes),
        *_maintenance(old.maintenance, new.maintenance),
        *_policy(old, new),
    ]


def audited(old: Catalog, new: Catalog) -> list[str]:
    """What the audit chain keeps of a load: whose channels, account manager or contract changed, and who came or went.

    Keys, versions and ids of channels, but no person's address: the catalogs before and after, which stay in the
    database, have those.
    """
    before, after = _keyed(old.customers), _keyed(new.customers)
    came, went = [k for k in after if k not in before], [k for k in before if k not in after]
    found = [f"new customers: {', '.join(some)}" for some in _batches(came)]
    found += [f"customers that went: {', '.join(some)}" for some in _batches(went)]
    for key, customer in after.items():
        earlier = before.get(key)
        if earlier is None or earlier == customer:
            continue
        words = _moved("channels", [_sealed(c) for c in earlier.channels], [_sealed(c) for c in customer.channels])
        if not words and earlier.channels != customer.channels:
            words = ["channels changed"]
        if earlier.account_manager != customer.account_manager:
            words.append("account manager changed")
        words += _contracts(earlier.contracts, customer.contracts)
        if words:
            found.append(f"customer {key}: {'; '.join(words)}")
    return found


def _batches(keys: list[str]) -> Iterable[list[str]]:
    return (keys[n : n + AUDITED_AT_ONCE] for n in range(0, len(keys), AUDITED_AT_ONCE))


def _sealed(channel: Channel) -> str:
    """A channel without anybody's address."""
    if channel.platform in ("slack", "teams"):
        return _channel(channel)
    return "an e-mail address" if channel.platform == "email" else "a webhook"


class _Keyed(Protocol):
    @property
    def key(self) -> str: ...


One = TypeVar("One", bound=_Keyed)


def _keyed(ones: Sequence[One]) -> dict[str, One]:
    return {one.key: one for one in ones}


def _by_key(
    what: str,
    before: dict[str, One],
    after: dict[str, One],
    told: Callable[[One], str],
    changes: Callable[[One, One], list[str]],
) -> Iterable[Change]:
    for name, one in after.items():
        subject = f"{what} {name}"
        if name not in before:
            yield Change("added", subject, f"{_capital(subject)} is new: {told(one)}.")
        elif before[name] != one:
            yield Change("changed", subject, f"{_capital(subject)}: {'; '.join(changes(before[name], one))}.")
    for name, one in before.items():
        if name not in after:
            yield Change("removed", f"{what} {name}", f"{_capital(what)} {name} goes: {told(one)}.")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _said(what: str, old: str, new: str) -> list[str]:
    """The change of one value, or nothing."""
    if old == new:
        return []
    if not old:
        return [f"{what} is now {new}"]
    return [f"{what} {old} goes" if not new else f"{what} changes from {old} to {new}"]


def _moved(what: str, old: Sequence[str], new: Sequence[str]) -> list[str]:
    """What came into a list and what left it; the order alone, if only that changed."""
    came = [one for one in new if one not in old]
    gone = [one for one in old if one not in new]
    words = [f"adds {', '.join(came)}"] if came else []
    words += [f"drops {', '.join(gone)}"] if gone else []
    if not words and list(old) != list(new):
        words = [f"in another order, {', '.join(new)}"]
    return [f"{what}: {', '.join(words)}"] if words else []


def _region(region: Region) -> str:
    return region.name


def _region_changes(old: Region, new: Region) -> list[str]:
    return _said("name", old.name, new.name)


def _service(service: Service) -> str:
    place = f" in {', '.join(service.regions)}" if service.regions else " in every region"
    return service.name + (f", part of {service.part_of}" if service.part_of else "") + place


def _service_changes(old: Service, new: Service) -> list[str]:
    return [
        *_said("name", old.name, new.name),
        *_said("part of", old.part_of, new.part_of),
        *_moved("regions", old.regions, new.regions),
        *_moved("internal names", old.internal_names, new.internal_names),
    ]


def _person(person: Person) -> str:
    title = f", {person.title}" if person.title else ""
    return person.name + title + (f" ({', '.join(sorted(person.roles))})" if person.roles else "")


def _person_changes(old: Person, new: Person) -> list[str]:
    return [
        *_said("name", old.name, new.name),
        *_said("title", old.title, new.title),
        *_said("e-mail", old.email, new.email),
        *_said("Slack id", old.slack, new.slack),
        *_said("Teams id", old.teams, new.teams),
        *_moved("roles", sorted(old.roles), sorted(new.roles)),
    ]


def _use(use: Use) -> str:
    place = f"{use.service} in {use.region}" if use.region else f"{use.service} in every region"
    since = f" from {use.start}" if use.start else ""
    return f"{place}{since}{f' to {use.end}' if use.end else ''}"


def _channel(channel: Channel) -> str:
    return f"{PLATFORM_NAMES[channel.platform]} {channel.address}"


def _customer(customer: Customer) -> str:
    uses = ", ".join(_use(use) for use in customer.uses) or "nothing"
    told = ", ".join(_channel(channel) for channel in customer.channels) or "no channel, by hand only"
    manager = customer.account_manager or "nobody"
    return f"{customer.name}, uses {uses}; told in {told}; account manager {manager}"


def _customer_changes(old: Customer, new: Customer) -> list[str]:
    return [
        *_said("name", old.name, new.name),
        *_moved("uses", [_use(u) for u in old.uses], [_use(u) for u in new.uses]),
        *_said("account manager", old.account_manager, new.account_manager),
        *_said("deliver", old.deliver, new.deliver),
        *_moved("channels", [_channel(c) for c in old.channels], [_channel(c) for c in new.channels]),
        *_said("time zone", old.timezone, new.timezone),
        *_said("locale", old.locale, new.locale),
        *_contracts(old.contracts, new.contracts),
    ]


def _contracts(old: Sequence[Contract], new: Sequence[Contract]) -> list[str]:
    """The change of each version of a contract, by its name."""
    before, after = {c.version: c for c in old}, {c.version: c for c in new}
    if len(before) == len(after) == 1 and before.keys() != after.keys():
        return _said("contract", _contract(old[0]), _contract(new[0]))
    found: list[str] = []
    for name in dict.fromkeys((*before, *after)):
        there, here = before.get(name), after.get(name)
        found += _said("contract", _contract(there) if there else "", _contract(here) if here else "")
    return found or _moved("contract versions", list(before), list(after))


def _contract(contract: Contract) -> str:
    tiers = ", ".join(f"below {_number(t.below)} % pays {_number(t.percent)} %" for t in contract.credits)
    parts = [f"version {contract.version}", contract.mode, contract.zone]
    parts += [f"promises {_number(contract.uptime)} %"] if contract.uptime is not None else []
    parts += [tiers] if tiers else []
    parts += [f"from {contract.start.isoformat()}"] if contract.start else []
    parts += [f"to {contract.end.isoformat()}"] if contract.end else []
    return f"({'; '.join([*parts, contract.source] if contract.source else parts)})"


def _number(value: Any) -> str:
    return f"{float(value):.9f}".rstrip("0").rstrip(".")


def _minute(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _maintenance(old: Sequence[Maintenance], new: Sequence[Maintenance]) -> Iterable[Change]:
    for kind, verb, ones, others in (("added", "is new", new, old), ("removed", "goes", old, new)):
        for one in ones:
            if one not in others:
                words = f"{', '.join(one.services)} from {_minute(one.start)} to {_minute(one.end)}"
                yield Change(kind, f"maintenance {one.services[0]}", f"Maintenance {verb}: {words}.")


def _policy(old: Catalog, new: Catalog) -> Iterable[Change]:
    before, after = dict(_leaves(old.policy)), dict(_leaves(new.policy))
    for path in dict.fromkeys((*after, *before)):
        said = _said(path, before.get(path, ""), after.get(path, ""))
        if said:
            kind = "changed" if before.get(path) and after.get(path) else "added" if after.get(path) else "removed"
            yield Change(kind, f"policy {path}", f"Policy: {said[0]}.")


def _leaves(value: Any, path: str = "") -> Iterable[tuple[str, str]]:
    """Every value of the policy with its path, as in the file: `severities.sev1.monitoring`, `approvals.sev2`."""
    if isinstance(value, timedelta):
        yield path, str(Term(minutes=value // timedelta(minutes=1)))
    elif isinstance(value, Term):
        yield path, str(value)
    elif isinstance(value, datetime):
        yield path, _minute(value)
    elif isinstance(value, SeverityPolicy | Approvals | Reminders | Holding | Publishing | Policy):
        for one in fields(value):
            yield from _leaves(getattr(value, one.name), f"{path}.{one.name}".removeprefix(".").replace(".table", ""))
    elif isinstance(value, tuple) and value and isinstance(value[0], SeverityPolicy | tuple):
        for row in value:
            name, inner = (row.key, row) if isinstance(row, SeverityPolicy) else row
            yield from _leaves(inner, f"{path}.{name}")
    elif isinstance(value, bool):
        yield path, "yes" if value else "no"
    elif isinstance(value, tuple):
        yield path, ", ".join(str(v) for v in value)
    else:
        yield path, "" if value is None else str(value)
