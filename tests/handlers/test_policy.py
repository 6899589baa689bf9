"""House policy: defaults that hold, and a file that may tighten the approvals but never loosen them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from handlers.domain.catalog import CatalogErrors, Fault, parse_catalog
from handlers.domain.policy import LEAST_APPROVALS, SEVERITIES, Approvals, Policy, Step, Term, parse_term

PEOPLE = """
people:
  - {name: Ana Silva, email: ana@example.com}
  - {name: Ben Okafor, email: ben@example.com}
"""


def policy(text: str) -> Policy:
    return parse_catalog(f"{text}\n{PEOPLE}", filename="house.yaml").policy


def refusal(text: str) -> Fault:
    with pytest.raises(CatalogErrors) as caught:
        policy(text)
    assert len(caught.value.errors) == 1, str(caught.value)
    return caught.value.errors[0]


def test_the_escalation_is_the_houses_own() -> None:
    """Steps, waits, the channel, the on-call service, drills; what is not said keeps its default."""
    house = policy(
        "policy: {reminders: {before_due: 10m, again: none, drills: mute, channel: {slack: C0123},\n"
        "  escalation: [\n"
        "  {before: 10m, tell: [commander]}, {after: 0m, tell: [deputy, comms]}, {after: 1h, tell: [on-call]}]}}"
    ).reminders
    assert house.escalation == (
        Step(-timedelta(minutes=10), ("commander",)),
        Step(timedelta(0), ("deputy", "comms")),
        Step(timedelta(hours=1), ("on-call",)),
    )
    assert (house.again, house.drills, house.channel) == (None, False, (("slack", "C0123"),))
    assert policy("policy: {reminders: {before_due: 10m}}").reminders.escalation[0].after == -timedelta(minutes=10)


@pytest.mark.parametrize(
    ("reminders", "words"),
    [
        ("escalation: [{after: 5m, tell: [roles]}]", "one step when the update is due"),
        ("escalation: [{after: 5m, tell: [roles]}, {after: 0m, tell: [roles]}]", "must go forward in time"),
        ("escalation: [{after: 0m, tell: [roles]}, {after: 0m, tell: [roles]}]", "must go forward in time"),
        ("escalation: [{after: 0m, tell: []}]", "names nobody"),
        ("escalation: [{after: 0m, tell: [comander]}]", "commander"),
        ("escalation: [{tell: [roles]}]", "either before or after"),
        ("escalation: [{after: soon, tell: [roles]}]", "no length of time"),
        ("again: 1m", "out of range"),
        ("catalog_review: 1d", "out of range"),
        ("drills: perhaps", "none of remind, mute"),
    ],
)
def test_a_faulty_escalation_is_refused(reminders: str, words: str) -> None:
    """By line and key, with what to write instead."""
    with pytest.raises(CatalogErrors) as caught:
        policy(f"policy: {{reminders: {{{reminders}}}}}")
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("webhook: http://events.example.com", "no address to post to"),
        ("webhook: https://me:secret@events.example.com", "no address to post to"),
        ("webhook: events", "no address to post to"),
        ("severities: [sev1]", "calls nobody"),
    ],
)
def test_a_faulty_on_call_rule_is_refused(rule: str, words: str) -> None:
    """By line and key, with what to write instead."""
    with pytest.raises(CatalogErrors) as caught:
        policy(f"policy: {{on_call: [{{{rule}}}]}}")
    assert words in str(caught.value)


def test_an_on_call_service_is_called_like_a_person() -> None:
    """One list of rules, for people and for services that are posted to."""
    (rule,) = policy("policy: {on_call: [{severities: [sev1], webhook: https://events.example.com/x}]}").on_call
    assert (rule.webhook, rule.severities, rule.people) == ("https://events.example.com/x", ("sev1",), ())


def test_a_catalog_without_policy_has_the_fields_defaults() -> None:
    """Approvals, clocks, reminders and the ramp are those of the practice."""
    house = policy("services: []")
    assert house == Policy()
    assert house.default_severity == "sev2"
    assert house.approvals.signers("sev1") == ("commander", "comms-approver")
    assert house.approvals.signers("sev4") == ("comms-approver",)
    assert house.approvals.expires == timedelta(hours=8)
    assert house.reminders.relay_remind == timedelta(hours=4)
    assert house.reminders.relay_escalate == timedelta(hours=24)
    assert (house.publishing.count_above, house.publishing.ramp) == (25, (1, 10))
    assert house.holding is None


@pytest.mark.parametrize(
    ("severity", "status", "minutes"),
    [
        ("sev1", "investigating", 20),
        ("sev1", "identified", 30),
        ("sev1", "monitoring", 30),
        ("sev2", "investigating", 30),
        ("sev2", "monitoring", 60),
        ("sev3", "identified", 60),
        ("sev4", "investigating", None),
        ("sev1", "resolved", None),
        ("SEV1", "investigating", 20),
    ],
)
def test_the_cadence_depends_on_severity_and_status(severity: str, status: str, minutes: int | None) -> None:
    """Nothing is due for a sev4 or once the incident is over."""
    expected = None if minutes is None else timedelta(minutes=minutes)
    assert Policy().cadence(severity, status) == expected


def test_the_clocks_of_the_apology_count_from_the_incident() -> None:
    """Preliminary in 48 hours, final in five business days, progress after 30, 60 and 90 days for a sev1."""
    sev1 = Policy().severity("sev1")
    monday = datetime(2026, 3, 9, 15, 0, tzinfo=UTC)
    assert sev1.first_post == Term(minutes=10)
    assert sev1.preliminary_apology is not None
    assert sev1.preliminary_apology.after(monday, UTC) == monday + timedelta(hours=48)
    assert sev1.final_apology is not None
    assert sev1.final_apology.after(monday, UTC) == monday + timedelta(days=7)
    assert sev1.promise_progress == (30, 60, 90)
    assert Policy().severity("sev3").preliminary_apology is None


def test_business_days_skip_the_weekend_and_keep_the_clock_time() -> None:
    """A day after a Friday afternoon in Berlin is Monday, same clock time, even over a clock change."""
    berlin = ZoneInfo("Europe/Berlin")
    friday = datetime(2026, 3, 27, 16, 0, tzinfo=berlin)
    assert Term(business_days=1).after(friday, berlin) == datetime(2026, 3, 30, 16, 0, tzinfo=berlin)
    assert Term(business_days=1).after(friday, berlin).tzinfo is UTC


@pytest.mark.parametrize(
    ("text", "term", "words"),
    [
        ("30m", Term(minutes=30), "30 minutes"),
        ("1 min", Term(minutes=1), "1 minute"),
        ("4 h", Term(minutes=240), "4 hours"),
        ("14d", Term(minutes=20160), "14 days"),
        ("2 weeks", Term(minutes=20160), "14 days"),
        ("5 business days", Term(business_days=5), "5 business days"),
        ("1bd", Term(business_days=1), "1 business day"),
        ("0m", None, ""),
        ("30", None, ""),
        ("400d", None, ""),
        ("half an hour", None, ""),
        ("9" * 5000 + "m", None, ""),
    ],
)
def test_lengths_of_time_are_written_as_people_write_them(text: str, term: Term | None, words: str) -> None:
    """A number and a unit; anything else, nothing and more than a year are no length of time."""
    assert parse_term(text) == term
    assert term is None or str(term) == words


def test_the_worst_severity_of_several_incidents_decides() -> None:
    """Of none, the default is taken."""
    assert Policy().worst(["sev3", "sev1", "sev2"]) == "sev1"
    assert Policy().worst([]) == "sev2"


def test_more_signatures_are_asked_for_where_a_rule_wants_them() -> None:
    """Legal and the account manager come on top, once; an unknown severity is treated as the worst."""
    approvals = Approvals()
    assert approvals.signers("sev3", legal=True) == ("comms-approver", "legal")
    assert approvals.signers("sev1", legal=True, account_manager=True) == (
        "commander",
        "comms-approver",
        "legal",
        "account-manager",
    )
    assert approvals.signers("nonsense") == ("commander", "comms-approver")


def test_policy_may_tighten_the_approvals() -> None:
    """Another signature and a shorter life are taken, roles of the house's own included."""
    house = policy(
        "policy:\n  roles: [press-office]\n  approvals: {sev3: [comms-approver, Legal, press-office], expires: 4h}"
    )
    assert house.approvals.signers("sev3") == ("comms-approver", "legal", "press-office")
    assert house.approvals.signers("sev3", legal=True) == ("comms-approver", "legal", "press-office")
    assert house.approvals.signers("sev1") == LEAST_APPROVALS["sev1"]
    assert house.approvals.expires == timedelta(hours=4)


