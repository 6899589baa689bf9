"""While it runs: severity, services, status, roles, updates, and the repairs of a slip."""

from dataclasses import replace
from datetime import datetime, timedelta

from handlers import grammar
from handlers.afterwards import forgive, owe
from handlers.book import Book
from handlers.card import Block, Button, Buttons, Card, Code, Line, Mention, Reply, RoomLink, Text, line, small
from handlers.commands import (
    AcceptHandOver,
    ApologyApprove,
    ApologyCorrect,
    ApologyPause,
    ApologyPublish,
    ApologySubmit,
    Cancel,
    CanReport,
    Cover,
    CustomerChannel,
    Declare,
    DeclineHandOver,
    Join,
    Leave,
    Merge,
    OnTrack,
    OpenForm,
    RelayAck,
    RelayAnswer,
    RelayClose,
    RelayDone,
    RelaySkip,
    Remind,
    Reopen,
    Resolve,
    SetPrivate,
    SetRegion,
    SetRole,
    SetServices,
    SetSeverity,
    SetStatus,
    SetTitle,
    Undo,
    Update,
)
from handlers.context import Context
from handlers.customer_clock import first_word, settled
from handlers.customers import counted, propose, recipients
from handlers.domain.apology import Apology
from handlers.domain.cadence import armed, followed, restarted, said_by_hand, stopped
from handlers.domain.delivery import EDIT, PAGE, Place, Post
from handlers.domain.errors import Refused
from handlers.domain.incident import LONGEST_TITLE, OPEN, Incident, Member, Room
from handlers.domain.people import Person
from handlers.domain.permit import must
from handlers.handover import is_handed, offer, withdraw
from handlers.nudge import nudge
from handlers.oncall import invite
from handlers.outside import leaks
from handlers.remind import answer_reminder, asks_next, fits
from handlers.rooms import (
    alike,
    changed,
    enter,
    go_out,
    incident_of,
    open_rooms,
    places,
    refresh,
    region_key,
    running,
    say_in_rooms,
    service_keys,
    standing,
    tell,
)
from handlers.say import incident as say
from handlers.subscribe import spread
from handlers.void import UNSETTLED, void_approvals

UNDO_WITHIN = timedelta(minutes=2)
RECEIPTS = (RelayAck, RelayClose, RelayDone, RelaySkip)
"""Words about customers who were told."""
UNSIGNED = (
    AcceptHandOver, ApologyApprove, ApologyPublish, ApologySubmit, CanReport, DeclineHandOver, Join, Leave, OnTrack,
    *RECEIPTS, Remind, SetRole, SetTitle, Update,
)  # fmt: skip
"""What no signature rests on: taking it back leaves the signatures of others alone."""
LONGEST_UPDATE = 2800
"""Characters of an update, so that it fits one Slack section (3,000) after escaping of the usual few."""


def set_severity(command: SetSeverity, ctx: Context, book: Book) -> Reply:
    """Raise or lower the severity; the update clock follows the new cadence from the last word."""
    incident = running(book, ctx, command.incident)
    must("act", standing(book, ctx, incident))
    if incident.severity == command.severity and not incident.severity_assumed:
        return Reply(say.understood(incident, f"It is {command.severity.upper()} already. Nothing was changed."))
    because = f" because {command.because}" if command.because else ""
    words = f"set severity {command.severity.upper()} (was {incident.severity.upper()}){because}"
    pending = replace(incident, severity=command.severity, severity_assumed=False)
    after = changed(
        book,
        ctx,
        _paced(book, ctx, incident, pending, words),
        "severity",
        words,
        customer_ping_at=_first_word(book, ctx, incident, command.severity),
    )
    spread(book, ctx, after, "severity", f"is {after.severity.upper()} now, was {incident.severity.upper()}{because}")
    invite(book, ctx, after)
    return Reply(say.understood(after, f"Severity is {after.severity.upper()} now."), changed=True)


