"""Do text and record agree: C1 to C5, C7, and the look-ups W22 to W25.

Every date, time, number, duration, service, region and place of a text is looked up in the record; nothing may be
finer than its fact, nothing internal, nothing of another customer.
"""

from handlers.domain.lint.amounts import read_amounts
from handlers.domain.lint.lookups import read_lookups
from handlers.domain.lint.record import RecordView
from handlers.domain.lint.report import Finding, Kind
from handlers.domain.lint.scope import read_scope
from handlers.domain.lint.sequence import read_sequence
from handlers.domain.lint.text import Reading


def read_agreement(reading: Reading, kind: Kind, record: RecordView) -> list[Finding]:
    """Findings of C1 to C5, C7 and W22 to W25."""
    return [
        finding
        for check in (read_amounts, read_scope, read_sequence, read_lookups)
        for finding in check(reading, kind, record)
    ]
