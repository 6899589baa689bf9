"""The sandbox's Teams, spoken to over real loopback HTTP as the bot would."""

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import jwt
import pytest
import requests
import uvicorn
from botframework.connector.aio import ConnectorClient
from botframework.connector.auth import AppCredentials
from botframework.connector.models import Activity, ChannelAccount, ConversationParameters
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from bot.sandbox.ledger import Fault, Ledger, SandboxClock
from bot.sandbox.teams import APP_ID, HOME_TENANT, ISSUER, OTHER_TENANT, Channel, FakeTeams, SigningKey, check_card
from bot.sandbox.teams_cards import pressables
from bot.sandbox.teams_faults import error
from bot.sandbox.teams_rates import READ, SEND, Rates

INCIDENTS = "19:incidents@thread.tacv2"
OPERATIONS = "19:operations@thread.tacv2"
FABRIKAM = "19:fabrikam@thread.tacv2"
NORTHWIND = "19:northwind@thread.tacv2"
ON_CALL = "19:on-call@thread.v2"
START = datetime(2026, 3, 4, 14, 2, tzinfo=UTC)

CARD = {
    "type": "AdaptiveCard",
    "version": "1.5",
    "body": [
        {"type": "TextBlock", "text": "INC-7 Checkout"},
        {"type": "Input.Text", "id": "why", "label": "Why", "isRequired": True, "errorMessage": "Say why."},
        {"type": "Input.Toggle", "id": "sure", "title": "Sure"},
    ],
    "actions": [
        {"type": "Action.Execute", "title": "Resolve", "verb": "resolve", "data": {"n": 7}},
        {"type": "Action.Submit", "title": "Note", "data": {"says": "note"}},
        {"type": "Action.Submit", "title": "Form", "data": {"msteams": {"type": "task/fetch"}, "form": "declare"}},
        {"type": "Action.OpenUrl", "title": "Page", "url": "https://status.example.com"},
        {"type": "Action.Execute", "title": "Later", "verb": "later", "isEnabled": False},
        {
            "type": "Action.ShowCard",
            "title": "More",
            "card": {
                "type": "AdaptiveCard",
                "body": [{"type": "Input.Text", "id": "more", "label": "More"}],
                "actions": [{"type": "Action.Execute", "title": "Tell", "verb": "tell", "associatedInputs": "auto"}],
            },
        },
    ],
}
Heard = Callable[[dict[str, Any]], Awaitable[Response] | Response]


def attached(card: object) -> dict[str, Any]:
    return {"contentType": "application/vnd.microsoft.card.adaptive", "content": card}


def said(text: str = "hello", *cards: object) -> dict[str, Any]:
    return {"type": "message", "text": text, "attachments": [attached(c) for c in cards]}


@dataclass
class Rig:
    """A Teams and a bot that writes down what it hears and answers what it is told to."""

    teams: FakeTeams
    ledger: Ledger
    clock: SandboxClock
    root: str = ""
    token: str = ""
    heard: list[dict[str, Any]] = field(default_factory=list)
    headers: list[str] = field(default_factory=list)
    answer: Heard = lambda _: Response()
    session: aiohttp.ClientSession | None = None

    async def messages(self, request: Request) -> Response:
        """The bot's door."""
        self.headers.append(request.headers.get("authorization", ""))
        self.heard.append(await request.json())
        response = self.answer(self.heard[-1])
        return response if isinstance(response, Response) else await response

    async def call(self, method: str, path: str, body: object = None, token: str | None = None) -> tuple[int, Any]:
        """The bot's call; the answer's JSON."""
        status, _, answer = await self.full(method, path, body, token)
        return status, answer

    async def full(self, method: str, path: str, body: object = None, token: str | None = None) -> tuple[int, Any, Any]:
        """As `call`, with the headers in the middle."""
        assert self.session is not None
        bearer = {"Authorization": f"Bearer {self.token if token is None else token}"}
        async with self.session.request(method, self.root + path, json=body, headers=bearer) as response:
            raw = await response.read()
            kind = response.headers.get("content-type", "")
            return response.status, response.headers, json.loads(raw) if "json" in kind and raw else raw

    async def post(self, conversation: str, activity: object, reply_to: str = "") -> tuple[int, Any]:
        """Say something as the bot."""
        tail = f"/{reply_to}" if reply_to else ""
        return await self.call("POST", f"/v3/conversations/{conversation}/activities{tail}", activity)

    async def thread(self, *cards: object) -> tuple[str, str]:
        """Begin a thread in Incidents; its conversation id and its first message's id."""
        status, answer = await self.call(
            "POST",
            "/v3/conversations",
            {"isGroup": True, "channelData": {"channel": {"id": INCIDENTS}}, "activity": said("INC-7", *cards)},
        )
        assert status == 201
        return answer["id"], answer["activityId"]


@contextlib.asynccontextmanager
async def serving(app: Starlette) -> AsyncIterator[str]:
    """The app on a free loopback port; its address."""
    # asyncio turns Nagle's delay off only for sockets that name their protocol.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_level="critical", lifespan="off", ws="none")
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup([listener])
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        # Not `server.shutdown()`: that waits a tenth of a second for clients, and ours have gone.
        for door in server.servers:
            door.close()
        for connection in list(server.server_state.connections):
            connection.transport.abort()
        await asyncio.gather(*server.server_state.tasks)
        listener.close()


@contextlib.asynccontextmanager
async def rigged(**options: Any) -> AsyncIterator[Rig]:
    """A whole rig with its own clock, ledger and port."""
    clock = SandboxClock(START)
    ledger = Ledger(clock)
    teams = FakeTeams(ledger, clock, **options)
    rig = Rig(teams, ledger, clock)
    app = Starlette(
        routes=[Mount("/sandbox/teams", routes=teams.routes()), Route("/api/messages", rig.messages, methods=["POST"])]
    )
    async with serving(app) as address, aiohttp.ClientSession() as session:
        rig.session = session
        rig.root = f"{address}/sandbox/teams"
        teams.service_url = rig.root + "/"
        teams.messages_url = f"{address}/api/messages"
        rig.token = teams.identity.issue()
        yield rig


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    """The sandbox's own people and teams."""
    async with rigged() as made:
        yield made


def credentials(**changes: str) -> dict[str, str]:
    return {
        "grant_type": "client_credentials",
        "client_id": APP_ID,
        "client_secret": "sandbox",
        "scope": "https://api.botframework.com/.default",
        **changes,
    }


# ── tokens ────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_token_endpoint_gives_a_bearer_that_the_connector_takes(rig: Rig) -> None:
    """The bot's credentials buy a token, which opens the connector; the secret is written down nowhere."""
    assert rig.session is not None
    async with rig.session.post(f"{rig.root}/{HOME_TENANT}/oauth2/v2.0/token", data=credentials()) as response:
        answer = await response.json()
    assert (response.status, answer["token_type"], answer["expires_in"]) == (200, "Bearer", 3599)
    status, _ = await rig.call("GET", f"/v3/teams/{OPERATIONS}", token=answer["access_token"])
    assert status == 200
    written = str([(e.payload, e.answer) for e in rig.ledger.entries])
    assert answer["access_token"] not in written
    assert "'client_secret': 'sandbox'" not in written


@pytest.mark.parametrize(
    ("tenant", "changes", "status", "name"),
    [
        (HOME_TENANT, {"client_secret": "guess"}, 401, "invalid_client"),
        (HOME_TENANT, {"client_id": "somebody"}, 400, "unauthorized_client"),
        (HOME_TENANT, {"scope": "https://graph.microsoft.com/.default"}, 400, "invalid_scope"),
        (HOME_TENANT, {"grant_type": "password"}, 400, "unsupported_grant_type"),
        (OTHER_TENANT, {}, 400, "invalid_request"),
    ],
)
async def test_wrong_credentials_get_no_token(
    rig: Rig, tenant: str, changes: dict[str, str], status: int, name: str
) -> None:
    """Each wrong field is refused in Entra's words, and the refusal is on record."""
    assert rig.session is not None
    url = f"{rig.root}/{tenant}/oauth2/v2.0/token"
    async with rig.session.post(url, data=credentials(**changes)) as response:
        answer = await response.json()
    assert (response.status, answer["error"]) == (status, name)
    assert answer["error_description"].startswith("AADSTS")
    assert [e.what for e in rig.ledger.refusals] == ["token"]


