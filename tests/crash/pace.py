"""Time that runs faster than the wall's, for the exchange, the observer and the desk alike.

What a crash leaves in doubt is resolved when a request can no longer be accepted and no history trails any more: a good minute.
A sample that has no minute to spare lets everybody's time run at the same multiple; nobody is told.
"""

from __future__ import annotations

import asyncio
import selectors
import time

from tui_trader.core.clock import NS, SystemClock


class Pace:
    """So many seconds a second, since it was set."""

    def __init__(self, times: float) -> None:
        self.times = times
        self._mono_s = time.monotonic()
        self._wall_ns = time.time_ns()

    def seconds(self) -> float:
        """Return monotonic seconds."""
        return self._mono_s + (time.monotonic() - self._mono_s) * self.times

    def wall_ns(self) -> int:
        """Return UTC nanoseconds."""
        return self._wall_ns + round((self.seconds() - self._mono_s) * NS)

    def install(self) -> None:
        """Give this pace to every clock of this process and of those forked from it."""
        SystemClock.wall_ns = lambda _: self.wall_ns()  # type: ignore[method-assign]
        SystemClock.mono_ns = lambda _: round(self.seconds() * NS)  # type: ignore[method-assign]


class PacedLoop(asyncio.SelectorEventLoop):
    """An event loop that keeps a pace."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        selector = selectors.DefaultSelector()
        select = selector.select
        selector.select = lambda timeout=None: select(timeout and timeout / pace.times)  # type: ignore[method-assign]
        super().__init__(selector)

    def time(self) -> float:
        """Return seconds at the pace."""
        return self._pace.seconds()
