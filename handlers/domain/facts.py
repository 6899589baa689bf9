"""The fact ledger: what is known, how exactly, from whom, and who may see it. Nothing is overwritten."""

from dataclasses import dataclass
from datetime import datetime

KINDS: tuple[str, ...] = (
    "window",
    "duration",
    "timezone",
    "times",
    "impact",
    "scale",
    "count",
    "workaround",
    "cause.trigger",
    "cause.flaw",
    "cause.latent",
    "fix",
    "action",
    "monitoring",
    "effort",
    "exclusion",
    "data-loss",
    "security",
    "remedy",
    "next-report",
    "contact",
    "prevention",
    "traffic",
)
"""Kinds of fact; `traffic` is the noun of a teaser term, and so is any other word a gap asks for."""

FIX_STATES: tuple[str, ...] = ("none", "contained", "fixed", "verified", "insufficient")
PRECISIONS: tuple[str, ...] = (
    "exact",
    "minute",
    "hour",
    "day",
    "morning",
    "afternoon",
    "evening",
    "stated",
    "about",
    "at-least",
    "comparative",
)
MANY: frozenset[str] = frozenset({"window", "impact", "action", "exclusion", "prevention", "effort", "scale"})
"""Kinds of which an incident may hold several that all stand."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact. `value` is text as recorded, or `unknown`; `due` then says by when it will be known."""

    incident: int
    number: int
    kind: str
    value: str
    recorded_by: str
    recorded_at: datetime
    precision: str = ""
    source: str = ""
    visibility: str = "internal"  # internal | public | customer
    customer: str = ""
    due: str = ""
    confirmed_by: str = ""
    confirmed_at: datetime | None = None
    replaces: int | None = None
    state: str = "live"  # live | replaced | dropped
    because: str = ""

    @property
    def unknown(self) -> bool:
        """Recorded as not known yet."""
        return self.value.strip().lower() == "unknown"
