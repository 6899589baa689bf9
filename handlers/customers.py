"""Which customers are hit, and the words that go to them before the apology: updates and holding statements."""

import hashlib
import json
import re
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta

from handlers import channels
from handlers.accounts import accounts_of
from handlers.book import Book
from handlers.card import Block, Bullets, Button, Buttons, Card, Quote, Reply, Strong, Text, Tone, line, small
from handlers.commands import ChangeAffected, Closure, Holding, Send, ShowAffected
from handlers.context import Context
from handlers.domain.apology import Proposal, Recipient
from handlers.domain.catalog import Affected, Channel, Customer, affected, not_affected
from handlers.domain.compose import fact_id
from handlers.domain.compose.moments import read_span
from handlers.domain.delivery import BROADCAST, DROPPED, Place, Post, PostState
from handlers.domain.errors import Refused
from handlers.domain.facts import Fact
from handlers.domain.incident import Incident
from handlers.domain.letter import PLATFORMS
from handlers.domain.permit import must
from handlers.domain.relay import AffectedByHand
from handlers.domain.when import Unreadable, parse_window
from handlers.letters import addressed
from handlers.outside import unfit_for_customers
from handlers.rooms import incident_of, may_see, running, say_in_rooms, standing, tell
from handlers.say import incident as say
from handlers.say import preview
from handlers.say.unclear import choices
from handlers.void import void_approvals

CALLED = {"update": "update", "holding": "holding statement", "closure": "closing update"}
"""Words to customers before the apology, by kind."""
MOST_TROUBLE = 5
"""Channels in trouble on one card; each has two buttons."""
EAST, WEST = timedelta(hours=14), timedelta(hours=12)
"""How far clocks may be ahead of UTC (Kiritimati) and behind it (Baker Island)."""
ONE_DAY = timedelta(days=1)
FOR_EVER = datetime(2101, 1, 1, tzinfo=UTC)
"""Later than any day the grammar or the catalog takes."""
MOST_NAMED = 40
"""Customers on one card, one line each."""
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


def affected_by(book: Book, incident: Incident) -> list[tuple[Customer, str]]:
    """The customers of one incident with the reason for each: computed, then corrected by hand."""
    return [(hit.customer, hit.reason) for hit in hit_by(book, incident)]


def hit_by(book: Book, incident: Incident) -> list[Affected]:
    """The same, with the services they use that were hit; for one added by hand those of the incident."""
    by_hand = {a.customer: a for a in book.find(AffectedByHand, incident=incident.number)}
    found = [
        hit
        for hit in affected(book.catalog, incident.services, incident.region or None, windows_of(book, incident))
        if (hand := by_hand.get(hit.customer.key)) is None or hand.add
    ]
    keys = {hit.customer.key for hit in found}
    for listed in by_hand.values():
        customer = book.catalog.customer(listed.customer)
        if listed.add and customer is not None and customer.key not in keys:
            found.append(Affected(customer, f"added by hand: {listed.because}", incident.services))
    return found


def windows_of(book: Book, incident: Incident) -> list[tuple[datetime, datetime]]:
    """When an incident may have reached customers (UTC), to tell whose use had begun or ended; nothing is said of it.

    Wide on purpose: a day is that day in every time zone, and what has no end goes on. With no window recorded, from
    the day before the room was opened to the day after it was closed: whom to ask, not when it was.
    """
    if not any(use.start or use.end for customer in book.catalog.customers for use in customer.uses):
        return []
    found: list[tuple[datetime, datetime]] = []
    for fact in book.find(Fact, incident=incident.number, state="live", kind="window"):
        span = None if fact.unknown else read_span(fact, fact_id(fact), "", "UTC")
        if span is None:
            continue
        day = datetime.combine(span.day, time(), UTC)
        start = span.start if span.start and span.zoned else day - EAST
        end = span.end if span.end and span.zoned else None if span.start else day + WEST + ONE_DAY
        found.append((start, end or FOR_EVER))
    if found:
        return found
    return [(incident.declared_at - ONE_DAY, incident.resolved_at + ONE_DAY if incident.resolved_at else FOR_EVER)]


