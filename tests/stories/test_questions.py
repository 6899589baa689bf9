"""Customers' questions: asked through their account managers, answered once, told to everybody who asked."""

import pytest

from handlers.domain.relay import Question
from tests.desk import Desk, buttons, words
from tests.stories.quick import all_of, customer, furnish, refused
from tests.stories.two_managers import open_house, published


@pytest.fixture
async def desk(seed_desk: Desk) -> Desk:
    """Dana with three customers, Priya with one; everything published."""
    await open_house(seed_desk)
    await published(seed_desk)
    return seed_desk


async def questions(desk: Desk) -> list[Question]:
    """Every question on record."""
    return await desk.store.book(lambda b: b.find(Question))


def chat(desk: Desk, who: str, part: str = "question-") -> str:
    """What somebody reads about questions in their own chat."""
    return "\n".join(words(s.card) for s in desk.screens(part) if s.place in (f"U0{who.upper()}", f"29:{who}"))


async def test_a_question_goes_to_the_commander_and_comms_and_comes_back_answered(desk: Desk) -> None:
    """Whoever asked is told; the card of those who could answer says that it was."""
    answer = await desk.say("dana", "relay ask acme -- Was any mail lost?")
    await desk.settle()
    assert "went to whoever can answer it" in words(answer.show)
    for who in ("ana", "ben"):
        assert "Asked by Acme Ltd" in chat(desk, who)
        assert "Answer it once" in chat(desk, who)
    shown = {s.place: buttons(s.card) for s in desk.screens("question-1/asked/")}
    assert shown == {"U0BEN": {"Answer": "relay answer 1"}, "U0ANA": {}}  # comms answers, the commander knows of it
    await all_of(desk, ("ben", "relay answer 1 -- No data was lost."))
    await desk.settle()
    assert "No data was lost." in chat(desk, "dana")
    assert "Answered by Ben Okafor" in chat(desk, "ana")
    (found,) = await questions(desk)
    assert (found.apology, found.answered_by_name, found.answer) == (1, "Ben Okafor", "No data was lost.")


async def test_the_answer_stands_in_every_pack_of_the_same_apology(desk: Desk) -> None:
    """Also of customers who did not ask, and without the name of the one who did."""
    await all_of(
        desk,
        ("dana", "relay ask acme -- Was any mail lost?"),
        ("ben", "relay answer 1 -- No data was lost."),
        ("priya", "relay pack 1 cargo"),
    )
    await desk.settle()
    said = " ".join(words(s.card) for s in desk.screens("pack-1/"))
    assert "Was any mail lost?\nNo data was lost." in said
    assert "Acme" not in said


async def test_the_same_question_of_another_customer_is_joined_and_answered_once(desk: Desk) -> None:
    """Both account managers hear, both customers are on record."""
    await all_of(desk, ("dana", "relay ask acme -- Was any mail lost?"))
    joined = await desk.say("priya", "relay ask cargo -- was mail lost")
    await desk.settle()
    assert "Question 1 asks the same" in words(joined.show)
    assert "Acme Ltd, Cargo Ltd" in chat(desk, "dana")
    assert "Acme Ltd, Cargo Ltd" in chat(desk, "ben")
    await all_of(desk, ("ben", "relay answer 1 -- No data was lost."))
    await desk.settle()
    for who in ("dana", "priya"):
        assert chat(desk, who, "question-1/answer").count("No data was lost.") == 1
    assert [(q.customer, q.same_as, q.answer) for q in await questions(desk)] == [
        ("acme", 0, "No data was lost."),
        ("cargo", 1, "No data was lost."),
    ]


async def test_a_question_that_was_answered_is_answered_at_once(desk: Desk) -> None:
    """Nobody is asked again; who asked is on record."""
    await all_of(desk, ("dana", "relay ask acme -- Was any mail lost?"), ("ben", "relay answer 1 -- No data was lost."))
    await desk.settle()
    before = len(desk.screens("question-"))
    answer = await desk.say("priya", "relay ask cargo -- was mail lost")
    await desk.settle()
    assert "No data was lost." in words(answer.show)
    assert "ask in other words" in words(answer.show)
    assert len(desk.screens("question-")) == before
    assert [q.customer for q in await questions(desk)] == ["acme", "cargo"]


async def test_another_question_is_another_question(desk: Desk) -> None:
    """Also where it differs in one word that matters."""
    await all_of(
        desk, ("dana", "relay ask acme -- Was any mail lost?"), ("priya", "relay ask cargo -- Was mail delayed?")
    )
    assert [q.same_as for q in await questions(desk)] == [0, 0]


