"""Positions: figures with their age, protection told as it is, a cursor on a leg."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal as D

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ui.panes.conftest import BTC, ETH, SOL, World, assert_exact, roles, screen, texts
from tui_trader.core.event import OrderFilled
from tui_trader.core.order import Fill
from tui_trader.core.round_trip import Terms
from tui_trader.core.types import (
    ClientOrderId,
    ExecId,
    InstrumentId,
    LinkState,
    Liquidity,
    OrderStatus,
    PositionSide,
    Side,
    VenueOrderId,
)
from tui_trader.state.past import Past
from tui_trader.ui.panes.positions import PositionsView
from tui_trader.ui.panes.view import boxed, ruled


def positions(world: World) -> PositionsView:
    return PositionsView(world.store, world.clock)


def test_at_80_columns(trading: World) -> None:
    view = positions(trading)
    view.cursor_down()
    assert texts(ruled(view, 80, 4)) == [
        "─ POSITIONS 2  1 NAKED  net +19.7k  gross 47.7k  open risk 202.00+unbounded ────",
        "  symbol   side    size    entry     mark     uP&L    R liq%  SL      TP",
        "▸ BTCUSDT  LONG   0.500 67,044.0 67,410.9  +183.45   -- 12.4  66,640m 68,200",
        " !ETHUSDT  SHORT  4.000  3,512.4  3,509.9   +10.00   -- 18.0  NAKED   --",
    ]


def test_at_120_columns_a_leg_takes_two_lines(trading: World) -> None:
    rows = texts(boxed(positions(trading), 86, 9))
    assert rows[2:6] == [
        "│  phemex BTCUSDT  LONG   0.500 67,044.0 67,410.9  +183.45   --    67,124.5          │",
        "│     prot 100%  SL 66,640 mark -1.1%  TP 68,200 +1.2%  liq 59,020 12.4%  10x cross  │",
        "│ !phemex ETHUSDT  SHORT  4.000  3,512.4  3,509.9   +10.00   --     3,508.2          │",
        "│     NAKED 100%  no stop at venue  p protects  liq 4,140 18.0%  10x cross           │",
    ]
    assert rows[-2].startswith("│  TOTAL  net +19.7k  gross 47.7k  all stops hit -202.00+unbounded")


def test_at_200_columns_everything_is_on_one_line(trading: World) -> None:
    rows = texts(boxed(positions(trading), 116, 8))
    header = rows[1]
    for title in ("venue", "symbol", "side", "size", "entry", "mark", "uP&L", "R", "liq%", "BE fee+fund", "SL", "TP"):
        assert title in header
    assert "66,640m 68,200" in rows[2]


def test_a_profit_made_from_an_old_mark_says_so(trading: World) -> None:
    trading.clock.advance(4)
    trading.say()
    rows = positions(trading).body(80, 4)
    line = texts(rows)[1]
    assert "67,410.9?" in line
    assert "+183.45?" in line
    assert "12.4?" in line
    assert roles(rows, "+183.45") == {"stale"}


def test_columns_stay_where_they_are_when_values_turn_old(trading: World) -> None:
    view = positions(trading)
    fresh = texts(view.body(80, 4))[1]
    trading.clock.advance(4)
    old = texts(view.body(80, 4))[1]
    assert fresh == old.replace("?", " ").rstrip()


def test_an_unheard_private_feed_puts_sizes_and_protection_in_doubt(trading: World) -> None:
    trading.links(LinkState.DOWN, "1006", lanes=["private"])
    rows = texts(boxed(positions(trading), 86, 9))
    assert "0.500?" in rows[2]
    assert "prot 100%?" in rows[3]


@pytest.mark.parametrize("status", [OrderStatus.SENT, OrderStatus.ACKED, OrderStatus.UNKNOWN])
def test_naked_clears_only_when_the_venue_confirms(world: World, status: OrderStatus) -> None:
    world.listed().links().ticker(mark="67410.9").position()
    view = positions(world)
    world.stop("66640", status=status)
    assert "NAKED" in screen(view.body(80, 3))
    world.stop("66640")
    assert "NAKED" not in screen(view.body(80, 3))


def test_a_part_without_a_stop_is_told_in_percent(world: World) -> None:
    world.listed().links().ticker(mark="67410.9").position()
    world.stop("66640", qty="0.2")
    rows = boxed(positions(world), 86, 8)
    assert "NAKED 60%  SL 66,640 mark" in screen(rows)
    assert roles(rows, "NAKED 60%") == {"alarm"}


def test_an_inverse_contract_is_worth_coins(world: World) -> None:
    world.listed().links().ticker(SOL, mark="170.95").position(Side.BUY, "900", "171.20", SOL, liquidation="155.4")
    row = texts(positions(world).body(110, 3))[1]
    assert "900c" in row
    assert "-0.0077SOL" in row


def test_without_a_mark_nothing_is_made_up(world: World) -> None:
    world.listed().links().position()
    row = texts(positions(world).body(80, 3))[1]
    assert row.count("--") >= 3
    assert "0.00" not in row


def test_legs_of_both_sides_have_their_own_rows(world: World) -> None:
    world.listed().links().ticker(mark="67410.9")
    world.position(Side.BUY, leg=PositionSide.LONG).position(Side.SELL, "0.2", leg=PositionSide.SHORT)
    rows = texts(positions(world).body(80, 4))
    assert "LONG" in rows[1]
    assert "SHORT" in rows[2]


# -- cursor --------------------------------------------------------------------------------------------------------------


def test_the_cursor_stays_on_its_leg_when_another_appears_above(world: World) -> None:
    world.listed().links().position(iid=ETH, entry="3500")
    view = positions(world)
    view.cursor_down()
    world.position()
    selected = view.selected()
    assert selected is not None
    assert selected.instrument == ETH
    assert texts(view.body(80, 4))[2].startswith("▸")


def test_a_closed_leg_is_not_replaced_by_its_neighbour(trading: World) -> None:
    view = positions(trading)
    view.cursor_down()
    trading.position(None, "0")
    assert view.selected() is None
    assert "▸" not in screen(view.body(80, 4))
    view.cursor_down()
    selected = view.selected()
    assert selected is not None
    assert selected.instrument == ETH


def test_moving_past_the_ends_stays(trading: World) -> None:
    view = positions(trading)
    view.cursor_bottom()
    view.cursor_down()
    selected = view.selected()
    assert selected is not None
    assert selected.instrument == ETH
    view.cursor_top()
    view.cursor_up()
    selected = view.selected()
    assert selected is not None
    assert selected.instrument == BTC
    view.cursor_off()
    assert view.selected() is None


def test_what_does_not_fit_is_counted_and_the_chosen_leg_is_in_view(trading: World) -> None:
    view = positions(trading)
    view.cursor_bottom()
    rows = texts(ruled(view, 80, 2))
    assert "+1 more" in rows[0]
    assert "ETHUSDT" in rows[1]


def test_the_filter_hides_symbols(trading: World) -> None:
    view = positions(trading)
    view.filter("eth")
    assert "BTCUSDT" not in screen(view.body(80, 4))
    view.filter("doge")
    assert "no position matches /doge" in screen(view.body(80, 4))


@settings(max_examples=80)
@given(st.integers(1, 210), st.integers(1, 20), st.booleans(), st.sampled_from(["", "eth", "none"]))
def test_any_size_is_filled_exactly(width: int, height: int, chosen: bool, text: str) -> None:
    world = World().trading()
    view = positions(world)
    if chosen:
        view.cursor_down()
    view.filter(text)
    for draw in (boxed, ruled):
        assert_exact(draw(view, width, height), width, height)


def test_an_unlisted_instrument_is_drawn(world: World) -> None:
    world.links().position(iid=InstrumentId("phemex", "XUSDT"), entry="0.00012345", qty="12")
    assert "0.00012345" in screen(positions(world).body(80, 3))


def test_an_empty_store_says_what_it_waits_for(world: World) -> None:
    view = positions(world)
    assert "waiting for the private feed" in screen(view.body(80, 3))
    world.links()
    assert texts(view.body(80, 3))[0] == "no open position"


def test_break_even_includes_fees() -> None:
    world = World().listed().links().ticker(mark="67410.9").position(qty="0.5", entry="67044")
    # 67,044 × (1 + 0.0006) / (1 − 0.0006)
    assert "67,124.5" in screen(positions(world).body(120, 3))
    assert D("67044") * D("1.0006") / D("0.9994") - D("67124.5") < D("0.05")


# -- multiples, other currencies, totals, order ----------------------------------------------------------------------------


def entered(world: World, stop: str = "66640") -> World:
    """Fill an entry of half a bitcoin that left with a stop."""
    client_id = world.order(qty="0.5", price="67044", id="tt-entry", status=OrderStatus.FILLED, filled=D("0.5"))
    world.store.initial_risk.stake(ClientOrderId(client_id), D(stop))
    world.say(
        OrderFilled(
            Fill(
                exec_id=ExecId("x-entry"),
                instrument=BTC,
                client_id=ClientOrderId(client_id),
                venue_id=VenueOrderId("v-tt-entry"),
                side=Side.BUY,
                qty=D("0.5"),
                price=D(67044),
                fee=D(2),
                fee_currency="USDT",
                liquidity=Liquidity.MAKER,
                at_ns=world.clock.wall_ns(),
            )
        )
    )
    return world


def test_a_later_run_tells_the_multiple_by_what_was_recorded(trading: World) -> None:
    before = entered(World().trading())
    terms = {"tt-entry": Terms(stop=D(66640))}
    trading.store.remember(Past.of(before.store.blotter.fills(), terms=terms))
    legs = {row.split()[1]: row for row in texts(positions(trading).body(155, 6)) if "LONG" in row or "SHORT" in row}
    assert " +0.9 " in legs["BTCUSDT"]  # 183.45 of 0.5 × (67,044 − 66,640)
    assert " -- " in legs["ETHUSDT"]
    view = positions(trading)
    view.cursor_down()
    leg = view.selected()
    assert leg is not None
    assert view.details(leg) == [("R", "+0.9 of 202.00 that its entries risked")]
    view.cursor_down()
    leg = view.selected()
    assert leg is not None
    assert view.details(leg)[0][1] == "not known: a part of it was there before the executions that are known"
    trading.store.remember(Past.of(before.store.blotter.fills()))
    trading.store.first_stops["tt-entry"] = D(66640)  # kept in a file of the terminal's own, where the venue keeps none
    assert "+0.9" in screen(positions(trading).body(155, 6))
    del trading.store.first_stops["tt-entry"]
    assert "+0.9" not in screen(positions(trading).body(155, 6))
    view.cursor_up()
    leg = view.selected()
    assert leg is not None
    assert view.details(leg)[0][1] == "not known: an entry left without a stop"


def test_profit_is_told_in_multiples_of_what_the_entry_risked(trading: World) -> None:
    row = texts(positions(entered(trading)).body(80, 4))[1]
    assert "+183.45 +0.9 " in row  # 183.45 / 202
    trading.stop("67300")
    assert "+0.9 " in texts(positions(trading).body(80, 4))[1], "a stop that moves does not change the measure"


def test_a_leg_that_was_entered_without_a_stop_has_no_multiple(trading: World) -> None:
    assert "+183.45   -- " in texts(positions(trading).body(80, 4))[1]


def test_target_and_stop_are_both_told_at_120_columns(trading: World) -> None:
    """The pane is 83 cells broad there."""
    rows = screen(ruled(positions(trading), 83, 9))
    assert "SL 66,640 mark -1.1%  TP 68,200 +1.2%" in rows
    trading.target("68600")
    assert "TP 68,200 +1.2% +1" in screen(ruled(positions(trading), 83, 9))


def test_what_settles_in_a_coin_is_told_in_the_currency_of_the_account_too(trading: World) -> None:
    trading.store.home = "USDT"
    trading.ticker(SOL, mark="171.50").position(Side.BUY, "900", "171.20", SOL, liquidation="155.4")
    rows = texts(positions(trading).body(150, 8))
    assert "in acct" in rows[0]
    (sol,) = [row for row in rows if "SOLUSD" in row]
    assert "+0.0092SOL" in sol
    assert "+1.58" in sol  # 900/171.2 - 900/171.5 = 0.009196 SOL at 171.50
    trading.clock.advance(10)
    trading.say()
    (sol,) = [row for row in texts(positions(trading).body(150, 8)) if "SOLUSD" in row]
    assert "+1.58" not in sol
    assert "--?" in sol


def test_without_another_currency_there_is_no_column_for_it(trading: World) -> None:
    assert "in acct" not in screen(positions(trading).body(150, 8))


def test_what_funding_will_cost_is_told_as_an_estimate(trading: World) -> None:
    trading.ticker(ETH, last="3509.9", mark="3509.9", funding_rate="-0.0001")
    # 0.5 × 67,410.9 × 0.000061 is paid, 4 × 3,509.9 × 0.0001 is paid by the short: −2.056 − 1.404
    assert "funding 8h -3.46 est" in texts(positions(trading).body(190, 12))[-1]
    trading.position(Side.BUY, "900", "171.20", SOL, liquidation="155.4")
    assert "funding 8h -3.46? est" in texts(positions(trading).body(190, 12))[-1]  # nothing is known of SOL's
    trading.clock.advance(5)
    assert "funding 8h -3.46? est" in texts(positions(trading).body(190, 12))[-1]


def test_a_rate_of_four_hours_is_told_over_eight(trading: World) -> None:
    trading.position(None, "0", "0", ETH)
    listed = trading.store.instruments
    listed[BTC] = replace(listed[BTC], funding_interval_s=14_400)
    assert "funding 8h -4.11 est" in texts(positions(trading).body(190, 12))[-1]


def test_the_total_adds_up_in_one_currency_and_says_what_it_does_not_know(trading: World) -> None:
    trading.store.home = "USDT"
    trading.ticker(SOL, mark="171.50").position(Side.BUY, "900", "171.20", SOL, liquidation="155.4")
    total = texts(positions(trading).body(155, 12))[-1]
    assert "uP&L +195.03 " in total + " "  # 183.45 + 10.00 + 1.58
    assert "all targets hit +578.00 (2 without)" in total
    assert "all stops hit -202.00+unbounded" in total
    trading.clock.advance(10)
    trading.say()
    total = texts(positions(trading).body(155, 12))[-1]
    assert "?" in total[total.index("uP&L") : total.index("uP&L") + 20]


def test_currencies_that_nothing_converts_stand_side_by_side(trading: World) -> None:
    trading.store.home = "USDT"
    trading.position(Side.BUY, "900", "171.20", SOL, liquidation="155.4")
    trading.stop("160", qty="900", iid=SOL)
    trading.position(None, "0", iid=ETH)
    assert "all stops hit -0.3680SOL -202.00" in texts(positions(trading).body(155, 12))[-1].replace("  ", " ")


@pytest.mark.parametrize(
    ("presses", "first"),
    [(0, "BTCUSDT"), (1, "ETHUSDT"), (2, "ETHUSDT"), (3, "BTCUSDT"), (4, "BTCUSDT")],
    ids=["symbol", "risk", "profit", "liquidation", "symbol again"],
)
def test_legs_are_sorted(trading: World, presses: int, first: str) -> None:
    view = positions(trading)
    for _ in range(presses):
        view.sort_next()
    assert first in texts(view.body(80, 4))[1]


def test_rows_do_not_move_under_the_cursor(trading: World) -> None:
    view = positions(trading)
    view.sort_next()
    view.sort_next()
    view.cursor_down()
    before = [row[2:10] for row in texts(view.body(80, 4))[1:3]]
    trading.ticker(mark="60000")
    assert [row[2:10] for row in texts(view.body(80, 4))[1:3]] == before
    view.cursor_off()
    assert [row[2:10] for row in texts(view.body(80, 4))[1:3]] == before[::-1]


def test_legs_are_filtered_by_side(trading: World) -> None:
    view = positions(trading)
    view.filter("short")
    assert "ETHUSDT" in screen(view.body(80, 4))
    assert "BTCUSDT" not in screen(view.body(80, 4))
