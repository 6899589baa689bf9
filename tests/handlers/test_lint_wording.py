"""Wording rules, and the look-ups W24 and W25: sentences each must catch, and sentences to be left alone."""

from __future__ import annotations

from typing import Final

import pytest

from handlers.domain.lint import Kind, RecordView, lint, lint_variant
from tests.handlers.lint_sentences import CAUGHT, INNOCENT

LOOK_UPS = frozenset({"W22", "W23", "W24", "W25"})
"""Rules that need a record, be it an empty one."""


def rules_of(text: str, kind: Kind = "apology") -> set[str]:
    """The names of the rules that speak about this text."""
    found = {finding.rule for finding in lint(text, kind).findings}
    looked_up = {f.rule for f in lint_variant(text, kind, RecordView()).findings}
    assert not found & LOOK_UPS, "without a record only W1 to W21 and R1 to R3 are read"
    return found | (looked_up & LOOK_UPS)


@pytest.mark.parametrize(("rule", "sentence"), [(rule, text) for rule, texts in CAUGHT.items() for text in texts])
def test_catches(rule: str, sentence: str) -> None:
    """A sentence that a careful editor would strike is found by the rule made for it."""
    assert rule in rules_of(sentence)


@pytest.mark.parametrize(("rule", "sentence"), [(rule, text) for rule, texts in INNOCENT.items() for text in texts])
def test_leaves_alone(rule: str, sentence: str) -> None:
    """A sentence that only shares words with a fault is not reported for it."""
    assert rule not in rules_of(sentence)


PROMISED_END: Final = (
    "Sign-in will be restored by 16:00 UTC.",
    "The service should be back within two hours.",
    "It is expected to be fixed in 30 minutes.",
    "We expect to have this resolved within the hour.",
    "Full recovery is expected by noon UTC.",
    "We will have sign-in back by 16:00 UTC.",
    "ETA 30 minutes.",
    "We expect the service to be back online at 16:00 UTC.",
    "Payments will be fully restored within the next hour.",
    "Checkout should be back by 6 pm UTC.",
    "We expect to restore sign-in within the hour.",
    "Mail will be up again in about twenty minutes.",
    "We anticipate a fix by tonight.",
    "Service will return to normal by 18:00 UTC.",
    "Engineers hope to have it resolved by midday UTC.",
    "Full service is expected within 90 minutes.",
    "We'll have you back online by noon UTC.",
    "Estimated time to recovery: 45 minutes.",
    "ETA for the fix is 16:00 UTC.",
    "It will be working again tomorrow.",
    "We aim to have everything running by 9 a.m. UTC.",
    "You should be able to sign in again in an hour.",
    "This ought to be fixed by 17:00 UTC.",
    "We are confident that it will be resolved by 15:30 UTC.",
    "The repair will take about two hours.",
    "It will take us until 18:00 UTC to restore service.",
    "Expect service back at 16:00 UTC.",
    "We plan to bring it back at 16:00 UTC.",
    "We should be done by 16:00 UTC.",
    "The outage will end by 18:00 UTC.",
    "You will be able to pay again from 16:00 UTC.",
    "We will restore service by 18:00 UTC.",
    "We will fix this within two hours.",
)
NO_PROMISED_END: Final = (
    "We will write again by 16:00 UTC.",
    "Sign-in was restored at 14:02 UTC.",
    "We do not yet know when sign-in will be back.",
    "The next update will be posted by 16:00 UTC.",
    "We cannot say that it will be fixed by Friday 13 March 2026.",
    "The fault will be fixed by our network team.",
    "Sign-in will be restored in Europe first.",
    "The report will be published by 13 March 2026.",
    "We will post the next update by 16:00 UTC.",
    "We do not know yet when sign-in will return.",
    "We are working to restore sign-in.",
    "Sign-in was restored by 16:00 UTC.",
    "Mail is back since 14:02 UTC.",
    "We will tell you within 30 minutes how it stands.",
    "You will hear from us again within the hour.",
    "Our engineers will be on the line by 16:00 UTC.",
    "The report will be complete by 13 March 2026.",
    "We cannot give you a time for the repair.",
    "It is not known when the fault will be fixed; next update by 16:00 UTC.",
    "It was back at 15:10 UTC and we still watch it.",
    "Checkout is available again since 15:10 UTC.",
    "Planned maintenance will start at 22:00 UTC on 13 March 2026.",
    "We have restored sign-in within the region.",
    "You can pay by card at the counter.",
    "We will write at 16:00 UTC, whether or not it is fixed by then.",
    "We expect to write again by 16:00 UTC.",
    "Our update page will be up to date within minutes of any change.",
    "Support is available from 08:00 UTC.",
    "Services in Europe should fail over by themselves.",
)


