"""Which pane keys go to, which was before it, and which one fills the middle of the screen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from tui_trader.core.types import Severity
from tui_trader.ui.layout import Plan
from tui_trader.ui.panes.registry import FOCUS_ORDER
from tui_trader.ui.panes.view import View
from tui_trader.ui.performers.bench import Performer
from tui_trader.ui.slot import Slot


class Focus:
    """The focus of one screen."""

    def __init__(
        self,
        views: Mapping[Slot, View],
        plan: Callable[[], Plan],
        arrange: Callable[[], None],
        say: Callable[[str, Severity], None],
    ) -> None:
        self._views = views
        self._plan = plan
        self._arrange = arrange
        self._say = say
        self.slot = Slot.BOOK
        """The pane that keys go to."""
        self.zoomed: Slot | None = None
        """The pane that fills the middle; None while all of them have their places."""
        self._called: Slot | None = None
        """The pane that fills the middle because it does not fit beside the others: it makes room when the focus leaves it."""
        self._before = Slot.POSITIONS

    @property
    def kept_zoomed(self) -> bool:
        """Whether a pane fills the middle because the trader wants it so, not because it fits nowhere else."""
        return self.zoomed is not None and self._called is None

    def performers(self) -> dict[str, Performer]:
        """Return what each action does."""
        found: dict[str, Performer] = {f"focus.{slot}": partial(self.go, slot) for slot in FOCUS_ORDER}
        return found | {
            "focus.next": partial(self.walk, 1),
            "focus.previous": partial(self.walk, -1),
            "focus.last": self.back,
            "zoom": self.zoom,
        }

    def go(self, slot: Slot) -> None:
        """Give a pane the focus; one that has no place beside the others is shown alone until the focus leaves it."""
        if not self._plan().tradable and slot not in self._plan().slots:
            self._say(f"the {slot} pane does not fit here", Severity.WARNING)
            return
        if slot is not self.slot:
            self._before = self.slot
        if self._called is not None and slot is not self._called:
            self.zoomed = self._called = None
            self._arrange()
        if self.zoomed is not None and slot is not self.zoomed:
            self.zoomed = slot
            self._arrange()
        if slot not in self._plan().slots:
            self.zoomed = self._called = slot
            self._arrange()
        self.slot = slot
        self.mark()

    def back(self) -> None:
        """Return to the pane that had the focus before."""
        self.go(self._before)

    def walk(self, step: int) -> None:
        """Give the focus to the next pane that is shown, or with a pane in full to the next one there is."""
        alone = self.zoomed is not None and self._called is None
        order = [slot for slot in FOCUS_ORDER if alone or self._called or slot in self._plan().slots]
        if not order:
            return
        at = order.index(self.slot) if self.slot in order else -step
        self.go(order[(at + step) % len(order)])

    def zoom(self) -> None:
        """Give the pane that has the focus the whole middle, or every pane its place again."""
        self.zoomed, self._called = (None if self.zoomed else self.slot), None
        self._arrange()
        if self.slot not in self._plan().slots and Slot.BOOK in self._plan().slots:
            self.go(Slot.BOOK)

    def close(self) -> bool:
        """Give every pane its place again; False when none was in full."""
        if self.zoomed is None:
            return False
        self.zoom()
        return True

    def mark(self) -> None:
        """Show in every pane's border whether keys go there."""
        for slot, view in self._views.items():
            if view.focused != (slot is self.slot):
                view.focused = slot is self.slot
                view.moved()
