"""Reads the size of an order, and amounts elsewhere."""

from __future__ import annotations

from decimal import Context, Decimal

from tui_trader.core.decimals import HUNDRED, ONE, plain
from tui_trader.core.language.cursor import Cursor
from tui_trader.core.language.terms import Size, SizeUnit
from tui_trader.core.types import Side

_PERCENTS = {"e": SizeUnit.EQUITY, "b": SizeUnit.AVAILABLE, "p": SizeUnit.POSITION}
UNITS = ("k", "m", "t", "bp", "r")


def read_size(cursor: Cursor, side: Side) -> Size:
    """Read the size slot of an order."""
    cursor.skip()
    start = cursor.column
    example = f"{side} 0.5"
    char = cursor.next_char()
    if char and char in "+-":
        cursor.fail("a size has no sign: the first word says the direction", fix=example)
    if char == "%":
        cursor.fail("a number is missing before '%'", fix=f"{side} 10%e, 10%b or 10%p")
    if cursor.take("#"):
        value = cursor.take_number("the number of a preset", fix="#1 to #5")
        cursor.end_number()
        if value not in (1, 2, 3, 4, 5):
            cursor.fail("presets are #1 to #5", column=start, fix=f"{side} #1")
        return Size(value, SizeUnit.PRESET, start)
    if cursor.take("$"):
        if cursor.take_word("size"):
            return Size(ONE, SizeUnit.SAME, start)
        return Size(read_amount(cursor, start, example=f"{side} $500"), SizeUnit.QUOTE, start)
    if cursor.peek_word() == "r":
        cursor.take_word("r")
        if not cursor.take(":"):
            cursor.fail("a size by risk is written r:0.5%", column=start, fix=f"{side} r:0.5% sl 49000")
        return _risk(cursor, side, start)
    if not cursor.peek_number():
        run = cursor.peek_run()
        if run.lower() in UNITS:
            cursor.fail(f"a number is missing before {run!r}", fix=f"{side} 5{run}")
        cursor.fail(f"a size expected, not {run!r}" if not cursor.ended else "a size is missing", fix=example)
    value = cursor.take_number("a size", fix=example)
    power = cursor.take_multiple()
    value = shifted(value, power)
    if cursor.take("$"):
        cursor.end_number()
        return Size(positive(cursor, value, start, f"{side} $500"), SizeUnit.QUOTE, start)
    if not power and cursor.take("%"):
        letter = cursor.take_unit(*_PERCENTS)
        if not letter:
            n = plain(value)
            cursor.fail(
                f"{n}% of what?", column=start, fix=f"{n}%e of equity, {n}%b of the available balance, {n}%p of the position"
            )
        positive(cursor, value, start, f"{side} 10%{letter}")
        if letter == "p" and value > HUNDRED:
            cursor.fail("more than the whole position", column=start, fix=f"{side} 100%p, or rev")
        return Size(value, _PERCENTS[letter], start)
    cursor.end_number()
    return Size(positive(cursor, value, start, example), SizeUnit.BASE, start)


def _risk(cursor: Cursor, side: Side, start: int) -> Size:
    example = f"{side} r:0.5% sl 49000"
    if cursor.take("$"):
        return Size(read_amount(cursor, start, example=example), SizeUnit.RISK_QUOTE, start)
    value = cursor.take_number("a risk", fix=example)
    value = shifted(value, cursor.take_multiple())
    if cursor.take("$"):
        unit = SizeUnit.RISK_QUOTE
    elif cursor.take("%"):
        unit = SizeUnit.RISK_PERCENT
        if value > HUNDRED:
            cursor.fail("more than 100 % of equity", column=start, fix=example)
    else:
        cursor.fail("a risk is a percentage or an amount", column=start, fix=f"r:{plain(value)}% or r:{plain(value)}$")
    cursor.end_number()
    return Size(positive(cursor, value, start, example), unit, start)


def read_amount(cursor: Cursor, start: int, *, example: str) -> Decimal:
    value = cursor.take_number("an amount", fix=example)
    value = shifted(value, cursor.take_multiple())
    cursor.end_number()
    if cursor.here() == "%":
        cursor.fail("an amount is not a percentage", column=start, fix=example)
    return positive(cursor, value, start, example)


def positive(cursor: Cursor, value: Decimal, start: int, example: str) -> Decimal:
    if not value:
        cursor.fail("zero is not an amount", column=start, fix=example)
    return value


def shifted(value: Decimal, power: int) -> Decimal:
    """Return ``value * 10**power`` exactly, whatever the precision of the current context."""
    return value.scaleb(power, Context(prec=100)) if power else value
