"""MEXC's private pushes: one frame a row, orders and executions first, then positions, then accounts. There is no snapshot.

What a login gets depends on its filters; without any it gets everything.
"""

from __future__ import annotations

from typing import Any

import orjson

from tui_trader.core.types import PositionMode
from tui_trader.sim.exchange import Exchange
from tui_trader.sim.ledger import is_house
from tui_trader.sim.masks.base import Notify, Peer
from tui_trader.sim.masks.mexc_rows import Rows, held_kind, is_order, kind_of
from tui_trader.sim.masks.mexc_terms import ENGINE, MILLI, Row
from tui_trader.sim.types import AccountTouched, Event, FundingCharge, PositionTouched, Report, SimStatus

FILTERS = frozenset(
    {
        *("order", "order.deal", "position", "asset", "plan.order", "stop.order", "stop.planorder", "risk.limit", "adl.level"),
        *("position.mode", "leverage.mode", "track.order", "order.chase", "generic.notify", "liquidate.risk"),
    }
)

NOT_PUSHED = frozenset({"createTime", "updateTime", "positionMode", "closeProfitLoss", "fee", "holdAvgPriceFullyScale"})
"""Fields of a position that only answers have."""

Wanted = dict[str, frozenset[str]]
"""Symbols by filter; none for all of them."""


class PrivateFeed:
    """Every account's pushes, to the connections that it logged in on."""

    def __init__(self, exchange: Exchange, notify: Notify, rows: Rows) -> None:
        self._exchange = exchange
        self._notify = notify
        self._rows = rows
        self._peers: dict[str, dict[Peer, Wanted | None]] = {}
        self._pending: list[Report | FundingCharge | AccountTouched | PositionTouched] = []
        self._held: dict[tuple[str, str, str], int] = {}
        """Which kind each leg was when it was last told."""
        self._modes: dict[str, PositionMode] = {}

    def join(self, peer: Peer, account: str, wanted: Wanted | None) -> None:
        """Let a connection hear of an account; without ``wanted`` of everything."""
        self._peers.setdefault(account, {})[peer] = wanted
        for position in self._exchange.positions(account):
            self._held.setdefault((account, position.symbol, position.position_side), held_kind(position))
        self._modes.setdefault(account, self._mode(account))

    def leave(self, peer: Peer, account: str) -> None:
        """Tell a connection nothing more."""
        peers = self._peers.get(account)
        if peers is not None:
            peers.pop(peer, None)
            if not peers:
                del self._peers[account]

    def absorb(self, event: Report | FundingCharge | AccountTouched | PositionTouched) -> None:
        """Take one private event of the exchange."""
        account = event.order.account if isinstance(event, Report) else event.account
        if is_house(account):
            return
        if isinstance(event, Report):
            if event.order.status is SimStatus.REJECTED and event.order.refusal not in ENGINE:
                return  # the answer said so
            self._notify(_line(event))
        self._pending.append(event)

    def publish(self) -> None:
        """Send what happened since the last call."""
        pending, self._pending = self._pending, []
        for event in pending:
            match event:
                case Report():
                    self._report(event)
                case PositionTouched():
                    self._position(event)
                case AccountTouched():
                    row = self._rows.asset(event.account, event.currency, whole=False)
                    self._tell(event.account, "asset", "", row)
                case FundingCharge():
                    self._notify({"event": "funding", "account": event.account, "symbol": event.symbol})
        for account, before in self._modes.items():
            now = self._mode(account)
            if now is not before:
                self._modes[account] = now
                self._tell(account, "position.mode", "", {"positionMode": 1 if now is PositionMode.HEDGED else 2})

    # -- inside ----------------------------------------------------------------------------------------------------

    def _report(self, report: Report) -> None:
        order = report.order
        account, symbol = order.account, order.symbol
        if report.event is not Event.FILL:
            match kind_of(order):
                case "plan:":
                    self._tell(account, "plan.order", symbol, self._rows.plan(order))
                case "trail:":
                    self._tell(account, "track.order", symbol, self._rows.trail(order))
                case "exit:":
                    self._tell(account, "stop.planorder", symbol, self._rows.exit(order))
        if not is_order(order):
            return
        if report.event is Event.FILL:
            self._tell(account, "order.deal", symbol, self._rows.fill(report))
        left = {"remainVol": self._rows.contracts.vol(symbol, order.remaining)}
        self._tell(account, "order", symbol, self._rows.order(order) | left)

    def _position(self, touched: PositionTouched) -> None:
        account, symbol = touched.account, touched.symbol
        position = self._exchange.position(account, symbol, touched.position_side)
        key = (account, symbol, touched.position_side)
        before, now = self._held.get(key, 0), held_kind(position)
        self._held[key] = now
        if before and before != now:
            self._tell(account, "position", symbol, _old(self._rows.ended(account, position, before)))
        if now:
            self._tell(account, "position", symbol, _old(self._rows.position(account, position)))

    def _tell(self, account: str, channel: str, symbol: str, row: Row) -> None:
        peers = self._peers.get(account)
        if not peers:
            return
        message = {"channel": f"push.personal.{channel}", "data": row, "ts": self._exchange.now_ns // MILLI}
        frame: bytes | None = None
        for peer, wanted in peers.items():
            if wanted is not None:
                rules = wanted.get(channel)
                if rules is None and channel not in ("position.mode", "leverage.mode"):
                    continue
                if rules and symbol and symbol not in rules:
                    continue
            frame = frame or orjson.dumps(message)
            peer.send(frame, f"push.personal.{channel}")

    def _mode(self, account: str) -> PositionMode:
        return next(iter(self._exchange.accounts[account].modes.values()), PositionMode.ONE_WAY)


def read_filters(param: Any) -> Wanted | None:
    """Return what a ``personal.filter`` asks for, None for everything; raises ValueError on what it cannot mean."""
    filters = param.get("filters") if isinstance(param, dict) else None
    if not filters:
        return None
    wanted: Wanted = {}
    for one in filters:
        name = one.get("filter") if isinstance(one, dict) else None
        if name not in FILTERS:
            raise ValueError(f"unknown filter {name!r:.40}")
        wanted[str(name)] = frozenset(str(rule) for rule in one.get("rules") or ())
    return wanted


def _old(row: Row) -> Row:
    """Return a position as the documented push has it: without its times and mode."""
    return {name: value for name, value in row.items() if name not in NOT_PUSHED}


def _line(report: Report) -> dict[str, str]:
    """Return a report as a line of the event log."""
    order = report.order
    line = {
        "event": "fill" if report.event is Event.FILL else "order",
        "account": order.account,
        "symbol": order.symbol,
        "id": order.client_id or order.order_id,
        "side": str(order.side),
    }
    if report.event is Event.FILL:
        return line | {"qty": str(report.exec_qty), "price": str(report.exec_price), "liquidity": str(report.liquidity)}
    return line | {"what": str(report.event), "qty": str(order.qty), "price": str(order.price or "")}
