"""What is still missing before customers can be told, as questions to colleagues."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from zoneinfo import ZoneInfo

from handlers.domain.compose.ledger import Case, Conflict, Ledger, internals
from handlers.domain.compose.moments import date_words, duration_of
from handlers.domain.compose.phrases import clean
from handlers.domain.compose.source import PUBLIC, Audience, Gap, Source, default_next_report, fact_id

AMOUNT_CHARACTERS = frozenset("%€$£¥")
"""In a remedy these mean an amount, which is for one customer's eyes only (A5b, N14)."""


def gaps(source: Source, audience: Audience = PUBLIC) -> list[Gap]:
    """The facts a text for this audience still needs, those that block before those that warn.

    Waived ones are left out. Blocking: windows, their zone and times, what customers saw, services, cause, fix, the
    noun of a teaser, prevention, remedy, next report. Warning: count, data loss, contact.
    """
    ledger = Ledger(source, audience)
    found = [
        _windows(ledger),
        _timezone(ledger),
        _times(ledger),
        _impact(ledger),
        _services(ledger),
        _cause(ledger),
        *_teasers(ledger),
        _fix(ledger),
        _prevention(ledger),
        _remedy(ledger),
        _next_report(ledger),
        _count(ledger),
        _data_loss(ledger),
        *_disputes(ledger),
        _contact(ledger),
    ]
    kept = [gap for gap in found if gap is not None and not ledger.waived(gap.name, gap.rule)]
    return sorted(kept, key=lambda gap: not gap.blocks)


def _incidents(numbers: Sequence[int]) -> str:
    return ", ".join(f"INC-{n}" for n in numbers)


def _where(ledger: Ledger, test: Callable[[Case], bool]) -> tuple[int, ...]:
    return tuple(case.number for case in ledger.cases if test(case))


def _dispute(conflict: Conflict) -> str:
    said = ", ".join(f"{clean(f.value)} ({f.source or 'no source'}, F{f.number})" for f in conflict.facts)
    first = conflict.facts[0]
    return (
        f"Sources disagree on {conflict.kind}: {said}. Until one is confirmed, none is printed: "
        f"confirm {first.incident} F{first.number}, or drop the wrong one."
    )


def _disputed(
    ledger: Ledger, name: str, rule: str, kind: str, numbers: Iterable[int], *, blocks: bool = True
) -> Gap | None:
    """The gap of a kind on which sources disagree, incident by incident."""
    for number in numbers:
        found = ledger.settled(kind, number)
        if isinstance(found, Conflict):
            return Gap(name, rule, blocks, _dispute(found), (number,), kind, conflict=True)
    return None


def _disputed_over_all(ledger: Ledger, name: str, rule: str, *, blocks: bool) -> Gap | None:
    found = ledger.settled(name)
    if isinstance(found, Conflict):
        numbers = tuple(sorted({f.incident for f in found.facts}))
        return Gap(name, rule, blocks, _dispute(found), numbers, name, conflict=True)
    return None


def _windows(ledger: Ledger) -> Gap | None:
    missing = _where(ledger, lambda c: not c.spans)
    question = f"On which day were customers hit ({_incidents(missing)})? When the room was opened does not count."
    return Gap("window", "F1", True, question, missing, "window") if missing else None


def _timezone(ledger: Ledger) -> Gap | None:
    missing = _where(ledger, lambda c: any((s.part or s.start) and not s.zoned for s in c.spans))
    if not missing:
        return None
    disputed = _disputed_over_all(ledger, "timezone", "F2", blocks=True)
    question = "In which time zone are the times or parts of day? For example America/Los_Angeles."
    return disputed or Gap("timezone", "F2", True, question, missing, "timezone")


def _times(ledger: Ledger) -> Gap | None:
    disputed = _disputed(ledger, "times", "F3", "duration", ledger.numbers)
    if disputed:
        return disputed
    for case in ledger.cases:
        length = ledger.known("duration", case.number)
        if length and not agrees(ledger, case):
            question = (
                f"The window and the duration of INC-{case.number} do not agree ({length.value}, "
                f"F{length.fact.number}). Which is right? Neither is printed until then."
            )
            return Gap("times", "F3", True, question, (case.number,), "times", conflict=True)
    told_unknown = any((found := ledger.one(kind)) and found.unknown for kind in ("times", "duration"))
    missing = _where(
        ledger,
        lambda c: (
            any(not s.timed for s in c.spans)
            and (len(c.spans) > 1 or not ledger.known("duration", c.number))
            and not told_unknown
        ),
    )
    question = f"From when to when were customers hit, or for how long ({_incidents(missing)})?"
    return Gap("times", "F3", True, question, missing, "times") if missing else None


