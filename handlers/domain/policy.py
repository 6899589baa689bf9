"""House policy: severities, clocks, approvals, reminders and the care taken when publishing.

Defaults and their bases are those of the practice: https://github.com/PagerDuty/incident-response-docs (5 minutes to
the first post, 20 between updates), https://support.atlassian.com/statuspage/docs/incident-communication-tips (30),
https://azure.status.microsoft (preliminary review in 72 hours, final in 14 days). A catalog's `policy:` may tighten
the approvals, never loosen them; `handlers.domain.catalog.policy_section` reads it.
"""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo

SEVERITIES: tuple[str, ...] = ("sev1", "sev2", "sev3", "sev4")
"""Worst first."""
ROLES: tuple[str, ...] = (
    "commander",
    "deputy",
    "comms",
    "scribe",
    "comms-approver",
    "legal",
    "account-manager",
    "admin",
)
"""Roles a person may hold in the catalog; policy `roles` adds others."""
SIGNERS: tuple[str, ...] = ("commander", "comms-approver", "legal", "account-manager")
"""Roles that always mean something in an approval; policy `roles` adds others."""
LEAST_APPROVALS: dict[str, tuple[str, ...]] = {
    "sev1": ("commander", "comms-approver"),
    "sev2": ("commander", "comms-approver"),
    "sev3": ("comms-approver",),
    "sev4": ("comms-approver",),
}
"""Who signs at least. With an author, who never signs their own words, each row means two people."""
LONGEST_APPROVAL = timedelta(hours=8)
"""How long a complete set of signatures holds, at most: one shift."""
SHORTEST_APPROVAL = timedelta(minutes=15)
"""Below this nobody could publish in time. Ours."""
MOST_UNCOUNTED_CHANNELS = 25
"""Above so many channels the count is typed before anything is published; policy may lower it."""
LONGEST_RAMP = 10
"""Steps of a ramp. Ours."""
STEEPEST_RAMP = 10
"""How many times larger than the last a step of the ramp may be. Ours: 1, 10, all."""
LONGEST_HOLDING_WORDS = 80
"""Words of a holding statement."""
HOLDING_PLACEHOLDERS: tuple[str, ...] = ("services", "region", "since", "next_update", "contact")
"""What a holding statement approved beforehand may leave open; each is filled from the incident's record."""
LONGEST_TERM = timedelta(days=366)
"""A clock longer than a year is a slip of the pen. Ours."""

STATUSES: tuple[str, ...] = ("investigating", "identified", "monitoring")
"""The open statuses, each with its own cadence."""

_TERM = re.compile(
    r"(\d{1,5})\s*(m|min|mins|minutes?|h|hours?|d|days?|w|weeks?|bd|business\s+days?|working\s+days?)", re.IGNORECASE
)
_UNITS = {"m": 1, "h": 60, "d": 24 * 60, "w": 7 * 24 * 60}


@dataclass(frozen=True, slots=True)
class Term:
    """How long after an instant something is due: minutes of real time, or business days (Monday to Friday)."""

    minutes: int = 0
    business_days: int = 0

    def after(self, moment: datetime, zone: tzinfo) -> datetime:
        """The due instant in UTC.

        `moment` is aware; business days end at the same clock time in `zone`. Holidays are not known here and count.
        """
        due = moment.astimezone(UTC) + timedelta(minutes=self.minutes)
        if not self.business_days:
            return due
        local = due.astimezone(zone)
        left = self.business_days
        day = local.date()
        while left:
            day += timedelta(days=1)
            left -= day.weekday() < 5
        return datetime.combine(day, local.time(), tzinfo=zone).astimezone(UTC)

    def __str__(self) -> str:
        if self.business_days:
            return f"{self.business_days} business day{'' if self.business_days == 1 else 's'}"
        for name, size in (("day", 24 * 60), ("hour", 60)):
            if self.minutes and self.minutes % size == 0 and self.minutes >= 2 * size:
                return f"{self.minutes // size} {name}s"
        return f"{self.minutes} minute{'' if self.minutes == 1 else 's'}"


@dataclass(frozen=True, slots=True)
class SeverityPolicy:
    """One severity and its clocks. None means that no clock runs."""

    key: str
    name: str
    meaning: str
    first_post: Term | None = None
    investigating: Term | None = None
    identified: Term | None = None
    monitoring: Term | None = None
    preliminary_apology: Term | None = None
    final_apology: Term | None = None
    promise_progress: tuple[int, ...] = ()
    """Days after publication on which progress on the promises is posted."""

    def cadence(self, status: str) -> timedelta | None:
        """The longest silence while an incident has this status; None where nothing is due (also once it is over)."""
        term = {"investigating": self.investigating, "identified": self.identified, "monitoring": self.monitoring}
        found = term.get(status)
        return None if found is None else timedelta(minutes=found.minutes)


