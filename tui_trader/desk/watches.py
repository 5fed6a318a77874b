"""What keeps watchlist, alerts, conditions and repetitions, and what records and replays: as commands see them.

Each method does what a command says and returns one line for a person; it raises CommandError with the fix when it cannot.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Protocol

from tui_trader.core.command import Line, RunEvery, RunWhen, SetAlert
from tui_trader.core.types import InstrumentId

if TYPE_CHECKING:
    from tui_trader.desk.commands import Result

RunLine = Callable[[Line], Awaitable["Sequence[Result]"]]
"""Runs a line as if it had been typed with Enter, through every check, beside what the trader is doing; raises what it raises."""


class Watches(Protocol):
    """Keeps what is watched. Numbers are drawn from ``Desk.runs``, so that ``off`` knows one list."""

    def watch(self, instruments: Sequence[InstrumentId], *, add: bool) -> str:
        """Add instruments to the watchlist, or take them off."""

    def alert(self, command: SetAlert) -> str:
        """Keep an alert."""

    def when(self, command: RunWhen, run: RunLine) -> str:
        """Keep a line that runs once when a condition is met."""

    def every(self, command: RunEvery, run: RunLine) -> str:
        """Keep a line that runs again and again."""

    def end(self, number: int) -> bool:
        """End what bears a number; False when nothing of this does."""

    def end_all(self) -> int:
        """End everything; return how many there were."""

    def rows(self) -> Sequence[str]:
        """Return one line for each that has not ended, its number first."""


class Recording(Protocol):
    """Records the market and shows recordings."""

    def start(self) -> str:
        """Begin to record."""

    def stop(self) -> str:
        """End the recording."""

    def replay(self, path: str, speed: Decimal) -> str:
        """Show a recording instead of the market; keys then reach no venue."""
