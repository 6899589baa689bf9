"""What must never stand in words that leave the house, whoever typed them: names and marks of the inside."""

from handlers.book import Book
from handlers.domain.lint import Finding, RecordView, lint

INSIDE = frozenset({"W18", "W19", "W23"})
"""Rules about the inside of the house: its own names and marks, placeholders, other customers and people."""


def findings_for_customers(book: Book, words: str, signatory: str = "") -> tuple[Finding, ...]:
    """Errors in an update to customers: wording, and the catalog's internal names, customers and people."""
    catalog = book.catalog
    view = RecordView(
        services=tuple(s.name for s in catalog.services),
        regions=tuple(r.name for r in catalog.regions),
        internal_names=tuple(name for s in catalog.services for name in s.internal_names),
        other_customers=tuple(c.name for c in catalog.customers),
        people=tuple(p.name for p in catalog.people),
        signatory=signatory,
    )
    wording = lint(words, "update").findings
    inside = tuple(f for f in lint(words, "update", view).findings if f.rule in INSIDE)
    found = {(f.rule, f.start, f.end): f for f in (*wording, *inside) if f.severity == "error"}
    return tuple(sorted(found.values(), key=lambda f: f.start))


def unfit_for_customers(book: Book, words: str, signatory: str = "") -> str:
    """Why customers must not read these words, naming each; nothing if they may."""
    return "; ".join(f"“{f.text}”: {f.message}" for f in findings_for_customers(book, words, signatory))


def leaks(book: Book, words: str) -> str:
    """The marks of the inside alone, for the public page; nothing if there are none."""
    return "; ".join(f"“{f.text}”: {f.message}" for f in findings_for_customers(book, words) if f.rule in INSIDE)
