"""Customers' channels: what they were when they were bound, whether they still are, and who is asked if not."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from handlers.book import Book
from handlers.card import Block, Button, Buttons, Card, line
from handlers.commands import ChannelMoved, ChannelSeen, ChannelTouched, PostSettled
from handlers.context import Context
from handlers.domain.apology import Apology, Version
from handlers.domain.catalog import Channel, Customer
from handlers.domain.channels import Binding, Seen, drifted
from handlers.domain.delivery import GONE, TAKEN_BACK, Place, PostState
from handlers.domain.errors import Refused
from handlers.domain.incident import Incident, Room, Setting
from handlers.domain.letter import PLATFORMS, shown_address
from handlers.due import Due
from handlers.rooms import may_see, say_to
from handlers.void import UNSETTLED, void

KNOWN = "channels.known"
"""The setting that says for which customers' channels bindings were written down."""
LOOKING = timedelta(seconds=60)
"""How long one replica has for looking at channels before another may; ours."""
WATCHED = ("slack", "teams")
"""Platforms that say something of a channel; a mail or web address says nothing of who reads it."""
FILE = "the catalog"
"""Who bound a channel that came with a catalog file."""


def binding_of(book: Book, platform: str, address: str) -> Binding | None:
    """The binding of a channel by the id it was bound under, or by the one it has now."""
    found = book.get(Binding, platform, address)
    if found is None or not found.customer:
        found = next((b for b in book.find(Binding, platform=platform, now=address) if b.customer), found)
    return found


def owner_of(book: Book, platform: str, address: str) -> Customer | None:
    """Whose channel this is, whatever id it is known by."""
    found = book.catalog.customer_by_channel(platform, address)
    if found is None:
        known = binding_of(book, platform, address)
        if known is not None:
            found = book.catalog.customer_by_channel(platform, known.address) or (
                book.catalog.customer_by_channel(platform, known.now) if known.now else None
            )
    return found


def ours(book: Book, platform: str, address: str) -> bool:
    """Whether this is a place of the house: an incident's room, or the channel where incidents are announced."""
    announced = book.find(Setting, name=f"{platform}.incidents")
    return any(s.value == address for s in announced) or bool(book.find(Room, platform=platform, address=address))


def bind(book: Book, ctx: Context, customer: Customer, channel: Channel) -> Binding:
    """Bind a channel to a customer, or bind it again as it is now. It is looked at within seconds (`look_at`)."""
    known = book.get(Binding, channel.platform, channel.address)
    again = known is not None and known.customer == customer.key
    look_at = ctx.now if channel.platform in WATCHED else None
    fresh = Binding(channel.platform, channel.address, customer.key, ctx.actor.key, ctx.now, look_at=look_at)
    if again and known is not None:
        # what the person was shown, and nothing else, is what is trusted: if it changed once more, it is held again
        fresh = replace(fresh, now=known.now, bound=known.latest or known.bound, kind=known.kind)
    book.put(fresh)
    return fresh


def unbind(book: Book, channel: Channel) -> None:
    """A channel belongs to nobody any more."""
    known = book.get(Binding, channel.platform, channel.address)
    if known is not None:
        book.put(replace(known, customer="", drift="", latest=None, look_at=None))


def _unlisted(book: Book) -> list[Setting]:
    """The mark of the catalog's channels, where their bindings are not written down yet."""
    mark = Setting(KNOWN, book.catalog.channels_mark)
    return [] if mark in book.find(Setting, name=KNOWN) else [mark]


def _bind_all(mark: Setting, ctx: Context, book: Book) -> None:
    """Write down a binding for each channel that came with a new catalog, to be looked at soon."""
    known = {(b.platform, b.address): b for b in book.find(Binding)}
    listed: set[tuple[str, str]] = set()
    rows: list[Binding] = []
    for customer in book.catalog.customers:
        for channel in customer.channels:
            if channel.platform not in WATCHED:
                continue
            listed.add((channel.platform, channel.address))
            before = known.get((channel.platform, channel.address))
            if before is None or before.customer != customer.key:
                row = Binding(channel.platform, channel.address, customer.key, FILE, ctx.now, look_at=ctx.now)
                rows.append(row)
    rows += [replace(b, customer="", look_at=None) for key, b in known.items() if b.customer and key not in listed]
    if rows:
        book.put_all(rows)
    book.put(mark)


