"""What can be said against an order that waits for a price: on its trigger, on what it is to close, on how it trails.

``B`` and ``S`` in the venue's names of these refusals are the side of the position that is closed, not of the order
(Phemex trading error list, 11013 to 11095).
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from tui_trader.core.decimals import ZERO
from tui_trader.core.types import OrderType, Side
from tui_trader.sim.admission import refuse_trigger_price
from tui_trader.sim.conditionals import is_due
from tui_trader.sim.credit import closable, is_reducing
from tui_trader.sim.ledger import Ledger
from tui_trader.sim.listing import Listing
from tui_trader.sim.types import Refusal, SimOrder, SimStatus

_TARGETS = frozenset({OrderType.MARKET_IF_TOUCHED, OrderType.LIMIT_IF_TOUCHED})
_STOPS = frozenset({OrderType.STOP, OrderType.STOP_LIMIT})


def refuse_waiting(ledger: Ledger, listing: Listing, order: SimOrder, others: Iterable[SimOrder]) -> Refusal:
    """Check a conditional order against position, prices and the account's ``others``; where a trail starts is set here."""
    refusal = _refuse_closing(ledger, order)
    if refusal:
        return refusal
    price = listing.reference(order.trigger_source)
    if not price:
        return Refusal.NO_MARKET
    liquidation = _liquidation_price(ledger, order)
    if order.type is OrderType.TRAILING_STOP:
        return _refuse_trail(listing, order, price, liquidation) or _refuse_second(order, others)
    if _closes_all(order):
        refusal = (
            _refuse_exit(order, price, liquidation) or _refuse_worse_than_bankrupt(ledger, order) or _refuse_second(order, others)
        )
        if refusal:
            return refusal
    if is_due(order.rising, order.trigger_price or ZERO, price, price):
        return Refusal.TRIGGER_DIRECTLY_RISING if order.rising else Refusal.TRIGGER_DIRECTLY_FALLING
    return Refusal.NONE


def _closes_all(order: SimOrder) -> bool:
    """Whether an order closes whatever the position is when it fires."""
    return order.close_on_trigger and not order.qty


def _refuse_closing(ledger: Ledger, order: SimOrder) -> Refusal:
    """Check that there is something to close, on the right side, for an order that only closes."""
    if not is_reducing(order) or closable(ledger, order.account, order.symbol, order.position_side, order.side):
        return Refusal.NONE
    position = ledger.accounts[order.account].positions.get((order.symbol, order.position_side))
    wrong_side = position is not None and bool(position.qty)
    if _closes_all(order):
        return Refusal.CLOSE_WRONG_SIDE if wrong_side else Refusal.CLOSE_NO_POSITION
    if order.close_on_trigger:
        return Refusal.EXIT_WRONG_SIDE if wrong_side else Refusal.EXIT_NO_POSITION
    return Refusal.REDUCE_NOTHING


def _liquidation_price(ledger: Ledger, order: SimOrder) -> Decimal | None:
    position = ledger.accounts[order.account].positions.get((order.symbol, order.position_side))
    if position is None or not position.qty:
        return None
    return ledger.liquidation_price(order.account, position)


def _refuse_exit(order: SimOrder, price: Decimal, liquidation: Decimal | None) -> Refusal:
    """Check that a target lies beyond the price, and a stop between the price and liquidation."""
    trigger = order.trigger_price or ZERO
    long = order.side is Side.SELL
    if order.type in _TARGETS:
        if long:
            return Refusal.NONE if trigger > price else Refusal.LONG_TARGET_BELOW
        return Refusal.NONE if trigger < price else Refusal.SHORT_TARGET_ABOVE
    if long:
        if trigger >= price:
            return Refusal.LONG_STOP_ABOVE
        return Refusal.LONG_STOP_PAST_LIQUIDATION if liquidation is not None and trigger <= liquidation else Refusal.NONE
    if trigger <= price:
        return Refusal.SHORT_STOP_BELOW
    return Refusal.SHORT_STOP_PAST_LIQUIDATION if liquidation is not None and trigger >= liquidation else Refusal.NONE


def _refuse_worse_than_bankrupt(ledger: Ledger, order: SimOrder) -> Refusal:
    """Check that a limit at which a position is to be closed does not give away more than stands behind it."""
    if order.price is None:
        return Refusal.NONE
    position = ledger.accounts[order.account].positions[order.symbol, order.position_side]
    bankrupt = ledger.bankrupt_price(order.account, position)
    if bankrupt is None:
        return Refusal.NONE
    worse = order.price < bankrupt if order.side is Side.SELL else order.price > bankrupt
    return Refusal.WORSE_THAN_BANKRUPT if worse else Refusal.NONE


def _refuse_trail(listing: Listing, order: SimOrder, price: Decimal, liquidation: Decimal | None) -> Refusal:
    """Check distance and start of a trailing stop. One that names no start starts at its distance from the price."""
    long = order.side is Side.SELL
    if order.trail <= 0:
        return Refusal.LONG_TRAIL_SIGN if long else Refusal.SHORT_TRAIL_SIGN
    start = order.trigger_price
    if order.activation:
        if start is None:
            return Refusal.TRAIL_TYPE
        beyond = start > price if long else start < price
        if not beyond:
            return Refusal.LONG_ACTIVATION_BELOW if long else Refusal.SHORT_ACTIVATION_ABOVE
        return refuse_trigger_price(listing.instrument, start)
    if start is None:
        start = listing.instrument.round_price(price - order.trail if long else price + order.trail)
        order.trigger_price = start
    if long:
        if start >= price:
            return Refusal.LONG_TRAIL_ABOVE
        if start <= 0 or (liquidation is not None and start <= liquidation):
            return Refusal.LONG_TRAIL_PAST_LIQUIDATION
        return Refusal.NONE
    if start <= price:
        return Refusal.SHORT_TRAIL_BELOW
    return Refusal.SHORT_TRAIL_PAST_LIQUIDATION if liquidation is not None and start >= liquidation else Refusal.NONE


def _refuse_second(order: SimOrder, others: Iterable[SimOrder]) -> Refusal:
    """Check that no other order already does the same for the whole position."""
    for other in others:
        if (
            other.status is not SimStatus.UNTRIGGERED
            or other.symbol != order.symbol
            or other.position_side is not order.position_side
            or not _closes_all(other)
        ):
            continue
        if other.type is order.type is OrderType.TRAILING_STOP:
            return Refusal.TRAIL_EXISTS
        if other.type in _TARGETS and order.type in _TARGETS:
            return Refusal.TARGET_EXISTS
        if other.type in _STOPS and order.type in _STOPS:
            return Refusal.STOP_EXISTS
    return Refusal.NONE
