"""The palette: every action and every word of the command line, found by a few letters; Enter does or begins it."""

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

from tui_trader.ui.fuzzy import best


class Choice(NamedTuple):
    """One line of the palette."""

    id: str
    """An action's id, or a beginning of a command line with its ``:``."""
    keys: str
    text: str


class PaletteScreen(ModalScreen[str | None]):
    """A list that narrows while somebody types; closes with the id of the chosen line."""

    DEFAULT_CSS = """
    PaletteScreen { align: center top; background: $background; }
    PaletteScreen > Vertical {
        width: 76; max-width: 100%; height: auto; max-height: 90%; margin-top: 2;
        background: $panel; border: solid $border; padding: 0 1;
    }
    PaletteScreen Label { width: 100%; color: $accent; }
    PaletteScreen OptionList {
        height: auto; max-height: 100%; border: none; background: $panel; padding: 0; scrollbar-size-vertical: 1;
    }
    PaletteScreen OptionList:focus { border: none; background-tint: transparent; }
    """

    def __init__(self, choices: Sequence[Choice]) -> None:
        super().__init__()
        self._choices = list(choices)
        self._lines = [f"{choice.text} {choice.id.replace('.', ' ').strip(':')}" for choice in choices]
        self._typed = ""

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Label(self._heading(), markup=False)
            yield OptionList(*self._options())

    def on_key(self, event: events.Key) -> None:
        """Esc closes; printable characters narrow."""
        if event.key in ("escape", "ctrl+p"):
            event.stop()
            self._leave(None)
        elif event.key == "backspace":
            self._narrow(self._typed[:-1])
        elif event.character is not None and event.character.isprintable():
            event.stop()
            self._narrow(self._typed + event.character)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Enter takes the line."""
        event.stop()
        self._leave(event.option.id)

    def _leave(self, chosen: str | None) -> None:
        if self.is_current:  # a second Esc or Enter may have been on its way
            self.dismiss(chosen)

    def _narrow(self, typed: str) -> None:
        self._typed = typed
        self.query_one(Label).update(self._heading())
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options(self._options())
        options.action_first()

    def _heading(self) -> str:
        return f"> {self._typed}_" if self._typed else "> type a few letters: every key and every command"

    def _options(self) -> list[Option]:
        rows = (self._choices[place] for place in best(self._typed, self._lines))
        return [Option(Text(f"{row.keys:<9} {row.text}", no_wrap=True, overflow="ellipsis"), id=row.id) for row in rows]
