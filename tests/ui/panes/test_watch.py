"""The watchlist and the list of alerts: what is not known is not a number, what is old says so, what is aimed at stays."""

from __future__ import annotations

from decimal import Decimal as D

from tests.desk.watching import Post
from tests.ui.panes.conftest import BTC, ETH, SOL, World, assert_exact, roles, screen, texts
from tui_trader.core.alert_text import read_whole
from tui_trader.core.types import LinkState
from tui_trader.ui.panes.spark import gapped
from tui_trader.ui.panes.view import boxed
from tui_trader.ui.panes.watch import Sort, WatchView
from tui_trader.ui.panes.watch_alerts import AlertsView


def post() -> Post:
    watched = Post()
    watched.attention.watch([BTC, SOL])
    return watched


def view_of(watched: Post) -> WatchView:
    return WatchView(watched.world.store, watched.world.clock, watched.attention)


def test_a_wide_list_tells_everything_that_is_told() -> None:
    watched = post()
    watched.world.ticker(open_interest="1912345678")
    rows = texts(view_of(watched).body(110, 6))
    assert rows[:4] == [
        "  symbol        last     1h    24h  funding  next     OI basis bp hour     alert",
        "  BTCUSDT  67,412.5      --  +1.3% +0.0061%  2:14 1.912B     +0.4",
        "  SOLUSD         --      --     --       --    --     --       --",
        "  ETHUSDT   3,509.9      --  -0.2%       --    --     --       --",
    ]
    assert_exact(view_of(watched).body(110, 6), 110, 6)


def test_a_narrow_list_keeps_what_matters_most() -> None:
    rows = texts(view_of(post()).body(36, 5))
    assert rows[1].split() == ["BTCUSDT", "67,412.5", "+1.3%"], rows
    assert rows[2].split() == ["SOLUSD", "--", "--"]
    assert rows[3].split() == ["ETHUSDT", "3,509.9", "-0.2%"]  # traded, so shown
    for width in range(1, 130, 3):
        for height in range(1, 8):
            assert_exact(view_of(post()).body(width, height), width, height)


def test_an_old_price_says_so_on_its_own_row() -> None:
    watched = post()
    watched.world.clock.advance(4)
    watched.world.ticker(ETH, last="3510")
    rows = texts(view_of(watched).body(60, 5))
    assert "67,412.5?" in rows[1]
    assert "?" not in rows[3]
    assert "stale" in roles(view_of(watched).body(60, 5), "67,412.5?")
    watched.world.links(LinkState.DOWN)
    assert "3,510.0?" in screen(view_of(watched).body(60, 5))


def test_the_change_of_an_hour_needs_an_hour() -> None:
    watched = post()
    store, clock = watched.world.store, watched.world.clock
    for minute in range(61):
        watched.world.ticker(last=str(67_000 + minute))
        store.sample_prices([BTC, ETH])
        if minute < 60:
            assert store.paths.of(BTC).change_pct(clock.wall_ns(), D(67_000)) is None
            clock.advance(60)
    row = texts(view_of(watched).body(110, 5))[1]
    assert "+0.1%" in row
    assert "▁" in row
    assert row.count("█") == 1
    clock.advance(180)
    assert store.paths.of(ETH).change_pct(clock.wall_ns(), D(1)) is None  # its price was old from the second minute on
    assert store.paths.of(BTC).change_pct(clock.wall_ns(), D(67_003)) == D(0)  # measured from an hour ago, not from the start
    clock.advance(57 * 60)
    watched.world.ticker(last="67000")
    assert store.paths.of(BTC).change_pct(clock.wall_ns(), D(67_000)) is not None
    clock.advance(180)
    assert store.paths.of(BTC).change_pct(clock.wall_ns(), D(67_000)) is None  # an hour ago nothing was heard


def test_minutes_without_a_price_stay_blank() -> None:
    assert gapped([D(1), None, None, D(3)], 4) == "▁  █"
    assert gapped([None, None], 3) == "   "
    assert gapped([D(1), D(2), D(3), D(4)], 2) == "▁█"


def test_the_time_to_funding_is_marked_where_only_the_interval_is_told() -> None:
    watched = post()
    watched.world.ticker(ETH, funding_rate="0.0001")
    rows = texts(view_of(watched).body(110, 5))
    assert " 2:14 " in rows[1]
    assert "~1:47" in rows[3]  # 14:12 to 16:00, by an eight-hour schedule
    watched.world.clock.advance(3 * 3_600)
    assert " 2:14 " not in texts(view_of(watched).body(110, 5))[1]


