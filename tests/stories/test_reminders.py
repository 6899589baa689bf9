"""Reminders: said once when an update is due, on both platforms, and answered on either."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.scenarios import FOLDER
from handlers import commands, grammar
from handlers.card import Form
from handlers.domain.incident import Event, Incident
from storage.database import Database, make_engine
from tests.conftest import hurried
from tests.desk import Clock, Desk, Screen, buttons, words

SEV1 = 20
"""Minutes between updates of a sev1 while it is investigated (handlers.domain.policy)."""
CATALOG = FOLDER / "bpos-2010.catalog.yaml"


async def incident(desk: Desk, number: int = 1) -> Incident:
    """The record of one incident."""
    found = await desk.store.book(lambda b: b.get(Incident, number))
    assert found is not None
    return found


async def declared(desk: Desk, line: str = "declare Checkout is down sev1") -> None:
    """An incident of Ana's, its rooms open."""
    answer = await desk.say("ana", line)
    assert answer.recorded, words(answer.show)
    await desk.settle()


def reminders(desk: Desk) -> list[Screen]:
    """Every reminder on screen in the rooms, oldest first on each platform."""
    return [s for s in desk.screens("/reminder/") if "/to/" not in s.key and "/channel@" not in s.key]


def live(desk: Desk) -> list[Screen]:
    """Reminders that still have buttons."""
    return [s for s in reminders(desk) if buttons(s.card)]


async def test_a_reminder_comes_when_the_policy_says_once_on_each_platform(desk: Desk) -> None:
    """Twenty minutes into a sev1, not before, and only once however often the clock ticks."""
    await declared(desk)
    await desk.pass_time(minutes=SEV1 - 1)
    assert reminders(desk) == []
    await desk.pass_time(minutes=1)
    for _ in range(5):
        await desk.pass_time(seconds=1)
    assert [s.key for s in reminders(desk)] == ["inc-1/reminder/1@slack", "inc-1/reminder/1@teams"]
    assert {s.place.rsplit("-", 1)[0] for s in reminders(desk)} == {"slack-room", "teams-room"}
    assert "Ana Silva: an update is due" in words(reminders(desk)[0].card)


@pytest.mark.parametrize(
    ("severity", "status", "minutes"),
    [("sev1", "identified", 30), ("sev2", "investigating", 30), ("sev2", "monitoring", 60), ("sev3", "identified", 60)],
)
async def test_each_severity_and_status_has_its_own_clock(
    seed_desk: Desk, severity: str, status: str, minutes: int
) -> None:
    """By the default policy, counted from the last word."""
    desk = seed_desk
    await declared(desk, f"declare Checkout is down {severity}")
    if status != "investigating":
        await desk.say("ana", f"status 1 {status}")
    found = await incident(desk)
    assert found.next_update_at == found.declared_at + timedelta(minutes=minutes)


async def test_a_sev4_is_left_in_peace(seed_desk: Desk) -> None:
    """The policy has no clock for it."""
    await declared(seed_desk, "declare A typo on the page sev4")
    await seed_desk.pass_time(days=1)
    assert reminders(seed_desk) == []


async def test_every_button_of_a_reminder_is_a_line_of_the_grammar(seed_desk: Desk) -> None:
    """A press is a typed line."""
    await declared(seed_desk)
    await seed_desk.pass_time(minutes=SEV1)
    says = buttons(reminders(seed_desk)[0].card)
    assert set(says) == {
        "Post update", "On track", "Hand over", "Snooze 15", "Snooze 30", "Snooze 60", "Stop because …"
    }  # fmt: skip
    for line in says.values():
        reading = grammar.Reading(now=seed_desk.clock.at, zone=seed_desk.intake.house.zone, exists=lambda n: n == 1)
        assert isinstance(grammar.read(line, reading), commands.OnTrack | commands.Remind | commands.OpenForm), line