@pytest.mark.parametrize("token", ["", "made-up"])
async def test_the_connector_wants_its_own_bearer(rig: Rig, token: str) -> None:
    """No token or a foreign one is a 401 without effect."""
    status, answer = await rig.call("POST", f"/v3/conversations/{ON_CALL}/activities", said(), token=token)
    assert (status, answer["error"]["code"]) == (401, "Unauthorized")
    assert not rig.ledger.entries


async def test_revoked_tokens_stop_working(rig: Rig) -> None:
    """After revoke_tokens the bot has to ask for a new one."""
    rig.teams.identity.revoke_tokens()
    assert (await rig.post(ON_CALL, said()))[0] == 401


# ── what the bot hears ────────────────────────────────────────────────────────────────────────────────────────────────


async def public_keys(rig: Rig) -> dict[str, Any]:
    """The key set, found the way a bot finds it."""
    assert rig.session is not None
    async with rig.session.get(f"{rig.root}/v1/.well-known/openidconfiguration") as response:
        metadata = await response.json()
    async with rig.session.get(metadata["jwks_uri"]) as response:
        return {key["kid"]: key for key in (await response.json())["keys"]}


async def verified(rig: Rig, header: str) -> dict[str, Any]:
    """The claims, checked as Microsoft's page says."""
    token = header.removeprefix("Bearer ")
    key = (await public_keys(rig))[jwt.get_unverified_header(token)["kid"]]
    if "msteams" not in key["endorsements"]:
        raise jwt.InvalidTokenError("endorsement")
    claims: dict[str, Any] = jwt.decode(
        token, jwt.PyJWK(key), algorithms=["RS256"], audience=APP_ID, issuer=ISSUER, options={"require": ["exp"]}
    )
    return claims


async def test_a_mention_in_a_channel_arrives_as_teams_sends_it(rig: Rig) -> None:
    """Thread id, mention markup with its non-breaking space, tenant, team, channel, times and people are all there."""
    delivery = await rig.teams.mention("ben", INCIDENTS, "declare sev1 Checkout is down")
    assert (delivery.status, delivery.late) == (200, False)
    (activity,) = rig.heard
    assert activity["text"] == "<at>Amends</at>&nbsp;declare sev1 Checkout is down"
    assert activity["conversation"] == {
        "id": f"{INCIDENTS};messageid={activity['id']}",
        "conversationType": "channel",
        "tenantId": HOME_TENANT,
        "isGroup": True,
    }
    assert activity["channelData"]["tenant"] == {"id": HOME_TENANT}
    assert activity["channelData"]["team"] == {"id": OPERATIONS}
    assert activity["channelData"]["channel"] == {"id": INCIDENTS}
    assert activity["from"] == {"id": "29:ben", "name": "Ben Okafor", "aadObjectId": rig.teams.world.person("ben").aad}
    assert activity["recipient"] == {"id": f"28:{APP_ID}", "name": "Amends"}
    assert activity["entities"][0] == {
        "type": "mention",
        "mentioned": {"id": f"28:{APP_ID}", "name": "Amends"},
        "text": "<at>Amends</at>",
    }
    assert activity["timestamp"] == "2026-03-04T14:02:00.000Z"
    assert activity["localTimestamp"] == "2026-03-04T15:02:00.000+01:00"
    assert (activity["channelId"], activity["locale"]) == ("msteams", "en-GB")
    assert activity["serviceUrl"] == rig.root + "/"


async def test_activities_are_signed_so_that_the_published_keys_verify_them(rig: Rig) -> None:
    """Issuer, audience, expiry and the serviceurl claim are Microsoft's."""
    await rig.teams.say_personal("ana", "list")
    claims = await verified(rig, rig.headers[0])
    assert claims["serviceurl"] == rig.heard[0]["serviceUrl"]
    assert claims["exp"] > datetime.now(UTC).timestamp()


async def test_colleagues_named_in_a_text_become_mentions(rig: Rig) -> None:
    """`@cleo` turns into mention markup with her id; somebody who is not there stays text."""
    await rig.teams.mention("ben", INCIDENTS, "role commander @cleo and @sam, mail ben@example.com")
    (activity,) = rig.heard
    assert "<at>Cleo Brandt</at> and @sam, mail ben@example.com" in activity["text"]
    mentioned = [e["mentioned"]["id"] for e in activity["entities"] if e["type"] == "mention"]
    assert mentioned == [f"28:{APP_ID}", "29:cleo"]
    assert all("_typed" not in e for e in activity["entities"])


async def test_personal_and_group_chats_say_which_they_are(rig: Rig) -> None:
    """A personal chat has an id of its own and no team; a group chat keeps its id without a thread."""
    await rig.teams.say_personal("ana", "list")
    await rig.teams.mention("ana", ON_CALL, "list")
    personal, group = rig.heard
    assert personal["conversation"]["conversationType"] == "personal"
    assert personal["conversation"]["id"].startswith("a:1")
    assert "isGroup" not in personal["conversation"]
    assert personal["text"] == "list"
    assert group["conversation"]["id"] == ON_CALL
    assert group["conversation"]["conversationType"] == "groupChat"
    assert "team" not in group["channelData"]


async def test_a_channel_message_without_a_mention_is_heard_only_with_consent() -> None:
    """People talk among themselves; ChannelMessage.Read.Group lets the bot listen."""
    for consent in (False, True):
        async with rigged(read_consent=consent) as rig:
            await rig.teams.say("ben", INCIDENTS, "the database is back")
            assert [a["text"] for a in rig.heard] == (["the database is back"] if consent else [])
            assert rig.teams.world.said_in(INCIDENTS)[0].text == "the database is back"


async def test_guests_and_strangers_bring_their_own_tenant(rig: Rig) -> None:
    """The conversation stays ours while channelData names the tenant of who speaks."""
    await rig.teams.mention("gil", INCIDENTS, "declare x")
    await rig.teams.mention("sam", FABRIKAM, "declare x")
    await rig.teams.say_personal("sam", "declare x")
    guest, shared, foreign = rig.heard
    for activity in (guest, shared):
        assert activity["channelData"]["tenant"]["id"] == OTHER_TENANT
        assert activity["conversation"]["tenantId"] == HOME_TENANT
    assert foreign["conversation"]["tenantId"] == OTHER_TENANT


async def test_guests_can_be_told_apart_by_the_roster_alone() -> None:
    """With guests_bring_home_tenant off only userRole gives a guest away."""
    async with rigged(guests_bring_home_tenant=False) as rig:
        await rig.teams.mention("gil", INCIDENTS, "declare x")
        assert rig.heard[0]["channelData"]["tenant"]["id"] == HOME_TENANT
        _, member = await rig.call("GET", f"/v3/conversations/{INCIDENTS}/members/29:gil")
        assert (member["userRole"], member["tenantId"]) == ("guest", OTHER_TENANT)


async def test_nobody_acts_where_they_cannot_look(rig: Rig) -> None:
    """A customer's person has no way into our channels, and unknown names are told apart from closed doors."""
    with pytest.raises(PermissionError):
        await rig.teams.mention("sam", INCIDENTS, "declare x")
    with pytest.raises(LookupError):
        await rig.teams.mention("nobody", INCIDENTS, "declare x")
    with pytest.raises(LookupError):
        await rig.teams.mention("ben", "19:nowhere@thread.tacv2", "declare x")
    assert not rig.heard


async def test_edits_deletions_and_reactions_reach_the_bot(rig: Rig) -> None:
    """MessageUpdate and messageDelete carry the message's own id; reactions come for the bot's messages only."""
    original = (await rig.teams.mention("ben", INCIDENTS, "declare Chekout")).activity["id"]
    await rig.teams.edit("ben", INCIDENTS, original, "declare Checkout")
    _, post = await rig.thread()
    await rig.teams.react("ana", INCIDENTS, post)
    await rig.teams.react("ana", INCIDENTS, original)
    await rig.teams.delete("ben", INCIDENTS, original)
    update, reaction, gone = rig.heard[1:]
    assert (update["type"], update["id"], update["text"]) == (
        "messageUpdate",
        original,
        "<at>Amends</at>&nbsp;declare Checkout",
    )
    assert update["channelData"]["eventType"] == "editMessage"
    assert (reaction["replyToId"], reaction["reactionsAdded"]) == (post, [{"type": "like"}])
    assert (gone["type"], gone["id"], "text" in gone) == ("messageDelete", original, False)
    assert rig.teams.world.find_message(INCIDENTS, original) is None
    with pytest.raises(PermissionError):
        await rig.teams.edit("ana", INCIDENTS, post, "not mine")


