"""C8, relay drift: what a colleague told a customer, held against the words that were approved.

Values are compared after normalising, so "2-hour" is "two hours"; a paraphrase that keeps every fact passes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from fractions import Fraction
from typing import Final, Literal

from handlers.domain.lint.amounts import is_coarser
from handlers.domain.lint.lookups import read_leaks
from handlers.domain.lint.presence import (
    admits_risk,
    claims,
    day_words,
    find_name,
    is_denied,
    is_hedge,
    regrets,
    shares_words,
)
from handlers.domain.lint.quantities import NumberMention, clocks, dates, durations, numbers
from handlers.domain.lint.record import FactView, FixState, RecordView
from handlers.domain.lint.report import Drift, Finding, Report, Severity, in_reading_order
from handlers.domain.lint.rules import RULES
from handlers.domain.lint.scope import places, same_place
from handlers.domain.lint.text import Reading, read
from handlers.domain.lint.vocabulary import PEOPLE
from handlers.domain.lint.wording import read_wording, relative_dates

Via = Literal["email", "chat", "phone"]

_SEVERITY: Final[dict[Drift, Severity]] = {
    "missing": "error",
    "changed": "error",
    "added": "error",
    "scope": "error",
    "inverted": "error",
    "rotted": "error",
    "severity": "warning",
    "weakened": "warning",
}


def drift(own_words: str, approved: str, record: RecordView, via: Via = "email", also: str = "") -> Report:
    """How a colleague's own words differ from the approved text, each difference a C8 finding with its `drift`.

    By e-mail or chat the words are text that was sent; by phone they are a note about a call, and nothing is found. An
    error means that the customer was told wrongly; a warning needs a reason. Internal facts, other customers and names
    in the words are found too, as C7, W18 and W23. What `also` was approved (the long text beside the short one) may be
    said, and need not be.
    """
    if via == "phone":
        return Report(())
    own, told = read(own_words), read(approved)
    everything = read(f"{approved}\n\n{also}") if also else told
    return _report([*_missing(own, told, record), *_found(own, everything, record)], own, everything, record)


def drift_of_answer(words: str, approved: str, record: RecordView) -> Report:
    """The same for an answer to one question: what it says is held against the approved text; it need not say all."""
    own, told = read(words), read(approved)
    return _report(_found(own, told, record), own, told, record)


_Check = Callable[[Reading, Reading, RecordView], Iterator[Finding]]


def _found(own: Reading, told: Reading, record: RecordView) -> list[Finding]:
    return [finding for check in _SAID for finding in check(own, told, record)]


_INSIDE: Final = frozenset({"W18", "W19"})
"""Marks of the inside that need no record to be known: hosts, tickets, incidents, placeholders."""


def _report(found: list[Finding], own: Reading, told: Reading, record: RecordView) -> Report:
    found.extend(read_leaks(own, "relay", record))
    approved = told.text.lower()
    found.extend(
        finding
        for finding in read_wording(own, "relay")
        if finding.rule in _INSIDE and finding.text.lower() not in approved
    )
    return Report(in_reading_order(_once_a_place(found)))


def _once_a_place(found: list[Finding]) -> list[Finding]:
    seen: set[tuple[int, int, str | None]] = set()
    kept = []
    for finding in found:
        key = (finding.start, finding.end, finding.drift if finding.start < finding.end else finding.message)
        if key not in seen:
            seen.add(key)
            kept.append(finding)
    return kept


def _at(reading: Reading, kind: Drift, start: int, end: int, message: str, suggestion: str = "") -> Finding:
    rule = RULES["C8"]
    left, right = reading.span(start, end)
    return Finding(
        "C8",
        _SEVERITY[kind],
        left,
        right,
        reading.original[left:right],
        f"{kind.capitalize()}: {message}",
        suggestion or rule.suggestion,
        rule.reference,
        drift=kind,
    )


def _gone(reading: Reading, message: str, suggestion: str) -> Finding:
    end = len(reading.original)
    rule = RULES["C8"]
    return Finding("C8", "error", end, end, "", f"Missing: {message}", suggestion, rule.reference, drift="missing")


# --- words that mean the same ----------------------------------------------------------------------

_SAME: Final = tuple(
    (re.compile(pattern, re.IGNORECASE), words)
    for pattern, words in (
        (
            r"\b(?:log[- ]?ins?|logging[- ](?:in|on)|log[- ]?ons?|sign(?:ing|ed)?[- ](?:in|on)|log(?:ged)? in)\b",
            "sign-in",
        ),
        (r"\badmin(?:istrat(?:ion|ive|or|ors))?\b", "administration"),
        (r"\be-?mails?\b", "mail"),
        (
            (
                r"\b(?:on and off|off and on|c[ao]me and went|comes? and goes?|in and out|sporadic(?:ally)?|patchy"
                r"|now and then|off-and-on|intermittently|at times|from time to time|not (?:always|all the time)"
                r"|dropped in and out)\b"
            ),
            "intermittent",
        ),
        (r"\b(?:reach|reached|reaching|get (?:in|on|into)|got (?:in|into))\b", "access"),
        (
            (
                r"\b(?:degradations?|degrade|impaired|worse(?:ned)?|poor(?:ly)?|reduced|below (?:its|the) usual"
                r"|did not work (?:well|properly)|worked badly|limited|not fully)\b"
            ),
            "degraded",
        ),
        (r"\b(?:flaws?|faults?|defects?|mistakes?|errors?)\b", "flaw"),
        (
            r"\b(?:another|further|separate|different|second|underlying|other) (?:problems?|issues?|flaw|causes?)\b",
            "second problem",
        ),
        (r"\b(?:problems?|issues?)\b", "problem"),
        (r"\b(?:upgraded|upgrading|upgrades)\b", "upgrade"),
        (
            (
                r"\b(?:could not|couldn't|cannot|can't|unable to|fail(?:ed|s|ing)?|(?:was|were|is|are|went) (?:down"
                r"|out|offline"
                r"|unavailable|unreachable)|stopped(?: working)?|did(?: not|n't) work|declined|unavailable|(?:nobody"
                r"|no one) could"
                r"|no (?:\w+ ){1,3}could be \w+)\b"
            ),
            "stopped",
        ),
        (r"\b(?:slow(?:er|ly|ness)?|sluggish|laggy|delay(?:s|ed)?|late(?:r)?)\b", "slow"),
        (r"\b(?:ran out|run out|lapsed?|expir(?:ed|y)|out of date|past its date)\b", "expired"),
        (r"\b(?:incorrect(?:ly)?|wrong(?:ly)?|faulty|broken|bad|mistaken|flawed)\b", "wrong"),
        (r"\b(?:config(?:uration|ured)?s?|settings?|set-?up)\b", "setting"),
        (r"\b(?:overload(?:ed)?|overwhelm(?:ed|ing)?|too (?:much|many) (?:load|traffic|requests))\b", "overload"),
        (r"\b(?:certs?|certificates?)\b", "certificate"),
        (r"\b(?:databases?|db)\b", "database"),
        (r"\b(?:releases?|roll-?outs?|deploy(?:ments?|ed)?|updates?|updated|upgrade)\b", "upgrade"),
        (r"\bsystems?\b", "service"),
        (
            r"\bseparat(?:ed|ing)\b|\bcut off\b|\bblocked\b|\bset apart\b|\bquarantined\b|\bisolat(?:ion|ing|e)\b",
            "isolated",
        ),
    )
)


def _plain(text: str) -> str:
    """The text with words that mean the same made one."""
    for pattern, words in _SAME:
        text = pattern.sub(words, text)
    return text


def _tells(fact: str, text: str) -> bool:
    return shares_words(fact, text) or shares_words(_plain(fact), _plain(text))


def _told_in(facts: tuple[FactView, ...], text: str) -> list[FactView]:
    return [fact for fact in facts if any(_tells(form, text) for form in fact.forms)]


# --- missing ---------------------------------------------------------------------------------------

_CALM: Final = re.compile(
    r"\b(?:stable|stabili[sz]ed|steady|contained|under control|holding|calm|running (?:normally|again)"
    r"|working (?:again|normally)|restored|back|recovered|mitigated|isolated)\b",
    re.IGNORECASE,
)


def _missing(own: Reading, told: Reading, record: RecordView) -> Iterator[Finding]:
    if regrets(told) and not regrets(own):
        yield _gone(own, "the apology itself, in the first person.", "We are sorry.")
    own_days = dates(own.text)
    told_days = dates(told.text)
    for day in record.every_day:
        if any(mention.is_day(day) for mention in told_days) and not any(mention.is_day(day) for mention in own_days):
            yield _gone(own, f"{day_words(day)}.", day_words(day))
    lengths = {mention.minutes for mention in durations(own.text)}
    known = record.all_lengths()
    for length in durations(told.text):
        if length.minutes in known and not lengths and not _VAGUE_LENGTH.search(own.text) and not clocks(own.text):
            yield _gone(
                own,
                f"how long it lasted ({told.text[length.start : length.end]}).",
                told.text[length.start : length.end],
            )
            break
    for service in record.services:
        if find_name(service, told.text) and not _names_service(service, own.text):
            yield _gone(own, f"the service ({service}).", service)
    regions = [region for region in record.regions if find_name(region, told.text)]
    if regions and not any(find_name(region, own.text) or _region_adjective(region, own.text) for region in regions):
        yield _gone(own, f"the region ({regions[0]}).", f"served from {regions[0]}")
    for kinds, what in (
        (("impact",), "what customers saw"),
        (("cause.trigger", "cause.flaw"), "the cause"),
        (("cause.latent",), "the second cause"),
    ):
        facts = tuple(fact for fact in record.known(*kinds) if _told_in((fact,), told.text))
        heard = (
            any(_told_in(facts, sentence.text) for sentence in own.sentences if not is_hedge(sentence.text))
            if kinds == ("impact",)
            else bool(_told_in(facts, own.text))
        )
        if facts and not heard:
            yield _gone(own, f"{what} ({facts[0].value}).", facts[0].value)
    if claims(told, "contained") and not (claims(own, "contained") or _CALM.search(own.text) or claims(own, "fixed")):
        yield _gone(own, "how it stands now.", "The service is stable.")
    if (
        claims(told, "insufficient")
        and record.linked
        and not (
            claims(own, "insufficient")
            or re.search(
                r"\bnot (?:enough|sufficient|fully)\b|\bagain\b|\banother\b|\bsecond\b", own.text, re.IGNORECASE
            )
        )
    ):
        yield _gone(own, "that the first fix was not enough.", "The first fix did not resolve it.")
    if admits_risk(told) and not admits_risk(own):
        yield _gone(own, "that it may come back.", "We cannot rule out a further event.")
    report = record.next_report
    if (
        report
        and any(mention.is_day(report) for mention in told_days)
        and not any(mention.is_day(report) for mention in own_days)
    ):
        yield _gone(
            own, f"the day of the next report ({day_words(report)}).", f"We will report again by {day_words(report)}."
        )


def _names_service(service: str, text: str) -> bool:
    if find_name(service, text):
        return True
    weighty = [
        word
        for word in re.findall(r"[a-z]{3,}", _plain(service).lower())
        if word not in {"service", "services", "online"}
    ]
    plain = _plain(text).lower()
    if weighty and all(re.search(rf"\b{re.escape(word[:6])}", plain) for word in weighty):
        return True
    return bool(weighty) and len(weighty) == 1 and weighty[0] in plain


def _region_adjective(region: str, text: str) -> bool:
    return re.search(rf"\b{re.escape(region)}n?\b", text, re.IGNORECASE) is not None


# --- changed and added values ----------------------------------------------------------------------

_VAGUE_LENGTH: Final = re.compile(
    r"\b(?:a few|some|several|many|a number of|a handful of|a matter of) (?:minutes|hours|days|moments)\b"
    r"|\bfor (?:a (?:short|brief|little|long) (?:time|while|period|spell)|a moment|a while|a bit|some time|minutes"
    r"|hours|days"
    r"|ages)\b|\b(?:briefly|momentarily)\b|\ball (?:day|morning|afternoon|evening|night|week)\b|\bthe whole (?:day"
    r"|night"
    r"|morning|afternoon)\b|\b(?:half|most of) the (?:day|night)\b",
    re.IGNORECASE,
)
_TWO: Final = re.compile(r"\ba couple of (hours|minutes|days)\b", re.IGNORECASE)


def _values(own: Reading, told: Reading, record: RecordView) -> Iterator[Finding]:
    yield from _lengths(own, told, record)
    known_days = dates(told.text)
    allowed = record.all_days()
    wanted = [
        mention
        for mention in known_days
        if not any((mention.day, mention.month) == (mine.day, mine.month) for mine in dates(own.text))
    ]
    owed = {day for day in (*record.every_day, record.next_report) if day}
    lacks = any(mention.is_day(day) for mention in wanted for day in owed)
    for mention in dates(own.masked):
        if any(
            (mention.day, mention.month) == (other.day, other.month)
            and (mention.year is None or other.year is None or mention.year == other.year)
            for other in known_days
        ):
            if mention.weekday is not None and not _right_weekday(
                mention.weekday, mention.in_year(_year(record)), allowed
            ):
                yield _at(own, "changed", mention.start, mention.end, "the weekday does not fit the date.")
            continue
        if not lacks and any(mention.is_day(day) for day in allowed):
            continue
        if wanted:
            yield _at(
                own,
                "changed",
                mention.start,
                mention.end,
                "the approved text has another day.",
                told.text[wanted[0].start : wanted[0].end],
            )
        else:
            yield _at(own, "added", mention.start, mention.end, "the approved text does not have this day.")
    minutes = {clock.minutes for clock in clocks(told.text)} | record.all_minutes()
    for clock in clocks(own.masked):
        if clock.minutes not in minutes:
            yield _at(
                own,
                "changed" if clocks(told.text) else "added",
                clock.start,
                clock.end,
                "the approved text does not have this time.",
            )
    told_numbers = {number.value for number in numbers(told.text)} | record.all_numbers()
    counts = {other.value for words in (told.text, record.said) for other in numbers(words) if other.unit}
    counted = {_what(other): told.text[other.start : other.end] for other in reversed(numbers(told.text)) if other.unit}
    for number in numbers(own.masked):
        words = own.masked[number.start : number.end]
        known = counts if number.unit == "%" or _OF_PEOPLE.match(number.unit) else told_numbers
        if (
            number.value in known
            or (not words[0].isdigit() and not _COUNTED.search(number.unit))
            or number.value == 1
            or re.fullmatch(r"(?:19|20)\d\d", words)
        ):
            continue
        instead = counted.get(_what(number), "") if number.unit else ""
        kind: Drift = "changed" if instead else "added"
        yield _at(own, kind, number.start, number.end, "the approved text does not have this number.", instead)


def _what(number: NumberMention) -> str:
    """What a number counts: its first word, or "%"."""
    return number.unit.split(" ", maxsplit=1)[0]


_OF_PEOPLE: Final = re.compile(rf"(?:of )?(?:the |our )?{PEOPLE}\b")
"""What a share or a head count is of: no part of a date or of a clock time stands for it."""
_COUNTED: Final = re.compile(
    rf"^(?:of )?(?:the |our )?(?:{PEOPLE}|requests|messages|orders|payments|transactions|services|outages|incidents"
    rf"|times|regions)\b"
)


def _year(record: RecordView) -> int:
    return record.days[0].year if record.days else 2026


def _right_weekday(weekday: int, day: date | None, allowed: frozenset[date]) -> bool:
    return (
        day is None
        or day.weekday() == weekday
        or any(other.weekday() == weekday for other in allowed if (other.day, other.month) == (day.day, day.month))
    )


def _lengths(own: Reading, told: Reading, record: RecordView) -> Iterator[Finding]:
    told_lengths = durations(told.text)
    known = {mention.minutes for mention in told_lengths} | record.all_lengths()
    instead = told.text[told_lengths[0].start : told_lengths[0].end] if told_lengths else ""
    if not instead and record.all_lengths():
        length = max(record.all_lengths())
        instead = f"{length} minutes"
    for mention in durations(own.masked):
        if (
            mention.minutes in known
            or is_coarser(own.masked, mention, known)
            or re.search(r"\bwithin (?:the next )?$", own.masked[max(0, mention.start - 20) : mention.start])
            or mention.minutes in {Fraction(1440), Fraction(10080)}
        ):
            continue
        kind: Drift = "changed" if instead else "added"
        yield _at(
            own,
            kind,
            mention.start,
            mention.end,
            f"the approved text says {instead}." if instead else "the approved text has no such length of time.",
            instead,
        )
    couple = {Fraction(2), Fraction(120), Fraction(2880)}
    for match in _TWO.finditer(own.masked):
        if told_lengths and not known & couple:
            yield _at(own, "changed", match.start(), match.end(), f"the approved text says {instead}.", instead)
    if instead:
        for match in _VAGUE_LENGTH.finditer(own.masked):
            yield _at(own, "changed", match.start(), match.end(), f"the approved text says {instead}.", instead)


# --- states ----------------------------------------------------------------------------------------

_RANK: Final[dict[FixState, int]] = {"": 0, "none": 1, "insufficient": 1, "contained": 2, "fixed": 3, "verified": 4}


def _states(own: Reading, told: Reading, record: RecordView) -> Iterator[Finding]:
    strongest = max((_RANK[state] for state in record.states), default=0)
    allowed = max(strongest, 3 if claims(told, "fixed") else 0, 4 if claims(told, "verified") else 0)
    if not record.states or allowed >= 4:
        return
    current = _RANK[_current(record)]
    for state in ("verified", "fixed"):
        for sentence, match in claims(own, state):
            about_earlier = bool(dates(sentence.text)) or re.search(
                r"\b(?:first|earlier|that (?:flaw|problem|fault|one)|but|although|though)\b",
                sentence.text,
                re.IGNORECASE,
            )
            if (
                _RANK[state] <= current
                or (_RANK[state] <= allowed and about_earlier)
                or is_denied(sentence.text, match)
            ):
                continue
            yield _at(
                own,
                "changed",
                sentence.start + match.start(),
                sentence.start + match.end(),
                "the approved text does not say that it is fixed.",
                "stable",
            )
            return


def _current(record: RecordView) -> FixState:
    """How the latest covered incident stands; what recurred before it no longer matters."""
    recurred = {number for incident in record.covered for number in incident.recurs}
    last: list[FixState] = [
        record.fix_of(incident.number) for incident in record.covered if incident.number not in recurred
    ]
    return min(last, key=lambda state: _RANK[state]) if last else ""


# --- added -----------------------------------------------------------------------------------------

_PROMISED: Final = "a promise that nobody approved"
_CLAIMS_OF: Final = tuple(
    (re.compile(pattern, re.IGNORECASE), what)
    for pattern, what in (
        (
            (
                r"\b(?:attack(?:s|ed|ers?)?|d?dos\b|hack(?:s|ed|ers?|ing)?|malicious|malware|ransomware|virus|intrusion"
                r"|cyber\w*|sabotage|bots?|break-in|breach(?:ed)?)\b"
            ),
            "a cause that nobody recorded",
        ),
        (
            (
                r"\b(?:power (?:cut|failure|outage|loss)|hardware (?:failure|fault)|fib(?:re|er) cut|cable|lightning"
                r"|flood|fire|human error|operator error|typo|expired certificate|memory leak|capacity|overload(?:ed)?"
                r"|misconfigur\w+|database|dns|bug)\b"
            ),
            "a cause that nobody recorded",
        ),
        (
            (
                r"\b(?:never (?:happen )?again|will not happen again|won't happen again|guarantee\w*"
                r"|permanently (?:fixed|resolved|solved)|once and for all|for good)\b"
            ),
            _PROMISED,
        ),
        (
            (
                r"\b(?:\d[\d.,]{0,15}\s?(?:%|per ?cent|percent) (?:service )?credits?|(?:service )?credits? of"
                r"|full refund"
                r"|refunds?\b|compensat\w+|free month|discount|waive (?:the|your) (?:fee|bill))\b"
            ),
            "a remedy that nobody approved",
        ),
        (
            (
                r"\b(?:no|some|any|your|customer) (?:\w+ )?data (?:was |were |has been |have been )?(?:lost|safe|leaked"
                r"|exposed|deleted|stolen|intact|read)|\bdata[- ]loss\b|\blost (?:\w+ )?data\b|\bdata (?:was|is"
                r"|were) (?:safe|lost|intact|leaked|exposed|stolen)\b"
            ),
            "a word on data that nobody approved",
        ),
        (
            (
                r"\b(?:our|the|an?|one of our|their|some) (?:\w+ )?(?:vendor|supplier|third[- ]party|network provider"
                r"|hosting provider"
                r"|cloud provider|contractor|(?:engineer|employee|colleague|developer|administrator"
                r"|operator)s? (?:who )?(?:made|deleted"
                r"|broke|forgot|pushed|caused|mistyped|misconfigured|unplugged|missed|ignored)|technician)\b"
            ),
            "blame that nobody approved",
        ),
        (
            r"\bwill be (?:\w+ )?(?:fixed|resolved|restored|repaired) (?:by|within|in)\b",
            "an end time that nobody approved",
        ),
    )
)


def _added(own: Reading, told: Reading, record: RecordView) -> Iterator[Finding]:
    approved = told.text.lower()
    for pattern, what in _CLAIMS_OF:
        for match in pattern.finditer(own.masked):
            words = match.group().lower()
            loosely = what != _PROMISED and _stem_in(words, approved)  # "happen" and "again" stand in many a text
            if words in approved or words in record.said or loosely or _refused(own.masked, match):
                continue
            yield _at(own, "added", match.start(), match.end(), f"{what}.", "Leave it out.")
            break


def _stem_in(words: str, approved: str) -> bool:
    weighty = [
        word for word in re.findall(r"[a-z]{4,}", words) if word not in {"that", "will", "have", "been", "your", "some"}
    ]
    return bool(weighty) and all(word[: max(4, len(word) - 3)] in approved for word in weighty)


def _refused(text: str, match: re.Match[str]) -> bool:
    before = re.split(r"[.!?;]", text[max(0, match.start() - 70) : match.start()])[-1]
    return (
        re.search(
            r"\b(?:cannot|can't|could not|do not|don't|not able to|unable to|no one can|whether|we will (?:tell"
            r"|report|decide|say|explain)|decide (?:on|about)|decision)\b",
            before,
            re.IGNORECASE,
        )
        is not None
    )


# --- scope -----------------------------------------------------------------------------------------

_SOME: Final = re.compile(
    r"\b(?:(?:only )?some|(?:only )?(?:a )?few|a handful of|a (?:small )?(?:number|minority|fraction|portion"
    r"|part) of|many|most|several|the majority of|a majority of|certain|all(?: of)?|every|each of|nearly all"
    r"|almost all|millions of|thousands of|hundreds of|numerous|countless) (?:of )?(?:our |the |their |its "
    rf"|your )?(?:[\w-]+ ){{0,2}}?(?:{PEOPLE}|services|products)\b",
    re.IGNORECASE,
)
_WIDE: Final = re.compile(
    r"\b(?:(?:in|across) (?:several|many|various|some|other|different|all|most|multiple) (?:countries|regions|places"
    r"|continents|markets|cities)|world-?wide|globally|everywhere|across (?:the|our|its|their)"
    r" (?:\w+ ){0,3}(?:estate|cloud|platform"
    r"|network|board|company|portfolio|world|globe|services|products)|(?:whole|entire|all of (?:the|our"
    r"|its)) (?:\w+ )?(?:cloud|platform|network|estate|system|service)|(?:series|string|spate|run|wave|rash"
    r"|catalogue|litany|succession|chain) of (?:\w+ )?(?:outages|failures|incidents|disruptions|problems|troubles"
    r"|breakdowns|crashes)|(?:various|several|many|different|other) parts of|(?:our|its"
    r"|the) other (?:\w+ )?services (?:were|was|are|also|too)(?! (?:not|un))|other (?:\w+ )?services (?:too|as well"
    r"|were (?:also )?(?:hit|affected|down|impacted)))\b",
    re.IGNORECASE,
)
_THOSE_IN: Final = PEOPLE


def _scope(own: Reading, told: Reading, record: RecordView) -> Iterator[Finding]:
    approved = told.text.lower()
    counted = {form.lower() for fact in record.known("scale", "count") for form in fact.forms}
    for match in _SOME.finditer(own.masked):
        first = match.group().lower().split()[0]
        if match.group().lower() in approved or any(
            match.group().lower() in form or form in match.group().lower() for form in counted
        ):
            continue
        if re.search(
            r"\b(?:how|not) $", own.masked[max(0, match.start() - 5) : match.start()], re.IGNORECASE
        ) or re.search(
            r"\b(?:sorry to|apologi[sz]e to|tell|told|inform|thank) (?:you and )?$",
            own.masked[max(0, match.start() - 24) : match.start()],
            re.IGNORECASE,
        ):
            continue
        if first in {"all", "every", "each"} and re.match(
            r" (?:who |that )?(?:were |are )?(?:we )?served? from\b", own.masked[match.end() : match.end() + 30]
        ):
            continue
        yield _at(own, "scope", match.start(), match.end(), "the approved text does not say how many.", "customers")
    for match in _WIDE.finditer(own.masked):
        if match.group().lower() not in approved and not _denied(own, match.start(), match.start()):
            yield _at(own, "scope", match.start(), match.end(), "the approved text is narrower.", "Leave it out.")
    yield from _other_places(own, told, record)
    yield from _other_services(own, told, record)


_NEGATED: Final = re.compile(r"\b(?:no|not|none|unaffected|other than|except|without)\b|n't\b", re.IGNORECASE)
_CLAUSE_ENDS: Final = re.compile(
    r"[;:]|, (?:and|but|so|while|which|because)\b|\b(?:but|while|whereas)\b", re.IGNORECASE
)


def _denied(own: Reading, start: int, end: int) -> bool:
    """Whether the clause around these words denies them; where `end` is `start`, what stands before them in it does."""
    sentence = own.sentence_at(start)
    text, at = sentence.text, start - sentence.start
    first = max((m.end() for m in _CLAUSE_ENDS.finditer(text) if m.end() <= at), default=0)
    last = min((m.start() for m in _CLAUSE_ENDS.finditer(text) if m.start() >= at + end - start), default=len(text))
    return _NEGATED.search(text[first : at if end == start else last]) is not None


def _other_places(own: Reading, told: Reading, record: RecordView) -> Iterator[Finding]:
    seen: set[str] = set()
    ours = [
        match.span()
        for region in record.regions
        for match in re.finditer(rf"{re.escape(region)}n?", own.masked, re.IGNORECASE)
    ]
    for start, end, name in places(own.masked):
        if name in seen or any(left <= start and end <= right for left, right in ours):
            continue
        if same_place(name, record) or find_name(name, told.text):
            continue
        seen.add(name)
        sentence = own.sentence_at(start).text
        if re.search(r"\b(?:not|no|unaffected|n't)\b", sentence) and find_name(
            name, " ".join(form for fact in record.known("exclusion") for form in fact.forms)
        ):
            continue
        yield _at(
            own,
            "scope",
            start,
            end,
            "the approved text names another place.",
            record.regions[0] if record.regions else "",
        )
    for region in record.regions:
        if not re.search(rf"\bserved? from {re.escape(region)}\b", told.text, re.IGNORECASE):
            continue
        for match in re.finditer(
            rf"\b{re.escape(region)}(?:n|'s)? (?:\w+ ){{0,2}}?{_THOSE_IN}\b|\b{_THOSE_IN} (?:based |located "
            rf"|living )?(?:in|across|throughout|from) {re.escape(region)}\b",
            own.masked,
            re.IGNORECASE,
        ):
            yield _at(
                own,
                "scope",
                match.start(),
                match.end(),
                f"the approved text says served from {region}, wherever they are.",
                f"customers served from {region}",
            )


def _other_services(own: Reading, told: Reading, record: RecordView) -> Iterator[Finding]:
    for service in record.other_services:
        match = find_name(service, own.masked)
        if match is None or find_name(service, told.text):
            continue
        if _denied(own, match.start(), match.end()):
            continue
        yield _at(
            own, "scope", match.start(), match.end(), "the approved text does not name this service.", "Leave it out."
        )


# --- inverted --------------------------------------------------------------------------------------

_LED: Final = re.compile(
    r"\b(?:led to|leads to|caused|causing|resulted in|resulting in|brought about|brought (?:\w+ ){1,4}down"
    r"|triggered|set off|produced|gave rise to|ended in|meant that|knocked|took (?:\w+ ){1,4}(?:down|out))\b",
    re.IGNORECASE,
)
_FINDING: Final = re.compile(
    r"\b(?:found|finding|discover(?:ed|ing|y)|spott(?:ed|ing)|identif(?:ied|ying|ication)|detect(?:ed|ing|ion)"
    r"|notic(?:ed|ing)|uncover(?:ed|ing)|diagnos(?:ed|ing|is)|locat(?:ed|ing))\b",
    re.IGNORECASE,
)
_MENDING: Final = re.compile(
    r"\b(?:fix(?:ed|ing)?|repair(?:ed|ing|s)?|mend(?:ed|ing)?|rectif(?:ied|ying|y)|correct(?:ed|ing|ion)"
    r"|remed(?:ied|iated|iating|iation|y)|resolv(?:ed|ing)|solv(?:ed|ing)|put(?:ting)? (?:it |this |that "
    r"|things )?right|isolat(?:ed|ing|ion)|patch(?:ed|ing)?|roll(?:ed|ing) (?:it )?back|address(?:ed|ing)"
    r"|maintenance|clean(?:ed|ing)(?:[- ]up)?|replac(?:ed|ing)|renew(?:ed|ing)|revert(?:ed|ing))\b",
    re.IGNORECASE,
)
_CAUSE_NOUN: Final = re.compile(
    r"\b(?:flaw|fault|defect|bug|upgrade|problem|issue|error|mistake|cause|change|weakness|failure|misconfiguration"
    r"|design)s?\b",
    re.IGNORECASE,
)
_HEADS: Final = re.compile(
    r"\b(?:finding|discovering|spotting|identifying|detecting|fixing|repairing|mending|rectifying|correcting"
    r"|resolving|solving|putting right|isolating|patching|addressing|remedying|renewing|replacing|reverting|undoing"
    r"|rolling back|diagnosing|locating|uncovering|noticing|restarting|rebooting|restoring|recovering|mitigating"
    r"|containing|resetting|(?:the |its |their "
    r"|our )?(?:discovery|repair|correction|rectification|mending|fix|identification|detection|diagnosis"
    r"|isolation|renewal|replacement|removal|remediation|rollback|restart|reboot|mitigation"
    r"|containment)(?: (?:of|for|to))?)\b",
    re.IGNORECASE,
)
_FAILED_FIX: Final = re.compile(
    r"\b(?:fix|repair|correction|patch|upgrade|mending|remedy|solution)\b[^.;]{0,40}\b(?:did not|didn't|failed"
    r"|was not|wasn't|missed|left|not enough|insufficient)\b",
    re.IGNORECASE,
)


_CAUSED_BY: Final = re.compile(
    rf"\b(?:(?:caused|triggered|produced|set off|brought (?:about|on)) by|(?:was|were|is|are|as) (?:the|a) (?:result"
    rf"|consequence|effect) of"
    rf"|due to|because of|resulted from|(?:came|stemmed|arose) from|followed)"
    rf" (?:us |our (?:team|engineers) )?(?P<head>{_HEADS.pattern})(?! (?:did|had|failed|missed|was not))",
    re.IGNORECASE,
)
"""The same inversion told backwards: "caused by repairing the flaw"."""


def _inverted(own: Reading, _told: Reading, record: RecordView) -> Iterator[Finding]:
    causal = " ".join(
        form for fact in record.known("cause.trigger", "cause.flaw", "cause.latent") for form in fact.forms
    )
    for sentence in own.sentences:
        for backwards in _CAUSED_BY.finditer(sentence.text):
            if not _is_recorded(backwards["head"], causal):
                yield _at(
                    own,
                    "inverted",
                    sentence.start + backwards.start(),
                    sentence.start + backwards.end(),
                    "finding or mending did not cause it; the flaw did.",
                    "Say first what was wrong, then what it caused, then what was mended.",
                )
                break
        for led in _LED.finditer(sentence.text):
            head = sentence.text[max(0, led.start() - 160) : led.start()]
            start = _inverted_from(head, causal)
            if start is not None:
                left = sentence.start + max(0, led.start() - 160) + start
                yield _at(
                    own,
                    "inverted",
                    left,
                    sentence.start + led.end(),
                    "finding or mending did not cause it; the flaw did.",
                    "Say first what was wrong, then what it caused, then what was mended.",
                )
                break


def _is_recorded(mending: str, causal: str) -> bool:
    """Whether the record itself names this piece of work as the cause: a renewal may be what went wrong."""
    words = [
        word for word in re.findall(r"[a-z]{3,}", mending.lower()) if word not in {"the", "its", "their", "our", "for"}
    ]
    return any(re.search(rf"\b{re.escape(word[: max(3, len(word) - 3)])}", causal, re.IGNORECASE) for word in words)


def _first_of(causal: str, text: str) -> re.Match[str] | None:
    """The first of the recorded causes' own words in a text."""
    nouns = re.findall(r"[a-z]{5,}", causal.lower())
    return re.search(rf"\b(?:{'|'.join(map(re.escape, nouns))})", text, re.IGNORECASE) if nouns else None


