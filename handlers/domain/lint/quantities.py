"""Dates, clock times with their zones, durations and numbers, as people write them in English.

Each finder takes a normalised text and answers mentions with places, so that wording rules, agreement with the record
and drift all read a quantity the same way: "2-hour" is "two hours".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import lru_cache
from typing import Final

from babel import Locale
from babel.core import get_global

REMEMBERED: Final = 64
"""How many texts' quantities are kept at hand: every rule asks for the same ones."""

MONTHS: Final = {
    name: index
    for index, names in enumerate(
        (
            "jan january",
            "feb february",
            "mar march",
            "apr april",
            "may",
            "jun june",
            "jul july",
            "aug august",
            "sep sept september",
            "oct october",
            "nov november",
            "dec december",
        ),
        start=1,
    )
    for name in names.split()
}
WEEKDAYS: Final = {
    name: index
    for index, names in enumerate(
        (
            "mon monday",
            "tue tues tuesday",
            "wed wednesday",
            "thu thur thurs thursday",
            "fri friday",
            "sat saturday",
            "sun sunday",
        )
    )
    for name in names.split()
}
_UNITS: Final = {
    word: value
    for value, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "  # noqa: SIM905 - a list of words reads best as words
        "seventeen eighteen nineteen".split()
    )
}
_TENS: Final = {
    word: 10 * value
    for value, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), 2)  # noqa: SIM905 - a list of words reads best as words
}
_SCALES: Final = {"hundred": 100, "thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000, "dozen": 12}

MONTH_WORD: Final = (
    r"(?:January|February|March|April|May|June|July|August|September|October|November|December"
    r"|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\b\.?"
)
WEEKDAY_WORD: Final = r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)days?|(?:Mon|Tues?|Wed|Thur?s?|Fri|Sat|Sun)\b\.?"
_NUMBER_WORD: Final = (
    r"(?:(?:zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen"
    r"|seventeen|eighteen"
    r"|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand|million|billion|dozen)\b)"
)
NUMBER: Final = (
    rf"(?:\d{{1,3}}(?:,\d{{3}}){{1,4}}(?:\.\d{{1,6}})?|\d{{1,12}}(?:\.\d{{1,6}})?|{_NUMBER_WORD}(?:(?:[ -]"
    rf"| and ){_NUMBER_WORD}){{0,6}})"
)

# Zone names -------------------------------------------------------------------------------------------------------

