"""The statements every request says, made once: building one costs more than running it.

They are executed with parameters, so that SQLAlchemy finds their compiled form by identity.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import Insert, Select, Table, Update, and_, bindparam, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from storage.tables import accounts, audit, counters, requests

SEEN = select(requests.c.person, requests.c.reply).where(requests.c.key == bindparam("request"))
SAME_WORDS = (
    select(requests)
    .where(
        requests.c.channel == bindparam("room"),
        requests.c.at >= bindparam("since"),
        requests.c.person == bindparam("person"),
        requests.c.line == bindparam("line"),
        requests.c.changed,
    )
    .order_by(requests.c.at.desc())
    .limit(1)
)
ANSWERED = update(requests).where(requests.c.key == bindparam("request"))
ACCOUNT = select(accounts).where(
    accounts.c.platform == bindparam("platform"),
    or_(accounts.c.id == bindparam("id"), and_(accounts.c.alias == bindparam("id"), accounts.c.alias != "")),
)
SAME_ADDRESS = select(accounts).where(
    accounts.c.email == bindparam("email"),
    accounts.c.platform != bindparam("platform"),
    accounts.c.kind == "colleague",  # a guest's card is not read by the colleague of the same address
)
LAST_LINK = select(audit).order_by(audit.c.seq.desc()).limit(1)


def keys(table: Table, key: Sequence[object]) -> dict[str, object]:
    """The parameters `one` and `change` find a row by."""
    return {f"key_{c.name}": k for c, k in zip(table.primary_key.columns, key, strict=True)}


def _found(table: Table) -> Any:
    return and_(*(c == bindparam(f"key_{c.name}") for c in table.primary_key.columns))


@cache
def one(table: Table) -> Select[Any]:
    """A row by its key, locked."""
    return select(table).where(_found(table)).with_for_update()


@cache
def new(table: Table) -> Insert:
    """A new row."""
    return insert(table)


@cache
def change(table: Table) -> Update:
    """A row by its key, to new values."""
    return update(table).where(_found(table))


@cache
def later(*, somewhere: bool) -> Select[Any]:
    """A change after that instant, of that incident, or of none."""
    column = requests.c.incident
    of = column == bindparam("incident") if somewhere else column.is_(None)
    return select(requests.c.key).where(of, requests.c.at > bindparam("at"), requests.c.changed).limit(1)


@cache
def count(dialect: str) -> Any:
    """The next number of a series."""
    made = (postgresql if dialect == "postgresql" else sqlite).insert(counters)
    counted = made.on_conflict_do_update(index_elements=["name"], set_={"value": counters.c.value + 1})
    return counted.returning(counters.c.name, counters.c.value)


@cache
def admit(dialect: str) -> Any:
    """A request, unless it is there already."""
    made = (postgresql if dialect == "postgresql" else sqlite).insert(requests)
    return made.on_conflict_do_nothing(index_elements=["key"]).returning(requests.c.key)
