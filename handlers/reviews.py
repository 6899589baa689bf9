"""Looking the catalog through: whoever answers for a part of it says every so often that it is right.

An account manager answers for what stands of their customers; services, people and policy are the admins'.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from handlers.accounts import accounts_of, in_charge
from handlers.book import Book
from handlers.card import Button, Buttons, Card, Reply, line
from handlers.commands import CatalogReviewed
from handlers.context import Context
from handlers.domain.delivery import REMINDER
from handlers.domain.errors import Refused
from handlers.domain.incident import Review, Setting
from handlers.domain.people import Person
from handlers.domain.permit import must
from handlers.due import Due
from handlers.nudge import nudge
from handlers.rooms import standing
from handlers.say import incident as say

KNOWN = "reviews"
"""The setting that holds whose reviews are written down, and how often they come."""
HOUSE = ""
"""The owner of what is the house's own: services, people, policy."""
AGAIN = timedelta(days=7)
"""What was not looked through is asked for again after so long; a week before it is due it is in the list."""


def _unlisted(book: Book) -> list[Setting]:
    """The mark of who answers for the catalog and how often, where the reviews that come of it are not written down."""
    mark = Setting(KNOWN, f"{book.catalog.policy.reminders.catalog_review} {book.catalog.managers_mark}")
    return [] if mark in book.find(Setting, name=KNOWN) else [mark]


def _list(mark: Setting, ctx: Context, book: Book) -> None:
    """One review for each who answers for a part. It counts from when the part came, or was looked through last."""
    every = book.catalog.policy.reminders.catalog_review
    owners = _owners(book)
    known = {r.owner: r for r in book.find(Review)}
    rows = [replace(r, ping_at=None) for r in known.values() if every is None or r.owner not in owners]
    for owner in sorted(owners) if every is not None else ():
        before = known.get(owner)
        since = before.since if before is not None and before.ping_at is not None else ctx.now
        rows.append(_from(Review(owner, since, since), every or AGAIN, ctx.now))
    if rows:
        book.put_all(rows)
    book.put(mark)


def _owners(book: Book) -> set[str]:
    return {c.account_manager.casefold() for c in book.catalog.customers if c.account_manager} | {HOUSE}


def _from(row: Review, every: timedelta, now: datetime) -> Review:
    due = row.since + every
    return replace(row, due_at=due, ping_at=max(due, now))


def _due_review(row: Review, ctx: Context, book: Book) -> None:
    """Its owners are asked to look it through, and again each week until somebody says that it is right."""
    book.put(replace(row, ping_at=ctx.now + AGAIN))
    part, words = part_of(book, row)
    since = say.moment(row.since, ctx.zone.key)
    card = Card(
        "The catalog: is it still right?",
        (
            line(f"Please look through {words}. Last time: ", since, ". Customers are told by what stands there."),
            Buttons(
                (
                    Button("All is right", f"{part} reviewed", "primary"),
                    Button("What stands there", f"{part} list"),
                )
            ),
        ),
        "warning",
    )
    for person in owners_of(book, ctx, row):
        nudge(book, ctx, person, f"review/{ctx.now:%Y%m%d}/{row.owner or 'house'}/{person.key}", card, REMINDER)


LISTED: Due[Setting] = Due("reviews", Setting, "", _list, seen=_unlisted)
REVIEWS: Due[Review] = Due("reviews due", Review, "ping_at", _due_review)


def part_of(book: Book, row: Review) -> tuple[str, str]:
    """The verb's family, and what is to be looked through."""
    if row.owner == HOUSE:
        return "service", "the services, people and policy of the catalog"
    count = sum(c.account_manager.casefold() == row.owner for c in book.catalog.customers)
    return "customer", f"your {count} customers" if count != 1 else "your customer"


def owners_of(book: Book, ctx: Context, row: Review) -> list[Person]:
    """Who is asked today: the account manager or whoever covers, else the admins."""
    person = in_charge(book, ctx, row.owner).person if row.owner else None
    if person is not None:
        return [person]
    found = (book.person(p.email or p.name) for p in book.catalog.people_with("admin"))
    return [p for p in found if p is not None]


def reviewed(command: CatalogReviewed, ctx: Context, book: Book) -> Reply:
    """Say that one's part of the catalog is right; it is asked for again after the policy's time."""
    if command.part == "service":
        must("channel", standing(book, ctx))
        mine = {HOUSE}
    else:
        must("mine", standing(book, ctx))
        mine = set(accounts_of(book, ctx))
    every = book.catalog.policy.reminders.catalog_review
    if every is None:
        raise Refused("The house asks for no reviews of the catalog. Nothing was changed.")
    owners = sorted(mine & _owners(book))
    if not owners:
        raise Refused(
            "The catalog names you as nobody's account manager: there is nothing to look through. Nothing was changed."
        )
    after = [_from(Review(owner, ctx.now, ctx.now, by=ctx.actor.key), every, ctx.now) for owner in owners]
    book.put_all(after)
    words = " and ".join(part_of(book, r)[1] for r in after)
    due = say.moment(min(r.due_at for r in after), ctx.zone.key)
    return Reply(Card("The catalog", (line(f"Noted: {words}: all is right. Next time: ", due, "."),)), changed=True)
