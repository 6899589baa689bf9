"""The engine, its pragmas, one transaction at a time, and the clock every transaction reads once."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar

from psycopg import OperationalError as PsycopgOperationalError
from sqlalchemy import Connection, Engine, create_engine, event, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from handlers.domain.catalog import Catalog, from_dict
from storage.tables import catalogs

T = TypeVar("T")
TRIES = 5
"""How often a transaction is run again after the database broke a deadlock or a serialisation tie."""
BUSY_SECONDS = 10
"""How long SQLite waits for another process's write lock."""
PATIENCE = {
    "connect_timeout": 3,
    "tcp_user_timeout": 8000,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 2,
}
"""When a connection to PostgreSQL counts as broken where the network swallows everything: 3 s until it stands, 8 s
(here in ms) for what was sent and not acknowledged, 9 s of silence while we wait. Without them it hangs for a quarter
of an hour, and people with it. https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS"""

SQLITE_AWAY = ("disk I/O error", "database is locked", "unable to open database", "readonly database")
"""How SQLite says that it cannot do anything just now. https://www.sqlite.org/rescode.html"""

_LATEST = select(catalogs.c.number, catalogs.c.at).order_by(catalogs.c.number.desc()).limit(1)


def make_engine(url: str) -> Engine:
    """An engine for SQLite or PostgreSQL. SQLite: WAL, full sync, write lock taken at BEGIN."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql" and parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() != "sqlite":
        patience = {name: value for name, value in PATIENCE.items() if name not in parsed.query}
        return create_engine(parsed, pool_pre_ping=True, pool_size=8, max_overflow=4, connect_args=patience)
    engine = create_engine(parsed, connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def _pragmas(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        # secure_delete: what is replaced, now or before an erasure, is overwritten in the file
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        reading = connection.get_execution_options().get("reading", False)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine


class Database:
    """One database. `clock` replaces the database's own clock (tests, the sandbox's virtual time)."""

    def __init__(self, engine: Engine, clock: Callable[[], datetime] | None = None) -> None:
        """Wrap an engine; nothing is opened yet."""
        self.engine = engine
        self._clock = clock
        self._catalog: tuple[tuple[int, datetime] | None, Catalog] = (None, Catalog())

    @property
    def sqlite(self) -> bool:
        """Whether this is the embedded database."""
        return self.engine.dialect.name == "sqlite"

    @property
    def virtual(self) -> bool:
        """Whether time is handed in (tests, the sandbox)."""
        return self._clock is not None

    def now(self, connection: Connection) -> datetime:
        """The time of this transaction, UTC: the database's own clock unless another was handed in."""
        if self._clock is not None:
            return self._clock()
        if self.sqlite:  # the same machine's clock, without a round trip
            return datetime.now(UTC)
        found: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
        return found.astimezone(UTC)

    @contextmanager
    def begin(self) -> Iterator[tuple[Connection, datetime]]:
        """One transaction and its time."""
        with self.engine.begin() as connection:
            yield connection, self.now(connection)

    @contextmanager
    def reading(self) -> Iterator[tuple[Connection, datetime]]:
        """A transaction that only reads, however long: nobody waits for it."""
        with self.engine.connect().execution_options(reading=True) as connection, connection.begin():
            yield connection, self.now(connection)

    def run(self, work: Callable[[Connection, datetime], T]) -> T:
        """Do `work` in one transaction; again if the database broke a tie. Work must not act outside the database."""
        for tried in range(1, TRIES + 1):
            try:
                with self.begin() as (connection, now):
                    return work(connection, now)
            except DBAPIError as error:
                if tried == TRIES or not tie(error):
                    raise
                time.sleep(0.02 * tried)
        raise AssertionError

    def catalog(self, connection: Connection) -> Catalog:
        """The catalog loaded last, parsed once per version."""
        latest = connection.execute(_LATEST).first()
        if latest is None:
            return Catalog()
        version = (int(latest[0]), latest[1])  # a number alone comes again where a transaction was rolled back
        if version != self._catalog[0]:
            query = select(catalogs.c.content).where(catalogs.c.number == version[0])
            self._catalog = (version, from_dict(connection.execute(query).scalar_one()))
        return self._catalog[1]

    def ping(self) -> None:
        """Raise unless the database answers."""
        with self.engine.connect() as connection:
            connection.execute(text("SELECT 1"))

    def compact(self) -> None:
        """Write an embedded database's log into its file, so that nothing that was replaced is left in the log.

        PostgreSQL keeps replaced rows until it vacuums.
        """
        if self.sqlite:
            with self.engine.connect() as connection:
                driver: Any = connection.connection.driver_connection
                driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def dispose(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def full(error: BaseException) -> bool:
    """Whether the database could not write because its disk, or the size it may have, is full.

    https://www.postgresql.org/docs/current/errcodes-appendix.html (53100); https://www.sqlite.org/rescode.html#full
    """
    seen: BaseException | None = error
    while seen is not None:  # SQLite undoes the whole transaction at once: then leaving a savepoint fails as well
        cause = getattr(seen, "orig", None) or seen
        if getattr(cause, "sqlstate", None) == "53100" or "disk is full" in str(cause):
            return True
        seen = seen.__context__
    return False


def passing(error: BaseException) -> bool:
    """Whether the database could not do it now, whatever it was that was asked: it is away, full, or going down.

    The fault is then not in one record, and the same may work in a minute. Classes 08, 53, 57, 58 and a server that is
    read-only for now: https://www.postgresql.org/docs/current/errcodes-appendix.html
    """
    if isinstance(error, OSError | PoolTimeoutError):
        return True
    if not isinstance(error, DBAPIError):
        return False
    state = getattr(error.orig, "sqlstate", None)
    if state is not None:
        return state[:2] in ("08", "53", "57", "58") or state == "25006"
    if error.connection_invalidated or isinstance(error.orig, PsycopgOperationalError):
        return True  # the connection broke, so there is no code
    return full(error) or any(words in str(error.orig) for words in SQLITE_AWAY)


def tie(error: DBAPIError) -> bool:
    """Whether running the same transaction again can help.

    A serialisation tie, a deadlock, a row that somebody else wrote first (the second look finds it), a busy SQLite.
    https://www.postgresql.org/docs/current/errcodes-appendix.html
    """
    state = getattr(error.orig, "sqlstate", None)
    return state in ("40001", "40P01", "23505") or (
        isinstance(error, OperationalError) and "database is locked" in str(error)
    )
