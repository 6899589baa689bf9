"""Publishing: the approved bytes, to the customers' channels, in steps; pausing, correcting, taking back."""

from dataclasses import replace

from handlers import channels, grammar, packs, promises, receipts, unclear
from handlers.apologise import CORRECTED, READY, Draft, apology_of, next_version, refreshed, void_waivers
from handlers.approve import complete, expires, needed, preview, signatures
from handlers.book import Book
from handlers.card import Card, Reply, line, small
from handlers.commands import (
    ApologyCorrect,
    ApologyFollowUp,
    ApologyPause,
    ApologyPublish,
    ApologyResume,
    ApologyRetract,
    ApologyStatus,
    OpenForm,
    PostSettled,
    Settle,
)
from handlers.context import Context
from handlers.customers import (
    CALLED,
    Tally,
    counted,
    customer_post,
    fall_back,
    of_customer,
    show_sent,
    tally,
    untold,
)
from handlers.customers import customer_posts as posts_of
from handlers.domain.apology import Apology, Approval, Proposal, Recipient, Version
from handlers.domain.delivery import GONE, NOTHING_WAITS, TAKEN_BACK, PostState
from handlers.domain.errors import Refused
from handlers.domain.incident import Incident, Setting
from handlers.domain.letter import LETTERS
from handlers.domain.permit import must
from handlers.due import Due
from handlers.letters import taken_back
from handlers.outside import unfit_for_customers
from handlers.rooms import incident_of, may_see, say_in_rooms, standing, tell
from handlers.say import apology as say
from handlers.subscribe import spread
from handlers.void import UNSETTLED, void

FAILING = 0.05
"""Share of failures that pauses a publication after its first two steps (apology.md, section 6)."""
OUT = ("publishing", "paused", "published")
"""States in which the present version is what customers read."""
NOTICE = "We have taken back the message that stood here. We will write to you again."


def series(apology: Apology) -> str:
    """The key prefix of an apology's customer posts."""
    return f"apology-{apology.number}/"


def customer_posts(book: Book, apology: Apology) -> list[PostState]:
    """The customer posts of an apology."""
    return posts_of(book, f"apology-{apology.number}")


def publish(command: ApologyPublish, ctx: Context, book: Book) -> Reply:
    """Send the approved version, now or at its embargo."""
    apology = apology_of(book, ctx, command.apology)
    found = refreshed(book, ctx, apology)
    must("publish", standing(book, ctx, *found.incidents, author=ctx.actor.key in found.version.authors))
    number = apology.number
    if apology.state in OUT:
        raise Refused(f"A{number} is {apology.state} already. `apology status {number}` shows who was told.")
    if apology.state not in ("approved", "scheduled"):
        after = "it stays so" if apology.state == "retracted" else "it is published once it is approved"
        raise Refused(f"A{number} is {apology.state}: {after}. `apology show {number}` shows it. Nothing was sent.")
    fault = unfit(book, ctx, found)
    if fault:
        void(book, ctx, apology, fault)
        return Reply(
            Card(say.title(found), (line(f"Not sent: {fault}. It is a draft again."),), "danger"), changed=True
        )
    rows = [r for r in found.version.recipients if not r.spare]
    counting = command.count is not None or len(rows) > book.catalog.policy.publishing.count_above
    if counting and command.count is None:
        from handlers import forms  # not at the top: forms asks there what it shows

        says = grammar.write(replace(command, apology=number))
        return Reply(forms.form(OpenForm(says, "apology publish"), ctx, book))
    if counting and command.count != len(rows):
        raise Refused(
            f"This goes to {counted(found.version.recipients)}. Say the number of channels to be sure: "
            f"`apology publish {number} to {len(rows)}`. Nothing was sent."
        )
    if command.at is not None and command.at <= ctx.now:
        raise Refused(
            f"{command.at.astimezone(ctx.zone):%H:%M %Z on %d %B %Y} has passed. Say the day too, or leave `at` out to "
            "publish now. Nothing was sent."
        )
    if command.at is not None:
        fault = unsound(refreshed(book, replace(ctx, now=command.at), apology))
        if fault:
            raise Refused(
                f"By {command.at.astimezone(ctx.zone):%H:%M %Z on %d %B %Y} it would be unsound: {fault}. Name an "
                f"earlier time, or `apology lint {number}`. Nothing was scheduled."
            )
        book.put(replace(apology, state="scheduled", publish_at=command.at, revision=apology.revision + 1))
        when = command.at.astimezone(ctx.zone).strftime("%H:%M %Z on %d %B %Y")
        for incident in found.incidents:
            tell(book, ctx, incident, "apology", f"scheduled A{number} for {when}")
        return Reply(
            Card(say.title(found), (line(f"It goes to {counted(found.version.recipients)} at {when}."),)), changed=True
        )
    begin(book, ctx, found)
    words = f"On its way to {counted(found.version.recipients)}."
    if found.drill:
        words = "Drill: played to its end, and nothing left the house."
    return Reply(Card(say.title(found), (line(words),), "good"), changed=True)


