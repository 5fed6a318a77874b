"""Columns of text: which of them fit, how wide they are, and that they never jump.

A column is as wide as the longest thing it has shown since the pane had this size, so it can grow but never shrink. When the
width is short the least important columns disappear whole. A number that is not to be trusted has its ``?`` in the blank after
its column, which is there anyway. It must not know what is in the cells.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from rich.cells import cell_len

from tui_trader.ui.format import ELLIPSIS, STALE_MARK
from tui_trader.ui.panes.spans import Row, Span, cut, fit


class Column(NamedTuple):
    """One column; a smaller ``rank`` is more important."""

    key: str
    title: str
    width: int
    """Cells at least."""
    rank: int
    right: bool = False
    """Right-aligned: for numbers, which are replaced by an ellipsis rather than cut."""
    doubtful: bool = False
    """Whether its cells may be followed by ``?``."""


class Cell(NamedTuple):
    """What stands in one column of one row."""

    text: str
    role: str = "text"
    doubt: bool = False
    """Whether it is followed by ``?``."""


Record = Mapping[str, Cell]

_EMPTY = Cell("")


class Table:
    """Lays records out under columns; ``gap`` blanks between two."""

    def __init__(self, columns: Sequence[Column], gap: int = 1) -> None:
        self._columns = tuple(columns)
        self._gap = gap
        # A mark in the blank after a number would touch a word that begins the next column.
        self._before = {
            column.key: gap + int(left.doubtful and not column.right)
            for left, column in zip(self._columns, self._columns[1:], strict=False)
        }
        self._grown: dict[str, int] = {}
        self._width = -1
        self._shown: tuple[tuple[str, int, bool, int], ...] = ()
        """Key, cells, whether right-aligned, and cells before it, of each column that fits."""
        self._cells = 0
        """What they take together."""
        self._header: Row | None = None

    def fit(self, records: Sequence[Record], width: int) -> None:
        """Choose the columns for ``width`` and widen them for what ``records`` hold."""
        grown, anew = self._grown, width != self._width
        if anew:
            self._width = width
            grown = self._grown = {column.key: max(column.width, cell_len(column.title)) for column in self._columns}
        for record in records:
            for key, cell in record.items():
                text = cell.text
                if (len(text) if text.isascii() else cell_len(text)) > grown.get(key, 1 << 30):
                    grown[key] = cell_len(text)
                    anew = True
        if anew:
            self._choose(width)

    def _choose(self, width: int) -> None:
        used = 0
        kept: set[str] = set()
        for column in sorted(self._columns, key=lambda c: c.rank):
            need = self._grown[column.key] + (self._before.get(column.key, self._gap) if kept else 0)
            if used + need > width:
                if not kept:
                    self._grown[column.key] = max(1, width)
                    kept.add(column.key)
                break
            kept.add(column.key)
            used += need
        if used == width and len(kept) > 1 and [c for c in self._columns if c.key in kept][-1].doubtful:
            # The mark of the last column needs a place too.
            kept.remove(max((c for c in self._columns if c.key in kept), key=lambda c: c.rank).key)
        shown = [column for column in self._columns if column.key in kept]
        gaps = [0] * min(1, len(shown)) + [self._before.get(column.key, self._gap) for column in shown[1:]]
        self._shown = tuple(
            (column.key, self._grown[column.key], column.right, gap) for column, gap in zip(shown, gaps, strict=True)
        )
        self._cells = sum(gaps) + sum(self._grown[column.key] for column in shown)
        self._header = None

    def shows(self, key: str) -> bool:
        """Whether a column is among those that fit."""
        return any(shown == key for shown, _, _, _ in self._shown)

    def header(self) -> Row:
        """Return the titles."""
        if self._header is None:
            self._header = self.row({column.key: Cell(column.title, "header") for column in self._columns}, "header")
        return self._header

    def row(self, record: Record, role: str | None = None) -> Row:
        """Return one record as a row of the fitted width; ``role`` overrides those of the cells."""
        out: list[Span] = []
        doubt, before = False, "text"
        for key, cells, right, gap in self._shown:
            if gap:
                out.append(Span((STALE_MARK if doubt else " ").ljust(gap), role or (before if doubt else "text")))
            cell = record.get(key, _EMPTY)
            out.append(Span(_placed(cell.text, cells, right), role or cell.role))
            doubt, before = cell.doubt, cell.role
        if doubt:
            out.append(Span(STALE_MARK, role or before))
        rest = self._width - self._cells - doubt
        if rest > 0:
            out.append(Span(" " * rest, role or "text"))
        return tuple(out) if rest >= 0 else fit(out, self._width, role or "text")


def _placed(text: str, width: int, right: bool) -> str:
    length = len(text) if text.isascii() else cell_len(text)
    if length == width:
        return text
    if length <= width:
        blanks = " " * (width - length)
        return blanks + text if right else text + blanks
    if right and any(char.isdigit() for char in text):
        return ELLIPSIS.rjust(width)
    return cut(text, width)
