"""Declaring an incident, and the rooms that open for it."""

from dataclasses import replace
from datetime import timedelta

from handlers.book import Book
from handlers.card import Reply
from handlers.commands import CannotDo, Declare, RoomOpened
from handlers.context import Context
from handlers.customer_clock import first_word
from handlers.domain.cadence import restarted
from handlers.domain.catalog import Catalog
from handlers.domain.errors import Refused
from handlers.domain.incident import LONGEST_TITLE, OPEN, Incident, Room, Setting
from handlers.domain.permit import must
from handlers.oncall import invite
from handlers.rooms import enter, open_rooms, refresh, region_key, service_keys, standing, tell
from handlers.say import incident as say
from handlers.subscribe import spread

STORM = timedelta(minutes=10)
"""Declarations this close together may be the same trouble."""


def declare(command: Declare, ctx: Context, book: Book) -> Reply:
    """Open an incident: the record, its rooms, its announcement, its clock."""
    must("declare", standing(book, ctx))
    title = " ".join(command.title.split())
    if not title:
        raise Refused("What is wrong? Say it in a few words: `declare Checkout is down sev1`.")
    if len(title) > LONGEST_TITLE:
        raise Refused(
            f"That title has {len(title)} characters; {LONGEST_TITLE} fit. Shorten it and put the rest in a note."
        )
    policy = book.catalog.policy
    services = service_keys(book.catalog, command.services)
    severity = command.severity or policy.default_severity
    number = book.number("incidents")
    incident = Incident(
        number=number,
        title=title,
        severity=severity,
        status="investigating",
        declared_at=ctx.now,
        declared_by=ctx.actor.key,
        services=services,
        region=region_key(book.catalog, command.region or ""),
        private=command.private,
        drill=command.drill,
        severity_assumed=command.severity is None,
        roles=(("commander", ctx.actor.key),),
        customer_ping_at=None if command.drill else first_word(book, ctx, severity, ctx.now),
    )
    incident = restarted(incident, policy, ctx.now)
    book.put(incident)
    storm = [i for i in book.search(statuses=OPEN, since=ctx.now - STORM, reader=ctx.actor.key) if i.number != number]
    tell(book, ctx, incident, "declared", f"declared “{title}” as {severity.upper()}")
    open_rooms(book, ctx, incident)
    refresh(book, ctx, incident, first=True)
    enter(book, ctx, incident, ctx.actor)
    called = invite(book, ctx, incident)
    spread(book, ctx, incident, "declared", "")
    waits = "teams" in ctx.platforms and not incident.private and book.get(Setting, "teams.incidents") is None
    return Reply(
        say.declared(incident, book.catalog, storm, waits=waits, called=[p.name for p in called]), changed=True
    )


STATES = frozenset(
    ("affected", "again", "back", "broken", "degraded", "dead", "down", "failing", "gone", "impacted", "lost",
     "offline", "out", "slow", "stopped", "stuck", "unavailable", "unreachable", "unstable", "up")
)  # fmt: skip
"""How services are, not which: “All services down” is a title."""


def may_be_service(catalog: Catalog, word: str) -> bool:
    """Whether somebody may have meant a service by this word: any but those that only say how one is."""
    return catalog.service(word) is not None or word.strip().casefold() not in STATES


def room_opened(command: RoomOpened, ctx: Context, book: Book) -> None:
    """A platform opened the room (or could not): the live cards learn where it is."""
    incident = book.get(Incident, command.incident)
    if incident is None:
        return
    room = book.get(Room, incident.number, command.platform) or Room(incident.number, command.platform)
    fallback = book.get(Setting, f"{command.platform}.incidents")
    address = command.address or (fallback.value if fallback else "")
    book.put(replace(room, address=address, name=command.name, link=command.link, fault=command.fault))
    if command.fault:
        words = f"has no room of its own in {command.platform.capitalize()}: {command.fault}"
        tell(book, ctx, incident, "room", words)
        lack = f"{command.platform}: a room of its own ({command.fault})"
        if lack not in incident.cannot:
            incident = replace(incident, cannot=(*incident.cannot, lack), revision=incident.revision + 1)
            book.put(incident)
    else:
        tell(book, ctx, incident, "room", f"opened a room in {command.platform.capitalize()}")
    refresh(book, ctx, incident)


def cannot(command: CannotDo, ctx: Context, book: Book) -> None:
    """A platform lacks a topic or a pin: the headline says so once, and it is not tried again here."""
    incident = book.get(Incident, command.incident)
    lack = f"{command.platform}: {command.what}"
    if incident is None or lack in incident.cannot:
        return
    after = replace(incident, cannot=(*incident.cannot, lack), revision=incident.revision + 1)
    book.put(after)
    refresh(book, ctx, after)