def _first_word(book: Book, ctx: Context, incident: Incident, severity: str) -> datetime | None:
    """Another severity, another clock for the first word to customers, as long as they have heard none."""
    if incident.drill or incident.customer_update_at is not None or incident.customer_reminded:
        return incident.customer_ping_at
    return first_word(book, ctx, severity, incident.declared_at)


def _paced(book: Book, ctx: Context, incident: Incident, pending: Incident, words: str) -> Incident:
    """The update clock of another severity or status, counted from the last word.

    What was asked for already stays asked where it is due all the same; else the reminder is over.
    """
    after = followed(pending, book.catalog.policy, ctx.now)
    if not incident.reminded:
        return after
    if after.next_update_at is not None and after.next_update_at <= ctx.now:
        return replace(pending, next_cadence=after.next_cadence)
    answer_reminder(book, ctx, incident, after, words)
    return after


def set_services(command: SetServices, ctx: Context, book: Book) -> Reply:
    """Change the affected services; unknown ones are refused with the nearest names."""
    incident = incident_of(book, ctx, command.incident)
    must("act", standing(book, ctx, incident))
    add, remove = service_keys(book.catalog, command.add), service_keys(book.catalog, command.remove)
    replaced = service_keys(book.catalog, command.replace)
    stays = replaced if command.replace else tuple(s for s in incident.services if s not in remove)
    services = tuple(dict.fromkeys((*stays, *add)))
    if services == incident.services:
        return Reply(say.understood(incident, "These are its services already. Nothing was changed."))
    after_names = say.services(replace(incident, services=services), book.catalog)
    void_approvals(book, ctx, (incident.number,), f"the services of {incident.name} changed")
    after = changed(book, ctx, incident, "services", f"set services: {after_names}", services=services)
    spread(book, ctx, after, "declared", "")
    invite(book, ctx, after)
    return Reply(say.understood(after, f"Services: {after_names}."), changed=True)


def set_region(command: SetRegion, ctx: Context, book: Book) -> Reply:
    """Say where it happens."""
    incident = incident_of(book, ctx, command.incident)
    must("act", standing(book, ctx, incident))
    region = region_key(book.catalog, command.region)
    if region == incident.region:
        return Reply(say.understood(incident, "That is its region already. Nothing was changed."))
    name = book.catalog.region_name(region)
    void_approvals(book, ctx, (incident.number,), f"the region of {incident.name} changed")
    after = changed(book, ctx, incident, "region", f"set region {name}", region=region)
    return Reply(say.understood(after, f"Region: {name}."), changed=True)


def set_title(command: SetTitle, ctx: Context, book: Book) -> Reply:
    """Rename it, inside the house; the Slack room follows."""
    incident = incident_of(book, ctx, command.incident)
    must("act", standing(book, ctx, incident))
    title = " ".join(command.title.split())
    if not title or len(title) > LONGEST_TITLE:
        raise Refused(f"A title has 1 to {LONGEST_TITLE} characters; this has {len(title)}. Nothing was changed.")
    after = changed(book, ctx, incident, "title", f"renamed it to “{title}”", title=title)
    return Reply(say.understood(after, "Renamed. The room keeps its name, so that links hold."), changed=True)


def set_status(command: SetStatus, ctx: Context, book: Book) -> Reply:
    """Investigating → identified → monitoring → resolved, either way; `resolved` is `resolve`."""
    if command.status == "resolved":
        return resolve(Resolve(command.incident), ctx, book)
    incident = running(book, ctx, command.incident)
    must("act", standing(book, ctx, incident))
    if incident.status == command.status:
        return Reply(say.understood(incident, f"It is {command.status} already. Nothing was changed."))
    if incident.status == "monitoring":
        void_approvals(book, ctx, (incident.number,), f"{incident.name} is {command.status} again")
    words = f"set status {command.status}"
    pending = replace(incident, status=command.status)
    # a time that somebody said stays; the cadence is another one now
    paced = pending if said_by_hand(incident) else _paced(book, ctx, incident, pending, words)
    after = changed(book, ctx, paced, "status", words)
    spread(book, ctx, after, "updates", f"is {command.status} now")
    blocks: tuple[Block, ...] = ()
    if command.status == "monitoring":
        blocks = (
            line("While it is fresh: what did customers see, since when, how many?"),
            Buttons((Button("Recap", f"recap {after.number}", "primary", form=True),)),
        )
    return Reply(say.understood(after, f"Status is {command.status} now.", *blocks), changed=True)


