"""How drafts, findings, approvals and publishing read inside the house."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping, Sequence
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from handlers.card import Block, Bullets, Button, Buttons, Card, Line, Quote, Span, Strong, Text, Tone, line, small
from handlers.domain.apology import Apology, Approval, Version
from handlers.domain.compose import Gap
from handlers.domain.delivery import PostState
from handlers.domain.errors import Refused
from handlers.domain.facts import Fact
from handlers.domain.letter import LETTERS, PLATFORMS
from handlers.domain.lint import Finding
from handlers.domain.relay import Relay
from handlers.say import preview
from handlers.say.facts import gap as gap_line
from handlers.say.incident import head
from handlers.say.unclear import choices

if TYPE_CHECKING:
    from handlers.apologise import Draft
    from handlers.customers import Tally

MOST_FINDINGS = 8
"""Findings on one card; the rest wait until these are mended."""
MOST_PROMISED = 5
"""Earlier promises on a draft's card."""
MOST_SENTENCES = 30
"""Sentences on the card that says why; a text of 350 words has about twenty."""
UNSIGNED = "F14"
"""The rule that asks for a named person's signature."""
_SIGNATURE: tuple[Span, ...] = (Strong("signature"), Text(f": Who signs it, by name? ({UNSIGNED})"))
LONGEST_WAY_OUT = 40
"""Characters of better words that fit a button beside the words "Use this"."""
QUOTED = 2600
"""Characters of a text on one card: it fits a Slack section with room for escapes."""
MOST_POSTED = 20
"""Parts of a preview that are posted; more are opened one by one by whoever signs."""


def title(found: Draft) -> str:
    """INC-1 Checkout is down: apology A1; numbers alone where it covers several."""
    if len(found.incidents) == 1:
        return f"{head(found.incidents[0])}: {called(found.apology)}"
    return f"{'DRILL ' if found.drill else ''}{named(found.apology)}"


def named(apology: Apology) -> str:
    """INC-1, INC-2: apology A1."""
    return f"{', '.join(f'INC-{n}' for n in apology.incidents)}: {called(apology)}"


def called(apology: Apology) -> str:
    """Apology A1, or follow-up A2 to A1."""
    return f"follow-up A{apology.number} to A{apology.follows}" if apology.follows else f"apology A{apology.number}"


def draft(found: Draft) -> Card:
    """What customers would read, what is missing, and the next step."""
    blocks: list[Block] = [
        line(f"Version {found.version.number}, {found.apology.state}. In Slack and Teams customers read:"),
        Quote(_clipped(found.version.text("chat"))),
        *_left_out(found),
        *_missing(found),
        *_faults(found),
        *_promised(found),
        *_next(found),
    ]
    return Card(title(found), tuple(blocks), "warning" if found.blocking or found.errors else "plain")


def _left_out(found: Draft) -> list[Block]:
    """What the record holds and the short text has no room for."""
    gone = [name for variant, _, name in (n.partition(": ") for n in found.composed.left_out) if variant == "chat"]
    if not gone or found.version.edited:
        return []
    return [small(f"Left out there to keep it short, and said in the long text: {', '.join(dict.fromkeys(gone))}.")]


def _promised(found: Draft) -> list[Block]:
    """What these customers were promised before, and whether it was kept: broken and late first."""
    order = {"broken": 0, "late": 1, "open": 2, "kept": 3, "withdrawn": 4}
    rows = sorted(found.promised, key=lambda p: (order[p.state], p.number))
    if not rows:
        return []
    told = tuple(
        (Strong(f"P{p.number} {p.state}"), Text(f": {p.text}{f', due {p.due}' if p.due else ''} (A{p.apology})"))
        for p in rows[:MOST_PROMISED]
    )
    more = [small(f"And {len(rows) - MOST_PROMISED} more: `promises`.")] if len(rows) > MOST_PROMISED else []
    return [Line((Strong("Promised to these customers before"),)), Bullets(told), *more]


def _faults(found: Draft) -> list[Block]:
    """That the linter stops it, where it does."""
    many = len(found.errors)
    return [line(f"The linter finds {many} error{'s' * (many != 1)} in the words: see Findings.")] if many else []


