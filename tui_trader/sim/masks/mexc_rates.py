"""The funding rates that MEXC's exchange has settled at, as far back as it runs. Whoever serves the exchange calls ``note``."""

from __future__ import annotations

from collections import deque
from typing import Final

from tui_trader.sim.exchange import Exchange
from tui_trader.sim.masks.mexc_terms import MILLI, Row, number

KEPT: Final = 1_000


class PastRates:
    """Rates that were settled, by contract: the exchange remembers charges, not rates."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._due = {symbol: listing.state.next_funding_ns for symbol, listing in exchange.listings.items()}
        self._rows: dict[str, deque[Row]] = {symbol: deque(maxlen=KEPT) for symbol in exchange.instruments}

    def note(self) -> None:
        """Keep what fell due since the last call."""
        now = self._exchange.now_ns
        for symbol, due in self._due.items():
            if now < due:
                continue
            state = self._exchange.market(symbol)
            self._due[symbol] = state.next_funding_ns
            row = {"symbol": symbol, "fundingRate": number(state.funding_rate), "settleTime": due // MILLI}
            self._rows[symbol].appendleft(row)

    def newest_first(self, symbol: str) -> list[Row]:
        """Return what a contract has settled at."""
        return list(self._rows[symbol])
