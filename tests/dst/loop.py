"""An event loop whose time is virtual: where another would sleep, this one says that the time has passed."""

from __future__ import annotations

import asyncio
import selectors

from tui_trader.core.clock import NS

START_NS = 1_767_225_600 * NS
"""2026-01-01T00:00:00Z, when every history begins."""


class _Skipping(selectors.DefaultSelector):
    """Waits for nothing: there are no sockets here, only timers."""

    loop: VirtualLoop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise RuntimeError("a history waits for something that can never happen")
        self.loop.now_s += timeout
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """Runs a day in as long as its work takes, and the same way every time."""

    def __init__(self) -> None:
        self.now_s = 0.0
        selector = _Skipping()
        selector.loop = self
        super().__init__(selector)
        self._clock_resolution = 1e-6

    def time(self) -> float:
        """Return seconds since the beginning."""
        return self.now_s


class VirtualClock:
    """The loop's time as a Clock; ``offset_ns`` is how wrong the wall reading is."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop
        self.offset_ns = 0

    def wall_ns(self) -> int:
        """Return UTC as this machine believes it to be."""
        return START_NS + round(self._loop.now_s * NS) + self.offset_ns

    def mono_ns(self) -> int:
        """Return a reading that never steps."""
        return NS + round(self._loop.now_s * NS)
