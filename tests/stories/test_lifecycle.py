"""From declare to resolved, on both platforms, with slips and their repairs."""

import pytest

from handlers.card import Form
from handlers.domain.incident import Event, Incident, Member
from tests.desk import Desk, buttons, words
from tests.stories.quick import all_of


async def incident(desk: Desk, number: int = 1) -> Incident:
    """The record of one incident."""
    found = await desk.store.book(lambda b: b.get(Incident, number))
    assert found is not None
    return found


async def test_declaring_opens_a_room_on_each_platform_and_announces_it(desk: Desk) -> None:
    """One declare, and both platforms have a room with the headline, and Slack an announcement."""
    answer = await desk.say("ana", "declare Checkout is down sev1 services sign-in region NA")
    assert answer.recorded
    assert "INC-1 Checkout is down" in words(answer.show)
    await desk.settle()
    rooms = {s.key: s.place for s in desk.screens("inc-1/room")}
    assert set(rooms) == {"inc-1/room@slack", "inc-1/room@teams"}
    headline = next(s for s in desk.screens("inc-1/headline@slack"))
    assert headline.place == rooms["inc-1/room@slack"]
    assert "SEV1" in words(headline.card)
    announcement = next(s for s in desk.screens("inc-1/announcement@slack"))
    assert buttons(announcement.card)["Join"] == "join 1"


async def test_the_room_name_says_what_is_wrong(desk: Desk) -> None:
    """The Slack room is called inc-1-checkout-is-down."""
    await desk.say("ana", "declare Checkout is down!")
    posts = {p.key: p for p in await desk.posts("inc-1/room@slack")}
    await desk.settle()
    room = await desk.store.book(
        lambda b: b.find(__import__("handlers.domain.incident").domain.incident.Room, incident=1)
    )
    assert posts["inc-1/room@slack"].op == "open"
    assert {r.name for r in room if r.platform == "slack"} == {"inc-1-checkout-is-down"}


async def test_without_a_severity_the_default_is_assumed_and_can_be_put_right(desk: Desk) -> None:
    """The assumed severity is shown as such, with a button for each."""
    answer = await desk.say("ana", "declare Search is slow")
    assert "assumed" in words(answer.show)
    await desk.say("ana", buttons(answer.show)["SEV3"])
    found = await incident(desk)
    assert (found.severity, found.severity_assumed) == ("sev3", False)


async def test_whatever_is_said_on_one_platform_is_seen_on_both(desk: Desk) -> None:
    """An update typed in Teams stands in the Slack room too, and the headline of both shows it."""
    await desk.say("ana", "declare Checkout is down sev1")
    await desk.settle()
    await desk.say("ben", "update 1 Half of the nodes are back next 30m", on="teams")
    await desk.settle()
    said = [s for s in desk.screens("/said/") if "Half of the nodes" in words(s.card)]
    assert {s.key.rsplit("@", 1)[1] for s in said} == {"slack", "teams"}
    for key in ("inc-1/headline@slack", "inc-1/room@teams"):
        assert "Half of the nodes are back" in words(desk.screens(key)[0].card)


async def test_an_unknown_service_is_refused_with_the_nearest_name(desk: Desk) -> None:
    """A typo changes nothing and is answered with the word that exists."""
    answer = await desk.say("ana", "declare Portals down services admin-portal")
    assert answer.refused
    assert "admin-portals" in words(answer.show)
    assert await desk.store.book(lambda b: b.search()) == []


async def test_status_goes_forward_and_back_and_resolving_stops_the_clock(desk: Desk) -> None:
    """investigating, identified, monitoring, resolved, and open again."""
    await desk.say("ana", "declare Checkout is down sev1")
    for status in ("identified", "monitoring", "identified"):
        await desk.say("ana", f"status 1 {status}")
        assert (await incident(desk)).status == status
    await desk.say("ana", "resolve 1 because errors are gone")
    found = await incident(desk)
    assert (found.status, found.next_update_at) == ("resolved", None)
    await desk.say("ben", "reopen 1 because they are back", on="teams")
    found = await incident(desk)
    assert found.status == "investigating"
    assert found.next_update_at is not None


async def test_undo_takes_back_ones_own_last_change(desk: Desk) -> None:
    """Within two minutes, and only one's own."""
    await desk.say("ana", "declare Checkout is down sev1 services sign-in")
    await desk.say("ana", "services 1 +admin-portals")
    await desk.say("ben", "severity 1 sev3", on="teams")
    answer = await desk.say("ben", "undo", on="teams")
    assert answer.recorded, words(answer.show)
    assert (await incident(desk)).severity == "sev1"
    assert (await incident(desk)).services == ("sign-in", "admin-portals")


async def test_undo_refuses_where_somebody_changed_it_since(desk: Desk) -> None:
    """What another person built on is not pulled away under them."""
    await desk.say("ana", "declare Checkout is down sev1")
    await desk.say("ana", "severity 1 sev2")
    await desk.say("ben", "severity 1 sev3", on="teams")
    answer = await desk.say("ana", "undo")
    assert answer.refused
    assert (await incident(desk)).severity == "sev3"


async def test_undo_reaches_back_two_minutes_only(desk: Desk) -> None:
    """Later the change stands and is changed like any other."""
    await desk.say("ana", "declare Checkout is down sev1")
    await desk.say("ana", "severity 1 sev2")
    desk.clock.wind(minutes=2)
    assert (await desk.say("ana", "undo")).refused


