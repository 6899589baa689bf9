"""The linter: is the fact in the record, is it said and said well, do text and record agree. No model, no I/O."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from handlers.domain.lint.agreement import read_agreement
from handlers.domain.lint.presence import read_presence
from handlers.domain.lint.record import RecordView
from handlers.domain.lint.report import Finding, Fix, Kind, Report, in_reading_order
from handlers.domain.lint.text import Reading, read
from handlers.domain.lint.variants import read_variants
from handlers.domain.lint.wording import read_wording


def lint(text: str, kind: Kind = "apology", record: RecordView | None = None) -> Report:
    """Everything the linter has to say about a text.

    Without a record only wording and reading are read (W1 to W21, R1 to R3), and `text_only` says so. With one, the
    text is the full variant: presence (A1 to F15), look-ups (W22 to W25) and agreement (C1 to C5, C7) are read too.
    Short variants: `lint(…)` for wording, and `lint_variants` for what they owe.
    """
    reading = read(text)
    findings = read_wording(reading, kind)
    if record is None:
        return Report(in_reading_order(findings), text_only=True)
    findings = [judged for finding in findings if (judged := _with_record(finding, record))]
    findings += read_presence(reading, kind, record)
    findings += read_agreement(reading, kind, record)
    return Report(in_reading_order([finding for finding in _once(findings) if finding.rule not in record.waived]))


def lint_variant(text: str, kind: Kind, record: RecordView) -> Report:
    """A short variant: wording and agreement with the record, without the presence rules of the full text."""
    reading = read(text)
    findings = [judged for finding in read_wording(reading, kind) if (judged := _with_record(finding, record))]
    findings += read_agreement(reading, kind, record)
    return Report(in_reading_order([finding for finding in _once(findings) if finding.rule not in record.waived]))


def lint_variants(texts: Mapping[str, str], record: RecordView, kind: Kind = "apology") -> dict[str, Report]:
    """C6 over all variants of one version: one report a variant, keyed like `texts` (full, chat, talking-points, faq).

    Shared facts must equal the full text's, limits of §2 hold, and a short variant says what it owes.
    """
    return read_variants(texts, record, kind)


def _with_record(finding: Finding, record: RecordView) -> Finding | None:
    """A wording finding as the record changes it: heavier, or none at all."""
    known = record.said
    words = finding.text.lower()
    if (
        finding.rule == "W5"
        and record.states
        and set(record.states) == {"verified"}
        and re.search(r"\bpermanent|\bfor good\b|\bonce and for all\b", words)
    ):
        return None
    counts = [fact for fact in record.known("count") if any(character.isdigit() for character in fact.value)]
    if finding.rule == "W6" and counts:
        number = counts[0].value
        fix = Fix(finding.start, finding.end, number) if _PEOPLE_AT_END.search(finding.text) else None
        return replace(
            finding, severity="error", message="The number is known: give it.", suggestion=f"{number}.", fix=fix
        )
    if finding.rule == "W9" and record.zone:
        return replace(finding, suggestion=f"Add the zone: {finding.text} in {record.zone}, or UTC.")
    if finding.rule == "W14" and re.sub(r"\s+", " ", words) in known:
        return replace(
            finding,
            severity="error",
            message="A public fact says this and does not explain it.",
            suggestion=_explain_by(record),
        )
    if finding.rule == "W18" and any(
        words in name.lower() for name in (*record.regions, *record.other_regions, *record.services, *record.contact)
    ):
        return None
    return finding


_PEOPLE_AT_END: Final = re.compile(
    r"\b(?:customers?|users?|clients?|accounts?|organi[sz]ations?|tenants?|people|companies)$", re.IGNORECASE
)


def _explain_by(record: RecordView) -> str:
    day = record.next_report
    return (
        f"We do not yet know what it was; we will explain it by {day.day} {day:%B %Y}."
        if day
        else "Say what it was, or by when you will."
    )


def _once(findings: list[Finding]) -> list[Finding]:
    """Without the second of two equal rules on the same words."""
    seen: set[tuple[str, int, int]] = set()
    kept = []
    for finding in findings:
        key = (finding.rule, finding.start, finding.end)
        if finding.start < finding.end:
            if key in seen:
                continue
            seen.add(key)
        kept.append(finding)
    return kept


# --- the score -------------------------------------------------------------------------------------

_EVADING: Final = frozenset({"W1", "W3", "W6", "W7", "W11", "W12", "W13", "W14", "W15"})
"""Rules whose sentences evade, minimise, bolster or shift."""


def score(text: str) -> int:
    """A number for trends only: what mends (8 at most) less the sentences that evade.

    Responsibility 3, repair 2; regret, explanation and change 1 each; minus one per evading, minimising, bolstering or
    shifting sentence. After Lewicki 2016 (weights) and Benoit (deductions).
    """
    reading = read(text)
    empty = RecordView()
    absent = {
        finding.rule for finding in read_presence(reading, "apology", empty, frozenset({"A1", "A2", "A3", "A4", "A5b"}))
    }
    gained = sum(
        points for rule, points in (("A2", 3), ("A5b", 2), ("A1", 1), ("A3", 1), ("A4", 1)) if rule not in absent
    )
    marked = {
        reading.sentence_at(_place(reading, finding.start)).start
        for finding in read_wording(reading, "apology")
        if finding.rule in _EVADING
    }
    return gained - len(marked)


def _place(reading: Reading, start: int) -> int:
    """The place in the normalised text of a code point of the original."""
    low, high = 0, max(0, len(reading.starts) - 1)
    while low < high:
        middle = (low + high) // 2
        if reading.starts[middle] < start:
            low = middle + 1
        else:
            high = middle
    return low
