"""What every sentence is built from: days, places, services and windows, as facts or as visible marks of a gap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from handlers.domain.compose import phrases as say
from handlers.domain.compose.gaps import agrees
from handlers.domain.compose.ledger import Case, Ledger
from handlers.domain.compose.moments import (
    Span,
    clock_words,
    date_words,
    day_list,
    duration_words,
    shown_day,
    start_words,
    zone_title,
)
from handlers.domain.compose.phrases import Part, Token, listed, plain


@dataclass(frozen=True, slots=True)
class Said:
    """One sentence to be. `keep`: what stays longest where a variant runs out of words."""

    name: str
    rule: str
    parts: tuple[Part, ...]
    keep: int

    @property
    def words(self) -> int:
        """How many words it has."""
        return len(plain(self.parts).split())

    @property
    def text(self) -> str:
        """The sentence."""
        return plain(self.parts)

    @property
    def ids(self) -> tuple[str, ...]:
        """The facts it prints, once each, in order."""
        return tuple(dict.fromkeys(i for p in self.parts if isinstance(p, Token) for i in p.ids))


def blank(words: str) -> str:
    """The visible mark of a gap that blocks."""
    return f"{{{{{words}}}}}"


class Frame:
    """One audience's ledger, and the parts of sentences that it gives rise to."""

    def __init__(self, ledger: Ledger) -> None:
        """All wording follows from the ledger; two calls give the same words."""
        self.ledger = ledger
        self.source = ledger.source
        self.locale = ledger.locale
        self.zone = ledger.audience.zone
        self.several = len(ledger.cases) > 1

    def days(self, cases: Sequence[Case]) -> Part:
        """The days of these incidents as one fact; a mark where none is recorded."""
        spans = [span for case in cases for span in case.spans]
        if not spans:
            return "" if self.ledger.waived("window", "F1") else blank("the date")
        words = day_list([shown_day(span, self.zone) for span in spans], self.locale)
        return Token(words, tuple(dict.fromkeys(i for span in spans for i in span.ids)))

    def on_days(self, cases: Sequence[Case]) -> tuple[Part, ...]:
        """On which days, as " on 3 September and 7 September 2010"; nothing where no day is recorded.

        A day that is missing is asked for where the incident is told itself, not where another one is named beside it.
        """
        days = self.days(cases)
        if not days or not any(case.spans or case.number in self.ledger.numbers for case in cases):
            return ()
        held = {shown_day(span, self.zone) for case in cases for span in case.spans}
        others = [c for c in self.ledger.cases if c not in cases]
        rivals = [c for c in others if held & {shown_day(span, self.zone) for span in c.spans}]
        names = self.services(cases)
        if not rivals or not names or any(set(c.services) & {s for x in cases for s in x.services} for c in rivals):
            return (" on ", self._start(cases, rivals) or days)
        return (" on ", days, " in ", *listed(names, self.locale))  # the day alone does not tell them apart

    def _start(self, cases: Sequence[Case], rivals: Sequence[Case]) -> Token | None:
        """When one incident began, to the minute, where others of that day began at another time; else nothing."""
        spans = [span for case in cases for span in case.spans]
        others = {span.start for case in rivals for span in case.spans}
        if len(spans) != 1 or not spans[0].zoned or spans[0].start in others or not agrees(self.ledger, cases[0]):
            return None
        return Token(start_words(spans[0], self.zone, self.locale), self._ids(cases[0], spans[0])) if rivals else None

    def _ids(self, case: Case, span: Span) -> tuple[str, ...]:
        """The facts behind a time of day: the window's, and the zone's where that names it."""
        zone = self.ledger.zone_fact(case.number)
        return tuple(dict.fromkeys((*span.ids, *(zone.ids if zone and zone.value == span.zone else ()))))

    def services(self, cases: Sequence[Case], *, whole: bool = False) -> tuple[tuple[Part, ...], ...]:
        """The public names, each with its article; `whole` names the product a part belongs to."""
        named: dict[str, list[str]] = {}
        for case in cases:
            for key, name in case.services:
                shown = self.source.services.get(self.source.part_of.get(key, ""), "") if whole else ""
                named.setdefault(shown or name, []).append(f"INC-{case.number} services")
        return tuple((say.the(name), Token(name, tuple(dict.fromkeys(ids)))) for name, ids in named.items())

    def services_words(self, cases: Sequence[Case]) -> tuple[Part, ...]:
        """The services as a list, or a mark."""
        names = self.services(cases)
        if names:
            return listed(names, self.locale)
        return () if self.ledger.waived("services", "F4") else (blank("the services"),)

    def place(self, cases: Sequence[Case]) -> tuple[Part, ...]:
        """Whom it hit: "customers served from North America"; without a region, nothing."""
        regions: dict[str, list[str]] = {}
        for case in cases:
            if case.region is None:
                return ()
            regions.setdefault(case.region.text, []).extend(case.region.ids)
        names = [(say.the_place(name), Token(name, tuple(ids))) for name, ids in regions.items()]
        return ("customers served from ", *listed(names, self.locale)) if names else ()

    @property
    def one_place(self) -> bool:
        """Whether all incidents hit the same region, so that it is said once."""
        return len({c.region.text if c.region else "" for c in self.ledger.cases}) <= 1

    def when(self, case: Case, span: Span) -> tuple[Part, ...]:
        """The day of one window, with its part or its clock times, each with a zone."""
        day = date_words(shown_day(span, self.zone), self.locale)
        if not agrees(self.ledger, case):
            return (Token(day, span.ids),)
        zone_ids = self._ids(case, span)
        if span.part and span.zoned:
            return (Token(f"{day}, in the {span.part} ({zone_title(span.zone, self.locale)})", zone_ids),)
        if span.start and span.zoned:
            words = clock_words(span, self.zone, self.locale)
            return (Token(f"{day}, {words}", zone_ids),)
        mark = (span.part or span.start) and not self.ledger.waived("timezone", "F2")
        return (Token(day, span.ids), *((f" ({blank('time zone')})",) if mark else ()))

    def length(self, case: Case) -> tuple[Part, ...]:
        """How long one window lasted, as " for 2 hours"; nothing where the windows say it or disagree."""
        found = self.ledger.known("duration", case.number)
        if found is None or len(case.spans) > 1 or not agrees(self.ledger, case):
            return ()
        words = duration_words(found.fact)
        return (" for ", Token(words, found.ids))

    def those(self, numbers: Sequence[int]) -> tuple[Case, ...]:
        """The covered incidents of these numbers."""
        return tuple(c for c in self.ledger.cases if c.number in numbers)

    def told_apart(self, cases: Sequence[Case]) -> tuple[Part, ...]:
        """The words "the trouble", with its days where the text tells of more incidents than these."""
        return ("the trouble", *(self.on_days(cases) if len(cases) < len(self.ledger.cases) else ()))

    def day_token(self, day: tuple[date, tuple[str, ...]]) -> Token:
        """A date as this audience writes it, with the facts that say so."""
        return Token(date_words(day[0], self.locale), day[1])
