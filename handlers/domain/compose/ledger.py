"""What one audience may see of the record, settled: which value stands, what conflicts, how each incident stands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Final

from handlers.domain.compose.moments import LAST, Span, due_day, duration_of, lived, merged, read_span, rounded, zone_of
from handlers.domain.compose.phrases import Token, clean
from handlers.domain.compose.source import Audience, Source, fact_id
from handlers.domain.facts import Fact
from handlers.domain.incident import Incident, Recurrence, Task

FIXED_STATES: Final = frozenset({"fixed", "verified"})
_STATES: Final = {
    "none": "none", "not fixed": "none", "not-fixed": "none", "not yet fixed": "none", "open": "none", "no": "none",
    "contained": "contained", "stable": "contained", "mitigated": "contained",
    "fixed": "fixed", "yes": "fixed",
    "verified": "verified", "checked": "verified", "fixed and checked": "verified",
    "insufficient": "insufficient", "did not resolve": "insufficient",
}  # fmt: skip
_TEASERS: Final = (
    re.compile(
        r"\b(suspect|suspicious|malformed|anomalous|unexpected|unforeseen|unusual) (?:\w+ )?"
        r"(traffic|activity|problems?|impact|behaviou?r)\b",
        re.IGNORECASE,
    ),
    re.compile(
        r"\b(underlying|various|certain|network access|subtle) (issues?|problems?|factors|bug)\b",
        re.IGNORECASE,
    ),
)
"""Rule W14: words that announce something and keep it back."""
_PRINTED: Final = ("impact", "action", "cause.trigger", "cause.flaw", "cause.latent", "scale", "effort", "workaround")
_PREVENTS: Final = re.compile(
    r"\b(?:prevent|avoid|stop|protect)\w*\b|\bso that\b|\b(?:again|recur\w*|repeat)\b", re.IGNORECASE
)
_INTERNALS: Final = re.compile(
    r"\b(?:[a-z]{2,}[a-z0-9]{0,20}-){1,6}[a-z]{0,20}\d+\b|\b(?:\d{1,3}\.){3}\d{1,3}\b"
    r"|\b(?!UTC|GMT|GSM|ISO|SHA|HTTP|RFC|TLS)[A-Z]{2,10}-\d+\b|(?<![\w/])#[A-Za-z0-9_-]+|<[@#!][^>]{1,80}>|(?<!\w)@\w+"
    r"|\b[Ss][Ee][Vv]-?\d\b|\.(?:internal|local|corp)\b|https?://|Traceback"
)
"""Rule W18: hosts, addresses, tickets, channels, mentions, severities."""
MOST_TASKS: Final = 3
"""Prevention tasks told in one text."""
_BARE_CLOCK: Final = re.compile(r"(?:from |between )?\d{1,2}[:.]\d\d")
_TAKEN_NAMES: Final = frozenset({"impact"})


@dataclass(frozen=True, slots=True)
class Settled:
    """The one value that stands, and the facts that say so. `unknown`: recorded as not known yet."""

    kind: str
    fact: Fact
    ids: tuple[str, ...]

    @property
    def value(self) -> str:
        """The words, on one line."""
        return clean(self.fact.value)

    @property
    def unknown(self) -> bool:
        """Recorded as not known yet."""
        return self.fact.unknown

    @property
    def token(self) -> Token:
        """The words as a fact."""
        return Token(self.value, self.ids)


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two sources disagree and nobody has confirmed one."""

    kind: str
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Teaser:
    """A word in a public fact that asks for an explanation. `name` is the gap's and the fact's kind."""

    name: str
    noun: str
    phrase: str
    incident: int


@dataclass(frozen=True, slots=True)
class Case:
    """One incident as this audience sees it."""

    incident: Incident
    spans: tuple[Span, ...]
    impacts: tuple[Token, ...]
    services: tuple[tuple[str, str], ...]  # key, public name
    region: Token | None
    state: str  # "" where nothing is recorded
    state_ids: tuple[str, ...]
    had_fix: bool
    earlier: tuple[int, ...]  # it recurs these

    @property
    def number(self) -> int:
        """The incident's number."""
        return self.incident.number


def internals(words: str) -> str:
    """The first thing in these words that is no customer's business: a host, a ticket, a channel; or nothing."""
    found = _INTERNALS.search(words)
    return found[0] if found else ""


def link_id(link: Recurrence) -> str:
    """How texts name a recurrence: INC-3 recurrence-of INC-2."""
    return f"INC-{link.incident} recurrence-of INC-{link.earlier}"


def value_key(fact: Fact) -> str:
    """What makes two values of a kind the same."""
    words = re.sub(r"[\s,]+", " ", clean(fact.value)).casefold()
    if fact.kind == "duration":
        return str(duration_of(fact) or words)
    if fact.kind == "fix":
        return _STATES.get(words, words)
    if fact.kind == "timezone":
        zone = zone_of(clean(fact.value))
        return (zone.key or zone.name) if zone else words
    return words


