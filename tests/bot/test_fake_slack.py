"""The sandbox's Slack, spoken to over real loopback HTTP as the bot would, and acted in as people would."""

import asyncio
import contextlib
import hashlib
import hmac
import json
import socket
import threading
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

import aiohttp
import pytest
import uvicorn
from slack_sdk.errors import SlackApiError
from slack_sdk.signature import Clock, SignatureVerifier
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route

from bot.sandbox import slack_limits as limits
from bot.sandbox.ledger import Fault, Ledger, SandboxClock
from bot.sandbox.slack import BOT_USER, Ack, Channel, FakeSlack, NotPossible, Person, abort, channels, people
from bot.sandbox.slack_rates import SlackRates

START = datetime(2026, 3, 4, 14, 2, tzinfo=UTC)
INCIDENTS = "C0INCIDENTS"
CONTOSO = "C0EXTCONTOSO"
SECRET = "sandbox-signing-secret"
Heard = dict[str, Any]


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def section(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}, **more}


def button(action_id: str, label: str = "Go", value: str = "") -> dict[str, Any]:
    made = {"type": "button", "action_id": action_id, "text": plain(label)}
    return made | ({"value": value} if value else {})


def actions(*elements: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "actions", "elements": list(elements), **more}


def options(*values: str) -> list[dict[str, Any]]:
    return [{"text": plain(v.capitalize()), "value": v} for v in values]


def field_of(block_id: str, element: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "input", "block_id": block_id, "label": plain(block_id), "element": element, **more}


def modal(*blocks: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "modal", "title": plain("Declare"), "submit": plain("Go"), "blocks": list(blocks), **more}


TITLE = field_of("title", {"type": "plain_text_input", "action_id": "text", "max_length": 20})


@dataclass
class Rig:
    """A Slack and an app that writes down what it hears and answers what it is told to."""

    slack: FakeSlack
    ledger: Ledger
    clock: SandboxClock
    web: AsyncWebClient
    session: aiohttp.ClientSession
    heard: list[Heard] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    answer: Callable[[Heard], Response | Awaitable[Response]] = lambda _: Response()

    async def door(self, request: Request) -> Response:
        """The app's one URL for everything."""
        body = await request.body()
        assert SignatureVerifier(SECRET, Noon(self.clock)).is_valid_request(body, dict(request.headers))
        if request.headers["content-type"] == "application/json":
            told = json.loads(body)
        else:
            form = dict(parse_qsl(body.decode(), keep_blank_values=True))
            told = json.loads(form["payload"]) if "payload" in form else form
        self.heard.append(told)
        self.headers.append(dict(request.headers))
        made = self.answer(told)
        return made if isinstance(made, Response) else await made

    def told(self, kind: str) -> list[Heard]:
        """The events of one type that arrived."""
        return [h["event"] for h in self.heard if h.get("type") == "event_callback" and h["event"]["type"] == kind]

    async def refused(self, method: str, **args: Any) -> str:
        """The error Slack names when this call is refused."""
        with pytest.raises(SlackApiError) as caught:
            await self.web.api_call(method, json=args)
        return str(caught.value.response["error"])

    async def raw(self, method: str, body: object, **headers: str) -> tuple[int, Any, Any]:
        """A call without the SDK: status, headers, text."""
        sent = {"Authorization": "Bearer xoxb-sandbox", "Content-Type": "application/json", **headers}
        data = body if isinstance(body, str | bytes) else json.dumps(body)
        async with self.session.post(self.slack.api_url + method, data=data, headers=sent) as response:
            return response.status, response.headers, await response.text()

    async def post(self, *blocks: dict[str, Any], channel: str = INCIDENTS) -> str:
        """Say something as the bot; its ts."""
        said = await self.web.chat_postMessage(channel=channel, text="hello", blocks=list(blocks) or None)
        return str(said["ts"])

    async def opened(self, view: dict[str, Any], user: str = "ana") -> str:
        """Open a modal the way a command does; its id."""
        ack = await self.slack.command(user, INCIDENTS, "/incident", "declare")
        made = await self.web.views_open(trigger_id=ack.payload["trigger_id"], view=view)
        return str(made["view"]["id"])


class Noon(Clock):
    """A clock for the SDK's verifier."""

    def __init__(self, clock: SandboxClock) -> None:
        self._clock = clock

    def now(self) -> float:
        """Seconds since 1970."""
        return self._clock.now().timestamp()


@contextlib.asynccontextmanager
async def serving(app: Starlette) -> AsyncIterator[str]:
    """The app on a free loopback port; its address."""
    # with its protocol named: asyncio sets TCP_NODELAY only then, without it each answer takes 40 ms
    listener = socket.socket(proto=socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_level="error", lifespan="off")
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup([listener])
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        for door in server.servers:
            door.close()
        for connection in list(server.server_state.connections):
            transport = getattr(connection, "transport", None)
            if transport is not None:
                transport.abort()
        await asyncio.gather(*server.server_state.tasks, return_exceptions=True)
        listener.close()


@contextlib.asynccontextmanager
async def rigged(**settings: Any) -> AsyncIterator[Rig]:
    """A whole rig with its own frozen clock, ledger and port."""
    clock = SandboxClock(START)
    ledger = Ledger(clock)
    slack = FakeSlack(ledger, clock, **settings)
    async with aiohttp.ClientSession() as session:
        rig = Rig(slack, ledger, clock, AsyncWebClient(), session)
        routes = [Mount("/sandbox/slack", routes=slack.routes()), Route("/slack/events", rig.door, methods=["POST"])]
        async with serving(Starlette(routes=routes)) as address:
            slack.base_url = f"{address}/sandbox/slack"
            slack.events_url = f"{address}/slack/events"
            rig.web = AsyncWebClient("xoxb-sandbox", base_url=slack.api_url, session=session, retry_handlers=[])
            yield rig
            await slack.aclose()


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    """The sandbox's own people and channels."""
    async with rigged() as made:
        yield made


# the Web API: who is calling


async def test_auth_test_says_who_the_token_is_and_which_scopes_it_has(rig: Rig) -> None:
    """The doctor's first question is answered with ids and a scope header."""
    who = await rig.web.auth_test()
    assert (who["user_id"], who["team_id"], who["bot_id"]) == (BOT_USER, "T0SANDBOX", "B0AMENDS")
    assert "chat:write" in who.headers["X-OAuth-Scopes"].split(",")


async def test_tokens_that_open_nothing_are_refused_by_slacks_names(rig: Rig) -> None:
    """No token, a wrong one, the app's where the bot's belongs, a revoked one."""
    assert json.loads((await rig.raw("auth.test", {}, Authorization=""))[2])["error"] == "not_authed"
    assert json.loads((await rig.raw("auth.test", {}, Authorization="Bearer no"))[2])["error"] == "invalid_auth"
    told = json.loads((await rig.raw("chat.postMessage", {}, Authorization="Bearer xapp-sandbox"))[2])
    assert told["error"] == "not_allowed_token_type"
    rig.slack.revoked = "token_revoked"
    assert await rig.refused("chat.postMessage", channel=INCIDENTS, text="x") == "token_revoked"


async def test_a_form_a_query_and_json_are_the_same_call(rig: Rig) -> None:
    """Arguments arrive in any of Slack's encodings, blocks as text where they must."""
    form = "token=xoxb-sandbox&channel=C0INCIDENTS&blocks=%5B%7B%22type%22%3A%22divider%22%7D%5D&text=a+b"
    kind = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8", "Authorization": ""}
    posted = json.loads((await rig.raw("chat.postMessage", form, **kind))[2])
    assert (posted["message"]["text"], posted["message"]["blocks"][0]["type"]) == ("a b", "divider")
    async with rig.session.get(f"{rig.slack.api_url}users.info?user=U0ANA&token=xoxb-sandbox") as response:
        assert (await response.json())["user"]["name"] == "ana"


@pytest.mark.parametrize(
    ("body", "kind", "error"),
    [
        ('{"a":', "application/json", "invalid_json"),
        ("[1]", "application/json", "json_not_object"),
        ("x", "image/png", "invalid_post_type"),
        (b"a=\xff", "application/x-www-form-urlencoded", "invalid_charset"),
        ("blocks=%5B&channel=C0INCIDENTS", "application/x-www-form-urlencoded", "invalid_blocks_format"),
    ],
)
async def test_what_cannot_be_read_is_refused_by_name(rig: Rig, body: str | bytes, kind: str, error: str) -> None:
    """A malformed call is ok:false, never a 500."""
    status, _, text = await rig.raw("chat.postMessage", body, **{"Content-Type": kind})
    assert (status, json.loads(text)["error"]) == (200, error)


async def test_unknown_and_withheld_methods_do_not_exist() -> None:
    """`only` leaves the named methods and no others."""
    async with rigged(only=frozenset({"auth.test"})) as rig:
        await rig.web.auth_test()
        assert await rig.refused("chat.postMessage", channel=INCIDENTS, text="x") == "unknown_method"
        assert await rig.refused("chat.nonsense") == "unknown_method"


async def test_a_missing_scope_is_named(rig: Rig) -> None:
    """The refusal says what is needed; private channels need another scope than public ones."""
    rig.slack.missing_scopes = frozenset({"groups:write"})
    await rig.web.conversations_create(name="inc-1")
    with pytest.raises(SlackApiError) as caught:
        await rig.web.conversations_create(name="inc-2", is_private=True)
    assert (caught.value.response["error"], caught.value.response["needed"]) == ("missing_scope", "groups:write")


# channels


async def test_a_room_is_made_named_filled_and_archived(rig: Rig) -> None:
    """The life of an incident's room leaves its marks in channel, ledger and events."""
    made = await rig.web.conversations_create(name="inc-7-checkout")
    room = made["channel"]["id"]
    assert made["channel"]["creator"] == BOT_USER
    await rig.web.conversations_invite(channel=room, users="U0ANA,U0CLEO")
    await rig.web.conversations_setTopic(channel=room, topic="INC-7 · sev1")
    await rig.web.conversations_setPurpose(channel=room, purpose="mend it")
    await rig.web.conversations_rename(channel=room, name="inc-7-mended")
    assert (await rig.web.conversations_members(channel=room))["members"] == [BOT_USER, "U0ANA", "U0CLEO"]
    shown = (await rig.web.conversations_info(channel=room, include_num_members=True))["channel"]
    assert (shown["topic"]["value"], shown["purpose"]["value"], shown["num_members"]) == ("INC-7 · sev1", "mend it", 3)
    assert (shown["name"], shown["previous_names"]) == ("inc-7-mended", ["inc-7-checkout"])
    await rig.web.conversations_archive(channel=room)
    await rig.slack.drain()
    assert await rig.refused("chat.postMessage", channel=room, text="x") == "is_archived"
    assert await rig.refused("conversations.archive", channel=room) == "already_archived"
    assert [e["channel"]["name"] for e in rig.told("channel_rename")] == ["inc-7-mended"]
    assert [e["channel"] for e in rig.told("channel_archive")] == [room]
    assert {e["user"] for e in rig.told("member_joined_channel")} == {"U0ANA", "U0CLEO"}
    assert [e.place for e in rig.ledger.find("conversations.create")] == [room]


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("", "invalid_name_required"),
        ("a" * 81, "invalid_name_maxlength"),
        ("---", "invalid_name_punctuation"),
        ("Inc-7", "invalid_name_specials"),
        ("inc 7", "invalid_name_specials"),
        ("incidents", "name_taken"),
    ],
)
async def test_channel_names_are_refused_by_slacks_names(rig: Rig, name: str, error: str) -> None:
    """80 characters, lower case, no blanks, and not taken, archived channels included."""
    assert await rig.refused("conversations.create", name=name) == error
    assert [e.answer["error"] for e in rig.ledger.refusals] == [error]


async def test_an_eighty_character_name_passes(rig: Rig) -> None:
    """The limit itself is allowed, in any script that has no capitals."""
    assert (await rig.web.conversations_create(name="a" * 80))["ok"]
    assert (await rig.web.conversations_create(name="störung-7"))["ok"]


