"""Which instruments the trader watches: those chosen, and after them those that are traded.

It holds identities only; what is known of them is the Store's.
"""

from __future__ import annotations

from collections.abc import Iterable

from tui_trader.core.types import InstrumentId
from tui_trader.state.store import Store

MOST = 100
"""Instruments that can be chosen."""


class Watchlist:
    """Chosen instruments in the order they were chosen."""

    def __init__(self, store: Store, chosen: Iterable[InstrumentId] = ()) -> None:
        self._store = store
        self._chosen: dict[InstrumentId, None] = dict.fromkeys(chosen)

    @property
    def chosen(self) -> tuple[InstrumentId, ...]:
        """The instruments that somebody chose."""
        return tuple(self._chosen)

    def add(self, instruments: Iterable[InstrumentId]) -> list[InstrumentId]:
        """Watch instruments; return those that were not chosen before. What exceeds the most that can be is left out."""
        added = [iid for iid in dict.fromkeys(instruments) if iid not in self._chosen][: MOST - len(self._chosen)]
        self._chosen |= dict.fromkeys(added)
        return added

    def remove(self, instruments: Iterable[InstrumentId]) -> list[InstrumentId]:
        """Watch instruments no longer; return those that were chosen. One that is traded is shown all the same."""
        removed = [iid for iid in dict.fromkeys(instruments) if iid in self._chosen]
        for iid in removed:
            del self._chosen[iid]
        return removed

    def rows(self) -> list[InstrumentId]:
        """Return what is shown: the chosen ones as they were chosen, then others with a position or a working order."""
        store = self._store
        traded = {leg.instrument for leg in store.open_positions()} | {order.instrument for order in store.blotter.working()}
        return [*self._chosen, *sorted(traded - self._chosen.keys())]

    def is_chosen(self, instrument: InstrumentId) -> bool:
        """Whether somebody chose an instrument."""
        return instrument in self._chosen
