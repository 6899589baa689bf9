"""Cards as Teams draws them: Adaptive Cards 1.5 and messages, as plain dicts. Pure.

What people wrote reaches a card through `escape` alone, so none of it is read as Markdown, as a mention or as one of
the `{{DATE()}}` functions. Every line is a TextBlock of its own, because clients disagree about line breaks inside one
(https://github.com/MicrosoftDocs/msteams-docs/issues/4758).

https://learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/cards-reference
https://learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/cards-format
"""

import json
import re
import string
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC
from typing import Any, Final, Literal, TypeVar
from urllib.parse import quote
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

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
    Tone,
)
from handlers.domain.compose.moments import zone_label
from storage.rows import pack, unpack

Json = dict[str, Any]
_T = TypeVar("_T")
Where = Literal["message", "dialog", "plain"]
"""Where a card is shown: in a message, in a dialog, or in a message of a tool that cannot open dialogs."""

CARD_BYTES: Final = 28_000
"""Largest card, as JSON in UTF-8: what webhooks and workflows take (28 KB), the smallest limit a card ever meets. Bots
have more room. https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/add-incoming-webhook"""
ROW_ACTIONS: Final = 6
"""Actions shown in one row; a card's further ones hide behind a menu.
https://learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/cards-actions"""
MANY_OPTIONS: Final = 12
"""From so many options on a choice is found by typing; ours."""
SUMMARY_CHARACTERS: Final = 200
"""Length of the line that a notification shows; ours, Teams cuts it where the device does."""
HINT_CHARACTERS: Final = 60
"""A longer hint stands under its field instead of in it; ours."""
CONTENT_TYPE: Final = "application/vnd.microsoft.card.adaptive"
MESSAGE_TYPE: Final = "application/vnd.microsoft.activity.message"

_SCHEMA = "http://adaptivecards.io/schemas/adaptive-card.json"
_STYLES: Mapping[Tone, str] = {"good": "good", "warning": "warning", "danger": "attention"}
_PRESSED = {"primary": "positive", "danger": "destructive"}
_CUTS = ((8000, 200), (4000, 100), (2000, 60), (1000, 40), (500, 25), (250, 12), (100, 5))
"""What a card may show of one text (characters) and of one list (items), tried in turn until it fits."""
_WHOLE = (1_000_000, 100_000)

# --- people's words --------------------------------------------------------------------------------------------------
_BREAKS = re.compile("\r\n?|[\u0085\u2028\u2029\u000b\u000c]")
_FLAG_OR_TAG = re.compile("\U0001f3f4[\U000e0020-\U000e007f]+|[\U000e0000-\U000e007f]")
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b\u200e\u200f"
    "\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
    # Between two plain characters a joiner joins nothing; inside an emoji, or a script that needs it, it stays.
    "|(?<![^\x00-\x7f])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\x7f])"
)
_MARKDOWN = re.compile(
    r"[\\`*\[\]]"
    r"|(?<![^\W_])_|_(?![^\W_])"  # inside a word (edge_blu_07) it marks nothing
    r"|~(?=~)|(?<=~)~"
    r"|<(?=[A-Za-z/!?])"  # tags, <at> among them
    r"|&(?=#?[0-9A-Za-z]{1,32};)"
    r"|\{(?=\{)|(?<=\{)\{"  # {{DATE(…)}}
)
_LINE_START = re.compile(
    r"(?P<mark>#(?=#{0,5}(?:\s|$))|>|[-+](?=\s|$)|[=-](?=[=\s-]*$))|[0-9]{1,9}(?P<dot>[.)])(?=\s|$)"
)


def clean(words: str) -> str:
    """The words without characters nobody sees: bidirectional marks, zero-width ones, controls, lone surrogates.

    Emoji keep their joiners, line breaks become one kind, tabs blanks.
    """
    plain = _BREAKS.sub("\n", words).replace("\t", " ")
    plain = _FLAG_OR_TAG.sub(lambda found: found[0] if len(found[0]) > 1 else "", plain)
    while (fewer := _UNSEEN.sub("", plain)) != plain:
        plain = fewer
    return plain


def escape(words: str) -> str:
    """The words as Markdown that shows exactly them, cleaned, on one line."""
    return _MARKDOWN.sub(lambda found: f"\\{found[0]}", " ".join(clean(words).split("\n")))


