"""Hours of a day in somebody's zone: quiet ones, and those of a digest. Wall clocks in, UTC out."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

_CLOCK = re.compile(r"([01]?\d|2[0-4])(?::([0-5]\d))?", re.ASCII)
WEEKDAYS: tuple[str, ...] = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
"""As `datetime.weekday` counts them."""


@dataclass(frozen=True, slots=True)
class Hours:
    """From one clock time to another, over midnight where the second comes first."""

    start: time
    end: time

    def __str__(self) -> str:
        return f"{self.start:%H:%M}-{self.end:%H:%M}"

    def until(self, now: datetime, zone: tzinfo) -> datetime | None:
        """When these hours end, if they are now; None outside them. Half-open; UTC.

        A day on which the clocks change has the hours that its clocks show.
        """
        local = now.astimezone(zone)
        for day in (local.date() - timedelta(days=1), local.date()):
            last = day if self.start < self.end else day + timedelta(days=1)
            if on_the_clock(day, self.start, zone) <= now < (end := on_the_clock(last, self.end, zone)):
                return end
        return None


def on_the_clock(day: date, clock: time, zone: tzinfo) -> datetime:
    """The instant (UTC) of a wall clock: the first where it comes twice, an hour on where the clocks skipped it."""
    return datetime.combine(day, clock, tzinfo=zone).astimezone(UTC)


def next_time(now: datetime, clock: time, zone: tzinfo, weekdays: frozenset[int] | None = None) -> datetime:
    """The next instant (UTC) after `now` at which clocks in `zone` show `clock`, on one of these days (0: Monday)."""
    day = now.astimezone(zone).date()
    for ahead in range(9):
        at = on_the_clock(day + timedelta(days=ahead), clock, zone)
        if at > now and (weekdays is None or (day + timedelta(days=ahead)).weekday() in weekdays):
            return at
    raise ValueError("no weekday was named")


def parse_clock(text: str) -> time | None:
    """`9`, `09:00`, `24:00` (midnight); None if it is none."""
    found = _CLOCK.fullmatch(text.strip())
    if not found or (found[1] == "24" and (found[2] or "00") != "00"):
        return None
    return time(int(found[1]) % 24, int(found[2] or 0))


def parse_hours(text: str) -> Hours | None:
    """`22:00-07:00`, `22–7`; None if it is none, or no time at all."""
    first, dash, second = re.sub(r"\s*[–—]\s*", "-", text.strip()).partition("-")
    start, end = parse_clock(first), parse_clock(second)
    if not dash or start is None or end is None or start == end:
        return None
    return Hours(start, end)
