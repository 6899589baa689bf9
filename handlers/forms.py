"""Forms: the grammar's fields, filled with what the record and the catalog know."""

import re
from dataclasses import replace

from handlers import grammar
from handlers.apologise import Draft, current
from handlers.book import Book
from handlers.card import Block, Bullets, Card, Form, FormField, Moment, Quote, small
from handlers.commands import SEVERITIES, OpenForm
from handlers.context import Context
from handlers.customers import counted, recipients
from handlers.domain.catalog import Catalog
from handlers.domain.compose import Gap
from handlers.domain.errors import Refused
from handlers.domain.incident import Incident
from handlers.handover import pending
from handlers.recap import proposed
from handlers.relay import pickable
from handlers.remind import over
from handlers.rooms import incident_of, places, running
from handlers.say import apology as say_apology

MOST_OPTIONS = 100
"""Options of a Slack select menu (docs.slack.dev/reference/block-kit/block-elements/select-menu-element)."""
LONGEST_TITLE = 24
"""Characters of a modal's title (docs.slack.dev/reference/views/modal-views)."""
INCIDENT_VERBS = frozenset(
    ("update", "severity", "services", "region", "title", "status", "private", "resolve", "reopen", "cancel", "merge",
     "role", "handover", "can", "remind", "note", "pin", "task", "fact", "recap", "affected", "confirm")
)  # fmt: skip
"""Verbs whose line names an incident first: their forms carry its number, so that they work from anywhere."""
RUNNING_VERBS = frozenset(("update", "severity", "status", "remind", "cancel", "merge"))
"""Of these, the verbs that only a running incident takes: a form that could never be sent is not opened."""
OPEN_APOLOGY = ("apology fill", "apology waive", "apology edit", "apology mend", "apology suggest", "apology submit",
                "apology reject", "apology publish", "apology correct", "apology retract")  # fmt: skip

PICKS = ("relay done", "relay ack", "relay skip", "relay close", "relay pack", "relay check", "relay ask")
"""Verbs whose form offers the customers that whoever asks may act on."""
SENDS = {
    "declare": "Declare", "severity": "Set severity", "services": "Set services", "region": "Set region",
    "title": "Rename", "status": "Set status", "resolve": "Resolve", "reopen": "Reopen", "cancel": "Cancel incident",
    "merge": "Merge", "update": "Post update", "recap": "Record and confirm", "role": "Give role", "remind": "Set",
    "handover": "Hand over", "can": "Post update", "subscribe": "Subscribe",
    "remind me": "Remind me", "note": "Save note", "pin": "Pin",
    "task add": "Add task",
    "task move": "Move it", "remind me off": "Forget it", "notify": "Set",
    "fact": "Record", "affected": "Change",
    "apology draft": "Draft", "apology fill": "Record", "apology waive": "Leave it out", "apology edit": "Save words",
    "apology suggest": "Suggest", "apology submit": "Submit", "apology reject": "Send back",
    "apology publish": "Publish", "apology correct": "Begin correction", "apology retract": "Retract",
    "relay done": "Told", "relay ack": "Acknowledged", "relay skip": "Skip", "relay close": "Close",
    "relay pack": "Open", "relay ask": "Ask", "relay answer": "Answer", "cover": "Hand over",
}  # fmt: skip
"""What the button of each verb's form says (at most 24 characters, as a modal's title); `Send` where it is not here."""
_ASKED_OF_A_GAP = ("value", "unknown", "source")

Options = dict[str, tuple[tuple[str, str], ...]]


def form(command: OpenForm, ctx: Context, book: Book) -> Form | Card:
    """The form of a verb, with options and present values filled in. Refuses where what is meant cannot be told.

    A card instead: the button belongs to a reminder that is over, and this is how it stands now.
    """
    options, initial = _known(book.catalog), dict[str, str | tuple[str, ...]]()
    says, intro = command.says, tuple[Block, ...]()
    title = grammar.form_title(command.verb)
    gap: Gap | None = None
    first = command.verb.split()[0]
    if command.verb in OPEN_APOLOGY:
        found = current(book, ctx, _number(says, len(command.verb.split())))
        says = _renumbered(says, command.verb, found.apology.number)
        options |= _gaps(found)
        title = _titled(f"A{found.apology.number}", title)
        if command.verb == "apology publish":
            intro = (small(f"It goes to {counted(found.version.recipients)}."),)
        elif command.verb == "apology submit":
            intro = (small("The approvers read your reason beside the text."), Bullets(say_apology.warnings(found)))
        elif command.verb == "apology mend":
            rules = dict.fromkeys(f.rule for f in found.report.findings if f.fix is not None)
            options["rule"] = tuple((rule, rule) for rule in rules)
        elif command.verb == "apology edit":
            variant = "chat" if says.split()[-1] == "chat" else "full"
            initial["text"] = found.version.text(variant)
            intro = _locked(found, variant)
        elif command.verb == "apology fill":
            gap = next((g for g in found.gaps if g.name == says.split()[-1]), None)
            if gap is not None and gap.kind == "prevention":  # a task, because it needs an owner and a date
                number = gap.incidents[-1] if gap.incidents else found.apology.incidents[-1]
                return form(OpenForm(f"task {number} add", "task add"), ctx, book)
            title = _titled(f"A{found.apology.number}", gap.name) if gap else title
    elif first == "relay" and command.verb in PICKS:
        named = _number(says, 2)
        picked = pickable(book, ctx, command.verb, named)
        if not picked and named is not None:
            raise Refused(
                f"None of your customers of A{named} is left for `{command.verb}`. `relay list mine` shows them."
            )
        if picked:
            options["customer"] = options["customers"] = picked
        if len(picked) > MOST_OPTIONS:
            intro = (
                small(f"The first {MOST_OPTIONS} of {len(picked)}, the late ones first; type the others by name."),
            )
    elif first in INCIDENT_VERBS and command.verb != "remind me":
        incident = (running if first in RUNNING_VERBS else incident_of)(book, ctx, _number(says, 1))
        says = _renumbered(says, first, incident.number)
        title = _titled(incident.name, title)
        initial |= _stands(incident)
        if command.verb == "recap":
            initial |= proposed(ctx, book, incident)
        if command.verb == "remind" and (stale := over(book, ctx, incident, _round(says))):
            return stale.show
        if command.verb == "update" and "to customers" not in says:
            initial["text"] = incident.last_update
        intro = _so_far(book, ctx, incident, command.verb)
    fields = grammar.filled(grammar.form_fields(command.verb, says), options, initial)
    if not fields:
        raise Refused(f"`{command.verb}` needs more. `help {command.verb}` shows how to say it.")
    shown = tuple(_short(f) for f in fields if gap is None or f.name in _ASKED_OF_A_GAP)
    if gap is not None:
        shown = tuple(replace(f, label=gap.question) if f.name == "value" else f for f in shown)
    return Form(title, says, shown, SENDS.get(command.verb, "Send"), intro)


