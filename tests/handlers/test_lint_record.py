"""Presence, look-ups and agreement: an apology held against the record."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any, Final

import pytest

from handlers.domain.lint import (
    FactView,
    Finding,
    IncidentView,
    PromiseView,
    RecordView,
    WindowView,
    lint,
    lint_variants,
    score,
)
from handlers.domain.lint.linter import lint_variant
from tests.handlers.lint_seed import RECORD, REPORT, SOURCE, TEXT, seed


def found(text: str, record: RecordView | None = None, **changes: Any) -> dict[str, Finding]:
    """The first finding of each rule on a full apology."""
    report = lint(text, "apology", record or seed(**changes))
    return {finding.rule: finding for finding in reversed(report.findings)}


def without(words: str, instead: str = "") -> str:
    """The seed's apology with some words taken out or replaced."""
    assert words in TEXT
    return TEXT.replace(words, instead)


def test_the_seed_lints_clean_but_for_the_missing_word_on_data() -> None:
    """The worked case has no error and one warning, which is the gap that people waived."""
    report = lint(TEXT, "apology", RECORD)
    assert [(finding.rule, finding.severity) for finding in report.findings] == [("F8", "warning")]
    assert lint(TEXT, "apology", seed()).findings == ()


def test_without_a_record_only_wording_is_read_and_the_answer_says_so() -> None:
    """A bare text is not asked for facts it cannot be held against."""
    report = lint("Checkout was down.")
    assert report.text_only
    assert {finding.rule[0] for finding in report.findings} <= {"W", "R"}
    assert not lint(TEXT, "apology", RECORD).text_only


GONE: Final = (
    ("A1", "We are sorry. "),
    ("A2", "We take responsibility for this."),
    ("F5", "This hit customers served from North America. "),
    ("F9", "The first fix did not resolve a second problem."),
    ("F12", "We will report again, and decide on a remedy, by 15 September 2010."),
    ("F13", "Please write to support@example.com."),
    ("F14", "Morgan Cole, on behalf of Microsoft Online Services"),
    ("F15", "We cannot rule out a further event."),
    ("A5a", "The service is stable, and we still watch it."),
    ("A5b", "We will report again, and decide on a remedy, by 15 September 2010."),
    ("F11", "Our network engineering director owns the work to prevent a repeat, due by 15 September 2010."),
    ("F7", "How many customers were hit is not known yet. "),
    ("F3", "The exact times are not known yet. "),
)


@pytest.mark.parametrize(("rule", "words"), GONE)
def test_what_is_taken_out_is_missed(rule: str, words: str) -> None:
    """Each part of a full apology is asked for by its own rule once it is gone."""
    text = without(words)
    if rule == "A2":
        text = text.replace("we let you down on", "this failed on")
    if rule == "A5a":
        text = text.replace("We isolated suspect traffic.", "We saw suspect traffic.")
    if rule == "F12":
        text = text.replace("15 September 2010", "14 September 2010")
    assert rule not in found(TEXT)
    assert rule in found(text)
    assert found(text)[rule].suggestion


@pytest.mark.parametrize(
    "opening",
    [
        "We apologise to you.",
        "I am sorry.",
        "Our sincere apologies.",
        "Dear customer,\n\nWe're sorry.",
        "Please accept our apologies.",
        "We cannot apologise enough.",
        "About BPOS\n\nSorry for this.",
    ],
)
def test_regret_is_recognised_in_many_words(opening: str) -> None:
    """An apology may begin with a salutation or a title, and in any honest words."""
    assert "A1" not in found(without("We are sorry.", opening))


@pytest.mark.parametrize(
    "opening",
    [
        "There is nothing to be sorry for.",
        "We are not sorry.",
        "You feel let down.",
        "We regret nothing and never apologise.",
    ],
)
def test_no_regret_is_no_apology(opening: str) -> None:
    """A denied apology is none."""
    assert "A1" in found(without("We are sorry.", opening)) or "regret nothing" in opening


