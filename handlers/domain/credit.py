"""What a contract owes for a month: exact, with every step shown, or "not computable because …".

Windows are half-open and merged, planned maintenance is taken out of the downtime, a month runs from midnight to
midnight in the contract's zone (so a month with a clock change is an hour longer or shorter), and a tier needs uptime
strictly below its threshold: the rules of Microsoft's Service Level Agreement for Online Services,
https://www.microsoft.com/licensing/docs/view/Service-Level-Agreements-SLA-for-Online-Services. Whether intermittent
access or trouble signing in is downtime under the contract is a person's decision: `clause_check`.
"""

import calendar
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Literal
from zoneinfo import ZoneInfo

from handlers.domain.catalog.records import Contract, Tier

Window = tuple[datetime, datetime]
"""A half-open span `[start, end)` of aware instants."""

_MICROSECOND = timedelta(microseconds=1)
_MINUTE = 60_000_000  # microseconds
_MOST_NAMED = 6
"""Outages named one by one in a sentence. Ours."""
_MOST_MONTHS = 24
"""Months of one outage that are looked at. Ours."""


@dataclass(frozen=True, slots=True)
class Outage:
    """One impact window as the fact ledger knows it; whatever is not known is None.

    `start` and `end` are aware instants, `day` a calendar day of `zone` (IANA; without one, of the contract's),
    `length` how long it lasted, `share` the part of the customer's users that was hit (0 to 1). `slack`: each end may
    lie so much earlier or later. `at_least`: it lasted `length` or longer. `over_by`: an instant by which it was over.
    `excused` is planned work on what it hit. `name` says which outage it was and `basis` on what facts it rests, for
    the steps; `rung` is the step of the `EVIDENCE` ladder it stands on. `why` says in a sentence's part what is not
    known of it, where that is more than a missing start or end.
    """

    start: datetime | None = None
    end: datetime | None = None
    day: date | None = None
    length: timedelta | None = None
    share: Fraction | None = None
    name: str = ""
    zone: str = ""
    slack: timedelta = timedelta()
    at_least: bool = False
    over_by: datetime | None = None
    excused: tuple[Window, ...] = ()
    basis: str = ""
    rung: int = 0
    why: str = ""


EVIDENCE: tuple[str, ...] = (
    "times to the minute, confirmed by the commander",
    "times to the minute, with a source, not confirmed",
    "times to the hour",
    "a day and a length",
    "no more than a day, a start or about when",
)
"""The ladder of evidence, best first: how well the windows are known that a result rests on."""


@dataclass(frozen=True, slots=True)
class Credit:
    """The result. `percent` is None where it cannot be computed; `because` then says why."""

    percent: Fraction | None
    """Of the month's fee; 0 where no tier is reached."""
    uptime: Fraction | None
    """Percent of the month, exact; None where only the tier is certain, or nothing."""
    least: Fraction
    """Downtime in minutes, at least."""
    most: Fraction
    """Downtime in minutes, at most; equal to `least` where all is known."""
    minutes: Fraction
    """Minutes of the month."""
    steps: tuple[str, ...]
    """The arithmetic, a line each."""
    because: str = ""
    thresholds: tuple[Fraction, ...] = ()
    """The uptimes, in percent, below which the contract pays."""
    clause_check: Literal["needs_human"] = "needs_human"

    @property
    def computable(self) -> bool:
        """Whether the credit is certain, the contract's wording apart."""
        return self.percent is not None

    @property
    def sentence(self) -> str:
        """The result in one sentence."""
        if self.percent is None:
            return f"Not computable because {self.because}."
        if self.uptime is None:
            return f"{_credit(self.percent).capitalize()}, whatever is still unknown."
        return f"Uptime {uptime_words(self.uptime, self.thresholds)} %: {_credit(self.percent)}."


def uptime_words(uptime: Fraction, thresholds: Iterable[Fraction]) -> str:
    """An uptime to three places, or to more where three would show it at a threshold that it lies beside."""
    near = tuple(thresholds)
    for places in range(3, 10):
        text = decimal(uptime, places)
        if not any(Fraction(text) == t != uptime for t in near):
            return text
    return text


