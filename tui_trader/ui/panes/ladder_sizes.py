"""The sizes of a ladder's rows: as they stand, summed from the touch, and what came and went beside them.

Rows are counted from price zero in steps of ``group`` ticks; asks round up and bids down. It must not know the window's history,
the cursor or columns: it is asked for the rows from ``bottom`` to ``top``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple

from tui_trader.core.book import Book
from tui_trader.core.decimals import ZERO
from tui_trader.state.flow import WINDOW_S, Flow
from tui_trader.ui.format import compact, fitted

_MEMO_LIMIT = 2_048

Sized = tuple[Decimal, str]
"""A size and how it is written."""


class Shows(StrEnum):
    """What the two size columns tell."""

    SIZE = "size"
    CUMULATIVE = "cum"
    FLOW = "flow"
    """Sizes, and beside them what was pulled or stacked."""

    @property
    def next(self) -> Shows:
        """The one that the key goes to."""
        order = list(Shows)
        return order[(order.index(self) + 1) % len(order)]

    @property
    def caption(self) -> str:
        """What the title says of it; nothing for the usual."""
        return {Shows.SIZE: "", Shows.CUMULATIVE: "cumulative", Shows.FLOW: f"±{WINDOW_S}s"}[self]


class Rows(NamedTuple):
    """Sizes by row."""

    bids: dict[int, Sized]
    asks: dict[int, Sized]


class Sizes:
    """Writes sizes, and remembers how equal ones are written."""

    def __init__(self) -> None:
        self._texts: dict[Any, Sized] = {}
        self._width = 0

    def forget(self) -> None:
        """Another contract, or another tick."""
        self._texts.clear()

    def rows(self, book: Book, group: int, bottom: int, top: int, width: int, *, cumulative: bool = False) -> Rows:
        """Return what stands on the rows, in ``width`` cells; with ``cumulative`` what stands from the touch up to there."""
        if width != self._width:
            self._texts.clear()
            self._width = width
        bids, asks = book.raw_sides
        if cumulative:
            return Rows(
                self._summed(book, book.bid_ticks, bids, group, 1, bottom, top),
                self._summed(book, book.ask_ticks, asks, group, -1, bottom, top),
            )
        if group == 1:
            return Rows(self._seen(book, bids, bottom, top), self._seen(book, asks, bottom, top))
        return Rows(self._grouped(book, bids, group, 1, bottom, top), self._grouped(book, asks, group, -1, bottom, top))

    def _seen(self, book: Book, levels: Mapping[int, Any], bottom: int, top: int) -> dict[int, Sized]:
        texts, found = self._texts, dict[int, Sized]()
        for tick in range(bottom, top + 1):  # few beside what a book holds
            if tick in levels:
                raw = levels[tick]
                found[tick] = texts.get(raw) or self.text(book, raw)
        return found

    def text(self, book: Book, raw: Any) -> Sized:
        """Return the size that a raw value of a book stands for."""
        known = self._texts.get(raw)
        if known is None:
            if len(self._texts) >= _MEMO_LIMIT:
                self._texts.clear()
            size = book.size_of(raw)
            text = self._as_told(book, raw) or self._written(book, size)
            known = self._texts[raw] = (size, text)
        return known

    def _as_told(self, book: Book, raw: Any) -> str:
        """Return a size as the venue has written it where that is how sizes are written here; empty where it is not."""
        if type(raw) is not str or len(raw) > self._width:
            return ""
        whole, point, rest = raw.partition(".")
        places = book.instrument.qty_places
        if len(rest) != places or bool(point) != bool(places) or not raw.isascii() or not (whole + rest).isdecimal():
            return ""
        return raw if 0 < len(whole) <= 3 and (whole == "0" or whole[0] != "0") else ""

    def _written(self, book: Book, size: Decimal) -> str:
        return fitted(size, book.instrument.qty_places, self._width)

    def _grouped(self, book: Book, levels: Mapping[int, Any], group: int, sign: int, bottom: int, top: int) -> dict[int, Sized]:
        total: dict[int, Decimal] = {}
        for tick, raw in levels.items():
            row = sign * (sign * tick // group)
            if bottom <= row <= top:
                total[row] = total.get(row, ZERO) + self.text(book, raw)[0]
        return {row: (size, self._written(book, size)) for row, size in total.items()}

    def _summed(
        self, book: Book, order: Iterable[int], levels: Mapping[int, Any], group: int, sign: int, bottom: int, top: int
    ) -> dict[int, Sized]:
        total, sums = ZERO, dict[int, Decimal]()
        for tick in order:  # the touch first
            row = sign * (sign * tick // group)
            if (row < bottom) if sign > 0 else (row > top):
                break
            total += self.text(book, levels[tick])[0]
            if bottom <= row <= top:
                sums[row] = total
        return {row: (size, self._written(book, size)) for row, size in sums.items()}


def flow_of(flow: Flow, group: int, bottom: int, top: int, width: int) -> tuple[dict[int, str], dict[int, str]]:
    """Return by row what was stacked more than pulled (``+1.2``), or less (``-0.8``), of bids and of asks."""
    sides = []
    for is_bid, sign in ((True, 1), (False, -1)):
        net: dict[int, Decimal] = {}
        for ticks, change in flow.changes(is_bid, (bottom - 1) * group, (top + 1) * group).items():
            row = sign * (sign * ticks // group)
            if bottom <= row <= top:
                net[row] = net.get(row, ZERO) + change.net
        sides.append({row: compact(size, width, signed=True) for row, size in net.items() if size})
    return sides[0], sides[1]


def volume_of(flow: Flow, group: int, bottom: int, top: int, places: int, width: int) -> dict[int, str]:
    """Return by row what traded there since counting began; a price between two rows counts to the nearest."""
    total: dict[int, Decimal] = {}
    for ticks, size in flow.volume.items():
        row = (ticks + group // 2) // group
        if bottom <= row <= top:
            total[row] = total.get(row, ZERO) + size
    return {row: fitted(size, places, width) for row, size in total.items()}
