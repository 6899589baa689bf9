"""Is it said: what an apology, a closure, an update or a relay must contain (A1 to A6, F1 to F15).

The patterns only find the words; whether they are true is the record's test, so every check here has a record.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from fractions import Fraction
from functools import lru_cache
from itertools import islice
from typing import Final

from handlers.domain.lint.quantities import (
    ALL_TIMES,
    ClockMention,
    DateMention,
    clocks,
    dates,
    durations,
    numbers,
    zone_at,
)
from handlers.domain.lint.record import (
    REPORT_WITHIN_BUSINESS_DAYS,
    FixState,
    RecordView,
    WindowView,
    business_days_after,
)
from handlers.domain.lint.report import Finding, Kind, Severity
from handlers.domain.lint.rules import RULES
from handlers.domain.lint.text import Reading, Sentence
from handlers.domain.lint.vocabulary import BY_DATE, PEOPLE

FULL: Final = frozenset({"A1", "A2", "A3", "A4", "A5a", "A5b", "A6", *(f"F{number}" for number in range(1, 16))})
"""What the full text owes."""
CHAT: Final = frozenset(
    {"A1", "A2", "A3", "A4", "A5a", "A5b", "F1", "F2", "F4", "F5", "F6", "F10", "F12", "F13", "F14", "F15"}
)
"""What a chat message owes: apology, dates, services, region, cause, state, risk, report date, contact, signatory."""
SPOKEN: Final = frozenset({"A1", "A2", "F2", "F4", "F10"})
"""What talking points and a FAQ must not get wrong, whatever they leave out."""


def _re(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_REGRET: Final = _re(
    r"\b(?:we|i)\b[^.!?]{0,60}\b(?:sorry|apologi[sz]e|regret)\b|\b(?:our|my) (?:\w+,? (?:and )?){0,4}apolog(?:y|ies)\b"
    r"|^(?:so "
    r"|very |truly )?(?:sorry|apologies)\b|\bsorry (?:for|that|about)\b|\bowe (?:you"
    r"|\w+)(?: \w+){0,2} an? (?:\w+ )?apology\b"
    r"|\b(?:allow|let) (?:me|us)\b[^.!?]{0,40}\b(?:sorry|apologi[sz]e)\b|\baccept (?:this|these) apolog(?:y|ies)\b"
    r"|\bwith (?:\w+ )?regret (?:that )?(?:we|i)\b"
)
_NO_REGRET: Final = _re(
    r"(?:\b(?:nothing|no reason|no need|not(?! (?:only|just|merely|simply))|never|cannot be|refuse)\b"
    r"|n't\b)(?: \w+){0,4} (?:sorry"
    r"|apologi[sz]e|regret|apolog(?:y|ies))\b(?! (?:enough|more))|\b(?:sorry for|apologi[sz]e for|regret) nothing\b"
)
_ENOUGH: Final = _re(
    r"\b(?:can ?not|can't|could not) (?:apologi[sz]e|say sorry|be sorry)(?: \w+)? enough\b|\bhow (?:\w+ )?sorry\b"
    r"|\b(?:not|never) enough\b"
)
_SALUTATION: Final = _re(
    r"^(?:dear|hello|hi|good (?:morning|afternoon|evening|day)|to (?:our|all) (?:\w+ )?customers)\b"
)
_RESPONSIBLE: Final = _re(
    r"\b(?:we|i)(?:'ve|'re|'m)? (?:(?:take|took|accept|own|bear|claim|shoulder)(?:,? (?:full|complete|sole|the|all"
    r"|whole|total|and|our"
    r"|entire|up to)){0,3} (?:responsibility|ownership|blame|accountability|failure|mistake|outage|this|it)"
    r"|(?:have )?(?:failed|fell|fallen|come|came) (?:you|short"
    r"|to)|(?:have )?let (?:you|\w+ customers|customers|down|\w+ (?:and \w+ )?users)\b|made (?:a|the|an"
    r"|this) (?:\w+ )?(?:mistake|error)|should (?:not |never )?have (?:\w+ed|been|done|known|seen|told|caught|taken"
    r"|had|kept"
    r"|\w+en|built|found|thought|put|set|made|got|held|run|read|sent|spent|left|foreseen)\b|caused|were wrong"
    r"|was wrong|got (?:this|it"
    r"|that|things) (?:\w+ )?wrong|(?:have )?failed(?=[.,;!]|$| here| in | at | our | on )"
    r"|did not (?:test|check|notice|act|tell|do|keep|deliver|protect|see|have|live up|meet|catch|plan|prepare|warn"
    r"|renew|spot"
    r"|listen|monitor|follow)|broke|(?:have )?(?:dropped the ball|messed up|screwed up|slipped up|blew it|did wrong by"
    r"|blundered)"
    r"|(?:hold|held) (?:ourselves|myself))"
    r"|\b(?:we(?:'re| are| were| remain)|i(?:'m| am| was)) (?:(?:\w+ly|also|alone"
    r"|and nobody else) ){0,2}(?:responsible|accountable"
    r"|to blame|at fault|in the wrong)\b"
    r"|\bno(?:body|ne| one)(?: else)?(?: is)?(?: to blame)? but (?:us|ourselves|we|me|myself)\b"
    r"|\bbuck stops with (?:us|me)\b|\b(?:our|my) (?:own )?(?:mistake|failure|fault|error(?! rate)|responsibility"
    r"|doing)\b(?! (?:as|to you) )|\b(?:fault|mistake|responsibility|failure|failing|blame|error|accountability"
    r"|oversight|lapse|blunder)"
    r"(?: (?:for|behind|here)\b[^.!?;]{0,40})? (?:is|was|lies|lay|rests|sits|falls|belongs)(?: (?!not\b|never\b"
    r"|no\b)\w+){0,2} (?:ours"
    r"|mine|(?:with|on|to) (?:us|me))\b|(?:\b(?:is|was)|\b(?:it|this|that|one)'s) (?:(?:entirely|all|squarely|solely"
    r"|wholly) )?on us\b"
)
_LIES_WITH: Final = _re(
    r"\b(?:fault|responsibility|blame|accountability)(?: for [^.!?;]{0,40})? (?:lies|rests|sits"
    r"|is) (?:\w+ )?with (?P<whom>[\w .&-]{2,60})"
)
_NOT_RESPONSIBLE: Final = _re(r"(?:\b(?:not|never|no|cannot|nor|deny|denies|refuse)|n't)(?: \w+){0,3} $")
_SERIOUSLY: Final = _re(r"\bresponsibilit\w+\b[^.!?]{0,80}\bserious")
_CAUSE: Final = _re(
    r"\b(?:caused?|causing|due to|because|resulted from|result of|root cause|triggered|led to|flaw(?:ed)?"
    r"|the reason|stemmed from|originated|came from|brought (?:\w+ ){1,3}down|was wrong)\b"
)
_CAUSE_UNKNOWN: Final = _re(
    r"\b(?:causes?|caused|why|reasons?|what (?:happened|went wrong|led to|lies behind"
    r"|brought))\b[^.!?]{0,60}(?:\b(?:not|never)\b|n't\b)"
    r"(?: (?:yet|been|fully|clearly|so far)){0,2} (?:known|clear|found|understood|established|certain|identified"
    r"|know)\b"
    r"|\b(?:causes?|caused|why|reasons?|what (?:happened|went wrong|led to|lies behind))\b[^.!?]{0,50}\b(?:unknown"
    r"|unclear|open|under"
    r" investigation|being investigated|being looked into|remains to be found|yet to be (?:found|known|established))\b"
    r"|(?:\b(?:do|does|did|have|has|are|is|can)(?: not|n't)|\bcannot|\bcan't|\bnot)(?: (?:yet|been|able|to|so far"
    r"|fully)){0,3} (?:know|known"
    r"|understand|found|find|say|sure|certain|established|identified|clear|tell you)\b[^.!?]{0,40}\b(?:cause|caused"
    r"|causes|why|reason"
    r"|what (?:happened|went wrong|led to|lies behind|brought))\b|\b(?:looking for|searching for"
    r"|investigating) (?:the )?(?:root )?cause\b"
)
_CHANGE: Final = _re(
    r"\bprevent\w*\b.{0,60}\b(?:again|future|recur\w*|repeat)|\b(?:so that|ensure|make sure)\b.{0,60}\b(?:not|never"
    r"|cannot|no)\b|\bharden|\b(?:we|i)(?:'ll|'re|'ve| will| shall| are| have| commit to| promise to| plan to"
    r"| intend to)(?: (?:also|now"
    r"|already|therefore|going to|begun to|started to|committed to|been|first|then|immediately)){0,3} (?:chang|improv"
    r"|add|fix|replac|test"
    r"|build|built|introduc|remov|separat|split|limit|mov|train|stop|automat|put|mak|install|creat|hir|renew|check"
    r"|monitor|rewrit|redesign"
    r"|requir|rehears|rebuil|extend|tighten|simplif|doubl|mov|switch|do this differently|do things differently"
    r"|work differently)\w*"
    r"|\bto (?:keep|stop) (?:this|it) from\b|\bwe (?:have )?(?:changed|added|replaced|removed|introduced)\b"
    r"|\b(?:avoid|stop|rule out|against)\b.{0,40}\b(?:repeat|recurrence|happening again)\b|\bwill no longer\b"
    r"|\b(?:from now on|from (?:today|here) on|in (?:the )?future|henceforth|going forward)\b"
    r"|\b(?:will|is going to|are going to) (?:now|be (?:done|run|renewed|tested|checked|replaced|added|changed|handled"
    r"|reviewed|built))\b"
    r"|\b(?:this|that|it|how we \w+|the way we \w+) (?:will|is going to|must) change\b"
    r"|\bwhat (?:we will change|will change|changes|we are changing|is changing|we change)\b"
)
_REMEDY: Final = _re(
    r"(?<!give )(?<!gives )(?<!your )(?<!to )\b(?:service )?credit(?:s|ed)?\b(?! (?:cards?|card|checks?|unions?|to"
    r"|ratings?|scores?)\b)"
    r"|\bcredit to your (?:account|invoice|bill)\b|\brefund|\bcompensat|\bremed(?:y|ies)\b|\breimburs|\bmak(?:e"
    r"|ing) (?:it|this|that|things) (?:good"
    r"|right|up to you)\b|\bmake (?:it|this) up to you\b|\bpay(?:ing)? you back\b|\bgoodwill\b|\bdiscount\b"
    r"|\bfree of charge\b"
    r"|\b(?:will not|won't|not) (?:be (?:charged|billed|invoiced)|charge you|bill you|invoice you)\b|\bwaiv(?:e|ed"
    r"|ing)\b"
    r"|\bextend(?:ing)? your (?:subscription|term|contract|plan|licen[cs]e)\b"
)
_FORGIVE: Final = _re(r"\bforgiv(?:e|en|eness|ing)\b|\bpardon\b")

_CLAIMS: Final[dict[FixState, re.Pattern[str]]] = {
    "verified": _re(
        r"\b(?:fixed|resolved|repaired|corrected|solved)[,]? (?:and (?:we (?:have )?)?|, )(?:have |has been |been "
        r"|it )?(?:checked|verified|tested|confirmed)\b|\b(?:checked|verified|confirmed) (?:that )?(?:the "
        r"|this )?(?:fix|repair|correction)\b|\bfix (?:is|was|has been) (?:checked|verified|tested|confirmed)\b"
    ),
    "fixed": _re(r"\b(?:fixed|resolved|repaired|remediated|corrected|solved|mended|cured)\b"),
    "contained": _re(
        r"\b(?:stable|stabili[sz]ed|contained|isolated|restored|rolled back|recovered|mitigated|working again"
        r"|back to normal|normal again|back online|under control|back in service|back up|reverted"
        r"|rolled (?:\w+ ){1,4}back"
        r"|(?:up and )?running (?:again|normally)|up and running|(?:work|works|working|worked) (?:normally|again"
        r"|as usual|as it should)"
        r"|stopped (?:it|this|the \w+) (?:from )?(?:spreading|growing)|steady)\b"
    ),
    "insufficient": _re(
        r"\b(?:did not|didn't|had not|has not|failed to|could not) (?:\w+ )?(?:resolve|fix|solve|cure|repair|remove"
        r"|reach|touch|mend|end|hold|last|work|address|prevent)\b|\bwas not (?:enough|sufficient)\b"
        r"|\binsufficient\b|\bwere not enough\b|\bcame back\b|\breturned\b"
    ),
    "none": _re(
        r"\bnot (?:yet )?(?:been )?(?:fixed|resolved|repaired|solved|mended|corrected)\b|\b(?:still"
        r"|not yet) (?:down|broken|working on|failing|open|unfixed|degraded|affected)\b|\bunresolved\b"
        r"|\bremains? (?:open|down|broken)\b|\bhave not (?:yet )?(?:fixed|found|resolved|solved)\b"
    ),
}
_UNDONE: Final = _re(
    r"(?:\b(?:not|never|until|before|once|when|as soon as|to be|being|will be|if|cannot be|yet to be|whether|isn't"
    r"|wasn't|aren't|hasn't|told you(?: that)?|we said(?: that)?|we wrote(?: that)?|believed|thought|a|an|be"
    r"|should be)\b|n't)(?: \w+){0,3} $"
)
STATE_WORDS: Final[dict[FixState, str]] = {
    "none": "It is not yet fixed.",
    "contained": "The service is stable.",
    "fixed": "The fault is fixed.",
    "verified": "The fault is fixed and checked.",
    "insufficient": "Our first fix did not resolve it.",
}
_PART_OF_DAY: Final = _re(r"\b(?:(?:early|late|mid) )?(?:morning|afternoon|evening|night|lunchtime|midday)\b")
_GREETING: Final = _re(r"\bgood $|\b(?:day and|last|this|all|every|each|of the|at) $")
_SAW: Final = _re(
    r"\b(?:(?<!we were )unable to|(?<!we )could(?: not|n't)|(?<!we )(?:cannot|can't)|lost access|trouble"
    r"|intermittent\w*|degrad\w+|unavailable"
    r"|delay\w*|slow\w*|errors?\b|packet loss|(?<!we )fail(?:ed|ing|s)?\b|(?:was|were|is|are|went) (?:\w+ )?(?:down"
    r"|offline|out|missing|late|lost|wrong|interrupted|inaccessible|unreachable|rejected|blocked|locked out)"
    r"|time[d]?[- ]?outs?|outage|disrupt\w+|no access|did not (?:load|arrive|work|open|reach)|stopped working"
    r"|signed out|locked out|logged out|cut off|duplicat\w+|dropped|declined|rejected|bounced|stopped|stalled|froze"
    r"|frozen|hung|crashed"
    r"|blank|did not go through|didn't (?:load|arrive|work|open|reach|go through)|stuck|(?:nobody|no one|none of you"
    r"|no (?:customer|user|shop)s?)"
    r" could|had no (?!(?:test|check|alarm|plan|spare|second|rule|limit|copy|backup|one)\b)|went (?:blank|dark|silent"
    r"|dead)|never arrived"
    r"|out of reach|kept from|without (?:access|service|mail|power))\b"
)
_WHO_WAS_HIT: Final = _re(
    rf"\b(?:{PEOPLE}|requests?|messages?|orders?|bookings?|payments?|transactions?|calls?|sessions?|e-?mails?|devices?"
    rf"|stations?)\b"
)
_YEAR: Final = re.compile(r"(?:19|20)\d\d")
_NUMBER_UNKNOWN: Final = _re(
    r"\b(?:how many|number of (?:\w+ )?(?:customers|users|organi[sz]ations|accounts|people|shops|stores|sites"
    r"|merchants|clients)"
    r"|the (?:exact )?numbers?|how widely|what share|which customers)\b"
)
_UNKNOWN: Final = _re(
    r"\b(?:not (?:yet )?(?:known|clear|certain|confirmed)|unknown|do not (?:yet )?know|don't (?:yet )?know"
    r"|cannot (?:yet )?(?:say|tell)|will (?:explain|report|tell|say|confirm|publish|give|share))\b"
)
_ANYTHING: Final = _re(r"\w")
_DATA: Final = _re(
    r"\bno (?:\w+ ){0,3}data (?:was |were |has been |have been |is )?(?:lost|loss|accessed|exposed|damaged|affected"
    r"|involved"
    r"|compromised|at risk|touched|leaked|stolen|deleted|read|changed)|\bdata[- ]loss"
    r"|\blost (?:some )?(?:of )?(?:\w+ ){0,2}data"
    r"|\bnot (?:caused[^.]{0,40})?an? (?:cyber ?-?)?(?:attack|security incident)|\b(?:your|their"
    r"|customer) (?:\w+ )?(?:data|records|files|messages|orders) (?:was|were|is|are|has|have|remained"
    r"|stayed) (?:\w+ )?(?:safe|lost|intact|complete|not|never)|\bdata\b[^.!?]{0,50}\b(?:lost|safe|intact"
    r"|not (?:yet )?known|deleted|exposed|complete|not affected|unaffected|untouched|at risk|compromised|involved"
    r"|stolen|leaked)\b"
    r"|\b(?:nothing|no(?:ne of)? (?:\w+ ){0,2}?(?:messages?|orders?|files?|records?|transactions?|payments?|entries"
    r"|bookings?|documents?"
    r"|photos?|information|invoices?|reports?|content|e-?mails?)) (?:was|were|has been|have been|is|are) (?:lost"
    r"|missing|damaged|deleted)\b|\blost no data\b|\bdid not lose (?:any )?(?:\w+ )?data\b"
)
_NOT_ENOUGH: Final = _CLAIMS["insufficient"]
_EARLIER_WORDS: Final = _re(
    r"\b(?:we|I|our \w+(?: \w+)?) (?:had )?(?:told|said|wrote|promised|announced|reported|stated)\b"
    r"|\bour (?:earlier|first|last|previous) (?:promise|word|statement|apology|report|message)\b"
    r"|\bwe (?:had )?promised\b"
)
_EXCLUDES: Final = _re(
    r"\b(?:no other|none of our other|no further) (?:\w+ ){0,3}(?:services?|products?|regions?|customers?|systems?"
    r"|users?|features?)\b|\b(?:other|all other|the rest of (?:our|the)) (?:\w+ ){0,3}(?:services?|products?"
    r"|regions?|customers?|systems?|users?) (?:was|were|are|is|remained|stayed|continued) (?:\w+ )?(?:not|un\w+"
    r"|working|available|normal)|\b(?:was|were|is|are) (?:not (?:affected|hit|impacted|touched|related|involved)"
    r"|unaffected|untouched|unharmed)\b|\b(?:unique|limited|confined|restricted) to\b|\b(?:only|solely"
    r"|exclusively) (?:affected|hit|impacted|concerned)\b|\bonly (?:\w+ ){1,4}(?:was|were) (?:affected|hit|impacted)\b"
    r"|\b(?:affected|hit|impacted|concerned) only\b"
)
_NEXT: Final = _re(
    r"\b(?:report|update|write|tell|publish|explain|inform|post|answer|let you know|come back to you|next)\w*\b"
)
_WITHIN: Final = _re(
    r"\bwithin (?:the next )?(?:\d{1,3}|one|two|three|four|five|six|ten|twelve|twenty-four|thirty|sixty"
    r"|an?) (?:minutes?|hours?|days?|business days?|working days?)\b"
)
_CONTACT: Final = _re(
    r"\b(?:contact|e-?mail|call|write to|reply to|phone|reach)\b|\S{1,64}@\S{1,64}\.\w+|\baccount (?:manager|team)"
)
_SIGNS: Final = _re(r"\bon behalf of\b|\bmy name\b|\bI(?:'m| am| want)\b")
_RISK: Final = _re(
    r"\b(?:cannot|can't|can not|could not|are unable to|are not able to) (?:yet )?(?:fully )?(?:rule out|exclude"
    r"|promise"
    r"|guarantee|say that it will not|be sure|be certain)\b|\b(?:cannot|can't|can not"
    r"|could not)(?: yet)?(?: fully)? be (?:fully )?(?:ruled out"
    r"|excluded)\b|\b(?:may|might|could) (?:well |still |yet )?(?:happen|occur|recur|come back|return|reappear|repeat"
    r"|fail)(?: (?:again|once more))?\b|\b(?:may|might|could) (?:well |still |yet )?(?:see|experience|have|face|meet"
    r"|be hit by)"
    r" (?:[^.!?]{0,40}\bagain\b|(?:another|further|more)\b)|\b(?:failure|event|outage|interruption|repeat|recurrence"
    r"|incident|disruption"
    r"|problem)s? (?:is|are|remains?|stays?)(?: still)? possible\b|\bthere (?:is|remains)(?: still)? (?:a|some"
    r"|the) (?:\w+ )?(?:risk|chance"
    r"|danger|possibility)\b|\b(?:risk|danger|chance)\b(?<!no risk)(?<!no danger)[^.!?]{0,40}\b(?:remains|is still"
    r"|stays|exists|is not"
    r" (?:yet )?over|persists|is not gone)\b|\bnot impossible\b|\bnot (?:yet )?know (?:that|whether"
    r"|if)\b[^.!?]{0,30}\b(?:return|come back"
    r"|happen again|recur)\b"
    r"|\bremains a risk\b|\bnot (?:yet )?(?:safe|certain|sure) (?:that|from)\b|\buntil (?:it|this|that) is (?:done"
    r"|fixed|finished)[^.!?]{0,40}\b(?:may|could|might)\b"
)

LONGEST_ZONED: Final = 400
"""How much of a sentence is searched for a zone."""

Check = Callable[[Reading, RecordView, Kind], Iterator[Finding]]


def read_presence(reading: Reading, kind: Kind, record: RecordView, owed: frozenset[str] = FULL) -> list[Finding]:
    """The presence findings of this kind of text, for the rules it owes."""
    found: list[Finding] = []
    for rule_id, check in _CHECKS.items():
        if rule_id in owed and kind in RULES[rule_id].kinds:
            found.extend(check(reading, record, kind))
    return found


def missing(
    reading: Reading,
    rule_id: str,
    kind: Kind,
    *,
    message: str = "",
    suggestion: str = "",
    severity: Severity | None = None,
) -> Finding:
    """A finding that something is not there: an empty place at the end of the text."""
    rule = RULES[rule_id]
    end = len(reading.original)
    return Finding(
        rule_id,
        severity or rule.severity_for(kind),
        end,
        end,
        "",
        message or rule.message,
        suggestion or rule.suggestion,
        rule.reference,
    )


def wrong(
    reading: Reading,
    rule_id: str,
    kind: Kind,
    start: int,
    end: int,
    *,
    message: str = "",
    suggestion: str = "",
    severity: Severity | None = None,
) -> Finding:
    """A finding at a place of the normalised text."""
    rule = RULES[rule_id]
    left, right = reading.span(start, end)
    return Finding(
        rule_id,
        severity or rule.severity_for(kind),
        left,
        right,
        reading.original[left:right],
        message or rule.message,
        suggestion or rule.suggestion,
        rule.reference,
    )


def day_words(day: date) -> str:
    """A day as the linter writes it in its own sentences."""
    return f"{day.day} {day:%B %Y}"


def _by(day: date | None) -> str:
    return f"{day_words(day)}." if day else "DATE."


def _report_day(record: RecordView) -> date | None:
    return record.next_report or next((fact.due for fact in record.visible if fact.due), None)


def is_affirmed(text: str, match: re.Match[str]) -> bool:
    """Whether a word like "fixed" is claimed here, and not denied, asked for or put off."""
    clause = re.split(r"[.!?;\n]", text[max(0, match.start() - 60) : match.start()])[-1]
    return _UNDONE.search(clause) is None


def is_denied(sentence: str, match: re.Match[str]) -> bool:
    """Whether the clause that holds a claim denies it, or the next one takes it back: "fixed, but it was not"."""
    left = max((mark.end() for mark in _CLAUSE_MARK.finditer(sentence, 0, match.start())), default=0)
    right = _CLAUSE_MARK.search(sentence, match.end())
    clause = sentence[left : right.start() if right else len(sentence)]
    return _DENIES.search(clause) is not None or _TAKEN_BACK.match(sentence, match.end()) is not None


_CLAUSE_MARK: Final = _re(r"[,;:]| (?:and|but|so|although|though|because|while) ")
_DENIES: Final = _re(r"\b(?:did|does|do|has|had|have|was|were|is|are|could|can|not) not\b|n't\b|\bnot yet\b|\bcannot\b")
_TAKEN_BACK: Final = _re(
    r"[^.!?]{0,30}?(?:,|;| but| yet| and)+ ?(?:it|that|this|which|they) (?:was|were|did|had|has|is)(?: not|n't)\b"
)


def _unknown_told(reading: Reading, noun: re.Pattern[str], unknown: re.Pattern[str] | None = None) -> bool:
    """Whether the text says, with a date, that something is not known yet or will be explained."""
    sentences = reading.sentences
    for index, sentence in enumerate(sentences):
        if not noun.search(sentence.text) or not (unknown or _UNKNOWN).search(sentence.text):
            continue
        following = sentences[index + 1].text if index + 1 < len(sentences) else ""
        if re.search(BY_DATE, sentence.text, re.IGNORECASE) or re.search(BY_DATE, following, re.IGNORECASE):
            return True
    return False


# --- A ---------------------------------------------------------------------------------------------


def _opening(reading: Reading) -> list[Sentence]:
    """The first two sentences, without a salutation or a title."""
    sentences = list(reading.sentences)
    while len(sentences) > 1 and (
        (_SALUTATION.search(sentences[0].text) and not _REGRET.search(sentences[0].text))
        or (sentences[0].text[-1] not in ".!?" and not _REGRET.search(sentences[0].text) and sentences[0].words <= 12)
    ):
        sentences.pop(0)
    return sentences[:2]


def regrets(reading: Reading) -> bool:
    """Whether the text says sorry in the first person anywhere."""
    return any(
        _REGRET.search(sentence.text) and (not _NO_REGRET.search(sentence.text) or _ENOUGH.search(sentence.text))
        for sentence in reading.sentences
    )


def is_hedge(sentence: str) -> bool:
    """Whether a sentence is about what may still come or about data, and not about what was seen."""
    return _RISK.search(sentence) is not None or _DATA.search(sentence) is not None


def admits_risk(reading: Reading) -> bool:
    """Whether the text says that it may happen again."""
    return _RISK.search(reading.text) is not None


def _a1(reading: Reading, _record: RecordView, kind: Kind) -> Iterator[Finding]:
    for sentence in _opening(reading):
        if _REGRET.search(sentence.text) and (not _NO_REGRET.search(sentence.text) or _ENOUGH.search(sentence.text)):
            return
    yield missing(reading, "A1", kind)


def _a2(reading: Reading, record: RecordView, kind: Kind) -> Iterator[Finding]:
    for sentence in reading.sentences:
        lies = _LIES_WITH.search(sentence.text)
        if lies and _organisation(record) and lies["whom"].lower().startswith(_organisation(record)):
            return
        for match in _RESPONSIBLE.finditer(sentence.text):
            if _NOT_RESPONSIBLE.search(sentence.text[: match.start()]):
                continue
            if "responsib" in match.group().lower() and _SERIOUSLY.search(sentence.text):
                continue
            return
    yield missing(reading, "A2", kind)


def _organisation(record: RecordView) -> str:
    """Who signs for whom, in lower case: "acme" of "Kim Lee, on behalf of Acme"."""
    return record.signatory.lower().partition(" on behalf of ")[2].strip(" .")


def _a3(reading: Reading, record: RecordView, kind: Kind) -> Iterator[Finding]:
    causes = record.known("cause.trigger", "cause.flaw", "cause.latent")
    text = reading.text
    if causes:
        told = [cause for cause in causes if any(shares_words(form, text) for form in cause.forms)]
        if told:
            return
        yield missing(reading, "A3", kind, suggestion=f"The cause was {causes[0].value}.")
        return
    unknown = [sentence for sentence in reading.sentences if _CAUSE_UNKNOWN.search(sentence.text)]
    explained = any(
        _CAUSE.search(sentence.text) and not _CAUSE_UNKNOWN.search(sentence.text) for sentence in reading.sentences
    )
    if not (_unknown_told(reading, _CAUSE_UNKNOWN, _ANYTHING) if unknown else explained):
        yield missing(reading, "A3", kind, suggestion=f"{RULES['A3'].suggestion}{_by(_report_day(record))}")


def _a4(reading: Reading, _record: RecordView, kind: Kind) -> Iterator[Finding]:
    if not any(_CHANGE.search(sentence.text) for sentence in reading.sentences):
        yield missing(reading, "A4", kind)


def shares_words(fact: str, text: str) -> bool:
    """Whether most of a fact's weighty words stand in the text, whatever their endings."""
    weighty = [word for word in re.findall(r"[a-z0-9]{3,}", fact.lower()) if word not in _LIGHT]
    if not weighty:
        return fact.strip().lower() in text.lower()
    lowered = text.lower()
    held = sum(re.search(rf"\b{re.escape(_stem(word))}", lowered) is not None for word in weighty)
    return held * 2 > len(weighty) or held == len(weighty)


