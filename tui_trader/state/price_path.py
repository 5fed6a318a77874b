"""Where prices have been in the last hour or so, a minute at a time: what a change over an hour and a small line are made of.

A minute in which nothing reliable was heard gets the last price of its candle, where that is known (``seed``), and else has none.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from decimal import Decimal

from tui_trader.core.clock import NS
from tui_trader.core.decimals import HUNDRED, divide
from tui_trader.core.types import InstrumentId

MINUTE_NS = 60 * NS

HOUR = 60
"""Minutes that a change is told over."""

KEPT = 75
"""Minutes that are remembered."""

SLACK = 2
"""A change over an hour may be measured from so many minutes earlier, when nothing was heard in that very minute."""


class PricePath:
    """The last price of each minute of one instrument."""

    __slots__ = ("_points",)

    def __init__(self) -> None:
        self._points: deque[tuple[int, Decimal]] = deque(maxlen=KEPT)

    def add(self, wall_ns: int, price: Decimal) -> None:
        """Note a price; within a minute the last one counts. A clock that was set back begins anew."""
        minute = wall_ns // MINUTE_NS
        points = self._points
        if points and points[-1][0] > minute:
            points.clear()
        if points and points[-1][0] == minute:
            points[-1] = (minute, price)
        else:
            points.append((minute, price))

    def seed(self, points: Iterable[tuple[int, Decimal]]) -> bool:
        """Take prices of minutes in which this run heard nothing, from whoever else knows them; whether there was one."""
        known = dict(self._points)
        new = {minute: price for minute, price in points if minute not in known}
        self._points = deque(sorted((known | new).items()), maxlen=KEPT)
        return bool(new)

    def is_whole(self, minute: int) -> bool:
        """Whether every minute of the hour before one has a price."""
        known = {at for at, _ in self._points}
        return known.issuperset(range(minute - HOUR, minute))

    def points(self) -> list[tuple[int, Decimal]]:
        """Return what is known, oldest first: minutes since the epoch, and the last price of each."""
        return list(self._points)

    def change_pct(self, wall_ns: int, price: Decimal) -> Decimal | None:
        """Return the change of ``price`` over an hour in percent; None while the price of an hour ago is not known."""
        wanted = wall_ns // MINUTE_NS - HOUR
        found = [then for minute, then in self._points if wanted - SLACK <= minute <= wanted]
        return divide((price - found[-1]) * HUNDRED, found[-1]) if found and found[-1] else None

    def minutes(self, wall_ns: int, count: int = HOUR) -> list[Decimal | None]:
        """Return the prices of the last ``count`` minutes, oldest first, with None for those in which nothing was heard."""
        last = wall_ns // MINUTE_NS
        known = dict(self._points)
        return [known.get(minute) for minute in range(last - count + 1, last + 1)]


class PricePaths:
    """The paths of several instruments."""

    def __init__(self) -> None:
        self._paths: dict[InstrumentId, PricePath] = {}

    def add(self, instrument: InstrumentId, wall_ns: int, price: Decimal) -> None:
        """Note a price."""
        path = self._paths.get(instrument)
        if path is None:
            path = self._paths[instrument] = PricePath()
        path.add(wall_ns, price)

    def seed(self, instrument: InstrumentId, points: Iterable[tuple[int, Decimal]]) -> bool:
        """Take prices of minutes in which this run heard nothing; whether there was one."""
        path = self._paths.get(instrument) or PricePath()
        changed = path.seed(points)
        if changed:
            self._paths[instrument] = path
        return changed

    def items(self) -> list[tuple[InstrumentId, PricePath]]:
        """Return every path."""
        return list(self._paths.items())

    def of(self, instrument: InstrumentId) -> PricePath:
        """Return the path of an instrument; an empty one when nothing is known of it."""
        return self._paths.get(instrument) or PricePath()
