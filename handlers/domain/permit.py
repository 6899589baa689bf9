"""Who may do what: one table of acts, commands and roles, printed in docs/permissions.md and tried cell by cell.

Colleagues are full members of the house's own workspace or tenant, as the platform says. Guests, Slack Connect members,
other tenants and bots may do nothing and learn nothing.
"""

from dataclasses import dataclass
from typing import NamedTuple

from handlers.domain.errors import Refused
from handlers.domain.incident import Incident
from handlers.domain.people import Person

COLLEAGUE = "colleague"
MANAGES = "manages"
ROLES = ("commander", "deputy", "comms", "scribe", "comms-approver", "legal", "account-manager", "admin")
"""Roles of an incident (the first four) and of the catalog; the policy's own roles may sign, nothing else."""
RELATIONS = (COLLEAGUE, *ROLES, MANAGES)
"""How one may stand to what is acted on. `manages`: the customer's account manager, or covering for them today."""


class Act(NamedTuple):
    """A row of the table: who may, the words for a refusal, what is said, and the commands that ask for it."""

    who: frozenset[str]
    whose: str
    said: str
    commands: tuple[str, ...]


def _act(who: str, whose: str, said: str, commands: str) -> Act:
    found = frozenset(who.split())
    assert found <= set(RELATIONS), who
    return Act(found, whose, said, tuple(commands.split()))


