"""Walking along a line: numbers, reasons after `because`, and options at its end."""

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, NoReturn

from handlers.domain.when import Unreadable, looks_like_date, parse_due, parse_duration, parse_moment
from handlers.grammar.lines import usage
from handlers.grammar.outcome import Ambiguous, Gap, Misread, Reading, Stop
from handlers.grammar.words import Token, bare_number, lettered, nearest, shown, sure_number, unquote, words_of

LONGEST_TAIL = 48
"""Words; the options of one line never have more."""

Candidates = Iterable[tuple[int, Any]]
Option = Callable[["Cursor", int], Candidates]
"""Reads an option at a token's index: the ends it may have (longest last is not required) with the value each gives."""


class Cursor:
    """A line being read: `text` normalised, its `tokens`, and how far reading has come (`at`).

    `head` is the canonical spelling of what was read as the verb; `verb` the entry of the usage table it belongs to.
    """

    def __init__(self, text: str, words: tuple[Token, ...], at: int, head: str, verb: str, reading: Reading) -> None:
        self.text = text
        self.tokens = words
        self.at = at
        self.body = at
        self.head = head
        self.verb = verb
        self.reading = reading
        self.before: Cursor | None = None
        """For `task 7 add`: what stands between the first word of the verb and the second."""

    # --- looking -----------------------------------------------------------------------------------------------------
    @property
    def done(self) -> bool:
        """Nothing is left."""
        return self.at >= len(self.tokens)

    def peek(self, ahead: int = 0) -> Token | None:
        """The next token, or the one after it, if there is one."""
        index = self.at + ahead
        return self.tokens[index] if index < len(self.tokens) else None

    def word(self, ahead: int = 0) -> str:
        """The next token as an option word, empty at the end."""
        token = self.peek(ahead)
        return token.word if token else ""

    @property
    def at_dash(self) -> bool:
        """Whether a dash stands here."""
        token = self.peek()
        return token is not None and token.is_dash

    def slice(self, first: int, last: int) -> str:
        """The text from token `first` up to, not with, token `last`, as it was typed."""
        return self.text[self.tokens[first].start : self.tokens[last - 1].end] if first < last else ""

    def free(self, first: int, last: int | None = None) -> str:
        """Free text between two tokens; quotes around the whole are taken off."""
        return unquote(self.slice(first, len(self.tokens) if last is None else last))

    @property
    def says(self) -> str:
        """The line as far as it is known, in canonical words: what a form goes on from."""
        return f"{self.head} {self.slice(self.body, len(self.tokens))}".strip()

    # --- ends --------------------------------------------------------------------------------------------------------
    def gap(self, *missing: str, given: Sequence[str] = (), says: str | None = None) -> NoReturn:
        """Stop: something is missing, and a form asks for it."""
        raise Stop(Gap(self.says if says is None else says, self.verb, missing, tuple(given)))

    def gap_before_options(self, missing: str, given: Sequence[str]) -> NoReturn:
        """Stop: only options stand from here on, and the text before them is missing."""
        before = f"{self.head} {self.slice(self.body, self.at)}".strip()
        raise Stop(Gap(self.says, self.verb, (missing,), tuple(given), before if given and not self.done else ""))

    def wrong(self, sentence: str, near: str | None = None) -> NoReturn:
        """Stop: not understood."""
        raise Stop(Misread(self.verb, sentence, usage(self.verb), near))

    def ask(self, question: str, *options: tuple[str, str]) -> NoReturn:
        """Stop: two things may be meant."""
        raise Stop(Ambiguous(question, options))

    def choose(self, word: str, words: Sequence[str], what: str) -> NoReturn:
        """Stop: this word is none of those that can stand here."""
        near = nearest(word, words)
        hint = f" Did you mean {near}?" if near else ""
        self.wrong(f"“{shown(word)}” is no {what}: use {', '.join(words)}.{hint}", near)

    def finish(self) -> None:
        """Stop, unless the line has been read to its end."""
        if not self.done:
            left = self.slice(self.at, len(self.tokens))
            self.wrong(f"I do not understand “{shown(left)}” here.")

    # --- numbers -----------------------------------------------------------------------------------------------------
    def number(self) -> int | None:
        """The incident at this place, if one is named: `7`, `#7`, `INC-7`, `INC 7`."""
        token = self.peek()
        if token is None:
            return None
        number = sure_number(token) or bare_number(token)
        following = self.peek(1)
        if number is None and token.word in {"inc", "incident"} and following and bare_number(following):
            self.at += 1
            number = bare_number(following)
        if number is not None:
            self.at += 1
        return number

    def letter(self, letter: str) -> int | None:
        """The apology, fact, promise or question at this place: `A3`, `3`, `#3`."""
        token = self.peek()
        number = lettered(token, letter) if token else None
        if number is not None:
            self.at += 1
        return number

    # --- reasons and words after a dash ------------------------------------------------------------------------------
    def split(self, *, because: bool, dash: bool) -> int:
        """The index of the first `because` or dash from here on; the number of tokens if there is none."""
        for index in range(self.at, len(self.tokens)):
            token = self.tokens[index]
            if (because and token.word in {"because", "because:"}) or (dash and token.is_dash):
                return index
        return len(self.tokens)

    def reason(self) -> str:
        """The free text after `because` (or a dash) at this place; empty if there is none."""
        token = self.peek()
        if token is None or not (token.word == "because" or token.is_dash):
            self.finish()
            return ""
        words = self.free(self.at + 1)
        self.at = len(self.tokens)
        return words

    def needed_reason(self, given: Sequence[str] = ()) -> str:
        """The same, where a reason must be given."""
        if (token := self.peek()) is not None and not (token.word == "because" or token.is_dash):
            left = shown(self.slice(self.at, len(self.tokens)), 60)
            self.wrong(f"Say why, after the word because: because {left}")
        reason = self.reason()
        if not reason:
            self.gap("because", given=given, says=self.without_because())
        return reason

    def without_because(self) -> str:
        """The line before its `because` or dash: what a form that asks for more goes on from."""
        last = next(
            (
                i
                for i in range(self.body, len(self.tokens))
                if self.tokens[i].word == "because" or self.tokens[i].is_dash
            ),
            len(self.tokens),
        )
        return f"{self.head} {self.slice(self.body, last)}".strip()

    # --- options at the end ------------------------------------------------------------------------------------------
    def tail(self, first: int, last: int, options: dict[str, Option]) -> tuple[int, dict[str, Any]]:
        """Where the unbroken tail of options in tokens `first` to `last` begins, and what they say.

        Each option counts once, and only if what follows it parses as its value.
        """

        def segment(index: int, used: frozenset[str]) -> dict[str, Any] | None:
            if index == last:
                return {}
            for name, option in options.items():
                if name in used:
                    continue
                for end, value in option(self, index):
                    rest = segment(end, used | {name}) if end <= last else None
                    if rest is not None:
                        return {name: value, **rest}
            return None

        for index in range(max(first, last - LONGEST_TAIL), last):
            found = segment(index, frozenset())
            if found is not None:
                return index, found
        return last, {}


