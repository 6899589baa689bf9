"""What waits for somebody: one answer, for `list mine`, the App Home and the daily digest."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from handlers.accounts import accounts_of
from handlers.afterwards import owed, owner_of
from handlers.book import Book
from handlers.card import Block, Bullets, Button, Buttons, Card, Line, Moment, Reply, Span, Strong, Text, line, small
from handlers.commands import CancelPing
from handlers.context import Context
from handlers.domain.apology import Apology, Promise, Proposal, Version, Waiver
from handlers.domain.errors import Refused
from handlers.domain.incident import ApologyDue, HandOver, Incident, Ping, Review, Task
from handlers.domain.people import Person
from handlers.domain.permit import may
from handlers.domain.relay import TOLD, Relay
from handlers.reviews import AGAIN, owners_of, part_of
from handlers.rooms import sees, standing
from handlers.void import UNSETTLED

MOST = 20
"""Lines of one card."""
MOST_BUTTONS = 5


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that waits. `due_at` is UTC, None for no date; `incidents` are those it is about."""

    kind: str
    name: str
    words: str
    due_at: datetime | None = None
    due: str = ""
    incidents: tuple[int, ...] = ()
    button: Button | None = None

    def late(self, now: datetime) -> bool:
        """Whether its time has passed."""
        return self.due_at is not None and self.due_at <= now


@dataclass(frozen=True, slots=True)
class Open:
    """Everything that waits for anybody, read once."""

    handovers: Sequence[HandOver]
    tasks: Sequence[Task]
    promises: Sequence[Promise]
    relays: Sequence[Relay]
    submitted: Sequence[Apology]
    proposals: Sequence[Proposal]
    owed: Sequence[ApologyDue]
    pings: Sequence[Ping]
    waivers: Sequence[Waiver]
    reviews: Sequence[Review]


def gather(book: Book, person: str = "") -> Open:
    """What is open; tasks, promises and reminders of one `person`, or of everybody."""
    mine = {"owner": person} if person else {}
    return Open(
        book.find(HandOver, state="pending"),
        book.find(Task, done_at=None, **mine),
        book.find(Promise, state=("open", "late"), **mine),
        [r for r in book.find(Relay, state=("released", *TOLD)) if r.open],
        book.find(Apology, state="submitted"),
        book.find(Proposal, state="open"),
        owed(book),
        book.find(Ping, said_at=None, **({"person": person} if person else {})),
        [w for w in book.find(Waiver, void=False, **({"by": person} if person else {})) if w.ends_at is not None],
        [r for r in book.find(Review) if r.ping_at is not None and r.due_at - AGAIN <= book.now],
    )


def waiting(book: Book, ctx: Context, everything: Open | None = None) -> list[Item]:
    """What waits for whoever asks, what is due first before what has no date. Only what they may see."""
    all_ = everything or gather(book, ctx.actor.key)
    me = ctx.actor.key
    found = [
        Item("handover", f"INC-{h.incident} {h.role}", "handed to you: do you have it?", h.ends_at, "", (h.incident,),
             Button("I have it", f"accept {h.incident} {h.role}", "primary"))
        for h in all_.handovers if h.to == me
    ]  # fmt: skip
    found += [
        Item("task", f"INC-{t.incident} task {t.number}", t.text, t.due_at, t.due, (t.incident,),
             Button(f"Done: task {t.number}", f"task {t.incident} done {t.number}"))
        for t in all_.tasks if t.owner == me
    ]  # fmt: skip
    found += [
        Item("promise", f"P{p.number}", p.text, p.due_at, p.due, (p.incident,),
             Button(f"Kept: P{p.number}", f"promise done {p.number}", form=True))
        for p in all_.promises if p.owner == me
    ]  # fmt: skip
    found += _relays(book, ctx, all_.relays)
    found += _approvals(book, ctx, all_.submitted)
    found += _to_send(book, ctx, all_.proposals)
    found += [
        Item("apology", i.name, f"{i.title}: {row.kind} apology", row.due_at, "", (i.number,),
             Button(f"Draft apology for {i.name}", f"apology draft {i.number}"))
        for row in all_.owed if (i := book.get(Incident, row.incident)) is not None and me == owner_of(i)
    ]  # fmt: skip
    found += _waivers(book, [w for w in all_.waivers if w.by == me])
    found += [_review(book, r) for r in all_.reviews if any(p.key == me for p in owners_of(book, ctx, r))]
    found += [
        Item("reminder", f"Reminder {p.number}", p.what, p.due_at, "", (p.incident,) if p.incident else (),
             Button(f"Forget reminder {p.number}", f"remind me off {p.number}"))
        for p in all_.pings if p.person == me
    ]  # fmt: skip
    seen = [i for i in found if i.kind in ("reminder", "review") or sees(book, ctx, *i.incidents)]
    return sorted(seen, key=lambda i: (i.due_at is None, i.due_at or ctx.now))


