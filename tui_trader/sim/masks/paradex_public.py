"""What anybody may ask of Paradex's exchange: its state and time, markets, summaries, books, bars.

Source: REST reference of docs.paradex.trade, August 2026.
"""

from __future__ import annotations

from dataclasses import dataclass

import orjson

from tui_trader.core.clock import Clock
from tui_trader.core.decimals import plain
from tui_trader.sim.exchange import Exchange
from tui_trader.sim.masks.paradex_args import Complaint
from tui_trader.sim.masks.paradex_gate import CHAIN
from tui_trader.sim.masks.paradex_rows import Row, market_row, millis

Args = dict[str, str]


@dataclass(slots=True)
class System:
    """The state of the whole venue, as an operator sets it."""

    state: str = "ok"
    """What ``/system/state`` says and orders obey: ``ok``, ``cancel_only``, ``post_only``, ``maintenance``."""


class PublicReads:
    """Answers what needs no token."""

    def __init__(self, exchange: Exchange, clock: Clock, system: System) -> None:
        self._exchange = exchange
        self._clock = clock
        self._system = system

    def time(self) -> Row:
        """Return the gateway's clock."""
        return {"server_time": str(millis(self._clock.wall_ns()))}

    def state(self) -> Row:
        """Return what the venue takes at present."""
        return {"status": self._system.state}

    def config(self) -> Row:
        """Return what signatures are for."""
        return {"starknet_chain_id": CHAIN, "paraclear_decimals": 8}

    def markets(self, args: Args) -> Row:
        """Return the product list, or one of it."""
        listed = self._exchange.instruments.values()
        return {"results": [market_row(one) for one in listed if args.get("market", one.symbol) == one.symbol]}

    def summaries(self) -> Row:
        """Return the reference prices of all markets."""
        return {"results": [self._summary(symbol) for symbol in self._exchange.instruments]}

    def book(self, market: str) -> Row:
        """Return a book."""
        if market not in self._exchange.instruments:
            raise Complaint("MARKET_NOT_FOUND")
        bids, asks = self._exchange.book(market, 100)
        levels = [[[plain(price), plain(size)] for price, size in side] for side in (bids, asks)]
        sequence, now = self._exchange.seq, millis(self._exchange.now_ns)
        return {"market": market, "seq_no": sequence, "last_updated_at": now, "bids": levels[0], "asks": levels[1]}

    def bars(self, args: Args) -> Row:
        """Return bars that begin in a span, with their value in dollars."""
        market, resolution = args.get("symbol", ""), args.get("resolution", "")
        if market not in self._exchange.instruments or resolution not in ("1", "3", "5", "15", "30", "60"):
            raise Complaint("VALIDATION_ERROR")
        first, last = int(args.get("start_at", 0)), int(args.get("end_at", 0))
        bars = self._exchange.candles(market, int(resolution) * 60, 1_000)
        rows = [
            [
                bar.start_s * 1_000,
                *(orjson.Fragment(plain(price)) for price in (bar.open, bar.high, bar.low, bar.close)),
                int(bar.turnover),
            ]
            for bar in bars
            if first <= bar.start_s * 1_000 <= last
        ]
        return {"results": rows}

    def _summary(self, symbol: str) -> Row:
        state = self._exchange.market(symbol)
        return {
            "symbol": symbol,
            "mark_price": plain(state.mark),
            "underlying_price": plain(state.index),
            "last_traded_price": plain(state.last),
            "open_interest": plain(state.open_interest),
            "funding_rate": plain(state.funding_rate),
            "created_at": millis(self._exchange.now_ns),
        }
