"""Questions: what customers ask comes back through their account managers, and is answered once for everybody."""

from collections.abc import Sequence
from dataclasses import replace

from handlers.accounts import in_charge, manages
from handlers.apologise import source_of
from handlers.book import Book
from handlers.card import Block, Button, Buttons, Card, Quote, Reply, line, small
from handlers.commands import RelayAnswer, RelayAsk
from handlers.context import Context
from handlers.customers import affected_by, customer_of
from handlers.domain.apology import Apology, Version
from handlers.domain.catalog import Customer
from handlers.domain.compose import PUBLIC
from handlers.domain.errors import Refused
from handlers.domain.incident import OPEN, Incident
from handlers.domain.lint import Finding, drift_of_answer, record_view
from handlers.domain.people import Person
from handlers.domain.permit import may, must
from handlers.domain.relay import OUT, Question, Relay, asks_the_same
from handlers.outside import findings_for_customers
from handlers.packs import incidents_of, name_of, watchers
from handlers.rooms import may_see, say_to, sees, standing, tell

LONGEST = 1500
"""Characters of a question, and of an answer: both stand in every pack."""


def ask(command: RelayAsk, ctx: Context, book: Book) -> Reply:
    """A customer's question, for whoever can answer it once for all; where that was done, the answer at once."""
    customer = customer_of(book, command.customer)
    apology, incident = _about(book, ctx, customer)
    incidents = incidents_of(book, apology) if apology else [incident] if incident else []
    must("ask", standing(book, ctx, *incidents, manages=manages(book, ctx, customer)))
    if len(command.question) > LONGEST:
        raise Refused(f"Keep it under {LONGEST:,} characters. Nothing was recorded.")
    known = _same(book, apology, incident, command.question)
    if known is not None and known.customer == customer.key and not known.same_as and not known.answer:
        return Reply(_card(book, known, f"{customer.name} asked this already; nobody has answered yet."))
    number = book.number("questions")
    question = Question(
        number, customer.key, command.question, ctx.actor.key, ctx.now,
        apology=apology.number if apology else None, incident=incident.number if incident and not apology else None,
        same_as=known.number if known is not None else 0,
    )  # fmt: skip
    if known is not None and known.answer:
        question = replace(
            question, answer=known.answer, answered_by=known.answered_by, answered_at=known.answered_at,
            answered_by_name=known.answered_by_name,
        )  # fmt: skip
    book.put(question)
    _note(book, ctx, question, f"asked for {customer.name}: {command.question}")
    if known is not None and known.answer:
        words = (
            f"Answered before, as question {known.number}. If {customer.name} means something else, ask in other words."
        )
        return Reply(_card(book, question, words), changed=True)
    if known is not None:
        words = f"Question {known.number} asks the same: the answer comes to you as well."
        _tell(book, ctx, known, f"question-{known.number}", _open(book, known))
        return Reply(_card(book, question, words), changed=True)
    _tell(book, ctx, question, f"question-{number}", _open(book, question))
    return Reply(_card(book, question, "It went to whoever can answer it; the answer comes to you."), changed=True)


