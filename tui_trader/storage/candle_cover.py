"""What of a series is known: the spans in the file, and what they say of any stretch of time.

Level 1 is what was observed second by second. The other levels are what the venue told in bars of that length: of such a bar
nothing is known but the whole, so a stretch that cuts it knows nothing of it.
"""

from __future__ import annotations

import sqlite3

from tui_trader.core.spans import Span, covers, joined, length, whole_units, within
from tui_trader.storage.candle_tables import LEVELS

ALL_LEVELS = (1, *LEVELS)


class Cover:
    """Known spans of one series between two seconds, by level."""

    def __init__(self, spans: dict[int, list[Span]]) -> None:
        self.spans = spans

    def known(self, start: int, end: int) -> list[Span]:
        """Return what is known of a stretch in itself: seconds, and told bars that lie within it whole."""
        parts: list[Span] = []
        for level in ALL_LEVELS:
            found = self.spans.get(level)
            if found:
                inner, outer = whole_units(start, end, level)
                parts += within(found, inner, outer)
        return joined(parts)

    def known_s(self, start: int, end: int) -> int:
        """Return how many seconds of a stretch are known."""
        return length(self.known(start, end))

    def is_known(self, start: int, end: int) -> bool:
        """Whether all of a stretch is known."""
        return covers(self.known(start, end), start, end)

    def observed(self, start: int, end: int) -> bool:
        """Whether every second of a stretch was listened to."""
        return covers(self.spans.get(1, []), start, end)


def read_cover(db: sqlite3.Connection, series: int, start: int, end: int) -> Cover:
    """Return what is known between two seconds, out of the file."""
    spans: dict[int, list[Span]] = {}
    for level in ALL_LEVELS:
        rows = db.execute(
            "SELECT start, until FROM spans WHERE series = ?1 AND level = ?2 AND start < ?4 AND start >= COALESCE("
            "(SELECT MAX(start) FROM spans WHERE series = ?1 AND level = ?2 AND start <= ?3), ?3) ORDER BY start",
            (series, level, start, end),
        )
        found = [(a, b) for a, b in rows if b > start]
        if found:
            spans[level] = found
    return Cover(spans)


def add_span(db: sqlite3.Connection, series: int, level: int, start: int, end: int) -> None:
    """Write down that a stretch is known; those that it touches become one with it."""
    if end <= start:
        return
    before = db.execute(
        "SELECT start, until FROM spans WHERE series = ? AND level = ? AND start <= ? ORDER BY start DESC LIMIT 1",
        (series, level, start),
    ).fetchone()
    if before is not None and before[1] >= start:
        if before[1] >= end:
            return
        start = before[0]
    touched = "series = ? AND level = ? AND start >= ? AND start <= ?"
    last = db.execute(f"SELECT MAX(until) FROM spans WHERE {touched}", (series, level, start, end)).fetchone()[0]
    db.execute(f"DELETE FROM spans WHERE {touched}", (series, level, start, end))
    db.execute("INSERT INTO spans VALUES (?, ?, ?, ?)", (series, level, start, max(end, last or end)))


def cut_before(db: sqlite3.Connection, series: int, level: int, edge: int) -> None:
    """Forget what is known before a second; what the level above can still say of it is written down there first."""
    upper = next((one for one in ALL_LEVELS if one > level), None)
    rows = db.execute(
        "SELECT start, until FROM spans WHERE series = ? AND level = ? AND start < ?", (series, level, edge)
    ).fetchall()
    for start, until in rows:
        if upper is not None:
            add_span(db, series, upper, *whole_units(start, min(until, edge), upper))
        db.execute("DELETE FROM spans WHERE series = ? AND level = ? AND start = ?", (series, level, start))
        if until > edge:
            db.execute("INSERT INTO spans VALUES (?, ?, ?, ?)", (series, level, edge, until))
