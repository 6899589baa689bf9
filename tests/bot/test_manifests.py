"""The manifests: what is asked of Slack and Teams, derived from the grammar, no more than is needed."""

import json
import struct
import zipfile
import zlib
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml

from bot import manifest
from bot.settings import Wrong
from bot.slack import listen
from bot.slack.blocks import EVENT_TYPE
from bot.slack.carry import SCOPES
from handlers.grammar import FAMILIES, USAGE, VERBS, Misread, Reading, read

FOLDER = Path(__file__).resolve().parents[2] / "manifests"
URL = "https://amends.example.org"
APP = "12345678-1234-1234-1234-123456789abc"

ALLOWED = {
    "app_mentions:read",  # app_mention
    "channels:history",  # conversations.history, public
    "channels:manage",  # conversations.create, rename, archive, invite, kick, setTopic
    "channels:read",  # conversations.info, list; channel events
    "chat:write",  # chat.postMessage, update, postEphemeral
    "commands",  # slash commands, shortcuts
    "groups:history",  # conversations.history, private
    "groups:read",  # conversations.info, private; group events
    "groups:write",  # conversations.create, invite, private
    "im:history",  # message.im
    "im:write",  # conversations.open
    "metadata.message:read",  # message_metadata_posted
    "reactions:read",  # reaction_added, reaction_removed
    "pins:write",  # pins.add
    "users:read",  # users.info
    "users:read.email",  # the address in users.info
}
"""What a security review agreed to. Another scope means another review, and every workspace installing the app again."""


@pytest.mark.parametrize("name", sorted(manifest.committed()))
def test_the_committed_files_are_what_the_code_makes(name: str) -> None:
    """`manifests/` is never edited by hand; `python -m tests.bot.test_manifests` writes it anew."""
    assert (FOLDER / name).read_bytes() == manifest.committed()[name]


def test_nothing_else_lies_there() -> None:
    """A file that the code does not make would grow old unseen."""
    here = {str(p.relative_to(FOLDER)) for p in FOLDER.rglob("*") if p.is_file()}
    assert here == set(manifest.committed())


# --- Slack -----------------------------------------------------------------------------------------------------------


def test_threat_10_the_scopes_are_those_that_were_agreed_to() -> None:
    """No more, no fewer, and each with a reason in code."""
    asked = manifest.slack_manifest(URL)["oauth_config"]["scopes"]
    assert set(asked) == {"bot"}
    assert set(asked["bot"]) == ALLOWED == set(SCOPES)
    assert all(SCOPES.values())


def test_every_event_subscribed_to_is_handled() -> None:
    """And every one that is handled is subscribed to."""
    asked = manifest.slack_manifest(URL)["settings"]["event_subscriptions"]
    handled = {
        "app_home_opened", "app_mention", "app_uninstalled", "channel_id_changed", "message.channels",
        "message.groups", "message.im", "message_metadata_posted", "reaction_added", "reaction_removed",
        "tokens_revoked", "user_change",
    }  # fmt: skip
    assert set(asked["bot_events"]) == listen._TOUCHED | handled
    assert asked["metadata_subscriptions"] == [{"app_id": "*", "event_type": EVENT_TYPE}]


def test_the_verbs_of_the_manifest_are_those_of_the_grammar() -> None:
    """The usage hints name each verb once, in the grammar's order."""
    commands = {c["command"]: c for c in manifest.slack_manifest(URL)["features"]["slash_commands"]}
    assert list(commands) == ["/incident", "/inc", "/apology"]
    for name in ("/incident", "/inc"):
        assert commands[name]["usage_hint"].split(" | ") == list(VERBS)
    assert commands["/apology"]["usage_hint"].split(" | ") == list(FAMILIES["apology"])
    assert all(c["should_escape"] is True for c in commands.values())
    assert all(c["url"] == f"{URL}/slack/events" for c in commands.values())


def test_another_command_stands_alone() -> None:
    """Where /incident is taken, /amends says everything."""
    [only] = manifest.slack_manifest(URL, command="/amends")["features"]["slash_commands"]
    assert only["command"] == "/amends"
    assert only["usage_hint"].split(" | ") == list(VERBS)


def test_socket_mode_names_no_address() -> None:
    """A manifest with an address that nobody answers is refused by Slack."""
    found = manifest.slack_manifest("", socket=True)
    assert found["settings"]["socket_mode_enabled"] is True
    assert "url" not in json.dumps(found)
    assert "http" not in json.dumps(found)


def test_slack_takes_the_lengths() -> None:
    """Limits of https://docs.slack.dev/reference/app-manifest."""
    found = manifest.slack_manifest(URL)
    shown = found["display_information"]
    assert len(shown["name"]) <= 35
    assert len(shown["description"]) <= 140
    assert 174 <= len(shown["long_description"]) <= 4000
    for command in found["features"]["slash_commands"]:
        assert len(command["command"]) <= 32
        assert 0 < len(command["description"]) <= 2000
        assert 0 < len(command["usage_hint"]) <= 1000
    for shortcut in found["features"]["shortcuts"]:
        assert len(shortcut["name"]) <= 24
        assert len(shortcut["description"]) <= 150
        assert not isinstance(
            read(shortcut["callback_id"], Reading(datetime(2026, 1, 1, tzinfo=UTC), ZoneInfo("UTC"))), Misread
        )