def answer(command: RelayAnswer, ctx: Context, book: Book) -> Reply:
    """The answer, for everybody with that question; held against the facts, because customers read it."""
    asked = book.get(Question, command.question)
    first = book.get(Question, asked.same_as) if asked is not None and asked.same_as else asked
    if first is None or not _visible(book, ctx, first):
        raise Refused(f"There is no question {command.question}. Nothing was recorded.")
    customer = book.catalog.customer(first.customer)
    theirs = customer is not None and manages(book, ctx, customer)
    must("ask", standing(book, ctx, *_incidents(book, first), manages=theirs))
    if len(command.answer) > LONGEST:
        raise Refused(f"Keep it under {LONGEST:,} characters. Nothing was recorded.")
    errors = [f for f in _faults(book, ctx, first, command.answer) if f.severity == "error"]
    if errors:
        named = "; ".join(f"“{f.text}”: {f.message}" for f in errors[:4])
        raise Refused(f"Customers must not hear this. {named} Nothing was recorded.")
    group = [q for q in book.find(Question) if first.number in (q.number, q.same_as)]
    again = bool(first.answer)
    for question in group:
        book.put(
            replace(
                question, answer=command.answer, answered_by=ctx.actor.key, answered_at=ctx.now,
                answered_by_name=ctx.actor.name,
            )
        )  # fmt: skip
    after = book.get(Question, first.number)
    assert after is not None
    _note(book, ctx, after, f"answered question {first.number}: {command.answer}")
    names = ", ".join(dict.fromkeys(name_of(book, q.customer) for q in group))
    serial = book.number(f"answers-{first.number}")
    head = f"Question {first.number} is answered{' anew' if again else ''}"
    for person in _askers(book, ctx, group):
        own = ", ".join(dict.fromkeys(name_of(book, q.customer) for q in group if _is_of(book, ctx, person, q)))
        card = Card(
            head, (line(f"Asked by {own or 'customers'}:"), Quote(first.question), Quote(command.answer)), "good"
        )
        say_to(book, ctx, person, f"question-{first.number}/answer/{serial}/{person.key}", card)
    _tell(book, ctx, after, f"question-{first.number}", _card(book, after, f"Answered by {ctx.actor.name}."))
    tail = small(f"Told to whoever asked ({names}), and in every pack from now on.")
    warned = [f for f in _faults(book, ctx, first, command.answer) if f.severity == "warning"]
    doubts = [small(f"Mind “{f.text}”: {f.message}") for f in warned[:3]]
    return Reply(Card(head, (Quote(first.question), Quote(command.answer), tail, *doubts), "good"), changed=True)


def _about(book: Book, ctx: Context, customer: Customer) -> tuple[Apology | None, Incident | None]:
    """What a customer asks about: the latest apology that went out to them, else the incident that hits them."""
    for row in sorted(book.find(Relay, customer=customer.key, state=OUT), key=lambda r: -r.apology):
        apology = book.get(Apology, row.apology)
        if apology is not None and sees(book, ctx, *apology.incidents):
            return apology, book.get(Incident, apology.incidents[-1])
    for incident in book.search(statuses=(*OPEN, "resolved"), limit=20, reader=ctx.actor.key):
        if any(c.key == customer.key for c, _ in affected_by(book, incident)):
            return None, incident
    return None, None


def _same(book: Book, apology: Apology | None, incident: Incident | None, words: str) -> Question | None:
    """The first question about the same matter that asks the same."""
    if apology is not None:
        asked = book.find(Question, apology=apology.number)
    elif incident is not None:
        asked = book.find(Question, incident=incident.number)
    else:
        return None
    return next((q for q in asked if not q.same_as and asks_the_same(q.question, words)), None)


def _visible(book: Book, ctx: Context, question: Question) -> bool:
    """Whether whoever asks may know of a question: one about a private incident is its members' alone."""
    apology = book.get(Apology, question.apology) if question.apology else None
    numbers = apology.incidents if apology is not None else (question.incident,) if question.incident else ()
    return sees(book, ctx, *numbers)


def _incidents(book: Book, question: Question) -> list[Incident]:
    apology = book.get(Apology, question.apology) if question.apology else None
    if apology is not None:
        return incidents_of(book, apology)
    incident = book.get(Incident, question.incident) if question.incident else None
    return [incident] if incident is not None else []