@pytest.mark.parametrize("sentence", PROMISED_END)
def test_promised_end_is_an_error_in_updates_only(sentence: str) -> None:
    """An end time is not promised while the incident runs; afterwards the rule is silent."""
    assert "W21" in rules_of(sentence, "update")
    assert "W21" not in rules_of(sentence, "apology")


@pytest.mark.parametrize("sentence", NO_PROMISED_END)
def test_no_end_time_is_promised(sentence: str) -> None:
    """When the next words come may be promised, and the past may be told."""
    assert "W21" not in rules_of(sentence, "update")


@pytest.mark.parametrize(
    ("sentence", "rule", "kind", "severity"),
    [
        ("We are sorry for the inconvenience.", "W2", "apology", "error"),
        ("We are sorry for the inconvenience.", "W2", "update", "warning"),
        ("You may have seen errors.", "W3", "closure", "error"),
        ("You may have seen errors.", "W3", "update", "info"),
        ("Sign-in failed yesterday.", "W8", "relay", "error"),
        ("Sign-in failed yesterday.", "W8", "update", "info"),
        ("The alarm was missed.", "W10", "apology", "info"),
        ("We accept liability.", "W20", "apology", "route"),
        ("Some customers could not pay.", "W6", "apology", "warning"),
        ("Thank you for your patience.", "W16", "update", "warning"),
    ],
)
def test_severity_depends_on_the_kind_of_text(sentence: str, rule: str, kind: Kind, severity: str) -> None:
    """What is an error in an apology may be a warning or a remark while an incident runs."""
    assert {finding.severity for finding in lint(sentence, kind).of(rule)} == {severity}


def test_the_legal_word_is_neither_error_nor_warning() -> None:
    """A word for legal asks for their approval and blocks nothing by itself."""
    report = lint("We were negligent.")
    assert (report.errors, report.warnings, report.needs_legal) == (0, 0, True)


@pytest.mark.parametrize(
    ("sentence", "better"),
    [
        ("We are sorry if you were affected.", "We are sorry that this affected you."),
        ("We are sorry for any inconvenience this may have caused.", "We are sorry for the trouble we caused you."),
        ("You may have experienced errors.", "You experienced errors."),
        ("Your orders may have been lost.", "Your orders were lost."),
        ("There was a brief outage.", "There was an outage."),
        ("We quickly restored sign-in.", "We restored sign-in."),
        ("This will never happen again.", "We cannot rule out another event."),
        ("We are sorry, but this was planned.", "We are sorry."),
        ("Thank you for your patience.", "We are sorry."),
        ("We take this very seriously.", "We take responsibility for this."),
    ],
)
def test_use_this(sentence: str, better: str) -> None:
    """Words that can be put in as they stand, and that the linter has nothing against."""
    text = f"Hello. {sentence} Goodbye."
    fixes = [finding.fix for finding in lint(text).findings if finding.fix]
    assert better in {fix.words for fix in fixes}
    fix = next(fix for fix in fixes if fix.words == better)
    assert text[: fix.start] + fix.words + text[fix.end :] == f"Hello. {better} Goodbye."


@pytest.mark.parametrize("rule", sorted(CAUGHT))
def test_every_finding_helps(rule: str) -> None:
    """Each finding has a message, better words and a reference."""
    for sentence in CAUGHT[rule]:
        for finding in lint(sentence).findings:
            assert finding.message
            assert finding.suggestion
            assert finding.reference
