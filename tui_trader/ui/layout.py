"""Where each pane stands at a terminal size: a pure plan, so that it can be checked for every size there is.

The order of information is the same at every size: header, account, positions, book, orders, ticket, command, hints. A pane that
nobody has registered leaves no hole.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tui_trader.ui.panes.registry import LEAST
from tui_trader.ui.slot import MIN_HEIGHT, MIN_WIDTH, Rect, Size, Slot
from tui_trader.ui.split import Leaf, Node, below, beside, cut

__all__ = ["MIN_HEIGHT", "MIN_WIDTH", "STANDARD_WIDTH", "TICKET_ROWS", "WIDE_WIDTH", "Plan", "Rect", "Slot", "plan"]

STANDARD_WIDTH = 110
WIDE_WIDTH = 160

HEADER_ROWS = 2
TICKET_ROWS = 4
"""Title and three lines, reserved whether something is staged or not: nothing may jump when an order appears."""

NARROW: Node = below(
    Leaf(Slot.POSITIONS, most=9),
    beside(
        Leaf(Slot.BOOK, fixed=32),
        below(
            Leaf(Slot.ORDERS, weight=4),
            Leaf(Slot.CHART, weight=6, stays=1),
            beside(Leaf(Slot.TAPE, stays=3), Leaf(Slot.FILLS, stays=6), weight=4),
            Leaf(Slot.WATCH, weight=3, most=9, stays=2),
            Leaf(Slot.PNL, most=4, stays=5),
            Leaf(Slot.LOG, most=2, stays=7),
        ),
        weight=4,
    ),
)
"""80 to 109 columns: positions over book and orders. Chart, watchlist and tape go first when there is no room."""

STANDARD: Node = below(
    beside(
        below(Leaf(Slot.BOOK, weight=5), Leaf(Slot.WATCH, weight=2, most=14, stays=2), fixed=36),
        below(
            Leaf(Slot.POSITIONS, weight=3, most=16),
            Leaf(Slot.ORDERS, weight=3, most=18),
            beside(
                below(Leaf(Slot.CHART, weight=8, stays=1), Leaf(Slot.PNL, stays=5), weight=9),
                below(Leaf(Slot.TAPE, weight=6, stays=3), Leaf(Slot.FILLS, weight=4, stays=6), weight=7),
                weight=5,
            ),
        ),
        weight=20,
    ),
    Leaf(Slot.LOG, fixed=2, stays=7),
)
"""110 to 159 columns: the book over the watchlist on the left; positions, orders, chart and prints to their right."""

WIDE: Node = below(
    beside(
        beside(Leaf(Slot.BOOK, fixed=44), Leaf(Slot.SECOND, fixed=40, stays=4), weight=0),
        below(
            Leaf(Slot.POSITIONS, weight=3, most=16),
            Leaf(Slot.ORDERS, weight=3, most=18),
            beside(Leaf(Slot.CHART, weight=6, stays=1), Leaf(Slot.TAPE, weight=4, stays=3), weight=5),
        ),
        weight=20,
    ),
    beside(
        below(Leaf(Slot.WATCH, weight=5, stays=2), Leaf(Slot.FUNDING, weight=6, most=5, stays=1), weight=8),
        Leaf(Slot.PNL, weight=4, stays=5),
        Leaf(Slot.FILLS, weight=4, stays=6),
        Leaf(Slot.JOURNAL, weight=6, stays=2),
        weight=6,
        most=15,
    ),
    Leaf(Slot.LOG, fixed=4, stays=7),
)
"""160 columns and more: a second ladder, and a row of watchlist over funding, profit, fills and journal."""


SMALL: Node = below(Leaf(Slot.POSITIONS, weight=5), Leaf(Slot.ORDERS, weight=5))
"""Below 80x24: what is held, and what may have to be cancelled."""

SMALL_ROWS = 10
"""From so many rows on there is room for both."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole screen. Panes not in ``slots`` are not shown."""

    slots: dict[Slot, Rect]
    tradable: bool
    """False when the terminal is too small to trade on."""


def plan(
    width: int, height: int, zoomed: Slot | None = None, least: Mapping[Slot, Size] = LEAST, *, company: bool = False
) -> Plan:
    """Return the screen for a terminal of ``width`` by ``height`` cells; ``zoomed`` gives one pane the middle.

    ``least`` has the panes that there are, with the least room that each can be read in. With ``company`` there are other
    accounts, which have a line of their own where the header is too narrow for them.
    """
    width, height = max(1, width), max(1, height)
    if width < MIN_WIDTH or height < MIN_HEIGHT:
        return _refuse(width, height, company=company)
    slots: dict[Slot, Rect] = {Slot.HEADER: Rect(0, 0, width, HEADER_ROWS)}
    bottom = height
    for slot, rows in ((Slot.STATUS, 1), (Slot.COMMAND, 1), (Slot.TICKET, TICKET_ROWS)):
        bottom -= rows
        slots[slot] = Rect(0, bottom, width, rows)
    top = HEADER_ROWS
    if company and width < WIDE_WIDTH:
        slots[Slot.BESIDE] = Rect(0, top, width, 1)
        top += 1
    middle = Rect(0, top, width, bottom - top)
    if zoomed is not None and zoomed not in slots:
        slots[zoomed] = middle
    else:
        tree = NARROW if width < STANDARD_WIDTH else STANDARD if width < WIDE_WIDTH else WIDE
        slots |= cut(tree, middle, least)
    return Plan(slots, tradable=True)


def _refuse(width: int, height: int, *, company: bool) -> Plan:
    slots = {Slot.HEADER: Rect(0, 0, width, min(HEADER_ROWS, height))}
    left = height - HEADER_ROWS
    if left > 0:
        slots[Slot.STATUS] = Rect(0, height - 1, width, 1)
        left -= 1
    if left > 0:
        slots[Slot.COMMAND] = Rect(0, height - 2, width, 1)
        left -= 1
    top = HEADER_ROWS
    if company and left > 1:
        slots[Slot.BESIDE] = Rect(0, top, width, 1)
        top, left = top + 1, left - 1
    if left >= SMALL_ROWS and width >= LEAST[Slot.ORDERS].width:
        slots |= cut(SMALL, Rect(0, top, width, left), LEAST)
    elif left > 0:
        slots[Slot.POSITIONS] = Rect(0, top, width, left)
    return Plan(slots, tradable=False)
