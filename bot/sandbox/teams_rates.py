"""The Bot Connector's published windows, counted on the sandbox's clock.

Source: https://learn.microsoft.com/microsoftteams/platform/bots/how-to/rate-limit
"""

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

SEND = "send"
READ = "read"
EDIT = "edit"  # no window of its own; it counts for the tenant

# seconds to calls, per bot and conversation
WINDOWS: Mapping[str, Mapping[int, int]] = {
    SEND: {1: 7, 2: 8, 30: 60, 3600: 1800},
    READ: {1: 14, 2: 16, 30: 120, 3600: 3600},
    EDIT: {},
}
TENANT_PER_SECOND = 50  # per app and tenant, every call


@dataclass(frozen=True)
class Throttle:
    """A window that is full, and the whole seconds until it has room again."""

    window: str
    retry_after: int


class Rates:
    """Sliding windows per conversation and per tenant."""

    def __init__(self) -> None:
        self._calls: dict[tuple[str, str], deque[datetime]] = {}

    def check(self, kind: str, conversation: str, tenant: str, now: datetime) -> Throttle | None:
        """Of the windows this call would overflow, the one that stays full longest; None when it fits."""
        worst: Throttle | None = None
        for key, windows in _windows(kind, conversation, tenant):
            calls = self._calls.get(key, deque())
            for seconds, allowed in windows.items():
                if len(calls) < allowed:
                    continue
                # the call that must leave the window before there is room for another
                left = seconds - (now - calls[-allowed]).total_seconds()
                if left > 0 and (worst is None or math.ceil(left) > worst.retry_after):
                    worst = Throttle(f"{allowed} in {seconds} s", math.ceil(left))
        return worst

    def count(self, kind: str, conversation: str, tenant: str, now: datetime) -> None:
        """Note a call that was let through."""
        for key, windows in _windows(kind, conversation, tenant):
            if windows:
                self._calls.setdefault(key, deque(maxlen=max(windows.values()))).append(now)


def _windows(kind: str, conversation: str, tenant: str) -> list[tuple[tuple[str, str], Mapping[int, int]]]:
    return [((kind, conversation), WINDOWS[kind]), (("tenant", tenant), {1: TENANT_PER_SECOND})]
