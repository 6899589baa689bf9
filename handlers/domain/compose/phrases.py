"""The little English that turns recorded words into sentences: articles, agreement, lists, kinds of phrase.

Nothing here adds a fact. A recorded value keeps its words; at most its first letter changes case.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

Shape = Literal["noun", "verb", "state", "clause"]


@dataclass(frozen=True, slots=True)
class Token:
    """Words that are a fact, and which facts they are."""

    text: str
    ids: tuple[str, ...]


Part = str | Token


def _words(alternatives: str) -> frozenset[str]:
    return frozenset(alternatives.split("|"))


_DETERMINERS: Final = _words(
    "a|an|the|our|your|its|their|his|her|this|that|these|those|one|two|three|another|no|every|each"
)
_AUXILIARIES: Final = (
    "did|does|do|was|were|is|are|had|has|have|could|couldn't|can|can't|cannot|would|will|didn't|wasn't|weren't"
)
_FINITE: Final = (
    "failed|missed|stopped|lost|sent|broke|ran|went|allowed|let|took|gave|made|accepted|returned|dropped|rejected|ignored|"
    "overwrote|removed|deleted|exceeded|reached|saw|got|received|became|kept|fell|crashed|restarted|expired|"
    "showed|ended|hung|froze|timed|refused|loaded|arrived|disappeared|vanished|appeared|started|began|threw|rose|grew"
)
_PREPOSITIONS: Final = _words(
    "in|of|on|with|for|at|from|to|that|which|who|by|between|during|after|before|into|over|under|when|where|while"
)
_UNCOUNTABLE: Final = _words(
    "access|capacity|code|congestion|contention|corruption|demand|downtime|exhaustion|hardware|information|"
    "latency|load|maintenance|memory|performance|power|pressure|service|software|space|storage|traffic|usage|"
    "work|data|equipment|behaviour|behavior"
)
_COUNTED_SYMPTOMS: Final = _words(
    "outage|error|delay|failure|interruption|disruption|slowdown|drop|timeout|time-out|loss|backlog|queue"
)
_VERB_STARTS: Final = _words(
    "could|couldn't|cannot|can't|were|weren't|was|wasn't|had|saw|lost|got|experienced|received|failed|did|"
    "didn't|waited|found|faced"
)
_STATES: Final = re.compile(
    r"(?:was|were|is|are|became) (?:not |partly |fully |very |completely |partially )?"
    r"(?:un\w+|slow|down|offline|degraded|delayed|available|reachable|unstable|intermittent|out)\b",
    re.IGNORECASE,
)
_CLAUSE: Final = re.compile(
    rf"^(?:[\w'/%,.-]+\s+){{0,7}}?(?P<before>[\w'/%.-]+)\s+(?P<verb>{_AUXILIARIES}|{_FINITE})\b", re.IGNORECASE
)
_TRANSITIVE: Final = re.compile(
    r"^(?:[\w'/-]+ ){1,5}?\w{2,}ed (?:us|it|them|you|nobody|nothing|anyone|the|our|every|all|too|only)\b", re.IGNORECASE
)
_RELATIVE: Final = re.compile(r"\b(?:that|which|who|where|when|while|because|after)\b", re.IGNORECASE)
_PAST: Final = _words(
    "rebuilt|rolled|put|took|made|set|sent|ran|shut|cut|split|brought|gave|moved|turned|began|built|found|"
    "kept|held|led|rewrote|wrote|went|froze|reset|drew|drove"
)
_LOWERED: Final = _words(
    "rollback|intermittent|degraded|slow|errors|error|delays|delayed|failed|could|unable|customers|users|high|a|an|"
    "the|our|we|no|timeouts|increased|elevated|partial|full|missing|login|logins|isolated|rolled|restarted|"
    "repaired|replaced|added|removed|blocked|moved|switched|restored|design|configuration|config|expired"
)
_IMPERATIVES: Final = _words(
    "add|adopt|alert|apply|audit|automate|avoid|backfill|block|bring|build|cap|change|check|clean|complete|"
    "cover|create|cut|define|deploy|detect|disable|document|drill|enable|ensure|extend|finish|fix|give|guard|"
    "harden|improve|increase|introduce|isolate|limit|lower|make|measure|migrate|monitor|move|practise|"
    "practice|prevent|protect|publish|put|raise|reduce|redesign|refactor|rehearse|remove|repair|replace|"
    "require|restore|retire|review|rewrite|rework|roll|rotate|run|separate|set|ship|show|simplify|split|stop|"
    "switch|teach|test|tighten|track|train|tune|update|upgrade|use|validate|verify|write|"
    "agree|allow|archive|ask|assign|back|call|catch|close|compare|configure|confirm|delete|double|encrypt|enforce|"
    "expand|handle|hold|inspect|install|keep|list|lock|log|map|merge|notify|patch|pin|plan|prepare|provide|rebuild|"
    "recover|rename|renew|restart|revoke|scale|schedule|sign|start|stagger|tell|throttle|trace|turn|warn|watch"
)
_VOWEL_SOUND: Final = re.compile(
    r"^(?:[aeio]|u(?!ni|se|ti|s[aeiou]|[bcdfgklmnprst][aeiou])|hour|honest)", re.IGNORECASE
)
_PLACES_WITH_ARTICLE: Final = frozenset({"EU", "US", "USA", "UK", "UAE", "Netherlands", "Philippines", "Americas"})
_COMMON_KINDS: Final = _words("API|APIs|UI|App|Portal|Service|Services|Platform|Dashboard|Console|Website|Store")
_INSTRUCTIONS: Final = _words(
    "use|pay|call|try|open|reload|switch|write|send|sign|log|order|upload|download|retry|restart|clear|choose|export|go|"
    "read|view|work|connect|e-mail|email|phone|install|select|submit|enter|search|type|wait"
)
_VOWEL_LETTERS: Final = frozenset("AEFHILMNORSX")


def clean(words: str) -> str:
    """One line, single spaces, no full stop at the end."""
    return re.sub(r"\s+", " ", words).strip().rstrip(".").rstrip()


def capital(words: str) -> str:
    """The first letter as a capital."""
    return words[:1].upper() + words[1:]


def small(words: str) -> str:
    """The first letter small again, where the first word is a common one; names keep their capital."""
    first = words.split(" ", 1)[0].rstrip(",:;").lower()
    return words[:1].lower() + words[1:] if first in _LOWERED else words


def small_title(title: str) -> str:
    """A role as it reads after "our": "network engineering director", but "CTO" and "Head of Platform"."""
    words = [word for word in title.split() if word.lower() not in _PREPOSITIONS | {"and", "the", "&"}]
    named = len(words) > 1 and all(word[:1].isupper() for word in words)
    return title[:1].lower() + title[1:] if title[1:2].islower() and not named else title


def shape(words: str) -> Shape:
    """What kind of phrase somebody recorded.

    `verb` lacks its subject ("could not pay"), `state` lacks the service ("was unavailable"), `clause` is a sentence of
    its own ("Checkout was down"), and everything else is a `noun` ("intermittent access").
    """
    first = words.split(" ", 1)[0].lower() if words else ""
    if first == "unable" or _STATES.match(words):
        return "state" if first != "unable" else "verb"
    if first in _VERB_STARTS:
        return "verb"
    if re.match(r"(?:we|you|they|it|there|nobody)\b", words, re.IGNORECASE) and " " in words:
        return "clause"
    match = _CLAUSE.match(words)
    if (
        match
        and match.group("before").lower() not in _DETERMINERS
        and not _RELATIVE.search(words[: match.start("verb")])
    ):
        return "clause"
    return "clause" if _TRANSITIVE.match(words) else "noun"


def _head(words: str) -> str:
    """The word a noun phrase is about: the last one before its first preposition or comma."""
    head = ""
    for word in words.split():
        if word.lower() in _PREPOSITIONS and head:
            break
        head = word.rstrip(",;:")
        if word != head:
            break
    return head


def plural(words: str) -> bool:
    """Whether a noun phrase takes a plural verb."""
    if re.search(r"\b(?:and|&)\b", words.split(" of ", maxsplit=1)[0]):
        return True
    head = _head(words).lower()
    return head.endswith("s") and not head.endswith(("ss", "us", "is", "'s", "dns", "ops", "news", "aws"))


def article(words: str, *, symptom: bool = False) -> str:
    """The article a noun phrase still needs, with its space: "a ", "an " or nothing.

    A `symptom` gets one only where it is surely counted ("outage"); "degraded service" stays as it was said.
    """
    pieces = words.split()
    if not pieces:
        return ""
    first, head = pieces[0], _head(words)
    counted = head.lower() in _COUNTED_SYMPTOMS
    if (
        first.lower() in _DETERMINERS
        or first[0].isdigit()
        or first.endswith(("'s", "’s"))
        or plural(words)
        or head.lower() in _UNCOUNTABLE
        or (symptom and not counted)
        or (len(pieces) == 1 and first[0].isupper())
        or (first.lower().endswith("ing") and len(pieces) > 1 and pieces[1].lower() in _PREPOSITIONS | _DETERMINERS)
    ):
        return ""
    spelled = len(first) > 1 and first[:2].isupper()
    vowel = first[0] in _VOWEL_LETTERS if spelled else bool(_VOWEL_SOUND.match(first))
    return "an " if vowel else "a "


def the(name: str) -> str:
    """The article before a public name: "the " where it ends in a common noun (the Sign-in service), else none."""
    words = name.split()
    if not words or words[0].lower() in {"the", "our", "my"} or len(words) == 1:
        return ""
    return "the " if words[0].islower() or words[-1].islower() or words[-1] in _COMMON_KINDS else ""


def the_place(name: str) -> str:
    """The article before a region's name: the EU, the United States, North America."""
    if not name or name.lower().startswith("the "):
        return ""
    common = name.rsplit(maxsplit=1)[-1].islower() and " " in name
    return "the " if name in _PLACES_WITH_ARTICLE or name.startswith("United ") or common else ""


