"""Promises: each "we will", "by DATE" and "fixed" that customers were told, kept in sight after the incident."""

from dataclasses import replace
from datetime import datetime, timedelta

from handlers.afterwards import task_ping
from handlers.apologise import Draft, answered_by
from handlers.book import Book
from handlers.card import Block, Bullets, Button, Buttons, Card, Reply, Strong, Text, line, small
from handlers.commands import PromiseDone, PromiseMove, PromiseWithdraw, ShowPromises
from handlers.context import Context
from handlers.customers import affected_by, customer_of
from handlers.domain.apology import Apology, Promise
from handlers.domain.delivery import REMINDER
from handlers.domain.errors import Refused
from handlers.domain.facts import Fact
from handlers.domain.incident import Incident, Recurrence, Task
from handlers.domain.permit import must
from handlers.due import Due
from handlers.facts import read_due
from handlers.nudge import nudge
from handlers.rooms import hidden, say_in_rooms, standing, tell
from handlers.say import apology as say

OPEN = ("open", "late")
"""States in which customers still wait for it."""
EXPLAIN = "Explain "
"""How a promise to say what is not known yet begins; the fact's kind and its incident follow."""
FIXED = "fixed"
"""The kind of promise that a word about the fix is."""


def made(book: Book, ctx: Context, found: Draft) -> None:
    """Write down what this version promises; what an earlier version promised already stays as it is."""
    number = found.apology.number
    stands = [p for n in {number, *_family(book, found.apology)} for p in book.find(Promise, apology=n)]
    known = {(p.kind, p.incident, p.text) for p in stands if p.apology == number or p.state in OPEN}
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


def owed(book: Book, apology: int) -> list[Promise]:
    """What customers were promised with an apology and its follow-ups, and still wait for."""
    first = book.get(Apology, apology)
    numbers = _family(book, first) if first is not None else []
    return [p for n in numbers for p in book.find(Promise, apology=n) if p.state in OPEN]


def _family(book: Book, apology: Apology) -> list[int]:
    """An apology's number and those of what followed it; of a follow-up, those of what it follows."""
    first = apology.follows or apology.number
    return [first, *(a.number for a in book.find(Apology, follows=first))]


def answered(book: Book, ctx: Context, found: Draft) -> None:
    """A follow-up goes out: what it reports is kept; what it cannot say yet has the date that it names now."""
    if not found.apology.follows:
        return
    said = {(kind, incident.number, text): due for kind, incident, text, _, due in _said(book, found)}
    for promise in owed(book, found.apology.follows):
        if promise.kind == FIXED:
            continue
        task = task_of(book, promise)
        due = said.get((promise.kind, promise.incident, promise.text), "")
        still = due if promise.kind != "report" else ""
        if promise.kind == "explain" and not due and not _explained(book, promise):
            continue  # the unknown was dropped without a word: customers still wait for it
        if promise.kind == "change" and task is not None and task.done_at is None:
            still = task.due
        if not still:
            book.put(replace(promise, state="kept", evidence=f"told in A{found.apology.number}", remind_at=None))
            words = f"kept promise P{promise.number}: told in A{found.apology.number}"
        elif still == promise.due:
            continue
        else:
            due_at = read_due(ctx, still)
            later = replace(promise, state="open", due=still, due_at=due_at, remind_at=_before(book, ctx, due_at))
            book.put(later)
            words = f"told the new date of promise P{promise.number}: {still}"
        incident = book.get(Incident, promise.incident)
        if incident is not None:
            tell(book, ctx, incident, "promise", words)


def _explained(book: Book, promise: Promise) -> bool:
    """Whether what customers were told is not known yet is known in public by now."""
    kind = promise.text.removeprefix(EXPLAIN).partition(" of INC-")[0]
    known = book.find(Fact, incident=promise.incident, state="live", visibility="public", kind=_same(kind))
    return any(not fact.unknown for fact in known)


def _same(kind: str) -> tuple[str, ...]:
    """The kinds of fact that answer this one."""
    return {"times": ("times", "window"), "cause": ("cause.trigger", "cause.flaw", "cause.latent")}.get(kind, (kind,))


