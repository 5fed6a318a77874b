"""The journal: trades from flat to flat, newest on top, with what each brought, risked and cost, and a note of the trader's.

What cannot be told is ``--``, and a trade whose beginning is not known says ``?`` instead of a profit.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import ClassVar

from tui_trader.core.clock import DAY_NS, Clock, hms, rfc3339
from tui_trader.core.decimals import ZERO
from tui_trader.core.instrument import Instrument
from tui_trader.core.round_trip import RoundTrip
from tui_trader.core.types import Side
from tui_trader.state import topic as t
from tui_trader.state.store import Store
from tui_trader.ui.format import NOTHING, age, contracts, money, number
from tui_trader.ui.panes.cursor import CursorView
from tui_trader.ui.panes.spans import Part, Row, Span, by_rank, page, part
from tui_trader.ui.panes.table import Cell, Column, Record, Table
from tui_trader.ui.panes.view import OVERVIEW_S, waiting

_COLUMNS = (
    Column("time", "closed", 8, 4),
    Column("symbol", "symbol", 7, 0),
    Column("side", "", 1, 1),
    Column("qty", "size", 5, 5, right=True),
    Column("entry", "entry", 8, 6, right=True),
    Column("exit", "exit", 8, 7, right=True),
    Column("net", "net", 8, 2, right=True),
    Column("r", "R", 5, 3, right=True),
    Column("fees", "fees", 6, 9, right=True),
    Column("funding", "fund", 6, 10, right=True),
    Column("slip", "slip", 6, 8, right=True),
    Column("held", "held", 4, 12, right=True),
    Column("note", "note", 4, 11),
)


_TOPICS: frozenset[t.Topic] = frozenset({t.FILLS, t.POSITIONS, t.PNL, t.INSTRUMENTS})


class JournalView(CursorView[str]):
    """Trades of this run and of the local history."""

    name: ClassVar[str] = "journal"
    pace_s = OVERVIEW_S

    def __init__(self, store: Store, clock: Clock, note_of: Callable[[str], str] = lambda key: "") -> None:
        """``note_of`` returns the note on a trade by its key, empty for none."""
        super().__init__(store, clock)
        self._note_of = note_of
        self._table = Table(_COLUMNS)
        self._hidden = 0

    # -- keys ------------------------------------------------------------------------------------------------------

    def selected(self) -> RoundTrip | None:
        """Return the chosen trade; None when nothing is chosen."""
        return next((trip for trip in self._trips() if trip.key == self._cursor.key), None)

    # -- content ---------------------------------------------------------------------------------------------------

    @property
    def topics(self) -> frozenset[t.Topic]:
        return _TOPICS

    def title(self) -> list[Part]:
        trips = self._trips()
        parts = [part(0, f"JOURNAL {len(trips)}", "title")]
        if self._hidden:
            parts.append(part(2, f"+{self._hidden} older", "dim"))
        parts.append(part(3, "J note", "dim"))
        return parts

    def body(self, width: int, height: int) -> list[Row]:
        trips = self._trips()
        self._hidden = 0
        if not trips:
            return waiting("no trade yet", width, height)
        lead = 2 if width >= 20 else 0
        totals = self._totals(width) if height >= 4 else []
        rows: list[Row] = []
        if height >= 6:
            rows.append((Span(" " * lead, "header"), *self._table_header(trips, width - lead)))
        else:
            self._fit(trips, width - lead)
        keys, room = [trip.key for trip in trips], max(1, height - len(rows) - len(totals))
        first = self._cursor.first_visible(keys, room)
        self._hidden = max(0, len(keys) - first - room)
        for trip in trips[first : first + room]:
            chosen = trip.key == self._cursor.key
            mark = Span("▸ " if chosen else "  ", "cursor_mark")
            row = self._table.row(self._record(trip), "cursor" if chosen else None)
            rows.append((*((mark,) if lead else ()), *row))
        return page(rows, width, height - len(totals)) + totals

    def _table_header(self, trips: list[RoundTrip], width: int) -> Row:
        self._fit(trips, width)
        return self._table.header()

    def _fit(self, trips: list[RoundTrip], width: int) -> None:
        self._table.fit([self._record(trip) for trip in trips[:100]], max(1, width))

    def _trips(self) -> list[RoundTrip]:
        """Return the trades, those that are open first, then the one that was closed last."""
        return sorted(self.store.trades.trips(), key=lambda trip: (not trip.is_open, -trip.closed_ns, -trip.opened_ns))

    def _keys(self) -> list[str]:
        return [trip.key for trip in self._trips()]

    # -- rows ------------------------------------------------------------------------------------------------------

    def _record(self, trip: RoundTrip) -> Record:
        instrument = self.store.instruments.get(trip.instrument)
        currency = instrument.settle if instrument else ""
        buys = trip.side is Side.BUY
        return {
            "time": Cell("open" if trip.is_open else self._time(trip.closed_ns), "text" if trip.is_open else "dim"),
            "symbol": Cell(trip.instrument.symbol, "symbol"),
            "side": Cell("L" if buys else "S", "buy" if buys else "sell"),
            "qty": Cell(contracts(trip.qty, instrument.qty_places, instrument.size_unit) if instrument else f"{trip.qty:,f}"),
            "entry": Cell(_price(trip.entry, instrument)),
            "exit": Cell(_price(trip.exit, instrument)),
            "net": _amount(trip.net, currency, known=trip.whole),
            "r": _multiple(trip.multiple),
            "fees": Cell(_cost(trip.fees, currency), "dim"),
            "funding": Cell(_cost(trip.funding, currency), "dim"),
            "slip": Cell(_cost(trip.slippage, currency), "dim"),
            "held": Cell(age((trip.closed_ns or self.clock.wall_ns()) - trip.opened_ns) if trip.whole else NOTHING, "dim"),
            "note": Cell(self._note_of(trip.key), "text"),
        }

    def _time(self, at_ns: int) -> str:
        midnight = self.clock.wall_ns() // DAY_NS * DAY_NS
        return hms(at_ns) if at_ns >= midnight else rfc3339(at_ns)[5:10]

    def _totals(self, width: int) -> list[Row]:
        """Return the day in one line for each settle currency that saw a trade or a cost."""
        midnight = self.clock.wall_ns() // DAY_NS * DAY_NS
        rows = []
        for currency in self.store.currencies():
            day = self.store.trades.day(midnight, currency)
            if not day.symbols:
                continue
            net = sum((one.net for one in day.symbols), ZERO)
            sure = all(one.sure for one in day.symbols)
            won = f"{day.won}W/{day.lost}L"
            if day.win_pct is not None:
                won += f" {number(day.win_pct, 0)}%"
            parts = [
                part(0, f"day {money(net, currency, signed=True)}{'' if sure else '?'}", _role(net) if sure else "stale"),
                part(1, won, "text"),
                part(2, f"fees {money(sum((one.fees for one in day.symbols), ZERO), currency)}", "dim"),
            ]
            if day.slippage_bp is not None:
                parts.append(part(3, f"slip {number(day.slippage_bp, 1, signed=True)}bp", "dim"))
            rows.append(by_rank(parts, width))
        return rows[:2]


def _price(price: Decimal | None, instrument: Instrument | None) -> str:
    return NOTHING if price is None else number(price, instrument.price_places if instrument else 2)


def _amount(value: Decimal | None, currency: str, *, known: bool) -> Cell:
    if value is None:
        return Cell(NOTHING if known else "?", "stale")
    return Cell(money(value, currency, signed=True), _role(value))


def _multiple(value: Decimal | None) -> Cell:
    return Cell(NOTHING, "dim") if value is None else Cell(f"{number(value, 1, signed=True)}R", _role(value))


def _cost(value: Decimal | None, currency: str) -> str:
    return NOTHING if value is None else money(-value, currency, signed=True)


def _role(value: Decimal) -> str:
    return "gain" if value > 0 else "loss" if value < 0 else "text"
