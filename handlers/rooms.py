"""Where an incident is talked about: find the incident meant, and say things in its rooms on every platform."""

import re
from collections.abc import Iterable
from dataclasses import replace

from handlers.book import Book
from handlers.card import Card
from handlers.context import Context
from handlers.domain.apology import Apology
from handlers.domain.catalog import Catalog
from handlers.domain.delivery import EDIT, PAGE, Place, Post
from handlers.domain.errors import Refused
from handlers.domain.incident import OPEN, Event, HandOver, Incident, Member, Room
from handlers.domain.people import Person
from handlers.domain.permit import Standing
from handlers.say import incident as say

LONGEST_NAME = 80
"""Characters of a Slack channel name (docs.slack.dev/reference/methods/conversations.create)."""


def incident_of(book: Book, ctx: Context, number: int | None) -> Incident:
    """The incident meant: by number, by room, or the only open one the person may see. Refuses otherwise."""
    wanted = number if number is not None else ctx.whence.room
    if wanted is None:
        found = book.search(statuses=OPEN, limit=3, reader=ctx.actor.key)
        if len(found) == 1:
            wanted = found[0].number
        elif not found:
            raise Refused("No incident is open. Declare one, or name it: INC-7.")
        else:
            names = ", ".join(f"{i.name} {i.title}" for i in reversed(found))
            raise Refused(f"Which incident? Say its number. Open now: {names}.")
    incident = book.get(Incident, wanted)
    if incident is None or not may_see(book, ctx.actor, incident):
        raise Refused(f"There is no INC-{wanted} that you can see. `list` shows the open ones.")
    return incident


def running(book: Book, ctx: Context, number: int | None) -> Incident:
    """The same, and it must be open."""
    incident = incident_of(book, ctx, number)
    if not incident.open:
        raise Refused(
            f"{incident.name} is {incident.status}. Say `reopen {incident.number} because …` if it is not over."
            if incident.status == "resolved"
            else f"{incident.name} is {incident.status}; nothing more happens in it."
        )
    return incident


def may_see(book: Book, person: Person, incident: Incident) -> bool:
    """Private incidents: members only."""
    if not incident.private:
        return True
    if any(holder == person.key for _, holder in incident.roles):
        return True
    member = book.get(Member, incident.number, person.key)
    return member is not None and member.left_at is None


def alike(one: Incident, other: Incident) -> None:
    """Refuse to tie a private incident to an open one: everybody would read of it there."""
    if one.private != other.private:
        hidden_, open_ = (one, other) if one.private else (other, one)
        raise Refused(
            f"{hidden_.name} is private and {open_.name} is not. Make both the same first: `private {open_.number} on "
            "because …`. Nothing was changed."
        )


def sees(book: Book, ctx: Context, *numbers: int) -> bool:
    """Whether whoever asks may know of all these incidents."""
    found = [book.get(Incident, n) for n in numbers]
    return all(i is not None and may_see(book, ctx.actor, i) for i in found)


def hidden(book: Book, ctx: Context, apologies: Iterable[int]) -> set[int]:
    """Those apologies of which whoever asks may not know: an incident of theirs is private."""
    found = {n: book.get(Apology, n) for n in apologies}
    return {n for n, a in found.items() if a is None or not sees(book, ctx, *a.incidents)}


def standing(book: Book, ctx: Context, *incidents: Incident, manages: bool = False, author: bool = False) -> Standing:
    """How the person who asks stands to these incidents, to a customer, and to the words at hand."""
    named = any("comms-approver" in p.roles for p in book.catalog.people)
    return Standing(ctx.actor, incidents, manages=manages, approver_named=named, author=author)


def enter(book: Book, ctx: Context, incident: Incident, person: Person) -> bool:
    """Make somebody a member; whether they were not."""
    member = book.get(Member, incident.number, person.key)
    if member is not None and member.left_at is None:
        return False
    book.put(Member(incident.number, person.key, person.name, ctx.now))
    if person.slack and "slack" in ctx.platforms:
        again = f"-{book.number(f'back-{incident.number}')}" if member is not None else ""
        book.send(
            Post(
                key=f"inc-{incident.number}/invite/{person.slack}/{_generation(book, incident)}{again}@slack",
                place=Place("slack", "room", str(incident.number)),
                op="invite",
                args=(person.slack,),
                rank=PAGE,
                incident=incident.number,
            )
        )
    return True


