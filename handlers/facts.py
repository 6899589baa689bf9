"""The fact ledger, notes, tasks, links: what is written down. Nothing is overwritten."""

import re
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta, timezone, tzinfo

from handlers.afterwards import task_ping
from handlers.book import Book
from handlers.card import Button, Buttons, Card, Reply, line
from handlers.commands import (
    ConfirmFact,
    DropFact,
    Link,
    Note,
    RecordFact,
    ReplaceFact,
    ShowFacts,
    TaskAdd,
    TaskDone,
    Unlink,
)
from handlers.context import Context
from handlers.domain.errors import Refused
from handlers.domain.facts import FIX_STATES, KINDS, PRECISIONS, Fact
from handlers.domain.incident import Incident, Recurrence, Task
from handlers.domain.permit import must
from handlers.domain.when import Unreadable, looks_like_date, parse_due, parse_window, parse_zone
from handlers.rooms import alike, changed, incident_of, refresh, say_in_rooms, standing, tell
from handlers.say import facts as say_facts
from handlers.say import incident as say
from handlers.void import void_approvals

LONGEST_VALUE = 500
LONGEST_NOTE = 2800
LONGEST_TASK = 300


def record(command: RecordFact, ctx: Context, book: Book) -> Reply:
    """Write a fact down."""
    incident = incident_of(book, ctx, command.incident)
    must("act", standing(book, ctx, incident))
    if command.kind.lower() not in KINDS:
        raise Refused(f"“{command.kind}” is no kind of fact. The kinds are: {', '.join(KINDS)}. Nothing was recorded.")
    check_fact(ctx, command.kind.lower(), command.value, command.precision)
    if command.visibility != "internal" and not command.source.strip():
        raise Refused("A public fact needs its source: add `source statement` (or monitoring, support, …).")
    read_due(ctx, command.due)
    customer = ""
    if command.visibility == "customer":
        found = book.catalog.customer(command.customer)
        if found is None:
            near = book.catalog.nearest_customers(command.customer)
            hint = f" Did you mean {' or '.join(near)}?" if near else " `customer list` shows them."
            raise Refused(f"I know no customer “{command.customer}”.{hint} Nothing was recorded.")
        customer = found.key
    _holds(book, incident, command.kind.lower(), command.value)
    fact = write_fact(
        book,
        ctx,
        incident,
        command.kind.lower(),
        command.value,
        source=command.source,
        visibility=command.visibility,
        customer=customer,
        precision=command.precision,
        due=command.due,
    )
    return Reply(
        Card(
            say.head(incident),
            (
                line("Recorded ", *say_facts.fact(fact)),
                Buttons((Button("All facts", f"facts {incident.number}"),)),
            ),
        ),
        changed=True,
    )


_TIME_OF_DAY = re.compile(r"\b\d{4}-\d\d-\d\d\b|\b\d{1,2}:\d\d\b")
"""A date or a clock time: no part of a number for breadth."""


def check_fact(ctx: Context, kind: str, value: str, precision: str = "") -> None:
    """Refuse what is no fact: an empty or endless value, an unknown precision or fix, a window nobody can read."""
    value = value.strip()
    if not value or len(value) > LONGEST_VALUE:
        raise Refused(f"A fact has 1 to {LONGEST_VALUE} characters. Nothing was recorded.")
    if precision and precision not in PRECISIONS:
        raise Refused(f"“{precision}” is no precision. They are: {', '.join(PRECISIONS)}. Nothing was recorded.")
    if kind == "fix" and value.lower() not in FIX_STATES:
        raise Refused(f"`fix` is one of: {', '.join(FIX_STATES)}. Nothing was recorded.")
    if kind == "window" and value.lower() != "unknown":
        dated_window(value, ctx, precision)
    if kind == "count" and _TIME_OF_DAY.search(value):
        raise Refused(
            f"“{value}” is a time, and a count says how many: like 1,200 customers, or 40 %. `fact … window` records "
            "times. Nothing was recorded."
        )


