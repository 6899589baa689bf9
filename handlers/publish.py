"""Publishing: the approved bytes, to the customers' channels, in steps; pausing, correcting, taking back."""

from dataclasses import replace

from handlers.apologise import Draft, apology_of, refreshed
from handlers.approve import complete, expires, needed, signatures
from handlers.book import Book
from handlers.card import Block, Button, Buttons, Card, Quote, Reply, line, small
from handlers.commands import (
    ApologyCorrect,
    ApologyFollowUp,
    ApologyPause,
    ApologyPublish,
    ApologyResume,
    ApologyRetract,
    ApologyStatus,
    PostSettled,
    Settle,
)
from handlers.context import Context
from handlers.customers import affected_by, counted, post_to_customer
from handlers.domain.apology import Apology, Approval, Promise, Recipient, Version
from handlers.domain.delivery import DROPPED, PostState
from handlers.domain.errors import Refused
from handlers.domain.incident import Incident, Task
from handlers.domain.permit import must
from handlers.domain.relay import Relay
from handlers.rooms import incident_of, say_in_rooms, say_to, standing, tell
from handlers.say import apology as say
from handlers.void import void

FAILING = 0.05
"""Share of failures that pauses a publication after its first two steps (apology.md, section 6)."""
NOTICE = "We have taken back the message that stood here. We will write to you again."


def series(apology: Apology) -> str:
    """The key prefix of an apology's customer posts."""
    return f"apology-{apology.number}/"


def customer_posts(book: Book, apology: Apology) -> list[PostState]:
    """The customer posts of an apology."""
    return [p for p in book.posts(series(apology)) if p.audience == "customer"]


def publish(command: ApologyPublish, ctx: Context, book: Book) -> Reply:
    """Send the approved version, now or at its embargo."""
    apology = apology_of(book, ctx, command.apology)
    found = refreshed(book, ctx, apology)
    must("publish", standing(book, ctx, *found.incidents))
    number = apology.number
    if apology.state in ("publishing", "published", "paused"):
        raise Refused(f"A{number} is {apology.state} already. `apology status {number}` shows who was told.")
    if apology.state not in ("approved", "scheduled"):
        raise Refused(f"A{number} is {apology.state}: it is published once it is approved. Nothing was sent.")
    fault = unfit(book, ctx, found)
    if fault:
        void(book, ctx, apology, fault)
        return Reply(
            Card(say.title(found), (line(f"Not sent: {fault}. It is a draft again."),), "danger"), changed=True
        )
    rows = [r for r in found.version.recipients if not r.spare]
    if len(rows) > book.catalog.policy.publishing.count_above and command.count != len(rows):
        raise Refused(
            f"This goes to {counted(found.version.recipients)}. Say the number of channels to be sure: "
            f"`apology publish {number} to {len(rows)}`. Nothing was sent."
        )
    if command.at is not None and command.at > ctx.now:
        book.put(replace(apology, state="scheduled", publish_at=command.at, revision=apology.revision + 1))
        when = command.at.astimezone(ctx.zone).strftime("%H:%M %Z on %d %B %Y")
        for incident in found.incidents:
            tell(book, ctx, incident, "apology", f"scheduled A{number} for {when}")
        return Reply(
            Card(say.title(found), (line(f"It goes to {counted(found.version.recipients)} at {when}."),)), changed=True
        )
    begin(book, ctx, found)
    return Reply(
        Card(say.title(found), (line(f"On its way to {counted(found.version.recipients)}."),), "good"), changed=True
    )


def unfit(book: Book, ctx: Context, found: Draft) -> str:
    """Why the approved version may not be sent as it stands; nothing if it may."""
    stored = book.get(Version, found.apology.number, found.apology.version)
    if stored is None or stored.digest != found.version.digest:
        return "the record or the recipients changed since it was approved"
    signed = signatures(book, found.apology, stored.digest)
    if not complete(needed(book, found), signed):
        return "a signature is missing"
    scheduled = found.apology.publish_at
    if ctx.now > expires(book, signed) and scheduled is None:
        return "its approval has expired"
    return ""


