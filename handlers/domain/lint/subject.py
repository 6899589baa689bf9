"""Rule L for a subject: it fits its line, and holds nothing but words."""

from __future__ import annotations

from handlers.domain.letter import opened
from handlers.domain.lint.report import Finding


def lint_subject(text: str) -> tuple[Finding, ...]:
    """What rule L has against the subject a text begins with; nothing if it may go out."""
    try:
        opened(text)
    except ValueError as fault:
        head = text.partition("\n")[0]
        message = f"This cannot go out by e-mail: {fault}."
        better = "Shorten the services' public names in the catalog."
        return (Finding("L", "error", 0, len(head), head, message, better, "RFC 5322, section 2.1.1"),)
    return ()
