"""A cursor that rests on an identity, not on a line: rows may come, go and move, and it stays with what was chosen."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Hashable, Sequence
from typing import Generic, TypeVar

from tui_trader.core.clock import Clock
from tui_trader.state.store import Store
from tui_trader.ui.panes.spans import window
from tui_trader.ui.panes.view import View

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


class CursorView(View, Generic[K]):
    """A view of a list one row of which can be chosen."""

    def __init__(self, store: Store, clock: Clock) -> None:
        super().__init__(store, clock)
        self._cursor: Cursor[K] = Cursor()

    def cursor_up(self, rows: int = 1) -> None:
        """Choose the row above."""
        self._cursor.step(self._keys(), -rows)
        self.moved()

    def cursor_down(self, rows: int = 1) -> None:
        """Choose the row below."""
        self._cursor.step(self._keys(), rows)
        self.moved()

    def cursor_top(self) -> None:
        """Choose the first row."""
        self._cursor.choose(self._keys(), 0)
        self.moved()

    def cursor_bottom(self) -> None:
        """Choose the last row."""
        self._cursor.choose(self._keys(), -1)
        self.moved()

    def cursor_off(self) -> None:
        """Choose nothing."""
        self._cursor.off()
        self.moved()

    @abstractmethod
    def _keys(self) -> list[K]:
        """Return the keys of the rows that can be chosen, in their order on the screen."""
