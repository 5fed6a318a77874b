"""What of ours a chart shows: lines at entry, break-even, stop, target and liquidation, working orders, and own fills in their
bars."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from tui_trader.core.clock import NS
from tui_trader.core.instrument import Instrument
from tui_trader.core.position import break_even
from tui_trader.core.types import InstrumentId, OrderStatus, Side
from tui_trader.state.store import Store

_RESTING = frozenset({OrderStatus.LIVE, OrderStatus.PARTIAL})


class Mark(NamedTuple):
    """A price of ours; a smaller ``rank`` is more important."""

    rank: int
    letter: str
    """As on the ladder: L liquidation, S stop, T target, E entry, ``=`` break-even, B and A own orders; small while not
    confirmed."""
    price: Decimal
    role: str


def marks_of(store: Store, instrument: Instrument) -> tuple[Mark, ...]:
    """Return what is marked in a contract, the most important first."""
    found: set[Mark] = set()
    for position in store.positions.values():
        if position.instrument == instrument.id and not position.is_flat:
            _note(found, 0, "L", position.liquidation, "alarm")
            _note(found, 3, "E", position.entry, "accent")
            _note(found, 4, "=", break_even(position, instrument), "dim")
    for order in store.blotter.working(instrument.id):
        if order.type.is_conditional and order.status not in _RESTING:
            rank, letter, role = (1, "S", "loss") if order.type.is_stop else (2, "T", "gain")
            _note(found, rank, letter if order.status is OrderStatus.ARMED else letter.lower(), order.trigger_price, role)
        elif order.price is not None:
            _note(found, 5, "B" if order.side is Side.BUY else "A", order.price, "own")
    return tuple(sorted(found))


def fills_of(store: Store, iid: InstrumentId, interval_s: int, start_s: int) -> dict[int, list[tuple[Decimal, Side]]]:
    """Return own executions since a time as (price, side), by the beginning of the bar they are in."""
    found: dict[int, list[tuple[Decimal, Side]]] = {}
    for fill in store.trades.executions():
        at = fill.at_ns // NS
        if fill.instrument == iid and at >= start_s:
            found.setdefault(at - at % interval_s, []).append((fill.price, fill.side))
    return found


def _note(found: set[Mark], rank: int, letter: str, price: Decimal | None, role: str) -> None:
    if price is not None and price > 0:
        found.add(Mark(rank, letter, price, role))
