"""The command line: one row of text with completion and history. What a line means is read by others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.message import Message
from textual.widgets import Input

MAX_HISTORY = 200


class Prompt(Input):
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
    COMPONENT_CLASSES: ClassVar[set[str]] = Input.COMPONENT_CLASSES

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

    def __init__(self, complete: Callable[[str], list[str]], *, id: str | None = None) -> None:
        super().__init__(id=id, compact=True, select_on_focus=False)
        self.cursor_blink = False
        self._complete = complete
        self._history: list[str] = []
        self._place = 0

    def open(self, text: str) -> None:
        """Start a line."""
        self._place = len(self._history)
        self.value = text
        self.cursor_position = len(text)
        self.focus()

    def remember(self, line: str) -> None:
        """Add a line to the history; a repetition of the last one is not added again."""
        if line and (not self._history or self._history[-1] != line):
            self._history.append(line)
            del self._history[:-MAX_HISTORY]
        self._place = len(self._history)

    async def _on_key(self, event: events.Key) -> None:
        match event.key:
            case "escape":
                self.post_message(self.Left())
            case "tab":
                self._fill_in()
            case "up":
                self._walk(-1)
            case "down":
                self._walk(1)
            case "enter":
                self.post_message(self.Entered(self.value))
            case "backspace" if not self.value[1:]:
                self.post_message(self.Left())
            case _:
                await super()._on_key(event)
                return
        event.stop()
        event.prevent_default()

    def watch_value(self, value: str) -> None:
        """Tell the screen, which shows what the line means so far."""
        self.post_message(self.Typed(value))

    def _fill_in(self) -> None:
        lead, text = self.value[:1], self.value[1:]
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
        lead = self.value[:1] or ":"
        self.value = lead + (self._history[place] if place < len(self._history) else "")
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
