"""The linter: is the fact in the record, is it said and said well, do text and record agree. No model, no I/O."""

from __future__ import annotations

from handlers.domain.lint.report import Kind, Report, in_reading_order
from handlers.domain.lint.text import read
from handlers.domain.lint.wording import read_wording


def lint(text: str, kind: Kind = "apology") -> Report:
    """Findings for a text of this kind."""
    reading = read(text)
    return Report(in_reading_order(read_wording(reading, kind)), text_only=True)
