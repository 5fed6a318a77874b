"""How the desk calls the orders of MEXC's mask: what waits is kept in lists of its own, with ids that are counted apart."""

from __future__ import annotations

from tui_trader.sim.exchange import Exchange
from tui_trader.sim.masks.mexc_rows import EXIT, PLAN, TRAIL, is_order, kind_of
from tui_trader.sim.masks.mexc_terms import Ids
from tui_trader.sim.types import SimOrder, SimStatus

NAMES = {PLAN: "plan-", EXIT: "exit-", TRAIL: "trail-"}
"""What the mask begins its names with, and what the desk does."""


def name_of(ids: Ids, order: SimOrder) -> str:
    """Return the id under which the desk knows an order of the exchange now."""
    kind = "" if is_order(order) else kind_of(order)
    if not kind:
        return str(ids.of(order.order_id))
    return f"{NAMES[kind]}{ids.of(kind + (order.parent if kind == EXIT else order.order_id))}"


def order_called(exchange: Exchange, ids: Ids, account: str, name: str) -> SimOrder | None:
    """Return the order that the desk calls so; of an exit's two the one that tells how it stands."""
    prefix = next((one for one in NAMES.values() if name.startswith(one)), "")
    known = ids.name(name.removeprefix(prefix))
    if prefix != NAMES[EXIT]:
        return exchange.order(account, order_id=known.partition(":")[2] if prefix else known)
    parts = [
        one
        for one in (*exchange.open_orders(account), *exchange.closed_orders(account))
        if one.parent and one.parent == known.removeprefix(EXIT)
    ]
    fired = [one for one in parts if one.triggered]
    waits = [one for one in parts if one.status is SimStatus.UNTRIGGERED]
    return next(iter(fired or waits or parts), None)
