"""What is pulled and stacked: sizes that came and went at a price, without what was traded, within ten seconds."""

from __future__ import annotations

import random
from decimal import Decimal as D

import pytest

from tests.state.conftest import BTC
from tui_trader.core.clock import ManualClock
from tui_trader.core.event import BookDelta, BookSnapshot, Event, TradesPrinted
from tui_trader.core.tape import Trade
from tui_trader.core.types import Side
from tui_trader.state.flow import BACKLOG, Change, Flow
from tui_trader.state.store import Store


class Market:
    """A book whose only bid price in question is 100."""

    def __init__(self, store: Store, clock: ManualClock) -> None:
        self.store, self.clock, self.sequence = store, clock, 0
        self.snapshot("5")
        flow = store.flow(BTC)
        assert flow is not None
        self.flow: Flow = flow

    def say(self, event: Event) -> None:
        self.store.mono_ns = self.clock.mono_ns()
        self.store.apply(event)

    def snapshot(self, size: str) -> None:
        self.sequence += 1
        self.say(BookSnapshot(BTC, [("100", size)], [("101", "1")], self.sequence, 0, self.clock.wall_ns()))

    def size(self, size: str, price: str = "100") -> None:
        self.sequence += 1
        self.say(BookDelta(BTC, [(price, size)], [], self.sequence, 0, self.clock.wall_ns()))

    def trade(self, qty: str, side: Side = Side.SELL) -> None:
        self.say(TradesPrinted(BTC, [Trade(self.clock.wall_ns(), side, D(100), D(qty))], False))

    @property
    def change(self) -> Change | None:
        self.flow.settle(self.clock.mono_ns())
        return self.flow.change(True, 1_000)


@pytest.fixture
def market(store: Store, clock: ManualClock) -> Market:
    return Market(store, clock)


def test_nothing_happened(market: Market) -> None:
    assert market.change is None


def test_what_comes_and_what_goes_are_told_apart(market: Market) -> None:
    market.size("8")
    market.size("6")
    assert market.change == Change(stacked=D(3), pulled=D(2))


def test_a_change_between_two_looks_is_not_lost(market: Market) -> None:
    market.size("0")
    market.size("5")
    assert market.change == Change(stacked=D(5), pulled=D(5))


@pytest.mark.parametrize("first", ["trade", "size"])
def test_what_traded_was_not_pulled_whichever_is_told_first(market: Market, first: str) -> None:
    if first == "trade":
        market.trade("2")
        market.size("2")
    else:
        market.size("2")
        assert market.change == Change(D(0), D(3))
        market.trade("2")
    assert market.change == Change(stacked=D(0), pulled=D(1))


def test_a_buy_at_the_price_does_not_take_bids(market: Market) -> None:
    market.trade("2", Side.BUY)
    market.size("2")
    assert market.change == Change(D(0), D(3))


def test_a_trade_of_long_ago_explains_nothing(market: Market) -> None:
    market.trade("2")
    market.clock.advance(3)
    market.size("2")
    assert market.change == Change(D(0), D(3))


def test_it_is_forgotten_after_ten_seconds(market: Market) -> None:
    market.size("8")
    market.clock.advance(6)
    market.size("7")
    market.clock.advance(6)
    assert market.change == Change(D(0), D(1))
    market.clock.advance(6)
    assert market.change is None


def test_a_book_that_was_replaced_says_nothing_of_what_happened_meanwhile(market: Market) -> None:
    market.snapshot("50")
    market.size("51")
    assert market.change is None  # the sizes are read once more, and counting goes on from them
    market.size("53")
    assert market.change == Change(D(2), D(0))


def test_a_flood_that_nobody_reads_is_bounded(market: Market) -> None:
    for _ in range(BACKLOG // 2 + 10):
        market.size("6")
        market.size("5")
    assert len(market.flow._unread) <= BACKLOG
    assert market.change is None
    market.size("9")
    assert market.change == Change(D(4), D(0))


def test_volume_is_what_traded_there(market: Market) -> None:
    market.trade("2")
    market.trade("0.5", Side.BUY)
    assert market.change is None
    assert market.flow.volume == {1_000: D("2.5")}


def test_it_stops_when_nobody_looks(market: Market, store: Store) -> None:
    store.ignore_flow(BTC)
    market.size("9")
    assert not market.flow._unread
    again = store.flow(BTC)
    assert again is not market.flow


def test_sums_are_those_of_every_change(market: Market) -> None:
    """Against the plainest count there is, over random changes and trades that come in either order."""
    dice = random.Random(7)
    size, stacked, pulled = D(5), D(0), D(0)
    for _ in range(400):
        now = dice.randrange(0, 40)
        if dice.random() < 0.3 and size:
            taken = D(dice.randrange(1, int(size) + 1))
            size -= taken
            if dice.random() < 0.5:
                market.trade(str(taken))
                market.size(str(size))
            else:
                market.size(str(size))
                market.trade(str(taken))
        else:
            stacked += max(D(0), now - size)
            pulled += max(D(0), size - now)
            size = D(now)
            market.size(str(size))
        if dice.random() < 0.1:
            assert market.change == Change(stacked, pulled)
    assert market.change == Change(stacked, pulled)
