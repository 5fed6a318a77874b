"""Stops and targets moved by keys: presses that follow each other become one change, and one change is outstanding at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from decimal import Decimal
from typing import Any, NamedTuple

from tui_trader.core.error import TraderError
from tui_trader.core.order import Order
from tui_trader.core.types import OrderStatus, Severity
from tui_trader.desk.orders import Sent
from tui_trader.state.store import Store
from tui_trader.venues.base import Outcome

GATHER_S = 0.3
"""Presses within this time are one change."""

LOOK_S = 0.05

PATIENCE_S = 15.0
"""How long the answer to the change before is waited for."""


class Level(NamedTuple):
    """Where an order is to be moved."""

    price: Decimal
    by_price: bool
    """Whether it is the limit price that moves; else the trigger."""


class Nudges:
    """Gathers presses and amends."""

    def __init__(
        self,
        *,
        store: Store,
        amend: Callable[[Order, Level], Awaitable[Sent]],
        spawn: Callable[[str, Coroutine[Any, Any, Any]], None],
        say: Callable[[str, Severity], None],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._store = store
        self._amend = amend
        self._spawn = spawn
        self._say = say
        self._sleep = sleep
        self._wanted: dict[str, Level] = {}
        self._moving: set[str] = set()

    def level(self, order: Order) -> Level | None:
        """Return where an order stands, or will stand after the presses so far; None when it has no price to move."""
        if order.client_id in self._wanted:
            return self._wanted[order.client_id]
        fired = order.status in (OrderStatus.LIVE, OrderStatus.PARTIAL)
        if order.trigger_price is not None and not fired:
            return Level(order.trigger_price, by_price=False)
        return None if order.price is None else Level(order.price, by_price=True)

    def press(self, order: Order, level: Level) -> None:
        """Move an order, soon: presses that follow within ``GATHER_S`` change where to."""
        self._wanted[order.client_id] = level
        if order.client_id not in self._moving:
            self._moving.add(order.client_id)
            self._spawn(f"move of {order.client_id}", self._move(order.client_id))

    async def _move(self, client_id: str) -> None:
        try:
            while client_id in self._wanted:
                await self._sleep(GATHER_S)
                order = await self._answered(client_id)
                level = self._wanted.pop(client_id)
                if order is None or order.status.is_terminal:
                    self._say("not moved: the order is over", Severity.WARNING)
                    return
                if order.pending is not None:
                    self._say(f"not moved: the {order.pending} before it was not answered", Severity.WARNING)
                    return
                try:
                    sent = await self._amend(order, level)
                except TraderError as error:
                    self._say(f"not moved: {error.message}", Severity.WARNING)
                    continue
                if sent.outcome is not Outcome.ACK:
                    self._say(f"not moved: {sent.text or sent.outcome}", Severity.WARNING)
        finally:
            self._moving.discard(client_id)
            self._wanted.pop(client_id, None)

    async def _answered(self, client_id: str) -> Order | None:
        """Wait until no change of an order is under way; return it as it is then, or after the patience has run out."""
        for _ in range(round(PATIENCE_S / LOOK_S)):
            order = self._store.blotter.get(client_id)
            if order is None or order.pending is None or order.status.is_terminal:
                break
            await self._sleep(LOOK_S)
        return self._store.blotter.get(client_id)
