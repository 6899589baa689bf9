"""The apology: drafting from the record, closing gaps, editing the words around the facts."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta

from handlers.book import Book
from handlers.card import Button, Buttons, Card, Quote, Reply, line, small
from handlers.commands import (
    ApologyDraft,
    ApologyEdit,
    ApologyFill,
    ApologyLint,
    ApologyMend,
    ApologyShow,
    ApologySuggest,
    ApologyWaive,
    ApologyWhy,
    OpenForm,
)
from handlers.context import Context
from handlers.customers import customer_of_post, customer_posts, digest_of, recipients
from handlers.domain.apology import VARIANTS, Apology, Promise, Recipient, Shown, Suggestion, Version, Waiver
from handlers.domain.catalog import Customer
from handlers.domain.compose import (
    PUBLIC,
    Audience,
    Composed,
    Gap,
    Source,
    carried_over,
    compose,
    compose_closure,
    compose_holding,
    fact_id,
    gaps,
    leaves_nothing_open,
)
from handlers.domain.errors import Refused
from handlers.domain.facts import KINDS, Fact
from handlers.domain.incident import Incident, Recurrence, Task
from handlers.domain.letter import LETTERS, words_of
from handlers.domain.lint import Finding, Report, lint, lint_subject, lint_variant, lint_variants, record_view
from handlers.domain.permit import must
from handlers.domain.when import parse_due
from handlers.facts import check_fact, read_due, write_fact
from handlers.letters import addressed
from handlers.rooms import incident_of, sees, standing, tell
from handlers.say import apology as say
from handlers.void import UNSETTLED, void

LONGEST_TEXT = 12000
"""Characters of an edited text; the full variant is limited to 350 words long before."""
LIVING = (*UNSETTLED, "publishing", "paused", "published")
READY = ("monitoring", "resolved")
"""An apology covers incidents whose impact is over, or is watched to be."""
CORRECTED = "Corrected "
"""How the words that name a correction begin."""


@dataclass(frozen=True, slots=True)
class Draft:
    """An apology with its current version, what is missing, what the linter finds, who would get it."""

    apology: Apology
    version: Version
    incidents: tuple[Incident, ...]
    gaps: tuple[Gap, ...]
    report: Report
    waivers: tuple[Waiver, ...]
    composed: Composed
    by_hand: tuple[str, ...]
    promised: tuple[Promise, ...] = ()  # to the same customers, in earlier apologies

    @property
    def blocking(self) -> tuple[Gap, ...]:
        """Gaps that stop it."""
        return tuple(g for g in self.gaps if g.blocks)

    @property
    def drill(self) -> bool:
        """Whether it is an exercise: nothing leaves the house."""
        return any(i.drill for i in self.incidents)

    @property
    def correction(self) -> str:
        """The words that name what this version corrects; nothing if it corrects none."""
        return self.version.because if self.version.because.startswith(CORRECTED) else ""

    @property
    def waived(self) -> frozenset[str]:
        """Names of gaps and rules left as they are."""
        return frozenset(w.rule for w in self.waivers)

    @property
    def warnings(self) -> tuple[Gap | Finding, ...]:
        """Gaps and findings that need a reason, and have none yet."""
        left: list[Gap | Finding] = [g for g in self.gaps if not g.blocks and g.name not in self.waived]
        left += [f for f in self.report.findings if f.severity == "warning" and f.rule not in self.waived]
        return tuple(left)

    @property
    def errors(self) -> list[Finding]:
        """Findings that stop it."""
        return [f for f in self.report.findings if f.severity == "error" and f.rule not in self.waived]


def source_of(
    book: Book,
    ctx: Context,
    incidents: Sequence[Incident],
    signatory: str = "",
    waived: frozenset[str] = frozenset(),
    follows: int = 0,
) -> Source:
    """All the composer may look at, read from the record; for a follow-up without the dates it is the answer to."""
    numbers = tuple(i.number for i in incidents)
    links = [r for r in book.find(Recurrence) if not r.gone and (r.incident in numbers or r.earlier in numbers)]
    others = sorted({n for r in links for n in (r.incident, r.earlier)} - set(numbers))
    facts = [f for n in (*numbers, *others) for f in book.find(Fact, incident=n) if f.state == "live"]
    tasks = [t for n in numbers for t in book.find(Task, incident=n)]
    if follows:
        facts = [f for f in facts if not answered_by(book, follows, f)]
    return Source(
        incidents=tuple(incidents),
        facts=tuple(facts),
        tasks=tuple(tasks),
        recurrences=tuple(links),
        signatory=signatory,
        services={s.key: s.name for s in book.catalog.services},
        regions={r.key: r.name for r in book.catalog.regions},
        part_of={s.key: s.part_of for s in book.catalog.services if s.part_of},
        waived=waived,
        publication=ctx.now,
        house_zone=ctx.zone.key,
        linked=tuple(i for n in others if (i := book.get(Incident, n)) is not None),
        promises=tuple(book.find(Promise)),
        follows=follows,
    )


def answered_by(book: Book, follows: int, fact: Fact) -> bool:
    """Whether a fact is a date that apology `follows` named, and that a follow-up is the answer to."""
    dated = fact.kind == "next-report" or (fact.kind == "remedy" and "decision by" in fact.value.casefold())
    earlier = book.get(Apology, follows) if dated and follows else None
    return earlier is not None and earlier.published_at is not None and fact.recorded_at <= earlier.published_at


def gaps_of(book: Book, ctx: Context, incidents: Sequence[Incident]) -> tuple[Gap, ...]:
    """What is missing before customers can be told."""
    return tuple(gaps(source_of(book, ctx, incidents)))


def holding_text(book: Book, ctx: Context, incident: Incident, next_update: datetime) -> str:
    """The holding statement from the record; it names the time of the next update (UTC)."""
    composed = compose_holding(source_of(book, ctx, (incident,)), next_update=next_update)
    return str(composed)


def closure_text(book: Book, ctx: Context, incident: Incident) -> tuple[str, list[str]]:
    """The closing update from the record, and what the linter has against it: what the record does not say yet."""
    source = source_of(book, ctx, (incident,))
    text = str(compose_closure(source))
    report = lint(text, "closure", record_view(source, PUBLIC, book.catalog))
    return text, list(dict.fromkeys(f.message for f in report.findings if f.severity == "error"))


def apology_of(book: Book, ctx: Context, number: int | None, states: tuple[str, ...] = LIVING) -> Apology:
    """The apology meant: by number, by the room's incident, or the only one there is."""
    if number is not None:
        found = book.get(Apology, number)
        if found is None or not _visible(book, ctx, found):
            raise Refused(f"There is no apology A{number}. `apology draft N` makes one.")
        return found
    candidates = [a for a in book.find(Apology, state=states) if _visible(book, ctx, a)]
    if ctx.whence.room is not None:
        here = [a for a in candidates if ctx.whence.room in a.incidents]
        candidates = here or candidates
    open_ones = [a for a in candidates if a.state in UNSETTLED]
    if len(open_ones) == 1:
        return open_ones[0]
    if len(candidates) == 1:
        return candidates[0]
    if not candidates:
        raise Refused("There is no apology yet. `apology draft N` makes one from the record of INC-N.")
    names = ", ".join(f"A{a.number} (INC-{', INC-'.join(map(str, a.incidents))})" for a in candidates)
    raise Refused(f"Which apology? Say its number: {names}.")