def _next(found: Draft) -> list[Block]:
    """What can be done with a draft now, the likeliest first."""
    n, draft_ = found.apology.number, found.apology.state == "draft"
    row = [
        Button("Edit words", f"apology edit {n} chat", form=True),
        Button("Edit long text", f"apology edit {n}", form=True),
        Button("Show everything", f"apology show {n}"),
        Button("Why?", f"apology why {n}"),
        Button("Findings", f"apology lint {n}", "primary" if found.errors and not found.blocking else "plain"),
    ]
    if draft_ and not found.blocking and not found.errors:
        row.insert(0, _submit(found))
    return [Buttons(tuple(row))]


def _submit(found: Draft) -> Button:
    """Warnings need a reason: the button asks for it where some are left."""
    says = f"apology submit {found.apology.number}"
    asks = bool(found.warnings)
    return Button("Submit for approval", f"{says} because" if asks else says, "primary", form=asks)


def warnings(found: Draft) -> tuple[tuple[Span, ...], ...]:
    """What is left without a reason, one line each."""
    gone = found.warnings
    lines = [gap_line(w) if isinstance(w, Gap) else _finding(w) for w in gone[:MOST_FINDINGS]]
    more = len(gone) - len(lines)
    return (*lines, *(((Text(f"and {more} more"),),) if more else ()))


def _clipped(words: str) -> str:
    return words if len(words) <= QUOTED else words[:QUOTED].rsplit(" ", 1)[0] + " …"


def _missing(found: Draft) -> list[Block]:
    n = found.apology.number
    blocks: list[Block] = []
    blocking, better = found.blocking, [g for g in found.gaps if not g.blocks and g.name not in found.waived]
    if blocking:
        blocks += [
            Line((Strong("Needed before it can be submitted"),)),
            Bullets(tuple(gap_line(g) for g in blocking)),
            Buttons(
                tuple(
                    Button(f"Fill {g.name}", f"apology fill {n} {g.name}", "primary", form=True) for g in blocking[:5]
                )
            ),
        ]
    unsigned = [f for f in found.report.findings if f.rule == UNSIGNED and f.rule not in found.waived]
    if better or unsigned:
        row = [Button(f"Fill {g.name}", f"apology fill {n} {g.name}", form=True) for g in better[:5]]
        row += [_name_it(n) for _ in unsigned[:1]]
        blocks += [
            Line((Strong("Better to say"),)),
            Bullets((*(gap_line(g) for g in better), *(_SIGNATURE for _ in unsigned[:1]))),
            Buttons(tuple(row)),
        ]
    return blocks


def why(found: Draft, facts: Mapping[str, Fact]) -> Card:
    """The sentences of the long text, each with its facts: value, source, who confirmed it. `facts` by their id."""
    text = found.version.text("full")
    rows: list[tuple[Span, ...]] = []
    own = 0
    for clause in found.composed.clauses:
        if clause.variant != "full":
            continue
        if clause.text not in text:
            own += 1
            continue
        behind = [_behind(ident, facts) for ident in clause.fact_ids] or ["no fact: the words themselves"]
        rows.append((Text(f"“{clause.text}” "), Strong("; ".join(behind)), Text(f" ({clause.rule})")))
    blocks: list[Block] = [Bullets(tuple(rows[:MOST_SENTENCES]))]
    if len(rows) > MOST_SENTENCES:
        blocks.append(small(f"And {len(rows) - MOST_SENTENCES} more."))
    if own:
        blocks.append(small(f"{own} sentence{'s were' if own != 1 else ' was'} reworded by hand."))
    blocks.append(Buttons(tuple(Button(f"Facts of INC-{i.number}", f"facts {i.number}") for i in found.incidents[:5])))
    return Card(f"{title(found)}: why it says so", tuple(blocks))


def _behind(ident: str, facts: Mapping[str, Fact]) -> str:
    """F3 cause.trigger (change record, confirmed); a service, a task or a promise by its own name."""
    fact = facts.get(ident)
    if fact is None:
        return ident
    confirmed = "confirmed" if fact.confirmed_at else "not confirmed"
    return f"{ident} {fact.kind} ({fact.source or 'no source'}, {confirmed})"


