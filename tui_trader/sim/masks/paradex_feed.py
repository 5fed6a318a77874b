"""The sockets of Paradex's exchange: JSON-RPC in, binary market data and JSON of the account out.

It must not import aiohttp, nor anything the client translates with. Books are sent whole when they are subscribed to and then by
changes whose sequence is consecutive for each market. Private channels speak JSON, as the newest documents say, or the binary
encoding, as the schema does: that is a switch. Each connection hears the version of the encoding that it asked for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from functools import partial
from typing import Any

import orjson

from tui_trader.core.decimals import ZERO, divide, plain
from tui_trader.sim.exchange import Exchange
from tui_trader.sim.masks import paradex_sbe as sbe
from tui_trader.sim.masks.base import Peer
from tui_trader.sim.masks.paradex_rows import (
    SIDE,
    Level,
    Row,
    account_row,
    best_of,
    fill_row,
    order_row,
    payment_row,
    position_row,
    premium_of,
    was_received,
)
from tui_trader.sim.masks.paradex_sbe_own import own
from tui_trader.sim.masks.paradex_versions import NEWEST, fitted
from tui_trader.sim.types import (
    AccountTouched,
    BookChange,
    Emission,
    Event,
    FundingCharge,
    PositionTouched,
    PublicTrade,
    Report,
    SimOrder,
)

BEAT_NS = 20_000_000_000
SUMMARY_NS = 1_000_000_000
TOP = 15
_TOP = re.compile(r"snapshot@15@(?:50|100)ms(?:@(\d+(?:_\d+)?))?")
"""The best levels, again and again; at the end the step that prices are gathered to, with ``_`` for its point."""
_PRIVATE = ("orders", "fills", "positions", "account")
_BY_MARKET = ("orders", "fills", "funding_payments")
_QUIET = ("balance_events", "transfers", "tradebusts", "transaction", "block_trades", "mmp")
"""Channels of the account that are opened and never have anything to say here."""

ALL = "ALL"
"""In the place of a market: every one of them."""


@dataclass(slots=True)
class _Talk:
    """One connection."""

    peer: Peer
    version: int = NEWEST
    """Of the binary encoding."""
    account: str = ""
    channels: set[str] = field(default_factory=set)
    cancels: bool = False
    """Whether the account's orders end with this connection."""


