"""Exits that an entry brings along: a target and a stop over what it filled, each cancelling the other.

They come into being when the entry is full or has ended, and not before: until then they protect nothing. An entry that ends
partly filled gets them too, so that what it opened is not left without a stop.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_trader.core.types import OrderType, TimeInForce
from tui_trader.sim.credit import closable
from tui_trader.sim.types import Event, NewOrder, SimOrder, SimStatus

if TYPE_CHECKING:
    from tui_trader.sim.floor import Floor


def follow_up(floor: Floor, order: SimOrder) -> None:
    """Do what the end of an order that executed brings about: exits after an entry, an end of the sibling after an exit."""
    if not order.parent:
        if order.take_profit or order.stop_loss:
            _attach(floor, order)
    elif order.status is SimStatus.FILLED:
        for sibling in floor.others(order):
            if sibling.parent == order.parent:
                floor.cancel(sibling)


def _attach(floor: Floor, entry: SimOrder) -> None:
    exit_side = entry.side.opposite
    if not closable(floor.ledger, entry.account, entry.symbol, entry.position_side, exit_side):
        return
    for trigger, source, limit, at_market, at_limit in (
        (
            entry.take_profit,
            entry.tp_trigger,
            entry.take_profit_limit,
            OrderType.MARKET_IF_TOUCHED,
            OrderType.LIMIT_IF_TOUCHED,
        ),
        (entry.stop_loss, entry.sl_trigger, entry.stop_loss_limit, OrderType.STOP, OrderType.STOP_LIMIT),
    ):
        if not trigger:
            continue
        child = floor.record(
            entry.account,
            NewOrder(
                client_id="",
                symbol=entry.symbol,
                side=exit_side,
                type=at_limit if limit else at_market,
                qty=entry.filled,
                price=limit,
                tif=TimeInForce.GTC if limit else TimeInForce.IOC,
                position_side=entry.position_side,
                reduce_only=True,
                close_on_trigger=True,
                trigger_price=trigger,
                trigger_source=source,
            ),
        )
        child.parent = entry.order_id
        floor.wait(floor.listings[entry.symbol], child)
        floor.tell(Event.UNTRIGGERED, child)
