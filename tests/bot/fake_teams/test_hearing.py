"""What the bot hears."""

from datetime import UTC, datetime

import pytest

from bot.sandbox.teams import APP_ID, HOME_TENANT, OTHER_TENANT, Channel
from tests.bot.fake_teams.rig import FABRIKAM, INCIDENTS, ON_CALL, OPERATIONS, Rig, rigged, said, verified


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
