"""What counts as protection: only what the venue confirmed, only on the right side of the right leg."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any

import pytest

from tui_trader.core.instrument import Instrument
from tui_trader.core.order import Order
from tui_trader.core.position import Position
from tui_trader.core.types import (
    ClientOrderId,
    ContractKind,
    InstrumentId,
    OrderStatus,
    OrderType,
    PositionMode,
    PositionSide,
    Side,
)
from tui_trader.state.cover import cover_of, open_risk, risk_to_stops

BTC = InstrumentId("phemex", "BTCUSDT")
LINEAR = Instrument(id=BTC, kind=ContractKind.LINEAR, base="BTC", quote="USDT", settle="USDT", tick=D("0.5"), lot=D("0.001"))


def leg(side: Side | None = Side.BUY, qty: str = "0.5", position_side: PositionSide = PositionSide.MERGED) -> Position:
    return Position(BTC, position_side, PositionMode.ONE_WAY, side, D(qty), D("67044"))


def stop(trigger: str = "66640", qty: str = "0.5", **more: Any) -> Order:
    values: dict[str, Any] = {
        "client_id": ClientOrderId(f"c{trigger}"),
        "instrument": BTC,
        "side": Side.SELL,
        "type": OrderType.STOP,
        "qty": D(qty),
        "status": OrderStatus.ARMED,
        "trigger_price": D(trigger),
        "reduce_only": True,
    }
    return Order(**(values | more))


def test_a_confirmed_stop_covers_its_size() -> None:
    cover = cover_of(leg(), [stop(qty="0.2"), stop("66000", "0.1")])
    assert cover.covered == D("0.3")
    assert cover.percent == 60
    assert cover.is_naked
    assert cover.stop is not None
    assert cover.stop.trigger_price == D("66640"), "a long is stopped at its highest stop first"


@pytest.mark.parametrize(
    "change",
    [
        {"status": OrderStatus.SENT},
        {"status": OrderStatus.ACKED},
        {"status": OrderStatus.UNKNOWN},
        {"status": OrderStatus.CANCELED},
        {"side": Side.BUY},
        {"reduce_only": False},
        {"type": OrderType.LIMIT, "price": D("68000")},
        {"position_side": PositionSide.LONG},
        {"instrument": InstrumentId("phemex", "ETHUSDT")},
        {"trigger_price": None},
    ],
)
def test_what_does_not_protect(change: dict[str, Any]) -> None:
    assert cover_of(leg(), [stop(**change)]).covered == 0


def test_a_stop_for_the_whole_position_covers_all_of_it() -> None:
    cover = cover_of(leg(), [stop(qty="0", close_on_trigger=True)])
    assert not cover.is_naked
    assert risk_to_stops(leg(), LINEAR, cover) == D("202.0")


@pytest.mark.parametrize("more", [{}, {"activation_price": D("68000")}])
def test_a_trailing_stop_that_follows_covers(more: dict[str, Any]) -> None:
    cover = cover_of(leg(), [stop(type=OrderType.TRAILING_STOP, trail=D(100), **more)])
    assert not cover.is_naked


def test_a_trailing_stop_that_waits_for_its_activation_covers_nothing() -> None:
    waiting = stop("68000", type=OrderType.TRAILING_STOP, trail=D(100), activation_price=D("68000"))
    assert cover_of(leg(), [waiting]).covered == 0


def test_open_risk_adds_up_by_currency_and_says_when_a_leg_is_unbounded() -> None:
    covered, naked = cover_of(leg(), [stop()]), cover_of(leg(), [])
    assert open_risk([(leg(), LINEAR, covered), (leg(), LINEAR, covered)]) == ({"USDT": D("404.0")}, True)
    assert open_risk([(leg(), LINEAR, covered), (leg(), LINEAR, naked)]) == ({"USDT": D("202.0")}, False)
    assert open_risk([]) == ({}, True)


def test_more_stops_than_position_are_not_more_than_all() -> None:
    assert cover_of(leg(), [stop(), stop("66000")]).percent == 100


def test_a_short_is_stopped_at_its_lowest_stop_first() -> None:
    cover = cover_of(leg(Side.SELL), [stop("68000", side=Side.BUY), stop("67500", side=Side.BUY)])
    assert [order.trigger_price for order in cover.stops] == [D("67500"), D("68000")]


def test_targets_are_told_apart_from_stops() -> None:
    near = stop("67800", type=OrderType.LIMIT_IF_TOUCHED)
    far = stop("68200", type=OrderType.LIMIT, trigger_price=None, price=D("68200"))
    cover = cover_of(leg(), [far, near])
    assert cover.targets == (near, far)
    assert cover.is_naked


def test_in_hedge_mode_the_leg_decides() -> None:
    order = stop(reduce_only=False, position_side=PositionSide.LONG)
    assert not cover_of(leg(position_side=PositionSide.LONG), [order]).is_naked


def test_risk_uses_the_stops_in_the_order_they_trigger_and_only_up_to_the_size() -> None:
    cover = cover_of(leg(qty="0.3"), [stop("67000", "0.1"), stop("66044", "0.9")])
    assert risk_to_stops(leg(qty="0.3"), LINEAR, cover) == D("0.1") * 44 + D("0.2") * 1000


def test_a_stop_beyond_entry_locks_in_a_profit() -> None:
    assert risk_to_stops(leg(), LINEAR, cover_of(leg(), [stop("67144")])) == D("-50.0")


def test_the_risk_of_a_naked_leg_has_no_bound() -> None:
    assert risk_to_stops(leg(), LINEAR, cover_of(leg(), [])) is None


def test_a_flat_leg_needs_no_cover() -> None:
    cover = cover_of(leg(None, "0"), [stop()])
    assert not cover.is_naked
    assert cover.percent == 100
    assert risk_to_stops(leg(None, "0"), LINEAR, cover) == 0