def _so_far(book: Book, ctx: Context, incident: Incident, verb: str) -> tuple[Block, ...]:
    """How it stands at this moment, whatever the card showed that the form was opened from."""
    found: list[Block] = []
    if verb == "update":
        rows, _ = ((), ()) if incident.drill else recipients(book, ctx, (incident,), lambda _customer, _platform: "")
        rooms = len(places(book, ctx, incident))
        to = f"; to customers: {counted(rows)}" if rows else ""
        found.append(small(f"In the house it goes to {rooms} room{'s' * (rooms != 1)}{to}."))
    if verb in ("role", "handover"):
        leader = book.person(incident.holder("commander"))
        led = leader.name if leader else "nobody"
        asked = [f" {p.name} was asked to be {h.role}." for h in pending(book, incident) if (p := book.person(h.to))]
        found.append(small(f"{incident.name} is {incident.status}. Commander now: {led}.{''.join(asked)}"))
    if incident.last_update and verb in ("update", "recap"):
        by = book.person(incident.last_update_by)
        at = (", ", Moment(incident.last_update_at, ctx.zone.key)) if incident.last_update_at else ()
        found += [small(f"Latest update, {by.name if by else 'somebody'}", *at), Quote(incident.last_update)]
    return tuple(found)


def _titled(name: str, title: str) -> str:
    """The name and what is done, within a modal's title; the name gives way where both do not fit."""
    whole = f"{name} {title[:1].lower()}{title[1:]}"
    return whole if len(whole) <= LONGEST_TITLE else title[:LONGEST_TITLE]


def _locked(found: Draft, variant: str) -> tuple[Block, ...]:
    """Which text it is, who reads it, and the facts inside that stay as they are recorded."""
    where = "Slack and Teams" if variant == "chat" else "E-mail and the status page"
    tokens = dict.fromkeys(t.text for t in found.composed.tokens(variant) if t.required)
    facts = f" These stay as recorded: {', '.join(f'“{t}”' for t in tokens)}." if tokens else ""
    return (small(f"{where} show this text. Whoever saves it is an author of the words.{facts}"),)


def _known(catalog: Catalog) -> Options:
    services = tuple((s.key, s.name) for s in catalog.services)
    customers = tuple((c.key, c.name) for c in catalog.customers)
    return {
        "services": services, "service": services, "customer": customers, "customers": customers,
        "region": tuple((r.key, r.name) for r in catalog.regions),
        "severity": tuple((s, f"{s.upper()} {catalog.policy.severity(s).name}") for s in SEVERITIES),
    }  # fmt: skip


def _gaps(found: Draft) -> Options:
    gaps = tuple((g.name, f"{g.name}: {g.question}"[:75]) for g in found.gaps)
    rules = tuple((r, r) for r in dict.fromkeys(f.rule for f in found.report.findings))
    return {"gap": gaps, "rule": (*gaps, *rules)}


def _stands(incident: Incident) -> dict[str, str | tuple[str, ...]]:
    """What holds now, so that a form starts from it."""
    return {
        "severity": incident.severity,
        "services": incident.services,
        "title": incident.title,
        "region": incident.region,
    }


def _short(field: FormField) -> FormField:
    """A menu no longer than a platform draws; an initial value that is no option is left out."""
    options = field.options[:MOST_OPTIONS]
    if field.kind not in ("choice", "choices"):
        return field
    values = {v for v, _ in options}
    initial = field.initial
    if isinstance(initial, tuple):
        initial = tuple(v for v in initial if v in values)
    elif initial not in values:
        initial = ""
    return replace(field, options=options, initial=initial)


def _round(says: str) -> int:
    """The reminder whose button this line is (`remind 7 off r3`); 0: none."""
    found = re.fullmatch(r"r(\d{1,9})", says.rsplit(maxsplit=1)[-1])
    return int(found[1]) if found else 0


def _number(says: str, after: int) -> int | None:
    """The number that stands right behind the verb, if one does."""
    words = says.split()[after : after + 1]
    bare = words[0].upper().removeprefix("INC-").removeprefix("#").removeprefix("A") if words else ""
    return int(bare) if bare.isdigit() else None


def _renumbered(says: str, verb: str, number: int) -> str:
    """The line so far with its number said, wherever it was left out."""
    after = len(verb.split())
    rest = says.split()[after + (_number(says, after) is not None) :]
    return " ".join([verb, str(number), *rest])