def agrees(ledger: Ledger, case: Case) -> bool:
    """Whether an incident's duration fits its windows; a stated or rounded one may be a quarter out (F3, C4)."""
    settled = ledger.known("duration", case.number)
    length = duration_of(settled.fact) if settled else None
    if settled is None or length is None or not case.spans or not all(s.timed for s in case.spans):
        return True
    total = sum(((s.end - s.start).total_seconds() for s in case.spans if s.end and s.start), 0.0)
    loose = settled.fact.precision not in {"exact", "minute"} or any(s.about for s in case.spans)
    return abs(total - length.total_seconds()) <= (0.25 * max(total, length.total_seconds()) if loose else 60)


def _impact(ledger: Ledger) -> Gap | None:
    missing = _where(ledger, lambda c: not c.impacts and not any(f.unknown for f in ledger.of("impact", c.number)))
    question = f"What did customers see or could not do ({_incidents(missing)})?"
    return Gap("impact", "F6", True, question, missing, "impact") if missing else None


def _services(ledger: Ledger) -> Gap | None:
    missing = _where(ledger, lambda c: not c.services)
    if not missing:
        return None
    question = f"Which services were hit ({_incidents(missing)})? As in the catalog: services {missing[0]} <service,…>."
    return Gap("services", "F4", True, question, missing)


def _cause(ledger: Ledger) -> Gap | None:
    for kind in ("cause.trigger", "cause.flaw", "cause.latent"):
        disputed = _disputed(ledger, "cause", "A3", kind, ledger.numbers)
        if disputed:
            return disputed
    missing = _where(ledger, lambda c: not explained(ledger, c))
    question = f"What set it off, and what was wrong ({_incidents(missing)})?"
    return Gap("cause", "A3", True, question, missing, "cause.trigger") if missing else None


def explained(ledger: Ledger, case: Case) -> bool:
    """Whether the record says what caused it, or says that this is not known yet."""
    kinds = ("cause.trigger", "cause.flaw", "cause.latent")
    if any(ledger.one(kind, case.number) for kind in kinds):
        return True
    before = [ledger.case(n) for n in case.earlier]
    return any(c is not None and c.had_fix for c in before)


def _teasers(ledger: Ledger) -> list[Gap]:
    names: dict[str, list[int]] = {}
    nouns: dict[str, str] = {}
    for teaser in ledger.teasers:
        if not ledger.of(teaser.name):
            names.setdefault(teaser.name, []).append(teaser.incident)
            nouns[teaser.name] = teaser.noun
    out = []
    for name, numbers in names.items():
        question = f"A public fact names {nouns[name]} without saying what it was ({_incidents(numbers)}). What was it?"
        out.append(Gap(name, "W14", True, question, tuple(dict.fromkeys(numbers)), name))
    out += [
        disputed
        for teaser in ledger.teasers
        if (disputed := _disputed_over_all(ledger, teaser.name, "W14", blocks=True)) and teaser.name not in names
    ]
    return list(dict.fromkeys(out))


def _fix(ledger: Ledger) -> Gap | None:
    disputed = _disputed(ledger, "fix", "A5a", "fix", [c.number for c in ledger.cases if c.state != "insufficient"])
    missing = _where(ledger, lambda c: not c.state)
    question = f"How does the fix stand ({_incidents(missing)}): none, contained, fixed or verified?"
    return disputed or (Gap("fix", "A5a", True, question, missing, "fix") if missing else None)


