"""What a ticket would do if it filled whole, at the price it is expected to fill at.

It must not judge (that is ``risk``); it only computes. Money in the settle currency unless it says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal, localcontext

from tui_trader.core.decimals import CONTEXT, HUNDRED, ONE, ZERO, divide
from tui_trader.core.facts import Facts, opening_qty, order_cost, quote_value
from tui_trader.core.instrument import Instrument
from tui_trader.core.order import OrderTicket
from tui_trader.core.position import Position, break_even, merged_entry
from tui_trader.core.types import ContractKind, MarginMode, Side, TriggerSource


@dataclass(frozen=True, slots=True)
class Preview:
    """The consequences of a ticket; None wherever something needed is not known."""

    price: Decimal
    """Expected execution price."""
    notional: Decimal
    quote_notional: Decimal
    """In quote currency."""
    leverage: Decimal
    margin: Decimal
    """Tied up by the part that opens; zero for a reduction."""
    fee_maker: Decimal
    """Cost if it rests first; negative = rebate."""
    fee_taker: Decimal
    realised: Decimal
    """Profit of the part that closes, before fees."""
    position_side: Side | None
    """Direction afterwards; None when flat."""
    position_qty: Decimal
    position_entry: Decimal
    break_even: Decimal | None
    """Of the resulting position, with taker fees both ways and the funding paid so far."""
    liquidation: Decimal | None
    """Estimate for an isolated position; None for cross, where it depends on the whole account."""
    risk: Decimal | None
    """Lost at the attached stop, before fees; None without one."""
    reward: Decimal | None
    """Gained at the attached target, before fees; None without one."""
    ratio: Decimal | None
    """Reward over risk."""
    distance: Decimal | None
    """From the mark to the price, in percent of the mark; positive above it."""


def preview(ticket: OrderTicket, instrument: Instrument, facts: Facts) -> Preview | None:
    """Return what filling ``ticket`` whole would do; None while no price is known or the ticket has none."""
    with localcontext(CONTEXT):
        price = facts.expected_price(ticket)
        return None if price is None or price <= 0 else _preview(ticket, instrument, facts, price)


def _preview(ticket: OrderTicket, instrument: Instrument, facts: Facts, price: Decimal) -> Preview:
    leg = facts.leg(ticket)
    qty = ticket.qty
    if leg is not None and (ticket.reduce_only or ticket.close_on_trigger):
        qty = min(qty or leg.qty, leg.qty)
    leverage = facts.leverage_for(instrument)
    opening = opening_qty(ticket, leg)
    value = instrument.value(qty, price)
    after = _after(ticket, instrument, facts, leg, qty, price)
    closed = min(qty, leg.qty) if leg is not None and leg.side is ticket.side.opposite else ZERO
    risk = reward = None
    if ticket.stop_loss is not None:
        risk = -instrument.pnl(ticket.side, qty, price, ticket.stop_loss)
    if ticket.take_profit is not None:
        reward = instrument.pnl(ticket.side, qty, price, ticket.take_profit)
    mark = facts.reference(TriggerSource.MARK)
    return Preview(
        price=price,
        notional=value,
        quote_notional=quote_value(instrument, qty, price),
        leverage=leverage,
        margin=order_cost(instrument, ticket.side, opening, price, leverage) if opening and leverage > 0 else ZERO,
        fee_maker=value * instrument.maker_fee,
        fee_taker=value * instrument.taker_fee,
        realised=instrument.pnl(leg.side, closed, leg.entry, price) if leg is not None and leg.side and closed else ZERO,
        position_side=after.side,
        position_qty=after.qty,
        position_entry=after.entry,
        break_even=break_even(after, instrument),
        liquidation=isolated_liquidation(after, instrument) if after.margin_mode is MarginMode.ISOLATED else None,
        risk=risk,
        reward=reward,
        ratio=divide(reward, risk) if risk is not None and reward is not None and risk > 0 else None,
        distance=divide((price - mark) * HUNDRED, mark) if mark is not None else None,
    )


def isolated_liquidation(position: Position, instrument: Instrument) -> Decimal | None:
    """Return the price at which an isolated position's margin falls to its maintenance requirement.

    Linear ``entry ∓ (margin − maintenance)/(Q·c)``, upper sign long, with ``maintenance = value·rate − amount`` of the tier
    (Phemex fact sheet 4.6: reproduces documented rows to within a few ticks). None when flat, when the venue told no tiers,
    or when no price would do it.
    """
    tier = instrument.tier_for(instrument.value(position.qty, position.entry))
    if position.side is None or not position.qty or not position.entry or tier is None:
        return None
    value = instrument.value(position.qty, position.entry)
    cushion = divide(
        position.margin - value * tier.maintenance_rate + tier.maintenance_amount, position.qty * instrument.contract_size
    )
    if instrument.kind is ContractKind.INVERSE:
        inverse = divide(ONE, position.entry) + position.side.sign * cushion
        return divide(ONE, inverse) if inverse > 0 else None
    price = position.entry - position.side.sign * cushion
    return price if price > 0 else None


def _after(
    ticket: OrderTicket, instrument: Instrument, facts: Facts, leg: Position | None, qty: Decimal, price: Decimal
) -> Position:
    """Return the position once ``qty`` has executed at ``price``."""
    leverage = facts.leverage_for(instrument)
    fresh = Position(
        instrument=instrument.id,
        position_side=ticket.position_side,
        mode=facts.mode,
        side=ticket.side if qty else None,
        qty=qty,
        entry=price if qty else ZERO,
        leverage=leverage,
        margin_mode=facts.margin_mode,
        margin=divide(instrument.value(qty, price), leverage) if leverage > 0 else ZERO,
    )
    if leg is None or leg.side is None:
        return (
            fresh if not ticket.reduce_only and not ticket.close_on_trigger else replace(fresh, side=None, qty=ZERO, entry=ZERO)
        )
    if leg.side is ticket.side:
        if ticket.reduce_only or ticket.close_on_trigger:
            return leg
        entry = merged_entry(instrument, leg.qty, leg.entry, qty, price)
        return replace(leg, qty=leg.qty + qty, entry=entry, margin=leg.margin + fresh.margin)
    rest = leg.qty - qty
    if rest > 0:
        share = divide(rest, leg.qty)
        return replace(leg, qty=rest, margin=leg.margin * share, funding=leg.funding * share)
    if rest == 0:
        return replace(leg, side=None, qty=ZERO, entry=ZERO, margin=ZERO, funding=ZERO)
    return replace(fresh, qty=-rest, margin=divide(instrument.value(-rest, price), leverage) if leverage > 0 else ZERO)
