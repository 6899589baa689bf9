"""Bringing a database to the current schema: alembic, one replica at a time, with a copy of an embedded file first."""

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, inspect, text

LOCK = 0x414D4947
"""The PostgreSQL advisory lock that keeps two replicas from migrating at once."""
_AT = text("SELECT version_num FROM alembic_version")


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config


def head() -> str:
    """The revision this code wants."""
    return ScriptDirectory.from_config(_config()).get_current_head() or ""


def revision(connection: Connection) -> str:
    """The revision a database is at; nothing if it was never migrated."""
    return MigrationContext.configure(connection).get_current_revision() or ""


def at(connection: Connection) -> str:
    """The revision of a database that was migrated: asked before each look at the outbox, so without ceremony."""
    return str(connection.execute(_AT).scalar() or "")


def current(engine: Engine) -> bool:
    """Whether the schema is the one this code wants."""
    with engine.connect() as connection:
        return revision(connection) == head()


def known(engine: Engine) -> bool:
    """Whether the database's revision is one this code knows (False: it is ahead of this code)."""
    script = ScriptDirectory.from_config(_config())
    with engine.connect() as connection:
        found = revision(connection)
    return not found or any(r.revision == found for r in script.walk_revisions())


def migrate(engine: Engine) -> bool:
    """Bring the schema up to date; whether anything was done. Safe from several replicas at once.

    Before an embedded database changes, a copy is made beside it: `amends.db` → `amends.db.20261122T120000Z.backup`.
    """
    with engine.connect() as connection:
        at = revision(connection)
        if at == head():
            return False
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        if revision(connection) == head():
            return False  # another replica did it while we waited
        if at and engine.dialect.name == "sqlite" and engine.url.database not in (None, "", ":memory:"):
            source = str(engine.url.database)  # we hold the write lock: it is the state before, and the only copy
            copy(source, f"{source}.{datetime.now(UTC):%Y%m%dT%H%M%SZ}.backup")
        command.upgrade(_config(connection), "head")
    return True


def copy(source: str, target: str) -> None:
    """A consistent copy of an embedded database, while others use it (SQLite's online backup)."""
    with sqlite3.connect(source) as from_, sqlite3.connect(target) as to:
        from_.backup(to)
    from_.close()
    to.close()


def tables(engine: Engine) -> list[str]:
    """The tables a database has."""
    return sorted(inspect(engine).get_table_names())