async def test_people_and_the_bot_leave_a_room(rig: Rig) -> None:
    """Kicked once, gone; the bot leaves once, and #general never."""
    await rig.web.conversations_kick(channel=INCIDENTS, user="U0GUEST")
    assert await rig.refused("conversations.kick", channel=INCIDENTS, user="U0GUEST") == "not_in_channel"
    assert await rig.refused("conversations.kick", channel=INCIDENTS, user=BOT_USER) == "cant_kick_self"
    await rig.web.conversations_leave(channel=INCIDENTS)
    assert (await rig.web.conversations_leave(channel=INCIDENTS))["not_in_channel"]
    assert await rig.refused("conversations.setTopic", channel=INCIDENTS, topic="x") == "not_in_channel"
    await rig.web.conversations_join(channel="C0GENERAL")
    assert await rig.refused("conversations.leave", channel="C0GENERAL") == "cant_leave_general"
    assert (await rig.web.conversations_join(channel="C0GENERAL"))["warning"] == "already_in_channel"


async def test_bots_rename_only_what_they_made_and_topics_end_at_250(rig: Rig) -> None:
    """A customer's channel keeps its name; a topic of 251 characters is too_long."""
    assert await rig.refused("conversations.rename", channel=CONTOSO, name="ours") == "not_authorized"
    assert await rig.refused("conversations.setTopic", channel=CONTOSO, topic="x" * 251) == "too_long"
    await rig.web.conversations_setTopic(channel=CONTOSO, topic="x" * 250)
    await rig.slack.drain()
    assert rig.told("message")[0]["subtype"] == "channel_topic"


async def test_invitations_name_whom_they_could_not_bring(rig: Rig) -> None:
    """One who is there already spoils the call, unless it is forced."""
    errors = {"U0ANA": "already_in_channel", "U0NOBODY": "user_not_found", BOT_USER: "cant_invite_self"}
    for user, error in errors.items():
        assert await rig.refused("conversations.invite", channel=INCIDENTS, users=user) == error
    assert (
        await rig.refused("conversations.invite", channel=INCIDENTS, users="U0STRANGER") == "user_team_not_in_channel"
    )
    room = (await rig.web.conversations_create(name="inc-1"))["channel"]["id"]
    mixed = {"channel": room, "users": "U0ANA,U0NOBODY"}
    assert await rig.refused("conversations.invite", **mixed) == "user_not_found"
    forced = await rig.web.conversations_invite(**mixed, force=True)
    assert forced["errors"][0]["user"] == "U0NOBODY"
    assert "U0ANA" in rig.slack.world.channels[room].members


async def test_a_private_channel_the_bot_is_not_in_does_not_exist_for_it(rig: Rig) -> None:
    """Not found, not listed, and not to be posted into; a public one is only not joined."""
    room = await rig.slack.create_channel("ana", "secret", private=True)
    assert await rig.refused("conversations.info", channel=room) == "channel_not_found"
    assert await rig.refused("chat.postMessage", channel=room, text="x") == "channel_not_found"
    assert await rig.refused("chat.postMessage", channel="C0GENERAL", text="x") == "not_in_channel"
    listed = await rig.web.conversations_list(types="public_channel,private_channel")
    assert room not in {c["id"] for c in listed["channels"]}
    await rig.web.conversations_join(channel="#general")
    assert (await rig.web.chat_postMessage(channel="general", text="x"))["channel"] == "C0GENERAL"


async def test_another_persons_private_channels_stay_hidden(rig: Rig) -> None:
    """users.conversations shows what the bot could see anyway; the last member of a private room cannot leave it."""
    await rig.slack.create_channel("ana", "secret", private=True)
    known = await rig.slack.create_channel("ana", "known", private=True, members=[BOT_USER])
    kinds = "public_channel,private_channel"
    mine = await rig.web.users_conversations(user="U0ANA", types=kinds)
    assert [c["id"] for c in mine["channels"] if c["is_private"]] == [known]
    await rig.slack.leave("ana", known)
    assert await rig.refused("conversations.leave", channel=known) == "last_member"
    await rig.web.conversations_archive(channel=known)
    both = [await rig.web.conversations_list(types=kinds, exclude_archived=flag) for flag in (False, True)]
    assert [known in {c["id"] for c in page["channels"]} for page in both] == [True, False]
    assert await rig.refused("conversations.list", types="nonsense") == "invalid_types"


async def test_kinds_of_channels_and_people_are_told_apart(rig: Rig) -> None:
    """is_channel, is_group, is_im; the bot's own profile names its app."""
    private = (await rig.web.conversations_create(name="inc-1", is_private=True))["channel"]
    public = (await rig.web.conversations_info(channel=INCIDENTS))["channel"]
    direct = (await rig.web.conversations_open(users="U0ANA", return_im=True))["channel"]
    assert [(c["is_channel"], c["is_group"], c["is_private"]) for c in (private, public)] == [
        (False, True, True),
        (True, False, False),
    ]
    assert direct["user"] == "U0ANA"
    bot = (await rig.web.users_info(user=BOT_USER))["user"]
    assert (bot["is_bot"], bot["profile"]["bot_id"]) == (True, "B0AMENDS")
    assert not (await rig.web.users_info(user="USLACKBOT"))["user"]["is_bot"]
    assert "bot_id" not in (await rig.web.users_info(user="U0ANA"))["user"]["profile"]


async def test_chat_write_public_opens_public_channels_only(rig: Rig) -> None:
    """With that scope a post reaches where the bot is not, but no private channel."""
    rig.slack.world.post_anywhere = True
    assert (await rig.web.chat_postMessage(channel="C0GENERAL", text="x"))["ok"]
    room = await rig.slack.create_channel("ana", "secret", private=True)
    assert await rig.refused("chat.postMessage", channel=room, text="x") == "channel_not_found"


async def test_lists_come_in_pages(rig: Rig) -> None:
    """A cursor leads from page to page until it is empty."""
    names, cursor, pages = [], "", 0
    while True:
        page = await rig.web.conversations_list(limit=3, cursor=cursor)
        names += [c["name"] for c in page["channels"]]
        pages += 1
        cursor = page["response_metadata"]["next_cursor"]
        if not cursor:
            break
    assert (names, pages) == (["general", "incidents", "ext-contoso", "ext-tailspin"], 2)
    assert await rig.refused("conversations.list", cursor="bm9wZQ==") == "invalid_cursor"


async def test_slack_connect_shows_in_the_channel_and_in_the_person(rig: Rig) -> None:
    """Shared channels name the other team; its people carry their own team and no address."""
    shown = (await rig.web.conversations_info(channel=CONTOSO))["channel"]
    assert shown["is_ext_shared"]
    assert shown["connected_team_ids"] == ["T0CONTOSO"]
    stranger = (await rig.web.users_info(user="U0STRANGER"))["user"]
    assert (stranger["team_id"], stranger["is_stranger"], "email" in stranger["profile"]) == ("T0CONTOSO", False, False)
    rig.slack.world.channels[CONTOSO].members.remove("U0STRANGER")
    assert (await rig.web.users_info(user="U0STRANGER"))["user"]["is_stranger"]
    assert (await rig.web.users_info(user="U0GUEST"))["user"]["is_restricted"]


async def test_people_are_found_by_id_and_address_and_in_pages(rig: Rig) -> None:
    """users.info, users.list and users.lookupByEmail, the last for colleagues only."""
    assert (await rig.web.users_lookupByEmail(email="Ana@example.com"))["user"]["id"] == "U0ANA"
    assert await rig.refused("users.lookupByEmail", email="sol@contoso.example") == "users_not_found"
    assert await rig.refused("users.info", user="U0NOBODY") == "user_not_found"
    first = await rig.web.users_list(limit=2)
    assert [m["id"] for m in first["members"]] == [BOT_USER, "USLACKBOT"]
    assert first["response_metadata"]["next_cursor"]
    mine = await rig.web.users_conversations(user="U0NOOR")
    assert [c["name"] for c in mine["channels"]] == ["general", "incidents"]


async def test_a_person_archives_renames_and_a_new_id_makes_the_old_one_unknown(rig: Rig) -> None:
    """What people and Slack do to a channel reaches the app as events."""
    await rig.slack.rename("dana", "#ext-contoso", "ext-contoso-it")
    new = await rig.slack.change_id(CONTOSO)
    assert await rig.refused("conversations.info", channel=CONTOSO) == "channel_not_found"
    await rig.slack.archive("dana", new)
    assert await rig.refused("chat.postMessage", channel=new, text="x") == "is_archived"
    changed = rig.told("channel_id_changed")[0]
    assert (changed["old_channel_id"], changed["new_channel_id"]) == (CONTOSO, new)
    assert rig.told("channel_rename")[0]["channel"]["name"] == "ext-contoso-it"
    assert rig.told("channel_archive")[0]["user"] == "U0DANA"
    await rig.slack.unarchive("dana", new)
    await rig.slack.disconnect(new, "T0CONTOSO")
    assert not (await rig.web.conversations_info(channel=new))["channel"]["is_ext_shared"]
    assert "U0STRANGER" not in rig.slack.world.channels[new].members


# messages


async def test_a_message_is_posted_edited_with_its_history_and_deleted(rig: Rig) -> None:
    """Edits keep what was said before; a deleted message is gone from history."""
    ts = await rig.post(section("sev2"), channel=INCIDENTS)
    edited = await rig.web.chat_update(channel=INCIDENTS, ts=ts, text="new", blocks=[section("sev1")])
    assert (edited["text"], edited["message"]["edited"]["user"]) == ("new", BOT_USER)
    message = rig.slack.messages(INCIDENTS)[0]
    assert message.versions[0]["blocks"][0]["text"]["text"] == "sev2"
    await rig.web.chat_update(channel=INCIDENTS, ts=ts, text="only the text")
    assert message.blocks[0]["text"]["text"] == "sev1"
    await rig.web.chat_delete(channel=INCIDENTS, ts=ts)
    assert (await rig.web.conversations_history(channel=INCIDENTS))["messages"] == []
    assert await rig.refused("chat.update", channel=INCIDENTS, ts=ts, text="x") == "message_not_found"


async def test_other_peoples_messages_cannot_be_changed(rig: Rig) -> None:
    """The bot edits and deletes its own words only."""
    ts = await rig.slack.say("ana", INCIDENTS, "mine")
    assert await rig.refused("chat.update", channel=INCIDENTS, ts=ts, text="x") == "cant_update_message"
    assert await rig.refused("chat.delete", channel=INCIDENTS, ts=ts) == "cant_delete_message"
    assert await rig.refused("chat.postMessage", channel=INCIDENTS) == "no_text"
    with pytest.raises(NotPossible):
        await rig.slack.edit("cleo", INCIDENTS, ts, "not mine")


async def test_timestamps_are_unique_and_increase_on_a_frozen_clock(rig: Rig) -> None:
    """A ts is the virtual time and the message's name."""
    first, second = await rig.post(), await rig.post()
    assert first == f"{START.timestamp():.6f}"
    assert float(second) > float(first)


async def test_history_is_newest_first_and_hides_replies_which_threads_show(rig: Rig) -> None:
    """Bounds, pages and threads work as the pages of both methods say."""
    stamps = [await rig.post() for _ in range(4)]
    reply = (await rig.web.chat_postMessage(channel=INCIDENTS, text="in thread", thread_ts=stamps[0]))["ts"]
    page = await rig.web.conversations_history(channel=INCIDENTS, limit=3)
    assert [m["ts"] for m in page["messages"]] == [stamps[3], stamps[2], stamps[1]]
    assert page["has_more"]
    rest = await rig.web.conversations_history(channel=INCIDENTS, cursor=page["response_metadata"]["next_cursor"])
    assert rest["messages"][-1]["reply_count"] == 1 or rest["messages"][0]["reply_count"] == 1
    thread = await rig.web.conversations_replies(channel=INCIDENTS, ts=stamps[0])
    assert [m["ts"] for m in thread["messages"]] == [stamps[0], reply]
    bounded = await rig.web.conversations_history(channel=INCIDENTS, oldest=stamps[1], latest=stamps[2], inclusive=True)
    assert [m["ts"] for m in bounded["messages"]] == [stamps[2], stamps[1]]
    assert await rig.refused("conversations.replies", channel=INCIDENTS, ts="1.1") == "thread_not_found"


