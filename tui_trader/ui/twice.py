"""Keys that act only when pressed twice: the first press says what the second would do."""

from __future__ import annotations

from tui_trader.core.clock import NS, Clock

WINDOW_NS = 2 * NS
"""The second press counts within this time."""


class Twice:
    """Remembers the first press of at most one action."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._waiting = ""
        self._until_ns = 0

    def press(self, action: str) -> bool:
        """Return whether this press is the second one of ``action`` in time; otherwise it is now the first."""
        now = self._clock.mono_ns()
        second = action == self._waiting and now <= self._until_ns
        self._waiting, self._until_ns = ("", 0) if second else (action, now + WINDOW_NS)
        return second

    def forget(self) -> None:
        """Any other key ends the waiting."""
        self._waiting = ""
