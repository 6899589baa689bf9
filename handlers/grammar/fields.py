"""What each verb's form asks, and how each answer is spelled in a line."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from handlers import commands as c
from handlers.card import FormField
from handlers.domain.errors import Refused
from handlers.domain.facts import KINDS, PRECISIONS
from handlers.domain.when import parse_due, parse_duration, parse_moment, parse_zone, write_duration
from handlers.grammar.outcome import Reading
from handlers.grammar.words import protect, quote

Answer = str | tuple[str, ...]
NOT_KNOWN = "unknown"
NOT_KNOWN_LABEL = "Not known yet"


# --- how an answer is spelled ----------------------------------------------------------------------------------------
Spell = Callable[[Answer, Reading], str]


def one(answer: Answer) -> str:
    """The answer as one text."""
    return answer if isinstance(answer, str) else ", ".join(answer)


def _quoted(answer: Answer, _reading: Reading) -> str:
    return quote(protect(one(answer).strip()))


def _plain(answer: Answer, _reading: Reading) -> str:
    word = one(answer).strip()
    if not re.fullmatch(r"[\w+.-]{1,60}", word):
        raise Refused("Please choose one of the answers.")
    return word


def _listed(answer: Answer, _reading: Reading) -> str:
    """Words of a fixed list, none of which needs quotes."""
    return ",".join(_plain(w, _reading) for w in (answer if isinstance(answer, tuple) else answer.split(",")) if w)


def _as_said(answer: Answer, _reading: Reading) -> str:
    said = " ".join(one(answer).split())
    if not re.fullmatch(r"[\w#@<>|:.;=\" -]{1,120}", said) or " to " in f" {said} ":
        raise Refused("Please write it like the example.")
    return said


def _plain_time(answer: Answer, _reading: Reading) -> str:
    said = re.sub(r"\s*[-–—]\s*", "-", one(answer).strip())
    if not re.fullmatch(r"[\w:-]{1,20}", said):
        raise Refused("Please write it like 22:00-07:00, off or default.")
    return said


def _numbers(answer: Answer, _reading: Reading) -> str:
    found = re.findall(r"[1-9]\d{0,8}", one(answer), re.ASCII)
    if not found:
        raise Refused("Please give a number.")
    return " ".join(found)


def _number(answer: Answer, _reading: Reading) -> str:
    found = re.fullmatch(r"(?:#|inc-|[a-z]-?)?([1-9][\d.,\s]{0,11})", one(answer).strip(), re.ASCII | re.IGNORECASE)
    digits = re.sub(r"\D", "", found[1]) if found else ""
    if not 1 <= len(digits) <= 9:
        raise Refused("Please give a number.")
    return digits


def _length(answer: Answer, _reading: Reading) -> str:
    return write_duration(parse_duration(one(answer)))


def spell_date(answer: Answer, reading: Reading) -> str:
    """A date to come, as `parse_due` writes it. Raises Unreadable."""
    return parse_due(one(answer), reading.now, reading.zone).written


def _moment(answer: Answer, reading: Reading) -> str:
    moment = parse_moment(one(answer), reading.now, reading.zone, toward="future")
    return moment.isoformat(timespec="minutes").replace("+00:00", "Z")


def _long_or_at(answer: Answer, reading: Reading) -> str:
    """A length of time, else a time to come."""
    try:
        return _length(answer, reading)
    except Refused:
        return _moment(answer, reading)


def _in_or_at(answer: Answer, reading: Reading) -> str:
    """The same with its word before it."""
    try:
        return f"in {_length(answer, reading)}"
    except Refused:
        return f"at {_moment(answer, reading)}"


def _names(answer: Answer, _reading: Reading) -> str:
    given = answer if isinstance(answer, tuple) else tuple(answer.split(","))
    return ",".join(quote(protect(name.strip())) for name in given if name.strip())


_ID = re.compile(
    r"[UW][A-Z0-9]{2,20}|29:[\w:-]{5,200}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.ASCII
)


def spell_person(answer: Answer, _reading: Reading) -> str:
    """A platform's id as a mention, a name behind an @."""
    said = one(answer).strip()
    if re.fullmatch(r"<@[^<>\s]+>", said):
        return said
    return f"<@{said}>" if _ID.fullmatch(said) else f"@{quote(protect(said.removeprefix('@')))}"


