"""Reminders: the update clock of an incident, and one's own pings. What is due is a column; the tick claims it."""

from dataclasses import replace
from datetime import timedelta

from handlers.book import Book
from handlers.card import Button, Buttons, Card, Reply, line
from handlers.commands import OnTrack, Remind, RemindMe
from handlers.context import Context
from handlers.domain.delivery import REMINDER
from handlers.domain.errors import Refused
from handlers.domain.incident import OPEN, Incident, Ping
from handlers.domain.permit import must
from handlers.rooms import changed, people, refresh, running, say_in_rooms, say_to, standing, tell
from handlers.say import incident as say

SHORTEST = timedelta(minutes=1)
"""Intervals run from one minute (interface.md)."""
LONGEST = timedelta(days=30)
"""Longer ones are a slip of the pen."""
LONGEST_WHAT = 500


def _fits(length: timedelta) -> None:
    if not SHORTEST <= length <= LONGEST:
        raise Refused("Reminders run from 1 minute to 30 days. Say it like `30m`, `2h` or `1d`. Nothing was changed.")


def remind(command: Remind, ctx: Context, book: Book) -> Reply:
    """Set the update clock: every so often, once, snoozed, or off for a reason."""
    incident = running(book, ctx, command.incident)
    must("act", standing(book, ctx, incident))
    if command.off_because:
        words = f"stopped the reminders because {command.off_because}"
        answer_reminder(book, ctx, replace(incident, reminders_off=command.off_because), words)
        after = changed(
            book, ctx, incident, "reminders", words, reminders_off=command.off_because, next_update_at=None, reminded=0
        )
        answer = "Reminders are off. "
        return Reply(
            say.understood(after, answer, Buttons((Button("Turn them on", f"remind {after.number} every 30m"),))),
            changed=True,
        )
    length = command.every or command.once_in or command.snooze
    if length is None:
        raise Refused(f"When? `remind {incident.number} every 30m`, `in 10m`, `snooze 15m` or `off because …`.")
    _fits(length)
    due = ctx.now + length
    if command.every is not None:
        words, fields = f"set reminders every {say.span_words(length)}", {"every": int(length.total_seconds())}
    elif command.snooze is not None:
        words, fields = f"snoozed the reminder for {say.span_words(length)}", {}
    else:
        words, fields = f"set the next reminder in {say.span_words(length)}", {}
    pending = replace(incident, next_update_at=due, reminders_off="")
    answer_reminder(book, ctx, pending, words)
    after = changed(
        book,
        ctx,
        incident,
        "reminders",
        words,
        next_update_at=due,
        reminders_off="",
        reminded=0,
        quiet=command.snooze is not None,
        **fields,
    )
    return Reply(
        say.understood(after, f"{words[0].upper()}{words[1:]}.", line("Next: ", say.clock(due, ctx.zone.key))),
        changed=True,
    )


def on_track(command: OnTrack, ctx: Context, book: Book) -> Reply:
    """Nothing new to tell: the clock starts again."""
    incident = running(book, ctx, command.incident)
    must("act", standing(book, ctx, incident))
    every = (
        timedelta(seconds=incident.every)
        if incident.every
        else book.catalog.policy.cadence(incident.severity, incident.status)
    )
    due = None if every is None or incident.reminders_off else ctx.now + every
    answer_reminder(book, ctx, replace(incident, next_update_at=due), "said: on track, nothing new yet")
    after = replace(incident, next_update_at=due, reminded=0, revision=incident.revision + 1)
    book.put(after)
    tell(book, ctx, after, "reminders", "said it is on track")
    refresh(book, ctx, after)
    return Reply(say.understood(after, "Noted: on track. The clock starts again."), changed=True)


def remind_me(command: RemindMe, ctx: Context, book: Book) -> Reply:
    """A ping for oneself, in the personal chat."""
    must("act", standing(book, ctx))
    _fits(command.once_in)
    what = command.what.strip()
    if not what or len(what) > LONGEST_WHAT:
        raise Refused(f"Of what? `remind me in 10m -- call the CIO`, up to {LONGEST_WHAT} characters.")
    due = ctx.now + command.once_in
    book.put(Ping(book.number("pings"), ctx.actor.key, what, due, ctx.whence.room))
    return Reply(
        Card("Reminder for you", (line("I will remind you at ", say.clock(due, ctx.zone.key), f": {what}"),)),
        changed=True,
    )


def due_updates(ctx: Context, book: Book, limit: int = 50) -> int:
    """The tick: say every update reminder that is due, once, and set the next. Returns how many were looked at."""
    found = book.due(Incident, "next_update_at", limit, status=OPEN)
    for incident in found:
        assert incident.next_update_at is not None
        due = incident.next_update_at
        if incident.reminders_off:
            book.put(replace(incident, next_update_at=None))
            continue
        every = (
            timedelta(seconds=incident.every)
            if incident.every
            else book.catalog.policy.cadence(incident.severity, incident.status)
        )
        following = None if every is None else ctx.now + every
        serial = book.number(f"reminders-{incident.number}")
        after = replace(incident, next_update_at=following, reminded=serial)
        book.put(after)
        commander = people(book, after).get(after.holder("commander"))
        since = ctx.now - (incident.last_update_at or incident.declared_at)
        late = ctx.now - due
        if incident.reminded:  # the ping before this one goes quiet: one card at a time has buttons
            say_in_rooms(book, ctx, after, _key(incident), say.passed(incident, due, ctx.zone.key), REMINDER)
        say_in_rooms(
            book,
            ctx,
            after,
            _key(after),
            say.reminder(after, commander, late, since),
            REMINDER,
        )
        lateness = f", {say.span_words(late)} late" if late >= timedelta(minutes=1) else ""
        tell(book, ctx, after, "reminder", f"reminded that an update is due{lateness}")
        refresh(book, ctx, after)
    return len(found)


def due_pings(ctx: Context, book: Book, limit: int = 50) -> int:
    """The tick: people's own reminders."""
    found = book.due(Ping, "due_at", limit, said_at=None)
    for ping in found:
        book.put(replace(ping, said_at=ctx.now))
        person = book.person(ping.person)
        if person is not None:
            late = ctx.now - ping.due_at
            tail = f" ({say.span_words(late)} late)" if late >= timedelta(minutes=1) else ""
            card = Card("Reminder for you", (line(ping.what + tail),))
            say_to(book, ctx, person, f"ping/{ping.number}", card, REMINDER, ping.incident)
    return len(found)


def _key(incident: Incident) -> str:
    return f"reminder/{incident.reminded}"


def answer_reminder(book: Book, ctx: Context, incident: Incident, words: str) -> None:
    """Whoever answers on one side changes the cards of both: the reminder says who did what, its buttons are gone."""
    if incident.reminded:
        card = say.answered(incident, ctx.actor, words, ctx.zone.key)
        say_in_rooms(book, ctx, incident, _key(incident), card)
