"""What was traded in each of many intervals of one length, added up from the longest kept bars that fit into it.

An interval is cut into pieces: whole days, hours, minutes, and seconds at its edges, so that a chart of days reads days and one
of 599 seconds reads minutes and few seconds. SQLite adds up the pieces of a length in one go: that takes half the time of handing
over their rows, and leaves the interpreter to whoever draws.
"""

from __future__ import annotations

import json
import sqlite3

from tui_trader.core.spans import Span, whole_units
from tui_trader.storage.candle_rollup import Sum, added
from tui_trader.storage.candle_tables import LEVELS, TRADES


def interval_sums(db: sqlite3.Connection, series: int, interval_s: int, start: int, end: int) -> dict[int, Sum]:
    """Return the sum of each interval between two times in which there is a bar or a trade, by its beginning.

    ``start`` and ``end`` are multiples of ``interval_s``.
    """
    spans: dict[int, list[Span]] = {level: [] for level in (1, *LEVELS)}
    owners: dict[int, list[int]] = {level: [] for level in spans}
    for at in range(start, end, interval_s):
        for level, span in pieces(at, at + interval_s):
            spans[level].append(span)
            owners[level].append(at)
    found: dict[int, list[tuple[int, Sum]]] = {}
    for level, cut in spans.items():
        if cut:
            of, begins = owners[level], [span[0] for span in cut]
            for number, *numbers in db.execute(_TEXTS[level], (series, json.dumps(cut))):
                found.setdefault(of[number], []).append((begins[number], tuple(numbers)))
    sums: dict[int, Sum] = {}
    for at, parts in found.items():
        if len(parts) == 1:
            sums[at] = parts[0][1]
        else:
            parts.sort()
            total = added(part for _, part in parts)
            assert total is not None
            sums[at] = total
    return sums


def pieces(start: int, end: int) -> list[tuple[int, Span]]:
    """Return a stretch as spans of whole days, hours, minutes and seconds, in the order of time."""
    return _cut(start, end, len(LEVELS) - 1)


def _cut(start: int, end: int, rung: int) -> list[tuple[int, Span]]:
    if start >= end:
        return []
    if rung < 0:
        return [(1, (start, end))]
    inner, outer = whole_units(start, end, LEVELS[rung])
    if inner >= outer or outer > end:
        return _cut(start, end, rung - 1)
    return [*_cut(start, inner, rung - 1), (LEVELS[rung], (inner, outer)), *_cut(outer, end, rung - 1)]


_CUT = "(SELECT key, json_extract(value, '$[0]') AS a, json_extract(value, '$[1]') AS b FROM json_each(?2))"

_SECONDS = f"""
SELECT number, first.open, top, bottom, last.close, size, count, {TRADES} FROM (
    SELECT key AS number, MAX(high) AS top, MIN(low) AS bottom, SUM(volume) AS size, SUM(trades) AS count,
        MIN(start) AS opens, MAX(start) AS closes
    FROM {_CUT} CROSS JOIN seconds WHERE series = ?1 AND start >= a AND start < b GROUP BY key
)
JOIN seconds AS first ON first.series = ?1 AND first.start = opens
JOIN seconds AS last ON last.series = ?1 AND last.start = closes
"""


def _bars(level: int) -> str:
    """Return the query of a length: as in ``added``, what was traded counts, and of bars in which nothing was the last."""
    traded = "FILTER (WHERE volume OR trades)"
    return f"""
SELECT number, first.open, COALESCE(top, first.high), COALESCE(bottom, first.low), last.close, size, count,
    COALESCE(parts, last.basis) FROM (
    SELECT key AS number, MAX(high) {traded} AS top, MIN(low) {traded} AS bottom, SUM(volume) AS size, SUM(trades) AS count,
        MAX(basis & 1) {traded} | MAX(basis & 2) {traded} AS parts,
        COALESCE(MIN(start) {traded}, MAX(start)) AS opens, COALESCE(MAX(start) {traded}, MAX(start)) AS closes
    FROM {_CUT} CROSS JOIN bars WHERE series = ?1 AND level = {level} AND start >= a AND start < b GROUP BY key
)
JOIN bars AS first ON first.series = ?1 AND first.level = {level} AND first.start = opens
JOIN bars AS last ON last.series = ?1 AND last.level = {level} AND last.start = closes
"""


_TEXTS = {1: _SECONDS} | {level: _bars(level) for level in LEVELS}
