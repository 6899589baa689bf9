"""C3 to C5: one start throughout, durations that add up, a timeline in order."""

from __future__ import annotations

import itertools
import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Final
from zoneinfo import ZoneInfo

from handlers.domain.lint.amounts import ALLOWANCE, clock_zone, loose_lengths, other_lengths
from handlers.domain.lint.presence import (
    wrong,
)
from handlers.domain.lint.quantities import (
    ClockMention,
    clocks,
    dates,
    durations,
)
from handlers.domain.lint.record import RecordView
from handlers.domain.lint.report import Finding, Kind
from handlers.domain.lint.text import Reading

_STARTS: Final = re.compile(
    r"\b(?:from|between|since|(?:began|begun|begins|started|starts?|beginning|starting|start(?:ed)? time"
    r"|failed first|first (?:failed|noticed|saw|seen))(?: (?:was|of|on \w+(?: \w+){0,3}|in \w+))?(?: at| around"
    r"| about|:)?)(?: (?:about|around|approximately))? $",
    re.IGNORECASE,
)


def _utc_minutes(clock: ClockMention, record: RecordView) -> int:
    """A clock time as minutes of the UTC day, as far as its zone is known."""
    zone = clock_zone(clock.zone or "", record)
    day = record.days[0] if record.days else date(2026, 1, 1)
    if zone is None:
        return clock.minutes
    local = datetime(day.year, day.month, day.day, clock.minutes // 60 % 24, clock.minutes % 60, tzinfo=zone)
    instant = local.astimezone(ZoneInfo("UTC"))
    return instant.hour * 60 + instant.minute


def _one_start(reading: Reading, kind: Kind, record: RecordView) -> Iterator[Finding]:
    text = reading.masked
    starts = [clock for clock in clocks(text) if _STARTS.search(text[max(0, clock.start - 48) : clock.start])]
    timed = [window for window in record.windows if window.start]
    allowed = max(1, len({window.start for window in timed}))
    first: dict[int, ClockMention] = {}
    for clock in starts:
        minute = _utc_minutes(clock, record)
        if minute in first:
            continue
        if len(first) >= allowed:
            earlier = next(iter(first.values()))
            yield wrong(
                reading,
                "C3",
                kind,
                clock.start,
                clock.end,
                message=f"Elsewhere this text starts at {earlier.words}.",
                suggestion=f"Use {earlier.words} throughout, or correct it there.",
            )
            return
        first[minute] = clock


def _arithmetic(reading: Reading, kind: Kind, record: RecordView) -> Iterator[Finding]:
    """C4: within one sentence, a range of times and a length agree; and a stated total is the sum."""
    clock_list = clocks(reading.masked)
    lengths = durations(reading.masked)
    if len(clock_list) < 2 or not lengths:
        return
    places_of = [clock.start for clock in clock_list]
    elsewhere, loose = other_lengths(record), loose_lengths(record)
    for mention in lengths:
        if mention.minutes in elsewhere:
            continue
        sentence = reading.sentence_at(mention.start)
        inside = clock_list[bisect_right(places_of, sentence.start - 1) : bisect_right(places_of, sentence.end)]
        ranges = [(one, two) for one, two in itertools.pairwise(inside) if one.opens_range]
        if len(ranges) != 1 or ALLOWANCE.search(reading.masked[max(0, mention.start - 20) : mention.start]):
            continue
        one, two = ranges[0]
        length = Fraction((_utc_minutes(two, record) - _utc_minutes(one, record)) % 1440)
        known = {window.length for window in record.windows if window.length}
        if (
            mention.minutes == length
            or mention.minutes == length + 1440
            or (mention.about and abs(mention.minutes - length) * 10 <= length)
        ):
            continue
        if mention.minutes in loose and abs(mention.minutes - length) * 4 <= max(mention.minutes, length):
            continue
        if mention.minutes in known and length not in known and not any(window.start for window in record.windows):
            continue
        yield wrong(
            reading,
            "C4",
            kind,
            mention.start,
            mention.end,
            message=f"From {one.words} to {two.words} is {_say_minutes(length)}.",
            suggestion=_say_minutes(length),
        )


def _say_minutes(length: Fraction) -> str:
    hours, minutes = divmod(int(length), 60)
    parts = [f"{hours} hour{'s' if hours != 1 else ''}"] if hours else []
    parts += [f"{minutes} minute{'s' if minutes != 1 else ''}"] if minutes or not hours else []
    return " and ".join(parts)


def _order(reading: Reading, kind: Kind, record: RecordView) -> Iterator[Finding]:
    """C5: lines that open with a day or a time do not go back; in two zones, neither as printed nor in fact."""
    year = record.days[0].year if record.days else 2026
    last: _Line | None = None
    for line in reading.paragraphs:
        head = re.sub(r"^(?:[-•·] ?|\d{1,2}[.)] )", "", line.text)
        offset = len(line.text) - len(head)
        days, times = dates(head[:48]), clocks(head[:160])
        day = days[0].in_year(year) if days and days[0].start <= 4 else None
        near = days[0].end + 6 if day and days else 4
        minute = times[0].minutes if times and times[0].start <= near else None
        if day is None and minute is None:
            last = None
            continue
        zone = times[0].zone if minute is not None else None
        here = _Line(day or (last.day if last else None), minute if minute is not None else -1, zone)
        if last and _before(here, last, record):
            end = times[0].end if minute is not None else days[0].end
            yield wrong(reading, "C5", kind, line.start + offset, line.start + offset + end)
        last = here


@dataclass(frozen=True, slots=True)
class _Line:
    """When a line of a timeline begins, as printed: -1 where it has no clock time."""

    day: date | None
    minutes: int
    zone: str | None

    def instant(self, record: RecordView) -> datetime | None:
        """The moment itself, where its zone is known."""
        zone = clock_zone(self.zone or "", record)
        day = self.day or date(2026, 1, 1)
        midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
        wall = midnight.replace(hour=self.minutes // 60 % 24, minute=self.minutes % 60)
        return wall.astimezone(UTC) if zone else None


def _before(here: _Line, last: _Line, record: RecordView) -> bool:
    timed = here.minutes >= 0 and last.minutes >= 0
    if here.day and last.day and here.day != last.day:
        back = here.day < last.day
    else:
        back = timed and here.minutes < last.minutes
    if not back or not timed or here.zone == last.zone or not (here.zone and last.zone):
        return back
    one, two = last.instant(record), here.instant(record)
    return one is not None and two is not None and two < one


def read_sequence(reading: Reading, kind: Kind, record: RecordView) -> Iterator[Finding]:
    """Findings of C3 to C5."""
    yield from _one_start(reading, kind, record)
    yield from _arithmetic(reading, kind, record)
    yield from _order(reading, kind, record)