def _flag(answer: Answer, _reading: Reading) -> str:
    return "" if one(answer).strip().casefold() in {"", "no", "false", "off"} else "yes"


def _zone(answer: Answer, _reading: Reading) -> str:
    return parse_zone(one(answer)).name


@dataclass(frozen=True, slots=True)
class Ask:
    """A field, and the piece of the line that its answer becomes (`{}` is the answer as spelled)."""

    field: FormField
    piece: str
    spell: Spell = _quoted


# --- fields ----------------------------------------------------------------------------------------------------------
_BECAUSE = Ask(FormField("because", "Why", "text"), "because {}")
_BECAUSE_MAYBE = Ask(FormField("because", "Why", "text", optional=True), "because {}")
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
_CUSTOMER = Ask(FormField("customer", "Customer", "choice"), "{}")
_CUSTOMERS = Ask(FormField("customers", "Customers", "choices"), "{}", _names)
_YES = (("yes", "Yes"),)


def _recap_fields() -> tuple[Ask, ...]:
    """The recap's questions; `_recap` puts the answers together, so their pieces are empty."""
    state = (
        ("not-fixed", "Not fixed"),
        ("stable", "Stable"),
        ("fixed", "Fixed"),
        ("checked", "Fixed and checked"),
        (NOT_KNOWN, NOT_KNOWN_LABEL),
    )
    lost = (("no", "No"), ("yes", "Yes"), (NOT_KNOWN, NOT_KNOWN_LABEL))
    remedy = ((NOT_KNOWN, "Not decided: customers hear by then"), ("none due", "No, none is due"))
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
        FormField("day", "On which day?", "date", optional=True, hint="Left out: the latest such time"),
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
        FormField("remedy", "Is a remedy due, like a service credit?", "choice", remedy, optional=True),
        FormField(
            "unknown", NOT_KNOWN_LABEL, "choices", asked, optional=True, hint="Said to customers as not known yet"
        ),
    )
    return tuple(Ask(field, "") for field in fields)