def test_rows_do_not_move_under_the_cursor() -> None:
    watched = post()
    watched.attention.watch([ETH])
    view = view_of(watched)
    view.sort = Sort.DAY
    watched.world.ticker(SOL, last="170", open_24h="100")
    order = [row.split()[0] for row in texts(view.body(60, 6))[1:4]]
    assert order == ["SOLUSD", "BTCUSDT", "ETHUSDT"]
    view.cursor_down()
    view.cursor_down()
    assert view.selected() == BTC
    watched.world.ticker(ETH, last="9000", open_24h="100")
    watched.world.clock.advance(60)
    watched.world.ticker(ETH, last="9000", open_24h="100")
    assert [row.split()[0] for row in texts(view.body(60, 6))[1:4]] == ["SOLUSD", "▸", "ETHUSDT"]
    assert view.selected() == BTC
    view.cursor_off()
    view.body(60, 6)
    watched.world.clock.advance(6)
    assert [row.split()[0] for row in texts(view.body(60, 6))[1:4]] == ["ETHUSDT", "SOLUSD", "BTCUSDT"]
    assert view.sort_next() == "funding"
    assert "by funding" in texts(boxed(view, 60, 6))[0]


def test_what_is_chosen_can_leave() -> None:
    watched = post()
    view = view_of(watched)
    view.cursor_bottom()
    view.cursor_up()
    assert view.selected() == SOL
    watched.attention.unwatch([SOL])
    assert view.selected() is None
    assert "SOLUSD" not in screen(view.body(60, 6))


def test_alerts_mark_their_row_and_say_when_they_are_blind() -> None:
    watched = post()
    watched.tick(last="67400", mark="67400")
    watched.alert("btcusdt > 68000")
    watched.alert("btcusdt mark < 66000")
    row = texts(view_of(watched).body(110, 5))[1]
    assert row.startswith(" *BTCUSDT")
    assert row.endswith(">68,000 +1")
    watched.world.clock.advance(5)
    watched.hear_now()
    watched.look()
    view = view_of(watched)
    row = texts(view.body(110, 5))[1]
    assert row.startswith(" ?BTCUSDT")
    assert row.endswith(">68,000? +1")
    assert "2 blind" in texts(boxed(view, 60, 6))[0]


def test_the_list_of_alerts_tells_state_and_that_lines_end_with_the_terminal() -> None:
    watched = post()
    watched.tick(last="67400", mark="67400")
    watched.alert("btcusdt > 68000", bell=True, say=True)
    watched.alert("btcusdt > 67500", repeat="0.5", run=("notify.sh",))

    async def never() -> list[str]:
        raise AssertionError

    watched.attention.lines.when(read_whole("btcusdt mark < 66700 && day < -300"), "flat all", never, name=watched.name)
    watched.tick(last="67501", mark="67400")
    for _, work in watched.work:
        work.close()
    view = AlertsView(watched.world.store, watched.world.clock, watched.attention)
    rows = texts(view.body(120, 6))
    assert rows[1].split(None, 3)[:2] == ["1", "waits"]
    assert "BTCUSDT last > 68000" in rows[1]
    assert "bell say" in rows[1]
    assert rows[2].split()[:2] == ["2", "rearms"]
    assert "run notify.sh repeat" in rows[2]
    assert "runs only while this terminal is up" in rows[3]
    assert "when BTCUSDT mark < 66700 && day < -300 : flat all" in rows[3]
    assert "1 line: runs only while this terminal is up" in texts(boxed(view, 120, 6))[0]
    watched.world.clock.advance(5)
    watched.hear_now()
    watched.look()
    assert screen(view.body(120, 6)).count("BLIND ?") == 3
    watched.tick(last="68001", mark="67400")
    assert texts(view.body(120, 6))[1].split()[1] == "fired"
    for width in range(1, 130, 7):
        assert_exact(view.body(width, 5), width, 5)


def test_an_empty_list_says_what_to_type() -> None:
    world = World().listed()
    watched = Post(world=world)
    assert ":watch SYMBOL" in screen(view_of(watched).body(60, 3))
    assert ":alert BTCUSDT > 68000" in screen(AlertsView(world.store, world.clock, watched.attention).body(100, 3))
