"""After the incident: the apology that is owed, tasks with a date, waivers that end. Each has an owner."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from handlers.book import Book
from handlers.card import Button, Buttons, Card, Reply, line
from handlers.commands import TaskMove
from handlers.context import Context
from handlers.customers import affected_by
from handlers.domain.apology import Apology, Promise, Waiver
from handlers.domain.delivery import REMINDER
from handlers.domain.errors import Refused
from handlers.domain.incident import ApologyDue, Incident, Task
from handlers.domain.people import Person
from handlers.domain.permit import must
from handlers.due import Due
from handlers.nudge import nudge
from handlers.rooms import incident_of, may_see, say_in_rooms, standing, tell
from handlers.say import incident as say
from handlers.void import UNSETTLED, void_approvals

TOLD = ("publishing", "paused", "published")
"""States of an apology that customers read."""
UNANSWERED = ("report", "explain", "remedy")
"""Promises that a final apology has answered; those to change something take as long as they take."""


# --- the apology that is owed ----------------------------------------------------------------------------------------
def owe(book: Book, ctx: Context, incident: Incident) -> None:
    """It is resolved: from now the policy's clocks run until customers have read why. Not in a drill."""
    if incident.drill:
        return
    rules = book.catalog.policy.severity(incident.severity)
    for kind, term in (("preliminary", rules.preliminary_apology), ("final", rules.final_apology)):
        if term is not None:
            due = term.after(ctx.now, ctx.zone)
            row = ApologyDue(incident.number, kind, due, _before(book, ctx, due))
            book.put(replace(row, state="done", ping_at=None) if _answered(book, row) else row)


def forgive(book: Book, incident: Incident) -> None:
    """It is not over after all, or was none: nothing is owed yet."""
    for row in book.find(ApologyDue, incident=incident.number, state="open"):
        book.put(replace(row, state="gone", ping_at=None))


def _before(book: Book, ctx: Context, due: datetime) -> datetime:
    early = due - book.catalog.policy.reminders.apology_before
    return early if early > ctx.now else due


def _answered(book: Book, row: ApologyDue) -> bool:
    """Whether customers have read it: any apology, and for the final one no question of theirs left open."""
    told = [a for a in book.find(Apology, state=TOLD) if row.incident in a.incidents and a.published_at is not None]
    if not told or row.kind == "preliminary":
        return bool(told)
    numbers = tuple(a.number for a in told)
    left = book.find(Promise, apology=numbers, state=("open", "late"), kind=UNANSWERED)
    return not left


def owed(book: Book) -> list[ApologyDue]:
    """What is owed now: of each incident what is due first."""
    first: dict[int, ApologyDue] = {}
    for row in sorted(book.find(ApologyDue, state="open"), key=lambda r: r.due_at):
        if row.incident not in first and not _answered(book, row):
            first[row.incident] = row
    return list(first.values())


def owner_of(incident: Incident) -> str:
    """Who answers for the words to customers: comms, else the commander (a person key)."""
    return incident.holder("comms") or incident.holder("commander")


def _due_apology(row: ApologyDue, ctx: Context, book: Book) -> None:
    """An apology is due soon, or due; said to its owner and in the rooms, once each."""
    incident = book.get(Incident, row.incident)
    if incident is None or incident.status != "resolved":
        book.put(replace(row, state="gone", ping_at=None))
        return
    if _answered(book, row):
        book.put(replace(row, state="done", ping_at=None))
        return
    soon = ctx.now < row.due_at
    book.put(replace(row, ping_at=row.due_at if soon else None))
    hit = len(affected_by(book, incident))
    if not hit:
        return  # nobody was hit, as far as is known: it stays in the list of whoever answers for it
    card = _apology_card(ctx, incident, row, hit, soon=soon)
    serial = "soon" if soon else "due"
    key = f"owed/{row.kind}/{row.due_at:%Y%m%d%H%M}/{serial}"
    say_in_rooms(book, ctx, incident, key, card, REMINDER)
    owner = book.person(owner_of(incident))
    if owner is not None:
        nudge(book, ctx, owner, f"inc-{incident.number}/{key}/{owner.key}", card, REMINDER, incident.number)
    if not soon:
        tell(book, ctx, incident, "apology", f"let the {row.kind} apology pass its time")


APOLOGIES: Due[ApologyDue] = Due("apologies", ApologyDue, "ping_at", _due_apology, (("state", "open"),))


def _apology_card(ctx: Context, incident: Incident, row: ApologyDue, hit: int, *, soon: bool) -> Card:
    at = say.moment(row.due_at, ctx.zone.key)
    late = ctx.now - row.due_at
    tail = f", {say.span_words(late)} late" if late >= timedelta(minutes=1) else ""
    words = line(f"The {row.kind} apology {'is' if soon else 'was'} due ", at, f"{tail}. ",
                 f"{hit} customer{'s' * (hit != 1)} {'wait' if hit != 1 else 'waits'} for it.")  # fmt: skip
    n = incident.number
    buttons = (Button("Draft apology", f"apology draft {n}", "primary"), Button("Recap", f"recap {n}", form=True))
    return Card(f"{say.head(incident)}: apology", (words, Buttons(buttons)), "warning" if soon else "danger")