def months_of(outage: Outage, contracts: Sequence[Contract]) -> tuple[tuple[int, int], ...]:
    """The months (year, month), each by the zone of the terms that count in it, in which an outage may lie.

    Of one without an end only the month of its start, and the other way round; none where nothing says when it was.
    """
    zones = {c.zone for c in contracts} or {"UTC"}
    found: set[tuple[int, int]] = set()
    for zone in zones:
        edges = _edges(outage, zone)
        if edges is None:
            continue
        place = ZoneInfo(zone)
        first, last = edges[0].astimezone(place), (max(edges[0], edges[1] - timedelta.resolution)).astimezone(place)
        count = min((last.year - first.year) * 12 + last.month - first.month + 1, _MOST_MONTHS)
        for n in range(count):
            found.add(divmod_month(first.year, first.month + n))
    return tuple(sorted(found))


def divmod_month(year: int, month: int) -> tuple[int, int]:
    """A month counted on beyond December: (2026, 13) is (2027, 1)."""
    return year + (month - 1) // 12, (month - 1) % 12 + 1


def _edges(outage: Outage, zone: str) -> Window | None:
    """Between which instants an outage lies, as far as anything says so."""
    start, end = outage.start, outage.end
    if outage.length is not None and not outage.at_least:
        end = end or (_utc(start) + outage.length if start else None)
        start = start or (_utc(end) - outage.length if end else None)
    known = [_utc(moment) for moment in (start, end) if moment is not None]
    if known:
        return min(known) - outage.slack, max(known) + outage.slack
    return None if outage.day is None else _day_window(outage.day, outage.zone or zone)


def _day_window(day: date, zone: str) -> Window:
    """A calendar day of a zone, as UTC instants."""
    after = day + timedelta(days=1)
    place = ZoneInfo(zone)
    return (
        datetime(day.year, day.month, day.day, tzinfo=place).astimezone(UTC),
        datetime(after.year, after.month, after.day, tzinfo=place).astimezone(UTC),
    )


def month_window(year: int, month: int, zone: str) -> Window:
    """A calendar month from midnight to midnight in a zone (IANA), as UTC instants."""
    place = ZoneInfo(zone)
    after = (year + 1, 1) if month == 12 else (year, month + 1)
    return (
        datetime(year, month, 1, tzinfo=place).astimezone(UTC),
        datetime(*after, 1, tzinfo=place).astimezone(UTC),
    )


