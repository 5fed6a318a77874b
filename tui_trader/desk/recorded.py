"""What records the market and shows recordings, as commands see it.

Each method does what a command says and returns one line for a person; it raises CommandError with the fix when it cannot.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Protocol


class Recording(Protocol):
    """Records the market and shows recordings."""

    def start(self) -> str:
        """Begin to record."""

    def stop(self) -> str:
        """End the recording."""

    def replay(self, path: str, speed: Decimal) -> str:
        """Show a recording instead of the market; keys then reach no venue."""
