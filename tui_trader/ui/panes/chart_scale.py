"""Which price lies on which row of a chart, which prices are written beside it, and which times below it.

Floats are for the place on the screen alone; every price and time that is written is exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from functools import lru_cache

from tui_trader.core.clock import NS, hms, rfc3339
from tui_trader.core.decimals import CONTEXT, ceil_to, floor_to
from tui_trader.core.interval import DAY_S

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_TIME_STEPS = (
    *(1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 21_600, 43_200),
    *(DAY_S, 2 * DAY_S, 7 * DAY_S, 14 * DAY_S, 28 * DAY_S, 84 * DAY_S, 364 * DAY_S),
)

_LABEL_ROWS, _LABEL_ROWS_LOW, _LOW = 3, 2, 16
"""Rows from one written price to the next, at least; and in a chart of fewer rows than the last, where round prices are few."""

_LEAST_FILL = 0.45
"""Part of the height that what is drawn must fill; below it the scale is chosen anew."""

HALVES = 2
"""Parts of a row that a body or a wick can end at."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Rows of prices, from ``top`` down to ``bottom``."""

    bottom: Decimal
    top: Decimal
    rows: int

    def half(self, price: Decimal) -> int:
        """Return the half row that a price lies in, counted from the top; outside the range what it would be."""
        return round(float((self.top - price) / (self.top - self.bottom)) * (self.rows * HALVES - 1))

    def row(self, price: Decimal) -> int:
        """Return the row that a price lies in."""
        return self.half(price) // HALVES

    def holds(self, low: Decimal, high: Decimal) -> bool:
        """Whether a range lies within and is not lost in the height."""
        return self.bottom <= low and high <= self.top and (high - low) >= (self.top - self.bottom) * Decimal(_LEAST_FILL)

    def ticks(self, tick: Decimal) -> dict[int, Decimal]:
        """Return the prices that are written, by row: round ones, on the grid of the contract."""
        return _ticks(self.bottom, self.top, self.rows, tick)


def scale_for(low: Decimal, high: Decimal, rows: int, tick: Decimal) -> Scale:
    """Return a scale with a little room above and below."""
    room = max((high - low) / 12, tick)
    bottom = max(floor_to(low - room, tick), Decimal(0))
    return Scale(bottom, max(ceil_to(high + room, tick), bottom + tick * 2), rows)


@lru_cache(maxsize=64)
def _ticks(bottom: Decimal, top: Decimal, rows: int, tick: Decimal) -> dict[int, Decimal]:
    wanted = max(2, rows // (_LABEL_ROWS if rows >= _LOW else _LABEL_ROWS_LOW))
    step = nice_step((top - bottom) / wanted, tick)
    scale = Scale(bottom, top, rows)
    found: dict[int, Decimal] = {}
    price = ceil_to(bottom, step)
    while price <= top:
        row = scale.row(price)
        if 0 <= row < rows:
            found[row] = price
        price += step
    return found


def nice_step(least: Decimal, tick: Decimal) -> Decimal:
    """Return the smallest round step of at least ``least`` that is a multiple of ``tick``."""
    exponent = least.adjusted() if least else 0
    for power in range(exponent, exponent + 12):
        for digit in (1, 2, 5):
            step = Decimal(digit).scaleb(power)
            if step >= least and not CONTEXT.remainder(step, tick):
                return step
    return (least / tick).to_integral_value(ROUND_CEILING) * tick


def time_labels(starts: list[int], spacing: int, width: int, zone: str) -> str:
    """Return the time axis under columns of bars that begin at the given times, the first one at cell 0, in ``width`` cells.

    ``zone`` stands at its right end where it is free: a time under the newest bars reaches beyond them.
    """
    line = [" "] * width
    if len(starts) < 2:
        return "".join(line)
    interval = starts[1] - starts[0]
    step = next((one for one in _TIME_STEPS if one >= interval * 10 / spacing), _TIME_STEPS[-1])
    free = 0
    for index, start in enumerate(starts):
        # A bar that holds the round time, where bars do not begin at one.
        mark = -(-start // step) * step
        if mark >= start + interval:
            continue
        text = time_text(mark, step)
        at = index * spacing
        if at >= free and at + len(text) <= width:
            line[at : at + len(text)] = text
            free = at + len(text) + 2
    if free + len(zone) <= width:
        line[width - len(zone) :] = zone
    return "".join(line)


def time_text(at_s: int, step: int) -> str:
    """Return a time as an axis of such steps shows it: ``14:02:05``, ``14:02``, ``Nov 28``."""
    if step >= DAY_S or not at_s % DAY_S:
        return day_text(at_s)
    clock = hms(at_s * NS)
    return clock if step < 60 else clock[:5]


def moment_text(at_s: int, interval: int) -> str:
    """Return when a bar begins, in full: ``Nov 28 14:02:05``; without seconds, or a time of day, where bars have none."""
    clock = hms(at_s * NS)
    if not interval % DAY_S:
        return f"{day_text(at_s)} {rfc3339(at_s * NS)[:4]}"
    return f"{day_text(at_s)} {clock if interval % 60 else clock[:5]}"


def day_text(at_s: int) -> str:
    """Return a day as ``Nov 28``."""
    text = rfc3339(at_s * NS)
    return f"{_MONTHS[int(text[5:7]) - 1]} {text[8:10]}"
