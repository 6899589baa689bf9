"""Reading a text for its wording: W1 to W21 and the reading measures R1 to R3. No record is needed.

Most rules are cases in `rules`. Five need a judgement about the sentence: whether an apology's condition is about the
harm (W1), what "any" belongs to (W2), whether a day is named beside a relative date (W8), whether a clock time has its
zone (W9), and what "but" takes back (W15).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final

from handlers.domain.lint.cases import CASES, EXPLAINS, REWORDINGS, Case
from handlers.domain.lint.quantities import ALL_TIMES, MONTH_WORD, WEEKDAYS, clocks, dates
from handlers.domain.lint.report import Finding, Fix, Kind, Severity
from handlers.domain.lint.rules import RULES
from handlers.domain.lint.text import Reading, Sentence, flesch_kincaid, grade_of, is_english
from handlers.domain.lint.vocabulary import SORRY

LOOK_BEHIND: Final = 160
"""How many characters before a match an excuse may read."""
LOOK_AHEAD: Final = 200
"""How many characters after a match an excuse may read."""
AROUND: Final = 320
"""How much of a very long sentence, either side of a match, counts as its sentence."""
MAX_REWORDED: Final = 400
"""A longer sentence is not offered again as a whole."""

GRADE_WARNING: Final = 10.0
GRADE_ERROR: Final = 14.0
MEAN_SENTENCE: Final = 20
LONGEST_SENTENCE: Final = 35
LONGEST_PARAGRAPH: Final = 150
FEWEST_WORDS_FOR_GRADE: Final = 10
"""A grade of fewer words says nothing: "We apologise." would be grade 14."""

SPEAKS_OF_QUOTED: Final = frozenset({"W8", "W9", "W18", "W19", "W20"})
"""Rules that hold inside quoted words too; the others forgive words that are only talked about."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A fault's place in the normalised text."""

    start: int
    end: int
    words: str | None = None
    """The whole sentence in better words, where that can be said."""


def read_wording(reading: Reading, kind: Kind) -> list[Finding]:
    """The findings of W1 to W21 and R1 to R3 for this kind of text."""
    findings: list[Finding] = []
    for rule_id, hits in _hits(reading):
        rule = RULES[rule_id]
        if kind not in rule.kinds:
            continue
        for hit in hits:
            if rule_id not in SPEAKS_OF_QUOTED and reading.is_mentioned(hit.start, hit.end):
                continue
            findings.append(finding(reading, rule_id, rule.severity_for(kind), hit))
    findings.extend(_reading_measures(reading))
    return findings


def finding(reading: Reading, rule_id: str, severity: Severity, hit: Hit, message: str | None = None) -> Finding:
    """A finding of a rule at a place of the normalised text, told in the original's code points."""
    rule = RULES[rule_id]
    start, end = reading.span(hit.start, hit.end)
    fix = None
    if hit.words is not None:
        sentence = reading.sentence_at(hit.start)
        left, right = reading.span(sentence.start, sentence.end)
        fix = Fix(left, right, hit.words)
    return Finding(
        rule=rule_id,
        severity=severity,
        start=start,
        end=end,
        text=reading.original[start:end],
        message=message or rule.message,
        suggestion=hit.words or rule.suggestion,
        reference=rule.reference,
        fix=fix,
    )


def _hits(reading: Reading) -> Iterator[tuple[str, list[Hit]]]:
    yield "W1", list(_conditional_apologies(reading))
    yield "W2", _one_w2(reading, list(_case_hits(reading, "W2")), list(_sorry_for_any(reading)))
    yield "W8", list(relative_dates(reading))
    yield "W9", list(_bare_clock_times(reading))
    yield "W15", list(_sorry_but(reading))
    for rule_id in CASES:
        if rule_id == "W14":
            yield rule_id, _unexplained(reading, _without_overlaps(list(_case_hits(reading, rule_id))))
        elif rule_id != "W2":
            yield rule_id, _without_overlaps(list(_case_hits(reading, rule_id)))


def _without_overlaps(hits: list[Hit]) -> list[Hit]:
    """Of several forms that match the same words, the first that starts and the longest."""
    kept: list[Hit] = []
    for hit in sorted(hits, key=lambda hit: (hit.start, -hit.end)):
        if not kept or hit.start >= kept[-1].end:
            kept.append(hit)
    return kept


def _unexplained(reading: Reading, hits: list[Hit]) -> list[Hit]:
    """Teasers without those of which the text says elsewhere what they were, or by when it will."""
    wanted = {_teaser(reading.text[hit.start : hit.end]) for hit in hits}
    told: set[str] = set()
    sentences = reading.sentences if wanted else ()
    for index, sentence in enumerate(sentences):
        body = reading.masked[sentence.start : sentence.end]
        if not any(words in body.lower() for words in wanted):
            continue
        following = sentences[index + 1] if index + 1 < len(sentences) else None
        after = reading.masked[following.start : following.start + LOOK_AHEAD] if following else ""
        for case in CASES["W14"]:
            told |= {
                _teaser(match.group())
                for match in case.pattern.finditer(body)
                if is_excused(replace(case, unless=EXPLAINS), match, body, after)
            }
    return [hit for hit in hits if _teaser(reading.text[hit.start : hit.end]) not in told]


