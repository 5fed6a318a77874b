"""What a venue would refuse, at every boundary: one step inside, on it, one step outside."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal as D
from typing import Any

import pytest

from tests.core.risk_case import BTC, COIN, EXIT, FACTS, LONG, SHORT, facts, judge, only, rules, ticket
from tui_trader.core.position import Position
from tui_trader.core.risk import Rule, reduces
from tui_trader.core.types import (
    InstrumentId,
    OrderType,
    PositionMode,
    PositionSide,
    Side,
    TimeInForce,
    TriggerSource,
)

# -- the contract ------------------------------------------------------------------------------------------------------


def test_an_unknown_symbol() -> None:
    assert rules(instrument=None) == {Rule.SYMBOL}
    for symbol in ("ВTCUSDT", "btcusdt", "", "BTCUSD"):
        assert rules(ticket(instrument=InstrumentId("phemex", symbol))) == {Rule.SYMBOL}
    assert rules(ticket(instrument=InstrumentId("elsewhere", "BTCUSDT"))) == {Rule.SYMBOL}


def test_a_delisted_contract_takes_nothing() -> None:
    gone = replace(BTC, tradable=False)
    assert Rule.NOT_TRADABLE in rules(instrument=gone)
    assert Rule.NOT_TRADABLE in rules(EXIT, facts(positions=(LONG,)), instrument=gone)


@pytest.mark.parametrize(("price", "fix"), [("9999.05", "9999"), ("9999.1", None), ("9999.15", "9999.1")])
def test_half_a_tick(price: str, fix: str | None) -> None:
    found = judge(ticket(price=D(price)))
    assert [o.fix for o in found if o.code is Rule.TICK] == ([fix] if fix else [])


@pytest.mark.parametrize("name", ["take_profit", "stop_loss", "trigger_price"])
def test_half_a_tick_in_a_trigger(name: str) -> None:
    kind = OrderType.STOP_LIMIT if name == "trigger_price" else OrderType.LIMIT
    assert Rule.TICK in rules(ticket(type=kind, **{name: D("10000.15")}))


@pytest.mark.parametrize(
    ("qty", "fix"), [("0.0095", "0.009 BTC"), ("0.01", None), ("0.0105", "0.01 BTC"), ("0.0005", "0.001 BTC")]
)
def test_half_a_lot(qty: str, fix: str | None) -> None:
    found = judge(ticket(qty=D(qty)))
    assert [o.fix for o in found if o.code is Rule.LOT] == ([fix] if fix else [])


@pytest.mark.parametrize(("qty", "refused"), [("0.001", True), ("0.002", False), ("0.003", False)])
def test_smallest_size(qty: str, refused: bool) -> None:
    assert (Rule.MIN_QTY in rules(ticket(qty=D(qty)))) is refused


@pytest.mark.parametrize(("qty", "refused"), [("99.999", False), ("100", False), ("100.001", True)])
def test_largest_size(qty: str, refused: bool) -> None:
    assert (Rule.MAX_QTY in rules(ticket(qty=D(qty)))) is refused


@pytest.mark.parametrize(("notional", "refused"), [("99.98", False), ("99.99", False), ("100", True)])
def test_smallest_value(notional: str, refused: bool) -> None:
    dear = replace(BTC, min_notional=D(notional))
    found = judge(instrument=dear)  # 0.01 at 9999 is worth 99.99
    assert (Rule.MIN_NOTIONAL in {o.code for o in found}) is refused
    if refused:
        assert only(found, Rule.MIN_NOTIONAL).fix == "0.011 BTC"


def test_smallest_value_only_warns_about_an_exit() -> None:
    found = judge(EXIT, facts(positions=(LONG,)), instrument=replace(BTC, min_notional=D(1000)))
    assert not only(found, Rule.MIN_NOTIONAL).hard


@pytest.mark.parametrize(
    ("price", "refused"),
    [("999.9", True), ("1000", False), ("1000.1", False), ("499999.9", False), ("500000", False), ("500000.1", True)],
)
def test_price_range(price: str, refused: bool) -> None:
    assert (Rule.PRICE_RANGE in rules(ticket(price=D(price)))) is refused


# -- shape -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        {"qty": D(0)},
        {"qty": D("-0")},
        {"qty": D(-1)},
        {"qty": D("NaN")},
        {"qty": D("sNaN")},
        {"qty": D("Infinity")},
        {"qty": D("9" * 40)},
        {"qty": D("1e999999999999999999")},
        {"qty": D(0), "close_on_trigger": True},
        {"qty": D(0), "type": OrderType.STOP, "price": None, "trigger_price": D(10100)},
        {"price": None},
        {"price": D(0)},
        {"price": D(-5)},
        {"price": D("1e-60")},
        {"trigger_price": D(9000)},
        {"type": OrderType.STOP},
        {"type": OrderType.STOP_LIMIT},
        {"type": OrderType.MARKET, "price": None, "tif": TimeInForce.POST_ONLY},
        {"type": OrderType.STOP, "trigger_price": D(0), "price": None},
        {"stop_loss": D(0)},
        {"take_profit": D("NaN")},
    ],
)
def test_a_ticket_that_contradicts_itself_is_refused_before_anything_else(change: dict[str, Any]) -> None:
    found = judge(ticket(**change))
    assert {o.code for o in found} == {Rule.SHAPE}
    assert all(o.hard and o.fix for o in found)


def test_thirty_decimals_are_off_the_lot() -> None:
    assert Rule.LOT in rules(ticket(qty=D("0.010000000000000000000000000001")))


def test_an_inverse_contract_at_price_zero_divides_by_nothing() -> None:
    assert rules(ticket(instrument=COIN.id, price=D(0), qty=D(100)), instrument=COIN) == {Rule.SHAPE}


def test_size_zero_means_the_whole_position_only_when_closing_on_a_trigger() -> None:
    stop = ticket(side=Side.SELL, type=OrderType.STOP, qty=D(0), price=None, trigger_price=D(9500), close_on_trigger=True)
    assert judge(stop, facts(positions=(LONG,))) == []
    assert Rule.REDUCE_ONLY in rules(stop)


# -- position and reduction --------------------------------------------------------------------------------------------


def test_position_side_must_fit_the_mode() -> None:
    assert Rule.POSITION_SIDE in rules(ticket(position_side=PositionSide.LONG))
    found = judge(facts=facts(mode=PositionMode.HEDGED))
    assert only(found, Rule.POSITION_SIDE).fix == "pos:long"
    assert judge(ticket(position_side=PositionSide.LONG), facts(mode=PositionMode.HEDGED)) == []


def test_reduce_only_without_a_position() -> None:
    assert only(judge(EXIT), Rule.REDUCE_ONLY).hard
    assert only(judge(EXIT, facts(positions=(replace(LONG, side=None, qty=D(0)),))), Rule.REDUCE_ONLY).hard


def test_reduce_only_that_would_add() -> None:
    assert only(judge(EXIT, facts(positions=(SHORT,))), Rule.REDUCE_ONLY).hard


@pytest.mark.parametrize(("qty", "offered"), [("0.009", False), ("0.01", False), ("0.011", True)])
def test_reduce_only_larger_than_the_position_offers_its_size(qty: str, offered: bool) -> None:
    found = judge(replace(EXIT, qty=D(qty)), facts(positions=(LONG,)))
    assert [(o.fix, o.hard) for o in found] == ([("0.01 BTC", False)] if offered else [])


@pytest.mark.parametrize(("qty", "refused"), [("0.009", False), ("0.01", False), ("0.011", True)])
def test_a_plain_order_may_not_turn_a_position_around(qty: str, refused: bool) -> None:
    found = judge(ticket(side=Side.SELL, price=D(10001), qty=D(qty)), facts(positions=(LONG,)))
    assert [o.code for o in found] == ([Rule.FLIP] if refused else [])


def test_a_hedged_leg_is_closed_by_its_own_side() -> None:
    hedged = facts(mode=PositionMode.HEDGED, positions=(replace(LONG, position_side=PositionSide.LONG),))
    close = ticket(side=Side.SELL, price=D(10001), position_side=PositionSide.LONG)
    assert judge(close, hedged) == []
    assert Rule.REDUCE_ONLY in rules(replace(close, side=Side.BUY, price=D(9999), position_side=PositionSide.SHORT), hedged)


@pytest.mark.parametrize(
    ("change", "position", "exact"),
    [
        ({}, LONG, True),
        ({"qty": D("0.02")}, LONG, True),
        ({"reduce_only": False}, LONG, False),
        ({"reduce_only": False, "close_on_trigger": True}, LONG, True),
        ({}, SHORT, False),
        ({}, None, False),
        ({}, replace(LONG, qty=D(0)), False),
        ({"instrument": COIN.id}, LONG, False),
        ({"position_side": PositionSide.LONG}, LONG, False),
        ({"position_side": PositionSide.LONG, "reduce_only": False}, replace(LONG, position_side=PositionSide.LONG), True),
        ({"qty": D(0)}, LONG, False),
    ],
)
def test_reduces(change: dict[str, Any], position: Position | None, exact: bool) -> None:
    assert reduces(replace(EXIT, **change), position) is exact


# -- post-only, triggers, attached exits -------------------------------------------------------------------------------


@pytest.mark.parametrize(("price", "refused"), [("10000", False), ("10000.1", True), ("10000.2", True)])
def test_a_post_only_buy_rests_below_the_ask(price: str, refused: bool) -> None:
    found = judge(ticket(price=D(price), tif=TimeInForce.POST_ONLY))
    assert [(o.code, o.fix, o.hard) for o in found] == ([(Rule.POST_ONLY, "@ 10000 rests", True)] if refused else [])


@pytest.mark.parametrize(("price", "refused"), [("9999.8", True), ("9999.9", True), ("10000", False)])
def test_a_post_only_sell_rests_above_the_bid(price: str, refused: bool) -> None:
    found = judge(ticket(side=Side.SELL, price=D(price), tif=TimeInForce.POST_ONLY))
    assert [o.fix for o in found] == (["@ 10000 rests"] if refused else [])


@pytest.mark.parametrize("source", TriggerSource)
@pytest.mark.parametrize(
    ("kind", "side", "above"),
    [
        (OrderType.STOP, Side.BUY, True),
        (OrderType.STOP, Side.SELL, False),
        (OrderType.MARKET_IF_TOUCHED, Side.BUY, False),
        (OrderType.MARKET_IF_TOUCHED, Side.SELL, True),
    ],
)
@pytest.mark.parametrize("ticks", [-1, 0, 1])
def test_a_trigger_lies_on_its_own_side(kind: OrderType, side: Side, above: bool, source: TriggerSource, ticks: int) -> None:
    reference = FACTS.reference(source)
    assert reference is not None
    stop = ticket(side=side, type=kind, price=None, trigger_price=reference + ticks * BTC.tick, trigger_source=source)
    assert (Rule.TRIGGER_SIDE in rules(stop)) is not (ticks > 0 if above else ticks < 0)


def test_a_trigger_without_its_reference() -> None:
    stop = ticket(type=OrderType.STOP, price=None, trigger_price=D(10100), trigger_source=TriggerSource.LAST)
    assert Rule.NO_MARK in rules(stop, facts(last=None))
    protective = replace(stop, side=Side.SELL, trigger_price=D(9500), reduce_only=True)
    assert judge(protective, facts(last=None, positions=(LONG,))) == []


@pytest.mark.parametrize(("level", "refused"), [("9998.9", False), ("9999", True), ("9999.1", True)])
def test_the_stop_of_a_buy_lies_below_it(level: str, refused: bool) -> None:
    assert (Rule.EXITS in rules(ticket(stop_loss=D(level)))) is refused


@pytest.mark.parametrize(("level", "refused"), [("9998.9", True), ("9999", True), ("9999.1", False)])
def test_the_target_of_a_buy_lies_above_it(level: str, refused: bool) -> None:
    assert (Rule.EXITS in rules(ticket(take_profit=D(level)))) is refused


def test_exits_of_a_sell_are_mirrored_and_a_market_order_measures_from_the_touch() -> None:
    sell = ticket(side=Side.SELL, price=D(10001), stop_loss=D(10002), take_profit=D(9000))
    assert judge(sell) == []
    assert Rule.EXITS in rules(replace(sell, stop_loss=D(9000), take_profit=D(10002)))
    market = ticket(type=OrderType.MARKET, price=None, stop_loss=D("10000.1"))
    assert Rule.EXITS in rules(market)
    assert judge(replace(market, stop_loss=D(10000))) == []


def test_an_exit_takes_no_exits() -> None:
    assert Rule.EXITS in rules(replace(EXIT, stop_loss=D(11000)), facts(positions=(LONG,)))
