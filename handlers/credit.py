"""What an incident costs by contract: for account managers and those who run it, never in a public text.

Downtime comes from window facts only, and from those that are public, for this customer, or confirmed by the commander:
never from when a room was opened or closed. The arithmetic is `handlers.domain.credit`.
"""

import calendar
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from fractions import Fraction

from handlers.accounts import accounts_of
from handlers.apologise import apology_of
from handlers.book import Book
from handlers.card import Block, Bullets, Button, Buttons, Card, Line, Reply, Strong, Text, line, small
from handlers.commands import ShowCredit
from handlers.context import Context
from handlers.customers import customer_of, hit_by
from handlers.domain.catalog import Contract, Customer
from handlers.domain.compose import Audience, Source, fact_id
from handlers.domain.compose.gaps import agrees
from handlers.domain.compose.ledger import Case, Conflict, Ledger
from handlers.domain.compose.moments import Span, duration_of, read_span
from handlers.domain.credit import (
    EVIDENCE,
    Credit,
    Outage,
    Window,
    credit,
    decimal,
    merged,
    month_window,
    months_of,
    shared,
)
from handlers.domain.errors import Refused
from handlers.domain.facts import Fact
from handlers.domain.incident import Incident
from handlers.domain.permit import may, must
from handlers.rooms import incident_of, standing
from handlers.say import apology as say_apology
from handlers.say import incident as say

COUNTED = ("window", "times", "duration", "timezone", "count")
"""The kinds of fact that downtime is reckoned from."""
BEFORE, AFTER = timedelta(days=31), timedelta(days=92)
"""Incidents declared so long before a month or after it are looked at for windows in it. Ours."""
MOST_LOOKED_AT = 5_000
"""Incidents around one month."""
MOST_ROWS = 20
"""Results on one card, a line each; a customer's own steps are on a card of their own."""
MOST_STEPS = 24
"""Lines of one result's steps."""
MOST_RESULTS = 4
"""Results with their steps on one card."""
NOT_COUNTED = ("cancelled", "merged")
HALF_AN_HOUR = timedelta(minutes=30)
"""A time known to the hour lies within half an hour of it."""
_LEAST = re.compile(r"^\s*(?:at least|more than|over)\b", re.IGNORECASE)
_ROUGH = re.compile(
    r"^\s*(?:about|around|roughly|approximately|nearly|almost|up to|under|fewer than|less than)\b", re.IGNORECASE
)
_SHARE = re.compile(r"^\s*(\d{1,3}(?:[.,]\d{1,6})?)\s*(?:%|per ?cent\b)", re.IGNORECASE)
CLAUSE = "A person must check whether this is downtime under the contract (clause_check: needs_human)."


@dataclass(frozen=True, slots=True)
class Due:
    """What one customer's contract owes for one service and one month; `year` is 0 where no window says which month."""

    customer: Customer
    service: str
    year: int
    month: int
    credit: Credit
    counted: tuple[int, ...] = ()
    """The incidents whose windows may lie in the month."""
    unrecorded: tuple[int, ...] = ()
    """Incidents of the month's surroundings that name no window yet: not counted."""
    running: bool = False
    """The month is not over."""

    @property
    def when(self) -> str:
        """`August 2010`, or nothing."""
        return f"{calendar.month_name[self.month]} {self.year}" if self.year else ""


_ANYBODY = Customer("", "")


