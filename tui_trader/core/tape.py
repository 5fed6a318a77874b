"""Public trades of one instrument: a bounded ring, newest last.

Trades may arrive as a venue sent them; they are put into the ring when somebody looks, and those that newer ones have pushed out
by then are never made exact numbers at all.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
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

    __slots__ = ("_capacity", "_last", "_ring", "_unread", "_unread_count", "received")

    def __init__(self, capacity: int = 1000) -> None:
        self._capacity = capacity
        self._ring: deque[Trade] = deque(maxlen=capacity)
        self._last: Trade | None = None
        self._unread: deque[Sequence[Trade]] = deque()
        """What came since somebody looked, message by message; never empty ones."""
        self._unread_count = 0
        self.received = 0
        """How many trades have arrived since start; a cheap version number."""

    def __len__(self) -> int:
        return min(self._capacity, len(self._ring) + self._unread_count)

    @property
    def last(self) -> Trade | None:
        """The newest trade, None before the first."""
        if self._unread:
            self._look()
        return self._last

    def replace(self, trades: Iterable[Trade]) -> None:
        """Rebuild from a snapshot, oldest first."""
        if self._unread:
            self._look()
        self._ring.clear()
        self.extend(trades)

    def extend(self, trades: Iterable[Trade]) -> None:
        """Append trades, oldest first; a sequence is kept as it is until somebody looks, and must not change any more."""
        if not isinstance(trades, Sequence):
            trades = list(trades)
        self.lay_up(trades)

    def lay_up(self, trades: Sequence[Trade]) -> None:
        """Append trades that nobody has to look at yet."""
        count = len(trades)
        if not count:
            return
        unread = self._unread
        unread.append(trades)
        self.received += count
        self._unread_count += count
        while self._unread_count - len(unread[0]) >= self._capacity:
            self._unread_count -= len(unread.popleft())  # what follows fills the ring by itself

    def newest(self, count: int) -> list[Trade]:
        """Return up to ``count`` trades, newest first."""
        if self._unread:
            self._look()
        ring = self._ring
        size = len(ring)
        return [ring[size - 1 - i] for i in range(min(count, size))]

    def _look(self) -> None:
        ring = self._ring
        for trades in self._unread:
            ring.extend(trades)
        self._unread.clear()
        self._unread_count = 0
        self._last = ring[-1]
