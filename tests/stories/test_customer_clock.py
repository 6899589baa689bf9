"""The clock of customers: the first word, the next one that was promised, and that nothing else moves it."""

from datetime import timedelta

import pytest

from handlers.domain.incident import Event, Incident
from tests.desk import Desk, Screen, buttons, words
from tests.stories.quick import all_of, customer, furnish

HOUSE = (customer("acme", "slack: C0ACME001"), customer("bolt", "teams: '19:bolt@thread.tacv2'"))
TEXT = "Mail is slow since 12:00 UTC. We work on it."


@pytest.fixture
async def desk(seed_desk: Desk) -> Desk:
    """A house with two customers, and a running sev1 of Ana's; its first word is due after ten minutes."""
    await furnish(seed_desk, *HOUSE)
    await all_of(seed_desk, ("ana", "declare Mail is down sev1 services mail region NA"))
    await seed_desk.settle()
    return seed_desk


def cards(desk: Desk, where: str = "inc-1/customers/") -> list[Screen]:
    """The reminders about customers in Slack's room."""
    return [s for s in desk.slack.screens.values() if s.key.startswith(where)]


async def incident(desk: Desk) -> Incident:
    """INC-1."""
    found = await desk.store.book(lambda b: b.get(Incident, 1))
    assert found is not None
    return found


async def test_nobody_outside_has_heard_and_a_holding_statement_is_offered(desk: Desk) -> None:
    """After the policy's ten minutes, once; it ages where it stands instead of being said again."""
    await desk.pass_time(minutes=9)
    assert cards(desk) == []
    await desk.pass_time(minutes=1)
    (card,) = cards(desk)
    assert "2 customers, 2 channels: nobody outside has heard from us yet" in words(card.card)
    assert buttons(card.card)["Holding statement"] == "holding 1"
    await desk.pass_time(minutes=20)
    assert len(cards(desk)) == 1
    told = [e.words for e in await desk.store.book(lambda b: b.find(Event, incident=1, kind="customers"))]
    assert told == ["reminded that customers have not heard from us"]


async def test_what_a_holding_statement_names_is_promised_and_tracked(desk: Desk) -> None:
    """The time in the words is the time that is kept; before it the owner is pinged, after it the promise is missed."""
    await desk.pass_time(minutes=10)
    reply = await desk.say("ana", "holding 1")
    await all_of(desk, ("ben", "send 1"))
    await desk.settle()
    promised = (await incident(desk)).customer_update_at
    assert promised is not None
    assert f"{promised:%H:%M} UTC" in words(reply.show)
    (first,) = cards(desk)
    assert "Ben Okafor sent a holding statement to 2 customers, 2 channels." in words(first.card)
    desk.clock.at = promised - timedelta(minutes=5)
    await desk.pass_time(seconds=0)
    assert len(cards(desk)) == 2
    assert "were told to expect our next word at" in words(cards(desk)[1].card)
    own = [s for s in desk.slack.screens.values() if s.place == "U0ANA" and s.key.startswith("customers/")]
    assert len(own) == 1
    desk.clock.at = promised
    await desk.pass_time(minutes=3)
    assert len(cards(desk)) == 2
    assert "3 min late" in words(cards(desk)[1].card)
    events = [e.words for e in await desk.store.book(lambda b: b.find(Event, incident=1, kind="customers"))]
    assert any(w.startswith("missed the word promised to customers for") for w in events)
    headline = next(s for s in desk.slack.screens.values() if s.key == "inc-1/headline@slack")
    assert "Customers hear next: missed, was due" in words(headline.card)


async def test_nothing_inside_moves_what_customers_were_promised(desk: Desk) -> None:
    """Updates in the room, snoozes, reminders off, on track: the promise stands."""
    await all_of(desk, ("ana", f"update 1 {TEXT} next 45m to customers"), ("ben", "send 1"))
    before = await incident(desk)
    await all_of(
        desk,
        ("ana", "remind 1 snooze 60m"),
        ("ana", "update 1 Half of it is back next 2h"),
        ("ana", "remind 1 off because we talk on the phone"),
        ("ana", "severity 1 sev3"),
    )
    after = await incident(desk)
    assert (after.customer_update_at, after.customer_ping_at) == (before.customer_update_at, before.customer_ping_at)
    await desk.pass_time(minutes=45)
    assert len(cards(desk)) == 1


async def test_an_update_without_a_time_promises_the_cadence_of_the_policy(desk: Desk) -> None:
    """Twenty minutes for a sev1 under investigation."""
    await all_of(desk, ("ana", f"update 1 {TEXT} to customers"), ("ben", "send 1"))
    found = await incident(desk)
    assert found.customer_update_at is not None
    assert timedelta(minutes=19) < found.customer_update_at - desk.clock.at <= timedelta(minutes=21)


async def test_nobody_is_reminded_of_customers_who_are_not_there(seed_desk: Desk) -> None:
    """No service named, a drill, an end: there is nobody to tell."""
    await furnish(seed_desk, *HOUSE)
    await all_of(
        seed_desk,
        ("ana", "declare Something is odd sev1"),
        ("ana", "declare Exercise sev1 services mail region NA drill"),
        ("ana", "declare Over at once sev1 services mail region NA"),
        ("ana", "resolve 3"),
    )
    await seed_desk.pass_time(minutes=15)
    assert [s.key for s in seed_desk.screens("/customers/")] == []
    await all_of(seed_desk, ("ana", "services 1 +mail"))
    await seed_desk.pass_time(minutes=20)
    assert {s.key for s in seed_desk.screens("/customers/")} == {
        "inc-1/customers/1@slack", "inc-1/customers/1@teams"
    }  # fmt: skip


async def test_an_incident_that_comes_back_has_a_first_word_again(desk: Desk) -> None:
    """What was promised before its end is over; customers who believe it fixed are told first."""
    await all_of(desk, ("ana", f"update 1 {TEXT} to customers"), ("ben", "send 1"), ("ana", "resolve 1"))
    await desk.pass_time(hours=2)
    assert cards(desk) == []
    await all_of(desk, ("ana", "reopen 1 because it is down again"))
    await desk.pass_time(minutes=10)
    (card,) = cards(desk)
    assert "nobody outside has heard from us yet" in words(card.card)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("resolve 1", "resolved it"),
        ("cancel 1 because a test alert", "cancelled the incident"),
        ("merge 1 into 2 because the same", "merged it into INC-2"),
    ],
)
async def test_the_end_of_an_incident_takes_the_buttons_away(desk: Desk, line: str, said: str) -> None:
    """A card about customers that is left behind would offer what can no longer be done."""
    await all_of(desk, ("ana", "declare Mail is slow sev4 services mail region NA"))
    await desk.pass_time(minutes=10)
    await all_of(desk, ("ana", line))
    await desk.settle()
    (card,) = cards(desk)
    assert f"Ana Silva {said}." in words(card.card)
    assert buttons(card.card) == {}