# --- options ---------------------------------------------------------------------------------------------------------
def flag(word: str) -> Option:
    """An option that is one word."""

    def read(cursor: Cursor, index: int) -> Candidates:
        if cursor.tokens[index].word == word:
            yield index + 1, True

    return read


def one_of(word: str, values: Sequence[str]) -> Option:
    """An option word followed by one of these values; `at least` may stand for `at-least`."""

    def read(cursor: Cursor, index: int) -> Candidates:
        words = cursor.tokens
        if words[index].word != word or index + 1 >= len(words):
            return
        said = words[index + 1].word
        if said in values:
            yield index + 2, said
        elif index + 2 < len(words) and f"{said}-{words[index + 2].word}" in values:
            yield index + 3, f"{said}-{words[index + 2].word}"

    return read


def duration(word: str) -> Option:
    """An option word followed by a length of time."""

    def read(cursor: Cursor, index: int) -> Candidates:
        words = cursor.tokens
        if words[index].word != word:
            return
        first = index + 1
        if first < len(words) and words[first].word == "in":
            first += 1
        for end in range(min(len(words), first + 6), first, -1):
            spelled = cursor.slice(first, end).rstrip(".,;!")
            if not words[end - 1].speaks:
                continue
            try:
                yield end, parse_duration(spelled)
            except Unreadable as fault:
                if end == len(words) and "too" in fault.sentence:
                    cursor.wrong(fault.sentence)

    return read


_CLOCK = re.compile(r"\d{1,2}[:.h]\d{2}|\d{4}-\d{2}-\d{2}", re.ASCII | re.IGNORECASE)
"""What can only be a clock time or a date."""


