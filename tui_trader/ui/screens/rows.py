"""Names and values of one thing in full, over the trading screen; any key closes it."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Label


class RowsScreen(ModalScreen[None]):
    """A list to read."""

    DEFAULT_CSS = """
    RowsScreen { align: center middle; background: $background; }
    RowsScreen > VerticalScroll {
        width: 76; max-width: 100%; height: auto; max-height: 90%;
        background: $panel; border: solid $border; padding: 0 1;
    }
    RowsScreen Label { width: 100%; }
    RowsScreen .title { color: $accent; }
    """

    def __init__(self, title: str, rows: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self._title = title
        self._rows = rows

    def compose(self) -> ComposeResult:
        wide = max((len(name) for name, _ in self._rows), default=0)
        with VerticalScroll(can_focus=False):
            yield Label(f"{self._title.upper()}  any key closes", classes="title", markup=False)
            for name, value in self._rows:
                yield Label(Text(f"{name:<{wide}}  {value}", no_wrap=False), markup=False)

    def on_key(self, event: events.Key) -> None:
        """Close; the arrows scroll."""
        event.stop()
        box = self.query_one(VerticalScroll)
        if event.key in ("down", "j", "pagedown"):
            box.scroll_relative(y=5, animate=False)
        elif event.key in ("up", "k", "pageup"):
            box.scroll_relative(y=-5, animate=False)
        elif self.is_current:
            self.dismiss(None)
