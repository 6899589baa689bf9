"""Credits: exact arithmetic, every step shown, and honest about what cannot be computed."""

import itertools
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.domain.catalog import Contract, Tier
from handlers.domain.credit import (
    EVIDENCE,
    Credit,
    Outage,
    credit,
    cut,
    decimal,
    merged,
    minutes,
    month_window,
    months_of,
)

TIERS = tuple(Tier(Fraction(b), Fraction(p)) for b, p in (("99.9", "25"), ("99", "50"), ("95", "100")))
"""Microsoft's tiers of 2012-13."""


def terms(
    mode: str = "tenant-minutes", zone: str = "America/Los_Angeles", start: date | None = None
) -> tuple[Contract]:
    return (Contract(version="2012-13", zone=zone, mode=mode, uptime=Fraction("99.9"), credits=TIERS, start=start),)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def timed(start: str, end: str, share: str | None = None, name: str = "") -> Outage:
    return Outage(start=at(start), end=at(end), share=None if share is None else Fraction(share), name=name)


def bounds(result: Credit) -> tuple[object, object]:
    return result.least, result.most


AUGUST = Outage(day=date(2010, 8, 23), length=timedelta(hours=2), name="INC-1")
SEPTEMBER = (Outage(day=date(2010, 9, 3), name="INC-2"), Outage(day=date(2010, 9, 7), name="INC-3"))


def test_two_hours_for_everybody_in_august_2010_earn_a_quarter() -> None:
    """120 of 44,640 minutes are 99.731 percent uptime, below 99.9: 25 percent."""
    result = credit(terms(), 2010, 8, [AUGUST])
    assert result.minutes == 44_640
    assert bounds(result) == (120, 120)
    assert result.uptime == Fraction(44_640 - 120, 44_640) * 100
    assert decimal(result.uptime, 3) == "99.731"
    assert result.percent == 25
    assert result.clause_check == "needs_human"


def test_user_minutes_without_the_share_of_users_are_not_computable() -> None:
    """The answer names the missing share and the 37.2 percent from which on a credit is due."""
    result = credit(terms("user-minutes"), 2010, 8, [AUGUST])
    assert result.percent is None
    assert not result.computable
    assert result.sentence == "Not computable because the share of users is unknown; above 37.2 % it is 25 %."


@pytest.mark.parametrize(("share", "percent"), [("0.372", 0), ("0.3721", 25), ("1", 25), ("0", 0)])
def test_user_minutes_count_the_share_of_users(share: str, percent: int) -> None:
    """37.2 percent of the users for two hours is exactly 99.9 percent uptime, which is not below it."""
    outage = Outage(day=AUGUST.day, length=AUGUST.length, share=Fraction(share))
    assert credit(terms("user-minutes"), 2010, 8, [outage]).percent == percent


def test_september_2010_is_not_computable_because_the_windows_have_no_times() -> None:
    """Both days are named, and how many minutes together would cross the first threshold."""
    result = credit(terms(), 2010, 9, SEPTEMBER)
    assert result.percent is None
    assert result.minutes == 43_200
    assert "the windows of 3 and 7 September 2010 have no start and end" in result.because
    assert "more than 43.2 minutes together crosses 99.9 %" in result.because


def test_an_unknown_that_cannot_matter_still_gives_an_answer() -> None:
    """Forty minutes of unknown users lie below the first threshold whoever was hit: no credit, for certain."""
    result = credit(terms("user-minutes"), 2010, 8, [Outage(day=AUGUST.day, length=timedelta(minutes=40))])
    assert result.percent == 0
    assert result.uptime is None
    assert result.sentence == "No credit, whatever is still unknown."


def test_the_steps_are_printed_one_by_one() -> None:
    """Month, terms, outage, downtime, uptime, tiers, result and the open clause stand in that order."""
    steps = credit(terms(), 2010, 8, [AUGUST]).steps
    assert steps[0] == "August 2010 in America/Los_Angeles: 44,640 minutes."
    assert "INC-1: 23 August 2010, 120 minutes." in steps
    assert "Uptime: (44,640 − 120) ÷ 44,640 = 99.731 %." in steps
    assert "Below 99.9 % is more than 44.64 minutes: 25 %." in steps
    assert "Below 95 % is more than 2,232 minutes: 100 %." in steps
    assert "person must check" in steps[-1]


