"""Receipts: what may follow what, cell by cell; and which questions ask the same."""

from typing import get_args

import pytest

from handlers.domain.relay import STATES, TABLE, Act, Relay, asks_the_same, follows, refuses

ACTS: tuple[Act, ...] = get_args(Act)

# What follows each act, written down by hand from the rules; a word that is no state is why nothing follows.
RULES: dict[str, dict[Act, str]] = {
    "prepared": {
        "approve": "approved", "void": "prepared", "release": "released", "done": "not gone out", "ack": "not gone out",
        "skip": "skipped", "close": "not gone out", "reopen": "prepared",
    },
    "approved": {
        "approve": "approved", "void": "prepared", "release": "released", "done": "not gone out", "ack": "not gone out",
        "skip": "skipped", "close": "not gone out", "reopen": "approved",
    },
    "released": {
        "approve": "released", "void": "released", "release": "released", "done": "relayed", "ack": "not told yet",
        "skip": "skipped", "close": "not told yet", "reopen": "released",
    },
    "relayed": {
        "approve": "relayed", "void": "relayed", "release": "released", "done": "relayed", "ack": "acknowledged",
        "skip": "told already", "close": "closed", "reopen": "released",
    },
    "acknowledged": {
        "approve": "acknowledged", "void": "acknowledged", "release": "released", "done": "acknowledged",
        "ack": "acknowledged", "skip": "told already", "close": "closed", "reopen": "released",
    },
    "closed": {
        "approve": "closed", "void": "closed", "release": "released", "done": "closed", "ack": "closed already",
        "skip": "closed already", "close": "closed already", "reopen": "released",
    },
    "skipped": {
        "approve": "skipped", "void": "skipped", "release": "skipped", "done": "relayed", "ack": "is skipped",
        "skip": "skipped", "close": "is skipped", "reopen": "skipped",
    },
}  # fmt: skip


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("state", STATES)
def test_each_cell_of_the_table(state: str, act: Act) -> None:
    """Every state against every act: the state that follows, or the sentence that says why none does."""
    after, expected = follows(state, act), RULES[state][act]
    assert refuses(after) == (expected not in STATES)
    assert expected in after


def test_no_cell_is_missing() -> None:
    """A new state or act without its row fails."""
    assert set(TABLE) == {(s, a) for s in STATES for a in ACTS}
    assert set(RULES) == set(STATES)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("act", ["ack", "close", "skip"])
def test_words_that_were_wrong_are_neither_acknowledged_nor_closed_nor_skipped(state: str, act: Act) -> None:
    """Until the customer was sent the right ones."""
    assert "told wrongly" in follows(state, act, wrong=True)
    assert follows(state, "done", wrong=True) == follows(state, "done")


@pytest.mark.parametrize(
    ("row", "open_"),
    [
        (Relay(1, "acme", state="prepared"), False),
        (Relay(1, "acme", state="released"), True),
        (Relay(1, "acme", state="relayed"), False),
        (Relay(1, "acme", state="relayed", wrong="2 hours"), True),
        (Relay(1, "acme", state="skipped", wrong="2 hours"), False),
    ],
)
def test_somebody_must_still_tell_whoever_was_not_told_or_told_wrongly(row: Relay, open_: bool) -> None:
    """Nobody else."""
    assert row.open is open_


SAME = (
    ("Was mail lost?", "was any mail lost"),
    ("Was any of our mail lost?", "Has mail been lost?"),
    ("When will you report again?", "When do you report again?"),
    ("Did the outage affect invoices?", "Were invoices affected by the outage?"),
    ("Is there a service credit?", "Will there be service credits?"),
    ("Why?", "why?"),
)
OTHER = (
    ("Was mail lost?", "Was mail not lost?"),
    ("Was mail lost?", "Was mail delayed?"),
    ("When will you report again?", "What will you report?"),
    ("Is there a service credit for August?", "Is there a service credit for September?"),
    ("Did it hit 7 September?", "Did it hit 8 September?"),
    ("Why?", "When?"),
)


@pytest.mark.parametrize(("one", "other"), SAME)
def test_questions_that_ask_the_same_are_known_again(one: str, other: str) -> None:
    """Other endings, other small words, another order."""
    assert asks_the_same(one, other)
    assert asks_the_same(other, one)


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_questions_that_differ_in_what_matters_are_two(one: str, other: str) -> None:
    """A "not", a number, a month, another verb."""
    assert not asks_the_same(one, other)
