"""Typing as a person in Slack: commands, messages, mentions, reactions; and what people do to channels.

Shapes: https://docs.slack.dev/interactivity/implementing-slash-commands, https://docs.slack.dev/reference/events.
"""

import re
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from bot.sandbox import slack_chat, slack_conversations
from bot.sandbox.ledger import Json
from bot.sandbox.slack_call import Call, event_json, message_event
from bot.sandbox.slack_events import NotPossible, SlackEvents
from bot.sandbox.slack_records import APP_ID, BOT_USER, VERIFICATION_TOKEN, Channel, Message, SlackError
from bot.sandbox.slack_wire import Ack
from bot.sandbox.slack_world import SlackWorld

MARKUP = re.compile(r"(<(?:[@#!]|https?:|mailto:)[^>]*>)")
LINKS = re.compile(
    r"(?P<url>https?://[^\s<>|]+[^\s<>|.,;:!?)])"
    r"|(?P<mail>[\w.+-]+@[\w-]+(?:\.[\w-]+)+)"
    r"|(?P<host>\b(?:[a-z0-9-]+\.)+(?:com|org|net|io|dev|example)\b(?:/[^\s<>|]*)?)"
    r"|@(?P<at>[\w.-]*\w)|#(?P<hash>[\w-]+)",
    re.IGNORECASE,
)


def as_sent(world: SlackWorld, text: str, labels: bool) -> str:
    """What Slack makes of typed text: & < > escaped, links and mentions in angle brackets (`labels`: with names)."""

    def link(match: re.Match[str]) -> str:
        found = match.group(0)
        if match["url"]:
            return f"<{found}>"
        if match["mail"]:
            return f"<mailto:{found}|{found}>"
        if match["host"]:
            return f"<http://{found}|{found}>"
        if match["at"]:
            name = match["at"].lower()
            if name in ("here", "channel", "everyone"):
                return f"<!{name}>"
            person = next((p for p in world.people.values() if p.name.lower() == name), None)
            return f"<@{person.id}|{person.name}>" if person and labels else f"<@{person.id}>" if person else found
        channel = world.find_channel(match["hash"])
        return f"<#{channel.id}|{channel.name if labels else ''}>" if channel else found

    parts = MARKUP.split(text)
    for i in range(0, len(parts), 2):  # the odd ones are markup already
        plain = parts[i].replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        parts[i] = LINKS.sub(link, plain)
    return "".join(parts)


def rich_text(text: str) -> Json:
    """The rich_text block Slack's own composer makes of a line; mentions become elements."""
    inner: list[Json] = []
    for part in MARKUP.split(text):
        if part.startswith("<@"):
            inner.append({"type": "user", "user_id": part[2:-1].partition("|")[0]})
        elif part:
            inner.append({"type": "text", "text": part})
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": inner}]}


