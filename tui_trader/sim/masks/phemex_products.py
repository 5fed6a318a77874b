"""Phemex's product list, as ``GET /public/products`` tells it: what the exchange enforces, in the venue's own fields."""

from __future__ import annotations

import hashlib
import re
from decimal import Decimal
from typing import Any

import orjson

from tui_trader.core.decimals import ONE, divide
from tui_trader.core.instrument import Instrument
from tui_trader.sim.masks.phemex_coin_products import coin_currencies, coin_leverages, coin_product_rows, coin_risk_limits
from tui_trader.sim.masks.phemex_family import is_coin
from tui_trader.sim.masks.phemex_rows import Row, currency_number, ratio, text
from tui_trader.sim.products import phemex_rows

_NUMBER = re.compile(r"-?\d+(\.\d+)?\Z", re.ASCII)
_DECORATION = frozenset({"code", "description", "baseCurrency", "displaySymbol", "listTime", "majorSymbol", "perpProductSubType"})
"""Fields of a product row that the exchange does not act on."""


def products_body(instruments: tuple[Instrument, ...]) -> bytes:
    """Return the whole answer, with the checksum of everything else in it."""
    coins = tuple(one for one in instruments if is_coin(one))
    instruments = tuple(one for one in instruments if not is_coin(one))
    tables = [{"index_id": 1001 + i, "items": _tiers(instrument)} for i, instrument in enumerate(instruments)]
    data: dict[str, Any] = {
        "currencies": [
            *coin_currencies(coins),
            *(_currency(name) for name in sorted({instrument.settle for instrument in instruments})),
        ],
        "products": coin_product_rows(coins),
        "perpProductsV2": [_product(instrument, i) for i, instrument in enumerate(instruments)],
        "perpProductsPilot": None,
        "riskLimits": coin_risk_limits(coins),
        "leverages": coin_leverages() if coins else [],
        "riskLimitsV2": [_risk_limits(instrument) for instrument in instruments],
        "leveragesV2": [{"options": [1.0, 2.0, 3.0, 5.0, 10.0, 25.0, 50.0, 100.0], "initialMarginRr": "0.01"}],
        "leverageMargins": tables,
        "ratioScale": 8,
    }
    data["md5Checksum"] = hashlib.md5(orjson.dumps(data), usedforsecurity=False).hexdigest()
    return orjson.dumps({"code": 0, "msg": "", "data": data})


def _currency(name: str) -> Row:
    return {
        "currency": name,
        "name": {"USDT": "TetherUS", "USDC": "USD Coin"}.get(name, name),
        "code": currency_number(name),
        "valueScale": 8,
        "minValueEv": 1,
        "maxValueEv": 5_000_000_000_000_000_000,
        "needAddrTag": 0,
        "status": "Listed",
        "displayCurrency": name,
        "inAssetsDisplay": 1,
        "perpetual": 2,
        "stableCoin": 1,
        "assetsPrecision": 8,
    }


def _product(instrument: Instrument, number: int) -> Row:
    """Return a product row: what the exchange enforces, worded as the venue's own row words it where that exists."""
    row = _invented(instrument, number)
    for name, told in _recorded().get(instrument.symbol, {}).items():
        if name in _DECORATION or (name in row and isinstance(row[name], str) and _same(row[name], told)):
            row[name] = told
    return row


def _same(ours: str, told: Any) -> bool:
    """Whether two numbers are equal in value: the venue writes ``1.0`` where others write ``1``."""
    return (
        isinstance(told, str)
        and _NUMBER.match(ours) is not None
        and _NUMBER.match(told) is not None
        and (Decimal(ours) == Decimal(told))
    )


def _recorded() -> dict[str, Row]:
    """Return the venue's own product rows that ship with the package, by symbol."""
    return {row["symbol"]: row for row in phemex_rows()["perpProductsV2"]}


def _invented(instrument: Instrument, number: int) -> Row:
    symbol = instrument.symbol
    hours = instrument.funding_interval_s // 3600
    return {
        "perpProductSubType": "Normal",
        "symbol": symbol,
        "code": 41541 + 100 * number,
        "type": "PerpetualV2",
        "displaySymbol": instrument.display or f"{instrument.base} / {instrument.quote}",
        "indexSymbol": f".{symbol}",
        "markSymbol": f".M{symbol}",
        "fundingRateSymbol": f".{symbol}FR",
        "fundingRate8hSymbol": f".{symbol}FR8H",
        "contractUnderlyingAssets": instrument.base,
        "settleCurrency": instrument.settle,
        "quoteCurrency": instrument.quote,
        "tickSize": text(instrument.tick),
        "priceScale": 0,
        "ratioScale": 0,
        "pricePrecision": instrument.price_places,
        "baseCurrency": instrument.base,
        "description": f"Simulated perpetual on the .{symbol} Index, settled every {hours} hours.",
        "status": "Listed" if instrument.tradable else "Delisted",
        "tipOrderQty": 0,
        "listTime": 1668225600000,
        "majorSymbol": number == 0,
        "defaultLeverage": text(-instrument.default_leverage),
        "fundingInterval": instrument.funding_interval_s,
        "maxLeverage": int(instrument.max_leverage),
        "leverageMargin": 1001 + number,
        "maxOI": -1.0,
        "maxOrderQtyRq": text(instrument.max_qty),
        "maxPriceRp": text(instrument.max_price),
        "minOrderValueRv": text(instrument.min_notional),
        "minPriceRp": text(instrument.min_price),
        "qtyPrecision": instrument.qty_places,
        "qtyStepSize": text(instrument.lot),
        "tipOrderQtyRq": text(instrument.max_qty),
        "maxOpenPosLeverage": float(instrument.max_leverage),
    }


def _tiers(instrument: Instrument) -> list[Row]:
    return [
        {
            "notionalValueRv": int(tier.notional),
            "maxLeverage": float(tier.max_leverage),
            "maintenanceMarginRateRr": ratio(tier.maintenance_rate),
            "maintenanceAmountRv": text(tier.maintenance_amount),
        }
        for tier in instrument.tiers
    ]


def _risk_limits(instrument: Instrument) -> Row:
    first = instrument.tiers[0] if instrument.tiers else None
    limit = int(first.notional) if first is not None else 2_000_000
    rate = ratio(first.maintenance_rate) if first is not None else "0.005"
    initial = ratio(divide(ONE, instrument.max_leverage))
    return {
        "symbol": instrument.symbol,
        "steps": "0K",
        "riskLimits": [{"limit": limit, "initialMarginRr": initial, "maintenanceMarginRr": rate}],
    }
