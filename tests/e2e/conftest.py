"""The program as a trader has it: built into a wheel, installed, started in a terminal from a directory of its own."""

from __future__ import annotations

import fcntl
import json
import os
import queue
import signal
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.canary import plugin as canary
from tests.e2e.screen import DEADLINE_S, wait_until
from tests.e2e.terminal import Terminal
from tests.e2e.tmux import Tmux

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
GAUGE = ROOT / "tests/soak/gauge.py"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything here."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.e2e)


class Installation:
    """A virtual environment that holds the wheel; the libraries are those of the environment the tests run in."""

    def __init__(self, folder: Path) -> None:
        self.python = folder / "bin" / "python"
        self.script = folder / "bin" / "tui-trader"

    @classmethod
    def build(cls, folder: Path) -> Installation:
        """Build the wheel from the source tree and install it; nothing is downloaded."""
        made = cls(folder / "installed")
        _run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder / "dist"), cwd=ROOT)
        (wheel,) = (folder / "dist").glob("*.whl")
        _run(sys.executable, "-m", "venv", "--without-pip", str(folder / "installed"), cwd=folder)
        install = ("install", "--quiet", "--no-deps", "--no-index", "--disable-pip-version-check", str(wheel))
        _run(sys.executable, "-m", "pip", "--python", str(made.python), *install, cwd=folder)
        (packages,) = (folder / "installed" / "lib").glob("python*/site-packages")
        libraries = dict.fromkeys((sysconfig.get_path("purelib"), sysconfig.get_path("platlib")))
        (packages / "libraries.pth").write_text("\n".join(libraries) + "\n")
        return made


def _run(*command: str, cwd: Path) -> None:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """Build and install once for all tests, and all workers."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    folder = folder / "wheel"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (folder / "done").exists():
            return Installation(folder / "installed")
        made = Installation.build(folder)
        (folder / "done").touch()
        return made


class Shell:
    """A user's shell with a home of its own: starts the installed program with a clean environment."""

    def __init__(self, installed: Installation, folder: Path) -> None:
        self.script = str(installed.script)
        self.python = str(installed.python)
        self.folder = folder
        self.home = folder / "home"
        self.environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "TUI_TRADER_HOME": str(self.home),
            "LANG": "C.UTF-8",
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
            "TMPDIR": os.environ.get("TMPDIR", "/tmp"),
            **canary.environment(),
        }
        self._open: list[Terminal | Tmux] = []

    def terminal(
        self,
        *words: str,
        width: int = 120,
        height: int = 40,
        controlling: bool = True,
        before: Sequence[str] = (),
        stdin: int | None = None,
        answers: Mapping[bytes, bytes] | None = None,
    ) -> Terminal:
        """Start the program in a terminal window; ``before`` is a command that becomes the program."""
        options = {"width": width, "height": height, "controlling": controlling, "stdin": stdin, "answers": answers}
        window = Terminal([*before, self.script, *words], environ=self.environ, cwd=self.folder, **options)  # type: ignore[arg-type]
        self._open.append(window)
        return window

    def gauged(self, report: Path, *words: str, width: int = 120, height: int = 40) -> Terminal:
        """Start the program with a gauge in its event loop, that reports to a file."""
        command = [self.python, str(GAUGE), str(report), *(words or ["-"])]
        window = Terminal(command, environ=self.environ, cwd=self.folder, width=width, height=height)
        self._open.append(window)
        return window

    def tmux(self, *words: str, width: int = 80, height: int = 24) -> Tmux:
        """Start the program in tmux."""
        window = Tmux([self.script, *words], environ=self.environ, cwd=self.folder, width=width, height=height)
        self._open.append(window)
        return window

    def run(self, *words: str, seconds: float = DEADLINE_S) -> subprocess.CompletedProcess[str]:
        """Run a shell command to its end, without a terminal."""
        done = subprocess.run(
            [self.script, *words],
            env=self.environ,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        canary.examine(f"what {words[:1]} said", done.stdout + done.stderr)
        return done

    def json(self, *words: str) -> Any:
        """Run a command that must succeed and return the document it prints."""
        done = self.run(*words, "--json")
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        return json.loads(done.stdout)

    def intents(self) -> list[dict[str, Any]]:
        """Return every order the journal says was meant to leave."""
        found = []
        for path in sorted((self.home / "state" / "journal").glob("*.jsonl")):
            for line in path.read_text().splitlines():
                record = json.loads(line.rpartition("\t")[0])
                if record["kind"] == "intent":
                    found.append(record["body"])
        return found

    def end(self) -> None:
        """Close every window."""
        for window in self._open:
            window.end()


@pytest.fixture
def shell(installed: Installation, tmp_path: Path) -> Iterator[Shell]:
    """A shell; every window it opened is closed afterwards."""
    one = Shell(installed, tmp_path)
    yield one
    one.end()


class OwnExchange:
    """``tui-trader sim`` in a process of its own, and what it says."""

    def __init__(self, shell: Shell) -> None:
        self.events: list[dict[str, Any]] = []
        self._process = subprocess.Popen(
            [shell.script, "sim", "--json"],
            env=shell.environ,
            cwd=shell.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._access: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.url = self._access.get(timeout=DEADLINE_S)

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            event = json.loads(line)
            self.events.append(event)
            if event["event"] == "access":
                self._access.put(event["rest"])

    def wait_event(self, name: str, number: int = 1) -> dict[str, Any]:
        """Wait for the ``number``-th event of a name."""

        def found() -> list[dict[str, Any]]:
            return [event for event in list(self.events) if event["event"] == name]

        assert wait_until(lambda: len(found()) >= number), (name, self.events)
        return found()[number - 1]

    def end(self) -> None:
        """Stop it."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._reader.join(5)
        if self._process.stdout is not None:
            self._process.stdout.close()


@pytest.fixture
def own_exchange(shell: Shell) -> Iterator[OwnExchange]:
    """An exchange that several processes share."""
    one = OwnExchange(shell)
    yield one
    one.end()


@pytest.fixture
def second_shell(installed: Installation, tmp_path: Path) -> Iterator[Shell]:
    """Another user's shell on the same machine."""
    folder = tmp_path / "second"
    folder.mkdir()
    one = Shell(installed, folder)
    yield one
    one.end()
