"""Reads arithmetic."""

from __future__ import annotations

from tui_trader.core.decimals import plain
from tui_trader.core.language.calculation import Expression, Name, Negative, Number, Operation
from tui_trader.core.language.cursor import Cursor
from tui_trader.core.language.read_size import shifted
from tui_trader.core.language.terms import PriceRef

NAMES: dict[str, str] = {
    **{str(ref): f"the {ref.name.lower().replace('_', ' ')} price" for ref in PriceRef},
    "equity": "what the account is worth",
    "avail": "what is free for new orders",
    "day": "what the day has brought",
    "upnl": "the open profit",
    "qty": "the size of the position",
    "lev": "its leverage",
    "tick": "the tick of the contract",
    "lot": "its lot",
    "atr": "the average true range",
}
"""What may stand in a calculation, beside numbers."""

DEEPEST = 40
"""Brackets within brackets."""

_EXAMPLE = "calc (ask - bid) / mid * 100"


def read_expression(cursor: Cursor) -> Expression:
    """Read a whole calculation."""
    return _sum(cursor, 0)


def _sum(cursor: Cursor, depth: int) -> Expression:
    found = _product(cursor, depth)
    while (sign := cursor.next_char()) and sign in "+-":
        cursor.take(sign)
        found = Operation(sign, found, _product(cursor, depth))
    return found


def _product(cursor: Cursor, depth: int) -> Expression:
    found = _factor(cursor, depth)
    while (sign := cursor.next_char()) and sign in "*/":
        cursor.take(sign)
        found = Operation(sign, found, _factor(cursor, depth))
    return found


def _factor(cursor: Cursor, depth: int) -> Expression:
    if depth > DEEPEST:
        cursor.fail("too many brackets", fix="a shorter calculation")
    if cursor.take("-"):
        return Negative(_factor(cursor, depth + 1))
    if cursor.take("("):
        found = _sum(cursor, depth + 1)
        if not cursor.take(")"):
            cursor.fail("a bracket is not closed", fix="end it with )")
        return found
    if cursor.peek_number():
        return _number(cursor)
    cursor.skip()
    column = cursor.column
    cursor.take("$")
    word = cursor.peek_word()
    if word not in NAMES:
        run = cursor.peek_run()
        cursor.fail(
            "a number is missing" if cursor.ended else f"a number or a name expected, not {run!r}",
            fix=_EXAMPLE if cursor.ended else "names: " + " ".join(NAMES),
        )
    cursor.take_word(word)
    return Name(word, column)


def _number(cursor: Cursor) -> Expression:
    value = cursor.take_number("a number", fix=_EXAMPLE)
    value = shifted(value, cursor.take_multiple())
    if cursor.here() == "%":
        cursor.take("%")
        value = shifted(value, -2)
    cursor.end_number()
    if cursor.peek_number():
        cursor.fail(f"a second number {cursor.peek_number()!r}", fix=f"{plain(value)} + {cursor.peek_number()}")
    return Number(value)
