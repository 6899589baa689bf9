"""Reading `apology …`."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from handlers import commands as c
from handlers.domain.facts import KINDS, PRECISIONS
from handlers.domain.when import Unreadable, parse_moment
from handlers.grammar.cursor import Cursor, Option, due, one_of, source
from handlers.grammar.ledger import GAP_WORDS
from handlers.grammar.words import bare_number, lettered, nearest, shown, sure_number, surely_lettered, unquote


def read_draft(cursor: Cursor) -> c.Command:
    """`apology draft N [M …] [signatory …]`; in an incident's room its number may be left out."""
    numbers: list[int] = []
    while (token := cursor.peek()) is not None:
        parts = [bare_number_of(part) for part in token.raw.strip(",").split(",")] if "," in token.raw else []
        if parts and all(parts):
            numbers.extend(part for part in parts if part)
            cursor.at += 1
        elif (number := cursor.number()) is not None:
            numbers.append(number)
        elif token.word in {"and", "for", "&"}:
            cursor.at += 1
        else:
            break
    signatory = ""
    if cursor.word() == "signatory":
        signatory = " ".join(cursor.free(cursor.at + 1).split())
        if not signatory:
            cursor.wrong('Say who signs: signatory "Dana Lee, Customer Services"')
        cursor.at = len(cursor.tokens)
    cursor.finish()
    if not numbers and cursor.reading.room is not None:
        numbers = [cursor.reading.room]
    if not numbers:
        cursor.gap("incidents", given=("signatory",) if signatory else ())
    return c.ApologyDraft(tuple(dict.fromkeys(numbers)), signatory)


def bare_number_of(text: str) -> int | None:
    """The incident's number in a piece of a list, or None."""
    found = re.fullmatch(r"(?:#|inc-)?([1-9]\d{0,8})", text.strip(), re.ASCII | re.IGNORECASE)
    return int(found[1]) if found else None


def only_apology(make: Callable[[int | None], c.Command]) -> Callable[[Cursor], c.Command]:
    """A reader for verbs that take an apology's number at most."""

    def read(cursor: Cursor) -> c.Command:
        number = cursor.letter("a")
        cursor.finish()
        return make(number)

    return read


def read_show(cursor: Cursor) -> c.Command:
    """`apology show [A] [part …]`."""
    number = cursor.letter("a")
    part = 1
    if cursor.word() == "part":
        cursor.at += 1
        found = cursor.number()
        if found is None:
            cursor.wrong("Say which part: `apology show 3 part 2`")
        part = found or 1
    cursor.finish()
    return c.ApologyShow(number, part)


def read_submit(cursor: Cursor) -> c.Command:
    """`apology submit [A] [because …]`."""
    number = cursor.letter("a")
    return c.ApologySubmit(number, cursor.needed_reason() if cursor.peek() is not None else "")


def reasoned_apology(make: Callable[[int | None, str], c.Command]) -> Callable[[Cursor], c.Command]:
    """A reader for verbs that take an apology's number and need a reason."""

    def read(cursor: Cursor) -> c.Command:
        number = cursor.letter("a")
        return make(number, cursor.needed_reason())

    return read


_GAP = re.compile(r"[a-z][a-z.-]{1,40}", re.ASCII)
_GAP_PAIRS = {("data", "loss"): "data-loss", ("next", "report"): "next-report", ("time", "zone"): "timezone"}
_GAP_ALIASES = {"data_loss": "data-loss", "next_report": "next-report", "zone": "timezone", "report": "next-report",
                "time": "times"}  # fmt: skip


def _gap_word(cursor: Cursor) -> str:
    """The gap at this place, taken; empty if no word of a gap's shape stands here."""
    pair = _GAP_PAIRS.get((cursor.word(), cursor.word(1)))
    if pair:
        cursor.at += 2
        return pair
    word = cursor.word()
    word = _GAP_ALIASES.get(word, word)
    if not _GAP.fullmatch(word):
        return ""
    cursor.at += 1
    return word


def read_fill(cursor: Cursor) -> c.Command:
    """`apology fill [A] <gap> <value>|unknown [source …] [precision …]`."""
    number = cursor.letter("a")
    if cursor.done:
        cursor.gap("gap", "value")
    typed = cursor.tokens[cursor.at]
    gap = _gap_word(cursor)
    known = (*KINDS, *GAP_WORDS)
    if not gap or (gap not in known and nearest(gap, KINDS)):
        near = nearest(gap or typed.raw, KINDS)
        hint = f" Did you mean {near}?" if near else ""
        cursor.wrong(f"“{shown(typed.raw)}” is no gap.{hint}", near)
    options: dict[str, Option] = {"source": source, "precision": one_of("precision", PRECISIONS)}
    end, found = cursor.tail(cursor.at, len(cursor.tokens), options)
    value = cursor.free(cursor.at, end)
    if not value:
        cursor.gap_before_options("value", ("gap", *found))
    return c.ApologyFill(number, gap, value, found.get("source", ""), found.get("precision", ""))


_RULE = re.compile(r"([a-z])(\d{1,2})([a-z]?)", re.IGNORECASE | re.ASCII)


def rule_name(typed: str) -> str | None:
    """A rule as the linter names it (`W2b`, `A5b`), a gap in small letters, or None."""
    word = typed.strip("[](),:;.`")
    if found := _RULE.fullmatch(word):
        return f"{found[1].upper()}{found[2]}{found[3].lower()}"
    small = _GAP_ALIASES.get(word.casefold(), word.casefold())
    return small if _GAP.fullmatch(small) else "L" if small == "l" else None


