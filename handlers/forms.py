"""Forms: the grammar's fields, filled with what the record and the catalog know."""

from dataclasses import replace

from handlers import grammar
from handlers.apologise import current
from handlers.book import Book
from handlers.card import Block, Form, FormField, Quote, small
from handlers.commands import SEVERITIES, OpenForm
from handlers.context import Context
from handlers.customers import counted
from handlers.domain.catalog import Catalog
from handlers.domain.errors import Refused
from handlers.domain.facts import KINDS
from handlers.domain.incident import Incident
from handlers.rooms import incident_of

MOST_OPTIONS = 100
"""Options of a Slack select menu (docs.slack.dev/reference/block-kit/block-elements/select-menu-element)."""
APOLOGY_VERBS = ("apology", "relay")


def form(command: OpenForm, ctx: Context, book: Book) -> Form:
    """The form of a verb, with options and present values filled in. Refuses where the incident cannot be told."""
    fields = grammar.form_fields(command.verb)
    if not fields:
        raise Refused(f"`{command.verb}` needs more. `help {command.verb}` shows how to say it.")
    incident = None
    says = command.says
    title = command.verb.capitalize()
    intro: tuple[Block, ...] = ()
    if command.verb.startswith("apology"):
        number = _number(says)
        if command.verb != "apology draft":
            found = current(book, ctx, number)
            title = f"A{found.apology.number} {command.verb.removeprefix('apology ')}"
            says = f"{command.verb} {found.apology.number}" + _tail(says, command.verb, number)
            fields = tuple(_apology(f, found) for f in fields)
            if command.verb == "apology publish":
                intro = (small(f"It goes to {counted(found.version.recipients)}."),)
    elif command.verb.split()[0] in INCIDENT_VERBS:
        incident = incident_of(book, ctx, _number(says))
        says = f"{command.verb.split()[0]} {incident.number}" + _after_number(says)
        title = f"{incident.name} {command.verb.split()[0]}"
        if incident.last_update and command.verb == "update":
            intro = (small("Latest update"), Quote(incident.last_update))
    return Form(title[:24], says, tuple(_filled(f, book.catalog, incident) for f in fields), "Send", intro)


INCIDENT_VERBS = (
    "update",
    "severity",
    "services",
    "region",
    "title",
    "status",
    "private",
    "resolve",
    "reopen",
    "cancel",
    "merge",
    "role",
    "remind",
    "note",
    "task",
    "fact",
    "recap",
    "affected",
    "holding",
    "confirm",
)


def _number(says: str) -> int | None:
    for word in says.split()[1:]:
        bare = word.upper().removeprefix("INC-").removeprefix("#").removeprefix("A")
        if bare.isdigit():
            return int(bare)
    return None


def _after_number(says: str) -> str:
    words = says.split()[1:]
    rest = words[1:] if words and words[0].upper().removeprefix("INC-").removeprefix("#").isdigit() else words
    return f" {' '.join(rest)}" if rest else ""


def _tail(says: str, verb: str, number: int | None) -> str:
    rest = says.split()[len(verb.split()) :]
    if rest and number is not None and rest[0].upper().removeprefix("A") == str(number):
        rest = rest[1:]
    return f" {' '.join(rest)}" if rest else ""


def _apology(field: FormField, found: object) -> FormField:
    from handlers.apologise import Draft

    assert isinstance(found, Draft)
    if field.name == "gap":
        names = [g.name for g in found.gaps]
        return replace(field, options=tuple((n, n) for n in names) or field.options)
    if field.name == "rule":
        names = [*(g.name for g in found.gaps), *(f.rule for f in found.report.findings)]
        return replace(field, options=tuple((n, n) for n in dict.fromkeys(names)) or field.options)
    if field.name in ("full", "chat"):
        return replace(field, initial=found.version.text(field.name))
    if field.name == "text":
        return replace(field, initial=found.version.text("full"))
    return field


def _filled(field: FormField, catalog: Catalog, incident: Incident | None) -> FormField:
    """A field with the options that the catalog knows and the value that stands."""
    options = field.options
    initial = field.initial
    match field.name:
        case "services" | "service":
            options = tuple((s.key, s.name) for s in catalog.services)
            initial = incident.services if incident is not None and field.kind == "choices" else initial
        case "severity":
            options = tuple((s, f"{s.upper()} {catalog.policy.severity(s).name}") for s in SEVERITIES)
            initial = incident.severity if incident is not None else initial
        case "region" if field.kind == "choice":
            options = tuple((r.key, r.name) for r in catalog.regions)
        case "customer" | "customers":
            options = tuple((c.key, c.name) for c in catalog.customers)
        case "kind":
            options = options or tuple((k, k) for k in KINDS)
        case _:
            pass
    if not options and field.kind in ("choice", "choices"):
        return replace(field, kind="line", options=(), initial="")
    return replace(field, options=options[:MOST_OPTIONS], initial=initial)
