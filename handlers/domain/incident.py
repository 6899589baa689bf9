"""An incident and what belongs to its running: rooms, members, tasks, links, reminders. Instants are UTC."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

OPEN: tuple[str, ...] = ("investigating", "identified", "monitoring")
OVER: tuple[str, ...] = ("resolved", "cancelled", "merged")

LONGEST_TITLE = 120
"""Characters of a title; longer ones are refused with a sentence (a Slack header holds 150)."""


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident. `services` are catalog keys; `region` a catalog key or a name of its own, empty for everywhere."""

    number: int
    title: str
    severity: str
    status: str
    declared_at: datetime
    declared_by: str
    services: tuple[str, ...] = ()
    region: str = ""
    private: bool = False
    drill: bool = False
    severity_assumed: bool = False
    roles: tuple[tuple[str, str], ...] = ()  # (role, person key)
    resolved_at: datetime | None = None
    merged_into: int | None = None
    last_update: str = ""
    last_update_at: datetime | None = None
    last_update_by: str = ""
    reopened_at: datetime | None = None
    clock_from: datetime | None = None  # the last word, from which the next cadence counts; None: since declared
    next_update_at: datetime | None = None  # when the next status update is due
    next_cadence: int | None = None  # the cadence in seconds that this follows; None: somebody said the time
    every: int | None = None  # own cadence in seconds; None: the policy's
    reminders_off: str = ""  # the reason, when somebody switched them off
    remind_at: datetime | None = None  # when the clock looks next (handlers.domain.cadence)
    remind_step: int = 0  # the steps around this due time that were said or passed over
    reminded: int = 0  # the serial of the reminder nobody answered yet, 0: none
    reminded_at: datetime | None = None  # when its latest step was said
    customer_update_at: datetime | None = None  # when customers were promised the next word
    customer_ping_at: datetime | None = None  # when the house is reminded of customers next
    customer_reminded: int = 0  # the serial of that reminder while nobody told them, 0: none
    revision: int = 1
    cannot: tuple[str, ...] = ()  # what a platform could not do here ("slack: pin")

    @property
    def name(self) -> str:
        """As people write it: INC-7."""
        return f"INC-{self.number}"

    @property
    def open(self) -> bool:
        """Whether work goes on."""
        return self.status in OPEN

    def holder(self, role: str) -> str:
        """The person key holding a role, or nothing."""
        return next((p for r, p in self.roles if r == role), "")


@dataclass(frozen=True, slots=True)
class Room:
    """An incident's room on one platform. `address` is a channel id (Slack) or a conversation id (Teams)."""

    incident: int
    platform: str
    address: str = ""
    name: str = ""
    link: str = ""
    generation: int = 1  # private on/off opens another
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Member:
    """Who is in, since when, until when."""

    incident: int
    person: str
    name: str
    joined_at: datetime
    left_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class HandOver:
    """A role on its way to somebody: `giver` holds it until `to` has it. All three are person keys.

    `state`: pending, taken, declined, lapsed (nobody answered until `ends_at`), withdrawn (kept, or given elsewhere),
    over (the incident ended without anybody to lead it).
    """

    incident: int
    number: int
    role: str
    giver: str
    to: str
    by: str
    note: str
    at: datetime
    ends_at: datetime
    ping_at: datetime | None  # when it is asked again, or ends
    state: str = "pending"
    reminded: int = 0
    entered: bool = False  # whether being asked brought them into the incident


@dataclass(frozen=True, slots=True)
class Event:
    """A line of the timeline: append-only. `kind` says what it was; `words` are for people."""

    id: str
    incident: int
    at: datetime
    kind: str
    person: str
    name: str
    words: str
    platform: str = ""


@dataclass(frozen=True, slots=True)
class Pinned:
    """A message of the incident's own room, kept in its timeline: as its author said it last.

    `channel` and `message` are the platform's ids, empty where the words are no message of the room. `gone`: unpinned,
    or deleted by its author, and then without its words. `typed`: said after the verb.
    """

    incident: int
    number: int
    platform: str
    channel: str
    message: str
    author: str  # person key, where known
    author_name: str
    words: str
    at: datetime  # when it was said
    by: str  # who pinned it, a person key
    pinned_at: datetime
    edited_at: datetime | None = None
    gone: str = ""
    typed: bool = False


@dataclass(frozen=True, slots=True)
class Task:
    """Something to do; `due` is what was typed, `due_at` its end in UTC."""

    incident: int
    number: int
    text: str
    owner: str = ""  # person key
    owner_name: str = ""
    owner_title: str = ""
    due: str = ""
    due_at: datetime | None = None
    added_by: str = ""
    added_at: datetime | None = None
    done_at: datetime | None = None
    done_by: str = ""
    ping_at: datetime | None = None  # when its owner is reminded next


@dataclass(frozen=True, slots=True)
class ApologyDue:
    """By when customers should have read an apology. `kind`: preliminary, final. `state`: open, done, gone."""

    incident: int
    kind: str
    due_at: datetime
    ping_at: datetime | None  # when its owner is reminded next
    state: str = "open"


@dataclass(frozen=True, slots=True)
class Subscription:
    """Somebody (`person`, a key) or a channel (`platform` and `address`) follows something.

    `scope`: service (`value` a catalog key), severity (that one or worse), incident (its number).
    """

    number: int
    person: str
    platform: str
    address: str
    scope: str
    value: str
    events: tuple[str, ...]
    by: str
    at: datetime
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Preference:
    """What somebody set for themselves. Empty: as the house has it; `off`: not at all.

    `quiet` is like 22:00-07:00, `digest` like 09:00, both on the clock of `zone` (IANA; empty: the house's).
    """

    person: str
    quiet: str = ""
    zone: str = ""
    digest: str = ""
    digest_at: datetime | None = None  # the next one, where it is not the house's


@dataclass(frozen=True, slots=True)
class KeptBack:
    """Something for one person that waits until their quiet hours end; then it comes folded with the rest."""

    key: str
    person: str
    head: str
    words: str
    at: datetime
    due_at: datetime
    incident: int | None = None
    label: str = ""
    says: str = ""
    form: bool = False
    said_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Round:
    """Something the calendar says again and again. `rule` is the policy it was computed from."""

    name: str
    due_at: datetime | None
    rule: str


@dataclass(frozen=True, slots=True)
class Review:
    """A part of the catalog that its owner looks through every so often; instants are UTC.

    `owner` is an account manager's address in small letters; empty: what is the house's own, the admins'.
    """

    owner: str
    since: datetime  # looked through last, or here since
    due_at: datetime
    ping_at: datetime | None = None  # None: nobody is asked
    by: str = ""


@dataclass(frozen=True, slots=True)
class Recurrence:
    """`incident` came because the fix of `earlier` did not hold; `gone` once unlinked."""

    incident: int
    earlier: int
    because: str
    by: str
    at: datetime
    issue: str = ""
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Ping:
    """A person's own reminder."""

    number: int
    person: str
    what: str
    due_at: datetime
    incident: int | None = None
    said_at: datetime | None = None
    cancelled: bool = False


@dataclass(frozen=True, slots=True)
class Setting:
    """What was learned or set at run time, by name (for example the Teams incidents channel)."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Conversation:
    """A Teams conversation as last seen: what a proactive post needs (platforms.md, Proactive posts)."""

    id: str
    service_url: str
    tenant: str
    kind: str  # personal | channel | groupChat
    bot: str
    person: str = ""  # platform user id, of a personal chat
    team: str = ""
    channel: str = ""
    name: str = ""
    seen_at: datetime | None = None


Visibility = Literal["internal", "public", "customer"]
