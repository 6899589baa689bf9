"""What people are asked to sign: the exact words and exactly where they go, cut into parts that each fit one card.

A platform's card holds so much (handlers do not know how much, so a part stays well below the smallest limit). Nothing
is ever left out: what does not fit one part goes into the next, and who signs is shown all of them.
"""

import re
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher

from handlers.card import Block, Bullets, Fields, Line, Quote, Small, Span, Strong, Text, small
from handlers.domain.apology import Recipient
from handlers.domain.letter import PLATFORMS, shown_address

ROOM = 8_000
"""Characters of one part, each block counted with BLOCK more; Slack takes about 13,200 of all blocks together.
https://github.com/slackapi/bolt-js/issues/2509"""
BLOCK = 130
"""What a block costs beside its words (the same issue measured 125)."""
QUOTED = 2_500
"""Characters of one quotation: it fits a Slack section with room for escapes."""
NAMED = 10
"""Names in one breath; the channels are listed below the words."""
LISTED = 200
"""Channels that are listed one by one; of more, the first of each text, and the export has them all."""
_ROW = 30

Item = tuple[Block, ...]
"""Blocks that belong together: a heading, the words, the channels."""


def texts(rows: Sequence[Recipient]) -> list[Item]:
    """Exactly the bytes each group of customers would read, and the channels they go to."""
    return [_group(text, group, listed(rows)) for text, group in _groups(rows)]


def shorter(rows: Sequence[Recipient]) -> list[Item]:
    """The same, said shorter: the words of the largest group whole, of every other what differs from them."""
    groups = _groups(rows)
    if not groups:
        return []
    words = max(groups, key=lambda g: len(g[1]))[0]
    most = listed(rows)
    first = next(_group(text, group, most) for text, group in groups if text == words)
    brief: list[Item] = []
    whole: list[Item] = []
    for text, group in groups:
        told = changes(words, text)
        if text == words:
            continue
        if told and sum(map(len, told)) < len(text) / 2:
            brief.append((Bullets(((Strong(_where(group, most)), Text(f": {'; '.join(told)}")),)),))
        else:
            whole.append(_group(text, group, most))
    heading: list[Item] = [(Line((Strong("These read the words above, but for this"),)),)] if brief else []
    return [first, *heading, *brief, *whole]


def quoted(heading: str, words: str) -> Item:
    """A text under its heading, whole, in as many quotations as it needs."""
    return (Line((Strong(heading),)), *(Quote(piece) for piece in pieces(words)))


def parts(whole: Sequence[Item], shorter: Sequence[Item] | None = None) -> list[list[Block]]:
    """The items on as few cards as hold them; where one card does not, `shorter` is taken if there is one."""
    made = _packed(whole)
    return made if len(made) == 1 or shorter is None else _packed(shorter)


def fits(blocks: Iterable[Block]) -> bool:
    """Whether these blocks fit one part."""
    return sum(map(_cost, blocks)) <= ROOM


