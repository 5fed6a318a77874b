"""A line of numbers drawn with block glyphs. Charts are looked at, not read: this is where amounts become floats."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

_BLOCKS = " ▁▂▃▄▅▆▇█"


def sampled(points: Sequence[tuple[int, Decimal]], count: int) -> list[Decimal]:
    """Return the last value of each of ``count`` equal parts of the points, or all of them when there are fewer."""
    if count <= 0 or not points:
        return []
    size = len(points)
    if size <= count:
        return [value for _, value in points]
    return [points[(index + 1) * size // count - 1][1] for index in range(count)]


def sparkline(values: Sequence[Decimal], height: int = 1) -> list[str]:
    """Return ``height`` lines, the top one first, of one column per value; the lowest value is one eighth high."""
    if not values or height <= 0:
        return [""] * max(0, height)
    low, high = min(values), max(values)
    extent = float(high - low)
    steps = 8 * height
    levels = [steps // 2 if not extent else 1 + round(float(value - low) / extent * (steps - 1)) for value in values]
    return ["".join(_BLOCKS[min(8, max(0, level - 8 * floor))] for level in levels) for floor in range(height - 1, -1, -1)]


def gapped(values: Sequence[Decimal | None], count: int) -> str:
    """Return one line of ``count`` columns, each the last known value of its part; where nothing is known it stays blank."""
    size = len(values)
    if count <= 0 or not size:
        return " " * max(0, count)
    parts = [values[index * size // count : (index + 1) * size // count] for index in range(count)]
    last = [next((value for value in reversed(part) if value is not None), None) for part in parts]
    known = [value for value in last if value is not None]
    if len(known) < 2:
        return " " * count
    glyphs = iter(sparkline(known)[0])
    return "".join(" " if value is None else next(glyphs) for value in last)
