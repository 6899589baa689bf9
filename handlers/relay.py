"""Relay: account managers tell their customers, and can prove it. Promises that outlive the incident."""

from dataclasses import replace

from handlers.apologise import apology_of, source_of
from handlers.book import Book
from handlers.card import Block, Bullets, Button, Buttons, Card, Reply, Strong, Text, Tone, line, small
from handlers.commands import (
    Cover,
    PromiseDone,
    PromiseMove,
    PromiseWithdraw,
    RelayAck,
    RelayAnswer,
    RelayAsk,
    RelayCheck,
    RelayDone,
    RelayList,
    RelaySkip,
    ShowPromises,
)
from handlers.context import Context
from handlers.customers import customer_of, manages
from handlers.domain.apology import Apology, Promise, Version, Waiver
from handlers.domain.catalog import Customer
from handlers.domain.compose import Audience
from handlers.domain.errors import Refused
from handlers.domain.incident import Incident
from handlers.domain.lint import Finding, drift, record_view
from handlers.domain.permit import Standing, must
from handlers.domain.relay import Covering, Question, Relay
from handlers.due import Due
from handlers.facts import read_due
from handlers.progress import somebody
from handlers.promises import task_of
from handlers.rooms import may_see, say_in_rooms, sees, standing, tell
from handlers.say import apology as say

TOLD = ("relayed", "acknowledged", "closed")
LONGEST = 3000


def _standing(book: Book, ctx: Context, apology: Apology | None, customer: Customer) -> Standing:
    incidents = [] if apology is None else [i for n in apology.incidents if (i := book.get(Incident, n)) is not None]
    return standing(book, ctx, *incidents, manages=manages(book, ctx, customer))


def _released(book: Book, ctx: Context, number: int | None) -> Apology:
    return apology_of(book, ctx, number, ("publishing", "paused", "published", "retracted"))


def relays(command: RelayList, ctx: Context, book: Book) -> Reply:
    """Who was told, who not yet: Told 41 of 53, acknowledged 30."""
    apology = None if command.apology is None else _released(book, ctx, command.apology)
    rows = book.find(Relay, apology=apology.number) if apology else book.find(Relay)
    hidden = _hidden(book, ctx, {r.apology for r in rows})
    rows = [r for r in rows if r.apology not in hidden]
    if command.mine:
        rows = [r for r in rows if (c := book.catalog.customer(r.customer)) is not None and manages(book, ctx, c)]
    if not rows:
        return Reply(Card("Relay", (line("Nothing to relay."),)))
    items = []
    for row in rows:
        customer = book.catalog.customer(row.customer)
        name = customer.name if customer else row.customer
        how = f" by {row.by_name} via {row.via or 'no channel named'}" if row.state in TOLD else ""
        items.append(
            (Strong(f"A{row.apology} {name}"), Text(f": {row.state}{how}{f' ({row.because})' if row.because else ''}"))
        )
    open_ = [r for r in rows if r.state == "released"]
    blocks: list[Block] = [line(board(rows)), Bullets(tuple(items[:30]))]
    if open_:
        blocks.append(
            Buttons(
                tuple(
                    Button(f"Told {r.customer} by phone", f"relay done {r.apology} {r.customer} via phone")
                    for r in open_[:5]
                )
            )
        )
    return Reply(Card("Relay: mine" if command.mine else "Relay", tuple(blocks)))


def _hidden(book: Book, ctx: Context, numbers: set[int]) -> set[int]:
    """Those apologies of which whoever asks may not know: an incident of theirs is private."""
    found = {n: book.get(Apology, n) for n in numbers}
    return {n for n, a in found.items() if a is None or not sees(book, ctx, *a.incidents)}


