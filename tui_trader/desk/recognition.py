"""Finds orders that carry no id of ours at the venue, by what they are.

It concludes nothing before a request can no longer be accepted, nothing where somebody did not answer, and nothing where two
orders could be meant. It must not send anything but questions.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tui_trader.core.clock import Clock
from tui_trader.core.event import Event, Notice, OrderChanged
from tui_trader.core.order import Order, OrderReport, OrderTicket
from tui_trader.core.types import OrderStatus, Severity
from tui_trader.desk.asking import MAX_PAGES, Sender, page_of
from tui_trader.desk.likeness import Trace, is_like, place_among
from tui_trader.state.store import Store
from tui_trader.venues.base import OrderDialect, Outcome, Request, Verdict
from tui_trader.venues.besides import Recognising

IN_DOUBT = (OrderStatus.UNKNOWN, OrderStatus.SENT, OrderStatus.ACKED)


class Recognition:
    """Recognises the orders of one account."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        dialect: OrderDialect,
        send: Sender,
        absorb: Callable[[list[Event]], None],
        life_ns: Callable[[], int],
        sleep: Callable[[float], Any] = asyncio.sleep,
    ) -> None:
        """``life_ns`` is how long after its signing a request may still be accepted."""
        self._store = store
        self._clock = clock
        self._send = send
        self._absorb = absorb
        self._life_ns = life_ns
        self._sleep = sleep
        self._recognising = dialect if isinstance(dialect, Recognising) else None
        self._traces: dict[str, Trace] = {}
        """What was written down of orders before they left."""
        self._said: dict[str, str] = {}
        """Why it cannot be told which order one of ours is, as it was last said."""

    def is_nameless(self, order: Order | OrderTicket) -> bool:
        """Whether the venue takes no id of ours with an order of this kind."""
        return self._recognising is not None and self._recognising.is_nameless(order)

    def note(self, client_id: str, trace: Trace) -> None:
        """Take up what was written down of an order before it left."""
        self._traces[client_id] = trace

    async def find(self, order: Order, fence_ns: int) -> Verdict:
        """Look for an order among those that were made when it was sent; by ``fence_ns`` of the monotonic clock it has arrived.

        ACK where exactly one can be it, which is then known as it; MISSING where none can, or where all that could are over;
        UNKNOWN otherwise.
        """
        life_ns = self._life_ns()
        trace = self._traces.get(order.client_id) or Trace(self._clock.wall_ns())
        found = await self._made_since(order, trace.sent_ns - life_ns)
        if found is None:
            return Verdict(Outcome.UNKNOWN, text="the orders of that time were not told")
        likes = [one for one in found if is_like(order, one) and trace.fits(one, life_ns) and self._is_nobodys(one)]
        if not likes:
            return Verdict(Outcome.MISSING)
        if self._clock.mono_ns() <= fence_ns:
            return Verdict(Outcome.UNKNOWN, text="it may still arrive")
        twins = [(self._sent_ns(one), one) for one in self._store.blotter.working() if _is_twin(one, order)]
        likes.sort(key=lambda report: (report.made_ns or report.at_ns, report.venue_id))
        if len(likes) <= max(1, len(twins)):
            # Of orders that are alike in everything it makes no difference which of ours is which of theirs.
            place = place_among(order, twins)
            if place >= len(likes):
                return Verdict(Outcome.UNKNOWN, text="others like it come first")
            self._adopt(order, likes[place])
            return Verdict(Outcome.ACK)
        if all(self._is_over(one) for one in likes):
            return Verdict(Outcome.MISSING, text=f"not alive: {len(likes)} orders like it were made, and all of them are over")
        self._leave_open(order, len(likes))
        return Verdict(Outcome.UNKNOWN, text=self._said[order.client_id])

    # -- inside ----------------------------------------------------------------------------------------------------

    async def _made_since(self, order: Order, since_ns: int) -> list[OrderReport] | None:
        """Absorb the orders of a kind since a time and return them; None when a part was not answered."""
        if self._recognising is None:
            return None
        reports: dict[str, OrderReport] = {}
        request: Request | None = self._recognising.made_since(order, since_ns)
        for _ in range(MAX_PAGES):
            if request is None:
                return list(reports.values())
            verdict = await page_of(request, self._send, self._sleep)
            if verdict.outcome is not Outcome.ACK:
                return None
            self._absorb(list(verdict.events))
            reports |= {event.report.venue_id: event.report for event in verdict.events if isinstance(event, OrderChanged)}
            request = verdict.next_page
        return None

    def _adopt(self, order: Order, report: OrderReport) -> None:
        """Take an order of the venue for the one that was sent: say what a receipt would have said."""
        status, qty = OrderStatus.ACKED, order.qty
        ids = (order.instrument, order.client_id, report.venue_id)
        self._said.pop(order.client_id, None)
        self._absorb([OrderChanged(OrderReport(*ids, status, order.side, order.type, qty, is_ack=True))])

    def _leave_open(self, order: Order, count: int) -> None:
        """Say that more than one order can be meant, once for each number of them."""
        text = f"{count} orders like it are at the venue and nobody can tell which it is: cancel those that should not be there"
        if self._said.get(order.client_id) != text:
            self._said[order.client_id] = text
            self._store.blotter.put(replace(order, reason=text))
            said = f"order {order.client_id[-6:]}: {text}"
            self._absorb([Notice(said, Severity.ALARM, self._clock.wall_ns(), order.client_id)])

    def _sent_ns(self, order: Order) -> int:
        trace = self._traces.get(order.client_id)
        return trace.sent_ns if trace is not None else order.created_ns

    def _is_nobodys(self, report: OrderReport) -> bool:
        known = self._store.blotter.find(report.venue_id)
        return known is None or known.external

    def _is_over(self, report: OrderReport) -> bool:
        known = self._store.blotter.find(report.venue_id)
        return known.status.is_terminal if known is not None else report.status.is_terminal


def _is_twin(one: Order, order: Order) -> bool:
    """Whether an order of ours is in the same doubt and could be taken for this one, which it may be itself."""
    if one.client_id == order.client_id:
        return True
    return one.status in IN_DOUBT and not one.venue_id and not one.external and is_like(order, one)
