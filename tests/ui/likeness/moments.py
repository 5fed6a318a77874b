"""Moments of a session, on a clock that stands still, with something in every pane; made up, and from no venue."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal as D
from pathlib import Path

from tests.ui.desks import ScriptedDesk, quiet_desk
from tests.ui.panes.conftest import BTC, ETH, SOL, WALL, World
from tui_trader.core.alert_text import read_whole
from tui_trader.core.bar import Bar, Basis, Gap
from tui_trader.core.clock import NS, ManualClock
from tui_trader.core.event import FundingPaid
from tui_trader.core.types import LinkState, OrderStatus, OrderType, Severity, Side, TimeInForce
from tui_trader.state.charts import Page, Wish
from tui_trader.storage.journal import Journal

Moment = Callable[[Path], ScriptedDesk]
"""Makes a desk; the folder takes its journal."""

BARS = 240
PAST_S = 3_660
NOW = WALL // NS
MINUTE = NOW - NOW % 60


def busy(folder: Path) -> ScriptedDesk:
    """Return an hour of trading: a protected long, a half protected short, a naked inverse long, orders, alerts, a journal."""
    desk = _with_a_past(folder)
    world = desk.world
    _round_trip(world)
    world.fill(fee="0.6")
    world.ticker(open_interest="1912830467")
    world.ticker(ETH, index="3510.3", funding_rate="0.000044", next_funding_ns=WALL + 8_049 * NS, open_interest="812345")
    world.ticker(SOL, last="170.95", mark="170.95", index="171.14", open_24h="170.27", funding_rate="-0.000012")
    world.position(Side.BUY, "900", "171.20", SOL, liquidation="155.4")
    world.balance("1.5", "0.6", "SOL")
    world.book(
        [("3509.8", "41.2"), ("3509.5", "8.6"), ("3509", "120.55")], [("3510", "12.4"), ("3510.3", "33.1"), ("3511", "7")], ETH
    )
    world.stop("3560", "2", Side.BUY, iid=ETH)
    world.order(Side.SELL, "0.3", "67416", ago=95, tif=TimeInForce.POST_ONLY)
    world.order(Side.BUY, "2", "3480", iid=ETH, ago=7_300)
    for number in range(60):
        price = D(67_412) + D(number * 7 % 5) / 2
        side = Side.BUY if number % 3 else Side.SELL
        world.trade(str(price), str(D(number * 37 % 211 + 4) / 100), side, ago=60 - number)
    for text in ("BTCUSDT > 68000", "ETHUSDT mark < 3450 && day < -300"):
        desk.attention.alerts.add(read_whole(text), name=lambda word: word or BTC.symbol)
    desk.attention.watch([BTC, ETH, SOL])
    desk.store.charts.page = Page(Wish(BTC, 60, BARS, None), bars(), NOW)
    world.notice("feed resumed after 0.4 s").notice("SOLUSD has no stop at the venue", Severity.ALARM)
    return desk


def doubtful(folder: Path) -> ScriptedDesk:
    """Return the same hour when the public feed is being made whole again and an order has no answer."""
    desk = busy(folder)
    world = desk.world
    world.order(Side.BUY, "0.1", "67402", OrderType.LIMIT, OrderStatus.UNKNOWN, ago=2)
    world.links(LinkState.SYNCING, "sequence gap", lanes=("public",))
    world.clock.advance(5)
    desk.store.heard("phemex", "private")
    world.notice("order b: request sent, no answer: not sent again, asked for", Severity.ALARM)
    return desk


def quiet(folder: Path) -> ScriptedDesk:
    """Return the beginning of a day: no position, no order, nothing traded."""
    desk = quiet_desk(folder)
    world = desk.world
    world.position(None, "0", "0").position(None, "0", "0", ETH)
    for order in desk.store.blotter.working():
        assert order.side is not None
        world.order(order.side, str(order.qty), None, order.type, OrderStatus.CANCELED, id=order.client_id)
    return desk


def _with_a_past(folder: Path) -> ScriptedDesk:
    """Return a desk of ``quiet_desk``'s moment that has seen the hour before it."""
    world = World(ManualClock(wall_ns=WALL - PAST_S * NS))
    desk = ScriptedDesk(Journal(folder / "journal.jsonl", world.clock), world)
    world.links().balance()
    for minute in range(PAST_S // 60):
        world.ticker(last=str(67_300 + minute * 13 % 170))
        world.ticker(ETH, last=str(D(35_300 - minute * 7 % 90) / 10))
        world.ticker(SOL, last=str(D(17_050 + minute * 11 % 60) / 100))
        world.balance(str(D("12300") + minute * 17 % 90))
        desk.store.sample_prices([BTC, ETH, SOL])
        desk.store.sample_equity()
        world.clock.advance(60)
    world.trading()
    for lane in ("public", "private"):
        desk.store.heard("phemex", lane)
    return desk


def _round_trip(world: World) -> None:
    """Say a trade from flat to flat that made 30, with its costs and a funding payment."""
    world.fill(Side.BUY, "0.1", "66900", fee="4.01", ago=3_600)
    world.say(FundingPaid(BTC, D("0.41"), "USDT", D("0.000061"), world.clock.wall_ns() - 1_800 * NS, "f1"))
    world.fill(Side.SELL, "0.1", "67200", fee="4.03", realised="30", ago=1_500)


def bars() -> tuple[Bar | Gap, ...]:
    """Return minutes that rise and fall, one of them observed by nobody."""
    out: list[Bar | Gap] = []
    for number in range(BARS):
        start = MINUTE - 60 * (BARS - 1 - number)
        if number == BARS - 31:
            out.append(Gap(start, start + 60))
            continue
        swing = [0, 9, 21, 30, 26, 13, 2, -8, -19, -11][number % 10]
        opened = D("67052.5") + number * D("1.5") + swing
        close = D("67052.5") + (number + 1) * D("1.5") + [9, 21, 30, 26, 13, 2, -8, -19, -11, 0][number % 10]
        high, low = max(opened, close) + 6, min(opened, close) - 4
        out.append(Bar(start, 60, opened, high, low, close, D(3 + number * 5 % 17), 40, 60, 60, Basis.TRADES))
    return tuple(out)
