"""The four variants of an apology, and the holding and closing statements."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from handlers.domain.compose import phrases as say
from handlers.domain.compose.clauses import Clauses
from handlers.domain.compose.frame import Said, blank
from handlers.domain.compose.ledger import Case, Ledger
from handlers.domain.compose.moments import date_words, lived, rules, zone_label, zone_of, zone_title
from handlers.domain.compose.page import Line, Page, Section, fitted, line, section, words_in
from handlers.domain.compose.phrases import Part, Token, listed, opened, small
from handlers.domain.compose.source import (
    CHAT_WORDS,
    CLOSURE_WORDS,
    FAQ_ITEMS,
    FULL_WORDS,
    HOLDING_WORDS,
    PUBLIC,
    SPOKEN_WORDS,
    TALKING_LINES,
    Audience,
    Composed,
    Source,
    digest,
)

_COMMITS: Final = re.compile(r"\bprevent\w*\b.{0,60}\b(?:again|future|recur\w*|repeat)", re.IGNORECASE)
"""Rule A4."""
_OWED: Final = {"contact": 95, "remedy": 95, "recurrence": 91, "cause": 90, "unknown": 89}
_CLOSING: Final = {"unknown": 93, "unknown by": 93, "cause": 70, "flaw": 69, "recurrence": 70, "cause unknown": 70}
"""A closing word owes the times and the state; the causes it tells as far as there is room."""
MOST_FINE_LINES: Final = 2
"""Clock times of more incidents than this are not read aloud."""
_SPARED: Final = frozenset({"chat: prevention", "chat: effort"})
"""What chat can do without before it gives up clock times; so is the commitment where the effort says it."""
DO_NOT_SAY: Final = (
    "Do not say: more on the cause, other customers' names, end times to come, credit, or “never again”."
)


def compose(source: Source, audience: Audience = PUBLIC) -> Composed:
    """All four variants for one audience: full, chat, talking-points, faq. Same input, same output."""
    ledger = Ledger(source, audience)
    clauses = Clauses(ledger)
    return _composed(ledger, (_full(clauses), _chat(clauses), _talking(clauses), _faq(clauses)))


def leaves_nothing_open(source: Source) -> bool:
    """Whether this is a follow-up after which customers are owed no report (F12 asks for none)."""
    return Ledger(source, PUBLIC).last_word


def compose_holding(source: Source, audience: Audience = PUBLIC, next_update: datetime | None = None) -> Composed:
    """The first word to customers while nobody knows the cause (variant `holding`, to be linted as an update).

    It says what, since when, who, the next update and whom to contact; no cause, and no apology for a fault not yet
    known. `next_update` is UTC; without one it is the incident's own.
    """
    ledger = Ledger(source, audience)
    return _composed(ledger, (_holding(Clauses(ledger), next_update),))


def compose_closure(source: Source, audience: Audience = PUBLIC) -> Composed:
    """The closing word at resolve (variant `closure`): when, what, how it stands, what comes; no apology."""
    ledger = Ledger(source, audience)
    return _composed(ledger, (_closure(Clauses(ledger)),))


def _composed(ledger: Ledger, pages: Sequence[Page]) -> Composed:
    used = {ident for page in pages for ident in page.ids}
    rows = {ident: ledger.rows[ident] for ident in used if ident in ledger.rows}
    return Composed(
        texts=tuple((page.variant, page.text) for page in pages),
        clauses=tuple(c for page in pages for c in page.clauses),
        locked=tuple(t for page in pages for t in page.locked),
        facts_hash=digest(rows),
        left_out=tuple(name for page in pages for name in page.left_out),
    )


# --- full ------------------------------------------------------------------------------------------------------------
def _full(c: Clauses) -> Page:
    saw = [line(c.with_teasers_explained(said), before="- ") for said in c.saw()]
    around = line(c.count(), c.data(), c.exclusions())
    sections = [
        section(line(c.again(), c.sorry())),
        section(*saw, heading="What you saw"),
        section(around),
        section(line(c.with_teasers_explained(c.causes()), c.promises()), heading="What went wrong"),
        section(
            line(c.with_teasers_explained(c.done())), heading="What we have done" if c.actions() else "Where we stand"
        ),
        _next(c),
        section(line(c.contact())),
        section(line(c.signatory())),
    ]
    return fitted("full", sections, FULL_WORDS)


def _next(c: Clauses) -> Section:
    return section(
        line(*c.prevention()), line(c.unknowns()), line(c.report_and_remedy()), heading="What happens next", gap="\n\n"
    )


# --- chat and talking points -----------------------------------------------------------------------------------------
def _groups(c: Clauses, *, coarse: bool) -> list[tuple[Case, ...]]:
    """Incidents that differ only in their day share a line."""
    groups: dict[tuple[object, ...], list[Case]] = {}
    ledger = c.ledger
    for case in ledger.cases:
        causes = tuple(
            s.value.casefold() if (s := ledger.known(kind, case.number)) else ""
            for kind in ("cause.trigger", "cause.flaw", "cause.latent")
        )
        failed = tuple(x.number for x in c.failed_before(case))
        place = "" if c.one_place or case.region is None else case.region.text
        impacts = tuple(sorted(t.text.casefold() for t in case.impacts))
        # clock times or a length of its own need a line of its own
        fine = any(s.timed and s.zoned for s in case.spans) or ledger.known("duration", case.number)
        apart = case.number if fine and not coarse else 0
        groups.setdefault((impacts, case.services, place, causes, failed, apart), []).append(case)
    return [tuple(held) for held in groups.values()]


def _group_lines(c: Clauses, *, coarse: bool = False) -> list[Line | None]:
    out: list[Line | None] = []
    told: set[int] = set()
    spoken: set[str] = set()
    for cases in _groups(c, coarse=coarse):
        said = [_group_fact(c, cases)]
        said += [Said("impact", "F6", (*opened(more), "."), 88) for more in c.symptoms(cases, brief=True)[1:]]
        said += c.also_hit(cases, " ".join(s.text for s in said))
        what: tuple[Part, ...] = ("this",)
        said += c.cause_of(cases, what)
        failed = c.failed_before(cases[0])
        latent = c.shared("cause.latent", cases)
        own = c.ledger.known("cause.trigger", cases[0].number) or c.ledger.known("cause.flaw", cases[0].number)
        if failed and (latent or not own):
            said.append(c.did_not_resolve(latent, cases, what))
            told |= {x.number for x in failed}
        elif latent:
            said.append(c.latent_alone(latent, cases, what))
        fresh = [one for one in said if one.name != "recurrence" or one.text not in spoken]
        spoken |= {one.text for one in fresh}
        out.append(line(c.with_teasers_explained(fresh, brief=True)))
    rest = c.unsaid_failures(told)
    return [*out, line(rest)]


def _group_fact(c: Clauses, cases: tuple[Case, ...]) -> Said:
    head: tuple[Part, ...]
    if len(cases) == 1 and len(cases[0].spans) == 1:
        head = c.when(cases[0], cases[0].spans[0])
    else:
        days = c.days(cases)
        head = (days,) if days else ()
    symptoms = c.symptoms(cases, brief=True)
    length = c.length(cases[0]) if len(cases) == 1 else ()
    place = () if c.one_place else c.place(cases)
    scope: tuple[Part, ...] = (", for ", *place) if place else ()
    if symptoms:
        body: tuple[Part, ...] = (*symptoms[0], *length, *scope)
    else:
        names = c.services_words(cases)
        silent = c.ledger.waived("impact", "F6") or any(f.unknown for f in c.ledger.of("impact", cases[0].number))
        what, where = ("trouble", " with ") if silent else (blank("what customers saw"), " in ")
        body = (what, *((where, *names) if names else ()), *length, *scope)
    start: tuple[Part, ...] = (*head, ": ") if head else ()
    return Said("window", "F1", (*start, *(body if head else opened(body)), "."), 94)


def _stand(c: Clauses) -> Line | None:
    return line(c.with_teasers_explained(c.actions(), brief=True), c.state(monitoring=False), c.risk())


def _work(c: Clauses) -> Line | None:
    """The commitment and the work.

    Where words are short, who owns it goes first; then the commitment, if the work that goes on already says it.
    """
    said = [s for row in c.prevention() for s in row]
    effort = c.effort()
    spoken = any(_COMMITS.search(s.text) for s in effort)
    keep = {"prevention": 50 if len(said) > 1 else 83, "commitment": 63 if spoken else 87}
    return line([Said(s.name, s.rule, s.parts, keep.get(s.name, s.keep)) for s in said], effort)


def _chat(c: Clauses) -> Page:
    """Days alone where the clock times of several incidents would push out something that chat owes."""
    fine = _chat_page(c, coarse=False)
    spared = _SPARED | ({"chat: commitment"} if any(_COMMITS.search(s.text) for s in c.effort()) else set())
    if len(c.ledger.cases) == 1 or not set(fine.left_out) - spared:
        return fine
    coarse = _chat_page(c, coarse=True)
    return coarse if len(coarse.left_out) < len(fine.left_out) else fine


def _chat_page(c: Clauses, *, coarse: bool) -> Page:
    rows = [
        line(c.again(), c.sorry_briefly()),
        *_group_lines(c, coarse=coarse),
        line(c.harm()),
        _stand(c),
        _work(c),
        line(c.next_dates(), c.contact(brief=True)),
        line(c.signatory()),
    ]
    return fitted("chat", [section(*(_owed(row) for row in rows))], CHAT_WORDS)


def _owed(row: Line | None) -> Line | None:
    """What the short variants owe by the specification stays longer there than in the full text."""
    return _weighed(row, _OWED)


def _weighed(row: Line | None, keep: Mapping[str, int]) -> Line | None:
    """The line with its sentences kept as long as this variant needs them."""
    if row is None:
        return None
    return Line(tuple(Said(s.name, s.rule, s.parts, keep.get(s.name, s.keep)) for s in row.said), row.before)


def _talking(c: Clauses) -> Page:
    groups = [row for row in (*_group_lines(c, coarse=len(c.ledger.cases) > MOST_FINE_LINES), line(c.harm())) if row]
    signed = [Said(s.name, s.rule, ("Signed: ", *s.parts), s.keep) for s in c.signatory()]
    rest = [row for row in (_stand(c), _work(c), line(c.next_dates(), c.contact(brief=True)), line(signed)) if row]
    room = TALKING_LINES - 2 - len(rest)  # the apology and the do-not-say line
    while len(groups) > max(room, 1):
        last = groups.pop()
        groups[-1] = Line((*groups[-1].said, *last.said))
    rows = [line(c.again(), c.sorry_briefly()), *groups, *rest]
    spoken = [section(*(Line(owed.said, "- ") for row in rows if (owed := _owed(row))))]
    page = fitted("talking-points", spoken, SPOKEN_WORDS - words_in(DO_NOT_SAY))
    return Page(page.variant, f"{page.text}\n{DO_NOT_SAY}", page.clauses, page.locked, page.left_out, page.ids)


# --- questions and answers -------------------------------------------------------------------------------------------
def _faq(c: Clauses) -> Page:
    days = c.days(c.ledger.cases)
    when = [Said("window", "F1", ("It happened on ", days, "."), 94)] if isinstance(days, Token) else []
    cases = c.ledger.cases
    if len(cases) == 1 and len(cases[0].spans) == 1:
        when = [Said("window", "F1", ("It happened on ", *c.when(cases[0], cases[0].spans[0]), "."), 94)]
    names = c.services(c.ledger.cases)
    which = []
    if names:
        many = len(names) > 1 or say.plural(say.plain(names[0]))
        parts = (*opened(listed(names, c.locale)), f" {'were' if many else 'was'} affected.")
        which = [Said("services", "F4", parts, 70)]
    plans = [s for row in c.prevention() for s in row if s.name == "prevention"]
    unknown = {said.name: said for said in c.unknown_answers()}
    items: list[tuple[str, int, Sequence[Said]]] = [
        ("When did this happen?", 95, when),
        ("What are the exact times?", 84, _one(unknown, "times")),
        ("Which services were affected?", 60, which),
        ("How many customers were affected?", 72, c.count() or _one(unknown, "count")),
        ("What caused it?", 94, [s for s in c.causes() if s.rule in {"A3", "F9"}][:3] or _one(unknown, "cause")),
        *(
            (f"What {'were' if noun.endswith('s') else 'was'} the {noun}?", 83, c.explanation(name, noun))
            for name, noun in c.teaser_nouns().items()
        ),
        ("Is it fixed?", 93, c.state(monitoring=False) or _one(unknown, "fix")),
        ("Can it happen again?", 82, c.risk()),
        ("Was data lost?", 90, [s for s in c.data() if s.name == "data-loss"] or _one(unknown, "data-loss")),
        ("Was this a security incident?", *_security(c, unknown)),
        ("Was anything else affected?", 50, c.exclusions()[:1]),
        ("What will you change?", 80, plans[:1] or _one(unknown, "prevention")),
        ("Will there be a remedy?", 81, c.remedy()),
        ("When will you report again?", 92, c.report()),
        ("Where can I ask?", 55, c.contact()),
    ]
    asked = [(q, keep, said) for q, keep, said in items if said]
    chosen = sorted(asked, key=lambda item: -item[1])[:FAQ_ITEMS]
    rows = [line(said, before=f"{q}\n") for q, keep, said in asked if (q, keep, said) in chosen]
    return fitted("faq", [section(*rows, gap="\n\n")], FULL_WORDS)


def _security(c: Clauses, unknown: dict[str, Said]) -> tuple[int, Sequence[Said]]:
    """A breach, or the doubt of one, is answered before most; that there was none, where there is room."""
    said = [s for s in c.data() if s.name == "security"]
    doubt = _one(unknown, "security")
    return (91 if doubt or any(s in c.harm() for s in said) else 52), said or doubt


def _one(unknown: dict[str, Said], name: str) -> list[Said]:
    return [unknown[name]] if name in unknown else []


# --- while it lasts, and at its end ----------------------------------------------------------------------------------
def _holding(c: Clauses, next_update: datetime | None) -> Page:
    ledger = c.ledger
    cases = ledger.cases
    whole = c.services(cases, whole=True)
    names = listed(whole, c.locale) if whole else c.services_words(cases)
    place = c.place(cases)
    scope: tuple[Part, ...] = (" for ", *place) if place else ()
    known: tuple[Part, ...] = ("There is a problem with ", *names) if names else ("There is a problem",)
    said = [Said("services", "F4", (*known, *scope, "."), 100)]
    for case in cases:
        for token in case.impacts:
            words = Token(small(token.text), token.ids)
            match say.shape(token.text):
                case "noun":
                    parts: tuple[Part, ...] = (f"Customers see {say.article(token.text, symptom=True)}", words, ".")
                case "verb":
                    parts = ("Customers ", "were " if words.text.lower().startswith("unable") else "", words, ".")
                case "state":
                    parts = ("It ", words, ".")
                case _:
                    parts = (*opened((token,)), ".")
            said.append(Said("impact", "F6", tuple(p for p in parts if p), 90))
    said = list({one.text: one for one in said}.values())
    said += _began(c, cases)
    said.append(Said("work", "A5a", ("We are working on it now.",), 60))
    planned = (i.customer_update_at or i.next_update_at for i in ledger.source.incidents)
    at = next_update or next((p for p in planned if p), None)
    by: Part = blank("time of the next update")
    if at is not None:
        told = ledger.known("timezone")
        named = [told.value] if told else []
        named += [s.zone for case in cases for s in case.spans if s.zoned]
        places = [name for name in named if (found := zone_of(name)) and found.key]  # a bare offset holds one season
        zone = c.zone or next(iter(places), ledger.source.house_zone)
        by = Token(_moment(at, zone, c.locale), ("next update",))
    said.append(Said("next", "F12", ("The next update comes by ", by, "."), 98))
    return fitted("holding", [section(line(said, c.contact()))], HOLDING_WORDS)


def _moment(at: datetime, zone: str, locale: str) -> str:
    here, utc = at.astimezone(rules(zone)), at.astimezone(rules("UTC"))
    own = f"{here:%H:%M} {zone_label(zone, at)}"
    beside = f"{utc:%H:%M} UTC"
    if here.date() != utc.date():
        beside = f"{beside} on {date_words(utc.date(), locale)}"
    if here.utcoffset() == utc.utcoffset():
        beside = "UTC"
    return f"{own if own == f'{utc:%H:%M} UTC' else f'{own} ({beside})'} on {date_words(here.date(), locale)}"


def _began(c: Clauses, cases: Sequence[Case]) -> list[Said]:
    """Since when: only a recorded window says so, never the opening of a room."""
    spans = sorted((s for case in cases for s in case.spans), key=lambda s: lived(s, c.zone or "UTC"))
    if not spans:
        return [Said("window", "F1", ("The start time is not known yet.",), 70)]
    span = spans[0]
    zone = c.ledger.zone_fact(cases[0].number)
    ids = tuple(dict.fromkeys((*span.ids, *(zone.ids if zone and zone.value == span.zone else ()))))
    if span.start and span.zoned:
        words = _moment(span.start, c.zone or span.zone, c.locale)
        return [Said("window", "F1", (f"It began at {'about ' if span.about else ''}", Token(words, ids), "."), 92)]
    day = date_words(span.day, c.locale)
    if span.part and span.zoned:
        day = f"{day}, in the {span.part} ({zone_title(span.zone, c.locale)})"
    return [Said("window", "F1", ("It began on ", Token(day, ids), "."), 92)]


def _closure(c: Clauses) -> Page:
    names = c.services_words(c.ledger.cases)
    place = c.place(c.ledger.cases) if c.one_place else ()
    on: tuple[Part, ...] = (" on ", *names) if names else ()
    scope: tuple[Part, ...] = (" for ", *place) if place else ()
    head: tuple[Part, ...] = ("This is our closing update", *on, *scope, ".")
    saw = [line(c.with_teasers_explained(said), before="- ") for said in c.saw()]
    sections = [
        section(line(Said("services", "F4", head, 100)), *saw),
        section(line(c.count(), c.data(), c.exclusions())),
        section(_weighed(line(c.with_teasers_explained([*c.causes(), *c.done()])), _CLOSING)),
        section(_weighed(line(c.unknowns(), c.report(), c.contact()), _CLOSING)),
    ]
    return fitted("closure", sections, CLOSURE_WORDS)