@dataclass(frozen=True, slots=True)
class Approvals:
    """Who signs an apology, by the worst severity it covers, and how long a full set holds."""

    table: tuple[tuple[str, tuple[str, ...]], ...] = tuple(LEAST_APPROVALS.items())
    expires: timedelta = LONGEST_APPROVAL
    reasons: bool = False
    """Whether a warning without a reason stops a submission; else the approvers read that nobody gave one."""

    def signers(self, severity: str, *, legal: bool = False, account_manager: bool = False) -> tuple[str, ...]:
        """The roles whose signatures are needed.

        `legal`: a rule asks for legal; `account_manager`: the text holds a fact for one customer. An unknown severity
        is treated as the worst.
        """
        rows = dict(self.table)
        roles = list(rows.get(severity, rows["sev1"]))
        roles.extend(r for r, wanted in (("legal", legal), ("account-manager", account_manager)) if wanted)
        return tuple(dict.fromkeys(roles))


TOLD: tuple[str, ...] = ("commander", "deputy", "comms", "scribe", "roles", "channel", "on-call")
"""Whom a step of an escalation may tell: the holder of a role, all holders, the escalation channel, who is on call."""
LONGEST_CHAIN = 10
"""Steps of an escalation. Ours."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the escalation of an update that nobody gives."""

    after: timedelta
    """Counted from when the update is due; negative: before."""
    tell: tuple[str, ...]
    """Of `TOLD`."""

    def __str__(self) -> str:
        minutes = int(self.after / timedelta(minutes=1))
        when = "when due" if not minutes else f"{Term(abs(minutes))} {'after' if minutes > 0 else 'before'}"
        return f"{when}: {' and '.join(self.tell)}"


def chain(before_due: timedelta) -> tuple[Step, ...]:
    """The default escalation: due soon, due, overdue, still overdue. Ours; each wait is a house's own to set."""
    return (
        Step(-before_due, ("commander",)),
        Step(timedelta(0), ("commander", "deputy")),
        Step(timedelta(minutes=5), ("roles",)),
        Step(timedelta(minutes=15), ("channel", "on-call")),
    )


BEFORE_DUE = timedelta(minutes=5)
"""How long before an update is due its owner is reminded, unless the policy says otherwise."""


@dataclass(frozen=True, slots=True)
class Reminders:
    """Clocks of the follow-up. All count from what happened, none from when a process started."""

    relay_remind: timedelta = timedelta(hours=4)
    """A customer has not been told: the account manager is reminded, and again at this interval."""
    relay_escalate: timedelta = timedelta(hours=24)
    """A customer has not been told: the commander hears of it."""
    before_due: timedelta = BEFORE_DUE
    """How long before an update is due its owner is reminded."""
    escalation: tuple[Step, ...] = chain(BEFORE_DUE)
    """What happens around an update that is due, in order of time; it stops the moment somebody updates."""
    again: timedelta | None = timedelta(hours=1)
    """After the last step: how often it is said again, to everybody with a role as well; None: never."""
    channel: tuple[tuple[str, str], ...] = ()
    """The escalation channel by platform (`slack`, `teams`); where none is named, the incidents channel."""
    drills: bool = True
    """Whether drills remind, too. A drill never leaves its own rooms: no escalation channel, nobody on call."""
    handover_remind: timedelta = timedelta(minutes=5)
    """A role was handed over and nobody has it yet: asked again after this long, then after twice as long."""
    handover_expires: timedelta = timedelta(minutes=30)
    """So long a hand-over waits; then it lapses, and whoever holds the role is told that they still do."""
    apology_before: timedelta = timedelta(hours=4)
    """How long before an apology is due its owner is reminded."""
    task_before: tuple[int, ...] = (1,)
    """Days before a task is due on which its owner is reminded."""
    catalog_review: timedelta | None = timedelta(days=90)
    """How often each part of the catalog is to be looked through by whoever answers for it; None: never."""
    promise_before: tuple[int, ...] = (7, 1)
    """Days before a promise is due on which its owner is reminded."""


@dataclass(frozen=True, slots=True)
class Holding:
    """A holding statement that two people approved beforehand: unedited, one press sends it until `until` (UTC)."""

    text: str
    approved_by: tuple[str, ...]
    """Mail addresses of two or more people of the catalog."""
    until: datetime


