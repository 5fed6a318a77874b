"""After every (re)connect: learn the truth again before an entry may leave, and list what changed meanwhile.

Order: positions and balances, open orders of every instrument in question, fills since the last known one with an overlap,
then orders of ours that no answer mentioned. A question that failed means "not reconciled", never "nothing there".
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from decimal import Decimal

from tui_trader.core.clock import NS
from tui_trader.core.event import Event
from tui_trader.core.types import ClientOrderId, InstrumentId, OrderStatus
from tui_trader.desk.orders import OrderPath
from tui_trader.state.store import PositionKey, Store
from tui_trader.venues.base import OrderDialect, Outcome, Request, Verdict

OVERLAP_NS = 60 * NS
"""Fills are asked for from this long before the last known one; duplicates are dropped by execution id."""

MAX_PAGES = 20


class Reconciler:
    """Asks the venue what is so."""

    def __init__(
        self,
        *,
        store: Store,
        dialect: OrderDialect,
        send: Callable[[Request], Awaitable[Verdict]],
        absorb: Callable[[list[Event]], None],
        orders: OrderPath,
        currencies: Sequence[str],
    ) -> None:
        self._store = store
        self._dialect = dialect
        self._send = send
        self._absorb = absorb
        self._orders = orders
        self._currencies = currencies

    async def run(self, venue: str, watched: Sequence[InstrumentId], since_ns: int) -> list[str]:
        """Reconcile an account; return the differences found, one line each.

        Raises ConnectionError when a question was not answered: nothing may be concluded then.
        """
        before = {order.client_id: order.status for order in self._store.blotter.working()}
        sizes = {key: position.signed_qty for key, position in self._store.positions.items()}
        for currency in self._currencies:
            await self._ask(self._dialect.positions(currency), "positions")
        instruments = {iid for iid in watched if iid.venue == venue}
        instruments |= {order.instrument for order in self._store.blotter.working()}
        instruments |= {position.instrument for position in self._store.open_positions()}
        for iid in sorted(instruments):
            if not await self._orders.refresh(iid):
                raise ConnectionError(f"open orders of {iid.symbol} were not answered")
        await self._fills(since_ns)
        return self._differences(before, sizes)

    async def _fills(self, since_ns: int) -> None:
        known = self._store.blotter.fills()
        start = max(known[-1].at_ns - OVERLAP_NS if known else since_ns, 0)
        request: Request | None = self._dialect.fills(None, start)
        for _ in range(MAX_PAGES):
            if request is None:
                return
            request = (await self._ask(request, "fills")).next_page

    async def _ask(self, request: Request, what: str) -> Verdict:
        verdict = await self._send(request)
        if verdict.outcome is not Outcome.ACK:
            raise ConnectionError(f"{what} were not answered: {verdict.text or verdict.outcome}")
        self._absorb(list(verdict.events))
        return verdict

    def _differences(self, before: Mapping[ClientOrderId, OrderStatus], sizes: Mapping[PositionKey, Decimal]) -> list[str]:
        lines = []
        for client_id, status in before.items():
            order = self._store.blotter.get(client_id)
            if order is not None and order.status != status:
                lines.append(f"order {client_id[-6:]} {order.instrument.symbol}: {status} -> {order.status}")
        for key, position in self._store.positions.items():
            if key in sizes and sizes[key] != position.signed_qty:
                lines.append(f"position {position.instrument.symbol}: {sizes[key]} -> {position.signed_qty}")
        return lines
