"""Reads where something fires: stops, targets, trailing distances."""

from __future__ import annotations

from dataclasses import replace

from tui_trader.core.decimals import HUNDRED, plain
from tui_trader.core.language.cursor import Cursor
from tui_trader.core.language.read_price import distance_unit, read_offset, read_price
from tui_trader.core.language.read_size import positive, shifted
from tui_trader.core.language.terms import Offset, OffsetUnit, Price, Target, Trail, Trigger
from tui_trader.core.types import Side, TriggerSource

_SOURCES = {str(source): source for source in TriggerSource}


def read_trigger(cursor: Cursor, side: Side, *, target: bool) -> Trigger:
    word = "tp" if target else "sl"
    good = "+" if (side is Side.BUY) is target else "-"
    cursor.skip()
    start = cursor.column
    char = cursor.next_char()
    if char and char in "+-":
        offset = read_offset(cursor)
        if not offset.value:
            cursor.fail(f"{word} at the entry itself", column=start, fix=f"{word} {good}1%")
        if char != good:
            what = "target" if target else "stop"
            fixed = f"{word} {good}{plain(offset.value.copy_abs())}{offset.unit}"
            cursor.fail(f"the {what} of a {side} is on the {good} side", column=start, fix=fixed)
        trigger = Trigger(price=Price(offset=offset))
    elif cursor.peek_number():
        value = cursor.take_number("a trigger price")
        if cursor.take_unit("r"):
            if not target:
                cursor.fail("R is measured by the stop itself", column=start, fix="sl PRICE, or sl -1%")
            trigger = Trigger(multiple=value)
        else:
            unit = "%" if cursor.here() == "%" else cursor.take_unit("t", "bp", "atr")
            if unit:
                cursor.fail("a distance needs its sign", column=start, fix=f"{word} {good}{plain(value)}{unit}")
            value = shifted(value, cursor.take_multiple())
            cursor.end_number()
            trigger = Trigger(price=Price(number=value))
        if not value:
            cursor.fail(f"{word} of zero", column=start, fix=f"{word} {good}1%")
    else:
        run = cursor.peek_run()
        fix = f"{word} 50000, {word} {good}1%" + (", tp 2R" if target else "")
        if run == "be" and not target:
            cursor.fail("break-even is known once it is filled", fix=f"{fix}; sl be then")
        cursor.fail(f"a price expected after {word}, not {run!r}" if not cursor.ended else f"{word} needs a price", fix=fix)
    return replace(trigger, source=read_source(cursor, word, portion=target))


def read_waiting(cursor: Cursor, word: str, *, good: str = "") -> Trigger:
    """Read what an order waits for: a price, or a distance from the price that it watches."""
    cursor.skip()
    start = cursor.column
    char = cursor.next_char()
    if char and char in "+-":
        offset = read_offset(cursor)
        if not offset.value:
            cursor.fail(f"{word} at the price itself", column=start, fix=f"{word} {good or '+'}1%")
        if good and char != good:
            fixed = f"{word} {good}{plain(offset.value.copy_abs())}{offset.unit}"
            cursor.fail(f"this would fire at once: it waits on the {good} side", column=start, fix=fixed)
        price = Price(offset=offset)
    else:
        if cursor.peek_number():
            _signed(cursor, word, good or "+")
        elif cursor.ended:
            cursor.fail(f"{word} needs a price", fix=f"{word} 50000, {word} {good or '+'}1%")
        price = read_price(cursor, bare=True)
    return Trigger(price, source=read_source(cursor, word))


def read_exit(cursor: Cursor, word: str) -> Target:
    """Read where the stop or the target of a position is put: a price by number or name, or a distance from its entry."""
    target = word == "tp"
    cursor.skip()
    start = cursor.column
    if target and cursor.peek_number():
        value = cursor.take_number("a trigger price")
        if cursor.take_unit("r"):
            if not value:
                cursor.fail("tp of zero", column=start, fix="tp 2R")
            return read_portion(cursor, Trigger(multiple=value, source=read_source(cursor, word, portion=True)))
        cursor.column = start
    trigger = _waiting_exit(cursor, word, target)
    return read_portion(cursor, trigger) if target else Target(with_limit(cursor, trigger))


