"""Plots as SVG, written by hand: how each goal stands to its limit, and curves over time. No library, no style sheet."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

GREEN, RED, GREY, INK, PAPER = "#2f9e44", "#d9480f", "#868e96", "#212529", "#ffffff"
_FONT = "ui-monospace, SFMono-Regular, Menlo, Consolas, monospace"
_WIDTH = 860
_LEFT, _RIGHT, _ROW = 330, 90, 22
_LEAST, _MOST = 0.1, 8.0
"""Ends of the logarithmic axis, as multiples of a goal."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One goal: what was measured divided by what is allowed."""

    name: str
    share: float
    low: float
    high: float


def bars(title: str, rows: Sequence[Bar]) -> str:
    """Return a plot of goals: a bar that ends left of the line meets its goal."""
    height = 64 + _ROW * len(rows) + 30
    out = _open(height, title)
    for share in (0.1, 0.25, 0.5, 1, 2, 4, 8):
        x, is_goal = _x(share), share == 1
        out.append(_line(x, 44, x, 50 + _ROW * len(rows), INK if is_goal else "#dee2e6", 2 if is_goal else 1))
        out.append(_text(x, 66 + _ROW * len(rows), "goal" if is_goal else f"{share:g}×", "middle", INK if is_goal else GREY))
    for place, row in enumerate(rows):
        y = 50 + _ROW * place
        color = GREEN if row.share <= 1 else RED
        out.append(_text(_LEFT - 8, y + 14, row.name, "end"))
        out.append(
            f'<rect x="{_x(_LEAST):.1f}" y="{y + 4}" width="{_x(row.share) - _x(_LEAST):.1f}" height="12" fill="{color}"/>'
        )
        if row.high > row.low:
            out.append(_line(_x(row.low), y + 10, _x(row.high), y + 10, INK, 1.5))
        out.append(_text(_WIDTH - _RIGHT + 8, y + 14, f"{row.share:.2f}×", "start", color))
    return _close(out)


@dataclass(frozen=True, slots=True)
class Curve:
    """One reading over time, in a panel of its own."""

    name: str
    unit: str
    points: Sequence[tuple[float, float]]
    """Minutes and values."""
    slope: tuple[float, float] | None = None
    """The fitted line as value at minute 0 and change a minute."""
    remark: str = ""


def curves(title: str, panels: Sequence[Curve]) -> str:
    """Return panels one under the other over the same minutes, each from 0 to a little above its largest value."""
    each = 130
    out = _open(48 + each * len(panels) + 10, title)
    left, right = 70, _WIDTH - 20
    last = max((point[0] for panel in panels for point in panel.points), default=0.0) or 1.0
    for place, panel in enumerate(panels):
        top, bottom = 64 + each * place, 48 + each * place + each - 24
        most = max((value for _, value in panel.points), default=0.0) * 1.15 or 1.0

        def at(minute: float, value: float, top: int = top, bottom: int = bottom, most: float = most) -> tuple[float, float]:
            return left + (right - left) * minute / last, bottom - (bottom - top) * min(max(value / most, 0.0), 1.0)

        out.append(_text(left, top - 5, f"{panel.name}, {panel.unit}{'  ' + panel.remark if panel.remark else ''}", "start"))
        out.append(_line(left, bottom, right, bottom, GREY))
        out.append(_line(left, top, left, bottom, GREY))
        for share in (0.5, 1.0):
            value = most / 1.15 * share
            y = at(0, value)[1]
            out.append(_line(left, y, right, y, "#dee2e6"))
            out.append(_text(left - 6, y + 4, _short(value), "end", GREY))
        for share in (0.0, 0.25, 0.5, 0.75, 1.0):
            out.append(
                _text(left + (right - left) * share, bottom + 14, f"{last * share:.{0 if last >= 8 else 1}f} min", "middle", GREY)
            )
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (at(*point) for point in panel.points))
        out.append(f'<polyline points="{path}" fill="none" stroke="{GREEN}" stroke-width="1.5"/>')
        if panel.slope is not None:
            start, rise = panel.slope
            (x1, y1), (x2, y2) = at(0.0, start), at(last, start + rise * last)
            out.append(_line(x1, y1, x2, y2, RED, 1, dash="5 4"))
    return _close(out)


def fitted(points: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Return the least-squares line through points as value at 0 and slope; raises ValueError for fewer than two places."""
    count = len(points)
    mean_x = sum(x for x, _ in points) / count if count else 0.0
    mean_y = sum(y for _, y in points) / count if count else 0.0
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    if not spread:
        raise ValueError("no line goes through fewer than two places")
    slope = sum((x - mean_x) * (y - mean_y) for x, y in points) / spread
    return mean_y - slope * mean_x, slope


def _x(share: float) -> float:
    at = math.log(min(max(share, _LEAST), _MOST) / _LEAST) / math.log(_MOST / _LEAST)
    return _LEFT + (_WIDTH - _RIGHT - _LEFT) * at


def _short(value: float) -> str:
    return f"{value:.0f}" if value >= 10 else f"{value:.1f}"


def _open(height: int, title: str) -> list[str]:
    return [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" font-family="{_FONT}" font-size="12">',
        f'<rect width="{_WIDTH}" height="{height}" fill="{PAPER}"/>',
        _text(16, 24, title, "start", INK, 14),
    ]


def _text(x: float, y: float, text: str, anchor: str, color: str = INK, size: int = 12) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{color}" font-size="{size}">{escape(text)}</text>'


def _line(x1: float, y1: float, x2: float, y2: float, color: str, width: float = 1, dash: str = "") -> str:
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{color}" stroke-width="{width}"{dashed}/>'


def _close(out: list[str]) -> str:
    return "\n".join([*out, "</svg>"]) + "\n"
