"""Small changes of the catalog in chat: a customer's channels, account manager and time zone. An admin says them.

The line is written to the audit chain like any other; the catalog before it stays on record. What the file says counts
again with the next `amends catalog load`.
"""

import re
from dataclasses import replace

from handlers import channels
from handlers.book import Book
from handlers.card import Card, Reply, line, small
from handlers.commands import CustomerChannel, CustomerManager, CustomerZone
from handlers.context import Context
from handlers.customers import affected_by, customer_of
from handlers.domain.apology import Apology
from handlers.domain.catalog import Channel, Customer, address_fault, folded_channel
from handlers.domain.channels import Binding
from handlers.domain.errors import Refused
from handlers.domain.incident import Incident
from handlers.domain.letter import PLATFORMS, shown_address
from handlers.domain.permit import must
from handlers.domain.relay import Relay
from handlers.domain.when import parse_zone
from handlers.progress import somebody
from handlers.rooms import standing
from handlers.void import UNSETTLED, void


def customer_channel(command: CustomerChannel, ctx: Context, book: Book) -> Reply:
    """Bind a channel to a customer, or unbind it."""
    must("channel", standing(book, ctx))
    found = customer_of(book, command.customer)
    channel = channel_of(command.channel)
    name = f"{PLATFORMS[channel.platform]} {shown_address(channel.platform, channel.address)}"
    owner = channels.owner_of(book, channel.platform, channel.address)
    if command.add and owner is not None and owner.key != found.key:
        raise Refused(f"{name} belongs to {owner.name}: unbind it there first. Nothing was changed.")
    if not command.add and owner is not None and owner.key != found.key:
        raise Refused(f"{name} belongs to {owner.name}, not to {found.name}. Nothing was changed.")
    if command.add and channels.ours(book, channel.platform, channel.address):
        raise Refused(f"{name} is a channel of our own: no customer is told there. Nothing was changed.")
    known = channels.binding_of(book, channel.platform, channel.address)
    if command.add and owner is not None and known is not None:
        return _bound_again(book, ctx, found, known)
    if command.add == (owner is not None):
        return Reply(Card(found.name, (line(f"{name} is {'bound' if command.add else 'not bound'} already."),)))
    listed = Channel(channel.platform, known.address) if known is not None else channel  # the id it had before, maybe
    same = (folded_channel(channel), folded_channel(listed))
    stay = tuple(c for c in found.channels if folded_channel(c) not in same)
    if command.add:
        channels.bind(book, ctx, found, channel)
    else:
        channels.unbind(book, listed)
    changed = replace(found, channels=(*stay, channel) if command.add else stay)
    here = channel.platform in (*ctx.platforms, *ctx.outlets)
    note = "" if here or not command.add else f" {PLATFORMS[channel.platform]} is not set up here: tell them by hand."
    words = f"{name} is {'bound to' if command.add else 'no longer bound to'} {found.name}.{note}"
    return _changed(book, ctx, changed, words, f"the channels of {found.name} changed")


def _bound_again(book: Book, ctx: Context, customer: Customer, known: Binding) -> Reply:
    """An admin has looked: the channel is this customer's as it is now. What is held goes when somebody says so."""
    as_now = known.latest or known.bound
    who = f": {channels.audience(as_now)}" if as_now is not None else ""
    if not known.drift and known.reachable:
        words = f"{channels.describe(known)} is bound already, and it is as it was{who}."
        return Reply(Card(customer.name, (line(words),)))
    after = channels.bind(book, ctx, customer, Channel(known.platform, known.address))
    if as_now is not None and (known.bound is None or as_now.organisations != known.bound.organisations):
        for apology in book.find(Apology, state=UNSETTLED):
            void(book, ctx, apology, f"other people read the channel of {customer.name} now")
    words = f"{channels.describe(after)} is bound to {customer.name} again, as it is now{who}."
    waiting = channels.held(book, ctx, after)
    return Reply(Card(customer.name, (line(words), *waiting), "good"), changed=True)


