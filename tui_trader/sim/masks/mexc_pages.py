"""How MEXC cuts its lists: by state, and by page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tui_trader.sim.masks.mexc_terms import Args, Complaint, Row, whole

MOST_ROWS = 100


def in_states(rows: Sequence[Row], args: Args) -> list[Row]:
    """Return the rows in the states that are asked for; all where none are."""
    states = {text for text in str(args.get("states") or "").split(",") if text}
    return [row for row in rows if not states or str(row["state"]) in states]


def page_of(rows: Sequence[Row], args: Args) -> list[Row]:
    """Return one page; raises Complaint 600."""
    page, size = whole(args, "page_num", 1), whole(args, "page_size", 20)
    if page < 1 or not 1 <= size <= MOST_ROWS:
        raise Complaint(600, "Parameter error: page")
    return list(rows[(page - 1) * size : page * size])


def numbered(rows: Sequence[Row], args: Args) -> dict[str, Any]:
    """Return one page that says which it is, and how many there are."""
    size = whole(args, "page_size", 20)
    pages = -(-len(rows) // size)
    page = whole(args, "page_num", 1)
    told = {"pageSize": size, "totalCount": len(rows), "totalPage": pages, "currentPage": page}
    return told | {"resultList": page_of(rows, args)}
