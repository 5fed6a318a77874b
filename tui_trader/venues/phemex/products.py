"""Phemex's product list as instruments.

The perpetuals of both families are what is traded; either may be missing. Spot pairs are read for their scales alone, so that
recordings of their books and candles can be decoded. It must not know how the list was fetched.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

import msgspec

from tui_trader.core.decimals import ONE, ZERO, divide, from_scaled, from_wire
from tui_trader.core.error import WireError
from tui_trader.core.event import Unreadable
from tui_trader.core.instrument import Instrument, RiskTier
from tui_trader.core.sanitise import sanitise
from tui_trader.core.types import ContractKind, InstrumentId
from tui_trader.venues.phemex.family import PRICE_SCALE, VALUE_SCALE, VALUE_SCALES
from tui_trader.venues.phemex.rows import Row
from tui_trader.venues.phemex.wire import ProductList, sample
from tui_trader.venues.phemex.words import VENUE

MAKER_FEE: Final = Decimal("0.0001")
TAKER_FEE: Final = Decimal("0.0006")
"""What public samples paid."""

SPOT_SCALE: Final = 8
"""Exponent of spot prices and sizes; the list states the price's since about 2023."""


def perpetuals(data: object) -> tuple[list[Instrument], list[Unreadable]]:
    """Return the perpetuals of both families of a product list's ``data``, and the rows that could not be read.

    Raises WireError when the list as a whole is not one.
    """
    newer, bad = usd_m(data)
    older, worse = coin_m(data)
    return newer + older, bad + worse


def usd_m(data: object) -> tuple[list[Instrument], list[Unreadable]]:
    """Return the USDⓈ-M perpetuals of a product list; raises WireError likewise."""
    listing = _listing(data)
    tiers = _tiers(listing.leverageMargins)
    scales = _value_scales(listing.currencies)
    return _each(listing.perpProductsV2, lambda row: _linear(row, tiers, scales))


def coin_m(data: object) -> tuple[list[Instrument], list[Unreadable]]:
    """Return the COIN-M perpetuals of a product list; raises WireError likewise."""
    listing = _listing(data)
    limits = _risk_limits(listing.riskLimits)
    scales = _value_scales(listing.currencies)
    return _each(listing.products, lambda row: _coin_m(row, limits, scales) if row.text("type") == "Perpetual" else None)


def spot(data: object) -> tuple[list[Instrument], list[Unreadable]]:
    """Return the spot pairs of a product list, none of them tradable here; raises WireError likewise."""
    listing = _listing(data)
    scales = _value_scales(listing.currencies)
    return _each(listing.products, lambda row: _spot(row, scales) if row.text("type") == "Spot" else None)


def assumed(symbol: str) -> Instrument:
    """Return terms by which the books of an unlisted symbol can be read: enough to decode, not to trade.

    Symbols beginning with a small ``s`` are spot, scaled by 8; COIN-M prices are scaled by 4 and their sizes count contracts
    (product list of 2021). Decimal text of the newer family needs no scale. Ticks are the finest that the scale can hold.
    """
    spot = symbol.startswith("s")
    newer = not spot and symbol.endswith(("USDT", "USDC"))
    scale = 0 if newer else SPOT_SCALE if spot else PRICE_SCALE
    return Instrument(
        id=InstrumentId(VENUE, symbol),
        kind=ContractKind.SPOT if spot else ContractKind.LINEAR,
        base=symbol,
        quote="USDT" if symbol.endswith("USDT") else "USD",
        settle="USDT" if symbol.endswith("USDT") else "USD",
        tick=Decimal(1).scaleb(-(scale or SPOT_SCALE)),
        lot=Decimal(1).scaleb(-SPOT_SCALE) if spot or newer else ONE,
        tradable=False,
        price_scale=scale,
        size_scale=SPOT_SCALE if spot else 0,
        value_scale=SPOT_SCALE,
    )


