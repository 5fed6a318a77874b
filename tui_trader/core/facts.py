"""What is known at the moment an order is judged: market, account and position, as one value.

It must not know where facts come from. Whatever is None is unknown, and unknown never counts as zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from tui_trader.core.decimals import ONE, ZERO, divide
from tui_trader.core.instrument import Instrument
from tui_trader.core.order import Order, OrderTicket
from tui_trader.core.position import Position
from tui_trader.core.types import (
    ContractKind,
    InstrumentId,
    MarginMode,
    OrderType,
    PositionMode,
    PositionSide,
    Side,
    TriggerSource,
)


class TradingState(StrEnum):
    """What the terminal may send."""

    ACTIVE = "active"
    REDUCING = "reducing"
    """Only orders that reduce, and cancels."""
    HALTED = "halted"
    """As REDUCING; survives a restart, and leaving it takes typed text."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything a check or a preview of one ticket needs. Prices in quote currency."""

    now_ns: int = 0
    """By the same clock as ``recent``, nanoseconds."""
    state: TradingState = TradingState.ACTIVE
    mark: Decimal | None = None
    mark_fresh: bool = False
    """Whether the mark is young enough to act on."""
    last: Decimal | None = None
    index: Decimal | None = None
    best_bid: Decimal | None = None
    best_ask: Decimal | None = None
    book_live: bool = False
    """Whether the book has a snapshot, no gap and no doubt."""
    mode: PositionMode = PositionMode.ONE_WAY
    """Of this instrument at the venue."""
    positions: tuple[Position, ...] = ()
    """Legs of this and other instruments; others are ignored here, ``other_exposure`` stands for them."""
    orders: tuple[Order, ...] = ()
    """Working orders of the whole account; UNKNOWN ones are working."""
    other_exposure: Decimal = ZERO
    """Quote value of the positions and opening orders of all other instruments."""
    equity: Decimal | None = None
    """Balance plus open profit, settle currency."""
    available: Decimal | None = None
    """Free for new orders, settle currency."""
    leverage: Decimal | None = None
    """In force for this instrument; None takes the instrument's default."""
    margin_mode: MarginMode = MarginMode.CROSS
    """In force for this instrument."""
    pace: str = ""
    """Why one more entry now would leave on worse terms, in a sentence; empty when it would not."""
    day_pnl: Decimal | None = None
    """Realised and open profit since the day began, in US dollars or what stands for them."""
    recent: tuple[tuple[int, OrderTicket], ...] = ()
    """(time sent, ticket) of own recent orders of every instrument, oldest first; refused ones are not in it."""

    def leg(self, ticket: OrderTicket) -> Position | None:
        """Return the position that a ticket would change; None when it is flat or not known."""
        for position in self.positions:
            if position.key == (ticket.instrument, ticket.position_side) and not position.is_flat:
                return position
        return None

    def working(self, instrument: InstrumentId) -> list[Order]:
        """Return the working orders of one instrument."""
        return [order for order in self.orders if order.instrument == instrument and order.status.is_working]

    def leverage_for(self, instrument: Instrument) -> Decimal:
        """Return the leverage that margin is computed with."""
        return self.leverage or instrument.default_leverage

    def reference(self, source: TriggerSource) -> Decimal | None:
        """Return the price a trigger watches, None when it is unknown or not positive."""
        price = {TriggerSource.MARK: self.mark, TriggerSource.LAST: self.last, TriggerSource.INDEX: self.index}[source]
        return price if price is not None and price > 0 else None

    def far_touch(self, side: Side) -> Decimal | None:
        """Return the best price that an order of ``side`` would take."""
        return self.best_ask if side is Side.BUY else self.best_bid

    def entry_price(self, ticket: OrderTicket) -> Decimal | None:
        """Return the price a ticket is expected to execute at: its limit, its trigger, the far touch, else the mark."""
        if ticket.type.has_limit and ticket.price:
            return ticket.price
        if ticket.type.is_conditional and ticket.trigger_price:
            return ticket.trigger_price
        if self.book_live and (touch := self.far_touch(ticket.side)):
            return touch
        return self.reference(TriggerSource.MARK)

    def expected_price(self, ticket: OrderTicket) -> Decimal | None:
        """Return the price a ticket would most likely fill at: a limit that takes fills at the far touch, not at its cap.

        Consequences are computed from it; limits and margin are held against ``entry_price``, the worst it may be.
        """
        price, touch = self.entry_price(ticket), self.far_touch(ticket.side)
        if price is None or touch is None or not self.book_live or ticket.type is not OrderType.LIMIT:
            return price
        takes = price >= touch if ticket.side is Side.BUY else price <= touch
        return touch if takes else price


def quote_value(instrument: Instrument, qty: Decimal, price: Decimal) -> Decimal:
    """Return what ``qty`` is worth in the quote currency; limits in US dollars are held against it.

    An inverse contract is worth a fixed amount of quote currency whatever the price.
    """
    size = qty * instrument.contract_size
    return size if instrument.kind is ContractKind.INVERSE else size * price


def order_cost(instrument: Instrument, side: Side, qty: Decimal, price: Decimal, leverage: Decimal) -> Decimal:
    """Return the margin that an opening order ties up, in the settle currency, fees to enter and to go bankrupt included.

    Linear ``value·(1/L + f + f·(1 ∓ 1/L))`` with minus for a buy, the signs swapped for an inverse contract, ``f`` the taker
    rate: reproduces Phemex's ``buyValueToCostRr`` / ``sellValueToCostRr`` to the last printed digit.
    """
    if instrument.kind is ContractKind.SPOT:
        return instrument.value(qty, price) * (ONE + instrument.taker_fee)
    sign = -side.sign if instrument.kind is ContractKind.INVERSE else side.sign
    fee = instrument.taker_fee
    # value·((1 + f·(2L − s))/L), with one division at the end
    return divide(instrument.value(qty, price) * (ONE + fee * (2 * leverage - sign)), leverage)


def reduces(ticket: OrderTicket, position: Position | None) -> bool:
    """Whether a ticket can only shrink ``position``, whatever else happens before it executes.

    True for an order against the leg's side that is reduce-only, closes on trigger, or belongs to a hedged leg (a leg cannot
    turn over). A plain order of a merged position is never certain: another exit may fill first and make it an entry.
    """
    if position is None or position.is_flat or position.side is None:
        return False
    if (ticket.instrument, ticket.position_side) != position.key or ticket.side is position.side:
        return False
    if ticket.type in (OrderType.LIMIT, OrderType.MARKET) and ticket.qty <= 0:
        return False
    return ticket.reduce_only or ticket.close_on_trigger or ticket.position_side is not PositionSide.MERGED


def opening_qty(ticket: OrderTicket, position: Position | None) -> Decimal:
    """Return the part of a ticket's size that would add exposure."""
    if reduces(ticket, position) or ticket.reduce_only or ticket.close_on_trigger:
        return ZERO
    if position is not None and position.side is ticket.side.opposite:
        return max(ZERO, ticket.qty - position.qty)
    return ticket.qty
