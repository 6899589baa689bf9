"""Words that leave under a subject: e-mail, and webhooks, which call their incident by it.

The text of such a post is the subject's line, an empty line, the words. So the subject is part of what is shown, hashed
and approved, like every other byte.
"""

import unicodedata
from urllib.parse import urlsplit

LETTERS: tuple[str, ...] = ("email", "webhook")
"""Channels whose words have a subject. What was sent there stands: other words are a message more, never an edit, and
the message's id is ours (the post's nonce), so it is known even where no answer came."""
PLATFORMS = {"slack": "Slack", "teams": "Teams", "email": "E-mail", "webhook": "Webhook"}
"""What people call each kind of channel."""
LONGEST_SUBJECT = 78
"""Characters of a subject: a line without a fold (https://www.rfc-editor.org/rfc/rfc5322#section-2.1.1)."""
CORRECTION, WITHDRAWN = "Correction: ", "Taken back: "
"""What stands before the subject of a mail that puts an earlier one right, or takes it back."""
_HEAD = "Subject: "


def letter(subject: str, words: str) -> str:
    """The text of a post with a subject."""
    return f"{_HEAD}{subject}\n\n{words}"


def opened(text: str) -> tuple[str, str]:
    """The subject and the words of such a text, byte for byte. Raises ValueError where it has no fit subject."""
    head, parted, words = text.partition("\n\n")
    subject = head.removeprefix(_HEAD)
    if not parted or not head.startswith(_HEAD) or not subject.strip():
        message = "its text has no subject"
        raise ValueError(message)
    if len(subject) > LONGEST_SUBJECT:
        message = f"its subject has {len(subject)} characters; {LONGEST_SUBJECT} fit"
        raise ValueError(message)
    if any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") for c in subject):
        message = "its subject holds a line break or a character nobody sees"
        raise ValueError(message)
    return subject, words


def words_of(platform: str, text: str) -> str:
    """What is read there: the words without their subject."""
    if platform not in LETTERS:
        return text
    return text.partition("\n\n")[2] if text.startswith(_HEAD) else text


def subject_of(text: str) -> str:
    """The subject a text stands under, without what marks a correction; nothing if it has none."""
    head, parted, _ = text.partition("\n\n")
    if not parted or not head.startswith(_HEAD):
        return ""
    return head.removeprefix(_HEAD).removeprefix(CORRECTION).removeprefix(WITHDRAWN)


def plain_line(words: str) -> str:
    """Words as one line that nobody can hide anything in."""
    kept = (c if unicodedata.category(c) not in ("Cc", "Zl", "Zp") else " " for c in words)
    return " ".join("".join(c for c in kept if unicodedata.category(c) not in ("Cf", "Cs")).split())


def shown_address(platform: str, address: str) -> str:
    """An address as it may be shown: what follows a webhook's host often lets in whoever knows it."""
    if platform != "webhook":
        return address
    try:
        parts = urlsplit(address)
    except ValueError:
        return "…"
    return f"{parts.scheme}://{parts.hostname}/…"