def _started(markdown: str) -> str:
    """Markdown of a whole line, whose beginning makes no list, heading, quote or code block."""
    body = markdown.lstrip(" ")
    if found := _LINE_START.match(body):
        at = found.start("mark") if found["mark"] else found.start("dot")
        body = f"{body[:at]}\\{body[at:]}"
    return "\u00a0" * (len(markdown) - len(markdown.lstrip(" "))) + body


def _clip(words: str, longest: int) -> str:
    return words if len(words) <= longest else words[: longest - 1].rstrip("\u200d\ufe0f ") + "…"


def house_time(moment: Moment) -> str:
    """An instant in house time, its zone named: 15:02 CET, 4 March 2026; 4 March 2026, 15:02 CET."""
    zone = moment.zone
    try:
        local = moment.at.astimezone(ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError):
        zone, local = "UTC", moment.at.astimezone(UTC)
    match moment.style:
        case "time":
            return f"{local:%H:%M} {zone_label(zone, moment.at)}"
        case "date":
            return f"{local.day} {local:%B} {local.year}"
        case "datetime":
            return f"{local.day} {local:%B} {local.year}, {local:%H:%M} {zone_label(zone, moment.at)}"


def _own_time(moment: Moment) -> str:
    """The same instant by the clock of whoever looks: functions that the client fills in.

    https://learn.microsoft.com/adaptive-cards/authoring-cards/text-features#datetime-function-rules
    """
    stamp = moment.at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    day = f"{{{{DATE({stamp}, SHORT)}}}} " if moment.style == "datetime" else ""
    return f"{day}{{{{TIME({stamp})}}}}"


def plain(spans: Sequence[Span]) -> str:
    """Spans as plain words, for notifications and toasts."""
    return "".join(_plain_span(span) for span in spans)


def _plain_span(span: Span) -> str:
    match span:
        case Text(words) | Strong(words):
            return words
        case Code(words):
            return f"“{words}”"
        case Mention(name):
            return name
        case Moment():
            return house_time(span)
        case RoomLink(label) | Link(label):
            return label


def said(card: Card, longest: int = SUMMARY_CHARACTERS) -> str:
    """A card in one line of plain words: its head and the first thing it says."""
    first = next((words for block in card.blocks if (words := _plain_block(block))), "")
    head = " ".join(clean(card.head).split())
    words = " ".join(clean(first).split())
    return _clip(": ".join(part for part in (head, words) if part) or "Amends", longest)


def spoken(card: Card) -> str:
    """What a card says in plain words, without its buttons and its small print."""
    said_ = [_plain_block(block) for block in card.blocks if not isinstance(block, Small)]
    return "\n".join(words for words in (card.head, *said_) if words)


def _plain_block(block: Block) -> str:
    match block:
        case Line(spans) | Small(spans):
            return plain(spans)
        case Quote(words):
            return words
        case Fields(pairs):
            return ", ".join(f"{label}: {plain(value)}" for label, value in pairs[:3])
        case Bullets(items):
            return "; ".join(plain(item) for item in items[:3])
        case Buttons() | Divider():
            return ""


def is_short(card: Card) -> bool:
    """Whether `said` tells all of it: no button, list or quote, one line besides small print."""
    lines = [block for block in card.blocks if not isinstance(block, Small | Divider)]
    return len(lines) <= 1 and all(isinstance(block, Line) for block in lines)


