"""The sandbox refuses what Slack would: blocks, texts and views too large, calls too many."""

import json
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError

from bot.sandbox import slack_limits as limits
from bot.sandbox.ledger import SandboxClock
from bot.sandbox.slack_rates import SlackRates
from tests.bot.fake_slack.rig import (
    CONTOSO,
    INCIDENTS,
    START,
    TITLE,
    Rig,
    actions,
    button,
    field_of,
    modal,
    options,
    plain,
    rigged,
    section,
)

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
