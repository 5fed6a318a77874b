"""A cursor that rests on an identity, not on a line: rows may come, go and move, and it stays with what was chosen."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Generic, TypeVar

from tui_trader.ui.panes.spans import window

K = TypeVar("K", bound=Hashable)


class Cursor(Generic[K]):
    """The chosen key of a list and the scroll position that keeps it in view."""

    def __init__(self) -> None:
        self.key: K | None = None
        """What is chosen; None for nothing."""
        self._place = 0
        self._first = 0

    def step(self, keys: Sequence[K], rows: int) -> None:
        """Move by ``rows``; from nothing, choose the row where the cursor was last, or the first."""
        if not keys:
            self.key = None
            return
        at = self.index(keys)
        place = min(self._place, len(keys) - 1) if at is None else min(max(at + rows, 0), len(keys) - 1)
        self.key, self._place = keys[place], place

    def choose(self, keys: Sequence[K], place: int) -> None:
        """Choose by position; negative counts from the end."""
        if keys:
            place = max(0, min(place if place >= 0 else len(keys) + place, len(keys) - 1))
            self.key, self._place = keys[place], place

    def index(self, keys: Sequence[K]) -> int | None:
        """Return where the chosen key is now; None when nothing is chosen or it has gone: a neighbour is never chosen for it."""
        if self.key is None:
            return None
        try:
            return keys.index(self.key)
        except ValueError:
            return None

    def off(self) -> None:
        """Choose nothing."""
        self.key = None

    def first_visible(self, keys: Sequence[K], height: int) -> int:
        """Return the index of the first row to draw so that the chosen one is among ``height``."""
        self._first = window(len(keys), height, self.index(keys), self._first)
        return self._first