def is_instruction(words: str) -> bool:
    """Whether a workaround tells what to do, so that it can stand after "you can"."""
    return words.split(" ", 1)[0].lower() in _INSTRUCTIONS


def is_imperative(words: str) -> bool:
    """Whether a task is worded as an order: "Add a test"."""
    return words.split(" ", 1)[0].lower() in _IMPERATIVES


def is_past_action(words: str) -> bool:
    """Whether it can stand after "we": "rolled back the change"."""
    first = words.split(" ", 1)[0].lower()
    return (first.endswith("ed") and len(first) > 3) or first in _PAST


def listed(items: Sequence[Sequence[Part]], locale: str, *, last: str = "and") -> tuple[Part, ...]:
    """A, B and C; in American English A, B, and C."""
    out: list[Part] = []
    for index, item in enumerate(items):
        if index:
            final = index == len(items) - 1
            serial = "," if locale == "en-US" and len(items) > 2 else ""
            out.append(f"{serial} {last} " if final else ", ")
        out.extend(item)
    return tuple(out)


def plain(parts: Sequence[Part]) -> str:
    """The words alone."""
    return "".join(part if isinstance(part, str) else part.text for part in parts)


def opened(parts: Sequence[Part]) -> tuple[Part, ...]:
    """The same, beginning with a capital."""
    out = list(parts)
    for index, part in enumerate(out):
        if plain((part,)):
            out[index] = capital(part) if isinstance(part, str) else Token(capital(part.text), part.ids)
            break
    return tuple(out)
