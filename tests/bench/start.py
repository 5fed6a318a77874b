"""G10 and G12: how soon the program shows itself and how much memory it keeps, against the smallest program of Textual.

The memory that counts is the terminal's: its exchange runs in another process, as a venue does. The default, with the built-in
exchange in the same process, is told beside it, and so are the time until the account is on the screen and ``--help``.
"""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import ExitStack
from statistics import median

from .exchange import Exchange
from .feeder import ROOT
from .measure import Ratio, take_turns
from .pty_probe import Probe, environ
from .table import Row

OURS = ["-m", "tui_trader"]
MINIMAL = ["-m", "tests.bench.minimal_app"]
SETTLE_S = 2.0
READY = "avail 10,"
"""The header shows this as soon as the balance of a new built-in account is known."""


def measure(rounds: int, goals: frozenset[str]) -> list[Row]:
    """Return the rows of G10 and G12."""
    rows = []
    if "G10" in goals:
        rows += _first_paint(rounds)
    if "G12" in goals:
        rows += _memory(max(1, rounds // 2))
    return rows


def _first_paint(rounds: int) -> list[Row]:
    ready: list[float] = []

    def ours() -> float:
        with Probe(OURS) as probe:
            first = probe.first_paint_s()
            shown = probe.wait(lambda taken: b"avail" in taken and any(READY in row for row in probe.screen()), 30.0)
            ready.append(shown - probe.started)
            return first

    def minimal() -> float:
        with Probe(MINIMAL) as probe:
            return probe.first_paint_s()

    sides = {"ours": ours, "minimal": minimal, "help": lambda: _run_s([*OURS, "--help"]), "bare": lambda: _run_s(["-c", "pass"])}
    for side in sides.values():
        side()  # compiles the modules
    ready.clear()
    found = take_turns(rounds, sides)
    return [
        Row(
            "G10",
            "first paint / minimal Textual app",
            _ms(found["ours"]),
            _ms(found["minimal"]),
            Ratio.of(found["ours"], found["minimal"]),
            1.25,
            f"balance and book of the built-in exchange on the screen after {_ms(ready)}",
        ),
        Row("-", "--help / bare python", _ms(found["help"]), _ms(found["bare"]), Ratio.of(found["help"], found["bare"])),
    ]


def _memory(rounds: int) -> list[Row]:
    alone: list[float] = []
    with ExitStack() as stack:
        exchange = stack.enter_context(Exchange.start(0))

        def settled(arguments: list[str]) -> float:
            with Probe(arguments) as probe:
                probe.first_paint_s()
                if arguments is not MINIMAL:  # a program that still opens has not taken yet what it will keep
                    probe.wait(lambda taken: b"avail" in taken and any(READY in row for row in probe.screen()), 30.0)
                probe.read(SETTLE_S)
                return probe.rss_mb()

        def minimal() -> float:
            alone.append(settled(OURS))
            return settled(MINIMAL)

        found = take_turns(rounds, {"ours": lambda: settled([*OURS, *exchange.arguments]), "minimal": minimal})
    return [
        Row(
            "G12",
            "memory / minimal Textual app",
            f"{median(found['ours']):.1f} MB",
            f"{median(found['minimal']):.1f} MB",
            Ratio.of(found["ours"], found["minimal"]),
            1.6,
            f"with the built-in exchange in the same process {median(alone):.1f} MB",
        )
    ]


def _run_s(arguments: list[str]) -> float:
    start = time.monotonic()
    subprocess.run([sys.executable, *arguments], cwd=ROOT, env=environ(), stdout=subprocess.DEVNULL, check=True)
    return time.monotonic() - start


def _ms(values: list[float]) -> str:
    return f"{median(values) * 1000:.0f} ms"
