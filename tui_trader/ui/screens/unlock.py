"""Asks for what opens the account: the vault's passphrase, or a key for this session. Shown before the trading screen.

What is typed is shown as dots, leaves the fields with Enter, and is tried by whoever opened the screen. It knows no store.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import Input, Static

from tui_trader.core.error import TraderError
from tui_trader.core.sanitise import sanitise

Try = Callable[[Sequence[str]], None]
"""Takes what was typed, field by field; raises TraderError when it does not open anything. Runs outside the event loop."""

TRYING = "trying …"
KEYS = "Enter goes on · Esc: market data only · ^C leaves"


class UnlockScreen(Screen[bool]):
    """Fields of dots and a line that says what is wrong; ends with True when it was opened, False when that was left."""

    DEFAULT_CSS = """
    UnlockScreen { align: center middle; background: $background; }
    UnlockScreen Static { width: 90%; max-width: 100; height: auto; color: $foreground; }
    UnlockScreen Input {
        width: 90%; max-width: 100; height: 1; border: none; padding: 0; background: $surface; color: $foreground;
    }
    UnlockScreen Input:focus { border: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", show=False)]

    def __init__(self, title: str, fields: Sequence[str], attempt: Try) -> None:
        super().__init__()
        self._title = title
        self._attempt = attempt
        self._busy = False
        self._fields = [Input(password=True, compact=True, id=f"field{number}") for number, _ in enumerate(fields)]
        for field in self._fields:
            field.cursor_blink = False
        self._labels = [Static(f"{label}:", markup=False) for label in fields]
        self._said = Static("", markup=False, id="said")

    def compose(self) -> ComposeResult:
        yield Static(f"{self._title}\n", markup=False)
        for label, field in zip(self._labels, self._fields, strict=True):
            yield label
            yield field
        yield self._said
        yield Static(f"\n{KEYS}", markup=False)

    def on_mount(self) -> None:
        """Begin with the first field."""
        self._fields[0].focus()

    @property
    def said(self) -> str:
        """What the line says."""
        return str(self._said.content)

    @on(Input.Submitted)
    async def _go_on(self, event: Input.Submitted) -> None:
        """Go to the next empty field, or try what was typed."""
        event.stop()
        if self._busy:
            return
        waiting = next((field for field in self._fields if not field.value), None)
        if waiting is not None:
            waiting.focus()
            return
        self._busy = True
        typed = [field.value for field in self._fields]
        for field in self._fields:
            field.clear()
        self._said.update(TRYING)
        try:
            await asyncio.to_thread(self._attempt, typed)
        except TraderError as error:
            fix = getattr(error, "fix", "")
            self._said.update(sanitise(f"{error.message}{f'; type in a shell: {fix}' if fix else ''}", 400))
            self._fields[0].focus()
        else:
            self.dismiss(True)
        finally:
            typed.clear()
            self._busy = False

    def action_leave(self) -> None:
        """Go on without a key."""
        if not self._busy:
            self.dismiss(False)
