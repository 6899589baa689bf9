"""What went wrong: what set it off, what was wrong, and what the first fix missed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from handlers.domain.compose import phrases as say
from handlers.domain.compose.frame import Frame, Said, blank
from handlers.domain.compose.gaps import explained
from handlers.domain.compose.ledger import Case, link_id
from handlers.domain.compose.phrases import Part, Token, capital, opened, small

UNKNOWN_CAUSES: Final = {
    "cause.trigger": "the cause",
    "cause.flaw": "why this went wrong",
    "cause.latent": "what the first fix missed",
}
"""How a cause that is not known yet is named."""
LONGEST_SENTENCE: Final = 30
"""Words; two short sentences are joined only below it (rule R2 allows 35)."""


class Caused(Frame):
    """Causes and recurrences."""

    def causes(self) -> list[Said]:
        """What set it off and what was wrong, then what the first fix missed (A3, F9)."""
        out: list[Said] = []
        seen: dict[tuple[str, str], list[Case]] = {}
        for case in self.ledger.cases:
            trigger = self.ledger.known("cause.trigger", case.number)
            flaw = self.ledger.known("cause.flaw", case.number)
            if trigger or flaw:
                key = (trigger.value.casefold() if trigger else "", flaw.value.casefold() if flaw else "")
                seen.setdefault(key, []).append(case)
        for cases in seen.values():
            out += self.cause_of(tuple(cases), self.told_apart(cases))
        out += self._recurrences()
        out += self._unknown_causes()
        missing = tuple(c for c in self.ledger.cases if not explained(self.ledger, c))
        if missing and not self.ledger.waived("cause", "A3"):
            which = self.on_days(missing) if len(missing) < len(self.ledger.cases) else ()
            parts = ("The cause of the trouble", *which, f" was {blank('the cause')}.")
            out.append(Said("cause", "A3", parts, 84))
        return out

    def _unknown_causes(self) -> list[Said]:
        """That a cause is not known yet, and by when it will be explained."""
        out = []
        for kind, words in UNKNOWN_CAUSES.items():
            for settled, held in self.ledger.each(kind):
                if not settled.unknown:
                    continue
                apart = self.on_days(self.those(held)) if len(held) < len(self.ledger.cases) else ()
                until = self.ledger.explained_by(settled)
                by: tuple[Part, ...] = (", and we will explain it by ", self.day_token(until)) if until else ()
                lead = (capital(words), *((" of the trouble", *apart) if apart and kind == "cause.trigger" else apart))
                token = Token("not known yet", settled.ids)
                out.append(Said("cause unknown", "A3", (*lead, " is ", token, *by, "."), 84))
        return out

    def cause_of(self, cases: Sequence[Case], what: tuple[Part, ...]) -> list[Said]:
        """Trigger and flaw of incidents that share them."""
        trigger = self.shared("cause.trigger", cases)
        flaw = self.shared("cause.flaw", cases)
        out: list[Said] = []
        if trigger is None and flaw is None:
            return out
        first = trigger or flaw
        assert first is not None
        lead = self._caused(first, what)
        apart = say.shape(first.text) != "noun"
        if trigger is None or flaw is None:
            return [Said("cause", "A3", (*lead, "."), 84)]
        if say.shape(flaw.text) in {"clause", "state"}:
            tail: tuple[Part, ...] = (", and ", Token(small(flaw.text), flaw.ids))
            alone: tuple[Part, ...] = opened((flaw,))
        elif say.shape(flaw.text) == "verb":
            tail = (", and it ", Token(small(flaw.text), flaw.ids))
            alone = ("It ", Token(small(flaw.text), flaw.ids))
        else:
            there = f"there {'were' if say.plural(flaw.text) else 'was'} {say.article(flaw.text)}"
            tail = (f": {there}", Token(small(flaw.text), flaw.ids))
            alone = (capital(there), Token(small(flaw.text), flaw.ids))
        joined = Said("cause", "A3", (*lead, *tail, "."), 84)
        if joined.words <= LONGEST_SENTENCE and not apart:
            return [joined]
        return [Said("cause", "A3", (*lead, "."), 84), Said("flaw", "A3", (*alone, "."), 80)]

    @staticmethod
    def _caused(token: Token, what: tuple[Part, ...]) -> tuple[Part, ...]:
        match say.shape(token.text):
            case "clause":
                return (*opened((token,)), ", which caused ", *what)
            case "verb" | "state":
                return ("The service ", Token(small(token.text), token.ids), ", which caused ", *what)
            case _:
                words = say.article(token.text)
                begun = (capital(words), Token(small(token.text), token.ids)) if words else opened((token,))
                return (*begun, " caused ", *what)

    def shared(self, kind: str, cases: Sequence[Case]) -> Token | None:
        """The one value these incidents hold, with the facts of all of them."""
        found = [s for c in cases if (s := self.ledger.known(kind, c.number))]
        return Token(found[0].value, tuple(dict.fromkeys(i for s in found for i in s.ids))) if found else None

    def latent_groups(self) -> list[tuple[Token | None, tuple[Case, ...]]]:
        """What the first fix missed, and the incidents that it caused; None where only the link is known."""
        groups: dict[str, tuple[Token | None, list[Case]]] = {}
        for case in self.ledger.cases:
            latent = self.ledger.known("cause.latent", case.number)
            own = self.ledger.known("cause.trigger", case.number) or self.ledger.known("cause.flaw", case.number)
            if latent is None and (own or not self.failed_before(case)):
                continue
            key = latent.value.casefold() if latent else ""
            token, held = groups.get(key, (None, []))
            ids = (*(token.ids if token else ()), *(latent.ids if latent else ()))
            words = Token(latent.value, ids) if latent else None
            groups[key] = (words, [*held, case])
        return [(token, tuple(held)) for token, held in groups.values()]

    def failed_before(self, case: Case) -> tuple[Case, ...]:
        """The earlier incidents, through all links, whose fix did not hold; oldest first."""
        found: dict[int, Case] = {}
        wanted, seen = list(case.earlier), {case.number}
        while wanted:
            number = wanted.pop()
            earlier = self.ledger.case(number)
            if number in seen or earlier is None:
                continue
            seen.add(number)
            wanted += earlier.earlier
            if earlier.had_fix and earlier.state == "insufficient":
                found[number] = earlier
        return tuple(found[n] for n in sorted(found))

    def link_ids(self, cases: Sequence[Case]) -> tuple[str, ...]:
        """The recurrences behind what is said of these incidents."""
        numbers = {c.number for c in cases}
        return tuple(link_id(x) for x in self.ledger.links if x.incident in numbers)

    def _recurrences(self) -> list[Said]:
        out: list[Said] = []
        told: set[int] = set()
        for latent, cases in self.latent_groups():
            what = self.told_apart(cases)
            before = tuple({c.number: c for case in cases for c in self.failed_before(case)}.values())
            if before:
                out.append(self.did_not_resolve(latent, cases, what))
                told.add(before[0].number)
                out += [self._neither(c) for c in before[1:]]
                told |= {c.number for c in before}
            elif latent:
                out.append(self.latent_alone(latent, cases, what))
        out += self.unsaid_failures(told)
        return out

    def latent_alone(self, latent: Token, cases: Sequence[Case], what: tuple[Part, ...]) -> Said:
        """A cause that no earlier fix had missed; beside a trigger it is one more."""
        parts = self._caused(latent, what)
        if self.shared("cause.trigger", cases) or self.shared("cause.flaw", cases):
            parts = tuple(" also caused " if part == " caused " else part for part in parts)
        return Said("cause", "A3", (*parts, "."), 84)

    def _neither(self, case: Case) -> Said:
        days = self.on_days((case,))
        parts = ("The fix after the trouble", *days, " ", self._resolved_not(case), " it either.")
        return Said("later fix", "F9", parts, 82)

    def _resolved_not(self, case: Case) -> Token:
        return Token("did not resolve", case.state_ids)

    def did_not_resolve(self, latent: Token | None, cases: Sequence[Case], what: tuple[Part, ...]) -> Said:
        """The sentence "The first fix did not resolve a second problem, which caused …"."""
        before = self.failed_before(cases[0])
        ids = (*before[0].state_ids, *self.link_ids(cases)) if before else ()
        verdict = Token("did not resolve", tuple(dict.fromkeys(ids)))
        outside = [c for c in before[:1] if c.number not in self.ledger.numbers]
        after: tuple[Part, ...] = (" after the trouble", *self.on_days(outside)) if outside else ()
        fix: tuple[Part, ...] = ("The first fix", *after, " ")
        if latent is None:
            when = self.on_days(cases) if what != ("this",) else ()
            return Said("recurrence", "F9", (*fix, verdict, " the problem, which came back", *when, "."), 86)
        if say.shape(latent.text) == "noun":
            words = Token(small(latent.text), latent.ids)
            body: tuple[Part, ...] = (f" {say.article(latent.text)}", words, ", which caused ", *what)
        else:
            body = (" the whole problem: ", Token(small(latent.text), latent.ids), ". This caused ", *what)
        return Said("recurrence", "F9", (*fix, verdict, *body, "."), 86)

    def unsaid_failures(self, told: set[int]) -> list[Said]:
        """Fixes the record calls insufficient that no sentence has named yet, and earlier days not told otherwise."""
        out = []
        for case in self.ledger.cases:
            if case.state != "insufficient" or case.number in told:
                continue
            later = [c for x in self.ledger.links if x.earlier == case.number and (c := self.ledger.case(x.incident))]
            apart = self.on_days((case,)) if self.several else ()
            if case.had_fix:
                after: tuple[Part, ...] = (" after the trouble", *apart) if apart else ()
                parts: tuple[Part, ...] = ("The fix", *after, " ", self._resolved_not(case), " the problem")
                # one of this apology that came back is told of with its own words
                back = [c for c in later if not self.several or c.number not in self.ledger.numbers]
                if back:
                    parts = (*parts, ", and it came back", *self.on_days(back))
                out.append(Said("recurrence", "F9", (*parts, "."), 86))
            elif later and not self._same_latent(case, later):
                verdict = Token("came back", case.state_ids)
                again = () if self.days(later) == self.days((case,)) else self.on_days(later)
                parts = ("The trouble", *apart, " ", verdict, *again, ".")
                out.append(Said("recurrence", "F9", parts, 86))
        return [*out, *self._failed_outside(told)]

    def _failed_outside(self, told: set[int]) -> list[Said]:
        """The same of earlier incidents this apology does not cover: their days, and that their fix did not hold."""
        out = []
        earlier = {x.earlier for x in self.ledger.links if x.incident in self.ledger.numbers}
        for case in self.ledger.others:
            if case.number not in earlier or case.state != "insufficient" or case.number in told:
                continue
            days = self.on_days((case,)) if case.spans else ()
            if case.had_fix:
                fix: tuple[Part, ...] = ("The fix after the trouble", *days) if days else ("Our earlier fix",)
                out.append(Said("recurrence", "F9", (*fix, " ", self._resolved_not(case), " the problem."), 86))
            elif days:
                verdict = Token("came back", case.state_ids)
                out.append(Said("recurrence", "F9", ("The trouble", *days, " ", verdict, "."), 86))
        return out

    def _same_latent(self, case: Case, later: Sequence[Case]) -> bool:
        """Whether the text already says that one cause is behind both."""
        own = self.ledger.known("cause.latent", case.number)
        others = [self.ledger.known("cause.latent", c.number) for c in later]
        if own and all(o and o.value.casefold() == own.value.casefold() for o in others):
            return True
        return any(self.failed_before(c) for c in later)
