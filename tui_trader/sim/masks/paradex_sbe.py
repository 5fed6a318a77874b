"""Paradex's binary frames as its server writes them: books, trades, summaries, heartbeats; version 2 of the schema.

Source: schema ``paradex_1_0.xml``, September 2026. It shares nothing with the client's decoder.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from decimal import Decimal
from typing import Final

VERSION: Final = 2
VERSIONS: Final = frozenset({1, 2})
"""What this exchange serves; any other is refused."""

NULL: Final = -(1 << 63)
_SIDE: Final = {"BUY": 1, "SELL": 2}


def e8(value: Decimal | None) -> int:
    """Return an amount in 10^-8, the null of the schema for none."""
    return NULL if value is None else int(value.scaleb(8))


def frame(template: int, block: bytes, rest: bytes) -> bytes:
    """Return a message: its header, its fixed block, what follows it."""
    return struct.pack("<HHHH", len(block), template, 1, VERSION) + block + rest


def text(value: str) -> bytes:
    """Return a string behind a block."""
    data = value.encode()
    return bytes([len(data)]) + data


Levels = Iterable[tuple[Decimal, Decimal]]


def book(market: str, at_us: int, seq: int, bids: Levels, asks: Levels, *, snapshot: bool) -> bytes:
    """Return a whole book, or the levels of one that changed; size zero removes."""
    block = struct.pack("<QqB9q", at_us, seq, 0 if snapshot else 1, *[NULL] * 9)
    groups = b""
    for side in (bids, asks):
        rows = [struct.pack("<qq", e8(price), e8(size)) for price, size in side]
        groups += struct.pack("<HH", 16, len(rows)) + b"".join(rows)
    return frame(3, block, groups + text(market))


def trade(market: str, at_us: int, seq: int, side: str, price: Decimal, size: Decimal, identity: str) -> bytes:
    """Return a print."""
    block = struct.pack("<QqqBqqQB", at_us, seq, 0, _SIDE[side], e8(price), e8(size), at_us, 1)
    return frame(1, block, text(market) + text(identity))


def summary(
    market: str, at_us: int, mark: Decimal, index: Decimal, last: Decimal, interest: Decimal, rate: Decimal, change: Decimal
) -> bytes:
    """Return reference prices; the greeks of a perpetual are null."""
    fields = [e8(mark), e8(index), e8(last), NULL, e8(interest), e8(rate), NULL, NULL, NULL, e8(change)]
    block = struct.pack(
        "<Qq10q4q7q2q2q2qq", at_us, 0, *fields, *[NULL] * 4, *[NULL] * 7, NULL, NULL, NULL, NULL, NULL, NULL, NULL
    )
    return frame(4, block, text(market))


def best(market: str, at_us: int, seq: int, bid: tuple[Decimal, Decimal] | None, ask: tuple[Decimal, Decimal] | None) -> bytes:
    """Return the best level of either side."""
    amounts = [amount for level in (bid, ask) for amount in (level or (None, None))]
    return frame(2, struct.pack("<Qq4q", at_us, seq, *map(e8, amounts)), text(market))


def funding(market: str, at_us: int, seq: int, rate: Decimal, hours: int) -> bytes:
    """Return the funding rate of a market, for its own period and for eight hours."""
    by_eight = rate * 8 / hours if hours else rate
    block = struct.pack("<Qqqq", at_us, seq, e8(rate), 0) + struct.pack("<Qqqh", at_us, NULL, int(by_eight.scaleb(8)), hours)
    return frame(5, block, text(market))


def heartbeat(at_us: int, seq: int) -> bytes:
    """Return what is sent where nothing else is."""
    return frame(40, struct.pack("<QQ", at_us, seq), b"")
