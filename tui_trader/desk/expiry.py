"""Orders with a time: cancelled by this terminal when it has passed, because the venue keeps none itself.

It runs while the terminal is up; an order that outlives it stays.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from tui_trader.core.clock import NS, Clock
from tui_trader.core.language.spelled_terms import spell_time
from tui_trader.core.order import Order
from tui_trader.core.types import Severity
from tui_trader.desk.draft import Draft
from tui_trader.desk.orders import Sent
from tui_trader.desk.runs import NOTE, Run, Runs
from tui_trader.state.store import Store
from tui_trader.venues.base import Outcome

LOOK_S = 0.5
"""How often it is looked whether the time has come."""

AGAIN_S = 5.0
"""After a cancel that did not succeed."""

GONE = (Outcome.REJECTED, Outcome.NOT_SENT, Outcome.LIMITED)
"""Outcomes that prove that there is no order."""


class Expiries:
    """Ends orders in time."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        runs: Runs,
        cancel: Callable[[Order], Awaitable[Sent]],
        spawn: Callable[[str, Coroutine[Any, Any, Any]], None],
        say: Callable[[str, Severity], None],
        sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep,
    ) -> None:
        self._store = store
        self._clock = clock
        self._runs = runs
        self._cancel = cancel
        self._spawn = spawn
        self._say = say
        self._sleep = sleep

    def follow(self, draft: Draft, sent: Sent) -> None:
        """Take on an order that has left, when it was given a time."""
        if draft.good_for is None or sent.outcome in GONE:
            return
        text = f"{draft.side} {draft.instrument.symbol}, cancelled after {spell_time(draft.good_for)}"
        run = self._runs.begin("gtd", text, draft.instrument, [sent.client_id])
        # The wall clock: a machine that slept has let the time pass all the same.
        until_ns = self._clock.wall_ns() + draft.good_for * NS
        self._say(f"{run.number}: {text}; {NOTE}", Severity.NOTE)
        self._spawn(f"gtd {sent.client_id}", self._wait(run, sent.client_id, until_ns))

    async def _wait(self, run: Run, client_id: str, until_ns: int) -> None:
        try:
            while not run.ended:
                order = self._store.blotter.get(client_id)
                if order is None or order.status.is_terminal:
                    return
                if self._clock.wall_ns() < until_ns:
                    await self._sleep(LOOK_S)
                    continue
                self._say(f"{run.number}: the time of {client_id} is over: cancelling", Severity.NOTE)
                sent = await self._cancel(order)
                await self._sleep(LOOK_S if sent.outcome in (Outcome.ACK, Outcome.MISSING) else AGAIN_S)
        finally:
            self._runs.over(run)
