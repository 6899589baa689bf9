"""Approval: two human beings at least, bound to the hash of the exact texts and recipients."""

import re
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import datetime
from fractions import Fraction

from handlers import credit, receipts
from handlers.accounts import is_manager
from handlers.apologise import READY, Draft, apology_of, current, leave, refreshed, seen, unseen, waived_errors
from handlers.book import Book
from handlers.card import Block, Card, Reply, line
from handlers.commands import ApologyApprove, ApologyReject, ApologySubmit
from handlers.context import Context
from handlers.customers import customer_posts
from handlers.domain.apology import Apology, Approval, Shown, Version
from handlers.domain.catalog import Customer
from handlers.domain.compose import Gap
from handlers.domain.compose.gaps import is_amount
from handlers.domain.delivery import PAGE, Post
from handlers.domain.errors import Refused
from handlers.domain.facts import Fact
from handlers.domain.incident import Member
from handlers.domain.people import Person
from handlers.domain.permit import Standing, must
from handlers.rooms import may_see, say_in_rooms, say_to, standing, tell
from handlers.say import apology as say
from handlers.void import UNSETTLED, void

_PERCENT = re.compile(r"(\d{1,3}(?:[.,]\d{1,4})?)\s*(?:%|per ?cent\b)", re.IGNORECASE)
_DELICATE = re.compile(
    r"\bpersonal(?:ly identifiable)? (?:data|information|details)\b|\bregulators?\b|\bregulatory (?:authorit|bod)"
    r"|\b(?:supervisory|data protection|competition|financial (?:conduct|services)) authorit"
    r"|\b(?:information|privacy|data protection) commissioner|\b(?:the police|law enforcement|prosecutors?)\b"
    r"|\b(?:GDPR|CCPA|HIPAA|DORA|NIS ?2)\b",
    re.IGNORECASE,
)
_COMPANY = r"(?:vendor|supplier|provider|partner|carrier|contractor|registrar|subcontractor|manufacturer)s?"
_THIRD_PARTY = re.compile(
    rf"\b(?:[Oo]ur|[Oo]f our|[Aa]|[Tt]he) (?:[a-z-]+ ){{0,3}}{_COMPANY},? [A-Z][\w&.-]+"
    rf"|\b[A-Z][\w&.-]+(?: [A-Z][\w&.-]+){{0,3}}, (?:our|a|the) (?:[a-z-]+ ){{0,3}}{_COMPANY}\b"
)
"""A company beside its part: "our network provider Contoso", "Contoso, our network provider"."""
MANAGER_OF = "account-manager of "
"""How the signature of a customer's own account manager is called; the customers' names follow."""


def needed(book: Book, ctx: Context, found: Draft) -> tuple[str, ...]:
    """The signatures this version needs.

    By the worst current severity; legal where the linter routes it and somebody is named; a waived error takes two
    whatever the severity; a customer's own fact takes that customer's account manager.
    """
    policy = book.catalog.policy
    worst = policy.worst([i.severity for i in found.incidents])
    routed = any(f.severity == "route" and f.rule not in found.waived for f in found.report.findings)
    routed = routed or _security(book, found) or _beyond_contract(book, found) or _names_others(found)
    signers = policy.approvals.signers(worst, legal=routed and bool(book.catalog.people_with("legal")))
    if "commander" not in signers and waived_errors(book, ctx, found):
        signers = ("commander", *signers)
    return (*signers, *managers_needed(book, found))


def _security(book: Book, found: Draft) -> bool:
    """Whether the record speaks of a security matter: legal reads what is said of it."""
    facts = [f for i in found.incidents for f in book.find(Fact, incident=i.number, state="live", kind="security")]
    return any(f.value.strip().lower() not in ("none", "no") for f in facts)


def _names_others(found: Draft) -> bool:
    """Whether the words speak of personal data, of an authority, or name a third party (apology.md, section 5)."""
    texts = {text for _, text in found.version.texts} | {r.text for r in found.version.recipients}
    return any(_DELICATE.search(text) or _THIRD_PARTY.search(text) for text in texts)


