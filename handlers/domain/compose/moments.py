"""Windows, days and clock times as customers read them: never finer than the record, always with a year and a zone.

Days and parts of day are never converted. Clock times print in the reader's zone beside UTC.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from babel.dates import format_date, get_timezone_name

from handlers.domain.compose.phrases import clean
from handlers.domain.facts import Fact
from handlers.domain.when import PARTS, Unreadable, Zone, parse_due, parse_duration, parse_window, parse_zone

_COARSE: Final = frozenset({"day", "comparative", *PARTS})
_COARSE_LENGTHS: Final = {"hour": (60, "1 hour"), "day": (1440, "1 day")}
"""Minutes of the finest unit that a length of this precision may name."""
_HEDGE_WORDS: Final = (
    "about|around|roughly|approximately|nearly|almost|at least|more than|over|up to|under|fewer than|less than"
)
_ALREADY_HEDGED: Final = re.compile(rf"^(?:{_HEDGE_WORDS})\b", re.IGNORECASE)
_HEDGED_HERE: Final = re.compile(rf"\b(?:{_HEDGE_WORDS})(?: an?)?\s*$", re.IGNORECASE)
_HEDGES: Final = {"about": "about ", "at-least": "at least "}
_NUMBER: Final = re.compile(r"(?:\ban? )?(?<![\w:.,/-])\d+(?:[.,]\d+)*(?!\d|[:/-]\d)", re.IGNORECASE)
"""A number that is no part of a date, a clock time or "24/7", with its article."""


@dataclass(frozen=True, slots=True)
class Span:
    """One window as far as it is known. `day` is the day it began, in the zone it was recorded in.

    `start` and `end` are instants (UTC) and only set where the record is as fine as that; known to the hour, they are
    whole hours of the zone they were recorded in. `zoned` says that somebody named the zone.
    """

    ids: tuple[str, ...]
    day: date
    part: str = ""
    start: datetime | None = None
    end: datetime | None = None
    zone: str = ""
    zoned: bool = False
    about: bool = False
    hours: bool = False

    @property
    def timed(self) -> bool:
        """Whether both ends are known."""
        return self.start is not None and self.end is not None


@lru_cache(maxsize=256)
def zone_of(name: str) -> Zone | None:
    """A zone by any of its names, or nothing where the name is unknown or has two meanings."""
    try:
        return parse_zone(name)
    except Unreadable:
        return None


def rules(name: str) -> tzinfo:
    """The clock of a zone that is known to be readable; UTC for one that is not."""
    zone = zone_of(name)
    if zone is None:
        return UTC
    if zone.place is not None:
        return zone.place
    return timezone(timedelta(minutes=zone.minutes or 0))


def read_span(fact: Fact, ident: str, zone: str, house: str) -> Span | None:
    """A `window` fact as a span, or nothing where it cannot be read.

    `zone` is the incident's `timezone` fact, empty where there is none; a clock time without a zone then stands in the
    house's, and is not printed until somebody names one.
    """
    local = rules(zone or house)
    if not isinstance(local, ZoneInfo):
        local = ZoneInfo("UTC")
    precision = fact.precision if fact.precision in PARTS else ""
    try:
        window = parse_window(clean(fact.value), fact.recorded_at, local, precision)
    except Unreadable:
        return None
    said = window.zone or zone
    if window.start and said != "UTC" and _clock_of(zone, window.start) == _clock_of(said, window.start):
        said = zone  # an offset or a season's name, and the place it belongs to: its clocks may change on the way
    if window.start is None:
        if window.day is None:
            return None
        part = "" if fact.precision == "day" else window.part or ""
        return Span((ident,), window.day, part, zone=said, zoned=bool(said))
    start, end = window.start, window.end
    if fact.precision == "hour":
        start = _whole_hour(start, said or house)
        end = _whole_hour(end, said or house) if end else None
        end = end if end and end > start else None
    day = start.astimezone(rules(said or house)).date()
    if fact.precision in _COARSE:
        part = fact.precision if fact.precision in PARTS else ""
        return Span((ident,), day, part, zone=said, zoned=bool(said))
    return Span(
        (ident,),
        day,
        start=start,
        end=end,
        zone=said,
        zoned=bool(said),
        about=fact.precision in {"about", "hour"},
        hours=fact.precision == "hour",
    )


def _clock_of(zone: str, moment: datetime) -> timedelta | None:
    """How far the clocks of a zone are from UTC then; nothing where no zone is named."""
    return moment.astimezone(rules(zone)).utcoffset() if zone else None


def _whole_hour(moment: datetime, zone: str) -> datetime:
    """The nearest full hour on the clocks of a zone."""
    here = (moment + timedelta(minutes=30)).astimezone(rules(zone))
    return here.replace(minute=0, second=0, microsecond=0).astimezone(UTC)


def merged(spans: Sequence[Span]) -> tuple[Span, ...]:
    """One span per window: of several about the same day the finest, with every fact behind it."""
    out: list[Span] = []
    for span in sorted(spans, key=_finest_first):
        twin = next((i for i, known in enumerate(out) if _same(known, span)), None)
        if twin is None:
            out.append(span)
        else:
            known = out[twin]
            ids = tuple(sorted({*known.ids, *span.ids}))
            zone = known.zone or span.zone
            out[twin] = replace(known, ids=ids, zone=zone, zoned=bool(zone), end=known.end or _end_for(known, span))
    return tuple(out)


LAST: Final = (date.max, time.max, len(PARTS))
"""Where a window that nobody dated stands."""


def lived(span: Span, zone: str) -> tuple[date, time, int]:
    """The order in which a reader in `zone` lived windows: by the days and clock times as they print."""
    clock = span.start.astimezone(rules(zone or span.zone)).time() if span.start else time.max
    part = PARTS.index(span.part) if span.part in PARTS else len(PARTS)
    return (shown_day(span, zone), clock, part)


def _finest_first(span: Span) -> tuple[int, date, str, str]:
    return (0 if span.timed else 1 if span.start else 2 if span.part else 3, span.day, span.part, span.ids[0])


def _same(known: Span, other: Span) -> bool:
    if known.day != other.day:
        return False
    if known.start and other.start:
        return known.start == other.start
    return not other.part or not known.part or known.part == other.part


def _end_for(known: Span, other: Span) -> datetime | None:
    return other.end if known.start and known.start == other.start else None


def date_words(day: date, locale: str) -> str:
    """7 September 2010, or September 7, 2010."""
    return format_date(day, "long", locale=locale.replace("-", "_"))


def day_list(days: Sequence[date], locale: str) -> str:
    """Several days in one breath; the year is said once where it is shared: 3 September and 7 September 2010."""
    days = sorted(set(days))
    shared = len({day.year for day in days}) == 1
    style = "MMMM d" if locale == "en-US" else "d MMMM"
    words = [
        format_date(day, style, locale=locale.replace("-", "_"))
        if shared and day != days[-1]
        else date_words(day, locale)
        for day in days
    ]
    if len(words) == 1:
        return words[0]
    serial = "," if locale == "en-US" and (len(words) > 2 or not shared) else ""
    return f"{', '.join(words[:-1])}{serial} and {words[-1]}"


def zone_label(name: str, moment: datetime) -> str:
    """The zone's short name at that moment: CET, EST, or UTC+04:00 where a place's clocks have no letters."""
    local = moment.astimezone(rules(name))
    label = local.tzname() or ""
    if label.isalpha():
        return label
    offset = int((local.utcoffset() or timedelta(0)).total_seconds() // 60)
    if not offset:
        return "UTC"
    hours, minutes = divmod(abs(offset), 60)
    return f"UTC{'-' if offset < 0 else '+'}{hours:02}:{minutes:02}"


def zone_title(name: str, locale: str) -> str:
    """The zone of a part of day, in words that hold all year: Pacific Time."""
    zone = zone_of(name)
    if zone is None or zone.name == "UTC" or zone.place is None:
        return zone.name if zone else "UTC"
    if zone.minutes is not None:
        return zone.name
    return str(get_timezone_name(zone.place, width="long", locale=locale.replace("-", "_")))


def shown_day(span: Span, zone: str) -> date:
    """The day a reader in `zone` calls it; a day without clock times is never converted."""
    return span.start.astimezone(rules(zone)).date() if span.start and span.zoned and zone else span.day


def clock_words(span: Span, zone: str, locale: str) -> str:
    """Clock times in the reader's zone beside UTC: "14:02 to 15:10 CET (13:02 to 14:10 UTC)". Empty without any."""
    if span.start is None or not span.zoned:
        return ""
    reader = zone or span.zone
    day = span.start.astimezone(rules(reader)).date()  # named by the sentence; UTC says its own where it differs
    own, utc = _range(span, reader, day, locale), _range(span, "UTC", day, locale)
    if own == utc:
        return own
    same = own.replace(zone_label(reader, span.start), "UTC") == utc  # London in winter
    return f"{own} (UTC)" if same else f"{own} ({utc.replace('about ', '')})"


