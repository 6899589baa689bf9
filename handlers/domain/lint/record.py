"""What the linter must know of the record: a small frozen view, built by whoever holds the store.

Days are calendar days where the incident was; instants are aware `datetime`s; zones are IANA names. Only what this
text's audience may see belongs in `facts` as `public`; internal facts are there too, so that they can be caught when
they slip out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from functools import cached_property
from typing import Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from handlers.domain.lint.quantities import clocks, dates, durations, number_value, numbers

FixState = Literal["none", "contained", "fixed", "verified", "insufficient", ""]
Visibility = Literal["internal", "public", "customer"]

REPORT_WITHIN_BUSINESS_DAYS: Final = 5
"""The next report is due within five business days of publication (F12; Microsoft 365 and Azure review clocks)."""


@dataclass(frozen=True, slots=True)
class FactView:
    """One live fact. `words` are other forms a text may use for it (rendered dates, synonyms from the catalog).

    `value` is as recorded, or `unknown`, and then `due` says by when it will be known. `precision` is one of the
    ledger's (exact, minute, hour, day, morning, afternoon, evening, stated, about, at-least, comparative).
    """

    kind: str
    value: str
    id: str = ""
    incident: int = 0
    precision: str = ""
    source: str = ""
    visibility: Visibility = "public"
    customer: str = ""
    due: date | None = None
    words: tuple[str, ...] = ()

    @property
    def unknown(self) -> bool:
        """Recorded as not known yet."""
        return self.value.strip().lower() == "unknown"

    @property
    def forms(self) -> tuple[str, ...]:
        """All the ways in which this fact may be said."""
        return () if self.unknown else (self.value, *self.words)


@dataclass(frozen=True, slots=True)
class WindowView:
    """One stretch of impact: a day, a part of it, or an instant to an instant (aware; any zone)."""

    incident: int
    day: date
    start: datetime | None = None
    end: datetime | None = None
    last_day: date | None = None
    part: str = ""
    minutes: Fraction | None = None
    """A stated length where start and end are not known."""
    about: bool = False
    """Known to the hour only: the text may print the hour."""

    @property
    def length(self) -> Fraction | None:
        """Its length in minutes, from the instants or as stated."""
        if self.start and self.end:
            return Fraction(int((self.end - self.start).total_seconds()), 60)
        return self.minutes


@dataclass(frozen=True, slots=True)
class IncidentView:
    """One covered or linked incident. `fix` is the ledger's state; `degraded` means that it never was a full outage."""

    number: int
    fix: FixState = ""
    recurs: tuple[int, ...] = ()
    degraded: bool = False
    covered: bool = True


@dataclass(frozen=True, slots=True)
class TaskView:
    """A prevention task as it may be told: what, whose (the role in public, never a name), by when."""

    text: str
    owner_role: str
    due: date | None


@dataclass(frozen=True, slots=True)
class PromiseView:
    """A promise made to the same customers. `state`: open, kept, late, broken, withdrawn."""

    text: str
    state: str
    due: date | None = None
    told: bool = True
    """Whether the readers of this text were told it; they alone are owed a word on how it stands (F9)."""


