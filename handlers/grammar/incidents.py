"""Reading the verbs of an incident's life: looking, severity to merging, updates, recap, roles."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from handlers import commands as c
from handlers.domain.when import Unreadable, parse_due, parse_duration
from handlers.grammar.cursor import Candidates, Cursor, Option, duration, duration_or_time
from handlers.grammar.lines import FAMILIES, USAGE, VERBS
from handlers.grammar.words import bare_number, nearest, shown, sure_number, unquote, words_of
from handlers.grammar.write import write

# --- a number before free text ---------------------------------------------------------------------------------------
_SURE_QUANTITY = re.compile(
    r"(?:of|out of|percent|per cent|%|am|pm|a\.m\.|p\.m\.|times|x|to \d|or \d|and \d|/|- ?\d|– ?\d"
    r"|(?:more |other )?\w+ (?:ago|later|left|so far))(?!\w)",
    re.IGNORECASE,
)
_COUNTED = words_of(
    "alerts calls cases clusters connections containers core cores customer customers days databases deploys disks"
    " engineers errors failures gb hops hosts hour hours hrs instances jobs k kb links m machines mb messages million"
    " min minutes mins more ms new nodes orders other others packets partitions pods people queues rack racks regions"
    " replicas reports requests retries routers s sec seconds servers services shards sites switches tb tenants"
    " thousand tickets users vms week weeks workers zones"
)
"""Words that make the number before them look like a count."""


def numbered(cursor: Cursor, make: Callable[[int | None, str], c.Command], whole: Callable[[int], str]) -> int | None:
    """The incident before free text, where a number may also belong to the text (“3 of 5 nodes back”).

    `#7` and `INC-7` are always incidents. In a room a bare number that no incident has, or that surely counts
    something, is text; the room's own number is the room; otherwise the bot asks. `whole(index)` is the text from a
    token on.
    """
    token, following = cursor.peek(), cursor.peek(1)
    if token is None or (number := bare_number(token)) is None:
        return cursor.number()
    room = cursor.reading.room
    exists = number == room or cursor.reading.exists(number)
    sure = bool(_SURE_QUANTITY.match(cursor.slice(cursor.at + 1, min(len(cursor.tokens), cursor.at + 4))))
    if following is None or following.quoted or (token.raw.endswith(":") and exists) or (room is None and not sure):
        verdict = "incident"
    elif not exists or (sure and room is not None):
        verdict = "text"
    elif number == room and following.word not in _COUNTED:
        verdict = "incident"
    else:
        verdict = "doubt"
    if verdict == "doubt":
        here = "Without a number" if room is None else f"INC-{room}"
        cursor.ask(
            f"Is {number} the incident, or part of the text?",
            (f"{here}: “{shown(whole(cursor.at), 30)}”", write(make(room, whole(cursor.at)))),
            (f"INC-{number}: “{shown(whole(cursor.at + 1), 30)}”", write(make(number, whole(cursor.at + 1)))),
        )
    if verdict == "incident":
        cursor.at += 1
        return number
    return None


# --- looking ---------------------------------------------------------------------------------------------------------
def service_option(cursor: Cursor, index: int) -> Candidates:
    """`service a`."""
    words = cursor.tokens
    if words[index].word in {"service", "services"} and index + 1 < len(words) and words[index + 1].value:
        yield index + 2, words[index + 1].value


def since_option(cursor: Cursor, index: int) -> Candidates:
    """`since 7d`, `since 2026-03-01`: how far back."""
    yield from duration("since")(cursor, index)
    words = cursor.tokens
    if words[index].word == "since" and index + 1 < len(words):
        now, zone = cursor.reading.now, cursor.reading.zone
        try:
            day = parse_due(words[index + 1].value, now, zone).day
        except Unreadable:
            return
        if (back := now.astimezone(zone).date() - day).days > 0:
            yield index + 2, back


def _which_option(cursor: Cursor, index: int) -> Candidates:
    if cursor.tokens[index].word in {"open", "resolved", "all", "mine"}:
        yield index + 1, cursor.tokens[index].word


def read_list(cursor: Cursor) -> c.Command:
    """`list …`: options before the words or after them."""
    options: dict[str, Option] = {"which": _which_option, "service": service_option, "since": since_option}
    found: dict[str, Any] = {}
    while (token := cursor.peek()) and not token.quoted:
        step = next(
            (
                (name, end, value)
                for name, o in options.items()
                if name not in found
                for end, value in o(cursor, cursor.at)
            ),
            None,
        )
        if step is None:
            break
        found[step[0]], cursor.at = step[2], step[1]
    rest = {name: option for name, option in options.items() if name not in found}
    end, tailed = cursor.tail(cursor.at, len(cursor.tokens), rest)
    found |= tailed
    words = " ".join(cursor.free(cursor.at, end).split())
    return c.ListIncidents(found.get("which", "open"), found.get("service"), found.get("since"), words)


def only_number(make: Callable[[int | None], c.Command]) -> Callable[[Cursor], c.Command]:
    """A reader for verbs that take an incident's number at most."""

    def read(cursor: Cursor) -> c.Command:
        number = cursor.number()
        cursor.finish()
        return make(number)

    return read