async def test_installing_and_removing_the_app_is_told_and_takes_effect(rig: Rig) -> None:
    """The bot hears both events each time, and after its removal it is refused."""
    await rig.teams.uninstall(OPERATIONS)
    assert [a["type"] for a in rig.heard] == ["conversationUpdate", "installationUpdate"]
    assert rig.heard[0]["membersRemoved"] == [{"id": f"28:{APP_ID}"}]
    status, answer = await rig.post(INCIDENTS, said())
    assert (status, answer["error"]["code"]) == (403, "BotNotInConversationRoster")
    assert (await rig.teams.mention("ben", INCIDENTS, "help")).error == "the bot is not here"
    await rig.teams.install(OPERATIONS)
    added, installed = rig.heard[2:]
    assert added["membersAdded"] == [{"id": f"28:{APP_ID}"}]
    assert added["channelData"]["team"]["name"] == "Operations"
    assert (added["conversation"]["id"], installed["action"]) == (OPERATIONS, "add")
    assert (await rig.post(INCIDENTS, said()))[0] == 201


async def test_channels_come_change_their_name_and_go(rig: Rig) -> None:
    """Each change is an event with the channel in it; the id outlives a name, and a deleted channel is a 404."""
    await rig.teams.create_channel(OPERATIONS, Channel("19:new@thread.tacv2", "New"))
    assert (await rig.post("19:new@thread.tacv2", said()))[0] == 201
    await rig.teams.rename_channel("19:new@thread.tacv2", "Newer")
    await rig.teams.rename_team(OPERATIONS, "Ops")
    await rig.teams.delete_channel("19:new@thread.tacv2")
    status, answer = await rig.post("19:new@thread.tacv2", said())
    assert (status, answer["error"]["code"]) == (404, "ConversationNotFound")
    events = [(a["channelData"]["eventType"], a["channelData"].get("channel", {}).get("name")) for a in rig.heard]
    assert events == [
        ("channelCreated", "New"),
        ("channelRenamed", "Newer"),
        ("teamRenamed", None),
        ("channelDeleted", "Newer"),
    ]


# ── what the bot says ─────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_thread_begins_in_a_channel_and_replies_land_in_it(rig: Rig) -> None:
    """Replies by thread id and by replyToId both join the thread, whoever began it."""
    thread, first = await rig.thread()
    assert thread == f"{INCIDENTS};messageid={first}"
    await rig.post(thread, said("one"))
    _, second = await rig.post(INCIDENTS, said("two"), reply_to=first)
    await rig.post(INCIDENTS, said("three"), reply_to=second["id"])
    mine = (await rig.teams.mention("ben", INCIDENTS, "help")).activity["id"]
    await rig.post(INCIDENTS, said("answer"), reply_to=mine)
    channel = rig.teams.state_for("ana")["teams"][0]["channels"][1]
    read = [(t["root"]["text"], [r["text"] for r in t["replies"]]) for t in channel["threads"]]
    assert read == [("INC-7", ["one", "two", "three"]), ("<at>Amends</at> help", ["answer"])]
    assert [e.what for e in rig.ledger.entries if e.sender.startswith("28:")] == [
        "conversations.create",
        *["activity.post"] * 4,
    ]


async def test_people_answer_in_threads_too(rig: Rig) -> None:
    """What is said, pressed or liked in a thread comes from the thread's first message, not from the answer itself."""
    thread, _ = await rig.thread()
    _, reply = await rig.post(thread, said("", CARD))
    await rig.teams.mention("ben", thread, "show")
    await rig.teams.press("ben", INCIDENTS, reply["id"], "Note", {"why": "x"})
    await rig.teams.react("ben", INCIDENTS, reply["id"])
    assert [a["conversation"]["id"] for a in rig.heard] == [thread] * 3
    assert rig.teams.world.said_in(thread)[-1].text == "<at>Amends</at> show"


async def test_a_plain_post_into_a_channel_begins_a_thread(rig: Rig) -> None:
    """Without messageid and replyToId a channel post stands for itself."""
    _, answer = await rig.post(INCIDENTS, said("alone"))
    assert rig.teams.world.said_in(f"{INCIDENTS};messageid={answer['id']}")[0].root == ""


async def test_a_personal_chat_is_created_once(rig: Rig) -> None:
    """Creating it again, by either id, gives the chat the person already writes in."""
    body = {"members": [{"id": "29:ana"}], "tenantId": HOME_TENANT}
    by_object_id = {
        "members": [{"id": rig.teams.world.person("ana").aad}],
        "channelData": {"tenant": {"id": HOME_TENANT}},
        "activity": said("hello Ana"),
    }
    status, first = await rig.call("POST", "/v3/conversations", body)
    _, again = await rig.call("POST", "/v3/conversations", by_object_id)
    await rig.teams.say_personal("ana", "hi")
    assert status == 201
    assert first["id"] == again["id"] == rig.heard[0]["conversation"]["id"]
    assert [m["text"] for m in rig.teams.state_for("ana")["personal"]["messages"]] == ["hello Ana", "hi"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"members": [{"id": "29:sam"}], "tenantId": OTHER_TENANT}, 403, "ForbiddenOperationException"),
        ({"members": [{"id": "29:ana"}], "tenantId": OTHER_TENANT}, 403, "ForbiddenOperationException"),
        ({"members": [{"id": "29:ana"}]}, 403, "ForbiddenOperationException"),
        ({"members": [{"id": "29:who"}], "tenantId": HOME_TENANT}, 400, "BadArgument"),
        ({"members": [{"id": "29:ana"}, {"id": "29:ben"}], "tenantId": HOME_TENANT}, 400, "BadSyntax"),
        ({"isGroup": True, "channelData": {"channel": {"id": INCIDENTS}}}, 400, "BadSyntax"),
        ({"channelData": {"channel": {"id": INCIDENTS}}, "activity": said()}, 400, "BadSyntax"),
        (
            {"isGroup": True, "channelData": {"channel": {"id": NORTHWIND}}, "activity": said()},
            403,
            "BotNotInConversationRoster",
        ),
        (
            {"isGroup": True, "channelData": {"channel": {"id": "19:x"}}, "activity": said()},
            404,
            "ConversationNotFound",
        ),
        ([], 400, "BadSyntax"),
    ],
)
async def test_conversations_that_cannot_be_created(rig: Rig, body: object, status: int, code: str) -> None:
    """Each wrong request has Teams' own code, no effect, and a line among the refusals."""
    got, answer = await rig.call("POST", "/v3/conversations", body)
    assert (got, answer["error"]["code"]) == (status, code)
    assert not rig.ledger.entries
    assert [e.answer["code"] for e in rig.ledger.refusals] == [code]


async def test_without_the_app_a_person_cannot_be_written_to(rig: Rig) -> None:
    """The personal scope must hold the app; installing it opens the chat and tells the bot."""
    rig.teams.world.change_person("ana", has_app=False)
    body = {"members": [{"id": "29:ana"}], "tenantId": HOME_TENANT}
    assert (await rig.call("POST", "/v3/conversations", body))[0] == 403
    await rig.teams.install_personal("ana")
    assert (await rig.call("POST", "/v3/conversations", body))[0] == 201
    assert [a["type"] for a in rig.heard] == ["conversationUpdate", "installationUpdate"]


async def test_posts_to_wrong_places_have_their_own_codes(rig: Rig) -> None:
    """Unknown conversations, threads and activities are 404, other people's messages and closed channels 403."""
    theirs = (await rig.teams.mention("ben", INCIDENTS, "help")).activity["id"]
    calls = [
        ("POST", "/v3/conversations/19:no@thread.tacv2/activities", 404, "ConversationNotFound"),
        ("POST", f"/v3/conversations/{INCIDENTS};messageid=1/activities", 404, "ConversationNotFound"),
        ("POST", f"/v3/conversations/{INCIDENTS}/activities/1", 404, "ActivityNotFoundInConversation"),
        ("PUT", f"/v3/conversations/{INCIDENTS}/activities/1", 404, "ActivityNotFoundInConversation"),
        ("DELETE", f"/v3/conversations/{INCIDENTS}/activities/1", 404, "ActivityNotFoundInConversation"),
        ("PUT", f"/v3/conversations/{INCIDENTS}/activities/{theirs}", 403, "NotEnoughPermissions"),
        ("POST", f"/v3/conversations/{NORTHWIND}/activities", 403, "BotNotInConversationRoster"),
        ("GET", f"/v3/conversations/{NORTHWIND}/members", 403, "BotNotInConversationRoster"),
        ("GET", "/v3/conversations/19:no@thread.tacv2/members/29:ben", 404, "ConversationNotFound"),
        ("GET", f"/v3/conversations/{INCIDENTS}/members/29:sam", 404, "MemberNotFoundInConversation"),
        ("GET", "/v3/teams/19:no@thread.tacv2", 404, "ConversationNotFound"),
    ]
    for method, path, status, code in calls:
        got, answer = await rig.call(method, path, said() if method != "GET" else None)
        assert (got, answer["error"]["code"]) == (status, code), path


