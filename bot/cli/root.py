"""The command `amends`: its subcommands, and how whatever goes wrong is said."""

import contextlib
import importlib.metadata
import logging
import os
import secrets
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import click
import structlog
from dotenv import dotenv_values
from sqlalchemy.exc import DBAPIError

from bot.cli.audit import audit
from bot.cli.catalog import catalog
from bot.cli.copies import backup, restore
from bot.cli.doctor import doctor
from bot.cli.erase import erase
from bot.cli.export import export
from bot.cli.lint import lint
from bot.cli.manifests import manifest
from bot.cli.outbox import outbox
from bot.cli.serving import migrate, replay, run, sandbox, serve
from bot.logs import configure, scrub
from bot.settings import Wrong
from handlers.domain.catalog import CatalogErrors
from handlers.domain.errors import Refused

INTERRUPTED = 130
"""The exit status after Ctrl+C, as shells have it: 128 and the signal's number."""
SILENT = logging.CRITICAL + 1


class Root(click.Group):
    """A group whose errors are sentences: 1 for what is wrong, 2 for wrong usage, 130 when interrupted."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """Run; end the process with an exit status (with `standalone_mode` off: as click does)."""
        if not standalone_mode:
            return super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
        for stream in (sys.stdout, sys.stderr):  # a terminal that lacks a character shows another, and goes on
            with contextlib.suppress(AttributeError, ValueError):
                stream.reconfigure(errors="replace")  # type: ignore[union-attr]
        try:
            status = super().main(args, prog_name or "amends", complete_var, standalone_mode=False, **extra)
        except Exception as error:  # noqa: BLE001 - the last place: whatever it is, a sentence comes out
            _end(error)
        sys.exit(status if isinstance(status, int) else 0)


def _end(error: Exception) -> NoReturn:
    """Say it, and end with its status."""
    if isinstance(error, click.Abort):
        sys.exit(INTERRUPTED)
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(error.ctx.get_help() if error.ctx else str(error), err=True)
        sys.exit(error.exit_code)
    if isinstance(error, click.ClickException):
        context = getattr(error, "ctx", None)
        hint = f" See `{context.command_path} --help`." if context is not None else ""
        words = " ".join(error.format_message().split())
        click.echo(f"{words}{'' if words.endswith(('.', '?', '!')) else '.'}{hint}", err=True)
        sys.exit(error.exit_code)
    click.echo(sentence(error), err=True)
    sys.exit(1)


def sentence(error: Exception) -> str:
    """What a person reads of an error."""
    match error:
        case Wrong() | CatalogErrors():
            return str(error)
        case Refused(sentence=words):
            return words
        case DBAPIError(orig=cause):
            reason = (str(cause).strip().splitlines() or ["it gave no reason"])[0][:200]
            return f"The database did not do it ({scrub(reason)}). Nothing was changed; `amends doctor` looks into it."
        case OSError():
            where = f"{error.filename}: " if error.filename else ""
            return f"{where}{error.strerror or error}. Nothing was changed."
    reference = secrets.token_hex(4)
    structlog.get_logger().error("a bug on the command line", reference=reference, exc_info=error)
    return f"Something broke on our side (reference {reference}). Please report it; AMENDS_LOG=text shows where."


def _log_kind() -> str:
    """AMENDS_LOG as set, before (and whether or not) the settings as a whole can be read."""
    try:
        written = dotenv_values(Path(".env")).get("AMENDS_LOG") if Path(".env").is_file() else ""
    except (OSError, UnicodeDecodeError):
        written = ""
    return os.environ.get("AMENDS_LOG") or written or ""


@click.group(
    cls=Root,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Settings are read from the environment and from .env in this folder.",
)
@click.version_option(importlib.metadata.version("amends"), prog_name="amends")
def cli() -> None:
    """Amends: the incident bot for Slack and Microsoft Teams, from declare to an approved apology."""
    kind = _log_kind()
    # One sentence is all a person should read of an error; with AMENDS_LOG set the log says the rest.
    configure("json" if kind == "json" else "text", level=logging.INFO if kind in {"json", "text"} else SILENT)


for command in (
    serve, sandbox, run, replay, migrate, catalog, manifest, doctor, lint, export, audit, backup, restore, outbox,
    erase,
):  # fmt: skip
    cli.add_command(command)
