"""Nothing that happens to requests, frames, connections or the program itself may make it lie about an order."""

from __future__ import annotations

import time

from tests.dst.history import fast_folder, run

BUDGET_S = 12.0
"""How long the default run may take; ``python -m tests.dst --histories N`` takes as long as it likes."""

MOST = 300

FEWEST = 60
"""A machine that does not get this far in time runs longer instead of proving less."""


def test_no_history_ends_in_a_lie() -> None:
    started = time.monotonic()
    orders = 0
    with fast_folder() as folder:
        for seed in range(MOST):
            if seed >= FEWEST and time.monotonic() - started > BUDGET_S:
                break
            result = run(seed, folder)
            orders += result.orders
            assert not result.violations, f"python -m tests.dst --replay {seed}\n" + "\n".join(result.violations)
    assert orders > FEWEST, "histories in which nobody trades prove nothing"


def test_a_seed_tells_the_same_story_again() -> None:
    with fast_folder() as folder:
        first, second = run(7, folder), run(7, folder)
    assert first.story == second.story
    assert first.orders > 0
