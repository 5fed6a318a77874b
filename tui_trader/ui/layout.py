"""Where each pane stands at a terminal size: a pure plan, so that it can be checked for every size there is.

The order of information is the same at every size: header, account, positions, book, orders, ticket, command, hints.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

MIN_WIDTH = 80
MIN_HEIGHT = 24
"""Below this the terminal shows positions and lets nothing but cancels and panic through."""

STANDARD_WIDTH = 110
WIDE_WIDTH = 160

TICKET_ROWS = 4
"""Title and three lines, reserved whether something is staged or not: nothing may jump when an order appears."""


class Slot(StrEnum):
    """The panes of the trading screen."""

    HEADER = "header"
    POSITIONS = "positions"
    BOOK = "book"
    ORDERS = "orders"
    TAPE = "tape"
    FILLS = "fills"
    PNL = "pnl"
    LOG = "log"
    TICKET = "ticket"
    COMMAND = "command"
    STATUS = "status"


class Rect(NamedTuple):
    """A rectangle of cells."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole screen. Panes not in ``slots`` are not shown."""

    slots: dict[Slot, Rect]
    tradable: bool
    """False when the terminal is too small to trade on."""


def plan(width: int, height: int, zoomed: Slot | None = None) -> Plan:
    """Return the screen for a terminal of ``width`` by ``height`` cells; ``zoomed`` gives one pane the middle."""
    width, height = max(1, width), max(1, height)
    if width < MIN_WIDTH or height < MIN_HEIGHT:
        return _refuse(width, height)
    slots: dict[Slot, Rect] = {Slot.HEADER: Rect(0, 0, width, 2)}
    bottom = height
    for slot, rows in ((Slot.STATUS, 1), (Slot.COMMAND, 1), (Slot.TICKET, TICKET_ROWS)):
        bottom -= rows
        slots[slot] = Rect(0, bottom, width, rows)
    middle = Rect(0, 2, width, bottom - 2)
    if zoomed is not None and zoomed not in slots:
        slots[zoomed] = middle
    elif width < STANDARD_WIDTH:
        slots |= _narrow(middle)
    else:
        slots |= _standard(middle)
    return Plan(slots, tradable=True)


def _refuse(width: int, height: int) -> Plan:
    slots = {Slot.HEADER: Rect(0, 0, width, min(2, height))}
    left = height - 2
    if left > 0:
        slots[Slot.STATUS] = Rect(0, height - 1, width, 1)
        left -= 1
    if left > 0:
        slots[Slot.COMMAND] = Rect(0, height - 2, width, 1)
        left -= 1
    if left > 0:
        slots[Slot.POSITIONS] = Rect(0, 2, width, left)
    return Plan(slots, tradable=False)


def _narrow(area: Rect) -> dict[Slot, Rect]:
    """80 to 109 columns: positions over book and orders; extra height goes to the ladder first."""
    positions = 5 if area.height < 22 else 7
    x, y, width, height = area
    below = height - positions
    book = 32
    right, right_width = x + book + 1, width - book - 1
    orders = max(4, below // 3)
    log = 1 if below < 14 else 2
    pnl = 2 if below < 16 else 4
    prints = below - orders - log - pnl
    half = right_width // 2
    top = y + positions
    return {
        Slot.POSITIONS: Rect(x, y, width, positions),
        Slot.BOOK: Rect(x, top, book, below),
        Slot.ORDERS: Rect(right, top, right_width, orders),
        Slot.TAPE: Rect(right, top + orders, half, prints),
        Slot.FILLS: Rect(right + half + 1, top + orders, right_width - half - 1, prints),
        Slot.PNL: Rect(right, top + orders + prints, right_width, pnl),
        Slot.LOG: Rect(right, top + below - log, right_width, log),
    }


def _standard(area: Rect) -> dict[Slot, Rect]:
    """110 columns and more: the book at full height on the left, everything else to its right."""
    x, y, width, height = area
    book = 36 if width < WIDE_WIDTH else 44
    log = 2 if height < 40 else 4
    right, right_width = x + book + 1, width - book - 1
    usable = height - log
    positions = max(5, min(usable * 3 // 10, 16))
    orders = max(5, min(usable * 3 // 10, 18))
    lower = usable - positions - orders
    top = y + positions + orders
    pnl = right_width * 9 // 16
    side = right_width - pnl - 1
    tape = max(3, lower * 6 // 10)
    return {
        Slot.BOOK: Rect(x, y, book, usable),
        Slot.POSITIONS: Rect(right, y, right_width, positions),
        Slot.ORDERS: Rect(right, y + positions, right_width, orders),
        Slot.PNL: Rect(right, top, pnl, lower),
        Slot.TAPE: Rect(right + pnl + 1, top, side, tape),
        Slot.FILLS: Rect(right + pnl + 1, top + tape, side, lower - tape),
        Slot.LOG: Rect(x, y + usable, width, log),
    }