def _visible(book: Book, ctx: Context, apology: Apology) -> bool:
    return sees(book, ctx, *apology.incidents)


def draft(command: ApologyDraft, ctx: Context, book: Book) -> Reply:
    """Compose the apology for these incidents. Drafting again makes a new version of the same apology."""
    wanted = command.incidents or ((ctx.whence.room,) if ctx.whence.room else ())
    incidents = tuple(incident_of(book, ctx, n) for n in wanted) or (incident_of(book, ctx, None),)
    must("draft", standing(book, ctx, *incidents))
    for incident in incidents:
        if incident.status not in READY:
            raise Refused(
                f"{incident.name} is {incident.status}. An apology is drafted once it is monitoring or resolved; "
                f"until then `holding {incident.number}` tells customers what is known."
            )
    _alike(incidents)
    numbers = tuple(sorted({i.number for i in incidents}))
    for known in book.find(Apology, state=LIVING):
        if known.incidents == numbers and not known.follows:
            if known.state not in UNSETTLED:
                raise Refused(
                    f"A{known.number} was {known.state} for these incidents: "
                    f"`apology correct {known.number} because …` makes a new version."
                )
            if command.signatory and command.signatory != known.signatory:
                return _signed_by(book, ctx, known, command.signatory)
            return Reply(say.draft(refreshed(book, ctx, known)), changed=True)
        if known.state in UNSETTLED and set(known.incidents) & set(numbers):
            names = ", INC-".join(map(str, known.incidents))
            raise Refused(
                f"A{known.number} (INC-{names}) is open and covers some of these. Reject it first, then draft them all "
                f"together: `apology reject {known.number} because …`."
            )
    number = book.number("apologies")
    apology = Apology(number, numbers, "draft", 0, ctx.actor.key, ctx.now, signatory=command.signatory)
    book.put(apology)
    for incident in incidents:
        tell(book, ctx, incident, "apology", f"drafted apology A{number}")
    return Reply(say.draft(refreshed(book, ctx, apology)), changed=True)


