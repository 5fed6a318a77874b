"""Time, injected: nothing else in the package asks the operating system what time it is."""

from __future__ import annotations

import functools
import time
from datetime import UTC, datetime
from typing import Protocol

NS = 1_000_000_000
"""Nanoseconds in a second."""

DAY_NS = 86_400 * NS


class Clock(Protocol):
    """Two readings of time, both in integer nanoseconds."""

    def wall_ns(self) -> int:
        """Return UTC since the epoch; may step."""

    def mono_ns(self) -> int:
        """Return a reading that never goes back and keeps counting while the machine sleeps."""


class SystemClock:
    """The machine's clocks; the monotonic one is CLOCK_BOOTTIME where it exists, so a suspend shows as age."""

    def __init__(self) -> None:
        self._boot = getattr(time, "CLOCK_BOOTTIME", None)

    def wall_ns(self) -> int:
        return time.time_ns()

    def mono_ns(self) -> int:
        if self._boot is None:
            return time.monotonic_ns()
        return time.clock_gettime_ns(self._boot)


class ManualClock:
    """A clock that moves only when told to; for tests and for replay."""

    def __init__(self, wall_ns: int = 1_700_000_000 * NS, mono_ns: int = NS) -> None:
        self._wall = wall_ns
        self._mono = mono_ns

    def wall_ns(self) -> int:
        return self._wall

    def mono_ns(self) -> int:
        return self._mono

    def advance(self, seconds: float) -> None:
        """Move both readings forward by ``seconds``."""
        step = round(seconds * NS)
        self._wall += step
        self._mono += step


class SetClock:
    """A clock that stands where it is put; for replay."""

    def __init__(self, wall_ns: int = 0, mono_ns: int = 0) -> None:
        self.put(wall_ns, mono_ns)

    def put(self, wall_ns: int, mono_ns: int) -> None:
        """Set both readings."""
        self._wall, self._mono = wall_ns, mono_ns

    def wall_ns(self) -> int:
        return self._wall

    def mono_ns(self) -> int:
        return self._mono


def rfc3339(ns: int) -> str:
    """Format wall nanoseconds as RFC 3339 in UTC with milliseconds, e.g. ``2026-11-21T07:07:49.120Z``."""
    seconds, rest = divmod(ns, NS)
    return f"{_to_the_second(seconds)}.{rest // 1_000_000:03d}Z"


@functools.lru_cache(maxsize=16)  # what is written down one after the other is of the same second
def _to_the_second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def hms(ns: int, *, millis: bool = False) -> str:
    """Format wall nanoseconds as a UTC time of day, ``14:02:11`` or ``14:02:11.204``."""
    seconds, rest = divmod(ns, NS)
    day = seconds % 86_400
    text = f"{day // 3600:02d}:{day // 60 % 60:02d}:{day % 60:02d}"
    return f"{text}.{rest // 1_000_000:03d}" if millis else text
