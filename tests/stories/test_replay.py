"""The shipped scenario, played on the sandbox's platforms: who read what at the end of the seed."""

import re
from pathlib import Path

import pytest
from sqlalchemy import create_engine, select

from bot.sandbox import replay
from bot.settings import Wrong
from storage import export, outbox
from storage.tables import outbox as rows


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The database of one whole replay."""
    url = f"sqlite:///{tmp_path_factory.mktemp('replay') / 'replay.db'}"
    replay.run("bpos-2010", url)
    return url


def told(url: str) -> dict[str, str]:
    """What each customer reads, by customer key."""
    with create_engine(url).connect() as connection:
        query = select(rows.c.key, rows.c.body, rows.c.state).where(rows.c.audience == "customer")
        found = connection.execute(query).all()
    assert all(state == "sent" for _, _, state in found)
    return {key.split("/")[1]: body["text"] for key, body, _ in found}


def test_each_customer_who_was_hit_is_told_and_nobody_else(played: str) -> None:
    """North America's three; Northwind, in Europe, reads nothing."""
    assert set(told(played)) == {"contoso", "fabrikam", "tailspin"}


def test_what_they_read_holds_what_must_be_said(played: str) -> None:
    """M1 to M17 as far as chat owes them."""
    for text in told(played).values():
        for must in ("sorry", "North America", "2 hours", "intermittent access", "network upgrade", "design flaw",
                     "first fix", "second problem", "stable", "cannot rule out", "responsibility", "24/7 work", "We will explain",
                     "Morgan Cole", "support@example.com", "2010"):  # fmt: skip
            assert must in text, must
        for date in ("23", "August", "3", "7", "September", "15"):
            assert re.search(rf"\b{date}\b", text), date


def test_nothing_they_read_must_not_be_said(played: str) -> None:
    """N1 to N16."""
    wrong = re.compile(
        r"\bif\b|inconvenience|may have|yesterday|last (?:week|couple)|\bbrief|\bshort|\bsome\b|\bfew\b|never again|"
        r"permanently|guarantee|\d\d:\d\d|\d\s?%|same network|attack|ddos|malicious|exchange|sharepoint|10\.20\.30\.40|"
        r"edge-blu|NET-4411|#inc|sev\d|data loss|lost|all customers|worldwide|US customers|credit|proactive|\bhis\b|\bher\b",
        re.IGNORECASE,
    )
    for text in told(played).values():
        assert wrong.search(text) is None, wrong.search(text)


def test_everything_was_carried_and_nothing_is_in_doubt(played: str) -> None:
    """No post of the whole story is unknown, dead or held."""
    with create_engine(played).connect() as connection:
        states = {s.state for s in outbox.all_states(connection)}
    assert states == {"sent"}


def test_the_export_proves_who_was_told_what(played: str) -> None:
    """One incident whole: the approved words, the two signatures, the deliveries with their times."""
    with create_engine(played).connect() as connection:
        found = export.gather(connection, 3)
    (apology,) = found["apologies"]
    assert {a["name"] for a in apology["approvals"]} == {"Ana Silva", "Cleo Laurent"}
    assert {d["customer"] for d in apology["deliveries"]} == {"contoso", "fabrikam", "tailspin"}
    assert all(d["state"] == "sent" and d["at"] for d in apology["deliveries"])
    assert found["incident"]["status"] == "monitoring"
    assert [r["state"] for r in found["relays"] if r["customer"] == "fabrikam"] == ["relayed"]


def test_a_database_that_holds_incidents_is_not_played_into(played: str) -> None:
    """One sentence, and nothing is changed."""
    with pytest.raises(Wrong, match="already holds 3"):
        replay.run("bpos-2010", played)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("steps: 3", "needs `title`"),
        ("catalog: none.yaml\nsteps: []", "not beside it"),
        ("catalog: c.yaml\nsteps: [{at: 2010-01-01T00:00Z, by: Ana, platform: irc, says: hi}]", "slack or teams"),
        ("catalog: c.yaml\nsteps: [{at: soon, by: Ana, platform: slack, says: hi}]", "is no time"),
        ("catalog: c.yaml\nsteps: [{by: Ana}]", "Step 1"),
        ("a: [", "cannot be read"),
    ],
)
def test_a_wrong_scenario_is_refused_in_one_sentence(tmp_path: Path, content: str, sentence: str) -> None:
    """With the step that is wrong."""
    (tmp_path / "c.yaml").write_text("services: []", encoding="utf-8")
    (tmp_path / "s.yaml").write_text(content, encoding="utf-8")
    with pytest.raises(Wrong, match=sentence):
        replay.load(tmp_path / "s.yaml")


def test_an_unknown_scenario_names_those_that_exist() -> None:
    """By name or by path."""
    with pytest.raises(Wrong, match="bpos-2010"):
        replay.find("bpos-2011")
