"""Broadcast inside the house: a channel or a person follows a service, a severity or one incident.

One card an incident and place, edited as it goes on, and a short line for each event below it. Nothing of a private
incident reaches anybody but its members, nothing at all a customer's channel: looked at when it is said.
"""

import re
from dataclasses import replace

from handlers import channels
from handlers.book import Book
from handlers.card import Block, Bullets, Button, Buttons, Card, Fields, Line, Quote, Reply, Strong, Text, line, small
from handlers.commands import EVENTS, SEVERITIES, Subscribe, Unsubscribe
from handlers.context import Context
from handlers.domain.delivery import BROADCAST, Place, Post
from handlers.domain.errors import Refused
from handlers.domain.incident import Incident, Room, Subscription
from handlers.domain.people import Person
from handlers.domain.permit import must
from handlers.nudge import nudge
from handlers.rooms import incident_of, may_see, people, service_keys, standing
from handlers.say import incident as say

_CHANNEL = re.compile(r"#|<#|19:|[CG][A-Z0-9]{6,}$")
"""How a channel is named: a mention, or a platform's id."""
MOST = 30
"""Lines of the list; ours."""
_SEVERITIES: tuple[str, ...] = SEVERITIES
"""From the worst down; as plain words, because rows hold those."""


def subscribe(command: Subscribe, ctx: Context, book: Book) -> Reply:
    """Follow something; the same again only changes which events are told."""
    from handlers.directory import channel_of
    from handlers.progress import somebody

    must("act", standing(book, ctx))
    scope, value, about = _scope(command, ctx, book)
    person, platform, address, who = "", "", "", "you"
    if command.target == "me":
        person = ctx.actor.key
    elif command.target == "here" or _CHANNEL.match(command.target):
        if command.target == "here":
            platform, address = _here(ctx)
        else:
            channel = channel_of(command.target)
            platform, address = channel.platform, channel.address
        who = _place(ctx, platform, address)
        _inside(book, platform, address)
        if about is not None and about.private:
            raise Refused(f"{about.name} is private: its members alone are told, no channel is. Nothing was changed.")
    else:
        found = somebody(book, command.target)
        person, who = found.key, "you" if found.key == ctx.actor.key else found.name
        if about is not None and not may_see(book, found, about):
            raise Refused(f"{found.name} is not in {about.name}, which is private. Nothing was changed.")
    events = tuple(e for e in EVENTS if e in command.events) or EVENTS
    same = _same(book, person, platform, address, scope, value)
    row = Subscription(
        same.number if same else book.number("subscriptions"), person, platform, address, scope, value, events,
        ctx.actor.key, ctx.now,
    )  # fmt: skip
    book.put(row)
    stop = Buttons((Button("Stop this", f"unsubscribe S{row.number}"),))
    other = book.person(person) if person and person != ctx.actor.key else None
    if other is not None:
        told = f"{ctx.actor.name} subscribed you to {_scope_words(book, row)}: {_events(row)}."
        nudge(book, ctx, other, f"subscription/{row.number}", Card("A subscription for you", (line(told), stop)))
    words = line(f"{who[0].upper()}{who[1:]} will hear of {_scope_words(book, row)}: {_events(row)}.")
    return Reply(Card(f"Subscription S{row.number}", (words, stop)), changed=True)


def _scope(command: Subscribe, ctx: Context, book: Book) -> tuple[str, str, Incident | None]:
    if command.service:
        return "service", service_keys(book.catalog, (command.service,))[0], None
    if command.severity:
        return "severity", command.severity, None
    incident = incident_of(book, ctx, command.incident)
    return "incident", str(incident.number), incident


def _here(ctx: Context) -> tuple[str, str]:
    if ctx.whence.personal or not ctx.whence.channel or ctx.whence.platform not in ("slack", "teams"):
        raise Refused("Here is your own chat: say `subscribe me to …`, or say it in the channel. Nothing was changed.")
    return ctx.whence.platform, ctx.whence.base


def _inside(book: Book, platform: str, address: str) -> None:
    owner = channels.owner_of(book, platform, address)
    if owner is not None:
        raise Refused(
            f"That channel belongs to {owner.name}: customers read what was approved for them, nothing else. "
            "Nothing was changed."
        )


def _same(book: Book, person: str, platform: str, address: str, scope: str, value: str) -> Subscription | None:
    found = book.find(Subscription, person=person, address=address, scope=scope, value=value, gone=False)
    return next((s for s in found if s.platform == platform), None)


def unsubscribe(command: Unsubscribe, ctx: Context, book: Book) -> Reply:
    """Stop one: whoever it is for, whoever made it, an admin; a channel's anybody."""
    row = book.get(Subscription, command.subscription)
    admin = "admin" in ctx.actor.roles
    mine = row is not None and (not row.person or ctx.actor.key in (row.person, row.by) or admin)
    if row is None or not mine or not _may_know(book, ctx.actor, row):
        raise Refused(f"There is no S{command.subscription} of yours. `subscriptions` shows them. Nothing was changed.")
    if row.gone:
        return Reply(Card(f"Subscription S{row.number}", (line("It has ended already. Nothing was changed."),)))
    book.put(replace(row, gone=True))
    return Reply(Card(f"Subscription S{row.number}", (line(f"Ended: {_scope_words(book, row)}."),)), changed=True)


