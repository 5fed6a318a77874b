"""The words of the field and what they say of themselves."""

from __future__ import annotations

import pytest

from tui_trader.core.types import InstrumentId, OrderStatus, OrderType, Side


def test_sides() -> None:
    assert (Side.BUY.sign, Side.SELL.sign) == (1, -1)
    assert [side.opposite.opposite for side in Side] == list(Side)
    assert Side.BUY.opposite is Side.SELL


@pytest.mark.parametrize(
    ("kind", "conditional", "limit"),
    [
        (OrderType.LIMIT, False, True),
        (OrderType.MARKET, False, False),
        (OrderType.STOP, True, False),
        (OrderType.STOP_LIMIT, True, True),
        (OrderType.MARKET_IF_TOUCHED, True, False),
        (OrderType.LIMIT_IF_TOUCHED, True, True),
    ],
)
def test_order_types(kind: OrderType, conditional: bool, limit: bool) -> None:
    assert (kind.is_conditional, kind.has_limit) == (conditional, limit)


def test_unknown_is_working_and_five_states_are_final() -> None:
    assert OrderStatus.UNKNOWN.is_working
    assert {status for status in OrderStatus if status.is_terminal} == {
        OrderStatus.FILLED,
        OrderStatus.CANCELED,
        OrderStatus.REJECTED,
        OrderStatus.EXPIRED,
        OrderStatus.ABSENT,
    }
    assert all(status.is_terminal is not status.is_working for status in OrderStatus)


def test_instrument_id_reads_as_text() -> None:
    assert str(InstrumentId("phemex", "uBTCUSD")) == "phemex:uBTCUSD"
