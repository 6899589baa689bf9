"""Everything anyone (or the clock) can ask of Amends: a closed union of frozen dataclasses.

`incident` is an incident's number, or None where the text left it out (then the room, or the only open one, decides).
`apology` likewise. Instants are aware datetimes in UTC; durations are timedeltas. `person` holds what was typed: a
mention in the house's own spelling `<@platform-id>`, or a name or e-mail address; handlers look it up.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from handlers.domain.channels import Seen

Severity = Literal["sev1", "sev2", "sev3", "sev4"]
SEVERITIES: tuple[Severity, ...] = ("sev1", "sev2", "sev3", "sev4")
Status = Literal["investigating", "identified", "monitoring", "resolved"]
STATUSES: tuple[Status, ...] = ("investigating", "identified", "monitoring", "resolved")
Role = Literal["commander", "deputy", "comms", "scribe"]
ROLES: tuple[Role, ...] = ("commander", "deputy", "comms", "scribe")

EVENTS: tuple[str, ...] = ("declared", "severity", "updates", "resolved", "apology")
"""What a subscription may be told of."""


# --- lifecycle -------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Declare:
    """Open an incident. `severity` None: the policy's default, shown as assumed."""

    title: str
    severity: Severity | None = None
    services: tuple[str, ...] = ()
    region: str | None = None
    private: bool = False
    drill: bool = False


@dataclass(frozen=True, slots=True)
class ListIncidents:
    """Look for incidents; `since` is how far back."""

    which: Literal["open", "resolved", "all", "mine"] = "open"
    service: str | None = None
    since: timedelta | None = None
    words: str = ""


@dataclass(frozen=True, slots=True)
class Show:
    """One incident at a glance."""

    incident: int | None = None


@dataclass(frozen=True, slots=True)
class Timeline:
    """Everything that happened in one incident, oldest first."""

    incident: int | None = None


@dataclass(frozen=True, slots=True)
class Help:
    """What can be said; with a verb, its usage."""

    verb: str | None = None


@dataclass(frozen=True, slots=True)
class WhoAmI:
    """Who the bot thinks one is, and what one may do."""


@dataclass(frozen=True, slots=True)
class Undo:
    """Take back one's own last change, within two minutes."""


@dataclass(frozen=True, slots=True)
class Here:
    """Make this conversation the incidents channel (Teams)."""


@dataclass(frozen=True, slots=True)
class SetSeverity:
    """Raise or lower the severity."""

    incident: int | None
    severity: Severity
    because: str = ""


@dataclass(frozen=True, slots=True)
class SetServices:
    """Change the affected services: `replace` whole, or `add` and `remove`."""

    incident: int | None
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    replace: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SetRegion:
    """Where it happens."""

    incident: int | None
    region: str


@dataclass(frozen=True, slots=True)
class SetTitle:
    """Rename the incident (inside the house only)."""

    incident: int | None
    title: str


@dataclass(frozen=True, slots=True)
class SetStatus:
    """investigating, identified, monitoring or resolved."""

    incident: int | None
    status: Status


@dataclass(frozen=True, slots=True)
class SetPrivate:
    """Members only from now on, or no longer."""

    incident: int | None
    on: bool
    because: str


@dataclass(frozen=True, slots=True)
class Resolve:
    """The impact is over. It says nothing of the cause being fixed."""

    incident: int | None = None
    because: str = ""


@dataclass(frozen=True, slots=True)
class Reopen:
    """It was not over."""

    incident: int | None
    because: str


@dataclass(frozen=True, slots=True)
class Cancel:
    """It was no incident."""

    incident: int | None
    because: str


@dataclass(frozen=True, slots=True)
class Merge:
    """The same trouble under two numbers: `incident` ends, `into` goes on."""

    incident: int | None
    into: int
    because: str


@dataclass(frozen=True, slots=True)
class Update:
    """Say how it stands. `customers` only proposes: another person sends.

    When the next one is promised: `next_in` from now, or `next_at` (UTC).
    """

    incident: int | None
    text: str
    next_in: timedelta | None = None
    to: Literal["room", "status", "customers"] = "room"
    next_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CanReport:
    """An update for the room in three parts: current conditions, actions under way, needs."""

    incident: int | None
    conditions: str = ""
    actions: str = ""
    needs: str = ""
    next_in: timedelta | None = None


@dataclass(frozen=True, slots=True)
class ShowPeople:
    """Who is in, since when."""

    incident: int | None = None


