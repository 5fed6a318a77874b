"""Rows of orders that wait: trigger orders, trailing orders and the exits of positions, whichever way they came.

None carries an id of ours. One whose price was met goes on as an order, whose id its row tells.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tui_trader.core.error import WireError
from tui_trader.core.order import OrderReport
from tui_trader.core.types import (
    ClientOrderId,
    OrderStatus,
    OrderType,
    PositionMode,
    PositionSide,
    Side,
    TriggerSource,
    VenueOrderId,
)
from tui_trader.venues.mexc import codes, words
from tui_trader.venues.mexc.rows import NS_PER_MS, Row, leg_of, mode_of, needed
from tui_trader.venues.mexc.terms import Terms

GOES_ON = "its price was met; the order that came of it is not told"
BY_DISTANCE = 2
"""``backType`` of a trailing order whose distance is a price; 1 is a share of it."""


def plan_of(row: Row, terms: Terms) -> OrderReport:
    """Return what the row of a trigger order says."""
    instrument = terms.need(row.symbol())
    way = row.word(words.WAYS, "side")
    kind, tif = row.word(words.KIND, "orderType")
    rising = row.word({1: True, 2: False}, "triggerType")
    return OrderReport(
        instrument=instrument.id,
        client_id=ClientOrderId(""),
        venue_id=VenueOrderId(words.PLAN + needed(row, "id")),
        side=way.side,
        type=waiting_type(way.side, rising=rising, limit=kind.has_limit),
        qty=row.size(instrument, "vol"),
        price=row.price("price") if kind.has_limit else None,
        tif=tif,
        position_side=leg_of(way, mode_of(row, terms)),
        reduce_only=way.closes or row.flag("reduceOnly") is True,
        trigger_price=row.price("triggerPrice"),
        trigger_source=row.word(words.TREND, "trend"),
        **_course(row, words.TRIGGERED_STATE, words.FIRED, "orderId"),
    )


def trail_of(row: Row, terms: Terms) -> OrderReport:
    """Return what the row of a trailing order says; one that trails by a share of the price has no distance."""
    instrument = terms.need(row.symbol())
    way = row.word(words.WAYS, "side")
    distance = row.price("backValue")
    return OrderReport(
        instrument=instrument.id,
        client_id=ClientOrderId(""),
        venue_id=VenueOrderId(words.TRAIL + needed(row, "id")),
        side=way.side,
        type=OrderType.TRAILING_STOP,
        qty=row.size(instrument, "vol"),
        position_side=leg_of(way, mode_of(row, terms)),
        reduce_only=way.closes or row.flag("reduceOnly") is True,
        trigger_price=row.price("triggerPrice"),
        trigger_source=row.word(words.TREND, "trend"),
        trail=distance if row.whole("backType") == BY_DISTANCE else None,
        activation_price=row.price("activePrice"),
        **_course(row, words.TRAILING_STATE, words.TRAIL_FIRED, "orderId"),
    )


def exit_of(row: Row, terms: Terms) -> OrderReport:
    """Return what the row of a position's exit says: a stop that carries the target, or a target alone.

    The venue holds both under one id, and what ends one ends the other: so they are one order here too.
    """
    instrument = terms.need(row.symbol())
    held = row.word(words.HELD, "positionType")
    mode = mode_of(row, terms)
    leg = PositionSide.LONG if held is Side.BUY else PositionSide.SHORT
    stop, target = row.price("stopLossPrice"), row.price("takeProfitPrice")
    if stop is None and target is None:
        raise WireError("an exit without a price")
    return OrderReport(
        instrument=instrument.id,
        client_id=ClientOrderId(""),
        venue_id=VenueOrderId(words.EXIT + needed(row, "id")),
        side=held.opposite,
        type=OrderType.MARKET_IF_TOUCHED if stop is None else OrderType.STOP,
        qty=row.size(instrument, "vol"),
        position_side=leg if mode is PositionMode.HEDGED else PositionSide.MERGED,
        reduce_only=True,
        trigger_price=target if stop is None else stop,
        trigger_source=words.TREND.get(row.whole("profitTrend" if stop is None else "lossTrend"), TriggerSource.LAST),
        take_profit=target if stop is not None else None,
        take_profit_source=words.TREND.get(row.whole("profitTrend")) if stop is not None and target is not None else None,
        sequence=row.whole("version"),
        **_course(row, words.TRIGGERED_STATE, words.FIRED, "placeOrderId"),
    )


def waiting_type(side: Side, *, rising: bool, limit: bool) -> OrderType:
    """Return what an order is that waits for a price to rise or to fall: against its own side it is a stop."""
    if rising is (side is Side.BUY):
        return OrderType.STOP_LIMIT if limit else OrderType.STOP
    return OrderType.LIMIT_IF_TOUCHED if limit else OrderType.MARKET_IF_TOUCHED


def _course(row: Row, states: Mapping[int, OrderStatus], fired: int, follower: str) -> dict[str, Any]:
    """Return how far a waiting order has come: its status, when, why, and which order it goes on as."""
    status = row.word(states, "state")
    becomes = row.identity(follower) if row.whole("state") == fired else ""
    code = row.whole("errorCode")
    reason = codes.sentence(code) if code else ""
    if row.whole("state") == fired and not becomes:
        status, reason = OrderStatus.EXPIRED, reason or GOES_ON
    return {
        "status": status,
        "at_ns": (row.whole("updateTime") or row.whole("createTime")) * NS_PER_MS,
        "made_ns": row.whole("createTime") * NS_PER_MS,
        "becomes": VenueOrderId(becomes),
        "reason": reason,
        "code": str(code) if code else "",
    }