# --- tasks -----------------------------------------------------------------------------------------------------------
def task_ping(book: Book, ctx: Context, due_at: datetime | None) -> datetime | None:
    """When the owner of a task is reminded next: days before by the policy, then when it is due."""
    if due_at is None:
        return None
    days = sorted(book.catalog.policy.reminders.task_before, reverse=True)
    before = (due_at - timedelta(days=d) for d in days)
    return next((at for at in (*before, due_at) if at > ctx.now), None)


def task_move(command: TaskMove, ctx: Context, book: Book) -> Reply:
    """Another date, another owner, or both. A promise that rests on the task is moved by `promise move`."""
    from handlers.facts import read_due, task_of
    from handlers.progress import somebody

    incident = incident_of(book, ctx, command.incident)
    must("act", standing(book, ctx, incident))
    task = task_of(book, incident, command.task)
    if task.done_at is not None:
        raise Refused(f"Task {task.number} was done already. Nothing was changed.")
    promise = next(
        (p for p in book.find(Promise, incident=incident.number, kind="change", state=("open", "late"))
         if p.text == task.text),
        None,
    )  # fmt: skip
    if promise is not None and command.due:
        raise Refused(
            f"Customers were promised it by {promise.due}: `promise move {promise.number} due … because …` moves both. "
            "Nothing was changed."
        )
    owner = somebody(book, command.owner) if command.owner else None
    due_at = read_due(ctx, command.due) if command.due else task.due_at
    after = replace(task, due=command.due or task.due, due_at=due_at, ping_at=task_ping(book, ctx, due_at))
    if owner is not None:
        after = replace(after, owner=owner.key, owner_name=owner.name, owner_title=owner.title)
    if after == task:
        return Reply(say.understood(incident, f"Task {task.number} stands so already. Nothing was changed."))
    book.put(after)
    who = f" to {owner.name}" if owner else ""
    when = f", due {command.due}" if command.due else ""
    tell(book, ctx, incident, "task", f"moved task {task.number}{who}{when}: {task.text}")
    line_ = say.said(incident, ctx.actor, f"moved task {task.number}{who}{when}: {task.text}")
    say_in_rooms(book, ctx, incident, f"task/{task.number}", line_)
    void_approvals(book, ctx, (incident.number,), f"task {task.number} of {incident.name} was moved")
    return Reply(say.understood(incident, f"Task {task.number}{who}{when}: {task.text}."), changed=True)


def _due_task(task: Task, ctx: Context, book: Book) -> None:
    """Whoever has a task is reminded before its day and when it has passed."""
    book.put(replace(task, ping_at=task_ping(book, ctx, task.due_at)))
    incident = book.get(Incident, task.incident)
    owner = book.person(task.owner) if task.owner else None
    if incident is None or incident.status == "cancelled" or task.due_at is None:
        return
    n, past = incident.number, task.due_at <= ctx.now
    words = f"It {'was' if past else 'is'} due {task.due}."
    buttons = Buttons(
        (
            Button("Done", f"task {n} done {task.number}", "primary"),
            Button("New date or owner", f"task {n} move {task.number}", form=True),
        )
    )
    head = f"{incident.name} task {task.number}: {task.text}"[:140]
    card = Card(head, (line(words), buttons), "danger" if past else "warning")
    key = f"inc-{n}/task/{task.number}/{'late' if past else 'soon'}/{task.due_at:%Y%m%d%H%M}"
    if owner is not None and may_see(book, owner, incident):
        nudge(book, ctx, owner, f"{key}/{owner.key}", card, REMINDER, n)
    elif past:  # nobody owns it: the room does
        say_in_rooms(book, ctx, incident, f"task/{task.number}/late", card, REMINDER)


TASKS: Due[Task] = Due("tasks", Task, "ping_at", _due_task, (("done_at", None),))


# --- waivers ---------------------------------------------------------------------------------------------------------
def _due_waiver(waiver: Waiver, ctx: Context, book: Book) -> None:
    """What was left out until a date is a fault again; whoever waived it hears so."""
    book.put(replace(waiver, void=True))
    apology = book.get(Apology, waiver.apology)
    person = book.person(waiver.by)
    if apology is None or apology.state not in UNSETTLED:
        return
    void_approvals(book, ctx, apology.incidents, f"the waiver of {waiver.rule} ended")
    if person is None or not _sees_all(book, person, apology.incidents):
        return
    n = apology.number
    words = line(f"You left {waiver.rule} out until {waiver.until}: it stands again. {waiver.because}")
    buttons = (
        Button("Look", f"apology lint {n}", "primary"),
        Button("Leave it out again", f"apology waive {n} {waiver.rule}", form=True),
    )
    card = Card(f"A{n}: a waiver ended", (words, Buttons(buttons)), "warning")
    nudge(book, ctx, person, f"waiver/{n}/{waiver.number}", card, REMINDER, apology.incidents[-1])


WAIVERS: Due[Waiver] = Due("waivers", Waiver, "ends_at", _due_waiver, (("void", False),))


def _sees_all(book: Book, person: Person, numbers: Iterable[int]) -> bool:
    found = [book.get(Incident, n) for n in numbers]
    return all(i is not None and may_see(book, person, i) for i in found)
