"""How conditions, and commands that watch, are spelled."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable

from tui_trader.core.alert_text import spell_condition
from tui_trader.core.decimals import plain
from tui_trader.core.language.calculation import spell_expression
from tui_trader.core.language.entries import Chase, PlaceOrder, Scale
from tui_trader.core.language.line import Command, Line
from tui_trader.core.language.spelled_orders import spell_chase, spell_order, spell_scale
from tui_trader.core.language.spelled_terms import join, quoted, spell_time
from tui_trader.core.language.watching import (
    Calculate,
    CalculateSize,
    EndRunning,
    RunEvery,
    RunWhen,
    SetAlert,
    WatchSymbols,
)

_BARE = re.compile(r"[^\s\"'\\#]+\Z")


def spell_watching(command: Command, spell_line: Callable[[Line], str]) -> str | None:
    """Return the spelling of a command that watches; None for every other."""
    match command:
        case WatchSymbols(symbols, add):
            return join("watch" if add else "unwatch", *symbols)
        case SetAlert(condition, run, bell, say, repeat):
            program = f"run {quoted(_program(run))}" if run else ""
            again = "" if repeat is None else f"repeat {plain(repeat)}%" if repeat else "repeat"
            return join("alert", spell_condition(condition), program, "bell" if bell else "", "say" if say else "", again)
        case RunWhen(condition, line):
            return f"when {spell_condition(condition)} : {spell_line(line)}"
        case RunEvery(seconds, line):
            return f"every {spell_time(seconds)} : {spell_line(line)}"
        case EndRunning(number, everything):
            return join("off", "all" if everything else "" if number is None else str(number))
        case Calculate(expression):
            return f"calc {spell_expression(expression)}"
        case CalculateSize(order):
            return f"size {_order(order)}"
    return None


def _order(order: PlaceOrder | Scale | Chase) -> str:
    match order:
        case Scale():
            return spell_scale(order)
        case Chase():
            return spell_chase(order)
        case _:
            return spell_order(order)


def _program(words: tuple[str, ...]) -> str:
    """Return the words of a program as they are read again, with quotes only where a word needs them."""
    return " ".join(word if _BARE.match(word) else shlex.quote(word) for word in words)
