"""Reminders: the update clock of an incident, and one's own pings. What is due is a column; the tick claims it."""

import json
from dataclasses import dataclass, replace
from datetime import UTC, timedelta

from handlers.book import Book
from handlers.card import Block, Button, Buttons, Card, Mention, Moment, Reply, line, small
from handlers.commands import OnTrack, Remind, RemindMe
from handlers.context import Context
from handlers.domain.cadence import LATE, Look, armed, look, restarted, stopped
from handlers.domain.delivery import EDIT, PAGE, REMINDER, Place, Post
from handlers.domain.errors import Refused
from handlers.domain.incident import OPEN, Event, Incident, Ping
from handlers.domain.people import Person
from handlers.domain.permit import must
from handlers.domain.policy import Step
from handlers.due import Due
from handlers.oncall import rules
from handlers.rooms import changed, may_see, refresh, running, say_in_rooms, say_to, standing, tell, timeline
from handlers.say import incident as say

SHORTEST = timedelta(minutes=1)
"""Intervals run from one minute (interface.md)."""
LONGEST = timedelta(days=30)
"""Longer ones are a slip of the pen."""
LONGEST_WHAT = 500
NEXT = (("15 min", "15m"), ("30 min", "30m"), ("60 min", "1h"), ("4 h", "4h"))
"""When the next update may come, as every update asks."""


def fits(length: timedelta) -> None:
    """Refuse a time that is too near or too far for the next update."""
    if not SHORTEST <= length <= LONGEST:
        raise Refused(
            "Reminders run from 1 minute to 30 days. Say it like `30m`, `2h`, `1d` or `at 15:00`. Nothing was changed."
        )


def asks_next(incident: Incident) -> tuple[Block, ...]:
    """When is the next update? Asked after each one that did not say so."""
    n = incident.number
    row = [Button(label, f"remind {n} in {length}") for label, length in NEXT]
    return (
        line("When is the next update?"),
        Buttons((*row, Button("At …", f"remind {n} at", form=True))),
    )


def remind(command: Remind, ctx: Context, book: Book) -> Reply:
    """Set the update clock: every so often, once, snoozed, or off for a reason. It moves no promise to customers."""
    incident = running(book, ctx, command.incident)
    must("act", standing(book, ctx, incident))
    if stale := over(book, ctx, incident, command.round):
        return stale
    n = incident.number
    policy = book.catalog.policy
    if command.off_because:
        words = f"stopped the reminders because {command.off_because}"
        off = stopped(replace(incident, reminders_off=command.off_because))
        answer_reminder(book, ctx, incident, off, words)
        after = _changed(book, ctx, off, words)
        turn_on = Buttons((Button("Turn them on", f"remind {n} every 30m"),))
        return Reply(say.understood(after, "Reminders are off. ", turn_on), changed=True)
    at = command.once_at
    length = command.every or command.once_in or command.snooze or (at - ctx.now if at is not None else None)
    if length is None:
        raise Refused(f"When? `remind {n} every 30m`, `in 10m`, `at 15:00`, `snooze 15m` or `off because …`.")
    fits(length)
    pending = replace(incident, reminders_off="")
    if command.every is not None:
        words = f"set reminders every {say.span_words(length)}"
        pending = replace(pending, every=int(length.total_seconds()))
        pending = replace(restarted(pending, policy, ctx.now), clock_from=incident.clock_from or incident.declared_at)
    else:
        words = f"set the next reminder in {say.span_words(length)}"
        if command.snooze is not None:
            words = f"snoozed the reminder for {say.span_words(length)}"
        elif at is not None:
            words = f"set the next reminder at {at.astimezone(ctx.zone):%H:%M %Z}"
        # asked for by hand, it comes then and not before
        pending = armed(pending, policy, ctx.now, at or ctx.now + length, soon=False)
    answer_reminder(book, ctx, incident, pending, words)
    after = _changed(book, ctx, pending, words, quiet=command.snooze is not None)
    due = pending.next_update_at
    shown = () if due is None else (small("Next: ", say.clock(due, ctx.zone.key)),)
    return Reply(say.understood(after, f"{words[0].upper()}{words[1:]}.", *shown), changed=True)