class Exposure:
    """The credit of these incidents, customer by customer; what several customers share is worked out once.

    Other incidents of the same months count with them, unless they are private: nobody learns of those here.
    """

    def __init__(self, book: Book, ctx: Context, incidents: Sequence[Incident]) -> None:
        """`incidents` are those whoever reads the result may know of."""
        self.book = book
        self.ctx = ctx
        self.given = tuple(incidents)
        self._facts: dict[int, list[Fact]] = {}
        self._own: dict[int, set[str]] = {}
        self._hits: dict[int, dict[str, tuple[str, ...]]] = {}
        self._near: dict[tuple[int, int], list[Incident]] = {}
        self._read: dict[tuple[int, str], tuple[Outage, ...]] = {}
        self._planned: dict[tuple[int, str], tuple[Window, ...]] = {}
        self._terms: dict[tuple[Contract, ...], tuple[Contract, ...]] = {}
        self._lying: dict[tuple[int, ...], list[tuple[int, int]]] = {}
        self._worked: dict[tuple[object, ...], Due] = {}
        self.customers: dict[str, Customer] = {}
        for incident in self.given:
            self.hits(incident)

    def hits(self, incident: Incident) -> dict[str, tuple[str, ...]]:
        """By customer, the services they use that an incident hit."""
        if incident.number not in self._hits:
            found = hit_by(self.book, incident)
            self._hits[incident.number] = {hit.customer.key: hit.services for hit in found}
            if incident in self.given:
                self.customers |= {hit.customer.key: hit.customer for hit in found}
        return self._hits[incident.number]

    def dues(self, customer: Customer) -> tuple[Due, ...]:
        """Each service and month of one customer, in order."""
        services = dict.fromkeys(s for i in self.given for s in self.hits(i).get(customer.key, ()))
        return tuple(due for service in services for due in self._of_service(customer, service))

    def _of_service(self, customer: Customer, service: str) -> Iterable[Due]:
        contracts = self._terms.setdefault(customer.contracts, customer.contracts)
        given = [i for i in self.given if service in self.hits(i).get(customer.key, ())]
        months = self._months(contracts, [self.outages(i, customer) for i in given])
        if not months:
            names = ", ".join(i.name for i in given)
            because = f"no window of {names} is recorded that is public, for this customer, or confirmed"
            nothing = Credit(None, None, Fraction(), Fraction(), Fraction(), (), because)
            yield Due(customer, service, 0, 0, nothing, unrecorded=tuple(i.number for i in given))
        for year, month in months:
            near = [i for i in self._around(year, month) if service in self.hits(i).get(customer.key, ())]
            read = [(i, self.outages(i, customer)) for i in (*given, *near)]
            key = (id(contracts), service, year, month, *((i.number, id(outages)) for i, outages in read))
            if key not in self._worked:
                self._worked[key] = self._work(contracts, service, (year, month), read)
            yield replace(self._worked[key], customer=customer)

    def _months(self, contracts: tuple[Contract, ...], read: list[tuple[Outage, ...]]) -> list[tuple[int, int]]:
        """The months in which any of these outages may lie."""
        key = (id(contracts), *(id(outages) for outages in read))  # both are kept as long as this is
        if key not in self._lying:
            self._lying[key] = sorted({m for outages in read for o in outages for m in months_of(o, contracts)})
        return self._lying[key]

    def _work(
        self,
        contracts: tuple[Contract, ...],
        service: str,
        when: tuple[int, int],
        read: list[tuple[Incident, tuple[Outage, ...]]],
    ) -> Due:
        """One month of one service under these terms, the same for every customer whose incidents are the same."""
        outages: list[Outage] = []
        counted: list[int] = []
        for incident, found in read:
            planned = self.planned(incident, service)
            outages += [replace(o, excused=planned) for o in found]
            if any(when in months_of(o, contracts) for o in found):
                counted.append(incident.number)
        unrecorded = tuple(i.number for i, found in read if not found)
        over = month_window(*when, contracts[-1].zone if contracts else "UTC")[1]
        result = credit(contracts, *when, outages)
        return Due(_ANYBODY, service, *when, result, tuple(sorted(counted)), unrecorded, over > self.ctx.now)

    def _around(self, year: int, month: int) -> list[Incident]:
        """The other incidents that may have windows in a month."""
        if (year, month) not in self._near:
            start, end = month_window(year, month, "UTC")
            mine = {i.number for i in self.given}
            self._near[year, month] = [
                i
                for i in self.book.search(since=start - BEFORE, before=end + AFTER, limit=MOST_LOOKED_AT)
                if i.number not in mine and not i.drill and not i.private and i.status not in NOT_COUNTED
            ]
        return self._near[year, month]

    def planned(self, incident: Incident, service: str) -> tuple[Window, ...]:
        """Planned work that excuses an incident to the users of a service: on the service, or on all that was hit."""
        key = (incident.number, service)
        if key not in self._planned:
            catalog = self.book.catalog
            related = {service, *catalog.wholes(service), *catalog.parts(service)}
            hit = [s for s in incident.services if s in related]
            work = [[(m.start, m.end) for m in catalog.maintenance_of((s,))] for s in hit]
            found: Iterable[Window] = work[0] if work else ()
            for other in work[1:]:
                found = shared(found, other)
            own = [(m.start, m.end) for m in catalog.maintenance_of((service,))]
            self._planned[key] = merged([*found, *own])
        return self._planned[key]

    # --- from facts to outages ---------------------------------------------------------------------------------------
    def facts(self, incident: Incident) -> list[Fact]:
        """The facts of an incident that downtime is reckoned from: public, for a customer, or confirmed."""
        if incident.number not in self._facts:
            found = self.book.find(Fact, incident=incident.number, state="live", kind=COUNTED)
            self._facts[incident.number] = [f for f in found if f.visibility != "internal" or f.confirmed_at]
            self._own[incident.number] = {f.customer for f in found if f.customer}
        return self._facts[incident.number]

    def outages(self, incident: Incident, customer: Customer) -> tuple[Outage, ...]:
        """The windows of an incident, as far as the record knows them for this customer."""
        facts = self.facts(incident)
        own = customer.key in self._own[incident.number]
        key = (incident.number, customer.key if own else "")
        if key not in self._read:
            self._read[key] = self._outages(incident, facts, customer.key if own else "")
        return self._read[key]

    def _outages(self, incident: Incident, facts: list[Fact], customer: str) -> tuple[Outage, ...]:
        visible = [f for f in facts if f.visibility != "customer" or f.customer == customer]
        if any(f.kind in ("window", "times") and f.visibility == "customer" for f in visible):
            visible = [f for f in visible if f.kind not in ("window", "times") or f.visibility == "customer"]
        # what the commander confirmed counts here, though no customer may read it
        seen = tuple(replace(f, visibility="public") if f.visibility == "internal" else f for f in visible)
        source = Source(incidents=(incident,), facts=seen, house_zone=self.ctx.zone.key)
        ledger = Ledger(source, Audience(customer or None))
        case = ledger.case(incident.number)
        if case is None:
            return ()
        reader = _Reader(ledger, case, {fact_id(f): f for f in visible}, self.ctx)
        return tuple(reader.outage(span) for span in case.spans)