@pytest.mark.parametrize("severity", SEVERITIES)
@pytest.mark.parametrize("signers", ["[]", "[legal]", "[commander]"])
def test_policy_may_not_loosen_the_approvals(severity: str, signers: str) -> None:
    """Every severity keeps its least signatures, so that two people always see the words."""
    fault = refusal(f"policy:\n  approvals:\n    {severity}: {signers}")
    assert (fault.line, fault.path) == (3, f"policy.approvals.{severity}")
    assert "two people at least" in fault.message


def test_every_setting_can_be_written() -> None:
    """Severities, clocks, reminders, holding statement, threshold and ramp are read as written."""
    house = policy(
        """
policy:
  default_severity: SEV3
  severities:
    sev1: {name: Blackout, meaning: Everything is dark., first_post: 5m, updates: 15m, monitoring: 45m}
    sev2: {final_apology: 3 business days, preliminary_apology: none, promise_progress: [30d, 60]}
    sev3: {updates: none}
  reminders: {relay_remind: 2h, relay_escalate: 1d, before_due: 10m, promise_before: [14d, 3d]}
  holding:
    text: We know about {services} since {since}. Next word by {next_update}.
    approved_by: [ANA@example.com, ben@example.com]
    until: 2027-01-01T00:00+01:00
  publishing: {count_above: 10, ramp: [1, 5, 50, all]}
"""
    )
    sev1, sev2, sev3 = house.severities[:3]
    assert house.default_severity == "sev3"
    assert (sev1.name, sev1.meaning, sev1.first_post) == ("Blackout", "Everything is dark.", Term(minutes=5))
    assert [sev1.cadence(s) for s in ("investigating", "monitoring")] == [timedelta(minutes=m) for m in (15, 45)]
    assert (sev2.final_apology, sev2.preliminary_apology) == (Term(business_days=3), None)
    assert sev2.promise_progress == (30, 60)
    assert sev3.cadence("investigating") is None
    assert house.reminders.promise_before == (14, 3)
    assert house.reminders.before_due == timedelta(minutes=10)
    assert house.holding is not None
    assert house.holding.approved_by == ("ana@example.com", "ben@example.com")
    assert house.holding.until == datetime(2026, 12, 31, 23, 0, tzinfo=UTC)
    assert (house.publishing.count_above, house.publishing.ramp) == (10, (1, 5, 50))