async def test_a_deleted_parent_leaves_a_tombstone(rig: Rig) -> None:
    """Replies keep something to hang on."""
    ts = await rig.post()
    await rig.web.chat_postMessage(channel=INCIDENTS, text="in thread", thread_ts=ts)
    await rig.web.chat_delete(channel=INCIDENTS, ts=ts)
    shown = (await rig.web.conversations_history(channel=INCIDENTS))["messages"][0]
    assert (shown["ts"], shown["subtype"], shown["text"]) == (ts, "tombstone", "This message was deleted.")


async def test_metadata_is_kept_shown_on_request_and_echoed(rig: Rig) -> None:
    """The opaque id comes back by echo event and by history, and only if history is asked for it."""
    mark = {"event_type": "amends_post", "event_payload": {"id": "0f3a"}}
    ts = (await rig.web.chat_postMessage(channel=INCIDENTS, text="x", metadata=mark))["ts"]
    await rig.slack.drain()
    echo = rig.told("message_metadata_posted")[0]
    assert (echo["message_ts"], echo["metadata"], echo["channel_id"]) == (ts, mark, INCIDENTS)
    bare = await rig.web.conversations_history(channel=INCIDENTS)
    full = await rig.web.conversations_history(channel=INCIDENTS, include_all_metadata=True)
    assert "metadata" not in bare["messages"][0]
    assert full["messages"][0]["metadata"] == mark
    bad = {"event_type": "two words", "event_payload": {}}
    assert await rig.refused("chat.postMessage", channel=INCIDENTS, text="x", metadata=bad) == "invalid_metadata_format"


@pytest.mark.parametrize(("mode", "posts"), [("ignored", 2), ("dedupe", 1)])
async def test_client_msg_id_is_ignored_or_deduplicates(mode: str, posts: int) -> None:
    """Slack documents neither, so both can be tried."""
    async with rigged(client_msg_ids=mode) as rig:
        for _ in range(2):
            await rig.web.chat_postMessage(channel=INCIDENTS, text="x", client_msg_id="k-1")
        assert len(rig.slack.messages(INCIDENTS)) == posts


async def test_client_msg_id_can_be_an_error() -> None:
    """The third mode refuses the second post."""
    async with rigged(client_msg_ids="error") as rig:
        await rig.web.chat_postMessage(channel=INCIDENTS, text="x", client_msg_id="k-1")
        twice = {"channel": INCIDENTS, "text": "x", "client_msg_id": "k-1"}
        assert await rig.refused("chat.postMessage", **twice) == "duplicate_message_not_found"


async def test_an_ephemeral_message_is_seen_by_one_person_and_is_in_no_history(rig: Rig) -> None:
    """Neither another's screen nor history shows it, and nobody can edit it."""
    ts = (await rig.web.chat_postEphemeral(channel=INCIDENTS, user="U0ANA", text="only you"))["message_ts"]
    assert [m.ts for m in rig.slack.whispers("ana")] == [ts]
    assert rig.slack.whispers("cleo") == []
    assert (await rig.web.conversations_history(channel=INCIDENTS))["messages"] == []
    assert await rig.refused("chat.update", channel=INCIDENTS, ts=ts, text="x") == "message_not_found"
    outside = {"channel": INCIDENTS, "user": "U0STRANGER", "text": "x"}
    assert await rig.refused("chat.postEphemeral", **outside) == "user_not_in_channel"


async def test_pins_bookmarks_reactions_and_permalinks(rig: Rig) -> None:
    """What is stuck to a message or channel is there once, by Slack's rules."""
    ts = await rig.post()
    await rig.web.pins_add(channel=INCIDENTS, timestamp=ts)
    assert await rig.refused("pins.add", channel=INCIDENTS, timestamp=ts) == "already_pinned"
    assert [i["message"]["ts"] for i in (await rig.web.pins_list(channel=INCIDENTS))["items"]] == [ts]
    await rig.web.pins_remove(channel=INCIDENTS, timestamp=ts)
    assert await rig.refused("pins.remove", channel=INCIDENTS, timestamp=ts) == "no_pin"
    await rig.web.reactions_add(channel=INCIDENTS, timestamp=ts, name="eyes")
    assert await rig.refused("reactions.add", channel=INCIDENTS, timestamp=ts, name="eyes") == "already_reacted"
    link = await rig.web.bookmarks_add(channel_id=INCIDENTS, title="Status", type="link", link="https://s.example")
    assert link["bookmark"]["title"] == "Status"
    assert (await rig.web.chat_getPermalink(channel=INCIDENTS, message_ts=ts))["permalink"].endswith(
        ts.replace(".", "")
    )


async def test_a_direct_message_opens_by_person_and_a_group_by_people(rig: Rig) -> None:
    """The same people are the same conversation; posting to a person's id opens it."""
    first = (await rig.web.conversations_open(users="U0ANA"))["channel"]["id"]
    again = await rig.web.conversations_open(users="U0ANA", return_im=True)
    assert (again["channel"]["id"], again["already_open"], again["channel"]["is_im"]) == (first, True, True)
    assert (await rig.web.chat_postMessage(channel="U0ANA", text="x"))["channel"] == first
    group = (await rig.web.conversations_open(users=["U0ANA", "U0CLEO"]))["channel"]["id"]
    assert (await rig.web.conversations_info(channel=group))["channel"]["is_mpim"]
    assert await rig.refused("conversations.open", users="USLACKBOT") == "cannot_dm_bot"


async def test_the_workspace_and_the_connection_introduce_themselves(rig: Rig) -> None:
    """team.info and api.test, the latter with the error it was asked for."""
    assert (await rig.web.team_info())["team"]["domain"] == "sandbox"
    assert await rig.refused("team.info", team="T0CONTOSO") == "team_not_found"
    assert (await rig.web.api_test(foo="bar"))["args"]["foo"] == "bar"
    assert await rig.refused("api.test", error="my_error") == "my_error"


async def test_changed_metadata_is_told_with_what_it_was(rig: Rig) -> None:
    """An edit that leaves metadata out keeps it; one that brings other metadata is echoed."""
    marks = [{"event_type": "amends_post", "event_payload": {"id": n}} for n in ("1", "2")]
    ts = (await rig.web.chat_postMessage(channel=INCIDENTS, text="x", metadata=marks[0]))["ts"]
    await rig.web.chat_update(channel=INCIDENTS, ts=ts, text="y")
    assert rig.slack.messages(INCIDENTS)[0].metadata == marks[0]
    await rig.web.chat_update(channel=INCIDENTS, ts=ts, text="z", metadata=marks[1])
    await rig.slack.drain()
    updated = rig.told("message_metadata_updated")
    assert [(e["previous_metadata"], e["metadata"]) for e in updated] == [(marks[0], marks[1])]


async def test_a_reply_goes_to_a_thread_that_is_there_and_may_show_above(rig: Rig) -> None:
    """reply_broadcast shows a reply in the channel too; an unknown parent is thread_not_found."""
    ts = await rig.post()
    told: dict[str, Any] = {"channel": INCIDENTS, "text": "both", "thread_ts": ts}
    await rig.web.chat_postMessage(**told, reply_broadcast=True)
    shown = (await rig.web.conversations_history(channel=INCIDENTS))["messages"]
    assert [m.get("subtype") for m in shown] == ["thread_broadcast", None]
    assert await rig.refused("chat.postMessage", **told | {"thread_ts": "1.1"}) == "thread_not_found"
    with pytest.raises(NotPossible):
        await rig.slack.say("ana", INCIDENTS, "x", thread_ts="1.1")


# sizes

BIG_VIEW = modal(*(section("x" * 2_900) for _ in range(95)))
BAD_BLOCKS: dict[str, tuple[list[dict[str, Any]], str]] = {
    "51 blocks": ([section("x")] * 51, "no more than 50 items allowed [json-pointer:/blocks]"),
    "section": ([section("x" * 3_001)], "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"),
    "empty text": ([section("")], "must be more than 0 characters [json-pointer:/blocks/0/text/text]"),
    "header": (
        [{"type": "header", "text": plain("x" * 151)}],
        "must be less than 151 characters [json-pointer:/blocks/0/text/text]",
    ),
    "button text": (
        [actions(button("a", "x" * 76))],
        "must be less than 76 characters [json-pointer:/blocks/0/elements/0/text/text]",
    ),
    "button value": (
        [actions(button("a", value="x" * 2_001))],
        "must be less than 2001 characters [json-pointer:/blocks/0/elements/0/value]",
    ),
    "action_id": (
        [actions(button("a" * 256))],
        "must be less than 256 characters [json-pointer:/blocks/0/elements/0/action_id]",
    ),
    "action_id twice": (
        [actions(button("a"), button("a"))],
        "action_id 'a' already exists [json-pointer:/blocks/0/elements/1/action_id]",
    ),
    "26 actions": (
        [actions(*(button(f"a{i}") for i in range(26)))],
        "no more than 25 items allowed [json-pointer:/blocks/0/elements]",
    ),
    "11 in context": (
        [{"type": "context", "elements": [plain("x")] * 11}],
        "no more than 10 items allowed [json-pointer:/blocks/0/elements]",
    ),
    "11 fields": (
        [{"type": "section", "fields": [plain("x")] * 11}],
        "no more than 10 items allowed [json-pointer:/blocks/0/fields]",
    ),
    "field": (
        [{"type": "section", "fields": [plain("x" * 2_001)]}],
        "must be less than 2001 characters [json-pointer:/blocks/0/fields/0/text]",
    ),
    "option": (
        [actions({"type": "static_select", "action_id": "s", "options": options("x" * 151)})],
        "must be less than 151 characters [json-pointer:/blocks/0/elements/0/options/0/value]",
    ),
    "overflow": (
        [section("x", accessory={"type": "overflow", "action_id": "o", "options": options(*"abcdef")})],
        "no more than 5 items allowed [json-pointer:/blocks/0/accessory/options]",
    ),
    "picture without words": (
        [{"type": "context", "elements": [{"type": "image", "image_url": "https://i.example/a.png"}]}],
        "must be a string [json-pointer:/blocks/0/elements/0/alt_text]",
    ),
    "max_length": (
        [field_of("b", {"type": "plain_text_input", "action_id": "a", "max_length": 3_001})],
        "must be between 1 and 3000 [json-pointer:/blocks/0/element/max_length]",
    ),
    "group label": (
        [
            actions(
                {
                    "type": "static_select",
                    "action_id": "s",
                    "option_groups": [{"label": plain("x" * 76), "options": options("a")}],
                }
            )
        ],
        "must be less than 76 characters [json-pointer:/blocks/0/elements/0/option_groups/0/label/text]",
    ),
    "neither options nor groups": (
        [actions({"type": "static_select", "action_id": "s"})],
        "must provide either options or option_groups [json-pointer:/blocks/0/elements/0]",
    ),
    "confirm": (
        [actions(button("a") | {"confirm": {"title": plain("x" * 101), "text": plain("x"), "confirm": plain("y")}})],
        "must be an object [json-pointer:/blocks/0/elements/0/confirm/deny]",
    ),
    "style": (
        [actions(button("a") | {"style": "loud"})],
        "must be one of: primary, danger [json-pointer:/blocks/0/elements/0/style]",
    ),
    "input in actions": (
        [actions({"type": "number_input", "action_id": "n"})],
        "unsupported type: number_input [json-pointer:/blocks/0/elements/0/type]",
    ),
    "unknown": ([{"type": "nonsense"}], "unsupported type: nonsense [json-pointer:/blocks/0/type]"),
    "mrkdwn label": (
        [actions(button("a") | {"text": {"type": "mrkdwn", "text": "x"}})],
        "must be one of: plain_text [json-pointer:/blocks/0/elements/0/text/type]",
    ),
    "block_id twice": (
        [section("x", block_id="b"), section("y", block_id="b")],
        "block_id 'b' already exists [json-pointer:/blocks/1/block_id]",
    ),
    "initial option": (
        [
            actions(
                {
                    "type": "static_select",
                    "action_id": "s",
                    "options": options("a"),
                    "initial_option": options("b")[0],
                }
            )
        ],
        "initial option must exactly match one of the provided options [json-pointer:/blocks/0/elements/0]",
    ),
}