def _relays(book: Book, ctx: Context, rows: Iterable[Relay]) -> list[Item]:
    own = accounts_of(book, ctx)
    found = []
    for row in rows:
        customer = book.catalog.customer(row.customer)
        if customer is None or customer.account_manager.casefold() not in own:
            continue
        apology = book.get(Apology, row.apology)
        if apology is not None:
            wrong = ": they were told wrongly" if row.wrong else ""
            told = Button(f"Told {row.customer}", f"relay done {row.apology} {row.customer}")
            words = f"tell {customer.name}{wrong}"
            found.append(Item("relay", f"A{row.apology}", words, None, "", apology.incidents, told))
    return found


def _waivers(book: Book, rows: Iterable[Waiver]) -> list[Item]:
    """What somebody left out of a text until a date, while the text can still change."""
    found = []
    for row in rows:
        apology = book.get(Apology, row.apology)
        if apology is not None and apology.state in UNSETTLED:
            look = Button(f"Look at A{row.apology}", f"apology lint {row.apology}")
            words = f"{row.rule} is left out until then"
            found.append(Item("waiver", f"A{row.apology}", words, row.ends_at, row.until, apology.incidents, look))
    return found


def _review(book: Book, row: Review) -> Item:
    part, words = part_of(book, row)
    right = Button("The catalog is right", f"{part} reviewed")
    return Item("review", "The catalog", f"look through {words}", row.due_at, "", (), right)


def _approvals(book: Book, ctx: Context, submitted: Iterable[Apology]) -> list[Item]:
    found = []
    for apology in submitted:
        incidents = tuple(i for n in apology.incidents if (i := book.get(Incident, n)) is not None)
        version = book.get(Version, apology.number, apology.version)
        author = version is not None and ctx.actor.key in version.authors
        place = standing(book, ctx, *incidents, author=author)
        if (place.approver and not author) or place.commander or "legal" in ctx.actor.roles:
            read = Button(f"Read A{apology.number}", f"apology show {apology.number}", "primary")
            name = f"A{apology.number}"
            found.append(Item("approval", name, "waits for approval", None, "", apology.incidents, read))
    return found


def _to_send(book: Book, ctx: Context, proposals: Iterable[Proposal]) -> list[Item]:
    """What another person wrote to customers and somebody with a role has to send."""
    found = []
    for row in proposals:
        incident = book.get(Incident, row.incident)
        if incident is None or row.by == ctx.actor.key or not may("send", standing(book, ctx, incident)):
            continue
        if any(h == ctx.actor.key for _, h in incident.roles):
            show = Button(f"Show {incident.name}", f"show {incident.number}")
            words = f"{row.kind} to customers waits for another person’s Send"
            found.append(
                Item("send", f"{incident.name} {row.kind} {row.number}", words, None, "", (row.incident,), show)
            )
    return found


def drawn(items: Sequence[Item], ctx: Context, title: str = "Waiting for me") -> list[Block]:
    """The items as a list with buttons; a quiet line where nothing waits."""
    if not items:
        return [small("Nothing waits for you.")]
    rows = tuple((Strong(i.name), Text(f" {i.words}"), *_when(i, ctx)) for i in items[:MOST])
    blocks: list[Block] = [Line((Strong(title),)), Bullets(rows)]
    if len(items) > MOST:
        blocks.append(small(f"and {len(items) - MOST} more."))
    first = sorted((i for i in items if i.button is not None), key=lambda i: i.kind not in ("handover", "approval"))
    buttons = [i.button for i in first if i.button is not None][:MOST_BUTTONS]
    return [*blocks, Buttons(tuple(buttons))] if buttons else blocks


def _when(item: Item, ctx: Context) -> tuple[Span, ...]:
    late = "late, was due " if item.late(ctx.now) else "due "
    if item.due:
        return (Text(f", {late}{item.due}"),)
    if item.due_at is not None:
        return (Text(f", {late}"), Moment(item.due_at, ctx.zone.key, "datetime"))
    return (Text(", due any time"),) if item.kind == "task" else ()


def mine(book: Book, ctx: Context) -> list[Block]:
    """What waits for whoever asks, drawn."""
    return drawn(waiting(book, ctx), ctx)


def as_(ctx: Context, person: Person) -> Context:
    """The same moment, seen by somebody else."""
    return replace(ctx, actor=person)


def cancel_ping(command: CancelPing, ctx: Context, book: Book) -> Reply:
    """Forget a reminder of one's own."""
    found = book.get(Ping, command.ping)
    if found is None or found.person != ctx.actor.key:
        raise Refused(f"You have no reminder {command.ping}. `list mine` shows yours. Nothing was changed.")
    if found.said_at is not None:
        how = "was forgotten already" if found.cancelled else "was said already"
        raise Refused(f"Reminder {command.ping} {how}. Nothing was changed.")
    book.put(replace(found, said_at=ctx.now, cancelled=True))
    return Reply(Card("Reminder for you", (line(f"Forgotten: {found.what}"),)), changed=True)
