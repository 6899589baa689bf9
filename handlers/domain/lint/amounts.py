"""C1 and C2: every date, clock time, length and number of a text is in the record, and none finer than its fact."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta, timezone, tzinfo
from fractions import Fraction
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from handlers.domain.compose.moments import zone_of
from handlers.domain.lint.presence import (
    day_words,
    wrong,
)
from handlers.domain.lint.quantities import (
    ClockMention,
    DurationMention,
    NumberMention,
    clocks,
    dates,
    durations,
    numbers,
)
from handlers.domain.lint.record import RecordView
from handlers.domain.lint.report import Finding, Kind
from handlers.domain.lint.text import Reading
from handlers.domain.lint.vocabulary import PEOPLE


def _days(reading: Reading, kind: Kind, record: RecordView) -> Iterator[Finding]:
    known = record.all_days()
    if not known:
        return
    for mention in dates(reading.masked):
        same = [day for day in known if mention.is_day(day)]
        if not same:
            yield wrong(
                reading,
                "C1",
                kind,
                mention.start,
                mention.end,
                message="This day is not in the record.",
                suggestion=f"The record has: {', '.join(day_words(day) for day in sorted(known)[:4])}.",
            )
        elif mention.weekday is not None and all(day.weekday() != mention.weekday for day in same):
            yield wrong(
                reading,
                "C1",
                kind,
                mention.start,
                mention.end,
                message=f"{day_words(same[0])} was a {same[0]:%A}.",
                suggestion=f"{same[0]:%A} {day_words(same[0])}",
            )


def _times(reading: Reading, kind: Kind, record: RecordView) -> Iterator[Finding]:
    known = record.all_minutes()
    timed = any(window.start for window in record.windows)
    for clock in clocks(reading.masked):
        if clock.minutes in known or _in_own_zone(clock, record):
            continue
        if kind == "update" and (not record.windows or _promises_words(reading, clock)):
            continue  # an update is where a new time is first told
        if timed or known:
            yield wrong(reading, "C1", kind, clock.start, clock.end, message="This time is not in the record.")
        else:
            yield wrong(
                reading,
                "C2",
                kind,
                clock.start,
                clock.end,
                message="The record knows the day, not the time.",
                suggestion="Name the day, and say by when the times will be known.",
            )
    parts = {window.part for window in record.windows if window.part} | {fact.precision for fact in record.visible}
    for match in re.finditer(
        r"\b(?:in|during|on) the (?:\w+ )?(morning|afternoon|evening|night)\b|\b(morning|afternoon|evening|night) of\b",
        reading.masked,
        re.IGNORECASE,
    ):
        part = (match[1] or match[2]).lower()
        if record.windows and part not in parts and part not in record.said and not timed:
            yield wrong(
                reading,
                "C2",
                kind,
                match.start(),
                match.end(),
                message=f"The record does not say that it was in the {part}.",
                suggestion="Name the day only.",
            )


def _promises_words(reading: Reading, clock: ClockMention) -> bool:
    """Whether the time is that of the next update."""
    before = reading.masked[max(0, clock.start - 60) : clock.start]
    return (
        re.search(r"\b(?:update|write|report|post|tell)\b[^.!?]{0,40}\b(?:by|at|before)\b", before, re.IGNORECASE)
        is not None
    )


def _in_own_zone(clock: ClockMention, record: RecordView) -> bool:
    """Whether a time that names a zone is one of the record's instants in that zone."""
    return any(
        (local := instant.astimezone(zone)).hour * 60 + local.minute == clock.minutes
        for zone in (zone_for(clock.zone or ""), _offset(clock.zone or ""))
        if zone
        for window in record.windows
        for instant in (window.start, window.end)
        if instant
    )


_KNOWN_ZONES: Final[Mapping[str, str]] = {
    abbreviation: zone
    for zone, abbreviations in (
        ("UTC", "UTC GMT Z"),
        ("Europe/London", "BST"),
        ("Europe/Paris", "CET CEST"),
        ("Europe/Helsinki", "EET EEST"),
        ("America/New_York", "ET EST EDT Eastern"),
        ("America/Chicago", "CT CST CDT Central"),
        ("America/Denver", "MT MST MDT Mountain"),
        ("America/Los_Angeles", "PT PST PDT Pacific"),
        ("America/Sao_Paulo", "BRT"),
        ("Asia/Tokyo", "JST"),
        ("Asia/Singapore", "SGT"),
        ("Asia/Hong_Kong", "HKT"),
        ("Australia/Sydney", "AEST AEDT"),
    )
    for abbreviation in abbreviations.split(" ")
}


