"""Handing a role over: it stays with whoever holds it until the other says "I have it"; nobody leads by mistake."""

from dataclasses import replace

from handlers.apologise import gaps_of
from handlers.book import Book
from handlers.card import Block, Bullets, Button, Buttons, Card, Line, Mention, Quote, Reply, Span, Strong, Text, line
from handlers.card import small as small_
from handlers.commands import AcceptHandOver, DeclineHandOver, SetRole
from handlers.context import Context
from handlers.customers import affected_by
from handlers.domain.apology import Apology, Promise, Proposal
from handlers.domain.cadence import LATE
from handlers.domain.delivery import PAGE
from handlers.domain.errors import Refused
from handlers.domain.incident import HandOver, Incident, Task
from handlers.domain.people import Person
from handlers.domain.permit import must
from handlers.due import Due
from handlers.nudge import nudge
from handlers.rooms import changed, enter, go_out, incident_of, refresh, say_in_rooms, say_to, standing, tell
from handlers.say import incident as say
from handlers.void import UNSETTLED

ENDED = ("cancelled", "merged")
"""Nobody leads these any more. A resolved incident still has a commander: the facts have to be signed."""
MOST = 6
"""Lines of each kind in a brief: it is read standing."""


def is_handed(command: SetRole, incident: Incident, person: Person, ctx: Context, book: Book) -> bool:
    """Whether this waits for an answer: it was said as a hand-over, and the role is held and not simply taken."""
    holder = incident.holder(command.role)
    return (
        bool(command.handed or command.note)
        and bool(holder)
        and person.key not in (holder, ctx.actor.key)
        and book.person(holder) is not None
    )


def offer(book: Book, ctx: Context, incident: Incident, role: str, person: Person, note: str) -> None:
    """Hand a role over: it waits for "I have it". An earlier hand-over of the same role is withdrawn."""
    withdraw(book, ctx, incident, role, f"handed it to {person.name} instead")
    clocks = book.catalog.policy.reminders
    entered = enter(book, ctx, incident, person)
    giver = book.person(incident.holder(role))
    row = HandOver(
        incident.number, book.number(f"handovers-{incident.number}"), role, incident.holder(role), person.key,
        ctx.actor.key, note, ctx.now, ctx.now + clocks.handover_expires,
        min(ctx.now + clocks.handover_remind, ctx.now + clocks.handover_expires), entered=entered,
    )  # fmt: skip
    book.put(row)
    said = f" — {note}" if note else ""
    stays = f"; {giver.name if giver else 'whoever held it'} stays {role} until then"
    tell(book, ctx, incident, "role", f"hands {role} over to {person.name}{said}, who has to say “I have it”{stays}")
    after = replace(incident, revision=incident.revision + 1)
    book.put(after)
    _say(book, ctx, after, row, person, giver)
    refresh(book, ctx, after)


def _room_key(row: HandOver) -> str:
    return f"handover/{row.number}"


def _own_key(row: HandOver, asked: int) -> str:
    again = f"/{asked}" if asked else ""
    return f"inc-{row.incident}/handover/{row.number}/{row.to}{again}"


def _buttons(row: HandOver) -> Buttons:
    n = row.incident
    return Buttons(
        (
            Button("I have it", f"accept {n} {row.role}", "primary"),
            Button("I cannot", f"cannot {n} {row.role}"),
            Button("Timeline", f"timeline {n}"),
        )
    )


def _say(book: Book, ctx: Context, incident: Incident, row: HandOver, person: Person, giver: Person | None) -> None:
    """The card in the rooms, and the brief for whoever is asked. A reminder is a message of its own: edits are mute."""
    holds = giver.name if giver else "Whoever held it"
    by = book.person(row.by) or giver
    asked: list[Block] = [
        Line((_name(by), Text(f" hands {row.role} over to "), _name(person, ping=not row.reminded), Text(".")))
    ]
    if row.note:
        asked.append(Quote(row.note))
    waits = line(f"{holds} stays {row.role} until {person.name} says “I have it”, by ", _time(ctx, row), ".")
    room = Card(say.head(incident), (*asked, waits, _buttons(row)), "warning")
    if not row.reminded:
        say_in_rooms(book, ctx, incident, _room_key(row), room)
    brief_ = Card(
        f"{say.head(incident)}: {row.role} for you"[:150],
        (*asked, waits, *brief(book, ctx, incident), _buttons(row)),
        say.tone(incident),
    )
    if row.reminded:
        again = f"Asked {row.reminded + 1} times. "
        brief_ = replace(brief_, blocks=(line(again, f"{holds} is still waiting."), *brief_.blocks))
    nudge(book, ctx, person, _own_key(row, row.reminded), brief_, PAGE, incident.number)


