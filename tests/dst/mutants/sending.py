"""Planted bugs of what leaves: sent twice, written down late, and answers misread."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from decimal import Decimal
from typing import Any

from tests.dst.mutants.plot import mutant, swap
from tui_trader.core.order import Order
from tui_trader.desk.inquiry import Inquiry
from tui_trader.desk.orders import OrderPath, Sent
from tui_trader.net.rest import RestClient
from tui_trader.venues.base import Outcome, Request, Verdict
from tui_trader.venues.phemex.orders import PhemexOrders


@mutant("sends a create again after a timeout", seed=6)
def _resend(stack: ExitStack) -> None:
    once = OrderPath._send_recorded

    async def twice(self: OrderPath, request: Request, ref: str) -> Verdict:
        verdict = await once(self, request, ref)
        return await once(self, request, ref) if verdict.outcome is Outcome.UNKNOWN else verdict

    swap(stack, OrderPath, "_send_recorded", twice)


@mutant("lets the transport send everything twice when the connection breaks", seed=6)
def _transport_resend(stack: ExitStack) -> None:
    once = RestClient._exchange

    async def twice(self: RestClient, *args: Any) -> Verdict:
        verdict = await once(self, *args)
        return await once(self, *args) if verdict.code == "broken" else verdict

    swap(stack, RestClient, "_exchange", twice)


@mutant("journals the intent after the answer", seed=0)
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

    swap(stack, OrderPath, "_record", later)
    swap(stack, OrderPath, "_send_recorded", then)


def _believes(stack: ExitStack, outcome: Outcome, instead: Outcome) -> None:
    settle = OrderPath._settle

    def settled(self: OrderPath, client_id: str, verdict: Verdict) -> None:
        settle(self, client_id, replace(verdict, outcome=instead) if verdict.outcome is outcome else verdict)

    swap(stack, OrderPath, "_settle", settled)


@mutant("takes an unknown outcome for a reject", seed=6)
def _unknown_is_reject(stack: ExitStack) -> None:
    _believes(stack, Outcome.UNKNOWN, Outcome.REJECTED)


@mutant("takes a duplicate id for a reject", seed=154)
def _duplicate_is_reject(stack: ExitStack) -> None:
    _believes(stack, Outcome.EXISTS, Outcome.REJECTED)


@mutant("takes an unknown outcome for never sent", seed=6)
def _unknown_is_absent(stack: ExitStack) -> None:
    _believes(stack, Outcome.UNKNOWN, Outcome.NOT_SENT)


@mutant("forgets to ask after an unknown outcome", seed=4)
def _no_questions(stack: ExitStack) -> None:
    swap(stack, Inquiry, "resolve", lambda self, client_id: None)


@mutant("sends a create again that the venue had no time for", seed=20)
def _resend_limited(stack: ExitStack) -> None:
    once = OrderPath._send_recorded

    async def twice(self: OrderPath, request: Request, ref: str) -> Verdict:
        verdict = await once(self, request, ref)
        if verdict.outcome is not Outcome.LIMITED:
            return verdict
        await asyncio.sleep(verdict.retry_after_s + 0.1)
        return await once(self, request, ref)

    swap(stack, OrderPath, "_send_recorded", twice)


@mutant("sends entries although the journal cannot be written", seed=6)
def _careless(stack: ExitStack) -> None:
    record = OrderPath._record

    def recorded(self: OrderPath, kind: str, body: Mapping[str, Any], *, required: bool) -> None:
        record(self, kind, body, required=False)

    swap(stack, OrderPath, "_record", recorded)


@mutant("signs by the wall clock", seed=1)
def _wall_clock(stack: ExitStack) -> None:
    swap(stack, RestClient, "server_ns", lambda self: self._clock.wall_ns())


@mutant("makes one of the two cancel-all calls", seed=8)
def _one_call(stack: ExitStack) -> None:
    both = PhemexOrders.cancel_all
    swap(stack, PhemexOrders, "cancel_all", lambda self, instrument: both(self, instrument)[:1])


@mutant("shows an amendment as soon as it is asked for", seed=263)
def _ask_is_amended(stack: ExitStack) -> None:
    amend = OrderPath.amend

    async def amended(self: OrderPath, order: Order, *, qty: Decimal | None = None, price: Decimal | None = None) -> Sent:
        known = self._store.blotter.get(order.client_id) or order
        if known.status.is_working and known.pending is None:
            self._put(replace(known, qty=qty or known.qty, price=price or known.price))
        return await amend(self, order, qty=qty, price=price)

    swap(stack, OrderPath, "amend", amended)


@mutant("leaves an order pending whose cancel or change got no answer", seed=263)
def _pending_for_ever(stack: ExitStack) -> None:
    swap(stack, OrderPath, "_drop_overlay", lambda self, client_id, action: None)
