"""Relay: who still has to tell whom, and the receipts. Instants are UTC."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Relay:
    """One customer's receipt for one apology.

    `state`: prepared, approved, released, relayed, acknowledged, closed, skipped.
    """

    apology: int
    customer: str
    manager: str = ""  # e-mail address in the catalog
    state: str = "prepared"
    version: int = 1
    via: str = ""
    by: str = ""
    by_name: str = ""
    at: datetime | None = None
    words: str = ""
    acknowledged_at: datetime | None = None
    because: str = ""
    wrong: str = ""  # drift errors: told wrongly until the customer has the correction
    released_at: datetime | None = None
    due_at: datetime | None = None
    reminded: int = 0


@dataclass(frozen=True, slots=True)
class Question:
    """A customer's question, answered once for everybody who has it."""

    number: int
    customer: str
    question: str
    by: str
    at: datetime
    answer: str = ""
    answered_by: str = ""
    answered_at: datetime | None = None
    apology: int | None = None


@dataclass(frozen=True, slots=True)
class Covering:
    """`colleague` looks after `person`'s accounts until `until` (a date, ISO)."""

    person: str
    colleague: str
    until: str
    at: datetime


@dataclass(frozen=True, slots=True)
class AffectedByHand:
    """A customer put on an incident's list, or taken off, by hand."""

    incident: int
    customer: str
    add: bool
    because: str
    by: str
    at: datetime