async def test_asking_twice_for_one_customer_is_asking_once(desk: Desk) -> None:
    """A second press changes nothing."""
    await all_of(desk, ("dana", "relay ask acme -- Was any mail lost?"))
    again = await desk.say("dana", "relay ask acme -- was mail lost")
    assert "asked this already" in words(again.show)
    assert len(await questions(desk)) == 1


@pytest.mark.parametrize(
    ("answer", "what"),
    [
        ("It lasted three hours.", "three hours"),
        ("Our host mx-blu-07 was full.", "mx-blu"),
        ("Bolt Ltd lost more.", "Bolt Ltd"),
        ("You will get a refund.", "refund"),
        ("It was a cyber attack.", "cyber"),
        ("It will never happen again.", "never happen again"),
        ("See NET-4411.", "NET-4411"),
        ("It was fixed yesterday.", "yesterday"),
        ("1,300 customers were hit.", "1,300"),
        ("x" * 1501, "1,500 characters"),
    ],
)
async def test_an_answer_that_customers_must_not_hear_is_refused(desk: Desk, answer: str, what: str) -> None:
    """Against the facts, from inside the house, a promise, another customer; nothing is recorded."""
    await all_of(desk, ("dana", "relay ask acme -- What happened?"))
    assert what in refused(await desk.say("ben", f"relay answer 1 -- {answer}"))
    assert (await questions(desk))[0].answer == ""


@pytest.mark.parametrize(
    "answer",
    [
        "No.",
        "No data was lost.",
        "From 02:00 to 03:00 UTC on 22 August 2010 you could not send mail.",
        "About 1,200 customers were affected.",
        "Our configuration change caused it.",
        "You hear from us again by 25 August 2010.",
        "No service credit is due for this event.",
    ],
)
async def test_an_answer_from_the_facts_passes(desk: Desk, answer: str) -> None:
    """It need not say everything."""
    await all_of(desk, ("dana", "relay ask acme -- What happened?"))
    said = await desk.say("ben", f"relay answer 1 -- {answer}")
    assert not said.refused, words(said.show)


async def test_an_answer_can_be_mended_and_whoever_asked_hears_it_again(desk: Desk) -> None:
    """The newest stands in the packs."""
    await all_of(
        desk,
        ("dana", "relay ask acme -- Was any mail lost?"),
        ("ben", "relay answer 1 -- No."),
        ("ben", "relay answer 1 -- No data was lost."),
    )
    await desk.settle()
    assert "answered anew" in chat(desk, "dana")
    assert len([s for s in desk.screens("question-1/answer/") if s.place == "U0DANA"]) == 2
    assert "answer 1 --" in refused(await desk.say("ben", "undo"))


async def test_questions_before_there_is_an_apology_are_about_the_incident(seed_desk: Desk) -> None:
    """Its commander and comms answer; the inside of the house stays inside."""
    desk = seed_desk
    await furnish(desk, customer("acme", "slack: C0ACME001"))
    await all_of(
        desk,
        ("ana", "declare Mail is down sev1 services mail region NA"),
        ("dana", "relay ask acme -- When will it work again?"),
    )
    await desk.settle()
    assert "When will it work again?" in chat(desk, "ana")
    refused(await desk.say("ben", "relay answer 1 -- mx-blu is broken"))
    await all_of(desk, ("ben", "relay answer 1 -- We are working on it."))
    assert (await questions(desk))[0].incident == 1


async def test_a_question_about_a_private_incident_is_its_members_alone(seed_desk: Desk) -> None:
    """Others cannot answer what they may not know of."""
    from tests.stories import quick

    desk = seed_desk
    await open_house(desk)
    await quick.draft(desk, by="ana", extra="private", title="Payroll leak")
    await all_of(
        desk,
        ("ana", "role 1 comms @Ben"),
        ("ana", "role 1 scribe @Cleo"),
        ("ana", "role 1 deputy @Dana"),
        ("ana", "apology submit 1"),
        ("ana", "apology approve 1"),
        ("cleo", "apology approve 1"),
        ("cleo", "apology publish 1"),
        ("dana", "relay ask acme -- Was any mail lost?"),
    )
    assert "no question 1" in refused(await desk.say("priya", "relay answer 1 -- No."))
    await all_of(desk, ("ben", "relay answer 1 -- No."))


@pytest.mark.parametrize(
    "line", ["relay ask nobody -- why?", "relay answer 9 -- No.", f"relay ask acme -- {'x' * 1501}"]
)
async def test_what_cannot_be_asked_or_answered_is_refused(desk: Desk, line: str) -> None:
    """Nothing is recorded."""
    refused(await desk.say("dana", line))
    assert await questions(desk) == []
