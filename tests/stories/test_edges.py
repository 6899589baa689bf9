"""The seed's edge replays, and what becomes of promises."""

import pytest

from handlers.domain.apology import Apology, Approval, Promise, Version
from tests.desk import Desk, words
from tests.stories.quick import all_of, approved, customer, draft, furnish
from tests.stories.seed import publish_seed, type_seed


@pytest.fixture
def desk(seed_desk: Desk) -> Desk:
    """The seed's house."""
    return seed_desk


async def promises(desk: Desk) -> list[Promise]:
    """Everything that was promised."""
    return await desk.store.book(lambda b: b.find(Promise))


async def test_a_broken_fixed_is_shown_and_a_correction_offered(desk: Desk) -> None:
    """Edge (a): customers were told it is fixed; the recurrence says otherwise, and “fixed” is refused from then on."""
    for line in (
        "declare Intermittent access to BPOS sev3 services bpos region NA",
        "fact 1 window 2010-08-21 10:00-12:00 UTC source statement public",
        'fact 1 impact "could not sign in" source statement public',
        'fact 1 cause.trigger "our network upgrade" source statement public',
        "fact 1 fix verified source statement public",
        "task 1 add Test every upgrade @Noor due 2010-08-27",
        "resolve 1",
        'apology draft 1 signatory "Morgan Cole"',
        'apology fill remedy "none due"',
        "apology fill next-report 2010-08-27",
        "apology submit",
    ):
        answer = await desk.say("ana", line)
        assert not answer.refused, f"{line}: {words(answer.show)}"
    for line in ("apology approve", "apology publish"):
        answer = await desk.say("cleo", line)
        assert not answer.refused, f"{line}: {words(answer.show)}"
    await desk.settle()
    assert [p.state for p in await promises(desk) if p.kind == "fixed"] == ["open"]

    await desk.say("ana", "declare Sign-in degraded sev2 services sign-in region NA")
    answer = await desk.say("ana", "link 2 recurrence-of 1 because the fix did not hold")
    assert "apology correct 1" in words(answer.show)
    assert [p.state for p in await promises(desk) if p.kind == "fixed"] == ["broken"]
    refused = await desk.say("ana", "fact 1 fix fixed source statement public")
    assert refused.refused
    assert "INC-2" in words(refused.show)
    await desk.settle()
    assert any("promise is broken" in words(s.card) for s in desk.screens("/broken"))


async def test_unlinking_voids_the_signatures_and_takes_the_words_out(desk: Desk) -> None:
    """Edge (b): `unlink 2 1` before publishing; the text loses “did not resolve”."""
    await type_seed(desk)
    await desk.say("ana", "apology approve")
    before = await desk.store.book(lambda b: b.get(Version, 1, 1))
    assert before is not None
    assert "did not resolve" in before.text("full")
    answer = await desk.say("ana", "unlink 2 1")
    assert not answer.refused
    signed = await desk.store.book(lambda b: b.find(Approval, apology=1))
    assert signed
    assert all(a.void for a in signed)
    shown = words((await desk.say("ben", "apology show 1")).show)
    assert "did not resolve" not in shown
    found = await desk.store.book(lambda b: b.get(Apology, 1))
    assert found is not None
    assert found.state == "draft"


async def test_every_we_will_becomes_a_promise_with_owner_and_day(desk: Desk) -> None:
    """The seed promises a change, a report, a decision and explanations."""
    await publish_seed(desk)
    found = await promises(desk)
    kinds = {p.kind for p in found}
    assert {"change", "report", "remedy"} <= kinds
    assert all(p.owner_name for p in found)
    assert all(p.due == "2010-09-15" for p in found if p.kind in ("change", "report", "remedy"))


async def test_an_owner_is_reminded_before_the_day_and_told_once_when_it_has_passed(desk: Desk) -> None:
    """Before, then late; never twice, and nothing once it was kept."""
    await publish_seed(desk)
    change = next(p for p in await promises(desk) if p.kind == "change")
    for _ in range(10 * 24):
        await desk.pass_time(hours=1)
    pings = [s for s in desk.screens(f"promise/{change.number}/") if s.card]
    assert [("late" in words(s.card)) for s in pings].count(True) == 1
    assert any("is due" in words(s.card) for s in pings)
    assert next(p for p in await promises(desk) if p.number == change.number).state == "late"
    report = next(p for p in await promises(desk) if p.kind == "report")
    await desk.say("ana", f"promise done {report.number} -- sent")
    assert next(p for p in await promises(desk) if p.number == report.number).state == "kept"


async def test_a_draft_shows_what_the_same_customers_were_promised_before(seed_desk: Desk) -> None:
    """Broken and late first: whoever writes the next apology sees what the last one said."""
    await furnish(seed_desk, customer("acme", "slack: C0ACME001"))
    await approved(seed_desk)
    await all_of(seed_desk, ("cleo", "apology publish 1"))
    await seed_desk.settle()
    seed_desk.clock.wind(days=10)
    await seed_desk.intake.tick()
    await draft(seed_desk, title="Mail is down again")
    shown = words((await seed_desk.say("ben", "apology draft 2")).show)
    assert "Promised to these customers before" in shown
    assert shown.index(" late: ") < shown.index(" open: ")
    assert "P1" in shown


async def test_an_apology_for_the_recurrence_alone_names_the_earlier_day(seed_desk: Desk) -> None:
    """INC-2 came back from INC-1, which it does not cover: the text says when that was, and that its fix did not hold."""
    await furnish(seed_desk, customer("acme", "slack: C0ACME001"))
    await draft(seed_desk)
    await all_of(seed_desk, ("ben", "apology reject 1 because the second one comes first"))
    seed_desk.clock.wind(days=3)
    await draft(seed_desk, title="Mail is down again")
    await all_of(seed_desk, ("ana", "link 2 recurrence-of 1 because of the same change"), ("ben", "apology draft 2"))
    shown = words((await seed_desk.say("ben", "apology show 2")).show)
    assert "The fix after the trouble on 22 August 2010 did not resolve the problem." in shown
    assert "0 errors" in words((await seed_desk.say("ben", "apology lint 2")).show)
    await all_of(seed_desk, ("ben", "apology submit 2"))
