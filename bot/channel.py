"""What a platform is to Amends: a way in (Request) and a way out (Carrier). Nothing more."""

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Literal, Protocol

from handlers.card import Card, Form
from handlers.context import Said
from handlers.domain.channels import Seen
from handlers.domain.delivery import Bucket, Op, Outcome, Sent
from handlers.domain.people import Account
from storage.outbox import Claimed

LEFT: ContextVar[Callable[[], None]] = ContextVar("LEFT", default=lambda: None)
"""What a carrier calls once the bytes of a customer's new post have left, if it can look later whether they arrived.

Until then, or else until the answer is written down, no other new post to a customer begins on that platform: a server
that is killed leaves at most one of them a platform of which nobody can know (promises.md, section 4).
"""


@dataclass(frozen=True, slots=True)
class Request:
    """Somebody said something: typed a line, pressed a button that says one, or sent a form that becomes one.

    `key` makes a platform's repeat of it the same request. `words` is the line; `values` are a form's answers.
    """

    key: str
    platform: Literal["slack", "teams"]
    user: str
    channel: str
    words: str
    personal: bool = False
    values: Mapping[str, str | tuple[str, ...]] | None = None
    typed: bool = True
    reply_to: str = ""  # Teams: the conversation a typed line is answered in
    mentions: tuple[tuple[str, str], ...] = ()
    message: Said | None = None  # the message this is, or (a reaction) is about
    foreign: str = ""  # the other workspace that whoever acts belongs to, where this very request says so


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back to whoever asked.

    `show` is None where a room card already says it. `fields` are a form's faults, by field. `known` is False where the
    platform must first say who this is (bot.intake.Intake.meet). `alone`: nobody else may read it, wherever it was
    asked.
    """

    show: Card | Form | None = None
    recorded: bool = False
    refused: bool = False
    repeated: bool = False
    fields: Mapping[str, str] = field(default_factory=dict)
    known: bool = True
    alone: bool = False
    asks: bool = False  # it asks this person something, which no room card does


class Carrier(Protocol):
    """The way out to one platform. A call takes 8 s at most and never raises for what the platform does."""

    platform: str

    def buckets(self, op: Op, address: str, *, edit: bool, broadcast: bool) -> tuple[Bucket, ...]:
        """What the platform counts a row's call in; without an address only what holds for the whole platform."""
        ...

    async def carry(self, row: Claimed) -> Outcome:
        """Put a row on screen: post, edit where `message_id` is set, open a room, pin, invite."""
        ...

    async def look(self, row: Claimed) -> Sent | bool:
        """Where an unknown row stands; False if it surely is not there; True if nobody can know."""
        ...

    async def see(self, address: str, *, first: bool = False, tried: bool = False) -> Seen | Outcome | None:
        """What a customer's channel is, as the platform said at most ten minutes ago; None if it cannot be asked.

        An outcome says why there is no answer: later, or never. `first`: it was just bound, and there is time to ask
        whether the bot can post there at all; `tried`: a person bound it and wants that tried, without a word.
        """
        ...

    async def who(self, user: str, channel: str) -> Account | None:
        """What the platform says of a user; None if it does not say."""
        ...


class Outlet:
    """What carriers have in common through which nobody answers, and where nobody can look: mail, webhooks."""

    def buckets(self, op: Op, address: str, *, edit: bool, broadcast: bool) -> tuple[Bucket, ...]:
        """Each is somebody else's server, and none publishes how much it takes; a refusal says when to come again."""
        del op, address, edit, broadcast
        return ()

    async def look(self, row: Claimed) -> Sent | bool:
        """What became of it only the receiver knows."""
        del row
        return True

    async def see(self, address: str, *, first: bool = False, tried: bool = False) -> Seen | Outcome | None:
        """An address says nothing of who reads it."""
        del address, first, tried
        return None

    async def who(self, user: str, channel: str) -> Account | None:
        """Nobody writes to us this way."""
        del user, channel
        return None
