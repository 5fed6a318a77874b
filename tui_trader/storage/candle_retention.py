"""How long candles are kept, and letting go of the rest: of what goes as seconds, minutes, hours and days stay."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from tui_trader.core.interval import DAY_S
from tui_trader.storage.candle_cover import cut_before
from tui_trader.storage.candle_tables import Series, all_series

_LEAST_BYTES = 20
"""What a second takes in the file at the very least; a usual one takes 36."""


@dataclass(frozen=True, slots=True)
class Kept:
    """How long what is kept, in days; days and hours stay for ever."""

    seconds_days: int = 14
    minutes_days: int = 400
    max_seconds: int = 10_000_000

    def oldest(self, level: int, now_s: int) -> int:
        """Return the first second that bars of a length are kept from: the beginning of a day."""
        days = {1: self.seconds_days, 60: self.minutes_days}.get(level)
        return 0 if days is None else max(0, (now_s - days * DAY_S) // DAY_S * DAY_S)


def let_go(db: sqlite3.Connection, kept: Kept, now_s: int) -> None:
    """Delete what is older than its retention, and the oldest days of seconds while there are too many of all series together."""
    known = all_series(db)
    edge = kept.oldest(60, now_s)
    for series in known:
        _cut_seconds(db, series, kept.oldest(1, now_s))
        if db.execute("DELETE FROM bars WHERE series = ? AND level = 60 AND start < ?", (series.id, edge)).rowcount:
            cut_before(db, series.id, 60, edge)
        db.execute("DELETE FROM told WHERE series = ? AND level = 60 AND start < ?", (series.id, edge))
    spare = _too_many(db, kept)
    while spare > 0:
        firsts = (db.execute("SELECT MIN(start) FROM seconds WHERE series = ?", (one.id,)).fetchone()[0] for one in known)
        edge = min(at for at in firsts if at) // DAY_S * DAY_S + DAY_S
        if edge > now_s:
            break  # never a part of today: what is made of it is still growing
        spare -= sum(_cut_seconds(db, series, edge) for series in known)


def _too_many(db: sqlite3.Connection, kept: Kept) -> int:
    """Return how many seconds there are beyond what may be kept; they are counted only where the file is large enough."""
    size = db.execute("PRAGMA page_count").fetchone()[0] * db.execute("PRAGMA page_size").fetchone()[0]
    if size < kept.max_seconds * _LEAST_BYTES:
        return 0
    return int(db.execute("SELECT COUNT(*) FROM seconds").fetchone()[0]) - kept.max_seconds


def _cut_seconds(db: sqlite3.Connection, series: Series, edge: int) -> int:
    count = db.execute("DELETE FROM seconds WHERE series = ? AND start < ?", (series.id, edge)).rowcount
    db.execute("DELETE FROM synthetic WHERE series = ? AND start < ?", (series.id, edge))
    cut_before(db, series.id, 1, edge)
    return int(count)