def read_waive(cursor: Cursor) -> c.Command:
    """`apology waive [A] <gap|rule> because … [until …]`. `A3` alone is the rule A3, not the apology."""
    split = cursor.split(because=True, dash=True)
    number: int | None = None
    if split - cursor.at > 1:
        number = cursor.letter("a")
    if cursor.at >= split or bare_number(cursor.tokens[cursor.at]):
        cursor.gap("rule", "because", says=cursor.without_because())
    if pair := _GAP_PAIRS.get((cursor.word(), cursor.word(1))):
        rule: str | None = pair
        cursor.at += 2
    else:
        rule = rule_name(cursor.tokens[cursor.at].raw)
        cursor.at += 1
    if rule is None:
        cursor.wrong(f"“{shown(cursor.tokens[cursor.at - 1].raw)}” is no gap and no rule.")
    found: dict[str, Any] = {}
    end = len(cursor.tokens)
    until = due("until")
    if cursor.word() == "until":  # before the reason, too
        stop, found["until"] = next(iter(until(cursor, cursor.at)), (cursor.at, ""))
        if stop > split:
            stop = cursor.at
        cursor.at = stop
    if cursor.at < end and not found:
        end, found = cursor.tail(cursor.at + 1, end, {"until": until})
    token = cursor.peek()
    if token is not None and not (token.word == "because" or token.is_dash):
        cursor.needed_reason()
    because = cursor.free(cursor.at + 1, end) if cursor.at < end else ""
    if not because:
        cursor.gap("because", given=("rule", *found), says=cursor.without_because())
    return c.ApologyWaive(number, rule, because, found.get("until", ""))


def read_mend(cursor: Cursor) -> c.Command:
    """`apology mend [A] <rule>`. `A3` alone is the rule A3, not the apology."""
    number = cursor.letter("a") if len(cursor.tokens) - cursor.at > 1 else None
    token = cursor.peek()
    if token is None:
        cursor.gap("rule")
    rule = rule_name(token.raw)
    if rule is None:
        cursor.wrong("Say which finding, by its rule: apology mend W2")
    cursor.at += 1
    cursor.finish()
    return c.ApologyMend(number, rule)


def read_edit(cursor: Cursor) -> c.Command:
    """`apology edit [A] [full|chat] [-- <text>]`; without a text the form opens."""
    number = cursor.letter("a")
    chat = cursor.word() == "chat"
    if cursor.word() in {"full", "chat"}:
        cursor.at += 1
    token = cursor.peek()
    text = ""
    if token is not None and token.is_dash:
        text = cursor.free(cursor.at + 1)
        cursor.at = len(cursor.tokens)
    elif token is not None:
        cursor.wrong("Put the new text after two dashes, or say only: apology edit")
    return c.ApologyEdit(number, text, "chat" if chat else "full")


def read_suggest(cursor: Cursor) -> c.Command:
    """`apology suggest [A] -- <words>`."""
    number = cursor.letter("a")
    if (token := cursor.peek()) is not None and token.is_dash:
        cursor.at += 1
    words = cursor.free(cursor.at)
    if not words:
        cursor.gap("words", says=cursor.without_because())
    return c.ApologySuggest(number, words)


_DIGEST = re.compile(r"[0-9a-f]{8,128}", re.ASCII)


def digest(cursor: Cursor) -> str:
    """The hash that a button carried, if one stands here."""
    word = cursor.word()
    if not _DIGEST.fullmatch(word):
        return ""
    cursor.at += 1
    return word


def read_approve(cursor: Cursor) -> c.Command:
    """`apology approve [A] [digest]`."""
    number = cursor.letter("a")
    shown_hash = digest(cursor)
    cursor.finish()
    return c.ApologyApprove(number, shown_hash)


def read_publish(cursor: Cursor) -> c.Command:
    """`apology publish [A] [at <time>] [to <count>]`; a bare clock time here is the next one, since it is to come."""
    number = cursor.letter("a")
    at: datetime | None = None
    count: int | None = None
    while not cursor.done:
        if cursor.word() == "to" and count is None and (token := cursor.peek(1)) and bare_number(token):
            count = bare_number(token)
            cursor.at += 2
            if cursor.word() in {"channels", "customers"}:
                cursor.at += 1
        elif cursor.word() in {"at", "on", "in"} and at is None and cursor.peek(1) is not None:
            at = _publish_at(cursor)
        else:
            cursor.finish()
    return c.ApologyPublish(number, at, count)


def _publish_at(cursor: Cursor) -> datetime:
    first = cursor.at if cursor.word() == "in" else cursor.at + 1
    last = next(
        (i for i in range(first, len(cursor.tokens)) if cursor.tokens[i].word == "to"),
        len(cursor.tokens),
    )
    words = unquote(cursor.slice(first, last)).rstrip(".,;")
    try:
        moment = parse_moment(words, cursor.reading.now, cursor.reading.zone, toward="future")
    except Unreadable as fault:
        cursor.wrong(fault.sentence)
    cursor.at = last
    return moment


def apology_number(cursor: Cursor) -> int | None:
    """`apology 3`: the number where a verb should stand."""
    token = cursor.peek()
    if token is None:
        return None
    return bare_number(token) or surely_lettered(token, "a") or sure_number(token) or lettered(token, "a")