# --- drawing ---------------------------------------------------------------------------------------------------------
@dataclass
class _Sheet:
    """A card being drawn: what it holds so far, whom it mentions, what had to be left out."""

    where: Where
    characters: int
    items: int
    body: list[Json] = field(default_factory=list)
    mentions: dict[str, Json] = field(default_factory=dict)
    cut: int = 0
    dropped: int = 0
    separate: bool = False

    def add(self, element: Json) -> None:
        if self.separate:
            element["separator"] = True
            self.separate = False
        self.body.append(element)

    def short(self, words: str) -> str:
        """The words, cut if this sheet allows no more of them."""
        kept = _clip(words, self.characters)
        if kept != words:
            self.cut += len(words) - len(kept) + 1
        return kept

    def line(self, spans: Sequence[Span]) -> str:
        """Spans as Markdown of one line."""
        parts = [part for span in spans for part in _typed_apart(span)]
        pieces = [self.span(part) for part in parts]
        out = ""
        for index, piece in enumerate(pieces):
            after = next((other[:1] for other in pieces[index + 1 :] if other), "")
            loud = isinstance(parts[index], Strong | Code)
            out += _bold(piece, out[-1:], after) if loud else piece
        return _started(out) if out.strip() else ""

    def span(self, span: Span) -> str:
        match span:
            case Text(words) | Strong(words) | Code(words):
                return escape(self.short(words))
            case Mention():
                return self.mention(span)
            case Moment():
                own = "" if span.style == "date" else f" ({_own_time(span)} your time)"
                return f"{house_time(span)}{own}"
            case RoomLink(label, _, url) | Link(label, url):
                words = escape(self.short(label))
                return f"[{words}]({_address(url)})" if words.strip() and _is_web(url) else words

    def mention(self, span: Mention) -> str:
        """The person's name; called only where that is wanted and Teams knows them.

        https://learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/cards-format#mention-support-within-adaptive-cards
        """
        name = self.short(span.name)
        if not (span.ping and span.teams):
            return escape(name)
        bare = re.sub(r"[^\w .,'’()-]", "", clean(name)).replace("_", " ").strip() or "you"
        tag, number = f"<at>{bare}</at>", 1
        while tag in self.mentions and self.mentions[tag]["mentioned"]["id"] != span.teams:
            number += 1
            tag = f"<at>{bare} {number}</at>"
        self.mentions[tag] = {"type": "mention", "text": tag, "mentioned": {"id": span.teams, "name": bare}}
        return tag

    def blocks(self, blocks: Sequence[Block]) -> None:
        for block in blocks:
            self.block(block)

    def block(self, block: Block) -> None:
        match block:
            case Line((Code(words),)) if clean(words).strip():
                self.add(_text(_started(escape(self.short(words))), fontType="Monospace"))
            case Line(spans):
                if words := self.line(spans):
                    self.add(_text(words))
            case Small(spans):
                if words := self.line(spans):
                    self.add(_text(words, isSubtle=True, size="Small"))
            case Quote(words):
                self.quote(words)
            case Fields(pairs):
                facts = [
                    {"title": escape(self.short(label)) or "—", "value": self.line(value) or "—"}
                    for label, value in self.some(pairs)
                ]
                if facts:
                    self.add({"type": "FactSet", "facts": facts})
            case Bullets(items):
                for item in self.some(items):
                    if words := self.line(item):
                        self.add(_text(f"• {words}", spacing="Small"))
            case Buttons(buttons):
                for actions in _rows([_action(button, self.where) for button in buttons]):
                    self.add({"type": "ActionSet", "actions": actions})
            case Divider():
                self.separate = bool(self.body)

    def quote(self, words: str) -> None:
        """Somebody's words, set apart, line by line; an empty line is a wider gap."""
        lines: list[Json] = []
        gap = False
        for row in clean(self.short(words)).split("\n"):
            if not row.strip():
                gap = True
                continue
            lines.append(_text(_started(escape(row)), spacing=("Medium" if gap else "None") if lines else "Default"))
            gap = False
        if lines:
            self.add({"type": "Container", "style": "emphasis", "items": lines})

    def some(self, items: Sequence[_T]) -> Sequence[_T]:
        """As many of them as this sheet allows."""
        self.dropped += max(0, len(items) - self.items)
        return items[: self.items]

    def left_out(self, parts: int) -> str:
        """What is missing, in words; nothing if all is there."""
        counts = ((self.cut, "character"), (self.dropped, "line"), (parts, "part"))
        words = [f"{count} {noun}{'s' * (count != 1)}" for count, noun in counts if count]
        return f"Shortened to fit in Teams; left out: {', '.join(words)}." if words else ""


def _typed_apart(span: Span) -> list[Span]:
    """A text with its words to type, which our sentences put between backticks, as `Code` of their own."""
    if not isinstance(span, Text):
        return [span]
    parts = re.split(r"`([^`\n]+)`", span.words)
    return [Code(words) if index % 2 else Text(words) for index, words in enumerate(parts) if words]


def _text(markdown: str, **looks: Any) -> Json:
    return {"type": "TextBlock", "text": markdown, "wrap": True, **looks}


def _bold(piece: str, before: str, after: str) -> str:
    """Bold, where Markdown takes it so between these neighbours; the blanks around stay outside.

    https://spec.commonmark.org/0.31.2/#left-flanking-delimiter-run
    """
    words = piece.strip()
    if not words or before == "*" or after == "*":
        return piece
    start = piece.index(words)
    lead, tail = piece[:start] or before, piece[start + len(words) :] or after
    if (_joins(lead[-1:]) and not words[0].isalnum()) or (_joins(tail[:1]) and not words[-1].isalnum()):
        return piece
    return f"{piece[:start]}**{words}**{piece[start + len(words) :]}"