def begin(book: Book, ctx: Context, found: Draft) -> None:
    """Write down every post in one commit, let the first step go, open the account managers' tasks."""
    policy = book.catalog.policy.publishing
    apology = replace(
        found.apology,
        state="publishing",
        published_at=ctx.now,
        publish_at=None,
        stage=0,
        revision=found.apology.revision + 1,
    )
    drill = any(i.drill for i in found.incidents)
    rows = [] if drill else [r for r in found.version.recipients if not r.spare]
    known = {p.key for p in customer_posts(book, apology) if p.state == "sent"}
    keys = [
        post_to_customer(book, f"apology-{apology.number}", r, found.version.digest, apology.incidents[-1], hold=True)
        for r in rows
    ]
    _relays(book, ctx, found)
    _promises(book, ctx, found)
    for incident in found.incidents:
        tell(
            book,
            ctx,
            incident,
            "apology",
            f"published A{apology.number} to {counted(found.version.recipients)}"
            + (" (drill: nothing left the house)" if drill else ""),
        )
    first = policy.ramp[0] if policy.ramp else len(keys)
    corrected = [k for k in keys if k in known]
    book.release(corrected + [k for k in keys if k not in known][:first])
    if not keys:
        apology = replace(apology, state="published")
    book.put(apology)
    show_progress(book, ctx, apology)


def _relays(book: Book, ctx: Context, found: Draft) -> None:
    """Each affected customer has a receipt, each account manager one message with theirs."""
    managed: dict[str, list[str]] = {}
    told = {r.customer for r in found.version.recipients}
    for incident in found.incidents:
        for customer, _ in affected_by(book, incident):
            known = book.get(Relay, found.apology.number, customer.key)
            if known is None or known.version != found.version.number:
                book.put(
                    Relay(
                        found.apology.number,
                        customer.key,
                        customer.account_manager,
                        "released",
                        found.version.number,
                        released_at=ctx.now,
                        due_at=ctx.now + book.catalog.policy.reminders.relay_remind,
                    )
                )
            if customer.key not in managed.setdefault(customer.account_manager, []):
                managed[customer.account_manager].append(customer.key)
    for email, keys in managed.items():
        person = book.person(email) if email else None
        if person is None:
            continue
        names = [c.name if (c := book.catalog.customer(k)) else k for k in keys]
        lines = [
            line(f"{name}: {'their channel gets the text' if key in told else 'no channel here: tell them yourself'}")
            for key, name in zip(keys, names, strict=True)
        ]
        n = found.apology.number
        card = Card(
            f"{say.title(found)}: your customers",
            (
                *lines[:20],
                small("What to say, in your own voice"),
                *_points(found),
                Buttons(tuple(Button(f"Told {k}", f"relay done {n} {k}", "primary") for k in keys[:5])),
            ),
        )
        say_to(book, ctx, person, f"apology-{n}/relay/{email}", card, incident=found.incidents[-1].number)


def _points(found: Draft) -> tuple[Block, ...]:
    words = found.version.text("talking-points")
    return (Quote(words),) if words else ()


def _promises(book: Book, ctx: Context, found: Draft) -> None:
    """Each prevention task that the text names is a promise from now on."""
    known = {p.text for p in book.find(Promise, apology=found.apology.number)}
    customers = tuple(dict.fromkeys(r.customer for r in found.version.recipients))
    for incident in found.incidents:
        for task in book.find(Task, incident=incident.number):
            if task.done_at is None and task.due and task.owner and task.text not in known:
                book.put(
                    Promise(
                        book.number("promises"),
                        found.apology.number,
                        incident.number,
                        task.text,
                        task.owner,
                        task.owner_name,
                        task.due,
                        task.due_at,
                        customers=customers,
                        version=found.version.number,
                        made_at=ctx.now,
                    )
                )


