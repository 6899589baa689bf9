"""The sandbox's Teams as a place: two tenants, people, teams with channels and threads, chats, and all their messages.

Nothing here talks to a network; `teams_connector` changes it for the bot, `teams_people` for the people.
"""

import functools
import hashlib
import itertools
import threading
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.sandbox.ledger import Json, SandboxClock

HOME_TENANT = "11111111-1111-4111-8111-111111111111"
OTHER_TENANT = "22222222-2222-4222-8222-222222222222"
APP_ID = "a11e2d50-0000-4000-8000-000000000001"
ADAPTIVE_CARD = "application/vnd.microsoft.card.adaptive"
_NAMESPACE = uuid.UUID("6b1f2f5e-0f5c-4b7e-9f63-0a4f6f1c2b3d")  # ours; makes object ids that stay the same for ever


def entra_id(key: str) -> str:
    """The Entra object id the sandbox gives to a person or team of this key: the same in every run."""
    return str(uuid.uuid5(_NAMESPACE, key))


def stamp(moment: datetime) -> str:
    """A moment as Teams writes it, to the millisecond: `2026-03-04T14:02:00.123Z` for UTC, else with its offset."""
    text = moment.isoformat(timespec="milliseconds")
    return text.removesuffix("+00:00") + "Z" if text.endswith("+00:00") else text


@dataclass(frozen=True)
class Person:
    """Somebody with a Teams account. `key` is how tests and scenarios name them."""

    key: str
    name: str
    email: str
    tenant: str = HOME_TENANT  # where the account lives; a guest's is not ours
    role: str = "user"  # user | guest, what the members endpoint calls userRole
    timezone: str = "Europe/Berlin"
    locale: str = "en-GB"
    has_app: bool = True  # the app is installed in their personal scope

    @property
    def id(self) -> str:
        """The id Teams shows to this bot, `29:…`."""
        return f"29:{self.key}"

    @property
    def aad(self) -> str:
        """The Entra object id."""
        return entra_id(f"person/{self.key}")

    def account(self) -> Json:
        """What the members endpoints answer (learn.microsoft.com get-teams-context)."""
        given, _, family = self.name.partition(" ")
        return {
            "id": self.id,
            "name": self.name,
            "givenName": given,
            "surname": family,
            "objectId": self.aad,
            "aadObjectId": self.aad,
            "email": self.email,
            "userPrincipalName": self.email,
            "tenantId": self.tenant,
            "userRole": self.role,
        }


@dataclass(frozen=True)
class Channel:
    """A channel of a team. General carries the team's own id."""

    id: str
    name: str
    type: str = "standard"  # standard | shared | private
    bot_in: bool = True  # for shared and private channels: the app was added to this channel too
    members: tuple[str, ...] = ()  # keys; empty means the team's own members


@dataclass(frozen=True)
class Team:
    """A team and its channels; `installed` says whether the bot was added to it."""

    id: str
    name: str
    channels: tuple[Channel, ...]
    members: tuple[str, ...]
    tenant: str = HOME_TENANT
    installed: bool = True

    @property
    def aad_group_id(self) -> str:
        """The third id of a team: the Entra group behind it."""
        return entra_id(f"team/{self.id}")

    @functools.cached_property
    def _channels(self) -> dict[str, Channel]:
        return {c.id: c for c in self.channels}

    def channel(self, channel_id: str) -> Channel:
        """The channel of this id; KeyError when the team has none."""
        return self._channels[channel_id]


@dataclass(frozen=True)
class GroupChat:
    """A chat of several people, with the bot in it or not."""

    id: str
    topic: str
    members: tuple[str, ...]
    tenant: str = HOME_TENANT
    bot_in: bool = True


@dataclass
class Message:
    """One message as people see it. `root` is empty when the message starts a thread or stands in a chat."""

    id: str
    conversation: str  # without `;messageid=`
    root: str
    sender: str
    sender_name: str
    at: datetime
    text: str = ""
    text_format: str = "markdown"
    summary: str = ""
    attachments: list[Json] = field(default_factory=list)
    entities: list[Json] = field(default_factory=list)
    edited: bool = False
    edits: int = 0
    deleted: bool = False
    reactions: dict[str, list[str]] = field(default_factory=dict)  # reaction type to the ids of who gave it
    overrides: dict[str, Json] = field(default_factory=dict)  # person id to the card only they see

    def card_for(self, person: Person) -> Json | None:
        """The Adaptive Card this person has before their eyes, None where there is none."""
        if person.id in self.overrides:
            return self.overrides[person.id]
        for attachment in self.attachments:
            if attachment.get("contentType") == ADAPTIVE_CARD:
                card: Json = attachment["content"]
                return card
        return None


