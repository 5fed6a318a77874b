"""Tape, fills, profit and loss, header, log and status line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal as D

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ui.panes.conftest import BTC, WALL, World, assert_exact, roles, screen, texts
from tui_trader.core.clock import NS
from tui_trader.core.types import ExecId, LinkState, Severity, Side
from tui_trader.state.past import Past
from tui_trader.ui.panes.fills import FillsView
from tui_trader.ui.panes.header import HeaderView
from tui_trader.ui.panes.log import LogView
from tui_trader.ui.panes.pnl import PnlView
from tui_trader.ui.panes.spark import sampled, sparkline
from tui_trader.ui.panes.status import Hint, StatusView
from tui_trader.ui.panes.tape import TapeView
from tui_trader.ui.panes.view import View, bare, boxed, in_ascii, ruled

HINTS = [Hint("b/s", "stage"), Hint("x", "close"), Hint("^G", "panic", 0), Hint("?", "help", 9, enabled=False)]


def header(world: World, **more: object) -> HeaderView:
    return HeaderView(world.store, world.clock, badge="LIVE", venue="phemex", instrument=BTC, **more)  # type: ignore[arg-type]


VIEWS: dict[str, Callable[[World], View]] = {
    "tape": lambda w: TapeView(w.store, w.clock, BTC),
    "fills": lambda w: FillsView(w.store, w.clock),
    "pnl": lambda w: PnlView(w.store, w.clock),
    "header": lambda w: header(w, bytes_per_second=lambda: 9_400.0, day_limit=D(500)),
    "log": lambda w: LogView(w.store, w.clock),
    "status": lambda w: StatusView(w.store, w.clock, HINTS),
}


@pytest.mark.parametrize("name", VIEWS)
@settings(max_examples=40)
@given(width=st.integers(1, 210), height=st.integers(1, 24), empty=st.booleans(), old=st.booleans())
def test_any_size_is_filled_exactly(name: str, width: int, height: int, empty: bool, old: bool) -> None:
    world = World()
    if not empty:
        world.trading().fill(fee="8.42").fill(Side.SELL, "0.3", "66980", realised="41.2")
        world.notice("b7 acked 96ms").notice("SOLUSD has no stop at venue 界", Severity.ALARM)
        for second in range(100):
            world.store.curve.add(second, D(second % 7))
    if old:
        world.clock.advance(30)
    view = VIEWS[name](world)
    for draw in (boxed, ruled, bare):
        rows = draw(view, width, height)
        assert_exact(rows, width, height)
        ascii_rows = [in_ascii(row) for row in rows]
        assert all(span.text.replace("界", "").isascii() for row in ascii_rows for span in row)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("tape", "waiting for the first trade"),
        ("fills", "no fill yet"),
        ("pnl", "waiting for the balance"),
        ("header", "waiting for the balance"),
        ("log", "nothing has happened yet"),
        ("status", "SAFE"),
    ],
)
def test_an_empty_store_says_what_it_waits_for(world: World, name: str, text: str) -> None:
    assert text in screen(VIEWS[name](world).body(100, 4))


# -- tape ----------------------------------------------------------------------------------------------------------------


def test_tape_newest_on_top(trading: World) -> None:
    view = TapeView(trading.store, trading.clock, BTC)
    rows = view.body(40, 3)
    assert texts(rows)[:2] == ["14:12:11.000  67,412.5   0.310 B", "14:12:10.000  67,412.0   0.044 S"]
    assert roles(rows, "67,412.5") == {"buy"}
    assert roles(rows, "67,412.0") == {"sell"}


def test_tape_leaves_out_small_trades(trading: World) -> None:
    view = TapeView(trading.store, trading.clock, BTC, sizes=[D(10_000), D(50_000)])
    assert "  delta +0.27 " in texts(boxed(view, 50, 4))[0]
    view.next_size()
    assert "0.044" not in screen(view.body(40, 4))
    assert texts(boxed(view, 40, 4))[0].startswith("┌─ TAPE >10k USDT  BTCUSDT ")
    view.filter_size(1)
    assert "no trade >50k USDT yet" in screen(view.body(40, 4))
    view.filter_size(1)
    assert view.sift(D("0.31")) == "tape: trades >0.31"
    assert "0.310" in screen(view.body(40, 4))
    assert "0.044" not in screen(view.body(40, 4))
    assert texts(boxed(view, 40, 4))[0].startswith("┌─ TAPE >0.31 ")
    view.next_size()
    assert "0.044" in screen(view.body(40, 4))
    trading.clock.advance(61)
    assert "delta 0" in texts(boxed(view, 50, 4))[0]
    trading.links(LinkState.DOWN)
    assert "delta" not in texts(boxed(view, 50, 4))[0]


def test_large_trades_have_a_sign_and_not_only_a_colour(trading: World) -> None:
    for _ in range(60):
        trading.trade("67412", "0.1")
    trading.trade("67412", "0.4").trade("67412", "5", Side.SELL)
    rows = TapeView(trading.store, trading.clock, BTC).body(40, 3)
    assert texts(rows)[0].endswith("5.000 S ##")
    assert texts(rows)[1].endswith("0.400 B #")
    assert roles(rows, "5.000") == {"ask_bar"}


def test_a_paused_tape_holds_still(trading: World) -> None:
    view = TapeView(trading.store, trading.clock, BTC)
    before = view.body(40, 3)
    view.pause()
    trading.trade("67000", "1")
    assert view.body(40, 3) == before
    assert "PAUSED" in texts(boxed(view, 40, 5))[0]
    view.pause()
    assert "67,000.0" in screen(view.body(40, 3))


def test_a_tape_without_its_feed_is_questioned(trading: World) -> None:
    trading.links(LinkState.DOWN, lanes=["public"])
    rows = boxed(TapeView(trading.store, trading.clock, BTC), 40, 5)
    assert "STALE ?" in texts(rows)[0]
    assert roles(rows, "67,412.5") == {"stale"}


# -- fills ---------------------------------------------------------------------------------------------------------------


def test_fills(trading: World) -> None:
    trading.fill(fee="8.42").fill(Side.SELL, "0.3", "66980", realised="41.2", ago=30)
    trading.fill(Side.SELL, "0.1", "66900", realised="-2", ago=0)
    assert texts(FillsView(trading.store, trading.clock).body(70, 6)) == [
        "14:12:11 phemex SELL BTCUSDT 0.100 @66,900.0 mk  -2.00 fee 0.00",
        "14:11:41 phemex SELL BTCUSDT 0.300 @66,980.0 mk +41.20 fee 0.00",
        "14:11:11 phemex BUY  BTCUSDT 0.500 @67,044.0 tk        fee 8.42",
        "",
        "day 3 fills  fees 8.42  0W/0L",
        "funding 0.00",
    ]


def test_a_fill_appears_at_once(trading: World) -> None:
    view = FillsView(trading.store, trading.clock)
    assert "no fill yet" in screen(view.body(70, 6))
    trading.fill()
    assert "@67,044.0" in screen(view.body(70, 6))


def test_fills_in_a_narrow_pane(trading: World) -> None:
    trading.fill(fee="8.42")
    assert texts(FillsView(trading.store, trading.clock).body(31, 1)) == ["14:11 B BTC 0.500 @67,044.0 tk"]


def test_the_day_begins_at_midnight_utc(trading: World) -> None:
    trading.fill(fee="8.42", ago=15 * 3600).fill(fee="1")
    assert "day 1 fill  fees 1.00" in screen(FillsView(trading.store, trading.clock).body(70, 6))


def test_fills_scroll(trading: World) -> None:
    for price in range(10):
        trading.fill(price=f"6700{price}", ago=100 - price)
    view = FillsView(trading.store, trading.clock)
    view.body(70, 6)
    view.cursor_down(3)
    assert "67,006.0" in texts(view.body(70, 6))[0]
    assert "+3 newer" in texts(boxed(view, 70, 8))[0]
    view.cursor_down(99)
    assert "67,000.0" in screen(view.body(70, 6))
    view.cursor_top()
    assert "67,009.0" in texts(view.body(70, 6))[0]


def test_fills_of_the_past_can_be_scrolled_to_and_count_in_the_day(trading: World) -> None:
    other = World().trading().fill(price="66000", fee="3", ago=2 * 86_400).fill(price="66500", fee="3", ago=600)
    trading.fill(fee="1")
    (here,) = trading.store.blotter.fills()
    # What this run knows too is shown once; ids of other fills are their own.
    past = [replace(fill, exec_id=ExecId(f"past-{n}")) for n, fill in enumerate(other.store.blotter.fills())]
    trading.store.remember(Past.of([*past, here]))
    view = FillsView(trading.store, trading.clock)
    assert texts(view.body(70, 6)) == [
        "14:11:11    phemex BUY BTCUSDT 0.500 @67,044.0 tk   fee 1.00",
        "14:02:11    phemex BUY BTCUSDT 0.500 @66,500.0 tk   fee 3.00",
        "11-13 14:12 phemex BUY BTCUSDT 0.500 @66,000.0 tk   fee 3.00",
        "",
        "day 2 fills  fees 4.00  0W/0L",
        "funding 0.00",
    ]
    view.body(70, 3)
    view.cursor_down(9)
    assert "@66,000.0" in texts(view.body(70, 3))[0]
    assert "11-13" in texts(view.body(34, 3))[0]


# -- profit and loss -----------------------------------------------------------------------------------------------------


def test_pnl(trading: World) -> None:
    rows = texts(PnlView(trading.store, trading.clock).body(34, 9))
    assert rows[0] == "equity                  12,549.52"
    assert rows[1] == "uP&L                      +193.45"
    assert "available                8,610.00" in rows
    assert "margin                      29.9%" in rows


def test_pnl_from_an_old_mark_is_questioned(trading: World) -> None:
    view = PnlView(trading.store, trading.clock)
    fresh = texts(view.body(34, 9))
    trading.clock.advance(4)
    rows = view.body(34, 9)
    assert texts(rows)[0] == "equity                  12,549.52?"
    assert texts(rows)[1] == "uP&L                      +193.45?"
    assert fresh[3] == texts(rows)[3], "what does not rest on a mark stays as it was"
    assert roles(rows, "12,549.52?") == {"stale"}


def test_pnl_draws_the_equity_line(trading: World) -> None:
    for second in range(200):
        trading.store.curve.add(trading.clock.wall_ns() + second, D(12_000 + second))
    rows = texts(PnlView(trading.store, trading.clock).body(34, 12))
    assert rows[-1] == "min 12,000.00  max 12,199.00"
    assert rows[-2].endswith("█")


def test_a_sparkline_spans_from_lowest_to_highest() -> None:
    assert sparkline([D(0), D(7)]) == ["▁█"]
    assert sparkline([D(5), D(5)]) == ["▄▄"]
    assert sparkline([D(0), D(15)], 2) == [" █", "▁█"]
    assert sparkline([], 2) == ["", ""]


@given(st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=300), st.integers(1, 60), st.integers(1, 6))
def test_a_sparkline_has_one_column_per_value(values: list[int], width: int, height: int) -> None:
    points = [(i, D(v)) for i, v in enumerate(values)]
    chosen = sampled(points, width)
    assert len(chosen) == min(width, len(values))
    assert chosen[-1] == values[-1]
    assert {len(line) for line in sparkline(chosen, height)} == {len(chosen)}


# -- header --------------------------------------------------------------------------------------------------------------


def test_header_at_80_columns(trading: World) -> None:
    assert texts(header(trading).body(80, 2)) == [
        "LIVE phemex/main BTCUSDT 67,412.5 +1.32% fund +.0061% 2:14 *pub 0ms  *priv 0ms",
        "eq 12,549.52  avail 8,610.00  uP&L +193.45  day 0.00  mgn 30%  1 NAKED",
    ]


def test_header_at_120_columns(trading: World) -> None:
    trading.store.order_rtt.add(112_000_000)
    rows = header(trading, bytes_per_second=lambda: 9_400.0, day_limit=D(500)).body(120, 2)
    first, second = texts(rows)
    assert first.startswith(" LIVE   phemex/main  BTCUSDT  67,412.5  +1.32%  mark 67,410.9  idx 67,408.2  fund +0.0061%")
    assert " in 2:14:09 " in first
    assert first.endswith(" 14:12:11Z")
    assert second.startswith("eq 12,549.52  avail 8,610.00  uP&L +193.45  day 0.00/-500  mgn 30%  1 NAKED")
    assert second.endswith("*pub 0ms   *priv 0ms   rest 112ms  9KB/s")
    assert roles(rows, "LIVE") == {"mode_live"}


def test_the_important_stays_when_the_screen_is_narrow(trading: World) -> None:
    first, second = texts(header(trading).body(30, 2))
    assert first == "LIVE BTCUSDT 67,412.5"
    assert second == "eq 12,549.52  day 0.00"


def test_a_link_that_is_down_says_so_and_prices_are_questioned(trading: World) -> None:
    trading.links(LinkState.DOWN, "1006")
    trading.clock.advance(2.1)
    rows = header(trading).body(120, 2)
    assert "!pub DOWN 2.1s" in texts(rows)[1]
    assert "67,412.5?" in texts(rows)[0]
    assert "eq 12,549.52?" in texts(rows)[1]
    assert roles(rows, "!pub") == {"alarm"}


def test_a_silent_private_link_is_not_called_live(trading: World) -> None:
    trading.clock.advance(20)
    assert "!priv SILENT 20s" in screen(header(trading).body(120, 2))


def test_the_day_near_its_limit_is_an_alarm(trading: World) -> None:
    view = header(trading, day_limit=D(500))
    view.body(120, 2)
    trading.balance("11950", "0")
    rows = view.body(120, 2)
    assert roles(rows, "-406.07/-500") == {"alarm"}


def test_funding_counts_down(trading: World) -> None:
    trading.clock.advance(10)
    assert "in 2:13:59" in screen(header(trading).body(120, 2))


@pytest.mark.parametrize(("rate", "text"), [("-0.000012", "fund -.0012%"), ("0", "fund .0000%"), ("0.0123", "fund +1.2300%")])
def test_funding_in_few_cells(trading: World, rate: str, text: str) -> None:
    trading.ticker(funding_rate=rate, next_funding_ns=WALL + 60 * NS)
    assert text in screen(header(trading).body(80, 2))


# -- log -----------------------------------------------------------------------------------------------------------------


def test_log_newest_first_with_words(world: World) -> None:
    world.notice("b7 acked 96ms").notice("rate limit near", Severity.WARNING).notice("SOLUSD has no stop", Severity.ALARM)
    view = LogView(world.store, world.clock)
    rows = view.body(60, 4)
    assert texts(rows)[:3] == [
        "14:12:11 ALARM SOLUSD has no stop",
        "14:12:11 WARN  rate limit near",
        "14:12:11       b7 acked 96ms",
    ]
    assert roles(rows, "SOLUSD") == {"alarm"}
    view.severity(Severity.WARNING)
    assert "acked" not in screen(view.body(60, 4))


def test_a_short_log_shares_its_lines(world: World) -> None:
    world.notice("b7 acked 96ms").notice("rate limit near", Severity.WARNING)
    assert texts(LogView(world.store, world.clock).body(80, 1)) == ["14:12:11 WARN rate limit near │ 14:12:11 b7 acked 96ms"]


def test_a_long_notice_ends_in_an_ellipsis(world: World) -> None:
    world.notice("x" * 100)
    for height in (1, 4):
        assert texts(LogView(world.store, world.clock).body(40, height))[0].endswith("x…")


def test_the_log_scrolls(world: World) -> None:
    for number in range(10):
        world.notice(f"n{number}")
    view = LogView(world.store, world.clock)
    view.body(40, 4)
    view.cursor_down(2)
    assert texts(view.body(40, 4))[0].endswith("n7")
    view.cursor_up(9)
    assert texts(view.body(40, 4))[0].endswith("n9")


# -- status --------------------------------------------------------------------------------------------------------------


def test_status_says_safe_or_armed(world: World) -> None:
    view = StatusView(world.store, world.clock, HINTS)
    assert texts(view.body(80, 1)) == [" SAFE   b/s stage  x close  ^G panic  ? help"]
    view.arm(world.clock.mono_ns() + 300 * NS)
    rows = view.body(80, 1)
    assert texts(rows)[0].startswith(" ARMED 5:00 ")
    assert roles(rows, "ARMED") == {"armed"}
    world.clock.advance(299.5)
    assert "ARMED 0:01" in screen(view.body(80, 1))
    world.clock.advance(0.5)
    assert "SAFE" in screen(view.body(80, 1))


def test_status_keeps_the_important_hints(world: World) -> None:
    view = StatusView(world.store, world.clock, HINTS)
    assert texts(view.body(18, 1)) == [" SAFE   ^G panic"]
    view.show([Hint("Enter", "send")])
    assert "Enter send" in screen(view.body(40, 1))


def test_a_locked_desk_says_why(world: World) -> None:
    view = StatusView(world.store, world.clock, HINTS)
    view.lock("HALTED")
    rows = view.body(80, 1)
    assert texts(rows)[0].startswith(" HALTED ")
    assert roles(rows, "HALTED") == {"alarm"}