def _faults(book: Book, ctx: Context, question: Question, words: str) -> Sequence[Finding]:
    """What stands against an answer: words of the inside, and whatever the approved text or the record does not say."""
    found = list(findings_for_customers(book, words))
    apology = book.get(Apology, question.apology) if question.apology else None
    incidents = _incidents(book, question)
    if not incidents:
        return found
    signatory, answers_to = (apology.signatory, apology.follows) if apology is not None else ("", 0)
    source = source_of(book, ctx, incidents, signatory, follows=answers_to)
    version = _out(book, apology) if apology is not None else None
    approved = f"{version.text('full')}\n\n{version.text('faq')}" if version is not None else ""
    found += drift_of_answer(words, approved, record_view(source, PUBLIC, book.catalog)).findings
    seen: dict[tuple[int, int], Finding] = {}
    for finding in found:
        seen.setdefault((finding.start, finding.end), finding)
    return tuple(seen.values())


def _out(book: Book, apology: Apology) -> Version | None:
    """The version customers read, which is not the one that is being corrected."""
    rows = book.find(Relay, apology=apology.number, state=OUT)
    return book.get(Version, apology.number, max((r.version for r in rows), default=apology.version))


def _tell(book: Book, ctx: Context, question: Question, key: str, card: Card) -> None:
    """The card for those who can answer, and for the account managers who have the question open: the same, edited."""
    group = [q for q in book.find(Question) if question.number in (q.number, q.same_as)]
    lead = next((i.number for i in _incidents(book, question)), None)
    people = {p.key: p for p in (*_answerers(book, question), *_askers(book, ctx, group))}
    incidents = _incidents(book, question)
    for person in people.values():
        can = may("ask", standing(book, replace(ctx, actor=person), *incidents))
        shown = card if can else replace(card, blocks=tuple(b for b in card.blocks if not isinstance(b, Buttons)))
        if person.key != ctx.actor.key or book.posts(f"{key}/asked/{person.key}@"):
            say_to(book, ctx, person, f"{key}/asked/{person.key}", shown, incident=lead)


def _answerers(book: Book, question: Question) -> list[Person]:
    """The commander and comms of the incident; where none is at hand, the catalog's."""
    incidents = _incidents(book, question)
    if incidents:
        return watchers(book, incidents[-1])
    named = [p.email or p.name for r in ("commander", "comms") for p in book.catalog.people_with(r)]
    return [p for p in (book.person(k) for k in named) if p is not None]


def _askers(book: Book, ctx: Context, group: Sequence[Question]) -> list[Person]:
    """Who asked, and whoever looks after those customers today."""
    found: dict[str, Person] = {}
    for question in group:
        customer = book.catalog.customer(question.customer)
        charge = in_charge(book, ctx, customer.account_manager) if customer is not None else None
        for person in (book.person(question.by), charge.person if charge else None):
            if person is not None and all(may_see(book, person, i) for i in _incidents(book, question)):
                found[person.key] = person
    return list(found.values())


def _is_of(book: Book, ctx: Context, person: Person, question: Question) -> bool:
    """Whether a question is one of this person's customers'."""
    customer = book.catalog.customer(question.customer)
    if customer is None or question.by == person.key:
        return customer is not None
    return manages(book, replace(ctx, actor=person), customer)


def _open(book: Book, question: Question) -> Card:
    """The card of a question that waits for its answer."""
    return _card(book, question, "Answer it once, for everybody who asks the same.")


def _card(book: Book, question: Question, words: str) -> Card:
    first = question.same_as or question.number
    group = [q for q in book.find(Question) if first in (q.number, q.same_as)]
    names = ", ".join(dict.fromkeys(name_of(book, q.customer) for q in group)) or name_of(book, question.customer)
    blocks: list[Block] = [line(f"Asked by {names}:"), Quote(question.question)]
    if question.answer:
        blocks.append(Quote(question.answer))
    blocks.append(small(words))
    if not question.answer:
        blocks.append(Buttons((Button("Answer", f"relay answer {first}", "primary", form=True),)))
    return Card(f"Question {first}", tuple(blocks), "good" if question.answer else "plain")


def _note(book: Book, ctx: Context, question: Question, words: str) -> None:
    """A line in the timeline of what it is about."""
    incidents = _incidents(book, question)
    if incidents:
        tell(book, ctx, incidents[-1], "relay", words)