def _name(person: Person | None, *, ping: bool = False) -> Span:
    return Text("Somebody") if person is None else Mention(person.name, person.slack, person.teams, ping)


def _time(ctx: Context, row: HandOver) -> Span:
    return say.clock(row.ends_at, ctx.zone.key)


def brief(book: Book, ctx: Context, incident: Incident) -> tuple[Block, ...]:
    """What whoever takes over must know: how it stands, what is owed to whom by when, what waits for a signature."""
    since = say.span_words(ctx.now - incident.declared_at)
    hit = affected_by(book, incident)
    rows: list[tuple[Span, ...]] = [
        (Strong("Now"), Text(f" {incident.severity.upper()}, {incident.status}, for {since}; "
                             f"{say.services(incident, book.catalog)}, {say.region(incident, book.catalog)}; "
                             f"{len(hit)} customer{'s' * (len(hit) != 1)} hit")),
    ]  # fmt: skip
    if incident.next_update_at is not None and incident.open:
        rows.append((Strong("Next update"), Text(" due "), say.clock(incident.next_update_at, ctx.zone.key)))
    if incident.customer_update_at is not None:
        rows.append((Strong("Customers"), Text(" expect our next word at "), _clock(ctx, incident)))
    elif hit and incident.open and not incident.drill:
        rows.append((Strong("Customers"), Text(" have heard nothing from us yet")))
    rows += [(Strong(f"To send: {p.kind} {p.number}"), Text(f" “{_short(p.text)}”")) for p in _proposed(book, incident)]
    rows += [
        (Strong(f"A{a.number}"), Text(" waits for signatures" if a.state == "submitted" else f" is {a.state}"))
        for a in book.find(Apology, state=UNSETTLED)
        if incident.number in a.incidents
    ]
    owed = book.find(Promise, incident=incident.number, state=("open", "late"))
    rows += [(Strong(f"P{p.number}"), Text(f" {_short(p.text)}, due {p.due or 'some time'}")) for p in owed[:MOST]]
    tasks = [t for t in book.find(Task, incident=incident.number) if t.done_at is None]
    rows += [
        (Strong(f"Task {t.number}"), Text(f" {_short(t.text)}{_whose(t)}, due {t.due or 'any time'}"))
        for t in tasks[:MOST]
    ]
    left = max(0, len(tasks) - MOST) + max(0, len(owed) - MOST)
    if left:
        rows.append((Text(f"and {left} more"),))
    gaps = [g.name for g in gaps_of(book, ctx, (incident,)) if g.blocks]
    if gaps:
        rows.append((Strong("Not known yet"), Text(f" {', '.join(dict.fromkeys(gaps))}")))
    blocks: list[Block] = [small_("The brief"), Bullets(tuple(rows))]
    if incident.last_update:
        blocks += [small_("Latest update"), Quote(incident.last_update)]
    return tuple(blocks)


def _whose(task: Task) -> str:
    return f" ({task.owner_name})" if task.owner_name else ""


def _clock(ctx: Context, incident: Incident) -> Span:
    assert incident.customer_update_at is not None
    return say.clock(incident.customer_update_at, ctx.zone.key)


def _proposed(book: Book, incident: Incident) -> list[Proposal]:
    return book.find(Proposal, incident=incident.number, state="open")[-MOST:]


def _short(words: str, longest: int = 80) -> str:
    plain = " ".join(words.split())
    return plain if len(plain) <= longest else plain[: longest - 1].rstrip() + "…"