def task_of(book: Book, promise: Promise) -> Task | None:
    """The task that a promised change is."""
    tasks = book.find(Task, incident=promise.incident) if promise.kind == "change" else []
    return next((t for t in tasks if t.text == promise.text), None)


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
    numbers = tuple(i.number for i in found.incidents)
    reports = book.find(Fact, incident=numbers, state="live", visibility="public", kind="next-report")
    # by when an unknown is explained, unless it names a day of its own
    known = [f for f in reports if not f.unknown and not answered_by(book, found.apology.follows, f)]
    report = max(known, key=lambda f: f.recorded_at).value if known else ""
    linked = {r.earlier for r in book.find(Recurrence) if not r.gone}
    printed = {ident for clause in found.composed.clauses for ident in clause.fact_ids}
    for incident in found.incidents:
        said += [
            ("change", incident, task.text, task.owner, task.due)
            for task in book.find(Task, incident=incident.number)
            if task.done_at is None and task.due and task.owner and f"INC-{incident.number} T{task.number}" in printed
        ]
        for fact in book.find(Fact, incident=incident.number, state="live", visibility="public"):
            value = fact.value.strip()
            if not _stands(book, fact) or answered_by(book, found.apology.follows, fact):
                continue
            if fact.kind == "fix" and value in ("fixed", "verified") and incident.number not in linked:
                said.append((FIXED, incident, f"{incident.name} is fixed", "", ""))
            elif fact.kind == "next-report" and not fact.unknown:
                said.append(("report", lead, "Report to customers again", "", value))
            elif fact.kind == "remedy" and "decision by" in value.lower():
                said.append(
                    ("remedy", lead, "Decide on a remedy", "", value.lower().partition("decision by")[2].strip())
                )
            elif fact.unknown and (fact.due or report):
                said.append(("explain", incident, f"{EXPLAIN}{fact.kind} of {incident.name}", "", fact.due or report))
    return list(dict.fromkeys(said))


def _stands(book: Book, fact: Fact) -> bool:
    """Whether no later word took its place: a known value that of an unknown, a new date or decision that of an old."""
    if not fact.unknown and fact.kind not in ("next-report", "remedy"):
        return True
    later = book.find(Fact, incident=fact.incident, state="live", visibility="public", kind=_same(fact.kind))
    return not any(not f.unknown and f.recorded_at > fact.recorded_at for f in later)


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


def show(command: ShowPromises, ctx: Context, book: Book) -> Reply:
    """What was promised to customers and how it stands."""
    rows = book.find(Promise)
    unseen = hidden(book, ctx, {p.apology for p in rows})
    rows = [p for p in rows if p.apology not in unseen]
    if command.which == "mine":
        rows = [p for p in rows if p.owner == ctx.actor.key]
    elif command.which == "customer":
        key = customer_of(book, command.customer).key
        rows = [p for p in rows if key in p.customers]
    else:
        rows = [p for p in rows if p.state in ("open", "late")]
    today = ctx.now
    items = tuple(
        (
            Strong(f"P{p.number} {'late' if p.state == 'open' and p.due_at and p.due_at < today else p.state}"),
            Text(f" {p.text} — {p.owner_name}, due {p.due} (A{p.apology})"),
        )
        for p in rows
    )
    return Reply(Card("Promises", (Bullets(items) if items else line("None."),)))


def _promise(book: Book, ctx: Context, number: int) -> Promise:
    found = book.get(Promise, number)
    if found is None or hidden(book, ctx, {found.apology}):
        raise Refused(f"There is no promise P{number}. `promises open` shows them. Nothing was changed.")
    if found.state in ("kept", "withdrawn"):
        raise Refused(f"P{number} is {found.state} already. Nothing was changed.")
    return found


def _shown(promise: Promise, words: str, *, tell_them: bool = False) -> Reply:
    blocks: list[Block] = [line(words), small(f"From apology A{promise.apology}.")]
    if tell_them:
        row = Button("Draft the follow-up", f"apology follow-up {promise.apology}", "primary")
        blocks.append(Buttons((row,)))
    return Reply(Card(f"P{promise.number} {promise.text}", tuple(blocks)), changed=True)


def done(command: PromiseDone, ctx: Context, book: Book) -> Reply:
    """Kept, with evidence."""
    promise = _promise(book, ctx, command.promise)
    must("act", standing(book, ctx))
    book.put(replace(promise, state="kept", evidence=command.evidence))
    _note(book, ctx, promise, f"kept promise P{promise.number}: {command.evidence}")
    return _shown(promise, f"Kept: {command.evidence}")


