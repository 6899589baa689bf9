"""`outbox list|retry|drop`: what is queued, unknown or dead, and the operator's answer to it."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, get_args

import click
from sqlalchemy import Connection, select

from bot.cli.lint import print_json
from bot.cli.opening import opened
from handlers import unclear
from handlers.domain.apology import Apology
from handlers.domain.delivery import PostState, State
from handlers.domain.errors import Refused
from storage import outbox as posts
from storage.book import SqlBook
from storage.export import utc
from storage.tables import outbox as rows_

Check = Callable[[SqlBook, Any], None]
"""What must hold before a row is settled; raises Refused."""
STATES: tuple[str, ...] = get_args(State)
MAYBE_ARRIVED = ("unknown", "held")
"""States of a post that may be on screen already: held ones may come out of a backup that was restored."""


@click.group(short_help="What is queued, unknown, held or dead.")
def outbox() -> None:
    """What is queued, unknown, held or dead on its way to Slack and Teams, and your answer to it."""


@outbox.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON: every post, unless --state narrows it.")
@click.option("--state", "states", multiple=True, type=click.Choice(STATES), help="Only these; may be repeated.")
@click.option("--all", "everything", is_flag=True, help="Sent ones as well.")
def list_(as_json: bool, states: tuple[str, ...], everything: bool) -> None:
    """What is on its way or stuck; with --all also what was sent."""
    with opened() as database:
        found = database.run(lambda connection, _now: posts.all_states(connection, states))
    if as_json:
        print_json([posts.as_json(p) | {"op": p.op, "link": p.link, "sent_at": utc(p.sent_at)} for p in found])
        return
    shown = [p for p in found if states or everything or p.state != "sent"]
    for post in shown:
        due = f", due {utc(post.due)}" if post.due and post.state in {"pending", "retry", "unknown"} else ""
        tried = f", {post.attempts} tr{'ies' if post.attempts != 1 else 'y'}" if post.attempts else ""
        why = f": {post.error}" if post.error else ""
        click.echo(f"{post.id:>6}  {post.state:<8} {post.audience:<8} {_where(post)}  {post.key}{tried}{due}{why}")
    sent = sum(p.state == "sent" for p in found)
    tail = f" {sent} were sent (--all shows them)." if sent and not everything and not states else ""
    click.echo(f"{len(shown)} post{'s' * (len(shown) != 1)}.{tail}" if shown else f"Nothing is waiting or stuck.{tail}")


def _where(post: PostState) -> str:
    return str(posts.as_json(post)["destination"])


ids = click.argument("ids", metavar="ID...", nargs=-1, required=True, type=click.IntRange(min=1))


@outbox.command()
@ids
@click.option("--sure", is_flag=True, help="I looked: this customer post did not arrive.")
def retry(ids: tuple[int, ...], sure: bool) -> None:
    """Send unknown, held or dead posts once more.

    A customer's post that is unknown or held may have arrived: sending it again would show it twice. Look in the
    customer's channel first, then say --sure.
    """

    def check(book: SqlBook, row: Any) -> None:
        if row["audience"] != "customer":
            return
        if row["state"] in MAYBE_ARRIVED and not sure:
            raise Refused(
                f"Post {row['id']} to {_customer(row['key'])} may have arrived, and would then stand there twice. "
                f"Look first; if it is not there: `amends outbox retry {row['id']} --sure`."
            )
        _still_wanted(book, row)

    _settle(ids, "again", check)
    click.echo(f"{_counted(ids)} will be sent again.")


@outbox.command()
@ids
def drop(ids: tuple[int, ...]) -> None:
    """Give up unknown, held or dead posts for good: nobody is told by them."""
    _settle(ids, "drop", lambda _book, _row: None)
    click.echo(f"{_counted(ids)} dropped. Tell such customers by hand; `apology resume` goes on with the others.")


def _counted(ids: Sequence[int]) -> str:
    unique = list(dict.fromkeys(ids))
    return f"Post {unique[0]}" if len(unique) == 1 else f"{len(unique)} posts"


def _customer(key: str) -> str:
    return key.split("/")[1] if "/" in key else key


def _still_wanted(book: SqlBook, row: Any) -> None:
    """A text that was taken back or is being corrected is not sent from here: it no longer stands."""
    name, _, number = str(row["key"]).split("/", 1)[0].partition("-")
    apology = book.get(Apology, int(number)) if name == "apology" and number.isdigit() else None
    if apology is None:
        return
    if apology.state == "retracted" and not str(row["approval"]).startswith("retracted"):
        raise Refused(
            f"A{number} was taken back: post {row['id']} holds its old text. `amends outbox drop {row['id']}`."
        )
    if apology.state in {"draft", "submitted", "approved", "scheduled"}:
        raise Refused(
            f"A{number} is {apology.state} again, so post {row['id']} holds a text that no longer "
            "stands. Publishing the new one sends it."
        )


def _settle(ids: Sequence[int], verdict: str, check: Check) -> None:
    """All of them or none, written down in the audit chain. Raises Refused."""
    with opened() as database:

        def work(connection: Connection, now: datetime) -> None:
            book = SqlBook(connection, now, database.catalog)
            for number in dict.fromkeys(ids):
                _one(book, number, verdict, check)

        database.run(work)


def _one(book: SqlBook, number: int, verdict: str, check: Check) -> None:
    row = book.connection.execute(select(rows_).where(rows_.c.id == number)).mappings().first()
    if row is None:
        raise Refused(f"There is no post {number} in the outbox. `amends outbox list` shows them.")
    if row["state"] in {"unknown", "held", "dead"}:
        check(book, row)
    elif row["state"] != "sent":
        raise Refused(f"Post {number} is {row['state']}: it is still on its way by itself. Nothing was changed.")
    after = book.settle(number, verdict)
    word = "retry" if verdict == "again" else "drop"
    said = "sent again" if verdict == "again" else "dropped"
    unclear.answered(book, after, f"Whoever runs Amends settled it from the shell: {said}.")
    book.record("operator", "shell", f"outbox {word} {number} ({row['key']})", row["incident"])
