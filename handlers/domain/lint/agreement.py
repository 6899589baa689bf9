"""Do text and record agree: C1 to C7, and the look-ups W22 to W25.

Every date, time, number, duration, service, region and place of a text is looked up in the record; nothing may be
finer than its fact, nothing internal, nothing of another customer.
"""

from __future__ import annotations

import itertools
import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from fractions import Fraction
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale

from handlers.domain.compose.moments import zone_of
from handlers.domain.lint.presence import (
    CHAT,
    FULL,
    SPOKEN,
    claims,
    day_words,
    find_name,
    folded,
    folded_text,
    is_denied,
    may_name,
    name_words,
    read_presence,
    shares_words,
    untold_days,
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
    zone_at,
)
from handlers.domain.lint.record import RecordView
from handlers.domain.lint.report import Finding, Kind, Report, in_reading_order
from handlers.domain.lint.rules import PEOPLE
from handlers.domain.lint.text import Reading, read

MOST_ABBREVIATIONS: Final = 3
VARIANT_WORDS: Final[Mapping[str, int]] = {"full": 350, "chat": 130, "talking-points": 150, "holding": 80}
"""Words a variant may have (§2); talking points fill 60 seconds at 150 words a minute."""
TALKING_LINES: Final = 8
FAQ_ITEMS: Final = 8
REQUIRED: Final[Mapping[str, frozenset[str]]] = {
    "full": FULL,
    "chat": CHAT,
    "talking-points": SPOKEN,
    "faq": frozenset(),
}
"""The presence rules each variant of an apology owes."""


def read_agreement(reading: Reading, kind: Kind, record: RecordView) -> list[Finding]:
    """Findings of C1 to C5, C7 and W22 to W25."""
    found: list[Finding] = []
    for check in (
        _days,
        _times,
        _lengths,
        _counts,
        _services,
        _places,
        _scope,
        _one_start,
        _arithmetic,
        _order,
        _hidden,
        _too_strong,
        _people,
        _abbreviations,
        _tone,
    ):
        found.extend(check(reading, kind, record))
    return found


def read_leaks(reading: Reading, kind: Kind, record: RecordView) -> list[Finding]:
    """What must not leave the house: internal facts and names, other customers, people (C7, W18, W23)."""
    return [*_hidden(reading, kind, record), *_people(reading, kind, record)]


# --- C1 and C2: dates, times, durations, numbers ---------------------------------------------------


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


