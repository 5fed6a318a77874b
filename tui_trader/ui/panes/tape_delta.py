"""What takers bought less what they sold lately, kept up to date trade by trade instead of counted anew for every frame."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from decimal import Decimal
from typing import Final

from tui_trader.core.decimals import ZERO
from tui_trader.core.tape import Tape, Trade

LOOK_BACK: Final = 1_000
"""Newest trades that are looked at, at most."""


class RunningDelta:
    """The sum over the trades of one tape that pass a filter; ``key`` is whatever the filter is told from others by."""

    def __init__(self, key: object, passes: Callable[[Trade], bool]) -> None:
        self.key = key
        self._passes = passes
        self._counted: deque[tuple[int, Decimal]] = deque()
        """Time and signed size of every trade looked at, oldest first; zero for one that does not pass."""
        self._total = ZERO
        self._received = 0
        self._length = 0

    def since(self, tape: Tape, since_ns: int) -> Decimal:
        """Return the sum over the trades from ``since_ns`` on, of the newest ``LOOK_BACK`` ones."""
        fresh = tape.received - self._received
        length = len(tape)
        if fresh < 0 or fresh >= LOOK_BACK or length < min(self._length + fresh, LOOK_BACK):  # a snapshot has replaced it
            self._counted.clear()
            self._total = ZERO
            fresh = length
        self._received, self._length = tape.received, length
        counted = self._counted
        for trade in reversed(tape.newest(min(fresh, LOOK_BACK))):
            signed = trade.qty * trade.side.sign if self._passes(trade) else ZERO
            counted.append((trade.at_ns, signed))
            self._total += signed
        while counted and (counted[0][0] < since_ns or len(counted) > LOOK_BACK):
            self._total -= counted.popleft()[1]
        return self._total
