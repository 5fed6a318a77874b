"""The ways out: cancel everything, close everything, and say truly what became of it.

Nothing here is stopped by stale data, limits or a journal that cannot be written; and nothing is called done on the word of
the answer to a cancel: only a later question to the venue verifies.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable

from tui_trader.core.error import TraderError
from tui_trader.core.position import Position
from tui_trader.core.types import InstrumentId
from tui_trader.desk.orders import OrderPath, Sent, is_stop
from tui_trader.state.store import Store
from tui_trader.venues.base import Outcome


class Exits:
    """Panic and flatten for one account."""

    def __init__(self, *, store: Store, orders: OrderPath, close: Callable[[Position], Awaitable[Sent]], web: str) -> None:
        self._store = store
        self._orders = orders
        self._close_leg = close
        self._web = web

    async def panic(self, watched: Iterable[InstrumentId], *, flatten: bool) -> str:
        """Cancel all entries and exits except stops, everywhere; with ``flatten`` cancel stops too and close all positions.

        Return one line that says what is verified and what is not.
        """
        store = self._store
        instruments = {order.instrument for order in store.blotter.working()} | set(watched)
        instruments |= {position.instrument for position in store.open_positions()}
        failed = []
        for iid in sorted(instruments):
            verdicts = await self._orders.cancel_all(iid, keep_stops=not flatten)
            if any(verdict.outcome is not Outcome.ACK for verdict in verdicts):
                failed.append(iid.symbol)
        if flatten:
            failed += [line for line in [await self._close(p) for p in store.open_positions()] if line]
        unverified = [iid.symbol for iid in sorted(instruments) if not await self._orders.inquiry.refresh(iid)]
        if failed or unverified:
            way_out = f"; use {self._web}" if self._web else ""
            return f"NOT VERIFIED: {', '.join(sorted({*failed, *unverified}))} did not answer{way_out}"
        working = store.blotter.working()
        stops = sum(is_stop(order) for order in working)
        kept = f", {stops} {'stop' if stops == 1 else 'stops'} kept" if stops and not flatten else ""
        closing = ", closing orders sent" if flatten else ""
        return f"verified: {len(working) - (0 if flatten else stops)} open orders left{kept}{closing}"

    async def flatten(self, iid: InstrumentId) -> str:
        """Cancel every order of one instrument and close its position at market; return what could not be done."""
        await self._orders.cancel_all(iid)
        failures = [await self._close(p) for p in self._store.open_positions() if p.instrument == iid]
        return "; ".join(line for line in failures if line)

    async def _close(self, position: Position) -> str:
        """Close a leg at market; return what went wrong, empty when the venue took it."""
        try:
            sent = await self._close_leg(position)
        except TraderError as error:
            return f"{position.instrument.symbol}: {error}"
        if sent.outcome in (Outcome.ACK, Outcome.EXISTS):
            return ""
        return f"{position.instrument.symbol}: {sent.text or sent.outcome}"
