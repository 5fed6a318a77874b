"""The ladder: it stands still, sums rightly, shows our own, and says when it is not to be trusted."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import replace
from decimal import Decimal as D
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ui.panes.conftest import BTC, ETH, World, assert_exact, roles, screen, texts
from tui_trader.core.types import OrderStatus, OrderType, Side
from tui_trader.state import topic as t
from tui_trader.ui.panes.ladder import GROUPS, LadderView, Recentre
from tui_trader.ui.panes.ladder_own import Ghost
from tui_trader.ui.panes.view import boxed, ruled


def ladder(world: World, **more: object) -> LadderView:
    return LadderView(world.store, world.clock, BTC, **more)  # type: ignore[arg-type]


def row_with(rows: list[str], price: str) -> str:
    found = [row for row in rows if price in row]
    assert len(found) == 1, f"{price} on {len(found)} rows"
    return found[0]


# -- what it looks like --------------------------------------------------------------------------------------------------


def test_narrow_form(trading: World) -> None:
    view = ladder(trading)
    assert texts(ruled(view, 31, 10)) == [
        "─ BOOK  x0.5 ──────────────────",
        "T▲ 0.330 67,414.5",
        "   3.880 67,414.0",
        "   0.612 67,413.5",
        "   0.210 67,413.0 <ask",
        " ─────── 67,412.5 last · ─────",
        "         67,412.0 <bid   2.310",
        "         67,411.5        0.880",
        "  B .200 67,411.0        6.020",
        "S▼       67,410.5",
    ]


def test_wide_form(trading: World) -> None:
    rows = texts(boxed(ladder(trading), 36, 20))
    assert rows[0] == "┌─ BOOK  x0.5  BTCUSDT  static ────┐"
    assert rows[1] == "│      own    bid    price    ask  │"
    assert row_with(rows, "67,413.0") == "│                 67,413.0  0.210< │"
    assert row_with(rows, "67,412.5") == "│         ─────── 67,412.5·─────── │"
    assert row_with(rows, "67,412.0") == "│         > 2.310 67,412.0         │"
    assert row_with(rows, "67,411.0") == "│   B .200  6.020 67,411.0  q~5.9  │"
    assert rows[-4:] == [
        "│cum5  bid 11.410  ask 6.236       │",
        "│spr 2t  imb +29%                  │",
        "│age <0.1s  seq ok  gaps 0         │",
        "└──────────────────────────────────┘",
    ]


def test_every_row_is_a_price_one_step_below_the_last(trading: World) -> None:
    view = ladder(trading)
    rows = view.body(36, 40)
    prices = [D(found.replace(",", "")) for row in texts(rows)[1:-3] for found in re.findall(r"67,\d\d\d\.\d", row)]
    assert len(prices) == 36
    assert {a - b for a, b in pairwise(prices)} == {D("0.5")}


def test_bars_lie_under_the_sizes_and_follow_them(trading: World) -> None:
    rows = ladder(trading).body(36, 24)
    filled = {
        row_text: bar
        for row in rows
        for row_text in [texts([row])[0]]
        for bar in [sum(len(s.text) for s in row if s.role == "bid_bar")]
    }
    assert filled[row_with(list(filled), "67,409.0")] > filled[row_with(list(filled), "67,411.0")] > 0
    assert roles(rows, "2.118") <= {"ask", "ask_bar"}


def test_the_last_price_says_which_way_it_went(trading: World) -> None:
    view = ladder(trading)
    view.body(36, 24)
    trading.trade("67412", "1", Side.SELL)
    assert "67,412.0▼" in screen(view.body(36, 24))
    trading.trade("67413", "1")
    assert "67,413.0▲" in screen(view.body(36, 24))


# -- it stands still -----------------------------------------------------------------------------------------------------


def test_prices_do_not_move_when_the_market_does(trading: World) -> None:
    view = ladder(trading)
    before = [row.find("67,414.0") for row in texts(view.body(31, 20))]
    trading.delta(asks=[("67413", "0"), ("67413.5", "0")], bids=[("67413", "1"), ("67413.5", "2")])
    after = [row.find("67,414.0") for row in texts(view.body(31, 20))]
    assert before == after


def far_away(world: World) -> None:
    world.book([("67500", "1")], [("67500.5", "1")])


def test_it_follows_a_touch_that_left_the_window(trading: World) -> None:
    view = ladder(trading)
    view.body(31, 10)
    far_away(trading)
    assert "<ask" in screen(view.body(31, 10))


def test_it_never_moves_under_the_cursor(trading: World) -> None:
    view = ladder(trading)
    view.body(31, 10)
    view.cursor_down()
    before = texts(view.body(31, 10))
    far_away(trading)
    after = ruled(view, 31, 11)
    prices = [row[9:17] for row in before]
    assert [row[9:17] for row in texts(after)[1:]] == prices
    assert view.price_at_cursor() == D("67412")
    assert "▲ touch" in texts(after)[0]


def test_manual_recentring_tells_how_far_the_touch_is(trading: World) -> None:
    view = ladder(trading, recentre=Recentre.MANUAL)
    view.body(31, 9)
    trading.book([("67400", "1")], [("67400.5", "1")])
    assert texts(ruled(view, 31, 10))[0].startswith("─ BOOK  ▼ touch 21 rows down")
    view.recentre()
    assert "<bid" in screen(view.body(31, 9))


def test_the_height_changes_around_the_middle(trading: World) -> None:
    view = ladder(trading)
    view.body(31, 11)
    middle = texts(view.body(31, 11))[5]
    assert texts(view.body(31, 7))[3] == middle


# -- cursor --------------------------------------------------------------------------------------------------------------


def test_the_cursor_rests_on_a_price(trading: World) -> None:
    view = ladder(trading)
    view.body(31, 11)
    assert view.price_at_cursor() is None
    view.cursor_down()
    assert view.price_at_cursor() == D("67412")
    view.cursor_down(2)
    view.cursor_up()
    assert view.price_at_cursor() == D("67411.5")
    rows = view.body(31, 11)
    assert [row.index("▸") for row in texts(rows) if "▸" in row] == [0]
    assert roles(rows, "67,411.5") == {"cursor"}
    view.cursor_off()
    assert view.price_at_cursor() is None


def test_the_cursor_takes_the_window_with_it(trading: World) -> None:
    view = ladder(trading)
    view.body(31, 9)
    view.cursor_up(30)
    view.cursor_up(30)
    assert "67,427.0" in screen(view.body(31, 9))
    assert view.price_at_cursor() == D("67427")


def test_a_key_before_the_book_is_there_does_nothing(world: World) -> None:
    view = ladder(world.listed())
    view.cursor_up()
    view.recentre()
    view.group(1)
    assert view.price_at_cursor() is None


def test_grouping_keeps_the_cursor_on_its_price(trading: World) -> None:
    view = ladder(trading)
    view.body(31, 11)
    view.cursor_down(1)
    view.cursor_down(2)
    line = next(i for i, row in enumerate(texts(view.body(31, 11))) if "▸" in row)
    view.group(1)
    assert view.price_at_cursor() == D("67411")
    assert texts(view.body(31, 11))[line].startswith("▸")


def test_another_symbol_starts_anew(trading: World) -> None:
    view = ladder(trading)
    view.body(31, 11)
    view.cursor_down()
    view.watch(ETH)
    assert view.price_at_cursor() is None
    assert "waiting for the book" in screen(view.body(31, 11))


# -- grouping ------------------------------------------------------------------------------------------------------------

ticks = st.integers(1, 3_000)
sizes = st.integers(1, 10**6)


@settings(max_examples=60)
@given(
    st.dictionaries(ticks, sizes, min_size=1, max_size=40),
    st.dictionaries(st.integers(1, 3_000), sizes, min_size=1, max_size=40),
    st.sampled_from(range(len(GROUPS))),
    st.integers(0, 200),
)
def test_grouped_sums_are_those_of_a_simple_count(bids: dict[int, int], offsets: dict[int, int], group: int, shift: int) -> None:
    world = World().listed().links()
    asks = {max(bids) + offset: size for offset, size in offsets.items()}
    world.book(
        [(str(D(t) / 2), str(D(s) / 1000)) for t, s in bids.items()],
        [(str(D(t) / 2), str(D(s) / 1000)) for t, s in asks.items()],
    )
    view = ladder(world)
    view.group(group)
    view.body(60, 30)
    view.cursor_up(shift)
    view.body(60, 30)
    step = GROUPS[group]
    want_bids: dict[int, int] = defaultdict(int)
    want_asks: dict[int, int] = defaultdict(int)
    for tick, size in bids.items():
        want_bids[tick // step * step] += size
    for tick, size in asks.items():
        want_asks[(tick + step - 1) // step * step] += size
    assert not want_bids.keys() & want_asks.keys(), "a row belongs to one side"
    seen = 0
    for line in texts(view.body(60, 30))[1:-3]:
        found = re.search(r"([\d,]+\.\d)(?!\d)", line)
        if found is None:
            continue
        seen += 1
        tick = int(D(found[1].replace(",", "")) * 2)
        bid, ask = (re.findall(r"[\d,]+\.\d{3}", part) for part in (line[: found.start()], line[found.end() :]))
        assert [int(D(text.replace(",", "")) * 1000) for text in bid] == ([want_bids[tick]] if tick in want_bids else [])
        assert [int(D(text.replace(",", "")) * 1000) for text in ask] == ([want_asks[tick]] if tick in want_asks else [])
    assert seen


# -- our own -------------------------------------------------------------------------------------------------------------


def test_several_own_orders_on_a_row_are_summed(trading: World) -> None:
    trading.order(qty="0.15")
    trading.order(Side.SELL, "0.3", "67414")
    rows = texts(ladder(trading).body(34, 24))
    assert "B .350" in row_with(rows, "67,411.0")
    assert "S .300" in row_with(rows, "67,414.0")


def test_only_what_is_left_of_an_order_is_shown(trading: World) -> None:
    trading.order(qty="0.5", price="67410", status=OrderStatus.PARTIAL, filled=D("0.4"))
    assert "B .100" in row_with(texts(ladder(trading).body(34, 24)), "67,410.0")


def test_an_order_of_unknown_outcome_is_questioned(trading: World) -> None:
    trading.order(price="67409", status=OrderStatus.UNKNOWN)
    assert "B.200?" in row_with(texts(ladder(trading).body(34, 24)), "67,409.0")


def test_grouped_own_orders_stand_with_the_side_they_rest_on(trading: World) -> None:
    trading.order(Side.SELL, "0.3", "67413.5")
    view = ladder(trading)
    view.group(1)
    rows = texts(view.body(34, 24))
    assert "S .300" in row_with(rows, "67,414.0")
    trading.order(qty="0.1", price="67411.5")
    assert "B .300" in row_with(texts(view.body(34, 24)), "67,411.0")


def test_entry_liquidation_and_stop_have_letters(trading: World) -> None:
    trading.position(Side.BUY, "0.5", "67410.2", liquidation="67407")
    trading.stop("67408")
    rows = ladder(trading).body(34, 28)
    assert row_with(texts(rows), "67,410.0").strip().startswith("E")
    assert row_with(texts(rows), "67,407.0").strip().startswith("L")
    assert row_with(texts(rows), "67,408.0").strip().startswith("S")
    assert roles(rows, "L ") == {"alarm"}


def test_a_stop_the_venue_has_not_confirmed_is_a_small_letter(trading: World) -> None:
    trading.stop("67408", status=OrderStatus.ACKED)
    assert row_with(texts(ladder(trading).body(34, 28)), "67,408.0").strip().startswith("s")


def test_a_finished_order_is_not_on_the_ladder(trading: World) -> None:
    key = trading.order(price="67409", qty="0.123")
    trading.order(price="67409", qty="0.123", status=OrderStatus.CANCELED, id=key, ago=0)
    assert ".123" not in screen(ladder(trading).body(34, 28))


# -- trust ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(31, 11), (34, 24), (60, 40), (20, 6)])
def test_an_old_book_says_so_on_every_row(trading: World, size: tuple[int, int]) -> None:
    trading.clock.advance(2.1)
    view = ladder(trading)
    rows = view.body(*size)
    assert texts(rows)[0].startswith("! STALE 2.1s")
    body = [row for row in texts(rows) if "67,4" in row]
    assert body
    assert all("?" in row for row in body)
    assert roles(rows, "67,41") == {"stale"}


def test_a_book_in_doubt_says_why(trading: World) -> None:
    trading.store.books[BTC].doubt("crossed")
    view = ladder(trading)
    rows = texts(view.body(60, 24))
    assert rows[0] == "! BOOK SUSPECT: crossed - entries blocked"
    assert "seq BROKEN" in rows[-1]


def test_a_fresh_book_has_no_question_mark(trading: World) -> None:
    assert "?" not in screen(ladder(trading).body(60, 24))


def test_gaps_of_a_window_of_levels_are_counted(trading: World) -> None:
    trading.delta(bids=[("60000", "0")], depth=30)
    assert "gaps 1" in screen(ladder(trading).body(60, 24))


def test_a_one_sided_book_is_drawn(world: World) -> None:
    world.listed().links().book([("67412", "1")], [])
    assert "one side only" in screen(ladder(world).body(34, 24))


# -- sizes ---------------------------------------------------------------------------------------------------------------


@settings(max_examples=80)
@given(st.integers(1, 90), st.integers(1, 50), st.integers(0, 9), st.booleans(), st.booleans())
def test_any_size_is_filled_exactly(width: int, height: int, group: int, cursor: bool, old: bool) -> None:
    world = World().trading()
    view = ladder(world)
    view.group(group)
    view.body(40, 20)
    if cursor:
        view.cursor_down(3)
    if old:
        world.clock.advance(5)
    for draw in (boxed, ruled):
        assert_exact(draw(view, width, height), width, height)


@pytest.mark.parametrize("iid", [None, BTC])
@given(width=st.integers(1, 60), height=st.integers(1, 30))
def test_an_empty_store_says_what_it_waits_for(iid: object, width: int, height: int) -> None:
    world = World()
    view = LadderView(world.store, world.clock, iid)  # type: ignore[arg-type]
    rows = boxed(view, width, height)
    assert_exact(rows, width, height)
    if width > 45 and height > 3:
        assert ("no symbol chosen" if iid is None else "waiting for the products of phemex") in screen(rows)


def test_an_unchanged_row_is_the_same_object(trading: World) -> None:
    view = ladder(trading)
    before = view.body(36, 24)
    trading.delta(bids=[("67411.5", "0.5")])
    after = view.body(36, 24)
    same = sum(a is b for a, b in zip(before, after, strict=True))
    assert same >= 18


def test_nonsense_prices_do_not_break_it(trading: World) -> None:
    trading.trade("1e30", "1")
    trading.order(price="1e20", type=OrderType.LIMIT)
    assert_exact(ladder(trading).body(36, 24), 36, 24)


def test_a_new_tick_takes_the_cursor_away_before_it_can_mean_another_price(trading: World) -> None:
    view = ladder(trading)
    view.body(31, 11)
    view.cursor_down()
    trading.listed(replace(trading.store.instruments[BTC], tick=D("0.1")))
    assert view.price_at_cursor() == D("67412")
    trading.usual_book()
    assert "67,412.1" in screen(view.body(31, 11))
    assert view.price_at_cursor() is None


def test_the_banner_does_not_cover_the_cursor(trading: World) -> None:
    view = ladder(trading)
    view.body(31, 9)
    view.cursor_up()
    view.cursor_up(9)
    trading.clock.advance(3)
    rows = texts(view.body(31, 9))
    assert rows[0].startswith("▸")
    assert rows[-1].startswith("! STALE")


def test_the_topics_are_those_of_the_symbol(trading: World) -> None:
    view = ladder(trading)
    assert ("book", BTC) in view.topics
    view.watch(ETH)
    assert ("book", BTC) not in view.topics
    assert ("book", ETH) in view.topics


def test_keys_ask_for_a_repaint(trading: World) -> None:
    view = ladder(trading)
    view.body(31, 11)
    asked = []
    view.on_change = lambda: asked.append(1)
    view.cursor_down()
    view.recentre()
    view.group(1)
    assert len(asked) == 3


# -- the queue, what came and went, sums, and what lies beyond the window -------------------------------------------------


def test_the_place_in_the_queue_stands_where_no_ask_is(trading: World) -> None:
    view = ladder(trading)
    assert "q~5.9" in row_with(texts(view.body(36, 24)), "67,411.0")  # 6.02 less the own 0.2, rounded up
    trading.delta(bids=[("67411", "12.5")])
    trading.clock.advance(0.1)
    trading.trade("67411", "4.02", Side.SELL)
    assert "q~1.8 " in row_with(texts(view.body(36, 24)), "67,411.0") + " "


def test_a_place_that_rests_on_a_doubted_book_says_so(trading: World) -> None:
    view = ladder(trading)
    view.body(36, 24)
    trading.clock.advance(3)
    assert "q~5.9?" in row_with(texts(view.body(36, 24)), "67,411.0")


def test_an_own_offer_has_its_place_left_of_the_price(trading: World) -> None:
    trading.order(Side.SELL, "0.1", "67414")
    row = row_with(texts(ladder(trading).body(36, 24)), "67,414.0")
    assert row.index("q~3.8") < row.index("67,414.0") < row.index("3.880")


def test_sums_run_from_the_touch(trading: World) -> None:
    view = ladder(trading)
    view.show_next()
    rows = texts(view.body(36, 24))
    assert "cumulative" in screen([tuple(span for part in view.title() for span in part.spans)])
    assert "  2.310 67,412.0" in row_with(rows, "67,412.0")
    assert "  3.190 67,411.5" in row_with(rows, "67,411.5")
    assert "  9.210 67,411.0" in row_with(rows, "67,411.0")
    assert "4.702" in row_with(rows, "67,414.0")


@given(st.integers(0, 6), st.integers(-40, 40))
@settings(max_examples=40, deadline=None)
def test_a_sum_counts_what_lies_between_the_touch_and_the_window(group: int, away: int) -> None:
    world = World().trading()
    view = ladder(world)
    view.show_next()
    view.body(36, 20)
    for _ in range(group):
        view.group(1)
    (view.cursor_up if away > 0 else view.cursor_down)(abs(away))
    rows = view._sizes.rows(world.store.books[BTC], GROUPS[group], 0, 1 << 40, 12, cumulative=True)
    book = world.store.books[BTC]
    step = D("0.5") * GROUPS[group]
    for row, (total, _) in rows.bids.items():
        assert total == sum(size for price, size in book.bids() if price >= row * step)
    for row, (total, _) in rows.asks.items():
        assert total == sum(size for price, size in book.asks() if price <= row * step)


def test_what_was_pulled_and_stacked_stands_beside_the_sizes(trading: World) -> None:
    view = ladder(trading)
    view.show_next()
    view.show_next()
    view.body(36, 24)
    trading.delta(bids=[("67412", "3.51"), ("67409", "0")], asks=[("67414", "1.88")])
    rows = texts(view.body(36, 24))
    assert row_with(rows, "67,412.0").endswith("+1.20")
    assert row_with(rows, "67,409.0").endswith("-9.11")
    row = row_with(rows, "67,414.0")
    assert row.index("-2.00") < row.index("67,414.0")
    trading.clock.advance(11)
    assert "+1.20" not in screen(view.body(36, 24))


def test_changes_are_counted_only_while_somebody_looks(trading: World) -> None:
    view = ladder(trading)
    view.body(36, 24)
    assert trading.store._book_lanes[BTC].flow is None
    view.show_next()
    view.show_next()
    view.body(36, 24)
    assert trading.store._book_lanes[BTC].flow is not None
    view.show_next()
    view.body(36, 24)
    assert trading.store._book_lanes[BTC].flow is None


def test_a_broad_ladder_tells_what_traded_at_each_price(trading: World) -> None:
    view = ladder(trading)
    view.body(44, 24)
    trading.trade("67412", "0.25", Side.SELL).trade("67412", "0.5", Side.SELL).trade("67413", "0.1")
    rows = view.body(44, 24)
    assert_exact(rows, 44, 24)
    assert texts(rows)[0].endswith("vol")
    assert row_with(texts(rows), "67,412.0").endswith("0.794")  # with what the tape knew before
    assert row_with(texts(rows), "67,413.0").endswith("0.100")


def test_marks_beyond_the_window_have_an_arrow_at_its_edge(trading: World) -> None:
    rows = texts(ladder(trading).body(36, 24))
    assert rows[1][1:3] == "T▲"
    below = [row[1:3] for row in rows[1:-3] if "▼" in row[1:3]]
    assert below == ["E▼", "S▼", "L▼"]  # the farther the nearer to the edge; break-even is the least grave of four


def test_break_even_has_a_mark(trading: World) -> None:
    view = ladder(trading)
    view.body(36, 30)
    trading.position(Side.BUY, "0.5", "67331.2", liquidation=None)
    assert row_with(texts(view.body(36, 40)), "67,412.0")[1:3] == "= "  # 67331.2 and 0.06 % twice


def test_the_profit_at_the_cursor(trading: World) -> None:
    view = ladder(trading)
    view.body(36, 24)
    assert "@" not in screen(view.body(36, 24)[-3:])
    view.cursor_down(1)
    view.cursor_down(3)
    assert view.price_at_cursor() == D("67410.5")
    assert "@67,410.5 +183.25" in screen(view.body(36, 24)[-3:])


def test_a_click_puts_the_cursor_on_its_price_and_does_nothing_else(trading: World) -> None:
    view = ladder(trading)
    rows = texts(view.body(36, 24))
    view.cursor_to(next(i for i, row in enumerate(rows) if "67,411.0" in row))
    assert view.price_at_cursor() == D("67411")
    assert [order.price for order in view.orders_at_cursor()] == [D("67411")]
    view.cursor_to(0)
    view.cursor_to(len(rows) - 1)
    assert view.price_at_cursor() == D("67411")


def test_a_staged_order_is_a_small_letter_on_its_row(trading: World) -> None:
    view = ladder(trading, ghost=lambda: Ghost(BTC, Side.BUY, D("67410"), D("0.08")))
    assert "b .080" in row_with(texts(view.body(36, 24)), "67,410.0")
    assert "b" not in row_with(texts(view.body(36, 24)), "67,411.0")


def test_a_key_that_leaves_the_staged_order_on_its_row_does_not_have_the_ladder_drawn(trading: World) -> None:
    staged: list[Ghost | None] = [None]
    view = ladder(trading, ghost=lambda: staged[0])
    view.body(36, 20)
    assert not view.heeds(t.STAGE)
    assert view.heeds(t.ORDERS)
    plainly = texts(view.body(36, 20))
    for there in (Ghost(BTC, Side.BUY, D("67410"), D("0.08")), Ghost(BTC, Side.SELL, D("67414"), D("0.08"))):
        staged[0] = there
        assert view.heeds(t.STAGE)
        shown = texts(view.body(36, 20))
        assert shown != plainly
        assert not view.heeds(t.STAGE)
        staged[0] = there._replace(qty=D("0.09"))
        assert view.heeds(t.STAGE)
        assert texts(view.body(36, 20)) not in (shown, plainly)
        staged[0] = Ghost(BTC, Side.BUY, D("12"), D("0.08"))  # far below the window, as while a price is being typed
        assert view.heeds(t.STAGE)
        assert texts(view.body(36, 20)) == plainly
        staged[0] = Ghost(BTC, Side.BUY, D("123"), D("0.08"))
        assert not view.heeds(t.STAGE)
        staged[0] = None
        assert not view.heeds(t.STAGE)


def test_for_a_key_only_the_mark_of_the_staged_order_is_drawn_and_the_market_with_the_next_frame(trading: World) -> None:
    staged: list[Ghost | None] = [None]
    view, plain = (ladder(trading, ghost=lambda: staged[0]) for _ in range(2))
    size = (36, 20)
    view.body(*size)
    before = texts(view.body(*size))
    places = (
        Ghost(BTC, Side.BUY, D("67410"), D("0.08")),
        Ghost(BTC, Side.BUY, D("67409"), D("0.08")),
        Ghost(BTC, Side.SELL, D("67414"), D("0.09")),
        Ghost(BTC, Side.BUY, D("12"), D("0.08")),
        None,
    )
    for number, there in enumerate(places, 1):
        trading.delta(bids=[("67411.5", f"{number}.5")], asks=[("67413.5", f"{number}.25")])
        staged[0] = there
        assert view.splits(frozenset({t.STAGE}))
        view.brought = frozenset({t.STAGE})
        marked = texts(view.body(*size))
        view.brought = None
        assert not view.heeds(t.STAGE)
        moved = [row for row, (old, new) in enumerate(zip(before, marked, strict=True)) if old != new]
        assert len(moved) <= 2
        whole = texts(view.body(*size))
        assert whole == texts(plain.body(*size))
        assert whole != marked
        before = whole
    assert not view.splits(frozenset({t.STAGE, t.ORDERS}))


def test_a_mark_that_goes_there_and_back_between_two_frames_is_where_it_should_be(trading: World) -> None:
    staged: list[Ghost | None] = [None]
    view, plain = (ladder(trading, ghost=lambda: staged[0]) for _ in range(2))
    view.body(36, 20)
    for price in ("67410", "67409", "67410", None, "67410", None):
        staged[0] = Ghost(BTC, Side.BUY, D(price), D("0.08")) if price else None
        view.brought = frozenset({t.STAGE})
        assert texts(view.body(36, 20)) == texts(plain.body(36, 20))


def test_a_mark_is_not_drawn_into_a_ladder_that_is_in_doubt(trading: World) -> None:
    staged: list[Ghost | None] = [None]
    view = ladder(trading, ghost=lambda: staged[0])
    view.body(36, 20)
    staged[0] = Ghost(BTC, Side.BUY, D("67410"), D("0.08"))
    trading.clock.advance(3)
    view.brought = frozenset({t.STAGE})
    assert any("STALE" in row for row in texts(view.body(36, 20)))