def alone(make: Callable[[], c.Command]) -> Callable[[Cursor], c.Command]:
    """A reader for verbs that take nothing."""

    def read(cursor: Cursor) -> c.Command:
        cursor.finish()
        return make()

    return read


def read_help(cursor: Cursor) -> c.Command:
    """`help [verb]`."""
    said = " ".join(" ".join(t.word for t in cursor.tokens[cursor.at :]).split())
    if not said:
        return c.Help()
    if said in USAGE or said in FAMILIES:
        return c.Help(said)
    first, *more = said.split()
    known = (*USAGE, *FAMILIES)
    near = nearest(said, known) or (nearest(first, VERBS) if not more else None)
    return cursor.wrong(f"There is no “{shown(said)}”. Say help for everything I understand.", near)


# --- severity to merging ---------------------------------------------------------------------------------------------
_SEVERITY = re.compile(r"(?:sev-?|p)?([1-4])", re.ASCII)


def read_severity(cursor: Cursor) -> c.Command:
    """`severity [N] sevN [because …]`.

    A number alone is the incident, as it is everywhere. In a room `severity 2` may mean sev2 as well: it does if no
    incident 2 exists, otherwise the bot asks, unless it is the room's own number.
    """
    last = cursor.split(because=True, dash=True)
    token = cursor.peek()
    alone = bare_number(token) if token is not None and last - cursor.at == 1 else None
    if alone is not None and cursor.reading.room not in {None, alone} and alone <= len(c.SEVERITIES):
        return _lone_severity(cursor, last, alone)
    number = cursor.number()
    if number is None and last - cursor.at == 2 and _SEVERITY.fullmatch(cursor.word()):
        # `severity sev2 7`: the other way round
        other = sure_number(cursor.tokens[last - 1]) or bare_number(cursor.tokens[last - 1])
        if other is not None:
            return c.SetSeverity(other, c.SEVERITIES[int(cursor.word()[-1]) - 1], _reason_from(cursor, last))
    if cursor.word() == "to":
        cursor.at += 1
    if cursor.at >= last:
        cursor.gap("severity", says=f"severity INC-{number}" if number else "severity")
    found = _SEVERITY.fullmatch(cursor.word())
    if found is None and cursor.word() == "sev" and _SEVERITY.fullmatch(cursor.word(1)):
        cursor.at += 1
        found = _SEVERITY.fullmatch(cursor.word())
    if found is None:
        cursor.choose((cursor.peek() or cursor.tokens[-1]).raw, c.SEVERITIES, "severity")
    cursor.at += 1
    return c.SetSeverity(number, c.SEVERITIES[int(found[1]) - 1], cursor.reason())