def _inverted_from(head: str, causal: str) -> int | None:
    """Where the finding or mending that is made the cause begins, in the words before "led to"."""
    if _FAILED_FIX.search(head):
        return None
    heads = list(_HEADS.finditer(head))
    if heads:
        between = head[heads[-1].end() :]
        noun = heads[-1].group().lower()
        if not re.search(
            r"\b(?:that|which|who|because|after|when|did not|before)\b|[,;:]", between
        ) and not _is_recorded(noun, causal):
            return heads[-1].start()
    verbs = sorted([*_FINDING.finditer(head), *_MENDING.finditer(head)], key=lambda match: match.start())
    if not verbs:
        return None
    last = verbs[-1]
    between = head[last.end() :]
    mending = _MENDING.fullmatch(last.group()) is not None
    if _is_recorded(last.group(), causal):
        return None
    cause = _CAUSE_NOUN.search(between) or _first_of(causal, between)
    refers_back = re.search(
        r"(?:,|;|\band\b) ?(?:and )?(?:this|that|doing so|the work|it all)\b ?(?:then |in turn )?$", between
    )
    if cause is None:
        relative = re.search(
            r"\b(?:flaw|fault|defect|bug|problem|issue|error|cause)s? (?:that |which )?(?:we|they|engineers|it"
            r"|the company|our \w+)(?: \w+)? $",
            head[: last.start()],
            re.IGNORECASE,
        )
        if relative and not mending:
            return None
        if not re.search(r"\b(?:which|this|that|and|it|thereby|in turn|so)\b|,|^ ?$", between) or re.search(
            r"\b(?:because|after|before|since|when|while)\b", between
        ):
            return None
        if re.search(r"\b(?:which|that) $", between) and not re.search(r"[,;]|\band\b", between) and not mending:
            return None
        return last.start()
    return last.start() if refers_back and mending else None


