"""The funding rates that Paradex's exchange has had: an observation a minute, as far back as it runs.

The venue computes a rate every second and lists each; here one a minute is kept. Whoever serves the exchange calls ``note``.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from tui_trader.core.decimals import plain
from tui_trader.sim.exchange import Exchange
from tui_trader.sim.masks.paradex_rows import Row, millis, premium_of

EVERY_NS: Final = 60_000_000_000
KEPT: Final = 3_000


class Rates:
    """Rates that were in force, by market."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._seen: dict[str, deque[Row]] = {symbol: deque(maxlen=KEPT) for symbol in exchange.instruments}
        self._due_ns = 0

    def note(self) -> None:
        """Keep what is in force, once a minute."""
        now = self._exchange.now_ns
        if now < self._due_ns:
            return
        self._due_ns = now - now % EVERY_NS + EVERY_NS
        for symbol, seen in self._seen.items():
            seen.append(self._row(symbol))

    def newest_first(self, symbol: str) -> list[Row]:
        """Return what is in force and what was, newest first."""
        now, *past = self._row(symbol), *reversed(self._seen[symbol])
        return [now, *past] if not past or past[0]["created_at"] < now["created_at"] else past

    def _row(self, symbol: str) -> Row:
        state = self._exchange.market(symbol)
        rate = state.funding_rate
        hours = self._exchange.instruments[symbol].funding_interval_s // 3_600
        return {
            "market": symbol,
            "funding_index": "0",
            "funding_premium": plain(premium_of(rate, state.mark)),
            "funding_rate": plain(rate),
            "funding_rate_8h": plain((rate * 8 / hours).quantize(rate)) if hours and rate else plain(rate),
            "funding_period_hours": hours,
            "created_at": millis(self._exchange.now_ns),
        }
