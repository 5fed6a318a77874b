"""A terminal that stops reading, one that reads 300 bytes a second, and an empty loop beside them, for the same minutes.

Whoever looks at a dead terminal must lose nothing but the picture: the event loop keeps its beat, orders and links live on, keys
and the panic key arrive, and the picture is right a second after somebody reads again.
"""

from __future__ import annotations

import os
import re
import signal
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from tests.e2e.conftest import GAUGE, Installation, Shell
from tests.e2e.screen import wait_until
from tests.e2e.terminal import Terminal
from tests.soak.figures import LATE_MAX_MS, LATE_P99_MS, Lateness, Report, cpu_s
from tests.soak.run import Background

SLOW_BYTES = 300
KEY_S = 0.5
KEY_MS = 200
REPAINT_S = 1.0
PANIC_S = 1.0

MOST_CPU = 0.35
"""Of one core, by a terminal that nobody reads: it still keeps a book."""

_MOVING = re.compile(r"\d\d:\d\d:\d\dZ|\bin \d+:\d\d:\d\d\b| *<?\b\d+(?:\.\d+)?(?:m?s|m|[KM]?B/s)\b *")


@dataclass
class Figures:
    """What was measured."""

    lateness: dict[str, Lateness] = field(default_factory=dict)
    key_ms: dict[str, list[float]] = field(default_factory=dict)
    """From typing a key to the app being given it."""
    cpu: dict[str, float] = field(default_factory=dict)
    """Of one core."""
    panic_s: float = 0.0
    """From the panic key at the dead terminal to the exchange having cancelled everything."""
    repaint_s: float = 0.0
    """From the first byte read again to a picture that equals a new one."""
    emulator_s: float = 0.0
    """How long the terminal of the test itself takes to read that picture."""
    late_rows: list[str] = field(default_factory=list)
    """Of the picture, those that changed after the time that it should take."""
    caught_up_bytes: int = 0
    """Sent in the second after the stall: frames are folded, not queued."""
    problems: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        """Return the figures for a person."""
        found = [f"{name:10} loop late by {late.words()}" for name, late in self.lateness.items()]
        found += [
            f"{name:10} keys {sorted(ms)[len(ms) // 2]:.1f} ms in half, {max(ms):.1f} ms at most, of {len(ms)};"
            f" processor {self.cpu[name]:.1%}"
            for name, ms in self.key_ms.items()
            if ms
        ]
        found.append(f"panic key at the dead terminal to everything cancelled: {self.panic_s * 1000:.0f} ms")
        found.append(
            f"read again to a right picture: {self.repaint_s * 1000:.0f} ms, {self.caught_up_bytes} bytes, "
            f"of it {self.emulator_s * 1000:.0f} ms for the test's own terminal to read them"
        )
        return found + [f"PROBLEM    {text}" for text in self.problems]


class Patience:
    """A terminal that is watched while it is not read, or hardly."""

    def __init__(self, name: str, screen: Terminal, report: Path) -> None:
        self.name = name
        self.screen = screen
        self.report = Report(report)
        self.typed: list[float] = []
        self._cpu = 0.0
        self._since = 0.0

    def begin(self) -> None:
        """Count from here on."""
        self.report.news()
        self.report.keys.clear()
        self._cpu, self._since = cpu_s(self.screen.process.pid), time.monotonic()

    def key(self) -> None:
        """Type a key that changes the picture and nothing else."""
        self.typed.append(time.monotonic())
        self.screen.type("+-"[len(self.typed) % 2])

    def finish(self, figures: Figures) -> None:
        """Take down what was seen."""
        figures.cpu[self.name] = (cpu_s(self.screen.process.pid) - self._cpu) / (time.monotonic() - self._since)
        wait_until(lambda: self._take(figures) >= len(self.typed), 3.0)
        arrived = [at for at, name in self.report.keys if name in ("plus", "minus")]
        if len(arrived) != len(self.typed):
            figures.problems.append(f"{self.name}: {len(arrived)} of {len(self.typed)} keys arrived")
        figures.key_ms[self.name] = [(at - typed) * 1000 for typed, at in zip(self.typed, arrived, strict=False)]
        figures.problems += [f"{self.name}: {text}" for text in self.report.failures]

    def _take(self, figures: Figures) -> int:
        figures.lateness.setdefault(self.name, Lateness()).add(self.report.news().late_ms)
        return sum(name in ("plus", "minus") for _, name in self.report.keys)