# --- rotted, severity, weakened --------------------------------------------------------------------


def _rotted(own: Reading, _told: Reading, _record: RecordView) -> Iterator[Finding]:
    for hit in relative_dates(own):
        yield _at(
            own, "rotted", hit.start, hit.end, "a relative date goes wrong when it is passed on.", "Write the day."
        )


_STRONGER: Final = re.compile(
    r"\b(?:outages?|crash(?:ed|es|ing)?|collaps(?:ed|e|ing)|went dark|blackouts?|total (?:failure|loss)"
    r"|complete (?:failure|loss)|completely|totally|(?:was|were|went|is|are) (?:\w+ )?(?:down|offline|dead"
    r"|unavailable|unreachable|out)|no access|lost (?:all )?access|could not (?:work|sign in|log in|get in) at all"
    r"|breakdown|disaster|catastroph\w+|massive|huge|severe|major|serious|widespread)\b",
    re.IGNORECASE,
)
_DOWN: Final = re.compile(
    r"\b(?:was|were|went|is|are|been) (?:\w+ )?(?:down|offline|unavailable|unreachable|out)\b|\boutage", re.IGNORECASE
)
_SLANG: Final = re.compile(
    r"\b(?:flak(?:ed|ing|y|ey|es?)(?: out)?|fell over|falling over|bust(?:ed)?|borked|wobbl\w+|wonky|tank(?:ed|ing)"
    r"|belly[- ]up|kaput|meltdown|fiasco|chaos|nightmare|hiccups?|blips?|glitch\w*|hosed|toast|conked out"
    r"|on the fritz|hiccupp?ed|went haywire|screw(?:ed|[- ]up)?|snafu|mess|janky|dodgy|playing up|acting up|died"
    r"|choked|melted)\b",
    re.IGNORECASE,
)
_WEAKER: Final = re.compile(
    r"\b(?:minor|slight(?:ly)?|small|little|brief(?:ly)?|short(?:-lived)?|temporar\w+|momentar\w+|a bit (?:slow"
    r"|off)|somewhat|not (?:that|too|so|very) bad|barely|hardly noticeable|limited impact|inconvenien\w+"
    r"|low impact)\b",
    re.IGNORECASE,
)


