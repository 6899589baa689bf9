"""The apology linter: wording, presence, agreement with the record, and drift of what a colleague relayed.

It needs no model and does no I/O: `lint` reads a text alone or against a `RecordView` of the incident's facts.
"""

from handlers.domain.lint.linter import lint
from handlers.domain.lint.report import KINDS, Finding, Fix, Kind, Report, Severity

__all__ = ["KINDS", "Finding", "Fix", "Kind", "Report", "Severity", "lint"]
