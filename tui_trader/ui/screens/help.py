"""Help that can be run: every key that works where the trader stands, one a line; Enter does it, typing filters."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Label, OptionList
from textual.widgets.option_list import Option

from tui_trader.ui.action import Action
from tui_trader.ui.keymap import spoken


class HelpScreen(ModalScreen[Action | None]):
    """A list of keys; closes with the chosen action or nothing."""

    DEFAULT_CSS = """
    HelpScreen { align: center middle; background: $background; }
    HelpScreen > Vertical {
        width: 76; max-width: 100%; height: auto; max-height: 90%;
        background: $panel; border: solid $border; padding: 0 1;
    }
    HelpScreen Label { width: 100%; color: $accent; }
    HelpScreen OptionList {
        height: auto; max-height: 100%; border: none; background: $panel; padding: 0; scrollbar-size-vertical: 1;
    }
    HelpScreen OptionList:focus { border: none; background-tint: transparent; }
    """

    def __init__(self, actions: Sequence[Action], title: str) -> None:
        super().__init__()
        self._actions = {action.id: action for action in actions}
        self._title = title
        self._filter = ""

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Label(self._heading(), markup=False)
            yield OptionList(*self._options())

    def on_key(self, event: events.Key) -> None:
        """Esc and ? close; printable characters filter."""
        if event.key in ("escape", "question_mark") or (event.key == "q" and not self._filter):
            event.stop()
            self._leave(None)
        elif event.key == "backspace":
            self._narrow(self._filter[:-1])
        elif event.character is not None and event.character.isprintable():
            event.stop()
            self._narrow(self._filter + event.character)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Enter runs the chosen line."""
        event.stop()
        self._leave(self._actions.get(event.option.id or ""))

    def _leave(self, action: Action | None) -> None:
        if self.is_current:  # a second Esc or Enter may have been on its way
            self.dismiss(action)

    def _narrow(self, text: str) -> None:
        self._filter = text
        self.query_one(Label).update(self._heading())
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options(self._options())
        options.action_first()  # so that Enter runs something

    def _heading(self) -> str:
        tail = f"  /{self._filter}" if self._filter else "  type to filter, Enter runs, Esc closes"
        return f"KEYS: {self._title}{tail}"

    def _options(self) -> list[Option]:
        """Return a row for each action; those with the same text share one, and Enter runs the first of them."""
        wanted = self._filter.lower()
        rows = []
        for text, group in groupby(self._actions.values(), key=lambda action: action.text):
            actions = list(group)
            keys = " ".join(spoken(key) for action in actions for key in action.keys)
            if wanted in text.lower() or wanted in keys.lower():
                row = Text(f"{keys:<12} {text}", no_wrap=True, overflow="ellipsis")
                rows.append(Option(row, id=actions[0].id))
        return rows
