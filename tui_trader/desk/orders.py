"""The order path: journal, send once, classify, resolve. Nothing here ever sends a create again.

Every outcome is knowledge (acknowledged, refused, not sent) or it is UNKNOWN, and UNKNOWN is left only by evidence: a sighting,
or two independent negative answers after the signed request can no longer be accepted.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Protocol

from tui_trader.core.clock import NS, Clock
from tui_trader.core.decimals import plain
from tui_trader.core.error import JournalError, RefusedError
from tui_trader.core.event import Event, Notice, OrderChanged, OrdersSnapshot
from tui_trader.core.instrument import Instrument
from tui_trader.core.order import Order, OrderTicket
from tui_trader.core.types import InstrumentId, OrderStatus, PendingAction, Severity
from tui_trader.desk.records import order_from_body, ticket_body
from tui_trader.state import topic
from tui_trader.state.store import Store
from tui_trader.storage.journal import Journal
from tui_trader.venues.base import Outcome, Request, Verdict

SKEW_BOUND_S = 2.0
"""Added to a request's expiry: the clocks' disagreement and the time a request may spend inside the venue."""

SILENT_ACK_S = 3.0
"""An acknowledged order that the private stream has not spoken of for this long is asked about."""

RESOLVE_DELAYS_S = (0.25, 0.5, 1.0, 2.0, 4.0)


class Sender(Protocol):
    """Signs and sends a request exactly once."""

    async def __call__(self, request: Request) -> Verdict: ...


class Dialect(Protocol):
    """The part of an OrderDialect that the order path needs."""

    def place(self, ticket: OrderTicket, instrument: Instrument) -> Request: ...
    def amend(
        self, order: Order, instrument: Instrument, *, qty: Decimal | None, price: Decimal | None, trigger: Decimal | None
    ) -> Request: ...
    def cancel(self, order: Order) -> Request: ...
    def cancel_all(self, instrument: InstrumentId) -> list[Request]: ...
    def open_orders(self, instrument: InstrumentId) -> Request: ...
    def order_by_id(self, order: Order) -> Request: ...
    def expiry_s(self) -> float: ...


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of one submission."""

    client_id: str
    outcome: Outcome
    text: str = ""
    code: str = ""


