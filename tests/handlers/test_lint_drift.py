"""Drift: what a colleague relayed, held against what was approved."""

from __future__ import annotations

from typing import Final

import pytest

from handlers.domain.lint import Drift, drift
from tests.handlers.lint_seed import TEXT, seed

NEWSPAPER: Final = """\
Microsoft has issued a grovelling apology to its cloud users. Some North American customers could get on only now and then \
while the system kept flaking out for two hours on 23 August 2010. Engineers had spotted a design flaw in the network \
upgrade that had to be put right, which led to the failure. It is the latest in a string of outages across the company's \
cloud. Just yesterday the sign-in service and the admin portals of BPOS were degraded again. Isolating the suspect traffic \
has helped to calm the service.
"""
"""The seven drifts of a newspaper's relay, in our own words."""

FAITHFUL: Final = (
    TEXT,
    (
        "Hello, we are sorry. On 23 August 2010 customers served from North America had intermittent access to BPOS for two "
        "hours. Our own network upgrade had a design flaw. On 3 and 7 September 2010 the sign-in service and the administration "
        "portals were degraded, because the first fix did not resolve a second problem. The suspect traffic is isolated and the "
        "service is stable; we still watch it. We cannot rule out another event. We will explain the exact times, what the "
        "traffic was, and our remedy by 15 September 2010."
    ),
    (
        "We apologise to you. You are served from North America, and we let you down three times. August 23, 2010: access to "
        "BPOS came and went during a 2-hour period, because a network upgrade of ours contained a design fault. September 3 and "
        "September 7, 2010: sign-in and the admin portals were degraded. Our first repair missed a second problem, and that "
        "problem caused both. We have isolated the traffic; things are stable. It could happen again. You will have our report "
        "by September 15, 2010."
    ),
    (
        "Dear all, I want to say how sorry we are. BPOS let you down on 23 August 2010 (120 minutes of intermittent access), on "
        "3 September 2010 and on 7 September 2010 (degraded log-in and admin portals). You are served from North America. We "
        "upgraded our network, and the design had a flaw; a second problem remained, which the first fix did not reach. The "
        "service is stable now. We can't yet rule out that it comes back. Our report, with the remedy, reaches you by 15 "
        "September 2010."
    ),
    (
        "I am sorry about BPOS. 23 Aug 2010: two hours of intermittent access, after a network upgrade with a flawed design. "
        "3 Sep and 7 Sep 2010: degraded sign-in and administration portals, from a second problem that our first fix did not "
        "solve. This hit customers served from North America; no other Microsoft services were affected. The traffic is "
        "isolated, the service is stable, and we are still watching. We cannot exclude another event. Next report: by 15 "
        "September 2010."
    ),
)


def kinds(own: str) -> set[Drift | None]:
    """The kinds of drift in one's own words."""
    return {finding.drift for finding in drift(own, TEXT, seed()).findings}


@pytest.mark.parametrize("own", FAITHFUL)
def test_a_faithful_paraphrase_passes(own: str) -> None:
    """Other words, other date styles and other forms of a length are no drift."""
    assert [(finding.drift, finding.text, finding.message) for finding in drift(own, TEXT, seed()).findings] == []


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("inverted", "put right, which led to"),
        ("scope", "Some North American customers"),
        ("scope", "North American customers"),
        ("severity", "flaking out"),
        ("weakened", "helped"),
        ("rotted", "yesterday"),
        ("scope", "string of outages"),
    ],
)
def test_the_newspapers_drifts_are_found(kind: Drift, words: str) -> None:
    """Each of the newspaper's drifts is found where it stands."""
    report = drift(NEWSPAPER, TEXT, seed())
    assert words in {finding.text for finding in report.findings if finding.drift == kind}


def test_the_newspaper_only_reports_an_apology() -> None:
    """An adjective for somebody's apology is no apology."""
    messages = [finding.message for finding in drift(NEWSPAPER, TEXT, seed()).findings if finding.drift == "missing"]
    assert any("apology itself" in message for message in messages)


def test_two_hours_in_other_words_is_no_drift() -> None:
    """The control: "2-hour" equals "two hours"."""
    own = FAITHFUL[1].replace("for two hours", "for a 2-hour period")
    assert drift(own, TEXT, seed()).findings == ()


def faithful_but(old: str, new: str) -> str:
    """A faithful paraphrase with one thing changed."""
    assert old in FAITHFUL[1]
    return FAITHFUL[1].replace(old, new)