_ABBREVIATIONS: Final = (
    "ACDT ACST ACT ACWST ADT AEDT AEST AET AFT AKDT AKST AKT ALMT AMST AMT ANAT AQTT ART AST AT AWDT AWST AWT AZOST "
    "AZOT AZT BNT BOT BRST BRT"
    " BST BTT CAT CCT CDT CEST CET CHADT CHAST CHAT CHST CIST CKT CLST CLT COST COT CST CT CVT CWST CXT DAVT DDUT "
    "EASST EAST EAT ECT EDT EEST"
    " EET EGST EGT EST ET FET FJT FKST FKT FNT GALT GAMT GET GFT GILT GMT GST GYT HADT HAST HAT HDT HKT HOVT HST "
    "ICT IDT IOT IRDT IRKT IRST"
    " IST JST KGT KOST KRAT KST LHDT LHST LHT LINT MAGT MART MAWT MDT MEST MET MHT MIST MMT MSD MSK MST MT MUT MVT "
    "MYT NCT NDT NFT NOVT NPT"
    " NST NT NUT NZDT NZST NZT OMST ORAT PDT PET PETT PGT PHOT PHST PHT PKT PMDT PMST PMT PONT PST PT PWT PYST PYT "
    "RET SAKT SAMT SAST SBT SCT"
    " SGT SLST SRET SRT SST SYOT TAHT TFT THA TJT TKT TLT TMT TOT TRT TVT ULAT UTC UYST UYT UZT VET VLAT VOLT VOST "
    "VUT WAKT WAST WAT WEST WET"
    " WFT WGST WGT WIB WIT WITA WST YAKT YEKT"
)
_OFFSET: Final = r"[+-] ?(?:0?\d|1[0-4])(?::?(?:00|15|30|45))?(?!\d)"
_PROPER: Final = (
    r"(?:St\. |U\.S\. |(?![Ll]ocal\b|[Yy]our\b|[Oo]ur\b|[Tt]his\b|[Tt]hat\b|[Ss]ame\b|[Tt]he\b|[Ss]ome\b|[Aa]ny\b"
    r"|[Aa]t\b)[A-ZÀ-Þ][\w'./&-]{0,24}\.?,? (?:(?:of|and|the|du|de|da|&|-|d'[A-Z]\w{1,12}) ){0,2}"
    r"|\([^()\n]{1,40}\) )"
)
_LONG_NAME: Final = (
    rf"(?:world |{_PROPER}){_PROPER}{{0,5}}(?:(?:[Ss]tandard|[Dd]aylight|[Ss]ummer|[Ss]aving) ){{0,2}}[Tt]ime\b"
)
_IANA: Final = (
    r"(?:(?:Africa|America|Antarctica|Arctic|Asia|Atlantic|Australia|Europe|Indian|Pacific|Etc|US|Canada|Brazil"
    r"|Chile|Mexico)/[A-Z][\w+-]{1,30}(?:/[A-Z]\w{1,30})?)"
)
ZONE: Final = (
    rf"(?:{_IANA}|(?:UTC|GMT|utc|gmt)(?: ?{_OFFSET})?(?!\w)|(?:{_ABBREVIATIONS.replace(' ', '|')}|ChST|[Zz]ulu)(?![\w])"
    rf"|(?:cet|cest|pst|pdt|edt|cdt|mdt)\b|Z(?!\w)|{_LONG_NAME}|(?:US |U\.S\. )?(?:Eastern|Central|Mountain|Pacific"
    rf"|Atlantic)\b(?! (?:Ocean|region|Europe|America|Asia|office|data|site))"
    r"|(?:British |Irish )[Ss]ummer\b|Coordinated Universal\b)"
)
_ZONE_RE: Final = re.compile(ZONE)
_LEADING_CITY: Final = re.compile(
    r"(?:in |\(|, ?)?([A-ZÀ-Þ][\w'.-]{1,20}(?: (?:de|del|es|of|d'|[A-ZÀ-Þ])[\w'.-]{0,20}){0,3})"
)
ALL_TIMES: Final = re.compile(
    rf"(?i:\b(?:all|the|these)? ?(?:clock )?times?(?: \w{{1,12}}){{0,4}} (?:are |is )?(?:given |shown |stated "
    rf"|listed |quoted |expressed |written )?(?:in |are )?(?:the )?|\btimes?: ?|\btime ?zone(?: is|:)? ?)"
    rf"\(?{ZONE}"
)


@lru_cache(maxsize=1)
def _cities() -> frozenset[str]:
    """Exemplar cities of all time zones, as Babel prints them in English and as the tz database names them."""
    names = {zone.rsplit("/", 1)[-1].replace("_", " ") for zone in get_global("zone_territories")}
    for tag in ("en", "en_GB"):
        names |= {str(zone["city"]) for zone in Locale.parse(tag).time_zones.values() if "city" in zone}
    return frozenset(name.replace("\u2019", "'") for name in names if name[:1].isupper() and len(name) > 3)


def zone_at(text: str, place: int) -> int | None:
    """Where a zone name that starts at `place` ends, or None.

    Knows every form Babel prints: "PDT", "Pacific Daylight Time", "GMT+2", "Los Angeles".
    """
    found = _ZONE_RE.match(text, place)
    if found:
        return found.end()
    offset = _OFFSET_RE.match(text, place)
    if offset and not re.match(r"\s?[-:\d]|\.\d|\s?[aApP]\.?[mM]\b", text[offset.end() : offset.end() + 4]):
        return offset.end()
    city = _LEADING_CITY.match(text, place)
    if city:
        words = city.group(1).rstrip(".,").split(" ")
        for count in range(len(words), 0, -1):
            name = " ".join(words[:count])
            if name in _cities():
                return city.start(1) + len(name)
    return None


# Dates ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DateMention:
    """A calendar date in a text. The year or the weekday (0 is Monday) may be unsaid."""

    start: int
    end: int
    day: int
    month: int
    year: int | None = None
    weekday: int | None = None
    either_way: bool = False
    """In figures that read as a day in Europe and as another in America: 03/10/2026."""

    def is_day(self, other: date) -> bool:
        """Whether the mention names this day, as far as it says."""
        named = {(self.month, self.day), (self.day, self.month) if self.either_way else (self.month, self.day)}
        return (other.month, other.day) in named and self.year in {None, other.year}

    def in_year(self, year: int) -> date | None:
        """The date, with this year where the mention leaves it out; None for the thirtieth of February."""
        try:
            return date(self.year or year, self.month, self.day)
        except ValueError:
            return None


