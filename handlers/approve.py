"""Approval: two human beings at least, bound to the hash of the exact texts and recipients."""

from dataclasses import replace
from datetime import datetime

from handlers.apologise import Draft, apology_of, current, refreshed, seen
from handlers.book import Book
from handlers.card import Card, Reply, line
from handlers.commands import ApologyApprove, ApologyReject, ApologySubmit
from handlers.context import Context
from handlers.domain.apology import Apology, Approval, Shown, Version
from handlers.domain.errors import Refused
from handlers.domain.incident import Member
from handlers.domain.people import Person
from handlers.domain.permit import must
from handlers.rooms import say_in_rooms, say_to, standing, tell
from handlers.say import apology as say
from handlers.void import void


def needed(book: Book, found: Draft) -> tuple[str, ...]:
    """The signatures this version needs: by the worst current severity, legal where the linter routes it."""
    policy = book.catalog.policy
    worst = policy.worst([i.severity for i in found.incidents])
    routed = any(f.severity == "route" and f.rule not in found.waived for f in found.report.findings)
    legal_named = bool(book.catalog.people_with("legal"))
    if any(w.rule.startswith("W") and w.rule != "W20" for w in found.waivers) and "commander" not in (
        signers := policy.approvals.signers(worst, legal=routed and legal_named)
    ):
        return ("commander", *signers)  # a waived error takes two approvals whatever the severity
    return policy.approvals.signers(worst, legal=routed and legal_named)


def signatures(book: Book, apology: Apology, digest: str) -> list[Approval]:
    """The signatures that count for these exact bytes."""
    return [a for a in book.find(Approval, apology=apology.number) if not a.void and a.digest == digest]


def complete(needs: tuple[str, ...], signed: list[Approval]) -> bool:
    """Every capacity signed, and by different human beings."""
    return set(needs) <= {a.capacity for a in signed} and len({a.person for a in signed}) >= len(needs)


def expires(book: Book, signed: list[Approval]) -> datetime:
    """When the set of signatures stops counting: so long after the last one, by policy."""
    return max(a.at for a in signed) + book.catalog.policy.approvals.expires


def submit(command: ApologySubmit, ctx: Context, book: Book) -> Reply:
    """Ask for approval: refused while a gap blocks or the linter finds an error."""
    found = current(book, ctx, command.apology)
    must("draft", standing(book, ctx, *found.incidents))
    number = found.apology.number
    if found.apology.state != "draft":
        raise Refused(f"A{number} is {found.apology.state} already. `apology show {number}` shows it.")
    if found.blocking:
        names = ", ".join(g.name for g in found.blocking)
        raise Refused(f"These gaps still block A{number}: {names}. `apology fill {number} {found.blocking[0].name} …`.")
    if found.errors:
        rules = ", ".join(dict.fromkeys(f.rule for f in found.errors))  # type: ignore[attr-defined]
        raise Refused(
            f"The linter still finds errors in A{number}: {rules}. `apology lint {number}` shows the way out."
        )
    routed = [f for f in found.report.findings if f.severity == "route" and f.rule not in found.waived]
    if routed and not book.catalog.people_with("legal"):
        raise Refused(
            f"“{routed[0].text}” asks for legal, and the catalog names nobody. Somebody who is not an author gives the "
            f"reason: `apology waive {number} {routed[0].rule} because …`."
        )
    after = replace(found.apology, state="submitted", submitted_by=ctx.actor.key, revision=found.apology.revision + 1)
    book.put(after)
    found = replace(found, apology=after)
    book.put(found.version)
    needs = needed(book, found)
    for incident in found.incidents:
        tell(book, ctx, incident, "apology", f"submitted A{number} version {found.version.number} for approval")
    _show(book, ctx, found, needs)
    return Reply(
        Card(say.title(found), (line(f"Submitted. Needed: {', '.join(needs)}, and nobody signs their own words."),)),
        changed=True,
    )


def _show(book: Book, ctx: Context, found: Draft, needs: tuple[str, ...]) -> None:
    """The preview goes to the rooms and to the missing approvers; that counts as shown."""
    number, lead = found.apology.number, found.incidents[-1]
    signed = signatures(book, found.apology, found.version.digest)
    card = say.submitted(found, needs, signed)
    key = f"apology-{number}/preview/{found.version.number}-{found.version.digest[:8]}"
    say_in_rooms(book, ctx, lead, key, card)
    inside = {m.person for i in found.incidents for m in book.find(Member, incident=i.number) if m.left_at is None}
    holders = {p for i in found.incidents for _, p in i.roles}
    roles = (
        "comms-approver",
        *(("commander",) if "commander" in needs else ()),
        *(("legal",) if "legal" in needs else ()),
    )
    approvers: dict[str, Person] = {p.key: p for r in roles for p in _people(book, r)}
    for person in approvers.values():
        if person.key not in found.version.authors and person.key not in {a.person for a in signed}:
            say_to(book, ctx, person, f"{key}/{person.key}", card, incident=lead.number)
    for key_ in inside | holders | set(approvers):
        book.put(Shown(number, found.version.digest, key_, ctx.now))


def _people(book: Book, role: str) -> list[Person]:
    found = (book.person(p.email or p.name) for p in book.catalog.people_with(role))
    return [p for p in found if p is not None]


