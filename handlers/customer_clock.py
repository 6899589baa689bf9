"""The clock of customers: the first word they should have, and the next one they were promised.

It runs beside the clock of internal updates. A snooze, *on track* or reminders switched off never move it: what was
promised to customers moves only with words to customers.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from handlers.book import Book
from handlers.card import Button, Buttons, Card, Tone, line
from handlers.context import Context
from handlers.customers import affected_by, counted, recipients
from handlers.domain.delivery import REMINDER
from handlers.domain.incident import OPEN, Incident
from handlers.due import Due
from handlers.rooms import refresh, say_in_rooms, say_to, tell
from handlers.say import incident as say

CADENCE = timedelta(minutes=30)
"""Between words to customers where the policy has no clock (statuspage.io advises every 30 minutes:
https://support.atlassian.com/statuspage/docs/incident-communication-tips)."""
SOONEST = timedelta(minutes=5)
"""A promised time that is nearer than this is no promise worth making anew."""


def first_word(book: Book, ctx: Context, severity: str, declared_at: datetime) -> datetime | None:
    """When customers should have heard a first word, by the policy; None where it has no such clock. UTC."""
    term = book.catalog.policy.severity(severity).first_post
    return None if term is None else max(ctx.now, term.after(declared_at, ctx.zone))


def next_word(book: Book, ctx: Context, incident: Incident) -> datetime:
    """The time that words to customers name, or imply, as that of the next ones: as promised, else by the cadence."""
    promised = incident.customer_update_at
    if promised is not None and promised >= ctx.now + SOONEST:
        return promised
    due = ctx.now + _every(book, incident)
    return due.replace(second=0, microsecond=0) + timedelta(minutes=1 if due.second or due.microsecond else 0)


def _every(book: Book, incident: Incident) -> timedelta:
    return book.catalog.policy.cadence(incident.severity, incident.status) or CADENCE


def told(book: Book, ctx: Context, incident: Incident, next_at: datetime | None, words: str) -> Incident:
    """Customers were told: the next word is due at `next_at` (UTC; None: no more is), and the reminder says who did."""
    ping = next_at
    if next_at is not None and next_at - book.catalog.policy.reminders.before_due > ctx.now:
        ping = next_at - book.catalog.policy.reminders.before_due
    settled(book, ctx, incident, words)
    return replace(incident, customer_update_at=next_at, customer_ping_at=ping, customer_reminded=0)


def settled(book: Book, ctx: Context, incident: Incident, words: str) -> None:
    """Somebody told customers, or ended the incident: the reminder's card says so, and has no button that acts late."""
    if incident.customer_reminded:
        card = Card(f"{say.head(incident)}: customers", (line(f"{ctx.actor.name} {words}."),))
        say_in_rooms(book, ctx, incident, _key(incident), card)


def _key(incident: Incident) -> str:
    """One card for each word that is owed: it ages where it stands."""
    return f"customers/{incident.customer_reminded}"


def _due_word(incident: Incident, ctx: Context, book: Book) -> None:
    """Customers wait for a first word, will wait soon, or wait longer than they were told. Once each step."""
    at = None if incident.drill else _by_policy(book, ctx, incident)
    if at is None or at > ctx.now:
        book.put(replace(incident, customer_ping_at=at))
        return
    hit = affected_by(book, incident)
    again = ctx.now + _every(book, incident)
    if not hit:
        book.put(replace(incident, customer_ping_at=again))  # nobody waits, as far as is known
        return
    promised = incident.customer_update_at
    soon = promised is not None and ctx.now < promised
    serial = incident.customer_reminded or book.number(f"customer-reminders-{incident.number}")
    after = replace(incident, customer_ping_at=promised if soon else again, customer_reminded=serial)
    book.put(after)
    rows, by_hand = recipients(book, ctx, (after,), lambda _customer, _platform: "")
    reach = counted(rows) if rows else f"{len(hit)} customer{'s' * (len(hit) != 1)}"
    missed = promised is not None and not soon
    _say(book, ctx, after, reach, by_hand, missed=missed)
    if not incident.customer_reminded or (missed and incident.customer_ping_at == promised):
        tell(book, ctx, after, "customers", _noted(ctx, promised, soon=soon))
    refresh(book, ctx, after)


WORDS: Due[Incident] = Due("customers", Incident, "customer_ping_at", _due_word, (("status", OPEN),))


def _by_policy(book: Book, ctx: Context, incident: Incident) -> datetime | None:
    """When the house is to be reminded by the policy that holds now; None: never. What was promised does not move."""
    promised = incident.customer_update_at
    if incident.customer_reminded:
        return incident.customer_ping_at
    if promised is not None:
        early = promised - book.catalog.policy.reminders.before_due
        return early if ctx.now < early else incident.customer_ping_at
    return first_word(book, ctx, incident.severity, incident.reopened_at or incident.declared_at)


def _noted(ctx: Context, promised: datetime | None, *, soon: bool) -> str:
    if promised is None:
        return "reminded that customers have not heard from us"
    at = f"{promised.astimezone(ctx.zone):%H:%M %Z}"
    return (
        f"reminded that customers hear from us at {at}" if soon else f"missed the word promised to customers for {at}"
    )


def _say(book: Book, ctx: Context, incident: Incident, reach: str, by_hand: tuple[str, ...], *, missed: bool) -> None:
    """The card in the rooms, and the same to whoever answers for customers: comms, else the commander."""
    n, promised = incident.number, incident.customer_update_at
    if promised is None:
        said = line(f"{reach}: nobody outside has heard from us yet. A holding statement needs no cause.")
    elif ctx.now < promised:
        said = line(f"{reach} were told to expect our next word at ", say.clock(promised, ctx.zone.key), ".")
    else:
        late = say.span_words(max(ctx.now - promised, timedelta(minutes=1)))
        said = line(f"{reach} wait for the word promised for ", say.clock(promised, ctx.zone.key), f": {late} late.")
    row = [
        Button("Holding statement", f"holding {n}", "primary" if promised is None else "plain"),
        Button("Tell customers", f"update {n} to customers", "plain" if promised is None else "primary", form=True),
    ]
    hand = [line(f"No channel here, tell by hand: {', '.join(by_hand[:10])}.")] if by_hand else []
    tone: Tone = "warning" if promised is None or ctx.now < promised else "danger"
    card = Card(f"{say.head(incident)}: customers", (said, *hand, Buttons(tuple(row))), tone)
    say_in_rooms(book, ctx, incident, _key(incident), card, REMINDER)
    owner = book.person(incident.holder("comms") or incident.holder("commander"))
    if owner is not None and promised is not None:
        step = "missed" if missed else "soon"  # an edit calls nobody: what was missed is a message of its own
        say_to(book, ctx, owner, f"{_key(incident)}/{n}/{owner.key}/{step}", card, REMINDER, n)
