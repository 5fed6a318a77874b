"""One run of the hour: the program in tmux, the exchange beside it, every key that was pressed, every screen that was seen."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.e2e.conftest import ROOT, Shell
from tests.e2e.screen import DEADLINE_S, wait_until
from tests.e2e.tmux import Tmux

EMPTY = r"STAGE +empty"

NAMES = {"\r": "Enter", "\x1b": "Esc", "\x07": "^G", " ": "Space", "\t": "Tab"}


class Exchange:
    """The exchange's process."""

    def __init__(self, shell: Shell) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.hour.exchange"],
            cwd=ROOT,
            env={**shell.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.url = str(self._said()["rest"])

    def tell(self, line: str) -> None:
        """Have the exchange do something, and wait until it has."""
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        assert self._said()["line"] == line

    def end(self) -> None:
        """Let it go."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    def _said(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the exchange is gone"
        return dict(json.loads(line))


@dataclass
class Seen:
    """One row as it was played."""

    at: str
    title: str
    keys: list[str] = field(default_factory=list)
    proves: list[str] = field(default_factory=list)
    """What the screen had to show, as regular expressions."""
    screen: str = ""
    """The screen at the end of the row, with its colours as escape sequences."""
    size: tuple[int, int] = (120, 40)


class Hour:
    """A run; rows are functions that are given it."""

    def __init__(self, shell: Shell, config: str) -> None:
        self.shell = shell
        self.seen: list[Seen] = []
        shell.home.mkdir(parents=True, exist_ok=True)
        (shell.home / "config.toml").write_text(config)
        (shell.home / "config.toml").chmod(0o600)
        self.exchange = Exchange(shell)
        self.screen: Tmux | None = None
        self.size = (120, 40)

    def open(self) -> None:
        """Start the program in tmux."""
        width, height = self.size
        self.screen = self.shell.tmux("--sim-url", self.exchange.url, "--symbol", "BTCUSDT", width=width, height=height)

    def begin(self, at: str, title: str) -> None:
        """Begin a row."""
        self.seen.append(Seen(at, title))

    def finish(self) -> None:
        """End a row: keep its screen."""
        if self.screen is not None and not self.seen[-1].screen and not self.screen.ended():
            self.seen[-1].screen = self.screen.coloured()
            self.seen[-1].size = self.size

    def do(self, line: str) -> None:
        """Run a line from the shell, as a script of the trader's would."""
        done = self.shell.run("do", line, "--sim-url", self.exchange.url)
        assert done.returncode == 0, (line, done.stdout, done.stderr)

    def asked(self, *words: str) -> dict[str, Any]:
        """Ask from the shell; return what JSON it says."""
        done = self.shell.run(*words, "--sim-url", self.exchange.url, "--json")
        assert done.returncode == 0, (done.stdout, done.stderr)
        self.seen[-1].proves.append(f"tui-trader {' '.join(words)}")
        return dict(json.loads(done.stdout))

    def cut_off(self) -> None:
        """Take the terminal away, as a connection does that dies, and wait until the program is gone."""
        assert self.screen is not None
        process = Path(f"/proc/{self.screen.program()}")
        self.screen.end()
        self.screen = None
        assert wait_until(lambda: not process.exists(), DEADLINE_S), "the program outlived its terminal"
        self.seen[-1].proves.append("the program ended with its terminal")

    def shown(self, pattern: str) -> bool:
        """Whether the screen shows something now."""
        assert self.screen is not None
        return self.screen.shows(pattern)

    def export(self, *words: str) -> list[str]:
        """Export from the shell while the terminal runs; return the lines of the table."""
        done = self.shell.run("export", *words, "--sim-url", self.exchange.url, "--csv")
        assert done.returncode == 0, (done.stdout, done.stderr)
        self.seen[-1].proves.append(f"tui-trader export {' '.join(words)}")
        return done.stdout.splitlines()

    def keys(self, *keys: str) -> None:
        """Press keys, one after the other, and note them."""
        assert self.screen is not None
        for key in keys:
            self.seen[-1].keys.append(NAMES.get(key, key))
            self.screen.type(key)

    def shows(self, *patterns: str, seconds: float = DEADLINE_S) -> None:
        """Wait until the screen shows each of these."""
        assert self.screen is not None
        for pattern in patterns:
            self.screen.wait(pattern, seconds)
            self.seen[-1].proves.append(pattern)

    def gone(self, pattern: str) -> None:
        """Wait until the screen no longer shows something."""
        assert self.screen is not None
        self.screen.wait_gone(pattern)
        self.seen[-1].proves.append(f"no {pattern}")

    def waits(self, true: Callable[[], bool], what: str) -> None:
        """Wait until something holds."""
        assert self.screen is not None
        assert self.screen.until(true), f"not in time: {what}\n{self.screen.text()}"
        self.seen[-1].proves.append(what)

    def until_sent(self) -> None:
        """Wait until nothing is staged; press Enter once more where the ticket asks for it."""
        screen = self.screen
        assert screen is not None
        screen.until(lambda: screen.shows(EMPTY) or screen.shows("again sends"))
        if not screen.shows(EMPTY):
            self.keys("\r")
        screen.wait(EMPTY)

    def wait_a_moment(self) -> None:
        """Let what was pressed before count as another press."""
        wait_until(lambda: False, 2.5)

    def resume(self) -> None:
        """Let entries out again, with the venue's name where it is asked for."""
        self.keys(":", "resume phemex", "\r")
        self.shows(r"\bSAFE\b")

    def position(self) -> float:
        """Return the size of the position, as the positions pane shows it."""
        assert self.screen is not None
        found = re.search(r"BTCUSDT +(?:LONG|SHORT) +([\d.]+)", self.screen.text())
        return float(found[1]) if found else 0.0

    def day(self) -> float:
        """Return the day's profit, as the header shows it."""
        assert self.screen is not None
        return float(self.screen.wait(r"day ([+-]?[\d,]+\.\d\d)")[1].replace(",", ""))

    def stop_price(self) -> float | None:
        """Return the trigger of the stop."""
        assert self.screen is not None
        found = re.search(r"SL ([\d,.]+) mark", self.screen.text())
        return float(found[1].replace(",", "")) if found else None

    def ends(self) -> None:
        """Wait for the program's end."""
        assert self.screen is not None
        assert self.screen.wait_exit() == 0
        self.seen[-1].proves.append("exit code 0")

    def resize(self, width: int, height: int) -> None:
        """Change the size of the terminal."""
        assert self.screen is not None
        self.size = (width, height)
        self.screen.resize(width, height)

    def end(self) -> None:
        """Close everything."""
        self.shell.end()
        self.exchange.end()


def key_count(keys: list[str]) -> int:
    """Return how many keys were pressed; a line that was typed counts by its characters."""
    return sum(1 if key in NAMES.values() else len(key) for key in keys)


def at_home(folder: Path, script: Path, python: Path) -> Shell:
    """Return a shell that runs the program of this environment."""

    class Here:
        pass

    here = Here()
    here.script, here.python = script, python  # type: ignore[attr-defined]
    return Shell(here, folder)  # type: ignore[arg-type]
