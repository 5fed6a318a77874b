"""CellGrid: the widget every hot pane is made of — lines of styled text of which only the changed cells are drawn.

    class Ladder(CellGrid):
        def paint(self, dirty):                       # called by the FramePump
            for y, level in enumerate(levels):
                self.set_row(y, [(f"{level.size:>10}", self.bid), (f" {level.price:>12}", self.plain)])

A *span* is ``(text, style)``: plain text (never markup) and a rich ``Style`` laid over the grid's own colours; ``None`` is
the grid's own style. Keep ``Style`` objects and reuse them (``self.part("grid--bid")`` resolves a component class). A row is
padded and cut to the width; a row never set is blank.

    set_row(y, spans)          want one row; costs a comparison when nothing changed
    set_rows(rows, first=0)    want these rows, and blank every row after them
    clear()                    blank every row
    cursor_row                 the highlighted row, or None; component class ``grid--cursor``
    row_at(y)                  the row at a line of the content, e.g. of a mouse event; None where there is none
    line(y)                    the text of a row as it is drawn
    showing                    whether anybody can see the grid (the FramePump asks)

The rows are the truth: the compositor draws from them whenever it wants. When nothing covers the grid its changed cells go
straight to the cell model of the driver; otherwise, or under another driver, the changed regions are refreshed the ordinary
way. Both give the same cells. The grid does not scroll: a pane chooses which rows it shows. It knows nothing of trading.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import ClassVar, Self

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from tui_trader.ui import adapter
from tui_trader.ui.frame import PACE_S
from tui_trader.ui.graphemes import graphemes

Look = Style | str | None
"""A style, the name of one (see ``named``), or nothing beyond the grid's own."""

Span = tuple[str, Look]
_Row = tuple[Span, ...]
_MAX_STYLES = 1024
_MAX_PREPARED = 512


