"""G7, G8 and G20: how long a key takes to the screen, and Enter to the order's bytes, in a quiet market and in floods.

The real terminal in a pseudo-terminal, the built-in exchange in another process; the markets alternate within one run of the
program. A key is a letter used nowhere else on the screen, timed until it comes out of the terminal. Orders are in ``enter``.
"""

from __future__ import annotations

import math
import random
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from . import enter
from .cockpit import CONFIG
from .exchange import FLOOR_RATE, Exchange
from .measure import Ratio, percentile, take_turns
from .pty_probe import Probe
from .start import READY
from .table import Row
from .tap import Tap

KEYS = 510
"""Keys per market, whatever the rounds: fewer have no 99th percentile."""

FLOODS = (5_000, 20_000)
KEY_LIMIT_MS = 25.0
SETTLE_S = 1.0
LETTERS = [chr(code) for code in range(0x0410, 0x0450)]
"""Cyrillic: one cell wide and on no other part of the screen."""


def measure(rounds: int, goals: frozenset[str]) -> list[Row]:
    """Return the rows of G7, G8 and G20."""
    rows = []
    with ExitStack() as stack:
        tap = stack.enter_context(Tap())
        exchange = stack.enter_context(Exchange.start(FLOOR_RATE, tap.url))
        tap.to = exchange.rest_url
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        (folder / "config.toml").write_text(CONFIG)
        words = ["-m", "tests.bench.roomy", *exchange.arguments, "--config", str(folder / "config.toml")]
        probe = stack.enter_context(Probe(words))
        probe.wait(lambda taken: b"avail" in taken and any(READY in row for row in probe.screen()), 30.0)
        probe.read(SETTLE_S)
        draw = random.Random(7)
        if "G7" in goals:
            rows += _keys(probe, exchange, draw, rounds)
            rows.append(_growth(probe, exchange, rounds))
        if goals & {"G8", "G20"}:
            rows += enter.measure(probe, exchange, tap, draw)
    return [row for row in rows if row.goal in goals or row.goal == "-"]


def _keys(probe: Probe, exchange: Exchange, draw: random.Random, rounds: int) -> list[Row]:
    took: dict[int, list[float]] = {rate: [] for rate in (FLOOR_RATE, *FLOODS)}
    used: dict[int, list[float]] = {rate: [] for rate in took}

    def typed(rate: int) -> float:
        exchange.set_rate(rate)
        probe.read(SETTLE_S)
        cpu, start = probe.cpu_s(), time.monotonic()
        took[rate] += type_letters(probe, draw, math.ceil(KEYS / max(rounds, 3)))
        used[rate].append((probe.cpu_s() - cpu) / (time.monotonic() - start) * 100)
        return used[rate][-1]

    take_turns(max(rounds, 3), {str(rate): (lambda rate=rate: typed(rate)) for rate in took})  # type: ignore[misc]
    exchange.set_rate(FLOOR_RATE)
    return key_rows(took, {rate: median(shares) for rate, shares in used.items()})


def key_rows(took: dict[int, list[float]], used: dict[int, float]) -> list[Row]:
    """Return what the times of keys, in milliseconds, say about the goal; ``used`` is CPU in percent."""
    quiet = took[FLOOR_RATE]
    least = percentile(quiet, 99)
    rows = []
    for rate in FLOODS:
        worst = percentile(took[rate], 99)
        rows.append(
            Row(
                "G7",
                f"key to paint, p99: {rate}/s / quiet",
                f"{worst:.1f} ms",
                f"{least:.1f} ms",
                Ratio((worst / least,)),
                1.5,
                f"at {rate}/s: {len(took[rate])} keys a side; p50 {median(took[rate]):.1f} and {median(quiet):.1f} ms;"
                f" the goal is also to stay below {KEY_LIMIT_MS:.0f} ms; the program uses {used[rate]:.0f} % CPU meanwhile",
                "" if worst < KEY_LIMIT_MS else f"not below {KEY_LIMIT_MS:.0f} ms",
            )
        )
    return rows


def _growth(probe: Probe, exchange: Exchange, rounds: int) -> Row:
    """Compare the CPU of the whole program, screen included, between two rates of one symbol."""

    def used(rate: int) -> float:
        exchange.set_rate(rate)
        probe.read(SETTLE_S)
        cpu, start = probe.cpu_s(), time.monotonic()
        probe.read(SETTLE_S)
        return (probe.cpu_s() - cpu) / (time.monotonic() - start) * 100

    found = take_turns(rounds, {"much": lambda: used(FLOODS[-1]), "little": lambda: used(enter.BUSY)})
    exchange.set_rate(FLOOR_RATE)
    much, little = f"{median(found['much']):.0f} %", f"{median(found['little']):.0f} %"
    return Row("-", "terminal's CPU at 20k/s / 1k/s, 1 symbol", much, little, Ratio.of(found["much"], found["little"]))


def type_letters(probe: Probe, draw: random.Random, count: int) -> list[float]:
    """Type letters into the command line, a fresh line now and then; return the milliseconds that each took to appear."""
    took: list[float] = []
    while len(took) < count:
        probe.type(":")
        probe.read(0.1)
        for letter in draw.sample(LETTERS, min(34, count - len(took))):
            probe.read(draw.uniform(0.01, 0.03))
            start = time.monotonic()
            probe.type(letter)
            took.append((probe.wait_text(letter, 10.0) - start) * 1000)
        probe.type("\x1b")
        probe.read(0.3)  # longer than a terminal waits for the rest of an escape sequence: ":" must not become Alt-:
    return took
