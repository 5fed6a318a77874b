"""The third supervisor: a key or a typed line that fails for a reason nobody thought of ends itself, and not the program.

A trader with positions is better off with a screen and one broken key than with a shell prompt. What failed is said in the row of
messages and stands in the log; what was staged is dropped and single keys send no more, so that no half of a key is sent later.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tui_trader.core.error import TraderError
from tui_trader.core.types import Severity
from tui_trader.ui import crash

if TYPE_CHECKING:
    from tui_trader.ui.screens.trade import TradeScreen


class Supervisor:
    """Watches over the keys of one screen."""

    def __init__(self, screen: TradeScreen) -> None:
        self._screen = screen

    def __call__(self, what: str, work: Callable[[], object]) -> None:
        """Do what a key or a line does; what cannot be done is said, and so is what should have been possible and failed."""
        screen = self._screen
        try:
            work()
        except TraderError as error:
            screen.trading.bench.refuse(error)
        except Exception as error:  # it is recorded, said, and never tried again
            mark = crash.record(error)
            screen.keymap.pending = ""
            screen.desk.stage.drop()
            screen.trading.disarm(f"{what} failed")
            screen.say(
                f"{what} failed: {type(error).__name__}, reference {mark} in the log; nothing of it is tried again, what was sent"
                " stands in orders and positions",
                Severity.ALARM,
            )