CHANGED: Final[tuple[tuple[str, str, Drift], ...]] = (
    ("for two hours", "for a few minutes", "changed"),
    ("for two hours", "for three hours", "changed"),
    ("for two hours", "briefly", "changed"),
    ("for two hours", "", "missing"),
    ("On 23 August 2010", "On 24 August 2010", "changed"),
    ("by 15 September 2010", "by 20 September 2010", "changed"),
    ("by 15 September 2010", "later", "missing"),
    ("is stable", "is fixed", "changed"),
    ("we are sorry. ", "", "missing"),
    ("customers served from North America", "customers in North America", "scope"),
    ("customers served from North America", "customers served from Europe", "scope"),
    ("customers served from North America", "US customers", "scope"),
    ("customers served from North America", "all customers", "scope"),
    ("customers served from North America", "customers", "missing"),
    ("intermittent access to BPOS", "intermittent access to BPOS and SharePoint Online", "scope"),
    ("the administration portals", "the portals of our whole platform", "scope"),
    (
        "Our own network upgrade had a design flaw.",
        "Finding and repairing the design flaw in our network upgrade led to this.",
        "inverted",
    ),
    (
        "Our own network upgrade had a design flaw.",
        "We fixed a flaw in our network upgrade, and this caused the trouble.",
        "inverted",
    ),
    ("Our own network upgrade had a design flaw.", "It was a cyber attack.", "added"),
    ("Our own network upgrade had a design flaw.", "", "missing"),
    ("We cannot rule out another event.", "It will never happen again.", "added"),
    ("We cannot rule out another event.", "", "missing"),
    ("We cannot rule out another event.", "We cannot rule out another event. No data was lost.", "added"),
    ("We cannot rule out another event.", "We cannot rule out another event. You will get a refund.", "added"),
    ("We cannot rule out another event.", "We cannot rule out another event. 412 customers were hit.", "added"),
    ("Hello,", "Earlier this week", "rotted"),
    ("Hello,", "As I said yesterday,", "rotted"),
    ("intermittent access", "a total loss of intermittent access", "severity"),
    ("were degraded", "were degraded and flaky", "severity"),
    ("were degraded", "had a little hiccup and were degraded", "severity"),
    ("is isolated and the service is stable", "is isolated and the service seems stable", "weakened"),
    ("The suspect traffic is isolated", "Isolating the suspect traffic helped", "weakened"),
    ("we are sorry.", "we are sorry if you were hit.", "weakened"),
)


@pytest.mark.parametrize(("old", "new", "kind"), CHANGED)
def test_one_change_is_one_kind_of_drift(old: str, new: str, kind: Drift) -> None:
    """Each way to tell it wrongly is found, and named for what it is."""
    assert kind in kinds(faithful_but(old, new))


def test_errors_and_warnings() -> None:
    """A wrong fact is an error; a stronger or weaker word needs a reason."""
    report = drift(NEWSPAPER, TEXT, seed())
    severities = {finding.drift: finding.severity for finding in report.findings}
    assert severities["scope"] == severities["inverted"] == severities["rotted"] == severities["missing"] == "error"
    assert severities["severity"] == severities["weakened"] == "warning"


def test_a_note_about_a_call_is_not_checked() -> None:
    """Words about a telephone call are a note, not a text that was sent."""
    assert drift("told the CIO, a few minutes", TEXT, seed(), "phone").findings == ()


def test_what_is_internal_is_found_in_relayed_words_too() -> None:
    """Hosts, internal facts and other customers do not leave by a relay."""
    own = FAITHFUL[1] + " It was edge-blu, and Exchange Online too, and Contoso Ltd knows it."
    assert {"W18", "C7", "W23"} <= {finding.rule for finding in drift(own, TEXT, seed()).findings}


RIGHT_ORDER: Final = (
    "We found a design flaw, which caused the trouble.",
    "The design flaw that caused the trouble has been repaired.",
    "The upgrade had a flaw, and that flaw caused the trouble; we repaired it.",
    "Our network upgrade led to the trouble, and we mended it.",
    "The first fix did not reach a second problem, which caused the trouble.",
    "We repaired the flaw that led to this.",
)


@pytest.mark.parametrize("sentence", RIGHT_ORDER)
def test_cause_before_mending_is_in_order(sentence: str) -> None:
    """A sentence that puts the cause before the trouble is not inverted."""
    assert "inverted" not in kinds(f"{FAITHFUL[1]} {sentence}")
