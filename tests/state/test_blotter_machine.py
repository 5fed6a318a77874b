"""A venue, a wire that loses, repeats and reorders, and a blotter at its end: whatever happens, the blotter never lies.

The invariants are numbered as in the order path's specification: terminal is true (6) and stays (9), executed size only grows
and is never clamped (10), facts are a set (11), a late acknowledgement moves nothing back (14), older news never overwrites
newer (15), FILLED means that everything was executed (16), an outstanding change is told until the venue has spoken (18).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal as D
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, multiple, rule

from tests.state.conftest import BTC, linear
from tui_trader.core.clock import ManualClock
from tui_trader.core.event import Event, InstrumentsListed, OrderChanged, OrderFilled, OrdersSnapshot, PositionChanged
from tui_trader.core.order import RANK, Fill, Order, OrderReport, OrderTicket
from tui_trader.core.position import Position
from tui_trader.core.types import (
    ClientOrderId,
    ExecId,
    Liquidity,
    OrderStatus,
    OrderType,
    PendingAction,
    PositionMode,
    PositionSide,
    Side,
    VenueOrderId,
)
from tui_trader.state.store import Store

OPEN = (OrderStatus.LIVE, OrderStatus.PARTIAL)


@dataclass(slots=True)
class Truth:
    """One order as the venue has it."""

    name: str
    qty: D
    price: D = D(100)
    filled: D = D(0)
    status: OrderStatus = OrderStatus.LIVE
    sequence: int = 0
    fills: list[Fill] = field(default_factory=list)

    @property
    def alive(self) -> bool:
        return self.status in OPEN


class Wire(RuleBasedStateMachine):
    """Orders go out by rules; what the venue says of them waits in ``wire`` until a rule delivers, repeats or loses it."""

    orders: Bundle[str] = Bundle("orders")
    """Everything that was submitted."""
    wire: Bundle[Event] = Bundle("wire")
    """What was said and did not arrive yet."""

    def __init__(self) -> None:
        super().__init__()
        self.store = Store(ManualClock())
        self.store.apply(InstrumentsListed("phemex", [linear(BTC)]))
        self.truth: dict[str, Truth] = {}
        """What reached the venue."""
        self.tickets: dict[str, OrderTicket] = {}
        self.under_way: set[str] = set()
        """Creates that left and may still arrive."""
        self.asked: dict[str, set[PendingAction]] = {}
        self.told: list[Event] = []
        """Everything that arrived, repetitions included."""
        self.most: dict[str, D] = {}
        self.ended: dict[str, Order] = {}
        self.risen: set[str] = set()
        """Orders that were concluded over by us and are not: the only way out of an end."""
        self.executions = 0
        self.sequence = 0
        self.position = D(0)
        self.cut: list[Event] = []

    # -- helpers of the rules ------------------------------------------------------------------------------------------

    @property
    def blotter(self) -> Any:
        return self.store.blotter

    def shown(self, name: str) -> Order:
        order = self.blotter.get(name)
        assert order is not None, name
        return order

    def _next(self) -> int:
        self.sequence += 1
        return self.sequence

    def _report(self, order: Truth) -> OrderChanged:
        return OrderChanged(
            OrderReport(
                BTC,
                ClientOrderId(order.name),
                VenueOrderId(f"v-{order.name}"),
                order.status,
                Side.BUY,
                OrderType.LIMIT,
                order.qty,
                filled=order.filled,
                filled_value=order.filled * 100,
                price=order.price,
                sequence=order.sequence,
                at_ns=order.sequence,
            )
        )

    def _ack(self, order: Truth, pending: PendingAction | None = None) -> OrderChanged:
        told = self._report(order).report
        return OrderChanged(replace(told, status=OrderStatus.ACKED, is_ack=True, filled=D(0), filled_value=D(0), pending=pending))

    def _arrive(self, event: Event) -> None:
        self.told.append(event)
        self.store.apply(event)
        for order in self.blotter.take_resurrected():  # none is left: the store has told of it already
            raise AssertionError(order)
        for notice in self.store.notices:
            if "was thought over" in notice.text:
                self.risen.add(notice.ref)

    # -- this side -----------------------------------------------------------------------------------------------------

    @initialize(target=orders)
    def first(self) -> str:
        return self._submit(D(3))

    @rule(target=orders, qty=st.integers(1, 4))
    def submit(self, qty: int) -> str:
        return self._submit(D(qty))

    def _submit(self, qty: D) -> str:
        name = f"tt-{len(self.tickets)}"
        ticket = OrderTicket(ClientOrderId(name), BTC, Side.BUY, OrderType.LIMIT, qty, price=D(100))
        self.tickets[name] = ticket
        intent = Order.from_ticket(ticket, 0)
        self.blotter.put(intent)
        self.blotter.put(intent.to_status(OrderStatus.SENT))
        self.under_way.add(name)
        return name

    @rule(name=orders)
    def no_answer(self, name: str) -> None:
        """The wait for the answer ends, whatever became of the request."""
        order = self.shown(name)
        if order.status in (OrderStatus.SENT, OrderStatus.ACKED):
            self.blotter.put(order.to_status(OrderStatus.UNKNOWN, reason="no answer"))

    @rule(name=orders)
    def conclude_absent(self, name: str) -> None:
        """The fence has passed and two answers knew nothing of it: it is not there, and cannot come any more."""
        if self.shown(name).status is OrderStatus.UNKNOWN and name not in self.truth:
            self.under_way.discard(name)
            self.blotter.put(self.shown(name).to_status(OrderStatus.ABSENT))

    @rule(name=orders)
    def conclude_wrongly(self, name: str) -> None:
        """Everybody said that it is not there, and it is: what follows must be said aloud."""
        if self.shown(name).status is OrderStatus.UNKNOWN and name in self.truth:
            self.blotter.put(self.shown(name).to_status(OrderStatus.ABSENT))

    @rule(name=orders, what=st.sampled_from(PendingAction))
    def ask(self, name: str, what: PendingAction) -> None:
        """Ask for an end or a change, as the order path does: one change at a time."""
        order = self.shown(name)
        if not order.status.is_terminal and order.pending is None:
            self.blotter.put(replace(order, pending=what))
            assert self.shown(name).pending is what
            self.asked.setdefault(name, set()).add(what)

    # -- the venue -----------------------------------------------------------------------------------------------------

    @rule(target=wire, name=orders, taken=st.booleans(), answered=st.booleans())
    def create_arrives(self, name: str, taken: bool, answered: bool) -> Any:
        if name not in self.under_way:
            return multiple()
        self.under_way.discard(name)
        status = OrderStatus.LIVE if taken else OrderStatus.REJECTED
        order = self.truth[name] = Truth(name, self.tickets[name].qty, status=status, sequence=self._next())
        return multiple(*([self._ack(order)] if answered and taken else []), self._report(order))

    @rule(name=orders)
    def create_is_lost(self, name: str) -> None:
        self.under_way.discard(name)

    @rule(target=wire, name=orders, qty=st.integers(1, 4), report_first=st.booleans())
    def fill(self, name: str, qty: int, report_first: bool) -> Any:
        order = self.truth.get(name)
        if order is None or not order.alive:
            return multiple()
        part = min(D(qty), order.qty - order.filled)
        order.filled += part
        order.status = OrderStatus.FILLED if order.filled == order.qty else OrderStatus.PARTIAL
        order.sequence = self._next()
        self.executions += 1
        self.position += part
        fill = Fill(
            ExecId(f"e-{self.executions}"),
            BTC,
            ClientOrderId(name if self.executions % 3 else ""),
            VenueOrderId(f"v-{name}"),
            Side.BUY,
            part,
            D(100),
            D("0.06"),
            "USDT",
            Liquidity.TAKER,
            order.sequence,
        )
        order.fills.append(fill)
        said: list[Event] = [self._report(order), OrderFilled(fill)]
        return multiple(*(said if report_first else said[::-1]), PositionChanged(self._leg()))

    @rule(target=wire, name=orders, answered=st.booleans())
    def cancel_arrives(self, name: str, answered: bool) -> Any:
        order = self.truth.get(name)
        if order is None or not order.alive or PendingAction.CANCEL not in self.asked.get(name, ()):
            return multiple()
        ack = self._ack(order, PendingAction.CANCEL)
        order.status, order.sequence = OrderStatus.CANCELED, self._next()
        return multiple(*([ack] if answered else []), self._report(order))

    @rule(target=wire, name=orders, price=st.integers(98, 102), more=st.integers(-2, 2), answered=st.booleans())
    def amend_arrives(self, name: str, price: int, more: int, answered: bool) -> Any:
        order = self.truth.get(name)
        if order is None or not order.alive or PendingAction.AMEND not in self.asked.get(name, ()):
            return multiple()
        ack = self._ack(order, PendingAction.AMEND)
        order.price, order.sequence = D(price), self._next()
        order.qty = max(order.filled + 1, order.qty + more)
        return multiple(*([ack] if answered else []), self._report(order))

    @rule(target=wire, name=orders, more=st.integers(-1, 2))
    def a_change_of_size_races_its_fill(self, name: str, more: int) -> Any:
        """The executions of an order that was just changed come before the word of the change."""
        order = self.truth.get(name)
        shown = self.shown(name)
        if order is None or not order.alive or shown.status not in OPEN or shown.pending is not None:
            return multiple()
        self.ask(name, PendingAction.AMEND)
        before = order.qty - order.filled
        said = [*self.amend_arrives(name, 100, more, False).values, *self.fill(name, int(before), True).values]
        execution = next(event for event in said if isinstance(event, OrderFilled))
        self._arrive(execution)
        return multiple(*(event for event in said if event is not execution))

    # -- the wire ------------------------------------------------------------------------------------------------------

    @rule(event=consumes(wire))
    def deliver(self, event: Event) -> None:
        self._arrive(event)

    @rule(event=wire)
    def deliver_and_keep(self, event: Event) -> None:
        """Twice, or once now and once much later."""
        self._arrive(event)

    @rule(event=consumes(wire))
    def drop(self, event: Event) -> None:
        self.cut.append(event)

    @rule()
    def reconnect(self) -> None:
        """Ask for everything: open orders, each order's end, all executions, the position."""
        for order in self.truth.values():
            for fill in order.fills:
                self._arrive(OrderFilled(fill, replayed=True))
            self._arrive(self._report(order))
        self._arrive(OrdersSnapshot("phemex", [self._report(o).report for o in self.truth.values() if o.alive]))
        self._arrive(PositionChanged(self._leg()))
        for order in self.truth.values():
            self._equals(order)
        self.cut.clear()

    def _equals(self, order: Truth) -> None:
        shown = self.shown(order.name)
        assert (shown.status, shown.filled, shown.qty, shown.price) == (order.status, order.filled, order.qty, order.price)
        assert shown.filled_value == order.filled * 100

    def _leg(self) -> Position:
        side = Side.BUY if self.position else None
        stamp = self.sequence
        return Position(BTC, PositionSide.MERGED, PositionMode.ONE_WAY, side, self.position, D(100), sequence=stamp, at_ns=stamp)

    # -- what is always so ---------------------------------------------------------------------------------------------

    @invariant()
    def an_end_is_true_and_stays(self) -> None:
        """6 and 9."""
        for name in self.tickets:
            order, truth = self.shown(name), self.truth.get(name)
            before = self.ended.get(name)
            settled = before is not None and before.status is OrderStatus.ABSENT and order.status is OrderStatus.REJECTED
            if before is not None and name not in self.risen and not settled:  # of that nobody needs to be warned
                assert order.status is before.status, f"{name} was {before.status} and is {order.status}"
            if not order.status.is_terminal:
                self.ended.pop(name, None)
                continue
            self.ended[name] = order
            if order.status is OrderStatus.ABSENT:
                continue  # what we concluded; a sighting makes it rise
            assert truth is not None
            assert order.status is truth.status
            assert order.filled == truth.filled
            assert order.pending is None

    @invariant()
    def executed_size_only_grows(self) -> None:
        """10 and 16."""
        for name in self.tickets:
            order = self.shown(name)
            assert order.filled >= self.most.get(name, D(0))
            self.most[name] = order.filled
            truth = self.truth.get(name)
            assert order.filled <= (truth.filled if truth else D(0)), "more than the venue knows of"
            if order.pending is not PendingAction.AMEND:  # else nobody knows yet what all of it is
                assert not order.overfilled
                assert (order.status is OrderStatus.FILLED) == (order.filled == order.qty)

    @invariant()
    def fills_are_a_set(self) -> None:
        """11: as many as there are execution ids, and their fees are paid once."""
        arrived = {event.fill.exec_id: event.fill for event in self.told if isinstance(event, OrderFilled)}
        assert {fill.exec_id: fill for fill in self.blotter.fills()} == arrived
        assert self.blotter.fees.get("USDT", D(0)) == D("0.06") * len(arrived)

    @invariant()
    def the_newest_word_counts(self) -> None:
        """14 and 15: price and state are those of the newest report that arrived, acknowledgements or not."""
        newest: dict[str, OrderReport] = {}
        for event in self.told:
            if isinstance(event, OrderChanged) and not event.report.is_ack:
                known = newest.get(event.report.client_id)
                if known is None or event.report.sequence > known.sequence:
                    newest[event.report.client_id] = event.report
        for name, report in newest.items():
            order = self.shown(name)
            assert order.price == report.price
            assert order.qty == report.qty
            assert RANK[order.status] >= RANK[report.status]
            assert order.filled >= report.filled

    @invariant()
    def what_was_asked_is_told_until_the_venue_has_spoken(self) -> None:
        """18: nothing is pending that was not asked for."""
        for name in self.tickets:
            pending = self.shown(name).pending
            assert pending is None or pending in self.asked.get(name, ())

    @invariant()
    def the_position_is_one_that_the_venue_had(self) -> None:
        """12 and 13: the newest row that arrived, never a sum of ours, and never flat for want of an answer."""
        rows = [event.position for event in self.told if isinstance(event, PositionChanged)]
        held = self.store.position(BTC)
        assert held == (max(rows, key=lambda row: row.sequence) if rows else None)

    def teardown(self) -> None:
        """11 again: the same facts in another order make the same orders."""
        if len(self.told) < 2:
            return
        other = Store(ManualClock())
        for ticket in self.tickets.values():
            other.blotter.put(Order.from_ticket(ticket, 0).to_status(OrderStatus.SENT))
        for event in [*self.told[::-1], *self.told[::2]]:
            other.apply(event)
        reports = [event.report for event in self.told if isinstance(event, OrderChanged)]
        for name in {report.client_id for report in reports if not report.is_ack}:
            one, two = self.shown(name), other.blotter.get(name)
            if one.pending is not None:
                continue  # what this side asked for is no fact that arrived
            for fact in ("status", "filled", "filled_value", "qty", "price", "venue_id", "sequence", "updated_ns"):
                assert getattr(one, fact) == getattr(two, fact), fact


TestWire = Wire.TestCase
TestWire.settings = settings(max_examples=60, stateful_step_count=50, deadline=None)
TestWire.pytestmark = [pytest.mark.timeout(120)]  # type: ignore[attr-defined]
