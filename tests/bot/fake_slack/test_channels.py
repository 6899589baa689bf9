"""The sandbox's Web API: who is calling, channels and the people in them."""

import json

import pytest
from slack_sdk.errors import SlackApiError

from bot.sandbox.slack import BOT_USER
from tests.bot.fake_slack.rig import CONTOSO, INCIDENTS, Rig, rigged


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