def _beyond_contract(book: Book, found: Draft) -> bool:
    """Whether a customer is promised more than their contract's highest credit, or a sum it does not name."""
    told = {r.customer for r in found.version.recipients}
    facts = [f for i in found.incidents for f in book.find(Fact, incident=i.number, state="live", kind="remedy")]
    for fact in facts:
        customer = book.catalog.customer(fact.customer) if fact.customer in told else None
        if customer is None or not is_amount(fact.value):
            continue
        tiers = customer.contract.credits if customer.contract is not None else ()
        most = max((tier.percent for tier in tiers), default=Fraction(0))
        percents = [Fraction(p.replace(",", ".")) for p in _PERCENT.findall(fact.value)]
        if not percents or max(percents) > most:
            return True
    return False


def managers_needed(book: Book, found: Draft) -> dict[str, tuple[Customer, ...]]:
    """The account managers whose customers read a fact of their own: the name of the signature, and the customers."""
    told = {r.customer for r in found.version.recipients}
    facts = [f for i in found.incidents for f in book.find(Fact, incident=i.number, state="live")]
    own = {f.customer for f in facts if f.visibility == "customer" and f.customer in told}
    managed: dict[str, list[Customer]] = {}
    for key in sorted(own):
        customer = book.catalog.customer(key)
        if customer is not None:
            managed.setdefault(customer.account_manager.casefold(), []).append(customer)
    return {MANAGER_OF + ", ".join(c.name for c in customers): tuple(customers) for customers in managed.values()}


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
        rules = ", ".join(dict.fromkeys(f.rule for f in found.errors))
        raise Refused(
            f"The linter still finds errors in A{number}: {rules}. `apology lint {number}` shows the way out."
        )
    if command.because and found.warnings:
        for named in dict.fromkeys(w.name if isinstance(w, Gap) else w.rule for w in found.warnings):
            leave(book, ctx, found, named, command.because)
        found = current(book, ctx, number)
    if found.warnings and book.catalog.policy.approvals.reasons:
        names = ", ".join(dict.fromkeys(w.name if isinstance(w, Gap) else w.rule for w in found.warnings))
        raise Refused(
            f"These warnings have no reason yet: {names}. `apology submit {number} because …` gives one for all, "
            f"`apology lint {number}` shows them. Nothing was submitted."
        )
    routed = [f for f in found.report.findings if f.severity == "route" and f.rule not in found.waived]
    if routed and not book.catalog.people_with("legal"):
        raise Refused(
            f"“{routed[0].text}” asks for legal, and the catalog names nobody. Somebody who is not an author gives the "
            f"reason: `apology waive {number} {routed[0].rule} because …`."
        )
    early = next((i for i in found.incidents if i.status not in READY), None)
    if early is not None:
        raise Refused(
            f"{early.name} is {early.status} again. An apology goes out once it is monitoring or resolved; until then "
            f"`holding {early.number}` tells customers what is known."
        )
    after = replace(found.apology, state="submitted", submitted_by=ctx.actor.key, revision=found.apology.revision + 1)
    book.put(after)
    found = replace(found, apology=after, version=replace(found.version, submitted_at=ctx.now))
    book.put(found.version)
    unmanaged = [c.name for cs in managers_needed(book, found).values() for c in cs if not c.account_manager]
    if unmanaged:
        raise Refused(
            f"{unmanaged[0]} reads a fact of its own, and no account manager is named in the catalog to sign it. Name "
            "one, or drop that fact. Nothing was changed."
        )
    needs = needed(book, ctx, found)
    for incident in found.incidents:
        tell(book, ctx, incident, "apology", f"submitted A{number} version {found.version.number} for approval")
    receipts.prepare(book, ctx, found)
    blind = _show(book, ctx, found, needs)
    words = [line(f"Submitted. Needed: {', '.join(needs)}, and nobody signs their own words.")]
    if blind:
        words.append(
            line(
                f"It is private, and {', '.join(p.name for p in blind)} cannot see it. Give them a role in "
                f"{found.incidents[-1].name} if they should sign."
            )
        )
    return Reply(Card(say.title(found), tuple(words)), changed=True)