@pytest.mark.parametrize(
    "words",
    [
        "This was our fault.",
        "We got this wrong.",
        "The mistake was ours.",
        "We accept full responsibility.",
        "We should have tested the upgrade.",
        "The buck stops with me.",
    ],
)
def test_responsibility_in_many_words(words: str) -> None:
    """Responsibility may be taken in any plain words."""
    text = without("We take responsibility for this.", words).replace("we let you down on", "this failed on")
    assert "A2" not in found(text)


@pytest.mark.parametrize(
    "words",
    [
        "We take our responsibility as your partner very seriously.",
        "This was not our fault.",
        "We do not take responsibility.",
    ],
)
def test_words_that_take_no_responsibility(words: str) -> None:
    """Seriousness, or a denial, is no responsibility."""
    text = without("We take responsibility for this.", words).replace("we let you down on", "this failed on")
    assert "A2" in found(text)


def test_an_unknown_cause_with_a_date_is_an_explanation() -> None:
    """Where no cause is recorded, saying so with a report date is enough."""
    record = seed(facts=tuple(fact for fact in RECORD.facts if not fact.kind.startswith("cause")))
    bare = TEXT.replace("Our network upgrade caused the trouble on 23 August 2010: it had a design flaw. ", "").replace(
        "That problem caused the trouble on 3 and 7 September 2010.", ""
    )
    bare = bare.replace("We will change what led to this.", "We will change this.")
    assert "A3" in found(bare, record)
    assert "A3" not in found(bare + "\nThe cause is not known yet, we will report by 15 September 2010.\n", record)


def test_no_stronger_word_than_the_record() -> None:
    """“Resolved” while the fault is only contained is unequal to the record, and the word is marked."""
    findings = found(without("The service is stable", "The fault is resolved, the service is stable"))
    assert findings["A5a"].text == findings["W22"].text == "resolved"
    assert findings["A5a"].severity == "error"
    assert findings["W22"].severity == "warning"


def test_outage_is_too_strong_for_a_degraded_service() -> None:
    """A degraded service was not an outage."""
    incidents = tuple(replace(incident, degraded=True) for incident in RECORD.incidents)
    assert (
        found(without("caused the trouble on 23", "caused the outage on 23"), incidents=incidents)["W22"].text
        == "outage"
    )
    assert "W22" not in found(TEXT, incidents=incidents)


def test_fixed_may_be_said_where_it_is_fixed() -> None:
    """With the fix recorded and nothing recurring, the text must say fixed."""
    record = seed(incidents=(IncidentView(1, "fixed"),), windows=RECORD.windows[:1])
    text = without("The service is stable, and we still watch it.", "The fault is fixed.")
    assert "A5a" not in found(text, record)
    assert "A5a" in found(TEXT, record)
    assert "A5a" in found(text.replace("is fixed", "is not yet fixed"), record)


def test_permanently_fixed_needs_a_verified_fix() -> None:
    """The word is refused until the fix is verified."""
    record = seed(incidents=(IncidentView(1, "verified"),), windows=RECORD.windows[:1])
    text = without("The service is stable, and we still watch it.", "The fault is permanently fixed and checked.")
    assert "W5" not in found(text, record)
    assert "W5" in found(text, seed())


def test_remedy_weighs_more_after_a_recurrence() -> None:
    """No word on a remedy is an error where it came back or the contract was missed, else a warning."""
    text = without(
        "We will report again, and decide on a remedy, by 15 September 2010.",
        "We will report again by 15 September 2010.",
    )
    assert found(text)["A5b"].severity == "error"
    once = seed(incidents=(IncidentView(3, "contained"),))
    assert found(text, once)["A5b"].severity == "warning"
    assert found(text, replace(once, sla_missed=True))["A5b"].severity == "error"


def test_every_day_and_the_year_are_said() -> None:
    """A missing day is named, and a year must stand somewhere."""
    text = (
        TEXT.replace("3 September and 7 September 2010", "7 September 2010")
        .replace("3 September 2010", "7 September 2010")
        .replace("3 and 7 September", "7 September")
    )
    assert "3 September 2010" in found(text)["F1"].message
    assert "F1" in found(TEXT.replace(" 2010", ""))


