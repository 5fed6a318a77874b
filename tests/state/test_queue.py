"""The place in the queue: what is claimed lies within bounds that the built-in exchange's own queue never breaks."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.state.conftest import BTC, link, report
from tests.state.queue_on_exchange import run
from tests.state.queueing import Street, measure
from tui_trader.core.clock import ManualClock
from tui_trader.core.event import BookDelta, BookSnapshot, Event, OrderChanged, TradesPrinted
from tui_trader.core.tape import Trade
from tui_trader.core.types import LinkState, OrderStatus, PendingAction, Side
from tui_trader.state.queue import Place
from tui_trader.state.store import Store


class Told:
    """A Store at whose price 100 an own bid of 3 rests, and short words for what a venue tells."""

    def __init__(self, store: Store, clock: ManualClock) -> None:
        self.store, self.clock, self.sequence = store, clock, 0
        self.snapshot("5")

    def say(self, event: Event) -> None:
        self.store.mono_ns = self.clock.mono_ns()
        self.store.apply(event)

    def snapshot(self, size: str) -> None:
        self.sequence += 1
        self.say(BookSnapshot(BTC, [("100", size)], [("101", "1")], self.sequence, 0, self.clock.wall_ns()))

    def size(self, size: str) -> None:
        self.clock.advance(0.01)
        self.sequence += 1
        self.say(BookDelta(BTC, [("100", size)], [], self.sequence, 0, self.clock.wall_ns()))

    def trade(self, qty: str, side: Side = Side.SELL, price: str = "100") -> None:
        self.clock.advance(0.01)
        self.say(TradesPrinted(BTC, [Trade(self.clock.wall_ns(), side, D(price), D(qty))], False))

    def order(self, **change: Any) -> None:
        self.clock.advance(0.01)
        values: dict[str, Any] = {"at_ns": self.clock.wall_ns()} | change
        self.say(OrderChanged(report(**values)))

    @property
    def place(self) -> Place | None:
        order = self.store.blotter.get("tt-1")
        assert order is not None
        return self.store.place(order)

    @property
    def ahead(self) -> D:
        assert self.place is not None
        return self.place.ahead


@pytest.fixture
def told(store: Store, clock: ManualClock) -> Told:
    return Told(store, clock)


def resting(told: Told) -> Told:
    """Five stand before our three."""
    told.order()
    told.size("8")
    assert told.place == Place(D(5), D(5), D(5), False)
    return told


def test_nothing_is_claimed_before_a_book_with_the_order_in_it_was_seen(told: Told) -> None:
    told.order()
    assert told.place is None


def test_all_that_stood_there_is_before_it(told: Told) -> None:
    resting(told)


def test_what_comes_later_is_behind_it(told: Told) -> None:
    resting(told).size("20")
    assert told.ahead == 5


def test_trades_are_of_those_before_it(told: Told) -> None:
    resting(told).trade("2")
    assert told.place == Place(D(3), D(3), D(3), False)
    told.size("6")  # the decrease that the trade caused
    assert told.place == Place(D(3), D(3), D(3), False)


def test_a_decrease_is_not_taken_for_a_cancel_when_its_trade_comes_after_it(told: Told) -> None:
    resting(told).size("18")
    told.size("14")
    assert told.ahead < 5
    told.trade("4")
    assert told.place == Place(D(1), D(1), D(1), False)


def test_what_leaves_without_a_trade_is_shared_out(told: Told) -> None:
    resting(told).size("13")  # five before, five behind
    told.size("9")
    assert told.place == Place(D(3), D(1), D(5), False)


def test_nobody_is_further_back_than_all_others_together(told: Told) -> None:
    resting(told)
    told.clock.advance(2)
    told.size("4")
    assert told.place == Place(D(1), D(1), D(1), False)


def test_trades_on_the_other_side_and_at_other_prices_say_nothing(told: Told) -> None:
    resting(told).trade("2", Side.BUY)
    told.trade("2", Side.SELL, "99")
    assert told.ahead == 5


def test_a_trade_from_before_it_rested_does_not_bring_it_nearer(told: Told) -> None:
    early = told.clock.wall_ns()
    resting(told).say(TradesPrinted(BTC, [Trade(early, Side.SELL, D(100), D(2))], False))
    assert told.ahead == 5


def test_an_execution_of_its_own_says_that_it_is_in_front(told: Told) -> None:
    resting(told).order(status=OrderStatus.PARTIAL, filled=D(1), qty=D(3))
    assert told.place == Place(D(0), D(0), D(0), False)


def test_a_change_of_the_order_puts_it_at_the_end(told: Told) -> None:
    resting(told).size("20")
    told.order(qty=D(4))
    told.size("21")
    assert told.ahead == 20  # until it is certain that the book has the change in it
    told.clock.advance(2)
    told.size("22")
    assert told.ahead == 18


def test_a_doubt_about_the_book_is_told_and_the_estimate_goes_on(told: Told, store: Store) -> None:
    resting(told).say(link("public", LinkState.DOWN, "1006"))
    assert told.place is not None
    assert told.place.doubtful
    told.clock.advance(5)
    told.snapshot("6")
    assert told.place == Place(D(3), D(3), D(3), True)


def test_an_old_book_makes_it_doubtful(told: Told) -> None:
    resting(told).clock.advance(20)
    assert told.place is not None
    assert told.place.doubtful


def test_a_price_that_left_the_depth_that_the_venue_keeps_makes_it_doubtful(told: Told) -> None:
    resting(told).size("0")
    assert told.place is not None
    assert told.place.doubtful
    told.clock.advance(9)
    told.size("20")
    assert told.place == Place(D(5), D(5), D(5), True)


def test_while_a_change_is_answered_the_place_is_doubtful(told: Told) -> None:
    resting(told).order(pending=PendingAction.AMEND)
    assert told.place is not None
    assert told.place.doubtful


def test_an_order_that_ended_has_no_place(told: Told, store: Store) -> None:
    resting(told).order(status=OrderStatus.CANCELED)
    assert told.place is None
    told.size("4")  # and nothing is kept of it


# -- against the real queue ----------------------------------------------------------------------------------------------


@settings(max_examples=120, deadline=None)
@given(st.integers(0, 1 << 32), st.integers(1, 6), st.integers(0, 4), st.integers(1, 60))
def test_the_bounds_hold_against_the_real_queue(seed: int, conflate: int, late: int, steps: int) -> None:
    street = Street(seed, conflate=conflate, late=late)
    street.join()
    for _ in range(steps):
        street.act()
        place = street.place
        if place is not None:
            assert street.ahead <= place.most, "nearer the front than it can be"
            assert place.least <= place.ahead <= place.most
    street.flush()
    place = street.place
    if place is not None:
        assert street.ahead <= place.most
        assert place.least <= place.ahead <= place.most
        if conflate == 1 and not late:
            assert place.least <= street.ahead, "further back than it is shown to be"


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 1 << 32), st.integers(1, 40))
def test_without_cancels_the_estimate_is_the_truth(seed: int, steps: int) -> None:
    street = Street(seed)
    street.join()
    for _ in range(steps):
        street.clock.advance(0.05)
        if street.dice.random() < 0.5:
            street._arrive()
            street._changed()
        else:
            street._trade(street.dice.randrange(1, 20))
        place = street.place
        assert place is not None
        # Sizes are exact; what is shared out in proportion is rounded in the last of 28 digits.
        assert abs(place.ahead - street.ahead) <= D("1e-20")


@pytest.mark.parametrize("behind", [0, 4])
def test_the_bounds_hold_on_the_whole_exchange(behind: int) -> None:
    errors, broken = run(3, 800, behind)
    assert len(errors) > 200
    assert broken == 0


def test_the_estimate_is_about_right() -> None:
    errors = measure(range(30), 40, conflate=1, late=1)
    mean = sum(errors, D(0)) / len(errors)
    assert len(errors) > 800
    assert abs(mean) < D("0.06")
    assert sum(abs(error) > D("0.3") for error in errors) * 20 < len(errors)
