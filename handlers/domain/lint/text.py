"""Reading a text as the rules read it, with a way back to the writer's own code points.

Before matching, curly quotes become straight, every dash a plain hyphen, doubled spaces and hard-wrapped lines one
space; invisible characters and Markdown's stars go. `Reading.span` turns a place in the normalised text back into code
points of the original, so that a finding marks what the writer sees.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any, Final

import pyphen

MAX_MARKED_QUOTE: Final = 400
"""A pair of quotation marks further apart than this many characters is a slip, not a quotation."""

SHORT_LINE: Final = 48
"""A line shorter than this, followed by a line with a capital, ends by intent and not by wrapping."""

_SINGLE: Final = dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u00b4\u02bc\uff07\u0060", "'")
_DOUBLE: Final = dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb\uff02", '"')
_HYPHEN: Final = dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d", "-")
_PLAIN: Final = _SINGLE | _DOUBLE | _HYPHEN
_DROPPED: Final = frozenset("\u00ad\u200b\u200c\u200d\u2060\ufeff\u200e\u200f\ufe0e\ufe0f*")

_LIST_ITEM: Final = re.compile(r"[ \t]{0,12}(?:[-•·‣▪+]|\d{1,2}[.)])[ \t]")
_HEADING: Final = re.compile(r"[ \t]{0,3}#{1,6}[ \t]")
_URL: Final = re.compile(
    r"\bhttps?://[^\s<>\"]{1,2000}|\bwww\.[^\s<>\"]{1,2000}|[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}"
)
_SENTENCE_END: Final = re.compile(r"[.!?]{1,8}[\"')\]]{0,4}(?=[ \n]|$)|\n{1,4}")
_WORD: Final = re.compile(r"[^\W_]+(?:['.,:/@-][^\W_]+)*")
_ABBREVIATION: Final = re.compile(
    r"(?:\b(?:e\.g|i\.e|etc|vs|cf|approx|no|nos|st|mr|mrs|ms|mx|dr|prof|inc|ltd|co|corp|dept|est|fig|jan|feb|mar"
    r"|apr|jun|jul|aug|sept?"
    r"|oct|nov|dec|mon|tues?|wed|thu|thurs|fri|sat|sun|u\.s|u\.k|u\.s\.a|a\.m|p\.m|jr|sr)|\b[A-Z])\.$",
    re.IGNORECASE,
)
_ALWAYS_INSIDE: Final = re.compile(r"(?:e\.g|i\.e|vs|cf|approx|mr|mrs|ms|dr|prof)\.$", re.IGNORECASE)
_VOWELS: Final = re.compile(r"[aeiouy]", re.IGNORECASE)
_MENTIONED: Final = re.compile(
    r"\b(?:sa(?:y|ys|id|ying)|wrote|writ(?:e|es|ten|ing)|told|tell(?:s|ing)?|call(?:s|ed|ing)?|promised|claim(?:s"
    r"|ed)|announced"
    r"|described|words?|phrases?|terms?|titled|headed|headline|messages?|reads?|reading|show(?:s|ed|n|ing)?|posted"
    r"|answered|asked"
    r"|statement|sentences?|lines?|named|heard|replied|quote[ds]?|banner|wording|display(?:s|ed|ing)|using|used"
    r"|avoid|than)\b",
    re.IGNORECASE,
)
_MENTION_AFTER: Final = re.compile(
    r"^[,.]?[\"']?,? (?:(?:is|was|are|were) (?:not|no|wrong|untrue|false|misleading|too|our|the words?|what)"
    r"|we (?:wrote|said|told|posted)|does not|did not)",
    re.IGNORECASE,
)
_STOPWORDS: Final = frozenset(
    "the a an of to in on for and or but is are was were be been we you our your it this that with at by from as "  # noqa: SIM905 - a list of words reads best as words
    "not have has had will"
    " i my they their there which who what when can could did do does no us if so more than".split()
)
_ENGLISH_FROM: Final = 0.1


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence's place in the normalised text."""

    start: int
    end: int
    text: str

    @property
    def words(self) -> int:
        """How many words it has; a number, a time or an address is one word."""
        return sum(1 for _ in _WORD.finditer(self.text))


