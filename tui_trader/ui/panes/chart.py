"""The chart: candles of one instrument from a second to a day, with volume, own prices, own fills, and gaps that look like gaps.

It asks for bars and draws those that are there (``state/charts``); it waits for no disk. Columns that have not changed are not
made again, and of the rows only those are composed that a changed column differs in.
"""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from tui_trader.core.bar import Bar, Bars, Gap
from tui_trader.core.clock import Clock
from tui_trader.core.decimals import CONTEXT, ZERO
from tui_trader.core.instrument import Instrument
from tui_trader.core.interval import STEPS, interval_text
from tui_trader.core.types import InstrumentId, Side
from tui_trader.state import topic as t
from tui_trader.state.charts import Filling, Wish
from tui_trader.state.store import Store
from tui_trader.ui.format import fitted, number, percent
from tui_trader.ui.panes.chart_column import EMPTY, Column, column_of, role_of, volume_of
from tui_trader.ui.panes.chart_marks import Mark, fills_of, marks_of
from tui_trader.ui.panes.chart_scale import Scale, moment_text, scale_for, time_labels
from tui_trader.ui.panes.spans import BLANK, Part, Row, Span, by_rank, fit, page, part
from tui_trader.ui.panes.view import OVERVIEW_S, View, waiting

DEFAULT_S = 60

SPACINGS = (1, 2, 3)
"""Cells from one bar to the next."""

ROOMY = 90
"""Cells from which bars stand two cells apart unless the trader says otherwise."""

_TALL, _LOW, _LEAST = 12, 7, 4
"""Rows with two rows of volume, with one, and with a line of values and a time axis."""

_FAR = Decimal(1)
"""How far beyond the bars, in heights of theirs, a price of ours may lie and still be given room."""


_TOPICS: frozenset[t.Topic] = frozenset({t.CHART, t.CLOCK, t.INSTRUMENTS, t.POSITIONS, t.ORDERS, t.FILLS, t.LINKS})


