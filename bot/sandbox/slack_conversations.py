"""The Web API's conversations.*: channels made, found, joined, renamed, archived and read.

Errors by name as each page lists them: https://docs.slack.dev/reference/methods/conversations.create and its siblings.
"""

from bot.sandbox import slack_limits as limits
from bot.sandbox.ledger import Json
from bot.sandbox.slack_call import Call, Method, message_event
from bot.sandbox.slack_records import BOT_USER, Channel, Message, SlackError

KINDS = {"public_channel": "channel", "private_channel": "group", "mpim": "mpim", "im": "im"}


def _named(call: Call) -> str:
    name = call.text("name")
    problem = limits.name_problem(name)
    if problem:
        raise SlackError(problem, limit=True)
    if any(c.name == name for c in call.world.channels.values()):
        raise SlackError("name_taken")
    return name


def _notice(call: Call, channel: Channel, subtype: str, text: str, user: str = BOT_USER) -> None:
    """The line Slack writes into a channel when something happens to it; a message event like any other."""
    world = call.world
    line = world.put(Message(world.next_ts(), channel.id, user, text, subtype=subtype, team=world.team_id))
    call.events.append(message_event(world, line))


def create(call: Call) -> Json:
    """A new channel with the bot in it."""
    name = _named(call)
    world = call.world
    made = Channel(world.number("C0"), name, [BOT_USER], is_private=call.flag("is_private"), creator=BOT_USER)
    made = world.add_channel(made)
    if not made.is_private:
        told = {"id": made.id, "name": name, "created": made.created, "creator": BOT_USER}
        call.tell("channel_created", None, channel=told)
    return {"channel": world.channel_json(made)}


def listing(call: Call) -> Json:
    """Channels the bot may know of, page by page."""
    kinds = {KINDS.get(t.strip(), "") for t in call.text("types", "public_channel").split(",")}
    if "" in kinds:
        raise SlackError("invalid_types")
    mine = [c for c in call.world.channels.values() if c.kind == "channel" or BOT_USER in c.members]
    mine = [c for c in mine if c.kind in kinds and not (c.is_archived and call.flag("exclude_archived"))]
    limit = call.count("limit", 100, limits.LIST_PAGE)
    page, rest = call.page(mine, limit, call.text("cursor"))
    rows = [call.world.channel_json(c) | {"num_members": len(c.members)} for c in page]
    return {"channels": rows, "response_metadata": rest}


def of_person(call: Call) -> Json:
    """users.conversations: the channels somebody (default: the bot) is in."""
    user = call.text("user", BOT_USER)
    if user not in call.world.people:
        raise SlackError("user_not_found")
    kinds = {KINDS.get(t.strip(), "") for t in call.text("types", "public_channel").split(",")}
    mine = [c for c in call.world.channels.values() if user in c.members and c.kind in kinds]
    mine = [c for c in mine if c.kind == "channel" or BOT_USER in c.members]
    mine = [c for c in mine if not (c.is_archived and call.flag("exclude_archived"))]
    page, rest = call.page(mine, call.count("limit", 100, limits.LIST_PAGE), call.text("cursor"))
    return {"channels": [call.world.channel_json(c) for c in page], "response_metadata": rest}


def info(call: Call) -> Json:
    """One channel."""
    channel = call.channel()
    shown = call.world.channel_json(channel)
    if call.flag("include_num_members"):
        shown["num_members"] = len(channel.members)
    return {"channel": shown}


def members(call: Call) -> Json:
    """Who is in a channel."""
    page, rest = call.page(call.channel().members, call.count("limit", 100, 1000), call.text("cursor"))
    return {"members": page, "response_metadata": rest}


def invite(call: Call) -> Json:
    """Bring people in; with `force` those that can come do, the others are told of."""
    channel = call.channel(member=True, alive=True)
    users = call.people(error="no_user")
    if len(users) > limits.INVITE_PEOPLE:
        raise SlackError("too_many_users", limit=True)
    problems = [{"ok": False, "user": u, "error": e} for u in users if (e := _not_invitable(call, channel, u))]
    if problems and not (call.flag("force") and len(problems) < len(users)):
        raise SlackError(str(problems[0]["error"]), errors=problems)
    for user in users:
        if not any(p["user"] == user for p in problems):
            enter(call, channel, user, BOT_USER)
    return {"channel": call.world.channel_json(channel)} | ({"errors": problems} if problems else {})


