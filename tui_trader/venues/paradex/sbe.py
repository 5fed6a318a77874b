"""Frames of Paradex's binary encoding as named values: schema 1, versions 0 to 3, read by the lengths that each frame states.

It must not know what an event means to a trader. A block longer than what is known here is skipped over, a shorter one lacks its
newer fields, a template that is not known is named and left alone, and whatever is cut short raises WireError. Source: schema
``paradex_1_0.xml`` (version 2, September 2026) and docs.paradex.trade, "Binary encoding (SBE)"; little-endian throughout.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final, NamedTuple

from tui_trader.core.decimals import from_scaled
from tui_trader.core.error import WireError

SCHEMA: Final = 1
SCALE: Final = 8
"""Decimals of prices, sizes and amounts."""

BOOK: Final = 3
_HEADER = struct.Struct("<HHHH")
_GROUP = struct.Struct("<HH")
_BOOK_HEAD = struct.Struct("<QqB")
_LEVEL = struct.Struct("<qq")
_MOST_LEVELS: Final = 20_000
_I64 = struct.Struct("<q")
_U64 = struct.Struct("<Q")
_I16 = struct.Struct("<h")
_NULL: Final = -(1 << 63)


class BookFrame(NamedTuple):
    """Levels of a book as ``(price, size)``, whole numbers of 10^-8; size 0 removes."""

    market: str
    snapshot: bool
    sequence: int
    at_us: int
    bids: tuple[tuple[int, int], ...]
    asks: tuple[tuple[int, int], ...]


class Event(NamedTuple):
    """Any other frame: the channel family that it belongs to, and its fields by the names that JSON messages have."""

    family: str
    fields: Mapping[str, Any]


class Ignored(NamedTuple):
    """A frame that tells of nothing: a heartbeat, a receipt, or a template that is not known."""

    template: int


def decode(frame: bytes) -> BookFrame | Event | Ignored:
    """Decode one binary frame; raises WireError for one that is cut short or of another schema."""
    if len(frame) < _HEADER.size:
        raise WireError("a frame without a header")
    block, template, schema, version = _HEADER.unpack_from(frame)
    if schema != SCHEMA:
        raise WireError(f"a frame of schema {schema}")
    if template == BOOK:
        return _book(frame, block)
    known = _TEMPLATES.get(template)
    if known is None:
        return Ignored(template)
    end = _HEADER.size + block
    if end > len(frame):
        raise WireError("a frame that ends inside its block")
    if block < known.least:
        raise WireError(f"a block of {block} bytes where {known.least} are the least")
    fields: dict[str, Any] = {}
    for name, offset, width, read in known.fields:
        fields[name] = read(frame, _HEADER.size + offset) if offset + width <= block else None
    for name, since in known.texts:
        if version >= since:
            fields[name], end = _text(frame, end)
        else:
            fields[name] = None
    return Event(known.family, known.finish(fields))


def _book(frame: bytes, block: int) -> BookFrame:
    start = _HEADER.size
    end = start + block
    if block < _BOOK_HEAD.size or end > len(frame):
        raise WireError("a book that ends inside its block")
    at_us, sequence, kind = _BOOK_HEAD.unpack_from(frame, start)
    if kind > 1:
        raise WireError(f"a book update of kind {kind}")
    bids, end = _levels(frame, end)
    asks, end = _levels(frame, end)
    market, _ = _text(frame, end)
    return BookFrame(market, kind == 0, sequence, at_us, bids, asks)


def _levels(frame: bytes, at: int) -> tuple[tuple[tuple[int, int], ...], int]:
    if at + _GROUP.size > len(frame):
        raise WireError("a book without its groups")
    width, count = _GROUP.unpack_from(frame, at)
    at += _GROUP.size
    end = at + width * count
    if count > _MOST_LEVELS or end > len(frame) or (count and width < _LEVEL.size):
        raise WireError("a book that ends inside a group")
    if width == _LEVEL.size:
        levels = tuple(_LEVEL.iter_unpack(frame[at:end]))
    else:
        levels = tuple(_LEVEL.unpack_from(frame, at + width * i) for i in range(count))
    for price, size in levels:
        if price <= 0 or size < 0:
            raise WireError("a level that has no price or a size below zero")
    return levels, end


def _text(frame: bytes, at: int) -> tuple[str, int]:
    if at >= len(frame):
        raise WireError("a frame that ends before its texts do")
    end = at + 1 + frame[at]
    if end > len(frame):
        raise WireError("a frame that ends inside a text")
    try:
        return frame[at + 1 : end].decode(), end
    except UnicodeDecodeError:
        raise WireError("a text that is not UTF-8") from None


# -- fields --------------------------------------------------------------------------------------------------------

_Reader = Callable[[bytes, int], Any]
_Field = tuple[str, int, int, _Reader]


def _decimal(scale: int) -> _Reader:
    def read(frame: bytes, at: int) -> Decimal | None:
        raw: int = _I64.unpack_from(frame, at)[0]
        return None if raw == _NULL else from_scaled(raw, scale)

    return read


def _whole(frame: bytes, at: int) -> int | None:
    raw: int = _I64.unpack_from(frame, at)[0]
    return None if raw == _NULL else raw


def _unsigned(frame: bytes, at: int) -> int | None:
    raw: int = _U64.unpack_from(frame, at)[0]
    return None if raw == (1 << 64) - 1 else raw


def _short(frame: bytes, at: int) -> int | None:
    raw: int = _I16.unpack_from(frame, at)[0]
    return None if raw == -(1 << 15) else raw


def _account(frame: bytes, at: int) -> str:
    return hex(int.from_bytes(frame[at : at + 32], "big"))


def _word(*words: str, first: int = 1) -> _Reader:
    """Return what reads one of a list of words; a number beyond it is the empty word, which whoever needs it refuses."""

    def read(frame: bytes, at: int) -> str:
        index = frame[at] - first
        return words[index] if 0 <= index < len(words) else ""

    return read


def _flags(*names: str) -> _Reader:
    def read(frame: bytes, at: int) -> list[str] | None:
        bits = frame[at]
        return [name for bit, name in enumerate(names) if name and bits >> bit & 1]

    return read


_D8: Final = _decimal(8)
_SIDE: Final = _word("BUY", "SELL")
_STATUS: Final = _word("NEW", "UNTRIGGERED", "OPEN", "CLOSED")
_TYPE: Final = _word(
    "LIMIT",
    "MARKET",
    "STOP_LIMIT",
    "STOP_MARKET",
    "TAKE_PROFIT_LIMIT",
    "TAKE_PROFIT_MARKET",
    "STOP_LOSS_LIMIT",
    "STOP_LOSS_MARKET",
)
_INSTRUCTION: Final = _word("GTC", "IOC", "POST_ONLY", "RPI")
_FILL_TYPE: Final = _word("FILL", "LIQUIDATION", "UNWIND_TRANSFER", "SETTLE_MARKET", "RPI", "BLOCK_TRADE")
_STP: Final = _word("NONE", "EXPIRE_MAKER", "EXPIRE_TAKER", "EXPIRE_BOTH", first=0)
_ORDER_FLAGS: Final = _flags(
    "REDUCE_ONLY", "STOP_CONDITION_BELOW_TRIGGER", "STOP_CONDITION_ABOVE_TRIGGER", "INTERACTIVE", "VWAP", "MMP"
)


def _run(*names: str, start: int = 0) -> list[_Field]:
    """Return a run of decimals of 8 bytes, one behind the other."""
    return [(name, start + 8 * i, 8, _D8) for i, name in enumerate(names)]


class _Template(NamedTuple):
    family: str
    least: int
    """Bytes of the block in the first version of the schema."""
    fields: list[_Field]
    texts: list[tuple[str, int]]
    """Names of the strings behind the block, in order, and the version since which each is there."""
    finish: Callable[[dict[str, Any]], dict[str, Any]] = lambda fields: fields


def _request_told(fields: dict[str, Any]) -> dict[str, Any]:
    identity, message = fields.pop("request_id"), fields.pop("request_message")
    status, kind = fields.pop("request_status"), fields.pop("request_type")
    told = {"id": identity, "message": message, "status": status, "request_type": kind}
    return fields | {"request_info": told if identity or status else None}


def _signed(fields: dict[str, Any]) -> dict[str, Any]:
    """Give the size of a position the sign that it has in JSON."""
    size = fields["size"]
    if size is not None:
        fields["size"] = -abs(size) if fields["side"] == "SHORT" else abs(size)
    return fields


_STAMP: Final[list[_Field]] = [("ts_us", 0, 8, _unsigned), ("seq_no", 8, 8, _whole)]

_TEMPLATES: Final = {
    1: _Template(
        "trades",
        50,
        [
            *_STAMP,
            ("side", 24, 1, _SIDE),
            *_run("price", "size", start=25),
            ("created_at_us", 41, 8, _unsigned),
            ("trade_type", 49, 1, _FILL_TYPE),
        ],
        [("market", 0), ("id", 2)],
    ),
    2: _Template("bbo", 48, [*_STAMP, *_run("bid", "bid_size", "ask", "ask_size", start=16)], [("market", 0)]),
    4: _Template(
        "markets_summary",
        216,
        [
            *_STAMP,
            *_run("mark_price", "underlying_price", "last_traded_price", "volume_24h", "open_interest", start=16),
            *_run("funding_rate", "bid", "ask", "total_volume", "price_change_rate_24h", start=56),
            ("external_fair_price", 192, 8, _D8),
            *_run("bid_size", "ask_size", start=200),
            ("funding_rate_precise", 232, 8, _decimal(12)),
        ],
        [("market", 0)],
    ),
    5: _Template(
        "funding_data",
        58,
        [
            *_STAMP,
            *_run("funding_rate", "funding_index", start=16),
            ("created_at_us", 32, 8, _unsigned),
            *_run("funding_premium", "funding_rate_8h", start=40),
            ("funding_period_hours", 56, 2, _short),
        ],
        [("market", 0)],
    ),
    20: _Template(
        "orders",
        126,
        [
            *_STAMP,
            ("status", 16, 1, _STATUS),
            ("side", 17, 1, _SIDE),
            ("type", 18, 1, _TYPE),
            ("instruction", 19, 1, _INSTRUCTION),
            *_run("price", "trigger_price", "size", "remaining_size", "avg_fill_price", start=20),
            ("created_at_us", 60, 8, _unsigned),
            ("last_updated_at_us", 68, 8, _unsigned),
            ("account", 76, 32, _account),
            ("stp", 124, 1, _STP),
            ("flags", 125, 1, _ORDER_FLAGS),
            ("request_status", 126, 1, _word("PENDING", "PROCESSED", "REJECTED", "SUCCESS")),
            ("request_type", 127, 1, _word("MODIFY_ORDER")),
        ],
        [("id", 0), ("client_id", 0), ("market", 0), ("cancel_reason", 0), ("request_id", 2), ("request_message", 2)],
        _request_told,
    ),
    21: _Template(
        "fills",
        107,
        [
            *_STAMP,
            ("fill_type", 16, 1, _FILL_TYPE),
            ("side", 17, 1, _SIDE),
            ("liquidity", 18, 1, _word("MAKER", "TAKER")),
            *_run("price", "size", "fee", "realized_pnl", start=19),
            ("created_at_us", 51, 8, _unsigned),
            ("account", 59, 32, _account),
            *_run("underlying_price", "realized_funding", start=91),
            ("flags", 107, 1, _flags("INTERACTIVE", "RPI", "FASTFILL")),
            ("orderbook_seq_no", 108, 8, _unsigned),
        ],
        [("id", 0), ("order_id", 0), ("client_id", 0), ("trade_id", 0), ("market", 0), ("fee_currency", 2)],
    ),
    22: _Template(
        "positions",
        154,
        [
            *_STAMP,
            ("side", 16, 1, _word("LONG", "SHORT")),
            *_run("size", "average_entry_price", "unrealized_pnl", "realized_positional_pnl", start=17),
            *_run("liquidation_price", "leverage", start=57),
            ("last_updated_at_us", 73, 8, _unsigned),
            ("account", 81, 32, _account),
            *_run("average_entry_price_usd", "cost", "cost_usd", "cached_funding_index", "unrealized_funding_pnl", start=113),
            ("status", 153, 1, _word("OPEN", "CLOSED")),
        ],
        [("market", 0), ("last_fill_id", 0)],
        _signed,
    ),
    23: _Template(
        "account",
        113,
        [
            *_STAMP,
            *_run("total_collateral", "free_collateral", "initial_margin_requirement", start=16),
            *_run("maintenance_margin_requirement", "account_value", start=40),
            ("updated_at_us", 64, 8, _unsigned),
            ("account", 72, 32, _account),
            ("margin_cushion", 104, 8, _D8),
            ("status", 112, 1, _word("ACTIVE", "LIQUIDATION")),
        ],
        [("settlement_asset", 0)],
    ),
}
"""By template id: the channels with an encoding of their own, as far as they are read here."""