def start_words(span: Span, zone: str, locale: str) -> str:
    """The day and the clock time at which a window began: "20 November 2026 at 14:02 CET"."""
    day = date_words(shown_day(span, zone), locale)
    if span.start is None:
        return day
    here = span.start.astimezone(rules(zone or span.zone))
    return f"{day} at {'about ' if span.about else ''}{here:%H:%M} {zone_label(zone or span.zone, span.start)}"


def _range(span: Span, zone: str, day: date, locale: str) -> str:
    assert span.start is not None
    begin = span.start.astimezone(rules(zone))
    label = zone_label(zone, span.start)
    named = f"{date_words(begin.date(), locale)}, " if begin.date() != day else ""
    hedge = "about " if span.about else ""
    first = f"{hedge}{begin:%H:%M}"
    if span.end is None:
        return f"{named}from {first} {label}"
    finish = span.end.astimezone(rules(zone))
    last_label = zone_label(zone, span.end)
    if finish.date() == begin.date() and last_label == label:
        return f"{named}{first} to {finish:%H:%M} {label}"
    on = f" on {date_words(finish.date(), locale)}" if finish.date() != begin.date() else ""
    return f"{named}{first} {label} to {finish:%H:%M} {last_label}{on}"


def duration_words(fact: Fact) -> str:
    """How long, as far as the record knows: "2 hours", "about 2 hours". Words that are no length stay as recorded."""
    words = clean(fact.value)
    length = duration_of(fact)
    if length is None:
        return words
    said = _ALREADY_HEDGED.match(words)
    hedge = f"{said[0].lower()} " if said else hedged(fact)
    minutes = int(length.total_seconds() // 60)
    unit, name = _COARSE_LENGTHS.get(fact.precision, (1, ""))
    if minutes % unit:
        if minutes < unit / 2:
            return f"less than {name}"
        minutes, hedge = (minutes + unit // 2) // unit * unit, "about "
    days, hours, rest = minutes // 1440, minutes % 1440 // 60, minutes % 60
    parts = [
        f"{n} {unit}{'' if n == 1 else 's'}" for n, unit in ((days, "day"), (hours, "hour"), (rest, "minute")) if n
    ]
    return hedge + " and ".join(parts)


def duration_of(fact: Fact) -> timedelta | None:
    """The length itself, or nothing where it cannot be read."""
    try:
        length = parse_duration(_ALREADY_HEDGED.sub("", clean(fact.value)).strip())
    except Unreadable:
        return None
    return length if length.total_seconds() % 60 == 0 else None


def hedged(fact: Fact) -> str:
    """What a number's precision puts before it."""
    return "" if _ALREADY_HEDGED.match(clean(fact.value)) else _HEDGES.get(fact.precision, "")


def rounded(fact: Fact) -> str:
    """The words of a fact whose number is no exact one: "about 12% of requests failed"."""
    words, hedge = clean(fact.value), _HEDGES.get(fact.precision, "")
    found = _NUMBER.search(words) if hedge else None
    if found is None or _HEDGED_HERE.search(words[: found.start()]):
        return words
    return f"{words[: found.start()]}{hedge}{words[found.start() :]}"


def due_day(words: str, recorded_at: datetime, house: str) -> date | None:
    """A date somebody wrote, in any form the grammar takes, or nothing."""
    try:
        return parse_due(clean(words), recorded_at, ZoneInfo(house)).day
    except Unreadable:
        return None