@dataclass(frozen=True)
class Place:
    """Where a conversation id leads."""

    base: str
    root: str
    kind: str  # channel | groupChat | personal
    tenant: str
    name: str
    members: tuple[Person, ...]
    bot_in: bool
    team: Team | None = None
    channel: Channel | None = None

    @property
    def id(self) -> str:
        """The conversation id: with the thread's `;messageid=` in channels."""
        return f"{self.base};messageid={self.root}" if self.root else self.base


PEOPLE = (
    Person("ben", "Ben Okafor", "ben@example.com"),
    Person("ana", "Ana Ruiz", "ana@example.com"),
    Person("cleo", "Cleo Brandt", "cleo@example.com", timezone="America/New_York", locale="en-US"),
    Person("noor", "Noor Haddad", "noor@example.com", timezone="Asia/Kolkata"),
    Person("priya", "Priya Raman", "priya@example.com", timezone="Asia/Kolkata"),
    Person("dana", "Dana Lee", "dana@example.com", timezone="America/New_York", locale="en-US"),
    Person("gil", "Gil Moreau (Guest)", "gil@partner.example", tenant=OTHER_TENANT, role="guest"),
    Person("sam", "Sam Reyes", "sam@fabrikam.example", tenant=OTHER_TENANT, locale="en-US"),
)
TEAMS = (
    Team(
        "19:operations@thread.tacv2",
        "Operations",
        (Channel("19:operations@thread.tacv2", "General"), Channel("19:incidents@thread.tacv2", "Incidents")),
        ("ben", "ana", "cleo", "noor", "priya", "dana", "gil"),
    ),
    Team(
        "19:customers@thread.tacv2",
        "Contoso & us",
        (
            Channel("19:customers@thread.tacv2", "General"),
            Channel("19:fabrikam@thread.tacv2", "Fabrikam", "shared", members=("ben", "priya", "sam")),
            Channel("19:northwind@thread.tacv2", "Northwind", "shared", bot_in=False, members=("ben", "priya")),
        ),
        ("ben", "ana", "priya", "dana"),
    ),
)
CHATS = (GroupChat("19:on-call@thread.v2", "On call", ("ben", "ana", "noor")),)


