"""Forms: the grammar's fields, filled with what the record and the catalog know."""

from dataclasses import replace

from handlers import grammar
from handlers.apologise import Draft, current
from handlers.book import Book
from handlers.card import Block, Form, FormField, Quote, small
from handlers.commands import SEVERITIES, OpenForm
from handlers.context import Context
from handlers.customers import counted
from handlers.domain.catalog import Catalog
from handlers.domain.errors import Refused
from handlers.domain.incident import Incident
from handlers.rooms import incident_of

MOST_OPTIONS = 100
"""Options of a Slack select menu (docs.slack.dev/reference/block-kit/block-elements/select-menu-element)."""
LONGEST_TITLE = 24
"""Characters of a modal's title (docs.slack.dev/reference/views/modal-views)."""
INCIDENT_VERBS = frozenset(
    ("update", "severity", "services", "region", "title", "status", "private", "resolve", "reopen", "cancel", "merge",
     "role", "remind", "note", "task", "fact", "recap", "affected", "confirm")
)  # fmt: skip
"""Verbs whose line names an incident first: their forms carry its number, so that they work from anywhere."""
OPEN_APOLOGY = ("apology fill", "apology waive", "apology edit", "apology suggest", "apology reject", "apology publish",
                "apology correct", "apology retract")  # fmt: skip

Options = dict[str, tuple[tuple[str, str], ...]]


def form(command: OpenForm, ctx: Context, book: Book) -> Form:
    """The form of a verb, with options and present values filled in. Refuses where what is meant cannot be told."""
    options, initial = _known(book.catalog), dict[str, str | tuple[str, ...]]()
    says, intro = command.says, tuple[Block, ...]()
    title = grammar.form_title(command.verb)
    first = command.verb.split()[0]
    if command.verb in OPEN_APOLOGY:
        found = current(book, ctx, _number(says, len(command.verb.split())))
        says = _renumbered(says, command.verb, found.apology.number)
        options |= _gaps(found)
        variant = "chat" if says.split()[-1] == "chat" else "full"
        initial["text"] = found.version.text(variant)
        if command.verb == "apology publish":
            intro = (small(f"It goes to {counted(found.version.recipients)}."),)
    elif first in INCIDENT_VERBS and command.verb != "remind me":
        incident = incident_of(book, ctx, _number(says, 1))
        says = _renumbered(says, first, incident.number)
        title = f"{incident.name} {title}"[:LONGEST_TITLE]
        initial |= _stands(incident)
        if incident.last_update and command.verb == "update":
            intro = (small("Latest update"), Quote(incident.last_update))
    fields = grammar.filled(grammar.form_fields(command.verb, says), options, initial)
    if not fields:
        raise Refused(f"`{command.verb}` needs more. `help {command.verb}` shows how to say it.")
    return Form(title, says, tuple(_short(f) for f in fields), "Send", intro)


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