def test_a_part_of_day_needs_a_zone() -> None:
    """An afternoon is somebody's afternoon."""
    assert found(without(" (Pacific Time)"))["F2"].text == "afternoon"
    assert "F2" not in found(without(" (Pacific Time)") + "\nAll times are Pacific Time.\n")


def test_exclusions_need_a_source() -> None:
    """Who was not hit may be said only on somebody's word."""
    facts = tuple(replace(fact, source="") if fact.kind == "exclusion" else fact for fact in RECORD.facts)
    assert found(TEXT, facts=facts)["F10"].text.startswith("No other")
    assert "F10" not in found(TEXT)


def test_data_is_an_error_where_security_is_concerned() -> None:
    """The word on data weighs more in a security incident."""
    assert found(TEXT, replace(RECORD, security=True))["F8"].severity == "error"
    assert "F8" not in found(TEXT + "\nNo customer data was lost.\n", RECORD)


def test_a_broken_promise_must_be_told() -> None:
    """What the same customers were told before, and how it stands, belongs in the text."""
    promise = PromiseView("The fault is permanently fixed", "broken", date(2010, 8, 24))
    assert "permanently fixed" in found(TEXT, promises=(promise,))["F9"].message
    assert "F9" not in found(
        TEXT + "\nWe told you on 24 August 2010 that it was over. That was wrong.\n", promises=(promise,)
    )


@pytest.mark.parametrize(("day", "says"), [(date(2010, 9, 1), "past"), (date(2010, 9, 30), "five business days")])
def test_the_report_date_is_soon_and_ahead(day: date, says: str) -> None:
    """The next report lies in the future, at most five business days after publication."""
    text = TEXT.replace("15 September 2010", f"{day.day} September 2010").replace(
        "15 September\n2010", f"{day.day} September 2010"
    )
    assert says in found(text, next_report=day)["F12"].message


def test_an_update_says_when_the_next_one_comes() -> None:
    """While an incident runs, the next update has a time."""
    record = seed()
    assert "F12" in {finding.rule for finding in lint("BPOS access is degraded.", "update", record).findings}
    assert "F12" not in {
        finding.rule
        for finding in lint(
            "BPOS access is degraded. We will write again within 30 minutes.", "update", record
        ).findings
    }


NOT_IN_RECORD: Final = (
    ("C1", "The trouble returned on 9 August 2010.", "9 August 2010"),
    ("C1", "It lasted three hours.", "three hours"),
    ("C1", "SharePoint Online was degraded.", "SharePoint Online"),
    ("C1", "Customers in Europe were hit.", "Europe"),
    ("C1", "Customers in Germany were hit.", "Germany"),
    ("C1", "All customers were hit.", "All customers"),
    ("C1", "This was seen worldwide.", "worldwide"),
    ("C1", "On Monday 7 September 2010 it came back.", "Monday 7 September 2010"),
    ("C2", "It began at 14:02 UTC.", "14:02"),
    ("C2", "On 3 September 2010, in the morning (Pacific Time), it came back.", "in the morning"),
    ("C2", "412 customers were hit.", "412"),
    ("C7", "Exchange Online was degraded.", "Exchange Online"),
    ("C7", "You get a credit of 25%.", "credit of 25%"),
    ("W18", "The part edge-blu failed.", "edge-blu"),
    ("W23", "Contoso Ltd told us first.", "Contoso Ltd"),
    ("W23", "Dana Lee will call you.", "Dana Lee"),
    ("W25", "We are sorry!", "!"),
    ("W25", "We are VERY SORRY.", "VERY SORRY"),
    ("W25", "We are sorry 😢.", "😢"),
    ("W24", "The LDAP tree failed.", "LDAP"),
)


