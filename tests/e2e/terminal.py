"""A terminal emulator around one program: a pseudo-terminal, a screen, and the answers a modern terminal gives.

It can stop reading, change size and go away, as terminals do. It knows nothing of the program.
"""

from __future__ import annotations

import contextlib
import os
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
import unicodedata
from collections.abc import Mapping, Sequence
from fcntl import ioctl
from pathlib import Path
from typing import Any

import pyte

from tests.canary.plugin import examine
from tests.e2e.screen import DEADLINE_S, ScreenOfText, wait_until

_MAKE_IT_MINE = "import fcntl, os, sys, termios\nfcntl.ioctl(0, termios.TIOCSCTTY, 0)\nos.execv(sys.argv[1], sys.argv[1:])"
"""Takes the terminal on descriptor 0 as the controlling one, as a login shell does, then becomes the program."""

_LOOK_S = 0.05
"""How long a read waits for something to come."""

_NOTHING = bytes(1024)
"""What terminals ignore."""

_SLOW_S = 0.1
"""How often a terminal behind a modem takes something."""

_UNREAD_BY_PYTE = re.compile(rb"\x1b\[[<>=][0-9;]*[a-zA-Z]|\x1b\[\?[0-9;]*\$[a-z]|\x18")
_UNFINISHED = re.compile(rb"\x1b(?:\[[0-9;?<>=$]*)?\Z")
_ANSWERS = {
    b"\x1b[?2026$p": b"\x1b[?2026;2$y",  # synchronised output: known, off
    b"\x1b[?2048$p": b"\x1b[?2048;0$y",  # resizes reported in band: not known
    b"\x1b[c": b"\x1b[?62;22c",
}