def _teaser(words: str) -> str:
    """What makes two teasers the same: the noun that is explained, or all words where it says too little alone."""
    noun = words.lower().split()[-1]
    return noun if noun in _TEASED else words.lower()


_TEASED: Final = frozenset("traffic activity behaviour behavior problem problems issue issues factors bug".split())  # noqa: SIM905 - a list of words reads best as words


# The cases of `rules` ---------------------------------------------------------------------------------------------


def _case_hits(reading: Reading, rule_id: str) -> Iterator[Hit]:
    text = reading.text if rule_id in {"W18", "W19"} else reading.masked
    sentences = reading.sentences
    for index, sentence in enumerate(sentences):
        body = text[sentence.start : sentence.end]
        following = sentences[index + 1] if index + 1 < len(sentences) else None
        after = text[following.start : following.start + LOOK_AHEAD] if following else ""
        for case in CASES[rule_id]:
            place = 0
            while True:
                match = case.pattern.search(body, place)
                if match is None:
                    break
                if match.end() > match.start() and not is_excused(case, match, body, after):
                    yield Hit(
                        sentence.start + match.start(),
                        sentence.start + match.end(),
                        _reworded(rule_id, case, sentence.text),
                    )
                    place = match.end()
                else:
                    # an excused word must not hide a guilty one that begins inside it
                    place = _next_word(body, match.start())


_WORD_START: Final = re.compile(r"[\w'\"<\[{]*[^\w'\"<\[{]*")


def _next_word(body: str, place: int) -> int:
    step = _WORD_START.match(body, place)
    return max(step.end() if step else 0, place + 1)


def is_excused(case: Case, match: re.Match[str], sentence: str, following: str) -> bool:
    """Whether any of a case's excuses holds for this match."""
    before = sentence[max(0, match.start() - LOOK_BEHIND) : match.start()]
    after = sentence[match.end() : match.end() + LOOK_AHEAD]
    around = sentence[max(0, match.start() - AROUND) : match.end() + AROUND]
    places = {"before": before, "after": after, "inside": match.group(), "sentence": around, "next": following}
    return any(excuse.pattern.search(places[excuse.where]) for excuse in case.unless)


def _reworded(rule_id: str, case: Case, sentence: str) -> str | None:
    if len(sentence) > MAX_REWORDED:
        return None
    for pattern, words in (*case.reword, *REWORDINGS.get(rule_id, ())):
        better = pattern.sub(words, sentence, count=1)
        if better != sentence:
            return _tidied(better)
    return None


def _tidied(sentence: str) -> str:
    sentence = re.sub(r" {2,}", " ", sentence).strip()
    sentence = re.sub(r" ([,.;:!?])", r"\1", sentence)
    return sentence[:1].upper() + sentence[1:]


# W1 ---------------------------------------------------------------------------------------------------------------

