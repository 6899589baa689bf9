"""After the apology: what was promised is told in the same threads, and the promises are closed by it."""

import pytest

from handlers.domain.apology import Promise
from handlers.domain.facts import Fact
from handlers.domain.incident import Task
from tests.desk import Desk, buttons, words
from tests.stories.quick import all_of, customer, draft, furnish, refused, report_day, version

ACME, BOLT = customer("acme", "slack: C0ACME001"), customer("bolt", "teams: '19:bolt@thread.tacv2'")


@pytest.fixture
async def desk(seed_desk: Desk) -> Desk:
    """A house whose customers were told on 22 August: the cause and the remedy are to come."""
    await furnish(seed_desk, ACME, BOLT)
    await draft(seed_desk)
    facts = await seed_desk.say("ana", "facts 1")
    assert "cause.trigger" in words(facts.show)
    await all_of(
        seed_desk,
        ("ana", "fact 1 drop F3 because it was a guess"),
        ("ben", "apology fill 1 cause unknown"),
        ("ana", 'fact 1 F8 = "decision by 2010-08-25" because it is not decided'),
    )  # fmt: skip
    await signed_and_out(seed_desk, 1)
    return seed_desk


async def signed_and_out(desk: Desk, number: int) -> None:
    """Submitted by Ben, signed by Ana and Cleo, published and carried."""
    await all_of(
        desk,
        ("ben", f"apology submit {number}"), ("ana", f"apology approve {number}"),
        ("cleo", f"apology approve {number}"), ("cleo", f"apology publish {number}"),
    )  # fmt: skip
    await desk.settle()


async def promises(desk: Desk) -> dict[str, Promise]:
    """What was promised, by kind; the latest of each."""
    return {p.kind: p for p in await desk.store.book(lambda b: b.find(Promise))}


async def known_now(desk: Desk) -> None:
    """Three days on: the cause was found, the remedy decided, the work done."""
    desk.clock.wind(days=3)
    (task,) = await desk.store.book(lambda b: b.find(Task, incident=1))
    await all_of(
        desk,
        ("ana", 'fact 1 cause.trigger "our configuration change" source "change record" public'),
        ("ana", 'fact 1 remedy "none due" source statement public'),
        ("ana", f"task 1 done {task.number}"),
    )


async def test_the_follow_up_answers_what_was_promised_in_the_same_threads(desk: Desk) -> None:
    """Two approvals like any words to customers; one thread; every promise is closed with where it was told."""
    assert {p.state for p in (await promises(desk)).values() if p.kind != "fixed"} == {"open"}
    await known_now(desk)
    answer = await desk.say("ben", "apology follow-up 1")
    shown = words(answer.show)
    assert "follow-up A2 to A1" in shown
    assert "P1" in shown
    assert "This is the report we promised you." in shown
    await signed_and_out(desk, 2)
    for place in ("C0ACME001", "19:bolt@thread.tacv2"):
        first, second = [s for s in desk.screens() if s.text and s.card is None and s.place == place]
        assert second.thread == first.id
        assert first.edits == 0
        assert "Our configuration change" in second.text
        assert "last report" in second.text
    after = await promises(desk)
    assert {(p.state, p.evidence) for p in after.values() if p.kind != "fixed"} == {("kept", "told in A2")}
    assert "kept" in words((await desk.say("ana", "timeline 1")).show)


async def test_what_is_still_not_known_has_a_new_date_that_customers_read(desk: Desk) -> None:
    """The old promise moves with the words that move it, and stays one promise."""
    before = await promises(desk)
    desk.clock.wind(days=3)
    await all_of(
        desk,
        ("ben", "apology follow-up 1"),
        ("ben", f"apology fill 2 next-report {report_day(desk)}"),
        ("ben", "apology fill 2 remedy none due"),
    )
    await signed_and_out(desk, 2)
    after = await promises(desk)
    assert after["explain"].number == before["explain"].number
    assert after["explain"].state == "open"
    assert after["remedy"].state == "kept"
    assert after["report"].number != before["report"].number
    assert after["report"].due == report_day(desk)
    assert "28 August 2010" in (await version(desk, 2)).text("chat")


