"""Reading tasks, facts, who is affected, and links between incidents."""

import re
from typing import Any

from handlers import commands as c
from handlers.domain.facts import KINDS, PRECISIONS
from handlers.grammar.cursor import Candidates, Cursor, Option, due, one_of, source, visibility
from handlers.grammar.incidents import person
from handlers.grammar.words import bare_number, lettered, nearest, shown, surely_lettered, unquote

# --- tasks -----------------------------------------------------------------------------------------------------------
MOST_NAMES = 3
"""Words of an owner's name that need no quotes: `@Dana van Lee`."""


def owner(cursor: Cursor, index: int) -> Candidates:
    """`@Noor`, `<@U1>`, `@Dana Lee`."""
    words = cursor.tokens
    token = words[index]
    if re.fullmatch(r"<@[^<>]+>[,;.]?", token.raw):
        yield index + 1, token.raw.rstrip(",;.")
    elif token.raw.startswith("@") and len(token.raw) > 1:
        yield index + 1, unquote(token.raw[1:].rstrip(",;"))
        for end in range(index + 2, min(len(words), index + MOST_NAMES) + 1):
            if '"' in cursor.slice(index, end) or not words[end - 1].raw[:1].isupper():
                return
            yield end, person(cursor, index, end)


def read_task_add(cursor: Cursor) -> c.Command:
    """`task [N] add <text> [@owner] [due …]`; N was read before `add` (or is read after it)."""
    number = _task_number(cursor)
    text, who, by = change_of(cursor)
    if not text:
        cursor.gap_before_options("text", (*(("owner",) if who else ()), *(("due",) if by else ())))
    return c.TaskAdd(number, text, who, by)


def read_task_done(cursor: Cursor) -> c.Command:
    """`task [N] done <task>`."""
    number = _task_number(cursor)
    task = cursor.letter("t")
    if task is None:
        if not cursor.done:
            cursor.wrong("Say the task's number: task 7 done 2")
        cursor.gap("task")
    cursor.finish()
    return c.TaskDone(number, task)


def read_task_move(cursor: Cursor) -> c.Command:
    """`task [N] move <task> [@owner] [due …]`."""
    number = _task_number(cursor)
    task = cursor.letter("t")
    if task is None:
        if not cursor.done:
            cursor.wrong("Say the task's number: task 7 move 2 due Friday")
        cursor.gap("task", "owner", "due")
    if cursor.word() == "to":
        cursor.at += 1
    if cursor.done:
        cursor.gap("owner", "due", given=("task",))
    left, who, by = change_of(cursor)
    if left:
        cursor.wrong(f"I do not understand “{shown(left)}” here. Say task 7 move 2 @Noor due Friday")
    return c.TaskMove(number, task, who, by)


def _task_number(cursor: Cursor) -> int | None:
    return cursor.before.number() if cursor.before else None


def change_of(cursor: Cursor) -> tuple[str, str, str]:
    """Text, owner and due date of what stands from here on, as `task add` reads them."""
    options: dict[str, Option] = {"owner": owner, "due": due("due")}
    end, found = cursor.tail(cursor.at, len(cursor.tokens), options)
    return cursor.free(cursor.at, end), found.get("owner", ""), found.get("due", "")


# --- facts -----------------------------------------------------------------------------------------------------------
GAP_WORDS = ("cause", "problem", "issue", "activity", "behaviour", "behavior", "factors", "bug")
"""Gaps that are no kinds of their own: the cause, and the nouns of teaser terms."""
_KIND_WORDS = {
    "trigger": "cause.trigger",
    "flaw": "cause.flaw",
    "latent": "cause.latent",
    "cause-trigger": "cause.trigger",
    "cause-flaw": "cause.flaw",
    "cause-latent": "cause.latent",
    "data_loss": "data-loss",
    "dataloss": "data-loss",
    "next_report": "next-report",
    "report": "next-report",
    "time": "times",
    "zone": "timezone",
}
_PAIRS = {("data", "loss"): "data-loss", ("next", "report"): "next-report", ("time", "zone"): "timezone"}


