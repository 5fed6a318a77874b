"""How the process ends when it is told to: gracefully if it can, within two seconds in any case.

It knows signals and time only; what a graceful end is, the caller says. SIGTSTP is left alone: whether trading may be put to
sleep is a question of open orders.
"""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Callable
from types import FrameType

BOUND = 2.0
"""Seconds a graceful end may take."""

EXIT_SIGNALS = (signal.SIGHUP, signal.SIGTERM, signal.SIGINT)


class ExitBound:
    """A promise that the process is gone in ``BOUND`` seconds, kept by a daemon thread whatever the event loop does."""

    def __init__(self, restore: Callable[[], None] | None = None) -> None:
        self._restore = restore
        self._timer: threading.Timer | None = None

    def start(self, code: int) -> None:
        """Begin to count; later calls change nothing."""
        if self._timer is None:
            self._timer = threading.Timer(BOUND, self.leave, args=(code,))
            self._timer.daemon = True
            self._timer.start()

    def leave(self, code: int) -> None:
        """Restore the terminal as well as can be and end the process now, without any clean-up of the interpreter's."""
        try:
            if self._restore is not None:
                self._restore()
        finally:
            os._exit(code)


def install_exit_handlers(
    loop: asyncio.AbstractEventLoop,
    on_exit: Callable[[int], None],
    *,
    restore: Callable[[], None] | None = None,
) -> Callable[[], None]:
    """Answer SIGHUP, SIGTERM and SIGINT by ``on_exit(128 + signal)`` on the loop, once; return the undoing.

    From the first signal on the process has ``BOUND`` seconds; a second SIGINT ends it at once. ``restore`` is called
    before a forced end, perhaps in another thread: it must not block. The handlers run between any two instructions of the
    main thread, so that a loop busy with Python code is bounded too. An inherited "ignore" (nohup) is overridden: without
    its terminal the program has no purpose.
    """
    bound = ExitBound(restore)
    seen: set[int] = set()

    def handle(number: int, _frame: FrameType | None) -> None:
        code = 128 + number
        if number == signal.SIGINT and number in seen:
            bound.leave(code)
        first = not seen
        seen.add(number)
        bound.start(code)
        if first:
            loop.call_soon_threadsafe(on_exit, code)

    before = {number: signal.signal(number, handle) for number in EXIT_SIGNALS}

    def uninstall() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    return uninstall