def duration_or_time(word: str) -> Option:
    """An option word followed by a length of time, or by `at` and a time to come.

    A time that does not exist, or comes twice, is refused, not taken for text.
    """
    lengths = duration(word)

    def read(cursor: Cursor, index: int) -> Candidates:
        words = cursor.tokens
        if words[index].word != word or index + 2 >= len(words) or words[index + 1].word != "at":
            yield from lengths(cursor, index)
            return
        fault = ""
        for end in range(min(len(words), index + 9), index + 2, -1):
            if not words[end - 1].speaks:
                continue
            try:
                yield end, future(cursor, unquote(cursor.slice(index + 2, end)).rstrip(".,;!"))
            except Unreadable as error:
                fault = fault or error.sentence
        if len(words) - index <= 6 and _CLOCK.match(words[index + 2].value):
            cursor.wrong(fault)

    return read


def future(cursor: Cursor, words: str) -> datetime:
    """A time to come, in UTC; clock times without a zone are the house's. Raises Unreadable, also for the past."""
    moment = parse_moment(words, cursor.reading.now, cursor.reading.zone, toward="future")
    if moment <= cursor.reading.now:
        message = f"“{shown(words)}” has passed. Say a time to come."
        raise Unreadable(message)
    return moment


def due(word: str) -> Option:
    """An option word followed by a date to come; a date that does not exist is refused, not taken for text."""

    def read(cursor: Cursor, index: int) -> Candidates:
        words = cursor.tokens
        if words[index].word != word or index + 1 >= len(words):
            return
        fault = ""
        for end in range(min(len(words), index + 9), index + 1, -1):
            spelled = unquote(cursor.slice(index + 1, end)).rstrip(".,;!")
            if not words[end - 1].speaks:
                continue
            try:
                yield end, parse_due(spelled, cursor.reading.now, cursor.reading.zone).written
            except Unreadable as error:
                fault = fault or error.sentence
        if len(words) - index <= 5 and looks_like_date(unquote(cursor.slice(index + 1, len(words)))):
            cursor.wrong(fault)

    return read


KNOWN_SOURCES = (
    ("change", "record"),
    ("customer", "report"),
    ("customer", "reports"),
    ("status", "page"),
    ("support", "ticket"),
    ("support", "tickets"),
)
"""Sources of two words that need no quotes."""


def source(cursor: Cursor, index: int) -> Candidates:
    """`source statement`, `source change record`, `source "customer reports"`."""
    words = cursor.tokens
    if words[index].word != "source" or index + 1 >= len(words):
        return
    if tuple(t.word for t in words[index + 1 : index + 3]) in KNOWN_SOURCES:
        yield index + 3, cursor.slice(index + 1, index + 3)
    if words[index + 1].value:
        yield index + 2, words[index + 1].value


NO_CUSTOMERS = words_of(
    "a all an any customers days each every everybody everyone example hours it its many minutes months most now our"
    " some that the them this those us users weeks you your"
)
"""What follows `for` in plain sentences, and never names one customer."""


def visibility(cursor: Cursor, index: int) -> Candidates:
    """`internal`, `public`, or `for <customer>`: a pair of visibility and customer."""
    words = cursor.tokens
    if words[index].word in {"internal", "public"}:
        yield index + 1, (words[index].word, "")
    elif words[index].word == "for" and index + 1 < len(words):
        token = words[index + 1]
        known = cursor.reading.is_customer
        if not token.value or (not token.quoted and token.word in NO_CUSTOMERS):
            return
        if token.quoted or known is None or known(token.value):
            yield index + 2, ("customer", token.value)


def split_list(text: str) -> tuple[str, ...]:
    """Names between commas; a quoted name may hold commas."""
    items: list[str] = []
    current, quoted = "", False
    for character in text:
        if character == '"':
            quoted = not quoted
        if character == "," and not quoted:
            items.append(current)
            current = ""
        else:
            current += character
    items.append(current)
    return tuple(item for item in (unquote(i) for i in items) if item)


def names(cursor: Cursor, index: int) -> tuple[int, tuple[str, ...]]:
    """A list of names from a token on: it goes on after each comma."""
    end = index + 1
    words = cursor.tokens
    while end < len(words) and (words[end - 1].raw.endswith(",") or words[end].raw.startswith(",")):
        end += 1
    return end, split_list(cursor.slice(index, end).rstrip(","))
