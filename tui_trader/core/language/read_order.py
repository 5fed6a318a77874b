"""Reads an order: side, size, symbol, and the clauses, in any order."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Protocol

from tui_trader.core.language.check_order import Clauses, check_order
from tui_trader.core.language.cursor import Cursor
from tui_trader.core.language.entries import PlaceOrder
from tui_trader.core.language.read_name import read_symbol, read_word
from tui_trader.core.language.read_price import read_price
from tui_trader.core.language.read_size import positive, read_size
from tui_trader.core.language.read_time import read_time
from tui_trader.core.language.read_trigger import read_portion, read_trail, read_trigger, read_waiting, with_limit
from tui_trader.core.language.terms import Size, SizeUnit, Target
from tui_trader.core.language.words import CLAUSES, MARGIN_WORDS, NO_SUCH_CLAUSE, SIDES, TIF_WORDS
from tui_trader.core.types import PositionSide, Side


class Extras(Protocol):
    """Clauses that only some orders have, and what is known of them so far."""

    words: tuple[str, ...]
    """With what they may begin."""
    columns: dict[str, int]
    """Where each clause of the order was typed, filled in while it is read."""

    def take(self, cursor: Cursor, word: str, once: Callable[[str], None]) -> bool:
        """Read one of them if it comes next."""


def read_sided(cursor: Cursor, example: str) -> Side:
    """Read ``buy`` or ``sell``, or one of their other spellings."""
    cursor.skip()
    start = cursor.column
    word = cursor.take_letters()
    if word not in SIDES:
        text = f"buy or sell expected, not {word!r}" if word else "buy or sell is missing"
        cursor.fail(text, column=start if word else None, fix=example)
    return SIDES[word]


def read_order(cursor: Cursor, side: Side, extras: Extras | None = None) -> PlaceOrder:
    """Read what follows the side, up to the end of the statement, and check that it belongs together."""
    size = read_size(cursor, side)
    symbol = read_symbol(cursor, side, size, extras.words if extras else ())
    return _Reader(cursor, side, size, symbol, extras).read()


class _Reader:
    """Reads the clauses of one order."""

    def __init__(self, cursor: Cursor, side: Side, size: Size, symbol: str, extras: Extras | None) -> None:
        self._cursor = cursor
        self._side = side
        self._size = size
        self._symbol = symbol
        self._extras = extras
        self._found = Clauses()
        self._targets: list[Target] = []
        self._columns: dict[str, int] = {}
        self._at = 0
        if extras is not None:
            extras.columns = self._columns

    def read(self) -> PlaceOrder:
        """Read to the end of the statement."""
        cursor = self._cursor
        while not cursor.ended:
            self._at = cursor.column
            word = cursor.peek_word()
            if self._extras is not None and self._extras.take(cursor, word, self._once):
                continue
            if not (self._price(word) or self._waiting(word) or self._exit(word) or self._terms(word) or self._where(word)):
                self._stray(word)
        found, size = self._found, self._size
        check_order(cursor, self._side, size, found, self._targets, self._columns, priced=self._extras is not None)
        return PlaceOrder(
            side=self._side,
            size=size,
            symbol=self._symbol,
            price=found.price,
            trigger=found.trigger,
            touch=found.touch,
            trail=found.trail,
            tif=found.tif,
            reduce_only=found.reduce_only or size.unit is SizeUnit.POSITION,
            close=found.close,
            stop_loss=found.stop_loss,
            targets=tuple(self._targets),
            leverage=found.leverage,
            margin_mode=found.margin_mode,
            position_side=found.position_side,
            good_for=found.good_for,
            venue=found.venue,
            account=found.account,
            dry=found.dry,
        )

    def _once(self, what: str) -> None:
        if what in self._columns:
            self._cursor.fail(f"{what} is given twice", column=self._at, fix="keep one")
        self._columns[what] = self._at

    def _price(self, word: str) -> bool:
        if self._cursor.next_char() != "@" and word != "at":
            return False
        self._once("the price")
        self._found.price = read_price(self._cursor)
        return True

    def _waiting(self, word: str) -> bool:
        cursor, found = self._cursor, self._found
        if word in ("stop", "touch"):
            self._once("the trigger")
            cursor.take_word(word)
            good = "+" if (self._side is Side.BUY) is (word == "stop") else "-"
            found.trigger = read_waiting(cursor, word, good=good)
            found.touch = word == "touch"
        elif word == "trail":
            self._once("trail")
            cursor.take_word(word)
            found.trail = read_trail(cursor)
        else:
            return False
        return True

    def _exit(self, word: str) -> bool:
        cursor = self._cursor
        if word == "sl":
            self._once("sl")
            cursor.take_word(word)
            self._found.stop_loss = with_limit(cursor, read_trigger(cursor, self._side, target=False))
        elif word == "tp":
            self._columns.setdefault("tp", self._at)
            cursor.take_word(word)
            self._targets.append(read_portion(cursor, read_trigger(cursor, self._side, target=True)))
        else:
            return False
        return True

    def _terms(self, word: str) -> bool:
        cursor, found = self._cursor, self._found
        if word in TIF_WORDS:
            self._once("the time in force")
            cursor.take_word(word)
            found.tif = TIF_WORDS[word]
        elif word == "gtd":
            self._once("the time in force")
            cursor.take_word(word)
            found.good_for = read_time(cursor, "gtd", most=7 * 86_400)
        elif word in ("ro", "close"):
            self._once(word)
            cursor.take_word(word)
            found.reduce_only = found.reduce_only or word == "ro"
            found.close = found.close or word == "close"
        elif word == "lev":
            self._once("lev")
            cursor.take_word(word)
            found.leverage = read_leverage(cursor)
        elif word in MARGIN_WORDS:
            self._once("the margin mode")
            cursor.take_word(word)
            found.margin_mode = MARGIN_WORDS[word]
        else:
            return False
        return True

    def _where(self, word: str) -> bool:
        cursor, found = self._cursor, self._found
        if word in ("pos", "posside"):
            self._once("pos")
            cursor.take_word(word)
            cursor.take(":")
            leg = cursor.take_word("long", "short", "merged")
            if not leg:
                cursor.fail("long, short or merged expected", fix="pos:long")
            found.position_side = PositionSide(leg)
        elif word in ("on", "acct"):
            self._once(word)
            cursor.take_word(word)
            named = read_word(
                cursor, "a venue" if word == "on" else "an account", f"{word} {'phemex' if word == 'on' else 'main'}"
            )
            if cursor.here() == ",":
                cursor.fail("one account for each order: it is judged and confirmed by itself", fix="a line for each")
            if word == "on":
                found.venue = named.lower()
            else:
                found.account = named
        elif word == "dry":
            self._once("dry")
            cursor.take_word(word)
            found.dry = True
        else:
            return False
        return True

    def _stray(self, word: str) -> None:
        cursor = self._cursor
        if word in NO_SUCH_CLAUSE:
            cursor.fail(f"unexpected {word!r}", fix=NO_SUCH_CLAUSE[word])
        words = (*(self._extras.words if self._extras else ()), *CLAUSES)
        cursor.fail(f"unexpected {cursor.peek_run()!r}", fix="the symbol comes right after the size; clauses: " + " ".join(words))


def read_leverage(cursor: Cursor) -> Decimal:
    """Read a leverage, with or without an ``x`` after it."""
    cursor.skip()
    start = cursor.column
    value = cursor.take_number("a leverage", fix="lev 10")
    cursor.take_unit("x")
    cursor.end_number()
    return positive(cursor, value, start, "lev 10")
