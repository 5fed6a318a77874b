"""Product lists of 2021, 2025 and 2026 as instruments."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from tui_trader.core.error import WireError
from tui_trader.core.instrument import Instrument, RiskTier
from tui_trader.core.types import ContractKind, InstrumentId
from tui_trader.venues.phemex import products
from tui_trader.venues.phemex.wire import decode_body

D = Decimal


@pytest.fixture
def listing_2026(payload: Callable[[str], Any]) -> dict[str, Any]:
    """The list of 2026 in the venue's own shape (the recording was keyed by symbol)."""
    kept = payload("products_usdm_2026_trimmed.json")
    return {
        "currencies": [{"currency": name, **row} for name, row in kept["currencies"].items()],
        "perpProductsV2": [{"symbol": name, "type": "PerpetualV2", **row} for name, row in kept["futures"].items()],
        "leverageMargins": kept["leverageMargins"],
    }


def test_usd_m_2026(listing_2026: dict[str, Any]) -> None:
    listed, bad = products.usd_m(listing_2026)
    assert (len(listed), bad) == (14, [])
    known = {one.symbol: one for one in listed}
    btc = known["BTCUSDT"]
    assert btc.id == InstrumentId("phemex", "BTCUSDT")
    assert (btc.kind, btc.base, btc.quote, btc.settle) == (ContractKind.LINEAR, "BTC", "USDT", "USDT")
    assert (btc.tick, btc.lot, btc.min_qty, btc.max_qty) == (D("0.1"), D("0.0001"), D("0.0001"), D(1000))
    assert (btc.min_price, btc.max_price, btc.min_notional) == (D(1000), D(500000), D(1))
    assert (btc.max_leverage, btc.default_leverage, btc.funding_interval_s) == (D(100), D(10), 28800)
    assert (btc.price_places, btc.qty_places, btc.contract_size) == (1, 4, D(1))
    assert (btc.price_scale, btc.size_scale, btc.value_scale, btc.tradable) == (0, 0, 8, True)
    assert btc.tiers[0] == RiskTier(D(2000000), D(100), D("0.005"), D(0))
    assert btc.tiers[1] == RiskTier(D(4000000), D(67), D("0.0075"), D(5000))
    assert list(btc.tiers) == sorted(btc.tiers, key=lambda tier: tier.notional)
    pepe = known["u1000PEPEUSDT"]
    assert (pepe.base, pepe.tick, pepe.lot, pepe.qty_places) == ("1000PEPE", D("0.0000001"), D(1), 0)


def test_usd_m_2025(live: Callable[[str, str], bytes]) -> None:
    [btc], bad = products.usd_m(decode_body(live("rest_products", "simple"))["data"])
    assert (btc.symbol, btc.settle, btc.display, bad) == ("BTCUSDC", "USDC", "BTC / USDC", [])


def test_both_families_2025(live: Callable[[str, str], bytes]) -> None:
    data = decode_body(live("rest_products", "simple"))["data"]
    listed, bad = products.perpetuals(data)
    assert [one.symbol for one in listed] == ["BTCUSDC", "BTCUSD"]
    assert bad == []
    btc = listed[1]
    assert (btc.kind, btc.base, btc.quote, btc.settle) == (ContractKind.INVERSE, "BTC", "USD", "BTC")
    assert (btc.tick, btc.lot, btc.contract_size, btc.min_qty, btc.max_qty) == (D("0.1"), D(1), D(1), D(1), D(20000000))
    assert (btc.min_price, btc.max_price) == (D(10), D(1000000))
    assert (btc.price_scale, btc.size_scale, btc.value_scale) == (4, 0, 8)
    assert (btc.max_leverage, btc.default_leverage, btc.funding_interval_s, btc.tradable) == (D(100), D(10), 28800, True)
    assert (btc.display, btc.size_unit) == ("BTC / USD", "c")
    pairs, _ = products.spot(data)
    assert {one.symbol: one.price_scale for one in pairs}["sUSDTTRY"] == 4
    assert not any(one.tradable for one in pairs)


@pytest.mark.parametrize("missing", ["products", "perpProductsV2"])
def test_a_family_may_be_missing(live: Callable[[str, str], bytes], missing: str) -> None:
    data = decode_body(live("rest_products", "simple"))["data"]
    for nothing in (None, []):
        listed, bad = products.perpetuals(data | {missing: nothing})
        assert [one.symbol for one in listed] == [{"products": "BTCUSDC", "perpProductsV2": "BTCUSD"}[missing]]
        assert bad == []