def subscriptions(ctx: Context, book: Book) -> Reply:
    """One's own first, then those of this channel, then of the others."""
    rows = [
        s
        for s in book.find(Subscription, gone=False)
        if (s.person in ("", ctx.actor.key) or s.by == ctx.actor.key) and _may_know(book, ctx.actor, s)
    ]
    rows.sort(key=lambda s: (s.person != ctx.actor.key, s.address != ctx.whence.base, s.number))
    if not rows:
        how = "Nobody is subscribed that you know of. Say `subscribe me to sev1` or `subscribe here to service …`."
        return Reply(Card("Subscriptions", (line(how),)))
    items = tuple(
        (Strong(f"S{s.number}"), Text(f" {_who(book, ctx, s)}: {_scope_words(book, s)}, {_events(s)}"))
        for s in rows[:MOST]
    )
    stop = tuple(Button(f"Stop S{s.number}", f"unsubscribe S{s.number}") for s in rows[:5])
    return Reply(Card("Subscriptions", (Bullets(items), Buttons(stop))))


def _may_know(book: Book, person: Person, row: Subscription) -> bool:
    incident = book.get(Incident, int(row.value)) if row.scope == "incident" else None
    return incident is None or may_see(book, person, incident)


def _place(ctx: Context, platform: str, address: str) -> str:
    """A channel, by its id where it is another one than this."""
    here = (ctx.whence.platform, ctx.whence.base)
    return "this channel" if here == (platform, address) else f"{platform.capitalize()} {address}"


def _who(book: Book, ctx: Context, row: Subscription) -> str:
    if not row.person:
        return _place(ctx, row.platform, row.address)
    found = book.person(row.person)
    return found.name if found else row.person


def _scope_words(book: Book, row: Subscription) -> str:
    match row.scope:
        case "service":
            return book.catalog.service_name(row.value)
        case "severity":
            return f"every {row.value.upper()}" + ("" if row.value == SEVERITIES[0] else " or worse")
        case _:
            return f"INC-{row.value}"


def _events(row: Subscription) -> str:
    return "everything" if row.events == EVENTS else ", ".join(row.events)


def spread(book: Book, ctx: Context, incident: Incident, event: str, words: str) -> None:
    """Something happened: whoever follows it hears of it, once a place, however many subscriptions match."""
    places: dict[tuple[str, str, str], None] = {}
    for row in book.find(Subscription, gone=False):
        if event in row.events and _follows(book, incident, row):
            places.setdefault((row.person, row.platform, row.address))
    for person, platform, address in places:
        if person:
            found = book.person(person)
            if found is not None and found.colleague and may_see(book, found, incident):
                _tell_person(book, ctx, incident, found, event, words)
        elif not incident.private and channels.owner_of(book, platform, address) is None:
            _tell_channel(book, ctx, incident, platform, address, event, words)


def _follows(book: Book, incident: Incident, row: Subscription) -> bool:
    if row.scope == "incident":
        return row.value == str(incident.number)
    if incident.drill:
        return False  # an exercise is for those who are in it
    if row.scope == "service":
        wanted = {row.value, *book.catalog.parts(row.value)}
        return bool(wanted & set(incident.services))
    if _SEVERITIES.index(incident.severity) <= _SEVERITIES.index(row.value):
        return True
    place = row.person or f"{row.platform}-{row.address}"
    return bool(book.posts(_key(incident, place)))  # it was bad enough once: its end is told too


def _key(incident: Incident, place: str) -> str:
    return f"follow/{incident.number}/{place}"


def _serial(book: Book, incident: Incident) -> int:
    return book.number(f"followed-{incident.number}")


def _tell_person(book: Book, ctx: Context, incident: Incident, person: Person, event: str, words: str) -> None:
    key = _key(incident, person.key)
    nudge(book, ctx, person, key, _card(book, ctx, incident), BROADCAST, incident.number)
    if event != "declared":
        said = f"{key}/{_serial(book, incident)}"
        nudge(book, ctx, person, said, _line(incident, words), BROADCAST, incident.number)


def _tell_channel(
    book: Book, ctx: Context, incident: Incident, platform: str, address: str, event: str, words: str
) -> None:
    if platform not in ctx.platforms:
        return
    place, following = Place(platform, "thread", address), _key(incident, f"{platform}-{address}")
    root = f"{following}@{platform}"
    card = _card(book, ctx, incident)
    book.send(Post(root, place, card=card, rank=BROADCAST, incident=incident.number))
    if event != "declared":
        key = f"{following}/{_serial(book, incident)}@{platform}"
        said = _line(incident, words)
        book.send(Post(key, place, card=said, rank=BROADCAST, incident=incident.number, needs=root, thread=root))


def _line(incident: Incident, words: str) -> Card:
    return Card("", (Line((Strong(incident.name), Text(f" {words}"))),), say.tone(incident))


def _card(book: Book, ctx: Context, incident: Incident) -> Card:
    """How it stands, for those who are not in it: no buttons that run it."""
    commander = people(book, incident).get(incident.holder("commander"))
    blocks: list[Block] = [
        Fields(
            (
                ("Severity", (Strong(incident.severity.upper()),)),
                ("Status", (Text(say.STATUS_WORDS[incident.status]),)),
                ("Services", (Text(say.services(incident, book.catalog)),)),
                ("Region", (Text(say.region(incident, book.catalog)),)),
                ("Commander", (say.person(commander),)),
                ("Declared", (say.clock(incident.declared_at, ctx.zone.key),)),
            )
        )
    ]
    if incident.last_update:
        blocks += [small("Latest update"), Quote(incident.last_update)]
    room = book.get(Room, incident.number, "slack")
    if room is not None and room.address:
        blocks.append(small(f"Worked on in #{room.name or room.address}."))
    blocks.append(Buttons((Button("Show", f"show {incident.number}"), Button("Join", f"join {incident.number}"))))
    return Card(say.head(incident), tuple(blocks), say.tone(incident))
