"""Margin for a closing order: what else stands on its side may have to go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_trader.core.decimals import ZERO
from tui_trader.core.types import PositionSide
from tui_trader.sim.credit import available, is_reducing, resting_cost
from tui_trader.sim.types import SimOrder

if TYPE_CHECKING:
    from tui_trader.sim.floor import Floor


def make_room(floor: Floor, order: SimOrder) -> None:
    """Cancel resting orders on the side of a closing one, youngest first, that could not be carried once it has closed.

    While the position stands they count as closing it and tie up nothing; afterwards they would open the other way.
    """
    if order.position_side is not PositionSide.MERGED:
        return
    others = floor.others(order)
    rivals = [
        other
        for other in others
        if other.symbol == order.symbol
        and other.side is order.side
        and floor.resting(other) is not None
        and not is_reducing(other)
    ]
    if not rivals:
        return
    ledger = floor.ledger
    position = ledger.position(order.account, order.symbol, order.position_side)
    rest = [other for other in others if other not in rivals]
    free = available(ledger, order.account, ledger.instruments[order.symbol].settle, rest) + ledger.position_margin(position)
    while rivals and free < sum((resting_cost(ledger, one) for one in rivals), ZERO):
        floor.cancel(rivals.pop())
