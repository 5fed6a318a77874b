"""Which orders and positions a selector means, at this moment.

Raises CommandError, or NotThereError when it means nothing that is there.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Sequence

from tui_trader.core.command import Selector, SelectorKind
from tui_trader.core.error import CommandError, ConfigError, NotThereError
from tui_trader.core.order import Order
from tui_trader.core.position import Position
from tui_trader.core.types import InstrumentId, Side
from tui_trader.desk.desk import Desk


class Choosing:
    """Finds what commands are about."""

    def __init__(self, desk: Desk, *, find_label: Callable[[str], str | None] | None = None) -> None:
        """``find_label`` turns a row's label on the screen (``b7``) into a client id, None when nothing bears it."""
        self._desk = desk
        self._find_label = find_label
        self.selected: Order | None = None
        """The order that ``cancel`` without a word means."""
        self.marked_orders: Callable[[], Sequence[Order]] = lambda: ()
        """The orders that are marked on the screen."""
        self.marked_positions: Callable[[], Sequence[Position]] = lambda: ()

    def instrument(self, typed: str) -> InstrumentId:
        """Return the instrument a command names, or the one on the screen; raises CommandError."""
        if not typed:
            if self._desk.focus is None:
                raise CommandError("no symbol given and none on the screen", fix="buy 0.01 BTCUSDT")
            return self._desk.focus
        try:
            return self._desk.symbol(typed)
        except ConfigError as error:
            raise CommandError(error.message, fix="Tab completes symbols") from error

    def orders(self, selector: Selector | None) -> Sequence[Order]:
        """Return the working orders that are meant; without a selector the selected one."""
        working = self._desk.store.blotter.working()
        if selector is None:
            if self.selected is None:
                raise CommandError("no order is selected", fix="cancel all, cancel SYMBOL, cancel ID")
            return [self.selected]
        match selector.kind:
            case SelectorKind.ALL:
                chosen = working
            case SelectorKind.BIDS | SelectorKind.LONGS:
                chosen = [o for o in working if o.side is Side.BUY]
            case SelectorKind.ASKS | SelectorKind.SHORTS:
                chosen = [o for o in working if o.side is Side.SELL]
            case SelectorKind.STOPS:
                chosen = [o for o in working if o.type.is_conditional]
            case SelectorKind.LAST:
                chosen = working[-1:]
            case SelectorKind.MARKED:
                chosen = [o for o in self.marked_orders() if o.status.is_working]
                if not chosen:
                    raise CommandError("nothing is marked", fix="all, SYMBOL or ID; Space marks a row of the orders pane")
            case SelectorKind.NAME:
                chosen = self._named(working, selector.name)
        if not chosen:
            raise NotThereError(f"no working order matches {selector.name or selector.kind.value!r}")
        return chosen

    def positions(self, selector: Selector | None) -> list[Position]:
        """Return the open legs that are meant; without a selector those of the instrument on the screen."""
        legs = self._desk.store.open_positions()
        if selector is None:
            chosen = [p for p in legs if p.instrument == self._desk.focus]
        else:
            match selector.kind:
                case SelectorKind.ALL:
                    chosen = legs
                case SelectorKind.LONGS:
                    chosen = [p for p in legs if p.side is Side.BUY]
                case SelectorKind.SHORTS:
                    chosen = [p for p in legs if p.side is Side.SELL]
                case SelectorKind.NAME:
                    name = selector.name.lower()
                    chosen = [p for p in legs if fnmatch.fnmatchcase(p.instrument.symbol.lower(), name)]
                case SelectorKind.MARKED:
                    marked = {p.key for p in self.marked_positions()}
                    chosen = [p for p in legs if p.key in marked]
                    if not chosen:
                        raise CommandError("nothing is marked", fix="all, longs, shorts or a symbol")
                case _:
                    raise CommandError(f"{selector.kind.value!r} does not name positions", fix="all, longs, shorts or a symbol")
        if not chosen:
            raise NotThereError("there is no such position")
        return chosen

    def instruments(self, selector: Selector | None) -> list[InstrumentId]:
        """Return the instruments that are meant; without a selector the one on the screen."""
        if selector is None:
            return [self.instrument("")]
        store = self._desk.store
        known = {p.instrument for p in store.open_positions()} | {o.instrument for o in store.blotter.working()}
        if selector.kind is SelectorKind.ALL:
            return sorted(known)
        if selector.kind is SelectorKind.NAME:
            matching = sorted(i for i in known if fnmatch.fnmatchcase(i.symbol.lower(), selector.name.lower()))
            return matching or [self.instrument(selector.name)]
        return sorted({p.instrument for p in self.positions(selector)})

    def _named(self, working: list[Order], name: str) -> list[Order]:
        label = self._find_label(name) if self._find_label else None
        found = self._desk.store.blotter.find(label or name)
        if found is not None and found.status.is_working:
            return [found]
        tail = [o for o in working if o.client_id.endswith(name) and len(name) >= 4]
        if tail:
            return tail
        return [o for o in working if fnmatch.fnmatchcase(o.instrument.symbol.lower(), name.lower())]
