"""Requests about orders that wait for a price: trigger orders, trailing orders, and the exits of positions.

The venue keeps each kind in a list of its own, under ids that are counted apart, and takes no id of ours with any of them.
Source: account and trading endpoints of the futures API documentation (plan, trailing and TP/SL orders), as of 2026.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final, NamedTuple

from tui_trader.core.decimals import plain
from tui_trader.core.error import RefusedError
from tui_trader.core.instrument import Instrument
from tui_trader.core.order import Order, OrderTicket
from tui_trader.core.types import MarginMode, OrderType, PositionMode, PositionSide, Side
from tui_trader.venues.mexc import words
from tui_trader.venues.mexc.terms import Backing, volume

LONGEST: Final = 2
"""``executeCycle``: a trigger order waits for seven days, the most that is documented (1 is a day)."""

BY_DISTANCE: Final = 2
"""``backType``: a distance in the quote currency, not in percent."""

FROM_LIST: Final = 1
"""``from`` of a change: where on the venue's page it would have been made."""

PAGE_ROWS: Final = 100


class Shelf(NamedTuple):
    """One of the lists that waiting orders are kept in."""

    prefix: str
    """Begins our names of its ids."""
    path: str
    """Of the list."""
    open: Mapping[str, str]
    """What asks for those that wait."""
    every: Mapping[str, str]
    """What asks for those in any state."""
    page: tuple[str, str] = ("page_num", "page_size")
    timed: bool = False
    """Whether the list wants to be told a span of time."""


SHELVES: Final = (
    Shelf(words.PLAN, "planorder/list/orders", {"states": "1"}, {"states": "1,2,3,4,5"}, timed=True),
    Shelf(words.EXIT, "stoporder/list/orders", {"is_finished": "0"}, {}),
    Shelf(words.TRAIL, "trackorder/list/orders", {"states": "0,1"}, {"states": "0,1,2,3,4"}, ("pageIndex", "pageSize")),
)
PLANS, EXITS, TRAILS = SHELVES


def shelf_of(venue_id: str) -> Shelf | None:
    """Return the list that an id belongs to; None for that of an order proper."""
    return next((shelf for shelf in SHELVES if venue_id.startswith(shelf.prefix)), None)


def number(value: Decimal) -> Decimal:
    """Return a number that is written without an exponent and without trailing zeros."""
    return Decimal(plain(value))


def own_id(venue_id: str, shelf: Shelf) -> int | str:
    """Return an id as the venue counts it."""
    text = venue_id.removeprefix(shelf.prefix)
    return int(text) if text.isascii() and text.isdigit() else text


def rises(side: Side, kind: OrderType) -> bool:
    """Whether an order waits for a price to rise: a stop waits for it to go its own side's way, a target the other way."""
    return kind.is_stop is (side is Side.BUY)


def placing(ticket: OrderTicket, instrument: Instrument, mode: PositionMode | None, backing: Backing | None) -> tuple[str, Any]:
    """Return path and body that place a waiting order; raises ValueError on one that must not leave."""
    if ticket.take_profit is not None or ticket.stop_loss is not None:
        raise ValueError("an order that waits carries no exits here")
    closes = ticket.reduce_only or ticket.close_on_trigger
    body: dict[str, Any] = {
        "symbol": instrument.symbol,
        "side": words.way_code(ticket.side, ticket.position_side, closes),
        "vol": volume(ticket.qty, instrument),
        "openType": words.MARGIN_TO_WIRE[MarginMode.CROSS if backing is None else backing.margin_mode],
        "trend": words.TREND_TO_WIRE[ticket.trigger_source],
    }
    if backing is not None:
        body["leverage"] = number(backing.leverage)
    if mode is not None:
        body["positionMode"] = words.MODE_TO_WIRE[mode]
    if closes and ticket.position_side is PositionSide.MERGED:
        body["reduceOnly"] = True
    if ticket.type is OrderType.TRAILING_STOP:
        if ticket.trail is None or ticket.trail <= 0:
            raise ValueError("a trailing order without a distance")
        body |= {"backType": BY_DISTANCE, "backValue": number(ticket.trail)}
        if ticket.activation_price is not None:
            body["activePrice"] = number(ticket.activation_price)
        return "trackorder/place", body
    if ticket.trigger_price is None:
        raise ValueError(f"a {ticket.type} order without a trigger price")
    body |= {
        "triggerPrice": number(ticket.trigger_price),
        "triggerType": 1 if rises(ticket.side, ticket.type) else 2,
        "executeCycle": LONGEST,
        "orderType": words.LIMIT[ticket.tif] if ticket.type.has_limit else words.MARKET,
    }
    if ticket.type.has_limit:
        if ticket.price is None:
            raise ValueError(f"a {ticket.type} order without a price")
        body["price"] = number(ticket.price)
    return "planorder/place/v2", body


