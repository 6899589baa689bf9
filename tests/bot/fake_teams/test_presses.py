"""People press, refresh and fill in."""

from typing import Any

import pytest

from tests.bot.fake_teams.rig import CARD, FORM, INCIDENTS, Rig, answering, attached, card, open_form, said


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
