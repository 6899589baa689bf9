"""An update that nobody gives: the steps of the escalation, by the policy that holds now, until somebody speaks."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.channel import Request
from bot.intake import House
from handlers import remind
from handlers.card import Form
from handlers.domain.incident import Event, Incident
from tests.desk import Desk, Screen, buttons, words
from tests.stories.quick import all_of, customer, furnish, refused

ON_CALL = "https://events.example.com/amends"
CHAIN = f"policy: {{on_call: [{{webhook: '{ON_CALL}'}}], reminders: {{channel: {{slack: C0ESCALATE}}}}}}\n"
SEV1 = 20
"""Minutes between updates of a sev1 under investigation."""


@pytest.fixture
async def desk(seed_desk: Desk) -> Desk:
    """A running sev1: Ana commands, Ben is deputy, Cleo comms; an on-call service and a channel for escalations."""
    seed_desk.intake.house = replace(seed_desk.intake.house, outlets=("webhook",))
    await furnish(seed_desk, policy=CHAIN)
    await all_of(
        seed_desk,
        ("ana", "declare Mail is down sev1 services mail"),
        ("ana", "role 1 deputy @Ben"),
        ("ana", "role 1 comms @Cleo"),
    )
    await seed_desk.settle()
    return seed_desk


async def incident(desk: Desk, number: int = 1) -> Incident:
    """The record of one incident."""
    found = await desk.store.book(lambda b: b.get(Incident, number))
    assert found is not None
    return found


async def until(desk: Desk, minutes: float, number: int = 1) -> None:
    """The clock ticks so many minutes after the incident was declared."""
    desk.clock.at = max(desk.clock.at, (await incident(desk, number)).declared_at + timedelta(minutes=minutes))
    await desk.pass_time(seconds=0)


def rooms(desk: Desk, number: int = 1) -> list[Screen]:
    """The reminder's cards in the rooms."""
    return [s for s in desk.screens(f"inc-{number}/reminder/") if not any(p in s.key for p in ("/to/", "/channel@"))]


def pinged(desk: Desk) -> list[tuple[str, str]]:
    """Who got a message of their own at which step."""
    keys = [s.key.split("@slack")[0].split("@example")[0] for s in desk.slack.screens.values() if "/to/" in s.key]
    return sorted((key.split("/")[-2], key.split("/")[-1]) for key in keys)


async def story(desk: Desk, number: int = 1) -> list[str]:
    """What the timeline keeps of reminders."""
    return [e.words for e in await desk.store.book(lambda b: b.find(Event, incident=number, kind="reminder"))]


async def hooks(desk: Desk) -> list[dict[str, Any]]:
    """What the on-call service would be posted, oldest first."""
    return [json.loads(p.text) for p in await desk.posts("inc-") if p.place.platform == "webhook"]


# --- the chain -------------------------------------------------------------------------------------------------------
async def test_each_step_tells_more_people_once_and_says_why(desk: Desk) -> None:
    """Soon: the commander alone. Due: commander and deputy, in the room. Overdue: all roles. Then channel and on call."""
    await until(desk, SEV1 - 5)
    assert rooms(desk) == []
    assert pinged(desk) == [("1", "ana")]
    (soon,) = desk.screens("/to/")
    assert "An update is due at" in words(soon.card)
    await until(desk, SEV1)
    assert [s.key for s in rooms(desk)] == ["inc-1/reminder/1@slack", "inc-1/reminder/1@teams"]
    assert "Ana Silva, Ben Okafor: an update is due. The last word was 20 min ago." in words(rooms(desk)[0].card)
    assert buttons(soon.card) == {}
    assert pinged(desk) == [("1", "ana")]
    await until(desk, SEV1 + 5)
    assert pinged(desk) == [("1", "ana"), ("3", "ana"), ("3", "ben"), ("3", "cleo")]
    assert await hooks(desk) == []
    await until(desk, SEV1 + 15)
    (channel,) = [s for s in desk.screens() if s.place == "C0ESCALATE"]
    assert "Nobody answers. SEV1, investigating: an update is overdue since" in words(channel.card)
    (hook,) = await hooks(desk)
    assert (hook["event"], hook["incident"], hook["severity"]) == ("update.overdue", "INC-1", "sev1")
    assert len(rooms(desk)) == 2
    assert await story(desk) == [
        "reminded Ana Silva: an update is due in 5 min",
        "reminded Ana Silva and Ben Okafor: an update is due",
        "asked Ana Silva, Ben Okafor and Cleo Laurent: the update is 5 min overdue and nobody answered",
        "asked the escalation channel and whoever is on call: the update is 15 min overdue and nobody answered",
    ]