async def test_edits_replace_and_deletions_remove(rig: Rig) -> None:
    """A PUT shows the new words marked as edited; after a DELETE the activity is not found."""
    thread, first = await rig.thread()
    path = f"/v3/conversations/{thread}/activities/{first}"
    assert await rig.call("PUT", path, said("INC-7 resolved")) == (200, {"id": first})
    message = rig.teams.state_for("ben")["teams"][0]["channels"][1]["threads"][0]["root"]
    assert (message["text"], message["edited"]) == ("INC-7 resolved", True)
    assert (await rig.call("DELETE", path))[0] == 200
    assert (await rig.call("DELETE", path))[0] == 404
    assert rig.teams.state_for("ben")["teams"][0]["channels"][1]["threads"] == []
    assert [e.what for e in rig.ledger.find(place=thread)] == ["activity.put", "activity.delete"]


async def test_a_deleted_first_message_leaves_its_answers_standing(rig: Rig) -> None:
    """The thread stays readable with a tombstone at its head."""
    thread, first = await rig.thread()
    await rig.post(thread, said("an answer"))
    await rig.call("DELETE", f"/v3/conversations/{thread}/activities/{first}")
    (shown,) = rig.teams.state_for("ben")["teams"][0]["channels"][1]["threads"]
    assert (shown["root"]["deleted"], shown["root"]["text"]) == (True, "")
    assert [r["text"] for r in shown["replies"]] == ["an answer"]


@pytest.mark.parametrize(
    "body",
    [
        {"type": "message"},
        {"type": "message", "text": 7},
        {"type": "message", "text": "x", "attachments": "card"},
        {"type": "message", "attachments": [{"content": {}}]},
        {"type": "message", "attachments": [{"contentType": "application/x-unknown", "content": {}}]},
        {"type": "message", "text": "x", "entities": 7},
        {"type": "message", "text": "x", "channelData": json.loads("[" * 200 + "]" * 200)},
        {"type": "carol"},
        {},
        [],
    ],
)
async def test_malformed_activities_are_refused(rig: Rig, body: object) -> None:
    """A 400 BadSyntax each, and nothing on screen."""
    status, answer = await rig.post(ON_CALL, body)
    assert (status, answer["error"]["code"]) == (400, "BadSyntax")
    assert not rig.teams.world.said_in(ON_CALL)


async def test_bodies_that_are_not_json_are_refused(rig: Rig) -> None:
    """Garbage, and JSON deeper than any parser likes, are 400, never 500."""
    assert rig.session is not None
    for raw in (b"nope", b"[" * 100_000, b'"' + b"\xff", b""):
        async with rig.session.post(
            f"{rig.root}/v3/conversations/{ON_CALL}/activities",
            data=raw,
            headers={"Authorization": f"Bearer {rig.token}"},
        ) as response:
            assert response.status == 400


async def test_typing_is_taken_and_leaves_nothing(rig: Rig) -> None:
    """A typing activity is answered like a message and not shown."""
    assert (await rig.post(ON_CALL, {"type": "typing"}))[0] == 201
    assert not rig.teams.world.said_in(ON_CALL)
    assert [e.what for e in rig.ledger.entries] == ["activity.typing"]


async def test_rosters_and_teams_can_be_read(rig: Rig) -> None:
    """Members carry mail, object id, tenant and role; General has the team's id and no name; pages continue."""
    _, members = await rig.call("GET", f"/v3/conversations/{INCIDENTS}/members")
    assert [m["id"] for m in members] == ["29:ben", "29:ana", "29:cleo", "29:noor", "29:priya", "29:dana", "29:gil"]
    ana = members[1]
    assert (ana["email"], ana["userPrincipalName"]) == ("ana@example.com", "ana@example.com")
    assert (ana["tenantId"], ana["userRole"]) == (HOME_TENANT, "user")
    assert (await rig.call("GET", f"/v3/conversations/{INCIDENTS}/members/{ana['aadObjectId']}"))[1] == ana
    _, page = await rig.call("GET", f"/v3/conversations/{INCIDENTS}/pagedmembers?pageSize=4")
    token = page["continuationToken"]
    _, rest = await rig.call("GET", f"/v3/conversations/{INCIDENTS}/pagedmembers?pageSize=4&continuationToken={token}")
    assert page["members"] + rest["members"] == members
    assert "continuationToken" not in rest
    _, team = await rig.call("GET", f"/v3/teams/{OPERATIONS}")
    assert (team["name"], team["channelCount"], team["memberCount"]) == ("Operations", 2, 7)
    assert len({team["id"], team["aadGroupId"]}) == 2
    _, channels = await rig.call("GET", f"/v3/teams/{OPERATIONS}/conversations")
    assert channels == {
        "conversations": [
            {"id": OPERATIONS, "name": None, "type": "standard"},
            {"id": INCIDENTS, "name": "Incidents", "type": "standard"},
        ]
    }


async def test_microsofts_own_client_library_works_against_it(rig: Rig) -> None:
    """botframework-connector creates, posts, replies, edits, deletes and reads members."""

    class Bearer(AppCredentials):  # type: ignore[misc]  # the library is untyped
        def get_access_token(self, force_refresh: bool = False) -> str:
            del force_refresh
            return rig.token

    client = ConnectorClient(Bearer(APP_ID), base_url=rig.root + "/")
    talk = client.conversations
    made = await talk.create_conversation(
        ConversationParameters(
            is_group=True,
            channel_data={"channel": {"id": INCIDENTS}},
            activity=Activity(type="message", text="INC-8"),
        )
    )
    sent = await talk.send_to_conversation(made.id, Activity(type="message", text="one"))
    reply = await talk.reply_to_activity(INCIDENTS, sent.id, Activity(type="message", text="two"))
    await talk.update_activity(made.id, sent.id, Activity(type="message", text="one, edited"))
    await talk.delete_activity(made.id, reply.id)
    personal = await talk.create_conversation(
        ConversationParameters(members=[ChannelAccount(id="29:ben")], tenant_id=HOME_TENANT)
    )
    members = await talk.get_conversation_paged_members(made.id)
    assert [m.text for m in rig.teams.world.said_in(made.id)] == ["INC-8", "one, edited"]
    assert personal.id == rig.teams.world.personal_chat(rig.teams.world.person("ben"))
    assert members.members[0].name == "Ben Okafor"


# ── limits ────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_messages_too_large_are_refused_and_large_cards_counted(rig: Rig) -> None:
    """Past 80 KB as UTF-16 nothing is shown; a card past 28 KB is shown and counted."""
    status, answer = await rig.post(ON_CALL, said("x" * 41_000))
    assert (status, answer["error"]["code"]) == (413, "MessageSizeTooBig")
    assert not rig.teams.world.said_in(ON_CALL)
    large = {"type": "AdaptiveCard", "version": "1.5", "body": [{"type": "TextBlock", "text": "y" * 29_000}]}
    assert (await rig.post(ON_CALL, said("", large)))[0] == 201
    assert [v.kind for v in rig.teams.violations] == ["size", "card_size"]


async def test_the_published_windows_answer_429_when_enforced() -> None:
    """The eighth post in a second waits one second, and the door opens when the clock says so."""
    async with rigged(enforce_rates=True) as rig:
        for _ in range(7):
            assert (await rig.post(ON_CALL, said()))[0] == 201
        status, headers, answer = await rig.full("POST", f"/v3/conversations/{ON_CALL}/activities", said())
        assert (status, headers["Retry-After"], answer["error"]["code"]) == (429, "1", "TooManyRequests")
        assert (await rig.post(INCIDENTS, said()))[0] == 201
        rig.clock.wind(timedelta(seconds=1))
        assert (await rig.post(ON_CALL, said()))[0] == 201
        status, headers, _ = await rig.full("POST", f"/v3/conversations/{ON_CALL}/activities", said())
        assert (status, headers["Retry-After"]) == (429, "1")
        assert len(rig.teams.world.said_in(ON_CALL)) == 8


async def test_windows_are_counted_when_not_enforced(rig: Rig) -> None:
    """The bot gets through, and the violation is on record; edits have no window of their own."""
    for _ in range(8):
        status, answer = await rig.post(ON_CALL, said())
        assert status == 201
    for _ in range(10):
        await rig.call("PUT", f"/v3/conversations/{ON_CALL}/activities/{answer['id']}", said("edit"))
    assert [(v.kind, v.place) for v in rig.teams.violations] == [("rate", ON_CALL)]


