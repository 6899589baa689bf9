"""Forms: what each verb asks, and how the answers become a line that `read` reads.

A form goes on from a line (`says`), so a form and a typed line are one path: the answers are spelled, put behind the
line, and read. Options that depend on the catalog are left empty here; handlers fill them with `filled`.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from handlers import commands as c
from handlers.card import FormField
from handlers.commands import Command
from handlers.domain.errors import Refused
from handlers.domain.facts import KINDS, PRECISIONS
from handlers.domain.when import Unreadable, parse_due, parse_duration, parse_moment, parse_window, write_duration
from handlers.grammar.outcome import Ambiguous, Gap, Misread, Reading
from handlers.grammar.read import read_outcome
from handlers.grammar.words import protect, quote
from handlers.grammar.write import write

Answer = str | tuple[str, ...]
NOT_KNOWN = "unknown"
NOT_KNOWN_LABEL = "Not known yet"


@dataclass(frozen=True, slots=True)
class FormFault:
    """A form that cannot be taken: for each field at fault a sentence. Nothing was changed."""

    faults: Mapping[str, str]


# --- how an answer is spelled ----------------------------------------------------------------------------------------
Spell = Callable[[Answer, Reading], str]


def _one(answer: Answer) -> str:
    return answer if isinstance(answer, str) else ", ".join(answer)


def _quoted(answer: Answer, _reading: Reading) -> str:
    return quote(protect(_one(answer).strip()))


def _plain(answer: Answer, _reading: Reading) -> str:
    word = _one(answer).strip()
    if not re.fullmatch(r"[\w+.-]{1,60}", word):
        raise Refused("Please choose one of the answers.")
    return word


def _numbers(answer: Answer, _reading: Reading) -> str:
    found = re.findall(r"[1-9]\d{0,8}", _one(answer), re.ASCII)
    if not found:
        raise Refused("Please give a number.")
    return " ".join(found)


def _number(answer: Answer, _reading: Reading) -> str:
    found = re.fullmatch(r"(?:#|inc-|[a-z]-?)?([1-9][\d.,\s]{0,11})", _one(answer).strip(), re.ASCII | re.IGNORECASE)
    digits = re.sub(r"\D", "", found[1]) if found else ""
    if not 1 <= len(digits) <= 9:
        raise Refused("Please give a number.")
    return digits


def _length(answer: Answer, _reading: Reading) -> str:
    return write_duration(parse_duration(_one(answer)))


def _date(answer: Answer, reading: Reading) -> str:
    return parse_due(_one(answer), reading.now, reading.zone).written


def _moment(answer: Answer, reading: Reading) -> str:
    moment = parse_moment(_one(answer), reading.now, reading.zone, toward="future")
    return moment.isoformat(timespec="minutes").replace("+00:00", "Z")


def _names(answer: Answer, _reading: Reading) -> str:
    given = answer if isinstance(answer, tuple) else tuple(answer.split(","))
    return ",".join(quote(protect(name.strip())) for name in given if name.strip())


_ID = re.compile(
    r"[UW][A-Z0-9]{2,20}|29:[\w:-]{5,200}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.ASCII
)


def _person(answer: Answer, _reading: Reading) -> str:
    said = _one(answer).strip()
    if re.fullmatch(r"<@[^<>\s]+>", said):
        return said
    return f"<@{said}>" if _ID.fullmatch(said) else f"@{quote(protect(said.removeprefix('@')))}"


def _flag(answer: Answer, _reading: Reading) -> str:
    return "" if _one(answer).strip().casefold() in {"", "no", "false", "off"} else "yes"


@dataclass(frozen=True, slots=True)
class _Ask:
    """A field, and the piece of the line that its answer becomes (`{}` is the answer as spelled)."""

    field: FormField
    piece: str
    spell: Spell = _quoted


# --- fields ----------------------------------------------------------------------------------------------------------
_BECAUSE = _Ask(FormField("because", "Why", "text"), "because {}")
_BECAUSE_MAYBE = _Ask(FormField("because", "Why", "text", optional=True), "because {}")
_SEVERITIES = (
    ("sev1", "sev1 – critical"),
    ("sev2", "sev2 – major"),
    ("sev3", "sev3 – minor"),
    ("sev4", "sev4 – low"),
)
_LENGTHS = (("15m", "15 minutes"), ("30m", "30 minutes"), ("1h", "60 minutes"), ("4h", "4 hours"))
_PRECISION_FIELD = FormField("precision", "How exactly", "choice", tuple((p, p) for p in PRECISIONS), optional=True)
_SOURCE_FIELD = FormField(
    "source", "Who says so", hint="statement, monitoring, change record, support, a customer …", optional=True
)
_CUSTOMER = _Ask(FormField("customer", "Customer", "choice"), "{}")
_CUSTOMERS = _Ask(FormField("customers", "Customers", "choices"), "{}", _names)
_YES = (("yes", "Yes"),)


def _recap_fields() -> tuple[_Ask, ...]:
    """The recap's questions; `_recap` puts the answers together, so their pieces are empty."""
    state = (
        ("not-fixed", "Not fixed"),
        ("stable", "Stable"),
        ("fixed", "Fixed"),
        ("checked", "Fixed and checked"),
        (NOT_KNOWN, NOT_KNOWN_LABEL),
    )
    lost = (("no", "No"), ("yes", "Yes"), (NOT_KNOWN, NOT_KNOWN_LABEL))
    asked = (
        ("seen", "What customers could not do"),
        ("when", "From – until"),
        ("count", "How many"),
        ("trigger", "What set it off"),
        ("state", "How it stands"),
        ("data-loss", "Data lost"),
        ("change", "What changes"),
        ("next-report", "Next report"),
    )
    fields = (
        FormField(
            "seen", "What could customers not do?", "text", optional=True, hint="In their words: could not sign in"
        ),
        FormField("day", "On which day?", "date", optional=True),
        FormField("from", "From", optional=True, hint="A clock time like 14:02; when customers first felt it"),
        FormField("to", "Until", optional=True, hint="A clock time like 15:10"),
        FormField("zone", "Time zone of these times", optional=True, hint="CET, UTC, America/Los_Angeles"),
        FormField("count", "How many customers or users?", optional=True, hint="A number or a percentage"),
        FormField("trigger", "What set it off?", "text", optional=True),
        FormField("state", "How does it stand?", "choice", state, optional=True),
        FormField("data-loss", "Was data lost?", "choice", lost, optional=True),
        FormField("change", "What changes, so that it does not come back?", "text", optional=True),
        FormField("change-by", "By whom?", "person", optional=True),
        FormField("change-due", "By when?", "date", optional=True),
        FormField("next-report", "When do customers hear next?", "date", optional=True),
        FormField(
            "unknown", NOT_KNOWN_LABEL, "choices", asked, optional=True, hint="Said to customers as not known yet"
        ),
    )
    return tuple(_Ask(field, "") for field in fields)


