"""Planted bugs of laying messages over each other."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from tests.dst.mutants.plot import mutant, swap
from tui_trader.core.decimals import ZERO
from tui_trader.core.event import Event, FundingPaid, OrderChanged, OrderFilled, PositionChanged
from tui_trader.core.order import Fill, Order, OrderReport
from tui_trader.core.types import PositionSide
from tui_trader.state.blotter import Blotter
from tui_trader.state.store import Store
from tui_trader.venues.phemex.feed import PhemexFeed


@mutant("adds a fill that is told again", seed=6)
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

    swap(stack, Blotter, "add_fill", added)


@mutant("lets the newest message win whatever it says", seed=0)
def _last_wins(stack: ExitStack) -> None:
    merge = Order.merge

    def merged(self: Order, report: OrderReport) -> Order:
        return replace(merge(self, report), status=report.status, filled=report.filled)

    swap(stack, Order, "merge", merged)


@mutant("drops private events now and then", seed=34)
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

    swap(stack, PhemexFeed, "receive", received)


@mutant("lets an older position overwrite a newer one", seed=20)
def _old_position(stack: ExitStack) -> None:
    def told(self: Store, event: Any) -> None:
        self.positions[event.position.key] = event.position

    init = Store.__init__

    def made(self: Store, *args: Any) -> None:
        init(self, *args)
        self._apply[PositionChanged] = lambda event: told(self, event)

    swap(stack, Store, "__init__", made)


@mutant("keeps one position for both legs", seed=20)
def _one_leg(stack: ExitStack) -> None:
    def told(self: Store, event: PositionChanged) -> None:
        self.positions[event.position.instrument, PositionSide.MERGED] = event.position

    swap(stack, Store, "_position", told)


@mutant("counts funding as often as it is told", seed=33)
def _funding_again(stack: ExitStack) -> None:
    funding = Store._funding

    def paid(self: Store, event: FundingPaid) -> None:
        self._funding_seen.clear()
        funding(self, event)

    swap(stack, Store, "_funding", paid)


@mutant("keeps one position for all instruments", seed=6)
def _one_for_all(stack: ExitStack) -> None:
    def told(self: Store, event: PositionChanged) -> None:
        first = next((key for key in self.positions if key[1] is event.position.position_side), event.position.key)
        self.positions[first] = event.position

    swap(stack, Store, "_position", told)
