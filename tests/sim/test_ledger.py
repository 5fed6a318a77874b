"""Money and positions: the venue's own worked numbers, exactness of partial closes, and that nothing is created."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_trader.core.instrument import Instrument, RiskTier
from tui_trader.core.types import ContractKind, InstrumentId, PositionSide, Side
from tui_trader.sim.ledger import FEES, HOUSE, INSURANCE, Ledger
from tui_trader.sim.margin import allowed_tier, maintenance, order_cost, position_cost, price_losing, unrealised
from tui_trader.sim.products import phemex_instruments
from tui_trader.sim.types import SimPosition

BUY, SELL = Side.BUY, Side.SELL
MERGED = PositionSide.MERGED
BTC = phemex_instruments(["BTCUSDT"])[0]
INVERSE = Instrument(
    InstrumentId("phemex", "BTCUSD"),
    ContractKind.INVERSE,
    "BTC",
    "USD",
    "BTC",
    tick=D("0.5"),
    lot=D(1),
    taker_fee=D("0.00075"),
)


class Marks(dict[str, D]):
    """Marks by symbol, to be set by a test."""


@pytest.fixture
def marks() -> Marks:
    return Marks(BTCUSDT=D(50_000), BTCUSD=D(50_000))


@pytest.fixture
def ledger(marks: Marks) -> Ledger:
    made = Ledger({"BTCUSDT": BTC, "BTCUSD": INVERSE}, lambda symbol: marks[symbol])
    made.open("a", {"USDT": D(10_000), "BTC": D(1)})
    made.open("b", {"USDT": D(10_000), "BTC": D(1)})
    return made


def trade(ledger: Ledger, buyer: str, seller: str, qty: str, price: str, fee: str = "0", symbol: str = "BTCUSDT") -> tuple[D, D]:
    bought = ledger.fill(buyer, symbol, MERGED, BUY, D(qty), D(price), D(fee))
    sold = ledger.fill(seller, symbol, MERGED, SELL, D(qty), D(price), D(fee))
    return bought, sold


@pytest.mark.parametrize(
    ("instrument", "leverage", "side", "factor"),
    [
        (BTC, 10, BUY, "0.10114"),
        (BTC, 10, SELL, "0.10126"),
        (INVERSE, 100, BUY, "0.0115075"),
        (INVERSE, 100, SELL, "0.0114925"),
    ],
)
def test_order_cost_is_the_venues_factor(instrument: Instrument, leverage: int, side: Side, factor: str) -> None:
    assert order_cost(instrument, side, D(1000), D(leverage)) == D(1000) * D(factor)


def test_order_cost_is_rounded_up() -> None:
    assert order_cost(BTC, BUY, D("0.00000001"), D(10)) == D("0.00000001")


def test_maintenance_has_no_step_between_tiers() -> None:
    edge = BTC.tiers[0].notional
    below, above = maintenance(BTC, edge), maintenance(BTC, edge + D("0.01"))
    assert below == D(10_000)
    assert D(0) < above - below < D("0.001")


def test_maintenance_without_tiers_is_half_the_smallest_initial_margin() -> None:
    assert maintenance(INVERSE, D(1)) == D("0.005")


def test_tiers_admit_by_value_and_leverage() -> None:
    tier = RiskTier(D(2_000_000), D(100), D("0.005"), D(0))
    assert allowed_tier(BTC, D(2_000_000), D(100)) == tier
    assert allowed_tier(BTC, D(2_000_001), D(100)) is None
    assert allowed_tier(BTC, D(2_000_001), D(67)) is not None
    assert allowed_tier(BTC, BTC.tiers[-1].notional + 1, D(1)) is None


def test_entry_is_the_average_and_a_partial_close_keeps_it(ledger: Ledger) -> None:
    trade(ledger, "a", "b", "0.1", "50000")
    trade(ledger, "a", "b", "0.2", "50003.1")
    position = ledger.position("a", "BTCUSDT", MERGED)
    entry = position.entry
    assert position.cost == D("15000.62")
    bought, sold = trade(ledger, "b", "a", "0.1", "50010")
    assert sold == D("5001") - D("5000.20666667")
    assert bought == -sold
    assert position.entry == entry
    assert position.cost == D("15000.62") - D("5000.20666667")


def test_a_flip_closes_then_opens(ledger: Ledger) -> None:
    trade(ledger, "a", "b", "0.1", "50000")
    _, sold = trade(ledger, "b", "a", "0.3", "51000", fee="2")
    position = ledger.position("a", "BTCUSDT", MERGED)
    assert sold == D(100)
    assert position.qty == D("-0.2")
    assert position.entry == D(51_000)
    assert ledger.accounts["a"].balances["USDT"] == D(10_098)
    assert ledger.accounts[FEES].balances["USDT"] == D(4)


def test_going_flat_begins_a_new_term(ledger: Ledger) -> None:
    trade(ledger, "a", "b", "0.1", "50000", fee="3")
    position = ledger.position("a", "BTCUSDT", MERGED)
    assert (position.term, position.term_realised) == (1, D(-3))
    trade(ledger, "b", "a", "0.1", "50100", fee="3")
    assert (position.term, position.term_realised) == (2, D(0))
    assert (position.realised, position.fees) == (D(10), D(6))
    assert (position.qty, position.cost, position.entry) == (D(0), D(0), D(0))


def test_open_interest_counts_each_contract_once(ledger: Ledger) -> None:
    trade(ledger, "a", "b", "0.3", "50000")
    assert ledger.open_interest["BTCUSDT"] == D("0.3")
    trade(ledger, "b", "a", "0.5", "50000")
    assert ledger.open_interest["BTCUSDT"] == D("0.2")


@pytest.mark.parametrize("side", [BUY, SELL])
def test_isolated_liquidation_and_bankruptcy(ledger: Ledger, marks: Marks, side: Side) -> None:
    position = ledger.position("a", "BTCUSDT", MERGED)
    position.isolated = True
    trade(ledger, *(("a", "b") if side is BUY else ("b", "a")), "0.1", "50000")
    # 10x: a tenth of entry down to bankruptcy, half a percent of it earlier to liquidation (phemex contract reference).
    assert ledger.bankrupt_price("a", position) == 50_000 - side.sign * D(5_000)
    assert ledger.liquidation_price("a", position) == 50_000 - side.sign * D(4_750)
    marks["BTCUSDT"] = D(50_000) - side.sign * D("4749.9")
    assert ledger.standing("a", position).is_sound
    marks["BTCUSDT"] = D(50_000) - side.sign * D(4_750)
    assert not ledger.standing("a", position).is_sound
    assert ledger.liquidation_price("a", position) == 50_000 - side.sign * D(4_750)


def test_cross_liquidation_counts_the_whole_balance(ledger: Ledger) -> None:
    trade(ledger, "a", "b", "1", "50000")
    position = ledger.position("a", "BTCUSDT", MERGED)
    fee = D(50_000) * D("0.0006") * D("0.9")
    assert ledger.liquidation_price("a", position) == 50_000 - (10_000 - fee - 250)
    assert ledger.bankrupt_price("a", position) == 50_000 - (10_000 - fee)


def test_a_position_that_cannot_be_ruined_has_no_liquidation_price(ledger: Ledger) -> None:
    trade(ledger, "a", "b", "0.1", "50000")
    assert ledger.liquidation_price("a", ledger.position("a", "BTCUSDT", MERGED)) is None


def test_isolated_margin_is_released_in_proportion(ledger: Ledger) -> None:
    position = ledger.position("a", "BTCUSDT", MERGED)
    position.isolated = True
    trade(ledger, "a", "b", "0.4", "50000")
    whole = position_cost(BTC, BUY, D(20_000), D(10))
    assert position.margin == whole
    trade(ledger, "b", "a", "0.1", "50000")
    assert position.margin == whole * 3 / 4
    trade(ledger, "b", "a", "0.3", "50000")
    assert position.margin == 0


def test_longs_pay_a_positive_rate_and_only_rounding_is_left(ledger: Ledger) -> None:
    ledger.open("c", {"USDT": D(100)})
    trade(ledger, "a", "b", "0.0001", "50000")
    trade(ledger, "c", "b", "0.0002", "50000")
    rate, mark = D("0.00012345"), D("50000.3")
    paid = [ledger.charge_funding(one, ledger.position(one, "BTCUSDT", MERGED), rate, mark) for one in ("a", "b", "c")]
    assert paid[0] > 0 > paid[1]
    assert ledger.accounts["a"].balances["USDT"] == D(10_000) - paid[0]
    assert abs(ledger.accounts[INSURANCE].balances["USDT"]) <= D("0.00000002")
    assert ledger.position("b", "BTCUSDT", MERGED).funding == paid[1]


def test_isolated_funding_comes_out_of_its_own_margin(ledger: Ledger) -> None:
    position = ledger.position("a", "BTCUSDT", MERGED)
    position.isolated = True
    trade(ledger, "a", "b", "0.1", "50000")
    margin = position.margin
    paid = ledger.charge_funding("a", position, D("0.001"), D(50_000))
    assert paid == D(5)
    assert position.margin == margin - 5


def test_inverse_profit_follows_the_reciprocal() -> None:
    position = SimPosition("BTCUSD", MERGED, qty=D(10_000), entry=D(50_000), cost=D("0.2"))
    assert unrealised(INVERSE, position, D(40_000)) == D("-0.05")
    assert price_losing(INVERSE, position, D(40_000), D("0.25")) == D(20_000)
    short = replace(position, qty=D(-10_000))
    assert unrealised(INVERSE, short, D(40_000)) == D("0.05")


def test_inverse_sides_of_a_trade_cancel_out(ledger: Ledger) -> None:
    trade(ledger, "a", "b", "7777", "50000.5", symbol="BTCUSD")
    bought, sold = trade(ledger, "b", "a", "3333", "51234.5", symbol="BTCUSD")
    assert bought == -sold
    assert sold > 0


def test_an_account_opens_once(ledger: Ledger) -> None:
    with pytest.raises(ValueError, match="exists"):
        ledger.open("a", {})


moves = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from("abc"), st.integers(1, 50), st.integers(-400, 400), st.integers(-9, 30)),
    max_size=40,
)


@given(moves, st.integers(-3_000, 3_000), st.booleans())
def test_nothing_is_created(fills: list[tuple[str, str, int, int, int]], rate: int, isolated: bool) -> None:
    marks = Marks(BTCUSDT=D("50000.1"))
    ledger = Ledger({"BTCUSDT": BTC}, lambda symbol: marks[symbol])
    for account in "abc":
        ledger.open(account, {"USDT": D(10_000)})
    ledger.position("a", "BTCUSDT", MERGED).isolated = isolated
    for buyer, seller, lots, ticks, fee in fills:
        if buyer == seller:
            continue
        qty, price = lots * BTC.lot, 50_000 + ticks * BTC.tick
        ledger.fill(buyer, "BTCUSDT", MERGED, BUY, qty, price, fee * D("0.001"))
        ledger.fill(seller, "BTCUSDT", MERGED, SELL, qty, price, D("0.00000007"))
        marks["BTCUSDT"] = price + 3
    for account in (*"abc", *HOUSE):
        for position in ledger.open_positions(account):
            ledger.charge_funding(account, position, rate * D("0.0000001"), marks["BTCUSDT"])
    everyone = list(ledger.accounts.values())
    positions = [position for account in everyone for position in account.positions.values()]
    total = sum(account.balances.get("USDT", D(0)) for account in everyone)
    assert total + sum(ledger.unrealised(position) for position in positions) == 30_000
    assert sum(position.qty for position in positions) == 0
    assert all(position.cost >= 0 and (position.cost > 0) == bool(position.qty) for position in positions)
    assert ledger.open_interest.get("BTCUSDT", D(0)) == sum(p.qty for p in positions if p.qty > 0)
    assert all(position.margin == 0 for position in positions if not position.qty)
