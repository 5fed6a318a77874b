"""A position and what follows from it: profit, break-even, distance to liquidation. Pure arithmetic."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from tui_trader.core.decimals import HUNDRED, ONE, ZERO, divide
from tui_trader.core.instrument import Instrument
from tui_trader.core.types import ContractKind, InstrumentId, MarginMode, PositionMode, PositionSide, Side


@dataclass(frozen=True, slots=True)
class Position:
    """One leg as the venue last told it. Money in the settle currency; ``qty`` is absolute, direction is ``side``."""

    instrument: InstrumentId
    position_side: PositionSide
    mode: PositionMode
    side: Side | None
    """None when flat."""
    qty: Decimal
    entry: Decimal
    leverage: Decimal = Decimal(10)
    """Magnitude; the sign that some venues use for the mode is in ``margin_mode``."""
    margin_mode: MarginMode = MarginMode.CROSS
    liquidation: Decimal | None = None
    """None when the venue gives none, or one that cannot realistically be reached."""
    margin: Decimal = ZERO
    realised: Decimal = ZERO
    """Closed profit of this episode (since last flat), before fees and funding."""
    fees: Decimal = ZERO
    """Fees paid in this position's life (a cost; negative = rebate)."""
    funding: Decimal = ZERO
    """Funding paid in this position's life (a cost; negative = received)."""
    mark_then: Decimal = ZERO
    """The mark the venue attached to this row: old between events, never used for live P&L when a live mark exists."""
    sequence: int = 0
    at_ns: int = 0

    @property
    def key(self) -> tuple[InstrumentId, PositionSide]:
        """What identifies the leg."""
        return self.instrument, self.position_side

    @property
    def is_flat(self) -> bool:
        """Whether there is nothing to close."""
        return self.side is None or not self.qty

    @property
    def signed_qty(self) -> Decimal:
        """Positive long, negative short."""
        return self.qty * self.side.sign if self.side else ZERO


def unrealised(position: Position, instrument: Instrument, mark: Decimal) -> Decimal:
    """Return the open profit at ``mark``, in the settle currency."""
    if position.side is None:
        return ZERO
    return instrument.pnl(position.side, position.qty, position.entry, mark)


def return_on_margin(position: Position, instrument: Instrument, mark: Decimal) -> Decimal | None:
    """Return open profit as a percentage of entry value over leverage; None when flat."""
    value = instrument.value(position.qty, position.entry)
    if not value or not position.leverage:
        return None
    return divide(unrealised(position, instrument, mark) * HUNDRED * position.leverage, value)


def break_even(position: Position, instrument: Instrument, close_fee: Decimal | None = None) -> Decimal | None:
    """Return the exit price at which closing everything leaves zero after the fee paid to enter, funding and the exit fee.

    The entry is taken to have paid the taker rate: one that rested paid less, so the price is never too good to be true.
    ``close_fee`` is the rate to leave with, by default the taker's.
    """
    side = position.side
    if side is None or not position.qty or not position.entry:
        return None
    rate = instrument.taker_fee if close_fee is None else close_fee
    value = instrument.value(position.qty, position.entry)
    paid = value * instrument.taker_fee + position.funding
    size = position.qty * instrument.contract_size
    if instrument.kind is ContractKind.INVERSE:
        # s·N(1/entry − 1/x) − paid − rate·N/x = 0
        factor = divide(side.sign * size * divide(ONE, position.entry) - paid, size * (side.sign + rate))
        return divide(ONE, factor) if factor > 0 else None
    return divide(side.sign * size * position.entry + paid, size * (side.sign - rate))


def liquidation_distance(position: Position, mark: Decimal) -> Decimal | None:
    """Return how far the mark is from liquidation in percent of the mark; None when there is no liquidation price."""
    if position.is_flat or position.liquidation is None or not mark:
        return None
    return divide(abs(mark - position.liquidation) * HUNDRED, mark)


def merged_entry(instrument: Instrument, qty: Decimal, entry: Decimal, add: Decimal, price: Decimal) -> Decimal:
    """Return the average entry after adding ``add`` at ``price`` to ``qty`` at ``entry`` on the same side."""
    total = qty + add
    if not total:
        return ZERO
    if not qty:
        return price
    if instrument.kind is ContractKind.INVERSE:
        return divide(total, divide(qty, entry) + divide(add, price))
    return divide(qty * entry + add * price, total)
