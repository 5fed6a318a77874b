"""G3: what the read gate saves, in CPU per message of a live TLS lane at 5,000 messages/s."""

from __future__ import annotations

import asyncio
from statistics import median

from .feeder import Feeder
from .lane import WARM_S, cpu_per_s
from .measure import Ratio, take_turns
from .table import Row

RATE = 5_000
SECONDS = 2.0
GATE_MS = 10


def measure(rounds: int, goals: frozenset[str]) -> list[Row]:
    """Return the row of G3."""
    with Feeder.start(RATE, 1, WARM_S + SECONDS + 0.5) as feeder:
        rates: list[float] = []

        def side(gate_ms: int) -> float:
            cpu, rate = asyncio.run(cpu_per_s(feeder, gate_ms, SECONDS))
            rates.append(rate)
            return cpu / rate * 1e6

        found = take_turns(rounds, {"gated": lambda: side(GATE_MS), "ungated": lambda: side(0)})
    return [
        Row(
            "G3",
            f"feed at {RATE}/s, wss: gate {GATE_MS} ms / no gate",
            f"{median(found['gated']):.1f} us/msg",
            f"{median(found['ungated']):.1f} us/msg",
            Ratio.of(found["gated"], found["ungated"]),
            0.30,
            f"fed at {min(rates):.0f} to {max(rates):.0f} messages/s",
        )
    ]
