"""What an account may still do: what its resting orders tie up, what is left, and which risk tier a new order would need."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

from tui_trader.core.decimals import ZERO, divide
from tui_trader.core.types import PositionSide, Side
from tui_trader.sim.admission import is_closing
from tui_trader.sim.ledger import Ledger
from tui_trader.sim.listing import Listing
from tui_trader.sim.margin import allowed_tier, order_cost
from tui_trader.sim.types import Refusal, SimOrder, SimStatus


def is_reducing(order: SimOrder) -> bool:
    """Whether an order may only shrink its position."""
    return order.reduce_only or order.close_on_trigger or is_closing(order.side, order.position_side)


def closable(ledger: Ledger, account: str, symbol: str, leg: PositionSide, side: Side) -> Decimal:
    """Return how much of a leg an order of ``side`` can close."""
    position = ledger.accounts[account].positions.get((symbol, leg))
    if position is None or not position.qty or (position.qty > 0) == (side is Side.BUY):
        return ZERO
    return abs(position.qty)


def opening_parts(ledger: Ledger, orders: Iterable[SimOrder]) -> Iterator[tuple[SimOrder, Decimal]]:
    """Yield each resting order with the part of its rest that would open or add to a position.

    What closes ties up nothing; where several orders could close the same contracts the oldest is taken to do it.
    """
    free: dict[tuple[str, PositionSide, Side], Decimal] = {}
    for order in orders:
        if order.status is SimStatus.UNTRIGGERED or is_reducing(order):
            continue
        key = (order.symbol, order.position_side, order.side)
        left = free.get(key)
        if left is None:
            left = closable(ledger, order.account, *key)
        closing = min(left, order.remaining)
        free[key] = left - closing
        yield order, order.remaining - closing


def committed(ledger: Ledger, orders: Iterable[SimOrder], currency: str) -> Decimal:
    """Return what the resting orders of one account tie up in ``currency``."""
    total = ZERO
    for order, opening in opening_parts(ledger, orders):
        instrument = ledger.instruments[order.symbol]
        if opening and order.price is not None and instrument.settle == currency:
            leverage = ledger.position(order.account, order.symbol, order.position_side).leverage
            total += order_cost(instrument, order.side, instrument.value(opening, order.price), leverage)
    return total


def resting_cost(ledger: Ledger, order: SimOrder) -> Decimal:
    """Return what a resting order would tie up if all that is left of it opened a position."""
    if order.price is None:
        return ZERO
    instrument = ledger.instruments[order.symbol]
    leverage = ledger.position(order.account, order.symbol, order.position_side).leverage
    return order_cost(instrument, order.side, instrument.value(order.remaining, order.price), leverage)


def available(ledger: Ledger, account: str, currency: str, orders: Iterable[SimOrder]) -> Decimal:
    """Return what is left of a balance after open cross losses, positions and resting orders; may be negative."""
    balance = ledger.accounts[account].balances.get(currency, ZERO)
    used = ledger.used_by_positions(account, currency) + committed(ledger, orders, currency)
    return balance + ledger.open_loss(account, currency) - used


def likely_value(listing: Listing, side: Side, lots: int, limit: Decimal | None) -> Decimal:
    """Return the value that ``lots`` would execute for.

    A buy with a limit is taken at its limit. Otherwise the book is walked, and what it cannot fill is taken at the limit of
    a sell, or at nothing for a market order, whose rest expires.
    """
    instrument = listing.instrument
    if limit is not None and side is Side.BUY:
        return instrument.value(listing.qty(lots), limit)
    floor = listing.ticks(limit) if limit is not None else None
    value = ZERO
    for ticks, there in listing.book.depth(side.opposite):
        if not lots or (floor is not None and ticks < floor):
            break
        taken = min(lots, there)
        value += instrument.value(listing.qty(taken), listing.price(ticks))
        lots -= taken
    if lots and limit is not None:
        value += instrument.value(listing.qty(lots), limit)
    return value


def refuse_credit(ledger: Ledger, listing: Listing, order: SimOrder, others: list[SimOrder]) -> Refusal:
    """Check an order that is about to work against the account's balance and risk tier.

    ``others`` are the account's other open orders, oldest first. What only closes is never refused.
    """
    instrument = listing.instrument
    if is_reducing(order):
        return Refusal.NONE
    opening = ZERO
    pending = ZERO
    for other, part in opening_parts(ledger, [*others, order]):
        if other is order:
            opening = part
        elif other.symbol == order.symbol and other.position_side is order.position_side and other.side is order.side:
            pending += instrument.value(part, other.price or ZERO)
    if not opening:
        return Refusal.NONE
    position = ledger.position(order.account, order.symbol, order.position_side)
    whole = likely_value(listing, order.side, listing.lots(order.remaining), order.price)
    value = divide(whole * opening, order.remaining)
    grows = not position.qty or (position.qty > 0) == (order.side is Side.BUY)
    if instrument.tiers:
        exposure = pending + value + (position.cost if grows else ZERO)
        if allowed_tier(instrument, exposure, position.leverage, position.risk_limit) is None:
            return Refusal.RISK_LIMIT
    cost = order_cost(instrument, order.side, value, position.leverage)
    free = available(ledger, order.account, instrument.settle, others)
    return Refusal.NONE if cost <= free else Refusal.NO_BALANCE
