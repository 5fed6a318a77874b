"""Conditional orders of one symbol, waiting for a price or following it. Knows when one fires, not what happens then."""

from __future__ import annotations

from decimal import Decimal

from tui_trader.core.instrument import Instrument
from tui_trader.core.types import OrderType, Side, TriggerSource
from tui_trader.sim.types import SimOrder

_TOUCHED = (OrderType.MARKET_IF_TOUCHED, OrderType.LIMIT_IF_TOUCHED)


def fires_rising(order_type: OrderType, side: Side) -> bool:
    """Return whether a conditional order fires when the price rises to its trigger, else when it falls to it.

    A stop follows its own direction (buy above the market, sell below); an if-touched order is its mirror image
    (Phemex contract reference, "More order type examples").
    """
    return (side is Side.BUY) != (order_type in _TOUCHED)


def is_due(rising: bool, trigger: Decimal, low: Decimal, high: Decimal) -> bool:
    """Whether a trigger is met by a price that has moved between ``low`` and ``high``; a price of zero is no price."""
    return bool(high) and (high >= trigger if rising else low <= trigger)


class Conditionals:
    """The waiting orders of one symbol, fired in the order in which they arrived."""

    __slots__ = ("_trailing", "_waiting")

    def __init__(self) -> None:
        self._waiting: dict[str, SimOrder] = {}
        self._trailing: dict[str, SimOrder] = {}
        """Those of the waiting that follow the price."""

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, order: SimOrder) -> None:
        """Let an order wait; ``rising`` and ``trigger_price`` must be set."""
        self._waiting[order.order_id] = order
        if order.type is OrderType.TRAILING_STOP:
            self._trailing[order.order_id] = order

    def remove(self, order: SimOrder) -> None:
        """Let an order wait no more; nothing happens when it does not."""
        self._waiting.pop(order.order_id, None)
        self._trailing.pop(order.order_id, None)

    def due(self, ranges: dict[TriggerSource, tuple[Decimal, Decimal]]) -> list[SimOrder]:
        """Return the orders met by the (low, high) that each source has seen since the last look, oldest first."""
        out = []
        for order in self._waiting.values():
            low, high = ranges[order.trigger_source]
            if order.type is OrderType.TRAILING_STOP and not order.trailing:
                continue
            if order.trigger_price is not None and is_due(order.rising, order.trigger_price, low, high):
                out.append(order)
        return out

    def follow(self, ranges: dict[TriggerSource, tuple[Decimal, Decimal]], instrument: Instrument) -> tuple[bool, list[SimOrder]]:
        """Let trailing stops follow the best price that their source has seen since the last look.

        Returns whether one moved, and those that began to follow. A stop never gives way again.
        """
        moved = False
        begun = []
        for order in self._trailing.values():
            low, high = ranges[order.trigger_source]
            best = low if order.rising else high
            if not best or order.trigger_price is None:
                continue
            stop = instrument.round_price(best + order.trail if order.rising else best - order.trail)
            if not order.trailing:
                if best > order.trigger_price if order.rising else best < order.trigger_price:
                    continue
                order.trailing = True
                begun.append(order)
            elif stop >= order.trigger_price if order.rising else stop <= order.trigger_price:
                continue
            order.trigger_price = stop
            moved = True
        return moved, begun
