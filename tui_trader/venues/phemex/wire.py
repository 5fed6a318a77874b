"""The shapes of Phemex's messages, and the one way JSON becomes exact values.

It must not know what a message means. Fields that nobody reads are not declared: msgspec skips them, and a key that Phemex
adds tomorrow is skipped too. Everything that may be wrong in one row alone is left untyped here and checked per row.
"""

from __future__ import annotations

from typing import Any, Final, Literal

import msgspec
from msgspec import Raw, Struct, field

from tui_trader.venues.exact import decode_body, exact, sample

__all__ = [
    "ZERO_ID",
    "Frame",
    "Hot",
    "Levels",
    "Odd",
    "ProductList",
    "decode_body",
    "decode_frame",
    "decode_hot",
    "decode_odd",
    "sample",
]

ZERO_ID: Final = "00000000-0000-0000-0000-000000000000"
"""What stands in ``execID`` and ``orderID`` where there is none."""


class Levels(Struct, gc=False):
    """Both sides of a book message, rows ``[price, size]``; the Book judges what stands in them.

    Rows become tuples of two: cheaper to make, to take apart and to collect than lists.
    """

    asks: list[tuple[Any, Any]]
    bids: list[tuple[Any, Any]]


class TextLevels(Struct, gc=False):
    """The same where prices and sizes are text, as they nearly always are."""

    asks: list[tuple[str, str]]
    bids: list[tuple[str, str]]


class Hot(Struct, gc=False):
    """What is said thousands of times a second, and no more than that: each field more costs every message its share.

    The fields stand in the order in which Phemex sends those of book messages: that is what the decoder likes best. What is
    typed here is proven by the decoder; a message in which it is otherwise is decoded again as ``Odd``.
    """

    depth: int = 0
    levels: TextLevels | None = field(default=None, name="orderbook_p")
    book: Levels | None = None
    sequence: int = 0
    symbol: str = ""
    timestamp: int = 0
    trades_p: list[tuple[int, Literal["Buy", "Sell"], str, str]] | None = None
    """Time, taker's side, price, size; the newest first."""
    type: str = ""
    data: Any = None
    fields: Raw = Raw(b"")
    """Names of columns: nearly always those of the message before, and then not worth being read."""
    method: Any = None


class Odd(Struct, gc=False):
    """The same, of which nothing is known but that it decodes."""

    depth: int = 0
    levels: Levels | None = field(default=None, name="orderbook_p")
    book: Levels | None = None
    sequence: int = 0
    symbol: str = ""
    timestamp: int = 0
    trades_p: Any = None
    type: str = ""
    data: Any = None
    fields: Raw = Raw(b"")
    method: Any = None


class Frame(Struct, gc=False):
    """Any WebSocket message: at most one family of keys is present, and that says what it is (there is no channel field).

    The fields of book messages stand first and in the order that Phemex sends them: that is what the decoder likes best.
    """

    depth: int = 0
    orderbook_p: Levels | None = None
    book: Levels | None = None
    sequence: int = 0
    symbol: str = ""
    timestamp: int = 0
    trades_p: Any = None
    trades: Any = None
    type: str = ""
    market24h_p: Any = None
    accounts_p: Any = None
    orders_p: Any = None
    risk_units: Any = None
    risk_wallets: Any = None
    positions_p: Any = None
    tick_p: Any = None
    kline_p: Any = None
    method: Any = None
    fields: Any = None
    data: Any = None
    accounts: Any = None
    orders: Any = None
    positions: Any = None
    market24h: Any = None
    tick: Any = None
    kline: Any = None
    priceScale: int | None = None
    qtyScale: int | None = None
    valueScale: int | None = None
    id: Any = None
    error: Any = None
    result: Any = None


class ProductList(Struct, gc=False):
    """``data`` of the product endpoints; rows are read one by one so that a bad one costs only itself."""

    currencies: list[Any] | None = None
    products: list[Any] | None = None
    perpProductsV2: list[Any] | None = None
    leverageMargins: list[Any] | None = None
    riskLimits: list[Any] | None = None


decode_hot = msgspec.json.Decoder(Hot, float_hook=exact).decode
"""Decode what is hot of one WebSocket frame; raises ValueError or RecursionError, also for trades of unusual types."""

decode_odd = msgspec.json.Decoder(Odd, float_hook=exact).decode
"""Decode the same of a frame whose rows have to be looked at one by one; raises ValueError or RecursionError."""

decode_frame = msgspec.json.Decoder(Frame, float_hook=exact).decode
"""Decode one WebSocket frame; raises ValueError or RecursionError."""