FORMS: dict[str, tuple[_Ask, ...]] = {
    "declare": (
        _Ask(FormField("title", "What is wrong?", longest=150, hint="Checkout is down"), "{}"),
        _Ask(FormField("severity", "Severity", "choice", _SEVERITIES, optional=True), "{}", _plain),
        _Ask(FormField("services", "Services", "choices", optional=True), "services {}", _names),
        _Ask(FormField("region", "Region", "choice", optional=True), "region {}"),
        _Ask(FormField("private", "Members only", "choices", _YES, optional=True), "private", _flag),
        _Ask(FormField("drill", "A drill", "choices", _YES, optional=True), "drill", _flag),
    ),
    "severity": (
        _Ask(FormField("severity", "Severity", "choice", _SEVERITIES), "{}", _plain),
        _BECAUSE_MAYBE,
    ),
    "services": (_Ask(FormField("services", "Services that are hit", "choices"), "{}", _names),),
    "region": (_Ask(FormField("region", "Region", "choice"), "{}"),),
    "title": (_Ask(FormField("title", "Title", longest=150), "{}"),),
    "status": (
        _Ask(
            FormField("status", "How far is it?", "choice", tuple((s, s.capitalize()) for s in c.STATUSES)),
            "{}",
            _plain,
        ),
    ),
    "private": (
        _Ask(FormField("on", "Members only", "choice", (("on", "On"), ("off", "Off"))), "{}", _plain),
        _BECAUSE,
    ),
    "resolve": (_BECAUSE_MAYBE,),
    "reopen": (_BECAUSE,),
    "cancel": (_BECAUSE,),
    "merge": (_Ask(FormField("into", "Into which incident?", hint="Its number"), "into {}", _number), _BECAUSE),
    "update": (
        _Ask(FormField("text", "How does it stand?", "text"), "{}"),
        _Ask(FormField("next", "Next update in", "choice", _LENGTHS, optional=True), "next {}", _length),
        _Ask(
            FormField(
                "to",
                "Where",
                "choice",
                (
                    ("room", "The room"),
                    ("status", "The status page"),
                    ("customers", "Customers (another person sends)"),
                ),
                initial="room",
                optional=True,
            ),
            "to {}",
            _plain,
        ),
    ),
    "recap": _recap_fields(),
    "role": (
        _Ask(FormField("role", "Role", "choice", tuple((r, r.capitalize()) for r in c.ROLES)), "{}", _plain),
        _Ask(FormField("person", "Who", "person"), "{}", _person),
        _Ask(FormField("note", "Hand-over note", "text", optional=True), "-- {}"),
    ),
    "remind": (
        _Ask(
            FormField(
                "how",
                "Reminders",
                "choice",
                (("every", "Every …"), ("in", "Once in …"), ("snooze", "Snooze for …"), ("off", "Off")),
            ),
            "{}",
            _plain,
        ),
        _Ask(FormField("how_long", "How long", hint="30m, 1h", optional=True), "{}", _length),
        _Ask(FormField("because", "Why off?", "text", optional=True), "because {}"),
    ),
    "remind me": (
        _Ask(FormField("how_long", "In", hint="10m, 1h"), "in {}", _length),
        _Ask(FormField("what", "Of what?"), "-- {}"),
    ),
    "note": (_Ask(FormField("text", "Note, for the house only", "text"), "{}"),),
    "task add": (
        _Ask(FormField("text", "What is to be done?", longest=300), "{}"),
        _Ask(FormField("owner", "By whom?", "person", optional=True), "{}", _person),
        _Ask(FormField("due", "By when?", "date", optional=True), "due {}", _date),
    ),
    "task done": (_Ask(FormField("task", "Which task?"), "{}", _number),),
    "fact": (
        _Ask(FormField("kind", "Kind", "choice", tuple((k, k) for k in KINDS)), "{}", _plain),
        _Ask(FormField("value", "What is known?", "text", hint="Or: unknown"), "{}"),
        _Ask(_SOURCE_FIELD, "source {}"),
        _Ask(
            FormField(
                "visibility",
                "Who may see it",
                "choice",
                (("internal", "The house only"), ("public", "Customers and the public")),
                initial="internal",
                optional=True,
            ),
            "{}",
            _plain,
        ),
        _Ask(_PRECISION_FIELD, "precision {}", _plain),
        _Ask(FormField("due", "If unknown: known by", "date", optional=True), "due {}", _date),
    ),
    "fact replace": (_Ask(FormField("value", "New value", "text"), "= {}"), _BECAUSE),
    "fact drop": (_Ask(FormField("fact", "Which fact?", hint="F4"), "F{}", _number), _BECAUSE),
    "confirm": (_Ask(FormField("fact", "Which fact?", hint="F4"), "F{}", _number),),
    "affected": (
        _Ask(FormField("change", "Change", "choice", (("+", "Add"), ("-", "Take off"))), "{}", _plain),
        _CUSTOMER,
        _BECAUSE,
    ),
    "link": (
        _Ask(FormField("incident", "Which incident is it now?", hint="Its number"), "{}", _number),
        _Ask(FormField("recurrence_of", "Which incident came back?", hint="Its number"), "recurrence-of {}", _number),
        _Ask(FormField("issue", "Issue", optional=True), "issue {}"),
        _BECAUSE,
    ),
    "unlink": (
        _Ask(FormField("incident", "Incident"), "{}", _number),
        _Ask(FormField("other", "Linked to"), "{}", _number),
    ),
    "apology draft": (
        _Ask(FormField("incidents", "Incidents", hint="1 2 3"), "{}", _numbers),
        _Ask(FormField("signatory", "Who signs?", optional=True, hint="Name, for whom"), "signatory {}"),
    ),
    "apology fill": (
        _Ask(FormField("gap", "Which gap?", "choice"), "{}", _plain),
        _Ask(FormField("value", "Value", "text", optional=True), "{}"),
        _Ask(
            FormField("unknown", NOT_KNOWN_LABEL, "choices", ((NOT_KNOWN, NOT_KNOWN_LABEL),), optional=True), "", _flag
        ),
        _Ask(_SOURCE_FIELD, "source {}"),
        _Ask(_PRECISION_FIELD, "precision {}", _plain),
    ),
    "apology waive": (
        _Ask(FormField("rule", "Which gap or finding?", "choice"), "{}", _plain),
        _BECAUSE,
        _Ask(FormField("until", "Until", "date", optional=True), "until {}", _date),
    ),
    "apology edit": (_Ask(FormField("text", "The words", "text"), "-- {}"),),
    "apology suggest": (_Ask(FormField("words", "Your words", "text"), "-- {}"),),
    "apology reject": (_BECAUSE,),
    "apology publish": (
        _Ask(
            FormField("at", "Send at", optional=True, hint="Empty: now. Else 2026-09-08 17:00 CEST"), "at {}", _moment
        ),
        _Ask(
            FormField("count", "To how many channels?", hint="The number shown, typed again", optional=True),
            "to {}",
            _number,
        ),
    ),
    "apology correct": (_Ask(FormField("because", "What is wrong in it?", "text"), "because {}"),),
    "apology retract": (_BECAUSE,),
    "relay check": (_CUSTOMER, _Ask(FormField("text", "Your words", "text"), "-- {}")),
    "relay done": (
        _CUSTOMERS,
        _Ask(
            FormField(
                "via",
                "How",
                "choice",
                (("phone", "By phone"), ("email", "By e-mail"), ("chat", "By chat")),
                optional=True,
            ),
            "via {}",
            _plain,
        ),
        _Ask(FormField("words", "What was said, or the text sent", "text", optional=True), "-- {}"),
    ),
    "relay ack": (_CUSTOMERS, _Ask(FormField("words", "Their words", "text", optional=True), "-- {}")),
    "relay skip": (_CUSTOMER, _BECAUSE),
    "relay ask": (_CUSTOMER, _Ask(FormField("question", "Their question", "text"), "-- {}")),
    "relay answer": (
        _Ask(FormField("question", "Which question?", hint="Its number"), "Q{}", _number),
        _Ask(FormField("answer", "The answer", "text"), "-- {}"),
    ),
    "cover": (
        _Ask(FormField("person", "Who covers for you?", "person"), "{}", _person),
        _Ask(FormField("until", "Until", "date"), "until {}", _date),
    ),
    "promise done": (
        _Ask(FormField("promise", "Which promise?", hint="P4"), "P{}", _number),
        _Ask(FormField("evidence", "How do we know?", "text"), "-- {}"),
    ),
    "promise move": (
        _Ask(FormField("promise", "Which promise?", hint="P4"), "P{}", _number),
        _Ask(FormField("due", "New date", "date"), "due {}", _date),
        _BECAUSE,
    ),
    "promise withdraw": (_Ask(FormField("promise", "Which promise?", hint="P4"), "P{}", _number), _BECAUSE),
    "customer show": (_CUSTOMER,),
    "customer channel": (
        _CUSTOMER,
        _Ask(FormField("change", "Change", "choice", (("+", "Bind"), ("-", "Unbind"))), "{}", _plain),
        _Ask(FormField("channel", "Channel", hint="#name or id"), "{}"),
    ),
    "service show": (_Ask(FormField("service", "Service", "choice"), "{}"),),
    "send": (_Ask(FormField("proposal", "Which proposal?", hint="Its number"), "{}", _number),),
    "settle": (
        _Ask(FormField("post", "Which post?", hint="Its number"), "{}", _number),
        _Ask(
            FormField(
                "verdict",
                "What became of it?",
                "choice",
                (("arrived", "It arrived"), ("again", "Send again"), ("drop", "Let it be")),
            ),
            "{}",
            _plain,
        ),
    ),
}
"""What each verb's form asks, in the order of the line."""

