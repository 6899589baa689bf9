"""Stakeholders: who follows what hears of it, once a place, inside the house alone."""

import pytest

from handlers.card import Form
from handlers.domain.incident import Subscription
from tests.desk import Desk, Screen, buttons, words
from tests.stories.quick import all_of, approved, customer, furnish, refused

HERE = "C0BOARDROOM"
TEAMS = "19:board@thread.tacv2"


@pytest.fixture
async def desk(seed_desk: Desk) -> Desk:
    """A house with a customer's channels."""
    await furnish(seed_desk, customer("acme", "slack: C0ACME001"))
    return seed_desk


def follows(desk: Desk, place: str) -> list[Screen]:
    """What a place was told."""
    return [s for s in desk.screens("follow/") if s.place == place]


@pytest.mark.parametrize(("on", "place"), [("slack", HERE), ("teams", TEAMS)])
async def test_a_channel_follows_a_severity_in_one_card_and_short_lines(desk: Desk, on: str, place: str) -> None:
    """One card an incident, edited as it goes; each event a line below it; a milder incident is not told."""
    answer = await desk.say("ben", "subscribe here to sev2", on=on, channel=place)
    assert "This channel will hear of every SEV2 or worse: everything" in words(answer.show)
    await all_of(desk, ("ana", "declare Mail is down sev1 services mail"), ("ana", "declare A typo sev4"))
    await desk.settle()
    [card] = follows(desk, place)
    assert "INC-1 Mail is down" in words(card.card)
    await all_of(desk, ("ana", "update 1 Half is back"), ("ana", "severity 1 sev2"), ("ana", "resolve 1"))
    await desk.settle()
    first, *lines = follows(desk, place)
    assert first.id == card.id
    assert "Status: Resolved" in words(first.card)
    assert "Half is back" in words(first.card)
    said = [words(s.card) for s in lines]
    assert ["update: Half is back" in said[0], "SEV2 now, was SEV1" in said[1], "is resolved" in said[2]] == [True] * 3
    assert {s.thread for s in lines} == {card.id}


async def test_the_end_of_what_was_bad_enough_once_is_told(desk: Desk) -> None:
    """Lowered below what is followed, it is followed to its end."""
    await desk.say("ben", "subscribe here to sev1", channel=HERE)
    await all_of(desk, ("ana", "declare Mail is down sev1"), ("ana", "severity 1 sev3"), ("ana", "resolve 1"))
    await desk.settle()
    assert "is resolved" in words(follows(desk, HERE)[-1].card)


async def test_one_chooses_the_events(desk: Desk) -> None:
    """Only the declaration and the end."""
    await all_of(desk, ("noor", "subscribe me to service mail events declared, resolved"))
    await all_of(
        desk,
        ("ana", "declare Mail is down sev3 services mail"),
        ("ana", "update 1 Half is back"),
        ("ana", "resolve 1"),
    )
    await desk.settle()
    assert [s.key for s in follows(desk, "U0NOOR")] == [
        "follow/1/noor@example.com@slack",
        "follow/1/noor@example.com/1@slack",
    ]


async def test_a_service_that_is_added_later_is_followed_from_then_on(desk: Desk) -> None:
    """And two subscriptions of one place say it once."""
    await desk.say("ben", "subscribe here to service search", channel=HERE)
    await desk.say("ben", "subscribe here to sev2", channel=HERE)
    await all_of(desk, ("ana", "declare Mail is down sev3 services mail"))
    await desk.settle()
    assert follows(desk, HERE) == []
    await all_of(desk, ("ana", "services 1 +search"), ("ana", "severity 1 sev1"))
    await desk.settle()
    assert len(follows(desk, HERE)) == 2  # the card, and one line of the severity


async def test_an_apology_is_told_when_customers_have_it(desk: Desk) -> None:
    """How many channels it reached; not its text."""
    await approved(desk)
    await all_of(desk, ("dana", "subscribe me to incident 1 events apology"), ("cleo", "apology publish 1"))
    await desk.settle()
    [_, told] = follows(desk, "U0DANA")
    assert "has an apology: A1 reached 1 channel" in words(told.card)


@pytest.mark.parametrize("target", ["C0ACME001", "<#C0ACME001|acme>", "#C0ACME001"])
async def test_a_customers_channel_is_refused(desk: Desk, target: str) -> None:
    """Customers read what was approved for them, nothing else."""
    assert "Nothing was changed" in refused(await desk.say("ben", f"subscribe {target} to sev1"))
    assert "belongs to Acme Ltd" in refused(await desk.say("ben", "subscribe here to sev1", channel="C0ACME001"))
    assert await desk.store.book(lambda b: b.find(Subscription)) == []


