"""A pane that shows lines newest first and is scrolled back over them by the keys of a cursor."""

from __future__ import annotations

from tui_trader.core.clock import Clock
from tui_trader.state.store import Store
from tui_trader.ui.panes.spans import Part, part
from tui_trader.ui.panes.view import View


class ScrollView(View):
    """Lines of which the newest is at the top until one scrolls."""

    def __init__(self, store: Store, clock: Clock) -> None:
        super().__init__(store, clock)
        self._first = 0
        """How many newer lines lie above the first that is shown."""
        self._height = 1
        """Lines that were shown last."""

    def _count(self) -> int:
        """Return how many lines there are."""
        return 0

    def cursor_up(self, rows: int = 1) -> None:
        """Scroll to what is newer."""
        self._first = max(0, self._first - rows)
        self.moved()

    def cursor_down(self, rows: int = 1) -> None:
        """Scroll to what is older."""
        self._first = max(0, min(self._first + rows, self._count() - self._height))
        self.moved()

    def cursor_top(self) -> None:
        """Show the newest."""
        self._first = 0
        self.moved()

    def _above(self) -> list[Part]:
        """Return what a title says of the newer lines that are not shown."""
        return [part(1, f"+{self._first} newer", "warn")] if self._first else []
