"""What happens next: prevention, what is not known yet, the next report, the remedy; then contact and signature."""

from __future__ import annotations

import re
from datetime import date
from typing import Final

from handlers.domain.apology import Promise
from handlers.domain.compose import phrases as say
from handlers.domain.compose.caused import LONGEST_SENTENCE, UNKNOWN_CAUSES
from handlers.domain.compose.frame import Frame, Said, blank
from handlers.domain.compose.gaps import is_amount
from handlers.domain.compose.ledger import Settled, internals
from handlers.domain.compose.moments import date_words, due_day
from handlers.domain.compose.phrases import Part, Token, listed, opened, plain, small

MOST_UNKNOWNS: Final = 4
"""Things not known yet in one sentence."""
MOST_PROMISES: Final = 3
"""Earlier promises said in one text."""

_DECISION: Final = re.compile(r"\b(?:decision|decide[sd]?)\b", re.IGNORECASE)
_BOLD_PROMISE: Final = re.compile(
    r"\b(?:fixed|resolved|solved|repaired|never|guarantee\w*|will not|won't)\b", re.IGNORECASE
)
_PROMISED: Final = {
    "report": "report to you again",
    "remedy": "decide on a remedy",
    "explain": "explain what was not known",
}
"""Kinds of promise that are told in words of their own."""
_VERDICTS: Final = {
    "broken": "we did not keep that promise",
    "late": "that is late",
    "withdrawn": "we took that promise back",
    "kept": "we kept that promise",
}
"""How an earlier promise stands, what weighs most first."""