_GLUED = {"change", "channel"}
"""Pieces that stand without a blank before the next one: `+contoso`, `+#contoso`."""

_TITLES = {
    "declare": "Declare an incident",
    "severity": "Change the severity",
    "services": "Services",
    "region": "Region",
    "title": "Rename",
    "status": "Change the status",
    "private": "Members only",
    "resolve": "Resolve",
    "update": "Post an update",
    "recap": "Recap",
    "role": "Give a role",
    "remind": "Reminders",
    "remind me": "Remind me",
    "note": "Internal note",
    "task add": "Add a task",
    "fact": "Record a fact",
    "affected": "Affected customers",
    "link": "It came back",
    "apology draft": "Draft an apology",
    "apology fill": "Fill a gap",
    "apology waive": "Waive",
    "apology edit": "Edit the words",
    "apology suggest": "Suggest words",
    "apology publish": "Publish the apology",
    "relay done": "Told a customer",
    "relay ask": "A customer's question",
    "relay answer": "Answer for all who asked",
    "cover": "Cover for me",
}
LONGEST_TITLE = 24
"""Characters of a modal's title (https://docs.slack.dev/reference/views/modal-views)."""


def form_title(verb: str) -> str:
    """The title of this verb's form, at most 24 characters."""
    return _TITLES.get(verb, verb.capitalize())[:LONGEST_TITLE]


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
    c.ApologyPublish: "apology publish",
    c.ShowAffected: "affected",
    c.ApologyDraft: "apology draft",
    c.SetSeverity: "severity",
    c.Update: "update",
    c.RelayDone: "relay done",
    c.RelayAck: "relay ack",
    c.SetRole: "role",
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
    answers = {name: value for name, value in values.items() if _one(value).strip()}
    if "unknown" in answers and verb == "apology fill":
        answers["value"] = NOT_KNOWN
    line, faults = says, dict[str, str]()
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
            line += glue + ask.piece.format(_bare_unknown(name, spelled))
            glue = "" if name in _GLUED else " "
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
_CLAUSES = ("seen", "count", "trigger", "state", "data-loss")


def _recap(says: str, values: Mapping[str, Answer], reading: Reading) -> Command | FormFault:
    given = {name: _one(value).strip() for name, value in values.items() if _one(value).strip()}
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
            due = _date(given["change-due"], reading) if "change-due" in given else ""
        except Unreadable as fault:
            faults["change-due"], due = fault.sentence, ""
        who = _person(given["change-by"], reading) if "change-by" in given else ""
        spelled = write(c.TaskAdd(None, given["change"], "", due)).removeprefix("task add ")
        answers["change"] = spelled.replace(" due ", f" {who} due ") if who and due else f"{spelled} {who}".strip()
    elif {"change-by", "change-due"} & given.keys() and "change" not in unknown:
        faults["change"] = "Please say what changes, too."
    if "next-report" in given and "next-report" not in unknown:
        try:
            answers["next-report"] = _date(given["next-report"], reading)
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
