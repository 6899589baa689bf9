"""From what the composer reads to what the linter reads: one record, two views of it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, timedelta
from fractions import Fraction
from typing import Final, cast

from handlers.domain.apology import Promise
from handlers.domain.catalog import Catalog
from handlers.domain.compose import PUBLIC, Audience, Source, fact_id
from handlers.domain.compose.ledger import Case, Ledger
from handlers.domain.compose.moments import due_day, duration_of, duration_words, rules
from handlers.domain.facts import Fact
from handlers.domain.lint.record import (
    FactView,
    FixState,
    IncidentView,
    PromiseView,
    RecordView,
    TaskView,
    Visibility,
    WindowView,
)

RULE_OF_GAP: Final = {
    "timezone": "F2",
    "times": "F3",
    "cause": "A3",
    "prevention": "F11",
    "remedy": "A5b",
    "next-report": "F12",
    "count": "F7",
    "data-loss": "F8",
    "contact": "F13",
}
"""The presence rule that a waived gap silences (apology.md §2)."""
_DEGRADED: Final = re.compile(r"\b(?:degrad|intermittent|slow|delay|errors?\b|reduced|limited)", re.IGNORECASE)


def record_view(
    source: Source,
    audience: Audience = PUBLIC,
    catalog: Catalog | None = None,
    *,
    sla_missed: bool = False,
    waived: Iterable[str] = (),
) -> RecordView:
    """The record as the linter may see it for one audience.

    `catalog` gives what a text must not name: other services, regions and customers, internal names, people. `waived`
    adds rules or gaps to those the source already holds. Days are in the zone each fact was recorded in.
    """
    ledger = Ledger(source, audience)
    cases = (*ledger.cases, *ledger.others)
    own = frozenset(name for case in cases for _, name in case.services)
    regions = tuple(dict.fromkeys(case.region.text for case in ledger.cases if case.region))
    elsewhere = tuple(
        dict.fromkeys(case.region.text for case in ledger.others if case.region and case.region.text not in regions)
    )
    report = ledger.report_day
    zone = next((found.value for case in cases if (found := ledger.zone_fact(case.number))), source.house_zone)
    contact = ledger.known("contact")
    gone = {word.strip() for word in (*source.waived, *waived)}
    security = ledger.known("security")
    return RecordView(
        facts=tuple(_fact(fact, source.house_zone) for fact in source.facts if fact.state == "live"),
        windows=tuple(window for case in cases for window in _windows(case, ledger)),
        incidents=tuple(_incident(case, covered=case.number in ledger.numbers) for case in cases),
        services=tuple(dict.fromkeys(name for case in cases for _, name in case.services)),
        other_services=_other_services(source, catalog, own),
        regions=regions,
        other_regions=_other_regions(source, catalog, (*regions, *elsewhere)),
        linked_regions=elsewhere,
        tasks=tuple(TaskView(task.text, task.owner_title, ledger.task_day(task)) for task in ledger.prevention),
        promises=tuple(
            PromiseView(
                promise.text, promise.state, _promised_day(promise, source), told=_was_told(promise, audience.customer)
            )
            for promise in source.promises
            if len(promise.customers) != 1 or audience.customer in promise.customers
        ),
        zone=zone,
        zones=tuple(dict.fromkeys(name for name in (audience.zone, source.house_zone) if name)),
        reader=audience.zone,
        next_report=report[0] if report else None,
        next_update=next((i.next_update_at for i in source.incidents if i.next_update_at), None),
        contact=(contact.value,) if contact else (),
        signatory=source.signatory,
        internal_names=tuple(
            name for service in (catalog.services if catalog else ()) for name in service.internal_names
        ),
        other_customers=tuple(c.name for c in (catalog.customers if catalog else ()) if c.key != audience.customer),
        people=tuple(person.name for person in (catalog.people if catalog else ())),
        customer=audience.customer or "",
        publication=source.publication,
        sla_missed=sla_missed,
        security=security is not None and security.value.casefold() not in {"no", "none"},
        waived=frozenset(
            RULE_OF_GAP.get(word.casefold(), word.upper().replace("A5A", "A5a").replace("A5B", "A5b")) for word in gone
        ),
    )


def _fact(fact: Fact, house: str) -> FactView:
    due: date | None = due_day(fact.due, fact.recorded_at, house) if fact.due else None
    return FactView(
        kind=fact.kind,
        value=fact.value,
        id=fact_id(fact),
        incident=fact.incident,
        precision=fact.precision,
        source=fact.source,
        visibility=cast("Visibility", fact.visibility),
        customer=fact.customer,
        due=due,
        words=(duration_words(fact),) if fact.kind == "duration" and not fact.unknown else (),
    )


def _was_told(promise: Promise, customer: str | None) -> bool:
    """Whether the readers of a customer's text, or of the public one, are those who were told."""
    return not promise.customers or customer is None or customer in promise.customers


def _promised_day(promise: Promise, source: Source) -> date | None:
    """The day people named for a promise; where they named none that can be read, the last day before its clock."""
    anchor = promise.made_at or promise.due_at or source.publication
    said = due_day(promise.due, anchor, source.house_zone) if promise.due and anchor else None
    if said is None and promise.due_at is not None:
        return (promise.due_at - timedelta(seconds=1)).date()
    return said


def _windows(case: Case, ledger: Ledger) -> list[WindowView]:
    """A case's windows; a stated duration belongs to the first that has no clock times."""
    stated = ledger.known("duration", case.number)
    length = duration_of(stated.fact) if stated else None
    minutes = Fraction(int(length.total_seconds()), 60) if length else None
    windows = []
    for span in case.spans:
        own = None if span.timed else minutes
        minutes = minutes if span.timed else None
        last = span.end.astimezone(rules(span.zone or ledger.source.house_zone)).date() if span.end else None
        windows.append(
            WindowView(case.number, span.day, span.start, span.end, last, span.part, minutes=own, about=span.hours)
        )
    return windows


def _incident(case: Case, *, covered: bool) -> IncidentView:
    impacts = [impact.text for impact in case.impacts]
    degraded = bool(impacts) and all(_DEGRADED.search(words) for words in impacts)
    return IncidentView(
        case.number, cast("FixState", case.state), recurs=case.earlier, degraded=degraded, covered=covered
    )


def _other_services(source: Source, catalog: Catalog | None, own: frozenset[str]) -> tuple[str, ...]:
    """Services the catalog knows and nobody was hit in; the whole a hit part belongs to may be named."""
    hit = {key for incident in (*source.incidents, *source.linked) for key in incident.services}
    wholes = {source.part_of.get(key, "") for key in hit}
    named = {service.key: service.name for service in catalog.services} if catalog else dict(source.services)
    return tuple(name for key, name in named.items() if key not in hit | wholes and name not in own)


def _other_regions(source: Source, catalog: Catalog | None, own: tuple[str, ...]) -> tuple[str, ...]:
    names = [region.name for region in catalog.regions] if catalog else list(source.regions.values())
    return tuple(name for name in names if name not in own)
