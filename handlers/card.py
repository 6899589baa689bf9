"""What the bot shows, before any platform draws it: spans, never markup.

A Slack renderer and a Teams renderer draw the same card. People's text only ever travels in `Text` (or `Quote`), so a
renderer escapes it by construction. Buttons and forms *say* the grammar: a press, a modal, a typed line are one path.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Tone = Literal["plain", "good", "warning", "danger"]


@dataclass(frozen=True, slots=True)
class Text:
    """Plain words; renderers escape them."""

    words: str


@dataclass(frozen=True, slots=True)
class Strong:
    """Plain words, said louder."""

    words: str


@dataclass(frozen=True, slots=True)
class Code:
    """Something to type, or an id."""

    words: str


@dataclass(frozen=True, slots=True)
class Mention:
    """A person. `slack` and `teams` are platform ids where known; a renderer without one prints the name."""

    name: str
    slack: str = ""
    teams: str = ""
    ping: bool = False  # False: the name is shown, nobody is called


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant (UTC), shown in house time with its zone, and in each viewer's own time where the platform can."""

    at: datetime
    zone: str = "UTC"
    style: Literal["time", "date", "datetime"] = "time"


@dataclass(frozen=True, slots=True)
class RoomLink:
    """The way into an incident's room: each platform draws its own."""

    label: str
    slack: str = ""  # channel id
    teams: str = ""  # deep link


@dataclass(frozen=True, slots=True)
class Link:
    """A link of ours (never of users): https only."""

    label: str
    url: str


Span = Text | Strong | Code | Mention | Moment | RoomLink | Link


@dataclass(frozen=True, slots=True)
class Line:
    """One line of spans."""

    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Small:
    """A line said quietly (context)."""

    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Quote:
    """Words of a person or of a text to be approved, set apart, line breaks kept."""

    words: str


@dataclass(frozen=True, slots=True)
class Fields:
    """Label and value pairs, at most ten."""

    pairs: tuple[tuple[str, tuple[Span, ...]], ...]


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list; each item a line of spans."""

    items: tuple[tuple[Span, ...], ...]


@dataclass(frozen=True, slots=True)
class Divider:
    """A quiet rule."""


@dataclass(frozen=True, slots=True)
class Button:
    """A button that says a line of the grammar.

    `form`: the line opens a form (Slack: a modal; Teams: a dialog). `confirm`: a question asked before it counts.
    """

    label: str
    says: str
    style: Literal["plain", "primary", "danger"] = "plain"
    form: bool = False
    confirm: str = ""


@dataclass(frozen=True, slots=True)
class Buttons:
    """A row of buttons."""

    buttons: tuple[Button, ...]


Block = Line | Small | Quote | Fields | Bullets | Divider | Buttons


@dataclass(frozen=True, slots=True)
class Card:
    """What the bot shows. `head` begins with the incident ("INC-7 Checkout"); a one-liner without one begins so too."""

    head: str
    blocks: tuple[Block, ...] = ()
    tone: Tone = "plain"

    @property
    def buttons(self) -> tuple[Button, ...]:
        """Every button on it, in order."""
        return tuple(b for block in self.blocks if isinstance(block, Buttons) for b in block.buttons)


FieldKind = Literal["line", "text", "choice", "choices", "date", "time", "person"]


@dataclass(frozen=True, slots=True)
class FormField:
    """One thing asked. `options` are (value, label). An empty answer of an optional field is left out."""

    name: str
    label: str
    kind: FieldKind = "line"
    options: tuple[tuple[str, str], ...] = ()
    initial: str | tuple[str, ...] = ""
    optional: bool = False
    hint: str = ""
    longest: int = 3000


@dataclass(frozen=True, slots=True)
class Form:
    """A form; sent, it becomes the command that `handlers.grammar.from_form(says, values)` reads."""

    title: str  # at most 24 characters (Slack's modal title)
    says: str
    fields: tuple[FormField, ...]
    send: str = "Send"
    intro: tuple[Block, ...] = ()


@dataclass(frozen=True, slots=True)
class Reply:
    """What the person who asked gets back: a card or a form; `public` says it to the room instead of privately."""

    show: Card | Form
    public: bool = False
    changed: bool = False  # something was recorded
    asks: bool = False  # it asks whoever spoke something, beside what the room is shown
    notes: tuple[str, ...] = ()


def text(words: str) -> tuple[Span, ...]:
    """A line of one plain span."""
    return (Text(words),)


def line(*spans: Span | str) -> Line:
    """A line; strings become plain text."""
    return Line(tuple(Text(s) if isinstance(s, str) else s for s in spans))


def small(*spans: Span | str) -> Small:
    """A quiet line; strings become plain text."""
    return Small(tuple(Text(s) if isinstance(s, str) else s for s in spans))