def _joins(neighbour: str) -> bool:
    return neighbour != "" and not neighbour.isspace() and neighbour not in string.punctuation


def _is_web(url: str) -> bool:
    return url.startswith("https://")


def _address(url: str) -> str:
    """A URL that nothing in it can end early."""
    return quote(clean(url), safe="%/:?#@!$&'+,;=~.-_")


def _action(button: Button, where: Where) -> Json:
    """A button that says its line: pressed in a message, opening a dialog, or inside one.

    Teams sends only Action.Submit from a dialog, and opens one for nothing else. The Agents Playground opens none:
    there the line is said, and its form comes as a message.
    https://learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/task-modules/task-modules-bots
    """
    label = " ".join(clean(button.label).split()) or button.says
    data: Json = {"says": button.says}
    if where == "dialog":
        pressed: Json = {"type": "Action.Submit", "title": label, "data": data}
    elif button.form and where == "message":
        data = {"msteams": {"type": "task/fetch"}, "says": button.says, "form": True}
        pressed = {"type": "Action.Submit", "title": label, "data": data}
    else:
        pressed = {"type": "Action.Execute", "title": label, "verb": "say", "data": data}
    look = {"style": _PRESSED[button.style]} if button.style in _PRESSED else {}
    if not button.confirm:
        return pressed | look
    asked = {
        "type": "AdaptiveCard",
        "version": "1.5",
        "body": [_text(_started(escape(button.confirm)) or "Sure?")],
        "actions": [pressed | {"title": yes(label)} | look],
    }
    return {"type": "Action.ShowCard", "title": label, **look, "card": asked}


def yes(label: str) -> str:
    """The second press of a button that asks first: "Resolve" becomes "Yes, resolve"."""
    name = label[:1] + label[1:2].lower() != label[:2]
    return f"Yes, {label if name else label[:1].lower() + label[1:]}"


def _rows(actions: Sequence[Json]) -> Iterator[list[Json]]:
    for start in range(0, len(actions), ROW_ACTIONS):
        yield list(actions[start : start + ROW_ACTIONS])


