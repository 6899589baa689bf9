"""Accounts: who looks after which customer, today. A covering colleague stands in until the cover ends by itself."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from handlers.book import Book
from handlers.context import Context
from handlers.domain.catalog import Customer
from handlers.domain.people import Person
from handlers.domain.relay import Covering


@dataclass(frozen=True, slots=True)
class InCharge:
    """Who looks after an account manager's customers today; `cover`: the cover under which a colleague does."""

    person: Person | None
    cover: Covering | None = None


def today(ctx: Context) -> str:
    """The date, house time."""
    return ctx.now.astimezone(ctx.zone).date().isoformat()


def end_of(day: str, ctx: Context) -> datetime:
    """The instant a day ends, house time; UTC."""
    after = date.fromisoformat(day) + timedelta(days=1)
    return datetime.combine(after, time(), tzinfo=ctx.zone).astimezone(UTC)


def name_of(person: Person) -> str:
    """How an account manager is named in the catalog and in covers: by e-mail address, else by key."""
    return (person.email or person.key).casefold()


def cover_for(book: Book, ctx: Context, manager: str) -> Covering | None:
    """The cover under which a colleague looks after these accounts today, if one."""
    found = book.get(Covering, manager.casefold()) if manager else None
    return found if found is not None and found.until >= today(ctx) else None


def covered_by(book: Book, ctx: Context, person: Person) -> list[Covering]:
    """The covers under which this person looks after somebody else's accounts today."""
    return [c for c in book.find(Covering, colleague=person.key) if c.until >= today(ctx)]


def accounts_of(book: Book, ctx: Context) -> frozenset[str]:
    """The account managers (addresses in small letters) whose customers whoever asks looks after today, self first."""
    own = {ctx.actor.email.casefold()} if ctx.actor.email else set()
    return frozenset(own | {c.person.casefold() for c in covered_by(book, ctx, ctx.actor)})


def manages(book: Book, ctx: Context, customer: Customer) -> bool:
    """Whether whoever asks is this customer's account manager, or covers for that person today."""
    return bool(customer.account_manager) and customer.account_manager.casefold() in accounts_of(book, ctx)


def is_manager(person: Person, customer: Customer) -> bool:
    """Whether this very person is the customer's account manager: what a cover may not sign."""
    return bool(person.email) and person.email.casefold() == customer.account_manager.casefold()


def in_charge(book: Book, ctx: Context, manager: str) -> InCharge:
    """Who looks after this account manager's customers today."""
    cover = cover_for(book, ctx, manager)
    if cover is not None:
        return InCharge(book.person(cover.colleague), cover)
    return InCharge(book.person(manager) if manager else None)
