"""Planted bugs of finding out what became of an order."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace

from tests.dst.mutants.plot import mutant, swap
from tui_trader.core.order import Order
from tui_trader.core.types import OrderStatus
from tui_trader.desk import inquiry
from tui_trader.desk.exits import Exits
from tui_trader.desk.inquiry import Inquiry
from tui_trader.desk.orders import OrderPath, Sent
from tui_trader.venues.base import Outcome, Verdict


@mutant("believes the first not-found", seed=10)
def _early(stack: ExitStack) -> None:
    swap(stack, Inquiry, "_is_past", lambda self, fence_ns, noted_ns, venue: True)


@mutant("believes absence by elapsed time", seed=15)
def _by_timer(stack: ExitStack) -> None:
    async def missing(self: Inquiry, order: Order) -> Verdict:
        return Verdict(Outcome.MISSING)

    async def unlisted(self: Inquiry, order: Order) -> bool:
        return False

    swap(stack, Inquiry, "_ask_after", missing)
    swap(stack, Inquiry, "_list_open", unlisted)
    swap(stack, Inquiry, "_without_fills", _without)


@mutant("counts a question that failed as a no", seed=32)
def _failure_is_no(stack: ExitStack) -> None:
    ask = Inquiry._ask_after

    async def asked(self: Inquiry, order: Order) -> Verdict:
        verdict = await ask(self, order)
        return verdict if verdict.outcome is Outcome.ACK else replace(verdict, outcome=Outcome.MISSING)

    async def unlisted(self: Inquiry, order: Order) -> bool:
        return False

    swap(stack, Inquiry, "_ask_after", asked)
    swap(stack, Inquiry, "_list_open", unlisted)
    swap(stack, Inquiry, "_without_fills", _without)
    swap(stack, inquiry, "SKEW_BOUND_S", -10.0)


async def _without(self: Inquiry, order: Order) -> bool:
    return True


@mutant("takes a cancel that found nothing for canceled", seed=6)
def _missing_is_canceled(stack: ExitStack) -> None:
    cancel = OrderPath.cancel

    async def canceled(self: OrderPath, order: Order) -> Sent:
        sent = await cancel(self, order)
        known = self._store.blotter.get(order.client_id)
        if sent.outcome is Outcome.MISSING and known is not None and known.status.is_working:
            self._put(replace(known, status=OrderStatus.CANCELED))
        return sent

    swap(stack, OrderPath, "cancel", canceled)


@mutant("shows an order canceled as soon as the cancel is acknowledged", seed=6)
def _ack_is_canceled(stack: ExitStack) -> None:
    cancel = OrderPath.cancel

    async def canceled(self: OrderPath, order: Order) -> Sent:
        known = self._store.blotter.get(order.client_id) or order
        if known.status.is_working:
            self._put(replace(known, status=OrderStatus.CANCELED))
        return await cancel(self, order)

    swap(stack, OrderPath, "cancel", canceled)


@mutant("believes absence before the request has expired", seed=239)
def _short_fence(stack: ExitStack) -> None:
    swap(stack, Inquiry, "_life_ns", lambda self: 1_000_000_000)


@mutant("believes absence without looking for executions", seed=137)
def _without_looking(stack: ExitStack) -> None:
    swap(stack, Inquiry, "_without_fills", _without)
    swap(stack, Inquiry, "_is_past", lambda self, fence_ns, noted_ns, venue: self._clock.mono_ns() > fence_ns)


@mutant("believes the big key's cancels without asking", seed=15)
def _believes_cancels(stack: ExitStack) -> None:
    async def panicked(self: Exits, *, flatten: bool) -> str:
        for iid in sorted({order.instrument for order in self._store.blotter.working()}):
            await self._orders.cancel_all(iid, keep_stops=not flatten)
        return "verified: 0 open orders left"

    swap(stack, Exits, "panic", panicked)