def test_coin_m_2021(legacy_2021: list[Instrument]) -> None:
    known = {one.symbol: one for one in legacy_2021}
    btc, eth, xmr, bch = known["BTCUSD"], known["ETHUSD"], known["XMRUSD"], known["sBCHUSDT"]
    assert (btc.kind, btc.base, btc.settle, btc.contract_size) == (ContractKind.INVERSE, "BTC", "BTC", D(1))
    assert (btc.tick, btc.min_price, btc.max_qty) == (D("0.5"), D("0.5"), D(1000000))
    assert btc.tiers[0] == RiskTier(D(100), D(100), D("0.005"), D(0))
    assert btc.tiers[2] == RiskTier(D(200), D(50), D("0.015"), D(0))
    assert (eth.kind, eth.base, eth.settle, eth.contract_size, eth.size_unit) == (
        ContractKind.LINEAR,
        "ETH",
        "USD",
        D("0.005"),
        "c",
    )
    assert (xmr.kind, xmr.base, xmr.settle, xmr.contract_size) == (ContractKind.LINEAR, "XMR", "USD", D("0.01"))
    assert (xmr.price_scale, xmr.size_scale, xmr.value_scale, xmr.tick) == (4, 0, 4, D("0.01"))
    assert (bch.kind, bch.price_scale, bch.size_scale) == (ContractKind.SPOT, 8, 8)
    assert (bch.tick, bch.lot) == (D("0.01"), D("0.00001"))
    assert {one.kind for one in legacy_2021 if not one.tradable} == {ContractKind.SPOT}
    assert sum(one.tradable for one in legacy_2021) == 37


def test_the_oldest_list_writes_steps_with_units_and_hours() -> None:
    """A row of the sample of ``GET /exchange/public/products`` in the contract reference of 2020."""
    row = {
        "symbol": "ETHUSD",
        "type": "Perpetual",
        "status": "Listed",
        "quoteCurrency": "USD",
        "settlementCurrency": "USD",
        "contractUnderlyingAssets": "ETH",
        "maxOrderQty": 500000,
        "maxPriceEp": 200000000,
        "lotSize": 1,
        "tickSize": "0.05",
        "contractSize": "0.005 ETH",
        "priceScale": 4,
        "ratioScale": 8,
        "defaultLeverage": 20,
        "maxLeverage": 20,
        "makerFeeRateEr": -250000,
        "takerFeeRateEr": 750000,
        "fundingInterval": 8,
    }
    [eth], bad = products.coin_m({"products": [row]})
    assert bad == []
    assert (eth.contract_size, eth.tick, eth.max_price, eth.value_scale) == (D("0.005"), D("0.05"), D(20000), 4)
    assert (eth.maker_fee, eth.taker_fee, eth.funding_interval_s) == (D("-0.0025"), D("0.0075"), 28800)


@pytest.mark.parametrize(
    "changes",
    [
        {"symbol": "A B"},
        {"tickSize": "0"},
        {"tickSize": "-1"},
        {"qtyStepSize": None},
        {"tickSize": "NaN"},
        {"maxLeverage": [1]},
        {"fundingInterval": "soon"},
    ],
)
def test_one_bad_product_costs_itself(listing_2026: dict[str, Any], changes: dict[str, Any]) -> None:
    listing_2026["perpProductsV2"][3] |= changes
    listed, bad = products.usd_m(listing_2026)
    assert (len(listed), len(bad)) == (13, 1)


def test_delisted_is_listed_but_not_tradable(listing_2026: dict[str, Any]) -> None:
    listing_2026["perpProductsV2"][0]["status"] = "Delisted"
    assert not products.usd_m(listing_2026)[0][0].tradable


def test_a_bad_margin_table_is_left_out(listing_2026: dict[str, Any]) -> None:
    for group in listing_2026["leverageMargins"]:
        if group["index_id"] == 1002:
            group["items"][1]["maxLeverage"] = "many"
    known = {one.symbol: one for one in products.usd_m(listing_2026)[0]}
    assert known["BTCUSDT"].tiers == ()
    assert known["ETHUSDT"].tiers


@pytest.mark.parametrize("data", [None, [], 5, {"perpProductsV2": 5}])
def test_what_is_no_list(data: object) -> None:
    with pytest.raises(WireError):
        products.usd_m(data)
