"""A post of which nobody can know whether it arrived: who is asked about it, and what they read once it is settled.

One card an attempt: what is pressed on it counts for that attempt alone (promises.md, section 2, "settling unknown").
"""

from dataclasses import replace

from handlers.book import Book
from handlers.card import Block, Buttons, Card, Moment, Quote, RoomLink, Span, Text, line, small
from handlers.commands import LookedFor
from handlers.context import Context
from handlers.domain.delivery import EDIT, REPLY, Place, Post, PostState
from handlers.domain.incident import Incident, Room, Setting
from handlers.domain.letter import LETTERS, PLATFORMS, shown_address
from handlers.domain.people import Person
from handlers.rooms import members
from handlers.say.unclear import choices

PREFIX = "unclear/"
ROLES = ("comms", "commander", "deputy")
"""Who is asked, in this order (promises.md, section 2)."""
QUOTED = 300
"""Characters of a customer's text that stand on the card, so that whoever looks knows what to look for; ours."""


def looked_for(command: LookedFor, ctx: Context, book: Book) -> None:
    """A post was looked for: whoever was asked about it reads that it is there, or somebody is asked now."""
    post = book.post(command.post)
    if post is None:
        return
    if command.found:
        answered(book, post, "It has been found: it is there. Nothing is left to do.")
    elif post.state == "unknown" and post.key.startswith(PREFIX):
        _ask_aloud(book, ctx, post)
    elif post.state == "unknown":
        there = [asked.place for asked in book.posts(_asked(post))]  # asked once, it is kept right where it stands
        places = there or _whom(book, ctx, post, _incident(book, post))
        _ask(book, ctx, post, places, absent=command.found is False)


def answered(book: Book, post: PostState, words: str) -> None:
    """Whoever was asked about this attempt reads what became of it; there is nothing left to press."""
    incident = _incident(book, post)
    card = Card(_head(incident), (line(*_what(book, post)), line(words)), "good")
    for asked in book.posts(_asked(post)):
        book.send(Post(asked.key, asked.place, card=card, rank=EDIT, incident=post.incident))


def look_again(book: Book, ctx: Context, post: PostState) -> Card:
    """Somebody pressed Look: a look is taken at once; what it shows stands on the card that asks."""
    words = "I am looking for it. What I find stands on the card in a moment. I may not be able to tell: look, too."
    if post.place.platform == "slack":
        book.put(Setting(_looking(post), ctx.actor.name))
    else:
        words = "I may not read what was posted there: only you can look."
    say = tuple(button for button in choices(post) if button.says != ctx.line)
    return Card(_head(_incident(book, post)), (line(*_what(book, post)), line(words), Buttons(say)))


def _asked(post: PostState) -> str:
    """How the keys of the questions about this attempt begin."""
    return f"{PREFIX}{post.id}/{post.tried}@"


def _looking(post: PostState) -> str:
    return f"looking.{post.id}"


def _ask(book: Book, ctx: Context, post: PostState, places: list[Place], *, absent: bool) -> None:
    incident = _incident(book, post)
    seen = "It is not in the channel's history" if absent else "The channel's history cannot be read from here"
    if post.place.platform in LETTERS:
        log_of = "The mail server" if post.place.platform == "email" else "Their receiver"
        seen = f"{log_of}'s log knows, or they do"
    blocks: list[Block] = [line(*_what(book, post), f" was sent, but no answer came. {seen}. Please look.")]
    if post.text:
        blocks.append(Quote(post.text if len(post.text) <= QUOTED else f"{post.text[:QUOTED]}…"))
    looking = book.get(Setting, _looking(post))
    if looking is not None and looking.value:
        blocks.append(small("Looked for again at ", Moment(ctx.now, ctx.zone.key), f" for {looking.value}."))
        book.put(replace(looking, value=""))
    card = Card(_head(incident), (*blocks, Buttons(choices(post))), "danger")
    for place in places:
        key = f"{_asked(post)}{place.platform}/{place.address or place.kind}"
        book.send(Post(key, place, card=card, rank=REPLY, incident=post.incident))


def _ask_aloud(book: Book, ctx: Context, question: PostState) -> None:
    """The question itself may not have arrived: it is asked once more, where several people read it."""
    number = question.key.removeprefix(PREFIX).partition("/")[0]
    post = book.post(int(number)) if number.isdigit() else None
    incident = _incident(book, question)
    if post is None or post.state != "unknown" or question.place.kind == "incidents":
        return
    if incident is None or not incident.private:
        _ask(book, ctx, post, _announced(ctx, question), absent=False)


def _whom(book: Book, ctx: Context, post: PostState, incident: Incident | None) -> list[Place]:
    """Where it is asked: in the chat of whoever leads, else where incidents are announced."""
    if incident is None:
        return _announced(ctx, post)
    for role in ROLES:
        person = book.person(incident.holder(role))
        place = _chat(book, ctx, person) if person is not None else None
        if place is not None:
            return [place]
    if incident.private:  # nothing of it is said where others read along
        return [place for person in members(book, incident) if (place := _chat(book, ctx, person))]
    return _announced(ctx, post)


def _announced(ctx: Context, post: PostState) -> list[Place]:
    """The incidents channel, on the other platform if there is one: this one has just failed to answer."""
    others_first = sorted(ctx.platforms, key=lambda name: name == post.place.platform)
    return [Place(name, "incidents") for name in others_first[:1]]


def _chat(book: Book, ctx: Context, person: Person) -> Place | None:
    """Somebody's own chat: Slack first, but not a platform that is in trouble if they have the other, too."""
    have = [(p, a) for p, a in (("slack", person.slack), ("teams", person.teams)) if a and p in ctx.platforms]
    have.sort(key=lambda each: _in_trouble(book, each[0]))
    return Place(have[0][0], "person", have[0][1]) if have else None


def _in_trouble(book: Book, platform: str) -> bool:
    found = (book.get(Setting, f"trouble.{what}.{platform}") for what in ("away", "refused"))
    return any(f is not None and f.value for f in found)


def _what(book: Book, post: PostState) -> list[Span]:
    """Which post: whose, and where it was to go, in a way that leads there where the platform draws one."""
    platform = post.place.platform
    called = PLATFORMS[platform]
    if post.audience == "customer":
        key = post.key.split("/")[1]
        customer = book.catalog.customer(key)
        who = f"A post to {customer.name if customer else key} ({called} "
        if platform == "slack":
            return [Text(who), RoomLink(post.place.address, slack=post.place.address), Text(")")]
        return [Text(f"{who}{shown_address(platform, post.place.address)})")]
    if post.place.kind == "room" and post.incident is not None:
        room = book.get(Room, post.incident, platform)
        if room is not None and room.address:
            link = RoomLink(room.name or "the room", room.address if platform == "slack" else "", room.link)
            return [Text("A message in the incident's room in "), Text(f"{called} ("), link, Text(")")]
    where = {"room": "the incident's room", "incidents": "the incidents channel", "person": "somebody's own chat"}
    return [Text(f"A message in {where.get(post.place.kind, 'a conversation')} in {called}")]


def _incident(book: Book, post: PostState) -> Incident | None:
    return book.get(Incident, post.incident) if post.incident is not None else None


def _head(incident: Incident | None) -> str:
    return f"{incident.name if incident else 'Amends'}: did it arrive?"
