"""A user's error is a type of its own: everything else is a bug."""


class Refused(Exception):  # noqa: N818 - it is read by people as a sentence, not as an error class
    """What was asked cannot be done; `sentence` tells the person why and what to do instead. Nothing was changed."""

    def __init__(self, sentence: str, *, audit: bool = False) -> None:
        """`audit`: the refusal is written down (somebody reached for what is not theirs)."""
        super().__init__(sentence)
        self.sentence = sentence
        self.audit = audit
