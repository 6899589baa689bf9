"""Corners of an incident's life: what does not exist, is too long, is empty, is over."""

import pytest

from handlers.domain.incident import Incident, Room
from tests.desk import Desk, words
from tests.stories.quick import all_of, customer, furnish, refused


@pytest.fixture
async def desk(seed_desk: Desk) -> Desk:
    """A house with one customer, and an incident of Ana's."""
    await furnish(seed_desk, customer("acme", "slack: C0ACME001"))
    await all_of(seed_desk, ("ana", "declare Mail is down sev1 services mail region NA"))
    return seed_desk


async def incident(desk: Desk, number: int = 1) -> Incident:
    """The record of one incident."""
    found = await desk.store.book(lambda b: b.get(Incident, number))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("line", "help_"),
    [
        ("show 99", "list"),
        ("task 1 done 9", "no task"),
        ("fact 1 drop F9 because x", "facts 1"),
        ("confirm 1 F9", "the commander of the incident"),
        ("apology show 9", "apology draft"),
        ("promise done 9 -- x", "promises open"),
        ("settle 999 arrived", "no post"),
        ("send 9", "makes one"),
        ("relay answer 9 -- x", "no question"),
        ("unlink 1 1", "not linked"),
        ("link 1 recurrence-of 1 because x", "itself"),
        ("merge 1 into 1 because x", "itself"),
        ("affected 1 +nobody because x", "customer list"),
        ("services 1 +mial", "mail"),
        ("role 1 comms @Nobody", "Mention"),
        ("fact 1 colour blue", "no kind of fact"),
        ("fact 1 fix perfect", "none, contained"),
        ("customer show acne", "acme"),
        ("cover @Dana until someday", ""),
        (f"title 1 {'x' * 121}", "120"),
        (f"declare {'x' * 121}", "120"),
        (f"update 1 {'x' * 2801}", "Shorten"),
        (f"note 1 {'x' * 2801}", "2,800"),
        ("remind 1 every 60d", "30 days"),
        ("apology publish", "apology draft"),
        ("apology draft 1", "holding 1"),
        ("reopen 1 because x", ""),
    ],
)
async def test_what_cannot_be_is_said_with_what_to_do(desk: Desk, line: str, help_: str) -> None:
    """One sentence, and the record stays as it was."""
    before = await incident(desk)
    answer = await desk.say("ben", line)
    assert help_.lower() in words(answer.show).lower()
    assert not answer.recorded
    assert await incident(desk) == before


async def test_a_new_severity_moves_the_update_clock(desk: Desk) -> None:
    """From the last word, by the new cadence, never into the past."""
    await all_of(desk, ("ana", "update 1 We see it"))
    said_at = (await incident(desk)).last_update_at
    assert said_at is not None
    await all_of(desk, ("ana", "severity 1 sev3"))
    assert (await incident(desk)).next_update_at == said_at.replace(hour=said_at.hour + 1)
    desk.clock.wind(minutes=50)
    await all_of(desk, ("ana", "severity 1 sev1"))
    assert (await incident(desk)).next_update_at == desk.clock.at
    await all_of(desk, ("ana", "severity 1 sev4"))
    assert (await incident(desk)).next_update_at is None


async def test_a_new_status_moves_it_too(desk: Desk) -> None:
    """sev1: 20 minutes while investigating, 30 while monitoring."""
    declared = (await incident(desk)).declared_at
    await all_of(desk, ("ana", "status 1 monitoring"))
    due = (await incident(desk)).next_update_at
    assert due is not None
    assert (due - declared).total_seconds() == 30 * 60


async def test_role_all_names_somebody_in_every_open_incident_one_may_see(desk: Desk) -> None:
    """Not in a private one of others, not in one that is over."""
    await all_of(
        desk,
        ("noor", "declare Search is down"),
        ("noor", "declare Secret thing private"),
        ("noor", "declare Over"),
        ("noor", "resolve 4"),
        ("ana", "role all comms @Ben -- night shift"),
    )
    holders = [(await incident(desk, n)).holder("comms") for n in (1, 2, 3, 4)]
    assert holders == ["ben@example.com", "ben@example.com", "", ""]
    await desk.settle()
    assert len({s.key for s in desk.screens("/role/") if s.place == "U0BEN"}) == 2


async def test_a_commander_can_still_be_named_once_it_is_resolved(desk: Desk) -> None:
    """Somebody has to sign the facts after the shift has changed."""
    await all_of(desk, ("ana", "resolve 1"), ("ana", "role 1 commander @Noor"))
    assert (await incident(desk)).holder("commander") == "noor@example.com"
    await all_of(desk, ("noor", "reopen 1 because again"), ("noor", "cancel 1 because a test"))
    assert "cancelled" in refused(await desk.say("ana", "role 1 commander @Ben"))


async def test_leaving_and_coming_back_moves_the_person_in_slack_too(desk: Desk) -> None:
    """Out of the room, and invited again."""
    await all_of(
        desk, ("noor", "join 1"), ("noor", "leave 1"), ("noor", "join 1"), ("noor", "leave 1"), ("noor", "join 1")
    )
    await desk.settle()
    calls = [op for op, key, _ in desk.slack.calls if "U0NOOR" in key and op in ("invite", "remove")]
    assert (calls.count("invite"), calls.count("remove")) == (3, 2)


async def test_joining_a_resolved_incident_still_works(desk: Desk) -> None:
    """Its room and its story stay."""
    await all_of(desk, ("ana", "resolve 1"), ("noor", "join 1"))


async def test_a_merged_incident_says_where_it_goes_on(desk: Desk) -> None:
    """And takes no further changes."""
    await all_of(desk, ("ana", "declare Mail again"), ("ana", "merge 2 into 1 because same"))
    assert "INC-1" in words((await desk.say("noor", "show 2")).show)
    assert "merged" in refused(await desk.say("ana", "severity 2 sev3"))


async def test_the_incidents_channel_is_nobodys_room(desk: Desk) -> None:
    """Where a room could not be opened its talk moves there, but bare words there mean no incident."""
    await all_of(desk, ("ana", "declare Search is down services search"))
    fallback = Room(1, "slack", address="C0INCIDENTS", fault="restricted_action")
    await desk.store.book(lambda b: b.put(fallback))
    sentence = refused(await desk.say("noor", "resolve"))
    assert "Which incident" in sentence


async def test_answers_begin_with_the_incident(desk: Desk) -> None:
    """Yes or no: whoever reads it on a phone knows what it is about."""
    for line in (
        "severity 1 sev2",
        "note 1 hello",
        "task 1 done 9",
        "update 1 hello",
        "facts 1",
        "join 1",
        "holding 1",
    ):
        assert words((await desk.say("ana", line)).show).startswith("INC-1 Mail is down"), line


async def test_merge_of_a_drill_into_a_real_one_is_refused(desk: Desk) -> None:
    """An exercise never becomes real by a slip."""
    await all_of(desk, ("ana", "declare Exercise drill"))
    assert "drill" in refused(await desk.say("ana", "merge 2 into 1 because same"))


async def test_a_time_is_no_number_for_breadth(desk: Desk) -> None:
    """A wrong fact's number, at night: the window does not become the count of customers."""
    await desk.say("ana", "declare Mail is down sev1 services sign-in region NA")
    await desk.say("ana", 'fact 1 count "1,200 customers" source support public')
    answer = await desk.say("ana", "fact 1 F1 = 2010-08-21 11:50-12:20 UTC because the log says so")
    assert answer.refused
    assert "is a time, and a count says how many" in words(answer.show)
