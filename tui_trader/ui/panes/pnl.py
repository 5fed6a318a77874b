"""Profit and loss of one settle currency: figures, what the day may lose, each symbol's share, and the equity line.

What rests on an old mark says so, and what is not known is ``--``.
"""

from __future__ import annotations

from decimal import Decimal
from operator import itemgetter
from typing import ClassVar

from tui_trader.core.clock import DAY_NS, Clock
from tui_trader.core.decimals import HUNDRED, ZERO, divide
from tui_trader.state import topic as t
from tui_trader.state.pnl import AccountPnl
from tui_trader.state.store import Store
from tui_trader.state.trades import Day, SymbolDay
from tui_trader.ui.format import NOTHING, money, number, percent, stale
from tui_trader.ui.panes.spans import Part, Row, Span, by_rank, cut, fit, page, part
from tui_trader.ui.panes.spark import sampled, sparkline
from tui_trader.ui.panes.table import Cell, Column, Record, Table
from tui_trader.ui.panes.view import OVERVIEW_S, View, waiting

_FIGURES = 24
"""Cells of the column of figures when something stands beside it."""

_BESIDE = 44
_BESIDE_ROWS = 5
"""Size from which tables and the equity line stand beside the figures instead of under them."""

_STRIP_CURVE = 12
"""Cells of the equity line in a pane of one row."""

_TALLEST = 12
"""Lines of the equity chart beyond which it would say no more."""

_LOUD = Decimal(80)
"""Share of the day's limit from which the meter warns, in percent."""

_METER = 10

_Figure = tuple[str, str, str]
_value = itemgetter(1)

_SYMBOLS = (
    Column("symbol", "symbol", 8, 0),
    Column("open", "uP&L", 8, 1, right=True),
    Column("net", "day net", 8, 2, right=True),
    Column("trades", "W/L", 5, 3, right=True),
    Column("fees", "fees", 6, 4, right=True),
    Column("funding", "funding", 7, 5, right=True),
)


_TOPICS: frozenset[t.Topic] = frozenset({t.PNL, t.MARKS, t.BALANCES, t.POSITIONS, t.FILLS, t.LINKS, t.CLOCK})


