"""COIN-M's part of the product lists: the rows of the present list and those of the older ones, as the venue words them."""

from __future__ import annotations

import hashlib
from decimal import Decimal
from typing import Any

import orjson

from tui_trader.core.decimals import plain
from tui_trader.core.instrument import Instrument
from tui_trader.core.types import ContractKind
from tui_trader.sim.masks.phemex_coin_rows import RATIO_SCALE, ratio_er, value_ev
from tui_trader.sim.masks.phemex_rows import Row
from tui_trader.sim.products import phemex_coin_rows

DELISTED_NS = 0
"""What ``timeline`` says of a contract that nobody has delisted."""


def coin_product_rows(contracts: tuple[Instrument, ...]) -> list[Row]:
    """Return the rows of ``data.products``, of the contracts that the exchange lists."""
    listed = {instrument.symbol for instrument in contracts}
    return [_loose(row) for row in phemex_coin_rows()["products"] if row["symbol"] in listed]


def coin_currencies(contracts: tuple[Instrument, ...]) -> list[Row]:
    """Return the currency rows that the contracts are settled or quoted in."""
    wanted = {name for one in contracts for name in (one.settle, one.quote)}
    return [_loose(row) for row in phemex_coin_rows()["currencies"] if row["currency"] in wanted]


def coin_risk_limits(contracts: tuple[Instrument, ...]) -> list[Row]:
    """Return the risk limit tables of the contracts."""
    listed = {instrument.symbol for instrument in contracts}
    return [_loose(row) for row in phemex_coin_rows()["riskLimits"] if row["symbol"] in listed]


def coin_leverages() -> list[Row]:
    """Return the leverage steps that the venue offers for each initial margin."""
    return [_loose(row) for row in phemex_coin_rows()["leverages"]]


def config_body(contracts: tuple[Instrument, ...]) -> bytes:
    """Return the whole answer of ``GET /exchange/public/cfg/v2/products``, the list as it was in 2021."""
    newer = ("code", "description", "defaultLeverage", "fundingInterval", "leverageMargin", "listTime", "majorSymbol")
    data: dict[str, Any] = {
        "ratioScale": RATIO_SCALE,
        "currencies": [
            {name: row[name] for name in ("currency", "valueScale", "minValueEv", "maxValueEv", "name", "needAddrTag")}
            for row in coin_currencies(contracts)
        ],
        "products": [
            {name: value for name, value in row.items() if name not in (*newer, "maxLeverage", "maxOI")}
            for row in coin_product_rows(contracts)
        ],
        "riskLimits": coin_risk_limits(contracts),
        "leverages": coin_leverages(),
    }
    return orjson.dumps({"code": 0, "msg": "OK", "data": data})


def oldest_body(contracts: tuple[Instrument, ...]) -> bytes:
    """Return the whole answer of ``GET /exchange/public/products``, the oldest list."""
    return orjson.dumps({"code": 0, "msg": "OK", "data": [_oldest(one) for one in contracts]})


def plus_body(body: bytes) -> bytes:
    """Return ``GET /public/products-plus``: the present list, a timeline with each contract, and what may serve as collateral."""
    envelope = orjson.loads(body)
    data = envelope["data"]
    for name in ("products", "perpProductsV2"):
        for row in data[name]:
            row["timeline"] = [0, row["listTime"], 0, DELISTED_NS]
    data["collaterals"] = []
    del data["md5Checksum"]
    data["md5Checksum"] = hashlib.md5(orjson.dumps(data), usedforsecurity=False).hexdigest()
    return orjson.dumps(envelope)


def _oldest(instrument: Instrument) -> Row:
    told = next(row for row in phemex_coin_rows()["products"] if row["symbol"] == instrument.symbol)
    unit = "USD" if instrument.kind is ContractKind.INVERSE else instrument.base
    first = instrument.tiers[0]
    return {
        "symbol": instrument.symbol,
        "underlyingSymbol": told["indexSymbol"],
        "quoteCurrency": instrument.quote,
        "baseCurrency": instrument.base,
        "settlementCurrency": instrument.settle,
        "maxOrderQty": int(instrument.max_qty),
        "maxPriceEp": told["maxPriceEp"],
        "lotSize": int(instrument.lot),
        "tickSize": plain(instrument.tick),
        "contractSize": f"{plain(instrument.contract_size)} {unit}",
        "priceScale": instrument.price_scale,
        "ratioScale": RATIO_SCALE,
        "valueScale": instrument.value_scale,
        "defaultLeverage": 0,
        "maxLeverage": int(instrument.max_leverage),
        "initMarginEr": str(ratio_er(1 / first.max_leverage)),
        "maintMarginEr": str(ratio_er(first.maintenance_rate)),
        "defaultRiskLimitEv": value_ev(instrument, first.notional),
        "deleverage": True,
        "makerFeeRateEr": ratio_er(instrument.maker_fee),
        "takerFeeRateEr": ratio_er(instrument.taker_fee),
        "fundingInterval": instrument.funding_interval_s // 3600,
        "marketUrl": f"https://phemex.com/trade/{instrument.symbol}",
        "description": told["description"],
        "type": "Perpetual",
    }


def _loose(row: Row) -> Row:
    """Return a row whose fractions are JSON numbers exactly as the file has them."""
    return {name: orjson.Fragment(str(value)) if isinstance(value, Decimal) else value for name, value in row.items()}
