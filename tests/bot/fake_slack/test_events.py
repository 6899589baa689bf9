"""What the app is told of, and when it is told again."""

import asyncio
from datetime import timedelta

from starlette.responses import PlainTextResponse, Response

from bot.sandbox import slack_limits as limits
from bot.sandbox.slack import BOT_USER
from tests.bot.fake_slack.rig import CONTOSO, INCIDENTS, Heard, Rig


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
