"""Orders: state in words, a stable label, a cursor on a client id."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal as D

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ui.panes.conftest import ETH, World, assert_exact, roles, screen, texts
from tui_trader.core.types import (
    ClientOrderId,
    InstrumentId,
    LinkState,
    OrderStatus,
    OrderType,
    PendingAction,
    PositionSide,
    Side,
    TimeInForce,
    TriggerSource,
)
from tui_trader.ui.panes.labels import OrderLabels
from tui_trader.ui.panes.orders import OrderSort, OrdersView
from tui_trader.ui.panes.view import boxed, ruled


def orders(world: World) -> OrdersView:
    return OrdersView(world.store, world.clock)


def test_at_80_columns(trading: World) -> None:
    assert texts(ruled(orders(trading), 49, 4)) == [
        "─ ORDERS 3  m move  c cancel  Space mark ────────",
        " a1 SELL TP-l 0.500 68,200.0 +1.2% 12m armed m",
        " a2 SELL SL-m 0.500 66,640.0 -1.1% 12m armed m",
        " a3 BUY  LMT  0.200 67,411.0    0t  8s work q~6",
    ]


def test_at_120_columns(trading: World) -> None:
    assert texts(boxed(orders(trading), 84, 7))[1:5] == [
        "│ id symbol   side type      qty fill price/trig   dist  flags  age state          │",
        "│ a1 BTCUSDT  SELL TP-lmt  0.500   --  68,200.0m  +1.2%  ext ro 12m armed          │",
        "│ a2 BTCUSDT  SELL SL-mkt  0.500   --  66,640.0m  -1.1%  ext ro 12m armed          │",
        "│ a3 BTCUSDT  BUY  LMT     0.200   0%  67,411.0      0t  ext     8s working q~5.9  │",
    ]


def test_at_200_columns_price_and_trigger_are_apart(trading: World) -> None:
    rows = texts(boxed(orders(trading), 114, 7))
    assert "68,200.0 68,200.0 mark" in rows[2]
    assert "  market 66,640.0 mark" in rows[3]
    assert "rtt" in rows[1]


@pytest.mark.parametrize(
    ("status", "word"),
    [
        (OrderStatus.SENT, "sending"),
        (OrderStatus.UNKNOWN, "UNKNOWN ?"),
        (OrderStatus.ACKED, "pending"),
        (OrderStatus.LIVE, "working"),
        (OrderStatus.PARTIAL, "partial"),
        (OrderStatus.ARMED, "armed"),
    ],
)
def test_states_have_words(world: World, status: OrderStatus, word: str) -> None:
    world.listed().links()
    world.order(status=status)
    assert word in screen(orders(world).body(100, 6))


@pytest.mark.parametrize(("pending", "word"), [(PendingAction.CANCEL, "cancel…"), (PendingAction.AMEND, "amend…")])
def test_what_was_asked_and_not_confirmed_is_shown(world: World, pending: PendingAction, word: str) -> None:
    world.listed().links()
    world.order(pending=pending)
    assert word in screen(orders(world).body(100, 6))


def test_an_unknown_outcome_is_an_alarm_in_row_and_title(world: World) -> None:
    world.listed().links()
    world.order(status=OrderStatus.UNKNOWN)
    rows = boxed(orders(world), 100, 6)
    assert "1 UNKNOWN ?" in texts(rows)[0]
    assert roles(rows, "UNKNOWN ?") == {"alarm"}


def test_a_refusal_stays_long_enough_to_be_read(world: World) -> None:
    world.listed().links()
    world.order(status=OrderStatus.REJECTED, reason="margin", ago=0)
    view = orders(world)
    assert "REJECTED" in screen(view.body(100, 6))
    assert "a1: margin" in screen(view.body(100, 6))
    world.clock.advance(16)
    assert "REJECTED" not in screen(view.body(100, 6))


@pytest.mark.parametrize(
    ("kind", "exits", "long", "short"),
    [
        (OrderType.LIMIT, False, "LMT", "LMT"),
        (OrderType.LIMIT, True, "LMT", "LMT"),
        (OrderType.MARKET, False, "MKT", "MKT"),
        (OrderType.STOP, True, "SL-mkt", "SL-m"),
        (OrderType.STOP, False, "STP-mkt", "ST-m"),
        (OrderType.STOP_LIMIT, True, "SL-lmt", "SL-l"),
        (OrderType.MARKET_IF_TOUCHED, True, "TP-mkt", "TP-m"),
        (OrderType.LIMIT_IF_TOUCHED, False, "LIT", "IT-l"),
    ],
)
def test_types_have_words(world: World, kind: OrderType, exits: bool, long: str, short: str) -> None:
    world.listed().links()
    world.order(type=kind, reduce_only=exits, trigger="67000" if kind.is_conditional else None)
    assert f" {long} " in screen(orders(world).body(100, 6))
    assert f" {short} " in screen(orders(world).body(60, 6))


def test_flags(world: World) -> None:
    world.listed().links()
    world.order(tif=TimeInForce.POST_ONLY, reduce_only=True, position_side=PositionSide.SHORT)
    assert "ext po ro S" in screen(orders(world).body(120, 6))


def test_our_own_order_is_not_called_external(world: World) -> None:
    world.listed().links()
    key = world.order()
    order = world.store.blotter.get(key)
    assert order is not None
    world.store.blotter.put(replace(order, external=False, rtt_ns=96_000_000))
    text = screen(orders(world).body(120, 6))
    assert "ext" not in text
    assert "96ms" in text


def test_near_orders_are_measured_in_ticks_and_far_ones_in_percent(trading: World) -> None:
    trading.order(price="67405.9")
    text = screen(orders(trading).body(100, 8))
    assert "-10t" in text
    assert "+1.2%" in text


def test_distance_from_an_old_mark_is_questioned(trading: World) -> None:
    trading.clock.advance(4)
    assert "+1.2%?" in screen(orders(trading).body(100, 8))


def test_a_trigger_says_what_it_watches(world: World) -> None:
    world.listed().links()
    world.order(
        Side.SELL,
        type=OrderType.STOP,
        price=None,
        trigger="3560",
        iid=ETH,
        status=OrderStatus.ARMED,
        trigger_source=TriggerSource.LAST,
    )
    assert "3,560.0l" in screen(orders(world).body(80, 6))


def test_an_unheard_private_feed_puts_states_in_doubt(trading: World) -> None:
    trading.links(LinkState.DOWN, lanes=["private"])
    rows = boxed(orders(trading), 100, 8)
    assert "STALE ?" in texts(rows)[0]
    assert "working?" in screen(rows)


def test_executed_more_than_asked_is_an_alarm(world: World) -> None:
    world.listed().links()
    world.order(qty="0.2", filled=D("0.3"), status=OrderStatus.PARTIAL)
    assert roles(boxed(orders(world), 100, 6), "OVER") == {"alarm"}


# -- cursor, marks, sort -------------------------------------------------------------------------------------------------


def test_rows_do_not_move_while_one_is_chosen(trading: World) -> None:
    view = orders(trading)
    view.sort_by(OrderSort.DISTANCE)
    near = texts(view.body(60, 8))
    assert near[0].startswith(" a3")
    view.cursor_down()
    trading.ticker(mark="68199")
    assert texts(view.body(60, 8))[0].startswith("▸a3")
    trading.order(price="68198")
    assert texts(view.body(60, 8))[3].startswith(" a4"), "what is new comes last"
    view.cursor_off()
    assert texts(view.body(60, 8))[0].startswith(" a4") or texts(view.body(60, 8))[0].startswith(" a1")


def test_the_cursor_rests_on_an_order(trading: World) -> None:
    view = orders(trading)
    view.cursor_down()
    view.cursor_down()
    chosen = view.selected()
    assert chosen is not None
    assert chosen.type is OrderType.STOP
    trading.order(id=chosen.client_id, status=OrderStatus.CANCELED, ago=0)
    assert "▸" not in screen(view.body(60, 8))
    assert view.selected() is None


def test_marked_orders(trading: World) -> None:
    view = orders(trading)
    view.cursor_bottom()
    view.toggle_mark()
    assert [order.type for order in view.marked()] == [OrderType.LIMIT]
    assert "1 marked" in texts(boxed(view, 84, 8))[0]
    view.toggle_mark()
    assert view.marked() == []
    view.toggle_mark()
    view.clear_marks()
    assert view.marked() == []


def test_filter(trading: World) -> None:
    view = orders(trading)
    view.filter("sell")
    assert "BUY" not in screen(view.body(84, 8))
    view.filter("a3")
    assert "BUY" in screen(view.body(84, 8))


def test_labels_are_stable_and_found() -> None:
    labels = OrderLabels()
    btc, eth = InstrumentId("v", "BTC"), InstrumentId("v", "ETH")
    names = [labels.label(ClientOrderId(key), iid) for key, iid in [("x", btc), ("y", eth), ("z", btc), ("x", btc)]]
    assert names == ["a1", "b1", "a2", "a1"]
    assert labels.find("A2") == "z"
    assert labels.find("a9") is None


def test_labels_go_on_after_z() -> None:
    labels = OrderLabels()
    names = [labels.label(ClientOrderId(str(i)), InstrumentId("v", str(i))) for i in range(54)]
    assert (names[25], names[26], names[27], names[52]) == ("z1", "aa1", "ab1", "ba1")
    assert len(set(names)) == 54


@settings(max_examples=80)
@given(st.integers(1, 210), st.integers(1, 12), st.booleans())
def test_any_size_is_filled_exactly(width: int, height: int, chosen: bool) -> None:
    world = World().trading()
    world.order(iid=InstrumentId("phemex", "UNLISTED"), price="0.00001234")
    view = orders(world)
    if chosen:
        view.cursor_down()
    for draw in (boxed, ruled):
        assert_exact(draw(view, width, height), width, height)


def test_an_empty_store_says_what_it_waits_for(world: World) -> None:
    view = orders(world)
    assert "waiting for the private feed" in screen(view.body(84, 3))
    world.links()
    assert texts(view.body(84, 3))[0] == "no working order"


def test_an_order_of_unknown_outcome_says_what_is_done_about_it(trading: World) -> None:
    trading.order(status=OrderStatus.UNKNOWN, id="tt-7f3a21")
    rows = orders(trading).body(100, 9)
    assert "a4: sent, and no answer: never sent again" in screen(rows)
    assert "7f3a21" in screen(rows)
    assert "never sent again" not in screen(orders(trading).body(100, 5)), "where there is no room orders come first"


def test_the_place_in_the_queue_is_not_told_while_the_order_changes(trading: World) -> None:
    client_id = trading.order(price="67411.5", id="tt-mine")
    assert "q~0.7" in screen(orders(trading).body(100, 9))  # 0.88 with the own 0.2 in it
    trading.order(price="67411.5", id=client_id, pending=PendingAction.AMEND)
    (row,) = [row for row in texts(orders(trading).body(100, 9)) if "amend" in row]
    assert "q~" not in row


@pytest.mark.parametrize(
    ("sort", "labels"),
    [
        (OrderSort.LABEL, ["a1", "a2", "a3"]),
        (OrderSort.DISTANCE, ["a3", "a2", "a1"]),
        (OrderSort.AGE, ["a3", "a1", "a2"]),
        (OrderSort.SIDE, ["a3", "a1", "a2"]),
    ],
)
def test_orders_are_sorted(trading: World, sort: OrderSort, labels: list[str]) -> None:
    view = orders(trading)
    view.body(100, 6)
    while view.sort is not sort:
        view.sort_next()
    assert [row.split()[0] for row in texts(view.body(100, 6))[1:4]] == labels


@pytest.mark.parametrize(
    ("text", "labels"), [("armed", ["a1", "a2"]), ("sell sl", ["a2"]), ("working btc", ["a3"]), ("buy armed", [])]
)
def test_every_word_of_a_filter_has_to_match(trading: World, text: str, labels: list[str]) -> None:
    view = orders(trading)
    view.body(100, 6)
    view.filter(text)
    rows = texts(view.body(100, 6))
    assert [row.split()[0] for row in rows if row[1:2] == "a"] == labels


def test_what_a_filter_hides_is_not_among_the_marked(trading: World) -> None:
    view = orders(trading)
    for _ in range(3):
        view.cursor_down()
        view.toggle_mark()
    assert len(view.marked()) == 3
    view.filter("sell")
    assert len(view.marked()) == 2


@pytest.mark.parametrize("width", range(30, 160, 7))
def test_no_number_is_cut(trading: World, width: int) -> None:
    trading.order(Side.SELL, "1234.567", "167412.5", id="tt-large")
    for row in texts(orders(trading).body(width, 9)):
        for word in row.replace("q~", " ").split():
            if word[0].isdigit() and "," in word:
                assert word.rstrip("ml?") in ("67,411.0", "68,200.0", "66,640.0", "167,412.5", "1,234.567"), row