def stall(installed: Installation, folder: Path, seconds: float) -> Figures:
    """Do not read a terminal for so long, and return what that did to it."""
    figures = Figures()
    with ExitStack() as stack:

        def shell(name: str) -> Shell:
            (folder / name).mkdir()
            one = Shell(installed, folder / name)
            one.environ["TUI_TRADER__GENERAL__SYMBOLS"] = "BTCUSDT"
            stack.callback(one.end)
            return one

        def start(name: str, *words: str) -> Background:
            one = Background(folder, name, *words, environ=dict(os.environ))
            stack.callback(one.end, 5.0)
            return one

        exchange = start("exchange", "-m", "tests.soak.exchange", "--still")
        url = exchange.wait_line("rest")["rest"]
        start("nothing", str(GAUGE), str(folder / "nothing.gauge"))
        elsewhere = shell("elsewhere")
        dead, slow = (
            Patience(name, shell(name).gauged(folder / f"{name}.gauge", "--sim-url", url), folder / f"{name}.gauge")
            for name in ("dead", "slow")
        )
        for screen in (dead.screen, slow.screen):
            screen.wait(r"eq 10,000\.00", 60)
            screen.wait(r"STAGE +empty")
        _order(figures, exchange, elsewhere, url, "buy 0.003 @ bid-200t")
        if figures.problems:
            return figures
        dead.screen.wait("ORDERS 1")
        slow.screen.wait("ORDERS 1")
        links = sum(line.get("event") == "connect" for line in exchange.lines)
        dead.screen.stop_reading()
        slow.screen.read_slowly(SLOW_BYTES)
        if not dead.screen.until(lambda: _shake(dead.screen), 40):
            figures.problems.append("the dead terminal never filled up")
        time.sleep(REPAINT_S)  # the last of those sizes is still being laid out
        _watch(figures, exchange, elsewhere, url, (dead, slow), seconds, Report(folder / "nothing.gauge"))
        _left(figures, exchange, links)
        _wake(figures, exchange, dead.screen)
        slow.screen.read_again()
    _judge(figures)
    return figures


def _watch(
    figures: Figures,
    exchange: Background,
    elsewhere: Shell,
    url: str,
    watched: tuple[Patience, Patience],
    seconds: float,
    nothing: Report,
) -> None:
    """Let time pass: keys at both, an order from elsewhere at half time, the panic key at the dead one, one more order."""
    nothing.news()
    for one in watched:
        one.begin()
    since = time.monotonic()
    todo = [(seconds * 0.4, "sell 0.002 @ ask+200t"), (seconds * 0.6, "panic"), (seconds * 0.7, "sell 0.004 @ ask+300t")]
    while (passed := time.monotonic() - since) < seconds:
        for one in watched:
            one.key()
        if todo and passed > todo[0][0]:
            line = todo.pop(0)[1]
            if line == "panic":
                _panic(figures, exchange, watched[0].screen)
            else:
                _order(figures, exchange, elsewhere, url, line)
        time.sleep(KEY_S)
    for one in watched:
        one.finish(figures)
    figures.lateness["nothing"] = nothing.news()
    if not watched[0].screen.is_full:
        figures.problems.append("the dead terminal took something after all")


def _order(figures: Figures, exchange: Background, elsewhere: Shell, url: str, line: str) -> None:
    done = elsewhere.run("do", line, "--sim-url", url)
    if done.returncode:
        figures.problems.append(f"{line}: {done.stdout} {done.stderr}")
    exchange.news()


def _panic(figures: Figures, exchange: Background, screen: Terminal) -> None:
    exchange.news()
    before = len(exchange.lines)
    typed = time.monotonic()
    screen.type("\x07")

    def cancelled() -> bool:
        exchange.news()
        return sum(line.get("what") == "canceled" for line in exchange.lines[before:]) == 2

    if not wait_until(cancelled, 10):
        figures.problems.append(f"the panic key at the dead terminal did nothing: {exchange.lines[before:]}")
    figures.panic_s = time.monotonic() - typed


