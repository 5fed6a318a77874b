"""How long things take: a histogram of fixed buckets that costs one increment per sample and never grows."""

from __future__ import annotations

from bisect import bisect_left

_BOUNDS_US = (50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000, 1_000_000, 5_000_000)


class Histogram:
    """Durations in nanoseconds, counted into 1-2-5 buckets."""

    __slots__ = ("_counts", "count", "last_ns")

    def __init__(self) -> None:
        self._counts = [0] * (len(_BOUNDS_US) + 1)
        self.count = 0
        self.last_ns = 0
        """The newest sample."""

    def add(self, duration_ns: int) -> None:
        """Count one duration."""
        self._counts[bisect_left(_BOUNDS_US, duration_ns // 1_000)] += 1
        self.count += 1
        self.last_ns = duration_ns

    def quantile_us(self, q: float) -> int | None:
        """Return the upper bound in microseconds of the bucket holding quantile ``q``; None without samples."""
        if not self.count:
            return None
        wanted = q * self.count
        seen = 0
        for bound, count in zip((*_BOUNDS_US, 10_000_000), self._counts, strict=True):
            seen += count
            if seen >= wanted:
                return bound
        return None
