"""The seed's record as the linter sees it, and an apology in our own words that keeps every rule."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any, Final

from handlers.domain.lint import FactView, IncidentView, RecordView, TaskView, WindowView

SOURCE: Final = "statement"
REPORT: Final = date(2010, 9, 15)

RECORD: Final = RecordView(
    facts=(
        FactView("duration", "2h", incident=1, precision="stated", source=SOURCE),
        FactView("impact", "intermittent access", incident=1, source=SOURCE),
        FactView("cause.trigger", "our network upgrade", incident=1, source=SOURCE),
        FactView("cause.flaw", "design flaw in the upgrade", incident=1, source=SOURCE),
        FactView("impact", "degraded service", incident=2, source=SOURCE),
        FactView("cause.latent", "a second problem", incident=2, source=SOURCE),
        FactView("scale", "more customers", incident=3, precision="comparative", source=SOURCE, words=("wider",)),
        FactView("action", "isolated suspect traffic", incident=3, source=SOURCE),
        FactView("effort", "24/7 work to prevent a repeat", incident=3, source=SOURCE),
        FactView("exclusion", "other Microsoft services", incident=3, source=SOURCE),
        FactView("impact", "Exchange Online", incident=3, visibility="internal", source="customer reports"),
        FactView("count", "unknown", incident=3, due=REPORT),
        FactView("times", "unknown", incident=3, due=REPORT),
        FactView("traffic", "unknown", incident=3, due=REPORT),
        FactView("remedy", "decision by 2010-09-15", incident=3, source=SOURCE),
    ),
    windows=(
        WindowView(1, date(2010, 8, 23), minutes=Fraction(120)),
        WindowView(2, date(2010, 9, 3)),
        WindowView(3, date(2010, 9, 7), part="afternoon"),
    ),
    incidents=(IncidentView(1, "fixed"), IncidentView(2, recurs=(1,)), IncidentView(3, "contained", recurs=(2,))),
    services=("BPOS", "Sign-in service", "Administration portals"),
    other_services=("Exchange Online", "SharePoint Online"),
    regions=("North America",),
    other_regions=("Europe",),
    tasks=(TaskView("Prevent a repeat", "network engineering director", REPORT),),
    zone="America/Los_Angeles",
    next_report=REPORT,
    contact=("support@example.com",),
    signatory="Morgan Cole, on behalf of Microsoft Online Services",
    internal_names=("authsvc", "edge-blu"),
    other_customers=("Contoso Ltd", "Fabrikam"),
    people=("Ana Ruiz", "Dana Lee", "Morgan Cole"),
    publication=datetime(2010, 9, 9, 0, 0, tzinfo=UTC),
)
"""Three incidents: the second recurs the first, the third the second; contained, not fixed."""

TEXT: Final = """\
We are sorry. You rely on BPOS, and we let you down on 23 August, 3 September and 7 September 2010. This hit customers \
served from North America. We take responsibility for this.

What you saw
- 23 August 2010: intermittent access to BPOS for two hours.
- 3 September 2010: the sign-in service and the administration portals were degraded.
- 7 September 2010, in the afternoon (Pacific Time): the same parts were degraded, and the impact was wider.

No other Microsoft services were affected.

Our network upgrade caused the trouble on 23 August 2010: it had a design flaw. The first fix did not resolve a second \
problem. That problem caused the trouble on 3 and 7 September 2010.

We isolated suspect traffic. We do not know yet what it was, and we will explain it by 15 September 2010. The service is \
stable, and we still watch it. Our 24/7 work to prevent a repeat goes on. We cannot rule out a further event.

We will change what led to this. Our network engineering director owns the work to prevent a repeat, due by 15 September \
2010.

The exact times are not known yet. We will tell you by 15 September 2010. How many customers were hit is not known yet. \
We will tell you by 15 September 2010. We will report again, and decide on a remedy, by 15 September 2010.

Please write to support@example.com.

Morgan Cole, on behalf of Microsoft Online Services
"""


def seed(**changes: Any) -> RecordView:
    """The seed's record with some fields changed; its one missing word on data is waived."""
    return replace(RECORD, **{"waived": frozenset({"F8"}), **changes})