def _left(figures: Figures, exchange: Background, links: int) -> None:
    """Nobody but the shell's commands, who come and go, may have lost a connection."""
    exchange.news()
    connects = [line["client"] for line in exchange.lines if line.get("event") == "connect"]
    gone = [line for line in exchange.lines if line.get("event") in ("disconnect", "idle") and line["client"] in connects[:4]]
    if gone or links < 4:
        figures.problems.append(f"a terminal lost its links: {gone}")


def _wake(figures: Figures, exchange: Background, screen: Terminal) -> None:
    """Let nothing move, read again, and compare the picture with a new one."""
    wait_until(lambda: 2 < time.time() % 60 < 45, 30)  # when a minute turns the chart moves by a column, whoever looks
    exchange.process.send_signal(signal.SIGUSR1)
    time.sleep(2.5)  # the book is called stale by then, and nothing else changes
    before = len(screen.taken)
    since = time.monotonic()
    screen.read_again()
    looks: list[tuple[float, str]] = []
    while (passed := time.monotonic() - since) < 2 * REPAINT_S:
        looks.append((passed, still(screen.text())))
        time.sleep(0.02)
    figures.caught_up_bytes = len(screen.taken) - before
    last = looks[-1][1]
    figures.repaint_s = next(passed for passed, picture in looks if picture == last)
    figures.late_rows = _differing(next(picture for passed, picture in looks if passed >= REPAINT_S), last)
    figures.emulator_s = screen.reading_time(before)
    if "ORDERS 1" not in screen.text():
        figures.problems.append(f"the last order is not in the picture\n{screen.text()}")
    now, new = still(screen.text()), still(screen.repainted())
    if now != new:
        figures.problems.append("the picture differs from a new one:\n" + "\n".join(_differing(now, new)))


def _differing(before: str, after: str) -> list[str]:
    """Return the rows that are not the same in two pictures, each as it was and as it is."""
    return [f"{a}\n{b}" for a, b in zip(before.splitlines(), after.splitlines(), strict=False) if a != b]


def still(picture: str) -> str:
    """Return a picture without what moves by itself (times, ages, countdowns, round trips, traffic, what was traded within a
    minute) or is looked at once a second only (why entries are blocked)."""
    quiet = re.sub(r"^ entries blocked:.*$", "", picture, flags=re.MULTILINE)
    quiet = re.sub(r"\bdelta \S+ ─*", "delta · ─", quiet)
    quiet = re.sub(r"(realised \S+) +[▁-█]+ *(?:fees \S+ +funding \S+)?", r"\1 ·", quiet)  # a column a second
    return re.sub(" +│", " │", _MOVING.sub("·", quiet))  # a number that is longer pushes what stands at its left


def _shake(screen: Terminal) -> bool:
    """Make a program draw until its terminal takes no more."""
    for size in ((118, 38), (119, 39), (117, 37), (120, 40)):
        screen.resize(*size)
        time.sleep(0.25)
    screen.fill()
    return screen.is_full


def _judge(figures: Figures) -> None:
    """Hold the figures against the limits; what an empty loop was late by at the same time is the machine's, not ours."""
    idle = figures.lateness["nothing"]
    for name in ("dead", "slow"):
        late = figures.lateness[name]
        if late.percentile(0.99) > LATE_P99_MS + idle.percentile(0.99):
            figures.problems.append(f"{name}: p99 of the loop's lateness is {late.percentile(0.99)} ms")
        if late.most > LATE_MAX_MS + idle.most:
            figures.problems.append(f"{name}: the loop was late by {late.most} ms")
        keys = sorted(figures.key_ms[name])
        if not keys or keys[int(len(keys) * 0.95)] > KEY_MS + idle.most:
            figures.problems.append(f"{name}: keys took {keys[-5:]} ms")
        if figures.cpu[name] > MOST_CPU:
            figures.problems.append(f"{name}: {figures.cpu[name]:.0%} of a core")
    if figures.panic_s > PANIC_S + idle.most / 1000:
        figures.problems.append(f"the panic key took {figures.panic_s:.2f} s")
    if figures.repaint_s > REPAINT_S + figures.emulator_s + idle.most / 1000:
        figures.problems.append(f"the picture took {figures.repaint_s:.2f} s\n" + "\n".join(figures.late_rows))
