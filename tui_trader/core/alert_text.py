"""Conditions as text and back, where one stands alone: in a file, in a list."""

from __future__ import annotations

from tui_trader.core.decimals import plain
from tui_trader.core.language.condition import Condition, Happening, Subject, Term
from tui_trader.core.language.cursor import Cursor
from tui_trader.core.language.read_condition import read_condition


def read_whole(text: str) -> Condition:
    """Read a line that is a condition and nothing else; raises CommandError."""
    cursor = Cursor(text)
    condition = read_condition(cursor)
    if cursor.next_char():
        cursor.fail(f"unexpected {cursor.peek_run()!r}", fix="a condition alone")
    return condition


def spell_condition(condition: Condition) -> str:
    """Return the spelling of a condition, e.g. ``BTCUSDT mark < 66700 && day < -300``."""
    return " || ".join(" && ".join(_term(term) for term in row) for row in condition.alternatives)


def _term(term: Term) -> str:
    if isinstance(term, Happening):
        return f"{term.symbol} {term.event}".strip()
    bound = _subject(term.bound) if isinstance(term.bound, Subject) else plain(term.bound)
    return f"{_subject(term.subject)} {term.comparison} {bound}"


def _subject(subject: Subject) -> str:
    return f"{subject.symbol} {subject.figure}".strip()