def findings(found: Draft) -> Card:
    """What the linter finds, each with reason, better words and reference."""
    n = found.apology.number
    shown = [f for f in found.report.findings if f.rule != UNSIGNED][:MOST_FINDINGS]  # that one stands above
    open_ = [f for f in found.report.findings if f.rule not in found.waived]
    errors = sum(f.severity == "error" for f in open_) + len(found.blocking)
    unwaived = [g for g in found.gaps if not g.blocks and g.name not in found.waived]
    warnings = sum(f.severity == "warning" for f in open_) + len(unwaived) + len(found.waivers)
    blocks: list[Block] = [
        line(
            f"{errors} error{'s' * (errors != 1)}, {warnings} warning{'s' * (warnings != 1)}"
            + (f" ({len(found.waivers)} waived)" if found.waivers else "")
            + "."
        )
    ]
    blocks += _missing(found)
    for finding in shown:
        blocks.append(Bullets((_finding(finding),)))
        if finding in open_ and (row := _ways_out(n, finding)):
            blocks.append(Buttons(row))
    for waiver in found.waivers:
        blocks.append(small(f"{waiver.rule} is left as it is: {waiver.because}"))
    buttons = [Button("Edit long text", f"apology edit {n}", form=True)]
    if not errors and found.apology.state == "draft":
        buttons.insert(0, _submit(found))
    blocks.append(Buttons(tuple(buttons)))
    return Card(f"{title(found)}: findings", tuple(blocks), "danger" if errors else "good")


def _ways_out(number: int, found: Finding) -> tuple[Button, ...]:
    """What can be done about a finding at once: take the better words, or leave it with a reason."""
    row = []
    if found.fix is not None:
        better = f": “{found.fix.words}”" if 0 < len(found.fix.words) <= LONGEST_WAY_OUT else ""
        row.append(Button(f"Use this{better}", f"apology mend {number} {found.rule}", "primary"))
    if found.rule == UNSIGNED:
        row.append(_name_it(number))
    if found.waivable:
        row.append(Button("Leave it, because …", f"apology waive {number} {found.rule}", form=True))
    return tuple(row)


def _name_it(number: int) -> Button:
    return Button("Name who signs", f"apology fill {number} signatory", form=True)


def _finding(found: Finding) -> tuple[Span, ...]:
    better = f" Better: {found.suggestion}" if found.suggestion else ""
    where = f" “{found.text}” —" if found.text else ":"  # what is absent stands nowhere
    return (Strong(f"{found.rule} {found.severity}"), Text(f"{where} {found.message}{better}"))


def filled(found: Draft, name: str, value: str) -> Card:
    """A gap was closed; what is left."""
    said = "not known yet, and customers are told so" if value.lower() == "unknown" else value
    left = len(found.blocking)
    more = "" if left or found.errors else " Nothing stops it any more."
    blocks: list[Block] = [line(f"{name.capitalize()}: {said}.{more}"), *_faults(found)]
    blocks += [*_missing(found), *_next(found)]
    return Card(title(found), tuple(blocks), "warning" if left else "good")


def waived(found: Draft, name: str, because: str) -> Card:
    """A waiver, with its reason."""
    return Card(
        title(found), (line(f"{name} is left as it is: {because}. The approvers will see that."), *_missing(found))
    )


def everything(found: Draft, only: Container[str] | None = None) -> list[list[Block]]:
    """All the bytes an approval is bound to, in parts that each fit one card: who reads what, and what managers get.

    `only`: the keys of the customers whose own words are shown, to somebody who signs for these alone.
    """
    version = found.version
    rows = [r for r in version.recipients if only is None or r.customer in only]
    own = [
        preview.quoted(name, words)
        for variant, name in (
            ("full", "Long text, for e-mail and the status page"),
            ("talking-points", "Talking points, for account managers"),
            ("faq", "Questions and answers, for account managers"),
        )
        if (words := version.text(variant))
    ]
    return preview.parts([*preview.texts(rows), *own], [*preview.shorter(rows), *own])


def whole(found: Draft, number: int = 1) -> Card:
    """One part of everything an approver must have seen; its last part has the buttons, the others the way on."""
    made = everything(found)
    many = len(made)
    if number > many:
        has = "one part" if many == 1 else f"{many} parts"
        raise Refused(f"The preview of A{found.apology.number} has {has}. `apology show {found.apology.number}`.")
    blocks = list(made[number - 1])
    if number == 1:
        blocks.insert(0, _goes_to(found))
    if number == many:
        return Card(_titled(found, number, many), (*blocks, *_beside(found), *_sign(found)))
    n = found.apology.number
    on = Button(f"Part {number + 1} of {many}", f"apology show {n} part {number + 1}", "primary")
    return Card(_titled(found, number, many), (*blocks, Buttons((on,))))