def settle(kind: str, facts: Sequence[Fact]) -> Settled | Conflict | None:
    """The value that stands among live facts of a kind that holds one.

    A known value beats `unknown`, a customer's own fact the public one. One source that said two things means the
    later. Two sources that disagree: the one confirmed alone, or the one confirmed after all of them were recorded;
    else neither.
    """
    known = [f for f in facts if not f.unknown] or list(facts)
    known = [f for f in known if f.visibility == "customer"] or known
    if not known:
        return None
    latest: dict[str, Fact] = {}
    for fact in sorted(known, key=_age):
        latest[clean(fact.source).casefold()] = fact
    standing = sorted(latest.values(), key=_age)
    values = {value_key(fact) for fact in standing}
    if len(values) > 1:
        chosen = _confirmed(standing)
        if chosen is None and kind == "fix" and all(f.confirmed_at for f in standing):
            chosen = standing[-1]  # a fix makes progress: the commander's later word is the newer state
        if chosen is None:
            return Conflict(kind, tuple(standing))
        standing = [f for f in standing if value_key(f) == value_key(chosen)]
    key = value_key(standing[-1])
    ids = tuple(sorted({fact_id(f) for f in known if value_key(f) == key}))
    return Settled(kind, standing[-1], ids)


def _age(fact: Fact) -> tuple[object, ...]:
    return (fact.recorded_at, fact.incident, fact.number)


def _confirmed(facts: Sequence[Fact]) -> Fact | None:
    """The value people vouched for: the only confirmed one, or the one confirmed when all were on the table."""
    last_recorded = max(f.recorded_at for f in facts)
    newest = max((f.confirmed_at for f in facts if f.confirmed_at and f.confirmed_at > last_recorded), default=None)
    for wanted in (
        [f for f in facts if newest and f.confirmed_at == newest],
        [f for f in facts if f.confirmed_at],
    ):
        if wanted and len({value_key(f) for f in wanted}) == 1:
            return wanted[-1]
    return None


def teasers(facts: Iterable[Fact]) -> tuple[Teaser, ...]:
    """The words in printed facts that want an explanation, once each, in order."""
    found: dict[tuple[str, int], Teaser] = {}
    for fact in facts:
        if fact.kind not in _PRINTED or fact.unknown:
            continue
        for pattern in _TEASERS:
            for match in pattern.finditer(fact.value):
                adjective, noun = match.group(1).lower(), match.group(2).lower()
                name = f"{adjective}-{noun}" if noun in _TAKEN_NAMES else noun
                found.setdefault((name, fact.incident), Teaser(name, noun, clean(match[0]).lower(), fact.incident))
    return tuple(found.values())


