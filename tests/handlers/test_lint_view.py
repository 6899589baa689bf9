"""The composer's record becomes the linter's, and what is composed from it lints clean."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Final

import pytest

from handlers.domain.apology import Promise
from handlers.domain.catalog import Catalog, Customer, Region, Service
from handlers.domain.compose import Audience, Source, compose, compose_closure
from handlers.domain.facts import Fact
from handlers.domain.incident import Incident, Recurrence, Task
from handlers.domain.lint import lint, lint_variant, lint_variants, record_view
from handlers.domain.people import Person

DAY: Final = datetime(2026, 3, 3, 16, 0, tzinfo=UTC)


def fact(
    number: int,
    kind: str,
    value: str,
    *,
    precision: str = "",
    visibility: str = "public",
    customer: str = "",
    due: str = "",
) -> Fact:
    """A fact of incident 7."""
    return Fact(7, number, kind, value, "ana", DAY, precision, "monitoring", visibility, customer, due)


SOURCE: Final = Source(
    incidents=(Incident(7, "Checkout is down", "sev1", "resolved", DAY, "ana", ("checkout",), "EU"),),
    facts=(
        fact(1, "window", "2026-03-03T14:02Z/2026-03-03T15:10Z", precision="minute"),
        fact(2, "timezone", "Europe/Berlin"),
        fact(3, "impact", "errors at the payment page"),
        fact(4, "count", "312 customers"),
        fact(5, "cause.trigger", "an expired certificate"),
        fact(6, "fix", "fixed"),
        fact(7, "data-loss", "no"),
        fact(8, "remedy", "decision by 2026-03-10"),
        fact(9, "next-report", "2026-03-10"),
        fact(10, "contact", "support@example.com"),
        fact(11, "impact", "Ledger export stopped", visibility="internal"),
        fact(12, "impact", "Payroll run missed", visibility="customer", customer="contoso"),
    ),
    tasks=(
        Task(
            7,
            1,
            "Prevent a repeat by renewing certificates early",
            "noor",
            "Noor",
            "platform director",
            "2026-03-10",
            datetime(2026, 3, 10, tzinfo=UTC),
            "ana",
            DAY,
        ),
    ),
    signatory="Morgan Cole",
    services={"checkout": "Checkout", "mail": "Mail"},
    regions={"EU": "Europe", "NA": "North America"},
    publication=datetime(2026, 3, 4, 9, 0, tzinfo=UTC),
)
CATALOG: Final = Catalog(
    regions=(Region("EU", "Europe"), Region("NA", "North America")),
    services=(Service("checkout", "Checkout", internal_names=("cartsvc",)), Service("mail", "Mail")),
    customers=(Customer("contoso", "Contoso Ltd"), Customer("fabrikam", "Fabrikam Inc")),
    people=(Person("dana", "Dana Lee"),),
)


def test_what_is_composed_from_a_record_agrees_with_it() -> None:
    """Every variant of a composed apology passes every rule against the record it came from."""
    record = record_view(SOURCE, catalog=CATALOG)
    composed = compose(SOURCE)
    assert [
        (f.rule, f.text, f.message)
        for f in lint(composed.text("full"), "apology", record).findings
        if f.severity == "error"
    ] == []
    for variant in ("chat", "talking-points", "faq"):
        assert [
            (f.rule, f.text)
            for f in lint_variant(composed.text(variant), "apology", record).findings
            if f.severity == "error"
        ] == []
    assert not any(report.findings for report in lint_variants(dict(composed.texts), record).values())
    assert lint(str(compose_closure(SOURCE)), "closure", record).errors == 0


def test_the_view_holds_windows_states_and_names() -> None:
    """Instants, lengths, fix state and the catalog's names arrive in the linter's record."""
    record = record_view(SOURCE, catalog=CATALOG)
    (window,) = record.windows
    assert (window.day, window.length) == (date(2026, 3, 3), Fraction(68))
    assert record.states == ("fixed",)
    assert record.services == ("Checkout",)
    assert record.other_services == ("Mail",)
    assert record.regions == ("Europe",)
    assert record.other_regions == ("North America",)
    assert record.next_report == date(2026, 3, 10)


@pytest.mark.parametrize(
    ("sentence", "rule"),
    [
        ("Mail failed too.", "C1"),
        ("It reached North America.", "C1"),
        ("It began at 14:30 UTC.", "C1"),
        ("The Ledger export stopped.", "C7"),
        ("The Payroll run missed.", "C7"),
        ("The part cartsvc failed.", "W18"),
        ("Fabrikam told us.", "W23"),
        ("Dana Lee knows.", "W23"),
    ],
)
def test_what_the_audience_may_not_read(sentence: str, rule: str) -> None:
    """Internal facts, other customers' facts and names stay out of public text."""
    assert rule in {
        found.rule for found in lint_variant(sentence, "apology", record_view(SOURCE, catalog=CATALOG)).findings
    }


