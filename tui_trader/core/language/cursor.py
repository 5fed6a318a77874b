"""A cursor over one typed line: where every error gets its column.

The order language has no token list that is right everywhere (``-`` belongs to ``BTC-PERP`` and to ``bid-3t``), so the parser
says at each place what may stand there. The cursor must not know what the words mean.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import NoReturn

from tui_trader.core.decimals import from_user
from tui_trader.core.error import CommandError

MAX_NUMBER = 48
"""Longest number read, in characters; with ``m`` for a million it still spells out within what ``from_user`` reads."""

MAX_LINE = 500
"""Longest line read, in characters; nobody types more, a paste of a page is an accident."""

_SPACE = re.compile(r"[ \t]*")
_NUMBER = re.compile(r"[0-9._,]*[0-9][0-9._,]*", re.ASCII)
_WORD = re.compile(r"[A-Za-z]+", re.ASCII)
_NAME = re.compile(r"[A-Za-z0-9._-]+", re.ASCII)
_GLOB = re.compile(r"[A-Za-z0-9._*?-]+", re.ASCII)
_RUN = re.compile(r"[^\s;!@:]+")
_FACTOR = re.compile(r"[xX][0-9.]", re.ASCII)
_EXPONENT = re.compile(r"[eE][+-]?[0-9]", re.ASCII)


class Cursor:
    """A position in a line. Every ``take`` method skips blanks first and moves only when it matched."""

    __slots__ = ("column", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.column = 0
        for column, char in enumerate(text):
            if char in "\r\n":
                raise CommandError(
                    "a line break inside a command", column=column, fix="one line at a time; separate commands with ;"
                )
            if not (" " <= char <= "~" or char == "\t"):
                raise CommandError(
                    f"character U+{ord(char):04X} is not plain ASCII",
                    column=column,
                    fix="retype it with ASCII letters and digits",
                )
        if len(text) > MAX_LINE:
            raise CommandError(f"a line may have {MAX_LINE} characters", column=MAX_LINE, fix="split it")

    def fail(self, message: str, *, fix: str = "", column: int | None = None) -> NoReturn:
        """Raise CommandError at ``column``, or where the next word begins."""
        self.skip()
        raise CommandError(message, column=min(self.column, len(self.text.rstrip())) if column is None else column, fix=fix)

    def skip(self) -> None:
        """Pass over blanks."""
        match = _SPACE.match(self.text, self.column)
        if match:
            self.column = match.end()

    @property
    def ended(self) -> bool:
        """Whether the statement ends here: end of line, ``;``, ``&&`` or ``!``."""
        self.skip()
        rest = self.text[self.column :]
        return not rest or rest[0] in ";!" or rest.startswith("&&")

    def next_char(self) -> str:
        """Return the next character after blanks, empty at the end."""
        self.skip()
        return self.text[self.column : self.column + 1]

    def here(self) -> str:
        """Return the character right here, without passing blanks."""
        return self.text[self.column : self.column + 1]

    def take(self, literal: str) -> bool:
        """Move past ``literal`` when it comes next."""
        start = self.column
        self.skip()
        if self.text.startswith(literal, self.column):
            self.column += len(literal)
            return True
        self.column = start
        return False

    def peek_word(self) -> str:
        """Return the letters that come next, in lower case; empty when a letter run is glued to a digit or a dot."""
        self.skip()
        match = _WORD.match(self.text, self.column)
        if not match:
            return ""
        after = self.text[match.end() : match.end() + 1]
        return "" if after and after in "._0123456789" else match.group().lower()

    def take_word(self, *words: str) -> str:
        """Move past one of ``words`` (any word when none is given) and return it in lower case; empty when it is not there."""
        word = self.peek_word()
        if word and (not words or word in words):
            self.column += len(word)
            return word
        return ""

    def take_letters(self) -> str:
        """Move past a run of letters, whatever follows, and return it in lower case."""
        self.skip()
        match = _WORD.match(self.text, self.column)
        if not match:
            return ""
        self.column = match.end()
        return match.group().lower()

    def take_string(self, what: str, *, fix: str = "") -> str:
        """Read text in double quotes; a backslash lets a quote or a backslash stand for itself."""
        self.skip()
        start = self.column
        if self.here() != '"':
            self.fail(f"{what} stands in double quotes" if not self.ended else f"{what} is missing", fix=fix)
        found = ""
        self.column += 1
        while self.here() != '"':
            if self.here() == "\\" and self.text[self.column + 1 : self.column + 2] in ("\\", '"'):
                self.column += 1
            if not self.here():
                self.fail("the quote is not closed", column=start, fix='end it with "')
            found += self.here()
            self.column += 1
        self.column += 1
        return found

    def take_rest(self) -> str:
        """Read everything up to the end of the line, blanks around it left out."""
        self.skip()
        rest = self.text[self.column :].rstrip()
        self.column = len(self.text)
        return rest

    def peek_factor(self) -> bool:
        """Whether ``x`` glued to a number comes next."""
        self.skip()
        return bool(_FACTOR.match(self.text, self.column))

    def take_factor(self, fix: str) -> Decimal | None:
        """Read ``x`` glued to a number; None when it does not stand here."""
        if not self.peek_factor():
            return None
        start = self.column
        self.column += 1
        value = self.take_number("a number after x", fix=fix)
        self.end_number()
        if not value:
            self.fail("x0 is nothing", column=start, fix=fix)
        return value

    def peek_run(self) -> str:
        """Return everything up to the next blank or separator, for a message."""
        self.skip()
        match = _RUN.match(self.text, self.column)
        return match.group() if match else self.next_char()

    def peek_name(self, *, glob: bool = False) -> str:
        """Return the name that comes next, letter case kept; with ``glob`` it may hold ``*`` and ``?``."""
        self.skip()
        match = (_GLOB if glob else _NAME).match(self.text, self.column)
        return match.group() if match else ""

    def peek_number(self) -> str:
        """Return the digits that come next, unread; empty when there are none."""
        self.skip()
        match = _NUMBER.match(self.text, self.column)
        return match.group() if match else ""

    def take_number(self, what: str, *, fix: str = "") -> Decimal:
        """Read a plain unsigned number; raises CommandError that says what ``what`` should have looked like."""
        self.skip()
        start = self.column
        raw = self.peek_number()
        if not raw:
            run = self.peek_run()
            self.fail(f"{what} expected, not {run!r}" if run else f"{what} is missing", fix=fix)
        self.column += len(raw)
        if _EXPONENT.match(self.text, self.column):
            self.fail("exponents are not read: write the number out", column=start, fix="1e5 is 100000, or 100k")
        value = from_user(raw) if len(raw) <= MAX_NUMBER else None
        if value is None:
            shown = raw if len(raw) <= 24 else f"{raw[:20]}…"
            self.fail(f"{shown!r} is not a number", column=start, fix="digits with one point, e.g. 1,250.5 or 0.05")
        return value

    def take_multiple(self) -> int:
        """Move past a glued ``k`` or ``m`` and return its power of ten; 0 when there is none."""
        return {"": 0, "k": 3, "m": 6}[self.take_unit("k", "m")]

    def take_unit(self, *units: str) -> str:
        """Move past a unit glued to the number before it; empty when none of ``units`` stands here on its own."""
        match = _WORD.match(self.text, self.column)
        if not match or match.group().lower() not in units:
            return ""
        after = self.text[match.end() : match.end() + 1]
        if after and after in "._0123456789":
            return ""
        self.column = match.end()
        return match.group().lower()

    def end_number(self) -> None:
        """Refuse letters glued to a number that was just read: ``0x10`` and ``0.5BTC`` are never guessed at."""
        char = self.here()
        if char and (char.isalnum() or char in "._"):
            run = self.peek_run()
            self.fail(f"{run!r} is glued to the number before it", fix="put a space between a number and a name")
