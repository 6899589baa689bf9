"""Who may do what, cell by cell (docs/permissions.md is written from the table)."""

import os
from pathlib import Path

import pytest

from handlers.domain.errors import Refused
from handlers.domain.incident import Incident
from handlers.domain.people import Person
from handlers.domain.permit import TABLE, TRIED, Standing, may, must
from tests.desk import Clock, Desk, words
from tests.stories.quick import all_of, approved, customer, furnish, refused, submitted

DOCS = Path(__file__).parents[2] / "docs" / "permissions.md"
HELD = ("commander", "deputy", "comms", "scribe")
"""Roles in an incident."""
NAMED = ("commander", "comms", "comms-approver", "legal", "account-manager", "admin")
"""Roles of the catalog."""

RUNNING = {"commander", "deputy", "comms", "catalog commander", "catalog comms"}
PUBLISHERS = {"commander", "catalog commander", "catalog comms-approver"}
MAY: dict[str, set[str]] = {
    "confirm": {"commander", "catalog commander"},
    "status-page": RUNNING,
    "customers": RUNNING,
    "send": RUNNING,
    "holding": RUNNING,
    "affected": RUNNING,
    "cancel": RUNNING,
    "merge": RUNNING,
    "private": RUNNING,
    "publish": PUBLISHERS,
    "retract": PUBLISHERS,
    "settle": RUNNING | PUBLISHERS,
    "relay": {"commander", "comms", "catalog commander", "catalog comms", "manages"},
    "ask": {"comms", "catalog comms", "catalog account-manager", "manages"},
    "channel": {"catalog admin"},
    "credit": {"commander", "comms", "catalog commander", "catalog comms", "catalog admin", "manages"},
}
"""Beyond what any colleague may: written down by hand from the rules, not from the table."""


def _everybody() -> dict[str, Standing]:
    now = Clock().at
    place = Incident(1, "x", "sev1", "investigating", now, "a", roles=tuple((r, r) for r in HELD))
    found = {r: Standing(Person(r, r), (place,)) for r in HELD}
    found |= {f"catalog {r}": Standing(Person("x", "x", roles=frozenset({r})), (place,)) for r in NAMED}
    found["colleague"] = Standing(Person("x", "x"), (place,))
    found["manages"] = Standing(Person("x", "x"), (place,), manages=True)
    return found


@pytest.mark.parametrize("act", sorted(TABLE))
def test_every_cell_of_the_table(act: str) -> None:
    """Each act against each role; an act of the table that the rules do not name fails."""
    anybody = {"look", "declare", "act", "draft", "here"}
    for role, standing in _everybody().items():
        expected = act in anybody or role in MAY[act]
        assert may(act, standing) == expected, role


@pytest.mark.parametrize("act", sorted(TABLE))
def test_guests_may_do_nothing_whatever_they_are_called(act: str) -> None:
    """A role in the catalog does not make a colleague of a guest."""
    everything = frozenset(NAMED)
    with pytest.raises(Refused) as refusal:
        must(act, Standing(Person("x", "x", roles=everything, colleague=False), manages=True))
    assert refusal.value.sentence == "This is not available to you here."
    assert refusal.value.audit


def test_while_no_comms_approver_is_named_whoever_did_not_write_it_may_publish() -> None:
    """A small company; its authors may not."""
    somebody = Person("x", "x")
    assert may("publish", Standing(somebody, approver_named=False))
    assert not may("publish", Standing(somebody, approver_named=False, author=True))
    assert not may("publish", Standing(somebody))


@pytest.fixture
async def desk(seed_desk: Desk) -> Desk:
    """A house with one customer of Dana's, and an incident of Lou's, who has no role in the catalog."""
    await furnish(seed_desk, customer("acme", "slack: C0ACME001"))
    return seed_desk


@pytest.mark.parametrize(
    "line",
    [
        "affected 1 -acme because they are not hit",
        "cancel 1 because it was nothing",
        "merge 1 into 2 because same",
        "private 1 on because a name is in it",
        "holding 1",
        "update 1 Mail is slow since 12:00 UTC to customers",
        "update 1 Mail is slow since 12:00 UTC to status",
    ],
)
@pytest.mark.parametrize("who", ["noor", "cleo", "dana", "adam"])
async def test_a_line_for_those_who_run_it_is_refused_to_others(desk: Desk, line: str, who: str) -> None:
    """The same words: refused, written to the audit chain, and nothing has changed."""
    await all_of(desk, ("lou", "declare Mail is down services mail"), ("lou", "declare Search is down"))
    assert "commander, deputy or comms" in refused(await desk.say(who, line))
    assert not (await desk.say("lou", line)).refused