def minutes(span: timedelta) -> Fraction:
    """A length of time in minutes, exact to the microsecond."""
    return Fraction(span // _MICROSECOND, _MINUTE)


def decimal(value: Fraction, places: int) -> str:
    """An exact number rounded for showing, with no zeros at its end: 99.731, 43.2."""
    scaled = round(value * 10**places)
    whole, rest = divmod(abs(scaled), 10**places)
    digits = f"{rest:0{places}d}".rstrip("0")
    return f"{'-' if scaled < 0 else ''}{whole}{'.' if digits else ''}{digits}"


def merged(windows: Iterable[Window]) -> tuple[Window, ...]:
    """The union of half-open windows, in order. Raises ValueError for one that ends before it starts."""
    found: list[Window] = []
    for start, end in sorted((_utc(a), _utc(b)) for a, b in windows):
        if end < start:
            raise ValueError(f"a window ends before it starts: {start} to {end}")
        if start == end:
            continue
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return tuple(found)


def cut(windows: Iterable[Window], out: Iterable[Window]) -> tuple[Window, ...]:
    """What is left of the windows' union without the others'."""
    holes = merged(out)
    found: list[Window] = []
    for start, end in merged(windows):
        here = start
        for hole_start, hole_end in holes:
            if hole_end <= here or hole_start >= end:
                continue
            if hole_start > here:
                found.append((here, hole_start))
            here = max(here, hole_end)
        if here < end:
            found.append((here, end))
    return tuple(found)


def shared(windows: Iterable[Window], others: Iterable[Window]) -> tuple[Window, ...]:
    """Where both are."""
    here = merged(windows)
    return cut(here, cut(here, others))


def clipped(windows: Iterable[Window], bounds: Window) -> tuple[Window, ...]:
    """The parts of the windows that lie within the bounds."""
    low, high = bounds
    pairs = ((max(_utc(a), low), min(_utc(b), high)) for a, b in windows)
    return merged((a, b) for a, b in pairs if a < b)


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError(f"an instant without a zone: {moment}")
    return moment.astimezone(UTC)


def _length(windows: Iterable[Window]) -> Fraction:
    return sum((minutes(end - start) for start, end in merged(windows)), Fraction())


def credit(
    contracts: Sequence[Contract],
    year: int,
    month: int,
    outages: Sequence[Outage],
    maintenance: Iterable[Window] = (),
) -> Credit:
    """The credit a customer's contract owes for one month, by the version in force in it.

    `outages` are those of this customer's services; the order and the way they are split make no difference.
    `maintenance` is planned work that the contract excuses, whatever it was that was hit. Where something is unknown,
    the credit is computed at its least and at its most: if both fall into one tier it is certain, else it is not
    computable and says what is missing. Raises ValueError for outages that are nonsense.
    """
    contract, lacking = terms_in(contracts, year, month)
    if contract is None:
        return Credit(None, None, Fraction(), Fraction(), Fraction(), (), lacking)
    return _Month(contract, year, month, outages, tuple(maintenance)).credit()


def terms_in(contracts: Sequence[Contract], year: int, month: int) -> tuple[Contract | None, str]:
    """The version of a contract that counts for a month, else why none does.

    A version that begins or ends within the month, or gives way to other terms in it, is no answer: which of the terms
    then count is for people to say. A renewal of the same terms changes nothing.
    """
    first, last = date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1])
    force: list[tuple[Contract, date | None]] = []
    for version, following in itertools.zip_longest(contracts, contracts[1:]):
        ends = [version.end] if version.end else []
        ends += [following.start - timedelta(days=1)] if following is not None and following.start else []
        end = min(ends, default=None)
        if (version.start is None or version.start <= last) and (end is None or end >= first):
            force.append((version, end))
    if not contracts:
        return None, "the catalog holds no contract for this customer"
    if not force:
        return None, _outside(contracts, last)
    (begun, _), (latest, end) = force[0], force[-1]
    gap = any(a[1] and b[0].start and b[0].start - a[1] > timedelta(days=1) for a, b in itertools.pairwise(force))
    if begun.start is not None and begun.start > first:
        return None, f"the contract's terms (version {begun.version}) count only from {_day(begun.start)}"
    if gap or (end is not None and end < last):
        return None, f"the contract's terms (version {begun.version}) ended within the month"
    if len({(v.zone, v.mode, v.uptime, v.credits) for v, _ in force}) > 1:
        change = f"from version {begun.version} to version {latest.version}"
        return None, f"the contract's terms changed {change} within the month, on {_day(latest.start or first)}"
    if not latest.credits:
        return None, f"the contract (version {latest.version}) names no credits"
    return latest, ""


def _outside(contracts: Sequence[Contract], last: date) -> str:
    """Why no version counts in a month that ends on `last`."""
    ahead = next((c for c in contracts if c.start is not None and c.start > last), None)
    past = next((c for c in reversed(contracts) if c.end is not None and c.end < last), None)
    if ahead is not None and past is None:
        return f"the contract's terms (version {ahead.version}) count only from {_day(ahead.start or last)}"
    ended = past or contracts[-1]
    return f"the contract's terms (version {ended.version}) ended on {_day(ended.end or last)}"