def recipients(
    book: Book, ctx: Context, incidents: Sequence[Incident], texts: Callable[[Customer, str], str]
) -> tuple[tuple[Recipient, ...], tuple[str, ...]]:
    """The channels a text goes to, and the customers who have none that can be posted to (tell those by hand).

    A channel that the bot cannot post to is known before anything is signed, and is no recipient.

    `texts` answers what a customer reads on a platform. Under `deliver: first` later channels are spares.
    """
    found: dict[str, tuple[Customer, str]] = {}
    for incident in incidents:
        for customer, reason in affected_by(book, incident):
            found.setdefault(customer.key, (customer, reason))
    rows: list[Recipient] = []
    by_hand: list[str] = []
    unreachable = channels.out_of_reach(book)
    for key, (customer, reason) in sorted(found.items()):
        usable = usable_channels(ctx, customer, unreachable)
        if not usable:
            by_hand.append(customer.name)
            continue
        rows += [
            Recipient(
                key,
                customer.name,
                c.platform,
                c.address,
                reason,
                texts(customer, c.platform),
                spare=customer.deliver == "first" and n > 0,
            )
            for n, c in enumerate(usable)
        ]
    return tuple(rows), tuple(by_hand)


def digest_of(rows: Sequence[Recipient], *more: str) -> str:
    """The hash a signature is bound to: every final text and every recipient, byte for byte (SHA-256)."""
    content = [[r.customer, r.platform, r.address, r.text, r.spare] for r in rows]
    return hashlib.sha256(json.dumps([content, list(more)], ensure_ascii=False).encode()).hexdigest()


def counted(rows: Sequence[Recipient]) -> str:
    """31 customers, 34 channels."""
    customers, channels = len({r.customer for r in rows}), len([r for r in rows if not r.spare])
    return f"{customers} customer{'s' * (customers != 1)}, {channels} channel{'s' * (channels != 1)}"


def show_affected(command: ShowAffected, ctx: Context, book: Book) -> Reply:
    """Which customers are hit and why, and which are not; one's own accounts first."""
    incident = incident_of(book, ctx, command.incident)
    hit = affected_by(book, incident)
    keys = {c.key for c, _ in hit}
    accounts = accounts_of(book, ctx)
    own = [(c, why) for c, why in hit if c.account_manager.casefold() in accounts]
    others = [(c, why) for c, why in hit if c.account_manager.casefold() not in accounts]
    hit = own if command.mine else [*own, *others]
    unreachable = channels.out_of_reach(book)
    blocks: list[Block] = []
    if not incident.services:
        blocks.append(line("No service is named yet: ", f"`services {incident.number}` decides who is affected."))
    if own and others and not command.mine:
        blocks.append(line(f"{len(own)} of these {len(hit)} are your accounts, first here."))
    blocks.append(
        Bullets(tuple((Strong(c.name), Text(f": {why}{_reach(ctx, c, unreachable)}")) for c, why in hit[:MOST_NAMED]))
        if hit
        else line("None of your accounts." if command.mine and keys else "Nobody.")
    )
    if len(hit) > MOST_NAMED:
        blocks.append(small(f"And {len(hit) - MOST_NAMED} more."))
    if not command.mine:
        when = windows_of(book, incident)
        spared = [
            n
            for n in not_affected(book.catalog, incident.services, incident.region or None, when)
            if n.customer.key not in keys
        ]
        spared.sort(key=lambda n: n.customer.account_manager.casefold() not in accounts)
        if spared:
            more = f"; and {len(spared) - 20} more" if len(spared) > 20 else ""
            named = "; ".join(f"{n.customer.name} ({n.reason})" for n in spared[:20])
            blocks.append(small(f"Not affected: {named}{more}"))
    return Reply(Card(f"{say.head(incident)}: affected customers", tuple(blocks)))


def usable_channels(ctx: Context, customer: Customer, unreachable: Container[tuple[str, str]]) -> tuple[Channel, ...]:
    """The customer's channels on what is set up here, in their order, without those the bot cannot post to."""
    here = (*ctx.platforms, *ctx.outlets)
    return tuple(c for c in customer.channels if c.platform in here and (c.platform, c.address) not in unreachable)


def _reach(ctx: Context, customer: Customer, unreachable: Container[tuple[str, str]]) -> str:
    told = usable_channels(ctx, customer, unreachable)
    return "" if told else " — no channel the bot can post to: tell by hand"