@pytest.mark.parametrize(
    "line",
    [
        "join 1",
        "note 1 hello",
        "fact 1 workaround none",
        "task 1 add Call them",
        "severity 1 sev2",
        "status 1 identified",
        "services 1 +search",
        "region 1 EU",
        "title 1 Mail is slow",
        "role 1 commander @Noor",
        "resolve 1",
        "remind 1 every 30m",
        "update 1 We see it",
        "timeline 1",
        "facts 1",
        "affected 1",
        "relay list",
        "promises",
        "stats",
        "whoami",
    ],
)
async def test_any_colleague_may_run_along(desk: Desk, line: str) -> None:
    """No catalog entry is needed for it."""
    await all_of(desk, ("lou", "declare Mail is down sev1 services mail"), ("noor", line))


async def test_receipts_are_for_the_account_manager_the_commander_and_comms(desk: Desk) -> None:
    """Another account manager, a deputy or a comms-approver does not tell Dana's customer."""
    await approved(desk)
    await all_of(desk, ("cleo", "apology publish 1"), ("ana", "role 1 deputy @Noor"))
    for who in ("priya", "noor", "cleo"):
        for line in ("relay done 1 acme", "relay skip 1 acme because x"):
            assert "account manager, the commander or comms" in refused(await desk.say(who, line))
    await all_of(desk, ("dana", "relay done 1 acme via phone"), ("ben", "relay ack 1 acme"))
    await all_of(desk, ("dana", "cover @Priya until 2010-12-24"), ("priya", "relay done 1 acme"))


async def test_questions_are_for_account_managers_and_comms(desk: Desk) -> None:
    """Others have no customers to ask for."""
    for who in ("noor", "cleo", "adam"):
        refused(await desk.say(who, "relay ask acme -- was mail lost?"))
        refused(await desk.say(who, "cover @Dana until 2010-12-24"))
    await all_of(desk, ("priya", "relay ask acme -- was mail lost?"), ("ben", "relay answer 1 -- No."))


async def test_channels_are_bound_by_an_admin(desk: Desk) -> None:
    """Nobody else decides where a customer reads us."""
    for who in ("ana", "cleo", "dana"):
        assert "admin" in refused(await desk.say(who, "customer channel acme +C0OTHER01"))
    await all_of(desk, ("adam", "customer channel acme +C0OTHER01"))


async def test_only_the_commander_confirms_a_fact(desk: Desk) -> None:
    """Whoever recorded it."""
    await all_of(desk, ("lou", "declare Mail is down"), ("noor", "fact 1 workaround none"))
    refused(await desk.say("noor", "confirm 1 F1"))
    await all_of(desk, ("lou", "confirm 1 F1"))


async def test_a_forged_press_is_refused_like_the_typed_words(desk: Desk) -> None:
    """A button says a line: whoever may not say it gains nothing by pressing it."""
    await submitted(desk)
    answer = await desk.say("ben", "apology approve 1")
    assert "somebody else signs" in refused(answer)
    assert words(answer.show).startswith("INC-1")


def test_the_permissions_in_docs_are_current() -> None:
    """docs/permissions.md is the table; `WRITE_DOCS=1 pytest tests/stories/test_permissions.py` writes it."""
    rows = [f"| {TRIED[act]} | {who} |" for act, (_, who) in TABLE.items()]
    text = (
        "# Who may do what\n\nWritten from the table in `handlers/domain/permit.py`, tried cell by cell in "
        "`tests/stories/test_permissions.py`.\n\n"
        "A *colleague* is a full member of the house's own workspace or tenant, as the platform says. Guests, Slack "
        "Connect members and\nother tenants may do nothing at all, buttons included. A role counts by the incident "
        "(`role 7 comms @ben`) or by the catalog.\nPrivate incidents are their members' alone. Whoever declares is "
        "commander until another is named.\n\n| act | who |\n|---|---|\n"
        + "\n".join(rows)
        + "\n| apology approve, reject | sev1, sev2: the commander (facts) and a comms-approver (words); sev3, sev4: a "
        "comms-approver. Legal where the words ask for it, a customer's account manager where the text holds a fact "
        "for that customer alone. Whoever wrote it may drop it |"
        "\n| waive an error | whoever drafts; then two signatures whatever the severity |"
        "\n| undo | whoever did it, within two minutes, as long as nothing left the house |"
        "\n| catalog, outbox, export, audit, backup | the operator, from the shell |\n\n"
        "Nobody signs their own words: whoever drafted, edited or waived in this version is an author. Only the "
        "commander may sign the\nfacts even so. While the catalog names no comms-approver, any colleague who is not "
        "an author may be one. The policy may tighten\nthis, never loosen it.\n"
    )
    if os.environ.get("WRITE_DOCS"):
        DOCS.write_text(text, encoding="utf-8")
    assert DOCS.read_text(encoding="utf-8") == text
