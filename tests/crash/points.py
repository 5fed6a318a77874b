"""The points at which a process can be killed: before every callback of its event loop, and around every write of its journal.

Installed by the test into a process that is about to die; the program knows nothing of it. A point is ``a17``, the seventeenth
callback since counting began, or ``j17``, the seventeenth moment of journal writing (four to a record).
"""

from __future__ import annotations

import asyncio
import asyncio.events
import os
import re
import signal
from collections import Counter
from collections.abc import Callable
from typing import Any

from tui_trader.storage import journal

STAGES = ("before the write", "half written", "written", "durable")
"""The moments around one record. What is written survives the process in either case: only the machine's death could tell."""

_NUMBERS = re.compile(r"(?:tt-)?[0-9a-f]{8,}|\d+")


class Points:
    """Counts points, and kills at one of them."""

    def __init__(self, fatal: str, last_words: Callable[[dict[str, Any]], None]) -> None:
        """``fatal`` is the point to die at, empty to count only; ``last_words`` is told where that was."""
        self.callbacks = 0
        self.writes = 0
        self.places: Counter[str] = Counter()
        """Points by what was going on."""
        self._kind, self._number = fatal[:1], int(fatal[1:] or 0)
        self._last_words = last_words
        self._counting = False

    def install(self) -> None:
        """Begin to count in this process."""
        self._counting = True
        run = asyncio.events.Handle._run

        def counted(handle: asyncio.Handle) -> None:
            if self._counting:
                self.callbacks += 1
                self._reach("a", self.callbacks, lambda: _place(handle))
            run(handle)

        asyncio.events.Handle._run = counted  # type: ignore[method-assign]
        journal.os = _WatchedOs(self)  # type: ignore[assignment]

    def stop(self) -> None:
        """Count no further."""
        self._counting = False

    def at_write(self, stage: int) -> None:
        """Note a moment of journal writing."""
        if self._counting:
            self.writes += 1
            self._reach("j", self.writes, lambda: f"journal {STAGES[stage]}")

    def is_next(self) -> bool:
        """Whether the next moment of journal writing is the fatal one."""
        return self._counting and self._kind == "j" and self.writes + 1 == self._number

    def _reach(self, kind: str, number: int, place: Callable[[], str]) -> None:
        if self._kind:
            if (kind, number) == (self._kind, self._number):
                self._last_words({"killed": f"{kind}{number}", "place": place()})
                os.kill(os.getpid(), signal.SIGKILL)
        else:
            self.places[place()] += 1


class _WatchedOs:
    """The module ``os`` as the journal sees it."""

    def __init__(self, points: Points) -> None:
        self._points = points

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)

    def write(self, fd: int, data: bytes) -> int:
        """Write a record, with a chance to die before it, in the middle of it and after it."""
        points = self._points
        points.at_write(0)
        if points.is_next():
            os.write(fd, data[: len(data) // 2])
        points.at_write(1)
        written = os.write(fd, data)
        points.at_write(2)
        return written

    def fdatasync(self, fd: int) -> None:
        """Make a record durable, with a chance to die then."""
        os.fdatasync(fd)
        self._points.at_write(3)


def _place(handle: asyncio.Handle) -> str:
    """Name what a callback belongs to, ids left out so that places can be counted."""
    callback: Any = getattr(handle, "_callback", None)
    owner = getattr(callback, "__self__", None)
    if isinstance(owner, asyncio.Task):
        return _NUMBERS.sub("", f"task {owner.get_name()}").strip()
    name = getattr(callback, "__qualname__", type(callback).__name__)
    return f"{type(owner).__name__}.{name.rpartition('.')[2]}" if owner is not None else name
