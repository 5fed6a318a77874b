"""What was traded in one second of one instrument: the base of every bar that is made of trades.

Seconds can be joined in any order: the same trades give the same second whichever came first, because the open is the trade with
the earliest time and the close the one with the latest. Trades of one and the same nanosecond keep the order they came in.
"""

from __future__ import annotations

from decimal import Decimal

from tui_trader.core.clock import NS
from tui_trader.core.tape import Trade


class Second:
    """Open, high, low, close, volume and number of trades of one second; mutable, because it is being formed."""

    __slots__ = ("close", "first_ns", "high", "last_ns", "low", "open", "start_s", "trades", "volume")

    def __init__(self, trade: Trade) -> None:
        self.start_s, within_ns = divmod(trade.at_ns, NS)
        """UTC seconds."""
        self.open = self.high = self.low = self.close = trade.price
        self.volume: Decimal = trade.qty
        self.trades = 1
        self.first_ns = self.last_ns = within_ns
        """When in this second its first and its last trade were, nanoseconds."""

    def add(self, trade: Trade) -> None:
        """Count one more trade of this second, early or late."""
        price, within_ns = trade.price, trade.at_ns % NS
        if price > self.high:
            self.high = price
        elif price < self.low:
            self.low = price
        if within_ns >= self.last_ns:
            self.close, self.last_ns = price, within_ns
        elif within_ns < self.first_ns:
            self.open, self.first_ns = price, within_ns
        self.volume += trade.qty
        self.trades += 1
