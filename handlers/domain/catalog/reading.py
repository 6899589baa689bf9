"""Reading a catalog's mappings key by key: every fault is named by its line and its key, and nothing is half-read."""

import difflib
import re
import unicodedata
import zoneinfo
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from fractions import Fraction
from functools import lru_cache

from handlers.domain.catalog.yaml_tree import CatalogErrors, Fault, Listing, Mapping, Node, Scalar, Spot, kind, shown
from handlers.domain.when import FIRST_YEAR, LAST_YEAR

MOST_FAULTS = 100
"""Faults told at once; more are the same fault again. Ours."""
MOST_SUGGESTIONS = 20
"""Faults with a nearest word: looking for it costs time in a large catalog. Ours."""
LONGEST_WORD = 200
"""Characters of a name, key or address unless said otherwise. Ours."""
LONGEST_EMAIL = 254
"""Characters of a mail address: https://www.rfc-editor.org/rfc/rfc5321#section-4.5.3.1.3 (256 with brackets)."""

_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_NUMBER = re.compile(r"-?\d{1,12}(\.\d{1,9})?", re.ASCII)
_EMAIL = re.compile(r"[^@\s<>()\[\]\",;:\\]{1,64}@[^@\s<>()\[\]\",;:\\.]+(\.[^@\s<>()\[\]\",;:\\.]+)+")


class Faults:
    """The faults of one file as they are found."""

    def __init__(self, filename: str) -> None:
        """`filename` is only for the message."""
        self.filename = filename
        self.found: list[Fault] = []
        self._suggested = 0
        self._told: set[tuple[Spot, str]] = set()

    def add(self, spot: Spot, path: str, message: str) -> None:
        """Remember the first fault of each key; past `MOST_FAULTS` the file is refused at once (CatalogErrors)."""
        if path and (spot, path) in self._told:
            return
        self._told.add((spot, path))
        self.found.append(Fault(spot.line, path, message, spot.column))
        if len(self.found) >= MOST_FAULTS:
            self.settle()

    def settle(self) -> None:
        """Raise CatalogErrors if anything was found."""
        if self.found:
            raise CatalogErrors(self.found, filename=self.filename)

    def nearest(self, word: str, options: Iterable[str]) -> str:
        """`; did you mean "bpos"?`, or nothing where no option comes near."""
        self._suggested += 1
        if self._suggested > MOST_SUGGESTIONS:
            return ""
        found = nearest(word, options, 1)
        return f"; did you mean {shown(found[0])}?" if found else ""


def nearest(word: str, options: Iterable[str], count: int = 3) -> tuple[str, ...]:
    """Up to `count` options nearest to a mistyped word, best first, capitals aside."""
    folded: dict[str, str] = {}
    for option in options:
        folded.setdefault(option.casefold(), option)
    found = difflib.get_close_matches(word[:LONGEST_WORD].casefold(), list(folded), n=count, cutoff=0.6)
    return tuple(folded[one] for one in found)


def is_mail_address(text: str) -> bool:
    """Whether this is one mail address and nothing else."""
    return len(text) <= LONGEST_EMAIL and _EMAIL.fullmatch(text) is not None


@lru_cache(maxsize=1)
def time_zones() -> frozenset[str]:
    """The IANA names of this machine's time zones (https://www.iana.org/time-zones)."""
    return frozenset(zoneinfo.available_timezones() - {"localtime", "Factory", "posixrules"})


