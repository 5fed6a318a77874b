"""Phemex's private stream ``aop_p``: accounts, orders and positions of one user, as a snapshot and then as complete rows.

A snapshot also carries old, finished orders: that is the venue's way, and a client must not announce them.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import orjson

from tui_trader.core.types import PositionSide
from tui_trader.sim.exchange import Exchange
from tui_trader.sim.ledger import is_house
from tui_trader.sim.masks import phemex_words as words
from tui_trader.sim.masks.base import Notify, Peer
from tui_trader.sim.masks.phemex_rows import Row, text
from tui_trader.sim.masks.phemex_stream import account_row, find_position, funding_row, order_row, position_row, report_row
from tui_trader.sim.types import AccountTouched, Event, FundingCharge, PositionTouched, Report

TOPIC = "aop_p"
OLD_ROWS = 100
"""Finished orders, and executions, that a snapshot goes back."""


@dataclass(slots=True)
class _Pending:
    """What one account has not been told yet."""

    orders: list[Report | FundingCharge] = field(default_factory=list)
    currencies: dict[str, None] = field(default_factory=dict)
    positions: dict[tuple[str, PositionSide], None] = field(default_factory=dict)


class PrivateFeed:
    """Every account's stream, to its authenticated subscribers."""

    def __init__(self, exchange: Exchange, notify: Notify) -> None:
        self._exchange = exchange
        self._notify = notify
        self._subscribers: dict[str, dict[Peer, None]] = {}
        self._pending: dict[str, _Pending] = {}
        self._sequence = 1_000_000

    def subscribe(self, peer: Peer, account: str) -> None:
        """Send an account's snapshot and everything after. The caller has published everything before."""
        self._subscribers.setdefault(account, {})[peer] = None
        # The venue throws in an index notice that nobody asked for; clients must ignore what they do not know.
        notice = {"highEp": 10009, "lastEp": 10007, "lowEp": 10004, "openEp": 10004, "symbol": ".USDT"}
        peer.send(orjson.dumps({"index_market24h": notice, "timestamp": self._exchange.now_ns}), TOPIC)
        for currency in self._exchange.accounts[account].balances:
            peer.send(self._snapshot(account, currency), TOPIC)

    def unsubscribe(self, peer: Peer, account: str) -> None:
        """Tell a client nothing more."""
        peers = self._subscribers.get(account)
        if peers is not None:
            peers.pop(peer, None)
            if not peers:
                del self._subscribers[account]

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
        if account not in self._subscribers:
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
        """Send one increment per account that something happened to."""
        if not self._pending:
            return
        pending, self._pending = self._pending, {}
        for account, news in pending.items():
            peers = self._subscribers.get(account)
            if peers:
                message = self._increment(account, news)
                for peer in peers:
                    peer.send(message, TOPIC)

    def _increment(self, account: str, news: _Pending) -> bytes:
        exchange = self._exchange
        return self._message(
            "incremental",
            [account_row(exchange, account, currency) for currency in news.currencies],
            [report_row(exchange, one) if isinstance(one, Report) else funding_row(exchange, one) for one in news.orders],
            [position_row(exchange, account, find_position(exchange, account, symbol, leg)) for symbol, leg in news.positions],
        )

    def _snapshot(self, account: str, currency: str) -> bytes:
        exchange = self._exchange
        settled = {symbol for symbol, instrument in exchange.instruments.items() if instrument.settle == currency}
        fills = [report_row(exchange, one) for one in exchange.fills(account) if one.order.symbol in settled]
        closed = [
            order_row(exchange, order)
            for order in exchange.closed_orders(account)
            if order.symbol in settled and not order.filled and order.refusal not in words.AT_THE_GATE
        ]
        live = [order_row(exchange, order) for order in exchange.open_orders(account) if order.symbol in settled]
        orders = sorted(closed[-OLD_ROWS:] + fills[-OLD_ROWS:], key=lambda row: (row["transactTimeNs"], row["execSeq"])) + live
        positions = [
            position_row(exchange, account, position) for position in exchange.positions(account) if position.symbol in settled
        ]
        return self._message("snapshot", [account_row(exchange, account, currency)], orders, positions)

    def _message(self, kind: str, accounts: list[Row], orders: list[Row], positions: list[Row]) -> bytes:
        self._sequence += 3
        return orjson.dumps(
            {
                "accounts_p": accounts,
                "orders_p": orders,
                "positions_p": positions,
                "sequence": self._sequence,
                "timestamp": self._exchange.now_ns,
                "type": kind,
                "version": 0,
            }
        )


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