@pytest.mark.parametrize(
    ("text", "line", "path", "words"),
    [
        ("policy:\n  aprovals: {}", 2, "policy.aprovals", 'did you mean "approvals"?'),
        ("policy: [a]", 1, "policy", "must be a mapping"),
        ("policy:\n  default_severity: sev5", 2, "policy.default_severity", "none of sev1, sev2, sev3, sev4"),
        ("policy:\n  severities:\n    sev9: {}", 3, "policy.severities.sev9", "there is no key"),
        ("policy:\n  severities:\n    sev1: {first_post: soon}", 3, "policy.severities.sev1.first_post", "30m"),
        ("policy:\n  severities:\n    sev1: {updates: 5bd}", 3, "policy.severities.sev1.updates", "no length"),
        (
            "policy:\n  severities:\n    sev1: {promise_progress: [soon]}",
            3,
            "policy.severities.sev1.promise_progress[1]",
            "30d",
        ),
        ("policy:\n  approvals: {expires: 9h}", 2, "policy.approvals.expires", "between 15 minutes and 8 hours"),
        ("policy:\n  approvals: {expires: none}", 2, "policy.approvals.expires", "cannot be none"),
        ("policy:\n  approvals: {reasons: maybe}", 2, "policy.approvals.reasons", "required or asked"),
        (
            "policy:\n  approvals: {sev1: [commander, comms-approver, lawyer]}",
            2,
            "policy.approvals.sev1[3]",
            "no role that can approve",
        ),
        ("policy:\n  approvals: {sev1: commander}", 2, "policy.approvals.sev1", "must be a list"),
        ("policy:\n  reminders: {relay_remind: 30h}", 2, "policy.reminders.relay_escalate", "must not come before"),
        ("policy:\n  reminders: {relay_remind: 8d}", 2, "policy.reminders.relay_remind", "between 1 minute and 7 days"),
        ("policy:\n  publishing: {count_above: 26}", 2, "policy.publishing.count_above", "between 0 and 25"),
        ("policy:\n  publishing: {count_above: 2.5}", 2, "policy.publishing.count_above", "whole number"),
        ("policy:\n  publishing: {ramp: [1, 10]}", 2, "policy.publishing.ramp", "end with all"),
        ("policy:\n  publishing: {ramp: [5, 10, all]}", 2, "policy.publishing.ramp", "begin with 1"),
        ("policy:\n  publishing: {ramp: [1, 11, all]}", 2, "policy.publishing.ramp", "tenfold"),
        ("policy:\n  publishing: {ramp: [1, ten, all]}", 2, "policy.publishing.ramp", "whole numbers"),
        ("policy:\n  publishing: {ramp: 5}", 2, "policy.publishing.ramp", "must be a list"),
    ],
)
def test_every_fault_is_named_by_line_and_key(text: str, line: int, path: str, words: str) -> None:
    """One fault, its line, its key, and what to write instead."""
    found = refusal(text)
    assert found[:2] == (line, path)
    assert words in found[2]


