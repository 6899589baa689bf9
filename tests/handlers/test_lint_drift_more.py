"""Drift on two more incidents: a full disk past midnight with a credit for one customer, and an expired certificate."""

from typing import Final

import pytest

from handlers.domain.catalog import Catalog, Customer, Region, Service
from handlers.domain.compose import PUBLIC, compose
from handlers.domain.lint import Drift, Finding, drift, drift_of_answer, record_view
from tests.handlers.test_compose import certificate, disk

CATALOG: Final = Catalog(
    regions=(Region("EU", "Europe"), Region("US", "United States")),
    services=(
        Service("checkout", "Checkout", internal_names=("cartd",)),
        Service("search", "search API"),
        Service("reports", "Reports"),
        Service("login", "Sign-in service", internal_names=("authsvc",)),
    ),
    customers=(Customer("fabrikam", "Fabrikam Inc"),),
)
INCIDENTS: Final = {"disk": disk(), "certificate": certificate()}


def found(own: str, incident: str) -> tuple[Finding, ...]:
    """What differs from the approved chat text; the long text and the answers were approved beside it."""
    source = INCIDENTS[incident]
    texts = compose(source, PUBLIC)
    also = f"{texts.text('full')}\n\n{texts.text('faq')}"
    return drift(own, texts.text("chat"), record_view(source, PUBLIC, CATALOG), also=also).findings


DISK: Final = (
    (
        "Hello Kim, we are sorry. Between 22:30 UTC on 20 November 2026 and 01:10 UTC on 21 November 2026 Checkout did not "
        "work, and orders came up to 20 minutes late; the search API was hit too. This concerned customers served from "
        "Europe. Our order database had run out of disk space, and nothing alerted us to it. We have restarted it and given "
        "it more space; it is fixed and checked. Our next report comes by 27 November 2026."
    ),
    (
        "We apologise for letting you down. Checkout was unavailable from 22:30 UTC on November 20, 2026 until 01:10 UTC on "
        "November 21, 2026. Orders were up to twenty minutes late, and the search API was affected as well. You are served "
        "from Europe. The cause: the disk of the order database was full, and no alert told us. We added disk space and "
        "restarted the database. It has been fixed, and we checked it. No data was lost. 12% of customers were affected. You "
        "will hear from us again by November 27, 2026."
    ),
    (
        "I am sorry that Checkout was down for 160 minutes, 20 November 2026, 22:30 UTC to 21 November 2026, 01:10 UTC, with "
        "order delays of up to 20 minutes, search API included (customers served from Europe). Why: no disk space left on "
        "the order database, without any alert. Fixed and checked. Next report by 27 November 2026."
    ),
)
CERTIFICATE: Final = (
    (
        "We are sorry. On 3 March 2026, from 01:00 to 03:25 UTC, customers served from Europe could not log in: our sign-in "
        "service refused them, and the mobile app showed an error page. A certificate of that service had run out, because "
        "the reminder about it went to a mailbox nobody reads. A new certificate is in place, all the others are checked, "
        "and the problem is fixed. We will report again by 10 March 2026."
    ),
    (
        "Our apologies: we failed you. Nobody served from Europe was able to sign in to the Sign-in service on March 3, 2026 "
        "between 01:00 UTC and 03:25 UTC (2 hours 25 minutes); in the mobile app there was an error page. The reason was an "
        "expired certificate; the reminder had gone to an unread mailbox. We replaced the certificate, restarted the service "
        "and looked at every other certificate. It is fixed. Payments and Reports were not affected, and no data was lost. "
        "Our report follows by March 10, 2026."
    ),
)


@pytest.mark.parametrize(
    ("incident", "own"), [*(("disk", own) for own in DISK), *(("certificate", own) for own in CERTIFICATE)]
)
def test_a_faithful_paraphrase_of_another_incident_passes(incident: str, own: str) -> None:
    """Whole sentences turned round, other words for the same, other styles of dates: no drift."""
    assert [(f.drift, f.text, f.message) for f in found(own, incident)] == []


@pytest.mark.parametrize("incident", INCIDENTS)
@pytest.mark.parametrize("variant", ["chat", "full"])
def test_every_approved_text_passes_as_it_is(incident: str, variant: str) -> None:
    """Whichever of them a colleague copies."""
    assert [
        (f.drift, f.text, f.message) for f in found(compose(INCIDENTS[incident], PUBLIC).text(variant), incident)
    ] == []