_SORRY: Final = re.compile(SORRY, re.IGNORECASE)
_CONDITION: Final = re.compile(
    r"\b(?:if(?! not\b)|in case|in the event|should (?:you|any|anyone|this|it|these|your)|whether|to the extent"
    r"|in ?so ?far as|where applicable"
    r"|where (?:this|it|that|the \w+) (?:has |have |had |may |might )*(?:affected|impacted|caused|disrupted|hurt|upset"
    r"|had an?\b)"
    r"|to any(?:one|body)\b|to any(?: [a-z]{2,15}){1,3} (?:who|whose|that)\b|to (?:those|everyone|customers|users"
    r"|people|clients|any(?: of (?:you|our customers)"
    r"| [a-z]{3,15}))(?: of you)? (?:who|that|which) (?:may|might|could(?! not))|(?:that )?you (?:may "
    r"|might )?(?:feel|felt|think|thought) |you were offended)",
    re.IGNORECASE,
)
_EVEN: Final = re.compile(r"\b(?:even|as|only|what|but) $", re.IGNORECASE)
_ENQUIRY: Final = re.compile(
    r"\b(?:test|check|ask|know|knew|tell|told|sa(?:y|id)|see|saw|verif|determin|establish|f(?:ind|ound) out|confirm"
    r"|wonder|decid|(?:un)?clear|sure|(?:un)?certain|question|judg|explain|understand|understood|notic|report|show"
    r"|consider|measur"
    r"|doubt|unsure|learn|track|monitor|record|examin|look|watch|prov(?:e|ing)|prob|assess|evaluat|inform|warn"
    r"|depend|matter|think|thought|discuss|investigat|guess|work out|worked out|rehears|tr(?:y|ied|ying)|made sure"
    r"|regardless of|no matter|announc|stat|answer|word on|idea)\w{0,5}(?: \w+){0,3} $",
    re.IGNORECASE,
)
_CLAUSE_BREAK: Final = re.compile(
    r"[;:]|,? ?\b(?:and|so|but|or|then|while|because)\b,? (?:we|i|you|please|our|will|are|can|do|should|ask|contact"
    r"|write|call|reply|tell|let|there|here|have|is|would|want)\b|, (?:please|we|you|contact|call|write|reply|tell"
    r"|let)\b| - ?(?:please|we|you|contact|call|write|reply|tell|let)\b|\bplease\b",
    re.IGNORECASE,
)
_OFFERS_HELP: Final = re.compile(
    r"^ (?:you|anyone|anybody|any of you|your \w+|there|that|this|it|anything|something|we)(?: (?:still|also|ever"
    r"|do|would|are|is))? ?(?:have |has |had )?(?:any |further |more |other |a )*(?:questions?|concerns?|need|want"
    r"|wish|like|require|prefer|call|contact|write|ask|helps?|unclear|see (?:errors?|this|it|any)|notice|remain"
    r"|hear|doubt|can help|changes|useful)",
    re.IGNORECASE,
)
_OF_THE_HARM: Final = re.compile(
    r"^ (?:(?:and|or) when |at all |indeed )?(?:you|your|yours|any|anyone|anybody|anything|some|someone|this|that|these"
    r"|those|it|we|our|customers?|users?|they|there|people|clients?|applicable|so\b|necessary|needed|affected"
    r"|impacted|caused|the (?:outage|incident|disruption|issues?|problems?|interruption|downtime|service|delay"
    r"|change|maintenance|event|error|failure|work|upgrade|situation)|one|of\b|where)",
    re.IGNORECASE,
)
_TOLD_IN_CLAUSE: Final = re.compile(
    r"\b(?:that|how|because|for (?:not|having|failing)|of (?:not|having))\b", re.IGNORECASE
)
_NOT_SPEAKER: Final = re.compile(
    r"\b(?:you|they|he|she|nobody|no one|customers|users)\b(?: (?:do not|don't|need not|should not|never|must not"
    r"|will not))?(?: (?:need to|have to|are|is|be|feel|were|owe us|to be|owe)){0,3}(?: (?:an|any|no|the|not))? $"
    r"|\b(?:no|not|don't|do not|never|without|what|hollow|empty|half|an) (?:an? )?$",
    re.IGNORECASE,
)
_IF_FIRST: Final = re.compile(
    rf"(?:^|[.!?;,] |\band )\(?(?:if|should|in case|to the extent|in the event|(?:to|for) any(?:one|body| of you"
    rf"| customers?| users?) (?:who|that)|to (?:those|customers|users|people)(?: of you)? (?:who|that) (?:may"
    rf"|might))\b(?! (?:not|so)\b)[^.!?;]{{3,140}}?,? (?:then )?(?:please accept |we |we're |i |i'm "
    rf"|our )[^.!?,;]{{0,30}}{SORRY}",
    re.IGNORECASE,
)


def _conditional_apologies(reading: Reading) -> Iterator[Hit]:
    for sentence in reading.sentences:
        body = reading.masked[sentence.start : sentence.end]
        seen: set[int] = set()
        for sorry in _SORRY.finditer(body):
            if _NOT_SPEAKER.search(body[max(0, sorry.start() - 60) : sorry.start()]):
                continue
            reach = re.split(r"[.!?;]", body[sorry.end() : sorry.end() + 110])[0]
            for condition in _CONDITION.finditer(reach):
                at = sorry.end() + condition.start()
                if at in seen or _is_innocent_condition(
                    reach[: condition.start()], condition.group().lower(), body[sorry.end() + condition.end() :][:120]
                ):
                    continue
                seen.add(at)
                stop = sorry.end() + condition.end()
                yield Hit(sentence.start + sorry.start(), sentence.start + stop, _unconditional(body, sorry))
                break
        first = _IF_FIRST.search(body)
        if first and not seen and not re.search(r"\b(?:even|as|only) (?:if|should)\b", first.group(), re.IGNORECASE):
            yield Hit(sentence.start + first.start(), sentence.start + first.end())