FORMS: dict[str, tuple[Ask, ...]] = {
    "declare": (
        Ask(FormField("title", "What is wrong?", longest=150, hint="For example: Checkout is down"), "{}"),
        Ask(FormField("severity", "Severity", "choice", _SEVERITIES, optional=True), "{}", _plain),
        Ask(FormField("services", "Services", "choices", optional=True), "services {}", _names),
        Ask(FormField("region", "Region", "choice", optional=True), "region {}"),
        Ask(FormField("private", "Members only", "choices", _YES, optional=True), "private", _flag),
        Ask(FormField("drill", "A drill", "choices", _YES, optional=True), "drill", _flag),
    ),
    "severity": (
        Ask(FormField("severity", "Severity", "choice", _SEVERITIES), "{}", _plain),
        _BECAUSE_MAYBE,
    ),
    "services": (Ask(FormField("services", "Services that are hit", "choices"), "{}", _names),),
    "region": (Ask(FormField("region", "Region", "choice"), "{}"),),
    "title": (Ask(FormField("title", "Title", longest=150), "{}"),),
    "status": (
        Ask(
            FormField("status", "How far is it?", "choice", tuple((s, s.capitalize()) for s in c.STATUSES)),
            "{}",
            _plain,
        ),
    ),
    "private": (
        Ask(FormField("on", "Members only", "choice", (("on", "On"), ("off", "Off"))), "{}", _plain),
        _BECAUSE,
    ),
    "resolve": (_BECAUSE_MAYBE,),
    "reopen": (_BECAUSE,),
    "cancel": (_BECAUSE,),
    "merge": (Ask(FormField("into", "Into which incident?", hint="Its number"), "into {}", _number), _BECAUSE),
    "update": (
        Ask(FormField("text", "How does it stand?", "text"), "{}"),
        Ask(FormField("next", "Next update in", "choice", _LENGTHS, optional=True), "next {}", _length),
        Ask(FormField("next_at", "Or at", optional=True, hint="15:00, or 15:00 CET"), "next at {}", _moment),
        Ask(
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
        Ask(FormField("role", "Role", "choice", tuple((r, r.capitalize()) for r in c.ROLES)), "{}", _plain),
        Ask(FormField("person", "Who", "person"), "{}", spell_person),
        Ask(FormField("note", "Hand-over note", "text", optional=True), "-- {}"),
    ),
    "can": (
        Ask(FormField("conditions", "Conditions: how does it stand?", "text", optional=True), "conditions: {}"),
        Ask(FormField("actions", "Actions: what is being done?", "text", optional=True), "actions: {}"),
        Ask(FormField("needs", "Needs: who or what is missing?", "text", optional=True), "needs: {}"),
        Ask(FormField("next", "Next update in", "choice", _LENGTHS, optional=True), "next: {}", _length),
    ),
    "subscribe": (
        Ask(FormField("target", "Who?", initial="me", hint="me, here, #channel or @person"), "{}", _as_said),
        Ask(FormField("what", "What?", hint="service search, sev1 or incident 7"), "to {}", _as_said),
        Ask(
            FormField(
                "events", "Which events?", "choices", tuple((e, e.capitalize()) for e in c.EVENTS), optional=True
            ),
            "events {}",
            _listed,
        ),
    ),
    "unsubscribe": (Ask(FormField("subscription", "Which subscription?", hint="S4"), "S{}", _number),),
    "handover": (
        Ask(
            FormField("role", "Role", "choice", tuple((r, r.capitalize()) for r in c.ROLES), optional=True),
            "{}",
            _plain,
        ),
        Ask(FormField("person", "To whom?", "person"), "{}", spell_person),
        Ask(FormField("note", "What must they know?", "text", optional=True), "-- {}"),
    ),
    "remind": (
        Ask(
            FormField(
                "how",
                "Reminders",
                "choice",
                (
                    ("every", "Every …"),
                    ("in", "Once in …"),
                    ("at", "Once at …"),
                    ("snooze", "Snooze for …"),
                    ("off", "Off"),
                ),
            ),
            "{}",
            _plain,
        ),
        Ask(FormField("how_long", "How long, or when", hint="30m, 1h, 15:00", optional=True), "{}", _long_or_at),
        Ask(FormField("because", "Why off?", "text", optional=True), "because {}"),
    ),
    "remind me": (
        Ask(FormField("how_long", "In, or at", hint="10m, 1h, 15:00"), "{}", _in_or_at),
        Ask(FormField("what", "Of what?"), "-- {}"),
    ),
    "note": (Ask(FormField("text", "Note, for the house only", "text"), "{}"),),
    "pin": (Ask(FormField("text", "What belongs into the timeline?", "text"), "{}"),),
    "task add": (
        Ask(FormField("text", "What is to be done?", longest=300), "{}"),
        Ask(FormField("owner", "By whom?", "person", optional=True), "{}", spell_person),
        Ask(FormField("due", "By when?", "date", optional=True), "due {}", spell_date),
    ),
    "task done": (Ask(FormField("task", "Which task?"), "{}", _number),),
    "task move": (
        Ask(FormField("task", "Which task?", hint="Its number"), "{}", _number),
        Ask(FormField("owner", "Who does it now?", "person", optional=True), "{}", spell_person),
        Ask(FormField("due", "New date", "date", optional=True), "due {}", spell_date),
    ),
    "remind me off": (Ask(FormField("ping", "Which reminder?", hint="Its number"), "{}", _number),),
    "notify": (Ask(FormField("value", "When?", hint="22:00-07:00, off or default"), "{}", _plain_time),),
    "fact": (
        Ask(FormField("kind", "Kind", "choice", tuple((k, k) for k in KINDS)), "{}", _plain),
        Ask(FormField("value", "What is known?", "text", hint="Or: unknown"), "{}"),
        Ask(_SOURCE_FIELD, "source {}"),
        Ask(
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
        Ask(_PRECISION_FIELD, "precision {}", _plain),
        Ask(FormField("due", "If unknown: known by", "date", optional=True), "due {}", spell_date),
    ),
    "fact replace": (Ask(FormField("value", "New value", "text"), "= {}"), _BECAUSE),
    "fact drop": (Ask(FormField("fact", "Which fact?", hint="F4"), "F{}", _number), _BECAUSE),
    "confirm": (Ask(FormField("fact", "Which fact?", hint="F4"), "F{}", _number),),
    "affected": (
        Ask(FormField("change", "Change", "choice", (("+", "Add"), ("-", "Take off"))), "{}", _plain),
        _CUSTOMER,
        _BECAUSE,
    ),
    "link": (
        Ask(FormField("incident", "Which incident is it now?", hint="Its number"), "{}", _number),
        Ask(FormField("recurrence_of", "Which incident came back?", hint="Its number"), "recurrence-of {}", _number),
        Ask(FormField("issue", "Issue", optional=True), "issue {}"),
        _BECAUSE,
    ),
    "unlink": (
        Ask(FormField("incident", "Incident"), "{}", _number),
        Ask(FormField("other", "Linked to"), "{}", _number),
    ),
    "apology draft": (
        Ask(FormField("incidents", "Incidents", hint="1 2 3"), "{}", _numbers),
        Ask(FormField("signatory", "Who signs?", optional=True, hint="Name, for whom"), "signatory {}"),
    ),
    "apology fill": (
        Ask(FormField("gap", "Which gap?", "choice"), "{}", _plain),
        Ask(FormField("value", "Value", "text", optional=True), "{}"),
        Ask(
            FormField("unknown", NOT_KNOWN_LABEL, "choices", ((NOT_KNOWN, NOT_KNOWN_LABEL),), optional=True), "", _flag
        ),
        Ask(_SOURCE_FIELD, "source {}"),
        Ask(_PRECISION_FIELD, "precision {}", _plain),
    ),
    "apology waive": (
        Ask(FormField("rule", "Which gap or finding?", "choice"), "{}", _plain),
        _BECAUSE,
        Ask(FormField("until", "Until", "date", optional=True), "until {}", spell_date),
    ),
    "apology edit": (Ask(FormField("text", "The words", "text"), "-- {}"),),
    "apology mend": (Ask(FormField("rule", "Which finding?", "choice"), "{}", _plain),),
    "apology suggest": (Ask(FormField("words", "Your words", "text"), "-- {}"),),
    "apology submit": (Ask(FormField("because", "Why do these stand?", "text"), "because {}"),),
    "apology reject": (_BECAUSE,),
    "apology publish": (
        Ask(FormField("at", "Send at", optional=True, hint="Empty: now. Else 2026-09-08 17:00 CEST"), "at {}", _moment),
        Ask(
            FormField("count", "To how many channels?", hint="The number shown, typed again", optional=True),
            "to {}",
            _number,
        ),
    ),
    "apology correct": (Ask(FormField("because", "What is wrong in it?", "text"), "because {}"),),
    "apology retract": (_BECAUSE,),
    "relay check": (_CUSTOMER, Ask(FormField("text", "Your words", "text"), "-- {}")),
    "relay pack": (_CUSTOMER,),
    "relay done": (
        _CUSTOMERS,
        Ask(
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
        Ask(FormField("to", "To whom", optional=True, hint="For example: their CIO"), "to {}"),
        Ask(
            FormField("because", "Why these words, if they differ", "text", optional=True, hint="Only if I ask for it"),
            "because {}",
        ),
        Ask(FormField("words", "What was said, or the text sent", "text", optional=True), "-- {}"),
    ),
    "relay ack": (_CUSTOMERS, Ask(FormField("words", "Their words", "text", optional=True), "-- {}")),
    "relay skip": (_CUSTOMERS, _BECAUSE),
    "relay close": (_CUSTOMERS, _BECAUSE),
    "relay ask": (_CUSTOMER, Ask(FormField("question", "Their question", "text"), "-- {}")),
    "relay answer": (
        Ask(FormField("question", "Which question?", hint="Its number"), "Q{}", _number),
        Ask(FormField("answer", "The answer", "text"), "-- {}"),
    ),
    "cover": (
        Ask(FormField("person", "Who covers for you?", "person"), "{}", spell_person),
        Ask(FormField("until", "Until", "date"), "until {}", spell_date),
    ),
    "promise done": (
        Ask(FormField("promise", "Which promise?", hint="P4"), "P{}", _number),
        Ask(FormField("evidence", "How do we know?", "text"), "-- {}"),
    ),
    "promise move": (
        Ask(FormField("promise", "Which promise?", hint="P4"), "P{}", _number),
        Ask(FormField("due", "New date", "date"), "due {}", spell_date),
        _BECAUSE,
    ),
    "promise withdraw": (Ask(FormField("promise", "Which promise?", hint="P4"), "P{}", _number), _BECAUSE),
    "customer show": (_CUSTOMER,),
    "customer channel": (
        _CUSTOMER,
        Ask(FormField("change", "Change", "choice", (("+", "Bind"), ("-", "Unbind"))), "{}", _plain),
        Ask(FormField("channel", "Channel", hint="#name, id, mail address or https://…"), "{}"),
    ),
    "customer manager": (_CUSTOMER, Ask(FormField("person", "Who looks after them?", "person"), "{}", spell_person)),
    "customer zone": (_CUSTOMER, Ask(FormField("zone", "Time zone", hint="Europe/Berlin"), "{}", _zone)),
    "service show": (Ask(FormField("service", "Service", "choice"), "{}"),),
    "send": (Ask(FormField("proposal", "Which proposal?", hint="Its number"), "{}", _number),),
    "settle": (
        Ask(FormField("post", "Which post?", hint="Its number"), "{}", _number),
        Ask(
            FormField(
                "verdict",
                "What became of it?",
                "choice",
                (("look", "Look for it"), ("arrived", "It arrived"), ("again", "Send again"), ("drop", "Let it be")),
            ),
            "{}",
            _plain,
        ),
    ),
}
"""What each verb's form asks, in the order of the line."""

GLUED = frozenset({"change", "channel"})
"""Pieces that stand without a blank before the next one: `+contoso`, `+#contoso`."""

TITLES: dict[str, str] = {
    "declare": "Declare an incident",
    "severity": "Severity",
    "services": "Services",
    "region": "Region",
    "title": "Rename",
    "status": "Status",
    "private": "Members only",
    "resolve": "Resolve",
    "update": "Post an update",
    "recap": "Recap",
    "role": "Give a role",
    "handover": "Hand over",
    "can": "CAN report",
    "subscribe": "Subscribe",
    "unsubscribe": "Unsubscribe",
    "remind": "Reminders",
    "remind me": "Remind me",
    "note": "Internal note",
    "pin": "Pin to the timeline",
    "task add": "Add a task",
    "task move": "Move a task",
    "remind me off": "Forget a reminder",
    "notify": "What I tell you, when",
    "fact": "Record a fact",
    "affected": "Affected customers",
    "link": "It came back",
    "apology draft": "Draft an apology",
    "apology fill": "Fill a gap",
    "apology waive": "Waive",
    "apology edit": "Edit the words",
    "apology mend": "Use better words",
    "apology suggest": "Suggest words",
    "apology submit": "Submit for approval",
    "apology publish": "Publish the apology",
    "relay done": "Told a customer",
    "relay ack": "They acknowledged",
    "relay skip": "Not to be told",
    "relay close": "Nothing more is owed",
    "relay pack": "A customer's pack",
    "relay ask": "A customer's question",
    "relay answer": "Answer for all who asked",
    "cover": "Cover for me",
}
