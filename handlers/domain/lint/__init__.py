"""The apology linter: wording, presence, agreement with the record, and drift of what a colleague relayed.

It needs no model and does no I/O: `lint` reads a text alone or against a `RecordView` of the incident's facts.
"""

from handlers.domain.lint.drift import Via, drift, drift_of_answer
from handlers.domain.lint.linter import lint, lint_variant, lint_variants, score
from handlers.domain.lint.record import FactView, IncidentView, PromiseView, RecordView, TaskView, WindowView
from handlers.domain.lint.report import KINDS, Drift, Finding, Fix, Kind, Report, Severity
from handlers.domain.lint.subject import lint_subject
from handlers.domain.lint.view import record_view

__all__ = [
    "KINDS",
    "Drift",
    "FactView",
    "Finding",
    "Fix",
    "IncidentView",
    "Kind",
    "PromiseView",
    "RecordView",
    "Report",
    "Severity",
    "TaskView",
    "Via",
    "WindowView",
    "drift",
    "drift_of_answer",
    "lint",
    "lint_subject",
    "lint_variant",
    "lint_variants",
    "record_view",
    "score",
]
