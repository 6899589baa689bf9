"""Forms: what each verb asks, and how the answers become a line that `read` reads.

A form goes on from a line (`says`), so a form and a typed line are one path: the answers are spelled, put behind the
line, and read. Options that depend on the catalog are left empty here; handlers fill them with `filled`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from handlers import commands as c
from handlers.card import FormField
from handlers.commands import Command
from handlers.domain.errors import Refused
from handlers.domain.when import Unreadable, parse_window
from handlers.grammar.fields import FORMS, GLUED, NOT_KNOWN, TITLES, Answer, one, spell_date, spell_person
from handlers.grammar.outcome import Ambiguous, Gap, Misread, Reading
from handlers.grammar.read import read_outcome
from handlers.grammar.words import protect, quote
from handlers.grammar.write import write


@dataclass(frozen=True, slots=True)
class FormFault:
    """A form that cannot be taken: for each field at fault a sentence. Nothing was changed."""

    faults: Mapping[str, str]


LONGEST_TITLE = 24
"""Characters of a modal's title (https://docs.slack.dev/reference/views/modal-views)."""


def form_title(verb: str) -> str:
    """The title of this verb's form, at most 24 characters."""
    return TITLES.get(verb, verb.capitalize())[:LONGEST_TITLE]


_NO_PLACE = Reading(now=datetime(2026, 1, 1, tzinfo=UTC), zone=ZoneInfo("UTC"))


def form_fields(verb: str, says: str = "") -> tuple[FormField, ...]:
    """What is asked for this verb; given the line so far, only what the line leaves open.

    Fields whose options come from the catalog or the record (services, region, customer, customers, gap, rule, service)
    have none yet: see `filled`. A verb without a form has no fields.
    """
    asks = FORMS.get(verb, ())
    outcome = read_outcome(says, _NO_PLACE) if says else None
    if not isinstance(outcome, Gap) or outcome.verb != verb:
        return tuple(ask.field for ask in asks)
    return tuple(
        ask.field
        for ask in asks
        if ask.field.name in outcome.missing or (ask.field.optional and ask.field.name not in outcome.given)
    )


def filled(
    fields: tuple[FormField, ...],
    options: Mapping[str, tuple[tuple[str, str], ...]] | None = None,
    initial: Mapping[str, Answer] | None = None,
) -> tuple[FormField, ...]:
    """The fields with options and first answers put in.

    A choice that has no options is no choice: if optional it is left out, otherwise it becomes a line to type in.
    """
    done = []
    for field in fields:
        changed = replace(
            field,
            options=(options or {}).get(field.name, field.options),
            initial=(initial or {}).get(field.name, field.initial),
        )
        if changed.kind in {"choice", "choices"} and not changed.options:
            if changed.optional:
                continue
            changed = replace(changed, kind="line")
        done.append(changed)
    return tuple(done)


# --- answers to a command --------------------------------------------------------------------------------------------
_VERB_OF: dict[type, str] = {
    c.Recap: "recap",
    c.Resolve: "resolve",
    c.ApologyEdit: "apology edit",
    c.ApologySubmit: "apology submit",
    c.ApologyPublish: "apology publish",
    c.ShowAffected: "affected",
    c.ApologyDraft: "apology draft",
    c.SetSeverity: "severity",
    c.Update: "update",
    c.RelayDone: "relay done",
    c.RelayAck: "relay ack",
    c.SetRole: "role",
    c.Pin: "pin",
    c.CanReport: "can",
    c.TaskAdd: "task add",
    c.RecordFact: "fact",
    c.ApologyFill: "apology fill",
}
"""Lines that are complete and may still go on in a form."""


def from_form(says: str, values: Mapping[str, Answer], reading: Reading) -> Command | FormFault:
    """The command that a filled-in form says. `says` is the line the form went on from; empty answers are left out.

    Never raises: faults name the field. Answers to fields that the form does not have are not read.
    """
    outcome = read_outcome(says, reading)
    verb = outcome.verb if isinstance(outcome, Gap) else _VERB_OF.get(type(outcome))
    if verb is None or verb not in FORMS:
        return FormFault({"": f"“{says[:60]}” has no form."})
    if verb == "recap":
        return _recap(says, values, reading)
    asks = [ask for ask in FORMS[verb] if ask.field.name in {f.name for f in form_fields(verb, says)}]
    answers = {name: value for name, value in values.items() if one(value).strip()}
    if "unknown" in answers and verb == "apology fill":
        answers["value"] = NOT_KNOWN
    line, after = says, ""
    if isinstance(outcome, Gap):
        line, after = (outcome.before, outcome.says[len(outcome.before) :]) if outcome.before else (outcome.says, "")
    faults: dict[str, str] = {}
    if {"next", "next_at"} <= answers.keys():
        faults["next_at"] = "Please say one of the two: in how long, or at what time."
    glue = " "
    for ask in asks:
        name = ask.field.name
        if name not in answers or not ask.piece:
            if not ask.field.optional and name not in answers:
                faults[name] = "Please fill this in."
            continue
        try:
            spelled = ask.spell(answers[name], reading)
        except Refused as fault:
            faults[name] = fault.sentence
            continue
        if spelled:
            line += glue + ask.piece.format(_bare_unknown(name, spelled)) + after
            glue, after = "" if name in GLUED else " ", ""
    if faults:
        return FormFault(faults)
    first = asks[0].field.name if asks else ""
    return _command(read_outcome(line, reading), first)