@pytest.mark.parametrize(("rule", "sentence", "words"), NOT_IN_RECORD)
def test_what_the_record_does_not_hold(rule: str, sentence: str, words: str) -> None:
    """Every date, number, service, place and name of a text is looked up, and the stranger is marked."""
    report = lint(f"{TEXT}\n{sentence}\n", "apology", seed())
    assert words in {finding.text for finding in report.of(rule)}


IN_RECORD: Final = (
    "On Tuesday 7 September 2010 the impact was wider.",
    "You had intermittent access to BPOS for 120 minutes.",
    "You had a 2-hour period of intermittent access.",
    "The sign-in service was degraded on 3 September.",
    "These three incidents were unique to BPOS, and no other Microsoft services were affected.",
    "Reach us at support@example.com at any hour.",
    "We work on this 24/7.",
    "The Lightweight Directory Access Protocol (LDAP) tree failed.",
    "We apologise to all customers.",
)


@pytest.mark.parametrize("sentence", IN_RECORD)
def test_what_the_record_holds_in_other_words(sentence: str) -> None:
    """Other words for the same fact are no disagreement."""
    report = lint(f"{TEXT}\n{sentence}\n", "apology", seed())
    assert [
        (finding.rule, finding.text)
        for finding in report.findings
        if finding.rule[0] == "C" or finding.rule in {"W22", "W23", "W24", "F10"}
    ] == []


CLOCKED: Final = replace(
    RECORD,
    windows=(
        WindowView(
            1, date(2026, 3, 3), datetime(2026, 3, 3, 14, 2, tzinfo=UTC), datetime(2026, 3, 3, 15, 10, tzinfo=UTC)
        ),
    ),
    incidents=(IncidentView(1, "fixed"),),
    facts=(
        FactView("impact", "you could not pay", source=SOURCE),
        FactView("count", "312 customers", precision="about", source=SOURCE),
        FactView("cause.trigger", "an expired certificate", source=SOURCE),
    ),
    zone="Europe/Berlin",
    zones=("America/New_York",),
    next_report=date(2026, 3, 10),
    publication=datetime(2026, 3, 4, tzinfo=UTC),
)


def rules(sentence: str, record: RecordView = CLOCKED) -> set[str]:
    """Agreement findings of one sentence."""
    return {finding.rule for finding in lint_variant(sentence, "apology", record).findings if finding.rule[0] == "C"}


@pytest.mark.parametrize(
    "sentence",
    [
        "On 3 March 2026 from 14:02 to 15:10 UTC you could not pay.",
        "You could not pay from 15:02 to 16:10 CET (14:02 to 15:10 UTC).",
        "You could not pay from 9:02 a.m. to 10:10 a.m. EST.",
        "You could not pay for 68 minutes.",
        "You could not pay for 1 hour and 8 minutes, from 14:02 to 15:10 UTC.",
        "About 312 customers could not pay.",
        "At 15:10 UTC payments worked again.",
    ],
)
def test_the_same_instant_in_any_allowed_zone(sentence: str) -> None:
    """Times may print in UTC, in the incident's zone and in the customer's own."""
    assert rules(sentence) == set()


@pytest.mark.parametrize(
    ("sentence", "rule"),
    [
        ("You could not pay from 14:02 to 15:10 UTC, for 90 minutes.", "C4"),
        ("It began at 14:02 UTC. Elsewhere we wrote that it started at 15:10 UTC.", "C3"),
        ("You could not pay from 14:07 to 15:10 UTC.", "C1"),
        ("312 customers could not pay.", "C2"),
        ("- 15:10 UTC: payments work.\n- 14:02 UTC: payments fail.", "C5"),
        ("- 3 March 2026: payments fail.\n- 10 March 2026: report.\n- 3 March 2026: payments work.", "C5"),
    ],
)
def test_times_that_do_not_agree(sentence: str, rule: str) -> None:
    """Lengths add up, one start holds throughout, and timelines run forward."""
    assert rule in rules(sentence)


def test_a_vague_amount_is_an_error_where_the_number_is_known() -> None:
    """“Some customers” hides a number that is on record."""
    assert found("Some customers could not pay.", CLOCKED)["W6"].severity == "error"
    assert found("Some customers could not pay.", seed())["W6"].severity == "warning"


