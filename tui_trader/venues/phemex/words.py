"""Phemex's words and ours: sides, types, states. Each table is written once and read in one direction.

Sources: contract reference of the public API documentation (order types 3.3, states 3.7), captured messages of 2025.
"""

from __future__ import annotations

from typing import Final

from tui_trader.core.types import (
    OrderStatus,
    OrderType,
    PendingAction,
    PositionSide,
    Side,
    TimeInForce,
    TriggerSource,
)

VENUE: Final = "phemex"

SIDE_TO_WIRE: Final = {Side.BUY: "Buy", Side.SELL: "Sell"}
SIDE: Final = {wire: side for side, wire in SIDE_TO_WIRE.items()}

LEG_TO_WIRE: Final = {PositionSide.MERGED: "Merged", PositionSide.LONG: "Long", PositionSide.SHORT: "Short"}
LEG: Final = {wire: leg for leg, wire in LEG_TO_WIRE.items()}

TYPE_TO_WIRE: Final = {
    OrderType.LIMIT: "Limit",
    OrderType.MARKET: "Market",
    OrderType.STOP: "Stop",
    OrderType.STOP_LIMIT: "StopLimit",
    OrderType.MARKET_IF_TOUCHED: "MarketIfTouched",
    OrderType.LIMIT_IF_TOUCHED: "LimitIfTouched",
    OrderType.TRAILING_STOP: "Stop",
}
TYPE: Final = {
    **{wire: kind for kind, wire in TYPE_TO_WIRE.items() if kind is not OrderType.TRAILING_STOP},
    # Types that other programs on the account may use, by what makes them execute.
    "ProtectedMarket": OrderType.MARKET,
    "MarketAsLimit": OrderType.MARKET,
    "StopAsLimit": OrderType.STOP,
    "MarketIfTouchedAsLimit": OrderType.MARKET_IF_TOUCHED,
    "Bracket": OrderType.LIMIT,
    "BoTpLimit": OrderType.LIMIT_IF_TOUCHED,
    "BoSlLimit": OrderType.STOP_LIMIT,
    "BoSlMarket": OrderType.STOP,
}

TRAILING: Final = "TrailingStopPeg"
TRAILING_FROM_ACTIVATION: Final = "TrailingTakeProfitPeg"
"""``pegPriceType`` of a stop that follows: at once, or from a price on that is better than the present one."""

TIF_TO_WIRE: Final = {
    TimeInForce.GTC: "GoodTillCancel",
    TimeInForce.IOC: "ImmediateOrCancel",
    TimeInForce.FOK: "FillOrKill",
    TimeInForce.POST_ONLY: "PostOnly",
}
TIF: Final = {
    **{wire: tif for tif, wire in TIF_TO_WIRE.items()},
    "GoodTillModify": TimeInForce.GTC,
    "RPIPostOnly": TimeInForce.POST_ONLY,
    "UNSPECIFIED": TimeInForce.GTC,
    "": TimeInForce.GTC,
}

TRIGGER_TO_WIRE: Final = {
    TriggerSource.MARK: "ByMarkPrice",
    TriggerSource.LAST: "ByLastPrice",
    TriggerSource.INDEX: "ByIndexPrice",
}
TRIGGER: Final = {
    **{wire: source for source, wire in TRIGGER_TO_WIRE.items()},
    "ByMarkPriceLimit": TriggerSource.MARK,
    "ByLastPriceLimit": TriggerSource.LAST,
}

STATUS: Final = {
    "Created": OrderStatus.ACKED,
    "Init": OrderStatus.ACKED,
    "Untriggered": OrderStatus.ARMED,
    "Triggered": OrderStatus.LIVE,
    "New": OrderStatus.LIVE,
    "PartiallyFilled": OrderStatus.PARTIAL,
    "Filled": OrderStatus.FILLED,
    "Canceled": OrderStatus.CANCELED,
    "Deactivated": OrderStatus.CANCELED,
    "Suspended": OrderStatus.CANCELED,
    "Rejected": OrderStatus.REJECTED,
}

PENDING: Final = {"PendingCancel": PendingAction.CANCEL, "PendingReplace": PendingAction.AMEND}
"""By ``execStatus``."""

FILL_KIND: Final = {"": "trade", "Trade": "trade", "Amend": "trade", "LiqTrade": "liquidation", "AdlTrade": "adl"}
"""By ``tradeType``."""

NUMBERED: Final = {
    "ordStatus": {
        0: "Created",
        1: "Untriggered",
        2: "Deactivated",
        3: "Triggered",
        4: "Rejected",
        5: "New",
        6: "PartiallyFilled",
        7: "Filled",
        8: "Canceled",
    },
    "ordType": {
        1: "Market",
        2: "Limit",
        3: "Stop",
        4: "StopLimit",
        5: "MarketIfTouched",
        6: "LimitIfTouched",
        7: "ProtectedMarket",
        8: "MarketAsLimit",
        9: "StopAsLimit",
        10: "MarketIfTouchedAsLimit",
        11: "Bracket",
        12: "BoTpLimit",
        13: "BoSlLimit",
        14: "BoSlMarket",
    },
    "side": {1: "Buy", 2: "Sell"},
    "posSide": {3: "Merged"},
    "execStatus": {2: "Aborted", 6: "MakerFill", 7: "TakerFill", 8: "Expired", 11: "Canceled", 19: "CreateRejected"},
    "tradeType": {1: "Trade", 4: "Funding", 6: "LiqTrade", 7: "AdlTrade"},
    "trigger": {1: "ByMarkPrice", 3: "ByLastPrice"},
}
"""Words that the lists of closed orders and of trades write as numbers. A number that is not known is no word;
those of the other two legs have not been seen."""