def board(rows: list[Relay]) -> str:
    """Told 41 of 53, acknowledged 30."""
    told = sum(r.state in TOLD for r in rows)
    acknowledged = sum(r.state in ("acknowledged", "closed") for r in rows)
    skipped = sum(r.state == "skipped" for r in rows)
    wrong = sum(bool(r.wrong) for r in rows)
    tail = (f", {skipped} skipped" if skipped else "") + (f", {wrong} told wrongly" if wrong else "")
    return f"Told {told} of {len(rows) - skipped}, acknowledged {acknowledged}{tail}."


def _receipts(book: Book, ctx: Context, number: int | None, names: tuple[str, ...]) -> tuple[Apology, list[Relay]]:
    """The receipts of these customers, all of them or none; whoever asks must look after each."""
    apology = _released(book, ctx, number)
    found = []
    for name in names:
        customer = customer_of(book, name)
        must("relay", _standing(book, ctx, apology, customer))
        row = book.get(Relay, apology.number, customer.key)
        if row is None:
            raise Refused(f"{customer.name} is not among the customers of A{apology.number}. Nothing was recorded.")
        found.append(row)
    return apology, found


def done(command: RelayDone, ctx: Context, book: Book) -> Reply:
    """These customers were told in person."""
    apology, rows = _receipts(book, ctx, command.apology, command.customers)
    if len(command.words) > LONGEST:
        raise Refused(f"Keep it under {LONGEST:,} characters. Nothing was recorded.")
    drifts: dict[str, tuple[Finding, ...]] = {}
    for row in rows:
        sent = command.words if command.via in ("email", "chat") else ""  # on the phone the words are a note
        found = _drift(book, ctx, apology, row.customer, sent) if sent else ()
        wrong = tuple(f for f in found if f.severity == "error")
        drifts[row.customer] = wrong
        book.put(
            replace(
                row,
                wrong="; ".join(f.message for f in wrong),
                state="relayed",
                via=command.via,
                by=ctx.actor.key,
                by_name=ctx.actor.name,
                at=ctx.now,
                words=command.words,
                version=apology.version,
                due_at=None,
            )
        )
    names = ", ".join(r.customer for r in rows)
    _told(book, ctx, apology, f"told {names}{f' via {command.via}' if command.via else ''} (A{apology.number})")
    every = book.find(Relay, apology=apology.number)
    blocks: list[Block] = [line(f"Noted: {names} told{f' via {command.via}' if command.via else ''}. {board(every)}")]
    if any(drifts.values()):
        blocks += [line("Those words differ from what was approved. Until it is put right it counts as told wrongly:")]
        blocks += [_findings(found) for found in drifts.values() if found]
    blocks.append(
        Buttons(
            tuple(Button(f"{r.customer} acknowledged", f"relay ack {apology.number} {r.customer}") for r in rows[:5])
        )
    )
    tone: Tone = "danger" if any(drifts.values()) else "good"
    return Reply(Card(say.named(apology), tuple(blocks), tone), changed=True)


def _drift(book: Book, ctx: Context, apology: Apology, customer: str, words: str) -> tuple[Finding, ...]:
    """How words that were sent differ from the approved ones for this customer; errors first."""
    version = book.get(Version, apology.number, apology.version)
    reader = book.catalog.customer(customer)
    if version is None or reader is None:
        return ()
    incidents = [i for n in apology.incidents if (i := book.get(Incident, n)) is not None]
    waived = frozenset(w.rule for w in book.find(Waiver, apology=apology.number) if not w.void)
    source = source_of(book, ctx, incidents, apology.signatory, waived, apology.follows)
    view = record_view(source, Audience(reader.key, reader.timezone, reader.english), book.catalog)
    approved = next((r.text for r in version.recipients if r.customer == customer), version.text("chat"))
    return tuple(sorted(drift(words, approved, view).findings, key=lambda f: f.severity != "error"))


def _findings(found: tuple[Finding, ...]) -> Bullets:
    return Bullets(
        tuple(
            (Strong(f"{f.rule} {f.severity}"), Text(f" “{f.text}” — {f.message}" if f.text else f" {f.message}"))
            for f in found[:8]
        )
    )