def change_affected(command: ChangeAffected, ctx: Context, book: Book) -> Reply:
    """Put a customer on the list by hand, or take it off; approvals void, because the recipients changed."""
    incident = incident_of(book, ctx, command.incident)
    must("affected", standing(book, ctx, incident))
    customer = customer_of(book, command.customer)
    book.put(AffectedByHand(incident.number, customer.key, command.add, command.because, ctx.actor.key, ctx.now))
    words = f"added {customer.name} to" if command.add else f"took {customer.name} off"
    tell(book, ctx, incident, "affected", f"{words} the affected customers because {command.because}")
    void_approvals(book, ctx, (incident.number,), f"the affected customers of {incident.name} changed")
    return Reply(
        say.understood(incident, f"{customer.name} {'is' if command.add else 'is not'} on the list now."), changed=True
    )


def customer_of(book: Book, said: str) -> Customer:
    """A customer by key or name, or a refusal with the nearest names."""
    customer = book.catalog.customer(said)
    if customer is None:
        near = book.catalog.nearest_customers(said)
        hint = f" Did you mean {' or '.join(near)}?" if near else " `customer list` shows them."
        raise Refused(f"I know no customer “{said}”.{hint} Nothing was changed.")
    return customer


def closure(command: Closure, ctx: Context, book: Book) -> Reply:
    """Propose the closing update, made of the record: what it was, from when to when, how it stands, what comes."""
    from handlers.apologise import closure_text

    incident = incident_of(book, ctx, command.incident)
    must("holding", standing(book, ctx, incident))
    if incident.status != "resolved":
        raise Refused(
            f"{incident.name} is {incident.status}: the closing update is for when it is resolved. Until then "
            f"`update {incident.number} … to customers`. Nothing was sent."
        )
    words, missing = closure_text(book, ctx, incident)
    if missing:
        raise Refused(
            f"The record does not say enough yet: {'; '.join(missing[:4])} `recap {incident.number}` asks for it in "
            "one form. Nothing was sent."
        )
    return propose(book, ctx, incident, "closure", words, None)


def holding(command: Holding, ctx: Context, book: Book) -> Reply:
    """Propose the holding statement: what, since when, who, when the next word comes; no cause."""
    from handlers.apologise import holding_text
    from handlers.customer_clock import next_word

    incident = running(book, ctx, command.incident)
    must("holding", standing(book, ctx, incident))
    following = next_word(book, ctx, incident)
    approved = approved_wording(book, ctx, incident, following)
    words = approved or holding_text(book, ctx, incident, following)
    reply = propose(book, ctx, incident, "holding", words, following)
    if approved and isinstance(reply.show, Card):
        proposal = book.find(Proposal, incident=incident.number, state="open")[-1]
        note = small("Two people approved this wording beforehand: one press sends it.")
        row = Buttons((Button("Send", f"send {proposal.number} {proposal.digest[:12]}", "primary"),))
        return replace(reply, show=replace(reply.show, blocks=(*reply.show.blocks, note, row)))
    return reply


def approved_wording(book: Book, ctx: Context, incident: Incident, following: datetime) -> str:
    """The holding statement that two people approved beforehand (policy), filled from the record.

    Nothing where none is approved any more, or where the record lacks what it must say.
    """
    approved = book.catalog.policy.holding
    if approved is None or approved.until <= ctx.now:
        return ""
    known = _known(book, ctx, incident, following)
    if not all(known.get(name) for name in _PLACEHOLDER.findall(approved.text)):
        return ""
    return _PLACEHOLDER.sub(lambda found: known[found[1]], approved.text)


def _known(book: Book, ctx: Context, incident: Incident, following: datetime) -> dict[str, str]:
    """What an approved wording may leave open, in public words; clock times in UTC."""
    facts = book.find(Fact, incident=incident.number, state="live", visibility="public")
    starts = [start for f in facts if f.kind == "window" and (start := _start(f.value, ctx)) is not None]
    return {
        "services": " and ".join(book.catalog.service_name(k) for k in incident.services),
        "region": book.catalog.region_name(incident.region) if incident.region else "every region",
        "since": f"{min(starts):%H:%M UTC on %-d %B %Y}" if starts else "",
        "next_update": f"{following.astimezone(UTC):%H:%M UTC on %-d %B %Y}",
        "contact": next((f.value for f in facts if f.kind == "contact" and not f.unknown), ""),
    }


