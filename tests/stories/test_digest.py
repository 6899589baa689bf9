"""What waits for somebody: the same in `list mine`, the App Home and the daily list; nights are left alone."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.channel import Request
from handlers.domain.incident import ApologyDue, KeptBack, Ping, Task
from tests.desk import Desk, Screen, buttons, words
from tests.stories.quick import all_of, customer, draft, furnish, refused

MONDAY = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


@pytest.fixture
async def desk(seed_desk: Desk) -> Desk:
    """A house with a customer of Dana's, on a Monday at eight; the calendar has begun."""
    seed_desk.clock.at = MONDAY
    await furnish(seed_desk, customer("acme", "slack: C0ACME001"))
    await seed_desk.intake.tick()
    return seed_desk


def to(desk: Desk, who: str, part: str = "") -> list[Screen]:
    """What somebody was told in person."""
    return [s for s in desk.screens(part) if s.place in (f"U0{who.upper()}", f"29:{who}")]


async def home(desk: Desk, who: str) -> str:
    """The App Home."""
    card = await desk.intake.home(Request("h", "slack", f"U0{who.upper()}", "D1", "", personal=True))
    return words(card)


async def test_list_mine_the_home_and_the_daily_list_show_the_same(desk: Desk) -> None:
    """A task, a hand-over, an update to send, a reminder: line for line."""
    await all_of(
        desk,
        ("ana", "declare Mail is down sev3 services mail region NA"),
        ("ana", "task 1 add Alert on expiry @Noor due 2026-11-24"),
        ("ana", "handover 1 @Noor"),
        ("noor", "remind me in 3h -- call the vendor"),
    )
    await desk.pass_time(minutes=61)
    [daily] = to(desk, "noor", "digest/")
    listed = words((await desk.say("noor", "list mine")).show)
    at_home = await home(desk, "noor")
    assert "2 things wait for you" in words(daily.card)  # the hand-over has lapsed by now
    for line in ("INC-1 task 1 Alert on expiry, due 2026-11-24", "Reminder 1 call the vendor, due"):
        for shown in (words(daily.card), listed, at_home):
            assert line in shown
    assert buttons(daily.card)["Done: task 1"] == "task 1 done 1"
    assert to(desk, "ben", "digest/") == []


async def test_each_morning_once_and_never_at_the_weekend(desk: Desk) -> None:
    """Monday to Friday at nine; after downtime one list, not five."""
    await all_of(desk, ("ana", "declare Mail is down sev3"), ("ana", "task 1 add Alert @Noor due 2026-12-24"))
    for _ in range(7 * 24):
        await desk.pass_time(hours=1)
    assert len(to(desk, "noor", "digest/")) == 5
    await desk.pass_time(days=4)
    assert len(to(desk, "noor", "digest/")) == 6


async def test_a_morning_of_ones_own_in_ones_own_zone(desk: Desk) -> None:
    """08:30 in New York is half past one here; the house's nine is not said to them."""
    await all_of(
        desk,
        ("ana", "declare Mail is down sev4"),
        ("ana", "task 1 add Alert @Noor due 2026-12-24"),
        ("noor", "notify digest 08:30 America/New_York"),
    )
    await desk.pass_time(hours=5)
    assert to(desk, "noor", "digest/") == []
    await desk.pass_time(minutes=30)
    assert len(to(desk, "noor", "digest/")) == 1
    await all_of(desk, ("noor", "notify digest off"))
    await desk.pass_time(days=3)
    assert len(to(desk, "noor", "digest/")) == 1


async def test_a_private_incident_is_in_nobody_elses_list(desk: Desk) -> None:
    """Noor had a task in it and is out again."""
    await all_of(
        desk,
        ("ana", "declare Payroll leak sev4 private"),
        ("ana", "role 1 scribe @Noor"),
        ("ana", "task 1 add Payroll secret @Noor due 2026-11-25"),
        ("ana", "role 1 scribe @Ana"),
        ("noor", "leave 1"),
    )
    await desk.pass_time(days=3)
    for shown in (words((await desk.say("noor", "list mine")).show), await home(desk, "noor")):
        assert "Payroll" not in shown
    assert all("Payroll" not in words(s.card) for s in (*to(desk, "noor", "digest/"), *to(desk, "noor", "task/1/late")))
    assert all("Payroll" not in words(s.card) for s in desk.screens("weekly/"))