def _not_invitable(call: Call, channel: Channel, user: str) -> str:
    person = call.world.people.get(user)
    if person is None or person.deleted:
        return "user_not_found"
    if user == BOT_USER:
        return "cant_invite_self"
    if user in channel.members:
        return "already_in_channel"
    if call.world.is_foreign(person) and person.team_id not in channel.connected:
        return "user_team_not_in_channel"
    return ""


def enter(call: Call, channel: Channel, user: str, inviter: str = "") -> None:
    """Make somebody a member, with the line in the channel and the event."""
    channel.members.append(user)
    _notice(call, channel, "channel_join", f"<@{user}> has joined the channel", user)
    event: Json = {"user": user, "channel": channel.id, "channel_type": "C", "team": call.world.people[user].team_id}
    call.tell("member_joined_channel", channel, **event, **({"inviter": inviter} if inviter else {}))


def join(call: Call) -> Json:
    """The bot enters a public channel by itself."""
    channel = call.channel(alive=True)
    if channel.kind != "channel":
        raise SlackError("method_not_supported_for_channel_type")
    if BOT_USER in channel.members:
        told = {"warnings": ["already_in_channel"]}
        return {"channel": call.world.channel_json(channel), "warning": "already_in_channel", "response_metadata": told}
    enter(call, channel, BOT_USER)
    return {"channel": call.world.channel_json(channel)}


def go(call: Call, channel: Channel, user: str) -> None:
    """Take somebody out of a channel, with the line and the event."""
    channel.members.remove(user)
    _notice(call, channel, "channel_leave", f"<@{user}> has left the channel", user)
    team = call.world.people[user].team_id
    call.tell("member_left_channel", channel, user=user, channel=channel.id, channel_type="C", team=team)


def leave(call: Call) -> Json:
    """The bot goes."""
    channel = call.channel()
    if channel.is_general:
        raise SlackError("cant_leave_general")
    if BOT_USER not in channel.members:
        return {"not_in_channel": True}
    if channel.members == [BOT_USER] and channel.is_private:
        raise SlackError("last_member")
    go(call, channel, BOT_USER)
    return {}


def kick(call: Call) -> Json:
    """The bot takes somebody out."""
    channel = call.channel(member=True, alive=True)
    user = call.person().id
    if user == BOT_USER:
        raise SlackError("cant_kick_self")
    if channel.is_general:
        raise SlackError("cant_kick_from_general")
    if user not in channel.members:
        raise SlackError("not_in_channel")
    go(call, channel, user)
    return {}


def archive(call: Call) -> Json:
    """Close a channel."""
    channel = call.channel()
    if channel.is_archived:
        raise SlackError("already_archived")
    if channel.is_general:
        raise SlackError("cant_archive_general")
    if BOT_USER not in channel.members:
        raise SlackError("not_in_channel")
    close(call, channel, BOT_USER)
    return {}


def close(call: Call, channel: Channel, user: str) -> None:
    """Archive by anybody, with the line and the event."""
    channel.is_archived = True
    _notice(call, channel, "channel_archive", f"<@{user}> archived the channel", user)
    kind = "group_archive" if channel.is_private else "channel_archive"
    call.tell(kind, channel, user=user, channel=channel.id, is_moved=0)


def rename(call: Call) -> Json:
    """Give a channel another name; bots may rename only what they made."""
    channel = call.channel(member=True, alive=True)
    if channel.creator != BOT_USER:
        raise SlackError("not_authorized")
    rechristen(call, channel, BOT_USER)
    return {"channel": call.world.channel_json(channel)}


def rechristen(call: Call, channel: Channel, user: str) -> None:
    """Rename by anybody, with the line and the event."""
    name = _named(call)
    channel.previous_names.insert(0, channel.name)
    channel.name = name
    _notice(call, channel, "channel_name", f"<@{user}> has renamed the channel", user)
    told = {"id": channel.id, "name": name, "created": channel.created}
    call.tell("group_rename" if channel.is_private else "channel_rename", channel, channel=told)