def test_a_customer_may_read_their_own_fact() -> None:
    """A fact for one customer, and that customer's name, are allowed in their own text."""
    record = record_view(SOURCE, Audience("contoso", "America/New_York"), CATALOG)
    found = {
        finding.rule
        for finding in lint_variant(
            "Contoso: the Payroll run missed. It began at 9:02 a.m. EST.", "apology", record
        ).findings
    }
    assert not found & {"C7", "W23", "C1"}


def test_a_waived_gap_is_a_waived_rule() -> None:
    """People waive gaps by name; the linter hears the rule."""
    assert record_view(SOURCE, waived=("data-loss", "w14", "a5b")).waived == frozenset({"F8", "W14", "A5b"})


def test_a_recurrence_makes_the_earlier_fix_insufficient() -> None:
    """Linking a later incident changes how the first one stands."""
    later = Incident(8, "Checkout is down again", "sev1", "monitoring", DAY, "ana", ("checkout",), "EU")
    source = Source(
        incidents=(*SOURCE.incidents, later),
        facts=(*SOURCE.facts, Fact(8, 1, "fix", "contained", "ana", DAY, "", "monitoring", "public")),
        recurrences=(Recurrence(8, 7, "same certificate", "ana", DAY),),
        services=SOURCE.services,
        regions=SOURCE.regions,
    )
    record = record_view(source)
    assert record.fix_of(7) == "insufficient"
    assert record.fix_of(8) == "contained"
    assert record.linked


def test_only_what_is_covered_is_required() -> None:
    """Regions and windows of a linked incident may be named, and no rule but F9 asks for them."""
    early = Incident(6, "Checkout was down", "sev1", "resolved", DAY, "ana", ("checkout",), "NA")
    own = Incident(7, "Checkout is down", "sev1", "resolved", DAY, "ana", ("checkout",), "")
    source = replace(
        SOURCE,
        incidents=(own,),
        linked=(early,),
        facts=(*SOURCE.facts, Fact(6, 1, "window", "2026-02-02", "ana", DAY, "day", "statement", "public")),
        recurrences=(Recurrence(7, 6, "same certificate", "ana", DAY),),
    )
    record = record_view(source, catalog=CATALOG)
    assert record.regions == ()
    assert record.linked_regions == ("North America",)
    assert record.other_regions == ("Europe",)
    assert record.days == (date(2026, 3, 3),)
    assert date(2026, 2, 2) in record.all_days()
    missed = {finding.rule for finding in lint(compose(source).text("full"), "apology", record).findings}
    assert not missed & {"F1", "F3", "F5", "C1"}


def test_a_customers_own_text_in_their_own_zone_agrees() -> None:
    """Where a customer's clocks showed another day, their text names that day and no rule asks for the other."""
    window = fact(1, "window", "2026-03-03T02:02Z/2026-03-03T03:10Z", precision="minute")
    source = replace(SOURCE, facts=(window, *SOURCE.facts[1:]))
    audience = Audience("contoso", "America/New_York")
    record = record_view(source, audience, CATALOG)
    own = compose(source, audience)
    assert "2 March 2026" in own.text("full")
    assert lint(own.text("full"), "apology", record).errors == 0
    assert not lint_variants(dict(own.texts), record)["chat"].errors


def test_ends_with_two_written_offsets_agree() -> None:
    """A window whose ends were written with two offsets, and no zone named, prints in the first; so it may stand."""
    window = fact(1, "window", "2025-03-30T01:30+01:00/2025-03-30T03:37+02:00", precision="minute")
    source = replace(SOURCE, facts=(window, *SOURCE.facts[2:]))
    text = compose(source).text("full")
    assert "02:37 UTC+01:00" in text
    assert lint(text, "apology", record_view(source, catalog=CATALOG)).errors == 0


def test_promises_are_those_these_readers_were_told_on_the_day_people_named() -> None:
    """One customer's promise is no other's business, and its day is the one said, not the midnight that ends it."""
    until = datetime(2026, 3, 11, 0, 0, tzinfo=UTC)
    promises = tuple(
        Promise(number, 1, 7, f"promise {number}", "ana", "Ana", due, until, "late", "", customers, made_at=DAY)
        for number, due, customers in (
            (1, "2026-03-10", ()),
            (2, "no day at all", ("contoso",)),
            (3, "2026-03-10", ("contoso", "acme")),
        )
    )
    source = replace(SOURCE, promises=promises)

    def seen(audience: Audience) -> list[tuple[str, bool]]:
        return [(promise.text, promise.told) for promise in record_view(source, audience).promises]

    assert seen(Audience()) == [("promise 1", True), ("promise 3", True)]
    assert seen(Audience("contoso")) == [("promise 1", True), ("promise 2", True), ("promise 3", True)]
    assert seen(Audience("fabrikam")) == [("promise 1", True), ("promise 3", False)]
    assert {promise.due for promise in record_view(source, Audience("contoso")).promises} == {date(2026, 3, 10)}