def go_out(book: Book, ctx: Context, incident: Incident, person: Person) -> None:
    """Take somebody out of an incident, and in Slack out of its room."""
    member = book.get(Member, incident.number, person.key)
    if member is None or member.left_at is not None:
        return
    book.put(replace(member, left_at=ctx.now))
    if person.slack and "slack" in ctx.platforms:
        serial = book.number(f"left-{incident.number}")
        book.send(
            Post(
                key=f"inc-{incident.number}/remove/{person.slack}/{serial}@slack",
                place=Place("slack", "room", str(incident.number)),
                op="remove",
                args=(person.slack,),
                incident=incident.number,
            )
        )


def _generation(book: Book, incident: Incident) -> int:
    room = book.get(Room, incident.number, "slack")
    return room.generation if room else 1


def tell(book: Book, ctx: Context, incident: Incident, kind: str, words: str, *, name: str = "") -> None:
    """Append a line to the incident's timeline, in the name of whoever asks."""
    book.tell(
        Event(
            id=f"{incident.number:08d}-{book.number(timeline(incident)):08d}",
            incident=incident.number,
            at=ctx.now,
            kind=kind,
            person=ctx.actor.key,
            name=name or ctx.actor.name,
            words=words,
            platform=ctx.whence.platform,
        )
    )


def timeline(incident: Incident) -> str:
    """The series that numbers the lines of an incident's timeline."""
    return f"events-{incident.number}"


def places(book: Book, ctx: Context, incident: Incident) -> list[Place]:
    """Where this incident is talked about: a room per platform; of a private one, in Teams, its members' own chats."""
    found = []
    if "slack" in ctx.platforms:
        found.append(Place("slack", "room", str(incident.number)))
    if "teams" in ctx.platforms:
        if incident.private:
            found += [Place("teams", "person", p.teams) for p in members(book, incident) if p.teams]
        else:
            found.append(Place("teams", "room", str(incident.number)))
    return found


def members(book: Book, incident: Incident) -> list[Person]:
    """Who is in, as people."""
    inside = [m for m in book.find(Member, incident=incident.number) if m.left_at is None]
    return [p for p in (book.person(m.person) for m in inside) if p is not None]


def say_in_rooms(
    book: Book, ctx: Context, incident: Incident, key: str, card: Card, rank: int = PAGE, under: str = ""
) -> None:
    """Say a card in the incident's rooms; the same `key` again edits it in all of them.

    `under`: the key of a card said there before, in whose thread this one stands.
    """
    for place in places(book, ctx, incident):
        tail = f"/{place.address}" if place.kind == "person" else ""
        thread = f"inc-{incident.number}/{under}{tail}@{place.platform}" if under else ""
        book.send(
            Post(
                key=f"inc-{incident.number}/{key}{tail}@{place.platform}",
                place=place,
                card=card,
                rank=rank,
                incident=incident.number,
                thread=thread,
            )
        )


def say_to(
    book: Book,
    ctx: Context,
    person: Person,
    key: str,
    card: Card,
    rank: int = PAGE,
    incident: int | None = None,
    *,
    under: str = "",
) -> None:
    """Say a card to one person, in their personal chat: on the platform they have, Slack first.

    `under`: the key of a card said to them before, in whose thread this one stands.
    """
    for platform, address in (("slack", person.slack), ("teams", person.teams)):
        if address and platform in ctx.platforms:
            book.send(
                Post(
                    key=f"{key}@{platform}",
                    place=Place(platform, "person", address),
                    card=card,
                    rank=rank,
                    incident=incident,
                    thread=f"{under}@{platform}" if under else "",
                )
            )
            return


def open_rooms(book: Book, ctx: Context, incident: Incident, generation: int = 1) -> None:
    """Ask every platform for a room: in Slack a channel, in Teams a thread (none for a private incident)."""
    suffix = "" if generation == 1 else f"/{generation}"
    if "slack" in ctx.platforms:
        book.put(Room(incident.number, "slack", generation=generation))
        book.send(
            Post(
                key=f"inc-{incident.number}/room{suffix}@slack",
                place=Place("slack", "room", str(incident.number)),
                op="open",
                args=(channel_name(incident, generation), "private" if incident.private else "public"),
                rank=0,
                incident=incident.number,
            )
        )
    if "teams" in ctx.platforms and not incident.private:
        book.put(Room(incident.number, "teams", generation=generation))
        book.send(
            Post(
                key=f"inc-{incident.number}/room{suffix}@teams",
                place=Place("teams", "room", str(incident.number)),
                op="open",
                card=headline(book, ctx, incident),
                rank=0,
                incident=incident.number,
            )
        )