class _Month:
    """One contract's month, worked out step by step."""

    def __init__(
        self, contract: Contract, year: int, month: int, outages: Sequence[Outage], maintenance: tuple[Window, ...]
    ) -> None:
        self.contract = contract
        self.title = f"{calendar.month_name[month]} {year}"
        self.zone = ZoneInfo(contract.zone)
        self.window = month_window(year, month, contract.zone)
        self.total = minutes(self.window[1] - self.window[0])
        self.work = clipped(maintenance, self.window)
        settled = [self.settled(o) for o in outages]
        self.outages = sorted((o for o in settled if self.counts(o)), key=self.order)
        self.known = [o for o in self.outages if o.start is not None and o.end is not None]
        self.vague = [o for o in self.outages if o.start is None or o.end is None]
        self.by_users = contract.mode == "user-minutes"

    def settled(self, outage: Outage) -> Outage:
        """The outage with the end or start that its length gives."""
        start, end = outage.start, outage.end
        if outage.length is not None and not outage.at_least:
            if start is not None and end is None:
                end = _utc(start) + outage.length
            elif end is not None and start is None:
                start = _utc(end) - outage.length
        if start is not None and end is not None and _utc(end) < _utc(start):
            raise ValueError(f"an outage ends before it starts: {start} to {end}")
        if outage.share is not None and not 0 <= outage.share <= 1:
            raise ValueError(f"a share of users lies between 0 and 1, not {outage.share}")
        return replace(outage, start=start, end=end)

    def weight(self, outage: Outage) -> tuple[Fraction, Fraction]:
        """How much a minute of it counts, at least and at most."""
        if not self.by_users:
            whole = Fraction(0) if outage.share == 0 else Fraction(1)
            return whole, whole
        return (Fraction(0), Fraction(1)) if outage.share is None else (outage.share, outage.share)

    def timed(self) -> tuple[Fraction, Fraction]:
        """Downtime of the outages with a start and an end, at least and at most.

        Where windows of one name overlap, the larger share counts. Where two outages overlap, their users may be the
        same or others: at least the larger share was hit, at most both.
        """
        spans = [(o, self.down(o, -o.slack), self.down(o, o.slack)) for o in self.known]
        edges = sorted({edge for _, sure, maybe in spans for window in (*sure, *maybe) for edge in window})
        least = most = Fraction()
        for start, end in itertools.pairwise(edges):
            lows: dict[str, Fraction] = {}
            highs: dict[str, Fraction] = {}
            for outage, sure, maybe in spans:
                low, high = self.weight(outage)
                if any(a <= start and end <= b for a, b in sure):
                    lows[outage.name] = max(low, lows.get(outage.name, low))
                if any(a <= start and end <= b for a, b in maybe):
                    highs[outage.name] = max(high, highs.get(outage.name, high))
            length = minutes(end - start)
            least += length * max(lows.values(), default=Fraction())
            most += length * min(Fraction(1), sum(highs.values(), Fraction()))
        return least, most

    def down(self, outage: Outage, slack: timedelta = timedelta()) -> tuple[Window, ...]:
        """When an outage with a start and an end counts in this month, each end moved out by `slack`."""
        assert outage.start is not None
        assert outage.end is not None
        start, end = outage.start - slack, outage.end + slack
        return cut(clipped([(start, end)], self.window), self.planned(outage)) if start < end else ()

    def planned(self, *outages: Outage) -> tuple[Window, ...]:
        """Planned work in this month that excuses every one of these outages."""
        found = merged([*self.work, *outages[0].excused])
        for other in outages[1:]:
            found = shared(found, [*self.work, *other.excused])
        return clipped(found, self.window)

    def span(self, outage: Outage) -> Window:
        """Between which instants a vague outage lies."""
        if outage.start is not None:
            start = _utc(outage.start)
            return start, max(start, min(self.window[1], _utc(outage.over_by) if outage.over_by else self.window[1]))
        if outage.end is not None:
            return min(_utc(outage.end), self.window[0]), _utc(outage.end)
        if outage.day is None:
            return self.window
        start, end = _day_window(outage.day, outage.zone or self.contract.zone)
        if outage.at_least:
            return start, max(end, min(self.window[1], _utc(outage.over_by) if outage.over_by else self.window[1]))
        if outage.length is not None and outage.length > end - start:
            return start, start + outage.length + (end - start)  # it began on that day, at an hour nobody knows
        return start, end

    def untimed(self) -> tuple[Fraction, Fraction]:
        """Downtime of the outages without a start or an end, beyond that of the timed ones, at least and at most."""
        timed = [window for o in self.known for window in self.down(o, o.slack)]
        least = most = Fraction()
        for group in self.groups():
            lows: list[Fraction] = [Fraction()]
            highs: list[Fraction] = []
            room: list[Window] = []
            for outage, span in group:
                low, high = self.weight(outage)
                inside = clipped([span], self.window)
                room.extend(inside)
                open_ = outage.length is None or outage.at_least
                length = _length(inside) if open_ or outage.length is None else minutes(outage.length)
                sure = Fraction() if outage.length is None else minutes(outage.length)
                sure -= minutes(span[1] - span[0]) - _length(inside)  # it may lie in another month
                sure -= _length(clipped([*timed, *self.planned(outage)], span))  # or where time is counted or excused
                lows.append(max(Fraction(), sure) * low)
                highs.append(min(length, _length(cut(inside, self.planned(outage)))) * high)
            least += max(lows)
            most += min(sum(highs, Fraction()), _length(cut(room, self.planned(*(o for o, _ in group)))))
        return least, most

    def groups(self) -> list[list[tuple[Outage, Window]]]:
        """The vague outages, those together that may overlap."""
        found: list[list[tuple[Outage, Window]]] = []
        reach = self.window[0]
        for span, outage in sorted(((self.span(o), o) for o in self.vague), key=lambda pair: pair[0]):
            if not clipped([span], self.window):
                continue
            if found and span[0] < reach:
                found[-1].append((outage, span))
            else:
                found.append([(outage, span)])
            reach = max(reach, span[1])
        return found

    def crossing(self, tier: Tier) -> Fraction:
        """Minutes of downtime above which a tier is reached."""
        return self.total * (100 - tier.below) / 100

    def tier(self, downtime: Fraction) -> Fraction:
        """The credit for so much downtime: that of the worst tier uptime lies strictly below."""
        return max((t.percent for t in self.contract.credits if downtime > self.crossing(t)), default=Fraction())

    def credit(self) -> Credit:
        timed_least, timed_most = self.timed()
        vague_least, vague_most = self.untimed()
        least = timed_least + vague_least
        most = min(timed_most + vague_most, self.total)
        exact = least == most
        uptime = (self.total - least) * 100 / self.total if exact else None
        same = self.tier(least) == self.tier(most)
        because = "" if same else self.because(least, most)
        percent = self.tier(least) if same else None
        steps = self.steps(least, most, percent, because)
        return Credit(percent, uptime, least, most, self.total, steps, because, tuple(self.thresholds()))

    def thresholds(self) -> Iterable[Fraction]:
        """The uptimes below which a credit is due."""
        return (t.below for t in self.contract.credits)

    def steps(self, least: Fraction, most: Fraction, percent: Fraction | None, because: str) -> tuple[str, ...]:
        lines = [
            f"{self.title} in {self.contract.zone}: {_count(self.total)} minutes.",
            f"Terms: version {self.contract.version}, {self.contract.mode}"
            + (f" ({self.contract.source})." if self.contract.source else "."),
        ]
        lines += [self.told(o) for o in self.outages]
        if planned := merged([*self.work, *(w for o in self.outages for w in self.planned(o))]):
            lines.append(f"Planned maintenance taken out: {_count(_length(planned))} minutes of the month.")
        if any(o.basis for o in self.outages):
            lines.append(f"Evidence: {EVIDENCE[max(o.rung for o in self.outages)]}.")
        if least == most:
            lines.append(f"Downtime, overlaps merged: {_count(least)} minutes.")
            lines.append(f"Uptime: ({_count(self.total)} − {_count(least)}) ÷ {_count(self.total)} = "
                         f"{uptime_words((self.total - least) * 100 / self.total, self.thresholds())} %.")  # fmt: skip
        else:
            lines.append(f"Downtime, overlaps merged: between {_count(least)} and {_count(most)} minutes.")
        lines += [
            f"Below {decimal(t.below, 3)} % is more than {_count(self.crossing(t))} minutes: {decimal(t.percent, 3)} %."
            for t in self.contract.credits
        ]
        lines.append(f"Result: {_credit(percent)}." if percent is not None else f"Not computable because {because}.")
        lines.append("A person must check whether this counts as downtime under the contract's clause.")
        return tuple(lines)

    def counts(self, outage: Outage) -> bool:
        """Whether an outage may lie in this month."""
        if outage.start is not None and outage.end is not None:
            return bool(clipped([(outage.start - outage.slack, outage.end + outage.slack)], self.window))
        return bool(clipped([self.span(outage)], self.window))

    def order(self, outage: Outage) -> tuple[datetime, datetime, str, Fraction]:
        start, end = (outage.start, outage.end) if outage.start and outage.end else self.span(outage)
        return _utc(start), _utc(end), outage.name, outage.share if outage.share is not None else Fraction(-1)

    def told(self, outage: Outage) -> str:
        """One outage as a step."""
        name = f"{outage.name}: " if outage.name else ""
        users = ""
        if self.by_users:
            known = "not known" if outage.share is None else f"{decimal(outage.share * 100, 3)} %"
            users = f", share of users {known}"
        basis = f" ({outage.basis})" if outage.basis else ""
        if outage.start is not None and outage.end is not None:
            inside = clipped([(outage.start, outage.end)], self.window)
            about = ", each known to the hour only" if outage.slack else ""
            span = f"{self.clock(outage.start)} to {self.clock(outage.end)}{about}"
            return f"{name}{span}, {_count(_length(inside))} minutes in the month{users}{basis}."
        when = "day not known" if outage.day is None else _day(outage.day)
        if outage.start is not None:
            when = f"from {self.clock(outage.start)}"
        elif outage.end is not None:
            when = f"until {self.clock(outage.end)}"
        known = "" if outage.length is None else f"{_count(minutes(outage.length))} minutes"
        length = f"{'at least ' if outage.at_least else ''}{known}" if known else "length not known"
        return f"{name}{when}, {length}{users}{basis}."

    def clock(self, moment: datetime) -> str:
        return f"{moment.astimezone(self.zone):%Y-%m-%d %H:%M %Z}"

    def because(self, least: Fraction, most: Fraction) -> str:
        """What is missing, and from where on it would matter."""
        named = list(dict.fromkeys(o.why for o in self.outages if o.why))
        timeless = [o for o in self.vague if not o.why and (o.length is None or o.at_least)]
        uncounted = [o for o in self.vague if not o.why and o.length is not None and not o.at_least]
        sharers = [o for o in self.outages if self.by_users and o.share is None]
        parts: list[str] = [*named]
        if timeless:
            parts.append(_windows(timeless))
        if any(o.slack for o in self.known) and not timeless:
            parts.append("the times are known to the hour only")
        if sharers:
            parts.append("the share of users is unknown")
        if uncounted and not parts:
            parts.append(
                "it is not known at what time of day the outages were, and they may overlap or lie in two months"
            )
        if not parts:
            parts.append("the outages overlap and it is not known whether they hit the same users")
        reached = [t for t in self.contract.credits if least <= self.crossing(t) < most]
        return f"{' and '.join(parts)}; {self.limits(reached, least, sharers if not timeless else [])}"

    def limits(self, reached: list[Tier], least: Fraction, sharers: list[Outage]) -> str:
        """From where on the unknown would matter, tier by tier."""
        if len(self.outages) == 1 and sharers:
            all_hit = replace(sharers[0], share=Fraction(1))
            full = _Month(self.contract, *self.month(), [all_hit], self.work).credit()
            if full.least == full.most:
                shares = ((self.crossing(t) * 100 / full.most, t) for t in reached)
                return ", ".join(f"above {decimal(s, 1)} % it is {decimal(t.percent, 3)} %" for s, t in shares)
        together = " together" if len(self.outages) > 1 else ""
        certain = f" ({_count(least)} are certain)" if least else ""
        lines = [f"{_count(self.crossing(t))} minutes{together} crosses {decimal(t.below, 3)} %" for t in reached]
        return f"more than {', more than '.join(lines)}{certain}"

    def month(self) -> tuple[int, int]:
        start = self.window[0].astimezone(self.zone)
        return start.year, start.month


def _windows(outages: list[Outage]) -> str:
    days = [o.day for o in outages if o.day is not None]
    one = len(outages) == 1 or (len(days) == len(outages) and len(set(days)) == 1)
    if len(days) == len(outages) <= _MOST_NAMED and not any(o.start or o.end for o in outages):
        return f"the window{'' if one else 's'} of {_days(days)} {'has' if one else 'have'} no start and end"
    return f"{'one window has' if one else f'{len(outages)} windows have'} no known start and end"


def _days(days: list[date]) -> str:
    """`3 and 7 September 2010`."""
    days = sorted(set(days))
    if len({(d.year, d.month) for d in days}) == 1 and len(days) > 1:
        numbers = [str(d.day) for d in days]
        return f"{', '.join(numbers[:-1])} and {numbers[-1]} {days[0]:%B %Y}"
    return " and ".join(_day(d) for d in days)


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def _count(value: Fraction) -> str:
    """Minutes for reading: 44,640 or 44.64."""
    text = decimal(value, 3)
    whole, dot, rest = text.partition(".")
    return f"{int(whole):,}{dot}{rest}"


def _credit(percent: Fraction) -> str:
    return f"a credit of {decimal(percent, 3)} %" if percent else "no credit"
