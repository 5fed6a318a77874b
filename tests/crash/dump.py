"""A desk's whole belief about its account, as plain JSON: what two desks must agree on, and a desk with the exchange."""

from __future__ import annotations

from typing import Any

from tui_trader.core.decimals import plain
from tui_trader.core.order import Order
from tui_trader.desk.desk import Desk
from tui_trader.state.blotter import is_made_up

State = dict[str, Any]

_KNOWN = ("armed", "live", "partial", "filled", "canceled", "rejected", "expired", "absent")


def dump(desk: Desk) -> State:
    """Return orders by id, executions by id and position legs."""
    store = desk.store
    return {
        "orders": {
            order.venue_id if is_made_up(order.client_id) else order.client_id: _order(order) for order in store.blotter.orders()
        },
        "fills": {
            fill.exec_id: [fill.side, plain(fill.qty), plain(fill.price), plain(fill.fee), fill.venue_id]
            for fill in store.blotter.fills()
        },
        "positions": {
            f"{p.instrument.symbol} {p.position_side}": [plain(p.signed_qty), plain(p.entry)] for p in store.open_positions()
        },
    }


def is_settled(desk: Desk) -> bool:
    """Whether the desk holds everything for known and answered."""
    asking = desk.orders.inquiry
    if not desk.reconciled or asking._resolving or asking._following:
        return False
    return all(order.status in _KNOWN and order.pending is None for order in desk.store.blotter.orders())


def _order(order: Order) -> State:
    return {
        "venue_id": order.venue_id,
        "status": order.status,
        "side": order.side,
        "type": order.type,
        "qty": plain(order.qty),
        "filled": plain(order.filled),
        "price": plain(order.price) if order.price else None,
        "trigger": plain(order.trigger_price) if order.trigger_price else None,
        "reduces": order.reduce_only or order.close_on_trigger,
        "external": order.external,
        "pending": order.pending,
    }
