"""Phemex's public reads: products, server time, candles and funding rates of both families; USDⓈ-M's books, tickers, trades."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

import orjson

from tui_trader.core.candle import Candle
from tui_trader.core.clock import NS, Clock
from tui_trader.core.instrument import Instrument
from tui_trader.core.types import Side
from tui_trader.sim.exchange import Exchange
from tui_trader.sim.masks import phemex_words as words
from tui_trader.sim.masks.base import RestReply
from tui_trader.sim.masks.phemex_args import Args, Complaint, flag, need, optional, whole
from tui_trader.sim.masks.phemex_coin_prints import coin_candle_rows
from tui_trader.sim.masks.phemex_coin_products import config_body, oldest_body, plus_body
from tui_trader.sim.masks.phemex_family import coin_contracts, funding_name, is_coin, stable_contracts
from tui_trader.sim.masks.phemex_orders import answer
from tui_trader.sim.masks.phemex_products import products_body
from tui_trader.sim.masks.phemex_rows import Row, ratio, text
from tui_trader.sim.masks.phemex_terms import listed
from tui_trader.sim.types import MarketState, PublicTrade

DEPTH = 30
RESOLUTIONS = frozenset(
    {60, 180, 300, 900, 1800, 3600, 7200, 10800, 14400, 21600, 43200, 86400, 604800, 2592000, 7776000, 31104000}
)
CANDLE_LIMITS = frozenset({5, 10, 50, 100, 500, 1000})
CANDLES_SENT = 1000
LONGEST_LIST = 2000

Levels = Sequence[tuple[Decimal, Decimal]]


class FundingRate(NamedTuple):
    """A rate that was in force, and when it was settled."""

    at_ms: int
    rate: Decimal


def levels(side: Levels) -> list[list[str]]:
    """Return book levels as the wire has them."""
    return [[text(price), text(size)] for price, size in side]


def trade_rows(trades: Sequence[PublicTrade]) -> list[list[Any]]:
    """Return prints as the wire has them, in the order given."""
    return [[trade.at_ns, words.SIDE[trade.side], text(trade.price), text(trade.qty)] for trade in trades]


def candle_rows(candles: Sequence[Candle]) -> list[list[Any]]:
    """Return candles (oldest first) as the wire has them: newest first, each with the close before it."""
    rows = []
    before: Decimal | None = None
    for bar in candles:
        rows.append(
            [
                bar.start_s,
                bar.interval_s,
                text(before if before is not None else bar.open),
                text(bar.open),
                text(bar.high),
                text(bar.low),
                text(bar.close),
                text(bar.volume),
                text(bar.turnover),
            ]
        )
        before = bar.close
    return rows[::-1]


def ticker_row(state: MarketState) -> Row:
    """Return the 24-hour figures of one symbol as ``market24h_p`` has them (captured 2025-11)."""
    return {
        "closeRp": text(state.last),
        "fundingRateRr": ratio(state.funding_rate),
        "highRp": text(state.high_24h),
        "indexPriceRp": text(state.index),
        "lowRp": text(state.low_24h),
        "markPriceRp": text(state.mark),
        "openInterestRv": text(state.open_interest),
        "openRp": text(state.open_24h),
        "predFundingRateRr": ratio(state.predicted_funding_rate),
        "symbol": state.symbol,
        "turnoverRv": text(state.turnover_24h),
        "volumeRq": text(state.volume_24h),
    }


def best_prices(exchange: Exchange, symbol: str) -> tuple[Decimal, Decimal]:
    """Return best bid and ask without waking a contract that nobody watches: there, a tick around the last price."""
    listing = exchange.listings[symbol]
    bid, ask = listing.book.depth(Side.BUY, 1), listing.book.depth(Side.SELL, 1)
    last, tick = exchange.market(symbol).last, listing.instrument.tick
    return (
        listing.price(bid[0][0]) if bid else max(tick, last - tick),
        listing.price(ask[0][0]) if ask else last + tick,
    )


class PublicReads:
    """The endpoints that need no key."""

    def __init__(self, exchange: Exchange, clock: Clock, rates: Mapping[str, Sequence[FundingRate]]) -> None:
        self._exchange = exchange
        self._clock = clock
        self._rates = rates
        """Past funding rates by symbol, oldest first; kept by the mask."""
        self._contracts = stable_contracts(exchange)
        self._coins = coin_contracts(exchange)
        self._products: bytes | None = None

    def products(self, args: Args) -> RestReply:
        """``GET /public/products``: both families."""
        return RestReply(200, self._list())

    def products_plus(self, args: Args) -> RestReply:
        """``GET /public/products-plus``: the same, with when each contract was listed."""
        return RestReply(200, plus_body(self._list()))

    def config_products(self, args: Args) -> RestReply:
        """``GET /exchange/public/cfg/v2/products``: an older list, of COIN-M."""
        return RestReply(200, config_body(tuple(self._coins.values())))

    def coin_products(self, args: Args) -> RestReply:
        """``GET /exchange/public/products``: the oldest list, of COIN-M."""
        return RestReply(200, oldest_body(tuple(self._coins.values())))

    def time(self, args: Args) -> RestReply:
        """``GET /public/time``: the gateway's clock, in milliseconds."""
        return answer({"serverTime": self._clock.wall_ns() // 1_000_000})

    def orderbook(self, args: Args) -> RestReply:
        """``GET /md/v2/orderbook``."""
        symbol = self._symbol(args)
        bids, asks = self._exchange.book(symbol, DEPTH)
        return _result(
            {
                "depth": DEPTH,
                "orderbook_p": {"asks": levels(asks), "bids": levels(bids)},
                "sequence": self._exchange.seq,
                "symbol": symbol,
                "timestamp": self._exchange.now_ns,
                "type": "snapshot",
            }
        )

    def trades(self, args: Args) -> RestReply:
        """``GET /md/v2/trade``: newest first."""
        symbol = self._symbol(args)
        rows = trade_rows(self._exchange.trades(symbol, 200))
        return _result({"sequence": self._exchange.seq, "symbol": symbol, "trades_p": rows, "type": "snapshot"})

    def ticker_v2(self, args: Args) -> RestReply:
        """``GET /md/v2/ticker/24hr``: names as on the stream."""
        state = self._exchange.market(self._symbol(args))
        return _result({**ticker_row(state), "timestamp": self._exchange.now_ns})

    def tickers_v2(self, args: Args) -> RestReply:
        """``GET /md/v2/ticker/24hr/all``."""
        now = self._exchange.now_ns
        return _result([{**ticker_row(self._exchange.market(s)), "timestamp": now} for s in self._contracts])

    def ticker_v3(self, args: Args) -> RestReply:
        """``GET /md/v3/ticker/24hr``: short names, with best bid and ask."""
        return _result(self._ticker_v3(self._symbol(args)))

    def tickers_v3(self, args: Args) -> RestReply:
        """``GET /md/v3/ticker/24hr/all``."""
        return _result([self._ticker_v3(symbol) for symbol in self._contracts])

    def candles(self, args: Args) -> RestReply:
        """``GET /exchange/public/md/v2/kline`` and ``/last``, of either family: the candle being formed is not included."""
        instrument = self._candle_contract(args)
        resolution, limit = whole(args, "resolution", 60), whole(args, "limit", 100)
        if resolution not in RESOLUTIONS or limit not in CANDLE_LIMITS:
            raise Complaint(*words.BAD_ARGUMENT)
        closed = list(self._exchange.candles(instrument.symbol, resolution, limit + 1))[:-1]
        return _candles(instrument, closed)

    def candle_list(self, args: Args) -> RestReply:
        """``GET /exchange/public/md/v2/kline/list``: closed candles between ``from`` and ``to``, in seconds, at most 2,000."""
        instrument = self._candle_contract(args)
        if not optional(args, "to"):
            raise Complaint(412, "Missing parameter - to")
        resolution, start, end = whole(args, "resolution", 60), whole(args, "from", 0), whole(args, "to", 0)
        if resolution not in RESOLUTIONS or whole(args, "limit", 2000) > LONGEST_LIST:
            raise Complaint(*words.BAD_ARGUMENT)
        closed = list(self._exchange.candles(instrument.symbol, resolution, LONGEST_LIST + 1))[:-1]
        return _candles(instrument, [bar for bar in closed if start <= bar.start_s <= end][: whole(args, "limit", LONGEST_LIST)])

    def _candle_contract(self, args: Args) -> Instrument:
        symbol = need(args, "symbol")
        instrument = self._exchange.instruments[listed(self._exchange, symbol, coin=symbol in self._coins)]
        if not optional(args, "resolution"):
            raise Complaint(412, "Missing parameter - resolution")
        return instrument

    def funding_history(self, args: Args) -> RestReply:
        """``GET /api-data/public/data/funding-rate-history``: ascending, at most 100."""
        name = need(args, "symbol")
        instrument = self._funding_names().get(name)
        if instrument is None:
            raise Complaint(39997, f"Symbol not listed {name[:40]}")
        limit = whole(args, "limit", 100)
        if limit > 100:
            raise Complaint(30018, "phemex.data.size.uplimt")
        start, end = whole(args, "start", 0), whole(args, "end", 1 << 62)
        rows = [
            {
                "symbol": name,
                "fundingRate": ratio(past.rate),
                "fundingTime": past.at_ms,
                "intervalSeconds": instrument.funding_interval_s,
            }
            for past in self._rates.get(instrument.symbol, ())
            if start <= past.at_ms <= end
        ]
        return answer({"rows": rows[-1:] if flag(args, "latestOnly") else rows[-limit:]}, "OK")

    def real_funding(self, args: Args) -> RestReply:
        """``GET /contract-biz/public/real-funding-rates``: the rate in force and when it is settled."""
        symbol = optional(args, "symbol")
        chosen = [listed(self._exchange, symbol)] if symbol else list(self._contracts)
        rows = []
        for name in chosen:
            state = self._exchange.market(name)
            rows.append(
                {
                    "symbol": name,
                    "fundingInterval": self._exchange.instruments[name].funding_interval_s,
                    "toNextfundingInterval": max(0, (state.next_funding_ns - self._exchange.now_ns) // NS),
                    "nextfundingTime": state.next_funding_ns // 1_000_000,
                    "fundingRate": ratio(state.funding_rate),
                    "interestRate": "0.0001",
                    "fundingRateCap": "0.02",
                    "fundingRateFloor": "-0.02",
                }
            )
        return answer(rows, "OK")

    def _list(self) -> bytes:
        if self._products is None:
            self._products = products_body(tuple(self._exchange.instruments.values()))
        return self._products

    def _funding_names(self) -> dict[str, Instrument]:
        """Return contracts by the name of their funding rate; a coin's goes to the first contract on its index."""
        names: dict[str, Instrument] = {}
        for instrument in self._exchange.instruments.values():
            names.setdefault(funding_name(instrument), instrument)
        return names

    def _symbol(self, args: Args) -> str:
        symbol = optional(args, "symbol")
        if symbol not in self._contracts:
            raise Complaint(6001, "invalid argument")
        return symbol

    def _ticker_v3(self, symbol: str) -> Row:
        state = self._exchange.market(symbol)
        bid, ask = best_prices(self._exchange, symbol)
        return {
            "askRp": text(ask),
            "bidRp": text(bid),
            "fundingRateRr": ratio(state.funding_rate),
            "highRp": text(state.high_24h),
            "indexRp": text(state.index),
            "lastRp": text(state.last),
            "lowRp": text(state.low_24h),
            "markRp": text(state.mark),
            "openInterestRv": text(state.open_interest),
            "openRp": text(state.open_24h),
            "predFundingRateRr": ratio(state.predicted_funding_rate),
            "symbol": symbol,
            "timestamp": self._exchange.now_ns,
            "turnoverRv": text(state.turnover_24h),
            "volumeRq": text(state.volume_24h),
        }


def _candles(instrument: Instrument, closed: Sequence[Candle]) -> RestReply:
    rows = coin_candle_rows(instrument, closed) if is_coin(instrument) else candle_rows(closed)
    return answer({"total": -1, "rows": [[*row, instrument.symbol] for row in rows]}, "OK")


def _result(result: Any) -> RestReply:
    return RestReply(200, orjson.dumps({"error": None, "id": 0, "result": result}))