def set_topic(call: Call) -> Json:
    """What the channel is about, above its messages."""
    channel = call.channel(member=True, alive=True)
    channel.topic = _described(call, "topic")
    _notice(call, channel, "channel_topic", f"<@{BOT_USER}> set the channel topic: {channel.topic['value']}")
    return {"channel": call.world.channel_json(channel), "topic": channel.topic["value"]}


def set_purpose(call: Call) -> Json:
    """What the channel is for."""
    channel = call.channel(member=True, alive=True)
    channel.purpose = _described(call, "purpose")
    return {"channel": call.world.channel_json(channel), "purpose": channel.purpose["value"]}


def _described(call: Call, name: str) -> Json:
    value = call.text(name)
    if len(value) > limits.TOPIC_CHARACTERS:
        raise SlackError("too_long", limit=True)
    return {"value": value, "creator": BOT_USER, "last_set": call.world.seconds()}


def _between(call: Call, messages: list[Message]) -> list[Message]:
    oldest, latest, inclusive = call.text("oldest", "0"), call.text("latest"), call.flag("inclusive")
    kept = [m for m in messages if float(m.ts) > float(oldest) or (inclusive and m.ts == oldest)]
    if latest:
        kept = [m for m in kept if float(m.ts) < float(latest) or (inclusive and m.ts == latest)]
    return kept


def history(call: Call) -> Json:
    """Messages, newest first, without the replies of threads."""
    channel = call.channel(member=True)
    top = [m for m in channel.messages.values() if m.thread_ts in ("", m.ts) or m.subtype == "thread_broadcast"]
    found = sorted(_between(call, top), key=lambda m: m.ts, reverse=True)
    return _messages(call, found)


def replies(call: Call) -> Json:
    """A thread, its parent first."""
    channel = call.channel(member=True)
    parent = call.message(channel, error="thread_not_found")
    ts = parent.thread_ts or parent.ts
    return _messages(call, [channel.messages[ts], *_between(call, call.world.replies(channel, ts))])


def _messages(call: Call, found: list[Message]) -> Json:
    most = limits.RESTRICTED_HISTORY_PAGE if call.world.history_restricted else limits.HISTORY_PAGE
    page, rest = call.page(found, call.count("limit", min(100, most), most), call.text("cursor"))
    rows = [call.world.message_json(m, metadata=call.flag("include_all_metadata")) for m in page]
    more = {"response_metadata": rest} if rest["next_cursor"] else {}
    return {"messages": rows, "has_more": bool(more), "pin_count": 0, **more}


def open_direct(call: Call) -> Json:
    """A direct or group conversation of the bot and some people."""
    world = call.world
    if call.text("channel"):
        return {"channel": world.channel_json(call.channel())}
    users = call.people(error="users_list_not_supplied")
    if len(users) > limits.OPEN_PEOPLE:
        raise SlackError("too_many_users", limit=True)
    if any(u not in world.people for u in users):
        raise SlackError("user_not_found")
    if any(world.people[u].is_bot for u in users):
        raise SlackError("cannot_dm_bot")
    before = len(world.channels)
    channel = world.direct(BOT_USER, *users)
    shown = world.channel_json(channel) if call.flag("return_im") else {"id": channel.id}
    already = {"no_op": True, "already_open": True} if len(world.channels) == before else {}
    return {"channel": shown, **already}


METHODS: dict[str, Method] = {
    "conversations.archive": archive,
    "conversations.create": create,
    "conversations.history": history,
    "conversations.info": info,
    "conversations.invite": invite,
    "conversations.join": join,
    "conversations.kick": kick,
    "conversations.leave": leave,
    "conversations.list": listing,
    "conversations.members": members,
    "conversations.open": open_direct,
    "conversations.rename": rename,
    "conversations.replies": replies,
    "conversations.setPurpose": set_purpose,
    "conversations.setTopic": set_topic,
    "users.conversations": of_person,
}