class Ledger:
    """The record through one audience's eyes. Nothing it answers depends on the order facts came in."""

    def __init__(self, source: Source, audience: Audience) -> None:
        """`audience` decides which facts exist at all."""
        self.source = source
        self.audience = audience
        self.locale = audience.locale or source.house_locale
        self.numbers = tuple(sorted(incident.number for incident in source.incidents))

    @cached_property
    def facts(self) -> tuple[Fact, ...]:
        """Live facts this audience may see, oldest incident first. An exclusion without a source is none (F10)."""
        customer = self.audience.customer
        return tuple(
            sorted(
                (
                    fact
                    for fact in self.source.facts
                    if fact.state == "live"
                    and clean(fact.value)
                    and (
                        fact.visibility == "public"
                        or (fact.visibility == "customer" and bool(customer) and fact.customer == customer)
                    )
                    and (fact.kind != "exclusion" or fact.source.strip())
                ),
                key=lambda f: (f.incident, f.number),
            )
        )

    def of(self, kind: str, *numbers: int) -> tuple[Fact, ...]:
        """The visible facts of a kind, of these incidents or of all that are covered."""
        wanted = numbers or self.numbers
        return tuple(f for f in self.facts if f.kind == kind and f.incident in wanted)

    def settled(self, kind: str, *numbers: int) -> Settled | Conflict | None:
        """What stands for a kind that holds one value."""
        return settle(kind, self.of(kind, *numbers))

    def one(self, kind: str, *numbers: int) -> Settled | None:
        """What stands, or nothing where it is absent or disputed."""
        found = self.settled(kind, *numbers)
        return found if isinstance(found, Settled) else None

    def known(self, kind: str, *numbers: int) -> Settled | None:
        """What stands and is known."""
        found = self.one(kind, *numbers)
        return None if found is None or found.unknown else found

    def many(self, kind: str, *numbers: int) -> tuple[Token, ...]:
        """Every known value of a kind that holds several, each once, with all the facts that say it."""
        words: dict[str, str] = {}
        ids: dict[str, list[str]] = {}
        for fact in self.of(kind, *numbers):
            if fact.unknown:
                continue
            key = value_key(fact)
            words.setdefault(key, rounded(fact))
            ids.setdefault(key, []).append(fact_id(fact))
        return tuple(Token(words[key], tuple(ids[key])) for key in words)

    def each(self, kind: str) -> tuple[tuple[Settled, tuple[int, ...]], ...]:
        """The settled values over the covered incidents as customers lived them, each with its incidents."""
        groups: dict[str, tuple[Settled, list[int]]] = {}
        for number in (case.number for case in self.cases):
            found = self.one(kind, number)
            if found is None:
                continue
            key = value_key(found.fact)
            if key in groups:
                first, held = groups[key]
                held.append(number)
                groups[key] = (Settled(kind, first.fact, (*first.ids, *found.ids)), held)
            else:
                groups[key] = (found, [number])
        return tuple((settled, tuple(held)) for settled, held in groups.values())

    def waived(self, name: str, rule: str) -> bool:
        """Whether people decided to say nothing about it."""
        return bool({name.casefold(), rule.casefold()} & {word.casefold() for word in self.source.waived})

    # --- incidents ---------------------------------------------------------------------------------------------------
    @cached_property
    def links(self) -> tuple[Recurrence, ...]:
        """Live recurrences that touch a covered incident, in order."""
        live = [
            link
            for link in self.source.recurrences
            if not link.gone and (link.incident in self.numbers or link.earlier in self.numbers)
        ]
        return tuple(sorted(live, key=lambda link: (link.incident, link.earlier)))

    @cached_property
    def cases(self) -> tuple[Case, ...]:
        """The covered incidents in the order in which customers lived them; undated ones last."""
        zone = self.audience.zone
        cases = (
            replace(case, spans=tuple(sorted(case.spans, key=lambda span: lived(span, zone))))
            for case in map(self._case, self.source.incidents)
        )
        return tuple(sorted(cases, key=lambda case: (lived(case.spans[0], zone) if case.spans else LAST, case.number)))

    @cached_property
    def others(self) -> tuple[Case, ...]:
        """Incidents outside this apology that a recurrence names."""
        named = {n for link in self.links for n in (link.incident, link.earlier)} - set(self.numbers)
        return tuple(self._case(i) for i in self.source.linked if i.number in named)

    def case(self, number: int) -> Case | None:
        """A covered or linked incident."""
        return next((c for c in (*self.cases, *self.others) if c.number == number), None)

    def zone_fact(self, number: int) -> Settled | None:
        """The zone an incident's times are in: its own `timezone` fact, else the one all covered incidents agree on."""
        found = self.known("timezone", number) or self.known("timezone")
        return found if found and zone_of(found.value) else None

    def _case(self, incident: Incident) -> Case:
        number = incident.number
        zone = self.zone_fact(number)
        named, house = zone.value if zone else "", self.source.house_zone
        windows = [f for f in self.of("window", number) if not f.unknown]
        pairs = [(f, span) for f in windows if (span := read_span(f, fact_id(f), named, house))]
        days = {span.day for _, span in pairs}
        for fact in self.of("times", number):
            value = clean(fact.value)
            if _BARE_CLOCK.match(value):
                if len(days) != 1:
                    continue
                value = f"{min(days).isoformat()} {value}"
            span = None if fact.unknown else read_span(replace(fact, value=value), fact_id(fact), named, house)
            pairs += [(fact, span)] if span else []
        services = tuple(
            (key, self.source.services[key])
            for key in dict.fromkeys(incident.services)
            if self.source.services.get(key, "").strip()
        )
        fix = self.known("fix", number)
        state = _STATES.get(fix.value.casefold(), "") if fix else ""
        links = tuple(link_id(x) for x in self.links if x.earlier == number)
        ids = (*(fix.ids if fix and state else ()), *links)
        region = clean(self.source.regions.get(incident.region, incident.region))
        return Case(
            incident=incident,
            spans=merged(_undisputed(pairs)),
            impacts=self.many("impact", number),
            services=services,
            region=Token(region, (f"INC-{number} region",)) if region else None,
            state="insufficient" if links else state,
            state_ids=ids,
            had_fix=bool(state) and state != "none",
            earlier=tuple(x.earlier for x in self.links if x.incident == number),
        )

    @cached_property
    def teasers(self) -> tuple[Teaser, ...]:
        """What the printed facts announce and do not explain."""
        return teasers(f for f in self.facts if f.incident in self.numbers)

    # --- promises of our own -----------------------------------------------------------------------------------------
    @cached_property
    def prevention(self) -> tuple[Task, ...]:
        """The tasks that may be told as prevention, three at most.

        They have an owner and a due date that is not past, and nothing internal in their words. Where some say that
        they prevent something, only those are told.
        """
        today = self.source.publication.date() if self.source.publication else None
        fit = []
        for task in sorted(self.source.tasks, key=lambda t: (t.incident, t.number)):
            day = self.task_day(task)
            late = today is not None and day is not None and day < today and task.done_at is None
            if task.incident in self.numbers and task.owner and day and not late and not internals(task.text):
                fit.append(task)
        preventing = [t for t in fit if _PREVENTS.search(t.text)]
        told = preventing or [t for t in fit if t.done_at is None or self.source.follows]  # what was promised and done
        return tuple(told[:MOST_TASKS])

    @cached_property
    def last_word(self) -> bool:
        """Whether a follow-up leaves nothing open: all is known, fixed, changed and decided, so no report is owed."""
        if not self.source.follows or self.report_day:
            return False
        kinds = {f.kind for f in self.facts if f.incident in self.numbers}
        found = [self.settled(kind) for kind in kinds]
        if any(isinstance(s, Conflict) or (s is not None and s.unknown) for s in found):
            return False
        remedy = self.known("remedy")
        decided = remedy is not None and "decision" not in remedy.value.casefold()
        changed = all(task.done_at is not None for task in self.prevention)
        return decided and changed and all(case.state in FIXED_STATES for case in self.cases)

    def task_day(self, task: Task) -> date | None:
        """By when a task is due, in the house's zone."""
        if not task.due and task.due_at is None:
            return None
        at = task.added_at or task.due_at
        day = due_day(task.due, at, self.source.house_zone) if task.due and at else None
        if day is None and re.fullmatch(r"\d{4}-\d\d-\d\d", task.due.strip()):
            day = date.fromisoformat(task.due.strip())
        return day or (task.due_at.date() if task.due_at else None)

    @cached_property
    def report_day(self) -> tuple[date, tuple[str, ...]] | None:
        """The day of the next report, and the facts that say so."""
        found = self.known("next-report")
        day = due_day(found.value, found.fact.recorded_at, self.source.house_zone) if found else None
        return (day, found.ids) if found and day else None

    def explained_by(self, settled: Settled) -> tuple[date, tuple[str, ...]] | None:
        """By when an unknown will be known: its own date, else the next report's."""
        day = due_day(settled.fact.due, settled.fact.recorded_at, self.source.house_zone) if settled.fact.due else None
        return (day, settled.ids) if day else self.report_day

    # --- the hash ----------------------------------------------------------------------------------------------------
    @cached_property
    def rows(self) -> dict[str, tuple[str, str]]:
        """Every id a text may carry, with the value and precision that go into the hash."""
        rows: dict[str, tuple[str, str]] = {"signatory": (clean(self.source.signatory), "")}
        for fact in self.facts:
            value = clean(fact.value) + (f", by {fact.due}" if fact.unknown and fact.due else "")
            rows[fact_id(fact)] = (value, fact.precision)
        for incident in (*self.source.incidents, *self.source.linked):
            rows[f"INC-{incident.number} services"] = (",".join(incident.services), "")
            rows[f"INC-{incident.number} region"] = (incident.region, "")
        for link in self.links:
            rows[link_id(link)] = ("recurrence", "")
        for task in self.source.tasks:
            stand = "done" if task.done_at else "open"
            words = f"{clean(task.text)}; {task.owner_title}; {self.task_day(task)}; {stand}"
            rows[f"INC-{task.incident} T{task.number}"] = (words, "")
        for promise in self.source.promises:
            rows[f"P{promise.number}"] = (f"{clean(promise.text)}; {promise.state}; {promise.due}", "")
        return rows


def _undisputed(pairs: Sequence[tuple[Fact, Span]]) -> list[Span]:
    """One start time throughout (C3): of windows whose clock times overlap and differ one stands, or only their day.

    One source that said two things means the later; of two sources the confirmed one; else neither's clock prints.
    """
    out = []
    for fact, span in pairs:
        rivals = [
            f for f, s in pairs if s is span or (_overlap(s, span) and (s.start, s.end) != (span.start, span.end))
        ]
        latest = {clean(f.source).casefold(): f for f in sorted(rivals, key=_age)}
        standing = sorted(latest.values(), key=_age)
        if fact not in standing:
            continue
        chosen = standing[0] if len(standing) == 1 else _confirmed(standing)
        if chosen is fact:
            out.append(span)
        elif chosen is None:
            out.append(Span(span.ids, span.day, zone=span.zone, zoned=span.zoned))
    return out


def _overlap(one: Span, other: Span) -> bool:
    if one.start is None or other.start is None:
        return False
    if one.end is None or other.end is None:
        return one.day == other.day
    return one.start < other.end and other.start < one.end
