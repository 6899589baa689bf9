"""The clocks of relay: reminded after four hours, escalated after a day, silent the moment it is done."""

from typing import Any

import pytest

from handlers import packs
from tests.desk import Desk, words
from tests.stories.quick import all_of, approved, customer, furnish
from tests.stories.two_managers import board, message, open_house, published, reminders, row, rows


@pytest.fixture
async def desk(seed_desk: Desk) -> Desk:
    """Dana with three customers, Priya with one; everything published."""
    await open_house(seed_desk)
    await published(seed_desk)
    return seed_desk


async def test_nobody_is_reminded_before_four_hours(desk: Desk) -> None:
    """The clock runs from the publication."""
    await desk.pass_time(hours=3, minutes=50)
    assert reminders(desk, "dana") == []
    assert all(not r.late for r in (await rows(desk)).values())


async def test_after_four_hours_one_card_for_each_manager_lists_all_their_open_customers(desk: Desk) -> None:
    """Not one for each customer; the board counts who is late."""
    await all_of(desk, ("dana", "relay done 1 bolt via phone"))
    await desk.pass_time(hours=4)
    (said,) = reminders(desk, "dana")
    assert "2 customers have not been told" in said
    assert "Acme Ltd" in said
    assert "Quiet Ltd" in said
    assert "Bolt" not in said
    assert len(reminders(desk, "priya")) == 1
    assert "3 late" in board(desk)
    assert "Dana Lee: Told 1 of 3, acknowledged 0, 2 late" in board(desk)


async def test_it_falls_silent_the_moment_it_is_done_or_skipped(desk: Desk) -> None:
    """The reminder that stands says so, and no other follows."""
    await desk.pass_time(hours=4)
    await all_of(desk, ("dana", "relay done 1 acme via phone"), ("dana", "relay done 1 bolt via phone"))
    await desk.settle()
    assert "1 customer has not been told" in reminders(desk, "dana")[0]
    await all_of(desk, ("dana", "relay skip 1 quiet because they closed their account"))
    await desk.settle()
    assert "Done." in reminders(desk, "dana")[0]
    await desk.pass_time(hours=30)
    assert len(reminders(desk, "dana")) == 1
    assert len(reminders(desk, "priya")) == 2


async def test_each_reminder_rings_and_the_one_before_goes_quiet(desk: Desk) -> None:
    """A message of its own every four hours."""
    await desk.pass_time(hours=4)
    await desk.pass_time(hours=4)
    first, second = reminders(desk, "dana")
    assert "Reminded again below" in first
    assert "3 customers have not been told" in second