def _start(window: str, ctx: Context) -> datetime | None:
    try:
        start = parse_window(window, ctx.now, ctx.zone).start
    except Unreadable:
        return None
    return start.astimezone(UTC) if start is not None else None


def _approved_beforehand(book: Book, ctx: Context, proposal: Proposal) -> bool:
    """Whether a proposed holding statement is the approved wording with its places filled: one press sends it."""
    approved = book.catalog.policy.holding
    if proposal.kind != "holding" or approved is None or approved.until <= ctx.now:
        return False
    pattern = "(.+)".join(re.escape(part) for part in _PLACEHOLDER.split(approved.text)[::2])
    return re.fullmatch(pattern, proposal.text) is not None


def _worded(book: Book, incident: Incident, kind: str, words: str) -> Callable[[Customer, str], str]:
    """The same words for everybody; by e-mail and webhook under a subject."""
    return lambda _, platform: addressed(platform, kind, words, book.catalog, (incident,))


def propose(book: Book, ctx: Context, incident: Incident, kind: str, words: str, next_at: datetime | None) -> Reply:
    """Show the exact bytes and how far they go; another commander, deputy or comms presses Send.

    `next_at` (UTC): when customers hear next, as the words or the sender say; None: by the policy's cadence.
    """
    must("customers", standing(book, ctx, incident))
    if incident.drill:
        raise Refused(f"{incident.name} is a drill: nothing leaves the house. Post it in the room instead.")
    fault = unfit_for_customers(book, words) if kind != "closure" else ""  # that one was held against the record
    if fault:
        raise Refused(f"Customers should not read this yet. {fault} Nothing was sent.")
    rows, by_hand = recipients(book, ctx, (incident,), _worded(book, incident, kind, words))
    if not rows:
        why = "name the affected services first" if not incident.services else "no affected customer has a channel here"
        raise Refused(f"Nobody would get it: {why}. Nothing was sent.")
    digest = digest_of(rows)
    for older in book.find(Proposal, incident=incident.number, state="open"):
        book.put(replace(older, state="dropped"))
    number = book.number("proposals")
    proposal = Proposal(
        number,
        incident.number,
        kind,
        words,
        digest,
        ctx.actor.key,
        ctx.now,
        rows,
        next_at,
    )
    book.put(proposal)
    what = CALLED[kind]
    tell(book, ctx, incident, "proposal", f"proposed a {what} to {counted(rows)}")
    card = Card(
        f"{say.head(incident)}: {what} to customers",
        (
            line(f"{ctx.actor.name} proposes this {what} to {counted(rows)}."),
            *_words(rows),
            *([small(f"Tell by hand: {', '.join(by_hand)}")] if by_hand else []),
            small("Another commander, deputy or comms sends it."),
            Buttons(
                (
                    Button(
                        "Send", f"send {number} {digest[:12]}", "primary", confirm=f"This posts it to {counted(rows)}."
                    ),
                )
            ),
        ),
        "warning",
    )
    say_in_rooms(book, ctx, incident, f"proposal/{number}", card)
    return Reply(
        Card(
            f"{say.head(incident)}: {what} to customers",
            (line(f"Ready for {counted(rows)}. Another commander, deputy or comms presses Send."), *_words(rows)),
            "warning",
        ),
        changed=True,
    )


def _words(rows: Sequence[Recipient]) -> list[Block]:
    """Exactly the bytes each group of customers would read, and their channels."""
    return [block for item in preview.texts(rows) for block in item]


