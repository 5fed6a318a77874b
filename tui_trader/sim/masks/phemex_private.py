"""Phemex's private streams ``aop_p`` and ``aop``: accounts, orders and positions of one user, as a snapshot and then as rows.

A snapshot also carries old, finished orders: that is the venue's way, and a client must not announce them. Order rows of an
increment are what happened, in order; rows of positions and accounts are complete.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import orjson

from tui_trader.core.instrument import Instrument
from tui_trader.core.types import PositionSide
from tui_trader.sim.exchange import Exchange
from tui_trader.sim.ledger import is_house
from tui_trader.sim.masks import phemex_words as words
from tui_trader.sim.masks.base import Notify, Peer
from tui_trader.sim.masks.phemex_coin_stream import (
    coin_account_row,
    coin_funding_row,
    coin_order_row,
    coin_position_row,
    coin_report_row,
)
from tui_trader.sim.masks.phemex_family import coin_contracts, stable_contracts
from tui_trader.sim.masks.phemex_risk import Risk
from tui_trader.sim.masks.phemex_rows import Row, text
from tui_trader.sim.masks.phemex_stream import account_row, find_position, funding_row, order_row, position_row, report_row
from tui_trader.sim.types import (
    AccountTouched,
    Event,
    FundingCharge,
    PositionTouched,
    Report,
    SimAccount,
    SimOrder,
    SimPosition,
)

STABLE, COIN = "aop_p", "aop"
OLD_ROWS = 100
"""Finished orders, and executions, that a snapshot goes back."""


@dataclass(slots=True)
class _Pending:
    """What one account has not been told yet."""

    orders: list[Report | FundingCharge] = field(default_factory=list)
    currencies: dict[str, None] = field(default_factory=dict)
    positions: dict[tuple[str, PositionSide], None] = field(default_factory=dict)

    def of(self, contracts: dict[str, Instrument], currencies: set[str]) -> _Pending:
        """Return what of it concerns some contracts and currencies."""
        return _Pending(
            [one for one in self.orders if _symbol(one) in contracts],
            {name: None for name in self.currencies if name in currencies},
            {key: None for key in self.positions if key[0] in contracts},
        )


@dataclass(slots=True)
class _Stream:
    """One family's stream: its contracts, its rows, and who listens."""

    topic: str
    suffix: str
    """What the names of the three arrays end in."""
    contracts: dict[str, Instrument]
    account: Callable[[Exchange, str, str], Row]
    order: Callable[[Exchange, SimOrder], Row]
    report: Callable[[Exchange, Report], Row]
    funding: Callable[[Exchange, FundingCharge], Row]
    position: Callable[[Exchange, str, SimPosition], Row]
    currencies: set[str] = field(default_factory=set)
    subscribers: dict[str, dict[Peer, None]] = field(default_factory=dict)

    def held(self, account: SimAccount) -> list[str]:
        """Return the currencies of an account that this stream tells of, in order of opening."""
        return [currency for currency in account.balances if currency in self.currencies]