@dataclass(frozen=True, slots=True)
class Publishing:
    """The care taken when an apology leaves the house."""

    count_above: int = MOST_UNCOUNTED_CHANNELS
    """Above so many channels the count is typed."""
    ramp: tuple[int, ...] = (1, 10)
    """Recipients let go by each step before all the rest; every step waits for confirmed delivery."""


@dataclass(frozen=True, slots=True)
class OnCall:
    """Whom an incident calls: it hits one of these services (none: any) with one of these severities (none: any)."""

    people: tuple[str, ...] = ()
    """Mail addresses of people of the catalog."""
    webhook: str = ""
    """The address (https) of an on-call service; it is told of updates that are overdue. Empty: none."""
    services: tuple[str, ...] = ()
    severities: tuple[str, ...] = ()
    name: str = ""


@dataclass(frozen=True, slots=True)
class Team:
    """A circle of people (those with a role) that gets a list of its own in its channel."""

    name: str
    role: str
    slack: str = ""
    teams: str = ""


@dataclass(frozen=True, slots=True)
class Digest:
    """What the calendar says, on the house's clock; `off` where it says nothing."""

    at: str = "09:00"
    """Each person's list of what waits, Monday to Friday."""
    weekly: str = "monday 09:00"
    """The week, in the incidents channel."""
    teams: tuple[Team, ...] = ()


def _minutes(count: int) -> Term:
    return Term(minutes=count)


_HOUR = 60
_DAY = 24 * 60

DEFAULT_SEVERITIES: tuple[SeverityPolicy, ...] = (
    SeverityPolicy(
        "sev1",
        "Critical",
        "A whole service is down for many customers, or data is at risk.",
        first_post=_minutes(10),
        investigating=_minutes(20),
        identified=_minutes(30),
        monitoring=_minutes(30),
        preliminary_apology=_minutes(48 * _HOUR),
        final_apology=Term(business_days=5),
        promise_progress=(30, 60, 90),
    ),
    SeverityPolicy(
        "sev2",
        "Major",
        "A service is degraded for many customers, or down for a few.",
        first_post=_minutes(15),
        investigating=_minutes(30),
        identified=_minutes(30),
        monitoring=_minutes(_HOUR),
        preliminary_apology=_minutes(72 * _HOUR),
        final_apology=_minutes(14 * _DAY),
        promise_progress=(90,),
    ),
    SeverityPolicy(
        "sev3",
        "Minor",
        "Part of a service is degraded and there is a way around it.",
        first_post=_minutes(_HOUR),
        investigating=_minutes(_HOUR),
        identified=_minutes(_HOUR),
        monitoring=_minutes(_HOUR),
    ),
    SeverityPolicy("sev4", "Low", "Customers hardly notice; it can be mended in working hours."),
)


@dataclass(frozen=True)
class Policy:
    """All of a house's rules. The defaults hold where the catalog's `policy:` says nothing."""

    default_severity: str = "sev2"
    """Of an incident declared without one: in doubt the worse of two, and shown as assumed."""
    severities: tuple[SeverityPolicy, ...] = DEFAULT_SEVERITIES
    approvals: Approvals = field(default_factory=Approvals)
    reminders: Reminders = field(default_factory=Reminders)
    holding: Holding | None = None
    publishing: Publishing = field(default_factory=Publishing)
    on_call: tuple[OnCall, ...] = ()
    quiet_hours: str = ""
    """Like 22:00-07:00: what can wait does. Empty: none. Everybody may set their own."""
    digest: Digest = field(default_factory=Digest)
    roles: tuple[str, ...] = ()
    """Roles of the house's own, beside `ROLES`."""

    def severity(self, key: str) -> SeverityPolicy:
        """The rules of one severity; an unknown one is treated as the worst."""
        return next((s for s in self.severities if s.key == key.casefold()), self.severities[0])

    def cadence(self, severity: str, status: str) -> timedelta | None:
        """How long customers may be without an update, or None where none is due."""
        return self.severity(severity).cadence(status)

    def worst(self, severities: tuple[str, ...] | list[str]) -> str:
        """The worst of several severities (sev1 is worse than sev2); the default one of none."""
        known = [s for s in SEVERITIES if s in severities]
        return known[0] if known else self.default_severity


def parse_term(text: str) -> Term | None:
    """`30m`, `4 h`, `14d`, `5 business days`; None if it is no such thing or none at all."""
    found = _TERM.fullmatch(text.strip())
    if not found:
        return None
    count, unit = int(found[1]), found[2].casefold()
    if unit == "bd" or unit.startswith(("business", "working")):
        return Term(business_days=count) if 0 < count <= LONGEST_TERM.days else None
    minutes = count * _UNITS[unit[0]]
    return Term(minutes=minutes) if 0 < minutes <= LONGEST_TERM // timedelta(minutes=1) else None
