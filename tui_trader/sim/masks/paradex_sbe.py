"""Paradex's binary frames as its server writes them: books, trades, summaries, heartbeats; all of them in the newest version.

``paradex_versions`` cuts them down for a connection that asked for an older one. Source: schema ``paradex_1_0.xml``, September
2026. It shares nothing with the client's decoder.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from decimal import Decimal
from typing import Final, NamedTuple

from tui_trader.sim.masks.paradex_versions import NEWEST

NULL: Final = -(1 << 63)
_SIDE: Final = {"BUY": 1, "SELL": 2}


def e8(value: Decimal | None) -> int:
    """Return an amount in 10^-8, the null of the schema for none."""
    return NULL if value is None else int(value.scaleb(8))


def frame(template: int, block: bytes, rest: bytes) -> bytes:
    """Return a message: its header, its fixed block, what follows it."""
    return struct.pack("<HHHH", len(block), template, 1, NEWEST) + block + rest


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


class Summary(NamedTuple):
    """What the summary of a perpetual tells."""

    mark: Decimal
    spot: Decimal
    last: Decimal
    volume: Decimal
    """Of 24 hours, in dollars."""
    interest: Decimal
    rate: Decimal
    bid: tuple[Decimal, Decimal] | None
    ask: tuple[Decimal, Decimal] | None
    total: Decimal
    """Volume since the market began, in dollars."""
    change: Decimal


def summary(market: str, at_us: int, told: Summary) -> bytes:
    """Return reference prices; greeks, and the estimate of a settlement, are null for a perpetual."""
    bid, ask = told.bid or (None, None), told.ask or (None, None)
    prices = [told.mark, told.spot, told.last, told.volume, told.interest, told.rate, bid[0], ask[0], told.total, told.change]
    block = struct.pack("<Qq10q", at_us, 0, *map(e8, prices))
    block += struct.pack("<13q", *[NULL] * 13)
    block += struct.pack("<2q", e8(bid[1]), e8(ask[1]))
    block += struct.pack("<4q", NULL, NULL, int(told.rate.scaleb(12)), NULL)
    return frame(4, block, text(market))


def best(market: str, at_us: int, seq: int, bid: tuple[Decimal, Decimal] | None, ask: tuple[Decimal, Decimal] | None) -> bytes:
    """Return the best level of either side."""
    amounts = [amount for level in (bid, ask) for amount in (level or (None, None))]
    return frame(2, struct.pack("<Qq4q", at_us, seq, *map(e8, amounts)), text(market))


def funding(market: str, at_us: int, seq: int, rate: Decimal, premium: Decimal, hours: int) -> bytes:
    """Return the funding rate of a market, for its own period and for eight hours, and its premium in dollars."""
    by_eight = rate * 8 / hours if hours else rate
    block = struct.pack("<QqqqQ", at_us, seq, e8(rate), 0, at_us)
    block += struct.pack("<qqhq", e8(premium), int(by_eight.scaleb(8)), hours, NULL)
    return frame(5, block, text(market))


def heartbeat(at_us: int, seq: int) -> bytes:
    """Return what is sent where nothing else is."""
    return frame(40, struct.pack("<QQ", at_us, seq), b"")
