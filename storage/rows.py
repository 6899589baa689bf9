"""Row ⇄ record: frozen dataclasses to columns and back, and cards to JSON and back."""

import types
from dataclasses import fields, is_dataclass
from datetime import datetime
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from handlers import card as cards

TAGGED: dict[str, type] = {
    kind.__name__: kind
    for kind in (
        cards.Text,
        cards.Strong,
        cards.Code,
        cards.Mention,
        cards.Moment,
        cards.RoomLink,
        cards.Link,
        cards.Line,
        cards.Small,
        cards.Quote,
        cards.Fields,
        cards.Bullets,
        cards.Divider,
        cards.Button,
        cards.Buttons,
        cards.Card,
        cards.FormField,
        cards.Form,
        cards.Reply,
    )
}
"""The classes a card may hold; nothing else is ever built from stored JSON."""


_SCALARS = frozenset({str, int, float, bool, type(None)})
"""What JSON holds as it is: most of what a record is made of, so it is looked for first."""


@cache
def _names(kind: Any) -> tuple[str, ...] | None:
    """The names of a dataclass's fields; None for anything else."""
    return tuple(f.name for f in fields(kind)) if is_dataclass(kind) else None


def pack(value: Any) -> Any:
    """A card (or a part of one) as JSON."""
    kind: Any = type(value)
    if kind in _SCALARS:
        return value
    if kind is tuple or kind is list:
        return [pack(v) for v in value]
    if (names := _names(kind)) is not None:
        return {"_": kind.__name__} | {name: pack(getattr(value, name)) for name in names}
    if isinstance(value, datetime):
        return {"_": "at", "iso": value.isoformat()}
    return value


def unpack(value: Any) -> Any:
    """The card that `pack` wrote. Raises KeyError on a class that no card holds."""
    if isinstance(value, list):
        return tuple(unpack(v) for v in value)
    if isinstance(value, dict):
        if value["_"] == "at":
            return datetime.fromisoformat(value["iso"])
        return TAGGED[value["_"]](**{k: unpack(v) for k, v in value.items() if k != "_"})
    return value


@cache
def hints(kind: Any) -> dict[str, Any]:
    """A record's fields and their types."""
    found = get_type_hints(kind)
    return {f.name: found[f.name] for f in fields(kind)}


def bare(hint: Any) -> tuple[Any, bool]:
    """A type without its `| None`, and whether it had one."""
    if get_origin(hint) in (Union, types.UnionType):
        inner = [a for a in get_args(hint) if a is not type(None)]
        return inner[0], len(inner) < len(get_args(hint))
    return hint, False


def plain(value: Any) -> Any:
    """A field's value as JSON, for columns that hold a list or a record."""
    kind: Any = type(value)
    if kind in _SCALARS:
        return value
    if kind is tuple or kind is list:
        return [plain(v) for v in value]
    if (names := _names(kind)) is not None:
        return {name: plain(getattr(value, name)) for name in names}
    if isinstance(value, frozenset):
        return sorted(plain(v) for v in value)
    if isinstance(value, datetime):
        return value.isoformat()
    return value


def typed(hint: Any, value: Any) -> Any:
    """JSON back to the type of a field."""
    kind, _ = bare(hint)
    if value is None:
        return None
    origin = get_origin(kind)
    if origin is tuple:
        inner = get_args(kind)
        if len(inner) == 2 and inner[1] is Ellipsis:
            return tuple(typed(inner[0], v) for v in value)
        return tuple(typed(t, v) for t, v in zip(inner, value, strict=True))
    if origin is frozenset:
        return frozenset(typed(get_args(kind)[0], v) for v in value)
    if origin is Literal:
        return value
    if is_dataclass(kind):
        record: Any = kind
        known = hints(record)
        if _as_is(record):  # hundreds of recipients stand in one column, and are read after each post to one of them
            return record(**{k: v for k, v in value.items() if k in known})
        return record(**{k: typed(known[k], v) for k, v in value.items() if k in known})
    if kind is datetime and isinstance(value, str):
        return datetime.fromisoformat(value)
    return value


@cache
def _as_is(record: Any) -> bool:
    """Whether JSON holds every field of a record as it is."""
    return all(bare(hint)[0] in (str, int, float, bool) for hint in hints(record).values())


def is_json(hint: Any) -> bool:
    """Whether a field lives in a JSON column."""
    kind, _ = bare(hint)
    return get_origin(kind) in (tuple, frozenset) or is_dataclass(kind)


@cache
def _plan(kind: Any) -> tuple[tuple[str, Any], ...]:
    """A record's fields, each with its type where a JSON column holds it, None where the column's own type does."""
    return tuple((name, hint if is_json(hint) else None) for name, hint in hints(kind).items())


def to_row(record: Any) -> dict[str, Any]:
    """A record as column values."""
    return {
        name: getattr(record, name) if hint is None else plain(getattr(record, name))
        for name, hint in _plan(_kind(record))
    }


def from_row(kind: Any, row: Any) -> Any:
    """The record a row holds."""
    return kind(**{name: row[name] if hint is None else typed(hint, row[name]) for name, hint in _plan(kind)})


def _kind(record: Any) -> Any:
    return type(record)
