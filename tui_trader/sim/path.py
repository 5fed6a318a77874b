"""Where prices go: recorded one-minute returns played back and forth around a contract's present level.

Pure integers: a level is a part of ``ONE``, a price is thousandths of a tick. Played forward and then backward the path is
endless, continuous and never strays from what was recorded.
"""

from __future__ import annotations

import json
from functools import cache
from importlib import resources

from tui_trader.core.clock import NS

ONE = 10_000_000
"""A level of one, and the unit of recorded returns."""

MILLI = 1_000
"""Price steps in a tick."""

MINUTE_NS = 60 * NS


@cache
def recorded_levels(source: str, percent: int) -> tuple[int, ...]:
    """Return the levels that the recorded returns of ``source`` lead to, each return scaled to ``percent`` of itself."""
    text = resources.files("tui_trader.sim").joinpath("data/returns_phemex_2021.json").read_text("utf-8")
    levels = [ONE]
    for change in json.loads(text)["returns"][source]:
        levels.append(levels[-1] + levels[-1] * change * percent // (ONE * 100))
    return tuple(levels)


class PricePath:
    """The price of one contract as a function of time, ``base_ticks`` at ``start_ns``."""

    def __init__(self, levels: tuple[int, ...], base_ticks: int, start_ns: int, offset: int) -> None:
        self._levels = levels
        self._origin = start_ns // MINUTE_NS - offset
        self._base = base_ticks * MILLI
        self._level_at_start = ONE
        self._level_at_start = self._level(start_ns)

    def millis(self, at_ns: int) -> int:
        """Return the price at a time in thousandths of a tick."""
        return self._base * self._level(at_ns) // self._level_at_start

    def _level(self, at_ns: int) -> int:
        minute, rest = divmod(at_ns, MINUTE_NS)
        here, there = self._recorded(minute), self._recorded(minute + 1)
        return here + (there - here) * rest // MINUTE_NS

    def _recorded(self, minute: int) -> int:
        last = len(self._levels) - 1
        step = (minute - self._origin) % (2 * last)
        return self._levels[step if step <= last else 2 * last - step]