def _is_innocent_condition(between: str, condition: str, tail: str) -> bool:
    if _EVEN.search(between):
        return True
    adjacent = (
        not re.search(r"\w{2,} \w{2,} \w{2,} \w{2,}", between)
        and not _CLAUSE_BREAK.search(between)
        and not _TOLD_IN_CLAUSE.search(between)
    )
    if condition.startswith(
        ("to any", "to those", "to everyone", "to customers", "to users", "to people", "to clients")
    ):
        return _CLAUSE_BREAK.search(between) is not None or re.match(r" (?:else|outside)\b", tail) is not None
    if (
        "feel" in condition
        or "felt" in condition
        or "think" in condition
        or "thought" in condition
        or "offended" in condition
    ):
        return len(between.split()) > 1
    if condition == "whether":
        if _CLAUSE_BREAK.search(between) or _ENQUIRY.search(between):
            return True
        return re.search(r"\bor not\b|\bor\b", tail[:80]) is not None
    if _CLAUSE_BREAK.search(between) or _ENQUIRY.search(between):
        return True
    if re.search(r"\b(?:and|so)\W*$", between) and _OFFERS_HELP.search(tail):
        return True
    if condition.startswith("should "):
        asks = tail if condition.split()[1] != "you" else f" you{tail}"
        return _OFFERS_HELP.search(asks) is not None
    if not adjacent and _OFFERS_HELP.search(tail):
        return True
    if _TOLD_IN_CLAUSE.search(between):
        return (
            re.match(
                r" (?:you|your|any|anyone|anybody|customers?|users?|applicable|this (?:affected|caused|has)"
                r"|that (?:affected|caused)|we caused)",
                tail,
            )
            is None
        )
    return not adjacent and _OF_THE_HARM.search(tail) is None


def _unconditional(body: str, sorry: re.Match[str]) -> str | None:
    head = body[: sorry.end()]
    if len(body) > MAX_REWORDED or not re.match(r"(?:we|i)\b", head, re.IGNORECASE):
        return None
    if "apolog" in sorry.group().lower() or "regret" in sorry.group().lower():
        return f"{head} for what this did to you."
    return f"{head} that this affected you."


# W2's "sorry for any" ---------------------------------------------------------------------------------------------

_ANY: Final = re.compile(
    r"\b(?:any(?! (?:time|more|longer|further (?:questions|information)|moment|other way|one of (?:our"
    r"|the) (?:\w+ )?(?:teams|offices)|words?)\b)|what(?:so)?ever)\b",
    re.IGNORECASE,
)
_NEGATED: Final = re.compile(
    r"\b(?:not|never|no|none|nor|neither|without|hardly|barely|fail(?:ed|ing|ure)?|unable|cannot|lack(?:ed|ing)?|before"
    r"|than|rarely|instead of|refus(?:ed|ing)|rather than|omit(?:ted)?|neglect(?:ed|ing)?|(?:too|so) (?:late|slow|long)"
    r"|stopp?ed|missed|nobody|lost|if|whether)\b|n't\b",
    re.IGNORECASE,
)
_OTHER_CLAUSE: Final = re.compile(
    r"[;:]|\b(?:and|so|but)\b,? (?:we|i|you|please|our|will|are|can|ask|contact|write|call|reply|tell|let|happy"
    r"|ready|glad|here|have (?:answered|told|put)|do|did)\b|, (?:please|we|you|contact|call)\b|\bplease\b| - (?:we"
    r"|you|please)\b",
    re.IGNORECASE,
)


def _sorry_for_any(reading: Reading) -> Iterator[Hit]:
    for sentence in reading.sentences:
        body = reading.masked[sentence.start : sentence.end]
        last = -1
        for sorry in _SORRY.finditer(body):
            if sorry.start() < last or _NOT_SPEAKER.search(body[max(0, sorry.start() - 60) : sorry.start()]):
                continue
            reach = re.split(r"[.!?;]", body[sorry.end() : sorry.end() + 90])[0]
            found = _ANY.search(reach)
            if not found:
                continue
            between = reach[: found.start()]
            if _NEGATED.search(between) or _OTHER_CLAUSE.search(between):
                continue
            last = sorry.end() + found.end()
            yield Hit(sentence.start + sorry.start(), sentence.start + last)


def _one_w2(reading: Reading, words: list[Hit], hedges: list[Hit]) -> list[Hit]:
    """One finding where "sorry for any" and "inconvenience" are one phrase."""
    kept = list(words)
    for hedge in hedges:
        sentence = reading.sentence_at(hedge.start)
        if not any(
            hedge.start < word.end and word.start < sentence.end and word.start - hedge.end < 60 for word in words
        ):
            kept.append(hedge)
    return kept


# W8 ---------------------------------------------------------------------------------------------------------------

