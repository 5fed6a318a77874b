"""The order path: journal, send once, classify, resolve. Nothing here ever sends a create again.

Every outcome is knowledge (acknowledged, refused, not sent) or it is UNKNOWN, and UNKNOWN is left only by evidence: a sighting,
or negative answers of independent sources after the signed request can no longer be accepted.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from tui_trader.core.clock import NS, Clock
from tui_trader.core.decimals import plain
from tui_trader.core.error import JournalError, RefusedError
from tui_trader.core.event import Event, Notice, OrderChanged
from tui_trader.core.order import Order, OrderTicket
from tui_trader.core.types import InstrumentId, OrderStatus, PendingAction, PositionSide, Severity
from tui_trader.core.venue_rules import closes
from tui_trader.desk import batch
from tui_trader.desk.asking import Sender
from tui_trader.desk.inquiry import Inquiry, as_venue_knows, short
from tui_trader.desk.likeness import Trace, those_like
from tui_trader.desk.records import order_from_body, order_words, ticket_body
from tui_trader.state import topic
from tui_trader.state.store import Store
from tui_trader.storage.journal import Journal
from tui_trader.venues.base import OrderDialect, Outcome, Request, RequestKind, Verdict

MAX_AT_ONCE = 20
"""Orders that one cancel names: more would make a line that gateways cut off."""

KEPT = 50
"""Tickets that are remembered however long ago they were submitted."""

MINUTE_NS = 60 * NS
"""The longest time that orders are counted over."""

NOT_KNOWN_YET = "which order it is at the venue is not known yet; cancel all of the contract, or wait"
"""Of an order that carries no id of ours and whose answer was lost."""

TOLD_S = 3.0
"""The stream tells the end of an order that was cancelled with others within this, or it is asked after."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of one submission."""

    client_id: str
    outcome: Outcome
    text: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class _Change:
    """What an order was asked to become."""

    qty: Decimal | None
    price: Decimal | None
    answered: bool = False
    """Whether the venue took it: its next word on the order says how it stands."""


