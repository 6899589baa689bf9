"""Durations, dates, times, zones and windows, as people type them."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.domain.errors import Refused
from handlers.domain.when import (
    Due,
    Unreadable,
    Window,
    local_to_utc,
    looks_like_date,
    parse_due,
    parse_duration,
    parse_moment,
    parse_window,
    parse_zone,
    write_day,
    write_duration,
)

NOW = datetime(2026, 3, 13, 14, 30, tzinfo=UTC)  # a Friday; 15:30 in Berlin
BERLIN = ZoneInfo("Europe/Berlin")


def utc(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("30m", 30), ("1h 30m", 90), ("90 minutes", 90), ("2h", 120), ("half an hour", 30), ("Half An Hour", 30),
        ("4 h", 240), ("1h30", 90), ("1.5h", 90), ("90s", 1.5), ("1m", 1), ("15 min.", 15), ("an hour", 60),
        ("an hour and a half", 90), ("1h and 30 minutes", 90), ("one hour, 5 minutes", 65), ("7d", 10080),
        ("2 weeks", 20160), ("forty-five minutes", 45), ("30-minutes", 30),
    ],
)  # fmt: skip
def test_durations(text: str, minutes: float) -> None:
    """A length of time in any usual spelling."""
    assert parse_duration(text) == timedelta(minutes=minutes)


@pytest.mark.parametrize(
    "text",
    ["", "x", "30", "30s", "0m", "-5m", "5 5", "1m 1m", "99999999d", "4000 days", "1.5s", "ad", "m", "1h m", "１h"],
)
def test_no_durations(text: str) -> None:
    """Anything else is refused with a sentence, as is less than a minute."""
    with pytest.raises(Unreadable) as fault:
        parse_duration(text)
    assert fault.value.sentence.endswith(".")


@given(st.integers(60, 10**8))
def test_durations_round_trip(seconds: int) -> None:
    """What is written is read back, to the second."""
    length = timedelta(seconds=seconds)
    assert parse_duration(write_duration(length)) == length


def test_written_durations() -> None:
    """The shortest spelling is written."""
    assert [write_duration(timedelta(minutes=n)) for n in (0, 30, 60, 90, 1440, 1501)] == [
        "0m", "30m", "1h", "1h 30m", "1d", "1d 1h 1m",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "window"),
    [
        ("2010-08-23", Window(day=date(2010, 8, 23))),
        ("23 August 2010", Window(day=date(2010, 8, 23))),
        ("Tuesday, September 7th, 2010", Window(day=date(2010, 9, 7))),
        ("7 Sep 2010 afternoon", Window(day=date(2010, 9, 7), part="afternoon")),
        ("afternoon of 7 September 2010", Window(day=date(2010, 9, 7), part="afternoon")),
        ("2010-09-07 in the morning PDT", Window(day=date(2010, 9, 7), part="morning", zone="PDT")),
        (
            "2010-09-07T14:02-07:00/2010-09-07T15:10-07:00",
            Window(utc(2010, 9, 7, 21, 2), utc(2010, 9, 7, 22, 10), zone="UTC-07:00"),
        ),
        ("2010-09-07T14:02Z/15:10", Window(utc(2010, 9, 7, 14, 2), utc(2010, 9, 7, 15, 10), zone="UTC")),
        ("2010-09-07T14:02/2010-09-07T15:10", Window(utc(2010, 9, 7, 12, 2), utc(2010, 9, 7, 13, 10))),
        ("2010-09-07 14:02–15:10 CEST", Window(utc(2010, 9, 7, 12, 2), utc(2010, 9, 7, 13, 10), zone="CEST")),
        ("2010-09-07 14:02 - 15:10 PDT", Window(utc(2010, 9, 7, 21, 2), utc(2010, 9, 7, 22, 10), zone="PDT")),
        (
            "2010-09-07 14:02–15:10 America/Los_Angeles",
            Window(utc(2010, 9, 7, 21, 2), utc(2010, 9, 7, 22, 10), zone="America/Los_Angeles"),
        ),
        ("2010-09-07 23:50–00:20 UTC", Window(utc(2010, 9, 7, 23, 50), utc(2010, 9, 8, 0, 20), zone="UTC")),
        (
            "2010-09-07 14:02–2010-09-08 15:10 UTC",
            Window(utc(2010, 9, 7, 14, 2), utc(2010, 9, 8, 15, 10), zone="UTC"),
        ),
        ("from 14:02 to 15:10 CET", Window(utc(2026, 3, 13, 13, 2), utc(2026, 3, 13, 14, 10), zone="CET")),
        ("14:02–15:10", Window(utc(2026, 3, 13, 13, 2), utc(2026, 3, 13, 14, 10))),
        ("16:00–17:00", Window(utc(2026, 3, 12, 15), utc(2026, 3, 12, 16))),  # today's is yet to come
        ("23:50–00:20", Window(utc(2026, 3, 12, 22, 50), utc(2026, 3, 12, 23, 20))),
        ("9am to 10:15am", Window(utc(2026, 3, 13, 8), utc(2026, 3, 13, 9, 15))),
        ("14:02", Window(utc(2026, 3, 13, 13, 2))),
        ("14:02 yesterday", Window(utc(2026, 3, 12, 13, 2))),
        ("yesterday 14:02 until 15:00", Window(utc(2026, 3, 12, 13, 2), utc(2026, 3, 12, 14))),
        ("2010-09-07 14:02 UTC-7", Window(utc(2010, 9, 7, 21, 2), zone="UTC-07:00")),
        (
            "2010-09-07 14:02 UTC-07:00 - 15:00 UTC-07:00",
            Window(utc(2010, 9, 7, 21, 2), utc(2010, 9, 7, 22), zone="UTC-07:00"),
        ),
        ("2025-10-26 02:30 CEST", Window(utc(2025, 10, 26, 0, 30), zone="CEST")),
        ("2025-10-26 02:30 CET", Window(utc(2025, 10, 26, 1, 30), zone="CET")),
    ],
)  # fmt: skip
def test_windows(text: str, window: Window) -> None:
    """Days, parts of days, and clock times with their zones; a bare clock time is the latest that has been."""
    assert parse_window(text, NOW, BERLIN) == window


def test_precision_makes_a_part_of_day() -> None:
    """A date with precision afternoon is that afternoon, still without a zone; a minute needs clock times."""
    assert parse_window("2010-09-07", NOW, BERLIN, "afternoon") == Window(day=date(2010, 9, 7), part="afternoon")
    assert parse_window("2010-09-07", NOW, BERLIN, "day") == Window(day=date(2010, 9, 7))
    with pytest.raises(Unreadable, match="needs clock times"):
        parse_window("2010-09-07", NOW, BERLIN, "minute")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("2026-03-29 02:30", "did not exist in Europe/Berlin"),
        ("2025-10-26 02:30", "came twice in Europe/Berlin.*02:30 CEST or 02:30 CET"),
        ("2010-12-07 14:02 IST", "India"),
        ("2010-12-07 14:02 CST", "Chicago"),
        ("2010-07-07 14:02 CET", "showed CEST, not CET"),
        ("2010-07-07 14:02 PST", "showed PDT, not PST"),
        ("2010-12-07 14:02 Brln", "Did you mean Europe/Berlin"),
        ("2010-12-07 14:02 XQX", "no time zone"),
        ("2010-09-07/2010-09-08", "each day by itself"),
        ("15/09/2010", "two ways"),
        ("2010-02-30", "no day 30"),
        ("2010-13-01", "no month 13"),
        ("1710-01-01", "1710"),
        ("2062-01-01", "future"),
        ("2026-03-13 14:02–17:00 UTC", "future"),
        ("2010-09-07T15:10Z/2010-09-07T14:02Z", "ends before"),
        ("25:00", "no time of day"),
        ("13pm", "no time of day"),
        ("Monday 7 September 2010", "is a Tuesday"),
        ("banana", "no time window"),
        ("", "no time window"),
        ("2010-09-07 14:02 UTC+15", "No zone"),
    ],
)
def test_windows_that_are_refused(text: str, sentence: str) -> None:
    """What does not exist, has two meanings or lies ahead is refused with a sentence that says why."""
    with pytest.raises(Unreadable, match=sentence):
        parse_window(text, NOW, BERLIN)


@pytest.mark.parametrize(
    ("text", "due"),
    [
        ("2026-09-15", Due(date(2026, 9, 15))), ("15 Sep", Due(date(2026, 9, 15))), ("Sep 15", Due(date(2026, 9, 15))),
        ("1 March", Due(date(2027, 3, 1))), ("13 March", Due(date(2026, 3, 13))),
        ("Friday 13 March 2026", Due(date(2026, 3, 13))), ("the 15th of September 2026", Due(date(2026, 9, 15))),
        ("today", Due(date(2026, 3, 13))), ("tomorrow", Due(date(2026, 3, 14))), ("in 3 days", Due(date(2026, 3, 16))),
        ("in two weeks", Due(date(2026, 3, 27))), ("in a month", Due(date(2026, 4, 13))),
        ("Monday", Due(date(2026, 3, 16))), ("Friday", Due(date(2026, 3, 20))), ("next Tue", Due(date(2026, 3, 17))),
        ("by 15 Sep", Due(date(2026, 9, 15))), ("29 Feb", Due(date(2028, 2, 29))), ("2010-09-15", Due(date(2010, 9, 15))),
        ("2026-09-15T17:00-07:00", Due(date(2026, 9, 16), utc(2026, 9, 16))),
        ("tomorrow 17:00 CET", Due(date(2026, 3, 14), utc(2026, 3, 14, 16))),
        ("17:00", Due(date(2026, 3, 13), utc(2026, 3, 13, 16))), ("15:00", Due(date(2026, 3, 14), utc(2026, 3, 14, 14))),
        ("4h", Due(date(2026, 3, 13), utc(2026, 3, 13, 18, 30))),
    ],
)  # fmt: skip
def test_due_dates(text: str, due: Due) -> None:
    """A date to come; a weekday is the next one, and what is written is read back."""
    assert parse_due(text, NOW, BERLIN) == due
    assert parse_due(due.written, NOW, BERLIN) == due


@pytest.mark.parametrize(
    "text", ["", "end of week", "31 Feb", "15.09.2026", "Thursday 13 March 2026", "2026-02-30", "soon"]
)
def test_no_due_dates(text: str) -> None:
    """A date that does not exist, or has two readings, is refused; the refusal is a sentence for people."""
    with pytest.raises(Refused) as fault:
        parse_due(text, NOW, BERLIN)
    assert fault.value.sentence


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2010-09-08T17:00-07:00", utc(2010, 9, 9)), ("2010-09-08 17:00 PDT", utc(2010, 9, 9)), ("now", NOW),
        ("14:02", utc(2026, 3, 13, 13, 2)), ("15:30", NOW), ("15:31", utc(2026, 3, 12, 14, 31)),
        ("16:00 UTC", utc(2026, 3, 12, 16)), ("2h ago", utc(2026, 3, 13, 12, 30)), ("5pm", utc(2026, 3, 12, 16)),
        ("yesterday at noon", utc(2026, 3, 12, 11)), ("2010-09-08 17:00 Central European Summer Time", utc(2010, 9, 8, 15)),
    ],
)  # fmt: skip
def test_moments(text: str, moment: datetime) -> None:
    """A bare clock time is the latest one that is not in the future."""
    assert parse_moment(text, NOW, BERLIN) == moment


@pytest.mark.parametrize(
    ("text", "moment"),
    [("15:30", utc(2026, 3, 14, 14, 30)), ("15:31", utc(2026, 3, 13, 14, 31)), ("in 2h", utc(2026, 3, 13, 16, 30))],
)
def test_moments_to_come(text: str, moment: datetime) -> None:
    """For a time to act at, a bare clock time is the next one."""
    assert parse_moment(text, NOW, BERLIN, toward="future") == moment


@pytest.mark.parametrize("text", ["2010-09-08", "", "banana", "14:02–15:10", "17:00 CST", "14:02 15:03"])
def test_no_moments(text: str) -> None:
    """A day is no moment, nor is a range."""
    with pytest.raises(Unreadable):
        parse_moment(text, NOW, BERLIN)


@pytest.mark.parametrize(
    ("text", "name", "place"),
    [
        ("America/Los_Angeles", "America/Los_Angeles", "America/Los_Angeles"), ("los angeles", "America/Los_Angeles", "America/Los_Angeles"),
        ("europe/berlin", "Europe/Berlin", "Europe/Berlin"), ("PT", "America/Los_Angeles", "America/Los_Angeles"),
        ("PST", "PST", "America/Los_Angeles"), ("bst", "BST", "Europe/London"), ("Z", "UTC", "UTC"), ("GMT", "UTC", "UTC"),
        ("+02:00", "UTC+02:00", None), ("UTC+2", "UTC+02:00", None), ("GMT-5", "UTC-05:00", None),
        ("(CEST)", "CEST", "Europe/Berlin"), ("Pacific Time", "America/Los_Angeles", "America/Los_Angeles"),
        ("Central European Standard Time", "Europe/Berlin", "Europe/Berlin"),
    ],
)  # fmt: skip
def test_zones(text: str, name: str, place: str | None) -> None:
    """Zones by IANA name, city, abbreviation, English name or offset."""
    zone = parse_zone(text)
    assert zone.name == name
    assert (zone.place.key if zone.place else None) == place


def test_every_hour_of_a_changing_day() -> None:
    """Around both changes each local hour either has one instant or is refused with a sentence."""
    for day, refused in ((date(2026, 3, 29), {2}), (date(2026, 10, 25), {2}), (date(2026, 6, 1), set[int]())):
        faults = set()
        for hour in range(24):
            wall = utc(day.year, day.month, day.day, hour, 30).replace(tzinfo=None)
            try:
                assert local_to_utc(wall, BERLIN).astimezone(BERLIN).replace(tzinfo=None) == wall
            except Unreadable:
                faults.add(hour)
        assert faults == refused


def test_days_in_words() -> None:
    """Days are written with weekday and year."""
    assert write_day(date(2010, 9, 7)) == "Tuesday 7 September 2010"
    assert looks_like_date("2026-02-30")
    assert not looks_like_date("tomorrow")


_SCRAPS = st.lists(
    st.sampled_from(
        "2026-03-13 14:02 15:10 CET UTC -07:00 / – - to T Z 25:00 99 am pm Sep Friday in 3 days h m of noon 0".split()  # noqa: SIM905 - a list of scraps reads best as one line
    )
    | st.text(max_size=6),
    max_size=7,
).map(" ".join)


@settings(max_examples=500, deadline=None)
@given(_SCRAPS)
def test_junk_is_refused_kindly(text: str) -> None:
    """Whatever is typed gives a value or a sentence, never another error."""
    readings: list[Callable[[], object]] = [lambda: parse_duration(text), lambda: parse_zone(text)]
    readings += [partial(parse, text, NOW, BERLIN) for parse in (parse_window, parse_due, parse_moment)]
    for reading in readings:
        with suppress(Unreadable):
            assert reading() is not None