@pytest.mark.parametrize("case", BAD_BLOCKS)
async def test_blocks_beyond_a_limit_are_refused_pointed_at_and_counted(rig: Rig, case: str) -> None:
    """Slack says what is wrong and where; nothing is posted."""
    blocks, words = BAD_BLOCKS[case]
    with pytest.raises(SlackApiError) as caught:
        await rig.web.chat_postMessage(channel=INCIDENTS, text="x", blocks=blocks)
    told = caught.value.response
    assert told["error"] == "invalid_blocks"
    assert words in told["errors"]
    assert f"[ERROR] {words}" in told["response_metadata"]["messages"]
    assert rig.slack.violations == {"invalid_blocks": 1}
    assert rig.slack.messages(INCIDENTS) == []


async def test_blocks_inside_attachments_are_checked_completed_and_pressed(rig: Rig) -> None:
    """An attachment's blocks follow the same rules, with their own pointer."""
    bad = {"channel": INCIDENTS, "text": "x", "attachments": [{"blocks": [section("")]}]}
    with pytest.raises(SlackApiError) as caught:
        await rig.web.api_call("chat.postMessage", json=bad)
    assert caught.value.response["errors"][0].endswith("[json-pointer:/attachments/0/blocks/0/text/text]")
    good: list[dict[str, Any]] = [{"color": "#c00", "blocks": [actions(button("says"))]}, {"fallback": "plain"}]
    ts = (await rig.web.chat_postMessage(channel=INCIDENTS, text="x", attachments=good))["ts"]
    await rig.slack.press("ana", INCIDENTS, ts, "says")
    assert rig.heard[-1]["actions"][0]["block_id"]


async def test_what_a_composer_writes_counts_as_characters_too(rig: Rig) -> None:
    """rich_text and markdown blocks have no limit of their own but join the sum (markdown ends at 12,000)."""
    run = {"type": "text", "text": "x" * 13_201}
    rich = {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [run]}]}
    assert await rig.refused("chat.postMessage", channel=INCIDENTS, text="x", blocks=[rich]) == "msg_blocks_too_long"
    marked = [{"type": "markdown", "text": "x" * 6_001}] * 2
    assert await rig.refused("chat.postMessage", channel=INCIDENTS, text="x", blocks=marked) == "invalid_blocks"
    await rig.post({"type": "markdown", "text": "x" * 12_000})


async def test_the_limits_themselves_pass(rig: Rig) -> None:
    """Fifty blocks, full texts, five-and-twenty buttons: all at once where they fit."""
    ts = await rig.post(*([section("x")] * 49), actions(*(button(f"a{i}", "y" * 75) for i in range(25))))
    assert len(rig.slack.world.channels[INCIDENTS].messages[ts].blocks) == 50
    await rig.post(section("x" * 3_000, fields=[plain("f" * 2_000)] * 5))


async def test_all_blocks_together_and_the_text_have_limits_of_their_own(rig: Rig) -> None:
    """13,200 characters in blocks pass, one more does not; nor does a text beyond 40,000."""
    full = [section("x" * 2_640)] * 5
    await rig.post(*full)
    more = [*full[:4], section("x" * 2_641)]
    assert await rig.refused("chat.postMessage", channel=INCIDENTS, text="x", blocks=more) == "msg_blocks_too_long"
    ts = await rig.post()
    assert await rig.refused("chat.update", channel=INCIDENTS, ts=ts, text="x", blocks=more) == "msg_blocks_too_long"
    assert await rig.refused("chat.postMessage", channel=INCIDENTS, text="x" * 40_001) == "msg_too_long"
    assert rig.slack.violations == {"msg_blocks_too_long": 2, "msg_too_long": 1}


async def test_blocks_come_back_with_ids_and_defaults_filled_in(rig: Rig) -> None:
    """Slack gives every block an id and spells emoji and verbatim out."""
    await rig.post(section("x"), actions({"type": "button", "text": plain("Go")}))
    first, second = rig.slack.messages(INCIDENTS)[0].blocks
    assert first["block_id"]
    assert first["text"]["verbatim"] is False
    assert second["elements"][0]["action_id"]
    assert second["elements"][0]["text"]["emoji"] is True


@pytest.mark.parametrize(
    ("view", "words"),
    [
        (modal(title=plain("x" * 25)), "must be less than 25 characters [json-pointer:/view/title/text]"),
        (modal(*([section("x")] * 101)), "no more than 100 items allowed [json-pointer:/view/blocks]"),
        (
            modal(private_metadata="x" * 3_001),
            "must be less than 3001 characters [json-pointer:/view/private_metadata]",
        ),
        (modal(TITLE, submit=None), "missing required field: submit [json-pointer:/view]"),
        ({"type": "home", "blocks": []}, "must be modal [json-pointer:/view/type]"),
    ],
)
async def test_views_beyond_a_limit_are_refused_and_leave_the_trigger_unused(
    rig: Rig, view: dict[str, Any], words: str
) -> None:
    """invalid_arguments with Slack's pointer; the same trigger opens a better view."""
    ack = await rig.slack.command("ana", INCIDENTS, "/incident")
    trigger = ack.payload["trigger_id"]
    with pytest.raises(SlackApiError) as caught:
        await rig.web.views_open(trigger_id=trigger, view=view)
    assert caught.value.response["error"] == "invalid_arguments"
    assert f"[ERROR] {words}" in caught.value.response["response_metadata"]["messages"]
    await rig.web.views_open(trigger_id=trigger, view=modal(TITLE))


async def test_a_view_over_250_kilobytes_is_too_large(rig: Rig) -> None:
    """Each block may be fine and the whole too much."""
    ack = await rig.slack.command("ana", INCIDENTS, "/incident")
    too_much = {"trigger_id": ack.payload["trigger_id"], "view": BIG_VIEW}
    assert await rig.refused("views.open", **too_much) == "view_too_large"


# rates


async def test_a_tier_answers_429_with_the_seconds_to_wait() -> None:
    """Twenty creations a minute; the virtual minute over, the next passes; calling inside it is counted."""
    async with rigged(enforce_rates=True) as rig:
        for i in range(limits.TIER_PER_MINUTE[2]):
            await rig.web.conversations_create(name=f"inc-{i}")
        status, headers, text = await rig.raw("conversations.create", {"name": "inc-x"})
        assert (status, headers["Retry-After"], json.loads(text)["error"]) == (429, "60", "ratelimited")
        await rig.raw("conversations.create", {"name": "inc-x"})
        assert rig.slack.violations == {"rate:conversations.create": 2, "called_inside_retry_after": 1}
        rig.clock.wind(timedelta(seconds=60))
        assert (await rig.raw("conversations.create", {"name": "inc-x"}))[0] == 200


async def test_posts_burst_and_then_go_one_a_second_per_channel() -> None:
    """A short burst passes; then the channel waits a second while another channel does not."""
    async with rigged(enforce_rates=True) as rig:
        for _ in range(limits.POST_BURST):
            await rig.post()
        status, headers, _ = await rig.raw("chat.postMessage", {"channel": INCIDENTS, "text": "x"})
        assert (status, headers["Retry-After"]) == (429, "1")
        await rig.post(channel=CONTOSO)
        rig.clock.wind(timedelta(seconds=1))
        await rig.post()
        assert [c.status for c in rig.slack.calls if c.place == INCIDENTS].count(429) == 1


def test_a_workspace_takes_six_hundred_posts_a_minute() -> None:
    """Beyond the ceiling every channel waits, however quiet it was."""
    clock = SandboxClock(START)
    rates = SlackRates(clock, Counter())
    passed = [rates.wait("chat.postMessage", f"C{i}") for i in range(limits.WORKSPACE_POSTS_PER_MINUTE)]
    assert set(passed) == {0}
    assert rates.wait("chat.postMessage", "C0QUIET") == 60
    clock.wind(timedelta(seconds=60))
    assert rates.wait("chat.postMessage", "C0QUIET") == 0


async def test_restricted_history_is_one_call_a_minute_of_fifteen_messages() -> None:
    """What Slack grants commercial apps outside its Marketplace since May 2025."""
    async with rigged(history_restricted=True) as rig:
        for _ in range(16):
            await rig.post()
        page = await rig.web.conversations_history(channel=INCIDENTS, limit=100)
        assert (len(page["messages"]), page["has_more"]) == (15, True)
        assert (await rig.raw("conversations.history", {"channel": INCIDENTS}))[0] == 429


# faults


@pytest.mark.parametrize(("kind", "posts"), [("drop_before", 0), ("accept_then_drop", 1)])
async def test_a_dropped_call_resets_the_connection_with_or_without_its_effect(rig: Rig, kind: str, posts: int) -> None:
    """The client cannot tell the two apart; the ledger can."""
    rig.ledger.faults.append(Fault("chat.postMessage", kind))
    with pytest.raises(aiohttp.ClientError):
        await rig.web.chat_postMessage(channel=INCIDENTS, text="x")
    assert len(list(rig.ledger.find("chat.postMessage"))) == posts
    assert len(rig.slack.messages(INCIDENTS)) == posts
    await rig.post()  # the fault is spent


@pytest.mark.parametrize(
    ("kind", "status", "body"),
    [
        ("accept_then_500", 500, "Internal Server Error"),
        ("truncate", 200, '{"ok": true, "channel"'),
        ("html", 200, "<!DOCTYPE html>"),
        ("accept_then_error", 200, '{"ok": false, "error": "internal_error"}'),
    ],
)
async def test_an_answer_is_spoiled_after_the_effect(rig: Rig, kind: str, status: int, body: str) -> None:
    """The message stands although the answer says nothing of it."""
    rig.ledger.faults.append(Fault("chat.postMessage", kind))
    got, _, text = await rig.raw("chat.postMessage", {"channel": INCIDENTS, "text": "x"})
    assert got == status
    assert text.startswith(body)
    assert len(rig.slack.messages(INCIDENTS)) == 1
    if kind == "truncate":
        with pytest.raises(json.JSONDecodeError):
            json.loads(text)


@pytest.mark.parametrize(
    ("fault", "status", "body", "header"),
    [
        (Fault("*", "status", status=503), 503, "Service Unavailable", None),
        (Fault("*", "error", error="fatal_error"), 200, '{"ok": false, "error": "fatal_error"}', None),
        (Fault("*", "rate_limited", seconds=7), 429, '{"ok": false, "error": "ratelimited"}', "7"),
    ],
)
async def test_a_refusing_fault_has_no_effect(
    rig: Rig, fault: Fault, status: int, body: str, header: str | None
) -> None:
    """Whatever the script answers, nothing was posted; the call is on the list all the same."""
    rig.ledger.faults.append(fault)
    got, headers, text = await rig.raw("chat.postMessage", {"channel": INCIDENTS, "text": "x"})
    assert (got, text, headers.get("Retry-After")) == (status, body, header)
    assert rig.slack.messages(INCIDENTS) == []
    assert [c.method for c in rig.slack.calls] == ["chat.postMessage"]


async def test_a_delayed_call_that_the_client_gave_up_on_still_happens(rig: Rig) -> None:
    """A time-out is not a failure: the message is there."""
    rig.ledger.faults.append(Fault("chat.postMessage", "delay", seconds=0.15))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await rig.web.chat_postMessage(channel=INCIDENTS, text="x")
    arrived = asyncio.Event()
    rig.ledger.watch(arrived.set)
    if not rig.slack.messages(INCIDENTS):
        await asyncio.wait_for(arrived.wait(), 5)
    assert len(rig.slack.messages(INCIDENTS)) == 1