_LIGHT: Final = frozenset(
    "the you and our your for with from that this was were has had have its their not out into onto upon some any all "  # noqa: SIM905 - a list of words reads best as words
    "who which when then than been being are but".split()
)


def _stem(word: str) -> str:
    for ending in ("ations", "ation", "ings", "ing", "ies", "ied", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word[: -len(ending)]
    return word


CLAIMS_A_SENTENCE: Final = 3
"""More claims than this in one sentence say nothing new."""


def claims(reading: Reading, state: FixState) -> list[tuple[Sentence, re.Match[str]]]:
    """Where the text claims that the fault stands like this."""
    found: list[tuple[Sentence, re.Match[str]]] = []
    for sentence in reading.sentences:
        if sentence.text.endswith("?"):
            continue
        affirmed = (
            (sentence, match)
            for match in _CLAIMS[state].finditer(sentence.text)
            if state in {"insufficient", "none"} or is_affirmed(sentence.text, match)
        )
        found.extend(islice(affirmed, CLAIMS_A_SENTENCE))
    return found


def _a5a(reading: Reading, record: RecordView, kind: Kind) -> Iterator[Finding]:
    """Each state of the record is said; nothing stronger is claimed for what is not fixed."""
    states = set(record.states)
    for state in sorted(states):
        said = claims(reading, state) or (state == "fixed" and claims(reading, "verified"))
        if not said:
            yield missing(
                reading,
                "A5a",
                kind,
                message=f"The record says “{STATE_WORDS[state].rstrip('.')}”; the text does not.",
                suggestion=STATE_WORDS[state],
            )
    if not states:
        return
    strongest = states & {"fixed", "verified"}
    if strongest:
        if "verified" not in states:
            for sentence, match in claims(reading, "verified")[:1]:
                yield wrong(
                    reading,
                    "A5a",
                    kind,
                    sentence.start + match.start(),
                    sentence.start + match.end(),
                    message="The record says fixed, and not yet checked.",
                    suggestion=STATE_WORDS["fixed"],
                )
        yield from _fixed_for_the_wrong_day(reading, record, kind)
        return
    for sentence, match in claims(reading, "fixed"):
        if not _NOT_ENOUGH.search(sentence.text) and not _EARLIER_WORDS.search(sentence.text):
            weaker: FixState = "contained" if "contained" in states else min(states)
            yield wrong(
                reading,
                "A5a",
                kind,
                sentence.start + match.start(),
                sentence.start + match.end(),
                message="The record does not say that it is fixed.",
                suggestion=STATE_WORDS[weaker],
            )


def _fixed_for_the_wrong_day(reading: Reading, record: RecordView, kind: Kind) -> Iterator[Finding]:
    """A sentence that names one incident's day and calls it fixed, where only another is."""
    for sentence, match in claims(reading, "fixed"):
        days = dates(sentence.text)
        named = {
            window.incident
            for window in record.windows
            for mention in days
            if any(mention.is_day(day) for day in record.days_of(window))
        }
        if (
            len(named) == 1
            and not _ONE_BY_ONE.search(sentence.text)
            and record.fix_of(next(iter(named))) not in {"fixed", "verified", ""}
            and not _NOT_ENOUGH.search(sentence.text)
        ):
            state = record.fix_of(next(iter(named)))
            yield wrong(
                reading,
                "A5a",
                kind,
                sentence.start + match.start(),
                sentence.start + match.end(),
                message="The record does not say that this one is fixed.",
                suggestion=STATE_WORDS[state],
            )


_ONE_BY_ONE: Final = _re(
    r"\bof the \w+\b[^.!?]{0,120}\b(?:one|two|three|\d{1,2}) (?:is|are)\b[^.!?]{0,80}"
    r"\b(?:one|two|three|\d{1,2}) (?:is|are)\b"
)
"""Several incidents that stand differently, in one sentence: "Of the problems, one is fixed and one is stable"."""


def _a5b(reading: Reading, record: RecordView, kind: Kind) -> Iterator[Finding]:
    if _REMEDY.search(reading.text):
        return
    severity: Severity = "error" if record.sla_missed or record.linked else "warning"
    yield missing(
        reading, "A5b", kind, severity=severity, suggestion=f"{RULES['A5b'].suggestion}{_by(_report_day(record))}"
    )


def _a6(reading: Reading, _record: RecordView, kind: Kind) -> Iterator[Finding]:
    match = _FORGIVE.search(reading.text)
    if match and is_affirmed(reading.text, match):
        yield wrong(reading, "A6", kind, match.start(), match.end())


# --- F ---------------------------------------------------------------------------------------------


def _f1(reading: Reading, record: RecordView, kind: Kind) -> Iterator[Finding]:
    mentions = dates(reading.text)
    absent = untold_days(mentions, record)
    if absent:
        yield missing(
            reading,
            "F1",
            kind,
            message=f"Missing: {', '.join(day_words(day) for day in absent)}.",
            suggestion=f"It happened on {_listed(absent)}.",
        )
    windows = record.own_windows
    said = frozenset(day for window in windows for day in record.days_of(window))
    named = [mention for mention in mentions if any(mention.is_day(day) for day in said)]
    years = {mention.year for mention in mentions}
    for year in sorted({w.day.year for w in windows if not years & {day.year for day in record.days_of(w)}}):
        if named:
            yield wrong(
                reading,
                "F1",
                kind,
                named[0].start,
                named[0].end,
                message=f"The year {year} is never said.",
                suggestion=f"Write the year once: “{day_words(record.days[0])}”.",
            )


def untold_days(mentions: tuple[DateMention, ...], record: RecordView) -> list[date]:
    """The days of its incidents that a text does not name, neither as recorded nor as its readers' clocks showed."""
    return sorted(
        {
            window.day
            for window in record.own_windows
            if not any(mention.is_day(day) for mention in mentions for day in record.days_of(window))
        }
    )


def _listed(days: list[date]) -> str:
    words = [day_words(day) for day in days]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def bare_parts_of_day(text: str) -> Iterator[tuple[int, int]]:
    """Parts of a day whose sentence names no zone."""
    for match in _PART_OF_DAY.finditer(text):
        if _GREETING.search(text[max(0, match.start() - 12) : match.start()]):
            continue
        left = max(text.rfind(". ", 0, match.start()), text.rfind("\n", 0, match.start())) + 1
        stop = re.search(r"[.!?](?= |$)|\n", text[match.end() :])
        right = match.end() + stop.start() if stop else len(text)
        if not any(
            _is_zone(text, left + place.start())
            for place in re.finditer(r"\b[A-Z]", text[left : min(right, left + LONGEST_ZONED)])
        ):
            yield match.span()


def _is_zone(text: str, place: int) -> bool:
    stop = zone_at(text, place)
    return (
        stop is not None
        and re.fullmatch(
            r"[A-Z]{2,5}(?:[ +-]?\d.*)?|.*[Tt]ime|.*/.*|US .*|Pacific|Eastern|Central|Mountain", text[place:stop]
        )
        is not None
    )


def _f2(reading: Reading, record: RecordView, kind: Kind) -> Iterator[Finding]:
    text = reading.masked
    if ALL_TIMES.search(text):
        return
    suggestion = f"Add the zone: {record.zone}." if record.zone else ""
    bare = [(clock.start, clock.end) for clock in clocks(text) if clock.zone is None] + list(bare_parts_of_day(text))
    for start, end in sorted(bare)[:1]:
        yield wrong(reading, "F2", kind, start, end, suggestion=suggestion)


def _f3(reading: Reading, record: RecordView, kind: Kind) -> Iterator[Finding]:
    text = reading.text
    if _unknown_told(reading, _re(r"\btimes?\b|\bwhen\b|\bhow long\b|\bduration\b|\bstart\b")):
        return
    lengths = {mention.minutes for mention in durations(text)}
    seen = clocks(text)
    for window in record.own_windows:
        if not _is_timed(window, lengths, seen, record):
            told = f"from {window.start:%H:%M} to {window.end:%H:%M}" if window.start and window.end else ""
            suggestion = (
                f"It lasted {told} ({record.zone})." if told else f"{RULES['F3'].suggestion}{_by(_report_day(record))}"
            )
            yield missing(
                reading,
                "F3",
                kind,
                message=f"For {day_words(window.day)}, start and end, or how long it lasted, are missing.",
                suggestion=suggestion,
            )
            return


def _is_timed(window: WindowView, lengths: set[Fraction], seen: tuple[ClockMention, ...], record: RecordView) -> bool:
    if window.length is not None and window.length in lengths:
        return True
    same_day = [
        other
        for other in record.windows
        if other.incident == window.incident and other is not window and other.length is not None
    ]
    if any(other.length in lengths for other in same_day):
        return True
    if window.start and window.end:
        return len(seen) >= 2
    return False


def _f4(reading: Reading, record: RecordView, kind: Kind) -> Iterator[Finding]:
    if record.services and not any(names(service, reading.text) for service in record.services):
        yield missing(reading, "F4", kind, suggestion=f"Name it: {', '.join(record.services)}.")


def names(name: str, text: str) -> bool:
    """Whether a name stands in the text, whatever its capitals, hyphens and plural."""
    return find_name(name, text) is not None


def find_name(name: str, text: str) -> re.Match[str] | None:
    """Where a name stands in the text as words of its own."""
    words = [re.escape(word) for word in name_words(name)]
    if not words or not may_name(name, text):
        return None
    return re.search(rf"(?<!\w){'[ -]'.join(words)}(?:s|es|'s)?(?!\w)", text, re.IGNORECASE)


def name_words(name: str) -> list[str]:
    """The words of a name, parted by spaces and hyphens."""
    return [word for word in _PARTS.split(name.strip()) if word]


def may_name(name: str, text: str) -> bool:
    """Whether every word of a name stands somewhere in the text, capitals aside: else the name surely does not.

    A catalog may hold ten thousand names, each text is held against them all, and looking for a word costs a thousandth
    of making a pattern for it.
    """
    plain = folded_text(text)
    return all(word in plain for word in _folded_words(name))


def folded(text: str) -> str:
    """Texts that `re.IGNORECASE` takes for one are one here; it takes the Turkish i for i, casefold does not."""
    return text.translate(_TURKISH).casefold()


folded_text = lru_cache(maxsize=64)(folded)
"""A text without capitals, kept for the names it is held against next."""
_PARTS: Final = re.compile(r"[\s-]+")
_TURKISH: Final = {0x130: "i", 0x131: "i"}


@lru_cache(maxsize=50_000)
def _folded_words(name: str) -> tuple[str, ...]:
    return tuple(folded(word) for word in name_words(name))


def _f5(reading: Reading, record: RecordView, kind: Kind) -> Iterator[Finding]:
    if record.regions and not any(names(region, reading.text) for region in record.regions):
        yield missing(reading, "F5", kind, suggestion=f"Say where: customers served from {record.regions[0]}.")


def _f6(reading: Reading, record: RecordView, kind: Kind) -> Iterator[Finding]:
    impacts = [form for fact in record.known("impact") for form in fact.forms]
    for sentence in reading.sentences:
        if any(shares_words(form, sentence.text) for form in impacts):
            return
        if _SAW.search(sentence.text) and not _RISK.search(sentence.text) and not _DATA.search(sentence.text):
            return
    yield missing(reading, "F6", kind, suggestion=f"You saw {impacts[0]}." if impacts else "")


def _f7(reading: Reading, record: RecordView, kind: Kind) -> Iterator[Finding]:
    if _unknown_told(reading, _NUMBER_UNKNOWN):
        return
    told = {mention.value for fact in record.known("count") for mention in numbers(fact.value)}
    for mention in numbers(reading.text):
        if mention.value in told or mention.unit == "%":
            return
        if _WHO_WAS_HIT.search(mention.unit) and not _YEAR.fullmatch(reading.text[mention.start : mention.end]):
            return
    if re.search(
        r"\b(?:all|every|each|none) (?:of )?(?:our |the |your )?(?:customers?|users?|organi[sz]ations?|accounts?)\b",
        reading.text,
        re.IGNORECASE,
    ) and record.known("count", "scale"):
        return
    counts = record.known("count")
    suggestion = (
        f"This affected {counts[0].value}."
        if counts
        else f"How many customers this affected is not known yet. We will report it by {_by(_report_day(record))}"
    )
    yield missing(reading, "F7", kind, suggestion=suggestion)


def _f8(reading: Reading, record: RecordView, kind: Kind) -> Iterator[Finding]:
    if not _DATA.search(reading.text):
        yield missing(reading, "F8", kind, severity="error" if record.security else None)


_UNKEPT: Final = frozenset({"broken", "late", "withdrawn"})


def _f9(reading: Reading, record: RecordView, kind: Kind) -> Iterator[Finding]:
    if not record.linked:
        return
    if not _NOT_ENOUGH.search(reading.text):
        yield missing(reading, "F9", kind)
    own = set(record.days)
    told = dates(reading.text)
    linked = sorted(
        {
            window.day
            for window in record.windows
            if not own & (days := record.days_shown(window)) and not any(m.is_day(d) for m in told for d in days)
        }
    )
    if linked:
        yield missing(
            reading,
            "F9",
            kind,
            message=f"It is linked to what happened on {_listed(linked)}; the text does not say so.",
            suggestion=f"This also happened on {_listed(linked)}.",
        )
    broken = [promise for promise in record.promises if promise.told and promise.state in _UNKEPT]
    if (
        broken
        and not _EARLIER_WORDS.search(reading.text)
        and not any(shares_words(promise.text, reading.text) for promise in broken)
    ):
        yield missing(
            reading,
            "F9",
            kind,
            message=f"We had told them: “{broken[0].text}”. The text does not say how that stands.",
            suggestion=f"We told you: “{broken[0].text}”. That did not hold.",
        )


def _f10(reading: Reading, record: RecordView, kind: Kind) -> Iterator[Finding]:
    sourced = [fact for fact in record.known("exclusion") if fact.source.strip()]
    for sentence in reading.sentences:
        match = _EXCLUDES.search(sentence.text)
        if not match or sentence.text.endswith("?"):
            continue
        if any(shares_words(form, sentence.text) for fact in sourced for form in fact.forms) or _limited_to_known(
            sentence.text, match, record, bool(sourced)
        ):
            continue
        yield wrong(reading, "F10", kind, sentence.start + match.start(), sentence.start + match.end())


def _limited_to_known(sentence: str, match: re.Match[str], record: RecordView, sourced: bool) -> bool:
    """Whether it says that only our service was hit: the exclusion of all else, fine where such a fact is on record."""
    return (
        sourced
        and any(names(word, sentence) for word in (*record.services, *record.regions))
        and re.search(r"\bonly\b|\bunique\b|\blimited\b|\bconfined\b", match.group() + sentence, re.IGNORECASE)
        is not None
    )


def _f11(reading: Reading, record: RecordView, kind: Kind) -> Iterator[Finding]:
    mentions = dates(reading.text)
    for task in record.tasks:
        due_said = task.due is not None and any(mention.is_day(task.due) for mention in mentions)
        role_said = bool(task.owner_role) and shares_words(task.owner_role, reading.text)
        if due_said and role_said and (shares_words(task.text, reading.text) or _CHANGE.search(reading.text)):
            return
    told = [task for task in record.tasks if task.owner_role and task.due]
    if told:
        task = told[0]
        role = task.owner_role if task.owner_role.lower().startswith(("our ", "the ")) else f"Our {task.owner_role}"
        suggestion = f"{role[:1].upper()}{role[1:]} owns this task: {task.text}, due by {_by(task.due)}"
        yield missing(reading, "F11", kind, suggestion=suggestion)
    else:
        yield missing(
            reading,
            "F11",
            kind,
            message="No prevention task has an owner with a role and a due date.",
            suggestion="Add one: `task add … @owner due …`.",
        )


def _f12(reading: Reading, record: RecordView, kind: Kind) -> Iterator[Finding]:
    if kind == "update":
        if not any(
            _NEXT.search(sentence.text)
            and (clocks(sentence.text) or dates(sentence.text) or _WITHIN.search(sentence.text))
            for sentence in reading.sentences
        ):
            when = f"{record.next_update:%H:%M %Z}" if record.next_update else "TIME and zone"
            yield missing(
                reading,
                "F12",
                kind,
                message="When the next update comes is missing.",
                suggestion=f"We will write again by {when}.",
            )
        return
    promised = _promised_days(reading)
    if record.next_report and not any(mention.is_day(record.next_report) for mention in dates(reading.text)):
        yield missing(reading, "F12", kind, suggestion=f"{RULES['F12'].suggestion}{_by(record.next_report)}")
        return
    if not record.next_report and not promised and not _WITHIN.search(reading.text):
        yield missing(reading, "F12", kind, suggestion=f"{RULES['F12'].suggestion}{_by(_report_day(record))}")
        return
    if record.next_report and record.publication:
        today = record.publication.date()
        latest = business_days_after(today, REPORT_WITHIN_BUSINESS_DAYS)
        mention = next(mention for mention in dates(reading.text) if mention.is_day(record.next_report))
        if record.next_report < today - timedelta(days=1):
            yield wrong(
                reading,
                "F12",
                kind,
                mention.start,
                mention.end,
                message="The report date is past.",
                suggestion=f"Choose a day up to {day_words(latest)}.",
            )
        elif record.next_report > latest:
            yield wrong(
                reading,
                "F12",
                kind,
                mention.start,
                mention.end,
                message="The report date is more than five business days away.",
                suggestion=f"Choose a day up to {day_words(latest)}.",
            )


def _promised_days(reading: Reading) -> list[DateMention]:
    return [
        mention
        for sentence in reading.sentences
        if _NEXT.search(sentence.text) and re.search(BY_DATE, sentence.text, re.IGNORECASE)
        for mention in dates(sentence.text)
    ]


def _f13(reading: Reading, record: RecordView, kind: Kind) -> Iterator[Finding]:
    if record.contact:
        if not any(contact.lower() in reading.text.lower() for contact in record.contact):
            yield missing(reading, "F13", kind, suggestion=f"{RULES['F13'].suggestion}{record.contact[0]}.")
    elif not _CONTACT.search(reading.text):
        yield missing(reading, "F13", kind)


def _f14(reading: Reading, record: RecordView, kind: Kind) -> Iterator[Finding]:
    if record.signatory:
        name = re.split(r",| on behalf", record.signatory)[0]
        if not names(name, reading.text):
            yield missing(reading, "F14", kind, suggestion=record.signatory)
    elif not _SIGNS.search(reading.text):
        yield missing(reading, "F14", kind)


def _f15(reading: Reading, record: RecordView, kind: Kind) -> Iterator[Finding]:
    if (
        record.incidents
        and not all(state in {"fixed", "verified"} for state in _current_states(record))
        and not _RISK.search(reading.text)
    ):
        yield missing(reading, "F15", kind)


def _current_states(record: RecordView) -> list[FixState]:
    """How the covered incidents stand now; one that only recurred is judged by its successor, where that is covered."""
    recurred = {number for incident in record.covered for number in incident.recurs}
    return [record.fix_of(incident.number) for incident in record.covered if incident.number not in recurred] or list(
        record.states
    )


_CHECKS: Final[dict[str, Check]] = {
    "A1": _a1,
    "A2": _a2,
    "A3": _a3,
    "A4": _a4,
    "A5a": _a5a,
    "A5b": _a5b,
    "A6": _a6,
    "F1": _f1,
    "F2": _f2,
    "F3": _f3,
    "F4": _f4,
    "F5": _f5,
    "F6": _f6,
    "F7": _f7,
    "F8": _f8,
    "F9": _f9,
    "F10": _f10,
    "F11": _f11,
    "F12": _f12,
    "F13": _f13,
    "F14": _f14,
    "F15": _f15,
}
