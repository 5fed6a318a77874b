"""The moment between a key that sends by itself and the sending: long enough to see that no other key came with it.

A terminal without bracketed paste hands pasted text over as keys. One key alone is a finger, several at once are not.
"""

from __future__ import annotations

from collections.abc import Callable

from tui_trader.core.clock import Clock
from tui_trader.ui.action import Action
from tui_trader.ui.finger import BURST_NS, Finger

QUIET_S = BURST_NS / 1e9


class Trigger:
    """Holds at most one action back until the keyboard was quiet after it."""

    def __init__(
        self,
        clock: Clock,
        *,
        after: Callable[[float, Callable[[], None]], object],
        fire: Callable[[Action], None],
        say: Callable[[str], None],
    ) -> None:
        """``after`` calls something in so many seconds."""
        self._finger = Finger(clock)
        self._after = after
        self._fire = fire
        self._say = say
        self._doubt = ""
        self._waiting: Action | None = None
        self._turn = 0

    @property
    def waiting(self) -> bool:
        """Whether an action is held back."""
        return self._waiting is not None

    def key(self, key: str) -> None:
        """Note a key of any kind, before it means anything; what waited is given up."""
        self._doubt = self._finger.press(key)
        self.forget("keys came faster than fingers type")

    def forget(self, why: str) -> None:
        """Give up what waits, and say so."""
        if self._waiting is not None:
            self._waiting = None
            self._say(f"{why}: nothing was sent")

    def pull(self, action: Action) -> None:
        """Let an action happen if its key was a press of its own and stays alone."""
        if self._doubt:
            self._say(f"{self._doubt}: nothing was sent")
            return
        self._turn += 1
        turn, self._waiting = self._turn, action
        self._after(QUIET_S, lambda: self._now(turn))

    def _now(self, turn: int) -> None:
        action = self._waiting
        if action is not None and turn == self._turn:
            self._waiting = None
            self._fire(action)
