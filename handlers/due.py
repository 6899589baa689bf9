"""What falls due: records with an instant that has come, and what is done about one of them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from handlers.book import Book
from handlers.context import Context

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Due(Generic[R]):
    """One thing the clock asks for. `act` sees that one record is said once and sets its next instant, or clears it.

    Each record is acted upon by itself: what is wrong with one does not keep the others waiting (bot.intake).
    """

    name: str
    kind: type[R]
    field: str  # the instant, UTC, an indexed column; nothing where no instant tells, but `seen`
    act: Callable[[R, Context, Book], None]
    equal: tuple[tuple[str, object], ...] = ()
    at_once: int = 50  # records in one transaction
    then: Callable[[list[R], Context, Book], None] | None = None  # said once for all of them, after them
    series: Callable[[R], tuple[str, ...]] | None = None  # numbers (Book.number) that each of them will surely take
    seen: Callable[[Book], list[R]] | None = None  # few records at the most; asked each second

    def found(self, book: Book, beside: int = 0) -> list[R]:
        """What is due now, earliest first; `beside` more than usual, where so many are to be passed over."""
        if self.seen is not None:
            return self.seen(book)
        return book.due(self.kind, self.field, self.at_once + beside, **dict(self.equal))

    def any(self, book: Book) -> bool:
        """Whether anything is due now."""
        if self.seen is not None:
            return bool(self.seen(book))
        return bool(book.due(self.kind, self.field, 1, **dict(self.equal)))
