"""Covers: what protects each leg, looked for once per change of an order or of the leg.

Several panes ask in every frame, and each more than once. It must not know who asks.
"""

from __future__ import annotations

from tui_trader.core.position import Position
from tui_trader.state.blotter import Blotter
from tui_trader.state.cover import Cover, cover_of


class Covers:
    """Remembers the cover of legs for as long as the blotter stands still."""

    def __init__(self, blotter: Blotter) -> None:
        self._blotter = blotter
        self._version = blotter.version
        self._known: dict[object, tuple[Position, Cover]] = {}

    def of(self, leg: Position) -> Cover:
        """Return what stands at the venue for a leg."""
        blotter = self._blotter
        if blotter.version != self._version:
            self._version = blotter.version
            self._known.clear()
        known = self._known.get(leg.key)
        if known is None or known[0] is not leg:
            known = self._known[leg.key] = leg, cover_of(leg, blotter.working(leg.instrument))
        return known[1]
