"""Reading reminders and notes."""

import re

from handlers import commands as c
from handlers.domain.when import Unreadable, parse_duration
from handlers.grammar.cursor import Cursor, duration, future
from handlers.grammar.incidents import numbered
from handlers.grammar.words import Token, sure_number

_ROUND = re.compile(r"r([1-9]\d{0,8})", re.ASCII)


def round_of(token: Token | None) -> int:
    """The reminder that a button named (`r3`): it acts on that one alone. 0: none."""
    found = _ROUND.fullmatch(token.word) if token is not None else None
    return int(found[1]) if found else 0


def read_ontrack(cursor: Cursor) -> c.Command:
    """`ontrack [N] [r3]`."""
    number = cursor.number()
    serial = round_of(cursor.peek())
    cursor.at += bool(serial)
    cursor.finish()
    return c.OnTrack(number, serial)


def read_remind(cursor: Cursor) -> c.Command:
    """`remind [N] every 30m | in 10m | at 15:00 | off because … | snooze 15m`, and `remind me in 10m -- what`."""
    if cursor.word() == "me":
        return _read_remind_me(cursor)
    number = cursor.number()
    if cursor.done:
        cursor.gap("how")
    how = cursor.word()
    if how == "off":
        cursor.at += 1
        if number is None and cursor.word() != "because":
            number = cursor.number()
        serial = round_of(cursor.peek())
        cursor.at += bool(serial)
        return c.Remind(number, off_because=cursor.needed_reason(given=("how",)), round=serial)
    if how not in {"every", "in", "at", "snooze"}:
        ways = ("every", "in", "at", "off", "snooze")
        cursor.choose((cursor.peek() or cursor.tokens[-1]).raw, ways, "way to be reminded")
    cursor.at += 1
    if number is None and (token := cursor.peek()) and sure_number(token):
        number = cursor.number()
    if how == "snooze" and cursor.word() in {"for", "in"}:
        cursor.at += 1
    if cursor.done:
        cursor.gap("how_long", given=("how",))
    serial = round_of(cursor.tokens[-1])
    words = cursor.free(cursor.at, len(cursor.tokens) - bool(serial))
    try:
        if how == "at":
            return c.Remind(number, once_at=future(cursor, words), round=serial)
        length = parse_duration(words)
    except Unreadable as fault:
        cursor.wrong(fault.sentence)
    if how == "every":
        return c.Remind(number, every=length, round=serial)
    if how == "in":
        return c.Remind(number, once_in=length, round=serial)
    return c.Remind(number, snooze=length, round=serial)


def _read_remind_me(cursor: Cursor) -> c.Command:
    cursor.verb = "remind me"
    cursor.at += 1
    if cursor.done:
        cursor.gap("how_long", "what")
    if cursor.word() != "in":
        cursor.wrong("Say when first: remind me in 10m -- call the vendor")
    cursor.at += 1
    found = [(end, length) for end, length in duration("in")(cursor, cursor.at - 1)]
    if not found:
        try:
            parse_duration(cursor.free(cursor.at, min(len(cursor.tokens), cursor.at + 2)))
        except Unreadable as fault:
            cursor.wrong(fault.sentence)
    end, length = found[0]
    cursor.at = end
    if not cursor.done and (cursor.at_dash or cursor.word() in {"to", "about", "that"}):
        cursor.at += 1
    what = cursor.free(cursor.at)
    if not what:
        cursor.gap("what", given=("how_long",))
    return c.RemindMe(length, what)


# --- notes -----------------------------------------------------------------------------------------------------------
def read_note(cursor: Cursor) -> c.Command:
    """`note [N] <internal text>`."""
    number = numbered(cursor, c.Note, cursor.free)
    text = cursor.free(cursor.at)
    if not text:
        cursor.gap("text")
    return c.Note(number, text)