async def test_a_channel_that_becomes_a_customers_hears_no_more(desk: Desk) -> None:
    """Looked at when it is said, not when it was asked for."""
    await desk.say("ben", "subscribe here to sev1", channel=HERE)
    await furnish(desk, customer("acme", f"slack: {HERE}"))
    await all_of(desk, ("ana", "declare Mail is down sev1"))
    await desk.settle()
    assert follows(desk, HERE) == []


async def test_nothing_private_leaks(desk: Desk) -> None:
    """No channel, no outsider; a member who follows it hears until they are out."""
    await desk.say("ben", "subscribe here to sev1", channel=HERE)
    await all_of(
        desk,
        ("noor", "subscribe me to sev1"),
        ("ben", "subscribe me to sev1"),
        ("ana", "declare Payroll leak sev1 private"),
        ("ana", "role 1 comms @Ben"),
        ("ana", "update 1 Half is closed"),
    )
    await desk.settle()
    assert follows(desk, HERE) == follows(desk, "U0NOOR") == []
    assert "Payroll leak" in words(follows(desk, "U0BEN")[0].card)
    assert "private" in refused(await desk.say("ana", "subscribe here to incident 1", channel=HERE))
    assert "not in INC-1" in refused(await desk.say("ana", "subscribe @Noor to incident 1"))
    assert "no INC-1 that you can see" in refused(await desk.say("noor", "subscribe me to incident 1"))
    await all_of(desk, ("ben", "subscribe me to incident 1"))
    assert "INC-1" not in words((await desk.say("noor", "subscriptions")).show)
    before = len(follows(desk, "U0BEN"))
    await all_of(desk, ("ana", "role 1 comms @Ana"), ("ben", "leave 1"), ("ana", "update 1 All is closed"))
    await desk.settle()
    assert len(follows(desk, "U0BEN")) == before


async def test_a_drill_is_for_those_who_are_in_it(desk: Desk) -> None:
    """Stakeholders are not alarmed; whoever follows that one incident asked for it."""
    await desk.say("ben", "subscribe here to sev1", channel=HERE)
    await all_of(desk, ("ana", "declare Failover sev1 drill"))
    await desk.settle()
    assert follows(desk, HERE) == []


async def test_a_colleague_is_told_that_they_were_subscribed_and_can_stop_it(desk: Desk) -> None:
    """By a button; a third person cannot."""
    await all_of(desk, ("ana", "subscribe @Noor to sev1 events declared"))
    await desk.settle()
    [told] = [s for s in desk.screens("subscription/") if s.place == "U0NOOR"]
    assert "Ana Silva subscribed you to every SEV1: declared." in words(told.card)
    assert "no S1 of yours" in refused(await desk.say("ben", "unsubscribe S1"))
    await all_of(desk, ("noor", buttons(told.card)["Stop this"]))
    assert "ended already" in words((await desk.say("noor", "unsubscribe S1")).show)
    await all_of(desk, ("ana", "declare Mail is down sev1"))
    await desk.settle()
    assert follows(desk, "U0NOOR") == []


async def test_the_same_again_only_changes_its_events(desk: Desk) -> None:
    """One subscription, and the list says who hears what."""
    await all_of(desk, ("noor", "subscribe me to sev1"), ("noor", "subscribe to sev1 events resolved"))
    [row] = await desk.store.book(lambda b: b.find(Subscription))
    assert row.events == ("resolved",)
    listed = await desk.say("noor", "subscriptions")
    assert "S1 Noor Haddad: every SEV1, resolved" in words(listed.show)
    assert buttons(listed.show)["Stop S1"] == "unsubscribe S1"


async def test_the_form_asks_who_what_and_which(desk: Desk) -> None:
    """Said without anything."""
    form = (await desk.say("noor", "subscribe")).show
    assert isinstance(form, Form)
    sent = await desk.say("noor", form.says, values={"target": "me", "what": "service mail", "events": ("resolved",)})
    assert "You will hear of Mail: resolved." in words(sent.show)


@pytest.mark.parametrize(
    "line",
    [
        "subscribe me to everything",
        "subscribe me to sev9",
        "subscribe me to service nonsense",
        "subscribe me to incident 99",
        "subscribe @Nobody to sev1",
        "subscribe me to sev1 events lunch",
        "subscribe me to sev1 loudly",
        "unsubscribe 99",
        "unsubscribe everything",
    ],
)
async def test_bad_input_changes_nothing(desk: Desk, line: str) -> None:
    """A sentence each."""
    refused(await desk.say("noor", line))
    assert await desk.store.book(lambda b: b.find(Subscription)) == []
