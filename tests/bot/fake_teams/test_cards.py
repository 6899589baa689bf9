"""Which cards Teams takes and which it refuses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.teams import check_card
from bot.sandbox.teams_cards import pressables
from tests.bot.fake_teams.rig import CARD, ON_CALL, Rig, card, said


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