def _show(book: Book, ctx: Context, found: Draft, needs: tuple[str, ...]) -> list[Person]:
    """The preview goes to the rooms and to the missing approvers; that counts as shown. Returns who may not see it."""
    number, lead = found.apology.number, found.incidents[-1]
    signed = signatures(book, found.apology, found.version.digest)
    made = say.everything(found)
    whole, before, again = _cards(book, ctx, found, made, needs, signed)
    card, knew, parts = again or whole, _knew(book, before), say.following(found, made)
    root = f"apology-{number}/preview/{_bytes(found)}"
    say_in_rooms(book, ctx, lead, root, card)
    for part, below in enumerate(() if again else parts, 2):
        say_in_rooms(book, ctx, lead, f"{root}/{part}", below, under=root)
    inside = {m.person for i in found.incidents for m in book.find(Member, incident=i.number) if m.left_at is None}
    holders = {p for i in found.incidents for _, p in i.roles}
    asked = ("comms-approver", *(r for r in needs if r in ("commander", "legal")))
    approvers: dict[str, Person] = {p.key: p for r in asked for p in _people(book, r)}
    for customers in managers_needed(book, found).values():
        manager = book.person(customers[0].account_manager)
        if manager is not None:
            approvers[manager.key] = manager
    blind = [p for p in approvers.values() if not all(may_see(book, p, i) for i in found.incidents)]
    for person in blind:
        del approvers[person.key]
    theirs = _managers_alone(book, found, needs)
    for person in approvers.values():
        if person.key not in found.version.authors and person.key not in {a.person for a in signed}:
            own, mine = card if person.key in knew else whole, f"{_own(found)}{person.key}"
            below_it = parts if own is whole else []
            if person.key in theirs:
                made_for = say.everything(found, theirs[person.key])
                own, below_it = say.submitted(found, made_for, needs, signed), say.following(found, made_for)
            say_to(book, ctx, person, mine, own, incident=lead.number)
            for part, below in enumerate(below_it, 2):
                say_to(book, ctx, person, f"part-{part}-of-{mine}", below, incident=lead.number, under=mine)
    told = set(approvers) | ((inside | holders) if before is None else (inside | holders) & knew)
    for key_ in told if 1 + len(parts) == len(made) else ():
        # the difference shows the bytes only to whoever was shown what it differs from
        book.put(Shown(number, found.version.digest, key_, ctx.now))
    return blind


def _managers_alone(book: Book, found: Draft, needs: tuple[str, ...]) -> dict[str, frozenset[str]]:
    """Who is asked only as somebody's account manager, and for which customers: they read those customers' words."""
    roles = ("comms-approver", *(r for r in needs if r in ("commander", "legal")))
    others = {p.key for r in roles for p in _people(book, r)} | {p for i in found.incidents for _, p in i.roles}
    theirs: dict[str, frozenset[str]] = {}
    for customers in managers_needed(book, found).values():
        manager = book.person(customers[0].account_manager)
        if manager is not None and manager.key not in others:
            theirs[manager.key] = frozenset(c.key for c in customers)
    return theirs


def _cards(
    book: Book, ctx: Context, found: Draft, made: list[list[Block]], needs: tuple[str, ...], signed: list[Approval]
) -> tuple[Card, Version | None, Card | None]:
    """The preview, the version asked about before, and for those who were shown that one the difference alone."""
    whole, before = say.submitted(found, made, needs, signed), asked_before(book, found)
    again = say.submitted_again(found, before, needs, signed) if before is not None else None
    exposure = credit.exposure_line(book, ctx, found.incidents, f"credit A{found.apology.number}")
    whole, again = credit.beside(whole, exposure), credit.beside(again, exposure) if again is not None else None
    return whole, before if again is not None else None, again


