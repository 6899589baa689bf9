"""Relay: account managers tell their customers in person, and can prove it. The verbs on receipts."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from handlers import grammar, packs, receipts
from handlers.accounts import accounts_of, manages
from handlers.apologise import apology_of, source_of
from handlers.book import Book
from handlers.card import Block, Bullets, Button, Buttons, Card, Reply, Strong, Text, Tone, line, small
from handlers.commands import RelayAck, RelayCheck, RelayClose, RelayDone, RelayList, RelaySkip
from handlers.context import Context
from handlers.customers import customer_of
from handlers.domain.apology import Apology, Version, Waiver
from handlers.domain.catalog import Customer
from handlers.domain.compose import Audience
from handlers.domain.errors import Refused
from handlers.domain.incident import Incident
from handlers.domain.lint import Finding, drift, record_view
from handlers.domain.permit import may, must
from handlers.domain.relay import OUT, Act, Relay, follows, refuses
from handlers.rooms import hidden, sees, standing, tell
from handlers.say import apology as say_apology
from handlers.say import relay as say

LONGEST = 3000
"""Characters of what was said or sent."""
LONGEST_TO = 200
"""Characters of whom it was said to, and of a reason."""
OUTSIDE = ("publishing", "paused", "published", "retracted")
"""States of an apology of which customers may have heard."""
MOST_APOLOGIES = 20
"""Apologies that a list or a form without a number looks back on; `relay list A3` shows any."""
CHECKED = ("email", "chat")
"""Ways of telling whose words are text that was sent; on the telephone words are a note."""


# --- which receipts --------------------------------------------------------------------------------------------------
def receipts_of(book: Book, ctx: Context, number: int | None, names: Sequence[str]) -> tuple[Apology, list[Relay]]:
    """The receipts of these customers, all of them or none; whoever asks must look after each.

    Without a number it is the one apology for which all of these are still to be told, else the only one they share.
    """
    customers = list(dict.fromkeys(customer_of(book, name).key for name in names))
    apology = _meant(book, ctx, number, customers)
    incidents = packs.incidents_of(book, apology)
    mine = accounts_of(book, ctx)
    found = []
    for key in customers:
        customer = book.catalog.customer(key)
        assert customer is not None
        must("relay", standing(book, ctx, *incidents, manages=_among(customer, mine)))
        row = book.get(Relay, apology.number, key)
        if row is None:
            raise Refused(f"{customer.name} is not among the customers of A{apology.number}. Nothing was recorded.")
        if row.state not in OUT:
            raise Refused(f"{follows('prepared', 'done').format(name=customer.name)} Nothing was recorded.")
        found.append(row)
    return apology, found


def _among(customer: Customer, managers: frozenset[str]) -> bool:
    return bool(customer.account_manager) and customer.account_manager.casefold() in managers


def _meant(book: Book, ctx: Context, number: int | None, customers: Sequence[str]) -> Apology:
    """The apology that is meant: by number, else by these customers."""
    if number is not None:
        return apology_of(book, ctx, number)
    held = [{r.apology: r for r in book.find(Relay, customer=key, state=OUT)} for key in customers]
    shared = sorted(set.intersection(*map(set, held))) if held else []
    seen = [n for n in shared if (a := book.get(Apology, n)) is not None and sees(book, ctx, *a.incidents)]
    still = [n for n in seen if all(rows[n].open for rows in held)]
    one = still if len(still) == 1 else seen
    if len(one) > 1:
        raise Refused(f"Which apology? Say its number: {', '.join(f'A{n}' for n in one)}. Nothing was recorded.")
    return apology_of(book, ctx, one[0] if one else None, OUTSIDE)


_WANTED: dict[str, Callable[[Relay], bool]] = {
    "relay done": lambda r: r.open,
    "relay skip": lambda r: r.state == "released" and not r.wrong,
    "relay ack": lambda r: r.state == "relayed" and not r.wrong,
    "relay close": lambda r: r.state in ("relayed", "acknowledged") and not r.wrong,
}
"""Which receipts a verb may be said of."""


def pickable(book: Book, ctx: Context, verb: str, number: int | None) -> tuple[tuple[str, str], ...]:
    """The customers a form of this verb offers: those one may act on, one's own first, told wrongly and late first.

    A question may come before there is an apology: then one's own customers are offered.
    """
    if verb == "relay ask":
        mine = accounts_of(book, ctx)
        return tuple((c.key, c.name) for c in book.catalog.customers if _among(c, mine))
    wanted = _WANTED.get(verb)
    rows = _latest(book) if number is None else book.find(Relay, apology=number, state=OUT)
    unseen = hidden(book, ctx, {r.apology for r in rows})
    mine = accounts_of(book, ctx)
    may_all = {n: _may_all(book, ctx, n) for n in {r.apology for r in rows} - unseen}
    found: dict[str, tuple[bool, tuple[int, str], str]] = {}
    for row in rows:
        customer = book.catalog.customer(row.customer)
        if row.apology in unseen or customer is None or (wanted is not None and not wanted(row)):
            continue
        own = _among(customer, mine)
        if own or may_all[row.apology]:
            found.setdefault(row.customer, (not own, say.rank(row), customer.name))
    return tuple((key, name) for key, (_, _, name) in sorted(found.items(), key=lambda item: item[1]))


def _latest(book: Book) -> list[Relay]:
    """The receipts of the latest apologies that went out; an earlier one is named by its number."""
    numbers = sorted(a.number for a in book.find(Apology) if a.published_at is not None)[-MOST_APOLOGIES:]
    return book.find(Relay, apology=tuple(numbers), state=OUT) if numbers else []


def _may_all(book: Book, ctx: Context, number: int) -> bool:
    """Whether whoever asks may act on every receipt of an apology: its commander and comms."""
    apology = book.get(Apology, number)
    return apology is not None and may("relay", standing(book, ctx, *packs.incidents_of(book, apology)))


# --- looking ---------------------------------------------------------------------------------------------------------
def relays(command: RelayList, ctx: Context, book: Book) -> Reply:
    """Who was told, who not yet; one's own first, told wrongly and late first, page by page."""
    apology = None if command.apology is None else apology_of(book, ctx, command.apology)
    rows = receipts.of(book, apology) if apology is not None else _latest(book)
    unseen = hidden(book, ctx, {r.apology for r in rows})
    own, mine = accounts_of(book, ctx), set[tuple[int, str]]()
    for row in rows:
        customer = book.catalog.customer(row.customer)
        if customer is not None and _among(customer, own):
            mine.add((row.apology, row.customer))
    rows = [r for r in rows if r.apology not in unseen and (not command.mine or (r.apology, r.customer) in mine)]
    title = "Relay: mine" if command.mine else "Relay"
    if apology is not None:
        title = f"{packs.title_of(book, apology)}: relay"
    if not rows:
        return Reply(Card(title, (line("Nothing to relay."),)))
    rows.sort(key=lambda r: ((r.apology, r.customer) not in mine, say.rank(r)[0], -r.apology, r.customer))
    pages = -(-len(rows) // say.PAGE_ROWS)
    if not 1 <= command.page <= pages:
        raise Refused(
            f"There {'are' if pages > 1 else 'is'} {pages} page{'s' * (pages > 1)}: `relay list` shows the first."
        )
    told = [say.Told(r, packs.name_of(book, r.customer)) for r in rows]
    more, before = (grammar.write(replace(command, page=command.page + by)) for by in (1, -1))
    return Reply(say.listed(title, told, rows, command.page, more, before, ctx.zone.key))


def check(command: RelayCheck, ctx: Context, book: Book) -> Reply:
    """One's own words, read by the linter as a relay; nothing is recorded."""
    customer = customer_of(book, command.customer)
    rows = [
        (a, r)
        for r in book.find(Relay, customer=customer.key, state=OUT)
        if (a := book.get(Apology, r.apology)) is not None and sees(book, ctx, *a.incidents)
    ]
    incidents = [i for a, _ in rows for i in packs.incidents_of(book, a)]
    must("ask", standing(book, ctx, *incidents, manages=manages(book, ctx, customer)))
    if not rows:
        raise Refused(f"{customer.name} has no approved words yet to compare with. Nothing was recorded.")
    apology, row = max(rows, key=lambda found: (found[1].open, found[0].number))
    found = drift_of(book, ctx, apology, row, command.text)
    wrong = any(f.severity == "error" for f in found)
    words = "These words hold." if not found else "They differ from what was approved:"
    blocks: list[Block] = [line(words), *([_findings(found)] if found else [])]
    if found and not wrong:
        blocks.append(small("Sent as they are, they need a reason: `relay done … because … -- …`."))
    tone: Tone = "danger" if wrong else "warning" if found else "good"
    return Reply(Card(f"{say_apology.named(apology)}: relay to {customer.name}", tuple(blocks), tone))


def drift_of(book: Book, ctx: Context, apology: Apology, row: Relay, words: str) -> tuple[Finding, ...]:
    """How words that were sent differ from the approved ones that went out to this customer; errors first."""
    version = book.get(Version, apology.number, row.version)
    reader = book.catalog.customer(row.customer)
    if version is None or reader is None:
        return ()
    waived = frozenset(w.rule for w in book.find(Waiver, apology=apology.number) if not w.void)
    source = source_of(book, ctx, packs.incidents_of(book, apology), apology.signatory, waived, apology.follows)
    view = record_view(source, Audience(reader.key, reader.timezone, reader.english), book.catalog)
    texts = packs.texts_for(book, ctx, apology, version, reader)
    also = "\n\n".join((texts["full"], texts["faq"]))  # approved as well: may be said, need not be
    return tuple(sorted(drift(words, texts["chat"], view, also=also).findings, key=lambda f: f.severity != "error"))


def _findings(found: Sequence[Finding]) -> Bullets:
    return Bullets(
        tuple(
            (Strong(f"{f.rule} {f.severity}"), Text(f" “{f.text}” — {f.message}" if f.text else f" {f.message}"))
            for f in found[:8]
        )
    )


# --- acting ----------------------------------------------------------------------------------------------------------
def done(command: RelayDone, ctx: Context, book: Book) -> Reply:
    """These customers were told in person. Words that were sent are held against the approved ones."""
    apology, rows = receipts_of(book, ctx, command.apology, command.customers)
    for what, most in ((command.words, LONGEST), (command.because, LONGEST), (command.to, LONGEST_TO)):
        if len(what) > most:
            raise Refused(f"Keep it under {most:,} characters. Nothing was recorded.")
    sent = command.words if command.via in CHECKED and apology.state != "retracted" else ""
    drifts: dict[str, tuple[Finding, ...]] = {}
    for row in rows:
        _following(book, row, "done")
        drifts[row.customer] = drift_of(book, ctx, apology, row, sent) if sent else ()
    _needs_reason(drifts, command.because)
    clock = ctx.now + book.catalog.policy.reminders.relay_remind
    after = []
    for row in rows:
        errors = "; ".join(f.message for f in drifts[row.customer] if f.severity == "error")
        wrong = (
            errors if sent or apology.state == "retracted" else row.wrong
        )  # a note about a call mends no written word
        told = replace(
            row,
            state="relayed" if wrong else follows(row.state, "done"),
            wrong=wrong,
            via=command.via,
            to=command.to,
            by=ctx.actor.key,
            by_name=ctx.actor.name,
            at=ctx.now,
            words=command.words,
            told=row.version,
            because=command.because,
            due_at=clock if wrong and not packs.is_drill(book, apology) else None,
            late=False,
            overdue=False,
        )
        receipts.step(book, ctx, told, words=command.words, because=command.because)
        after.append(told)
    book.put_all(after)
    names = _names(book, rows)
    how = f"{f' ({command.to})' if command.to else ''}{f' via {command.via}' if command.via else ''}"
    _note(book, ctx, apology, f"told {names}{how} (A{apology.number})")
    if apology.follows:
        well = [r.customer for r in after if not r.wrong]
        packs.follow_up_given(book, ctx, apology, well)
    every = packs.acted(book, ctx, apology, {r.manager for r in rows})
    blocks: list[Block] = [line(f"Noted: {names} told{how}. {say.counts(every)}")]
    wrong_ones = [r for r in after if r.wrong]
    if any(f.severity == "error" for found in drifts.values() for f in found):
        blocks += [line("Those words differ from what was approved. Until it is put right it counts as told wrongly:")]
        blocks += list(dict.fromkeys(_findings(found) for found in drifts.values() if found))
    elif wrong_ones:
        words = (
            f"{_names(book, wrong_ones)} read wrong words before. That stays open until they were sent the right ones:"
        )
        blocks += [line(words), small("`relay done … via email -- …` with the text you sent.")]
    if wrong_ones:
        mend = Button("The right words", f"relay pack {apology.number} {wrong_ones[0].customer}", "primary")
        blocks.append(Buttons((mend,)))
    well_told = [r for r in after if r.state == "relayed" and not r.wrong][:5]
    if well_told:
        answered = tuple(
            Button(f"{packs.name_of(book, r.customer)} acknowledged", f"relay ack {apology.number} {r.customer}")
            for r in well_told
        )
        blocks.append(Buttons(answered))
    tone: Tone = "danger" if wrong_ones else "good"
    return Reply(Card(say_apology.named(apology), tuple(blocks), tone), changed=True)


def _needs_reason(drifts: dict[str, tuple[Finding, ...]], because: str) -> None:
    """A warning needs a reason; where there is an error the words are wrong with or without one."""
    found = list(dict.fromkeys(f for each in drifts.values() for f in each))
    if not found or because.strip() or any(f.severity == "error" for f in found):
        return
    doubts = "; ".join(f"“{f.text}”: {f.message}" for f in found[:3])
    raise Refused(f"Say why these words stand, with `because …` before the two dashes: {doubts} Nothing was recorded.")


def _following(book: Book, row: Relay, act: Act) -> str:
    """The state that follows; refused with the customer's name where nothing does."""
    after = follows(row.state, act, wrong=bool(row.wrong))
    if refuses(after):
        raise Refused(f"{after.format(name=packs.name_of(book, row.customer))} Nothing was recorded.")
    return after


def _names(book: Book, rows: Sequence[Relay]) -> str:
    names = [packs.name_of(book, r.customer) for r in rows]
    return ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "")


