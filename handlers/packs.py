"""Packs: what account managers read. One message each when something goes out, kept current; one customer's whole pack.

A message is redrawn when somebody acts, at once, and when a post settles, a little later and for all that settled
meanwhile: with 500 customers and 40 account managers that is 40 edits, not 500.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta

from handlers import promises, receipts
from handlers.accounts import in_charge
from handlers.apologise import Draft, source_of
from handlers.book import Book
from handlers.card import Block, Bullets, Card, Line, Quote, Reply, Strong, Text, line
from handlers.commands import RelayPack
from handlers.context import Context
from handlers.credit import exposure_blocks
from handlers.customers import CALLED, affected_by, customer_of, of_customer
from handlers.domain.apology import Apology, Promise, Proposal, Version, Waiver
from handlers.domain.catalog import Customer
from handlers.domain.compose import PUBLIC, Audience, carried_over, compose, compose_holding
from handlers.domain.compose.variants import DO_NOT_SAY
from handlers.domain.delivery import EDIT, PAGE, Place, Post
from handlers.domain.errors import Refused
from handlers.domain.incident import Incident
from handlers.domain.letter import LETTERS, subject_of, words_of
from handlers.domain.people import Person
from handlers.domain.relay import OUT, TOLD, Pack, Question, Relay
from handlers.due import Due
from handlers.nudge import nudge
from handlers.rooms import may_see, say_in_rooms, say_to, sees
from handlers.say import apology as say_apology
from handlers.say import relay as say
from handlers.say.incident import head, span_words

FOLD = timedelta(seconds=20)
"""How long deliveries are gathered before an account manager's message is redrawn. Ours."""
PART = 5_500
"""Characters of one message of a pack: within 12,000 of a Slack message's blocks and 28 KB of a Teams card, whatever
the alphabet (docs.slack.dev/reference/block-kit/blocks, learn.microsoft.com format-your-bot-messages)."""
PART_LINES = 30
"""Lines of one message of a pack: within Slack's 50 blocks."""
MOST_PAST = 10
"""Earlier incidents of one customer in a pack, newest first."""


def incidents_of(book: Book, apology: Apology) -> list[Incident]:
    """The incidents an apology covers."""
    return [i for n in apology.incidents if (i := book.get(Incident, n)) is not None]


def title_of(book: Book, apology: Apology) -> str:
    """INC-1 Checkout is down: apology A1; numbers alone where it covers several."""
    incidents = incidents_of(book, apology)
    if len(incidents) == 1:
        return f"{head(incidents[0])}: {say_apology.called(apology)}"
    return f"{'DRILL ' if is_drill(book, apology) else ''}{say_apology.named(apology)}"


def is_drill(book: Book, apology: Apology) -> bool:
    """Whether it is an exercise."""
    return any(i.drill for i in incidents_of(book, apology))


# --- one account manager's message -----------------------------------------------------------------------------------
def release(book: Book, ctx: Context, found: Draft) -> None:
    """A version goes out: receipts, one message for each account manager, the board."""
    rows = receipts.release(book, ctx, found)
    after = book.get(Apology, found.apology.number) or found.apology
    for post in book.posts(f"late-relay-{after.number}/"):  # what was late of an older version no longer matters
        card = say.quieted(title_of(book, after), f"Version {found.version.number} went out since.")
        book.send(Post(post.key, post.place, card=card, rank=EDIT, incident=after.incidents[-1]))
    owed = follow_up_due(book, after)
    for manager, mine in _held(rows).items():
        draw(book, ctx, after, manager, mine, owed, new=True)
    board(book, ctx, after, rows, owed)


def acted(book: Book, ctx: Context, apology: Apology, managers: Iterable[str]) -> list[Relay]:
    """Somebody acted on receipts of these account managers: every message about them says so now. All receipts."""
    rows, owed = receipts.of(book, apology), follow_up_due(book, apology)
    held = _held(rows)
    for manager in sorted(set(managers)):
        draw(book, ctx, apology, manager, held.get(manager, ()), owed)
    board(book, ctx, apology, rows, owed)
    escalation(book, ctx, apology, rows, again=True)
    return rows