def test_yaml_is_the_same_manifest() -> None:
    """What is printed reads back as what was made."""
    found = manifest.slack_manifest(URL)
    assert yaml.safe_load(manifest.as_yaml(found)) == found
    assert json.loads(manifest.as_json(found)) == found


# --- Teams -----------------------------------------------------------------------------------------------------------


def lists() -> list[dict[str, Any]]:
    """The command menus."""
    found: list[dict[str, Any]] = manifest.teams_manifest(URL, APP)["bots"][0]["commandLists"]
    return found


def test_the_menus_hold_ten_verbs_of_the_grammar_each() -> None:
    """Ten a list, titles of 32 characters, one list a scope: schema 1.17."""
    scopes = [scope for entry in lists() for scope in entry["scopes"]]
    assert sorted(scopes) == ["groupChat", "personal", "team"]
    for entry in lists():
        assert len(entry["commands"]) <= 10
        for command in entry["commands"]:
            assert command["title"] in USAGE
            assert len(command["title"]) <= 32
            assert command["description"].startswith(USAGE[command["title"]].meaning)
            assert len(command["description"]) <= 128


def test_teams_takes_the_manifest() -> None:
    """Lengths and forms of the schema's required properties; nothing is asked for that is not used."""
    found = manifest.teams_manifest(URL + "/", APP)
    assert found["manifestVersion"] in found["$schema"]
    assert len(found["name"]["short"]) <= 30
    assert len(found["name"]["full"]) <= 100
    assert len(found["description"]["short"]) <= 80
    assert len(found["description"]["full"]) <= 4000
    assert len(found["developer"]["name"]) <= 32
    assert all(found["developer"][key].startswith("https://") for key in ("websiteUrl", "privacyUrl", "termsOfUseUrl"))
    assert found["validDomains"] == ["amends.example.org"]
    [bot] = found["bots"]
    assert bot["botId"] == APP
    assert bot["scopes"] == ["personal", "team", "groupChat"]
    assert bot["supportsFiles"] is False
    assert "authorization" not in found


def test_the_package_is_a_zip_teams_reads() -> None:
    """Three files at its root, the same bytes each time."""
    package = zipfile.ZipFile(BytesIO(manifest.teams_package(URL, APP)))
    assert sorted(package.namelist()) == ["color.png", "manifest.json", "outline.png"]
    assert json.loads(package.read("manifest.json")) == manifest.teams_manifest(URL, APP)
    assert manifest.teams_package(URL, APP) == manifest.teams_package(URL, APP)


def pixels(name: str) -> tuple[int, list[tuple[int, ...]]]:
    """Width and RGBA pixels of one of our icons (unfiltered rows)."""
    data = (manifest.ICONS / name).read_bytes()
    width, height, depth, kind = struct.unpack(">IIBB", data[16:26])
    assert (width, depth, kind) == (height, 8, 6)
    at = data.index(b"IDAT")
    rows = zlib.decompress(data[at + 4 : at + 4 + struct.unpack(">I", data[at - 4 : at])[0]])
    size = width * 4 + 1
    return width, [tuple(rows[y * size + 1 + x * 4 :][:4]) for y in range(height) for x in range(width)]


def test_the_icons_are_as_teams_wants_them() -> None:
    """Colour: 192 pixels, no hole. Outline: 32 pixels, white on nothing.

    https://learn.microsoft.com/microsoftteams/platform/concepts/build-and-test/apps-package#app-icons
    """
    width, colour = pixels("color.png")
    assert width == 192
    assert {p[3] for p in colour} == {255}
    assert len(set(colour)) > 3
    width, outline = pixels("outline.png")
    assert width == 32
    assert {p[:3] for p in outline} == {(255, 255, 255)}
    assert {p[3] for p in outline} >= {0, 255}


# --- refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url", ["", "amends.example.org", "http://amends.example.org", "https://", "https://a:99999999", "https://u@a/?q=1"]
)
def test_an_address_nobody_can_call_is_refused(url: str) -> None:
    """With the form that is wanted."""
    with pytest.raises(Wrong, match="https://"):
        manifest.slack_manifest(url)
    with pytest.raises(Wrong, match="https://"):
        manifest.teams_manifest(url, APP)


@pytest.mark.parametrize("app", ["", "x", "12345678123412341234123456789abc"])
def test_an_app_id_must_be_one(app: str) -> None:
    """Teams would say no more than that something is wrong."""
    with pytest.raises(Wrong, match="Microsoft App ID"):
        manifest.teams_manifest(URL, app)


@pytest.mark.parametrize("command", ["amends", "/", "/Amends", "/two words", "/" + "a" * 40])
def test_a_slash_command_must_be_one(command: str) -> None:
    """Lower case, one word, a slash before it."""
    with pytest.raises(Wrong, match="slash command"):
        manifest.slack_manifest(URL, command=command)


def write() -> None:
    """Make `manifests/` anew."""
    for name, data in manifest.committed().items():
        (FOLDER / name).parent.mkdir(parents=True, exist_ok=True)
        (FOLDER / name).write_bytes(data)


if __name__ == "__main__":
    write()