def _holds(book: Book, incident: Incident, kind: str, value: str) -> None:
    """Refuse to call a fix fixed that did not hold."""
    if kind != "fix" or value.strip().lower() not in ("fixed", "verified"):
        return
    back = next((r for r in book.find(Recurrence, earlier=incident.number) if not r.gone), None)
    if back is not None:
        raise Refused(
            f"INC-{back.incident} came because this fix did not hold, so {incident.name} is not called fixed. "
            f"`unlink {back.incident} {incident.number}` if that is wrong. Nothing was recorded."
        )


def dated_window(value: str, ctx: Context, precision: str = "") -> str:
    """A window as it is kept: with its day, so that `14:02–15:10 CET` means the same tomorrow. Refuses what is none."""
    try:
        window = parse_window(value, ctx.now, ctx.zone, precision)
    except Unreadable as unreadable:
        raise Refused(f"{unreadable} Nothing was recorded.") from unreadable
    if window.start is None or any(looks_like_date(value[n:]) for n in range(len(value))):
        return value
    said = parse_zone(window.zone) if window.zone else None
    zone: tzinfo = ctx.zone if said is None else said.place or timezone(timedelta(minutes=said.minutes or 0))
    return f"{window.start.astimezone(zone):%Y-%m-%d} {value}"


def write_fact(
    book: Book,
    ctx: Context,
    incident: Incident,
    kind: str,
    value: str,
    *,
    source: str = "",
    visibility: str = "internal",
    customer: str = "",
    precision: str = "",
    due: str = "",
    replaces: int | None = None,
    because: str = "",
) -> Fact:
    """Put a fact into the ledger; approvals of apologies that cover it are void."""
    if kind == "window" and value.strip().lower() != "unknown":
        value = dated_window(value, ctx, precision)
    commander = incident.holder("commander") == ctx.actor.key or "commander" in ctx.actor.roles
    fact = Fact(
        incident=incident.number,
        number=book.number(f"facts-{incident.number}"),
        kind=kind,
        value=value.strip(),
        recorded_by=ctx.actor.key,
        recorded_at=ctx.now,
        precision=precision,
        source=source,
        visibility=visibility,
        customer=customer,
        due=due,
        confirmed_by=ctx.actor.key if commander else "",
        confirmed_at=ctx.now if commander else None,
        replaces=replaces,
        because=because,
    )
    book.put(fact)
    tell(book, ctx, incident, "fact", f"recorded F{fact.number} {kind}: {fact.value}")
    void_approvals(book, ctx, (incident.number,), f"F{fact.number} was recorded for {incident.name}")
    return fact


def fact_of(book: Book, incident: Incident, number: int) -> Fact:
    """A fact that still stands, or a refusal."""
    fact = book.get(Fact, incident.number, number)
    if fact is None:
        raise Refused(f"{incident.name} has no F{number}. `facts {incident.number}` shows them. Nothing was changed.")
    if fact.state != "live":
        raise Refused(f"F{number} was {fact.state} already: {fact.because or 'see the ledger'}. Nothing was changed.")
    return fact


def replace_fact(command: ReplaceFact, ctx: Context, book: Book) -> Reply:
    """A newer value; the older one stays in the record."""
    incident = incident_of(book, ctx, command.incident)
    must("act", standing(book, ctx, incident))
    old = fact_of(book, incident, command.fact)
    check_fact(ctx, old.kind, command.value, old.precision)
    _holds(book, incident, old.kind, command.value)
    book.put(replace(old, state="replaced", because=command.because))
    new = write_fact(
        book,
        ctx,
        incident,
        old.kind,
        command.value,
        source=old.source,
        visibility=old.visibility,
        customer=old.customer,
        precision=old.precision,
        due=old.due,
        replaces=old.number,
        because=command.because,
    )
    return Reply(
        Card(say.head(incident), (line("Recorded ", *say_facts.fact(new), f" instead of F{old.number}."),)),
        changed=True,
    )


def drop(command: DropFact, ctx: Context, book: Book) -> Reply:
    """A fact no longer stands."""
    incident = incident_of(book, ctx, command.incident)
    must("act", standing(book, ctx, incident))
    old = fact_of(book, incident, command.fact)
    book.put(replace(old, state="dropped", because=command.because))
    tell(book, ctx, incident, "fact", f"dropped F{old.number} because {command.because}")
    void_approvals(book, ctx, (incident.number,), f"F{old.number} of {incident.name} was dropped")
    return Reply(Card(say.head(incident), (line(f"Dropped F{old.number}; the record keeps it."),)), changed=True)


