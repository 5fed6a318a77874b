"""The command line on the trading screen: what opens it, what it says while somebody types, and what Enter does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_trader.core.grammar import complete
from tui_trader.ui.panes.orders import OrdersView
from tui_trader.ui.panes.positions import PositionsView
from tui_trader.ui.panes.view import View
from tui_trader.ui.prompt import Prompt
from tui_trader.ui.slot import Slot

if TYPE_CHECKING:
    from tui_trader.ui.screens.trade import TradeScreen

_EMPTY = ["buy sell close cancel flat move symbol theme quit", "Tab completes", "Up recalls", "^R searches"]


class Typing:
    """One prompt over the row of messages."""

    def __init__(self, screen: TradeScreen) -> None:
        self._screen = screen
        self.explaining = False
        """Whether the bottom line explains what is typed, in place of the hints."""
        self._filtered: OrdersView | PositionsView | None = None
        """The rows that a search is about; None finds a symbol."""

    def open(self, text: str, view: View | None = None) -> None:
        """Open the line with ``text``, whose first character says what it is: a command or a search.

        A search is of the rows of ``view`` where those can be filtered.
        """
        screen = self._screen
        self._filtered = view if isinstance(view, OrdersView | PositionsView) else None
        screen.panes[Slot.COMMAND].display = False
        screen.prompt.display = True
        screen.prompt.open(text)

    def close(self) -> None:
        """Give the keys back to the panes; a filter that was not kept is gone."""
        screen = self._screen
        if self._filtered is not None:
            self._filtered.filter("")
            self._filtered = None
        screen.prompt.display = False
        screen.panes[Slot.COMMAND].display = True
        screen.set_focus(None)
        self.explaining = False
        screen.refresh_hints()

    def complete(self, text: str) -> list[str]:
        """Return how the line may go on."""
        screen = self._screen
        symbols = [iid.symbol for iid in sorted(screen.desk.store.instruments)]
        if screen.prompt.value.startswith("/"):
            return [symbol for symbol in symbols if symbol.lower().startswith(text.lower())]
        return complete(text, symbols, screen.trading.bench.executor.macros.aliases)

    def searched(self, event: Prompt.Searched) -> None:
        """Say what earlier lines are searched for."""
        self.explaining = True
        found = "Ctrl-R older, Enter takes it, Esc back" if event.found else "no earlier line contains it"
        self._screen.status.explain([f"search: {event.text}", found], "text" if event.found else "warning")
        self._screen.program.pump.nudge()

    def typed(self, event: Prompt.Typed) -> None:
        """Show under the prompt what the line means so far."""
        screen = self._screen
        if not screen.prompt.display:
            return
        text = event.text[1:]
        if event.text.startswith("/") and self._filtered is not None:
            self._filtered.filter(text)
            words, good = [f"{self._filtered.matching()} rows match", "Enter keeps the filter", "Esc shows all"], True
        elif event.text.startswith("/"):
            names = [iid.symbol for iid in screen.desk.store.find(text)][:8] if text else ["type a part of a symbol"]
            words, good = (names, True) if names else ([f"no symbol contains {text!r}"], False)
        elif text.split()[:1] == ["layout"]:
            words, good = screen.workspaces.explain(text.split()[1:])
        elif text.strip():
            words, good = screen.trading.explain(text)
        else:
            words, good = _EMPTY, True
        self.explaining = True
        screen.status.explain(words, "text" if good else "warning")
        screen.program.pump.nudge()

    def entered(self, event: Prompt.Entered) -> None:
        """Run the line; one that does not read stays to be mended, an empty one closes."""
        screen = self._screen
        lead, text = event.text[:1], event.text[1:].strip()
        if lead == "/" and self._filtered is not None:
            self._filtered.filter(text)
            self._filtered = None
            self.close()
            return
        if not text:
            self.close()
            return
        if lead == "/":
            found = screen.desk.store.find(text)
            if not found:
                screen.prompt.mend()  # the row below says so
                return
            screen.prompt.remember(text)
            self.close()
            screen.show_instrument(found[0])
            return
        mine = text.split()[0] == "layout"
        if screen.workspaces.run(text.split()[1:]) if mine else screen.trading.enter(text):
            screen.prompt.remember(text)
            self.close()
        else:
            screen.prompt.mend()