def _changed(book: Book, ctx: Context, after: Incident, words: str, *, quiet: bool = False) -> Incident:
    """Record another update clock, its timeline and the live cards; a snooze is no news for the room."""
    return changed(book, ctx, after, "reminders", words, quiet=quiet)


def on_track(command: OnTrack, ctx: Context, book: Book) -> Reply:
    """Nothing new to tell: the clock starts again."""
    incident = running(book, ctx, command.incident)
    must("act", standing(book, ctx, incident))
    if stale := over(book, ctx, incident, command.round):
        return stale
    after = restarted(incident, book.catalog.policy, ctx.now)
    answer_reminder(book, ctx, incident, after, "said: on track, nothing new yet")
    after = replace(after, revision=incident.revision + 1)
    book.put(after)
    tell(book, ctx, after, "reminders", "said it is on track")
    refresh(book, ctx, after)
    due = after.next_update_at
    shown = () if due is None else (small("Next: ", say.clock(due, ctx.zone.key)),)
    return Reply(say.understood(after, "Noted: on track. The clock starts again.", *shown), changed=True)


def over(book: Book, ctx: Context, incident: Incident, serial: int) -> Reply | None:
    """What a button of a reminder that is answered already says instead of acting; None: it stands, or was typed."""
    if not serial or serial == incident.reminded:
        return None
    events = book.find(Event, incident=incident.number, kind=ANSWERS)
    last = events[-1] if events else None
    who = (line(say.clock(last.at, ctx.zone.key), f" {last.name} {last.words}"),) if last is not None else ()
    due = incident.next_update_at
    if incident.reminders_off:
        how = line(f"Reminders are off: {incident.reminders_off}.")
    elif due is None:
        how = line("No update is due.")
    else:
        how = line("The next update is due " if due > ctx.now else "An update is due since ", clock(ctx, incident), ".")
    row = Buttons((Button("Post update", f"update {incident.number}", "primary", form=True),))
    return Reply(say.understood(incident, "That reminder is over; this button did nothing.", *who, how, row))


def clock(ctx: Context, incident: Incident) -> Moment:
    """When the next update of an incident is due, which it must be."""
    assert incident.next_update_at is not None
    return say.clock(incident.next_update_at, ctx.zone.key)


ANSWERS = ("update", "update-public", "reminders", "status", "severity", "merged", "undo")
"""Lines of the timeline that end a reminder."""


def remind_me(command: RemindMe, ctx: Context, book: Book) -> Reply:
    """A ping for oneself, in the personal chat."""
    must("act", standing(book, ctx))
    due = command.once_at or ctx.now + (command.once_in or SHORTEST)
    fits(due - ctx.now)
    what = command.what.strip()
    if not what or len(what) > LONGEST_WHAT:
        raise Refused(f"Of what? `remind me in 10m -- call the CIO`, up to {LONGEST_WHAT} characters.")
    book.put(Ping(book.number("pings"), ctx.actor.key, what, due, ctx.whence.room))
    return Reply(
        Card("Reminder for you", (line("I will remind you at ", say.clock(due, ctx.zone.key), f": {what}"),)),
        changed=True,
    )


# --- the tick --------------------------------------------------------------------------------------------------------
def _due_update(incident: Incident, ctx: Context, book: Book) -> None:
    """Say the step whose time has come, by the policy that holds now, and set the next."""
    seen = look(incident, book.catalog.policy, ctx.now)
    after = seen.incident
    if seen.moved:
        due = after.next_update_at
        when = "no update is due" if due is None else f"the next update is due at {due.astimezone(ctx.zone):%H:%M %Z}"
        answer_reminder(book, ctx, incident, after, f"follows the changed policy: {when}")
        tell(book, ctx, after, "reminders", f"follows the changed policy: {when}")
    if seen.step is not None:
        after = _say_step(book, ctx, seen, seen.step)
    book.put(after)
    if seen.moved or _headline_differs(incident, after):
        refresh(book, ctx, after)


