"""What leaves: every order, change and cancel passes here, is judged, admitted, and then seen to its end.

A caller that stops waiting stops nothing: what was sent runs in a task of its own. It must not know keys or lines.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from decimal import Decimal
from typing import Any, TypeVar

from tui_trader.core.bracket import Bracket
from tui_trader.core.decimals import HUNDRED, plain
from tui_trader.core.error import CommandError, RefusedError, TraderError
from tui_trader.core.order import Order, OrderTicket
from tui_trader.core.position import Position
from tui_trader.core.types import ClientOrderId, InstrumentId, MarginMode
from tui_trader.desk.amending import change_of
from tui_trader.desk.draft import Draft
from tui_trader.desk.facts import FactSource, Judgement
from tui_trader.desk.margin import Margin
from tui_trader.desk.nudge import Level
from tui_trader.desk.orders import OrderPath, Sent
from tui_trader.desk.permit import Permit
from tui_trader.desk.protect import Protector
from tui_trader.desk.resolve import Resolver
from tui_trader.desk.reversal import Reversal
from tui_trader.desk.runs import Run, Runs
from tui_trader.desk.scale_plan import PACED, ScalePlan
from tui_trader.desk.stage import Stage
from tui_trader.net.tasks import TaskSet
from tui_trader.state import topic
from tui_trader.state.store import Store
from tui_trader.venues.base import Outcome

T = TypeVar("T")

PACE_S = 0.1
"""How often it is asked whether the next order of a scale may leave."""

CLOSE_S = 1.0
"""How long requests that are under way are waited for at the end: an answer that is awaited needs no looking up later."""


class Sending:
    """Judges, admits and sends for one account."""

    def __init__(
        self,
        *,
        store: Store,
        stage: Stage,
        facts: FactSource,
        resolver: Resolver,
        permit: Permit,
        orders: OrderPath,
        protect: Protector,
        margin: Margin,
        tasks: TaskSet,
        runs: Runs,
        left: Callable[[Draft, Sent], None],
        failed: Callable[[str, BaseException], None],
        sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep,
    ) -> None:
        """``left`` is told of every draft that has left, with what is known of it. ``failed`` is told of a bug in what was being
        sent; a TraderError is the caller's to tell."""
        self._store = store
        self._stage = stage
        self._facts = facts
        self._resolver = resolver
        self._permit = permit
        self._orders = orders
        self._protect = protect
        self._margin = margin
        self._tasks = tasks
        self._failed = failed
        self._runs = runs
        self._left = left
        self._sleep = sleep
        self._writes: set[asyncio.Task[Any]] = set()
        self._reversal = Reversal(store=store, stage=stage, permit=permit, submit=self._submit)

    def begin(self) -> Coroutine[Any, Any, Sent]:
        """Judge the staged order once more, forget the draft, and return the work of sending it.

        Raises CommandError or RefusedError, and then nothing was sent and the draft stays. Because the draft is gone when this
        returns, a second Enter finds nothing to send.
        """
        stage = self._stage
        if stage.draft is not None and stage.draft.scale is not None:
            return self._begin_scale(stage.draft)
        draft = stage.draft
        if draft is not None and draft.scale is not None:
            return self._begin_scale(draft)
        if draft is not None and draft.amends is not None:
            return self._begin_change(draft)
        if draft is not None and draft.reverses is not None:
            leg, closing = self._reversal.judged(draft)
            stage.drop()
            self._store.touch(topic.STAGE)
            return self._reversal.run(draft, leg, closing)
        judgement = stage.confirm()
        self._permit.admit(judgement)
        stage.drop()
        self._store.touch(topic.STAGE)
        assert draft is not None
        if draft.chase is None and draft.good_for is None:
            return self._leave(draft, judgement)
        # What has to be looked after is taken on even when nobody waits for the answer any more.
        return self.to_its_end(f"leave {judgement.ticket.client_id}", self._leave(draft, judgement))

    def blocked(self, iid: InstrumentId) -> str:
        """Return why no entry in an instrument may leave now; empty when one may."""
        return self._permit.blocked(iid)

    async def submit_draft(self, draft: Draft, *, joins: ClientOrderId | None = None) -> Sent:
        """Send a draft that was never staged, judged like any other; raises CommandError or RefusedError.

        With ``joins`` it is one more entry of the bracket of that order.
        """
        judgement = self._stage.confirm(draft)
        self._permit.admit(judgement)
        if joins is not None:
            self._protect.join(joins, judgement.ticket.client_id)
        return await self._leave(draft, judgement)

    def _begin_change(self, draft: Draft) -> Coroutine[Any, Any, Sent]:
        """Ask for one change of a working order; one that is still being answered is waited for by the trader, not here."""
        stage = self._stage
        order = self._store.blotter.get(draft.amends or "")
        if order is None or order.status.is_terminal:
            stage.drop()
            self._store.touch(topic.STAGE)
            raise RefusedError("the order that was to be changed is over")
        if order.pending is not None:
            raise RefusedError(f"a {order.pending} of this order is still being answered: Enter again once it is")
        change = change_of(order, draft, stage.writer.ticket(draft, order.client_id))
        if change.is_none:
            raise CommandError("nothing is changed yet", fix="j k price, h l size; Esc drops")
        if change.qty is not None and change.qty <= order.filled:
            raise CommandError(f"{plain(order.filled)} is filled already: the new size must be larger")
        self._permit.admit(stage.confirm(draft))
        stage.drop()
        self._store.touch(topic.STAGE)
        return self.amend(order, **change._asdict())

    async def submit(self, ticket: OrderTicket) -> Sent:
        """Send a complete ticket once, after judging it; raises RefusedError, and then nothing was sent."""
        judgement = self._facts.judge(ticket, self._resolver.instrument(ticket.instrument))
        self._permit.admit(judgement)
        return await self._submit(judgement)

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
        """Change a working order in place, after judging it as it would stand; raises RefusedError, and then nothing was sent.

        None leaves a term as it is, zero takes an attached exit off.
        """
        order = self._store.blotter.get(order.client_id) or order
        instrument = self._resolver.instrument(order.instrument)
        exits = {"take_profit": take_profit, "stop_loss": stop_loss, "trail": trail}
        judgement = self._facts.judge_change(order, instrument, qty=qty, price=price, trigger=trigger, **exits)
        self._permit.admit(judgement)

        async def change() -> Sent:
            self._permit.still(judgement)
            sent = await self._orders.amend(order, qty=qty, price=price, trigger=trigger, **exits)
            if trigger is not None and sent.outcome is Outcome.ACK:
                self._protect.moved(order, trigger)
            return sent

        return await self.to_its_end(f"amend {order.client_id}", change())

    async def nudge(self, order: Order, level: Level) -> Sent:
        """Change the price or the trigger of an exit."""
        if level.by_price:
            return await self.amend(order, price=level.price)
        return await self.amend(order, trigger=level.price)

    async def cancel(self, order: Order) -> Sent:
        """Ask for the end of one order; what runs about it ends too."""
        self._runs.cancelled(order.client_id)
        self._protect.let_go(order)
        return await self.end(order)

    async def end(self, order: Order) -> Sent:
        """Ask for the end of one order on behalf of what runs about it."""
        return await self.to_its_end(f"cancel {order.client_id}", self._orders.cancel(order))

    async def cancel_several(self, orders: Sequence[Order]) -> list[Sent]:
        """Ask for the end of several orders, with one call for each contract and leg."""
        for order in orders:
            self._runs.cancelled(order.client_id)
            self._protect.let_go(order)
        names = " ".join(order.client_id for order in orders[:3])
        return await self.to_its_end(f"cancel {len(orders)} {names}", self._orders.cancel_several(orders))

    async def close(self, position: Position) -> Sent:
        """Close a whole leg at the market."""
        judgement = self._stage.confirm(self._stage.drafting.closing(position, HUNDRED))
        self._permit.admit(judgement)
        return await self._submit(judgement)

    async def submit_bracket(self, ticket: OrderTicket, bracket: Bracket | None, *, reduces: bool) -> Sent:
        """Send an order that was judged, and see to its exits from the moment it leaves."""
        self._store.initial_risk.stake(ticket.client_id, ticket.stop_loss if bracket is None else bracket.stop)
        if bracket is None:
            return await self._orders.submit(ticket, reduces=reduces)
        self._protect.adopt(bracket)
        try:
            sent = await self._orders.submit(bracket.sent(ticket), reduces=reduces)
        except RefusedError:
            self._protect.forget(bracket.entry)
            raise
        self._protect.look()
        return sent

    async def to_its_end(self, name: str, work: Coroutine[Any, Any, T]) -> T:
        """Wait for work in a task of its own: whoever waits may be cancelled, what was sent may not."""
        task = self._tasks.spawn(name, work, self._write_failed, ahead=True)
        self._writes.add(task)
        task.add_done_callback(self._writes.discard)
        return await asyncio.shield(task)

    async def settle(self) -> None:
        """Give what is under way a moment to be answered."""
        if self._writes:
            await asyncio.wait(self._writes, timeout=CLOSE_S)

    # -- inside ----------------------------------------------------------------------------------------------------

    async def _leave(self, draft: Draft, judgement: Judgement) -> Sent:
        if draft.leverage is not None:
            sent = await self._submit_with_leverage(judgement, draft.leverage, draft.margin_mode)
        else:
            sent = await self._submit(judgement)
        self._left(draft, sent)
        return sent

    def _begin_scale(self, draft: Draft) -> Coroutine[Any, Any, Sent]:
        """Judge all orders of the staged scale, forget the draft, and return the work of sending them, in turn."""
        plan = self._stage.confirm_scale()
        self._permit.admit(plan.whole)
        self._stage.drop()
        self._store.touch(topic.STAGE)
        return self.to_its_end(f"scale {plan.tickets[0].client_id}", self._send_scale(draft, plan))

    async def _send_scale(self, draft: Draft, plan: ScalePlan) -> Sent:
        first = plan.tickets[0].client_id
        if draft.leverage is not None:
            await self._set_leverage(draft.instrument, draft.leverage, draft.margin_mode)
        if plan.bracket is not None:
            self._protect.adopt(plan.bracket)
        count = len(plan.tickets)
        text = f"{draft.side} {draft.instrument.symbol}: {count} orders are being sent"
        run = self._runs.begin("scale", text, draft.instrument, [ticket.client_id for ticket in plan.tickets])
        sent: list[Sent] = []
        problem = ""
        try:
            while waiting := plan.tickets[len(sent) :]:
                if problem := run.ended:
                    break
                try:
                    head = await self._in_turn(waiting[0], draft, run)
                    together = self._beside(head, waiting[1 : self._orders.most_together], draft)
                    told = await self._orders.submit_several(together, reduces=head.reduces)
                except RefusedError as error:
                    problem = error.message
                    break
                sent += told
                for one in told:
                    self._left(draft, one)
        finally:
            self._runs.over(run)
            if plan.bracket is not None:
                self._after_scale(first, sent)
        if not sent:
            raise RefusedError(problem)
        return _of_several(first, count, sent, problem)

    async def _in_turn(self, ticket: OrderTicket, draft: Draft, run: Run) -> Judgement:
        """Wait until one order of a scale may leave by our own rate; raises RefusedError when anything else speaks against it."""
        instrument = self._resolver.instrument(ticket.instrument)
        while True:
            judgement = self._facts.judge(ticket, instrument, leverage=draft.leverage, beside_unknown=draft.beside_unknown)
            if run.ended:
                raise RefusedError(run.ended)
            if {objection.code for objection in judgement.hard} != PACED:
                self._permit.admit(judgement)
                self._permit.still(judgement)
                return judgement
            await self._sleep(PACE_S)

    def _beside(self, first: Judgement, others: Sequence[OrderTicket], draft: Draft) -> list[OrderTicket]:
        """Return the orders of a scale that leave in one request with one that may: as many as may, each counted for the next.

        What speaks against another is said when it is its turn.
        """
        together = [first.ticket]
        for ticket in others:
            instrument = self._resolver.instrument(ticket.instrument)
            judgement = self._facts.judge(
                ticket, instrument, leverage=draft.leverage, beside_unknown=draft.beside_unknown, beside=together
            )
            try:
                self._permit.admit(judgement)
            except RefusedError:
                break
            if judgement.reduces is not first.reduces:
                break
            together.append(ticket)
        return together

    def _after_scale(self, first: ClientOrderId, sent: Sequence[Sent]) -> None:
        """Let the bracket of a scale know which of its orders there are."""
        left = [ClientOrderId(one.client_id) for one in sent]
        if left:
            self._protect.settle(first, left)
        else:
            self._protect.forget(first)

    async def _set_leverage(self, iid: InstrumentId, leverage: Decimal, mode: MarginMode | None) -> None:
        try:
            await self._margin.set_leverage(iid, leverage, mode)
        except TraderError as error:
            raise RefusedError(f"the order was not sent: {error.message}", code=error.code) from error

    async def _submit(self, judgement: Judgement) -> Sent:
        return await self.to_its_end(f"submit {judgement.ticket.client_id}", self._submit_still_allowed(judgement))

    async def _submit_with_leverage(self, judgement: Judgement, leverage: Decimal, mode: MarginMode | None) -> Sent:
        """Set the leverage that an order was confirmed with, then send it; when that cannot be done, it does not leave."""
        await self._set_leverage(judgement.ticket.instrument, leverage, mode)
        return await self._submit(judgement)

    async def _submit_still_allowed(self, judgement: Judgement) -> Sent:
        self._permit.still(judgement)
        return await self.submit_bracket(judgement.ticket, judgement.bracket, reduces=judgement.reduces)

    def _write_failed(self, name: str, error: BaseException) -> None:
        if not isinstance(error, TraderError):  # those are for the caller to tell
            self._failed(name, error)


def _of_several(first: ClientOrderId, count: int, sent: Sequence[Sent], problem: str) -> Sent:
    """Return what became of a scale: the worst that came of one of its orders, and how many there are."""
    taken = sum(one.outcome is Outcome.ACK for one in sent)
    bad = next((one for one in sent if one.outcome is not Outcome.ACK), None)
    text = f"{taken} of {count} orders were taken"
    if problem:
        return Sent(first, Outcome.REJECTED if bad is None else bad.outcome, f"{text}; then: {problem}")
    if bad is not None:
        return Sent(first, bad.outcome, f"{text}; {bad.client_id}: {bad.text or bad.outcome.value}", bad.code)
    return Sent(first, Outcome.ACK, text)
