"""`erase person|customer`: what would go, and with `--yes` its going."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import click
from sqlalchemy import Connection

from bot.cli.opening import embedded_file, opened
from bot.settings import Wrong, read
from handlers.domain.catalog import Catalog
from handlers.domain.errors import Refused
from storage import erase as erasing
from storage.database import Database
from storage.erase import Plan, Step, Subject

yes = click.option("--yes", is_flag=True, help="Do it. Without, nothing is changed and you read what would go.")
NOT_OURS = (
    "Not in this database, and yours to look after: messages on Slack and Teams, mails and webhook calls that were "
    "sent; exports, log files and backups that were made. A backup that is restored brings everything back: erase anew."
)


@click.group(short_help="Erase a person or a customer from the record.")
def erase() -> None:
    """Erase a person or a customer from the record; what happened, when, and every digest stay, the audit chain too."""


@erase.command("person")
@click.argument("who", metavar="EMAIL|ID")
@click.option("--also", multiple=True, metavar="TEXT", help="Another spelling, a nickname say; may be repeated.")
@yes
def person(who: str, also: tuple[str, ...], yes: bool) -> None:
    """Erase a person: their account, and their addresses, ids and full name wherever the record has them.

    A first name alone stays, as it may be somebody else's: give it with --also where it is not.
    """
    _erase(lambda connection, _catalog: erasing.person(connection, who, also), yes=yes, again=f"person {who}")


@erase.command("customer")
@click.argument("key", metavar="KEY")
@yes
def customer(key: str, yes: bool) -> None:
    """Erase a customer: key, name, addresses, and every word that was written for them alone.

    That they were told something stays, with time, state and digest.
    """
    _erase(lambda connection, catalog: erasing.customer(connection, catalog, key), yes=yes, again=f"customer {key}")


def _erase(who: Callable[[Connection, Catalog], Subject], *, yes: bool, again: str) -> None:
    with opened() as database:
        finished = _broken_off(database, yes=yes)
        with database.reading() as (connection, _now):
            catalog = database.catalog(connection)
            try:
                found = erasing.plan(connection, catalog, who(connection, catalog))
            except Refused:
                if finished:  # it was the same one, said again: now nothing here knows them
                    return
                raise
        if found.empty and finished:
            return
        if found.empty:
            raise Wrong(f"Nothing here knows {found.subject.called}. Nothing was changed.")
        if found.blockers:
            listed = " ".join(found.blockers)
            raise Wrong(f"{found.subject.called} cannot be erased yet, and nothing was changed. {listed}")
        if yes:

            def first(connection: Connection, now: datetime) -> Step:
                catalog = database.catalog(connection)
                return erasing.begin(connection, now, catalog, who(connection, catalog))

            found = replace(_to_its_end(database, database.run(first)), on_screen=found.on_screen)
    _told(found, done=yes, again=again)


def _broken_off(database: Database, *, yes: bool) -> bool:
    """Finish what was begun and is not done, or say that there is something; whether anything was finished."""
    with database.reading() as (connection, _now):
        begun = erasing.unfinished(connection)
    for step in begun:
        if yes:
            click.echo(f"The erasure of {_to_its_end(database, step).label}, which had broken off, is done.")
        else:
            click.echo(f"The erasure of {step.plan.label} is under way or broke off: the next --yes finishes it first.")
    return yes and bool(begun)


def _to_its_end(database: Database, step: Step) -> Plan:
    """Step by step: a running server answers in between."""
    while not step.done:
        step = database.run(lambda connection, now, step=step: erasing.go_on(connection, now, step))  # type: ignore[misc]
    database.compact()
    return step.plan


def _told(found: Plan, *, done: bool, again: str) -> None:
    subject = found.subject
    verb = f"was erased as {found.label}" if done else "would be erased"
    click.echo(f"{subject.kind.capitalize()} {subject.called} {verb}:")
    for name, count in sorted(found.rows.items()):
        click.echo(f"{count:>8}  {name}")
    click.echo(f"{found.audit_lines:>8}  audit (emptied; the chain holds)")
    if not done:
        click.echo(f"Looked for: {', '.join((*subject.anywhere, *subject.exact))}.")
    if found.on_screen:
        stand = "message stands" if found.on_screen == 1 else "messages stand"
        click.echo(f"{found.on_screen} {stand} on Slack or Teams with them in it.")
    click.echo(NOT_OURS)
    file = embedded_file(read())
    for copy in sorted(file.absolute().parent.glob(f"{file.name}.*.backup")) if file is not None else ():
        click.echo(f"A copy beside the database: {copy.name}.")
    if not done:
        click.echo(f"Nothing was changed. Do it with `amends erase {again} --yes`.")