def _kind(cursor: Cursor) -> str:
    """The kind of fact or gap at this place, taken; empty if it is none."""
    pair = _PAIRS.get((cursor.word(), cursor.word(1)))
    if pair:
        cursor.at += 2
        return pair
    word = cursor.word().rstrip(".")
    kind = _KIND_WORDS.get(word, word)
    if kind in KINDS or kind in GAP_WORDS:
        cursor.at += 1
        return kind
    return ""


def read_fact(cursor: Cursor) -> c.Command:
    """`fact [N] <kind> <value> …`, `fact [N] F = <value> because …`, `fact [N] drop F because …`."""
    number = cursor.number() if not _at_replacement(cursor) else None
    if cursor.done:
        cursor.gap("kind", "value")
    if cursor.word() == "drop":
        return _read_drop(cursor, number)
    if _at_replacement(cursor) or surely_lettered(cursor.tokens[cursor.at], "f") is not None:
        return _read_replace(cursor, number)
    typed = cursor.peek()
    kind = _kind(cursor)
    if not kind or kind == "cause":
        word = typed.raw if typed else ""
        near = "cause.trigger" if kind else nearest(word, KINDS)
        hint = f" Did you mean {near}?" if near else ""
        cursor.wrong(f"“{shown(word)}” is no kind of fact: use {', '.join(KINDS)}.{hint}", near)
    options: dict[str, Option] = {
        "source": source,
        "visibility": visibility,
        "precision": one_of("precision", PRECISIONS),
        "due": due("due"),
    }
    end, found = cursor.tail(cursor.at, len(cursor.tokens), options)
    value = cursor.free(cursor.at, end)
    if not value:
        cursor.gap_before_options("value", ("kind", *found))
    seen, customer = found.get("visibility", ("internal", ""))
    return c.RecordFact(
        number,
        kind,
        value,
        found.get("source", ""),
        seen,
        customer,
        found.get("precision", ""),
        found.get("due", ""),
    )


_REPLACEMENT = re.compile(r"#?(?:f-?)?([1-9]\d{0,8})=(.*)", re.IGNORECASE | re.ASCII | re.DOTALL)


def _at_replacement(cursor: Cursor) -> bool:
    """Whether `F4 =`, `4 =` or `F4=` stands here."""
    token, following = cursor.peek(), cursor.peek(1)
    if token is None:
        return False
    if _REPLACEMENT.fullmatch(token.raw):
        return True
    return lettered(token, "f") is not None and following is not None and following.raw.startswith("=")


def _read_replace(cursor: Cursor, number: int | None) -> c.Command:
    cursor.verb = "fact replace"
    token = cursor.tokens[cursor.at]
    glued = _REPLACEMENT.fullmatch(token.raw)
    fact = int(glued[1]) if glued else lettered(token, "f")
    cursor.at += 1
    if glued:
        start = token.start + glued.start(2)
    else:
        sign = cursor.peek()
        if sign is None or not sign.raw.startswith("="):
            if sign is not None:
                cursor.wrong("To replace a fact, put = before the new value: fact 7 F4 = 3h because …")
            cursor.gap("value", "because")
        start = sign.start + 1
        cursor.at += 1
    split = cursor.split(because=True, dash=True)
    end = cursor.tokens[split - 1].end
    value = unquote(cursor.text[start:end]) if end > start else ""
    cursor.at = split
    if not value:
        cursor.gap("value", "because", says=cursor.without_because().rstrip("= "))
    because = cursor.needed_reason(given=("value",))
    return c.ReplaceFact(number, fact or 0, value, because)


def _read_drop(cursor: Cursor, number: int | None) -> c.Command:
    cursor.verb = "fact drop"
    cursor.at += 1
    fact = cursor.letter("f")
    if fact is None:
        if not cursor.done and cursor.word() != "because":
            cursor.wrong("Say which fact: fact 7 drop F4 because …")
        cursor.gap("fact", "because", says=cursor.without_because())
    return c.DropFact(number, fact, cursor.needed_reason(given=("fact",)))


