"""The books as the venue told them, sequence by sequence: what a client's book that claims to be live is held against."""

from __future__ import annotations

from typing import Any

from tests.dst.grounds import Ground
from tui_trader.core.instrument import Instrument

Sides = tuple[dict[int, Any], dict[int, Any]]
"""Bids and asks: size as it was sent, by price in ticks."""

KEPT = 512
"""How many books back a client may be."""


class Published:
    """Applies every book frame of one connection as it leaves the venue, before anything can happen to it."""

    def __init__(self, instruments: dict[str, Instrument], ground: Ground) -> None:
        self._ground = ground
        self._ticks = {symbol: {} for symbol in instruments}  # type: dict[str, dict[str | int, int]]
        self._instruments = instruments
        self._last: dict[str, Sides] = {}
        self._books: dict[tuple[str, int], Sides] = {}
        self._sequence: dict[str, int] = {}

    def tell(self, frame: bytes) -> bool:
        """Take one book frame; return whether it is a snapshot."""
        symbol, sequence, snapshot, *sides, in_ticks = self._ground.book(frame)
        held = ({}, {}) if snapshot else self._last[symbol]
        bids, asks = dict(held[0]), dict(held[1])
        for side, rows in ((bids, sides[0]), (asks, sides[1])):
            for price, size in rows:
                ticks = price if in_ticks else self._to_ticks(symbol, price)
                if size in ("0", 0):
                    side.pop(ticks, None)
                else:
                    side[ticks] = size
        self._last[symbol] = (bids, asks)
        self._sequence[symbol] = sequence
        self._books[symbol, sequence] = (bids, asks)
        if len(self._books) > KEPT:
            del self._books[next(iter(self._books))]
        return snapshot

    def at(self, symbol: str, sequence: int) -> Sides | None:
        """Return the book that was told with a sequence, None when none was."""
        return self._books.get((symbol, sequence)) or self._ground.remembered(symbol, sequence)

    def sequence(self, symbol: str) -> int:
        """Return the sequence of the newest book that was told; 0 before the first."""
        return self._sequence.get(symbol, 0)

    def _to_ticks(self, symbol: str, price: Any) -> int:
        known = self._ticks[symbol]
        ticks = known.get(price)
        if ticks is None:
            instrument = self._instruments[symbol]
            ticks = known[price] = int(self._ground.price(price, instrument) / instrument.tick)
        return ticks
