"""Working orders: cancel the chosen one, or all of a symbol."""

from __future__ import annotations

from tui_trader.core.error import CommandError
from tui_trader.core.order import Order
from tui_trader.core.types import InstrumentId, Severity
from tui_trader.ui.performers.bench import Bench, Performer
from tui_trader.venues.base import Outcome


class Working:
    """Takes orders off the venue."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    def performers(self) -> dict[str, Performer]:
        """Return what each action does."""
        return {
            "cancel.selected": self._cancel_selected,
            "cancel.symbol": self._cancel_symbol,
            "cancel.undo": self._undo,
            "amend": self._amend,
        }

    def chosen(self) -> Order | None:
        """Return the order that keys are about: the one under the cursor, else the newest of the symbol on the screen."""
        order = self._bench.surface.selected_order()
        if order is None:
            desk = self._bench.desk
            working = [o for o in desk.store.blotter.working() if o.instrument == desk.focus]
            order = working[-1] if working else None
        return order

    def _amend(self) -> None:
        order = self.chosen()
        if order is None:
            raise CommandError("no working order to change", fix="go and j choose one")
        bench = self._bench
        bench.desk.stage.amend(order, bench.label(order))
        bench.unseen("a change of the order")

    def _undo(self) -> None:
        bench = self._bench
        bench.need(bench.desk.focus)
        left = bench.desk.undo_cancel(bench.label)
        more = f"; u again stages the next of {left} more" if left else ""
        bench.surface.say(f"staged again, not sent: Enter sends, Esc drops{more}")

    def _cancel_selected(self) -> None:
        order = self.chosen()
        if order is None:
            raise CommandError("no working order to cancel")
        bench = self._bench
        bench.surface.run("cancel", bench.tell(bench.desk.cancel(order), "cancel"))

    def _cancel_symbol(self) -> None:
        bench = self._bench
        bench.surface.run("cancel symbol", self._cancel_all_of(bench.shown(bench.desk.focus)))

    async def _cancel_all_of(self, iid: InstrumentId) -> None:
        desk, surface = self._bench.desk, self._bench.surface
        verdicts = await desk.cancel_symbol(iid)
        bad = [v.text or v.outcome.value for v in verdicts if v.outcome is not Outcome.ACK]
        left = len(desk.store.blotter.working(iid))
        if bad:
            surface.say(f"cancel {iid.symbol}: {bad[0]}; {left} orders may be open", Severity.ALARM)
        else:
            surface.say(f"{iid.symbol}: cancelled, {left} open orders left")