HOLDING = "policy:\n  holding:\n    text: {}\n    approved_by: {}\n    until: {}"


@pytest.mark.parametrize(
    ("text", "signed", "until", "words"),
    [
        ("Hello {servces}", "[ana@example.com, ben@example.com]", "2027-01-01T00:00Z", "did you mean {services}?"),
        ("Hello {0!r}", "[ana@example.com, ben@example.com]", "2027-01-01T00:00Z", "has no placeholder"),
        ("Hello {", "[ana@example.com, ben@example.com]", "2027-01-01T00:00Z", "single { or }"),
        ("word " * 81, "[ana@example.com, ben@example.com]", "2027-01-01T00:00Z", "81 words"),
        ("Hello", "[ana@example.com]", "2027-01-01T00:00Z", "needs two people"),
        ("Hello", "[ana@example.com, bne@example.com, ben@example.com]", "2027-01-01T00:00Z", "nobody in people"),
        ("Hello", "[ana@example.com, ben@example.com]", "2027-01-01", "says no time zone"),
        ("Hello", "[ana@example.com, ben@example.com]", "next year", "is no time"),
    ],
)
def test_a_holding_statement_needs_words_two_people_and_an_end(text: str, signed: str, until: str, words: str) -> None:
    """What two people approved beforehand is checked like everything that leaves the house."""
    assert words in refusal(HOLDING.format(f"'{text}'", signed, until))[2]
