"""A catalog as JSON, for storing, and back. Additions are read by older and newer versions alike."""

import dataclasses
import types
import typing
from datetime import date, datetime, timedelta
from fractions import Fraction
from functools import cache
from typing import Any

from handlers.domain.catalog.records import Catalog, Customer


def to_dict(catalog: Catalog) -> dict[str, Any]:
    """The catalog as plain JSON values: dates ISO, fractions as text ("999/10"), lengths of time in seconds."""
    plain = _plain(catalog)
    assert isinstance(plain, dict)
    return plain


def from_dict(stored: dict[str, Any]) -> Catalog:
    """The catalog `to_dict` made.

    Unknown keys are passed over and absent ones get their defaults, so that two versions of Amends can read each
    other's. Raises TypeError or ValueError for anything else.
    """
    made = _made(Catalog, stored)
    assert isinstance(made, Catalog)
    return made


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, tuple):
        return [_plain(v) for v in value]
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, Fraction):
        return str(value)
    if isinstance(value, timedelta):
        return int(value.total_seconds())
    if isinstance(value, date):  # a datetime is a date
        return value.isoformat()
    return value


@cache
def _fields(kind: type) -> dict[str, Any]:
    hints = typing.get_type_hints(kind)
    return {f.name: hints[f.name] for f in dataclasses.fields(kind)}


def _made(kind: Any, value: Any) -> Any:
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in {types.UnionType, typing.Union}:
        inner = next(a for a in arguments if a is not types.NoneType)
        return None if value is None else _made(inner, value)
    if origin is tuple:
        if arguments[-1] is Ellipsis:
            return tuple(_made(arguments[0], v) for v in value)
        return tuple(_made(a, v) for a, v in zip(arguments, value, strict=True))
    if origin is frozenset:
        return frozenset(value)
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        if kind is Customer and value.get("contract") is not None and "contracts" not in value:
            value = value | {"contracts": [value["contract"]]}  # as it was stored when a contract had one version
        return kind(**{name: _made(hint, value[name]) for name, hint in _fields(kind).items() if name in value})
    if kind is Fraction:
        return Fraction(value)
    if kind is timedelta:
        return timedelta(seconds=value)
    if kind in {date, datetime}:
        return kind.fromisoformat(value)
    return value
