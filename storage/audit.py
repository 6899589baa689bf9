"""The audit chain: who did what from where, append-only, each line sealed by the next.

A line's digest is SHA-256 over the digest before it and over the line, in which whoever acted and what they said stand
as salted digests of their own (promises.md, section 5, threat 9). So words can be erased, with their salts, and every
digest still holds: what stays says that somebody did something then, and what was said is gone for good. An erasure is
a line of the chain itself, which lists the lines that it emptied; an empty line that no such line lists is a break.
Lines of before revision 0009 have no salts: their digest is over the plain words. Erased ones of these are held by the
digest of the line after them alone. The database itself refuses every other change (revision 0009); whoever owns it can
take that away, and then the digests still tell.
"""

import hashlib
import json
import re
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, func, select, update

from storage import statements
from storage.tables import audit

LOCK: Final = 0x414D454E
"""The PostgreSQL advisory lock under which lines are appended: one chain, one writer at a time."""
SALT_BYTES: Final = 16
AT_ONCE: Final = 1000
ERASED: Final = "[erased]"
"""What stands in place of words that were erased."""
OPERATORS: Final = ("shell", "clock")
"""Where erasures come from: nobody can type one in a chat."""
LISTED: Final = "emptied audit lines "
"""How an erasure lists the lines that it emptied: `… emptied audit lines 3, 7-9`."""
_LISTED = re.compile(rf"{LISTED}([0-9, -]+)$")


class BrokenChainError(Exception):
    """The chain does not hold. Says at which line and why."""


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the chain: how many lines, the digest of the last one, how many lines were erased."""

    lines: int = 0
    digest: str = ""
    at: datetime | None = None
    erased: int = 0


def seal(salt: str, words: str) -> str:
    """A personal field as it enters the chain: SHA-256 over its salt and its words."""
    return hashlib.sha256(f"{salt}\n{words}".encode()).hexdigest()


def link(previous: str, seq: int, at: datetime, person: str, platform: str, what: str, incident: int | None) -> str:
    """One link of the chain: SHA-256 over the previous link and this line; `person` and `what` as seals."""
    line = json.dumps([previous, seq, at.isoformat(), person, platform, what, incident], ensure_ascii=False)
    return hashlib.sha256(line.encode()).hexdigest()


def append(connection: Connection, now: datetime, person: str, platform: str, what: str, incident: int | None) -> int:
    """Append a line; returns its number."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(LOCK)))
    last = connection.execute(statements.LAST_LINK).mappings().first()
    seq, previous = (1, "") if last is None else (last["seq"] + 1, last["digest"])
    salts = secrets.token_hex(SALT_BYTES), secrets.token_hex(SALT_BYTES)
    sealed = seal(salts[0], person), seal(salts[1], what)
    row = {"seq": seq, "at": now, "person": person, "platform": platform, "what": what, "incident": incident}
    row |= {"person_salt": salts[0], "what_salt": salts[1], "person_seal": sealed[0], "what_seal": sealed[1]}
    row["digest"] = link(previous, seq, now, sealed[0], platform, sealed[1], incident)
    connection.execute(statements.new(audit), row)
    return int(seq)


def head(connection: Connection) -> Head:
    """The end of the chain as it stands, unchecked."""
    last = connection.execute(statements.LAST_LINK).mappings().first()
    return Head() if last is None else Head(last["seq"], last["digest"], last["at"])


def verify(connection: Connection, wanted: str = "") -> tuple[Head, bool]:
    """Check every line; the head, and whether the digest `wanted` (a head kept earlier) is in the chain.

    Raises BrokenChainError at the first line that does not hold.
    """
    found, seen, sealed = Head(), not wanted, False
    emptied, listed = set[int](), set[int]()
    with connection.execute(select(audit).order_by(audit.c.seq).execution_options(yield_per=AT_ONCE)) as rows:
        for row in _readable(rows.mappings()):
            _check(row, found)
            if sealed and not row["person_seal"]:
                message = f"at line {row['seq']}: its seals are gone, and lines before it have theirs."
                raise BrokenChainError(message)
            sealed = sealed or bool(row["person_seal"])
            if ERASED in (row["person"], row["what"]):
                emptied.add(row["seq"])
            elif row["platform"] in OPERATORS:
                listed |= numbers_in(row["what"])
            found = Head(row["seq"], row["digest"], row["at"])
            seen = seen or found.digest == wanted
    if emptied - listed:
        message = f"at line {min(emptied - listed)}: it was emptied, and no erasure on record lists it."
        raise BrokenChainError(message)
    return Head(found.lines, found.digest, found.at, len(emptied)), seen


def _readable(rows: Iterable[RowMapping]) -> Iterator[RowMapping]:
    """The rows; BrokenChainError at one whose columns hold what they cannot (a word for a time), not ValueError."""
    found = 0
    try:
        for row in rows:
            yield row
            found = row["seq"]
    except (ValueError, TypeError):
        message = f"after line {found}: a line cannot be read."
        raise BrokenChainError(message) from None


def _check(row: Mapping[Any, Any], before: Head) -> None:
    """Raise BrokenChainError unless this line follows the one before."""
    if row["seq"] != before.lines + 1:
        message = f"line {before.lines + 1} is missing (the next is {row['seq']})."
        raise BrokenChainError(message)
    if not _holds(row, before.digest):
        when = row["at"].isoformat(timespec="seconds").replace("+00:00", "Z")
        message = f"at line {row['seq']} ({when}, {row['person']}): it was altered, or the line before it was."
        raise BrokenChainError(message)


def _holds(row: Mapping[Any, Any], previous: str) -> bool:
    """Whether a line is what its digest says, as far as it was not erased."""
    if not row["person_seal"]:  # of before the seals
        if ERASED in (row["person"], row["what"]):
            return True
        said = (row["person"], row["platform"], row["what"])
        return bool(row["digest"] == link(previous, row["seq"], row["at"], *said, row["incident"]))
    for name in ("person", "what"):
        gone = row[name] == ERASED and not row[f"{name}_salt"]
        if not gone and seal(row[f"{name}_salt"], row[name]) != row[f"{name}_seal"]:
            return False
    sealed = (row["person_seal"], row["platform"], row["what_seal"])
    return bool(row["digest"] == link(previous, row["seq"], row["at"], *sealed, row["incident"]))


def empty(connection: Connection, lines: Mapping[int, Iterable[str]]) -> None:
    """Erase fields (`person`, `what`) of lines, with their salts; whoever calls appends a line that lists them."""
    for seq, names in lines.items():
        values = {key: value for name in names for key, value in ((name, ERASED), (f"{name}_salt", ""))}
        connection.execute(update(audit).where(audit.c.seq == seq).values(values))


def in_words(lines: Iterable[int]) -> str:
    """Numbers of lines as an erasure lists them: `emptied audit lines 3, 7-9`; nothing where there are none."""
    runs: list[list[int]] = []
    for number in sorted(set(lines)):
        if runs and number == runs[-1][-1] + 1:
            runs[-1] = [runs[-1][0], number]
        else:
            runs.append([number, number])
    said = ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)
    return f"{LISTED}{said}" if said else ""


def numbers_in(words: str) -> set[int]:
    """The numbers that a line of an erasure lists; none for any other line."""
    found = _LISTED.search(words)
    if found is None:
        return set()
    numbers: set[int] = set()
    for run in found[1].split(","):
        first, _, last = run.strip().partition("-")
        numbers |= set(range(int(first), int(last or first) + 1))
    return numbers
