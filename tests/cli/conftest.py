"""The command as a shell starts it: a process of its own, a home of its own, and an exchange that runs beside it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.canary import plugin as canary

ROOT = Path(__file__).parents[2]
TIMEOUT_S = 30


@dataclass(frozen=True)
class Ran:
    """What a process said and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON document on stdout."""
        (line,) = self.out.splitlines()
        return json.loads(line)


class Shell:
    """Runs ``tui-trader`` in a home of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.environ = {
            name: value for name, value in os.environ.items() if not name.startswith(("TUI_TRADER", "XDG_", "COLUMNS"))
        } | {"TUI_TRADER_HOME": str(home), "PYTHONPATH": f"{ROOT}{os.pathsep}{canary.SITE}", "PYTHONWARNINGS": "error"}

    def argv(self, *args: str) -> list[str]:
        """Return the words that start the program."""
        return [sys.executable, "-m", "tui_trader", *args]

    def __call__(self, *args: str, stdin: str = "") -> Ran:
        done = subprocess.run(
            self.argv(*args),
            env=self.environ,
            cwd=ROOT,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
        if args[:1] != ("sim",):  # which says how to reach it, and with what key
            canary.examine(f"what {args[:1]} said", done.stdout + done.stderr)
        return Ran(done.returncode, done.stdout, done.stderr)

    def start(self, *args: str) -> subprocess.Popen[str]:
        """Start the program and let it run."""
        return subprocess.Popen(
            self.argv(*args), env=self.environ, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def config(self, text: str) -> None:
        """Write the configuration file."""
        (self.home / "config.toml").write_text(text)


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


@pytest.fixture
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """An exchange in a process of its own; gives its access line."""
    process = Shell(tmp_path_factory.mktemp("exchange")).start("sim", "--json", "--seed", "3")
    try:
        assert process.stdout is not None
        while (line := json.loads(process.stdout.readline()))["event"] != "access":
            pass
        yield line
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=TIMEOUT_S)


class At:
    """A shell whose every command goes to one running exchange."""

    def __init__(self, shell: Shell, url: str) -> None:
        self.shell = shell
        self.url = url

    def __call__(self, *args: str, stdin: str = "") -> Ran:
        for _ in range(4):
            ran = self.shell(*args, "--sim-url", self.url, stdin=stdin)
            if "was not ready in" not in ran.err:  # each start asks 18 times, the venue takes 100 a minute: nothing was sent yet
                break
            time.sleep(15)
        return ran


@pytest.fixture
def at(shell: Shell, exchange: dict[str, str]) -> At:
    return At(shell, exchange["rest"])
