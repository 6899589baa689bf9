"""One Web API call as a method sees it: arguments however they were encoded, and the checks every method shares."""

import base64
import binascii
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from bot.sandbox import slack_limits as limits
from bot.sandbox.ledger import Json
from bot.sandbox.slack_blocks import Check
from bot.sandbox.slack_records import BOT_USER, Channel, Message, Person, SlackError
from bot.sandbox.slack_world import SlackWorld

JSON_ARGUMENTS = {
    "blocks": "invalid_blocks_format",
    "attachments": "invalid_attachments",
    "metadata": "invalid_metadata_format",
    "view": "invalid_arguments",
}
METADATA_TYPE = re.compile(r"[\w.-]{1,255}")


@dataclass
class Call:
    """A call under way. `events` collects what Slack will tell the app once the call is answered."""

    world: SlackWorld
    method: str
    args: Json
    events: list[Json] = field(default_factory=list)

    def text(self, name: str, default: str = "") -> str:
        """An argument as a string."""
        value = self.args.get(name)
        return default if value is None else str(value)

    def flag(self, name: str, default: bool = False) -> bool:
        """An argument as a boolean: true, 1, "true", "1"."""
        value = self.args.get(name)
        return default if value is None else str(value).lower() in ("true", "1")

    def count(self, name: str, default: int, most: int) -> int:
        """A page size between 1 and `most`."""
        try:
            value = int(self.args.get(name) or default)
        except ValueError:
            raise SlackError("invalid_limit") from None
        if value < 1:
            raise SlackError("invalid_limit")
        return min(value, most)

    def needed(self, name: str, error: str = "") -> str:
        """An argument that may not be missing: `error`, or Slack's invalid_arguments naming it."""
        value = self.text(name)
        if value:
            return value
        if error:
            raise SlackError(error)
        missing = f"[ERROR] missing required field: {name}"
        raise SlackError("invalid_arguments", response_metadata={"messages": [missing]})

    def channel(self, name: str = "channel", member: bool = False, alive: bool = False) -> Channel:
        """The channel this call is about; a private one the bot is not in does not exist for it.

        `member`: not_in_channel unless the bot is in it. `alive`: is_archived when it is.
        """
        found = self.world.find_channel(self.needed(name, "channel_not_found"))
        inside = found is not None and BOT_USER in found.members
        if found is None or (found.kind != "channel" and not inside):
            raise SlackError("channel_not_found")
        if alive and found.is_archived:
            raise SlackError("is_archived")
        if member and not inside:
            raise SlackError("not_in_channel")
        return found

    def message(self, channel: Channel, name: str = "ts", error: str = "message_not_found") -> Message:
        """A message of the channel that is in its history."""
        found = channel.messages.get(self.text(name))
        if found is None:
            raise SlackError(error)
        return found

    def person(self, name: str = "user", error: str = "user_not_found") -> Person:
        """A person of the workspace."""
        found = self.world.people.get(self.needed(name, error))
        if found is None:
            raise SlackError(error)
        return found

    def people(self, name: str = "users", error: str = "no_user") -> list[str]:
        """A comma-separated list, or a JSON list, of user ids."""
        value = self.args.get(name)
        ids = [str(v) for v in value] if isinstance(value, list) else [v.strip() for v in str(value or "").split(",")]
        ids = [v for v in ids if v]
        if not ids:
            raise SlackError(error)
        return ids

    def tell(self, kind: str, where: Channel | None = None, /, **event: Any) -> None:
        """Queue an event for the app; `where` decides whether it is told at all and of a shared channel."""
        self.events.append(event_json(self.world, kind, where, **event))

    def content(self) -> Json:
        """text, blocks, attachments and metadata of a message, checked as Slack checks them."""
        checked = {
            "text": self.args.get("text"),
            "blocks": self.listed("blocks"),
            "attachments": self.listed("attachments"),
            "metadata": self.args.get("metadata"),
        }
        if checked["text"] is not None and len(str(checked["text"])) > limits.TEXT_CHARACTERS:
            raise SlackError("msg_too_long", limit=True)
        check = Check()
        if checked["blocks"] is not None:
            check.blocks(checked["blocks"], limits.MESSAGE_BLOCKS, "/blocks")
        if checked["attachments"] is not None:
            for attachment, where in check.many(checked["attachments"], limits.ATTACHMENTS, "/attachments", least=0):
                if "blocks" in attachment:
                    check.blocks(attachment["blocks"], limits.MESSAGE_BLOCKS, f"{where}/blocks")
        if check.problems:
            pointed = [p.removeprefix("[ERROR] ") for p in check.problems]
            told = {"messages": check.problems}
            raise SlackError("invalid_blocks", limit=True, errors=pointed, response_metadata=told)
        if check.characters > limits.ALL_BLOCKS_CHARACTERS:
            raise SlackError("msg_blocks_too_long", limit=True)
        self.metadata(checked["metadata"])
        return checked

    def metadata(self, value: object) -> None:
        """https://docs.slack.dev/messaging/message-metadata: event_type and event_payload, or {} to take it away."""
        if value in (None, {}):
            return
        if not isinstance(value, dict) or not isinstance(value.get("event_payload"), dict):
            raise SlackError("invalid_metadata_format")
        if not METADATA_TYPE.fullmatch(str(value.get("event_type") or "")):
            raise SlackError("invalid_metadata_format")

    def listed(self, name: str) -> list[Json] | None:
        """A JSON list argument, None when it was not given."""
        value = self.args.get(name)
        if value is None or isinstance(value, list):
            return value
        raise SlackError(JSON_ARGUMENTS[name])

    def page(self, rows: Sequence[Any], limit: int, cursor: str) -> tuple[list[Any], Json]:
        """One page and its response_metadata; a cursor that is none of ours is invalid_cursor."""
        start = 0
        if cursor:
            try:
                start = int(base64.b64decode(cursor, validate=True).removeprefix(b"next:"))
            except (ValueError, binascii.Error):
                raise SlackError("invalid_cursor") from None
        more = start + limit < len(rows)
        after = base64.b64encode(f"next:{start + limit}".encode()).decode() if more else ""
        return list(rows[start : start + limit]), {"next_cursor": after}


