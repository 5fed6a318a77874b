"""Who can no longer carry a position, and what the exchange does about it.

An isolated leg falls alone. When the cross positions of a currency fall, every order of that currency is cancelled and legs
are closed, the one with the largest requirement first, until the rest is sound. A leg is closed against the book no further
than its bankruptcy price; there the insurance account takes it over and sells it on, so losses past bankruptcy are its own. Once
that account has lost what it may lose, positions of the other side are closed at that price in its place, the most profitable at
the highest leverage first (auto-deleveraging).
What a liquidation leaves to the account stays with the account.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from tui_trader.core.decimals import ZERO, divide
from tui_trader.core.types import OrderType, PositionSide, Side
from tui_trader.sim.engine import Resting
from tui_trader.sim.floor import Floor
from tui_trader.sim.ledger import INSURANCE, is_house
from tui_trader.sim.listing import Listing
from tui_trader.sim.types import Event, NewOrder, Refusal, SimOrder, SimPosition


def liquidate_unsound(floor: Floor) -> None:
    """Close every position that its margin no longer carries, in order of account opening."""
    ledger = floor.ledger
    for account in list(ledger.accounts):
        if is_house(account) or not ledger.accounts[account].positions:
            continue
        for position in list(ledger.open_positions(account)):
            if position.isolated and position.qty and not ledger.standing(account, position).is_sound:
                _cancel_orders(floor, account, position.symbol)
                _liquidate(floor, account, position)
        for currency in list(ledger.accounts[account].balances):
            _liquidate_cross(floor, account, currency)


def _liquidate_cross(floor: Floor, account: str, currency: str) -> None:
    ledger = floor.ledger
    fallen = False
    while True:
        cross = [position for position in ledger.open_positions(account, currency) if not position.isolated]
        if not cross or ledger.standing(account, cross[0]).is_sound:
            break
        if not fallen:
            fallen = True
            for order in list(floor.open.get(account, {}).values()):
                if ledger.instruments[order.symbol].settle == currency and order.status.is_open:
                    floor.cancel(order, Refusal.LIQUIDATING)
        _liquidate(floor, account, max(cross, key=lambda position: position.cost))
    if fallen:
        backed = sum((p.margin for p in ledger.open_positions(account, currency) if p.isolated), ZERO)
        if not cross:
            _cover(floor, account, currency, backed - ledger.accounts[account].balances[currency])


def _liquidate(floor: Floor, account: str, position: SimPosition) -> None:
    ledger = floor.ledger
    listing = floor.listings[position.symbol]
    instrument = listing.instrument
    was_long = position.qty > 0
    bankrupt = ledger.bankrupt_price(account, position)
    if bankrupt is None:
        worst = 1 if was_long else listing.max_ticks
    else:
        rounding = ROUND_CEILING if was_long else ROUND_FLOOR
        worst = int((bankrupt / instrument.tick).to_integral_value(rounding=rounding))
        worst = min(max(worst, 1), listing.max_ticks)
    margin = position.margin
    before = ledger.accounts[account].balances.get(instrument.settle, ZERO)
    left = _force_close(floor, position, account, worst)
    if left.lots and _is_exhausted(floor, instrument.settle):
        _deleverage(floor, listing, left, worst)
    if left.lots:
        insurer = Resting(INSURANCE, left.side.opposite, worst, left.lots)
        floor.book_trade(listing, left, insurer, listing.qty(left.lots), listing.price(worst), "liquidation")
    if position.isolated:
        lost = before - ledger.accounts[account].balances.get(instrument.settle, ZERO)
        _cover(floor, account, instrument.settle, lost - margin)
    taken = ledger.position(INSURANCE, position.symbol, PositionSide.MERGED).qty
    if taken:
        side = Side.SELL if taken > 0 else Side.BUY
        floor.house_order(listing, INSURANCE, side, listing.worst_ticks(side), listing.lots(abs(taken)), rest=False)
    floor.settle(listing)


def _forced(floor: Floor, position: SimPosition, account: str, qty: Decimal, text: str) -> SimOrder:
    """Return a market order of the exchange itself that closes ``qty`` of a leg; it is open and in no book."""
    side = Side.SELL if position.qty > 0 else Side.BUY
    leg = position.position_side
    new = NewOrder("", position.symbol, side, OrderType.MARKET, qty, position_side=leg, reduce_only=True, text=text)
    order = floor.record(account, new)
    floor.open.setdefault(account, {})[order.order_id] = order
    floor.tell(Event.NEW, order)
    return order


def _force_close(floor: Floor, position: SimPosition, account: str, worst: int) -> Resting:
    """Close a leg against the book down to ``worst`` ticks; returns what is left of it."""
    listing = floor.listings[position.symbol]
    order = _forced(floor, position, account, abs(position.qty), "liquidation")
    incoming = Resting(account, order.side, worst, listing.lots(order.qty), order)
    floor.execute(listing, incoming, "liquidation")
    return incoming


def _is_exhausted(floor: Floor, currency: str) -> bool:
    """Whether the insurance account has lost all that it may lose in a currency."""
    limit = floor.insurance.get(currency)
    return limit is not None and floor.ledger.accounts[INSURANCE].balances.get(currency, ZERO) <= -limit


def _deleverage(floor: Floor, listing: Listing, left: Resting, worst: int) -> None:
    """Close positions of the other side against what is left of a liquidation, at its bankruptcy price and off the book."""
    for position, account in _ranked(floor, listing.symbol, left.side):
        if not left.lots:
            return
        lots = min(left.lots, listing.lots(abs(position.qty)))
        order = _forced(floor, position, account, listing.qty(lots), "adl")
        other = Resting(account, order.side, worst, lots, order)
        left.lots -= lots
        floor.book_trade(listing, left, other, listing.qty(lots), listing.price(worst), "liquidation", "adl")


def _ranked(floor: Floor, symbol: str, side: Side) -> list[tuple[SimPosition, str]]:
    """Return the users' positions that an order of ``side`` could be executed against, first in line first."""
    ledger = floor.ledger
    found = [
        (position, account)
        for account in ledger.accounts
        if not is_house(account)
        for position in ledger.open_positions(account)
        if position.symbol == symbol and (position.qty > 0) is (side is Side.BUY)
    ]
    return sorted(found, key=lambda one: divide(ledger.unrealised(one[0]) * one[0].leverage, one[0].cost), reverse=True)


def _cancel_orders(floor: Floor, account: str, symbol: str) -> None:
    for order in list(floor.open.get(account, {}).values()):
        if order.symbol == symbol and order.status.is_open:
            floor.cancel(order, Refusal.LIQUIDATING)


def _cover(floor: Floor, account: str, currency: str, loss: Decimal) -> None:
    """Let the insurance account pay what was lost beyond what stood behind it."""
    if loss > 0:
        floor.ledger.transfer(INSURANCE, account, currency, loss)
        floor.outbox.move(account, currency, loss, "insurance")