class World:
    """Everything on the sandbox's Teams. Safe to change from several threads: take `lock` around a change."""

    def __init__(
        self,
        clock: SandboxClock,
        *,
        app_id: str,
        bot_name: str,
        home_tenant: str,
        seed: int | str,
        people: Sequence[Person] | None = None,
        teams: Sequence[Team] | None = None,
        chats: Sequence[GroupChat] | None = None,
    ) -> None:
        """The sandbox's own people and teams unless told otherwise; their home tenant becomes `home_tenant`."""
        self.clock = clock
        self.bot_id = f"28:{app_id}"
        self.bot_name = bot_name
        self.home_tenant = home_tenant
        self.lock = threading.RLock()
        self.people: dict[str, Person] = {
            p.key: p if people is not None or p.tenant != HOME_TENANT else replace(p, tenant=home_tenant)
            for p in (PEOPLE if people is None else people)
        }
        self.teams: dict[str, Team] = {
            t.id: t if teams is not None else replace(t, tenant=home_tenant)
            for t in (TEAMS if teams is None else teams)
        }
        self.chats: dict[str, GroupChat] = {
            c.id: c if chats is not None else replace(c, tenant=home_tenant)
            for c in (CHATS if chats is None else chats)
        }
        self.messages: dict[str, dict[str, Message]] = {}
        self._seed = str(seed)
        self._counters: dict[str, Iterator[int]] = {}
        self._last_message = 0
        self._refs: dict[str, str] = {}  # whatever names a person to their key
        self._personal: dict[str, str] = {}  # a personal chat's id to its person's key
        self._team_of: dict[str, str] = {}  # a channel's id to its team's
        self._index()

    def _index(self) -> None:
        """Look-ups by id: a broadcast may know ten thousand channels."""
        self._refs = {ref: p.key for p in self.people.values() for ref in (p.email, p.aad, p.id, p.key)}
        self._personal = {self.personal_chat(p): p.key for p in self.people.values()}
        self._team_of = {c.id: t.id for t in self.teams.values() for c in t.channels}

    # ── ids ──────────────────────────────────────────────────────────────────────────────────────────────────────
    def next_id(self, kind: str) -> str:
        """A new UUID, the same one in every run with the same seed and history."""
        count = next(self._counters.setdefault(kind, itertools.count(1)))
        return self._uuid(f"{kind}/{count}")

    def _uuid(self, what: str) -> str:
        return str(uuid.UUID(bytes=hashlib.sha256(f"{self._seed}/{what}".encode()).digest()[:16], version=4))

    def next_message_id(self) -> str:
        """A new message id: milliseconds since 1970 as Teams counts them, always growing."""
        with self.lock:
            now = int(self.clock.now().timestamp() * 1000)
            self._last_message = max(self._last_message + 1, now)
            return str(self._last_message)

    def personal_chat(self, person: Person) -> str:
        """The id of this person's chat with the bot."""
        return "a:1" + self._uuid(f"personal/{person.key}").replace("-", "")

    # ── looking ──────────────────────────────────────────────────────────────────────────────────────────────────
    def find_person(self, ref: str) -> Person | None:
        """A person by key, `29:` id, Entra object id or e-mail address; None when there is no such person."""
        key = self._refs.get(ref)
        return None if key is None else self.people[key]

    def person(self, ref: str) -> Person:
        """As `find_person`; raises LookupError when there is no such person."""
        found = self.find_person(ref)
        if found is None:
            raise LookupError(f"nobody on this Teams is called {ref!r}")
        return found

    def _those(self, keys: Iterable[str]) -> tuple[Person, ...]:
        return tuple(self.people[k] for k in keys if k in self.people)

    def find_channel(self, channel_id: str) -> tuple[Team, Channel] | None:
        """The channel of this id with its team, None when there is none."""
        team_id = self._team_of.get(channel_id)
        if team_id is None:
            return None
        team = self.teams[team_id]
        return team, team.channel(channel_id)

    def find_place(self, conversation_id: str) -> Place | None:
        """Where this conversation id leads, thread included; None when it leads nowhere."""
        base, marker, root = conversation_id.partition(";messageid=")
        if found := self.find_channel(base):
            team, channel = found
            if marker and root not in self.messages.get(base, {}):
                return None
            members = self._those(channel.members or team.members)
            bot_in = team.installed and channel.bot_in
            return Place(base, root, "channel", team.tenant, channel.name, members, bot_in, team, channel)
        if marker:
            return None
        if chat := self.chats.get(base):
            return Place(base, "", "groupChat", chat.tenant, chat.topic, self._those(chat.members), chat.bot_in)
        if key := self._personal.get(base):
            person = self.people[key]
            tenant = self.home_tenant if person.role == "guest" else person.tenant
            return Place(base, "", "personal", tenant, person.name, (person,), person.has_app)
        return None

    def place(self, conversation_id: str) -> Place:
        """As `find_place`; raises LookupError when the id leads nowhere."""
        found = self.find_place(conversation_id)
        if found is None:
            raise LookupError(f"there is no conversation {conversation_id!r}")
        return found

    def find_message(self, conversation_id: str, message_id: str) -> Message | None:
        """The message of this id in this conversation (any thread of the channel), unless it was deleted."""
        message = self.messages.get(conversation_id.partition(";")[0], {}).get(message_id)
        return None if message is None or message.deleted else message

    def said_in(self, conversation_id: str, *, by: str = "") -> list[Message]:
        """What can be read in a channel, thread or chat, oldest first; `by` narrows it to one sender's id."""
        base, _, root = conversation_id.partition(";messageid=")
        return [
            m
            for m in self.messages.get(base, {}).values()
            if not m.deleted and (not root or root in (m.id, m.root)) and by in ("", m.sender)
        ]

    def said_by_bot(self) -> list[Message]:
        """Everything of the bot's that can be read anywhere, by conversation, oldest first."""
        return [m for base in self.messages for m in self.said_in(base, by=self.bot_id)]

    # ── changing ─────────────────────────────────────────────────────────────────────────────────────────────────
    def add(self, message: Message) -> Message:
        """Put a message on screen."""
        self.messages.setdefault(message.conversation, {})[message.id] = message
        return message

    def change_team(self, team_id: str, **changes: object) -> Team:
        """Replace fields of a team (`installed`, `members`, `channels`, `name`)."""
        team = replace(self.teams[team_id], **changes)  # type: ignore[arg-type]  # the fields are checked by replace
        self.teams[team_id] = team
        self._index()
        return team

    def change_channel(self, channel_id: str, **changes: object) -> Channel:
        """Replace fields of a channel (`name`, `bot_in`, `members`); LookupError when there is none."""
        found = self.find_channel(channel_id)
        if found is None:
            raise LookupError(f"there is no channel {channel_id!r}")
        team, channel = found
        changed = replace(channel, **changes)  # type: ignore[arg-type]  # the fields are checked by replace
        self.change_team(team.id, channels=tuple(changed if c.id == channel_id else c for c in team.channels))
        return changed

    def change_person(self, key: str, **changes: object) -> Person:
        """Replace fields of a person (`has_app`, `role`, `tenant`, `name`)."""
        self.people[key] = replace(self.people[key], **changes)  # type: ignore[arg-type]  # as above
        self._index()
        return self.people[key]

    def local(self, person: Person) -> datetime:
        """Now, on this person's wall."""
        return self.clock.now().astimezone(ZoneInfo(person.timezone))