def _note(book: Book, ctx: Context, apology: Apology, words: str) -> None:
    lead = book.get(Incident, apology.incidents[-1])
    if lead is not None:
        tell(book, ctx, lead, "relay", words)


def acknowledge(command: RelayAck, ctx: Context, book: Book) -> Reply:
    """These customers answered."""
    apology, rows = receipts_of(book, ctx, command.apology, command.customers)
    if len(command.words) > LONGEST:
        raise Refused(f"Keep it under {LONGEST:,} characters. Nothing was recorded.")
    after = [replace(r, state=_following(book, r, "ack"), acknowledged_at=r.acknowledged_at or ctx.now) for r in rows]
    for row in after:
        receipts.step(book, ctx, row, words=command.words)
    book.put_all(after)
    names = _names(book, rows)
    _note(book, ctx, apology, f"noted that {names} acknowledged (A{apology.number})")
    every = packs.acted(book, ctx, apology, {r.manager for r in rows})
    words = f"Acknowledged: {names}. {say.counts(every)}"
    return Reply(Card(say_apology.named(apology), (line(words),), "good"), changed=True)


def skip(command: RelaySkip, ctx: Context, book: Book) -> Reply:
    """These customers are not told, and why."""
    return _ended(book, ctx, command, "skip", "skipped")