def test_a_tier_needs_uptime_strictly_below_it() -> None:
    """Exactly 44.64 minutes are exactly 99.9 percent and earn nothing; one second more earns 25 percent."""
    start = at("2010-08-23T10:00-07:00")
    exact = timedelta(minutes=44, seconds=38, milliseconds=400)
    assert credit(terms(), 2010, 8, [Outage(start=start, length=exact)]).uptime == Fraction("99.9")
    assert credit(terms(), 2010, 8, [Outage(start=start, length=exact)]).percent == 0
    assert credit(terms(), 2010, 8, [Outage(end=start, length=exact + timedelta(seconds=1))]).percent == 25


@pytest.mark.parametrize(("down", "percent"), [(447, 50), (446, 25), (2233, 100), (2232, 50), (44_640, 100), (0, 0)])
def test_the_worst_tier_reached_counts(down: int, percent: int) -> None:
    """Each threshold is crossed by its own number of minutes."""
    outage = Outage(start=at("2010-08-01T00:00-07:00"), length=timedelta(minutes=down))
    assert credit(terms(), 2010, 8, [outage]).percent == percent


def test_overlapping_windows_count_once_and_touching_ones_add_up() -> None:
    """Windows are half-open: 10 to 11 and 11 to 12 are two hours, 10 to 12 and 11 to 13 are three."""
    touching = [timed("2026-05-04T10:00Z", "2026-05-04T11:00Z"), timed("2026-05-04T11:00Z", "2026-05-04T12:00Z")]
    overlapping = [timed("2026-05-04T10:00Z", "2026-05-04T12:00Z"), timed("2026-05-04T11:00Z", "2026-05-04T13:00Z")]
    assert credit(terms(), 2026, 5, touching).least == 120
    assert credit(terms(), 2026, 5, overlapping).most == 180


def test_overlapping_outages_of_different_users_are_bounded() -> None:
    """Thirty and forty percent at once are between forty and seventy percent of the users."""
    both = [
        timed("2026-05-04T10:00Z", "2026-05-04T20:00Z", "0.3", "INC-1"),
        timed("2026-05-04T10:00Z", "2026-05-04T20:00Z", "0.4", "INC-2"),
    ]
    result = credit(terms("user-minutes"), 2026, 5, both)
    assert bounds(result) == (240, 420)
    assert result.percent == 25


def test_overlapping_users_that_decide_the_tier_make_it_not_computable() -> None:
    """Where the overlap decides between two tiers the reason says so."""
    both = [
        timed("2026-05-04T10:00Z", "2026-05-04T20:00Z", "0.6", "INC-1"),
        timed("2026-05-04T10:00Z", "2026-05-04T20:00Z", "0.4", "INC-2"),
    ]
    result = credit(terms("user-minutes"), 2026, 5, both)
    assert result.percent is None
    assert "not known whether they hit the same users" in result.because


def test_planned_maintenance_is_taken_out_of_the_downtime() -> None:
    """Two hours down, one of them planned, are one hour; the month keeps its minutes."""
    work = [(at("2026-05-04T11:00Z"), at("2026-05-04T15:00Z"))]
    result = credit(terms(), 2026, 5, [timed("2026-05-04T10:00Z", "2026-05-04T12:00Z")], work)
    assert result.least == 60
    assert result.minutes == 44_640
    assert any("Planned maintenance" in step for step in result.steps)


def test_maintenance_on_the_day_of_an_untimed_outage_leaves_a_doubt() -> None:
    """Two hours somewhere in a day with one planned hour are between one hour and two."""
    work = [(at("2010-08-23T11:00-07:00"), at("2010-08-23T12:00-07:00"))]
    result = credit(terms(), 2010, 8, [AUGUST], work)
    assert bounds(result) == (60, 120)