def approve(command: ApologyApprove, ctx: Context, book: Book) -> Reply:
    """Sign the version that was shown, in the capacity that is missing and that this person has."""
    apology = apology_of(book, ctx, command.apology)
    stored = book.get(Version, apology.number, apology.version)
    found = refreshed(book, ctx, apology)
    must("draft", standing(book, ctx, *found.incidents))
    number = apology.number
    if apology.state in ("approved", "scheduled"):
        raise Refused(f"A{number} has every signature already.")
    if apology.state != "submitted":
        raise Refused(
            f"A{number} is {apology.state}: there is nothing to approve. `apology submit {number}` asks for it."
        )
    if stored is None or stored.digest != found.version.digest:
        void(book, ctx, apology, "the record, the policy or the recipients changed since it was submitted")
        return Reply(
            Card(
                say.title(found),
                (line("It changed since it was submitted, so it is a draft again. Submit it anew."),),
                "warning",
            ),
            changed=True,
        )
    digest = found.version.digest
    if command.digest and not digest.startswith(command.digest):
        raise Refused("That button belongs to another version. Nothing was signed: `apology show` has the latest.")
    if book.get(Shown, number, digest, ctx.actor.key) is None:
        seen(book, ctx, found)
        return Reply(say.whole(found), changed=True)
    needs = needed(book, found)
    signed = signatures(book, apology, digest)
    capacity = _capacity(book, ctx, found, needs, signed)
    book.put(
        Approval(
            number,
            book.number(f"approvals-{number}"),
            digest,
            ctx.actor.key,
            ctx.actor.name,
            capacity,
            ctx.now,
            ctx.whence.platform,
        )
    )
    signed = signatures(book, apology, digest)
    for incident in found.incidents:
        tell(book, ctx, incident, "apology", f"approved A{number} version {found.version.number} as {capacity}")
    lead = found.incidents[-1]
    preview = f"apology-{number}/preview/{found.version.number}-{digest[:8]}"
    if not complete(needs, signed):
        book.put(replace(apology, revision=apology.revision + 1))
        say_in_rooms(book, ctx, lead, preview, say.submitted(found, needs, signed))
        return Reply(
            Card(say.title(found), (line(f"Signed as {capacity}."), *say.approvals(needs, signed))), changed=True
        )
    after = replace(apology, state="approved", revision=apology.revision + 1)
    book.put(after)
    found = replace(found, apology=after)
    until = expires(book, signed).astimezone(ctx.zone).strftime("%H:%M %Z on %d %B")
    card = say.approved(found, needs, signed, until)
    say_in_rooms(book, ctx, lead, preview, card)
    return Reply(card, changed=True)


def _capacity(book: Book, ctx: Context, found: Draft, needs: tuple[str, ...], signed: list[Approval]) -> str:
    """Which missing signature this person may give; refused with the reason where none."""
    if any(a.person == ctx.actor.key for a in signed):
        raise Refused("You have signed this version already, on one platform or the other: one person, one signature.")
    place = standing(book, ctx, *found.incidents)
    author = ctx.actor.key in found.version.authors
    have = {a.capacity for a in signed}
    may = {
        "commander": place.commander,
        "comms-approver": place.approver and not author,
        "legal": "legal" in ctx.actor.roles,
        "account-manager": "account-manager" in ctx.actor.roles,
    }
    missing = [n for n in needs if n not in have]
    # the rarer right first: whoever can sign the words does, so that the facts stay for the commander
    for capacity in sorted(missing, key=lambda n: n == "commander"):
        others = [n for n in missing if n != capacity]
        alone = capacity == "comms-approver" and "commander" in others and _only_commander(book, ctx, found)
        if may.get(capacity, capacity in ctx.actor.roles) and not alone:
            return capacity
    if may["commander"] and "commander" in missing:
        return "commander"
    if author and "comms-approver" in missing:
        raise Refused(
            "You wrote these words: somebody else signs them, on either platform. Nothing was signed.", audit=True
        )
    raise Refused(f"Still needed: {', '.join(missing)}. That is not you. Nothing was signed.", audit=True)


def _only_commander(book: Book, ctx: Context, found: Draft) -> bool:
    """Whether this person commands these incidents now, while the words are anybody's to approve (a small company)."""
    named = bool(book.catalog.people_with("comms-approver"))
    return not named and any(i.holder("commander") == ctx.actor.key for i in found.incidents)


def reject(command: ApologyReject, ctx: Context, book: Book) -> Reply:
    """Send it back to its drafters with a reason."""
    found = current(book, ctx, command.apology)
    must("draft", standing(book, ctx, *found.incidents))
    number = found.apology.number
    if found.apology.state not in ("draft", "submitted", "approved", "scheduled"):
        raise Refused(f"A{number} is {found.apology.state}: it cannot be rejected. `apology retract` takes it back.")
    place = standing(book, ctx, *found.incidents)
    if not (place.approver or place.commander or found.apology.drafted_by == ctx.actor.key):
        raise Refused("Only the commander, a comms-approver or whoever drafted it rejects it.", audit=True)
    if found.apology.state == "draft" and found.apology.published_at is not None:  # a correction: the old text stands
        earlier = max(
            v.number for v in book.find(Version, apology=number) if v.digest and v.number < found.version.number
        )
        back = replace(found.apology, state="published", version=earlier, revision=found.apology.revision + 1)
        book.put(back)
        words = f"dropped the correction of A{number} because {command.because}"
    elif found.apology.state == "draft":
        book.put(replace(found.apology, state="dropped", revision=found.apology.revision + 1))
        words = f"dropped the draft A{number} because {command.because}"
    else:
        void(book, ctx, found.apology, f"{ctx.actor.name} sent it back: {command.because}")
        words = f"sent A{number} back because {command.because}"
    for incident in found.incidents:
        tell(book, ctx, incident, "apology", words)
    return Reply(Card(say.title(found), (line(f"You {words}."),)), changed=True)
