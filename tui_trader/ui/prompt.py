"""The command line: one row of text with completion and history. What a line means is read by others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.message import Message

from tui_trader.storage.line_history import MOST, LineHistory
from tui_trader.ui.widgets.entry import Entry

MAX_HISTORY = MOST


class Prompt(Entry):
    """A single-row input that keeps its history and completes on Tab."""

    DEFAULT_CSS = """
    Prompt {
        border: none;
        height: 1;
        padding: 0;
        background: $background;
        color: $foreground;
    }
    Prompt:focus { border: none; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = Entry.COMPONENT_CLASSES

    @dataclass
    class Typed(Message):
        """The text changed."""

        text: str

    @dataclass
    class Entered(Message):
        """Enter was pressed."""

        text: str

    class Left(Message):
        """Esc was pressed, or everything was deleted."""

    @dataclass
    class Searched(Message):
        """Earlier lines are being searched."""

        text: str
        """What for."""
        found: bool

    def __init__(self, complete: Callable[[str], list[str]], *, lines: LineHistory | None = None, id: str | None = None) -> None:
        """``lines`` are the commands of earlier sessions; without them there are none."""
        super().__init__(id=id, compact=True, select_on_focus=False)
        self.cursor_blink = False
        self._complete = complete
        self._lead = ":"
        """What the line begins with, whatever is deleted: it says what the line is."""
        self._histories: dict[str, LineHistory] = {":": lines or LineHistory(None)}
        self._place = 0
        self._search: str | None = None
        """What earlier lines are searched for; None while they are not."""
        self._before_search = ""
        self._ended = False
        """Whether Enter or Esc was pressed: what is typed after it, before the screen has judged the line, is not part of it."""

    def open(self, text: str) -> None:
        """Start a line. The very next key is for it, so the focus moves now and not in a later turn of the event loop."""
        self._ended = False
        self._search = None
        self._lead = text[:1]
        self._place = len(self._history)
        self.value = text
        self.cursor_position = len(text)
        self.screen.set_focus(self)

    def mend(self) -> None:
        """Take keys again: the line was entered but does not read."""
        self._ended = False

    @property
    def _lines(self) -> LineHistory:
        return self._histories.setdefault(self._lead, LineHistory(None))

    @property
    def _history(self) -> list[str]:
        return self._lines.lines

    def remember(self, line: str) -> None:
        """Add a line to the history; one that is there already moves to its end."""
        self._lines.add(line)
        self._place = len(self._history)

    async def _on_key(self, event: events.Key) -> None:
        if self._ended:  # a held Enter enters one line
            event.stop()
            event.prevent_default()
            return
        if self._search is not None and self._searching(event):
            event.stop()
            event.prevent_default()
            return
        match event.key:
            case "ctrl+r":
                self._before_search = self.value
                self._place = len(self._history)
                self._look_for("")
            case "escape":
                self._ended = True
                self.post_message(self.Left())
            case "tab":
                self._fill_in()
            case "up":
                self._walk(-1)
            case "down":
                self._walk(1)
            case "enter":
                self._ended = True
                self.post_message(self.Entered(self.value))
            case "backspace" if not self.value[1:]:
                self._ended = True
                self.post_message(self.Left())
            case _:
                await super()._on_key(event)
                return
        event.stop()
        event.prevent_default()

    def _searching(self, event: events.Key) -> bool:
        """Narrow or go on with a search; False when the key ends it and is then for the line that was found.

        Enter only takes the line: running it needs another one.
        """
        assert self._search is not None
        match event.key:
            case "ctrl+r":
                self._look_for(self._search, before=self._place)
            case "backspace":
                self._place = len(self._history)
                self._look_for(self._search[:-1])
            case "escape":
                self._search = None
                self._show(self._before_search)
            case "enter":
                self._search = None
                self.post_message(self.Typed(self.value))
            case _ if event.character is not None and event.character.isprintable():
                self._place = len(self._history)
                self._look_for(self._search + event.character)
            case _:
                self._search = None
                return False
        return True

    def _look_for(self, text: str, before: int | None = None) -> None:
        """Show the newest line older than ``before`` that contains a text; without one the line stays as it is."""
        self._search = text
        found = self._lines.find(text, before) if text else None
        if found is not None:
            self._place = found
            self._show(self._lead + self._history[found])
        self.post_message(self.Searched(text, found is not None or not text))

    def _show(self, value: str) -> None:
        self.value = value
        self.cursor_position = len(value)

    def watch_value(self, value: str) -> None:
        """Tell the screen, which shows what the line means so far."""
        if not value.startswith(self._lead):  # deleted, or something was typed before it
            self.value = self._lead + value.replace(self._lead, "", 1)
            self.cursor_position = len(self.value)
            return
        if self._search is None:
            self.post_message(self.Typed(value))

    def _fill_in(self) -> None:
        lead, text = self._lead, self.value[1:]
        found = self._complete(text)
        if not found:
            return
        shared = _common_start(found)
        stem = len(text) - _overlap(text, found[0])
        filled = text[:stem] + (shared or text[stem:]) + (" " if len(found) == 1 else "")
        self.value = lead + filled
        self.cursor_position = len(self.value)

    def _walk(self, step: int) -> None:
        place = min(max(0, self._place + step), len(self._history))
        if place == self._place:
            return
        self._place = place
        self.value = self._lead + (self._history[place] if place < len(self._history) else "")
        self.cursor_position = len(self.value)


def _overlap(text: str, word: str) -> int:
    """Return how many characters at the end of ``text`` begin ``word``, letter case aside."""
    low_text, low_word = text.lower(), word.lower()
    for count in range(min(len(text), len(word)), 0, -1):
        if low_text.endswith(low_word[:count]):
            return count
    return 0


def _common_start(words: list[str]) -> str:
    first, *rest = words
    count = len(first)
    for word in rest:
        count = min(count, next((i for i, (a, b) in enumerate(zip(first, word, strict=False)) if a != b), len(word)))
    return first[:count]
