"""An apology's record: versions, waivers, approvals, proposals of customer updates. Instants are UTC."""

from dataclasses import dataclass
from datetime import datetime

VARIANTS: tuple[str, ...] = ("full", "chat", "talking-points", "faq")


@dataclass(frozen=True, slots=True)
class Apology:
    """One apology over one or several incidents.

    `state`: draft, submitted, approved, scheduled, publishing, paused, published, retracted.
    """

    number: int
    incidents: tuple[int, ...]
    state: str
    version: int
    drafted_by: str
    drafted_at: datetime
    signatory: str = ""
    publish_at: datetime | None = None
    published_at: datetime | None = None
    stage: int = 0  # of the ramp: how many recipients were let go so far
    submitted_by: str = ""
    revision: int = 1
    follows: int = 0  # the apology it follows up
    progress_at: datetime | None = None  # when progress on its promises is told next


@dataclass(frozen=True, slots=True)
class Recipient:
    """One customer channel a version goes to, and why."""

    customer: str
    name: str
    platform: str
    address: str
    reason: str = ""
    text: str = ""  # the exact words for this channel
    spare: bool = False  # only after a definite failure of the one before (deliver: first)


@dataclass(frozen=True, slots=True)
class Version:
    """One version: texts by variant, the facts' hash, and the hash approvals are bound to (texts and recipients)."""

    apology: int
    number: int
    texts: tuple[tuple[str, str], ...]
    facts_hash: str
    digest: str = ""
    recipients: tuple[Recipient, ...] = ()
    authors: tuple[str, ...] = ()  # person keys: drafted, edited, waived, took a suggestion
    edited: bool = False  # people changed words: facts no longer recompose it
    made_at: datetime | None = None
    because: str = ""
    submitted_at: datetime | None = None  # when its approval was first asked for: from then on it is never overwritten

    def text(self, variant: str) -> str:
        """The words of one variant, or nothing."""
        return dict(self.texts).get(variant, "")


@dataclass(frozen=True, slots=True)
class Waiver:
    """A gap or finding left as it is, with a reason."""

    apology: int
    number: int
    rule: str
    because: str
    by: str
    at: datetime
    until: str = ""
    version: int = 0
    void: bool = False
    ends_at: datetime | None = None  # the end of `until`, UTC


@dataclass(frozen=True, slots=True)
class Approval:
    """One person's signature under one digest. `capacity`: commander, comms-approver, legal, account-manager."""

    apology: int
    number: int
    digest: str
    person: str
    name: str
    capacity: str
    at: datetime
    platform: str = ""
    void: str = ""  # why it no longer counts


@dataclass(frozen=True, slots=True)
class Shown:
    """This person was shown these exact bytes (an approval needs it)."""

    apology: int
    digest: str
    person: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Words offered; whoever takes them becomes an author."""

    apology: int
    number: int
    words: str
    by: str
    at: datetime
    taken: bool = False


@dataclass(frozen=True, slots=True)
class Proposal:
    """An update or a holding statement waiting for another person's press. `state`: open, sent, dropped."""

    number: int
    incident: int
    kind: str  # update | holding | closure
    text: str
    digest: str
    by: str
    at: datetime
    recipients: tuple[Recipient, ...] = ()
    next_at: datetime | None = None
    state: str = "open"
    sent_by: str = ""
    sent_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Promise:
    """Something customers were told that we will do. `state`: open, kept, late, broken, withdrawn."""

    number: int
    apology: int
    incident: int
    text: str
    owner: str
    owner_name: str
    due: str
    due_at: datetime | None
    state: str = "open"
    evidence: str = ""
    customers: tuple[str, ...] = ()
    version: int = 1
    made_at: datetime | None = None
    kind: str = "change"  # change | report | remedy | explain | fixed
    remind_at: datetime | None = None  # when its owner is reminded next