def refresh(book: Book, ctx: Context, incident: Incident, *, first: bool = False) -> None:
    """Redraw the live cards: headline, announcement, topic. Nothing moves where nothing changed."""
    rank = 0 if first else EDIT
    card = headline(book, ctx, incident)
    number = incident.number
    slack, teams = book.get(Room, number, "slack"), book.get(Room, number, "teams")
    if "slack" in ctx.platforms:
        generation = slack.generation if slack else 1
        suffix = "" if generation == 1 else f"/{generation}"
        place = Place("slack", "room", str(number))
        book.send(Post(f"inc-{number}/headline{suffix}@slack", place, card=card, rank=rank, incident=number))
        if "slack: pin" not in incident.cannot:
            book.send(
                Post(
                    f"inc-{number}/pin{suffix}@slack",
                    place,
                    op="pin",
                    needs=f"inc-{number}/headline{suffix}@slack",
                    rank=EDIT,
                    incident=number,
                )
            )
        if "slack: topic" not in incident.cannot:
            book.send(
                Post(
                    f"inc-{number}/topic{suffix}@slack",
                    place,
                    op="topic",
                    args=(say.topic(incident),),
                    rank=EDIT,
                    incident=number,
                )
            )
        if not incident.private:
            announcement = say.announcement(incident, book.catalog, people(book, incident), slack, teams)
            book.send(
                Post(
                    f"inc-{number}/announcement@slack",
                    Place("slack", "incidents"),
                    card=announcement,
                    rank=rank,
                    incident=number,
                )
            )
    if "teams" in ctx.platforms:
        if incident.private:
            for person in members(book, incident):
                if person.teams:
                    book.send(
                        Post(
                            f"inc-{number}/headline/{person.teams}@teams",
                            Place("teams", "person", person.teams),
                            card=card,
                            rank=rank,
                            incident=number,
                        )
                    )
        elif teams is not None:
            suffix = "" if teams.generation == 1 else f"/{teams.generation}"
            book.send(
                Post(
                    f"inc-{number}/room{suffix}@teams",
                    Place("teams", "room", str(number)),
                    op="open",
                    card=card,
                    rank=rank,
                    incident=number,
                )
            )


def headline(book: Book, ctx: Context, incident: Incident) -> Card:
    """The live card at the top of the rooms."""
    waiting = book.find(HandOver, incident=incident.number, state="pending")
    return say.headline(
        incident,
        book.catalog,
        people(book, incident),
        ctx.zone.key,
        book.get(Room, incident.number, "slack"),
        book.get(Room, incident.number, "teams"),
        {h.role: p for h in waiting if (p := book.person(h.to)) is not None},
    )


def people(book: Book, incident: Incident) -> dict[str, Person]:
    """The people of the incident's roles, by key."""
    keys = {incident.declared_by, *(p for _, p in incident.roles)}
    return {k: p for k in keys if (p := book.person(k)) is not None}


def changed(
    book: Book, ctx: Context, incident: Incident, kind: str, words: str, *, quiet: bool = False, **fields: object
) -> Incident:
    """Record a change of an incident: the record, its timeline, the live cards, and a line in its rooms."""
    after = replace(incident, revision=incident.revision + 1, **fields)  # type: ignore[arg-type]
    book.put(after)
    tell(book, ctx, after, kind, words)
    if not quiet:
        say_in_rooms(book, ctx, after, f"said/{after.revision}", say.said(after, ctx.actor, words))
    refresh(book, ctx, after)
    return after


def channel_name(incident: Incident, generation: int = 1) -> str:
    """The room's name in Slack: inc-7-checkout-down; lower case, at most 80 characters."""
    words = re.sub(r"[^a-z0-9]+", "-", incident.title.lower()).strip("-")
    tail = f"-{generation}" if generation > 1 else ""
    if incident.private:
        words = "private"  # the name of a private room may be seen in places its title must not
    name = f"inc-{incident.number}" + (f"-{words}" if words else "")
    return name[: LONGEST_NAME - len(tail)].rstrip("-") + tail


def region_key(catalog: Catalog, said: str) -> str:
    """The catalog's key of a region; one that is not listed is its own name."""
    region = catalog.region(said)
    return region.key if region else ""


def service_keys(catalog: Catalog, said: Iterable[str]) -> tuple[str, ...]:
    """Catalog keys of the services named; unknown ones are refused with the nearest names."""
    keys: list[str] = []
    for word in said:
        service = catalog.service(word)
        if service is None:
            near = catalog.nearest_services(word)
            hint = f" Did you mean {' or '.join(near)}?" if near else " `service list` shows them."
            raise Refused(f"I know no service “{word}”.{hint} Nothing was changed.")
        if service.key not in keys:
            keys.append(service.key)
    return tuple(keys)
