"""Opening the database for a command: there, reachable, and at this version's schema; else a sentence with the cure."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from bot.settings import Settings, Wrong, read, redacted
from storage import migrate
from storage.database import Database, make_engine

SANDBOX_FILE = "sandbox.db"


def embedded_file(settings: Settings) -> Path | None:
    """The file of an embedded database; None for PostgreSQL. Raises Wrong for one that lives in memory."""
    url = make_url(settings.database_url)
    if url.get_backend_name() != "sqlite":
        return None
    if url.database in (None, "", ":memory:"):
        raise Wrong("AMENDS_DATABASE_URL names a database in memory, which ends with each command. Name a file.")
    return Path(str(url.database))


def there(settings: Settings) -> None:
    """Raise Wrong unless an embedded database's file exists: opening it would make an empty one."""
    file = embedded_file(settings)
    if file is None or file.is_file():
        return
    if file.is_dir():
        raise Wrong(f"AMENDS_DATABASE_URL names {file}, which is a folder. Name a file in it.")
    hint = ""
    if file.name != SANDBOX_FILE and Path(SANDBOX_FILE).is_file():
        hint = f" For the sandbox's: AMENDS_DATABASE_URL=sqlite:///{SANDBOX_FILE}."
    raise Wrong(f"There is no database {file}. `amends migrate` makes one, or set AMENDS_DATABASE_URL.{hint}")


@contextmanager
def opened(settings: Settings | None = None, *, fresh: bool = False) -> Iterator[Database]:
    """The database of the settings, ready to use; closed afterwards. Raises Wrong.

    `fresh`: a database that holds nothing yet is brought to the current schema; an older one is refused either way.
    """
    settings = settings or read()
    where = redacted(settings.database_url)
    if not fresh:
        there(settings)
    database = Database(make_engine(settings.database_url))
    try:
        try:
            _current(database, where, fresh=fresh)
        except SQLAlchemyError as error:
            raise Wrong(
                f"The database {where} does not answer ({reason(error)}). Start it, or mend AMENDS_DATABASE_URL."
            ) from None
        yield database
    finally:
        database.dispose()


def _current(database: Database, where: str, *, fresh: bool) -> None:
    database.ping()
    engine = database.engine
    if not migrate.known(engine):
        raise Wrong(f"The database {where} belongs to a newer Amends. Use that version, or restore a backup.")
    if migrate.current(engine):
        return
    with engine.connect() as connection:
        empty = not migrate.revision(connection)
    if not (fresh and empty):
        state = "has no schema yet" if empty else "is not up to date"
        raise Wrong(f"The database {where} {state}. Run `amends migrate` first.")
    migrate.migrate(engine)


def reason(error: Exception) -> str:
    """Why a database did not answer, in its own first line."""
    lines = str(getattr(error, "orig", None) or error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__
