"""Chases: one resting order that is moved after its touch, within bounds, while this terminal is up.

The order is created once. What is done afterwards are changes of it, each judged like any other, at most one a second; and when
the trader asked for that, one market order for what is left, sent only after the venue has said that the first one is over. Where
orders cannot be changed in place, a move cancels it and places what is left anew, once the venue has said that it is over.
A cancel by anybody, a panic, or an outcome that is not known ends the chase: it never sends its order again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tui_trader.core.clock import NS, Clock
from tui_trader.core.command import Chase, Price, Size, Then
from tui_trader.core.decimals import plain
from tui_trader.core.error import CommandError, TraderError
from tui_trader.core.order import Order
from tui_trader.core.types import InstrumentId, OrderStatus, Severity, Side, TimeInForce
from tui_trader.desk.draft import Draft
from tui_trader.desk.drafting import near
from tui_trader.desk.expiry import GONE
from tui_trader.desk.orders import Sent
from tui_trader.desk.resolve import Resolver
from tui_trader.desk.runs import NOTE, Run, Runs
from tui_trader.desk.sending import Sending
from tui_trader.state.store import Store
from tui_trader.venues.base import Outcome

LOOK_S = 0.2
"""How often it is looked where the touch is."""

PACE_NS = NS
"""Least time between two changes of an order: the venue's budget is the trader's too."""

REFUSED_NS = 3 * NS
"""Pause after a change that was refused."""

MOST_REFUSALS = 5
"""Refusals in a row after which a chase gives up; its order stays where it is."""

END_S = 15.0
"""How long the end of a cancelled order is waited for before it is left to the trader."""

_STANDS = frozenset({OrderStatus.LIVE, OrderStatus.PARTIAL})


@dataclass(slots=True)
class _State:
    """One chase while it runs."""

    run: Run
    draft: Draft
    chase: Chase
    client_id: str
    began_ns: int
    start: Decimal | None = None
    """Where the order stood first."""
    moved_ns: int = 0
    not_before_ns: int = 0
    refusals: int = 0
    moves: int = 0


class Chases:
    """Follows orders that were sent as chases."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        runs: Runs,
        resolver: Resolver,
        sending: Sending,
        spawn: Callable[[str, Coroutine[Any, Any, Any]], None],
        say: Callable[[str, Severity], None],
        in_place: Callable[[InstrumentId], bool] = lambda iid: True,
        sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep,
    ) -> None:
        """``in_place`` says whether an order can be changed where it stands."""
        self._in_place = in_place
        self._store = store
        self._clock = clock
        self._runs = runs
        self._resolver = resolver
        self._sending = sending
        self._spawn = spawn
        self._say = say
        self._sleep = sleep

    def follow(self, draft: Draft, sent: Sent) -> None:
        """Begin to chase with an order that has left, when it was sent as a chase."""
        if draft.chase is None or sent.outcome in GONE:
            return
        order = self._store.blotter.get(sent.client_id)
        qty = f" {plain(order.qty)}" if order is not None else ""
        text = f"{draft.side}{qty} {draft.instrument.symbol}"
        run = self._runs.begin("chase", text, draft.instrument, [sent.client_id])
        self._say(f"chase {run.number}: {text}; {NOTE}, off {run.number} ends it", Severity.NOTE)
        state = _State(run, draft, draft.chase, sent.client_id, self._clock.mono_ns())
        self._spawn(f"chase {sent.client_id}", self._follow(state))

    # -- inside ----------------------------------------------------------------------------------------------------

    async def _follow(self, state: _State) -> None:
        try:
            why = await self._chase(state)
        except TraderError as error:
            why = error.message
        finally:
            self._runs.over(state.run)
        self._say(f"chase {state.run.number} is over after {state.moves} moves: {why}", Severity.NOTE)

    async def _chase(self, state: _State) -> str:
        """Look and move until there is nothing more to do; return why it ended."""
        while True:
            await self._sleep(LOOK_S)
            order = self._store.blotter.get(state.client_id)
            if order is None:
                return "its order is not known any more"
            if order.status is OrderStatus.FILLED:
                return f"filled {plain(order.filled)}"
            if order.status.is_terminal:
                return f"its order is {order.status}{f' ({order.reason})' if order.reason else ''}; it is not sent again"
            if state.run.ended:
                return f"{state.run.ended}; its order is left as it is"
            if order.status not in _STANDS or order.pending is not None:
                continue  # not known how it stands: nothing is done about it
            if state.start is None:
                state.start = order.price
            seconds = state.chase.seconds
            if seconds is not None and self._clock.mono_ns() - state.began_ns >= seconds * NS:
                return await self._finish(state, order, "the time is over")
            if why := await self._look(state, order):
                return why

    async def _look(self, state: _State, order: Order) -> str:
        """Move the order if its touch has moved on; return why the chase ends, empty while it does not."""
        touch = self._touch(state)
        if touch is None or order.price is None or state.start is None:
            return ""
        side = order.side
        bound = self._bound(state, side)
        if bound is not None and (touch - bound) * side.sign > 0:
            return await self._finish(state, order, f"the touch {plain(touch)} is beyond {plain(bound)}")
        if (touch - order.price) * side.sign <= 0:
            return ""  # it stands at its touch, or makes it
        if not state.draft.closes and self._sending.blocked(order.instrument):
            return ""  # no entry may leave now: it waits with all others
        now = self._clock.mono_ns()
        if now < max(state.moved_ns + PACE_NS, state.not_before_ns) and state.moves + state.refusals:
            return ""
        if not self._in_place(order.instrument):
            return await self._replace(state, order, touch)
        try:
            sent = await self._sending.amend(order, price=touch)
            problem = "" if sent.outcome is Outcome.ACK else sent.text or sent.outcome.value
        except TraderError as error:
            problem = error.message
        now = self._clock.mono_ns()
        if not problem:
            state.moved_ns, state.refusals = now, 0
            state.moves += 1
            return ""
        state.refusals += 1
        state.not_before_ns = now + REFUSED_NS
        if state.refusals >= MOST_REFUSALS:
            return f"it cannot be moved ({problem}); its order is left at {plain(order.price)}"
        return ""

    async def _replace(self, state: _State, order: Order, touch: Decimal) -> str:
        """Cancel the order and place what is left of it at its touch, under another identity; return why the chase ends."""
        sent = await self._sending.end(order)
        over = await self._until_over(state.client_id)
        if over is None:
            return self._lost(state, sent, "the touch moved")
        left = over.qty - over.filled
        if left <= 0:
            return f"filled {plain(over.filled)}"
        if state.run.ended:
            return f"{state.run.ended}; {plain(left)} was not filled"
        if sent.outcome is Outcome.MISSING:  # over before our cancel came: whoever ended it wants no other
            return f"it was cancelled elsewhere; {plain(left)} was not filled"
        draft = self._draft(state, over, left, price=Price(number=touch), tif=TimeInForce.POST_ONLY, title="chase")
        again = await self._sending.submit_draft(draft, joins=over.client_id)
        if again.outcome in GONE:
            return f"{plain(left)} was not filled, and was not placed again: {again.text or again.outcome.value}"
        state.client_id = again.client_id
        state.run.orders.add(again.client_id)
        state.moved_ns = self._clock.mono_ns()
        state.moves += 1
        return ""

    def _touch(self, state: _State) -> Decimal | None:
        """Return the near touch of a book that may be acted on."""
        iid = state.draft.instrument
        if not self._store.book_is_fresh(iid):
            return None
        try:
            return self._resolver.reference(iid, near(state.draft.side))
        except CommandError:
            return None

    def _bound(self, state: _State, side: Side) -> Decimal | None:
        """Return the worst price that the order may be moved to."""
        if state.chase.most is None or state.start is None:
            return None
        instrument = self._resolver.instrument(state.draft.instrument)
        distance = self._resolver.distance(instrument, state.chase.most, state.start)
        return instrument.round_price(state.start + distance * side.sign, side)

    async def _finish(self, state: _State, order: Order, why: str) -> str:
        """Cancel what is left, and take the market with it if that was asked for."""
        sent = await self._sending.end(order)
        over = await self._until_over(state.client_id)
        if over is None:
            return self._lost(state, sent, why)
        left = over.qty - over.filled
        if left <= 0:
            return f"{why}; filled {plain(over.filled)}"
        if state.run.ended:
            return f"{state.run.ended}; {plain(left)} was not filled"
        if state.chase.then is Then.STOP:
            return f"{why}; {plain(left)} was not filled and is cancelled"
        return await self._take(state, over, left, why)

    def _lost(self, state: _State, sent: Sent, why: str) -> str:
        """Say that the end of the order is not known, so that nothing more is sent; return why the chase ends."""
        self._say(
            f"chase {state.run.number}: it is not known whether {state.client_id} is cancelled"
            f" ({sent.text or sent.outcome.value}): nothing more is sent",
            Severity.ALARM,
        )
        return f"{why}; look after {state.client_id}"

    async def _until_over(self, client_id: str) -> Order | None:
        """Return the order once the venue has said that it is over; None when it has not in time."""
        waited = 0.0
        while waited < END_S:
            order = self._store.blotter.get(client_id)
            if order is not None and order.status.is_terminal and order.status is not OrderStatus.ABSENT:
                return order
            await self._sleep(LOOK_S)
            waited += LOOK_S
        return None

    async def _take(self, state: _State, over: Order, left: Decimal, why: str) -> str:
        """Send a crossing order for what is left: another order, with an identity of its own, held against every limit."""
        rest = self._draft(state, over, left, tif=TimeInForce.IOC, market=state.draft.closes, title="rest of a chase")
        sent = await self._sending.submit_draft(rest, joins=over.client_id)
        if sent.outcome is Outcome.ACK:
            return f"{why}; the market takes {plain(left)}"
        return f"{why}; the market order for {plain(left)}: {sent.text or sent.outcome.value}"

    def _draft(
        self,
        state: _State,
        over: Order,
        left: Decimal,
        *,
        tif: TimeInForce,
        title: str,
        price: Price | None = None,
        market: bool = False,
    ) -> Draft:
        """Return an order for what is left of one that is over."""
        draft = state.draft
        return Draft(
            draft.instrument,
            draft.side,
            Size(left),
            price,
            tif=tif,
            reduce_only=draft.reduce_only,
            market=market,
            position_side=over.position_side,
            closes=draft.closes,
            title=title,
        )
