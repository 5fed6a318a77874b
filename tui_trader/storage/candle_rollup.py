"""The longer bars that follow from shorter ones: minutes, hours and days, made again wherever something below them changed.

The rule for each: if all of it was observed, it is the sum of what was observed. Else, if the venue told it whole, it is what the
venue told. Else it is the sum of what is known, and how much that is the spans tell.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Final

from tui_trader.storage.candle_cover import read_cover
from tui_trader.storage.candle_tables import LEVELS, TRADES, VENUE

Sum = tuple[int, int, int, int, int, int, int]
"""open, high, low, close, volume, trades, basis."""

_SECONDS: Final = """SELECT start, open, high, low, close, volume, trades, 1 FROM seconds
    WHERE series = ? AND start >= ? AND start < ? ORDER BY start"""
_BARS: Final = (
    "SELECT start, open, high, low, close, volume, trades, basis FROM bars"
    " WHERE series = ? AND level = ? AND start >= ? AND start < ? ORDER BY start"
)


def roll_up(db: sqlite3.Connection, series: int, touched: Iterable[int], level: int = 0) -> None:
    """Make the bars above the given starts again: of seconds (``level`` 0), or of the bars of a level."""
    starts = set(touched)
    for upper in LEVELS:
        if upper <= level:
            continue
        starts = {start - start % upper for start in starts}
        for start in sorted(starts):
            _resolve(db, series, upper, start)


def resolve(db: sqlite3.Connection, series: int, level: int, starts: Iterable[int]) -> None:
    """Make bars of a level again, and those above them: the venue told something of that length."""
    starts = set(starts)
    for start in sorted(starts):
        _resolve(db, series, level, start)
    roll_up(db, series, starts, level)


def _resolve(db: sqlite3.Connection, series: int, level: int, start: int) -> None:
    end = start + level
    below = 1 if level == LEVELS[0] else LEVELS[LEVELS.index(level) - 1]
    cover = read_cover(db, series, start, end)
    told = None
    by_parts = {one: spans for one, spans in cover.spans.items() if one < level}
    cover.spans = by_parts
    whole = cover.is_known(start, end)
    if not whole:
        told = db.execute(
            "SELECT open, high, low, close, volume, 0, ? FROM told WHERE series = ? AND level = ? AND start = ?",
            (VENUE, series, level, start),
        ).fetchone()
    if told is None:
        query, values = (_SECONDS, (series, start, end)) if below == 1 else (_BARS, (series, below, start, end))
        told = added(row[1:] for row in db.execute(query, values))
    if told is None:
        db.execute("DELETE FROM bars WHERE series = ? AND level = ? AND start = ?", (series, level, start))
        return
    db.execute("INSERT OR REPLACE INTO bars VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", (series, level, start, *told))


def added(rows: Iterable[tuple[int, ...]]) -> Sum | None:
    """Return rows of (open, high, low, close, volume, trades, basis), oldest first, as one; None when there are none."""
    opened = quiet = None
    high = low = close = volume = trades = basis = 0
    for row in rows:
        if not row[4] and not row[5]:
            quiet = row  # flat at a price from before: no price of this time where anything was traded in it
            continue
        if opened is None:
            opened, high, low = row[0], row[1], row[2]
        else:
            if row[1] > high:
                high = row[1]
            if row[2] < low:
                low = row[2]
        close = row[3]
        volume += row[4]
        trades += row[5]
        basis |= row[6]
    if opened is None:
        return None if quiet is None else (quiet[0], quiet[1], quiet[2], quiet[3], 0, 0, quiet[6])
    return (opened, high, low, close, volume, trades, basis or TRADES)