class OrderPath:
    """Submits, amends and cancels for one account. Single writer of order intents."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        journal: Journal | None,
        dialect: Dialect,
        send: Sender,
        absorb: Callable[[list[Event]], None],
        spawn: Callable[[str, Any], None],
        sleep: Callable[[float], Any] = asyncio.sleep,
    ) -> None:
        self._store = store
        self._clock = clock
        self._journal = journal
        self._dialect = dialect
        self._send = send
        self._absorb = absorb
        self._spawn = spawn
        self._sleep = sleep
        self._fence_ns: dict[str, int] = {}
        self._resolving: set[str] = set()
        self.recent: deque[tuple[int, OrderTicket]] = deque(maxlen=50)
        """Submitted tickets with their monotonic time, newest last: what the duplicate guard looks at."""

    # -- entries and exits -----------------------------------------------------------------------------------------

    async def submit(self, ticket: OrderTicket, *, reduces: bool) -> Sent:
        """Send one order once and return what is known of it.

        ``reduces`` says that the order can only shrink a position: then a journal that cannot be written does not stop it.
        Raises RefusedError when the intent cannot be recorded or the instrument is unknown.
        """
        instrument = self._store.instruments.get(ticket.instrument)
        if instrument is None:
            raise RefusedError(f"{ticket.instrument.symbol} is not in the venue's product list")
        if self._store.blotter.get(ticket.client_id) is not None:
            raise RefusedError(f"order {ticket.client_id} was already submitted")
        request = self._dialect.place(ticket, instrument)
        self._record("intent", ticket_body(ticket), required=not reduces)
        now = self._clock.mono_ns()
        self.recent.append((now, ticket))
        order = Order.from_ticket(ticket, self._clock.wall_ns())
        self._put(order.to_status(OrderStatus.SENT))
        self._fence_ns[ticket.client_id] = now + round((self._dialect.expiry_s() + SKEW_BOUND_S) * NS)
        verdict = await self._send_recorded(request, ticket.client_id)
        rtt = self._clock.mono_ns() - now
        self._store.order_rtt.add(rtt)
        current = self._store.blotter.get(ticket.client_id)
        if current is not None and not current.rtt_ns:
            self._put(replace(current, rtt_ns=rtt))
        self._settle(ticket.client_id, verdict)
        return Sent(ticket.client_id, verdict.outcome, verdict.text, verdict.code)

    async def amend(
        self, order: Order, *, qty: Decimal | None = None, price: Decimal | None = None, trigger: Decimal | None = None
    ) -> Sent:
        """Change a working order in place; at most one change is outstanding. Raises RefusedError when it cannot be asked."""
        instrument = self._store.instruments[order.instrument]
        order = self._store.blotter.get(order.client_id) or order
        if order.status.is_terminal:
            raise RefusedError(f"order {order.client_id} is {order.status}: nothing to change")
        if order.pending is not None:
            raise RefusedError(f"a {order.pending} of this order is still being answered")
        if qty is not None and qty <= order.filled:
            raise RefusedError(f"{plain(order.filled)} is filled already: the new size must be larger")
        request = self._dialect.amend(order, instrument, qty=qty, price=price, trigger=trigger)
        body = {"id": order.client_id, "qty": _text(qty), "price": _text(price), "trigger": _text(trigger)}
        self._record("amend", body, required=True)
        self._put(replace(order, pending=PendingAction.AMEND))
        verdict = await self._send_recorded(request, order.client_id)
        if verdict.outcome is Outcome.ACK:
            self._absorb(list(verdict.events))
        else:
            self._drop_overlay(order.client_id, PendingAction.AMEND)
            if verdict.outcome is not Outcome.REJECTED:
                self._spawn(f"look-up {order.client_id}", self.look_up(order.client_id))
        return Sent(order.client_id, verdict.outcome, verdict.text, verdict.code)

    async def cancel(self, order: Order) -> Sent:
        """Ask for the end of one order. May be repeated; the journal not being writable does not stop it."""
        order = self._store.blotter.get(order.client_id) or order
        if order.status.is_terminal:
            return Sent(order.client_id, Outcome.MISSING, f"already {order.status}")
        self._record("cancel", {"id": order.client_id, "venue_id": order.venue_id}, required=False)
        self._put(replace(order, pending=PendingAction.CANCEL))
        verdict = await self._send_recorded(self._dialect.cancel(order), order.client_id)
        if verdict.outcome is Outcome.ACK:
            self._absorb(list(verdict.events))
        else:
            self._drop_overlay(order.client_id, PendingAction.CANCEL)
            if verdict.outcome in (Outcome.MISSING, Outcome.UNKNOWN, Outcome.EXISTS):
                self._spawn(f"look-up {order.client_id}", self.look_up(order.client_id))
        return Sent(order.client_id, verdict.outcome, verdict.text, verdict.code)

    async def cancel_all(self, instrument: InstrumentId, *, keep_stops: bool = False) -> list[Verdict]:
        """Cancel everything of one instrument: resting orders, and waiting conditional ones unless ``keep_stops``.

        Both calls are made even when the first fails. The result is verified by ``open_orders``, not by the replies.
        """
        self._record("cancel_all", {"symbol": instrument.symbol, "keep_stops": keep_stops}, required=False)
        for order in self._store.blotter.working(instrument):
            if not (keep_stops and order.type.is_conditional):
                self._put(replace(order, pending=PendingAction.CANCEL))
        requests = self._dialect.cancel_all(instrument)
        if keep_stops:
            requests = requests[:1]
        verdicts = [await self._send_recorded(request, instrument.symbol) for request in requests]
        if keep_stops:
            for order in self._store.blotter.working(instrument):
                if order.type.is_conditional and not (order.reduce_only or order.close_on_trigger):
                    await self.cancel(order)
        await self.refresh(instrument)
        return verdicts

    # -- evidence --------------------------------------------------------------------------------------------------

    async def refresh(self, instrument: InstrumentId) -> bool:
        """Ask for the open orders of an instrument and ask after each of ours that is missing; False when not answered."""
        asked_ns = self._clock.mono_ns()
        verdict = await self._send(self._dialect.open_orders(instrument))
        if verdict.outcome is not Outcome.ACK:
            return False
        self._absorb(list(verdict.events))
        listed = _listed(verdict)
        for order in self._store.blotter.absent_from(listed, instrument):
            if order.created_ns and self._is_older(order, asked_ns):
                await self.look_up(order.client_id)
        return True

    async def look_up(self, client_id: str) -> bool:
        """Ask for one order by id; True when the venue knew it. A negative answer changes nothing by itself."""
        order = self._store.blotter.get(client_id)
        if order is None:
            return False
        verdict = await self._send(self._dialect.order_by_id(order))
        if verdict.outcome is Outcome.ACK and verdict.events:
            self._absorb(list(verdict.events))
            return True
        return False

    def tick(self) -> None:
        """Ask after acknowledged orders that the private stream stays silent about; the desk calls it once a second."""
        now = self._clock.wall_ns()
        for order in self._store.blotter.working():
            if order.client_id in self._resolving or order.external:
                continue
            silent = order.status is OrderStatus.ACKED and now - order.created_ns > SILENT_ACK_S * NS
            if silent or order.status is OrderStatus.UNKNOWN:
                self._resolve(order.client_id)

    def recover(self, records: list[Mapping[str, Any]]) -> None:
        """Put orders of an earlier run whose end the journal does not know back on the screen as UNKNOWN, to be resolved."""
        for body in records:
            order = order_from_body(body)
            if self._store.blotter.get(order.client_id) is None:
                self._put(order)
                self._fence_ns[order.client_id] = self._clock.mono_ns() + round((self._dialect.expiry_s() + SKEW_BOUND_S) * NS)
                self._resolve(order.client_id)

    # -- inside ----------------------------------------------------------------------------------------------------

    def _settle(self, client_id: str, verdict: Verdict) -> None:
        match verdict.outcome:
            case Outcome.ACK:
                self._absorb(list(verdict.events))
                order = self._store.blotter.get(client_id)
                if order is not None and order.status is OrderStatus.SENT:
                    self._put(order.to_status(OrderStatus.ACKED))
            case Outcome.REJECTED:
                self._close_unsent(client_id, OrderStatus.REJECTED, verdict)
            case Outcome.LIMITED:
                self._close_unsent(client_id, OrderStatus.REJECTED, verdict)
            case Outcome.NOT_SENT:
                self._close_unsent(client_id, OrderStatus.ABSENT, verdict)
            case _:
                order = self._store.blotter.get(client_id)
                if order is not None and order.status in (OrderStatus.SENT, OrderStatus.INTENT):
                    self._put(order.to_status(OrderStatus.UNKNOWN, reason=verdict.text, code=verdict.code))
                    self._say(f"order {_short(client_id)}: outcome unknown ({verdict.text}); asking the venue, not sending again")
                self._resolve(client_id)

    def _close_unsent(self, client_id: str, status: OrderStatus, verdict: Verdict) -> None:
        order = self._store.blotter.get(client_id)
        if order is None:
            return
        if order.status in (OrderStatus.SENT, OrderStatus.INTENT, OrderStatus.UNKNOWN):
            self._put(order.to_status(status, reason=verdict.text, code=verdict.code, at_ns=self._clock.wall_ns()))
            word = "not sent" if status is OrderStatus.ABSENT else "rejected"
            self._say(f"order {_short(client_id)} {word}: {verdict.text}")
        else:
            self._say(
                f"order {_short(client_id)}: refusal ({verdict.text}) contradicts the venue's stream; the stream is believed"
            )

    def _resolve(self, client_id: str) -> None:
        if client_id not in self._resolving:
            self._resolving.add(client_id)
            self._spawn(f"resolve {client_id}", self._resolve_until_known(client_id))

    async def _resolve_until_known(self, client_id: str) -> None:
        """Ask with growing pauses until the order is seen, or proven absent by two sources after the fence."""
        attempt = 0
        try:
            while True:
                order = self._store.blotter.get(client_id)
                if order is None or order.status not in (OrderStatus.UNKNOWN, OrderStatus.SENT, OrderStatus.ACKED):
                    return
                past_fence = self._clock.mono_ns() > self._fence_ns.get(client_id, 0)
                by_id = await self._send(self._dialect.order_by_id(order))
                if by_id.outcome is Outcome.ACK and by_id.events:
                    self._absorb(list(by_id.events))
                    continue
                listing = await self._send(self._dialect.open_orders(order.instrument))
                if listing.outcome is Outcome.ACK:
                    self._absorb(list(listing.events))
                negative_by_id = by_id.outcome is Outcome.MISSING or (by_id.outcome is Outcome.ACK and not by_id.events)
                listed = _listed(listing)
                negative_by_list = listing.outcome is Outcome.ACK and not {client_id, order.venue_id} & listed
                if past_fence and negative_by_id and negative_by_list:
                    order = self._store.blotter.get(client_id) or order
                    if order.status in (OrderStatus.UNKNOWN, OrderStatus.SENT, OrderStatus.ACKED):
                        reason = "the venue never had it: two answers after it could no longer be accepted"
                        self._put(order.to_status(OrderStatus.ABSENT, reason=reason, at_ns=self._clock.wall_ns()))
                        self._record("absent", {"id": client_id}, required=False)
                        self._say(f"order {_short(client_id)}: {reason}")
                    return
                await self._sleep(RESOLVE_DELAYS_S[min(attempt, len(RESOLVE_DELAYS_S) - 1)])
                attempt += 1
        finally:
            self._resolving.discard(client_id)

    async def _send_recorded(self, request: Request, ref: str) -> Verdict:
        verdict = await self._send(request)
        body = {"ref": ref, "what": request.what, "outcome": verdict.outcome, "code": verdict.code, "text": verdict.text}
        self._record("outcome", body, required=False)
        return verdict

    def _record(self, kind: str, body: Mapping[str, Any], *, required: bool) -> None:
        if self._journal is None:
            if required:
                raise RefusedError("this terminal is read-only: it has no journal to write to")
            return
        try:
            self._journal.append(kind, body)
        except JournalError as error:
            if required:
                raise RefusedError(f"{error}: entries are refused until it can be written; exits still work") from error

    def _put(self, order: Order) -> None:
        self._store.blotter.put(order)
        self._store.touch(topic.ORDERS, topic.book_topic(order.instrument))

    def _drop_overlay(self, client_id: str, action: PendingAction) -> None:
        order = self._store.blotter.get(client_id)
        if order is not None and order.pending is action:
            self._put(replace(order, pending=None))

    def _is_older(self, order: Order, mono_ns: int) -> bool:
        age = self._clock.wall_ns() - order.created_ns
        return age > self._clock.mono_ns() - mono_ns + NS

    def _say(self, text: str, severity: Severity = Severity.WARNING) -> None:
        self._absorb([Notice(text, severity, self._clock.wall_ns())])


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


def _short(client_id: str) -> str:
    return client_id[-6:]


def _text(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)