def test_each_window_names_the_seconds_until_it_has_room() -> None:
    """60 sends in 30 s, 1,800 in an hour and 50 a second for a whole tenant are all kept."""
    rates, now = Rates(), START
    for _ in range(60):
        now += timedelta(seconds=0.45)
        rates.count(SEND, "a", "t", now)
    throttle = rates.check(SEND, "a", "t", now)
    assert throttle is not None
    assert (throttle.window, throttle.retry_after) == ("60 in 30 s", 4)
    for _ in range(1740):
        now += timedelta(seconds=0.6)
        rates.count(SEND, "a", "t", now)
    throttle = rates.check(SEND, "a", "t", now)
    assert throttle is not None
    assert throttle.window == "1800 in 3600 s"
    for number in range(50):
        rates.count(READ, f"c{number}", "busy", now)
    throttle = rates.check(READ, "another", "busy", now)
    assert throttle is not None
    assert throttle.window == "50 in 1 s"
    assert rates.check(READ, "another", "busy", now + timedelta(seconds=1)) is None


# ── cards ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def card(*body: object, actions: object = (), **more: object) -> dict[str, Any]:
    actions = list(actions) if isinstance(actions, tuple) else actions
    return {"type": "AdaptiveCard", "version": "1.5", "body": list(body), "actions": actions, **more}


@pytest.mark.parametrize(
    ("wrong", "because"),
    [
        (None, "type must be AdaptiveCard"),
        ({"type": "AdaptiveCard", "body": []}, "version must be a string"),
        (card(version="1.6"), "newer than 1.5"),
        (card(version=1.5), "version must be a string"),
        (card({"type": "Carousel"}), "unknown element type 'Carousel'"),
        (card({"type": "TextBlock"}), "TextBlock needs text"),
        (card({"type": "TextBlock", "text": 7}), "text must be text"),
        (card("text"), "must be an object"),
        (card({"type": "Container", "items": {"type": "TextBlock"}}), "must be a list"),
        (card({"type": "Container", "items": [{"type": "Nope"}]}), "unknown element type 'Nope'"),
        (card({"type": "ColumnSet", "columns": [{"items": [{"type": "Image"}]}]}), "Image needs url"),
        (card({"type": "FactSet", "facts": [{"title": "a", "value": 1}]}), "title and value must be text"),
        (card({"type": "RichTextBlock", "inlines": [7]}), "must be text or a TextRun"),
        (card({"type": "Input.Text"}), "Input.Text needs id"),
        (card({"type": "Input.Number", "id": "n", "min": "1"}), "min must be a number"),
        (card({"type": "Input.Text", "id": "a"}, {"type": "Input.Date", "id": "a"}), "'a' is used twice"),
        (card(actions=[{"type": "Action.Execute", "title": "x"}]), "Action.Execute needs verb"),
        (card(actions=[{"type": "Action.Execute", "title": "x", "verb": "v", "data": "s"}]), "data must be an object"),
        (card(actions=[{"type": "Action.Http", "title": "x"}]), "unknown action type 'Action.Http'"),
        (card(actions=[{"type": "Action.OpenUrl", "title": "x", "url": "/page"}]), "url must be absolute"),
        (card(actions=[{"type": "Action.ShowCard", "title": "x", "card": {}}]), "type must be AdaptiveCard"),
        (card(actions={}), "must be a list"),
        (card(refresh={"action": {"type": "Action.Submit"}}), "action must be an Action.Execute"),
    ],
)
async def test_invalid_cards_are_refused(rig: Rig, wrong: object, because: str) -> None:
    """A 400 that says what is wrong, and no message."""
    status, answer = await rig.post(ON_CALL, said("", wrong))
    assert (status, answer["error"]["code"]) == (400, "BadSyntax")
    assert because in answer["error"]["message"]
    assert not rig.teams.world.said_in(ON_CALL)


def test_whole_cards_are_sound_and_bad_taste_is_only_noted() -> None:
    """The tests' card has no error; seven buttons, an unknown colour and a lost mention are warnings."""
    assert check_card(CARD).errors == []
    assert check_card(CARD).warnings == []
    seven = [{"type": "Action.Submit", "title": str(n)} for n in range(7)]
    report = check_card(
        card(
            {"type": "TextBlock", "text": "x", "color": "pink"},
            {"type": "Input.Text", "id": "a", "isRequired": True},
            {"type": "Fancy", "fallback": "drop"},
            actions=seven,
            msteams={"entities": [{"type": "mention", "text": "<at>Ana</at>"}]},
        )
    )
    assert report.errors == []
    assert len(report.warnings) == 5