def _titled(found: Draft, number: int, many: int) -> str:
    return title(found) if many == 1 else f"{title(found)}: part {number} of {many}"


def _goes_to(found: Draft) -> Line:
    from handlers.customers import counted

    return line(f"Version {found.version.number}, {found.apology.state}. Goes to {counted(found.version.recipients)}.")


def _beside(found: Draft) -> list[Block]:
    """What stands beside the words: the reply that names a correction, whom to tell by hand, what was waived."""
    blocks: list[Block] = []
    if found.correction:
        blocks += [small("Where the old words stand they are edited, and this reply follows:")]
        blocks += [Quote(corrected_reply(found.correction))]
        if any(r.platform in LETTERS for r in found.version.recipients):
            blocks.append(
                small("By e-mail it is a message of its own in the same thread; a webhook's entry is updated.")
            )
    if found.by_hand:
        blocks.append(small(f"To be told by hand: {', '.join(found.by_hand)}"))
    blocks += [small(f"{w.rule} is left as it is: {w.because}") for w in found.waivers]
    if found.apology.state == "draft":
        blocks += [*_missing(found), *_faults(found)]
    elif found.warnings:
        blocks += [small("Warnings for which nobody gave a reason:"), Bullets(warnings(found))]
    return blocks


def _sign(found: Draft) -> list[Block]:
    """What can be done with it now."""
    n, digest = found.apology.number, found.version.digest[:12]
    if found.apology.state == "submitted":
        row = (
            Button("Approve", f"apology approve {n} {digest}", "primary"),
            Button("Reject", f"apology reject {n}", "danger", form=True),
            Button("Suggest words", f"apology suggest {n}", form=True),
        )
        return [Buttons(row)]
    if found.apology.state == "draft":
        return [b if not isinstance(b, Buttons) else _without_show(b) for b in _next(found)]
    if found.apology.state == "approved":
        return [Buttons((Button("Publish", f"apology publish {n}", "primary", form=_count_needed(found)),))]
    return []


def _without_show(row: Buttons) -> Buttons:
    """The buttons without the one that shows what is shown already."""
    return Buttons(tuple(b for b in row.buttons if not b.says.startswith("apology show")))


def _count_needed(found: Draft) -> bool:
    return len([r for r in found.version.recipients if not r.spare]) > 25


def corrected_reply(words: str) -> str:
    """What customers read below a message that was corrected; `words` say what changed, and when."""
    return f"{words} Our message above now has the corrected words."


def submitted(found: Draft, made: Sequence[Sequence[Block]], needs: Sequence[str], signed: Sequence[Approval]) -> Card:
    """The preview for the rooms and the approvers: exactly the bytes, who must sign, who has.

    `made`: everything; the first part of it stands here. Who signs and who has stands beside the buttons, where the eye
    is after reading.
    """
    blocks = [_goes_to(found), *made[0], *_beside(found), *approvals(needs, signed), *_sign(found)]
    if len(made) > 1:
        blocks.insert(1, _more(found, len(made)))
    return Card(f"{title(found)}: please approve", tuple(blocks), "warning")


def _more(found: Draft, many: int) -> Block:
    n = found.apology.number
    if many > MOST_POSTED:
        row = Button(f"Part 2 of {many}", f"apology show {n} part 2", "primary")
        return Buttons((row,))
    return small(f"Part 1 of {many}. The other parts follow below; a signature is for all of them.")


def following(found: Draft, made: Sequence[Sequence[Block]]) -> list[Card]:
    """The parts of a preview after the first, for below it; none where they are too many to be posted."""
    if len(made) > MOST_POSTED:
        return []
    return [Card(_titled(found, k, len(made)), tuple(blocks)) for k, blocks in enumerate(made[1:], 2)]