class Terminal(ScreenOfText):
    """A program in a terminal window.

    With ``controlling`` the terminal is the program's controlling one, so that closing it sends SIGHUP; without it the program
    hears of a hang-up only by reading and writing.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        environ: Mapping[str, str],
        cwd: Path,
        width: int = 120,
        height: int = 40,
        controlling: bool = True,
        stdin: int | None = None,
        answers: Mapping[bytes, bytes] | None = None,
    ) -> None:
        """``stdin`` is a descriptor to read keys from instead of this terminal; ``answers`` are given to more questions."""
        self._answers = {**_ANSWERS, **(answers or {})}
        self._master, self._slave = os.openpty()
        self.resize(width, height)
        self.modes_before = self.modes()
        self.taken = bytearray()
        """Every byte the program has sent and the terminal has read."""
        self._screen = pyte.Screen(width, height)
        self._stream = pyte.ByteStream(self._screen)
        self._rest = b""
        self._lock = threading.Lock()
        self._reading = threading.Event()
        self._reading.set()
        self._rate = 0
        self._closed = False
        full = [sys.executable, "-I", "-S", "-c", _MAKE_IT_MINE, *command] if controlling else list(command)
        self.process = subprocess.Popen(
            full,
            stdin=self._slave if stdin is None else stdin,
            stdout=self._slave,
            stderr=self._slave,
            env=dict(environ),
            cwd=cwd,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, name="terminal-reader", daemon=True)
        self._reader.start()

    # -- looking and typing ----------------------------------------------------------------------------------------

    def text(self) -> str:
        """Return what is shown now."""
        with self._lock:
            return _text(self._screen)

    def write(self, keys: str) -> None:
        """Send keys."""
        os.write(self._master, keys.encode())

    def paste(self, text: str) -> None:
        """Send text the way a terminal pastes it once the program has asked for brackets."""
        self.type(f"\x1b[200~{text}\x1b[201~")

    def resize(self, width: int, height: int) -> None:
        """Change the size; the program is told by SIGWINCH."""
        if hasattr(self, "_screen"):
            with self._lock:
                self._screen.resize(height, width)
        ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    # -- the terminal's own faults ---------------------------------------------------------------------------------

    def stop_reading(self) -> None:
        """Take nothing more from the program, as a terminal behind a dead link."""
        self._reading.clear()

    def fill(self) -> None:
        """Take nothing more, and let others write to the terminal until the kernel takes no more for it.

        The program alone does not always get that far: it stops when it sees that nobody reads. What is written says nothing.
        """
        self.stop_reading()
        other = os.open(os.ttyname(self._slave), os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK)
        refused = 0
        try:
            while refused < 2:  # after the first refusal a read may still have been under way
                try:
                    os.write(other, _NOTHING)
                    refused = 0
                except BlockingIOError:
                    refused += 1
                    time.sleep(2 * _LOOK_S)
        finally:
            os.close(other)

    def read_again(self) -> None:
        """Take everything that waits, and go on."""
        self._rate = 0
        self._reading.set()

    def read_slowly(self, bytes_per_s: int) -> None:
        """Take only so many bytes a second, as a terminal behind a modem."""
        self._rate = bytes_per_s

    @property
    def is_full(self) -> bool:
        """Whether the kernel takes no more bytes for the terminal: whoever writes now would block."""
        return not select.select([], [self._slave], [], 0)[1]

    @property
    def unread(self) -> int:
        """Bytes that wait for the terminal to take them."""
        return int(struct.unpack("i", ioctl(self._master, termios.FIONREAD, b"\0" * 4))[0])

    @property
    def all_read(self) -> bool:
        """Whether the program has taken every key that was typed."""
        return not select.select([self._slave], [], [], 0)[0]

    def pour(self, data: bytes, seconds: float) -> int:
        """Send bytes as fast as the program takes them, for so long at most; return how many it took."""
        sent, deadline = 0, time.monotonic() + seconds
        os.set_blocking(self._master, False)
        try:
            while sent < len(data) and (left := deadline - time.monotonic()) > 0:
                if select.select([], [self._master], [], min(left, 0.05))[1]:
                    with contextlib.suppress(BlockingIOError):
                        sent += os.write(self._master, data[sent : sent + 4096])
        finally:
            os.set_blocking(self._master, True)
        return sent

    def repainted(self) -> str:
        """Let the program draw everything anew and return what a terminal shows that has seen nothing else.

        A continued program does so: somebody else may have written on its terminal while it was stopped.
        """
        start = len(self.taken)
        os.kill(self.process.pid, signal.SIGCONT)
        wait_until(lambda: len(self.taken) > start and not self._waits(0.15), 5.0)
        with self._lock:
            screen = pyte.Screen(self._screen.columns, self._screen.lines)
            pyte.ByteStream(screen).feed(_UNREAD_BY_PYTE.sub(b"", bytes(self.taken[start:])))
        return _text(screen)

    def reading_time(self, start: int) -> float:
        """Return how many seconds a terminal like this one takes to read what it has taken since its ``start``-th byte."""
        with self._lock:
            data = _UNREAD_BY_PYTE.sub(b"", bytes(self.taken[start:]))
            screen = pyte.Screen(self._screen.columns, self._screen.lines)
        since = time.monotonic()
        pyte.ByteStream(screen).feed(data)
        return time.monotonic() - since

    def close(self) -> None:
        """Close the window: the program's terminal no longer exists."""
        if self._closed:
            return
        self._closed = True
        self._reading.set()
        self._reader.join(5)
        os.close(self._slave)
        os.close(self._master)

    # -- the program -----------------------------------------------------------------------------------------------

    def ended(self) -> bool:
        """Whether the program is gone."""
        return self.process.poll() is not None

    def wait_exit(self, seconds: float = DEADLINE_S) -> int:
        """Wait for the program's end and return its exit code; minus the signal's number when one killed it."""
        assert wait_until(self.ended, seconds), f"still running after {seconds} s\n{self.text()}"
        if not self._closed and self._reading.is_set():
            wait_until(self._read_all, 5)
        return int(self.process.returncode)

    def others(self) -> bool:
        """Whether any process of the program's group is left."""
        try:
            os.killpg(self.process.pid, 0)
        except ProcessLookupError:
            return False
        return True

    def modes(self) -> list[Any]:
        """Return the terminal's settings (echo, line editing, control characters)."""
        return termios.tcgetattr(self._slave)

    def assert_given_back(self) -> None:
        """Check that the shell finds the terminal as it left it: settings, main screen, cursor, no mode of ours."""
        assert self.modes() == self.modes_before, "the terminal's settings are not what they were"
        sent = bytes(self.taken)
        for on, off in _PAIRS:
            if on == _MOUSE and on not in sent:
                continue  # it is listened to by configuration only
            assert sent.rfind(off) > sent.rfind(on), f"{on!r} is still on at the end: {sent[-300:]!r}"

    def end(self) -> None:
        """Kill the program if it still runs, and close."""
        if self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.close()
        examine("the bytes of a terminal", bytes(self.taken))

    # -- inside ----------------------------------------------------------------------------------------------------

    def _read(self) -> None:
        while not self._closed:
            self._reading.wait()
            if not self._waits(_LOOK_S) or not self._reading.is_set() or self._closed:
                continue
            if self._rate:
                time.sleep(_SLOW_S)
            with self._lock:
                try:
                    data = os.read(self._master, max(1, round(self._rate * _SLOW_S)) if self._rate else 65536)
                except OSError:
                    return
                data = data.replace(b"\0", b"")
                for question, answer in self._answers.items():
                    for _ in range(data.count(question)):
                        os.write(self._master, answer)
                self.taken += data
                data = self._rest + data
                unfinished = _UNFINISHED.search(data)
                cut = unfinished.start() if unfinished else len(data)
                self._rest = data[cut:]
                self._stream.feed(_UNREAD_BY_PYTE.sub(b"", data[:cut]))

    def _waits(self, seconds: float = 0.0) -> bool:
        return bool(select.select([self._master], [], [], seconds)[0])

    def _read_all(self) -> bool:
        """Whether nothing that the program left behind is unread."""
        with self._lock:
            return not self._waits()


def _text(screen: pyte.Screen) -> str:
    rows = ["".join(screen.buffer[y][x].data for x in range(screen.columns)) for y in range(screen.lines)]
    return "\n".join(unicodedata.normalize("NFC", row.rstrip()) for row in rows)


_MOUSE = b"\x1b[?1003h"

_PAIRS = (
    (b"\x1b[?1049h", b"\x1b[?1049l"),  # the other screen
    (b"\x1b[?25l", b"\x1b[?25h"),  # no cursor
    (b"\x1b[?2004h", b"\x1b[?2004l"),  # brackets around pastes
    (_MOUSE, b"\x1b[?1003l"),
    (b"\x1b[?2026h", b"\x1b[?2026l"),  # a picture held back
    (b"\x1b[?7l", b"\x1b[?7h"),  # no wrapping
)