class SlackTyping(SlackEvents):
    """People at their keyboards. `user` is an id or a name, `channel` an id or #name; each act awaits the answer."""

    async def command(
        self, user: str, channel: str, command: str, text: str = "", *, overrides: Mapping[str, Any] | None = None
    ) -> Ack:
        """Type a slash command. The answer becomes a message only this person sees, or everybody if it says so."""
        user = self.who(user)
        room = self.where(user, channel)
        person = self.world.people[user]
        if self.world.is_foreign(person):
            raise NotPossible("people of other workspaces cannot type our commands")
        fields: Json = {
            "token": VERIFICATION_TOKEN,
            "team_id": self.world.team_id,
            "team_domain": self.world.team_domain,
            "channel_id": room.id,
            "channel_name": self._channel_name(room),
            "user_id": user,
            "user_name": person.name,
            "command": command,
            "text": as_sent(self.world, text, labels=True) if self.escape_commands else text,
            "api_app_id": APP_ID,
            "is_enterprise_install": "false",
            "response_url": self.world.hook("commands", user, room.id),
            "trigger_id": self.world.trigger(user).id,
            **(overrides or {}),
        }
        ack = await self.wire.deliver("slash_commands", fields)
        self._by_person("command", room.id, user, fields, ack)
        if ack.problem:
            self.world.whisper(room, user, f"{command} failed with the error “{ack.problem}”")
        else:
            self._answered(room, user, ack)
        return ack

    @staticmethod
    def _channel_name(room: Channel) -> str:
        return {"im": "directmessage", "group": "privategroup"}.get(room.kind, room.name)

    def _answered(self, room: Channel, user: str, ack: Ack) -> None:
        """A command's answer on the screen: https://docs.slack.dev/interactivity/implementing-slash-commands."""
        if not ack.body.strip():
            return
        told = ack.answer or {"text": ack.body}
        public = told.get("response_type") == "in_channel"
        try:
            content = Call(self.world, "ack", told).content()
        except SlackError as refused:
            self.world.violations[f"ack:{refused.error}"] += 1
            self.world.whisper(room, user, "The app answered with something Slack cannot show")
            return
        said = self.world.bot_message(room, content, ephemeral_to="" if public else user)
        self.ledger.accept("slack", "ack", room.id, BOT_USER, told, {"ts": said.ts, "ephemeral_to": said.ephemeral_to})

    async def say(self, user: str, channel: str, text: str, *, thread_ts: str = "") -> str:
        """Write a message; its ts. Where it names the bot in a channel, an app_mention follows the message event."""
        message = self._spoken(self.who(user), channel, text, thread_ts)
        told = message_event(self.world, message)
        room = self.world.channels[message.channel]
        body = {k: v for k, v in told["event"].items() if k not in ("type", "channel_type")}
        called = f"<@{BOT_USER}" in message.text and not room.is_im
        await self.emit([told, *([event_json(self.world, "app_mention", room, **body)] if called else [])])
        return message.ts

    async def mention(self, user: str, channel: str, text: str, *, thread_ts: str = "") -> str:
        """Write a message that names @Amends (in front, if it does not yet): two events; its ts."""
        named = f"<@{BOT_USER}>" in as_sent(self.world, text, labels=False)
        return await self.say(user, channel, text if named else f"<@{BOT_USER}> {text}", thread_ts=thread_ts)

    def _spoken(self, user: str, channel: str, text: str, thread_ts: str) -> Message:
        room = self.where(user, channel)
        if user not in room.members:
            raise NotPossible(f"{user} is not in {room.id}")
        if room.is_archived:
            raise NotPossible(f"{room.id} is archived")
        if thread_ts and thread_ts not in room.messages:
            raise NotPossible(f"there is no thread {thread_ts} in {room.id}")
        written = as_sent(self.world, text, labels=False)
        message = Message(self.world.next_ts(), room.id, user, written, thread_ts=thread_ts)
        message.team = self.world.people[user].team_id
        message.client_msg_id = str(uuid.uuid5(uuid.NAMESPACE_OID, message.ts))
        message.blocks = [rich_text(text)]
        self._by_person("message", room.id, user, {"text": written, "thread_ts": thread_ts, "ts": message.ts})
        return self.world.put(message)

    async def edit(self, user: str, channel: str, ts: str, text: str) -> None:
        """Change one's own message."""
        user, message, room = self._own(user, channel, ts)
        before = self.world.message_json(message)
        written = {"text": as_sent(self.world, text, labels=False), "blocks": [rich_text(text)]}
        self.world.revise(message, written, user)
        at = message.edited["ts"]
        after = self.world.message_json(message)
        kind = {"subtype": "message_changed", "channel": room.id, "channel_type": room.kind, "hidden": True}
        told = {"message": after, "previous_message": before, "ts": at, "event_ts": at}
        self._by_person("edit", room.id, user, {"ts": ts, **written})
        await self.emit([event_json(self.world, "message", room, **kind, **told)])

    async def delete(self, user: str, channel: str, ts: str) -> None:
        """Take one's own message back."""
        user, message, room = self._own(user, channel, ts)
        call = Call(self.world, "delete", {})
        slack_chat.remove(call, room, message)
        self._by_person("delete", room.id, user, {"ts": ts})
        await self.emit(call.events)

    def _own(self, user: str, channel: str, ts: str) -> tuple[str, Message, Channel]:
        user = self.who(user)
        room = self.where(user, channel)
        message = self._seen(user, room, ts)
        if message.user != user:
            raise NotPossible(f"{ts} is not {user}'s own message")
        return user, message, room

    async def react(self, user: str, channel: str, ts: str, name: str) -> None:
        """Add an emoji to a message."""
        user = self.who(user)
        room = self.where(user, channel)
        call = Call(self.world, "react", {})
        slack_chat.add_reaction(call, room, self._seen(user, room, ts), name.strip(":"), user)
        self._by_person("react", room.id, user, {"ts": ts, "name": name})
        await self.emit(call.events)

    def direct(self, user: str) -> str:
        """The id of this person's direct conversation with the bot."""
        return self.world.direct(self.who(user), BOT_USER).id

    # channels, by people

    async def create_channel(self, user: str, name: str, *, private: bool = False, members: Sequence[str] = ()) -> str:
        """A person makes a channel; its id. The bot is in it only if `members` say so."""
        user = self.who(user)
        made = Channel(self.world.number("C0"), name, [user, *members], is_private=private, creator=user)
        room = self.world.add_channel(made)
        told = {"id": room.id, "name": name, "created": room.created, "creator": user}
        if not private:
            await self.emit([event_json(self.world, "channel_created", None, channel=told)])
        return room.id

    async def join(self, user: str, channel: str, *, inviter: str = "") -> None:
        """Somebody (the bot too: "amends") comes into a channel."""
        user, room, call = self.who(user), self._any(channel), Call(self.world, "join", {})
        if user in room.members:
            raise NotPossible(f"{user} is in {room.id} already")
        slack_conversations.enter(call, room, user, self.who(inviter) if inviter else "")
        await self.emit(call.events)

    async def leave(self, user: str, channel: str) -> None:
        """Somebody goes, or (the bot) is removed."""
        user, room, call = self.who(user), self._any(channel), Call(self.world, "leave", {})
        if user not in room.members:
            raise NotPossible(f"{user} is not in {room.id}")
        slack_conversations.go(call, room, user)
        await self.emit(call.events)

    async def archive(self, user: str, channel: str) -> None:
        """A person archives a channel."""
        user, room, call = self.who(user), self._any(channel), Call(self.world, "archive", {})
        slack_conversations.close(call, room, user)
        self._by_person("archive", room.id, user, {})
        await self.emit(call.events)

    async def unarchive(self, user: str, channel: str) -> None:
        """A person opens it again."""
        user, room = self.who(user), self._any(channel)
        room.is_archived = False
        kind = "group_unarchive" if room.is_private else "channel_unarchive"
        await self.emit([event_json(self.world, kind, room, user=user, channel=room.id)])

    async def rename(self, user: str, channel: str, name: str) -> None:
        """A person renames a channel."""
        user, room, call = self.who(user), self._any(channel), Call(self.world, "rename", {"name": name})
        slack_conversations.rechristen(call, room, user)
        self._by_person("rename", room.id, user, {"name": name})
        await self.emit(call.events)

    async def change_id(self, channel: str, new_id: str = "") -> str:
        """Slack gives a channel another id (it was shared, say): the old one is not found from now on."""
        room = self._any(channel)
        old, room.id = room.id, new_id or self.world.number("C0")
        self.world.channels = {(room.id if k == old else k): c for k, c in self.world.channels.items()}
        for message in [*room.messages.values(), *room.ephemerals.values()]:
            message.channel = room.id
        told = {"old_channel_id": old, "new_channel_id": room.id}
        await self.emit([event_json(self.world, "channel_id_changed", room, **told)])
        return room.id

    async def connect(self, channel: str, team_id: str) -> None:
        """Share a channel with another workspace (Slack Connect)."""
        room = self._any(channel)
        room.connected.append(team_id)
        told = {"connected_team_id": team_id, "channel": room.id}
        await self.emit([event_json(self.world, "channel_shared", room, **told)])

    async def disconnect(self, channel: str, team_id: str) -> None:
        """Stop sharing it: that workspace's people are gone."""
        room = self._any(channel)
        room.connected.remove(team_id)
        room.members = [m for m in room.members if self.world.people[m].team_id != team_id]
        told = {"previously_connected_team_id": team_id, "channel": room.id, "is_ext_shared": bool(room.connected)}
        await self.emit([event_json(self.world, "channel_unshared", room, **told)])
