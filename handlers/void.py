"""Approvals are bound to exact bytes: anything that changes them voids the signatures, visibly."""

from dataclasses import replace

from handlers.book import Book
from handlers.card import Card, line
from handlers.context import Context
from handlers.domain.apology import Apology, Approval
from handlers.domain.incident import Incident

UNSETTLED = ("draft", "submitted", "approved", "scheduled")
"""States of an apology in which a change still matters."""


def void_approvals(book: Book, ctx: Context, incidents: tuple[int, ...], why: str) -> None:
    """A fact, link, task or recipient changed: signatures under texts that are not yet out no longer count."""
    for apology in book.find(Apology, state=UNSETTLED):
        if set(apology.incidents) & set(incidents):
            void(book, ctx, apology, why)


def void(book: Book, ctx: Context, apology: Apology, why: str) -> Apology:
    """Void one apology's signatures and take it back to draft; says so where there were any."""
    from handlers import receipts
    from handlers.rooms import say_in_rooms

    signed = [a for a in book.find(Approval, apology=apology.number) if not a.void]
    for approval in signed:
        book.put(replace(approval, void=why))
    if apology.state == "draft":
        return apology
    after = replace(apology, state="draft", publish_at=None, revision=apology.revision + 1)
    book.put(after)
    receipts.align(book, ctx, after)
    for number in apology.incidents:
        incident = book.get(Incident, number)
        if incident is not None:
            card = Card(
                f"{incident.name}: apology A{apology.number}",
                (
                    line(
                        f"It is a draft again: {why}. "
                        + (
                            f"{len(signed)} approval{'s' if len(signed) != 1 else ''} no longer count."
                            if signed
                            else ""
                        )
                    ),
                ),
                "warning",
            )
            say_in_rooms(book, ctx, incident, f"apology-{apology.number}/void/{after.revision}", card)
            break
    return after
