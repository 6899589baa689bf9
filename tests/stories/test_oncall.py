"""Who is on call is called; who is in, since when; an update in three parts."""

import pytest

from handlers.card import Form
from handlers.domain.catalog import CatalogErrors, parse_bytes
from handlers.domain.incident import Incident, Member
from tests.desk import Desk, Screen, buttons, words
from tests.stories.quick import SERVICES, all_of, furnish, people, refused

POLICY = """policy:
  on_call:
    - {name: Mail, services: [mail], severities: [sev1, sev2], people: [noor@example.com]}
    - {name: Any sev1, severities: [sev1], people: [ben@example.com, noor@example.com]}
"""


@pytest.fixture
async def desk(seed_desk: Desk) -> Desk:
    """Noor is on call for mail, both for any sev1."""
    await furnish(seed_desk, policy=POLICY)
    return seed_desk


def paged(desk: Desk, who: str = "noor") -> list[Screen]:
    """Calls in person."""
    return [s for s in desk.screens("/oncall/") if s.place in (f"U0{who.upper()}", f"29:{who}")]


async def inside(desk: Desk) -> set[str]:
    """Who is in INC-1."""
    return {m.person for m in await desk.store.book(lambda b: b.find(Member, incident=1)) if m.left_at is None}


async def test_whoever_is_on_call_is_in_and_paged_once(desk: Desk) -> None:
    """Two rules name Noor: one call. The answer to declare says who was called."""
    answer = await desk.say("ana", "declare Mail is down sev1 services mail")
    assert "On call, and called: Noor Haddad, Ben Okafor." in words(answer.show)
    await desk.settle()
    assert await inside(desk) == {"ana@example.com", "noor@example.com", "ben@example.com"}
    [page] = paged(desk)
    assert "You are on call for Mail: SEV1, Mail" in words(page.card)
    await all_of(desk, ("noor", buttons(page.card)["Take command"]))
    found = await desk.store.book(lambda b: b.get(Incident, 1))
    assert found is not None
    assert found.holder("commander") == "noor@example.com"
    told = words((await desk.say("ana", "timeline 1")).show)
    assert "called Noor Haddad, on call for Mail" in told


async def test_a_change_of_severity_or_services_calls_too_and_nobody_twice(desk: Desk) -> None:
    """Who left is not called back."""
    await all_of(desk, ("ana", "declare Search is slow sev3 services search"))
    assert await inside(desk) == {"ana@example.com"}
    await all_of(desk, ("ana", "severity 1 sev2"))
    assert await inside(desk) == {"ana@example.com"}
    await all_of(desk, ("ana", "services 1 +mail"))
    assert await inside(desk) == {"ana@example.com", "noor@example.com"}
    await all_of(desk, ("noor", "leave 1"), ("ana", "severity 1 sev1"))
    assert await inside(desk) == {"ana@example.com", "ben@example.com"}
    await desk.settle()
    assert len(paged(desk)) == 1


async def test_who_is_on_call_is_called_at_night(desk: Desk) -> None:
    """Quiet hours are for those who are not."""
    rule = "{severities: [sev3], people: [noor@example.com]}"
    await furnish(desk, policy=f"policy: {{quiet_hours: '00:00-23:59', on_call: [{rule}]}}\n")
    await all_of(desk, ("ana", "declare Search is slow sev3"))
    await desk.settle()
    assert len(paged(desk)) == 1


async def test_who_is_named_in_their_quiet_hours_reads_of_it_later_and_the_other_knows(desk: Desk) -> None:
    """Of a sev3; a running sev1 wakes them."""
    await furnish(desk, policy="policy: {quiet_hours: '00:00-23:59'}\n")
    await all_of(desk, ("ana", "declare Search is slow sev3"))
    said = words((await desk.say("ana", "role 1 deputy @Ben")).show)
    assert "Ben Okafor is deputy now." in said
    assert "Ben Okafor has quiet hours and reads of it at" in said
    await all_of(desk, ("ana", "severity 1 sev1"))
    assert "quiet hours" not in words((await desk.say("ana", "role 1 comms @Noor")).show)
    await desk.settle()
    assert [s.place for s in desk.screens("/role/")] == ["U0NOOR"]