def _over(ctx: Context, waiver: Waiver) -> bool:
    """Whether a waiver's own date has passed."""
    if not waiver.until:
        return False
    due = parse_due(waiver.until, waiver.at, ctx.zone)
    end = due.at or datetime.combine(due.day + timedelta(days=1), time(), UTC)  # a day ends at midnight UTC
    return end <= ctx.now


def void_waivers(book: Book, apology: Apology) -> int:
    """New words, new judgement: what was waived in the old ones is waived again or mended. Returns how many."""
    waivers = [w for w in book.find(Waiver, apology=apology.number) if not w.void]
    for waiver in waivers:
        book.put(replace(waiver, void=True))
    return len(waivers)


def _signed_by(book: Book, ctx: Context, apology: Apology, signatory: str) -> Reply:
    """Another name under the same apology: the words change, so the signatures are void."""
    after = replace(void(book, ctx, apology, "another name signs it"), signatory=signatory)
    book.put(after)
    _authored(book, ctx, refreshed(book, ctx, after))
    return Reply(say.draft(refreshed(book, ctx, after)), changed=True)


def _alike(incidents: Sequence[Incident]) -> None:
    """One text has one circle of readers inside the house, and either leaves it or does not."""
    for what, some in (("private", [i.private for i in incidents]), ("a drill", [i.drill for i in incidents])):
        if any(some) and not all(some):
            odd = next(i for i, yes in zip(incidents, some, strict=True) if yes)
            raise Refused(f"{odd.name} is {what} and the others are not: draft them apart. Nothing was changed.")


def next_version(book: Book, apology: Apology) -> int:
    """The number of a new version: none is ever used twice, whatever was dropped on the way."""
    return 1 + max((v.number for v in book.find(Version, apology=apology.number)), default=0)


def refreshed(book: Book, ctx: Context, apology: Apology) -> Draft:
    """The draft as the record stands now: composed anew where nobody edited the words, checked where somebody did."""
    incidents = tuple(i for n in apology.incidents if (i := book.get(Incident, n)) is not None)
    waivers = tuple(w for w in book.find(Waiver, apology=apology.number) if not w.void and not _over(ctx, w))
    source = source_of(book, ctx, incidents, apology.signatory, frozenset(w.rule for w in waivers), apology.follows)
    public = compose(source, Audience(None))
    version = book.get(Version, apology.number, apology.version) if apology.version else None
    rows, by_hand = _rows(book, ctx, source, apology, incidents, public, version)
    texts = tuple((v, public.text(v)) for v in VARIANTS)
    stale = version is not None and version.facts_hash != public.facts_hash
    if version is not None and version.edited and not stale:
        texts = version.texts
    fresh = Version(
        apology.number,
        apology.version or 1,
        texts,
        public.facts_hash,
        digest_of(rows, *(t for _, t in texts), *by_hand, *(f"{w.rule}: {w.because}" for w in waivers)),
        rows,
        version.authors if version else (apology.drafted_by,),
        bool(version and version.edited and not stale),
        version.made_at if version else ctx.now,
        version.because if version else "",
        version.submitted_at if version else None,
    )
    if version is None:
        apology = replace(apology, version=1)
        book.put(apology)
        book.put(fresh)
    elif fresh != version and apology.state == "draft":
        submitted = version.submitted_at is not None and fresh.digest != version.digest
        if submitted or (
            version.edited and stale
        ):  # edited words, and what people were asked to sign, stay as they are
            apology = replace(apology, version=next_version(book, apology))
            why = "it changed after it was submitted" if submitted else "the record changed after the edit"
            because = fresh.because if fresh.because.startswith(CORRECTED) else why
            fresh = replace(fresh, number=apology.version, made_at=ctx.now, because=because, submitted_at=None)
            book.put(apology)
        book.put(fresh)
    missing = tuple(gaps(source))
    report = _linted(book, source, fresh, missing)
    told = {r.customer for r in rows}
    promised = tuple(p for p in source.promises if p.apology != apology.number and not told.isdisjoint(p.customers))
    return Draft(apology, fresh, incidents, missing, report, waivers, public, by_hand, promised)


