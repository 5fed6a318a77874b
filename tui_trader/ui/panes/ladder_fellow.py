"""The ladder of the same market at another account: to compare with, never to trade from. Its title says whose it is."""

from __future__ import annotations

from tui_trader.core.types import InstrumentId
from tui_trader.ui.panes.fellow import Fellow
from tui_trader.ui.panes.ladder import LadderView
from tui_trader.ui.panes.spans import Part, Row, Span, cut, part


class FellowLadder(LadderView):
    """A ladder of another account."""

    def __init__(self, fellow: Fellow, instrument: InstrumentId) -> None:
        super().__init__(fellow.store, fellow.clock, instrument)
        self.fellow = fellow

    def title(self) -> list[Part]:
        symbol = self.instrument.symbol if self.instrument is not None else ""
        return [part(0, self.fellow.name, self.fellow.role), part(0, symbol, "title"), part(3, "to compare", "dim")]

    def body(self, width: int, height: int) -> list[Row]:
        rows = super().body(width, height)
        why = self.fellow.blocked()
        if why and height >= 4:
            rows[1] = (Span(cut(" entries blocked there; x c ^G work", width), "warning"),)
        return rows
