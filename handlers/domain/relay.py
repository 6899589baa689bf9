"""Relay: who still has to tell whom, the receipts, and what may follow what. Instants are UTC."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

TOLD: tuple[str, ...] = ("relayed", "acknowledged", "closed")
"""States in which a person has told the customer."""
OUT: tuple[str, ...] = ("released", *TOLD, "skipped")
"""States of a receipt whose apology went out: what account managers see."""
COMING: tuple[str, ...] = ("prepared", "approved")
"""States of a receipt whose apology has not gone out."""
Act = Literal["approve", "void", "release", "done", "ack", "skip", "close", "reopen"]
STATES: tuple[str, ...] = (*COMING, *OUT)

_NOT_OUT = "{name} is not to be told yet: the apology has not gone out."
_NOT_TOLD = "{name} was not told yet: `relay done` first."
_WAS_TOLD = "{name} was told already: `relay close` ends it."
_SKIPPED = "{name} is skipped: `relay done` says that they were told after all."
_CLOSED = "{name} is closed already."
_WRONG = "{name} was told wrongly: it stays open until they were sent the right words (`relay done … via email -- …`)."

TABLE: dict[tuple[str, Act], str] = {
    ("prepared", "approve"): "approved",
    ("prepared", "void"): "prepared",
    ("prepared", "release"): "released",
    ("prepared", "done"): _NOT_OUT,
    ("prepared", "ack"): _NOT_OUT,
    ("prepared", "skip"): "skipped",
    ("prepared", "close"): _NOT_OUT,
    ("prepared", "reopen"): "prepared",
    ("approved", "approve"): "approved",
    ("approved", "void"): "prepared",
    ("approved", "release"): "released",
    ("approved", "done"): _NOT_OUT,
    ("approved", "ack"): _NOT_OUT,
    ("approved", "skip"): "skipped",
    ("approved", "close"): _NOT_OUT,
    ("approved", "reopen"): "approved",
    ("released", "approve"): "released",
    ("released", "void"): "released",
    ("released", "release"): "released",
    ("released", "done"): "relayed",
    ("released", "ack"): _NOT_TOLD,
    ("released", "skip"): "skipped",
    ("released", "close"): _NOT_TOLD,
    ("released", "reopen"): "released",
    ("relayed", "approve"): "relayed",
    ("relayed", "void"): "relayed",
    ("relayed", "release"): "released",
    ("relayed", "done"): "relayed",
    ("relayed", "ack"): "acknowledged",
    ("relayed", "skip"): _WAS_TOLD,
    ("relayed", "close"): "closed",
    ("relayed", "reopen"): "released",
    ("acknowledged", "approve"): "acknowledged",
    ("acknowledged", "void"): "acknowledged",
    ("acknowledged", "release"): "released",
    ("acknowledged", "done"): "acknowledged",
    ("acknowledged", "ack"): "acknowledged",
    ("acknowledged", "skip"): _WAS_TOLD,
    ("acknowledged", "close"): "closed",
    ("acknowledged", "reopen"): "released",
    ("closed", "approve"): "closed",
    ("closed", "void"): "closed",
    ("closed", "release"): "released",
    ("closed", "done"): "closed",
    ("closed", "ack"): _CLOSED,
    ("closed", "skip"): _CLOSED,
    ("closed", "close"): _CLOSED,
    ("closed", "reopen"): "released",
    ("skipped", "approve"): "skipped",
    ("skipped", "void"): "skipped",
    ("skipped", "release"): "skipped",
    ("skipped", "done"): "relayed",
    ("skipped", "ack"): _SKIPPED,
    ("skipped", "skip"): "skipped",
    ("skipped", "close"): _SKIPPED,
    ("skipped", "reopen"): "skipped",
}
"""(state, act) → the state that follows, or the sentence that refuses it (`{name}`: the customer).

