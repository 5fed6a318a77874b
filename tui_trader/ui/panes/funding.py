"""Funding: what holding each leg costs or brings: the rate, when it is due, what it would then be, what was paid until now.

What is still to come is an estimate at the present rate and mark, and says so. Money is told as what it does to the account.
"""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from tui_trader.core.clock import NS, Clock
from tui_trader.core.decimals import HUNDRED, ZERO, divide
from tui_trader.core.instrument import Instrument
from tui_trader.core.position import Position
from tui_trader.core.types import InstrumentId, PositionSide, Side
from tui_trader.state import topic as t
from tui_trader.state.store import Store
from tui_trader.ui.format import NOTHING, countdown, money, percent
from tui_trader.ui.panes.positions_total import funding_words
from tui_trader.ui.panes.scroll import ScrollView
from tui_trader.ui.panes.spans import Part, Row, page, part
from tui_trader.ui.panes.table import Cell, Column, Record, Table
from tui_trader.ui.panes.view import OVERVIEW_S, waiting

YEAR_S = 365 * 86_400

_COLUMNS = (
    Column("symbol", "symbol", 8, 0),
    Column("side", "side", 5, 3),
    Column("rate", "rate", 8, 1, right=True, doubtful=True),
    Column("every", "every", 5, 6, right=True),
    Column("year", "a year", 7, 7, right=True, doubtful=True),
    Column("next", "next", 5, 4, right=True),
    Column("due", "est", 8, 2, right=True, doubtful=True),
    Column("today", "today", 8, 5, right=True, doubtful=True),
    Column("since", "since open", 10, 5, right=True, doubtful=True),
)


_TOPICS: frozenset[t.Topic] = frozenset({t.TICKERS, t.POSITIONS, t.FILLS, t.PNL, t.INSTRUMENTS, t.LINKS, t.CLOCK})


