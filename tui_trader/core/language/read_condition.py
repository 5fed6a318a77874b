"""Reads what an alert or a conditional line waits for."""

from __future__ import annotations

from decimal import Decimal

from tui_trader.core.language.condition import Comparison, Condition, Event, Figure, Happening, Subject, Term, Test
from tui_trader.core.language.cursor import Cursor
from tui_trader.core.language.read_size import shifted

_FIGURES = {str(figure): figure for figure in Figure}
_EVENTS = {str(event): event for event in Event}
_SIGNS = (">=", "<=", ">", "<")
_EXAMPLE = "BTCUSDT mark < 66700 && day < -300"


def read_condition(cursor: Cursor) -> Condition:
    """Read terms joined by ``&&``, and alternatives joined by ``||``."""
    alternatives = [_all_of(cursor)]
    while cursor.take("||") or cursor.take_word("or"):
        alternatives.append(_all_of(cursor))
    return Condition(tuple(alternatives))


def _all_of(cursor: Cursor) -> tuple[Term, ...]:
    terms = [_term(cursor)]
    while cursor.take("&&") or cursor.take_word("and"):
        terms.append(_term(cursor))
    return tuple(terms)


def _term(cursor: Cursor) -> Term:
    symbol, word, column = _named(cursor)
    if word in _EVENTS:
        return Happening(_EVENTS[word], symbol)
    subject = _subject(cursor, symbol, word, column)
    return Test(subject, _comparison(cursor), _bound(cursor))


def _named(cursor: Cursor) -> tuple[str, str, int]:
    """Return the symbol, the word after it and where the word stands; either may be empty."""
    name, column = _name(cursor), cursor.column
    low = name.lower()
    if not name:
        run = cursor.peek_run()
        cursor.fail("a condition is missing" if not run or run == ":" else f"a figure expected, not {run!r}", fix=_EXAMPLE)
    cursor.column += len(name)
    if low in _FIGURES or low in _EVENTS:
        return "", low, column
    second, column = _name(cursor), cursor.column
    if not second:
        return name, "", column
    cursor.column += len(second)
    return name, second.lower(), column


def _subject(cursor: Cursor, symbol: str, word: str, column: int) -> Subject:
    if not word:
        return Subject(Figure.LAST, symbol)
    if word not in _FIGURES:
        cursor.fail(f"{word!r} is not a figure", column=column, fix="one of " + " ".join((*_FIGURES, *_EVENTS)))
    figure = _FIGURES[word]
    if symbol and figure.of_account:
        cursor.fail(f"{word} is of the account, not of {symbol}", column=column, fix=f"{word} alone")
    return Subject(figure, symbol)


def _comparison(cursor: Cursor) -> Comparison:
    sign = next((sign for sign in _SIGNS if cursor.take(sign)), "")
    if not sign:
        char, run = cursor.next_char(), cursor.peek_run()
        if char == "=" or cursor.text.startswith("!=", cursor.column):
            cursor.fail("a price is hardly ever exactly that", fix="> < >= or <=")
        missing = cursor.ended or char == ":"
        cursor.fail("> < >= or <= is missing" if missing else f"> < >= or <= expected, not {run!r}", fix=_EXAMPLE)
    return Comparison(sign)


def _bound(cursor: Cursor) -> Decimal | Subject:
    cursor.skip()
    sign = -1 if cursor.take("-") else 1
    if sign < 0 or cursor.peek_number():
        value = cursor.take_number("a number", fix=_EXAMPLE)
        value = shifted(value, cursor.take_multiple())
        cursor.take_unit("r")
        if cursor.here() == "%":
            cursor.take("%")
        cursor.end_number()
        return value if sign > 0 else value.copy_negate()
    if not _name(cursor):
        run = cursor.peek_run()
        cursor.fail("a number is missing" if cursor.ended or run == ":" else f"a number expected, not {run!r}", fix=_EXAMPLE)
    symbol, word, column = _named(cursor)
    if word in _EVENTS:
        cursor.fail(f"{word} is not a number", column=column, fix=_EXAMPLE)
    return _subject(cursor, symbol, word, column)


def _name(cursor: Cursor) -> str:
    name = cursor.peek_name()
    return name if name and any(char.isalpha() for char in name) and name[0] not in ".-_" else ""
