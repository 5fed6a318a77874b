"""Position sizes as the executions add up, held against the sizes that the venue tells.

Two independent words on the same thing: where they differ, one of them is wrong and somebody must look. It repairs nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from tui_trader.core.clock import NS
from tui_trader.core.decimals import ZERO
from tui_trader.core.order import Fill
from tui_trader.core.position import Position
from tui_trader.core.types import InstrumentId, PositionSide

Leg = tuple[InstrumentId, PositionSide]

UNTOLD_NS = 60 * NS
"""A leg that the venue does not list was flat this long before it was asked."""


class _Base(NamedTuple):
    """A size that was agreed on, and the venue's time of it, UTC nanoseconds."""

    qty: Decimal
    at_ns: int


class Difference(NamedTuple):
    """A leg on which executions and venue disagree. Signed sizes."""

    leg: Leg
    by_fills: Decimal
    told: Decimal


class Tally:
    """Adds up executions since the last moment at which positions were agreed on."""

    def __init__(self) -> None:
        self._bases: dict[Leg, _Base] = {}
        self._untold_ns: int | None = None
        """Base time of legs that were not listed; None before the first agreement, when nothing is compared."""
        self._executed: dict[Leg, dict[str, Fill]] = {}

    def agree(self, positions: Iterable[Position], server_ns: int) -> None:
        """Take the venue's sizes for the truth from here on; ``server_ns`` is its time when it was asked."""
        self._untold_ns = server_ns - UNTOLD_NS
        self._bases = {p.key: _Base(p.signed_qty, p.at_ns or self._untold_ns) for p in positions}
        for leg, fills in list(self._executed.items()):
            kept = {exec_id: fill for exec_id, fill in fills.items() if fill.at_ns > self._base(leg).at_ns}
            self._executed[leg] = kept

    def add(self, fill: Fill) -> None:
        """Count an execution, once, whenever it is told; those that an agreed size already holds do not count again."""
        leg = (fill.instrument, fill.position_side)
        if self._untold_ns is None or fill.at_ns > self._base(leg).at_ns:
            self._executed.setdefault(leg, {})[fill.exec_id] = fill

    def differences(self, positions: Iterable[Position]) -> list[Difference]:
        """Return the legs on which executions and ``positions`` disagree; none before the first agreement."""
        if self._untold_ns is None:
            return []
        told = {p.key: p.signed_qty for p in positions}
        found = []
        for leg in sorted({*told, *self._executed, *self._bases}):
            fills = self._executed.get(leg, {}).values()
            by_fills = self._base(leg).qty + sum((fill.qty * fill.side.sign for fill in fills), ZERO)
            if by_fills != told.get(leg, ZERO):
                found.append(Difference(leg, by_fills, told.get(leg, ZERO)))
        return found

    def _base(self, leg: Leg) -> _Base:
        return self._bases.get(leg) or _Base(ZERO, self._untold_ns or 0)