_DAY: Final = r"(?:0?[1-9]|[12]\d|3[01])"
_ORDINAL: Final = rf"(?<![\d.,:]){_DAY}(?:st|nd|rd|th)?(?![\d:%]|\.\d)"
_JOIN: Final = r"(?:, ?(?:and )?| and | ?& ?| or | to | ?- ?)"
_DAY_LIST: Final = rf"{_ORDINAL}(?:{_JOIN}{_ORDINAL}){{0,8}}"
_WEEKDAY_BEFORE: Final = rf"(?:\b(?P<weekday>{WEEKDAY_WORD}),? (?:the |on )?)?"
_YEAR: Final = r"(?:,? ?(?:of )?(?P<year>(?:19|20)\d\d)\b(?![:.]\d))?"
_DATE_FORMS: Final = (
    re.compile(rf"{_WEEKDAY_BEFORE}(?P<days>{_DAY_LIST}) (?:of )?(?P<month>{MONTH_WORD}){_YEAR}", re.IGNORECASE),
    re.compile(rf"{_WEEKDAY_BEFORE}\b(?P<month>{MONTH_WORD}) (?:the )?(?P<days>{_DAY_LIST}){_YEAR}", re.IGNORECASE),
    re.compile(
        r"(?<![\d-])(?P<year>(?:19|20)\d\d)-(?P<mm>0[1-9]|1[0-2])-(?P<days>0[1-9]|[12]\d|3[01])(?=T\d|(?![\w-]))"
    ),
    re.compile(r"(?<![\w/])(?P<year>(?:19|20)\d\d)/(?P<mm>0[1-9]|1[0-2])/(?P<days>0[1-9]|[12]\d|3[01])(?![\w/])"),
    re.compile(rf"(?<![\w-])(?P<days>{_DAY})-(?P<month>{MONTH_WORD})-(?P<year>(?:19|20)\d\d)(?![\w-])", re.IGNORECASE),
    re.compile(
        r"(?<![\d/.])(?P<days>0?[1-9]|[12]\d|3[01])(?P<mark>[/.])(?P<mm>0?[1-9]|1[0-2])(?P=mark)(?P<year>(?:19"
        r"|20)\d\d)(?![\d/])"
    ),
    re.compile(r"(?<![\d/.])(?P<mm>0?[1-9]|1[0-2])/(?P<days>1[3-9]|2\d|3[01])/(?P<year>(?:19|20)\d\d)(?![\d/])"),
)
_ONE_DAY: Final = re.compile(r"\d{1,2}")


@lru_cache(maxsize=REMEMBERED)
def dates(text: str) -> tuple[DateMention, ...]:
    """Every date in reading order: "3 and 7 September 2010" is two, and both carry the year that is said once."""
    found: list[DateMention] = []
    taken: list[tuple[int, int]] = []
    for form in _DATE_FORMS:
        for match in form.finditer(text):
            if any(left < match.end() and match.start() < right for left, right in taken[-40:]):
                continue
            mentions = list(_dates_of(match))
            if not mentions:
                continue
            taken.append(match.span())
            found.extend(mentions)
    return tuple(sorted(found, key=lambda mention: mention.start))


def _dates_of(match: re.Match[str]) -> Iterator[DateMention]:
    groups = match.groupdict()
    month = int(groups["mm"]) if groups.get("mm") else MONTHS[groups["month"].rstrip(".").lower()]
    year = int(groups["year"]) if groups.get("year") else None
    weekday = WEEKDAYS.get((groups.get("weekday") or "").rstrip(".").lower().removesuffix("s"))
    if weekday is None and groups.get("weekday"):
        weekday = WEEKDAYS.get(groups["weekday"].rstrip(".").lower())
    if groups.get("month", "").lower() == "may" and groups["month"] == "may":
        return
    numbers = list(_ONE_DAY.finditer(groups["days"]))
    for index, number in enumerate(numbers):
        start = match.start("days") + number.start()
        first, last = index == 0, index == len(numbers) - 1
        yield DateMention(
            match.start() if first else start,
            match.end() if last else start + len(number.group()),
            int(number.group()),
            month,
            year,
            weekday if first else None,
            groups.get("mark") == "/" and int(number.group()) <= 12,
        )


