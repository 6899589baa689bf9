"""What comes of reading a line: a command, a question back, or a sentence that says what to type instead."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from handlers.commands import Command


def _always(_number: int) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Reading:
    """Where and when a line is read.

    `now` is UTC, `zone` the house's, `room` the number of the incident whose room this is. `exists` tells whether an
    incident has that number. The three `is_…` tell whether a word names something in the catalog (near misses may
    count, so that a handler can offer the right word); None: unknown here, then the shape of the words decides.
    """

    now: datetime
    zone: ZoneInfo
    room: int | None = None
    exists: Callable[[int], bool] = _always
    is_service: Callable[[str], bool] | None = None
    is_region: Callable[[str], bool] | None = None
    is_customer: Callable[[str], bool] | None = None


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """Two things may be meant: a question, and for each answer a label and the line that says it without doubt."""

    question: str
    options: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Misread:
    """Not understood, nothing changed: what is wrong, how the verb is used, and the nearest word that exists."""

    verb: str | None
    sentence: str
    usage: str
    nearest: str | None = None


@dataclass(frozen=True, slots=True)
class Gap:
    """The line so far is right and something is missing: a form asks for it.

    `missing` are the fields of the verb's form that must still be asked, `given` those that `says` answers already.
    `before` is the part of `says` in front of options that were said early: the missing text belongs between the two.
    """

    says: str
    verb: str
    missing: tuple[str, ...]
    given: tuple[str, ...] = ()
    before: str = ""


Outcome = Command | Ambiguous | Misread | Gap


class Stop(Exception):  # noqa: N818 - it ends the reading of a line, inside this package alone
    """Reading ends here with this outcome."""

    def __init__(self, outcome: Ambiguous | Misread | Gap) -> None:
        super().__init__()
        self.outcome = outcome
