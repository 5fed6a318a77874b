"""MEXC's numbers for words, and ours. Each table is written once and read in one direction.

Source: futures API documentation, account and trading endpoints; order states and error codes of orders in its WebSocket part.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from tui_trader.core.types import MarginMode, OrderStatus, OrderType, PositionMode, PositionSide, Side, TimeInForce, TriggerSource

VENUE: Final = "mexc"


class Way(NamedTuple):
    """What one of the four side codes says."""

    side: Side
    leg: PositionSide
    """The leg in hedge mode; in one-way mode there is one position."""
    closes: bool


WAYS: Final = {
    1: Way(Side.BUY, PositionSide.LONG, False),
    2: Way(Side.BUY, PositionSide.SHORT, True),
    3: Way(Side.SELL, PositionSide.SHORT, False),
    4: Way(Side.SELL, PositionSide.LONG, True),
}
"""Open long, close short, open short, close long."""

_CODE_OF_WAY: Final = {way: code for code, way in WAYS.items()}


def way_code(side: Side, leg: PositionSide, closes: bool) -> int:
    """Return the side code of an order; a leg decides by itself whether its order closes."""
    if leg is not PositionSide.MERGED:
        closes = (leg is PositionSide.LONG) is (side is Side.SELL)
    long = (side is Side.BUY) is not closes
    return _CODE_OF_WAY[Way(side, PositionSide.LONG if long else PositionSide.SHORT, closes)]


LIMIT: Final = {TimeInForce.GTC: 1, TimeInForce.POST_ONLY: 2, TimeInForce.IOC: 3, TimeInForce.FOK: 4}
MARKET: Final = 5

KIND: Final = {
    1: (OrderType.LIMIT, TimeInForce.GTC),
    2: (OrderType.LIMIT, TimeInForce.POST_ONLY),
    3: (OrderType.LIMIT, TimeInForce.IOC),
    4: (OrderType.LIMIT, TimeInForce.FOK),
    5: (OrderType.MARKET, TimeInForce.IOC),
    6: (OrderType.MARKET, TimeInForce.IOC),
}
"""By ``orderType``; 6 converts a market order to the present price."""

MARGIN_TO_WIRE: Final = {MarginMode.ISOLATED: 1, MarginMode.CROSS: 2}
MARGIN: Final = {number: mode for mode, number in MARGIN_TO_WIRE.items()}
"""By ``openType``."""

MODE_TO_WIRE: Final = {PositionMode.HEDGED: 1, PositionMode.ONE_WAY: 2}
MODE: Final = {number: mode for mode, number in MODE_TO_WIRE.items()}
"""By ``positionMode``."""

HELD: Final = {1: Side.BUY, 2: Side.SELL}
"""By ``positionType``: long, short."""

STATE: Final = {
    1: OrderStatus.ACKED,
    2: OrderStatus.LIVE,
    3: OrderStatus.FILLED,
    4: OrderStatus.CANCELED,
    5: OrderStatus.REJECTED,
}
"""By ``state``: uninformed (taken, not booked), uncompleted (partly executed too), completed, cancelled, invalid."""

FIRED: Final = 3
TRIGGERED_STATE: Final = {
    1: OrderStatus.ARMED,
    2: OrderStatus.CANCELED,
    FIRED: OrderStatus.LIVE,
    4: OrderStatus.EXPIRED,
    5: OrderStatus.REJECTED,
}
"""By ``state`` of trigger orders and exits: untriggered, cancelled, executed, invalid, execution failed. What was executed goes
on as an order."""

TRAIL_FIRED: Final = 2
TRAILING_STATE: Final = {
    0: OrderStatus.ARMED,
    1: OrderStatus.ARMED,
    TRAIL_FIRED: OrderStatus.LIVE,
    3: OrderStatus.REJECTED,
    4: OrderStatus.CANCELED,
}
"""By ``state`` of trailing orders: not activated, activated, executed, execution failed, cancelled."""

TREND_TO_WIRE: Final = {TriggerSource.LAST: 1, TriggerSource.MARK: 2, TriggerSource.INDEX: 3}
TREND: Final = {number: source for source, number in TREND_TO_WIRE.items()}
"""By ``trend``, ``lossTrend``, ``profitTrend``: latest, fair, index price."""

FILL_KIND: Final = {1: "trade", 2: "liquidation", 3: "trade", 4: "adl"}
"""By ``category``: limit order, taken over by the system, closing order, deleveraging."""

TAKER_SIDE: Final = {1: Side.BUY, 2: Side.SELL}
"""By ``T`` of a public trade."""

INTERVALS: Final = {
    60: "Min1",
    300: "Min5",
    900: "Min15",
    1_800: "Min30",
    3_600: "Min60",
    14_400: "Hour4",
    28_800: "Hour8",
    86_400: "Day1",
    604_800: "Week1",
}
"""Bars that there are, by their length in seconds; months have none of their own."""

PLAN: Final = "plan-"
EXIT: Final = "exit-"
TRAIL: Final = "trail-"
"""Begin our names of trigger orders, of exits and of trailing orders: their ids are counted apart from those of orders."""
