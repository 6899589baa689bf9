"""Modals, the home tab and shortcuts."""

from typing import Any

import pytest
from starlette.responses import JSONResponse

from bot.sandbox.slack import NotPossible
from tests.bot.fake_slack.rig import INCIDENTS, TITLE, Rig, actions, button, field_of, modal, options, plain, section


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
