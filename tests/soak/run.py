"""One long run: an exchange that misbehaves, a desk without a screen, the installed program in a terminal, a gauge in each."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from tests.e2e.conftest import GAUGE, ROOT, Shell
from tests.e2e.endings import FINGER_S
from tests.soak.figures import Report, Sample, leaks, read_process

CONTROL = "nothing"
"""The loop that does nothing but beat: what it is late by, the machine is to blame for."""

HAND_S = 5.0
"""Between two things that the trader at the terminal does."""

END_S = 60.0

HANDS = (
    ":buy 0.002 @ bid-150t!\r",
    ":sell 0.002 @ ask+150t!\r",
    "c",
    ":cancel last\r",
    ":cancel all\r",
    "b\x1b[27u",
    "B\x1b[27u",
    "?\x1b[27u",
    "T",
    "n",
    "N",
    "z",
    "z",
    "+",
    "-",
    "\t",
    "gojjj\x1b[27u",
    "ghjjkk\x1b[27u",
    ":nonsense here\r\x1b[27u",
    "\x07",
    ":resume phemex\r",
)
"""What is typed at the terminal: orders, cancels, the panic key and what ends its hold, panes, symbols, themes, help."""

SIZES = ((120, 40), (200, 60), (80, 24), (100, 30))


class Background:
    """A process of ours whose lines of JSON are kept in a file."""

    def __init__(self, folder: Path, name: str, *words: str, environ: Mapping[str, str]) -> None:
        self.name = name
        self._path = folder / f"{name}.jsonl"
        self._out: IO[bytes] = self._path.open("wb")
        self._read = 0
        self.lines: list[dict[str, Any]] = []
        self.process = subprocess.Popen(
            [sys.executable, *words], cwd=ROOT, env=environ, stdin=subprocess.DEVNULL, stdout=self._out, stderr=self._out
        )

    def news(self) -> list[dict[str, Any]]:
        """Return the lines that are new since the last call; what is not JSON comes as ``{"said": text}``."""
        found = []
        with self._path.open("rb") as file:
            file.seek(self._read)
            while (line := file.readline()).endswith(b"\n"):
                self._read += len(line)
                try:
                    found.append(json.loads(line))
                except json.JSONDecodeError:
                    found.append({"said": line.decode(errors="replace").rstrip()})
        self.lines += found
        return found

    def wait_line(self, key: str, seconds: float = 30.0) -> dict[str, Any]:
        """Wait for a line that has a key."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self.process.poll() is None:
            self.news()
            for line in self.lines:
                if key in line:
                    return line
            time.sleep(0.05)
        raise RuntimeError(f"{self.name} did not say {key!r}: {self.lines[-5:]}")

    def end(self, seconds: float = END_S) -> None:
        """Ask it to end, and end it if it does not."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self._out.close()
        self.news()


@dataclass
class Outcome:
    """What came of a run."""

    samples: dict[str, list[Sample]] = field(default_factory=dict)
    faults: Counter[str] = field(default_factory=Counter)
    """How often each fault struck."""
    counts: dict[str, int] = field(default_factory=dict)
    """What the desk without a screen did."""
    typed: int = 0
    exchange_orders: int = 0
    problems: list[str] = field(default_factory=list)


class Run:
    """Everything that runs, and what was seen of it."""

    def __init__(self, shell: Shell, folder: Path, stack: ExitStack, *, every_s: float, seed: int, venue: str = "phemex") -> None:
        """Start everything; what is started ends with ``stack``."""
        self.outcome = Outcome()
        self._folder = folder
        self._random = random.Random(seed)
        self._size = 0
        environ = {name: value for name, value in os.environ.items() if not name.startswith(("TUI_TRADER", "XDG_"))}
        environ["TUI_TRADER_HOME"] = str(folder / "robot")
        environ["TUI_TRADER__GENERAL__VENUE"] = venue
        self._hands = [keys.replace("phemex", venue) for keys in HANDS]

        def start(name: str, *words: str) -> Background:
            one = Background(folder, name, *words, environ=environ)
            stack.callback(one.end, 1.0)
            return one

        self._exchange = start(
            "exchange", "-m", "tests.soak.exchange", "--every", f"{every_s:g}", "--seed", str(seed), "--venue", venue
        )
        url = self._exchange.wait_line("rest")["rest"]
        self._reports = {name: Report(folder / f"{name}.gauge") for name in ("terminal", "desk", CONTROL)}
        report = str(folder / "desk.gauge")
        self._robot = start("desk", "-m", "tests.soak.robot", url, report, "--seed", str(seed))
        self._control = start(CONTROL, str(GAUGE), str(folder / f"{CONTROL}.gauge"))
        stack.callback(shell.end)
        self.screen = shell.gauged(folder / "terminal.gauge", "--sim-url", url, "--venue", venue)
        self._shell = shell
        self.screen.wait(r"eq [\d,]+\.\d\d", 60)
        self._started = self._hand_at = time.monotonic()

    @property
    def passed_s(self) -> float:
        """Seconds since everything was up."""
        return time.monotonic() - self._started

    def turn(self) -> None:
        """Let the trader at the terminal do one thing, if it is time."""
        now = time.monotonic()
        if now < self._hand_at:
            return
        self._hand_at = now + HAND_S
        self.screen.taken.clear()
        if self._random.random() < 0.1:
            self.screen.resize(*self._random.choice(SIZES))
        else:
            keys = self._random.choice(self._hands)
            self.screen.type(keys.rstrip("\r"))
            if keys.endswith("\r"):  # in one read with its line it would stage and not send
                time.sleep(FINGER_S)
                self.screen.type("\r")
            self.outcome.typed += 1

    def sample(self) -> dict[str, Sample]:
        """Read every process now."""
        found = {}
        for name, pid in self._pids().items():
            try:
                found[name] = read_process(pid, self.passed_s, self._reports[name])
            except OSError:
                self.outcome.problems.append(f"{name} is gone after {self.passed_s:.0f} s")
                continue
            self.outcome.samples.setdefault(name, []).append(found[name])
        for line in self._exchange.news():
            if line.get("event") == "wrong" and line["struck"]:
                self.outcome.faults[line["what"]] += line["struck"]
            elif line.get("event") == "failure":
                self.outcome.problems.append(f"exchange: {line}")
        for line in self._robot.news():
            if "counts" in line:
                self.outcome.counts = line["counts"]
            if "failed" in line:
                self.outcome.problems.append(f"desk: {line}")
        return found

    @property
    def alive(self) -> bool:
        """Whether everything still runs."""
        return not self.screen.ended() and all(one.process.poll() is None for one in (self._exchange, self._robot, self._control))

    def end(self) -> Outcome:
        """Put everything down, hold the three ledgers against each other, and judge."""
        outcome = self.outcome
        if not self.alive:
            outcome.problems.append(f"something ended by itself: {self._exits()}\n{self.screen.text()}")
        self.screen.type("\x1b[27u" * 4)
        self._robot.end()
        final = next((line for line in reversed(self._robot.lines) if "open" in line), None)
        self.screen.type("\x03")
        time.sleep(FINGER_S)
        self.screen.type("\x03")
        if not self.screen.until(self.screen.ended, 10):
            outcome.problems.append("the terminal did not leave on two ^C")
        elif self.screen.wait_exit():
            outcome.problems.append(f"the terminal ended with {self.screen.process.returncode}\n{self.screen.text()}")
        self._control.end()
        self._exchange.end()
        self._judge(final)
        return outcome

    def _judge(self, final: dict[str, Any] | None) -> None:
        outcome = self.outcome
        last = next((line for line in self._exchange.lines if line.get("event") == "end"), None)
        if final is None or last is None:
            outcome.problems.append(f"no last word: desk {final}, exchange {last}")
        else:
            outcome.counts = final["counts"]
            outcome.exchange_orders = last["orders"]
            if final["open"] != last["open"]:
                outcome.problems.append(f"the desk ends with {final['open']} open, the exchange with {last['open']}")
        for one in (self._exchange, self._robot, self._control):
            said = [line["said"] for line in one.lines if "said" in line]
            if said:
                outcome.problems.append(f"{one.name} said: " + "\n".join(said[:60]))
        for name, report in self._reports.items():
            report.news()
            outcome.problems += [f"{name}: {text}" for text in report.failures]
            outcome.problems += [f"{name}: {text}" for text in leaks(outcome.samples.get(name, []))]
        crashes = [
            line
            for path in self._shell.home.rglob("tui-trader.log*")
            for line in path.read_text().splitlines()
            if "CRITICAL" in line
        ]
        outcome.problems += [f"terminal: {line}" for line in crashes]

    def _pids(self) -> dict[str, int]:
        return {"terminal": self.screen.process.pid, "desk": self._robot.process.pid, CONTROL: self._control.process.pid}

    def _exits(self) -> dict[str, int | None]:
        return {"terminal": self.screen.process.poll()} | {
            one.name: one.process.poll() for one in (self._exchange, self._robot, self._control)
        }