def _serials(incident: Incident) -> str:
    """The series that numbers an incident's reminders."""
    return f"reminders-{incident.number}"


def _series(incident: Incident) -> tuple[str, ...]:
    """The numbers a step takes: its line of the timeline, and at the first one the reminder itself."""
    return (timeline(incident),) if incident.reminded else (timeline(incident), _serials(incident))


UPDATES: Due[Incident] = Due(
    "updates", Incident, "remind_at", _due_update, (("status", OPEN),), at_once=200, series=_series
)


def _headline_differs(before: Incident, after: Incident) -> bool:
    """Whether the live card says of the next update what it did not say before."""
    return say.overdue(before) != say.overdue(after) or before.next_update_at != after.next_update_at


@dataclass(frozen=True, slots=True)
class _Told:
    """Whom a step tells: people, once each, and places."""

    people: tuple[Person, ...]
    channel: bool
    services: tuple[str, ...]  # addresses of on-call services


def _told(book: Book, ctx: Context, incident: Incident, step: Step) -> _Told:
    keys: list[str] = []
    # an exercise wakes nobody, and what is private is named in no channel
    outside = not incident.drill
    called = rules(book, incident) if "on-call" in step.tell and outside else []
    for word in step.tell:
        if word == "roles":
            keys += [p for _, p in incident.roles]
        elif word == "commander":  # somebody leads, also where nobody was named
            keys.append(incident.holder("commander") or incident.holder("deputy") or incident.declared_by)
        elif word not in ("channel", "on-call"):
            keys.append(incident.holder(word))
    on_call = [p for rule in called for e in rule.people if (p := book.person(e)) and may_see(book, p, incident)]
    keys += [p.key for p in on_call]
    found = {p.key: p for k in dict.fromkeys(keys) if k and (p := book.person(k)) is not None and p.colleague}
    addresses = [rule.webhook for rule in called if rule.webhook and "webhook" in ctx.outlets]
    return _Told(
        tuple(found.values()),
        "channel" in step.tell and outside and not incident.private,
        tuple(dict.fromkeys(addresses)),
    )


def _say_step(book: Book, ctx: Context, seen: Look, step: Step) -> Incident:
    """One step: the card in the rooms ages where it stands, and each person is called once."""
    before = seen.incident
    due = before.next_update_at
    assert due is not None
    n, serial = before.number, before.reminded or book.number(_serials(before))
    after = replace(before, reminded=serial)
    told = _told(book, ctx, after, step)
    late = ctx.now - due
    if before.reminded:
        _quiet(book, ctx, after)
    view = say.Asked(
        called=tuple(_call(ctx, p) for p in told.people),
        names=tuple(p.name for p in told.people),
        channel=told.channel,
        on_call=bool(told.services),
        late=late,
        since=ctx.now - (after.last_update_at or after.reopened_at or after.declared_at),
        at=ctx.now,
        due=due,
        first=seen.first,
        zone=ctx.zone.key,
    )
    card = say.reminder(after, view)
    if step.after >= timedelta(0):
        say_in_rooms(book, ctx, after, f"reminder/{serial}", card, REMINDER)
    if not seen.first:
        for person in told.people:
            key = f"inc-{n}/reminder/{serial}/to/{after.remind_step}/{person.key}"
            say_to(book, ctx, person, key, say.reminder(after, view, to=person), REMINDER, n)
    if told.channel:
        roles = [(role, p) for role, key in after.roles if (p := book.person(key)) is not None]
        for place in _channels(book, ctx):
            key = f"inc-{n}/reminder/{serial}/channel@{place.platform}"
            book.send(Post(key, place, card=say.escalated(after, view, roles), rank=REMINDER, incident=n))
    for nth, address in enumerate(told.services, 1):
        book.send(_webhook(ctx, after, address, f"{after.remind_step}/{nth}", "overdue"))
    tell(book, ctx, after, "reminder", say.step_words(view, step.after < timedelta(0)))
    return after


