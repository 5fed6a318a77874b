"""What the account hears, as Paradex's server writes it in binary: orders, fills, positions, holdings, in the newest version.

The documents disagree on whether private channels are JSON or binary; this is the second. It takes the rows that the JSON
channels carry, and shares nothing with the client's decoder. Source: schema ``paradex_1_0.xml``, September 2026.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, Final

from tui_trader.sim.masks.paradex_sbe import NULL, e8, frame, text

Row = dict[str, Any]

_SIDE: Final = ("BUY", "SELL")
_STATUS: Final = ("NEW", "UNTRIGGERED", "OPEN", "CLOSED")
_TYPE: Final = (
    "LIMIT",
    "MARKET",
    "STOP_LIMIT",
    "STOP_MARKET",
    "TAKE_PROFIT_LIMIT",
    "TAKE_PROFIT_MARKET",
    "STOP_LOSS_LIMIT",
    "STOP_LOSS_MARKET",
)
_LIFE: Final = ("GTC", "IOC", "POST_ONLY", "RPI")
_FILL: Final = ("FILL", "LIQUIDATION", "UNWIND_TRANSFER", "SETTLE_MARKET", "RPI", "BLOCK_TRADE")
_STP: Final = ("NONE", "EXPIRE_MAKER", "EXPIRE_TAKER", "EXPIRE_BOTH")
_NONE: Final = 255
"""An enumeration's null."""


def own(family: str, row: Row) -> bytes:
    """Return the frame of a row of a private channel."""
    return _WRITERS[family](row)


def _order(row: Row) -> bytes:
    told = row["request_info"] or {}
    block = struct.pack("<QqBBBB5qQQ", _us(row["timestamp"]), row["seq_no"], *_words(row), *_amounts(row), *_times(row))
    block += _account(row) + struct.pack("<QQ", _us(row["received_at"]), _us(row["published_at"]))
    block += bytes([_STP.index(row["stp"]), 1 if "REDUCE_ONLY" in row["flags"] else 0])
    block += bytes([4 if told.get("status") == "SUCCESS" else 1, 1] if told else [_NONE, _NONE])
    texts = (row["id"], row["client_id"], row["market"], row["cancel_reason"], told.get("id", ""), told.get("message", ""))
    return frame(20, block, b"".join(map(text, texts)))


def _words(row: Row) -> tuple[int, int, int, int]:
    return (
        _number(_STATUS, row["status"]),
        _number(_SIDE, row["side"]),
        _number(_TYPE, row["type"]),
        _number(_LIFE, row["instruction"]),
    )


def _amounts(row: Row) -> list[int]:
    price = "" if row["type"].endswith("MARKET") else row["price"]
    return [_amount(price), *(_amount(row[name]) for name in ("trigger_price", "size", "remaining_size", "avg_fill_price"))]


def _times(row: Row) -> tuple[int, int]:
    return _us(row["created_at"]), _us(row["last_updated_at"])


def _fill(row: Row) -> bytes:
    kinds = _number(_FILL, row["fill_type"]), _number(_SIDE, row["side"]), 1 if row["liquidity"] == "MAKER" else 2
    amounts = [_amount(row[name]) for name in ("price", "size", "fee", "realized_pnl")]
    block = struct.pack("<QqBBB4qQ", _us(row["created_at"]), row["seq_no"], *kinds, *amounts, _us(row["created_at"]))
    block += _account(row) + struct.pack("<qqBQ", _amount(row["underlying_price"]), _amount(row["realized_funding"]), 1, 7)
    texts = (row["id"], row["order_id"], row["client_id"], row["trade_id"], row["market"], row["fee_currency"])
    return frame(21, block, b"".join(map(text, texts)))


def _position(row: Row) -> bytes:
    size = abs(Decimal(row["size"]))
    amounts = [e8(size), *(_amount(row[name]) for name in ("average_entry_price", "unrealized_pnl", "realized_positional_pnl"))]
    amounts += [NULL, _amount(row["liquidation_price"]), _amount(row["leverage"])]
    at_us = _us(row["last_updated_at"])
    block = struct.pack("<QqB7qQ", at_us, row["seq_no"], 1 if row["side"] == "LONG" else 2, *amounts, at_us) + _account(row)
    names = ("average_entry_price_usd", "cost", "cost_usd", "cached_funding_index", "unrealized_funding_pnl")
    block += struct.pack("<5qB", *(_amount(row[name]) for name in names), 1 if row["status"] == "OPEN" else 2)
    return frame(22, block, text(row["market"]) + text(row["last_fill_id"]))


def _holdings(row: Row) -> bytes:
    names = ("total_collateral", "free_collateral", "initial_margin_requirement", "maintenance_margin_requirement")
    at_us = _us(row["updated_at"])
    amounts = [*(_amount(row[name]) for name in names), _amount(row["account_value"]), NULL]
    block = struct.pack("<Qq6qQ", at_us, row["seq_no"], *amounts, at_us) + _account(row)
    block += struct.pack("<qBQ", _amount(row["margin_cushion"]), 1, at_us)
    return frame(23, block, text(row["settlement_asset"]))


_WRITERS: Final[dict[str, Callable[[Row], bytes]]] = {
    "orders": _order,
    "fills": _fill,
    "positions": _position,
    "account": _holdings,
}


def _number(words: Sequence[str], word: str) -> int:
    return words.index(word) + 1


def _amount(value: str) -> int:
    return e8(Decimal(value) if value else None)


def _us(millis: int) -> int:
    return millis * 1_000


def _account(row: Row) -> bytes:
    """Return the address, 32 bytes, the greatest first; names of the exchange's accounts are none, and are told as zero."""
    try:
        return int(row["account"], 16).to_bytes(32, "big")
    except (ValueError, OverflowError):
        return bytes(32)