def _each(rows: list[Any] | None, read: Callable[[Row], Instrument | None]) -> tuple[list[Instrument], list[Unreadable]]:
    found: list[Instrument] = []
    bad: list[Unreadable] = []
    for raw in rows or ():
        try:
            instrument = read(Row(raw))
        except (WireError, ValueError, ArithmeticError) as error:
            bad.append(Unreadable(VENUE, sanitise(f"product: {error}", 120), sample(raw)))
        else:
            if instrument is not None:
                found.append(instrument)
    return found, bad


def _listing(data: object) -> ProductList:
    try:
        return msgspec.convert(data, ProductList)
    except msgspec.ValidationError as error:
        raise WireError(f"not a product list: {error}") from None


def _linear(row: Row, tiers: Mapping[int, tuple[RiskTier, ...]], scales: Mapping[str, int]) -> Instrument | None:
    if row.text("type") not in ("PerpetualV2", ""):
        return None
    settle = _currency(row, "settleCurrency")
    lot = _step(row, "qtyStepSize")
    most = row.number("maxLeverage") or Decimal(1)
    return Instrument(
        id=InstrumentId(VENUE, row.symbol()),
        kind=ContractKind.LINEAR,
        base=_currency(row, "contractUnderlyingAssets", "baseCurrency"),
        quote=_currency(row, "quoteCurrency"),
        settle=settle,
        tick=_step(row, "tickSize"),
        lot=lot,
        min_qty=lot,
        max_qty=row.number("maxOrderQtyRq") or Decimal("1e12"),
        min_notional=row.amount("minOrderValueRv"),
        min_price=row.amount("minPriceRp"),
        max_price=row.number("maxPriceRp") or Decimal("1e12"),
        max_leverage=most,
        default_leverage=abs(row.amount("defaultLeverage")) or most,
        funding_interval_s=row.whole("fundingInterval") or 28_800,
        tiers=tiers.get(row.whole("leverageMargin"), ()),
        tradable=row.text("status") == "Listed",
        display=sanitise(row.text("displaySymbol"), 32),
        value_scale=scales.get(settle, VALUE_SCALE),
    )


def _coin_m(row: Row, limits: Mapping[str, tuple[RiskTier, ...]], scales: Mapping[str, int]) -> Instrument:
    """Return a contract of the older family; older lists spell the settle currency and the funding interval differently."""
    quote, settle = _currency(row, "quoteCurrency"), _currency(row, "settleCurrency", "settlementCurrency")
    # ccxt's rule as well: settled in something else than it is quoted in.
    inverse = settle != quote
    scale = _exponent(row, "priceScale") or PRICE_SCALE
    lot = _step(row, "lotSize")
    most = row.number("maxLeverage") or Decimal(100)
    interval = row.whole("fundingInterval") or 28_800
    return Instrument(
        id=InstrumentId(VENUE, row.symbol()),
        kind=ContractKind.INVERSE if inverse else ContractKind.LINEAR,
        base=settle if inverse else _currency(row, "contractUnderlyingAssets"),
        quote=quote,
        settle=settle,
        tick=_step(row, "tickSize"),
        lot=lot,
        contract_size=_step(row, "contractSize"),
        min_qty=lot,
        max_qty=row.number("maxOrderQty") or Decimal("1e12"),
        min_price=from_scaled(row.whole("minPriceEp"), scale),
        max_price=from_scaled(row.whole("maxPriceEp"), scale) or Decimal("1e12"),
        max_leverage=most,
        default_leverage=abs(row.amount("defaultLeverage")) or most,
        funding_interval_s=interval * 3_600 if interval <= 24 else interval,
        tiers=limits.get(row.symbol(), ()),
        tradable=row.text("status") == "Listed",
        display=sanitise(row.text("displaySymbol"), 32),
        price_scale=scale,
        value_scale=scales.get(settle, VALUE_SCALES.get(settle, VALUE_SCALE)),
        maker_fee=_fee(row, "makerFeeRateEr", MAKER_FEE),
        taker_fee=_fee(row, "takerFeeRateEr", TAKER_FEE),
    )


def _fee(row: Row, name: str, usual: Decimal) -> Decimal:
    """Return a fee rate of the oldest lists; newer ones leave it to the question what this account pays."""
    rate = row.number(name)
    return usual if rate is None else rate


