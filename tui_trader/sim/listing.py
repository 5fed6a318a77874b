"""One listed contract: its book, its waiting orders, its past and its reference prices, and the way from ticks to prices."""

from __future__ import annotations

from decimal import Decimal

from tui_trader.core.decimals import ZERO
from tui_trader.core.instrument import Instrument
from tui_trader.core.types import Side, TriggerSource
from tui_trader.sim.conditionals import Conditionals
from tui_trader.sim.engine import MatchingBook
from tui_trader.sim.prints import Prints
from tui_trader.sim.types import MarketState


class Listing:
    """Everything the exchange keeps about one symbol. Written by the floor and by the market flow."""

    def __init__(self, instrument: Instrument) -> None:
        self.instrument = instrument
        self.symbol = instrument.symbol
        self.book = MatchingBook()
        self.conditionals = Conditionals()
        self.prints = Prints()
        self.state = MarketState(instrument.symbol)
        self.min_ticks = max(1, self._ceil_ticks(instrument.min_price))
        self.max_ticks = int(instrument.max_price / instrument.tick)
        self._seen: dict[TriggerSource, tuple[Decimal, Decimal]] = {}
        self.forget_range()

    # -- ticks and lots --------------------------------------------------------------------------------------------

    def price(self, ticks: int) -> Decimal:
        """Return the price of ``ticks``."""
        return self.instrument.tick * ticks

    def qty(self, lots: int) -> Decimal:
        """Return the size of ``lots``."""
        return self.instrument.lot * lots

    def lots(self, qty: Decimal) -> int:
        """Return a size on the grid as whole lots."""
        return int(qty / self.instrument.lot)

    def ticks(self, price: Decimal) -> int:
        """Return a price on the grid as whole ticks."""
        return int(price / self.instrument.tick)

    def worst_ticks(self, side: Side) -> int:
        """Return the limit that a market order never reaches."""
        return self.max_ticks if side is Side.BUY else 1

    # -- reference prices ------------------------------------------------------------------------------------------

    @property
    def mark(self) -> Decimal:
        """The mark; the last print, then the middle of the book, where nobody has set one. Zero when there is no price."""
        return self.state.mark or self.state.last or self.middle()

    def reference(self, source: TriggerSource) -> Decimal:
        """Return the price that a trigger of ``source`` watches; zero when there is none."""
        if source is TriggerSource.LAST:
            return self.state.last
        return self.mark if source is TriggerSource.MARK else self.state.index or self.mark

    def middle(self) -> Decimal:
        """Return the middle of the book, or its only side, or zero."""
        bid, ask = self.book.best(Side.BUY), self.book.best(Side.SELL)
        if bid is None or ask is None:
            return self.price(bid or ask or 0)
        return self.instrument.tick * (bid + ask) / 2

    def set_last(self, price: Decimal) -> None:
        """Note the price of a print."""
        self.state.last = price
        self._widen(TriggerSource.LAST, price)

    def set_reference(self, mark: Decimal, index: Decimal) -> None:
        """Note mark and index."""
        self.state.mark, self.state.index = mark, index
        if len(self.conditionals):
            self._widen(TriggerSource.MARK, mark)
            self._widen(TriggerSource.INDEX, index)

    def ranges(self) -> dict[TriggerSource, tuple[Decimal, Decimal]]:
        """Return (low, high) of each source since the range was last forgotten; a price that stood still is one too."""
        for source in TriggerSource:
            self._widen(source, self.reference(source))
        return self._seen

    def forget_range(self) -> None:
        """Start watching afresh: triggers have been looked at."""
        self._seen = dict.fromkeys(TriggerSource, (ZERO, ZERO))

    def _widen(self, source: TriggerSource, price: Decimal) -> None:
        low, high = self._seen[source]
        if not price:
            return
        self._seen[source] = (min(low, price) if low else price, max(high, price))

    def _ceil_ticks(self, price: Decimal) -> int:
        ticks = int(price / self.instrument.tick)
        return ticks if self.instrument.tick * ticks >= price else ticks + 1
