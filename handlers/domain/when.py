"""Durations, dates and times as people type them, and as the record keeps them.

Instants come back as aware datetimes in UTC, durations as timedeltas. A clock time without a zone is in the house zone
that the caller hands in. Nothing is guessed in silence: an abbreviation with two meanings, an hour that the clocks
skipped and an hour that came twice are refused with a sentence that says what to type instead.

Zone rules come from the IANA database (https://www.iana.org/time-zones) by way of `zoneinfo`.
"""

import difflib
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from typing import Literal
from zoneinfo import ZoneInfo, available_timezones

from babel.core import Locale, get_global

from handlers.domain.errors import Refused

Part = Literal["morning", "afternoon", "evening"]
PARTS: tuple[Part, ...] = ("morning", "afternoon", "evening")
Toward = Literal["past", "future"]
"""Which reading of `14:02`, `15 Sep` or `Friday` is meant: the latest that has been, or the next to come."""

MINUTE = timedelta(minutes=1)
LONGEST = timedelta(days=3660)
"""Ten years: longer is a slip of the finger."""
FIRST_YEAR, LAST_YEAR = 1990, 2100
"""Dates outside are slips of the finger too; inside, no arithmetic can overflow."""
FURTHEST_OFFSET = 14 * 60
"""Minutes; UTC+14 (Kiritimati) is the furthest zone there is."""


class Unreadable(Refused):
    """What was typed is no such time; `sentence` says why and what to type instead."""


# --- durations -------------------------------------------------------------------------------------------------------
_SECONDS = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 60),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 3600),
    **dict.fromkeys(("d", "day", "days"), 86400),
    **dict.fromkeys(("w", "wk", "wks", "week", "weeks"), 7 * 86400),
}
_NUMBERS = {
    "a": "1", "an": "1", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7",
    "eight": "8", "nine": "9", "ten": "10", "twelve": "12", "fifteen": "15", "twenty": "20", "thirty": "30",
    "forty": "40", "forty-five": "45", "sixty": "60", "ninety": "90",
}  # fmt: skip
_SPOKEN = {
    "half an hour": 1800,
    "half hour": 1800,
    "a half hour": 1800,
    "quarter of an hour": 900,
    "a quarter of an hour": 900,
    "three quarters of an hour": 2700,
    "an hour and a half": 5400,
    "one and a half hours": 5400,
    "half a day": 43200,
}
_AMOUNT = re.compile(r"(?:(\d{1,6}(?:\.\d{1,3})?)[\s-]?|([a-z]+(?:-five)?)[\s-])([a-z]+)\.?", re.ASCII)
_AND = re.compile(r"\s?(?:(?:,|and\b)\s?)?(?=[\da-z])", re.ASCII)
_HOURS_AND = re.compile(r"(\d{1,3})\s?h\s?(\d{2})", re.ASCII)
_SAY_A_DURATION = "Say how long, like 30m, 2h, 1h 30m or 90 minutes."


def _spaced(text: str) -> str:
    return " ".join(text.casefold().split())


def parse_duration(text: str, *, least: timedelta = MINUTE, most: timedelta = LONGEST) -> timedelta:
    """A length of time: `30m`, `1h 30m`, `90 minutes`, `2h`, `4 h`, `half an hour`, `7d`, `2 weeks`.

    Raises Unreadable for anything else, and for less than `least` or more than `most`.
    """
    words = _spaced(text)
    if words in _SPOKEN:
        seconds = Decimal(_SPOKEN[words])
    elif found := _HOURS_AND.fullmatch(words):
        seconds = Decimal(int(found[1]) * 3600 + int(found[2]) * 60)
    else:
        seconds = _sum_of_amounts(words, text)
    if seconds % 1:
        raise Unreadable(f"“{_short(text)}” is no whole number of seconds. {_SAY_A_DURATION}")
    length = timedelta(seconds=min(int(seconds), 10**10))
    if length < least:
        raise Unreadable(f"“{_short(text)}” is too short: the least is {write_duration(least)}.")
    if length > most:
        raise Unreadable(f"“{_short(text)}” is too long: the most is {write_duration(most)}.")
    return length