@pytest.mark.parametrize(("button", "minutes"), [("On track", SEV1), ("Snooze 15", 15), ("Snooze 60", 60)])
async def test_an_answer_on_one_platform_changes_both_cards_and_sets_the_clock(
    desk: Desk, button: str, minutes: int
) -> None:
    """Ben presses in Teams; in Slack the buttons are gone too, and the next reminder is a new message."""
    await declared(desk)
    await desk.pass_time(minutes=SEV1)
    says = buttons(desk.screens("reminder/1@teams")[0].card)[button]
    assert (await desk.say("ben", says, on="teams")).recorded
    pressed_at = desk.clock.at
    await desk.settle()
    assert live(desk) == []
    assert all("Ben Okafor" in words(s.card) and s.edits == 1 for s in reminders(desk))
    assert (await incident(desk)).next_update_at == pressed_at + timedelta(minutes=minutes)
    answered = [words(s.card) for s in reminders(desk)]
    await desk.pass_time(minutes=minutes)
    assert [words(s.card) for s in reminders(desk) if "/reminder/1@" in s.key] == answered
    assert [s.key for s in live(desk)] == ["inc-1/reminder/2@slack", "inc-1/reminder/2@teams"]


@pytest.mark.parametrize(
    ("button", "values"),
    [
        ("Post update", {"text": "Half of the nodes are back"}),
        ("Stop because …", {"because": "the supplier keeps us posted"}),
        ("Hand over", {"role": "commander", "person": "ben@example.com"}),
    ],
)
async def test_buttons_that_ask_first_open_a_form_that_does_it(
    desk: Desk, button: str, values: dict[str, str | tuple[str, ...]]
) -> None:
    """The form asks what is missing; sent, it is the command."""
    await declared(desk)
    await desk.pass_time(minutes=SEV1)
    asked = await desk.say("ana", buttons(reminders(desk)[0].card)[button])
    assert isinstance(asked.show, Form)
    assert {f.name for f in asked.show.fields if not f.optional} <= set(values)
    before = await incident(desk)
    sent = await desk.say("ana", asked.show.says, values=values)
    assert sent.recorded, sent
    assert await incident(desk) != before


async def test_an_update_starts_the_clock_again(desk: Desk) -> None:
    """From the update, by the cadence, or when it says so itself."""
    await declared(desk)
    await desk.pass_time(minutes=15)
    await desk.say("ben", "update 1 We see it", on="teams")
    assert (await incident(desk)).next_update_at == desk.clock.at + timedelta(minutes=SEV1)
    await desk.say("ben", "update 1 Rolling back next 45m", on="teams")
    assert (await incident(desk)).next_update_at == desk.clock.at + timedelta(minutes=45)
    await desk.pass_time(minutes=44)
    assert reminders(desk) == []


async def test_a_card_ages_where_it_stands(desk: Desk) -> None:
    """Nobody answers for an hour: one card on each platform, edited, with its buttons."""
    await declared(desk)
    for _ in range(12):
        await desk.pass_time(minutes=5)
    assert [s.key for s in reminders(desk)] == ["inc-1/reminder/1@slack", "inc-1/reminder/1@teams"]
    assert len(live(desk)) == 2
    assert "nobody has answered. The last word was at" in words(reminders(desk)[0].card)


async def test_an_own_cadence_holds_until_it_is_changed(desk: Desk) -> None:
    """`every 5m` is the clock from then on, through answers, updates and severities."""
    await declared(desk)
    assert (await desk.say("ana", "remind 1 every 5m")).recorded
    for number in range(1, 4):
        due = (await incident(desk)).next_update_at
        assert due is not None
        desk.clock.at = due
        await desk.pass_time(seconds=0)
        assert live(desk)[0].key == f"inc-1/reminder/{number}@slack"
        await desk.say("ana", "ontrack 1")
        assert (await incident(desk)).next_update_at == desk.clock.at + timedelta(minutes=5)
    await desk.say("ana", "severity 1 sev3")
    await desk.say("ana", "update 1 Still at it")
    assert (await incident(desk)).next_update_at == desk.clock.at + timedelta(minutes=5)


async def test_reminders_that_are_off_stay_off_with_the_reason_on_the_headline(desk: Desk) -> None:
    """Until somebody turns them on again."""
    await declared(desk)
    answer = await desk.say("ana", "remind 1 off because the supplier keeps us posted")
    assert answer.recorded
    for change in ("status 1 identified", "severity 1 sev2", "update 1 Nothing new"):
        await desk.say("ben", change, on="teams")
    await desk.pass_time(hours=3)
    assert reminders(desk) == []
    assert "reminders off: the supplier keeps us posted" in words(desk.screens("headline@slack")[0].card)
    await desk.say("ana", buttons(answer.show)["Turn them on"])
    await desk.pass_time(minutes=30)
    assert len(live(desk)) == 2


