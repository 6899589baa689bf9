"""What a Slack workspace holds, how it changes, and how Slack writes people, channels, messages and views as JSON."""

import copy
import itertools
import time
from collections import Counter
from collections.abc import Iterable

from bot.sandbox import slack_limits as limits
from bot.sandbox.ledger import Json, Ledger, SandboxClock
from bot.sandbox.slack_blocks import completed, elements, initial_state
from bot.sandbox.slack_records import (
    APP_ID,
    BOT_ID,
    BOT_USER,
    SLACKBOT,
    TEAM,
    Channel,
    Hook,
    Message,
    Person,
    Trigger,
    View,
)


class SlackWorld:
    """One workspace with the app installed. Ids and timestamps come from counters and the clock: a run repeats."""

    def __init__(
        self, ledger: Ledger, clock: SandboxClock, team_id: str, seed: tuple[Iterable[Person], Iterable[Channel]]
    ) -> None:
        """A workspace of these people and channels; the bot user and Slackbot come by themselves."""
        self.ledger = ledger
        self.clock = clock
        self.team_id = team_id
        self.team_name = "Sandbox"
        self.team_domain = "sandbox"
        self.violations: Counter[str] = Counter()
        self.people: dict[str, Person] = {}
        self.channels: dict[str, Channel] = {}
        self.views: dict[str, View] = {}
        self.stacks: dict[str, list[str]] = {}  # person → ids of open modals, the top one last
        self.homes: dict[str, str] = {}
        self.triggers: dict[str, Trigger] = {}
        self.hooks: dict[str, Hook] = {}
        self.typed: dict[tuple[str, str, str], dict[tuple[str, str], Json]] = {}  # person, channel, ts
        self.client_msg_ids = "ignored"  # or dedupe, error
        self.post_anywhere = False  # the scope chat:write.public
        self.history_restricted = False  # 15 messages a page, one call a minute
        self.base_url = ""
        self._number = itertools.count(1)
        self._last_ts = 0
        self.add_user(Person(BOT_USER, "amends", "Amends", "", team_id, is_bot=True))
        self.add_user(Person(SLACKBOT, "slackbot", "Slackbot", "", team_id, is_bot=True))
        for person in seed[0]:
            self.add_user(person)
        for channel in seed[1]:
            self.add_channel(channel)

    def add_user(self, person: Person) -> Person:
        """Put a copy of this person into the workspace (people of TEAM join it whatever its id)."""
        mine = copy.deepcopy(person)
        mine.team_id = self.team_id if mine.team_id == TEAM else mine.team_id
        self.people[mine.id] = mine
        return mine

    def add_channel(self, channel: Channel) -> Channel:
        """Put a copy of this channel into the workspace."""
        mine = copy.deepcopy(channel)
        mine.created = mine.created or int(self.clock.now().timestamp())
        self.channels[mine.id] = mine
        return mine

    # numbers

    def number(self, prefix: str, width: int = 8) -> str:
        """The next id with this prefix."""
        return f"{prefix}{next(self._number):0{width}d}"

    def next_ts(self) -> str:
        """A message timestamp: the clock's seconds and microseconds, unique and increasing."""
        micros = int(self.clock.now().timestamp() * 1_000_000)
        self._last_ts = max(micros, self._last_ts + 1)
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def seconds(self) -> int:
        """The clock, whole seconds since 1970."""
        return int(self.clock.now().timestamp())

    def trigger(self, user: str, view: str = "") -> Trigger:
        """A fresh trigger_id of this person."""
        made = Trigger(
            f"{self.number('', 10)}.{self.team_id}.sandbox", user, time.monotonic() + limits.TRIGGER_SECONDS, view
        )
        self.triggers[made.id] = made
        return made

    def hook(self, kind: str, user: str, channel: str, message_ts: str = "") -> str:
        """A fresh response_url (`kind`: commands or actions)."""
        rest = f"{self.number('', 10)}/sandbox"
        until = self.clock.now().timestamp() + limits.RESPONSE_URL_MINUTES * 60
        self.hooks[f"{kind}/{rest}"] = Hook(user, channel, message_ts, until)
        return f"{self.base_url}/{kind}/{self.team_id}/{rest}"

    def block_id(self) -> str:
        """An id for a block that came without one."""
        return self.number("b", 4)

    # looking up

    def is_foreign(self, person: Person) -> bool:
        """Whether this account belongs to another workspace."""
        return person.team_id != self.team_id

    def sees(self, user: str, channel: Channel) -> bool:
        """Whether a person sees a channel: members; colleagues who are no guests see public ones too."""
        person = self.people[user]
        open_to_all = channel.kind == "channel"
        outside = self.is_foreign(person) or person.is_restricted or person.is_ultra_restricted
        return user in channel.members or (open_to_all and not outside)

    def find_channel(self, reference: str) -> Channel | None:
        """By id, or by name with or without #."""
        if reference in self.channels:
            return self.channels[reference]
        name = reference.removeprefix("#")
        return next((c for c in self.channels.values() if c.name == name and not c.is_im), None)

    def direct(self, *users: str) -> Channel:
        """The direct or group conversation of these people, opened if it is not there yet."""
        wanted = sorted(set(users))
        for channel in self.channels.values():
            if (channel.is_im or channel.is_mpim) and sorted(channel.members) == wanted:
                return channel
        if len(wanted) == 2:
            return self.add_channel(Channel(self.number("D"), "", wanted, is_im=True))
        name = "mpdm-" + "--".join(self.people[u].name for u in wanted) + "-1"
        return self.add_channel(Channel(self.number("G"), name, wanted, is_mpim=True, is_private=True))

    def message(self, channel: Channel, ts: str) -> Message | None:
        """A message or an ephemeral one of this channel."""
        return channel.messages.get(ts) or channel.ephemerals.get(ts)

    # writing

    def put(self, message: Message) -> Message:
        """Store a message in its channel; blocks get their ids."""
        message.blocks = completed(message.blocks, self.block_id)
        for attachment in message.attachments:
            if isinstance(attachment.get("blocks"), list):
                attachment["blocks"] = completed(attachment["blocks"], self.block_id)
        channel = self.channels[message.channel]
        (channel.ephemerals if message.ephemeral_to else channel.messages)[message.ts] = message
        if message.thread_ts not in ("", message.ts) and not message.ephemeral_to:
            channel.threads.setdefault(message.thread_ts, []).append(message.ts)
        return message

    def bot_message(
        self,
        channel: Channel,
        args: Json,
        *,
        thread_ts: str = "",
        subtype: str = "",
        client_msg_id: str = "",
        ephemeral_to: str = "",
    ) -> Message:
        """A stored message of the bot from a call's arguments."""
        metadata = args.get("metadata")
        return self.put(
            Message(
                self.next_ts(),
                channel.id,
                BOT_USER,
                str(args.get("text") or ""),
                list(args.get("blocks") or []),
                copy.deepcopy(list(args.get("attachments") or [])),
                metadata=dict(metadata) if isinstance(metadata, dict) else {},
                bot_id=BOT_ID,
                app_id=APP_ID,
                team=self.team_id,
                thread_ts=thread_ts,
                subtype=subtype,
                client_msg_id=client_msg_id,
                ephemeral_to=ephemeral_to,
            )
        )

    def whisper(self, channel: Channel, user: str, text: str) -> Message:
        """What Slack itself tells one person (a command that failed, say)."""
        return self.put(Message(self.next_ts(), channel.id, SLACKBOT, text, ephemeral_to=user, team=self.team_id))

    def revise(self, message: Message, args: Json, editor: str) -> None:
        """Edit in place, keeping the earlier version. What `args` leaves out stays, but new blocks end the old text.

        https://docs.slack.dev/reference/methods/chat.update
        """
        message.versions.append({"text": message.text, "blocks": message.blocks, "attachments": message.attachments})
        if args.get("text") is not None or args.get("blocks") is not None:
            message.text = str(args.get("text") or "")
        if isinstance(args.get("blocks"), list):
            message.blocks = completed(args["blocks"], self.block_id)
        if isinstance(args.get("attachments"), list):
            message.attachments = copy.deepcopy(args["attachments"])
        if isinstance(args.get("metadata"), dict):
            message.metadata = dict(args["metadata"])
        message.edited = {"user": editor, "ts": self.next_ts()}

    def erase(self, message: Message) -> None:
        """Take a message away; one with replies leaves a tombstone, as in Slack."""
        channel = self.channels[message.channel]
        channel.ephemerals.pop(message.ts, None)
        if self.replies(channel, message.ts):
            message.versions.append({"text": message.text, "blocks": message.blocks})
            message.text, message.blocks, message.attachments = "This message was deleted.", [], []
            message.subtype, message.user, message.metadata = "tombstone", SLACKBOT, {}
        else:
            channel.messages.pop(message.ts, None)
        if message.ts in channel.pins:
            channel.pins.remove(message.ts)

    def replies(self, channel: Channel, thread_ts: str) -> list[Message]:
        """The replies of a thread, oldest first, without its parent."""
        return [channel.messages[ts] for ts in channel.threads.get(thread_ts, []) if ts in channel.messages]

    def new_view(self, user: str, body: Json, parent: View | None = None) -> View:
        """Store a view; on top of `parent` when it was pushed."""
        view_id = self.number("V")
        view = View(view_id, user, self._complete(body), self.view_hash(), parent.root if parent else view_id)
        view.previous = parent.id if parent else ""
        self.views[view_id] = view
        return view

    def change_view(self, view: View, body: Json) -> None:
        """New content under the same id; what was typed stays where block and action ids stay."""
        view.body, view.hash, view.errors, view.problem = self._complete(body), self.view_hash(), {}, ""
        here = {(str(b["block_id"]), str(e["action_id"])) for b, e in elements(view.body["blocks"])}
        view.typed = {key: state for key, state in view.typed.items() if key in here}

    def _complete(self, body: Json) -> Json:
        return {**copy.deepcopy(body), "blocks": completed(list(body.get("blocks") or []), self.block_id)}

    def view_hash(self) -> str:
        """Changes with every change of a view."""
        return f"{self.seconds()}.{self.number('', 8)}"

    def close_views(self, user: str, view: View | None = None) -> None:
        """Take one modal off its person's stack, or (no view) all of them."""
        stack = self.stacks.get(user, [])
        self.stacks[user] = [v for v in stack if view is not None and v != view.id]

    # as Slack writes it

    def person_json(self, person: Person) -> Json:
        """https://docs.slack.dev/reference/objects/user-object; people of other teams come without e-mail.

        `is_stranger` is said of other teams' people only, and true only while no channel is shared with the app.
        """
        foreign = self.is_foreign(person)
        profile = {"real_name": person.real_name, "display_name": person.name, "title": person.title}
        profile |= {"real_name_normalized": person.real_name, "team": person.team_id}
        if person.email and not foreign:
            profile["email"] = person.email
        if person.id == BOT_USER:
            profile |= {"bot_id": BOT_ID, "api_app_id": APP_ID}
        made: Json = {
            "id": person.id,
            "team_id": person.team_id,
            "name": person.name,
            "deleted": person.deleted,
            "real_name": person.real_name,
            "tz": person.tz,
            "profile": profile,
            "is_admin": person.is_admin,
            "is_owner": person.is_admin,
            "is_primary_owner": False,
            "is_restricted": person.is_restricted,
            "is_ultra_restricted": person.is_ultra_restricted,
            "is_bot": person.is_bot and person.id != SLACKBOT,
            "is_app_user": False,
            "updated": 0,
        }
        if foreign:
            made["is_stranger"] = not any({person.id, BOT_USER} <= set(c.members) for c in self.channels.values())
        return made

    def channel_json(self, channel: Channel, viewer: str = BOT_USER) -> Json:
        """https://docs.slack.dev/reference/objects/conversation-object."""
        if channel.is_im:
            other = next((m for m in channel.members if m != viewer), viewer)
            return {
                "id": channel.id,
                "created": channel.created,
                "is_archived": False,
                "is_im": True,
                "is_org_shared": False,
                "user": other,
                "is_user_deleted": False,
            }
        shared = bool(channel.connected)
        return {
            "id": channel.id,
            "name": channel.name,
            "name_normalized": channel.name,
            "is_channel": channel.kind == "channel",
            "is_group": channel.kind == "group",
            "is_im": False,
            "is_mpim": channel.is_mpim,
            "is_private": channel.is_private,
            "created": channel.created,
            "creator": channel.creator,
            "is_archived": channel.is_archived,
            "is_general": channel.is_general,
            "unlinked": 0,
            "is_shared": shared,
            "is_ext_shared": shared,
            "is_org_shared": False,
            "is_pending_ext_shared": False,
            "pending_shared": [],
            "pending_connected_team_ids": [],
            "context_team_id": self.team_id,
            "conversation_host_id": self.team_id,
            "shared_team_ids": [self.team_id, *channel.connected],
            "connected_team_ids": list(channel.connected),
            "is_member": viewer in channel.members,
            "topic": dict(channel.topic),
            "purpose": dict(channel.purpose),
            "previous_names": list(channel.previous_names),
            "updated": channel.created * 1000,
        }

    def message_json(self, message: Message, metadata: bool = False) -> Json:
        """https://docs.slack.dev/messaging/retrieving-messages; metadata only where it was asked for."""
        channel = self.channels[message.channel]
        made: Json = {"type": "message", "user": message.user, "ts": message.ts, "text": message.text}
        made["team"] = message.team
        optional: Json = {
            "subtype": message.subtype,
            "bot_id": message.bot_id,
            "app_id": message.app_id,
            "client_msg_id": message.client_msg_id,
            "thread_ts": message.thread_ts,
            "edited": message.edited,
            "blocks": message.blocks,
            "attachments": message.attachments,
            "metadata": message.metadata if metadata else {},
        }
        made |= copy.deepcopy({k: v for k, v in optional.items() if v})
        if message.bot_id:
            made["bot_profile"] = {"id": BOT_ID, "app_id": APP_ID, "name": "amends", "team_id": self.team_id}
        if message.reactions:
            shown = message.reactions.items()
            made["reactions"] = [{"name": name, "users": list(who), "count": len(who)} for name, who in shown]
        answers = self.replies(channel, message.ts)
        if answers:
            made |= {"thread_ts": message.ts, "reply_count": len(answers), "latest_reply": answers[-1].ts}
            made["reply_users"] = list(dict.fromkeys(m.user for m in answers))
            made["reply_users_count"] = len(made["reply_users"])
        if message.ts in channel.pins:
            made["pinned_to"] = [channel.id]
        return made

    def values(self, blocks: list[Json], typed: dict[tuple[str, str], Json]) -> Json:
        """state.values of a message or view: every input with what was typed, or what stood in it."""
        values: Json = {}
        for block, element in elements(blocks):
            if element["type"] in ("button", "overflow", "workflow_button", "icon_button", "feedback_buttons"):
                continue
            key = (str(block["block_id"]), str(element["action_id"]))
            values.setdefault(key[0], {})[key[1]] = copy.deepcopy(typed.get(key) or initial_state(element))
        return values

    def view_json(self, view: View, with_state: bool = True) -> Json:
        """https://docs.slack.dev/reference/views and interaction payloads: the view as the app gets it back."""
        body = view.body
        made: Json = {"id": view.id, "team_id": self.team_id, "type": body["type"]}
        made["blocks"] = copy.deepcopy(body["blocks"])
        made |= {key: body.get(key) or "" for key in ("private_metadata", "callback_id", "external_id")}
        made["state"] = {"values": self.values(body["blocks"], view.typed) if with_state else {}}
        made |= {"hash": view.hash, "clear_on_close": bool(body.get("clear_on_close"))}
        made |= {"notify_on_close": bool(body.get("notify_on_close"))}
        made |= {key: body.get(key) for key in ("title", "close", "submit")}
        made |= {"previous_view_id": view.previous or None, "root_view_id": view.root}
        return made | {"app_id": APP_ID, "bot_id": BOT_ID, "app_installed_team_id": self.team_id}

    def user_field(self, user: str) -> Json:
        """The `user` of interaction payloads."""
        person = self.people[user]
        return {"id": user, "username": person.name, "name": person.name, "team_id": person.team_id}

    def seen_by(self, user: str, channel: Channel) -> list[Json]:
        """A channel's messages for one person's screen: replies under their parents, ephemeral ones marked."""
        whispered = [m for m in channel.ephemerals.values() if m.ephemeral_to == user]
        everything = sorted([*channel.messages.values(), *whispered], key=lambda m: m.ts)

        def shown(m: Message) -> Json:
            sender = self.people[m.user].real_name if m.user in self.people else m.user
            marks = {"ephemeral": bool(m.ephemeral_to), "pinned": m.ts in channel.pins, "sender": sender}
            return self.message_json(m) | marks

        top = [shown(m) for m in everything if m.thread_ts in ("", m.ts) or m.subtype == "thread_broadcast"]
        for one in top:
            inside = [m for m in everything if m.thread_ts == one["ts"] != m.ts]
            one["replies"] = [shown(m) for m in inside]
        return top

    def state_for(self, user: str) -> Json:
        """All this person sees, for the page: channels with messages, open modals (top last) and the home tab."""
        seen = [c for c in self.channels.values() if self.sees(user, c)]
        rooms = [
            self.channel_json(c, user)
            | {
                "kind": c.kind,
                "title": c.name or ", ".join(self.people[m].real_name for m in c.members if m != user),
                "members": [{"id": m, "name": self.people[m].real_name} for m in c.members if m in self.people],
                "messages": self.seen_by(user, c),
                "pins": list(c.pins),
                "bookmarks": copy.deepcopy(c.bookmarks),
            }
            for c in seen
        ]
        open_views = [self.views[v] for v in self.stacks.get(user, [])]
        modals = [self.view_json(v) | {"errors": dict(v.errors), "problem": v.problem} for v in open_views]
        home = self.homes.get(user)
        return {
            "platform": "slack",
            "team": {"id": self.team_id, "name": self.team_name, "domain": self.team_domain},
            "me": self.person_json(self.people[user]),
            "people": {p.id: self.person_json(p) for p in self.people.values()},
            "channels": rooms,
            "views": modals,
            "view": modals[-1] if modals else None,
            "home": self.view_json(self.views[home]) if home else None,
        }
