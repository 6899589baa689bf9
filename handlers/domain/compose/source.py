"""What composing takes and gives: the record of the covered incidents in, texts and the facts behind them out."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from handlers.domain.apology import Promise
from handlers.domain.facts import Fact
from handlers.domain.incident import Incident, Recurrence, Task

FULL_WORDS: Final = 350
"""The e-mail and the status page."""
CHAT_WORDS: Final = 130
"""A message in a customer's channel: a phone's screen."""
SPOKEN_WORDS: Final = 150
"""Talking points fill 60 seconds at 150 words a minute."""
TALKING_LINES: Final = 8
"""Talking points, the *do not say* line among them."""
FAQ_ITEMS: Final = 8
HOLDING_WORDS: Final = 80
CLOSURE_WORDS: Final = 200
REPORT_BUSINESS_DAYS: Final = 5
"""The next report is due within five business days of publication (rule F12)."""


@dataclass(frozen=True, slots=True)
class Source:
    """All that composing may look at. The composer itself hands each audience only what it may see.

    `incidents` are those the apology covers, in order; `linked` are others that a recurrence names, for their dates.
    `tasks` may be all of an incident's: only those that can be told as prevention are printed, with the owner's public
    title and never a name.
    `services` and `regions` give the catalog's public name of a key; a service without one is never printed, a
    region not listed is its own name. `part_of` names the whole a service belongs to. `waived` holds gaps and rules
    left as they are. `publication` (UTC) is when the text is meant to go out: it sets the default day of the next
    report.
    `follows` is the apology that this one follows up, 0 if it is a first word: then it answers what was promised there.
    `house_zone` is an IANA name. `promises` are earlier ones with their state; one without `customers` was told to all.
    """

    incidents: tuple[Incident, ...]
    facts: tuple[Fact, ...] = ()
    tasks: tuple[Task, ...] = ()
    recurrences: tuple[Recurrence, ...] = ()
    signatory: str = ""
    services: Mapping[str, str] = field(default_factory=dict)
    regions: Mapping[str, str] = field(default_factory=dict)
    part_of: Mapping[str, str] = field(default_factory=dict)
    waived: frozenset[str] = frozenset()
    publication: datetime | None = None
    house_zone: str = "UTC"
    house_locale: str = "en-GB"
    """en-GB or en-US: texts are English until a reviewed translation exists; it picks the style of dates and lists."""
    linked: tuple[Incident, ...] = ()
    promises: tuple[Promise, ...] = ()
    follows: int = 0


@dataclass(frozen=True, slots=True)
class Audience:
    """Who reads.

    No customer: the public (status page, feeds). No zone: clock times stay in the zone they were recorded in; an IANA
    name converts them. No locale: the house's.
    """

    customer: str | None = None
    zone: str = ""
    locale: str = ""


PUBLIC: Final = Audience()


@dataclass(frozen=True, slots=True)
class Gap:
    """A needed fact that is absent, or on which two sources disagree.

    `blocks`: submit and publish wait for it; else it warns. `question` is for colleagues, never for customers.
    `incidents` lack it; `apology fill` records one fact of kind `kind` on each of them.
    """

    name: str
    rule: str
    blocks: bool
    question: str
    incidents: tuple[int, ...]
    kind: str = ""
    conflict: bool = False


@dataclass(frozen=True, slots=True)
class Clause:
    """One sentence of a variant, and why it is there: the facts it prints and the rule it serves."""

    text: str
    fact_ids: tuple[str, ...]
    rule: str
    variant: str = "full"


@dataclass(frozen=True, slots=True)
class Locked:
    """Words of a variant that are a fact: code points `start` to `end`.

    They may be moved, never retyped, and removed only where they are not `required`.
    """

    variant: str
    start: int
    end: int
    text: str
    fact_ids: tuple[str, ...]
    required: bool = False


@dataclass(frozen=True, slots=True)
class Composed:
    """The texts for one audience. Slack and Teams draw the same one, so their `facts_hash` is one.

    `left_out` names what had to go so that a variant keeps its limit, as `chat: effort`.
    """

    texts: tuple[tuple[str, str], ...]
    clauses: tuple[Clause, ...]
    locked: tuple[Locked, ...]
    facts_hash: str
    left_out: tuple[str, ...] = ()

    def __str__(self) -> str:
        """The words of the first variant: the full text, or the only one there is."""
        return self.texts[0][1] if self.texts else ""

    def text(self, variant: str) -> str:
        """The words of one variant, or nothing."""
        return dict(self.texts).get(variant, "")

    def tokens(self, variant: str) -> tuple[Locked, ...]:
        """The facts inside one variant, in reading order."""
        return tuple(token for token in self.locked if token.variant == variant)

    def why(self, variant: str, words: str) -> tuple[str, ...]:
        """The facts behind the first clause of this variant that holds these words; nothing where none does."""
        return next((c.fact_ids for c in self.clauses if c.variant == variant and words in c.text), ())


def carried_over(edited: str, public: Composed, own: Composed, variant: str) -> str:
    """Words that people edited in the public text, with another audience's facts in their places.

    Facts are paired by what they are and which of several in turn they are; a fact the other audience does not have
    keeps its public words.
    """
    theirs: dict[tuple[str, ...], list[str]] = {}
    for token in own.tokens(variant):
        theirs.setdefault(token.fact_ids, []).append(token.text)
    swaps: dict[str, str] = {}
    for token in public.tokens(variant):
        left = theirs.get(token.fact_ids, [])
        swaps.setdefault(token.text, left.pop(0) if left else token.text)
    changed = [words for words, new in swaps.items() if words != new]
    if not changed:
        return edited
    longest_first = "|".join(re.escape(words) for words in sorted(changed, key=lambda w: (-len(w), w)))
    return re.sub(longest_first, lambda match: swaps[match[0]], edited)


def fact_id(fact: Fact) -> str:
    """How texts, hashes and people name a fact: INC-3 F4."""
    return f"INC-{fact.incident} F{fact.number}"


def digest(rows: Mapping[str, tuple[str, str]]) -> str:
    """The hash of facts: (id, value, precision), sorted, as SHA-256 in hexadecimal."""
    ordered = [[key, *rows[key]] for key in sorted(rows)]
    return hashlib.sha256(json.dumps(ordered, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()


def default_next_report(source: Source) -> date | None:
    """The last day for the next report: five business days after publication, in the house's zone."""
    if source.publication is None:
        return None
    day = source.publication.astimezone(ZoneInfo(source.house_zone)).date()
    left = REPORT_BUSINESS_DAYS
    while left:
        day += timedelta(days=1)
        left -= day.weekday() < 5
    return day
