"""The auditor's word: posts that were due and are not sent, said where incidents are announced."""

from handlers.book import Book
from handlers.card import Card, Code, line, small
from handlers.commands import Audited
from handlers.context import Context
from handlers.domain.delivery import AUDITOR, PAGE, Place, Post
from handlers.domain.incident import Setting

EPISODE = "auditor.episode"
"""The setting that holds the number of the alarm that stands, nothing while all is well: one message an alarm."""

OVER = Card("Every post is through again", (small("The auditor asks once a minute."),), "good")


def audited(found: Audited, ctx: Context, book: Book) -> None:
    """Raise the alarm, keep its number right while it lasts, and say when it is over. Nothing is said twice."""
    episode = book.get(Setting, EPISODE)
    standing = episode.value if episode else ""
    if not found.overdue and not found.quarantined:
        if standing:
            _say(
                standing,
                Card("Every post is through again", (small("The auditor asks once a minute."),), "good"),
                ctx,
                book,
            )
            book.put(Setting(EPISODE, ""))
        return
    if not standing:
        standing = str(book.number("auditor"))
        book.put(Setting(EPISODE, standing))
    _say(standing, alarm(found), ctx, book)


def alarm(found: Audited) -> Card:
    """What is stuck, in numbers, and where to look."""
    words = []
    if found.overdue:
        words.append(f"{_posts(found.overdue)} due for over a minute and neither sent nor held.")
    if found.quarantined:
        words.append(f"{_posts(found.quarantined)} held because three workers died over {_them(found.quarantined)}.")
    return Card(
        "Posts are stuck",
        (
            *(line(w) for w in words),
            line(Code("amends outbox list"), " names them, ", Code("amends doctor"), " says why."),
        ),
        "danger",
    )


def _posts(count: int) -> str:
    return f"{count:,} posts are" if count > 1 else "1 post is"


def _them(count: int) -> str:
    return "them" if count > 1 else "it"


def _say(episode: str, card: Card, ctx: Context, book: Book) -> None:
    for platform in ctx.platforms:
        place = Place(platform, "incidents")
        book.send(Post(f"{AUDITOR}{episode}@{platform}", place, card=card, rank=PAGE))