def confirm(command: ConfirmFact, ctx: Context, book: Book) -> Reply:
    """The commander vouches for a fact."""
    incident = incident_of(book, ctx, command.incident)
    must("confirm", standing(book, ctx, incident))
    fact = fact_of(book, incident, command.fact)
    book.put(replace(fact, confirmed_by=ctx.actor.key, confirmed_at=ctx.now))
    tell(book, ctx, incident, "fact", f"confirmed F{fact.number}")
    void_approvals(book, ctx, (incident.number,), f"F{fact.number} of {incident.name} was confirmed")
    return Reply(Card(say.head(incident), (line("Confirmed ", *say_facts.fact(fact)),)), changed=True)


def show(command: ShowFacts, ctx: Context, book: Book) -> Reply:
    """The ledger, gaps first."""
    from handlers.apologise import gaps_of

    incident = incident_of(book, ctx, command.incident)
    facts = book.find(Fact, incident=incident.number)
    return Reply(say_facts.ledger(incident, facts, gaps_of(book, ctx, (incident,))))


def note(command: Note, ctx: Context, book: Book) -> Reply:
    """Write something down for the house; it shows in the rooms and the timeline, never outside."""
    incident = incident_of(book, ctx, command.incident)
    must("act", standing(book, ctx, incident))
    words = command.text.strip()
    if not words or len(words) > LONGEST_NOTE:
        raise Refused(f"A note has 1 to {LONGEST_NOTE:,} characters. Nothing was recorded.")
    tell(book, ctx, incident, "note", f"noted: {words}")
    number = book.number(f"notes-{incident.number}")
    say_in_rooms(book, ctx, incident, f"note/{number}", say.said(incident, ctx.actor, f"noted: {words}"))
    return Reply(say.understood(incident, "Noted."), changed=True)


def task_add(command: TaskAdd, ctx: Context, book: Book) -> Reply:
    """Something to do, with owner and date where they are known."""
    incident = incident_of(book, ctx, command.incident)
    must("act", standing(book, ctx, incident))
    words = command.text.strip()
    if not words or len(words) > LONGEST_TASK:
        raise Refused(f"A task has 1 to {LONGEST_TASK} characters. Nothing was recorded.")
    owner = None
    if command.owner:
        from handlers.progress import somebody

        owner = somebody(book, command.owner)
    due_at = read_due(ctx, command.due)
    task = Task(
        incident=incident.number,
        number=book.number(f"tasks-{incident.number}"),
        text=words,
        owner=owner.key if owner else "",
        owner_name=owner.name if owner else "",
        owner_title=owner.title if owner else "",
        due=command.due,
        due_at=due_at,
        ping_at=task_ping(book, ctx, due_at),
        added_by=ctx.actor.key,
        added_at=ctx.now,
    )
    book.put(task)
    who = f" for {owner.name}" if owner else ""
    when = f" due {command.due}" if command.due else ""
    tell(book, ctx, incident, "task", f"added task {task.number}: {words}{who}{when}")
    say_in_rooms(
        book,
        ctx,
        incident,
        f"task/{task.number}",
        say.said(incident, ctx.actor, f"added task {task.number}: {words}{who}{when}"),
    )
    void_approvals(book, ctx, (incident.number,), f"task {task.number} of {incident.name} was added")
    return Reply(say.understood(incident, f"Task {task.number}: {words}{who}{when}."), changed=True)


def task_of(book: Book, incident: Incident, number: int) -> Task:
    """A task of this incident; refused where it has no such one."""
    task = book.get(Task, incident.number, number)
    if task is None:
        raise Refused(f"{incident.name} has no task {number}. Nothing was changed.")
    return task