def resolve(command: Resolve, ctx: Context, book: Book) -> Reply:
    """The impact is over: reminders stop. It says nothing of the cause."""
    incident = incident_of(book, ctx, command.incident)
    must("act", standing(book, ctx, incident))
    if incident.status == "resolved":
        return Reply(say.understood(incident, "It is resolved already. Nothing was changed."))
    if not incident.open:
        raise Refused(f"{incident.name} is {incident.status}: there is nothing to resolve.")
    because = f": {command.because}" if command.because else ""
    answer_reminder(book, ctx, incident, stopped(incident), "resolved it")
    settled(book, ctx, incident, "resolved it")
    after = changed(
        book,
        ctx,
        stopped(incident),
        "status",
        f"resolved it{because}",
        status="resolved",
        resolved_at=ctx.now,
        customer_reminded=0,
    )
    owe(book, ctx, after)
    spread(book, ctx, after, "resolved", f"is resolved{because}")
    n = after.number
    return Reply(
        say.understood(
            after,
            "Resolved. Reminders have stopped.",
            line("Next, the words customers deserve. Recap asks what they saw; the draft is made from it."),
            Buttons(
                (
                    Button("Recap", f"recap {n}", "primary", form=True),
                    Button("Draft apology", f"apology draft {n}"),
                    *([Button("Closing update", f"closure {n}")] if after.customer_update_at is not None else []),
                    Button("Reopen", f"reopen {n}", form=True),
                )
            ),
        ),
        changed=True,
    )


def reopen(command: Reopen, ctx: Context, book: Book) -> Reply:
    """It was not over: back to investigating, the clock runs again."""
    incident = incident_of(book, ctx, command.incident)
    must("act", standing(book, ctx, incident))
    if incident.open:
        return Reply(say.understood(incident, f"It is open ({incident.status}). Nothing was changed."))
    if incident.status != "resolved":
        raise Refused(f"{incident.name} was {incident.status}: declare a new incident instead.")
    void_approvals(book, ctx, (incident.number,), f"{incident.name} was reopened")
    forgive(book, incident)
    pending = replace(incident, status="investigating", resolved_at=None, reminders_off="", reopened_at=ctx.now)
    after = changed(
        book,
        ctx,
        restarted(pending, book.catalog.policy, ctx.now),
        "status",
        f"reopened it because {command.because}",
        customer_update_at=None,
        customer_ping_at=None if incident.drill else first_word(book, ctx, incident.severity, ctx.now),
        customer_reminded=0,
    )
    spread(book, ctx, after, "resolved", f"was reopened because {command.because}")
    return Reply(say.understood(after, "Reopened: investigating, and reminders run again."), changed=True)


def cancel(command: Cancel, ctx: Context, book: Book) -> Reply:
    """It was no incident."""
    incident = running(book, ctx, command.incident)
    must("cancel", standing(book, ctx, incident))
    answer_reminder(book, ctx, incident, stopped(incident), "cancelled the incident")
    settled(book, ctx, incident, "cancelled the incident")
    after = changed(
        book,
        ctx,
        stopped(incident),
        "status",
        f"cancelled it because {command.because}",
        status="cancelled",
    )
    spread(book, ctx, after, "resolved", f"was cancelled because {command.because}")
    return Reply(say.understood(after, "Cancelled. Its record stays."), changed=True)