def _lone_severity(cursor: Cursor, last: int, number: int) -> c.Command:
    meant = c.SetSeverity(None, c.SEVERITIES[number - 1], _reason_from(cursor, last))
    if cursor.reading.exists(number):
        room = cursor.reading.room
        cursor.ask(
            f"Is {number} the severity, or an incident?",
            (f"INC-{room}: {meant.severity}", write(replace(meant, incident=room))),
            (f"The severity of INC-{number}", f"severity INC-{number}"),
        )
    return meant


def _reason_from(cursor: Cursor, index: int) -> str:
    kept, cursor.at = cursor.at, index
    words = cursor.reason()
    cursor.at = kept
    return words


def read_services(cursor: Cursor) -> c.Command:
    """`services [N] +a -b | a,b`."""
    number = cursor.number()
    if cursor.done:
        cursor.gap("services")
    add: list[str] = []
    remove: list[str] = []
    replace: list[str] = []
    target = replace
    text = cursor.slice(cursor.at, len(cursor.tokens))
    for part in re.findall(r'(?:[+\-]\s*)?(?:"(?:[^"]|"")*+"|[^\s,+"][^\s,"]*)', text):
        sign = part[:1] if part[:1] in "+-" else ""
        name = unquote(part[1:] if sign else part)
        if sign:
            target = add if sign == "+" else remove
        if part.casefold() != "and":
            target.append(name)
    if (add or remove) and replace:
        cursor.wrong("Either change the list (+a -b) or say it whole (a,b), not both.")
    if not (add or remove or replace):
        cursor.wrong("Name at least one service.")
    return c.SetServices(number, tuple(add), tuple(remove), tuple(replace))


def read_region(cursor: Cursor) -> c.Command:
    """`region [N] r`."""
    number = cursor.number()
    region = " ".join(cursor.free(cursor.at).split())
    if not region:
        cursor.gap("region")
    return c.SetRegion(number, region)


def read_title(cursor: Cursor) -> c.Command:
    """`title [N] <words>`."""

    def whole(index: int) -> str:
        return " ".join(cursor.free(index).split())

    number = numbered(cursor, c.SetTitle, whole)
    title = whole(cursor.at)
    if not title:
        cursor.gap("title")
    return c.SetTitle(number, title)


def read_status(cursor: Cursor) -> c.Command:
    """`status [N] investigating|identified|monitoring|resolved`."""
    number = cursor.number()
    if cursor.word() == "to":
        cursor.at += 1
    if cursor.done:
        cursor.gap("status")
    word = cursor.word()
    status = next((s for s in c.STATUSES if s == word), None)
    if status is None:
        cursor.choose((cursor.peek() or cursor.tokens[-1]).raw, c.STATUSES, "status")
    cursor.at += 1
    if number is None and not cursor.done:
        number = cursor.number()
    cursor.finish()
    return c.SetStatus(number, status)


def read_private(cursor: Cursor) -> c.Command:
    """`private [N] on|off because …`."""
    number = cursor.number()
    if cursor.done:
        cursor.gap("on", "because")
    if cursor.word() not in {"on", "off"}:
        cursor.choose((cursor.peek() or cursor.tokens[-1]).raw, ("on", "off"), "answer")
    on = cursor.word() == "on"
    cursor.at += 1
    return c.SetPrivate(number, on, cursor.needed_reason(given=("on",)))


def read_resolve(cursor: Cursor) -> c.Command:
    """`resolve [N] [because …]`."""
    number = cursor.number()
    if not cursor.done and cursor.word() != "because" and not cursor.at_dash:
        left = shown(cursor.slice(cursor.at, len(cursor.tokens)), 60)
        cursor.wrong(f"I do not understand “{left}” here. A reason goes after the word because.")
    return c.Resolve(number, cursor.reason())


