"""What an account may set for a symbol: leverage and margin mode, one position or two legs, margin of an isolated leg."""

from __future__ import annotations

from decimal import Decimal

from tui_trader.core.decimals import ONE, ZERO
from tui_trader.core.instrument import Instrument
from tui_trader.core.types import PositionMode, PositionSide
from tui_trader.sim.credit import available
from tui_trader.sim.floor import Floor
from tui_trader.sim.ledger import has_risk_limit
from tui_trader.sim.margin import allowed_tier, position_cost, side_of, tier_of
from tui_trader.sim.types import Refusal, SimPosition

LEGS = {
    PositionMode.ONE_WAY: (PositionSide.MERGED,),
    PositionMode.HEDGED: (PositionSide.LONG, PositionSide.SHORT),
}


def set_leverage(
    floor: Floor, account: str, symbol: str, leg: PositionSide | None, leverage: Decimal, *, isolated: bool
) -> Refusal:
    """Set leverage and margin mode of a leg, or of every leg; zero means the most that the position's tier allows."""
    instrument = floor.ledger.instruments.get(symbol)
    if instrument is None:
        return Refusal.SYMBOL
    legs = LEGS[floor.ledger.mode(account, symbol)]
    if leg is not None and leg not in legs:
        return Refusal.POSITION_MODE
    if leverage and not ONE <= leverage <= instrument.max_leverage:
        return Refusal.LEVERAGE
    targets = [floor.ledger.position(account, symbol, one) for one in legs if leg in (None, one)]
    before = [(one.leverage, one.isolated, one.margin) for one in targets]
    refusal = Refusal.NONE
    for position in targets:
        refusal = refusal or _set_one(instrument, position, leverage or _most(instrument, position), isolated)
    if not refusal and any(position.qty for position in targets):
        orders = floor.open.get(account, {}).values()
        if available(floor.ledger, account, instrument.settle, orders) < 0:
            refusal = Refusal.LEVERAGE_BALANCE
    for position, (old_leverage, old_isolated, old_margin) in zip(targets, before, strict=True):
        if refusal:
            position.leverage, position.isolated, position.margin = old_leverage, old_isolated, old_margin
        else:
            _touch(floor, account, instrument, position)
    return refusal


def set_position_mode(floor: Floor, account: str, symbol: str, mode: PositionMode) -> Refusal:
    """Choose one merged position or two legs; refused while a position or an order of the symbol is open."""
    ledger = floor.ledger
    if symbol not in ledger.instruments:
        return Refusal.SYMBOL
    if ledger.mode(account, symbol) is mode:
        return Refusal.NONE
    if any(order.symbol == symbol for order in floor.open.get(account, {}).values()):
        return Refusal.POSITION_OPEN
    if any(position.symbol == symbol for position in ledger.open_positions(account)):
        return Refusal.POSITION_OPEN
    ledger.accounts[account].modes[symbol] = mode
    for leg in LEGS[mode]:
        _touch(floor, account, ledger.instruments[symbol], ledger.position(account, symbol, leg))
    return Refusal.NONE


def set_risk_limit(floor: Floor, account: str, symbol: str, limit: Decimal) -> Refusal:
    """Choose a step of the margin table, by its notional; the leverage gives way to what the step allows."""
    instrument = floor.ledger.instruments.get(symbol)
    if instrument is None:
        return Refusal.SYMBOL
    if not has_risk_limit(instrument) or (tier := tier_of(instrument, ZERO, limit)) is None or not limit:
        return Refusal.LIMIT_INVALID
    for leg in LEGS[floor.ledger.mode(account, symbol)]:
        position = floor.ledger.position(account, symbol, leg)
        if position.cost > limit:
            return Refusal.RISK_LIMIT
        before = position.risk_limit, position.leverage
        position.risk_limit = limit
        position.leverage = min(position.leverage, tier.max_leverage)
        if position.qty and available(floor.ledger, account, instrument.settle, floor.open.get(account, {}).values()) < 0:
            position.risk_limit, position.leverage = before
            return Refusal.LIMIT_BALANCE
        _touch(floor, account, instrument, position)
    return Refusal.NONE


def assign_margin(floor: Floor, account: str, symbol: str, leg: PositionSide, delta: Decimal) -> Refusal:
    """Add to the margin of an isolated position, or take from what it has above its initial margin."""
    instrument = floor.ledger.instruments.get(symbol)
    if instrument is None:
        return Refusal.SYMBOL
    position = floor.ledger.accounts[account].positions.get((symbol, leg))
    if position is None or not position.qty:
        return Refusal.MARGIN_NO_POSITION
    if not position.isolated:
        return Refusal.MARGIN_CROSS
    if delta > available(floor.ledger, account, instrument.settle, floor.open.get(account, {}).values()):
        return Refusal.MARGIN_BALANCE
    least = position_cost(instrument, side_of(position), position.cost, position.leverage)
    open_loss = min(ZERO, floor.ledger.unrealised(position))
    if delta < 0 and position.margin + delta < least:
        return Refusal.MARGIN_NOT_ADDED
    if delta < 0 and position.margin + delta + open_loss < least:
        return Refusal.MARGIN_LOSS
    position.margin += delta
    _touch(floor, account, instrument, position)
    return Refusal.NONE


def _set_one(instrument: Instrument, position: SimPosition, leverage: Decimal, isolated: bool) -> Refusal:
    if position.qty and instrument.tiers and allowed_tier(instrument, position.cost, leverage, position.risk_limit) is None:
        return Refusal.RISK_LIMIT
    if position.qty and isolated:
        position.margin = position_cost(instrument, side_of(position), position.cost, leverage)
    elif not isolated:
        position.margin = ZERO
    position.leverage, position.isolated = leverage, isolated
    return Refusal.NONE


def _most(instrument: Instrument, position: SimPosition) -> Decimal:
    tier = tier_of(instrument, position.cost, position.risk_limit)
    return min(tier.max_leverage, instrument.max_leverage) if tier else instrument.max_leverage


def _touch(floor: Floor, account: str, instrument: Instrument, position: SimPosition) -> None:
    position.seq, position.updated_ns = floor.outbox.next_seq(), floor.outbox.now_ns
    floor.outbox.touch_account(account, instrument.settle)
    floor.outbox.touch_position(account, position.symbol, position.position_side)
