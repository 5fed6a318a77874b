"""Lines for somebody who may read them slowly, or never: they are written by a thread of their own, and nobody waits for it."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable
from typing import Final

MOST: Final = 10_000
"""Lines that wait to be read; more are left out and counted."""


class Lines:
    """Text to a descriptor, in order. What is left out is said where it would have stood."""

    def __init__(self, fd: int, left_out: Callable[[int], str], on_closed: Callable[[], object], most: int = MOST) -> None:
        """``left_out`` says how many lines are missing; ``on_closed`` is called, in the other thread, when nobody reads on."""
        self._fd = fd
        self._left_out = left_out
        self._on_closed = on_closed
        self._waiting: queue.Queue[str | None] = queue.Queue(most)
        self._missing = 0
        self.closed = False
        """Whether nobody reads any more."""
        # A daemon: a reader that stands still must not keep the program from ending.
        self._thread = threading.Thread(target=self._write, name="lines", daemon=True)
        self._thread.start()

    def put(self, text: str) -> None:
        """Have a line written, or count it as left out."""
        try:
            if self._missing:
                self._waiting.put_nowait(self._left_out(self._missing))
                self._missing = 0
            self._waiting.put_nowait(text)
        except queue.Full:
            self._missing += 1

    def close(self, wait_s: float) -> None:
        """Write what waits, for so many seconds at most."""
        try:
            self._waiting.put(None, timeout=wait_s)
        except queue.Full:
            return
        self._thread.join(wait_s)

    def _write(self) -> None:
        while (text := self._waiting.get()) is not None:
            if self.closed:
                continue
            left = text.encode() + b"\n"
            try:
                while left:
                    left = left[os.write(self._fd, left) :]
            except OSError:
                self.closed = True
                self._on_closed()