def reasoned(make: Callable[[int | None, str], c.Command]) -> Callable[[Cursor], c.Command]:
    """A reader for verbs that take a number and need a reason."""

    def read(cursor: Cursor) -> c.Command:
        number = cursor.number()
        return make(number, cursor.needed_reason())

    return read


def read_merge(cursor: Cursor) -> c.Command:
    """`merge N into M because …`."""
    number = cursor.number()
    if cursor.word() in {"into", "in", "with", "to"}:
        cursor.at += 1
        into = cursor.number()
    else:
        into = cursor.number()
    if into is None:
        if not cursor.done and cursor.word() != "because":
            cursor.wrong("Say which incident goes on: merge 8 into 7 because …")
        cursor.gap("into", "because", says=cursor.without_because())
    return c.Merge(number, into, cursor.needed_reason(given=("into",)))


# --- updates ---------------------------------------------------------------------------------------------------------
_GO_WITH_TO = words_of(
    "access apologise apologize available communicate communicated communication delivered delivery email emailed"
    " emails failover impact mail mails respond responded response returned said send sending sent service speak"
    " speaking spoke switched talk talked talking traffic visible write writing wrote"
)
"""“We restored access to customers” may be a sentence, not an order to send."""


def _to_option(cursor: Cursor, index: int) -> Candidates:
    words = cursor.tokens
    if words[index].word != "to" or index + 1 >= len(words):
        return
    said = words[index + 1].word
    if said == "the" and index + 2 < len(words) and words[index + 2].word == "room":
        yield index + 3, "room"
    if said in {"room", "status", "customers"}:
        yield index + 2, said
    if said == "status" and index + 2 < len(words) and words[index + 2].word == "page":
        yield index + 3, "status"


def read_update(cursor: Cursor) -> c.Command:
    """`update [N] <text> [next 30m | next at 15:00] [to room|status|customers]`; the text keeps its line breaks."""
    options: dict[str, Option] = {"next": duration_or_time("next"), "to": _to_option}
    end, found = cursor.tail(cursor.at, len(cursor.tokens), options)
    said = found.get("next")
    next_in, next_at = (None, said) if isinstance(said, datetime) else (said, None)

    def make(number: int | None, text: str) -> c.Update:
        return c.Update(number, text, next_in, found.get("to", "room"), next_at)

    number = numbered(cursor, make, lambda index: cursor.free(index, max(index, end)))
    text = cursor.free(cursor.at, max(cursor.at, end))
    if not text:
        cursor.gap_before_options("text", (*found, *["next_at"] * ("next" in found)))
    to_first = end < len(cursor.tokens) and cursor.tokens[end].word == "to"
    if found.get("to", "room") != "room" and to_first and cursor.tokens[end - 1].word in _GO_WITH_TO:
        whole = cursor.slice(cursor.at, end) + " " + cursor.slice(end, _to_end(cursor, end))
        to = found["to"]
        cursor.ask(
            f"Is “to {to}” part of the text?",
            (f"Room: “{shown(whole, 50)}”", write(c.Update(number, whole, next_in, "room", next_at))),
            (f"To {to}: “{shown(text, 50)}”", write(make(number, text))),
        )
    return make(number, text)


def _to_end(cursor: Cursor, index: int) -> int:
    return max(end for end, _ in _to_option(cursor, index))


# --- conditions, actions, needs ------------------------------------------------------------------------------------
CAN_FIELDS = ("conditions", "actions", "needs", "next")
_CAN_WORDS = {
    **{field: field for field in CAN_FIELDS}, "condition": "conditions", "action": "actions", "need": "needs",
}  # fmt: skip


