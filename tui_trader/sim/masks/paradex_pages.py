"""Lists of the past as Paradex pages them, and the spans that are asked for.

A cursor is opaque and signed, so that one that was touched is refused. Source: REST reference of docs.paradex.trade, August 2026.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

from tui_trader.sim.masks.paradex_args import Complaint
from tui_trader.sim.masks.paradex_rows import Row

PAGE: Final = 100
MOST: Final = 5_000
"""Rows of a page at most, where nothing less is said."""

Args = dict[str, str]


def whole(args: Args, name: str, otherwise: int) -> int:
    """Return a number that was asked for; raises Complaint for what is none."""
    text = args.get(name) or str(otherwise)
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise Complaint("VALIDATION_ERROR", f"{name} is not a number")
    return int(text)


def within(args: Args, rows: Sequence[Row], stamp: str = "created_at") -> list[Row]:
    """Return the rows between ``start_at`` and ``end_at``, both told."""
    first, last = whole(args, "start_at", 0), whole(args, "end_at", 10**17)
    return [row for row in rows if first <= row[stamp] <= last]


def paged(args: Args, rows: Sequence[Row], most: int = MOST) -> Row:
    """Cut a list into pages and return the one that was asked for."""
    size = max(1, min(whole(args, "page_size", PAGE), most))
    start = 0
    if cursor := args.get("cursor"):
        place, _, proof = cursor.partition(".")
        if _proof(place) != proof:
            raise Complaint("VALIDATION_ERROR", "bad cursor")
        start = int(place)
    following = str(start + size) if start + size < len(rows) else ""
    return {
        "next": f"{following}.{_proof(following)}" if following else "",
        "prev": "",
        "results": list(rows[start : start + size]),
    }


def _proof(place: str) -> str:
    return hashlib.sha256(f"cursor {place}".encode()).hexdigest()[:16]