class _Reader:
    """One incident's windows as outages, each with the evidence it rests on."""

    def __init__(self, ledger: Ledger, case: Case, facts: dict[str, Fact], ctx: Context) -> None:
        self.ledger = ledger
        self.case = case
        self.facts = facts
        self.ctx = ctx
        self.name = case.incident.name
        # a length said of an incident with several windows is not the length of each
        self.length = None if len(case.spans) > 1 else ledger.known("duration", case.number)
        self.share = self._share()

    def outage(self, span: Span) -> Outage:
        """A span as an outage: never finer than the record."""
        facts = [self.facts[i] for i in span.ids if i in self.facts]
        outage = Outage(
            day=span.day,
            name=self.name,
            zone=span.zone if span.zoned else "",
            share=self.share,
            over_by=self.ctx.now,
            rung=len(EVIDENCE) - 1,
        )
        why = self.doubt(span, facts)
        if why:
            outage = replace(outage, why=why)
        elif span.start is None:
            outage, facts = self.lasting(outage, facts)
        elif span.end is None:
            outage, facts = self.lasting(replace(outage, start=span.start) if span.zoned else outage, facts)
        elif not span.zoned:  # in a zone that nobody named: how long is known, when is not
            outage = replace(outage, length=span.end - span.start, rung=3)
        elif any(f.precision == "at-least" for f in facts):
            outage = replace(outage, start=span.start, length=span.end - span.start, at_least=True)
        elif span.hours:
            outage = replace(outage, start=span.start, end=span.end, slack=HALF_AN_HOUR, rung=2)
        else:
            confirmed = all(f.confirmed_at for f in facts)
            outage = replace(outage, start=span.start, end=span.end, rung=0 if confirmed else 1)
        return replace(outage, basis=_basis(facts))

    def lasting(self, outage: Outage, facts: list[Fact]) -> tuple[Outage, list[Fact]]:
        """With the length that was recorded, if it is one."""
        settled = self.length
        length = duration_of(settled.fact) if settled is not None else None
        if settled is None or length is None:
            return outage, facts
        said = [*facts, *(self.facts[i] for i in settled.ids if i in self.facts)]
        fact = settled.fact
        if fact.precision == "at-least" or _LEAST.match(fact.value):
            return replace(outage, length=length, at_least=True), said
        if fact.precision in ("about", "hour", "day", "comparative") or _ROUGH.match(fact.value):
            return replace(outage, why=f"it is known only about how long {self.name} lasted"), said
        return replace(outage, length=length, rung=3), said

    def doubt(self, span: Span, facts: list[Fact]) -> str:
        """Why the times of a span cannot be taken, where sources disagree."""
        if len(self.case.spans) == 1 and isinstance(self.ledger.settled("duration", self.case.number), Conflict):
            return f"sources disagree on how long {self.name} lasted"
        if span.about and not span.hours:
            return f"the times of {self.name} are known only about"
        if not agrees(self.ledger, self.case):
            return f"the window and the duration of {self.name} disagree"
        house = self.ctx.zone.key
        timed = [f for f in facts if (s := read_span(f, fact_id(f), span.zone, house)) is not None and s.start]
        if span.start is None and timed:
            return f"sources disagree on the times of {self.name} ({', '.join(f'F{f.number}' for f in timed)})"
        return ""

    def _share(self) -> Fraction | None:
        """The part of this customer's users that was hit; only a fact for this customer says so, and exactly."""
        found = self.ledger.known("count", self.case.number)
        if found is None or found.fact.visibility != "customer" or found.fact.precision in ("about", "at-least"):
            return None
        if found.value.casefold() in ("all", "everybody", "all users"):
            return Fraction(1)
        percent = _SHARE.match(found.value)
        value = Fraction(percent[1].replace(",", ".")) / 100 if percent else None
        return value if value is not None and value <= 1 else None


