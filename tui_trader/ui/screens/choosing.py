"""A short list to choose one line from: its number chooses, or the arrows and Enter; Esc leaves it. A choice sends nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Label, OptionList
from textual.widgets.option_list import Option


class Line(NamedTuple):
    """One line of the list."""

    id: str
    text: str
    possible: bool = True
    """False for one that is told of and cannot be chosen."""


class ChoiceScreen(ModalScreen[str | None]):
    """Closes with the id of the chosen line, None for none."""

    DEFAULT_CSS = """
    ChoiceScreen { align: center top; background: $background; }
    ChoiceScreen > Vertical {
        width: 76; max-width: 100%; height: auto; max-height: 90%; margin-top: 2;
        background: $panel; border: solid $border; padding: 0 1;
    }
    ChoiceScreen Label { width: 100%; color: $accent; }
    ChoiceScreen OptionList {
        height: auto; max-height: 100%; border: none; background: $panel; padding: 0; scrollbar-size-vertical: 1;
    }
    ChoiceScreen OptionList:focus { border: none; background-tint: transparent; }
    """

    def __init__(self, title: str, lines: Sequence[Line]) -> None:
        super().__init__()
        self._title = title
        self._lines = list(lines)

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Label(f"{self._title}  number or Enter, Esc leaves", markup=False)
            yield OptionList(*(self._option(at, line) for at, line in enumerate(self._lines, 1)))

    @staticmethod
    def _option(at: int, line: Line) -> Option:
        text = Text(f"{at:>2} {line.text}", no_wrap=True, overflow="ellipsis")
        return Option(text, id=line.id, disabled=not line.possible)

    def on_key(self, event: events.Key) -> None:
        """Choose by a number, move, or leave."""
        options = self.query_one(OptionList)
        if event.key in ("escape", "q", "V"):
            event.stop()
            self._leave(None)
        elif event.key == "j":
            event.stop()
            options.action_cursor_down()
        elif event.key == "k":
            event.stop()
            options.action_cursor_up()
        elif event.character is not None and event.character.isdigit():
            event.stop()
            at = int(event.character) - 1
            if 0 <= at < len(self._lines) and self._lines[at].possible:
                self._leave(self._lines[at].id)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Enter takes the line."""
        event.stop()
        self._leave(event.option.id)

    def _leave(self, chosen: str | None) -> None:
        if self.is_current:  # a second key may have been on its way
            self.dismiss(chosen)
