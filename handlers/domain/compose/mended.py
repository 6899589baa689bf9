"""What we have done, how the fix stands, and the risk that stays."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from handlers.domain.compose import phrases as say
from handlers.domain.compose.frame import Frame, Said, blank
from handlers.domain.compose.happened import NO, YES
from handlers.domain.compose.ledger import FIXED_STATES, Case
from handlers.domain.compose.phrases import Part, Token, capital, listed, opened, plain, small

_STANDS: Final = {"none": "not yet fixed", "contained": "stable", "fixed": "fixed", "verified": "fixed and checked"}
"""The verb for each state of a fix (apology.md, section 1)."""
_FEW: Final = {1: "one", 2: "two", 3: "three"}
MOST_ACTIONS: Final = 3
LONGEST_LIST: Final = 18
"""Words of the actions in one sentence."""


class Mended(Frame):
    """Actions, states, monitoring, effort, risk; and what a teaser term stood for."""

    def done(self) -> list[Said]:
        """Actions, how the fix stands, monitoring, effort, the risk that stays (A5a, F15)."""
        return [*self.actions(), *self.state(), *self.effort(), *self.risk(), *self.workaround()]

    def actions(self) -> list[Said]:
        """What was done, in the order recorded, each with what it named and left open."""
        out: list[Said] = []
        for together in self._in_one_breath(self.ledger.many("action")):
            token = together[0]
            words = small(token.text)
            if words.lower().startswith("we "):
                parts: tuple[Part, ...] = (*opened((token,)), ".")
            elif say.is_past_action(words):
                parts = ("We ", *listed([(Token(small(t.text), t.ids),) for t in together], self.locale), ".")
            elif say.shape(words) == "clause":
                parts = (*opened((token,)), ".")
            else:
                parts = ("What we did: ", Token(words, token.ids), ".")
            out.append(Said("action", "A5a", parts, 78))
        return out

    def _in_one_breath(self, tokens: Sequence[Token]) -> list[list[Token]]:
        """Short actions that follow one another share a sentence; one that wants an explanation stands alone."""
        phrases = [teaser.phrase for teaser in self.ledger.teasers]

        def joins(token: Token) -> bool:
            words = small(token.text)
            simple = say.is_past_action(words) and not re.search(r",| and |[:;.]", words)
            return simple and not any(phrase in words.lower() for phrase in phrases)

        out: list[list[Token]] = []
        for token in tokens:
            last = out[-1] if out else []
            length = sum(len(t.text.split()) for t in (*last, token))
            if last and len(last) < MOST_ACTIONS and length <= LONGEST_LIST and all(map(joins, (*last, token))):
                last.append(token)
            else:
                out.append([token])
        return out

    def with_teasers_explained(self, said: Sequence[Said], *, brief: bool = False) -> list[Said]:
        """Right after the sentence that announces something: what it was, or that this is not known yet (W14)."""
        out: list[Said] = []
        told: set[str] = set()
        for one in said:
            parts = one.parts
            for teaser in self.ledger.teasers:
                if teaser.name not in told and teaser.phrase in one.text.lower():
                    told.add(teaser.name)
                    for more in self.explanation(teaser.name, teaser.noun, brief=brief):
                        parts = (*parts, " ", *more.parts)  # one clause: neither is told without the other
            out.append(Said(one.name, one.rule, parts, one.keep))
        return out

    def explanation(self, name: str, noun: str, keep: int = 78, *, brief: bool = False) -> list[Said]:
        """What a teaser term stood for, or by when it will be explained."""
        many = noun.endswith("s")
        those, verb = ("those", "were") if many else ("that", "was")
        found = self.ledger.one(name)
        if found is None:
            mark = f"{capital(those)} {noun} {verb} {blank(f'what the {noun} {verb}')}."
            return [] if self.ledger.waived(name, "W14") else [Said(name, "W14", (mark,), keep)]
        if not found.unknown:
            words = Token(small(found.value), found.ids)
            return [Said(name, "W14", (f"{capital(those)} {noun} {verb} ", words, "."), keep)]
        until = self.ledger.explained_by(found)
        if brief and until:
            parts: tuple[Part, ...] = (
                "We will explain ",
                Token(f"{those} {noun}", found.ids),
                " by ",
                self.day_token(until),
                ".",
            )
            return [Said(name, "W14", parts, keep)]
        them = "them" if many else "it"
        by: tuple[Part, ...] = (f", and we will explain {them} by ", self.day_token(until)) if until else ()
        parts = (Token(f"What {those} {noun} {verb}", found.ids), " is not known yet", *by, ".")
        return [Said(name, "W14", parts, keep)]

    def teaser_nouns(self) -> dict[str, str]:
        """The names and nouns that a printed fact leaves to be explained."""
        return {t.name: t.noun for t in self.ledger.teasers}

    def state(self, *, monitoring: bool = True) -> list[Said]:
        """How the fix stands, for each incident that no later one has overtaken; no word stronger than the record's."""
        groups: dict[str, list[Case]] = {}
        for case in self.ledger.cases:
            if case.state != "insufficient":
                groups.setdefault(case.state, []).append(case)
        several = len(groups) > 1
        out = self._side_by_side(groups) if several else []
        for state, cases in groups.items():
            ids = tuple(dict.fromkeys(i for c in cases for i in c.state_ids))
            apart = self.on_days(cases) if several else ()
            after: tuple[Part, ...] = ("The service is ",)
            if apart:
                after = ("After the trouble", *apart, ", the service is ")
            parts: tuple[Part, ...]
            match state:
                case "contained":
                    parts = (*after, Token(_STANDS[state], ids))
                case "none" | "fixed" | "verified":
                    parts = ("The problem", *apart, " is ", Token(_STANDS[state], ids))
                case _:
                    told_unknown = any(f.unknown for c in cases for f in self.ledger.of("fix", c.number))
                    if told_unknown or self.ledger.waived("fix", "A5a"):
                        continue
                    parts = ("The problem", *apart, " is ", blank("how the fix stands"))
            out.append(Said("state", "A5a", (*parts, "."), 92))
        watch = self.monitoring() if monitoring else []
        if len(out) == 1 and watch and not any(p == "We are monitoring " for p in watch[0].parts):
            joined = (*out[0].parts[:-1], ", and we are ", *watch[0].parts[1:])
            return [Said("state", "A5a", joined, 92)]
        return out + watch

    def _side_by_side(self, groups: dict[str, list[Case]]) -> list[Said]:
        """Incidents of one day that stand differently and that no words tell apart, in one sentence."""
        days: dict[str, list[str]] = {}
        for state, cases in groups.items():
            if state in _STANDS:
                days.setdefault(plain(self.on_days(cases)), []).append(state)
        out = []
        for states in days.values():
            if len(states) == 1:
                continue
            items: list[tuple[Part, ...]] = []
            for state in states:
                cases = groups[state]
                ids = tuple(dict.fromkeys(i for c in cases for i in c.state_ids))
                items.append((f"{_FEW.get(len(cases), len(cases))} {'is' if len(cases) == 1 else 'are'} ",
                              Token(_STANDS[state], ids)))  # fmt: skip
            every = [case for state in states for case in groups[state]]
            parts = ("Of the problems", *self.on_days(every), ", ", *listed(items, self.locale), ".")
            out.append(Said("state", "A5a", parts, 92))
            for state in states:
                del groups[state]
        return out

    def monitoring(self) -> list[Said]:
        """Whether somebody still watches."""
        out = []
        for settled, _ in self.ledger.each("monitoring"):
            words = settled.value.lower()
            if settled.unknown or words in NO:
                continue
            if words in YES:
                parts: tuple[Part, ...] = ("We are ", Token("still monitoring", settled.ids), " it.")
            else:
                parts = ("We are monitoring ", Token(small(settled.value), settled.ids), ".")
            out.append(Said("monitoring", "A5a", parts, 56))
        return out[:1]

    def effort(self) -> list[Said]:
        """The work that goes on."""
        out = []
        for token in self.ledger.many("effort"):
            words = small(token.text)
            if say.shape(words) == "clause":
                parts: tuple[Part, ...] = (*opened((token,)), ".")
            else:
                owned = "" if words.split(" ", 1)[0].lower() in {"our", "the", "a", "an"} else "Our "
                verb = "continue" if say.plural(words) else "continues"
                parts = ((owned, Token(words, token.ids)) if owned else opened((token,))) + (f" {verb}.",)
            out.append(Said("effort", "A4", parts, 64))
        return out

    def risk(self) -> list[Said]:
        """What we cannot promise while a fix is neither fixed nor verified (F15)."""
        open_cases = [c for c in self.ledger.cases if c.state not in FIXED_STATES]
        if not open_cases:
            return []
        ids = tuple(dict.fromkeys(i for c in open_cases for i in c.state_ids))
        return [Said("risk", "F15", ("We ", Token("cannot rule out", ids), " a further event."), 91)]

    def workaround(self) -> list[Said]:
        """A way round, as long as it is needed."""
        found = self.ledger.known("workaround")
        if found is None or all(c.state in FIXED_STATES for c in self.ledger.cases):
            return []
        words = small(found.value)
        if say.is_instruction(words):
            words = words[:1].lower() + words[1:]
        if say.shape(words) == "clause":
            return [Said("workaround", "F6", (*opened((found.token,)), "."), 62)]
        if say.is_instruction(words):
            return [Said("workaround", "F6", ("Until this is fixed, you can ", Token(words, found.ids), "."), 62)]
        parts = ("Until this is fixed, there is a way round it: ", Token(words, found.ids), ".")
        return [Said("workaround", "F6", parts, 62)]