def _linted(book: Book, source: Source, version: Version, missing: Sequence[Gap]) -> Report:
    """What the linter finds in every text that may leave: the variants, and each customer's own words.

    An open gap speaks for itself: findings that only repeat it are left out.
    """
    catalog = book.catalog
    view = record_view(source, PUBLIC, catalog)
    found = list(lint(version.text("full"), "apology", view).findings)
    for variant, report in lint_variants(dict(version.texts), view).items():
        if variant != "full":
            found += report.findings
    for text, (customer, platform) in {r.text: (r.customer, r.platform) for r in version.recipients}.items():
        reader = catalog.customer(customer)
        words = words_of(platform, text)
        found += lint_subject(text) if platform in LETTERS else ()
        if reader is not None:
            audience = Audience(reader.key, reader.timezone, reader.english)
            found += lint_variant(words, "apology", record_view(source, audience, catalog)).findings
    silent = {g.rule for g in missing} | ({"W19"} if any(g.blocks for g in missing) else set())
    silent |= {"F12"} if leaves_nothing_open(source) else set()
    seen: dict[tuple[str, str], Finding] = {}
    for finding in found:
        if finding.rule not in silent:
            seen.setdefault((finding.rule, finding.text), finding)
    return Report(tuple(seen.values()))


def waived_errors(book: Book, ctx: Context, found: Draft) -> frozenset[str]:
    """Rules and gaps that were waived although they would stop it: these take two approvals at any severity."""
    if not found.waivers:
        return frozenset()
    source = source_of(book, ctx, found.incidents, found.apology.signatory, follows=found.apology.follows)
    missing = gaps(source)
    stopping = {f.rule for f in _linted(book, source, found.version, missing).findings if f.severity == "error"}
    return found.waived & (stopping | {g.name for g in missing if g.blocks})


def _rows(
    book: Book,
    ctx: Context,
    source: Source,
    apology: Apology,
    incidents: Sequence[Incident],
    public: Composed,
    version: Version | None,
) -> tuple[tuple[Recipient, ...], tuple[str, ...]]:
    """The customers' channels with each one's own words, in their zone and English: the chat text, or the long one.

    Once it was published, whoever may be reading the old words gets the new ones in that very place, also where they
    are no longer affected, and is told what was corrected.
    """
    if any(i.drill for i in incidents):
        return (), ()
    stands = [p for p in customer_posts(book, f"apology-{apology.number}") if p.shown]
    readers = {customer_of_post(p): book.catalog.customer(customer_of_post(p)) for p in stands}
    edited = version is not None and version.edited and version.facts_hash == public.facts_hash
    made: dict[tuple[str | None, str, str], Composed] = {}
    note = version.because if version is not None and version.because.startswith(CORRECTED) else ""
    personal = {f.customer for f in source.facts if f.visibility == "customer"}

    written: dict[tuple[str | None, str, str, str, str], str] = {}

    def words_for(customer: Customer | None, platform: str, corrected: str = "") -> str:
        key, zone, english = (customer.key, customer.timezone, customer.english) if customer else ("", "", "")
        who = key if key in personal else None
        if (who, zone, english, platform, corrected) not in written:
            if (who, zone, english) not in made:
                made[who, zone, english] = compose(source, Audience(who, zone, english)) if customer else public
            own, variant = made[who, zone, english], "full" if platform in LETTERS else "chat"
            words = (
                carried_over(version.text(variant), public, own, variant) if edited and version else own.text(variant)
            )
            words = f"{words}\n\n{corrected}" if corrected else words
            kind = "follow-up" if apology.follows else "apology"
            written[who, zone, english, platform, corrected] = addressed(
                platform, kind, words, book.catalog, incidents, correction=bool(corrected)
            )
        return written[who, zone, english, platform, corrected]

    rows, by_hand = recipients(book, ctx, incidents, words_for)
    again = [
        Recipient(key, reader.name if reader else key, p.place.platform, p.place.address, "was told before",
                  words_for(reader, p.place.platform, note))
        for p in stands
        for key, reader in [(customer_of_post(p), readers[customer_of_post(p)])]
    ]  # fmt: skip
    fresh = [r for r in rows if r.customer not in readers]
    return tuple(sorted((*fresh, *again), key=lambda r: (r.customer, r.spare))), by_hand


