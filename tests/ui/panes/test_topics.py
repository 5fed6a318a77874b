"""What a view shows, it is told of: whatever changes its rows is among its topics, in the words in which the Store says it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal as D

import pytest

from tests.ui.panes.conftest import BTC, ETH, World
from tui_trader.core.event import FundingPaid
from tui_trader.core.types import Side
from tui_trader.ui.panes.fills import FillsView
from tui_trader.ui.panes.funding import FundingView
from tui_trader.ui.panes.header import HeaderView
from tui_trader.ui.panes.journal import JournalView
from tui_trader.ui.panes.ladder import LadderView
from tui_trader.ui.panes.orders import OrdersView
from tui_trader.ui.panes.pnl import PnlView
from tui_trader.ui.panes.positions import PositionsView
from tui_trader.ui.panes.tape import TapeView
from tui_trader.ui.panes.view import View, boxed

VIEWS: dict[str, Callable[[World], View]] = {
    "header": lambda w: HeaderView(w.store, w.clock, badge="SIM", venue="phemex", instrument=BTC),
    "positions": lambda w: PositionsView(w.store, w.clock),
    "orders": lambda w: OrdersView(w.store, w.clock),
    "ladder": lambda w: LadderView(w.store, w.clock, BTC),
    "tape": lambda w: TapeView(w.store, w.clock, BTC),
    "pnl": lambda w: PnlView(w.store, w.clock),
    "fills": lambda w: FillsView(w.store, w.clock),
    "funding": lambda w: FundingView(w.store, w.clock),
    "journal": lambda w: JournalView(w.store, w.clock, lambda key: ""),
}
CHANGES: dict[str, Callable[[World], object]] = {
    "a mark": lambda w: w.ticker(mark="66000"),
    "the mark of another leg": lambda w: w.ticker(ETH, mark="3400"),
    "a last price": lambda w: w.ticker(last="66000"),
    "the wallet": lambda w: w.balance("9000"),
    "a fill": lambda w: w.fill(Side.SELL, "0.3", "66980", fee="3", realised="41.2"),
    "funding": lambda w: w.say(FundingPaid(BTC, D("1.5"), "USDT", D("0.0001"), w.clock.wall_ns(), "funding")),
    "a leg": lambda w: w.position(qty="0.7"),
    "an order": lambda w: w.order(price="67411.5"),
    "a level": lambda w: w.delta(bids=[("67412", "9")]),
    "a trade": lambda w: w.trade("67413", "2"),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("name", VIEWS)
def test_what_changes_a_view_is_among_its_topics(name: str, change: str, trading: World) -> None:
    trading.fill(fee="8.42")
    view = VIEWS[name](trading)
    before = boxed(view, 120, 24)
    trading.store.take_dirty()
    CHANGES[change](trading)
    dirty = trading.store.take_dirty()
    if boxed(view, 120, 24) != before:
        assert dirty & view.topics


def test_a_mark_changes_what_is_worth_money(trading: World) -> None:
    shown = {name: boxed(make(trading), 120, 24) for name, make in VIEWS.items()}
    trading.ticker(mark="66000")
    changed = {name for name, make in VIEWS.items() if boxed(make(trading), 120, 24) != shown[name]}
    assert changed >= {"header", "positions", "pnl"}
