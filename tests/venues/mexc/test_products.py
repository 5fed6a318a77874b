"""The product list: contracts become base units, and only what may be traded by API is tradable."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal as D
from typing import Any

import pytest

from tests.venues.mexc.conftest import answer, listed
from tui_trader.core.event import Unreadable
from tui_trader.core.types import ContractKind
from tui_trader.venues.base import Outcome
from tui_trader.venues.mexc.orders import MexcOrders
from tui_trader.venues.mexc.terms import volume


def test_the_documented_list(orders: MexcOrders, rest: Callable[[str], Any]) -> None:
    verdict = orders.parse(orders.instruments(), answer(rest("ExchangeData/GetSymbols")))
    btc, eth = listed(verdict)
    assert verdict.outcome is Outcome.ACK
    assert (btc.symbol, btc.kind, btc.base, btc.quote, btc.settle) == ("BTC_USDT", ContractKind.LINEAR, "BTC", "USDT", "USDT")
    assert (btc.tick, btc.lot, btc.wire_lot, btc.contract_size) == (D("0.5"), D("0.0001"), D("0.0001"), D(1))
    assert (btc.min_qty, btc.max_qty, btc.size_unit) == (D("0.0001"), D(100), "BTC")
    assert (btc.max_leverage, btc.default_leverage) == (D(125), D(20))
    assert (btc.maker_fee, btc.taker_fee, btc.tradable) == (D("0.0002"), D("0.0006"), True)
    assert (eth.symbol, eth.lot, eth.tick) == ("ETH_USDT", D("0.001"), D("0.05"))


def test_one_contract_without_the_list(orders: MexcOrders, rest: Callable[[str], Any]) -> None:
    [btc] = listed(orders.parse(orders.instruments(), answer(rest("ExchangeData/GetSymbol"))))
    assert btc.symbol == "BTC_USDT"


def test_an_older_list_does_not_say_whether_the_api_may_trade(orders: MexcOrders, recorded: Callable[..., Any]) -> None:
    [btc] = listed(orders.parse(orders.instruments(), answer(recorded("fetch_swap_markets"))))
    assert btc.tradable
    assert btc.tick == D("0.5")


@pytest.mark.parametrize(
    ("change", "tradable"),
    [({"apiAllowed": False}, False), ({"state": 4}, False), ({"state": 0}, True), ({"settleCoin": "BTC"}, True)],
)
def test_what_may_be_traded(orders: MexcOrders, rest: Callable[[str], Any], change: dict[str, Any], tradable: bool) -> None:
    row = {**rest("ExchangeData/GetSymbol")["data"], **change}  # the documented row with one field changed
    [one] = listed(orders.parse(orders.instruments(), answer({"success": True, "code": 0, "data": [row]})))
    assert one.tradable is tradable


def test_a_coin_margined_contract_is_counted_in_contracts(orders: MexcOrders, rest: Callable[[str], Any]) -> None:
    row = {
        **rest("ExchangeData/GetSymbol")["data"],
        "symbol": "BTC_USD",
        "quoteCoin": "USD",
        "settleCoin": "BTC",
        "contractSize": 100,
    }
    [one] = listed(orders.parse(orders.instruments(), answer({"success": True, "code": 0, "data": [row]})))
    assert (one.kind, one.contract_size, one.lot, one.wire_lot, one.size_unit) == (ContractKind.INVERSE, D(100), D(1), D(1), "c")


def test_a_bad_row_costs_itself(orders: MexcOrders, rest: Callable[[str], Any]) -> None:
    good = rest("ExchangeData/GetSymbol")["data"]
    rows = [{**good, "contractSize": 0}, {**good, "symbol": "币_USDT"}, {**good, "settleCoin": "EUR"}, 5, good]
    verdict = orders.parse(orders.instruments(), answer({"success": True, "code": 0, "data": rows}))
    assert [one.symbol for one in listed(verdict)] == ["BTC_USDT"]
    assert sum(isinstance(event, Unreadable) for event in verdict.events) == 4


def test_sizes_are_whole_contracts(orders: MexcOrders, rest: Callable[[str], Any]) -> None:
    [btc] = listed(orders.parse(orders.instruments(), answer(rest("ExchangeData/GetSymbol"))))
    assert volume(D("0.001"), btc) == 10
    assert str(volume(D(20), btc)) == "200000"
    with pytest.raises(ValueError, match="multiple"):
        volume(D("0.00015"), btc)