async def test_a_person_on_two_platforms_is_called_on_one(desk: Desk) -> None:
    """The same card stands in both rooms, and the mention in it rings one telephone."""
    await until(desk, SEV1)
    (line, *_) = rooms(desk)[0].card.blocks  # type: ignore[union-attr]
    called = [s for s in line.spans if getattr(s, "ping", False)]  # type: ignore[union-attr]
    assert [(m.slack, m.teams) for m in called] == [("U0ANA", ""), ("U0BEN", "")]  # type: ignore[union-attr]


@pytest.mark.parametrize("stop", ["update 1 Half is back", "ontrack 1", "remind 1 snooze 2h", "resolve 1",
                                  "remind 1 off because we are on the phone"])  # fmt: skip
@pytest.mark.parametrize("at", [SEV1 - 5, SEV1, SEV1 + 5, SEV1 + 15])
async def test_whatever_step_it_is_at_it_stops_the_moment_somebody_speaks(desk: Desk, at: int, stop: str) -> None:
    """Every card of it says who did what and has no button; the on-call service is told; nothing more is said."""
    for minute in (m for m in (SEV1 - 5, SEV1, SEV1 + 5, SEV1 + 15) if m <= at):
        await until(desk, minute)
    await all_of(desk, ("ben", stop))
    await desk.settle()
    cards = desk.screens("/reminder/")
    assert cards
    assert all(buttons(s.card) == {} and "Ben Okafor" in words(s.card) for s in cards)
    assert [h["event"] for h in await hooks(desk)] == ["update.overdue", "update.answered"] * (at == SEV1 + 15)
    said = await story(desk)
    await desk.pass_time(minutes=14)
    assert await story(desk) == said


async def test_two_hours_of_silence_do_not_flood_the_room(desk: Desk) -> None:
    """One reminder stands in each room for two hours; each person is called at most once a step."""
    before = {s.id for s in desk.screens() if s.place.endswith(("room-1", "room-2"))}
    for second in range(0, 2 * 3600, 30):
        await until(desk, second / 60)
    visible = [s for s in desk.screens() if s.place.endswith(("room-1", "room-2")) and s.id not in before]
    assert [s.key for s in visible] == ["inc-1/reminder/1@slack", "inc-1/reminder/1@teams"]
    calls = pinged(desk)
    assert len(calls) == len(set(calls)) == 1 + 3 + 3  # soon · overdue · once more after an hour
    assert [h["event"] for h in await hooks(desk)] == ["update.overdue"] * 2
    assert len([s for s in desk.screens() if s.place == "C0ESCALATE"]) == 1
    assert len(await story(desk)) == 5


async def test_a_message_is_put_out_of_date_once(desk: Desk) -> None:
    """By the step after it; a silence of days does not draw every older message anew each hour."""
    for minutes in (SEV1, SEV1 + 5, SEV1 + 15):
        await until(desk, minutes)
    [first] = desk.screens("/to/3/ana")
    said = words(first.card)
    assert "asked again at" in said
    for hours in (1, 2, 3):
        await until(desk, SEV1 + 15 + hours * 60)
    assert words(first.card) == said
    assert buttons(desk.screens("/to/7/ana")[0].card)