def merge(command: Merge, ctx: Context, book: Book) -> Reply:
    """The same trouble under two numbers: people and services move over, the story stays where it was told."""
    incident = running(book, ctx, command.incident)
    into = incident_of(book, ctx, command.into)
    must("merge", standing(book, ctx, incident, into))
    if into.number == incident.number:
        raise Refused("An incident cannot be merged into itself. Nothing was changed.")
    if not into.open:
        raise Refused(f"{into.name} is {into.status}: reopen it first, or merge the other way. Nothing was changed.")
    alike(incident, into)
    if incident.drill != into.drill:
        raise Refused("One of them is a drill and the other is real. Nothing was changed.")
    answer_reminder(book, ctx, incident, stopped(incident), f"merged it into {into.name}")
    settled(book, ctx, incident, f"merged it into {into.name}")
    after = changed(
        book,
        ctx,
        stopped(incident),
        "status",
        f"merged it into {into.name} because {command.because}",
        status="merged",
        merged_into=into.number,
    )
    for member in book.find(Member, incident=incident.number):
        person = book.person(member.person)
        if member.left_at is None and person is not None:
            enter(book, ctx, into, person)
    services = tuple(dict.fromkeys((*into.services, *incident.services)))
    if services != into.services:
        void_approvals(book, ctx, (into.number,), f"{incident.name} was merged into {into.name}")
    changed(book, ctx, into, "merged", f"merged {incident.name} “{incident.title}” into this", services=services)
    spread(book, ctx, after, "resolved", f"goes on as {into.name}")
    return Reply(say.understood(after, f"It goes on as {into.name}. Its people were brought along."), changed=True)


def set_private(command: SetPrivate, ctx: Context, book: Book) -> Reply:
    """Members only, or no longer. Slack opens a new private room; Teams members get personal cards."""
    incident = running(book, ctx, command.incident)
    must("private", standing(book, ctx, incident))
    if incident.private == command.on:
        return Reply(say.understood(incident, f"It is {'private' if command.on else 'open'} already."))
    generation = max([r.generation for r in book.find(Room, incident=incident.number)], default=1) + 1
    _close_rooms(book, incident, generation)
    after = replace(incident, private=command.on, revision=incident.revision + 1)
    book.put(after)
    tell(book, ctx, after, "private", f"made it {'private' if command.on else 'open'} because {command.because}")
    if command.on and "slack" in ctx.platforms:
        card = Card(incident.name, (line("This incident is private now."),))
        book.send(
            Post(
                f"inc-{after.number}/announcement@slack", Place("slack", "incidents"), card=card, incident=after.number
            )
        )
    open_rooms(book, ctx, after, generation)
    refresh(book, ctx, after)
    for member in book.find(Member, incident=after.number):
        person = book.person(member.person)
        if member.left_at is None and person is not None and person.slack and "slack" in ctx.platforms:
            book.send(
                Post(
                    f"inc-{after.number}/invite/{person.slack}/{generation}@slack",
                    Place("slack", "room", str(after.number)),
                    op="invite",
                    args=(person.slack,),
                    incident=after.number,
                )
            )
    seen = (
        "From now on only members see it. What was said before was visible to everybody: the announcement, the old "
        "room and its name, and in Teams the old thread."
    )
    return Reply(
        say.understood(after, seen if command.on else "It is open now: a new room, and it is announced."), changed=True
    )


def _close_rooms(book: Book, incident: Incident, generation: int) -> None:
    """Say farewell in the rooms as they stand now, by their own addresses, and close the one in Slack."""
    card = Card(say.head(incident), (line("This incident goes on elsewhere."),))
    for room in book.find(Room, incident=incident.number):
        if not room.address or room.fault:
            continue  # none was opened; a platform without rooms uses the incidents channel
        key = f"inc-{incident.number}/closed/{generation}@{room.platform}"
        place = Place(room.platform, "thread", room.address)
        book.send(Post(key, place, card=card, incident=incident.number))
        if room.platform == "slack":
            book.send(
                Post(
                    f"inc-{incident.number}/close/{generation}@slack",
                    place,
                    op="close",
                    args=(room.address,),
                    rank=EDIT,
                    incident=incident.number,
                    needs=key,
                )
            )