def taken_back(command: CustomerChannel, ctx: Context, book: Book) -> None:
    """A change of a channel was taken back: whose it is follows the catalog at once."""
    channel = channel_of(command.channel)
    owner = book.catalog.customer_by_channel(channel.platform, channel.address)
    if owner is None:
        channels.unbind(book, channel)
    else:
        channels.bind(book, ctx, owner, channel)


def channel_of(said: str) -> Channel:
    """A channel by id, mention or address.

    C0123456789, <#C0123456789>, a Teams conversation id (19:…), a mail address, a web address.
    """
    bare = said.strip().removeprefix("<#").removesuffix(">").partition("|")[0]
    platform = "webhook" if "://" in bare else "email" if "@" in bare and not bare.startswith("19:") else ""
    if platform:
        fault = address_fault(platform, bare)
        if fault:
            raise Refused(f"“{shown_address(platform, bare)}” {fault}. Nothing was changed.")
        return Channel(platform, bare)
    if bare.startswith("19:"):
        return Channel("teams", bare.partition(";messageid=")[0])
    if re.fullmatch(r"[CG][A-Z0-9]{6,}", bare):
        return Channel("slack", bare)
    raise Refused(
        "Name the channel with # so that Slack sends its id, or give the id itself, a mail address or an https:// "
        "address. Nothing was changed."
    )


def customer_manager(command: CustomerManager, ctx: Context, book: Book) -> Reply:
    """Hand a customer to another account manager, somebody whom the catalog lists with an address."""
    must("channel", standing(book, ctx))
    found = customer_of(book, command.customer)
    person = somebody(book, command.person)
    listed = book.catalog.person(person.email) if person.email else None
    if listed is None:
        raise Refused(
            f"{person.name} is not in the catalog's list of people with a mail address, as an account manager must be. "
            "`amends catalog load` brings people in. Nothing was changed."
        )
    if listed.email.casefold() == found.account_manager.casefold():
        return Reply(Card(found.name, (line(f"{person.name} is the account manager already."),)))
    before = book.catalog.person(found.account_manager) if found.account_manager else None
    instead = f", and no longer {before.name}" if before is not None else ""
    changed = replace(found, account_manager=listed.email)
    words = f"{person.name} is the account manager of {found.name} now{instead}."
    for relay in book.find(Relay, customer=found.key, state=("prepared", "approved", "released")):
        book.put(replace(relay, manager=listed.email))  # whoever looks after them now is reminded
    return _changed(book, ctx, changed, words, f"the account manager of {found.name} changed")


def customer_zone(command: CustomerZone, ctx: Context, book: Book) -> Reply:
    """The time zone in which a customer reads clock times; the contract keeps its own."""
    must("channel", standing(book, ctx))
    found = customer_of(book, command.customer)
    zone = parse_zone(command.zone)
    if zone.minutes is not None and zone.name != "UTC":
        place = f", such as {zone.key}" if zone.key else ", such as Europe/Berlin"
        raise Refused(f"{zone.name} does not say how its clocks change: name a place{place}. Nothing was changed.")
    if zone.key == found.timezone:
        return Reply(Card(found.name, (line(f"{found.name} reads times of {zone.key} already."),)))
    changed = replace(found, timezone=zone.key)
    words = f"{found.name} reads times of {zone.key} now, not of {found.timezone}. The contract's zone stays."
    return _changed(book, ctx, changed, words, f"the time zone of {found.name} changed")


def _changed(book: Book, ctx: Context, changed: Customer, words: str, why: str) -> Reply:
    """Make a changed customer the catalog's; what was signed for this customer is void."""
    rest = tuple(changed if c.key == changed.key else c for c in book.catalog.customers)
    book.set_catalog(replace(book.catalog, customers=rest))
    for apology in book.find(Apology, state=UNSETTLED):
        incidents = [i for n in apology.incidents if (i := book.get(Incident, n)) is not None]
        if any(c.key == changed.key for i in incidents for c, _ in affected_by(book, i)):
            void(book, ctx, apology, why)
    return Reply(Card(changed.name, (line(words), small("Change it in the catalog file too."))), changed=True)