_WEEKDAY: Final = r"(?:mon|tues|wednes|thurs|fri|satur|sun)day"
_RELATIVE: Final = re.compile(
    rf"\b(?:yesterday|today|tonight|tomorrow|(?:this|last|next|this past|this coming|this last|the (?:past|other"
    rf"|coming)) (?:morning|afternoon|evening|night|week|weekend|month|quarter|year|day|few (?:hours|days|weeks"
    rf"|months)|couple of (?:hours|days|weeks|months)|{_WEEKDAY})s?"
    rf"|(?:earlier|later) (?:today|this \w+|in the (?:day|week|month))|(?:by|at|before) (?:the )?end of (?:the "
    rf"|this )?(?:day|week|month|quarter|business)|recently"
    rf"|(?:in|over|during|for|within|across|throughout) the (?:last|past|previous|coming|next) (?:(?:few|several"
    rf"|couple of|\d{{1,3}}|two|three|four|five|six|seven|eight|ten|twelve|twenty-four|twenty four) )?(?:days?"
    rf"|weeks?|months?|hours?|weekend)(?!')"
    rf"|in (?:the )?(?:recent|coming) (?:days|weeks|months|hours)|(?:the|these) (?:past|last) (?:few|several|couple of"
    rf"|two"
    rf"|three) (?:hours|days|weeks|months)"
    rf"|(?:\d{{1,3}}|an?|one|two|three|four|five|six|several|some|many|a few|a couple of) (?:minutes?|hours?|days?"
    rf"|weeks?|months?|nights?|fortnights?|years?) ago|(?:a (?:short )?while|some time|not long|not so long) ago"
    rf"|overnight(?![- ](?:jobs?|batch|runs?|process\w*|deliver\w+|shipping|shift|backups?|team|stays?|desk|import))"
    rf"|(?:at|on|during|through|throughout|all) the weekend|the weekend(?='s )|the night before last|(?:moments"
    rf"|minutes|hours|days|weeks|months) ago|over the weekend|just now"
    rf"|the other day)\b",
    re.IGNORECASE,
)
_BARE_WEEKDAY: Final = re.compile(
    rf"\b(?:(?:on|by|since|until|before|from|after|late|early"
    rf"|during) )?(?P<day>{_WEEKDAY})(?P<plural>s?)\b(?!\.com| (?:report|newsletter|edition|papers?|shifts?|team|desk"
    rf"|release|meeting|call|job|run)s?\b)(?:'s)?(?: (?:morning|afternoon|evening|night)\b)?",
    re.IGNORECASE,
)
_NAMED_DAY: Final = re.compile(
    r"\b(?:black|cyber|patch|good|super|easter|ash|palm|holy|whit|every|each|any|shrove|boxing|a|per) $", re.IGNORECASE
)
_HABIT: Final = re.compile(
    rf"\b{_WEEKDAY}s?[ -]?(?:to|through|till|until|-|and|,)(?: and)?[ -]?{_WEEKDAY}\b(?! \d)|\b(?:every"
    rf"|each)\b[^.!?;]{{0,40}}$",
    re.IGNORECASE,
)
_CLOSE_TO_DATE: Final = 32
_RECENT: Final = re.compile(
    r"\brecent (?:outages?|incidents?|disruptions?|interruptions?|downtime|service|issues?|problems?|events?"
    r"|trouble|failures?|degradations?|unavailability)\b",
    re.IGNORECASE,
)


def relative_dates(reading: Reading) -> Iterator[Hit]:
    """Relative dates and bare weekdays that no named day beside them explains (W8)."""
    text = reading.masked
    mentions = dates(text)
    named = [(mention.start, mention.end) for mention in mentions]
    known_days = {mention.weekday for mention in mentions if mention.weekday is not None}
    hits = [
        match
        for match in _RELATIVE.finditer(text)
        if not _is_dated(text, match, named) and not _is_other_sense(text, match)
    ]
    spans = [match.span() for match in hits]
    yield from (Hit(*span) for span in spans)
    for match in _RECENT.finditer(text):
        sentence = reading.sentence_at(match.start())
        if not any(sentence.start <= start < sentence.end for start, _ in named):
            yield Hit(*match.span())
    taken = {place for start, end in spans for place in range(start, end)}
    for match in _BARE_WEEKDAY.finditer(text):
        if (
            match["plural"]
            or match.start("day") in taken
            or any(start < match.end("day") and match.start("day") < end for start, end in _near(named, match))
        ):
            continue
        before = text[max(0, match.start("day") - 40) : match.start("day")]
        around = text[max(0, match.start("day") - 24) : match.end("day") + 24]
        if (
            _NAMED_DAY.search(before)
            or _HABIT.search(around)
            or re.search(r"\b(?:every|each)\b[^.!?;]{0,40}$", before, re.IGNORECASE)
        ):
            continue
        if WEEKDAYS[match["day"].lower()] in known_days or _is_dated(text, match, named):
            continue
        yield Hit(match.start(), match.end())


def _near(named: list[tuple[int, int]], match: re.Match[str]) -> list[tuple[int, int]]:
    return [span for span in named if abs(span[0] - match.start()) < 80]


_BETWEEN_DAY: Final = re.compile(
    rf"^[ ,(:-]*(?:(?:that is|namely|i\.e\.|on|at|the|morning|afternoon|evening|night|of|around|about|by|UTC"
    rf"|{_WEEKDAY}|\d{{1,2}}[:.]\d\d|\d{{1,2}} ?[ap]\.?m\.?|[A-Z]{{2,4}}T?|and|to|from|-|in|week"
    rf"|most)[ ,():-]*){{0,8}}$",
    re.IGNORECASE,
)


def _is_dated(text: str, match: re.Match[str], named: list[tuple[int, int]]) -> bool:
    """Whether the day itself stands right beside the relative word."""
    for start, end in named:
        if 0 <= start - match.end() <= _CLOSE_TO_DATE and _BETWEEN_DAY.match(text[match.end() : start]):
            return True
        if 0 <= match.start() - end <= 3 and re.fullmatch(r"[ ,(]*(?:that is, )?", text[end : match.start()]):
            return True
    return False


