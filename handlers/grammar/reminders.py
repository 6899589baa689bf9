"""Reading reminders and notes."""

from handlers import commands as c
from handlers.domain.when import Unreadable, parse_duration
from handlers.grammar.cursor import Cursor, duration
from handlers.grammar.incidents import numbered
from handlers.grammar.words import sure_number


def read_remind(cursor: Cursor) -> c.Command:
    """`remind [N] every 30m | in 10m | off because … | snooze 15m`, and `remind me in 10m -- what`."""
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
        return c.Remind(number, off_because=cursor.needed_reason(given=("how",)))
    if how not in {"every", "in", "snooze"}:
        cursor.choose((cursor.peek() or cursor.tokens[-1]).raw, ("every", "in", "off", "snooze"), "way to be reminded")
    cursor.at += 1
    if number is None and (token := cursor.peek()) and sure_number(token):
        number = cursor.number()
    if how == "snooze" and cursor.word() in {"for", "in"}:
        cursor.at += 1
    if cursor.done:
        cursor.gap("how_long", given=("how",))
    try:
        length = parse_duration(cursor.free(cursor.at))
    except Unreadable as fault:
        cursor.wrong(fault.sentence)
    if how == "every":
        return c.Remind(number, every=length)
    return c.Remind(number, once_in=length) if how == "in" else c.Remind(number, snooze=length)


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


# --- pins ------------------------------------------------------------------------------------------------------------
def read_pin(cursor: Cursor) -> c.Command:
    """`pin [N] <words>`; without words it is for the message at hand, or asks."""
    if cursor.done:
        return c.Pin()
    number = numbered(cursor, c.Pin, cursor.free)
    return c.Pin(number, cursor.free(cursor.at))


def read_unpin(cursor: Cursor) -> c.Command:
    """`unpin [N] <pin>`: one number is the pin's, of two the first is the incident's."""
    first = cursor.number()
    second = cursor.number()
    cursor.finish()
    return c.Unpin(None, first) if second is None else c.Unpin(first, second)
