"""After every (re)connect: learn the truth again before an entry may leave, and list what changed meanwhile.

Order: positions and balances, open orders of every instrument in question, fills since the last known one with an overlap,
then orders of ours that no answer mentioned. A question that failed means "not reconciled", never "nothing there".
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from tui_trader.core.clock import NS
from tui_trader.core.decimals import ZERO, plain
from tui_trader.core.event import Event
from tui_trader.core.types import ClientOrderId, InstrumentId, OrderStatus
from tui_trader.desk.asking import Sender, page_of
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
        send: Sender,
        absorb: Callable[[list[Event]], None],
        orders: OrderPath,
        currencies: Sequence[str],
        by_contract: bool = False,
    ) -> None:
        """``currencies`` are those that the venue settles in; those that nothing listed settles in are not asked for.

        With ``by_contract`` executions are asked for contract by contract.
        """
        self._store = store
        self._dialect = dialect
        self._send = send
        self._absorb = absorb
        self._orders = orders
        self._all_currencies = currencies
        self._by_contract = by_contract
        self.refused: dict[str, str] = {}
        """Settle currencies whose positions the venue refused to tell, with its reason."""
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
        instruments = {iid for iid in watched if iid.venue == venue}
        await self.standing([None, *sorted(instruments)])
        await self.positions()
        instruments |= {order.instrument for order in self._store.blotter.working()}
        instruments |= {position.instrument for position in self._store.open_positions()}
        for iid in sorted(instruments):
            if not await self._orders.inquiry.refresh(iid) and self._settle(iid) not in self.refused:
                raise ConnectionError(f"open orders of {iid.symbol} were not answered")
        # From the last one known at the loss, not now: a snapshot of the newest hundred may have come meanwhile.
        start_ns = max((self._before.last_fill_ns if self._before else 0) or since_ns, OVERLAP_NS) - OVERLAP_NS
        # A history may have trailed at the last asking, and the newest execution have come by the stream since: what lies between
        # is asked for until an answer proves something.
        self._start_ns = start_ns if self._proven else min(start_ns, self._start_ns)
        # A question without an instrument covers the first settle currency only, if it covers anything.
        first = self._all_currencies[0] if not self._by_contract else ""
        apart = {first, *self.refused}
        others = {iid for iid in instruments if self._settle(iid) not in apart}
        others |= set() if self._proven else {iid for iid in self._scopes if iid is not None}
        general = [None] if first in self._currencies() and first not in self.refused else []
        self._scopes = [*general, *sorted(others)]
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

    async def standing(self, scopes: Sequence[InstrumentId | None]) -> None:
        """Learn what rows of positions do not tell, of the account (None) and of contracts. Raises ConnectionError as ``run``."""
        for scope in scopes:
            for request in self._dialect.standing(scope):
                verdict = await page_of(request, self._send, asyncio.sleep)
                if verdict.outcome is Outcome.REJECTED and scope is not None:
                    continue  # not told of this contract: it keeps the defaults
                self._absorb(list(_demand(verdict, "the settings of the account").events))

    async def positions(self) -> list[str]:
        """Learn all positions and balances; return the settle currencies that were refused. Raises ConnectionError as ``run``.

        A settle currency that the venue refuses to answer for, while it answers for others, is set aside: nothing is concluded
        about it, entries in it stay refused, and the others do not wait for a wallet that may not exist.
        """
        refused: dict[str, str] = {}
        currencies = self._currencies()
        for currency in currencies:
            if reason := await self._positions(currency):
                refused[currency] = reason
        if len(refused) == len(currencies):
            raise ConnectionError(f"positions were not answered: {next(iter(refused.values()), 'nothing is listed')}")
        self.refused = refused
        return list(refused)

    async def ask_again(self) -> list[str]:
        """Ask once more for the positions of currencies that were refused; return those that are known now.

        Raises ConnectionError as ``run``.
        """
        known = []
        for currency in list(self.refused):
            reason = await self._positions(currency)
            if reason:
                self.refused[currency] = reason
            else:
                del self.refused[currency]
                known.append(currency)
        return known

    def _currencies(self) -> list[str]:
        """Return the settle currencies that something listed settles in, in the venue's order."""
        listed = {instrument.settle for instrument in self._store.instruments.values()}
        return [currency for currency in self._all_currencies if currency in listed]

    async def _positions(self, currency: str) -> str:
        """Learn the positions of a currency; return why the venue refuses to tell them, empty when it told.

        An answer that the stream overtook while it was on its way is asked for again.
        """
        for _ in range(MAX_OVERTAKEN):
            before = dict(self._store.positions)
            verdict = await self._send(self._dialect.positions(currency))
            if verdict.outcome in (Outcome.REJECTED, Outcome.MISSING) and not verdict.bad_key:
                return verdict.text or verdict.outcome.value
            _demand(verdict, "positions")
            if self._store.positions == before:
                break
        self._absorb(list(verdict.events))
        return ""

    async def _fills(self, scope: InstrumentId | None, start_ns: int) -> None:
        request: Request | None = self._dialect.fills(scope, start_ns)
        for _ in range(MAX_PAGES):
            if request is None:
                return
            verdict = _demand(await page_of(request, self._send, asyncio.sleep), "fills")
            self._absorb(list(verdict.events))
            request = verdict.next_page
        raise ConnectionError(f"more than {MAX_PAGES} pages of fills")

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


def _demand(verdict: Verdict, what: str) -> Verdict:
    if verdict.outcome is not Outcome.ACK:
        raise ConnectionError(f"{what} were not answered: {verdict.text or verdict.outcome}")
    return verdict
