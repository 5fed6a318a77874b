"""Paradex's words and ours: sides, types, states. Each table is written once and read in one direction.

Sources: docs.paradex.trade, REST reference of August 2026 and schema ``paradex_1_0.xml``.
"""

from __future__ import annotations

from typing import Final

from tui_trader.core.types import OrderType, Side, TimeInForce

VENUE: Final = "paradex"
SETTLE: Final = "USDC"

SIDE_TO_WIRE: Final = {Side.BUY: "BUY", Side.SELL: "SELL"}
SIDE: Final = {wire: side for side, wire in SIDE_TO_WIRE.items()}
SIDE_NUMBER: Final = {"BUY": 1, "SELL": 2}
"""As signed."""

PLAIN: Final = {
    OrderType.LIMIT: "LIMIT",
    OrderType.MARKET: "MARKET",
    OrderType.STOP: "STOP_MARKET",
    OrderType.STOP_LIMIT: "STOP_LIMIT",
}
"""Types of orders that may open."""

REDUCING: Final = {
    OrderType.LIMIT: "LIMIT",
    OrderType.MARKET: "MARKET",
    OrderType.STOP: "STOP_LOSS_MARKET",
    OrderType.STOP_LIMIT: "STOP_LOSS_LIMIT",
    OrderType.MARKET_IF_TOUCHED: "TAKE_PROFIT_MARKET",
    OrderType.LIMIT_IF_TOUCHED: "TAKE_PROFIT_LIMIT",
}
"""Types of orders that can only reduce: the venue takes stop losses and targets as nothing else."""

TYPE: Final = {wire: kind for table in (PLAIN, REDUCING) for kind, wire in table.items()}

TIF_TO_WIRE: Final = {
    TimeInForce.GTC: "GTC",
    TimeInForce.IOC: "IOC",
    TimeInForce.POST_ONLY: "POST_ONLY",
    TimeInForce.RPI: "RPI",
}
TIF: Final = {wire: tif for tif, wire in TIF_TO_WIRE.items()}

SELF_TRADE: Final = {"expire_taker": "", "expire_maker": "EXPIRE_MAKER", "expire_both": "EXPIRE_BOTH"}
"""Which order ends where two of the account would meet; the first is the venue's own choice and is left to it."""

REDUCE_ONLY: Final = "REDUCE_ONLY"

FILL_KIND: Final = {
    "FILL": "trade",
    "RPI": "trade",
    "BLOCK_TRADE": "trade",
    "UNWIND_TRANSFER": "trade",
    "SETTLE_MARKET": "trade",
    "LIQUIDATION": "liquidation",
}
