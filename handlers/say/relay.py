"""How account managers, and those who watch over them, read what is still to be told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from handlers.card import (
    Block,
    Bullets,
    Button,
    Buttons,
    Card,
    Line,
    Moment,
    Quote,
    Span,
    Strong,
    Text,
    Tone,
    line,
    small,
)
from handlers.domain.apology import Apology, Version
from handlers.domain.delivery import PostState
from handlers.domain.letter import PLATFORMS
from handlers.domain.relay import TOLD, Relay
from handlers.say import apology as said
from handlers.say.incident import span_words

MOST_CUSTOMERS = 20
"""Customers on one card; `relay list` has them all, page by page."""
MOST_MANAGERS = 20
"""Account managers on the board."""
PAGE_ROWS = 20
"""Customers on one page of `relay list`."""
MOST_PRESSED = 5
"""Customers with a button of their own on one card."""
NOBODY = "no account manager"

_SENT = {
    "pending": "queued", "claimed": "queued", "sending": "being sent", "retry": "queued, tried again soon",
    "unknown": "unknown, nobody can know whether it arrived", "held": "held", "dead": "failed", "sent": "sent",
}  # fmt: skip
_WHERE = {"email": "by e-mail", "webhook": "to their webhook"}
_BEST = ("sent", "unknown", "sending", "claimed", "retry", "pending", "held", "dead")
"""What counts of several channels: the best that was reached."""
_ORDER = {"released": 2, "relayed": 3, "acknowledged": 4, "closed": 5, "skipped": 6}


def rank(row: Relay) -> tuple[int, str]:
    """Where a receipt stands in a list: told wrongly, late, open, told, acknowledged, closed, skipped."""
    place = 0 if row.wrong else 1 if row.open and row.late else _ORDER.get(row.state, 7)
    return place, row.customer


def counts(rows: Sequence[Relay]) -> str:
    """Told 41 of 53, acknowledged 30, 2 skipped, 1 told wrongly, 3 late."""
    told = sum(r.state in TOLD and not r.wrong for r in rows)
    acknowledged = sum(r.acknowledged_at is not None and r.state in ("acknowledged", "closed") for r in rows)
    parts = [f"Told {told} of {sum(r.state != 'skipped' for r in rows)}", f"acknowledged {acknowledged}"]
    parts += [
        f"{n} {words}"
        for n, words in (
            (sum(r.state == "skipped" for r in rows), "skipped"),
            (sum(bool(r.wrong) for r in rows), "told wrongly"),
            (sum(r.open and r.late for r in rows), "late"),
        )
        if n
    ]
    return ", ".join(parts) + "."


def delivered(posts: Sequence[PostState]) -> str:
    """What their channels got: queued, sent, unknown, failed, or that they have none."""
    if not posts:
        return "no channel here: tell them yourself"
    best = min(posts, key=lambda p: _BEST.index(p.state))
    words = _SENT[best.state]
    tail = f" ({best.error})" if best.error and best.state in ("held", "dead") else ""
    where = _WHERE.get(best.place.platform, f"in their {PLATFORMS[best.place.platform]} channel")
    return f"{words} {where}{tail}"


@dataclass(frozen=True, slots=True)
class Told:
    """One receipt with what belongs to it: the customer's name, and what became of the posts."""

    row: Relay
    name: str
    delivery: str = ""