# Clock times ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ClockMention:
    """A clock time in a text, minutes after midnight, with its zone's words if they are there.

    A range's end lends its zone to the start.
    """

    start: int
    end: int
    minutes: int
    zone: str | None
    words: str
    opens_range: bool = False


_MERIDIEM: Final = r"(?:[aApP]\.?[mM]\b\.?)"
_HOUR_WORD: Final = r"(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)"
_CLOCK: Final = re.compile(
    rf"(?<![\w:.,$€£/+-])(?<!\bport )(?:(?P<h>[01]?\d"
    rf"|2[0-4]):(?P<m>[0-5]\d)(?P<s>:[0-5]\d(?:[.,]\d{{1,9}})?)?(?!:?\d|\.\d"
    rf"|\w?/)(?: ?(?P<ap>{_MERIDIEM}))?(?: ?(?:hours|hrs|h)(?= (?:UTC|GMT|on|and|to|until)\b))?"
    rf"|(?P<h2>1[0-2]|0?[1-9])(?:\.(?P<m2>[0-5]\d))? ?(?P<ap2>{_MERIDIEM})"
    r"|(?P<h3>[01]?\d|2[0-3])(?: ?h ?(?P<m3>[0-5]\d)|:(?P<m5>[0-5]\d)h)\b"
    rf"|(?P<h4>1[0-2]|[1-9]|{_HOUR_WORD}) o'clock\b"
    rf"|\b(?P<past>half past|(?:a )?quarter (?:past|to)|(?:five|ten|twenty|twenty-five) (?:minutes )?past)"
    rf" (?P<h6>{_HOUR_WORD}|1[0-2]|[1-9])\b(?! (?:of|per))(?: ?(?P<ap6>{_MERIDIEM}))?"
    rf"|(?P<h7>1[0-2]|[1-9]|{_HOUR_WORD}) (?P<part>in the (?:morning|afternoon|evening)|at night)\b"
    r"|(?P<word>\b(?:noon|midnight|midday)\b))",
    re.IGNORECASE,
)
_ISO_TIME: Final = re.compile(r"(?<=\d[Tt])(?P<h>[01]\d|2[0-4]):(?P<m>[0-5]\d)(?::[0-5]\d(?:[.,]\d{1,9})?)?(?![:\d])")
_CUED_CLOCK: Final = re.compile(
    r"(?:\b(?:at|from|between|until|till|since|by|around|about|before|after)|\band|\bto|(?<=\d)-) ?(?P<t>(?P<h>[01]?\d"
    r"|2[0-3])\.(?P<m>[0-5]\d)|(?P<h2>[01]\d|2[0-3])(?P<m2>[0-5]\d)(?= ?(?:hours|hrs|UTC|GMT)\b))"
    r"(?![.\d]|\d|(?: ?(?:-|to|and) ?\d{1,2}\.\d\d)? ?(?:%|per ?cent|percent|million|thousand|billion|ms\b|s\b|seconds"
    r"|minutes|mins|days|[KMGT]B"
    r"|times|x\b|euros?|dollars?|pounds?|USD|EUR|GBP|points?|and later|or later|customers|users|release|version))",
    re.IGNORECASE,
)
_LOOSE_RANGE: Final = re.compile(
    rf"(?<![\w:.,$€£/+-])(?P<h>1[0-2]|[1-9]|2[0-3]|1\d)(?= ?(?:-|to|and) ?(?:1[0-2]"
    rf"|[1-9])(?:[:.][0-5]\d)? ?{_MERIDIEM})",
    re.IGNORECASE,
)
_SECOND_HALF: Final = re.compile(
    rf"(?<=[\dmMzZ.)TC]-)(?:(?P<h>[01]?\d|2[0-4]):(?P<m>[0-5]\d)(?::[0-5]\d)?(?![:\d])(?: ?(?P<ap>{_MERIDIEM}))?"
    rf"|(?P<h2>1[0-2]|0?[1-9]) ?(?P<ap2>{_MERIDIEM}))"
)
"""The second half of "14:02-15:10", which has a hyphen before it."""
_BEHIND_GAP: Final = re.compile(r"(?:[.]\d{1,9})?[ ,]{0,2}(?:in )?[(\[]?")
_OFFSET_RE: Final = re.compile(_OFFSET)
_RANGE_MARK: Final = re.compile(
    r",? ?(?:-|to|until|till|through|thru|and(?: again)?(?: (?:at|from|between))?|or|,|&|/"
    r"|then(?: at)?)(?: (?:about|around|approximately|at))? ?$",
    re.IGNORECASE,
)
_BEFORE_ZONE: Final = re.compile(rf"(?:{ZONE})\)?:? ?$")
_BRIDGE: Final = re.compile(
    rf"[ ,]{{0,2}}(?:\(|\[)?(?:(?:on |that |the |same |next |following |{WEEKDAY_WORD}|day|morning|afternoon"
    rf"|evening|night|in the |,? ?)[ ,]{{0,2}}){{0,5}}(?:{_DAY_LIST} (?:of )?{MONTH_WORD}|{MONTH_WORD} {_DAY_LIST}"
    rf"|\d{{4}}-\d\d-\d\d)?(?:,? \d{{4}})?[ ,]{{0,2}}(?:\(|\[)?",
    re.IGNORECASE,
)


