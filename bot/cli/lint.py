"""`lint`: the apology linter on a text of one's own."""

import json
import sys
from typing import Any

import click

from bot.cli.files import called, read_text
from handlers.domain.lint import KINDS, Finding, Kind, Report
from handlers.domain.lint import lint as read_findings

LARGEST = 1_000_000
"""Bytes of a text: two hundred times the longest apology worth reading. Ours."""


@click.command(short_help="The apology linter on a text of yours.")
@click.argument("file", metavar="FILE")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@click.option("--kind", type=click.Choice(KINDS), default="apology", show_default=True, help="What the text is.")
@click.pass_context
def lint(ctx: click.Context, file: str, as_json: bool, kind: Kind) -> None:
    """Read a text (FILE, or - for standard input) as the apology linter does; exit 1 if it finds errors."""
    text = read_text(file, most=LARGEST)
    report = read_findings(text, kind)
    if as_json:
        print_json(report.as_json())
    else:
        _say(called(file), text, report)
    if report.errors:
        ctx.exit(1)


def _say(name: str, text: str, report: Report) -> None:
    for finding in report.findings:
        click.echo(_told(name, text, finding))
    counted = (
        f"{report.errors} error{'s' * (report.errors != 1)}, {report.warnings} warning{'s' * (report.warnings != 1)}"
    )
    click.echo(
        f"{counted}. Only the wording and the reading were looked at (W1–W21, R1–R3): there is no incident's record "
        "to compare with."
    )


def _told(name: str, text: str, finding: Finding) -> str:
    line = text.count("\n", 0, finding.start) + 1
    column = finding.start - (text.rfind("\n", 0, finding.start) + 1) + 1
    quoted = " ".join(finding.text.split())
    words = f" “{quoted if len(quoted) <= 80 else quoted[:79] + '…'}”" if quoted else ""
    rows = [f"{name}:{line}:{column}: {finding.severity} {finding.rule}{words}: {finding.message}"]
    if finding.suggestion:
        rows.append(f"    better: {finding.suggestion}")
    if finding.reference:
        rows.append(f"    see: {finding.reference}")
    return "\n".join(rows)


def print_json(value: Any) -> None:
    """Print JSON; where the terminal's encoding is not Unicode, in ASCII."""
    plain = not (getattr(sys.stdout, "encoding", "") or "").lower().startswith("utf")
    click.echo(json.dumps(value, ensure_ascii=plain, indent=2))
