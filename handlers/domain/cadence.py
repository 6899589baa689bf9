"""When the next update of an incident is due, and the steps that are said around it. Instants are UTC.

The time that is due is what people are told; `remind_at` is when the clock looks next. A look is safe at any moment: it
says at most the one step whose time has come, by the policy that holds now, and is repeated for nothing otherwise.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from handlers.domain.incident import Incident
from handlers.domain.policy import Policy, Step

LATE = timedelta(minutes=1)
"""From so much on it is said how late a reminder is; ticks are a second apart."""


def cadence(incident: Incident, policy: Policy) -> timedelta | None:
    """The longest silence: the incident's own, else the policy's for its severity and status; None: no clock runs."""
    if incident.every:
        return timedelta(seconds=incident.every)
    return policy.cadence(incident.severity, incident.status)


def restarted(incident: Incident, policy: Policy, now: datetime) -> Incident:
    """Somebody spoke: the next update is due a cadence from now."""
    return followed(replace(incident, clock_from=now), policy, now)


def followed(incident: Incident, policy: Policy, now: datetime) -> Incident:
    """The next update is due by the cadence that holds, counted from the last word, but never in the past."""
    every = cadence(incident, policy)
    if every is None or incident.reminders_off:
        return stopped(incident)
    due = max(now, (incident.clock_from or incident.declared_at) + every)
    return replace(armed(incident, policy, now, due), next_cadence=int(every.total_seconds()))


def armed(incident: Incident, policy: Policy, now: datetime, due: datetime, *, soon: bool = True) -> Incident:
    """The next update is due at this time, whatever the cadence says, until somebody speaks again.

    `soon`: it is also said beforehand, unless that would be nearer to now than to the time itself.
    """
    first, second = (*policy.reminders.escalation, None)[:2]
    ahead = -first.after if first is not None and first.after < timedelta(0) and second is not None else timedelta(0)
    skipped = 1 if ahead and (not soon or due - now < 2 * ahead) else 0
    found = replace(incident, next_update_at=due, next_cadence=None, remind_step=skipped, reminded=0, reminded_at=None)
    return replace(found, remind_at=_instant(found, policy))


def said_by_hand(incident: Incident) -> bool:
    """Whether somebody said when the next update is due, so that no cadence moves it."""
    return incident.next_update_at is not None and incident.next_cadence is None


def stopped(incident: Incident) -> Incident:
    """No update is due, and none is asked for."""
    fields: dict[str, Any] = {"next_update_at": None, "next_cadence": None, "remind_at": None}
    return replace(incident, **fields, remind_step=0, reminded=0, reminded_at=None)


@dataclass(frozen=True, slots=True)
class Look:
    """What a look of the clock finds: the incident as it stands after it, and what is to be said."""

    incident: Incident
    step: Step | None = None
    first: bool = False  # the first step that is said in the rooms
    moved: bool = False  # the policy changed, and with it when the update is due


def look(incident: Incident, policy: Policy, now: datetime) -> Look:
    """What the clock does about an incident now, whose `remind_at` has come (or was set to make it look)."""
    if not incident.open or incident.reminders_off or (incident.drill and not policy.reminders.drills):
        return Look(replace(incident, remind_at=None))
    after, moved = _by_policy(incident, policy, now)
    due = after.next_update_at
    if due is None:
        return Look(after, moved=moved)
    steps = policy.reminders.escalation
    number = after.remind_step
    if number + 1 < len(steps) and steps[number].after < timedelta(0) and now >= due + steps[number + 1].after:
        number += 1  # nothing is due soon that is due already
        after = replace(after, remind_step=number)
    at = _instant(after, policy)
    if at is None or now < at:
        return Look(replace(after, remind_at=at), moved=moved)
    last = steps[-1]
    step = steps[number] if number < len(steps) else Step(last.after, tuple(dict.fromkeys(("roles", *last.tell))))
    said = replace(after, remind_step=number + 1, reminded_at=now)
    first = step.after >= timedelta(0) and (number == 0 or steps[min(number, len(steps)) - 1].after < timedelta(0))
    return Look(replace(said, remind_at=_instant(said, policy)), step, first, moved)


def _by_policy(incident: Incident, policy: Policy, now: datetime) -> tuple[Incident, bool]:
    """The incident by the cadence that holds now; whether that moved its due time. A time said by hand stays."""
    every = cadence(incident, policy)
    seconds = None if every is None else int(every.total_seconds())
    if said_by_hand(incident) or seconds == incident.next_cadence:
        return incident, False
    after = followed(incident, policy, now)
    if incident.reminded and after.next_update_at is not None and after.next_update_at <= now:
        return replace(incident, next_cadence=seconds), False  # it was asked for already, and is due all the same
    return after, after.next_update_at != incident.next_update_at


def _instant(incident: Incident, policy: Policy) -> datetime | None:
    """When the next step is said; None: never.

    Its time counts from when the update is due. If the step before it was late, because nobody ran, its wait counts
    from that: nobody is woken for a silence that was ours.
    """
    due, steps, number = incident.next_update_at, policy.reminders.escalation, incident.remind_step
    if due is None:
        return None
    again = policy.reminders.again
    if number < len(steps):
        at = due + steps[number].after
        wait = steps[number].after - steps[number - 1].after if number else timedelta(0)
    elif again is None:
        return None
    else:
        at = due + steps[-1].after + (number - len(steps) + 1) * again
        wait = again
    if incident.reminded_at is not None and number and steps[min(number, len(steps)) - 1].after >= timedelta(0):
        at = max(at, incident.reminded_at + wait - LATE)
    return at
