"""`audit verify`: the chain of SHA-256 digests over everything anybody did."""

import click
from sqlalchemy import select

from bot.cli.opening import opened
from bot.settings import Wrong
from storage.book import link
from storage.tables import audit as lines

AT_ONCE = 1000


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
    count, previous, seen = 0, "", not wanted
    with opened() as database, database.begin() as (connection, _now):
        rows = connection.execution_options(yield_per=AT_ONCE).execute(select(lines).order_by(lines.c.seq)).mappings()
        for row in rows:
            count += 1
            if row["seq"] != count:
                raise Wrong(f"The audit chain is broken: line {count} is missing (the next is {row['seq']}).")
            digest = link(previous, row["seq"], row["at"], row["person"], row["platform"], row["what"], row["incident"])
            if digest != row["digest"]:
                when = row["at"].isoformat(timespec="seconds").replace("+00:00", "Z")
                raise Wrong(
                    f"The audit chain is broken at line {count} ({when}, {row['person']}): it was altered, or the line "
                    "before it was."
                )
            previous = digest
            seen = seen or digest == wanted
    if not seen:
        raise Wrong(f"The chain is sound, but the head {wanted[:16]}… is not in it: lines were cut off or replaced.")
    if not count:
        click.echo("The audit chain is empty: nothing was done yet.")
        return
    click.echo(f"{count} line{'s' * (count != 1)}, all sound. Head: {previous}")