@lru_cache(maxsize=256)
def zone_for(name: str) -> ZoneInfo | None:
    """The zone behind a name in a text, where there is no doubt which."""
    first = name.split(" ", maxsplit=1)[0] if name else ""
    key = _KNOWN_ZONES.get(name) or (
        name if "/" in name else _KNOWN_ZONES.get(first) if first in {"Pacific", "Eastern", "Mountain"} else None
    )
    if key is None:
        return None
    try:
        return ZoneInfo(key)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


_SHORT_ZONE: Final = re.compile(r"[A-Z]{1,5}|(?:UTC|GMT)? ?[+-]\d\d?(?::?\d\d)?")


def _offset(name: str) -> timezone | None:
    """The offset behind a zone's name in a text that holds one for all days: "CEST", "UTC+05:45"."""
    zone = zone_of(name) if _SHORT_ZONE.fullmatch(name) else None
    return timezone(timedelta(minutes=zone.minutes)) if zone and zone.minutes is not None else None


def clock_zone(name: str, record: RecordView) -> tzinfo | None:
    """The zone of a clock time: an offset of its own, one of the record's zones by its letters, or a place."""
    if not name:
        return zone_for(record.zone)
    fixed = _offset(name)
    if fixed is not None:
        return fixed
    for own in (record.reader, record.zone):
        place = zone_for(own)
        for window in record.windows if place else ():
            for instant in (window.start, window.end):
                here = instant.astimezone(place) if instant else None
                if here and here.tzname() == name:
                    return timezone(here.utcoffset() or timedelta(0))
    return zone_for(name) or zone_for(record.zone)


_HEDGED: Final = re.compile(
    r"\b(?:about|around|approximately|roughly|nearly|almost|some|circa|ca\.)(?: (?:a|an|the))? $", re.IGNORECASE
)
_AT_LEAST: Final = re.compile(
    r"\b(?:at least|more than|over|no fewer than|not less than|upwards of)(?: (?:a|an|the))? $", re.IGNORECASE
)
ALLOWANCE: Final = re.compile(r"\bwithin (?:the next )?$", re.IGNORECASE)


_LONGER: Final = re.compile(r"\b(?:over|more than|at least|longer than|upwards of)(?: (?:a|an|the))? $", re.IGNORECASE)
_SHORTER: Final = re.compile(
    r"\b(?:under|less than|up to|at most|nearly|almost|no more than|not quite|close to)(?: (?:a|an|the))? $",
    re.IGNORECASE,
)


def is_coarser(text: str, mention: DurationMention, known: frozenset[Fraction] | set[Fraction]) -> bool:
    """Whether a length is a known one told more coarsely: "about an hour" or "just over an hour" for 68 minutes."""
    before = text[max(0, mention.start - 24) : mention.start]
    told = mention.minutes
    for length in known:
        if mention.about and abs(told - length) * 10 <= length:
            return True
        if _LONGER.search(before) and told <= length <= told * Fraction(3, 2):
            return True
        if _SHORTER.search(before) and length <= told <= length * Fraction(3, 2):
            return True
    return False


def _lengths(reading: Reading, kind: Kind, record: RecordView) -> Iterator[Finding]:
    text = reading.masked
    known = record.all_lengths()
    if not known and not record.windows:
        return
    hedged = {fact.precision for fact in record.known("duration")}
    elsewhere = other_lengths(record)
    for mention in durations(text):
        before = text[max(0, mention.start - 20) : mention.start]
        after = text[mention.end : mention.end + 24]
        if ALLOWANCE.search(before) or re.match(
            r" (?:per|a) (?:day|week)\b|'? notice\b|[ -]?(?:old|support|day)\b", after
        ):
            continue
        if mention.minutes in {Fraction(1440), Fraction(10080)} and re.match(
            r"(?:a|an|one|24|7)\b", text[mention.start : mention.end]
        ):
            continue
        if mention.minutes not in known and not is_coarser(text, mention, known):
            yield wrong(
                reading,
                "C1",
                kind,
                mention.start,
                mention.end,
                message="The record has no such length of time.",
                suggestion=_say_length(record),
            )
        elif mention.minutes in elsewhere:
            continue
        elif not (mention.about and hedged == {"about"}):
            yield from _unhedged(reading, kind, mention, hedged, before)


