"""The export holds the proof of relay: who was told by whom, which version, in which words, when; questions; covers."""

import pytest

from bot.cli.paper import markdown, page
from storage import export
from tests.desk import Desk
from tests.stories.quick import all_of
from tests.stories.two_managers import corrected, open_house, published


@pytest.fixture
async def desk(seed_desk: Desk) -> Desk:
    """Told, corrected, told again; asked and answered; covered."""
    desk = seed_desk
    await open_house(desk)
    await published(desk)
    await all_of(
        desk,
        ("dana", "relay done 1 acme via phone to their CIO -- took it calmly"),
        ("dana", "relay ask acme -- Was any mail lost?"),
        ("ben", "relay answer 1 -- No data was lost."),
        ("dana", "cover @Priya until 2010-12-24"),
    )
    await corrected(desk)
    await all_of(desk, ("priya", "relay done 1 acme via phone -- told the new number"))
    return desk


async def test_every_step_of_a_receipt_with_version_words_and_time(desk: Desk) -> None:
    """In order, by whom, to whom; the correction between the two tellings."""
    found = await desk.store.rows(lambda c, _now: export.gather(c, 1))
    (acme,) = [r for r in found["relays"] if r["customer"] == "acme"]
    assert [(s["state"], s["version"], s["by_name"], s["words"]) for s in acme["history"]] == [
        ("relayed", 1, "Dana Lee", "took it calmly"),
        ("released", 2, "Cleo Laurent", ""),
        ("relayed", 2, "Priya Raman", "told the new number"),
    ]
    assert acme["history"][0]["to"] == "their CIO"
    assert acme["history"][0]["at"].endswith("Z")
    assert "count was wrong" in acme["history"][1]["because"]
    assert [r["history"] for r in found["relays"] if r["customer"] == "bolt"] == [[]]


async def test_questions_answers_and_covers_are_in_it(desk: Desk) -> None:
    """Keys are only added."""
    found = await desk.store.rows(lambda c, _now: export.gather(c, 1))
    (question,) = found["questions"]
    assert (question["name"], question["customer"], question["question"], question["answer"]) == (
        "Q1", "acme", "Was any mail lost?", "No data was lost.",
    )  # fmt: skip
    (cover,) = found["covers"]
    assert (cover["person"], cover["colleague"], cover["until"]) == (
        "dana@example.com", "priya@example.com", "2010-12-24",
    )  # fmt: skip


async def test_the_documents_for_people_show_them_too(desk: Desk) -> None:
    """Markdown and the page."""
    found = await desk.store.rows(lambda c, _now: export.gather(c, 1))
    for text in (markdown(found), page(found)):
        for said in (
            "Step by step",
            "took it calmly",
            "their CIO",
            "told the new number",
            "Was any mail lost?",
            "Covers",
        ):
            assert said in text
