"""The ways out: cancel everything, close everything, and say truly what became of it.

Nothing here is stopped by stale data, limits, a halt or a journal that cannot be written; and nothing is called done on the word
of the answer to a cancel: only a later question to the venue verifies. What could not be verified is tried again until it is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from typing import Any, NamedTuple

from tui_trader.core.error import TraderError
from tui_trader.core.position import Position
from tui_trader.core.types import InstrumentId, OrderStatus, OrderType, Severity
from tui_trader.desk.orders import OrderPath, Sent, is_stop
from tui_trader.state.store import Store
from tui_trader.venues.base import Outcome

AGAIN_S = (1.0, 2.0, 4.0, 8.0)
"""Pauses between attempts of a way out that is not verified; the last one repeats."""

FLAT_LOOKS = 100
"""How often it is looked, every LOOK_S seconds, whether the positions are told flat after their closing orders were taken."""

LOOK_S = 0.02


class _Attempt(NamedTuple):
    """What came of one attempt."""

    text: str
    verified: bool


class Exits:
    """Panic and flatten for one account."""

    def __init__(
        self,
        *,
        store: Store,
        orders: OrderPath,
        close: Callable[[Position], Awaitable[Sent]],
        positions: Callable[[], Awaitable[Sequence[str]]],
        watched: Callable[[], Iterable[InstrumentId]],
        spawn: Callable[[str, Coroutine[Any, Any, Any]], None],
        say: Callable[[str, Severity], None],
        web: str,
    ) -> None:
        """``positions`` asks the venue for all positions, returns the settle currencies that it refuses to tell of and raises
        ConnectionError; ``web`` is the way out without us."""
        self._untold: Sequence[str] = ()
        self.last = ""
        """What the last attempt of a panic came to."""
        self.trying = ""
        """What is not verified yet and is tried again; empty when nothing is."""
        self._store = store
        self._orders = orders
        self._close_leg = close
        self._positions = positions
        self._watched = watched
        self._spawn = spawn
        self._say = say
        self._web = web
        self._flatten = False
        self._running = False

    async def panic(self, *, flatten: bool) -> str:
        """Cancel all entries and exits except stops, everywhere; with ``flatten`` cancel stops too and close all positions.

        Return one line that says what is verified and what is not. What is not is tried again until it is, and then said.
        """
        self._flatten = self._flatten or flatten
        attempt = await self._attempt(flatten=flatten)
        if attempt.verified:
            return attempt.text
        self.trying = attempt.text
        if not self._running:
            self._running = True
            self._spawn("panic", self._keep_trying())
        return f"{attempt.text}; trying again"

    async def flatten(self, iid: InstrumentId) -> str:
        """Cancel every order of one instrument and close its position at market; return what could not be done."""
        await self._orders.cancel_all(iid)
        failures = [await self._close(p) for p in self._store.open_positions() if p.instrument == iid]
        return "; ".join(line for line in failures if line)

    # -- inside ----------------------------------------------------------------------------------------------------

    async def _keep_trying(self) -> None:
        count = 0
        try:
            while True:
                await asyncio.sleep(AGAIN_S[min(count, len(AGAIN_S) - 1)])
                count += 1
                attempt = await self._attempt(flatten=self._flatten)
                if attempt.verified:
                    self._say(f"panic, attempt {count + 1}: {attempt.text}", Severity.WARNING)
                    return
                if attempt.text != self.trying:
                    self._say(f"panic, attempt {count + 1}: {attempt.text}; trying again", Severity.ALARM)
                self.trying = attempt.text
        finally:
            self.trying, self._flatten, self._running = "", False, False

    async def _attempt(self, *, flatten: bool) -> _Attempt:
        attempt = await self._try(flatten=flatten)
        self.last = attempt.text
        return attempt

    async def _try(self, *, flatten: bool) -> _Attempt:
        store = self._store
        instruments = {order.instrument for order in store.blotter.working()} | set(self._watched())
        instruments |= {position.instrument for position in store.open_positions()}
        failed = []
        for iid in sorted(instruments):
            verdicts = await self._orders.cancel_all(iid, keep_stops=not flatten)
            if any(verdict.outcome is not Outcome.ACK for verdict in verdicts):
                failed.append(iid.symbol)
        if flatten:
            failed += [line for line in [await self._close(p) for p in store.open_positions()] if line]
        unverified = [iid.symbol for iid in sorted(instruments) if not await self._orders.inquiry.refresh(iid)]
        if failed or unverified:
            way_out = f"; use {self._web}" if self._web else ""
            return _Attempt(f"NOT VERIFIED: {', '.join(sorted({*failed, *unverified}))} did not answer{way_out}", False)
        open_legs = await self._legs_left() if flatten else []
        if open_legs is None:
            return _Attempt(f"NOT VERIFIED: the positions were not answered{f'; use {self._web}' if self._web else ''}", False)
        # Counted after the last answer: what the private stream told during the questions is known by now.
        working = store.blotter.working()
        stops = 0 if flatten else sum(is_stop(order) for order in working)
        left = len(working) - stops
        kept = f", {stops} {'stop' if stops == 1 else 'stops'} kept" if stops else ""
        unknown = sum(order.status is OrderStatus.UNKNOWN for order in working)
        doubt = f", {unknown} of unknown outcome" if unknown else ""
        text = f"verified: {left} open {'order' if left == 1 else 'orders'} left{doubt}{kept}"
        if not flatten:
            return _Attempt(text, not left)
        words = f"{', '.join(leg.instrument.symbol for leg in open_legs)} still open" if open_legs else "flat"
        if self._untold:
            words += f"; positions in {', '.join(self._untold)} are not told by the venue"
        return _Attempt(f"{text}, {words}", not left and not open_legs)

    async def _legs_left(self) -> list[Position] | None:
        """Return the legs that the venue still tells as open after a moment; None when it did not answer."""
        for _ in range(FLAT_LOOKS):
            if not self._store.open_positions():
                break
            await asyncio.sleep(LOOK_S)
        try:
            self._untold = await self._positions()
        except ConnectionError:
            return None
        return self._store.open_positions()

    async def _close(self, position: Position) -> str:
        """Close a leg at market; return what went wrong, empty when the venue took it or an earlier close is still under way."""
        if self._closing(position):
            return ""
        try:
            sent = await self._close_leg(position)
        except TraderError as error:
            return f"{position.instrument.symbol}: {error}"
        if sent.outcome in (Outcome.ACK, Outcome.EXISTS):
            return ""
        return f"{position.instrument.symbol}: {sent.text or sent.outcome}"

    def _closing(self, position: Position) -> bool:
        """Whether a market order of ours that closes the leg may still be on its way: a second one is not sent beside it."""
        return any(
            order.type is OrderType.MARKET and order.side is not position.side
            for order in self._store.blotter.working(position.instrument)
            if not order.external and order.position_side is position.position_side
        )