def show_progress(book: Book, ctx: Context, apology: Apology, note: str = "") -> None:
    """One live card in the rooms: how far it is."""
    lead = book.get(Incident, apology.incidents[-1])
    if lead is not None:
        card = say.progress(apology, customer_posts(book, apology), note)
        say_in_rooms(book, ctx, lead, f"apology-{apology.number}/progress", card)


def advance(command: PostSettled, ctx: Context, book: Book) -> None:
    """A customer post settled: fall back to the next channel, let the next step go, or pause."""
    name, customer, _ = command.key.split("/", 2)
    if not name.startswith("apology-"):
        return
    apology = book.get(Apology, int(name.removeprefix("apology-")))
    if apology is None:
        return
    version = book.get(Version, apology.number, apology.version)
    posts = customer_posts(book, apology)
    if version is not None:
        _fall_back(book, apology, version, posts, customer)
        posts = customer_posts(book, apology)
    if apology.state == "publishing":
        apology, note = _step(book, apology, posts)
        show_progress(book, ctx, apology, note)
    else:
        show_progress(book, ctx, apology)


def _fall_back(book: Book, apology: Apology, version: Version, posts: list[PostState], customer: str) -> None:
    """`deliver: first`: the next channel only after a definite failure of the one before, never after an unknown."""
    mine = [r for r in version.recipients if r.customer == customer]
    # a post that a person dropped was unknown before: it may have arrived, so nothing follows it by itself
    states = {
        p.place.address: "dropped" if p.error == DROPPED else p.state for p in posts if say.customer_of(p) == customer
    }
    if any(s != "dead" for s in states.values()):
        return
    following: Recipient | None = next((r for r in mine if r.spare and r.address not in states), None)
    if following is not None:
        post_to_customer(book, f"apology-{apology.number}", following, version.digest, apology.incidents[-1])


def _step(book: Book, apology: Apology, posts: list[PostState]) -> tuple[Apology, str]:
    """Let the next step of the ramp go once everything let go so far has settled."""
    gone = [p for p in posts if p.due is not None]
    waiting = [p for p in posts if p.due is None]
    if any(not p.settled for p in gone):
        return apology, ""
    rescued = {say.customer_of(p) for p in gone if p.state == "sent"}
    bad = [p for p in gone if p.state != "sent" and say.customer_of(p) not in rescued]
    ramp = book.catalog.policy.publishing.ramp
    early = apology.stage < len(ramp)
    if waiting and bad and (early or len(bad) > FAILING * len(gone)):
        after = replace(apology, state="paused", revision=apology.revision + 1)
        book.put(after)
        return after, f"Paused by itself: {len(bad)} of the first {len(gone)} did not arrive. Look, then go on."
    if not waiting:
        after = replace(apology, state="published", revision=apology.revision + 1)
        book.put(after)
        return after, ""
    stage = apology.stage + 1
    share = ramp[stage] if stage < len(ramp) else len(waiting)
    book.release([p.key for p in waiting[:share]])
    after = replace(apology, stage=stage, revision=apology.revision + 1)
    book.put(after)
    return after, ""


def pause(command: ApologyPause, ctx: Context, book: Book) -> Reply:
    """Stop what is not yet sent."""
    apology = apology_of(book, ctx, command.apology)
    _publisher(book, ctx, apology, "publish")
    if apology.state == "scheduled":
        after = replace(apology, state="approved", publish_at=None, revision=apology.revision + 1)
        book.put(after)
        return Reply(
            Card(say.named(after), (line("Unscheduled; nothing was sent. Its approval stands."),)), changed=True
        )
    if apology.state != "publishing":
        raise Refused(f"A{apology.number} is {apology.state}: there is nothing to pause.")
    stopped = book.halt(series(apology))
    after = replace(apology, state="paused", revision=apology.revision + 1)
    book.put(after)
    show_progress(book, ctx, after, f"Paused by {ctx.actor.name}.")
    return Reply(Card(say.named(after), (line(f"Paused. {stopped} not sent."),), "warning"), changed=True)


