"""Reading reminders and notes."""

import re

from handlers import commands as c
from handlers.domain.hours import Hours, parse_clock, parse_hours
from handlers.domain.when import Unreadable, parse_duration, parse_zone
from handlers.grammar.cursor import Cursor, duration, future
from handlers.grammar.incidents import numbered
from handlers.grammar.words import Token, shown, sure_number

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
    if cursor.word() in {"off", "cancel", "forget"}:
        return _read_remind_me_off(cursor)
    if cursor.word() == "at":
        return _read_remind_me_at(cursor)
    if cursor.word() != "in":
        cursor.wrong("Say when first: remind me in 10m -- call the vendor, or: remind me at 15:00 -- call the vendor")
    cursor.at += 1
    found = [(end, length) for end, length in duration("in")(cursor, cursor.at - 1)]
    if not found:
        try:
            parse_duration(cursor.free(cursor.at, min(len(cursor.tokens), cursor.at + 2)))
        except Unreadable as fault:
            cursor.wrong(fault.sentence)
    end, length = found[0]
    cursor.at = end
    return c.RemindMe(length, _of_what(cursor))


def _of_what(cursor: Cursor) -> str:
    """`-- what`, `to what`."""
    if not cursor.done and (cursor.at_dash or cursor.word() in {"to", "about", "that"}):
        cursor.at += 1
    what = cursor.free(cursor.at)
    if not what:
        cursor.gap("what", given=("how_long",))
    return what


def _read_remind_me_at(cursor: Cursor) -> c.Command:
    """`remind me at 15:00 -- what`: as many words as make a time to come, up to the dash if there is one."""
    cursor.at += 1
    if cursor.done:
        cursor.gap("how_long", "what")
    dash = cursor.split(because=False, dash=True)
    moment, fault = None, ""
    for end in range(min(dash, cursor.at + 6), cursor.at, -1):
        try:
            moment = future(cursor, cursor.slice(cursor.at, end))
        except Unreadable as error:
            fault = error.sentence  # of the fewest words: the time itself
            continue
        cursor.at = end
        break
    if moment is None:
        cursor.wrong(fault)
    return c.RemindMe(None, _of_what(cursor), moment)


def _read_remind_me_off(cursor: Cursor) -> c.Command:
    """`remind me off <number>`."""
    cursor.verb, cursor.head = "remind me off", "remind me off"
    cursor.at += 1
    cursor.body = cursor.at
    number = cursor.letter("r")
    if number is None:
        if not cursor.done:
            cursor.wrong("Say the reminder's number: remind me off 3")
        cursor.gap("ping")
    cursor.finish()
    return c.CancelPing(number)


def read_notify(cursor: Cursor) -> c.Command:
    """`notify [quiet <hours>|off|default [zone]] | [digest <time>|off|default [zone]]`."""
    if cursor.done:
        return c.Notify()
    what = {"hours": "quiet", "daily": "digest"}.get(cursor.word(), cursor.word())
    if what not in {"quiet", "digest"}:
        cursor.choose((cursor.peek() or cursor.tokens[-1]).raw, ("quiet", "digest"), "setting")
    cursor.at += 1
    if cursor.word() == "hours":
        cursor.at += 1
    if cursor.done:
        cursor.gap("value", given=("what",))
    end = cursor.at + 1
    while end < len(cursor.tokens) and (cursor.tokens[end].is_dash or cursor.tokens[end - 1].is_dash):
        end += 1  # `22:00 - 07:00`
    value = re.sub(r"\s*(?:--|[-–—])\s*", "-", cursor.slice(cursor.at, end).casefold())
    if value not in {"off", "default"}:
        hours = parse_hours(value) if what == "quiet" else parse_clock(value)
        if hours is None:
            like = "quiet 22:00-07:00" if what == "quiet" else "digest 09:00"
            cursor.wrong(f"“{shown(value)}” is no time I can read. Say notify {like}, off or default.")
        value = str(hours) if isinstance(hours, Hours) else f"{hours:%H:%M}"
    zone = cursor.free(end)
    if zone:
        try:
            place = parse_zone(zone).key
        except Unreadable as fault:
            cursor.wrong(fault.sentence)
        if not place:  # an offset alone does not know when the clocks change
            cursor.wrong(f"“{shown(zone)}” is an offset: name a place, like Europe/Berlin.")
        zone = place
    return c.Notify("quiet" if what == "quiet" else "digest", value, zone)


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
