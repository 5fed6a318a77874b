"""Reads the clauses of an order, in any order."""

from __future__ import annotations

from decimal import Decimal

from tui_trader.core.language.check_order import Clauses, check_order
from tui_trader.core.language.cursor import Cursor
from tui_trader.core.language.entries import PlaceOrder
from tui_trader.core.language.read_price import read_price
from tui_trader.core.language.read_size import positive
from tui_trader.core.language.read_trigger import read_portion, read_trail, read_trigger, read_waiting, with_limit
from tui_trader.core.language.terms import Size, SizeUnit, Target
from tui_trader.core.language.words import CLAUSES, CLAUSES_NOT_YET, MARGIN_WORDS, NO_SUCH_CLAUSE, TIF_WORDS
from tui_trader.core.types import PositionSide, Side


def order_clauses(cursor: Cursor, side: Side, size: Size, symbol: str) -> PlaceOrder:
    """Read price and clauses, in any order, up to the end of the statement, and check that they belong together."""
    draft = Clauses()
    targets: list[Target] = []
    columns: dict[str, int] = {}

    def once(what: str, at: int) -> None:
        if what in columns:
            cursor.fail(f"{what} is given twice", column=at, fix="keep one")
        columns[what] = at

    while not cursor.ended:
        at = cursor.column
        word = cursor.peek_word()
        if cursor.next_char() == "@" or word == "at":
            once("the price", at)
            draft.price = read_price(cursor)
        elif word in TIF_WORDS:
            once("the time in force", at)
            cursor.take_word(word)
            draft.tif = TIF_WORDS[word]
        elif word == "ro":
            once("ro", at)
            cursor.take_word(word)
            draft.reduce_only = True
        elif word == "close":
            once("close", at)
            cursor.take_word(word)
            draft.close = True
        elif word in ("stop", "touch"):
            once("the trigger", at)
            cursor.take_word(word)
            draft.trigger = read_waiting(cursor, word, good="+" if (side is Side.BUY) is (word == "stop") else "-")
            draft.touch = word == "touch"
        elif word == "trail":
            once("trail", at)
            cursor.take_word(word)
            draft.trail = read_trail(cursor)
        elif word == "sl":
            once("sl", at)
            cursor.take_word(word)
            draft.stop_loss = with_limit(cursor, read_trigger(cursor, side, target=False))
        elif word == "tp":
            columns.setdefault("tp", at)
            cursor.take_word(word)
            targets.append(read_portion(cursor, read_trigger(cursor, side, target=True)))
        elif word == "lev":
            once("lev", at)
            cursor.take_word(word)
            draft.leverage = read_leverage(cursor)
        elif word in MARGIN_WORDS:
            once("the margin mode", at)
            cursor.take_word(word)
            draft.margin_mode = MARGIN_WORDS[word]
        elif word == "pos":
            once("pos", at)
            cursor.take_word(word)
            cursor.take(":")
            leg = cursor.take_word("long", "short", "merged")
            if not leg:
                cursor.fail("long, short or merged expected", fix="pos:long")
            draft.position_side = PositionSide(leg)
        elif word in CLAUSES_NOT_YET:
            cursor.fail(f"'{word}' is not available in this version")
        elif word in NO_SUCH_CLAUSE:
            cursor.fail(f"unexpected {word!r}", fix=NO_SUCH_CLAUSE[word])
        else:
            cursor.fail(
                f"unexpected {cursor.peek_run()!r}", fix="the symbol comes right after the size; clauses: " + " ".join(CLAUSES)
            )
    check_order(cursor, side, size, draft, targets, columns)
    return PlaceOrder(
        side=side,
        size=size,
        symbol=symbol,
        price=draft.price,
        trigger=draft.trigger,
        touch=draft.touch,
        trail=draft.trail,
        tif=draft.tif,
        reduce_only=draft.reduce_only or size.unit is SizeUnit.POSITION,
        close=draft.close,
        stop_loss=draft.stop_loss,
        targets=tuple(targets),
        leverage=draft.leverage,
        margin_mode=draft.margin_mode,
        position_side=draft.position_side,
    )


def read_leverage(cursor: Cursor) -> Decimal:
    cursor.skip()
    start = cursor.column
    value = cursor.take_number("a leverage", fix="lev 10")
    cursor.take_unit("x")
    cursor.end_number()
    return positive(cursor, value, start, "lev 10")
