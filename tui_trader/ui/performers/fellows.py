"""The accounts beside the one on the screen, as far as keys and lines reach them; the program's accounts are one of these.

A screen that is alone has ``Alone``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from tui_trader.core.command import Line, UseAccount
from tui_trader.core.error import CommandError
from tui_trader.core.types import Severity
from tui_trader.desk.desk import Desk
from tui_trader.ui.performers.surface import Surface


class Fellows(Protocol):
    """Every account of the program."""

    def desks(self) -> Sequence[Desk]:
        """Return every open desk, the one on the screen first."""

    def absent(self) -> Mapping[str, str]:
        """Return the accounts that were asked for and are not open, and why not."""

    def owe_panic(self, *, flatten: bool) -> Sequence[str]:
        """Have accounts that are being opened cancel everything as soon as they are open; return their names."""

    def say(self, text: str, severity: Severity = Severity.NOTE) -> None:
        """Show one line on whatever screen is shown now."""

    def use(self, command: UseAccount) -> bool:
        """Put another account on the screen; False when that is not the program's to do. Raises CommandError."""

    def choose(self) -> None:
        """Let the trader choose the account on the screen."""

    def there(self, line: Line) -> tuple[Desk, Line] | None:
        """Return the desk that a line of orders names and the line as that one reads it, None for the one on the screen.

        Raises CommandError when it names several, or one that is not open, or a market that is not listed there.
        """

    def enter(self, desk: Desk, line: Line) -> None:
        """Put a desk on the screen and run a line there. Raises CommandError, and then the line was not run."""

    def explain(self, desk: Desk, line: Line) -> tuple[list[str], bool]:
        """Return in phrases what a line means at a desk, and whether it reads."""


class Alone:
    """No other account."""

    def __init__(self, desk: Desk, surface: Surface) -> None:
        self._desk = desk
        self._surface = surface

    def desks(self) -> Sequence[Desk]:
        """Return the one."""
        return [self._desk]

    def absent(self) -> Mapping[str, str]:
        """Return nothing."""
        return {}

    def owe_panic(self, *, flatten: bool) -> Sequence[str]:
        """Nothing is being opened."""
        return ()

    def say(self, text: str, severity: Severity = Severity.NOTE) -> None:
        """Show one line."""
        self._surface.say(text, severity)

    def use(self, command: UseAccount) -> bool:
        """Leave the answer to the desk."""
        return False

    def choose(self) -> None:
        """Say that there is nothing to choose."""
        raise CommandError(f"{self._desk.account.name} is the only account here", fix="tui-trader --beside VENUE")

    def there(self, line: Line) -> tuple[Desk, Line] | None:
        """Leave it to the desk, which knows where it is."""
        return None

    def enter(self, desk: Desk, line: Line) -> None:
        """Never asked for."""

    def explain(self, desk: Desk, line: Line) -> tuple[list[str], bool]:
        """Never asked for."""
        return [], False