def test_a_teaser_from_the_ledger_is_an_error_until_explained() -> None:
    """A fact that only hints is an error in the text, unless a date for the explanation follows."""
    text = without("We do not know yet what it was, and we will explain it by 15 September 2010. ")
    assert found(text)["W14"].severity == "error"
    assert "W14" not in found(TEXT)


def test_a_catalog_region_is_no_host() -> None:
    """A region that looks like a host name is let through when the catalog knows it."""
    record = seed(regions=("North America", "blue-zone-7"))
    assert "W18" in found("We moved you to blue-zone-7.")
    assert "W18" not in found("We moved you to blue-zone-7.", record)


def test_another_customers_fact_is_hidden_and_ones_own_is_not() -> None:
    """A fact for one customer prints only for that customer."""
    fact = FactView("impact", "payroll export stopped", visibility="customer", customer="contoso", source=SOURCE)
    sentence = "The payroll export stopped."
    assert "C7" in {
        finding.rule for finding in lint_variant(sentence, "apology", seed(facts=(*RECORD.facts, fact))).findings
    }
    assert "C7" not in {
        finding.rule
        for finding in lint_variant(sentence, "apology", seed(facts=(*RECORD.facts, fact), customer="contoso")).findings
    }


CHAT: Final = """\
We are sorry. We let down customers served from North America, and we take responsibility.
23 August 2010: intermittent access to BPOS for 2 hours. Our network upgrade caused this: it had a design flaw.
3 and 7 September 2010: degraded service in the sign-in service and the administration portals. The first fix did not resolve a second problem, which caused this.
The service is stable. We cannot rule out a further event. We will change this so that it does not happen again.
We will report to you, and decide on a remedy, by 15 September 2010. Contact: support@example.com
Morgan Cole, on behalf of Microsoft Online Services
"""


def test_variants_agree() -> None:
    """A chat text with the same facts has no finding."""
    reports = lint_variants({"full": TEXT, "chat": CHAT}, seed())
    assert reports["full"].findings == ()
    assert reports["chat"].findings == ()


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("for 2 hours", "for 3 hours", "C6"),
        ("23 August 2010", "24 August 2010", "C6"),
        ("by 15 September 2010", "by 16 September 2010", "C6"),
        ("We cannot rule out a further event. ", "", "F15"),
        ("served from North America, and", "and", "F5"),
        ("We are sorry. ", "", "A1"),
        ("Contact: support@example.com", "", "F13"),
        ("The service is stable.", "word " * 90, "C6"),
    ],
)
def test_variants_that_part(old: str, new: str, rule: str) -> None:
    """A short variant may not differ from the full text, run too long, or leave out what it owes."""
    assert rule in {
        finding.rule
        for finding in lint_variants({"full": TEXT, "chat": CHAT.replace(old, new)}, seed())["chat"].findings
    }


def test_score_follows_the_parts_and_the_evasions() -> None:
    """All five parts give eight points; each sentence that evades costs one."""
    assert score(TEXT) == 8
    assert score("We are sorry if you were affected. There was a brief outage.") == -1
    assert score("Checkout works.") == 0


def test_waived_rules_are_not_reported() -> None:
    """A finding somebody waived with a reason stays quiet."""
    assert "F13" not in found(without("Please write to support@example.com."), waived=frozenset({"F13", "F8"}))


def test_report_as_json_has_the_promised_keys() -> None:
    """The machine-readable answer is counts and findings with eight keys."""
    answer = lint("We are sorry for any inconvenience.").as_json()
    assert list(answer) == ["errors", "warnings", "findings"]
    assert answer["errors"] == 1
    assert list(answer["findings"][0]) == [
        "rule",
        "severity",
        "start",
        "end",
        "text",
        "message",
        "suggestion",
        "reference",
    ]


def test_due_dates_and_publication_may_be_named() -> None:
    """Any day of the record may stand in the text."""
    assert REPORT in RECORD.all_days()
    assert date(2010, 9, 8) in RECORD.all_days()
    assert Fraction(120) in RECORD.all_lengths()