async def test_a_task_is_reminded_the_day_before_and_when_it_is_late(desk: Desk) -> None:
    """Each once, to its owner, with a way to be done; nothing once it is done."""
    await all_of(desk, ("ana", "declare Mail is down sev4"), ("ana", "task 1 add Alert @Noor due 2026-11-25T12:00Z"))
    await desk.pass_time(days=1, hours=5)
    [soon] = to(desk, "noor", "/task/1/soon")
    assert "It is due 2026-11-25T12:00Z" in words(soon.card)
    assert buttons(soon.card) == {"Done": "task 1 done 1", "New date or owner": "task 1 move 1"}
    await desk.pass_time(days=1)
    [late] = to(desk, "noor", "/task/1/late")
    assert "It was due" in words(late.card)
    await all_of(desk, ("noor", "task 1 done 1"))
    await desk.pass_time(days=2)
    assert len(to(desk, "noor", "/task/1/")) == 2


async def test_a_task_moves_to_another_day_and_person(desk: Desk) -> None:
    """Typed or by the form; one that customers were promised moves with the promise alone."""
    await all_of(desk, ("ana", "declare Mail is down sev4"), ("ana", "task 1 add Alert @Noor due 2026-11-25"))
    await all_of(desk, ("noor", "task 1 move 1 @Ben due 2026-11-30"))
    [task] = await desk.store.book(lambda b: b.find(Task))
    assert (task.owner, task.due, task.due_at) == ("ben@example.com", "2026-11-30", datetime(2026, 12, 1, tzinfo=UTC))
    await desk.pass_time(days=3)
    assert to(desk, "noor", "/task/") == []
    for line, words_ in (
        ("task 1 move 9 due Friday", "no task 9"),
        ("task 1 move 1 due whenever", "not understand"),
        ("task 1 move 1 @Nobody", "Mention"),
    ):
        assert words_.lower() in refused(await desk.say("ana", line)).lower()
    await all_of(desk, ("ben", "task 1 done 1"))
    assert "done already" in refused(await desk.say("ana", "task 1 move 1 due Friday"))


async def test_a_reminder_of_ones_own_is_shown_and_forgotten(desk: Desk) -> None:
    """Only one's own; once said it is over."""
    await all_of(desk, ("ana", "remind me in 10m -- call the CIO"))
    assert "Reminder 1 call the CIO" in words((await desk.say("ana", "list mine")).show)
    assert "no reminder 1" in refused(await desk.say("ben", "remind me off 1"))
    assert "no reminder 7" in refused(await desk.say("ana", "remind me off 7"))
    await all_of(desk, ("ana", "remind me off 1"))
    assert "forgotten already" in refused(await desk.say("ana", "remind me off 1"))
    await desk.pass_time(minutes=15)
    assert to(desk, "ana", "ping/") == []
    [ping] = await desk.store.book(lambda b: b.find(Ping))
    assert ping.cancelled


async def test_an_apology_is_owed_from_resolve_and_said_before_and_when_due(desk: Desk) -> None:
    """Sev1: 48 hours preliminary, five working days final; to comms, and in the rooms; a reopened one owes none."""
    await all_of(
        desk,
        ("ana", "declare Mail is down sev1 services mail region NA"),
        ("ana", "role 1 comms @Ben"),
        ("ana", "resolve 1"),
    )
    rows = await desk.store.book(lambda b: b.find(ApologyDue))
    resolved = desk.clock.at
    assert {(r.kind, r.due_at - resolved) for r in rows} == {
        ("preliminary", timedelta(hours=48)),
        ("final", timedelta(days=7)),
    }
    assert "INC-1 Mail is down: preliminary apology" in words((await desk.say("ben", "list mine")).show)
    await desk.pass_time(hours=44)
    [soon] = to(desk, "ben", "/owed/")
    assert "The preliminary apology is due" in words(soon.card)
    assert "1 customer waits for it" in words(soon.card)
    assert buttons(soon.card)["Draft apology"] == "apology draft 1"
    await desk.pass_time(hours=4)
    assert "was due" in words(to(desk, "ben", "/owed/")[-1].card)
    assert len(to(desk, "ben", "/owed/")) == 2
    await all_of(desk, ("ana", "reopen 1 because again"))
    await desk.pass_time(days=9)
    assert len(to(desk, "ben", "/owed/")) == 2


async def test_an_apology_that_is_out_is_no_longer_owed(desk: Desk) -> None:
    """Nobody is reminded of what customers have read."""
    await draft(desk)
    await all_of(desk, ("ben", "apology submit 1"), ("ana", "apology approve 1"), ("cleo", "apology approve 1"))
    await all_of(desk, ("cleo", "apology publish 1"))
    await desk.settle()
    await desk.pass_time(hours=60)
    assert [s.key for s in desk.screens("/owed/") if "preliminary" in s.key] == []


