"""A program in a pseudo-terminal that is always read: types keys, answers what terminals answer, times what appears."""

from __future__ import annotations

import atexit
import os
import pty
import re
import select
import shutil
import struct
import sys
import tempfile
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from fcntl import ioctl
from functools import cache

import pyte

from .feeder import ROOT
from .measure import child_cpu_s, child_rss_mb

ALTERNATE = b"\x1b[?1049h"
PAINT = 8
"""Visible characters in the alternate screen that make a first paint."""

_ANSWERS = ((b"\x1b[?2026$p", b"\x1b[?2026;2$y"), (b"\x1b[6n", b"\x1b[3;2R"))
_LONGEST = max(len(query) for query, _ in _ANSWERS)
_ESCAPES = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[ -/]*[0-~])|[\x00-\x20\x7f]")
_UNREAD_BY_PYTE = re.compile(rb"\x1b\[[<>=][0-9;]*[a-zA-Z]|\x1b\[\?[0-9;]*\$[a-z]|\x18")


@cache
def environ() -> dict[str, str]:
    """Return the environment that programs are measured in: a plain UTF-8 terminal, and modules compiled once as an installed
    program's are, whatever this process was told about writing bytecode."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "TUI_TRADER", "SSH_", "PYTHON"))}
    kept.pop("NO_COLOR", None)
    compiled = tempfile.mkdtemp(prefix="bench-compiled-")
    atexit.register(shutil.rmtree, compiled, ignore_errors=True)
    return kept | {
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "PYTHONPATH": str(ROOT),
        "PYTHONPYCACHEPREFIX": compiled,
    }


class Probe:
    """One run of ``python ARGUMENTS``, in a home directory of its own."""

    def __init__(
        self, arguments: Sequence[str], *, width: int = 120, height: int = 40, environment: Mapping[str, str] | None = None
    ) -> None:
        self._home = tempfile.mkdtemp(prefix="bench-")
        self.taken = bytearray()
        """Everything the program has written."""
        settings = environ() | {"HOME": self._home} | dict(environment or {})
        self.started = time.monotonic()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execve(sys.executable, [sys.executable, *arguments], settings)
        ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
        self._size = (width, height)

    def __enter__(self) -> Probe:
        return self

    def __exit__(self, *_: object) -> None:
        os.kill(self.pid, 9)
        os.waitpid(self.pid, 0)
        os.close(self.fd)
        shutil.rmtree(self._home, ignore_errors=True)

    def type(self, keys: str) -> None:
        """Press keys."""
        os.write(self.fd, keys.encode())

    def read(self, seconds: float) -> int:
        """Read for a while; return how many bytes came. Raises EOFError when the program ended."""
        before, end = len(self.taken), time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._take(left)
        return len(self.taken) - before

    def wait(self, seen: Callable[[bytearray], bool], timeout_s: float) -> float:
        """Read until ``seen`` says so of everything taken; return the monotonic time of that read.

        Raises TimeoutError, or EOFError when the program ended.
        """
        end = time.monotonic() + timeout_s
        while not seen(self.taken):
            if (left := end - time.monotonic()) <= 0:
                raise TimeoutError("\n".join(line for line in self.screen() if line))
            self._take(left)
        return time.monotonic()

    def wait_text(self, text: str, timeout_s: float) -> float:
        """Read until new output holds ``text`` as one piece; return the monotonic time."""
        wanted, start = text.encode(), len(self.taken)
        return self.wait(lambda taken: taken.find(wanted, max(0, start - len(wanted))) >= 0, timeout_s)

    def first_paint_s(self, timeout_s: float = 20.0) -> float:
        """Return the seconds from start to the first paint: visible characters in the alternate screen."""
        return self.wait(_painted, timeout_s) - self.started

    def screen(self) -> list[str]:
        """Return the rows that a terminal shows now."""
        width, height = self._size
        screen = pyte.Screen(width, height)
        pyte.ByteStream(screen).feed(_UNREAD_BY_PYTE.sub(b"", bytes(self.taken)))
        return [row.rstrip() for row in screen.display]

    def cpu_s(self) -> float:
        """Return the CPU seconds used so far."""
        return child_cpu_s(self.pid)

    def rss_mb(self) -> float:
        """Return the resident memory in MB."""
        return child_rss_mb(self.pid)

    def _take(self, timeout_s: float) -> None:
        if not select.select([self.fd], [], [], timeout_s)[0]:
            return
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            data = b""
        if not data:
            raise EOFError("the program ended:\n" + self.taken.decode(errors="replace")[-2000:])
        # A query may be cut in two by a read; what is looked at begins before the new bytes, short of a whole older query.
        tail = bytes(self.taken[-(_LONGEST - 1) :])
        self.taken += data
        for query, answer in _ANSWERS:
            fresh = tail[len(tail) - (len(query) - 1) :] + data
            for _ in range(fresh.count(query)):
                os.write(self.fd, answer)


def read_together(probes: Sequence[Probe], seconds: float) -> None:
    """Read from all of them for a while, so that none waits for its terminal. Raises EOFError when one ended."""
    of = {probe.fd: probe for probe in probes}
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        for fd in select.select(list(of), [], [], left)[0]:
            of[fd]._take(0.0)


def _painted(taken: bytearray) -> bool:
    start = taken.find(ALTERNATE)
    return start >= 0 and len(_ESCAPES.sub(b"", bytes(taken[start + len(ALTERNATE) :]))) >= PAINT
