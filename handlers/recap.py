"""Recap: the short way into the fact ledger. One form, the sentences that will be said, one confirmation."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from handlers import grammar
from handlers.apologise import gaps_of, source_of
from handlers.book import Book
from handlers.card import Block, Bullets, Button, Buttons, Card, Line, Quote, Reply, Strong, line, small
from handlers.commands import OpenForm, Recap, TaskAdd
from handlers.context import Context
from handlers.domain.compose import PUBLIC, compose, default_next_report
from handlers.domain.compose.gaps import is_amount
from handlers.domain.errors import Refused
from handlers.domain.facts import Fact
from handlers.domain.incident import Event, Incident, Task
from handlers.domain.permit import must
from handlers.facts import LONGEST_VALUE, dated_window, read_due, task_add, write_fact
from handlers.rooms import incident_of, standing
from handlers.say import facts as say_facts
from handlers.say import incident as say

STATES = {"not-fixed": "none", "stable": "contained", "fixed": "fixed", "checked": "verified"}
SOURCE = "recap"
UNKNOWN = "unknown"
KINDS = {
    "seen": "impact",
    "count": "count",
    "trigger": "cause.trigger",
    "data-loss": "data-loss",
    "remedy": "remedy",
}
"""Answers that are kept as they were given, and the kind of fact each becomes."""
_SYMPTOM = re.compile(
    r"\b(?:unable to|could(?: not|n't)|cannot|can't|fail(?:s|ed|ing)? to|lost access)\b", re.IGNORECASE
)
_NUMBER = re.compile(
    r"\b(\d[\d.,]*\s?(?:%|per ?cent)) of (?:\w+ ){0,2}(?:customers|users|tenants)\b"
    r"|\b(\d[\d.,]* (?:\w+ )?(?:customers|users|organi[sz]ations|tenants))\b",
    re.IGNORECASE,
)
_CAUSE = re.compile(r"\b(?:because(?! of)|caused by|triggered by)\s+([^.!?]{4,200})", re.IGNORECASE)


def recap(command: Recap, ctx: Context, book: Book) -> Reply:
    """Record the answers as public facts; answers never come from when the room was opened or closed."""
    from handlers import forms  # not at the top: forms asks here for what to propose

    incident = incident_of(book, ctx, command.incident)
    must("draft", standing(book, ctx, incident))
    if not command.answers:
        return Reply(forms.form(OpenForm(f"recap {incident.number}", "recap"), ctx, book))
    answers = {k: v.strip() for k, v in command.answers if v.strip()}
    for kind, value in _facts(answers, ctx):
        _put(book, ctx, incident, kind, value)
    if answers.get("change", UNKNOWN).lower() != UNKNOWN:
        _change(answers["change"], ctx, book, incident)
    return Reply(_recorded(ctx, book, incident), changed=True)


def _facts(answers: dict[str, str], ctx: Context) -> list[tuple[str, str]]:
    """What each answer says, as kind and value. Raises Refused before anything was recorded."""
    found = []
    for name, kind in KINDS.items():
        if name in answers:
            value = answers[name]
            if len(value) > LONGEST_VALUE:
                raise Refused(f"Keep each answer under {LONGEST_VALUE:,} characters. Nothing was recorded.")
            found.append((kind, "none" if kind == "data-loss" and value.lower() in ("no", "none") else value))
    remedy = answers.get("remedy", "")
    if is_amount(remedy):
        raise Refused(
            "An amount is for one customer's eyes only: `fact remedy … source … for <customer>`. In the recap say "
            "“none due”, or “unknown”: then customers read by when it is decided. Nothing was recorded."
        )
    if "from" in answers or "to" in answers:
        window = _window(answers)
        found.append(("times", UNKNOWN) if window == UNKNOWN else ("window", dated_window(window, ctx)))
    state = answers.get("state", UNKNOWN).lower()
    if state != UNKNOWN:
        if state not in STATES:
            raise Refused(f"The state is one of: {', '.join(STATES)}, or unknown. Nothing was recorded.")
        found.append(("fix", STATES[state]))
    report = answers.get("next-report", UNKNOWN)
    if report.lower() != UNKNOWN:
        read_due(ctx, report)
        found.append(("next-report", report))
    return found


def _put(book: Book, ctx: Context, incident: Incident, kind: str, value: str) -> None:
    """One public fact. What an earlier recap said of it no longer stands; what others recorded is left alone."""
    live = [f for f in book.find(Fact, incident=incident.number, kind=kind) if f.state == "live"]
    if any(f.value == value and f.visibility == "public" for f in live):
        return
    earlier = [f for f in live if f.source == SOURCE]
    for fact in earlier:
        book.put(replace(fact, state="replaced", because="the recap was answered again"))
    write_fact(
        book,
        ctx,
        incident,
        kind,
        value,
        source=SOURCE,
        visibility="public",
        replaces=earlier[-1].number if earlier else None,
    )


def _change(words: str, ctx: Context, book: Book, incident: Incident) -> None:
    """What changes is a task with an owner and a date: a promise is made of nothing less."""
    reading = grammar.Reading(ctx.now, ctx.zone, incident.number)
    task = grammar.read(f"task {incident.number} add {words}", reading)
    if not isinstance(task, TaskAdd):
        raise Refused("What changes, by whom, by when? Like: change: test every certificate @noor due 2026-12-01.")
    if task.text not in [t.text for t in book.find(Task, incident=incident.number) if t.done_at is None]:
        task_add(task, ctx, book)


def _recorded(ctx: Context, book: Book, incident: Incident) -> Card:
    """The sentences that customers will read, and what is still open."""
    n = incident.number
    composed = compose(source_of(book, ctx, (incident,)), PUBLIC)
    missing = [g for g in gaps_of(book, ctx, (incident,)) if g.blocks]
    blocks: list[Block] = [line("Recorded. This is what customers will read:"), Quote(composed.text("chat"))]
    if missing:
        blocks += [Line((Strong("Still open"),)), Bullets(tuple(say_facts.gap(g) for g in missing))]
    row = [Button("Recap again", f"recap {n}", form=True), Button("All facts", f"facts {n}")]
    if incident.status in ("monitoring", "resolved"):
        row.insert(0, Button("Draft apology", f"apology draft {n}", "primary"))
    else:
        blocks.append(small("An apology can be drafted once it is monitoring or resolved."))
    return Card(f"{say.head(incident)}: recap", (*blocks, Buttons(tuple(row))), "warning" if missing else "good")


def _window(answers: dict[str, str]) -> str:
    start, end = answers.get("from", ""), answers.get("to", "")
    if UNKNOWN in (start.lower(), end.lower()) or not start:
        return UNKNOWN
    if not end:
        return start
    return f"{start} – {end}"


def proposed(ctx: Context, book: Book, incident: Incident) -> dict[str, str]:
    """What the form starts from: what is recorded, else what people said in their updates, else a date to report by.

    Never the times at which the room was opened or closed: those are not when customers felt it.
    """
    updates = book.find(Event, incident=incident.number, kind=("update", "update-public"))
    found = _from_updates([e.words.removeprefix("updated: ") for e in updates])
    for fact in book.find(Fact, incident=incident.number):
        if fact.state == "live" and fact.visibility == "public":
            found |= _from_fact(fact)
    day = default_next_report(source_of(book, ctx, (incident,)))
    later = {"next-report": day.isoformat()} if day else {}
    return {"zone": ctx.zone.key, "remedy": UNKNOWN, **later, **found}


def _from_updates(updates: Sequence[str]) -> dict[str, str]:
    """Answers that an update gives in so many words; the newest counts."""
    found: dict[str, str] = {}
    for update in updates:
        for sentence in re.split(r"(?<=[.!?])\s+", update):
            cause = _CAUSE.search(sentence)
            symptom = sentence[: cause.start()] if cause else sentence
            if _SYMPTOM.search(symptom):
                found["seen"] = symptom.strip(" .!?,;")
            if number := _NUMBER.search(sentence):
                found["count"] = number[1] or number[2]
            if cause:
                found["trigger"] = cause[1].strip()
    return found


def _from_fact(fact: Fact) -> dict[str, str]:
    """The answer that a recorded fact was, where the form can show it again."""
    if fact.kind == "window" and " – " in fact.value:
        start, _, end = fact.value.partition(" – ")
        return {"from": start, "to": end}
    if fact.kind == "fix":
        said = next((s for s, kept in STATES.items() if kept == fact.value), "")
        return {"state": said} if said else {}
    if fact.kind == "next-report" and _is_day(fact.value):
        return {"next-report": fact.value}
    value = "no" if fact.kind == "data-loss" and fact.value == "none" else fact.value
    return {name: value for name, kind in KINDS.items() if kind == fact.kind and (not fact.unknown or name == "remedy")}


def _is_day(words: str) -> bool:
    try:
        date.fromisoformat(words)
    except ValueError:
        return False
    return True