async def test_a_drill_owes_nothing(desk: Desk) -> None:
    """Nobody outside was hit."""
    await all_of(desk, ("ana", "declare Failover sev1 services mail drill"), ("ana", "resolve 1"))
    assert await desk.store.book(lambda b: b.find(ApologyDue)) == []


async def test_a_waiver_with_an_end_ends_aloud(desk: Desk) -> None:
    """Whoever left it out hears that it stands again."""
    await draft(desk)
    await all_of(
        desk,
        ("ana", "fact 1 drop F5 because the count is wrong"),
        ("ben", "apology waive 1 count because we still count until 2026-11-25"),
    )
    await desk.pass_time(days=4)
    [told] = to(desk, "ben", "waiver/")
    assert "out until 2026-11-25: it stands again. we still count" in words(told.card)
    assert buttons(told.card)["Look"] == "apology lint 1"
    await desk.pass_time(days=4)
    assert len(to(desk, "ben", "waiver/")) == 1


async def test_what_can_wait_waits_for_the_morning_and_comes_folded(desk: Desk) -> None:
    """Two tasks fall due at night: one message at seven on Noor's clock; buttons act."""
    await all_of(
        desk,
        ("noor", "notify quiet 22:00-07:00 Europe/Berlin"),
        ("ana", "declare Mail is down sev3"),
        ("ana", "task 1 add Alert @Noor due 2026-11-24T23:30Z"),
        ("ana", "task 1 add Rehearse @Noor due 2026-11-25T01:00Z"),
    )
    await desk.pass_time(hours=1)
    await desk.pass_time(hours=14)  # 23:00 here: quiet in Berlin
    await desk.pass_time(hours=4)
    assert to(desk, "noor", "/task/") == []
    await desk.pass_time(hours=3)  # 06:00 here, 07:00 there
    [folded] = to(desk, "noor", "kept/")
    said = words(folded.card)
    assert "While it was quiet: 2 things" in said
    assert "INC-1 task 1: Alert" in said
    assert "INC-1 task 2: Rehearse" in said
    assert buttons(folded.card)["What waits for me"] == "list mine"
    await desk.pass_time(hours=30)
    assert len(to(desk, "noor", "kept/")) == 1
    assert len(to(desk, "noor", "/late/")) == 2  # said by day, at once


async def test_a_running_sev1_breaks_through_and_a_sev3_does_not(desk: Desk) -> None:
    """A hand-over at night; in the rooms it stands either way."""
    await furnish(desk, policy="policy: {quiet_hours: '20:00-06:00'}\n")
    desk.clock.at = MONDAY.replace(hour=23)
    await all_of(
        desk,
        ("ana", "declare Mail is down sev1"),
        ("ana", "declare Search is slow sev3"),
        ("ana", "handover 1 @Noor"),
        ("ana", "handover 2 @Noor"),
    )
    await desk.settle()
    assert {s.key.split("/")[0] for s in to(desk, "noor", "/handover/")} == {"inc-1"}
    assert len([s for s in desk.screens("inc-2/handover") if "room" in s.place]) == 2
    await all_of(desk, ("noor", "accept 2"))
    await desk.settle()
    assert to(desk, "noor", "inc-2/handover") == []  # answered elsewhere: nothing is made up for
    [kept] = [k for k in await desk.store.book(lambda b: b.find(KeptBack)) if k.person == "noor@example.com"]
    assert "has it now" in kept.words


async def test_quiet_hours_off_let_go_what_waited(desk: Desk) -> None:
    """At once, with the next tick."""
    await all_of(
        desk,
        ("noor", "notify quiet 08:00-18:00"),
        ("ana", "declare Mail is down sev3"),
        ("ana", "task 1 add Alert @Noor due 2026-11-23T09:00Z"),
    )
    await desk.pass_time(minutes=65)
    assert to(desk, "noor", "/task/") == []
    await all_of(desk, ("noor", "notify quiet off"))
    await desk.pass_time(seconds=1)
    assert len(to(desk, "noor", "kept/")) == 1


@pytest.mark.parametrize(
    "line",
    ["notify quiet 25-7", "notify quiet 22:00", "notify loud", "notify digest noon", "notify quiet 22-7 Atlantis",
     "notify digest 9 +02:00"],
)  # fmt: skip
async def test_bad_settings_are_refused(desk: Desk, line: str) -> None:
    """With how to say it; nothing changes."""
    said = refused(await desk.say("noor", line))
    assert "Nothing was changed" in said or "Say" in said
    assert "No quiet hours" in words((await desk.say("noor", "notify")).show)