def pieces(words: str, most: int = QUOTED) -> list[str]:
    """A text cut where a paragraph, a line, a sentence or a word ends; together they are the text."""
    found = []
    while len(words) > most:
        ends = (words.rfind(mark, most // 2, most) + len(mark) for mark in ("\n\n", "\n", ". ", " "))
        cut = next((end for end in ends if end > most // 2), most)
        found.append(words[:cut])
        words = words[cut:]
    return [*found, words]


def changes(was: str, now: str) -> list[str]:
    """What the one text says and the other does not, sentence by sentence; nothing where only spaces differ."""
    old, new = _sentences(was), _sentences(now)
    told = []
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        gone, come = "".join(old[a:b]).strip(), "".join(new[c:d]).strip()
        if tag == "equal" or gone == come:
            continue
        if gone and come:
            old_words, new_words = _narrowed(was, gone, come)
            told.append(f"instead of “{old_words}” it says “{new_words}”")
        elif gone:
            told.append(f"it does not say “{gone}”")
        else:
            before = f"after “{old[a - 1].strip()}”" if a else "at the beginning"
            told.append(f"{before} it also says “{come}”")
    return told


def _narrowed(text: str, gone: str, come: str) -> tuple[str, str]:
    """The words that differ, without the same ones around them, as long as it is clear where in the text they stand."""
    old, new = gone.split(" "), come.split(" ")
    most = min(len(old), len(new)) - 1
    left = next((n for n in range(most) if old[n] != new[n]), most)
    right = next((n for n in range(most - left) if old[-1 - n] != new[-1 - n]), most - left)
    short = " ".join(old[left : len(old) - right])
    if text.count(short) != 1:
        return gone, come
    return short, " ".join(new[left : len(new) - right])


def _sentences(text: str) -> list[str]:
    """A text in sentences and lines, each with the spaces after it: joined they are the text."""
    return re.findall(r"(?:[^.!?\n]|[.!?](?!\s))*(?:[.!?]\s*|\n\s*|$)", text)[:-1] or [text]


def listed(rows: Sequence[Recipient]) -> int:
    """How many channels of one group are listed one by one."""
    return LISTED if len(rows) <= LISTED else NAMED


def _groups(rows: Sequence[Recipient]) -> list[tuple[str, list[Recipient]]]:
    """Who reads which words; then the words that only a later channel gets (by e-mail they are longer than in chat)."""
    groups: dict[str, list[Recipient]] = {}
    spares: dict[str, list[Recipient]] = {}
    for row in rows:
        if not row.spare:
            groups.setdefault(row.text, []).append(row)
    for row in rows:
        if row.spare and row.text not in groups:
            spares.setdefault(row.text, []).append(row)
    return [*groups.items(), *spares.items()]


def _group(text: str, group: Sequence[Recipient], most: int) -> Item:
    names = ", ".join(f"{r.name} ({PLATFORMS[r.platform]})" for r in group[:NAMED])
    more = f" and {len(group) - NAMED} more" if len(group) > NAMED else ""
    to = "Only if the channel before fails, to" if group[0].spare else "To"
    return (*quoted(f"{to} {names}{more}", text), *_channels(group, most))


def _channels(group: Sequence[Recipient], most: int) -> list[Block]:
    shown = group[:most]
    rows = [shown[i : i + _ROW] for i in range(0, len(shown), _ROW)]
    told = [", ".join(f"{PLATFORMS[r.platform]} {shown_address(r.platform, r.address)}" for r in row) for row in rows]
    told[-1] += f" and {len(group) - most} more" if len(group) > most else ""
    return [small(f"Channel{'s' * (len(group) != 1)}: {words}") for words in told]


def _where(group: Sequence[Recipient], most: int) -> str:
    shown = ", ".join(
        f"{r.name} ({PLATFORMS[r.platform]} {shown_address(r.platform, r.address)})" for r in group[:most]
    )
    shown = f"Only if the channel before fails: {shown}" if group[0].spare else shown
    return shown + (f" and {len(group) - most} more" if len(group) > most else "")


def _packed(items: Sequence[Item]) -> list[list[Block]]:
    made: list[list[Block]] = [[]]
    left = ROOM
    for item in items:
        price = sum(map(_cost, item))
        if made[-1] and price > left and (price <= ROOM or left < ROOM // 2):
            made.append([])
            left = ROOM
        for block in item:  # an item larger than a part goes on in the next one
            price = _cost(block)
            if made[-1] and price > left:
                made.append([])
                left = ROOM
            last = made[-1][-1] if made[-1] else None
            if isinstance(block, Bullets) and isinstance(last, Bullets):
                made[-1][-1] = Bullets((*last.items, *block.items))
            else:
                made[-1].append(block)
            left -= price
    return made


def _cost(block: Block) -> int:
    match block:
        case Quote(words):
            return BLOCK + len(words)
        case Line(spans) | Small(spans):
            return BLOCK + _length(spans)
        case Bullets(items):
            return sum(BLOCK // 2 + _length(item) for item in items)
        case Fields(pairs):
            return BLOCK + sum(len(label) + _length(spans) for label, spans in pairs)
        case _:
            return BLOCK


def _length(spans: Iterable[Span]) -> int:
    """Characters as they are written: what a platform escapes counts more."""
    words = "".join(getattr(span, "words", "") or getattr(span, "label", "") for span in spans)
    return len(words) + 4 * sum(words.count(mark) for mark in "&<>")


__all__ = ["Item", "changes", "fits", "parts", "pieces", "quoted", "shorter", "texts"]
