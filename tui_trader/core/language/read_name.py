"""Reads what a command is about: a symbol, or a choice of orders and positions."""

from __future__ import annotations

from tui_trader.core.language.cursor import Cursor
from tui_trader.core.language.read_size import UNITS
from tui_trader.core.language.selector import Selector, SelectorKind
from tui_trader.core.language.spelled_terms import spell_size
from tui_trader.core.language.terms import Size
from tui_trader.core.language.words import CLAUSES, NO_SUCH_CLAUSE
from tui_trader.core.sanitise import is_symbol
from tui_trader.core.types import Side

_SELECTOR_WORDS = {str(kind): kind for kind in SelectorKind if kind is not SelectorKind.NAME}


def read_symbol(cursor: Cursor, side: Side, size: Size, also: tuple[str, ...] = ()) -> str:
    """Read the optional symbol of an order; empty when there is none. ``also`` are words that may follow instead."""
    cursor.skip()
    if cursor.ended or cursor.next_char() == "@":
        return ""
    word = cursor.peek_word()
    name = cursor.peek_name()
    if word and len(word) == len(name) and (word in CLAUSES or word in also or word in ("at", "posside")):
        return ""
    if "in" in also and cursor.peek_factor():  # of a scale: sizes that grow by it
        return ""
    if word in NO_SUCH_CLAUSE and len(word) == len(name):
        cursor.fail(f"{name!r} is neither a symbol nor a clause", fix=NO_SUCH_CLAUSE[word])
    raw = cursor.peek_number()
    if raw and (name == raw.rstrip(",") or name[len(raw) :].lower() in ("", *UNITS, "x") or cursor.next_char() == ","):
        cursor.fail(f"a second number {raw!r}", fix=f"{side} {spell_size(size)} @ {raw}")
    if name.lower() in UNITS:
        cursor.fail(f"the unit {name!r} stands apart from its number", fix=f"{side} {spell_size(size)}{name}")
    if not name or not is_symbol(name) or not any(char.isalpha() for char in name) or name[0] in ".-_":
        cursor.fail(f"unexpected {cursor.peek_run()!r}", fix="a symbol, a price after @, or a clause such as po")
    cursor.column += len(name)
    return name


def read_selector(cursor: Cursor, kinds: frozenset[SelectorKind]) -> Selector | None:
    """Read what to act on; None when nothing is named here."""
    if cursor.ended or cursor.next_char() == "@" or cursor.peek_word() == "at":
        return None
    name = cursor.peek_name(glob=True)
    if not name or name[0] in "-._" or len(name) > 40:
        cursor.fail(
            f"an order, a symbol or 'all' expected, not {cursor.peek_run()!r}", fix="an id such as b7, BTCUSDT, BTC*, all"
        )
    kind = _SELECTOR_WORDS.get(name.lower(), SelectorKind.NAME)
    if kind not in kinds:
        cursor.fail(f"{name!r} selects orders, not positions", fix="a symbol, all, longs, shorts or marked")
    cursor.column += len(name)
    return Selector(kind, name if kind is SelectorKind.NAME else "")


def read_word(cursor: Cursor, what: str, fix: str, *, most: int = 32) -> str:
    """Read a name of letters, digits, ``.``, ``_`` and ``-``."""
    name = cursor.peek_name()
    if not name:
        cursor.fail(f"{what} is missing" if cursor.ended else f"{what} expected, not {cursor.peek_run()!r}", fix=fix)
    if len(name) > most:
        cursor.fail(f"{what} has at most {most} characters", fix=fix)
    cursor.column += len(name)
    return name