def update(command: Update, ctx: Context, book: Book) -> Reply:
    """Say how it stands: in the rooms; to customers only as a proposal that another person sends."""
    incident = running(book, ctx, command.incident)
    must("act", standing(book, ctx, incident))
    words = command.text.strip()
    if len(words) > LONGEST_UPDATE:
        raise Refused(
            f"That update has {len(words):,} characters; {LONGEST_UPDATE:,} fit one message. Shorten it. "
            "Nothing was posted."
        )
    promised = ctx.now + command.next_in if command.next_in is not None else command.next_at
    if promised is not None:
        fits(promised - ctx.now)
    if command.to == "customers":
        return propose(book, ctx, incident, "update", words, promised)
    if command.to == "status":
        must("status-page", standing(book, ctx, incident))
        _fit_for_the_page(book, incident, words)
    policy = book.catalog.policy
    spoken = replace(
        incident,
        last_update=words,
        last_update_at=ctx.now,
        last_update_by=ctx.actor.key,
        revision=incident.revision + 1,
    )
    after = restarted(spoken, policy, ctx.now)
    if promised is not None and not incident.reminders_off:
        after = armed(after, policy, ctx.now, promised)
    answer_reminder(book, ctx, incident, after, say.UPDATED)
    book.put(after)
    kind = "update-public" if command.to == "status" else "update"
    tell(book, ctx, after, kind, f"updated: {words}")
    say_in_rooms(book, ctx, after, f"said/{after.revision}", say.update(after, ctx.actor, words, ctx.zone.key))
    refresh(book, ctx, after)
    spread(book, ctx, after, "updates", f"update: {words}")
    due = after.next_update_at
    until = () if due is None else (small("Next update due ", say.clock(due, ctx.zone.key)),)
    asks = () if promised is not None or incident.reminders_off else asks_next(after)
    return Reply(
        say.understood(after, _reached(book, ctx, after, command.to), *until, *_outside(book, ctx, after), *asks),
        changed=True,
        asks=bool(asks),
    )


def _reached(book: Book, ctx: Context, incident: Incident, to: str) -> str:
    """Where an update stands now, and in how many places."""
    count = len(places(book, ctx, incident))
    rooms = "1 room" if count == 1 else f"{count} rooms"
    return f"Posted in {rooms}, and for the status page." if to == "status" else f"Posted in {rooms}."


def _outside(book: Book, ctx: Context, incident: Incident) -> tuple[Block, ...]:
    """What customers know of it: nothing, and when they were told to expect a word."""
    rows, _ = ((), ()) if incident.drill else recipients(book, ctx, (incident,), lambda _customer, _platform: "")
    if not rows:
        return ()
    at = incident.customer_update_at
    said = (" were told to expect our next word at ", say.clock(at, ctx.zone.key), ".") if at is not None else (
        " have not heard from us yet.",)  # fmt: skip
    return (small(counted(rows), *said),)


def can_report(command: CanReport, ctx: Context, book: Book) -> Reply:
    """An update in three parts; what has nothing to say is left out."""
    parts = (("Conditions", command.conditions), ("Actions", command.actions), ("Needs", command.needs))
    said = [f"{name}: {' '.join(words.split())}" for name, words in parts if words.strip()]
    if not said:
        from handlers.forms import form

        n = command.incident or ctx.whence.room
        return Reply(form(OpenForm(f"can {n}" if n else "can", "can"), ctx, book))
    return update(Update(command.incident, "\n".join(said), command.next_in), ctx, book)


def _fit_for_the_page(book: Book, incident: Incident, words: str) -> None:
    """The public page reads no exercise, nothing private, and no mark of the inside."""
    if incident.drill or incident.private:
        what = "a drill: nothing leaves the house" if incident.drill else "private: the public page knows nothing of it"
        raise Refused(f"{incident.name} is {what}. Leave `to status` out to post it in the room. Nothing was posted.")
    fault = leaks(book, words)
    if fault:
        raise Refused(f"Everybody reads the status page. {fault} Nothing was posted.")