def _held(rows: Sequence[Relay]) -> dict[str, list[Relay]]:
    """Receipts by the address of their account manager."""
    found: dict[str, list[Relay]] = {}
    for row in rows:
        found.setdefault(row.manager, []).append(row)
    return dict(sorted(found.items()))


def taken_back(book: Book, ctx: Context, customers: Iterable[str]) -> None:
    """Somebody took a word about these customers back: what is on screen says so."""
    managers: dict[int, set[str]] = {}
    for said in customers:
        customer = book.catalog.customer(said)
        for row in book.find(Relay, customer=customer.key, state=OUT) if customer is not None else ():
            managers.setdefault(row.apology, set()).add(row.manager)
    for number, named in managers.items():
        apology = book.get(Apology, number)
        if apology is not None:
            acted(book, ctx, apology, named)


def draw(
    book: Book, ctx: Context, apology: Apology, manager: str, mine: Sequence[Relay], owed: str, *, new: bool = False
) -> None:
    """Say, or redraw, the message of whoever looks after this account manager's customers today.

    `mine` are their receipts, `owed` the day of the follow-up (`follow_up_due`).
    """
    pack = book.get(Pack, apology.number, manager) or Pack(apology.number, manager, apology.version)
    version = max((r.version for r in mine), default=apology.version)
    charge = in_charge(book, ctx, manager)
    person = charge.person or (_for_nobody(book, apology) if not manager else None)
    title = title_of(book, apology)
    old = book.person(pack.person) if pack.person else None
    if old is not None and pack.version != version:
        say_to(book, ctx, old, _key(pack), say.superseded(title, version), EDIT)
        pack = _quieted(book, ctx, pack, old, say.quieted(title, f"Version {version} went out since."))
    elif old is not None and person is not None and old.key != person.key:
        say_to(book, ctx, old, _key(pack), say.moved(title, person.name), EDIT)
        pack = _quieted(book, ctx, pack, old, say.quieted(title, f"{person.name} looks after them now."))
    incidents = incidents_of(book, apology)
    if person is None or not mine or not all(may_see(book, person, i) for i in incidents):
        return
    after = replace(pack, version=version, person=person.key)
    sheet = sheet_of(book, ctx, apology, manager, mine, owed)
    say_to(book, ctx, person, _key(after), say.customers(sheet), PAGE if new else EDIT, incidents[-1].number)
    if after.reminded and not any(r.open for r in mine):
        nudge(book, ctx, person, reminder_key(after), say.reminded(sheet), EDIT, incidents[-1].number)
    elif after.reminded:
        nudge(
            book,
            ctx,
            person,
            reminder_key(after),
            say.reminder(sheet, timedelta(seconds=after.late_by)),
            EDIT,
            incidents[-1].number,
        )
    book.put(after)


def _quieted(book: Book, ctx: Context, pack: Pack, person: Person, card: Card) -> Pack:
    """The reminder that stands last has nothing to press any more."""
    if pack.reminded:
        nudge(book, ctx, person, reminder_key(pack), card, EDIT)
    return replace(pack, reminded=0)


def _key(pack: Pack) -> str:
    return f"relay-{pack.apology}/{pack.version}/{pack.manager or 'nobody'}/{pack.person}"


def reminder_key(pack: Pack) -> str:
    """The key of the reminder that stands last: each reminder is a message of its own, edited until the next."""
    who = pack.manager or "nobody"
    return f"reminder-relay-{pack.apology}/{pack.version}/{who}/{pack.person}/{pack.reminded}"


def _for_nobody(book: Book, apology: Apology) -> Person | None:
    """Who reads of customers without an account manager: comms, else the commander."""
    lead = book.get(Incident, apology.incidents[-1])
    return None if lead is None else book.person(lead.holder("comms") or lead.holder("commander"))