@dataclass(frozen=True, slots=True)
class Subscribe:
    """Follow a service, a severity or an incident: exactly one of them, unless the room or the only open one is meant.

    `target`: me, here, a channel (id or mention) or a person; `events` none: all.
    """

    target: str = "me"
    service: str = ""
    severity: Severity | None = None
    incident: int | None = None
    events: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """Stop following."""

    subscription: int


@dataclass(frozen=True, slots=True)
class ShowSubscriptions:
    """Who follows what."""


@dataclass(frozen=True, slots=True)
class Holding:
    """Propose the holding statement to customers."""

    incident: int | None = None


@dataclass(frozen=True, slots=True)
class Closure:
    """Propose the closing update to customers."""

    incident: int | None = None


@dataclass(frozen=True, slots=True)
class Recap:
    """The short way into the fact ledger: `answers` are (field, words) pairs; none of them opens the form.

    Fields: seen, from, to, count, trigger, state (not-fixed, stable, fixed, checked), data-loss, change, next-report,
    remedy.
    A field left out was not answered; the word `unknown` is an answer.
    """

    incident: int | None = None
    answers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class SetRole:
    """Name somebody for a role; `everywhere` in all open incidents.

    With a hand-over `note`, or `handed`, a role that somebody holds waits until the other says "I have it".
    """

    incident: int | None
    role: Role
    person: str
    everywhere: bool = False
    note: str = ""
    handed: bool = False


@dataclass(frozen=True, slots=True)
class AcceptHandOver:
    """Take what was handed over; `everywhere` in all incidents. `role` None: every role offered there."""

    incident: int | None = None
    role: Role | None = None
    everywhere: bool = False


@dataclass(frozen=True, slots=True)
class DeclineHandOver:
    """Leave what was handed over with whoever has it ("I cannot")."""

    incident: int | None = None
    role: Role | None = None
    everywhere: bool = False
    because: str = ""


@dataclass(frozen=True, slots=True)
class Join:
    """Come in."""

    incident: int | None = None


@dataclass(frozen=True, slots=True)
class Leave:
    """Go out."""

    incident: int | None = None


# --- reminders, notes, tasks ----------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Remind:
    """Set the incident's update clock: exactly one of `every`, `once_in`, `once_at` (UTC), `off_because`, `snooze`.

    From 1 minute. `round` is the reminder whose button was pressed (0: typed): a button of another one does nothing.
    """

    incident: int | None
    every: timedelta | None = None
    once_in: timedelta | None = None
    off_because: str = ""
    snooze: timedelta | None = None
    once_at: datetime | None = None
    round: int = 0


@dataclass(frozen=True, slots=True)
class RemindMe:
    """A ping for oneself: after a while, or at a time (UTC)."""

    once_in: timedelta | None
    what: str
    once_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CancelPing:
    """Forget a ping for oneself."""

    ping: int


@dataclass(frozen=True, slots=True)
class Notify:
    """One's own quiet hours or daily list. `what` empty: show them. `value`: hours or a time, `off` or `default`."""

    what: Literal["", "quiet", "digest"] = ""
    value: str = ""
    zone: str = ""


@dataclass(frozen=True, slots=True)
class OnTrack:
    """The button under a reminder: nothing new to tell, the work goes on; the update clock starts again."""

    incident: int | None = None
    round: int = 0


@dataclass(frozen=True, slots=True)
class Note:
    """Write down something for the house only."""

    incident: int | None
    text: str


@dataclass(frozen=True, slots=True)
class Pin:
    """Keep a message in the timeline: the one that got a reaction, or these words."""

    incident: int | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Unpin:
    """Take a pin out of the timeline; `pin` None: that of the message a reaction was taken off."""

    incident: int | None = None
    pin: int | None = None


@dataclass(frozen=True, slots=True)
class TaskAdd:
    """Something to do; `due` is a date (midnight UTC then ends it) or an instant, as typed."""

    incident: int | None
    text: str
    owner: str = ""
    due: str = ""


@dataclass(frozen=True, slots=True)
class TaskDone:
    """It is done."""

    incident: int | None
    task: int


@dataclass(frozen=True, slots=True)
class TaskMove:
    """Another date, another owner; what is empty stays."""

    incident: int | None
    task: int
    owner: str = ""
    due: str = ""


# --- facts ----------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class RecordFact:
    """Write a fact into the ledger. `visibility`: internal, public, or `for <customer>` with `customer` set."""

    incident: int | None
    kind: str
    value: str
    source: str = ""
    visibility: Literal["internal", "public", "customer"] = "internal"
    customer: str = ""
    precision: str = ""
    due: str = ""