def _prevention(ledger: Ledger) -> Gap | None:
    if any(t.owner_title.strip() for t in ledger.prevention):
        return None
    if not ledger.prevention and any(f.unknown for f in ledger.of("prevention")):
        return None
    last = ledger.numbers[-1] if ledger.numbers else 0
    for task in ledger.prevention:
        question = (
            f"Which role may customers read? Who owns task {task.number} of INC-{task.incident} has no title in the "
            "catalog: add one, or give the task to somebody who has."
        )
        return Gap("prevention", "F11", True, question, (task.incident,), "prevention")
    question = f"What will change, who owns it, by when? For example: task {last} add <what changes> @owner due <date>."
    for task in ledger.source.tasks:
        name = f"Task {task.number} of INC-{task.incident}"
        if task.incident in ledger.numbers and task.owner and ledger.task_day(task) and not task.done_at:
            found = internals(task.text)
            question = (
                f"{name} names {found}, which customers must not read: add it again in plain words."
                if found
                else f"{name} is past its due date. Which change comes, who owns it, by when?"
            )
    return Gap("prevention", "F11", True, question, (last,) if last else (), "prevention")


def _remedy(ledger: Ledger) -> Gap | None:
    disputed = _disputed_over_all(ledger, "remedy", "A5b", blocks=True)
    found = ledger.one("remedy")
    if disputed or (found and (found.unknown or found.fact.visibility == "customer" or not is_amount(found.value))):
        return disputed
    question = "What is the remedy: “none due”, or “decision by” a date?"
    if found:
        question = f"An amount is for one customer only ({fact_id(found.fact)}). {question}"
    return Gap("remedy", "A5b", True, question, ledger.numbers, "remedy")


def is_amount(words: str) -> bool:
    """Whether a remedy names a percentage or a sum of money."""
    lowered = words.lower()
    if AMOUNT_CHARACTERS & set(words) or " percent" in lowered or "per cent" in lowered:
        return True
    return any(ch.isdigit() for ch in words) and " by " not in f" {lowered}"


def _next_report(ledger: Ledger) -> Gap | None:
    disputed = _disputed_over_all(ledger, "next-report", "F12", blocks=True)
    if disputed or ledger.last_word:
        return disputed
    latest = default_next_report(ledger.source)
    if ledger.report_day and not ledger.last_word:
        day, at = ledger.report_day[0], ledger.source.publication
        late = latest is not None and day > latest
        if at is None or latest is None or not (late or day < at.astimezone(ZoneInfo(ledger.source.house_zone)).date()):
            return None
        why = "is more than five business days away" if late else "has passed"
        question = (
            f"{date_words(day, 'en-GB')} {why}. On which day until {date_words(latest, 'en-GB')} will you report?"
        )
        return Gap("next-report", "F12", True, question, ledger.numbers, "next-report")
    hint = f" {date_words(latest, 'en-GB')} is five business days after publication." if latest else ""
    return Gap("next-report", "F12", True, f"On which day will you report next?{hint}", ledger.numbers, "next-report")


def _count(ledger: Ledger) -> Gap | None:
    disputed = _disputed(ledger, "count", "F7", "count", ledger.numbers, blocks=False)
    if disputed or ledger.of("count"):
        return disputed
    return Gap("count", "F7", False, "How many customers were hit?", ledger.numbers, "count")


def _data_loss(ledger: Ledger) -> Gap | None:
    disputed = _disputed(ledger, "data-loss", "F8", "data-loss", ledger.numbers, blocks=False)
    if disputed:
        return disputed
    if any(f.unknown for f in ledger.of("data-loss")):
        return None
    missing = _where(ledger, lambda c: not ledger.of("data-loss", c.number))
    question = f"Was data lost ({_incidents(missing)}): none, yes or unknown?"
    return Gap("data-loss", "F8", False, question, missing, "data-loss") if missing else None


def _disputes(ledger: Ledger) -> list[Gap]:
    found = (
        _disputed(ledger, kind, rule, kind, ledger.numbers, blocks=False)
        for kind, rule in (("security", "F8"), ("workaround", "F6"), ("monitoring", "A5a"))
    )
    return [gap for gap in found if gap is not None]


def _contact(ledger: Ledger) -> Gap | None:
    disputed = _disputed_over_all(ledger, "contact", "F13", blocks=False)
    if disputed or ledger.of("contact"):
        return disputed
    return Gap("contact", "F13", False, "Where can customers ask?", ledger.numbers, "contact")