class Ahead(Frame):
    """Promises made, each bound to a fact or a task."""

    def prevention(self) -> list[list[Said]]:
        """The commitment, then each change with its owner's role and its due date (A4, F11). Never a person's name."""
        tasks = self.ledger.prevention
        if not tasks:
            if self.ledger.waived("prevention", "F11") or any(f.unknown for f in self.ledger.of("prevention")):
                return []
            parts: tuple[Part, ...] = ("We will make this change: ", blank("what changes, who owns it, by when"), ".")
            return [[Said("prevention", "F11", parts, 83)]]
        commitment = "We will change what led to this."
        if all(task.done_at is not None for task in tasks):
            commitment = "We have changed what led to this, so that it does not happen again."
        lines: list[list[Said]] = [[Said("commitment", "A4", (commitment,), 87)]]
        for task in tasks:
            day = self.ledger.task_day(task)
            ident = f"INC-{task.incident} T{task.number}"
            owner = say.clean(task.owner_title)
            who: tuple[Part, ...] = ("A named person on our team",)
            if owner:
                who = ("Our ", Token(say.small_title(owner), (ident,)))
            lines.append([self._task(task.text, who, ident, day, done=task.done_at is not None)])
        return [[*lines[0], *lines[1]], *lines[2:]]

    def _task(self, text: str, who: tuple[Part, ...], ident: str, day: date | None, *, done: bool) -> Said:
        words = re.sub(r"^to ", "", say.clean(text), flags=re.IGNORECASE)
        when: tuple[Part, ...] = (", due by ", Token(date_words(day, self.locale), (ident,))) if day else ()
        if say.is_imperative(words):
            token = Token(words[:1].lower() + words[1:], (ident,))
            lead = (" has finished the work to " if done else " owns the work to ", token)
            parts: tuple[Part, ...] = (*who, *lead, *when, ".")
        else:
            token = Token(small(words), (ident,))
            lead_words = " has finished this work" if done else " owns this work"
            parts = (*who, lead_words, *when, ": ", token, ".")
        return Said("prevention", "F11", parts, 83)

    def unknowns(self, *, brief: bool = False) -> list[Said]:
        """What is not known yet, by when it will be explained (A3, F3, F7, F8, W14)."""
        groups: dict[date | None, list[tuple[str, tuple[str, ...], tuple[str, ...]]]] = {}
        for words, short, settled, core in self._unknown_facts():
            if (brief and not core) or (not brief and settled.kind in UNKNOWN_CAUSES):
                continue  # the full text says what is not known of a cause where it tells of causes
            until = self.ledger.explained_by(settled)
            day, because = until or (None, ())
            groups.setdefault(day, []).append((short if brief else words, settled.ids, because))
        out = []
        for by, items in groups.items():
            merged: dict[str, list[str]] = {}
            for words, ids, _ in items:
                merged.setdefault(words, []).extend(ids)
            until = (by, tuple(dict.fromkeys(i for *_, because in items for i in because))) if by else None
            tokens = [(Token(words, tuple(dict.fromkeys(ids))),) for words, ids in merged.items()]
            end: tuple[Part, ...] = (self.day_token(until),) if until else (blank("the date of the next report"),)
            if not until and self.ledger.waived("next-report", "F12"):
                end = ()  # people chose to name no date
            if brief:
                parts = ("We will explain ", *listed(tokens, self.locale), *((" by ", *end) if end else ()), ".")
                out.append(Said("unknown", "F3", parts, 79))
                continue
            for first in range(0, len(tokens), MOST_UNKNOWNS):
                some = tokens[first : first + MOST_UNKNOWNS]
                verb = "are" if len(some) > 1 or say.plural(plain(some[0])) else "is"
                either = " either" if first else ""
                said = (*opened(listed(some, self.locale)), f" {verb} not known yet{either}.")
                out.append(Said("unknown", "F3", said, 79))
            if end:
                them = "them" if len(tokens) > 1 or say.plural(plain(tokens[0])) else "it"
                out.append(Said("unknown by", "F3", (f"We will explain {them} by ", *end, "."), 79))
        return out

    def unknown_answers(self) -> list[Said]:
        """One sentence for each thing not known yet, named by what it is about, for the FAQ."""
        out = []
        for name, words, settled in self._unknown_by_name():
            until = self.ledger.explained_by(settled)
            verb, them = ("are", "them") if say.plural(words) else ("is", "it")
            day: tuple[Part, ...] = (f". We will explain {them} by ", self.day_token(until)) if until else ()
            answer = (*opened((Token(words, settled.ids),)), f" {verb} not known yet", *day, ".")
            out.append(Said(name, "F3", answer, 79))
        return out

    def _unknown_by_name(self) -> list[tuple[str, str, Settled]]:
        names = {"duration": "times", "cause.trigger": "cause", "cause.flaw": "cause", "cause.latent": "cause"}
        found: dict[str, tuple[str, str, Settled]] = {}
        for words, _, settled, _ in self._unknown_facts():
            name = names.get(settled.kind, settled.kind)
            found.setdefault(name, (name, words, settled))
        return list(found.values())

    def _unknown_facts(self) -> list[tuple[str, str, Settled, bool]]:
        """Each as (words, short words without days, fact, whether chat says it too)."""
        ledger, out = self.ledger, []
        untimed = [c for c in ledger.cases if any(not s.timed for s in c.spans)]
        timed_too = len(untimed) < len(ledger.cases)
        for kind in ("times", "duration"):
            found = ledger.one(kind)
            if found and found.unknown and untimed:
                apart = plain(self.on_days(untimed)) if timed_too else ""
                out.append((f"the exact start and end times{apart}", "the exact times", found, True))
                break
        for kind in ("cause.trigger", "cause.flaw", "cause.latent"):
            for settled, held in ledger.each(kind):
                if not settled.unknown:
                    continue
                apart = plain(self.on_days(self.those(held))) if len(held) < len(ledger.cases) else ""
                words = UNKNOWN_CAUSES[kind]
                if not any(w == words + apart for w, *_ in out):
                    out.append((words + apart, words, settled, True))
        for kind, words in (
            ("impact", "exactly what customers saw"),
            ("fix", "how far the fix has come"),
            ("count", "how many customers this affected"),
            ("data-loss", "whether data was lost"),
            ("security", "whether this was a security incident"),
            ("prevention", "what we will change"),
        ):
            facts = ledger.of(kind)
            found = ledger.one(kind) if facts and all(f.unknown for f in facts) else None
            if found and not (kind == "prevention" and ledger.prevention):
                out.append((words, words, found, kind in {"impact", "fix", "prevention"}))
        return out

    def report(self, *, brief: bool = False) -> list[Said]:
        """The next report (F12)."""
        day = self.ledger.report_day
        if day:
            words = "We will report again by " if brief else "We will report to you again by "
            return [Said("report", "F12", (words, self.day_token(day), "."), 93)]
        if self.ledger.waived("next-report", "F12"):
            return []
        if self.ledger.last_word:
            return [Said("report", "F12", ("This is our last report on this.",), 93)]
        return [
            Said("report", "F12", ("We will report to you again by ", blank("the date of the next report"), "."), 93)
        ]

    def remedy(self) -> list[Said]:
        """The remedy, or by when it is decided (A5b). An amount only where it is this customer's own fact."""
        found = self.ledger.one("remedy")
        if found and not found.unknown and is_amount(found.value) and found.fact.visibility != "customer":
            found = None
        if found is None:
            if self.ledger.waived("remedy", "A5b"):
                return []
            return [Said("remedy", "A5b", ("On a remedy: ", blank("none due, or decision by a date"), "."), 81)]
        day = self._remedy_day(found)
        if found.unknown or _DECISION.search(found.value):
            by: tuple[Part, ...] = (self.day_token(day),) if day else (blank("the date of the decision"),)
            return [Said("remedy", "A5b", ("We will decide on a remedy by ", *by, "."), 81)]
        if found.value.lower() in {"none due", "none", "no", "not due"}:
            return [Said("remedy", "A5b", (Token("No service credit is due", found.ids), " for this event."), 81)]
        if say.shape(found.value) == "clause":
            return [Said("remedy", "A5b", (*opened((found.token,)), "."), 81)]
        words = Token(small(found.value), found.ids)
        return [Said("remedy", "A5b", (f"As a remedy, you will receive {say.article(found.value)}", words, "."), 81)]

    def _remedy_day(self, found: Settled) -> tuple[date, tuple[str, ...]] | None:
        if found.unknown:
            return self.ledger.explained_by(found)
        match = re.search(r"\bby (.+)$", found.value, re.IGNORECASE)
        day = due_day(match[1], found.fact.recorded_at, self.source.house_zone) if match else None
        return (day, found.ids) if day else self.ledger.report_day

    def next_dates(self) -> list[Said]:
        """Unknowns, report and remedy for the short variants, in one sentence where they fall on one day."""
        return self._on_one_day(self.unknowns(brief=True), self.report(brief=True), self.remedy())

    def report_and_remedy(self) -> list[Said]:
        """The next report and the remedy, in one sentence where they fall on one day."""
        return self._on_one_day(self.report(), self.remedy())

    def _on_one_day(self, *each: list[Said]) -> list[Said]:
        """Sentences that end in the same "by DATE" become one; the others stay as they are."""
        said = [one for some in each for one in some]
        dated = [(one, *_by(one)) for one in said]
        first = next((day.text for _, _, day in dated if day), None)
        joined = [(one, parts, day) for one, parts, day in dated if day and day.text == first]
        while len(joined) > 2 and sum(one.words for one, _, _ in joined) - 4 * len(joined) > LONGEST_SENTENCE - 4:
            joined = joined[1:]  # the longest comes first: it keeps a sentence of its own
        if len(joined) < 2:
            return said
        verbs = [joined[0][1], *[_without_subject(parts) for _, parts, _ in joined[1:]]]
        token = Token(first or "", tuple(dict.fromkeys(i for _, _, day in joined for i in day.ids)))
        parts = (*listed(verbs, self.locale), " by ", token, ".")
        keep = max(one.keep for one, _, _ in joined)
        if len(plain(parts).split()) > LONGEST_SENTENCE:
            return said
        one_day = Said("report", "F12", parts, keep)
        others = [one for one in said if not any(one is known for known, _, _ in joined)]
        before = [one for one in others if said.index(one) < said.index(joined[0][0])]
        return [*before, one_day, *(one for one in others if one not in before)]

    def promises(self) -> list[Said]:
        """What was promised before and how it stands, where a recurrence makes it matter (F9).

        What one customer alone was told is said to that customer alone.
        """
        if not self.ledger.links:
            return []
        customer = self.ledger.audience.customer
        mine = [p for p in self.source.promises if len(p.customers) != 1 or (customer and customer in p.customers)]
        wanted = [p for p in mine if p.state in _VERDICTS]
        out: dict[str, Said] = {}
        for promise in sorted(wanted, key=lambda p: (list(_VERDICTS).index(p.state), p.number)):
            parts = self._promise(promise)
            said = Said("promise", "F9", parts, 76)
            if parts:
                out.setdefault(said.text, said)
        return list(out.values())[:MOST_PROMISES]

    def _promise(self, promise: Promise) -> tuple[Part, ...]:
        """One promise and how it stands; nothing of one that the record answers."""
        ident = (f"P{promise.number}",)
        words = say.clean(promise.text).replace("“", "").replace("”", "")
        if promise.kind == "fixed" or _BOLD_PROMISE.search(words):
            told = "We told you that the problem was fixed, and "
            return (told, Token("it was not", ident), ".") if promise.state != "kept" else ()
        verdict = Token(_VERDICTS[promise.state], ident)
        if promise.kind in _PROMISED:
            return (f"We promised to {_PROMISED[promise.kind]}, and ", verdict, ".")
        if internals(words):
            return ("We promised you a change, and ", verdict, ".")
        return ("We promised you “", Token(words, ident), "”, and ", verdict, ".")

    def again(self) -> list[Said]:
        """How a follow-up begins: with what customers were promised."""
        if not self.source.follows:
            return []
        promised = any(p.apology == self.source.follows and p.kind == "report" for p in self.source.promises)
        words = "This is the report we promised you." if promised else "We write to you again about what happened."
        return [Said("follow-up", "F9", (words,), 98)]

    def contact(self, *, brief: bool = False) -> list[Said]:
        """Where to ask (F13)."""
        found = self.ledger.known("contact")
        if found is None:
            return []
        if brief:
            return [Said("contact", "F13", ("Contact: ", found.token), 80)]
        if re.match(r"(?:your|our|the)\b", found.value, re.IGNORECASE):
            return [Said("contact", "F13", ("Please contact ", Token(small(found.value), found.ids), "."), 80)]
        if re.match(r"(?:https?://|www\.)|\S+@\S+$|[+\d(]", found.value):
            return [Said("contact", "F13", ("Please contact us at ", found.token, "."), 80)]
        return [Said("contact", "F13", ("Please contact us: ", found.token, "."), 80)]

    def signatory(self) -> list[Said]:
        """Who signs (F14). A name, never a pronoun."""
        words = say.clean(self.source.signatory)
        return [Said("signatory", "F14", (Token(words, ("signatory",)),), 97)] if words else []


def _by(said: Said) -> tuple[tuple[Part, ...], Token | None]:
    """A sentence that ends in "by DATE." without that ending, and the date."""
    parts = said.parts
    if len(parts) >= 3 and parts[-1] == "." and isinstance(parts[-2], Token):
        before = parts[-3]
        if isinstance(before, str) and before.endswith(" by "):
            return (*parts[:-3], before.removesuffix(" by ")), parts[-2]
    return parts, None


def _without_subject(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    first = parts[0]
    return (first.removeprefix("We will "), *parts[1:]) if isinstance(first, str) else parts
