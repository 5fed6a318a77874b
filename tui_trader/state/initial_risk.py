"""What was put at risk when a position was entered: the measure that its profit is told in multiples of.

It is fixed by the stop that an entry left with, at the prices it was filled at, and no later move of the stop changes it. A leg
one part of which was entered without a stop has no such measure, nor has one that was there before this run: then nothing is
told rather than something that only looks like it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from tui_trader.core.decimals import ZERO, divide
from tui_trader.core.instrument import Instrument
from tui_trader.core.order import Fill, Order
from tui_trader.core.position import Position
from tui_trader.core.types import ClientOrderId, InstrumentId, PositionSide

MOST = 2_000
"""Entries whose stops are remembered."""


@dataclass(slots=True)
class _Episode:
    """One leg from flat to flat, as executions add up."""

    qty: Decimal = ZERO
    """Positive long, negative short."""
    entered: Decimal = ZERO
    """Size that came in with a stop."""
    risked: Decimal = ZERO
    """What that would have lost at its stops, in the settle currency."""
    whole: bool = True
    """Whether every part came in with a stop."""


class InitialRisk:
    """Of every leg that this run entered. One writer: the Store."""

    def __init__(self) -> None:
        self._stops: dict[ClientOrderId, Decimal] = {}
        self._episodes: dict[tuple[InstrumentId, PositionSide], _Episode] = {}
        self.on_stake: Callable[[ClientOrderId, Decimal], None] = lambda entry, stop: None
        """Told of every stop that an entry leaves with."""

    def stake(self, entry: ClientOrderId, stop: Decimal | None) -> None:
        """Note the stop that an entry leaves with."""
        if stop is not None:
            self._stops[entry] = stop
            self.on_stake(entry, stop)
            while len(self._stops) > MOST:
                del self._stops[next(iter(self._stops))]

    def fill(self, fill: Fill, order: Order | None, instrument: Instrument) -> None:
        """Take an execution that is not known yet."""
        key = (fill.instrument, fill.position_side)
        episode = self._episodes.setdefault(key, _Episode())
        signed = fill.qty * fill.side.sign
        closing = ZERO
        if episode.qty * signed < 0:
            closing = min(abs(episode.qty), fill.qty)
            episode.qty += closing * fill.side.sign
            if not episode.qty:
                episode = self._episodes[key] = _Episode()
        opening = fill.qty - closing
        if not opening:
            return
        episode.qty += opening * fill.side.sign
        stop = None if order is None else self._stops.get(order.client_id, order.stop_loss)
        if stop is None:
            episode.whole = False
            return
        episode.entered += opening
        episode.risked -= instrument.pnl(fill.side, opening, fill.price, stop)

    def of(self, position: Position) -> Decimal | None:
        """Return what was risked for the size that is held now, in the settle currency; None when that is not known.

        What was risked for a part that is closed is not counted: its profit is not counted either.
        """
        episode = self._episodes.get(position.key)
        if episode is None or not episode.whole or not episode.entered or episode.risked <= 0:
            return None
        if episode.qty != position.signed_qty:
            return None  # there is more to this leg than this run has seen
        return divide(episode.risked * position.qty, episode.entered)
