"""What became of an order, asked until it is known: by id, in the list of open orders, among the executions.

A sighting settles it at once. Absence is believed only after the signed request can no longer be accepted and when every source
answered and none has it; the passing of time alone proves nothing. It must not send anything but questions.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from tui_trader.core.clock import DAY_NS, NS, Clock
from tui_trader.core.event import Event, Notice, OrderChanged, OrderFilled, OrdersSnapshot
from tui_trader.core.order import Order, OrderTicket
from tui_trader.core.types import ClientOrderId, InstrumentId, OrderStatus, Severity
from tui_trader.desk.asking import MAX_PAGES, Sender, page_of
from tui_trader.desk.likeness import Trace
from tui_trader.desk.recognition import IN_DOUBT, Recognition
from tui_trader.state import topic
from tui_trader.state.blotter import is_made_up
from tui_trader.state.store import Store
from tui_trader.venues.base import OrderDialect, Outcome, Request, Verdict

SKEW_BOUND_S = 2.0
"""Added to a request's expiry: the clocks' disagreement and the time a request may spend inside the venue."""

HISTORY_LAG_S = 60.0
"""How long the venue's history may trail behind before its silence counts by itself: for an order that the venue is known to
have had, and for any order while the private stream does not speak."""

SILENT_ACK_S = 5.0
"""An acknowledged order that the private stream has not spoken of for this long is asked about.
``Hearing`` doubts the stream before."""

RESOLVE_DELAYS_S = (0.25, 0.5, 1.0, 2.0, 4.0)

FOLLOW_DELAYS_S = (1.0, 2.0, 4.0)

TOMBSTONE_S = (60.0, 300.0, 1_800.0)
"""When an absent order is asked about again: venues have been seen to forget orders for up to half an hour."""

FILLS_BEFORE_NS = 60 * NS
"""Executions of an order are looked for from this long before it was made: clocks disagree."""


class Inquiry:
    """Asks after the orders of one account."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        dialect: OrderDialect,
        send: Sender,
        absorb: Callable[[list[Event]], None],
        spawn: Callable[[str, Any], None],
        record: Callable[[str, Mapping[str, Any]], None],
        sleep: Callable[[float], Any] = asyncio.sleep,
    ) -> None:
        self._store = store
        self._clock = clock
        self._dialect = dialect
        self._send = send
        self._absorb = absorb
        self._spawn = spawn
        self._record = record
        self._sleep = sleep
        self._nameless = Recognition(
            store=store, clock=clock, dialect=dialect, send=send, absorb=absorb, sleep=sleep, life_ns=self._life_ns
        )
        self._noted_ns: dict[str, int] = {}
        """When requests were made: before that nobody can have heard of their orders."""
        self._fence_ns: dict[str, int] = {}
        """Until when they may be accepted."""
        self._resolving: set[str] = set()
        self._following: set[str] = set()
        self._unlisted: set[str] = set()
        """Orders that came into doubt because the open orders lack them: an old history's word that they live does not do."""
        self._graves: set[str] = set()
        """Orders found absent that are asked about again."""

    def is_nameless(self, order: Order | OrderTicket) -> bool:
        """Whether the venue takes no id of ours with an order of this kind."""
        return self._nameless.is_nameless(order)

    def fence(self, client_id: str, trace: Trace | None = None) -> None:
        """Note that a request that may create this order is being signed now: until it expires, absence proves nothing.

        ``trace`` is for an order that will carry no id of ours.
        """
        now = self._noted_ns[client_id] = self._clock.mono_ns()
        self._fence_ns[client_id] = now + self._life_ns()
        if trace is not None:
            self._nameless.note(client_id, trace)

    def left(self, client_id: str, at_ns: int) -> None:
        """Note that the request left only then, or no later than that: it may be accepted for as long after."""
        fence_ns = at_ns + self._life_ns()
        if fence_ns > self._fence_ns.get(client_id, fence_ns):
            self._fence_ns[client_id] = fence_ns

    async def refresh(self, instrument: InstrumentId) -> bool:
        """Ask for the open orders of an instrument and after each known one that is missing there; False when not answered.

        One that neither the list nor the question by id knows has an end that nobody tells: it becomes UNKNOWN and is resolved.
        """
        asked_ns = self._clock.mono_ns()
        listed = await self._open(instrument)
        if listed is None:
            return False
        answered = True
        for order in self._store.blotter.absent_from(listed, instrument):
            # Of an earlier run's order it is not known when it was made.
            if not order.created_ns or order.client_id in self._resolving or not self._is_older(order, asked_ns):
                self.follow(order.client_id)
                continue
            outcome = (await self._ask_after(order)).outcome
            if outcome is Outcome.MISSING:
                self._doubt(order.client_id)
            elif outcome is Outcome.ACK:
                self.follow(order.client_id)
            answered = answered and outcome in (Outcome.ACK, Outcome.MISSING)
        return answered

    async def look_up(self, client_id: str) -> bool:
        """Ask for one order by id; True when the venue knew it. A negative answer changes nothing by itself."""
        order = self._store.blotter.get(client_id)
        if order is None:
            return False
        return (await self._ask_after(order)).outcome is Outcome.ACK

    async def outlast(self, client_id: str) -> None:
        """Ask for an order until a request that is signed now can no longer change it and the venue has told how it stands."""
        fence_ns = self._clock.mono_ns() + self._life_ns()
        attempt = 0
        while (order := self._store.blotter.get(client_id)) is not None and order.status.is_working:
            past_fence = self._clock.mono_ns() > fence_ns
            listed = await self._list_open(order)
            answered = listed is True or (listed is False and (await self._ask_after(order)).outcome is Outcome.ACK)
            if past_fence and answered:
                return
            await self._sleep(RESOLVE_DELAYS_S[min(attempt, len(RESOLVE_DELAYS_S) - 1)])
            attempt += 1

    def bury(self, client_id: str, *, at_once: bool = False) -> None:
        """Ask about an absent order again after a while: absence is the one end that is inferred and not told."""
        if client_id not in self._graves:
            self._graves.add(client_id)
            self._spawn(f"tombstone {client_id}", self._revisit(client_id, (0.0, *TOMBSTONE_S) if at_once else TOMBSTONE_S))

    def tick(self) -> None:
        """Ask after acknowledged orders that the private stream stays silent about; the desk calls it once a second."""
        for client_id in list(self._graves):
            order = self._store.blotter.get(client_id)
            if order is not None and order.status is not OrderStatus.ABSENT:
                self._graves.discard(client_id)
                self._record("resurrected", {"id": client_id, "status": order.status})
                self.follow(client_id)
        for order in self._store.blotter.working():
            if order.client_id in self._resolving or order.external:
                continue
            silent = order.status is OrderStatus.ACKED and self._age_ns(order) > SILENT_ACK_S * NS
            if silent or order.status is OrderStatus.UNKNOWN:
                self.resolve(order.client_id)

    def resolve(self, client_id: str) -> None:
        """Start to ask after an order until it is known; once is enough."""
        if client_id not in self._resolving:
            self._resolving.add(client_id)
            self._spawn(f"resolve {client_id}", self._resolve_until_known(client_id))

    def follow(self, client_id: str) -> None:
        """Keep asking after a working order until the open orders have it or its end is told.

        For one that the list lacks but may be too young for, or that is known by executions of the past alone: those tell
        nothing of what became of the rest.
        """
        order = self._store.blotter.get(client_id)
        if order is not None and order.status.is_working and client_id not in self._following:
            self._following.add(client_id)
            self._spawn(f"follow {client_id}", self._follow_until_told(client_id))

    async def _resolve_until_known(self, client_id: str) -> None:
        """Ask with growing pauses until the order is seen, or shown absent by every source after the fence."""
        started_ns = self._clock.mono_ns()
        attempt, acknowledged = 0, False
        try:
            while (order := self._in_doubt(client_id)) is not None:
                acknowledged = order.status is OrderStatus.ACKED
                fence_ns = self._fence_ns.get(client_id, started_ns)
                if order.venue_id:
                    fence_ns = max(fence_ns, started_ns + round(HISTORY_LAG_S * NS))
                noted_ns = self._noted_ns.get(client_id, fence_ns - self._life_ns())
                past_fence = self._is_past(fence_ns, noted_ns, order.instrument.venue)
                seen = await self._ask_after(order)
                listed = await self._list_open(order) if seen.outcome is not Outcome.ACK else True
                missing = seen.outcome is Outcome.MISSING and listed is False
                if missing and past_fence and await self._without_fills(order):
                    self._conclude_absent(client_id, seen.text if self.is_nameless(order) and not order.venue_id else "")
                    return
                if self._in_doubt(client_id) is not None:
                    await self._sleep(RESOLVE_DELAYS_S[min(attempt, len(RESOLVE_DELAYS_S) - 1)])
                    attempt += 1
        finally:
            self._resolving.discard(client_id)
        if client_id in self._unlisted:
            self._unlisted.discard(client_id)
            self.follow(client_id)
        found = self._store.blotter.get(client_id)
        if found is not None and found.waited_as:
            self.follow(client_id)  # what it has become since may have been told while nobody knew that it was this one
        if found is not None and not acknowledged:
            named = {"venue_id": found.waited_as or found.venue_id} if self.is_nameless(found) else {}
            self._record("seen", {"id": client_id, "status": found.status, **named})
            self._say(f"order {short(client_id)}: the venue has it, {found.status}", Severity.NOTE)

    async def _follow_until_told(self, client_id: str) -> None:
        """Ask with pauses until the order is listed as open, its end is told, or nobody knows it any more."""
        attempt = 0
        try:
            while True:
                await self._sleep(FOLLOW_DELAYS_S[min(attempt, len(FOLLOW_DELAYS_S) - 1)])
                attempt += 1
                order = self._store.blotter.get(client_id)
                if order is None or order.status.is_terminal:
                    return
                if client_id in self._resolving:
                    continue  # what ends the doubt may be an execution, which does not say whether the rest is open
                listed = await self._list_open(order)
                if listed:
                    return
                seen = await self._ask_after(order)
                if listed is False and seen.outcome is Outcome.MISSING:
                    self._doubt(client_id)
                    return
        finally:
            self._following.discard(client_id)

    async def _revisit(self, client_id: str, moments_s: Sequence[float]) -> None:
        """Ask about an absent order at these times from now; one that is told after all is adopted by absorbing the answer."""
        waited_s = 0.0
        for at_s in moments_s:
            await self._sleep(at_s - waited_s)
            waited_s = at_s
            if (order := self._absent(client_id)) is not None:
                await self._ask_after(order)
            if self._absent(client_id) is None:
                return  # the next tick finds it among the living
        self._graves.discard(client_id)

    def _absent(self, client_id: str) -> Order | None:
        order = self._store.blotter.get(client_id)
        return order if order is not None and order.status is OrderStatus.ABSENT else None

    def _is_past(self, fence_ns: int, noted_ns: int, venue: str) -> bool:
        """Whether an order whose last possible acceptance was at ``fence_ns`` would be known by now.

        What is accepted late and executes at once is nowhere open, and a history may not have it yet. The stream has, if it was
        up since before the request was made at ``noted_ns``, was read whole and spoke after the fence: frames keep their order.
        One that came up since then began with a snapshot, which does not go back far enough to prove anything.
        """
        now = self._clock.mono_ns()
        link = self._store.links.get((venue, "private"))
        told = link is None or (link.is_live and link.whole_ns < noted_ns and link.heard_ns > fence_ns)
        return now > fence_ns and (told or now > fence_ns + HISTORY_LAG_S * NS)

    def _life_ns(self) -> int:
        """Return how long after its signing a request may still be accepted."""
        return round((self._dialect.expiry_s() + SKEW_BOUND_S) * NS)

    def _in_doubt(self, client_id: str) -> Order | None:
        order = self._store.blotter.get(client_id)
        return order if order is not None and order.status in IN_DOUBT else None

    async def _ask_after(self, order: Order) -> Verdict:
        """Ask for one order by id and absorb the answer; an empty answer is MISSING.

        One that carries no id of ours, and whose own is not known, is looked for by what it is. One that the answer says to go
        on under another id is asked for by that too.
        """
        if not order.venue_id and self.is_nameless(order):
            return await self._nameless.find(order, self._fence_ns.get(order.client_id, 0))
        verdict = await self._ask_by_id(order)
        known = self._store.blotter.get(order.client_id)
        if verdict.outcome is Outcome.ACK and known is not None and order.venue_id not in ("", known.venue_id):
            return await self._ask_by_id(known)
        return verdict

    async def _ask_by_id(self, order: Order) -> Verdict:
        request: Request | None = self._dialect.order_by_id(as_venue_knows(order))
        verdict = Verdict(Outcome.MISSING)
        for _ in range(MAX_PAGES):
            if request is None:
                return replace(verdict, outcome=Outcome.MISSING)
            verdict = await self._send(request)
            if verdict.outcome is not Outcome.ACK:
                return verdict
            if verdict.events:
                self._absorb(list(verdict.events))
                return verdict
            request = verdict.next_page
        return replace(verdict, outcome=Outcome.UNKNOWN)

    async def _list_open(self, order: Order) -> bool | None:
        """Whether the list of open orders has the order; None when it was not answered."""
        listed = await self._open(order.instrument)
        return None if listed is None else bool({order.client_id, order.venue_id} & listed)

    async def _open(self, instrument: InstrumentId) -> set[str] | None:
        """Absorb the list of open orders, part by part, and return all ids in it; None when a part was not answered."""
        listed: set[str] = set()
        request: Request | None = self._dialect.open_orders(instrument)
        for _ in range(MAX_PAGES):
            if request is None:
                return listed
            verdict = await self._send(request)
            if verdict.outcome is not Outcome.ACK:
                return None
            self._absorb(list(verdict.events))
            listed |= _listed(verdict)
            request = verdict.next_page
        return None

    async def _without_fills(self, order: Order) -> bool:
        """Whether the executions of the time since the order was made are all told and none is of it."""
        since_ns = (order.created_ns or self._clock.wall_ns() - DAY_NS) - FILLS_BEFORE_NS
        request: Request | None = self._dialect.fills(order.instrument, since_ns)
        for _ in range(MAX_PAGES):
            if request is None:
                return True
            verdict = await page_of(request, self._send, self._sleep)
            if verdict.outcome is not Outcome.ACK:
                return False
            self._absorb(list(verdict.events))
            fills = [event.fill for event in verdict.events if isinstance(event, OrderFilled)]
            if any(fill.client_id == order.client_id or (fill.venue_id and fill.venue_id == order.venue_id) for fill in fills):
                return False
            request = verdict.next_page
        return False

    def _conclude_absent(self, client_id: str, why: str = "") -> None:
        order = self._in_doubt(client_id)
        if order is None:
            return
        if why:
            reason = why
        elif order.venue_id:
            # It was there once, so "never" would be untrue; what became of it nobody tells, but it did not execute.
            reason = "gone from the venue: neither open nor executed, and not in its history"
        else:
            reason = "the venue never had it: asked by id, open orders and executions after it could no longer be accepted"
        self._put(order.to_status(OrderStatus.ABSENT, reason=reason, at_ns=self._clock.wall_ns()))
        self._record("absent", {"id": client_id})
        self._say(f"order {short(client_id)}: {reason}")
        self.bury(client_id)

    def _doubt(self, client_id: str) -> None:
        """Move a working order whose end is not told to UNKNOWN, and find out."""
        order = self._store.blotter.get(client_id)
        if order is None or order.status.is_terminal:
            return
        self._unlisted.add(client_id)
        if order.status not in IN_DOUBT:
            self._put(order.to_status(OrderStatus.UNKNOWN, reason="not among the open orders, and its end was not told"))
        self.resolve(client_id)

    def _put(self, order: Order) -> None:
        self._store.blotter.put(order)
        self._store.touch(topic.ORDERS, topic.book_topic(order.instrument))

    def _is_older(self, order: Order, mono_ns: int) -> bool:
        return self._age_ns(order) > self._clock.mono_ns() - mono_ns + NS

    def _age_ns(self, order: Order) -> int:
        """Return how long ago an order was made. One of the future was made by another clock, or before ours was set back:
        it is taken for old, or nobody would ask after it until our clock has caught up."""
        return abs(self._clock.wall_ns() - order.created_ns)

    def _say(self, text: str, severity: Severity = Severity.WARNING) -> None:
        self._absorb([Notice(text, severity, self._clock.wall_ns())])


def as_venue_knows(order: Order) -> Order:
    """Return the order under the names that the venue knows: an id that was made up here is none of them."""
    return replace(order, client_id=ClientOrderId("")) if is_made_up(order.client_id) else order


def _listed(verdict: Verdict) -> set[str]:
    ids: set[str] = set()
    for event in verdict.events:
        if isinstance(event, OrdersSnapshot):
            for report in event.reports:
                ids.update((report.venue_id, report.client_id))
        elif isinstance(event, OrderChanged):
            ids.update((event.report.venue_id, event.report.client_id))
    ids.discard("")
    return ids


def short(client_id: str) -> str:
    """Return the end of an id, enough for a person to tell orders apart."""
    return client_id[-6:]