LISTED: Due[Setting] = Due("bindings", Setting, "", _bind_all, seen=_unlisted)


def to_look_at(book: Book, platforms: Sequence[str], limit: int) -> list[Binding]:
    """Channels whose time to be looked at has come; nobody else looks at them meanwhile."""
    found = book.due(Binding, "look_at", limit, platform=tuple(platforms))
    rows = [replace(b, look_at=book.now + LOOKING) for b in found]
    if rows:
        book.put_all(rows)
    return rows


def seen(command: ChannelSeen, ctx: Context, book: Book) -> None:
    """A platform said what a channel is: the first word is what was bound; a later one is held against it.

    `seen` None: it does not say, so that nothing can be held against anything.
    """
    known = book.get(Binding, command.platform, command.address)
    if known is None or not known.customer:
        return
    after = replace(known, look_at=None)
    now = command.seen
    if now is not None:
        after = _compared(replace(after, kind=now.kind or known.kind, reach=now.reach or known.reach), now)
    elif command.fault in GONE:
        after = replace(after, reach="no")
    book.put(after)
    if after.reachable != known.reachable and not after.reachable:
        _void(book, ctx, after, "cannot be posted to by the bot")
    if after.drift and not known.drift:
        _void(book, ctx, after, "is not what it was when it was bound")
    if known.look_at is not None and known.by != FILE and known.bound is None:
        _tell_binder(book, ctx, after, command.fault)


def _compared(known: Binding, now: Seen) -> Binding:
    """The binding after a look: what was never seen is trusted as it is; what differs drifts; what came back is fine.

    What drifted in a way no look shows stays so until it is bound again.
    """
    if known.drift and known.latest is None:
        return known
    if now.id != known.id:
        return replace(known, drift=f"{known.id} answers as another channel ({now.id}).", latest=now)
    if known.bound is None:
        return replace(known, bound=now, latest=None, drift="")
    drift = drifted(known.bound, now)
    return replace(known, drift=drift, latest=now if drift else None)


def _tell_binder(book: Book, ctx: Context, binding: Binding, fault: str) -> None:
    """Whoever bound a channel learns what it is: who reads along, and whether the bot can post there at all."""
    person = book.person(binding.by)
    customer = book.catalog.customer(binding.customer)
    if person is None or customer is None:
        return
    if not binding.reachable or fault:
        words = (
            f"The bot cannot post to {describe(binding)}{f' ({fault})' if fault else ''}. Add the app to this very "
            f"channel, then bind it again. Until then {customer.name} is told by hand."
        )
    elif binding.bound is not None:
        words = f"{describe(binding)} is bound to {customer.name}: {audience(binding.bound)}."
        if binding.platform == "slack" and not binding.bound.organisations:
            words += " Nobody from outside reads along yet: is it the right one?"
    else:
        return
    card = Card(f"{customer.name}: channel", (line(words),), "plain" if binding.reachable and not fault else "warning")
    say_to(book, ctx, person, f"bound/{binding.platform}/{binding.address}/{ctx.now.timestamp():.0f}", card)


def describe(binding: Binding) -> str:
    """Slack #ext-contoso (C0…)."""
    name = binding.latest or binding.bound
    platform = PLATFORMS[binding.platform]
    return f"{platform} #{name.name} ({binding.id})" if name is not None and name.name else f"{platform} {binding.id}"


def audience(seen: Seen) -> str:
    """Who reads a channel besides the house."""
    return f"shared with {', '.join(seen.organisations)}" if seen.organisations else "shared with no other organisation"


def touched(command: ChannelTouched, ctx: Context, book: Book) -> None:
    """A platform said that a channel is not what it was: it is looked at at once, and again before its next post."""
    known = binding_of(book, command.platform, command.address)
    if known is None or not known.customer:
        return
    if command.drift:
        book.put(replace(known, drift=command.drift, latest=None))
        _void(book, ctx, known, "is not what it was when it was bound")
        return
    reach = "yes" if command.heard else known.reach
    if command.heard and known.reach == "yes" and known.kind == (command.kind or known.kind):
        return
    look_at = known.look_at if command.heard else ctx.now
    book.put(replace(known, reach=reach, kind=command.kind or known.kind, look_at=look_at))


