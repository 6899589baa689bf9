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


@dataclass(frozen=True, slots=True)
class Outage:
    """One impact window as the fact ledger knows it; whatever is not known is None.

    `start` and `end` are aware instants, `day` a calendar day read in the contract's zone, `length` how long it lasted,
    `share` the part of the customer's users that was hit (0 to 1). `name` says which outage it was, for the steps.
    """

    start: datetime | None = None
    end: datetime | None = None
    day: date | None = None
    length: timedelta | None = None
    share: Fraction | None = None
    name: str = ""


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
        return f"Uptime {decimal(self.uptime, 3)} %: {_credit(self.percent)}."


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
    contract: Contract | None,
    year: int,
    month: int,
    outages: Sequence[Outage],
    maintenance: Iterable[Window] = (),
) -> Credit:
    """The credit one contract owes for one month.

    `outages` are those of this customer's services; the order and the way they are split make no difference.
    `maintenance` is planned work that the contract excuses. Where something is unknown, the credit is computed at its
    least and at its most: if both fall into one tier it is certain, else it is not computable and says what is missing.
    """
    lacking = _lacking(contract, year, month)
    if contract is None or lacking:
        return Credit(None, None, Fraction(), Fraction(), Fraction(), (), lacking)
    return _Month(contract, year, month, outages, tuple(maintenance)).credit()


def _lacking(contract: Contract | None, year: int, month: int) -> str:
    if contract is None:
        return "the catalog holds no contract for this customer"
    if not contract.credits:
        return f"the contract (version {contract.version}) names no credits"
    if contract.start and contract.start > date(year, month, 1):
        return f"the contract's terms (version {contract.version}) count only from {_day(contract.start)}"
    return ""


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
        self.outages = [self.settled(o) for o in outages]
        self.known = [o for o in self.outages if o.start is not None and o.end is not None]
        self.vague = [o for o in self.outages if o.start is None or o.end is None]
        self.by_users = contract.mode == "user-minutes"

    def settled(self, outage: Outage) -> Outage:
        """The outage with the end or start that its length gives."""
        start, end = outage.start, outage.end
        if outage.length is not None:
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
        spans = [(o, cut(clipped([(o.start, o.end)], self.window), self.work)) for o in self.known if o.start and o.end]
        edges = sorted({edge for _, windows in spans for window in windows for edge in window})
        least = most = Fraction()
        for start, end in itertools.pairwise(edges):
            lows: dict[str, Fraction] = {}
            highs: dict[str, Fraction] = {}
            for outage, windows in spans:
                if any(a <= start and end <= b for a, b in windows):
                    low, high = self.weight(outage)
                    lows[outage.name] = max(low, lows.get(outage.name, low))
                    highs[outage.name] = max(high, highs.get(outage.name, high))
            if lows:
                length = minutes(end - start)
                least += length * max(lows.values())
                most += length * min(Fraction(1), sum(highs.values(), Fraction()))
        return least, most

    def span(self, outage: Outage) -> Window:
        """Between which instants a vague outage lies."""
        if outage.start is not None:
            return _utc(outage.start), max(_utc(outage.start), self.window[1])
        if outage.end is not None:
            return min(_utc(outage.end), self.window[0]), _utc(outage.end)
        if outage.day is None:
            return self.window
        day = outage.day
        start = datetime(day.year, day.month, day.day, tzinfo=self.zone).astimezone(UTC)
        after = day + timedelta(days=1)
        end = datetime(after.year, after.month, after.day, tzinfo=self.zone).astimezone(UTC)
        if outage.length is not None and outage.length > end - start:
            return start, end + outage.length
        return start, end

    def untimed(self) -> tuple[Fraction, Fraction]:
        """Downtime of the outages without a start or an end, beyond that of the timed ones, at least and at most."""
        timed = [(o.start, o.end) for o in self.known if o.start and o.end]
        least = most = Fraction()
        for group in self.groups():
            lows: list[Fraction] = [Fraction()]
            highs: list[Fraction] = []
            room: list[Window] = []
            for outage, span in group:
                low, high = self.weight(outage)
                inside = clipped([span], self.window)
                room.extend(inside)
                length = _length(inside) if outage.length is None else min(minutes(outage.length), _length(inside))
                sure = Fraction() if outage.length is None else minutes(outage.length)
                sure -= minutes(span[1] - span[0]) - _length(inside)  # it may lie in another month
                sure -= _length(clipped([*timed, *self.work], (span[0], span[1])))  # or where time is counted already
                lows.append(max(Fraction(), sure) * low)
                highs.append(length * high)
            least += max(lows)
            most += min(sum(highs, Fraction()), _length(cut(room, self.work)))
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
        return Credit(percent, uptime, least, most, self.total, self.steps(least, most, percent, because), because)

    def steps(self, least: Fraction, most: Fraction, percent: Fraction | None, because: str) -> tuple[str, ...]:
        lines = [
            f"{self.title} in {self.contract.zone}: {_count(self.total)} minutes.",
            f"Terms: version {self.contract.version}, {self.contract.mode}"
            + (f" ({self.contract.source})." if self.contract.source else "."),
        ]
        lines += [self.told(o) for o in sorted(self.outages, key=self.order) if self.counts(o)]
        if self.work:
            lines.append(f"Planned maintenance taken out: {_count(_length(self.work))} minutes of the month.")
        if least == most:
            lines.append(f"Downtime, overlaps merged: {_count(least)} minutes.")
            lines.append(f"Uptime: ({_count(self.total)} − {_count(least)}) ÷ {_count(self.total)} = "
                         f"{decimal((self.total - least) * 100 / self.total, 3)} %.")  # fmt: skip
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
        if outage.start is not None and outage.end is not None:
            return bool(clipped([(outage.start, outage.end)], self.window))
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
        if outage.start is not None and outage.end is not None:
            inside = clipped([(outage.start, outage.end)], self.window)
            span = f"{self.clock(outage.start)} to {self.clock(outage.end)}"
            return f"{name}{span}, {_count(_length(inside))} minutes in the month{users}."
        when = "day not known" if outage.day is None else _day(outage.day)
        if outage.start is not None:
            when = f"from {self.clock(outage.start)}"
        elif outage.end is not None:
            when = f"until {self.clock(outage.end)}"
        length = "length not known" if outage.length is None else f"{_count(minutes(outage.length))} minutes"
        return f"{name}{when}, {length}{users}."

    def clock(self, moment: datetime) -> str:
        return f"{moment.astimezone(self.zone):%Y-%m-%d %H:%M %Z}"

    def because(self, least: Fraction, most: Fraction) -> str:
        """What is missing, and from where on it would matter."""
        timeless = [o for o in self.vague if o.length is None and self.counts(o)]
        uncounted = [o for o in self.vague if o.length is not None and self.counts(o)]
        sharers = [o for o in self.outages if self.by_users and o.share is None and self.counts(o)]
        parts: list[str] = []
        if timeless:
            parts.append(_windows(timeless))
        if sharers:
            parts.append("the share of users is unknown")
        if uncounted and not timeless and not sharers:
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
