"""Which customers are hit, and the words that go to them before the apology: updates and holding statements."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from handlers.book import Book
from handlers.card import Block, Bullets, Button, Buttons, Card, Line, Quote, Reply, Strong, Text, line, small
from handlers.commands import ChangeAffected, Holding, Send, ShowAffected
from handlers.context import Context
from handlers.domain.apology import Proposal, Recipient
from handlers.domain.catalog import Customer, affected, not_affected
from handlers.domain.delivery import BROADCAST, Place, Post
from handlers.domain.errors import Refused
from handlers.domain.incident import Incident
from handlers.domain.lint import lint
from handlers.domain.permit import must
from handlers.domain.relay import AffectedByHand, Covering
from handlers.rooms import incident_of, running, say_in_rooms, standing, tell
from handlers.say import incident as say
from handlers.void import void_approvals

DELIVERED = ("slack", "teams")
"""Platforms on which a customer's channel can be posted to."""


def affected_by(book: Book, incident: Incident) -> list[tuple[Customer, str]]:
    """The customers of one incident with the reason for each: computed, then corrected by hand."""
    by_hand = {a.customer: a for a in book.find(AffectedByHand, incident=incident.number)}
    found = [
        (hit.customer, hit.reason)
        for hit in affected(book.catalog, incident.services, incident.region or None)
        if (hand := by_hand.get(hit.customer.key)) is None or hand.add
    ]
    keys = {c.key for c, _ in found}
    for listed in by_hand.values():
        customer = book.catalog.customer(listed.customer)
        if listed.add and customer is not None and customer.key not in keys:
            found.append((customer, f"added by hand: {listed.because}"))
    return found


