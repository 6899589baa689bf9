"""The Slack app manifest and the Teams app package, derived from the grammar: what `manifests/` holds.

Slack: https://docs.slack.dev/reference/app-manifest. Teams:
https://learn.microsoft.com/microsoftteams/platform/resources/schema/manifest-schema (1.17, which every tenant takes).
"""

import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import yaml

from bot.settings import Wrong
from bot.slack.blocks import EVENT_TYPE
from handlers.grammar import FAMILIES, USAGE, VERBS

Json = dict[str, Any]

NAME: Final = "Amends"
TAGLINE: Final = "The incident bot that finishes the job"
ABOUT: Final = (
    "Amends runs incidents from the first word to the last: declare one where you talk, work in its own room, be "
    "reminded of the next update, write down what is known and who says so. When it is over, it composes an apology "
    "from those facts alone, has a second person approve it word for word, sends it to every customer's channel, and "
    "keeps the proof of who was told what, when. One incident, the same words in Slack and in Teams."
)

EVENTS: Final[dict[str, str]] = {
    "app_home_opened": "draw the person's own page",
    "app_mention": "hear `@Amends …`",
    "app_uninstalled": "say in the log that nothing can be posted any more",
    "channel_archive": "a customer's channel is gone: look before the next post",
    "channel_id_changed": "a shared channel got another id",
    "channel_rename": "know its new name",
    "channel_shared": "another company reads along from now on: look before the next post",
    "channel_unarchive": "it is back",
    "channel_unshared": "a customer left: look before the next post",
    "group_archive": "the same for private channels",
    "group_rename": "the same for private channels",
    "group_unarchive": "the same for private channels",
    "member_left_channel": "the bot was taken out: look before the next post",
    "message.channels": "a message of a room was edited or deleted: a pin of it follows; all others are passed over",
    "message.groups": "the same for private rooms",
    "message.im": "hear a direct message",
    "message_metadata_posted": "our own post came back: it did arrive",
    "reaction_added": "pin what got a 📌 in an incident's room",
    "reaction_removed": "unpin it",
    "tokens_revoked": "say in the log that nothing can be posted any more",
    "user_change": "somebody left, or is a guest now: they may do nothing from then on",
}
"""Every event subscribed to, and what for: https://docs.slack.dev/reference/events."""

SHORTCUTS: Final[dict[str, str]] = {"declare": "Declare an incident"}
"""Global shortcuts (the lightning bolt): the line of the grammar each says, and its name."""

COMMAND_CHARACTERS: Final = 32
"""Longest slash command with its slash: https://docs.slack.dev/interactivity/implementing-slash-commands."""
TEAMS_SCHEMA: Final = "1.17"
TEAMS_VERSION: Final = "1.0.0"
"""The package's own version; Teams replaces an installed package only by a higher one."""
TEAMS_COMMANDS: Final = 10
"""Commands of a list in schemas up to 1.23."""
TEAMS_TITLE: Final = 32
TEAMS_HINT: Final = 128
"""Characters of a command's title and description in schema 1.17."""
TEAM_VERBS: Final = (
    "declare", "update", "status", "severity", "role", "recap", "resolve", "apology draft", "list", "help",
)  # fmt: skip
PERSONAL_VERBS: Final = (
    "declare", "list", "update", "apology status", "relay list", "relay done", "promises", "cover", "remind me", "help",
)  # fmt: skip
"""The ten of each menu: in a channel the work on an incident, in one's own chat what waits for oneself."""
ICONS: Final = Path(__file__).parent / "teams" / "icons"
NO_APP: Final = "00000000-0000-0000-0000-000000000000"
"""Stands for the bot's app id in the committed manifest."""
GOLD: Final = "#C9962B"
INK: Final = "#1B2836"


def address(url: str) -> str:
    """A public address without its trailing slash. Raises Wrong unless it is https and nothing but a host."""
    parts = urlsplit(url.strip())
    try:
        fine = parts.scheme == "https" and parts.hostname and not (parts.query or parts.fragment or parts.username)
        _ = parts.port
    except ValueError:
        fine = False
    if not fine:
        raise Wrong(f"“{url}” is no address that Slack or Teams would call. Write it like https://amends.example.com.")
    return url.strip().rstrip("/")


def slack_manifest(url: str, *, socket: bool = False, command: str = "/incident") -> Json:
    """The Slack app manifest for a server at `url` (not needed with Socket Mode). Raises Wrong.

    With another `command` than /incident that one alone is registered: `/amends apology draft 7` says the rest.
    """
    if not re.fullmatch(rf"/[a-z0-9_-]{{1,{COMMAND_CHARACTERS - 1}}}", command):
        raise Wrong(f"“{command}” is no slash command. Write one like /amends: lower case, at most 32 characters.")
    door = "" if socket else f"{address(url)}/slack/events"
    from bot.slack.carry import SCOPES  # what for, is said there

    reach = {} if socket else {"request_url": door}
    return {
        "_metadata": {"major_version": 1, "minor_version": 1},
        "display_information": {
            "name": NAME,
            "description": TAGLINE,
            "long_description": ABOUT,
            "background_color": INK,
        },
        "features": {
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "bot_user": {"display_name": NAME, "always_online": True},
            "shortcuts": [
                {"name": name, "type": "global", "callback_id": says, "description": USAGE[says].meaning}
                for says, name in SHORTCUTS.items()
            ],
            "slash_commands": [
                {
                    "command": name,
                    **({} if socket else {"url": door}),
                    "description": description,
                    "usage_hint": hint,
                    "should_escape": True,  # mentions and channels then arrive with their ids
                }
                for name, description, hint in _commands(command)
            ],
        },
        "oauth_config": {"scopes": {"bot": list(SCOPES)}},
        "settings": {
            "event_subscriptions": {
                **reach,
                "bot_events": list(EVENTS),
                "metadata_subscriptions": [{"app_id": "*", "event_type": EVENT_TYPE}],
            },
            "interactivity": {"is_enabled": True, **reach},
            "org_deploy_enabled": False,
            "socket_mode_enabled": socket,
            "token_rotation_enabled": False,
        },
    }


