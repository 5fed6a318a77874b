"""A stop and a target that a venue holds under one id: both are shown, and each is moved by itself."""

from __future__ import annotations

from decimal import Decimal as D

from tests.state.conftest import BTC, report
from tui_trader.core.command import Price, Size, Trigger
from tui_trader.core.order import Order
from tui_trader.core.position import Position
from tui_trader.core.types import OrderStatus, OrderType, PositionMode, PositionSide, Side, TriggerSource
from tui_trader.desk.amending import Change, change_of, words
from tui_trader.desk.draft import Draft
from tui_trader.state.cover import cover_of, twin_of

EXIT = Order.from_report(
    report(
        OrderStatus.ARMED,
        side=Side.SELL,
        type=OrderType.STOP,
        price=None,
        position_side=PositionSide.MERGED,
        reduce_only=True,
        trigger_price=D(90),
        trigger_source=TriggerSource.MARK,
        take_profit=D(120),
        take_profit_source=TriggerSource.LAST,
    )
)
LONG = Position(BTC, PositionSide.MERGED, PositionMode.ONE_WAY, Side.BUY, D(3), D(100))


def shifting(touch: bool) -> Draft:
    trigger = Trigger(Price(number=D(125)))
    return Draft(BTC, Side.SELL, Size(D(3)), None, market=True, trigger=trigger, touch=touch, amends=EXIT.client_id)


def moved(draft: Draft, to: str) -> Change:
    from dataclasses import replace

    from tests.state.test_blotter_united import STOP

    return change_of(EXIT, draft, replace(STOP, trigger_price=D(to)))


def test_both_count_as_exits_of_the_leg() -> None:
    cover = cover_of(LONG, [EXIT])
    assert cover.stop is EXIT
    assert cover.target is not None
    assert (cover.target.trigger_price, cover.target.trigger_source, cover.target.client_id) == (
        D(120),
        TriggerSource.LAST,
        EXIT.client_id,
    )
    assert not cover.is_naked


def test_an_entry_with_attached_exits_holds_none_for_a_leg() -> None:
    entry = Order.from_report(report(OrderStatus.LIVE, take_profit=D(120), stop_loss=D(90)))
    assert twin_of(entry) is None


def test_moving_the_target_leaves_the_stop_where_it_is() -> None:
    assert moved(shifting(touch=True), "125") == Change(take_profit=D(125))
    assert moved(shifting(touch=True), "120").is_none
    assert moved(shifting(touch=False), "95") == Change(trigger=D(95))
    assert words(EXIT, Change(take_profit=D(125))) == "target 120 -> 125"