ODD = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=5)
    | st.sampled_from(["Input.Text", "ActionSet", "1.5"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["type", "body", "items", "actions", "card", "id", "fallback", "facts", "columns", "msteams"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(ODD, st.sampled_from(["body", "actions", "refresh", "msteams", "version"]), ODD)
def test_no_card_is_too_odd_to_be_judged(element: object, name: str, value: object) -> None:
    """Whatever stands where, there is a report; and what passes can be searched for buttons."""
    odd = {**card(element), name: value}
    for candidate in (odd, element, card({"type": "Container", "items": [element]})):
        if not check_card(candidate).errors:
            assert isinstance(candidate, dict)
            assert all(isinstance(p.action, dict) for p in pressables(candidate))


def test_tables_and_nested_parts_are_looked_into() -> None:
    """A table's columns are widths, its cells hold elements."""
    cells = [{"items": [{"type": "TextBlock", "text": "x"}]}, {"type": "TableCell", "items": [{"type": "TextBlock"}]}]
    report = check_card(card({"type": "Table", "columns": [{"width": 1}], "rows": [{"cells": cells}]}))
    assert report.errors == ["card.body[0].rows[0].cells[1].items[0]: TextBlock needs text"]


# ── pressing ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def answering(body: object) -> Heard:
    return lambda _: JSONResponse(body)


def seen_by(rig: Rig, user: str) -> Any:
    return rig.teams.state_for(user)["teams"][0]["channels"][1]["threads"][0]["root"]["card"]


async def test_an_execute_button_becomes_an_invoke(rig: Rig) -> None:
    """Verb and data with the inputs merged in, the thread, and the card's message as replyToId."""
    thread, first = await rig.thread(CARD)
    await rig.teams.press("ben", thread, first, "Resolve", {"why": "fixed", "sure": "true", "more": "left behind"})
    (activity,) = rig.heard
    assert (activity["type"], activity["name"]) == ("invoke", "adaptiveCard/action")
    assert activity["value"] == {
        "action": {"type": "Action.Execute", "verb": "resolve", "data": {"n": 7, "why": "fixed", "sure": "true"}},
        "trigger": "manual",
    }
    assert (activity["replyToId"], activity["conversation"]["id"]) == (first, thread)
    assert activity["id"].startswith("f:")


async def test_a_card_in_the_answer_is_for_who_pressed_until_the_bot_edits_the_message(rig: Rig) -> None:
    """Ben sees his own card, Ana the old one; after an edit both see the new one."""
    thread, first = await rig.thread(CARD)
    mine = card({"type": "TextBlock", "text": "resolved by you"})
    rig.answer = answering({"statusCode": 200, "type": "application/vnd.microsoft.card.adaptive", "value": mine})
    await rig.teams.press("ben", INCIDENTS, first, "resolve", {"why": "fixed"})
    assert (seen_by(rig, "ben"), seen_by(rig, "ana")) == (mine, CARD)
    new = card({"type": "TextBlock", "text": "resolved"})
    await rig.call("PUT", f"/v3/conversations/{thread}/activities/{first}", said("", new))
    assert seen_by(rig, "ben") == seen_by(rig, "ana") == new
    assert [e.what for e in rig.ledger.entries] == [
        "conversations.create",
        "person.invoke",
        "invoke.answer",
        "activity.put",
    ]


async def test_a_message_in_the_answer_is_a_toast_for_one_person(rig: Rig) -> None:
    """Messages and errors appear to who pressed and to nobody else, until dismissed."""
    _, first = await rig.thread(CARD)
    rig.answer = answering(
        {"statusCode": 200, "type": "application/vnd.microsoft.activity.message", "value": "Not available"}
    )
    await rig.teams.press("ben", INCIDENTS, first, 0, {"why": "x"})
    toast = rig.teams.state_for("ben")["toast"]
    assert (toast["text"], toast["failed"]) == ("Not available", False)
    assert rig.teams.state_for("ana")["toast"] is None
    rig.answer = answering(
        {
            "statusCode": 400,
            "type": "application/vnd.microsoft.error",
            "value": {"code": "x", "message": "No such verb"},
        }
    )
    await rig.teams.press("ben", INCIDENTS, first, 0, {"why": "x"})
    assert rig.teams.state_for("ben")["toast"]["text"] == "No such verb"
    rig.teams.dismiss_toast("ben")
    assert rig.teams.state_for("ben")["toast"] is None


@pytest.mark.parametrize(
    "body",
    [
        ["x"],
        {"statusCode": 200, "type": "unheard-of"},
        {"statusCode": 200, "type": "application/vnd.microsoft.card.adaptive", "value": {"type": "AdaptiveCard"}},
        {"statusCode": 200, "type": "application/vnd.microsoft.activity.message", "value": 7},
    ],
)
async def test_an_answer_teams_cannot_use_is_counted(rig: Rig, body: object) -> None:
    """The person reads that something went wrong, and the card stays as it was."""
    _, first = await rig.thread(CARD)
    rig.answer = answering(body)
    await rig.teams.press("ben", INCIDENTS, first, "Resolve", {"why": "x"})
    assert rig.teams.state_for("ben")["toast"]["failed"] is True
    assert [v.kind for v in rig.teams.violations] == ["answer"]
    assert seen_by(rig, "ben") == CARD


async def test_the_client_keeps_what_it_can_settle_alone(rig: Rig) -> None:
    """Links and ShowCard need no bot; required inputs, unknown inputs and disabled or missing buttons stop the press."""
    _, first = await rig.thread(CARD)
    assert await rig.teams.press("ben", INCIDENTS, first, "Page") is None
    assert await rig.teams.press("ben", INCIDENTS, first, "More") is None
    with pytest.raises(ValueError, match="Say why"):
        await rig.teams.press("ben", INCIDENTS, first, "Resolve", {})
    with pytest.raises(ValueError, match="no input typo"):
        await rig.teams.press("ben", INCIDENTS, first, "Resolve", {"why": "x", "typo": "y"})
    with pytest.raises(LookupError, match="disabled"):
        await rig.teams.press("ben", INCIDENTS, first, "Later", {"why": "x"})
    with pytest.raises(LookupError, match="it has Resolve, Note, Form, Page, Later, More, Tell"):
        await rig.teams.press("ben", INCIDENTS, first, "Gone")
    assert not rig.heard


async def test_a_button_inside_a_shown_card_sends_its_own_inputs_too(rig: Rig) -> None:
    """Inputs of the inner and the outer card travel together."""
    _, first = await rig.thread(CARD)
    await rig.teams.press("ben", INCIDENTS, first, "Tell", {"why": "a", "more": "b"})
    assert rig.heard[0]["value"]["action"]["data"] == {"why": "a", "sure": "false", "more": "b"}


async def test_a_submit_button_becomes_a_message_with_a_value(rig: Rig) -> None:
    """No text, nothing new on screen, the data and the inputs as value."""
    thread, first = await rig.thread(CARD)
    await rig.teams.press("ben", thread, first, "Note", {"why": "x"})
    (activity,) = rig.heard
    assert (activity["type"], activity["replyToId"], "text" in activity) == ("message", first, False)
    assert activity["value"] == {"says": "note", "why": "x", "sure": "false"}
    assert len(rig.teams.world.said_in(thread)) == 1


@pytest.mark.parametrize(
    ("msteams", "text", "value", "shown"),
    [
        ({"type": "imBack", "value": "list"}, "<at>Amends</at>&nbsp;list", None, "<at>Amends</at> list"),
        (
            {"type": "messageBack", "text": "list", "displayText": "List them", "value": {"a": 1}},
            "list",
            {"a": 1},
            "List them",
        ),
    ],
)
async def test_submit_buttons_that_speak_for_the_person(
    rig: Rig, msteams: dict[str, Any], text: str, value: object, shown: str
) -> None:
    """ImBack types the words, messageBack shows one text and sends another."""
    thread, first = await rig.thread(
        card(actions=[{"type": "Action.Submit", "title": "x", "data": {"msteams": msteams}}])
    )
    await rig.teams.press("ben", thread, first, "x")
    assert (rig.heard[0]["text"], rig.heard[0].get("value")) == (text, value)
    assert [m.text for m in rig.teams.world.said_in(thread)] == ["INC-7", shown]


async def test_a_card_refreshes_for_the_people_it_names(rig: Rig) -> None:
    """The client sends the refresh action by itself, for userIds only."""
    action = {"type": "Action.Execute", "verb": "look", "data": {"n": 7}}
    _, first = await rig.thread(card(refresh={"action": action, "userIds": ["29:ben"]}))
    assert await rig.teams.refresh("ana", INCIDENTS, first) is None
    await rig.teams.refresh("ben", INCIDENTS, first)
    assert rig.heard[0]["value"] == {"action": action, "trigger": "automatic"}


FORM = card(
    {"type": "Input.Text", "id": "title", "label": "Title"},
    actions=[{"type": "Action.Submit", "title": "Send", "data": {"form": "declare"}}],
)


async def open_form(rig: Rig) -> Any:
    """Ben presses Form and the bot answers with a dialog."""
    _, first = await rig.thread(CARD)
    rig.answer = answering(
        {
            "task": {
                "type": "continue",
                "value": {"title": "Declare", "height": "medium", "width": 500, "card": attached(FORM)},
            }
        }
    )
    await rig.teams.press("ben", INCIDENTS, first, "Form", {"why": "x"})
    return rig.teams.state_for("ben")["dialog"]


async def test_a_form_opens_for_one_person_and_is_sent_back(rig: Rig) -> None:
    """task/fetch opens it, task/submit carries the data, a null answer closes it."""
    dialog = await open_form(rig)
    assert (dialog["title"], dialog["card"], dialog["width"]) == ("Declare", FORM, 500)
    assert rig.teams.state_for("ana")["dialog"] is None
    assert rig.heard[0]["value"] == {
        "data": {"msteams": {"type": "task/fetch"}, "form": "declare", "why": "x", "sure": "false"},
        "context": {"theme": "default"},
    }
    rig.answer = answering(None)
    await rig.teams.press_in_dialog("ben", dialog["id"], "Send", {"title": "Checkout"})
    submitted = rig.heard[1]
    assert (submitted["name"], submitted["replyToId"]) == ("task/submit", rig.heard[0]["replyToId"])
    assert submitted["value"]["data"] == {"form": "declare", "title": "Checkout"}
    assert rig.teams.state_for("ben")["dialog"] is None
    with pytest.raises(LookupError):
        await rig.teams.submit_task("ben", dialog["id"], {})


async def test_a_form_can_come_back_with_a_complaint_or_end_with_a_word(rig: Rig) -> None:
    """Continue replaces the dialog under a new id, message closes it with a toast, the cross says nothing."""
    first = await open_form(rig)
    await rig.teams.submit_task("ben", first["id"], {"title": ""})
    second = rig.teams.state_for("ben")["dialog"]
    assert second["id"] != first["id"]
    rig.answer = answering({"task": {"type": "message", "value": "Declared INC-7."}})
    await rig.teams.submit_task("ben", second["id"], {"title": "x"})
    state = rig.teams.state_for("ben")
    assert (state["dialog"], state["toast"]["text"]) == (None, "Declared INC-7.")
    await open_form(rig)
    before = len(rig.heard)
    rig.teams.close_dialog("ben")
    assert (rig.teams.state_for("ben")["dialog"], len(rig.heard)) == (None, before)


async def test_a_broken_form_does_not_open(rig: Rig) -> None:
    """An invalid card in a task answer is counted, and the person reads that something went wrong."""
    _, first = await rig.thread(CARD)
    for task in ({"type": "continue", "value": {"card": attached({"type": "AdaptiveCard"})}}, {"type": "dance"}):
        rig.answer = answering({"task": task})
        await rig.teams.press("ben", INCIDENTS, first, "Form", {"why": "x"})
    state = rig.teams.state_for("ben")
    assert (state["dialog"], state["toast"]["failed"]) == (None, True)
    assert [v.kind for v in rig.teams.violations] == ["answer", "answer"]


# ── deliveries ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_an_invoke_that_fails_is_tried_three_times_with_one_id(rig: Rig) -> None:
    """Teams tries twice more, then tells the person that the app is out of reach."""
    _, first = await rig.thread(CARD)
    rig.answer = lambda _: Response(status_code=500)
    delivery = await rig.teams.press("ben", INCIDENTS, first, "Resolve", {"why": "x"})
    assert delivery is not None
    assert (delivery.status, delivery.attempt) == (500, 3)
    assert len({a["id"] for a in rig.heard}) == 1
    assert len(rig.heard) == 3
    assert rig.teams.state_for("ben")["toast"]["text"].startswith("Unable to reach app")


async def test_an_invoke_that_succeeds_late_counts_once(rig: Rig) -> None:
    """A second try that is answered ends the matter."""
    _, first = await rig.thread(CARD)
    rig.answer = lambda _: Response(status_code=503 if len(rig.heard) == 1 else 200)
    delivery = await rig.teams.press("ben", INCIDENTS, first, "Resolve", {"why": "x"})
    assert delivery is not None
    assert (delivery.status, delivery.attempt) == (200, 2)
    assert rig.teams.state_for("ben")["toast"] is None


async def test_a_message_is_not_tried_again(rig: Rig) -> None:
    """The Bot Framework drops a message the bot refused, and a refused invoke is final too."""
    rig.answer = lambda _: Response(status_code=500)
    assert (await rig.teams.mention("ben", INCIDENTS, "help")).status == 500
    assert len(rig.heard) == 1
    rig.answer = lambda _: Response(status_code=403)
    _, first = await rig.thread(CARD)
    await rig.teams.press("ben", INCIDENTS, first, "Resolve", {"why": "x"})
    assert len(rig.heard) == 2


async def test_a_late_answer_is_recorded() -> None:
    """Past Teams' patience there is no answer, and the violation says so."""
    released = asyncio.Event()

    async def never(_: dict[str, Any]) -> Response:
        await released.wait()
        return Response()

    async with rigged(invoke_seconds=0.05, message_seconds=0.05) as rig:
        rig.answer = never
        delivery = await rig.teams.mention("ben", INCIDENTS, "help")
        assert (delivery.status, delivery.late) == (0, True)
        _, first = await rig.thread(CARD)
        await rig.teams.press("ben", INCIDENTS, first, "Resolve", {"why": "x"})
        assert [v.kind for v in rig.teams.violations] == ["late_ack"] * 4
        assert [d.attempt for d in rig.teams.deliveries] == [1, 1, 2, 3]
        released.set()


async def test_a_bot_that_is_down_is_no_exception_for_people(rig: Rig) -> None:
    """A refused connection is a delivery without status that says why."""
    rig.teams.messages_url = "http://127.0.0.1:9/api/messages"
    delivery = await rig.teams.say_personal("ben", "list")
    assert delivery.status == 0
    assert delivery.error
    assert rig.teams.state_for("ben")["personal"]["messages"][0]["text"] == "list"


async def test_an_activity_can_arrive_many_times_on_several_replicas(rig: Rig) -> None:
    """Redelivery repeats the very same activity, in turn over the addresses given, each freshly signed."""
    activity = (await rig.teams.mention("ben", INCIDENTS, "declare x")).activity
    again = await rig.teams.redeliver(
        activity["id"], 10, [rig.teams.messages_url, rig.teams.messages_url + "?replica=2"]
    )
    assert [d.status for d in again] == [200] * 10
    assert all(a == rig.heard[0] for a in rig.heard)
    assert len(rig.heard) == 11
    assert len(rig.teams.world.said_in(INCIDENTS)) == 1


async def test_held_activities_arrive_in_the_order_asked_for(rig: Rig) -> None:
    """Between hold and release the bot hears nothing; then it hears things out of order."""
    rig.teams.hold()
    for text in ("one", "two", "three"):
        assert (await rig.teams.say_personal("ben", text)).error == "held"
    assert not rig.heard
    await rig.teams.release([2, 0, 1])
    assert [a["text"] for a in rig.heard] == ["three", "one", "two"]
    await rig.teams.say_personal("ben", "four")
    assert rig.heard[-1]["text"] == "four"


# ── keys ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_keys_roll_over(rig: Rig) -> None:
    """A new key is in the set beside the old one; kept back, it is unknown until published; the old one can go."""
    await rig.teams.say_personal("ben", "one")
    rig.teams.rotate_keys()
    await rig.teams.say_personal("ben", "two")
    assert rig.headers[0] != rig.headers[1]
    for header in rig.headers:
        assert (await verified(rig, header))["aud"] == APP_ID
    rig.teams.rotate_keys(publish=False, keep_old=False)
    await rig.teams.say_personal("ben", "three")
    for header in rig.headers[1:]:
        with pytest.raises(KeyError):
            await verified(rig, header)
    rig.teams.publish_keys()
    assert (await verified(rig, rig.headers[2]))["aud"] == APP_ID


async def test_tokens_can_be_forged_in_every_way(rig: Rig) -> None:
    """Each forgery fails the check that is meant for it."""
    activity = (await rig.teams.say_personal("ben", "list")).activity
    sign = rig.teams.identity.sign
    wrong: list[tuple[str, type[Exception]]] = [
        (sign(activity, claims={"aud": "somebody"}), jwt.InvalidAudienceError),
        (sign(activity, claims={"iss": "https://evil.example"}), jwt.InvalidIssuerError),
        (sign(activity, claims={"exp": 1}), jwt.ExpiredSignatureError),
        (sign(activity, drop=("exp",)), jwt.MissingRequiredClaimError),
        (sign(activity, kid="unknown"), KeyError),
        (sign(activity, key=SigningKey("forged"), kid=rig.teams.identity.current.kid), jwt.InvalidSignatureError),
        (sign(activity, key=SigningKey("sandbox-key-webchat", ("webchat",))), jwt.InvalidTokenError),
    ]
    for header, problem in wrong:
        with pytest.raises(problem):
            await verified(rig, header)
    delivery = await rig.teams.deliver(activity, authorization=wrong[0][0])
    assert delivery.status == 200
    assert rig.headers[-1] == wrong[0][0]
    await rig.teams.deliver(activity, authorization="")
    assert rig.headers[-1] == ""


async def test_the_key_set_can_be_slow_or_broken(rig: Rig) -> None:
    """Fault lines named openid, keys and token reach those routes too."""
    assert rig.session is not None
    rig.ledger.faults += [
        Fault("keys", "status", status=503),
        Fault("keys", "html"),
        Fault("openid", "drop_before", times=-1),  # clients try a GET again by themselves
        Fault("token", "rate_limited", seconds=3),
    ]
    async with rig.session.get(rig.root + "/v1/.well-known/keys") as response:
        assert response.status == 503
    async with rig.session.get(rig.root + "/v1/.well-known/keys") as response:
        assert (response.status, response.content_type) == (200, "text/html")
    with pytest.raises(aiohttp.ClientConnectionError):
        await rig.session.get(rig.root + "/v1/.well-known/openidconfiguration")
    async with rig.session.post(f"{rig.root}/{HOME_TENANT}/oauth2/v2.0/token", data=credentials()) as response:
        assert (response.status, response.headers["Retry-After"]) == (429, "3")
    assert not rig.ledger.entries


# ── faults ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("fault", "status", "happened"),
    [
        (Fault("activity.post", "drop_before"), 0, False),
        (Fault("activity.post", "accept_then_drop"), 0, True),
        (Fault("activity.post", "accept_then_500"), 500, True),
        (Fault("activity.post", "accept_then_500", status=504), 504, True),
        (Fault("activity.post", "status", status=502), 502, False),
        (Fault("activity.post", "status", status=412), 412, False),
        (Fault("*", "error", status=403, error="BotDisabledByAdmin"), 403, False),
        (Fault("activity.post", "rate_limited", seconds=2.5), 429, False),
        (Fault("activity.post", "truncate"), 201, True),
        (Fault("activity.post", "html"), 200, True),
        (Fault("activity.post", "delay", seconds=0.01), 201, True),
        (Fault("activity.put", "drop_before"), 201, True),
        (Fault("activity.post", "drop_before", place=FABRIKAM), 201, True),
    ],
)
async def test_faults_lose_exactly_what_they_say(
    rig: Rig, fault: Fault, status: int, happened: bool
) -> None:  # a column
    """Whether the message is on screen and what the bot learns are two things."""
    rig.ledger.faults.append(fault)

    def call() -> tuple[int, requests.Response | None]:
        try:
            response = requests.post(
                f"{rig.root}/v3/conversations/{ON_CALL}/activities",
                json=said(),
                headers={"Authorization": f"Bearer {rig.token}"},
                timeout=5,
            )
        except requests.ConnectionError:
            return 0, None
        return response.status_code, response

    got, response = await asyncio.to_thread(call)
    assert got == status
    assert [m.text for m in rig.teams.world.said_in(ON_CALL)] == (["hello"] if happened else [])
    assert len(list(rig.ledger.find("activity.post", ON_CALL))) == int(happened)
    assert len(rig.ledger.refusals) == int(not happened)
    if fault.kind == "truncate":
        assert response is not None
        with pytest.raises(requests.JSONDecodeError):
            response.json()
    if fault.kind == "rate_limited":
        assert response is not None
        assert response.headers["Retry-After"] == "3"
    again, _ = await asyncio.to_thread(call)
    assert again == 201


async def test_a_dropped_answer_is_a_real_reset(rig: Rig) -> None:
    """The socket sees RST after the effect, not an orderly end."""
    rig.ledger.faults.append(Fault("activity.post", "accept_then_drop"))
    host, port = rig.root.split("/")[2].split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    body = json.dumps(said()).encode()
    head = (
        f"POST /sandbox/teams/v3/conversations/{ON_CALL}/activities HTTP/1.1\r\nHost: x\r\n"
        f"Authorization: Bearer {rig.token}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    writer.write(head.encode() + body)
    with pytest.raises(ConnectionResetError):
        await reader.read()
    writer.close()
    assert len(rig.teams.world.said_in(ON_CALL)) == 1


async def test_behind_a_middleware_a_dropped_answer_still_never_arrives() -> None:
    """Where the socket is out of reach the answer is cut off instead."""

    async def hide(request: Request, call_next: RequestResponseEndpoint) -> Response:
        return await call_next(request)

    ledger = Ledger(SandboxClock(START))
    ledger.faults.append(Fault("keys", "drop_before"))
    teams = FakeTeams(ledger, ledger.clock)
    app = Starlette(routes=teams.routes(), middleware=[Middleware(BaseHTTPMiddleware, dispatch=hide)])
    async with serving(app) as address, aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ClientError):
            async with session.get(address + "/v1/.well-known/keys") as response:
                await response.read()


async def test_faults_for_a_channel_hit_its_threads(rig: Rig) -> None:
    """A place in the fault script covers every thread of that channel, creation included."""
    thread, _ = await rig.thread()
    rig.ledger.faults += [Fault("activity.post", "status", place=INCIDENTS, status=502)]
    assert (await rig.post(thread, said()))[0] == 502
    rig.ledger.faults += [Fault("conversations.create", "accept_then_500", place=INCIDENTS)]
    body = {"isGroup": True, "channelData": {"channel": {"id": INCIDENTS}}, "activity": said("second")}
    assert (await rig.call("POST", "/v3/conversations", body))[0] == 500
    assert [m.text for m in rig.teams.world.said_in(INCIDENTS)] == ["INC-7", "second"]
    rig.ledger.faults[:] = [Fault("activity.post", "status", after=1, status=502)]
    assert [(await rig.post(thread, said()))[0] for _ in range(3)] == [201, 502, 201]
    rig.ledger.faults[:] = [Fault("activity.post", "status", place=thread, status=504)]
    assert [(await rig.post(place, said()))[0] for place in (INCIDENTS, thread)] == [201, 504]


async def test_edits_deletions_and_rosters_have_faults_of_their_own(rig: Rig) -> None:
    """activity.put, activity.delete and members.get are names in the fault script."""
    thread, first = await rig.thread()
    path = f"/v3/conversations/{thread}/activities/{first}"
    rig.ledger.faults += [
        Fault("activity.put", "accept_then_500"),
        Fault("activity.delete", "status", status=502),
        Fault("members.get", "truncate"),
    ]
    assert (await rig.call("PUT", path, said("edited")))[0] == 500
    assert (await rig.call("DELETE", path))[0] == 502
    with pytest.raises(json.JSONDecodeError):
        await rig.call("GET", f"/v3/conversations/{thread}/members")
    assert [m.text for m in rig.teams.world.said_in(thread)] == ["edited"]


def test_refusals_are_shaped_as_the_connector_shapes_them() -> None:
    """Statuses without a name of their own are ServiceError."""
    assert json.loads(bytes(error(502).body)) == {"error": {"code": "ServiceError", "message": "Bad Gateway"}}
    assert json.loads(bytes(error(412).body))["error"]["code"] == "PreconditionFailed"


# ── the whole ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_everybody_sees_their_own_teams(rig: Rig) -> None:
    """Customers see the shared channel alone, colleagues their teams, and all of it is plain JSON."""
    await rig.thread(CARD)
    await rig.post(FABRIKAM, said("We are sorry."))
    sam, ben, cleo = (rig.teams.state_for(who) for who in ("sam", "ben", "cleo"))
    assert [(t["name"], [c["name"] for c in t["channels"]]) for t in sam["teams"]] == [("Contoso & us", ["Fabrikam"])]
    assert [c["name"] for t in ben["teams"] for c in t["channels"]] == [
        "General",
        "Incidents",
        "General",
        "Fabrikam",
        "Northwind",
    ]
    assert [t["name"] for t in cleo["teams"]] == ["Operations"]
    assert [g["name"] for g in ben["groupChats"]] == ["On call"]
    assert cleo["groupChats"] == sam["groupChats"] == []
    message = sam["teams"][0]["channels"][0]["threads"][0]["root"]
    assert (message["text"], message["from"]["bot"]) == ("We are sorry.", True)
    assert json.loads(json.dumps(ben)) == ben


async def test_watchers_hear_of_every_change(rig: Rig) -> None:
    """The page is told of messages through the ledger and of toasts and dialogs through the emulator."""
    told: list[str] = []
    rig.ledger.watch(lambda: told.append("ledger"))
    rig.teams.watch(lambda: told.append("screen"))
    await open_form(rig)
    assert told[0] == "ledger"
    assert told[-1] == "screen"


async def script(rig: Rig) -> str:
    """A little of everything; what the ledger holds afterwards, without the port."""
    rig.answer = answering({"statusCode": 200, "type": "application/vnd.microsoft.activity.message", "value": "ok"})
    thread, first = await rig.thread(CARD)
    await rig.teams.mention("ben", thread, "help")
    rig.clock.wind(timedelta(minutes=3))
    await rig.teams.press("ana", thread, first, "Resolve", {"why": "x"})
    await rig.call("POST", "/v3/conversations", {"members": [{"id": "29:ana"}], "tenantId": HOME_TENANT})
    await rig.post("19:no@thread.v2", said())
    rows = [(e.seq, str(e.at), e.what, e.place, e.sender, e.payload, e.answer) for e in rig.ledger.entries]
    refused = [(e.seq, str(e.at), e.what, e.answer) for e in rig.ledger.refusals]
    states = [rig.teams.state_for(who) for who in ("ben", "ana")]
    return json.dumps([rows, refused, states], sort_keys=True).replace(rig.root, "ROOT")


async def test_a_run_repeats_byte_for_byte() -> None:
    """Same clock and seed, same ids everywhere; another seed, other ids."""
    runs = []
    for seed in ("a", "a", "b"):
        async with rigged(seed=seed) as rig:
            runs.append(await script(rig))
    assert runs[0] == runs[1] != runs[2]


async def test_ten_thousand_channels_are_no_trouble(rig: Rig) -> None:
    """A broadcast reaches each of them once, and each shows its own words only."""
    many = tuple(Channel(f"19:c{n}@thread.tacv2", f"c{n}") for n in range(10_000))
    rig.teams.world.change_team(OPERATIONS, channels=many)
    for n in (0, 5_000, 9_999):
        assert (await rig.post(many[n].id, said(f"word {n}")))[0] == 201
    assert [m.text for m in rig.teams.world.said_by_bot()] == ["word 0", "word 5000", "word 9999"]
    assert [m.text for m in rig.teams.world.said_in(many[5_000].id)] == ["word 5000"]


async def test_the_registration_can_live_in_any_tenant() -> None:
    """App id, password and tenant are the constructor's; the sandbox's people move along."""
    async with rigged(app_id="app-2", app_password="pw", tenant_id="tenant-2") as rig:
        assert rig.session is not None
        form = credentials(client_id="app-2", client_secret="pw")
        async with rig.session.post(f"{rig.root}/tenant-2/oauth2/v2.0/token", data=form) as response:
            assert response.status == 200
        await rig.teams.mention("ben", INCIDENTS, "help")
        assert rig.heard[0]["channelData"]["tenant"]["id"] == "tenant-2"
        assert rig.heard[0]["recipient"]["id"] == "28:app-2"
        _, ben = await rig.call("GET", f"/v3/conversations/{INCIDENTS}/members/29:ben")
        assert ben["tenantId"] == "tenant-2"