async def test_nobody_outside_hears_of_a_drill_or_of_what_is_private(desk: Desk) -> None:
    """A drill wakes nobody on call; a private incident is named in no channel, and only its number leaves."""
    await all_of(
        desk,
        ("ana", "resolve 1"),
        ("ana", "declare Exercise sev1 services mail drill"),
        ("ana", "declare Payroll leak sev1 private"),
    )
    for minutes in (SEV1, SEV1 + 5, SEV1 + 15):
        await until(desk, minutes, 3)
    assert [s for s in desk.screens() if s.place == "C0ESCALATE"] == []
    assert [(h["incident"], h["title"]) for h in await hooks(desk)] == [("INC-3", "")]


async def test_without_webhooks_nobody_on_call_is_told_and_nothing_says_so(desk: Desk) -> None:
    """No post waits for a way out that is not there, and the timeline names only whom it told."""
    desk.intake.house = replace(desk.intake.house, outlets=("email",))
    for minutes in (SEV1, SEV1 + 5, SEV1 + 15):
        await until(desk, minutes)
    assert await hooks(desk) == []
    assert len([s for s in desk.screens() if s.place == "C0ESCALATE"]) == 1
    assert "on call" not in " ".join([*await story(desk), *(words(s.card) for s in desk.screens("/reminder/"))])


async def test_the_step_on_call_calls_by_the_rules_of_the_policy(desk: Desk) -> None:
    """One list: whoever is on call for this service and severity, in person or by their service, and nobody else."""
    rules = [
        "{services: [mail], severities: [sev1], people: [dana@example.com], webhook: 'https://events.example.com/mail'}",
        "{services: [search], people: [noor@example.com], webhook: 'https://events.example.com/search'}",
        "{webhook: 'https://events.example.com/any'}",
    ]
    await furnish(desk, policy=f"policy: {{on_call: [{', '.join(rules)}]}}\n")
    for minutes in (SEV1, SEV1 + 5, SEV1 + 15):
        await until(desk, minutes)
    assert ("4", "dana") in pinged(desk)
    assert "noor" not in {who for _, who in pinged(desk)}
    assert "Dana Lee" in (await story(desk))[-1]
    posted = [p.place.address for p in await desk.posts("inc-") if p.place.platform == "webhook"]
    assert sorted(posted) == ["https://events.example.com/any", "https://events.example.com/mail"]
    await all_of(desk, ("ana", "update 1 Half is back"))
    assert [h["event"] for h in await hooks(desk)].count("update.answered") == 2


async def test_nobodys_quiet_hours_keep_an_open_incident_from_them(desk: Desk) -> None:
    """Not of a sev4 either, which is nobody's page: whoever answers for it is asked when it is due."""
    await furnish(desk, policy="policy: {severities: {sev4: {updates: 30m}}}\n")
    await all_of(desk, ("ana", "resolve 1"), ("ana", "notify quiet 00:00-23:59"), ("ana", "declare Odd colours sev4"))
    await desk.settle()
    await until(desk, 25, 2)
    (soon,) = desk.screens("inc-2/reminder/1/to/")
    assert "An update is due at" in words(soon.card)


async def test_a_role_on_its_way_is_still_its_holders(desk: Desk) -> None:
    """Ana hands over and goes on being asked until Noor has it; then Noor is asked, and Ana is not."""
    await all_of(desk, ("ana", "handover 1 @Noor"))
    await until(desk, SEV1 - 5)
    assert pinged(desk) == [("1", "ana")]
    await all_of(desk, ("noor", "accept 1"))
    await until(desk, SEV1)
    await until(desk, SEV1 + 5)
    assert pinged(desk) == [("1", "ana"), ("3", "ben"), ("3", "cleo"), ("3", "noor")]


