"""Working orders: cancel or change the chosen one, cancel several or all of a symbol, stage again what was cancelled.

None of them sends an entry: a change and what was cancelled go to the stage.
"""

from __future__ import annotations

from collections.abc import Sequence

from tui_trader.core.decimals import plain
from tui_trader.core.error import CommandError
from tui_trader.core.order import Order
from tui_trader.core.types import InstrumentId, OrderStatus, Severity
from tui_trader.desk.amending import restaging
from tui_trader.desk.orders import Sent
from tui_trader.ui.performers.bench import Bench, Performer, severity_of
from tui_trader.venues.base import Outcome

_GONE = (Outcome.ACK, Outcome.MISSING)


class Working:
    """Takes orders off the venue, and puts them on the stage."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    def performers(self) -> dict[str, Performer]:
        """Return what each action does."""
        return {
            "cancel.selected": self._cancel_chosen,
            "cancel.symbol": self._cancel_symbol,
            "amend": self._amend,
            "undo": self._undo,
        }

    def chosen(self) -> list[Order]:
        """Return the orders that keys are about: those marked, those on the row of the ladder's cursor, the one under the cursor
        of the orders, else the newest of the symbol on the screen. Raises CommandError when there is none."""
        bench = self._bench
        orders = [order for order in bench.surface.chosen_orders() if order.status.is_working]
        if orders:
            return orders
        if (price := bench.surface.cursor_price()) is not None:
            raise CommandError(f"no own order stands at {plain(price)}", fix="j k to its row, or Esc takes the cursor off")
        working = bench.desk.store.blotter.working(bench.desk.focus) if bench.desk.focus is not None else []
        if not working:
            raise CommandError("no working order here")
        return working[-1:]

    def _cancel_chosen(self) -> None:
        bench, orders = self._bench, self.chosen()
        if len(orders) == 1:
            bench.surface.release_marks()
            bench.surface.run("cancel", bench.tell(bench.desk.cancel(orders[0]), "cancel"))
            return
        if not bench.twice.press("cancel.selected"):
            names = " ".join(bench.surface.name_of(order) for order in orders[:6])
            more = f" and {len(orders) - 6} more" if len(orders) > 6 else ""
            bench.surface.say(f"c again cancels {len(orders)} orders: {names}{more}", Severity.WARNING)
            return
        bench.surface.release_marks()
        bench.surface.run("cancel several", self._cancel_now(orders))

    async def _cancel_now(self, orders: Sequence[Order]) -> None:
        results = await self._bench.desk.cancel_several(orders)
        self._bench.surface.say(*told_of_several("cancelled", results))

    def _amend(self) -> None:
        bench, orders = self._bench, self.chosen()
        if len(orders) > 1 and bench.surface.cursor_price() is None:
            raise CommandError(f"{len(orders)} orders are marked: one is changed at a time", fix=":move marked +5t")
        order = orders[0]
        if order.instrument != bench.desk.focus:
            bench.surface.show_instrument(order.instrument)
        bench.need(order.instrument)
        bench.desk.stage.amend(order, bench.surface.name_of(order))

    def _undo(self) -> None:
        bench = self._bench
        bench.need(bench.desk.focus)
        chosen = bench.surface.chosen_orders()
        if len(chosen) == 1 and chosen[0].status is OrderStatus.ABSENT:
            bench.desk.stage.again(restaging(chosen[0], bench.surface.name_of(chosen[0])))
            return
        left = bench.desk.undo_cancel(bench.surface.name_of)
        if bench.desk.focus is not None:
            bench.surface.show_instrument(bench.desk.focus)
        more = f"; {left} more of that cancel: u stages the next" if left else ""
        bench.surface.say(f"staged again, not sent{more}")

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


def told_of_several(what: str, results: Sequence[Sent]) -> tuple[str, Severity]:
    """Return in one line how something ended that was done to several orders, and how loudly that is said."""
    done = sum(sent.outcome in _GONE for sent in results)
    bad = [sent for sent in results if sent.outcome not in _GONE]
    if not bad:
        return f"{what} {done} of {len(results)}", Severity.NOTE
    worst = max((severity_of(sent.outcome) for sent in bad), key=list(Severity).index)
    return f"{what} {done} of {len(results)}: {bad[0].text or bad[0].outcome.value}", worst