def _commands(command: str) -> list[tuple[str, str, str]]:
    """Name, description and usage hint of each slash command, from the grammar."""
    everything = " | ".join(VERBS)
    main = (command, f"Incidents: {_first(USAGE['declare'].meaning)}; `help` shows the rest.", everything)
    if command != "/incident":
        return [main]
    short = ("/inc", "Short for /incident.", everything)
    apology = (
        "/apology",
        f"Apologies: {_first(USAGE['apology draft'].meaning)}, have it approved, send it.",
        " | ".join(FAMILIES["apology"]),
    )
    return [main, short, apology]


def _first(meaning: str) -> str:
    """A meaning as a clause: "Open an incident and its room." → "open an incident and its room"."""
    return meaning[0].lower() + meaning[1:].rstrip(".")


class _Plain(yaml.SafeDumper):
    """YAML with indented lists, as people write it."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002 - PyYAML's signature
        """Indent a list below its key."""
        super().increase_indent(flow, indentless=False)


def as_yaml(manifest: Json) -> str:
    """A manifest as YAML, in its own order."""
    return yaml.dump(manifest, Dumper=_Plain, sort_keys=False, allow_unicode=True, width=120)


def teams_manifest(url: str, app_id: str) -> Json:
    """The Teams app manifest of the bot `app_id` (its registration's id) for a server at `url`. Raises Wrong."""
    home = address(url)
    if not re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", app_id):
        raise Wrong(f"“{app_id}” is no app id. Copy the Microsoft App ID from the bot's registration in Azure.")
    return {
        "$schema": f"https://developer.microsoft.com/json-schemas/teams/v{TEAMS_SCHEMA}/MicrosoftTeams.schema.json",
        "manifestVersion": TEAMS_SCHEMA,
        "version": TEAMS_VERSION,
        "id": app_id.lower(),
        "developer": {"name": NAME, "websiteUrl": f"{home}/", "privacyUrl": f"{home}/", "termsOfUseUrl": f"{home}/"},
        "name": {"short": NAME, "full": f"{NAME}: {TAGLINE[0].lower()}{TAGLINE[1:]}"},
        "description": {"short": TAGLINE, "full": ABOUT},
        "icons": {"color": "color.png", "outline": "outline.png"},
        "accentColor": GOLD,
        "defaultInstallScope": "team",
        "defaultGroupCapability": {"team": "bot", "groupchat": "bot"},
        "bots": [
            {
                "botId": app_id.lower(),
                "scopes": ["personal", "team", "groupChat"],
                "supportsFiles": False,
                "isNotificationOnly": False,
                "commandLists": [
                    {"scopes": ["team", "groupChat"], "commands": [_menu(verb) for verb in TEAM_VERBS]},
                    {"scopes": ["personal"], "commands": [_menu(verb) for verb in PERSONAL_VERBS]},
                ],
            }
        ],
        "permissions": ["identity", "messageTeamMembers"],
        "validDomains": [urlsplit(home).hostname],
    }


def _menu(verb: str) -> Json:
    """A verb in the command menu: it only pastes its title."""
    entry = USAGE[verb]
    hint = f"{entry.meaning} Say: {entry.example}" if entry.example != verb else entry.meaning
    return {"title": verb, "description": hint if len(hint) <= TEAMS_HINT else entry.meaning}


def as_json(manifest: Json) -> str:
    """A manifest as JSON, in its own order."""
    return json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"


def teams_package(url: str, app_id: str) -> bytes:
    """The Teams app package: a zip of manifest and icons; the same input gives the same bytes. Raises Wrong."""
    files = {
        "manifest.json": as_json(teams_manifest(url, app_id)).encode(),
        "color.png": (ICONS / "color.png").read_bytes(),
        "outline.png": (ICONS / "outline.png").read_bytes(),
    }
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as package:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            package.writestr(entry, data)
    return made.getvalue()


EXAMPLE: Final = "https://amends.example.com"


def committed() -> dict[str, bytes]:
    """The files of `manifests/`, by path, as the code makes them (address and app id are examples to replace)."""
    return {
        "slack.yaml": as_yaml(slack_manifest(EXAMPLE)).encode(),
        "slack-socket.yaml": as_yaml(slack_manifest("", socket=True)).encode(),
        "teams/manifest.json": as_json(teams_manifest(EXAMPLE, NO_APP)).encode(),
        "teams/color.png": (ICONS / "color.png").read_bytes(),
        "teams/outline.png": (ICONS / "outline.png").read_bytes(),
    }