@dataclass(frozen=True)
class Reading:
    """A text made ready for the rules: normalised, split, and mapped back to the original's code points."""

    original: str
    text: str
    starts: tuple[int, ...] = field(repr=False)
    ends: tuple[int, ...] = field(repr=False)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The original's code points for a place in the normalised text; an empty place stays empty."""
        if not self.starts:
            return 0, 0
        if end <= start:
            at = self.starts[start] if start < len(self.starts) else len(self.original)
            return at, at
        return self.starts[start], self.ends[end - 1]

    @cached_property
    def masked(self) -> str:
        """The normalised text with every address of a page or mailbox blanked out, so that no rule reads inside one."""
        return _URL.sub(lambda match: "_" * len(match.group()), self.text)

    @cached_property
    def sentences(self) -> tuple[Sentence, ...]:
        """The sentences, list items and headings in order."""
        return tuple(_sentences(self.text))

    @cached_property
    def paragraphs(self) -> tuple[Sentence, ...]:
        """The paragraphs, parted by blank lines, list items and headings."""
        return tuple(Sentence(match.start(), match.end(), match.group()) for match in re.finditer(r"[^\n]+", self.text))

    @cached_property
    def mentioned(self) -> tuple[tuple[int, int], ...]:
        """Places of words that are quoted or talked about, not said: after "we wrote", before "was wrong"."""
        return tuple(sorted(_mentioned(self.text)))

    def is_mentioned(self, start: int, end: int) -> bool:
        """Whether this place lies inside words that are only quoted."""
        at = bisect_right(self.mentioned, (start, len(self.text) + 1)) - 1
        return at >= 0 and end <= self.mentioned[at][1]

    def sentence_at(self, place: int) -> Sentence:
        """The sentence that holds this place of the normalised text."""
        low, high = 0, len(self.sentences) - 1
        while low < high:
            middle = (low + high + 1) // 2
            if self.sentences[middle].start <= place:
                low = middle
            else:
                high = middle - 1
        return self.sentences[low] if self.sentences else Sentence(0, len(self.text), self.text)


def read(original: str) -> Reading:
    """Normalise a text and remember where each character came from. Linear in the text's length."""
    pieces: list[str] = []
    starts: list[int] = []
    ends: list[int] = []

    def put(words: str, start: int, end: int) -> None:
        for character in words:
            if character == " ":
                if not pieces or pieces[-1] in " \n":
                    continue
            elif character == "\n":
                while pieces and pieces[-1] == " ":
                    pieces.pop(), starts.pop(), ends.pop()
                if not pieces or pieces[-1] == "\n":
                    continue
            pieces.append(character)
            starts.append(start)
            ends.append(end)

    place = 0
    lines = original.splitlines(keepends=True)
    for line, following in zip(lines, [*lines[1:], ""], strict=False):
        body = line.rstrip("\r\n\v\f\x1c\x1d\x1e\x85\u2028\u2029")
        skip = _HEADING.match(body)
        for index, character in enumerate(body):
            if (skip and index < skip.end()) or character in _DROPPED:
                continue
            at = place + index
            put(_plain(character), at, at + 1)
        if len(body) < len(line):
            put("\n" if _is_break(body, following) else " ", place + len(body), place + len(line))
        place += len(line)
    while pieces and pieces[-1] in " \n":
        pieces.pop(), starts.pop(), ends.pop()
    return Reading(original, "".join(pieces), tuple(starts), tuple(ends))


def _plain(character: str) -> str:
    if character.isascii():
        return " " if character in "\t\x00" else character
    known = _PLAIN.get(character)
    if known is not None:
        return known
    if character.isspace():
        return " "
    folded = unicodedata.normalize("NFKC", character)
    return folded if len(folded) <= 4 and not folded.isspace() else character


def _is_break(line: str, following: str) -> bool:
    """Whether a line's end parts two paragraphs or only wraps one."""
    if not line.strip() or not following.strip():
        return True
    if _LIST_ITEM.match(following) or _HEADING.match(following) or _HEADING.match(line):
        return True
    return len(line) < SHORT_LINE and (line.rstrip()[-1] in ".!?:," or following.lstrip()[:1].isupper())


def _sentences(text: str) -> Iterator[Sentence]:
    start = 0
    for match in _SENTENCE_END.finditer(text):
        if not match.group().startswith("\n") and _goes_on(text, match.start(), match.end()):
            continue
        end = match.start() if match.group().startswith("\n") else match.end()
        yield from _trimmed(text, start, end)
        start = match.end()
    yield from _trimmed(text, start, len(text))


