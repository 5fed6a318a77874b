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
import unicodedata
from collections.abc import Mapping, Sequence
from fcntl import ioctl
from pathlib import Path
from typing import Any

import pyte

from tests.e2e.screen import DEADLINE_S, ScreenOfText, wait_until

_MAKE_IT_MINE = "import fcntl, os, sys, termios\nfcntl.ioctl(0, termios.TIOCSCTTY, 0)\nos.execv(sys.argv[1], sys.argv[1:])"
"""Takes the terminal on descriptor 0 as the controlling one, as a login shell does, then becomes the program."""

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
    ) -> None:
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
        self._closed = False
        full = [sys.executable, "-I", "-S", "-c", _MAKE_IT_MINE, *command] if controlling else list(command)
        self.process = subprocess.Popen(
            full,
            stdin=self._slave,
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
            screen = self._screen
            rows = ["".join(screen.buffer[y][x].data for x in range(screen.columns)) for y in range(screen.lines)]
        return "\n".join(unicodedata.normalize("NFC", row.rstrip()) for row in rows)

    def type(self, keys: str) -> None:
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

    def read_again(self) -> None:
        """Take everything that waits, and go on."""
        self._reading.set()

    @property
    def is_full(self) -> bool:
        """Whether the kernel takes no more bytes for the terminal: whoever writes now would block."""
        return not select.select([], [self._slave], [], 0)[1]

    @property
    def all_read(self) -> bool:
        """Whether the program has taken every key that was typed."""
        return not select.select([self._slave], [], [], 0)[0]

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
            assert sent.rfind(off) > sent.rfind(on), f"{on!r} is still on at the end: {sent[-300:]!r}"

    def end(self) -> None:
        """Kill the program if it still runs, and close."""
        if self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.close()

    # -- inside ----------------------------------------------------------------------------------------------------

    def _read(self) -> None:
        while not self._closed:
            self._reading.wait()
            if not self._waits(0.05) or not self._reading.is_set() or self._closed:
                continue
            with self._lock:
                try:
                    data = os.read(self._master, 65536)
                except OSError:
                    return
                for question, answer in _ANSWERS.items():
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


_PAIRS = (
    (b"\x1b[?1049h", b"\x1b[?1049l"),  # the other screen
    (b"\x1b[?25l", b"\x1b[?25h"),  # no cursor
    (b"\x1b[?2004h", b"\x1b[?2004l"),  # brackets around pastes
    (b"\x1b[?1003h", b"\x1b[?1003l"),  # mouse
    (b"\x1b[?2026h", b"\x1b[?2026l"),  # a picture held back
    (b"\x1b[?7l", b"\x1b[?7h"),  # no wrapping
)