class Feed:
    """Every connection of one exchange."""

    def __init__(self, exchange: Exchange, account_of: Callable[[str], str]) -> None:
        """``account_of`` returns whose token it is, empty for one that is not good."""
        self._exchange = exchange
        self._account_of = account_of
        self._talks: dict[int, _Talk] = {}
        self._sequences: dict[str, int] = dict.fromkeys(exchange.instruments, 1000)
        self._tops: dict[str, dict[str, Decimal]] = {symbol: {} for symbol in exchange.instruments}
        """By market, the channels of its best levels that anybody has asked for, and the step of each."""
        self.private_binary = False
        """Whether the account's own channels are binary; JSON otherwise."""
        self.whole_books = True
        """Whether the whole book is served; its best 15 levels always are."""
        self.guards = True
        """Whether accounts may have their orders cancelled with their connection."""
        self._beat_ns = self._summary_ns = 0
        self._stamp = exchange.now_ns

    def admit(self, peer: Peer, version: int = NEWEST) -> None:
        """Take in a connection that asked for a version of the encoding."""
        self._talks[peer.number] = _Talk(peer, version)

    def depart(self, peer: Peer) -> None:
        """Forget one; what it was asked to take along goes with it."""
        talk = self._talks.pop(peer.number, None)
        if talk is not None and talk.cancels and talk.account:
            for untriggered in (False, True):
                self._exchange.cancel_all(talk.account, None, untriggered=untriggered)

    def receive(self, peer: Peer, frame: bytes) -> None:
        """Answer one request."""
        talk = self._talks[peer.number]
        try:
            message = orjson.loads(frame)
            number, method, params = message.get("id"), message["method"], message.get("params") or {}
        except (ValueError, KeyError, TypeError, AttributeError):
            self._say(talk, None, error=(-32700, "Parse error", None))
            return
        match method:
            case "auth":
                talk.account = self._account_of(str(params.get("bearer", "")))
                if talk.account:
                    self._say(talk, number, {"node_id": "a1b2c3d4e5f6a7b8"})
                else:
                    self._say(talk, number, error=(40111, "Invalid Bearer Token", None))
            case "subscribe":
                self._subscribe(talk, number, str(params.get("channel", "")))
            case "unsubscribe":
                talk.channels.discard(str(params.get("channel", "")))
                self._say(talk, number, {"channel": params.get("channel")})
            case "order.cancel_on_disconnect" if talk.account and not self.guards:
                self._say(talk, number, error=(100, "internal error", None))
            case "order.cancel_on_disconnect" if talk.account:
                talk.cancels = bool(params.get("enabled"))
                self._say(talk, number, {"enabled": talk.cancels})
            case "order.cancel_on_disconnect":
                self._say(talk, number, error=(-32600, "unauthorized", None))
            case _:
                self._say(talk, number, error=(-32601, "method does not exist", None))

    def _subscribe(self, talk: _Talk, number: Any, channel: str) -> None:
        family, _, rest = channel.partition(".")
        market, _, kind = rest.partition(".")
        if not self._opens(talk, family, market, kind) or channel in talk.channels:
            self._say(talk, number, error=(-32600, "invalid subscribe request", "invalid channel"))
            return
        talk.channels.add(channel)
        self._say(talk, number, {"channel": channel})
        for symbol in self._exchange.instruments if market in ("", ALL) else (market,):
            match family:
                case "order_book":
                    self._exchange.watch(symbol)
                    if kind == "deltas":
                        told = self._whole(symbol)
                    else:
                        told = self._top(symbol, self._tops[symbol].setdefault(channel, self._step(symbol, kind)))
                    self._tell(talk, family, told)
                case "bbo":
                    self._tell(talk, family, self._best(symbol))
                case "funding_data":
                    self._tell(talk, family, self._funding(symbol))
                case "markets_summary":
                    self._tell(talk, family, self._summary(symbol))

    def _opens(self, talk: _Talk, family: str, market: str, kind: str) -> bool:
        """Whether a connection may subscribe to a channel, by the parts of its name."""
        known = market in self._exchange.instruments
        match family:
            case "order_book":
                return known and (bool(self._step(market, kind)) or (kind == "deltas" and self.whole_books))
            case "trades" | "bbo":
                return (known or market == ALL) and not kind
            case "markets_summary" | "funding_data":
                return (known or market in ("", ALL)) and not kind
            case "markets":
                return not market
        if family in _BY_MARKET:
            return bool(talk.account) and (known or market == ALL) and not kind
        return bool(talk.account) and family in (*_PRIVATE, *_QUIET) and not market

    # -- pushes ----------------------------------------------------------------------------------------------------

    def publish(self, events: list[Emission]) -> None:
        """Tell what happened, private first, and beat."""
        for event in events:
            match event:
                case Report() if was_received(event.order):
                    self._report(event)
                case PositionTouched() | FundingCharge():
                    if isinstance(event, FundingCharge):
                        self._own(event.account, "funding_payments", event.symbol, partial(payment_row, event))
                    self._own(event.account, "positions", "", partial(self._position, event))
                    self._own(event.account, "account", "", partial(account_row, self._exchange, event.account))
                case AccountTouched():
                    self._own(event.account, "account", "", partial(account_row, self._exchange, event.account))
        for event in events:
            if isinstance(event, BookChange):
                self._sequences[event.symbol] += 1
                sequence = self._sequences[event.symbol]
                frame = sbe.book(event.symbol, event.at_ns // 1_000, sequence, event.bids, event.asks, snapshot=False)
                self._market("order_book", {f"order_book.{event.symbol}.deltas"}, frame)
                for channel, step in self._tops[event.symbol].items():
                    self._market("order_book", {channel}, partial(self._top, event.symbol, step))
                self._market("bbo", {f"bbo.{event.symbol}", f"bbo.{ALL}"}, partial(self._best, event.symbol))
            elif isinstance(event, PublicTrade):
                side = SIDE[event.side]
                frame = sbe.trade(event.symbol, event.at_ns // 1_000, event.seq, side, event.price, event.qty, str(event.seq))
                self._market("trades", {f"trades.{event.symbol}", f"trades.{ALL}"}, frame)
        now = self._exchange.now_ns
        if now - self._summary_ns >= SUMMARY_NS:
            self._summary_ns = now
            for symbol in self._exchange.instruments:
                for family, told in (("markets_summary", self._summary), ("funding_data", self._funding)):
                    self._market(family, {family, f"{family}.{ALL}", f"{family}.{symbol}"}, partial(told, symbol))
        if now - self._beat_ns >= BEAT_NS:
            self._beat_ns = now
            for talk in self._talks.values():
                self._tell(talk, "heartbeat", sbe.heartbeat(self._now_us(), now))

    def _report(self, report: Report) -> None:
        order = report.order
        if report.event is Event.FILL:
            spot = self._exchange.market(order.symbol).index
            self._own(order.account, "fills", order.symbol, lambda: fill_row(report) | {"underlying_price": plain(spot)})
        self._own(order.account, "orders", order.symbol, lambda: order_row(order))
        if report.event is Event.FILL:
            self._own(order.account, "positions", "", partial(self._position, order))
            self._own(order.account, "account", "", partial(account_row, self._exchange, order.account))

    def _position(self, event: PositionTouched | FundingCharge | SimOrder) -> Row:
        held = self._exchange.position(event.account, event.symbol, event.position_side)
        return position_row(self._exchange, event.account, held)

    def _own(self, account: str, family: str, market: str, row: Callable[[], Row]) -> None:
        """Tell an account's news; where a family is told by market, to those who hear that one or all."""
        names = (f"{family}.{market}", f"{family}.{ALL}") if market else (family,)
        stamped: Row | None = None
        for talk in self._talks.values():
            if talk.account != account:
                continue
            for channel in names:
                if channel not in talk.channels:
                    continue
                if stamped is None:
                    stamped = self._stamped(row()) if family in _PRIVATE else row()
                if self.private_binary and family in _PRIVATE:
                    self._tell(talk, family, own(family, stamped))
                    break  # a frame does not say which channel it is of
                params = {"channel": channel, "data": stamped}
                talk.peer.send(orjson.dumps({"jsonrpc": "2.0", "method": "subscription", "params": params}), family)

    def _stamped(self, row: Row) -> Row:
        """Give a row a sequence of the stream: unique and increasing, not that of REST."""
        self._stamp = max(self._stamp + 1, self._exchange.now_ns)
        return row | {"seq_no": self._stamp}

    def _market(self, family: str, channels: set[str], frame: bytes | Callable[[], bytes]) -> None:
        """Tell market data once to everybody who hears one of these channels, each in the version that was asked for."""
        written = frame if isinstance(frame, bytes) else b""
        by_version: dict[int, bytes] = {}
        for talk in self._talks.values():
            if talk.channels.isdisjoint(channels):
                continue
            if talk.version not in by_version:
                written = written or (frame if isinstance(frame, bytes) else frame())
                by_version[talk.version] = fitted(written, talk.version)
            talk.peer.send(by_version[talk.version], family, binary=True)

    @staticmethod
    def _tell(talk: _Talk, family: str, frame: bytes) -> None:
        talk.peer.send(fitted(frame, talk.version), family, binary=True)

    def _whole(self, market: str) -> bytes:
        return self._snapshot(market, *self._exchange.book(market))

    def _top(self, market: str, step: Decimal) -> bytes:
        """Return the best levels, their prices gathered to a step: bids down, asks up."""
        if step == self._exchange.instruments[market].tick:
            return self._snapshot(market, *self._exchange.book(market, TOP))
        sides: list[list[Level]] = []
        for levels, rounding in zip(self._exchange.book(market), (ROUND_FLOOR, ROUND_CEILING), strict=True):
            gathered: dict[Decimal, Decimal] = {}
            for price, size in levels:
                price = (price / step).to_integral_value(rounding) * step
                gathered[price] = gathered.get(price, ZERO) + size
            sides.append(list(gathered.items())[:TOP])
        return self._snapshot(market, *sides)

    def _step(self, market: str, kind: str) -> Decimal:
        """Return what a channel of best levels gathers prices to; zero for a name that is none, or a step that does not fit."""
        found = _TOP.fullmatch(kind)
        tick = self._exchange.instruments[market].tick
        step = Decimal(found[1].replace("_", ".")) if found and found[1] else tick
        return step if found and step and not step % tick else ZERO

    def _snapshot(self, market: str, bids: Sequence[Level], asks: Sequence[Level]) -> bytes:
        return sbe.book(market, self._now_us(), self._sequences[market], bids, asks, snapshot=True)

    def _best(self, market: str) -> bytes:
        bids, asks = self._exchange.book(market, 1)
        return sbe.best(market, self._now_us(), self._sequences[market], next(iter(bids), None), next(iter(asks), None))

    def _funding(self, market: str) -> bytes:
        state = self._exchange.market(market)
        hours = self._exchange.instruments[market].funding_interval_s // 3_600
        premium = premium_of(state.funding_rate, state.mark)
        return sbe.funding(market, self._now_us(), self._exchange.seq, state.funding_rate, premium, hours)

    def _summary(self, symbol: str) -> bytes:
        state = self._exchange.market(symbol)
        change = divide(state.last, state.open_24h) - 1 if state.open_24h else ZERO
        bid, ask = best_of(self._exchange, symbol)
        volume = state.turnover_24h
        told = (state.mark, state.index, state.last, volume, state.open_interest, state.funding_rate, bid, ask, volume, change)
        return sbe.summary(symbol, self._now_us(), sbe.Summary(*told))

    def _say(self, talk: _Talk, number: Any, result: Row | None = None, *, error: tuple[int, str, Any] | None = None) -> None:
        now = self._now_us()
        body: Row = {"jsonrpc": "2.0", "usIn": now, "usDiff": 0, "usOut": now, "id": number}
        if error is not None:
            code, message, data = error
            body["error"] = {"code": code, "message": message, **({"data": data} if data else {})}
        else:
            body["result"] = result
        talk.peer.send(orjson.dumps(body), "answer")

    def _now_us(self) -> int:
        return self._exchange.now_ns // 1_000
