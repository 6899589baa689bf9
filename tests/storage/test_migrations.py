"""Migrating: from nothing to the schema of the code, at once from several processes, and with a copy before."""

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, column, create_engine, insert, inspect, select, table, text

from handlers.domain.incident import Setting
from storage import audit, migrate
from storage.book import SqlBook
from storage.database import Database, make_engine
from storage.tables import Instant, attempts, metadata, outbox
from tests.storage.worker import Worker, apology, post

ROOT = Path(__file__).parents[2]
ONE_MORE = '''"""One more column: a migration of a later version."""

import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = "{head}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add a column."""
    op.add_column("settings", sa.Column("note", sa.Text(), nullable=False, server_default=""))
'''


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of each kind with nothing in it."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'amends.db'}"
    url: str = request.getfixturevalue("postgres")
    name = "empty_" + "".join(c for c in tmp_path.name.lower() if c.isalnum())[-40:]
    admin = make_engine(url)
    with admin.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name}"))
        connection.execute(text(f"CREATE DATABASE {name}"))
    admin.dispose()
    return url.replace("/postgres?", f"/{name}?")


@pytest.fixture
def engine(empty_url: str) -> Iterator[Engine]:
    """Its engine."""
    found = make_engine(empty_url)
    yield found
    found.dispose()