class PrivateFeed:
    """Every account's streams, to its authenticated subscribers."""

    def __init__(self, exchange: Exchange, notify: Notify, risk: Risk) -> None:
        self._exchange = exchange
        self._notify = notify
        self._risk = risk
        stable, coin = stable_contracts(exchange), coin_contracts(exchange)
        self._streams = {
            STABLE: _Stream(STABLE, "_p", stable, account_row, order_row, report_row, funding_row, position_row),
            COIN: _Stream(COIN, "", coin, coin_account_row, coin_order_row, coin_report_row, coin_funding_row, coin_position_row),
        }
        for stream in self._streams.values():
            stream.currencies = {instrument.settle for instrument in stream.contracts.values()}
        self._pending: dict[str, _Pending] = {}
        self._sequence = 1_000_000

    def subscribe(self, peer: Peer, account: str, topic: str) -> None:
        """Send an account's snapshot and everything after. The caller has published everything before."""
        stream = self._streams[topic]
        stream.subscribers.setdefault(account, {})[peer] = None
        # The venue throws in notices that nobody asked for; clients must ignore what they do not know.
        notice = {"highEp": 10009, "lastEp": 10007, "lowEp": 10004, "openEp": 10004, "symbol": ".USDT"}
        peer.send(orjson.dumps({"index_market24h": notice, "timestamp": self._exchange.now_ns}), topic)
        for currency in stream.held(self._exchange.accounts[account]):
            peer.send(self._snapshot(stream, account, currency), topic)
        for position in self._exchange.positions(account):
            if position.qty and position.symbol in stream.contracts:
                peer.send(orjson.dumps({"position_info": {"light": 0, "symbol": position.symbol}}), topic)

    def unsubscribe(self, peer: Peer, account: str, topic: str) -> None:
        """Tell a client nothing more."""
        subscribers = self._streams[topic].subscribers
        peers = subscribers.get(account)
        if peers is not None:
            peers.pop(peer, None)
            if not peers:
                del subscribers[account]

    def absorb(self, event: Report | FundingCharge | AccountTouched | PositionTouched) -> None:
        """Take one private event of the exchange."""
        account = event.order.account if isinstance(event, Report) else event.account
        if is_house(account):
            return
        if isinstance(event, Report):
            if event.order.refusal in words.AT_THE_GATE:
                # The REST answer said so already; a row would be mistaken for the order whose id was taken.
                return
            self._notify(_line(event))
        elif isinstance(event, FundingCharge):
            self._notify(
                {
                    "event": "funding",
                    "account": account,
                    "symbol": event.symbol,
                    "qty": text(event.qty),
                    "rate": text(event.rate),
                    "paid": text(event.amount),
                }
            )
        if self._risk.idle and not any(account in stream.subscribers for stream in self._streams.values()):
            return
        pending = self._pending.setdefault(account, _Pending())
        match event:
            case Report() | FundingCharge():
                pending.orders.append(event)
            case AccountTouched():
                pending.currencies[event.currency] = None
            case PositionTouched():
                pending.positions[event.symbol, event.position_side] = None

    def publish(self) -> None:
        """Send one increment per account that something happened to; COIN-M one for each settle currency."""
        if not self._pending:
            return
        pending, self._pending = self._pending, {}
        for account, news in pending.items():
            for stream in self._streams.values():
                peers = stream.subscribers.get(account)
                if not peers:
                    continue
                for message in self._increments(stream, account, news):
                    for peer in peers:
                        peer.send(message, stream.topic)
            self._risk.publish(account)

    def _increments(self, stream: _Stream, account: str, news: _Pending) -> list[bytes]:
        if stream.topic == STABLE:
            parts = [
                news if len(stream.contracts) == len(self._exchange.instruments) else news.of(stream.contracts, stream.currencies)
            ]
        else:
            parts = []
            for currency in sorted(stream.currencies):
                settled = {symbol: one for symbol, one in stream.contracts.items() if one.settle == currency}
                parts.append(news.of(settled, {currency}))
        return [self._increment(stream, account, part) for part in parts if part.orders or part.currencies or part.positions]

    def _increment(self, stream: _Stream, account: str, news: _Pending) -> bytes:
        exchange = self._exchange
        return self._message(
            stream,
            "incremental",
            [stream.account(exchange, account, currency) for currency in news.currencies],
            [stream.report(exchange, one) if isinstance(one, Report) else stream.funding(exchange, one) for one in news.orders],
            [stream.position(exchange, account, find_position(exchange, account, symbol, leg)) for symbol, leg in news.positions],
        )

    def _snapshot(self, stream: _Stream, account: str, currency: str) -> bytes:
        exchange = self._exchange
        settled = {symbol for symbol, instrument in stream.contracts.items() if instrument.settle == currency}
        fills = [stream.report(exchange, one) for one in exchange.fills(account) if one.order.symbol in settled]
        closed = [
            stream.order(exchange, order)
            for order in exchange.closed_orders(account)
            if order.symbol in settled and not order.filled and order.refusal not in words.AT_THE_GATE
        ]
        live = [stream.order(exchange, order) for order in exchange.open_orders(account) if order.symbol in settled]
        orders = sorted(closed[-OLD_ROWS:] + fills[-OLD_ROWS:], key=lambda row: (row["transactTimeNs"], row["execSeq"])) + live
        positions = [
            stream.position(exchange, account, position) for position in exchange.positions(account) if position.symbol in settled
        ]
        return self._message(stream, "snapshot", [stream.account(exchange, account, currency)], orders, positions)

    def _message(self, stream: _Stream, kind: str, accounts: list[Row], orders: list[Row], positions: list[Row]) -> bytes:
        self._sequence += 3
        return orjson.dumps(
            {
                f"accounts{stream.suffix}": accounts,
                f"orders{stream.suffix}": orders,
                f"positions{stream.suffix}": positions,
                "sequence": self._sequence,
                "timestamp": self._exchange.now_ns,
                "type": kind,
                "version": 0,
            }
        )


def _symbol(one: Report | FundingCharge) -> str:
    return one.order.symbol if isinstance(one, Report) else one.symbol


def _line(report: Report) -> dict[str, str]:
    """Return a report as a line of the event log."""
    order = report.order
    line = {
        "event": "order" if report.event is not Event.FILL else "fill",
        "account": order.account,
        "symbol": order.symbol,
        "id": order.client_id or order.order_id,
        "side": str(order.side),
    }
    if report.event is Event.FILL:
        if report.kind != "trade":
            line["event"] = "liquidation"
        return line | {
            "qty": text(report.exec_qty),
            "price": text(report.exec_price),
            "fee": text(report.exec_fee),
            "liquidity": str(report.liquidity),
        }
    line |= {"what": str(report.event), "type": str(order.type), "qty": text(order.qty), "price": text(order.price)}
    if order.trigger_price is not None:
        line["trigger"] = text(order.trigger_price)
    return line | {"why": str(order.refusal)} if order.refusal else line