async def test_a_house_may_mute_its_drills_at_any_moment(desk: Desk) -> None:
    """Looked at when it would be said, not when it was declared."""
    await all_of(desk, ("ana", "resolve 1"), ("ana", "declare Exercise sev1 drill"))
    await furnish(desk, policy="policy: {reminders: {drills: mute}}\n")
    await until(desk, SEV1 + 30, 2)
    assert await story(desk, 2) == []
    await furnish(desk, policy="policy: {reminders: {drills: remind}}\n")
    await desk.pass_time(seconds=1)
    assert len(rooms(desk, 2)) == 2


# --- the policy that holds now ---------------------------------------------------------------------------------------
def every(minutes: int) -> str:
    """A policy with this cadence for sev1."""
    return f"policy: {{severities: {{sev1: {{updates: {minutes}m}}}}}}\n"


async def test_a_shorter_cadence_holds_at_the_next_tick(desk: Desk) -> None:
    """Twelve minutes without a word are too long as soon as the policy says ten."""
    await until(desk, 12)
    await furnish(desk, policy=every(10))
    await desk.pass_time(seconds=1)
    assert len(rooms(desk)) == 2
    assert (
        "the next update is due at" in words(desk.screens("headline@slack")[0].card)
        or (await incident(desk)).next_update_at == desk.clock.at
    )


async def test_a_longer_cadence_holds_at_the_next_tick(desk: Desk) -> None:
    """Nothing is said at the old time; at the new one it is."""
    await until(desk, 12)
    await furnish(desk, policy=every(40))
    await until(desk, 30)
    assert rooms(desk) == []
    assert (await incident(desk)).next_update_at == (await incident(desk)).declared_at + timedelta(minutes=40)
    await until(desk, 40)
    assert len(rooms(desk)) == 2


async def test_a_reminder_that_a_longer_cadence_overtakes_is_taken_back(desk: Desk) -> None:
    """It was due, and is no longer: the card says so and has no button."""
    await until(desk, SEV1)
    await furnish(desk, policy=every(60))
    await desk.pass_time(seconds=1)
    assert all(buttons(s.card) == {} and "follows the changed policy" in words(s.card) for s in rooms(desk))


async def test_a_cadence_that_is_taken_away_or_given_holds_too(desk: Desk) -> None:
    """`updates: none` ends the asking; a sev4 gets a clock when the policy gives it one."""
    await all_of(desk, ("ana", "declare A typo sev4"))
    await furnish(desk, policy="policy: {severities: {sev1: {updates: none}, sev4: {updates: 30m}}}\n")
    await until(desk, 31, 2)
    assert (rooms(desk), len(rooms(desk, 2))) == ([], 2)
    assert (await incident(desk)).next_update_at is None


@pytest.mark.parametrize("minutes", [5, 60])
async def test_a_time_that_somebody_said_is_kept(desk: Desk, minutes: int) -> None:
    """`next 4h` was a person's word; no edit of the policy moves it."""
    await all_of(desk, ("ana", "update 1 The supplier works on it next 4h"))
    due = (await incident(desk)).next_update_at
    await furnish(desk, policy=every(minutes))
    await until(desk, 120)
    assert (await incident(desk)).next_update_at == due
    assert rooms(desk) == []


async def test_other_steps_hold_at_the_next_tick(desk: Desk) -> None:
    """Who is told, and after how long, is the policy's: read when it is said."""
    await furnish(
        desk,
        policy="policy: {reminders: {escalation: [{after: 0m, tell: [deputy]}, {after: 2m, tell: [comms]}], again: none}}",
    )
    for minute in (SEV1, SEV1 + 2, SEV1 + 90):
        await until(desk, minute)
    assert await story(desk) == [
        "reminded Ben Okafor: an update is due",
        "asked Cleo Laurent: the update is 2 min overdue and nobody answered",
    ]


async def test_the_first_word_to_customers_follows_the_policy_too(desk: Desk) -> None:
    """Shorter or longer, from the next tick on; what was promised does not move."""
    await all_of(desk, ("ana", "resolve 1"))
    await furnish(desk, customer("acme", "slack: C0ACME001"))
    await all_of(desk, ("ana", "declare Mail is down sev1 services mail region NA"))
    shorter = "policy: {severities: {sev1: {first_post: 5m}}}\n"
    await furnish(desk, customer("acme", "slack: C0ACME001"), policy=shorter)
    await until(desk, 6, 2)
    assert desk.screens("inc-2/customers/")


