"""Reading subscriptions."""

from handlers import commands as c
from handlers.grammar.cursor import Cursor
from handlers.grammar.incidents import person
from handlers.grammar.words import shown, unquote


def read_subscribe(cursor: Cursor) -> c.Command:
    """`subscribe me|here|#channel|@person to service a|sevN|incident N [events a,b]`; no target is oneself."""
    if cursor.done:
        cursor.gap("target", "what")
    to = next((i for i in range(cursor.at, len(cursor.tokens)) if cursor.tokens[i].word == "to"), None)
    target = "me"
    if to is not None:
        target = _target(cursor, to)
        cursor.at = to + 1
    elif cursor.word() in {"me", "here"}:
        target = cursor.word()
        cursor.at += 1
    if cursor.done:
        cursor.gap("what", given=("target",))
    service, severity, number = "", None, None
    word = cursor.word()
    if word == "service" and cursor.peek(1) is not None:
        service = cursor.tokens[cursor.at + 1].value
        cursor.at += 2
    elif word.replace("-", "") in c.SEVERITIES:
        severity = c.SEVERITIES[int(word[-1]) - 1]
        cursor.at += 1
    else:
        if word == "this":
            cursor.at += 1
        number = cursor.number()
        if number is None and cursor.word() == "incident":
            cursor.at += 1
        elif number is None and word != "this":
            cursor.wrong(
                f"“{shown(cursor.tokens[cursor.at].raw)}” is nothing to follow: service a, sev1 or incident 7."
            )
    return c.Subscribe(target, service, severity, number, _events(cursor))


def _target(cursor: Cursor, last: int) -> str:
    typed = cursor.slice(cursor.at, last).strip()
    if not typed:
        return "me"
    if typed.casefold() in {"me", "here"}:
        return typed.casefold()
    if typed.startswith(("#", "<#", "19:")):
        return unquote(typed)
    return person(cursor, cursor.at, last)


def _events(cursor: Cursor) -> tuple[str, ...]:
    if cursor.done:
        return ()
    if cursor.word() not in {"events", "event"}:
        cursor.finish()
    cursor.at += 1
    words = [w.strip().casefold() for w in cursor.slice(cursor.at, len(cursor.tokens)).replace(" and ", ",").split(",")]
    named = [w for w in words if w]
    if not named:
        cursor.wrong(f"Name events: {', '.join(c.EVENTS)}.")
    for word in named:
        if word not in c.EVENTS:
            cursor.choose(word, c.EVENTS, "event")
    return tuple(e for e in c.EVENTS if e in named)


def read_unsubscribe(cursor: Cursor) -> c.Command:
    """`unsubscribe S4`."""
    number = cursor.letter("s")
    if number is None:
        if not cursor.done:
            cursor.wrong("Say its number: unsubscribe S4. `subscriptions` shows them.")
        cursor.gap("subscription")
    cursor.finish()
    return c.Unsubscribe(number)
