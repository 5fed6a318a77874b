"""Planted bugs: each makes the shipping order path wrong in one way, for as long as its context lasts. The histories must see it.

A suite that finds nothing proves nothing until it has found these.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from decimal import Decimal
from typing import Any
from unittest.mock import patch

from tui_trader.core.decimals import ZERO
from tui_trader.core.event import Event, OrderChanged, OrderFilled, PositionChanged, PositionsSnapshot
from tui_trader.core.order import Fill, Order, OrderReport, OrderTicket
from tui_trader.core.types import OrderStatus
from tui_trader.desk import inquiry
from tui_trader.desk.desk import Desk
from tui_trader.desk.inquiry import Inquiry
from tui_trader.desk.orders import OrderPath, Sent
from tui_trader.desk.reconcile import Reconciler
from tui_trader.desk.records import order_from_body
from tui_trader.net.rest import RestClient
from tui_trader.state.blotter import Blotter
from tui_trader.state.store import Store
from tui_trader.venues.base import Outcome, Request, Verdict
from tui_trader.venues.phemex.feed import PhemexFeed

Plant = Callable[[ExitStack], None]

MUTANTS: dict[str, Plant] = {}
"""By name: what is wrong."""


def mutant(name: str) -> Callable[[Plant], Plant]:
    """List a planted bug under ``name``."""

    def listed(plant: Plant) -> Plant:
        MUTANTS[name] = plant
        return plant

    return listed


@contextmanager
def planted(name: str) -> Iterator[None]:
    """Have one bug for a while."""
    with ExitStack() as stack:
        MUTANTS[name](stack)
        yield


def _swap(stack: ExitStack, owner: Any, name: str, value: Any) -> None:
    stack.enter_context(patch.object(owner, name, value))


# -- sending ---------------------------------------------------------------------------------------------------------------


@mutant("sends a create again after a timeout")
def _resend(stack: ExitStack) -> None:
    once = OrderPath._send_recorded

    async def twice(self: OrderPath, request: Request, ref: str) -> Verdict:
        verdict = await once(self, request, ref)
        return await once(self, request, ref) if verdict.outcome is Outcome.UNKNOWN else verdict

    _swap(stack, OrderPath, "_send_recorded", twice)


@mutant("lets the transport send everything twice when the connection breaks")
def _transport_resend(stack: ExitStack) -> None:
    once = RestClient._exchange

    async def twice(self: RestClient, *args: Any) -> Verdict:
        verdict = await once(self, *args)
        return await once(self, *args) if verdict.code == "broken" else verdict

    _swap(stack, RestClient, "_exchange", twice)


@mutant("journals the intent after the answer")
def _journal_late(stack: ExitStack) -> None:
    record, send = OrderPath._record, OrderPath._send_recorded
    held: dict[int, list[tuple[str, Mapping[str, Any]]]] = {}

    def later(self: OrderPath, kind: str, body: Mapping[str, Any], *, required: bool) -> None:
        if kind == "intent":
            held.setdefault(id(self), []).append((kind, body))
        else:
            record(self, kind, body, required=required)

    async def then(self: OrderPath, request: Request, ref: str) -> Verdict:
        verdict = await send(self, request, ref)
        for kind, body in held.pop(id(self), []):
            record(self, kind, body, required=False)
        return verdict

    _swap(stack, OrderPath, "_record", later)
    _swap(stack, OrderPath, "_send_recorded", then)


# -- reading the outcome ---------------------------------------------------------------------------------------------------


def _believes(stack: ExitStack, outcome: Outcome, instead: Outcome) -> None:
    settle = OrderPath._settle

    def settled(self: OrderPath, client_id: str, verdict: Verdict) -> None:
        settle(self, client_id, replace(verdict, outcome=instead) if verdict.outcome is outcome else verdict)

    _swap(stack, OrderPath, "_settle", settled)


@mutant("takes an unknown outcome for a reject")
def _unknown_is_reject(stack: ExitStack) -> None:
    _believes(stack, Outcome.UNKNOWN, Outcome.REJECTED)


@mutant("takes a duplicate id for a reject")
def _duplicate_is_reject(stack: ExitStack) -> None:
    _believes(stack, Outcome.EXISTS, Outcome.REJECTED)


@mutant("takes an unknown outcome for never sent")
def _unknown_is_absent(stack: ExitStack) -> None:
    _believes(stack, Outcome.UNKNOWN, Outcome.NOT_SENT)


@mutant("forgets to ask after an unknown outcome")
def _no_questions(stack: ExitStack) -> None:
    _swap(stack, Inquiry, "resolve", lambda self, client_id: None)


# -- asking ----------------------------------------------------------------------------------------------------------------


@mutant("believes the first not-found")
def _early(stack: ExitStack) -> None:
    _swap(stack, Inquiry, "_is_past", lambda self, fence_ns, venue: True)


@mutant("believes absence by elapsed time")
def _by_timer(stack: ExitStack) -> None:
    async def missing(self: Inquiry, order: Order) -> Verdict:
        return Verdict(Outcome.MISSING)

    async def unlisted(self: Inquiry, order: Order) -> bool:
        return False

    _swap(stack, Inquiry, "_ask_after", missing)
    _swap(stack, Inquiry, "_list_open", unlisted)
    _swap(stack, Inquiry, "_without_fills", _without)


@mutant("counts a question that failed as a no")
def _failure_is_no(stack: ExitStack) -> None:
    ask = Inquiry._ask_after

    async def asked(self: Inquiry, order: Order) -> Verdict:
        verdict = await ask(self, order)
        return verdict if verdict.outcome is Outcome.ACK else replace(verdict, outcome=Outcome.MISSING)

    async def unlisted(self: Inquiry, order: Order) -> bool:
        return False

    _swap(stack, Inquiry, "_ask_after", asked)
    _swap(stack, Inquiry, "_list_open", unlisted)
    _swap(stack, Inquiry, "_without_fills", _without)
    _swap(stack, inquiry, "SKEW_BOUND_S", -10.0)


async def _without(self: Inquiry, order: Order) -> bool:
    return True


@mutant("takes a cancel that found nothing for canceled")
def _missing_is_canceled(stack: ExitStack) -> None:
    cancel = OrderPath.cancel

    async def canceled(self: OrderPath, order: Order) -> Sent:
        sent = await cancel(self, order)
        known = self._store.blotter.get(order.client_id)
        if sent.outcome is Outcome.MISSING and known is not None and known.status.is_working:
            self._put(replace(known, status=OrderStatus.CANCELED))
        return sent

    _swap(stack, OrderPath, "cancel", canceled)


@mutant("shows an order canceled as soon as the cancel is acknowledged")
def _ack_is_canceled(stack: ExitStack) -> None:
    cancel = OrderPath.cancel

    async def canceled(self: OrderPath, order: Order) -> Sent:
        known = self._store.blotter.get(order.client_id) or order
        if known.status.is_working:
            self._put(replace(known, status=OrderStatus.CANCELED))
        return await cancel(self, order)

    _swap(stack, OrderPath, "cancel", canceled)


# -- merging ---------------------------------------------------------------------------------------------------------------


@mutant("adds a fill that is told again")
def _fills_add_up(stack: ExitStack) -> None:
    add = Blotter.add_fill

    def added(self: Blotter, fill: Fill) -> bool:
        key = (fill.instrument, fill.exec_id)
        if key in self._fills:
            self._filled_qty[fill.client_id] = self._filled_qty.get(fill.client_id, ZERO) + fill.qty
            told = self._told.get(fill.client_id)
            if told is not None:
                self._tell(told.client_id, told)
            return False
        return add(self, fill)

    _swap(stack, Blotter, "add_fill", added)


@mutant("lets the newest message win whatever it says")
def _last_wins(stack: ExitStack) -> None:
    merge = Order.merge

    def merged(self: Order, report: OrderReport) -> Order:
        return replace(merge(self, report), status=report.status, filled=report.filled)

    _swap(stack, Order, "merge", merged)


@mutant("drops private events now and then")
def _drops(stack: ExitStack) -> None:
    receive = PhemexFeed.receive
    count = [0]

    def received(self: PhemexFeed, frame: bytes, at_ns: int) -> list[Event]:
        events = receive(self, frame, at_ns)
        if any(isinstance(event, OrderChanged | OrderFilled) for event in events):
            count[0] += 1
            if count[0] % 5 == 0:
                return []
        return events

    _swap(stack, PhemexFeed, "receive", received)


@mutant("lets an older position overwrite a newer one")
def _old_position(stack: ExitStack) -> None:
    def told(self: Store, event: Any) -> None:
        self.positions[event.position.key] = event.position

    init = Store.__init__

    def made(self: Store, *args: Any) -> None:
        init(self, *args)
        self._apply[PositionChanged] = lambda event: told(self, event)

    _swap(stack, Store, "__init__", made)


# -- after a reconnect or a restart ----------------------------------------------------------------------------------------


@mutant("does not reconcile after a reconnect")
def _no_reconcile(stack: ExitStack) -> None:
    async def nothing(self: Reconciler, *args: Any) -> list[str]:
        return []

    _swap(stack, Reconciler, "run", nothing)


@mutant("takes a position query that failed for flat")
def _failed_is_flat(stack: ExitStack) -> None:
    async def flat(self: Reconciler, currency: str) -> None:
        verdict = await self._send(self._dialect.positions(currency))
        failed = verdict.outcome is not Outcome.ACK
        self._absorb([PositionsSnapshot("phemex", currency, ())] if failed else list(verdict.events))

    _swap(stack, Reconciler, "_positions", flat)


@mutant("forgets at the start what the last run sent")
def _forgets(stack: ExitStack) -> None:
    _swap(stack, OrderPath, "recover", lambda self, records: None)
    _swap(stack, Blotter, "claim", lambda self, client_ids: None)


@mutant("reads no open orders after a reconnect")
def _no_open_orders(stack: ExitStack) -> None:
    async def answered(self: Inquiry, instrument: object) -> bool:
        return True

    _swap(stack, Inquiry, "refresh", answered)


@mutant("sends the unfinished orders of the last run again")
def _resends_recovered(stack: ExitStack) -> None:
    recover = OrderPath.recover

    def again(self: OrderPath, records: list[Mapping[str, Any]]) -> None:
        recover(self, records)
        for body in records:
            order = order_from_body(body)
            instrument = self._store.instruments.get(order.instrument)
            if instrument is not None:
                self._spawn("again", self._send(self._dialect.place(_ticket_of(order), instrument)))

    _swap(stack, OrderPath, "recover", again)


@mutant("takes an acknowledgement for an execution")
def _ack_is_filled(stack: ExitStack) -> None:
    absorb = Desk.absorb

    def absorbed(self: Desk, events: list[Event]) -> None:
        told: list[Event] = []
        for event in events:
            if isinstance(event, OrderChanged) and event.report.is_ack:
                report = replace(event.report, is_ack=False, status=OrderStatus.FILLED, filled=event.report.qty)
                event = OrderChanged(report)
            told.append(event)
        absorb(self, told)

    _swap(stack, Desk, "absorb", absorbed)


def _ticket_of(order: Order) -> OrderTicket:
    return OrderTicket(
        client_id=order.client_id,
        instrument=order.instrument,
        side=order.side,
        type=order.type,
        qty=order.qty or Decimal(1),
        price=order.price,
        tif=order.tif,
        trigger_price=order.trigger_price,
    )