def unfit(book: Book, ctx: Context, found: Draft) -> str:
    """Why the approved version may not be sent as it stands; nothing if it may."""
    stored = book.get(Version, found.apology.number, found.apology.version)
    early = next((i for i in found.incidents if i.status not in READY), None)
    if early is not None:
        return f"{early.name} is {early.status}"
    if stored is None or stored.digest != found.version.digest:
        return "the record or the recipients changed since it was approved"
    if fault := unsound(found):
        return fault
    signed = signatures(book, found.apology, stored.digest)
    if not complete(needed(book, ctx, found), signed):
        return "a signature is missing"
    scheduled = found.apology.publish_at
    if ctx.now > expires(book, signed) and scheduled is None:
        return "its approval has expired"
    return ""


def unsound(found: Draft) -> str:
    """What the record lacks or the linter finds now, by its clock: a date that was ahead may have passed."""
    if found.blocking:
        return f"gaps are open: {', '.join(g.name for g in found.blocking)}"
    first = next((f for f in found.report.findings if f.severity == "error" and f.rule not in found.waived), None)
    return f"the linter finds {first.rule}, {first.message.rstrip('.')}" if first is not None else ""


def begin(book: Book, ctx: Context, found: Draft) -> None:
    """Write down every post in one commit, let the first step go, open the account managers' tasks."""
    name, lead = f"apology-{found.apology.number}", found.apology.incidents[-1]
    rows = () if found.drill else tuple(r for r in found.version.recipients if not r.spare)
    threads = book.threads(found.apology.incidents)
    book.send_all([customer_post(name, r, found.version.digest, lead, threads=threads, hold=True) for r in rows])
    if not found.drill:
        promises.answered(book, ctx, found)
        promises.made(book, ctx, found)
    exercise = " (drill: nothing left the house)" if found.drill else ""
    _tell(book, ctx, found.apology, f"published A{found.apology.number} to {counted(rows)}{exercise}")
    book.put(Setting(_pressed_on(found.apology), str(tally(book, name).unclear)))
    if found.correction:
        book.put(Setting(_correction(found.apology), found.correction))
    apology = replace(
        found.apology,
        state="publishing" if rows else "published",
        published_at=ctx.now,
        publish_at=None,
        stage=0,
        progress_at=None if found.apology.follows else promises.next_progress(book, found.apology, ctx.now, ctx.now),
        revision=found.apology.revision + 1,
    )
    if rows:
        apology = _let_go(book, apology)
    book.put(apology)
    signed = signatures(book, found.apology, found.version.digest)
    preview(book, ctx, found, say.signed(found, signed))
    show_progress(book, ctx, apology)
    packs.release(book, ctx, found)


def show_progress(book: Book, ctx: Context, apology: Apology, note: str = "", far: Tally | None = None) -> None:
    """One live card in the rooms: how far it is."""
    lead = book.get(Incident, apology.incidents[-1])
    if lead is not None:
        card = say.progress(apology, far or tally(book, f"apology-{apology.number}"), note)
        say_in_rooms(book, ctx, lead, f"apology-{apology.number}/progress", card)


