"""Handing over: pending until "I have it", on both platforms, by button and by word; never two leaders, never none."""

import pytest

from handlers.card import Form
from handlers.domain.incident import Event, HandOver, Incident, Member
from tests.desk import Desk, Screen, buttons, words
from tests.stories.quick import all_of, customer, furnish, refused

ANA, BEN, NOOR = "ana@example.com", "ben@example.com", "noor@example.com"


@pytest.fixture
async def desk(seed_desk: Desk) -> Desk:
    """A running sev1 of Ana's with a customer who waits."""
    await furnish(seed_desk, customer("acme", "slack: C0ACME001"))
    await all_of(seed_desk, ("ana", "declare Mail is down sev1 services mail region NA"))
    await seed_desk.settle()
    return seed_desk


async def commander(desk: Desk, number: int = 1) -> str:
    """Who leads."""
    found = await desk.store.book(lambda b: b.get(Incident, number))
    assert found is not None
    return found.holder("commander")


def asked(desk: Desk, who: str = "NOOR") -> list[Screen]:
    """What somebody was asked in person, on whichever platform."""
    return [s for s in desk.screens("/handover/") if s.place in (f"U0{who}", f"29:{who.lower()}")]


def rooms(desk: Desk) -> list[Screen]:
    """The cards in the rooms."""
    return [s for s in desk.screens("/handover/") if "room" in s.place]


async def test_it_waits_for_i_have_it_and_the_old_commander_leads_until_then(desk: Desk) -> None:
    """The rooms and the person are asked; nothing has moved; the headline says who was asked."""
    answer = await desk.say("ana", "role 1 commander @Noor -- graphs are flat, vendor called")
    assert "Ana Silva stays commander until then" in words(answer.show)
    assert await commander(desk) == ANA
    await desk.settle()
    assert len(rooms(desk)) == 2
    assert "Commander: Ana Silva, handing over to Noor Haddad" in words(desk.screens("headline@slack")[0].card)
    [own] = asked(desk)
    assert "vendor called" in words(own.card)
    assert buttons(own.card)["I have it"] == "accept 1 commander"
    for on in ("slack", "teams"):
        pressed = await desk.say("ben", "accept 1 commander", on=on)
        assert "handed to Noor Haddad, not to you" in refused(pressed)
    assert await commander(desk) == ANA


@pytest.mark.parametrize("on", ["slack", "teams"])
@pytest.mark.parametrize("line", ["accept 1 commander", "accept", "I have it", "accept 1", "accept all"])
async def test_i_have_it_moves_the_role_by_button_or_by_word(desk: Desk, on: str, line: str) -> None:
    """On either platform: the role, the cards, the timeline, and a word to whoever is free now."""
    await all_of(desk, ("ana", "handover 1 @Noor"))
    await desk.settle()
    assert not (await desk.say("noor", line, on=on, channel="D1")).refused
    assert await commander(desk) == NOOR
    await desk.settle()
    for screen in (*rooms(desk), *asked(desk)):
        assert buttons(screen.card) == {}
        assert "Noor Haddad has it now (Ana Silva had it)" in words(screen.card)
    assert any("You are free of it" in words(s.card) for s in asked(desk, "ANA"))
    told = [e.words for e in await desk.store.book(lambda b: b.find(Event, incident=1))]
    assert any("hands commander over to Noor Haddad" in w for w in told)
    assert "has commander now, from Ana Silva" in told


async def test_a_second_press_and_a_late_one_say_what_is_true(desk: Desk) -> None:
    """Twice, on the other platform, after it was given on: nothing moves."""
    await all_of(desk, ("ana", "handover 1 @Noor"), ("noor", "accept 1 commander"))
    assert "has it already" in refused(await desk.say("noor", "accept 1 commander", on="teams"))
    await all_of(desk, ("ana", "role 1 commander @Ana"))
    sentence = refused(await desk.say("noor", "accept 1 commander"))
    assert "Ana Silva is commander" in sentence
    assert "Nothing was changed" in sentence
    assert await commander(desk) == ANA


