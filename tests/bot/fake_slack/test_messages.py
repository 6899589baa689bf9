"""The sandbox's messages: posted, edited, deleted, threaded, pinned."""

from typing import Any

import pytest

from bot.sandbox.slack import BOT_USER, NotPossible
from tests.bot.fake_slack.rig import INCIDENTS, START, Rig, rigged, section


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
