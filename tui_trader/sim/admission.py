"""What can be said against an order before the book, the position or the balance is looked at."""

from __future__ import annotations

from decimal import Decimal

from tui_trader.core.decimals import ZERO
from tui_trader.core.instrument import Instrument
from tui_trader.core.types import OrderType, PositionMode, PositionSide, Side
from tui_trader.sim.types import NewOrder, Refusal


def is_closing(side: Side, leg: PositionSide) -> bool:
    """Whether an order can by its leg alone only close: a sell of the long leg, a buy of the short one."""
    return leg is (PositionSide.LONG if side is Side.SELL else PositionSide.SHORT)


def refuse_price(instrument: Instrument, price: Decimal | None) -> Refusal:
    """Check a limit price against the grid and the hard limits."""
    if price is None or price <= 0:
        return Refusal.PRICE_TOO_LOW
    if price < instrument.min_price:
        return Refusal.PRICE_TOO_LOW
    if price > instrument.max_price:
        return Refusal.PRICE_TOO_HIGH
    return Refusal.NONE if instrument.on_tick(price) else Refusal.PRICE_TICK


def refuse_trigger_price(instrument: Instrument, price: Decimal | None) -> Refusal:
    """Check a trigger price against the grid and the hard limits."""
    return _TRIGGER.get(refusal := refuse_price(instrument, price), refusal)


_TRIGGER = {Refusal.PRICE_TOO_HIGH: Refusal.TRIGGER_TOO_HIGH, Refusal.PRICE_TOO_LOW: Refusal.TRIGGER_TOO_LOW}
_TARGET = {Refusal.PRICE_TOO_HIGH: Refusal.TARGET_TOO_HIGH, Refusal.PRICE_TOO_LOW: Refusal.TARGET_TOO_LOW}
_STOP = {Refusal.PRICE_TOO_HIGH: Refusal.STOP_TOO_HIGH, Refusal.PRICE_TOO_LOW: Refusal.STOP_TOO_LOW}


def refuse_qty(instrument: Instrument, qty: Decimal) -> Refusal:
    """Check a quantity against the grid and the hard limits."""
    if qty <= 0 or qty < instrument.min_qty:
        return Refusal.QTY_TOO_SMALL
    if qty > instrument.max_qty:
        return Refusal.QTY_TOO_LARGE
    return Refusal.NONE if instrument.on_lot(qty) else Refusal.QTY_LOT


def refuse_terms(order: NewOrder, instrument: Instrument, mode: PositionMode, reference: Decimal) -> Refusal:
    """Check what an order says of itself: leg, quantity, prices, smallest value, attached exits.

    ``reference`` is the price by which an order without a limit is valued; zero when there is none.
    """
    if not instrument.tradable:
        return Refusal.SYMBOL
    if (order.position_side is PositionSide.MERGED) is not (mode is PositionMode.ONE_WAY):
        return Refusal.POSITION_MODE
    whole_position = order.close_on_trigger and order.qty == ZERO
    if not whole_position:
        refusal = refuse_qty(instrument, order.qty)
        if refusal:
            return refusal
    if order.type.has_limit:
        refusal = refuse_price(instrument, order.price)
        if refusal:
            return refusal
    if order.type.is_conditional and (order.type is not OrderType.TRAILING_STOP or order.trigger_price is not None):
        refusal = refuse_trigger_price(instrument, order.trigger_price)
        if refusal:
            return refusal
    if order.type is OrderType.MARKET and order.tif.only_rests:
        return Refusal.WOULD_CROSS
    price = order.price or order.trigger_price or reference
    closing = order.reduce_only or order.close_on_trigger or is_closing(order.side, order.position_side)
    if order.close_on_trigger and (order.take_profit or order.stop_loss):
        return Refusal.CLOSING_ATTACH
    if not closing and price and instrument.value(order.qty, price) < instrument.min_notional:
        return Refusal.VALUE_TOO_SMALL
    return refuse_exits(instrument, order.side, order.take_profit, order.stop_loss, price)


def refuse_exits(
    instrument: Instrument, side: Side, take_profit: Decimal | None, stop_loss: Decimal | None, entry: Decimal
) -> Refusal:
    """Check the exits attached to an entry of ``side`` at about ``entry``: a target lies beyond it, a stop on the losing side."""
    long = side is Side.BUY
    for trigger, rising, limits, wrong in (
        (take_profit, long, _TARGET, Refusal.LONG_TARGET_BELOW if long else Refusal.SHORT_TARGET_ABOVE),
        (stop_loss, not long, _STOP, Refusal.LONG_STOP_ABOVE if long else Refusal.SHORT_STOP_BELOW),
    ):
        if not trigger:
            continue
        refusal = refuse_price(instrument, trigger)
        if refusal:
            return limits.get(refusal, refusal)
        if entry and (trigger <= entry if rising else trigger >= entry):
            return wrong
    return Refusal.NONE