def test_month_edges_are_those_of_the_contracts_zone() -> None:
    """An outage from 23:00 to 01:00 in Berlin on the last of May is an hour of May and an hour of June."""
    outage = [timed("2026-05-31T21:00Z", "2026-05-31T23:00Z")]
    berlin = terms(zone="Europe/Berlin")
    assert credit(berlin, 2026, 5, outage).least == 60
    assert credit(berlin, 2026, 6, outage).least == 60
    assert credit(terms(zone="UTC"), 2026, 5, outage).least == 120
    assert credit(terms(zone="UTC"), 2026, 6, outage).least == 0


@pytest.mark.parametrize(("month", "total"), [(3, 44_640 - 60), (10, 44_640 + 60), (5, 44_640), (2, 40_320)])
def test_a_month_with_a_clock_change_is_an_hour_shorter_or_longer(month: int, total: int) -> None:
    """In Berlin March 2026 lacks an hour and October 2026 has one more."""
    assert credit(terms(zone="Europe/Berlin"), 2026, month, []).minutes == total


def test_an_untimed_outage_on_the_day_of_the_clock_change_has_twenty_five_hours() -> None:
    """The most an unknown window on 25 October 2026 in Berlin can be is 25 hours."""
    result = credit(terms(zone="Europe/Berlin"), 2026, 10, [Outage(day=date(2026, 10, 25))])
    assert result.most == 25 * 60


def test_an_outage_of_another_month_counts_nothing() -> None:
    """Neither a timed nor an untimed outage of August touches September."""
    result = credit(terms(), 2010, 9, [AUGUST, timed("2010-08-01T10:00Z", "2010-08-01T20:00Z")])
    assert result.most == 0
    assert result.percent == 0
    assert not any("INC-1" in step for step in result.steps)


def test_an_outage_of_unknown_day_can_be_anywhere_in_the_month() -> None:
    """With nothing known but its length, two windows that may overlap leave a doubt."""
    vague = Outage(length=timedelta(hours=2))
    result = credit(terms(), 2026, 5, [vague, timed("2026-05-04T10:00Z", "2026-05-04T12:00Z")])
    assert bounds(result) == (120, 240)
    assert result.percent == 25


def test_an_outage_that_has_not_ended_is_not_computable() -> None:
    """A start alone says that a window has no known end."""
    result = credit(terms(), 2026, 5, [Outage(start=at("2026-05-04T10:00Z"))])
    assert result.percent is None
    assert "one window has no known start and end" in result.because


@pytest.mark.parametrize(
    ("contract", "reason"),
    [
        ((), "the catalog holds no contract"),
        ((Contract(version="1", zone="UTC"),), "names no credits"),
        (terms(start=date(2026, 6, 1)), "count only from 1 June 2026"),
    ],
)
def test_without_terms_for_the_month_there_is_a_reason_instead_of_a_number(
    contract: tuple[Contract, ...], reason: str
) -> None:
    """No contract, no tiers, and terms that began later are each said."""
    result = credit(contract, 2026, 5, [])
    assert result.percent is None
    assert reason in result.sentence


@pytest.mark.parametrize(
    "outage",
    [
        timed("2026-05-04T12:00Z", "2026-05-04T10:00Z"),
        timed("2026-05-04T10:00", "2026-05-04T12:00"),
        timed("2026-05-04T10:00Z", "2026-05-04T12:00Z", "1.5"),
    ],
)
def test_nonsense_is_a_bug_and_raises(outage: Outage) -> None:
    """A window that ends before it starts, a time without a zone, more than all users."""
    with pytest.raises(ValueError, match=r"ends before|without a zone|between 0 and 1"):
        credit(terms(), 2026, 5, [outage])


@pytest.mark.parametrize(
    ("value", "places", "text"),
    [("99.7311", 3, "99.731"), ("44640", 3, "44640"), ("-0.25", 1, "-0.2"), ("0.0004", 3, "0"), ("2/3", 2, "0.67")],
)
def test_numbers_are_rounded_only_when_shown(value: str, places: int, text: str) -> None:
    """Zeros at the end are left out."""
    assert decimal(Fraction(value), places) == text


ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"])
MINUTE = st.integers(min_value=-3_000, max_value=48_000)
WINDOWS = st.lists(st.tuples(MINUTE, st.integers(min_value=0, max_value=4_000)), max_size=8)
SHARES = st.fractions(min_value=0, max_value=1, max_denominator=10)