def read_confirm(cursor: Cursor) -> c.Command:
    """`confirm [N] F`; a lone bare number is the fact where the room tells the incident."""
    token = cursor.peek()
    if len(cursor.tokens) - cursor.at == 1 and token is not None:
        fact = surely_lettered(token, "f") or (bare_number(token) if cursor.reading.room is not None else None)
        if fact is not None:
            return c.ConfirmFact(None, fact)
    number = None if token is not None and surely_lettered(token, "f") else cursor.number()
    fact = cursor.letter("f")
    if fact is None:
        if not cursor.done:
            cursor.wrong("Say the fact's number: confirm 7 F4")
        cursor.gap("fact", says=f"confirm INC-{number}" if number else "confirm")
    cursor.finish()
    return c.ConfirmFact(number, fact)


# --- affected, links -------------------------------------------------------------------------------------------------
def read_affected(cursor: Cursor) -> c.Command:
    """`affected [N] [mine]`, `affected [N] +<customer>|-<customer> because …`."""
    number = cursor.number()
    if cursor.done:
        return c.ShowAffected(number)
    if cursor.word() == "mine":
        cursor.at += 1
        cursor.finish()
        return c.ShowAffected(number, mine=True)
    token = cursor.tokens[cursor.at]
    sign = token.raw[:1]
    if sign not in "+-–—":
        cursor.wrong("Put + or - before the customer: affected 7 +contoso because they called")
    split = next(
        (i for i in range(cursor.at + 1, len(cursor.tokens)) if cursor.tokens[i].word == "because"), len(cursor.tokens)
    )
    if token.raw in {"--", "—", "–"} and cursor.at + 1 < split:
        cursor.at += 1
        named = cursor.slice(cursor.at, split)
    else:
        named = cursor.slice(cursor.at, split)[1:].strip()
    if not named:
        cursor.wrong("Name a customer: affected 7 +contoso because they called")
    if any(t.raw[0] in "+-" and len(t.raw) > 1 for t in cursor.tokens[cursor.at + 1 : split]):
        cursor.wrong("One customer at a time, since each needs its reason.")
    cursor.at = split
    because = cursor.needed_reason(given=("change", "customer"))
    return c.ChangeAffected(number, " ".join(unquote(named).split()), sign == "+", because)


def read_link(cursor: Cursor) -> c.Command:
    """`link N recurrence-of M [issue L] because …`; in a room N may be left out."""
    number = cursor.number()
    if cursor.word() in {"recurrence-of", "repeat-of", "recurrenceof", "repeats"}:
        cursor.at += 1
    elif cursor.word() in {"recurrence", "repeat"} and cursor.word(1) == "of":
        cursor.at += 2
    elif not cursor.done and cursor.word() != "because":
        cursor.choose(cursor.tokens[cursor.at].raw, ("recurrence-of",), "kind of link")
    other = cursor.number()
    if number is None:
        number = cursor.reading.room
        if number is None:
            if len(cursor.tokens) == cursor.body:
                cursor.gap("incident", "recurrence_of", "because")
            cursor.wrong("Say both incidents: link 8 recurrence-of 7 because …")
    if other is None:
        if not cursor.done and cursor.word() != "because":
            cursor.wrong("Say the earlier incident by its number: link 8 recurrence-of 7 because …")
        says = f"link {number}"
        cursor.gap("recurrence_of", "because", says=says)
    found: dict[str, Any] = {}
    if cursor.word() == "issue" and (label := cursor.peek(1)) is not None:
        found["issue"] = label.value
        cursor.at += 2
    because = cursor.needed_reason(given=("recurrence_of", *found))
    return c.Link(number, other, because, found.get("issue", ""))


def read_unlink(cursor: Cursor) -> c.Command:
    """`unlink N M`; in a room N may be left out."""
    first = cursor.number()
    while cursor.word() in {"from", "and", "recurrence-of", "repeat-of"}:
        cursor.at += 1
    second = cursor.number()
    cursor.finish()
    room = cursor.reading.room
    if first is not None and second is not None:
        return c.Unlink(first, second)
    if first is not None and room is not None and room != first:
        return c.Unlink(room, first)
    return cursor.gap(*(("other",) if first is not None else ("incident", "other")))