def _call(ctx: Context, person: Person) -> Mention:
    """A mention that calls somebody on one platform, not on both: the one their personal messages go to."""
    if person.slack and "slack" in ctx.platforms:
        return Mention(person.name, person.slack, "", ping=True)
    return Mention(person.name, "", person.teams, ping=True)


def _channels(book: Book, ctx: Context) -> tuple[Place, ...]:
    """The escalation channel, on each platform where the policy names one; else where incidents are announced."""
    named = [Place(p, "thread", a) for p, a in book.catalog.policy.reminders.channel if p in ctx.platforms]
    if named:
        return tuple(named)
    return tuple(Place(p, "incidents") for p in ctx.platforms[:1])


def _webhook(ctx: Context, incident: Incident, address: str, step: str, event: str) -> Post:
    """What an on-call service is told: enough to wake the right person. Of a private incident nothing but its name.

    The `key` is the same for all events of one reminder, so that a service can tell a repeat from news and close its
    alarm on `answered`.
    """
    due = incident.next_update_at
    content = {
        "event": f"update.{event}",
        "key": f"inc-{incident.number}/reminder/{incident.reminded}",
        "incident": incident.name,
        "title": "" if incident.private else incident.title,
        "severity": incident.severity,
        "status": incident.status,
        "due": due.astimezone(UTC).isoformat().replace("+00:00", "Z") if due is not None else None,
        "at": ctx.now.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "url": ctx.public_url,
    }
    key = f"inc-{incident.number}/reminder/{incident.reminded}/on-call/{step}@webhook"
    place = Place("webhook", "thread", address)
    return Post(key, place, text=json.dumps(content, ensure_ascii=False), rank=REMINDER, incident=incident.number)


def _quiet(book: Book, ctx: Context, incident: Incident) -> None:
    """The personal messages of the step before lose their buttons, as those before did; the latest one has them."""
    at = say.clock(ctx.now, ctx.zone.key)
    card = Card("", (line(f"{incident.name}: asked again at ", at, "."),), say.tone(incident))
    before = f"inc-{incident.number}/reminder/{incident.reminded}/to/{incident.remind_step - 1}/"
    for post in book.posts(before):
        book.send(Post(post.key, post.place, card=card, rank=EDIT, incident=incident.number))


def answer_reminder(book: Book, ctx: Context, asked: Incident, after: Incident, words: str) -> None:
    """Whoever answers on one side changes every card of the reminder: it says who did what, its buttons are gone.

    `asked` is the incident as it was reminded, `after` as it stands now.
    """
    if not asked.reminded:
        return
    series = f"inc-{asked.number}/reminder/{asked.reminded}"
    card = say.answered(after, ctx.actor, words, ctx.zone.key)
    services: dict[str, None] = {}
    for post in (*book.posts(f"{series}@"), *book.posts(f"{series}/")):
        if post.place.platform == "webhook":
            services[post.place.address] = None
        else:
            book.send(Post(post.key, post.place, card=card, rank=PAGE, incident=asked.number))
    for nth, address in enumerate(services, 1):
        book.send(_webhook(ctx, asked, address, f"answered/{nth}", "answered"))


def _due_ping(ping: Ping, ctx: Context, book: Book) -> None:
    """A person's own reminder."""
    book.put(replace(ping, said_at=ctx.now))
    person = book.person(ping.person)
    if person is not None:
        late = ctx.now - ping.due_at
        tail = f" ({say.span_words(late)} late)" if late >= LATE else ""
        card = Card("Reminder for you", (line(ping.what + tail),))
        say_to(book, ctx, person, f"ping/{ping.number}", card, REMINDER, ping.incident)


PINGS: Due[Ping] = Due("pings", Ping, "due_at", _due_ping, (("said_at", None),))
