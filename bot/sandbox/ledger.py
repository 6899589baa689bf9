"""What the sandbox's platforms saw: an append-only ledger of accepted effects, refusals apart, and a fault script."""

import itertools
import random
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

Json = dict[str, Any]


class SandboxClock:
    """The platforms' shared clock: real time plus what somebody wound on. UTC."""

    def __init__(self, start: datetime | None = None, *, running: bool = False) -> None:
        """Real time; or frozen at `start` (a run repeats byte for byte); or `running` on from there."""
        self._frozen = None if running else start
        self._offset = start - datetime.now(UTC) if running and start is not None else timedelta()

    def now(self) -> datetime:
        """The current virtual time, UTC, aware."""
        base = self._frozen if self._frozen is not None else datetime.now(UTC)
        return base + self._offset

    def wind(self, by: timedelta) -> None:
        """Move the clock forward. Refuses to go back: nothing in the world does."""
        if by < timedelta():
            message = "the clock winds forward only"
            raise ValueError(message)
        self._offset += by

    def set(self, to: datetime) -> None:
        """Move forward to this moment; a moment already past changes nothing."""
        self._offset += max(timedelta(), to - self.now())


@dataclass(frozen=True)
class Entry:
    """One accepted effect on a platform (or, in `refusals`, one that was refused)."""

    seq: int
    at: datetime  # virtual time, UTC
    real: datetime
    platform: str  # slack | teams
    what: str  # e.g. chat.postMessage, conversations.create, activity.post, activity.put
    place: str  # channel or conversation id, "" where there is none
    sender: str  # who did it: the bot's id or a person's
    payload: Json  # what arrived, as it arrived
    answer: Json = field(default_factory=dict)


@dataclass
class Fault:
    """One line of the fault script: what happens to calls that match.

    `method` is a Slack method or activity.post/activity.put/conversations.create for Teams ("*" matches all);
    `place` narrows it to one channel. `kind`: drop_before (reset, nothing happened) · accept_then_drop (it happened,
    the connection is reset) · accept_then_500 · status (answer `status`, nothing happened) · error (Slack: ok false
    with `error`, nothing happened) · accept_then_error (Slack: it happened, yet ok false with `error`, by default
    internal_error) · rate_limited (429 with Retry-After `seconds`) · delay (`seconds` of real time, then normal) ·
    truncate (it happened; half the JSON) · html (it happened; 200 with HTML).
    """

    method: str
    kind: str
    place: str = ""
    times: int = 1  # how many calls it hits; -1 for ever
    status: int = 500
    error: str = ""
    seconds: float = 0.0
    after: int = 0  # how many matching calls pass first
    share: float = 1.0  # hits this share of the matching calls, drawn from the ledger's own seed


class Ledger:
    """Append-only; safe to read from another thread."""

    def __init__(self, clock: SandboxClock, seed: int = 0) -> None:
        """An empty ledger on this clock; `seed` decides which calls a fault with a share hits."""
        self.clock = clock
        self.entries: list[Entry] = []
        self.refusals: list[Entry] = []
        self.faults: list[Fault] = []
        self._seq = itertools.count(1)
        self._dice = random.Random(seed)  # noqa: S311 - repeatable draws, nothing secret
        self._lock = threading.Lock()
        self._watchers: list[Callable[[], None]] = []

    def accept(
        self, platform: str, what: str, place: str, sender: str, payload: Json, answer: Json | None = None
    ) -> Entry:
        """Write down an accepted effect."""
        return self._write(self.entries, platform, what, place, sender, payload, answer or {})

    def refuse(self, platform: str, what: str, place: str, sender: str, payload: Json, answer: Json) -> Entry:
        """Write down a refusal (it had no effect)."""
        return self._write(self.refusals, platform, what, place, sender, payload, answer)

    def _write(
        self, rows: list[Entry], platform: str, what: str, place: str, sender: str, payload: Json, answer: Json
    ) -> Entry:
        with self._lock:
            entry = Entry(
                next(self._seq), self.clock.now(), datetime.now(UTC), platform, what, place, sender, payload, answer
            )
            rows.append(entry)
        for tell in list(self._watchers):
            tell()
        return entry

    def watch(self, tell: Callable[[], None]) -> None:
        """Call `tell` after every entry (the page's live view)."""
        self._watchers.append(tell)

    def fault_for(self, method: str, place: str = "") -> Fault | None:
        """The first matching line of the fault script, counted down; None when the call goes through."""
        with self._lock:
            for fault in self.faults:
                if fault.times != 0 and fault.method in ("*", method) and fault.place in ("", place):
                    if fault.after > 0:
                        fault.after -= 1
                        continue
                    if fault.share < 1.0 and self._dice.random() >= fault.share:
                        continue
                    if fault.times > 0:
                        fault.times -= 1
                    return fault
        return None

    def find(self, what: str = "", place: str = "") -> Iterator[Entry]:
        """Accepted entries of this kind and place, oldest first."""
        return (e for e in list(self.entries) if (not what or e.what == what) and (not place or e.place == place))
