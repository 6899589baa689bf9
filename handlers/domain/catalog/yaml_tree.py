"""YAML as a tree of words with their lines.

The file is read as events, not as objects: no tags are obeyed, words stay words (`region: NO` is Norway, `11:30` no
number), and depth, size and aliases are bounded before anything is built from them.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple, NoReturn

import yaml

LARGEST_FILE = 5 * 1024 * 1024
"""Bytes of a catalog file, in UTF-8; about 20,000 customers. Ours."""
DEEPEST = 20
"""Levels of nesting; the catalog needs six. Ours."""
MOST_VALUES = 1_000_000
"""Values once every alias is written out: keeps a "billion laughs" file from growing in memory. Ours."""

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_UNPRINTABLE = re.compile(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_PLAIN_TAGS = frozenset(
    f"tag:yaml.org,2002:{word}" for word in ("str", "int", "float", "bool", "null", "timestamp", "seq", "map")
)
_NOTHING = frozenset({"", "~", "null", "Null", "NULL"})
_LONGEST_PROBLEM = 200


class Spot(NamedTuple):
    """A place in a file, counted from 1 as editors do. `column` is 0 where only the line is known."""

    line: int
    column: int = 0


class Fault(NamedTuple):
    """One thing wrong in a file, at a `Spot`: `path` names the key, `message` says what to do."""

    line: int
    path: str
    message: str
    column: int = 0

    @property
    def where(self) -> str:
        """`line 12, column 7`."""
        return f"line {self.line}{f', column {self.column}' if self.column else ''}"

    def __str__(self) -> str:
        return f"{self.where}: {self.path + ': ' if self.path else ''}{self.message}"


class CatalogErrors(Exception):  # noqa: N818 - it carries every error of a file, not one
    """A catalog file was refused as a whole; `errors` are its faults in the order of their lines."""

    def __init__(self, errors: Iterable[Fault], *, filename: str = "") -> None:
        """`filename` stands before each line and column as editors like it: `house.yaml:12:7: …`."""
        self.errors: tuple[Fault, ...] = tuple(sorted(errors, key=lambda f: (f.line, f.column, f.path, f.message)))
        self.filename = filename
        super().__init__(self.errors, filename)

    def __str__(self) -> str:
        count = len(self.errors)
        head = f"{self.filename or 'The catalog'} was not loaded: {count} fault{'' if count == 1 else 's'}."
        rows = (f"{_placed(f, self.filename)}: {_told(f)}" for f in self.errors)
        return "\n".join((head, *rows))


def _placed(fault: Fault, filename: str) -> str:
    if not filename:
        return fault.where
    return f"{filename}:{fault.line}:{fault.column}" if fault.column else f"{filename}:{fault.line}"


def _told(fault: Fault) -> str:
    return f"{fault.path}: {fault.message}" if fault.path else fault.message


@dataclass(frozen=True, slots=True)
class Scalar:
    """One word or text as written; `nothing` for an empty or null value."""

    text: str
    spot: Spot
    nothing: bool = False
    weight: int = 1


@dataclass(frozen=True, slots=True)
class Listing:
    """A list of values."""

    items: tuple["Node", ...]
    spot: Spot
    weight: int = 1


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys and values in order; a key written twice stands twice. What came by `<<` (`merged`) yields to `entries`."""

    entries: tuple[tuple[Scalar, "Node"], ...]
    spot: Spot
    merged: tuple[tuple[Scalar, "Node"], ...] = ()
    weight: int = 1


Node = Scalar | Listing | Mapping


def shown(text: str) -> str:
    """A word of the file in quotation marks, safe to print and never longer than 60 characters."""
    short = text if len(text) <= 60 else text[:57] + "…"
    return '"' + "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in short) + '"'


def decoded(data: bytes, *, filename: str) -> str:
    """The text of a file that must be UTF-8 (a byte order mark is taken off). Raises CatalogErrors."""
    if len(data) > LARGEST_FILE:
        raise CatalogErrors([Fault(1, "", _too_large(len(data)))], filename=filename)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        what = "UTF-16" if data[:2] in {b"\xff\xfe", b"\xfe\xff"} else "no UTF-8"
        message = f"the file is {what} (byte {error.start + 1}); save it as UTF-8"
        raise CatalogErrors([Fault(line, "", message)], filename=filename) from None


def checked_text(text: str, *, filename: str) -> str:
    """The text of a file within its size and without control characters. Raises CatalogErrors."""
    text = text.removeprefix("\ufeff")
    if len(text) > LARGEST_FILE or len(text.encode("utf-8", "replace")) > LARGEST_FILE:
        raise CatalogErrors([Fault(1, "", _too_large(len(text)))], filename=filename)
    bad = _UNPRINTABLE.search(text)
    if bad:
        line = text.count("\n", 0, bad.start()) + 1
        message = f"the character U+{ord(bad.group()):04X} cannot stand in a catalog; take it out"
        column = bad.start() - text.rfind("\n", 0, bad.start())
        raise CatalogErrors([Fault(line, "", message, column)], filename=filename)
    return text


def _too_large(size: int) -> str:
    return f"the file is {size / 1024 / 1024:.1f} MB; at most {LARGEST_FILE // 1024 // 1024} MB are read"


class _Open:
    """A list or mapping whose end was not seen yet."""

    __slots__ = ("anchor", "items", "listing", "spot", "weight")

    def __init__(self, spot: Spot, anchor: str | None, *, listing: bool) -> None:
        self.spot = spot
        self.anchor = anchor
        self.listing = listing
        self.items: list[Node] = []
        self.weight = 1