def _is_a_name(text: str, match: re.Match[str]) -> bool:
    """Whether "Today" is the name of something: quoted alone, or with a capital inside a sentence."""
    before, after = text[max(0, match.start() - 2) : match.start()], text[match.end() : match.end() + 1]
    if before[-1:] in {'"', "'"} and after == before[-1]:
        return True
    return match.group()[0].isupper() and re.fullmatch(r"[a-z] ", before) is not None


def _sentence_around(text: str, match: re.Match[str]) -> str:
    """The words around a match, up to the ends of its sentence."""
    before = re.split(r"[.!?\n] ?", text[max(0, match.start() - AROUND) : match.start()])[-1]
    return before + match.group() + re.split(r"[.!?](?= |$)|\n", text[match.end() : match.end() + AROUND])[0]


def _is_other_sense(text: str, match: re.Match[str]) -> bool:
    words = match.group().lower()
    before, after = text[max(0, match.start() - 30) : match.start()], text[match.end() : match.end() + 30]
    if re.search(r"\b(?:last|next) \w+$", words) and re.match(
        rf"s? (?:of|in|before|after) (?:\d{{4}}|{MONTH_WORD}|the )", after, re.IGNORECASE
    ):
        return True
    if words in {"next day", "next morning", "last day"} or (
        words.startswith("next ") and re.search(r"\bthe (?:very )?$", before)
    ):
        return True
    if words in {"today", "yesterday", "tomorrow"} and _is_a_name(text, match):
        return True
    if words == "overnight" and (
        re.search(r"\b(?:happen|chang\w+|improve|done|built|fixed|solved?|disappear)(?: \w+)? $", before)
        or dates(_sentence_around(text, match))
    ):
        return True
    if words.endswith("the weekend") and re.search(
        r"\b(?:is|are|open|closed|staffed|available|answers?|works?|reach\w*|call)\b", before
    ):
        return True
    if words == "today" and (re.search(r"\bUSA $|\b(?:Psychology|Windows|Radio) $", before)):
        return True
    return (
        words.startswith(
            (
                "in the last",
                "within the next",
                "for the next",
                "over the next",
                "during the next",
                "in the next",
                "within the last",
            )
        )
        and "next" in words
        and re.search(r"\d|hour", words) is not None
    )


# W9 ---------------------------------------------------------------------------------------------------------------


def _bare_clock_times(reading: Reading) -> Iterator[Hit]:
    text = reading.masked
    if ALL_TIMES.search(text):
        return
    for clock in clocks(text):
        if clock.zone is None:
            yield Hit(clock.start, clock.end)


# W15 --------------------------------------------------------------------------------------------------------------

_BUT: Final = re.compile(
    r"\b(?:but|however|although|though|even though|nevertheless|nonetheless|that said|having said that"
    r"|on the other hand)\b|, yet\b",
    re.IGNORECASE,
)
_TALKS_OF_SORRY: Final = re.compile(r" (?:is|are|alone|does|will|would|cannot)\b", re.IGNORECASE)
MOST_TURNS: Final = 3
"""Further "but"s behind one apology are no longer about it."""
_BUT_IDIOM_BEFORE: Final = re.compile(
    r"\b(?:nothing|all|anything|anyone|no one|none|everything|everyone|not only\b.{0,80}|not just\b.{0,80}"
    r"|not merely\b.{0,80}|last|cannot|no choice|no (?:option|way)|never only\b.{0,60}|even) $|\b(?:as|even) $",
    re.IGNORECASE,
)
_BUT_MORE: Final = re.compile(
    r"^,? (?:also\b|(?:an? |our |this |the |that |your )?(?:apolog\w+|words?|regret)\b|saying|being sorry|sorry\b"
    r"|(?:that|this|it) (?:is|does|alone|was|will)(?: \w+)? ?(?:not (?:enough|undo|repair|mend|fix|give|bring|make"
    r"|help)|n't (?:enough|undo|repair|mend|fix|make))|we (?:know|understand|realise|realize|recogni[sz]e"
    r"|accept)\b[^.!?]{0,60}\b(?:not enough|alone|does not|cannot|won't|will not|is only|owe|more|needs?)\b"
    r"|we (?:also )?owe\b|you (?:deserve|need|are owed|should have|expect|want)\b|above all|most of all"
    r"|more than that|we also|we (?:must|should) (?:also|do more|do better|have)|it is (?:not enough|only)"
    r"|we (?:did not|didn't|failed|should have|let|were wrong|got it wrong)|it is our)",
    re.IGNORECASE,
)
_SUBJECT: Final = re.compile(
    r"^,? (?:(?:please|unfortunately|sadly|in fact|as|with|in|at|for|due|because|given|fortunately|luckily"
    r"|this time|most|many|some|such|no|every|other|only|you|your|we|i|it|this|that|these|those|they|the|our|there"
    r"|he|she|a|an|all|any|one|customers|users|outages|incidents|things|mistakes|accidents|problems|complex"
    r"|software|hardware|rest|remember|note|\d+)\b)",
    re.IGNORECASE,
)
_SHORT_CONTRAST: Final = re.compile(
    r"^,? (?:it|this|that|they|we|you|the \w+|nobody|no one|none|nothing)(?: \w+)? (?:(?:was|were|did|could|had|has"
    r"|is|are|would|does|do|have|can)(?: not|n't)|cannot|never|failed|only|still|got no|received no|heard nothing"
    r"|lost)\b",
    re.IGNORECASE,
)
_SAID_BEFORE: Final = re.compile(
    r"\b(?:that|how|when|because|for (?:saying|telling|promising|claiming)) (?:we|our|you|the|your|it|this|sign-?in"
    r"|some)\b[^.!?]{0,60}$",
    re.IGNORECASE,
)
_SELF_CRITICAL: Final = re.compile(
    r"\b(?:said|told|promised|thought|announced|wrote|believed|claimed|posted|meant|marked|tried|could|knew|saw"
    r"|noticed|tested|had|loaded|worked|showed|opened|accepted|asked|waited|paid|reported)\b",
    re.IGNORECASE,
)
_NEXT_BUT: Final = re.compile(
    r"^(?:but|however|that said|having said that|nevertheless|nonetheless|still|then again)\b,?", re.IGNORECASE
)


