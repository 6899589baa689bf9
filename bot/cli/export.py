"""`export N`: one incident whole."""

import json
import re
from typing import Any

import click

from bot.cli.files import hand_out
from bot.cli.opening import opened
from bot.cli.paper import markdown, page
from storage.export import gather


class IncidentNumber(click.ParamType[int]):
    """An incident's number as people write it: 7, #7 or INC-7."""

    name = "N"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number; a usage error for anything else."""
        found = re.fullmatch(r"(?:#|INC-)?0*(\d{1,9})", str(value).strip(), re.IGNORECASE)
        if found is None:
            self.fail(f"“{value}” is no incident's number. Write it like 7 or INC-7.", param, ctx)
        return int(found[1])


@click.command(short_help="Write one incident whole.")
@click.argument("number", metavar="N", type=IncidentNumber())
@click.option(
    "--format",
    "kind",
    type=click.Choice(["json", "md", "html"]),
    default="json",
    show_default=True,
    help="How it is written.",
)
@click.option("--out", metavar="FILE", help="Write it to this file instead of printing it.")
def export(number: int, kind: str, out: str | None) -> None:
    """Write incident N whole: the record, the timeline, who was told what and when. All times are UTC."""
    with opened() as database:
        found = database.run(lambda connection, _now: gather(connection, number))
    match kind:
        case "md":
            text = markdown(found)
        case "html":
            text = page(found)
        case _:
            text = json.dumps(found, ensure_ascii=False, indent=2)
    hand_out(text, out)
