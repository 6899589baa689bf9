"""What the bot says: posts, threads, edits, conversations, members; and their limits."""

import json
from datetime import timedelta

import pytest
from botframework.connector.aio import ConnectorClient
from botframework.connector.auth import AppCredentials
from botframework.connector.models import Activity, ChannelAccount, ConversationParameters

from bot.sandbox.teams import APP_ID, HOME_TENANT, OTHER_TENANT
from bot.sandbox.teams_rates import READ, SEND, Rates
from tests.bot.fake_teams.rig import CARD, INCIDENTS, NORTHWIND, ON_CALL, OPERATIONS, START, Rig, rigged, said


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
