"""The funding pane: an estimate at this moment's rate and mark, what was paid, and that neither claims more than is known."""

from __future__ import annotations

from decimal import Decimal as D

import pytest

from tests.ui.panes.conftest import BTC, ETH, SOL, WALL, World, assert_exact, roles, screen, texts
from tui_trader.core.clock import NS
from tui_trader.core.event import FundingPaid
from tui_trader.core.types import PositionSide, Side
from tui_trader.ui.mask import MASK
from tui_trader.ui.panes.funding import FundingView
from tui_trader.ui.panes.spans import text_of


@pytest.fixture
def world() -> World:
    world = World().trading()
    world.position(Side.BUY, "900", "171.20", SOL, liquidation="155.4")
    world.ticker(ETH, funding_rate="-0.0001", next_funding_ns=WALL + 8_049 * NS)
    world.ticker(SOL, mark="150", last="150", funding_rate="0.0002")
    return world


def view(world: World) -> FundingView:
    return FundingView(world.store, world.clock)


def title(pane: FundingView) -> str:
    return "  ".join(text_of(phrase.spans) for phrase in pane.title())


def test_each_leg_has_its_rate_its_time_and_what_it_will_be(world: World) -> None:
    rows = texts(view(world).body(100, 6))
    assert rows[0].split() == ["symbol", "side", "rate", "every", "a", "year", "next", "est", "today", "since", "open"]
    # 0.5 at a mark of 67,410.9 pay 0.0061 %; a short receives where the rate is below zero pays: -0.0001 * 4 * 3,509.9
    assert rows[1].split()[:7] == ["BTCUSDT", "LONG", "+0.0061%", "8h", "+6.7%", "2:14", "-2.06"]
    assert rows[2].split()[:7] == ["ETHUSDT", "SHORT", "-0.0100%", "8h", "-11.0%", "2:14", "-1.40"]
    # 900 contracts of a dollar are 6 SOL at 150
    assert rows[3].split()[2:7] == ["+0.0200%", "8h", "+21.9%", "~1:47", "-0.0012SOL"]
    assert roles(view(world).body(100, 6), "-2.06") == {"loss"}
    assert_exact(view(world).body(100, 6), 100, 6)


@pytest.mark.parametrize("width", range(1, 121, 7))
@pytest.mark.parametrize("height", range(1, 7))
def test_it_fits_wherever_it_is_put(world: World, width: int, height: int) -> None:
    assert_exact(view(world).body(width, height), width, height)


def test_what_was_paid_today_and_since_it_was_opened(world: World) -> None:
    world.position(None, "0")
    view(world).title()  # the day begins when the balance is first seen
    world.clock.advance(60)
    world.say(FundingPaid(BTC, D("5"), "USDT", D("0.0001"), WALL + 60 * NS, "of an earlier one"))
    world.clock.advance(60)
    world.fill(Side.BUY, "0.5", "67044", ago=0)
    world.position()
    world.say(FundingPaid(BTC, D("3.21"), "USDT", D("0.0001"), WALL + 121 * NS, "of this one"))
    row = texts(view(world).body(100, 6))[1].split()
    assert row[7:] == ["-8.21", "-3.21"], "the day has both, the position the one since it was opened"
    assert title(view(world)).startswith("FUNDING  today -8.21")


def test_what_an_unknown_beginning_leaves_open_is_marked(world: World) -> None:
    assert texts(view(world).body(100, 6))[1].endswith("0.00?")
    assert "stale" in roles(view(world).body(100, 6), "0.00")


def test_two_legs_share_what_a_contract_paid(world: World) -> None:
    world.position(None, "0")
    world.position(Side.BUY, "0.5", leg=PositionSide.LONG).position(Side.SELL, "0.2", leg=PositionSide.SHORT)
    world.say(FundingPaid(BTC, D("3.21"), "USDT", D("0.0001"), WALL + 60 * NS, "f"))
    rows = texts(view(world).body(100, 6))
    assert "-3.21" in rows[1]
    assert "above" in rows[2]


def test_an_old_rate_says_so(world: World) -> None:
    world.clock.advance(60)
    text = screen(view(world).body(100, 6))
    assert "+0.0061%?" in text
    assert "-2.06?" in text


def test_money_is_hidden_and_nothing_held_says_what_it_waits_for(world: World) -> None:
    MASK.on = True
    try:
        assert "2.06" not in screen(view(world).body(100, 6))
    finally:
        MASK.on = False
    for iid in (BTC, ETH, SOL):
        world.position(None, "0", "0", iid)
    assert "nothing is held" in screen(view(world).body(60, 3))
    assert title(view(world)) == "FUNDING"