class _Builder:
    """Events in, nodes out; a stack instead of recursion, so that depth costs nothing."""

    def __init__(self, filename: str) -> None:
        self.filename = filename
        self.stack: list[_Open] = []
        self.anchors: dict[str, Node | None] = {}  # None: not finished yet
        self.root: Node | None = None

    def refuse(self, spot: Spot, message: str) -> NoReturn:
        raise CatalogErrors([Fault(spot.line, "", message, spot.column)], filename=self.filename)

    def put(self, node: Node, spot: Spot, anchor: str | None = None) -> None:
        if anchor:
            self.anchors[anchor] = node
        if not self.stack:
            self.root = node
            return
        top = self.stack[-1]
        top.weight += node.weight
        if top.weight > MOST_VALUES:
            self.refuse(spot, f"the file grows to more than {MOST_VALUES:,} values; use fewer aliases")
        top.items.append(node)

    def tag(self, event: Any, spot: Spot) -> None:
        if event.tag is not None and event.tag not in _PLAIN_TAGS and event.tag != "!":
            self.refuse(spot, f"the tag {shown(event.tag)} is not allowed; write the plain value")

    def opened(self, event: Any, spot: Spot, *, listing: bool) -> None:
        self.tag(event, spot)
        if len(self.stack) >= DEEPEST:
            self.refuse(spot, f"nested deeper than {DEEPEST} levels; no catalog needs that")
        if event.anchor:
            self.anchors[event.anchor] = None
        self.stack.append(_Open(spot, event.anchor, listing=listing))

    def closed(self, spot: Spot) -> None:
        top = self.stack.pop()
        self.put(
            Listing(tuple(top.items), top.spot, top.weight) if top.listing else self.mapping(top), spot, top.anchor
        )

    def mapping(self, top: _Open) -> Mapping:
        entries: list[tuple[Scalar, Node]] = []
        merged: list[tuple[Scalar, Node]] = []
        for key, value in zip(top.items[::2], top.items[1::2], strict=True):
            if not isinstance(key, Scalar):
                self.refuse(key.spot, "a key must be a plain word, not a list or a mapping")
            if key.text != "<<":
                entries.append((key, value))
                continue
            sources = value.items if isinstance(value, Listing) else (value,)
            for source in sources:
                if not isinstance(source, Mapping):
                    self.refuse(key.spot, "<< takes a mapping, such as *defaults")
                merged.extend((*source.entries, *source.merged))
                if len(merged) > MOST_VALUES:
                    self.refuse(key.spot, f"the file grows to more than {MOST_VALUES:,} values; use fewer aliases")
        return Mapping(tuple(entries), top.spot, tuple(merged), top.weight + len(merged))

    def alias(self, name: str, spot: Spot) -> None:
        if name not in self.anchors:
            self.refuse(spot, f"there is no anchor &{shown(name)[1:-1]} above this line")
        node = self.anchors[name]
        if node is None:
            self.refuse(spot, f"*{shown(name)[1:-1]} stands inside itself; an alias cannot hold itself")
        self.put(node, spot)

    def event(self, event: Any) -> None:
        spot = Spot(event.start_mark.line + 1, event.start_mark.column + 1)
        if isinstance(event, yaml.ScalarEvent):
            self.tag(event, spot)
            plain = not event.style  # None or "", as the parser likes
            nothing = plain and event.value in _NOTHING
            self.put(Scalar(event.value, spot, nothing), spot, event.anchor)
        elif isinstance(event, yaml.AliasEvent):
            self.alias(event.anchor or "", spot)
        elif isinstance(event, yaml.SequenceStartEvent | yaml.MappingStartEvent):
            self.opened(event, spot, listing=isinstance(event, yaml.SequenceStartEvent))
        elif isinstance(event, yaml.SequenceEndEvent | yaml.MappingEndEvent):
            self.closed(spot)
        elif isinstance(event, yaml.DocumentStartEvent) and self.root is not None:
            self.refuse(spot, "a second document begins here (---); a catalog is one document")


def read_tree(text: str, *, filename: str) -> Node:
    """The nodes of a YAML text. Raises CatalogErrors, and nothing else, whatever the text is."""
    text = checked_text(text, filename=filename)
    builder = _Builder(filename)
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            builder.event(event)
    except yaml.MarkedYAMLError as error:
        raise CatalogErrors([_syntax(error, text)], filename=filename) from None
    except (yaml.YAMLError, ValueError, OverflowError) as error:  # the pure parser's odd escapes and versions
        message = f"this is no YAML: {' '.join(str(error).split())[:_LONGEST_PROBLEM]}"
        raise CatalogErrors([Fault(1, "", message)], filename=filename) from None
    if builder.root is None or (isinstance(builder.root, Scalar) and builder.root.nothing):
        builder.refuse(Spot(1), "the file holds nothing; begin with services: and customers:")
    return builder.root


def _syntax(error: yaml.MarkedYAMLError, text: str) -> Fault:
    mark = error.problem_mark or error.context_mark
    line = min(mark.line + 1, text.count("\n") + 1) if mark else 1
    column = mark.column + 1 if mark and line == mark.line + 1 else 0
    rows = text.split("\n")
    row = rows[line - 1] if line <= len(rows) else ""
    if row[: len(row) - len(row.lstrip())].find("\t") >= 0:
        return Fault(line, "", "a tab stands at the beginning of the line; indent with spaces", 1)
    what = " ".join(f"{error.context or ''} {error.problem or ''}".split())
    advice = "look at the indentation, colons and quotes of this line"
    return Fault(line, "", f"this is no YAML here: {what}; {advice}", column)


def kind(node: Node) -> str:
    """What a node is, in words: text, a list, a mapping, nothing."""
    if isinstance(node, Scalar):
        return "nothing" if node.nothing else "text"
    return "a list" if isinstance(node, Listing) else "a mapping"
