"""Quiet hours and mornings on a wall clock: over midnight, and where the clocks change."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.domain.hours import Hours, next_time, parse_clock, parse_hours

BERLIN, SYDNEY = ZoneInfo("Europe/Berlin"), ZoneInfo("Australia/Sydney")
NIGHT = Hours(time(22), time(7))


@pytest.mark.parametrize(
    ("now", "end"),
    [
        ("2026-11-20T21:00Z", "2026-11-21T06:00Z"),  # 22:00 in Berlin: the first minute counts
        ("2026-11-20T20:59Z", None),
        ("2026-11-21T05:59Z", "2026-11-21T06:00Z"),
        ("2026-11-21T06:00Z", None),  # 07:00: over
        ("2026-10-24T22:00Z", "2026-10-25T06:00Z"),  # the night with one hour more
        ("2026-03-28T22:00Z", "2026-03-29T05:00Z"),  # and with one less
    ],
)
def test_a_night_in_berlin(now: str, end: str | None) -> None:
    """Half-open, on the clock people see."""
    wanted = None if end is None else datetime.fromisoformat(end)
    assert NIGHT.until(datetime.fromisoformat(now), BERLIN) == wanted


def test_a_time_the_clocks_skipped_comes_an_hour_later_and_once() -> None:
    """02:30 on 4 October 2026 does not exist in Sydney; the day after it is 02:30 again."""
    before = datetime(2026, 10, 3, 15, tzinfo=UTC)
    first = next_time(before, time(2, 30), SYDNEY)
    assert first.astimezone(SYDNEY).strftime("%d %H:%M") == "04 03:30"
    assert next_time(first, time(2, 30), SYDNEY).astimezone(SYDNEY).strftime("%d %H:%M") == "05 02:30"


def test_a_time_that_comes_twice_is_said_the_first_time() -> None:
    """02:30 on 25 October 2026 comes twice in Berlin."""
    first = next_time(datetime(2026, 10, 24, 12, tzinfo=UTC), time(2, 30), BERLIN)
    assert first == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert next_time(first, time(2, 30), BERLIN) == datetime(2026, 10, 26, 1, 30, tzinfo=UTC)


def test_only_the_days_named() -> None:
    """After Friday's morning comes Monday's."""
    friday = datetime(2026, 11, 20, 9, tzinfo=UTC)
    assert next_time(friday, time(9), ZoneInfo("UTC"), frozenset(range(5))) == friday + timedelta(days=3)
    with pytest.raises(ValueError, match="no weekday"):
        next_time(friday, time(9), BERLIN, frozenset())


_INSTANTS = st.integers(1_767_225_600, 1_830_297_600).map(lambda second: datetime.fromtimestamp(second, UTC))


@given(_INSTANTS, st.times(), st.times())
def test_hours_end_when_a_clock_shows_their_end(now: datetime, start: time, end: time) -> None:
    """Whatever the hours and the day: the end lies ahead, within a day and an hour, and is not quiet itself."""
    start, end = start.replace(second=0, microsecond=0), end.replace(second=0, microsecond=0)
    if start == end:
        return
    hours = Hours(start, end)
    for zone in (BERLIN, SYDNEY):
        until = hours.until(now, zone)
        if until is not None:
            assert now < until <= now + timedelta(hours=25)
            again = hours.until(until, zone)
            assert again is None or again > until


@pytest.mark.parametrize(
    ("said", "hours"), [("22:00-07:00", "22:00-07:00"), ("22–7", "22:00-07:00"), ("9 - 17:30", "09:00-17:30")]
)
def test_hours_as_people_write_them(said: str, hours: str) -> None:
    """Dashes of any length, minutes if there are any."""
    assert str(parse_hours(said)) == hours


@pytest.mark.parametrize("said", ["", "22:00", "7-7", "25-7", "22:60-7", "24:30-7", "a-b", "22-7-9", "٢٢-٧"])
def test_what_are_no_hours(said: str) -> None:
    """Nothing is guessed."""
    assert parse_hours(said) is None


def test_midnight_may_be_called_24() -> None:
    """As on timetables."""
    assert parse_clock("24:00") == time(0)
    assert parse_clock("24:01") is None