def _told(book: Book, ctx: Context, apology: Apology, words: str) -> None:
    lead = book.get(Incident, apology.incidents[-1])
    if lead is None:
        return
    tell(book, ctx, lead, "relay", words)
    card = Card(f"{say.named(apology)}: relay", (line(board(book.find(Relay, apology=apology.number))),))
    say_in_rooms(book, ctx, lead, f"apology-{apology.number}/board", card)


def acknowledge(command: RelayAck, ctx: Context, book: Book) -> Reply:
    """These customers answered."""
    apology, rows = _receipts(book, ctx, command.apology, command.customers)
    for row in rows:
        if row.state not in TOLD:
            raise Refused(f"{row.customer} was not told yet: `relay done {apology.number} {row.customer}` first.")
        book.put(replace(row, state="acknowledged", acknowledged_at=ctx.now, words=command.words or row.words))
    names = ", ".join(r.customer for r in rows)
    _told(book, ctx, apology, f"noted that {names} acknowledged (A{apology.number})")
    return Reply(Card(say.named(apology), (line(f"Acknowledged: {names}."),), "good"), changed=True)


def skip(command: RelaySkip, ctx: Context, book: Book) -> Reply:
    """This customer is not told, and why."""
    apology, (row,) = _receipts(book, ctx, command.apology, (command.customer,))
    book.put(replace(row, state="skipped", because=command.because, by=ctx.actor.key, at=ctx.now, due_at=None))
    _told(book, ctx, apology, f"skipped {row.customer} because {command.because} (A{apology.number})")
    return Reply(Card(say.named(apology), (line(f"{row.customer} is skipped: {command.because}."),)), changed=True)


def check(command: RelayCheck, ctx: Context, book: Book) -> Reply:
    """One's own words, read by the linter as a relay; nothing is recorded."""
    customer = customer_of(book, command.customer)
    must("ask", _standing(book, ctx, None, customer))
    row = next((r for r in reversed(book.find(Relay, customer=customer.key)) if r.state != "prepared"), None)
    apology = book.get(Apology, row.apology) if row is not None else None
    if apology is None:
        raise Refused(f"{customer.name} has no approved words yet to compare with. Nothing was recorded.")
    found = _drift(book, ctx, apology, customer.key, command.text)
    wrong = any(f.severity == "error" for f in found)
    words = "These words hold." if not found else "They differ from what was approved:"
    blocks: tuple[Block, ...] = (line(words), *((_findings(found),) if found else ()))
    tone: Tone = "danger" if wrong else "warning" if found else "good"
    return Reply(Card(f"{say.named(apology)}: relay to {customer.name}", blocks, tone))


def ask(command: RelayAsk, ctx: Context, book: Book) -> Reply:
    """A customer's question, for whoever can answer it once for all."""
    customer = customer_of(book, command.customer)
    must("ask", _standing(book, ctx, None, customer))
    number = book.number("questions")
    book.put(Question(number, customer.key, command.question, ctx.actor.key, ctx.now))
    return Reply(
        Card(
            f"Question {number} of {customer.name}",
            (line(command.question), Buttons((Button("Answer", f"relay answer {number}", "primary", form=True),))),
        ),
        changed=True,
    )


def answer(command: RelayAnswer, ctx: Context, book: Book) -> Reply:
    """The answer, for everybody with that question."""
    question = book.get(Question, command.question)
    if question is None:
        raise Refused(f"There is no question {command.question}. Nothing was recorded.")
    customer = customer_of(book, question.customer)
    must("ask", _standing(book, ctx, None, customer))
    book.put(replace(question, answer=command.answer, answered_by=ctx.actor.key, answered_at=ctx.now))
    return Reply(Card(f"Question {question.number} of {customer.name}", (line(command.answer),), "good"), changed=True)


