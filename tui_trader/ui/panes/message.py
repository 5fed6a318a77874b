"""The command row while nothing is typed: the last thing the terminal said to the trader, for as long as it matters."""

from __future__ import annotations

from typing import ClassVar

from tui_trader.core.clock import NS, Clock
from tui_trader.core.types import Severity
from tui_trader.state import topic as t
from tui_trader.state.store import Store
from tui_trader.ui.panes.spans import Row, Span, page
from tui_trader.ui.panes.view import View

_LASTS_NS = {Severity.NOTE: 8 * NS, Severity.WARNING: 20 * NS, Severity.ALARM: 120 * NS}
_ROLES = {Severity.NOTE: "text", Severity.WARNING: "warning", Severity.ALARM: "alarm"}
_WORDS = {Severity.NOTE: "", Severity.WARNING: "! ", Severity.ALARM: "!! "}


_TOPICS: frozenset[t.Topic] = frozenset({t.CLOCK})


class MessageView(View):
    """One line: what was just said, or where to type."""

    name: ClassVar[str] = "message"
    hot = True

    def __init__(self, store: Store, clock: Clock) -> None:
        super().__init__(store, clock)
        self.text = ""
        self.severity = Severity.NOTE
        self.spoken = 0
        """How often something was said: who takes a line back later can tell whether it is still the same."""
        self._until_ns = 0

    @property
    def topics(self) -> frozenset[t.Topic]:
        return _TOPICS

    def say(self, text: str, severity: Severity = Severity.NOTE) -> None:
        """Show a line for a while; a warning stays longer than a note."""
        self.text, self.severity = text, severity
        self.spoken += 1
        self._until_ns = self.clock.mono_ns() + _LASTS_NS[severity]
        self.moved()

    def clear(self) -> None:
        """Show nothing."""
        if self.text:
            self.text = ""
            self.moved()

    def body(self, width: int, height: int) -> list[Row]:
        if self.text and self.clock.mono_ns() < self._until_ns:
            row: Row = (Span(f"{_WORDS[self.severity]}{self.text}", _ROLES[self.severity]),)
        else:
            row = (Span(": type an order or a command", "dim"),)
        return page([row], width, height)