def current(book: Book, ctx: Context, number: int | None) -> Draft:
    """The draft meant, as the record stands now."""
    return refreshed(book, ctx, apology_of(book, ctx, number))


def editable(book: Book, ctx: Context, number: int | None) -> Draft:
    """A draft whose words may still change; signatures under it are void from here on."""
    found = current(book, ctx, number)
    must("draft", standing(book, ctx, *found.incidents))
    if found.apology.state not in UNSETTLED:
        raise Refused(
            f"A{found.apology.number} is {found.apology.state}. "
            f"`apology correct {found.apology.number} because …` makes a new version. Nothing was changed."
        )
    return found


def show(command: ApologyShow, ctx: Context, book: Book) -> Reply:
    """The text as it stands, with the exact bytes each group of customers would read."""
    found = current(book, ctx, command.apology)
    card = say.whole(found, command.part)
    seen(book, ctx, found, command.part)
    return Reply(card, changed=False)


def why(command: ApologyWhy, ctx: Context, book: Book) -> Reply:
    """Each sentence of the long text with what stands behind it, and who said so."""
    found = current(book, ctx, command.apology)
    facts = {
        fact_id(f): f for i in found.incidents for f in book.find(Fact, incident=i.number) if f.visibility == "public"
    }
    return Reply(say.why(found, facts))


def seen(book: Book, ctx: Context, found: Draft, part: int) -> None:
    """This part of the preview was shown to whoever asks; once all were, all bytes were, and an approval may count."""
    number, digest, who = found.apology.number, found.version.digest, ctx.actor.key
    book.put(Shown(number, f"{digest}.{part}", who, ctx.now))
    if unseen(book, ctx, found) is None:
        book.put(Shown(number, digest, who, ctx.now))


def unseen(book: Book, ctx: Context, found: Draft) -> int | None:
    """The first part of the preview that whoever asks was not shown yet; None: all of it was."""
    number, digest, who = found.apology.number, found.version.digest, ctx.actor.key
    if book.get(Shown, number, digest, who) is not None:
        return None
    parts = range(1, 1 + len(say.everything(found)))
    return next((p for p in parts if book.get(Shown, number, f"{digest}.{p}", who) is None), None)


def check(command: ApologyLint, ctx: Context, book: Book) -> Reply:
    """What is missing and what the linter finds, each with its way out."""
    return Reply(say.findings(current(book, ctx, command.apology)))


