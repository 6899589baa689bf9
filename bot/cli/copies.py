"""`backup` and `restore`: a consistent copy of an embedded database while it runs, and the way back."""

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import click
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from bot.cli.opening import embedded_file, there
from bot.settings import Settings, Wrong, read, redacted
from storage import migrate
from storage import outbox as posts
from storage.book import SqlBook
from storage.database import Database, make_engine

MAGIC = b"SQLite format 3\x00"
"""How every SQLite file begins (sqlite.org/fileformat.html, section 1.2)."""
BESIDE = ("-wal", "-shm", "-journal")
"""Files SQLite keeps beside a database (sqlite.org/tempfiles.html)."""


@click.command(short_help="Copy an embedded database while it runs.")
@click.argument("file", metavar="FILE")
def backup(file: str) -> None:
    """Copy an embedded database to FILE, consistently, while servers use it. An existing FILE is never overwritten."""
    settings = read()
    source = _embedded(settings, "pg_dump --format=custom --file=amends.dump")
    target = Path(file)
    with _reserved(target):
        migrate.copy(str(source), str(target))
        fault = _fault(target)
        if fault:
            raise Wrong(f"The copy is not sound ({fault}), so it was not kept. `amends doctor` looks at the database.")
    click.echo(f"{source} was copied to {target} ({target.stat().st_size:,} bytes).")


@contextmanager
def _reserved(target: Path) -> Iterator[None]:
    """The target's name, taken for us alone; given back if the copy fails."""
    if target.is_dir():
        raise Wrong(f"{target} is a folder. Name a file in it.")
    try:
        target.open("xb").close()
    except FileExistsError:
        raise Wrong(f"{target} exists already and is not overwritten. Name another file.") from None
    except OSError as error:
        raise Wrong(f"{target} cannot be written: {error.strerror}.") from None
    try:
        yield
    except BaseException as error:
        target.unlink(missing_ok=True)
        if isinstance(error, sqlite3.Error):
            raise Wrong(f"The copy failed ({error}). Nothing was kept of it.") from None
        raise
    finally:
        _tidy(target)


@click.command(short_help="Put a copy back in place of the database.")
@click.argument("file", metavar="FILE")
def restore(file: str) -> None:
    """Put the copy FILE in place of the embedded database, once no server uses it.

    The database as it was is kept beside it. Every customer post that was not settled when the copy was made is held
    for a person: it may have arrived since.
    """
    settings = read()
    target = _embedded(settings, "pg_restore --clean --dbname=… amends.dump")
    source = Path(file)
    _readable(source)
    if target.is_dir():
        raise Wrong(f"AMENDS_DATABASE_URL names {target}, which is a folder. Name a file in it.")
    if target.exists() and target.samefile(source):
        raise Wrong(f"{source} is the database itself. Name a copy of it.")
    if not target.absolute().parent.is_dir():
        raise Wrong(f"There is no folder {target.parent} for the database. Make it, or mend AMENDS_DATABASE_URL.")
    number, name = tempfile.mkstemp(dir=target.absolute().parent, prefix=f".{target.name}.")
    os.close(number)
    fresh = Path(name)
    try:
        _copied(source, fresh)
        held = _made_ready(fresh, source)
        kept = _put_in_place(fresh, target)
    finally:
        _tidy(fresh)
        fresh.unlink(missing_ok=True)
    click.echo(f"{target} is now the copy {source}.{f' The database as it was is in {kept}.' if kept else ''}")
    if held:
        click.echo(
            f"{held} customer post{'s are' if held != 1 else ' is'} held: they may have arrived since. "
            "`amends outbox list --state held` names them; look, then `amends outbox retry ID --sure` or `drop`."
        )
    else:
        click.echo("No customer post is held: all were settled.")


def _embedded(settings: Settings, instead: str) -> Path:
    file = embedded_file(settings)
    if file is None:
        raise Wrong(
            f"{redacted(settings.database_url)} is PostgreSQL: use its own tools, for example `{instead}`, and after a "
            "restore look at every customer post in `amends outbox list`."
        )
    if instead.startswith("pg_dump"):
        there(settings)
    return file