def read_can(cursor: Cursor) -> c.Command:
    """`can [N]`, then `conditions: … actions: … needs: … next: 30m`."""
    number = cursor.number()
    starts = [
        (index, field)
        for index in range(cursor.at, len(cursor.tokens))
        if not (token := cursor.tokens[index]).quoted
        and token.raw.endswith(":")
        and (field := _CAN_WORDS.get(token.raw[:-1].casefold()))
    ]
    if not cursor.done and (not starts or starts[0][0] > cursor.at):
        cursor.wrong("Say each part after its name, like: conditions: half the nodes are up")
    found: dict[str, str] = {}
    for place, (index, field) in enumerate(starts):
        last = starts[place + 1][0] if place + 1 < len(starts) else len(cursor.tokens)
        words = cursor.free(index + 1, last).strip()
        if words:
            found[field] = words
    following: timedelta | None = None
    if "next" in found:
        try:
            following = parse_duration(found["next"])
        except Unreadable as fault:
            cursor.wrong(fault.sentence)
    return c.CanReport(number, found.get("conditions", ""), found.get("actions", ""), found.get("needs", ""), following)


# --- recap -----------------------------------------------------------------------------------------------------------
RECAP_FIELDS = ("seen", "from", "to", "count", "trigger", "state", "data-loss", "change", "next-report", "remedy")
RECAP_STATES = ("not-fixed", "stable", "fixed", "checked")
_RECAP_WORDS = {
    **{field: field for field in RECAP_FIELDS},
    "impact": "seen",
    "until": "to",
    "till": "to",
    "cause": "trigger",
    "data": "data-loss",
    "loss": "data-loss",
    "data_loss": "data-loss",
    "dataloss": "data-loss",
    "prevention": "change",
    "changes": "change",
    "report": "next-report",
    "next_report": "next-report",
}
_STATES = {
    "not-fixed": "not-fixed", "not fixed": "not-fixed", "not yet fixed": "not-fixed", "open": "not-fixed",
    "none": "not-fixed", "stable": "stable", "contained": "stable", "fixed": "fixed", "checked": "checked",
    "verified": "checked", "fixed and checked": "checked",
}  # fmt: skip
_UNKNOWN = frozenset({"unknown", "not known", "not known yet", "not yet known", "?", "don't know", "dont know"})


def read_recap(cursor: Cursor) -> c.Command:
    """`recap [N]`, then `field: words`, on lines of their own or one after the other."""
    number = cursor.number()
    starts: list[tuple[int, int, str]] = []
    for index in range(cursor.at, len(cursor.tokens)):
        token = cursor.tokens[index]
        if token.quoted or not token.raw.endswith(":"):
            continue
        before = cursor.tokens[index - 1].word if index > cursor.at else ""
        pair = {("data", "loss"): "data-loss", ("next", "report"): "next-report"}.get((before, token.word))
        field = pair or _RECAP_WORDS.get(token.raw[:-1].casefold())
        if field:
            starts.append((index - 1 if pair else index, index + 1, field))
        elif "\n" in cursor.text[cursor.tokens[index - 1].end : token.start]:
            near = nearest(token.raw[:-1], RECAP_FIELDS)
            cursor.wrong(f"“{shown(token.raw)}” is no question of the recap: {', '.join(RECAP_FIELDS)}.", near)
    if not cursor.done and (not starts or starts[0][0] > cursor.at):
        cursor.wrong("Answer each question after its name, like: seen: customers could not pay")
    answers: dict[str, str] = {}
    for place, (_, first, field) in enumerate(starts):
        last = starts[place + 1][0] if place + 1 < len(starts) else len(cursor.tokens)
        words = cursor.free(first, last).rstrip(";").strip()
        if words:
            answers[field] = recap_answer(cursor, field, words)
    return c.Recap(number, tuple(answers.items()))


def recap_answer(cursor: Cursor, field: str, words: str) -> str:
    """An answer in the words the record uses; a state that does not exist is refused."""
    said = words.casefold().strip(" .!")
    if said in _UNKNOWN or words == "?":
        return "unknown"
    if field == "state":
        if said not in _STATES:
            cursor.choose(words, RECAP_STATES, "state")
        return _STATES[said]
    return words


