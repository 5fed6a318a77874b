"""What a theme looks like, as rows of styled text: every role, and a ladder, orders and positions drawn by their own views."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text

from tui_trader.core.decimals import plain
from tui_trader.ui.panes.ladder import LadderView
from tui_trader.ui.panes.orders import OrdersView
from tui_trader.ui.panes.positions import PositionsView
from tui_trader.ui.panes.spans import Row, Span
from tui_trader.ui.panes.spark import sparkline
from tui_trader.ui.panes.view import View, boxed, in_ascii
from tui_trader.ui.sample import BTC, CANDLES, sample
from tui_trader.ui.theme import COLORS, ROLES, Theme

WIDTH = 100
LEAST = 60


def swatch(theme: Theme, width: int = WIDTH, *, ascii_only: bool = False) -> Iterator[Text]:
    """Yield the lines of a preview, ``width`` cells at most."""
    width = max(LEAST, min(WIDTH, width))
    for row in _rows(theme, width):
        yield _painted(in_ascii(row) if ascii_only else row, theme, width)


def _rows(theme: Theme, width: int) -> Iterator[Row]:
    blank: Row = ()
    yield (Span(f" {theme.title} ", "title"), Span(f" {theme.name}  {theme.description}", "dim"))
    yield blank
    yield (Span("roles", "header"),)
    yield from _flow([Span(f" {role} ", role) for role in ROLES], width)
    yield blank
    yield (Span("colours of the file", "header"),)
    cell = max(len(name) + len(theme.colors[name]) + 3 for name in COLORS)
    yield from _flow([Span(f"{name} {theme.colors[name]}".ljust(cell), "dim") for name in COLORS], width)
    yield blank
    store, clock = sample()
    ladder = LadderView(store, clock, BTC)
    ladder.focused = True
    left = min(46, width * 46 // 100)
    right = width - left - 1
    height = 16
    columns = [boxed(ladder, left, height), [*boxed(_Chart(store, clock), right, 7), *boxed(OrdersView(store, clock), right, 9)]]
    for first, second in zip(*columns, strict=True):
        yield (*first, Span(" ", "text"), *second)
    yield from boxed(PositionsView(store, clock), width, 8)


def _flow(spans: list[Span], width: int) -> Iterator[Row]:
    """Yield spans in as many rows as they need."""
    row: list[Span] = []
    used = 0
    for span in spans:
        if row and used + len(span.text) + 1 > width:
            yield tuple(row)
            row, used = [], 0
        row += [span, Span(" ", "text")]
        used += len(span.text) + 1
    yield tuple(row)


class _Chart(View):
    """A line of closing prices with the marks of a position, as the chart shows them."""

    def body(self, width: int, height: int) -> list[Row]:
        lines = sparkline(CANDLES, height - 2)
        rows: list[Row] = [(Span(f"{line}  ".ljust(width)[:width], "gain"),) for line in lines]
        entry, stop = plain(CANDLES[0]), plain(CANDLES[0] - 400)
        rows.append((Span(f"{entry} entry ".ljust(width, "─"), "accent"),))
        rows.append((Span(f"{stop} SL mark ".ljust(width, "─"), "loss"),))
        return rows[:height]


def _painted(row: Row, theme: Theme, width: int) -> Text:
    line = Text(end="", no_wrap=True, overflow="crop")
    base = theme.style("text", on="background")
    used = 0
    for span in row:
        line.append(span.text, base + theme.style(span.role))
        used += len(span.text)
    line.append(" " * max(0, width - used), base)
    line.truncate(width)
    return line
