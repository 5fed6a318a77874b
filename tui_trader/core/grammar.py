"""The order language: one typed line to commands, or one error with its column and what to type instead.

It must not know the market or the account. The words are ``language.vocabulary``'s; ``docs/language.md`` is made of them.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from decimal import Decimal

from tui_trader.core.decimals import plain
from tui_trader.core.error import CommandError
from tui_trader.core.language.completion import complete
from tui_trader.core.language.cursor import Cursor
from tui_trader.core.language.entries import PlaceOrder
from tui_trader.core.language.line import Command, Line
from tui_trader.core.language.read_manage import MANAGING
from tui_trader.core.language.read_order import read_order
from tui_trader.core.language.read_state import STATING
from tui_trader.core.language.read_watching import WATCHING, read_alias, read_bind, read_every, read_when
from tui_trader.core.language.spelling import canonical
from tui_trader.core.language.terms import SizeUnit
from tui_trader.core.language.words import NOT_YET, SHORT_FOR, SIDES, VERBS
from tui_trader.core.types import Side

__all__ = ["canonical", "complete", "guard_size", "parse", "parse_one"]

NO_ALIASES: Mapping[str, str] = {}


def parse(text: str, aliases: Mapping[str, str] = NO_ALIASES) -> Line:
    """Read a whole line; raises CommandError with a zero-based column and a fix. Nothing is executed when any part is wrong.

    ``aliases`` are names for lines; what follows one is added to its line.
    """
    cursor = Cursor(text)
    line = _Reader(aliases).line(cursor)
    immediate = cursor.take("!")
    if cursor.next_char():
        cursor.fail("'!' ends the line" if immediate else f"unexpected {cursor.peek_run()!r}", fix="put ! at the very end")
    return Line(line.commands, immediate or line.immediate, line.needs)


def parse_one(text: str) -> Command:
    """Read a line that holds exactly one command; raises CommandError."""
    line = parse(text)
    if len(line.commands) != 1:
        raise CommandError("one command expected", column=text.index("&&" if line.needs else ";"), fix="drop the rest")
    return line.commands[0]


def guard_size(command: Command, last: Decimal | None) -> CommandError | None:
    """Return the refusal of a market order whose bare size looks like a price: within 50 % of ``last``.

    With a price in the command the numbers cannot have been mistaken for each other, and the guard is silent.
    """
    if not isinstance(command, PlaceOrder) or command.price is not None or command.size.unit is not SizeUnit.BASE:
        return None
    if last is None or last <= 0 or abs(command.size.value - last) * 2 > last:
        return None
    number = plain(command.size.value)
    return CommandError(
        f"{number} looks like a price, not a size: did you mean '@ {number}'?",
        column=command.size.column,
        fix=f"{command.side} SIZE @ {number}, or name a price such as '@ {'ask' if command.side is Side.BUY else 'bid'}'",
    )


class _Reader:
    """Reads statements; knows the aliases, and is told when it is inside one."""

    def __init__(self, aliases: Mapping[str, str]) -> None:
        self._aliases = aliases
        self._immediate = False
        """Whether an alias ended in ``!``: then so does the line that uses it."""

    def line(self, cursor: Cursor) -> Line:
        """Read statements up to the end of the text, or to what is no statement."""
        commands: list[Command] = []
        needs: list[int] = []
        joint = ""
        while True:
            if cursor.ended:
                cursor.fail(
                    f"nothing after '{joint}'" if commands else "a command is missing" if cursor.next_char() else "nothing typed",
                    fix=f"drop the '{joint}'" if commands else "buy 0.5 @ bid, or help",
                )
            if joint == "&&":
                needs.append(len(commands))
            commands += self._statement(cursor)
            joint = ";" if cursor.take(";") else "&&" if cursor.take("&&") else ""
            if not joint:
                return Line(tuple(commands), self._immediate, tuple(needs))

    def _statement(self, cursor: Cursor) -> tuple[Command, ...]:
        cursor.skip()
        start = cursor.column
        word = cursor.peek_word()
        if word in self._aliases and word not in VERBS:
            return self._named(cursor, word, start)
        command = self._command(cursor, _verb(cursor))
        if not cursor.ended:
            cursor.fail(f"unexpected {cursor.peek_run()!r} after {canonical(command)!r}", fix="separate commands with ';'")
        return (command,)

    def _command(self, cursor: Cursor, verb: str) -> Command:
        if verb in SIDES:
            return read_order(cursor, SIDES[verb])
        if verb == "when":
            return read_when(cursor, self.line)
        if verb == "every":
            return read_every(cursor, self.line)
        if verb == "bind":
            return read_bind(cursor, parse)
        if verb == "alias":
            return read_alias(cursor, parse)
        return READERS[verb](cursor)

    def _named(self, cursor: Cursor, name: str, start: int) -> tuple[Command, ...]:
        """Read the line that a name stands for, with what follows the name added to it."""
        cursor.take_word(name)
        begin = cursor.column
        while not cursor.ended and cursor.column < len(cursor.text):
            cursor.column += 1
        more = cursor.text[begin : cursor.column].strip()
        text = self._aliases[name].rstrip()
        bare = text.removesuffix("!").rstrip()
        try:
            line = parse(f"{bare} {more}" if more else bare)
        except CommandError as error:
            cursor.fail(f"{error.message} (in {name!r}: {text})", column=start, fix=error.fix)
        self._immediate = self._immediate or bare != text
        if line.needs:
            cursor.fail(f"{name!r} holds '&&', which stands between typed commands", column=start, fix="use ';' in it")
        return line.commands


READERS: Mapping[str, Callable[[Cursor], Command]] = {**MANAGING, **STATING, **WATCHING}
"""What reads what follows each verb, but for those that hold a line."""


def _verb(cursor: Cursor) -> str:
    cursor.skip()
    start = cursor.column
    typed = cursor.take_letters()
    if not typed:
        cursor.fail(f"a command expected, not {cursor.peek_run()!r}", fix="start with buy, sell, close, cancel, … or help")
    if typed not in VERBS and typed not in NOT_YET:
        found = sorted({SHORT_FOR.get(word, word) for word in (*VERBS, *NOT_YET) if word.startswith(typed)})
        if not found:
            near = difflib.get_close_matches(typed, VERBS, n=1)
            cursor.fail(f"unknown command {typed!r}", column=start, fix=near[0] if near else "help lists the commands")
        if len(found) > 1:
            cursor.fail(f"{typed!r} is ambiguous", column=start, fix=f"type more of {', '.join(found)}")
        typed = found[0]
    if typed in NOT_YET:
        cursor.fail(f"'{typed}' is not available in this version", column=start, fix="scale, chase")
    return SHORT_FOR.get(typed, typed)