`release` is the publication of a version: whoever was told an older one by a person is to be told the new one. `reopen`
is a retraction: it concerns those alone who were told.
"""


def follows(state: str, act: Act, *, wrong: bool = False) -> str:
    """The state that follows an act, or a sentence with a blank in it that says why nothing does (see `refuses`).

    `wrong`: the customer was told wrongly before; acknowledging or closing that would hide it.
    """
    if wrong and act in ("ack", "close", "skip"):
        return _WRONG
    return TABLE[state, act]


def refuses(following: str) -> bool:
    """Whether `follows` answered with a sentence."""
    return " " in following


@dataclass(frozen=True, slots=True)
class Relay:
    """One customer's receipt for one apology.

    `state`: prepared, approved, released, relayed, acknowledged, closed, skipped. `version` is the version that went
    out, or will; `told` the one that a person has told the customer (0: none).
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
    due_at: datetime | None = None  # when its account manager is reminded next
    reminded: int = 0
    to: str = ""  # who was spoken to
    told: int = 0
    late: bool = False  # a reminder fell due and it was still open
    overdue: bool = False  # the commander and comms have heard of it
    approved_at: datetime | None = None
    closed_at: datetime | None = None

    @property
    def open(self) -> bool:
        """Whether somebody still has to tell this customer."""
        return self.state == "released" or (bool(self.wrong) and self.state in TOLD)


@dataclass(frozen=True, slots=True)
class RelayStep:
    """One thing that happened to a receipt after it was released: who did it, what was said, to whom, how."""

    apology: int
    customer: str
    number: int
    at: datetime
    state: str  # what it became
    by: str
    by_name: str
    version: int
    to: str = ""
    via: str = ""
    words: str = ""
    because: str = ""
    wrong: str = ""


@dataclass(frozen=True, slots=True)
class Pack:
    """One account manager's message about one apology: to whom it went, and whether it has to be redrawn."""

    apology: int
    manager: str  # e-mail address in the catalog; empty: customers without an account manager
    version: int
    person: str = ""  # key of whoever has the message
    stale_at: datetime | None = None  # when it is redrawn next
    reminded: int = 0  # serial of the reminder that stands last
    late_by: int = 0  # seconds by which that one came late


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
    same_as: int = 0  # the question that asked this first, and is answered for both
    answered_by_name: str = ""
    incident: int | None = None  # before there is an apology


@dataclass(frozen=True, slots=True)
class Covering:
    """`colleague` looks after `person`'s accounts until `until` (a date, ISO), that day included, house time."""

    person: str
    colleague: str
    until: str
    at: datetime
    ends_at: datetime | None = None  # the instant it ends; None once its end was said


@dataclass(frozen=True, slots=True)
class AffectedByHand:
    """A customer put on an incident's list, or taken off, by hand."""

    incident: int
    customer: str
    add: bool
    because: str
    by: str
    at: datetime


# --- questions that ask the same -------------------------------------------------------------------------------------
_FILLER = frozenset({
    "a", "an", "and", "any", "are", "be", "been", "can", "could", "did", "do", "does", "for", "from", "had",
    "has", "have", "how", "i", "if", "in", "is", "it", "its", "may", "me", "my", "of", "on", "or", "our",
    "please", "shall", "should", "so", "still", "that", "the", "their", "there", "they", "this", "to", "us",
    "was", "we", "were", "what", "which", "will", "with", "would", "you", "your", "customer", "customers",
})  # fmt: skip
"""Words that do not tell one question from another."""
ALIKE = 0.75
"""Share of telling words that two questions have in common when they ask the same. Ours."""


def _telling(question: str) -> frozenset[str]:
    """The words of a question that tell it from others: small letters, no endings, no filler."""
    found = re.findall(r"[a-z0-9][a-z0-9'-]*", question.casefold().replace("’", "'"))
    kept = {_stem(w) for w in found if w not in _FILLER}
    return frozenset(kept or found)


def _stem(word: str) -> str:
    bare = word.removesuffix("'s")
    for ending in ("ing", "ed", "es", "s"):
        if len(bare) > len(ending) + 3 and bare.endswith(ending) and not bare.endswith("ss"):
            return bare.removesuffix(ending)
    return bare


def asks_the_same(one: str, other: str) -> bool:
    """Whether two questions ask the same, as far as their words tell: nearly the same telling words, the same "not"."""
    mine, theirs = _telling(one), _telling(other)
    if {"not", "no", "never"} & mine != {"not", "no", "never"} & theirs:
        return False
    common = len(mine & theirs)
    return bool(common) and common / len(mine | theirs) >= ALIKE