@pytest.mark.parametrize("line", ["remind 1 every 10s", "remind 1 in 40d", "remind 1 every soon", "remind 99 every 5m"])
async def test_a_reminder_that_makes_no_sense_is_refused(seed_desk: Desk, line: str) -> None:
    """With a sentence, and nothing is changed."""
    await declared(seed_desk)
    before = await incident(seed_desk)
    assert (await seed_desk.say("ana", line)).refused
    assert await incident(seed_desk) == before


async def test_ones_own_reminder_comes_to_ones_own_chat(desk: Desk) -> None:
    """Once, on time, to nobody else."""
    await desk.say("ben", "remind me in 10m -- call the CIO", on="teams")
    await desk.pass_time(minutes=9)
    assert desk.screens("ping/") == []
    for _ in range(3):
        await desk.pass_time(minutes=1)
    (screen,) = desk.screens("ping/")
    assert screen.place in ("U0BEN", "29:ben")
    assert words(screen.card) == "Reminder for you\ncall the CIO"


async def test_what_fell_due_while_nobody_ran_is_said_once_and_how_late(desk: Desk) -> None:
    """Three hours of downtime are one reminder, not nine; one's own ping says so too."""
    await declared(desk)
    await desk.say("ana", "remind me in 5m -- call the CIO")
    due = (await incident(desk)).next_update_at
    assert due is not None
    await desk.pass_time(hours=3)
    await desk.pass_time(seconds=1)
    late = desk.clock.at - due
    assert len(reminders(desk)) == 2
    minutes = round(late.total_seconds() / 60)
    assert f"({minutes // 60} h {minutes % 60} min late)" in words(reminders(desk)[0].card)
    assert "late)" in words(desk.screens("ping/")[0].card)
    (event,) = await desk.store.book(lambda b: b.find(Event, incident=1, kind="reminder"))
    assert event.words.endswith("late")


@pytest.mark.parametrize(
    "end", ["resolve 1", "cancel 1 because a drill of the supplier", "merge 2 into 1 because same"]
)
async def test_nothing_is_said_after_the_end(desk: Desk, end: str) -> None:
    """And the reminder that stood there shows who ended it."""
    await declared(desk)
    number = 1
    if end.startswith("merge"):
        await declared(desk, "declare Portals are down sev1")
        await desk.say("ana", "remind 1 off because only the second matters here")
        number = 2
    await desk.pass_time(minutes=SEV1 + 1)
    assert len(live(desk)) == 2
    assert (await desk.say("ana", end)).recorded
    await desk.settle()
    assert live(desk) == []
    count = len(reminders(desk))
    await desk.pass_time(days=1)
    assert len(reminders(desk)) == count
    assert (await incident(desk, number)).next_update_at is None


async def test_a_new_severity_moves_the_due_time(desk: Desk) -> None:
    """From the last word by the new cadence, but never into the past."""
    await declared(desk, "declare Checkout is slow sev3")
    at = (await incident(desk)).declared_at
    await desk.pass_time(minutes=5)
    await desk.say("ana", "severity 1 sev1")
    assert (await incident(desk)).next_update_at == at + timedelta(minutes=SEV1)
    await desk.say("ana", "severity 1 sev3")
    await desk.pass_time(minutes=40)
    await desk.say("ana", "severity 1 sev1")
    assert (await incident(desk)).next_update_at == desk.clock.at


async def test_reminders_of_a_private_incident_reach_its_members_alone(desk: Desk) -> None:
    """In Teams, where it has no room, in their personal chats."""
    await declared(desk, "declare Payroll data exposed sev1 private")
    await desk.say("ana", "role 1 deputy <@29:ben>")
    await desk.settle()
    await desk.pass_time(minutes=SEV1)
    assert {s.place for s in reminders(desk) if s.id.startswith("t")} == {"29:ana", "29:ben"}
    await desk.say("ben", "ontrack 1", on="teams")
    await desk.settle()
    assert live(desk) == []
    assert len(reminders(desk)) == 3