async def test_i_cannot_leaves_it_where_it_is_and_says_so_at_once(desk: Desk) -> None:
    """Whoever holds it is asked whom else to ask."""
    await all_of(desk, ("ana", "handover 1 @Noor"))
    await desk.settle()
    await all_of(desk, ("noor", "cannot 1 commander because I am on a train"))
    await desk.settle()
    assert await commander(desk) == ANA
    [told] = [s for s in asked(desk, "ANA") if "back" in s.key]
    assert "cannot take commander: I am on a train. You are still commander." in words(told.card)
    assert buttons(told.card)["Ask somebody else"] == "handover 1 commander"
    assert all(buttons(s.card) == {} for s in (*rooms(desk), *asked(desk)))
    assert "Noor Haddad could not" in refused(await desk.say("noor", "accept 1 commander"))
    assert "handing over" not in words(desk.screens("headline@slack")[0].card)


async def test_nobody_answers_asked_again_then_it_lapses(desk: Desk) -> None:
    """After 5 and 15 minutes asked again, each a message of its own; after 30 it is over, and Ana knows."""
    await all_of(desk, ("ana", "handover 1 @Noor"))
    await desk.settle()
    await desk.pass_time(minutes=4)
    assert len(asked(desk)) == 1
    await desk.pass_time(minutes=1)
    assert len(asked(desk)) == 2
    await desk.pass_time(minutes=9)
    assert len(asked(desk)) == 2
    await desk.pass_time(minutes=1)
    assert len(asked(desk)) == 3
    await desk.pass_time(minutes=15)
    assert len(asked(desk)) == 3
    assert await commander(desk) == ANA
    [told] = [s for s in asked(desk, "ANA") if "back" in s.key]
    assert "did not say “I have it” in 30 min" in words(told.card)
    assert "You are still commander" in words(told.card)
    assert all(buttons(s.card) == {} for s in (*rooms(desk), *asked(desk)))
    assert "nobody answered in time" in refused(await desk.say("noor", "accept 1"))
    await desk.pass_time(hours=5)
    assert len([s for s in asked(desk, "ANA") if "back" in s.key]) == 1


async def test_after_downtime_it_lapses_once_and_says_how_late(desk: Desk) -> None:
    """Missed reminders are not made up for."""
    await all_of(desk, ("ana", "handover 1 @Noor"))
    await desk.settle()
    await desk.pass_time(minutes=45)
    assert len(asked(desk)) == 1
    [told] = [s for s in asked(desk, "ANA") if "back" in s.key]
    assert "(15 min late)" in words(told.card)


async def test_the_times_are_the_policys(desk: Desk) -> None:
    """An edit of the catalog counts for the next hand-over."""
    await furnish(desk, policy="policy: {reminders: {handover_remind: 1m, handover_expires: 2m}}\n")
    await all_of(desk, ("ana", "handover 1 @Noor"))
    await desk.settle()
    await desk.pass_time(minutes=1)
    assert len(asked(desk)) == 2
    await desk.pass_time(minutes=1)
    [row] = await desk.store.book(lambda b: b.find(HandOver))
    assert row.state == "lapsed"


async def test_the_brief_says_how_it_stands_and_what_is_owed(desk: Desk) -> None:
    """State, last update, gaps, tasks, promises to customers, what waits to be sent."""
    await all_of(
        desk,
        ("ana", "update 1 Half of the nodes are back next 30m"),
        ("ana", "task 1 add Ask the vendor for logs @Ben due 2026-12-24"),
        ("ana", "holding 1"),
        ("ana", "handover 1 @Noor"),
    )
    await desk.settle()
    [own] = asked(desk)
    said = words(own.card)
    for part in (
        "SEV1, investigating",
        "1 customer hit",
        "Half of the nodes are back",
        "Ask the vendor for logs (Ben Okafor), due 2026-12-24",
        "have heard nothing from us yet",
        "To send: holding 1",
        "Not known yet",
    ):
        assert part in said, part


async def test_taking_a_role_or_a_free_one_needs_no_answer(desk: Desk) -> None:
    """Whoever takes it says so by taking it; nobody had comms."""
    await all_of(desk, ("noor", "handover 1 @Noor"), ("ana", "handover 1 comms @Ben"))
    assert await commander(desk) == NOOR
    assert await desk.store.book(lambda b: b.find(HandOver)) == []