def receipt(told: Told, zone: str, *, named: bool = False) -> tuple[Span, ...]:
    """One customer on a list: who told them how, or since when they wait; `named` with the apology's number."""
    row = told.row
    head = f"A{row.apology} {told.name}" if named else told.name
    spans: list[Span] = [Strong(head), Text(": ")]
    if row.state == "released" and 0 < row.told < row.version:
        spans.append(Text(f"to be told what changed since version {row.told}"))
    elif row.state == "released":
        spans.append(Text("to be told"))
    elif row.state == "skipped":
        spans.append(Text(f"skipped ({row.because})"))
    else:
        to = f" ({row.to})" if row.to else ""
        spans.append(Text(f"{row.state}, told{to} by {row.by_name} {f'via {row.via}' if row.via else 'in person'}"))
        if row.at is not None:
            spans += [Text(" "), Moment(row.at, zone, "datetime")]
        if row.state == "closed":
            spans.append(Text(f" ({row.because})" if row.because else ""))
    if row.open and row.released_at is not None:
        spans += [Text(", since "), Moment(row.released_at, zone, "datetime"), Text(", late" if row.late else "")]
    if row.wrong:
        spans.append(Text(f"; told wrongly: {row.wrong}"))
    if told.delivery:
        spans.append(Text(f"; {told.delivery}"))
    if row.state == "released" and row.because:
        spans.append(Text(f"; {row.because}"))
    return tuple(spans)


# --- one account manager's message -----------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Sheet:
    """What one account manager's message is drawn from."""

    apology: Apology
    title: str
    version: Version
    rows: tuple[Told, ...]
    zone: str
    note: str = ""  # why it is this person's
    drill: bool = False
    owed: str = ""  # the day of the follow-up
    before: Version | None = None  # the version some of them were told


def customers(sheet: Sheet) -> Card:
    """Their customers: what was sent for each, what they still must tell, by which channel, since when; what to say."""
    n, rows = sheet.apology.number, [t.row for t in sheet.rows]
    open_ = [t for t in sheet.rows if t.row.open]
    blocks: list[Block] = [small(sheet.note)] if sheet.note else []
    if sheet.drill:
        blocks.append(line("This is an exercise: tell no customer. Press Told to play your part."))
    blocks.append(line(counts(rows)))
    blocks.append(Bullets(tuple(receipt(t, sheet.zone) for t in sheet.rows[:MOST_CUSTOMERS])))
    if len(sheet.rows) > MOST_CUSTOMERS:
        blocks.append(small(f"And {len(sheet.rows) - MOST_CUSTOMERS} more: `relay list mine` has them all."))
    if sheet.owed and any(t.row.state == "acknowledged" for t in sheet.rows):
        blocks.append(small(f"Follow-up due {sheet.owed}: `apology follow-up {n}` tells it, and closes what was told."))
    if sheet.apology.state == "retracted":
        blocks.append(line("It was taken back. Whoever was told in person hears so from you; nobody else is told."))
    elif sheet.before is not None:
        blocks.append(Line((Strong(f"What changed since version {sheet.before.number}, which they were told"),)))
        blocks += said.difference(sheet.before, sheet.version)
    fresh = any(t.row.state == "released" and not t.row.told for t in open_)
    points = sheet.version.text("talking-points")
    if fresh and points and sheet.apology.state != "retracted":
        blocks += [small("What to say, in your own voice"), Quote(points)]
    blocks += _pressed(n, sheet.rows)
    tone: Tone = "danger" if any(r.wrong for r in rows) else "good" if not open_ else "plain"
    return Card(f"{sheet.title}: your customers", tuple(blocks), tone)


def _pressed(n: int, rows: Sequence[Told]) -> list[Block]:
    """The likeliest first: told by phone, then several at once; then who answered; then the packs."""
    open_ = [t for t in rows if t.row.open and not t.row.wrong]
    wrong = [t for t in rows if t.row.wrong]
    waits = [t for t in rows if t.row.state == "relayed" and not t.row.wrong]
    by_phone = open_[:MOST_PRESSED]
    first = [
        Button(f"Told {t.name} by phone", f"relay done {n} {t.row.customer} via phone", "primary") for t in by_phone
    ]
    if open_ or wrong:
        first.append(Button("Told in another way, or several", f"relay done {n}", form=True))
        first.append(Button("Not to be told", f"relay skip {n}", form=True))
    second = [Button(f"{t.name} acknowledged", f"relay ack {n} {t.row.customer}") for t in waits[:MOST_PRESSED]]
    if len(waits) > MOST_PRESSED:
        second.append(Button("Several acknowledged", f"relay ack {n}", form=True))
    third = [Button(f"Pack: {t.name}", f"relay pack {n} {t.row.customer}") for t in rows[:2]]
    if len(rows) > 2:
        third = [Button("Open a customer's pack", f"relay pack {n}", form=True)]
    third.append(Button("A customer asks", "relay ask", form=True))
    return [Buttons(tuple(row)) for row in (first, second, third) if row]