def fill(command: ApologyFill, ctx: Context, book: Book) -> Reply:
    """Close a gap with a fact; `unknown` says so in public, with a date."""
    found = editable(book, ctx, command.apology)
    name = command.gap.strip().lower()
    if name == "signatory" and command.value.strip():
        return _signed_by(book, ctx, found.apology, command.value.strip())
    gap = next((g for g in found.gaps if g.name.lower() == name), None)
    kind = gap.kind if gap is not None and gap.kind else name
    if gap is None and kind not in KINDS:
        names = ", ".join(g.name for g in found.gaps) or "none is left"
        raise Refused(f"“{command.gap}” is no gap of A{found.apology.number}. Open gaps: {names}. Nothing was changed.")
    if kind == "prevention":
        n = found.apology.incidents[-1]
        raise Refused(
            f"Prevention is a task with an owner and a date: `task {n} add <what changes> @owner due 2026-12-01`."
        )
    value = command.value.strip()
    if not value:
        raise Refused("Fill it with what? A value, or `unknown`. Nothing was changed.")
    check_fact(ctx, kind, value, command.precision)
    numbers = gap.incidents if gap is not None and gap.incidents else found.apology.incidents
    for number in numbers:
        incident = incident_of(book, ctx, number)
        write_fact(
            book,
            ctx,
            incident,
            kind,
            value,
            source=command.source or "statement",
            visibility="public",
            precision=command.precision,
        )
    after = current(book, ctx, found.apology.number)
    return Reply(say.filled(after, name, value), changed=True)


def waive(command: ApologyWaive, ctx: Context, book: Book) -> Reply:
    """Leave a gap or a finding as it is; the reason stands beside the text."""
    found = editable(book, ctx, command.apology)
    rule = command.rule.strip()
    gap = next((g for g in found.gaps if rule.lower() in (g.name.lower(), g.rule.lower())), None)
    hits = [f for f in found.report.findings if f.rule.lower() == rule.lower()]
    if gap is None and not hits:
        raise Refused(f"A{found.apology.number} has no gap and no finding “{rule}”. `apology lint` shows them.")
    if not command.because.strip():
        raise Refused("Why? `because …` is shown to the approvers. Nothing was changed.")
    read_due(ctx, command.until)
    if gap is not None and gap.blocks and gap.rule != "F3":
        raise Refused(
            f"{gap.name} cannot be waived: fill it, or say `apology fill {gap.name} unknown`, which is told honestly."
        )
    error = next((f for f in hits if f.severity == "error"), None)
    if error is not None and not error.waivable:
        raise Refused(f"{error.rule} is never waived: {error.message} Mend the words with `apology edit`.")
    routed = any(f.severity == "route" for f in hits)
    if routed and book.catalog.people_with("legal"):
        raise Refused(f"{rule.upper()} asks for legal, who signs with `apology approve`. Or mend the words.")
    if routed and ctx.actor.key in found.version.authors:
        raise Refused("You are an author of these words: somebody else gives the reason. Nothing was changed.")
    named = gap.name if gap is not None else hits[0].rule
    leave(book, ctx, found, named, command.because, command.until, author=not routed)
    return Reply(say.waived(current(book, ctx, found.apology.number), named, command.because), changed=True)


def leave(
    book: Book, ctx: Context, found: Draft, named: str, because: str, until: str = "", *, author: bool = True
) -> None:
    """Record that a gap or finding is left as it is, and why.

    `author`: whoever leaves it out becomes an author of the words. Not so for the reason that stands in for legal: it
    comes from outside the text, and stays there.
    """
    apology = found.apology
    number = book.number(f"waivers-{apology.number}")
    ends_at = read_due(ctx, until)
    version = found.version.number
    book.put(Waiver(apology.number, number, named, because, ctx.actor.key, ctx.now, until, version, ends_at=ends_at))
    if author:
        _authored(book, ctx, found)
    void(book, ctx, apology, f"{named} was waived")
    for incident in found.incidents:
        tell(book, ctx, incident, "apology", f"waived {named} in A{apology.number} because {because}")


def _authored(book: Book, ctx: Context, found: Draft, *, edited: bool = False, texts: object = None) -> None:
    """Whoever touches the words is an author: nobody signs their own."""
    version = book.get(Version, found.apology.number, found.version.number) or found.version
    authors = tuple(dict.fromkeys((*version.authors, ctx.actor.key)))
    if texts is not None:
        version = replace(version, texts=texts, edited=edited)  # type: ignore[arg-type]
    book.put(replace(version, authors=authors))