async def test_a_role_without_a_note_is_named_at_once(desk: Desk) -> None:
    """As ever: a note or the word makes it a hand-over. Who was asked before need not answer any more."""
    await all_of(desk, ("ana", "handover 1 @Noor"), ("ana", "role 1 commander @Ben"))
    assert await commander(desk) == BEN
    assert "taken back" in refused(await desk.say("noor", "accept 1"))


async def test_the_form_of_the_button_hands_over(desk: Desk) -> None:
    """Under a reminder: whom, and what they must know."""
    form = (await desk.say("ana", "handover 1")).show
    assert isinstance(form, Form)
    assert form.title == "INC-1 hand over"
    sent = await desk.say("ana", form.says, values={"person": "U0NOOR", "note": "vendor called"})
    assert "Handed over to Noor Haddad" in words(sent.show)
    assert await commander(desk) == ANA


async def test_it_is_taken_back_or_given_to_another_instead(desk: Desk) -> None:
    """One hand-over of a role at a time; the first one's buttons are gone."""
    answer = await desk.say("ana", "handover 1 @Noor")
    await desk.settle()
    await all_of(desk, ("ana", "handover 1 @Ben"))
    await desk.settle()
    assert "handed it to Ben Okafor instead" in words(asked(desk)[0].card)
    assert "handed to Ben Okafor, not to you" in refused(await desk.say("noor", "accept 1"))
    await all_of(desk, ("ana", buttons(answer.show)["Take it back"]))
    assert "taken back" in refused(await desk.say("ben", "accept 1"))
    assert await commander(desk) == ANA
    states = [h.state for h in await desk.store.book(lambda b: b.find(HandOver))]
    assert states == ["withdrawn", "withdrawn"]


async def test_all_at_once_is_taken_at_once(desk: Desk) -> None:
    """End of a shift: every incident goes over, each with its brief, one press for all."""
    await all_of(desk, ("ana", "declare Search is slow sev3"), ("ana", "role all commander @Noor -- night shift"))
    assert [await commander(desk, n) for n in (1, 2)] == [ANA, ANA]
    assert "Which incident?" in refused(await desk.say("noor", "accept", channel="D1"))
    await all_of(desk, ("noor", "accept all"))
    assert [await commander(desk, n) for n in (1, 2)] == [NOOR, NOOR]


async def test_a_merged_incident_has_nobody_to_lead_it(desk: Desk) -> None:
    """A press after the end says so; the clock closes the cards without a ping."""
    await all_of(
        desk,
        ("ana", "declare Mail again sev2"),
        ("ana", "handover 2 @Noor"),
        ("ana", "merge 2 into 1 because the same"),
    )
    await desk.settle()
    assert "nobody leads it" in refused(await desk.say("noor", "accept 2"))
    await desk.pass_time(minutes=6)
    assert len(asked(desk)) == 1
    assert buttons(asked(desk)[0].card) == {}


async def test_whoever_was_asked_into_a_private_incident_and_cannot_is_out_again(desk: Desk) -> None:
    """They saw it for the hand-over alone."""
    await all_of(desk, ("ana", "declare Payroll leak sev1 private"), ("ana", "handover 2 @Noor"))
    await desk.settle()
    assert all("room" not in s.place or s.place.startswith("slack") for s in desk.screens("inc-2/handover"))
    await all_of(desk, ("noor", "show 2"), ("noor", "cannot 2 because no"))
    refused(await desk.say("noor", "show 2"))
    member = await desk.store.book(lambda b: b.get(Member, 2, NOOR))
    assert member is not None
    assert member.left_at is not None


@pytest.mark.parametrize("line", ["accept 99", "accept 1 boss", "accept 1 2", "cannot 1 tired", "accept all 1"])
async def test_bad_input_changes_nothing(desk: Desk, line: str) -> None:
    """A sentence, and it still waits."""
    await all_of(desk, ("ana", "handover 1 @Noor"))
    answer = await desk.say("noor", line, channel="D1")
    assert answer.refused or not answer.recorded
    [row] = await desk.store.book(lambda b: b.find(HandOver))
    assert row.state == "pending"
