"""The sockets of Paradex's exchange: JSON-RPC in, binary market data and JSON of the account out.

It must not import aiohttp, nor anything the client translates with. Books are sent whole when they are subscribed to and then by
changes whose sequence is consecutive for each market. Private channels speak JSON, as the newest documents say, or the binary
encoding, as the schema does: that is a switch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import orjson

from tui_trader.core.decimals import ZERO, divide
from tui_trader.sim.exchange import Exchange
from tui_trader.sim.masks import paradex_sbe as sbe
from tui_trader.sim.masks.base import Peer
from tui_trader.sim.masks.paradex_rows import SIDE, Row, account_row, fill_row, order_row, position_row, was_received
from tui_trader.sim.masks.paradex_sbe_own import own
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
_TOPS = ("snapshot@15@50ms", "snapshot@15@100ms")
_PRIVATE = ("orders", "fills", "positions", "account")


@dataclass(slots=True)
class _Talk:
    """One connection."""

    peer: Peer
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
        self.private_binary = False
        """Whether the account's own channels are binary; JSON otherwise."""
        self.whole_books = True
        """Whether the whole book is served; its best 15 levels always are."""
        self.guards = True
        """Whether accounts may have their orders cancelled with their connection."""
        self._beat_ns = self._summary_ns = 0
        self._stamp = exchange.now_ns

    def admit(self, peer: Peer) -> None:
        """Take in a connection."""
        self._talks[peer.number] = _Talk(peer)

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
        market = rest.partition(".")[0]
        known = market in self._exchange.instruments
        good = (
            (family == "order_book" and known and self._serves(rest.partition(".")[2]))
            or (family in ("trades", "bbo", "funding_data") and known)
            or channel == "markets_summary"
            or (family in _PRIVATE and bool(talk.account))
        )
        if not good or channel in talk.channels:
            self._say(talk, number, error=(-32600, "invalid subscribe request", "invalid channel"))
            return
        talk.channels.add(channel)
        self._say(talk, number, {"channel": channel})
        if family == "order_book":
            self._exchange.watch(market)
            talk.peer.send(self._whole(market, None if channel.endswith(".deltas") else TOP), "order_book", binary=True)
        elif family == "bbo":
            talk.peer.send(self._best(market), "bbo", binary=True)
        elif family == "funding_data":
            talk.peer.send(self._funding(market), "funding_data", binary=True)
        elif channel == "markets_summary":
            self._send_summaries([talk])

    def _serves(self, kind: str) -> bool:
        return kind in _TOPS or (kind == "deltas" and self.whole_books)

    # -- pushes ----------------------------------------------------------------------------------------------------

    def publish(self, events: list[Emission]) -> None:
        """Tell what happened, private first, and beat."""
        for event in events:
            match event:
                case Report() if was_received(event.order):
                    self._report(event)
                case PositionTouched() | FundingCharge():
                    self._own(event.account, "positions", partial(self._position, event))
                    self._own(event.account, "account", partial(account_row, self._exchange, event.account))
                case AccountTouched():
                    self._own(event.account, "account", partial(account_row, self._exchange, event.account))
        for event in events:
            if isinstance(event, BookChange):
                self._sequences[event.symbol] += 1
                sequence = self._sequences[event.symbol]
                frame = sbe.book(event.symbol, event.at_ns // 1_000, sequence, event.bids, event.asks, snapshot=False)
                self._market(f"order_book.{event.symbol}.deltas", frame)
                for kind in _TOPS:
                    self._market(f"order_book.{event.symbol}.{kind}", partial(self._whole, event.symbol, TOP))
                self._market(f"bbo.{event.symbol}", partial(self._best, event.symbol))
            elif isinstance(event, PublicTrade):
                side = SIDE[event.side]
                frame = sbe.trade(event.symbol, event.at_ns // 1_000, event.seq, side, event.price, event.qty, str(event.seq))
                self._market(f"trades.{event.symbol}", frame)
        now = self._exchange.now_ns
        if now - self._summary_ns >= SUMMARY_NS:
            self._summary_ns = now
            self._send_summaries([talk for talk in self._talks.values() if "markets_summary" in talk.channels])
            for symbol in self._exchange.instruments:
                self._market(f"funding_data.{symbol}", partial(self._funding, symbol))
        if now - self._beat_ns >= BEAT_NS:
            self._beat_ns = now
            for talk in self._talks.values():
                talk.peer.send(sbe.heartbeat(self._now_us(), now), "heartbeat", binary=True)

    def _report(self, report: Report) -> None:
        order = report.order
        if report.event is Event.FILL:
            self._own(order.account, "fills.ALL", lambda: fill_row(report))
        self._own(order.account, "orders.ALL", lambda: order_row(order))
        if report.event is Event.FILL:
            self._own(order.account, "positions", partial(self._position, order))
            self._own(order.account, "account", partial(account_row, self._exchange, order.account))

    def _position(self, event: PositionTouched | FundingCharge | SimOrder) -> Row:
        held = self._exchange.position(event.account, event.symbol, event.position_side)
        return position_row(self._exchange, event.account, held)

    def _own(self, account: str, channel: str, row: Callable[[], Row]) -> None:
        told: bytes | None = None
        family = channel.partition(".")[0]
        for talk in self._talks.values():
            if talk.account != account or channel not in talk.channels:
                continue
            if told is None:
                stamped = self._stamped(row())
                params = {"channel": channel, "data": stamped}
                if self.private_binary:
                    told = own(family, stamped)
                else:
                    told = orjson.dumps({"jsonrpc": "2.0", "method": "subscription", "params": params})
            talk.peer.send(told, family, binary=self.private_binary)

    def _stamped(self, row: Row) -> Row:
        """Give a row a sequence of the stream: unique and increasing, not that of REST."""
        self._stamp = max(self._stamp + 1, self._exchange.now_ns)
        return row | {"seq_no": self._stamp}

    def _market(self, channel: str, frame: bytes | Callable[[], bytes]) -> None:
        told = frame if isinstance(frame, bytes) else b""
        for talk in self._talks.values():
            if channel in talk.channels:
                told = told or (frame if isinstance(frame, bytes) else frame())
                talk.peer.send(told, channel.partition(".")[0], binary=True)

    def _whole(self, market: str, depth: int | None) -> bytes:
        bids, asks = self._exchange.book(market, depth)
        return sbe.book(market, self._now_us(), self._sequences[market], bids, asks, snapshot=True)

    def _best(self, market: str) -> bytes:
        bids, asks = self._exchange.book(market, 1)
        return sbe.best(market, self._now_us(), self._sequences[market], next(iter(bids), None), next(iter(asks), None))

    def _funding(self, market: str) -> bytes:
        state = self._exchange.market(market)
        hours = self._exchange.instruments[market].funding_interval_s // 3_600
        return sbe.funding(market, self._now_us(), self._exchange.seq, state.funding_rate, hours)

    def _send_summaries(self, talks: list[_Talk]) -> None:
        if not talks:
            return
        for symbol in self._exchange.instruments:
            state = self._exchange.market(symbol)
            change = divide(state.last, state.open_24h) - 1 if state.open_24h else ZERO
            prices = (state.mark, state.index, state.last, state.open_interest, state.funding_rate, change)
            frame = sbe.summary(symbol, self._now_us(), *prices)
            for talk in talks:
                talk.peer.send(frame, "markets_summary", binary=True)

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
