"""Whose turn it is on the one event loop: a key goes before the market.

Everything runs on one loop, so a key waits for whatever runs before it. Who reads keys claims the turn, and who works through
market messages or paints what they changed looks here first and waits a moment. A claim is short, it ends when the key has been
shown, and it cannot be renewed at once: keys that never stop must not stop the market either.
"""

from __future__ import annotations

from typing import Final

HOLD_S: Final = 0.015
"""Longest claim, seconds."""

REST_S: Final = 0.015
"""How long after a claim the next one is refused, unless the first was released, seconds."""


class Turn:
    """One claim at a time; ``now`` is the event loop's time. A claim may come from another thread."""

    def __init__(self) -> None:
        self.claimed = False
        """Whether there may be a claim; a quick look for those who ask often."""
        self._until = 0.0

    def claim(self, now: float) -> None:
        """Go first for a moment."""
        if not self.claimed and now >= self._until + REST_S:
            self._until = now + HOLD_S
            self.claimed = True

    def release(self) -> None:
        """Let the others go on."""
        if self.claimed:
            self.claimed = False
            self._until = 0.0

    def taken(self, now: float) -> bool:
        """Whether somebody goes first now."""
        if self.claimed and now >= self._until:
            self.claimed = False
        return self.claimed


TURN = Turn()
"""The turn of this process's event loop."""