def _trimmed(text: str, start: int, end: int) -> Iterator[Sentence]:
    body = text[start:end]
    left = len(body) - len(body.lstrip())
    body = body.strip()
    if any(character.isalnum() for character in body):
        yield Sentence(start + left, start + left + len(body), body)


def _goes_on(text: str, at: int, end: int) -> bool:
    """Whether a full stop ends an abbreviation and not the sentence."""
    if text[at : at + 2] != ". " and text[at:end] != ".":
        # "..." in mid-sentence goes on in lower case
        return text[at:end].startswith("...") and text[end + 1 : end + 2].islower()
    head = text[max(0, at - 12) : at + 1]
    if _ALWAYS_INSIDE.search(head):
        return True
    following = text[end + 1 : end + 24]
    if following[:1].islower():
        return True
    if not _ABBREVIATION.search(head):
        return False
    if re.search(r"(?i)[ap]\.m\.$", head):
        return bool(
            re.match(
                r"(?:UTC|GMT|[A-Z]{2,5}\b|\(|\d|(?:Pacific|Eastern|Central|Mountain|Atlantic|British|Irish|India"
                r"|Japan|Greenwich|Coordinated)\b"
                r"|(?:[A-Z][a-z]+ ){1,3}[Tt]ime\b)",
                following,
            )
        )
    if re.search(r"(?i)\b(?:etc|inc|ltd|co|corp|u\.s|u\.k|est|jr|sr)\.$", head):
        return False
    if re.search(r"\bI\.$", head) or re.search(r"(?i)\b(?:no|sat|sun|mon|fri|wed|mar)\.$", head):
        return following[:1].isdigit()
    return True


def _mentioned(text: str) -> Iterator[tuple[int, int]]:
    marks = [match.start() for match in re.finditer(r'"', text)]
    pairs: list[tuple[int, int]] = []
    index = 0
    while index + 1 < len(marks):
        left, right = marks[index], marks[index + 1]
        if right - left > MAX_MARKED_QUOTE or "\n" in text[left:right]:
            index += 1
            continue
        pairs.append((left, right + 1))
        index += 2
    pairs += [match.span() for match in re.finditer(r"(?<![\w'])'[^'\n]{2,120}'(?!\w)", text)]
    for left, right in pairs:
        before = re.split(r"[.!?\n]", text[max(0, left - 80) : left])[-1]
        if _MENTIONED.search(before) or _MENTION_AFTER.search(text[right : right + 40]):
            yield left, right


@lru_cache(maxsize=1)
def _hyphenation() -> Any:
    return pyphen.Pyphen(lang="en_US")


@lru_cache(maxsize=20_000)
def syllables(word: str) -> int:
    """How many syllables an English word has, by pyphen's patterns; a number or a word without vowels counts as one."""
    if not word.isalpha() or not _VOWELS.search(word) or len(word) > 60:
        return 1
    parts = str(_hyphenation().inserted(word.lower(), hyphen=" ")).split(" ")
    return max(1, len(parts))


def is_english(reading: Reading) -> bool:
    """Whether the text has enough of English's little words for an English measure to mean anything."""
    words = [match.group().lower() for match in _WORD.finditer(reading.text)]
    if not words:
        return False
    return sum(word in _STOPWORDS for word in words) / len(words) >= _ENGLISH_FROM


def flesch_kincaid(reading: Reading) -> float:
    """Flesch-Kincaid grade: 0.39 times words per sentence plus 11.8 times syllables per word minus 15.59.

    Kincaid and others, Derivation of new readability formulas for Navy enlisted personnel, 1975:
    https://stars.library.ucf.edu/istlibrary/56/ . English only; an empty text has grade 0.
    """
    return grade_of([sentence.text for sentence in reading.sentences])


def grade_of(sentences: list[str]) -> float:
    """The Flesch-Kincaid grade of these sentences together."""
    words = [part for text in sentences for match in _WORD.finditer(text) for part in match.group().split("-") if part]
    if not words:
        return 0.0
    return 0.39 * len(words) / len(sentences) + 11.8 * sum(map(syllables, words)) / len(words) - 15.59


def window(text: str, start: int, end: int, *, before: int = 120, after: int = 120) -> tuple[str, str]:
    """What stands right before and right after a place, bounded so that no rule reads a whole page."""
    return text[max(0, start - before) : start], text[end : end + after]
