"""Sorry, what you saw, how many, what was not hit."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from handlers.domain.compose import phrases as say
from handlers.domain.compose.frame import Frame, Said, blank
from handlers.domain.compose.ledger import Case
from handlers.domain.compose.moments import LAST, Span, lived, rounded
from handlers.domain.compose.phrases import Part, Token, listed, opened, plain, small
from handlers.domain.compose.source import fact_id

MOST_NAMED_SERVICES: Final = 3
"""More than three services are named below, not in the opening sentence."""
YES: Final = frozenset({"yes", "true", "ongoing", "on"})
NO: Final = frozenset({"no", "none", "false", "off", "done", "stopped", "ended"})

HARM: Final = 95
"""How long the sentence stays that tells of lost data or a breach."""
_WIDER: Final = re.compile(r"\b(?:more|wider|larger|bigger|greater|broader)\b", re.IGNORECASE)
_NARROWER: Final = re.compile(r"\b(?:fewer|less|smaller|narrower)\b", re.IGNORECASE)


class Happened(Frame):
    """The apology itself and what customers saw."""

    def sorry(self) -> list[Said]:
        """Regret, what you rely on, whom it hit, responsibility (A1, A2, F1, F4, F5)."""
        cases = self.ledger.cases
        days = self.days(cases)
        names = self.services(cases, whole=True)
        on: tuple[Part, ...] = (" on ", days) if days else ()
        rely: tuple[Part, ...]
        if names and len(names) <= MOST_NAMED_SERVICES:
            rely = ("You rely on ", *listed(names, self.locale), ", and we let you down", *on, ".")
        elif names or self.ledger.waived("services", "F4"):
            rely = ("You rely on us, and we let you down", *on, ".")
        else:
            rely = ("You rely on ", blank("the services"), ", and we let you down", *on, ".")
        out = [Said("sorry", "A1", ("We are sorry.",), 100), Said("dates", "F1", rely, 96)]
        place = self.place(cases)
        if place:
            out.append(Said("region", "F5", ("This affected ", *place, "."), 85))
        out.append(Said("responsibility", "A2", ("We take responsibility for this.",), 99))
        return out

    def sorry_briefly(self) -> list[Said]:
        """The same in one or two sentences, for chat."""
        place = self.place(self.ledger.cases)
        if place:
            parts = ("We let down ", *place, ", and we take responsibility.")
            return [Said("sorry", "A1", ("We are sorry.",), 100), Said("region", "F5", parts, 99)]
        return [Said("sorry", "A1", ("We are sorry that we let you down, and we take responsibility.",), 100)]

    def symptoms(self, cases: Sequence[Case], *, brief: bool = False) -> tuple[tuple[Part, ...], ...]:
        """What was seen, without a full stop: "you saw intermittent access in BPOS"; `brief` drops "you saw"."""
        services = self.services(cases)
        names = [name.lower() for case in cases for _, name in case.services]
        out: list[tuple[Part, ...]] = []
        placed = False

        def where(words: str) -> tuple[Part, ...]:
            # the first time only, and not where the words name a service themselves
            nonlocal placed
            named = any(name in words.lower() for name in names)
            fresh, placed = not placed and not named, True
            return (
                ((" to " if words.endswith(" in") else " in "), *listed(services, self.locale))
                if services and fresh
                else ()
            )

        tokens = [self._impact(impact, cases) for impact in cases[0].impacts]
        nouns = [(say.article(t.text, symptom=True), t) for t in tokens if say.shape(t.text) == "noun"]
        if nouns:
            listing = listed(nouns, self.locale)
            out.append(("" if brief else "you saw ", *listing, *where(plain(listing))))
        for token in tokens:
            match say.shape(token.text):
                case "noun":
                    continue
                case "verb":
                    out.append(
                        ("you were " if token.text.lower().startswith("unable") else "you ", token, *where(token.text))
                    )
                case "state" if services:
                    placed = True
                    out.append((*listed(services, self.locale), " ", self._agree(token, services)))
                case "state":
                    out.append(("the service ", token))
                case _:
                    out.append((token, *where(token.text)))
        return tuple(out)

    @staticmethod
    def _impact(impact: Token, cases: Sequence[Case]) -> Token:
        """One symptom with the facts of every incident that had it."""
        ids = tuple(dict.fromkeys(i for c in cases for t in c.impacts if t.text == impact.text for i in t.ids))
        return Token(small(impact.text), ids)

    @staticmethod
    def _agree(token: Token, services: Sequence[Sequence[Part]]) -> Token:
        """The state said of one service or of several: "was unavailable", "were unavailable"."""
        many = len(services) > 1 or say.plural(plain(services[0]))
        words = re.sub(r"^(?:was|were)\b", "were" if many else "was", token.text, flags=re.IGNORECASE)
        return Token(words, token.ids)

    def saw(self) -> list[list[Said]]:
        """A line for each window, in order of time: when, what, how long, how wide."""
        rows = [
            (lived(span, self.zone) if span else LAST, self._window_line(case, span, first=index == 0))
            for case in self.ledger.cases
            for index, span in enumerate(case.spans or (None,))
        ]
        return [said for _, said in sorted(rows, key=lambda row: row[0])]

    def _window_line(self, case: Case, span: Span | None, *, first: bool) -> list[Said]:
        head: tuple[Part, ...] = () if self.ledger.waived("window", "F1") else (blank("the date"),)
        if span:
            head = self.when(case, span)
        symptoms = self.symptoms((case,))
        place = () if self.one_place else self.place((case,))
        scope: tuple[Part, ...] = (". This affected ", *place) if place and not head else ()
        if symptoms:
            body: tuple[Part, ...] = (*symptoms[0], *self.length(case))
        else:
            mark = blank("what customers saw")
            names = self.services_words((case,))
            body = (mark, *((" in ", *names) if names else ()), *self.length(case))
            if self.ledger.waived("impact", "F6") or any(f.unknown for f in self.ledger.of("impact", case.number)):
                body = ("you had trouble", *((" with ", *names) if names else ()), *self.length(case))
        start: tuple[Part, ...] = (*head, *((", for ", *place) if place else ()), ": ") if head else ()
        parts = (*start, *(body if head else opened(body)), *scope, ".")
        out = [Said("window", "F1", parts, 94 if first else 90)]
        if first:
            out += [Said("impact", "F6", (*opened(more), "."), 88) for more in symptoms[1:]]
            out += self.also_hit((case,), plain(parts) + " ".join(said.text for said in out))
            out += self._scale(case)
        return out

    def also_hit(self, cases: Sequence[Case], told: str) -> list[Said]:
        """The services that the symptoms of these incidents have not named."""
        missing = [name for name in self.services(cases) if plain(name[1:]) not in told]
        if not missing or not cases[0].impacts:
            return []
        also = "also " if len(missing) < len(self.services(cases)) else ""
        return [Said("services", "F4", (f"This {also}affected ", *listed(missing, self.locale), "."), 87)]

    def _scale(self, case: Case) -> list[Said]:
        out = []
        for token in self.ledger.many("scale", case.number):
            fact = next(f for f in self.ledger.of("scale", case.number) if fact_id(f) in token.ids)
            if fact.precision == "comparative" or not re.search(r"\d", token.text):
                wider, narrower = _WIDER.search(token.text), _NARROWER.search(token.text)
                if wider or narrower:
                    words = Token("wider" if wider else "narrower", token.ids)
                    out.append(Said("scale", "F6", ("The impact was ", words, "."), 60))
                    continue
            parts: tuple[Part, ...] = ("This affected ", token, ".")
            if say.shape(token.text) in {"clause", "state"}:
                parts = (*opened((token,)), ".")
            out.append(Said("scale", "F6", parts, 60))
        return out

    def count(self) -> list[Said]:
        """How many, where a number is known (F7)."""
        out = []
        for settled, held in self.ledger.each("count"):
            if settled.unknown:
                continue
            words = rounded(settled.fact)
            scope = () if set(held) == set(self.ledger.numbers) else self.on_days(self.those(held))
            if say.shape(words) == "clause":
                parts: tuple[Part, ...] = (*opened((Token(words, settled.ids),)), *scope, ".")
            else:
                words = _counted(words)
                verb = "was" if re.match(r"(?:about |at least )?1 (?!\d)", words) else "were"
                parts = (*opened((Token(words, settled.ids),)), f" {verb} affected", *scope, ".")
            out.append(Said("count", "F7", parts, 66))
        return out

    def exclusions(self) -> list[Said]:
        """What was not hit, each with its source in the record (F10)."""
        out = []
        for token in self.ledger.many("exclusion"):
            words = small(token.text)
            held = {f.incident for f in self.ledger.of("exclusion") if fact_id(f) in token.ids}
            scope = () if held == set(self.ledger.numbers) else self.on_days(self.those(sorted(held)))
            if say.shape(words) in {"clause", "state"}:
                parts: tuple[Part, ...] = (*opened((token,)), *scope, ".")
            elif words.lower().startswith("other "):
                verb = "were" if say.plural(words) else "was"
                parts = ("No ", Token(words, token.ids), f" {verb} affected", *scope, ".")
            else:
                parts = ("This did not affect ", Token(words, token.ids), *scope, ".")
            out.append(Said("exclusion", "F10", parts, 58))
        return out

    def harm(self) -> list[Said]:
        """Lost data and a breach of security: what no variant may leave out."""
        return [said for said in self.data() if said.keep == HARM]

    def data(self) -> list[Said]:
        """Data loss and security, where the record answers yes or no (F8)."""
        out = []
        for kind, none, some in (
            ("data-loss", ("No data was lost",), ("Data was lost",)),
            ("security", ("This was not a security incident",), ("This was a security incident",)),
        ):
            for settled, held in self.ledger.each(kind):
                if settled.unknown:
                    continue
                scope = () if set(held) == set(self.ledger.numbers) else self.on_days(self.those(held))
                words = settled.value.lower()
                if words in NO:
                    parts: tuple[Part, ...] = (Token(none[0], settled.ids), *scope, ".")
                elif words in YES:
                    parts = (Token(some[0], settled.ids), *scope, ".")
                elif say.shape(settled.value) == "clause":
                    parts = (*opened((settled.token,)), *scope, ".")
                else:
                    told = re.sub(r"^yes\W+", "", settled.value, flags=re.IGNORECASE)
                    parts = (Token(f"{some[0]}: {told}", settled.ids), *scope, ".")
                out.append(Said(kind, "F8", parts, 68 if words in NO else HARM))
        return out


def _counted(words: str) -> str:
    """A bare number counts customers; digits are grouped: 1200 becomes 1,200 customers."""
    words = re.sub(r"(?<![\d,.])\d{4,}(?![\d,.])", lambda m: f"{int(m[0]):,}", words)
    if re.fullmatch(r"(?:\D{0,20} )?[\d,.]+", words):
        return f"{words} customers"
    if re.fullmatch(r"(?:\D{0,20} )?[\d,.]+\s?(?:%|per ?cent)", words):
        return f"{words} of customers"
    return words
