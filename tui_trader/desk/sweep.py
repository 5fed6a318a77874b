"""Cancel everything but protective stops and verify it, with a venue's requests and nothing else: no Store, no stream, no screen.

For when the terminal is dead: the same as its own way out, so a position keeps its stop. An answer to a cancel proves nothing;
only a later list of open orders does, and while an order that was on its way may still arrive, not even that.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from tui_trader.core.clock import NS, Clock
from tui_trader.core.event import InstrumentsListed, OrdersSnapshot
from tui_trader.core.order import Order
from tui_trader.core.types import InstrumentId
from tui_trader.desk.orders import is_stop
from tui_trader.venues.base import OrderDialect, Outcome, Request, Verdict

LIMIT_S = 120.0
"""How long it is tried at all."""

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.25, 4.0
"""Between rounds, doubling."""

MAX_PARTS = 20
"""Parts of one list of open orders."""


@dataclass(frozen=True, slots=True)
class Swept:
    """What came of it."""

    rounds: int
    unverified: tuple[str, ...]
    """Symbols whose orders may still be alive; empty when a list of open orders was empty for each."""
    stops_kept: int = 0
    text: str = ""
    """The last thing that went wrong; empty when nothing did."""


class Sweep:
    """Cancels and verifies for one account."""

    def __init__(
        self,
        *,
        dialect: OrderDialect,
        send: Callable[[Request], Awaitable[Verdict]],
        clock: Clock,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._dialect = dialect
        self._send = send
        self._clock = clock
        self._sleep = sleep
        self._listed = False
        self._stops: dict[InstrumentId, int] = {}
        self._text = ""

    async def run(self, instruments: Iterable[InstrumentId], *, until_ns: int) -> Swept:
        """Cancel everything but stops of ``instruments`` until none of it is open, asking once more after ``until_ns``.

        ``until_ns`` is the monotonic time after which nothing that was sent before can be accepted any more.
        """
        every = sorted(set(instruments))
        end_ns = self._clock.mono_ns() + round(LIMIT_S * NS)
        rounds, pause_s = 0, FIRST_PAUSE_S
        left = every
        while left:
            rounds += 1
            for iid in left:
                await self._cancel(iid)
            left = [iid for iid in left if not await self._is_clear(iid)]
            now = self._clock.mono_ns()
            if now >= end_ns:
                break
            if left:
                await self._sleep(pause_s)
                pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
            elif now < until_ns:
                await self._sleep((until_ns - now) / NS)
                left = [iid for iid in every if not await self._is_clear(iid)]
        return Swept(rounds, tuple(iid.symbol for iid in left), sum(self._stops.values()), self._text if left else "")

    async def _cancel(self, iid: InstrumentId) -> None:
        """Cancel the active orders in one call, and the waiting ones in another unless that would take a stop along."""
        active, *waiting = self._dialect.cancel_all(iid)
        await self._ask(active)
        orders = await self._open(iid)
        if orders is None:
            return  # what is a stop is not known; the next round asks again
        if any(is_stop(order) for order in orders):
            waiting = [self._dialect.cancel(order) for order in orders if order.type.is_conditional and not is_stop(order)]
        for request in waiting:
            await self._ask(request)

    async def _is_clear(self, iid: InstrumentId) -> bool:
        """Whether the venue answers that no order of the instrument but stops is open."""
        orders = await self._open(iid)
        if orders is None:
            return False
        self._stops[iid] = sum(is_stop(order) for order in orders)
        left = len(orders) - self._stops[iid]
        if left:
            self._text = f"{left} open orders of {iid.symbol}"
        return not left

    async def _open(self, iid: InstrumentId) -> list[Order] | None:
        """Return the open orders of an instrument; None when that is not answered."""
        if not self._listed:
            # Only after the first cancel, which needs no product list; without it the answer below could not be read.
            listing = await self._ask(self._dialect.instruments())
            known = [one for event in listing.events if isinstance(event, InstrumentsListed) for one in event.instruments]
            self._dialect.list_instruments(known)
            self._listed = bool(known)
        snapshots: list[OrdersSnapshot] = []
        request: Request | None = self._dialect.open_orders(iid)
        while request is not None:
            verdict = await self._ask(request)
            parts = [event for event in verdict.events if isinstance(event, OrdersSnapshot)]
            if verdict.outcome is not Outcome.ACK or not parts or len(snapshots) > MAX_PARTS:
                return None
            snapshots += parts
            request = verdict.next_page
        reports = [report for snapshot in snapshots for report in snapshot.reports if report.status.is_working]
        return [Order.from_report(report) for report in reports]

    async def _ask(self, request: Request) -> Verdict:
        verdict = await self._send(request)
        if verdict.outcome is not Outcome.ACK:
            self._text = verdict.text or verdict.outcome.value
        return verdict
