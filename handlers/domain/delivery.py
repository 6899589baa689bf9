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
TAKEN_BACK = "retracted by "
"""How the approval of a notice begins that takes words back: it goes wherever they stand."""
NOTHING_WAITS = "No post {} waits for an answer: there is nothing to decide. Nothing was changed."
"""What everybody reads of a post that is not there, that is settled, or that they may not know of."""
TRIED_SINCE = (
    "Post {} was tried again since this was asked; if that is unclear too, a newer card asks. Nothing was changed."
)
"""What is read by whoever answers a question about an earlier attempt."""
GONE = frozenset(
    {"is_archived", "not_in_channel", "channel_not_found", "BotNotInConversationRoster", "ConversationNotFound"}
)
"""Why a platform takes no post in a channel at all, in its own words.
https://docs.slack.dev/reference/methods/chat.postMessage (errors); platforms.md, section 2 (proactive posts)"""
AUDITOR = "auditor/"
"""The keys of the auditor's own posts begin so."""
REPLY, PAGE, EDIT, REMINDER, BROADCAST = 0, 1, 2, 3, 4
"""Classes of post, most urgent first (promises.md, section 3)."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a post goes.

    A `channel` is a customer's, by id, and nothing of the house ever goes to one; the house's own places are an
    incident's `room` by number, the `incidents` channel, a `person` by the platform's id, and a `thread`: any other
    conversation by its id.
    """

    platform: str
    kind: PlaceKind
    address: str = ""

    @property
    def customers(self) -> bool:
        """Whether a customer reads there."""
        return self.kind == "channel"

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

    def __post_init__(self) -> None:
        """Customers' words and the house's cards never cross: a bug that would is an error before anything is kept."""
        if self.audience == "customer":
            fit = self.place.customers and self.approval and self.card is None and self.op == "message"
        else:
            fit = not self.place.customers and not self.approval
        if not fit:
            message = f"{self.key}: a post for {self.audience} readers has no such place, approval or form"
            raise ValueError(message)


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
    incident: int | None = None
    approval: str = ""
    tried: int = 0  # which attempt this is about: what was asked of an earlier one no longer counts

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

BACKOFF = (1, 2, 5, 15, 60, 300, *[900] * 111)
"""Seconds between tries, for 28 h (promises.md, section 3, asks for at least 24). A quarter of an hour at most:
a platform that was away for a day gets what waited soon after it is back, not half a day later."""


def next_try(attempts: int) -> int | None:
    """Seconds until the next try after this many, or None: give up and call it dead."""
    return BACKOFF[attempts - 1] if attempts <= len(BACKOFF) else None