@dataclass(frozen=True, slots=True)
class ReplaceFact:
    """A newer value for fact `fact`; the old one stays in the record."""

    incident: int | None
    fact: int
    value: str
    because: str


@dataclass(frozen=True, slots=True)
class DropFact:
    """This fact no longer stands; it stays in the record."""

    incident: int | None
    fact: int
    because: str


@dataclass(frozen=True, slots=True)
class ConfirmFact:
    """The commander vouches for it."""

    incident: int | None
    fact: int


@dataclass(frozen=True, slots=True)
class ShowFacts:
    """The ledger of one incident, gaps first."""

    incident: int | None = None


@dataclass(frozen=True, slots=True)
class ShowAffected:
    """Which customers are hit, and why."""

    incident: int | None = None
    mine: bool = False


@dataclass(frozen=True, slots=True)
class ChangeAffected:
    """Put a customer on the list by hand, or take it off."""

    incident: int | None
    customer: str
    add: bool
    because: str


@dataclass(frozen=True, slots=True)
class Link:
    """`incident` happened because the fix of `recurrence_of` did not hold."""

    incident: int
    recurrence_of: int
    because: str
    issue: str = ""


@dataclass(frozen=True, slots=True)
class Unlink:
    """Take a link back."""

    incident: int
    other: int


# --- apology --------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class ApologyDraft:
    """Compose the apology for these incidents."""

    incidents: tuple[int, ...]
    signatory: str = ""


@dataclass(frozen=True, slots=True)
class ApologyShow:
    """The text as it stands; `part` of it where it is more than one card holds."""

    apology: int | None = None
    part: int = 1


@dataclass(frozen=True, slots=True)
class ApologyWhy:
    """Each sentence with the facts behind it."""

    apology: int | None = None


@dataclass(frozen=True, slots=True)
class ApologyLint:
    """What the linter finds."""

    apology: int | None = None


@dataclass(frozen=True, slots=True)
class ApologyStatus:
    """Who was told, who not yet."""

    apology: int | None = None


@dataclass(frozen=True, slots=True)
class ApologyFollowUp:
    """What was promised, told in the same threads."""

    apology: int | None = None


@dataclass(frozen=True, slots=True)
class ApologyFill:
    """Close a gap with a value; `unknown` says so in public with a date."""

    apology: int | None
    gap: str
    value: str
    source: str = ""
    precision: str = ""


@dataclass(frozen=True, slots=True)
class ApologyWaive:
    """Leave a gap or a finding as it is, and say why; `until` as typed, a date."""

    apology: int | None
    rule: str
    because: str
    until: str = ""


@dataclass(frozen=True, slots=True)
class ApologyEdit:
    """The words around the facts. `text` empty opens the form; `variant` is full or chat."""

    apology: int | None
    text: str = ""
    variant: Literal["full", "chat"] = "full"


@dataclass(frozen=True, slots=True)
class ApologyMend:
    """Put the linter's better words in place of what a rule found."""

    apology: int | None
    rule: str


@dataclass(frozen=True, slots=True)
class ApologySuggest:
    """Offer words without becoming an author."""

    apology: int | None
    words: str


@dataclass(frozen=True, slots=True)
class ApologySubmit:
    """Ask for approval. `because`: the reason why the warnings that are left stand; they are waived with it."""

    apology: int | None = None
    because: str = ""


@dataclass(frozen=True, slots=True)
class ApologyApprove:
    """Sign the version that was shown. `digest` is the hash a button carried; typed approvals leave it out."""

    apology: int | None = None
    digest: str = ""


@dataclass(frozen=True, slots=True)
class ApologyReject:
    """Send it back."""

    apology: int | None
    because: str


@dataclass(frozen=True, slots=True)
class ApologyPublish:
    """Send the approved version. `at`: the embargo (UTC); `count`: how many channels, typed above the threshold."""

    apology: int | None = None
    at: datetime | None = None
    count: int | None = None


@dataclass(frozen=True, slots=True)
class ApologyPause:
    """Stop what is not yet sent."""

    apology: int | None = None


@dataclass(frozen=True, slots=True)
class ApologyResume:
    """Go on; retries failures only."""

    apology: int | None = None


@dataclass(frozen=True, slots=True)
class ApologyCorrect:
    """Open a new version of what was published."""

    apology: int | None
    because: str


@dataclass(frozen=True, slots=True)
class ApologyRetract:
    """Take a published text back, at once."""

    apology: int | None
    because: str


