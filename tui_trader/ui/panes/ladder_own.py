"""What of ours stands on which row of the ladder: resting orders and their place in the queue, entry, break-even, liquidation,
stops and targets.

It must not know columns or the window: rows are counted from price zero in steps of ``group`` ticks.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from tui_trader.core.decimals import CONTEXT, ZERO
from tui_trader.core.instrument import Instrument
from tui_trader.core.order import Order
from tui_trader.core.position import break_even, unrealised
from tui_trader.core.types import InstrumentId, OrderStatus, Side
from tui_trader.state.queue import Place
from tui_trader.state.store import Store
from tui_trader.ui.format import ELLIPSIS, STALE_MARK, bare, fitted, number

MARKS = "LSsTtE="
"""Letters of a row, the gravest first: liquidation, stop, target, entry, break-even."""

_RESTING = frozenset({OrderStatus.LIVE, OrderStatus.PARTIAL})

_FIRST_BEYOND = "SsTtLE="
"""Of what lies beyond the window exits come first: a liquidation lies behind its stop."""

_TALL = 12
"""Rows from which there is room for more than one mark of what lies beyond the window."""
_AT_EDGE = 3


class Ghost(NamedTuple):
    """A staged order that would rest: where it would stand."""

    instrument: InstrumentId
    side: Side
    price: Decimal
    qty: Decimal


def own_orders(
    store: Store, instrument: Instrument, group: int, width: int, ghost: Ghost | None = None
) -> dict[int, tuple[str, str]]:
    """Return own resting orders by row as texts (bid, offered), several summed; ``?`` where the outcome of one is unknown.

    A staged order has a small letter: it was not sent.
    """
    sums: dict[tuple[int, Side], tuple[Decimal, bool]] = {}
    for row, order in _on_rows(store, instrument, group):
        size, doubt = sums.get((row, order.side), (ZERO, False))
        sums[row, order.side] = (size + order.remaining, doubt or order.status is OrderStatus.UNKNOWN)
    out: dict[int, tuple[str, str]] = {}
    if ghost is not None and ghost.instrument == instrument.id:
        row = row_of(ghost.price, instrument, group, ghost.side)
        if (row, ghost.side) not in sums:
            text = _own_text("b" if ghost.side is Side.BUY else "s", ghost.qty, instrument.qty_places, False, width)
            out[row] = (text, "") if ghost.side is Side.BUY else ("", text)
    for (row, side), (size, doubt) in sums.items():
        bid, ask = out.get(row, ("", ""))
        text = _own_text("B" if side is Side.BUY else "S", size, instrument.qty_places, doubt, width)
        out[row] = (text, ask) if side is Side.BUY else (bid, text)
    return out


def orders_on(store: Store, instrument: Instrument, group: int, row: int) -> list[Order]:
    """Return own resting orders of one row, oldest first."""
    return [order for at, order in _on_rows(store, instrument, group) if at == row]


def queues_of(store: Store, instrument: Instrument, group: int, width: int) -> dict[int, tuple[str, str]]:
    """Return by row how much stands before the own order that is nearest the front, as texts (bid, offered)."""
    nearest: dict[tuple[int, Side], Place] = {}
    for row, order in _on_rows(store, instrument, group):
        place = store.place(order)
        known = nearest.get((row, order.side))
        if place is not None and (known is None or place.ahead < known.ahead):
            nearest[row, order.side] = place
    out: dict[int, tuple[str, str]] = {}
    for (row, side), place in nearest.items():
        bid, ask = out.get(row, ("", ""))
        text = queue_text(place, instrument.qty_places, width)
        out[row] = (text, ask) if side is Side.BUY else (bid, text)
    return out


def queue_text(place: Place, places: int, width: int) -> str:
    """Return ``q~5.1``, rounded up, in at most ``width`` cells; with ``?`` where the book was in doubt."""
    doubt = STALE_MARK if place.doubtful else ""
    room = width - 2 - len(doubt)
    for decimals in (min(places, 1), 0):
        step = Decimal(1).scaleb(-decimals)
        shown = place.ahead.quantize(step, rounding="ROUND_CEILING")
        text = fitted(shown, decimals, room)
        if text != ELLIPSIS:
            return f"q~{text}{doubt}"
    return ""


def pnl_at(store: Store, instrument: Instrument, price: Decimal) -> Decimal | None:
    """Return the open profit of all legs if the mark were ``price``, in the settle currency; None without a position."""
    legs = [leg for leg in store.open_positions() if leg.instrument == instrument.id]
    return sum((unrealised(leg, instrument, price) for leg in legs), ZERO) if legs else None


def _on_rows(store: Store, instrument: Instrument, group: int) -> list[tuple[int, Order]]:
    found = []
    for order in store.blotter.working(instrument.id):
        if order.price is not None and not (order.type.is_conditional and order.status not in _RESTING):
            found.append((row_of(order.price, instrument, group, order.side), order))
    return found


def marks_of(store: Store, instrument: Instrument, group: int) -> dict[int, str]:
    """Return the letters of entry, liquidation, stop and target by row; lower case until the venue has confirmed the order."""
    letters: dict[int, set[str]] = {}

    def note(price: Decimal | None, letter: str) -> None:
        if price is not None and price > 0:
            letters.setdefault(row_of(price, instrument, group, None), set()).add(letter)

    for position in store.positions.values():
        if position.instrument == instrument.id and not position.is_flat:
            note(position.entry, "E")
            note(break_even(position, instrument), "=")
            note(position.liquidation, "L")
    for order in store.blotter.working(instrument.id):
        if order.type.is_conditional and order.status not in _RESTING:
            letter = "S" if order.type.is_stop else "T"
            note(order.trigger_price, letter if order.status is OrderStatus.ARMED else letter.lower())
    return {row: "".join(letter for letter in MARKS if letter in found) for row, found in letters.items()}


def at_edges(marks: dict[int, str], bottom: int, top: int) -> dict[int, str]:
    """Return the marks within the window, and on its first and last rows the most telling of those beyond, with an arrow: ``S▼``.

    The farther one stands, the nearer to the edge it is shown. A row that has a mark of its own keeps it.
    """
    shown = {row: letters for row, letters in marks.items() if bottom <= row <= top}
    room = _AT_EDGE if top - bottom >= _TALL else 1
    above = _telling(((row, letters) for row, letters in marks.items() if row > top), room)
    below = _telling(((row, letters) for row, letters in marks.items() if 0 < row < bottom), room)
    for place, (_, letter) in enumerate(reversed(above)):
        shown.setdefault(top - place, f"{letter}▲")
    for place, (_, letter) in enumerate(below):
        shown.setdefault(bottom + place, f"{letter}▼")
    return shown


def _telling(marks: Iterable[tuple[int, str]], count: int) -> list[tuple[int, str]]:
    """Return the ``count`` most telling marks as (row, letter), lowest row first."""
    letters = [(row, letter) for row, found in marks for letter in found]
    return sorted(sorted(letters, key=lambda mark: _FIRST_BEYOND.index(mark[1]))[:count])


def row_of(price: Decimal, instrument: Instrument, group: int, side: Side | None) -> int:
    """Return the row a price falls on: down for a buy, up for a sell, else the nearest; 0, which is never shown, for nonsense."""
    if not 0 < price <= instrument.max_price:
        return 0
    step = instrument.tick * group
    if side is None:
        return int(CONTEXT.divide_int(price + step / 2, step))
    row = int(CONTEXT.divide_int(price, step))
    return row + 1 if side is Side.SELL and row * step != price else row


@lru_cache(maxsize=256)
def _own_text(letter: str, size: Decimal, places: int, doubt: bool, width: int) -> str:
    mark = "?" if doubt else ""
    exact = number(size, places)
    exact = exact[1:] if exact.startswith("0.") else exact
    for body in (f" {exact}", exact, bare(size, places), f"{fitted(size, places, max(1, width - 1 - len(mark)))}"):
        if 1 + len(body) + len(mark) <= width:
            return f"{letter}{body}{mark}"
    return f"{letter}…{mark}"
