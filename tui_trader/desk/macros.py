"""Names and keys for lines, as the trader gave them, kept between sessions.

What a name or a key stands for is typed, not sent: a key's line stages what it would send. The file is the user's alone.
"""

from __future__ import annotations

from collections.abc import Mapping

from tui_trader.core.command import BindKey, NameLine
from tui_trader.core.error import CommandError, JournalError
from tui_trader.core.grammar import parse
from tui_trader.storage.state_file import StateFile

MOST = 200
"""Names, and keys, that are kept."""


class Macros:
    """The aliases and bindings of one user."""

    def __init__(self, file: StateFile | None = None) -> None:
        """Without a ``file`` they end with the program."""
        self._file = file
        self.aliases: dict[str, str] = {}
        """Lines by name."""
        self.keys: dict[str, str] = {}
        """Lines by key."""
        self.problem = ""
        """Why nothing could be read; empty when it could, or there was nothing."""
        if file is not None:
            try:
                document = file.read()
            except JournalError as error:
                self.problem = f"aliases and bound keys are not known: {error}"
                return
            self.aliases = _readable(document.get("aliases"))
            self.keys = _readable(document.get("keys"))

    def name(self, command: NameLine) -> str:
        """Keep or forget a name; raises CommandError when it cannot be kept."""
        return self._change(self.aliases, command.name, command.line, "alias")

    def bind(self, command: BindKey) -> str:
        """Keep or forget a key's line; raises CommandError when it cannot be kept."""
        return self._change(self.keys, command.key, command.line, "key")

    def _change(self, table: dict[str, str], name: str, line: str, what: str) -> str:
        before = dict(table)
        if line:
            if len(table) >= MOST and name not in table:
                raise CommandError(f"{MOST} of them are kept at most", fix=f"un{'bind' if what == 'key' else 'alias'} one")
            table[name] = line
        elif table.pop(name, None) is None:
            raise CommandError(f"there is no {what} {name!r}", fix=_list(before) or "none is there yet")
        if self._file is not None:
            try:
                self._file.write({"aliases": self.aliases, "keys": self.keys})
            except JournalError as error:
                table.clear()
                table.update(before)
                raise CommandError(f"it could not be kept: {error}") from error
        return f"{what} {name}: {line}" if line else f"{what} {name} is gone"


def _list(table: Mapping[str, str]) -> str:
    return ", ".join(sorted(table)[:12])


def _readable(value: object) -> dict[str, str]:
    """Return the lines that still read; what a newer or an older program wrote otherwise is left out."""
    found: dict[str, str] = {}
    if isinstance(value, dict):
        for name, line in list(value.items())[:MOST]:
            try:
                parse(str(line))
            except CommandError:
                continue
            found[str(name)] = str(line)
    return found