def _readable(source: Path) -> None:
    """Raise Wrong unless this is a SQLite file."""
    try:
        with source.open("rb") as file:
            head = file.read(len(MAGIC))
    except FileNotFoundError:
        raise Wrong(f"There is no file {source}. Check the name.") from None
    except IsADirectoryError:
        raise Wrong(f"{source} is a folder. Name a file in it.") from None
    except OSError as error:
        raise Wrong(f"{source} cannot be read: {error.strerror}.") from None
    if head != MAGIC:
        raise Wrong(f"{source} is no SQLite database. Name a file that `amends backup` made.")


def _copied(source: Path, fresh: Path) -> None:
    """Copy what the backup holds, its write-ahead log too if it has one, without touching it."""
    still = not source.with_name(source.name + "-wal").exists()  # then it may lie on a disk that cannot be written
    address = f"file:{quote(str(source.absolute()))}?mode=ro{'&immutable=1' if still else ''}"
    try:
        with closing(sqlite3.connect(address, uri=True)) as from_, closing(sqlite3.connect(fresh)) as to:
            from_.backup(to)
    except sqlite3.Error as error:
        raise Wrong(f"{source} cannot be read as a database ({error}). Nothing was changed.") from None


def _fault(file: Path) -> str:
    """What is wrong with a SQLite file, in SQLite's words; nothing if it is sound."""
    try:
        with closing(sqlite3.connect(file)) as connection:
            found = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as error:
        return str(error)
    said = str(found[0]) if found else "no answer"
    return "" if said == "ok" else said.splitlines()[-1]


def _made_ready(fresh: Path, source: Path) -> int:
    """Check the copy and hold its unsettled customer posts before it is in force; how many. Raises Wrong."""
    fault = _fault(fresh)
    if fault:
        raise Wrong(f"{source} is damaged ({fault}). Nothing was changed; take another copy.")
    engine = make_engine(f"sqlite:///{fresh}")
    database = Database(engine)

    def work(connection: Connection, now: datetime) -> int:
        held = posts.hold_customer_posts(connection)
        book = SqlBook(connection, now, database.catalog)
        book.record("operator", "shell", f"restored the copy {source.name}; {held} customer posts held", None)
        return held

    try:
        with engine.connect() as connection:
            at = migrate.revision(connection)
        if not at:
            raise Wrong(f"{source} is a SQLite database, but not one of Amends. Nothing was changed.")
        if not migrate.known(engine):
            raise Wrong(f"{source} was made by a newer Amends. Use that version. Nothing was changed.")
        return database.run(work)
    except SQLAlchemyError:
        raise Wrong(f"{source} is not a database of Amends, or only part of one. Nothing was changed.") from None
    finally:
        database.dispose()
        with closing(sqlite3.connect(fresh)) as file:  # one file, no log beside it
            file.execute("PRAGMA journal_mode=DELETE")


def _put_in_place(fresh: Path, target: Path) -> Path | None:
    """Swap the files in one step while nobody else can; where the old one is kept. Raises Wrong if a server uses it."""
    if not target.exists():
        fresh.replace(target)
        return None
    fresh.chmod(target.stat().st_mode & 0o777)
    with closing(sqlite3.connect(target, timeout=1, isolation_level=None)) as connection:
        try:
            # Leaving the write-ahead log is only possible for the one who has the file alone, however idle the others.
            connection.execute("PRAGMA journal_mode=DELETE")
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError:
            raise Wrong(
                f"A server seems to be using {target}. Stop it first, then restore. Nothing was changed."
            ) from None
        except sqlite3.DatabaseError:
            pass  # what lies there is broken or no database: nobody can be using it
        kept = _kept(target)
        fresh.replace(target)
    _tidy(target)
    return kept


def _kept(target: Path) -> Path:
    kept = target.with_name(f"{target.name}.{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}.backup")
    try:
        kept.hardlink_to(target)
    except OSError:  # a file system without links
        shutil.copy2(target, kept)
    return kept


def _tidy(file: Path) -> None:
    for ending in BESIDE:
        file.with_name(file.name + ending).unlink(missing_ok=True)