def submitted_again(found: Draft, before: Version, needs: Sequence[str], signed: Sequence[Approval]) -> Card | None:
    """The preview for people who were shown an earlier version: what is different from that one, and nothing else.

    None where the difference itself is more than a card holds: then everything is shown again.
    """
    n, digest = found.apology.number, found.version.digest[:12]
    blocks: list[Block] = [
        line(f"Version {found.version.number}, {found.apology.state}. Since version {before.number}:"),
        *difference(before, found.version),
    ]
    if not preview.fits(blocks):
        return None
    blocks += [small(f"{w.rule} is left as it is: {w.because}") for w in found.waivers]
    blocks += approvals(needs, signed)
    blocks.append(
        Buttons(
            (
                Button("Approve", f"apology approve {n} {digest}", "primary"),
                Button("Reject", f"apology reject {n}", "danger", form=True),
                Button("Suggest words", f"apology suggest {n}", form=True),
                Button("Show everything", f"apology show {n}"),
            )
        )
    )
    return Card(f"{title(found)}: please approve again", tuple(blocks), "warning")


def difference(before: Version, after: Version) -> list[Block]:
    """What changed between two versions: who gets it, and each changed sentence, old and new."""
    old = {(r.customer, r.platform, r.address): r for r in before.recipients}
    new = {(r.customer, r.platform, r.address): r for r in after.recipients}
    blocks: list[Block] = []
    for words, keys, names in (
        ("No longer goes to", old.keys() - new.keys(), old),
        ("Goes to as well", new.keys() - old.keys(), new),
    ):
        if keys:
            told = sorted(
                f"{r.name} ({PLATFORMS[r.platform]}{', if the channel before fails' if r.spare else ''})"
                for r in (names[k] for k in keys)
            )
            more = f" and {len(told) - 10} more" if len(told) > 10 else ""
            blocks.append(line(Strong(f"{words}: "), f"{', '.join(told[:10])}{more}."))
    groups: dict[tuple[str, str], list[str]] = {}
    for key in sorted(old.keys() & new.keys()):
        if old[key].text != new[key].text:
            groups.setdefault((old[key].text, new[key].text), []).append(new[key].name)
    for (was, now), customers in groups.items():
        more = f" and {len(customers) - 10} more" if len(customers) > 10 else ""
        blocks += _changed(f"For {', '.join(dict.fromkeys(customers[:10]))}{more}", was, now)
    blocks += _changed("In the long text", before.text("full"), after.text("full"))
    return blocks or [small("The words and the customers are the same.")]


def _changed(what: str, was: str, now: str) -> list[Block]:
    """The sentences that went and those that came."""
    old, new = _sentences(was), _sentences(now)
    steps = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    gone = [s for tag, a, b, _, _ in steps if tag != "equal" for s in old[a:b]]
    come = [s for tag, _, _, a, b in steps if tag != "equal" for s in new[a:b]]
    if not gone and not come:
        return []
    blocks: list[Block] = [Line((Strong(what),))]
    blocks += [line("It no longer says:"), *map(Quote, preview.pieces(" ".join(gone)))] if gone else []
    blocks += [line("It says now:"), *map(Quote, preview.pieces(" ".join(come)))] if come else []
    return blocks


def _sentences(text: str) -> list[str]:
    return [s for row in text.splitlines() for s in re.split(r"(?<=[.!?]) (?=[A-Z“])", row) if s.strip()]


def approvals(needs: Sequence[str], signed: Sequence[Approval]) -> list[Block]:
    """Who has signed and which signature is missing."""
    have = {a.capacity for a in signed}
    missing = [n for n in needs if n not in have]
    blocks: list[Block] = []
    if signed:
        blocks.append(line("Approved by " + ", ".join(f"{a.name} ({a.capacity})" for a in signed) + "."))
    if missing:
        blocks.append(line(Strong("Still needed: "), ", ".join(missing) + "."))
    return blocks


def approved(found: Draft, needs: Sequence[str], signed: Sequence[Approval], until: str) -> Card:
    """All signatures are there: it may be published until they expire."""
    from handlers.customers import counted

    n = found.apology.number
    blocks = approvals(needs, signed)
    blocks += [
        line(f"It may be published until {until}, to {counted(found.version.recipients)}."),
        Buttons(
            (
                Button(
                    "Publish",
                    f"apology publish {n}",
                    "primary",
                    form=_count_needed(found),
                    confirm=f"This posts it to {counted(found.version.recipients)}.",
                ),
            )
        ),
    ]
    return Card(f"{title(found)}: approved", tuple(blocks), "good")


