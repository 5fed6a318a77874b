"""Changing an open order: what may change, and whether the place in the queue survives."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from tui_trader.core.decimals import ZERO
from tui_trader.core.types import OrderType, Side
from tui_trader.sim.admission import refuse_exits, refuse_price, refuse_qty, refuse_trigger_price
from tui_trader.sim.credit import closable, is_reducing, refuse_credit
from tui_trader.sim.floor import Floor
from tui_trader.sim.listing import Listing
from tui_trader.sim.types import Refusal, SimOrder, SimStatus


@dataclass(frozen=True, slots=True)
class Amendment:
    """What to change; None leaves a term as it is, zero removes an attached exit."""

    qty: Decimal | None = None
    """The new total, what is filled included."""
    price: Decimal | None = None
    trigger_price: Decimal | None = None
    take_profit: Decimal | None = None
    stop_loss: Decimal | None = None
    peg_offset: Decimal | None = None
    """The new distance of a trailing stop, with its sign."""


def amend(floor: Floor, order: SimOrder, change: Amendment) -> Refusal:
    """Apply a change to an open order, or say why not; a refused change leaves the order as it was."""
    listing = floor.listings[order.symbol]
    wanted = replace(
        order,
        qty=order.qty if change.qty is None else change.qty,
        price=order.price if change.price is None else change.price,
        trigger_price=order.trigger_price if change.trigger_price is None else change.trigger_price,
        take_profit=order.take_profit if change.take_profit is None else change.take_profit or None,
        stop_loss=order.stop_loss if change.stop_loss is None else change.stop_loss or None,
    )
    if change.peg_offset is not None and order.type is OrderType.TRAILING_STOP:
        _pull(listing, order, wanted, change)
    if wanted == order:
        return Refusal.NOTHING_CHANGED
    refusal = _refuse(floor, listing, order, wanted)
    if refusal:
        return refusal
    if order.status is SimStatus.UNTRIGGERED:
        _take_over(order, wanted)
        floor.tell_replaced(order)
        return Refusal.NONE
    if wanted.price == order.price and wanted.qty <= order.qty:
        resting = floor.resting(order)
        if resting is not None and wanted.qty < order.qty:
            listing.book.reduce(resting, listing.lots(order.qty - wanted.qty))
        _take_over(order, wanted)
        floor.tell_replaced(order)
        return Refusal.NONE
    floor.lift(order)
    _take_over(order, wanted)
    floor.tell_replaced(order)
    floor.match(listing, order)
    floor.settle(listing)
    return Refusal.NONE


def _pull(listing: Listing, order: SimOrder, wanted: SimOrder, change: Amendment) -> None:
    """Give a trailing stop another distance: one that already follows is put at it, from the best price it has followed."""
    offset = change.peg_offset or ZERO
    wanted.trail = -offset if order.side is Side.SELL else offset
    if order.trailing and order.trigger_price is not None and change.trigger_price is None:
        closer = order.trail - wanted.trail
        wanted.trigger_price = order.trigger_price + (closer if order.side is Side.SELL else -closer)


def _refuse(floor: Floor, listing: Listing, order: SimOrder, wanted: SimOrder) -> Refusal:
    instrument = listing.instrument
    if wanted.qty != order.qty:
        if order.close_on_trigger and not order.qty:
            return Refusal.FIXED_QTY
        if wanted.qty <= order.filled:
            return Refusal.BAD_REPLACE_QTY
        refusal = refuse_qty(instrument, wanted.qty)
        if refusal:
            return refusal
    if wanted.price != order.price:
        if not order.type.has_limit:
            return Refusal.FIXED_PRICE if order.type.is_conditional else Refusal.NOT_AMENDABLE
        refusal = refuse_price(instrument, wanted.price)
        if refusal:
            return refusal
    if order.status is SimStatus.UNTRIGGERED:
        if order.type is OrderType.TRAILING_STOP:
            return floor.refuse_waiting(listing, wanted)
        if wanted.trigger_price != order.trigger_price:
            refusal = refuse_trigger_price(instrument, wanted.trigger_price) or floor.refuse_waiting(listing, wanted)
            if refusal:
                return refusal
    elif wanted.trigger_price != order.trigger_price:
        return Refusal.NOT_AMENDABLE
    reference = wanted.price or wanted.trigger_price or listing.state.last
    refusal = refuse_exits(instrument, order.side, wanted.take_profit, wanted.stop_loss, reference)
    if refusal or order.status is SimStatus.UNTRIGGERED:
        return refusal
    if is_reducing(order) and wanted.remaining > closable(
        floor.ledger, order.account, order.symbol, order.position_side, order.side
    ):
        return Refusal.REDUCE_ONLY
    price = wanted.price
    moved = price is not None and price != order.price
    if price and moved and order.tif.only_rests and listing.book.crosses(order.side, listing.ticks(price)):
        return Refusal.WOULD_CROSS
    if wanted.price == order.price and wanted.qty <= order.qty:
        return Refusal.NONE
    if not is_reducing(order) and price and instrument.value(wanted.qty, price) < instrument.min_notional:
        return Refusal.VALUE_TOO_SMALL
    return refuse_credit(floor.ledger, listing, wanted, floor.others(order))


def _take_over(order: SimOrder, wanted: SimOrder) -> None:
    order.qty, order.price, order.trigger_price = wanted.qty, wanted.price, wanted.trigger_price
    order.take_profit, order.stop_loss = wanted.take_profit, wanted.stop_loss
    order.trail = wanted.trail
