"""The average true range of the instruments that are asked for, from the kept candles: what a distance in ``atr`` counts.

Candles are on a disk, so they are read in another thread, and a number is used only while it is fresh. Bars with a gap between
them say nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from itertools import pairwise

from tui_trader.core.bar import Bar
from tui_trader.core.clock import NS, Clock
from tui_trader.core.decimals import ZERO, divide
from tui_trader.core.types import InstrumentId
from tui_trader.storage.candles import CandleStore

BARS = 14
"""Bars that are averaged."""

INTERVAL_S = 300
"""Seconds of a bar."""

READ_S = 15.0
FRESH_NS = 60 * NS


def average_true_range(bars: Sequence[Bar]) -> Decimal | None:
    """Return the mean true range of the last BARS bars, in quote currency; None without so many in a row."""
    last = bars[-BARS - 1 :]
    if len(last) < BARS + 1 or any(b.start_s - a.start_s != a.interval_s for a, b in pairwise(last)):
        return None
    ranges = [max(bar.high, before.close) - min(bar.low, before.close) for before, bar in pairwise(last)]
    return divide(sum(ranges, ZERO), Decimal(BARS))


class TrueRanges:
    """Keeps the average true range of what is watched."""

    def __init__(
        self,
        candles: CandleStore,
        clock: Clock,
        *,
        watched: Callable[[], Iterable[InstrumentId]],
        server_ns: Callable[[], int],
    ) -> None:
        self._candles = candles
        self._clock = clock
        self._watched = watched
        self._server_ns = server_ns
        self._found: dict[InstrumentId, tuple[Decimal, int]] = {}

    def of(self, iid: InstrumentId) -> Decimal | None:
        """Return the average true range of an instrument; None while it is not known or is old."""
        value, at_ns = self._found.get(iid, (None, 0))
        return value if self._clock.mono_ns() - at_ns <= FRESH_NS else None

    async def run(self) -> None:
        """Read again and again until cancelled."""
        while True:
            for iid in list(self._watched()):
                await self.read(iid)
            await asyncio.sleep(READ_S)

    async def read(self, iid: InstrumentId) -> None:
        """Read the bars of one instrument that are over."""
        end_s = self._server_ns() // NS // INTERVAL_S * INTERVAL_S
        bars = await asyncio.to_thread(self._candles.bars, iid, INTERVAL_S, end_s - (BARS + 1) * INTERVAL_S, end_s)
        value = average_true_range([bar for bar in bars if isinstance(bar, Bar) and bar.is_whole])
        if value is None:
            self._found.pop(iid, None)
        else:
            self._found[iid] = (value, self._clock.mono_ns())