async def test_a_private_incident_is_not_announced_and_others_do_not_see_it(desk: Desk) -> None:
    """Members only: no announcement, no Teams thread, no place in anybody else's list."""
    await desk.say("ana", "declare Payroll data exposed sev1 private")
    await desk.settle()
    assert desk.screens("announcement") == []
    assert desk.screens("inc-1/room@teams") == []
    assert [s.place for s in desk.screens("inc-1/headline/29:ana@teams")] == ["29:ana"]
    assert "Payroll" not in words((await desk.say("ben", "list", on="teams")).show)
    assert (await desk.say("ben", "show 1", on="teams")).refused
    await desk.say("ana", "role 1 deputy <@29:ben>")
    assert not (await desk.say("ben", "show 1", on="teams")).refused


async def test_merging_brings_people_and_services_along(desk: Desk) -> None:
    """Two numbers for one trouble become one."""
    await desk.say("ana", "declare Checkout is down services sign-in")
    await desk.say("noor", "declare Portals are down services admin-portals")
    await desk.say("ana", "merge 2 into 1 because same outage")
    into, gone = await incident(desk, 1), await incident(desk, 2)
    assert set(into.services) == {"sign-in", "admin-portals"}
    assert (gone.status, gone.merged_into) == ("merged", 1)
    inside = await desk.store.book(lambda b: b.find(Member, incident=1))
    assert len({m.person for m in inside}) == 2


async def test_a_repeated_request_has_one_effect(desk: Desk) -> None:
    """The platform's retry carries the same key and gets the stored answer."""
    first = await desk.say("ana", "declare Checkout is down", key="same")
    again = await desk.say("ana", "declare Checkout is down", key="same")
    assert again.repeated
    assert words(again.show) == words(first.show)
    assert len(await desk.store.book(lambda b: b.search())) == 1


async def test_the_same_words_within_ten_seconds_are_one_request(desk: Desk) -> None:
    """A double click is one click; a minute later the same words count again."""
    await desk.say("ana", "declare Checkout is down")
    await desk.say("ana", "note 1 called the supplier")
    desk.clock.wind(seconds=-8)
    assert (await desk.say("ana", "note 1 called the supplier")).repeated
    desk.clock.wind(minutes=1)
    assert (await desk.say("ana", "note 1 called the supplier")).recorded
    events = await desk.store.book(lambda b: b.find(Event, incident=1, kind="note"))
    assert len(events) == 2


async def test_the_same_words_are_meant_again_once_the_incident_was_changed(desk: Desk) -> None:
    """What anybody changed in between, from any room, makes them new; what happened in another incident does not."""
    await all_of(
        desk, ("ana", "declare Checkout is down"), ("ana", "declare Search is slow"), ("ana", "severity 1 sev1")
    )
    desk.clock.wind(seconds=-10)
    assert (await desk.say("ben", "severity 2 sev2", on="teams", channel="19:elsewhere")).recorded
    desk.clock.wind(seconds=-10)
    assert (await desk.say("ana", "severity 1 sev1")).repeated
    desk.clock.wind(seconds=-10)
    assert (await desk.say("ben", "severity 1 sev3", on="teams", channel="19:elsewhere")).recorded
    desk.clock.wind(seconds=-10)
    assert (await desk.say("ana", "severity 1 sev1")).recorded
    assert (await incident(desk)).severity == "sev1"


async def test_a_guest_and_a_stranger_may_do_nothing_and_learn_nothing(desk: Desk) -> None:
    """Not even whether an incident exists."""
    await desk.say("ana", "declare Checkout is down")
    for who in ("guest", "stranger"):
        for line in ("list", "show 1", "declare x", "apology draft 1", "whoami"):
            answer = await desk.say(who, line)
            assert answer.refused
            assert "Checkout" not in words(answer.show)
    assert len(await desk.store.book(lambda b: b.search())) == 1


@pytest.mark.parametrize(
    "line", ["update", "severity 1", "services 1", "role 1 commander", "recap 1", "fact 1", "reopen 1", "task 1 add"]
)
async def test_a_verb_without_its_arguments_opens_a_form(desk: Desk, line: str) -> None:
    """With the incident's number in it, so that it works from anywhere."""
    await desk.say("ana", "declare Checkout is down services sign-in")
    if line == "reopen 1":
        await desk.say("ana", "resolve 1")
    answer = await desk.say("ana", line)
    assert isinstance(answer.show, Form), words(answer.show)
    assert "1" in answer.show.says.split()
    assert answer.show.fields


async def test_leaving_needs_the_role_handed_over(desk: Desk) -> None:
    """Nobody walks out of a running incident as its commander."""
    await desk.say("ana", "declare Checkout is down")
    assert (await desk.say("ana", "leave 1")).refused
    await desk.say("ana", "role 1 commander @Noor -- your shift")
    assert (await desk.say("ana", "leave 1")).refused
    await desk.say("noor", "accept 1")
    assert (await desk.say("ana", "leave 1")).recorded


async def test_the_timeline_tells_the_story_in_order(desk: Desk) -> None:
    """Every change stands in it with its author."""
    await desk.say("ana", "declare Checkout is down sev1")
    await desk.say("ben", "update 1 We see it", on="teams")
    await desk.say("ana", "resolve 1")
    told = words((await desk.say("ana", "timeline 1")).show)
    assert told.index("declared") < told.index("We see it") < told.index("resolved it")
