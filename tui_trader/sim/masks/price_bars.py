"""Bars of the mark and of the index, which the exchange itself does not keep: a look every second makes minutes.

What was before the first look is not known, and is told as the last price was; a bar of which a part was looked at joins both.
It must not know any venue. Whoever serves the exchange calls ``note``.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from tui_trader.core.candle import Candle
from tui_trader.core.clock import NS
from tui_trader.core.decimals import ZERO
from tui_trader.sim.exchange import Exchange

KEPT_MINUTES: Final = 1_500


class PriceBars:
    """The minutes that were looked at, by contract: marks and indices."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._minutes: dict[tuple[str, bool], deque[Candle]] = {
            (symbol, index): deque(maxlen=KEPT_MINUTES) for symbol in exchange.instruments for index in (False, True)
        }
        self._due_ns = 0

    def note(self) -> None:
        """Look at the prices, once a second."""
        now = self._exchange.now_ns
        if now >= self._due_ns:
            self._due_ns = now - now % NS + NS
            for symbol in self._exchange.instruments:
                self._look(symbol)

    def _look(self, symbol: str) -> None:
        now_s = self._exchange.now_ns // NS
        start_s = now_s - now_s % 60
        state = self._exchange.listings[symbol].state
        for index, price in ((False, state.mark), (True, state.index)):
            minutes = self._minutes[symbol, index]
            if not price:
                continue
            if minutes and minutes[-1].start_s == start_s:
                minutes[-1] = _joined(minutes[-1], price)
            else:
                minutes.append(Candle(start_s, 60, price, price, price, price, ZERO, ZERO))

    def over(self, symbol: str, bars: Sequence[Candle], *, index: bool) -> list[Candle]:
        """Return bars of the mark, or of the index, in the place of bars of the last price, whole minutes each; nothing is traded
        in them."""
        self._look(symbol)
        minutes = self._minutes[symbol, index]
        return [_seen(bar, [one for one in minutes if 0 <= one.start_s - bar.start_s < bar.interval_s]) for bar in bars]


def _joined(bar: Candle, price: Decimal) -> Candle:
    return bar._replace(high=max(bar.high, price), low=min(bar.low, price), close=price)


def _seen(bar: Candle, minutes: Sequence[Candle]) -> Candle:
    """Return a bar of what was looked at, and of the last price where that does not reach back to its beginning."""
    bar = bar._replace(volume=ZERO, turnover=ZERO)
    if not minutes:
        return bar
    if minutes[0].start_s == bar.start_s:
        bar = minutes[0]._replace(interval_s=bar.interval_s)
    for minute in minutes:
        for price in (minute.high, minute.low, minute.close):
            bar = _joined(bar, price)
    return bar