def sheet_of(book: Book, ctx: Context, apology: Apology, manager: str, rows: Sequence[Relay], owed: str) -> say.Sheet:
    """What an account manager's messages are drawn from: told wrongly and late first."""
    ordered = sorted(rows, key=say.rank)
    version = max((r.version for r in rows), default=apology.version)
    current = book.get(Version, apology.number, version)
    assert current is not None
    old = [r.told for r in ordered if r.state == "released" and 0 < r.told < version]
    before = book.get(Version, apology.number, min(old)) if old else None
    keys = {r.customer for r in rows}
    charge = in_charge(book, ctx, manager)
    note = ""
    if charge.cover is not None:
        theirs = book.person(manager)
        name = theirs.name if theirs is not None else manager
        note = f"You cover for {name} until {charge.cover.until}: these customers are theirs."
    elif not manager:
        note = "The catalog names no account manager for these customers, so they come to you."
    drill = is_drill(book, apology)
    told = [
        say.Told(r, name_of(book, r.customer), "" if drill or n >= say.MOST_CUSTOMERS else _delivery(book, apology, r))
        for n, r in enumerate(ordered)
    ]
    return say.Sheet(
        apology, title_of(book, apology), _for(current, keys), tuple(told), ctx.zone.key, note, drill,
        owed, _for(before, keys) if before else None,
    )  # fmt: skip


def _for(version: Version, customers: set[str]) -> Version:
    """A version as these customers get it: no other customer's name or words reach their account manager."""
    return replace(version, recipients=tuple(r for r in version.recipients if r.customer in customers))


def name_of(book: Book, key: str) -> str:
    """A customer's name; the key, where the catalog no longer has it."""
    customer = book.catalog.customer(key)
    return customer.name if customer is not None else key


def _delivery(book: Book, apology: Apology, row: Relay) -> str:
    return say.delivered(of_customer(book, f"apology-{apology.number}", row.customer))


def follow_up_due(book: Book, apology: Apology) -> str:
    """The first day on which customers hear again after this apology, as they were told; nothing if none is owed."""
    days = [p for p in promises.owed(book, apology.number) if p.kind != promises.FIXED and p.due_at is not None]
    return min(days, key=lambda p: p.due_at).due if days else ""  # type: ignore[arg-type,return-value]


def settled(book: Book, ctx: Context, apology: Apology, customer: str) -> None:
    """A post to a customer settled: their account manager reads so soon. A follow-up closes what it follows."""
    row = book.get(Relay, apology.number, customer)
    if row is None:
        return
    pack = book.get(Pack, apology.number, row.manager)
    if pack is not None and pack.person and pack.stale_at is None:
        book.put(replace(pack, stale_at=ctx.now + FOLD))
    if apology.follows and any(p.state == "sent" for p in of_customer(book, f"apology-{apology.number}", customer)):
        follow_up_given(book, ctx, apology, (customer,))


def follow_up_given(book: Book, ctx: Context, apology: Apology, customers: Sequence[str]) -> None:
    """These customers were given the follow-up: what they were told before is closed, and the messages say so soon."""
    for row in receipts.close_earlier(book, ctx, apology, customers):
        pack = book.get(Pack, row.apology, row.manager)
        if pack is not None and pack.stale_at is None:
            book.put(replace(pack, stale_at=ctx.now + FOLD))


def _due_pack(pack: Pack, ctx: Context, book: Book) -> None:
    """Deliveries settled since this message was drawn: it is redrawn once, whatever settled meanwhile."""
    book.put(replace(pack, stale_at=None))
    apology = book.get(Apology, pack.apology)
    if apology is None:
        return
    mine = book.find(Relay, apology=apology.number, manager=pack.manager, state=OUT)
    draw(book, ctx, apology, pack.manager, mine, follow_up_due(book, apology))


def _boards(found: list[Pack], ctx: Context, book: Book) -> None:
    boards({p.apology for p in found}, ctx, book)


STALE: Due[Pack] = Due("packs", Pack, "stale_at", _due_pack, at_once=20, then=_boards)


# --- those who watch -------------------------------------------------------------------------------------------------
def board(book: Book, ctx: Context, apology: Apology, rows: Sequence[Relay], owed: str) -> None:
    """One live board in the rooms: how many were told, by which account manager."""
    lead = book.get(Incident, apology.incidents[-1])
    if lead is None or not rows:
        return
    card = say.board(apology, by_manager(book, rows), drill=is_drill(book, apology), owed=owed)
    say_in_rooms(book, ctx, lead, f"apology-{apology.number}/board", card)


def boards(numbers: Iterable[int], ctx: Context, book: Book) -> None:
    """The boards of these apologies, each read and drawn once for all that fell due together."""
    for number in sorted(set(numbers)):
        apology = book.get(Apology, number)
        if apology is not None:
            board(book, ctx, apology, receipts.of(book, apology), follow_up_due(book, apology))


