"""C1: every service, region and place of a text is in the record, and it claims nobody beyond them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final

from babel import Locale

from handlers.domain.lint.presence import (
    find_name,
    shares_words,
    wrong,
)
from handlers.domain.lint.record import RecordView
from handlers.domain.lint.report import Finding, Kind
from handlers.domain.lint.text import Reading
from handlers.domain.lint.vocabulary import PEOPLE

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


def read_scope(reading: Reading, kind: Kind, record: RecordView) -> Iterator[Finding]:
    """Findings of C1 on services, regions, places and who was hit."""
    yield from _services(reading, kind, record)
    yield from _places(reading, kind, record)
    yield from _scope(reading, kind, record)
