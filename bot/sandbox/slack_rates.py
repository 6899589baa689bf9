"""Slack's rate limits on a virtual clock: tiers per method, one post a second and channel, the Retry-After window."""

import math
from collections import Counter, defaultdict, deque

from bot.sandbox.ledger import SandboxClock
from bot.sandbox.slack_limits import (
    POST_BURST,
    POSTS_PER_SECOND,
    RESTRICTED_HISTORY_PER_MINUTE,
    RULES,
    TIER_PER_MINUTE,
    WORKSPACE_POSTS_PER_MINUTE,
)

MINUTE = 60.0
HISTORY = frozenset({"conversations.history", "conversations.replies"})


class SlackRates:
    """Counts what was let through; `wait` says how long the next call must stay away.

    https://docs.slack.dev/apis/web-api/rate-limits: per method, app and workspace, a sliding minute here; posts by a
    bucket of `POST_BURST` that refills at one a second and channel.
    """

    def __init__(self, clock: SandboxClock, violations: Counter[str]) -> None:
        """Limits on this clock; each refusal is counted in `violations` under "rate:<method>"."""
        self._clock = clock
        self._violations = violations
        self._calls: dict[str, deque[float]] = defaultdict(deque)
        self._level: dict[str, tuple[float, float]] = {}
        self._until: dict[tuple[str, str], float] = {}
        self.history_restricted = False

    def wait(self, method: str, place: str) -> int:
        """Seconds for Retry-After, 0 when the call may pass (it is then counted). Whole seconds, at least 1."""
        now = self._clock.now().timestamp()
        bucket = (method, place if method == "chat.postMessage" else "")
        if now < self._until.get(bucket, 0.0):
            self._violations["called_inside_retry_after"] += 1
        seconds = self._post_wait(place, now) if method == "chat.postMessage" else self._tier_wait(method, now)
        if seconds <= 0:
            return 0
        whole = max(1, math.ceil(seconds))
        self._until[bucket] = now + whole
        self._violations[f"rate:{method}"] += 1
        return whole

    def hold(self, method: str, place: str, seconds: float) -> None:
        """A scripted 429: calls before it is over count as made inside Retry-After."""
        bucket = (method, place if method == "chat.postMessage" else "")
        self._until[bucket] = self._clock.now().timestamp() + seconds

    def _tier_wait(self, method: str, now: float) -> float:
        limit = TIER_PER_MINUTE.get(RULES[method].tier if method in RULES else 0, 0)
        if self.history_restricted and method in HISTORY:
            limit = RESTRICTED_HISTORY_PER_MINUTE
        return self._window(method, limit, now) if limit else 0.0

    def _window(self, key: str, limit: int, now: float) -> float:
        calls = self._calls[key]
        while calls and calls[0] <= now - MINUTE:
            calls.popleft()
        if len(calls) >= limit:
            return calls[0] + MINUTE - now
        calls.append(now)
        return 0.0

    def _post_wait(self, place: str, now: float) -> float:
        level, then = self._level.get(place, (float(POST_BURST), now))
        level = min(float(POST_BURST), level + (now - then) * POSTS_PER_SECOND)
        if level < 1.0 - 1e-6:  # floating point: a second is a second
            return (1.0 - level) / POSTS_PER_SECOND
        whole_workspace = self._window("workspace posts", WORKSPACE_POSTS_PER_MINUTE, now)
        if not whole_workspace:
            self._level[place] = (level - 1.0, now)
        return whole_workspace
