"""C7 and the look-ups W22 to W25: what must not leave the house, words beyond the record, abbreviations, tone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from handlers.domain.lint.presence import (
    claims,
    find_name,
    folded,
    folded_text,
    is_denied,
    may_name,
    name_words,
    wrong,
)
from handlers.domain.lint.quantities import (
    zone_at,
)
from handlers.domain.lint.record import RecordView
from handlers.domain.lint.report import Finding, Kind
from handlers.domain.lint.text import Reading

MOST_ABBREVIATIONS: Final = 3


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


_CLOCKED: Final = re.compile(r"(?:\d:\d\d|\d ?[ap]\.?m\.?) \(?$", re.IGNORECASE)


def _names_a_zone(text: str, match: re.Match[str]) -> bool:
    """Whether it is the zone of the clock time before it: 23:00 NZDT explains itself."""
    clocked = _CLOCKED.search(text[max(0, match.start() - 8) : match.start()])
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


def read_lookups(reading: Reading, kind: Kind, record: RecordView) -> Iterator[Finding]:
    """Findings of C7 and W22 to W25."""
    yield from _hidden(reading, kind, record)
    yield from _too_strong(reading, kind, record)
    yield from _people(reading, kind, record)
    yield from _abbreviations(reading, kind, record)
    yield from _tone(reading, kind, record)


def read_leaks(reading: Reading, kind: Kind, record: RecordView) -> list[Finding]:
    """What must not leave the house: internal facts and names, other customers, people (C7, W18, W23)."""
    return [*_hidden(reading, kind, record), *_people(reading, kind, record)]