def moved(title: str, name: str) -> Card:
    """What is left of a message once somebody else looks after these customers."""
    return Card(f"{title}: your customers", (line(f"{name} looks after them now."),))


def superseded(title: str, version: int) -> Card:
    """What is left of the message about an older version."""
    return Card(f"{title}: your customers", (line(f"Version {version} went out since: see below."),))


def quieted(title: str, why: str) -> Card:
    """What is left of a reminder, or of a warning, once something newer stands."""
    return Card(f"{title}: still to tell", (line(why),))


# --- clocks ----------------------------------------------------------------------------------------------------------
def reminder(sheet: Sheet, late: timedelta) -> Card:
    """Everybody an account manager still has to tell, on one card; `late` is how late the reminder itself is."""
    open_ = [t for t in sheet.rows if t.row.open]
    many = len(open_)
    words = f"{many} customer{'s have' if many != 1 else ' has'} not been told in person yet."
    if late >= timedelta(minutes=1):
        words += f" (This reminder is {span_words(late)} late.)"
    blocks: list[Block] = [small(sheet.note)] if sheet.note else []
    blocks += [line(words), Bullets(tuple(receipt(t, sheet.zone) for t in open_[:MOST_CUSTOMERS]))]
    if many > MOST_CUSTOMERS:
        blocks.append(small(f"And {many - MOST_CUSTOMERS} more: `relay list mine` has them all."))
    blocks += _pressed(sheet.apology.number, open_)[:1]
    return Card(f"{sheet.title}: still to tell", tuple(blocks), "warning")


def reminded(sheet: Sheet) -> Card:
    """A reminder once nothing is open any more, or a newer one stands below."""
    open_ = sum(t.row.open for t in sheet.rows)
    words = "Reminded again below." if open_ else f"Done. {counts([t.row for t in sheet.rows])}"
    return Card(f"{sheet.title}: still to tell", (line(words),), "plain" if open_ else "good")


def escalated(title: str, number: int, after: str, managers: Sequence[tuple[str, Sequence[Told]]]) -> Card:
    """For the commander and comms: who was not told in time, by whom it should have been."""
    blocks: list[Block] = []
    rest = [t for _, rows in managers for t in rows]
    if not rest:
        return Card(
            f"{title}: not told in time", (line("Everybody who was late has been told, or is skipped."),), "good"
        )
    blocks.append(line(f"{len(rest)} customer{'s' * (len(rest) != 1)} not told in person after {after}."))
    for name, rows in managers[:MOST_MANAGERS]:
        if rows:
            names = ", ".join(t.name for t in rows[:10]) + (f" and {len(rows) - 10} more" if len(rows) > 10 else "")
            blocks.append(line(Strong(name), f": {names}"))
    if len(managers) > MOST_MANAGERS:
        blocks.append(small(f"And {len(managers) - MOST_MANAGERS} account managers more."))
    blocks.append(Buttons((Button("Who is not told", f"relay list A{number}", "primary"),)))
    return Card(f"{title}: not told in time", tuple(blocks), "danger")