class FundingView(ScrollView):
    """The legs that are held, by symbol."""

    name: ClassVar[str] = "funding"
    pace_s = OVERVIEW_S

    def __init__(self, store: Store, clock: Clock) -> None:
        super().__init__(store, clock)
        self._table = Table(_COLUMNS)

    @property
    def topics(self) -> frozenset[t.Topic]:
        return _TOPICS

    def title(self) -> list[Part]:
        parts = [part(0, "FUNDING", "title")]
        for currency in self.store.currencies():
            paid = self._paid_today(currency)
            if paid:
                parts.append(part(1, f"today {money(-paid, currency, signed=True)}", _role(-paid)))
        words, role = funding_words(self.store, self.store.open_positions())
        if words:
            parts.append(part(2, words.removeprefix("funding "), role))
        if (hidden := self._count() - self._height) > 0:
            parts.append(part(1, f"+{hidden} more", "warn"))
        return parts

    def _count(self) -> int:
        return len(self.store.open_positions())

    def body(self, width: int, height: int) -> list[Row]:
        legs = self.store.open_positions()
        if not legs:
            return waiting("nothing is held: funding is paid on positions", width, height)
        records = [self._record(leg) for leg in legs]
        self._table.fit(records, max(1, width))
        rows: list[Row] = [self._table.header()] if height >= 3 else []
        room = self._height = max(1, height - len(rows))
        first = min(self._first, max(0, len(records) - room))
        rows += [self._table.row(record) for record in records[first : first + room]]
        return page(rows, width, height)

    # -- rows ------------------------------------------------------------------------------------------------------

    def _record(self, leg: Position) -> Record:
        instrument, ticker = self.store.instruments.get(leg.instrument), self.store.ticker(leg.instrument)
        old, rate = not self.store.ticker_is_fresh(leg.instrument), ticker.funding_rate
        interval = instrument.funding_interval_s if instrument is not None else 0
        known = "stale" if old else "text"
        year = rate * HUNDRED * divide(Decimal(YEAR_S), Decimal(interval)) if rate is not None and interval else None
        due = self._due(leg, instrument)
        return {
            "symbol": Cell(leg.instrument.symbol, "symbol"),
            "side": Cell("LONG" if leg.side is Side.BUY else "SHORT", "buy" if leg.side is Side.BUY else "sell"),
            "rate": Cell(percent(rate * HUNDRED if rate is not None else None, 4), known, old and rate is not None),
            "every": Cell(_every(interval), "dim"),
            "year": Cell(percent(year, 1), known, old and year is not None),
            "next": Cell(next_funding(self.store, leg.instrument, self.clock.wall_ns()), "dim"),
            "due": _money(due, instrument, doubt=old),
            "today": self._today(leg, instrument),
            "since": self._since(leg, instrument),
        }

    def _due(self, leg: Position, instrument: Instrument | None) -> Decimal | None:
        """Return what the next payment would do to the account at the present rate and mark; None where one is not known."""
        ticker = self.store.ticker(leg.instrument)
        if instrument is None or leg.side is None or ticker.mark is None or ticker.funding_rate is None:
            return None
        return -instrument.value(leg.qty, ticker.mark) * ticker.funding_rate * leg.side.sign

    def _today(self, leg: Position, instrument: Instrument | None) -> Cell:
        """Return what the contract paid since the day began; of two legs the first has it, for payments do not name theirs."""
        pnl = self.store.pnl(instrument.settle) if instrument is not None else None
        if instrument is None or pnl is None:
            return Cell(NOTHING, "dim")
        if leg.position_side is PositionSide.SHORT and self.store.position(leg.instrument, PositionSide.LONG) in (
            self.store.open_positions()
        ):
            return Cell("above", "dim")
        rows = self.store.trades.day(pnl.since_ns, instrument.settle).symbols
        paid = sum((one.funding for one in rows if one.instrument == leg.instrument), ZERO)
        return _money(-paid, instrument, doubt=self.store.past.whole_since_ns > pnl.since_ns)

    def _since(self, leg: Position, instrument: Instrument | None) -> Cell:
        """Return what was paid since the leg was opened: by the payments that are known, else as the venue tells it."""
        trip = self.store.trades.opened(leg)
        if trip is None or trip.funding is None or not trip.whole:
            return _money(-leg.funding, instrument, doubt=True)
        running = leg.funding if instrument is not None and instrument.funding_runs else ZERO
        return _money(-trip.funding - running, instrument, doubt=False)

    def _paid_today(self, currency: str) -> Decimal:
        pnl = self.store.pnl(currency)
        return ZERO if pnl is None else pnl.funding


def next_funding(store: Store, iid: InstrumentId, now_ns: int) -> str:
    """Return the time to the next funding; where the venue tells an interval only, that of the UTC schedule, marked ``~``.

    Where funding is paid all the time there is no such time.
    """
    ticker, instrument = store.ticker(iid), store.instruments.get(iid)
    if instrument is not None and instrument.funding_runs:
        return "runs"
    if ticker.next_funding_ns is not None and (left := ticker.next_funding_ns - now_ns) > 0:
        return countdown(left, seconds=False)
    if ticker.funding_rate is None or instrument is None or not instrument.funding_interval_s:
        return NOTHING
    interval = instrument.funding_interval_s * NS
    return f"~{countdown(interval - now_ns % interval, seconds=False)}"


def _every(seconds: int) -> str:
    if not seconds:
        return NOTHING
    return f"{seconds // 3600}h" if seconds % 3600 == 0 else f"{seconds // 60}m"


def _money(value: Decimal | None, instrument: Instrument | None, *, doubt: bool) -> Cell:
    if value is None or instrument is None:
        return Cell(NOTHING, "dim")
    return Cell(money(value, instrument.settle, signed=bool(value)), "stale" if doubt else _role(value), doubt)


def _role(value: Decimal) -> str:
    return "gain" if value > 0 else "loss" if value < 0 else "text"