def advance(command: PostSettled, ctx: Context, book: Book) -> None:
    """A customer post settled: fall back to the next channel, let the next step go, or pause."""
    name, customer, _ = command.key.split("/", 2)
    kind, _, number = name.partition("-")
    channels.settled(book, command)
    if kind in CALLED:
        proposal = book.get(Proposal, int(number))
        if proposal is None:
            return
        if untold(of_customer(book, name, customer)):
            fall_back(book, name, proposal.recipients, proposal.digest, (proposal.incident,), customer, hold=False)
        show_sent(book, ctx, proposal)
        _ask(book, ctx, command)
        return
    apology = book.get(Apology, int(number)) if kind == "apology" else None
    if apology is None:
        _ask(book, ctx, command)
        return
    if apology.state in OUT and untold(of_customer(book, name, customer)):
        # only words that stand: what is being corrected or was taken back goes no further
        version = book.get(Version, apology.number, apology.version)
        if version is not None:
            hold = apology.state == "paused"
            fall_back(book, name, version.recipients, version.digest, apology.incidents, customer, hold=hold)
    if command.edited:
        _name_the_change(book, apology, command.key)
    packs.settled(book, ctx, apology, customer)
    far, note = tally(book, name), ""
    if apology.state == "publishing":
        apology, note = _step(book, ctx, apology, far)
    show_progress(book, ctx, apology, note, far if not note else None)
    _ask(book, ctx, command)


def _ask(book: Book, ctx: Context, command: PostSettled) -> None:
    """A customer was not told because of where the words were to go, and no other channel follows: ask a person."""
    if command.state not in ("held", "dead"):
        return
    series_, customer, _ = command.key.split("/", 2)
    posts = of_customer(book, series_, customer)
    post = next((p for p in posts if p.key == command.key and p.failed), None)
    if post is None or (post.state == "dead" and (post.error not in GONE or (len(posts) > 1 and not untold(posts)))):
        return
    channels.ask(book, ctx, post)


def _correction(apology: Apology) -> str:
    """Where the words are kept that name what its present version corrected."""
    return f"apology-{apology.number}.correction"


def _name_the_change(book: Book, apology: Apology, key: str) -> None:
    """Below a corrected message a reply says so: whoever read the old words learns that they changed."""
    kept = book.get(Setting, _correction(apology))
    words = kept.value if kept is not None and apology.state in OUT else ""
    if not words:
        return
    _, customer, channel = key.split("/", 2)
    platform, _, address = channel.partition(":")
    if platform in LETTERS:  # the correction was a message of its own, and says so itself
        return
    row = Recipient(customer, "", platform, address, text=say.corrected_reply(words))
    name, lead = f"correction-{apology.number}.{apology.version}", apology.incidents[-1]
    threads = book.threads(apology.incidents, f"{customer}/{channel}")
    book.send(customer_post(name, row, f"A{apology.number} version {apology.version}", lead, threads=threads))


def _pressed_on(apology: Apology) -> str:
    """Where it is kept how many unclear posts people have seen and gone on over."""
    return f"apology-{apology.number}.unclear"


def _spread(book: Book, ctx: Context, apology: Apology, far: Tally) -> None:
    """Whoever follows one of its incidents hears that customers were told why."""
    for number in apology.incidents:
        incident = book.get(Incident, number)
        if incident is not None:
            words = f"has an apology: A{apology.number} reached {far.total} channel{'s' * (far.total != 1)}"
            spread(book, ctx, incident, "apology", words)


def _step(book: Book, ctx: Context, apology: Apology, far: Tally) -> tuple[Apology, str]:
    """Pause by itself where too much fails; let the next step go once everything let go so far has arrived."""
    seen = book.get(Setting, _pressed_on(apology))
    fresh = max(0, far.unclear - (int(seen.value) if seen else 0))
    early = apology.stage < len(book.catalog.policy.publishing.ramp)
    allowed = 0 if early else FAILING * far.total
    failed = len(far.failed)
    astray = sum(p.state == "held" for p in far.failed)  # one is enough: somebody else may be about to read it
    if (far.waiting or far.moving) and (failed + fresh > allowed or astray):
        book.halt(series(apology))
        after = replace(apology, state="paused", revision=apology.revision + 1)
        book.put(after)
        why = ((astray, "held"), (failed - astray, "failed"), (fresh, "unclear"))
        counts = [f"{n} {w}" for n, w in why if n]
        words = f"Paused by itself: {' and '.join(counts)} of {far.total - far.waiting} let go. Look, then go on."
        return after, words
    if far.moving:
        return apology, ""
    if not far.waiting:
        after = replace(apology, state="published", revision=apology.revision + 1)
        book.put(after)
        if apology.state != "published":
            _spread(book, ctx, after, far)
        return after, ""
    after = replace(_let_go(book, apology), revision=apology.revision + 1)
    book.put(after)
    return after, ""


