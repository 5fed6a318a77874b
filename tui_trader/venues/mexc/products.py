"""MEXC's product list as instruments. Linear contracts are counted in base units here, coin-margined ones in contracts.

Source: market endpoints of the futures API documentation, contract detail.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from tui_trader.core.decimals import ONE
from tui_trader.core.error import WireError
from tui_trader.core.event import Unreadable
from tui_trader.core.instrument import Instrument
from tui_trader.core.sanitise import is_symbol, sanitise
from tui_trader.core.types import ContractKind, InstrumentId
from tui_trader.venues.exact import sample
from tui_trader.venues.mexc.rows import Row
from tui_trader.venues.mexc.words import VENUE

SETTLE: Final = ("USDT", "USDC", "BTC", "ETH", "SOL", "XRP", "DOGE", "ADA", "LTC", "SUI")
"""Currencies whose positions are asked for; contracts that settle in another one are shown and not traded."""

USUAL_LEVERAGE: Final = Decimal(20)
"""What a contract starts with where the account was never told otherwise, or its maximum when that is less."""


def contracts(facts: Any) -> tuple[list[Instrument], list[Unreadable]]:
    """Return the contracts of a product list, and what of it could not be read. One contract may come without the list."""
    rows = [facts] if isinstance(facts, dict) else facts
    if not isinstance(rows, list):
        raise WireError("no list of contracts")
    listed: list[Instrument] = []
    bad: list[Unreadable] = []
    for raw in rows:
        try:
            listed.append(contract(Row(raw)))
        except (WireError, ValueError) as error:
            bad.append(Unreadable(VENUE, sanitise(f"contract: {error}", 120), sample(raw)))
    return listed, bad


def contract(row: Row) -> Instrument:
    """Return one contract. No margin table is kept: it is counted in contracts, and what they are worth moves."""
    base, quote, settle = (_coin(row, name) for name in ("baseCoin", "quoteCoin", "settleCoin"))
    if settle not in (base, quote):
        raise WireError(f"settles in {settle}, which is neither {base} nor {quote}")
    linear = settle == quote
    size = _positive(row, "contractSize")
    unit = size if linear else ONE
    most = _positive(row, "maxLeverage")
    return Instrument(
        id=InstrumentId(VENUE, row.symbol()),
        kind=ContractKind.LINEAR if linear else ContractKind.INVERSE,
        base=base,
        quote=quote,
        settle=settle,
        tick=_positive(row, "priceUnit"),
        lot=_positive(row, "volUnit") * unit,
        contract_size=ONE if linear else size,
        min_qty=_positive(row, "minVol") * unit,
        max_qty=_positive(row, "maxVol") * unit,
        max_leverage=most,
        default_leverage=min(USUAL_LEVERAGE, most),
        maker_fee=row.amount("makerFeeRate"),
        taker_fee=row.amount("takerFeeRate"),
        # Older lists do not say whether a contract may be traded by API; the newer one always does.
        tradable=row.whole("state") == 0 and row.flag("apiAllowed") is not False and settle in SETTLE,
        display=sanitise(row.text("displayNameEn", "displayName"), 32),
        wire_lot=unit,
    )


def _positive(row: Row, name: str) -> Decimal:
    value = row.number(name)
    if value is None or value <= 0:
        raise WireError(f"{name} is not positive")
    return value


def _coin(row: Row, name: str) -> str:
    value = row.text(name)
    if not is_symbol(value):
        raise WireError(f"{name} is not a currency: {sanitise(value)!r}")
    return value


def assumed(symbol: str) -> Instrument:
    """Return terms to read a symbol's books by when no product list names it; not for trading."""
    base, _, quote = symbol.partition("_")
    return Instrument(
        id=InstrumentId(VENUE, symbol),
        kind=ContractKind.LINEAR,
        base=base,
        quote=quote or "USDT",
        settle=quote or "USDT",
        tick=Decimal("1e-12"),
        lot=Decimal("1e-12"),
        tradable=False,
    )