class ChartView(View):
    """Candles of one instrument."""

    name: ClassVar[str] = "chart"
    pace_s = OVERVIEW_S

    def __init__(self, store: Store, clock: Clock, instrument: InstrumentId | None = None) -> None:
        super().__init__(store, clock)
        self.interval_s = DEFAULT_S
        """Length of a bar."""
        self._iid = instrument
        self._spacing: int | None = None
        self._end_s: int | None = None
        """The second after the newest bar shown; None while the chart follows the market."""
        self._cursor: int | None = None
        """Beginning of the bar under the crosshair."""
        self._scale: Scale | None = None
        self._starts: list[int] = []
        self._columns: dict[tuple[object, ...], Column] = {}
        self._shape: tuple[object, ...] = ()
        self._cells: list[Column] = []
        self._plot: list[Row] = []

    # -- keys ------------------------------------------------------------------------------------------------------

    @property
    def instrument(self) -> InstrumentId | None:
        """The contract shown."""
        return self._iid

    def watch(self, instrument: InstrumentId | None) -> None:
        """Show another contract."""
        if instrument != self._iid:
            self._iid = instrument
            self._anew()

    def timeframe(self, step: int) -> None:
        """Take longer (+1) or shorter (-1) bars."""
        longer = [one for one in STEPS if one > self.interval_s]
        shorter = [one for one in STEPS if one < self.interval_s]
        if step > 0 and longer:
            self.set_interval(longer[0])
        elif step < 0 and shorter:
            self.set_interval(shorter[-1])

    def set_interval(self, seconds: int) -> None:
        """Take bars of a length."""
        self.interval_s = seconds
        self._anew()

    def zoom(self, step: int) -> None:
        """Move the bars apart (+1) or together (-1)."""
        at = SPACINGS.index(self._spacing or 1) + step
        self._spacing = SPACINGS[min(max(at, 0), len(SPACINGS) - 1)]
        self.moved()

    def cursor_left(self) -> None:
        """Move the crosshair to the bar before, and the chart with it at the edge."""
        self._walk(-1)

    def cursor_right(self) -> None:
        """Move the crosshair to the next bar."""
        self._walk(1)

    def scroll(self, screens: int) -> None:
        """Go half a screen back (-1) or forward (+1) in time."""
        if not self._starts:
            return
        step = max(1, len(self._starts) // 2) * self.interval_s
        end = (self._end_s or self._starts[-1] + self.interval_s) + screens * step
        self._end_s = None if end >= self._newest_end() else end
        self._cursor = None
        self.moved()

    def cursor_off(self) -> None:
        """Take the crosshair away and follow the market."""
        self._cursor = self._end_s = None
        self.moved()

    cursor_bottom = cursor_off

    def cursor_top(self) -> None:
        """Put the crosshair on the oldest bar shown."""
        if self._starts:
            self._cursor = self._starts[0]
            self.moved()

    def _walk(self, step: int) -> None:
        if not self._starts:
            return
        last = self._starts[-1]
        at = last if self._cursor is None else self._cursor + step * self.interval_s
        if at < self._starts[0]:
            self._end_s = (self._end_s or last + self.interval_s) - self.interval_s
        elif at > last:
            if self._end_s is None:
                return
            end = self._end_s + self.interval_s
            self._end_s = None if end >= self._newest_end() else end
        self._cursor = at
        self.moved()

    def _newest_end(self) -> int:
        now_s = self.clock.wall_ns() // 1_000_000_000
        return now_s - now_s % self.interval_s + self.interval_s

    def _anew(self) -> None:
        self._cursor = self._end_s = self._scale = None
        self.moved()

    # -- content ---------------------------------------------------------------------------------------------------

    @property
    def topics(self) -> frozenset[t.Topic]:
        return _TOPICS

    def title(self) -> list[Part]:
        parts = [part(0, f"CHART {interval_text(self.interval_s)}", "title")]
        if self._end_s is not None:
            parts.append(part(1, "PAST", "warn"))
        elif self._is_stale():
            parts.append(part(1, "STALE ?", "alarm"))
        filling = self._filling()
        if filling is not None:
            parts.append(part(1, f"filling {filling.percent}%{', waits' if filling.waits else ''}", "dim"))
        if self._iid is not None:
            parts.append(part(2, self._iid.symbol, "dim"))
        return parts

    def body(self, width: int, height: int) -> list[Row]:
        if self._iid is None:
            return waiting("no symbol chosen", width, height)
        instrument = self.store.instruments.get(self._iid)
        if instrument is None:
            return waiting(f"waiting for the products of {self._iid.venue}", width, height)
        gutter = self._gutter(instrument)
        plot_width = width - gutter
        if plot_width < 4 or height < 2:
            return waiting("no room for a chart", width, height)
        spacing = self._spacing or (2 if plot_width >= ROOMY else 1)
        count = plot_width // spacing
        self.store.charts.ask(Wish(self._iid, self.interval_s, count, self._end_s))
        found = self.store.charts.bars(self._iid, self.interval_s)
        if found is None:
            return waiting("reading candles", width, height)
        bars = self._lined_up(found, count)
        known = [bar for bar in bars if isinstance(bar, Bar)]
        if not known and self._filling() is not None:
            return waiting(f"asking {self._iid.venue} for candles", width, height)
        if not known:
            return waiting(f"no candle of {interval_text(self.interval_s)} is known of this time yet", width, height)
        return self._draw(instrument, bars, known, spacing, plot_width, width, height)

    def _draw(
        self,
        instrument: Instrument,
        bars: list[Bar | Gap | None],
        known: list[Bar],
        spacing: int,
        plot_width: int,
        width: int,
        height: int,
    ) -> list[Row]:
        values = times = 1 if height >= _LEAST else 0
        volumes = 2 if height >= _TALL else 1 if height >= _LOW else 0
        rows = height - values - times - volumes
        marks = marks_of(self.store, instrument)
        scale = self._scale_of(known, marks, rows, instrument)
        plot = self._composed(instrument, bars, marks, scale, spacing, plot_width)
        last = known[-1] if self._end_s is None else None
        labels = self._labels(instrument, scale, marks, last, width - plot_width)
        out: list[Row] = [self._values(instrument, known, width)] if values else []
        out += [(*row, label) for row, label in zip(plot, labels, strict=True)]
        out += self._volume_rows(bars, known, spacing, plot_width, volumes, width - plot_width, instrument)
        if times:
            out.append((Span(time_labels(self._starts, spacing, width, "UTC"), "dim"),))
        return page(out, width, height)

    # -- bars ------------------------------------------------------------------------------------------------------

    def _lined_up(self, found: Bars, count: int) -> list[Bar | Gap | None]:
        """Return one item for each column, the newest last; gaps are cut into bars' lengths."""
        interval = self.interval_s
        by_start: dict[int, Bar | Gap] = {}
        end = 0
        for item in found:
            end = item.end_s
            if isinstance(item, Bar):
                by_start[item.start_s] = item
            else:
                for start in range(item.start_s, item.end_s, interval):
                    by_start[start] = Gap(start, start + interval, item.observed)
        self._starts = list(range(end - count * interval, end, interval)) if end else []
        return [by_start.get(start) for start in self._starts]

    def _scale_of(self, known: list[Bar], marks: tuple[Mark, ...], rows: int, instrument: Instrument) -> Scale:
        """Return the scale that is in force as long as it holds everything: a price that moves must not move all the others."""
        low, high = min(bar.low for bar in known), max(bar.high for bar in known)
        reach = max(high - low, instrument.tick * rows) * _FAR
        near = [mark.price for mark in marks if low - reach <= mark.price <= high + reach]
        low, high = min([low, *near]), max([high, *near])
        scale = self._scale
        if scale is None or scale.rows != rows or not scale.holds(low, high):
            scale = self._scale = scale_for(low, high, rows, instrument.tick)
        return scale

    # -- drawing ---------------------------------------------------------------------------------------------------

    def _composed(
        self,
        instrument: Instrument,
        bars: list[Bar | Gap | None],
        marks: tuple[Mark, ...],
        scale: Scale,
        spacing: int,
        plot_width: int,
    ) -> list[Row]:
        """Return the rows of the plot; those that nothing has changed in are the ones of the last time."""
        lines = self._lines(marks, scale)
        blocks = spacing > 1
        shape = (scale, spacing, plot_width, tuple(lines.items()))
        if shape != self._shape:
            self._columns.clear()
            self._cells, self._plot, self._shape = [], [], shape
        fills = fills_of(self.store, instrument.id, self.interval_s, self._starts[0]) if self._starts else {}
        memo, cells = self._columns, []
        if len(memo) > 4 * len(bars) + 64:
            memo.clear()
        for start, bar in zip(self._starts, bars, strict=True):
            own = tuple(fills.get(start, ()))
            chosen = start == self._cursor
            key = (bar, own, chosen)
            column = memo.get(key)
            if column is None:
                column = memo[key] = _dressed(column_of(bar, scale, blocks=blocks), lines, own, scale, chosen)
            cells.append(column)
        before, plot = self._cells, self._plot
        if len(before) != len(cells) or not plot:
            stale = set(range(scale.rows))
            plot = [BLANK] * scale.rows
        else:
            stale = set()
            for old, new in zip(before, cells, strict=True):
                if old is not new and old != new:
                    stale.update(row for row in range(scale.rows) if old[row] != new[row])
        between = spacing - 1
        for row in stale:
            plot[row] = _joined([column[row] for column in cells], between, lines.get(row), plot_width)
        self._cells, self._plot = cells, plot
        return plot

    def _lines(self, marks: tuple[Mark, ...], scale: Scale) -> dict[int, Mark]:
        """Return the mark of each row that has one, the most important of several."""
        found: dict[int, Mark] = {}
        for mark in marks:
            if scale.bottom <= mark.price <= scale.top:
                found.setdefault(scale.row(mark.price), mark)
        return found

    def _labels(self, instrument: Instrument, scale: Scale, marks: tuple[Mark, ...], last: Bar | None, width: int) -> list[Span]:
        """Return what stands right of each row: the last price, own prices, else the axis."""
        places = instrument.price_places
        found: dict[int, Span] = {
            row: Span(f"┤ {number(price, places)}".ljust(width), "dim") for row, price in scale.ticks(instrument.tick).items()
        }
        above = [mark for mark in marks if mark.price > scale.top]
        below = [mark for mark in marks if mark.price < scale.bottom]
        for row, beyond, arrow in ((0, above, "▲"), (scale.rows - 1, below, "▼")):
            if beyond:
                found[row] = Span(f"{beyond[0].letter}{arrow}{number(beyond[0].price, places)}".ljust(width), beyond[0].role)
        for row, mark in self._lines(marks, scale).items():
            found[row] = Span(f"{mark.letter} {number(mark.price, places)}".ljust(width), mark.role)
        if last is not None:
            role = "stale" if self._is_stale() else "bid_bar" if role_of(last) == "gain" else "ask_bar"
            found[min(max(scale.row(last.close), 0), scale.rows - 1)] = Span(f"▸ {number(last.close, places)}".ljust(width), role)
        blank = Span("│".ljust(width), "border")
        return [found.get(row, blank) for row in range(scale.rows)]

    def _volume_rows(
        self,
        bars: list[Bar | Gap | None],
        known: list[Bar],
        spacing: int,
        plot_width: int,
        rows: int,
        gutter: int,
        instrument: Instrument,
    ) -> list[Row]:
        if not rows:
            return []
        largest = max((bar.volume for bar in known), default=ZERO)
        columns = [volume_of(bar, largest, rows) for bar in bars]
        label = Span(f"  {fitted(largest, instrument.qty_places, gutter - 2)}".ljust(gutter), "dim")
        blank = Span(" " * gutter, "dim")
        lines = [_joined([column[row] for column in columns], spacing - 1, None, plot_width) for row in range(rows)]
        return [(*line, blank if row else label) for row, line in enumerate(lines)]

    def _values(self, instrument: Instrument, known: list[Bar], width: int) -> Row:
        """Return the values of the bar under the crosshair, else of the newest."""
        chosen = next((bar for bar in known if bar.start_s == self._cursor), None)
        if self._cursor is not None and chosen is None:
            text = f"{moment_text(self._cursor, self.interval_s)}  not known"
            return fit((Span(text, "stale"),), width)
        bar = chosen or known[-1]
        places = instrument.price_places
        role = role_of(bar)
        change = CONTEXT.divide((bar.close - bar.open) * 100, bar.open) if bar.open else None
        when = moment_text(bar.start_s, self.interval_s)
        parts = [
            part(3, when, "accent" if chosen else "dim"),
            Part(1, (Span("O ", "dim"), Span(number(bar.open, places), role))),
            Part(1, (Span("H ", "dim"), Span(number(bar.high, places), role))),
            Part(1, (Span("L ", "dim"), Span(number(bar.low, places), role))),
            Part(0, (Span("C ", "dim"), Span(number(bar.close, places), role))),
            Part(2, (Span("V ", "dim"), Span(number(bar.volume, instrument.qty_places), "text"))),
            part(4, percent(change), role),
        ]
        if not bar.is_whole:
            parts.append(part(2, f"{bar.known_s} of {bar.passed_s} s known", "stale"))
        return by_rank(parts, width, gap=1)

    # -- inside ----------------------------------------------------------------------------------------------------

    def _gutter(self, instrument: Instrument) -> int:
        last = self.store.ticker(instrument.id).last
        page_ = self.store.charts.page
        known = (
            [bar.high for bar in page_.bars if isinstance(bar, Bar)] if page_ and page_.wish.instrument == instrument.id else []
        )
        longest = max([*known, last or ZERO, instrument.tick])
        return len(number(longest, instrument.price_places)) + 3

    def _filling(self) -> Filling | None:
        """Return what the venue is still asked for of what is shown."""
        filling = self.store.charts.filling
        if filling is None or filling.wish.instrument != self._iid or filling.wish.interval_s != self.interval_s:
            return None
        return filling

    def _is_stale(self) -> bool:
        link = self.store.links.get((self._iid.venue, "public")) if self._iid else None
        return link is not None and not link.is_live


def _dressed(
    column: Column, lines: dict[int, Mark], fills: tuple[tuple[Decimal, Side], ...], scale: Scale, chosen: bool
) -> Column:
    """Return a column with what lies behind and over its bar: own prices, the crosshair, own fills."""
    cells = list(column)
    for row, mark in lines.items():
        if cells[row] is EMPTY:
            cells[row] = Span("╌", mark.role)
    if chosen:
        cells = [Span("┆", "cursor_mark") if cell is EMPTY else Span(cell.text, "cursor") for cell in cells]
    for price, side in fills:
        row = scale.row(price)
        if 0 <= row < len(cells):
            cells[row] = Span("▲", "own_bid") if side is Side.BUY else Span("▼", "own_ask")
    return tuple(cells)


def _joined(cells: list[Span], between: int, mark: Mark | None, width: int) -> Row:
    """Return the cells of one row as few spans, bars apart by ``between`` cells, padded to ``width``."""
    filler = EMPTY if mark is None else Span("╌", mark.role)
    out: list[Span] = []
    text, role = "", cells[0].role if cells else "text"
    lead = width - len(cells) * (between + 1)
    pieces: list[Span] = []
    for cell in cells:
        pieces.append(cell)
        pieces += [filler] * between
    pieces += [filler] * lead
    for piece in pieces:
        if piece.role == role or (piece.text == " " and role != "cursor"):  # that one has a ground of its own
            text += piece.text
        else:
            if text:
                out.append(Span(text, role))
            text, role = piece.text, piece.role
    if text:
        out.append(Span(text, role))
    return tuple(out)