async def test_a_team_reads_its_list_in_its_channel_but_never_in_a_customers(desk: Desk) -> None:
    """Account managers who have not told their customers; nothing private."""
    policy = (
        "policy:\n  digest:\n    teams:\n"
        "      - {name: Account managers, role: account-manager, slack: C0MANAGERS, teams: '19:am@thread.tacv2'}\n"
        "      - {name: Wrong, role: commander, slack: C0ACME001}\n"
    )
    await furnish(desk, customer("acme", "slack: C0ACME001"), policy=policy)
    await all_of(
        desk,
        ("ana", "declare Mail is down sev4"),
        ("ana", "task 1 add Call them @Dana due 2026-11-24"),
        ("ana", "task 1 add Lead them @Ana due 2026-11-24"),
    )
    await desk.pass_time(minutes=61)
    told = [s for s in desk.screens("digest/") if "team-" in s.key]
    assert {s.place for s in told} == {"C0MANAGERS", "19:am@thread.tacv2"}
    assert all("Account managers: 1 open" in words(s.card) for s in told)
    assert all("Call them (Dana Lee)" in words(s.card) for s in told)
    assert [s for s in desk.screens() if s.place == "C0ACME001"] == []


async def test_the_week_in_the_incidents_channel(desk: Desk) -> None:
    """Monday at nine on both platforms; drills and private incidents are not in it."""
    await all_of(
        desk,
        ("ana", "declare Mail is down sev1 services mail"),
        ("ana", "declare Payroll leak sev2 private"),
        ("ana", "declare Exercise sev3 drill"),
    )
    await desk.pass_time(minutes=61)
    weekly = desk.screens("weekly/")
    assert {s.place for s in weekly} == {"C0INCIDENTS", "19:incidents@thread.tacv2"}
    for screen in weekly:
        said = words(screen.card)
        assert "Declared in seven days: 1 SEV1" in said
        assert "INC-1 Mail is down: SEV1, investigating" in said
        assert "Payroll" not in said
        assert "Exercise" not in said
    await desk.pass_time(days=6)
    assert len(desk.screens("weekly/")) == 2
    await desk.pass_time(days=1)
    assert len(desk.screens("weekly/")) == 4


async def test_an_edit_of_the_calendar_counts_at_the_next_tick(desk: Desk) -> None:
    """The policy moves the morning to ten, then says none."""
    await all_of(desk, ("ana", "declare Mail is down sev4"), ("ana", "task 1 add Alert @Noor due 2026-12-24"))
    await furnish(desk, policy="policy: {digest: {at: '10:00', weekly: 'off'}}\n")
    await desk.pass_time(minutes=61)
    assert desk.screens("digest/") == []
    await desk.pass_time(minutes=60)
    assert len(to(desk, "noor", "digest/")) == 1
    await furnish(desk, policy="policy: {digest: {at: 'off'}}\n")
    await desk.pass_time(days=2)
    assert len(to(desk, "noor", "digest/")) == 1


async def test_teams_has_its_home_in_the_chat(desk: Desk) -> None:
    """The same list as in Slack's App Home, by a word."""
    await all_of(desk, ("ana", "declare Mail is down sev3"), ("noor", "task 1 add Alert on expiry @Ana due 2026-11-24"))
    found = (await desk.say("ana", "home", on="teams")).show
    task = "INC-1 task 1 Alert on expiry, due 2026-11-24"
    assert task in words(found)
    assert task in await home(desk, "ana")


async def test_a_reminder_at_a_time(desk: Desk) -> None:
    """On the house's clock, whatever the hour; one that has passed today is tomorrow's."""
    await all_of(desk, ("ana", "notify quiet 00:00-23:59"), ("ana", "remind me at 09:30 -- call the CIO"))
    await desk.pass_time(minutes=89)
    assert to(desk, "ana", "ping/") == []
    await desk.pass_time(minutes=1)
    [shown] = to(desk, "ana", "ping/")
    assert "call the CIO" in words(shown.card)
    await all_of(desk, ("ana", "remind me at 08:00 -- stand up"))
    pings = await desk.store.book(lambda b: b.find(Ping, said_at=None))
    assert [p.due_at for p in pings] == [datetime(2026, 11, 24, 8, 0, tzinfo=UTC)]


async def test_what_is_left_out_until_a_date_is_on_the_list_of_whoever_left_it_out(desk: Desk) -> None:
    """With its day; not on anybody else's."""
    await draft(desk)
    await all_of(
        desk,
        ("ben", "fact 1 drop F5 because the count is wrong"),
        ("ana", "apology waive 1 count because we still count until 2026-11-27"),
    )
    shown = words((await desk.say("ana", "list mine")).show)
    assert "A1 count is left out" in shown
    assert "is left out until then, due 2026-11-27" in shown
    assert "is left out" not in words((await desk.say("ben", "list mine")).show)
