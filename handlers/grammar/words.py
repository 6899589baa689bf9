"""What was typed, made plain: normalising, tokens, quotes, numbers of incidents, and the nearest word that exists."""

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

LONGEST_TEXT = 16_000
"""Characters of one line: four times what Slack advises for a message
(https://docs.slack.dev/reference/methods/chat.postMessage), and few enough to be read in some milliseconds."""

# --- normalising -----------------------------------------------------------------------------------------------------
_MARKUP = re.compile(
    r"<(?:"
    r"@(?P<person>[^<>|\s]{1,200})(?:\|[^<>]{0,200})?"
    r"|#(?P<channel>[^<>|\s]{1,200})(?:\|[^<>]{0,200})?"
    r"|!(?P<special>[^<>|]{1,200})(?:\|(?P<said>[^<>]{0,200}))?"
    r"|(?P<url>(?:https?://|mailto:|tel:|sip:)[^<>|\s]{1,3000})(?:\|(?P<label>[^<>]{0,3000}))?"
    r")>"
)
_ENTITY = re.compile(r"&(amp|lt|gt|quot|nbsp|apos|#39);")
_ENTITIES = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "nbsp": " ", "apos": "'", "#39": "'"}
_LOOKALIKES = str.maketrans({
    **dict.fromkeys("“”„‟«»″＂", '"'),
    **dict.fromkeys("‘’‚‛′＇", "'"),
    **dict.fromkeys("\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000", " "),
    **dict.fromkeys("\u2028\u2029\u0085\u000b\u000c", "\n"),
    "\r": "\n",
    "\t": " ",
})  # fmt: skip
_FLAG_OR_TAG = re.compile("\U0001f3f4[\U000e0020-\U000e007f]+|[\U000e0000-\U000e007f]")
_UNSEEN = re.compile(
    r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b\u200e\u200f"
    r"\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
_JOINERS = re.compile(r"([\u200c\u200d])[\u200c\u200d]+")
_LOOSE_JOINERS = re.compile(r"(?<![^\x00-\x7f])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\x7f])")
"""A joiner beside a plain character joins nothing; inside an emoji or a script that needs it, it stays."""


def _plain_markup(found: re.Match[str]) -> str:
    if found["person"]:
        return f"<@{found['person']}>"
    if found["channel"]:
        return f"<#{found['channel']}>"
    if found["special"]:
        said = found["said"] or found["special"]
        return said if said.startswith("@") or found["special"].startswith("date^") else f"@{said}"
    url, label = found["url"], found["label"]
    bare = re.sub(r"^(?:mailto:|tel:|sip:)", "", url)
    if not label or label in {url, bare}:
        return bare
    without_scheme = re.sub(r"^https?://", "", bare)
    if label.rstrip("/").casefold() == without_scheme.rstrip("/").casefold():
        return label
    return f"{label} ({bare})"


def normalise(text: str) -> str:
    """Undo what platforms and phones do to typed words.

    Mentions become `<@id>` and `<#id>`, automatic links what was typed, entities, curly quotes and odd blanks plain
    ones; characters nobody sees (bidirectional marks, zero-width, controls, lone surrogates) go. Words, capitals,
    dashes and line breaks stay.
    """
    plain = _MARKUP.sub(_plain_markup, text)
    plain = _ENTITY.sub(lambda found: _ENTITIES[found[1]], plain)
    return _plain_characters(plain)


def _plain_characters(text: str) -> str:
    plain = text.replace("\r\n", "\n").translate(_LOOKALIKES)
    plain = _FLAG_OR_TAG.sub(lambda found: found[0] if len(found[0]) > 1 else "", plain)
    plain = _JOINERS.sub(r"\1", _UNSEEN.sub("", plain))
    return _LOOSE_JOINERS.sub("", plain).strip()


def protect(text: str) -> str:
    """Spell `text` so that `normalise` gives it back: only what looks like markup or an entity changes."""
    plain = _ENTITY.sub(lambda found: f"&amp;{found[1]};", text)
    return _MARKUP.sub(
        lambda found: found[0] if _plain_markup(found) == found[0] else f"&lt;{found[0][1:]}",
        plain,
    )


# --- quotes ----------------------------------------------------------------------------------------------------------
_QUOTED = r'"(?:[^"]|"")*+"'
_WHOLE = re.compile(_QUOTED)


def quote(text: str) -> str:
    """The text in quotes, as one value; a quote inside, curly ones too, is doubled."""
    return '"' + _plain_characters(text).replace('"', '""') + '"'


def unquote(text: str) -> str:
    """What stands in quotes, if the whole text is one quoted value; else the text itself."""
    plain = text.strip()
    return plain[1:-1].replace('""', '"').strip() if len(plain) > 1 and _WHOLE.fullmatch(plain) else plain


def is_quoted(text: str) -> bool:
    """Whether the whole text is one quoted value."""
    return bool(_WHOLE.fullmatch(text.strip()))


# --- tokens ----------------------------------------------------------------------------------------------------------
_TOKEN = re.compile(rf"(?:(?<![^\s,+\-@=(\[:—–]){_QUOTED}(?![^\s,;.:!?)\]])|\S)+")
_WRAPPING = "[](){}`*,;:.!?"
_DASHES = re.compile(r"[-–—]{1,3}")
_LEADING_DASH = re.compile(r"(?:--|[–—])(?=[^\s\d\-–—])")


@dataclass(frozen=True)
class Token:
    """One word as typed (`raw`, from `start` to `end` of the line)."""

    raw: str
    start: int
    end: int

    @cached_property
    def quoted(self) -> bool:
        """Whether it stands in quotes: then it is a value, never an option word."""
        return is_quoted(self.raw)

    @cached_property
    def word(self) -> str:
        """As an option word: small letters, without brackets and punctuation around; empty if quoted."""
        if '"' in self.raw:
            return ""
        word = self.raw.casefold().strip(_WRAPPING)
        return word.removeprefix("--") or word

    @cached_property
    def value(self) -> str:
        """As a value: without its quotes, or without a comma or semicolon at its end."""
        return unquote(self.raw) if self.quoted else self.raw.rstrip(",;")

    @property
    def speaks(self) -> bool:
        """Whether it holds a letter or a digit."""
        return any(character.isalnum() for character in self.raw)

    @property
    def is_dash(self) -> bool:
        """`--`, `—`, `–` or a lone `-`."""
        return bool(_DASHES.fullmatch(self.raw))


def tokens(text: str) -> tuple[Token, ...]:
    """The words of a line, a quoted value being one; `—word` is a dash and a word."""
    found: list[Token] = []
    for match in _TOKEN.finditer(text):
        raw, start = match[0], match.start()
        if dash := _LEADING_DASH.match(raw):
            found.append(Token(dash[0], start, start + dash.end()))
            raw, start = raw[dash.end() :], start + dash.end()
        if raw:
            found.append(Token(raw, start, match.end()))
    return tuple(found)


# --- numbers ---------------------------------------------------------------------------------------------------------
# nine digits fit every database's integer; no house has that many incidents
_BARE = re.compile(r"[1-9]\d{0,8}", re.ASCII)
_INCIDENT = re.compile(r"(?:#|#?inc-?|#?incident-?)([1-9]\d{0,8})", re.ASCII | re.IGNORECASE)


def bare_number(token: Token) -> int | None:
    """`7`, without anything around it but a colon or comma."""
    found = _BARE.fullmatch(token.raw.rstrip(",:"))
    return int(found[0]) if found else None


def sure_number(token: Token) -> int | None:
    """`#7` or `INC-7`: always the number of an incident."""
    found = _INCIDENT.fullmatch(token.raw.strip("[](),:;."))
    return int(found[1]) if found else None


def lettered(token: Token, letter: str) -> int | None:
    """`A3` for letter A, `F4` for F, ...; also `3`, `#3`, `A-3`."""
    pattern = rf"(?:#|#?{letter}-?)?([1-9]\d{{0,8}})"
    found = re.fullmatch(pattern, token.raw.strip("[](),:;."), re.ASCII | re.IGNORECASE)
    return int(found[1]) if found else None


def surely_lettered(token: Token, letter: str) -> int | None:
    """`F4`, with its letter."""
    found = re.fullmatch(rf"#?{letter}-?([1-9]\d{{0,8}})", token.raw.strip("[](),:;."), re.ASCII | re.IGNORECASE)
    return int(found[1]) if found else None


def words_of(text: str) -> frozenset[str]:
    """The words of a list written as one string."""
    return frozenset(text.split())


BROKEN_OFF = words_of(
    "a an and are as at be been by for from has have in into is its my not of on or our than that the their this to"
    " via was were with your"
)
"""A title never ends with one of these."""
BEFORE_DRILL = frozenset({"fire", "power", "dental"})
"""Kinds of drill that are words of a title."""


# --- nearest ---------------------------------------------------------------------------------------------------------
def nearest(word: str, words: Iterable[str]) -> str | None:
    """The word that was probably meant, or None. Two letters changed places count as near."""
    typed = word.casefold()
    known = list(words)
    if not typed or len(typed) > 40:
        return None
    if typed in known:
        return typed
    if found := difflib.get_close_matches(typed, known, n=1, cutoff=0.7):
        return found[0]
    starts = [k for k in known if len(typed) >= 3 and k.startswith(typed)]
    return starts[0] if len(starts) == 1 else None


def shown(text: str, longest: int = 40) -> str:
    """Words to quote in a sentence: one line, not long."""
    plain = " ".join(text.split())
    return plain if len(plain) <= longest else plain[: longest - 1] + "…"
