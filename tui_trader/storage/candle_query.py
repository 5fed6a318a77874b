"""Bars of any length out of the candle store: put together from the longest kept bars that fit, and gaps where nothing is known.

Intervals begin at multiples of their length since 1970 (UTC). What was invented is not looked at unless it is asked for, then
only where nothing is known, and it comes back marked.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from tui_trader.core.bar import Bar, Bars, Basis, Gap
from tui_trader.core.interval import DAY_S
from tui_trader.core.spans import length
from tui_trader.storage.candle_cover import read_cover
from tui_trader.storage.candle_pieces import interval_sums
from tui_trader.storage.candle_rollup import added
from tui_trader.storage.candle_tables import LEVELS, MIXED, TRADES, VENUE, Series, find_series

PAGE = 1_000
"""Intervals looked up at a time."""

_BASIS: Final = {TRADES: Basis.TRADES, VENUE: Basis.VENUE, MIXED: Basis.MIXED}

_Rows = dict[int, tuple[int, ...]]


def query(
    db: sqlite3.Connection,
    venue: str,
    symbol: str,
    interval_s: int,
    start_s: int,
    end_s: int,
    now_s: int,
    *,
    synthetic: bool = False,
) -> Bars:
    """Return the bars between two times, oldest first, and the gaps between them; nothing for a symbol that is not there.

    The range is widened to whole intervals and ends with the one that ``now_s`` lies in. With ``synthetic`` what was invented
    stands in where nothing is known, as bars of that basis.
    """
    return list(stream(db, venue, symbol, interval_s, start_s, end_s, now_s, synthetic=synthetic))


def stream(
    db: sqlite3.Connection,
    venue: str,
    symbol: str,
    interval_s: int,
    start_s: int,
    end_s: int,
    now_s: int,
    *,
    synthetic: bool = False,
) -> Iterator[Bar | Gap]:
    """Yield what ``query`` returns, page by page: a long range need not fit into memory."""
    if not 1 <= interval_s <= DAY_S:
        raise ValueError(f"a bar is 1 to {DAY_S} seconds long, not {interval_s}")
    series = find_series(db, venue, symbol)
    if series is None:
        return
    start_s -= start_s % interval_s
    end_s = min(-(-end_s // interval_s) * interval_s, now_s - now_s % interval_s + interval_s)
    gap: Gap | None = None
    carry: Decimal | None = None
    step = PAGE * interval_s
    for at in range(start_s, end_s, step):
        page = _Page(db, series, interval_s, at, min(at + step, end_s), now_s, synthetic=synthetic)
        for item in page.items(carry):
            if isinstance(item, Gap):
                if gap is not None and gap.end_s == item.start_s and gap.observed == item.observed:
                    item = gap._replace(end_s=item.end_s)
                elif gap is not None:
                    yield gap
                gap = item
                continue
            if gap is not None:
                yield gap
                gap = None
            yield item
        carry = page.carry
    if gap is not None:
        yield gap


class _Page:
    """The intervals of one stretch."""

    def __init__(
        self, db: sqlite3.Connection, series: Series, interval_s: int, start: int, end: int, now_s: int, *, synthetic: bool
    ) -> None:
        self._db = db
        self._series = series
        self._interval_s = interval_s
        self._start, self._end, self._now_s = start, end, now_s
        self._cover = read_cover(db, series.id, start, end)
        self._sums = interval_sums(db, series.id, interval_s, start, end)
        self._synthetic = self._invented() if synthetic else {}
        self.carry: Decimal | None = None
        """The last price, where it is still the price: nothing unknown came after it."""

    def items(self, carry: Decimal | None) -> Iterator[Bar | Gap]:
        """Yield one bar or gap for each interval; ``carry`` is the price that the page before ended with, where it stands."""
        self.carry = carry
        for start in range(self._start, self._end, self._interval_s):
            yield self._item(start)

    def _item(self, start: int) -> Bar | Gap:
        interval = self._interval_s
        end = start + interval
        passed = max(0, min(end, self._now_s) - start)
        known = self._cover.known(start, end)
        found = self._sums.get(start)
        series = self._series
        if found is not None:
            opened, high, low, close, volume, trades, basis = found
            price = series.price
            self.carry = price(close) if known == [(start, end)] else None
            return Bar(
                start, interval, price(opened), price(high), price(low), price(close), series.size(volume), trades,
                length(known), passed, _BASIS.get(basis, Basis.MIXED),
            )  # fmt: skip
        if known:
            if self.carry is None and known[0][0] == start:
                self.carry = self._price_at(start)
            carry = self.carry
            if known != [(start, end)]:
                self.carry = None
            if carry is None or known[0][0] != start:
                return Gap(start, end, observed=True)
            return Bar(start, interval, carry, carry, carry, carry, Decimal(0), 0, length(known), passed, Basis.TRADES)
        if passed == 0:
            return Gap(start, end)
        self.carry = None
        if not self._synthetic:
            return Gap(start, end)
        invented = added((*row, 0, 0) for at in range(start, end) if (row := self._synthetic.get(at)) is not None)
        if invented is not None:
            price = series.price
            opened, high, low, close, volume = invented[:5]
            return Bar(
                start, interval, price(opened), price(high), price(low), price(close), series.size(volume), 0, 0, passed,
                Basis.SYNTHETIC,
            )  # fmt: skip
        return Gap(start, end)

    def _invented(self) -> _Rows:
        found = self._db.execute(
            "SELECT start, open, high, low, close, volume FROM synthetic WHERE series = ? AND start >= ? AND start < ?",
            (self._series.id, self._start, self._end),
        )
        return {row[0]: row[1:] for row in found}

    def _price_at(self, moment: int) -> Decimal | None:
        """Return the last price before a second, if nothing that is not known lies between."""
        best: tuple[int, int] | None = None
        for level in (1, *LEVELS):
            table, at = ("seconds", "") if level == 1 else ("bars", f"AND level = {level}")
            row = self._db.execute(
                f"SELECT start, close FROM {table} WHERE series = ? {at} AND start <= ? ORDER BY start DESC LIMIT 1",
                (self._series.id, moment - level),
            ).fetchone()
            if row is None:
                continue
            end = row[0] + level
            # Of a second that was traded in the last trade is the price; of a longer bar only if it is known whole.
            since = end if level == 1 else row[0]
            if best is not None and end < best[0]:
                continue
            if since == moment or read_cover(self._db, self._series.id, since, moment).is_known(since, moment):
                best = (end, row[1])
        return None if best is None else self._series.price(best[1])
