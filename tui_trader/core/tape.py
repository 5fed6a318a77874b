"""Public trades of one instrument: a bounded ring, newest last."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from tui_trader.core.types import Side


class Trade(NamedTuple):
    """One public execution; ``side`` is the taker's, ``at_ns`` the venue's time. There is no trade id to rely on."""

    at_ns: int
    side: Side
    price: Decimal
    qty: Decimal


class Tape:
    """The last ``capacity`` trades. A snapshot replaces; increments append: identical rows are distinct trades."""

    __slots__ = ("_ring", "last", "received")

    def __init__(self, capacity: int = 1000) -> None:
        self._ring: deque[Trade] = deque(maxlen=capacity)
        self.last: Trade | None = None
        """The newest trade, None before the first."""
        self.received = 0
        """How many trades have arrived since start; a cheap version number."""

    def __len__(self) -> int:
        return len(self._ring)

    def replace(self, trades: Iterable[Trade]) -> None:
        """Rebuild from a snapshot, oldest first."""
        self._ring.clear()
        self.extend(trades)

    def extend(self, trades: Iterable[Trade]) -> None:
        """Append trades, oldest first."""
        before = len(self._ring)
        ring = self._ring
        count = 0
        for trade in trades:
            ring.append(trade)
            count += 1
        self.received += count
        if count or before != len(ring):
            self.last = ring[-1] if ring else None

    def newest(self, count: int) -> list[Trade]:
        """Return up to ``count`` trades, newest first."""
        ring = self._ring
        size = len(ring)
        return [ring[size - 1 - i] for i in range(min(count, size))]
