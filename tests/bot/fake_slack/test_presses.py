"""People press buttons and choose from menus."""

import pytest

from bot.sandbox.slack import NotPossible
from tests.bot.fake_slack.rig import CONTOSO, INCIDENTS, Rig, actions, button, options, plain, section


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