def _clock_zone(name: str, record: RecordView) -> tzinfo | None:
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
_ALLOWANCE: Final = re.compile(r"\bwithin (?:the next )?$", re.IGNORECASE)


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
    elsewhere = _other_lengths(record)
    for mention in durations(text):
        before = text[max(0, mention.start - 20) : mention.start]
        after = text[mention.end : mention.end + 24]
        if _ALLOWANCE.search(before) or re.match(
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
        elif hedged == {"about"} and not (mention.about or _HEDGED.search(before)):
            yield wrong(
                reading,
                "C2",
                kind,
                mention.start,
                mention.end,
                message="The record says “about”.",
                suggestion=f"about {text[mention.start : mention.end]}",
            )
        elif hedged == {"at-least"} and not _AT_LEAST.search(before):
            yield wrong(
                reading,
                "C2",
                kind,
                mention.start,
                mention.end,
                message="The record says “at least”.",
                suggestion=f"at least {text[mention.start : mention.end]}",
            )


def _other_lengths(record: RecordView) -> frozenset[Fraction]:
    """Lengths in facts that tell of something else than how long it lasted: "delays of 22 minutes"."""
    return frozenset(
        mention.minutes
        for fact in record.visible
        if fact.kind not in {"window", "duration", "times"}
        for form in fact.forms
        for mention in durations(form)
    )


def _loose_lengths(record: RecordView) -> frozenset[Fraction]:
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
        if not _is_claim(text, mention):
            continue
        before = text[max(0, mention.start - 24) : mention.start]
        if mention.value not in known:
            rule = "C2" if comparative else "C1"
            message = (
                "The record compares, and gives no number." if comparative else "This number is not in the record."
            )
            yield wrong(reading, rule, kind, mention.start, mention.end, message=message)
        elif any(mention.value == number.value for fact in record.known("count") for number in numbers(fact.value)):
            if count_precision == {"about"} and not _HEDGED.search(before):
                yield wrong(
                    reading,
                    "C2",
                    kind,
                    mention.start,
                    mention.end,
                    message="The record says “about”.",
                    suggestion=f"about {text[mention.start : mention.end]}",
                )
            elif count_precision == {"at-least"} and not _AT_LEAST.search(before):
                yield wrong(
                    reading,
                    "C2",
                    kind,
                    mention.start,
                    mention.end,
                    message="The record says “at least”.",
                    suggestion=f"at least {text[mention.start : mention.end]}",
                )


def _is_claim(text: str, mention: NumberMention) -> bool:
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


# --- C1: services, regions, places, scope ----------------------------------------------------------

_SPARED: Final = re.compile(
    r"\b(?:no|not|none|other|unaffected|except|apart from|without|neither|nor|only)\b|n't\b|\b(?:did|does|was"
    r"|were) not\b|\b(?:normal|available|unaffected|untouched)\b",
    re.IGNORECASE,
)


def _services(reading: Reading, kind: Kind, record: RecordView) -> Iterator[Finding]:
    said = record.said
    for service in record.other_services:
        match = find_name(service, reading.text)
        if match is None or any(find_name(service, own) for own in record.services) or service.lower() in said:
            continue
        if _covered_by_own(reading.text, match, record):
            continue
        sentence = reading.sentence_at(match.start())
        if _SPARED.search(sentence.text) and record.known("exclusion"):
            continue
        yield wrong(
            reading,
            "C1",
            kind,
            match.start(),
            match.end(),
            message="The record does not name this service as affected.",
        )


def _covered_by_own(text: str, match: re.Match[str], record: RecordView) -> bool:
    """Whether the name stands inside a longer name that was hit."""
    return any(
        (own := find_name(service, text)) and own.start() <= match.start() and match.end() <= own.end()
        for service in (*record.services, *record.regions)
    )


_CITIES: Final = (
    "Amsterdam Ashburn Athens Atlanta Auckland Bangalore Bangkok Barcelona Beijing Berlin Boston Brussels Bucharest "  # noqa: SIM905 - a list of words reads best as words
    "Budapest "
    "Cairo Chennai Chicago Copenhagen Dallas Delhi Denver Dubai Dublin Edinburgh Frankfurt Geneva Hamburg Helsinki "
    "Houston "
    "Hyderabad Istanbul Jakarta Johannesburg Lagos Lisbon London Madrid Manchester Manila Marseille Melbourne Miami "
    "Milan "
    "Montreal Moscow Mumbai Munich Nairobi Osaka Oslo Paris Phoenix Prague Rome Seattle Seoul Shanghai Stockholm "
    "Sydney "
    "Taipei Tokyo Toronto Vancouver Vienna Warsaw Zurich".split(),
    ("Buenos Aires", "Cape Town", "Los Angeles", "Mexico City", "New York", "San Francisco", "Tel Aviv"),
)
"""Where data centres are, and where people say an outage was."""


@lru_cache(maxsize=1)
def _place_names() -> Mapping[str, str]:
    """Continents, countries and parts of the world in English, by their first word in lower case."""
    territories = {str(name) for name in Locale.parse("en").territories.values()}
    more = {
        "USA",
        "U.S.",
        "United States of America",
        "UK",
        "U.K.",
        "Britain",
        "Great Britain",
        "England",
        "Scotland",
        "Wales",
        "America",
        "Latin America",
        "Middle East",
        "Far East",
        "EMEA",
        "APAC",
        "LATAM",
        "Asia Pacific",
        "Scandinavia",
        "Benelux",
        "Nordics",
        "East Coast",
        "West Coast",
        "California",
        "Texas",
        "Virginia",
        "Oregon",
        "Ohio",
        *(city for some in _CITIES for city in some),
        "EU",
        "European Union",
        "US",
    }
    return {
        name.replace("\u2019", "'").replace("&", "and"): name
        for name in territories | more
        if name
        not in {
            "World",
            "Jersey",
            "Chad",
            "Jordan",
            "Georgia",
            "Turkey",
            "Outlying Oceania",
            "Sark",
            "Pseudo-Bidi",
            "Pseudo-Accents",
        }
    }


@lru_cache(maxsize=1)
def _place_pattern() -> re.Pattern[str]:
    return re.compile(
        r"(?<![\w/])(?:"
        + "|".join(re.escape(name) for name in sorted(_place_names(), key=len, reverse=True))
        + r")(?:n|an|ean)?(?![\w/])"
    )


_ADJECTIVES: Final[Mapping[str, str]] = {
    "European": "Europe",
    "American": "America",
    "Asian": "Asia",
    "African": "Africa",
    "British": "Britain",
    "German": "Germany",
    "French": "France",
    "Japanese": "Japan",
    "Chinese": "China",
    "Indian": "India",
    "Canadian": "Canada",
    "Australian": "Australia",
    "North American": "North America",
    "South American": "South America",
}


_CLOCK_BEFORE: Final = re.compile(r"(?:\d[:.h]\d\d|[ap]\.?m\.?|noon|midnight|o'clock),? (?:\(|in )?$", re.IGNORECASE)
"""A clock time before a city: the city is a zone."""


def places(text: str) -> Iterator[tuple[int, int, str]]:
    """Names of places in a text; not those inside a time zone's name."""
    for match in _place_pattern().finditer(text):
        if re.match(r"(?: (?:Standard|Daylight|Summer))* [Tt]ime\b|/|-[A-Z]", text[match.end() : match.end() + 24]):
            continue
        if _CLOCK_BEFORE.search(text[max(0, match.start() - 16) : match.start()]):
            continue
        yield match.start(), match.end(), match.group()
    for match in re.finditer(
        r"\b(?:North |South |Central )?(?:European|American|Asian|African|British|German|French|Japanese|Chinese"
        r"|Indian|Canadian|Australian)s?\b",
        text,
    ):
        if not re.match(
            r"(?: (?:Standard|Daylight|Summer|Pacific|Eastern|Central|Western))* [Tt]ime\b",
            text[match.end() : match.end() + 36],
        ):
            yield match.start(), match.end(), _ADJECTIVES.get(match.group().rstrip("s"), match.group())


def same_place(name: str, record: RecordView) -> bool:
    """Whether a place is one the record speaks of; "America" alone is not "North America"."""
    known = {word.lower() for word in (*record.regions, *record.linked_regions)}
    return name.lower() in known or any(
        re.search(rf"(?<!\w){re.escape(name.lower())}(?!\w)", part) and name.lower() not in {"america", "asia"}
        for part in (record.said,)
    )


def _places(reading: Reading, kind: Kind, record: RecordView) -> Iterator[Finding]:
    if not record.regions and not record.other_regions:
        return
    seen: set[str] = set()
    own = [
        (match.start(), match.end())
        for name in (*record.regions, *record.linked_regions, *record.services, record.signatory, *record.contact)
        if name
        for match in re.finditer(re.escape(name), reading.text, re.IGNORECASE)
    ]
    found = [
        (match.start(), match.end(), region)
        for region in record.other_regions
        if (match := find_name(region, reading.masked))
    ]
    for start, end, name in [*found, *places(reading.masked)]:
        if any(left <= start and end <= right for left, right in own) or same_place(name, record) or name in seen:
            continue
        sentence = reading.sentence_at(start)
        if (
            _SPARED.search(sentence.text)
            and record.known("exclusion")
            and any(shares_words(form, sentence.text) for fact in record.known("exclusion") for form in fact.forms)
        ):
            continue
        seen.add(name)
        yield wrong(
            reading,
            "C1",
            kind,
            start,
            end,
            message="The record does not name this place.",
            suggestion=f"The record says: {', '.join(record.regions)}." if record.regions else "",
        )


_EVERYONE: Final = re.compile(
    rf"\b(?:all|every|each) (?:of )?(?:our |the |your )?(?:{PEOPLE}|services?|products?|regions?)\b|\b(?:world-?wide"
    rf"|globally|everywhere|around the world|across the globe|the whole world"
    r"|entire (?:customer base|platform|estate|network))\b|\bseries of (?:outages|incidents|failures)\b",
    re.IGNORECASE,
)
_ADDRESSED: Final = re.compile(
    r"\b(?:sorry to|apologi[sz]e to|apology to|thank|tell|told|inform|write to|written to|contact|to|for"
    r"|inform(?:ed)?|call) (?:you and )?$",
    re.IGNORECASE,
)


def _scope(reading: Reading, kind: Kind, record: RecordView) -> Iterator[Finding]:
    for match in _EVERYONE.finditer(reading.masked):
        if _ADDRESSED.search(reading.masked[max(0, match.start() - 24) : match.start()]) or re.match(
            r" (?:served|in|from|who|that|with|using|on)\b", reading.masked[match.end() : match.end() + 8]
        ):
            continue
        if (
            any(
                match.group().lower() in form.lower()
                for fact in record.known("scale", "count", "impact", "exclusion")
                for form in fact.forms
            )
            or match.group().lower() in record.said
        ):
            continue
        sentence = reading.sentence_at(match.start())
        if re.search(
            r"\b(?:not|no|n't|none|never|we will|working|will)\b|n't", sentence.text[: match.start() - sentence.start]
        ):
            continue
        yield wrong(
            reading, "C1", kind, match.start(), match.end(), message="The record does not say that it reached so far."
        )


# --- C3 to C5 --------------------------------------------------------------------------------------

_STARTS: Final = re.compile(
    r"\b(?:from|between|since|(?:began|begun|begins|started|starts?|beginning|starting|start(?:ed)? time"
    r"|failed first|first (?:failed|noticed|saw|seen))(?: (?:was|of|on \w+(?: \w+){0,3}|in \w+))?(?: at| around"
    r"| about|:)?)(?: (?:about|around|approximately))? $",
    re.IGNORECASE,
)


def _utc_minutes(clock: ClockMention, record: RecordView) -> int:
    """A clock time as minutes of the UTC day, as far as its zone is known."""
    zone = _clock_zone(clock.zone or "", record)
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
    elsewhere, loose = _other_lengths(record), _loose_lengths(record)
    for mention in lengths:
        if mention.minutes in elsewhere:
            continue
        sentence = reading.sentence_at(mention.start)
        inside = clock_list[bisect_right(places_of, sentence.start - 1) : bisect_right(places_of, sentence.end)]
        ranges = [(one, two) for one, two in itertools.pairwise(inside) if one.opens_range]
        if len(ranges) != 1 or _ALLOWANCE.search(reading.masked[max(0, mention.start - 20) : mention.start]):
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
        zone = _clock_zone(self.zone or "", record)
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


# --- C7, W22 to W25 --------------------------------------------------------------------------------


def _hidden(reading: Reading, kind: Kind, record: RecordView) -> Iterator[Finding]:
    said = record.said
    for fact in record.hidden:
        for form in fact.forms:
            if not _is_telling(form) or form.lower() in said:
                continue
            match = find_name(form, reading.text)
            if match is None:
                continue
            message = (
                "This fact is internal." if fact.visibility == "internal" else "This fact belongs to another customer."
            )
            yield wrong(reading, "C7", kind, match.start(), match.end(), message=message)
    for name in record.internal_names:
        for match in re.finditer(rf"(?<![\w-]){re.escape(name)}(?![\w]|-\w*[a-z]{{3}})", reading.text, re.IGNORECASE):
            if name.lower() not in said:
                yield wrong(
                    reading,
                    "W18",
                    kind,
                    match.start(),
                    match.end(),
                    message="This is our own name for it; customers know it under another.",
                )
    if not record.customer:
        for match in re.finditer(
            r"\bcredits?\b[^.!?\n]{0,40}?(\d[\d.,]{0,15}\s?(?:%|per ?cent|percent|euros?|dollars?)"
            r"|[$€£]\s?\d[\d.,]{0,15})"
            r"|(\d[\d.,]{0,15}\s?(?:%|per ?cent|percent)|[$€£]\s?\d[\d.,]{0,15})[^.!?\n]{0,30}\bcredits?\b",
            reading.text,
            re.IGNORECASE,
        ):
            yield wrong(
                reading,
                "C7",
                kind,
                match.start(),
                match.end(),
                message="An amount of credit goes only into a text for that customer.",
                suggestion="Say by when we decide on a remedy.",
            )


def _is_telling(form: str) -> bool:
    """Whether an internal fact's words are so much its own that finding them is a leak."""
    form = form.strip()
    return (
        len(form) >= 6
        and (" " in form or any(character.isdigit() for character in form) or form[0].isupper())
        and not re.fullmatch(r"[\d\s.,:TZ+-]+", form)
        and form.lower() != "unknown"
    )


_FULL_OUTAGE: Final = re.compile(
    r"\b(?:outages?|(?:was|were|went|is|are) (?:completely |totally |entirely )?(?:down|offline|unavailable)"
    r"|total(?:ly)? (?:loss|failure|unavailable)|complete (?:loss|failure))\b",
    re.IGNORECASE,
)


def _too_strong(reading: Reading, kind: Kind, record: RecordView) -> Iterator[Finding]:
    """W22: "outage" where the service was degraded, "resolved" where the fault is only contained."""
    covered = record.covered
    impact = " ".join(form for fact in record.known("impact") for form in fact.forms)
    if covered and all(incident.degraded for incident in covered) and not _FULL_OUTAGE.search(impact):
        for match in _FULL_OUTAGE.finditer(reading.masked):
            yield wrong(
                reading,
                "W22",
                kind,
                match.start(),
                match.end(),
                message="The record says degraded, not down.",
                suggestion="degraded",
            )
    states = set(record.states)
    if states and not states & {"fixed", "verified"}:
        for sentence, match in claims(reading, "fixed"):
            if not is_denied(sentence.text, match):
                yield wrong(
                    reading,
                    "W22",
                    kind,
                    sentence.start + match.start(),
                    sentence.start + match.end(),
                    message="The record says contained or not fixed."
                    if "contained" in states
                    else "The record does not say fixed.",
                    suggestion="stable" if "contained" in states else "not yet fixed",
                )


_LEGAL_FORM: Final = re.compile(
    r",? (?:Ltd|Limited|Inc|LLC|LLP|plc|GmbH|AG|SE|SA|S\.A\.|BV|B\.V\.|NV|AB|Oy|Corp|Corporation|Co|Company|Group"
    r"|Holdings?)\b\.?$"
)


@lru_cache(maxsize=50_000)
def _short(customer: str) -> str:
    """A customer's name without its legal form."""
    return _LEGAL_FORM.sub("", customer)


@lru_cache(maxsize=50_000)
def _stem(customer: str) -> str:
    """The first word of a customer's name, without capitals: where it is not in a text, the name is not."""
    return folded(next(iter(name_words(_short(customer))), ""))


def _named(customer: str, text: str) -> re.Match[str] | None:
    """A customer's name, or the name without its legal form where it is written as a name."""
    short = _short(customer)
    if not may_name(short, text):  # the full name holds all its words too
        return None
    found = find_name(customer, text)
    if found is None and short != customer and len(short) > 2:
        found = re.search(rf"(?<!\w){re.escape(short)}(?!\w)", text)
    return found


def _people(reading: Reading, kind: Kind, record: RecordView) -> Iterator[Finding]:
    allowed = (*record.services, *record.regions, record.signatory, *record.contact)
    plain = folded_text(reading.text)
    for customer in record.other_customers:
        if _stem(customer) not in plain:  # thousands of names, and hardly ever one of them
            continue
        match = _named(customer, reading.text)
        if (
            match
            and customer.lower() != record.customer.lower()
            and not any(_named(customer, name) for name in allowed)
        ):
            yield wrong(reading, "W23", kind, match.start(), match.end(), message="This names another customer.")
    for person in record.people:
        if (
            not person.strip()
            or find_name(person, record.signatory)
            or (record.signatory and find_name(record.signatory.split(",")[0], person))
        ):
            continue
        match = find_name(person, reading.text)
        if match and not any(person.lower() in contact.lower() for contact in record.contact):
            yield wrong(
                reading,
                "W23",
                kind,
                match.start(),
                match.end(),
                message="This names a person; only the signatory is named.",
                suggestion="Say the role.",
            )


_ABBREVIATION: Final = re.compile(r"(?<![\w&./-])[A-Z][A-Z0-9]{1,7}s?(?![\w/-]|\.\w)")
_COMMON: Final = frozenset(
    "UTC GMT EU US USA UK UN OK ID IDS PIN PDF FAQ CEO CTO CIO COO CFO TV PC PCS IT AM PM SMS URL HTTP HTTPS ATM "  # noqa: SIM905 - a list of words reads best as words
    "CSV VAT NASA ISO A B C I USB API APIS SLA EST EDT CET CEST PST PDT CST CDT MST MDT BST IST JST AEST AEDT ET PT CT "
    "MT Q1 Q2 Q3 Q4 UPDATE RESOLVED NA".split()
)


_CLOCK_BEFORE: Final = re.compile(r"(?:\d:\d\d|\d ?[ap]\.?m\.?) \(?$", re.IGNORECASE)


def _names_a_zone(text: str, match: re.Match[str]) -> bool:
    """Whether it is the zone of the clock time before it: 23:00 NZDT explains itself."""
    clocked = _CLOCK_BEFORE.search(text[max(0, match.start() - 8) : match.start()])
    return clocked is not None and zone_at(text, match.start()) == match.end()


def _abbreviations(reading: Reading, kind: Kind, record: RecordView) -> Iterator[Finding]:
    own = " ".join(
        (*record.services, *record.regions, *record.other_services, record.signatory, *record.contact, record.customer)
    )
    seen: dict[str, tuple[int, int]] = {}
    for match in _ABBREVIATION.finditer(reading.masked):
        word = match.group().rstrip("s")
        if (
            word in seen
            or word in _COMMON
            or re.search(rf"\b{re.escape(word)}\b", own)
            or word.isdigit()
            or _names_a_zone(reading.masked, match)
            or _is_shouted(reading.masked, match)
        ):
            continue
        seen[word] = match.span()
        if not _explained(reading.text, match):
            yield wrong(
                reading,
                "W24",
                kind,
                *match.span(),
                suggestion=f"Write out what {word} stands for, with {word} in brackets.",
            )
    if len(seen) > MOST_ABBREVIATIONS:
        fourth = list(seen.values())[MOST_ABBREVIATIONS]
        yield wrong(
            reading,
            "W24",
            kind,
            *fourth,
            message=f"This text has {len(seen)} abbreviations; {MOST_ABBREVIATIONS} are enough.",
            suggestion="Use the plain words.",
        )


def _explained(text: str, match: re.Match[str]) -> bool:
    """Whether it reads like "Content Delivery Network (CDN)" or "CDN (content delivery network)"."""
    letters = match.group().rstrip("s")
    before = text[max(0, match.start() - 80) : match.start()]
    after = text[match.end() : match.end() + 80]
    inside = re.match(r" \(([^)]{4,70})\)", after)
    words = (
        re.findall(r"[A-Za-z][\w']*", inside[1])
        if inside
        else re.findall(r"[A-Za-z][\w']*", before)[-len(letters) - 3 :]
        if before.endswith("(")
        else []
    )
    initials = "".join(word[0] for word in words).upper()
    return bool(words) and (letters in initials or letters[0] in initials)


def _is_shouted(text: str, match: re.Match[str]) -> bool:
    return (
        re.search(r"\b[A-Z]{3,} $", text[max(0, match.start() - 16) : match.start()]) is not None
        or re.match(r" [A-Z]{3,}\b", text[match.end() : match.end() + 16]) is not None
    )


_EMOJI: Final = re.compile(
    r"[\U0001F000-\U0001FAFF\u2600-\u27BF\u2B50\u2B55\u231A\u231B\u23E9-\u23F3]"
    r"|(?<!\w):[a-z][a-z0-9_+-]{1,30}:(?!\w)|(?<!\w)[:;]-?[)(DP](?!\w)"
)
_SHOUT: Final = re.compile(
    r"(?<![\w/.-])[A-Z]{3,}(?:[ ,]+[A-Z]{2,}){1,12}(?![\w/-]|\.\w)|(?<![\w/.-])(?:SORRY|VERY|NOT|NEVER|ALWAYS|IMPORTANT"
    r"|URGENT|ALL|FIXED|RESOLVED|PLEASE|NOW|EVERY|ANY|APOLOG\w+|OUTAGE|DOWN|STILL|REALLY|MUST|ATTENTION"
    r"|WARNING)(?![\w/-]|\.\w)"
)


_PLAIN_WORDS: Final = frozenset(
    "A ABOUT ALL ALWAYS AND ANY ARE AT BACK BE BUT CAN DO DOES DOWN EVER EVERY FAIL FAILED FIX FIXED FOR FROM GET HAS "  # noqa: SIM905 - a list of words reads best as words
    "HAVE "
    "HERE HOW I IN IS IT KNOW LATE LOST MUST MY NEVER NEW NO NOT NOW OF ON OPEN OUR OUT READ SAFE SO SORRY STILL STOP "
    "THAT THE "
    "THEY THIS TO TOO UP US USE VERY WAIT WAS WE WERE WHAT WHY WILL WITH WORK YES YOU YOUR".split()
)


def _is_plain_word(word: str) -> bool:
    """Whether a word in capitals is a shouted word and no abbreviation: those are short."""
    return len(word) >= 5 or word in _PLAIN_WORDS


def _tone(reading: Reading, kind: Kind, record: RecordView) -> Iterator[Finding]:
    for match in _EMOJI.finditer(reading.text):
        yield wrong(
            reading,
            "W25",
            kind,
            match.start(),
            match.end(),
            message="An emoji does not suit an apology.",
            suggestion="Leave it out.",
        )
    names = (*record.services, *record.regions, record.signatory, record.customer, *record.other_services)
    own = " ".join(names)
    loud = tuple(name for name in names if name.endswith("!"))
    for match in re.finditer(r"(?<!<)!+(?!\[|=)", reading.masked):
        if reading.masked.endswith(loud, 0, match.end()):
            continue
        yield wrong(
            reading,
            "W25",
            kind,
            match.start(),
            match.end(),
            message="An exclamation mark sounds light or loud.",
            suggestion="Use a full stop.",
        )
    for match in _SHOUT.finditer(reading.masked):
        words = re.findall(r"[A-Z]+", match.group())
        if not all(word in own or word in _COMMON for word in words) and any(map(_is_plain_word, words)):
            yield wrong(
                reading,
                "W25",
                kind,
                match.start(),
                match.end(),
                message="Capitals read as shouting.",
                suggestion=match.group().lower(),
            )


# --- C6 --------------------------------------------------------------------------------------------


def read_variants(texts: Mapping[str, str], record: RecordView, kind: Kind = "apology") -> dict[str, Report]:
    """C6 for each variant: shared facts equal the full text's, §2's limits are kept, and each says what it owes.

    Variants are `full`, `chat`, `talking-points`, `faq`, `holding`. The presence findings a short variant owes appear
    under their own rules (A1, F5 …).
    """
    readings = {name: read(text) for name, text in texts.items()}
    full = readings.get("full")
    reports: dict[str, Report] = {}
    for name, reading in readings.items():
        found: list[Finding] = []
        if full is not None and name != "full":
            found.extend(_unequal(reading, full, kind))
        found.extend(_over_limit(name, reading, kind))
        owed = REQUIRED.get(name)
        if owed and name != "full":
            found.extend(read_presence(reading, kind, record, owed))
        if name == "chat":
            found.extend(
                wrong(reading, "C6", kind, 0, 0, message=f"The chat text does not name {day_words(day)}.")
                for day in untold_days(dates(reading.text), record)
            )
        reports[name] = Report(in_reading_order([finding for finding in found if finding.rule not in record.waived]))
    return reports


def _unequal(reading: Reading, full: Reading, kind: Kind) -> Iterator[Finding]:
    full_days = dates(full.text)
    for mention in dates(reading.text):
        if not any(
            (mention.month, mention.day) == (other.month, other.day)
            and mention.year in {None, other.year, *([mention.year] if other.year is None else [])}
            for other in full_days
        ):
            yield wrong(
                reading, "C6", kind, mention.start, mention.end, message="The full text does not have this day."
            )
    full_times = {clock.minutes for clock in clocks(full.text)}
    for clock in clocks(reading.text):
        if clock.minutes not in full_times:
            yield wrong(reading, "C6", kind, clock.start, clock.end, message="The full text does not have this time.")
    full_lengths = {mention.minutes for mention in durations(full.text)}
    for length in durations(reading.text):
        if length.minutes not in full_lengths:
            yield wrong(
                reading,
                "C6",
                kind,
                length.start,
                length.end,
                message="The full text does not have this length of time.",
            )
    full_numbers = {mention.value for mention in numbers(full.text)}
    for number in numbers(reading.masked):
        if number.value not in full_numbers and _is_claim(reading.masked, number):
            yield wrong(
                reading, "C6", kind, number.start, number.end, message="The full text does not have this number."
            )


def _over_limit(name: str, reading: Reading, kind: Kind) -> Iterator[Finding]:
    words = sum(1 for _ in re.finditer(r"\S*\w\S*", reading.text))
    most = VARIANT_WORDS.get(name)
    if most and words > most + _unspoken(name, reading):
        yield wrong(
            reading,
            "C6",
            kind,
            0,
            0,
            message=f"The {name} text has {words} words; {most} is the most.",
            suggestion="Shorten it.",
        )
    if name == "talking-points" and len(reading.paragraphs) > TALKING_LINES:
        yield wrong(
            reading,
            "C6",
            kind,
            0,
            0,
            message=f"Talking points have {TALKING_LINES} lines at most.",
            suggestion="Shorten them.",
        )
    if name == "faq" and sum(sentence.text.endswith("?") for sentence in reading.sentences) > FAQ_ITEMS:
        yield wrong(
            reading,
            "C6",
            kind,
            0,
            0,
            message=f"A FAQ has {FAQ_ITEMS} questions at most.",
            suggestion="Leave the least asked out.",
        )


def _unspoken(name: str, reading: Reading) -> int:
    """The words of talking points that are not for speaking: what not to say."""
    if name != "talking-points":
        return 0
    return sum(
        paragraph.words for paragraph in reading.paragraphs if re.match(r"(?i)[- ]{0,3}do not say", paragraph.text)
    )
