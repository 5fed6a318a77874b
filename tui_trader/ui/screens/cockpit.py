"""The panes of a desk, each in its place: what the trading screen is made of, before any key.

It makes the views, gives them their widgets, and puts these where the plan for the terminal's size says. What a key does is
``TradeScreen``'s, where a pane stands is ``layout``'s, which panes there are is the registry's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, cast

from textual import events
from textual.app import ComposeResult
from textual.screen import Screen

from tui_trader.core.types import InstrumentId, Severity
from tui_trader.desk.desk import Desk
from tui_trader.ui.layout import WIDE_WIDTH, Plan, plan
from tui_trader.ui.panes.base import Frame, Pane
from tui_trader.ui.panes.fellow import Fellow
from tui_trader.ui.panes.header import HeaderView
from tui_trader.ui.panes.labels import OrderLabels
from tui_trader.ui.panes.ladder import LadderView
from tui_trader.ui.panes.ladder_fellow import FellowLadder
from tui_trader.ui.panes.message import MessageView
from tui_trader.ui.panes.orders import OrdersView
from tui_trader.ui.panes.positions import PositionsView
from tui_trader.ui.panes.registry import PANES, Fittings
from tui_trader.ui.panes.status import StatusView
from tui_trader.ui.panes.ticket import TicketView
from tui_trader.ui.panes.view import View
from tui_trader.ui.prompt import Prompt
from tui_trader.ui.screens.focus import Focus
from tui_trader.ui.screens.workspaces import Workspaces
from tui_trader.ui.slot import Rect, Slot
from tui_trader.ui.theme import Theme
from tui_trader.ui.ticket_form import TicketForm
from tui_trader.ui.workspace import Shelf

if TYPE_CHECKING:
    from tui_trader.ui.accounts import Accounts
    from tui_trader.ui.app import TraderApp

V = TypeVar("V", bound=View)

_TOO_SMALL = "too small for entries (80x24): x c C X ^G work"


class Cockpit(Screen[None]):
    """Every pane of one desk."""

    def __init__(
        self,
        desk: Desk,
        symbols: list[InstrumentId],
        labels: OrderLabels,
        shelf: Shelf | None,
        accounts: Accounts | None = None,
    ) -> None:
        super().__init__()
        self.desk = desk
        self._accounts = accounts
        self.form = TicketForm(id="form")
        """The ticket as a form."""
        second = next((iid for iid in symbols if iid != desk.focus), None)
        fittings = Fittings(
            desk,
            labels,
            lambda: self.program.pump.bytes_per_second,
            second,
            fellows=self.fellows,
            absent=lambda: {} if accounts is None else accounts.absent(),
        )
        self.views: dict[Slot, View] = {row.slot: row.view(fittings) for row in PANES}
        self.ladder = self._view(Slot.BOOK, LadderView)
        self.second = self._view(Slot.SECOND, LadderView)
        self.positions = self._view(Slot.POSITIONS, PositionsView)
        self.orders = self._view(Slot.ORDERS, OrdersView)
        self.ticket = self._view(Slot.TICKET, TicketView)
        self.message = self._view(Slot.COMMAND, MessageView)
        self.status = self._view(Slot.STATUS, StatusView)
        self.header = self._view(Slot.HEADER, HeaderView)
        self.panes: dict[Slot, Pane[View]] = {}
        self.plan: Plan = plan(80, 24)
        """Where everything stands now."""
        self.pane_focus = Focus(self.views, lambda: self.plan, self.lay_out, self.say)
        self.workspaces = Workspaces(self, shelf or Shelf())
        self.workspaces.begin()

    def _view(self, slot: Slot, kind: type[V]) -> V:
        view = self.views[slot]
        assert isinstance(view, kind)
        return view

    def fellows(self) -> list[Fellow]:
        """Return every account of the program in order, this one among them."""
        return [] if self._accounts is None else self._accounts.fellows(self.desk)

    @property
    def has_company(self) -> bool:
        """Whether there are, or were to be, other accounts."""
        return self._accounts is not None and len(self._accounts.desks()) + len(self._accounts.absent()) > 1

    @property
    def program(self) -> TraderApp:
        """The application this is the screen of."""
        return cast("TraderApp", self.app)

    # -- building --------------------------------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        for row in PANES:
            pane = Pane(
                self.views[row.slot],
                self.program.look,
                self.program.pump,
                frame=Frame.RULE if row.framed else Frame.NONE,
                ascii_only=self.program.ascii_only,
                focusable=False,
                id=f"pane-{row.slot}",
            )
            self.panes[row.slot] = pane
            yield pane
        prompt = Prompt(self.complete, lines=self.program.lines, id="prompt")
        prompt.display = False
        yield prompt
        yield self.form

    def complete(self, text: str) -> list[str]:
        """Return what a half-typed line may go on with."""
        return []

    def on_resize(self, event: events.Resize) -> None:
        """Put every pane in its place for the new size."""
        self.lay_out()

    def lay_out(self) -> None:
        """Put every pane in its place."""
        self.plan = plan(
            self.size.width, self.size.height, self.pane_focus.zoomed, self.workspaces.least, company=self.has_company
        )
        wide = self.has_company and self.size.width >= WIDE_WIDTH
        self.positions.with_others = self.orders.with_others = wide
        self.compare(wide=wide)
        for slot, pane in self.panes.items():
            rect = self.plan.slots.get(slot)
            pane.display = rect is not None
            if rect is not None:
                _place(pane, rect)
        ticket = self.plan.slots.get(Slot.TICKET)
        command = self.plan.slots.get(Slot.COMMAND)
        if command is not None:
            _place(self.prompt, command)
        if ticket is not None:
            _place(self.form, Rect(ticket.x, ticket.y - 1, ticket.width, 1))
        if not self.plan.tradable:
            self.say(_TOO_SMALL, Severity.WARNING)
        elif self.message.text == _TOO_SMALL:
            self.message.clear()

    def compare(self, *, wide: bool) -> None:
        """Show the market of the screen at another account on the second ladder, where there is one and room for it."""
        found = self._accounts.counterpart(self.desk) if wide and self._accounts is not None else None
        shown = self.views[Slot.SECOND]
        if found is None:
            self._put(Slot.SECOND, self.second)
        elif not isinstance(shown, FellowLadder) or (shown.fellow.name, shown.instrument) != (found[0].name, found[1]):
            self._put(Slot.SECOND, FellowLadder(*found))

    def _put(self, slot: Slot, view: View) -> None:
        self.views[slot] = view
        if slot in self.panes:
            self.panes[slot].put(view)

    @property
    def is_built(self) -> bool:
        """Whether its widgets exist: a screen that is shown for the first time may be spoken to before."""
        return bool(self.query(Prompt))

    @property
    def prompt(self) -> Prompt:
        """The command line."""
        return self.query_one(Prompt)

    def dress(self, theme: Theme) -> None:
        """Draw every pane in other colours."""
        for pane in self.panes.values():
            pane.dress(theme)

    # -- what is said ------------------------------------------------------------------------------------------------

    def say(self, text: str, severity: Severity = Severity.NOTE) -> None:
        """Show one line in the command row."""
        self.message.say(text, severity)
        if self.is_built and self.prompt.display:  # it covers the row of messages
            self.status.explain([text], "warning")
        self.program.pump.nudge()


def _place(widget: Any, rect: Rect) -> None:
    styles = widget.styles
    styles.offset = (rect.x, rect.y)
    styles.width = rect.width
    styles.height = rect.height
