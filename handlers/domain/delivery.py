"""What must be sent, and what came of it. A handler only records; bot.delivery carries."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from handlers.card import Card

Op = Literal["message", "open", "close", "rename", "topic", "pin", "invite", "remove", "home"]
PlaceKind = Literal["channel", "room", "incidents", "person", "thread"]
State = Literal["pending", "claimed", "sending", "retry", "unknown", "held", "dead", "sent"]

DROPPED = "dropped by a person"
"""What stands at a post that a person let be."""
AUDITOR = "auditor/"
"""The keys of the auditor's own posts begin so."""
REPLY, PAGE, EDIT, REMINDER, BROADCAST = 0, 1, 2, 3, 4
"""Classes of post, most urgent first (promises.md, section 3)."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a post goes.

    A `channel` by id, an incident's `room` by number, the `incidents` channel, a `person` by the platform's id, or a
    `thread` (a Teams conversation id).
    """

    platform: str
    kind: PlaceKind
    address: str = ""

    @property
    def lane(self) -> str:
        """Posts of one lane keep their order."""
        return f"{self.platform}/{self.kind}/{self.address}"


@dataclass(frozen=True, slots=True)
class Post:
    """One intent to say something. The same `key` again is the same message on screen: first a post, later an edit."""

    key: str
    place: Place
    card: Card | None = None
    text: str = ""  # customer rows: exactly the approved bytes
    op: Op = "message"
    args: tuple[str, ...] = ()
    rank: int = PAGE
    audience: Literal["internal", "customer"] = "internal"
    approval: str = ""  # customer rows: the digest that was approved
    incident: int | None = None
    needs: str = ""  # key of a post that must be on screen first
    hold: bool = False  # written down, not yet let go
    thread: str = ""  # key of the post whose thread this continues


@dataclass(frozen=True, slots=True)
class Bucket:
    """Something a platform counts calls of: at most so many `calls` in so many seconds, for each of `limits`.

    Without limits it is never full, but a platform may close it for a while (429 with Retry-After).
    """

    name: str
    limits: tuple[tuple[int, float], ...] = ()


@dataclass(frozen=True, slots=True)
class PostState:
    """What became of a post."""

    id: int
    key: str
    audience: str
    place: Place
    state: str
    attempts: int
    due: datetime | None
    error: str
    link: str
    sent_at: datetime | None
    text: str = ""
    op: str = "message"

    @property
    def settled(self) -> bool:
        """No longer moving by itself."""
        return self.state in ("sent", "unknown", "dead", "held")

    @property
    def shown(self) -> bool:
        """Whether somebody may be reading it now (also an older text of it)."""
        return self.sent_at is not None or self.state in ("sent", "unknown", "sending")

    @property
    def failed(self) -> bool:
        """Whether it certainly did not arrive, and nobody gave it up."""
        return self.state in ("dead", "held") and self.error != DROPPED


@dataclass(frozen=True, slots=True)
class Sent:
    """It is on screen. `id` is the platform's message id, `at` the conversation it stands in."""

    id: str
    at: str = ""
    link: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Retry:
    """It certainly did not happen, and may later. `after` is in seconds, where the platform said so."""

    reason: str
    after: float | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """It may have happened."""

    reason: str


@dataclass(frozen=True, slots=True)
class Dead:
    """It certainly did not happen and will not by trying again."""

    reason: str


@dataclass(frozen=True, slots=True)
class Held:
    """The place is not what it was: a person must look first."""

    reason: str


Outcome = Sent | Retry | Unknown | Dead | Held

BACKOFF = (1, 2, 5, 15, 60, 300, 900, 1800, 3600, 7200, 14400, 28800, 43200)
"""Seconds between tries: 13 tries over 28 h (promises.md asks for 12 or more over at least 24 h)."""


def next_try(attempts: int) -> int | None:
    """Seconds until the next try after this many, or None: give up and call it dead."""
    return BACKOFF[attempts - 1] if attempts <= len(BACKOFF) else None