def _waiting_exit(cursor: Cursor, word: str, target: bool) -> Trigger:
    char = cursor.next_char()
    if char and char in "+-":
        price = Price(offset=read_offset(cursor))
    else:
        if cursor.peek_number():
            _signed(cursor, word, "-")
        elif cursor.ended:
            cursor.fail(f"{word} needs a price", fix=f"{word} 50000, {word} -1%, {word} be")
        price = read_price(cursor, bare=True)
    return Trigger(price, source=read_source(cursor, word, portion=target))


def read_trail(cursor: Cursor) -> Trail:
    """Read the distance of a trailing stop, and where it begins to follow."""
    cursor.skip()
    start = cursor.column
    char = cursor.next_char()
    if char and char in "+-":
        cursor.fail("a trailing distance has no sign: the position says the side", column=start, fix="trail 0.6%")
    if not cursor.peek_number():
        cursor.fail(
            "a trailing distance is missing" if cursor.ended else f"a distance expected, not {cursor.peek_run()!r}",
            fix="trail 0.6%, trail 50t, trail 120",
        )
    value = cursor.take_number("a distance", fix="trail 0.6%")
    unit = distance_unit(cursor)
    cursor.end_number()
    positive(cursor, value, start, "trail 0.6%")
    if unit == "%" and value >= HUNDRED:
        cursor.fail("a trailing distance of the whole price", column=start, fix="trail 0.6%")
    begin = read_price(cursor, bare=True) if cursor.take_word("from") else None
    return Trail(Offset(value, OffsetUnit(unit)), begin)


def read_source(cursor: Cursor, word: str, *, portion: bool = False) -> TriggerSource | None:
    """Read which price is watched; with ``portion`` the colon may also begin a part of the order."""
    if cursor.next_char() != ":":
        return None
    mark = cursor.column
    cursor.take(":")
    if found := cursor.take_word(*_SOURCES):
        return _SOURCES[found]
    if not (portion and cursor.peek_number()):
        cursor.fail("mark, last or index expected", fix=f"{word} 50000:mark")
    cursor.column = mark
    return None


def with_limit(cursor: Cursor, trigger: Trigger) -> Trigger:
    """Read what a trigger executes at, if that is said."""
    if not cursor.take_word("lim"):
        return trigger
    if cursor.next_char() not in ("+", "-") and not cursor.peek_number():
        run = cursor.peek_run()
        cursor.fail(
            f"a limit price expected, not {run!r}" if not cursor.ended else "lim needs a price",
            fix="lim 48990, or lim -10t for ten ticks below the trigger",
        )
    return replace(trigger, limit=read_price(cursor, bare=True))


def read_portion(cursor: Cursor, trigger: Trigger) -> Target:
    if not cursor.take(":"):
        return Target(with_limit(cursor, trigger))
    cursor.skip()
    start = cursor.column
    value = cursor.take_number("a part of the order", fix="tp +1%:50%")
    if not cursor.take("%"):
        cursor.fail("a part of the order is a percentage", column=start, fix=f":{plain(value)}%")
    cursor.end_number()
    if not 0 < value <= HUNDRED:
        cursor.fail("a part of the order is more than 0 % and at most 100 %", column=start, fix="tp +1%:50%")
    return Target(with_limit(cursor, trigger), value)


def _signed(cursor: Cursor, word: str, sign: str) -> None:
    """Refuse a distance without its sign."""
    start = cursor.column
    value = cursor.take_number("a price")
    unit = "%" if cursor.here() == "%" else cursor.take_unit("t", "bp", "atr")
    if unit:
        cursor.fail("a distance needs its sign", column=start, fix=f"{word} {sign}{plain(value)}{unit}")
    if not value:
        cursor.fail(f"{word} of zero", column=start, fix=f"{word} {sign}1%")
    cursor.column = start