class Section:
    """One mapping of the file, read key by key. Whatever is wrong goes to `faults`; the reader then yields nothing."""

    def __init__(self, node: Node, path: str, faults: Faults, known: Sequence[str]) -> None:
        """`known` are the keys this mapping may have; others are faults with the nearest known one."""
        self.path = path
        self.faults = faults
        self.spot = node.spot
        self._values: dict[str, Node] = {}
        self._spots: dict[str, Spot] = {}
        self._mapping = isinstance(node, Mapping)
        if not isinstance(node, Mapping):
            faults.add(node.spot, path, f"must be a mapping with the keys {', '.join(known)}, not {kind(node)}")
            return
        seen: set[str] = set()
        for key, value in node.entries:
            if key.text in seen:
                faults.add(key.spot, self.at(key.text), f"the key {shown(key.text)} stands twice in this mapping")
                continue
            seen.add(key.text)
            self._take(key, value, known)
        for key, value in node.merged:
            if key.text not in self._values and key.text not in seen:
                self._take(key, value, known)

    def _take(self, key: Scalar, value: Node, known: Sequence[str]) -> None:
        if key.text not in known:
            near = self.faults.nearest(key.text, known) or f"; the keys here are {', '.join(known)}"
            self.faults.add(key.spot, self.at(key.text), f"there is no key {shown(key.text)}{near}")
            return
        self._spots[key.text] = value.spot if isinstance(value, Scalar) else key.spot
        if not (isinstance(value, Scalar) and value.nothing):
            self._values[key.text] = value

    def at(self, key: str) -> str:
        """The path of a key: `customers[contoso].timezone`."""
        word = shown(key)[1:-1]
        return f"{self.path}.{word}" if self.path else word

    def spot_of(self, key: str) -> Spot:
        """Where a key's value stands, else this mapping."""
        return self._spots.get(key, self.spot)

    def fault(self, key: str, message: str) -> None:
        """A fault of one key of this mapping."""
        self.faults.add(self.spot_of(key), self.at(key), message)

    def has(self, key: str) -> bool:
        """Whether the key stands here with a value."""
        return key in self._values

    def node(self, key: str) -> Node | None:
        """A key's value as it stands."""
        return self._values.get(key)

    def text(self, key: str, *, required: bool = False, longest: int = LONGEST_WORD, lines: bool = False) -> str:
        """A text without its outer spaces, or "" where it is absent or at fault. `lines` allows several lines."""
        node = self._values.get(key)
        if node is None:
            if required and self._mapping:
                self.fault(key, "is empty" if key in self._spots else f"is missing; every entry here needs {key}")
            return ""
        return self.word(node, self.at(key), longest=longest, lines=lines)

    def word(self, node: Node, path: str, *, longest: int = LONGEST_WORD, lines: bool = False) -> str:
        """The text of one node, checked: no control, bidirectional or invisible characters."""
        if not isinstance(node, Scalar):
            self.faults.add(node.spot, path, f"must be text, not {kind(node)}")
            return ""
        text = unicodedata.normalize("NFC", node.text.strip())
        if not text:
            self.faults.add(node.spot, path, "is empty")
            return ""
        if len(text) > longest:
            self.faults.add(node.spot, path, f"is {len(text):,} characters long; at most {longest:,} fit")
            return ""
        allowed = "\n" if lines else ""
        bad = next((c for c in text if c not in allowed and unicodedata.category(c) in _INVISIBLE), "")
        if bad:
            name = "a line break" if bad == "\n" else f"the invisible character U+{ord(bad):04X}"
            self.faults.add(node.spot, path, f"holds {name}; take it out")
            return ""
        return text

    def key(self, key: str = "key") -> str:
        """A key people type: letters, digits, dot, dash and underscore, at most 60."""
        text = self.text(key, required=True)
        if text and not _KEY.fullmatch(text):
            self.fault(key, f"{shown(text)} is no key: use letters, digits, dots and dashes, no spaces, at most 60")
            return ""
        return text

    def one_of(self, key: str, options: Sequence[str], default: str) -> str:
        """One of a few words."""
        text = self.text(key)
        if not text:
            return default
        if text.casefold() not in options:
            self.fault(key, f"{shown(text)} is none of {', '.join(options)}{self.faults.nearest(text, options)}")
            return default
        return text.casefold()

    def number(self, key: str, *, low: int, high: int, required: bool = False) -> Fraction | None:
        """An exact decimal number within its bounds."""
        text = self.text(key, required=required)
        if not text:
            return None
        if not _NUMBER.fullmatch(text):
            self.fault(key, f"{shown(text)} is no number; write it as 99.9")
            return None
        value = Fraction(text)
        if not low <= value <= high:
            self.fault(key, f"{shown(text)} must lie between {low} and {high}")
            return None
        return value

    def whole(self, key: str, *, low: int, high: int) -> int | None:
        """A whole number within its bounds."""
        value = self.number(key, low=low, high=high)
        if value is not None and value.denominator != 1:
            self.fault(key, "must be a whole number")
            return None
        return None if value is None else int(value)

    def email(self, key: str, *, required: bool = False) -> str:
        """A mail address."""
        text = self.text(key, required=required)
        return self.address(text, self.spot_of(key), self.at(key)) if text else ""

    def address(self, text: str, spot: Spot, path: str) -> str:
        """A mail address that stands in `text`; "" where it is none."""
        if not is_mail_address(text):
            self.faults.add(spot, path, f"{shown(text)} is no mail address; write it as dana@example.com")
            return ""
        return text

    def zone(self, key: str, default: str = "", *, required: bool = False) -> str:
        """The IANA name of a time zone."""
        text = self.text(key, required=required)
        if not text:
            return default
        if text not in time_zones():
            near = self.faults.nearest(text, time_zones())
            self.fault(key, f"{shown(text)} is no time zone{near or '; write it as Europe/Berlin'}")
            return default
        return text

    def day(self, key: str) -> date | None:
        """A date, ISO."""
        text = self.text(key)
        if not text:
            return None
        try:
            day = date.fromisoformat(text) if _DAY.fullmatch(text) else None
        except ValueError:
            day = None
        if day is None:
            self.fault(key, f"{shown(text)} is no date; write it as 2026-12-01")
        elif not FIRST_YEAR <= day.year <= LAST_YEAR:
            self.fault(key, f"the year {day.year} cannot be meant; use {FIRST_YEAR} to {LAST_YEAR}")
            return None
        return day

    def moment(self, key: str, *, required: bool = False) -> datetime | None:
        """An instant with its zone, turned into UTC. A time without a zone is a fault, never a guess."""
        text = self.text(key, required=required)
        if not text:
            return None
        example = "write it as 2026-12-01T22:00Z or 2026-12-01T22:00+01:00"
        try:
            value = datetime.fromisoformat(text)
            if value.tzinfo is None:
                self.fault(key, f"{shown(text)} says no time zone; {example}")
                return None
            value = value.astimezone(UTC)
        except (ValueError, OverflowError):
            self.fault(key, f"{shown(text)} is no time; {example}")
            return None
        if not FIRST_YEAR <= value.year <= LAST_YEAR:
            self.fault(key, f"the year {value.year} cannot be meant; use {FIRST_YEAR} to {LAST_YEAR}")
            return None
        return value

    def items(self, key: str, *, required: bool = False) -> tuple[Node, ...]:
        """The items of a list; none where it is absent."""
        node = self._values.get(key)
        if node is None:
            if required and self._mapping:
                self.fault(key, "is missing or empty; give a list with at least one item")
            return ()
        if not isinstance(node, Listing):
            self.fault(key, f"must be a list, not {kind(node)}")
            return ()
        if required and not node.items:
            self.fault(key, "is an empty list; give at least one item")
        return node.items

    def words(self, key: str) -> tuple[tuple[str, Spot, str], ...]:
        """The texts of a list, each with its spot and path; faulty ones and repetitions are left out."""
        found: list[tuple[str, Spot, str]] = []
        seen: set[str] = set()
        for count, item in enumerate(self.items(key), 1):
            path = f"{self.at(key)}[{count}]"
            text = self.word(item, path)
            if text and text.casefold() in seen:
                self.faults.add(item.spot, path, f"{shown(text)} stands twice in this list")
            elif text:
                seen.add(text.casefold())
                found.append((text, item.spot, path))
        return tuple(found)

    def section(self, key: str, known: Sequence[str]) -> "Section | None":
        """The mapping under a key."""
        node = self._values.get(key)
        return None if node is None else Section(node, self.at(key), self.faults, known)

    def sections(self, key: str, known: Sequence[str], label: str = "") -> Iterator["Section"]:
        """The mappings of a list; each is named by its `label` key, else by its place, counted from 1."""
        for count, item in enumerate(self.items(key), 1):
            yield Section(item, f"{self.at(key)}[{_label(item, label) or count}]", self.faults, known)


def _label(node: Node, key: str) -> str:
    if key and isinstance(node, Mapping):
        for name, value in node.entries:
            if name.text == key and isinstance(value, Scalar) and value.text.strip():
                return shown(value.text.strip())[1:-1]
    return ""
