"""The Web API's chat.*, pins.*, bookmarks.* and reactions.*: what is said in channels, and what is stuck to it.

Errors by name as each page lists them: https://docs.slack.dev/reference/methods/chat.postMessage and its siblings.
"""

import re

from bot.sandbox.ledger import Json
from bot.sandbox.slack_call import Call, Method, message_event
from bot.sandbox.slack_records import APP_ID, BOT_ID, BOT_USER, Channel, Message, SlackError

EMOJI = re.compile(r"[a-z0-9_+'-]+(::skin-tone-[2-6])?")


def _audible(call: Call) -> Channel:
    """Where a message may go: a channel by id or name, or a person's id for a direct message."""
    target = call.needed("channel", "channel_not_found")
    if target in call.world.people:
        if call.world.people[target].is_bot:
            raise SlackError("channel_not_found")
        return call.world.direct(BOT_USER, target)
    channel = call.channel(alive=True)
    if BOT_USER not in channel.members and not (call.world.post_anywhere and channel.kind == "channel"):
        raise SlackError("not_in_channel")
    return channel


def _filled(call: Call) -> Json:
    content = call.content()
    if not (content["text"] or content["blocks"] or content["attachments"]):
        raise SlackError("no_text")
    return content


def _metadata_event(call: Call, channel: Channel, message: Message, kind: str, **more: object) -> None:
    ids = {"app_id": APP_ID, "bot_id": BOT_ID, "user_id": BOT_USER, "team_id": call.world.team_id}
    about: Json = {"channel_id": channel.id, "message_ts": message.ts, **more}
    if message.metadata:
        about["metadata"] = dict(message.metadata)
    call.tell(f"message_metadata_{kind}", channel, **ids, **about)


def post(call: Call) -> Json:
    """chat.postMessage."""
    channel = _audible(call)
    content = _filled(call)
    twin = _twin(call, channel)
    if twin is not None:
        return {"channel": channel.id, "ts": twin.ts, "message": call.world.message_json(twin, metadata=True)}
    thread = call.text("thread_ts")
    if thread and thread not in channel.messages:
        raise SlackError("thread_not_found")  # the name is not documented for this method
    said = call.world.bot_message(
        channel,
        content,
        thread_ts=channel.messages[thread].thread_ts or thread if thread else "",
        subtype="thread_broadcast" if thread and call.flag("reply_broadcast") else "",
        client_msg_id=call.text("client_msg_id"),
    )
    call.events.append(message_event(call.world, said))
    if said.metadata:
        _metadata_event(call, channel, said, "posted")
    return {"channel": channel.id, "ts": said.ts, "message": call.world.message_json(said, metadata=True)}


def _twin(call: Call, channel: Channel) -> Message | None:
    """The message already posted under this client_msg_id, where the world is set to care (Slack documents nothing)."""
    key, mode = call.text("client_msg_id"), call.world.client_msg_ids
    if not key or mode == "ignored":
        return None
    twin = next((m for m in channel.messages.values() if m.client_msg_id == key), None)
    if twin is not None and mode == "error":
        raise SlackError("duplicate_message_not_found")
    return twin


def update(call: Call) -> Json:
    """chat.update: the bot's own messages only."""
    channel = call.channel(alive=True)
    message = call.message(channel)
    if message.user != BOT_USER:
        raise SlackError("cant_update_message")
    content = _filled(call) if call.args.get("metadata") is None else call.content()
    before = call.world.message_json(message, metadata=True)
    call.world.revise(message, content, BOT_USER)
    event_ts = message.edited["ts"]
    told = {"message": call.world.message_json(message), "previous_message": before, "hidden": True, "ts": event_ts}
    kind = {"subtype": "message_changed", "channel": channel.id, "channel_type": channel.kind}
    call.tell("message", channel, **kind, **told, event_ts=event_ts)
    if before.get("metadata") != (message.metadata or None) and message.metadata:
        _metadata_event(call, channel, message, "updated", previous_metadata=before.get("metadata", {}))
    shown = call.world.message_json(message, metadata=True)
    return {"channel": channel.id, "ts": message.ts, "text": message.text, "message": shown}


