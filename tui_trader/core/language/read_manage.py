"""Reads commands about orders and positions that are there."""

from __future__ import annotations

from tui_trader.core.decimals import HUNDRED, plain
from tui_trader.core.language.cursor import Cursor
from tui_trader.core.language.line import Command
from tui_trader.core.language.manage import (
    AddMargin,
    BreakEven,
    CancelOrders,
    ChangeQty,
    ClosePosition,
    Flatten,
    MoveOrder,
    Protect,
    Reverse,
    SetLeverage,
    SetMode,
    SetRiskLimit,
    SetStop,
    SetTarget,
    SetTrail,
)
from tui_trader.core.language.read_name import read_selector
from tui_trader.core.language.read_price import read_price
from tui_trader.core.language.read_size import read_amount, shifted
from tui_trader.core.language.read_trigger import read_exit, read_trail
from tui_trader.core.language.selector import SelectorKind
from tui_trader.core.language.words import MARGIN_WORDS, MODE_WORDS

POSITIONS = frozenset({SelectorKind.ALL, SelectorKind.LONGS, SelectorKind.SHORTS, SelectorKind.MARKED, SelectorKind.NAME})
ORDERS = frozenset(SelectorKind)


def read_close(cursor: Cursor) -> Command:
    """Read a share, a choice of positions and a price."""
    percent = HUNDRED
    cursor.skip()
    start = cursor.column
    raw = cursor.peek_number()
    after = cursor.text[start + len(raw) : start + len(raw) + 1]
    glued = cursor.peek_run().endswith("%")  # 5k% and 1e5% are no order's name
    if raw and (glued or (not after.isalnum() and after not in ("-", "*", "?"))):
        percent = cursor.take_number("a percentage", fix="close 50%")
        if glued:
            cursor.end_number()
        if not cursor.take("%"):
            cursor.fail("close takes a percentage of the position", column=start, fix=f"close {plain(percent)}%")
        cursor.take_unit("p")
        cursor.end_number()
        if not 0 < percent <= HUNDRED:
            cursor.fail(
                "a part of a position is more than 0 % and at most 100 %", column=start, fix="close 100%, or rev to turn it"
            )
    elif cursor.next_char() == "%":
        cursor.fail("a number is missing before '%'", fix="close 50%")
    selector = read_selector(cursor, POSITIONS)
    price = read_price(cursor) if cursor.next_char() == "@" or cursor.peek_word() == "at" else None
    return ClosePosition(percent, selector, price)


def read_move(cursor: Cursor) -> Command:
    """Read which orders move where."""
    selector = read_selector(cursor, ORDERS)
    if selector is None:
        cursor.fail("which order to move is missing", fix="move b7 66700, or move marked +5t")
    return MoveOrder(selector, read_price(cursor, bare=True))


def read_qty(cursor: Cursor) -> Command:
    """Read which orders get which size."""
    selector = read_selector(cursor, ORDERS)
    if selector is None:
        cursor.fail("which order to resize is missing", fix="qty b7 0.5")
    cursor.skip()
    start = cursor.column
    value = cursor.take_number("a size", fix="qty b7 0.5")
    value = shifted(value, cursor.take_multiple())
    cursor.end_number()
    if not value:
        cursor.fail("a size of zero", column=start, fix="cancel the order instead")
    return ChangeQty(selector, value)


def read_lev(cursor: Cursor) -> Command:
    """Read a leverage and perhaps a margin mode."""
    cursor.skip()
    start = cursor.column
    value = cursor.take_number("a leverage", fix="lev 10")
    cursor.take_unit("x")
    cursor.end_number()
    if not value:
        cursor.fail("a leverage of zero", column=start, fix="lev 10")
    mode = cursor.take_word(*MARGIN_WORDS)
    return SetLeverage(value, MARGIN_WORDS[mode] if mode else None)


def read_margin(cursor: Cursor) -> Command:
    """Read how much margin is added or taken away."""
    cursor.skip()
    start = cursor.column
    sign = cursor.next_char()
    if sign not in ("+", "-"):
        cursor.fail(
            "margin to add has a +, margin to take away a -" if not cursor.ended else "how much margin is missing",
            fix="margin +50, margin -20",
        )
    cursor.take(sign)
    value = read_amount(cursor, start, example="margin +50")
    return AddMargin(value if sign == "+" else -value)


def read_mode(cursor: Cursor) -> Command:
    """Read a position mode."""
    word = cursor.take_word(*MODE_WORDS)
    if not word:
        cursor.fail("hedge or oneway expected", fix="mode hedge keeps a long and a short leg, mode oneway one position")
    return SetMode(MODE_WORDS[word])


def read_risk_limit(cursor: Cursor) -> Command:
    """Read how large a position may grow."""
    cursor.skip()
    return SetRiskLimit(read_amount(cursor, cursor.column, example="risklimit 150"))


def read_target(cursor: Cursor) -> Command:
    """Read where a target of the position goes."""
    target = read_exit(cursor, "tp")
    return SetTarget(target.trigger, target.portion)


MANAGING = {
    "close": read_close,
    "cancel": lambda cursor: CancelOrders(read_selector(cursor, ORDERS)),
    "flat": lambda cursor: Flatten(read_selector(cursor, POSITIONS)),
    "rev": lambda cursor: Reverse(read_selector(cursor, POSITIONS)),
    "move": read_move,
    "qty": read_qty,
    "protect": lambda cursor: Protect(read_selector(cursor, POSITIONS)),
    "be": lambda cursor: BreakEven(read_selector(cursor, POSITIONS)),
    "sl": lambda cursor: SetStop(read_exit(cursor, "sl").trigger),
    "tp": read_target,
    "trail": lambda cursor: SetTrail(read_trail(cursor)),
    "lev": read_lev,
    "margin": read_margin,
    "risklimit": read_risk_limit,
    "mode": read_mode,
}
"""What reads what follows each verb."""