def _sorry_but(reading: Reading) -> Iterator[Hit]:
    sentences = reading.sentences
    for index, sentence in enumerate(sentences):
        body = reading.masked[sentence.start : sentence.end]
        granted = _CONCESSION.match(body)
        found = False
        last = -1
        if granted and not _BUT_MORE.match(f" {body[granted.end() :]}"):
            found = True
            yield Hit(sentence.start, sentence.start + granted.end("turn"))
        for sorry in _SORRY.finditer(body):
            if sorry.start() < last or _NOT_SPEAKER.search(body[max(0, sorry.start() - 60) : sorry.start()]):
                continue
            if _TALKS_OF_SORRY.match(body, sorry.end()):
                continue
            reach = re.split(r"[.!?]", body[sorry.end() : sorry.end() + 130])[0]
            for but in islice(_BUT.finditer(reach), MOST_TURNS):
                between, tail = reach[: but.start()], body[sorry.end() + but.end() :][:140]
                if _takes_back(
                    between,
                    but.group(),
                    tail,
                    reading.text[
                        sentence.start + sorry.start() - 80
                        if sentence.start + sorry.start() > 80
                        else 0 : sentence.start + sorry.start()
                    ],
                ):
                    last = sorry.end() + but.end()
                    found = True
                    yield Hit(
                        sentence.start + sorry.start(), sentence.start + last, _ended(body, sorry.end() + but.start())
                    )
                    break
        if found or index + 1 >= len(sentences) or not _is_apology(body):
            continue
        following = sentences[index + 1]
        opening = _NEXT_BUT.match(following.text)
        if (
            opening
            and following.text[opening.end() : opening.end() + 1] in {" ", ","}
            and _excuses(following.text[opening.end() :])
        ):
            yield Hit(following.start, following.start + opening.end())


_APOLOGISES: Final = re.compile(
    rf"^(?:[\w ,]{{0,40}}\b(?:we|i)\b[^.!?]{{0,40}}|our (?:\w+ )?|please accept our (?:\w+ )?|)?{SORRY}", re.IGNORECASE
)
_EXCUSING: Final = re.compile(
    r"^,? (?:our (?:\w+ )?(?:contract|terms|agreement|sla|policy|service level)s?\b|(?:this|it|the (?:outage|cause"
    r"|fault|problem|issue|incident|disruption|downtime)|such|these|no|most"
    r"|many|only|our (?:supplier|vendor|provider|systems?)|outages|every|a|an|all|nobody|customers|complex|any"
    r"|please (?:note|remember)|there|we)\b(?! (?:know|understand|owe|will|are (?:also|now)|also|want|must"
    r"|have (?:also|now|since)|should|did not|is not enough|failed|can|take|promise)))",
    re.IGNORECASE,
)


def _excuses(tail: str) -> bool:
    return (
        _EXCUSING.match(tail) is not None
        and _BUT_MORE.match(tail) is None
        and re.search(r"\bnot enough\b|\bour (?:own )?(?:fault|responsibility|mistake)\b|\bresponsib", tail[:160])
        is None
    )


def _is_apology(body: str) -> bool:
    return (
        _APOLOGISES.match(body) is not None
        and re.search(r"\bn(?:ot|ever)\b[^,]{0,20}(?:sorry|apolog)", body, re.IGNORECASE) is None
    )


