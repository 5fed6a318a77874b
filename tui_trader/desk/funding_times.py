"""Asks the venue when funding of the watched contracts is settled next, where its stream does not tell.

A question is asked once for each settlement, when the last one has passed; where the venue does not answer, or still tells the
old time, it is asked again after a while. Contracts that pay funding all the time are not asked about.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable

from tui_trader.core.clock import NS, Clock
from tui_trader.core.event import Event
from tui_trader.core.types import InstrumentId
from tui_trader.state.store import Store
from tui_trader.venues.base import OrderDialect, Outcome, Request, Verdict

LOOK_S = 5.0

PASSED_NS = 5 * NS
"""How long after a settlement the venue is asked for the next one."""

AGAIN_NS = 120 * NS


class FundingTimes:
    """The settlement times of one venue. ``run`` it."""

    def __init__(
        self,
        *,
        venue: str,
        store: Store,
        clock: Clock,
        dialect: OrderDialect,
        send: Callable[[Request], Awaitable[Verdict]],
        absorb: Callable[[list[Event]], None],
        can_spare: Callable[[Request], bool],
        wanted: Callable[[], Iterable[InstrumentId]],
        server_ns: Callable[[], int],
    ) -> None:
        self._venue = venue
        self._store = store
        self._clock = clock
        self._dialect = dialect
        self._send = send
        self._absorb = absorb
        self._can_spare = can_spare
        self._wanted = wanted
        self._server_ns = server_ns
        self._again: dict[InstrumentId, int] = {}
        """When a contract may be asked about again, monotonic."""

    async def run(self) -> None:
        """Ask, until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_S)

    async def look(self) -> None:
        """Ask about every wanted contract whose next settlement is not known, while there is budget to spare."""
        for iid in dict.fromkeys(self._wanted()):
            instrument = self._store.instruments.get(iid)
            due_ns = self._store.ticker(iid).next_funding_ns
            known = due_ns is not None and self._server_ns() < due_ns + PASSED_NS
            if iid.venue != self._venue or instrument is None or instrument.funding_runs or known:
                continue
            if self._clock.mono_ns() < self._again.get(iid, 0):
                continue
            request = self._dialect.funding_due(iid)
            if request is None:
                continue
            if not self._can_spare(request):
                return
            self._again[iid] = self._clock.mono_ns() + AGAIN_NS
            try:
                verdict = await self._send(request)
            except ConnectionError:
                continue
            if verdict.outcome is Outcome.ACK:
                self._absorb(list(verdict.events))