def moved(command: ChannelMoved, ctx: Context, book: Book) -> None:
    """Slack gave a channel another id.

    Followed by itself only as far as the binding reaches: the channel behind the new id is held against what was bound
    like any other, so words go there where the same organisations read it, and nowhere else. A channel that was never
    looked at has nothing to be held against: a person decides. An incident's room and the incidents channel are the
    house's own: they are followed at once, by every server and after a restart.
    """
    if owner_of(book, command.platform, command.new) is None:
        for room in book.find(Room, platform=command.platform, address=command.old):
            book.put(replace(room, address=command.new))
        for setting in book.find(Setting, name=f"{command.platform}.incidents", value=command.old):
            book.put(replace(setting, value=command.new))
        book.moved(command.platform, command.old, command.new)
    known = binding_of(book, command.platform, command.old)
    if known is None or not known.customer:
        return
    other = owner_of(book, command.platform, command.new)
    after = replace(known, now=command.new, look_at=ctx.now)
    if other is not None and other.key != known.customer:
        after = replace(after, drift=f"its id became {command.new}, which is {other.name}'s channel.")
    elif known.bound is None:
        after = replace(after, drift=f"its id became {command.new} before anybody had looked at it.")
    book.put(after)


def _void(book: Book, ctx: Context, binding: Binding, why: str) -> None:
    """Signatures under texts for this customer that are not out yet no longer count: who reads them changed."""
    customer = book.catalog.customer(binding.customer)
    name = customer.name if customer is not None else binding.customer
    for apology in book.find(Apology, state=UNSETTLED):
        version = book.get(Version, apology.number, apology.version)
        if version is not None and any(
            (r.platform, r.address) == (binding.platform, binding.address) for r in version.recipients
        ):
            void(book, ctx, apology, f"{name}'s channel {binding.id} {why}")


def out_of_reach(book: Book) -> set[tuple[str, str]]:
    """Channels the bot cannot post to, as far as anybody knows: their customers are told by hand."""
    found = book.find(Binding, platform="teams", reach="no")
    found += [b for b in book.find(Binding, platform="teams", kind="shared") if not b.reachable]
    return {(b.platform, b.address) for b in found if b.customer}


def resolved(book: Book, platform: str, address: str) -> str:
    """The platform's present id of a customer's channel."""
    known = book.find(Binding, platform=platform, address=address)
    return known[0].id if known else address


def verdict(book: Book, key: str, place: Place, approval: str, now: Seen | None) -> str:
    """What speaks against posting a customer's words there now, as a sentence; nothing if nothing does.

    `key` names the customer the words were written for. `now` is what the platform says at most ten minutes before;
    None where it cannot be asked. The notice that takes words back goes wherever they stand.
    """
    if approval.startswith(TAKEN_BACK):
        return ""
    platform, address = place.platform, place.address
    customer = book.catalog.customer(key.split("/")[1])
    name = customer.name if customer is not None else key.split("/")[1]
    owner = owner_of(book, platform, address)
    shown = shown_address(platform, address)
    if owner is None:
        return f"{shown} is not bound to {name} any more."
    if customer is None or owner.key != customer.key:
        return f"{shown} belongs to {owner.name} now, and this was written for {name}."
    known = book.get(Binding, platform, address)
    there = known.id if known is not None else address
    if ours(book, platform, there):
        return f"{there} is a channel of our own, not {name}'s."
    if known is None or known.customer != customer.key:
        known = Binding(platform, address, customer.key, FILE, book.now)
    if now is not None:
        after = _compared(known, now)
        if after != known:
            book.put(after)
        known = after
    return known.drift


def settled(book: Book, command: PostSettled) -> None:
    """A post told whether the bot can post in a Teams channel: the next recipients are chosen accordingly."""
    platform, _, address = command.key.split("/", 2)[2].partition(":")
    if platform != "teams" or command.state not in ("sent", "dead"):
        return
    known = book.get(Binding, platform, address)
    if known is None:
        return
    if command.state == "sent" and known.reach != "yes":
        book.put(replace(known, reach="yes"))
    if command.state == "dead" and any(
        p.key == command.key and p.error in GONE for p in book.posts(command.key, "dead")
    ):
        book.put(replace(known, reach="no"))