def _unhedged(
    reading: Reading, kind: Kind, mention: DurationMention | NumberMention, precisions: set[str], before: str
) -> Iterator[Finding]:
    """C2: a length or a number without the “about” or “at least” that all its facts have."""
    for precision, word, hedge in (("about", "about", _HEDGED), ("at-least", "at least", _AT_LEAST)):
        if precisions == {precision} and not hedge.search(before):
            yield wrong(
                reading,
                "C2",
                kind,
                mention.start,
                mention.end,
                message=f"The record says “{word}”.",
                suggestion=f"{word} {reading.masked[mention.start : mention.end]}",
            )


def other_lengths(record: RecordView) -> frozenset[Fraction]:
    """Lengths in facts that tell of something else than how long it lasted: "delays of 22 minutes"."""
    return frozenset(
        mention.minutes
        for fact in record.visible
        if fact.kind not in {"window", "duration", "times"}
        for form in fact.forms
        for mention in durations(form)
    )


def loose_lengths(record: RecordView) -> frozenset[Fraction]:
    """Recorded lengths that nobody measured: they may be a quarter out (F3)."""
    return frozenset(
        mention.minutes
        for fact in record.known("duration")
        if fact.precision not in {"exact", "minute"} or any(window.about for window in record.windows)
        for form in fact.forms
        for mention in durations(form)
    )


def _say_length(record: RecordView) -> str:
    stated = record.known("duration")
    return f"The record has: {stated[0].value}." if stated else ""


_COUNTS_PEOPLE: Final = re.compile(
    rf"\b(?:{PEOPLE}|requests?|messages?|orders?|e-?mails?|transactions?|payments?|sessions?|regions?|servers?"
    rf"|outages?|incidents?"
    rf"|times)\b"
)
_LIST_NUMBER: Final = re.compile(r"(?:^|\n)\s*$")


def _counts(reading: Reading, kind: Kind, record: RecordView) -> Iterator[Finding]:
    text = reading.masked
    known = record.all_numbers()
    count_precision = {fact.precision for fact in record.known("count")}
    comparative = any(fact.precision == "comparative" for fact in record.known("scale", "count")) and not any(
        fact.precision != "comparative" for fact in record.known("scale", "count")
    )
    for mention in numbers(text):
        if not is_claim(text, mention):
            continue
        before = text[max(0, mention.start - 24) : mention.start]
        if mention.value not in known:
            rule = "C2" if comparative else "C1"
            message = (
                "The record compares, and gives no number." if comparative else "This number is not in the record."
            )
            yield wrong(reading, rule, kind, mention.start, mention.end, message=message)
        elif any(mention.value == number.value for fact in record.known("count") for number in numbers(fact.value)):
            yield from _unhedged(reading, kind, mention, count_precision, before)


def is_claim(text: str, mention: NumberMention) -> bool:
    """Whether a number says how many: not one of a list, a version or a name."""
    words = text[mention.start : mention.end]
    before = text[max(0, mention.start - 16) : mention.start]
    if mention.unit == "%":
        return True
    if words[0].isdigit():
        if re.match(r"[.)] ", text[mention.end : mention.end + 2]) and _LIST_NUMBER.search(before):
            return False
        if re.search(r"(?:[+(]|\d[ ()-])$", before) or re.match(r"[ ()-]\d", text[mention.end : mention.end + 2]):
            return False
        if words == "24" and text[mention.end : mention.end + 2] == "/7":
            return False
        return not (re.fullmatch(r"(?:19|20)\d\d", words) and not _COUNTS_PEOPLE.search(mention.unit))
    return mention.value >= 2 and _COUNTS_PEOPLE.search(mention.unit.split(" ")[0]) is not None


def read_amounts(reading: Reading, kind: Kind, record: RecordView) -> Iterator[Finding]:
    """Findings of C1 and C2 on dates, clock times, lengths and numbers."""
    yield from _days(reading, kind, record)
    yield from _times(reading, kind, record)
    yield from _lengths(reading, kind, record)
    yield from _counts(reading, kind, record)
