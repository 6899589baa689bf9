"""Who may do what (one table, printed in docs/permissions.md).

Colleagues are full members of the house's own workspace or tenant, as the platform says. Guests, Slack Connect members
and other tenants may do nothing and learn nothing.
"""

from dataclasses import dataclass
from typing import Literal

from handlers.domain.errors import Refused
from handlers.domain.incident import Incident
from handlers.domain.people import Person

Who = Literal["colleague", "running", "publisher", "settler", "manager", "accounts", "commander", "admin", "credit"]

RUNNING = "the commander, deputy or comms of the incident"
PUBLISHERS = "a comms-approver or the commander"
TABLE: dict[str, tuple[Who, str]] = {
    "look": ("colleague", "any colleague"),
    "declare": ("colleague", "any colleague"),
    "act": ("colleague", "any colleague"),
    "draft": ("colleague", "any colleague"),
    "here": ("colleague", "any colleague"),
    "confirm": ("commander", "the commander of the incident"),
    "status-page": ("running", RUNNING),
    "customers": ("running", RUNNING),
    "send": ("running", f"{RUNNING}, and not whoever wrote it"),
    "holding": ("running", RUNNING),
    "affected": ("running", RUNNING),
    "cancel": ("running", RUNNING),
    "merge": ("running", RUNNING),
    "private": ("running", RUNNING),
    "publish": ("publisher", PUBLISHERS),
    "retract": ("publisher", PUBLISHERS),
    "settle": ("settler", f"{RUNNING}, or a comms-approver"),
    "relay": ("manager", "the customer's account manager, the commander or comms"),
    "ask": ("accounts", "account managers and comms"),
    "channel": ("admin", "an admin of the catalog"),
    "credit": ("credit", "that customer's account manager, the commander, comms or an admin"),
}
"""act → who, and the words for a refusal."""

TRIED: dict[str, str] = {
    "look": "list, show, timeline, facts, affected, relay list, promises, customer, service, stats",
    "declare": "declare",
    "act": "join, leave, note, pin, unpin, fact, task, severity, status, services, region, title, role, "
    "handover, accept, cannot, subscribe, resolve, reopen, remind, notify, update into the room, link, promise",
    "draft": "apology draft, fill, edit, suggest, lint, submit, correct; waive a warning; recap",
    "here": "here",
    "confirm": "confirm",
    "status-page": "update … to status",
    "customers": "update … to customers (to write it)",
    "send": "the press on Send",
    "holding": "holding",
    "affected": "affected ±",
    "cancel": "cancel",
    "merge": "merge",
    "private": "private",
    "publish": "apology publish, pause, resume",
    "retract": "apology retract",
    "settle": "It arrived / Send again under an unknown post",
    "relay": "relay pack, done, ack, skip, close",
    "ask": "relay check, ask, answer; cover",
    "channel": "customer channel, manager, zone",
    "credit": "credit",
}
"""act → the verbs it stands for, in people's words."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a person stands to what they act on."""

    person: Person
    incidents: tuple[Incident, ...] = ()
    manages: bool = False  # the account manager of the customer at hand, or covering for them
    approver_named: bool = True  # whether the catalog names a comms-approver at all
    author: bool = False  # of the words at hand

    def holds(self, *roles: str) -> bool:
        """Whether this person has one of these roles in a covered incident, or by the catalog."""
        held = {r for i in self.incidents for r, p in i.roles if p == self.person.key}
        return bool((held | self.person.roles) & set(roles))

    @property
    def running(self) -> bool:
        """Commander, deputy or comms of a covered incident, or by the catalog."""
        return self.holds("commander", "deputy", "comms")

    @property
    def commander(self) -> bool:
        """The commander of a covered incident, or the catalog's role."""
        return self.holds("commander")

    @property
    def approver(self) -> bool:
        """A comms-approver; while the catalog names none (a small company), anybody who did not write the words."""
        return "comms-approver" in self.person.roles or (not self.approver_named and not self.author)


def may(act: str, standing: Standing) -> bool:
    """Whether this person may do this."""
    if not standing.person.colleague:
        return False
    match TABLE[act][0]:
        case "colleague":
            return True
        case "running":
            return standing.running
        case "commander":
            return standing.commander
        case "publisher":
            return standing.approver or standing.commander
        case "settler":
            return standing.approver or standing.running
        case "manager":
            return standing.manages or standing.holds("commander", "comms")
        case "accounts":
            return standing.manages or standing.holds("account-manager", "comms")
        case "credit":
            return standing.manages or standing.holds("commander", "comms", "admin")
        case "admin":
            return "admin" in standing.person.roles


def must(act: str, standing: Standing) -> None:
    """Refuse, kindly and privately, what a person may not do."""
    if not standing.person.colleague:
        raise Refused(NOT_AVAILABLE, audit=True)
    if not may(act, standing):
        message = f"That is for {TABLE[act][1]}. Nothing was changed."
        raise Refused(message, audit=True)


NOT_AVAILABLE = "This is not available to you here."
"""All that anybody from outside the house ever reads: it tells nothing."""
