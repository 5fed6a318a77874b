"""A condition that stands alone, as in a file, read back."""

from __future__ import annotations

from tui_trader.core.language.condition import Condition
from tui_trader.core.language.cursor import Cursor
from tui_trader.core.language.read_condition import read_condition


def read_whole(text: str) -> Condition:
    """Read a line that is a condition and nothing else; raises CommandError."""
    cursor = Cursor(text)
    condition = read_condition(cursor)
    if cursor.next_char():
        cursor.fail(f"unexpected {cursor.peek_run()!r}", fix="a condition alone")
    return condition