async def test_faults_hit_one_place_later_calls_or_a_share(rig: Rig) -> None:
    """The script narrows by channel, lets calls pass first, and draws shares repeatably."""
    rig.ledger.faults.append(Fault("chat.postMessage", "error", place=CONTOSO, error="is_archived"))
    await rig.post()
    assert await rig.refused("chat.postMessage", channel=CONTOSO, text="x") == "is_archived"
    rig.ledger.faults.append(Fault("chat.postMessage", "error", error="fatal_error", after=2))
    await rig.post()
    await rig.post()
    assert await rig.refused("chat.postMessage", channel=INCIDENTS, text="x") == "fatal_error"
    drawn = []
    for _ in range(2):
        ledger = Ledger(rig.clock, seed=7)
        ledger.faults.append(Fault("*", "status", share=0.25, times=-1))
        drawn.append([ledger.fault_for("m") is not None for _ in range(400)])
    assert drawn[0] == drawn[1]
    assert 60 < sum(drawn[0]) < 140


async def test_without_uvicorns_transport_half_an_answer_breaks_the_connection() -> None:
    """Another server gets a body that is shorter than promised."""
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    await abort(receive, send)
    promised = int(dict(sent[0]["headers"])[b"content-length"])
    assert len(sent[1]["body"]) < promised
    assert sent[1]["more_body"]


# people: commands


async def test_a_command_arrives_signed_with_every_field_and_its_answer_is_private(rig: Rig) -> None:
    """The form's fields are Slack's; the answer's JSON becomes a message for one person."""
    rig.answer = lambda _: JSONResponse({"text": "INC-7 declared", "blocks": [section("INC-7")]})
    ack = await rig.slack.command("ana", "#incidents", "/incident", "declare checkout is down")
    form = rig.heard[0]
    assert set(form) == {
        *("token", "team_id", "team_domain", "channel_id", "channel_name", "user_id", "user_name", "command", "text"),
        *("api_app_id", "is_enterprise_install", "response_url", "trigger_id"),
    }
    assert (form["user_id"], form["channel_name"], form["text"]) == ("U0ANA", "incidents", "declare checkout is down")
    assert form["is_enterprise_install"] == "false"
    assert rig.headers[0]["content-type"] == "application/x-www-form-urlencoded"
    assert (ack.ok, ack.status, ack.kind, ack.via) == (True, 200, "slash_commands", "http")
    assert 0 < ack.seconds < limits.ACK_SECONDS
    assert [m.text for m in rig.slack.whispers("ana", INCIDENTS)] == ["INC-7 declared"]
    assert rig.slack.messages(INCIDENTS) == []


async def test_an_in_channel_answer_is_for_all_and_plain_text_will_do(rig: Rig) -> None:
    """response_type decides who sees it; an empty body says nothing."""
    rig.answer = lambda _: JSONResponse({"text": "for all", "response_type": "in_channel"})
    await rig.slack.command("ana", INCIDENTS, "/incident")
    rig.answer = lambda _: PlainTextResponse("just for you")
    await rig.slack.command("ana", INCIDENTS, "/incident")
    rig.answer = lambda _: Response()
    await rig.slack.command("ana", INCIDENTS, "/incident")
    assert [m.text for m in rig.slack.messages(INCIDENTS)] == ["for all"]
    assert [m.text for m in rig.slack.whispers("ana")] == ["just for you"]


async def test_typed_text_arrives_as_slack_escapes_it(rig: Rig) -> None:
    """Mentions with ids, links in angle brackets, & < > escaped; markup typed by a page stays."""
    typed = "role ic @cleo in #incidents <@U0ANA|ana> see https://x.example/a?b=1&c=2. a<b & mail it@x.example @nobody"
    ack = await rig.slack.command("ana", INCIDENTS, "/incident", typed)
    assert ack.payload["text"] == (
        "role ic <@U0CLEO|cleo> in <#C0INCIDENTS|incidents> <@U0ANA|ana> see <https://x.example/a?b=1&amp;c=2>. "
        "a&lt;b &amp; mail <mailto:it@x.example|it@x.example> @nobody"
    )
    rig.slack.escape_commands = False
    assert (await rig.slack.command("ana", INCIDENTS, "/incident", "@cleo")).payload["text"] == "@cleo"


async def test_an_app_that_fails_or_is_late_is_said_to_the_person_and_counted(rig: Rig) -> None:
    """A 500 is dispatch_failed, silence operation_timeout, as Slackbot says."""
    rig.answer = lambda _: Response(status_code=500)
    failed = await rig.slack.command("ana", INCIDENTS, "/incident")
    assert (failed.ok, failed.status, failed.problem) == (False, 500, "dispatch_failed")
    rig.slack.wire.ack_seconds = 0.05

    async def never(_: Heard) -> Response:
        await asyncio.sleep(0.2)
        return Response()

    rig.answer = never
    late = await rig.slack.command("ana", INCIDENTS, "/incident")
    assert (late.status, late.problem) == (0, "operation_timeout")
    said = [m.text for m in rig.slack.whispers("ana")]
    assert ["dispatch_failed" in said[0], "operation_timeout" in said[1]] == [True, True]
    assert rig.slack.violations == {"failed_ack": 1, "late_ack": 1}


async def test_outsiders_cannot_type_commands_and_guests_can(rig: Rig) -> None:
    """Slack Connect people see the channel but not our commands; a guest only sees where they were invited."""
    with pytest.raises(NotPossible):
        await rig.slack.command("sol", CONTOSO, "/incident", "declare x")
    assert (await rig.slack.command("gus", INCIDENTS, "/incident", "declare x")).ok
    with pytest.raises(NotPossible):
        await rig.slack.command("gus", "#general", "/incident", "declare x")


async def test_a_private_channel_is_called_privategroup(rig: Rig) -> None:
    """The form does not give its name away."""
    room = await rig.slack.create_channel("ana", "secret", private=True, members=[BOT_USER])
    assert (await rig.slack.command("ana", room, "/incident")).payload["channel_name"] == "privategroup"
    assert (await rig.slack.command("ana", rig.slack.direct("ana"), "/incident")).payload[
        "channel_name"
    ] == "directmessage"


async def test_an_answer_slack_cannot_show_is_counted(rig: Rig) -> None:
    """Bad blocks in an answer are the app's fault, and the person is told."""
    rig.answer = lambda _: JSONResponse({"blocks": [{"type": "nonsense"}]})
    await rig.slack.command("ana", INCIDENTS, "/incident")
    assert rig.slack.violations == {"ack:invalid_blocks": 1}


async def test_the_same_bytes_again_carry_the_same_signature(rig: Rig) -> None:
    """A replay is indistinguishable from the first delivery."""
    ack = await rig.slack.command("ana", INCIDENTS, "/incident", "declare x")
    await rig.slack.again(ack)
    assert rig.heard[0] == rig.heard[1]
    assert rig.headers[0]["x-slack-signature"] == rig.headers[1]["x-slack-signature"]


async def test_parts_of_a_request_can_be_forged_before_it_is_signed(rig: Rig) -> None:
    """For trying foreign workspaces: the signature holds, the team does not."""
    ack = await rig.slack.command("ana", INCIDENTS, "/incident", "x", overrides={"team_id": "T0OTHER"})
    assert (ack.ok, rig.heard[0]["team_id"]) == (True, "T0OTHER")


# people: buttons and menus


async def test_a_press_arrives_as_block_actions(rig: Rig) -> None:
    """Container, message, state, action and a response_url, all as Slack writes them."""
    ts = await rig.post(section("INC-7"), actions(button("says", "Resolve", "resolve 7"), block_id="row"))
    ack = await rig.slack.press("ana", INCIDENTS, ts, "says")
    told = rig.heard[-1]
    assert ack.ok
    assert told["type"] == "block_actions"
    assert told["container"] == {
        "type": "message",
        "message_ts": ts,
        "channel_id": INCIDENTS,
        "is_ephemeral": False,
    }
    assert told["user"] == {"id": "U0ANA", "username": "ana", "name": "ana", "team_id": "T0SANDBOX"}
    assert told["team"] == {"id": "T0SANDBOX", "domain": "sandbox"}
    assert told["channel"] == {"id": INCIDENTS, "name": "incidents"}
    assert told["message"]["ts"] == ts
    assert told["message"]["blocks"][1]["block_id"] == "row"
    action = told["actions"][0]
    assert (action["action_id"], action["block_id"], action["value"], action["type"]) == (
        "says",
        "row",
        "resolve 7",
        "button",
    )
    assert float(action["action_ts"]) > float(ts)
    assert told["response_url"].startswith(rig.slack.base_url + "/actions/")
    assert told["trigger_id"]
    assert told["state"] == {"values": {}}


async def test_menus_and_pickers_send_what_was_chosen_and_remember_it(rig: Rig) -> None:
    """Each element's own shape in actions, and all of them in state.values."""
    choices = {"type": "static_select", "action_id": "sev", "options": options("sev1", "sev2")}
    ts = await rig.post(
        actions(
            choices,
            {"type": "overflow", "action_id": "more", "options": options("pause", "retract")},
            {"type": "datepicker", "action_id": "day", "initial_date": "2026-03-04"},
            {"type": "users_select", "action_id": "who"},
            {"type": "checkboxes", "action_id": "boxes", "options": options("a", "b")},
            block_id="row",
        )
    )
    await rig.slack.press("ana", INCIDENTS, ts, "sev", choose="sev1")
    assert rig.heard[-1]["actions"][0]["selected_option"]["value"] == "sev1"
    await rig.slack.press("ana", INCIDENTS, ts, "more", choose="Retract")
    assert rig.heard[-1]["actions"][0]["selected_option"]["value"] == "retract"
    await rig.slack.press("ana", INCIDENTS, ts, "who", choose="U0CLEO")
    assert rig.heard[-1]["actions"][0]["selected_user"] == "U0CLEO"
    await rig.slack.press("ana", INCIDENTS, ts, "boxes", choose=["a", "b"])
    row = rig.heard[-1]["state"]["values"]["row"]
    assert [o["value"] for o in row["boxes"]["selected_options"]] == ["a", "b"]
    assert row["sev"]["selected_option"]["value"] == "sev1"
    assert (row["day"]["selected_date"], row["who"]["selected_user"]) == ("2026-03-04", "U0CLEO")
    assert "more" not in row
    with pytest.raises(NotPossible):
        await rig.slack.press("ana", INCIDENTS, ts, "sev", choose="sev9")


async def test_grouped_options_are_chosen_and_other_inputs_handed_in(rig: Rig) -> None:
    """A menu's groups count as options; `state` is what stands in the inputs around the pressed element."""
    groups = [{"label": plain("one"), "options": options("a")}, {"label": plain("two"), "options": options("b")}]
    menu = {"type": "static_select", "action_id": "pick", "option_groups": groups}
    boxes = {"type": "checkboxes", "action_id": "boxes", "options": options("x", "y")}
    ts = await rig.post(actions(menu, boxes, block_id="row"))
    ticked = {"row": {"boxes": {"type": "checkboxes", "selected_options": options("y")}}}
    await rig.slack.press("ana", INCIDENTS, ts, "pick", choose="b", value="ignored: not a button", state=ticked)
    told = rig.heard[-1]
    assert told["actions"][0]["selected_option"]["value"] == "b"
    assert told["state"]["values"]["row"]["boxes"]["selected_options"][0]["value"] == "y"