@pytest.fixture
def later(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A later version of Amends, with one more migration; the database was made by this one."""
    assert database_url
    scripts = tmp_path / "migrations"
    shutil.copytree(Path(migrate.__file__).parent / "migrations", scripts)
    config = migrate._config()
    head = ScriptDirectory.from_config(config).get_current_head()
    (scripts / "versions" / "9999_one_more.py").write_text(ONE_MORE.replace("{head}", head or ""))
    plain = migrate._config

    def of_the_later(connection: object = None) -> object:
        found = plain(connection)  # type: ignore[arg-type]
        found.set_main_option("script_location", str(scripts))
        return found

    monkeypatch.setattr(migrate, "_config", of_the_later)


def backups(url: str) -> list[Path]:
    """The copies beside an embedded database."""
    file = Path(url.removeprefix("sqlite:///"))
    return sorted(file.parent.glob(f"{file.name}.*.backup"))


def test_from_nothing_to_exactly_the_tables_of_the_code(engine: Engine) -> None:
    """Alembic finds no difference between what the migrations make and what the code describes."""
    assert migrate.migrate(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []
    assert set(migrate.tables(engine)) == {*metadata.tables, "alembic_version"}
    assert migrate.current(engine)
    assert not migrate.migrate(engine)


def test_the_rules_of_the_database_itself_are_made_too(engine: Engine) -> None:
    """The CHECKs that customers get nothing unapproved, nor in a place of the house, which Alembic does not compare."""
    migrate.migrate(engine)
    checks = {c["name"] for c in inspect(engine).get_check_constraints("outbox")}
    assert checks == {"customer_rows_carry_an_approval", "customers_and_the_house_never_share_a_place"}


def test_lines_of_before_the_seals_keep_their_digests_and_can_be_erased(engine: Engine) -> None:
    """A head that was kept before stays good; what was written then is held by the plain formula, and can go as well."""
    with engine.begin() as connection:
        command.upgrade(migrate._config(connection), "0007")
    previous, made = "", []
    for seq in (1, 2, 3):
        row = (seq, datetime(2026, 11, 20, 12, seq, tzinfo=UTC), "dana@example.com", "slack", f"act {seq}", None)
        previous = audit.link(previous, *row)
        made.append(dict(zip(("seq", "at", "person", "platform", "what", "incident"), row, strict=True)))
        made[-1]["digest"] = previous
    with engine.begin() as connection:
        for row_ in made:
            old = insert(table("audit", *(column(name, Instant if name == "at" else None) for name in row_)))
            connection.execute(old.values(row_))
    assert migrate.migrate(engine)
    database = Database(engine)
    database.run(lambda c, now: SqlBook(c, now, database.catalog).record("dana@example.com", "slack", "act 4", 1))
    with engine.begin() as connection:
        assert audit.verify(connection, previous)[0].lines == 4
        assert audit.verify(connection, previous)[1]
        audit.empty(connection, {2: ("person",), 4: ("person",)})
    listing = f"erased somebody; {audit.in_words([2, 4])}"
    database.run(lambda c, now: SqlBook(c, now, database.catalog).record("operator", "shell", listing, None))
    with engine.begin() as connection:
        head, seen = audit.verify(connection, previous)
        assert (head.lines, head.erased, seen) == (5, 2, True)


def test_several_processes_at_once_are_safe(empty_url: str) -> None:
    """Four replicas start on an empty database: each ends well, and the schema is there once."""
    line = "import sys; from storage import migrate; from storage.database import make_engine; "
    line += "print(migrate.migrate(make_engine(sys.argv[1])))"
    replicas = [
        subprocess.Popen([sys.executable, "-c", line, empty_url], cwd=ROOT, stdout=subprocess.PIPE) for _ in range(4)
    ]
    answers = [replica.communicate(timeout=60)[0].decode().strip() for replica in replicas]
    assert sorted(answers) == ["False", "False", "False", "True"]
    engine = make_engine(empty_url)
    assert migrate.current(engine)
    engine.dispose()


def test_a_new_database_needs_no_copy(empty_url: str, engine: Engine) -> None:
    """There is nothing to lose yet."""
    migrate.migrate(engine)
    assert empty_url.startswith("postgresql") or backups(empty_url) == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.usefixtures("later")
def test_a_copy_is_made_before_an_embedded_database_changes(database_url: str, worker: Worker) -> None:
    """Consistent, of the state before, and under a name that says when."""
    worker.put(post("card"))
    assert migrate.migrate(worker.database.engine)
    (copy,) = backups(database_url)
    with sqlite3.connect(copy) as before:
        assert before.execute("SELECT key FROM outbox").fetchall() == [("card",)]
        assert before.execute("SELECT version_num FROM alembic_version").fetchall() != [("9999",)]
    before.close()


@pytest.mark.usefixtures("later")
def test_rows_survive_a_migration(worker: Worker) -> None:
    """What was recorded and what was sent stands there afterwards, as it was."""
    worker.put(post("card"), apology("apology-1/contoso"))
    worker.set(Setting("teams.incidents", "19:here"))
    for row in worker.claim():
        worker.start(row)
    with worker.database.begin() as (connection, _):
        before = [connection.execute(select(t)).all() for t in (outbox, attempts)]
    assert migrate.migrate(worker.database.engine)
    with worker.database.begin() as (connection, now):
        assert [connection.execute(select(t)).all() for t in (outbox, attempts)] == before
        kept = SqlBook(connection, now, worker.database.catalog).get(Setting, "teams.incidents")
        assert kept == Setting("teams.incidents", "19:here")


def test_a_database_of_a_later_version_is_not_touched(engine: Engine) -> None:
    """Its revision is not known here: the server refuses to start on it."""
    migrate.migrate(engine)
    assert migrate.known(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'from the future'"))
    assert not migrate.known(engine)
    assert not migrate.current(engine)


def test_a_database_that_was_never_migrated_is_known(engine: Engine) -> None:
    """Nothing is in the way of making it ours."""
    assert migrate.known(engine)
    assert not migrate.current(engine)


def test_a_copy_is_whole_while_others_write(tmp_path: Path) -> None:
    """The online backup shows one moment, with everything committed before it."""
    source = tmp_path / "amends.db"
    engine = make_engine(f"sqlite:///{source}")
    migrate.migrate(engine)
    database = Database(engine)
    database.run(lambda c, now: SqlBook(c, now, database.catalog).put(Setting("before", "yes")))
    with database.begin() as (connection, now):
        SqlBook(connection, now, database.catalog).put(Setting("half", "done"))
        migrate.copy(str(source), str(tmp_path / "copy.db"))
    copy = create_engine(f"sqlite:///{tmp_path / 'copy.db'}")
    with copy.connect() as connection:
        assert connection.execute(text("SELECT name FROM settings")).scalars().all() == ["before"]
        assert connection.execute(text("PRAGMA integrity_check")).scalar_one() == "ok"
    copy.dispose()
    engine.dispose()
