"""Phemex's public pushes of both families: books, trades, candles, ticks and the 24-hour tables.

Each message is built and encoded once for all its subscribers. A book channel keeps what it last told, and tells the
difference: so a level pushed out of a limited depth is deleted explicitly, and one that re-enters is sent again.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, NamedTuple

import orjson

from tui_trader.core.clock import NS
from tui_trader.core.decimals import ZERO
from tui_trader.core.instrument import Instrument
from tui_trader.sim.exchange import Exchange
from tui_trader.sim.masks.base import Peer
from tui_trader.sim.masks.phemex_coin_prints import coin_candle_rows, coin_levels, coin_ticker_row, coin_trade_rows
from tui_trader.sim.masks.phemex_coin_rows import price_ep
from tui_trader.sim.masks.phemex_family import coin_contracts, index_name, is_coin, mark_name, stable_contracts
from tui_trader.sim.masks.phemex_public import CANDLES_SENT, best_prices, candle_rows, levels, ticker_row, trade_rows
from tui_trader.sim.masks.phemex_rows import ratio, text
from tui_trader.sim.types import BookChange, PublicTrade

FAST_NS = 20_000_000
AGGREGATED_NS = 120_000_000
FULL_NS = 100_000_000
RESEND_NS = 60 * NS
"""How often a book is sent again in full, for the client to check itself."""
CANDLE_NS = 250_000_000
TRADES_SENT = 200
DEPTHS = frozenset({0, 1, 5, 10, 30})

PACK_FIELDS = [
    "symbol",
    "openRp",
    "highRp",
    "lowRp",
    "lastRp",
    "volumeRq",
    "turnoverRv",
    "openInterestRv",
    "indexRp",
    "markRp",
    "fundingRateRr",
    "predFundingRateRr",
    "bidRp",
    "askRp",
]


Level = tuple[Decimal, Decimal]


class Topic(NamedTuple):
    """One thing a client can subscribe to."""

    channel: str
    symbol: str = ""
    variant: tuple[int, int] = (0, 0)
    """(depth, nanoseconds between pushes) of a book, (seconds, 0) of a candle."""


class _Book:
    """One book at one depth and cadence, as its subscribers know it."""

    def __init__(self, exchange: Exchange, topic: Topic) -> None:
        self.symbol = topic.symbol
        self.contract = exchange.instruments[topic.symbol]
        self.coin = topic.channel == "orderbook"
        self.depth, self.interval_ns = topic.variant
        self.dirty = False
        self._exchange = exchange
        self._bids: dict[Decimal, Decimal] = {}
        self._asks: dict[Decimal, Decimal] = {}
        self._sequence = exchange.seq
        self._changed_ns = self._pushed_ns = self._resent_ns = exchange.now_ns
        self._bids, self._asks = self._read()

    def touch(self, change: BookChange) -> None:
        """Note that something changed; it is told when the cadence allows."""
        self.dirty = True
        self._latest = change.seq
        self._changed_ns = change.at_ns

    def due(self, now_ns: int) -> bool:
        """Whether a change may be told now."""
        return self.dirty and now_ns - self._pushed_ns >= self.interval_ns

    def resend_due(self, now_ns: int) -> bool:
        """Whether the periodic snapshot is due."""
        return now_ns - self._resent_ns >= RESEND_NS

    def snapshot(self, now_ns: int, *, periodic: bool = False) -> bytes:
        """Return what the subscribers hold, in full, with the sequence of the last increment."""
        if periodic:
            self._resent_ns = now_ns
        return self._message("snapshot", list(self._bids.items()), list(self._asks.items()), now_ns)

    def increment(self, now_ns: int) -> bytes | None:
        """Return the difference to what was last told; None when there is none."""
        self.dirty = False
        self._pushed_ns = now_ns
        bids, asks = self._read()
        bid_rows, ask_rows = _difference(self._bids, bids), _difference(self._asks, asks)
        if not bid_rows and not ask_rows:
            return None
        self._bids, self._asks = bids, asks
        self._sequence = self._latest
        return self._message("incremental", bid_rows, ask_rows, now_ns)

    def _read(self) -> tuple[dict[Decimal, Decimal], dict[Decimal, Decimal]]:
        bids, asks = self._exchange.book(self.symbol, self.depth or None)
        return dict(bids), dict(asks)

    def _message(self, kind: str, bids: list[Level], asks: list[Level], now_ns: int) -> bytes:
        body: dict[str, Any] = {
            "depth": self.depth,
            "sequence": self._sequence,
            "symbol": self.symbol,
            "timestamp": self._changed_ns,
            "type": kind,
        }
        if self.coin:
            body["book"] = {"asks": coin_levels(self.contract, asks), "bids": coin_levels(self.contract, bids)}
            return orjson.dumps(body)
        body |= {"dts": now_ns, "mts": self._changed_ns, "orderbook_p": {"asks": levels(asks), "bids": levels(bids)}}
        return orjson.dumps(body)


def _difference(before: dict[Decimal, Decimal], after: dict[Decimal, Decimal]) -> list[Level]:
    rows = [(price, size) for price, size in after.items() if before.get(price) != size]
    rows += [(price, ZERO) for price in before if price not in after]
    return rows


class MarketFeed:
    """Everything public, to whoever subscribed."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._stable = stable_contracts(exchange)
        self._coins = coin_contracts(exchange)
        self._named: dict[str, tuple[Instrument, bool]] = {}
        """Contract by the name of its index and of its mark, and whether it is the mark."""
        for instrument in exchange.instruments.values():
            self._named.setdefault(index_name(instrument), (instrument, False))
        for instrument in exchange.instruments.values():
            # ".MATICUSDT" is an index and ".MMATICUSDT" its mark: the plain reading comes first.
            self._named.setdefault(mark_name(instrument), (instrument, True))
        self._subscribers: dict[Topic, dict[Peer, None]] = {}
        self._books: dict[Topic, _Book] = {}
        self._books_of: dict[str, list[_Book]] = {}
        self._prints: dict[str, list[PublicTrade]] = {}
        self._candles: dict[Topic, tuple[bool, int]] = {}
        """By candle topic: (changed since, last pushed)."""
        self._ticks: dict[str, Decimal] = {}
        self._second = 0

    # -- subscriptions ---------------------------------------------------------------------------------------------

    def subscribe(self, peer: Peer, topic: Topic) -> None:
        """Add a subscriber and send it what it must start from. The caller has published everything before."""
        exchange, now = self._exchange, self._exchange.now_ns
        if topic.symbol in exchange.instruments:
            exchange.watch(topic.symbol)
        self._subscribers.setdefault(topic, {})[peer] = None
        label = f"{topic.channel}:{topic.symbol}"
        match topic.channel:
            case "orderbook_p" | "orderbook":
                book = self._books.get(topic)
                if book is None:
                    book = self._books[topic] = _Book(exchange, topic)
                    self._books_of.setdefault(topic.symbol, []).append(book)
                peer.send(book.snapshot(now), label)
            case "trade_p" | "trade":
                peer.send(self._trades(topic, exchange.trades(topic.symbol, TRADES_SENT), "snapshot"), label)
            case "kline_p" | "kline":
                self._candles.setdefault(topic, (False, 0))
                peer.send(self._candle(topic, CANDLES_SENT, "snapshot"), label)
            case "tick_p" | "tick":
                peer.send(self._tick(topic), label)
            case "perp_market24h_pack_p":
                peer.send(self._pack("snapshot"), label)
            case _:
                for symbol in self._told(topic):
                    peer.send(self._ticker(symbol), label)

    def unsubscribe(self, peer: Peer, topic: Topic) -> None:
        """Remove a subscriber; a channel nobody listens to is forgotten."""
        peers = self._subscribers.get(topic)
        if peers is None:
            return
        peers.pop(peer, None)
        if peers:
            return
        del self._subscribers[topic]
        self._candles.pop(topic, None)
        book = self._books.pop(topic, None)
        if book is not None:
            self._books_of[topic.symbol].remove(book)

    def knows_tick(self, channel: str, name: str) -> bool:
        """Whether ``name`` is an index or mark of the channel's family, e.g. ``.BTCUSDT``, ``.MBTC``."""
        named = self._named.get(name)
        return named is not None and is_coin(named[0]) is (channel == "tick")

    # -- pushes ----------------------------------------------------------------------------------------------------

    def absorb(self, event: PublicTrade | BookChange) -> None:
        """Take one public event of the exchange."""
        if isinstance(event, BookChange):
            for book in self._books_of.get(event.symbol, ()):
                book.touch(event)
        else:
            self._prints.setdefault(event.symbol, []).append(event)

    def publish(self) -> None:
        """Send what is due."""
        now = self._exchange.now_ns
        for topic, book in self._books.items():
            if book.due(now) and (message := book.increment(now)) is not None:
                self._send(topic, message)
            if book.resend_due(now) and not book.dirty:
                self._send(topic, book.snapshot(now, periodic=True))
        if self._prints:
            self._publish_prints()
        for topic, (changed, pushed_ns) in self._candles.items():
            if changed and now - pushed_ns >= CANDLE_NS:
                self._candles[topic] = (False, now)
                self._send(topic, self._candle(topic, 2, "incremental"))
        if now // NS != self._second:
            self._second = now // NS
            self._publish_each_second()

    def _publish_prints(self) -> None:
        prints, self._prints = self._prints, {}
        for symbol, trades in prints.items():
            topic = Topic("trade" if symbol in self._coins else "trade_p", symbol)
            if topic in self._subscribers:
                self._send(topic, self._trades(topic, trades[::-1], "incremental"))
        for topic, (_, pushed_ns) in self._candles.items():
            if topic.symbol in prints:
                self._candles[topic] = (True, pushed_ns)

    def _publish_each_second(self) -> None:
        for topic in self._subscribers:
            match topic.channel:
                case "perp_market24h_pack_p":
                    self._send(topic, self._pack("incremental"))
                case "market24h_p" | "market24h":
                    for symbol in self._told(topic):
                        self._send(topic, self._ticker(symbol))
                case "tick_p" | "tick":
                    price = self._tick_price(topic.symbol)
                    if self._ticks.get(topic.symbol) != price:
                        self._ticks[topic.symbol] = price
                        self._send(topic, self._tick(topic))
                case _:
                    pass

    def _send(self, topic: Topic, message: bytes) -> None:
        label = f"{topic.channel}:{topic.symbol}"
        for peer in self._subscribers[topic]:
            peer.send(message, label)

    # -- messages --------------------------------------------------------------------------------------------------

    def _told(self, topic: Topic) -> Iterable[str]:
        """Return the contracts that a ticker channel tells of: the one it names, or all of its family."""
        if topic.symbol:
            return (topic.symbol,)
        return self._coins if topic.channel == "market24h" else self._stable

    def _trades(self, topic: Topic, newest_first: Iterable[PublicTrade], kind: str) -> bytes:
        now = self._exchange.now_ns
        trades = list(newest_first)
        body: dict[str, Any] = {
            "sequence": trades[0].seq if kind == "incremental" else self._exchange.seq,
            "symbol": topic.symbol,
            "type": kind,
        }
        if topic.channel == "trade":
            return orjson.dumps({**body, "trades": coin_trade_rows(self._coins[topic.symbol], trades)})
        stamps = {"dts": now, "mts": trades[0].at_ns if trades else now}
        return orjson.dumps({**stamps, **body, "trades_p": trade_rows(trades)})

    def _candle(self, topic: Topic, count: int, kind: str) -> bytes:
        candles = self._exchange.candles(topic.symbol, topic.variant[0], count)
        body: dict[str, Any] = {"sequence": self._exchange.seq, "symbol": topic.symbol, "type": kind}
        if topic.channel == "kline":
            instrument = self._coins[topic.symbol]
            body["kline"] = coin_candle_rows(instrument, candles)
            if kind == "incremental":
                body |= {"priceScale": instrument.price_scale, "valueScale": instrument.value_scale}
        else:
            body["kline_p"] = candle_rows(candles)
            if kind == "incremental":
                body["priceScale"] = 0
        if kind == "incremental":
            body[topic.channel] = body[topic.channel][:1]
        return orjson.dumps(body)

    def _tick_price(self, name: str) -> Decimal:
        instrument, is_mark = self._named[name]
        state = self._exchange.market(instrument.symbol)
        return state.mark if is_mark else state.index

    def _tick(self, topic: Topic) -> bytes:
        price, now = self._tick_price(topic.symbol), self._exchange.now_ns
        if topic.channel == "tick_p":
            return orjson.dumps({"tick_p": {"last": text(price), "symbol": topic.symbol, "timestamp": now}})
        instrument = self._named[topic.symbol][0]
        row = {"last": price_ep(instrument, price), "scale": instrument.price_scale, "symbol": topic.symbol, "timestamp": now}
        return orjson.dumps({"tick": row})

    def _ticker(self, symbol: str) -> bytes:
        state, now = self._exchange.market(symbol), self._exchange.now_ns
        if symbol in self._coins:
            return orjson.dumps({"market24h": coin_ticker_row(self._coins[symbol], state), "timestamp": now})
        return orjson.dumps({"market24h_p": ticker_row(state), "timestamp": now})

    def _pack(self, kind: str) -> bytes:
        body: dict[str, Any] = {
            "data": [self._pack_row(symbol) for symbol in self._stable],
            "method": "perp_market24h_pack_p.update",
            "timestamp": self._exchange.now_ns,
            "type": kind,
        }
        if kind == "snapshot":
            body["fields"] = PACK_FIELDS
        return orjson.dumps(body)

    def _pack_row(self, symbol: str) -> list[str]:
        state = self._exchange.market(symbol)
        bid, ask = best_prices(self._exchange, symbol)
        return [
            symbol,
            text(state.open_24h),
            text(state.high_24h),
            text(state.low_24h),
            text(state.last),
            text(state.volume_24h),
            text(state.turnover_24h),
            text(state.open_interest),
            text(state.index),
            text(state.mark),
            ratio(state.funding_rate),
            ratio(state.predicted_funding_rate),
            text(bid),
            text(ask),
        ]