class CellGrid(Widget):
    """Rows of styled cells; see the module for the interface."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"grid--cursor"}
    ALLOW_SELECT = False

    DEFAULT_CSS = """
    CellGrid {
        height: 1fr;
        overflow: hidden;
        background: $background;
        color: $foreground;
    }
    CellGrid > .grid--cursor {
        background: $primary-muted;
        text-style: bold;
    }
    """

    def __init__(self, *, name: str | None = None, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self.hot = False
        """Whether it is painted before others in a frame."""
        self.pace_s = PACE_S
        """Seconds between two paintings that only the market asks for, if it is not hot."""
        self.fluid = False
        """Whether spans of its rows usually change their widths: then rows are drawn whole rather than span by span."""
        self._rows: list[_Row] = []
        self._strips: dict[int, Strip] = {}
        self._strip_width = -1
        self._cursor_row: int | None = None
        self._drawing = False
        self._epoch = -1
        self._window: adapter.Window | None = None
        self._stale: set[int] = set()
        self._sight = adapter.Sight(self)
        self._own: Style | None = None
        self._filters: tuple[Sequence[LineFilter], Color] | None = None
        self._cursor_style: Style = Style()
        self._drawn_as: dict[tuple[Look, bool], Style] = {}
        self._pens: tuple[dict[int, tuple[str, Look]], dict[int, tuple[str, Look]]] = ({}, {})
        """Pens of ordinary and of highlighted rows, as characters of the model, by the identity of a style or of its name."""
        self._pens_of: object = None
        self._prepared: dict[_Row, tuple[str, str]] = {}
        """Rows as cells and pens of the model, while width, pens and stand-ins stay as they are; empty for what is not plain."""
        self._prepared_for: object = None

    # -- rows -----------------------------------------------------------------------------------------------------------

    def set_row(self, y: int, spans: Sequence[Span]) -> None:
        """Want ``spans`` as row ``y``."""
        row = tuple(spans)
        rows = self._rows
        if y < len(rows):
            old = rows[y]
            if row == old:
                return
            rows[y] = row
        else:
            rows.extend(() for _ in range(y - len(rows)))
            rows.append(row)
            old = ()
        self._strips.pop(y, None)
        window = self._window
        if not self._drawing or (window is not None and window.driver.model.epoch != self._epoch):
            self._begin()
            window = self._window
        if window is None or self.fluid or len(old) != len(row) or y >= window.height:
            self._draw_row(y)
            return
        if window.framed:
            adapter.mark_lines(self, y, y + 1)
        pens = self._pens[y == self._cursor_row]
        if not window.driver.model.put_changes(window.y + y, window.x, window.x + window.width, row, old, pens):
            self._draw_row(y)  # the columns after a change move, or it is not plain text

    def set_rows(self, rows: Sequence[Sequence[Span]], first: int = 0) -> None:
        """Want ``rows`` from row ``first`` on, and every row after them blank."""
        for y, spans in enumerate(rows, first):
            self.set_row(y, spans)
        for y in range(first + len(rows), len(self._rows)):
            self.set_row(y, ())
        del self._rows[first + len(rows) :]

    def clear(self) -> None:
        """Want every row blank."""
        self.set_rows(())

    @property
    def row_count(self) -> int:
        """Rows that were set."""
        return len(self._rows)

    @property
    def cursor_row(self) -> int | None:
        """The highlighted row."""
        return self._cursor_row

    @cursor_row.setter
    def cursor_row(self, row: int | None) -> None:
        if row == self._cursor_row:
            return
        before, self._cursor_row = self._cursor_row, row
        self._begin()
        for y in (before, row):
            if y is not None:
                self._strips.pop(y, None)
                self._draw_row(y)

    def row_at(self, y: int) -> int | None:
        """Return the row drawn on line ``y`` of the content."""
        return y if 0 <= y < min(len(self._rows), self.content_size.height) else None

    def line(self, y: int) -> str:
        """Return the text of row ``y``, padded and cut to the width."""
        return self.render_line(y).text

    def named(self, name: str) -> Style:
        """Return the style that spans call by a name; of itself a grid knows none."""
        raise KeyError(name)

    def part(self, component: str) -> Style:
        """Return the style of a component class without the grid's own, to be used in spans."""
        return self.get_component_rich_style(component, partial=True)

    @property
    def showing(self) -> bool:
        """Whether the grid is on a screen that is drawn and not switched off."""
        if self.parent is None:
            return False
        return self._sight.window() is not None or self._sight.is_drawn()

    def heeds(self, topic: tuple[object, ...]) -> bool:
        """Whether what a topic brought makes the grid look different now; where in doubt it does."""
        return True

    # -- drawing --------------------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        """Find out how to draw from now until the callbacks that are due have run, or until the compositor draws."""
        if not self.is_attached:
            return  # the first paint shows every row
        self._window = window = self._sight.window()
        if not self._drawing:
            self._drawing = True
            if window is None:
                asyncio.get_running_loop().call_soon(self._end)
            else:
                window.driver.present_soon(self._end)
        if window is None:
            return
        self._epoch = window.driver.model.epoch
        prepared_for = (window.width, window.driver.model.stand_ins)
        if self._prepared_for != prepared_for:
            self._prepared_for = prepared_for
            self._prepared.clear()
        if self._pens_of is not window.driver.model.pens:
            self._pens_of = window.driver.model.pens
            self._forget_pens()

    def _end(self) -> None:
        self._drawing = False
        self._window = None
        stale, self._stale = self._stale, set()
        if stale and self.is_attached:
            width, height = self.content_size
            self.refresh(*(Region(0, y, width, 1) for y in stale if y < height))

    def _draw_row(self, y: int) -> None:
        """Draw a whole row; the compositor does when the grid may not."""
        window = self._window
        if window is None:
            if self._drawing:
                self._stale.add(y)
        elif y < window.height:
            if window.framed:
                adapter.mark_lines(self, y, y + 1)
            self._put_row(window, y)

    def _put_row(self, window: adapter.Window, y: int) -> None:
        """Want the cells of a whole row, without making a strip of it first: the model finds out which are new."""
        marked = y == self._cursor_row
        pens, model = self._pens[marked], window.driver.model
        line, x, right = window.y + y, window.x, window.x + window.width
        if not marked and y < len(self._rows):
            prepared = None if self.fluid else self._prepared.get(self._rows[y])
            if prepared is None:
                prepared = self._prepare(self._rows[y], window)
            text, inks = prepared
            if text and right <= model.width and line < model.height and model.put_line(line, x, text, inks):
                return
        for text, style in self._rows[y] if y < len(self._rows) else ():
            if x >= right:
                return
            found = pens.get(id(style))
            pen = self._pen(style, marked) if found is None else ord(found[0])
            width = _width(text)
            if x + width > right:
                model.put(line, x, set_cell_size(text, right - x), pen)
                return
            model.put(line, x, text, pen)
            x += width
        if x < right:
            model.put(line, x, " " * (right - x), self._pen(None, marked))

    def _prepare(self, row: _Row, window: adapter.Window) -> tuple[str, str]:
        """Return the cells of a row and their pens, padded to the width; nothing where a character is not one sure cell."""
        texts: list[str] = []
        inks: list[str] = []
        model, used = window.driver.model, 0
        for text, style in row:
            if not (text.isascii() and text.isprintable()):
                cells, odd = graphemes(text)
                if odd or cells != text or model.stand_ins is not None:
                    used = window.width + 1
                    break
            found = self._pens[False].get(id(style))
            texts.append(text)
            inks.append((chr(self._pen(style, False)) if found is None else found[0]) * len(text))
            used += len(text)
        if used < window.width:
            texts.append(" " * (window.width - used))
            inks.append(chr(self._pen(None, False)) * (window.width - used))
        prepared = ("".join(texts), "".join(inks)) if used <= window.width else ("", "")
        if not self.fluid:  # of those hardly one comes back
            if len(self._prepared) >= _MAX_PREPARED:
                self._prepared.clear()
            self._prepared[row] = prepared
        return prepared

    def _pen(self, style: Look, marked: bool) -> int:
        assert self._window is not None
        pens = self._pens[marked]
        if len(pens) >= _MAX_STYLES:
            pens.clear()
        pen = self._window.driver.model.pens.of(self._filtered(self._style(style, marked)))
        pens[id(style)] = chr(pen), style  # with the style itself, so that its id stays its own
        return pen

    def render_line(self, y: int) -> Strip:
        """Return row ``y``, before the filters of the app."""
        width = self.content_size.width
        if width != self._strip_width:
            self._strip_width = width
            self._strips.clear()
        strip = self._strips.get(y)
        if strip is None:
            strip = self._strips[y] = self._strip(y, width)
        return strip

    def render_lines(self, crop: Region) -> list[Strip]:
        """Return lines for the compositor, without the detour over borders and effects where there are none."""
        if self.gutter or adapter.has_effects(self):
            return super().render_lines(crop)
        lines = [self._line(y) for y in crop.line_range]
        if crop.x or crop.width != self.size.width:
            lines = [line.crop(crop.x, crop.right) for line in lines]
        return lines

    def _line(self, y: int) -> Strip:
        """Return row ``y`` as it is drawn, through the filters of the app (monochrome, ANSI colours)."""
        strip = self.render_line(y)
        filters, background = self._look()
        for line_filter in filters:
            strip = strip.apply_filter(line_filter, background)
        return strip

    def _strip(self, y: int, width: int) -> Strip:
        row = self._rows[y] if y < len(self._rows) else ()
        marked = y == self._cursor_row
        segments: list[Segment] = []
        used = 0
        for text, style in row:
            length = _width(text)
            if length:
                segments.append(Segment(text, self._style(style, marked)))
                used += length
        if used < width:
            segments.append(Segment(" " * (width - used), self._style(None, marked)))
        strip = Strip(segments, max(used, width))
        return strip if used <= width else strip.crop(0, width)

    def _style(self, style: Look, marked: bool) -> Style:
        key = (style, marked)
        drawn = self._drawn_as.get(key)
        if drawn is None:
            if self._own is None:
                self._own = self.rich_style
                self._cursor_style = self.get_component_rich_style("grid--cursor", partial=True)
            if len(self._drawn_as) >= _MAX_STYLES:
                self._drawn_as.clear()
            drawn = self._own if style is None else self._own + (self.named(style) if isinstance(style, str) else style)
            if marked:
                drawn += self._cursor_style
            self._drawn_as[key] = drawn
        return drawn

    def _filtered(self, style: Style) -> Style | None:
        segments = [Segment("x", style)]
        filters, background = self._look()
        for line_filter in filters:
            segments = line_filter.apply(segments, background)
        return segments[0].style

    def _look(self) -> tuple[Sequence[LineFilter], Color]:
        if self._filters is None:
            self._filters = self.get_line_filters(), self.background_colors[1]
        return self._filters

    # -- what makes everything look different -----------------------------------------------------------------------------

    def notify_style_update(self) -> None:
        """Forget every colour: theme, focus or CSS changed, and Textual is about to draw the widget again."""
        super().notify_style_update()
        self._restyle()

    def refresh(self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False) -> Self:
        """Draw again; without regions, from the styles on."""
        if not regions and repaint:
            self._restyle()
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    def restyle(self) -> None:
        """Draw every row anew when it is next wanted: names stand for other styles now."""
        self._rows.clear()
        self._restyle()

    def _restyle(self) -> None:
        if hasattr(self, "_sight"):
            self._own = None
            self._filters = None
            self._drawn_as.clear()
            self._forget_pens()
            self._strips.clear()
            self._sight.forget()

    def _forget_pens(self) -> None:
        self._prepared.clear()
        for pens in self._pens:
            pens.clear()


def _width(text: str) -> int:
    return len(text) if text.isascii() else cell_len(text)