TWO_ZONES: Final = replace(
    CLOCKED,
    windows=(
        WindowView(
            1, date(2026, 3, 3), datetime(2026, 3, 3, 14, 2, tzinfo=UTC), datetime(2026, 3, 3, 15, 10, tzinfo=UTC)
        ),
        WindowView(
            2, date(2026, 3, 3), datetime(2026, 3, 3, 15, 30, tzinfo=UTC), datetime(2026, 3, 3, 16, 0, tzinfo=UTC)
        ),
    ),
    incidents=(IncidentView(1, "fixed"), IncidentView(2, "none")),
)


@pytest.mark.parametrize(
    ("impact", "sentence"),
    [
        ("mail came 40 minutes late", "From 14:02 to 15:10 UTC, mail came 40 minutes late."),
        ("delays of 22 minutes", "You saw delays of 22 minutes from 14:02 to 15:10 UTC."),
        ("5 errors an hour", "You saw 5 errors an hour from 14:02 to 15:10 UTC."),
    ],
)
def test_a_length_that_tells_of_something_else_is_not_the_windows(impact: str, sentence: str) -> None:
    """How late mail came, or how often errors came, is not how long it lasted; another length still is."""
    record = replace(CLOCKED, facts=(*CLOCKED.facts, FactView("impact", impact, source=SOURCE)))
    assert rules(sentence, record) == set()
    assert rules("You could not pay from 14:02 to 15:10 UTC, for 90 minutes.", record) == {"C1", "C4"}


def test_a_length_of_something_else_needs_no_hedge() -> None:
    """That the outage lasted about two hours says nothing of how late mail came."""
    facts = (
        FactView("duration", "2h", precision="about", source=SOURCE),
        FactView("impact", "mail came 40 minutes late", source=SOURCE),
    )
    record = replace(CLOCKED, facts=facts, windows=(WindowView(1, date(2026, 3, 3)),))
    assert rules("Mail came 40 minutes late.", record) == set()
    assert rules("It lasted 2 hours.", record) == {"C2"}


def test_a_stated_length_may_be_a_quarter_out() -> None:
    """A length that somebody stated stands beside the measured window; one that was measured must fit."""
    stated = replace(CLOCKED, facts=(*CLOCKED.facts, FactView("duration", "1h", precision="stated", source=SOURCE)))
    measured = replace(CLOCKED, facts=(*CLOCKED.facts, FactView("duration", "1h", precision="exact", source=SOURCE)))
    sentence = "You could not pay from 14:02 to 15:10 UTC, for 1 hour."
    assert rules(sentence, stated) == set()
    assert rules(sentence, measured) == {"C4"}


@pytest.mark.parametrize(
    "lines",
    [
        "- 3 March 2026, 15:02 CET: payments fail.\n- 3 March 2026, 14:30 UTC: mail fails.",
        "- 3 March 2026, 14:02 UTC: payments fail.\n- 3 March 2026, 15:00 UTC+05:45: mail fails.",
        "- 4 March 2026, 00:10 UTC+10:00: payments fail.\n- 3 March 2026, 14:30 UTC: mail fails.",
    ],
)
def test_lines_in_two_zones_may_run_by_either(lines: str) -> None:
    """In two zones a timeline runs forward where the printed times do, or where the moments do."""
    assert "C5" not in rules(lines, TWO_ZONES)


def test_lines_in_two_zones_that_go_back_in_both() -> None:
    """A timeline that goes back on the clock and in fact is out of order in any zones."""
    lines = "- 3 March 2026, 16:10 CET: payments work.\n- 3 March 2026, 14:02 UTC: payments fail."
    assert "C5" in rules(lines, TWO_ZONES)


