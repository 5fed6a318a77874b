"""A program in a pseudo-terminal whose reading end can stop reading."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import threading
import time
import unicodedata
from collections.abc import Callable, Iterator
from fcntl import ioctl
from pathlib import Path
from typing import Any

import pyte
import pytest

ROOT = Path(__file__).parents[2]
_UNREAD_BY_PYTE = re.compile(rb"\x1b\[[<>=][0-9;]*[a-zA-Z]|\x1b\[\?[0-9;]*\$[a-z]|\x18")


class PtyProgram:
    """One run of a program of ``tests/ui/programs``."""

    def __init__(self, folder: Path, program: str, *arguments: str, width: int = 80, height: int = 24) -> None:
        self.report_file = folder / "report.jsonl"
        self.report_file.touch()
        script = str(ROOT / "tests/ui/programs" / program)
        environ = {
            key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "SSH_CONNECTION", "COLUMNS", "LINES")
        }
        environ |= {
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
            "PYTHONPATH": str(ROOT),
            "TEXTUAL_ANIMATIONS": "none",
            "PYTHONUNBUFFERED": "1",
        }
        self.started = time.monotonic()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            # Before it looks: a size that arrives while it starts, before it listens, would be missed.
            ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
            os.execve(sys.executable, [sys.executable, script, str(self.report_file), *arguments], environ)
        self.width, self.height = width, height
        self.before = termios.tcgetattr(self.fd)
        self.taken = bytearray()
        self.reading = threading.Event()
        self.reading.set()
        self.status: int | None = None
        self._closed = False
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        while not self._closed:
            self.reading.wait()
            try:
                if not select.select([self.fd], [], [], 0.05)[0] or not self.reading.is_set():
                    continue
                data = os.read(self.fd, 65536)
            except (OSError, ValueError):
                return
            if not data:
                return
            self.taken += data
            for _ in range(data.count(b"\x1b[?2026$p")):
                os.write(self.fd, b"\x1b[?2026;2$y")

    def resize(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    def type(self, keys: str) -> None:
        os.write(self.fd, keys.encode())

    def close_terminal(self) -> None:
        self._closed = True
        self.reading.set()
        self._reader.join(2)
        os.close(self.fd)

    def reports(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.report_file.read_text().splitlines()]

    def wait_for(self, key: str, count: int = 1, seconds: float = 10.0) -> dict[str, Any]:
        """Return the ``count``-th report with ``key``."""
        found: list[dict[str, Any]] = []

        def there() -> bool:
            found[:] = [one for one in self.reports() if key in one]
            return len(found) >= count or self.poll() is not None

        wait_until(there, seconds)
        assert len(found) >= count, (key, self.reports(), bytes(self.taken[-2000:]))
        return found[count - 1]

    def poll(self) -> int | None:
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
        return self.status

    def wait_exit(self, seconds: float) -> int:
        wait_until(lambda: self.poll() is not None, seconds)
        assert self.status is not None, f"still running after {seconds} s"
        return self.status

    def cpu_seconds(self) -> float:
        with open(f"/proc/{self.pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def lines(self, start: int = 0) -> list[str]:
        """Return what a terminal shows of everything taken so far."""
        screen = pyte.Screen(self.width, self.height)
        pyte.ByteStream(screen).feed(_UNREAD_BY_PYTE.sub(b"", bytes(self.taken[start:])))
        rows = ("".join(screen.buffer[y][x].data for x in range(self.width)).rstrip() for y in range(self.height))
        return [unicodedata.normalize("NFC", row) for row in rows]

    def end(self) -> None:
        self._closed = True
        self.reading.set()
        if self.poll() is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        with contextlib.suppress(OSError):
            os.close(self.fd)


def wait_until(true: Callable[[], bool], seconds: float) -> bool:
    """Look every 20 ms whether something outside this process has happened."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        threading.Event().wait(0.02)
    return True


@pytest.fixture(autouse=True)
def _positions_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A scripted desk hears nothing by itself: there is nothing to wait for after a flatten."""
    monkeypatch.setattr("tui_trader.desk.exits.FLAT_LOOKS", 1)


@pytest.fixture
def in_pty(tmp_path: Path) -> Iterator[Callable[..., PtyProgram]]:
    """Start programs in pseudo-terminals; end them afterwards."""
    programs: list[PtyProgram] = []

    def start(program: str, *arguments: str, **size: int) -> PtyProgram:
        programs.append(PtyProgram(tmp_path, program, *arguments, **size))
        return programs[-1]

    yield start
    for program in programs:
        program.end()
