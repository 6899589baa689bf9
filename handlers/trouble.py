"""What does not work just now, said where people can still read it: one message while it lasts, which ends it too.

A platform that is silent, or that does not take the bot any more, is told of on the others; a clock that went astray,
in every incidents channel; a room that takes no posts, in the incident's other rooms.
"""

from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from handlers.book import Book
from handlers.card import Block, Card, Code, line, small
from handlers.commands import RoomShut, Trouble
from handlers.context import Context
from handlers.domain.delivery import PAGE, Place, Post
from handlers.domain.errors import Refused
from handlers.domain.incident import Incident, Room, Setting
from handlers.domain.letter import PLATFORMS
from handlers.rooms import members, say_in_rooms, say_to, tell
from handlers.say import incident as say

AWAY_SECONDS = 30
"""How long a platform must have been silent before anybody is told; ours."""
REFUSALS = frozenset(
    {"token_revoked", "token_expired", "invalid_auth", "account_inactive", "not_authed", "org_login_required"}
)
"""Slack's words for a bot that it does not take any more; Teams' begin with `token_`, and are tried again.
https://docs.slack.dev/reference/methods/chat.postMessage (errors)"""
SKEW_SECONDS = 300
"""How far a server's clock may be off the database's: from there on platforms' signatures are refused.
https://docs.slack.dev/authentication/verifying-requests-from-slack"""
SAME_EPISODE = timedelta(minutes=10)
"""What is back so soon is said in the message that told of it: two servers of which one has an old token would
otherwise post without end. Ours."""
SENTENCES = {
    "away": "{name} does not answer. What is for {name} is kept and goes there, in order, as soon as it answers again. "
    "Everything works here meanwhile.",
    "refused": "{name} does not take the bot any more ({reason}). What is for {name} does not arrive. Whoever runs "
    "Amends sets another token and starts it again. Everything works here meanwhile; tell people on {name} by hand.",
    "archived": "The incidents channel in {name} takes no posts ({reason}). Whoever runs Amends unarchives it and "
    "invites the bot, or names another one; tell people on {name} by hand.",
    "clock": "A server's clock is {reason} the database's. Reminders go by the database's clock, but requests of "
    "Slack and Teams to that server are refused as too old. Whoever runs Amends sets its clock (chrony, "
    "systemd-timesyncd).",
}
"""What is said of each trouble; `reason` is the platform's word, or how far a clock is off."""
OVER = {
    "away": "{name} answers again. What was kept for it is on its way.",
    "refused": "{name} takes the bot again.",
    "archived": "The incidents channel in {name} takes posts again.",
    "clock": "That server's clock is right again.",
}


def trouble(found: Trouble, ctx: Context, book: Book) -> None:
    """Say that something does not work, once, and that it works again, in the same message."""
    name = f"trouble.{found.what}.{found.platform}"
    standing = book.get(Setting, name)
    episode = standing.value if standing is not None else ""
    if bool(episode) == found.on:
        return
    lately = f"lately.{found.what}.{found.platform}"
    if found.on:
        number = str(book.number("trouble"))  # whoever else is about to tell it waits here, and finds it told
        standing = book.get(Setting, name)
        if standing is not None and standing.value:
            return
        last = book.get(Setting, lately)
        before, _, over = last.value.partition(" ") if last is not None else ("", "", "")
        again = bool(over) and abs(ctx.now - datetime.fromisoformat(over)) < SAME_EPISODE
        episode = before if again else number
    else:
        book.put(Setting(lately, f"{episode} {ctx.now.isoformat()}"))
    book.put(Setting(name, episode if found.on else ""))
    called = PLATFORMS.get(found.platform, "")
    words = (SENTENCES if found.on else OVER)[found.what].format(name=called, reason=found.reason)
    blocks: list[Block] = [line(words)]
    if found.on:
        blocks.append(small(Code("amends doctor"), " looks into it."))
    head = f"{called or 'A clock'} {'is in trouble' if found.on else 'is fine again'}"
    card = Card(head, tuple(blocks), "danger" if found.on else "good")
    for platform in ctx.platforms:
        if platform != found.platform:
            book.send(Post(f"trouble/{episode}@{platform}", Place(platform, "incidents"), card=card, rank=PAGE))


def shut(found: RoomShut, ctx: Context, book: Book) -> None:
    """An incident's room takes no posts any more: what is said goes on where incidents are announced, and it is said.

    Nothing of a private incident goes there: its members read it on the other platform, or in their own chats.
    """
    incident = book.get(Incident, found.incident)
    room = book.get(Room, found.incident, found.platform)
    if incident is None or room is None or room.fault:
        return
    fallback = book.get(Setting, f"{found.platform}.incidents")
    called = PLATFORMS[found.platform]
    where = f"The room {f'#{room.name}' if room.name and found.platform == 'slack' else 'of this incident'} in {called}"
    tell(book, ctx, incident, "room", f"could not post into the room in {called}: {found.reason}")
    if incident.private or fallback is None or fallback.value == room.address:
        book.put(replace(room, fault=found.reason))
        words = f"{where} takes no posts ({found.reason}). Go on elsewhere, and tell whoever is there by hand."
        for person in members(book, incident):
            say_to(book, ctx, person, f"shut-{incident.number}-{found.platform}/{person.key}", _card(incident, words))
        return
    book.put(replace(room, address=fallback.value, fault=found.reason))
    words = f"{where} takes no posts ({found.reason}). From now on this is said where incidents are announced."
    say_in_rooms(book, ctx, incident, f"shut-{found.platform}", _card(incident, words))
    with suppress(Refused):  # somebody has settled it meanwhile
        book.settle(found.post, "again")


def _card(incident: Incident, words: str) -> Card:
    return Card(say.head(incident), (line(words),), "warning")
