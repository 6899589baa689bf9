"""Receipts: one for each customer and apology, from the submitted draft to the day nothing more is owed."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from handlers.apologise import Draft
from handlers.book import Book
from handlers.context import Context
from handlers.customers import affected_by
from handlers.domain.apology import Apology
from handlers.domain.incident import Incident
from handlers.domain.relay import COMING, OUT, TOLD, Relay, RelayStep, follows
from handlers.rooms import tell


def of(book: Book, apology: Apology) -> list[Relay]:
    """The receipts of an apology that went out, in the order of their customers' keys."""
    return book.find(Relay, apology=apology.number, state=OUT)


def _concerned(book: Book, found: Draft, before: Iterable[Relay]) -> set[str]:
    """Whom this version is for: affected, posted to, or told an earlier version by a person."""
    hit = {c.key for i in found.incidents for c, _ in affected_by(book, i)}
    return hit | {r.customer for r in found.version.recipients} | {r.customer for r in before if r.state in TOLD}


def prepare(book: Book, ctx: Context, found: Draft) -> None:
    """A draft was submitted: each customer it is for has a receipt. What was told of an earlier version stays."""
    number, version = found.apology.number, found.version.number
    before = {r.customer: r for r in book.find(Relay, apology=number)}
    concerned = _concerned(book, found, before.values())
    rows = []
    for customer in book.catalog.customers:
        known = before.get(customer.key)
        if customer.key in concerned and not _stands(known):
            rows.append(Relay(number, customer.key, customer.account_manager, "prepared", version))
    rows += [_spared(ctx, r) for r in before.values() if r.state in COMING and r.customer not in concerned]
    book.put_all(rows, undoable=False)  # what is taken back leaves them prepared, which they are
    new = sum(r.state == "prepared" for r in rows)
    if new:
        _note(book, ctx, found.apology, f"prepared {new} receipt{'s' * (new != 1)} of A{number}")


def _stands(row: Relay | None) -> bool:
    """Whether a receipt went out once: an unpublished version does not touch it."""
    return row is not None and row.released_at is not None


def _spared(ctx: Context, row: Relay) -> Relay:
    return replace(row, state="skipped", because="no longer affected", at=ctx.now, due_at=None)


def align(book: Book, ctx: Context, apology: Apology) -> None:
    """Receipts of what has not gone out are approved with their text, and back when its approval no longer counts."""
    signed = apology.state in ("approved", "scheduled")
    now, then = ("approved", "prepared") if signed else ("prepared", "approved")
    fields = {"state": now, "approved_at": ctx.now if signed else None}
    moved = book.change_all(Relay, fields, apology=apology.number, state=then)
    if moved:
        words = f"approved {moved} receipts" if signed else f"put {moved} receipts back to prepared"
        _note(book, ctx, apology, f"{words if moved > 1 else words.replace('receipts', 'receipt')} (A{apology.number})")


def release(book: Book, ctx: Context, found: Draft) -> list[Relay]:
    """A version goes out: whoever was not told yet, or was told an older version by a person, is to be told.

    Returns every receipt of the apology. A drill has receipts, and no clocks.
    """
    number, version = found.apology.number, found.version.number
    before = {r.customer: r for r in book.find(Relay, apology=number)}
    concerned = _concerned(book, found, before.values())
    due = None if found.drill else ctx.now + book.catalog.policy.reminders.relay_remind
    out: dict[str, Any] = {"state": "released", "version": version, "released_at": ctx.now, "due_at": due}
    rows: list[Relay] = []
    spared = [_spared(ctx, r) for r in before.values() if r.state in COMING and r.customer not in concerned]
    special = list(spared)
    for customer in book.catalog.customers:
        if customer.key not in concerned:
            continue
        row = before.get(customer.key)
        if row is not None and row.state in COMING and row.manager == customer.account_manager:
            rows.append(replace(row, **out))  # written with all the others at once, below
            continue
        row = row or Relay(number, customer.key)
        if _stands(row) and (row.version == version or row.state == "skipped"):
            rows.append(replace(row, version=version))
        else:
            again = row.state in TOLD
            row = replace(row, manager=customer.account_manager, late=False, overdue=False, reminded=0, because="",
                          closed_at=None, **out)  # fmt: skip
            if again:
                step(book, ctx, row, because=found.correction or f"version {version} went out")
            rows.append(row)
        special.append(rows[-1])
    if special:
        book.put_all(special)
    book.change_all(Relay, out, apology=number, state=COMING)
    opened = [r for r in rows if r.state == "released" and r.released_at == ctx.now]
    if opened:
        many, managers = len(opened), len({r.manager for r in opened})
        words = f"{many} receipt{'s' * (many != 1)} of A{number} to {managers} account manager{'s' * (managers != 1)}"
        _note(book, ctx, found.apology, f"released {words}")
    return sorted([*rows, *spared], key=lambda r: r.customer)


def take_back(book: Book, ctx: Context, apology: Apology, because: str) -> list[Relay]:
    """A retraction: those who were told by a person are to hear of it; nobody else is told any more."""
    clock = book.catalog.policy.reminders.relay_remind
    drill = any((i := book.get(Incident, n)) is not None and i.drill for n in apology.incidents)
    rows: list[Relay] = []
    for row in of(book, apology):
        if row.state in TOLD:
            words = f"tell them it was taken back: {because}"
            due = None if drill else ctx.now + clock
            after = replace(row, state=follows(row.state, "reopen"), because=words, released_at=ctx.now, due_at=due,
                            late=False, overdue=False, closed_at=None)  # fmt: skip
            step(book, ctx, after, because=words)
        elif row.state == "released":
            after = replace(row, state="skipped", because="taken back before they were told", at=ctx.now, due_at=None)
        else:
            after = row
        rows.append(after)
    book.put_all(rows)
    return rows


def step(book: Book, ctx: Context, row: Relay, *, words: str = "", because: str = "") -> None:
    """Remember what has just happened to a receipt; steps are only ever added."""
    number = book.number(f"relay-{row.apology}-{row.customer}")
    book.put(
        RelayStep(
            row.apology, row.customer, number, ctx.now, row.state, ctx.actor.key, ctx.actor.name, row.version, row.to,
            row.via, words, because, row.wrong,
        )
    )  # fmt: skip


def close_earlier(book: Book, ctx: Context, apology: Apology, customers: Sequence[str]) -> list[Relay]:
    """A follow-up reached these customers: what was told with the apology before it is closed, if told well."""
    if not apology.follows:
        return []
    earlier = [a.number for a in book.find(Apology, follows=apology.follows) if a.number != apology.number]
    closed: list[Relay] = []
    for number in (apology.follows, *earlier):
        for key in customers:
            row = book.get(Relay, number, key)
            if row is None or row.state not in ("relayed", "acknowledged") or row.wrong:
                continue
            because = f"the follow-up A{apology.number} was given"
            after = replace(row, state="closed", closed_at=ctx.now, because=because, due_at=None)
            book.put(after)
            step(book, ctx, after, because=because)
            closed.append(after)
    return closed


def _note(book: Book, ctx: Context, apology: Apology, words: str) -> None:
    """A line in the timeline of the last incident it covers."""
    lead = book.get(Incident, apology.incidents[-1])
    if lead is not None:
        tell(book, ctx, lead, "relay", words)