def _sum_of_amounts(words: str, typed: str) -> Decimal:
    total, at, units = Decimal(0), 0, set[int]()
    while at < len(words):
        found = _AMOUNT.match(words, at)
        unit = _SECONDS.get(found[3]) if found else None
        number = (found[1] or _NUMBERS.get(found[2], "")) if found else ""
        if found is None or unit is None or not number or unit in units:
            raise Unreadable(f"“{_short(typed)}” is no length of time. {_SAY_A_DURATION}")
        units.add(unit)
        total += Decimal(number) * unit
        at = found.end()
        if gap := _AND.match(words, at):
            at = gap.end()
    if not units:
        raise Unreadable(_SAY_A_DURATION)
    return total


def write_duration(length: timedelta) -> str:
    """The shortest spelling that `parse_duration` reads back: `30m`, `1h 30m`, `7d`. Less than a second is left out."""
    seconds = max(0, int(length.total_seconds()))
    parts = []
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count}{unit}")
    return " ".join(parts) or "0m"


def _short(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= 40 else words[:39] + "…"


# --- zones -----------------------------------------------------------------------------------------------------------
_AMBIGUOUS = {
    "CST": ("Chicago (America/Chicago), Shanghai (Asia/Shanghai) and Havana (America/Havana)", "America/Chicago"),
    "IST": ("India (Asia/Kolkata), Israel (Asia/Jerusalem) and Ireland (Europe/Dublin)", "Asia/Kolkata"),
    "AST": ("Halifax (America/Halifax) and Riyadh (Asia/Riyadh)", "America/Halifax"),
    "GST": ("Dubai (Asia/Dubai) and South Georgia (Atlantic/South_Georgia)", "Asia/Dubai"),
    "ECT": ("Ecuador (America/Guayaquil) and the eastern Caribbean (America/Puerto_Rico)", "America/Guayaquil"),
    "SST": ("Samoa (Pacific/Pago_Pago) and Singapore (Asia/Singapore)", "Asia/Singapore"),
    "AMT": ("Manaus (America/Manaus) and Yerevan (Asia/Yerevan)", "America/Manaus"),
    "WST": ("Perth (Australia/Perth) and Samoa (Pacific/Apia)", "Australia/Perth"),
    "PYT": ("Paraguay (America/Asuncion) and Pyongyang (Asia/Pyongyang)", "America/Asuncion"),
}
_SHORT_NAMES: dict[str, tuple[int, str]] = {
    "WET": (0, "Europe/Lisbon"), "WEST": (60, "Europe/Lisbon"), "BST": (60, "Europe/London"),
    "CET": (60, "Europe/Berlin"), "CEST": (120, "Europe/Berlin"), "MEZ": (60, "Europe/Berlin"),
    "MESZ": (120, "Europe/Berlin"), "EET": (120, "Europe/Athens"), "EEST": (180, "Europe/Athens"),
    "MSK": (180, "Europe/Moscow"), "TRT": (180, "Europe/Istanbul"),
    "NST": (-210, "America/St_Johns"), "NDT": (-150, "America/St_Johns"), "ADT": (-180, "America/Halifax"),
    "EST": (-300, "America/New_York"), "EDT": (-240, "America/New_York"), "CDT": (-300, "America/Chicago"),
    "MDT": (-360, "America/Denver"), "PST": (-480, "America/Los_Angeles"), "PDT": (-420, "America/Los_Angeles"),
    "AKST": (-540, "America/Anchorage"), "AKDT": (-480, "America/Anchorage"), "HST": (-600, "Pacific/Honolulu"),
    "BRT": (-180, "America/Sao_Paulo"), "ART": (-180, "America/Argentina/Buenos_Aires"),
    "CLT": (-240, "America/Santiago"), "CLST": (-180, "America/Santiago"),
    "COT": (-300, "America/Bogota"), "PET": (-300, "America/Lima"),
    "SAST": (120, "Africa/Johannesburg"), "CAT": (120, "Africa/Maputo"), "EAT": (180, "Africa/Nairobi"),
    "WAT": (60, "Africa/Lagos"), "PKT": (300, "Asia/Karachi"), "NPT": (345, "Asia/Kathmandu"),
    "ICT": (420, "Asia/Bangkok"), "WIB": (420, "Asia/Jakarta"), "HKT": (480, "Asia/Hong_Kong"),
    "SGT": (480, "Asia/Singapore"), "MYT": (480, "Asia/Kuala_Lumpur"), "PHT": (480, "Asia/Manila"),
    "JST": (540, "Asia/Tokyo"), "KST": (540, "Asia/Seoul"), "AWST": (480, "Australia/Perth"),
    "ACST": (570, "Australia/Adelaide"), "ACDT": (630, "Australia/Adelaide"), "AEST": (600, "Australia/Sydney"),
    "AEDT": (660, "Australia/Sydney"), "NZST": (720, "Pacific/Auckland"), "NZDT": (780, "Pacific/Auckland"),
}  # fmt: skip
_ALL_YEAR = {"MST": (-420, "America/Phoenix"), "EST": (-300, "America/Panama"), "AEST": (600, "Australia/Brisbane")}
"""Names that some place keeps in summer too; EST and AEST are checked against New York and Sydney all the same."""
_GENERIC = {
    "ET": "America/New_York", "CT": "America/Chicago", "MT": "America/Denver", "PT": "America/Los_Angeles",
    "EASTERN": "America/New_York", "CENTRAL": "America/Chicago", "MOUNTAIN": "America/Denver",
    "PACIFIC": "America/Los_Angeles", "UK": "Europe/London", "UK TIME": "Europe/London",
}  # fmt: skip
_UTC_NAMES = {"Z", "UTC", "GMT", "ZULU", "ETC/UTC", "ETC/GMT", "UCT", "UNIVERSAL"}
_OFFSET = re.compile(r"(?:UTC|GMT)?\s?([+\-−])\s?(\d{1,2})(?::?(\d{2}))?", re.ASCII | re.IGNORECASE)
_SAY_A_ZONE = "Use a name like UTC, CET or America/Los_Angeles, or an offset like UTC+2."


@dataclass(frozen=True, slots=True)
class Zone:
    """A zone somebody named. `minutes` is a fixed offset east of UTC, None where the place's own rules decide.

    `key` is the IANA name of the place, empty for a bare offset.
    """

    name: str
    key: str
    minutes: int | None = None

    @property
    def place(self) -> ZoneInfo | None:
        """The place's rules, or None for a bare offset."""
        return ZoneInfo(self.key) if self.key else None

    def utc(self, wall: datetime) -> datetime:
        """The instant at which a clock there showed `wall` (naive). Raises Unreadable for a skipped or double hour."""
        if self.minutes is None:
            return local_to_utc(wall, ZoneInfo(self.key))
        instant = (wall - timedelta(minutes=self.minutes)).replace(tzinfo=UTC)
        if self.key and self.name not in {"UTC", "MST"}:
            there = instant.astimezone(ZoneInfo(self.key))
            if there.utcoffset() != timedelta(minutes=self.minutes):
                raise Unreadable(
                    f"On {write_day(wall.date())} the clocks of {self.key} showed {there.tzname()}, not {self.name}. "
                    f"Say {wall:%H:%M} {there.tzname()}, or {wall:%H:%M} {_offset_name(self.minutes)}."
                )
        return instant


def _offset_name(minutes: int) -> str:
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'-' if minutes < 0 else '+'}{hours:02}:{rest:02}"