async def test_a_moved_promise_is_told_with_its_new_date(desk: Desk) -> None:
    """`promise move` moves the work as well, and the follow-up names the new day."""
    change = (await promises(desk))["change"]
    await all_of(desk, ("ana", f"promise move P{change.number} due 2010-09-10 because it takes longer"))
    await all_of(desk, ("ben", "apology follow-up 1"))
    assert "10 September 2010" in (await version(desk, 2)).text("full")
    await all_of(desk, ("ben", "apology fill 2 next-report 2010-08-27"), ("ben", "apology fill 2 remedy none due"))
    await signed_and_out(desk, 2)
    after = (await promises(desk))["change"]
    assert (after.number, after.state, after.due) == (change.number, "open", "2010-09-10")


async def test_a_second_follow_up_knows_what_the_first_one_promised(desk: Desk) -> None:
    """What A2 promised and still owes is written down once, also after A3."""
    for number in (2, 3):
        desk.clock.wind(days=2)
        await all_of(
            desk,
            ("ana", f"task 1 add Count the failures of day {number} @Noor due {report_day(desk)}"),
            ("ben", "apology follow-up 1"),
            ("ben", f"apology fill {number} next-report {report_day(desk)}"),
            ("ben", f'apology fill {number} remedy "decision by {report_day(desk)}"'),
        )
        await signed_and_out(desk, number)
    rows = await desk.store.book(lambda b: b.find(Promise))
    still = [(p.kind, p.incident, p.text) for p in rows if p.state == "open"]
    assert len(still) == len(set(still)), still
    assert [p.due for p in rows if p.kind == "remedy" and p.state == "open"] == [report_day(desk)]


async def test_an_unknown_that_was_dropped_without_a_word_is_still_owed(seed_desk: Desk) -> None:
    """Customers were told that the number will be told: striking the fact tells nobody."""
    await furnish(seed_desk, ACME, BOLT)
    await draft(seed_desk)
    (count,) = await seed_desk.store.book(lambda b: b.find(Fact, kind="count"))
    await all_of(seed_desk, ("ana", f"fact 1 F{count.number} = unknown because it was a guess"))
    await signed_and_out(seed_desk, 1)
    (count,) = await seed_desk.store.book(lambda b: b.find(Fact, kind="count", state="live"))
    assert count.unknown
    await known_now(seed_desk)
    await all_of(
        seed_desk,
        ("ana", f"fact 1 drop F{count.number} because we did not look"),
        ("ben", "apology follow-up 1"),
        ("ben", "apology waive 2 count because nobody counted"),
    )
    await signed_and_out(seed_desk, 2)
    found = await promises(seed_desk)
    assert (found["report"].state, found["explain"].state) == ("kept", "open")


async def test_there_is_one_open_follow_up_and_none_of_what_is_not_out(desk: Desk) -> None:
    """Asked twice it is the same draft; a draft itself has nothing to follow up."""
    await all_of(desk, ("ben", "apology follow-up 1"), ("ana", "apology follow-up 1"))
    assert "draft" in refused(await desk.say("ben", "apology follow-up 2"))
    assert "no apology" in refused(await desk.say("ben", "apology follow-up 9"))
    await all_of(desk, ("ben", "apology reject 2 because not yet"))
    answer = await desk.say("ben", "apology follow-up 1")
    assert "A3" in words(answer.show)


async def test_so_many_days_later_progress_is_asked_for_as_long_as_a_promise_is_open(desk: Desk) -> None:
    """A sev1 after 30, 60 and 90 days; nothing once everything is kept."""
    await desk.pass_time(days=30, minutes=1)
    cards = [s for s in desk.screens("promise/progress-1/30") if s.key.startswith("inc-1/")]
    assert len(cards) == 2  # a room on either platform
    assert buttons(cards[0].card)["Draft the follow-up"] == "apology follow-up 1"
    await all_of(desk, *(("ana", f"promise done {p.number} -- told by hand") for p in (await promises(desk)).values()))
    await desk.pass_time(days=30)
    assert desk.screens("promise/progress-1/60") == []


async def test_work_that_customers_do_not_read_of_is_no_promise_to_them(seed_desk: Desk) -> None:
    """Of many tasks three are told; the others stay between us."""
    await furnish(seed_desk, ACME, BOLT)
    await draft(seed_desk)
    for n in range(2, 7):
        await all_of(seed_desk, ("ana", f"task 1 add Prevent cause number {n} @Noor due {report_day(seed_desk)}"))
    await signed_and_out(seed_desk, 1)
    text = (await version(seed_desk, 1)).text("full")
    told = [p.text for p in await seed_desk.store.book(lambda b: b.find(Promise, kind="change"))]
    assert 1 <= len(told) <= 3
    assert all(words_[8:] in text for words_ in told)
