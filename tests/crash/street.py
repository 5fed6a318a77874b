"""A market that stands still: quotes around one price, flickering so that the book stays fresh, and takers while it is open."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from random import Random
from typing import TYPE_CHECKING

from tui_trader.core.instrument import Instrument
from tui_trader.core.types import Side
from tui_trader.sim.engine import Resting
from tui_trader.sim.ledger import MAKER, TAKER
from tui_trader.sim.listing import Listing

if TYPE_CHECKING:
    from tui_trader.sim.exchange import Exchange

PRICE = Decimal(96_000)
UNIT = Decimal("0.001")
"""What sizes are counted in here."""

LEVELS = (5, 15, 25, 45)
"""Distances of the quotes from the price, ticks."""

FLICKER_STEPS = 6
"""Every so many steps of 50 ms a quote changes: a book counts as stale after a second."""


class Street:
    """Everybody else."""

    def __init__(self, seed: int, instrument: Instrument) -> None:
        self.always_on: Sequence[str] = (instrument.symbol,)
        self._lots = max(1, round(UNIT / instrument.lot))
        self.open_for_trade = True
        self._dice = Random(seed)
        self._quotes: dict[tuple[Side, int], Resting] = {}
        self._steps = 0

    def open(self, exchange: Exchange, seed: int, now_ns: int) -> None:
        """Need nothing."""

    def start(self, exchange: Exchange, listing: Listing) -> None:
        """Quote."""
        listing.set_reference(PRICE, PRICE)
        listing.set_last(PRICE)
        self._refill(exchange, listing)

    def step(self, exchange: Exchange, listing: Listing) -> None:
        """Flicker, refill, take."""
        self._steps += 1
        listing.set_reference(PRICE, PRICE)
        if not self.open_for_trade:
            return
        if self._steps % FLICKER_STEPS == 0:
            key = (self._dice.choice((Side.BUY, Side.SELL)), LEVELS[-1])
            listing.book.remove(self._quotes.pop(key))
            self._refill(exchange, listing)
        if self._dice.random() < 0.3:
            side = self._dice.choice((Side.BUY, Side.SELL))
            limit = listing.ticks(PRICE) + side.sign * 12
            exchange.floor.house_order(listing, TAKER, side, limit, self._dice.randint(1, 15) * self._lots, rest=False)
            self._refill(exchange, listing)

    def glance(self, exchange: Exchange, listing: Listing) -> None:
        """Give a symbol that nobody looks at a price."""
        listing.set_reference(PRICE, PRICE)
        listing.set_last(PRICE)

    def _refill(self, exchange: Exchange, listing: Listing) -> None:
        middle = listing.ticks(PRICE)
        for side in (Side.BUY, Side.SELL):
            for level in LEVELS:
                quote = self._quotes.get((side, level))
                if quote is None or not quote.lots:
                    lots = self._dice.randint(500, 599) if level == LEVELS[-1] else self._dice.randint(3, 25)
                    ticks = middle - side.sign * level
                    self._quotes[(side, level)] = exchange.floor.house_order(
                        listing, MAKER, side, ticks, lots * self._lots, rest=True
                    )
