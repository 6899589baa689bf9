"""The recap: one form into the fact ledger, and what it starts from."""

import pytest

from handlers.card import Form
from handlers.domain.facts import Fact
from tests.desk import Desk, buttons, words

DECLARE = "declare Sign-in is failing sev1 services bpos region NA"
ANSWERS: dict[str, str | tuple[str, ...]] = {
    "seen": "could not sign in",
    "day": "2010-08-22",
    "from": "10:00 UTC",
    "to": "11:00 UTC",
    "count": "40%",
    "trigger": "a certificate expired",
    "state": "fixed",
    "data-loss": "no",
    "change": "renew every certificate 30 days before it expires",
    "change-by": "Noor Haddad",
    "change-due": "2010-09-10",
    "next-report": "2010-08-27",
    "remedy": "unknown",
}


@pytest.fixture
async def desk(seed_desk: Desk) -> Desk:
    """A sev1 that runs, the morning of 22 August 2010."""
    seed_desk.clock.wind(hours=12)
    await seed_desk.say("ana", DECLARE)
    return seed_desk


async def asked(desk: Desk) -> dict[str, str | tuple[str, ...]]:
    """What stands in the recap's fields when it opens."""
    answer = await desk.say("ana", "recap 1")
    assert isinstance(answer.show, Form)
    return {field.name: field.initial for field in answer.show.fields}


async def live(desk: Desk) -> dict[str, str]:
    """The facts that stand, by kind."""
    return {f.kind: f.value for f in await desk.store.book(lambda b: b.find(Fact, incident=1)) if f.state == "live"}


async def test_one_form_and_two_buttons_lead_to_a_draft_that_nothing_blocks(desk: Desk) -> None:
    """Resolved, Recap, the form, Draft apology: then Submit is there and no gap blocks."""
    resolved = await desk.say("ana", "resolve 1")
    recap = buttons(resolved.show)["Recap"]
    recorded = await desk.say("ana", recap, values=ANSWERS)
    assert not recorded.refused, words(recorded.show)
    assert "could not sign in" in words(recorded.show)
    draft = await desk.say("ana", buttons(recorded.show)["Draft apology"])
    assert "Submit for approval" in buttons(draft.show), words(draft.show)


async def test_answers_are_proposed_from_the_updates_and_never_from_the_clock(desk: Desk) -> None:
    """What an update says in so many words stands in the form; when the room opened does not."""
    await desk.say("ana", "update Users cannot sign in because a certificate expired. 1,200 customers are hit")
    first = await asked(desk)
    assert (first["seen"], first["trigger"], first["count"]) == (
        "Users cannot sign in",
        "a certificate expired",
        "1,200 customers",
    )
    assert (first["day"], first["from"], first["to"]) == ("", "", "")


async def test_a_share_of_something_else_is_no_share_of_customers(desk: Desk) -> None:
    """30 % of orders says nothing of how many customers were hit."""
    await desk.say("ana", "update About 30% of orders are lost")
    assert (await asked(desk))["count"] == ""


async def test_a_second_recap_replaces_what_the_first_one_said(desk: Desk) -> None:
    """One start, one number: the older answers stay in the record but no longer stand."""
    await desk.say("ana", "recap 1", values=ANSWERS)
    again = await asked(desk)
    assert again["count"] == "40%"
    assert again["state"] == "fixed"
    await desk.say("ana", "recap 1", values=ANSWERS | {"count": "45%", "to": "11:30 UTC"})
    facts = await live(desk)
    assert facts["count"] == "45%"
    assert "11:30" in facts["window"]
    every = await desk.store.book(lambda b: b.find(Fact, incident=1, kind="count"))
    assert [f.state for f in every] == ["replaced", "live"]


async def test_an_amount_is_not_said_to_everybody(desk: Desk) -> None:
    """A remedy in per cent is for one customer's eyes; the recap refuses it and records nothing."""
    answer = await desk.say("ana", "recap 1 seen: could not sign in remedy: 25% of the monthly fee")
    assert answer.refused
    assert "one customer's eyes" in words(answer.show)
    assert await live(desk) == {}


async def test_an_unreadable_date_records_nothing(desk: Desk) -> None:
    """Every answer is checked before any is written down."""
    answer = await desk.say("ana", "recap 1 seen: could not sign in next-report: yesterday evening or so")
    assert answer.refused
    assert await live(desk) == {}