_ANY = "any colleague"
_RUNNING = "commander deputy comms"
_RUNNERS = "the commander, deputy or comms of the incident"
_PUBLISHERS = "a comms-approver or the commander"
TABLE: dict[str, Act] = {
    "look": _act(
        COLLEAGUE,
        _ANY,
        "help, whoami, people, subscriptions, list, show, timeline, facts, affected, apology show, why, lint, status, "
        "relay list, promises, customer, service, stats; opening a form",
        "Help WhoAmI ShowPeople ShowSubscriptions ListIncidents Show Timeline ShowFacts ShowAffected ApologyShow "
        "ApologyWhy ApologyLint ApologyStatus RelayList ShowPromises CustomerList CustomerShow ServiceList "
        "ServiceShow Stats OpenForm",
    ),
    "declare": _act(COLLEAGUE, _ANY, "declare", "Declare"),
    "act": _act(
        COLLEAGUE,
        _ANY,
        "join, leave, note, pin, unpin, fact, task, severity, status, services, region, title, role, handover, "
        "resolve, reopen, remind, notify, On track, subscribe, update and can into the room, link, promise, "
        "what became of a post inside the house",
        "Join Leave Note Pin Unpin RecordFact ReplaceFact DropFact TaskAdd TaskDone TaskMove "
        "CanReport Subscribe Notify SetSeverity SetStatus SetServices SetRegion "
        "SetTitle SetRole Resolve Reopen Remind RemindMe OnTrack Update Link Unlink PromiseDone PromiseMove "
        "PromiseWithdraw Settle",
    ),
    "handed": _act(
        COLLEAGUE,
        "whoever it was handed to, until they answer",
        "accept (I have it), cannot",
        "AcceptHandOver DeclineHandOver",
    ),
    "mine": _act(
        COLLEAGUE,
        "whose own it is; of a subscription also whoever made it, or an admin; of a channel's anybody",
        "remind me off, unsubscribe, customer reviewed",
        "CancelPing Unsubscribe CatalogReviewed",
    ),
    "draft": _act(
        COLLEAGUE,
        _ANY,
        "apology draft, fill, edit, mend, suggest, waive, submit, correct, follow-up; recap",
        "ApologyDraft ApologyFill ApologyEdit ApologyMend ApologySuggest ApologyWaive ApologySubmit ApologyCorrect "
        "ApologyFollowUp Recap",
    ),
    "here": _act(COLLEAGUE, _ANY, "here", "Here"),
    "undo": _act(COLLEAGUE, "whoever did it, within two minutes, as long as nothing left the house", "undo", "Undo"),
    "confirm": _act("commander", "the commander of the incident", "confirm", "ConfirmFact"),
    "status-page": _act(_RUNNING, _RUNNERS, "update … to status", "Update"),
    "customers": _act(_RUNNING, _RUNNERS, "update … to customers (to write it)", "Update"),
    "send": _act(_RUNNING, f"{_RUNNERS}, and not whoever wrote it", "the press on Send", "Send"),
    "holding": _act(_RUNNING, _RUNNERS, "holding, closure (to propose it)", "Holding Closure"),
    "affected": _act(_RUNNING, _RUNNERS, "affected ±", "ChangeAffected"),
    "cancel": _act(_RUNNING, _RUNNERS, "cancel", "Cancel"),
    "merge": _act(_RUNNING, _RUNNERS, "merge", "Merge"),
    "private": _act(_RUNNING, _RUNNERS, "private", "SetPrivate"),
    "sign": _act(
        "commander comms-approver legal manages",
        "whoever is asked to sign it: sev1 and sev2 the commander (facts) and a comms-approver (words), sev3 and sev4 "
        "a comms-approver; legal where the words ask for it, a customer's own account manager (no cover) where the "
        "text holds a fact for that customer alone",
        "apology approve; reject (whoever wrote it, too)",
        "ApologyApprove ApologyReject",
    ),
    "publish": _act(
        "comms-approver commander",
        _PUBLISHERS,
        "apology publish, pause, resume",
        "ApologyPublish ApologyPause ApologyResume",
    ),
    "retract": _act("comms-approver commander", _PUBLISHERS, "apology retract", "ApologyRetract"),
    "settle": _act(
        f"comms-approver {_RUNNING}",
        f"{_RUNNERS}, or a comms-approver",
        "Look / It arrived / Send again under an unknown post to a customer",
        "Settle",
    ),
    "relay": _act(
        "manages commander comms",
        "the customer's account manager, the commander or comms",
        "relay pack, done, ack, skip, close",
        "RelayPack RelayDone RelayAck RelaySkip RelayClose",
    ),
    "ask": _act(
        "manages account-manager comms",
        "account managers and comms",
        "relay check, ask, answer; cover (of one's own accounts)",
        "RelayCheck RelayAsk RelayAnswer Cover",
    ),
    "channel": _act(
        "admin",
        "an admin of the catalog",
        "customer channel, manager, zone; service reviewed",
        "CustomerChannel CustomerManager CustomerZone CatalogReviewed",
    ),
    "credit": _act(
        "manages commander comms admin",
        "that customer's account manager, the commander, comms or an admin",
        "credit",
        "ShowCredit",
    ),
    "machine": _act(
        "",
        "nobody: the machine asks it of itself, in no words that can be said",
        "what a platform or the clock told",
        "RoomOpened CannotDo PostSettled LookedFor MessageChanged ChannelSeen ChannelTouched ChannelMoved Audited "
        "Trouble RoomShut Tick",
    ),
}
"""act → who may, and which commands ask for it. A command in several rows asks for one of them, by what it says."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a person stands to what they act on."""

    person: Person
    incidents: tuple[Incident, ...] = ()
    manages: bool = False  # the account manager of the customer at hand, or covering for them
    approver_named: bool = True  # whether the catalog names a comms-approver at all
    author: bool = False  # of the words at hand

    @property
    def relations(self) -> frozenset[str]:
        """Everything this person is to what is acted on; nothing at all for anybody from outside.

        Roles count by any covered incident or by the catalog. While the catalog names no comms-approver (a small
        company), anybody who did not write the words is one.
        """
        if not self.person.colleague:
            return frozenset()
        held = {r for i in self.incidents for r, p in i.roles if p == self.person.key}
        found = {COLLEAGUE} | ((held | self.person.roles) & set(ROLES))
        if self.manages:
            found.add(MANAGES)
        if not self.approver_named and not self.author:
            found.add("comms-approver")
        return frozenset(found)

    @property
    def commander(self) -> bool:
        """The commander of a covered incident, or the catalog's role."""
        return "commander" in self.relations

    @property
    def approver(self) -> bool:
        """A comms-approver."""
        return "comms-approver" in self.relations


def may(act: str, standing: Standing) -> bool:
    """Whether this person may do this."""
    return bool(TABLE[act].who & standing.relations)


def must(act: str, standing: Standing) -> None:
    """Refuse, kindly and privately, what a person may not do."""
    if not standing.person.colleague:
        raise Refused(NOT_AVAILABLE, audit=True)
    if not may(act, standing):
        message = f"That is for {TABLE[act].whose}. Nothing was changed."
        raise Refused(message, audit=True)


NOT_AVAILABLE = "This is not available to you here."
"""All that anybody from outside the house ever reads: it tells nothing."""
