"""The staged order as a form on the trading screen: what opens it, and what each field's change and Enter do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_trader.core.types import Severity
from tui_trader.ui.ticket_form import TicketForm

if TYPE_CHECKING:
    from tui_trader.ui.screens.trade import TradeScreen

_HINTS = ("Enter sends", "Esc back", "Tab next field")


class FormRow:
    """One form over the ticket."""

    def __init__(self, screen: TradeScreen) -> None:
        self._screen = screen
        self._line = ""
        """What the form said when its order was staged last."""

    def open(self) -> None:
        """Show the staged order's fields."""
        screen = self._screen
        draft = screen.desk.stage.draft
        if draft is not None and draft.amends is not None:
            screen.say("a standing order is changed by keys: j k price, h l size, , . its trigger", Severity.WARNING)
        elif draft is not None and draft.reverses is not None:
            # As a line it would be an entry alone, and leave without what is to be closed first.
            screen.say("a reversal is changed by keys: h l size, j k price, t stop and target", Severity.WARNING)
        elif draft is not None:
            screen.form.open(draft)
            self._line = screen.form.line()

    def close(self) -> None:
        """Give the keys back to the panes; what is staged stays so."""
        self._screen.form.close()
        self._screen.set_focus(None)
        self._screen.refresh_hints()

    def edited(self, event: TicketForm.Edited) -> None:
        """Restage what the fields say; the ticket pane shows the consequences."""
        if self._screen.form.is_open:  # a change that arrives after Enter must not stage the order once more
            self._restage(event.line)

    def entered(self, event: TicketForm.Entered) -> None:
        """Say what may be typed into a field."""
        self._screen.status.explain([f"{event.name}: {event.hint}", *_HINTS])
        self._screen.program.pump.nudge()

    def sent(self) -> None:
        """Send what the form shows; when it was refused the form stays."""
        screen = self._screen
        if not screen.form.is_open or not self._restage(screen.form.line()):  # a held Enter sends once
            return
        screen.trading.perform(screen.keymap.action("send"))
        if screen.desk.stage.draft is None:
            self.close()
        screen.program.pump.nudge()

    def left(self) -> None:
        """Back to the staged order and its keys."""
        if self._screen.form.is_open:  # not the second of two: by then the command line may be open
            self.close()

    def _restage(self, line: str) -> bool:
        """Stage what the form says unless it is what was staged last; False when it is no order."""
        screen = self._screen
        if line != self._line:
            problem = screen.trading.edit(line)
            if problem:
                screen.say(problem, Severity.WARNING)
                return False
            self._line = line
            screen.message.clear()
        screen.program.pump.nudge()
        return True