def set_role(command: SetRole, ctx: Context, book: Book) -> Reply:
    """Name somebody for a role, here or in every open incident."""
    person = somebody(book, command.person)
    targets = (
        book.search(statuses=OPEN, limit=100, reader=ctx.actor.key)
        if command.everywhere
        else [incident_of(book, ctx, command.incident)]
    )
    if not targets:
        raise Refused("No incident is open. `declare` opens one. Nothing was changed.")
    gone = next((i for i in targets if i.status in ("cancelled", "merged")), None)
    if gone is not None:
        raise Refused(f"{gone.name} is {gone.status}; nobody leads it any more. Nothing was changed.")
    note = f" — {command.note}" if command.note else ""
    last = targets[-1]
    named = handed = 0
    until: datetime | None = None
    for incident in targets:
        must("act", standing(book, ctx, incident))
        if incident.holder(command.role) == person.key:
            if withdraw(book, ctx, incident, command.role, f"keeps it with {person.name}"):
                tell(book, ctx, incident, "role", f"took the hand-over of {command.role} back")
                refresh(book, ctx, incident)
                named += 1
            continue
        if is_handed(command, incident, person, ctx, book):
            offer(book, ctx, incident, command.role, person, command.note)
            last = incident
            handed += 1
            continue
        named += 1
        withdraw(book, ctx, incident, command.role, f"gave it to {person.name}")
        roles = (*((r, p) for r, p in incident.roles if r != command.role), (command.role, person.key))
        after = replace(incident, roles=roles)
        enter(book, ctx, after, person)
        last = changed(
            book,
            ctx,
            incident,
            "role",
            f"named {person.name} {command.role}{note}",
            roles=roles,
        )
        if person.key != ctx.actor.key:
            card = Card(
                say.head(last),
                (
                    line(
                        Mention(ctx.actor.name, ctx.actor.slack, ctx.actor.teams), f" named you {command.role}{note}."
                    ),
                    Buttons(
                        (
                            Button("Show", f"show {last.number}", "primary"),
                            Button("Timeline", f"timeline {last.number}"),
                        )
                    ),
                ),
                say.tone(last),
            )
            key = f"inc-{last.number}/role/{last.revision}"
            until = nudge(book, ctx, person, key, card, PAGE, last.number)
    if handed:
        where = f" in {handed} incidents" if command.everywhere else ""
        holder = book.person(last.holder(command.role))
        stays = f"{holder.name if holder else 'Whoever held it'} stays {command.role} until then."
        words = f"Handed over to {person.name}{where}, who has to say “I have it”. {stays}"
        back = Button("Take it back", f"role {last.number} {command.role} {_mentioned(holder)}")
        rows = (Buttons((back,)),) if holder is not None and not command.everywhere else ()
        return Reply(say.understood(last, words, *rows), changed=True)
    where = f" in {len(targets)} incidents" if command.everywhere else ""
    asleep = () if until is None else (
        small(f"{person.name} has quiet hours and reads of it at ", say.clock(until, ctx.zone.key), "."),)  # fmt: skip
    return Reply(say.understood(last, f"{person.name} is {command.role} now{where}.", *asleep), changed=named > 0)


def _mentioned(person: Person | None) -> str:
    """A person as a button says them."""
    if person is None:
        return ""
    return f"<@{person.slack or person.teams}>" if person.slack or person.teams else f'@"{person.name}"'


def somebody(book: Book, said: str) -> Person:
    """A colleague by what was typed, or a refusal that helps."""
    person = book.person(said)
    if person is None:
        raise Refused(
            f"I do not know “{said}”, or there is more than one. Mention the person (@name), or say the e-mail address."
            " Nothing was changed."
        )
    if not person.colleague:
        raise Refused(f"{person.name} is not a colleague of this house. Nothing was changed.")
    return person


def join(command: Join, ctx: Context, book: Book) -> Reply:
    """Come in: a member, and in Slack invited to the room."""
    incident = incident_of(book, ctx, command.incident)
    must("act", standing(book, ctx, incident))
    if not enter(book, ctx, incident, ctx.actor):
        return Reply(say.understood(incident, "You are in already.", *_way_in(book, incident)))
    tell(book, ctx, incident, "joined", "joined")
    return Reply(say.understood(incident, "You are in.", *_way_in(book, incident)), changed=True)


