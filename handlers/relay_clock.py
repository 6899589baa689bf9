"""The clocks of relay: an account manager is reminded of all their open customers at once, then others hear of it."""

from dataclasses import replace
from datetime import datetime

from handlers import packs, receipts
from handlers.accounts import in_charge
from handlers.book import Book
from handlers.context import Context
from handlers.domain.apology import Apology
from handlers.domain.delivery import EDIT, REMINDER
from handlers.domain.incident import Incident
from handlers.domain.relay import TOLD, Pack, Relay
from handlers.due import Due
from handlers.nudge import nudge
from handlers.rooms import may_see, tell
from handlers.say import relay as say
from handlers.say.incident import span_words

WAITING = ("released", *TOLD)
"""States in which a receipt may have a clock: to be told, or told wrongly."""


def _due_relay(row: Relay, ctx: Context, book: Book) -> None:
    """One reminder for each account manager, whatever falls due with it; after a day the commander hears.

    Missed ticks collapse into one reminder that says how late it is. A drill has no clocks.
    """
    now = book.get(Relay, row.apology, row.customer)
    if now is None or now.due_at is None or now.due_at > ctx.now:
        return  # its account manager was reminded of it with another one
    apology = book.get(Apology, row.apology)
    if apology is None:
        book.put(replace(now, due_at=None))
        return
    _remind(book, ctx, apology, now.manager, packs.follow_up_due(book, apology))


def _boards(rows: list[Relay], ctx: Context, book: Book) -> None:
    packs.boards({r.apology for r in rows}, ctx, book)


RELAYS: Due[Relay] = Due("relays", Relay, "due_at", _due_relay, (("state", WAITING),), then=_boards)


def _remind(book: Book, ctx: Context, apology: Apology, manager: str, owed: str) -> None:
    """One card with everybody this account manager still has to tell, and the next time it is said."""
    clocks = book.catalog.policy.reminders
    rows = receipts.of(book, apology)
    after: list[Relay] = []
    fresh = False
    since = ctx.now
    for row in rows:
        if row.manager != manager or row.due_at is None:
            continue
        if not row.open:
            after.append(replace(row, due_at=None))
            continue
        if row.due_at <= ctx.now:
            since = min(since, row.due_at)
        start = row.at if row.wrong and row.at is not None and row.state in TOLD else row.released_at or ctx.now
        over = ctx.now - start >= clocks.relay_escalate
        fresh = fresh or (over and not row.overdue)
        following = ctx.now + clocks.relay_remind
        if not over:
            following = min(following, start + clocks.relay_escalate)
        late = row.late or row.due_at <= ctx.now
        after.append(replace(row, due_at=following, reminded=row.reminded + 1, late=late, overdue=row.overdue or over))
    book.put_all(after)
    changed = {r.customer: r for r in after}
    rows = [changed.get(r.customer, r) for r in rows]
    mine = [r for r in rows if r.manager == manager]
    open_ = [r for r in mine if r.open]
    if not open_:
        return
    _say(book, ctx, apology, manager, mine, since, owed)
    lead = book.get(Incident, apology.incidents[-1])
    if lead is not None:
        name = next(iter(packs.by_manager(book, open_)))
        words = f"reminded {name} of {len(open_)} customer{'s' * (len(open_) != 1)} not told (A{apology.number})"
        tell(book, ctx, lead, "relay", words)
        if fresh:
            many = sum(r.overdue for r in open_)
            words = f"escalated {many} customer{'s' * (many != 1)} of {name} not told after "
            tell(book, ctx, lead, "relay", f"{words}{span_words(clocks.relay_escalate)} (A{apology.number})")
    if fresh:
        packs.escalation(book, ctx, apology, rows)


def _say(
    book: Book, ctx: Context, apology: Apology, manager: str, mine: list[Relay], since: datetime, owed: str
) -> None:
    """The reminder: a message of its own, so that it rings; the one before goes quiet."""
    packs.draw(book, ctx, apology, manager, mine, owed)
    pack = book.get(Pack, apology.number, manager)
    person = book.person(pack.person) if pack is not None and pack.person else None
    incidents = packs.incidents_of(book, apology)
    if pack is None or person is None or not all(may_see(book, person, i) for i in incidents):
        return
    if manager and person != in_charge(book, ctx, manager).person:
        return
    sheet = packs.sheet_of(book, ctx, apology, manager, mine, owed)
    if pack.reminded:
        nudge(book, ctx, person, packs.reminder_key(pack), say.reminded(sheet), EDIT, incidents[-1].number)
    late = ctx.now - since
    serial = book.number(f"relay-reminders-{apology.number}")  # never one that was used: an edit does not ring
    after = replace(pack, reminded=serial, late_by=int(late.total_seconds()))
    book.put(after)
    card = say.reminder(sheet, late)
    nudge(book, ctx, person, packs.reminder_key(after), card, REMINDER, incidents[-1].number)
