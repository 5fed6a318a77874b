"""After every (re)connect: learn the truth again before an entry may leave, and list what changed meanwhile.

Order: positions and balances, open orders of every instrument in question, fills since the last known one with an overlap,
then orders of ours that no answer mentioned. A question that failed means "not reconciled", never "nothing there".
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from tui_trader.core.clock import NS
from tui_trader.core.decimals import ZERO, plain
from tui_trader.core.event import Event
from tui_trader.core.types import ClientOrderId, InstrumentId, OrderStatus
from tui_trader.desk.orders import OrderPath
from tui_trader.state.store import PositionKey, Store
from tui_trader.venues.base import OrderDialect, Outcome, Request, Verdict

OVERLAP_NS = 60 * NS
"""Fills are asked for from this long before the last known one; duplicates are dropped by execution id."""

MAX_PAGES = 20

MAX_OVERTAKEN = 3
"""Times that positions are asked for when the stream keeps moving them meanwhile; rows carry a sequence besides."""


class _Before(NamedTuple):
    """What was known when the connection was lost."""

    orders: Mapping[ClientOrderId, OrderStatus]
    sizes: Mapping[PositionKey, Decimal]
    """Empty before anything was ever told: then nothing can have changed."""
    last_fill_ns: int = 0


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
        self._before: _Before | None = None
        self._scopes: list[InstrumentId | None] = []
        self._start_ns = 0
        self._runs = 0
        self._proven = True
        """Whether the executions since ``_start_ns`` were asked for when no history could trail any more."""

    def remember(self) -> None:
        """Note how things stand now: what is compared with when the connection is back. Its first snapshots may come before
        any question of ours."""
        fills = self._store.blotter.fills()
        self._before = _Before(
            {order.client_id: order.status for order in self._store.blotter.working()},
            {key: position.signed_qty for key, position in self._store.positions.items()},
            fills[-1].at_ns if fills else 0,
        )

    async def run(self, venue: str, watched: Sequence[InstrumentId], since_ns: int) -> list[str]:
        """Reconcile an account; return the differences found, one line each.

        Raises ConnectionError when a question was not answered: nothing may be concluded then.
        """
        if self._before is None:
            self.remember()
        await self.positions()
        instruments = {iid for iid in watched if iid.venue == venue}
        instruments |= {order.instrument for order in self._store.blotter.working()}
        instruments |= {position.instrument for position in self._store.open_positions()}
        for iid in sorted(instruments):
            if not await self._orders.inquiry.refresh(iid):
                raise ConnectionError(f"open orders of {iid.symbol} were not answered")
        # From the last one known at the loss, not now: a snapshot of the newest hundred may have come meanwhile.
        start_ns = max((self._before.last_fill_ns if self._before else 0) or since_ns, OVERLAP_NS) - OVERLAP_NS
        # A history may have trailed at the last asking, and the newest execution have come by the stream since: what lies between
        # is asked for until an answer proves something.
        self._start_ns = start_ns if self._proven else min(start_ns, self._start_ns)
        # A question without an instrument covers the first settle currency only.
        others = {iid for iid in instruments if self._settle(iid) != self._currencies[0]}
        others |= set() if self._proven else {iid for iid in self._scopes if iid is not None}
        self._scopes = [None, *sorted(others)]
        self._runs += 1
        self._proven = False
        await self.fills()
        lines, self._before = self._differences(), None
        return lines

    async def fills(self) -> None:
        """Learn the executions since the loss, as far as the history has them. Raises ConnectionError as ``run``."""
        for scope in self._scopes:
            await self._fills(scope, self._start_ns)

    async def late_fills(self) -> None:
        """Learn them once more at a time when the history must have all of them. Raises ConnectionError as ``run``."""
        runs = self._runs
        await self.fills()
        self._proven = runs == self._runs

    async def positions(self) -> None:
        """Learn all positions and balances. Raises ConnectionError as ``run``."""
        for currency in self._currencies:
            await self._positions(currency)

    async def _positions(self, currency: str) -> None:
        """Learn the positions of a currency; an answer that the stream overtook while it was on its way is asked for again."""
        for _ in range(MAX_OVERTAKEN):
            before = dict(self._store.positions)
            verdict = await self._ask(self._dialect.positions(currency), "positions")
            if self._store.positions == before:
                break
        self._absorb(list(verdict.events))

    async def _fills(self, scope: InstrumentId | None, start_ns: int) -> None:
        request: Request | None = self._dialect.fills(scope, start_ns)
        for _ in range(MAX_PAGES):
            if request is None:
                return
            verdict = await self._ask(request, "fills")
            self._absorb(list(verdict.events))
            request = verdict.next_page
        raise ConnectionError(f"more than {MAX_PAGES} pages of fills")

    async def _ask(self, request: Request, what: str) -> Verdict:
        verdict = await self._send(request)
        if verdict.outcome is not Outcome.ACK:
            raise ConnectionError(f"{what} were not answered: {verdict.text or verdict.outcome}")
        return verdict

    def _settle(self, iid: InstrumentId) -> str:
        instrument = self._store.instruments.get(iid)
        return instrument.settle if instrument else ""

    def _differences(self) -> list[str]:
        known = self._before or _Before({}, {})
        lines = []
        for client_id, status in known.orders.items():
            order = self._store.blotter.get(client_id)
            if order is not None and order.status != status:
                lines.append(f"order {client_id[-6:]} {order.instrument.symbol}: {status} -> {order.status}")
        for key, position in self._store.positions.items():
            size = known.sizes.get(key, ZERO)
            if size != position.signed_qty and known.sizes:
                lines.append(f"position {position.instrument.symbol}: {plain(size)} -> {plain(position.signed_qty)}")
        return lines