def recipients(
    book: Book, ctx: Context, incidents: Sequence[Incident], texts: dict[str, str] | str
) -> tuple[tuple[Recipient, ...], tuple[str, ...]]:
    """The channels a text goes to, and the customers who have none that can be posted to (tell those by hand).

    `texts` by customer key, or one for all. Under `deliver: first` later channels are spares.
    """
    found: dict[str, tuple[Customer, str]] = {}
    for incident in incidents:
        for customer, reason in affected_by(book, incident):
            found.setdefault(customer.key, (customer, reason))
    rows: list[Recipient] = []
    by_hand: list[str] = []
    for key, (customer, reason) in sorted(found.items()):
        usable = [c for c in customer.channels if c.platform in DELIVERED and c.platform in ctx.platforms]
        if not usable:
            by_hand.append(customer.name)
            continue
        words = texts if isinstance(texts, str) else texts[key]
        rows += [
            Recipient(
                key, customer.name, c.platform, c.address, reason, words, spare=customer.deliver == "first" and n > 0
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


def preview(rows: Sequence[Recipient]) -> list[Block]:
    """Exactly the bytes each group of customers would read, and who they are."""
    groups: dict[str, list[Recipient]] = {}
    for row in rows:
        if not row.spare:
            groups.setdefault(row.text, []).append(row)
    blocks: list[Block] = []
    for text, group in groups.items():
        names = ", ".join(f"{r.name} ({r.platform.capitalize()})" for r in group[:10])
        more = f" and {len(group) - 10} more" if len(group) > 10 else ""
        blocks += [Line((Strong(f"To {names}{more}"),)), Quote(text)]
    return blocks


def show_affected(command: ShowAffected, ctx: Context, book: Book) -> Reply:
    """Which customers are hit and why, and which are not."""
    incident = incident_of(book, ctx, command.incident)
    hit = affected_by(book, incident)
    if command.mine:
        hit = [(c, why) for c, why in hit if manages(book, ctx, c)]
    keys = {c.key for c, _ in hit}
    blocks: list[Block] = []
    if not incident.services:
        blocks.append(line("No service is named yet: ", f"`services {incident.number}` decides who is affected."))
    blocks.append(
        Bullets(tuple((Strong(c.name), Text(f": {why}{_reach(c)}")) for c, why in hit)) if hit else line("Nobody.")
    )
    if not command.mine:
        spared = [
            n
            for n in not_affected(book.catalog, incident.services, incident.region or None)
            if n.customer.key not in keys
        ]
        if spared:
            blocks.append(small("Not affected: " + "; ".join(f"{n.customer.name} ({n.reason})" for n in spared[:20])))
    return Reply(Card(f"{say.head(incident)}: affected customers", tuple(blocks)))


def _reach(customer: Customer) -> str:
    usable = [c for c in customer.channels if c.platform in DELIVERED]
    return "" if usable else " — no channel the bot can post to: tell by hand"


def manages(book: Book, ctx: Context, customer: Customer) -> bool:
    """Whether whoever asks is this customer's account manager, or covers for that person today."""
    manager = customer.account_manager.casefold()
    if ctx.actor.email and ctx.actor.email.casefold() == manager:
        return True
    today = ctx.now.astimezone(ctx.zone).date().isoformat()
    return any(
        c.person.casefold() == manager and c.until >= today for c in book.find(Covering, colleague=ctx.actor.key)
    )


def change_affected(command: ChangeAffected, ctx: Context, book: Book) -> Reply:
    """Put a customer on the list by hand, or take it off; approvals void, because the recipients changed."""
    incident = incident_of(book, ctx, command.incident)
    must("affected", standing(book, ctx, incident))
    customer = customer_of(book, command.customer)
    book.put(AffectedByHand(incident.number, customer.key, command.add, command.because, ctx.actor.key, ctx.now))
    words = f"{'added' if command.add else 'took off'} {customer.name} {'to' if command.add else 'from'} the affected "
    tell(book, ctx, incident, "affected", f"{words}customers because {command.because}")
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


def holding(command: Holding, ctx: Context, book: Book) -> Reply:
    """Propose the holding statement: what, since when, who, when the next word comes; no cause."""
    from handlers.apologise import holding_text

    incident = running(book, ctx, command.incident)
    must("holding", standing(book, ctx, incident))
    approved = book.catalog.policy.holding
    beforehand = approved is not None and approved.until > ctx.now
    words = holding_text(book, ctx, incident)
    reply = propose(book, ctx, incident, "holding", words, None)
    if beforehand and isinstance(reply.show, Card):
        number = book.find(Proposal, incident=incident.number, state="open")[-1].number
        note = small("Two people approved this wording beforehand: one press sends it.")
        row = Buttons((Button("Send", f"send {number}", "primary"),))
        return replace(reply, show=replace(reply.show, blocks=(*reply.show.blocks, note, row)))
    return reply


def propose(book: Book, ctx: Context, incident: Incident, kind: str, words: str, next_in: timedelta | None) -> Reply:
    """Show the exact bytes and how far they go; another commander, deputy or comms presses Send."""
    if incident.drill:
        raise Refused(f"{incident.name} is a drill: nothing leaves the house. Post it in the room instead.")
    report = lint(words, "update")
    if report.errors:
        found = "; ".join(f"“{f.text}”: {f.message}" for f in report.findings if f.severity == "error")
        raise Refused(f"Customers should not read this yet. {found} Nothing was sent.")
    rows, by_hand = recipients(book, ctx, (incident,), words)
    if not rows:
        why = "name the affected services first" if not incident.services else "no affected customer has a channel here"
        raise Refused(f"Nobody would get it: {why}. Nothing was sent.")
    digest = digest_of(rows)
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
        ctx.now + next_in if next_in else None,
    )
    book.put(proposal)
    what = "holding statement" if kind == "holding" else "update"
    tell(book, ctx, incident, "proposal", f"proposed a {what} to {counted(rows)}")
    card = Card(
        f"{say.head(incident)}: {what} to customers",
        (
            line(f"{ctx.actor.name} proposes this {what} to {counted(rows)}."),
            *preview(rows),
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
            (line(f"Ready for {counted(rows)}. Another commander, deputy or comms presses Send."), *preview(rows)),
            "warning",
        ),
        changed=True,
    )


def send(command: Send, ctx: Context, book: Book) -> Reply:
    """The other person's press: one keyed post per customer channel, exactly the bytes that were shown."""
    proposal = book.get(Proposal, command.proposal)
    if proposal is None:
        raise Refused(f"There is no proposed update {command.proposal}. Nothing was sent.")
    incident = incident_of(book, ctx, proposal.incident)
    must("send", standing(book, ctx, incident))
    what = "holding statement" if proposal.kind == "holding" else "update"
    if proposal.state != "open":
        return Reply(say.understood(incident, f"That {what} was {proposal.state} already. Nothing was sent again."))
    if command.digest and not proposal.digest.startswith(command.digest):
        raise Refused("That button is from another version. Open the latest proposal. Nothing was sent.")
    approved = book.catalog.policy.holding
    beforehand = proposal.kind == "holding" and approved is not None and approved.until > ctx.now
    if proposal.by == ctx.actor.key and not beforehand:
        raise Refused("You wrote it: another commander, deputy or comms presses Send. Nothing was sent.", audit=True)
    rows, _ = recipients(book, ctx, (incident,), proposal.text)
    if digest_of(rows) != proposal.digest:
        book.put(replace(proposal, state="dropped"))
        raise Refused("The affected customers changed since this was shown. Propose it again. Nothing was sent.")
    for row in rows:
        if not row.spare:
            post_to_customer(book, f"{proposal.kind}-{proposal.number}", row, proposal.digest, incident.number)
    sent = replace(proposal, state="sent", sent_by=ctx.actor.key, sent_at=ctx.now)
    book.put(sent)
    after = replace(
        incident, customer_update_at=proposal.next_at or incident.customer_update_at, revision=incident.revision + 1
    )
    book.put(after)
    tell(book, ctx, after, "customers", f"sent a {what} to {counted(rows)}")
    card = Card(
        f"{say.head(incident)}: {what} to customers",
        (line(f"{ctx.actor.name} sent it to {counted(rows)}."), Quote(proposal.text)),
        "good",
    )
    say_in_rooms(book, ctx, after, f"proposal/{proposal.number}", card)
    return Reply(say.understood(after, f"On its way to {counted(rows)}."), changed=True)


def post_to_customer(
    book: Book, series: str, row: Recipient, approval: str, incident: int, *, hold: bool = False, thread: str = ""
) -> str:
    """Write down one customer post; returns its key. Same series, customer and channel: the same message, ever."""
    key = f"{series}/{row.customer}/{row.platform}:{row.address}"
    book.send(
        Post(
            key=key,
            place=Place(row.platform, "channel", row.address),
            text=row.text,
            rank=BROADCAST,
            audience="customer",
            approval=approval,
            incident=incident,
            hold=hold,
            thread=thread,
        )
    )
    return key