def _way_in(book: Book, incident: Incident) -> tuple[Block, ...]:
    slack, teams = book.get(Room, incident.number, "slack"), book.get(Room, incident.number, "teams")
    link = RoomLink("Open the room", slack.address if slack else "", teams.link if teams else "")
    return (Line((link,)),) if link.slack or link.teams else ()


def leave(command: Leave, ctx: Context, book: Book) -> Reply:
    """Go out; roles must be handed over first."""
    incident = incident_of(book, ctx, command.incident)
    held = [r for r, p in incident.roles if p == ctx.actor.key]
    if held and incident.open:
        raise Refused(
            f"You are {held[0]} of {incident.name}. Hand that over first: `role {incident.number} {held[0]} @somebody`."
        )
    member = book.get(Member, incident.number, ctx.actor.key)
    if member is None or member.left_at is not None:
        return Reply(say.understood(incident, "You were not in. Nothing was changed."))
    tell(book, ctx, incident, "left", "left")
    go_out(book, ctx, incident, ctx.actor)
    return Reply(say.understood(incident, "You are out: no more pings from it."), changed=True)


def undo(command: Undo, ctx: Context, book: Book) -> Reply:  # noqa: ARG001 - every family has one shape
    """Take back one's own last change within two minutes, as long as nothing left the house."""
    found = book.undo(ctx.actor.key, ctx.now - UNDO_WITHIN)
    if found is None:
        raise Refused("There is nothing of yours to take back: `undo` reaches back two minutes.")
    said, number = found
    was = grammar.read(said, grammar.Reading(ctx.now, ctx.zone))
    instead = _instead(was, number)
    if instead:
        raise Refused(f"{instead} Nothing was taken back.")
    incident = book.get(Incident, number) if number is not None else None
    if isinstance(was, CustomerChannel):
        from handlers import directory  # not at the top: it finds people as this does

        directory.taken_back(was, ctx, book)
    if incident is None:
        return Reply(Card("Undo", (line("Taken back: ", Code(said)),)), changed=True)
    if isinstance(was, RECEIPTS):
        from handlers import packs  # not at the top: packs read apologies, which read facts, which read this

        packs.taken_back(book, ctx, was.customers)
    if isinstance(was, ApologyApprove | ApologySubmit):
        from handlers import receipts

        for apology in book.find(Apology, state=UNSETTLED):
            if incident.number in apology.incidents:
                receipts.align(book, ctx, apology)
    if not isinstance(was, UNSIGNED):
        void_approvals(book, ctx, (incident.number,), f"{ctx.actor.name} took a change back")
    tell(book, ctx, incident, "undo", f"took back: {said}")
    key = f"undone/{incident.revision}-{ctx.now.timestamp():.0f}"
    say_in_rooms(book, ctx, incident, key, say.said(incident, ctx.actor, f"took back: {said}"), PAGE)
    refresh(book, ctx, incident)
    return Reply(say.understood(incident, "Taken back.", line("It was: ", Text(said))), changed=True)


def _instead(was: object, number: int | None) -> str:
    """What to say instead of `undo`, where a change reached further than the record; nothing where it did not."""
    match was:
        case Declare():
            return f"A declaration is not undone but cancelled: `cancel {number} because …`."
        case SetPrivate(on=on):
            return f"Rooms are opening already: `private {number} {'off' if on else 'on'} because …`."
        case Update(to="status"):
            return "The status page has it already: post the next update."
        case ApologyPause():
            return "`apology resume` goes on."
        case ApologyCorrect():
            return "`apology reject because …` drops the correction and keeps what stands."
        case RelayAnswer(question=question):
            return f"Whoever asked has the answer: `relay answer {question} -- …` says what it should be."
        case Cover():
            return "Your colleague was told: `cover @colleague until …` again says whom and until when it should be."
        case _:
            return ""
