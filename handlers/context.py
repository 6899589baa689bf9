"""Who asks, where, when: all that a handler knows of the world outside its book."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from handlers.domain.people import Person


@dataclass(frozen=True, slots=True)
class Whence:
    """The place a request came from. `room` is the incident whose room it is, if any."""

    platform: str  # slack | teams | clock | shell
    channel: str = ""
    personal: bool = False
    room: int | None = None
    customer: str = ""  # the customer this channel belongs to

    @property
    def base(self) -> str:
        """The channel itself: a Teams conversation without its thread."""
        return self.channel.partition(";messageid=")[0]


@dataclass(frozen=True, slots=True)
class Said:
    """A message of a conversation that a request is about. `own`: the request is this very message.

    `id` and `author` are the platform's; `at` is UTC.
    """

    id: str
    author: str = ""
    words: str = ""
    at: datetime | None = None
    own: bool = False
    name: str = ""  # the author's, where the platform says it


@dataclass(frozen=True, slots=True)
class Context:
    """One request. `now` is the database's clock, UTC; `zone` the house's time zone."""

    actor: Person
    whence: Whence
    now: datetime
    zone: ZoneInfo
    platforms: tuple[str, ...]  # those switched on
    line: str = ""  # what was said, as understood
    public_url: str = ""
    mentions: tuple[tuple[str, str], ...] = ()  # platform id -> name, of people mentioned
    outlets: tuple[str, ...] = ()  # other ways out that are set up: email, webhook
    message: Said | None = None  # the message it is about, or is
