"""``python -m tests.bench.roomy ARGUMENTS``: the terminal, with a budget of requests that a benchmark does not use up.

Phemex lets an account send 500 requests a minute, of which the terminal keeps a fifth for cancels. Two thousand orders for a
percentile would wait for that budget most of the time, so it is ten times as large here. Nothing else differs: every order is
still counted, and the exchange of the benchmark counts none.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping

from tui_trader.core.clock import Clock
from tui_trader.net.limiter import Limiter

TIMES = 10


def widen() -> None:
    """Make every budget that is counted from now on ``TIMES`` as large."""
    count = Limiter.__init__

    def widened(limiter: Limiter, groups: Mapping[str, tuple[int, float]], clock: Clock) -> None:
        count(limiter, {group: (capacity * TIMES, window_s) for group, (capacity, window_s) in groups.items()}, clock)

    Limiter.__init__ = widened  # type: ignore[method-assign]


def main() -> int:
    """Run the terminal."""
    widen()
    from tui_trader.__main__ import main as terminal

    return terminal()


if __name__ == "__main__":
    sys.exit(main())
