"""People: one human being, on one platform or two."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

AccountKind = Literal["colleague", "guest", "stranger", "bot"]


@dataclass(frozen=True, slots=True)
class Account:
    """A platform's word on one of its users, cached. `email` only where the platform verified it."""

    platform: str
    id: str
    name: str
    kind: AccountKind
    email: str = ""
    tenant: str = ""
    alias: str = ""  # Teams: the Entra object id
    fetched_at: datetime | None = None  # UTC


@dataclass(frozen=True, slots=True)
class Person:
    """One human being.

    `key` is the same on both platforms: the catalog's e-mail address, else a verified one, else `platform:id`.
    """

    key: str
    name: str
    title: str = ""
    email: str = ""
    slack: str = ""
    teams: str = ""
    roles: frozenset[str] = frozenset()
    colleague: bool = True


NOBODY = Person(key="amends", name="Amends", colleague=True)
"""The clock and the machine: acts in nobody's name."""