# --- relay, promises ------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class RelayList:
    """What account managers still have to tell; `page` counts from 1."""

    apology: int | None = None
    mine: bool = False
    page: int = 1


@dataclass(frozen=True, slots=True)
class RelayPack:
    """All that an account manager needs to tell one customer."""

    apology: int | None
    customer: str


@dataclass(frozen=True, slots=True)
class RelayCheck:
    """Compare own words with the approved facts; nothing is recorded."""

    customer: str
    text: str


@dataclass(frozen=True, slots=True)
class RelayDone:
    """These customers were told, in person; `to` is who was spoken to, `because` why words that raise doubts stand."""

    apology: int | None
    customers: tuple[str, ...]
    via: Literal["", "phone", "email", "chat"] = ""
    words: str = ""
    to: str = ""
    because: str = ""


@dataclass(frozen=True, slots=True)
class RelayAck:
    """These customers acknowledged."""

    apology: int | None
    customers: tuple[str, ...]
    words: str = ""


@dataclass(frozen=True, slots=True)
class RelaySkip:
    """These customers are not told, for a reason."""

    apology: int | None
    customers: tuple[str, ...]
    because: str


@dataclass(frozen=True, slots=True)
class RelayClose:
    """Nothing more is owed to these customers, and why."""

    apology: int | None
    customers: tuple[str, ...]
    because: str


@dataclass(frozen=True, slots=True)
class RelayAsk:
    """A customer's question."""

    customer: str
    question: str


@dataclass(frozen=True, slots=True)
class RelayAnswer:
    """The answer, for everybody with that question."""

    question: int
    answer: str


@dataclass(frozen=True, slots=True)
class Cover:
    """A colleague looks after one's accounts; `until` as typed, a date."""

    person: str
    until: str


@dataclass(frozen=True, slots=True)
class ShowPromises:
    """What was promised to customers."""

    which: Literal["mine", "open", "customer"] = "open"
    customer: str = ""


@dataclass(frozen=True, slots=True)
class PromiseDone:
    """Kept, with evidence."""

    promise: int
    evidence: str


@dataclass(frozen=True, slots=True)
class PromiseMove:
    """A new date, as typed."""

    promise: int
    due: str
    because: str


@dataclass(frozen=True, slots=True)
class PromiseWithdraw:
    """No longer promised."""

    promise: int
    because: str


# --- catalog, numbers ------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class CustomerList:
    """The customers."""


@dataclass(frozen=True, slots=True)
class CustomerShow:
    """One customer."""

    customer: str


@dataclass(frozen=True, slots=True)
class CustomerChannel:
    """Bind a channel to a customer, or unbind it. `channel` is an id or a channel mention."""

    customer: str
    channel: str
    add: bool


@dataclass(frozen=True, slots=True)
class CustomerManager:
    """Another account manager for a customer. `person` as said or mentioned."""

    customer: str
    person: str


@dataclass(frozen=True, slots=True)
class CustomerZone:
    """The time zone a customer's texts name clock times in."""

    customer: str
    zone: str


@dataclass(frozen=True, slots=True)
class CatalogReviewed:
    """One's part of the catalog was looked through and is right: one's customers, or services, people and policy."""

    part: Literal["customer", "service"]


@dataclass(frozen=True, slots=True)
class ShowCredit:
    """What an incident, or all an apology covers, costs by contract; of one customer, or of all that may be read of."""

    incident: int | None = None
    apology: int | None = None
    customer: str = ""


@dataclass(frozen=True, slots=True)
class ServiceList:
    """The services."""


@dataclass(frozen=True, slots=True)
class ServiceShow:
    """One service."""

    service: str


@dataclass(frozen=True, slots=True)
class Stats:
    """Numbers over a time."""

    service: str | None = None
    since: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Send:
    """The button another person presses under a proposed customer update or holding statement: `proposal` by number."""

    proposal: int
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Settle:
    """A person's word on an unclear post: it arrived, send it again, let it be; or that it be looked for now.

    `post` is the outbox id; `tried` the attempt that a button was about, 0 where it is typed.
    """

    post: int
    verdict: Literal["look", "arrived", "again", "drop"]
    tried: int = 0


@dataclass(frozen=True, slots=True)
class OpenForm:
    """A verb that needs arguments was said without any: `says` is the line so far ("update 7", "declare")."""

    says: str
    verb: str


# --- asked by the machine, never by a person -------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class RoomOpened:
    """A platform opened an incident's room (or said it cannot)."""

    incident: int
    platform: str
    address: str  # channel id or conversation id; empty when it could not be opened
    name: str = ""
    link: str = ""
    fault: str = ""


