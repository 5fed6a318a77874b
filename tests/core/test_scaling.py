"""A scale in numbers: nothing of the size is lost, nothing is off a grid, and the average is what the orders come to."""

from __future__ import annotations

from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.risk_case import BTC, COIN
from tui_trader.core.command import Scale
from tui_trader.core.error import CommandError
from tui_trader.core.grammar import parse_one
from tui_trader.core.scaling import average, prices, rungs, weights
from tui_trader.core.types import Side


def scale(line: str) -> Scale:
    command = parse_one(line)
    assert isinstance(command, Scale)
    return command


@pytest.mark.parametrize(
    ("shape", "shares"),
    [("even", "1 1 1 1"), ("up", "1 2 3 4"), ("down", "4 3 2 1"), ("x2", "1 2 4 8"), ("x0.5", "1 0.5 0.25 0.125")],
)
def test_shapes_are_these_parts(shape: str, shares: str) -> None:
    assert weights(scale(f"scale buy 1 in 4 from 100 to 90 {shape}")) == [D(one) for one in shares.split()]


def test_prices_include_both_ends_and_lie_on_ticks_never_worse_than_meant() -> None:
    found = prices(D("10000"), D("9999"), 4, BTC, Side.BUY)
    assert found[0] == D("10000")
    assert found[-1] == D("9999")
    assert found == [D("10000"), D("9999.6"), D("9999.3"), D("9999")]
    assert prices(D("9999"), D("10000"), 4, BTC, Side.SELL)[1] == D("9999.4")


def test_more_orders_than_ticks_are_refused_with_how_many_fit() -> None:
    with pytest.raises(CommandError, match="there are 3 prices, not 4") as caught:
        prices(D("10000"), D("9999.8"), 4, BTC, Side.BUY)
    assert caught.value.fix == "in 3"


def test_parts_that_are_too_small_are_refused_with_how_many_fit() -> None:
    with pytest.raises(CommandError, match=r"smallest of 4 orders would be 0\.001 BTC, less than 0\.002") as caught:
        rungs([D(1)] * 4, [D(1)] * 4, D("0.006"), BTC)
    assert caught.value.fix == "in 3, or a larger size"


@given(
    st.integers(2, 50),
    st.sampled_from(["even", "up", "down", "x1.3", "x0.8", "x10"]),
    st.integers(1, 10_000_000),
    st.integers(10, 10_000),
    st.booleans(),
)
def test_the_sizes_are_the_whole_and_the_average_is_theirs(count: int, shape: str, lots: int, gap: int, rises: bool) -> None:
    shares = weights(scale(f"scale buy 1 in {count} from 100 to 90 {shape}"))
    start, end = D("20000"), D("20000") + (1 if rises else -1) * BTC.tick * count * gap / 10
    qty = BTC.lot * lots
    try:
        levels = prices(start, end, count, BTC, Side.BUY)
        found = rungs(levels, shares, qty, BTC)
    except CommandError:
        return  # too many prices or too small parts: said elsewhere
    assert sum(rung.qty for rung in found) == qty
    assert all(BTC.on_tick(rung.price) and BTC.on_lot(rung.qty) and rung.qty >= BTC.lot for rung in found)
    assert len({rung.price for rung in found}) == count
    middle = average(levels, shares, BTC)
    assert min(levels) <= middle <= max(levels)
    by_hand = sum(rung.qty * rung.price for rung in found) / qty
    assert abs(by_hand - middle) <= (max(levels) - min(levels)) * BTC.lot * count / qty + D("1e-20")


def test_the_average_of_an_inverse_contract_is_harmonic() -> None:
    found = average([D(100), D(200)], [D(1), D(1)], COIN)
    assert found.quantize(D("1e-12")) == (D(400) / D(3)).quantize(D("1e-12"))
    assert average([D(100), D(200)], [D(1), D(1)], BTC) == 150
