"""What keys do to the chart: its crosshair, its place in time, the length of its bars. They look, and send nothing."""

from __future__ import annotations

from functools import partial

from tui_trader.ui.panes.chart import ChartView
from tui_trader.ui.performers.bench import Performer


def chart_performers(chart: ChartView) -> dict[str, Performer]:
    """Return what each action does to a chart."""
    return {
        "chart.left": chart.cursor_left,
        "chart.right": chart.cursor_right,
        "chart.back": partial(chart.scroll, -1),
        "chart.forward": partial(chart.scroll, 1),
        "chart.oldest": chart.cursor_top,
        "chart.now": chart.cursor_off,
        "chart.shorter": partial(chart.timeframe, -1),
        "chart.longer": partial(chart.timeframe, 1),
        "chart.apart": partial(chart.zoom, 1),
        "chart.together": partial(chart.zoom, -1),
    }