def resume(command: ApologyResume, ctx: Context, book: Book) -> Reply:
    """Go on; what failed for certain is tried again, what is unknown waits for a person."""
    apology = apology_of(book, ctx, command.apology)
    _publisher(book, ctx, apology, "publish")
    if apology.state not in ("paused", "publishing", "published"):
        raise Refused(f"A{apology.number} is {apology.state}: there is nothing to resume.")
    posts = customer_posts(book, apology)
    failed = [p for p in posts if p.state in ("dead", "held")]
    for post in failed:
        book.settle(post.id, "again")
    waiting = [p.key for p in posts if p.due is None and not p.settled]
    book.release(waiting if not failed else waiting[:10])
    unknown = sum(p.state == "unknown" for p in posts)
    if not failed and not waiting:
        words = (
            f"Nothing to retry; {unknown} unknown: look and say whether it arrived." if unknown else "Nothing to retry."
        )
        return Reply(Card(say.named(apology), (line(words),)))
    after = replace(apology, state="publishing", revision=apology.revision + 1)
    book.put(after)
    show_progress(book, ctx, after)
    tail = f" {unknown} unknown stay with you: nothing is sent twice by itself." if unknown else ""
    return Reply(
        Card(say.named(after), (line(f"Going on: {len(failed)} tried again, {len(waiting)} still to go.{tail}"),)),
        changed=True,
    )


def _publisher(book: Book, ctx: Context, apology: Apology, act: str) -> None:
    must(act, standing(book, ctx, *(incident_of(book, ctx, n) for n in apology.incidents)))


def correct(command: ApologyCorrect, ctx: Context, book: Book) -> Reply:
    """A new version of what was published: drafted, approved again, then put where the old one stands."""
    apology = apology_of(book, ctx, command.apology)
    incidents = [incident_of(book, ctx, n) for n in apology.incidents]
    must("draft", standing(book, ctx, *incidents))
    if apology.state not in ("published", "publishing", "paused"):
        raise Refused(f"A{apology.number} is {apology.state}: only what was published is corrected; `apology edit` it.")
    book.halt(series(apology))
    version = book.get(Version, apology.number, apology.version)
    assert version is not None
    day = ctx.now.astimezone(ctx.zone)
    because = f"Corrected {day.day} {day:%B %Y}: {command.because.rstrip('.')}."
    after = replace(
        apology, state="draft", version=apology.version + 1, stage=0, publish_at=None, revision=apology.revision + 1
    )
    for approval in book.find(Approval, apology=apology.number):
        if not approval.void:
            book.put(replace(approval, void="a correction was opened"))
    book.put(after)
    book.put(
        replace(version, number=after.version, because=because, authors=(ctx.actor.key,), made_at=ctx.now, digest="")
    )
    for incident in incidents:
        tell(book, ctx, incident, "apology", f"opened a correction of A{apology.number} because {command.because}")
    return Reply(say.draft(refreshed(book, ctx, after)), changed=True)


