"""The records of the fake Slack: people, channels, messages, views, triggers; and the cast the sandbox starts with."""

from dataclasses import dataclass, field

from bot.sandbox.ledger import Json

TEAM = "T0SANDBOX"
CONTOSO_TEAM = "T0CONTOSO"
TAILSPIN_TEAM = "T0TAILSPIN"
BOT_USER = "U0AMENDS"
BOT_ID = "B0AMENDS"
APP_ID = "A0AMENDS"
SLACKBOT = "USLACKBOT"
VERIFICATION_TOKEN = "sandbox-verification-token"  # noqa: S105 - Slack's deprecated token, not a secret of ours


class SlackError(Exception):
    """A call refused with `ok: false`; `limit` marks a broken published limit, which is counted as a violation."""

    def __init__(self, error: str, limit: bool = False, **more: object) -> None:
        """`more` joins the answer beside ok and error."""
        super().__init__(error)
        self.error = error
        self.limit = limit
        self.answer: Json = {"ok": False, "error": error, **more}


@dataclass
class Person:
    """Somebody with a Slack account: a colleague, a guest (`is_restricted`), a bot, or a member of another team."""

    id: str
    name: str
    real_name: str
    email: str
    team_id: str = TEAM
    title: str = ""
    tz: str = "Europe/Berlin"
    is_restricted: bool = False
    is_ultra_restricted: bool = False
    is_admin: bool = False
    is_bot: bool = False
    deleted: bool = False


@dataclass
class Message:
    """One message, its earlier versions kept in `versions`; `ephemeral_to` holds the only person who sees it."""

    ts: str
    channel: str
    user: str
    text: str = ""
    blocks: list[Json] = field(default_factory=list)
    attachments: list[Json] = field(default_factory=list)
    metadata: Json = field(default_factory=dict)
    thread_ts: str = ""
    subtype: str = ""
    bot_id: str = ""
    app_id: str = ""
    client_msg_id: str = ""
    ephemeral_to: str = ""
    edited: Json = field(default_factory=dict)
    versions: list[Json] = field(default_factory=list)
    reactions: dict[str, list[str]] = field(default_factory=dict)
    team: str = TEAM
    username: str = ""


@dataclass
class Channel:
    """A conversation of any kind. `connected` are the other teams of a Slack Connect channel."""

    id: str
    name: str
    members: list[str] = field(default_factory=list)
    is_private: bool = False
    is_im: bool = False
    is_mpim: bool = False
    is_general: bool = False
    is_archived: bool = False
    creator: str = ""
    created: int = 0
    connected: list[str] = field(default_factory=list)
    topic: Json = field(default_factory=lambda: {"value": "", "creator": "", "last_set": 0})
    purpose: Json = field(default_factory=lambda: {"value": "", "creator": "", "last_set": 0})
    previous_names: list[str] = field(default_factory=list)
    messages: dict[str, Message] = field(default_factory=dict)
    ephemerals: dict[str, Message] = field(default_factory=dict)
    threads: dict[str, list[str]] = field(default_factory=dict)  # a parent's ts → its replies' ts
    pins: list[str] = field(default_factory=list)
    bookmarks: list[Json] = field(default_factory=list)

    @property
    def kind(self) -> str:
        """What message events name in `channel_type`: channel, group, im or mpim."""
        return "im" if self.is_im else "mpim" if self.is_mpim else "group" if self.is_private else "channel"


@dataclass
class View:
    """An open modal or a home tab: the view as the app sent it, and what its person has put in so far."""

    id: str
    user: str
    body: Json
    hash: str
    root: str
    previous: str = ""
    typed: dict[tuple[str, str], Json] = field(default_factory=dict)
    offered: dict[str, list[Json]] = field(default_factory=dict)  # action id → what an external menu suggested
    errors: dict[str, str] = field(default_factory=dict)
    problem: str = ""  # what the person reads when the submission failed


@dataclass
class Trigger:
    """A trigger_id: whose, until when (real time, `time.monotonic`), used or not, born in which view."""

    id: str
    user: str
    until: float
    view: str = ""
    used: bool = False


@dataclass
class Hook:
    """A response_url: where it posts, for whom, and how often it did."""

    user: str
    channel: str
    message_ts: str
    until: float  # virtual time, seconds since 1970
    posts: int = 0


def people() -> list[Person]:
    """The sandbox's people: four colleagues, a guest, and one from the customer Contoso's own workspace."""
    return [
        Person("U0ANA", "ana", "Ana Ruiz", "ana@example.com", title="Incident commander", is_admin=True),
        Person("U0CLEO", "cleo", "Cleo Brandt", "cleo@example.com", title="Head of communications"),
        Person("U0NOOR", "noor", "Noor Haddad", "noor@example.com", title="Network engineering director"),
        Person("U0DANA", "dana", "Dana Lee", "dana@example.com", title="Account manager", tz="America/New_York"),
        Person("U0GUEST", "gus", "Gus Guest", "gus@contractor.example", title="Contractor", is_restricted=True),
        Person("U0STRANGER", "sol", "Sol Stern", "sol@contoso.example", CONTOSO_TEAM, "IT lead", "America/New_York"),
    ]


def channels() -> list[Channel]:
    """The sandbox's channels; Amends is in all of them but #general."""
    house = ["U0ANA", "U0CLEO", "U0NOOR", "U0DANA"]
    return [
        Channel("C0GENERAL", "general", [*house], is_general=True, creator="U0ANA"),
        Channel("C0INCIDENTS", "incidents", [*house, "U0GUEST", BOT_USER], creator="U0ANA"),
        Channel(
            "C0EXTCONTOSO",
            "ext-contoso",
            ["U0ANA", "U0CLEO", "U0DANA", "U0STRANGER", BOT_USER],
            creator="U0DANA",
            connected=[CONTOSO_TEAM],
        ),
        Channel(
            "C0EXTTAILSPIN",
            "ext-tailspin",
            ["U0ANA", "U0CLEO", "U0DANA", BOT_USER],
            creator="U0DANA",
            connected=[TAILSPIN_TEAM],
        ),
    ]