def _basis(facts: Sequence[Fact]) -> str:
    """`F2 window, F3 duration; source statement; confirmed`."""
    names = ", ".join(f"F{f.number} {f.kind}" for f in facts)
    sources = ", ".join(dict.fromkeys(f.source for f in facts if f.source)) or "no source"
    confirmed = "confirmed" if facts and all(f.confirmed_at for f in facts) else "not confirmed"
    return f"{names}; {sources}; {confirmed}" if facts else ""


# --- what people read ------------------------------------------------------------------------------------------------
def exposure_blocks(book: Book, ctx: Context, incidents: Sequence[Incident], customer: Customer) -> tuple[Block, ...]:
    """What these incidents cost by this customer's contract, in a few lines for their account manager alone.

    Whoever shows it sees to it that nobody else reads it. Nothing where the customer was not hit.
    """
    dues = Exposure(book, ctx, incidents).dues(customer)
    if not dues:
        return ()
    rows = tuple((Strong(_titled(book, due)), Text(f": {_result(due)}")) for due in dues[:MOST_ROWS])
    says = f"credit {incidents[-1].number} {customer.key}"
    return (
        Line((Strong("Contract credit, for you alone"),)),
        Bullets(rows),
        small(f"Not for the customer unless approved in a text of their own. {CLAUSE} `{says}` shows the steps."),
    )


def exposure_line(book: Book, ctx: Context, incidents: Sequence[Incident], asked: str) -> str:
    """What it comes to for all customers, in one line without a name; `asked` shows it one by one (`credit A3`)."""
    exposure = Exposure(book, ctx, incidents)
    months: dict[tuple[int, int], Counter[str]] = {}
    for customer in exposure.customers.values():
        worst: dict[tuple[int, int], list[Due]] = {}
        for due in exposure.dues(customer):
            worst.setdefault((due.year, due.month), []).append(due)
        for month, dues in worst.items():
            months.setdefault(month, Counter())[_figure(dues)] += 1
    if not months:
        return ""
    told = [_summed(month, counts) for month, counts in sorted(months.items())]
    return f"Contract credit{'' if (0, 0) in months else ','} {'; '.join(told)}. `{asked}` shows the steps."


def _figure(dues: Sequence[Due]) -> str:
    """What one customer's month comes to: the highest credit, unless something cannot be told."""
    if any(d.credit.percent is None for d in dues):
        return "not computable"
    most = max(d.credit.percent or Fraction() for d in dues)
    return f"{decimal(most, 3)} %" if most else "none"


def _summed(month: tuple[int, int], counts: Counter[str]) -> str:
    """`August 2010: 1 customer 25 %, 2 not computable`."""
    order = sorted(counts, key=lambda f: (f == "none", f == "not computable", -float(f[:-2]) if f[0].isdigit() else 0))
    rows = [
        f"{counts[f]} customer{'s' * (counts[f] != 1)} {f}" if n == 0 else f"{counts[f]} {f}"
        for n, f in enumerate(order)
    ]
    when = f"{calendar.month_name[month[1]]} {month[0]}" if month[0] else "(no window is recorded)"
    return f"{when}: {', '.join(rows)}"


