"""The quotes that the house maker has in one side of a book, and how large it makes them. Whole ticks and lots only."""

from __future__ import annotations

import random
from bisect import bisect_left, insort
from math import isqrt

from tui_trader.core.types import Side
from tui_trader.sim.engine import MatchingBook, Resting

_CLUMPS = ((1_000, 6), (500, 4), (100, 3), (50, 2))
"""Round prices, in ticks, draw more size."""


class Quotes:
    """One quote a price, at most; prices sorted ascending."""

    def __init__(self, side: Side) -> None:
        self.side = side
        self._prices: list[int] = []
        self._by_price: dict[int, Resting] = {}

    def __len__(self) -> int:
        return len(self._prices)

    def __contains__(self, ticks: object) -> bool:
        return ticks in self._by_price

    def nth(self, index: int) -> int:
        """Return the price of the quote ``index`` places behind the best."""
        return self._prices[-1 - index] if self.side is Side.BUY else self._prices[index]

    def best(self) -> int | None:
        """Return the price of the best quote."""
        return self.nth(0) if self._prices else None

    def at(self, ticks: int) -> Resting:
        """Return the quote at a price."""
        return self._by_price[ticks]

    def put(self, resting: Resting) -> None:
        """Note a quote that rests in the book."""
        insort(self._prices, resting.ticks)
        self._by_price[resting.ticks] = resting

    def drop(self, ticks: int, book: MatchingBook) -> None:
        """Pull the quote at a price out of the book."""
        book.remove(self._forget(ticks))

    def clear(self, book: MatchingBook) -> None:
        """Pull every quote out of the book."""
        while self._prices:
            self.drop(self._prices[-1], book)

    def forget_executed(self) -> None:
        """Forget the quotes that are no longer in the book: they were taken from the best price on."""
        while self._prices and not self._by_price[self.nth(0)].priority:
            self._forget(self.nth(0))

    def _forget(self, ticks: int) -> Resting:
        del self._prices[bisect_left(self._prices, ticks)]
        return self._by_price.pop(ticks)


def quote_lots(dice: random.Random, base_lots: int, ticks: int, distance: int) -> int:
    """Return a believable size ``distance`` ticks behind the touch: growing with distance, larger at round prices."""
    size = base_lots * (10 + min(distance, 90)) // 10
    for step, factor in _CLUMPS:
        if ticks % step == 0:
            size *= factor
            break
    return max(1, size * dice.randrange(15, 190) // 100)


def trade_lots(dice: random.Random, usual_lots: int) -> int:
    """Return the size of a market order: mostly small, sometimes a hundred times that."""
    reach = dice.randrange(1, 10_000)
    # A Pareto tail with exponent 4/3 without a float: (N/u)^(3/4) by integer square roots, half of it below the usual size.
    ratio = 10_000 * 1_000_000 // reach
    root = isqrt(ratio)
    heavy = isqrt(ratio * root)  # ratio^(3/4), scaled by 10^4.5
    return max(1, usual_lots * heavy // 53_000 * dice.randrange(50, 150) // 100)
