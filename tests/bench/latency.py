"""G7, G8 and G20: how long a key takes to the screen, and Enter to the order's bytes, in a quiet market and in floods.

The real terminal in a pseudo-terminal, the built-in exchange in another process. The two markets alternate within one run of
the program. A key is a letter used nowhere else on the screen, timed until it comes out of the terminal; an order is staged at
the bid, moved some ticks away, and timed from Enter to its bytes at a relay before the exchange.
"""

from __future__ import annotations

import math
import queue
import random
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from .cockpit import CONFIG
from .exchange import FLOOR_RATE, Exchange
from .measure import Ratio, percentile, take_turns
from .pty_probe import Probe
from .start import OURS, READY
from .table import Row
from .tap import Tap

KEYS = 510
"""Keys per market, whatever the rounds: fewer have no 99th percentile."""

ORDERS = 150
"""Orders per market."""

AT_ONCE = 20
"""Orders that are open together before all are cancelled."""

KEY_FLOOD, ORDER_FLOOD, BUSY = 5_000, 20_000, 1_000
KEY_LIMIT_MS = 25.0
ORDER_LIMIT_MS = 10.0
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
        arguments = [*OURS, *exchange.arguments, "--config", str(folder / "config.toml")]
        probe = stack.enter_context(Probe(arguments))
        probe.wait(lambda taken: b"avail" in taken and any(READY in row for row in probe.screen()), 30.0)
        probe.read(SETTLE_S)
        draw = random.Random(7)
        if "G7" in goals:
            rows.append(_keys(probe, exchange, draw, rounds))
            rows.append(_growth(probe, exchange, rounds))
        if goals & {"G8", "G20"}:
            rows += _orders(probe, exchange, tap, draw, rounds)
    return [row for row in rows if row.goal in goals or row.goal == "-"]


def _keys(probe: Probe, exchange: Exchange, draw: random.Random, rounds: int) -> Row:
    quiet: list[list[float]] = []
    loud: list[list[float]] = []
    used = 0.0
    for _ in range(rounds):
        for rate, found in ((FLOOR_RATE, quiet), (KEY_FLOOD, loud)):
            exchange.set_rate(rate)
            probe.read(SETTLE_S)
            cpu, start = probe.cpu_s(), time.monotonic()
            found.append(type_letters(probe, draw, math.ceil(KEYS / rounds)))
            used = (probe.cpu_s() - cpu) / (time.monotonic() - start)
    exchange.set_rate(FLOOR_RATE)
    all_quiet, all_loud = _flat(quiet), _flat(loud)
    ratio, worst = percentile(all_loud, 99) / percentile(all_quiet, 99), percentile(all_loud, 99)
    return Row(
        "G7",
        f"key to paint, p99: {KEY_FLOOD}/s / quiet",
        f"{worst:.1f} ms",
        f"{percentile(all_quiet, 99):.1f} ms",
        Ratio((ratio,)),
        1.5,
        f"{len(all_loud)} keys a side; p50 {median(all_loud):.1f} and {median(all_quiet):.1f} ms;"
        f" the goal is also to stay below {KEY_LIMIT_MS:.0f} ms; the program uses {used * 100:.0f} % CPU meanwhile",
        "" if worst < KEY_LIMIT_MS else f"not below {KEY_LIMIT_MS:.0f} ms",
    )


def _growth(probe: Probe, exchange: Exchange, rounds: int) -> Row:
    """Compare the CPU of the whole program, screen included, between two rates of one symbol."""

    def used(rate: int) -> float:
        exchange.set_rate(rate)
        probe.read(SETTLE_S)
        cpu, start = probe.cpu_s(), time.monotonic()
        probe.read(SETTLE_S)
        return (probe.cpu_s() - cpu) / (time.monotonic() - start) * 100

    found = take_turns(rounds, {"much": lambda: used(ORDER_FLOOD), "little": lambda: used(1_000)})
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


def _orders(probe: Probe, exchange: Exchange, tap: Tap, draw: random.Random, rounds: int) -> list[Row]:
    took: dict[int, list[float]] = {FLOOR_RATE: [], BUSY: [], ORDER_FLOOD: []}
    each = math.ceil(ORDERS / rounds)
    for _ in range(rounds):
        for rate, found in took.items():
            for first in range(0, each, AT_ONCE):
                exchange.set_rate(rate)
                probe.read(SETTLE_S)
                found += [_send(probe, tap, number, draw) for number in range(min(AT_ONCE, each - first))]
                exchange.set_rate(FLOOR_RATE)
                probe.read(0.3)
                probe.type("C")
                probe.read(0.5)
    quiet, busy, loud = took.values()
    least = percentile(quiet, 99)
    told = f"{len(loud)} orders each, journal synced first; p50 {{}} and {median(quiet):.1f} ms"
    return [
        Row(
            "G8",
            f"Enter to order bytes, p99: {ORDER_FLOOD}/s / quiet",
            f"{percentile(loud, 99):.1f} ms",
            f"{least:.1f} ms",
            Ratio((percentile(loud, 99) / least,)),
            2.0,
            told.format(f"{median(loud):.1f}"),
        ),
        Row(
            "G20",
            f"Enter to order bytes, p99, at {BUSY}/s",
            f"{percentile(busy, 99):.1f} ms",
            f"{ORDER_LIMIT_MS:.0f} ms",
            Ratio((percentile(busy, 99) / ORDER_LIMIT_MS,)),
            1.0,
            told.format(f"{median(busy):.1f}") + f"; quiet p99 {least:.1f} ms",
        ),
    ]


def _send(probe: Probe, tap: Tap, number: int, draw: random.Random, tries: int = 3) -> float:
    """Stage a small buy some ticks below the bid and send it; return the milliseconds from Enter to its bytes.

    A book that was in doubt at that very moment takes no order: then it is staged anew. Raises TimeoutError after ``tries``.
    """
    probe.type("1b")
    probe.read(0.05)
    probe.type("j" * (3 + number))
    probe.read(draw.uniform(0.05, 0.08))
    start = time.monotonic()
    probe.type("\r")
    for _ in range(500):
        probe.read(0.01)
        try:
            return (tap.seen.get_nowait() - start) * 1000
        except queue.Empty:
            continue
    if tries <= 1:
        raise TimeoutError("no order came:\n" + "\n".join(probe.screen()))
    probe.type("\x1b")
    probe.read(1.0)
    return _send(probe, tap, number, draw, tries - 1)


def _flat(rounds: list[list[float]]) -> list[float]:
    return [value for values in rounds for value in values]
