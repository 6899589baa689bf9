"""Cards and forms as Slack draws them (Block Kit). Pure: no clock, no socket, no state.

People's words can carry no markup by construction: what goes into a text object is escaped, what mrkdwn would read as
formatting is drawn as rich text or plain text instead, and mentions, dates and links are written by this module alone.
Everything is kept within Slack's limits; what does not fit is left out and said to be left out.
"""

import functools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from handlers.card import (
    Block,
    Bullets,
    Button,
    Buttons,
    Card,
    Code,
    Divider,
    Fields,
    Form,
    FormField,
    Line,
    Link,
    Mention,
    Moment,
    Quote,
    RoomLink,
    Small,
    Span,
    Strong,
    Text,
)

Json = dict[str, Any]

TEXT_CHARACTERS: Final = 40_000
"""Longest `text` of a message; Slack cuts there. https://docs.slack.dev/reference/methods/chat.postMessage"""
FALLBACK_CHARACTERS: Final = 3_900
"""Longest `text` beside blocks; 4,000 are advised. https://docs.slack.dev/reference/methods/chat.postMessage"""
ALL_CHARACTERS: Final = 12_000
"""All blocks of one message together; undocumented, refused near 13,200. https://github.com/slackapi/bolt-js/issues/2509"""
BLOCK_OVERHEAD: Final = 125
"""What one more block was seen to cost of that sum (the same issue: a divider took 125)."""
ELEMENT_OVERHEAD: Final = 40
"""Our guess of what one more rich text element costs of it."""
MESSAGE_BLOCKS: Final = 50
"""Blocks of a message. https://docs.slack.dev/reference/block-kit/blocks"""
VIEW_BLOCKS: Final = 100
"""Blocks of a modal or home tab. https://docs.slack.dev/reference/block-kit/blocks"""
SECTION_CHARACTERS: Final = 3_000
"""https://docs.slack.dev/reference/block-kit/blocks/section-block"""
FIELDS: Final = 10
"""Fields of one section. https://docs.slack.dev/reference/block-kit/blocks/section-block"""
FIELD_CHARACTERS: Final = 2_000
"""https://docs.slack.dev/reference/block-kit/blocks/section-block"""
HEADER_CHARACTERS: Final = 150
"""https://docs.slack.dev/reference/block-kit/blocks/header-block"""
CONTEXT_CHARACTERS: Final = 3_000
"""One text object. https://docs.slack.dev/reference/block-kit/composition-objects/text-object"""
ACTIONS: Final = 25
"""Elements of one actions block. https://docs.slack.dev/reference/block-kit/blocks/actions-block"""
ROW: Final = 5
"""Buttons in one row; ours: more wrap badly on a telephone."""
BUTTON_CHARACTERS: Final = 75
"""https://docs.slack.dev/reference/block-kit/block-elements/button-element"""
VALUE_CHARACTERS: Final = 2_000
"""A button's value. https://docs.slack.dev/reference/block-kit/block-elements/button-element"""
ID_CHARACTERS: Final = 255
"""block_id, action_id, callback_id. https://docs.slack.dev/reference/block-kit/blocks"""
CONFIRM_TITLE_CHARACTERS: Final = 100
"""https://docs.slack.dev/reference/block-kit/composition-objects/confirmation-dialog-object"""
CONFIRM_TEXT_CHARACTERS: Final = 300
"""https://docs.slack.dev/reference/block-kit/composition-objects/confirmation-dialog-object"""
CONFIRM_BUTTON_CHARACTERS: Final = 30
"""https://docs.slack.dev/reference/block-kit/composition-objects/confirmation-dialog-object"""
TITLE_CHARACTERS: Final = 24
"""Title, submit and close of a modal. https://docs.slack.dev/reference/views/modal-views"""
METADATA_CHARACTERS: Final = 3_000
"""private_metadata of a view. https://docs.slack.dev/reference/views/modal-views"""
LABEL_CHARACTERS: Final = 2_000
"""Label and hint of an input. https://docs.slack.dev/reference/block-kit/blocks/input-block"""
INPUT_CHARACTERS: Final = 3_000
"""https://docs.slack.dev/reference/block-kit/block-elements/plain-text-input-element"""
OPTIONS: Final = 100
"""Options of a menu. https://docs.slack.dev/reference/block-kit/block-elements/select-menu-element"""
CHECKBOXES: Final = 10
"""Options of a group of checkboxes, all seen at once; more become a menu.
https://docs.slack.dev/reference/block-kit/block-elements/checkboxes-element"""
OPTION_TEXT_CHARACTERS: Final = 75
"""https://docs.slack.dev/reference/block-kit/composition-objects/option-object"""
OPTION_VALUE_CHARACTERS: Final = 150
"""https://docs.slack.dev/reference/block-kit/composition-objects/option-object"""
URL_CHARACTERS: Final = 2_000
"""Longest address that is made a link; ours, Slack takes 3,000 in buttons."""
TOPIC_CHARACTERS: Final = 250
"""https://docs.slack.dev/reference/methods/conversations.setTopic"""
ERROR_CHARACTERS: Final = 300
"""A fault shown under an input; ours, no limit is documented."""
PART_CHARACTERS: Final = 2_600
"""How a text too long for one input is cut into several; ours: each leaves room to write."""