def asked_before(book: Book, found: Draft) -> Version | None:
    """The version people were asked to sign before this one, if one."""
    earlier = [v for v in book.find(Version, apology=found.apology.number) if v.number < found.version.number]
    return next((v for v in reversed(earlier) if v.submitted_at is not None), None)


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
        raise Refused(f"A{number} has every signature already. `apology publish {number}` sends it.")
    if apology.state != "submitted":
        way = f" `apology submit {number}` asks for it." if apology.state == "draft" else ""
        raise Refused(f"A{number} is {apology.state}: there is nothing to approve.{way} Nothing was signed.")
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
    needs = needed(book, ctx, found)
    signed = signatures(book, apology, digest)
    capacity = _capacity(book, ctx, found, needs, signed)
    if (part := unseen(book, ctx, found)) is not None:
        seen(book, ctx, found, part)
        return Reply(say.whole(found, part))
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
    if not complete(needs, signed):
        book.put(replace(apology, revision=apology.revision + 1))
        whole, before, again = _cards(book, ctx, found, say.everything(found), needs, signed)
        preview(book, ctx, found, again or whole, whole, _knew(book, before))
        for key_, customers in _managers_alone(book, found, needs).items():
            own = say.submitted(found, say.everything(found, customers), needs, signed)
            for shown in book.posts(f"{_own(found)}{key_}@"):
                book.send(Post(shown.key, shown.place, card=own, rank=PAGE, incident=found.incidents[-1].number))
        missing = ", ".join(n for n in needs if n not in {a.capacity for a in signed})
        return Reply(
            Card(say.title(found), (line(f"Signed as {capacity}. Still needed: {missing}."),), "good"), changed=True
        )
    after = replace(apology, state="approved", revision=apology.revision + 1)
    book.put(after)
    receipts.align(book, ctx, after)
    found = replace(found, apology=after)
    until = expires(book, signed).astimezone(ctx.zone).strftime("%H:%M %Z on %d %B")
    card = say.approved(found, needs, signed, until)
    preview(book, ctx, found, card)
    if ctx.whence.personal and book.posts(f"{_own(found)}{ctx.actor.key}@"):  # the card above has just changed to this
        words = f"Signed as {capacity}, the last signature. Press Publish above, or say `apology publish {number}`."
        return Reply(Card(say.title(found), (line(words),), "good"), changed=True)
    return Reply(card, changed=True)


def _knew(book: Book, before: Version | None) -> set[str]:
    """Who was shown the version asked about before: to them the difference says everything."""
    if before is None:
        return set()
    return {s.person for s in book.find(Shown, apology=before.apology, digest=before.digest)}


def preview(
    book: Book, ctx: Context, found: Draft, card: Card, whole: Card | None = None, knew: AbstractSet[str] = frozenset()
) -> None:
    """Redraw the preview of this version wherever it was shown: in the rooms, and in the approvers' own chats.

    `whole`, where it is given, is for the chats of those who are not among `knew`.
    """
    lead = found.incidents[-1]
    say_in_rooms(book, ctx, lead, f"apology-{found.apology.number}/preview/{_bytes(found)}", card)
    for shown in book.posts(_own(found)):
        person = shown.key.removeprefix(_own(found)).rpartition("@")[0]
        own = card if whole is None or person in knew else whole
        book.send(Post(shown.key, shown.place, card=own, rank=PAGE, incident=lead.number))


def _bytes(found: Draft) -> str:
    """What a preview shows, in its key: another text is another message."""
    return f"{found.version.number}-{found.version.digest[:8]}"


def _own(found: Draft) -> str:
    """The key of the previews in the approvers' own chats, up to the person."""
    return f"preview-{found.apology.number}/{_bytes(found)}/"


