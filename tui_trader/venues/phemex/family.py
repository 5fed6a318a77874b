"""Phemex's two families of perpetual contracts: where each is spoken to, and how its numbers are written.

USDⓈ-M says numbers as decimal text under names that end in ``Rp Rq Rv Rr``; COIN-M says whole numbers scaled by powers of ten
under names that end in ``Ep Ev Er``, and counts contracts. Everything else that differs between them is a path, and stands
here too, so that whoever writes a request asks its family and never which one it is. It must not know what a request is for.
Source: contract reference, both REST parts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from tui_trader.core.decimals import CONTEXT, plain
from tui_trader.core.instrument import Instrument
from tui_trader.core.types import ContractKind, PositionSide
from tui_trader.venues.phemex.words import LEG_TO_WIRE

Wire = str | int | bool
"""A value of a request; in a query all of them are text."""

PRICE_SCALE: Final = 4
"""Exponent of COIN-M prices: the same for every contract in the lists of 2021 and 2025."""

RATIO_SCALE: Final = 8
"""Exponent of COIN-M rates, and of every fee rate."""

VALUE_SCALE: Final = 8
VALUE_SCALES: Final = {"USD": 4}
"""Decimals that settle currencies are kept to where the product list is not known: all but USD have 8."""


@dataclass(frozen=True, slots=True)
class Family:
    """How one family is spoken to."""

    name: str
    scaled: bool
    """Whether numbers are scaled whole numbers instead of decimal text."""
    orders: str
    """Path under which orders are created, changed, cancelled and listed."""
    accounts: str
    positions: str
    """Path under which leverage and margin are set."""
    book: str
    by_id: str
    fills: str
    closed: str
    """Orders that ended, for display: of the last two months."""
    history: str
    """Path of the history of a database: orders and funding payments."""
    suffix: str
    """End of the names of its feed's channels."""
    table: str
    """Channel with the reference prices of every contract."""
    legs: bool
    """Whether orders name the leg they belong to."""

    def price(self, name: str, value: Decimal, instrument: Instrument) -> dict[str, Wire]:
        """Return a price as the parameter that carries it; raises ValueError when the family cannot say it exactly."""
        if self.scaled:
            return {f"{name}Ep": to_scaled(value, instrument.price_scale)}
        return {f"{name}Rp": plain(value)}

    def qty(self, name: str, value: Decimal) -> dict[str, Wire]:
        """Return a size as the parameter that carries it: text, or a whole number of contracts; raises ValueError likewise."""
        return {name: to_scaled(value, 0)} if self.scaled else {f"{name}Rq": plain(value)}

    def value(self, name: str, value: Decimal, scale: int) -> dict[str, Wire]:
        """Return an amount of a settle currency that is kept to ``scale`` decimals; raises ValueError likewise."""
        return {f"{name}Ev": to_scaled(value, scale)} if self.scaled else {f"{name}Rv": plain(value)}

    def ratio(self, name: str, value: Decimal) -> dict[str, Wire]:
        """Return a rate or a leverage; raises ValueError likewise."""
        return {f"{name}Er": to_scaled(value, RATIO_SCALE)} if self.scaled else {f"{name}Rr": plain(value)}

    def leg(self, side: PositionSide) -> dict[str, Wire]:
        """Return the parameter that names a leg, where the family has legs; raises ValueError on one where it has none."""
        if self.legs:
            return {"posSide": LEG_TO_WIRE[side]}
        if side is not PositionSide.MERGED:
            raise ValueError(f"{self.name} contracts have no {side} leg: an order with one must not leave")
        return {}


USD_M: Final = Family(
    name="USDⓈ-M",
    scaled=False,
    orders="/g-orders",
    accounts="/g-accounts",
    positions="/g-positions",
    book="/md/v2/orderbook",
    by_id="/api-data/g-futures/orders/by-order-id",
    fills="/api-data/g-futures/trades",
    closed="/exchange/order/v2/orderList",
    history="/api-data/g-futures",
    suffix="_p",
    table="perp_market24h_pack_p",
    legs=True,
)
COIN_M: Final = Family(
    name="COIN-M",
    scaled=True,
    orders="/orders",
    accounts="/accounts",
    positions="/positions",
    book="/md/orderbook",
    by_id="/exchange/order",
    fills="/exchange/order/trade",
    closed="/exchange/order/list",
    history="/api-data/futures",
    suffix="",
    table="market24h",
    legs=False,
)


def to_scaled(value: Decimal, scale: int) -> int:
    """Return ``value * 10**scale``; raises ValueError when that is not whole: half a contract is nobody's order."""
    scaled = value.scaleb(scale, CONTEXT)
    whole = int(scaled)
    if scaled != whole:
        raise ValueError(f"{plain(value)} has more than the {scale} decimals that it can be ordered with")
    return whole


def family_of(instrument: Instrument) -> Family:
    """Return the family of a listed contract: prices of the newer one are not scaled."""
    return COIN_M if instrument.price_scale else USD_M


class Listing:
    """The product list as the readers of rows need it: contracts by symbol, decimals by currency. It may grow."""

    def __init__(self) -> None:
        self._instruments: dict[str, Instrument] = {}
        self._scales: dict[str, int] = dict(VALUE_SCALES)
        self._families: dict[str, Family] = {}

    def take(self, instruments: Iterable[Instrument]) -> None:
        """Learn contracts; those known under the same symbol are replaced."""
        for instrument in instruments:
            self._instruments[instrument.symbol] = instrument
            if instrument.kind is not ContractKind.SPOT:
                self._scales[instrument.settle] = instrument.value_scale
                self._families[instrument.settle] = family_of(instrument)

    def get(self, symbol: str) -> Instrument | None:
        """Return a contract, None when it is not listed."""
        return self._instruments.get(symbol)

    def instruments(self) -> Iterable[Instrument]:
        """Return every contract."""
        return self._instruments.values()

    def family(self, symbol: str) -> Family:
        """Return the family of a symbol; one that is not listed is judged by what it ends in."""
        known = self._instruments.get(symbol)
        if known is not None:
            return family_of(known)
        return USD_M if symbol.endswith(("USDT", "USDC")) else COIN_M

    def family_of_currency(self, currency: str) -> Family:
        """Return the family whose contracts settle in a currency."""
        return self._families.get(currency) or (USD_M if currency in ("USDT", "USDC") else COIN_M)

    def families(self) -> list[Family]:
        """Return the families that contracts are listed of, the newer one first; that one when nothing is."""
        found = {family_of(one).name for one in self._instruments.values() if one.kind is not ContractKind.SPOT}
        return [family for family in (USD_M, COIN_M) if family.name in found] or [USD_M]

    def value_scale(self, currency: str) -> int:
        """Return the decimals that amounts of a currency are kept to."""
        return self._scales.get(currency, VALUE_SCALE)