def _symptoms(own: Reading, told: Reading, record: RecordView) -> Iterator[Finding]:
    approved = f"{told.text} {record.said}".lower()
    impacts = record.known("impact")
    seen = " or ".join(dict.fromkeys(fact.value for fact in impacts)) or "what the approved text says"
    for pattern, how in ((_SLANG, "slang for"), (_STRONGER, "stronger than"), (_WEAKER, "weaker than")):
        for match in pattern.finditer(own.masked):
            words = match.group().lower()
            if (
                words in approved
                or (words.rstrip("s") in approved and pattern is _STRONGER)
                or re.search(
                    r"\b(?:not|no|never|far from|falls?|fell|fallen|fall) (?:a |an |at all )?$|n't (?:a )?$",
                    own.masked[max(0, match.start() - 14) : match.start()],
                    re.IGNORECASE,
                )
            ):
                continue
            if pattern is _STRONGER and _DOWN.search(words) and _DOWN.search(approved):
                continue  # as much is approved, in another word
            if pattern is _WEAKER and re.match(
                r" (?:fix|limit|measure|workaround|of\b|summary|note|over\b|under\b|more than|less than|after|before)",
                own.masked[match.end() : match.end() + 14],
            ):
                continue
            yield _at(own, "severity", match.start(), match.end(), f"{how} “{seen}”.", seen)