# --- time ------------------------------------------------------------------------------------------------------------
async def test_after_a_downtime_it_is_said_once_and_nobody_is_woken_for_our_silence(desk: Desk) -> None:
    """Three hours late: one reminder that says so; the next step waits as long as it always does."""
    await until(desk, SEV1 + 180)
    assert len(rooms(desk)) == 2
    assert "(3 h late)" in words(rooms(desk)[0].card)
    assert await hooks(desk) == []
    assert len(await story(desk)) == 1
    await desk.pass_time(minutes=3)
    assert len(await story(desk)) == 1
    await desk.pass_time(minutes=2)
    assert len(await story(desk)) == 2
    await desk.pass_time(minutes=10)
    assert len(await hooks(desk)) == 1


async def test_two_incidents_in_one_channel_do_not_mix(desk: Desk) -> None:
    """Each has its own clock, its own card, its own answer."""
    await all_of(desk, ("ana", "declare Search is down sev1"))
    await desk.settle()
    await until(desk, SEV1 + 1, 2)
    assert len(rooms(desk, 1)) == len(rooms(desk, 2)) == 2
    await all_of(desk, ("ana", "ontrack 1"))
    await desk.settle()
    assert all(buttons(s.card) == {} for s in rooms(desk, 1))
    assert all(buttons(s.card) for s in rooms(desk, 2))


@pytest.mark.parametrize(
    ("zone", "now", "typed", "due"),
    [
        ("Europe/Berlin", "2026-10-24T20:00Z", "at 03:30 CET", "2026-10-25T02:30Z"),
        ("Europe/Berlin", "2026-10-24T20:00Z", "at 02:30 CEST", "2026-10-25T00:30Z"),
        ("Australia/Sydney", "2026-10-03T12:00Z", "at 03:30", "2026-10-03T16:30Z"),
        ("Australia/Sydney", "2026-10-03T12:00Z", "in 4h", "2026-10-03T16:00Z"),
    ],
)
async def test_times_are_said_in_house_time_and_kept_in_utc(
    desk: Desk, zone: str, now: str, typed: str, due: str
) -> None:
    """An hour that is skipped or comes twice moves nothing that was said plainly."""
    desk.intake.house = House(ZoneInfo(zone), desk.intake.house.platforms)
    desk.clock.at = datetime.fromisoformat(now).astimezone(UTC)
    await all_of(desk, ("ana", f"remind 1 {typed}"))
    found = (await incident(desk)).next_update_at
    assert found is not None
    assert abs(found - datetime.fromisoformat(due)) <= timedelta(seconds=11)


@pytest.mark.parametrize("line", ["remind 1 at 02:30", "update 1 Half is back next at 02:30"])
@pytest.mark.parametrize(
    ("zone", "now", "why"),
    [
        ("Europe/Berlin", "2026-10-24T20:00Z", "came twice"),
        ("Australia/Sydney", "2026-10-03T12:00Z", "did not exist"),
    ],
)
async def test_a_time_that_does_not_exist_or_comes_twice_is_refused(
    desk: Desk, line: str, zone: str, now: str, why: str
) -> None:
    """With what to say instead; nothing is changed."""
    desk.intake.house = House(ZoneInfo(zone), desk.intake.house.platforms)
    desk.clock.at = datetime.fromisoformat(now).astimezone(UTC)
    before = await incident(desk)
    assert why in refused(await desk.say("ana", line))
    assert await incident(desk) == before


@pytest.mark.parametrize("line", ["remind 1 at 2020-01-01 10:00", "update 1 Half is back next 60d", "remind 1 at noonish",
                                  "update 1 Half is back next at 2020-01-01 10:00"])  # fmt: skip
