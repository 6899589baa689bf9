"""What a person may say of a post that may or may not have arrived: the same buttons wherever it stands."""

from handlers.card import Button
from handlers.domain.delivery import PostState
from handlers.domain.letter import LETTERS


def choices(post: PostState) -> tuple[Button, ...]:
    """Look, It arrived, Send again: of this attempt (`r3`), so that a card left standing cannot answer a later one."""
    tried = f" r{post.tried}" if post.tried else ""
    confirm = "Only if you looked and it is not there."
    if post.audience == "customer":
        confirm = "Only if you looked and it is not there: a customer must not read it twice."
    look = () if post.place.platform in LETTERS else (Button("Look", f"settle {post.id} look"),)
    return (
        *look,
        Button("It arrived", f"settle {post.id} arrived{tried}", "primary"),
        Button("Send again", f"settle {post.id} again{tried}", "danger", confirm=confirm),
    )
