"""The same market elsewhere: by what a contract is, never by how it is spelled."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tui_trader.core.counterpart import DOLLARS, Likeness, counterparts, likeness
from tui_trader.core.instrument import Instrument
from tui_trader.core.types import ContractKind, InstrumentId


def contract(
    symbol: str, base: str, quote: str, settle: str, venue: str = "phemex", kind: ContractKind = ContractKind.LINEAR
) -> Instrument:
    return Instrument(InstrumentId(venue, symbol), kind, base, quote, settle, Decimal("0.1"), Decimal("0.001"))


PHEMEX = [
    contract("BTCUSDT", "BTC", "USDT", "USDT"),
    contract("BTCUSDC", "BTC", "USDC", "USDC"),
    contract("BTCUSD", "BTC", "USD", "BTC", kind=ContractKind.INVERSE),
    contract("ETHUSDT", "ETH", "USDT", "USDT"),
    contract("u1000PEPEUSDT", "1000PEPE", "USDT", "USDT"),
]
MEXC = [
    contract("BTC_USDT", "BTC", "USDT", "USDT", "mexc"),
    contract("BTC_USD", "BTC", "USD", "BTC", "mexc", ContractKind.INVERSE),
    contract("PEPE_USDT", "PEPE", "USDT", "USDT", "mexc"),
]
PARADEX = [contract("BTC-USD-PERP", "BTC", "USD", "USDC", "paradex")]


def symbols(found: list[Instrument]) -> list[str]:
    return [one.symbol for one in found]


def test_one_market_under_three_names() -> None:
    assert symbols(counterparts(PHEMEX[0], MEXC)) == ["BTC_USDT"]
    assert symbols(counterparts(MEXC[0], PHEMEX)) == ["BTCUSDT"]
    assert symbols(counterparts(PHEMEX[0], PARADEX)) == ["BTC-USD-PERP"]
    assert symbols(counterparts(MEXC[0], PARADEX)) == ["BTC-USD-PERP"]


def test_an_inverse_contract_is_another_market_than_a_linear_one() -> None:
    assert symbols(counterparts(PHEMEX[2], MEXC)) == ["BTC_USD"]
    assert counterparts(PHEMEX[2], PARADEX) == []


def test_what_may_be_several_is_told_as_several() -> None:
    assert symbols(counterparts(PARADEX[0], PHEMEX)) == ["BTCUSDC", "BTCUSDT"]


def test_what_is_not_listed_is_none() -> None:
    assert counterparts(PHEMEX[3], MEXC) == []
    assert counterparts(PHEMEX[4], MEXC) == []  # a thousand of them is another price: nobody strips digits off a name


def test_a_contract_that_is_not_traded_is_no_market() -> None:
    assert counterparts(PHEMEX[0], [replace(MEXC[0], tradable=False)]) == []


coins = st.sampled_from(["BTC", "ETH", "PEPE", "1000PEPE"])
money = st.sampled_from(["USD", "USDT", "USDC", "EUR", "BTC"])
names = st.text("ABCUSDT_-", min_size=1, max_size=12)
contracts = st.builds(contract, names, coins, money, money, st.sampled_from(["a", "b"]), st.sampled_from(list(ContractKind)))


@given(contracts, contracts)
def test_likeness_is_the_same_both_ways(one: Instrument, other: Instrument) -> None:
    assert likeness(one, other) is likeness(other, one)
    assert likeness(one, one) is Likeness.SAME


@given(contracts, st.lists(contracts, max_size=8), names)
def test_symbols_are_never_looked_at(one: Instrument, listed: list[Instrument], other_name: str) -> None:
    renamed = replace(one, id=InstrumentId("z", other_name))
    assert counterparts(one, listed) == counterparts(renamed, listed)


@given(contracts, st.lists(contracts, max_size=8, unique_by=lambda one: one.id))
def test_what_is_found_is_of_one_grade_and_nothing_better_was_left(one: Instrument, listed: list[Instrument]) -> None:
    found = counterparts(one, listed)
    grades = {likeness(one, other) for other in found}
    assert len(grades) <= 1
    assert Likeness.NONE not in grades
    best = max((likeness(one, other) for other in listed), default=Likeness.NONE)
    assert (best is Likeness.NONE) == (not found)
    assert not grades or grades == {best}
    for other in found:
        assert other.base == one.base
        assert other.kind is one.kind
        assert (other.quote, other.settle) == (one.quote, one.settle) or {one.quote, other.quote} <= DOLLARS


@given(contracts, st.lists(contracts, max_size=6, unique_by=lambda one: one.id), st.randoms())
def test_the_order_of_the_list_does_not_matter(one: Instrument, listed: list[Instrument], random: object) -> None:
    shuffled = list(listed)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert counterparts(one, listed) == counterparts(one, shuffled)