def edit(command: ApologyEdit, ctx: Context, book: Book) -> Reply:
    """Change the words around the facts; a fact retyped or removed returns with the fault."""
    found = editable(book, ctx, command.apology)
    words = command.text.strip()
    if not words:
        from handlers import forms

        line_ = f"apology edit {found.apology.number} {command.variant}"
        return Reply(forms.form(OpenForm(line_, "apology edit"), ctx, book))
    if len(words) > LONGEST_TEXT:
        raise Refused(f"That text has {len(words):,} characters; {LONGEST_TEXT:,} fit. Nothing was changed.")
    gone = [t.text for t in found.composed.tokens(command.variant) if t.required and t.text not in words]
    if gone:
        raise Refused(
            "These facts must stay as they are recorded: "
            + "; ".join(f"“{t}”" for t in dict.fromkeys(gone))
            + ". Move them, or change the fact itself with `fact`. Nothing was changed."
        )
    texts = tuple((v, words if v == command.variant else t) for v, t in found.version.texts)
    return _reworded(book, ctx, found, texts)


def mend(command: ApologyMend, ctx: Context, book: Book) -> Reply:
    """Put the linter's better words in place of what a rule found; whoever does it is an author of the words."""
    found = editable(book, ctx, command.apology)
    rule = command.rule.upper()
    source = source_of(book, ctx, found.incidents, found.apology.signatory, follows=found.apology.follows)
    view = record_view(source, PUBLIC, book.catalog)
    texts = []
    for variant, words in found.version.texts:
        report = lint(words, "apology", view) if variant == "full" else lint_variant(words, "apology", view)
        fixes = [f.fix for f in report.findings if f.rule.upper() == rule and f.fix is not None]
        after = words
        for fix in sorted(fixes, key=lambda f: -f.start):
            after = after[: fix.start] + fix.words + after[fix.end :]
        texts.append((variant, after))
    if tuple(texts) == found.version.texts:
        raise Refused(
            f"The linter has no better words for {command.rule} here. `apology edit {found.apology.number}` changes "
            "them. Nothing was changed."
        )
    return _reworded(book, ctx, found, tuple(texts))


def _reworded(book: Book, ctx: Context, found: Draft, texts: tuple[tuple[str, str], ...]) -> Reply:
    """A new version with other words: signatures and waivers under the old ones are void."""
    apology = void(book, ctx, found.apology, "the words were edited")
    apology = replace(apology, version=next_version(book, apology), revision=apology.revision + 1)
    book.put(apology)
    authors = tuple(dict.fromkeys((*found.version.authors, ctx.actor.key)))
    book.put(
        replace(
            found.version,
            number=apology.version,
            texts=texts,
            edited=True,
            authors=authors,
            made_at=ctx.now,
            submitted_at=None,
        )
    )
    for incident in found.incidents:
        tell(book, ctx, incident, "apology", f"edited the words of A{apology.number}: version {apology.version}")
    voided = void_waivers(book, apology)
    card = say.draft(refreshed(book, ctx, apology))
    if voided:
        note = small(f"{voided} waiver{'s' * (voided != 1)} of the old words no longer count.")
        card = replace(card, blocks=(note, *card.blocks))
    return Reply(card, changed=True)


def suggest(command: ApologySuggest, ctx: Context, book: Book) -> Reply:
    """Offer words without becoming an author."""
    found = current(book, ctx, command.apology)
    must("draft", standing(book, ctx, *found.incidents))
    words = command.words.strip()
    if not words or len(words) > LONGEST_TEXT:
        raise Refused(f"A suggestion has 1 to {LONGEST_TEXT:,} characters. Nothing was recorded.")
    number = book.number(f"suggestions-{found.apology.number}")
    book.put(Suggestion(found.apology.number, number, words, ctx.actor.key, ctx.now))
    from handlers.rooms import say_in_rooms

    card = Card(
        say.title(found),
        (
            line(f"{ctx.actor.name} suggests:"),
            Quote(words),
            Buttons((Button("Edit the text", f"apology edit {found.apology.number}", form=True),)),
            small("Whoever takes it becomes an author of the words."),
        ),
    )
    say_in_rooms(book, ctx, found.incidents[-1], f"apology-{found.apology.number}/suggestion/{number}", card)
    return Reply(Card(say.title(found), (line("Suggested to the drafters."),)), changed=True)
