"""What the wording rules look for, as data: each form of a fault, what makes it innocent, how it reads better.

A `Case` is a pattern with the circumstances that excuse it. Patterns find words; the excuses are how a careful human
editor would judge the sentence: a refusal to promise, an admission, a purpose, the past. Repetitions are bounded, so
that reading stays linear.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from handlers.domain.lint.vocabulary import (
    A_DATE,
    BY_DATE,
    INCIDENT,
    PEOPLE,
    ROLE,
    SLIPPED,
    SLIPPED_BADLY,
    THINGS,
)

Where = Literal["before", "after", "inside", "sentence", "next"]


@dataclass(frozen=True, slots=True)
class Excuse:
    """A circumstance that makes a match innocent: a pattern before, after or inside it, in its sentence or the next."""

    where: Where
    pattern: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Case:
    """One form of a fault, what excuses it, and how its sentence reads better (pattern and words)."""

    pattern: re.Pattern[str]
    unless: tuple[Excuse, ...] = ()
    reword: tuple[tuple[re.Pattern[str], str], ...] = ()


def _re(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


def _before(pattern: str) -> Excuse:
    return Excuse("before", _re(pattern))


def _after(pattern: str) -> Excuse:
    return Excuse("after", _re(rf"^{pattern}"))


def _inside(pattern: str) -> Excuse:
    return Excuse("inside", _re(pattern))


def _sentence(pattern: str) -> Excuse:
    return Excuse("sentence", _re(pattern))


def _case(pattern: str, *unless: Excuse, reword: tuple[tuple[str, str], ...] = ()) -> Case:
    return Case(_re(pattern), unless, tuple((_re(old), new) for old, new in reword))


def _exact(pattern: str, *unless: Excuse) -> Case:
    return Case(re.compile(pattern), unless)


_NOT_RIGHT_BEFORE: Final = _before(
    r"(?:\b(?:not|never|nothing|no|neither|nor|hardly|far from|anything but|more than|rather than|instead of"
    r"|without)|n't)(?: (?:just|merely|only|simply|a|an|any|some|mere|been|be|have|being|that|the|such|another|so"
    r"|about|of|case of|small|in any way)){0,4} $"
)

_REFUSES: Final = (
    r"(?:\b(?:can ?not|could not|do not|does not|did not|will not|would not|are not|is not|am not|not able to"
    r"|unable to|no one can|nobody can|refuse to|never|no longer|too early to|wrong to|dishonest to|foolish to"
    r"|not going to)|n't"
    r"|\b(?:no|without(?: a| any)?|neither|nor))"
)

_PURPOSE: Final = (
    _before(
        r"\b(?:so that|so|in order that|to see (?:to it )?that|to (?:help )?(?:make|be) (?:\w+ )?(?:sure|certain)"
        r"|mak(?:e|es"
        r"|ing) (?:\w+ )?(?:sure|certain)|to (?:help )?ensure|ensur(?:e|es|ing)|see to it|until|unless|if|whether"
        r"|hope|hoping|want|wish|expect|aim|goal is)\b[^.!?;]{0,60}$"
    ),
    _before(
        rf"{_REFUSES} (?:yet |now |ever |honestly |be able to |promise|even )?(?:to )?(?:promis\w{{1,3}}"
        rf"|guarante\w{{1,3}}|sa(?:y|ying)|tell\w{{0,3}}(?: you)?|be (?:certain|sure)|claim\w{{0,3}}"
        rf"|assur\w{{1,3}}(?: you)?|pledg\w{{1,3}}|swear\w{{0,3}}|rul\w{{1,3}} out|exclud\w{{1,3}}|commit\w{{0,4}}"
        rf"|know|certain|sure|guarantees?|promises?|vow|pretend)\b[^.!?;]{{0,60}}$"
    ),
    _before(r"\b(?:said|told|promised|thought|believed|assured|claimed|announced|wrote|assumed|hoped)\b[^.!?;]{0,60}$"),
    Excuse(
        "inside",
        re.compile(
            r"(?i)\b(?:would|should|did|had|has|have|was|were|could|must|ought)\b|(?:did|had|has|have|was|were"
            r"|would|should|could)n't|\bbut also\b|(?:\bnot|n't|\bnever) (?:\w+ )?(?:promise|claim|guarantee|say|tell"
            r"|pretend"
            r"|assure|know|rule out|mean|expect|want|wish|intend|believe|think|foresee|anticipate)\b"
            r"|\b(?:if|when|should|whether|until|unless|in case)\b"
        ),
    ),
    _before(r"\b(?:would|should|did|had|has|have|was|were|could|must|ought)(?: it| this| that)? $"),
    Excuse("sentence", re.compile(r"\?[\"')]*$")),
    _before(r"\b(?:rule|ruled|ruling) out\b[^.!?;]{0,60}$"),
)

_COUNTED: Final = (
    _before(r"\bnot (?:just|only|merely|simply) (?:for |to )?$"),
    _inside(
        r"\d|\b(?:(?:one|two|three|four|five|six|seven|eight|nine|ten|a) (?:hundred|thousand|million)|twelve|twenty"
        r"|thirty|forty"
        r"|fifty|sixty|seventy|eighty|ninety)\b (?!of)"
    ),
    _after(
        r"(?: \w+){0,3},? ?(?:\(|: |- |, )(?:about |around |roughly |approximately |nearly |some |in all |namely "
        r"|exactly |an estimated )?(?:\d|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen"
        r"|\w+ty\b)"
    ),
    _before(r"\b(?:the)(?: \w+)? $(?<=\bthe )"),
    _inside(r"^most (?:affected|recent|important|critical|common)\b (?=\w+ $)"),
)

_NOT_SMALL: Final = (
    _NOT_RIGHT_BEFORE,
    _before(
        r"\b(?:treat(?:ed|ing)?|class(?:ed|ified|ifying)?|consider(?:ed)?|thought|look(?:ed)?|seem(?:ed)?|called"
        r"|rated|judged|described|took|mistook|dismissed|logged|wrote|said)\b[^.!?;,]{0,40}$"
    ),
    _before(r"\b(?:no|nothing) $"),
)

_OWNED: Final = (
    _sentence(
        r"\b(?:we|I)(?: \w+){0,2} (?:are|remain|take|took|bear|own|stay|am) (?:still |fully "
        r"|ourselves )?(?:the )?(?:responsible|responsibility|accountable|accept|ones|this|it)\b"
        r"|\bour (?:own )?(?:responsibility|choice|decision|fault|job|mistake)\b|\b(?:we|I) (?:chose|choose|picked"
        r"|answer for|relied|depended|depend|should have|did not|had not|could have|failed|had no|let|accept"
        r"|still owe|decided|allowed|made)\b|\bno excuse\b|\bon us\b"
    ),
    _before(
        r"(?:\b(?:not|no|never|nor|neither|without|nothing to do with|rather than)|n't)(?: (?:by|to|the|blame"
        r"|blaming|caused by|caused|due to|because of|any|a|on|with|from|involve|share it with|shared with|sent to"
        r"|sell|give|pass(?:ed)? (?:on )?to)){0,4} $"
    ),
    _before(r"\b(?:we(?:'re| are)|being|like (?:any|every)|I am|like|become|became|remain|your|of|be) $"),
    _before(
        r"\b(?:contact|call|ask|through|via|add(?:ed|ing)?|mov(?:e|ed|ing) (?:\w+ )?(?:to|away from|from)|chang(?:e"
        r"|ed|ing)|replac(?:e|ed|ing)|switch(?:ed|ing)? (?:to|from)?|hir(?:e|ed|ing)|engag(?:e|ed|ing)|review(?:ed"
        r"|ing)?|second|buy|bought|signed|test(?:ed|ing)?|agreed|agree|work(?:ing|s|ed)?(?: \w+){0,2} with"
        r"|together with|check(?:ed)?"
        r"|ask(?:ed)?|audit(?:ed)?|depend on|independent of|instead of|paid|pay|monitor(?:ed|ing)?|(?:speak(?:ing)?"
        r"|talk(?:ing)?|spoke|talked|contract|agreement|agreed|signed up|call|calls) with|required?|requires?|told"
        r"|warned) $"
    ),
    _after(
        r" (?:has |have |had )?(?:since |now )?(?:applied|fixed|restored|repaired|resolved|replaced|mended"
        r"|corrected|confirmed)\b"
    ),
    _after(r"(?:'s)? (?:is|was|are|were) not (?:to blame|at fault|responsible)\b"),
    _before(r"\b(?:us(?:es|ed|ing|e)|relies on|behind) $"),
    _inside(r"\b(?:second|additional|another|independent|outside|extra|different|backup|new|alternative)\b"),
    _after(
        r"'? (?:has |have |will |to )?(?:review|audit|assess|test|check|verif|expert|auditor|assessor|specialist"
        r"|consultant|licen[cs]es?\b|(?:\w+ )?(?:page|portal|list|directory|dashboard)s?\b|confirmed? (?:the repair"
        r"|that no)|librar(?:y|ies) licen|cookies|apps? could|apps? were unable"
        r"|tools could|integrations could)"
    ),
    _after(
        r"(?:s|'s)? (?:apps?|tools?|integrations?|clients?|plug-?ins?|add-?ons?)\b(?: \w+){0,3} (?:could not"
        r"|couldn't|were unable|lost|was unable|also lost|could|saw|also saw)"
    ),
)

_IS_CAUSE: Final = (
    r"(?:(?:was|were|is|are) (?:caused|triggered|sent|made|due|the (?:result|work|effect)|because|that|an?\b|our\b"
    r"|two\b|one\b|retries|requests|in fact)|(?:came|comes|come|stems|stemmed|arose|arises|resulted) from"
    r"|turned out to be|consisted of|(?:happened|happens|occurs|occurred|arose|arises|appeared) (?:when|because)"
    r")"
)
_DID: Final = r"(?:filled|sent|locked|deleted|overwrote|kept|held|asked|exceeded|used|read|wrote|meant|made) "
_EXPLAINED: Final = (
    _after(
        rf"(?: \w+){{0,6}}?(?:: ?\w| \((?!and|which|see)\w| - (?:an?|our|the|two|one|retries|it|when|because)\b"
        rf"|; (?:it|this|that|they|these) (?:{_IS_CAUSE}|{_DID})|, (?:which|that) (?:{_IS_CAUSE}|{_DID})"
        rf"|, (?:namely|that is|i\.e\.|because|where (?:a|our|two)|in which)|, (?:an?|our|sent by|caused by) \w)"
    ),
    _after(
        r"(?: (?:on|in|to|at|of|with) (?:\w+ ){1,3}?)? ?(?:(?:came |coming |sent |arriving |originating )?from (?:a"
        r"|an|our|one|two|three|\d)\b|sent by|caused by|because|triggered by|that (?:made|sent|filled|let|occurs"
        r"|happens|left|kept|asked|stopped two|allowed|wrote|locked|deleted|read|turned|sends)|where(?:by)? (?:a"
        r"|our|two|the)\b|when (?:two|a|an|our|one)\b)"
    ),
    _after(rf"(?: \w+){{0,3}} {_IS_CAUSE}(?<!was an )(?<!were an )"),
    _before(
        r"(?:\b(?:no|not|never|without|nor|any sign of|free of|signs? of|evidence of)|n't)(?: (?:any|see|find|found"
        r"|signs? of|sign of|evidence of|further|other|more|such|seen|detect(?:ed)?|an|a|see any|of|been"
        r"|caused by)){0,3} $"
    ),
    _before(
        r"\b(?:if you|should you|please|report|watch for|look for|tell us|notice|alert(?:s|ed)? (?:us|you) (?:to|of"
        r"|about)|monitor(?:s|ing)? for|check (?:your account )?for|warn(?:s|ed)? (?:us|you)? ?(?:of|about)|stops?"
        r"|blocks?|rejects?|detects?|limits?|drops?|refuses?|catch(?:es)?|against)(?: \w+){0,4} $"
    ),
    Excuse(
        "next",
        _re(
            rf"^(?:[\"'(]?)(?:it|this|that|these|they|the (?:traffic|activity|behaviou?r|issue|problem|bug|cause"
            rf"|load|requests|pattern|flaw|fault|factors|errors?|spike|condition|effect)s?|specifically|in detail"
            rf"|one|two|a|an|our|namely|what happened)\b[^.!?]{{0,40}}?\b(?:{_IS_CAUSE}|{_DID})"
        ),
    ),
    _sentence(
        rf"\b(?:explain|report|publish|say|tell|describe|share|set out|write|send)\b[^.!?]{{0,90}}{BY_DATE}"
        rf"|{BY_DATE}[^.!?]{{0,60}}\b(?:explain|report|publish|say|tell|describe)\b"
    ),
    Excuse(
        "next",
        _re(
            rf"\b(?:explain|report|publish|say|tell|describe|share|know|set out|write)\b[^.!?]{{0,90}}{BY_DATE}"
            rf"|{BY_DATE}[^.!?]{{0,60}}\b(?:explain|report|publish|say|tell|describe)\b"
            rf"|\bnot (?:yet )?known\b[^.!?]{{0,60}}{A_DATE}"
        ),
    ),
    _sentence(r"\bdescribed? (?:in detail )?below\b|\bexplain(?:ed)? below\b|\bset out below\b"),
)

EXPLAINS: Final = tuple(excuse for excuse in _EXPLAINED if excuse.where != "before")
"""The excuses of W14 that are an explanation, or a date for one."""

_BOUND: Final = (
    _sentence(BY_DATE),
    _sentence(rf"\b(?:between|from)\b[^.!?]{{0,30}}{A_DATE}"),
    _after(r"(?: the)?(?: following)?[^.!?]{0,60}: ?\w"),
    _inside(r"\b(?:following|these (?:\w+ )?(?:steps|measures|actions)|two|three|four|five|\d)\b"),
    _before(r"\b(?:why|how|what|when|if|whether)(?: \w+)? $"),
    _inside(r"\bnot\b"),
    _sentence(r"\?[\"')]*$"),
    _after(
        r"[^.!?]{0,50}\b(?:every (?:monday|tuesday|wednesday|thursday|friday|week|month|quarter|day|release|change"
        r"|upgrade|night)|each (?:week|month|quarter|change|release|upgrade)|before (?:each|every|any))\b"
    ),
    _after(
        r"(?: \w+){0,4} (?:your (?:case|claim|account|invoice|order|bill|questions?|data|request)|with you)\b"
        r"|(?: \w+){5,8} with you\b"
    ),
)
_NO_PROMISE: Final = (
    _before(r"(?:\b(?:do not|did not|cannot|can not|not|no|unable to|never|too early to|nobody)|n't)(?: \w+){0,6} $"),
    _inside(
        r"\b(?:not|never|n't|cannot|next update|an update|update you|write|report|tell|notify|post|inform|publish"
        r"|share|let you know|contact)\b"
    ),
    _before(r"\b(?:when|whether|if|which|what|how)(?: \w+){0,5} $"),
    _before(
        r"\b(?:next update|next report|update|report|summary|review|post-?mortem|further information|details|answer"
        r"|credits?|refunds?|invoice|write-up)(?: \w+){0,2} $"
    ),
    _sentence(r"\b(?:cannot|can't|do not|don't) (?:yet )?(?:promise|say|know|guarantee|give|estimate)\b|\?[\"')]*$"),
)

_PASSIVE: Final = r"\b(?:was|were|been|being|is|are|got|gets)(?: (?:\w+ly|also|then|first)){0,2}"
_NO_DOER: Final = r"(?! by (?!mistake|accident|error|\d|then|hand|default|the time|noon|midnight))"
_DOER_NAMED: Final = (
    _after(r"(?: \w+){0,6} by (?:us|our|we|my|me|the (?:change|upgrade|release|update|team|new)|one of our|an? )"),
    _after(r"[^.!?;,]{0,40} (?:when|because|after|while|as|once) (?:we|our)\b"),
    _before(r"\b(?:no (?:\w+ ){1,4}|nothing |none |nobody |no one )(?:\w+ly )?$"),
    _sentence(r"\?[\"')]*$"),
)

_SMALL_WORDS: Final = (
    r"(?:relatively |fairly |comparatively |rather |very |only |quite )?"
    r"(?:brief|short-lived|short|momentary|temporary|minor|small|slight|tiny|limited|minimal|negligible|isolated)"
)
REWORDINGS: Final[Mapping[str, tuple[tuple[re.Pattern[str], str], ...]]] = {
    "W5": ((_re(r"^.*$"), "We cannot rule out another event."),),
    "W7": (
        (_re(rf"\b(?:just |only )?an? {_SMALL_WORDS},? (?=[aeiou])"), "an "),
        (_re(rf"\b(?:just |only )?an? {_SMALL_WORDS},? (?=[^aeiou])"), "a "),
        (_re(r"\b(?:quickly|swiftly|promptly|rapidly|briefly|momentarily|temporarily|slightly|somewhat) "), ""),
        (_re(r" (?:quickly|swiftly|promptly|rapidly|briefly|momentarily)\b"), ""),
        (_re(rf"\b{_SMALL_WORDS} (?={INCIDENT})"), ""),
    ),
}
"""Better words that fit all cases of a rule: the sentence without the small word, or an honest one in its place."""

_IN_A_PUBLIC_LINK: Final = _before(
    r"(?:https?://|www\.)(?!\S*(?:jira|browse|wiki|confluence|servicenow|internal|corp))\S{0,100}$"
)
"""Inside an address that customers may open, a number names a page."""

CASES: Final[Mapping[str, tuple[Case, ...]]] = {
    "W2": (
        _case(
            r"\binconvenienc(?:e|es|ed|ing)\b|\binconvenient\b",
            _before(
                r"(?:\b(?:much |far |a lot )?more than|\bnot (?:just|merely|only|simply|a mere)|\bno mere"
                r"|\bnot (?:an?|the)|\brather than|\bcall(?:ing)? (?:it|this|that)|\bword) (?:(?:just|merely|only"
                r"|an?|mere|small|the) ){0,3}[\"']?$"
            ),
            reword=(
                (
                    (
                        r"\b(?:sincerely |deeply |truly |very )?(?:sorry|apologi[sz]e|regret) for (?:any|the"
                        r"|all)(?: and all)?(?: of the)?(?: \w+)? inconveniences?(?: (?:that )?(?:this|it|these \w+"
                        r"|the \w+)? ?(?:has|may have|might have|have|could have)? ?caused(?: you| to you)?)?"
                    ),
                    "sorry for the trouble we caused you",
                ),
            ),
        ),
        _case(r"\b(?:any|whatever)(?: and all)?(?: [a-z]+){1,5}? (?:is|are|was|were) (?:\w+ly |much )?regretted\b"),
    ),
    "W3": (
        _case(
            r"\b(?:may|might)(?: (?:not|also|well|even|still|indeed|\w{2,12}ly)){0,2}(?: have|'ve) (?:(?:also|not"
            r"|potentially|possibly|already|briefly"
            r"|intermittently) ){0,2}(?:been(?: \w+ly)? \w+|(?:\w+(?:ed|[bcdfghklmrtw]en|[ao]wn|ought|aught|ept|elt"
            r"|ealt|old)|had|seen|lost|gone|done|made|led|sent|met|left|found|put|cut|hit|read|got|run|begun|become"
            r"|come|set|built|cost|heard|shut|stuck|paid|said|spent|stood|understood|felt|thrown|drawn|spread|shown"
            r"|split)\b)",
            Excuse("inside", re.compile(r"^May\b")),
            _sentence(r"\bmight have \w+(?: \w+){0,3} (?:sooner|earlier|in time|better|faster)\b"),
            _before(r"\bas you $"),
            _inside(
                r"\b(?:prevented|avoided|averted|stopped this|caught)\b"
                r"|\bmight have (?:shortened|spared|saved|reduced|limited|lessened|helped|warned)\b"
            ),
            _sentence(
                r"\bmay (?:already |also |well )?have (?:seen|read|heard)(?: of| about)? (?:our|the|my|a|this"
                r"|that) (?!error)(?:[\w-]+ )?"
                r"(?:posts?|notices?|messages?|e?-?mails?|reports?|news|statements?|announcements?|updates?|tweets?"
                r"|headlines?"
                r"|letters?|coverage)\b"
            ),
            _after(r" (?:you as|your (?:trust|faith|confidence|goodwill|custom|business))\b"),
            _sentence(
                rf"\b(?:do|did|does) not (?:yet )?know\b[^.!?]{{0,120}}{A_DATE}"
                rf"|\bnot (?:yet )?known\b[^.!?]{{0,120}}{A_DATE}"
            ),
            _before(r"\b(?:I|we) (?:do not|don't|cannot) (?:think|believe) .{0,40}$"),
            Excuse(
                "inside",
                re.compile(
                    r"\b(?:may|might) have (?:to|questions?|a question|noticed that we|no|more|further)\b",
                    re.IGNORECASE,
                ),
            ),
            Excuse(
                "sentence",
                re.compile(
                    r"\b[Ww]e (?:may|might|could)(?: not)? have (?:noticed|seen|caught|spotted|prevented|avoided|known"
                    r"|acted"
                    r"|warned|told|said|explained|earned|listened|understood)\b"
                ),
            ),
            reword=(
                (r"\b(?:may|might|could)(?: also| potentially| possibly)? have been\b", "were"),
                (r"\b(?:may|might|could)(?: also| potentially| possibly)? have (seen)\b", "saw"),
                (
                    (
                        r"\b(?:may|might|could)(?: also| potentially| possibly)? have (\w+ed|lost|had|felt|found|met"
                        r"|kept|left|sent|led|got|cost)\b"
                    ),
                    r"\1",
                ),
            ),
        ),
        _case(
            r"\bcould(?: (?:also|potentially|possibly|well))?(?: have|'ve) (?:(?:also|potentially"
            r"|possibly) )?(?:been(?: \w+ly)? (?:affected|impacted|exposed|accessed|delayed|lost|unable|unavailable"
            r"|caused|seen|read)|caused|experienced|affected|impacted|seen|noticed|led|resulted|received"
            r"|encountered|lost|had trouble|exposed)\b",
            _before(r"\b(?:we|I)(?: \w+)? $"),
            _sentence(
                r"\bbut (?:it|they|this|we|none|no)?\b[^.!?]{0,20}(?:did not|didn't|was not|were not|wasn't"
                r"|found no|none)\b|\bif (?:we|our|the)\b|\bhow\b[^.!?]{0,30}\bcould have\b|\bno(?:thing|body"
                r"| \w+)? (?:that )?could have\b"
            ),
            reword=((r"\bcould(?: also)? have been\b", "were"), (r"\bcould(?: also)? have (\w+ed)\b", r"\1")),
        ),
        _case(
            r"\bcould(?: (?:also|well|even|\w{2,12}ly)){0,2}(?: have|'ve) (?:(?:also|possibly"
            r"|potentially) )?(?:been(?: \w+ly)? "
            r"\w+|\w+ed|lost|gone|seen|met|had|found|got|left|sent|led|felt|heard)\b",
            Excuse(
                "before", _re(rf"^(?!.*\b(?:you|your|{PEOPLE}|{THINGS}|data|files?|orders?|messages?|payments?)\b)")
            ),
            _inside(
                r"\b(?:prevented|avoided|averted|stopped|caught|saved|spared|kept|told|warned|reached|used|expected"
                r"|worked"
                r"|known|helped|been (?:shorter|better|told|warned|prevented|avoided|ready|up|safe|spared|kept))\b"
            ),
            _sentence(
                r"\bbut (?:it|they|this|we|none|no|nobody)?\b[^.!?]{0,20}(?:did not|didn't|was not|were not|wasn't"
                r"|found no|none)\b|\bif (?:we|our|the)\b|\b(?:had|if) (?:we|our|the|it)\b"
                r"|\bhow\b[^.!?]{0,30}\bcould have\b"
                r"|\b(?:sooner|earlier|in time|better|faster|instead|no(?:thing|body|ne)?)\b"
            ),
            reword=((r"\bcould(?: also)? have been\b", "were"), (r"\bcould(?: also)? have (\w+ed)\b", r"\1")),
        ),
    ),
    "W4": (
        _case(
            r"\b(?:take|takes|took|taking|taken|treat|treats|treating)\b[^.!?;]{0,90}?\bserious(?:ly|ness)\b",
            _sentence(
                r"\b(?:not|n't|never|fail\w{0,3} to|neglected to|should have|ought to have|right to|too little"
                r"|nobody|no one)\b[^.!?]{0,30}\b(?:take|taken|treat|treated)\b|\bseriously enough\b"
                r"|\bmore seriously\b|\b(?:asked|told|begged|wants?|wanted|expect\w*|urged) us to\b"
            ),
            reword=(
                (
                    (
                        r"\b(we|I)(?:(?:'ve| have)? (?:always )?)(?: ?)(?:take|took|are taking"
                        r"|have taken)\b[^.!?;]{0,90}\bseriously\b"
                    ),
                    r"\1 take responsibility for this",
                ),
            ),
        ),
        _case(
            r"\butmost (?:priority|sensitivity|seriousness|importance|urgency|gravity|respect|care|concern"
            r"|attention)\b",
        ),
        _case(
            r"\b(?:top|highest|number[- ]one|no\. ?1|first|foremost|absolute|paramount"
            r"|overriding) (?:and \w+ )?(?:priority|concern)\b(?! (?:queue|alert|page|ticket|job|level|class|lane"
            r"|item|order|request|message))",
            _before(
                r"\b(?:with|at|given|marked|set to|as|has|have|had|gets?|got|gave|given|by|not|never) (?:a |an "
                r"|the |our |its )?$"
            ),
        ),
        _case(
            r"\b(?:(?:is|are) of )?paramount(?: importance)?\b|\bnothing (?:is"
            r"|matters)(?: more important)? more(?: important)?(?: to us)? than\b|\bwe (?:truly |deeply "
            r"|greatly )?value your (?:business|trust|custom|partnership|loyalty)\b"
            r"|\byour (?:trust|business|satisfaction|experience|security|privacy) (?:(?:is|are|means"
            r"|matters)\b[^.!?]{0,30}\b(?:important|everything|priority|much|the world)\b|matters (?:\w+ )?to us\b)"
        ),
        _case(
            r"\b(?:deeply |fully |firmly |strongly |remain |always )?(?:committed|dedicated) to (?:the (?:quality"
            r"|safety|success|reliability|security|stability|best)|providing"
            r"|delivering|our|maintaining|ensuring|offering|earning|excellence|transparency|quality|your"
            r"|the highest|being|continuous|improving|keeping|serving|making|you\b|restoring|regaining)"
            r"|\bcommitment to (?:providing|delivering|our|excellence|transparency|quality|you\b|reliability|your)",
            _sentence(BY_DATE),
            _before(r"\b(?:had|not|who) $"),
            _after(r" (?:\w+ )?(?:branch|repository|repo|codebase|code|database|log|trunk|tree)\b"),
        ),
        _case(
            r"\b(?:do not|don't|never|does not|doesn't) take (?:\w+ ){1,5}?(?:lightly|for granted)\b|\b(?:is"
            r"|are) at the (?:heart|core|centre"
            r"|center) of (?:everything|all|what)\b|\bwe (?:really |truly |deeply )?care (?:deeply|a lot|greatly"
            r"|so much)\b",
            _before(r"\b(?:you|they) $"),
        ),
    ),
    "W5": (
        _case(
            r"\b(?:will|shall|is|are|'s|'ll|can|may|must|does|do|would|wo|ca)?(?:\bnever|\bnot|n't"
            r"|\bno longer)\b[^.!?;]{0,40}?\b(?:happen(?:s|ing)?|recur(?:s|ring)?|reoccur(?:s|ring)?|occur(?:s"
            r"|ring)?|have a repeat|be repeated|see (?:a|another|this|it|that)(?: \w+)?|repeat itself|go down"
            r"|fail(?: you)?|let you down"
            r"|lose (?:your |any )?(?:\w+ )?) ?(?:to (?:you"
            r"|us|anyone) )?(?:ever )?again\b",
            *_PURPOSE,
        ),
        _case(
            r"\b(?:will|shall|'ll|can|is going to|are going to)(?: (?:\w+ly|ever|now))? (?:not|never"
            r"|no longer)\b[^.!?;]{0,25}?\b(?:happen|recur|reoccur|occur|have a repeat|be repeated|repeat)\b"
            r"|\b(?:won't|can't|cannot)\b[^.!?;]{0,25}?\b(?:happen|recur|reoccur|occur|have a repeat|be repeated"
            r"|repeat itself)\b"
            r"|\b(?:is|are|'s|'re) (?:not going to|never going to)\b[^.!?;]{0,15}?\b(?:happen|recur|occur)\b"
            r"|\b(?:does|do) not recur\b|\b(?:doesn't|don't) recur\b|\bnever (?:happens|recurs|occurs|happen|recur"
            r"|occur)\b",
            *_PURPOSE,
            _sentence(r"\b(?:cannot|can't|could not) (?:yet )?(?:be ruled out|rule out|exclude|be excluded)\b"),
            _after(r" (?:overnight|by (?:itself|themselves)|on its own|at once|until|before|unless|without|soon)\b"),
            _before(
                r"\b(?:maintenance|upgrade|migration|release|deployment|meeting|call|rollout|roll-out|move|webinar"
                r"|session|switch|event planned)\b[^.!?;]{0,30}$"
            ),
            Excuse(
                "inside",
                re.compile(
                    r"(?i)\brul(?:e|ed) out\b|\b(?:cannot|can't|will not|won't) (?:yet )?(?:say|tell|know|promise"
                    r"|explain|be sure|guarantee|exclude|predict)\b|\bcannot (?:yet )?rule\b"
                ),
            ),
        ),
        _case(
            r"\b(?:will|'ll|shall|can|promise to|pledge to|vow to|commit(?:ted)? to|going to)(?: (?:also|now"
            r"|always))? (?:mak(?:e|ing) (?:\w+ )?(?:sure|certain)|ensur(?:e|ing)"
            r"|see to it)\b[^.!?;]{0,40}\bnever\b[^.!?;]{0,30}\b(?:happen|recur|occur|repeat|fail)\w{0,4}\b",
            _before(rf"{_REFUSES}(?: \w+){{0,3}} $"),
            _before(r"\b(?:said|told|promised|thought|claimed|wrote)\b[^.!?;]{0,60}$"),
            Excuse("sentence", _re(r"\?[\"')]*$")),
        ),
        _case(
            r"\bmade (?:it )?impossible (?:for|that)\b|\b(?:eliminates?|eliminated|removes?|removed) (?:any|all"
            r"|every|the) (?:risk|chance|possibility)\b"
            r"|\bprevents? (?:this|it|that)(?: \w+){0,2} from ever\b|\byou will (?:never|not) (?:see|experience"
            r"|face|have) (?:this|it|that|such|another|an)\b[^.!?;]{0,30}\b(?:again|outage|problem|issue|failure)",
            _before(
                r"(?:\b(?:cannot|can not|not|never|unable to|to|would|should|could|may|might|aim to|help)"
                r"|n't)(?: \w+){0,3} $"
            ),
        ),
        _case(
            r"\b(?:bugs?|faults?|problems?|issues?|errors?|causes?|flaws?|defects?|weakness(?:es)?"
            r"|risks?)(?: \w+){0,4}? permanently \w+ed\b",
            _before(r"(?:\b(?:not|until|before|once|when|if)|n't)(?: \w+){0,6} $"),
            _inside(r"\b(?:not|n't|will be|to be|until|cannot be)\b"),
        ),
        _case(
            r"\bnever again\b",
            _before(r"\b(?:would|should|hoped?|wish|say|promise|said|promised|told)\b[^.!?;]{0,40}$"),
            _before(rf"{_REFUSES}[^.!?;]{{0,30}}$"),
        ),
        _case(
            r"\b(?:make|makes|made|making|making sure)(?: it)? impossible\b[^.!?;]{0,40}\b(?:again|recur\w*|repeat"
            r"|happen)\b|\b(?:is|are|will be) (?:now )?a thing of the past\b"
            r"|\bit is (?:now )?impossible for\b[^.!?;]{0,30}\b(?:again|recur|repeat)\b"
            r"|(?<=[:,-] )no more (?:outages|failures|downtime)\b|\b(?:is|are) now impossible\b|\bno (?:repeat"
            r"|recurrence|further (?:outages?|incidents?"
            r"|disruptions?)|more (?:outages?|incidents?|disruptions?)) (?:is|are) possible\b"
            r"|\b(?:no way|impossible) (?:that )?(?:this|it|that)(?: \w+)? (?:can|could|will"
            r"|may) (?:ever )?(?:happen|recur|occur)\w*|\b(?:won't|will not|will never) be (?:a|another"
            r"|any) (?:next|second|other) time\b|\bthere(?:'ll| will| shall| can) be no (?:next time|repeat|recurrence"
            r"|further (?:outages?|incidents?|disruptions?|problems?|issues?)|more (?:outages?|incidents?"
            r"|disruptions?|problems?))\b|\b(?:will|shall|can) (?:never|not) be (?:another|a repeat|a recurrence"
            r"|any more)\b"
            r"|\b(?:will|shall|'ll) be the (?:very )?last (?:time|outage|incident|failure|event|disruption|such|of its"
            r"|of their)"
            r"|\bthe last (?:outage|incident|failure|disruption|event) of (?:its|this|that) (?:kind|sort|type)\b"
            r"|\b(?:a |any )?(?:repeat|recurrence|reoccurrence)s?(?: of this)? (?:is|are"
            r"|has become) (?:now )?(?:impossible|ruled out"
            r"|out of the question|excluded)\b"
            r"|\b(?:no (?:\w+ ){1,3}?|nobody |no one |nothing (?:\w+ ){0,3}?)(?:will|can|shall) ever\b"
            r"|\b(?:nothing like (?:this|it|that)|no such (?:\w+ )?(?:outage|incident|failure|event|thing|fault"
            r"|error)) (?:will|can"
            r"|shall) (?:happen|occur|recur)\b"
            r"|\bfrom (?:now on|here on|today on)\b[^.!?;]{0,60}\b(?:will not|won't|cannot|can't) (?:go down|fail"
            r"|break|be (?:down|lost"
            r"|interrupted)|lose|stop)\b"
            r"|\b(?:rules?|ruled) out (?:any|a|all|every|another|further) (?:repeat|recurrence|future|further"
            r"|outage|incident)\b",
            *_PURPOSE,
            _before(r"(?:\b(?:cannot|can not|not|never|unable to)|n't)(?: \w+){0,4} $"),
        ),
        _case(
            r"\bguarante(?:e|es|ed|eeing|eing)\b|\b(?:we|I) (?:can |do |hereby |solemnly )?(?:promise|swear|vow"
            r"|pledge|assure you)(?: you)?(?: that)? (?:it|this|that|there|such|no|you|our|the"
            r"|these)\b[^.!?;]{0,30}\b(?:not|never|no|won't|always|last time)\b|\b(?:we|I) give you (?:our|my) word\b",
            _before(rf"{_REFUSES}(?: \w+){{0,4}} $"),
            _before(
                r"\b(?:uptime|service|availability|money-back|contractual|contract|sla|delivery|level|percent"
                r"|per cent|%|refund|performance|response-time)(?: level)? $"
            ),
            _after(r"(?:s|d)? (?:in|of|under|from) (?:your|our|the) (?:contract|agreement|sla|terms|plan)"),
            _before(r"\b(?:wrong|dishonest|foolish|rash|impossible|too early) to $"),
        ),
        _case(
            r"\bpermanent(?:ly)? (?:fix(?:ed)?|resolv(?:ed)|solved|solution|repair(?:ed)?|remed(?:y|ied|iated)"
            r"|corrected|eliminated|eradicated|removed|cured|mended|closed)\b|\b(?:fixed|resolved|solved|repaired"
            r"|corrected|mended"
            r"|eliminated|eradicated|removed|gone|closed|over|dealt with|behind us)(?: (?:this|it|that"
            r"|the \w+))? (?:permanently|for good|for ever|forever|once and for all|completely and permanently)\b",
            _before(
                r"(?:\b(?:not|never|until|before|once|when|while|whether|if|as soon as|towards?|working on|work on"
                r"|preparing|building|planning|developing|testing|seek\w*|find|need|needs|requires?|told|said|wrote"
                r"|called|claimed|promised|no)|n't)(?: \w+){0,6} $"
            ),
            _after(
                r"[^.!?;]{0,50}\b(?:not|n't|by \d|by [A-Z]|will follow|due|before \d|is planned|is being|is under"
                r"|is in progress|remains|is expected)\b"
            ),
            _before(r"\b(?:will|plan to|going to|aim to|want|wants|intend\w* to)(?: \w+){0,4} $"),
        ),
        _case(
            r"\bwill (?:never|always)\b|\bwe'll (?:never|always)\b",
            _after(r" (?:find|read|see) (?:our|the|all|every|it|them|these)\b"),
            _after(
                r" (?:again )?(?:ask|request|call|phone|email)(?: you| for| your)?[^.!?]{0,40}\b(?:password|pin"
                r"|card|codes?|credentials|details|bank)"
            ),
            _before(
                rf"{_REFUSES} (?:\w+ ){{0,2}}(?:promise|guarantee|say|claim|assure|tell|be sure"
                rf"|be certain)\b[^.!?;]{{0,60}}$"
            ),
            _after(r" (?:fully |quite |exactly |really )?(?:know|be able to (?:tell|say|know)|be (?:perfect|enough))"),
            _before(r"\b(?:said|told|promised|thought|claimed|wrote)\b[^.!?;]{0,60}$"),
            _before(r"\b(?:there|some|risk|faults?|failures?|systems?|software|networks?)(?: \w+)? $"),
        ),
        _case(
            r"\b(?:100 ?%|one hundred per ?cent|zero) (?:uptime|availability|downtime|outages)\b",
            _before(rf"{_REFUSES}(?: \w+){{0,4}} $"),
        ),
    ),
    "W6": (
        _case(
            r"\b(?:some|an? (?:very |relatively |fairly |rather )?(?:small|limited|low|tiny|minor|large|significant"
            r"|modest|certain|minimal|good|fair|considerable|substantial|size?able|growing|high|great) (?:number"
            r"|percentage|subset|group|fraction|share|proportion|portion|set"
            r"|minority|part)|an? (?:number|subset|fraction|portion|handful|couple|few|percentage|minority|majority"
            r"|lot|good many|part|proportion|share|group)(?= of|\b few)"
            r"|a few|(?<!how )(?<!too )(?<!as )(?<!that )few"
            r"|(?<!how )(?<!too )(?<!as )(?<!that )(?<!not )(?<!\bso )many"
            r"|several|(?<!\bat )(?<!almost )(?<!\bthe )most"
            r"|(?<!\bare )(?<!\bam )(?<!\bis )(?<!\bbe )(?<!been )(?<!make )(?<!made )(?<!making )(?<!\bfor )"
            r"(?<!feel )(?<!\bnot )certain|various|numerous|multiple|countless|a small minority|portions?|parts?"
            r"|lots|(?:several |many |a few )?(?:dozens?|scores|hundreds?|thousands?)(?=(?: of)? [a-z])|(?:the |a "
            r"|the vast |the overwhelming )?(?:vast |large "
            r"|great )?majority)"
            rf"(?: of)?(?: (?:our|the|all|your|its|these|those))?(?: (?!and\b|or\b|but\b|who\b|to\b|in\b|were\b"
            rf"|was\b|have\b|had\b|did\b|to\b|it\b|that\b|as\b|from\b|for\b|a\b|an\b|on\b|by\b|are\b"
            rf"|is\b)[a-z-]{{2,20}})?(?: (?!and\b|or\b|but\b|who\b|to\b|in\b|were\b|was\b|have\b|had\b|did\b|that\b"
            rf"|as\b|from\b|for\b|a\b|on\b|by\b|are\b|is\b)[a-z-]{{2,20}})? (?:{PEOPLE}|{THINGS})\b",
            *_COUNTED,
            _inside(r"^parts? of (?:our|the) (?:team|service level|reports?)\b"),
        ),
        _case(
            rf"\b(?:some|many|most),? (?:but|though|if) not all,?(?: of)?(?: (?:our|the|your))? (?:\w+ )?(?:{PEOPLE}"
            rf"|{THINGS})\b"
        ),
        _case(
            r"\b(?:some|many|several|most|a few|few|a number|a handful|a subset|a small number|a fraction"
            r"|a minority|the majority|a portion|a percentage|certain|hundreds|thousands|dozens) of (?:you|them)\b",
            _before(r"\b(?:how|too|as|not|at) $"),
            _after(r"(?: \w+){0,3},? ?(?:\(|: |- )(?:about |around )?\d"),
            _inside(r"\d"),
        ),
        _case(
            r"\b(?:for |after |over )?(?:many|several|some|a few|a couple of|a number of|numerous) (?:long |more "
            r"|full )?(?:hours|minutes|days|weeks)\b(?! ago)|\bfor (?:hours|minutes|days|some time|a while"
            r"|quite some time)\b(?! at a time)",
            _before(r"\b(?:how|too|as|so|not|at|every|the (?:past|last|next|coming)|within|in|last|next|past) $"),
            _after(r",? ?(?:\(|: |- )(?:about |around |from )?\d"),
            _sentence(r"\bopen for (?:hours|days)\b"),
            _after(r" of (?:sleep|rest|testing|thought)\b"),
        ),
    ),
    "W7": (
        _case(
            r"\b(?:relatively |fairly |comparatively |rather |very |only |quite |just )?(?:brief|momentary"
            r"|temporary)\b(?=,? [a-z])(?! (?:and|or|but|as|until|while|because|so|in|at|on|by|for|if|when|did|does"
            r"|was|is|had|has|will"
            r"|that|said|from|of|which)\b)",
            *_NOT_SMALL,
            _before(r"\bin $"),
            _after(
                r"(?:,? [a-z-]{2,15}){0,2}? (?:summar(?:y|ies)|reports?|notes?|messages?|overviews?|explanations?"
                r"|descriptions?|answers?|repl(?:y|ies)|looks?|words?|statements?|accounts?|history|timelines?"
                r"|introduction|outlines?|calls?|meetings?|surveys?|lists?|texts?|letters?|e?-?mails?|updates?"
                r"|guides?|reviews?"
                r"|limits?|fix(?:es)?|work-?arounds?|measures?|pages?|passwords?|credentials?|links?|files?"
                r"|access\b(?! (?:loss|issues?|problems?))|rules?|caps?|servers?|capacity|solutions?|blocks?"
                r"|restrictions?|changes?|address(?:es)?|numbers?|keys?|tokens?|certificates?|storage|tables?"
                r"|patch(?:es)?|arrangements?|holds?|quotas?|throttl\w+|switch(?:es)?|routes?|replacements?|sites?"
                r"|staff|teams?|banners?|notices?|folders?|bypass(?:es)?|redirects?|settings?|exceptions?|location"
                r"|space|disks?|copy|copies|id|ids|code|codes|worker|workers|contract|home|repair|remed(?:y|ies)"
                r"|safeguards?|protection|alarms?|checks?)\b"
            ),
            _before(r"\b(?:to|will|we|shall|can|must|and|who|they) $(?<!and )"),
        ),
        _case(
            rf"\b(?:relatively |fairly |comparatively |rather |very |only |quite )?(?:brief|short|momentary"
            rf"|temporary|minor|small|slight|tiny|limited|minimal|negligible|little|isolated|trivial|insignificant"
            rf"|inconsequential|modest)(?:,? (?:and )?(?:brief|short|temporary|minor|partial|localized|isolated"
            rf"|technical"
            rf"|intermittent|network|service|unplanned|unexpected|system|partial|internal|connectivity|performance"
            rf"|login|sign-in|configuration|software|customer|overall|data|routing"
            rf"|noticeable)){{0,3}} (?:{INCIDENT}|bug|mistake|oversight|inconvenience|hiccup|blip"
            rf"|amount of (?:downtime|disruption|time))",
            *_NOT_SMALL,
            _after(r" (?:version|release)\b"),
            _before(r"\b(?:a|the|run in a|during a|with a) (?:maintenance|planned) $"),
            _inside(r"\b(?:isolated) (?:the|our)\b"),
            _before(r"\btakes?(?: only| just)? (?:an? )?$"),
            _sentence(
                r"\b(?:fix|limit|rule|cap|workaround|measure|patch|restriction|block) (?:is|are|will be"
                r"|stays?) (?:in place|on|active|there)\b"
            ),
        ),
        _case(
            r"\b(?:slight|small|minor|modest|marginal|negligible|minimal) (?:increases?|rises?|drops?|dips?|decreases?"
            r"|reductions?"
            r"|declines?|slowdowns?|rises?) (?:in|of) (?!the (?:limit|quota)|prices?|costs?|fees?)",
            *_NOT_SMALL,
        ),
        _case(
            r"\b(?:lost|down|unavailable|offline|interrupted|disrupted|affected|degraded|slow(?:ed)?|stopped|paused"
            r"|failed|out"
            r"|impaired|suspended|unreachable)(?: \w+){0,2}? (?:temporarily|momentarily)\b",
            *_NOT_SMALL,
        ),
        _case(
            r"\b(?:were|was|is|are|been|be|being|become|became|went|stayed|remained|proved)(?: \w+ly| only| just"
            r"| very| quite| rather| so)? (?:brief|short|temporary|momentary|minor|short-lived|negligible|minimal"
            r"|slight|limited)\b(?!-)(?! (?:of|to|on|in (?:number|supply)|limit|fix|measure|workaround|staff|circuit|by"
            r"|access|solution|release|version|update|and far|change))",
            _sentence(
                r"\b(?:fix|limit|measure|workaround|work-around|patch|rule|solution|repair|change|step|restriction"
                r"|cap|block|arrangement|access|password|link|page|address|setting|message|report|notice|summary"
                r"|warning|capacity|alert|alarm|reply|answer|mail|text|letter|call|notes?|supply|staff"
                r"|time to (?:reply|act)|access)(?: (?:on|in|to|of|for) (?:\w+ ){0,2}\w+)? (?:is|are|was|were|will be"
                r"|has been|in place is)\b"
            ),
            _before(r"\bnot\b[^.!?;]{0,20}$"),
            *_NOT_SMALL,
            _inside(r"\bnot\b|n't"),
            _before(r"n't $"),
        ),
        _case(
            r"\bshort-lived\b|\bmomentar(?:y|ily)\b|\bblip(?:s|ped)?\b|\bhic(?:cups?|coughs?)\b|\bglitch(?:es)?\b"
            r"|\bsnags?\b|\bfleeting\b|\bhic(?:cup(?:ped|s)?|cuped)\b|\bshort-term (?:outage|disruption|interruption"
            r"|problem|issue|failure)s?\b|\bteething (?:problems|troubles)\b|\bsmall hitch\b|\bminor hitch\b",
            *_NOT_SMALL,
            _before(r"\b(?:certificates?|tokens?|credentials?|keys?|sessions?|passwords?|links?)\b[^.!?;]{0,20}$"),
            _after(r" (?:certificates?|tokens?|credentials?|keys?|sessions?|passwords?|links?)\b| by design\b"),
        ),
        _case(
            r"\bbriefly\b",
            _after(
                r" (?:explain|describe|summari[sz]e|put|say|tell|set out|restored|recovered|returned|came back"
                r"|worked|improved|look|list|introduce|outline)"
            ),
            _before(
                r"\b(?:to|explained|described|summari[sz]ed|put|said|here|recovered|restored|returned|worked"
                r"|came back|will|write|answer|:|until) (?:it )?$"
            ),
            *_NOT_SMALL,
        ),
        _case(
            r"\btemporar(?:y|ily) (?:unavailab\w*|down|degraded|affected|lost|interrupted|inaccessib\w*|slow(?:er)?"
            r"|unable|offline|disrupted|impacted|lose|losing|impair\w*|disconnected|out of)\b",
            *_NOT_SMALL,
        ),
        _case(
            r"\b(?:a (?:little|bit|tad|touch)|slightly|somewhat|mildly|marginally|fractionally) (?:slow(?:er)?"
            r"|degraded|delayed|longer|late(?:r)?|impacted|affected|worse|elevated|unstable|increased|disrupted"
            r"|higher|unavailable|of (?:an|a) (?:issue|outage|delay|disruption))\b",
            *_NOT_SMALL,
        ),
        _case(
            r"\b(?:lasted|lasting|affected|affecting|impacted|impacting|down|unavailable|offline|interrupted|out"
            r"|hit|hitting|disrupted|degraded)(?: for)? (?:only|just|merely|barely|scarcely|a mere)(?: for)?(?: about"
            r"| around"
            r"| a)? (?:\d|an? (?:few|couple|handful|small|tiny|fraction|hour|minute)|one|two|three|four|five|six"
            r"|ten|few|minutes|small|tiny)|\b(?:only|just|merely|no more than) (?:a|an) (?:handful|couple|few"
            r"|fraction|small|tiny|hour|minute)\b",
            *_NOT_SMALL,
        ),
        _case(
            r"\b(?:quickly|swiftly|promptly|rapidly|speedily|in no time)\b",
            _before(
                r"(?:\b(?:not|never|failed to|did not|could not|cannot|unable to|should have|should|could have"
                r"|would have|how|more|so|too|as|very|less|most|please|must|to|can|could|will|you|ought|grew|grow"
                r"|spread|rose|rise|filled?|fill up|filled up|escalated|worsened|cascaded|ran out|failed|climbed"
                r"|exhausted|overwhelmed|built up|multiplied|increas\w+|fell|dropped|chang\w+|act|react"
                r"|respond(?! )|deserve|want|need|expect)|n't)(?: \w+){0,4} $"
            ),
            _after(
                r" (?:enough|as possible|as we should|became|grew|spread|filled|ran out|overwhelmed|exhausted"
                r"|escalated|worsened|rose|cascaded|overloaded|enough\b)"
            ),
            _after(r"[^.!?;]{0,20}\benough\b"),
        ),
        _case(
            r"\b(?:minor|trivial|insignificant|small) (?:mistake|misconfiguration|slip|bug|defect|fault|change"
            r"|configuration|oversight|technical|software|matter|thing|part of|piece of|share of)\b"
            r"|\bminor(?!s?\b (?:version|release|upgrade|update|children|number|account|league|edit|correction|axis"
            r"|key))\b(?!')",
            *_NOT_SMALL,
            _after(r"(?:s\b| versions?\b| releases?\b| upgrades?\b| updates?\b| numbers?\b| edits?\b)"),
            _inside(r"^small (?:change|part of|piece of|share of|configuration|software|technical|bug|matter|thing)$"),
        ),
        _case(
            r"\b(?:nothing more than|little more than|no big deal|not a big deal|nothing serious"
            r"|no cause for (?:alarm|concern)|no need to (?:worry|panic)|storm in a teacup|merely an?|simply an?"
            r"|just an? (?:simple|routine|ordinary|technical))\b",
            _before(r"(?:\bnot|n't|\bmore than)(?: \w+)? $"),
        ),
    ),
    "W10": (
        _case(
            rf"{_PASSIVE} (?:entered|missed|caused|misconfigured|deleted|remediated|introduced|overlooked|mistyped"
            rf"|misrouted|mishandled|skipped|forgotten|ignored|neglected|overwritten|wiped|erased|misapplied"
            rf"|miscalculated|mislabel+ed|misread|left (?:out|open|unlocked|disabled|enabled|unpatched|untested)"
            rf"|let (?:down|expire|lapse)|broken|allowed to (?:expire|lapse|run)"
            rf")\b{_NO_DOER}|\b(?:was|were|been) (?:not|never) (?:tested|noticed|checked|caught|spotted|detected"
            rf"|renewed"
            rf"|monitored|reviewed)\b{_NO_DOER}",
            *_DOER_NAMED,
        ),
        _case(
            rf"(?<=\b)(?:wrong|faulty|bad|broken|incorrect|untested|flawed|outdated|old)(?: \w+){{0,3}} (?:was|were"
            rf"|been)(?: \w+ly)? "
            rf"(?:pushed|applied|deployed|released|rolled out|merged|used|set|chosen|loaded|installed|unplugged"
            rf"|disconnected"
            rf"|cut|pulled|removed|started|restarted|rebooted|run|sent|given|taken|changed|edited|copied|restored"
            rf"|selected"
            rf"|switched (?:off|on)|turned (?:off|on)|shut down|replaced|published|uploaded)\b{_NO_DOER}"
            rf"|\b(?:was|were|been) (?:accidentally|mistakenly|wrongly|incorrectly|inadvertently"
            rf"|prematurely) \w+(?:ed|wn|en)\b{_NO_DOER}"
            rf"|\b(?:was|were|been) (?:\w+ed|switched off|turned off|shut down) by (?:mistake|accident|error)\b",
            *_DOER_NAMED,
        ),
        _case(
            rf"{_PASSIVE} made\b{_NO_DOER}",
            *_DOER_NAMED,
            _after(
                r" (?:aware|available|public|up|possible|whole|good|clear|sure|safe|to |for |easier|better|worse|by )"
            ),
            _before(
                r"\b(?:backups?|cop(?:y|ies)|payments?|progress|orders?|purchases?|calls?|requests?|improvements?"
                r"|bookings?|arrangements?|plans?|offers?|fix(?:es)?|repairs?|refunds?|credits?|transfers?"
                r"|deposits?)(?: (?:that|which|has|have))? $"
            ),
        ),
    ),
    "W11": (
        _case(
            r"\b(?:human|operator|user|pilot|manual|admin|administrator|employee|engineer|individual|clerical|personal"
            r"|operational staff)(?:'s)? (?:error|mistake|slip|typo|blunder|carelessness|negligence)\b"
            r"|\bfat[- ]finger\w*|\b(?:the|a) human factor\b",
            _before(
                r"(?:\b(?:not|never|no|nor|neither|rather than|instead of|without|than)|n't)(?: (?:a|an|about"
                r"|down to|due to|caused by|because of|the result of|a case of|any|the|just|simply|merely"
                r"|call(?:ing)? (?:it|this)|put (?:it|this|that) down|(?:ascribe|attribute) (?:it|this|that)"
                r"|blame (?:it|this)? ?on|to|be|by|from|one|put down to|explained by"
                r"|blame)){0,4} $"
            ),
            _after(
                r"s? (?:rates?|messages?|pages?|reports?|codes?|count|logs?|dialogs?|screens?|budget|handling"
                r"|tracking)\b"
            ),
            _before(
                r"\b(?:guard|protect|safeguard|defend|prevent|safe|against|tolerates?|survives?|withstands?"
                r"|catch(?:es)?|stops?)(?: (?:against|from|for|any|a|every|the|such|one))* $"
            ),
            reword=(
                (
                    (
                        r"\b(?:caused by|due to|because of|a result of|down to) (?:a |an )?(?:simple |single )?(?:human"
                        r"|operator|user|manual) error\b"
                    ),
                    "caused by a gap in our own checks",
                ),
            ),
        ),
        _case(
            rf"\b(?:an?|one|the|our|some|another|this|that|one of (?:our|the)|a single|each) (?:(?!and\b|or\b|to\b"
            rf"|for\b|with\b|of\b|is\b|was\b|that\b|will\b)[a-z-]{{2,15}} ){{0,3}}{ROLE}(?: (?:on|in|from|at"
            rf"|of) (?:our |the |your )?(?:[a-z-]{{2,15}} ?){{1,3}}?)?(?: who(?: \w+){{1,3}}?| who)?(?: (?:had|has"
            rf"|have|then|also|was"
            rf"|who|apparently|simply)){{0,2}},? {SLIPPED}\b",
            _after(
                r"[^.!?;]{0,40}\b(?:the fix|the repair|the patch|the limit|a fix|the rollback|the change back"
                r"|the correction|sure|certain|the call|contact|a backup|it safe)\b"
            ),
            _inside(r"\b(?:made|run|ran) (?:available|sure)\b"),
            _before(
                r"\b(?:no|not|without|never|unless|if|when|whether|before|until|what|if ever|lets?|allow\w*|so that"
                r"|where) $"
            ),
            _before(
                r"\b(?:does not matter|no matter|not because|never because|not that"
                r"|rather than because)\b[^.!?;]{0,20}$"
            ),
            _after(r" (?:you|your (?:call|mail|message|case))\b"),
            _inside(r"\b(?:your|customer'?s?) (?:\w+ )?administrator\b"),
        ),
        _case(
            rf"\b(?:an?|one|the|our) (?:[a-z-]{{2,15}} ){{0,2}}{ROLE}\b(?! (?:noticed|found|saw"
            rf"|restored))[^.!?;,]{{0,60}}\b(?:and|who|when (?:he|she|they))"
            rf" (?:then |also )?(?:{SLIPPED_BADLY}|cut|deleted|removed|pulled|unplugged|wiped|dropped|erased"
            rf"|disconnected)\b",
            _after(r"[^.!?;]{0,30}\b(?:the fault|the faulty|the limit|the rule again|the bad)\b"),
            _before(r"\b(?:no|not|never|if|when|whether|unless|so that) $"),
        ),
        _case(
            rf"\b(?:our|the|some|two|these|those|several)(?: [a-z-]{{2,15}}){{0,3}}? {ROLE}s(?: (?:who|had|has"
            rf"|have|then|also|simply)){{0,2}} {SLIPPED_BADLY}\b",
            _after(r" (?:sleep|rest|stop (?:until|working)|give up|let you)\b"),
            _before(r"\b(?:no|not|never|if|when|whether|unless|so that) $"),
        ),
        _case(
            r"\b(?:an?|one) (?:(?!and\b|or\b|to\b|for\b|with\b|is\b|was\b)[a-z-]{2,15} ){0,2}(?:engineer"
            r"|employee|contractor|intern|technician|administrator)\b"
            r"|\bone of our (?:[a-z-]{2,15} ){0,2}(?:engineers|employees|contractors|interns|technicians"
            r"|administrators|developers|operators)\b",
            _after(
                r"(?: (?:on|in|from|at|of) (?:our |the |your |each )?(?:[\w-]{2,15} ?){1,3}?)?(?: who)?,?(?: (?:has"
                r"|have|had|then|also|now|always|still|already|quickly|first|immediately|\w+ly|who|on (?:call|duty"
                r"|shift))){0,3} ?(?:is|are|will|can|may|would|'ll|'s|on[- ]call|watch\w*|notic\w+|saw|s(?:ee|aw"
                r"|een)|f(?:ind|ound)|spot\w*|detect\w*|restor\w+|fix\w*|repair\w*|mend\w*|confirm\w*|isolat\w+"
                r"|rolled|stopp\w*|call(?:s|ed)?|phone\w*|was (?:paged|alerted|called|sent|assigned|woken|on call"
                r"|on duty|available|able|informed|on site|working|there|at|still)|answer\w*|check\w*|join\w*"
                r"|review\w*|investigat\w+|respon\w+|identif\w+|mitigat\w+|discover\w*|began|begin\w*|start\w*"
                r"|revers\w+|replac\w+|add(?:s|ed)|work(?:s|ing|ed)|report\w*|rais\w+|visit\w*|help\w*|stay\w*"
                r"|trac\w+|moved|took over|takes over|declared|approv\w+|sign\w*|test\w*|look\w*|must|needs?"
                r"|to (?:help|call|answer|talk|restore|fix|check|review|watch|look|each)|per|for each|available"
                r"|by (?:phone|chat)|needed|trusted|should(?! have)|turn\w* (?:it|the)|watched|listen\w*|learn\w*"
                r"|escalat\w+|pag(?:es|ed)|monitor\w*)\b"
            ),
            _after(
                r" (?:account|password|console|portal|page|interface|guide|tool|panel|role|rights?|access|directory"
                r"|handbook"
                r"|training|badge|phone|app|menu|screen|log-?in|sign-?in)s?\b"
            ),
            _before(
                r"(?:\b(?:not|never|no reason to|rather than)|n't) (?:\w+ )?(?:blam\w+|fault|punish\w*|accus\w+"
                r"|sack|dismiss|point at|single out) $"
            ),
            _before(
                r"\b(?:contact|call|ask|asked|reach|speak (?:to|with)|talk (?:to|with)|paged|page|alerted|alert|alerts"
                r"|for|to|with|need|needs|needed|send|sent|assign(?:ed)?|put|have|has|had|hire[ds]?|hiring|by"
                r"|without|require[sd]?|named?|appointed|added|adding|train(?:ed|ing)?|woke|wakes?|called|tells?"
                r"|told|informed?|as|from|until|before|unless|are|am|if you are|sat|including|even|not|email|every"
                r"|and|lets?|letting|allow(?:s|ed|ing)?|give|gave|gives|offer(?:s|ed)?|connect(?:s|ed)? you (?:to"
                r"|with)) (?:(?:you|us|at least|out"
                r"|in) )?$(?<!due to )(?<!caused by )(?<!made by )(?<!because of )(?<!fault of )(?<!error by )"
                r"(?<!mistake by )(?<!entered by )(?<!deleted by )(?<!introduced by )(?<!run by )(?<!triggered by )"
                r"(?<!pushed by )(?<!down to )(?<!back to )(?<!misconfigured by )(?<!committed by )(?<!slip by )"
                r"(?<!typed by )(?<!changed by )(?<!applied by )(?<!action by )(?<!done by )"
            ),
        ),
        _case(
            rf"\b(?:mistakes?|errors?|slips?|faults?|oversights?|blunders?|typos?|negligence|carelessness|actions?"
            rf"|failures?|fault lies|to blame|inattention|incompetence)(?: made| committed)? (?:by|of|from|with"
            rf"|on the part of) (?:an?|one|the|our|some|one of our|a single|a junior"
            rf"|two) (?:[a-z-]{{2,15}} ){{0,2}}{ROLE}s?\b"
            rf"|\b(?:blame|blamed|blaming|disciplined|dismissed|fired|sacked|suspended|reprimanded|retrain(?:ed"
            rf"|ing)?) (?:an?|one|the|our|some|that|this)(?: responsible)? (?:[a-z-]{{2,15}} ){{0,2}}{ROLE}s?\b"
            rf"|\b{ROLE}'s (?:\w+ )?(?:mistake|error|slip|typo|fault|oversight|carelessness)\b|\b(?:someone"
            rf"|somebody) (?:on|in|from|at|within) (?:our|the) (?:[\w-]+ ){{0,2}}(?:team|staff|company|side|office"
            rf"|department|shift|desk|crew)\b[^.!?;]{{0,20}}\b{SLIPPED}\b"
            rf"|\b(?:one|two|some|a few) of (?:our|the) (?:own |\w+ )?(?:people|team|staff|colleagues|crew|number"
            rf"|own)(?: members?)?"
            rf"(?: (?:had|has|have|then|also|simply)){{0,2}} {SLIPPED}\b|\b(?:he|she) (?:had "
            rf"|then )?{SLIPPED_BADLY}\b"
            rf"|\b(?:down to|fault of|because of|caused by|due to|blame on|work of) (?:just |only )?(?:one|a single"
            rf"|an?) (?:person"
            rf"|individual|colleague|man|woman)\b|\b(?:someone|somebody) {SLIPPED}\b",
            _before(
                r"(?:\b(?:not|never|no|nor|do not|did not|will not|cannot|rather than|without|if|when|before|until"
                r"|unless)|n't)(?: (?:a|an|the|about|to|by|any|one|seek to|want to|caused by|due to|because of"
                r"|going to|be|that)){0,3} $"
            ),
        ),
        _case(
            rf"\b(?:the|an?|our|that|those) (?:[a-z-]{{2,15}} ){{0,2}}{ROLE}s? (?:(?:responsible|at fault|to blame)"
            rf"(?! for (?!the (?:outage|error|mistake|incident|failure|fault)))\b|(?:concerned|involved"
            rf"|in question) (?:has|have|had"
            rf"|was|were|is|will)\b)|\b{ROLE}s? (?:has|have|had|was|were|is|are|will be)(?: since"
            rf"| now)?(?: been)? (?:disciplined"
            rf"|dismissed|fired|sacked|suspended|reprimanded|retrained|let go|sent home|removed from (?:duty|his|her"
            rf"|their))\b",
            _before(r"\b(?:no|not|never|nor|without|than|if) (?:\w+ ){0,2}$"),
            _inside(r"\bnot\b"),
        ),
        _case(
            r"\b(?:rogue|careless|inexperienced|junior|untrained|disgruntled|negligent) (?:\w+ )?(?:engineer"
            r"|employee|contractor|technician|administrator|operator|developer|staff|colleague)s?\b",
            _before(r"\b(?:no|not|new|for) (?:a |our )?$"),
        ),
    ),
    "W12": (
        _case(
            r"(?<!\bas )\b(?:our|one of our|a|an|the|their|some|another|this|that|two of our)(?: (?!and\b|or\b|is\b"
            r"|was\b|to\b|for\b|of\b)[\w-]{1,20}){0,3}?(?: |-)(?:vendors?|suppliers?|subcontractors?"
            r"|sub-processors?|(?:service|cloud|network|hosting|internet|infrastructure|telecoms?|dns|cdn"
            r"|data[- ]?cent(?:er|re)|upstream|payment|colocation|power|bandwidth|transit|sms|e-?mail|identity"
            r"|storage|connectivity|energy|gateway|messaging|voice|telephony|fib(?:re|er)|security|software|hardware"
            r"|billing|card|banking|maps?|search|video|chat|logistics|delivery|analytics|monitoring|electricity"
            r"|telephone|payments?"
            r"|(?:data[- ]?)?cent(?:er|re)) (?:providers?|suppliers?|partners?|carriers?|company|operators?"
            r"|vendors?)|carriers?|telcos?|hosters?|manufacturers?|upstream (?:providers?|carriers?|networks?)"
            r"|third[- ]part(?:y|ies)|external (?:partner"
            r"|party|parties|company|provider)|isp|utility company|contract manufacturer|registrar)\b"
            r"|\bour provider(?:'s| had| has| failed| suffered| let| lost| was| caused| told| made| cut| broke)\b",
            *_OWNED,
        ),
        _case(
            r"\b(?:outside|beyond|out) (?:of )?our (?:direct |immediate |own |sphere of )?(?:control|influence"
            r"|responsibility|reach)\b|\bno fault of (?:our own|ours)\b|\bnot (?:our|within our) (?:fault|control"
            r"|responsibility)\b|\bnot (?:our doing|of our (?:own )?making)\b|\bthrough no fault\b|\bforce majeure\b"
            r"|\bact of god\b",
            _before(r"(?:\b(?:not|never|nothing|nor|neither)|n't)(?: \w+){0,4} $"),
        ),
        _case(
            r"\b(?:a|one|single|another|the|some|several|by|of) (?:[a-z-]{2,15} )?customers?(?:'s?)? (?:pushed"
            r"|config\w*|misconfig\w*|broke|abused|flooded|change[ds]?|made|upload\w*|sent|trigger\w*|caused"
            r"|misus\w+|mistake|error|activat\w+"
            r"|used (?:the|our|an?)|script|ran|submitted|deployed|request pattern|behavio\w+|overload\w*)\b"
            r"|\b(?:a|one|single|another) (?:[a-z-]{2,15} )?(?:client|tenant|user|merchant|partner)(?:'s)? (?:pushed"
            r"|misconfig\w*|broke"
            r"|abused|flooded|upload\w*|trigger\w*|caused|misus\w+|script|overload\w*|request pattern|behavio\w+|job"
            r"|bug)\b"
            r"|\byour (?:own )?(?:users?'?s?|staff|team|network|firewall|configuration|settings?|browser|set-?up"
            r"|traffic|usage|IT"
            r"|systems?)(?: \w+)? (?:caused|triggered|led to|overloaded|brought|(?:is|was|were|are) (?:to blame"
            r"|at fault))\b"
            r"|\b(?:caused by|due to|because of|result of|fault (?:of|lies with)|triggered by|blame|stems? from"
            r"|came from|comes? from|originated (?:with|from|in)) (?:an? |one |the |some |your |their |its "
            r"|misuse by |unusual usage by )?(?:unusual |incorrect |wrong |own |faulty |excessive |heavy "
            r"|misconfigured |outdated )?(?:your"
            r"|customers?'?s?|users?'?|clients?'?|tenants?'?|partners?'?)(?:'s)? ?(?:own |side|configuration"
            r"|firewall|network|settings?|set-?up|browser|misuse|usage|traffic|behavio\w+|mistake|error|devices?"
            r"|use\b|end\b|infrastructure|equipment|software)"
            r"|\b(?:caused by|due to|because of|triggered by) (?:an? |one |a single )?(?:unusual |large |heavy "
            r"|single )?(?:customers?|users?|clients?|tenants?)\b",
            _before(r"(?:\b(?:not|never|nor|neither|nothing)|n't)(?: \w+){0,3} $"),
            _after(r"[^.!?;]{0,40}\b(?:could not|were unable|lost access|told us|reported)\b"),
            _after(
                r" (?:us|(?:a|their|his|her|the) (?:report|complaint|question|call|message|payment|order|booking)s?)\b"
            ),
            _sentence(
                r"\b(?:we (?:are|take|own|accept|should have|did not)|our (?:own )?(?:fault|responsibility|mistake))\b"
            ),
            _before(r"\b(?:asked|because) $"),
        ),
        _case(
            r"\b(?:AWS|Amazon(?: Web Services)?|Azure|Microsoft|Google(?: Cloud)?|GCP|Cloudflare|Fastly|Akamai"
            r"|Oracle|Twilio|Stripe|Level ?3|Lumen|Equinix|Comcast|AT&T|Verizon|Okta|CrowdStrike|OVH|Hetzner"
            r"|DigitalOcean|Dyn)(?:'s)? (?:\w+ ){0,2}?(?:had|suffered|failed|went down|was down|caused"
            r"|outage|let us down|is to blame|was to blame|was at fault|broke)\b|\b(?:caused by|due to|because of"
            r"|blame(?:d)? on|fault of) (?:an? (?:outage|failure|problem|issue|fault) (?:at|in|of|with|on) )?(?:AWS"
            r"|Amazon|Azure|Google(?: Cloud)?|GCP|Cloudflare|Fastly|Akamai|Oracle|Twilio|Stripe|Lumen|Equinix"
            r"|Comcast|AT&T|Verizon|Okta|CrowdStrike|OVH)\b"
            r"|\b(?:outage|failure|problem|issue|fault|error|bug|incident)s? (?:at|in|with|of|on) (?:AWS|Amazon|Azure"
            r"|Google(?: Cloud)?"
            r"|GCP|Cloudflare|Fastly|Akamai|Oracle|Twilio|Stripe|Lumen|Equinix|Comcast|AT&T|Verizon|Okta|CrowdStrike"
            r"|OVH|Hetzner)\b"
            r"|\b(?:bank|carrier|provider|vendor|supplier|partner|telco|utility|manufacturer|customer"
            r"|client)(?:'?s?'?)?(?: \w+)? (?:is|was"
            r"|are|were) (?:to blame|at fault|the culprit)\b",
            *_OWNED,
        ),
    ),
    "W13": (
        _case(
            r"\b(?:tak(?:e|es|ing|en)|took) (?:great |immense |enormous )?pride in\b|\bpride in\b"
            r"|\bprid(?:e|ed|ing) ourselves\b|\b(?:very |extremely |rightly |incredibly )?proud(?:ly)?\b"
            r"|\bworld[- ](?:class"
            r"|leading|beating)\b|\b(?:industry|market|sector|class)[- ]leading\b|\bbest[- ](?:in[- ]class"
            r"|of[- ]breed)\b|\brest assured\b|\bconsistently (?:delivered|delivers?|met|exceed(?:ed|s)?|provided?"
            r"|performed|high)\b|\bnext[- ]gen(?:eration)?\b"
            r"|\bhighly[- ](?:available|resilient|reliable|redundant|scalable|skilled|trained|experienced"
            r"|dedicated)\b|\btireless(?:ly)?\b|\bstate[- ]of[- ]the[- ]art\b|\bcutting[- ]edge\b"
            r"|\baward[- ]winning\b|\bunparalleled\b|\bunrivall?ed\b|\bsecond to none\b|\bgold standard\b"
            r"|\benterprise[- ]grade\b|\b(?:strong|excellent|proven|outstanding|exceptional|long|enviable|good"
            r"|great|solid|stellar|impeccable) track record\b|\btrack record of\b"
            r"|\b(?:outstanding|exceptional|enviable|stellar|impeccable|excellent|unbroken|perfect|spotless) record\b"
            r"|\bhistory of (?:\w+ )?(?:reliab\w+|uptime|availability|excellen\w+|success|stability|trust\w*)\b"
            r"|\b(?:industry|market|world|global) leaders?\b|\bleaders? in (?:our|the|this) (?:field|industry|market"
            r"|sector|business)\b"
            r"|\bknown for (?:its|our|their) (?:\w+ )?(?:reliab\w+|uptime|stability|quality|speed|service)\b"
            r"|\bhold ourselves to (?:a|the) (?:very )?high(?:er|est)? standards?\b|\bteam of experts\b"
            r"|\bthanks to (?:our|the) (?:\w+ (?:and \w+ )?)?(?:(?:hard )?work|efforts?|teams?|engineers|monitoring"
            r"|actions?|staff"
            r"|response|dedication|skill|expertise)\b"
            r"|\b(?:leading|premier|trusted|number[- ]one) provider\b|\btrusted by (?:thousands|millions|over"
            r"|more than|leading)\b|\bstriv(?:e|es|ing) (?:to|for)\b|\baspir(?:e|es|ation) to\b"
            r"|\bpassionate about\b|\bproactive(?:ly)?\b"
            r"|\bgo(?:es|ing)? above and beyond\b"
            r"|\bwent above and beyond\b|\bheroic\w*\b|\bour robust\b|\bour (?:excellent|outstanding|superb"
            r"|exceptional|talented|expert|amazing|fantastic|brilliant|dedicated|skilled|hard-?working"
            r"|highly \w+) (?:\w+ )?(?:team|engineers|record|service|staff"
            r"|people)\b|\bhighest (?:standards?|quality|levels?) of\b",
            _before(r"\b(?:little|no|less) (?:reason|cause|right) to (?:be|feel)(?: \w+)? $"),
            _before(
                r"(?:\b(?:not|cannot|never|nothing|hardly|no longer|no|far from|less than|without|neither|nor|too"
                r"|anything but|more)|n't)(?: (?:a|an|to be|be|very|the|made|have been|been|being|feel|it|anything"
                r"|in any way|particularly|yet|as|so|for)){0,3} $"
            ),
            _after(r" (?:enough|firewalls?|security appliance)"),
            _after(r",? (?:and|but) (?:here |this time )?we (?:did not|didn't|failed|fell)\b"),
            _inside(r"^leaders? in the (?:field|business)$"),
            reword=((r" ?\b(?:Please |You can |You may )?rest assured,?(?: that)? ?", " "),),
        ),
        _case(
            r"\bwork(?:ing|ed) (?:(?:extremely|incredibly|very|so|night and day) )?(?:hard\b|night and day\b"
            r"|day and night\b)",
            _before(r"\b(?:you(?: are| have)?|your(?: \w+){1,2}|not|n't|never) $"),
            _after(r" enough\b"),
        ),
        _case(
            r"\b(?:we|our (?:\w+ ){0,2}?(?:uptime|availability|performance|service|reliability|team|platform|record"
            r"|support|results?|engineers|track record|network))(?: (?:have|has|had|always|consistently|regularly"
            r"|often|even|also|usually)){0,3} exceed(?:ed|s)?\b",
            _after(
                r" (?:\w+ ){0,3}?(?:limits?|capacity|quotas?|thresholds?|maximum|memory|size|rates?|storage|budget"
                r"|allowance|bandwidth|what (?:the|our) (?:servers?|systems?|network|database)|connections?"
                r"|time-?outs?|deadlines?)\b"
            ),
        ),
        _case(
            r"\bexceed(?:ed|s|ing)?\b[^.!?;]{0,30}?\b(?:expectations?|our (?:own )?(?:target|goal|commitment"
            r"|standard|sla)s?|(?:our|the) (?:sla|service level|uptime|availability|reliability)|99(?:\.\d+)? ?(?:%"
            r"|per))|\b(?:uptime|availability|reliability|record)\b[^.!?;]{0,25}\bexceeded\b",
            _before(r"\b(?:not|never|downtime|errors?|delays?|failures?) (?:\w+ )?$"),
        ),
        _case(
            r"\b(?:prior to|before|until|up to) (?:this|these|the|that) (?:incident|outage|event|disruption|failure"
            r"|weekend)s?\b(?=[^.!?]{0,90}\b(?:uptime|available|availability|99|100|perfect|reliable|reliability"
            r"|never|excellent|without (?:a |an )?(?:single|incident|outage|interruption|fail\w*)|record"
            r"|no (?:outages?|incidents?|major|downtime)|smooth|success\w*|exceed\w*|met|delivered|strong|stable"
            r"|best)\b)|\bprior to this incident\b",
            _after(
                r",? (?:we|I|our \w+|nobody|no one) (?:did not|didn't|had no(?! (?:\w+ )?(?:outages?|incidents?"
                r"|downtime|failures?"
                r"|interruptions?))|had not|hadn't|were not|weren't|could not|(?:had )?never (?:tested|checked"
                r"|practi[sc]ed|tried|asked|looked|ran|rehearsed))"
            ),
            _after(
                r",? (?:there was no|no (?:test|check|alarm|alert|review|one|backup|limit)|nobody|the (?:change"
                r"|upgrade|alarm|check|test|limit|backup))"
            ),
            _sentence(
                r"\b(?:we|our \w+|nobody) (?:did not|had no|had not|never tested|were not|was not"
                r"|failed)\b[^.!?]{0,80}\b(?:prior to|before) this"
            ),
        ),
        _case(
            r"\b(?:for (?:over|more than|the (?:past|last)) (?:\w+ )?years?|since (?:19|20)\d\d"
            r"|years? of)\b[^.!?]{0,50}\b(?:reliab\w+|without (?:a |an )?(?:single |major )?(?:outage|incident"
            r"|interruption)|uptime|excellence|experience|track record|trusted)\b",
            _before(r"\bnot\b[^.!?]{0,30}$"),
        ),
    ),
    "W14": (
        _case(
            r"\b(?:suspect|suspicious|malformed|anomalous|unexpected|unforeseen|unusual|abnormal|strange|odd"
            r"|irregular|atypical|unanticipated|unexplained|rogue|erratic|spurious|exceptional"
            r"|undesired) (?:(?!and\b|or\b|to\b)[a-z-]{2,20} )?(?:traffic|activity|activities|problems?|impacts?"
            r"|behaviou?rs?|issues?|faults?|loads?|patterns?|conditions?|events?|interactions?|states?|data|files?"
            r"|requests?"
            r"|circumstances|effects?|errors?|results?|consequences?|complications?|inputs?|situations?|spikes?"
            r"|surges?|side[- ]effects?|log-?ins?|sign-?ins?|connections?|packets?|messages?|queries|calls?|e-?mails?"
            r"|access|usage|volumes?|difficult(?:y|ies)|scenarios?|combination of \w+"
            r"|factors?)\b",
            *_EXPLAINED,
            _after(r" (?:alerts?|warnings?|notices?|reports?|page|filter|detection|button)\b"),
        ),
        _case(
            r"\b(?:technical|internal|unspecified|unidentified|undisclosed|unknown|mysterious) (?:errors?"
            r"|glitch(?:es)?|faults?"
            r"|failures?|reasons?|causes?)\b|\b(?:several|multiple|many|different|external|environmental"
            r"|outside) (?:\w+ )?factors\b"
            r"|\b(?:rare|obscure|unlikely|unusual) (?:edge |corner |set of )?(?:cases?|conditions?|circumstances?"
            r"|situations?"
            r"|scenarios?|combinations?)\b|\b(?:edge|corner)[ -]cases?\b"
            r"|\bsomething (?:went|has gone|had gone) wrong (?:in|with|on|at|inside|within|during)\b",
            *_EXPLAINED,
            _after(r" (?:tests?|lists?|messages?|pages?|codes?|rates?|logs?|reports?)\b"),
            _before(
                r"\b(?:noticed|saw|knew|told|suspected|sign|signs|know|if|when|that|alerts?|alarm|whether)(?: \w+)? $"
            ),
        ),
        _case(
            r"\b(?:underlying|various|certain|network access|subtle|technical|internal|unspecified|unidentified"
            r"|undisclosed|unknown|obscure|hidden|latent|mysterious) (?:(?!and\b|or\b|to\b)[a-z-]{2,20} )?(?:issues?"
            r"|problems?"
            r"|factors?|bugs?|difficult(?:y|ies)|conditions?|anomal(?:y|ies)|complications?|circumstances)\b"
            r"|\b(?:an? |the )?anomal(?:y|ies)\b|\birregularities\b|\bsome (?:issues|problems|difficulties) (?:with|in"
            r"|on) (?:our|the)\b|\b(?:combination|number|series|chain|sequence"
            r"|confluence|variety|host"
            r"|range) of (?:\w+ )?(?:factors|events|issues|problems|circumstances|conditions|causes|reasons)\b"
            r"|\bperfect storm\b|\b(?:for )?(?:various|several|a number of|technical|operational) reasons\b"
            r"|\b(?:unforeseen|exceptional|unavoidable|special) circumstances\b",
            *_EXPLAINED,
            _before(
                r"\b(?:fix(?:ing)? all|contact us (?:with|about)|if you have|questions about|report) (?:any |other )?$"
            ),
        ),
        _case(
            r"\b(?:caused by|due to|because of|resulted from|(?:a |the )?result of|down to|stemmed from|had|have"
            r"|experienc(?:ed|ing)"
            r"|faced|facing|encounter(?:ed|ing)|suffered|suffering|saw|seeing|having|with) (?:an? "
            r"|some |the )?"
            r"(?:networking|network|connectivity|configuration|infrastructure|system|systems|software|hardware"
            r"|operational"
            r"|backend|back-end|database|server|platform|data cent(?:er|re)|related) (?:issues?|problems?"
            r"|difficult(?:y|ies))\b"
            r"|\b(?:an?|some|the) (?:networking|network|connectivity|configuration|infrastructure|system|software"
            r"|hardware|operational"
            r"|backend|back-end|server|platform) (?:issues?|problems?|glitch(?:es)?|difficult(?:y|ies))(?= (?:stopped"
            r"|caused|took|hit|led"
            r"|brought|occurred|arose|meant|prevented|affected|kept|hit|made|was behind|disrupted)\b)",
            *_EXPLAINED,
            _before(r"\b(?:you|your \w+|if you|should you|anyone|customers|users|call us|contact us|help you|help) $"),
        ),
    ),
    "W16": (
        _case(
            r"\b(?:(?:greatly |really |deeply |truly |sincerely |much )?appreciat(?:e|es|ed|ing)|thank(?:s"
            r"| you)(?: (?:all|everyone|very much|so much|again))?(?: in advance)? for|grateful (?:to you )?for"
            r"|thankful for|(?:kindly |please )?ask (?:you )?for|we count on|hope for|trust in|rely on|value|valued"
            r"|(?:kindly |please )?request"
            r"|gratitude for) (?:all )?(?:of )?(?:your|everyone's|our (?:customers|users)'?|the) (?:\w+ (?:and "
            r"|, )?){0,3}?(?:patience|understanding|forbearance|indulgence)\b|\byour (?:continued "
            r"|kind )?(?:patience|understanding|forbearance)(?: and (?:patience|understanding|support))?(?: (?!is\b"
            r"|are\b|has\b)\w+){0,5} (?:is|are"
            r"|was|will be|has been|means?|matters?)\b"
            r"|\byou(?:'ve| have) (?:all )?been (?:\w+ )?(?:patient|understanding)\b"
            r"|\b(?:appreciat\w+|grateful for|thankful for) how (?:\w+ )?(?:patient|understanding)\b"
            r"|\b(?:thank(?:s| you) for|appreciate(?: you| your)?|grateful for|please|kindly"
            r"|thank you all for)(?: \w+)? (?:bear(?:ing)? with us|being (?:so )?(?:patient|understanding)"
            r"|be patient|sticking with us|hang(?:ing)? in there|standing by us|waiting|your continued support)\b"
            r"|\bthank (?:you|all|everyone|our [\w ]{1,30}?)(?: so much| very much)? for (?:your|their|the"
            r"|all your)(?: \w+){0,3} (?:patience|understanding)\b|\bbear with us\b|\bthank (?:you|our (?:customers"
            r"|users)|everyone) for (?:being )?(?:so )?(?:patient|understanding)\b",
            _before(r"(?:\b(?:not|no|never|nor)|n't)(?: \w+){0,3} $"),
            _inside(r"\bunderstanding of\b"),
            _after(r"(?: \w+){0,2} (?:not\b|n't|worn thin|been tested|run out|exhausted|at an end|tested|tried)"),
            reword=((r"^.*$", "We are sorry."),),
        ),
    ),
    "W17": (
        _case(
            r"\b(?:we|I|(?:our|the) (?:[\w-]+ ){0,2}?(?:teams?|engineers|staff|experts|company|management|specialists"
            r"|people"
            r"|developers|colleagues|board))(?:'ll|'re|'m|'ve| will| shall| are| am| is| have| has| intends? to"
            r"| plans? to| aims? to| wants? to| hopes? to| continues? to| also)(?: (?:be|also|now|currently|actively"
            r"|carefully"
            r"|thoroughly|closely|further|already|always|immediately|continue to|continuing to|fully|then|all|both"
            r"|going to"
            r"|determined to|keen to|looking to|hoping to|planning to|aiming to|begun|started|begun to|started to"
            r"|begin|start|begin to"
            r"|start to|\w+ly)){0,3} "
            r"(?:look(?:ing)? (?:further |closely |deeper |again |hard )?(?:into|at|for ways)|investigat\w+ (?:ways"
            r"|how|options|possible|additional|further)|evaluat(?:e|ing)|review(?:ing)?|explor(?:e|ing)|figur(?:e"
            r"|ing) out|working on (?:multiple|several|a number|various|many|ways|further|additional|improv\w+"
            r"|some)|tak(?:e|ing) (?:all |a number of |a series of |a variety of |any |every |some |further "
            r"|additional |the |appropriate |necessary "
            r"|immediate |concrete |proactive |various |several |these |other |corrective |important |more |steps"
            r"|measures|action)[\w ,-]{0,40}?(?:steps|measures|actions?|precautions)|take (?:steps|measures|action)"
            r"|taking (?:steps|measures|action)|invest(?:ing)? (?:more |further |heavily |significantly )?in"
            r"|invest(?:ing)? (?:the |more |further |additional |in |heavily |significant |our |time |all "
            r"|whatever |considerable |substantial |the necessary )[\w ,-]{0,50}(?:time|resources|effort|money"
            r"|infrastructure|reliability|resilience|stability)|consider(?:ing)?|assess(?:ing)?"
            r"|commit(?:ted|ting)? to (?:learning|improving|doing better|reviewing|investigating)"
            r"|strengthen(?:ing)? our (?:commitment|efforts|focus)|learn(?:ing)? (?:from|the lessons|lessons)"
            r"|do(?:ing)? (?:our best|everything|all we can|whatever|better|our utmost|more)|tak(?:e"
            r"|ing) an? (?:\w+,? ){0,2}?look\b"
            r"|(?:conduct|carry|carrying|perform|undertake?|do|doing|run|running|launch|hold"
            r"|commission)(?:ing)?(?: out)? an? (?:\w+,? ){0,3}?(?:reviews?"
            r"|investigations?|audits?|analys[ie]s|assessments?|evaluations?|post-?mortems?|stud(?:y|ies)|inquiry"
            r"|enquiry)"
            r"|see (?:what|how|whether|if) we\b|(?:improv|strengthen|enhanc|optimi[sz]|tighten)(?:e|ing)? (?:our"
            r"|the) (?:\w+ ){0,3}?"
            r"(?:process(?:es)?|procedures?|practices|monitoring|resilience|reliability|systems?|communications?"
            r"|controls|safeguards"
            r"|infrastructure|testing|quality|service|platform|operations|defen[cs]es|oversight|culture)|redoubl\w+"
            r"|examin(?:e"
            r"|ing)|reflect(?:ing)?|think(?:ing)? about|study(?:ing)?|seek(?:ing)? (?:ways|to)"
            r"|try(?:ing)? (?:to )?(?:improve|do better|prevent|avoid|find|reduce)|continu(?:e"
            r"|ing) (?:to )?(?:improv\w+|work\w* (?:hard|on improving|to improve|on our (?:\w+ )?(?:reliability"
            r"|resilience|processes|systems|monitoring|stability))|invest(?:ing)?\b|strive|look for"
            r"|learn\w*"
            r"|enhanc\w+)|striv(?:e|ing)|work(?:ing)? (?:hard|harder|even harder|diligently|tirelessly|to improve"
            r"|to enhance"
            r"|on improving|on enhancing|on ways)|mak(?:e|ing) (?:every effort|improvements|the necessary"
            r"|further improvements|appropriate)|revisit(?:ing)?|rethink(?:ing)?|discuss(?:ing)? (?:ways|how"
            r"|internally)|identify(?:ing)? (?:ways|areas|opportunities|improvements)|improv(?:e"
            r"|ing) (?:continuously|over time|where|wherever|going forward))\b",
            *_BOUND,
        ),
        _case(
            r"\band (?:are|will|we are)(?: (?:also|now|currently))? (?:reviewing|review|evaluating|evaluate"
            r"|exploring|explore"
            r"|looking (?:into|at)|look (?:into|at)|investigating ways|considering|consider|taking steps|take steps"
            r"|working on (?:multiple|several|various|ways|improv\w+))\b",
            *_BOUND,
        ),
        _case(
            r"\b(?:will|shall|'ll|and)(?: (?:also|always|now|continue to))? (?:strive|endeavou?r"
            r"|do our (?:very )?best|do (?:everything|all) (?:we|that we)|look into|learn from)\b",
            *_BOUND,
            _before(r"(?:\b(?:not|never)|n't) $"),
        ),
        _case(
            r"\b(?:efforts?|improvements?|steps|measures|changes|actions?|plans|initiatives|reviews?"
            r"|precautions|lessons)\b(?: (?:to|on|for|that) [^.!?,;]{1,40}?)? (?:is|are|were|was"
            r"|have been|has been|will be)(?: (?:also|now|already|currently|being|well|all|still"
            r"|actively)){0,2} (?:underway|under way|in progress|ongoing|taken|in motion|implemented|put in place"
            r"|considered|explored|evaluated|planned|made|learned|learnt|reviewed|under review|identified"
            r"|carried out)\b"
            r"|\befforts? (?:are )?(?:already )?under ?way\b|\b(?:plans|measures|steps|improvements"
            r"|actions) (?:already )?under ?way\b|\bwork (?:already )?under ?way (?:to|on)\b(?! (?:restor|repair"
            r"|replac|recover|rebuild))"
            r"|\bwork (?:is|has|was) (?:\w+ )?(?:underway|under way|ongoing|in progress|begun|started) (?:to"
            r"|on) (?:improv|prevent|strengthen"
            r"|enhanc|avoid|reduc|ensur|review|harden|mak)\w*|\bwork to (?:improve|prevent|strengthen|enhance|avoid"
            r"|reduce|harden)\b[^.!?;]{0,50}"
            r"\b(?:underway|under way|in progress|has (?:begun|started))\b|\b(?:a|an|our) (?:full |thorough |internal "
            r"|complete |detailed )?(?:review"
            r"|investigation|audit|assessment) (?:is|has been|was) (?:now |already )?(?:underway|under way|in progress"
            r"|started|launched|opened"
            r"|commissioned)\b"
            r"|\b(?:appropriate|necessary|additional|further|all possible|corrective|all necessary|every possible"
            r"|preventive|preventative|proactive) (?:steps?|measures?|actions?|precautions?)\b"
            r"|\blessons (?:have been )?(?:learned|learnt)\b|\bevery effort\b"
            r"|\bgoing forward,? we\b(?=[^.!?]{0,60}\b(?:better|improve|more|strive|continue)\b)|\b(?:is|are"
            r"|will be) (?:being )?(?:looked (?:at|into)|under (?:review|consideration|investigation by our)"
            r"|evaluated|explored|reviewed|examined|considered|assessed)\b",
            _sentence(BY_DATE),
            _after(r"[^.!?]{0,40}: ?\w"),
            _before(
                r"(?:\b(?:no|not|never|without|following|these|two|three|four|five|\d|what|which|whether|the)"
                r"|n't)(?: \w+){0,2} $"
            ),
            _sentence(r"\?[\"')]*$"),
            _before(r"\b(?:we|I) (?:took|have taken|did|completed|carried out|finished|made)(?: \w+){0,2} $"),
            _inside(r"\b(?:no|not|n't)\b"),
            _inside(
                r"^(?:the )?(?:maintenance|changes|work|action) (?:was|were) (?:made|in progress|carried out"
                r"|implemented|ongoing|underway|under way|taken|reviewed)$"
            ),
            _after(r" (?:on|at|between) \d"),
            _before(r"\b(?:while|when) (?:\w+ ){0,3}$"),
            _after(
                r" (?:by (?:our|a|an|two|the) (?:\w+ ){0,3}(?:director|head|engineers?|team|manager|lead|people"
                r"|auditor)|before (?:every|each|any))\b"
            ),
        ),
    ),
    "W18": (
        _exact(
            r"\b(?:[a-z]{2,20}[a-z0-9]{0,20}-){2,6}[a-z0-9]{0,20}\d{1,8}\b",
            _IN_A_PUBLIC_LINK,
            Excuse(
                "inside",
                re.compile(
                    r"^(?:us|eu|ap|ca|sa|me|af|il|mx|cn|uk)(?:-gov|-iso)?-(?:north|south|east|west|central"
                    r"|northeast|southeast|southwest|northwest)-?\d$|^(?:state|peer|end|point|day|year|mid|top|pre"
                    r"|post|non|round|one|two|up)-|-(?:19|20)\d\d$"
                ),
            ),
        ),
        _exact(
            r"\b(?:db|sql|web|app|edge|node|srv|server|host|cache|lb|proxy|kafka|redis|pg|postgres|mysql|mongo|api|vm"
            r"|gw|fw|rtr|sw|switch|router|core|rack|k8s|pod|shard|prod|stg|staging|auth|mail|smtp|dns|ns|vpn|queue"
            r"|worker|backend|frontend|storage|cluster|bastion|jump|ldap|ad|dc)-?(?:[a-z]{1,6}-?)?\d{1,4}\b",
            Excuse(
                "inside",
                re.compile(
                    r"^(?:ad|app|core|api|pod|queue|rack|web|node|server|host|switch|edge|core|storage|cluster"
                    r"|worker|mail|dc)\d?$|^(?:web|api|app)\d$"
                ),
            ),
        ),
        _exact(
            r"\b[a-z0-9][a-z0-9-]{0,40}(?:\.[a-z0-9-]{1,40}){0,5}\.(?:internal|local|corp|lan|intranet|localdomain"
            r"|svc)\b|\.(?:internal|local|corp)\b|\blocalhost\b"
        ),
        Case(
            re.compile(
                r"(?<![\w.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:/\d{1,2})?(?![\w]|\.\d)"
            ),
            (_before(r"\b(?:version|release|build|firmware|v|ver\.?|update|upgrade to|software|app) ?$"),),
        ),
        Case(
            re.compile(
                r"(?<![\w:.])(?:[0-9a-fA-F]{1,4}:){3,7}[0-9a-fA-F]{1,4}(?![\w:])"
                r"|(?<![\w:])(?:[0-9a-fA-F]{1,4}:){1,6}(?::[0-9a-fA-F]{1,4}){1,6}(?![\w:])"
                r"|\b(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\b"
            )
        ),
        Case(
            re.compile(
                r"\b(?!(?:UTC|GMT|GSM|ISO|SHA|HTTP|HTTPS|RFC|CVE|CWE|UTF|AES|RSA|TLS|SSL|COVID|IEC|FIPS|NIST|SOC"
                r"|IEEE|EN|BS|DIN|MP|IPV|JPEG|MPEG|PCI|EU|ANSI|ECMA|ASCII|WPA|EC|ED|MD|CRC|BASE|FY|Q|GDPR|USB|PM|AM"
                r"|SARS|ISBN|ISSN|WCAG|RTX|GTX|GPT|DC|MIL|STD|ITU|ASTM|STANAG|VDE|EAL|DDR|PCIE|RS|DVD|ADSL|VDSL|UHF"
                r"|VHF|CSS|HTML|XML|SQL|ARM"
                r"|ERR|ERROR|VAX|PDP|SKU|SAE|FAA|EASA|ATX|OWASP|LTO|JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC"
                r"|EST|EDT|CST|CDT|PST|PDT|MST|MDT|CET|CEST"
                r"|BST|IST|PS|ICAO|NA|EMEA|APAC|US|UK|DE|FR|WIN|OS|DB|LTE)-)[A-Z]{2,10}-\d{2,8}\b"
            ),
            (
                _before(
                    r"\b(?:your (?:support |customer |own )?(?:case|ticket|reference|request|order|claim)(?: number"
                    r"| no\.?| is)?|(?:quote|mention|quoting)(?: the)?(?: case| reference)?(?: number)?"
                    r"|case reference|reference(?: number)?)[: ]{1,2}$"
                ),
                _before(
                    r"\b(?:error(?: code)?|code|model|standard|form|product|flight|route|room|gate|type|part|vehicle"
                    r"|invoice|booking"
                    r"|purchase order|order|tracking number|grade|article|section|chapter|category) $"
                ),
                _after(
                    r"(?:'s)? (?:apps?|models?|printers?|devices?|phones?|aircraft|series|standards?|forms?|cards?"
                    r"|engines?|planes?"
                    r"|trains?|chips?|routers?|products?|tapes?|encoding|encoded|vaccines?|pandemic|cipher|certifi\w+"
                    r"|compliant"
                    r"|compliance|format|cameras?|scanners?|shop|shops|store|range|edition|features?|error|errors"
                    r"|status|response)\b"
                ),
                _IN_A_PUBLIC_LINK,
            ),
        ),
        Case(
            re.compile(
                r"\b(?:INC|inc|Inc)-?\d{1,8}\b|\b(?:CHG|RITM|REQ|SCTASK|PRB|CHANGE)\d{5,10}\b|\bINC ?#?\d{3,8}\b"
                r"|\b(?:[Tt]icket|JIRA|Jira|[Bb]ug|PR"
                r"|[Pp]ull request|[Ii]ssue|[Mm]erge request)s? (?:[Nn]o\.? |[Nn]umber )?#?\d{2,8}\b"
            ),
            (_before(r"\byour (?:\w+ )?$"), _IN_A_PUBLIC_LINK),
        ),
        Case(
            re.compile(r"(?<![\w/&#])#[a-zA-Z0-9_-]{3,80}"),
            (
                _before(r"\b(?:order|invoice|case|reference|account|customer|twitter|x|hashtag|mastodon) $"),
                Excuse("inside", re.compile(r"^#(?:\d{1,2}|Status|[A-Z][a-z]+Status)$")),
            ),
        ),
        _exact(r"<[@#!][^>\n]{1,120}>|</?at>"),
        Case(
            re.compile(r"(?<![\w.@/])@[A-Za-z][\w.-]{1,40}"),
            (
                _before(
                    r"(?i)\b(?:follow|twitter|on x|tweets?|mastodon|bluesky|handle"
                    r"|at) (?:us (?:on (?:\w+ )?)?(?:at )?)?$"
                ),
                Excuse("before", re.compile(r"(?i)\b(?:twitter|bluesky|mastodon)\b.{0,20}$")),
            ),
        ),
        Case(
            re.compile(
                r"\b[Ss][Ee][Vv](?:erity)?[- ]?[0-5]\b|\b[Ss]everity(?: level)?[- ](?:one|two|three|four|[0-5])\b"
                r"|\bP[0-4]\b(?= (?:incident|issue|outage|alert|ticket|event|bug|page))|\b(?:a|an|as|the"
                r"|to) P[0-4]\b|\bpriority[- ][01]\b"
            )
        ),
        Case(
            re.compile(
                r"\bTraceback\b|\b\w{2,40}(?:Exception|Error)\b(?=[:(]| (?:in|at) \w)|\b(?:java|org|com"
                r"|io)\.[a-z]\w{1,30}(?:\.\w{1,40}){1,8}|\bat \w[\w.$]{2,80}\([\w.]{1,60}:\d{1,6}\)"
                r"|\bFile \"[^\"\n]{1,200}\", line \d|\bpanic: |\bkernel panic\b|\bsegfault\b|\bcore dump(?:ed)?\b"
                r"|\b0x[0-9a-fA-F]{5,16}\b"
                r"|(?<![\w.])/(?:var|etc|usr|opt|home|tmp|srv|mnt|proc)/[\w./-]{1,120}|\b[A-Z]:\\[\w\\.-]{1,120}"
                r"|\b[0-9a-f]{40}\b|\bcommit [0-9a-f]{7,40}\b|\bexit code \d{1,3}\b|\berrno \d{1,3}\b"
                r"|\bstack ?trace\b|\bOOM(?:[- ]?[Kk]ill\w{0,4}|Killed)\b"
            )
        ),
    ),
    "W19": (
        Case(re.compile(r"\[(?:insert|date|time|name)[^\]\n]{0,80}\](?!\()", re.IGNORECASE)),
        Case(
            re.compile(
                r"\{\{[^\n]{0,200}?\}\}|\{%[^\n]{0,200}?%\}|\$\{[^}\n]{1,80}\}|(?<![\w$/])\{[A-Za-z][\w .-]{0,40}\}"
                r"|%\([a-z_]{1,40}\)[sd]|(?<![\w%])%[sd]\b|<%[^\n]{0,200}?%>"
            )
        ),
        Case(
            re.compile(
                r"\bT\.?B\.?[DCA]\b\.?|\b[Tt]b[dca]\b|\bTODO\b|\bFIXME\b|\bTK\b(?= |TK)|\bTKTK\b|\?\?\?+"
                r"|(?<![\w?])\?\?+"
            )
        ),
        Case(
            re.compile(
                r"(?<![\w%])%{1,2}[A-Za-z][A-Za-z_]{2,30}%{1,2}(?![\w%])|(?<![\w$])\$(?!(?:USD|CAD|AUD|NZD|HKD"
                r"|SGD)\b)[A-Z][A-Z_]{2,30}\b"
                r"|(?<![\w#])#[A-Z][A-Z_]{2,30}#|\|[A-Z][A-Z_]{2,30}(?::[^|\n]{0,30})?\||(?<![\w{])\{\d\}|_{2,}:_{2,}"
            )
        ),
        _case(
            r"(?:\b(?:is|are|still)|[:=]) to be (?:determined|confirmed|advised|announced)\b(?! (?:by|before|in) )",
            _sentence(BY_DATE),
            Excuse("next", _re(rf"\b(?:report|tell|write|say|publish|know|confirm)\w*\b[^.!?]{{0,60}}{BY_DATE}")),
        ),
        Case(
            re.compile(
                r"\b(?:XX+|xx+)\b(?!-?[Ll]arge| rated)|\b[XY]{2,4}(?:[:./-][XY]{2,4}){1,2}\b|\b(?:HH|hh):(?:MM|mm)\b"
                r"|\b(?:DD|MM|YYYY|dd|mm|yyyy)[-/.](?:DD|MM|YYYY|dd|mm)(?:[-/.](?:DD|YYYY|YY|dd|yyyy|yy))?\b|_{3,}"
                r"|\b[Xx]{1,2} (?:hours|minutes|customers|%|per cent|users)\b|\b[NX] (?:hours|minutes|customers"
                r"|users)\b"
            )
        ),
        Case(
            re.compile(
                r"\[(?:(?:please )?(?:insert|add|enter|fill|put|provide|choose|select|describe|replace|state|your"
                r"|our|to be|xx|tb[dca]|n/?a\?)\b[^\]\n]{0,80}"
                r"|(?:(?:the|a|start|end|first|last|full|next|company|customer|client|service|product|team|incident"
                r"|contact|person|affected|sender|support|report|event|root|job|due|order|other)[ _-]?){0,3}"
                r"(?:date|time|name|hours?|minutes?|number|link|url|cause|duration|region|customer|company|client"
                r"|service|product|title|signature|signatory|email|e-mail|phone|contact|placeholder|details?|amount"
                r"|owner|impact|description|reason|city|country|person|role|n|x|time ?zone|zone|percentage"
                r"|count)s?(?:(?: |_|/|-)[^\]\n]{0,60})?)\](?!\()",
                re.IGNORECASE,
            )
        ),
        Case(
            re.compile(
                r"<(?:insert|add|enter|your|name|date|time|customer|company|service|region|contact|link|url|cause"
                r"|placeholder|number|title|n|x|duration|e-?mail)\b[^>\n]{0,60}>",
                re.IGNORECASE,
            )
        ),
        _case(
            r"\blorem(?: ipsum)?\b|\bplaceholder\b(?= text|\.| here|:)|\bdummy text\b|\b(?:to be"
            r"|will be) (?:filled in|added here|inserted)\b|\((?:to be (?:confirmed|added|completed|decided"
            r"|determined)|date|name|time|fill in|tbc)\)"
        ),
        _exact(
            r"\[[A-Z][A-Z _/-]{3,40}\](?!\()",
            Excuse(
                "inside",
                re.compile(
                    r"^\[(?:UTC|RESOLVED|UPDATED?|EDIT(?:ED)?|CLOSED|INFO|MONITORING|INVESTIGATING|IDENTIFIED"
                    r"|CORRECTED|CORRECTION|EXERCISE|DRILL|INTERNAL|EXTERNAL|PUBLIC|NEW|FINAL|SCHEDULED|MAINTENANCE"
                    r"|CEST|AEST|AEDT)\]$"
                ),
            ),
        ),
    ),
    "W20": (
        _case(
            r"\bnegligen(?:t|ce|tly)\b|\bliab(?:le|ilit(?:y|ies))\b|\bbreach(?:es|ed|ing)?\b|\bwarrant(?:y|ies|ed"
            r"|s)?\b|\bguarant(?:ee[sd]?|eeing|or|y)\b|\bviolat(?:e|es|ed|ing|ions?)\b|\blaw ?suits?\b"
            r"|\blitigat\w{1,6}|\bindemni\w{1,8}|\blegal (?:action|proceedings|claim|liability|obligation"
            r"|responsibility)s?\b|\b(?:to|be|being|may|could|will|been|was|were) sued?\b"
            r"|\bcontractual (?:obligation|penalt)\w{0,4}|\bgross(?:ly)? (?:negligen|misconduct)\w{0,3}"
            r"|\bunlawful(?:ly)?\b|\bculpab\w{2,6}",
            _before(
                r"\b(?:integrity|constraint|key|access|segmentation|memory|type|layering)s? (?:(?:is|was|are|were|has"
                r"|have|been) ){0,2}$"
            ),
            _after(r" (?:a|the|an)? ?(?:constraint|foreign key|integrity)"),
            _after(r" canar(?:y|ies)\b"),
        ),
        _case(
            r"\badmit(?:s|ted|ting|tance)?\b|\badmission of\b",
            _after(
                r" (?:\w+ ){0,2}?(?:no one|nobody|only|users|everyone|visitors|requests|them|people|patients?|guests?"
                r"|students?"
                r"|passengers?|members?|callers?|traffic|connections)\b"
            ),
            _after(
                r" (?:\w+ ){0,2}(?:to|into|by|through) (?:the |our |an? )?(?:queue|pool|cluster|hospital|network"
                r"|system|service|load|gateway|session|waiting)"
            ),
            _before(
                r"\b(?:requests?|connections?|traffic|sessions?|jobs?|users?|patients?|limits?|controller"
                r"|messages?|visitors?|guests?|students?|people)(?: (?:are|were|was|is|that|be|only|being|it|could|can"
                r"|to|cannot|not"
                r"|been|had|have|has|who)){0,6} $"
            ),
        ),
        _case(
            r"\bdamages\b",
            _before(
                r"\b(?:this|that|it|which|outage|incident|failure|silence|each|also|never|only|delay|what|only"
                r"|failing|fault|heat|water|repeat|happening|happens|and|loss) $"
            ),
            _after(r" (?:your|the|our|their|its|a|an|trust|confidence|that|you|files|disks?|hardware|data)\b"),
        ),
    ),
    "W21": (
        _case(
            r"\b(?:will|should|shall|expected to|expect(?:s|ing)? (?:\w+ ){0,4}to|ought to|confident (?:\w+ ){1,4}will"
            r"|anticipated? (?:\w+ ){0,4}to"
            r"|aim(?:s|ing)? to|hope(?:s|d)? (?:\w+ ){0,3}to|plan(?:s|ning)? to|going to|'ll|estimated to|likely to"
            r"|due to)\b[^.!?;]{0,40}?\b(?:restor(?:e|ed)|resol(?:ve|ved)|fix(?:ed)?|back|repair(?:ed)?"
            r"|recover(?:ed)?|running|working|available|operational|over|normal|online|complet(?:e|ed)|mitigat(?:e"
            r"|ed)|solved?|up|done|finished|end|clear(?:ed)?|able to [\w-]+)\b[^.!?;]{0,30}?\b(?:in|within|by|at"
            r"|before|around|no later than|until|on"
            r"|from)\b (?:about |around |approximately |roughly |the next |at most |less than |under |the end of "
            r"|end of |later |next |early |late |mid-?|the |another |a |an )*"
            r"(?:\d+|no time|short order|due course|(?:a|the) moment|the course|then\b|an? (?:few |couple )|half"
            r"|one|two|three|four|five|six|ten|twelve|fifteen|twenty|thirty|forty"
            r"|sixty|ninety|hours?\b|minutes?\b|noon|midnight|midday|tomorrow|tonight|today|morning\b|afternoon"
            r"|evening|day\b|week\b|weekend|hour\b|(?:mon|tues|wednes|thurs|fri|satur|sun)day|jan|feb|mar(?:ch)?\b"
            r"|apr|may \d|jun|jul|aug|sep|oct|nov|dec|couple|few|business|close of|eod|cob)",
            *_NO_PROMISE,
            _inside(
                r"\b(?:by|in|within|at) (?:one|two|three|\d+) (?:of|customers|users|regions|engineers|teams|people"
                r"|steps|data cent)"
            ),
        ),
        _case(
            r"\b(?:repairs?|fix|recovery|restor\w+|work|it|this|rollback|roll-back|fail-?over|resolution|service"
            r"|rebuild)\b"
            r"(?: (?!you\b)\w+){0,3}? (?:will|should|shall|is (?:expected|likely) to)(?: now)? take (?:us )?(?:about "
            r"|around |roughly "
            r"|approximately |another |at most |up to |until |less than |under |the |a |an )*(?:\d|one|two|three|four"
            r"|five|six|ten|twelve"
            r"|fifteen|twenty|thirty|forty|sixty|ninety|half|few|couple|hours?\b|minutes?\b|noon|midnight|rest of)"
            r"|\bexpect (?:\w+ ){1,4}?(?:back|restored|fixed|resolved|up|online|available|normal)(?: \w+)? (?:in"
            r"|within|by|at|from)"
            r" (?:about |around )?(?:\d|an?\b|one|two|half|noon|midnight|the hour|tonight|tomorrow)"
            r"|\b(?:will|should|'ll) be (?:\w+ ){0,2}?(?:back|restored|fixed|resolved|repaired|working|running|online"
            r"|available|up|over)"
            r"(?: again)? (?:tomorrow|tonight|today|soon|shortly|this (?:morning|afternoon|evening|week))\b"
            r"|\bETA\b(?: \w+){0,4}?:? ?(?:\d|an?\b|one|two|half|noon|midnight|within|by|in)"
            r"|\bestimated (?:time (?:of|to|for) )?(?:resolution|recovery|restoration|repair|fix"
            r"|completion)(?: time)?\b[^.!?;]{0,25}(?:\d|an?\b|one|two|three|half|noon|midnight|hour|tonight"
            r"|tomorrow|today)|\b(?:full |complete )?(?:recovery|restoration|resolution|repair|a fix|the fix"
            r"|normal service|service)(?: \w+){0,3} (?:is |are )?(?:expected|anticipated|estimated|due|scheduled"
            r"|planned|promised) (?:in|within|by|at|before|around|for|on|no later than|to (?:\w+ ){1,4}(?:in|within"
            r"|by|at|before))[^.!?;]{0,20}(?:\d|an?\b|one|two|three|half|noon|midnight|hour|tonight|tomorrow|today"
            r"|day|week|end of)"
            r"|\b(?:we|I)(?: now| currently)? (?:expect|anticipate|estimate|promise"
            r"|forecast)\b(?: \w+){0,3} (?:recovery|restoration|resolution|fix|repair|service|this|it|everything"
            r"|things|normal|full)\b[^.!?;]{0,30}\b(?:in|within|by|at|before|around|no later than)\b (?:about "
            r"|around |the next |the end of )?(?:\d|an?\b|one|two|three|half|noon|midnight|hour|tonight|tomorrow"
            r"|today|the hour|day|week|(?:mon|tues|wednes|thurs|fri|satur|sun)day)"
            r"|\b(?:we|I) will (?:have|get) (?:\w+ ){1,5}(?:back|fixed|resolved|restored|running|working|repaired"
            r"|online|available)\b[^.!?;]{0,20}\b(?:in|within|by|at|before)\b (?:about |the next "
            r"|the end of )?(?:\d|an?\b|one|two|three|half|noon|midnight|the hour|hour|tonight|tomorrow|today|day"
            r"|week)"
            r"|\bback (?:up|online|to normal|in service)\b[^.!?;]{0,15}\b(?:in|within|by)\b (?:about |the next "
            r"|the end of )?(?:\d|an?\b|one|two|half|noon|midnight|tonight|tomorrow)",
            *_NO_PROMISE,
            _sentence(r"\b(?:was|were|came|went|is now|are now|has been|have been) (?:\w+ )?(?:back|restored)\b"),
        ),
    ),
}