class PnlView(View):
    """Equity, available, open and realised profit, costs, margin, trades won and lost, and the equity line."""

    name: ClassVar[str] = "pnl"
    pace_s = OVERVIEW_S

    def __init__(self, store: Store, clock: Clock, currency: str | None = None, *, day_limit: Decimal | None = None) -> None:
        """``day_limit`` is the loss, in US dollars or what stands for them, at which the day ends; None for no limit."""
        super().__init__(store, clock)
        self.currency = currency
        """Settle currency shown; None for the first known."""
        self.session = False
        """Whether the line begins with the session rather than with the day."""
        self._day_limit = day_limit
        self._table = Table(_SYMBOLS)
        self._started_ns = clock.wall_ns()

    # -- keys ------------------------------------------------------------------------------------------------------

    def next_currency(self) -> None:
        """Show the next settle currency."""
        known = self.store.currencies()
        if known:
            at = known.index(self.currency) if self.currency in known else -1 if self.currency else 0
            self.currency = known[(at + 1) % len(known)]
            self.moved()

    def next_span(self) -> None:
        """Draw the line of the day, or of the session."""
        self.session = not self.session
        self.moved()

    # -- content ---------------------------------------------------------------------------------------------------

    @property
    def topics(self) -> frozenset[t.Topic]:
        return _TOPICS

    def title(self) -> list[Part]:
        pnl = self._pnl()
        parts = [part(0, "P&L", "title")]
        if pnl is not None:
            parts.append(part(1, pnl.currency, "dim"))
            if not pnl.complete:
                parts.append(part(2, "a mark is old ?", "warn"))
            if len(self.store.currencies()) > 1:
                parts.append(part(4, f"all {self._everything()}", "dim"))
            parts.append(part(3, "session" if self.session else "day", "dim"))
        return parts

    def body(self, width: int, height: int) -> list[Row]:
        pnl = self._pnl()
        if pnl is None:
            return waiting("waiting for the balance", width, height)
        day = self.store.trades.day(pnl.since_ns, pnl.currency)
        figures = self._figures(pnl, day)
        if height < 3:
            return page([self._strip(pnl, day, width)], width, height)
        if width >= _BESIDE and height >= _BESIDE_ROWS:
            side = width - _FIGURES - 2
            left = page([_line(figure, _FIGURES) for figure in figures], _FIGURES, height)
            right = page(self._beside(pnl, day, side, height), side, height)
            return [(*one, Span("  ", "text"), *two) for one, two in zip(left, right, strict=True)]
        rows = [*self._meter(pnl, width), *(_line(figure, width) for figure in figures)]
        return page([*rows, *self._curve(pnl, width, height - len(rows))], width, height)

    def _strip(self, pnl: AccountPnl, day: Day, width: int) -> Row:
        """Return everything in one line: for the smallest pane."""
        shown = {label: (text.strip(), role) for label, text, role in self._figures(pnl, day)}
        parts = [
            Part(rank, (Span(f"{label} ", "dim"), Span(*shown[label])))
            for rank, label in enumerate(("uP&L", "realised", "fees", "funding"))
        ]
        values = sampled(self._points(), _STRIP_CURVE)
        if len(values) > 1:
            rising = values[-1] >= values[0]
            parts.insert(2, Part(1, (Span(sparkline(values)[0], "gain" if rising else "loss"),)))
        return by_rank(parts, width)

    def _pnl(self) -> AccountPnl | None:
        return self.store.pnl(self.currency)

    def _figures(self, pnl: AccountPnl, day: Day) -> list[_Figure]:
        """Return label, text and role, the most important first; costs as what they do to the account."""
        old = not pnl.complete
        gaps = self.store.past.whole_since_ns > pnl.since_ns
        currency = pnl.currency

        def signed(label: str, value: Decimal, doubtful: bool = False) -> _Figure:
            role = "stale" if doubtful else ("gain" if value > 0 else "loss" if value < 0 else "text")
            return label, stale(money(value, currency, signed=True), doubtful), role

        slip = f"{number(day.slippage_bp, 1, signed=True)}bp" if day.slippage_bp is not None else NOTHING
        won = f"{day.won}W/{day.lost}L {percent(day.win_pct, 0, signed=False)}" if day.win_pct is not None else NOTHING
        return [
            ("equity", stale(money(pnl.equity, currency), old), "stale" if old else "text"),
            signed("uP&L", pnl.unrealised, old),
            signed("day", pnl.day, old),
            ("available", stale(money(pnl.available, currency), False), "text"),
            signed("realised", pnl.realised),
            signed("fees", -pnl.fees, gaps),
            signed("funding", -pnl.funding, gaps),
            ("margin", stale(f"{number(pnl.margin_pct, 1)}%", old), "stale" if old else "text"),
            ("trades", stale(won, gaps), "stale" if gaps else "text"),
            ("slippage", stale(slip, gaps), "stale" if gaps else "text"),
        ]

    # -- beside the figures ----------------------------------------------------------------------------------------

    def _beside(self, pnl: AccountPnl, day: Day, width: int, height: int) -> list[Row]:
        """Return the day's meter, the symbols and the equity line, as far as there is room; the line gets what is left."""
        rows = self._meter(pnl, width)
        symbols = self._symbols(pnl, day, width)
        if symbols and height - len(rows) - len(symbols) >= 4:
            rows += symbols
        elif symbols and height >= 12:
            rows += symbols[: height - len(rows) - 4]
        return [*rows, *self._curve(pnl, width, height - len(rows))]

    def _meter(self, pnl: AccountPnl, width: int) -> list[Row]:
        """Return how much of what the day may lose is lost; a blank share while that cannot be told."""
        limit = self._day_limit
        if not limit:
            return []
        worth = self.store.dollars(pnl.currency)
        sure = pnl.complete and worth is not None and self.store.dollars_are_fresh(pnl.currency)
        lost = max(ZERO, -pnl.day * worth) if worth is not None else None
        share = divide(lost * HUNDRED, limit) if lost is not None else None
        filled = 0 if share is None else min(_METER, int(share * _METER / HUNDRED))
        role = "stale" if not sure else "text"
        if sure and share is not None and share >= _LOUD:
            role = "alarm" if share >= HUNDRED else "warn"
        word = "LOCKOUT" if sure and share is not None and share >= HUNDRED else ""
        amount = NOTHING if lost is None else f"{number(-lost, 2)}{'' if sure else '?'} of {number(-limit, 0)}"
        parts = [
            part(0, f"day loss {percent(share, 0, signed=False)}{'' if sure else '?'}", role),
            part(2, "█" * filled + "·" * (_METER - filled), role),
            part(1, amount, role),
            part(0, word, "alarm"),
        ]
        return [by_rank([one for one in parts if one.spans[0].text], width)]

    def _symbols(self, pnl: AccountPnl, day: Day, width: int) -> list[Row]:
        records = self._records(pnl, day)
        if not records:
            return []
        self._table.fit(records, width)
        return [self._table.header(), *(self._table.row(record) for record in records)]

    def _records(self, pnl: AccountPnl, day: Day) -> list[Record]:
        store, currency = self.store, pnl.currency
        own = {
            leg.instrument
            for leg in store.open_positions()
            if (found := store.instruments.get(leg.instrument)) is not None and found.settle == currency
        }
        rows = {one.instrument: one for one in day.symbols}
        records: list[Record] = []
        for iid in sorted(own | rows.keys()):
            one = rows.get(iid) or SymbolDay(iid)
            profits = [store.unrealised(leg) for leg in store.open_positions() if leg.instrument == iid]
            old = bool(profits) and not store.mark_is_fresh(iid)
            unknown = any(profit is None for profit in profits)
            profit = sum((value for value in profits if value is not None), ZERO)
            open_text = NOTHING if unknown or not profits else money(profit, currency, signed=True)
            records.append(
                {
                    "symbol": Cell(iid.symbol, "symbol"),
                    "open": Cell(stale(open_text, old), "stale" if old else _role(profit)),
                    "net": Cell(
                        stale(money(one.net, currency, signed=True), not one.sure), _role(one.net) if one.sure else "stale"
                    ),
                    "trades": Cell(f"{one.won}/{one.lost}" if one.won or one.lost else NOTHING, "text"),
                    "fees": Cell(money(-one.fees, currency, signed=True), "dim"),
                    "funding": Cell(money(-one.funding, currency, signed=True), "dim"),
                }
            )
        return records

    def _everything(self) -> str:
        """Return the equity of all settle currencies in dollars: ``?`` where a price is old, ``--`` where there is none."""
        total, sure = ZERO, True
        for currency in self.store.currencies():
            pnl, worth = self.store.pnl(currency), self.store.dollars(currency)
            if pnl is None or worth is None:
                return NOTHING
            sure = sure and pnl.complete and self.store.dollars_are_fresh(currency)
            total += pnl.equity * worth
        return f"{number(total, 2)} USD{'' if sure else '?'}"

    def _points(self) -> list[tuple[int, Decimal]]:
        since = self._started_ns if self.session else self.clock.wall_ns() // DAY_NS * DAY_NS
        return [point for point in self.store.curve.points() if point[0] >= since]

    def _curve(self, pnl: AccountPnl, width: int, room: int) -> list[Row]:
        if room < 2:
            return []
        points = self._points()
        values = sampled(points, width)
        if len(values) < 2:
            return [fit((Span(cut("waiting for the equity line", width), "dim"),), width)]
        currency = pnl.currency
        tall = min(_TALLEST, room - 1)
        rising = values[-1] >= values[0]
        rows: list[Row] = [fit((Span(line, "gain" if rising else "loss"),), width) for line in sparkline(values, tall)]
        ends = [
            part(0, f"min {money(min(points, key=_value)[1], currency)}", "dim"),
            part(1, f"max {money(max(points, key=_value)[1], currency)}", "dim"),
        ]
        return [*rows, by_rank(ends, width)]


def _role(value: Decimal) -> str:
    return "gain" if value > 0 else "loss" if value < 0 else "text"


def _line(figure: _Figure, width: int) -> Row:
    label, text, role = figure
    blanks = width - len(label) - len(text)
    if blanks < 1:
        return fit((Span(text.strip() if len(text.strip()) <= width else cut("…", width), role),), width)
    return (Span(label + " " * blanks, "dim"), Span(text, role))