def _capacity(book: Book, ctx: Context, found: Draft, needs: tuple[str, ...], signed: list[Approval]) -> str:
    """Which missing signature this person may give; refused with the reason where none."""
    if any(a.person == ctx.actor.key for a in signed):
        raise Refused("You have signed this version already, on one platform or the other: one person, one signature.")
    author = ctx.actor.key in found.version.authors
    place = standing(book, ctx, *found.incidents, author=author)
    have = {a.capacity for a in signed}
    may = {
        "commander": place.commander,
        "comms-approver": place.approver and not author,
        "legal": "legal" in ctx.actor.roles and not author,
    }
    for name, customers in managers_needed(book, found).items():
        may[name] = not author and all(is_manager(ctx.actor, c) for c in customers)  # a cover does not sign
    missing = [n for n in needs if n not in have]
    # the rarer right first: whoever can sign the words does, so that the facts stay for the commander
    for capacity in sorted(missing, key=lambda n: n == "commander"):
        others = [n for n in missing if n != capacity]
        alone = capacity == "comms-approver" and "commander" in others and _only_commander(book, ctx, found)
        if may.get(capacity, capacity in ctx.actor.roles and not author) and not alone:
            return capacity
    if may["commander"] and "commander" in missing:
        return "commander"
    if author:
        raise Refused(
            "You wrote these words: somebody else signs them, on either platform. Nothing was signed.", audit=True
        )
    raise Refused(f"Still needed: {', '.join(missing)}. That is not you. Nothing was signed.", audit=True)


def _only_commander(book: Book, ctx: Context, found: Draft) -> bool:
    """Whether this person commands these incidents now, while the words are anybody's to approve (a small company)."""
    named = bool(book.catalog.people_with("comms-approver"))
    return not named and any(i.holder("commander") == ctx.actor.key for i in found.incidents)


def reject(command: ApologyReject, ctx: Context, book: Book) -> Reply:
    """Send it back to its drafters with a reason; a draft is dropped, a correction leaves what stands."""
    found = current(book, ctx, command.apology)
    number = found.apology.number
    if found.apology.state not in UNSETTLED:
        raise Refused(f"A{number} is {found.apology.state}: it cannot be rejected. `apology retract` takes it back.")
    place = standing(book, ctx, *found.incidents)
    author = ctx.actor.key in found.version.authors or found.apology.drafted_by == ctx.actor.key
    signs = _could_sign(book, ctx, place, needed(book, ctx, found))
    if not (author or signs or (found.apology.state == "draft" and place.commander)):
        raise Refused(
            "Only whoever is asked to sign it, or wrote it, rejects it. `apology suggest` offers other words. Nothing "
            "was changed.",
            audit=True,
        )
    if found.apology.state == "draft" and found.apology.published_at is not None:  # a correction: the old text stands
        words = f"dropped the correction of A{number} because {command.because}"
        _restore(book, found.apology)
    elif found.apology.state == "draft":
        book.put(replace(found.apology, state="dropped", revision=found.apology.revision + 1))
        words = f"dropped the draft A{number} because {command.because}"
    else:
        void(book, ctx, found.apology, f"{ctx.actor.name} sent it back: {command.because}")
        words = f"sent A{number} back because {command.because}"
    for incident in found.incidents:
        tell(book, ctx, incident, "apology", words)
    return Reply(Card(say.title(found), (line(f"You {words}."),)), changed=True)


def _could_sign(book: Book, ctx: Context, place: Standing, needs: tuple[str, ...]) -> bool:
    """Whether this person is one of those who are asked to sign."""
    if "commander" in needs and place.commander:
        return True
    managed = any(is_manager(ctx.actor, c) for c in book.catalog.customers if any(c.name in n for n in needs))
    return place.approver or managed or bool(ctx.actor.roles & set(needs))


def _restore(book: Book, apology: Apology) -> None:
    """Go back to the version customers read; what of it never left waits for `apology resume`."""
    assert apology.published_at is not None
    stood = [
        v.number
        for v in book.find(Version, apology=apology.number)
        if v.made_at is not None and v.made_at <= apology.published_at
    ]
    waiting = any(p.due is None and not p.settled for p in customer_posts(book, f"apology-{apology.number}"))
    state = "paused" if waiting else "published"
    book.put(replace(apology, state=state, version=max(stood), revision=apology.revision + 1))
