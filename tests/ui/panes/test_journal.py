"""The journal, the day's meter and the log: sums against a recomputation by hand; what cannot be told is not a number."""

from __future__ import annotations

from decimal import Decimal as D

from tests.ui.panes.conftest import BTC, World, assert_exact, roles, screen, texts
from tui_trader.core.clock import NS
from tui_trader.core.event import FundingPaid
from tui_trader.core.types import OrderStatus, Side
from tui_trader.state.dispatch import Dispatch
from tui_trader.state.past import Past
from tui_trader.ui.panes.journal import JournalView
from tui_trader.ui.panes.labels import OrderLabels
from tui_trader.ui.panes.log import LogView
from tui_trader.ui.panes.pnl import PnlView


def traded() -> World:
    """A round trip of 0.5 that made 250, and a flat position."""
    world = World().listed().links()
    world.balance()
    world.position(side=None, qty="0")
    world.fill(Side.BUY, "0.3", "67000", fee="8", ago=600).fill(Side.BUY, "0.2", "67100", fee="5", ago=590)
    world.say(FundingPaid(BTC, D("1.5"), "USDT", D("0.0001"), world.clock.wall_ns() - 500 * NS, "f1"))
    return world.fill(Side.SELL, "0.5", "67540", fee="20", ago=60)


def test_a_trade_is_one_row_with_what_it_brought() -> None:
    world = traded()
    view = JournalView(world.store, world.clock, lambda key: "chased, late" if key == "BTCUSDT:x1" else "")
    rows = texts(view.body(120, 7))
    assert rows[1].split() == [
        "14:11:11", "BTCUSDT", "L", "0.500", "67,040.0", "67,540.0", "+215.50", "--", "-33.00", "-1.50", "--", "9m",
        "chased,", "late",
    ]  # fmt: skip
    assert rows[-1].split() == ["day", "+215.50", "1W/0L", "100%", "fees", "33.00"]
    view.cursor_down()
    assert (trip := view.selected()) is not None
    assert trip.key == "BTCUSDT:x1"
    for width in range(1, 130, 5):
        for height in range(1, 9):
            assert_exact(view.body(width, height), width, height)


def test_a_trade_with_an_unknown_beginning_has_no_profit() -> None:
    world = traded()
    world.position(Side.SELL, "0.2", "67000")
    world.fill(Side.SELL, "0.1", "67000", ago=30)  # the other 0.1 was sold before anything that is known
    view = JournalView(world.store, world.clock)
    rows = texts(view.body(120, 8))
    assert rows[1].split()[:4] == ["open", "BTCUSDT", "S", "0.200"]  # begun after the first known: whole
    assert rows[3].split()[6] == "?"  # what the first execution closed was there before
    assert "250" not in screen(view.body(120, 8))


def test_a_restart_forgets_nothing_of_the_day() -> None:
    before, after = traded(), World().listed().links()
    after.balance()
    after.position(side=None, qty="0")
    after.store.remember(Past.of(before.store.blotter.fills(), before.store.funded()))
    midnight = after.clock.wall_ns() // (86_400 * NS) * 86_400 * NS
    assert after.store.trades.day(midnight, "USDT") == before.store.trades.day(midnight, "USDT")
    day = after.store.trades.day(midnight, "USDT")
    assert (day.symbols[0].net, day.won, day.lost) == (D("215.5"), 1, 0)
    after.store.remember(Past.of(before.store.blotter.fills(), whole_since_ns=after.clock.wall_ns() + 1))
    figures = screen(PnlView(after.store, after.clock).body(24, 12))
    assert "?" in next(line for line in figures.splitlines() if line.startswith("fees"))


def test_the_meter_warns_at_eighty_percent_and_locks_at_a_hundred() -> None:
    world = World().trading()
    world.store.pnl()
    view = PnlView(world.store, world.clock, day_limit=D(500))

    def meter(mark: str) -> tuple[str, set[str]]:
        world.ticker(mark=mark)
        body = view.body(100, 12)
        line = next(row for row in texts(body) if "day loss" in row)
        return line[line.index("day loss") :], roles(body, "day loss")

    start = meter("67410.9")
    assert start[0].startswith("day loss 0%")
    assert meter("66710.9")[1] == {"text"}
    assert meter("66610.9") == ("day loss 80%  ████████··  -400.00 of -500", {"warn"})
    line, role = meter("66410.9")
    assert "LOCKOUT" in line
    assert role == {"alarm"}
    world.clock.advance(10)
    body = view.body(100, 12)
    assert roles(body, "day loss") == {"stale"}
    assert "LOCKOUT" not in screen(body)


def test_the_equity_of_two_currencies_is_added_only_by_prices_that_are_fresh() -> None:
    world = World().trading()
    world.balance("2", "0", "SOL")
    assert any("--" in piece.spans[0].text for piece in PnlView(world.store, world.clock).title())
    world.ticker(iid=next(iid for iid in world.store.instruments if iid.symbol == "SOLUSD"), mark="150")
    view = PnlView(world.store, world.clock)
    total = D("12356.07") + sum((world.store.unrealised(leg) or D(0) for leg in world.store.open_positions()), D(0)) + 300
    assert any(f"all {total:,.2f} USD" == piece.spans[0].text for piece in view.title())
    world.clock.advance(10)
    assert any(f"all {total:,.2f} USD?" == piece.spans[0].text for piece in view.title())


def test_the_log_tells_what_was_sent_and_how_that_ended() -> None:
    world = World().trading()
    labels = OrderLabels()
    one = world.order(id="tt-000777", status=OrderStatus.LIVE)
    order = world.store.blotter.get(one)
    assert order is not None
    name = labels.label(order.client_id, order.instrument)
    world.notice("first")
    world.clock.advance(1)
    now = world.clock.wall_ns()
    world.store.note_dispatch(Dispatch(now, "place", one, "ack", 96_000_000))
    world.store.note_dispatch(Dispatch(now + 1, "amend", "tt-999999", "rejected", 88_000_000, "price out of band"))
    world.store.note_dispatch(Dispatch(now + 2, "cancel", "tt-999999", "unknown", 5 * NS, "no answer"))
    rows = LogView(world.store, world.clock, labels.name).body(80, 5)
    lines = texts(rows)
    assert lines[0].endswith("999999 cancel unknown 5.0s: no answer")
    assert "ALARM" in lines[0]
    assert lines[1].endswith("WARN  999999 amend rejected 88ms: price out of band")
    assert lines[2].endswith(f"{name} place ack 96ms")
    assert lines[3].endswith("first")