def task_done(command: TaskDone, ctx: Context, book: Book) -> Reply:
    """A task is done."""
    incident = incident_of(book, ctx, command.incident)
    must("act", standing(book, ctx, incident))
    task = task_of(book, incident, command.task)
    if task.done_at is not None:
        return Reply(say.understood(incident, f"Task {task.number} was done already."))
    book.put(replace(task, done_at=ctx.now, done_by=ctx.actor.key, ping_at=None))
    tell(book, ctx, incident, "task", f"did task {task.number}: {task.text}")
    say_in_rooms(
        book,
        ctx,
        incident,
        f"task/{task.number}",
        say.said(incident, ctx.actor, f"did task {task.number}: {task.text}"),
    )
    void_approvals(book, ctx, (incident.number,), f"task {task.number} of {incident.name} was done")
    return Reply(say.understood(incident, f"Task {task.number} is done."), changed=True)


def read_due(ctx: Context, typed: str) -> datetime | None:
    """A due date as typed, its end in UTC; refused where it cannot be read."""
    if not typed:
        return None
    try:
        due = parse_due(typed, ctx.now, ctx.zone)
    except Unreadable as unreadable:
        raise Refused(f"{unreadable} Nothing was recorded.") from unreadable
    # a day ends at midnight UTC (interface.md); an instant is itself
    return due.at or datetime.combine(due.day + timedelta(days=1), time(), UTC)


def link(command: Link, ctx: Context, book: Book) -> Reply:
    """`incident` came because the fix of the other did not hold."""
    from handlers import promises

    later, earlier = incident_of(book, ctx, command.incident), incident_of(book, ctx, command.recurrence_of)
    must("act", standing(book, ctx, later, earlier))
    if later.number == earlier.number:
        raise Refused("An incident does not recur from itself. Nothing was changed.")
    alike(later, earlier)
    if _leads_to(book, earlier.number, later.number):
        raise Refused(f"{earlier.name} is already linked as coming from {later.name}. Unlink that first.")
    known = book.get(Recurrence, later.number, earlier.number)
    if known is not None and not known.gone:
        return Reply(say.understood(later, f"It is linked to {earlier.name} already. Nothing was changed."))
    book.put(Recurrence(later.number, earlier.number, command.because, ctx.actor.key, ctx.now, issue=command.issue))
    words = f"linked it as a recurrence of {earlier.name} because {command.because}"
    after = changed(book, ctx, later, "link", words)
    tell(book, ctx, earlier, "link", f"linked {later.name} as a recurrence of this because {command.because}")
    void_approvals(book, ctx, (later.number, earlier.number), f"{later.name} was linked to {earlier.name}")
    lost = promises.broken(book, ctx, earlier, later)
    told = tuple(
        line(f"P{p.number} is broken: customers were told “{p.text}”. `apology correct {p.apology} because …`")
        for p in lost
    )
    return Reply(
        say.understood(
            after,
            f"A recurrence of {earlier.name}: its fix counts as not enough, and one apology should cover both.",
            *told,
            Buttons((Button("Draft one apology", f"apology draft {earlier.number} {later.number}"),)),
        ),
        changed=True,
    )


def _leads_to(book: Book, start: int, goal: int) -> bool:
    seen, ahead = set[int](), [start]
    while ahead:
        here = ahead.pop()
        if here == goal:
            return True
        if here not in seen:
            seen.add(here)
            ahead += [r.earlier for r in book.find(Recurrence, incident=here) if not r.gone]
    return False


def unlink(command: Unlink, ctx: Context, book: Book) -> Reply:
    """Take a link back; the words go out of the texts with it."""
    later, earlier = incident_of(book, ctx, command.incident), incident_of(book, ctx, command.other)
    must("act", standing(book, ctx, later, earlier))
    known = book.get(Recurrence, later.number, earlier.number) or book.get(Recurrence, earlier.number, later.number)
    if known is None or known.gone:
        raise Refused(f"{later.name} and {earlier.name} are not linked. Nothing was changed.")
    book.put(replace(known, gone=True))
    tell(book, ctx, later, "link", f"unlinked it from {earlier.name}")
    tell(book, ctx, earlier, "link", f"unlinked it from {later.name}")
    void_approvals(book, ctx, (later.number, earlier.number), f"{later.name} was unlinked from {earlier.name}")
    refresh(book, ctx, later)
    return Reply(say.understood(later, f"No longer linked to {earlier.name}."), changed=True)