def pending(book: Book, incident: Incident, role: str = "") -> list[HandOver]:
    """What is on its way in an incident; of one role, or of all."""
    found = book.find(HandOver, incident=incident.number, state="pending")
    return [h for h in found if role in ("", h.role)]


def withdraw(book: Book, ctx: Context, incident: Incident, role: str, words: str) -> bool:
    """The role stays, or goes elsewhere: whoever was asked need not answer. Whether anybody was asked."""
    found = pending(book, incident, role)
    for row in found:
        _settle(book, ctx, incident, row, "withdrawn", f"{ctx.actor.name} {words}")
    return bool(found)


def _settle(book: Book, ctx: Context, incident: Incident, row: HandOver, state: str, words: str) -> None:
    """It is answered: every card about it says so and has no button that acts late."""
    book.put(replace(row, state=state, ping_at=None))
    person = book.person(row.to)
    if person is not None and row.entered and incident.private and state != "taken":
        go_out(book, ctx, incident, person)  # they came in for this alone
    card = Card("", (Line((Strong(incident.name), Text(f" {row.role}: {words}."))),), say.tone(incident))
    say_in_rooms(book, ctx, incident, _room_key(row), card)
    for asked in range(row.reminded + 1):
        if person is not None:
            nudge(book, ctx, person, _own_key(row, asked), card, PAGE, incident.number)


def _offered(command: AcceptHandOver | DeclineHandOver, ctx: Context, book: Book) -> list[tuple[Incident, HandOver]]:
    """What was handed to whoever speaks, as named; refused with the truth where there is nothing."""
    mine = [
        (incident, row)
        for row in book.find(HandOver, to=ctx.actor.key, state="pending")
        if (incident := book.get(Incident, row.incident)) is not None and command.role in (None, row.role)
    ]
    if command.everywhere:
        if not mine:
            raise Refused("Nothing was handed to you that still waits. Nothing was changed.")
        return mine
    if command.incident is None and ctx.whence.room is None and len({i.number for i, _ in mine}) == 1:
        return mine
    incident = incident_of(book, ctx, command.incident)
    found = [(i, row) for i, row in mine if i.number == incident.number]
    if not found:
        raise Refused(_nothing(book, incident, command.role))
    return found


def _nothing(book: Book, incident: Incident, role: str | None) -> str:
    """Why there is nothing to answer: pressed late, twice, or by somebody else."""
    rows = [h for h in book.find(HandOver, incident=incident.number) if role in (None, h.role)]
    last = rows[-1] if rows else None
    if last is None:
        return f"Nothing was handed over in {incident.name}. Nothing was changed."
    name = person.name if (person := book.person(last.to)) else last.to
    if last.state == "pending":
        take = f"`role {incident.number} {last.role} @you` takes it at once."
        return f"It was handed to {name}, not to you. {take} Nothing was changed."
    holder = book.person(incident.holder(last.role))
    now = f"{holder.name if holder else 'Nobody'} is {last.role}"
    ended = {
        "taken": f"{name} has it already", "declined": f"{name} could not", "lapsed": "nobody answered in time",
        "withdrawn": "it was taken back", "over": f"{incident.name} is {incident.status}",
    }  # fmt: skip
    return f"That hand-over is over: {ended.get(last.state, last.state)}. {now}. Nothing was changed."


