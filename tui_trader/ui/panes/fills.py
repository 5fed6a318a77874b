"""Own executions, newest on top, and what the day has cost and brought."""

from __future__ import annotations

from bisect import bisect_left
from typing import ClassVar

from tui_trader.core.clock import DAY_NS, Clock, hms, rfc3339
from tui_trader.core.decimals import ZERO
from tui_trader.core.order import Fill
from tui_trader.core.types import Liquidity, Side
from tui_trader.state import topic as t
from tui_trader.state.store import Store
from tui_trader.ui.format import contracts, money, number
from tui_trader.ui.panes.scroll import ScrollView
from tui_trader.ui.panes.spans import Part, Row, by_rank, page, part
from tui_trader.ui.panes.table import Cell, Column, Record, Table
from tui_trader.ui.panes.view import OVERVIEW_S, waiting

_COLUMNS = (
    Column("time", "", 5, 4),
    Column("venue", "", 6, 8),
    Column("side", "", 1, 0),
    Column("symbol", "", 3, 3),
    Column("qty", "", 5, 1, right=True),
    Column("price", "", 9, 2, right=True),
    Column("liquidity", "", 2, 5),
    Column("realised", "", 1, 6, right=True),
    Column("fee", "", 8, 7, right=True),
)
_LONG = 64
"""Cells from which symbols and times are written out."""


_TOPICS: frozenset[t.Topic] = frozenset({t.FILLS, t.PNL, t.INSTRUMENTS})


class FillsView(ScrollView):
    """Executions and the totals of the UTC day."""

    name: ClassVar[str] = "fills"
    pace_s = OVERVIEW_S

    def __init__(self, store: Store, clock: Clock) -> None:
        super().__init__(store, clock)
        self._table = Table(_COLUMNS)

    # -- content ---------------------------------------------------------------------------------------------------

    @property
    def topics(self) -> frozenset[t.Topic]:
        return _TOPICS

    def title(self) -> list[Part]:
        parts = [part(0, f"FILLS {self._today()}", "title")]
        return parts + self._above()

    def _count(self) -> int:
        return len(self._all())

    def body(self, width: int, height: int) -> list[Row]:
        fills = self._all()[::-1]
        totals = self._totals(width) if height >= 3 else []
        room = max(1, height - len(totals))
        self._height = room
        if not fills:
            return waiting("no fill yet", width, room) + totals if len(totals) < height else waiting("no fill yet", width, height)
        first = min(self._first, max(0, len(fills) - room))
        records = [self._record(fill, width) for fill in fills[first : first + room]]
        self._table.fit(records, width)
        rows = page([self._table.row(record) for record in records], width, height - len(totals))
        return rows + totals

    def _record(self, fill: Fill, width: int) -> Record:
        instrument = self.store.instruments.get(fill.instrument)
        currency = instrument.settle if instrument else fill.fee_currency
        long = width >= _LONG
        side = "BUY" if fill.side is Side.BUY else "SELL"
        symbol = fill.instrument.symbol
        if not long and instrument is not None:
            symbol = instrument.base
        qty = f"{fill.qty:,f}"
        price = f"{fill.price:,f}"
        if instrument is not None:
            qty = contracts(fill.qty, instrument.qty_places, instrument.size_unit)
            price = number(fill.price, instrument.price_places)
        realised = money(fill.realised, currency, signed=True) if fill.realised else ""
        liquidity = Cell("mk" if fill.liquidity is Liquidity.MAKER else "tk", "dim")
        if fill.kind != "trade":
            liquidity = Cell(fill.kind.upper(), "alarm")
        time = hms(fill.at_ns) if long else hms(fill.at_ns)[:5]
        if fill.at_ns < self.clock.wall_ns() // DAY_NS * DAY_NS:
            time = rfc3339(fill.at_ns)[5 : 16 if long else 10].replace("T", " ")
        return {
            "time": Cell(time, "dim"),
            "venue": Cell(fill.instrument.venue, "dim"),
            "side": Cell(side if long else side[0], "buy" if fill.side is Side.BUY else "sell"),
            "symbol": Cell(symbol, "symbol"),
            "qty": Cell(qty),
            "price": Cell(f"@{price}"),
            "liquidity": liquidity,
            "realised": Cell(realised, "gain" if fill.realised > 0 else "loss"),
            "fee": Cell(f"fee {money(fill.fee, fill.fee_currency)}", "dim"),
        }

    def _all(self) -> list[Fill]:
        """Return the executions of this run and, before them, those of the past that it does not know."""
        return list(self.store.trades.executions())

    # -- totals ----------------------------------------------------------------------------------------------------

    def _midnight(self) -> int:
        return self.clock.wall_ns() // DAY_NS * DAY_NS

    def _today(self) -> int:
        """Return how many executions the UTC day has seen, those before this run included."""
        fills = self.store.trades.executions()
        return len(fills) - bisect_left(fills, self._midnight(), key=lambda fill: fill.at_ns)

    def _totals(self, width: int) -> list[Row]:
        """Return the day in two lines; wins and losses count trades that were closed, after fees and funding."""
        days = [self.store.trades.day(self._midnight(), currency) for currency in self.store.currencies()]
        fees = {day.currency: sum((one.fees for one in day.symbols), ZERO) for day in days}
        paid = {day.currency: sum((one.funding for one in day.symbols), ZERO) for day in days}
        count = self._today()
        doubt = "?" if self.store.past.whole_since_ns > self._midnight() else ""
        # Costs are shown as what they do to the account: paid funding is a minus.
        funding = " ".join(money(-amount, currency, signed=True) for currency, amount in paid.items() if amount) or "0.00"
        cost = " ".join(money(amount, currency) for currency, amount in fees.items() if amount) or "0.00"
        won, lost = sum(day.won for day in days), sum(day.lost for day in days)
        slips = [f"{number(day.slippage_bp, 1, signed=True)}bp" for day in days if day.slippage_bp is not None]
        first = [
            part(0, f"day {count}{doubt} {'fill' if count == 1 else 'fills'}", "header"),
            part(1, f"fees {cost}{doubt}", "text"),
            part(2, f"{won}W/{lost}L{doubt}", "text"),
        ]
        second = [part(0, f"funding {funding}{doubt}", "text")]
        if slips:
            second.append(part(1, f"slip {' '.join(slips)}", "text"))
        return [by_rank(first, width), by_rank(second, width)]