# --- those who watch -------------------------------------------------------------------------------------------------
def board(apology: Apology, managers: Mapping[str, Sequence[Relay]], *, drill: bool, owed: str = "") -> Card:
    """The live board in the rooms: how many were told, and by which account manager; `managers` by name."""
    rows = [r for held in managers.values() for r in held]
    blocks: list[Block] = [line(("Exercise. " if drill else "") + counts(rows))]
    order = sorted(managers.items(), key=lambda m: (-_late(m[1]), -sum(r.open for r in m[1]), m[0]))
    blocks.append(Bullets(tuple((Strong(name), Text(f": {_line(held)}")) for name, held in order[:MOST_MANAGERS])))
    if len(order) > MOST_MANAGERS:
        left = [r for _, held in order[MOST_MANAGERS:] for r in held]
        blocks.append(small(f"And {len(order) - MOST_MANAGERS} account managers more: {counts(left)}"))
    if owed and any(r.state == "acknowledged" for r in rows):
        blocks.append(small(f"Follow-up due {owed}."))
    blocks.append(Buttons((Button("Who was told, who not", f"relay list A{apology.number}"),)))
    tone: Tone = "danger" if any(r.wrong for r in rows) or any(r.open and r.overdue for r in rows) else "plain"
    tone = tone if any(r.open for r in rows) or tone == "danger" else "good"
    return Card(f"{said.named(apology)}: relay", tuple(blocks), tone)


def _late(rows: Sequence[Relay]) -> int:
    return sum(r.open and r.late for r in rows) + 1000 * sum(r.open and r.overdue for r in rows)


def _line(rows: Sequence[Relay]) -> str:
    over = sum(r.open and r.overdue for r in rows)
    return counts(rows).rstrip(".") + (f", {over} of these escalated" if over else "")


def listed(
    title: str, rows: Sequence[Told], everything: Sequence[Relay], page: int, more: str, before: str, zone: str
) -> Card:
    """One page of receipts; `more` and `before` are the lines that show the next and the last page."""
    first = (page - 1) * PAGE_ROWS
    here = rows[first : first + PAGE_ROWS]
    blocks: list[Block] = [line(counts(everything)), Bullets(tuple(receipt(t, zone, named=True) for t in here))]
    pages = -(-len(rows) // PAGE_ROWS)
    if pages > 1:
        blocks.append(small(f"Page {page} of {pages}, {len(rows)} receipts; told wrongly and late first."))
    open_ = [t for t in here if t.row.open and not t.row.wrong][:MOST_PRESSED]
    row = [Button(f"Told {t.name} by phone", f"relay done {t.row.apology} {t.row.customer} via phone") for t in open_]
    if row:
        blocks.append(Buttons(tuple(row)))
    turn = [Button("Page before", before)] if page > 1 else []
    turn += [Button("Next page", more, "primary")] if page < pages else []
    if turn:
        blocks.append(Buttons(tuple(turn)))
    return Card(title, tuple(blocks))


# --- before the apology ----------------------------------------------------------------------------------------------
def interim(title: str, called: str, words: str, points: Sequence[str], never: str, hit: Sequence[tuple[str, str]],
            number: int, note: str, at: datetime, zone: str) -> Card:  # fmt: skip
    """An account manager's customers while it lasts: who is hit, what they were told, what to say and what not."""
    blocks: list[Block] = [small(note)] if note else []
    blocks.append(
        line("Your customers below are hit. They were told at ", Moment(at, zone, "datetime"), f", in this {called}:")
    )
    blocks.append(Quote(words))
    blocks.append(Bullets(tuple((Strong(name), Text(f": {how}")) for name, how in hit[:MOST_CUSTOMERS])))
    if len(hit) > MOST_CUSTOMERS:
        blocks.append(small(f"And {len(hit) - MOST_CUSTOMERS} more: `affected {number} mine` has them all."))
    if points:
        blocks += [small("If they call: this is what we know"), Bullets(tuple((Text(p),) for p in points))]
    blocks.append(small(never))
    blocks.append(Buttons((Button("My affected customers", f"affected {number} mine"),)))
    return Card(f"{title}: your customers", tuple(blocks))
