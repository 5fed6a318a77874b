"""Rounding, value and profit of one contract."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_trader.core.instrument import Instrument, RiskTier
from tui_trader.core.types import ContractKind, InstrumentId, Side

LINEAR = Instrument(
    id=InstrumentId("phemex", "BTCUSDT"),
    kind=ContractKind.LINEAR,
    base="BTC",
    quote="USDT",
    settle="USDT",
    tick=Decimal("0.1"),
    lot=Decimal("0.001"),
)
INVERSE = replace(
    LINEAR,
    id=InstrumentId("phemex", "BTCUSD"),
    kind=ContractKind.INVERSE,
    quote="USD",
    settle="BTC",
    tick=Decimal("0.5"),
    lot=Decimal(1),
)
prices = st.integers(1, 10_000_000).map(lambda ticks: Decimal(ticks) / 10)
sizes = st.integers(1, 10_000_000).map(lambda lots: Decimal(lots) / 1000)


@pytest.mark.parametrize("field", ["tick", "lot"])
@pytest.mark.parametrize("step", ["0", "-0.1"])
def test_a_grid_must_be_positive(field: str, step: str) -> None:
    with pytest.raises(ValueError, match="tick and lot must be positive"):
        replace(LINEAR, **{field: Decimal(step)})


def test_ticks_there_and_back() -> None:
    assert LINEAR.to_ticks(Decimal("50000.1")) == 500_001
    assert LINEAR.from_ticks(500_001) == Decimal("50000.1")
    with pytest.raises(ValueError, match="not a multiple of the tick"):
        LINEAR.to_ticks(Decimal("50000.05"))


def test_places_and_unit() -> None:
    assert (LINEAR.price_places, LINEAR.qty_places, LINEAR.size_unit) == (1, 3, "BTC")
    assert (INVERSE.price_places, INVERSE.qty_places, INVERSE.size_unit) == (1, 0, "c")


@given(st.decimals(min_value="0.1", max_value=100_000, places=4))
def test_a_price_is_never_rounded_past_what_was_meant(price: Decimal) -> None:
    assert LINEAR.round_price(price, Side.BUY) <= price <= LINEAR.round_price(price, Side.SELL)
    assert LINEAR.on_tick(LINEAR.round_price(price))


@given(st.decimals(min_value=0, max_value=1000, places=6))
def test_a_size_is_rounded_down(qty: Decimal) -> None:
    rounded = LINEAR.round_qty(qty)
    assert LINEAR.on_lot(rounded)
    assert 0 <= qty - rounded < LINEAR.lot


@given(sizes, prices)
def test_value(qty: Decimal, price: Decimal) -> None:
    assert Fraction(LINEAR.value(qty, price)) == Fraction(qty) * Fraction(price)
    assert abs(Fraction(INVERSE.value(qty, price)) - Fraction(qty) / Fraction(price)) < Fraction(1, 10**38)


def test_an_inverse_contract_at_price_zero_is_worth_nothing() -> None:
    assert INVERSE.value(Decimal(1000), Decimal(0)) == 0


@given(st.decimals(min_value=1, max_value=100_000, places=2), prices)
def test_size_for_a_value_is_the_largest_that_does_not_exceed_it(value: Decimal, price: Decimal) -> None:
    qty = LINEAR.qty_for_value(value, price)
    assert LINEAR.value(qty, price) <= value < LINEAR.value(qty + LINEAR.lot, price)


def test_size_for_a_value_inverse() -> None:
    assert INVERSE.qty_for_value(Decimal("0.02"), Decimal(50_000)) == 1000
    assert LINEAR.qty_for_value(Decimal(1), Decimal(0)) == 0


@pytest.mark.parametrize(
    ("contract", "side", "entry", "leave", "profit"),
    [
        (LINEAR, Side.BUY, "50000", "50100", "200"),
        (LINEAR, Side.SELL, "50000", "50100", "-200"),
        (INVERSE, Side.BUY, "40000", "50000", "0.00001"),
        (INVERSE, Side.SELL, "50000", "40000", "0.00001"),
    ],
)
def test_profit(contract: Instrument, side: Side, entry: str, leave: str, profit: str) -> None:
    assert contract.pnl(side, Decimal(2), Decimal(entry), Decimal(leave)) == Decimal(profit)


def test_profit_of_nothing_is_nothing() -> None:
    assert INVERSE.pnl(Side.BUY, Decimal(2), Decimal(0), Decimal(5)) == 0
    assert LINEAR.pnl(Side.BUY, Decimal(0), Decimal(1), Decimal(5)) == 0


def test_tiers_at_their_bounds() -> None:
    low = RiskTier(Decimal(50_000), Decimal(20), Decimal("0.01"), Decimal(0))
    high = RiskTier(Decimal(100_000), Decimal(10), Decimal("0.06"), Decimal(2500))
    tiered = replace(LINEAR, tiers=(low, high))
    assert tiered.tier_for(Decimal(50_000)) is low
    assert tiered.tier_for(Decimal("50000.01")) is high
    assert tiered.tier_for(Decimal(10**9)) is high
    assert LINEAR.tier_for(Decimal(1)) is None