def move(command: PromiseMove, ctx: Context, book: Book) -> Reply:
    """A new date. Customers who were told the old one must be told."""
    promise = _promise(book, ctx, command.promise)
    must("act", standing(book, ctx))
    due_at = read_due(ctx, command.due)
    book.put(replace(promise, due=command.due, due_at=due_at, state="open"))
    task = task_of(book, promise)
    if task is not None and task.done_at is None:  # the follow-up tells the date the task has
        book.put(replace(task, due=command.due, due_at=due_at, ping_at=task_ping(book, ctx, due_at)))
    _note(book, ctx, promise, f"moved promise P{promise.number} to {command.due} because {command.because}")
    return _shown(
        promise,
        f"Due {command.due} now (was {promise.due}). Its customers were told the old date: tell them.",
        tell_them=True,
    )


def withdraw(command: PromiseWithdraw, ctx: Context, book: Book) -> Reply:
    """No longer promised, and why."""
    promise = _promise(book, ctx, command.promise)
    must("act", standing(book, ctx))
    book.put(replace(promise, state="withdrawn", evidence=command.because))
    _note(book, ctx, promise, f"withdrew promise P{promise.number} because {command.because}")
    return _shown(
        promise, f"Withdrawn: {command.because}. Its customers were told otherwise: tell them.", tell_them=True
    )


def _note(book: Book, ctx: Context, promise: Promise, words: str) -> None:
    incident = book.get(Incident, promise.incident)
    if incident is not None:
        tell(book, ctx, incident, "promise", words)


def _due_soon(promise: Promise, ctx: Context, book: Book) -> None:
    """The owner is reminded before a promise is due."""
    book.put(replace(promise, remind_at=_before(book, ctx, promise.due_at)))
    _ping(book, ctx, promise, f"is due {promise.due}", "warning")


def _due_late(promise: Promise, ctx: Context, book: Book) -> None:
    """What is past its day is late, and said so once."""
    book.put(replace(promise, state="late", remind_at=None))
    _ping(book, ctx, promise, f"was due {promise.due} and is late", "danger")
    incident = book.get(Incident, promise.incident)
    if incident is not None:
        tell(book, ctx, incident, "promise", f"let promise P{promise.number} pass its day: {promise.text}")


SOON: Due[Promise] = Due("promises due soon", Promise, "remind_at", _due_soon, (("state", "open"),))
LATE: Due[Promise] = Due("promises late", Promise, "due_at", _due_late, (("state", "open"),))


def next_progress(book: Book, apology: Apology, published_at: datetime, now: datetime) -> datetime | None:
    """When progress on its promises is told next: days after publication, by policy and worst severity. UTC."""
    incidents = [i for n in apology.incidents if (i := book.get(Incident, n)) is not None]
    policy = book.catalog.policy
    days = policy.severity(policy.worst([i.severity for i in incidents])).promise_progress
    return next((at for day in sorted(days) if (at := published_at + timedelta(days=day)) > now), None)


def _due_progress(apology: Apology, ctx: Context, book: Book) -> None:
    """So many days after publication, customers hear how far their promises are, if any is still open."""
    published_at = apology.published_at or ctx.now
    book.put(replace(apology, progress_at=next_progress(book, apology, published_at, ctx.now)))
    lead = book.get(Incident, apology.incidents[-1])
    left = [p for p in owed(book, apology.number) if p.kind != FIXED]
    if lead is None or not left:
        return
    days = (ctx.now - published_at).days
    blocks: list[Block] = [line(f"{days} days after it was published, customers still wait for this:")]
    blocks.append(Bullets(tuple((Text(f"P{p.number} {p.text}: {p.state}, due {p.due}"),) for p in left[:10])))
    row = Button("Draft the follow-up", f"apology follow-up {apology.number}", "primary")
    card = Card(f"{say.named(apology)}: progress", (*blocks, Buttons((row,))), "warning")
    key = f"promise/progress-{apology.number}/{days}"
    say_in_rooms(book, ctx, lead, key, card, REMINDER)
    owner = book.person(lead.holder("comms") or lead.holder("commander"))
    if owner is not None:
        nudge(book, ctx, owner, f"{key}/{owner.key}", card, REMINDER, lead.number)


PROGRESS: Due[Apology] = Due("progress", Apology, "progress_at", _due_progress, (("state", "published"),))


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
                Button("Draft the follow-up", f"apology follow-up {promise.apology}", "primary"),
                Button("Kept", f"promise done {n}", form=True),
                Button("New date", f"promise move {n}", form=True),
                Button("Withdraw", f"promise withdraw {n}", form=True),
            )),
        ),
        "danger" if tone == "danger" else "warning",
    )  # fmt: skip
    key = f"promise/{n}/{tone}/{ctx.now:%Y%m%d}"
    nudge(book, ctx, owner, key, card, REMINDER, promise.incident)
