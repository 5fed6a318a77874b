"""Keys of the panes that watch: show what is chosen, the next order or filter, a note on a trade, an alert from where one is."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from tui_trader.core.decimals import plain
from tui_trader.core.types import InstrumentId, Severity
from tui_trader.ui.panes.journal import JournalView
from tui_trader.ui.panes.pnl import PnlView
from tui_trader.ui.panes.tape import TapeView
from tui_trader.ui.panes.watch import WatchView
from tui_trader.ui.performers.bench import Performer
from tui_trader.ui.slot import Slot

if TYPE_CHECKING:
    from tui_trader.ui.screens.trade import TradeScreen


PROGRAM = "notify.sh {symbol} {price}"
"""What an alert is begun with: the trader's own program by that name, or what stands there instead."""


class Watching:
    """What those keys do on one screen."""

    def __init__(self, screen: TradeScreen) -> None:
        self._screen = screen

    def performers(self) -> dict[str, Performer]:
        """Return what each action does."""
        return {"row.open": self._open, "view.next": self._next, "note": self._note, "alert": self._alert}

    def _open(self) -> None:
        """Show the instrument of the chosen row; without one nothing happens."""
        iid = self._chosen()
        if iid is not None:
            self._screen.show_instrument(iid)

    def _chosen(self) -> InstrumentId | None:
        screen = self._screen
        view = screen.views[screen.pane_focus.slot]
        if isinstance(view, WatchView):
            return view.selected()
        if isinstance(view, JournalView):
            trip = view.selected()
            return trip.instrument if trip is not None else None
        if view is screen.positions:
            leg = screen.positions.selected()
            return leg.instrument if leg is not None else None
        if view is screen.orders:
            order = screen.orders.selected()
            return order.instrument if order is not None else None
        return None

    def _next(self) -> None:
        view = self._screen.views[self._screen.pane_focus.slot]
        if isinstance(view, WatchView):
            view.sort_next()
        elif isinstance(view, TapeView):
            view.next_size()
        elif isinstance(view, PnlView):
            view.next_span()
        elif view is self._screen.orders:
            self._screen.say(self._screen.orders.toggle_range())

    def _note(self) -> None:
        """Begin a note on the trade under the journal's cursor; without one it is about the newest of the symbol."""
        screen = self._screen
        view = screen.views[Slot.JOURNAL]
        trip = view.selected() if isinstance(view, JournalView) and screen.pane_focus.slot is Slot.JOURNAL else None
        screen.desk.noted = trip.key if trip is not None else ""
        screen.typing.open(f":note {screen.desk.notes.of(trip.key) if trip is not None else ''}")

    def _alert(self) -> None:
        """Begin an alert: above or below where the price is now, at the ladder's cursor or at the last price."""
        screen = self._screen
        iid = screen.desk.focus
        if iid is None:
            screen.say("no symbol on the screen yet", Severity.WARNING)
            return
        line = _line(iid, screen.cursor_price(), screen.desk.store.ticker(iid).last)
        if not line.endswith(" ") and screen.desk.attention.program.allowed:
            line += f' run "{PROGRAM}"'  # where programs may be started; elsewhere it would be refused
        screen.typing.open(f":{line}")


def _line(iid: InstrumentId, cursor: Decimal | None, last: Decimal | None) -> str:
    price = cursor if cursor is not None else last
    if price is None:
        return f"alert {iid.symbol} > "
    below = last is not None and price < last
    return f"alert {iid.symbol} {'<' if below else '>'} {plain(price)}"
