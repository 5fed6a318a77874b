"""What of ours stands on which row of the ladder: resting orders, entry, liquidation, stops and targets.

It must not know columns or the window: rows are counted from price zero in steps of ``group`` ticks.
"""

from __future__ import annotations

from decimal import Decimal

from tui_trader.core.decimals import CONTEXT, ZERO
from tui_trader.core.instrument import Instrument
from tui_trader.core.types import OrderStatus, Side
from tui_trader.state.store import Store
from tui_trader.ui.format import bare, fitted, number

_RESTING = frozenset({OrderStatus.LIVE, OrderStatus.PARTIAL})


def own_orders(store: Store, instrument: Instrument, group: int, width: int) -> dict[int, tuple[str, str]]:
    """Return own resting orders by row as texts (bid, offered), several summed; ``?`` where the outcome of one is unknown."""
    sums: dict[tuple[int, Side], tuple[Decimal, bool]] = {}
    for order in store.blotter.working(instrument.id):
        if order.price is None or (order.type.is_conditional and order.status not in _RESTING):
            continue
        row = row_of(order.price, instrument, group, order.side)
        size, doubt = sums.get((row, order.side), (ZERO, False))
        sums[row, order.side] = (size + order.remaining, doubt or order.status is OrderStatus.UNKNOWN)
    out: dict[int, tuple[str, str]] = {}
    for (row, side), (size, doubt) in sums.items():
        bid, ask = out.get(row, ("", ""))
        text = _own_text("B" if side is Side.BUY else "S", size, instrument.qty_places, doubt, width)
        out[row] = (text, ask) if side is Side.BUY else (bid, text)
    return out


def marks_of(store: Store, instrument: Instrument, group: int) -> dict[int, str]:
    """Return the letters of entry, liquidation, stop and target by row; lower case until the venue has confirmed the order."""
    letters: dict[int, set[str]] = {}

    def note(price: Decimal | None, letter: str) -> None:
        if price is not None and price > 0:
            letters.setdefault(row_of(price, instrument, group, None), set()).add(letter)

    for position in store.positions.values():
        if position.instrument == instrument.id and not position.is_flat:
            note(position.entry, "E")
            note(position.liquidation, "L")
    for order in store.blotter.working(instrument.id):
        if order.type.is_conditional and order.status not in _RESTING:
            letter = "S" if order.type.is_stop else "T"
            note(order.trigger_price, letter if order.status is OrderStatus.ARMED else letter.lower())
    return {row: "".join(letter for letter in "LSsTtE" if letter in found) for row, found in letters.items()}


def row_of(price: Decimal, instrument: Instrument, group: int, side: Side | None) -> int:
    """Return the row a price falls on: down for a buy, up for a sell, else the nearest; 0, which is never shown, for nonsense."""
    if not 0 < price <= instrument.max_price:
        return 0
    step = instrument.tick * group
    if side is None:
        return int(CONTEXT.divide_int(price + step / 2, step))
    row = int(CONTEXT.divide_int(price, step))
    return row + 1 if side is Side.SELL and row * step != price else row


def _own_text(letter: str, size: Decimal, places: int, doubt: bool, width: int) -> str:
    mark = "?" if doubt else ""
    exact = number(size, places)
    exact = exact[1:] if exact.startswith("0.") else exact
    for body in (f" {exact}", exact, bare(size, places), f"{fitted(size, places, max(1, width - 1 - len(mark)))}"):
        if 1 + len(body) + len(mark) <= width:
            return f"{letter}{body}{mark}"
    return f"{letter}…{mark}"
