"""MEXC's public pushes: whole books, increments, prints, tickers, bars, prices."""

from __future__ import annotations

from typing import Any, NamedTuple

import orjson

from tui_trader.core.clock import NS
from tui_trader.sim.exchange import Exchange
from tui_trader.sim.masks.base import Peer
from tui_trader.sim.masks.mexc_books import FULL_NS, Books
from tui_trader.sim.masks.mexc_public import INTERVALS, rows_of, ticker_row
from tui_trader.sim.masks.mexc_terms import MILLI, Contracts, Row, number
from tui_trader.sim.types import BookChange, PublicTrade

CANDLE_NS = 250_000_000

OF_ALL = (
    *("symbol", "lastPrice", "riseFallRate", "fairPrice", "indexPrice", "volume24", "amount24"),
    *("maxBidPrice", "minAskPrice", "lower24Price", "high24Price", "timestamp"),
)
"""What the table of all contracts tells of each."""


class Topic(NamedTuple):
    """One thing a client can subscribe to."""

    channel: str
    symbol: str = ""
    variant: str = ""
    """Depth of a whole book, length of a bar."""


class MarketFeed:
    """Everything public, to whoever subscribed."""

    def __init__(self, exchange: Exchange, contracts: Contracts, books: Books) -> None:
        self._exchange = exchange
        self._contracts = contracts
        self._books = books
        self._subscribers: dict[Topic, dict[Peer, None]] = {}
        self._prints: dict[str, list[PublicTrade]] = {}
        self._traded: set[str] = set()
        self._candles_ns = 0
        self._second = 0
        self._prices: dict[Topic, Any] = {}

    def subscribe(self, peer: Peer, topic: Topic) -> None:
        """Add a subscriber; a whole book and a bar are sent at once."""
        if topic.symbol:
            self._exchange.watch(topic.symbol)
        self._subscribers.setdefault(topic, {})[peer] = None
        if topic.channel in ("depth", "depth.full"):
            self._books.of(topic.symbol)
        if topic.channel == "depth.full":
            peer.send(self._whole(topic), f"depth.full:{topic.symbol}")
        elif topic.channel == "kline":
            self._bar(topic, [peer])
        elif topic.channel in ("ticker", "tickers"):
            peer.send(self._ticker(topic), topic.channel)

    def unsubscribe(self, peer: Peer, topic: Topic) -> None:
        """Remove a subscriber."""
        peers = self._subscribers.get(topic)
        if peers is not None:
            peers.pop(peer, None)
            if not peers:
                del self._subscribers[topic]

    def absorb(self, event: BookChange | PublicTrade) -> None:
        """Take one public event of the exchange."""
        if isinstance(event, PublicTrade):
            self._prints.setdefault(event.symbol, []).append(event)
            self._traded.add(event.symbol)
        else:
            self._books.touch(event.symbol)

    def publish(self) -> None:
        """Send what is due."""
        now = self._exchange.now_ns
        prints, self._prints = self._prints, {}
        second = now // NS
        new_second, self._second = second != self._second, second
        bars = now - self._candles_ns >= CANDLE_NS
        if bars:
            self._candles_ns = now
        told: set[str] = set()
        for topic, peers in list(self._subscribers.items()):
            match topic.channel:
                case "deal" if topic.symbol in prints:
                    rows = rows_of(prints[topic.symbol], self._contracts)
                    self._send(topic, peers, self._push("deal", topic.symbol, rows))
                case "depth.full":
                    book = self._books.of(topic.symbol)
                    if book.changed and now - book.told_ns >= FULL_NS:
                        told.add(topic.symbol)
                        self._send(topic, peers, self._whole(topic))
                case "depth":
                    merged = self._books.of(topic.symbol).merged(now)
                    if merged is not None:
                        self._send(topic, peers, self._push("depth", topic.symbol, merged))
                case "ticker" | "tickers" if new_second:
                    self._send(topic, peers, self._ticker(topic))
                case "kline" if bars and topic.symbol in self._traded:
                    self._bar(topic, peers)
                case "fair.price" | "index.price" | "funding.rate" if new_second:
                    self._price(topic, peers)
        for symbol in told:
            book = self._books.of(symbol)
            book.changed, book.told_ns = False, now
        if bars:
            self._traded.clear()

    # -- inside ----------------------------------------------------------------------------------------------------

    def _send(self, topic: Topic, peers: Any, frame: bytes) -> None:
        for peer in peers:
            peer.send(frame, f"{topic.channel}:{topic.symbol}")

    def _push(self, channel: str, symbol: str, data: Any) -> bytes:
        message: Row = {"channel": f"push.{channel}", "data": data}
        if symbol:
            message["symbol"] = symbol
        return orjson.dumps(message | {"ts": self._exchange.now_ns // MILLI})

    def _whole(self, topic: Topic) -> bytes:
        return self._push("depth.full", topic.symbol, self._books.of(topic.symbol).whole(int(topic.variant)))

    def _ticker(self, topic: Topic) -> bytes:
        exchange, contracts = self._exchange, self._contracts
        if topic.symbol:
            return self._push("ticker", topic.symbol, ticker_row(exchange, contracts, topic.symbol))
        rows = [ticker_row(exchange, contracts, symbol) for symbol in exchange.instruments]
        return self._push("tickers", "", [{name: row[name] for name in OF_ALL} for row in rows])

    def _bar(self, topic: Topic, peers: Any) -> None:
        bars = self._exchange.candles(topic.symbol, INTERVALS[topic.variant], 1)
        if not bars:
            return
        bar = bars[-1]
        row = {
            "symbol": topic.symbol,
            "interval": topic.variant,
            "t": bar.start_s,
            "o": number(bar.open),
            "c": number(bar.close),
            "h": number(bar.high),
            "l": number(bar.low),
            "a": number(bar.turnover),
            "q": self._contracts.vol(topic.symbol, bar.volume),
        }
        self._send(topic, peers, self._push("kline", topic.symbol, row))

    def _price(self, topic: Topic, peers: Any) -> None:
        state = self._exchange.market(topic.symbol)
        value = {"fair.price": state.mark, "index.price": state.index, "funding.rate": state.funding_rate}[topic.channel]
        if self._prices.get(topic) == value:
            return
        self._prices[topic] = value
        row: Row = {"symbol": topic.symbol}
        if topic.channel == "funding.rate":
            row |= {"rate": number(value), "nextSettleTime": state.next_funding_ns // MILLI}
        else:
            row["price"] = number(value)
        self._send(topic, peers, self._push(topic.channel, topic.symbol, row))
