"""Promises: each "we will", "by DATE" and "fixed" that customers were told, kept in sight after the incident."""

from dataclasses import replace
from datetime import datetime, timedelta

from handlers.apologise import Draft
from handlers.book import Book
from handlers.card import Button, Buttons, Card, line
from handlers.context import Context
from handlers.customers import affected_by
from handlers.domain.apology import Apology, Promise
from handlers.domain.delivery import REMINDER
from handlers.domain.errors import Refused
from handlers.domain.facts import Fact
from handlers.domain.incident import Incident, Recurrence, Task
from handlers.facts import read_due
from handlers.rooms import say_in_rooms, say_to, tell
from handlers.say import apology as say

FIXED = "fixed"
"""The kind of promise that a word about the fix is."""


def made(book: Book, ctx: Context, found: Draft) -> None:
    """Write down what this version promises; what an earlier version promised already stays as it is."""
    number = found.apology.number
    known = {(p.kind, p.incident, p.text) for p in book.find(Promise, apology=number)}
    told = {r.customer for r in found.version.recipients}
    customers = tuple(sorted(told | {c.key for i in found.incidents for c, _ in affected_by(book, i)}))
    for kind, incident, text, owner, due in _said(book, found):
        if (kind, incident.number, text) in known:
            continue
        person = book.person(owner or incident.holder("commander") or incident.declared_by)
        due_at = None
        if due:
            try:
                due_at = read_due(ctx, due)
            except Refused:  # words that are no date: the promise stands without a clock
                due_at = None
        book.put(
            Promise(
                book.number("promises"), number, incident.number, text, person.key if person else "",
                person.name if person else "", due, due_at, customers=customers, version=found.version.number,
                made_at=ctx.now, kind=kind, remind_at=_before(book, ctx, due_at),
            )
        )  # fmt: skip


def _before(book: Book, ctx: Context, due_at: datetime | None) -> datetime | None:
    """When the owner is reminded next: the first of the policy's days before it is due that is still to come."""
    if due_at is None:
        return None
    days = sorted(book.catalog.policy.reminders.promise_before, reverse=True)
    return next((at for d in days if (at := due_at - timedelta(days=d)) > ctx.now), None)


def _said(book: Book, found: Draft) -> list[tuple[str, Incident, str, str, str]]:
    """(kind, incident, text, owner, due) of everything the text promises."""
    said: list[tuple[str, Incident, str, str, str]] = []
    lead = found.incidents[-1]
    linked = {r.earlier for r in book.find(Recurrence) if not r.gone}
    for incident in found.incidents:
        said += [
            ("change", incident, task.text, task.owner, task.due)
            for task in book.find(Task, incident=incident.number)
            if task.done_at is None and task.due and task.owner
        ]
        for fact in book.find(Fact, incident=incident.number, state="live", visibility="public"):
            value = fact.value.strip()
            if fact.kind == "fix" and value in ("fixed", "verified") and incident.number not in linked:
                said.append((FIXED, incident, f"{incident.name} is fixed", "", ""))
            elif fact.kind == "next-report" and not fact.unknown:
                said.append(("report", lead, "Report to customers again", "", value))
            elif fact.kind == "remedy" and "decision by" in value.lower():
                said.append(
                    ("remedy", lead, "Decide on a remedy", "", value.lower().partition("decision by")[2].strip())
                )
            elif fact.unknown and fact.due:
                said.append(("explain", incident, f"Explain {fact.kind} of {incident.name}", "", fact.due))
    return list(dict.fromkeys(said))


def broken(book: Book, ctx: Context, earlier: Incident, later: Incident) -> list[Promise]:
    """A recurrence contradicts every "fixed" that customers were told of the earlier one; a correction is offered."""
    found = [p for p in book.find(Promise, incident=earlier.number, kind=FIXED) if p.state in ("open", "late", "kept")]
    for promise in found:
        book.put(replace(promise, state="broken", evidence=f"{later.name} came back"))
        tell(
            book, ctx, earlier, "promise", f"broke promise P{promise.number} (“{promise.text}”): {later.name} came back"
        )
        apology = book.get(Apology, promise.apology)
        if apology is None:
            continue
        card = Card(
            f"{say.named(apology)}: a promise is broken",
            (
                line(f"Customers were told that {earlier.name} is fixed. {later.name} says otherwise."),
                Buttons((Button("Correct the apology", f"apology correct {apology.number}", "primary", form=True),)),
            ),
            "danger",
        )
        say_in_rooms(book, ctx, later, f"promise/{promise.number}/broken", card)
    return found


def due_promises(ctx: Context, book: Book, limit: int = 50) -> int:
    """The tick: owners are reminded before a promise is due; what is past its day is late, and said so once."""
    soon = book.due(Promise, "remind_at", limit, state="open")
    for promise in soon:
        book.put(replace(promise, remind_at=_before(book, ctx, promise.due_at)))
        _ping(book, ctx, promise, f"is due {promise.due}", "warning")
    late = book.due(Promise, "due_at", limit, state="open")
    for promise in late:
        book.put(replace(promise, state="late", remind_at=None))
        _ping(book, ctx, promise, f"was due {promise.due} and is late", "danger")
        incident = book.get(Incident, promise.incident)
        if incident is not None:
            tell(book, ctx, incident, "promise", f"let promise P{promise.number} pass its day: {promise.text}")
    return len(soon) + len(late)


def _ping(book: Book, ctx: Context, promise: Promise, words: str, tone: str) -> None:
    owner = book.person(promise.owner) if promise.owner else None
    if owner is None:
        return
    n = promise.number
    card = Card(
        f"P{n} {promise.text}"[:120],
        (
            line(f"Promised to {len(promise.customers)} customer{'s' * (len(promise.customers) != 1)}. It {words}."),
            Buttons((
                Button("Kept", f"promise done {n}", "primary", form=True),
                Button("New date", f"promise move {n}", form=True),
                Button("Withdraw", f"promise withdraw {n}", form=True),
            )),
        ),
        "danger" if tone == "danger" else "warning",
    )  # fmt: skip
    key = f"promise/{n}/{tone}/{ctx.now:%Y%m%d}"
    say_to(book, ctx, owner, key, card, REMINDER, promise.incident)
