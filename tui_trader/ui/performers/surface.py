"""The part of the screen that performers may change; the trading screen is one."""

from __future__ import annotations

from collections.abc import Coroutine
from decimal import Decimal
from typing import Any, Protocol

from tui_trader.core.order import Order
from tui_trader.core.position import Position
from tui_trader.core.types import InstrumentId, Severity


class Surface(Protocol):
    """A screen without its pixels."""

    def say(self, text: str, severity: Severity = Severity.NOTE) -> None:
        """Show one line."""

    def selected_order(self) -> Order | None:
        """The order under the cursor."""

    def chosen_orders(self) -> list[Order]:
        """The marked orders; else those on the row of the ladder's cursor, where that has the focus; else the one under the
        cursor."""

    def release_marks(self) -> None:
        """Unmark all orders: what they were marked for is done."""

    def name_of(self, order: Order) -> str:
        """What an order is called on the screen."""

    def selected_position(self) -> Position | None:
        """The leg under the cursor."""

    def clear(self) -> None:
        """Take back what was said, soon; not what is said from now on."""

    def cursor_price(self) -> Decimal | None:
        """The price under the ladder's cursor; None while there is no cursor."""

    def show_instrument(self, iid: InstrumentId) -> None:
        """Point every pane at an instrument."""

    def group(self, step: int) -> None:
        """Make the ladder coarser or finer."""

    def use_theme(self, name: str) -> None:
        """Change the colours; raises CommandError naming the themes there are."""

    def open_help(self, topic: str = "") -> None:
        """Open the help."""

    def focus_log(self) -> None:
        """Give the log the focus."""

    def leave(self, words: str = "") -> None:
        """End the program; ``words`` are left on the terminal."""

    def close_view(self) -> bool:
        """Give every pane its place again; False when none was in full."""

    def run(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        """Run something that waits, as a named task."""

    @property
    def tradable(self) -> bool:
        """False when the terminal is too small to enter orders on."""

    @property
    def current(self) -> bool:
        """False while what the trader sees may be older than a second or two."""