def beside(card: Card, words: str) -> Card:
    """A preview for approvers with the exposure line above its buttons: known before anybody promises."""
    if not words:
        return card
    cut = next((n for n, block in enumerate(card.blocks) if isinstance(block, Buttons)), len(card.blocks))
    return replace(card, blocks=(*card.blocks[:cut], small(words), *card.blocks[cut:]))


def _titled(book: Book, due: Due) -> str:
    when = f", {due.when}{', not over yet' if due.running else ''}" if due.when else ""
    return f"{book.catalog.service_name(due.service)}{when}"


def _result(due: Due) -> str:
    """The result in a sentence, and what it leaves out."""
    left = [n for n in due.unrecorded if due.year]
    names = ", ".join(f"INC-{n}" for n in left)
    return due.credit.sentence + (f" Not counted, as no window is recorded: {names}." if left else "")


def show(command: ShowCredit, ctx: Context, book: Book) -> Reply:
    """What incidents cost by contract: all customers whoever asks may read of, or one with every step."""
    if command.apology is not None:
        apology = apology_of(book, ctx, command.apology)
        incidents = [i for n in apology.incidents if (i := book.get(Incident, n)) is not None]
        head, asked = say_apology.named(apology), f"credit A{apology.number}"
    else:
        incident = incident_of(book, ctx, command.incident)
        incidents, head, asked = [incident], say.head(incident), f"credit {incident.number}"
    everybody = may("credit", standing(book, ctx, *incidents))
    accounts = accounts_of(book, ctx)
    if command.customer:
        customer = customer_of(book, command.customer)
        manages = customer.account_manager.casefold() in accounts
        must("credit", standing(book, ctx, *incidents, manages=manages))
        return Reply(_steps(book, Exposure(book, ctx, incidents), customer, head))
    exposure = Exposure(book, ctx, incidents)
    readable = [c for c in exposure.customers.values() if everybody or c.account_manager.casefold() in accounts]
    if not everybody and not readable:
        must("credit", standing(book, ctx, *incidents))
    return Reply(_overview(book, exposure, readable, head, asked))


def _overview(book: Book, exposure: Exposure, customers: Sequence[Customer], head: str, asked: str) -> Card:
    """One line a customer, service and month."""
    if not customers:
        return Card(f"{head}: contract credit", (line("No customer is affected."),))
    rows = [(c, due) for c in customers for due in exposure.dues(c)]
    blocks: list[Block] = [
        Bullets(tuple((Strong(c.name), Text(f", {_titled(book, due)}: {_result(due)}")) for c, due in rows[:MOST_ROWS]))
    ]
    if len(rows) > MOST_ROWS:
        blocks.append(small(f"And {len(rows) - MOST_ROWS} more: `{asked} <customer>` shows one."))
    blocks.append(small(f"For you alone; never in a public text. {CLAUSE}"))
    blocks.append(Buttons(tuple(Button(f"Steps: {c.name}"[:75], f"{asked} {c.key}") for c in customers[:5])))
    return Card(f"{head}: contract credit", tuple(blocks))


def _steps(book: Book, exposure: Exposure, customer: Customer, head: str) -> Card:
    """One customer's results with all the arithmetic."""
    if customer.key not in exposure.customers:
        raise Refused(f"{customer.name} is not among the affected customers. `affected` shows them and why.")
    blocks: list[Block] = []
    dues = exposure.dues(customer)
    for due in dues[:MOST_RESULTS]:
        blocks += [Line((Strong(_titled(book, due)),)), line(_result(due))]
        steps = due.credit.steps
        if steps:
            blocks.append(Bullets(tuple((Text(step),) for step in steps[:MOST_STEPS])))
        if len(steps) > MOST_STEPS:
            blocks.append(small(f"And {len(steps) - MOST_STEPS} more steps."))
    if len(dues) > MOST_RESULTS:
        blocks.append(small(f"And {len(dues) - MOST_RESULTS} more results."))
    blocks.append(small("For you alone; never in a public text, and in one of theirs only once approved."))
    return Card(f"{head}: contract credit of {customer.name}", tuple(blocks))