def send(command: Send, ctx: Context, book: Book) -> Reply:
    """The other person's press: one keyed post per customer channel, exactly the bytes that were shown."""
    proposal = book.get(Proposal, command.proposal)
    incident = book.get(Incident, proposal.incident) if proposal is not None else None
    if proposal is None or incident is None or not may_see(book, ctx.actor, incident):
        raise Refused(f"There is no proposed update {command.proposal}. `update N … to customers` makes one.")
    must("send", standing(book, ctx, incident))
    what = CALLED[proposal.kind]
    if proposal.state == "sent":
        return Reply(say.understood(incident, f"That {what} was sent already. Nothing was sent again."))
    if proposal.state != "open":
        raise Refused(f"That {what} no longer stands: something newer was proposed. Nothing was sent.")
    if incident.open == (proposal.kind == "closure"):  # a closing update is for the end, everything else for before
        raise Refused(f"{incident.name} is {incident.status} since this was written. Nothing was sent.")
    if command.digest and not proposal.digest.startswith(command.digest):
        raise Refused("That button is from another version. Open the latest proposal. Nothing was sent.")
    if proposal.by == ctx.actor.key and not _approved_beforehand(book, ctx, proposal):
        raise Refused("You wrote it: another commander, deputy or comms presses Send. Nothing was sent.", audit=True)
    rows, _ = recipients(book, ctx, (incident,), _worded(book, incident, proposal.kind, proposal.text))
    if digest_of(rows) != proposal.digest:
        book.put(replace(proposal, state="dropped"))
        words = "The affected customers changed since this was shown. Propose it again. Nothing was sent."
        return Reply(Card(say.head(incident), (line(words),), "warning"), changed=True)
    threads = book.threads((incident.number,))
    series = f"{proposal.kind}-{proposal.number}"
    first = [r for r in rows if not r.spare]
    book.send_all([customer_post(series, r, proposal.digest, incident.number, threads=threads) for r in first])
    sent = replace(proposal, state="sent", sent_by=ctx.actor.key, sent_at=ctx.now)
    book.put(sent)
    from handlers.customer_clock import next_word, told

    following = proposal.next_at if proposal.next_at is not None and proposal.next_at > ctx.now else None
    if proposal.kind == "closure":
        after = told(book, ctx, incident, None, f"sent a {what} to {counted(rows)}")
    else:
        due = following or next_word(book, ctx, replace(incident, customer_update_at=None))
        after = told(book, ctx, incident, due, f"sent a {what} to {counted(rows)}")
    after = replace(after, revision=incident.revision + 1)
    book.put(after)
    tell(book, ctx, after, "customers", f"sent a {what} to {counted(rows)}")
    show_sent(book, ctx, sent, sender=ctx.actor.name)
    from handlers.packs import interim  # not at the top: packs draw on what is here

    interim(book, ctx, sent, after)
    return Reply(say.understood(after, f"On its way to {counted(rows)}."), changed=True)


def show_sent(book: Book, ctx: Context, proposal: Proposal, sender: str = "") -> None:
    """The live card of an update or a holding statement that was sent: how far it is, and each channel in trouble."""
    incident = book.get(Incident, proposal.incident)
    if incident is None:
        return
    if not sender:
        person = book.person(proposal.sent_by)
        sender = person.name if person is not None else "Somebody"
    far = tally(book, f"{proposal.kind}-{proposal.number}")
    counts = [f"{far.sent} of {far.total} sent"]
    counts += [
        f"{n} {w}" for n, w in ((far.unclear, "unknown"), (len(far.failed), "failed"), (far.moving, "on the way")) if n
    ]
    blocks: list[Block] = [
        line(f"{sender} sent it to {counted(proposal.recipients)}: {', '.join(counts)}."),
        Quote(proposal.text),
    ]
    trouble = [p for p in far.trouble if p.state == "unknown" or p.failed]  # what a person gave up is settled
    for post in trouble[:MOST_TROUBLE]:
        customer = book.catalog.customer(customer_of_post(post))
        who = f"{customer.name if customer else customer_of_post(post)} ({PLATFORMS[post.place.platform]})"
        if post.state == "unknown":
            blocks.append(line(f"{who}: nobody can know from here whether it arrived. Look, then say so."))
            blocks.append(Buttons(choices(post)))
        else:
            blocks.append(line(f"{who}: {post.error}. They have not been told."))
            blocks.append(Buttons(channels.trouble_buttons(book, post)))
    if len(trouble) > MOST_TROUBLE:
        blocks.append(small(f"And {len(trouble) - MOST_TROUBLE} more: `amends outbox list` has them."))
    what = CALLED[proposal.kind]
    tone: Tone = "danger" if trouble else "plain" if far.moving or far.waiting else "good"
    card = Card(f"{say.head(incident)}: {what} to customers", tuple(blocks), tone)
    say_in_rooms(book, ctx, incident, f"proposal/{proposal.number}", card)


