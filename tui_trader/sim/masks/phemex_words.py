"""Phemex's spelling of the exchange's words, written down a second time on purpose.

The client has its own table; were they one, a wrong word would agree with itself. Sources: the contract reference and the
error list of the public API documentation; codes and names as printed there.
"""

from __future__ import annotations

from typing import Final

from tui_trader.core.types import OrderType, PositionMode, PositionSide, Side, TimeInForce, TriggerSource
from tui_trader.sim.types import Refusal, SimStatus

SIDE: Final = {Side.BUY: "Buy", Side.SELL: "Sell"}
SIDE_NUMBER: Final = {Side.BUY: 1, Side.SELL: 2}
POSITION_SIDE: Final = {PositionSide.MERGED: "Merged", PositionSide.LONG: "Long", PositionSide.SHORT: "Short"}
POSITION_SIDE_NUMBER: Final = {PositionSide.LONG: 1, PositionSide.SHORT: 2, PositionSide.MERGED: 3}
MODE: Final = {PositionMode.ONE_WAY: "OneWay", PositionMode.HEDGED: "Hedged"}
ORDER_TYPE: Final = {
    OrderType.LIMIT: "Limit",
    OrderType.MARKET: "Market",
    OrderType.STOP: "Stop",
    OrderType.STOP_LIMIT: "StopLimit",
    OrderType.MARKET_IF_TOUCHED: "MarketIfTouched",
    OrderType.LIMIT_IF_TOUCHED: "LimitIfTouched",
    OrderType.TRAILING_STOP: "Stop",
}
"""A trailing stop is a ``Stop`` with a peg."""
PEG: Final = {"TrailingStopPeg": False, "TrailingTakeProfitPeg": True}
"""Peg types that are traded here, and whether the trigger price is where trailing begins."""
ORDER_TYPE_NUMBER: Final = {
    OrderType.MARKET: 1,
    OrderType.LIMIT: 2,
    OrderType.STOP: 3,
    OrderType.STOP_LIMIT: 4,
    OrderType.MARKET_IF_TOUCHED: 5,
    OrderType.LIMIT_IF_TOUCHED: 6,
    OrderType.TRAILING_STOP: 3,
}
TIF: Final = {
    TimeInForce.GTC: "GoodTillCancel",
    TimeInForce.IOC: "ImmediateOrCancel",
    TimeInForce.FOK: "FillOrKill",
    TimeInForce.POST_ONLY: "PostOnly",
}
TRIGGER: Final = {
    TriggerSource.LAST: "ByLastPrice",
    TriggerSource.MARK: "ByMarkPrice",
    TriggerSource.INDEX: "ByIndexPrice",
}
TRIGGER_NUMBER: Final = {TriggerSource.MARK: 1, TriggerSource.INDEX: 2, TriggerSource.LAST: 3}
STATUS: Final = {
    SimStatus.NEW: "New",
    SimStatus.PARTIAL: "PartiallyFilled",
    SimStatus.UNTRIGGERED: "Untriggered",
    SimStatus.FILLED: "Filled",
    SimStatus.CANCELED: "Canceled",
    SimStatus.REJECTED: "Rejected",
}
STATUS_NUMBER: Final = {
    "Created": 0,
    "Untriggered": 1,
    "Deactivated": 2,
    "Triggered": 3,
    "Rejected": 4,
    "New": 5,
    "PartiallyFilled": 6,
    "Filled": 7,
    "Canceled": 8,
}
EXEC_NUMBER: Final = {
    "Aborted": 2,
    "New": 5,
    "MakerFill": 6,
    "TakerFill": 7,
    "Expired": 8,
    "Canceled": 11,
    "CreateRejected": 19,
}
TRADE_TYPE: Final = {"trade": "Trade", "liquidation": "LiqTrade", "adl": "AdlTrade"}
TRADE_TYPE_NUMBER: Final = {"Trade": 1, "Funding": 4, "LiqTrade": 6, "AdlTrade": 7}

SIDE_OF: Final = {word: key for key, word in SIDE.items()}
POSITION_SIDE_OF: Final = {word: key for key, word in POSITION_SIDE.items()}
MODE_OF: Final = {word: key for key, word in MODE.items()}
ORDER_TYPE_OF: Final = {word: key for key, word in ORDER_TYPE.items() if key is not OrderType.TRAILING_STOP}
TIF_OF: Final = {word: key for key, word in TIF.items()}
TRIGGER_OF: Final = {word: key for key, word in TRIGGER.items()}

BRACKET_TYPES: Final = frozenset({"Bracket", "BoTpLimit", "BoSlLimit", "BoSlMarket"})
"""Order types that the API refuses with 11126."""

NOT_FOUND: Final = (10002, "OM_ORDER_NOT_FOUND")
BAD_ARGUMENT: Final = (30000, "Please double check input arguments")