def by_manager(book: Book, rows: Sequence[Relay]) -> dict[str, list[Relay]]:
    """Receipts by the name of their account manager."""
    found: dict[str, list[Relay]] = {}
    names: dict[str, str] = {}
    for row in rows:
        if row.manager not in names:
            person = book.person(row.manager) if row.manager else None
            names[row.manager] = person.name if person else row.manager or say.NOBODY
        found.setdefault(names[row.manager], []).append(row)
    return found


def escalation(book: Book, ctx: Context, apology: Apology, rows: Sequence[Relay], *, again: bool = False) -> None:
    """The one card for the commander and comms about who was not told in time; `again` redraws it where it stands."""
    lead = book.get(Incident, apology.incidents[-1])
    late = [r for r in rows if r.overdue]
    version = max((r.version for r in rows), default=1)
    prefix = f"late-relay-{apology.number}/{version}/"
    if lead is None or not (book.posts(prefix) if again else late):
        return
    after = book.catalog.policy.reminders.relay_escalate
    managers = [
        (name, [say.Told(r, name_of(book, r.customer)) for r in held if r.open])
        for name, held in by_manager(book, late).items()
    ]
    managers = [(name, told) for name, told in managers if told]
    card = say.escalated(title_of(book, apology), apology.number, span_words(after), managers)
    for person in watchers(book, lead):
        say_to(book, ctx, person, f"{prefix}{person.key}", card, EDIT if again else PAGE, lead.number)


def watchers(book: Book, incident: Incident) -> list[Person]:
    """The commander and comms of an incident; where it has none, those whom the catalog names, if they may see it."""
    found: dict[str, Person] = {}
    for role in ("commander", "comms"):
        held = incident.holder(role)
        for named in (held,) if held else tuple(p.email or p.name for p in book.catalog.people_with(role)):
            person = book.person(named)
            if person is not None and may_see(book, person, incident):
                found[person.key] = person
    return list(found.values())


# --- one customer's pack ---------------------------------------------------------------------------------------------
def pack(command: RelayPack, ctx: Context, book: Book) -> Reply:
    """All that is needed to tell one customer, in one's own chat; each text is a message of its own, to be copied."""
    from handlers.relay import receipts_of

    apology, (row,) = receipts_of(book, ctx, command.apology, (command.customer,))
    customer = customer_of(book, row.customer)
    parts = _parts(_pack(book, ctx, apology, row, customer))
    cards = [Card(f"{title_of(book, apology)}: {customer.name}", tuple(part)) for part in parts]
    serial = book.number(f"packs-{apology.number}-{customer.key}")
    address = ctx.actor.slack if ctx.whence.platform == "slack" else ctx.actor.teams
    if not address:
        raise Refused("I do not know your own chat here, and a pack is said nowhere else. Open a chat with me first.")
    for n, card in enumerate(cards, 1):
        named = replace(card, head=f"{card.head} ({n} of {len(cards)})") if len(cards) > 1 else card
        key = f"pack-{apology.number}/{row.version}/{customer.key}/{serial}/{n:02}@{ctx.whence.platform}"
        book.send(Post(key, Place(ctx.whence.platform, "person", address), card=named, incident=apology.incidents[-1]))
    words = f"{customer.name}'s pack is in your own chat with me: {len(cards)} message{'s' * (len(cards) != 1)}."
    return Reply(Card(title_of(book, apology), (line(words),)))


def _parts(sections: Sequence[Sequence[Block]]) -> list[list[Block]]:
    """Messages that fit both platforms: each section begins one, a long one goes on in the next; nothing is cut."""
    parts: list[list[Block]] = []
    for section in sections:
        room, lines = 0, 0
        for block in (piece for whole in section for piece in _pieces(whole)):
            size, high = _size(block)
            if room - size < 0 or lines - high < 0:
                parts.append([])
                room, lines = PART, PART_LINES
            parts[-1].append(block)
            room, lines = room - size, lines - high
    return parts


def _pieces(block: Block) -> list[Block]:
    """A block in pieces that each fit into one message."""
    match block:
        case Quote(words) if len(words) > PART:
            return [Quote(piece) for piece in cut(words, PART)]
        case Bullets(items):
            return [Bullets((item,)) for item in items]
        case _:
            return [block]