@pytest.mark.parametrize("hours", [4, 24])
async def test_a_fault_with_one_account_manager_keeps_no_other_waiting(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    """Priya is reminded and the board counts her; Dana a minute after it is mended. A faulty board stops nobody."""
    whole = packs.sheet_of

    def broken(book: Any, ctx: Any, apology: Any, manager: str, *rest: Any) -> Any:
        if manager.startswith("dana"):
            raise ZeroDivisionError
        return whole(book, ctx, apology, manager, *rest)

    monkeypatch.setattr(packs, "sheet_of", broken)
    await desk.pass_time(hours=hours)
    assert (len(reminders(desk, "dana")), len(reminders(desk, "priya"))) == (0, 1)
    assert "1 late" in board(desk)
    assert all((r.late, r.reminded) == (k == "cargo", k == "cargo") for k, r in (await rows(desk)).items())
    monkeypatch.setattr(packs, "sheet_of", whole)
    monkeypatch.setattr(packs, "board", lambda *_rest: 1 / 0)
    await desk.pass_time(minutes=1)
    assert (len(reminders(desk, "dana")), len(reminders(desk, "priya"))) == (1, 1)


async def test_after_a_downtime_it_is_said_once_with_how_late_it_is(desk: Desk) -> None:
    """Missed ticks collapse into one."""
    await desk.pass_time(hours=13)
    (said,) = reminders(desk, "dana")
    assert "(This reminder is 9 h late.)" in said
    await desk.pass_time(minutes=5)
    assert len(reminders(desk, "dana")) == 1


async def test_after_a_day_the_commander_and_comms_hear_of_it_on_one_card(desk: Desk) -> None:
    """With every account manager who is late; it changes where it stands, and does not ring again."""
    await all_of(desk, ("ana", "role 1 comms @Ben"))
    for _ in range(6):
        await desk.pass_time(hours=4)
    cards = {s.place: words(s.card) for s in desk.screens("late-relay-1/1/")}
    assert set(cards) == {"U0ANA", "U0BEN"}
    assert "4 customers not told in person after 24 h" in cards["U0ANA"]
    assert "Dana Lee: Acme Ltd, Bolt Ltd, Quiet Ltd" in cards["U0ANA"]
    assert "Priya Raman: Cargo Ltd" in cards["U0ANA"]
    assert "3 of these escalated" in board(desk)
    assert "escalated 3 customers of Dana Lee" in words((await desk.say("ana", "timeline 1")).show)
    await all_of(desk, ("dana", "relay done 1 acme,bolt,quiet via phone"))
    await desk.settle()
    cards = {s.place: words(s.card) for s in desk.screens("late-relay-1/1/")}
    assert "Dana Lee" not in cards["U0ANA"]
    assert "1 customer not told" in cards["U0ANA"]
    await all_of(desk, ("priya", "relay done 1 cargo via phone"))
    await desk.settle()
    assert "Everybody who was late has been told" in words(desk.screens("late-relay-1/1/ana")[0].card)
    assert len(desk.screens("late-relay-")) == 2


async def test_the_clocks_are_policy(seed_desk: Desk) -> None:
    """Two hours and six, where the house says so; the sixth hour is kept though reminders come every four."""
    desk = seed_desk
    clocks = "policy: {reminders: {relay_remind: 4h, relay_escalate: 6h}}\n"
    await open_house(desk, policy=clocks)
    await published(desk)
    await desk.pass_time(hours=4)
    assert desk.screens("late-relay") == []
    await desk.pass_time(hours=2)
    assert desk.screens("late-relay") != []


async def test_who_was_told_wrongly_is_reminded_of_until_they_have_the_right_words(desk: Desk) -> None:
    """Told, and still owed."""
    text = next(s.text for s in desk.screens("apology-1/acme/") if s.text)
    wrong = text.replace("02:00 to 03:00 UTC", "02:00 to 02:10 UTC")
    await all_of(
        desk, ("dana", "relay done 1 bolt,quiet via phone"), ("dana", f"relay done 1 acme via email -- {wrong}")
    )
    assert (await row(desk, "acme")).wrong
    await desk.settle()
    assert "1 told wrongly" in board(desk)
    assert "Acme Ltd: relayed" in message(desk, "dana")
    await desk.pass_time(hours=5)
    (said,) = reminders(desk, "dana")
    assert "1 customer has not been told" in said
    assert "told wrongly" in said
    await all_of(desk, ("dana", f"relay done 1 acme via email -- {text}"))
    await desk.pass_time(hours=30)
    assert len(reminders(desk, "dana")) == 1


async def test_a_cover_is_reminded_in_the_manager_s_place(desk: Desk) -> None:
    """And so is nobody twice."""
    await all_of(desk, ("dana", "cover @Priya until 2010-12-24"))
    await desk.pass_time(hours=5)
    assert reminders(desk, "dana") == []
    said = " ".join(reminders(desk, "priya"))
    assert "You cover for Dana Lee" in said
    assert "Acme Ltd" in said
    assert "Cargo Ltd" in said


async def test_a_correction_starts_the_clock_anew(desk: Desk) -> None:
    """What was late of the old version is said to be over."""
    from tests.stories.two_managers import corrected

    await desk.pass_time(hours=25)
    assert desk.screens("late-relay-1/1/") != []
    await corrected(desk)
    assert all("Version 2 went out" in words(s.card) for s in desk.screens("late-relay-1/1/"))
    assert all("Version 2 went out" in said for said in reminders(desk, "dana"))
    assert all(not r.late for r in (await rows(desk)).values())
    await desk.pass_time(hours=4)
    assert len(reminders(desk, "dana")) == 2


async def test_two_apologies_are_two_cards(seed_desk: Desk) -> None:
    """Each with its own customers and its own board."""
    from tests.stories import quick

    desk = seed_desk
    await furnish(desk, customer("acme", "slack: C0ACME001"))
    await approved(desk)
    await all_of(desk, ("cleo", "apology publish 1"))
    await quick.draft(desk, title="Mail is down again")
    await all_of(
        desk,
        ("ben", "apology submit 2"),
        ("ana", "apology approve 2"),
        ("cleo", "apology approve 2"),
        ("cleo", "apology publish 2"),
    )
    await desk.pass_time(hours=5)
    assert len(reminders(desk, "dana")) == 2
    assert len(desk.screens("apology-2/board")) == 2