def retract(command: ApologyRetract, ctx: Context, book: Book) -> Reply:
    """Take it back at once: the text is replaced by a notice wherever it stands; what has not left never does."""
    apology = apology_of(book, ctx, command.apology)
    _publisher(book, ctx, apology, "retract")
    if apology.state not in ("published", "publishing", "paused"):
        raise Refused(f"A{apology.number} is {apology.state}: nothing of it is out. Nothing was changed.")
    book.halt(series(apology))
    told = 0
    for post in customer_posts(book, apology):
        if post.state in ("sent", "unknown", "sending", "claimed") and post.due is not None:
            row = Recipient(say.customer_of(post), "", post.place.platform, post.place.address, text=NOTICE)
            post_to_customer(
                book, f"apology-{apology.number}", row, f"retracted by {ctx.actor.key}", apology.incidents[-1]
            )
            told += 1
    after = replace(apology, state="retracted", revision=apology.revision + 1)
    book.put(after)
    for number in apology.incidents:
        incident = incident_of(book, ctx, number)
        tell(book, ctx, incident, "apology", f"retracted A{apology.number} because {command.because}")
    show_progress(book, ctx, after, f"Taken back by {ctx.actor.name}: {command.because}")
    channels = f"{told} channel{'s' * (told != 1)}"
    return Reply(
        Card(say.named(after), (line(f"Taken back: a notice replaces it in {channels}."),), "warning"), changed=True
    )


def status(command: ApologyStatus, ctx: Context, book: Book) -> Reply:
    """Who was told, where, when; and who not yet."""
    apology = apology_of(
        book,
        ctx,
        command.apology,
        ("draft", "submitted", "approved", "scheduled", "publishing", "paused", "published", "retracted"),
    )
    version = book.get(Version, apology.number, apology.version)
    signed = signatures(book, apology, version.digest) if version else []
    return Reply(say.status(apology, customer_posts(book, apology), signed, ctx.zone.key))


def follow_up(command: ApologyFollowUp, ctx: Context, book: Book) -> Reply:
    """What was promised with this apology and how it stands."""
    apology = apology_of(book, ctx, command.apology, ("published",))
    promises = book.find(Promise, apology=apology.number)
    lines = tuple(line(f"P{p.number} {p.text}: {p.state}, {p.owner_name}, due {p.due}") for p in promises)
    return Reply(Card(f"{say.named(apology)}: promised", lines or (line("Nothing was promised in it."),)))


def settle(command: Settle, ctx: Context, book: Book) -> Reply:
    """A person looked: it arrived, send it again, or let it be."""
    posts = [p for p in book.posts("") if p.id == command.post]
    if not posts:
        raise Refused(f"There is no post {command.post} in the outbox. Nothing was changed.")
    post = posts[0]
    incidents = [i for n in _incidents_of(book, post) if (i := book.get(Incident, n)) is not None]
    stands = standing(book, ctx, *incidents)
    asked = post.audience == "internal" or stands.running  # commander and comms are the ones who are asked
    must("act" if asked else "publish", stands)
    after = book.settle(command.post, command.verdict)
    words = {"arrived": "noted as arrived", "again": "sent again", "drop": "dropped"}[command.verdict]
    for incident in incidents[:1]:
        tell(book, ctx, incident, "delivery", f"settled the post to {say.customer_of(post)}: {words}")
    if post.audience == "customer":
        advance(PostSettled(post.key), ctx, book)
    return Reply(Card("Outbox", (line(f"{after.key}: {words}."),)), changed=True)


def _incidents_of(book: Book, post: PostState) -> tuple[int, ...]:
    name = post.key.split("/", 1)[0]
    if name.startswith("apology-"):
        apology = book.get(Apology, int(name.removeprefix("apology-")))
        return apology.incidents if apology else ()
    kind, _, number = name.partition("-")
    if kind in ("update", "holding"):
        from handlers.domain.apology import Proposal

        proposal = book.get(Proposal, int(number))
        return (proposal.incident,) if proposal else ()
    return (int(number),) if kind == "inc" and number.isdigit() else ()


def due_publications(ctx: Context, book: Book, limit: int = 10) -> int:
    """The tick: embargoes that are over. The hash is checked again; what changed since goes back to draft."""
    found = book.due(Apology, "publish_at", limit, state="scheduled")
    for apology in found:
        version = refreshed(book, ctx, apology)
        fault = unfit(book, ctx, version)
        if fault:
            void(book, ctx, apology, f"it was due to go out, but {fault}")
        else:
            begin(book, ctx, version)
    return len(found)
