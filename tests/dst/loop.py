"""An event loop whose time is virtual: where another would sleep, this one says that the time has passed."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextvars import Context
from heapq import heappop, heappush
from typing import Any

from tui_trader.core.clock import NS

START_NS = 1_767_225_600 * NS
"""2026-01-01T00:00:00Z, when every history begins."""


class _Call:
    """What ``asyncio.Handle`` is, without the parts that a debugger wants."""

    __slots__ = ("args", "callback", "context", "gone", "when_s")

    def __init__(self, callback: Callable[..., object], args: tuple[Any, ...], context: Context | None, when_s: float) -> None:
        self.callback = callback
        self.args = args
        self.context = context
        self.when_s = when_s
        self.gone = False

    def cancel(self) -> None:
        """Never run, if it has not run yet."""
        self.gone = True
        self.args = ()

    def cancelled(self) -> bool:
        """Whether it was cancelled."""
        return self.gone

    def when(self) -> float:
        """Return when it is due."""
        return self.when_s


class VirtualLoop(asyncio.BaseEventLoop):
    """Runs a day in as long as its work takes, and the same way every time.

    It has no selector and no sockets, only callbacks and timers: well under half the cost of the loop that asyncio would make.
    """

    def __init__(self) -> None:
        super().__init__()
        self.now_s = 0.0
        self._due: deque[_Call] = deque()
        self._timers: list[tuple[float, int, _Call]] = []
        self._count = 0

    def time(self) -> float:
        """Return seconds since the beginning."""
        return self.now_s

    def call_soon(self, callback: Callable[..., object], *args: Any, context: Context | None = None) -> Any:
        """Run a callback at the present time, after those that already wait."""
        call = _Call(callback, args, context, self.now_s)
        self._due.append(call)
        return call

    def call_later(self, delay: float, callback: Callable[..., object], *args: Any, context: Context | None = None) -> Any:
        """Run a callback ``delay`` seconds from now."""
        return self.call_at(self.now_s + delay, callback, *args, context=context)

    def call_at(self, when: float, callback: Callable[..., object], *args: Any, context: Context | None = None) -> Any:
        """Run a callback at a time; equal times in the order of their calls."""
        call = _Call(callback, args, context, when)
        self._count += 1
        heappush(self._timers, (when, self._count, call))
        return call

    def _run_once(self) -> None:
        due = self._due
        if not due:
            self._let_time_pass()
        for _ in range(len(due)):
            call = due.popleft()
            if call.gone:
                continue
            try:
                if call.context is None:
                    call.callback(*call.args)
                else:
                    call.context.run(call.callback, *call.args)
            except Exception as error:
                self.call_exception_handler({"message": repr(call.callback), "exception": error})

    def _let_time_pass(self) -> None:
        timers, due = self._timers, self._due
        while timers and timers[0][2].gone:
            heappop(timers)
        if not timers:
            raise RuntimeError("a history waits for something that can never happen")
        self.now_s = now_s = max(self.now_s, timers[0][0])
        while timers and timers[0][0] <= now_s:
            due.append(heappop(timers)[2])


class VirtualClock:
    """The loop's time as a Clock. ``offset_ns`` is how wrong its wall reading is."""

    def __init__(self, loop: VirtualLoop, asleep: Asleep | None = None) -> None:
        self._loop = loop
        self._asleep = asleep or Asleep()
        self.offset_ns = 0

    def wall_ns(self) -> int:
        """Return UTC as this machine believes it to be."""
        return START_NS + round(self._loop.now_s * NS) + self._asleep.total_ns + self.offset_ns

    def mono_ns(self) -> int:
        """Return a reading that never steps, and that counts while the machine sleeps."""
        return NS + round(self._loop.now_s * NS) + self._asleep.total_ns


class Asleep:
    """How long the machine was suspended: a loop's timers (CLOCK_MONOTONIC) do not count it, a Clock (CLOCK_BOOTTIME) does."""

    def __init__(self) -> None:
        self.total_ns = 0
