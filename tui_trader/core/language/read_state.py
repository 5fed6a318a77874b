"""Reads commands about the account, the screen, and what may be sent at all."""

from __future__ import annotations

import re

from tui_trader.core.decimals import ONE
from tui_trader.core.language.cursor import Cursor
from tui_trader.core.language.line import Command
from tui_trader.core.language.read_name import read_word
from tui_trader.core.language.read_size import read_amount, shifted
from tui_trader.core.language.read_time import read_time
from tui_trader.core.language.state import (
    Arm,
    Export,
    FilterTape,
    GroupPrices,
    GuardOrders,
    Halt,
    Note,
    Override,
    Panic,
    Quit,
    Reconcile,
    Reconnect,
    Record,
    Replay,
    Resume,
    ShowConnections,
    ShowHelp,
    ShowKeys,
    ShowLimits,
    ShowLog,
    ShowSymbol,
    Transfer,
    UseAccount,
    UseLayout,
    UseTheme,
)

SPANS = ("today", "yesterday", "week", "month")
LONGEST_NOTE = 400
FASTEST = 1000

_SPAN = re.compile(r"(?:[1-9][0-9]{0,3}d|[0-9]{4}-[0-9]{2}-[0-9]{2})\Z", re.ASCII)
_PATH = re.compile(r"[^\s;!&\"]+")


def read_token(cursor: Cursor, what: str, fix: str) -> str:
    """Read a run without blanks, or anything in quotes."""
    if cursor.next_char() == '"':
        return cursor.take_string(what, fix=fix)
    match = _PATH.match(cursor.text, cursor.column)
    if not match:
        cursor.fail(f"{what} is missing", fix=fix)
    cursor.column = match.end()
    return match.group()


def _transfer(cursor: Cursor) -> Command:
    cursor.skip()
    fix = "transfer 100 USDT in moves it into the trading account, out takes it out"
    value = read_amount(cursor, cursor.column, example=fix)
    currency = read_word(cursor, "a currency", fix).upper()
    word = cursor.take_word("in", "out")
    if not word:
        cursor.fail("in or out expected", fix=fix)
    return Transfer(value, currency, word == "in")


def _ro(cursor: Cursor) -> Command:
    word = cursor.take_word("on", "off")
    if not word:
        cursor.fail("on or off expected", fix="ro on lets out exits only, ro off entries again")
    return Halt(reducing=True) if word == "on" else Resume()


def _cod(cursor: Cursor) -> Command:
    word = cursor.take_word("on", "off")
    if not word and not cursor.ended:
        cursor.fail("on or off expected", fix="cod on has open orders cancelled when the connection ends, cod off lets them be")
    return GuardOrders(word == "on" if word else None)


def _override(cursor: Cursor) -> Command:
    if not cursor.take_word("unknown"):
        cursor.fail(
            "what is to be overridden is missing" if cursor.ended else "only 'unknown' can be overridden", fix="override unknown"
        )
    return Override()


def _group(cursor: Cursor) -> Command:
    if cursor.ended:
        return GroupPrices()
    cursor.skip()
    start = cursor.column
    step = cursor.take_number("a price step", fix="group 10")
    cursor.end_number()
    if not step:
        cursor.fail("a price step of zero", column=start, fix="group alone shows single ticks")
    return GroupPrices(step)


def _tape(cursor: Cursor) -> Command:
    """Read the least size of a trade that is shown; ``>`` and ``>=`` before it are how people write that."""
    sign = cursor.take(">")
    if sign:
        cursor.take("=")
    if (cursor.ended and not sign) or cursor.take_word("all"):
        return FilterTape()
    cursor.skip()
    start = cursor.column
    if not cursor.peek_number() and cursor.next_char() != "$":
        run = cursor.peek_run()
        cursor.fail(
            f"a size expected, not {run!r}" if run else "a size is missing",
            column=start,
            fix="tape >0.25, tape >$10k or tape all",
        )
    quote = cursor.take("$")
    value = cursor.take_number("a size", fix="tape >0.25")
    value = shifted(value, cursor.take_multiple())
    quote = cursor.take("$") or quote
    cursor.end_number()
    return FilterTape(value, quote) if value else FilterTape()


