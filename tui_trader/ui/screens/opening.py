"""What is shown from the first moment: the frame of the screen to come, and how far the opening is."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.screen import Screen
from textual.widgets import Static


class OpeningScreen(Screen[None]):
    """One line of progress; after a failure the reason and the way out."""

    DEFAULT_CSS = """
    OpeningScreen { align: center middle; background: $background; }
    OpeningScreen Static { width: auto; max-width: 90%; height: auto; color: $foreground; }
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self._line = Static(text, markup=False)

    def compose(self) -> ComposeResult:
        yield self._line

    def tell(self, text: str) -> None:
        """Replace the line."""
        self._line.update(text)
