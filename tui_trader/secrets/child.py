"""A child process that is asked for something secret: bounded in time and in what it may say, and killed with all it started."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Final

from tui_trader.core.clock import NS, SystemClock
from tui_trader.secrets.surroundings import without_secrets

PIECE: Final = 4_096


class OutOfTime(Exception):
    """The child did not answer in time."""


class Child:
    """One child in a session of its own; what it says on stderr is thrown away. Use it with ``with``."""

    def __init__(self, argv: Sequence[str], environ: Mapping[str, str], *, limit_s: float, told: bytes = b"") -> None:
        """Start it and tell it ``told`` on its stdin, which then ends. Raises OSError when it cannot be started."""
        self._clock = SystemClock()
        self._process = subprocess.Popen(
            argv,
            stdin=subprocess.PIPE if told else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env=without_secrets(environ),
            start_new_session=True,
        )
        self.allow(limit_s)
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):  # it is gone, which its answer will show
                self._process.stdin.write(told)  # less than a pipe holds
                self._process.stdin.close()

    def __enter__(self) -> Child:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None) -> None:
        self.end()

    def allow(self, limit_s: float) -> None:
        """Let it have so much time from now on."""
        self._deadline_ns = self._clock.mono_ns() + round(limit_s * NS)

    def read(self) -> bytes:
        """Return a piece of what it says, empty when it has said all; raises OutOfTime."""
        assert self._process.stdout is not None
        fd = self._process.stdout.fileno()
        left_s = (self._deadline_ns - self._clock.mono_ns()) / NS
        if left_s <= 0 or not select.select([fd], [], [], left_s)[0]:
            raise OutOfTime
        return os.read(fd, PIECE)

    def wait(self) -> int:
        """Return how it ended; raises OutOfTime."""
        left_s = (self._deadline_ns - self._clock.mono_ns()) / NS
        try:
            return self._process.wait(max(0.0, left_s))
        except subprocess.TimeoutExpired:
            raise OutOfTime from None

    def end(self) -> None:
        """Kill it and whatever it started, and leave nothing of it."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
