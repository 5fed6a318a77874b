"""Reads lengths of time."""

from __future__ import annotations

from tui_trader.core.decimals import plain
from tui_trader.core.language.cursor import Cursor
from tui_trader.core.language.words import SECONDS

DAY_S = 86_400


def read_time(cursor: Cursor, word: str, *, most: int = DAY_S, least: int = 1) -> int:
    """Read a time such as ``90s`` or ``5m``; return whole seconds. ``word`` is what stands before it, for the messages."""
    cursor.skip()
    start = cursor.column
    value = cursor.take_number("a time", fix=f"{word} 5m")
    unit = cursor.take_unit(*SECONDS)
    if not unit:
        cursor.fail("a time needs its unit", column=start, fix=f"{word} {plain(value)}m for minutes, {plain(value)}s for seconds")
    seconds = value * SECONDS[unit]
    if not seconds or seconds != seconds.to_integral_value() or seconds > most:
        longest = "a day" if most == DAY_S else f"{most // DAY_S} days"
        cursor.fail(f"a time is whole seconds, at most {longest}", column=start, fix=f"{word} 5m")
    if seconds < least:
        cursor.fail(f"{word} takes {least} seconds or more", column=start, fix=f"{word} {least}s")
    return int(seconds)