def _let_go(book: Book, apology: Apology) -> Apology:
    """Release what is left of the present step, or the next one where nothing is; the later steps go on waiting."""
    ramp = book.catalog.policy.publishing.ramp
    posts = customer_posts(book, apology)
    waiting = [p for p in posts if p.due is None and not p.settled]
    through, stage = len(posts) - len(waiting), apology.stage
    while stage < len(ramp) and sum(ramp[: stage + 1]) <= through:
        stage += 1
    share = sum(ramp[: stage + 1]) - through if stage < len(ramp) else len(waiting)
    book.release([p.key for p in waiting[:share]])
    return replace(apology, stage=stage)


def pause(command: ApologyPause, ctx: Context, book: Book) -> Reply:
    """Stop what is not yet sent."""
    apology = apology_of(book, ctx, command.apology)
    _publisher(book, ctx, apology, "publish")
    if apology.state == "scheduled":
        after = replace(apology, state="approved", publish_at=None, revision=apology.revision + 1)
        book.put(after)
        _tell(book, ctx, after, f"unscheduled A{after.number}")
        return Reply(
            Card(say.named(after), (line("Unscheduled; nothing was sent. Its approval stands."),)), changed=True
        )
    if apology.state != "publishing":
        raise Refused(
            f"A{apology.number} is {apology.state}: there is nothing to pause. "
            f"`apology status {apology.number}` shows where it is."
        )
    stopped = book.halt(series(apology))
    after = replace(apology, state="paused", revision=apology.revision + 1)
    book.put(after)
    _tell(book, ctx, after, f"paused A{after.number}")
    show_progress(book, ctx, after, f"Paused by {ctx.actor.name}.")
    return Reply(Card(say.named(after), (line(f"Paused. {stopped} not sent."),), "warning"), changed=True)


def resume(command: ApologyResume, ctx: Context, book: Book) -> Reply:
    """Go on with the step it was in; failures are tried again, what is unknown waits for a person."""
    apology = apology_of(book, ctx, command.apology)
    _publisher(book, ctx, apology, "publish")
    if apology.state not in ("paused", "publishing", "published"):
        raise Refused(
            f"A{apology.number} is {apology.state}: there is nothing to resume. "
            f"`apology status {apology.number}` shows where it is."
        )
    far = tally(book, f"apology-{apology.number}")
    if not far.failed and not far.waiting:
        words = "Nothing to retry."
        if far.unclear:
            words = f"Nothing to retry; {far.unclear} unknown: look, then say whether it arrived (`apology status`)."
        if apology.state == "paused" and not far.moving:  # the rest arrived meanwhile, or was settled
            book.put(replace(apology, state="published", revision=apology.revision + 1))
        return Reply(Card(say.named(apology), (line(words),)))
    if apology.state == "publishing" and not far.failed:  # a second press does not hurry the steps
        words = f"It is going out: {far.total - far.waiting} let go, {far.waiting} wait for their step."
        return Reply(Card(say.named(apology), (line(words),)))
    for post in far.failed:
        if post.state == "held":
            channels.refuse_barred(book, post)
        book.settle(post.id, "again")
    book.put(Setting(_pressed_on(apology), str(far.unclear)))
    after = replace(apology, state="publishing", revision=apology.revision + 1)
    if not far.failed:
        after = _let_go(book, after)
    book.put(after)
    _tell(book, ctx, after, f"went on with A{after.number}")
    show_progress(book, ctx, after)
    tail = f" {far.unclear} unknown stay with you: nothing is sent twice by itself." if far.unclear else ""
    return Reply(
        Card(say.named(after), (line(f"Going on: {len(far.failed)} tried again, {far.waiting} still to go.{tail}"),)),
        changed=True,
    )


def _tell(book: Book, ctx: Context, apology: Apology, words: str) -> None:
    """A line in the timeline of every incident it covers."""
    for number in apology.incidents:
        incident = book.get(Incident, number)
        if incident is not None:
            tell(book, ctx, incident, "apology", words)


def _publisher(book: Book, ctx: Context, apology: Apology, act: str) -> None:
    version = book.get(Version, apology.number, apology.version)
    author = version is not None and ctx.actor.key in version.authors
    must(act, standing(book, ctx, *(incident_of(book, ctx, n) for n in apology.incidents), author=author))