def _size(block: Block) -> tuple[int, int]:
    """Characters and lines."""
    match block:
        case Quote(words):
            return len(words), 1 + words.count("\n") // 3
        case Bullets(items):
            return sum(len(getattr(s, "words", "")) + 20 for item in items for s in item), len(items)
        case Line(spans):
            return sum(len(getattr(s, "words", "")) + 20 for s in spans), 1
        case _:
            return 200, 1


def cut(words: str, most: int) -> list[str]:
    """A text in pieces of at most so many characters, cut where a paragraph, a line, a sentence or a word ends."""
    left, pieces = words.strip(), []
    while len(left) > most:
        at = next(
            (m for mark in ("\n\n", "\n", ". ", " ") if (m := left.rfind(mark, most // 2, most)) > 0),
            most - 1,
        )
        pieces.append(left[: at + 1].strip())
        left = left[at + 1 :].strip()
    return [*pieces, left]


def texts_for(book: Book, ctx: Context, apology: Apology, version: Version, customer: Customer) -> dict[str, str]:
    """The approved words as this customer reads them: their zone, their English, the facts that are theirs alone.

    The sentences are those that were approved; what differs by reader (clock times, dates) is put in. For a channel the
    approved bytes themselves.
    """
    incidents = incidents_of(book, apology)
    waived = frozenset(w.rule for w in book.find(Waiver, apology=apology.number) if not w.void)
    source = source_of(book, ctx, incidents, apology.signatory, waived, apology.follows)
    public = compose(source, PUBLIC)
    own = compose(source, Audience(customer.key, customer.timezone, customer.english))
    found = {}
    for variant in ("full", "chat", "talking-points", "faq"):
        words = version.text(variant)
        if words == public.text(variant):
            found[variant] = own.text(variant)
        elif version.facts_hash == public.facts_hash:
            found[variant] = carried_over(words, public, own, variant)
        else:  # the record has moved on since: nothing but what was approved is passed on
            found[variant] = words
    for row in reversed([r for r in version.recipients if r.customer == customer.key]):
        if row.platform not in LETTERS:
            found["chat"] = row.text
        elif row.platform == "email":
            found |= {"full": words_of(row.platform, row.text), "subject": subject_of(row.text)}
    return found


_NEVER = re.compile(r"^Do not say: .*$", re.MULTILINE)


def _pack(book: Book, ctx: Context, apology: Apology, row: Relay, customer: Customer) -> list[list[Block]]:
    """The sections of a pack, in the order in which one needs them."""
    version = book.get(Version, apology.number, row.version)
    assert version is not None
    drill = is_drill(book, apology)
    first: list[Block] = [line("This is an exercise: tell no customer.")] if drill else []
    told = say.Told(row, customer.name, "" if drill else _delivery(book, apology, row))
    first.append(Bullets((say.receipt(told, ctx.zone.key),)))
    sections: list[list[Block]] = []
    if apology.state == "retracted":
        first.append(
            line("It was taken back: tell them that, and that we will write again. Nothing else of it is told.")
        )
        return [[*first, *_history(book, ctx, customer, apology)]]
    texts = texts_for(book, ctx, apology, version, customer)
    before = book.get(Version, apology.number, row.told) if 0 < row.told < row.version else None
    if before is not None:
        keys = {customer.key}
        first.append(Line((Strong(f"What changed since version {before.number}, which they were told"),)))
        first += say_apology.difference(_for(before, keys), _for(version, keys))
    points = texts["talking-points"]
    never = found[0] if (found := _NEVER.search(points)) else DO_NOT_SAY
    first += [Line((Strong("To say on the phone, in your own voice"),)), Quote(_NEVER.sub("", points).strip())]
    first.append(Line((Strong("Do not say"),)))
    first.append(Bullets(tuple((Text(item),) for item in _items(never))))
    sections.append(first)
    for variant, label in (("full", "E-mail, to be copied"), ("chat", "Chat message, to be copied")):
        if texts[variant]:
            subject = texts.get("subject", "") if variant == "full" else ""
            under = [line("Subject: ", Strong(subject))] if subject else []
            sections.append([Line((Strong(label),)), *under, Quote(texts[variant])])
    answers = [q for q in book.find(Question, apology=apology.number) if q.answer and not q.same_as]
    if texts["faq"] or answers:
        asked: list[Block] = [Line((Strong("Questions and answers"),))]
        asked += [Quote(texts["faq"])] if texts["faq"] else []
        asked += [Quote(f"{q.question}\n{q.answer}") for q in answers]
        sections.append(asked)
    last = [*_history(book, ctx, customer, apology), *_sla(book, ctx, apology, customer)]
    if last:
        sections.append(last)
    return sections


def _items(never: str) -> list[str]:
    """The do-not-say line as a list."""
    bare = never.partition(":")[2].strip().rstrip(".")
    return [part.removeprefix("or ").strip() for part in bare.split(", ") if part.strip()]


def _history(book: Book, ctx: Context, customer: Customer, apology: Apology) -> list[Block]:
    """What this customer went through before, and what they were promised, with its state; private incidents aside."""
    rows = [r for r in book.find(Relay, customer=customer.key, state=OUT) if r.apology != apology.number]
    blocks: list[Block] = []
    past: list[tuple[Text | Strong, ...]] = []
    for row in sorted(rows, key=lambda r: -r.apology)[:MOST_PAST]:
        other = book.get(Apology, row.apology)
        if other is None or not sees(book, ctx, *other.incidents):
            continue
        names = ", ".join(f"{i.name} {i.title} ({i.declared_at:%-d %B %Y})" for i in incidents_of(book, other))
        state = "told" if row.state in TOLD and not row.wrong else "told wrongly" if row.wrong else row.state
        past.append((Strong(f"A{other.number}"), Text(f" {names}: {other.state}, {state}")))
    if past:
        blocks += [Line((Strong("Before this, the house only"),)), Bullets(tuple(past))]
    made = [p for p in book.find(Promise) if customer.key in p.customers and sees(book, ctx, p.incident)]
    if made:
        items = tuple(
            (Strong(f"P{p.number} {p.state}"), Text(f" {p.text}{f', due {p.due}' if p.due else ''} (A{p.apology})"))
            for p in sorted(made, key=lambda p: -p.number)[:MOST_PAST]
        )
        blocks += [Line((Strong("Promised to them"),)), Bullets(items)]
    return blocks


def _sla(book: Book, ctx: Context, apology: Apology, customer: Customer) -> tuple[Block, ...]:
    """What the contract owes this customer; shown in the pack alone, never in words that leave the house."""
    return exposure_blocks(book, ctx, incidents_of(book, apology), customer)


# --- before the apology ----------------------------------------------------------------------------------------------
def interim(book: Book, ctx: Context, proposal: Proposal, incident: Incident) -> None:
    """Words went to customers while it lasts: each account manager has one message with theirs, and what to say.

    The first of an incident is a new message, later updates edit it, and the closing update is a message of its own.
    """
    sent = {r.customer for r in proposal.recipients}
    managed: dict[str, list[Customer]] = {}
    for customer, _ in affected_by(book, incident):
        if customer.account_manager:
            managed.setdefault(customer.account_manager, []).append(customer)
    called, kind = CALLED[proposal.kind], "closure" if proposal.kind == "closure" else "while"
    source = source_of(book, ctx, (incident,))
    points: list[str] = []
    if kind == "while":
        text = str(compose_holding(source, next_update=proposal.next_at))
        points = [s for s in re.split(r"(?<=[.!?])\s+(?=[A-Z])", text.strip()) if s and "[" not in s]
    for manager, customers in managed.items():
        charge = in_charge(book, ctx, manager)
        person = charge.person
        if person is None or not may_see(book, person, incident):
            continue
        gets = {True: "their channel gets it", False: "no channel here: tell them yourself"}
        hit = [(c.name, gets[c.key in sent]) for c in customers]
        note = ""
        if charge.cover is not None:
            theirs = book.person(manager)
            note = f"You cover for {theirs.name if theirs else manager} until {charge.cover.until}."
        card = say.interim(
            head(incident), called, proposal.text, points, DO_NOT_SAY, hit, incident.number, note, ctx.now, ctx.zone.key
        )
        say_to(
            book, ctx, person, f"interim-{incident.number}/{kind}/{manager}/{person.key}", card, PAGE, incident.number
        )
