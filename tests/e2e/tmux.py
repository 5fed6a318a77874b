"""A program inside tmux, on a tmux server of its own that no other session shares."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from itertools import count
from pathlib import Path

import pytest

from tests.e2e.screen import DEADLINE_S, ScreenOfText
from tests.e2e.terminal import Terminal

_numbers = count(1)
_AS_A_SHELL = '"$@"; echo "exit code $?"; while read -r line; do :; done'
_EXIT = r"^exit code (\d+)$"


class Tmux(ScreenOfText):
    """One window in one session, with a shell in it that says the program's exit code and waits."""

    def __init__(
        self, command: Sequence[str], *, environ: Mapping[str, str], cwd: Path, width: int = 80, height: int = 24
    ) -> None:
        program = shutil.which("tmux")
        if program is None:
            pytest.fail("tmux is not installed; these tests drive the program inside it: apt-get install tmux")
        self._tmux = [program, "-L", f"tui-trader-{os.getpid()}-{next(_numbers)}", "-f", "/dev/null"]
        self._environ = {key: value for key, value in environ.items() if key != "TMUX"}
        size = ["-x", str(width), "-y", str(height)]
        self._call("new-session", "-d", *size, "-c", str(cwd), "sh", "-c", _AS_A_SHELL, "sh", *command)
        self._call("set-option", "-g", "status", "off")

    def text(self) -> str:
        """Return what the window shows."""
        return "\n".join(line.rstrip() for line in self._call("capture-pane", "-p").split("\n"))

    def coloured(self) -> str:
        """Return what the window shows, with colours as escape sequences."""
        return self._call("capture-pane", "-e", "-p")

    def resize(self, width: int, height: int) -> None:
        """Change the size of the window."""
        self._call("resize-window", "-x", str(width), "-y", str(height))

    def write(self, keys: str) -> None:
        """Send keys, byte by byte."""
        self._call("send-keys", "-H", *(f"{byte:02x}" for byte in keys.encode()))

    def program(self) -> int:
        """Return the process id of the program: the child of the window's shell."""
        shell = self._call("display-message", "-p", "#{pane_pid}").strip()
        return int(Path(f"/proc/{shell}/task/{shell}/children").read_text().split()[0])

    def ended(self) -> bool:
        """Whether the program is gone."""
        return self.shows(_EXIT)

    def wait_exit(self, seconds: float = DEADLINE_S) -> int:
        """Wait for the program's end and return its exit code."""
        return int(self.wait(_EXIT, seconds)[1])

    def attach(self, environ: Mapping[str, str], cwd: Path, *, width: int, height: int) -> Terminal:
        """Look at the session from a terminal window of its own size."""
        return Terminal([*self._tmux, "attach-session"], environ=environ, cwd=cwd, width=width, height=height)

    def detach(self) -> None:
        """Let every window that looks on go."""
        self._call("detach-client", "-a")
        self._call("detach-client")

    def assert_given_back(self) -> None:
        """Check that the window is on its main screen again, with its cursor and without the program's modes."""
        expected = {"alternate_on": "0", "cursor_flag": "1", "mouse_any_flag": "0", "wrap_flag": "1"}
        shown = {name: self._call("display-message", "-p", f"#{{{name}}}").strip() for name in expected}
        assert shown == expected, shown

    def end(self) -> None:
        """End the tmux server and what runs in it."""
        subprocess.run([*self._tmux, "kill-server"], env=self._environ, capture_output=True, check=False)

    def _call(self, *words: str) -> str:
        done = subprocess.run(
            [*self._tmux, *words],
            env=self._environ,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
            timeout=DEADLINE_S,
        )
        assert done.returncode == 0, (words, done.stderr)
        return done.stdout
