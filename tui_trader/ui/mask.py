"""Whether the account's money is hidden on this screen: somebody may look over a shoulder, or at a stream.

The mask is the same for every amount: one that grew with it would tell it.
"""

from __future__ import annotations

HIDDEN = "*****"


class Mask:
    """One switch for the whole process."""

    def __init__(self) -> None:
        self.on = False

    def toggle(self) -> bool:
        """Hide what is shown, or show what is hidden; return whether it is hidden now."""
        self.on = not self.on
        return self.on

    def over(self, text: str) -> str:
        """Return an amount as it may be shown."""
        return HIDDEN if self.on else text


MASK = Mask()