async def test_a_drill_reminds_inside(desk: Desk) -> None:
    """The whole point of a drill: everything but the outside."""
    await declared(desk, "declare Failover sev1 drill")
    await desk.pass_time(minutes=SEV1)
    assert len(reminders(desk)) == 2
    assert all("DRILL" in words(s.card) for s in reminders(desk))
    assert {p.audience for p in await desk.posts()} == {"internal"}


@pytest.fixture
async def replicas(database_url: str) -> AsyncIterator[tuple[Desk, Desk]]:
    """Two servers on one database, in front of the same platforms."""
    clock = Clock()
    first, second = (Desk(Database(hurried(make_engine(database_url)), clock), clock) for _ in range(2))
    await first.furnish(CATALOG)
    second.slack, second.teams = first.slack, first.teams
    second.delivery.carriers = first.delivery.carriers
    yield first, second
    first.store.close()
    second.store.close()


async def test_two_servers_say_each_reminder_once(replicas: tuple[Desk, Desk]) -> None:
    """Both tick and carry at the same moment, round after round: one message a reminder and platform."""
    first, second = replicas
    for title in ("Checkout", "Search", "Mail"):
        await declared(first, f"declare {title} is down sev1")
    await first.say("ana", "remind me in 15m -- call the CIO")
    rounds = 4
    for _ in range(rounds):
        first.clock.wind(minutes=SEV1 + 1)
        await asyncio.gather(*(d.intake.tick() for d in (first, second) for _ in range(3)))
        await second.intake.tick()  # a second later: what every tick passed over, because another clock held it
        await asyncio.gather(*(d.delivery.drain() for d in (first, second, first)))
        for number in (1, 2, 3):
            await first.say("ana", f"ontrack {number}")
        await asyncio.gather(*(d.delivery.drain() for d in (first, second, first)))
    said = [s.key for s in reminders(first)]
    wanted = [f"inc-{n}/reminder/{k}@{p}" for n in (1, 2, 3) for k in range(1, rounds + 1) for p in ("slack", "teams")]
    assert sorted(said) == sorted(wanted)
    assert len(first.screens("ping/")) == 1
    assert len([c for c in first.slack.calls if c[1] == "inc-1/reminder/1@slack"]) == 2  # said, then answered


async def test_a_restart_loses_and_doubles_nothing(database_url: str) -> None:
    """The process that declared is gone; the next one reminds, edits the same cards, and goes on."""
    clock = Clock()
    before = Desk(Database(hurried(make_engine(database_url)), clock), clock)
    await before.furnish(CATALOG)
    await declared(before)
    await before.pass_time(minutes=SEV1)
    before.store.close()
    after = Desk(Database(hurried(make_engine(database_url)), clock), clock)
    after.slack.screens, after.teams.screens = before.slack.screens, before.teams.screens
    after.slack.numbers, after.teams.numbers = before.slack.numbers, before.teams.numbers
    await after.pass_time(seconds=30)
    assert all(s.edits == 0 for s in reminders(after))
    await after.pass_time(minutes=5)
    assert len(reminders(after)) == len(live(after)) == 2
    assert all(s.edits == 1 for s in reminders(after))
    assert (await after.say("ana", "ontrack 1", key="after")).recorded
    await after.settle()
    assert live(after) == []
    after.store.close()


@pytest.mark.parametrize(
    "ending", ["resolve 1", "cancel 1 because a test alert", "merge 1 into 2 because the same trouble"]
)
async def test_a_reminder_answered_by_the_end_promises_no_further_update(desk: Desk, ending: str) -> None:
    """Whoever ends an incident leaves no card behind that says when the next update is due."""
    await declared(desk)
    await desk.say("ana", "declare The same trouble sev3")
    await desk.pass_time(minutes=SEV1)
    assert not (await desk.say("ana", ending)).refused
    await desk.settle()
    answered = [s for s in reminders(desk) if s.key.startswith("inc-1/")]
    assert len(answered) == 2
    assert all("Next update" not in words(s.card) for s in answered)
