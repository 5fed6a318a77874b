"""The contracts that the built-in exchange lists: a venue's own product rows, read from files that ship with the package."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cache
from importlib import resources
from typing import Any

from tui_trader.core.decimals import ONE, ZERO, divide
from tui_trader.core.instrument import Instrument, RiskTier
from tui_trader.core.types import ContractKind, InstrumentId

MAKER_FEE = Decimal("0.0001")
TAKER_FEE = Decimal("0.0006")
"""The venue's public schedule; product rows carry no fees."""


@cache
def phemex_rows() -> dict[str, Any]:
    """Return the raw document: ``currencies`` by name, ``perpProductsV2``, ``leverageMargins``. Shared: do not change it.

    Fractional numbers are ``Decimal``.
    """
    text = resources.files("tui_trader.sim").joinpath("data/products_phemex.json").read_text("utf-8")
    document: dict[str, Any] = json.loads(text, parse_float=Decimal)
    return document


@cache
def phemex_coin_rows() -> dict[str, Any]:
    """Return the same of the COIN-M family: ``currencies``, ``products``, ``riskLimits``, ``leverages``, as lists."""
    text = resources.files("tui_trader.sim").joinpath("data/products_phemex_coin.json").read_text("utf-8")
    document: dict[str, Any] = json.loads(text, parse_float=Decimal)
    return document


def phemex_coin_instruments(symbols: Sequence[str] | None = None) -> list[Instrument]:
    """Return the COIN-M contracts in the venue's order, or those of ``symbols``: inverse ones, and one that is linear in USD."""
    document = phemex_coin_rows()
    limits = {row["symbol"]: row["riskLimits"] for row in document["riskLimits"]}
    scales = {row["currency"]: row["valueScale"] for row in document["currencies"]}
    return [
        _coin_instrument(row, limits[row["symbol"]], scales[row["settleCurrency"]])
        for row in document["products"]
        if symbols is None or row["symbol"] in symbols
    ]


def phemex_instruments(symbols: Sequence[str] | None = None) -> list[Instrument]:
    """Return the listed contracts in the venue's order, or those of ``symbols``."""
    document = phemex_rows()
    tiers = {row["index_id"]: _tiers(row["items"]) for row in document["leverageMargins"]}
    return [
        _instrument(row, tiers[row["leverageMargin"]])
        for row in document["perpProductsV2"]
        if symbols is None or row["symbol"] in symbols
    ]


@cache
def mexc_rows() -> list[dict[str, Any]]:
    """Return the contracts that are listed in MEXC's clothes, as rows. Shared: do not change it."""
    text = resources.files("tui_trader.sim").joinpath("data/products_mexc.json").read_text("utf-8")
    rows: list[dict[str, Any]] = json.loads(text)["contracts"]
    return rows


def mexc_instruments(symbols: Sequence[str] | None = None) -> list[Instrument]:
    """Return those contracts, or those of ``symbols``: linear ones in base units, coin-margined ones in contracts."""
    return [_mexc_instrument(row) for row in mexc_rows() if symbols is None or row["symbol"] in symbols]


def _mexc_instrument(row: Mapping[str, Any]) -> Instrument:
    linear = row["settleCoin"] == row["quoteCoin"]
    size, most = Decimal(row["contractSize"]), Decimal(row["maxLeverage"])
    unit = size if linear else ONE
    return Instrument(
        id=InstrumentId("mexc", row["symbol"]),
        kind=ContractKind.LINEAR if linear else ContractKind.INVERSE,
        base=row["baseCoin"],
        quote=row["quoteCoin"],
        settle=row["settleCoin"],
        tick=Decimal(row["priceUnit"]),
        lot=row["volUnit"] * unit,
        contract_size=ONE if linear else size,
        min_qty=row["minVol"] * unit,
        max_qty=row["maxVol"] * unit,
        max_leverage=most,
        default_leverage=min(Decimal(20), most),
        maker_fee=Decimal(row["makerFeeRate"]),
        taker_fee=Decimal(row["takerFeeRate"]),
        tiers=(RiskTier(Decimal("1e12"), most, Decimal(row["maintenanceMarginRate"]), ZERO),),
        display=row["displayNameEn"],
        wire_lot=unit,
    )


