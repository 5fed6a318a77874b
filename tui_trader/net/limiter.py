"""Request budgets: never more than a venue allows in any window, and never the last fifth on anything but cancels.

A venue counts in windows whose start we cannot see. A bucket that trickles its tokens back lets nearly twice its capacity
through one such window (all at once, then the trickle), so a token spent here comes back exactly one window later: no window
of that length, wherever it starts, can hold more than the capacity.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping

from tui_trader.core.clock import NS, Clock
from tui_trader.venues.base import RequestKind

CANCEL_SHARE = 5
"""One token in this many is kept for cancels: a burst of entries must not leave a trader unable to get out."""

MAX_PAUSE_S = 60.0
"""Longest pause that a venue's "retry after" can impose, seconds."""

DEFAULT_PAUSE_S = 1.0
"""Pause when a venue refuses for rate without a usable "retry after", seconds."""


class Bucket:
    """One group's budget. Time is handed in as monotonic nanoseconds."""

    def __init__(self, capacity: int, window_s: float) -> None:
        if capacity < 1 or not window_s > 0:
            raise ValueError(f"a budget needs a capacity and a window, not {capacity} in {window_s} s")
        self.capacity = capacity
        """Most tokens in any window: the configured number."""
        self._window_ns = round(window_s * NS)
        self._spent: deque[tuple[int, int]] = deque()  # (when the tokens come back, how many), oldest first
        self._used = 0
        self._told: tuple[int, int] | None = None  # (smaller capacity told by the venue, until when it is believed)
        self._paused_until = 0

    def limit(self, now_ns: int) -> int:
        """Return the capacity in force: what the venue told within the last window if that is less than configured."""
        if self._told is not None and now_ns < self._told[1]:
            return self._told[0]
        return self.capacity

    def free(self, now_ns: int) -> int:
        """Return the tokens that a cancel could take now."""
        self._expire(now_ns)
        return max(0, self.limit(now_ns) - self._used)

    def try_take(self, weight: int, now_ns: int, *, cancel: bool) -> float:
        """Take ``weight`` tokens and return 0, or take none and return the seconds after which it is worth asking again.

        ``math.inf`` means that no wait would help: the request weighs more than its share of the bucket.
        """
        if now_ns < self._paused_until:
            return (self._paused_until - now_ns) / NS
        self._expire(now_ns)
        limit = self.limit(now_ns)
        share = limit if cancel else limit - math.ceil(limit / CANCEL_SHARE)
        if self._used + weight <= share:
            self._spend(weight, now_ns)
            return 0.0
        if weight > share:
            return math.inf
        excess = self._used + weight - share
        for back_ns, tokens in self._spent:
            excess -= tokens
            if excess <= 0:
                return max(back_ns - now_ns, 1) / NS
        raise AssertionError("tokens are in use that nobody spent")

    def hear(self, remaining: int, capacity: int, now_ns: int) -> None:
        """Learn what the venue's headers say. They can only take tokens away: others may be spending the same budget, but a
        venue that promises more than we count is not believed."""
        if 0 < capacity < self.capacity:
            self._told = (capacity, now_ns + self._window_ns)
        elif capacity >= self.capacity:
            self._told = None
        elsewhere = self.free(now_ns) - max(0, remaining)
        if elsewhere > 0:
            self._spend(elsewhere, now_ns)

    def pause(self, seconds: float, now_ns: int) -> float:
        """Refuse everything for ``seconds``, bounded to 0 … 60; return the pause. Not-a-number, zero and less mean 1 s."""
        bounded = min(seconds, MAX_PAUSE_S) if seconds > 0 else DEFAULT_PAUSE_S
        self._paused_until = max(self._paused_until, now_ns + round(bounded * NS))
        return bounded

    def _spend(self, tokens: int, now_ns: int) -> None:
        self._spent.append((now_ns + self._window_ns, tokens))
        self._used += tokens

    def _expire(self, now_ns: int) -> None:
        spent = self._spent
        while spent and spent[0][0] <= now_ns:
            self._used -= spent.popleft()[1]


class Limiter:
    """The budgets of one account at one venue, by rate-limit group."""

    def __init__(self, groups: Mapping[str, tuple[int, float]], clock: Clock) -> None:
        """Start from ``{group: (capacity, window seconds)}``; a group not named there shares the tightest one's budget."""
        self._clock = clock
        self._buckets = {group: Bucket(capacity, window_s) for group, (capacity, window_s) in groups.items()}
        self._tightest = min(groups, key=lambda group: groups[group][0] / groups[group][1])

    def bucket(self, group: str) -> Bucket:
        """Return the budget that requests of ``group`` draw on."""
        return self._buckets.get(group) or self._buckets[self._tightest]

    def try_take(self, group: str, weight: int, kind: RequestKind) -> float:
        """Take the budget of one request and return 0, or take none and return the seconds to wait (``math.inf``: for ever).

        Only a cancel may use the reserved fifth.
        """
        return self.bucket(group).try_take(weight, self._clock.mono_ns(), cancel=kind is RequestKind.CANCEL)

    def can_spare(self, group: str, weight: int) -> bool:
        """Whether a request of the lowest class may leave now: one that leaves half of the budget to everything else."""
        now_ns = self._clock.mono_ns()
        bucket = self.bucket(group)
        return bucket.free(now_ns) - weight >= bucket.limit(now_ns) / 2

    def hear(self, told: Mapping[str, tuple[int, int]]) -> None:
        """Learn ``{group: (remaining, capacity)}`` from a reply's headers; unknown groups are ignored."""
        now_ns = self._clock.mono_ns()
        for group, (remaining, capacity) in told.items():
            if group in self._buckets:
                self._buckets[group].hear(remaining, capacity, now_ns)

    def pause(self, group: str, seconds: float) -> float:
        """Refuse every request of ``group`` for ``seconds``, bounded to 0 … 60, cancels included: a venue that blocks an
        address blocks its cancels too. Return the pause."""
        return self.bucket(group).pause(seconds, self._clock.mono_ns())
