"""Positions of a stream as legs: MEXC counts a long and a short of one contract apart, under ids of their own.

In one-way mode both are the one position of the contract, so the end of the one that was turned over must not hide the one that
came of it. It must not know frames.
"""

from __future__ import annotations

from tui_trader.core.position import Position
from tui_trader.core.types import PositionMode
from tui_trader.venues.mexc.rows import Row, position_of
from tui_trader.venues.mexc.terms import Terms


class Held:
    """Which position each contract has, for one connection."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._open: dict[str, str] = {}

    def forget(self) -> None:
        """Begin anew."""
        self._open.clear()

    def read(self, row: Row, at_ns: int) -> list[Position]:
        """Return the leg that a row tells of; nothing for the end of a position that another one has replaced."""
        position = position_of(row, self._terms, at_ns)
        if position.mode is not PositionMode.ONE_WAY:
            return [position]
        symbol, identity = position.instrument.symbol, row.identity("positionId")
        if not position.is_flat:
            self._open[symbol] = identity
        elif self._open.get(symbol, identity) != identity:
            return []
        return [position]