async def test_nobody_is_called_into_a_private_incident(desk: Desk) -> None:
    """Its members choose."""
    await all_of(desk, ("ana", "declare Payroll leak sev1 services mail private"))
    await desk.settle()
    assert await inside(desk) == {"ana@example.com"}
    assert paged(desk) == []


@pytest.mark.parametrize(
    ("rule", "fault"),
    [
        ("{people: [nobody@example.com]}", "nobody in people"),
        ("{services: [nonsense], people: [noor@example.com]}", "no service"),
        ("{severities: [sev9], people: [noor@example.com]}", "is none of sev1"),
        ("{services: [mail]}", "calls nobody"),
        ("{service: mail, people: [noor@example.com]}", "service"),
    ],
)
def test_a_wrong_rule_is_named(rule: str, fault: str) -> None:
    """Before it is loaded, by its line."""
    text = SERVICES + people() + f"policy:\n  on_call:\n    - {rule}\n"
    with pytest.raises(CatalogErrors, match=fault):
        parse_bytes(text.encode(), filename="house.yaml")


async def test_who_is_in_since_when(desk: Desk) -> None:
    """With roles; who was in stands apart."""
    await all_of(desk, ("ana", "declare Search is slow sev3"), ("ben", "join 1"), ("noor", "join 1"))
    desk.clock.wind(minutes=25)
    await all_of(desk, ("ben", "leave 1"))
    said = words((await desk.say("noor", "people 1")).show)
    assert "Ana Silva (commander), in for 26 min, since " in said
    assert "Noor Haddad, in for 25 min" in said
    assert "Was in: Ben Okafor." in said


@pytest.mark.parametrize("on", ["slack", "teams"])
async def test_conditions_actions_needs(desk: Desk, on: str) -> None:
    """Three lines in the rooms of both platforms; what has nothing to say is left out; the next is promised."""
    await all_of(desk, ("ana", "declare Search is slow sev3"))
    await desk.settle()
    answer = await desk.say("ana", "can 1 conditions: half the nodes are up needs: a DBA next: 45m", on=on)
    assert not answer.refused
    await desk.settle()
    said = [words(s.card) for s in desk.screens("/said/") if "room" in s.place]
    assert len(said) == 2
    assert all("Conditions: half the nodes are up\nNeeds: a DBA" in s for s in said)
    found = await desk.store.book(lambda b: b.get(Incident, 1))
    assert found is not None
    assert found.next_update_at is not None
    assert (found.next_update_at - desk.clock.at).total_seconds() == 45 * 60


async def test_the_form_of_conditions_actions_needs(desk: Desk) -> None:
    """Any part may stay empty, not all of them."""
    await all_of(desk, ("ana", "declare Search is slow sev3"))
    form = (await desk.say("ana", "can 1")).show
    assert isinstance(form, Form)
    assert [f.name for f in form.fields] == ["conditions", "actions", "needs", "next"]
    sent = await desk.say("ana", form.says, values={"actions": "restoring db2: step 3 of 5", "next": "30m"})
    assert not sent.refused, words(sent.show)
    found = await desk.store.book(lambda b: b.get(Incident, 1))
    assert found is not None
    assert found.last_update == "Actions: restoring db2: step 3 of 5"


@pytest.mark.parametrize("line", ["can 1 half is back", "can 1 conditions: up next: soon", "can 99 needs: x"])
async def test_bad_reports_are_refused(desk: Desk, line: str) -> None:
    """Nothing is posted."""
    await all_of(desk, ("ana", "declare Search is slow sev3"))
    refused(await desk.say("ana", line))
    found = await desk.store.book(lambda b: b.get(Incident, 1))
    assert found is not None
    assert not found.last_update
