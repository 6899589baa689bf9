"""Reading `declare`: which words are options, and which are the title.

Options count before the title or as an unbroken tail, never from the middle. `sev1` is unmistakable anywhere there.
`private`, `drill`, `services` and `region` are also words of everyday titles, so before the title they count only if

- another option, a quoted title, a dash or a colon follows, or they stand in brackets (`private: Payroll leak`);
- or they are written small and the title then begins with a capital (`drill Checkout down`).

"Private link broken" and "Drill down fails" are titles. Where neither is clear (`private payroll leak`) the bot asks.
At the end, an option that leaves a title broken off (“This channel is private”) is part of the title: `private` and
`drill` then do not count; a severity, region or service does count, and the title keeps its words.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from handlers.commands import SEVERITIES, Command, Declare
from handlers.grammar.cursor import Candidates, Cursor, Option, flag, names
from handlers.grammar.words import BEFORE_DRILL, BROKEN_OFF, Token, is_quoted, shown, unquote, words_of
from handlers.grammar.write import write

_SEVERITY = re.compile(r"sev-?(\d{1,3})", re.ASCII)
_NO_BEGINNING = words_of("and are at by for from has have in is of on or to was were with")
"""A title hardly begins with one of these: what stands before belongs to it."""
_COLLOCATIONS = {
    "private": words_of(
        "address addresses api apis app apps beta browsing channel channels chat chats cloud clouds cluster connect dns"
        " endpoint endpoints equity ip ips key keys lan link links message messages messaging mode network networks"
        " package packages peering preview registry repo repos repositories repository route routes subnet subnets tab"
        " vlan vpc vpn zone zones"
    ),
    "drill": words_of("bit bits down down-down downs hole press rig through throughs"),
}
"""Private link, drill down: fixed phrases of titles."""
LONGEST_LEAD = 24
"""Tokens; options before a title are never more."""


def severity(cursor: Cursor, index: int) -> Candidates:
    """`sev1`, `SEV-1`, `sev 1`, `severity 1`; a severity that does not exist is refused."""
    token = cursor.tokens[index]
    if found := _SEVERITY.fullmatch(token.word):
        if f"sev{found[1]}" not in SEVERITIES:
            cursor.choose(token.word, SEVERITIES, "severity")
        yield index + 1, f"sev{found[1]}"
    elif token.word in {"sev", "severity"} and index + 1 < len(cursor.tokens):
        said = cursor.tokens[index + 1].word
        if said in {"1", "2", "3", "4"}:
            yield index + 2, f"sev{said}"
        elif token.word == "severity" and said in SEVERITIES:
            yield index + 2, said


_KEY = re.compile(r"[^\s\"]*[^\W_][^\s\"]*")


def services(cursor: Cursor, index: int) -> Candidates:
    """`services a,b`."""
    if cursor.tokens[index].word not in {"services", "service"} or index + 1 >= len(cursor.tokens):
        return
    end, said = names(cursor, index + 1)
    known = cursor.reading.is_service
    quoted = '"' in cursor.slice(index + 1, end)
    if said and (quoted or all(_KEY.fullmatch(s) for s in said)) and (known is None or any(known(s) for s in said)):
        yield end, said


def region(cursor: Cursor, index: int) -> Candidates:
    """`region NA`, `region "North America"`, `region North America`."""
    words = cursor.tokens
    if words[index].word != "region" or index + 1 >= len(words):
        return
    known = cursor.reading.is_region
    token = words[index + 1]
    for end in (index + 3, index + 4):  # two or three words are one name if they look it, or the catalog knows them
        if end <= len(words) and not any(t.quoted for t in words[index + 1 : end]):
            name = cursor.slice(index + 1, end).rstrip(",;")
            if known(name) if known else all(t.raw[:1].isupper() for t in words[index + 1 : end]):
                yield end, name
    if token.value and (token.quoted or known is None or known(token.value) or len(token.value) <= 12):
        yield index + 2, token.value


_OPTIONS: dict[str, Option] = {
    "severity": severity,
    "services": services,
    "region": region,
    "private": flag("private"),
    "drill": flag("drill"),
}


@dataclass(frozen=True, slots=True)
class _Led:
    """An option found before the title, at tokens `first` to `end`."""

    name: str
    value: Any
    first: int
    end: int


def read_declare(cursor: Cursor) -> Command:
    """The command that `declare …` says."""
    _drop_dashes_before_options(cursor)
    last = len(cursor.tokens)
    lead = _lead(cursor)
    lead, doubtful = _settle_lead(cursor, lead)
    first = lead[-1].end if lead else cursor.at
    while first < last and cursor.tokens[first].is_dash:
        first += 1
    found: dict[str, Any] = {led.name: led.value for led in lead}
    options = {name: option for name, option in _OPTIONS.items() if name not in found}
    end, tailed = cursor.tail(first + 1, last, options) if first < last else (last, {})
    title = cursor.slice(first, end)
    if tailed:
        title, tailed = _mend_end(cursor, first, end, tailed)
    command = _declare(title, found | tailed)
    if not command.title:
        cursor.gap("title", given=tuple(found))
    if doubtful is not None:
        _ask(cursor, command, doubtful)
    return command


def _declare(title: str, found: dict[str, Any]) -> Declare:
    plain = title.strip()
    if found and not is_quoted(plain):
        plain = plain.rstrip(" ,;:(-–—")
    return Declare(
        title=_one_line(plain),
        severity=found.get("severity"),
        services=found.get("services", ()),
        region=found.get("region"),
        private=bool(found.get("private")),
        drill=bool(found.get("drill")),
    )


def _one_line(text: str) -> str:
    return " ".join(unquote(text).split())


def _drop_dashes_before_options(cursor: Cursor) -> None:
    """`--private` is `private`."""
    flags = {"private", "drill", *SEVERITIES}
    words = cursor.tokens
    kept = [
        token
        for index, token in enumerate(words)
        if not (
            index >= cursor.at
            and token.raw in {"--", "—"}
            and index + 1 < len(words)
            and words[index + 1].start == token.end
            and words[index + 1].word in flags
        )
    ]
    cursor.tokens = tuple(kept)


def _lead(cursor: Cursor) -> list[_Led]:
    found: list[_Led] = []
    at = cursor.at
    while at < len(cursor.tokens) and at - cursor.at < LONGEST_LEAD:
        used = {led.name for led in found}
        readings = (
            _Led(name, value, at, end)
            for name, option in _OPTIONS.items()
            if name not in used
            for end, value in option(cursor, at)
        )
        led = next(readings, None)
        if led is None:
            break
        found.append(led)
        at = led.end
    return found


def _settle_lead(cursor: Cursor, lead: list[_Led]) -> tuple[list[_Led], _Led | None]:
    """Which of these options are options, and the one that is in doubt."""
    while lead:
        verdict = _verdict(cursor, lead[-1])
        if verdict == "option":
            return lead, None
        if verdict == "doubt":
            return lead, lead[-1]
        lead = lead[:-1]
    return lead, None


def _verdict(cursor: Cursor, led: _Led) -> str:
    token = cursor.tokens[led.first]
    following = cursor.tokens[led.end] if led.end < len(cursor.tokens) else None
    if led.name == "severity" or (following is None and led.name in {"private", "drill"}):
        return "option"
    if following is None:
        return "option" if _unlike_words(cursor, led) else "title"
    if token.raw[:1] in "[(" or cursor.tokens[led.end - 1].raw.endswith((":", "]", ")")):
        return "option"
    if following.quoted or following.is_dash:
        return "option"
    if token.raw[:1].isupper() or following.word in _NO_BEGINNING:
        return "title"
    if led.name in _COLLOCATIONS and following.word in _COLLOCATIONS[led.name]:
        return "title"
    if _begins_title(following):
        return "option"
    if led.name in {"services", "region"}:
        return _place_verdict(cursor, led)
    return "doubt"


def _place_verdict(cursor: Cursor, led: _Led) -> str:
    left = len(cursor.tokens) - led.end
    return "option" if _unlike_words(cursor, led) and left > 1 else "title"


def _unlike_words(cursor: Cursor, led: _Led) -> bool:
    """Whether the value is no plain word: several services, one that the catalog knows, a region in capitals."""
    known: Callable[[str], bool] | None = cursor.reading.is_service
    if led.name == "services":
        return len(led.value) > 1 or (known is not None and any(known(service) for service in led.value))
    return str(led.value).isupper()


def _begins_title(token: Token) -> bool:
    return len(token.raw) > 1 and token.raw[0].isupper() and not token.raw[1].isupper()


def _mend_end(cursor: Cursor, first: int, end: int, tailed: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """A title broken off by its tail keeps its words; a flag there was no flag."""
    before = cursor.tokens[end - 1].word
    option = cursor.tokens[end].word
    broken = before in BROKEN_OFF or (option == "drill" and before in BEFORE_DRILL)
    if not broken or cursor.tokens[end - 1].raw.endswith((",", ";", ".", ":")):
        return cursor.slice(first, end), tailed
    # only the option that broke it off belongs to the title; those after it stay options
    for name, reader in _OPTIONS.items():
        for stop, _value in reader(cursor, end):
            kept = dict(tailed)
            if name in {"private", "drill"}:
                kept.pop(name, None)
            return cursor.slice(first, stop), kept
    return cursor.slice(first, end), tailed


def _ask(cursor: Cursor, command: Declare, doubtful: _Led) -> None:
    word = cursor.tokens[doubtful.first].word
    whole = " ".join(f"{cursor.slice(doubtful.first, doubtful.end)} {command.title}".split())
    meant = {
        "private": "private, for its members only",
        "drill": "a drill",
        "services": "about these services",
        "region": "in this region",
    }[doubtful.name]
    without = Declare(
        whole,
        command.severity,
        () if doubtful.name == "services" else command.services,
        None if doubtful.name == "region" else command.region,
        False if doubtful.name == "private" else command.private,
        False if doubtful.name == "drill" else command.drill,
    )
    cursor.ask(
        f"Does “{word}” make this incident {meant}, or is it part of the title?",
        (f"Yes: {shown(command.title)}", write(command)),
        (f"Title: {shown(whole)}", write(without)),
    )
