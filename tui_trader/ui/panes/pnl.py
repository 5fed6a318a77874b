"""Profit and loss of one settle currency, with the equity line under it. What rests on an old mark says so."""

from __future__ import annotations

from decimal import Decimal
from operator import itemgetter
from typing import ClassVar

from tui_trader.core.clock import Clock
from tui_trader.state import topic as t
from tui_trader.state.pnl import AccountPnl
from tui_trader.state.store import Store
from tui_trader.ui.format import money, number, stale
from tui_trader.ui.panes.spans import Part, Row, Span, by_rank, cut, fit, page, part
from tui_trader.ui.panes.spark import sampled, sparkline
from tui_trader.ui.panes.view import View, waiting

_FIGURES = 24
"""Cells of the column of figures when the equity line stands beside it."""

_BESIDE = 44
_BESIDE_ROWS = 5
"""Size from which the equity line stands beside the figures instead of under them."""

_STRIP_CURVE = 12
"""Cells of the equity line in a pane of one row."""

_TALLEST = 12
"""Lines of the equity chart beyond which it would say no more."""

_Figure = tuple[str, str, str]
_value = itemgetter(1)


class PnlView(View):
    """Equity, available, open and realised profit, costs, margin, and the equity line."""

    name: ClassVar[str] = "pnl"

    def __init__(self, store: Store, clock: Clock, currency: str | None = None) -> None:
        super().__init__(store, clock)
        self.currency = currency
        """Settle currency shown; None for the first known."""

    def next_currency(self) -> None:
        """Show the next settle currency."""
        known = self.store.currencies()
        if known:
            at = known.index(self.currency) if self.currency in known else -1 if self.currency else 0
            self.currency = known[(at + 1) % len(known)]
            self.moved()

    @property
    def topics(self) -> frozenset[t.Topic]:
        return frozenset({t.PNL, t.BALANCES, t.POSITIONS, t.LINKS, t.CLOCK})

    def title(self) -> list[Part]:
        pnl = self._pnl()
        parts = [part(0, "P&L", "title")]
        if pnl is not None:
            parts.append(part(1, pnl.currency, "dim"))
            if not pnl.complete:
                parts.append(part(2, "a mark is old ?", "warn"))
        return parts

    def body(self, width: int, height: int) -> list[Row]:
        pnl = self._pnl()
        if pnl is None:
            return waiting("waiting for the balance", width, height)
        figures = self._figures(pnl)
        if height < 3:
            return page([self._strip(pnl, width)], width, height)
        if width >= _BESIDE and height >= _BESIDE_ROWS:
            left = page([_line(figure, _FIGURES) for figure in figures], _FIGURES, height)
            right = page(self._curve(pnl, width - _FIGURES - 2, height), width - _FIGURES - 2, height)
            return [(*one, Span("  ", "text"), *two) for one, two in zip(left, right, strict=True)]
        rows = [_line(figure, width) for figure in figures]
        return page([*rows, *self._curve(pnl, width, height - len(rows))], width, height)

    def _strip(self, pnl: AccountPnl, width: int) -> Row:
        """Return everything in one line: for the smallest pane."""
        shown = {label: (text.strip(), role) for label, text, role in self._figures(pnl)}
        parts = [
            Part(rank, (Span(f"{label} ", "dim"), Span(*shown[label])))
            for rank, label in enumerate(("uP&L", "realised", "fees", "funding"))
        ]
        values = sampled(self.store.curve.points(), _STRIP_CURVE)
        if len(values) > 1:
            rising = values[-1] >= values[0]
            parts.insert(2, Part(1, (Span(sparkline(values)[0], "gain" if rising else "loss"),)))
        return by_rank(parts, width)

    def _pnl(self) -> AccountPnl | None:
        return self.store.pnl(self.currency)

    def _figures(self, pnl: AccountPnl) -> list[_Figure]:
        """Return label, text and role, the most important first; costs as what they do to the account."""
        old = not pnl.complete
        currency = pnl.currency

        def signed(label: str, value: Decimal, doubtful: bool = False) -> _Figure:
            role = "stale" if doubtful else ("gain" if value > 0 else "loss" if value < 0 else "text")
            return label, stale(money(value, currency, signed=True), doubtful), role

        return [
            ("equity", stale(money(pnl.equity, currency), old), "stale" if old else "text"),
            signed("uP&L", pnl.unrealised, old),
            signed("day", pnl.day, old),
            ("available", stale(money(pnl.available, currency), False), "text"),
            signed("realised", pnl.realised),
            signed("fees", -pnl.fees),
            signed("funding", -pnl.funding),
            ("margin", stale(f"{number(pnl.margin_pct, 1)}%", old), "stale" if old else "text"),
        ]

    def _curve(self, pnl: AccountPnl, width: int, room: int) -> list[Row]:
        if room < 2:
            return []
        points = self.store.curve.points()
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


def _line(figure: _Figure, width: int) -> Row:
    label, text, role = figure
    blanks = width - len(label) - len(text)
    if blanks < 1:
        return fit((Span(text.strip() if len(text.strip()) <= width else cut("…", width), role),), width)
    return (Span(label + " " * blanks, "dim"), Span(text, role))
