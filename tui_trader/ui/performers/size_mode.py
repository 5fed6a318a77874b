"""Size mode: the same size of a staged entry said in another way: units, value, percent of equity, risk to the stop.

A rule keeps its meaning when the price moves: a value stays a value. It never makes the size larger.
"""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_UP, Decimal

from tui_trader.core.command import Size, SizeUnit
from tui_trader.core.decimals import HUNDRED, plain
from tui_trader.core.error import CommandError
from tui_trader.desk.draft import StageView
from tui_trader.ui.performers.bench import Bench, Performer

_CENT = Decimal("0.01")
_NAMES = {
    SizeUnit.BASE: "units",
    SizeUnit.QUOTE: "value",
    SizeUnit.EQUITY: "percent of equity",
    SizeUnit.RISK_PERCENT: "percent of equity at risk",
}
_CYCLE = tuple(_NAMES)


class SizeMode:
    """Goes from one way of saying a size to the next."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    def performers(self) -> dict[str, Performer]:
        """Return what each action does."""
        return {"size.mode": self._next}

    def _next(self) -> None:
        stage = self._bench.desk.stage
        view = stage.view()
        if view is None:
            raise CommandError("nothing is staged", fix="b or s stages an order")
        if view.ticket is None or view.preview is None:
            raise CommandError(view.problem or "the size is not known yet", fix=view.fix)
        if view.draft.closes or view.draft.amends is not None:
            raise CommandError("the size of an exit is the position's", fix="1 2 3 4 are parts of it")
        present = view.draft.size.unit
        at = _CYCLE.index(present) if present in _CYCLE else 1  # a preset is a value
        for step in range(1, len(_CYCLE) + 1):
            unit = _CYCLE[(at + step) % len(_CYCLE)]
            value = self._value(view, unit)
            if value is not None and value > 0:
                self._take(value, unit, view.ticket.qty)
                return

    def _take(self, value: Decimal, unit: SizeUnit, most: Decimal) -> None:
        """Say the size so, rounded up to hundredths where that buys no more than before, else down."""
        stage = self._bench.desk.stage
        for rounding in (ROUND_UP, ROUND_DOWN):
            said = value if unit is SizeUnit.BASE else value.quantize(_CENT, rounding)
            stage.set_size(Size(said, unit))
            view = stage.view()
            if view is not None and view.ticket is not None and view.ticket.qty <= most:
                break
        self._bench.surface.say(f"size is {_NAMES[unit]}: {plain(said)}")

    def _value(self, view: StageView, unit: SizeUnit) -> Decimal | None:
        """Return the present size in a unit; None where it cannot be said so."""
        assert view.ticket is not None
        assert view.preview is not None
        if unit is SizeUnit.BASE:
            return view.ticket.qty
        if unit is SizeUnit.QUOTE:
            return view.preview.quote_notional
        pnl = self._bench.desk.store.pnl(view.instrument.settle)
        equity = pnl.equity if pnl is not None else None
        if not equity or equity <= 0:
            return None
        of = view.preview.notional if unit is SizeUnit.EQUITY else view.preview.risk
        return None if of is None else of * HUNDRED / equity
