"""Looking: lists, one incident, timelines, help, who one is, the catalog, numbers. Nothing changes."""

from collections import Counter
from datetime import timedelta
from statistics import median

from handlers import channels, grammar
from handlers.book import Book
from handlers.card import Block, Bullets, Button, Buttons, Card, Code, Reply, Strong, Text, line, small
from handlers.commands import (
    CustomerShow,
    Help,
    ListIncidents,
    ServiceShow,
    Show,
    Stats,
    Timeline,
)
from handlers.context import Context
from handlers.customers import customer_of
from handlers.domain.apology import Apology
from handlers.domain.catalog import Channel, Customer
from handlers.domain.channels import Binding
from handlers.domain.errors import Refused
from handlers.domain.incident import OPEN, Setting
from handlers.domain.letter import shown_address
from handlers.domain.permit import TABLE, may, must
from handlers.mine import mine
from handlers.pins import story
from handlers.rooms import headline, incident_of, service_keys, standing
from handlers.say import incident as say

MOST = 15
"""Incidents on one list card."""


def list_incidents(command: ListIncidents, ctx: Context, book: Book) -> Reply:
    """Incidents by state, service, time or words; private ones only for their members."""
    service = service_keys(book.catalog, (command.service,))[0] if command.service else ""
    statuses = {"open": OPEN, "resolved": ("resolved",), "all": (), "mine": OPEN}[command.which]
    found = book.search(
        statuses=statuses,
        service=service,
        person=ctx.actor.key if command.which == "mine" else "",
        since=ctx.now - command.since if command.since else None,
        words=command.words,
        limit=MOST,
        reader=ctx.actor.key,
    )
    title = {
        "open": "Open incidents",
        "resolved": "Resolved incidents",
        "all": "Incidents",
        "mine": "My open incidents",
    }
    card = say.listing(title[command.which], found, book.catalog, ctx.zone.key)
    if command.which == "mine":
        return Reply(Card(card.head, (*card.blocks, *mine(book, ctx)), card.tone))
    return Reply(card)


def home(ctx: Context, book: Book) -> Card:
    """The App Home: open incidents, what waits for me, and one button to start."""
    if not ctx.actor.colleague:
        return Card("Amends", (line("This is not available to you here."),))
    found = book.search(statuses=OPEN, limit=MOST, reader=ctx.actor.key)
    listing = say.listing("Open incidents", found, book.catalog, ctx.zone.key)
    return Card(
        "Open incidents",
        (
            Buttons((Button("Declare an incident", "declare", "danger", form=True), Button("Help", "help"))),
            *listing.blocks,
            *mine(book, ctx),
        ),
    )


def show(command: Show, ctx: Context, book: Book) -> Reply:
    """One incident at a glance."""
    incident = incident_of(book, ctx, command.incident)
    return Reply(headline(book, ctx, incident))


def timeline(command: Timeline, ctx: Context, book: Book) -> Reply:
    """Everything that happened in it."""
    incident = incident_of(book, ctx, command.incident)
    return Reply(say.timeline(incident, story(book, incident), ctx.zone.key))


def help_(command: Help, ctx: Context, book: Book) -> Reply:
    """What can be said; with a verb, its usage."""
    del ctx, book
    if command.verb:
        found = grammar.USAGE.get(command.verb.lower())
        if found is None:
            near = grammar.nearest(command.verb, grammar.VERBS)
            hint = f" Did you mean `{near}`?" if near else ""
            raise Refused(f"I know no “{command.verb}”.{hint} `help` lists everything.")
        return Reply(
            Card(
                f"Help: {command.verb.lower()}",
                (line(found.meaning), line(Code(found.line)), small("For example ", Code(found.example))),
            )
        )
    items = tuple((Code(u.line), Text(f" {u.meaning}")) for u in grammar.USAGE.values())
    some = 24
    return Reply(
        Card(
            "What you can say",
            (
                line(
                    "The same words work in Slack (", Code("/incident …"), ") and in Teams (", Code("@Amends …"), ")."
                ),
                *(Bullets(items[n : n + some]) for n in range(0, len(items), some)),
                small("Left out in an incident's own room: its number. A slip? ", Code("undo"), "."),
            ),
        )
    )


def who_am_i(ctx: Context, book: Book) -> Reply:
    """Who the bot thinks one is, and what one may do."""
    place = standing(book, ctx)
    person = ctx.actor
    acts = [act for act in TABLE if may(act, place)]
    both = " and ".join(p for p, i in (("Slack", person.slack), ("Teams", person.teams)) if i)
    roles = ", ".join(sorted(person.roles)) or "none in the catalog"
    return Reply(
        Card(
            f"You are {person.name}",
            (
                line(f"Known on {both or 'no platform'}; roles: {roles}."),
                line(_linked(ctx, book)),
                line(f"E-mail: {person.email or 'not known'}."),
                small("Yours to do: " + "; ".join(acts)),
            ),
        )
    )


def _linked(ctx: Context, book: Book) -> str:
    """By what the bot holds two accounts for one human being, and what to do where it knows of one only."""
    person = ctx.actor
    listed = next((p for p in book.catalog.people if (p.email or p.name).casefold() == person.key.casefold()), None)
    if person.slack and person.teams:
        if listed is not None and listed.slack == person.slack and listed.teams == person.teams:
            return "Both are you: the catalog names both accounts."
        if person.email:
            return f"Both are you: Slack and Teams each say that {person.email} is your address."
        return "Both are you, by the catalog."
    if len(ctx.platforms) < 2:
        return "Only one platform is switched on."
    here, there = ("Slack", "Teams") if person.slack else ("Teams", "Slack")
    if not person.email:
        return f"{here} names no address of yours, so in {there} you are somebody else until the catalog lists both."
    return f"In {there} you are known once you say something there with the same address, or the catalog lists both."