def correct(command: ApologyCorrect, ctx: Context, book: Book) -> Reply:
    """A new version of what was published: drafted, approved again, then put where the old one stands."""
    apology = apology_of(book, ctx, command.apology)
    incidents = [incident_of(book, ctx, n) for n in apology.incidents]
    must("draft", standing(book, ctx, *incidents))
    if apology.state not in OUT:
        raise Refused(f"A{apology.number} is {apology.state}: only what was published is corrected; `apology edit` it.")
    fault = unfit_for_customers(book, command.because, apology.signatory)
    if fault:
        raise Refused(f"Customers read what was corrected, in these words. {fault} Nothing was changed.")
    book.halt(series(apology))
    version = book.get(Version, apology.number, apology.version)
    assert version is not None
    day = ctx.now.astimezone(ctx.zone)
    because = f"{CORRECTED}{day.day} {day:%B %Y}: {command.because.rstrip('.')}."
    number = next_version(book, apology)
    after = replace(apology, state="draft", version=number, stage=0, publish_at=None, revision=apology.revision + 1)
    for approval in book.find(Approval, apology=apology.number):
        if not approval.void:
            book.put(replace(approval, void="a correction was opened"))
    book.put(after)
    book.put(
        replace(
            version,
            number=number,
            because=because,
            authors=(ctx.actor.key,),
            made_at=ctx.now,
            digest="",
            submitted_at=None,
        )
    )
    void_waivers(book, after)
    _tell(book, ctx, apology, f"opened a correction of A{apology.number} because {command.because}")
    found = refreshed(book, ctx, after)
    card = say.draft(found)
    strange = [f.text for f in found.errors if f.text and f.text in command.because]
    if strange:  # customers read the reason: what it says must be on record like every other word
        words = f"Your reason says “{'”, “'.join(strange)}”, which the record does not. Record it first: "
        card = replace(card, blocks=(line(words, f"`fact {apology.incidents[-1]} …`."), *card.blocks))
    return Reply(card, changed=True)


def retract(command: ApologyRetract, ctx: Context, book: Book) -> Reply:
    """Take it back at once: the text is replaced by a notice wherever it stands; what has not left never does."""
    apology = apology_of(book, ctx, command.apology, (*UNSETTLED, *OUT))
    _publisher(book, ctx, apology, "retract")
    if apology.published_at is None or apology.state == "retracted":
        way = {
            "scheduled": f" `apology pause {apology.number}` takes it off the schedule.",
            "retracted": "",
        }.get(apology.state, f" `apology reject {apology.number} because …` drops it.")
        raise Refused(f"A{apology.number} is {apology.state}: nothing of it is out.{way} Nothing was changed.")
    name = f"apology-{apology.number}"
    book.halt(series(apology))
    lead, by = apology.incidents[-1], f"{TAKEN_BACK}{ctx.actor.key}"
    shown = [p for p in customer_posts(book, apology) if p.shown]
    rows = [Recipient(say.customer_of(p), "", p.place.platform, p.place.address, text=_notice(p)) for p in shown]
    book.send_all([customer_post(name, row, by, lead, threads={}) for row in rows])
    for post in shown:  # where a correction waited for its step, or was held: the notice goes all the same
        if post.state == "held":
            book.settle(post.id, "again")
    book.release([p.key for p in shown if p.sent_at is not None and p.state == "pending"])
    told = len(rows)
    after = replace(apology, state="retracted", publish_at=None, revision=apology.revision + 1)
    book.put(after)
    taken = receipts.take_back(book, ctx, after, command.because)
    packs.acted(book, ctx, after, {r.manager for r in taken})
    _tell(book, ctx, apology, f"retracted A{apology.number} because {command.because}")
    show_progress(book, ctx, after, f"Taken back by {ctx.actor.name}: {command.because}")
    channels = f"{told} channel{'s' * (told != 1)}"
    return Reply(
        Card(say.named(after), (line(f"Taken back: a notice replaces it in {channels}."),), "warning"), changed=True
    )


def _notice(post: PostState) -> str:
    return taken_back(post.place.platform, post.text, NOTICE)


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
    posts = customer_posts(book, apology)
    reached = {say.customer_of(p) for p in posts}
    by_hand = [r for r in receipts.of(book, apology) if r.customer not in reached]
    names = {c.key: c.name for c in book.catalog.customers}
    return Reply(say.status(apology, posts, signed, ctx.zone.key, names, by_hand))