_HEDGES: Final = re.compile(
    r"\b(?:help(?:ed|s|ing)?(?= (?:to |with |and |calm|stabili|restor|the |a |somewhat|things|matters|ease|keep|settle)"
    r"|[.,;]| *$)|eased|improved|seem(?:s|ed)?(?: to)?|appear(?:s|ed)?(?: to)?|hopefully|should (?:now )?be"
    r"|we (?:think|believe|hope|guess|trust)|more or less|mostly|largely|partly|probably|possibly|perhaps"
    r"|apparently|kind of|sort of|as far as we can tell|may have|might have|supposedly|tried to|attempted to"
    r"|for now|somewhat)\b",
    re.IGNORECASE,
)
_HEDGED_SORRY: Final = re.compile(
    r"\b(?:sorry|apologi[sz]e|regret|apologies)\b[^.!?;]{0,50}\b(?:if|any|but|in case|inconvenience)\b", re.IGNORECASE
)
_SORRY_PASSED_ON: Final = re.compile(
    r"\b(?:they|the company|headquarters|head office|my colleagues|management|the team|corporate) (?:say|says|said"
    r"|want|wants|asked|told)\b[^.!?]{0,40}\b(?:sorry|apologi[sz]e)",
    re.IGNORECASE,
)


def _weakened(own: Reading, told: Reading, _record: RecordView) -> Iterator[Finding]:
    approved = told.text.lower()
    for match in _HEDGES.finditer(own.masked):
        words = match.group().lower()
        if words in approved or re.search(
            r"\b(?:happy|glad|here|contact|if you need|need|for|how can we|can|to) $",
            own.masked[max(0, match.start() - 18) : match.start()],
            re.IGNORECASE,
        ):
            continue
        yield _at(
            own, "weakened", match.start(), match.end(), "the approved text says it outright.", "Say it as approved."
        )
    for match in (*_HEDGED_SORRY.finditer(own.masked), *_SORRY_PASSED_ON.finditer(own.masked)):
        if match.group().lower() not in approved:
            yield _at(own, "weakened", match.start(), match.end(), "the apology is hedged.", "We are sorry.")


_SAID: Final[tuple[_Check, ...]] = (
    _values,
    _states,
    _added,
    _scope,
    _inverted,
    _rotted,
    _symptoms,
    _weakened,
)
"""What is asked of words that are there."""
