"""What orders and positions tie up, and at which price a position ends: arithmetic only, of one contract at a time.

Formulas go through ``Instrument.value`` so that linear and inverse contracts share them. ``s`` is +1 for a buy or a long.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal

from tui_trader.core.decimals import CONTEXT, ONE, ZERO, divide
from tui_trader.core.instrument import Instrument, RiskTier
from tui_trader.core.types import ContractKind, Side
from tui_trader.sim.types import SimPosition


def to_money(instrument: Instrument, amount: Decimal) -> Decimal:
    """Return ``amount`` rounded half up to what the settle currency is kept to."""
    return amount.quantize(ONE.scaleb(-instrument.value_scale), rounding=ROUND_HALF_UP, context=CONTEXT)


def _to_money_up(instrument: Instrument, amount: Decimal) -> Decimal:
    return amount.quantize(ONE.scaleb(-instrument.value_scale), rounding=ROUND_CEILING, context=CONTEXT)


def keeps_units(instrument: Instrument) -> bool:
    """Whether a contract's values are whole units of its value scale: inverse ones, and all whose wire numbers are integers."""
    return instrument.kind is ContractKind.INVERSE or instrument.price_scale > 0


def trade_value(instrument: Instrument, qty: Decimal, price: Decimal) -> Decimal:
    """Return the value of an execution: exact, or rounded down once for both sides where values are whole units.

    Down: 2 contracts at 8,688.5 were 23,018 units of 1e-8 BTC, 4 at 8,686.5 were 46,048 (Phemex contract reference, COIN-M
    account message).
    """
    value = instrument.value(qty, price)
    if not keeps_units(instrument):
        return value
    return value.quantize(ONE.scaleb(-instrument.value_scale), rounding=ROUND_FLOOR, context=CONTEXT)


def value_at(instrument: Instrument, qty: Decimal, mark: Decimal) -> Decimal:
    """Return the value of a position of signed ``qty`` at ``mark``, with its sign; what funding is charged on."""
    value = trade_value(instrument, abs(qty), mark)
    return value if qty > 0 else -value


def trade_fee(instrument: Instrument, value: Decimal, rate: Decimal) -> Decimal:
    """Return the fee of an execution of ``value``: rounded half up, or up where values are whole units.

    Up: 0.075 % of 46,098 units were 35, a rebate of 0.025 % of 34,530 was 8 (the same message).
    """
    return _to_money_up(instrument, value * rate) if keeps_units(instrument) else to_money(instrument, value * rate)


def side_of(position: SimPosition) -> Side:
    """Return the side that opened a position; meaningless when it is flat."""
    return Side.BUY if position.qty > 0 else Side.SELL


def bankruptcy_fee(instrument: Instrument, side: Side, value: Decimal, leverage: Decimal) -> Decimal:
    """Return the taker fee of leaving at the bankruptcy price: value·f·(1 − s/L) linear, (1 + s/L) inverse.

    It is reserved on entry, so that whoever closes a ruined position can be paid.
    """
    sign = side.sign if instrument.kind is not ContractKind.INVERSE else -side.sign
    return value * instrument.taker_fee * (ONE - divide(Decimal(sign), leverage))


def position_cost(instrument: Instrument, side: Side, value: Decimal, leverage: Decimal) -> Decimal:
    """Return the margin of a position of entry ``value``: initial margin and the fee reserve, rounded up."""
    return _to_money_up(instrument, divide(value, leverage) + bankruptcy_fee(instrument, side, value, leverage))


def order_cost(instrument: Instrument, side: Side, value: Decimal, leverage: Decimal) -> Decimal:
    """Return what an opening order of ``value`` ties up: value·(1/L + f + f·(1 ∓ 1/L)), rounded up.

    The factor agrees with the venue's ``buyValueToCostRr``/``sellValueToCostRr`` to the last digit it prints.
    """
    fee = value * instrument.taker_fee
    return _to_money_up(instrument, divide(value, leverage) + fee + bankruptcy_fee(instrument, side, value, leverage))


def tier_of(instrument: Instrument, value: Decimal, limit: Decimal) -> RiskTier | None:
    """Return the tier of a position of entry ``value``: the chosen one where a risk ``limit`` is set, else by value."""
    if not limit:
        return instrument.tier_for(value)
    return next((tier for tier in instrument.tiers if tier.notional == limit), None)


def maintenance(instrument: Instrument, value: Decimal, limit: Decimal = ZERO) -> Decimal:
    """Return the margin below which a position of entry ``value`` is liquidated; without tiers half the smallest initial one."""
    tier = tier_of(instrument, value, limit)
    if tier is None:
        return divide(value, 2 * instrument.max_leverage)
    return max(ZERO, value * tier.maintenance_rate - tier.maintenance_amount)


def allowed_tier(instrument: Instrument, value: Decimal, leverage: Decimal, limit: Decimal = ZERO) -> RiskTier | None:
    """Return the tier, chosen or by ``value``, that admits a position of ``value`` at ``leverage``; None when it does not."""
    tier = tier_of(instrument, value, limit)
    if tier is None or value > tier.notional or leverage > tier.max_leverage:
        return None
    return tier


def unrealised(instrument: Instrument, position: SimPosition, mark: Decimal) -> Decimal:
    """Return the open profit at ``mark`` from the exact cost of the position, not from its rounded entry."""
    if not position.qty or not mark:
        return ZERO
    gain = instrument.value(abs(position.qty), mark) - position.cost
    if instrument.kind is ContractKind.INVERSE:
        return to_money(instrument, -gain if position.qty > 0 else gain)
    return gain if position.qty > 0 else -gain


def price_losing(instrument: Instrument, position: SimPosition, mark: Decimal, cushion: Decimal) -> Decimal | None:
    """Return the price at which a position has lost ``cushion`` more than it has at ``mark``; None when no price does.

    Linear ``mark − s·cushion/(Q·c)``; inverse the reciprocal of ``1/mark + s·cushion/(Q·c)``.
    """
    if not position.qty or not mark:
        return None
    size = position.qty * instrument.contract_size
    if instrument.kind is ContractKind.INVERSE:
        reciprocal = divide(ONE, mark) + divide(cushion, size)
        price = divide(ONE, reciprocal) if reciprocal > 0 else ZERO
    else:
        price = mark - divide(cushion, size)
    return price if 0 < price < instrument.max_price else None
