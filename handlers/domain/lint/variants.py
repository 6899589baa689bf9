"""C6: the variants of one text agree, keep their limits, and each says what it owes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from handlers.domain.lint.amounts import is_claim
from handlers.domain.lint.presence import (
    CHAT,
    FULL,
    SPOKEN,
    day_words,
    read_presence,
    untold_days,
    wrong,
)
from handlers.domain.lint.quantities import (
    clocks,
    dates,
    durations,
    numbers,
)
from handlers.domain.lint.record import RecordView
from handlers.domain.lint.report import Finding, Kind, Report, in_reading_order
from handlers.domain.lint.text import Reading, read

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
        if number.value not in full_numbers and is_claim(reading.masked, number):
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