@dataclass(frozen=True, slots=True)
class CannotDo:
    """A platform lacks something an incident can do without (a topic, a pin): said once, never in the way."""

    incident: int
    platform: str
    what: str
    reason: str


@dataclass(frozen=True, slots=True)
class MessageChanged:
    """Somebody edited or deleted a message of theirs; `channel` and `message` are the platform's ids."""

    platform: str
    channel: str
    message: str
    words: str = ""
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class PostSettled:
    """A customer row reached `state`: publishing may go on. `edited`: newer words stand there."""

    key: str
    edited: bool = False
    state: str = ""


@dataclass(frozen=True, slots=True)
class LookedFor:
    """An unknown post was looked for. `found` False: it surely is not there; None: nobody can know."""

    post: int
    found: bool | None


@dataclass(frozen=True, slots=True)
class ChannelSeen:
    """A platform was asked what a customer's channel is. `seen` None: it does not say, or refused by this `fault`."""

    platform: str
    address: str
    seen: Seen | None = None
    fault: str = ""


@dataclass(frozen=True, slots=True)
class ChannelTouched:
    """A platform told that something happened to a channel; `heard`: somebody spoke to the bot from there.

    `drift` says what happened where no look would show it; `kind` is Teams' word for the channel.
    """

    platform: str
    address: str
    heard: bool = False
    kind: str = ""
    drift: str = ""


@dataclass(frozen=True, slots=True)
class ChannelMoved:
    """A platform gave a channel another id."""

    platform: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Audited:
    """What the auditor found this minute: posts due over 60 s ago, and posts over which workers died."""

    overdue: int
    quarantined: int


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something does not work (`on`), or works again.

    away: `platform` is silent · refused: it takes the bot no more · archived: its incidents channel takes no posts ·
    clock: the server called `platform` is off the database's time. `reason` is the platform's word.
    """

    what: Literal["away", "refused", "archived", "clock"]
    platform: str
    on: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RoomShut:
    """An incident's room takes no posts any more, for this reason; `post` is the outbox id of what did not arrive."""

    incident: int
    platform: str
    reason: str
    post: int


@dataclass(frozen=True, slots=True)
class Tick:
    """The clock: do what is due."""


Command = (
    Declare
    | ListIncidents
    | Show
    | Timeline
    | Help
    | WhoAmI
    | Undo
    | Here
    | SetSeverity
    | SetServices
    | SetRegion
    | SetTitle
    | SetStatus
    | SetPrivate
    | Resolve
    | Reopen
    | Cancel
    | Merge
    | Update
    | CanReport
    | ShowPeople
    | Subscribe
    | Unsubscribe
    | ShowSubscriptions
    | Holding
    | Closure
    | Recap
    | SetRole
    | AcceptHandOver
    | DeclineHandOver
    | Join
    | Leave
    | Remind
    | RemindMe
    | CancelPing
    | Notify
    | OnTrack
    | Note
    | Pin
    | Unpin
    | TaskAdd
    | TaskDone
    | TaskMove
    | RecordFact
    | ReplaceFact
    | DropFact
    | ConfirmFact
    | ShowFacts
    | ShowAffected
    | ChangeAffected
    | Link
    | Unlink
    | ApologyDraft
    | ApologyShow
    | ApologyWhy
    | ApologyLint
    | ApologyStatus
    | ApologyFollowUp
    | ApologyFill
    | ApologyWaive
    | ApologyEdit
    | ApologyMend
    | ApologySuggest
    | ApologySubmit
    | ApologyApprove
    | ApologyReject
    | ApologyPublish
    | ApologyPause
    | ApologyResume
    | ApologyCorrect
    | ApologyRetract
    | RelayList
    | RelayPack
    | RelayCheck
    | RelayDone
    | RelayAck
    | RelaySkip
    | RelayClose
    | RelayAsk
    | RelayAnswer
    | Cover
    | ShowPromises
    | PromiseDone
    | PromiseMove
    | PromiseWithdraw
    | CustomerList
    | CustomerShow
    | CustomerChannel
    | CustomerManager
    | CustomerZone
    | CatalogReviewed
    | ShowCredit
    | ServiceList
    | ServiceShow
    | Stats
    | Send
    | Settle
    | OpenForm
    | RoomOpened
    | CannotDo
    | MessageChanged
    | PostSettled
    | LookedFor
    | ChannelSeen
    | ChannelTouched
    | ChannelMoved
    | Audited
    | Trouble
    | RoomShut
    | Tick
)
"""What `decide` matches, exhaustively."""
