"""The rows of the ladder as they were laid last: one that would come out the same is not laid again.

It must not know the Store, the window or the trader's keys; what rows are made of is handed in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import NamedTuple

from tui_trader.core.decimals import ZERO
from tui_trader.core.instrument import Instrument
from tui_trader.ui.panes.ladder_row import Columns, Level
from tui_trader.ui.panes.ladder_sizes import Sized
from tui_trader.ui.panes.spans import Row

Texts = dict[int, tuple[str, str]]
"""What stands on rows, on the side of bids and of asks."""

_NOTHING: Sized = (ZERO, "")
_NO_LEVEL = Level("")
_NONE = ("", "")


class Everywhere(NamedTuple):
    """What all rows are made of; ``own``, ``marks``, ``beside`` and ``volume`` by row."""

    instrument: Instrument
    columns: Columns
    top: int
    height: int
    group: int
    scale: Decimal
    """The size of a bar as wide as its column; zero without bars."""
    cursor: int | None
    stale: bool
    own: Texts
    marks: dict[int, str]
    beside: Texts
    volume: dict[int, str]


class Touched(NamedTuple):
    """Rows that look different because of what is on them: the best prices and the last trade, with its arrow."""

    best_bid: int | None
    best_ask: int | None
    last: int | None
    arrow: str


class Laid:
    """The rows of the last time, and what all of them, some of them and each of them were made of."""

    def __init__(self) -> None:
        self.everywhere: Everywhere | None = None
        self._touched: Touched | None = None
        self._sizes: list[tuple[Sized, Sized]] = []
        self._rows: list[Row] = []
        self._levels: list[Level] = []

    def lay(
        self,
        everywhere: Everywhere,
        touched: Touched,
        bids: Mapping[int, Sized],
        asks: Mapping[int, Sized],
        price: Callable[[int], str],
    ) -> list[Row]:
        """Return the rows from ``top`` down; ``price`` writes what stands on a row.

        One whose sizes are those of the last time is not laid again, unless the touch, the last trade or something that
        concerns all rows has changed.
        """
        known = self.everywhere == everywhere
        before = self._touched
        again = () if before is None or before == touched else (*before, *touched)
        old_sizes, old_rows, old_levels = self._sizes, self._rows, self._levels
        sizes: list[tuple[Sized, Sized]] = []
        rows: list[Row] = []
        levels: list[Level] = []
        for at in range(everywhere.height):
            row = everywhere.top - at
            bid, ask = bids.get(row, _NOTHING), asks.get(row, _NOTHING)
            if known:
                old_bid, old_ask = old = old_sizes[at]
                if bid is old_bid and ask is old_ask and row not in again:
                    sizes.append(old)
                    rows.append(old_rows[at])
                    levels.append(old_levels[at])
                    continue
            level = _level(row, everywhere, touched, bid, ask, price(row)) if row > 0 else _NO_LEVEL
            sizes.append((bid, ask))
            levels.append(level)
            rows.append(everywhere.columns.draw(level))
        self.everywhere, self._touched = everywhere, touched
        self._sizes, self._rows, self._levels = sizes, rows, levels
        return list(rows)

    def put_own(self, own: Texts) -> list[tuple[int, Row]]:
        """Put other own orders on the rows that were laid; return the rows that look different now, with their lines."""
        everywhere = self.everywhere
        if everywhere is None:
            return []
        changed: list[tuple[int, Row]] = []
        for row in {*own, *everywhere.own}:
            at = everywhere.top - row
            if 0 <= at < everywhere.height and row > 0 and own.get(row) != everywhere.own.get(row):
                own_bid, own_ask = own.get(row, _NONE)
                level = self._levels[at] = self._levels[at]._replace(own_bid=own_bid, own_ask=own_ask)
                drawn = self._rows[at] = everywhere.columns.draw(level)
                changed.append((at, drawn))
        self.everywhere = everywhere._replace(own=own)
        return changed


def _level(row: int, everywhere: Everywhere, touched: Touched, bid: Sized, ask: Sized, price: str) -> Level:
    scale, width = everywhere.scale, everywhere.columns.size
    best_bid, best_ask, last, arrow = touched
    (bid_qty, bid_text), (ask_qty, ask_text) = bid, ask
    own_bid, own_ask = everywhere.own.get(row, _NONE)
    beside_bid, beside_ask = everywhere.beside.get(row, _NONE)
    return Level(
        price,
        bid_text,
        ask_text,
        int(bid_qty * width / scale) if bid_text and scale else 0,
        int(ask_qty * width / scale) if ask_text and scale else 0,
        own_bid,
        own_ask,
        everywhere.marks.get(row, ""),
        "bid" if row == best_bid else ("ask" if row == best_ask else ""),
        arrow if row == last else "",
        row == last and best_bid is not None and best_ask is not None and best_bid < row < best_ask,
        row == everywhere.cursor,
        everywhere.stale,
        beside_bid,
        beside_ask,
        everywhere.volume.get(row, ""),
    )
