"""One contract: everything needed to round, price and settle it, and nothing about how it is traded."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from tui_trader.core.decimals import ZERO, ceil_to, divide, down_to, floor_to, is_multiple, nearest_to, places
from tui_trader.core.types import ContractKind, InstrumentId, Side


@dataclass(frozen=True, slots=True)
class RiskTier:
    """One step of a margin table: up to ``notional`` of value, this leverage and this maintenance rate."""

    notional: Decimal
    """Upper bound of position value, in the settle currency."""
    max_leverage: Decimal
    maintenance_rate: Decimal
    maintenance_amount: Decimal
    """Deducted from ``value * maintenance_rate`` so that the requirement has no step."""


@dataclass(frozen=True, slots=True)
class Instrument:
    """A tradable contract of a venue. Prices in quote currency, sizes in contracts of ``contract_size``, which for most linear
    ones is one base unit."""

    id: InstrumentId
    kind: ContractKind
    base: str
    quote: str
    settle: str
    tick: Decimal
    """Price step."""
    lot: Decimal
    """Size step."""
    contract_size: Decimal = Decimal(1)
    """Base units of one unit of size (linear); quote units of one contract (inverse)."""
    min_qty: Decimal = ZERO
    max_qty: Decimal = Decimal("1e12")
    min_notional: Decimal = ZERO
    min_price: Decimal = ZERO
    max_price: Decimal = Decimal("1e12")
    price_band: Decimal = ZERO
    """How far past the mark an order may be willing to go, as a fraction: a buy above, a sell below; zero where that is free."""
    max_orders: int = 0
    """Most open orders that the venue takes of an account in this contract; zero where it does not say."""
    max_leverage: Decimal = Decimal(100)
    default_leverage: Decimal = Decimal(10)
    maker_fee: Decimal = Decimal("0.0001")
    """Fraction of executed value; negative is a rebate."""
    taker_fee: Decimal = Decimal("0.0006")
    funding_interval_s: int = 28_800
    """From one settlement to the next; where funding runs, what the rate is told for."""
    funding_runs: bool = False
    """Whether funding is paid all the time, and settled at no time of its own."""
    tiers: tuple[RiskTier, ...] = ()
    """Ascending by notional; may be empty when the venue does not tell."""
    tradable: bool = True
    display: str = ""
    price_scale: int = 0
    """Exponent of ten of integer prices on the wire; 0 where prices are decimal text."""
    size_scale: int = 0
    """Exponent of ten of integer sizes on the wire."""
    value_scale: int = 8
    """Decimals that the settle currency is kept to."""
    wire_lot: Decimal = Decimal(1)
    """Size that the venue counts as one: base units of a contract where it counts contracts and sizes here are base units."""
    price_places: int = field(init=False)
    qty_places: int = field(init=False)

    def __post_init__(self) -> None:
        if self.tick <= 0 or self.lot <= 0:
            raise ValueError(f"{self.id}: tick and lot must be positive")
        object.__setattr__(self, "price_places", places(self.tick))
        object.__setattr__(self, "qty_places", places(self.lot))

    @property
    def symbol(self) -> str:
        """The venue's symbol, in its own letter case."""
        return self.id.symbol

    @property
    def size_unit(self) -> str:
        """The word after a size on the screen: ``BTC``, or ``c`` for contracts of any other size than one base unit."""
        counted = self.kind is ContractKind.INVERSE or self.contract_size != 1
        return "c" if counted else self.base

    def to_ticks(self, price: Decimal) -> int:
        """Return ``price`` as a whole number of ticks; raises ValueError off the grid."""
        count = price / self.tick
        whole = int(count)
        if count != whole:
            raise ValueError(f"{price} is not a multiple of the tick {self.tick}")
        return whole

    def from_ticks(self, ticks: int) -> Decimal:
        """Return the price of a whole number of ticks."""
        return self.tick * ticks

    def on_tick(self, price: Decimal) -> bool:
        """Whether ``price`` lies on the tick grid."""
        return is_multiple(price, self.tick)

    def on_lot(self, qty: Decimal) -> bool:
        """Whether ``qty`` lies on the lot grid."""
        return is_multiple(qty, self.lot)

    def round_price(self, price: Decimal, side: Side | None = None) -> Decimal:
        """Round to a tick: down for a buy, up for a sell (never past what was meant), nearest without a side."""
        if side is Side.BUY:
            return floor_to(price, self.tick)
        if side is Side.SELL:
            return ceil_to(price, self.tick)
        return nearest_to(price, self.tick)

    def round_qty(self, qty: Decimal) -> Decimal:
        """Round a size toward zero to a lot."""
        return down_to(qty, self.lot)

    def value(self, qty: Decimal, price: Decimal) -> Decimal:
        """Return the notional of ``qty`` at ``price`` in the settle currency; zero for an inverse contract at price zero."""
        if self.kind is ContractKind.INVERSE:
            return divide(qty * self.contract_size, price) if price else ZERO
        return qty * self.contract_size * price

    def qty_for_value(self, value: Decimal, price: Decimal) -> Decimal:
        """Return the size, rounded down to a lot, whose notional does not exceed ``value``."""
        if self.kind is ContractKind.INVERSE:
            return self.round_qty(divide(value * price, self.contract_size))
        unit = price * self.contract_size
        return self.round_qty(divide(value, unit)) if unit else ZERO

    def pnl(self, side: Side, qty: Decimal, entry: Decimal, exit_price: Decimal) -> Decimal:
        """Return the profit in the settle currency of ``qty`` entered at ``entry`` on ``side`` and valued at ``exit_price``.

        Linear ``s·Q·c·(exit − entry)``; inverse ``s·Q·c·(1/entry − 1/exit)`` (Phemex contract reference).
        """
        if not qty or not entry or not exit_price:
            return ZERO
        if self.kind is ContractKind.INVERSE:
            return side.sign * qty * self.contract_size * (divide(Decimal(1), entry) - divide(Decimal(1), exit_price))
        return side.sign * qty * self.contract_size * (exit_price - entry)

    def tier_for(self, value: Decimal) -> RiskTier | None:
        """Return the margin tier that a position of ``value`` falls into, the last one when it exceeds all."""
        for tier in self.tiers:
            if value <= tier.notional:
                return tier
        return self.tiers[-1] if self.tiers else None
