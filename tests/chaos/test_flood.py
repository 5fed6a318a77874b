"""A burst of 50,000 messages a second: own orders go past it, and neither memory nor the screen pay for it."""

from __future__ import annotations

from tests.chaos.flood import measure

LATE_MS = 250.0
"""Five times the requirement of 50 ms: the machine that tests may have something else to do."""


async def test_own_orders_do_not_wait_for_a_flood() -> None:
    figures = await measure(50_000, 3.0)
    assert figures.own_at(99) < LATE_MS, figures
    assert figures.grown_mb < 64, figures
    assert figures.messages_per_s > 5_000, f"no flood at all: {figures}"
    assert figures.repaints <= 3.0 / 0.05 + 1, figures
