"""Pins: messages of an incident's own room that belong to its story. What their authors edit or delete is followed."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from handlers import grammar
from handlers.book import Book
from handlers.card import Button, Buttons, Reply
from handlers.commands import MessageChanged, OpenForm, Pin, Unpin
from handlers.context import Context, Said
from handlers.domain.errors import Refused
from handlers.domain.incident import Event, Incident, Pinned, Room
from handlers.domain.permit import must
from handlers.rooms import incident_of, may_see, standing, tell
from handlers.say import incident as say

LONGEST_PIN = 2800
"""Characters that are kept of a message."""
DELETED = "deleted"
UNPINNED = "unpinned"


def pin(command: Pin, ctx: Context, book: Book) -> Reply:
    """Put a message of the room (by reaction), or words of one's own, into the timeline at the time it was said."""
    incident = incident_of(book, ctx, command.incident)
    must("act", standing(book, ctx, incident))
    said = ctx.message
    if said is not None and not said.own:
        return _pin_message(book, ctx, incident, said)
    if not command.text.strip():
        from handlers.forms import form

        return Reply(form(OpenForm(f"pin {incident.number}", "pin"), ctx, book))
    _fits(command.text)
    here = said is not None and ctx.whence.room == incident.number
    row = Pinned(
        incident.number, book.number(f"pins-{incident.number}"), ctx.whence.platform,
        ctx.whence.channel if here else "", said.id if said is not None and here else "", ctx.actor.key,
        ctx.actor.name, command.text.strip(), ctx.now, ctx.actor.key, ctx.now, typed=True,
    )  # fmt: skip
    return _keep(book, ctx, incident, row, "pinned words to the timeline")


def _pin_message(book: Book, ctx: Context, incident: Incident, said: Said) -> Reply:
    """Somebody put 📌 on a message. Only what stands in the incident's own room is ever read or kept."""
    if ctx.whence.room != incident.number:
        raise Refused("Only messages in an incident's own room are pinned to its timeline. Nothing was kept.")
    known = next(iter(_of(book, ctx.whence.platform, ctx.whence.channel, said.id)), None)
    if known is not None and not known.gone:
        return Reply(say.understood(incident, f"That message is pin {known.number} already. Nothing was changed."))
    words = said.words.strip()
    if not words:
        raise Refused("That message has no words to keep. Say what matters: `pin 3 nodes are back`.")
    author = book.person(f"{ctx.whence.platform}:{said.author}") if said.author else None
    row = Pinned(
        incident.number, known.number if known else book.number(f"pins-{incident.number}"), ctx.whence.platform,
        ctx.whence.channel, said.id, author.key if author else "", author.name if author else said.name or "Amends",
        _cut(words), said.at or ctx.now, ctx.actor.key, ctx.now,
    )  # fmt: skip
    whose = "an own message" if row.author == ctx.actor.key else f"a message of {row.author_name}"
    return _keep(book, ctx, incident, row, f"pinned {whose}")


def _keep(book: Book, ctx: Context, incident: Incident, row: Pinned, words: str) -> Reply:
    book.put(row)
    tell(book, ctx, incident, "pin", f"{words} (pin {row.number})")  # its words may still change: the pin has them
    n = incident.number
    buttons = Buttons((Button("Timeline", f"timeline {n}"), Button("Take it out", f"unpin {n} {row.number}")))
    return Reply(say.understood(incident, f"In the timeline as pin {row.number}.", buttons), changed=True)


def _fits(words: str) -> None:
    if len(words) > LONGEST_PIN:
        raise Refused(f"A pin has up to {LONGEST_PIN:,} characters; this has {len(words):,}. Nothing was kept.")


def _cut(words: str) -> str:
    return words if len(words) <= LONGEST_PIN else words[: LONGEST_PIN - 1].rstrip() + "…"


def unpin(command: Unpin, ctx: Context, book: Book) -> Reply:
    """Take a pin out of the timeline; taking one's 📌 off the message does the same."""
    if ctx.message is not None and not ctx.message.own:
        found = _of(book, ctx.whence.platform, ctx.whence.channel, ctx.message.id)
        row = next((p for p in found if not p.gone and p.by == ctx.actor.key), None)
        incident = book.get(Incident, row.incident) if row is not None else None
        if row is None or incident is None or not may_see(book, ctx.actor, incident):
            raise Refused("You pinned no such message. Nothing was changed.")
    else:
        incident = incident_of(book, ctx, command.incident)
        if command.pin is None:
            raise Refused(f"Which pin? `timeline {incident.number}` numbers them: `unpin {incident.number} 2`.")
        row = book.get(Pinned, incident.number, command.pin)
        if row is None:
            raise Refused(f"{incident.name} has no pin {command.pin}. Nothing was changed.")
    must("act", standing(book, ctx, incident))
    if row.gone:
        return Reply(say.understood(incident, f"Pin {row.number} is out already. Nothing was changed."))
    book.put(replace(row, gone=UNPINNED))
    tell(book, ctx, incident, "pin", f"took pin {row.number} out")
    return Reply(say.understood(incident, f"Pin {row.number} is out of the timeline."), changed=True)


def _of(book: Book, platform: str, channel: str, message: str) -> list[Pinned]:
    return book.find(Pinned, platform=platform, channel=channel, message=message)


def followed(command: MessageChanged, ctx: Context, book: Book) -> None:
    """A message was edited or deleted by its author: a pin of it says what it says now, or that it is gone."""
    if not command.message:
        return
    for row in _of(book, command.platform, command.channel, command.message):
        incident = book.get(Incident, row.incident)
        if incident is None or row.gone == DELETED:
            continue
        if command.deleted:
            book.put(replace(row, words="", gone=DELETED, edited_at=ctx.now))
            if not row.gone:
                tell(book, ctx, incident, "pin", f"pin {row.number} was deleted by its author", name=row.author_name)
            continue
        words = _cut(_said(row, command.words, ctx))
        if words and words != row.words:
            book.put(replace(row, words=words, edited_at=ctx.now))


def _said(row: Pinned, words: str, ctx: Context) -> str:
    """The words without the verb, where they were typed after it."""
    if row.typed:
        found = grammar.read(words, grammar.Reading(ctx.now, ctx.zone, room=row.incident))
        if isinstance(found, Pin) and found.text:
            return found.text.strip()
    return words.strip()


def story(book: Book, incident: Incident) -> Sequence[Event]:
    """The timeline: what happened, and what was pinned at the time it was said, oldest first."""
    events = book.find(Event, incident=incident.number)
    pins = book.find(Pinned, incident=incident.number)
    shown = [_line(p) for p in pins if p.gone != UNPINNED]
    return sorted([*events, *shown], key=_order) if shown else events


def _order(event: Event) -> tuple[datetime, str]:
    return event.at, event.id


def _line(row: Pinned) -> Event:
    words = "(deleted by its author)" if row.gone == DELETED else f"“{row.words}”"
    edited = " (edited)" if row.edited_at is not None and not row.gone else ""
    key = f"{row.incident:08d}-pin-{row.number:08d}"
    said = f"📌 {row.number} {words}{edited}"
    return Event(key, row.incident, row.at, "pinned", row.author, row.author_name, said, row.platform)


def room_of(book: Book, platform: str, channel: str) -> int | None:
    """The incident whose room this is, if any's."""
    rooms = book.find(Room, platform=platform, address=channel) if channel else []
    return max((r.incident for r in rooms if not r.fault), default=None)