def _tiers(items: Sequence[Mapping[str, Any]]) -> tuple[RiskTier, ...]:
    return tuple(
        RiskTier(
            notional=Decimal(item["notionalValueRv"]),
            max_leverage=Decimal(item["maxLeverage"]),
            maintenance_rate=Decimal(item["maintenanceMarginRateRr"]),
            maintenance_amount=Decimal(item["maintenanceAmountRv"]),
        )
        for item in items
    )


def _instrument(row: Mapping[str, Any], tiers: tuple[RiskTier, ...]) -> Instrument:
    lot = Decimal(row["qtyStepSize"])
    return Instrument(
        id=InstrumentId("phemex", row["symbol"]),
        kind=ContractKind.LINEAR,
        base=row["contractUnderlyingAssets"],
        quote=row["quoteCurrency"],
        settle=row["settleCurrency"],
        tick=Decimal(row["tickSize"]),
        lot=lot,
        min_qty=lot,
        max_qty=Decimal(row["maxOrderQtyRq"]),
        min_notional=Decimal(row["minOrderValueRv"]),
        min_price=Decimal(row["minPriceRp"]),
        max_price=Decimal(row["maxPriceRp"]),
        max_leverage=Decimal(row["maxLeverage"]),
        default_leverage=abs(Decimal(row["defaultLeverage"])),
        maker_fee=MAKER_FEE,
        taker_fee=TAKER_FEE,
        funding_interval_s=row["fundingInterval"],
        tiers=tiers,
        tradable=row["status"] == "Listed",
        display=row["displaySymbol"],
        value_scale=row["valueScale"],
    )


def _coin_instrument(row: Mapping[str, Any], limits: Sequence[Mapping[str, Any]], value_scale: int) -> Instrument:
    inverse = row["settleCurrency"] != row["quoteCurrency"]
    scale = row["priceScale"]
    lot = Decimal(row["lotSize"])
    return Instrument(
        id=InstrumentId("phemex", row["symbol"]),
        kind=ContractKind.INVERSE if inverse else ContractKind.LINEAR,
        base=row["settleCurrency"] if inverse else row["contractUnderlyingAssets"],
        quote=row["quoteCurrency"],
        settle=row["settleCurrency"],
        tick=Decimal(row["tickSize"]),
        lot=lot,
        contract_size=Decimal(row["contractSize"]),
        min_qty=lot,
        max_qty=Decimal(row["maxOrderQty"]),
        min_price=Decimal(row["minPriceEp"]).scaleb(-scale),
        max_price=Decimal(row["maxPriceEp"]).scaleb(-scale),
        max_leverage=Decimal(row["maxLeverage"]),
        default_leverage=abs(Decimal(row["defaultLeverage"])),
        maker_fee=MAKER_FEE,
        taker_fee=TAKER_FEE,
        funding_interval_s=row["fundingInterval"],
        tiers=tuple(_risk_limit(limit) for limit in limits),
        tradable=row["status"] == "Listed",
        display=row["displaySymbol"],
        price_scale=scale,
        value_scale=value_scale,
    )


def _risk_limit(limit: Mapping[str, Any]) -> RiskTier:
    """Return a step of a risk limit table: its rates hold for the whole position, so nothing is deducted."""
    return RiskTier(
        notional=Decimal(limit["limit"]),
        max_leverage=divide(ONE, Decimal(limit["initialMarginEr"]).scaleb(-8)),
        maintenance_rate=Decimal(limit["maintenanceMarginEr"]).scaleb(-8),
        maintenance_amount=ZERO,
    )