def customer_posts(book: Book, series: str) -> list[PostState]:
    """The customer posts of a series (`apology-3`, `update-2`, `holding-1`)."""
    return [p for p in book.posts(f"{series}/") if p.audience == "customer"]


def customer_of_post(post: PostState) -> str:
    """The customer a post's key names."""
    return post.key.split("/")[1]


def untold(posts: Sequence[PostState]) -> bool:
    """Whether every channel of this customer that was tried failed for certain, so that the next one may be.

    A post that a person dropped may have arrived: nothing follows it by itself.
    """
    return all(p.state == "dead" and p.error != DROPPED for p in posts)


def fall_back(
    book: Book,
    series: str,
    rows: Sequence[Recipient],
    approval: str,
    incidents: Sequence[int],
    customer: str,
    *,
    hold: bool,
) -> None:
    """`deliver: first`: the next channel only after a definite failure of all before, never after an unknown one."""
    mine = of_customer(book, series, customer)
    tried = {p.place.address for p in mine}
    following = next((r for r in rows if r.customer == customer and r.spare and r.address not in tried), None)
    if following is not None and untold(mine):
        threads = book.threads(incidents, f"{customer}/{following.platform}:{following.address}")
        book.send(customer_post(series, following, approval, incidents[-1], threads=threads, hold=hold))


def of_customer(book: Book, series: str, customer: str) -> list[PostState]:
    """One customer's posts of a series."""
    return [p for p in book.posts(f"{series}/{customer}/") if p.audience == "customer"]


@dataclass(frozen=True, slots=True)
class Tally:
    """How far a series of customer posts is. `trouble` are those that need a person, in order."""

    counts: dict[str, int]
    trouble: tuple[PostState, ...]
    superseded: int  # failed, and the customer was told in the next channel instead

    @property
    def total(self) -> int:
        """Posts that matter."""
        return sum(self.counts.values()) - self.superseded

    @property
    def waiting(self) -> int:
        """Written down, not let go."""
        return self.counts.get("waiting", 0)

    @property
    def moving(self) -> int:
        """On their way by themselves."""
        return sum(self.counts.get(s, 0) for s in ("pending", "claimed", "sending", "retry"))

    @property
    def sent(self) -> int:
        """Confirmed."""
        return self.counts.get("sent", 0)

    @property
    def failed(self) -> tuple[PostState, ...]:
        """Certainly not there, and nobody gave them up."""
        return tuple(p for p in self.trouble if p.failed)

    @property
    def unclear(self) -> int:
        """Nobody knows."""
        return self.counts.get("unknown", 0)


def tally(book: Book, series: str) -> Tally:
    """How far a series is, without reading every post of it."""
    trouble = [p for p in book.posts(f"{series}/", "unknown", "held", "dead") if p.audience == "customer"]
    over = {p.id for p in trouble if p.state == "dead" and _told_elsewhere(book, series, customer_of_post(p))}
    return Tally(book.tally(f"{series}/"), tuple(p for p in trouble if p.id not in over), len(over))


def _told_elsewhere(book: Book, series: str, customer: str) -> bool:
    """Whether a customer who reads the first channel that works was, or may have been, told in another one."""
    known = book.catalog.customer(customer)
    first = known is not None and known.deliver == "first"
    return first and any(p.state != "dead" for p in of_customer(book, series, customer))


def customer_post(
    series: str,
    row: Recipient,
    approval: str,
    incident: int,
    *,
    threads: Mapping[str, str],
    hold: bool = False,
) -> Post:
    """One customer post, to be written down. Same series, customer and channel: the same message, ever.

    `threads` (`book.threads`) tells where a channel was told of these incidents before: the post continues there.
    """
    channel = f"{row.customer}/{row.platform}:{row.address}"
    return Post(
        key=f"{series}/{channel}",
        place=Place(row.platform, "channel", row.address),
        text=row.text,
        rank=BROADCAST,
        audience="customer",
        approval=approval,
        incident=incident,
        hold=hold,
        thread=threads.get(channel, ""),
    )