@lru_cache(maxsize=REMEMBERED)
def clocks(text: str) -> tuple[ClockMention, ...]:
    """Every clock time, with its zone where the writer gave one: before, behind, after the date or at a range's end."""
    found: list[tuple[int, int, int]] = []
    taken = bytearray(len(text))

    def take(start: int, end: int, minutes: int) -> None:
        if not any(taken[start:end]):
            found.append((start, end, minutes))
            taken[start:end] = b"\x01" * (end - start)

    for match in _ISO_TIME.finditer(text):
        take(match.start(), match.end(), int(match["h"]) * 60 + int(match["m"]))
    for match in _CLOCK.finditer(text):
        if not _is_length(text, match.start(), match.end()):
            take(match.start(), match.end(), _minutes(match))
    for match in _CUED_CLOCK.finditer(text):
        start, end = match.span("t")
        take(start, end, int(match["h"] or match["h2"]) * 60 + int(match["m"] or match["m2"]))
    for match in _LOOSE_RANGE.finditer(text):
        take(match.start(), match.end(), int(match["h"]) * 60)
    for match in _SECOND_HALF.finditer(text):
        if not _is_offset(text, match.start()):
            hour = _twelve(int(match["h"] or match["h2"]), match["ap"] or match["ap2"])
            take(match.start(), match.end(), hour * 60 + int(match["m"] or 0))
    return tuple(_with_zones(text, sorted(found)))


def _is_offset(text: str, at: int) -> bool:
    """Whether "-07:00" belongs to a zone or a timestamp: GMT-07:00, 2010-09-08T17:00-07:00."""
    before = text[max(0, at - 24) : at]
    if re.search(r"T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?-$", before):
        return True
    return re.search(r"\b(?:UTC|GMT)-$", before) is not None and zone_at(text, at - 4) != at - 1


def _is_length(text: str, start: int, end: int) -> bool:
    """Whether "2:15 hours" is a length and not a time of day."""
    words, after = text[start:end], text[end : end + 24]
    before = text[max(0, start - 30) : start]
    if re.match(r" ?(?:hours?|hrs?|h|minutes?|mins?|min|m)\b(?!,? (?:UTC|GMT))", after, re.IGNORECASE):
        return not (re.match(r"\d\d:", words) and _AT_A_TIME.search(before))
    if re.match(r"\d{1,2} ?h", words, re.IGNORECASE):
        return (_FOR_A_WHILE if words[1:2].isdigit() else _FOR_SOME_HOURS).search(before) is not None
    if re.search(r"\b(?:in the|at night)", words) and not _AT_A_TIME.search(before):
        return True
    return (
        re.search(
            r"\b(?:ratio(?: of| was| is)?|version|v|duration(?: of| was|:)?|score(?: of| was)?|took|lasted|verse"
            r"|aspect|chapter|psalm|john|matthew|mark|luke|section|article|slot|genesis)[ :]{1,2}$",
            before,
            re.IGNORECASE,
        )
        is not None
    )


_AT_A_TIME: Final = re.compile(
    r"\b(?:at|by|from|until|till|since|between|around|about|before|after|to|and|nearly|almost) $", re.IGNORECASE
)
_FOR_A_WHILE: Final = re.compile(
    r"\b(?:for|lasted|lasting|took|takes|taking|duration(?: of|:)?|another|total(?: of|:)?|within)"
    r"(?: (?:about|around|nearly|almost|over|only|just))? $",
    re.IGNORECASE,
)
_FOR_SOME_HOURS: Final = re.compile(
    rf"{_FOR_A_WHILE.pattern}|\b(?:after|about|in|over|than|under|of|nearly|almost) $", re.IGNORECASE
)