def outages(pairs: Sequence[tuple[int, int]], share: Fraction | None = None) -> list[Outage]:
    base = datetime(2026, 3, 1, tzinfo=UTC)
    return [
        Outage(start=base + timedelta(minutes=a), end=base + timedelta(minutes=a + n), share=share) for a, n in pairs
    ]


def numbers(result: Credit) -> tuple[object, ...]:
    return result.percent, result.uptime, result.least, result.most


@settings(max_examples=60, deadline=None)
@given(WINDOWS, ZONES, st.randoms(use_true_random=False))
def test_the_order_of_the_windows_makes_no_difference(pairs: list[tuple[int, int]], zone: str, rng: object) -> None:
    """Any order gives the same result and the same steps."""
    one = outages(pairs)
    other = list(one)
    rng.shuffle(other)  # type: ignore[attr-defined]  # hypothesis hands in a random.Random
    first, second = credit(terms(zone=zone), 2026, 3, one), credit(terms(zone=zone), 2026, 3, other)
    assert first == second


@settings(max_examples=60, deadline=None)
@given(WINDOWS, ZONES, SHARES, st.sampled_from(["tenant-minutes", "user-minutes"]), st.integers(1, 7))
def test_splitting_a_window_makes_no_difference(
    pairs: list[tuple[int, int]], zone: str, share: Fraction, mode: str, parts: int
) -> None:
    """[a, b) is [a, m) and [m, b), in either mode."""
    pieces = []
    for start, length in pairs:
        cuts = [start + length * n // parts for n in range(parts + 1)]
        pieces += [(a, b - a) for a, b in itertools.pairwise(cuts)]
    whole = credit(terms(mode, zone), 2026, 3, outages(pairs, share))
    split = credit(terms(mode, zone), 2026, 3, outages(pieces, share))
    assert numbers(whole) == numbers(split)


@settings(max_examples=60, deadline=None)
@given(WINDOWS, WINDOWS, ZONES)
def test_more_downtime_never_earns_less(pairs: list[tuple[int, int]], more: list[tuple[int, int]], zone: str) -> None:
    """Adding windows lowers the uptime or leaves it, within 0 and 100 percent."""
    few = credit(terms(zone=zone), 2026, 3, outages(pairs))
    many = credit(terms(zone=zone), 2026, 3, outages([*pairs, *more]))
    assert few.uptime is not None
    assert many.uptime is not None
    assert 0 <= many.uptime <= few.uptime <= 100
    assert few.percent is not None
    assert many.percent is not None
    assert few.percent <= many.percent


@settings(max_examples=60, deadline=None)
@given(WINDOWS, WINDOWS)
def test_what_is_cut_out_and_what_is_left_make_the_whole(
    pairs: list[tuple[int, int]], holes: list[tuple[int, int]]
) -> None:
    """Minute by minute, a window less its holes holds exactly the minutes of the one that are not of the other."""
    spans = [(o.start, o.end) for o in outages(pairs) if o.start and o.end]
    out = [(o.start, o.end) for o in outages(holes) if o.start and o.end]
    left = sum((minutes(b - a) for a, b in cut(spans, out)), Fraction())
    taken = {m for a, n in holes for m in range(a, a + n)}
    assert left == len({m for a, n in pairs for m in range(a, a + n)} - taken)
    assert merged(cut(spans, out)) == cut(spans, out)


@settings(max_examples=60, deadline=None)
@given(st.integers(1990, 2037), st.integers(1, 12), ZONES)
def test_months_follow_each_other_without_gap_or_overlap(year: int, month: int, zone: str) -> None:
    """The end of a month is the start of the next, and both are midnights of the zone."""
    after = (year + 1, 1) if month == 12 else (year, month + 1)
    start, end = month_window(year, month, zone)
    assert end == month_window(*after, zone)[0]
    assert start.astimezone(ZoneInfo(zone)).timetuple()[:5] == (year, month, 1, 0, 0)


# --- against a reckoning minute by minute -----------------------------------------------------------------------------
MONTHS = (
    ("UTC", 2024, 2, 29 * 1440),
    ("Asia/Kolkata", 2026, 5, 31 * 1440),
    ("Europe/Berlin", 2026, 10, 31 * 1440 + 60),
    ("America/New_York", 2026, 3, 31 * 1440 - 60),
    ("Australia/Sydney", 2026, 4, 30 * 1440 + 60),
    ("Australia/Sydney", 2026, 10, 31 * 1440 - 60),
    ("Australia/Lord_Howe", 2026, 4, 30 * 1440 + 30),
    ("Australia/Lord_Howe", 2026, 10, 31 * 1440 - 30),
    ("America/Havana", 2026, 10, 31 * 1440),
    ("America/Havana", 2026, 11, 30 * 1440 + 60),
    ("America/Asuncion", 2017, 10, 31 * 1440 - 60),
)
"""Zone, year, month, and its minutes by the clocks of that place: in Havana the hour after midnight on 1 November comes
twice, in Asunción 1 October 2017 began at one o'clock."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@cache
def the_months_minutes(zone: str, year: int, month: int) -> frozenset[int]:
    """The minutes since 1970 that a calendar in that place shows in that month, asked one by one."""
    place = ZoneInfo(zone)
    first = int((datetime(year, month, 1, tzinfo=UTC) - EPOCH) / timedelta(minutes=1)) - 1440
    found = (EPOCH + timedelta(minutes=m) for m in range(first, first + 34 * 1440))
    return frozenset(
        int((at - EPOCH) / timedelta(minutes=1))
        for at in found
        if (at.astimezone(place).year, at.astimezone(place).month) == (year, month)
    )


def paid(down: Fraction, total: int) -> Fraction:
    """What Microsoft's tiers pay, said another way: by the uptime that is left."""
    uptime = 100 - down * 100 / total
    return next((Fraction(p) for b, p in (("95", 100), ("99", 50), ("99.9", 25)) if uptime < Fraction(b)), Fraction())


@pytest.mark.parametrize(("zone", "year", "month", "total"), MONTHS)
def test_a_month_has_the_minutes_its_clocks_show(zone: str, year: int, month: int, total: int) -> None:
    """Also where clocks change by half an hour, at midnight, or on the first of the month."""
    assert credit(terms(zone=zone), year, month, []).minutes == total == len(the_months_minutes(zone, year, month))
    start, end = month_window(year, month, zone)
    assert (start - EPOCH) / timedelta(minutes=1) == min(the_months_minutes(zone, year, month))
    assert (end - EPOCH) / timedelta(minutes=1) == max(the_months_minutes(zone, year, month)) + 1


SPANS = st.lists(st.tuples(st.integers(-2_000, 46_000), st.integers(0, 3_000), SHARES), max_size=6)


def at_minutes(zone: str, year: int, month: int, spans: Sequence[tuple[int, int, Fraction]]) -> list[Outage]:
    """Outages so many minutes after the beginning of a month, and so long."""
    base = EPOCH + timedelta(minutes=min(the_months_minutes(zone, year, month)))
    return [
        Outage(start=base + timedelta(minutes=a), end=base + timedelta(minutes=a + n), share=share)
        for a, n, share in spans
    ]


def minutes_of(outage: Outage) -> range:
    """Its minutes since 1970."""
    assert outage.start is not None
    assert outage.end is not None
    return range(int((outage.start - EPOCH) / timedelta(minutes=1)), int((outage.end - EPOCH) / timedelta(minutes=1)))


@settings(max_examples=150)
@given(st.sampled_from(MONTHS), SPANS, SPANS)
def test_tenant_minutes_are_those_counted_one_by_one(
    where: tuple[str, int, int, int],
    down: list[tuple[int, int, Fraction]],
    work: list[tuple[int, int, Fraction]],
) -> None:
    """Each minute in the month, in a window and in no maintenance counts once, whatever the order and the overlaps."""
    zone, year, month, total = where
    hit = [(a, n, Fraction(1)) for a, n, _ in down]
    outages_ = at_minutes(zone, year, month, hit)
    planned = [(o.start, o.end) for o in at_minutes(zone, year, month, work) if o.start and o.end]
    result = credit(terms(zone=zone), year, month, outages_, planned)
    counted = {m for o in outages_ for m in minutes_of(o)} & the_months_minutes(zone, year, month)
    counted -= {m for o in at_minutes(zone, year, month, work) for m in minutes_of(o)}
    assert bounds(result) == (len(counted), len(counted))
    assert result.percent == paid(Fraction(len(counted)), total)


@settings(max_examples=150)
@given(st.sampled_from(MONTHS), SPANS)
def test_user_minutes_are_those_counted_one_by_one(
    where: tuple[str, int, int, int], down: list[tuple[int, int, Fraction]]
) -> None:
    """Of overlapping windows of one outage the larger share of users counts, minute for minute."""
    zone, year, month, total = where
    outages_ = at_minutes(zone, year, month, down)
    result = credit(terms("user-minutes", zone), year, month, outages_)
    share: dict[int, Fraction] = {}
    for outage in outages_:
        for minute in minutes_of(outage):
            if minute in the_months_minutes(zone, year, month):
                share[minute] = max(share.get(minute, Fraction()), outage.share or Fraction())
    counted = sum(share.values(), Fraction())
    assert bounds(result) == (counted, counted)
    assert result.percent == paid(counted, total)


@settings(max_examples=150)
@given(st.sampled_from(MONTHS), st.data())
def test_what_is_not_known_lies_between_the_bounds(where: tuple[str, int, int, int], data: st.DataObject) -> None:
    """Wherever outages known only by day, length or rounded times really were, the downtime is within the bounds."""
    zone, year, month, total = where
    days = data.draw(st.lists(st.integers(1, 28), min_size=1, max_size=3))
    told: list[Outage] = []
    truth: set[int] = set()
    for day in days:
        midnight = datetime(year, month, day, tzinfo=ZoneInfo(zone)).astimezone(UTC)
        begin = midnight + timedelta(minutes=data.draw(st.integers(0, 1_300)))
        length = timedelta(minutes=data.draw(st.integers(1, 130)))
        truth |= set(minutes_of(Outage(start=begin, end=begin + length)))
        rounded = begin.replace(minute=0) + timedelta(hours=begin.minute >= 30)
        last = (begin + length).replace(minute=0) + timedelta(hours=(begin + length).minute >= 30)
        known = [
            Outage(start=begin, end=begin + length),
            Outage(day=date(year, month, day), length=length),
            Outage(day=date(year, month, day), length=length / 2, at_least=True),
            Outage(start=begin),
            Outage(end=begin + length),
        ]
        if rounded < last:
            known.append(Outage(start=rounded, end=last, slack=timedelta(minutes=30)))
        told.append(data.draw(st.sampled_from(known)))
    work = [(told_at, told_at + timedelta(minutes=45)) for told_at in [midnight + timedelta(hours=3)]]
    result = credit(terms(zone=zone), year, month, told, work)
    real = truth & the_months_minutes(zone, year, month)
    real -= set(minutes_of(Outage(start=work[0][0], end=work[0][1])))
    assert result.least <= len(real) <= result.most
    if result.percent is not None:
        assert result.percent == paid(Fraction(len(real)), total)


@settings(max_examples=60)
@given(WINDOWS, ZONES, st.integers(-700, 700))
def test_two_months_hold_what_lies_across_their_edge(pairs: list[tuple[int, int]], zone: str, shift: int) -> None:
    """What February, March and April count of windows around March is their whole length, once."""
    moved = [(a + shift, n) for a, n in pairs]
    months = [credit(terms(zone=zone), 2026, m, outages(moved)).least for m in (2, 3, 4)]
    assert sum(months) == sum((minutes(b - a) for a, b in merged((o.start, o.end) for o in outages(moved) if o.start and o.end)), Fraction())  # fmt: skip


# --- versions of a contract, evidence ---------------------------------------------------------------------------------
def version(name: str, start: str = "", end: str = "", percent: int = 25, zone: str = "UTC") -> Contract:
    return Contract(
        version=name,
        zone=zone,
        credits=(Tier(Fraction("99.9"), Fraction(percent)),),
        start=date.fromisoformat(start) if start else None,
        end=date.fromisoformat(end) if end else None,
    )


@pytest.mark.parametrize(
    ("versions", "month", "counts"),
    [
        ([version("a"), version("b", "2026-06-01", percent=30)], 5, "a"),
        ([version("a"), version("b", "2026-06-01", percent=30)], 6, "b"),
        ([version("a"), version("b", "2026-06-01", percent=30), version("c", "2026-07-01")], 6, "b"),
        ([version("a"), version("b", "2026-05-15", percent=30)], 5, "changed from version a to version b within the"),
        ([version("a"), version("b", "2026-05-15", percent=30)], 6, "b"),
        ([version("a"), version("b", "2026-05-15")], 5, "b"),
        ([version("a", end="2026-05-31"), version("b", "2026-06-01", percent=30)], 5, "a"),
        ([version("a", end="2026-05-30"), version("b", "2026-06-01", percent=30)], 5, "(version a) ended within the"),
        ([version("a", end="2026-05-10"), version("b", "2026-05-20")], 5, "(version a) ended within the month"),
        ([version("a", "2026-05-02")], 5, "(version a) count only from 2 May 2026"),
        ([version("a", "2026-06-01"), version("b", "2026-07-01")], 5, "(version a) count only from 1 June 2026"),
        ([version("a", end="2026-04-30")], 5, "(version a) ended on 30 April 2026"),
        ([version("a", end="2026-05-01")], 5, "(version a) ended within the month"),
        ([version("a", end="2026-04-30"), version("b", "2026-06-01")], 5, "(version a) ended on 30 April 2026"),
        ([Contract(version="a", zone="UTC"), version("b", "2026-06-01")], 5, "(version a) names no credits"),
    ],
)
def test_the_terms_in_force_in_a_month_count(versions: list[Contract], month: int, counts: str) -> None:
    """One version, or the reason why none; a renewal of the same terms is no change."""
    outage = [timed("2026-05-04T10:00Z", "2026-05-04T20:00Z"), timed("2026-06-04T10:00Z", "2026-06-04T20:00Z")]
    result = credit(versions, 2026, month, outage)
    if len(counts) == 1:
        assert result.percent == next(v for v in versions if v.version == counts).credits[0].percent
        assert f"Terms: version {counts}, tenant-minutes." in result.steps
    else:
        assert result.percent is None
        assert counts in result.sentence


def test_an_uptime_beside_a_threshold_is_shown_beside_it() -> None:
    """99.89996 % is below 99.9 % and is not shown as 99.9 %."""
    outage = [Outage(start=at("2026-05-04T10:00Z"), length=timedelta(minutes=44, seconds=39))]
    result = credit(terms(), 2026, 5, outage)
    assert result.percent == 25
    assert result.sentence.startswith("Uptime 99.89998 %: a credit of 25 %")
    assert any("= 99.89998 %." in step for step in result.steps)


def test_times_known_to_the_hour_leave_half_an_hour_at_each_end() -> None:
    """From 10 to 12 is between one hour and three; the answer says what would settle it."""
    outage = timed("2026-05-04T10:00Z", "2026-05-04T12:00Z")
    result = credit(terms(), 2026, 5, [replace(outage, slack=timedelta(minutes=30))])
    assert bounds(result) == (60, 180)
    assert result.percent == 25
    short = replace(timed("2026-05-04T10:00Z", "2026-05-04T11:00Z"), slack=timedelta(minutes=30))
    doubtful = credit(terms(), 2026, 5, [short])
    assert bounds(doubtful) == (0, 120)
    assert doubtful.because.startswith("the times are known to the hour only; more than 44.64 minutes")


def test_what_lasted_at_least_so_long_is_certain_so_far() -> None:
    """Two hours at least cross the first threshold for certain, and perhaps the second."""
    outage = Outage(start=at("2026-05-04T10:00Z"), length=timedelta(hours=2), at_least=True)
    result = credit(terms(), 2026, 5, [outage])
    assert result.least == 120
    assert result.percent is None
    assert "(120 are certain)" in result.because
    over = credit(terms(), 2026, 5, [replace(outage, over_by=at("2026-05-04T15:00Z"))])
    assert bounds(over) == (120, 300)
    assert over.percent == 25


def test_work_on_what_an_outage_hit_excuses_that_outage_alone() -> None:
    """Another outage at the same time counts in full."""
    night = (at("2026-05-04T10:00Z"), at("2026-05-04T12:00Z"))
    excused = replace(timed("2026-05-04T10:00Z", "2026-05-04T13:00Z"), excused=(night,), name="INC-1")
    other = timed("2026-05-04T11:00Z", "2026-05-04T11:30Z", name="INC-2")
    assert credit(terms(), 2026, 5, [excused]).least == 60
    assert credit(terms(), 2026, 5, [excused, other]).least == 90
    vague = Outage(day=date(2026, 5, 4), length=timedelta(hours=3), excused=(night,))
    assert bounds(credit(terms(), 2026, 5, [vague])) == (60, 180)
    whole_day = [Outage(day=date(2026, 5, 4), excused=(night,)), Outage(day=date(2026, 5, 4), name="INC-2")]
    assert credit(terms(), 2026, 5, whole_day[:1]).most == 22 * 60
    assert credit(terms(), 2026, 5, whole_day).most == 24 * 60


def test_a_day_is_that_of_the_zone_it_was_told_in() -> None:
    """31 May in Los Angeles reaches into June in Berlin."""
    berlin = terms(zone="Europe/Berlin")
    outage = Outage(day=date(2026, 5, 31), zone="America/Los_Angeles")
    assert months_of(outage, berlin) == ((2026, 5), (2026, 6))
    assert credit(berlin, 2026, 5, [outage]).most == 15 * 60
    assert credit(berlin, 2026, 6, [outage]).most == 9 * 60
    assert months_of(replace(outage, zone=""), berlin) == ((2026, 5),)
    ten = replace(outage, length=timedelta(hours=10))
    assert bounds(credit(berlin, 2026, 5, [ten])) == (60, 600)  # nine hours of it may lie in June
    assert bounds(credit(berlin, 2026, 6, [ten])) == (0, 540)


@pytest.mark.parametrize(
    ("outage", "months"),
    [
        (timed("2026-05-31T23:00Z", "2026-06-01T00:00Z"), ((2026, 5),)),
        (timed("2026-05-31T23:00Z", "2026-06-01T00:01Z"), ((2026, 5), (2026, 6))),
        (timed("2026-12-31T23:00Z", "2027-02-01T00:01Z"), ((2026, 12), (2027, 1), (2027, 2))),
        (Outage(start=at("2026-05-31T23:00Z"), length=timedelta(hours=2)), ((2026, 5), (2026, 6))),
        (Outage(end=at("2026-06-01T01:00Z"), length=timedelta(hours=2)), ((2026, 5), (2026, 6))),
        (Outage(start=at("2026-05-31T23:00Z")), ((2026, 5),)),
        (Outage(length=timedelta(hours=2)), ()),
    ],
)
def test_the_months_an_outage_may_lie_in(outage: Outage, months: tuple[tuple[int, int], ...]) -> None:
    """Half-open: one that ends at midnight is none of the next month."""
    assert months_of(outage, terms(zone="UTC")) == months
    assert months_of(outage, ()) == months


def test_the_weakest_evidence_is_named() -> None:
    """A result is as good as the least known of its windows."""
    good = replace(timed("2026-05-04T10:00Z", "2026-05-04T12:00Z", name="INC-1"), basis="F1 window; confirmed", rung=0)
    weak = Outage(day=date(2026, 5, 5), length=timedelta(hours=1), basis="F1 window, F2 duration", rung=3, name="INC-2")
    steps = credit(terms(), 2026, 5, [good, weak]).steps
    assert "Evidence: a day and a length." in steps
    assert any(s.startswith("INC-1: 2026-05-04 03:00 PDT to") and s.endswith("(F1 window; confirmed).") for s in steps)
    other = Outage(day=date(2026, 8, 5), basis="x", rung=4)
    assert f"Evidence: {EVIDENCE[0]}." in credit(terms(), 2026, 5, [good, other]).steps