async def test_a_time_that_makes_no_sense_is_refused(desk: Desk, line: str) -> None:
    """The past, next season, no time at all: a sentence, and nothing is changed."""
    before = await incident(desk)
    refused(await desk.say("ana", line))
    assert await incident(desk) == before


# --- one fault is one incident's -------------------------------------------------------------------------------------
async def test_one_faulty_incident_does_not_hold_up_the_others(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Seventy are due at once and the second is broken: sixty-nine are said now, and that one once it is mended."""
    await all_of(desk, *(("ana", f"declare Trouble {n} sev1") for n in range(2, 71)))
    whole = remind.look

    def broken(found: Incident, *rest: Any) -> Any:
        if found.number == 2:
            raise ZeroDivisionError
        return whole(found, *rest)

    monkeypatch.setattr(remind, "look", broken)
    await until(desk, SEV1, 70)
    said = {e.incident for e in await desk.store.book(lambda b: b.find(Event, kind="reminder"))}
    assert said == set(range(1, 71)) - {2}
    monkeypatch.setattr(remind, "look", whole)
    await desk.pass_time(seconds=30)
    assert await story(desk, 2) == []  # it is left alone for a minute
    await desk.pass_time(seconds=31)
    assert len(await story(desk, 2)) == 1


# --- every update asks -----------------------------------------------------------------------------------------------
async def test_every_update_asks_when_the_next_comes_and_says_how_far_it_went(desk: Desk) -> None:
    """Five buttons; one press sets the time, and each is a line of the grammar."""
    answer = await desk.say("ana", "update 1 Half is back")
    assert "Posted in 2 rooms." in words(answer.show)
    asked = buttons(answer.show)
    assert list(asked) == ["15 min", "30 min", "60 min", "4 h", "At …"]
    assert not (await desk.say("ana", asked["4 h"])).refused
    assert (await incident(desk)).next_update_at == desk.clock.at + timedelta(hours=4)
    form = (await desk.say("ana", asked["At …"])).show
    assert isinstance(form, Form)
    sent = await desk.say("ana", form.says, values={"how_long": "2010-08-23 09:00 UTC"})
    assert sent.recorded, words(sent.show)
    assert (await incident(desk)).next_update_at == datetime(2010, 8, 23, 9, tzinfo=UTC)
    again = await desk.say("ana", "update 1 All is back next 30m")
    assert buttons(again.show) == {}


async def test_in_a_teams_room_the_question_comes_to_ones_own_chat(desk: Desk) -> None:
    """The room reads the update alone; whoever wrote it is asked, once, when the next one comes."""
    room = next(s.place for s in desk.teams.screens.values() if s.key == "inc-1/room@teams")
    key = "typed"
    request = Request(key, "teams", "29:ben", room, "update Half is back", reply_to=room)
    await desk.intake.take(request)
    await desk.settle()
    (asked,) = [s for s in desk.teams.screens.values() if s.key == f"reply/{key}@teams"]
    assert asked.place == "29:ben"
    assert "4 h" in buttons(asked.card)


async def test_the_form_shows_the_last_words_and_takes_one_time(desk: Desk) -> None:
    """The text is filled in; how far it goes is said; two times at once are refused at their field."""
    await all_of(desk, ("ben", "update 1 Half is back"))
    form = (await desk.say("ana", "update 1")).show
    assert isinstance(form, Form)
    assert next(f for f in form.fields if f.name == "text").initial == "Half is back"
    assert "goes to 2 rooms" in str(form.intro)
    assert "Ben Okafor" in str(form.intro)
    both = await desk.say("ana", form.says, values={"text": "More is back", "next": "30m", "next_at": "23:00"})
    assert set(both.fields) == {"next_at"}
    one = await desk.say("ana", form.says, values={"text": "More is back", "next_at": "23:00"})
    assert one.recorded, words(one.show)
    due = (await incident(desk)).next_update_at
    assert due is not None
    assert (due.hour, due.minute) == (23, 0)
