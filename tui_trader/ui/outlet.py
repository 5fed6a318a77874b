"""Bytes to one terminal, in order and without ever blocking: what the terminal does not take now waits here.

The terminal is opened anew so that only this descriptor is non-blocking; the shell shares the others. Where it cannot be
opened (another user's terminal, a file), a pipe and a thread that may block in our stead stand between. The outlet does not
know what the bytes mean.
"""

from __future__ import annotations

import asyncio
import errno
import os
import select
import termios
import threading
from collections.abc import Callable

SLICE = 65536
"""Most bytes offered to the kernel at once."""

_SMOOTHING = 0.2


class Outlet:
    """The writing end of a terminal.

    ``on_drained`` is called when everything that waited has been taken; ``on_gone`` once, when the terminal no longer
    exists. After that everything sent is discarded.
    """

    def __init__(
        self,
        fd: int,
        loop: asyncio.AbstractEventLoop,
        *,
        on_drained: Callable[[], None],
        on_gone: Callable[[], None],
    ) -> None:
        self._loop = loop
        self._on_drained = on_drained
        self._on_gone = on_gone
        self._waiting = bytearray()
        self._since = 0.0
        self._terminal = fd
        self._fd, self._own_terminal = _open(fd)
        self._open = True
        self.gone = False
        self.bytes_written = 0
        self.drain_ms = 0.0
        """Milliseconds the terminal needs to take what is sent at once, smoothed over about five writes."""

    @property
    def backlog(self) -> int:
        """Bytes that wait for the terminal."""
        return len(self._waiting)

    @property
    def backlog_age(self) -> float:
        """Seconds since the terminal last kept up; 0 while it does."""
        return self._loop.time() - self._since if self._waiting else 0.0

    def send(self, data: bytes) -> None:
        """Write ``data`` after everything sent before it; keep what the terminal does not take."""
        if self.gone or not self._open or not data:
            return
        if self._waiting:
            self._waiting += data
            return
        taken = self._write(data)
        if taken == len(data):
            self.drain_ms -= self.drain_ms * _SMOOTHING
        elif not self.gone:
            self._waiting += data[taken:]
            self._since = self._loop.time()
            self._loop.add_writer(self._fd, self._resume)

    def drain(self, seconds: float) -> bool:
        """Wait at most ``seconds`` until nothing waits; for the very end, since it blocks. Return whether nothing does."""
        deadline = self._loop.time() + seconds
        while self._waiting and not self.gone:
            left = deadline - self._loop.time()
            if left <= 0:
                return False
            select.select([], [self._fd], [], left)
            del self._waiting[: self._write(self._waiting)]
        return not self._waiting

    def abandon(self, last: bytes) -> None:
        """Drop everything the terminal has not read, here and in the kernel, and offer it ``last`` instead.

        Safe from another thread while the event loop is stuck: it neither blocks nor needs the loop.
        """
        self._waiting.clear()
        if self.gone or not self._open:
            return
        try:
            if self._own_terminal:
                termios.tcflush(self._fd, termios.TCOFLUSH)
            os.write(self._fd, last)
        except (OSError, termios.error):
            pass  # it was the last thing to try

    def close(self) -> None:
        """Give the descriptor back; what waits is lost."""
        if not self._open:
            return
        self._open = False
        self._loop.remove_writer(self._fd)
        self._waiting.clear()
        os.close(self._fd)

    def _resume(self) -> None:
        del self._waiting[: self._write(self._waiting)]
        if self._waiting or self.gone:
            return
        self._loop.remove_writer(self._fd)
        took = (self._loop.time() - self._since) * 1000
        self.drain_ms += (took - self.drain_ms) * _SMOOTHING
        self._on_drained()

    def _write(self, data: bytes | bytearray) -> int:
        total = 0
        while total < len(data):
            try:
                taken = os.write(self._fd, data[total : total + SLICE] if len(data) > SLICE else data[total:])
            except (BlockingIOError, InterruptedError):
                break
            except OSError as error:
                if error.errno not in (errno.EIO, errno.EPIPE, errno.ENXIO, errno.EBADF, errno.ENODEV):
                    raise
                self._lost()
                break
            total += taken
        self.bytes_written += total
        return total

    def _lost(self) -> None:
        if self.gone:
            return
        self.gone = True
        self._loop.remove_writer(self._fd)
        self._waiting.clear()
        self._loop.call_soon(self._on_gone)


def _open(fd: int) -> tuple[int, bool]:
    """Return a non-blocking descriptor of our own for what ``fd`` writes to, and whether it is the terminal itself."""
    if os.isatty(fd):
        try:
            return os.open(os.ttyname(fd), os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK), True
        except OSError:
            pass
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    target = os.dup(fd)
    threading.Thread(target=_copy, args=(reader, target), name="terminal-output", daemon=True).start()
    return writer, False


def _copy(reader: int, target: int) -> None:
    try:
        while data := os.read(reader, 1024):
            view = memoryview(data)
            while view:
                view = view[os.write(target, view) :]
    except OSError:
        pass  # the closed pipe tells the writing side
    finally:
        os.close(reader)
        os.close(target)
