"""What protects a position: the stops and targets that stand at the venue, as the blotter knows them.

Only what the venue has confirmed counts; a stop that was merely sent protects nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from tui_trader.core.decimals import HUNDRED, ZERO, divide
from tui_trader.core.instrument import Instrument
from tui_trader.core.order import Order
from tui_trader.core.position import Position
from tui_trader.core.types import OrderStatus, OrderType, PositionSide

_AT_VENUE = frozenset({OrderStatus.ARMED, OrderStatus.LIVE, OrderStatus.PARTIAL})
_TARGETS = frozenset({OrderType.MARKET_IF_TOUCHED, OrderType.LIMIT_IF_TOUCHED, OrderType.LIMIT})


@dataclass(frozen=True, slots=True)
class Cover:
    """The exits of one leg. Sizes in the instrument's unit."""

    qty: Decimal
    """Size of the leg."""
    stops: tuple[Order, ...] = ()
    """Protective stops at the venue, the one that triggers first at the front."""
    targets: tuple[Order, ...] = ()
    """Profit targets at the venue, the nearest at the front."""

    @property
    def covered(self) -> Decimal:
        """Size that the stops would close, at most the leg itself."""
        if any(order.close_on_trigger and not order.qty for order in self.stops):
            return self.qty
        return min(self.qty, sum((order.remaining for order in self.stops), ZERO))

    @property
    def percent(self) -> Decimal:
        """Share of the leg that stops cover, 0 to 100."""
        return divide(self.covered * HUNDRED, self.qty) if self.qty else HUNDRED

    @property
    def is_naked(self) -> bool:
        """Whether any part of the leg has no stop at the venue."""
        return self.covered < self.qty

    @property
    def stop(self) -> Order | None:
        """The stop that triggers first."""
        return self.stops[0] if self.stops else None

    @property
    def target(self) -> Order | None:
        """The nearest target."""
        return self.targets[0] if self.targets else None


def cover_of(position: Position, orders: Iterable[Order]) -> Cover:
    """Return the exits of a leg among ``orders``: opposite side, same leg, unable to open anything, confirmed by the venue."""
    side = position.side
    if side is None or not position.qty:
        return Cover(ZERO)
    stops: list[Order] = []
    targets: list[Order] = []
    for order in orders:
        if order.instrument != position.instrument or order.side is side or order.status not in _AT_VENUE:
            continue
        if order.position_side is not position.position_side:
            continue
        hedged = position.position_side is not PositionSide.MERGED
        if not (order.reduce_only or order.close_on_trigger or hedged):
            continue
        if order.type.is_stop and order.trigger_price is not None:
            if not _waits_for_activation(order):
                stops.append(order)
            if (target := twin_of(order)) is not None:
                targets.append(target)
        elif order.type in _TARGETS and (order.trigger_price or order.price) is not None:
            targets.append(order)
    # A long is stopped at the highest of its stops first and takes profit at the lowest of its targets.
    stops.sort(key=lambda order: (order.trigger_price or ZERO) * -side.sign)
    targets.sort(key=lambda order: (order.trigger_price or order.price or ZERO) * side.sign)
    return Cover(position.qty, tuple(stops), tuple(targets))


def twin_of(order: Order) -> Order | None:
    """Return the target that a stop holds under the same id, as the target that it is; None where it holds none.

    Some venues keep both exits of a position as one order: what ends the one ends the other.
    """
    if order.take_profit is None or not order.type.is_stop or not order.reduce_only:
        return None
    return replace(
        order,
        type=OrderType.MARKET_IF_TOUCHED,
        trigger_price=order.take_profit,
        trigger_source=order.take_profit_source,
        take_profit=None,
        stop_loss=order.trigger_price,
    )


def _waits_for_activation(order: Order) -> bool:
    """Whether a trailing stop has not begun to follow: its trigger is still the price that it waits for, and covers nothing."""
    return order.activation_price is not None and order.trigger_price == order.activation_price


def risk_to_stops(position: Position, instrument: Instrument, cover: Cover) -> Decimal | None:
    """Return what the leg loses, in the settle currency, if every stop fills at its trigger; None while a part is naked.

    Negative when the stops lock in a profit. Fees and slippage are not included.
    """
    side = position.side
    if side is None:
        return ZERO
    if cover.is_naked:
        return None
    left, lost = position.qty, ZERO
    for order in cover.stops:
        whole = order.close_on_trigger and not order.qty
        qty = left if whole else min(left, order.remaining)
        if order.trigger_price is not None:
            lost -= instrument.pnl(side, qty, position.entry, order.trigger_price)
        left -= qty
    return lost


def gain_at_targets(position: Position, instrument: Instrument, cover: Cover) -> Decimal | None:
    """Return what the leg gains, in the settle currency, if every target fills where it stands; None without a target.

    A part without a target is not counted; fees and slippage are not included.
    """
    side = position.side
    if side is None or not cover.targets:
        return None
    left, gained = position.qty, ZERO
    for order in cover.targets:
        level = order.trigger_price if order.trigger_price is not None else order.price
        qty = left if order.close_on_trigger and not order.qty else min(left, order.remaining)
        if level is not None:
            gained += instrument.pnl(side, qty, position.entry, level)
        left -= qty
    return gained


def open_risk(legs: Iterable[tuple[Position, Instrument | None, Cover]]) -> tuple[dict[str, Decimal], bool]:
    """Return what all stops together would lose, by settle currency, and whether every leg is bounded by stops."""
    lost: dict[str, Decimal] = {}
    bounded = True
    for leg, instrument, cover in legs:
        risk = risk_to_stops(leg, instrument, cover) if instrument is not None else None
        if instrument is None or risk is None:
            bounded = False
        else:
            lost[instrument.settle] = lost.get(instrument.settle, ZERO) + risk
    return lost, bounded
