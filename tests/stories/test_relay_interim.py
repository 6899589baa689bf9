"""While it lasts: when customers are told something, their account managers know what, and what to say."""

import pytest

from bot.sandbox.house import CATALOG, slack_seed, teams_seed
from handlers.domain.catalog import parse_bytes
from tests.desk import Desk, buttons, words
from tests.stories.quick import all_of
from tests.stories.two_managers import open_house


@pytest.fixture
async def desk(seed_desk: Desk) -> Desk:
    """Dana with three customers, Priya with one; mail is down."""
    await open_house(seed_desk)
    await all_of(
        seed_desk,
        ("ana", "declare Mail exploded sev1 services mail region NA"),
        ("ana", 'fact 1 impact "could not send mail" source support public'),
        ("ana", 'fact 1 cause.trigger "mx-blu ran out of memory" source monitoring internal'),
        ("ana", "role 1 comms @Ben"),
    )
    return seed_desk


def chat(desk: Desk, place: str) -> list[str]:
    """What an account manager reads of it."""
    return [words(s.card) for s in desk.screens("interim-1/") if s.place == place]


async def test_with_the_first_words_to_customers_each_manager_has_one_message(desk: Desk) -> None:
    """Their customers, what was said, what is known and no more, what not to say; nobody else's customers."""
    await all_of(desk, ("ben", "holding 1"), ("ana", "send 1"))
    await desk.settle()
    (dana,), (priya,) = chat(desk, "U0DANA"), chat(desk, "U0PRIYA")
    assert "in this holding statement" in dana
    assert "There is a problem with Mail" in dana
    assert "Customers could not send mail." in dana
    assert "Acme Ltd: their channel gets it" in dana
    assert "Quiet Ltd: no channel here: tell them yourself" in dana
    assert "Do not say: more on the cause" in dana
    assert "Cargo" not in dana
    assert "Cargo Ltd" in priya
    for said in (dana, priya):
        assert "mx-blu" not in said
        assert "memory" not in said
    (screen,) = [s for s in desk.screens("interim-1/") if s.place == "U0DANA"]
    assert buttons(screen.card)["My affected customers"] == "affected 1 mine"


async def test_later_updates_change_that_message_and_the_closing_one_is_new(desk: Desk) -> None:
    """No flood every twenty minutes; the last word rings."""
    await all_of(desk, ("ben", "holding 1"), ("ana", "send 1"))
    await all_of(
        desk, ("ben", "update 1 Half of the mail is back at 12:10 UTC next 30m to customers"), ("ana", "send 2")
    )
    await desk.settle()
    (dana,) = chat(desk, "U0DANA")
    assert "Half of the mail is back" in dana
    assert "in this update" in dana


async def test_an_update_that_nobody_pressed_send_on_tells_no_manager(desk: Desk) -> None:
    """A proposal is not yet said."""
    await all_of(desk, ("ben", "holding 1"))
    await desk.settle()
    assert desk.screens("interim-1/") == []


async def test_a_cover_reads_it_instead(desk: Desk) -> None:
    """With a note whose customers they are."""
    await all_of(desk, ("dana", "cover @Priya until 2010-12-24"), ("ben", "holding 1"), ("ana", "send 1"))
    await desk.settle()
    assert chat(desk, "U0DANA") == []
    assert any("You cover for Dana Lee" in said for said in chat(desk, "U0PRIYA"))


async def test_of_a_private_incident_managers_outside_hear_nothing(desk: Desk) -> None:
    """Its members alone know of it."""
    await all_of(desk, ("ana", "private 1 on because a person is named"), ("ben", "holding 1"), ("ana", "send 1"))
    await desk.settle()
    assert desk.screens("interim-1/") == []


def test_the_sandbox_has_two_account_managers_one_on_each_platform() -> None:
    """Dana reads in Slack, Priya in Teams alone; each looks after customers."""
    catalog = parse_bytes(CATALOG.read_bytes(), filename=CATALOG.name)
    slack = {p.id for p in slack_seed(catalog)[0]}
    teams = {p.name for p in teams_seed(catalog)[0]}
    managers = {p.name: p for p in catalog.people_with("account-manager")}
    assert set(managers) == {"Dana Lee", "Priya Raman"}
    assert managers["Dana Lee"].slack in slack
    assert not managers["Priya Raman"].slack
    assert "Priya Raman" in teams
    assert {c.account_manager for c in catalog.customers} == {"dana@example.com", "priya@example.com"}
