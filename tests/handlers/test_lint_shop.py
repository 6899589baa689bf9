"""The rules that need a record, tried on another incident than the seed's and in many people's words."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pytest

from handlers.domain.lint import Drift, drift, lint
from tests.handlers.lint_shop import AGREED, DRIFTED, FAITHFUL, PARTS, SAID, SHOP, STRANGE, UNSAID, apology

APPROVED: Final = apology(
    F6="On 10 March 2026, from 14:02 to 15:10 UTC, you could not take card payments. This hit shops served from Western Europe."
)
LOOKED_UP: Final = frozenset({"W22", "W23", "W24", "W25", "A6"})


def rules_of(text: str) -> set[str]:
    """The names of the rules that speak about this text."""
    return {finding.rule for finding in lint(text, "apology", SHOP).findings}


def said_otherwise(rule: str, words: str) -> str:
    """The apology with one part in other words, and no other part that would do in its stead."""
    instead = {rule: words}
    if rule == "A4":
        instead["F11"] = "Our head of platform owns the task, due by 31 March 2026."
    if rule == "F12":
        instead["A5b"] = "You get a refund."
    return apology(**instead)


def test_the_apology_lints_clean() -> None:
    """Every part keeps its rule."""
    assert lint(apology(), "apology", SHOP).findings == ()


@pytest.mark.parametrize(("rule", "words"), [(rule, words) for rule, all_words in SAID.items() for words in all_words])
def test_said_in_other_words(rule: str, words: str) -> None:
    """Honest words of many kinds keep the rule."""
    assert rule not in rules_of(said_otherwise(rule, words))


@pytest.mark.parametrize(
    ("rule", "words"), [(rule, words) for rule, all_words in UNSAID.items() for words in all_words]
)
def test_said_in_words_that_do_not_do(rule: str, words: str) -> None:
    """Words that only sound like it do not keep the rule."""
    assert rule in rules_of(said_otherwise(rule, words))


@pytest.mark.parametrize(("rule", "sentence"), STRANGE)
def test_what_the_record_does_not_bear_out(rule: str, sentence: str) -> None:
    """A date, time, number, place, name or state that is not on record is found."""
    assert rule in rules_of(f"{apology()}\n{sentence}\n")


@pytest.mark.parametrize("sentence", AGREED)
def test_what_agrees_with_the_record(sentence: str) -> None:
    """The record in other words is no disagreement."""
    found = lint(f"{apology()}\n{sentence}\n", "apology", SHOP).findings
    assert [(f.rule, f.text) for f in found if f.rule[0] in "CF" or f.rule in LOOKED_UP] == []


@pytest.mark.parametrize(
    ("dated", "undated"),
    [
        ("The cause is not known yet, we will report by 17 March 2026.", "The cause is not known yet."),
        ("We do not yet know what caused it. We will tell you by 17 March 2026.", "We do not yet know what caused it."),
        ("Why they failed is still unclear; we will explain it by 17 March 2026.", "Why they failed is still unclear."),
        (
            "The root cause has not been found. You will have it by March 17th, 2026.",
            "The root cause has not been found.",
        ),
        (
            "We are still investigating the cause and will report it by 17/03/2026.",
            "We are still investigating the cause.",
        ),
        (
            "What led to this is not yet understood; our report is due on 17 March 2026.",
            "What led to this is not yet understood.",
        ),
        (
            "We cannot yet say why this happened, and will by Tuesday 17 March 2026.",
            "We cannot yet say why this happened.",
        ),
        ("The cause remains unknown; 17 March 2026 at the latest, you will have it.", "The cause remains unknown."),
    ],
)
def test_an_unknown_cause_needs_a_date(dated: str, undated: str) -> None:
    """Without a cause on record it is enough to say so with a date; without the date it is not."""
    record = replace(SHOP, facts=tuple(fact for fact in SHOP.facts if not fact.kind.startswith("cause")))
    assert not lint(apology(A3=dated), "apology", record).of("A3")
    assert lint(apology(A3=undated), "apology", record).of("A3")


@pytest.mark.parametrize("own", FAITHFUL)
def test_a_faithful_relay_passes(own: str) -> None:
    """Each colleague's own words, with every fact, are no drift."""
    assert [(f.drift, f.text, f.message) for f in drift(own, APPROVED, SHOP).findings] == []


@pytest.mark.parametrize(("old", "new", "kind"), DRIFTED)
def test_one_thing_told_wrongly(old: str, new: str, kind: Drift) -> None:
    """Each kind of drift is found and named on this incident too."""
    assert old in FAITHFUL[0]
    assert kind in {f.drift for f in drift(FAITHFUL[0].replace(old, new), APPROVED, SHOP).findings}


def test_work_that_is_on_record_as_the_cause_is_not_inverted() -> None:
    """Where a renewal itself went wrong, saying so is no inversion."""
    facts = tuple(
        replace(fact, value="a certificate renewal") if fact.kind == "cause.trigger" else fact for fact in SHOP.facts
    )
    record = replace(SHOP, facts=facts)
    approved = APPROVED.replace(PARTS["A3"], "A certificate renewal caused this.")
    own = FAITHFUL[0].replace("a certificate had expired", "renewing a certificate caused the failure")
    assert "inverted" not in {f.drift for f in drift(own, approved, record).findings}
