"""`catalog check|diff|load`: services, customers, contracts, people."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import click
from sqlalchemy import Connection

from bot.cli.files import read_bytes
from bot.cli.opening import embedded_file, opened
from bot.settings import Settings, Wrong, read
from handlers.domain.catalog import (
    Catalog,
    decoded,
    diff,
    parse_bytes,
    parse_customers_csv,
    to_dict,
    with_customers,
)
from storage import migrate
from storage.book import SqlBook
from storage.database import Database, make_engine


@click.group(short_help="Check, compare and load services, customers, people.")
def catalog() -> None:
    """Services, customers, contracts and people: check a file, see what it would change, load it.

    FILE is a YAML catalog. A .csv file holds customers only: they replace those of the YAML file named before it, or
    those of the catalog loaded last.
    """


files = click.argument("files", metavar="FILE...", nargs=-1, required=True)


@catalog.command()
@files
def check(files: tuple[str, ...]) -> None:
    """Read the file and report every fault by line; nothing is loaded."""
    found, _ = _read(files, _loaded(files))
    click.echo(f"{_names(files)} is fine: {summary(found)}.")


@catalog.command("diff")
@files
def show_diff(files: tuple[str, ...]) -> None:
    """Show what loading the file would change."""
    with _perhaps(read()) as database:
        old = Catalog() if database is None else _current(database)
    new, _ = _read(files, old)
    changes = diff(old, new)
    for change in changes:
        click.echo(f"{_SIGNS.get(change.kind, '~')} {change}")
    click.echo(f"{len(changes)} change{'s' * (len(changes) != 1)}." if changes else "Loading it would change nothing.")


_SIGNS = {"added": "+", "removed": "-"}


@catalog.command()
@files
def load(files: tuple[str, ...]) -> None:
    """Make the file the catalog in force. Servers read it with their next request; no restart is needed."""
    with opened(fresh=True) as database:
        old = _current(database)
        new, digest = _read(files, old)
        if to_dict(old) == to_dict(new) and database.run(
            lambda c, now: SqlBook(c, now, database.catalog).loaded_file()
        ):
            click.echo("Nothing changed: this catalog is in force already.")
            return

        def work(connection: Connection, now: datetime) -> int:
            return SqlBook(connection, now, database.catalog).take_catalog(to_dict(new), digest, _names(files))

        number = database.run(work)
    changes = len(diff(old, new))
    click.echo(f"Catalog {number} is in force: {summary(new)}; {changes} change{'s' * (changes != 1)}.")


def _read(names: tuple[str, ...], base: Catalog) -> tuple[Catalog, str]:
    """The files as one catalog, and the SHA-256 of their bytes. Raises Wrong or CatalogErrors."""
    digest = hashlib.sha256()
    found, based = base, False
    for name in names:
        data = read_bytes(name)
        digest.update(data)
        if name.lower().endswith(".csv"):
            text = decoded(data, filename=Path(name).name)
            found = with_customers(found, parse_customers_csv(text, found, filename=Path(name).name))
            continue
        if based:
            raise Wrong("Name one YAML catalog; only customers (.csv) may come in files of their own after it.")
        found, based = parse_bytes(data, filename=Path(name).name), True
    return found, digest.hexdigest()


def _loaded(names: tuple[str, ...]) -> Catalog:
    """The catalog in force where a lone CSV needs it; no database is asked for a YAML file."""
    if not names[0].lower().endswith(".csv"):
        return Catalog()
    with opened() as database:
        return _current(database)


@contextmanager
def _perhaps(settings: Settings) -> Iterator[Database | None]:
    """The database; None where there is none yet, or nothing in it."""
    file = embedded_file(settings)
    if file is not None and not file.exists():
        yield None
        return
    if file is not None and file.is_file():
        engine = make_engine(settings.database_url)
        with engine.connect() as connection:
            empty = not migrate.revision(connection)
        engine.dispose()
        if empty:
            yield None
            return
    with opened(settings) as database:
        yield database


def _current(database: Database) -> Catalog:
    return database.run(lambda connection, _now: database.catalog(connection))


def _names(names: tuple[str, ...]) -> str:
    return " with ".join(Path(n).name for n in names)


def summary(found: Catalog) -> str:
    """What a catalog holds, counted."""
    counted = (
        (len(found.services), "service"),
        (len(found.customers), "customer"),
        (len(found.people), "person"),
        (len(found.regions), "region"),
    )
    words = [f"{n} {word if n == 1 else {'person': 'people'}.get(word, word + 's')}" for n, word in counted]
    return ", ".join(words[:-1]) + f" and {words[-1]}"