def close(command: RelayClose, ctx: Context, book: Book) -> Reply:
    """Nothing more is owed to these customers, and why."""
    return _ended(book, ctx, command, "close", "closed")


def _ended(book: Book, ctx: Context, command: RelaySkip | RelayClose, act: Act, word: str) -> Reply:
    apology, rows = receipts_of(book, ctx, command.apology, command.customers)
    if len(command.because) > LONGEST:
        raise Refused(f"Keep the reason under {LONGEST:,} characters. Nothing was recorded.")
    after = []
    for row in rows:
        state = _following(book, row, act)
        ended = replace(row, state=state, because=command.because, due_at=None, late=False, overdue=False)
        if act == "close":
            ended = replace(ended, closed_at=ctx.now)
        else:
            ended = replace(ended, by=ctx.actor.key, by_name=ctx.actor.name, at=ctx.now)
        receipts.step(book, ctx, ended, because=command.because)
        after.append(ended)
    book.put_all(after)
    names = _names(book, rows)
    _note(book, ctx, apology, f"{word} {names} because {command.because} (A{apology.number})")
    every = packs.acted(book, ctx, apology, {r.manager for r in rows})
    are = "are" if len(rows) > 1 else "is"
    words = f"{names} {are} {word}: {command.because.rstrip('.')}. {say.counts(every)}"
    return Reply(Card(say_apology.named(apology), (line(words),)), changed=True)
