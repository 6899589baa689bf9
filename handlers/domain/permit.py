"""Who may do what (one table, printed in docs/permissions.md).

Colleagues are full members of the house's own workspace or tenant, as the platform says. Guests, Slack Connect members
and other tenants may do nothing and learn nothing.
"""

from dataclasses import dataclass
from typing import Literal

from handlers.domain.errors import Refused
from handlers.domain.incident import Incident
from handlers.domain.people import Person

Who = Literal["colleague", "running", "comms-approver", "publisher", "manager", "accounts", "admin"]

TABLE: dict[str, tuple[Who, str]] = {
    "look": ("colleague", "any colleague"),
    "declare": ("colleague", "any colleague"),
    "act": ("colleague", "any colleague"),
    "draft": ("colleague", "any colleague"),
    "status-page": ("running", "the commander, deputy or comms of the incident"),
    "send": ("running", "the commander, deputy or comms of the incident, and not whoever wrote it"),
    "affected": ("running", "the commander, deputy or comms of the incident"),
    "cancel": ("running", "the commander, deputy or comms of the incident"),
    "merge": ("running", "the commander, deputy or comms of the incident"),
    "private": ("running", "the commander, deputy or comms of the incident"),
    "holding": ("running", "the commander, deputy or comms of the incident"),
    "publish": ("publisher", "a comms-approver or the commander"),
    "retract": ("publisher", "a comms-approver or the commander"),
    "relay": ("manager", "the customer's account manager, the commander or comms"),
    "ask": ("accounts", "account managers and comms"),
    "channel": ("admin", "an admin of the catalog"),
    "here": ("colleague", "any colleague"),
}
"""act → who, and the words for a refusal."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a person stands to what they act on."""

    person: Person
    incidents: tuple[Incident, ...] = ()
    manages: bool = False  # the account manager of the customer at hand, or covering for them
    approver_named: bool = True  # whether the catalog names a comms-approver at all

    @property
    def running(self) -> bool:
        """Commander, deputy or comms of a covered incident, or by the catalog."""
        held = {r for i in self.incidents for r, p in i.roles if p == self.person.key}
        return bool(held & {"commander", "deputy", "comms"}) or bool(self.person.roles & {"commander", "comms"})

    @property
    def commander(self) -> bool:
        """The commander of a covered incident, or the catalog's role."""
        return "commander" in self.person.roles or any(i.holder("commander") == self.person.key for i in self.incidents)

    @property
    def approver(self) -> bool:
        """A comms-approver; anybody, while the catalog names none (a small company)."""
        return "comms-approver" in self.person.roles or not self.approver_named


def may(act: str, standing: Standing) -> bool:
    """Whether this person may do this."""
    if not standing.person.colleague:
        return False
    match TABLE[act][0]:
        case "colleague":
            return True
        case "running":
            return standing.running
        case "comms-approver":
            return standing.approver
        case "publisher":
            return standing.approver or standing.commander
        case "manager":
            return standing.manages or standing.running
        case "accounts":
            return standing.manages or standing.running or bool(standing.person.roles & {"account-manager", "comms"})
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
