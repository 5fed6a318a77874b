"""Keys that act only when pressed twice: the first press says what the second would do."""

from __future__ import annotations

from tui_trader.core.clock import NS, Clock

WINDOW_NS = 2 * NS
"""The second press counts within this time."""

REPEAT_NS = 75 * NS // 1000
"""Presses that follow each other faster come from a key that is held, not from a finger."""

READING_NS = 300 * NS // 1000
"""A question cannot have been read sooner: an answer that comes before was typed ahead."""


class Twice:
    """Remembers the first press of at most one action."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._waiting = ""
        self._until_ns = 0
        self._pressed_ns = 0

    def press(self, action: str, apart_ns: int = REPEAT_NS) -> bool:
        """Return whether this press is the second one of ``action`` in time; otherwise it is now the first.

        One that comes less than ``apart_ns`` after the one before does not count, and starts that time again.
        """
        now = self._clock.mono_ns()
        early = action == self._waiting and now - self._pressed_ns < apart_ns
        self._pressed_ns = now
        if early:
            return False
        second = action == self._waiting and now <= self._until_ns
        self._waiting, self._until_ns = ("", 0) if second else (action, now + WINDOW_NS)
        return second

    def forget(self) -> None:
        """Any other key ends the waiting."""
        self._waiting = ""