def delete(call: Call) -> Json:
    """chat.delete: the bot's own messages only."""
    channel = call.channel()
    message = call.message(channel)
    if message.user != BOT_USER:
        raise SlackError("cant_delete_message")
    remove(call, channel, message)
    return {"channel": channel.id, "ts": message.ts}


def remove(call: Call, channel: Channel, message: Message) -> None:
    """Delete by anybody, with the event."""
    before = call.world.message_json(message)
    call.world.erase(message)
    ts = call.world.next_ts()
    kind = {"subtype": "message_deleted", "channel": channel.id, "channel_type": channel.kind, "hidden": True}
    call.tell("message", channel, **kind, deleted_ts=message.ts, ts=ts, event_ts=ts, previous_message=before)


def whisper(call: Call) -> Json:
    """chat.postEphemeral: one person sees it, until they reload."""
    channel = call.channel(member=True, alive=True)
    content = _filled(call)
    person = call.person("user", "user_not_in_channel")
    if person.id not in channel.members:
        raise SlackError("user_not_in_channel")
    said = call.world.bot_message(channel, content, ephemeral_to=person.id, thread_ts=call.text("thread_ts"))
    return {"message_ts": said.ts}


def permalink(call: Call) -> Json:
    """chat.getPermalink."""
    channel = call.channel()
    message = call.message(channel, "message_ts")
    link = f"https://{call.world.team_domain}.slack.com/archives/{channel.id}/p{message.ts.replace('.', '')}"
    if message.thread_ts and message.thread_ts != message.ts:
        link += f"?thread_ts={message.thread_ts}&cid={channel.id}"
    return {"channel": channel.id, "permalink": link}


def pin(call: Call) -> Json:
    """pins.add."""
    channel = call.channel(member=True, alive=True)
    message = call.message(channel, "timestamp")
    if message.ts in channel.pins:
        raise SlackError("already_pinned")
    channel.pins.append(message.ts)
    return {}


def unpin(call: Call) -> Json:
    """pins.remove."""
    channel = call.channel(member=True)
    if call.text("timestamp") not in channel.pins:
        raise SlackError("no_pin")
    channel.pins.remove(call.text("timestamp"))
    return {}


def pinned(call: Call) -> Json:
    """pins.list."""
    channel = call.channel(member=True)
    found = [call.world.message_json(channel.messages[ts]) for ts in channel.pins]
    return {"items": [{"type": "message", "channel": channel.id, "message": m} for m in found]}


def bookmark(call: Call) -> Json:
    """bookmarks.add: a link above the channel."""
    channel = call.channel("channel_id", member=True, alive=True)
    title, kind = call.needed("title"), call.needed("type")
    if kind != "link":
        raise SlackError("invalid_bookmark_type")
    link = call.needed("link", "invalid_link")
    if not link.startswith(("http://", "https://")):
        raise SlackError("invalid_link")
    made: Json = {"id": call.world.number("Bk"), "channel_id": channel.id, "title": title, "link": link, "type": kind}
    made |= {"emoji": call.text("emoji"), "date_created": call.world.seconds(), "app_id": APP_ID}
    channel.bookmarks.append(made)
    return {"bookmark": dict(made)}


def react(call: Call) -> Json:
    """reactions.add."""
    channel = call.channel(member=True, alive=True)
    message = call.message(channel, "timestamp")
    name = call.needed("name", "invalid_name")
    if not EMOJI.fullmatch(name):
        raise SlackError("invalid_name")
    add_reaction(call, channel, message, name, BOT_USER)
    return {}


def add_reaction(call: Call, channel: Channel, message: Message, name: str, user: str) -> None:
    """React as anybody, with the event."""
    who = message.reactions.setdefault(name, [])
    if user in who:
        raise SlackError("already_reacted")
    who.append(user)
    item = {"type": "message", "channel": channel.id, "ts": message.ts}
    call.tell("reaction_added", channel, user=user, reaction=name, item_user=message.user, item=item)


METHODS: dict[str, Method] = {
    "bookmarks.add": bookmark,
    "chat.delete": delete,
    "chat.getPermalink": permalink,
    "chat.postEphemeral": whisper,
    "chat.postMessage": post,
    "chat.update": update,
    "pins.add": pin,
    "pins.list": pinned,
    "pins.remove": unpin,
    "reactions.add": react,
}
