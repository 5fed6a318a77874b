"""A blotter that is watched: every change of an order is held against the exchange while it happens."""

from __future__ import annotations

from collections.abc import Callable

from tests.dst.venue import ACCOUNT, Venue
from tui_trader.core.order import Order
from tui_trader.core.types import ClientOrderId, OrderStatus
from tui_trader.sim.masks.phemex_words import AT_THE_GATE
from tui_trader.sim.types import SimOrder, SimStatus
from tui_trader.state.blotter import Blotter

_MEANING: dict[OrderStatus, frozenset[SimStatus | None]] = {
    OrderStatus.FILLED: frozenset({SimStatus.FILLED}),
    OrderStatus.CANCELED: frozenset({SimStatus.CANCELED}),
    OrderStatus.EXPIRED: frozenset({SimStatus.CANCELED}),
    OrderStatus.REJECTED: frozenset({SimStatus.REJECTED, None}),
    OrderStatus.ABSENT: frozenset({None}),
    OrderStatus.ARMED: frozenset({SimStatus.UNTRIGGERED}),
    OrderStatus.LIVE: frozenset({SimStatus.NEW}),
    OrderStatus.PARTIAL: frozenset({SimStatus.PARTIAL}),
}
"""What the exchange must hold of an order that is shown so; None is an order it never had."""


def agrees(status: OrderStatus, theirs: SimOrder | None) -> bool:
    """Whether a status is true of what the exchange holds; a status of doubt never is."""
    if theirs is not None and theirs.refusal in AT_THE_GATE and status is OrderStatus.ABSENT:
        return True  # what the gate turned away is told by its answer alone, and that may be lost
    return (theirs.status if theirs else None) in _MEANING.get(status, frozenset())


class WatchedBlotter(Blotter):
    """Tells ``complain`` of every false or moving end and of every execution that there was not."""

    def __init__(self, venue: Venue, complain: Callable[[str], None], say: Callable[[str], None]) -> None:
        super().__init__()
        self._venue = venue
        self._complain = complain
        self._say = say

    def _tell(self, key: ClientOrderId, told: Order) -> None:
        before = self._orders.get(key)
        super()._tell(key, told)
        after = self._orders[key]
        if before is None or (before.status, before.filled, before.pending) != (after.status, after.filled, after.pending):
            self._say(f"    {key} {after.status} {after.filled}/{after.qty} {after.pending or ''} {after.reason}")
        theirs = self._venue.exchange.order(ACCOUNT, order_id=after.venue_id) if after.venue_id else self._venue.order(key)
        if before is not None and before.status.is_terminal and after.status is not before.status:
            self._complain(f"end moved: {key} was {before.status} and is {after.status}")
        elif after.status.is_terminal and not agrees(after.status, theirs):
            self._complain(f"false end: {key} is shown {after.status}, the exchange has {theirs.status if theirs else 'nothing'}")
        if theirs is not None and after.filled > theirs.filled:
            self._complain(f"executions that were not: {key} shows {after.filled} of {theirs.filled}")
        if before is not None and after.filled < before.filled:
            self._complain(f"executions taken back: {key} from {before.filled} to {after.filled}")
