"""When funding is settled next: asked for once a settlement, and told as what it is."""

from __future__ import annotations

from collections import deque
from decimal import Decimal as D

from tests.desk.conftest import BTC, ETH, linear
from tui_trader.core.clock import NS, ManualClock
from tui_trader.core.event import Event, InstrumentsListed, TickerChanged
from tui_trader.desk.funding_times import AGAIN_NS, PASSED_NS, FundingTimes
from tui_trader.state.store import Store
from tui_trader.venues.base import Outcome, Request, Verdict
from tui_trader.venues.paradex import PARADEX
from tui_trader.venues.phemex import PHEMEX

DUE = 8 * 3_600 * NS


class Asked:
    """Funding times whose venue answers what the test says."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.store = Store(self.clock)
        self.store.apply(InstrumentsListed("phemex", [linear(BTC), linear(ETH)]))
        self.answers: deque[Verdict] = deque()
        self.asked: list[str] = []
        self.spare = True
        self.times = FundingTimes(
            venue="phemex",
            store=self.store,
            clock=self.clock,
            dialect=PHEMEX.orders(),
            send=self.send,
            absorb=self.absorb,
            can_spare=lambda request: self.spare,
            wanted=lambda: [BTC, ETH, BTC],
            server_ns=self.clock.wall_ns,
        )

    async def send(self, request: Request) -> Verdict:
        self.asked.append(request.ref)
        return self.answers.popleft() if self.answers else Verdict(Outcome.UNKNOWN)

    def absorb(self, events: list[Event]) -> None:
        self.store.mono_ns = self.clock.mono_ns()
        for event in events:
            self.store.apply(event)

    def tell(self, due_ns: int) -> Verdict:
        return Verdict(Outcome.ACK, events=(TickerChanged(BTC, 0, next_funding_ns=due_ns),))


async def test_each_contract_is_asked_about_once_until_its_settlement_has_passed() -> None:
    asked = Asked()
    asked.answers += [asked.tell(asked.clock.wall_ns() + DUE)]
    await asked.times.look()
    assert asked.asked == ["BTCUSDT", "ETHUSDT"]
    await asked.times.look()
    asked.clock.advance(AGAIN_NS // NS)
    await asked.times.look()
    assert asked.asked == ["BTCUSDT", "ETHUSDT", "ETHUSDT"]  # the one that was not answered
    asked.asked.clear()
    asked.clock.advance((DUE + PASSED_NS - AGAIN_NS) // NS)
    await asked.times.look()
    assert asked.asked == ["BTCUSDT", "ETHUSDT"]


async def test_orders_come_before_it() -> None:
    asked = Asked()
    asked.spare = False
    await asked.times.look()
    assert asked.asked == []


async def test_a_settlement_that_is_told_makes_no_old_price_new() -> None:
    asked = Asked()
    asked.absorb([TickerChanged(BTC, 0, last=D(1), mark=D(1))])
    asked.clock.advance(3_600)
    asked.answers.append(asked.tell(asked.clock.wall_ns() + DUE))
    await asked.times.look()
    assert asked.store.ticker(BTC).next_funding_ns is not None
    assert not asked.store.ticker_is_fresh(BTC)
    assert asked.store.age_ns("ticker", BTC) == 3_600 * NS


def test_nobody_is_asked_where_funding_is_paid_all_the_time() -> None:
    assert PARADEX.orders().funding_due(BTC) is None