Method = Callable[[Call], Json]


# told only of channels the bot is in: https://docs.slack.dev/reference/events (message.channels, reaction_added …)
INSIDE_ONLY = frozenset(
    {"message", "app_mention", "reaction_added", "reaction_removed", "group_archive", "group_rename"}
)


def event_json(world: SlackWorld, kind: str, where: Channel | None, /, **event: Any) -> Json:
    """An event with what decides its delivery: is its channel shared, may the app hear of it."""
    body = {"type": kind, **event}
    body.setdefault("event_ts", world.next_ts())
    heard = where is None or BOT_USER in where.members or (kind not in INSIDE_ONLY and where.kind == "channel")
    return {"event": body, "shared": bool(where and where.connected), "heard": heard}


def message_event(world: SlackWorld, message: Message, event_ts: str = "") -> Json:
    """A message as the Events API tells it: https://docs.slack.dev/reference/events/message.channels."""
    channel = world.channels[message.channel]
    body = world.message_json(message)
    for name in ("reply_count", "reply_users", "reply_users_count", "latest_reply", "pinned_to", "reactions"):
        body.pop(name, None)
    body |= {"channel": channel.id, "channel_type": channel.kind, "event_ts": event_ts or message.ts}
    person = world.people.get(message.user)
    if person is not None and world.is_foreign(person):
        body |= {"user_team": person.team_id, "source_team": person.team_id, "team": person.team_id}
        body["user_profile"] = {"name": person.name, "real_name": person.real_name, "team": person.team_id}
    return event_json(world, "message", channel, **body)


def parsed(content_type: str, query: str, body: bytes) -> Json:
    """Arguments from the query, then from a form or JSON body; JSON inside form fields is opened.

    Raises SlackError with Slack's name for what cannot be read.
    """
    args: Json = dict(parse_qsl(query, keep_blank_values=True))
    kind = content_type.partition(";")[0].strip().lower()
    try:
        if kind == "application/json":
            told = json.loads(body or b"{}")
            if not isinstance(told, dict):
                raise SlackError("json_not_object")
            args |= told
        elif kind == "application/x-www-form-urlencoded":
            args |= dict(parse_qsl(body.decode(), keep_blank_values=True))
        elif body:
            raise SlackError("invalid_post_type")
    except UnicodeDecodeError:
        raise SlackError("invalid_charset") from None
    except ValueError:
        raise SlackError("invalid_json") from None
    for name, error in JSON_ARGUMENTS.items():
        if isinstance(args.get(name), str):
            try:
                args[name] = json.loads(args[name])
            except ValueError:
                raise SlackError(error) from None
    return args