_COMPLEMENT: Final = re.compile(r"\b(?:that|how|for|about|to)\b", re.IGNORECASE)
_CONTRAST: Final = re.compile(
    r"^ (?:not(?! (?:all|every|everyone|many|most|much|a single|one|because))|rather|instead|could not|did not"
    r"|never|also"
    r"|especially|above all|particularly)\b",
    re.IGNORECASE,
)
"""What goes on with the apology's own clause: "that you could read, but not write"."""
_CONTRAST_IN_CLAUSE: Final = re.compile(
    rf"{_CONTRAST.pattern}|^ (?:only|showed|failed|got|saw|received|lost|were|was|had|waited|found|still|then|most"
    rf"|mostly)\b",
    re.IGNORECASE,
)


_IN_WHATEVER_WAY: Final = re.compile(
    r"^ (?:long|much|little|many|few|small|large|often|late|hard|you (?:were|are|use|look)|it (?:happened|came|arose"
    r"|reached))\b",
    re.IGNORECASE,
)
_CONCESSION: Final = re.compile(
    rf"^(?:while|whilst|although|though|even though|even if"
    rf"|(?:as )?much as)\b(?: (?!not\b)[\w']{{1,12}}){{0,4}}? {SORRY}"
    rf"[^.!?;:]{{0,90}}?(?P<turn>, )(?! ?(?:and|or)\b)",
    re.IGNORECASE,
)
"""An apology that only grants a point before the excuse: "While we apologise, it was outside our control"."""


def _takes_back(between: str, but: str, tail: str, before: str) -> bool:
    if _BUT_IDIOM_BEFORE.search(between) or re.search(
        r"\bnot (?:only|just|merely)\b", between + before[-30:], re.IGNORECASE
    ):
        return False
    comma = re.search(r"[,;-] ?$", between) is not None or but.startswith(",")
    contrast = _CONTRAST if comma else _CONTRAST_IN_CLAUSE
    if but.lower() == "but" and contrast.match(tail) and _COMPLEMENT.search(between):
        return False
    if _BUT_MORE.match(tail):
        return False
    if but.lower() == "however" and _IN_WHATEVER_WAY.match(tail):
        return False
    if _SAID_BEFORE.search(between) and _SELF_CRITICAL.search(between) and _SHORT_CONTRAST.match(tail):
        return False
    if re.search(r"\b(?:and|so)\b,? (?:we|you|our|the)\b", between) and not comma:
        return False
    if not between.strip(" ,;-"):
        return True
    if but.lower() in {"though", "although", "even though"} and not comma and _SAID_BEFORE.search(between):
        return (
            _SUBJECT.match(tail) is not None
            and re.match(r"^ (?:we|you|our) (?:knew|had|were told|asked|saw|were|promised|told)", tail) is None
        )
    return comma or _SUBJECT.match(tail) is not None


def _ended(body: str, at: int) -> str | None:
    head = body[:at].rstrip(" ,;-")
    return f"{head}." if len(head) <= MAX_REWORDED else None


# R1 to R3 ---------------------------------------------------------------------------------------------------------


def _reading_measures(reading: Reading) -> Iterator[Finding]:
    counts = [sentence.words for sentence in reading.sentences]
    words = sum(counts)
    if not words:
        return
    most = max(counts)
    longest = reading.sentences[counts.index(most)]
    if words >= FEWEST_WORDS_FOR_GRADE and is_english(reading):
        grade = flesch_kincaid(reading)
        if grade > GRADE_WARNING:
            graded = [
                sentence
                for sentence, count in zip(reading.sentences, counts, strict=True)
                if count >= min(most, FEWEST_WORDS_FOR_GRADE)
            ]
            hardest = max(graded, key=lambda sentence: grade_of([sentence.text]))
            severity: Severity = "error" if grade > GRADE_ERROR else "warning"
            yield finding(
                reading,
                "R1",
                severity,
                _at(hardest),
                f"This reads at grade {grade:.1f}; aim for 9. The hardest sentence is marked.",
            )
    for sentence, count in zip(reading.sentences, counts, strict=True):
        if count > LONGEST_SENTENCE:
            yield finding(
                reading,
                "R2",
                "warning",
                _at(sentence),
                f"This sentence has {count} words; {LONGEST_SENTENCE} is the most a reader keeps in mind.",
            )
    mean = words / len(counts)
    if mean > MEAN_SENTENCE and most <= LONGEST_SENTENCE:
        yield finding(
            reading,
            "R2",
            "warning",
            _at(longest),
            f"Sentences have {mean:.0f} words on average; keep to {MEAN_SENTENCE}. The longest is marked.",
        )
    for paragraph in reading.paragraphs:
        length = paragraph.words
        if length > LONGEST_PARAGRAPH:
            yield finding(
                reading,
                "R3",
                "warning",
                _at(paragraph),
                f"This paragraph has {length} words; {LONGEST_PARAGRAPH} is the most.",
            )


def _at(sentence: Sentence) -> Hit:
    return Hit(sentence.start, sentence.end)
