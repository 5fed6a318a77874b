"""Positions: what is held, what it is worth now, and what protects it.

The cursor rests on a leg, not on a line, and rows keep their order while something is chosen.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar

from tui_trader.core.clock import Clock
from tui_trader.core.decimals import ZERO
from tui_trader.core.order import Order
from tui_trader.core.position import Position, liquidation_distance
from tui_trader.core.types import Side
from tui_trader.state import topic as t
from tui_trader.state.cover import risk_to_stops
from tui_trader.state.store import PositionKey, Store
from tui_trader.ui.format import stale, worth
from tui_trader.ui.panes.accounts_total import together
from tui_trader.ui.panes.beside_rows import divider, leg_records, owned, total_of_all, with_account
from tui_trader.ui.panes.cursor import CursorView
from tui_trader.ui.panes.fellow import Fellow
from tui_trader.ui.panes.positions_row import FIGURES, LINE, LegRows
from tui_trader.ui.panes.positions_total import exposure, stops_words, total_row
from tui_trader.ui.panes.spans import Part, Row, Span, page, part
from tui_trader.ui.panes.table import Column, Table
from tui_trader.ui.panes.view import waiting

TWO_LINES = (80, 112)
"""Widths from which, and up to which, a leg takes two lines: figures, and under them what protects it."""

_TALL = 6
"""Rows from which two lines a leg are affordable."""

_FAR = Decimal("1e30")


class PositionSort(StrEnum):
    """How legs are sorted while none is chosen."""

    SYMBOL = "symbol"
    RISK = "risk"
    """The one that loses most at its stops first; those without a stop before all."""
    PROFIT = "uP&L"
    """The worst first."""
    LIQUIDATION = "liq"
    """The nearest first."""


_TOPICS: frozenset[t.Topic] = frozenset({t.POSITIONS, t.ORDERS, t.TICKERS, t.LINKS, t.INSTRUMENTS, t.CLOCK})


class PositionsView(CursorView[PositionKey]):
    """Open legs of every account."""

    name: ClassVar[str] = "positions"

    def __init__(
        self,
        store: Store,
        clock: Clock,
        *,
        made_by: Callable[[Order], str] = lambda order: "",
        fellows: Callable[[], Sequence[Fellow]] = tuple,
    ) -> None:
        """``made_by`` says of an exit that belongs to an entry who made it: ``native`` or ``ours``; ``fellows`` are all accounts
        of the program."""
        super().__init__(store, clock)
        self.with_others = False
        """Whether the legs of other accounts are shown under the own ones."""
        self._fellows = fellows
        self.filter_text = ""
        """Only legs whose symbol or side contains this, in any letter case."""
        self.sort = PositionSort.SYMBOL
        self._rows = LegRows(store, made_by)
        self._frozen: list[PositionKey] = []
        self._tables: dict[tuple[bool, bool], Table] = {}
        self._together = Table(with_account([column for column in LINE if column.key != "home"]))
        self._hidden = 0

    # -- keys ------------------------------------------------------------------------------------------------------

    def choose(self, key: PositionKey) -> None:
        """Put the cursor on a leg."""
        self._keys()
        self._cursor.key = key
        self.moved()

    def selected(self) -> Position | None:
        """Return the chosen leg; None when nothing is chosen or it was closed since."""
        key = self._cursor.key
        position = self.store.positions.get(key) if key is not None else None
        return None if position is None or position.is_flat else position

    def details(self, leg: Position) -> list[tuple[str, str]]:
        """Return what is told of a leg beside the venue's own fields."""
        return [("R", self._rows.multiple_words(leg))]

    def matching(self) -> int:
        """Return how many rows the filter leaves."""
        return len(self._keys())

    def filter(self, text: str) -> None:
        """Show only legs whose symbol or side contains ``text``."""
        self.filter_text = text.strip()
        self.moved()

    def sort_next(self) -> str:
        """Sort otherwise, from the next moment that no leg is chosen; return how."""
        order = list(PositionSort)
        self.sort = order[(order.index(self.sort) + 1) % len(order)]
        self.moved()
        return self.sort.value

    # -- content ---------------------------------------------------------------------------------------------------

    @property
    def topics(self) -> frozenset[t.Topic]:
        return _TOPICS

    def title(self) -> list[Part]:
        legs = self._legs()
        parts = [part(0, f"POSITIONS {len(legs)}", "title")]
        naked = sum(1 for leg in legs if self._rows.cover(leg).is_naked)
        if naked:
            parts.append(part(1, f"{naked} NAKED", "alarm"))
        if self.store.desync:
            parts.append(part(0, f"{len(self.store.desync)} DESYNC", "alarm"))
        if self._hidden:
            parts.append(part(1, f"+{self._hidden} more", "warn"))
        if self.filter_text:
            parts.append(part(2, f"/{self.filter_text}", "warn"))
        if self.sort is not PositionSort.SYMBOL:
            parts.append(part(3, f"by {self.sort.value}", "accent"))
        if legs:
            net, gross, doubtful = exposure(self.store, legs)
            parts.append(part(3, stale(f"net {worth(net, 6, signed=True)}", doubtful).rstrip(), "dim"))
            parts.append(part(5, stale(f"gross {worth(gross, 5)}", doubtful).rstrip(), "dim"))
            parts.append(part(4, f"open risk {stops_words(self.store, legs)}", "dim"))
        return parts

    def body(self, width: int, height: int) -> list[Row]:
        self._hidden = 0
        legs = self._legs()
        fellows = self._company()
        if fellows:
            return self._all_accounts(legs, fellows, width, height)
        if not legs:
            return waiting(self._nothing(), width, height)
        double = TWO_LINES[0] <= width < TWO_LINES[1] and height >= _TALL
        table = self._table(double, legs)
        lead = 2 if width >= 20 else 0
        records = self._rows.records(legs)
        table.fit(records, max(1, width - lead))
        rows: list[Row] = []
        if height >= 3:
            rows.append((Span(" " * lead, "header"), *table.header()))
        room = height - len(rows)
        per_leg = 2 if double else 1
        total = room >= per_leg * len(legs) + 1 and width >= TWO_LINES[0] and height >= _TALL
        count = max(1, (room - (1 if total else 0)) // per_leg)
        first = self._cursor.first_visible([leg.key for leg in legs], count)
        self._hidden = max(0, len(legs) - count)
        for leg, record in list(zip(legs, records, strict=True))[first : first + count]:
            chosen = leg.key == self._cursor.key
            naked = self._rows.cover(leg).is_naked
            mark = Span(("▸" if chosen else " ") + ("!" if naked else " "), "alarm" if naked else "cursor_mark")
            rows.append((*((mark,) if lead else ()), *table.row(record, "cursor" if chosen else None)))
            if double:
                rows.append(self._rows.exits(leg, width))
        if total:
            rows = [*rows[: height - 1], *page([], width, max(0, height - 1 - len(rows))), total_row(self.store, legs, width)]
        return page(rows, width, height)

    def _company(self) -> Sequence[Fellow]:
        """Return all accounts where those of others are shown too; nothing where there are no others."""
        fellows = self._fellows() if self.with_others else ()
        return fellows if len(fellows) > 1 else ()

    def _all_accounts(self, legs: list[Position], fellows: Sequence[Fellow], width: int, height: int) -> list[Row]:
        """Return own legs, then those of other accounts, then the sum of all."""
        here = next(fellow for fellow in fellows if fellow.here)
        others = [fellow for fellow in fellows if not fellow.here]
        own = [(leg, owned(record, here)) for leg, record in zip(legs, self._rows.records(legs), strict=True)]
        theirs = [row for fellow in others for row in leg_records(fellow)]
        table = self._together
        table.fit([record for _, record in (*own, *theirs)], max(1, width - 2))
        rows: list[Row] = [(Span("  ", "header"), *table.header())]
        room = max(1, height - 2)
        below = min(len(theirs) + 1, max(0, room - len(own))) if theirs else 0
        count = max(1, room - max(below, min(2, len(theirs) + 1) if theirs else 0))
        first = self._cursor.first_visible([leg.key for leg in legs], count)
        if not legs:
            rows.append((Span(f"  {self._nothing()}", "dim"),))
        for leg, record in own[first : first + count]:
            chosen, naked = leg.key == self._cursor.key, self._rows.cover(leg).is_naked
            mark = Span(("▸" if chosen else " ") + ("!" if naked else " "), "alarm" if naked else "cursor_mark")
            rows.append((mark, *table.row(record, "cursor" if chosen else None)))
        if theirs:
            rows.append(divider(others, "positions", width))
        shown = theirs[: max(0, height - 1 - len(rows))]
        self._hidden = max(0, len(own) - count) + len(theirs) - len(shown)
        for _, record in shown:
            naked = record["sl"].role == "alarm"
            rows.append((Span(" !" if naked else "  ", "alarm" if naked else "text"), *table.row(record)))
        blank = page([], width, max(0, height - 1 - len(rows)))
        return page([*rows[: height - 1], *blank, total_of_all(together(fellows), len(fellows), width)], width, height)

    def _table(self, double: bool, legs: list[Position]) -> Table:
        """Return the table of a form, with the account's currency only where a leg settles in another one."""
        home = self.store.home_currency()
        instruments = [self.store.instruments.get(leg.instrument) for leg in legs]
        mixed = any(instrument is not None and instrument.settle != home for instrument in instruments)
        columns: tuple[Column, ...] = FIGURES if double else LINE
        if (double, mixed) not in self._tables:
            self._tables[double, mixed] = Table([column for column in columns if mixed or column.key != "home"])
        return self._tables[double, mixed]

    def _nothing(self) -> str:
        if self.filter_text:
            return f"no position matches /{self.filter_text}"
        if not self.store.positions and not any(
            lane == "private" and link.is_live for (_, lane), link in self.store.links.items()
        ):
            return "waiting for the private feed: positions are not known yet"
        return "no open position"

    # -- which legs, in which order --------------------------------------------------------------------------------

    def _legs(self) -> list[Position]:
        wanted = self.filter_text.lower()
        shown = {leg.key: leg for leg in self.store.open_positions() if wanted in _described(leg)}
        if self._cursor.key is None or not self._frozen:
            ordered = sorted(shown.values(), key=self._sort_key) if self.sort is not PositionSort.SYMBOL else shown.values()
            self._frozen = [leg.key for leg in ordered]
        elif self.sort is PositionSort.SYMBOL:
            self._frozen = list(shown)
        else:
            known = set(self._frozen)
            self._frozen = [key for key in self._frozen if key in shown] + [key for key in shown if key not in known]
        return [shown[key] for key in self._frozen if key in shown]

    def _keys(self) -> list[PositionKey]:
        return [leg.key for leg in self._legs()]

    def _sort_key(self, leg: Position) -> tuple[Decimal, Any]:
        instrument = self.store.instruments.get(leg.instrument)
        value = _FAR
        if self.sort is PositionSort.LIQUIDATION:
            mark = self.store.ticker(leg.instrument).mark
            distance = liquidation_distance(leg, mark) if mark else None
            value = _FAR if distance is None else distance
        elif instrument is not None and self.sort is PositionSort.PROFIT:
            profit = self.store.unrealised(leg)
            value = self._dollars(profit, instrument.settle) if profit is not None else _FAR
        elif instrument is not None and self.sort is PositionSort.RISK:
            risk = risk_to_stops(leg, instrument, self._rows.cover(leg))
            value = -_FAR if risk is None else -self._dollars(risk, instrument.settle)
        return value, leg.key

    def _dollars(self, amount: Decimal, currency: str) -> Decimal:
        """Return an amount in one unit for all, for comparison alone."""
        return amount * (self.store.dollars(currency) or ZERO)


def _described(leg: Position) -> str:
    return f"{leg.instrument.symbol} {'long' if leg.side is Side.BUY else 'short'}".lower()
