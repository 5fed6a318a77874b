"""What follows from a position."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_trader.core.instrument import Instrument
from tui_trader.core.position import Position, break_even, liquidation_distance, merged_entry, return_on_margin, unrealised
from tui_trader.core.types import ContractKind, InstrumentId, PositionMode, PositionSide, Side

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
    LINEAR, id=InstrumentId("phemex", "BTCUSD"), kind=ContractKind.INVERSE, quote="USD", settle="BTC", lot=Decimal(1)
)
EPSILON = Decimal("1e-18")
"""Relative: ten digits below the last one that any venue keeps."""

contracts = st.sampled_from([LINEAR, INVERSE])
sides = st.sampled_from(Side)
prices = st.integers(10_000, 10_000_000).map(lambda ticks: Decimal(ticks) / 10)
sizes = st.integers(1, 1_000_000).map(Decimal)
rates = st.integers(-5, 20).map(lambda n: Decimal(n) / 10_000)


def _position(contract: Instrument, side: Side | None, qty: Decimal, entry: Decimal) -> Position:
    return Position(contract.id, PositionSide.MERGED, PositionMode.ONE_WAY, side, qty, entry)


@given(contracts, sides, sizes, prices, rates, rates, st.decimals(min_value=-1, max_value=1, places=3))
def test_closing_at_break_even_leaves_nothing(
    contract: Instrument, side: Side, qty: Decimal, entry: Decimal, taker: Decimal, close_fee: Decimal, funding_percent: Decimal
) -> None:
    contract = replace(contract, taker_fee=taker)
    value = contract.value(qty, entry)
    funding = value * funding_percent / 100
    leave = break_even(replace(_position(contract, side, qty, entry), funding=funding), contract, close_fee)
    assert leave is not None
    paid = value * taker + contract.value(qty, leave) * close_fee + funding
    assert abs(contract.pnl(side, qty, entry, leave) - paid) < value * EPSILON


def test_break_even_of_a_long_lies_above_its_entry() -> None:
    long = _position(LINEAR, Side.BUY, Decimal(1), Decimal(50_000))
    short = _position(LINEAR, Side.SELL, Decimal(1), Decimal(50_000))
    above, below = break_even(long, LINEAR), break_even(short, LINEAR)
    assert above is not None
    assert below is not None
    assert below < 50_000 < above


@pytest.mark.parametrize("change", [{"side": None}, {"qty": Decimal(0)}, {"entry": Decimal(0)}])
def test_a_flat_position_has_no_break_even(change: dict[str, Decimal | None]) -> None:
    assert break_even(replace(_position(LINEAR, Side.BUY, Decimal(1), Decimal(5)), **change), LINEAR) is None


@given(contracts, sides, sizes, prices, prices)
def test_open_profit_is_what_closing_would_realise(
    contract: Instrument, side: Side, qty: Decimal, entry: Decimal, mark: Decimal
) -> None:
    position = _position(contract, side, qty, entry)
    profit = unrealised(position, contract, mark)
    assert profit == contract.pnl(side, qty, entry, mark)
    assert (profit > 0) == ((mark - entry) * side.sign > 0)


def test_open_profit_of_documented_rows() -> None:
    long = _position(LINEAR, Side.BUY, Decimal("0.5"), Decimal(50_000))
    assert unrealised(long, LINEAR, Decimal(50_100)) == 50
    assert return_on_margin(long, LINEAR, Decimal(50_100)) == 2
    assert unrealised(_position(LINEAR, None, Decimal(0), Decimal(0)), LINEAR, Decimal(1)) == 0
    assert return_on_margin(_position(LINEAR, None, Decimal(0), Decimal(0)), LINEAR, Decimal(1)) is None


@given(contracts, sides, sizes, prices, sizes, prices, prices)
def test_adding_keeps_the_profit_of_the_parts(
    contract: Instrument, side: Side, qty: Decimal, entry: Decimal, add: Decimal, price: Decimal, mark: Decimal
) -> None:
    merged = merged_entry(contract, qty, entry, add, price)
    parts = contract.pnl(side, qty, entry, mark) + contract.pnl(side, add, price, mark)
    whole = contract.pnl(side, qty + add, merged, mark)
    assert abs(whole - parts) <= contract.value(qty + add, mark) * Decimal("1e-20")
    assert min(entry, price) * (1 - EPSILON) <= merged <= max(entry, price) * (1 + EPSILON)


def test_adding_to_nothing() -> None:
    assert merged_entry(LINEAR, Decimal(0), Decimal(0), Decimal(2), Decimal(7)) == 7
    assert merged_entry(LINEAR, Decimal(0), Decimal(0), Decimal(0), Decimal(7)) == 0


def test_distance_to_liquidation() -> None:
    position = replace(_position(LINEAR, Side.BUY, Decimal(1), Decimal(100)), liquidation=Decimal(90))
    assert liquidation_distance(position, Decimal(100)) == 10
    assert liquidation_distance(position, Decimal(0)) is None
    assert liquidation_distance(replace(position, liquidation=None), Decimal(100)) is None
    assert liquidation_distance(replace(position, side=None), Decimal(100)) is None


def test_sign_and_key() -> None:
    short = _position(LINEAR, Side.SELL, Decimal(2), Decimal(1))
    assert short.signed_qty == -2
    assert short.key == (LINEAR.id, PositionSide.MERGED)
    assert replace(short, side=None).signed_qty == 0
