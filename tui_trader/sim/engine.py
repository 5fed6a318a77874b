"""The matching book of one symbol: price, then time. No money, no accounts' rights, no I/O.

Everything in here is whole ticks and whole lots, so no comparison can round. The caller takes one resting order at a time
from ``head`` and decides what the meeting means; the book only knows who is next.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator

from tui_trader.core.types import Side
from tui_trader.sim.types import SimOrder


class Resting:
    """A quantity of one account at one price; in the book while ``priority`` is not zero."""

    __slots__ = ("account", "lots", "order", "priority", "side", "ticks")

    def __init__(self, account: str, side: Side, ticks: int, lots: int, order: SimOrder | None = None) -> None:
        self.account = account
        self.side = side
        self.ticks = ticks
        """Limit price; for a market order the worst price there is."""
        self.lots = lots
        """What is left to execute."""
        self.order = order
        """The order it belongs to; None for the exchange's own liquidity, which nobody asks about."""
        self.priority = 0
        """Arrival number inside the book; 0 while not in it."""


class _Level:
    """One price: a queue in order of arrival."""

    __slots__ = ("lots", "queue")

    def __init__(self) -> None:
        self.lots = 0
        self.queue: dict[int, Resting] = {}


class _Half:
    """One side of the book: levels by price, and the prices sorted ascending."""

    __slots__ = ("levels", "prices", "touched")

    def __init__(self) -> None:
        self.levels: dict[int, _Level] = {}
        self.prices: list[int] = []
        self.touched: dict[int, None] = {}
        """Prices whose total changed since the last collection, in order of first change."""


class MatchingBook:
    """Resting orders of one symbol."""

    __slots__ = ("_asks", "_bids", "_priority")

    def __init__(self) -> None:
        self._bids = _Half()
        self._asks = _Half()
        self._priority = 0

    # -- writing ---------------------------------------------------------------------------------------------------

    def add(self, resting: Resting) -> None:
        """Put an order at the end of the queue of its price.

        Raises ValueError when it is already in the book or would cross it: matching comes first.
        """
        if resting.priority or resting.lots <= 0:
            raise ValueError("already in the book, or nothing left of it")
        if self.crosses(resting.side, resting.ticks):
            raise ValueError(f"{resting.side} at {resting.ticks} ticks would cross the book")
        half = self._half(resting.side)
        level = half.levels.get(resting.ticks)
        if level is None:
            level = half.levels[resting.ticks] = _Level()
            insort(half.prices, resting.ticks)
        self._priority += 1
        resting.priority = self._priority
        level.queue[self._priority] = resting
        level.lots += resting.lots
        half.touched[resting.ticks] = None

    def remove(self, resting: Resting) -> None:
        """Take an order out, whatever is left of it. Nothing happens when it is not in the book."""
        if not resting.priority:
            return
        half = self._half(resting.side)
        level = half.levels[resting.ticks]
        del level.queue[resting.priority]
        level.lots -= resting.lots
        resting.priority = 0
        half.touched[resting.ticks] = None
        if not level.queue:
            del half.levels[resting.ticks]
            del half.prices[bisect_left(half.prices, resting.ticks)]

    def reduce(self, resting: Resting, lots: int) -> None:
        """Take ``lots`` off an order, which keeps its place in the queue and leaves the book at zero."""
        if not 0 < lots <= resting.lots:
            raise ValueError(f"cannot take {lots} of {resting.lots} lots")
        if lots == resting.lots:
            self.remove(resting)
            resting.lots = 0
            return
        resting.lots -= lots
        if resting.priority:
            half = self._half(resting.side)
            half.levels[resting.ticks].lots -= lots
            half.touched[resting.ticks] = None

    def collect(self) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        """Return (ticks, total lots) of the bids and of the asks touched since the last call; zero lots means gone."""
        out = []
        for half in (self._bids, self._asks):
            levels = half.levels
            out.append([(ticks, levels[ticks].lots if ticks in levels else 0) for ticks in half.touched])
            half.touched = {}
        return out[0], out[1]

    # -- reading ---------------------------------------------------------------------------------------------------

    def best(self, side: Side) -> int | None:
        """Return the best price of a side in ticks, None when it is empty."""
        half = self._half(side)
        if not half.prices:
            return None
        return half.prices[-1] if side is Side.BUY else half.prices[0]

    def head(self, side: Side) -> Resting | None:
        """Return the order that is next to execute on a side: best price, oldest first."""
        best = self.best(side)
        if best is None:
            return None
        return next(iter(self._half(side).levels[best].queue.values()))

    def crosses(self, side: Side, ticks: int) -> bool:
        """Whether an order of ``side`` at ``ticks`` would meet the other side."""
        best = self.best(side.opposite)
        if best is None:
            return False
        return ticks >= best if side is Side.BUY else ticks <= best

    def walk(self, side: Side) -> Iterator[Resting]:
        """Yield the orders of a side in the order in which they would execute. The book must not change meanwhile."""
        half = self._half(side)
        for ticks in reversed(half.prices) if side is Side.BUY else half.prices:
            yield from half.levels[ticks].queue.values()

    def depth(self, side: Side, count: int | None = None) -> list[tuple[int, int]]:
        """Return (ticks, lots) of up to ``count`` levels of a side, best first."""
        half = self._half(side)
        if side is Side.BUY:
            prices = half.prices[::-1] if count is None else half.prices[: -count - 1 : -1]
        else:
            prices = half.prices[:count]
        return [(ticks, half.levels[ticks].lots) for ticks in prices]

    def lots_at(self, side: Side, ticks: int) -> int:
        """Return the total at one price; zero where there is none."""
        level = self._half(side).levels.get(ticks)
        return level.lots if level else 0

    def count(self, side: Side) -> int:
        """Return how many prices a side has."""
        return len(self._half(side).prices)

    def _half(self, side: Side) -> _Half:
        return self._bids if side is Side.BUY else self._asks
