"""Telling one person something that can wait: quiet hours are kept, and what waited comes folded into one card."""

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from handlers.book import Book
from handlers.card import Block, Bullets, Button, Buttons, Card, Span, Strong, Text, small
from handlers.context import Context
from handlers.domain.delivery import REMINDER
from handlers.domain.hours import Hours, parse_hours
from handlers.domain.incident import Incident, KeptBack, Preference
from handlers.domain.people import Person
from handlers.due import Due
from handlers.rooms import may_see, say_to

PAGED = ("sev1", "sev2")
"""Severities whose incidents break through while they run."""
MOST = 15
"""Things on one folded card."""
OFF = "off"


def zone_of(ctx: Context, preference: Preference | None) -> ZoneInfo:
    """A person's own zone, else the house's."""
    return ZoneInfo(preference.zone) if preference is not None and preference.zone else ctx.zone


def quiet_of(book: Book, preference: Preference | None) -> Hours | None:
    """A person's quiet hours: their own, else the house's; None where there are none."""
    if preference is not None and preference.quiet:
        return None if preference.quiet == OFF else parse_hours(preference.quiet)
    return parse_hours(book.catalog.policy.quiet_hours) if book.catalog.policy.quiet_hours else None


def quiet_until(book: Book, ctx: Context, person: Person) -> datetime | None:
    """When this person's quiet hours end, if they are now. UTC."""
    preference = book.get(Preference, person.key)
    hours = quiet_of(book, preference)
    return None if hours is None else hours.until(ctx.now, zone_of(ctx, preference))


def nudge(
    book: Book, ctx: Context, person: Person, key: str, card: Card, rank: int = REMINDER, incident: int | None = None
) -> datetime | None:
    """Tell one person, now or when their quiet hours end. A running sev1 or sev2 breaks through.

    The same `key` again changes what was said, or what is still kept back. Returns until when it is kept back (UTC);
    None: it was said.
    """
    kept = book.get(KeptBack, key)
    waiting = kept is not None and kept.said_at is None
    about = book.get(Incident, incident) if incident is not None else None
    page = about is not None and about.open and about.severity in PAGED
    until = None if page else quiet_until(book, ctx, person)
    if until is None and not waiting:
        say_to(book, ctx, person, key, card, rank, incident)
    elif until is None or (kept is not None and not waiting) or any(p.shown for p in book.posts(f"{key}@")):
        if waiting and kept is not None:
            book.put(replace(kept, said_at=ctx.now))
        say_to(book, ctx, person, key, card, rank, incident)  # an edit of what stands there makes no sound
    else:
        button = next(iter(card.buttons), None)
        book.put(
            KeptBack(
                key, person.key, card.head, _words(card), ctx.now, until, incident, button.label if button else "",
                button.says if button else "", button.form if button else False,
            )
        )  # fmt: skip
        return until
    return None


def _words(card: Card) -> str:
    """The first thing a card says."""
    from handlers.card import Line

    first = next((b for b in card.blocks if isinstance(b, Line)), None)
    return "" if first is None else "".join(_span(s) for s in first.spans)


def _span(span: Span) -> str:
    for name in ("words", "name", "label"):
        if (found := getattr(span, name, None)) is not None:
            return str(found)
    at: datetime = span.at  # type: ignore[union-attr]
    return f"{at:%H:%M} UTC"


def _due_kept(row: KeptBack, ctx: Context, book: Book) -> None:
    """Quiet hours are over, and each person gets one card of what waited and still concerns them."""
    mine = [k for k in book.find(KeptBack, person=row.person, said_at=None) if k.due_at <= ctx.now]
    if not mine:
        return  # it was folded with another one
    for kept in mine:
        book.put(replace(kept, said_at=ctx.now))
    person = book.person(row.person)
    shown = [] if person is None else [k for k in mine if _concerns(book, person, k)]
    if person is not None and shown:
        say_to(book, ctx, person, f"kept/{person.key}/{ctx.now:%Y%m%d%H%M%S}", _folded(shown), REMINDER)


KEPT: Due[KeptBack] = Due("kept back", KeptBack, "due_at", _due_kept, (("said_at", None),))


def _concerns(book: Book, person: Person, row: KeptBack) -> bool:
    """Checked when it is said, not when it was kept: a private incident one is no longer in is nobody's business."""
    if row.incident is None:
        return True
    incident = book.get(Incident, row.incident)
    return incident is not None and may_see(book, person, incident)


def _folded(rows: list[KeptBack]) -> Card:
    items = tuple((Strong(r.head or "Amends"), Text(f" {r.words}")) for r in rows[:MOST])
    blocks: list[Block] = [Bullets(items)]
    if len(rows) > MOST:
        blocks.append(small(f"and {len(rows) - MOST} more: see what waits for you."))
    acts = [Button(r.label, r.says, form=r.form) for r in rows if r.says][:3]
    blocks.append(Buttons((*acts, Button("What waits for me", "list mine", "primary"))))
    return Card(f"While it was quiet: {len(rows)} thing{'s' * (len(rows) != 1)}", tuple(blocks))