@cache
def _places() -> dict[str, str]:
    """Every IANA name and every city, in lower case, to its IANA name."""
    names = {name.casefold(): name for name in available_timezones() if not name.startswith("Etc/")}
    cities: dict[str, str] = {}
    for name in sorted(names.values(), key=lambda n: (n.count("/"), n)):
        if "/" in name and not name.startswith(("US/", "SystemV/")):
            cities.setdefault(name.rsplit("/", 1)[1].replace("_", " ").casefold(), name)
    return cities | names


@cache
def _long_names() -> dict[str, str]:
    """The English names that Babel prints (`central european time`) to the IANA name of a place that uses them."""
    usual = {key for _, key in _SHORT_NAMES.values()} | set(_GENERIC.values())
    names: dict[str, str] = {}
    printed = Locale("en").meta_zones
    for place, metazone in sorted(get_global("meta_zones").items(), key=lambda pair: (pair[0] not in usual, pair[0])):
        for name in dict(printed.get(metazone, {}).get("long", {})).values():
            names.setdefault(str(name).casefold(), str(place))
    return names


def parse_zone(text: str) -> Zone:
    """A zone by IANA name, city, abbreviation, English name or offset.

    Raises Unreadable if it is unknown or has two meanings.
    """
    typed = " ".join(text.strip().strip("()").split())
    upper = typed.upper()
    if upper in _UTC_NAMES:
        return Zone("UTC", "UTC", 0)
    if found := _OFFSET.fullmatch(typed):
        minutes = int(found[2]) * 60 + int(found[3] or 0)
        if minutes > FURTHEST_OFFSET or int(found[3] or 0) > 59:
            raise Unreadable(f"No zone lies {_short(typed)} from UTC. {_SAY_A_ZONE}")
        minutes = minutes if found[1] == "+" else -minutes
        return Zone(_offset_name(minutes) if minutes else "UTC", "" if minutes else "UTC", minutes)
    if upper in _AMBIGUOUS:
        places, example = _AMBIGUOUS[upper]
        raise Unreadable(f"{upper} is used in {places}. Say which, for instance {example}, or give UTC.")
    if upper in _SHORT_NAMES:
        minutes, key = _SHORT_NAMES[upper]
        return Zone(upper, key, minutes)
    if upper in _ALL_YEAR:
        minutes, key = _ALL_YEAR[upper]
        return Zone(upper, key, minutes)
    if upper in _GENERIC:
        return Zone(_GENERIC[upper], _GENERIC[upper])
    small = typed.casefold()
    key = _places().get(small.replace(" ", "_")) or _places().get(small) or _long_names().get(small) or ""
    if key:
        return Zone(key, key)
    near = difflib.get_close_matches(typed.casefold(), _places(), n=1, cutoff=0.75) if len(typed) <= 40 else []
    hint = f"Did you mean {_places()[near[0]]}?" if near else _SAY_A_ZONE
    raise Unreadable(f"I know no time zone “{_short(typed)}”. {hint}")