async def test_only_what_is_there_and_visible_can_be_pressed(rig: Rig) -> None:
    """No such button, two that fit, another's ephemeral message, a channel out of sight."""
    ts = await rig.post(actions(button("says", "Yes", "yes")), actions(button("says", "No", "no")))
    for wrong in ("nothing", "says"):
        with pytest.raises(NotPossible):
            await rig.slack.press("ana", INCIDENTS, ts, wrong)
    await rig.slack.press("ana", INCIDENTS, ts, "says", value="no")
    assert rig.heard[-1]["actions"][0]["value"] == "no"
    blocks = [actions(button("says"))]
    own = await rig.web.chat_postEphemeral(channel=INCIDENTS, user="U0ANA", text="x", blocks=blocks)
    with pytest.raises(NotPossible):
        await rig.slack.press("cleo", INCIDENTS, own["message_ts"], "says")
    with pytest.raises(NotPossible):
        await rig.slack.press("sol", INCIDENTS, ts, "says", value="no")


async def test_an_ephemeral_press_carries_no_message(rig: Rig) -> None:
    """The container says is_ephemeral and that is all there is."""
    blocks = [actions(button("says"))]
    own = await rig.web.chat_postEphemeral(channel=INCIDENTS, user="U0ANA", text="x", blocks=blocks)
    await rig.slack.press("ana", INCIDENTS, own["message_ts"], "says")
    assert rig.heard[-1]["container"]["is_ephemeral"] is True
    assert "message" not in rig.heard[-1]


async def test_a_stranger_can_press_and_is_told_apart_by_team(rig: Rig) -> None:
    """The payload's team is ours, the user's is theirs: https://github.com/slackapi/java-slack-sdk/issues/1041."""
    ts = await rig.post(actions(button("says")), channel=CONTOSO)
    await rig.slack.press("sol", CONTOSO, ts, "says")
    told = rig.heard[-1]
    assert (told["team"]["id"], told["user"]["team_id"]) == ("T0SANDBOX", "T0CONTOSO")


# response URLs


async def hook_of(rig: Rig) -> tuple[str, str, AsyncWebhookClient]:
    """A pressed message's ts and its response_url, twice."""
    ts = await rig.post(actions(button("says")))
    ack = await rig.slack.press("ana", INCIDENTS, ts, "says")
    url = ack.payload["response_url"]
    return ts, url, AsyncWebhookClient(url, session=rig.session, retry_handlers=[])


async def test_a_response_url_whispers_replaces_and_deletes(rig: Rig) -> None:
    """Private unless in_channel; replace_original edits the pressed message, delete_original removes it."""
    ts, _, hook = await hook_of(rig)
    assert (await hook.send(text="psst")).status_code == 200
    assert (await hook.send(text="all", response_type="in_channel")).body == "ok"
    await hook.send(text="done", replace_original=True)
    assert [m.text for m in rig.slack.whispers("ana")] == ["psst"]
    assert [m.text for m in rig.slack.messages(INCIDENTS)] == ["done", "all"]
    await hook.send(delete_original=True)
    assert [m.text for m in rig.slack.messages(INCIDENTS)] == ["all"]
    assert [e.answer["ts"] == ts for e in rig.ledger.find("response_url")] == [False, False, True, True]


async def test_a_response_url_takes_five_posts_and_half_an_hour(rig: Rig) -> None:
    """The sixth is used_url; thirty virtual minutes later every one is expired_url."""
    _, _, hook = await hook_of(rig)
    codes = [(await hook.send(text="x")).status_code for _ in range(6)]
    assert codes == [200] * 5 + [404]
    _, _, other = await hook_of(rig)
    rig.clock.wind(timedelta(minutes=31))
    late = await other.send(text="x")
    assert (late.status_code, json.loads(late.body)["error"]) == (404, "expired_url")
    assert rig.slack.violations == {"used_url": 1, "expired_url": 1}


async def test_a_response_url_checks_content_and_obeys_the_fault_script(rig: Rig) -> None:
    """Bad blocks are 400; a lost answer leaves its effect; an unknown URL is expired."""
    _, url, hook = await hook_of(rig)
    assert (await hook.send(blocks=[{"type": "nonsense"}])).status_code == 400
    rig.ledger.faults.append(Fault("response_url", "accept_then_drop"))
    with pytest.raises(aiohttp.ClientError):
        await hook.send(text="lost answer")
    assert [m.text for m in rig.slack.whispers("ana")] == ["lost answer"]
    rig.ledger.faults.append(Fault("response_url", "status", status=502))
    assert (await hook.send(text="x")).status_code == 502
    async with rig.session.post(url.replace("T0SANDBOX/", "T0SANDBOX/9"), json={"text": "x"}) as response:
        assert response.status == 404
    async with rig.session.post(url, data=b"[1]") as response:
        assert (response.status, (await response.json())["error"]) == (400, "invalid_payload")
    await rig.slack.archive("ana", INCIDENTS)
    assert json.loads((await hook.send(text="x")).body)["error"] == "is_archived"


# modals and the home tab