EVENT_TYPE: Final = "amends"
"""The metadata's event type. The payload is an opaque id and nothing else: any app and member may read it."""
CALLBACK: Final = "form"
"""callback_id of every form."""
ANSWER: Final = "answer"
"""action_id of every input."""
SHORTENED = "Shortened: this is more than fits into one Slack message."
TOO_LONG_TO_SAY = "A choice is left out: its line is too long for a button. Type it instead."

# --- words -----------------------------------------------------------------------------------------------------------

_BREAKS = re.compile("\r\n?|[\u2028\u2029\u0085\u000b\u000c]")
_FLAG_OR_TAG = re.compile("\U0001f3f4[\U000e0020-\U000e007f]+|[\U000e0000-\U000e007f]")
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\ud800-\udfff]"
    # a joiner inside an emoji, or in a script that needs it, stays
    "|(?<![^\x00-\x7f])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\x7f])"
)
_URL = re.compile(r"https?://[^\s<>\"'`|{}\\^*_~]+[^\s<>\"'`|{}\\^*_~.,;:!?)\]]", re.IGNORECASE)
_TICKED = re.compile(r"`([^`\n]*[^`\s][^`\n]*)`")
_USER = re.compile(r"[UW][A-Z0-9]{2,20}")
_CHANNEL = re.compile(r"[CGD][A-Z0-9]{2,20}")
_OURS = re.compile(r"https://[^\s<>|\"\\]{1,2900}")
# What mrkdwn may take for formatting: an opening mark, a lone backtick, an emoji's name, a quote at a line's start.
_MARKUP = re.compile(
    r"(?<![^\W_])[*_~]+(?=\S)|(?<=\S)[*_~]+(?![^\W_])|`|:[a-z][a-z0-9_+-]*:|^\s*>", re.IGNORECASE | re.MULTILINE
)
_PARAGRAPH, _LINE, _SENTENCE, _WORD = (
    re.compile(r"\n\s*\n"),
    re.compile(r"\n"),
    re.compile(r"(?<=[.!?])\s"),
    re.compile(r"\s"),
)
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def clean(words: str) -> str:
    """Words without what nobody sees: bidirectional marks, zero-width characters, controls, halves of characters.

    Joiners inside emoji stay, and so do line breaks (as line feeds).
    """
    plain = _BREAKS.sub("\n", words).replace("\t", " ")
    plain = _FLAG_OR_TAG.sub(lambda found: found[0] if len(found[0]) > 1 else "", plain)
    while (fewer := _UNSEEN.sub("", plain)) != plain:
        plain = fewer
    return plain


def escape(words: str) -> str:
    """Slack's three control characters as entities.

    https://docs.slack.dev/messaging/formatting-message-text#escaping
    """
    return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def width(words: str) -> int:
    """Length as the longest way of counting has it (UTF-16): Slack does not say how it counts."""
    return len(words) if words.isascii() else len(words.encode("utf-16-le")) // 2


def fit(words: str, most: int) -> str:
    """Cleaned and escaped, at most `most` characters, ending in an ellipsis if it was longer; never an empty text."""
    plain = clean(words).strip()
    escaped = escape(plain) or "–"
    if width(escaped) <= most:
        return escaped
    kept: list[str] = []
    left = most - 1
    for character in plain:
        spelled = escape(character)
        left -= width(spelled)
        if left < 0:
            break
        kept.append(spelled)
    return "".join(kept).rstrip() + "…"


def split(words: str, most: int) -> list[str]:
    """Pieces of at most `most` characters: cut between paragraphs, else lines, else sentences, else words.

    The white space at a cut goes; every other character stays, in order.
    """
    return [piece for piece, _ in _cuts(words, most) if piece]


