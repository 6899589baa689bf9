"""A slip is taken back: one's own last change, within two minutes, never what has left the house."""

import pytest

from handlers.domain.apology import Approval
from handlers.domain.facts import Fact
from handlers.domain.incident import Incident, Member, Ping, Task
from tests.desk import Desk, words
from tests.stories.quick import all_of, apology, approved, customer, furnish, refused, submitted


@pytest.fixture
async def desk(seed_desk: Desk) -> Desk:
    """A house with a customer, and an incident of Ana's."""
    await furnish(seed_desk, customer("acme", "slack: C0ACME001"))
    return seed_desk


async def incident(desk: Desk, number: int = 1) -> Incident:
    """The record of one incident."""
    found = await desk.store.book(lambda b: b.get(Incident, number))
    assert found is not None
    return found


async def test_a_declaration_is_cancelled_not_undone(desk: Desk) -> None:
    """The sentence says how; nothing is changed."""
    await all_of(desk, ("ana", "declare Mail is down sev1"))
    assert "cancel 1" in refused(await desk.say("ana", "undo"))
    assert (await incident(desk)).open


async def test_a_fact_is_dropped_and_its_number_is_not_used_again(desk: Desk) -> None:
    """The ledger forgets nothing."""
    await all_of(desk, ("ana", "declare Mail is down"), ("ana", "fact 1 workaround none"), ("ana", "undo"))
    await all_of(desk, ("ana", "fact 1 workaround restart"))
    facts = await desk.store.book(lambda b: b.find(Fact, incident=1))
    assert [(f.number, f.state) for f in facts] == [(1, "dropped"), (2, "live")]


async def test_a_task_a_role_and_a_reminder_go_back(desk: Desk) -> None:
    """Each as it was before."""
    await all_of(desk, ("ana", "declare Mail is down"), ("ana", "task 1 add Call them @Noor"), ("ana", "undo"))
    assert await desk.store.book(lambda b: b.find(Task, incident=1)) == []
    await all_of(desk, ("ana", "role 1 commander @Noor"), ("ana", "undo"))
    assert (await incident(desk)).holder("commander") == "ana@example.com"
    before = (await incident(desk)).next_update_at
    await all_of(desk, ("ana", "remind 1 every 2h"), ("ana", "undo"))
    after = await incident(desk)
    assert (after.next_update_at, after.every) == (before, None)
    await all_of(desk, ("ana", "remind me in 10m -- call them"), ("ana", "undo"))
    assert await desk.store.book(lambda b: b.find(Ping)) == []


async def test_a_merge_is_taken_apart(desk: Desk) -> None:
    """Both are open again, each with its own people and services."""
    await all_of(
        desk,
        ("ana", "declare Mail is down services mail"),
        ("noor", "declare Search is down services search"),
        ("ana", "merge 2 into 1 because same"),
        ("ana", "undo"),
    )
    one, two = await incident(desk, 1), await incident(desk, 2)
    assert (one.services, two.services, two.status) == (("mail",), ("search",), "investigating")
    inside = await desk.store.book(lambda b: b.find(Member, incident=1))
    assert {m.person for m in inside} == {"ana@example.com"}


async def test_undo_twice_goes_back_twice(desk: Desk) -> None:
    """Each press takes back the one before."""
    await all_of(
        desk, ("ana", "declare Mail is down sev1"), ("ana", "severity 1 sev2"), ("ana", "title 1 Mail is slow")
    )
    await all_of(desk, ("ana", "undo"), ("ana", "undo"))
    found = await incident(desk)
    assert (found.title, found.severity) == ("Mail is down", "sev1")


async def test_what_is_said_after_an_undo_is_a_new_message(desk: Desk) -> None:
    """The line that was taken back stays readable; the next change does not write over it."""
    await all_of(desk, ("ana", "declare Mail is down sev1"))
    await desk.settle()
    for line in ("severity 1 sev2", "undo", "severity 1 sev3"):
        await all_of(desk, ("ana", line))
        await desk.settle()
    said = [words(s.card) for s in desk.screens("/said/") if s.key.endswith("@slack")]
    assert any("SEV2" in s for s in said)
    assert any("SEV3" in s for s in said)
    assert all(s.edits == 0 for s in desk.screens("/said/"))


async def test_looking_is_no_change(desk: Desk) -> None:
    """`undo` after `apology show` takes back the change before it, not the look."""
    await submitted(desk)
    await all_of(desk, ("noor", "title 1 Mail is slow"), ("noor", "apology show 1"))
    answer = await desk.say("noor", "undo")
    assert "Mail is slow" in words(answer.show)
    assert (await incident(desk)).title == "Mail is down"


async def test_what_only_stands_in_the_record_is_not_skipped_over(desk: Desk) -> None:
    """A note cannot be taken back, and `undo` does not reach past it to something else."""
    await all_of(desk, ("ana", "declare Mail is down sev1"), ("ana", "severity 1 sev2"), ("ana", "note 1 a slip"))
    assert "stays in the record" in refused(await desk.say("ana", "undo"))
    assert (await incident(desk)).severity == "sev2"


async def test_ones_own_signature_is_taken_back_and_the_other_one_stays(desk: Desk) -> None:
    """Cleo pressed too early; Ana's signature still counts."""
    await approved(desk)
    await all_of(desk, ("cleo", "undo"))
    assert (await apology(desk)).state == "submitted"
    valid = await desk.store.book(lambda b: b.find(Approval, apology=1, void=""))
    assert [a.name for a in valid] == ["Ana Silva"]


async def test_taking_a_change_back_does_not_bring_signatures_back(desk: Desk) -> None:
    """Whatever changed under a signature voided it for good: it is asked for again."""
    await approved(desk)
    await all_of(desk, ("noor", "fact 1 workaround none source support public"), ("noor", "undo"))
    assert (await apology(desk)).state == "draft"
    assert await desk.store.book(lambda b: b.find(Approval, apology=1, void="")) == []
    refused(await desk.say("cleo", "apology publish 1"))


async def test_what_left_the_house_stays_out(desk: Desk) -> None:
    """Publishing, sending, settling and the public page are not undone."""
    await approved(desk)
    await all_of(desk, ("cleo", "apology publish 1"))
    assert "left the house" in refused(await desk.say("cleo", "undo"))


@pytest.mark.parametrize(
    ("line", "instead"),
    [
        ("private 1 on because of names", "private 1 off"),
        ("update 1 Mail is slow since 12:00 UTC to status", "next update"),
    ],
)
async def test_what_reached_further_says_what_to_do_instead(desk: Desk, line: str, instead: str) -> None:
    """Rooms are opening, the page is read: another command mends that."""
    await all_of(desk, ("ana", "declare Mail is down sev1 services mail"), ("ana", line))
    assert instead in refused(await desk.say("ana", "undo"))


async def test_a_pause_is_not_undone_but_resumed(desk: Desk) -> None:
    """Otherwise posts would wait for ever."""
    await furnish(desk, customer("acme", "slack: C0ACME001"), customer("bolt", "slack: C0BOLT001"))
    await approved(desk)
    await all_of(desk, ("cleo", "apology publish 1"), ("cleo", "apology pause 1"))
    assert "resume" in refused(await desk.say("cleo", "undo"))
    assert (await apology(desk)).state == "paused"