class OrderPath:
    """Submits, amends and cancels for one account. Single writer of order intents."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        journal: Journal | None,
        dialect: OrderDialect,
        send: Sender,
        absorb: Callable[[list[Event]], None],
        spawn: Callable[[str, Any], None],
        heard: Callable[[Verdict], None] = lambda verdict: None,
        giving_up: Callable[[InstrumentId, bool], None] = lambda iid, keep_stops: None,
        sleep: Callable[[float], Any] = asyncio.sleep,
        venue_ns: Callable[[], int] | None = None,
    ) -> None:
        """``heard`` is told how every order request ended, ``giving_up`` that everything of an instrument, or all but its stops,
        is being cancelled; ``venue_ns`` is the venue's clock as far as it is known, ours without."""
        self._giving_up = giving_up
        self._venue_ns = venue_ns or clock.wall_ns
        self._store = store
        self._clock = clock
        self._journal = journal
        self._dialect = dialect
        self._send = send
        self._sleep = sleep
        self._absorb = absorb
        self._spawn = spawn
        self._heard = heard
        self.inquiry = Inquiry(
            store=store,
            clock=clock,
            dialect=dialect,
            send=send,
            absorb=absorb,
            spawn=spawn,
            record=lambda kind, body: self._record(kind, body, required=False),
            sleep=sleep,
        )
        """Finds out what became of orders."""
        self._batch = batch.of(
            dialect,
            store=store,
            clock=clock,
            send=send,
            record=lambda kind, bodies, required: self._record_several(kind, bodies, required=required),
            leave=self._leave,
            answered=self._answered,
            heard=heard,
        )
        self._changes: dict[str, _Change] = {}
        """What orders were asked to become, until it is known what they are."""
        self.recent: deque[tuple[int, OrderTicket]] = deque()
        """Submitted tickets with their monotonic time, newest last, all of the last minute and ``KEPT`` at least: what the
        duplicate guard and the rates look at. A wall clock that is set back must not let a duplicate through."""

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
        trace = None
        if self.inquiry.is_nameless(ticket):
            trace = Trace(self._venue_ns(), those_like(ticket, self._store.blotter.orders()))
        self._record("intent", ticket_body(ticket) | (trace.body() if trace else {}), required=not reduces)
        now = self._clock.mono_ns()
        self._leave(ticket, trace)
        try:
            verdict = await self._send_recorded(request, ticket.client_id)
        except BaseException:
            # The wait ended, not the order.
            self._settle(ticket.client_id, Verdict(Outcome.UNKNOWN, "interrupted", "the wait for the answer was interrupted"))
            raise
        if verdict.outcome is not Outcome.NOT_SENT:
            rtt = self._clock.mono_ns() - now
            self._store.order_rtt.add(rtt)
            self._answered(ticket.client_id, verdict, rtt)
        else:
            self._settle(ticket.client_id, verdict)
        return Sent(ticket.client_id, verdict.outcome, verdict.text, verdict.code)

    @property
    def most_together(self) -> int:
        """How many orders can leave in one request; one where the venue takes no more, or is not to."""
        return max(1, self._batch.most) if self._batch is not None else 1

    async def submit_several(self, tickets: Sequence[OrderTicket], *, reduces: bool) -> list[Sent]:
        """Send orders of one contract, at most ``most_together``, once and in one request; return what is known of each.

        None of them may wait for a price. ``reduces`` says that all of them can only shrink a position. Raises RefusedError as
        ``submit`` does, and then none was sent.
        """
        if len(tickets) == 1 or self._batch is None:
            return [await self.submit(ticket, reduces=reduces) for ticket in tickets]
        told = await self._batch.submit(tickets, reduces=reduces)
        pairs = zip(tickets, told, strict=True)
        return [Sent(ticket.client_id, verdict.outcome, verdict.text, verdict.code) for ticket, verdict in pairs]

    async def amend(
        self,
        order: Order,
        *,
        qty: Decimal | None = None,
        price: Decimal | None = None,
        trigger: Decimal | None = None,
        take_profit: Decimal | None = None,
        stop_loss: Decimal | None = None,
        trail: Decimal | None = None,
    ) -> Sent:
        """Change a working order in place; at most one change is outstanding. Raises RefusedError when it cannot be asked.

        None leaves a term as it is, zero takes an attached exit off. It does not judge the change: that is the desk's.
        """
        instrument = self._store.instruments[order.instrument]
        order = self._store.blotter.get(order.client_id) or order
        if order.status.is_terminal:
            raise RefusedError(f"order {order.client_id} is {order.status}: nothing to change")
        if self._cannot_name(order):
            raise RefusedError(f"order {short(order.client_id)}: {NOT_KNOWN_YET}")
        change = self._changes.get(order.client_id)
        if order.pending is not None or (change is not None and not change.answered):
            raise RefusedError(f"a {order.pending or PendingAction.AMEND} of this order is still being answered")
        if qty is not None and qty <= order.filled:
            raise RefusedError(f"{plain(order.filled)} is filled already: the new size must be larger")
        exits = {"take_profit": take_profit, "stop_loss": stop_loss, "trail": trail}
        request = self._dialect.amend(as_venue_knows(order), instrument, qty=qty, price=price, trigger=trigger, **exits)
        body = {"id": order.client_id, "qty": _text(qty), "price": _text(price), "trigger": _text(trigger)}
        body |= {name: _text(value) for name, value in exits.items() if value is not None}
        self._record("amend", body, required=not (order.reduce_only or order.close_on_trigger))
        self._put(replace(order, pending=PendingAction.AMEND))
        # The overlay alone would not do: news of an older moment may take it off while the answer is under way.
        self._changes[order.client_id] = _Change(qty, price)
        try:
            verdict = await self._send_recorded(request, order.client_id)
        except BaseException:
            # The wait ended, not the change.
            self._spawn(f"change of {order.client_id}", self._find_out(order.client_id))
            raise
        if verdict.outcome is Outcome.ACK:
            self._changes[order.client_id] = _Change(qty, price, answered=True)
            self._absorb(list(verdict.events))
        else:
            self._drop_overlay(order.client_id, PendingAction.AMEND)
            if verdict.outcome in (Outcome.REJECTED, Outcome.LIMITED, Outcome.NOT_SENT):
                self._changes.pop(order.client_id, None)
                if verdict.outcome is not Outcome.REJECTED:
                    self._spawn(f"look-up {order.client_id}", self.inquiry.look_up(order.client_id))
            else:
                self._spawn(f"change of {order.client_id}", self._find_out(order.client_id))
        return Sent(order.client_id, verdict.outcome, verdict.text, verdict.code)

    def at_most(self, order: Order) -> Order:
        """Return the order as large as it is or may have become: until a change is known to have arrived, both forms count."""
        change = self._changes.get(order.client_id)
        if change is None:
            return order
        if change.answered and order.pending is not PendingAction.AMEND:
            del self._changes[order.client_id]  # the venue has said how the order stands since it took the change
            return order
        qty = order.qty if change.qty is None else max(order.qty, change.qty)
        price = order.price if change.price is None else max(order.price or change.price, change.price)
        return replace(order, qty=qty, price=price)

    async def cancel(self, order: Order) -> Sent:
        """Ask for the end of one order. May be repeated; the journal not being writable does not stop it."""
        order = self._store.blotter.get(order.client_id) or order
        if order.status.is_terminal:
            return Sent(order.client_id, Outcome.MISSING, f"already {order.status}")
        if self._cannot_name(order):
            self.inquiry.resolve(order.client_id)
            return Sent(order.client_id, Outcome.NOT_SENT, NOT_KNOWN_YET)
        self._record("cancel", {"id": order.client_id, "venue_id": order.venue_id}, required=False)
        self._put(replace(order, pending=PendingAction.CANCEL))
        verdict = await self._send_recorded(self._dialect.cancel(as_venue_knows(order)), order.client_id)
        if verdict.outcome is Outcome.ACK:
            self._absorb(list(verdict.events))
        else:
            self._drop_overlay(order.client_id, PendingAction.CANCEL)
            if verdict.outcome in (Outcome.MISSING, Outcome.UNKNOWN, Outcome.EXISTS):
                self._spawn(f"look-up {order.client_id}", self.inquiry.look_up(order.client_id))
        return Sent(order.client_id, verdict.outcome, verdict.text, verdict.code)

    async def cancel_several(self, orders: Sequence[Order]) -> list[Sent]:
        """Ask for the end of several orders, with one call for each contract and leg.

        The venue's yes is of the call, not of each of its orders: one whose end the stream does not tell soon is asked after.
        When the call is refused, each order is cancelled by itself: a way out does not rest on a call that may be misread.
        """
        groups: dict[tuple[InstrumentId, PositionSide, bool], list[Order]] = {}
        sent: dict[str, Sent] = {}
        for order in (self._store.blotter.get(order.client_id) or order for order in orders):
            if order.status.is_terminal:
                sent[order.client_id] = Sent(order.client_id, Outcome.MISSING, f"already {order.status}")
            elif self._cannot_name(order):
                sent[order.client_id] = await self.cancel(order)
            else:
                groups.setdefault((order.instrument, order.position_side, bool(order.venue_id)), []).append(order)
        for group in groups.values():
            for start in range(0, len(group), MAX_AT_ONCE):
                for one in await self._cancel_together(group[start : start + MAX_AT_ONCE]):
                    sent[one.client_id] = one
        return [sent[order.client_id] for order in orders]

    async def _cancel_together(self, orders: Sequence[Order]) -> list[Sent]:
        """Cancel orders of one contract and leg that the venue is told of under the same kind of name."""
        if len(orders) == 1:
            return [await self.cancel(orders[0])]
        for order in orders:
            self._record("cancel", {"id": order.client_id, "venue_id": order.venue_id}, required=False)
            self._put(replace(order, pending=PendingAction.CANCEL))
        requests = self._dialect.cancel_several([as_venue_knows(order) for order in orders])
        verdict = Verdict(Outcome.NOT_SENT)
        for request in requests:  # more than one where orders of one contract are of several kinds
            verdict = await self._send_recorded(request, ",".join(order.client_id for order in orders))
            if verdict.outcome is not Outcome.ACK:
                return [await self.cancel(order) for order in orders]
            self._absorb(list(verdict.events))
        ids = [order.client_id for order in orders]
        self._spawn(f"look-up of {len(ids)}", self._see_them_gone(ids))
        return [Sent(client_id, verdict.outcome, verdict.text, verdict.code) for client_id in ids]

    async def _see_them_gone(self, client_ids: Sequence[str]) -> None:
        """Ask after each order of a cancel that is not told to be over; what stands after all is shown without the overlay."""
        await self._sleep(TOLD_S)
        for client_id in client_ids:
            order = self._store.blotter.get(client_id)
            if order is not None and order.status.is_working:
                await self.inquiry.look_up(client_id)
                self._drop_overlay(client_id, PendingAction.CANCEL)

    async def cancel_all(self, instrument: InstrumentId, *, keep_stops: bool = False) -> list[Verdict]:
        """Cancel everything of one instrument; with ``keep_stops`` all but the stops that protect a position.

        Both calls are made even when the first fails. The result is verified by ``open_orders``, not by the replies.
        """
        self._giving_up(instrument, keep_stops)
        self._record("cancel_all", {"symbol": instrument.symbol, "keep_stops": keep_stops}, required=False)
        for order in self._store.blotter.working(instrument):
            if not (keep_stops and is_stop(order)):
                self._put(replace(order, pending=PendingAction.CANCEL))
        requests = self._dialect.cancel_all(instrument)
        if keep_stops:
            requests = requests[:1]
        verdicts = [await self._send_recorded(request, instrument.symbol) for request in requests]
        if keep_stops:
            for order in self._store.blotter.working(instrument):
                if order.type.is_conditional and not is_stop(order):
                    await self.cancel(order)
        await self.inquiry.refresh(instrument)
        if any(verdict.outcome is not Outcome.ACK for verdict in verdicts):
            for order in self._store.blotter.working(instrument):
                self._drop_overlay(order.client_id, PendingAction.CANCEL)
        return verdicts

    def recover(self, records: Sequence[Mapping[str, Any]], buried: Sequence[Mapping[str, Any]] = ()) -> None:
        """Put orders of an earlier run whose end the journal does not know back on the screen as UNKNOWN, to be resolved.

        Those ``buried`` were found absent by an earlier run; they are asked about again.
        """
        for body in buried:
            order = replace(order_from_body(body), status=OrderStatus.ABSENT, reason="found absent by an earlier run")
            if self._store.blotter.get(order.client_id) is None:
                self._put(order)
                self.inquiry.fence(order.client_id, Trace.from_body(body))
                self.inquiry.bury(order.client_id, at_once=True)
        for body in records:
            order = order_from_body(body)
            if self._store.blotter.get(order.client_id) is None:
                self._put(order)
                self.inquiry.fence(order.client_id, Trace.from_body(body))
                self.inquiry.resolve(order.client_id)

    # -- inside ----------------------------------------------------------------------------------------------------

    async def _find_out(self, client_id: str) -> None:
        """Learn how an order stands once a change of it can no longer arrive; until then both forms count."""
        await self.inquiry.outlast(client_id)
        self._changes.pop(client_id, None)

    def _leave(self, ticket: OrderTicket, trace: Trace | None = None) -> None:
        """Show an order as sent, and note until when it may still be made."""
        now = self._clock.mono_ns()
        self.recent.append((now, ticket))
        while len(self.recent) > KEPT and now - self.recent[0][0] > MINUTE_NS:
            self.recent.popleft()
        order = Order.from_ticket(ticket, self._clock.wall_ns())
        self._put(order.to_status(OrderStatus.SENT))
        self.inquiry.fence(ticket.client_id, trace)

    def _answered(self, client_id: str, verdict: Verdict, took_ns: int) -> None:
        """Settle an order, and note how long its answer took; 0 where there was none."""
        current = self._store.blotter.get(client_id)
        if took_ns and current is not None and not current.rtt_ns:
            self._put(replace(current, rtt_ns=took_ns))
        self._settle(client_id, verdict)

    def _settle(self, client_id: str, verdict: Verdict) -> None:
        match verdict.outcome:
            case Outcome.ACK:
                self._absorb(list(verdict.events))
                order = self._store.blotter.get(client_id)
                if order is not None and order.status is OrderStatus.SENT:
                    order = order.to_status(OrderStatus.ACKED)
                    self._put(order)
                if order is not None:
                    self._say(f"{order_words(order)} acknowledged in {order.rtt_ns // 1_000_000}ms", Severity.NOTE)
            case Outcome.REJECTED | Outcome.LIMITED:
                self._close_unsent(client_id, OrderStatus.REJECTED, verdict)
            case Outcome.NOT_SENT:
                self._close_unsent(client_id, OrderStatus.ABSENT, verdict)
            case _:
                order = self._store.blotter.get(client_id)
                if order is not None and order.status in (OrderStatus.SENT, OrderStatus.INTENT):
                    self._put(order.to_status(OrderStatus.UNKNOWN, reason=verdict.text, code=verdict.code))
                    self._say(f"order {short(client_id)}: outcome unknown ({verdict.text}); asking the venue, not sending again")
                self.inquiry.left(client_id, verdict.left_ns or self._clock.mono_ns())
                self.inquiry.resolve(client_id)

    def _close_unsent(self, client_id: str, status: OrderStatus, verdict: Verdict) -> None:
        order = self._store.blotter.get(client_id)
        if order is None:
            return
        if order.status in (OrderStatus.SENT, OrderStatus.INTENT, OrderStatus.UNKNOWN):
            self._put(order.to_status(status, reason=verdict.text, code=verdict.code, at_ns=self._clock.wall_ns()))
            word = "not sent" if status is OrderStatus.ABSENT else "rejected"
            self._say(f"order {short(client_id)} {word}: {verdict.text.removeprefix('Not sent: ')}")
        elif order.status is not status:
            self._say(
                f"order {short(client_id)}: refusal ({verdict.text}) contradicts the venue's stream; the stream is believed"
            )

    async def _send_recorded(self, request: Request, ref: str) -> Verdict:
        verdict = await self._send(request)
        body = {"ref": ref, "what": request.what, "outcome": verdict.outcome, "code": verdict.code, "text": verdict.text}
        if verdict.digest:
            body["reply_sha256"] = verdict.digest
        if request.kind is RequestKind.CREATE and (venue_id := self._told_id(ref, verdict)):
            body["venue_id"] = venue_id
        self._record("outcome", body, required=False)
        self._heard(verdict)
        return verdict

    def _told_id(self, client_id: str, verdict: Verdict) -> str:
        """Return the venue's id that an answer tells of an order that carries none of ours: nothing else will tell it again."""
        order = self._store.blotter.get(client_id)
        if order is None or not self.inquiry.is_nameless(order):
            return ""
        reports = (event.report for event in verdict.events if isinstance(event, OrderChanged))
        return next((report.venue_id for report in reports if report.client_id == client_id), "")

    def _cannot_name(self, order: Order) -> bool:
        """Whether nothing can be asked of an order because the venue has no id of ours for it and its own is not known yet."""
        return not order.venue_id and self.inquiry.is_nameless(order)

    def _record(self, kind: str, body: Mapping[str, Any], *, required: bool) -> None:
        self._record_several(kind, (body,), required=required)

    def _record_several(self, kind: str, bodies: Sequence[Mapping[str, Any]], *, required: bool) -> None:
        if self._journal is None:
            if required:
                raise RefusedError("this terminal is read-only: it has no journal to write to")
            return
        try:
            if len(bodies) == 1:
                self._journal.append(kind, bodies[0])
            else:
                self._journal.append_several(kind, bodies)
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

    def _say(self, text: str, severity: Severity = Severity.WARNING) -> None:
        self._absorb([Notice(text, severity, self._clock.wall_ns())])


def is_stop(order: Order) -> bool:
    """Whether an order protects: a stop that can only close. Targets and conditional entries are not stops."""
    return order.type.is_stop and closes(order)


def _text(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)
