"""The tables of the candle store, and the scales that its numbers are written in.

Prices and sizes are whole numbers, scaled by a power of ten of their series: exact, small, and summed by SQLite itself. A number
that needs more decimals than its series has so far widens the series.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from decimal import Decimal

from tui_trader.core.decimals import CONTEXT

APPLICATION = 0x74746364
"""``ttcd``: tells our file from another program's database."""

LEVELS = (60, 3_600, 86_400)
"""Lengths that bars are kept in beside the seconds, so that a long chart need not add up seconds; each divides the next."""

_OHLC = "open INTEGER NOT NULL, high INTEGER NOT NULL, low INTEGER NOT NULL, close INTEGER NOT NULL, volume INTEGER NOT NULL"

MIGRATIONS = (
    "CREATE TABLE series (id INTEGER PRIMARY KEY, venue TEXT NOT NULL, symbol TEXT NOT NULL, price_scale INTEGER NOT NULL,"
    " size_scale INTEGER NOT NULL, UNIQUE (venue, symbol));\n"
    f"CREATE TABLE seconds (series INTEGER NOT NULL, start INTEGER NOT NULL, {_OHLC}, trades INTEGER NOT NULL,"
    " first_ns INTEGER NOT NULL, last_ns INTEGER NOT NULL, PRIMARY KEY (series, start)) WITHOUT ROWID;\n"
    f"CREATE TABLE told (series INTEGER NOT NULL, level INTEGER NOT NULL, start INTEGER NOT NULL, {_OHLC},"
    " PRIMARY KEY (series, level, start)) WITHOUT ROWID;\n"
    f"CREATE TABLE bars (series INTEGER NOT NULL, level INTEGER NOT NULL, start INTEGER NOT NULL, {_OHLC},"
    " trades INTEGER NOT NULL, basis INTEGER NOT NULL, PRIMARY KEY (series, level, start)) WITHOUT ROWID;\n"
    "CREATE TABLE spans (series INTEGER NOT NULL, level INTEGER NOT NULL, start INTEGER NOT NULL, until INTEGER NOT NULL,"
    " PRIMARY KEY (series, level, start)) WITHOUT ROWID",
    f"CREATE TABLE synthetic (series INTEGER NOT NULL, start INTEGER NOT NULL, {_OHLC},"
    " PRIMARY KEY (series, start)) WITHOUT ROWID",
)
"""``seconds`` is what was traded, ``told`` what the venue said, ``bars`` what follows from both, ``spans`` which stretches are
known: of level 1 by listening, of the others by the venue's word. ``synthetic`` is what was invented, apart from all of them."""

TABLES = ("series", "seconds", "told", "bars", "spans", "synthetic")

TRADES, VENUE, MIXED = 1, 2, 3
"""``basis`` of a bar: sums of these by bitwise or."""

_MOST = (1 << 63) - 1

_PRICED = ("seconds", "told", "bars", "synthetic")


@dataclass(slots=True)
class Series:
    """One instrument in the file, and the decimals that its numbers are written with."""

    id: int
    venue: str
    symbol: str
    price_scale: int
    size_scale: int

    def price(self, scaled: int) -> Decimal:
        """Return the price that a whole number stands for."""
        return Decimal(scaled).scaleb(-self.price_scale, CONTEXT)

    def size(self, scaled: int) -> Decimal:
        """Return the size that a whole number stands for."""
        return Decimal(scaled).scaleb(-self.size_scale, CONTEXT)


def find_series(db: sqlite3.Connection, venue: str, symbol: str) -> Series | None:
    """Return a series that is in the file."""
    found = db.execute(
        "SELECT id, venue, symbol, price_scale, size_scale FROM series WHERE venue = ? AND symbol = ?", (venue, symbol)
    )
    row = found.fetchone()
    return Series(*row) if row else None


def all_series(db: sqlite3.Connection) -> list[Series]:
    """Return every series of the file, by venue and symbol."""
    rows = db.execute("SELECT id, venue, symbol, price_scale, size_scale FROM series ORDER BY venue, symbol")
    return [Series(*row) for row in rows]


def make_series(db: sqlite3.Connection, venue: str, symbol: str, price_scale: int, size_scale: int) -> Series:
    """Return a series, written down now if it was not there."""
    found = find_series(db, venue, symbol)
    if found is None:
        values = (venue, symbol, price_scale, size_scale)
        db.execute("INSERT INTO series (venue, symbol, price_scale, size_scale) VALUES (?, ?, ?, ?)", values)
        found = find_series(db, venue, symbol)
        assert found is not None
    return found


def widen(db: sqlite3.Connection, series: Series, price_scale: int, size_scale: int) -> None:
    """Rewrite a series with more decimals; raises OverflowError when its numbers would no longer fit."""
    prices, sizes = 10 ** (price_scale - series.price_scale), 10 ** (size_scale - series.size_scale)
    for table in _PRICED:
        most = db.execute(f"SELECT MAX(high), MAX(volume) FROM {table} WHERE series = ?", (series.id,)).fetchone()
        if (most[0] or 0) * prices > _MOST or (most[1] or 0) * sizes > _MOST:
            raise OverflowError(f"{series.symbol}: a number with too many digits")
        db.execute(
            f"UPDATE {table} SET open = open * ?1, high = high * ?1, low = low * ?1, close = close * ?1, volume = volume * ?2"
            " WHERE series = ?3",
            (prices, sizes, series.id),
        )
    db.execute("UPDATE series SET price_scale = ?, size_scale = ? WHERE id = ?", (price_scale, size_scale, series.id))
    series.price_scale, series.size_scale = price_scale, size_scale


def decimals_of(value: Decimal) -> int:
    """Return how many decimals a number is written with, trailing zeros left out."""
    exponent = value.normalize(CONTEXT).as_tuple().exponent
    return max(0, -int(exponent))


def scaled(value: Decimal, scale: int) -> int:
    """Return ``value * 10**scale``, which is whole; raises OverflowError when it does not fit into a column."""
    whole = int(value.scaleb(scale, CONTEXT))
    if abs(whole) > _MOST:
        raise OverflowError(f"{value} has too many digits")
    return whole