def changing(
    order: Order,
    instrument: Instrument,
    *,
    qty: Decimal | None,
    price: Decimal | None,
    trigger: Decimal | None,
    take_profit: Decimal | None,
    stop_loss: Decimal | None,
    trail: Decimal | None,
) -> tuple[str, Any]:
    """Return path and body that change a waiting order; raises RefusedError for what the venue does not change in place."""
    shelf = shelf_of(order.venue_id)
    if shelf is TRAILS:
        if price is not None or trigger is not None or take_profit is not None or stop_loss is not None:
            raise RefusedError(f"a trailing stop of {instrument.symbol} can be given another distance or size, nothing else")
        distance = order.trail if trail is None else trail
        if distance is None:
            raise RefusedError("it trails by a percentage, as its maker set it: cancel it and place another")
        body: dict[str, Any] = {
            "symbol": instrument.symbol,
            "trackOrderId": own_id(order.venue_id, TRAILS),
            "trend": words.TREND_TO_WIRE[order.trigger_source],
            "backType": BY_DISTANCE,
            "backValue": number(distance),
            "vol": volume(order.qty if qty is None else qty, instrument),
        }
        if order.activation_price is not None:
            body["activePrice"] = number(order.activation_price)
        return "trackorder/change_order", body
    if qty is not None:
        raise RefusedError(f"the size of a waiting order of {instrument.symbol} cannot be changed: cancel it and place it again")
    if shelf is EXITS:
        return "stoporder/change_plan_price", _exit(order, trigger, take_profit, stop_loss)
    if take_profit is not None or stop_loss is not None or order.trigger_price is None:
        raise RefusedError(f"an order of {instrument.symbol} that waits carries no exits")
    level = order.trigger_price if trigger is None else trigger
    # A price is wanted whatever the type; what executes at the market has none, so it is told what it waits for.
    limit = (order.price if price is None else price) if order.type.has_limit else level
    return "planorder/change_price", {
        "symbol": instrument.symbol,
        "orderId": own_id(order.venue_id, PLANS),
        "triggerPrice": number(level),
        "price": number(level if limit is None else limit),
        "orderType": words.LIMIT[order.tif] if order.type.has_limit else words.MARKET,
        "triggerType": 1 if rises(order.side, order.type) else 2,
        "trend": words.TREND_TO_WIRE[order.trigger_source],
        "from": FROM_LIST,
    }


def _exit(order: Order, trigger: Decimal | None, take_profit: Decimal | None, stop_loss: Decimal | None) -> dict[str, Any]:
    """Return the body that moves an exit: its stop, its target, or one of them away."""
    stop, target = (order.trigger_price, order.take_profit) if order.type.is_stop else (None, order.trigger_price)
    if trigger is not None:
        stop, target = (trigger, target) if order.type.is_stop else (stop, trigger)
    stop = stop if stop_loss is None else stop_loss or None
    target = target if take_profit is None else take_profit or None
    if stop is None and target is None:
        raise RefusedError("an exit without a stop and without a target is none: cancel it")
    body: dict[str, Any] = {"stopPlanOrderId": own_id(order.venue_id, EXITS)}
    if stop is not None:
        body |= {"stopLossPrice": number(stop), "lossTrend": words.TREND_TO_WIRE[order.trigger_source]}
    if target is not None:
        source = order.take_profit_source if order.type.is_stop else order.trigger_source
        body |= {"takeProfitPrice": number(target), "profitTrend": words.TREND_TO_WIRE[source]}
    return body
