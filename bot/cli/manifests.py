"""`manifest slack|teams`: what to paste into Slack, what to upload to Teams."""

import sys

import click

from bot import manifest as made
from bot.cli.files import STDIN, hand_out, write
from bot.settings import Wrong, read


@click.group(short_help="The Slack app manifest, the Teams app package.")
def manifest() -> None:
    """The app's manifest for Slack, the app's package for Teams."""


@manifest.command()
@click.option("--url", default="", help="Where this server is reached, https://…; not needed with --socket.")
@click.option("--socket", is_flag=True, help="Socket Mode: no public address is needed.")
@click.option(
    "--command", default="/incident", show_default=True, help="The slash command, where /incident is taken: /amends."
)
@click.option("--json", "as_json", is_flag=True, help="JSON instead of YAML.")
@click.option("--out", metavar="FILE", help="Write it to this file instead of printing it.")
def slack(url: str, socket: bool, command: str, as_json: bool, out: str | None) -> None:
    """Print the Slack app manifest: api.slack.com/apps, Create New App, From a manifest."""
    if not url and not socket:
        raise click.UsageError("Say where this server is reached, --url https://…, or use --socket.")
    found = made.slack_manifest(url, socket=socket, command=command)
    hand_out(made.as_json(found) if as_json else made.as_yaml(found), out)


@manifest.command()
@click.option("--url", required=True, help="Where this server is reached, https://…")
@click.option("--app-id", default="", help="The bot's Microsoft App ID; TEAMS_APP_ID if not said.")
@click.option("--out", default="amends-teams.zip", show_default=True, metavar="FILE", help="The zip file; - prints it.")
def teams(url: str, app_id: str, out: str) -> None:
    """Write the Teams app package: upload it under Apps, Manage your apps, Upload an app."""
    app_id = app_id or read().teams_app_id
    if not app_id:
        raise Wrong("The package needs the bot's Microsoft App ID: say --app-id, or set TEAMS_APP_ID.")
    package = made.teams_package(url, app_id)
    if out == STDIN:
        if sys.stdout.isatty():
            raise Wrong("A zip file is nothing to look at: name a file with --out.")
        sys.stdout.buffer.write(package)
        return
    write(out, package)
    click.echo(f"Written to {out}. Upload it in Teams: Apps, Manage your apps, Upload an app.")