WRONG: Final[tuple[tuple[str, str, str, Drift], ...]] = (
    ("disk", "01:10 UTC on 21 November 2026", "01:40 UTC on 21 November 2026", "changed"),
    ("disk", "on 20 November 2026", "on 19 November 2026", "changed"),
    ("disk", "up to 20 minutes late", "up to two hours late", "changed"),
    ("disk", "up to 20 minutes late", "a little late", "severity"),
    ("disk", "customers served from Europe", "customers served from the United States", "scope"),
    ("disk", "customers served from Europe", "European customers", "scope"),
    ("disk", "customers served from Europe", "some customers served from Europe", "scope"),
    ("disk", "the search API was hit too", "the search API and Reports were hit too", "scope"),
    ("disk", "Our order database had run out of disk space", "Restarting the order database caused this", "inverted"),
    ("disk", "Our order database had run out of disk space", "A supplier's database broke", "added"),
    ("disk", "and nothing alerted us to it", "because an engineer forgot the alert", "added"),
    ("disk", "it is fixed and checked.", "it is fixed and checked. As a remedy you get a free month.", "added"),
    ("disk", "it is fixed and checked.", "it is fixed and checked. This will not happen again.", "added"),
    ("disk", "Checkout did not work", "Checkout was a nightmare and did not work", "severity"),
    ("disk", "it is fixed and checked", "it should be fixed, we think, and checked", "weakened"),
    ("disk", "Hello Kim, we are sorry.", "Hello Kim, the company says it is sorry.", "missing"),
    ("disk", "Our next report comes by 27 November 2026.", "Our next report comes next week.", "rotted"),
    ("disk", "Our next report comes by 27 November 2026.", "", "missing"),
    ("certificate", "from 01:00 to 03:25 UTC", "from 01:00 to 03:00 UTC", "changed"),
    ("certificate", "On 3 March 2026", "This Tuesday", "missing"),
    ("certificate", "could not log in: our sign-in service refused them", "could hardly pay", "missing"),
    ("certificate", "could not log in", "in several countries could not log in", "scope"),
    ("certificate", "A certificate of that service had run out", "Renewing a certificate led to this", "inverted"),
    ("certificate", "A certificate of that service had run out", "Hackers were at it", "added"),
    ("certificate", "the problem is fixed", "the problem is fixed for good", "added"),
    ("certificate", "the problem is fixed", "the problem is more or less fixed", "weakened"),
    ("certificate", "We are sorry.", "We are sorry if you noticed.", "weakened"),
    ("certificate", "by 10 March 2026", "by 12 March 2026", "changed"),
    ("certificate", "and the mobile app showed an error page", "and the whole platform was down", "scope"),
)


@pytest.mark.parametrize(("incident", "old", "new", "kind"), WRONG)
def test_one_thing_told_wrongly_of_another_incident_is_found(incident: str, old: str, new: str, kind: Drift) -> None:
    """Each named for what it is."""
    base = {"disk": DISK, "certificate": CERTIFICATE}[incident][0]
    assert old in base
    assert kind in {f.drift for f in found(base.replace(old, new), incident)}


@pytest.mark.parametrize("own", ["cartd was full.", "Fabrikam Inc was hit as well.", "See INC-1."])
def test_the_inside_of_the_house_does_not_leave_by_a_relay(own: str) -> None:
    """Internal names, other customers, numbers of incidents."""
    assert {"W18", "W23", "C7"} & {f.rule for f in found(f"{DISK[0]} {own}", "disk")}


@pytest.mark.parametrize(
    ("answer", "kinds"),
    [
        ("No.", set()),
        ("The disk of our order database was full.", set()),
        ("Orders were up to 20 minutes late.", set()),
        ("12% of customers were affected.", set()),
        ("It took three hours.", {"changed"}),
        ("30% of customers were affected.", {"changed"}),
        ("It came from a cyber attack.", {"added"}),
        ("It hit everybody worldwide.", {"scope"}),
        ("It was mended last night.", {"rotted"}),
    ],
)
def test_an_answer_says_one_thing_and_only_that_is_held_against_the_facts(answer: str, kinds: set[Drift]) -> None:
    """Nothing is missing in it."""
    source = INCIDENTS["disk"]
    texts = compose(source, PUBLIC)
    report = drift_of_answer(answer, texts.text("full"), record_view(source, PUBLIC, CATALOG))
    assert {f.drift for f in report.findings} == kinds
