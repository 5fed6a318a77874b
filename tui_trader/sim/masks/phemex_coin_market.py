"""COIN-M's public reads: books, trades and tickers."""

from __future__ import annotations

from typing import Any

import orjson

from tui_trader.core.clock import rfc3339
from tui_trader.core.decimals import plain
from tui_trader.core.instrument import Instrument
from tui_trader.sim.exchange import Exchange
from tui_trader.sim.masks import phemex_words as words
from tui_trader.sim.masks.base import RestReply
from tui_trader.sim.masks.phemex_args import Args, Complaint, optional
from tui_trader.sim.masks.phemex_coin_prints import coin_levels, coin_ticker_row, coin_trade_rows
from tui_trader.sim.masks.phemex_coin_rows import price_ep, ratio_er, value_ev
from tui_trader.sim.masks.phemex_family import coin_contracts
from tui_trader.sim.masks.phemex_public import DEPTH, best_prices
from tui_trader.sim.masks.phemex_rows import Row


class CoinMarket:
    """The public endpoints of COIN-M."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._contracts = coin_contracts(exchange)

    def orderbook(self, args: Args) -> RestReply:
        """``GET /md/orderbook``: thirty levels a side."""
        return self._book(args, DEPTH)

    def full_book(self, args: Args) -> RestReply:
        """``GET /md/fullbook``: everything."""
        return self._book(args, 0)

    def trades(self, args: Args) -> RestReply:
        """``GET /md/trade``: newest first."""
        instrument = self._named(args)
        rows = coin_trade_rows(instrument, self._exchange.trades(instrument.symbol, 200))
        return _result({"sequence": self._exchange.seq, "symbol": instrument.symbol, "trades": rows, "type": "snapshot"})

    def ticker(self, args: Args) -> RestReply:
        """``GET /md/ticker/24hr``, of ``/md`` and ``/md/v1``: names as on the stream."""
        instrument = self._named(args)
        row = coin_ticker_row(instrument, self._exchange.market(instrument.symbol))
        return _result({**row, "timestamp": self._exchange.now_ns})

    def ticker_v1(self, args: Args) -> RestReply:
        """``GET /v1/md/ticker/24hr``: names that say how they are scaled, with best bid and ask."""
        return _result(self._ticker_v1(self._named(args)))

    def tickers_v1(self, args: Args) -> RestReply:
        """``GET /v1/md/ticker/24hr/all``."""
        return _result([self._ticker_v1(instrument) for instrument in self._contracts.values()])

    def nomics(self, args: Args) -> RestReply:
        """``GET /exchange/public/nomics/trades``: prints as plain text, oldest first; ``since`` is the id they follow."""
        instrument = self._contracts.get(optional(args, "market"))
        if instrument is None:
            raise Complaint(*words.BAD_ARGUMENT)
        since = optional(args, "since")
        rows = [
            {
                "id": f"{trade.at_ns}-{trade.seq}",
                "timestamp": rfc3339(trade.at_ns),
                "price": f"{trade.price:.8f}",
                "amount_quote": plain(trade.qty),
                "side": str(trade.side),
                "type": "limit",
            }
            for trade in reversed(self._exchange.trades(instrument.symbol, 200))
        ]
        names = [row["id"] for row in rows]
        start = names.index(since) + 1 if since in names else 0
        return RestReply(200, orjson.dumps({"code": 0, "msg": "OK", "data": rows[start:]}))

    # -- inside ----------------------------------------------------------------------------------------------------

    def _named(self, args: Args) -> Instrument:
        instrument = self._contracts.get(optional(args, "symbol"))
        if instrument is None:
            raise Complaint(6001, "invalid argument")
        return instrument

    def _book(self, args: Args, depth: int) -> RestReply:
        instrument = self._named(args)
        bids, asks = self._exchange.book(instrument.symbol, depth or None)
        return _result(
            {
                "book": {"asks": coin_levels(instrument, asks), "bids": coin_levels(instrument, bids)},
                "depth": depth,
                "sequence": self._exchange.seq,
                "timestamp": self._exchange.now_ns,
                "symbol": instrument.symbol,
                "type": "snapshot",
            }
        )

    def _ticker_v1(self, instrument: Instrument) -> Row:
        state = self._exchange.market(instrument.symbol)
        bid, ask = best_prices(self._exchange, instrument.symbol)
        return {
            "askEp": price_ep(instrument, ask),
            "bidEp": price_ep(instrument, bid),
            "fundingRateEr": ratio_er(state.funding_rate),
            "highEp": price_ep(instrument, state.high_24h),
            "indexEp": price_ep(instrument, state.index),
            "lastEp": price_ep(instrument, state.last),
            "lowEp": price_ep(instrument, state.low_24h),
            "markEp": price_ep(instrument, state.mark),
            "openEp": price_ep(instrument, state.open_24h),
            "openInterest": int(state.open_interest),
            "predFundingRateEr": ratio_er(state.predicted_funding_rate),
            "symbol": instrument.symbol,
            "timestamp": self._exchange.now_ns,
            "turnoverEv": value_ev(instrument, state.turnover_24h),
            "volume": int(state.volume_24h),
        }


def _result(result: Any) -> RestReply:
    return RestReply(200, orjson.dumps({"error": None, "id": 0, "result": result}))