@dataclass(frozen=True)
class RecordView:
    """All the linter may look at.

    - `services`: public names of the services that were hit, with the names customers use; `other_services`: the rest
      of the catalog's. `regions`: the words for the region that was hit ("North America"); `other_regions`: the rest.
      `linked_regions`: those that only incidents outside this text hit; they may be named and need not be.
    - `zone`: the incident's zone; `zones`: further zones texts may print, the customer's own. UTC is always allowed.
      `reader`: the zone in which this text's readers read clock times, empty where these stay as recorded.
    - `next_report`, `contact`, `signatory`: as the text must say them. `publication`: when it goes out (aware).
    - `internal_names` (catalog), `other_customers`, `people` (everyone the catalog names): never in a text for
      customers; the signatory is let through.
    - `customer`: the customer this text is for, empty for public text. `sla_missed` and `security` raise A5b and F8.
    - `waived`: rules whose finding somebody waived with a reason: they are not reported again.
    """

    facts: tuple[FactView, ...] = ()
    windows: tuple[WindowView, ...] = ()
    incidents: tuple[IncidentView, ...] = ()
    services: tuple[str, ...] = ()
    other_services: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    other_regions: tuple[str, ...] = ()
    linked_regions: tuple[str, ...] = ()
    tasks: tuple[TaskView, ...] = ()
    promises: tuple[PromiseView, ...] = ()
    zone: str = "UTC"
    zones: tuple[str, ...] = ()
    reader: str = ""
    next_report: date | None = None
    next_update: datetime | None = None
    contact: tuple[str, ...] = ()
    signatory: str = ""
    internal_names: tuple[str, ...] = ()
    other_customers: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    customer: str = ""
    publication: datetime | None = None
    sla_missed: bool = False
    security: bool = False
    waived: frozenset[str] = frozenset()

    # --- facts -------------------------------------------------------------------------------------

    def of(self, *kinds: str) -> tuple[FactView, ...]:
        """The facts this text's audience may see, of these kinds."""
        return tuple(fact for fact in self.visible if fact.kind in kinds)

    def known(self, *kinds: str) -> tuple[FactView, ...]:
        """The visible facts of these kinds whose value is known."""
        return tuple(fact for fact in self.of(*kinds) if not fact.unknown)

    @property
    def visible(self) -> tuple[FactView, ...]:
        """Public facts, and this customer's own."""
        return tuple(
            fact
            for fact in self.facts
            if fact.visibility == "public"
            or (fact.visibility == "customer" and self.customer and fact.customer == self.customer)
        )

    @property
    def hidden(self) -> tuple[FactView, ...]:
        """Internal facts and other customers' own."""
        visible = set(self.visible)
        return tuple(fact for fact in self.facts if fact not in visible)

    @property
    def covered(self) -> tuple[IncidentView, ...]:
        """The incidents this text is about."""
        return tuple(incident for incident in self.incidents if incident.covered)

    @property
    def linked(self) -> bool:
        """Whether one of the incidents recurs another."""
        return any(incident.recurs for incident in self.incidents)

    def fix_of(self, number: int) -> FixState:
        """How an incident stands; a recurrence of it makes its fix insufficient."""
        if any(number in other.recurs for other in self.incidents):
            return "insufficient"
        return next((incident.fix for incident in self.incidents if incident.number == number), "")

    @property
    def states(self) -> tuple[FixState, ...]:
        """How each covered incident stands, where that is recorded."""
        return tuple(state for incident in self.covered if (state := self.fix_of(incident.number)))

    # --- what a text may say -----------------------------------------------------------------------

    @property
    def own_windows(self) -> tuple[WindowView, ...]:
        """The windows of the incidents this text is about."""
        outside = {incident.number for incident in self.incidents if not incident.covered}
        return tuple(window for window in self.windows if window.incident not in outside)

    @property
    def days(self) -> tuple[date, ...]:
        """The days of the windows this text is about, once each, in order."""
        return tuple(sorted({window.day for window in self.own_windows}))

    @property
    def every_day(self) -> tuple[date, ...]:
        """The days of all windows, also those that only a recurrence names, once each, in order."""
        return tuple(sorted({window.day for window in self.windows}))

    def days_of(self, window: WindowView) -> frozenset[date]:
        """The days on which a window may be said to begin: the recorded one, and the one its readers' clocks showed."""
        zone = _zone(self.reader) if self.reader and window.start else None
        shown = {window.start.astimezone(zone).date()} if zone and window.start else set()
        return frozenset({window.day} | shown)

    def days_shown(self, window: WindowView) -> frozenset[date]:
        """The days on which a window began by any clock of this record: one instant has two dates around midnight."""
        zones = self._zones() if window.start else ()
        return frozenset({window.day, *(window.start.astimezone(zone).date() for zone in zones if window.start)})

    def all_days(self) -> frozenset[date]:
        """Every day a text may name: impact, reports, due dates, promises, publication, days inside fact values."""
        known = {window.day for window in self.windows} | {window.last_day for window in self.windows}
        known |= {self.next_report, *(task.due for task in self.tasks), *(promise.due for promise in self.promises)}
        known |= {fact.due for fact in self.visible}
        if self.publication:
            known |= {self.publication.astimezone(zone).date() for zone in self._zones()}
        if self.next_update:
            known |= {self.next_update.astimezone(zone).date() for zone in self._zones()}
        for window in self.windows:
            for instant in (window.start, window.end):
                if instant:
                    known |= {instant.astimezone(zone).date() for zone in self._zones()}
        year = min((day.year for day in known if day), default=datetime.now(UTC).year)
        for words in self._said():
            known |= {mention.in_year(year) for mention in dates(words)}
        return frozenset(day for day in known if day)

    def all_minutes(self) -> frozenset[int]:
        """Every clock time a text may print, as minutes after midnight in any of the zones it may use."""
        instants = [instant for window in self.windows for instant in (window.start, window.end) if instant]
        for window in self.windows:
            if window.about:
                instants += [_nearest_hour(instant) for instant in (window.start, window.end) if instant]
        if self.next_update:
            instants.append(self.next_update)
        found = {
            local.hour * 60 + local.minute
            for instant in instants
            for zone in self._zones()
            for local in (instant.astimezone(zone),)
        }
        for words in self._said():
            found |= {clock.minutes for clock in clocks(words)}
        return frozenset(found)

    def all_lengths(self) -> frozenset[Fraction]:
        """Every duration a text may state, in minutes: windows, stated durations, and their sum."""
        lengths = [window.length for window in self.windows if window.length]
        found = set(lengths)
        for words in self._said():
            found |= {mention.minutes for mention in durations(words)}
        if len(lengths) > 1:
            found.add(sum(lengths, Fraction(0)))
        return frozenset(found)

    def all_numbers(self) -> frozenset[Fraction]:
        """Every number a text may state, from the facts' own words, and how many incidents and days there are."""
        found = {
            Fraction(len(self.covered)),
            Fraction(len(self.days)),
            Fraction(len(self.every_day)),
            Fraction(len(self.services)),
            Fraction(len(self.windows)),
        }
        for words in self._said():
            found |= {mention.value for mention in numbers(words)}
            for part in re.findall(r"\d[\d,]*(?:\.\d+)?", words):
                value = number_value(part)
                if value is not None:
                    found.add(value)
        return frozenset(found)

    @cached_property
    def said(self) -> str:
        """Every word of the visible record in one lower-case line, for looking things up."""
        return " | ".join(self._said()).lower()

    def _said(self) -> Iterator[str]:
        for fact in self.visible:
            yield from fact.forms
        yield from (task.text for task in self.tasks)
        yield from (task.owner_role for task in self.tasks)
        yield from (promise.text for promise in self.promises)
        yield from self.contact
        yield self.signatory
        yield from self.services
        yield from self.regions
        yield from self.linked_regions

    def _zones(self) -> tuple[ZoneInfo, ...]:
        return tuple(zone for name in dict.fromkeys(("UTC", self.zone, *self.zones)) if (zone := _zone(name)))


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _nearest_hour(instant: datetime) -> datetime:
    return (instant + timedelta(minutes=30)).replace(minute=0, second=0, microsecond=0)


def business_days_after(day: date, count: int) -> date:
    """The day that many business days (Monday to Friday) after a day."""
    while count:
        day += timedelta(days=1)
        if day.weekday() < 5:
            count -= 1
    return day