def cover(command: Cover, ctx: Context, book: Book) -> Reply:
    """A colleague looks after one's accounts for a while."""
    colleague = somebody(book, command.person)
    must("ask", standing(book, ctx))
    due = read_due(ctx, command.until)
    if due is None:
        raise Refused("Until when? `cover @colleague until 2026-12-24`.")
    day = due.astimezone(ctx.zone).date().isoformat()
    book.put(Covering((ctx.actor.email or ctx.actor.key).casefold(), colleague.key, day, ctx.now))
    return Reply(Card("Cover", (line(f"{colleague.name} looks after your accounts until {day}."),)), changed=True)


def promises(command: ShowPromises, ctx: Context, book: Book) -> Reply:
    """What was promised to customers and how it stands."""
    rows = book.find(Promise)
    hidden = _hidden(book, ctx, {p.apology for p in rows})
    rows = [p for p in rows if p.apology not in hidden]
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
    if found is None or _hidden(book, ctx, {found.apology}):
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


def promise_done(command: PromiseDone, ctx: Context, book: Book) -> Reply:
    """Kept, with evidence."""
    promise = _promise(book, ctx, command.promise)
    must("act", standing(book, ctx))
    book.put(replace(promise, state="kept", evidence=command.evidence))
    _note(book, ctx, promise, f"kept promise P{promise.number}: {command.evidence}")
    return _shown(promise, f"Kept: {command.evidence}")


def promise_move(command: PromiseMove, ctx: Context, book: Book) -> Reply:
    """A new date. Customers who were told the old one must be told."""
    promise = _promise(book, ctx, command.promise)
    must("act", standing(book, ctx))
    due_at = read_due(ctx, command.due)
    book.put(replace(promise, due=command.due, due_at=due_at, state="open"))
    task = task_of(book, promise)
    if task is not None and task.done_at is None:  # the follow-up tells the date the task has
        book.put(replace(task, due=command.due, due_at=due_at))
    _note(book, ctx, promise, f"moved promise P{promise.number} to {command.due} because {command.because}")
    return _shown(
        promise,
        f"Due {command.due} now (was {promise.due}). Its customers were told the old date: tell them.",
        tell_them=True,
    )


def promise_withdraw(command: PromiseWithdraw, ctx: Context, book: Book) -> Reply:
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


def _due_relay(row: Relay, ctx: Context, book: Book) -> None:
    """A manager who has not told the customer is reminded; after a day the commander hears of it."""
    from handlers.rooms import people, say_to

    clocks = book.catalog.policy.reminders
    apology = book.get(Apology, row.apology)
    book.put(replace(row, due_at=ctx.now + clocks.relay_remind, reminded=row.reminded + 1))
    manager = book.person(row.manager) if row.manager else None
    customer = book.catalog.customer(row.customer)
    if apology is None or customer is None:
        return
    card = Card(
        f"{say.named(apology)}: {customer.name}",
        (
            line(f"{customer.name} has not been told in person yet."),
            Buttons(
                (
                    Button("Told", f"relay done {apology.number} {row.customer}", "primary"),
                    Button("Skip", f"relay skip {apology.number} {row.customer}", form=True),
                )
            ),
        ),
        "warning",
    )
    serial = f"{row.version}-{row.reminded + 1}"  # each reminder is a message of its own
    about = [i for n in apology.incidents if (i := book.get(Incident, n)) is not None]
    if manager is not None and all(may_see(book, manager, i) for i in about):
        say_to(book, ctx, manager, f"relay-{apology.number}-{row.customer}/remind/{serial}", card, 3)
    lead = about[-1] if about else None
    late = row.released_at is not None and ctx.now - row.released_at >= clocks.relay_escalate
    if late and lead is not None:
        commander = people(book, lead).get(lead.holder("commander"))
        if commander is not None:
            say_to(book, ctx, commander, f"relay-{apology.number}-{row.customer}/escalated/{serial}", card, 3)


RELAYS: Due[Relay] = Due("relays", Relay, "due_at", _due_relay, (("state", "released"),))
