"""Reads prices and distances."""

from __future__ import annotations

from tui_trader.core.decimals import plain
from tui_trader.core.language.cursor import Cursor
from tui_trader.core.language.read_size import shifted
from tui_trader.core.language.terms import Offset, OffsetUnit, Price, PriceRef

_REFS = {str(ref): ref for ref in PriceRef}


def read_price(cursor: Cursor, *, bare: bool = False) -> Price:
    """Read a price; with ``bare`` the ``@`` may be left out and the price may be a distance alone (``+5t``)."""
    marked = cursor.take("@") or bool(cursor.take_word("at"))
    cursor.skip()
    start = cursor.column
    if not marked and not bare:
        cursor.fail("a price starts with @", fix="@ bid")
    char = cursor.next_char()
    if char and char in "+-":
        if bare and not marked:
            return Price(offset=read_offset(cursor))
        cursor.fail("a price has no sign", fix="@ bid-3t for three ticks below the bid")
    if cursor.peek_number():
        value = cursor.take_number("a price")
        value = shifted(value, cursor.take_multiple())
        if cursor.here() == "%":
            cursor.fail("a price is not a percentage", column=start, fix=f"@ mark-{plain(value)}%")
        cursor.end_number()
        if not value:
            cursor.fail("a price of zero", column=start, fix="@ bid, or a number above zero")
        return Price(number=value, offset=optional_offset(cursor))
    word = cursor.peek_word()
    if word not in _REFS:
        run = cursor.peek_run()
        cursor.fail(
            f"a price expected, not {run!r}" if not cursor.ended else "a price is missing",
            fix="a number or one of " + " ".join(_REFS),
        )
    cursor.take_word(word)
    return Price(ref=_REFS[word], offset=optional_offset(cursor))


def optional_offset(cursor: Cursor) -> Offset | None:
    return read_offset(cursor) if cursor.next_char() in ("+", "-") else None


def read_offset(cursor: Cursor) -> Offset:
    char = cursor.next_char()
    cursor.take(char)
    if not cursor.peek_number():
        run = cursor.peek_run()
        if run in ("t", "%", "bp", "atr"):
            cursor.fail(f"a number is missing before {run!r}", fix=f"{char}3{run}")
        cursor.fail(f"a distance is missing after {char!r}", fix=f"{char}3t, {char}0.1% or {char}5bp")
    value = cursor.take_number("a distance")
    unit = distance_unit(cursor)
    cursor.end_number()
    if cursor.next_char() == "%" or cursor.peek_word() in ("t", "bp", "atr"):
        stray = cursor.peek_run()
        cursor.fail(f"the unit {stray!r} stands apart from its number", fix=f"{char}{plain(value)}{stray}")
    return Offset(value if char == "+" else value.copy_negate(), OffsetUnit(unit))


def distance_unit(cursor: Cursor) -> str:
    """Read the unit that is glued to a distance; empty for quote currency."""
    if cursor.here() == "%":
        cursor.take("%")
        return "%"
    return cursor.take_unit("t", "bp", "atr")