def signed(found: Draft, signatures: Sequence[Approval]) -> Card:
    """The preview once the text is on its way: who approved it, and nothing left to press."""
    return Card(f"{title(found)}: released", tuple(approvals((), signatures)) or (line("Released."),), "good")


def progress(apology: Apology, far: Tally, note: str = "") -> Card:
    """38 of 41 sent, 1 unknown, 2 failed; then each channel that needs a person."""
    count = {s: sum(p.state == s for p in far.trouble) for s in ("unknown", "dead", "held")}
    moving = far.moving + far.waiting
    parts = [f"{far.sent} of {far.total} sent"]
    parts += [f"{count[s]} {w}" for s, w in (("unknown", "unknown"), ("dead", "failed"), ("held", "held")) if count[s]]
    if moving and apology.state == "publishing":
        parts.append(f"{moving} on the way")
    elif moving:
        parts.append(f"{moving} waiting")
    blocks: list[Block] = [line(", ".join(parts) + ".")]
    if note:
        blocks.append(line(note))
    if far.trouble:
        blocks.append(Bullets(tuple(_trouble(p) for p in far.trouble[:10])))
    n = apology.number
    row: list[Button] = []
    if apology.state == "publishing" and moving:
        row.append(Button("Pause", f"apology pause {n}", "danger"))
    if apology.state == "paused" or (apology.state != "retracted" and far.failed):
        row.append(Button("Retry failures" if apology.state != "paused" else "Go on", f"apology resume {n}", "primary"))
    row.append(Button("Status per channel", f"apology status {n}"))
    blocks.append(Buttons(tuple(row)))
    tone: Tone = "danger" if far.trouble else "good" if not moving else "plain"
    return Card(f"{named(apology)}: {apology.state}", tuple(blocks), tone)


def _trouble(post: PostState) -> tuple[Span, ...]:
    words = {"unknown": "may or may not have arrived", "dead": "failed", "held": "held"}[post.state]
    return (Strong(customer_of(post)), Text(f" ({PLATFORMS[post.place.platform]}) {words}: {post.error}"))


def customer_of(post: PostState) -> str:
    """The customer a post's key names."""
    return post.key.split("/")[1]


def status(
    apology: Apology,
    posts: Sequence[PostState],
    signed: Sequence[Approval],
    zone: str,
    names: Mapping[str, str],
    by_hand: Sequence[Relay] = (),
) -> Card:
    """Who was told, where, when, with a link; and who not yet. `names` by customer key; `by_hand` have no channel."""
    from handlers.card import Link, Moment

    words = {
        "pending": "queued",
        "claimed": "queued",
        "sending": "sending",
        "retry": "waiting to try again",
        "unknown": "unknown",
        "held": "held",
        "dead": "failed",
        "sent": "sent",
    }
    items: list[tuple[Span, ...]] = []
    for post in posts:
        who = names.get(customer_of(post), customer_of(post))
        row: list[Span] = [
            Strong(who),
            Text(f" {PLATFORMS[post.place.platform]}: {words[post.state]}"),
        ]
        if post.sent_at is not None and post.state == "sent":
            row += [Text(" "), Moment(post.sent_at, zone, "datetime")]
        if post.link.startswith("https://"):
            row += [Text(" "), Link("open", post.link)]
        if post.error and post.state != "sent":
            row.append(Text(f" ({post.error})"))
        items.append(tuple(row))
    items += [
        (
            Strong(names.get(relay.customer, relay.customer)),
            Text(f" has no channel here: {'to be told by hand' if relay.state == 'released' else relay.state}"),
        )
        for relay in by_hand
    ]
    blocks: list[Block] = [line(f"{apology.state.capitalize()}, version {apology.version}.")]
    blocks.append(Bullets(tuple(items[:40])) if items else line("Nothing was posted yet."))
    if len(items) > 40:
        blocks.append(small(f"and {len(items) - 40} more; the export has them all"))
    if signed:
        blocks.append(small("Approved by " + ", ".join(f"{a.name} ({a.capacity})" for a in signed)))
    for post in posts:
        if post.state == "unknown":
            who = names.get(customer_of(post), customer_of(post))
            blocks += [
                line(f"{who}: nobody can know from here whether it arrived. Look, then say so."),
                Buttons(choices(post)),
            ]
    return Card(f"{named(apology)}: who was told", tuple(blocks))
