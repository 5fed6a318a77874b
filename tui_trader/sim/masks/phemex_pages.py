"""Pages of a history: the time range and the slice that a request asks for."""

from __future__ import annotations

from typing import Any

from tui_trader.sim.masks.phemex_args import Args, Complaint, whole

MAX_ROWS = 200


def within(args: Args, at_ms: int) -> bool:
    """Whether a moment lies in the range that ``start`` and ``end`` ask for."""
    return whole(args, "start", 0) <= at_ms <= whole(args, "end", 1 << 62)


def page(rows: list[Any], args: Args) -> list[Any]:
    """Return the rows that ``limit`` and ``offset`` ask for; raises Complaint 30018 for too large a page."""
    limit, offset = whole(args, "limit", 50), whole(args, "offset", 0)
    if limit > MAX_ROWS:
        raise Complaint(30018, "phemex.data.size.uplimt")
    return rows[offset : offset + limit]
