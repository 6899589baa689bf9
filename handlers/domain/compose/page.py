"""Setting sentences into a text of limited length, and keeping track of where its facts stand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from handlers.domain.compose.frame import Said
from handlers.domain.compose.phrases import Token
from handlers.domain.compose.source import Clause, Locked

REQUIRED_FROM: Final = 75
"""A clause that is kept at least this long serves a presence rule that blocks: its facts cannot be edited away."""


@dataclass(frozen=True, slots=True)
class Line:
    """Sentences that run on. `before` stands at its head ("- ", "Q: …")."""

    said: tuple[Said, ...]
    before: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """Lines under a heading; `gap` is what parts its lines."""

    lines: tuple[Line, ...]
    heading: str = ""
    gap: str = "\n"


@dataclass(frozen=True, slots=True)
class Page:
    """A finished variant. `ids` are the facts behind it, also those of a sentence that had no room.

    So the hash does not hang on how long a reader's dates and zones are.
    """

    variant: str
    text: str
    clauses: tuple[Clause, ...]
    locked: tuple[Locked, ...]
    left_out: tuple[str, ...] = ()
    ids: frozenset[str] = field(default_factory=frozenset)


def words_in(text: str) -> int:
    """Words as people and word processors count them: what white space parts; a list's dash is none."""
    return sum(any(ch.isalnum() for ch in word) for word in text.split())


def _line_of(said: Iterable[Said], before: str = "") -> Line | None:
    kept = tuple(said)
    return Line(kept, before) if kept else None


def line(*said: Sequence[Said] | Said, before: str = "") -> Line | None:
    """A line of these sentences, or nothing where there are none."""
    return _line_of((s for item in said for s in ((item,) if isinstance(item, Said) else item)), before)


def section(*lines: Line | None, heading: str = "", gap: str = "\n") -> Section:
    """A section of the lines that exist."""
    return Section(tuple(item for item in lines if item), heading, gap)


def fitted(variant: str, sections: Sequence[Section], limit: int) -> Page:
    """The page within its limit of words: the least needed sentence goes first, of equals the last."""
    left_out: list[str] = []
    current = list(sections)
    page = whole = _set(variant, current)
    while words_in(page.text) > limit:
        candidates = [
            (said.keep, -s, -n, -i)
            for s, sect in enumerate(current)
            for n, row in enumerate(sect.lines)
            for i, said in enumerate(row.said)
        ]
        if len(candidates) <= 1:
            break
        _, s, n, i = min(candidates)
        current, gone = _without(current, -s, -n, -i)
        left_out.append(f"{variant}: {gone.name}")
        page = _set(variant, current)
    return Page(variant, page.text, page.clauses, page.locked, tuple(left_out), whole.ids)


def _without(sections: list[Section], s: int, n: int, i: int) -> tuple[list[Section], Said]:
    sect = sections[s]
    row = sect.lines[n]
    gone = row.said[i]
    said = row.said[:i] + row.said[i + 1 :]
    lines = tuple(x for k, x in enumerate(sect.lines) if k != n or said)
    lines = tuple(Line(said, x.before) if k == n and said else x for k, x in enumerate(lines))
    out = list(sections)
    out[s] = Section(lines, sect.heading, sect.gap)
    return out, gone


def _set(variant: str, sections: Sequence[Section]) -> Page:
    text = ""
    clauses: list[Clause] = []
    locked: list[Locked] = []
    ids: set[str] = set()
    for sect in sections:
        if not sect.lines:
            continue
        text += "\n\n" if text else ""
        if sect.heading:
            text += f"{sect.heading}\n"
        for n, row in enumerate(sect.lines):
            text += (sect.gap if n else "") + row.before
            for i, said in enumerate(row.said):
                text += " " if i else ""
                for part in said.parts:
                    if isinstance(part, Token) and part.ids:
                        required = said.keep >= REQUIRED_FROM
                        locked.append(
                            Locked(variant, len(text), len(text) + len(part.text), part.text, part.ids, required)
                        )
                        text += part.text
                    else:
                        text += part if isinstance(part, str) else part.text
                clauses.append(Clause(said.text, said.ids, said.rule, variant))
                ids.update(said.ids)
    return Page(variant, text, tuple(clauses), tuple(locked), (), frozenset(ids))