def _twelve(hour: int, meridiem: str | None) -> int:
    if not meridiem:
        return hour
    return hour % 12 + (12 if meridiem[0].lower() == "p" else 0)


def _minutes(match: re.Match[str]) -> int:
    if match["word"]:
        return 0 if match["word"].lower() == "midnight" else 720
    if match["h4"]:
        return _hour(match["h4"]) * 60
    if match["h6"]:
        return _past(match["past"].lower(), _twelve(_hour(match["h6"]), match["ap6"]))
    if match["h7"]:
        late = match["part"].lower().endswith(("noon", "evening")) or (
            match["part"].lower() == "at night" and _hour(match["h7"]) > 5
        )
        return _twelve(_hour(match["h7"]), "p" if late else "a") * 60
    if match["h3"]:
        return int(match["h3"]) * 60 + int(match["m3"] or match["m5"])
    if match["h2"]:
        return _twelve(int(match["h2"]), match["ap2"]) * 60 + int(match["m2"] or 0)
    return _twelve(int(match["h"]), match["ap"]) * 60 + int(match["m"])


def _hour(words: str) -> int:
    return int(words) if words.isdigit() else _UNITS[words.lower()]


def _past(words: str, hour: int) -> int:
    """Minutes after midnight of "half past two", "a quarter to six", "ten past nine"."""
    if words.startswith("half"):
        return hour * 60 + 30
    if "quarter" in words:
        return (hour * 60 + (15 if words.endswith("past") else -15)) % 1440
    return hour * 60 + int(number_value(words.split(" ", maxsplit=1)[0]) or 0)


def _with_zones(text: str, found: list[tuple[int, int, int]]) -> list[ClockMention]:
    mentions: list[ClockMention] = []
    zone_after: str | None = None
    after_start = -1
    for start, end, minutes in reversed(found):
        zone = _zone_behind(text, end) or _zone_in_front(text, start)
        opens = False
        if after_start >= 0 and after_start - end <= 40:
            between = text[end:after_start]
            linked = _RANGE_MARK.search(between)
            if linked and len(between) - len(linked.group()) <= 24:
                opens = True
                zone = zone or (zone_after if _plain_gap(between[: linked.start()]) else None)
        mentions.append(ClockMention(start, end, minutes, zone, text[start:end], opens))
        zone_after, after_start = zone, start
    mentions.reverse()
    return mentions


def _plain_gap(gap: str) -> bool:
    """Whether only a date or the words of a range stand between two times."""
    bridge = _BRIDGE.match(gap)
    return not gap.strip() or (bridge is not None and bridge.end() == len(gap))


def _zone_behind(text: str, end: int) -> str | None:
    gap = _BEHIND_GAP.match(text, end)
    place = gap.end() if gap else end
    stop = zone_at(text, place)
    if stop is None and gap and gap.group().endswith("in "):
        stop = zone_at(text, end + 1)
    if stop is None:
        bridge = _BRIDGE.match(text, end)
        if bridge and bridge.end() > place:
            stop = zone_at(text, bridge.end())
            place = bridge.end()
            if stop is not None and not _ZONE_RE.match(text, place):
                return None
    return text[place:stop].strip(" (") if stop is not None else None


def _zone_in_front(text: str, start: int) -> str | None:
    found = _BEFORE_ZONE.search(text[max(0, start - 48) : start])
    return found.group().strip(" ():") if found else None


# Durations and numbers --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DurationMention:
    """A length of time in a text, in minutes."""

    start: int
    end: int
    minutes: Fraction
    about: bool = False


@dataclass(frozen=True, slots=True)
class NumberMention:
    """A number in a text; `unit` is "%" or the word it counts, lower case, or empty."""

    start: int
    end: int
    value: Fraction
    unit: str