def accept(command: AcceptHandOver, ctx: Context, book: Book) -> Reply:
    """Say "I have it": from now on whoever presses holds the role, and the one before is told."""
    found = _offered(command, ctx, book)
    for incident, _ in found:
        if incident.status in ENDED:
            raise Refused(f"{incident.name} is {incident.status}; nobody leads it any more. Nothing was changed.")
    took: list[str] = []
    last = found[-1][0]
    for stale, row in found:
        incident = book.get(Incident, stale.number) or stale  # an earlier round may have changed it
        must("act", standing(book, ctx, incident))
        giver = book.person(incident.holder(row.role))
        before = giver.name if giver else "nobody"
        roles = (*((r, p) for r, p in incident.roles if r != row.role), (row.role, ctx.actor.key))
        enter(book, ctx, incident, ctx.actor)
        _settle(book, ctx, incident, row, "taken", f"{ctx.actor.name} has it now ({before} had it)")
        last = changed(book, ctx, incident, "role", f"has {row.role} now, from {before}", roles=roles)
        took.append(f"{row.role} of {incident.name}")
        if giver is not None and giver.key != ctx.actor.key:
            words = line(_name(ctx.actor), f" has {row.role} now. You are free of it.")
            key = f"inc-{incident.number}/handover/{row.number}/from"
            say_to(book, ctx, giver, key, Card(say.head(last), (words,), "good"), incident=incident.number)
    buttons = Buttons(
        (Button("Post update", f"update {last.number}", "primary", form=True), Button("Show", f"show {last.number}"))
    )
    return Reply(say.understood(last, f"You have it: {', '.join(took)}.", buttons), changed=True)


def decline(command: DeclineHandOver, ctx: Context, book: Book) -> Reply:
    """Say "I cannot": whoever holds the role keeps it, and is told at once."""
    found = _offered(command, ctx, book)
    why = f": {command.because}" if command.because else ""
    kept: list[str] = []
    last = found[-1][0]
    for incident, row in found:
        last = incident
        _settle(book, ctx, incident, row, "declined", f"{ctx.actor.name} cannot{why}")
        tell(book, ctx, incident, "role", f"cannot take {row.role}{why}")
        refresh(book, ctx, incident)
        kept.append(f"{row.role} of {incident.name}")
        _back(book, ctx, incident, row, f"{ctx.actor.name} cannot take {row.role}{why}.")
    return Reply(say.understood(last, f"Noted: you cannot take {', '.join(kept)}."), changed=True)


def _back(book: Book, ctx: Context, incident: Incident, row: HandOver, words: str) -> None:
    """Whoever holds the role, and whoever asked, hear that it is still where it was."""
    holder = book.person(incident.holder(row.role))
    n = incident.number
    for person in {p.key: p for p in (holder, book.person(row.by)) if p is not None}.values():
        stays = "You are" if holder is not None and person.key == holder.key else f"{_plain(holder)} is"
        card = Card(
            say.head(incident),
            (
                line(f"{words} {stays} still {row.role}."),
                Buttons(
                    (
                        Button("Ask somebody else", f"handover {n} {row.role}", "primary", form=True),
                        Button("Show", f"show {n}"),
                    )
                ),
            ),
            "warning",
        )
        say_to(book, ctx, person, f"inc-{n}/handover/{row.number}/back/{person.key}", card, incident=n)


def _plain(person: Person | None) -> str:
    return person.name if person else "Nobody"


def _due_answer(row: HandOver, ctx: Context, book: Book) -> None:
    """Whoever was asked is asked again; after the policy's time it lapses and the holder is told."""
    incident = book.get(Incident, row.incident)
    person = book.person(row.to)
    if incident is None:
        book.put(replace(row, state="over", ping_at=None))
        return
    if incident.status in ENDED or person is None:
        _settle(book, ctx, incident, row, "over", f"{incident.name} is {incident.status}")
        return
    if ctx.now >= row.ends_at:
        late = ctx.now - row.ends_at
        tail = f" ({say.span_words(late)} late)" if late >= LATE else ""
        words = f"{person.name} did not say “I have it” in {say.span_words(row.ends_at - row.at)}{tail}"
        _settle(book, ctx, incident, row, "lapsed", words)
        tell(book, ctx, incident, "role", f"let a hand-over lapse: {words}")
        refresh(book, ctx, incident)
        _back(book, ctx, incident, row, f"{words}.")
        return
    step = book.catalog.policy.reminders.handover_remind * 2 ** (row.reminded + 1)
    again = replace(row, reminded=row.reminded + 1, ping_at=min(ctx.now + step, row.ends_at))
    book.put(again)
    _say(book, ctx, incident, again, person, book.person(incident.holder(row.role)))


UNANSWERED: Due[HandOver] = Due("hand-overs", HandOver, "ping_at", _due_answer, (("state", "pending"),))
