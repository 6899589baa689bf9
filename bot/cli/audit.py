"""`audit verify|head`: the chain of SHA-256 digests over everything anybody did."""

import json
import re

import click

from bot.cli.opening import opened
from bot.settings import Wrong
from storage import audit as chain
from storage.export import utc

DIGEST = re.compile(r"[0-9a-f]{64}")


@click.group(short_help="The sealed record of who did what.")
def audit() -> None:
    """The record of who did what, each line sealed by the next."""


@audit.command()
@click.option("--head", default="", metavar="DIGEST", help="A head noted earlier, which must still be in the chain.")
def verify(head: str) -> None:
    """Check every line of the chain; print its head, to be kept elsewhere.

    Lines cut off the end leave a chain that is sound in itself: give the head you noted last with --head to see that
    nothing of what stood before it is gone.
    """
    wanted = head.strip().lower()
    if wanted and DIGEST.fullmatch(wanted) is None:
        raise Wrong(f"“{head.strip()[:80]}” is no head: 64 characters 0-9 and a-f, as `amends audit head` prints them.")
    with opened() as database, database.begin() as (connection, _now):
        try:
            found, seen = chain.verify(connection, wanted)
        except chain.BrokenChainError as error:
            raise Wrong(f"The audit chain is broken {error}") from None
    if not seen:
        raise Wrong(f"The chain is sound, but the head {wanted[:16]}… is not in it: lines were cut off or replaced.")
    if not found.lines:
        click.echo("The audit chain is empty: nothing was done yet.")
        return
    erased = f" ({found.erased} erased)" if found.erased else ""
    click.echo(f"{found.lines} line{'s' * (found.lines != 1)}{erased}, all sound. Head: {found.digest}")


@audit.command()
@click.option("--json", "as_json", is_flag=True, help="Print as JSON, with the number of lines and the time.")
def head(as_json: bool) -> None:
    """Print the head of the chain alone, to be kept where nobody who can change the database can reach it.

    A job that mails it or writes it to a log elsewhere every day makes every later change of what stood before evident:
    `amends audit verify --head DIGEST`.
    """
    with opened() as database, database.begin() as (connection, _now):
        found = chain.head(connection)
    if as_json:
        click.echo(json.dumps({"lines": found.lines, "head": found.digest, "at": utc(found.at)}))
    elif found.lines:
        click.echo(found.digest)
    else:
        raise Wrong("The audit chain is empty: nothing was done yet, so there is no head to keep.")