def follow_up(command: ApologyFollowUp, ctx: Context, book: Book) -> Reply:
    """Draft what customers are owed after this apology: it goes into the same threads and answers what was promised."""
    apology = apology_of(book, ctx, command.apology, ("published",))
    first = apology.follows or apology.number
    must("draft", standing(book, ctx, *(incident_of(book, ctx, n) for n in apology.incidents)))
    if apology.state != "published":
        raise Refused(
            f"A{apology.number} is {apology.state}: what was published is followed up. "
            f"`apology show {apology.number}` shows it. Nothing was drafted."
        )
    open_ = next(
        (a for a in book.find(Apology, follows=first) if a.state in (*UNSETTLED, "publishing", "paused")), None
    )
    if open_ is None:
        number = book.number("apologies")
        open_ = Apology(
            number, apology.incidents, "draft", 0, ctx.actor.key, ctx.now, signatory=apology.signatory, follows=first
        )
        book.put(open_)
        _tell(book, ctx, open_, f"drafted A{number}, a follow-up to A{first}")
    card = say.draft(refreshed(book, ctx, open_))
    owed = [line(f"P{p.number} {p.text}: {p.state}, due {p.due or 'at once'}") for p in promises.owed(book, first)]
    return Reply(
        replace(
            card,
            blocks=(small(f"Promised with A{first} and still owed:"), *owed, *card.blocks) if owed else card.blocks,
        ),
        changed=True,
    )


def settle(command: Settle, ctx: Context, book: Book) -> Reply:
    """A person looked: it arrived, send it again, or let it be."""
    after = book.settle(command.post, command.verdict, command.tried)  # what is refused below undoes it
    apology, numbers = _about(book, after)
    incidents = [i for n in numbers if (i := book.get(Incident, n)) is not None]
    if not all(may_see(book, ctx.actor, i) for i in incidents):
        raise Refused(NOTHING_WAITS.format(command.post))
    must("settle" if after.audience == "customer" else "act", standing(book, ctx, *incidents))
    if command.verdict == "look":
        return Reply(unclear.look_again(book, ctx, after))
    if apology is not None and apology.state in UNSETTLED and command.verdict == "again":
        raise Refused(
            f"A{apology.number} is being corrected, so this holds a text that no longer stands. Publishing the new "
            "one sends it. Nothing was sent."
        )
    if command.verdict == "again":
        channels.refuse_barred(book, after)
    words = {"arrived": "noted as arrived", "again": "sent again", "drop": "dropped"}[command.verdict]
    who = say.customer_of(after) if after.audience == "customer" else after.key
    unclear.answered(book, after, f"{ctx.actor.name}: {words}.")
    for incident in incidents[:1]:
        tell(book, ctx, incident, "delivery", f"settled the post to {who}: {words}")
    if after.audience == "customer":
        advance(PostSettled(after.key), ctx, book)
    head = say.named(apology) if apology else ", ".join(i.name for i in incidents) or "Outbox"
    return Reply(Card(head, (line(f"The post to {who}: {words}."),)), changed=True)


def _about(book: Book, post: PostState) -> tuple[Apology | None, tuple[int, ...]]:
    """The apology a post belongs to, if one, and its incidents."""
    kind, _, number = post.key.split("/", 1)[0].partition("-")
    number = number.partition(".")[0]  # correction-3.2 is about A3
    if not number.isdigit():
        return None, _own(post)
    if kind in ("apology", "correction"):
        apology = book.get(Apology, int(number))
        return apology, apology.incidents if apology else ()
    if kind in CALLED:
        proposal = book.get(Proposal, int(number))
        return None, (proposal.incident,) if proposal else ()
    return None, (int(number),) if kind == "inc" else _own(post)


def _own(post: PostState) -> tuple[int, ...]:
    return (post.incident,) if post.incident is not None else ()


def _due_publication(apology: Apology, ctx: Context, book: Book) -> None:
    """An embargo is over. The hash is checked again; what changed since goes back to draft."""
    version = refreshed(book, ctx, apology)
    fault = unfit(book, ctx, version)
    if fault:
        void(book, ctx, apology, f"it was due to go out, but {fault}")
    else:
        begin(book, ctx, version)


PUBLICATIONS: Due[Apology] = Due(
    "publications", Apology, "publish_at", _due_publication, (("state", "scheduled"),), at_once=10
)
