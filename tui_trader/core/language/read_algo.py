"""Reads scales and chases: an order with words of its own."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from tui_trader.core.language.cursor import Cursor
from tui_trader.core.language.entries import Chase, PlaceOrder, Scale, Shape, Then
from tui_trader.core.language.read_order import read_order, read_sided
from tui_trader.core.language.read_price import distance_unit, read_price
from tui_trader.core.language.read_size import positive
from tui_trader.core.language.read_time import read_time
from tui_trader.core.language.terms import Offset, OffsetUnit, Price
from tui_trader.core.language.words import CHASE_WORDS, SCALE_WORDS
from tui_trader.core.types import Side, TimeInForce

MOST_ORDERS = 50
"""As many as a scale may have."""

MOST_FACTOR = 10

_SCALE = "scale buy $20k in 8 from -0.2% to -1.5% up sl 65800"
_CHASE = "chase sell 100%p max 0.15% for 30s then market"


class _Span:
    """Where a scale lies."""

    words = SCALE_WORDS

    def __init__(self) -> None:
        self.columns: dict[str, int] = {}
        self.count: int | None = None
        self.start: Price | None = None
        self.end: Price | None = None
        self.shape = Shape.EVEN
        self.factor: Decimal | None = None

    def take(self, cursor: Cursor, word: str, once: Callable[[str], None]) -> bool:
        """Read the number of orders, a price, or the shape."""
        if cursor.peek_factor():
            once("the shape")
            start = cursor.column
            self.factor = cursor.take_factor("x1.2")
            if self.factor is not None and not Decimal(1) / MOST_FACTOR <= self.factor <= MOST_FACTOR:
                cursor.fail(f"a factor is from 0.1 to {MOST_FACTOR}", column=start, fix="x1.2")
        elif word == "in":
            once("in")
            cursor.take_word(word)
            self.count = _count(cursor)
        elif word in ("from", "to"):
            once(word)
            cursor.take_word(word)
            price = read_price(cursor, bare=True)
            self.start, self.end = (price, self.end) if word == "from" else (self.start, price)
        elif word in tuple(Shape):
            once("the shape")
            cursor.take_word(word)
            self.shape = Shape(word)
        else:
            return False
        return True


def read_scale(cursor: Cursor) -> Scale:
    """Read what follows ``scale``."""
    side = read_sided(cursor, _SCALE)
    span = _Span()
    order = read_order(cursor, side, span)
    if span.count is None:
        cursor.fail("how many orders is missing", fix=_SCALE)
    if span.start is None or span.end is None:
        cursor.fail(f"{'from' if span.start is None else 'to'} PRICE is missing", fix=_SCALE)
    if span.start == span.end:
        cursor.fail("a scale from a price to the same price", column=span.columns["to"], fix="from -0.2% to -1.5%")
    for what in ("the price", "the trigger", "trail"):
        if what in span.columns:
            text = f"a scale takes no {what.removeprefix('the ')} of its own: its prices are from and to"
            cursor.fail(text, column=span.columns[what], fix=_SCALE)
    if order.tif in (TimeInForce.IOC, TimeInForce.FOK):
        cursor.fail("the orders of a scale rest: no ioc or fok", column=span.columns["the time in force"], fix="drop it, or po")
    _check_stop(cursor, order, span.start, span.end, span.columns.get("sl", 0))
    return Scale(order, span.count, span.start, span.end, span.shape, span.factor)


def _count(cursor: Cursor) -> int:
    cursor.skip()
    start = cursor.column
    value = cursor.take_number("how many orders", fix="in 8")
    cursor.end_number()
    if value != value.to_integral_value() or not 2 <= value <= MOST_ORDERS:
        cursor.fail(f"a scale has 2 to {MOST_ORDERS} orders", column=start, fix="in 8")
    return int(value)


def _check_stop(cursor: Cursor, order: PlaceOrder, start: Price, end: Price, column: int) -> None:
    """Refuse a stop that lies on the wrong side of one of the orders, or between them, as far as the typed numbers tell."""
    stop = order.stop_loss.price.number if order.stop_loss and order.stop_loss.price else None
    if stop is None:
        return
    for price in (start, end):
        if price.number is not None and price.offset is None and (price.number - stop) * order.side.sign <= 0:
            where = "below" if order.side is Side.BUY else "above"
            cursor.fail(f"the stop of a {order.side} lies {where} all of its orders", column=column, fix="move sl, from or to")


class _Bounds:
    """How far a chase goes."""

    words = CHASE_WORDS

    def __init__(self) -> None:
        self.columns: dict[str, int] = {}
        self.most: Offset | None = None
        self.seconds: int | None = None
        self.then = Then.STOP

    def take(self, cursor: Cursor, word: str, once: Callable[[str], None]) -> bool:
        """Read one of the bounds."""
        if word not in CHASE_WORDS:
            return False
        once(word)
        cursor.take_word(word)
        if word == "max":
            self.most = _distance(cursor)
        elif word == "for":
            self.seconds = read_time(cursor, "for")
        else:
            then = cursor.take_word(*Then)
            if not then:
                cursor.fail("market or stop expected", fix="then market takes what is left, then stop cancels it")
            self.then = Then(then)
        return True


def read_chase(cursor: Cursor) -> Chase:
    """Read what follows ``chase``."""
    side = read_sided(cursor, _CHASE)
    bounds = _Bounds()
    order = read_order(cursor, side, bounds)
    for what in ("the price", "the trigger", "trail"):
        if what in bounds.columns:
            text = f"a chase takes no {what.removeprefix('the ')}: it follows its own side of the book"
            cursor.fail(text, column=bounds.columns[what], fix=_CHASE)
    if order.tif not in (None, TimeInForce.POST_ONLY) or order.good_for is not None:
        cursor.fail("a chase is post-only, and for says how long", column=bounds.columns["the time in force"], fix=_CHASE)
    if bounds.then is Then.MARKET and bounds.most is None and bounds.seconds is None:
        cursor.fail(
            "then market when? a chase without max and for never gets there",
            column=bounds.columns["then"],
            fix="max 0.15% for 30s",
        )
    return Chase(order, bounds.most, bounds.seconds, bounds.then)


def _distance(cursor: Cursor) -> Offset:
    cursor.skip()
    start = cursor.column
    if cursor.next_char() in ("+", "-"):
        cursor.fail("a distance without a sign: the side says the direction", fix="max 0.15%")
    value = cursor.take_number("a distance", fix="max 0.15%")
    unit = distance_unit(cursor)
    cursor.end_number()
    return Offset(positive(cursor, value, start, "max 0.15%"), OffsetUnit(unit))