REFUSAL: Final[dict[Refusal, tuple[int, str]]] = {
    Refusal.NONE: (0, ""),
    Refusal.DUPLICATE_CLIENT_ID: (11085, "TE_CL_ORD_ID_DUPLICATE"),
    Refusal.NOT_FOUND: NOT_FOUND,
    Refusal.ALREADY_FINAL: NOT_FOUND,
    Refusal.SYMBOL: (11027, "TE_SYMBOL_INVALID"),
    Refusal.PRICE_TICK: BAD_ARGUMENT,
    Refusal.PRICE_TOO_HIGH: (11053, "TE_PRICE_TOO_LARGE"),
    Refusal.PRICE_TOO_LOW: (11055, "TE_PRICE_TOO_SMALL"),
    Refusal.QTY_LOT: BAD_ARGUMENT,
    Refusal.QTY_TOO_LARGE: (11056, "TE_QTY_TOO_LARGE"),
    Refusal.QTY_TOO_SMALL: (11058, "TE_QTY_TOO_SMALL"),
    Refusal.VALUE_TOO_SMALL: (11115, "TE_ORDER_VALUE_TOO_SMALL"),
    Refusal.NO_BALANCE: (11001, "TE: no enough available balance"),
    Refusal.REDUCE_ONLY: (11011, "TE_REDUCE_ONLY_ABORT"),
    Refusal.WOULD_CROSS: (0, "No error"),
    Refusal.NO_LIQUIDITY: (0, "No error"),
    Refusal.POSITION_MODE: (20004, "TE_ERR_INCONSISTENT_POS_MODE"),
    Refusal.TRIGGER_DIRECTLY_RISING: (11043, "TE_RISING_TRIGGER_DIRECTLY"),
    Refusal.TRIGGER_DIRECTLY_FALLING: (11044, "TE_FALLING_TRIGGER_DIRECTLY"),
    Refusal.RISK_LIMIT: (11081, "TE_RISK_LIMIT_EXCEEDS"),
    Refusal.LEVERAGE: (11004, "TE_INVALID_LEVERAGE"),
    Refusal.NOTHING_CHANGED: (11065, "TE_ORD_REPLACE_NOT_MODIFIED"),
    Refusal.BAD_REPLACE_QTY: (11012, "TE_REPLACE_TO_INVALID_QTY"),
    Refusal.NOT_AMENDABLE: (11066, "TE_ORD_STATUS_CANNOT_REPLACE"),
    Refusal.NO_MARKET: (11042, "TE_NO_LAST_PRICE"),
    # The venue documents no code for a mode switch with something open; 20004 is its only code about modes.
    Refusal.POSITION_OPEN: (20004, "TE_ERR_INCONSISTENT_POS_MODE"),
    Refusal.LIQUIDATING: (11023, "TE_REJECT_DUE_TO_IN_PROCESS_OF_LIQ"),
    Refusal.DELEVERAGED: (11024, "TE_REJECT_DUE_TO_IN_PROCESS_OF_ADL"),
    Refusal.REDUCE_NOTHING: (11057, "TE_QTY_NOT_MATCH_REDUCE_ONLY"),
    Refusal.CLOSE_NO_POSITION: (11013, "TE_CONDITIONAL_NO_POSITION"),
    Refusal.CLOSE_WRONG_SIDE: (11014, "TE_CONDITIONAL_CLOSE_POSITION_WRONG_SIDE"),
    Refusal.EXIT_NO_POSITION: (11059, "TE_TP_SL_QTY_NOT_MATCH_POS"),
    Refusal.EXIT_WRONG_SIDE: (11060, "TE_SIDE_NOT_CLOSE_POS"),
    Refusal.TRIGGER_TOO_HIGH: (11045, "TE_TRIGGER_PRICE_TOO_LARGE"),
    Refusal.TRIGGER_TOO_LOW: (11046, "TE_TRIGGER_PRICE_TOO_SMALL"),
    Refusal.LONG_TARGET_BELOW: (11047, "TE_BUY_TP_SHOULD_GT_BASE"),
    Refusal.LONG_STOP_ABOVE: (11048, "TE_BUY_SL_SHOULD_LT_BASE"),
    Refusal.LONG_STOP_PAST_LIQUIDATION: (11049, "TE_BUY_SL_SHOULD_GT_LIQ"),
    Refusal.SHORT_TARGET_ABOVE: (11050, "TE_SELL_TP_SHOULD_LT_BASE"),
    Refusal.SHORT_STOP_PAST_LIQUIDATION: (11051, "TE_SELL_SL_SHOULD_LT_LIQ"),
    Refusal.SHORT_STOP_BELOW: (11052, "TE_SELL_SL_SHOULD_GT_BASE"),
    Refusal.TARGET_TOO_HIGH: (11075, "TE_TP_TOO_LARGE"),
    Refusal.TARGET_TOO_LOW: (11076, "TE_TP_TOO_SMALL"),
    Refusal.STOP_TOO_HIGH: (11078, "TE_SL_TOO_LARGE"),
    Refusal.STOP_TOO_LOW: (11079, "TE_SL_TOO_SMALL"),
    Refusal.WORSE_THAN_BANKRUPT: (11054, "TE_PRICE_WORSE_THAN_BANKRUPT"),
    Refusal.ATTACH_WITH_POSITION: (11074, "TE_CANNOT_ATTACH_TP_SL"),
    Refusal.CLOSING_ATTACH: (11096, "TE_CLOSE_ORDER_CANNOT_ATTACH_TP_SL"),
    Refusal.TARGET_EXISTS: (11083, "TE_TAKE_PROFIT_ORDER_DUPLICATED"),
    Refusal.STOP_EXISTS: (11084, "TE_STOP_LOSS_ORDER_DUPLICATED"),
    Refusal.TRAIL_EXISTS: (11095, "TE_TRAILING_ORDER_DUPLICATED"),
    Refusal.TRAIL_TYPE: (11086, "TE_PEG_PRICE_TYPE_INVALID"),
    Refusal.LONG_TRAIL_ABOVE: (11087, "TE_BUY_TS_SHOULD_LT_BASE"),
    Refusal.LONG_TRAIL_PAST_LIQUIDATION: (11088, "TE_BUY_TS_SHOULD_GT_LIQ"),
    Refusal.SHORT_TRAIL_PAST_LIQUIDATION: (11089, "TE_SELL_TS_SHOULD_LT_LIQ"),
    Refusal.SHORT_TRAIL_BELOW: (11090, "TE_SELL_TS_SHOULD_GT_BASE"),
    Refusal.LONG_TRAIL_SIGN: (11091, "TE_BUY_REVERT_VALUE_SHOULD_LT_ZERO"),
    Refusal.SHORT_TRAIL_SIGN: (11092, "TE_SELL_REVERT_VALUE_SHOULD_GT_ZERO"),
    Refusal.LONG_ACTIVATION_BELOW: (11093, "TE_BUY_TTP_SHOULD_ACTIVATE_ABOVE_BASE"),
    Refusal.SHORT_ACTIVATION_ABOVE: (11094, "TE_SELL_TTP_SHOULD_ACTIVATE_BELOW_BASE"),
    Refusal.FIXED_PRICE: (11067, "TE_CANNOT_REPLACE_PRICE"),
    Refusal.FIXED_QTY: (11068, "TE_CANNOT_REPLACE_QTY"),
    Refusal.LEVERAGE_BALANCE: (11005, "TE_NO_ENOUGH_BALANCE_FOR_NEW_LEVERAGE"),
    Refusal.LIMIT_INVALID: (11002, "TE_INVALID_RISK_LIMIT"),
    Refusal.LIMIT_BALANCE: (11003, "TE_NO_ENOUGH_BALANCE_FOR_NEW_RISK_LIMIT"),
    Refusal.MARGIN_NO_POSITION: (11006, "TE_CANNOT_CHANGE_POSITION_MARGIN_WITHOUT_POSITION"),
    Refusal.MARGIN_CROSS: (11007, "TE_CANNOT_CHANGE_POSITION_MARGIN_FOR_CROSS_MARGIN"),
    Refusal.MARGIN_NOT_ADDED: (11008, "TE_CANNOT_REMOVE_POSITION_MARGIN_MORE_THAN_ADDED"),
    Refusal.MARGIN_LOSS: (11009, "TE_CANNOT_REMOVE_POSITION_MARGIN_DUE_TO_UNREALIZED_PNL"),
    Refusal.MARGIN_BALANCE: (11010, "TE_CANNOT_ADD_POSITION_MARGIN_DUE_TO_NO_ENOUGH_AVAILABLE_BALANCE"),
    Refusal.WALLET_UNKNOWN: (11097, "TE_CANNOT_FIND_WALLET_OF_THIS_CURRENCY"),
    Refusal.WALLET_BALANCE: (11100, "TE_WALLET_INSUFFICIENT_BALANCE"),
}

CXL_REASON: Final = {Refusal.WOULD_CROSS: 101, Refusal.NO_LIQUIDITY: 100}
"""Refusals of the matching engine: they travel in ``cxlRejReason`` with ``code`` 0 (CE_WILLCROSS, CE_NO_ENOUGH_QTY)."""

AT_THE_GATE: Final = frozenset(
    {Refusal.DUPLICATE_CLIENT_ID, Refusal.SYMBOL, Refusal.PRICE_TICK, Refusal.QTY_LOT, Refusal.POSITION_MODE}
)
"""Refusals the REST answer itself carries; no row of theirs reaches the private stream. All others do the opposite."""