def local_to_utc(wall: datetime, zone: ZoneInfo) -> datetime:
    """The instant at which clocks in `zone` showed `wall` (naive), in UTC.

    Raises Unreadable where the clocks skipped that time or showed it twice.
    """
    first = wall.replace(tzinfo=zone, fold=0)
    second = wall.replace(tzinfo=zone, fold=1)
    if first.utcoffset() == second.utcoffset():
        return first.astimezone(UTC)
    shown, day = f"{wall:%H:%M}", write_day(wall.date())
    if first.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != wall:
        later = first.astimezone(UTC).astimezone(zone)
        raise Unreadable(
            f"{shown} on {day} did not exist in {zone.key}: the clocks went forward. "
            f"Say {later:%H:%M}, or give the time in UTC."
        )
    names = f"{shown} {_written_offset(first)} or {shown} {_written_offset(second)}"
    raise Unreadable(f"{shown} on {day} came twice in {zone.key}: the clocks went back. Say {names}.")


def _written_offset(moment: datetime) -> str:
    name = moment.tzname() or ""
    if name in _SHORT_NAMES:
        return name
    offset = moment.utcoffset() or timedelta(0)
    return _offset_name(int(offset.total_seconds() // 60))


# --- scanning dates and clocks ---------------------------------------------------------------------------------------
_MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
           "december")  # fmt: skip
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTH = (
    r"(?P<{0}>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)(?:uary|ruary|ch|il|e|y|ust|t|tember|ober|ember)?\b\.?"
)
_WEEKDAY = (
    r"(?P<weekday>mon|tue|tues|wed|thu|thur|thurs|fri|sat|sun|monday|tuesday|wednesday|thursday|friday|saturday|sunday)"
)
_ISO_DATE = re.compile(r"(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})(?!\d)", re.ASCII)
_NAMED_DATE = re.compile(
    rf"(?:{_WEEKDAY}\b\.?,?\s+)?(?:the\s+)?(?:"
    rf"(?P<d1>\d{{1,2}})(?:st|nd|rd|th)?(?:\s+of)?[\s-]?{_MONTH.format('m1')}"
    rf"|{_MONTH.format('m2')}\s?(?P<d2>\d{{1,2}})(?:st|nd|rd|th)?(?![\d:])"
    r")(?:,?[\s-]?(?P<y>\d{4})(?![\d:]))?",
    re.ASCII | re.IGNORECASE,
)
_WEEKDAY_ONLY = re.compile(rf"(?P<next>next\s+|this\s+|last\s+)?{_WEEKDAY}\b\.?", re.IGNORECASE)
_NEAR = re.compile(r"(today|tonight|tomorrow|yesterday)\b", re.IGNORECASE)
_IN_DAYS = re.compile(
    r"in\s+(?P<n>\d{1,4}|a|an|one|two|three|four|five|six|seven|ten)\s?(?P<unit>d|days?|w|wks?|weeks?|months?)\b",
    re.ASCII | re.IGNORECASE,
)
_SLASHED = re.compile(r"\d{1,2}[/.]\d{1,2}[/.]\d{2,4}\b", re.ASCII)
_CLOCK = re.compile(
    r"(?:at\s+)?(?:(?P<h>\d{1,2}):(?P<m>\d{2})(?::(?P<s>\d{2})(?:\.\d{1,6})?)?(?:\s?(?P<half>[ap])\.?m\b\.?)?"
    r"|(?P<h2>\d{1,2})\s?(?P<half2>[ap])\.?m\b\.?|(?P<h3>\d{1,2})h(?P<m3>\d{2})\b|(?P<noon>noon)\b)(?![\d:])",
    re.ASCII | re.IGNORECASE,
)
_PART = re.compile(r"(?:in\s+the\s+)?(?P<part>morning|afternoon|evening)\b(?:\s+(?:of|on))?", re.IGNORECASE)
_GAP = re.compile(r"[\s,]*(?:\b(?:at|on|from|between)\b[\s,]*)?", re.IGNORECASE)
_ISO_GLUE = re.compile(r"T(?=\d\d)", re.IGNORECASE)
_SAY_A_DATE = "Write a date like 2010-09-15 or 15 September 2010."
_SAY_A_TIME = "Write it like 2010-09-07 14:02 CEST or 2010-09-07T17:00-07:00."


def write_day(day: date) -> str:
    """A day in words: `Tuesday 7 September 2010`."""
    return f"{_DAYS[day.weekday()].capitalize()} {day.day} {_MONTHS[day.month - 1].capitalize()} {day.year}"


def _day(year: int, month: int, day: int) -> date:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise Unreadable(f"The year {year} cannot be meant: use {FIRST_YEAR} to {LAST_YEAR}.")
    if not 1 <= month <= 12:
        raise Unreadable(f"There is no month {month}. {_SAY_A_DATE}")
    try:
        return date(year, month, day)
    except ValueError:
        raise Unreadable(f"{_MONTHS[month - 1].capitalize()} {year} has no day {day}. {_SAY_A_DATE}") from None


def _scan_date(text: str, today: date, toward: Toward) -> tuple[date | None, str]:
    """The date at the start of `text`, and what is left. `today` is the day where the speaker is."""
    if found := _ISO_DATE.match(text):
        return _day(int(found["y"]), int(found["m"]), int(found["d"])), text[found.end() :]
    if found := _NAMED_DATE.match(text):
        return _named_date(found, today, toward), text[found.end() :]
    if found := _NEAR.match(text):
        shift = {"yesterday": -1, "tomorrow": 1}.get(found[1].casefold(), 0)
        return today + timedelta(days=shift), text[found.end() :]
    if found := _WEEKDAY_ONLY.match(text):
        wanted = [d[:3] for d in _DAYS].index(found["weekday"][:3].casefold())
        before = (found["next"] or "").strip().casefold()
        if toward == "future" and before != "last":
            ahead = (wanted - today.weekday()) % 7 or (0 if before == "this" else 7)
            return today + timedelta(days=ahead), text[found.end() :]
        if before == "next":
            return today + timedelta(days=(wanted - today.weekday()) % 7 or 7), text[found.end() :]
        back = (today.weekday() - wanted) % 7 or (7 if before == "last" else 0)
        return today - timedelta(days=back), text[found.end() :]
    if found := _IN_DAYS.match(text):
        return _in_days(found, today), text[found.end() :]
    if found := _SLASHED.match(text):
        raise Unreadable(f"“{found[0]}” can be read in two ways. {_SAY_A_DATE}")
    return None, text


def _named_date(found: re.Match[str], today: date, toward: Toward) -> date:
    month = [m[:3] for m in _MONTHS].index((found["m1"] or found["m2"])[:3].casefold()) + 1
    number = int(found["d1"] or found["d2"])
    if found["y"]:
        day = _day(int(found["y"]), month, number)
    else:
        leap = month == 2 and number == 29
        years = [today.year + n for n in range(9)] if toward == "future" else [today.year - n for n in range(9)]
        days = [_day(y, month, number) for y in years if not leap or (y % 4 == 0 and (y % 100 or y % 400 == 0))]
        day = next(d for d in days if (d >= today if toward == "future" else d <= today))
    said = found["weekday"]
    if said and _DAYS[day.weekday()][:3] != said[:3].casefold():
        real = write_day(day)
        raise Unreadable(
            f"{real.split(' ', 1)[1]} is a {real.split(' ', 1)[0]}, not a {said.capitalize()}. Which is meant?"
        )
    return day


def _in_days(found: re.Match[str], today: date) -> date:
    number = found["n"].casefold()
    count = int(_NUMBERS.get(number, number))
    unit = found["unit"].casefold()
    if unit.startswith("month"):
        months = today.year * 12 + today.month - 1 + count
        for back in range(4):
            try:
                return _day(months // 12, months % 12 + 1, today.day - back)
            except Unreadable:
                if back == 3:
                    raise
    days = count * 7 if unit.startswith("w") else count
    if days > LONGEST.days:
        raise Unreadable(f"“{_short(found[0])}” is too far away.")
    return today + timedelta(days=days)


def _scan_clock(text: str) -> tuple[time | None, str]:
    found = _CLOCK.match(text)
    if not found:
        return None, text
    if found["noon"]:
        return time(12), text[found.end() :]
    hour, minute = int(found["h"] or found["h2"] or found["h3"]), int(found["m"] or found["m3"] or 0)
    second, half = int(found["s"] or 0), (found["half"] or found["half2"] or "").casefold()
    if half and not 1 <= hour <= 12:
        raise Unreadable(f"“{found[0].strip()}” is no time of day. Say {hour}:{minute:02}, or a time like 2:15 pm.")
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    if hour > 23 or minute > 59 or second > 59:
        raise Unreadable(f"“{found[0].strip()}” is no time of day: clocks run from 00:00 to 23:59.")
    return time(hour, minute, second), text[found.end() :]


def _skip(text: str) -> str:
    found = _GAP.match(text)
    return text[found.end() :] if found else text


@dataclass(frozen=True, slots=True)
class _Stamp:
    """A date, a clock time and a zone, each as far as it was said."""

    day: date | None = None
    clock: time | None = None
    zone: Zone | None = None
    part: Part | None = None


_RANGE = re.compile(
    r"\s*(?:[-–—]+|/|\b(?:to|until|till|and)\b)\s*"
    r"(?=$|\d|noon|today|yesterday|tomorrow|mon|tue|wed|thu|fri|sat|sun"
    r"|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)",
    re.IGNORECASE,
)
_TIGHT_OFFSET = re.compile(r"\s?(?:Z\b|[+−-]\d{2}:?\d{2}\b)", re.IGNORECASE | re.ASCII)


def _scan_stamp(text: str, today: date, toward: Toward) -> tuple[_Stamp, str]:
    """`[date] [clock] [zone]` in either order of date and clock, up to a range's dash or the end."""
    day, rest = _scan_date(_skip(text), today, toward)
    glued = _ISO_GLUE.match(rest) if day else None
    clock, rest = _scan_clock(rest[glued.end() :] if glued else _skip(rest))
    part: Part | None = None
    if clock is None and (found := _PART.match(rest)):
        part = next(p for p in PARTS if p == found["part"].casefold())
        rest = rest[found.end() :]
    zone: Zone | None = None
    tight = _TIGHT_OFFSET.match(rest) if clock and (glued or rest[:1] in "+Zz" or rest[:2] in {" +", " -"}) else None
    if tight and rest[:2] == " -" and rest[2:3] == " ":
        tight = None
    if tight:
        zone, rest = parse_zone(tight[0]), rest[tight.end() :]
    elif rest.strip():
        said, rest = _until_range(rest)
        if said and day is None:
            day, after = _scan_date(_skip(said), today, toward)
            said = after.strip(" ,") if day else said
        if said and day is not None and clock is None and part is None and (found := _PART.match(said)):
            part = next(p for p in PARTS if p == found["part"].casefold())
            said = said[found.end() :].strip(" ,")
        if said and (clock or part):
            zone = parse_zone(said)
        elif said:
            rest = f"{said}{rest}"
    return _Stamp(day, clock, zone, part), rest


def _until_range(text: str) -> tuple[str, str]:
    found = _RANGE.search(text)
    # a zone such as UTC-07:00 holds a dash too: a dash right after a letter belongs to the zone
    while found and found.start() and re.match(r"[+−-]\d", found[0] + text[found.end() : found.end() + 1]):
        if not re.search(r"(?:UTC|GMT)$", text[: found.start()], re.IGNORECASE):
            break
        found = _RANGE.search(text, found.end())
    return (text[: found.start()].strip(" ,"), text[found.start() :]) if found else (text.strip(" ,"), "")


def _today(now: datetime, zone: ZoneInfo) -> date:
    return now.astimezone(zone).date()


def _instant(day: date, clock: time, zone: Zone | None, house: ZoneInfo) -> datetime:
    wall = datetime.combine(day, clock)
    return zone.utc(wall) if zone else local_to_utc(wall, house)


def _where(zone: Zone | None, house: ZoneInfo, now: datetime) -> date:
    """The day it is now in the zone that was said, or in the house."""
    if zone is None:
        return _today(now, house)
    if zone.minutes is not None:
        return (now.astimezone(UTC) + timedelta(minutes=zone.minutes)).date()
    return _today(now, ZoneInfo(zone.key))


def _has_been(clock: time, zone: Zone | None, house: ZoneInfo, now: datetime) -> bool:
    """Whether clocks there surely showed this time today already: also if today's hours were shifted by two."""
    if zone is not None and zone.minutes is not None:
        there = now.astimezone(UTC) + timedelta(minutes=zone.minutes)
    else:
        there = now.astimezone(ZoneInfo(zone.key) if zone else house)
    return datetime.combine(there.date(), clock) + timedelta(hours=2) <= there.replace(tzinfo=None)


# --- moments and due dates -------------------------------------------------------------------------------------------
_AGO = re.compile(r"(?P<long>.{1,40}?)\s+ago", re.IGNORECASE)
_AHEAD = re.compile(r"in\s+(?P<long>.{1,40})", re.IGNORECASE)


def parse_moment(text: str, now: datetime, zone: ZoneInfo, *, toward: Toward = "past") -> datetime:
    """An instant, in UTC: `2010-09-08T17:00-07:00`, `2010-09-07 14:02 CET`, `14:02`, `yesterday 17:00`, `2h ago`.

    A bare clock time is the latest that is not in the future; with `toward="future"` (a time to act at) the next one.
    Clock times without a zone are in `zone`, the house's. Raises Unreadable.
    """
    words = text.strip()
    if words.casefold() == "now":
        return now
    if found := _AGO.fullmatch(words):
        return now - parse_duration(found["long"])
    if found := _AHEAD.fullmatch(words):
        try:
            return now + parse_duration(found["long"])
        except Unreadable:
            pass  # `in 3 days at 9:00` is a date and a clock
    today = _today(now, zone)
    stamp, rest = _scan_stamp(words, today, toward)
    if rest.strip():
        raise Unreadable(f"“{_short(text)}” is no single time. {_SAY_A_TIME}")
    if stamp.clock is None:
        hint = "Say the clock time too. " if stamp.day else ""
        raise Unreadable(f"“{_short(text)}” is no time I can read. {hint}{_SAY_A_TIME}")
    if stamp.day is not None:
        return _instant(stamp.day, stamp.clock, stamp.zone, zone)
    day = _where(stamp.zone, zone, now)
    if toward == "future" and _has_been(stamp.clock, stamp.zone, zone, now):
        day += timedelta(days=1)  # whether today had such a time, by that name, is no matter
    moment = _instant(day, stamp.clock, stamp.zone, zone)
    if toward == "past" and moment > now:
        return _instant(day - timedelta(days=1), stamp.clock, stamp.zone, zone)
    if toward == "future" and moment <= now:
        return _instant(day + timedelta(days=1), stamp.clock, stamp.zone, zone)
    return moment


@dataclass(frozen=True, slots=True)
class Due:
    """By when: a day, and the instant (UTC) if a clock time was said. A day alone ends at midnight UTC."""

    day: date
    at: datetime | None = None

    @property
    def written(self) -> str:
        """The canonical spelling, which `parse_due` reads back: `2010-09-15` or `2010-09-15T17:00Z`."""
        return f"{self.at:%Y-%m-%dT%H:%M}Z" if self.at else self.day.isoformat()


def parse_due(text: str, now: datetime, zone: ZoneInfo) -> Due:
    """A date to come, with or without a clock time: `2010-09-15`, `15 Sep`, `Friday`, `tomorrow`, `in 3 days`, `4h`.

    A weekday is the next one; a date without a year the next one. A date that has passed is read as it stands: whether
    it may have passed is the caller's rule. Raises Unreadable.
    """
    words = text.strip()
    if words.casefold().startswith(("by ", "before ", "on ")):
        words = words.split(None, 1)[1]
    stamp, rest = _scan_stamp(words, _today(now, zone), "future")
    if stamp.day and stamp.clock is None and stamp.part is None and not rest.strip():
        return Due(stamp.day)
    if stamp.clock and not rest.strip():
        at = parse_moment(words, now, zone, toward="future")
        return Due(at.astimezone(UTC).date(), at)
    try:
        at = now + parse_duration(words.removeprefix("in ").removeprefix("In "))
    except Unreadable:
        raise Unreadable(f"“{_short(text)}” is no date I can read. {_SAY_A_DATE}") from None
    return Due(at.astimezone(UTC).date(), at.replace(second=0, microsecond=0))


def looks_like_date(text: str) -> bool:
    """Whether somebody surely meant a date here, even one that does not exist (`2010-02-30`, `31 Feb`)."""
    return bool(_ISO_DATE.match(text) or _NAMED_DATE.match(text) or _SLASHED.match(text))


# --- windows ---------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Window:
    """When customers were hit: instants in UTC, or a day, perhaps with its part.

    `zone` is the zone that was said (an IANA name, an abbreviation or an offset), None where none was said: clock times
    were then read in the house's zone, and a day or a part of day is still without one.
    """

    start: datetime | None = None
    end: datetime | None = None
    day: date | None = None
    part: Part | None = None
    zone: str | None = None


_SAY_A_WINDOW = (
    "Write a day (2010-09-07), a day and times (2010-09-07 14:02–15:10 CEST), or two ISO times with / between."
)
_NEEDS_CLOCK = {"exact", "minute", "hour"}


def parse_window(text: str, now: datetime, zone: ZoneInfo, precision: str = "") -> Window:
    """A stretch of time that has been: `DATE`, `ISO/ISO`, `DATE HH:MM–HH:MM ZONE`, or a bare `HH:MM–HH:MM ZONE`.

    A lone start leaves the end open. `precision` morning, afternoon or evening makes a day that part of it. Raises
    Unreadable, also for a window in the future, since no end time to come may be told as a fact.
    """
    words = re.sub(r"^\s*(?:from|between|since)\s+", "", text.strip(), flags=re.IGNORECASE)
    today = _today(now, zone)
    first, rest = _scan_stamp(words, today, "past")
    separator = _RANGE.match(rest)
    second = _Stamp()
    if separator:
        second, rest = _scan_stamp(rest[separator.end() :], today, "past")
    if rest.strip() or (first.day is None and first.clock is None):
        raise Unreadable(f"“{_short(text)}” is no time window I can read. {_SAY_A_WINDOW}")
    if first.clock is None:
        if second != _Stamp():
            raise Unreadable(f"One window is one day, or has clock times. Record each day by itself. {_SAY_A_WINDOW}")
        return _day_window(first, text, now, precision)
    return _clock_window(first, second, now, zone)


def _day_window(stamp: _Stamp, text: str, now: datetime, precision: str) -> Window:
    if precision in _NEEDS_CLOCK:
        raise Unreadable(f"Precision {precision} needs clock times, and “{_short(text)}” has none. {_SAY_A_WINDOW}")
    day = stamp.day
    if day is None or day > (now.astimezone(UTC) + timedelta(minutes=FURTHEST_OFFSET)).date():
        raise Unreadable(f"“{_short(text)}” is in the future. A window is a time that has been.")
    part = stamp.part or next((p for p in PARTS if p == precision), None)
    return Window(day=day, part=part, zone=stamp.zone.name if stamp.zone else None)


def _clock_window(first: _Stamp, second: _Stamp, now: datetime, house: ZoneInfo) -> Window:
    if first.clock is None or (second.day and second.clock is None):
        raise Unreadable(f"Both ends of a window need a clock time. {_SAY_A_WINDOW}")
    said = first.zone or second.zone
    name = said.name if said else None
    start_zone, end_zone = first.zone or said, second.zone or said
    day = first.day or second.day or _where(start_zone, house, now)

    def on(day: date) -> tuple[datetime, datetime | None]:
        start = _instant(day, first.clock or time(), start_zone, house)
        if second.clock is None:
            return start, None
        end = _instant(second.day or day, second.clock, end_zone, house)
        if end <= start and second.day is None:
            end = _instant(day + timedelta(days=1), second.clock, end_zone, house)  # it ran past midnight
        return start, end

    start, end = on(day)
    if first.day is None and second.day is None and (end or start) > now:
        start, end = on(day - timedelta(days=1))
    if end and end <= start:
        raise Unreadable("This window ends before it begins. Give the earlier time first.")
    if (end or start) > now:
        raise Unreadable(
            "This window reaches into the future. Record the end when it has come; a start alone is enough."
        )
    return Window(start=start, end=end, zone=name)