_PER_UNIT: Final = {
    "s": Fraction(1, 60),
    "m": Fraction(1),
    "h": Fraction(60),
    "d": Fraction(1440),
    "w": Fraction(10080),
}
_TIME_UNIT: Final = r"(?P<u>seconds?|secs?|minutes?|mins?|hours?|hrs?|h|days?|weeks?)\b"
_ONE_DURATION: Final = re.compile(
    rf"(?<![\w.,:])(?:(?P<half>half an|half a|a half|half)[ -]|(?P<quarter>a quarter of an) |(?P<n>{NUMBER}"
    rf"|an?)(?P<andhalf>(?: and a half|-and-a-half))?(?:[ -]|(?=[a-z])))(?:(?:full|whole|business|working"
    rf"|consecutive)[ -])?{_TIME_UNIT}(?P<tail> and a half| and a quarter)?",
    re.IGNORECASE,
)
_ABOUT: Final = re.compile(
    r"\b(?:about|around|approximately|roughly|nearly|almost|some|circa|ca\.|over|more than|less than|under|up to"
    r"|at least)(?: (?:a|an|the))? $",
    re.IGNORECASE,
)
_NUMBER_RE: Final = re.compile(
    rf"(?<![\w.,:/#-])(?P<n>{NUMBER})(?P<unit> ?%| per ?cent\b| percent\b)?(?![\w/]|[.:,]\d)(?P<noun>(?: of (?:the "
    rf"|our |your |all )?)?(?: ?[a-z][a-z-]{{1,20}}){{0,3}})",
    re.IGNORECASE,
)


def number_value(words: str) -> Fraction | None:
    """The value of "2", "1,204", "99.9", "two", "twenty-five", "two hundred and six"; None if it is none of these."""
    words = words.strip().lower()
    if re.fullmatch(r"[\d,]+(?:\.\d+)?", words):
        return Fraction(words.replace(",", ""))
    if words in {"a", "an"}:
        return Fraction(1)
    total = current = 0
    for word in re.split(r"[ -]+", words):
        if word == "and":
            continue
        if word in _UNITS:
            current += _UNITS[word]
        elif word in _TENS:
            current += _TENS[word]
        elif word in _SCALES:
            current = max(current, 1) * _SCALES[word]
            if _SCALES[word] >= 1_000:
                total, current = total + current, 0
        else:
            return None
    return Fraction(total + current)


@lru_cache(maxsize=REMEMBERED)
def durations(text: str) -> tuple[DurationMention, ...]:
    """Every length of time; "2 hours and 15 minutes" is one of 135 minutes."""
    parts: list[DurationMention] = []
    last_unit = 0
    for match in _ONE_DURATION.finditer(text):
        if match["half"]:
            value = Fraction(1, 2)
        elif match["quarter"]:
            value = Fraction(1, 4)
        else:
            known = number_value(match["n"])
            if known is None:
                continue
            value = known
            if match["n"].lower() == "a" and match["u"].lower() == "second" and re.match(r" \w", text[match.end() :]):
                continue  # "a second problem" counts problems
        if match["andhalf"]:
            value += Fraction(1, 2)
        if match["tail"]:
            value += Fraction(1, 2) if "half" in match["tail"] else Fraction(1, 4)
        minutes = value * _PER_UNIT[match["u"][0].lower()]
        about = _ABOUT.search(text[max(0, match.start() - 20) : match.start()]) is not None
        unit = "wdhms".index(match["u"][0].lower())
        gap = text[parts[-1].end : match.start()] if parts else "."
        if unit > last_unit and len(gap) <= 6 and re.fullmatch(r"(?:,? and|,)? ?", gap):
            parts[-1] = DurationMention(parts[-1].start, match.end(), parts[-1].minutes + minutes, parts[-1].about)
        else:
            parts.append(DurationMention(match.start(), match.end(), minutes, about))
        last_unit = unit
    return tuple(parts)


@lru_cache(maxsize=REMEMBERED)
def numbers(text: str) -> tuple[NumberMention, ...]:
    """Every number that is neither part of a date, a clock time nor a duration."""
    taken = [(mention.start, mention.end) for mention in dates(text)]
    taken += [(mention.start, mention.end) for mention in clocks(text)]
    taken += [(mention.start, mention.end) for mention in durations(text)]
    taken.sort()
    found: list[NumberMention] = []
    index = 0
    for match in _NUMBER_RE.finditer(text):
        start, end = match.span("n")
        while index < len(taken) and taken[index][1] <= start:
            index += 1
        if index < len(taken) and taken[index][0] < end:
            continue
        value = number_value(match["n"])
        if value is None:
            continue
        unit = "%" if match["unit"] else (match["noun"] or "").strip().lower()
        found.append(NumberMention(start, match.end("unit") if match["unit"] else end, value, unit))
    return tuple(found)
