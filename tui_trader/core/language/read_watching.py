"""Reads commands that watch, and those that hold a line of their own."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from tui_trader.core.decimals import HUNDRED, ZERO, plain
from tui_trader.core.error import CommandError
from tui_trader.core.language.cursor import Cursor
from tui_trader.core.language.line import Command, Line
from tui_trader.core.language.read_algo import read_chase, read_scale
from tui_trader.core.language.read_calculation import read_expression
from tui_trader.core.language.read_condition import read_condition
from tui_trader.core.language.read_name import read_word
from tui_trader.core.language.read_order import read_order
from tui_trader.core.language.read_state import read_token
from tui_trader.core.language.read_time import read_time
from tui_trader.core.language.state import BindKey, NameLine, Override, Quit, Replay, Transfer
from tui_trader.core.language.watching import (
    Calculate,
    CalculateSize,
    EndRunning,
    RunEvery,
    RunWhen,
    SetAlert,
    WatchSymbols,
)
from tui_trader.core.language.words import SIDES, VERBS
from tui_trader.core.sanitise import is_symbol

ReadLine = Callable[[Cursor], Line]
"""Reads statements up to the end of the text or of a trailing ``!``."""

MOST_SYMBOLS = 20
LEAST_EVERY_S = 5
_KEY = re.compile(r"(?:[a-z]+\+)*(?:[a-z0-9_]+|[^\s\w])\Z", re.ASCII)
_NOT_LATER = (RunWhen, RunEvery, BindKey, NameLine, Quit, Override, Transfer, Replay)
"""What only a person does, at the moment."""


def read_when(cursor: Cursor, line: ReadLine) -> Command:
    """Read a condition, and the line that it lets run."""
    condition = read_condition(cursor)
    if not cursor.take(":"):
        cursor.fail("':' and a line expected", fix="when BTCUSDT mark < 66700 : flat all")
    return RunWhen(condition, _later(cursor, line))


def read_every(cursor: Cursor, line: ReadLine) -> Command:
    """Read a time, and the line that runs so often."""
    seconds = read_time(cursor, "every", least=LEAST_EVERY_S)
    if not cursor.take(":"):
        cursor.fail("':' and a line expected", fix="every 5m : conn")
    return RunEvery(seconds, _later(cursor, line))


def _later(cursor: Cursor, line: ReadLine) -> Line:
    cursor.skip()
    start = cursor.column
    if cursor.ended:
        cursor.fail("a line is missing after ':'", fix="flat all, cancel asks, sl be, …")
    read = line(cursor)
    if any(isinstance(command, _NOT_LATER) for command in read.commands):
        cursor.fail(
            "this is done by a person, not by a line that runs later", column=start, fix="flat all, cancel asks, sl be, …"
        )
    return read


def read_alert(cursor: Cursor) -> Command:
    """Read a condition, and how it is told."""
    condition = read_condition(cursor)
    found: dict[str, Any] = {}
    while not cursor.ended:
        column = cursor.column
        word = cursor.take_word("run", "bell", "say", "repeat")
        if not word:
            cursor.fail(
                f"unexpected {cursor.peek_run()!r}", column=column, fix='run "notify.sh {symbol} {price}", bell, say or repeat 1%'
            )
        if word in found:
            cursor.fail(f"{word} is given twice", column=column, fix="keep one")
        found[word] = _program(cursor) if word == "run" else _margin(cursor) if word == "repeat" else True
    return SetAlert(condition, **found)


def _program(cursor: Cursor) -> tuple[str, ...]:
    cursor.skip()
    start = cursor.column
    text = cursor.take_string("a program", fix='run "notify.sh {symbol} {price}"')
    try:
        words = tuple(shlex.split(text))
    except ValueError:
        cursor.fail("a quote inside the program is not closed", column=start, fix="run \"notify.sh '{text}'\"")
    if not words:
        cursor.fail("a program is missing", column=start, fix='run "notify.sh {symbol} {price}"')
    return words


def _margin(cursor: Cursor) -> Decimal:
    """Read how far a figure has to move back, in percent; zero leaves it to the configuration."""
    if not cursor.peek_number():
        return ZERO
    cursor.skip()
    start = cursor.column
    value = cursor.take_number("how far it has to move back first", fix="repeat 0.5%")
    if not cursor.take("%"):
        cursor.fail("that is a percentage", column=start, fix=f"repeat {plain(value)}%")
    if value > HUNDRED:
        cursor.fail("at most 100 %", column=start, fix="repeat 0.5%")
    return value


def read_symbols(cursor: Cursor, *, add: bool) -> Command:
    """Read names of contracts."""
    word = "watch" if add else "unwatch"
    found: list[str] = []
    while not cursor.ended:
        cursor.take(",")
        name = cursor.peek_name()
        if not name or not is_symbol(name) or not any(char.isalpha() for char in name):
            cursor.fail(f"a symbol expected, not {cursor.peek_run()!r}", fix=f"{word} ETHUSDT")
        if len(found) == MOST_SYMBOLS:
            cursor.fail(f"{MOST_SYMBOLS} symbols at a time", fix="two lines")
        cursor.column += len(name)
        found.append(name)
    if not found:
        cursor.fail("a symbol is missing", fix=f"{word} ETHUSDT")
    return WatchSymbols(tuple(dict.fromkeys(found)), add)


def read_off(cursor: Cursor) -> Command:
    """Read which of what runs is to end."""
    if cursor.ended:
        return EndRunning()
    if cursor.take_word("all"):
        return EndRunning(everything=True)
    cursor.skip()
    start = cursor.column
    cursor.take("#")
    value = cursor.take_number("a number, or all", fix="off lists them")
    cursor.end_number()
    if value != value.to_integral_value() or not 1 <= value <= 9999:
        cursor.fail("a number from the list", column=start, fix="off lists them")
    return EndRunning(int(value))


def read_calc(cursor: Cursor) -> Command:
    """Read arithmetic; ``calc size`` is another way to say ``size``."""
    if cursor.take_word("size"):
        return read_sizing(cursor)
    return Calculate(read_expression(cursor))


def read_sizing(cursor: Cursor) -> Command:
    """Read an order whose size is asked for."""
    cursor.skip()
    start = cursor.column
    word = cursor.take_letters()
    if word == "scale":
        return CalculateSize(read_scale(cursor))
    if word == "chase":
        return CalculateSize(read_chase(cursor))
    if word not in SIDES:
        cursor.fail("an order expected", column=start, fix="size buy r:0.5% sl 66640")
    return CalculateSize(read_order(cursor, SIDES[word]))


def read_bind(cursor: Cursor, check: Callable[[str], object]) -> Command:
    """Read a key and the line that it types."""
    key = _key(cursor)
    return BindKey(key, _line(cursor, f'bind {key} "buy #2 @ bid po"', check))


def read_unbind(cursor: Cursor) -> Command:
    """Read a key."""
    return BindKey(_key(cursor), "")


def _key(cursor: Cursor) -> str:
    cursor.skip()
    start = cursor.column
    key = read_token(cursor, "a key", "bind f5").lower()
    if not _KEY.match(key):
        cursor.fail(f"{key!r} is not a key", column=start, fix="a key by its name, such as f5, or ctrl+e")
    return key


def read_alias(cursor: Cursor, check: Callable[[str], object]) -> Command:
    """Read a name and the line that it stands for."""
    name = _alias(cursor)
    return NameLine(name, _line(cursor, f'alias {name} "close 50%"', check))


def read_unalias(cursor: Cursor) -> Command:
    """Read a name."""
    return NameLine(_alias(cursor), "")


def _alias(cursor: Cursor) -> str:
    cursor.skip()
    start = cursor.column
    name = read_word(cursor, "a name", 'alias half "close 50%"', most=16).lower()
    if not name.isalpha():
        cursor.fail("a name is made of letters", column=start, fix='alias half "close 50%"')
    if name in VERBS:
        cursor.fail(f"{name!r} is a command already", column=start, fix=f"my{name}"[:16])
    return name


def _line(cursor: Cursor, fix: str, check: Callable[[str], object]) -> str:
    cursor.skip()
    start = cursor.column
    text = cursor.take_string("the line", fix=fix).strip()
    if not text:
        cursor.fail("a line without words", column=start, fix=fix)
    try:
        check(text)
    except CommandError as error:
        cursor.fail(error.message, column=min(start + 1 + error.column, cursor.column - 1), fix=error.fix)
    return text


WATCHING: Mapping[str, Callable[[Cursor], Command]] = {
    "watch": lambda cursor: read_symbols(cursor, add=True),
    "unwatch": lambda cursor: read_symbols(cursor, add=False),
    "alert": read_alert,
    "off": read_off,
    "calc": read_calc,
    "size": read_sizing,
    "unbind": read_unbind,
    "unalias": read_unalias,
    "scale": read_scale,
    "chase": read_chase,
}
"""What reads what follows each verb."""