def _read_answer(cursor: Cursor) -> tuple[int | None, c.Role | None, bool]:
    """`[N|all] [role]`, in either order."""
    number: int | None = None
    role: c.Role | None = None
    everywhere = False
    while not cursor.done:
        word = _ROLES.get(cursor.word(), cursor.word())
        found = next((r for r in c.ROLES if r == word), None)
        if found is not None and role is None:
            role = found
            cursor.at += 1
        elif word == "all" and number is None and not everywhere:
            everywhere = True
            cursor.at += 1
        elif number is None and not everywhere and (said := cursor.number()) is not None:
            number = said
        else:
            break
    return number, role, everywhere


def read_accept(cursor: Cursor) -> c.Command:
    """`accept [N|all] [commander|deputy|comms|scribe]`."""
    number, role, everywhere = _read_answer(cursor)
    cursor.finish()
    return c.AcceptHandOver(number, role, everywhere)


def read_decline(cursor: Cursor) -> c.Command:
    """`cannot [N|all] [commander|deputy|comms|scribe] [because …]`."""
    number, role, everywhere = _read_answer(cursor)
    return c.DeclineHandOver(number, role, everywhere, cursor.reason())


# --- roles -----------------------------------------------------------------------------------------------------------
_ROLES = {
    "lead": "commander", "ic": "commander", "communications": "comms", "communication": "comms", "scribes": "scribe",
    "deputies": "deputy", "im": "commander",
}  # fmt: skip
LONGEST_NAME = 6
"""Words of a person's name; more is a note that lacks its dash."""


def person(cursor: Cursor, first: int, last: int) -> str:
    """Who is named between two tokens: a mention as it is, a name without its `@`."""
    typed = cursor.slice(first, last).rstrip(",;")
    if re.fullmatch(r"<@[^<>]+>", typed):
        return typed
    return " ".join(unquote(typed.removeprefix("@")).split())


def read_role(cursor: Cursor) -> c.Command:
    """`role [N|all] commander|deputy|comms|scribe @person [-- hand-over note]`."""
    everywhere = cursor.word() == "all"
    if everywhere:
        cursor.at += 1
        number = None
    else:
        number = cursor.number()
    if cursor.word() == "incident" and cursor.word(1) == "commander":
        cursor.at += 1
    if cursor.done:
        cursor.gap("role", "person")
    word = _ROLES.get(cursor.word(), cursor.word())
    role = next((r for r in c.ROLES if r == word), None)
    if role is None:
        cursor.choose((cursor.peek() or cursor.tokens[-1]).raw, c.ROLES, "role")
    cursor.at += 1
    if number is None and not everywhere and cursor.word() == "all":
        everywhere = True
        cursor.at += 1
    if number is None and not everywhere:
        number = cursor.number()  # `ic 3 @Ana`
    return _read_holder(cursor, number, role, everywhere=everywhere)


def read_handover(cursor: Cursor) -> c.Command:
    """`handover [N|all] [commander|deputy|comms|scribe] @person [-- note]`; no role is the commander's."""
    number, role, everywhere = _read_answer(cursor)
    if cursor.done:
        cursor.gap("person", given=("role",) if role else ())
    return _read_holder(cursor, number, role or "commander", everywhere=everywhere, handed=True)


def _read_holder(
    cursor: Cursor, number: int | None, role: c.Role, *, everywhere: bool, handed: bool = False
) -> c.Command:
    """`@person [-- note]`."""
    dash = cursor.split(because=False, dash=True)
    if cursor.word() in {"to", "is", "="}:
        cursor.at += 1
    who = person(cursor, cursor.at, dash)
    if not who:
        cursor.gap("person", given=("role",))
    if dash - cursor.at > LONGEST_NAME:
        cursor.wrong("That is a long name. Put a hand-over note after two dashes: role 7 commander @Ana -- the note")
    note = cursor.free(dash + 1) if dash < len(cursor.tokens) else ""
    return c.SetRole(number, role, who, everywhere, note, handed)
