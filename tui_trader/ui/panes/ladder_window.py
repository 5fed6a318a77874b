"""Which rows of a ladder are on the screen: the window stands still unless it is asked to move or the touch leaves it.

It never moves while a cursor rests on a price, but to keep the cursor in view. Rows are whole numbers, larger ones above.
"""

from __future__ import annotations

Touch = tuple[int | None, int | None]
"""The rows of the best bid and ask; at least one is there."""


class Window:
    """First row, number of rows, and the row of the cursor."""

    def __init__(self) -> None:
        self.top: int | None = None
        """The row of the first line; None puts the touch in the middle at the next look."""
        self.rows = 0
        self.cursor: int | None = None

    def settle(self, touch: Touch | None, count: int, *, follows: bool) -> None:
        """Choose the window: keep it, keep its middle when the height changed, or follow a touch that left it."""
        if self.top is not None and count != self.rows and self.rows:
            self.top += (count - self.rows) // 2
        self.rows = count
        if self.top is None or (follows and self.cursor is None and self.away(touch)):
            self._centre(touch)
        self.keep_cursor_in_view()

    def away(self, touch: Touch | None) -> int:
        """Return how many rows the touch lies above (positive) or below (negative) the window; 0 while it is in view."""
        if touch is None or self.top is None:
            return 0
        low, high = _both(touch)
        top, bottom = self.top, self.top - self.rows + 1
        if high - low >= self.rows:
            # A spread wider than the window cannot be shown whole: its middle must do.
            low = high = (low + high) // 2
        if high > top:
            return high - top
        return min(0, low - bottom)

    def keep_cursor_in_view(self) -> None:
        """Move as little as puts the cursor on the screen."""
        if self.cursor is None or self.top is None or not self.rows:
            return
        if self.cursor > self.top:
            self.top = self.cursor
        elif self.cursor < self.top - self.rows + 1:
            self.top = self.cursor + self.rows - 1

    def _centre(self, touch: Touch | None) -> None:
        if touch is not None:
            low, high = _both(touch)
            self.top = (low + high) // 2 + self.rows // 2


def _both(touch: Touch) -> tuple[int, int]:
    bid, ask = touch
    low = bid if bid is not None else ask
    high = ask if ask is not None else bid
    assert low is not None
    assert high is not None
    return low, high