def customers(ctx: Context, book: Book) -> Reply:
    """Every customer on one line."""
    must("look", standing(book, ctx))
    items = tuple(
        (
            Strong(c.key),
            Text(
                f" {c.name}: {', '.join(sorted({ch.platform for ch in c.channels})) or 'no channel'}; "
                f"account manager {c.account_manager or 'nobody'}"
            ),
        )
        for c in book.catalog.customers
    )
    return Reply(Card("Customers", (Bullets(items[:60]) if items else line("The catalog names none yet."),)))


def customer(command: CustomerShow, ctx: Context, book: Book) -> Reply:
    """One customer: what they use, where they are told, by whom."""
    must("look", standing(book, ctx))
    found = customer_of(book, command.customer)
    uses = ", ".join(
        f"{book.catalog.service_name(u.service)}{f' in {book.catalog.region_name(u.region)}' if u.region else ''}"
        f"{f' from {u.start}' if u.start else ''}{f' to {u.end}' if u.end else ''}"
        for u in found.uses
    )
    return Reply(
        Card(
            found.name,
            (
                line(f"Uses {uses or 'nothing that is listed'}."),
                line(f"Account manager: {found.account_manager or 'nobody'}. Time zone {found.timezone}."),
                Bullets(tuple((Strong(c.platform), Text(_told_in(book, c))) for c in found.channels))
                if found.channels
                else line("No channel: tell them by hand."),
                line(f"Delivery: {'the first channel that works' if found.deliver == 'first' else 'every channel'}."),
                *(line(words) for words in _contracts(found)),
            ),
        )
    )


def _contracts(customer: Customer) -> list[str]:
    """The versions of a contract and when each counts; what it pays is for `credit`, to those who may know."""
    days = [
        f"{c.version}{f' from {c.start}' if c.start else ''}{f' to {c.end}' if c.end else ''}"
        for c in customer.contracts
    ]
    return [f"Contract: version {', then '.join(days)}."] if days else []


def _told_in(book: Book, channel: Channel) -> str:
    """A channel and what is known of it: who reads along, or why nothing goes there."""
    words = f" {shown_address(channel.platform, channel.address)}"
    known = next(iter(book.find(Binding, platform=channel.platform, address=channel.address)), None)
    if known is None:
        return words
    if known.drift:
        return f"{words}: held, because {known.drift}"
    if not known.reachable:
        return f"{words}: the bot cannot post there; tell them by hand"
    return f"{words}: {channels.audience(known.bound)}" if known.bound is not None and known.bound.home else words


def services(ctx: Context, book: Book) -> Reply:
    """Every service on one line."""
    must("look", standing(book, ctx))
    items = tuple(
        (Strong(s.key), Text(f" {s.name}{f', part of {book.catalog.service_name(s.part_of)}' if s.part_of else ''}"))
        for s in book.catalog.services
    )
    return Reply(Card("Services", (Bullets(items[:80]) if items else line("The catalog names none yet."),)))


def service(command: ServiceShow, ctx: Context, book: Book) -> Reply:
    """One service and its open incidents."""
    key = service_keys(book.catalog, (command.service,))[0]
    found = book.catalog.service(key)
    assert found is not None
    incidents = book.search(statuses=OPEN, service=key, limit=5, reader=ctx.actor.key)
    users = sum(any(u.service == key for u in c.uses) for c in book.catalog.customers)
    regions = ", ".join(book.catalog.region_name(r) for r in found.regions) or "every region"
    return Reply(
        Card(
            found.name,
            (
                line(f"{found.key}, {regions}; {users} customer{'s' * (users != 1)} use it."),
                line("Open: " + (", ".join(f"{i.name} {i.title}" for i in incidents) or "nothing") + "."),
            ),
        )
    )


def stats(command: Stats, ctx: Context, book: Book) -> Reply:
    """How many incidents, how bad, how long, how many customers were told."""
    service_ = service_keys(book.catalog, (command.service,))[0] if command.service else ""
    since = command.since or timedelta(days=90)
    found = [
        i for i in book.search(service=service_, since=ctx.now - since, limit=1000, reader=ctx.actor.key) if not i.drill
    ]
    by = Counter(i.severity for i in found)
    lengths = [(i.resolved_at - i.declared_at).total_seconds() for i in found if i.resolved_at]
    published = [
        a for a in book.find(Apology, state=("publishing", "published")) if {*a.incidents} & {i.number for i in found}
    ]
    blocks: list[Block] = [
        line(
            f"{len(found)} incidents in {since.days} days: "
            + (", ".join(f"{n} {s.upper()}" for s, n in sorted(by.items())) or "none")
            + "."
        ),
    ]
    if lengths:
        blocks.append(line(f"Declared to resolved, median: {say.span_words(timedelta(seconds=median(lengths)))}."))
    blocks.append(line(f"Apologies published: {len(published)}."))
    return Reply(Card("Numbers", tuple(blocks)))


def here(ctx: Context, book: Book) -> Reply:
    """Make this conversation the Teams incidents channel."""
    must("here", standing(book, ctx))
    if ctx.whence.platform != "teams" or ctx.whence.personal or not ctx.whence.channel:
        raise Refused(
            "Say `@Amends here` in the Teams channel where incidents should be announced. Nothing was changed."
        )
    if ctx.whence.customer:
        raise Refused("This channel belongs to a customer: incidents are never announced here. Nothing was changed.")
    book.put(Setting("teams.incidents", ctx.whence.base))
    return Reply(Card("Incidents channel", (line("Incidents are announced here from now on."),), "good"), changed=True)