def _spot(row: Row, scales: Mapping[str, int]) -> Instrument:
    base, quote = _currency(row, "baseCurrency"), _currency(row, "quoteCurrency")
    return Instrument(
        id=InstrumentId(VENUE, row.symbol()),
        kind=ContractKind.SPOT,
        base=base,
        quote=quote,
        settle=quote,
        tick=_step(row, "quoteTickSize"),
        lot=_step(row, "baseTickSize"),
        max_leverage=ONE,
        default_leverage=ONE,
        tradable=False,
        display=sanitise(row.text("displaySymbol"), 32),
        price_scale=_exponent(row, "priceScale") or SPOT_SCALE,
        size_scale=scales.get(base, SPOT_SCALE),
        value_scale=scales.get(quote, VALUE_SCALE),
    )


def _step(row: Row, name: str) -> Decimal:
    """Return a positive step; the older lists write it with its unit, ``0.01 USDT`` or ``1 USD``."""
    value = row.raw(name)
    if isinstance(value, str):
        value = value.split(" ", 1)[0].replace(",", "")
    step = from_wire(value)
    if step <= 0:
        raise WireError(f"{name} is not positive")
    return step


def _exponent(row: Row, name: str) -> int:
    scale = row.whole(name)
    if not 0 <= scale <= 18:
        raise WireError(f"{name} is not an exponent: {scale}")
    return scale


def _currency(row: Row, *names: str) -> str:
    """Return a currency; ``1000 SHIB`` loses its space, so that it stays one word on the screen."""
    return sanitise(row.text(*names).replace(" ", ""), 16)


def _value_scales(rows: list[Any] | None) -> dict[str, int]:
    """Return the decimals that each currency is kept to; where a row cannot be read the usual 8 will be assumed."""
    scales: dict[str, int] = {}
    for raw in rows or ():
        try:
            row = Row(raw)
            scales[row.text("currency")] = _exponent(row, "valueScale")
        except WireError:
            continue
    return scales


def _tiers(groups: list[Any] | None) -> dict[int, tuple[RiskTier, ...]]:
    """Return margin tables by id, ascending; one that cannot be read is left out, for a wrong margin is worse than none."""
    tables: dict[int, tuple[RiskTier, ...]] = {}
    for raw in groups or ():
        try:
            group = Row(raw)
            items = group.raw("items")
            table = tuple(_tier(Row(item)) for item in items) if isinstance(items, list) else ()
            tables[group.whole("index_id")] = tuple(sorted(table, key=lambda tier: tier.notional))
        except WireError:
            continue
    return tables


def _tier(row: Row) -> RiskTier:
    notional, leverage = row.number("notionalValueRv"), row.number("maxLeverage")
    rate = row.number("maintenanceMarginRateRr")
    if notional is None or leverage is None or rate is None:
        raise WireError("margin tier lacks a number")
    return RiskTier(notional, leverage, rate, row.amount("maintenanceAmountRv"))


def _risk_limits(rows: list[Any] | None) -> dict[str, tuple[RiskTier, ...]]:
    """Return the risk limits of the older family by symbol, ascending; one that cannot be read is left out likewise.

    The rate of a limit counts for the whole position, so that nothing is deducted.
    """
    tables: dict[str, tuple[RiskTier, ...]] = {}
    for raw in rows or ():
        try:
            group = Row(raw)
            items = group.raw("riskLimits")
            table = tuple(_limit(Row(item)) for item in items) if isinstance(items, list) else ()
            tables[group.symbol()] = tuple(sorted(table, key=lambda tier: tier.notional))
        except WireError:
            continue
    return tables


def _limit(row: Row) -> RiskTier:
    notional, initial = row.number("limit"), row.number("initialMarginEr")
    rate = row.number("maintenanceMarginEr")
    if notional is None or not initial or initial < 0 or rate is None:
        raise WireError("risk limit lacks a number")
    return RiskTier(notional, divide(ONE, initial), rate, ZERO)
