"""The watchlist: one instrument a row, what it does and what it costs to hold, and whether an alert waits on it.

What the venue does not tell is ``--``, and a price that is old says so on its own row. Rows are never sorted while one is chosen.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar

from tui_trader.core.clock import NS, Clock
from tui_trader.core.decimals import HUNDRED, divide
from tui_trader.core.language.condition import Condition, Figure, Subject, Test
from tui_trader.core.types import InstrumentId
from tui_trader.desk.alerts import Alert
from tui_trader.desk.attention import Attention
from tui_trader.state import topic as t
from tui_trader.state.store import Store
from tui_trader.ui.format import NOTHING, compact, number, on_point, percent, stale
from tui_trader.ui.panes.cursor import CursorView
from tui_trader.ui.panes.funding import next_funding
from tui_trader.ui.panes.spans import Part, Row, Span, page, part
from tui_trader.ui.panes.spark import gapped
from tui_trader.ui.panes.table import Cell, Column, Record, Table
from tui_trader.ui.panes.view import OVERVIEW_S, waiting

SPARK = 8
"""Columns of the small line of an hour."""

SORT_NS = 5 * NS
"""A list that is sorted by figures moves its rows at most this often, so that it can be read."""

_BP = Decimal(10_000)

_COLUMNS = (
    Column("symbol", "symbol", 8, 0),
    Column("last", "last", 9, 1, right=True),
    Column("hour", "1h", 6, 5, right=True),
    Column("day", "24h", 6, 2, right=True),
    Column("funding", "funding", 8, 6, right=True),
    Column("next", "next", 5, 7, right=True),
    Column("interest", "OI", 6, 9, right=True),
    Column("basis", "basis bp", 8, 8, right=True),
    Column("spark", "hour", SPARK, 3),
    Column("alert", "alert", 1, 4),
)


class Sort(StrEnum):
    """What the rows are in the order of; the value is what the title says."""

    CHOSEN = ""
    NAME = "name"
    HOUR = "1h"
    DAY = "24h"
    FUNDING = "funding"


_TOPICS: frozenset[t.Topic] = frozenset({t.TICKERS, t.POSITIONS, t.ORDERS, t.ALERTS, t.INSTRUMENTS, t.LINKS, t.CLOCK})


class WatchView(CursorView[InstrumentId]):
    """Instruments that are watched or traded."""

    name: ClassVar[str] = "watch"
    pace_s = OVERVIEW_S

    def __init__(self, store: Store, clock: Clock, attention: Attention) -> None:
        super().__init__(store, clock)
        self.sort = Sort.CHOSEN
        self._attention = attention
        self._table = Table(_COLUMNS)
        self._order: list[InstrumentId] = []
        self._sorted_ns = -SORT_NS
        self._hidden = 0

    # -- keys ------------------------------------------------------------------------------------------------------

    def selected(self) -> InstrumentId | None:
        """Return the chosen instrument; None when nothing is chosen or it has gone."""
        key = self._cursor.key
        return key if key is not None and key in self._keys() else None

    def sort_next(self) -> str:
        """Order the rows by the next figure; return its name."""
        kinds = list(Sort)
        self.sort = kinds[(kinds.index(self.sort) + 1) % len(kinds)]
        self._cursor.off()
        self._sorted_ns = -SORT_NS
        self.moved()
        return self.sort or "choice"

    # -- content ---------------------------------------------------------------------------------------------------

    @property
    def topics(self) -> frozenset[t.Topic]:
        return _TOPICS

    def title(self) -> list[Part]:
        parts = [part(0, f"WATCH {len(self._attention.watchlist.rows())}", "title")]
        if self._hidden:
            parts.append(part(1, f"+{self._hidden} more", "warn"))
        if self.sort is not Sort.CHOSEN:
            parts.append(part(2, f"by {self.sort}", "dim"))
        waiting_alerts = self._attention.alerts.waiting()
        blind = sum(1 for alert in waiting_alerts if self._attention.alerts.blind(alert.number))
        if blind:
            parts.append(part(1, f"{blind} blind", "alarm"))
        if waiting_alerts:
            parts.append(part(3, f"{len(waiting_alerts)} {'alert' if len(waiting_alerts) == 1 else 'alerts'}", "dim"))
        lines = len(self._attention.lines.rows())
        if lines:
            parts.append(part(1, f"{lines} {'line waits' if lines == 1 else 'lines wait'}", "warn"))
        return parts

    def body(self, width: int, height: int) -> list[Row]:
        keys = self._keys()
        self._hidden = 0
        if not keys:
            return waiting("nothing is watched: :watch SYMBOL", width, height)
        lead = 2 if width >= 20 else 0
        records = self._records(keys)
        self._table.fit(records, max(1, width - lead))
        rows: list[Row] = []
        if height >= 4:
            rows.append((Span(" " * lead, "header"), *self._table.header()))
        room = max(1, height - len(rows))
        first = self._cursor.first_visible(keys, room)
        self._hidden = max(0, len(keys) - room)
        for iid, record in list(zip(keys, records, strict=True))[first : first + room]:
            chosen = iid == self._cursor.key
            mark = Span(("▸" if chosen else " ") + self._flag(iid), "cursor_mark" if chosen else "warn")
            rows.append((*((mark,) if lead else ()), *self._table.row(record, "cursor" if chosen else None)))
        return page(rows, width, height)

    def _keys(self) -> list[InstrumentId]:
        rows = self._attention.watchlist.rows()
        fixed = self.sort in (Sort.CHOSEN, Sort.NAME)
        if self._cursor.key is None and (fixed or self.clock.mono_ns() - self._sorted_ns >= SORT_NS):
            self._order = self._sorted(rows)
            self._sorted_ns = self.clock.mono_ns()
        else:
            # What is aimed at does not move: what is new goes to the end, what is gone leaves.
            known, before = set(rows), set(self._order)
            self._order = [iid for iid in self._order if iid in known] + [iid for iid in rows if iid not in before]
        return self._order

    def _sorted(self, rows: Sequence[InstrumentId]) -> list[InstrumentId]:
        if self.sort is Sort.CHOSEN:
            return list(rows)
        if self.sort is Sort.NAME:
            return sorted(rows, key=lambda iid: (iid.symbol, iid.venue))
        figure: dict[Sort, Callable[[InstrumentId], Decimal | None]] = {
            Sort.HOUR: self._hour,
            Sort.DAY: lambda iid: self.store.ticker(iid).change_pct,
            Sort.FUNDING: lambda iid: self.store.ticker(iid).funding_rate,
        }
        look = figure[self.sort]
        # The largest first; what is not known last.
        return sorted(rows, key=lambda iid: _descending(look(iid)))

    # -- rows ------------------------------------------------------------------------------------------------------

    def _records(self, keys: Sequence[InstrumentId]) -> list[Record]:
        lasts = on_point([self._last(iid) for iid in keys])
        return [self._record(iid, last) for iid, last in zip(keys, lasts, strict=True)]

    def _last(self, iid: InstrumentId) -> str:
        instrument, last = self.store.instruments.get(iid), self.store.ticker(iid).last
        return NOTHING if last is None or instrument is None else number(last, instrument.price_places)

    def _hour(self, iid: InstrumentId) -> Decimal | None:
        last = self.store.ticker(iid).last
        return None if last is None else self.store.paths.of(iid).change_pct(self.clock.wall_ns(), last)

    def _record(self, iid: InstrumentId, last: str) -> Record:
        ticker, old = self.store.ticker(iid), not self.store.ticker_is_fresh(iid)
        hour, day = self._hour(iid), ticker.change_pct
        rate = ticker.funding_rate
        minutes = self.store.paths.of(iid).minutes(self.clock.wall_ns())
        known = [value for value in minutes if value is not None]
        rising = len(known) > 1 and known[-1] >= known[0]
        return {
            "symbol": Cell(iid.symbol, "symbol"),
            "last": Cell(stale(last, old and last != NOTHING), "stale" if old else "text"),
            "hour": Cell(percent(hour, 1), _role(hour, old)),
            "day": Cell(percent(day, 1), _role(day, old)),
            "funding": Cell(percent(rate * HUNDRED if rate is not None else None, 4), "stale" if old else "text"),
            "next": Cell(next_funding(self.store, iid, self.clock.wall_ns()), "dim"),
            "interest": Cell(compact(ticker.open_interest, 6) if ticker.open_interest is not None else NOTHING, "dim"),
            "basis": Cell(
                _basis(ticker.mark if ticker.mark is not None else ticker.last, ticker.index), "stale" if old else "text"
            ),
            "spark": Cell(gapped(minutes, SPARK), "gain" if rising else "loss"),
            "alert": self._alert(iid),
        }

    def _flag(self, iid: InstrumentId) -> str:
        alerts = self._attention.alerts_on(iid)
        if any(self._attention.alerts.blind(alert.number) for alert in alerts):
            return "?"
        return "*" if alerts else " "

    def _alert(self, iid: InstrumentId) -> Cell:
        """Return the oldest alert on an instrument in short, and how many more there are."""
        alerts = self._attention.alerts_on(iid)
        if not alerts:
            return Cell("")
        blind = self._attention.alerts.blind(alerts[0].number)
        more = f" +{len(alerts) - 1}" if len(alerts) > 1 else ""
        return Cell(f"{brief(alerts[0], iid)}{'?' if blind else ''}{more}", "stale" if blind else "warn")


def brief(alert: Alert, iid: InstrumentId) -> str:
    """Return what an alert waits for on an instrument in a few cells: ``>68,000``, ``mark<66,700``, ``fill``."""
    return brief_condition(alert.condition, iid.symbol)


def brief_condition(condition: Condition, symbol: str) -> str:
    """Return the first term of a condition that is about a symbol."""
    for row in condition.alternatives:
        for term in row:
            if isinstance(term, Test) and term.subject.symbol == symbol:
                figure = "" if term.subject.figure is Figure.LAST else str(term.subject.figure)
                bound = str(term.bound.figure) if isinstance(term.bound, Subject) else f"{term.bound:,f}"
                return f"{figure}{term.comparison}{bound}"
            if not isinstance(term, Test) and term.symbol == symbol:
                return str(term.event)
    return "…"


def _basis(price: Decimal | None, index: Decimal | None) -> str:
    """Return how far a price is from the index, in hundredths of a percent."""
    return NOTHING if price is None or not index else number(divide((price - index) * _BP, index), 1, signed=True)


def _role(value: Decimal | None, old: bool) -> str:
    if old:
        return "stale"
    return "dim" if not value else "gain" if value > 0 else "loss"


def _descending(value: Decimal | None) -> tuple[bool, Decimal]:
    """Return a key that puts the largest first and what is not known last."""
    return (True, Decimal(0)) if value is None else (False, -value)