def barred(book: Book, post: PostState) -> str:
    """Why a held customer post may not be sent again before an admin has bound its channel again; nothing if it may."""
    return verdict(book, post.key, post.place, post.approval, None)


def refuse_barred(book: Book, post: PostState) -> None:
    """A person cannot wave a post through to a channel that is not what it was."""
    why = barred(book, post) if post.audience == "customer" else ""
    if why:
        raise Refused(
            f"{_who(book, post)} stays held: {why} An admin binds the channel again first ({_rebind(post)}), or tell "
            "them by hand. Nothing was sent."
        )


def _who(book: Book, post: PostState) -> str:
    customer = book.catalog.customer(post.key.split("/")[1])
    return customer.name if customer is not None else post.key.split("/")[1]


def _rebind(post: PostState) -> str:
    return f"`customer channel {post.key.split('/')[1]} +{post.place.address}`"


def trouble_buttons(book: Book, post: PostState) -> tuple[Button, ...]:
    """What a person can do about a customer post that certainly did not arrive, because of where it was to go."""
    customer, address = post.key.split("/")[1], post.place.address
    hand = Button("Told by hand", f"settle {post.id} drop")
    if barred(book, post):
        known = book.get(Binding, post.place.platform, address)
        latest = known.latest if known is not None else None
        as_now = f"{describe(known)}: {audience(latest)}. " if known is not None and latest is not None else ""
        confirm = f"{as_now}Is this still {_who(book, post)}'s channel, and may everybody in it read this?"
        return hand, Button("Rebind", f"customer channel {customer} +{address}", confirm=confirm)
    again = Button("Send again", f"settle {post.id} again", "danger", confirm="Only if it is not there.")
    if post.error in GONE:  # another channel takes its place
        return hand, Button("Rebind", f"customer channel {customer}", form=True), again
    return hand, again


def held(book: Book, ctx: Context, binding: Binding) -> list[Block]:
    """What waits for a channel that was just bound again: a line and a button each, for those who may see it.

    Whoever was asked about it sees that it may go now.
    """
    blocks: list[Block] = []
    for post in book.posts_at(Place(binding.platform, "channel", binding.address), "held", "dead"):
        if not post.failed or (post.state == "dead" and post.error not in GONE):
            continue
        ask(book, ctx, post)
        incident = _incident(book, post)
        if incident is None or not may_see(book, ctx.actor, incident):
            continue
        series, _, number = post.key.partition("/")[0].partition("-")
        again = Button("Send it", f"settle {post.id} again", "primary")
        if series == "apology":
            again = Button(f"Go on with A{number}", f"apology resume {number}", "primary")
        blocks += [line(f"{incident.name}: words for this channel are held."), Buttons((again,))]
    return blocks[:10]


def ask(book: Book, ctx: Context, post: PostState) -> None:
    """A customer was not told because of where the words were to go: the comms owner, or the commander, decides."""
    incident = _incident(book, post)
    owner = book.person(incident.holder("comms") or incident.holder("commander")) if incident is not None else None
    if incident is None or owner is None:
        return
    admins = " or ".join(p.name for p in book.catalog.people_with("admin")[:3])
    who, platform = _who(book, post), post.place.platform
    where = f"{PLATFORMS[platform]} {shown_address(platform, post.place.address)}"
    blocks: list[Block] = [line(f"Words for {who} ({where}) were not sent: {post.error}")]
    why = barred(book, post)
    if why or post.error in GONE:
        blocks.append(line(f"Tell them by hand, or let an admin{f' ({admins})' if admins else ''} bind it again."))
    elif bound_again(book, post):
        blocks.append(line("An admin has bound the channel again: they may go now."))
    blocks.append(Buttons(trouble_buttons(book, post)))
    card = Card(f"{incident.name}: {who} was not told", tuple(blocks), "danger" if why else "warning")
    say_to(book, ctx, owner, f"inc-{incident.number}/untold/{post.id}", card, rank=0, incident=incident.number)


def bound_again(book: Book, post: PostState) -> bool:
    """Whether a person bound the channel of a post that is held."""
    known = book.get(Binding, post.place.platform, post.place.address)
    return known is not None and known.by != FILE and post.state == "held"


def _incident(book: Book, post: PostState) -> Incident | None:
    return book.get(Incident, post.incident) if post.incident is not None else None