def test_a_season_of_another_window_does_not_move_the_clock() -> None:
    """Summer time is read as summer time also where the first window was in winter."""
    summer = WindowView(
        2, date(2026, 7, 1), datetime(2026, 7, 1, 12, 0, tzinfo=UTC), datetime(2026, 7, 1, 13, 0, tzinfo=UTC)
    )
    record = replace(CLOCKED, windows=(*CLOCKED.windows, summer))
    assert "C4" not in rules("It lasted from 12:00 UTC to 15:00 CEST on 1 July 2026, for 60 minutes.", record)


def test_a_day_as_the_readers_clocks_showed_it() -> None:
    """For readers in another zone their own day will do, also the one after new year; a third day will not."""
    start = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
    record = RecordView(
        windows=(WindowView(1, date(2026, 12, 31), start, start.replace(minute=50)),), incidents=(IncidentView(1),)
    )
    theirs = replace(record, zones=("Europe/Berlin",), reader="Europe/Berlin")

    def missed(text: str, view: RecordView) -> bool:
        chat = {finding.rule for finding in lint_variants({"chat": text}, view)["chat"].findings}
        return bool({"F1", "C6"} & chat)

    shown, recorded = "It failed on 1 January 2027.", "It failed on 31 December 2026."
    assert not missed(recorded, record)
    assert missed(shown, record)
    assert not missed(shown, theirs)
    assert not missed(recorded, theirs)
    assert missed("It failed on 2 January 2027.", theirs)


def test_one_explanation_serves_every_mention() -> None:
    """A teaser that stands twice is explained once; without any explanation both are marked."""
    known = "We will explain that traffic by 10 March 2026."
    twice = "We blocked suspicious traffic. {}\n\nThe suspicious traffic caused the trouble."
    told = lint(twice.format(known)).of("W14")
    assert told == ()
    assert len(lint(twice.format("We watched it.")).of("W14")) == 2
    other = lint(twice.format(known) + " We saw unexpected behaviour too.").of("W14")
    assert [finding.text for finding in other] == ["unexpected behaviour"]


def test_incidents_of_one_day_that_stand_differently_in_one_sentence() -> None:
    """Of two incidents on one day one may be called fixed, where readers' days differ from the record's too."""
    words = "Of the problems on {} March 2026, one is fixed and one is not yet fixed."
    for fixed, still in ((1, 2), (2, 1)):
        record = replace(TWO_ZONES, incidents=(IncidentView(fixed, "fixed"), IncidentView(still, "none")))
        assert "A5a" not in found(words.format(3), record)
    start = datetime(2026, 3, 3, 23, 30, tzinfo=UTC)
    late = WindowView(2, date(2026, 3, 3), start, start.replace(minute=50))
    theirs = replace(TWO_ZONES, windows=(replace(late, incident=1, day=date(2026, 3, 4)), late), reader="Europe/Berlin")
    assert "A5a" not in found(words.format(4), theirs)
    apart = replace(TWO_ZONES, windows=(TWO_ZONES.windows[0], replace(late, day=date(2026, 3, 4))))
    assert "A5a" in found("The problem on 4 March 2026 is fixed. The other is not yet fixed.", apart)


def test_a_promise_to_others_is_not_owed_here() -> None:
    """Readers who were told nothing are owed no word on how it stands."""
    promise = PromiseView("We will send the log files", "late", date(2010, 8, 24), told=False)
    assert "F9" not in found(TEXT, promises=(promise,))
    assert "F9" in found(TEXT, promises=(replace(promise, told=True),))


def test_a_linked_day_is_asked_for_by_one_rule() -> None:
    """What only a recurrence names need not be told like an incident of this text; its day may be asked for."""
    early = WindowView(9, date(2010, 8, 2))
    record = seed(
        windows=(early, *RECORD.windows),
        incidents=(IncidentView(9, "fixed", covered=False), *RECORD.incidents),
        linked_regions=("Europe",),
        other_regions=(),
    )
    report = lint(TEXT, "apology", record)
    assert [(finding.rule, finding.severity) for finding in report.findings] == [("F9", "error")]
    told = TEXT.replace("The first fix did", "The first fix after the trouble in Europe on 2 August 2010 did")
    assert lint(told, "apology", record).findings == ()