def _cuts(words: str, most: int) -> list[tuple[str, str]]:
    """Pieces, each with the white space that stood before it."""
    pieces: list[tuple[str, str]] = []
    before, rest = "", words
    while width(rest) > most:
        at, end = _cut(rest, most)
        pieces.append((rest[:at], before))
        before, rest = rest[at:end], rest[end:]
    pieces.append((rest, before))
    return pieces


def _cut(words: str, most: int) -> tuple[int, int]:
    """Where to cut: the end of the first piece, the start of the next."""
    head = words[:most]
    while width(head) > most:
        head = head[: len(head) - max(1, (width(head) - most) // 2)]
    for boundary in (_PARAGRAPH, _LINE, _SENTENCE, _WORD):
        found = [m for m in boundary.finditer(head) if m.start() > len(head) // 3]
        if found:
            end = found[-1].end()
            while end < len(words) and words[end].isspace():
                end += 1
            return found[-1].start(), end
    end = max(1, len(head))
    if head.endswith("\u200d"):
        end = max(1, end - 1)
    return end, end


def moment_words(moment: Moment) -> str:
    """An instant in words, in the house's time zone: 14:02 CET; 4 March 2026; 4 March 2026, 14:02 CET."""
    try:
        at = moment.at.astimezone(_zone(moment.zone))
    except (OverflowError, ValueError):  # the first and last days of the calendar
        at = moment.at
    name = at.strftime("%Z") or "UTC"
    if name[0] in "+-":
        name = f"UTC{name}"
    clock = f"{at.hour:02}:{at.minute:02} {name}"
    date = f"{at.day} {_MONTHS[at.month - 1]} {at.year}"
    return {"time": clock, "date": date, "datetime": f"{date}, {clock}"}[moment.style]


@functools.lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")


_FORMATS = {"time": "{time}", "date": "{date_long}", "datetime": "{date_short_pretty}, {time}"}


def _stamp(moment: Moment) -> int:
    at = moment.at if moment.at.tzinfo is not None else moment.at.replace(tzinfo=UTC)
    return int((at - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds())


# --- spans -----------------------------------------------------------------------------------------------------------


def _ready(spans: Iterable[Span]) -> list[Span]:
    """Cleaned spans; `words in backticks` become code; empty ones are gone."""
    ready: list[Span] = []
    for span in spans:
        if isinstance(span, Text):
            pieces = _TICKED.split(clean(span.words))
            ready += [Code(p) if i % 2 else Text(p) for i, p in enumerate(pieces) if p]
        elif isinstance(span, Strong | Code):
            words = clean(span.words)
            if words.strip():
                ready.append(type(span)(words))
        else:
            ready.append(span)
    return ready


def _plain(spans: Iterable[Span], *, pings: bool = False) -> str:
    """Spans as bare words, not escaped; with `pings` a called person is written as a mention (then escape nothing)."""
    return "".join(_word(span, pings=pings) for span in _ready(spans))


def _word(span: Span, *, pings: bool) -> str:
    guard = escape if pings else str
    match span:
        case Text(words) | Strong(words) | Code(words):
            return guard(words)
        case Mention():
            return f"<@{span.slack}>" if pings and _called(span) else guard(clean(span.name))
        case Moment():
            return guard(moment_words(span))
        case RoomLink():
            return guard(clean(span.label))
        case Link():
            return guard(clean(span.label))


def _called(mention: Mention) -> bool:
    return mention.ping and bool(_USER.fullmatch(mention.slack))


def _links(words: str) -> Iterator[tuple[Literal["text", "url"], str]]:
    """Words and the addresses among them, in order; together they are the words again."""
    at = 0
    for found in _URL.finditer(words):
        if len(found[0]) > URL_CHARACTERS:
            continue
        if found.start() > at:
            yield "text", words[at : found.start()]
        yield "url", found[0]
        at = found.end()
    if at < len(words):
        yield "text", words[at:]


def _mrkdwn(spans: Sequence[Span]) -> list[str] | None:
    """Ready spans as mrkdwn, a string for each; None where mrkdwn would change what people wrote.

    mrkdwn has no way to escape its marks: https://docs.slack.dev/messaging/formatting-message-text
    """
    plain = [_word(span, pings=False) for span in spans]
    rendered: list[str] = []
    for i, span in enumerate(spans):
        match span:
            case Text(words):
                if _MARKUP.search(words):
                    return None
                rendered.append("".join(escape(w) if k == "text" else f"<{escape(w)}>" for k, w in _links(words)))
            case Strong(words) | Code(words):
                mark = "*" if isinstance(span, Strong) else "`"
                before = plain[i - 1][-1:] if i else ""
                after = plain[i + 1][:1] if i + 1 < len(plain) else ""
                if before.isalnum() or after.isalnum() or words != words.strip() or "\n" in words or "`" in words:
                    return None
                if mark == "*" and (_MARKUP.search(words) or "*" in words):
                    return None
                rendered.append(f"{mark}{escape(words)}{mark}")
            case Mention():
                name = clean(span.name)
                if not _called(span) and _MARKUP.search(name):
                    return None
                rendered.append(f"<@{span.slack}>" if _called(span) else escape(name))
            case Moment():
                words = escape(moment_words(span)).replace("|", " ")
                rendered.append(f"<!date^{_stamp(span)}^{_FORMATS[span.style]}|{words}>")
            case RoomLink():
                if _CHANNEL.fullmatch(span.slack):
                    rendered.append(f"<#{span.slack}>")
                elif _MARKUP.search(clean(span.label)):
                    return None
                else:
                    rendered.append(_link(span.label, span.teams))
            case Link():
                if _MARKUP.search(clean(span.label)):
                    return None
                rendered.append(_link(span.label, span.url))
    if _MARKUP.match("".join(plain)) and "".join(plain).lstrip().startswith(">"):
        return None
    return rendered


def _link(label: str, url: str) -> str:
    words = escape(clean(label)).replace("|", "¦").replace("\n", " ")
    return f"<{escape(url)}|{words}>" if _OURS.fullmatch(url) and words.strip() else words


def _elements(spans: Iterable[Span]) -> list[Json]:
    """Ready spans as rich text elements: no markup exists there, so words are exact.

    https://docs.slack.dev/reference/block-kit/blocks/rich-text-block
    """
    made: list[Json] = []
    for span in spans:
        match span:
            case Text(words):
                made += exact(words)
            case Strong(words):
                made += exact(words, bold=True)
            case Code(words):
                made += exact(words, code=True)
            case Mention():
                made += [{"type": "user", "user_id": span.slack}] if _called(span) else exact(clean(span.name))
            case Moment():
                words = moment_words(span)
                date: Json = {"type": "date", "timestamp": _stamp(span), "format": _FORMATS[span.style]}
                made.append(date | {"fallback": words})
            case RoomLink():
                if _CHANNEL.fullmatch(span.slack):
                    made.append({"type": "channel", "channel_id": span.slack})
                else:
                    made += _rich_link(span.label, span.teams)
            case Link():
                made += _rich_link(span.label, span.url)
    return made


def _rich_link(label: str, url: str) -> list[Json]:
    words = clean(label)
    if _OURS.fullmatch(url) and words.strip():
        return [{"type": "link", "url": url, "text": words}]
    return exact(words)


def exact(words: str, **style: bool) -> list[Json]:
    """Cleaned words as rich text, character for character; addresses among them can be clicked.

    A `<` that would begin a mention stands in an element of its own: wherever Slack might look, there is none.
    """
    made: list[Json] = []
    for kind, piece in _links(words):
        if kind == "url" and not style:
            made.append({"type": "link", "url": piece, "text": piece})
            continue
        for part in re.split(r"(?<=<)(?=[@#!])", piece):
            element: Json = {"type": "text", "text": part}
            if style:
                element["style"] = dict(style)
            made.append(element)
    return made


def _rich(*parts: Json) -> Json:
    return {"type": "rich_text", "elements": list(parts)}


def _mrkdwn_object(text: str) -> Json:
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _plain_object(words: str, most: int) -> Json:
    return {"type": "plain_text", "text": fit(words, most), "emoji": False}


# --- blocks ----------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Page:
    """Blocks collected under a budget; rows of buttons are always kept room for."""

    most: int
    room: int
    blocks: list[Json] = field(default_factory=list)
    cut: bool = False
    _lines: list[str] = field(default_factory=list)

    def add(self, block: Json, *, paid: bool = False) -> None:
        """One more block. Once one did not fit, only rows of buttons follow: those were paid for beforehand."""
        self.flush()
        self._take(block, paid=paid)

    def _take(self, block: Json, *, paid: bool) -> None:
        if not paid:
            price = cost(block)
            if self.cut or price > self.room or self.most < 1:
                self.cut = True
                return
            self.room -= price
            self.most -= 1
        self.blocks.append(block)

    def say(self, rendered: str) -> None:
        """One line of mrkdwn; neighbouring lines share a section."""
        if self._lines and width("\n".join([*self._lines, rendered])) > SECTION_CHARACTERS:
            self.flush()
        self._lines.append(rendered)

    def flush(self) -> None:
        """Write the lines collected so far."""
        if self._lines:
            text, self._lines = "\n".join(self._lines), []
            if text.strip():
                self._take({"type": "section", "text": _mrkdwn_object(text)}, paid=False)


def cost(block: Json) -> int:
    """What a block takes of `ALL_CHARACTERS`."""
    return BLOCK_OVERHEAD + _weight(block)


def _weight(value: object) -> int:
    if isinstance(value, dict):
        own = ELEMENT_OVERHEAD if value.get("type") in ("text", "link", "user", "channel", "date", "button") else 0
        said = sum(width(v) for k, v in value.items() if k in ("text", "fallback", "url") and isinstance(v, str))
        return own + said + sum(_weight(v) for v in value.values() if not isinstance(v, str))
    if isinstance(value, list):
        return sum(_weight(v) for v in value)
    return 0


def _draw(blocks: Sequence[Block], head: str, most: int, room: int, *, pressed: bool = True) -> list[Json]:
    """All blocks of a surface of at most `most` blocks and `room` characters, `head` first (none if empty).

    `pressed`: whether buttons are drawn; a form's introduction has none.
    """
    buttons = [b for block in blocks if isinstance(block, Buttons) for b in block.buttons] if pressed else []
    rows = _affordable([_rows(block.buttons) for block in blocks if isinstance(block, Buttons)], most, room)
    price = sum(cost(row) for group in rows for row in group)
    page = _Page(most - 2 - sum(len(group) for group in rows), room - price - 2 * (BLOCK_OVERHEAD + len(SHORTENED)))
    # Short answers need no headline; and whether plain text shows an entity as its character Slack does not say.
    if head and any(isinstance(b, Fields | Buttons) for b in blocks) and not set("&<>") & set(head):
        page.add({"type": "header", "text": _plain_object(head.replace("\n", " "), HEADER_CHARACTERS)})
    elif head:
        _line(page, [Strong(" ".join(clean(head).split())[:HEADER_CHARACTERS] or "–")])
    waiting = iter(rows)
    for block in blocks:
        if isinstance(block, Buttons):
            for row in next(waiting) if pressed else ():
                page.add(row, paid=True)
        else:
            _content(page, block)
    page.flush()
    said = sum(len(row["elements"]) for group in rows for row in group) if pressed else 0
    notes = [SHORTENED] * (page.cut or said < sum(map(_sayable, buttons)))
    notes += [TOO_LONG_TO_SAY] * (not all(map(_sayable, buttons)))
    page.blocks += [{"type": "context", "elements": [_mrkdwn_object(note)]} for note in notes]
    return page.blocks


def _affordable(groups: list[list[list[Button]]], most: int, room: int) -> list[list[Json]]:
    """Rows of buttons, block by block, as actions; a third of the room stays for what they are about."""
    left, blocks, number = room * 2 // 3, most - 4, 0
    made: list[list[Json]] = []
    for group in groups:
        made.append([])
        for row in group:
            drawn = _actions(row, number)
            left -= cost(drawn)
            blocks -= 1
            if left < 0 or blocks < 0:
                continue
            made[-1].append(drawn)
            number += len(row)
    return made


def _content(page: _Page, block: Block) -> None:
    match block:
        case Line(spans):
            _line(page, _ready(spans))
        case Bullets(items):
            _bullets(page, [_ready(item) for item in items])
        case Small(spans):
            _small(page, _ready(spans))
        case Quote(words):
            for piece in split(clean(words).strip("\n"), SECTION_CHARACTERS):
                page.add(_rich({"type": "rich_text_quote", "elements": exact(piece)}))
        case Fields(pairs):
            made = [_field(label, _ready(spans)) for label, spans in pairs]
            for i in range(0, len(made), FIELDS):
                page.add({"type": "section", "fields": made[i : i + FIELDS]})
        case Divider():
            page.add({"type": "divider"})
        case _:
            return


def _line(page: _Page, spans: list[Span]) -> None:
    rendered = _mrkdwn(spans)
    if rendered is not None and width("".join(rendered)) <= SECTION_CHARACTERS:
        page.say("".join(rendered))
        return
    for elements in _chunks(_elements(spans)):
        page.add(_rich({"type": "rich_text_section", "elements": elements}))


def _chunks(elements: list[Json]) -> Iterator[list[Json]]:
    """Elements in groups of at most a section's characters."""
    group: list[Json] = []
    size = 0
    for element in elements:
        words = element.get("text", "")
        pieces = [element]
        if element["type"] == "text" and width(words) > SECTION_CHARACTERS:
            pieces = [element | {"text": piece} for piece in split(words, SECTION_CHARACTERS)]
        for piece in pieces:
            more = width(piece.get("text", "") or piece.get("fallback", ""))
            if group and size + more > SECTION_CHARACTERS:
                yield group
                group, size = [], 0
            group.append(piece)
            size += more
    if group:
        yield group


def _bullets(page: _Page, items: list[list[Span]]) -> None:
    rendered = [_mrkdwn(item) for item in items]
    if all(r is not None and width("".join(r)) <= SECTION_CHARACTERS - 2 for r in rendered):
        for row in rendered:
            page.say(f"• {''.join(row or ())}")
        return
    # One list of rich text items, cut where a block would grow too long.
    group: list[Json] = []
    size = 0
    for item in items:
        for elements in _chunks(_elements(item)):
            more = _weight(elements)
            if group and size + more > SECTION_CHARACTERS:
                page.add(_rich({"type": "rich_text_list", "style": "bullet", "elements": group}))
                group, size = [], 0
            group.append({"type": "rich_text_section", "elements": elements})
            size += more
    if group:
        page.add(_rich({"type": "rich_text_list", "style": "bullet", "elements": group}))


def _small(page: _Page, spans: list[Span]) -> None:
    rendered = _mrkdwn(spans)
    text = "".join(rendered) if rendered is not None else ""
    if text.strip() and width(text) <= CONTEXT_CHARACTERS:
        page.add({"type": "context", "elements": [_mrkdwn_object(text)]})
    elif _plain(spans).strip():
        page.add({"type": "context", "elements": [_plain_object(_plain(spans), CONTEXT_CHARACTERS)]})


def _field(label: str, spans: list[Span]) -> Json:
    name = " ".join(clean(label).split())
    rendered, heading = _mrkdwn(spans), _mrkdwn([Strong(name)]) if name else [""]
    if rendered is not None and heading is not None:
        text = f"{heading[0]}\n{''.join(rendered)}"
        if text.strip() and width(text) <= FIELD_CHARACTERS:
            return _mrkdwn_object(text)
    return _plain_object(f"{name}\n{_plain(spans)}", FIELD_CHARACTERS)


# --- buttons ---------------------------------------------------------------------------------------------------------


def _sayable(button: Button) -> bool:
    return 0 < width(button.says) <= VALUE_CHARACTERS


def _rows(buttons: Sequence[Button]) -> list[list[Button]]:
    """Rows of five; a line too long for a button's value cannot be said by one, and is never cut."""
    said = [b for b in buttons if _sayable(b)]
    return [said[i : i + ROW] for i in range(0, len(said), ROW)]


def _actions(row: Sequence[Button], first: int) -> Json:
    return {"type": "actions", "elements": [_button(b, first + i) for i, b in enumerate(row[:ACTIONS])]}


def _button(button: Button, number: int) -> Json:
    made: Json = {
        "type": "button",
        "action_id": f"{'form' if button.form else 'say'}:{number}",
        "text": _plain_object(button.label.replace("\n", " "), BUTTON_CHARACTERS),
        "value": clean(button.says),
    }
    if button.style != "plain":
        made["style"] = button.style
    if button.confirm.strip():
        made["confirm"] = {
            "title": _plain_object(button.label.replace("\n", " "), CONFIRM_TITLE_CHARACTERS),
            "text": _plain_object(button.confirm, CONFIRM_TEXT_CHARACTERS),
            "confirm": _plain_object(button.label.replace("\n", " "), CONFIRM_BUTTON_CHARACTERS),
            "deny": _plain_object("Cancel", CONFIRM_BUTTON_CHARACTERS),
        }
        if button.style != "plain":
            made["confirm"]["style"] = button.style
    return made


# --- surfaces --------------------------------------------------------------------------------------------------------


def fallback(card: Card, most: int = FALLBACK_CHARACTERS) -> str:
    """A card as escaped text, for notifications, screen readers and search: at most `most` characters."""
    head = escape(clean(card.head)).replace("\n", " ").strip()
    lines = [head] if head or card.blocks else ["Amends"]
    for block in card.blocks:
        match block:
            case Line(spans) | Small(spans):
                lines.append(_plain(spans, pings=True))
            case Quote(words):
                lines.append(escape(clean(words)))
            case Bullets(items):
                lines += [f"• {_plain(item, pings=True)}" for item in items]
            case Fields(pairs):
                lines += [f"{escape(clean(label))}: {_plain(spans, pings=True)}" for label, spans in pairs]
            case _:
                continue
    said = ""
    for line in lines:
        if width(said) + width(line) + 3 > most:
            return f"{said}\n…" if said else fit(card.head or "Amends", most)
        said = f"{said}\n{line}" if said else line
    return said


def plain(card: Card) -> str:
    """What a card says as bare words, not escaped: for an input's fault, which Slack draws as it stands."""
    said = fallback(Card("–", card.blocks)).partition("\n")[2]
    return said.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").strip()


def message(card: Card, nonce: str = "", *, room: int = ALL_CHARACTERS) -> Json:
    """A card as the arguments of a message: text, blocks, and with a `nonce` the metadata by which it is found again.

    `room`: how many characters all blocks may have (a smaller one is tried where Slack finds them too long). Everything
    stands in plain blocks: Slack folds the contents of coloured attachments behind "Show more", and what is to be
    approved must be seen whole.
    """
    made: Json = {
        "text": fallback(card),
        "blocks": _draw(card.blocks, card.head if card.blocks else card.head or "Amends", MESSAGE_BLOCKS, room),
    }
    return made | _metadata(nonce)


def customer(text: str, nonce: str = "") -> Json:
    """Approved words for a customer: exactly these words, with no markup read into them.

    Rich text has no markup, so nothing is escaped there; `text` is the same, escaped, for notifications. A text longer
    than blocks may be goes as `text` alone with markup switched off. Raises ValueError if Slack would cut it.
    """
    words = clean(text).strip("\n")
    escaped = escape(words)
    if not words.strip() or width(escaped) > TEXT_CHARACTERS:
        raise ValueError("a customer's text must have 1 to 40,000 characters")
    pieces = split(words, SECTION_CHARACTERS)
    blocks = [_rich({"type": "rich_text_section", "elements": exact(piece)}) for piece in pieces]
    made: Json = {"text": escaped, "blocks": blocks}
    if sum(cost(b) for b in blocks) > ALL_CHARACTERS or len(blocks) > MESSAGE_BLOCKS:
        made = {"text": escaped, "mrkdwn": False}
    return made | _metadata(nonce)


def _metadata(nonce: str) -> Json:
    return {"metadata": {"event_type": EVENT_TYPE, "event_payload": {"id": nonce}}} if nonce else {}


def ephemeral(card: Card) -> Json:
    """A card for one person's eyes: a command's answer, or a post to a response_url (the pressed card stays)."""
    return {"response_type": "ephemeral", "replace_original": False, **message(card)}


def home(card: Card) -> Json:
    """A card as somebody's home tab.

    https://docs.slack.dev/reference/views/home-tab-views
    """
    return {"type": "home", "blocks": _draw(card.blocks, card.head, VIEW_BLOCKS, ALL_CHARACTERS)}


def card_view(card: Card) -> Json:
    """A card as a modal: the answer to a press where no message can carry it (the home tab)."""
    blocks = _draw(card.blocks, card.head, VIEW_BLOCKS, ALL_CHARACTERS)
    return {"type": "modal", "title": _title("Amends"), "close": _title("Close"), "blocks": blocks}


def modal(form: Form, private_metadata: str) -> Json:
    """A form as a modal. `private_metadata` comes back with the answers, at most 3,000 characters (else ValueError).

    block_id is the field's name; the parts of a text too long for one input are name~2, name~3 … (see `joined`).
    """
    if width(private_metadata) > METADATA_CHARACTERS:
        raise ValueError("private_metadata is longer than a modal may carry")
    inputs = [made for one in form.fields for made in _input(one)]
    intro = _draw(form.intro, "", VIEW_BLOCKS - min(len(inputs), VIEW_BLOCKS - 4), ALL_CHARACTERS, pressed=False)
    return {
        "type": "modal",
        "callback_id": CALLBACK,
        "private_metadata": private_metadata,
        "title": _title(form.title),
        "submit": _title(form.send),
        "close": _title("Cancel"),
        "blocks": [*intro, *inputs][:VIEW_BLOCKS],
    }


def _title(words: str) -> Json:
    return _plain_object(words.replace("\n", " "), TITLE_CHARACTERS)


def _input(one: FormField) -> list[Json]:
    if one.kind in ("line", "text"):
        return _typed(one)
    made: Json = {"action_id": ANSWER}
    if one.kind in ("choice", "choices"):
        options = _options(one.options)
        if not options:
            return _typed(one)
        chosen = [o for o in options if o["value"] in _initial(one)]
        several = "checkboxes" if len(options) <= CHECKBOXES else "multi_static_select"
        made |= {"type": "static_select" if one.kind == "choice" else several, "options": options}
        if chosen:
            made |= {"initial_option": chosen[0]} if one.kind == "choice" else {"initial_options": chosen}
    else:
        first = next(iter(_initial(one)), "").strip().removeprefix("<@").removesuffix(">")
        kind, name, shape = {
            "date": ("datepicker", "initial_date", r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])"),
            "time": ("timepicker", "initial_time", r"([01]\d|2[0-3]):[0-5]\d"),
            "person": ("users_select", "initial_user", _USER.pattern),
        }[one.kind]
        made["type"] = kind
        if re.fullmatch(shape, first, re.ASCII):
            made[name] = first
    return [_labelled(one, one.name, one.label, made)]


def _initial(one: FormField) -> tuple[str, ...]:
    given = (one.initial,) if isinstance(one.initial, str) else one.initial
    return tuple(value for value in given if value)


def _options(options: Sequence[tuple[str, str]]) -> list[Json]:
    known: dict[str, Json] = {}
    for value, label in options:
        if value and width(value) <= OPTION_VALUE_CHARACTERS and value == clean(value):
            text = _plain_object(label.replace("\n", " ") or value, OPTION_TEXT_CHARACTERS)
            known.setdefault(value, {"text": text, "value": value})
    return list(known.values())[:OPTIONS]


def _typed(one: FormField) -> list[Json]:
    first = clean(", ".join(_initial(one)))
    if one.kind != "text":
        first = " ".join(first.split())
    most = min(max(one.longest, 1), INPUT_CHARACTERS)
    if one.kind == "text" and width(first) > INPUT_CHARACTERS:
        parts = _cuts(first, PART_CHARACTERS)
        return [
            _labelled(
                one,
                one.name if i == 0 else f"{one.name}~{i + 1}{_gap(gap)}",
                f"{one.label} ({i + 1} of {len(parts)})",
                _text_input(one, part, INPUT_CHARACTERS),
            )
            for i, (part, gap) in enumerate(parts)
        ]
    return [_labelled(one, one.name, one.label, _text_input(one, first, most))]


def _text_input(one: FormField, first: str, most: int) -> Json:
    made: Json = {"type": "plain_text_input", "action_id": ANSWER, "multiline": one.kind == "text", "max_length": most}
    if first and width(first) <= most:
        made["initial_value"] = first
    return made


def _gap(white: str) -> str:
    """How two parts of a text were joined: by a paragraph, a line, a blank or nothing."""
    return "p" if white.count("\n") > 1 else "n" if "\n" in white else "s" if white else ""


_JOINTS = {"p": "\n\n", "n": "\n", "s": " ", "": ""}
_PART = re.compile(r"(?P<name>.+)~(?P<number>[2-9]|\d{2,3})(?P<joint>[pns]?)")


def joined(values: dict[str, str | tuple[str, ...]]) -> dict[str, str | tuple[str, ...]]:
    """A form's answers with texts that were shown in parts made whole again."""
    whole = {name: value for name, value in values.items() if not _PART.fullmatch(name)}
    parts = [(m, values[m[0]]) for name in values if (m := _PART.fullmatch(name))]
    for found, value in sorted(parts, key=lambda part: (part[0]["name"], int(part[0]["number"]))):
        before = whole.get(found["name"], "")
        if isinstance(before, str) and isinstance(value, str):
            whole[found["name"]] = f"{before}{_JOINTS[found['joint']] if before else ''}{value}"
    return whole


def _labelled(one: FormField, name: str, label: str, element: Json) -> Json:
    made: Json = {
        "type": "input",
        "block_id": name[:ID_CHARACTERS],
        "label": _plain_object(label, LABEL_CHARACTERS),
        "element": element,
        "optional": one.optional or name != one.name,
    }
    if one.hint.strip():
        made["hint"] = _plain_object(one.hint, LABEL_CHARACTERS)
    return made
