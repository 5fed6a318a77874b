"""Alerts: when they fire, when they must not, and that they show when they cannot see."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.desk.watching import Post
from tests.ui.panes.conftest import BTC, ETH
from tui_trader.core.error import CommandError
from tui_trader.core.event import LinkChanged
from tui_trader.core.types import LinkState, OrderStatus, Severity, Side
from tui_trader.desk.alerts import MOST
from tui_trader.desk.attention import AttentionTerms


def test_it_fires_once_when_the_price_gets_there() -> None:
    post = Post()
    post.alert("btcusdt > 68000", bell=True)
    assert post.tick(last="67999.5") == []
    assert post.tick(last="68000") == []
    assert post.tick(last="68000.5") == ["alert 1: BTCUSDT last > 68000 (68000.5)"]
    assert post.tick(last="68010") == []
    [firing] = post.fired
    assert (firing.symbol, firing.price, firing.alert.bell) == ("BTCUSDT", "68000.5", True)
    assert post.attention.alerts.rows()[0].over
    assert ("alert 1: BTCUSDT last > 68000 (68000.5)", Severity.WARNING) in post.said


@pytest.mark.parametrize(
    ("text", "figure"),
    [
        ("btcusdt mark < 67000", {"mark": "66999"}),
        ("btcusdt index >= 67500", {"index": "67500"}),
        ("btcusdt funding > 0.02", {"funding_rate": "0.00021"}),
        ("btcusdt change < -1", {"last": "65800"}),
        ("btcusdt last > btcusdt mark", {"last": "67500"}),
        ("btcusdt upnl > 400", {"mark": "67900"}),
        ("upnl > 400", {"mark": "67900"}),
        ("day > 200", {"mark": "67900"}),
        ("btcusdt liq < 10", {"mark": "65000"}),
        ("btcusdt r > 2", {"mark": "67900"}),
    ],
)
def test_every_figure_can_be_waited_for(text: str, figure: dict[str, str]) -> None:
    post = Post()
    post.world.store.pnl()  # the day begins
    prices = {"last": "67400", "mark": "67410", "index": "67408", "funding_rate": "0.0001"}
    post.tick(ETH, last="3510", mark="3510")
    post.tick(seconds=0, **prices)
    post.alert(text)
    if "r >" in text:
        post.world.stop("66700")
    assert post.tick(seconds=0.5, **prices) == []
    assert len(post.tick(seconds=0.5, **{**prices, **figure})) == 1


def test_bid_and_ask_come_from_the_book_and_only_a_fresh_one() -> None:
    post = Post()
    post.alert("btcusdt bid < 67000")
    post.alert("btcusdt spread > 5")
    assert post.followed == [BTC, BTC, BTC]  # each change of the list has the books sent again
    post.world.delta(bids=[("67412", "0"), ("67411.5", "0"), ("67411", "0"), ("67410", "0"), ("67409.5", "0"), ("67409", "0")])
    post.world.delta(bids=[("66990", "1")])
    post.world.clock.advance(1.5)  # older than a book may be
    assert post.look() == []
    assert "book" in post.attention.alerts.blind(1)
    post.world.delta(bids=[("66990", "2")])
    assert len(post.look()) == 2


def test_a_margin_alert_needs_a_whole_account() -> None:
    post = Post()
    post.tick(ETH, last="3510", mark="3510")
    post.tick(seconds=0, mark="67410", last="67410")
    post.alert("margin > 35")
    post.reconciled = False
    post.world.balance(used="9000")
    assert post.tick(seconds=0.5, mark="67410") == []
    assert post.attention.alerts.blind(1) == "the account is being reconciled"
    post.reconciled = True
    assert len(post.tick(seconds=0.5, mark="67410")) == 1


# -- old and doubted numbers -----------------------------------------------------------------------------------------------


def test_an_old_price_never_fires_and_the_alert_says_that_it_is_blind() -> None:
    post = Post()
    post.tick(last="67990", mark="67990")
    post.alert("btcusdt last > 68000")
    post.alert("btcusdt mark > 68000")
    post.world.ticker(last="68010", mark="68010")
    post.world.clock.advance(3.5)
    post.hear_now()
    assert post.look() == []
    assert post.attention.alerts.blind(1) == "the last price is old"
    assert post.attention.alerts.blind(2) == "the mark is old"
    post.world.clock.advance(31)
    post.hear_now()
    post.look()
    assert "alert 1 (BTCUSDT last > 68000) is blind: the last price is old" in post.sayings()
    assert len(post.tick(last="68010", mark="68010")) == 2
    assert post.attention.alerts.blind(1) == ""


def test_a_mark_that_comes_alone_does_not_make_the_last_price_young() -> None:
    post = Post()
    post.tick(last="67990", mark="67990")
    post.alert("btcusdt last > 67000 && btcusdt mark > 68000")
    for _ in range(5):
        assert post.tick(mark="67999") == []
    assert post.tick(mark="68010") == []
    assert post.attention.alerts.blind(1) == "the last price is old"


def test_a_feed_that_is_down_blinds_at_once() -> None:
    post = Post()
    post.tick(last="67990")
    post.alert("btcusdt last > 68000")
    post.world.ticker(last="68010")
    post.world.say(LinkChanged("phemex", "public", LinkState.DOWN, "1006"))
    assert post.look() == []
    assert post.attention.alerts.blind(1)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([0.3, 1.0, 2.5, 4.0]),
            st.sampled_from(["tick", "mark", "down", "up", "nothing"]),
            st.integers(67_990, 68_010),
        ),
        max_size=25,
    )
)
def test_it_fires_exactly_at_the_first_fresh_price_beyond(story: list[tuple[float, str, int]]) -> None:
    """Against a plain model: the age of the last price and whether the feed is up, recomputed from the story alone."""
    post = Post()
    post.tick(last="67000")
    post.alert("btcusdt last > 68000")
    price, told, now, up, expected = 67_000, 0.0, 0.0, True, 0
    for wait, what, number in story:
        now += wait
        post.world.clock.advance(wait)
        post.hear_now()
        if what == "tick":
            post.world.ticker(last=str(number))
            price, told = number, now
        elif what == "mark":
            post.world.ticker(mark=str(number))
        elif what in ("down", "up"):
            up = what == "up"
            state = LinkState.LIVE if up else LinkState.DOWN
            post.world.say(LinkChanged("phemex", "public", state, "1006"))
        post.look()
        if not expected and up and price > 68_000 and now - told <= 3.0:
            expected = 1
        assert len(post.fired) == expected


# -- again and again -------------------------------------------------------------------------------------------------------


def test_a_repeating_alert_waits_for_the_margin_and_for_calm() -> None:
    post = Post(terms=AttentionTerms(calm_s=60))
    post.tick(last="67000")
    post.alert("btcusdt > 68000", repeat="0.1")
    assert len(post.tick(last="68001")) == 1
    assert post.tick(last="67990", seconds=61) == []  # back, but within 68 of the bound
    assert post.tick(last="68001") == []
    assert post.tick(last="67931") == []  # beyond the margin: armed
    assert len(post.tick(last="68001")) == 1
    assert post.tick(last="67900", seconds=10) == []  # too soon to be armed again
    assert post.tick(last="68001", seconds=10) == []
    assert post.tick(last="67900", seconds=60) == []
    assert len(post.tick(last="68001")) == 1
    assert post.attention.alerts.rows()[0].count == 3


def test_an_old_price_does_not_arm_either() -> None:
    post = Post(terms=AttentionTerms(calm_s=0))
    post.tick(last="67000")
    post.alert("btcusdt > 68000", repeat="0.1")
    assert len(post.tick(last="68001")) == 1
    post.world.ticker(last="67000")
    assert post.tick(seconds=10) == []
    assert not post.attention.alerts.rows()[0].armed
    assert post.tick(last="68001") == []


def test_what_is_so_already_is_refused_unless_it_repeats() -> None:
    post = Post()
    post.tick(last="69000")
    with pytest.raises(CommandError, match=r"BTCUSDT last > 68000 is so already \(69000\)"):
        post.alert("btcusdt > 68000")
    alert = post.alert("btcusdt > 68000", repeat="0.1")
    assert not alert.armed
    assert post.tick(last="69001") == []
    post.tick(last="67000", seconds=61)
    assert len(post.tick(last="68001")) == 1


def test_there_is_an_end_to_how_many() -> None:
    post = Post()
    post.tick(last="67000")
    for _ in range(MOST):
        post.alert("btcusdt > 68000")
    with pytest.raises(CommandError, match="kept at most"):
        post.alert("btcusdt > 68000")
    assert post.attention.end(7) == "alert 7: BTCUSDT last > 68000"
    assert post.attention.end(7) == ""
    post.alert("btcusdt > 68000")


# -- what happens to orders ------------------------------------------------------------------------------------------------


def test_orders_that_fill_are_told_once_and_the_past_is_no_news() -> None:
    post = Post()
    post.world.fill()
    post.alert("fill", repeat="0")
    post.alert("ethusdt fill")
    post.alert("rejected")
    post.alert("cancelled")
    post.alert("done")
    assert post.look() == []
    post.world.fill(Side.SELL, "0.1")
    assert post.look() == ["alert 1: fill"]
    assert post.look() == []
    post.world.fill(Side.SELL, "0.1").fill(Side.SELL, "0.2")
    assert post.look() == ["alert 1: fill"]
    working = post.world.order()
    assert post.look() == []
    for status, text in ((OrderStatus.CANCELED, "alert 4: cancelled"), (OrderStatus.FILLED, "alert 5: done")):
        one = post.world.order()
        post.look()
        post.world.order(id=one, status=status, ago=0)
        assert post.look() == [text]
    post.world.order(status=OrderStatus.REJECTED, ago=0)
    assert post.look() == ["alert 3: rejected"]
    assert working


def test_an_order_of_unknown_outcome_is_told() -> None:
    post = Post()
    post.alert("unknown")
    order = post.world.store.blotter.get(post.world.order(status=OrderStatus.SENT))
    assert order is not None
    assert post.look() == []
    post.world.store.blotter.put(order.to_status(OrderStatus.UNKNOWN))
    assert post.look() == ["alert 1: unknown"]


def test_what_the_first_reconciliation_tells_is_the_past() -> None:
    post = Post()
    post.reconciled = False
    post.alert("cancelled")
    one = post.world.order()
    post.look()
    assert post.attention.alerts.blind(1) == "the account is not known yet"
    post.world.order(id=one, status=OrderStatus.CANCELED)
    post.look()
    post.reconciled = True
    assert post.look() == []


def test_a_naked_position_is_told_after_a_moment() -> None:
    post = Post()
    post.attention.readings.turn(True)
    post.world.clock.advance(5)
    post.hear_now()
    with pytest.raises(CommandError, match="so already"):
        post.alert("ethusdt naked")  # it has no stop from the beginning
    post.alert("btcusdt naked")
    post.tick()
    post.world.position(qty="0.7")
    assert post.look() == []
    assert post.tick(seconds=1) == []
    assert post.tick(seconds=1.1) == ["alert 1: BTCUSDT naked"]


def test_a_lost_connection_is_told() -> None:
    post = Post()
    post.alert("offline")
    assert post.look() == []
    post.world.say(LinkChanged("phemex", "private", LinkState.DOWN, "1006"))
    assert post.look() == ["alert 1: offline"]


# -- kept between sessions -------------------------------------------------------------------------------------------------


async def test_alerts_and_the_watchlist_survive_a_restart_and_lines_do_not(tmp_path: Path) -> None:
    path = tmp_path / "alerts.json"
    post = Post(path)
    post.tick(last="67000")
    post.alert("btcusdt > 68000 && day < -10", bell=True, say=True, run=("notify", "{symbol}"), repeat="0.25")
    post.alert("fill")
    post.alert("btcusdt > 67500")
    post.attention.watch([ETH])
    assert len(post.tick(last="67501")) == 1

    async def run() -> list[str]:
        raise AssertionError("never")

    post.attention.lines.when(post.attention.alerts.rows()[0].condition, "flat all", run, name=post.name)
    await post.attention.keep()
    assert path.stat().st_mode & 0o777 == 0o600

    later = Post(path)
    first, second = later.attention.alerts.rows()
    assert (first, second) == tuple(post.attention.alerts.rows()[:2])
    assert later.attention.watchlist.chosen == (ETH,)
    assert later.attention.lines.rows() == []
    assert "when BTCUSDT last > 68000 && day < -10 : flat all" in later.sayings()
    assert later.alert("btcusdt > 90000").number == 3


async def test_a_file_that_cannot_be_read_loses_what_it_must_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "alerts.json"
    post = Post(path)
    post.tick(last="67000")
    post.alert("btcusdt > 68000")
    await post.attention.keep()
    path.write_text(path.read_text().replace('"alerts":[', '"alerts":[{"when":"what?\\u001b[2J"},7,'))
    later = Post(path)
    assert len(later.attention.alerts.rows()) == 1
    assert "cannot be read" in later.sayings()
    assert "\x1b" not in later.sayings()
    path.write_text("{")
    assert "lost" in Post(path).sayings()


async def test_a_terminal_that_only_looks_writes_nothing(tmp_path: Path) -> None:
    post = Post(tmp_path / "alerts.json")
    post.keeps = False
    post.tick(last="67000")
    post.alert("btcusdt > 68000")
    await post.attention.keep()
    assert not (tmp_path / "alerts.json").exists()


def test_symbols_that_are_gone_blind_an_alert() -> None:
    post = Post()
    post.tick(last="67000")
    post.attention.alerts.add(post.alert("btcusdt > 68000").condition, name=lambda text: "GONE")
    assert post.attention.alerts.blind(2) == "GONE is not listed any more"
