"""The symbol on the screen: the next and the previous one of the trader's list."""

from __future__ import annotations

from functools import partial

from tui_trader.ui.performers.bench import Bench, Performer


class Symbol:
    """Walks through the symbols."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    def performers(self) -> dict[str, Performer]:
        """Return what each action does."""
        return {"symbol.next": partial(self._walk, 1), "symbol.previous": partial(self._walk, -1)}

    def _walk(self, step: int) -> None:
        symbols, focus = self._bench.symbols, self._bench.desk.focus
        if not symbols:
            return
        at = symbols.index(focus) if focus in symbols else -step
        self._bench.surface.show_instrument(symbols[(at + step) % len(symbols)])
