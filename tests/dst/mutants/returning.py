"""Planted bugs of what happens after a reconnect or a restart."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from decimal import Decimal
from typing import Any

from tests.dst.mutants.plot import mutant, swap
from tui_trader.core.event import Event, OrderChanged, PositionsSnapshot
from tui_trader.core.order import Order, OrderTicket
from tui_trader.core.types import InstrumentId, OrderStatus
from tui_trader.desk.desk import Desk
from tui_trader.desk.inquiry import Inquiry
from tui_trader.desk.orders import OrderPath
from tui_trader.desk.reconcile import Reconciler
from tui_trader.desk.records import order_from_body
from tui_trader.desk.sync import Sync
from tui_trader.state.blotter import Blotter
from tui_trader.venues.base import Outcome, Request
from tui_trader.venues.phemex import replies
from tui_trader.venues.phemex.feed import PhemexFeed
from tui_trader.venues.phemex.orders import PhemexOrders


@mutant("does not reconcile after a reconnect", seed=65)
def _no_reconcile(stack: ExitStack) -> None:
    async def nothing(self: Reconciler, *args: Any) -> list[str]:
        return []

    swap(stack, Reconciler, "run", nothing)


@mutant("takes a position query that failed for flat", seed=81)
def _failed_is_flat(stack: ExitStack) -> None:
    async def flat(self: Reconciler, currency: str) -> str:
        verdict = await self._send(self._dialect.positions(currency))
        failed = verdict.outcome is not Outcome.ACK
        self._absorb([PositionsSnapshot("phemex", currency, ())] if failed else list(verdict.events))
        return ""

    swap(stack, Reconciler, "_positions", flat)


@mutant("forgets at the start what the last run sent", seed=4)
def _forgets(stack: ExitStack) -> None:
    swap(stack, OrderPath, "recover", lambda self, records, buried=(): None)
    swap(stack, Blotter, "claim", lambda self, client_ids, named=(): None)


@mutant("reads no open orders after a reconnect", seed=198)
def _no_open_orders(stack: ExitStack) -> None:
    async def answered(self: Inquiry, instrument: object) -> bool:
        return True

    swap(stack, Inquiry, "refresh", answered)


@mutant("sends the unfinished orders of the last run again", seed=4)
def _resends_recovered(stack: ExitStack) -> None:
    recover = OrderPath.recover

    def again(self: OrderPath, records: list[Mapping[str, Any]], buried: list[Mapping[str, Any]]) -> None:
        recover(self, records, buried)
        for body in records:
            order = order_from_body(body)
            instrument = self._store.instruments.get(order.instrument)
            if instrument is not None:
                self._spawn("again", self._send(self._dialect.place(_ticket_of(order), instrument)))

    swap(stack, OrderPath, "recover", again)


@mutant("takes an acknowledgement for an execution", seed=0)
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

    swap(stack, Desk, "absorb", absorbed)


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


@mutant("asks for no executions after a reconnect", seed=65)
def _no_fills(stack: ExitStack) -> None:
    async def nothing(self: Reconciler) -> None:
        return None

    swap(stack, Reconciler, "fills", nothing)


@mutant("reads one page of the executions", seed=187)
def _one_page(stack: ExitStack) -> None:
    swap(stack, replies, "_next_page", lambda request: None)


@mutant("does not ask again when the venue's history has caught up", seed=66)
def _no_second_look(stack: ExitStack) -> None:
    async def nothing(self: Sync, epoch: int) -> None:
        return None

    swap(stack, Sync, "_catch_up", nothing)


@mutant("asks after every order under the first instrument's name", seed=114)
def _first_name(stack: ExitStack) -> None:
    by_id = PhemexOrders.order_by_id

    def named(self: PhemexOrders, order: Order) -> Request:
        return by_id(self, replace(order, instrument=InstrumentId("phemex", "BTCUSDT")))

    swap(stack, PhemexOrders, "order_by_id", named)


@mutant("does not notice a connection that has gone silent", seed=1)
def _deaf(stack: ExitStack) -> None:
    swap(stack, PhemexFeed, "silence_s", 10_000.0)