async def test_a_trigger_works_once_and_for_three_seconds(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Used, unknown and expired have three names."""
    first = (await rig.slack.command("ana", INCIDENTS, "/incident")).payload["trigger_id"]
    await rig.web.views_open(trigger_id=first, view=modal(TITLE))
    assert await rig.refused("views.open", trigger_id=first, view=modal(TITLE)) == "exchanged_trigger_id"
    assert await rig.refused("views.open", trigger_id="1.2.x", view=modal(TITLE)) == "invalid_trigger_id"
    monkeypatch.setattr("bot.sandbox.slack_limits.TRIGGER_SECONDS", -1.0)
    late = (await rig.slack.command("ana", INCIDENTS, "/incident")).payload["trigger_id"]
    assert await rig.refused("views.open", trigger_id=late, view=modal(TITLE)) == "expired_trigger_id"
    assert rig.slack.violations["expired_trigger_id"] == 1


EVERY_INPUT = modal(
    field_of("title", {"type": "plain_text_input", "action_id": "text"}),
    field_of("sev", {"type": "static_select", "action_id": "pick", "options": options("sev1", "sev2")}),
    field_of("services", {"type": "multi_static_select", "action_id": "many", "options": options("a", "b", "c")}),
    field_of("day", {"type": "datepicker", "action_id": "date", "initial_date": "2026-03-04"}),
    field_of("hour", {"type": "timepicker", "action_id": "time", "timezone": "Europe/Berlin"}),
    field_of(
        "flags", {"type": "checkboxes", "action_id": "boxes", "options": options("private", "drill")}, optional=True
    ),
    field_of("kind", {"type": "radio_buttons", "action_id": "radio", "options": options("real", "test")}),
    field_of("owner", {"type": "users_select", "action_id": "user"}, optional=True),
    field_of("count", {"type": "number_input", "action_id": "number", "is_decimal_allowed": False}, optional=True),
    callback_id="declare",
    private_metadata="INC-7",
)


async def test_a_submission_carries_every_kind_of_input(rig: Rig) -> None:
    """state.values has each element's own shape; what was not touched shows its initial value or null."""
    view_id = await rig.opened(EVERY_INPUT)
    values = {"title": "Checkout", "pick": "sev1", "services": ["a", "c"], "hour": "14:02", ("kind", "radio"): "Test"}
    await rig.slack.submit("ana", view_id, {**values, "owner": "U0CLEO"})
    told = rig.heard[-1]
    assert (told["type"], told["view"]["callback_id"]) == ("view_submission", "declare")
    assert told["view"]["private_metadata"] == "INC-7"
    assert told["response_urls"] == []
    state = told["view"]["state"]["values"]
    assert state["title"]["text"] == {"type": "plain_text_input", "value": "Checkout"}
    assert state["sev"]["pick"]["selected_option"]["value"] == "sev1"
    assert [o["value"] for o in state["services"]["many"]["selected_options"]] == ["a", "c"]
    assert state["day"]["date"] == {"type": "datepicker", "selected_date": "2026-03-04"}
    assert state["hour"]["time"] == {"type": "timepicker", "selected_time": "14:02", "timezone": "Europe/Berlin"}
    assert state["flags"]["boxes"] == {"type": "checkboxes", "selected_options": []}
    assert state["kind"]["radio"]["selected_option"]["value"] == "test"
    assert state["owner"]["user"] == {"type": "users_select", "selected_user": "U0CLEO"}
    assert state["count"]["number"] == {"type": "number_input", "value": None}
    assert rig.slack.top_view("ana") is None  # an empty 200 closes it


async def test_a_page_may_hand_in_slacks_own_state(rig: Rig) -> None:
    """Block id → action id → state, as the sandbox page reads it off the screen."""
    view_id = await rig.opened(modal(TITLE))
    await rig.slack.submit("ana", view_id, {"title": {"text": {"type": "plain_text_input", "value": "typed"}}})
    assert rig.heard[-1]["view"]["state"]["values"]["title"]["text"]["value"] == "typed"


async def test_slacks_client_checks_before_it_sends(rig: Rig) -> None:
    """Required fields, lengths and inputs that do not exist never reach the app."""
    view_id = await rig.opened(modal(TITLE))
    before = len(rig.heard)
    for values in ({}, {"title": "x" * 21}, {"nothing": "x"}):
        with pytest.raises(NotPossible):
            await rig.slack.submit("ana", view_id, values)
    assert len(rig.heard) == before
    with pytest.raises(NotPossible):
        await rig.slack.submit("cleo", view_id, {"title": "not hers"})


async def test_response_actions_show_errors_update_push_and_clear(rig: Rig) -> None:
    """Each does on the screen what Slack does, and what was typed stays where it can."""
    view_id = await rig.opened(modal(TITLE))
    rig.answer = lambda _: JSONResponse({"response_action": "errors", "errors": {"title": "Say more."}})
    await rig.slack.submit("ana", view_id, {"title": "x"})
    shown = rig.slack.state_for("ana")["view"]
    assert shown["errors"] == {"title": "Say more."}
    rig.answer = lambda _: JSONResponse({"response_action": "update", "view": modal(TITLE, title=plain("Again"))})
    await rig.slack.submit("ana", view_id, {"title": "longer"})
    top = rig.slack.top_view("ana")
    assert top is not None
    assert (top.id, top.body["title"]["text"], top.errors) == (view_id, "Again", {})
    assert rig.slack.state_for("ana")["view"]["state"]["values"]["title"]["text"]["value"] == "longer"
    rig.answer = lambda _: JSONResponse({"response_action": "push", "view": modal(section("sure?"))})
    await rig.slack.submit("ana", view_id)
    pushed = rig.slack.top_view("ana")
    assert pushed is not None
    assert (pushed.previous, pushed.root) == (view_id, view_id)
    rig.answer = lambda _: JSONResponse({"response_action": "clear"})
    await rig.slack.submit("ana", pushed.id)
    assert rig.slack.state_for("ana")["views"] == []


@pytest.mark.parametrize(
    "answer",
    [
        {"response_action": "errors", "errors": {"no such block": "x"}},
        {"response_action": "update", "view": modal(title=plain("x" * 25))},
        {"response_action": "dance"},
        {"text": "a submission is no command"},
    ],
)
async def test_a_bad_response_action_leaves_the_form_with_slacks_apology(rig: Rig, answer: dict[str, Any]) -> None:
    """The person reads "We had some trouble connecting"; the fault is counted."""
    view_id = await rig.opened(modal(TITLE))
    rig.answer = lambda _: JSONResponse(answer)
    await rig.slack.submit("ana", view_id, {"title": "x"})
    shown = rig.slack.state_for("ana")["view"]
    assert shown["problem"].startswith("We had some trouble connecting")
    assert sum(rig.slack.violations.values()) == 1


async def test_views_stack_three_deep_and_close_from_the_top(rig: Rig) -> None:
    """views.push from a press inside a view; the fourth is push_limit_reached; closing is told if asked for."""
    view_id = await rig.opened(modal(actions(button("more")), notify_on_close=True, submit=None))
    for depth in (2, 3, 4):
        top = rig.slack.top_view("ana")
        assert top is not None
        ack = await rig.slack.press_in_view("ana", top.id, "more")
        assert ack.payload["container"] == {"type": "view", "view_id": top.id}
        push = {"trigger_id": ack.payload["trigger_id"], "view": modal(actions(button("more")), submit=None)}
        if depth < 4:
            await rig.web.views_push(**push)
        else:
            assert await rig.refused("views.push", **push) == "push_limit_reached"
    third = rig.slack.top_view("ana")
    assert third is not None
    assert await rig.slack.close_view("ana", third.id) is None
    told = await rig.slack.close_view("ana", view_id, clear=True)
    assert told is not None
    assert (rig.heard[-1]["type"], rig.heard[-1]["is_cleared"]) == ("view_closed", True)
    assert rig.slack.top_view("ana") is None


async def test_a_view_is_updated_by_id_or_external_id_against_its_hash(rig: Rig) -> None:
    """An old hash is hash_conflict; a taken external_id and a closed view are refused."""
    view_id = await rig.opened(modal(TITLE, external_id="form-7"))
    top = rig.slack.top_view("ana")
    assert top is not None
    old = top.hash
    await rig.web.views_update(view_id=view_id, hash=old, view=modal(TITLE, external_id="form-7"))
    stale = {"view_id": view_id, "hash": old, "view": modal(TITLE)}
    assert await rig.refused("views.update", **stale) == "hash_conflict"
    await rig.web.views_update(external_id="form-7", view=modal(TITLE, external_id="form-7", title=plain("New")))
    assert top.body["title"]["text"] == "New"
    ack = await rig.slack.command("cleo", INCIDENTS, "/incident")
    again = {"trigger_id": ack.payload["trigger_id"], "view": modal(TITLE, external_id="form-7")}
    assert await rig.refused("views.open", **again) == "duplicate_external_id"
    await rig.slack.close_view("ana", view_id)
    assert await rig.refused("views.update", view_id=view_id, view=modal(TITLE)) == "not_found"


async def test_the_home_tab_is_opened_published_and_pressed(rig: Rig) -> None:
    """app_home_opened first without, later with the view; presses name the view."""
    await rig.slack.open_home("ana")
    assert "view" not in rig.told("app_home_opened")[0]
    home = {"type": "home", "blocks": [actions(button("mine"))]}
    first = await rig.web.views_publish(user_id="U0ANA", view=home)
    again = await rig.web.views_publish(user_id="U0ANA", view=home, hash=first["view"]["hash"])
    assert again["view"]["id"] == first["view"]["id"]
    stale = {"user_id": "U0ANA", "view": home, "hash": first["view"]["hash"]}
    assert await rig.refused("views.publish", **stale) == "hash_conflict"
    await rig.slack.open_home("ana")
    assert rig.told("app_home_opened")[1]["view"]["id"] == first["view"]["id"]
    await rig.slack.press_in_view("ana", first["view"]["id"], "mine")
    assert rig.heard[-1]["view"]["type"] == "home"
    assert rig.slack.state_for("ana")["home"]["id"] == first["view"]["id"]
    assert rig.slack.state_for("cleo")["home"] is None


async def test_an_external_menu_asks_the_app_while_one_types(rig: Rig) -> None:
    """block_suggestion brings options; the chosen one is submitted whole."""
    menu = {"type": "external_select", "action_id": "customer", "min_query_length": 0}
    view_id = await rig.opened(modal(field_of("who", menu)))
    rig.answer = lambda told: JSONResponse(
        {"options": options("contoso")} if told["type"] == "block_suggestion" else {}
    )
    offered = await rig.slack.suggest("ana", view_id, "customer", "con")
    assert (rig.heard[-1]["value"], offered[0]["value"]) == ("con", "contoso")
    await rig.slack.submit("ana", view_id, {"customer": "contoso"})
    chosen = rig.heard[-1]["view"]["state"]["values"]["who"]["customer"]["selected_option"]
    assert chosen == options("contoso")[0]


async def test_shortcuts_global_and_on_a_message(rig: Rig) -> None:
    """Both carry a trigger that opens a view; the second carries the message."""
    ack = await rig.slack.shortcut("ana", "declare")
    assert (rig.heard[-1]["type"], rig.heard[-1]["callback_id"]) == ("shortcut", "declare")
    assert (await rig.web.views_open(trigger_id=ack.payload["trigger_id"], view=modal(TITLE)))["ok"]
    ts = await rig.slack.say("cleo", INCIDENTS, "looks bad")
    await rig.slack.message_shortcut("ana", INCIDENTS, ts, "note_it")
    assert (rig.heard[-1]["type"], rig.heard[-1]["message"]["text"]) == ("message_action", "looks bad")


# events


async def test_a_mention_is_a_message_and_an_app_mention(rig: Rig) -> None:
    """Two events with different ids in Slack's envelope; in a direct message only one."""
    ts = await rig.slack.mention("ana", INCIDENTS, "what happened?")
    message, mention = rig.told("message")[0], rig.told("app_mention")[0]
    assert message["text"] == mention["text"] == "<@U0AMENDS> what happened?"
    assert (message["ts"], mention["ts"], message["channel_type"]) == (ts, ts, "channel")
    envelope = rig.heard[0]
    assert (envelope["type"], envelope["team_id"], envelope["api_app_id"]) == (
        "event_callback",
        "T0SANDBOX",
        "A0AMENDS",
    )
    assert envelope["authorizations"][0]["user_id"] == BOT_USER
    assert envelope["is_ext_shared_channel"] is False
    assert len({h["event_id"] for h in rig.heard}) == 2
    await rig.slack.say("ana", rig.slack.direct("ana"), "@amends hello")
    assert (len(rig.told("message")), len(rig.told("app_mention"))) == (2, 1)
    assert rig.told("message")[1]["channel_type"] == "im"


async def test_a_strangers_message_names_their_team(rig: Rig) -> None:
    """In a shared channel the event says whose workspace the author is of."""
    await rig.slack.say("sol", CONTOSO, "is it down?")
    event = rig.told("message")[0]
    assert (event["user_team"], event["source_team"], event["user"]) == ("T0CONTOSO", "T0CONTOSO", "U0STRANGER")
    assert rig.heard[0]["is_ext_shared_channel"] is True


async def test_the_app_hears_nothing_from_where_it_is_not(rig: Rig) -> None:
    """#general has no bot; unsubscribed events do not come either."""
    await rig.slack.say("ana", "#general", "lunch?")
    rig.slack.subscriptions = frozenset({"app_mention"})
    await rig.slack.say("ana", INCIDENTS, "hello")
    await rig.post()
    await rig.slack.drain()
    assert rig.heard == []


async def test_edits_deletions_and_reactions_of_people_are_told(rig: Rig) -> None:
    """message_changed and message_deleted carry what was there before."""
    ts = await rig.slack.say("ana", INCIDENTS, "frist")
    await rig.slack.edit("ana", INCIDENTS, ts, "first")
    await rig.slack.react("cleo", INCIDENTS, ts, ":eyes:")
    await rig.slack.delete("ana", INCIDENTS, ts)
    said, changed, deleted = rig.told("message")
    assert "subtype" not in said
    assert (changed["subtype"], changed["message"]["text"]) == ("message_changed", "first")
    assert changed["previous_message"]["text"] == "frist"
    assert (deleted["subtype"], deleted["deleted_ts"]) == ("message_deleted", ts)
    reaction = rig.told("reaction_added")[0]
    assert (reaction["user"], reaction["reaction"], reaction["item"]["ts"]) == ("U0CLEO", "eyes", ts)


async def test_the_bots_own_posts_come_back_as_events(rig: Rig) -> None:
    """Slack echoes them with bot_id, so that a bot must not answer itself."""
    await rig.post()
    await rig.slack.drain()
    assert (rig.told("message")[0]["user"], rig.told("message")[0]["bot_id"]) == (BOT_USER, "B0AMENDS")


async def test_a_failed_event_is_due_again_at_once_after_one_and_after_five_minutes(rig: Rig) -> None:
    """The same event id with Slack's retry headers, and no fourth retry."""
    rig.answer = lambda _: Response(status_code=500)
    await rig.slack.say("ana", INCIDENTS, "hello")
    assert len(await rig.slack.retry_due()) == 1
    assert await rig.slack.retry_due() == []
    for minutes in (1, 5, 60):
        rig.clock.wind(timedelta(minutes=minutes))
        await rig.slack.retry_due()
    assert [h.get("x-slack-retry-num") for h in rig.headers] == [None, "1", "2", "3"]
    assert rig.headers[1]["x-slack-retry-reason"] == "http_error"
    assert len({h["event_id"] for h in rig.heard}) == 1


async def test_an_unreachable_app_and_a_late_one_are_two_reasons(rig: Rig) -> None:
    """connection_failed and http_timeout, as Slack tells the two apart."""
    there, rig.slack.events_url = rig.slack.events_url, "http://127.0.0.1:9/"
    await rig.slack.say("ana", INCIDENTS, "hello")
    rig.slack.events_url = there
    await rig.slack.retry_due()
    assert rig.headers[-1]["x-slack-retry-reason"] == "connection_failed"
    rig.slack.wire.ack_seconds = 0.05
    waiting = asyncio.Event()

    async def late(_: Heard) -> Response:
        await waiting.wait()
        return Response()

    rig.answer = late
    await rig.slack.say("ana", INCIDENTS, "hello")
    waiting.set()
    rig.slack.wire.ack_seconds = limits.ACK_SECONDS
    await rig.slack.retry_due()
    assert rig.headers[-1]["x-slack-retry-reason"] == "http_timeout"


async def test_events_are_redelivered_and_reordered_on_demand(rig: Rig) -> None:
    """The same envelope twice; held events released backwards."""
    await rig.slack.say("ana", INCIDENTS, "one")
    await rig.slack.redeliver(rig.heard[0]["event_id"])
    assert rig.heard[0] == rig.heard[1]
    assert rig.headers[1]["x-slack-retry-num"] == "1"
    rig.slack.hold()
    await rig.slack.say("ana", INCIDENTS, "two")
    await rig.slack.say("ana", INCIDENTS, "three")
    assert len(rig.heard) == 2
    await rig.slack.release(backwards=True)
    assert [h["event"]["text"] for h in rig.heard[2:]] == ["three", "two"]


async def test_url_verification_asks_for_its_challenge(rig: Rig) -> None:
    """What Slack sends when the request URL is entered."""
    rig.answer = lambda told: PlainTextResponse(told["challenge"])
    ack = await rig.slack.verify_url()
    assert ack.body == ack.payload["challenge"]


async def test_uninstalling_tells_the_app_and_closes_its_account(rig: Rig) -> None:
    """Both events, then account_inactive for everything."""
    await rig.slack.uninstall()
    assert [h["event"]["type"] for h in rig.heard] == ["tokens_revoked", "app_uninstalled"]
    assert await rig.refused("auth.test") == "account_inactive"


async def test_the_bot_is_invited_and_removed(rig: Rig) -> None:
    """member_joined_channel and member_left_channel name the bot itself."""
    await rig.slack.join("amends", "#general", inviter="ana")
    joined = rig.told("member_joined_channel")[0]
    assert (joined["user"], joined["inviter"], joined["channel"]) == (BOT_USER, "U0ANA", "C0GENERAL")
    await rig.slack.leave("amends", "#general")
    assert rig.told("member_left_channel")[0]["user"] == BOT_USER
    assert await rig.refused("chat.postMessage", channel="C0GENERAL", text="x") == "not_in_channel"


# Socket Mode


class Listener:
    """An app in Socket Mode that acknowledges what it hears, with a payload if told to."""

    def __init__(self, rig: Rig) -> None:
        web = AsyncWebClient(base_url=rig.slack.api_url)
        self.client = SocketModeClient("xapp-sandbox", web_client=web, auto_reconnect_enabled=True)
        self.client.socket_mode_request_listeners.append(self._hear)  # type: ignore[arg-type]
        self.heard: list[SocketModeRequest] = []
        self.payload: dict[str, Any] | None = None
        self.acknowledges = True

    async def _hear(self, client: SocketModeClient, request: SocketModeRequest) -> None:
        self.heard.append(request)
        if self.acknowledges:
            await client.send_socket_mode_response(SocketModeResponse(request.envelope_id, self.payload))


@pytest.fixture
async def listener(rig: Rig) -> AsyncIterator[Listener]:
    """An app connected to the rig's Slack."""
    made = Listener(rig)
    await made.client.connect()  # type: ignore[no-untyped-call]
    yield made
    made.client.auto_reconnect_enabled = False
    await made.client.close()  # type: ignore[no-untyped-call]


async def until(true: Callable[[], object]) -> None:
    """Let other tasks run until this holds (five seconds at most)."""
    async with asyncio.timeout(5):
        while not true():  # noqa: ASYNC110 - watches a library's state, which sets no event
            await asyncio.sleep(0.01)


async def test_socket_mode_brings_everything_by_envelope(rig: Rig, listener: Listener) -> None:
    """Commands, interactions and events arrive as dictionaries; HTTP hears nothing meanwhile."""
    listener.payload = {"text": "by socket"}
    ack = await rig.slack.command("ana", INCIDENTS, "/incident", "list")
    assert (ack.ok, ack.via) == (True, "socket")
    assert [m.text for m in rig.slack.whispers("ana")] == ["by socket"]
    listener.payload = None
    await rig.slack.mention("ana", INCIDENTS, "hello")
    ts = await rig.post(actions(button("says")))
    await rig.slack.drain()
    await rig.slack.press("ana", INCIDENTS, ts, "says")
    kinds = [r.type for r in listener.heard]
    assert kinds == ["slash_commands", "events_api", "events_api", "events_api", "interactive"]
    assert listener.heard[0].payload["text"] == "list"
    assert (listener.heard[0].accepts_response_payload, listener.heard[1].accepts_response_payload) == (True, False)
    assert len({r.envelope_id for r in listener.heard}) == 5
    assert rig.heard == []
    assert (listener.heard[1].retry_attempt, listener.heard[0].retry_attempt) == (0, None)
    await rig.slack.redeliver(listener.heard[1].payload["event_id"])
    assert (listener.heard[-1].retry_attempt, listener.heard[-1].retry_reason) == (1, "http_timeout")


async def test_a_silent_socket_is_late(rig: Rig, listener: Listener) -> None:
    """An envelope without acknowledgement is an operation_timeout, too."""
    listener.acknowledges = False
    rig.slack.wire.ack_seconds = 0.05
    ack = await rig.slack.command("ana", INCIDENTS, "/incident")
    assert (ack.problem, rig.slack.violations["late_ack"]) == ("operation_timeout", 1)


async def test_a_refresh_makes_the_app_come_back_on_a_new_connection(rig: Rig, listener: Listener) -> None:
    """After disconnect with refresh_requested the SDK reconnects and hears what comes next."""
    before = rig.slack.wire.sockets[0]
    await rig.slack.wire.refresh()
    await until(lambda: [s for s in rig.slack.wire.sockets if s is not before and not s.leaving])
    ack = await rig.slack.command("ana", INCIDENTS, "/incident")
    assert (ack.ok, len(listener.heard)) == (True, 1)


async def test_a_socket_cut_while_waiting_is_a_failed_dispatch(rig: Rig, listener: Listener) -> None:
    """The connection breaks without a word: the person reads so, and the SDK comes back."""
    listener.acknowledges = False
    before = rig.slack.wire.sockets[0]
    waiting = asyncio.create_task(rig.slack.command("ana", INCIDENTS, "/incident"))
    await until(lambda: listener.heard)
    await rig.slack.wire.cut()
    assert (await waiting).problem == "dispatch_failed"
    listener.acknowledges = True
    await listener.client.connect_to_new_endpoint(force=True)
    await until(lambda: [s for s in rig.slack.wire.sockets if s is not before and not s.leaving])
    assert (await rig.slack.command("ana", INCIDENTS, "/incident")).ok


async def test_an_eleventh_socket_is_turned_away(rig: Rig) -> None:
    """Ten connections an app."""
    web = AsyncWebClient("xapp-sandbox", base_url=rig.slack.api_url, session=rig.session, retry_handlers=[])
    async with contextlib.AsyncExitStack() as doors:
        for i in range(11):
            url = (await web.apps_connections_open(app_token="xapp-sandbox"))["url"]
            door = await doors.enter_async_context(rig.session.ws_connect(url))
            first = await door.receive()
            assert (first.type is aiohttp.WSMsgType.TEXT) == (i < limits.SOCKET_CONNECTIONS)


async def test_a_ticket_opens_one_socket_and_only_the_app_token_gets_one(rig: Rig) -> None:
    """apps.connections.open is not for bot tokens, and its address works once."""
    assert await rig.refused("apps.connections.open") == "not_allowed_token_type"
    web = AsyncWebClient("xapp-sandbox", base_url=rig.slack.api_url, session=rig.session, retry_handlers=[])
    url = (await web.apps_connections_open(app_token="xapp-sandbox"))["url"]
    async with rig.session.ws_connect(url) as door:
        hello = await door.receive_json()
        assert (hello["type"], hello["num_connections"]) == ("hello", 1)
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await rig.session.ws_connect(url)


async def test_payloads_go_to_one_of_several_connections_in_turn(rig: Rig, listener: Listener) -> None:
    """Two connections share the load; each payload arrives once."""
    other = Listener(rig)
    await other.client.connect()  # type: ignore[no-untyped-call]
    await until(lambda: len(rig.slack.wire.sockets) == 2)
    for _ in range(4):
        await rig.slack.command("ana", INCIDENTS, "/incident")
    assert (len(listener.heard), len(other.heard)) == (2, 2)
    other.client.auto_reconnect_enabled = False
    await other.client.close()  # type: ignore[no-untyped-call]


# the page, the seed, the ledger


async def test_each_person_sees_their_own_workspace(rig: Rig) -> None:
    """Channels by membership, ephemeral messages by person, replies under their parents; all of it JSON."""
    ts = await rig.post(section("INC-7"))
    await rig.web.chat_postMessage(channel=INCIDENTS, text="in thread", thread_ts=ts)
    await rig.web.pins_add(channel=INCIDENTS, timestamp=ts)
    await rig.web.chat_postEphemeral(channel=INCIDENTS, user="U0ANA", text="only you")
    ana = json.loads(json.dumps(rig.slack.state_for("ana")))
    room = next(c for c in ana["channels"] if c["name"] == "incidents")
    assert [m["ephemeral"] for m in room["messages"]] == [False, True]
    assert (room["messages"][0]["pinned"], room["messages"][0]["sender"]) == (True, "Amends")
    assert [r["text"] for r in room["messages"][0]["replies"]] == ["in thread"]
    assert {"id": "U0NOOR", "name": "Noor Haddad"} in room["members"]
    assert room["messages"][0]["replies"][0]["ephemeral"] is False
    dm = rig.slack.direct("ana")
    titles = {c["id"]: c["title"] for c in rig.slack.state_for("ana")["channels"]}
    assert (titles[dm], titles[INCIDENTS]) == ("Amends", "incidents")
    seen = {u: [c["name"] for c in rig.slack.state_for(u)["channels"]] for u in ("gus", "sol", "noor")}
    assert seen["gus"] == ["incidents"]
    assert seen["sol"] == ["ext-contoso"]
    assert seen["noor"] == ["general", "incidents", "ext-contoso", "ext-tailspin"]


async def test_the_seed_and_later_additions_are_copies(rig: Rig) -> None:
    """Two workspaces of one seed do not share anything; ids are the given ones."""
    cast = (people(), [*channels(), Channel("C0NEW", "new", ["U0ANA", BOT_USER])])
    async with rigged(seed=cast, team_id="T0HOME") as other:
        assert (await other.web.users_info(user="U0ANA"))["user"]["team_id"] == "T0HOME"
        other.slack.add_user(Person("U0UMA", "uma", "Uma Young", "uma@example.com"))
        other.slack.add_channel(Channel("C0MORE", "more", ["U0UMA", BOT_USER]))
        await other.slack.say("uma", "#more", "hello")
        await other.post(channel="C0NEW")
        assert cast[1][-1].messages == {}
    assert "U0UMA" not in rig.slack.world.people


async def test_the_ledger_holds_effects_with_place_and_time_and_refusals_apart(rig: Rig) -> None:
    """Reads leave no entry but are on the list of calls."""
    await rig.web.conversations_info(channel=INCIDENTS)
    await rig.post()
    await rig.slack.say("ana", INCIDENTS, "hello")
    await rig.refused("chat.postMessage", channel="C0NOWHERE", text="x")
    post, said = rig.ledger.entries
    assert (post.what, post.place, post.sender, post.at) == ("chat.postMessage", INCIDENTS, BOT_USER, START)
    assert "token" not in post.payload
    assert (said.what, said.sender) == ("person.message", "U0ANA")
    assert [(e.what, e.answer["error"]) for e in rig.ledger.refusals] == [("chat.postMessage", "channel_not_found")]
    assert [c.method for c in rig.slack.calls] == ["conversations.info", "chat.postMessage", "chat.postMessage"]


async def story() -> list[Any]:
    """A short run on a frozen clock, as bytes would show it."""
    async with rigged() as rig:
        rig.answer = lambda told: JSONResponse({"text": "yes"} if "command" in told else {})
        made = await rig.web.conversations_create(name="inc-1")
        ts = await rig.post(section("x"), actions(button("says")), channel=made["channel"]["id"])
        await rig.slack.drain()
        await rig.slack.command("ana", INCIDENTS, "/incident", "list")
        await rig.slack.press("ana", made["channel"]["id"], ts, "says")
        port = rig.slack.base_url
        entries = [(e.seq, e.at, e.what, e.place, e.payload, e.answer) for e in rig.ledger.entries]
        return [str(entries).replace(port, ""), str(rig.heard).replace(port, "")]


async def test_a_run_repeats_byte_for_byte() -> None:
    """Ids and times come from counters and the clock, nothing from chance."""
    assert await story() == await story()


async def test_people_may_act_from_another_loop_than_the_server_runs_on() -> None:
    """The server in a thread of its own, the acts here: requests and sockets both arrive."""
    clock = SandboxClock(START)
    slack = FakeSlack(Ledger(clock), clock)
    ready, stop, found = threading.Event(), asyncio.Event(), []
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        async with serving(Starlette(routes=slack.routes("/slack"))) as address:
            found.append(address)
            ready.set()
            await stop.wait()
            await slack.aclose()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    await asyncio.to_thread(ready.wait, 5)
    base = f"{found[0]}/slack/api/"
    async with aiohttp.ClientSession() as session:
        web = AsyncWebClient("xoxb-sandbox", base_url=base, session=session, retry_handlers=[])
        await web.chat_postMessage(channel=INCIDENTS, text="x")
        assert slack.base_url == f"{found[0]}/slack"  # learned from the first call
        url = (await web.apps_connections_open(app_token="xapp-sandbox"))["url"]
        async with session.ws_connect(url) as door:
            await door.receive_json()
            act = asyncio.create_task(slack.command("ana", INCIDENTS, "/incident", "list"))
            envelope = await door.receive_json()
            await door.send_json({"envelope_id": envelope["envelope_id"], "payload": {"text": "heard"}})
            ack: Ack = await act
    assert (ack.ok, ack.answer) == (True, {"text": "heard"})
    await slack.aclose()
    loop.call_soon_threadsafe(stop.set)
    await asyncio.to_thread(thread.join, 5)
    loop.close()
    assert not thread.is_alive()


def test_the_signature_is_slacks_own_recipe() -> None:
    """HMAC-SHA256 over v0:timestamp:body, in the clock's time."""
    clock = SandboxClock(START)
    headers = FakeSlack(Ledger(clock), clock).wire.signed(b"a=1", "application/x-www-form-urlencoded")
    stamp = str(int(START.timestamp()))
    digest = hmac.new(SECRET.encode(), f"v0:{stamp}:a=1".encode(), hashlib.sha256).hexdigest()
    assert (headers["X-Slack-Request-Timestamp"], headers["X-Slack-Signature"]) == (stamp, f"v0={digest}")
