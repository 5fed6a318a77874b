"""Seconds invented between the four prices of a longer bar: for the eye alone, always marked, never decided by.

The path goes from the open to the extreme that is nearer in direction, to the other extreme, to the close: down first when the
bar rose, up first when it fell. Put together again the seconds give the bar exactly: its open, high, low, close and volume.
"""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

from tui_trader.core.candle import Candle
from tui_trader.core.decimals import CONTEXT, ZERO, down_to, nearest_to


def interpolated(bar: Candle, tick: Decimal, lot: Decimal) -> list[Candle]:
    """Return one candle for each second of a bar of four seconds or more, prices on the grid of ``tick``, volume on that of
    ``lot``; raises ValueError for a shorter one: its four prices need a second each."""
    count = bar.interval_s
    if count < 4:
        raise ValueError(f"a bar of {count} s has no room for its own four prices")
    corners = (bar.open, bar.low, bar.high, bar.close) if bar.close >= bar.open else (bar.open, bar.high, bar.low, bar.close)
    marks = (0, count // 3, count * 2 // 3, count - 1)
    closes: list[Decimal] = []
    for (at, price), (until, target) in pairwise(zip(marks, corners, strict=True)):
        for step in range(until - at):
            between = price + CONTEXT.divide((target - price) * step, Decimal(until - at))
            closes.append(min(max(nearest_to(between, tick), bar.low), bar.high) if step else price)
    closes.append(bar.close)
    share = down_to(CONTEXT.divide(bar.volume, Decimal(count)), lot)
    out = []
    before = bar.open
    for index, close in enumerate(closes):
        volume = share if index < count - 1 else bar.volume - share * (count - 1)
        high, low = max(before, close), min(before, close)
        out.append(Candle(bar.start_s + index, 1, before, high, low, close, volume, ZERO))
        before = close
    return out
