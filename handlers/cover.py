"""Cover: a colleague looks after one's whole book of accounts for a while. Both are told; it ends by itself.

A cover passes on, receives packs, is reminded. It does not sign: where an apology holds a fact for one customer, that
customer's own account manager approves it (apology.md, section 5).
"""

from dataclasses import replace

from handlers import packs, receipts
from handlers.accounts import cover_for, covered_by, end_of, name_of, today
from handlers.book import Book
from handlers.card import Button, Buttons, Card, Reply, line, small
from handlers.commands import Cover
from handlers.context import Context
from handlers.domain.apology import Apology
from handlers.domain.errors import Refused
from handlers.domain.people import Person
from handlers.domain.permit import must
from handlers.domain.relay import Covering, Relay
from handlers.due import Due
from handlers.facts import read_due
from handlers.progress import somebody
from handlers.rooms import say_to, standing

LONGEST_DAYS = 366
"""A cover longer than a year is a change of account manager: the catalog says that."""


def cover(command: Cover, ctx: Context, book: Book) -> Reply:
    """A colleague looks after one's accounts until a day, that day included."""
    me = name_of(ctx.actor)
    held = [c for c in book.catalog.customers if c.account_manager.casefold() == me]
    must("ask", standing(book, ctx, manages=bool(held)))
    colleague = somebody(book, command.person)
    due = read_due(ctx, command.until)
    if due is None:
        raise Refused("Until when? `cover @colleague until 2026-12-24`. Nothing was changed.")
    day = due.astimezone(ctx.zone).date().isoformat() if "T" in command.until else command.until
    _check(book, ctx, colleague, day, bool(held))
    before = cover_for(book, ctx, me)
    book.put(Covering(me, colleague.key, day, ctx.now, end_of(day, ctx)))
    if before is not None and before.colleague != colleague.key and (old := book.person(before.colleague)) is not None:
        words = f"{colleague.name} looks after {ctx.actor.name}'s accounts from now on: your cover is over."
        say_to(book, ctx, old, f"cover/{me}/{before.at:%Y%m%dT%H%M%S}/over", Card("Cover", (line(words),)))
    many = f"{len(held)} customer{'s' * (len(held) != 1)}"
    names = ", ".join(c.name for c in held[:10]) + (f" and {len(held) - 10} more" if len(held) > 10 else "")
    card = Card(
        f"You cover for {ctx.actor.name}",
        (
            line(f"{many} are yours to look after until {day}, that day included: {names}."),
            small("What is still to be told comes to you now. Approvals stay with the account manager."),
            Buttons((Button("What is to be told", "relay list mine", "primary"),)),
        ),
    )
    say_to(book, ctx, colleague, f"cover/{me}/{ctx.now:%Y%m%dT%H%M%S}", card)
    moved = _hand_over(book, ctx, me)
    words = f"{colleague.name} looks after your {many} until {day}, that day included, and has been told."
    also = [small(f"{moved} message{'s' * (moved != 1)} about what is still to be told went along.")] if moved else []
    return Reply(Card("Cover", (line(words), *also)), changed=True)


def _check(book: Book, ctx: Context, colleague: Person, day: str, has_accounts: bool) -> None:
    """What no cover may be: oneself, in the past, over a year, of nothing, or a link of a chain."""
    if colleague.key == ctx.actor.key:
        raise Refused("That is you. Name the colleague who looks after your accounts. Nothing was changed.")
    if day < today(ctx):
        raise Refused(f"{day} has passed. Say a day to come. Nothing was changed.")
    if (end_of(day, ctx) - ctx.now).days > LONGEST_DAYS:
        raise Refused("That is over a year: name the new account manager in the catalog instead. Nothing was changed.")
    if not has_accounts:
        raise Refused(
            "The catalog names you as nobody's account manager: there is nothing to cover. Nothing was changed."
        )
    mine = covered_by(book, ctx, ctx.actor)
    if mine:
        theirs = book.person(mine[0].person)
        raise Refused(
            f"You cover for {theirs.name if theirs else mine[0].person} until {mine[0].until}: somebody else must take "
            "that over first. Nothing was changed."
        )
    away = cover_for(book, ctx, name_of(colleague))
    if away is not None:
        raise Refused(f"{colleague.name} is covered by somebody else until {away.until}. Nothing was changed.")


def _hand_over(book: Book, ctx: Context, manager: str) -> int:
    """The messages about what is still to be told go to whoever looks after these accounts now. Returns how many."""
    rows = [r for r in book.find(Relay, state=("released", "relayed")) if r.manager.casefold() == manager]
    numbers = sorted({r.apology for r in rows if r.open})
    for number in numbers:
        apology = book.get(Apology, number)
        if apology is not None:
            held = next(r.manager for r in rows if r.apology == number)
            mine = [r for r in receipts.of(book, apology) if r.manager == held]
            packs.draw(book, ctx, apology, held, mine, packs.follow_up_due(book, apology), new=True)
    return len(numbers)


def _due_cover(covering: Covering, ctx: Context, book: Book) -> None:
    """A cover's last day is over. Both are told, and what is still to be told goes back."""
    book.put(replace(covering, ends_at=None))
    person, colleague = book.person(covering.person), book.person(covering.colleague)
    name = person.name if person is not None else covering.person
    key = f"cover/{covering.person}/{covering.at:%Y%m%dT%H%M%S}/ended"
    if colleague is not None:
        words = f"Your cover for {name} ended with {covering.until}. Thank you."
        say_to(book, ctx, colleague, f"{key}/{colleague.key}", Card("Cover", (line(words),)))
    if person is not None:
        words = f"Your accounts are yours again: {colleague.name if colleague else 'the'} cover ended."
        row = Buttons((Button("What is to be told", "relay list mine"),))
        say_to(book, ctx, person, f"{key}/{person.key}", Card("Cover", (line(words), row)))
    _hand_over(book, ctx, covering.person)


ENDED: Due[Covering] = Due("covers", Covering, "ends_at", _due_cover)
