"""Account managers pass it on: their own words are held against the approved facts."""

import pytest

from handlers.domain.relay import Relay
from tests.desk import Desk, words
from tests.stories.seed import publish_seed


@pytest.fixture
async def desk(seed_desk: Desk) -> Desk:
    """The seed, published."""
    await publish_seed(seed_desk)
    return seed_desk


async def receipt(desk: Desk, customer: str) -> Relay:
    """One customer's receipt."""
    found = await desk.store.book(lambda b: b.get(Relay, 1, customer))
    assert found is not None
    return found


async def approved(desk: Desk, customer: str) -> str:
    """The approved words for one customer."""
    return next(s.text for s in desk.screens(f"apology-1/{customer}/") if s.text)


async def test_a_few_minutes_for_two_hours_counts_as_told_wrongly(desk: Desk) -> None:
    """Edge replay (c): the receipt stays open as told wrongly, and the board says so."""
    text = (await approved(desk, "contoso")).replace("for 2 hours", "for a few minutes")
    answer = await desk.say("dana", f"relay done contoso via email -- {text}")
    assert not answer.refused, words(answer.show)
    assert "told wrongly" in words(answer.show)
    assert (await receipt(desk, "contoso")).wrong


async def test_the_approved_words_themselves_hold(desk: Desk) -> None:
    """Passing on the text as it is finds nothing."""
    text = await approved(desk, "contoso")
    checked = await desk.say("dana", f"relay check contoso -- {text}")
    assert "These words hold" in words(checked.show)
    await desk.say("dana", f"relay done contoso via chat -- {text}")
    assert not (await receipt(desk, "contoso")).wrong


async def test_words_after_a_phone_call_are_a_note(desk: Desk) -> None:
    """Nobody is wrong for a note."""
    await desk.say("dana", "relay done contoso via phone -- spoke for a few minutes to their CIO")
    found = await receipt(desk, "contoso")
    assert (found.state, found.wrong, found.words) == ("relayed", "", "spoke for a few minutes to their CIO")


async def test_a_correct_telling_puts_it_right(desk: Desk) -> None:
    """Told wrongly until the customer has the right words."""
    text = await approved(desk, "contoso")
    await desk.say("dana", f"relay done contoso via email -- {text.replace('2 hours', '20 minutes')}")
    assert (await receipt(desk, "contoso")).wrong
    await desk.say("dana", f"relay done contoso via email -- {text}")
    assert not (await receipt(desk, "contoso")).wrong


async def test_another_manager_s_customer_is_not_yours_to_tell(desk: Desk) -> None:
    """Receipts belong to the customer's own account manager, the commander or comms."""
    rows = await desk.store.book(lambda b: b.find(Relay, apology=1))
    foreign = next(r.customer for r in rows if r.manager != "dana@example.com")
    assert (await desk.say("dana", f"relay done {foreign} via phone")).refused
    assert not (await desk.say("ana", f"relay done {foreign} via phone")).refused