def _note(cursor: Cursor) -> Command:
    cursor.skip()
    start = cursor.column
    quoted = cursor.here() == '"'
    text = cursor.take_string("a note", fix='note "text"') if quoted else cursor.take_rest()
    if not text.strip():
        cursor.fail("a note without words", column=start, fix="note chased the breakout, late")
    if len(text) > LONGEST_NOTE:
        cursor.fail(f"a note has at most {LONGEST_NOTE} characters", column=start, fix="two notes")
    return Note(text.strip())


def _export(cursor: Cursor) -> Command:
    cursor.skip()
    start = cursor.column
    span = cursor.peek_name().lower()
    if span not in SPANS and not _SPAN.match(span):
        cursor.fail(
            f"a span of time expected, not {cursor.peek_run()!r}" if span else "a span of time is missing",
            column=start,
            fix="today, yesterday, week, month, 7d or 2026-01-31",
        )
    cursor.column += len(span)
    word = cursor.take_word("csv", "json")
    if not word:
        cursor.fail("csv or json expected", fix=f"export {span} csv")
    return Export(span, word == "csv")


def _rec(cursor: Cursor) -> Command:
    word = cursor.take_word("start", "stop")
    if not word:
        cursor.fail("start or stop expected", fix="rec start")
    return Record(word == "start")


def _replay(cursor: Cursor) -> Command:
    path = read_token(cursor, "a file", "replay monday.ttrec x4")
    cursor.skip()
    start = cursor.column
    speed = cursor.take_factor("x4")
    if speed is not None and speed > FASTEST:
        cursor.fail(f"a speed is at most x{FASTEST}", column=start, fix="x10")
    return Replay(path, ONE if speed is None else speed)


def _conn(cursor: Cursor) -> Command:
    if cursor.ended:
        return ShowConnections()
    name = read_word(cursor, "a venue", "conn phemex")
    if cursor.take("/"):
        name += "/" + read_word(cursor, "an account", f"conn {name}/main")
    return Reconnect(name.lower())


def _optional(cursor: Cursor, what: str, fix: str) -> str:
    return "" if cursor.ended else read_word(cursor, what, fix)


STATING = {
    "transfer": _transfer,
    "symbol": lambda cursor: ShowSymbol(read_word(cursor, "a symbol", "symbol BTCUSDT")),
    "theme": lambda cursor: UseTheme(_optional(cursor, "the name of a theme", "theme NAME")),
    "layout": lambda cursor: UseLayout(_optional(cursor, "the name of a layout", "layout NAME")),
    "paper": lambda cursor: UseAccount("paper", _optional(cursor, "an account", "paper")),
    "live": lambda cursor: UseAccount("live", _optional(cursor, "an account", "live main")),
    "on": lambda cursor: UseAccount("", read_word(cursor, "a venue", "on phemex").lower()),
    "acct": lambda cursor: UseAccount("acct", read_word(cursor, "an account", "acct main").lower()),
    "quit": lambda cursor: Quit(),
    "help": lambda cursor: ShowHelp(_optional(cursor, "a topic", "help buy").lower()),
    "conn": _conn,
    "limits": lambda cursor: ShowLimits(),
    "panic": lambda cursor: Panic(flatten=bool(cursor.take_word("flatten"))),
    "halt": lambda cursor: Halt(),
    "ro": _ro,
    "resume": lambda cursor: Resume(_optional(cursor, "the name of the venue", "resume phemex").lower()),
    "cod": _cod,
    "override": _override,
    "reconcile": lambda cursor: Reconcile(),
    "arm": lambda cursor: Arm(None if cursor.ended else read_time(cursor, "arm")),
    "group": _group,
    "tape": _tape,
    "log": lambda cursor: ShowLog(),
    "keys": lambda cursor: ShowKeys(),
    "note": _note,
    "export": _export,
    "rec": _rec,
    "replay": _replay,
}
"""What reads what follows each verb."""
