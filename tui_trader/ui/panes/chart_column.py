"""One bar as a column of cells: a body, its wicks, and a volume below; or what stands where there is no bar.

A cell is cut in halves. In narrow charts a body is a heavy line and a wick a light one, which join in one cell; with room
between the bars a body is a block.
"""

from __future__ import annotations

from decimal import Decimal

from tui_trader.core.bar import Bar, Gap
from tui_trader.ui.panes.chart_scale import HALVES, Scale
from tui_trader.ui.panes.spans import Span

EMPTY = Span(" ", "text")
DOT = Span("·", "stale")
"""A time that nobody observed: a gap is dotted, and never a flat line."""

QUIET = Span("─", "dim")

Column = tuple[Span, ...]

_LINES = {
    # (upper half, lower half): 0 nothing, 1 wick, 2 body
    (0, 1): "╷",
    (1, 0): "╵",
    (1, 1): "│",
    (0, 2): "╻",
    (2, 0): "╹",
    (2, 2): "┃",
    (1, 2): "╽",
    (2, 1): "╿",
}
_BLOCKS = _LINES | {(0, 2): "▄", (2, 0): "▀", (2, 2): "█", (1, 2): "▄", (2, 1): "▀"}
_VOLUMES = " ▁▂▃▄▅▆▇█"


def column_of(bar: Bar | Gap | None, scale: Scale, *, blocks: bool) -> Column:
    """Return the cells of a bar from the top row down; None is a time that has only just passed."""
    if bar is None or (isinstance(bar, Gap) and bar.observed):
        return (EMPTY,) * scale.rows
    if isinstance(bar, Gap):
        return tuple(DOT if row % 3 == 1 else EMPTY for row in range(scale.rows))
    if bar.is_quiet:
        row = scale.row(bar.close)
        return tuple(QUIET if at == row else EMPTY for at in range(scale.rows))
    high, low = scale.half(bar.high), scale.half(bar.low)
    top, bottom = sorted((scale.half(bar.open), scale.half(bar.close)))
    role = role_of(bar)
    glyphs = _BLOCKS if blocks else _LINES
    cells = []
    for row in range(scale.rows):
        upper, lower = (_part(half, high, low, top, bottom) for half in range(row * HALVES, row * HALVES + HALVES))
        cells.append(Span(glyphs[upper, lower], role) if upper or lower else EMPTY)
    return tuple(cells)


def role_of(bar: Bar) -> str:
    """Return the colour of a bar: risen, fallen, or not known whole."""
    if not bar.is_whole:
        return "stale"
    return "gain" if bar.close >= bar.open else "loss"


def volume_of(bar: Bar | Gap | None, largest: Decimal, rows: int) -> Column:
    """Return the cells of a volume from the top row down, an eighth of a cell at a time; what was traded is never nothing."""
    if not isinstance(bar, Bar) or not bar.volume or not largest:
        return (EMPTY,) * rows
    level = max(1, round(float(bar.volume / largest) * rows * 8))
    return tuple(Span(_VOLUMES[min(8, max(0, level - 8 * floor))], "dim") for floor in range(rows - 1, -1, -1))


def _part(half: int, high: int, low: int, top: int, bottom: int) -> int:
    if top <= half <= bottom:
        return 2
    return 1 if high <= half <= low else 0
