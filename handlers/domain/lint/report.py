"""What the linter answers: findings with their places in the writer's own text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

Kind = Literal["apology", "closure", "update", "relay"]
Severity = Literal["error", "warning", "info", "route"]
Drift = Literal["missing", "changed", "added", "scope", "inverted", "rotted", "severity", "weakened"]

KINDS: Final[tuple[Kind, ...]] = ("apology", "closure", "update", "relay")
"""The kinds of text: after an incident, at its close, while it is open, and what a colleague relayed."""

NEVER_WAIVED: Final = frozenset({"W11", "W18", "W19", "W23"})
"""Wording rules whose errors are mended, never waived."""


@dataclass(frozen=True, slots=True)
class Fix:
    """Exact words for a *Use this* button: put `words` in place of the original's code points `start` to `end`."""

    start: int
    end: int
    words: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault, where it stands and what to write instead.

    `start` and `end` are code points of the text exactly as it was handed in, and `text` is what stands there. A fault
    that is an absence (a missing apology) has an empty span at the end. `severity` `error` blocks submit and publish,
    `warning` needs a reason, `info` informs, `route` asks for the legal approval. `suggestion` is read by a person;
    `fix`, where there is one, can be put in as it stands.
    """

    rule: str
    severity: Severity
    start: int
    end: int
    text: str
    message: str
    suggestion: str
    reference: str
    fix: Fix | None = None
    drift: Drift | None = None
    """For C8: how relayed words differ from the approved ones."""

    @property
    def waivable(self) -> bool:
        """Whether it may be left with a reason (apology.md, section 4): warnings, wording that misfires, F3."""
        wording = self.rule.startswith("W") and self.rule not in NEVER_WAIVED
        return self.severity == "warning" or (self.severity == "error" and (wording or self.rule == "F3"))

    def as_json(self) -> dict[str, Any]:
        """The finding with the keys that `amends lint --json` promises."""
        return {
            "rule": self.rule,
            "severity": self.severity,
            "start": self.start,
            "end": self.end,
            "text": self.text,
            "message": self.message,
            "suggestion": self.suggestion,
            "reference": self.reference,
        }


@dataclass(frozen=True, slots=True)
class Report:
    """All findings of one text, in reading order. `text_only`: no record was at hand, so wording alone was read."""

    findings: tuple[Finding, ...]
    text_only: bool = False

    @property
    def errors(self) -> int:
        """How many findings block submit and publish."""
        return sum(finding.severity == "error" for finding in self.findings)

    @property
    def warnings(self) -> int:
        """How many findings need a reason."""
        return sum(finding.severity == "warning" for finding in self.findings)

    @property
    def needs_legal(self) -> bool:
        """Whether any finding asks for the legal approval."""
        return any(finding.severity == "route" for finding in self.findings)

    def of(self, rule: str) -> tuple[Finding, ...]:
        """The findings of one rule."""
        return tuple(finding for finding in self.findings if finding.rule == rule)

    def as_json(self) -> dict[str, Any]:
        """The answer of `amends lint --json`: counts and findings."""
        return {
            "errors": self.errors,
            "warnings": self.warnings,
            "findings": [finding.as_json() for finding in self.findings],
        }


def in_reading_order(findings: list[Finding]) -> tuple[Finding, ...]:
    """Findings by place, then rule, without exact repeats."""
    unique = dict.fromkeys(findings)
    return tuple(sorted(unique, key=lambda finding: (finding.start, finding.end, finding.rule, finding.message)))
