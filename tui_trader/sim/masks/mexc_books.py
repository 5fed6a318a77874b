"""MEXC's books: increments with a version each, merged into one push, and the whole book that belongs to a version.

A merged frame spans the versions ``begin`` to ``end``; prices may come in scientific notation, volumes with thirty decimals, and
the keys in any order, as in frames recorded in May 2025.
"""

from __future__ import annotations

from collections import deque
from decimal import Decimal
from typing import Any

import orjson

from tui_trader.core.decimals import CONTEXT, ZERO
from tui_trader.sim.exchange import Exchange
from tui_trader.sim.masks.mexc_terms import MILLI, Contracts, Row, scientific

KEPT = 1_000
FULL_NS = 100_000_000
"""Between two whole books, where something changed."""

MERGED_NS = 100_000_000
"""Between two merged increments."""

THIRTY = Decimal("1e-30")

Level = tuple[Decimal, Decimal]


class Book:
    """One book as it was last told, and what became of it since."""

    def __init__(self, exchange: Exchange, contracts: Contracts, symbol: str) -> None:
        self._exchange = exchange
        self._contracts = contracts
        self._symbol = symbol
        self.version = 96_801_926
        """Of the last increment."""
        self._bids, self._asks = (dict(side) for side in exchange.book(symbol))
        self._commits: deque[Row] = deque(maxlen=KEPT)
        self._pending: Row | None = None
        self.changed = False
        """Whether something changed since the last whole book."""
        self.told_ns = exchange.now_ns
        self.merged_ns = exchange.now_ns

    def step(self) -> None:
        """Take what changed as one version."""
        bids, asks = (dict(side) for side in self._exchange.book(self._symbol))
        changes = _difference(self._bids, bids), _difference(self._asks, asks)
        if not any(changes):
            return
        self._bids, self._asks = bids, asks
        self.version += 1
        self.changed = True
        own = {"asks": self._rows(changes[1]), "bids": self._rows(changes[0]), "version": self.version}
        self._commits.append(own)
        if self._pending is None:
            self._pending = {"asks": dict(changes[1]), "bids": dict(changes[0]), "begin": self.version}
        else:
            self._pending["asks"] |= dict(changes[1])
            self._pending["bids"] |= dict(changes[0])

    def merged(self, now_ns: int) -> Row | None:
        """Return what changed since the last increment, as one; None when nothing did, or it is too soon."""
        if self._pending is None or now_ns - self.merged_ns < MERGED_NS:
            return None
        told, self._pending = self._pending, None
        self.merged_ns = now_ns
        return {
            "end": self.version,
            "begin": told["begin"],
            "version": self.version,
            "asks": self._rows(list(told["asks"].items()), merged=True),
            "bids": self._rows(list(told["bids"].items()), merged=True),
        }

    def whole(self, limit: int) -> Row:
        """Return the book up to ``limit`` levels a side, with its version."""
        self.step()
        bids = sorted(self._bids.items(), reverse=True)[:limit]
        asks = sorted(self._asks.items())[:limit]
        stamp = self._exchange.now_ns // MILLI
        return {"asks": self._rows(asks), "bids": self._rows(bids), "version": self.version, "timestamp": stamp}

    def commits(self, count: int) -> list[Row]:
        """Return the last increments, newest first."""
        return list(reversed(self._commits))[:count]

    def _rows(self, levels: list[Level], *, merged: bool = False) -> list[list[Any]]:
        unit = self._contracts.unit(self._symbol)
        rows: list[list[Any]] = []
        for price, size in levels:
            vol = size / unit
            text = format(vol.quantize(THIRTY, context=CONTEXT) if merged else vol.normalize(), "f")
            rows.append([scientific(price), orjson.Fragment(text), 1])
        return rows


class Books:
    """The books that somebody asked about."""

    def __init__(self, exchange: Exchange, contracts: Contracts) -> None:
        self._exchange = exchange
        self._contracts = contracts
        self._books: dict[str, Book] = {}

    def of(self, symbol: str) -> Book:
        """Return the book of a contract."""
        found = self._books.get(symbol)
        if found is None:
            self._exchange.watch(symbol)
            found = self._books[symbol] = Book(self._exchange, self._contracts, symbol)
        return found

    def touch(self, symbol: str) -> None:
        """Note that the book of a contract changed."""
        found = self._books.get(symbol)
        if found is not None:
            found.step()


def _difference(before: dict[Decimal, Decimal], after: dict[Decimal, Decimal]) -> list[Level]:
    rows = [(price, size) for price, size in after.items() if before.get(price) != size]
    rows += [(price, ZERO) for price in before if price not in after]
    return rows
