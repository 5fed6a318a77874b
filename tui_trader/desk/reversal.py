"""A position turned around: closed at the market, and the same size opened on the other side once that is known to be done.

Always two requests, on every venue and in both position modes. One order of twice the size would be quicker, but an exit that
fires in between would make it open twice what was wanted; so the second order leaves only when the first is known to be filled
and the leg is told to be flat. When that does not come in time nothing more is sent, and that is said.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from tui_trader.core.decimals import HUNDRED
from tui_trader.core.error import RefusedError, TraderError
from tui_trader.core.position import Position
from tui_trader.core.types import OrderStatus
from tui_trader.desk.draft import Draft
from tui_trader.desk.facts import Judgement
from tui_trader.desk.orders import Sent
from tui_trader.desk.permit import Permit
from tui_trader.desk.stage import Stage
from tui_trader.state.store import Store
from tui_trader.venues.base import Outcome

LOOK_S = 0.02

PATIENCE_S = 5.0
"""How long the first half is waited for."""


class Reversal:
    """Turns positions around."""

    def __init__(
        self,
        *,
        store: Store,
        stage: Stage,
        permit: Permit,
        submit: Callable[[Judgement], Awaitable[Sent]],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._store = store
        self._stage = stage
        self._permit = permit
        self._submit = submit
        self._sleep = sleep

    def judged(self, draft: Draft) -> tuple[Position, Judgement]:
        """Return the leg that a draft turns around and the order that closes it, both halves being admitted.

        Raises CommandError or RefusedError, and then nothing was sent: half a reversal is not begun.
        """
        assert draft.reverses is not None
        leg = self._store.position(draft.instrument, draft.reverses)
        if leg is None or leg.is_flat or leg.side is draft.side:
            raise RefusedError("the position that was to be turned around is closed already")
        self._permit.admit(self._stage.confirm(draft))
        closing = self._stage.confirm(self._stage.drafting.closing(leg, HUNDRED))
        self._permit.admit(closing)
        return leg, closing

    async def run(self, draft: Draft, leg: Position, closing: Judgement) -> Sent:
        """Close, wait until that is known, open."""
        first = await self._submit(closing)
        if first.outcome is not Outcome.ACK:
            return Sent(first.client_id, first.outcome, f"not turned around: {first.text or first.outcome}", first.code)
        if not await self._is_closed(leg, first.client_id):
            text = "not turned around: the position is not known to be closed yet"
            return Sent(first.client_id, Outcome.REJECTED, text)
        try:
            opening = self._stage.confirm(draft)
            self._permit.admit(opening)
            return await self._submit(opening)
        except TraderError as error:
            raise RefusedError(f"closed, and not opened on the other side: {error.message}", code=error.code) from error

    async def _is_closed(self, leg: Position, client_id: str) -> bool:
        for _ in range(round(PATIENCE_S / LOOK_S)):
            order = self._store.blotter.get(client_id)
            now = self._store.positions.get(leg.key)
            if order is not None and order.status is OrderStatus.FILLED and (now is None or now.is_flat):
                return True
            if order is not None and order.status.is_terminal and order.status is not OrderStatus.FILLED:
                return False
            await self._sleep(LOOK_S)
        return False