def _size(card: Json) -> int:
    return len(json.dumps(card, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass"))


def _head(words: str, tone: Tone) -> Json:
    head = _text(_started(escape(_clip(words, 300))) or "Amends", weight="Bolder", size="Medium", style="heading")
    if tone not in _STYLES:
        return head
    return {"type": "Container", "style": _STYLES[tone], "bleed": True, "items": [head]}


def _adaptive(body: list[Json], mentions: Mapping[str, Json]) -> Json:
    card: Json = {"type": "AdaptiveCard", "$schema": _SCHEMA, "version": "1.5", "body": body}
    return card | {"msteams": {"entities": list(mentions.values())}} if mentions else card


def _attempt(card: Card, cut: tuple[int, int], keep: int, where: Where) -> Json:
    sheet = _Sheet(where, *cut)
    sheet.blocks(card.blocks[:keep])
    body = [_head(card.head, card.tone), *sheet.body] if card.head or not sheet.body else list(sheet.body)
    if note := sheet.left_out(len(card.blocks) - keep):
        body.insert(1, _text(escape(note), isSubtle=True, color="Warning"))
    return _adaptive(body, sheet.mentions)


def adaptive(card: Card, where: Where = "message") -> Json:
    """The Adaptive Card, smaller than `CARD_BYTES`; where something had to be left out it says how much.

    Long texts are cut first, then long lists, then the last blocks.
    """
    drawn: Json = {}
    for cut in (_WHOLE, *_CUTS):
        drawn = _attempt(card, cut, len(card.blocks), where)
        if _size(drawn) <= CARD_BYTES:
            return drawn
    fits, too_many = 0, len(card.blocks)
    while too_many - fits > 1:
        half = (fits + too_many) // 2
        if _size(_attempt(card, _CUTS[-1], half, where)) <= CARD_BYTES:
            fits = half
        else:
            too_many = half
    return _attempt(card, _CUTS[-1], fits, where)


def attached(card: Json) -> Json:
    """An Adaptive Card as an attachment."""
    return {"contentType": CONTENT_TYPE, "content": card}


def message(card: Card, where: Where = "message") -> Json:
    """The message activity that shows a card; its summary is what notifications say."""
    return {"type": "message", "summary": said(card), "attachments": [attached(adaptive(card, where))]}


def customer(text: str) -> Json:
    """The message that carries a customer's approved words: exactly these bytes, as raw text without any formatting.

    A message and not a card, so that customers can search, quote and translate it, and what was sent can be compared
    with what was approved byte for byte.
    https://learn.microsoft.com/microsoftteams/platform/bots/how-to/format-your-bot-messages
    """
    return {"type": "message", "text": text, "textFormat": "plain", "summary": _clip(" ".join(text.split()), 200)}


# --- forms -----------------------------------------------------------------------------------------------------------
def form_card(
    form: Form,
    faults: Mapping[str, str] | None = None,
    values: Mapping[str, str | tuple[str, ...]] | None = None,
    *,
    dialog: bool = False,
) -> Json:
    """A form as an Adaptive Card. `faults` are sentences by field ("": the whole form), `values` what was typed so far.

    In a message its button is an Action.Execute with the verb "form", in a dialog an Action.Submit; both carry the line
    (`says`) and the form itself, so that it can be shown again with its faults (see `form_of`).
    """
    carried = pack(replace(form, fields=tuple(replace(one, initial="") for one in form.fields)))
    shown, most, blank = form, max((len(one.options) for one in form.fields), default=0), False
    while True:
        drawn = _form(shown, faults or {}, values or {}, carried, dialog=dialog, blank=blank)
        if _size(drawn) <= CARD_BYTES:
            return drawn
        if carried is not None:
            carried = None
        elif most > MANY_OPTIONS:
            most //= 2
            shown = replace(form, fields=tuple(replace(one, options=one.options[:most]) for one in form.fields))
        elif not blank:
            blank = True
        else:
            sorry = (
                Line((Text("This form is too large for Teams. Say it as a line; "), Code("help"), Text(" shows how."))),
            )
            return adaptive(Card(form.title, sorry))


def _form(
    form: Form,
    faults: Mapping[str, str],
    values: Mapping[str, str | tuple[str, ...]],
    carried: Any,
    *,
    dialog: bool,
    blank: bool,
) -> Json:
    sheet = _Sheet("dialog" if dialog else "message", *_CUTS[1])
    if not dialog:  # a dialog shows the title itself
        sheet.add(_head(form.title, "plain"))
    sheet.blocks([block for block in form.intro if not isinstance(block, Buttons)])
    if note := sheet.left_out(0):
        sheet.add(_text(note, isSubtle=True, color="Warning"))
    names = {one.name for one in form.fields}
    for name, sentence in faults.items():
        if name not in names:
            sheet.add(_text(_started(escape(sentence)), color="Attention"))
    for one in form.fields:
        if one.name in faults:
            sheet.add(_text(_started(escape(faults[one.name])), color="Attention", spacing="Medium"))
        _ask(sheet, one, values.get(one.name, one.initial), blank=blank)
    many = [one.name for one in form.fields if one.kind == "choices"]
    data: Json = {"says": form.says, "form": carried if carried is not None else True, "many": many}
    send: Json = {"title": clean(form.send) or "Send", "style": "positive", "data": data}
    kind: Json = {"type": "Action.Submit"} if dialog else {"type": "Action.Execute", "verb": "form"}
    return _adaptive(sheet.body, sheet.mentions) | {"actions": [kind | send]}


def _ask(sheet: _Sheet, one: FormField, value: str | tuple[str, ...], *, blank: bool) -> None:
    """One field of a form: its input, and a hint that does not fit into it."""
    label = " ".join(clean(one.label).split()) or one.name
    asked: Json = {"id": one.name, "label": label}
    if not one.optional:
        asked |= {"isRequired": True, "errorMessage": f"{label}: please fill this in."}
    hint = " ".join(clean(one.hint).split())
    typed = clean(value if isinstance(value, str) else ", ".join(value))
    match one.kind:
        case "line" | "text" | "person":
            asked |= {"type": "Input.Text", "isMultiline": one.kind == "text", "maxLength": one.longest}
            hint = hint or ("Name or e-mail address" if one.kind == "person" else "")
            if typed and not blank:
                asked["value"] = typed[: one.longest]
            elif typed:
                sheet.add(_text("The text as it stands is too long to show here; what you write replaces it."))
        case "choice" | "choices":
            asked |= _choices(one, value)
        case "date":
            asked |= {"type": "Input.Date"}
            if re.fullmatch(r"\d{4}-\d\d-\d\d", typed, re.ASCII):
                asked["value"] = typed
        case "time":
            asked |= {"type": "Input.Time"}
            if re.fullmatch(r"\d\d:\d\d", typed, re.ASCII):
                asked["value"] = typed
    fits = asked["type"] == "Input.Text" and len(hint) <= HINT_CHARACTERS
    if hint and fits:
        asked["placeholder"] = hint
    sheet.add(asked)
    if hint and not fits:
        sheet.add(_text(_started(escape(hint)), isSubtle=True, size="Small", spacing="None"))


def _choices(one: FormField, value: str | tuple[str, ...]) -> Json:
    """A choice of one or several; a long one is searched by typing.

    https://learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/dynamic-search
    """
    many = one.kind == "choices"
    found: Json = {
        "type": "Input.ChoiceSet",
        "choices": [{"title": clean(label) or key, "value": _key(key, many=many)} for key, label in one.options],
        "isMultiSelect": many,
    }
    if len(one.options) > MANY_OPTIONS:
        found |= {"style": "filtered", "placeholder": "Type to search"}
    else:
        found["style"] = "expanded" if many else "compact"
    known = {key for key, _ in one.options}
    wanted = [key for key in ((value,) if isinstance(value, str) else value) if key in known]
    if wanted:
        found["value"] = ",".join(_key(key, many=many) for key in (wanted if many else wanted[:1]))
    return found


def _key(value: str, *, many: bool) -> str:
    """A choice's value; several answers come back joined by commas, so a comma in one is spelled."""
    return value.replace("%", "%25").replace(",", "%2C") if many else value


def answers(data: Mapping[str, Any]) -> dict[str, str | tuple[str, ...]]:
    """What a form's inputs came back with, by field; choices of several as tuples. Whatever is no text is left out."""
    given = data.get("many")
    many = {name for name in given if isinstance(name, str)} if isinstance(given, list) else set()
    found: dict[str, str | tuple[str, ...]] = {}
    for name, value in data.items():
        if name in _OURS or not isinstance(value, str):
            continue
        found[name] = value
        if name in many:
            keys = (key.replace("%2C", ",").replace("%25", "%") for key in value.split(","))
            found[name] = tuple(key for key in keys if key)
    return found


_OURS = frozenset({"says", "form", "many", "msteams", "verb"})
"""Names in a button's data that are ours; a form has no field called so."""


def form_of(data: Mapping[str, Any]) -> Form | None:
    """The form that a sent one carries, to be shown again; None if it carries none.

    It comes from outside and goes back to whoever sent it, nowhere else.
    """
    carried = data.get("form")
    if not isinstance(carried, dict):
        return None
    try:
        form = unpack(carried)
        if not isinstance(form, Form):
            return None
        form_card(form, values={one.name: "x" for one in form.fields})
    except (KeyError, TypeError, ValueError, AttributeError, IndexError):
        return None
    return form


def form_message(
    form: Form,
    faults: Mapping[str, str] | None = None,
    values: Mapping[str, str | tuple[str, ...]] | None = None,
) -> Json:
    """The message that shows a form, where no dialog can be opened: in answer to a typed line."""
    summary = _clip(" ".join(clean(form.title).split()) or "A form", SUMMARY_CHARACTERS)
    return {"type": "message", "summary": summary, "attachments": [attached(form_card(form, faults, values))]}


# --- answers to invokes ----------------------------------------------------------------------------------------------
def dialog(
    form: Form,
    faults: Mapping[str, str] | None = None,
    values: Mapping[str, str | tuple[str, ...]] | None = None,
) -> Json:
    """The answer that shows a form in a dialog.

    https://learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/what-are-task-modules
    """
    height = "medium" if len(form.fields) < 4 else "large"
    return _continue(form.title, height, form_card(form, faults, values, dialog=True))


def dialog_card(card: Card) -> Json:
    """The answer that shows a card in a dialog."""
    return _continue("Amends", "medium" if is_short(card) else "large", adaptive(card, "dialog"))


def _continue(title: str, height: str, card: Json) -> Json:
    value = {"title": _clip(clean(title) or "Amends", 60), "height": height, "width": "medium", "card": attached(card)}
    return {"task": {"type": "continue", "value": value}}


def dialog_message(words: str) -> Json:
    """The answer that closes a dialog and says a line."""
    return {"task": {"type": "message", "value": words}}


def toast(words: str) -> Json:
    """The answer to a pressed button: a line of words, the card stays as it is.

    https://learn.microsoft.com/adaptive-cards/authoring-cards/universal-action-model#response-format
    """
    return {"statusCode": 200, "type": MESSAGE_TYPE, "value": words}


def replacement(card: Json) -> Json:
    """The answer to a pressed button that shows whoever pressed another card in this one's place."""
    return {"statusCode": 200, "type": CONTENT_TYPE, "value": card}