def _bare_unknown(name: str, spelled: str) -> str:
    if name == "channel":
        return spelled[1:-1].replace('""', '"').lstrip("+-").strip()
    return NOT_KNOWN if name == "value" and spelled.casefold() == f'"{NOT_KNOWN}"' else spelled


def _command(outcome: Command | Ambiguous | Misread | Gap, field: str) -> Command | FormFault:
    if isinstance(outcome, Gap):
        return FormFault(dict.fromkeys(outcome.missing, "Please fill this in."))
    if isinstance(outcome, Misread):
        return FormFault({field: outcome.sentence})
    if isinstance(outcome, Ambiguous):
        return FormFault({field: outcome.question})
    return outcome


_CLOCK_ONLY = re.compile(r"\s*\d{1,2}(?:[:h]\d{2})?\s*(?:[ap]\.?m\.?)?\s*", re.IGNORECASE | re.ASCII)
_CLAUSES = ("seen", "count", "trigger", "state", "data-loss", "remedy")


def _recap(says: str, values: Mapping[str, Answer], reading: Reading) -> Command | FormFault:
    given = {name: one(value).strip() for name, value in values.items() if one(value).strip()}
    not_known = values.get("unknown", ())
    unknown = set(not_known if isinstance(not_known, tuple) else [part.strip() for part in not_known.split(",")])
    answers: dict[str, str] = {name: given[name] for name in _CLAUSES if name in given and name not in unknown}
    faults: dict[str, str] = {}
    if "when" in unknown:
        answers["from"] = NOT_KNOWN
    else:
        _recap_times(given, answers, faults, reading)
    if "change" in given and "change" not in unknown:
        try:
            due = spell_date(given["change-due"], reading) if "change-due" in given else ""
        except Unreadable as fault:
            faults["change-due"], due = fault.sentence, ""
        who = spell_person(given["change-by"], reading) if "change-by" in given else ""
        spelled = write(c.TaskAdd(None, given["change"], "", due)).removeprefix("task add ")
        answers["change"] = spelled.replace(" due ", f" {who} due ") if who and due else f"{spelled} {who}".strip()
    elif {"change-by", "change-due"} & given.keys() and "change" not in unknown:
        faults["change"] = "Please say what changes, too."
    if "next-report" in given and "next-report" not in unknown:
        try:
            answers["next-report"] = spell_date(given["next-report"], reading)
        except Unreadable as fault:
            faults["next-report"] = fault.sentence
    answers |= {name: NOT_KNOWN for name in (*_CLAUSES, "change", "next-report") if name in unknown}
    if not answers and not faults:
        faults["seen"] = "Please answer one question at least, or tick “Not known yet”."
    if faults:
        return FormFault(faults)
    line = "\n".join([says, *(f"{name}: {quote(protect(words))}" for name, words in answers.items())])
    return _command(read_outcome(line, reading), "seen")


def _recap_times(given: dict[str, str], answers: dict[str, str], faults: dict[str, str], reading: Reading) -> None:
    """`from` and `to` in words that `parse_window` reads together, each with its zone."""
    start, end, zone, day = (given.get(name, "") for name in ("from", "to", "zone", "day"))
    if end and not start:
        faults["from"] = "Please say from when, too."
        return
    first = f"{day} {start}".strip() if not start or _CLOCK_ONLY.fullmatch(start) else start
    if zone and start and _CLOCK_ONLY.fullmatch(start):
        first = f"{first} {zone}"
    last = f"{end} {zone}".strip() if end and _CLOCK_ONLY.fullmatch(end) else end
    if not first:
        return
    if first.casefold() == NOT_KNOWN:
        answers["from"] = NOT_KNOWN
        return
    try:
        parse_window(f"{first} – {last}" if last else first, reading.now, reading.zone)
    except Unreadable as fault:
        faults["from" if start else "day"] = fault.sentence
        return
    answers["from"] = first
    if last:
        answers["to"] = last
