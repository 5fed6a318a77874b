"""G11: what twenty times the messages of twenty times the symbols cost, on a live TLS lane with its gate."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from statistics import median

from .feeder import Feeder
from .gate import GATE_MS
from .lane import WARM_S, cpu_per_s
from .measure import Ratio, take_turns
from .table import Row

SECONDS = 2.0
BURST = 4
"""Frames per segment at 20,000/s."""


def measure(rounds: int, goals: frozenset[str]) -> list[Row]:
    """Return the row of G11."""
    whole_s = WARM_S + SECONDS + 0.5
    with ExitStack() as stack:
        much = stack.enter_context(Feeder.start(20_000, 20, whole_s, BURST))
        little = stack.enter_context(Feeder.start(1_000, 1, whole_s))
        rates: list[float] = []

        def side(feeder: Feeder) -> float:
            cpu, rate = asyncio.run(cpu_per_s(feeder, GATE_MS, SECONDS))
            rates.append(rate / feeder.rate)
            return cpu * 100

        found = take_turns(rounds, {"much": lambda: side(much), "little": lambda: side(little)})
    return [
        Row(
            "G11",
            "CPU at 20k/s of 20 symbols / 1k/s of 1",
            f"{median(found['much']):.1f} %",
            f"{median(found['little']):.1f} %",
            Ratio.of(found["much"], found["little"]),
            2.5,
            f"fed at {min(rates) * 100:.0f} to {max(rates) * 100:.0f} % of the nominal rates; no screen",
        )
    ]
