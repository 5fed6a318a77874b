"""One leg as a row: its figures, and under them or beside them what protects it.

Whatever rests on a mark says when that is old, and a leg without a stop at the venue is called NAKED whatever else is known of
it. It must not know which legs are shown, or where.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from tui_trader.core.decimals import HUNDRED, divide
from tui_trader.core.instrument import Instrument
from tui_trader.core.order import Order
from tui_trader.core.position import Position, break_even, liquidation_distance
from tui_trader.core.types import Side, TriggerSource
from tui_trader.state.cover import Cover
from tui_trader.state.store import Store
from tui_trader.ui.format import NOTHING, contracts, money, number, on_one_point, optional, percent
from tui_trader.ui.panes.spans import Part, Row, Span, by_rank, fit, part
from tui_trader.ui.panes.table import Cell, Column, Record

LINE = (
    Column("venue", "venue", 6, 12),
    Column("symbol", "symbol", 8, 0),
    Column("side", "side", 5, 1),
    Column("size", "size", 6, 2, right=True, doubtful=True),
    Column("entry", "entry", 8, 5, right=True),
    Column("mark", "mark", 8, 6, right=True, doubtful=True),
    Column("pnl", "uP&L", 8, 3, right=True, doubtful=True),
    Column("home", "in acct", 8, 10, right=True, doubtful=True),
    Column("r", "R", 4, 8, right=True, doubtful=True),
    Column("liq", "liq%", 4, 7, right=True, doubtful=True),
    Column("be", "BE fee+fund", 11, 11, right=True),
    Column("prot", "prot", 4, 13, right=True, doubtful=True),
    Column("sl", "SL", 7, 4),
    Column("tp", "TP", 6, 9),
)
"""Everything on one line; the account's currency only where a leg settles in another one."""

FIGURES = tuple(column for column in LINE if column.key not in ("sl", "tp", "liq", "prot"))
"""The first of two lines."""

CLOSE_PCT = 5
"""A liquidation nearer than this many percent is an alarm."""

_SOURCE = {TriggerSource.MARK: "m", TriggerSource.LAST: "l", TriggerSource.INDEX: "i"}


class LegRows:
    """Writes legs."""

    def __init__(self, store: Store, made_by: Callable[[Order], str]) -> None:
        self._store = store
        self._made_by = made_by

    def cover(self, leg: Position) -> Cover:
        """Return what stands at the venue for a leg."""
        return self._store.covers.of(leg)

    def records(self, legs: list[Position]) -> list[Record]:
        """Return the figures of legs, prices on one decimal point."""
        entries = on_one_point([self._price(leg, leg.entry) for leg in legs])
        marks = on_one_point([self._price(leg, self._store.ticker(leg.instrument).mark) for leg in legs])
        evens = on_one_point([self._break_even(leg) for leg in legs])
        return [self._record(*row) for row in zip(legs, entries, marks, evens, strict=True)]

    def exits(self, leg: Position, width: int) -> Row:
        """Return the second line: protection, stop, target, liquidation."""
        cover = self.cover(leg)
        mark = self._store.ticker(leg.instrument).mark
        old = not self._store.mark_is_fresh(leg.instrument)
        doubt = "" if self._store.private_is_fresh(leg.instrument.venue) else "?"
        parts: list[Part] = []
        if cover.stop is None:
            parts.append(part(0, f"NAKED 100%{doubt}  no stop at venue", "alarm"))
            parts.append(part(1, "p protects", "warn"))
        else:
            word = "NAKED" if cover.is_naked else "prot"
            share = HUNDRED - cover.percent if cover.is_naked else cover.percent
            parts.append(part(0, f"{word} {number(share, 0)}%{doubt}", "alarm" if cover.is_naked else "text"))
            source = f" {cover.stop.trigger_source.value}"
            parts.append(part(1, f"SL {self._exit(leg, cover.stop, mark, old, len(cover.stops), source)}", "text"))
            parts.append(part(5, self._made_by(cover.stop), "dim"))
        if cover.target is not None:
            stop_source = None if cover.stop is None else cover.stop.trigger_source
            target = cover.target
            # A target watches what the stop watches, unless it is said.
            source = "" if target.trigger_source is stop_source or target.trigger_price is None else f" {target.trigger_source}"
            parts.append(part(2, f"TP {self._exit(leg, target, mark, old, len(cover.targets), source)}", "text"))
            parts.append(part(5, self._made_by(target), "dim"))
        distance = liquidation_distance(leg, mark) if mark else None
        if leg.liquidation is None:
            parts.append(part(3, "liq --", "dim"))
        else:
            at = self._without_zeros(self._price(leg, leg.liquidation))
            text = f"liq {at} {percent(distance, 1, signed=False)}{'?' if old else ''}"
            parts.append(part(3, text, "alarm" if distance is not None and distance < CLOSE_PCT else "text"))
        parts.append(part(4, f"{number(leg.leverage, 0)}x {leg.margin_mode.value}", "dim"))
        return fit((Span("     ", "text"), *by_rank(parts, max(0, width - 5))), width)

    # -- inside ----------------------------------------------------------------------------------------------------

    def _record(self, leg: Position, entry: str, mark_text: str, even: str) -> Record:
        store = self._store
        instrument = store.instruments.get(leg.instrument)
        mark = store.ticker(leg.instrument).mark
        old = not store.mark_is_fresh(leg.instrument)
        profit = store.unrealised(leg)
        cover = self.cover(leg)
        told = store.private_is_fresh(leg.instrument.venue)
        sure = told and leg.key not in store.desync
        size = number(leg.qty, 0)
        if instrument is not None:
            size = contracts(leg.qty, instrument.qty_places, instrument.size_unit)
        currency = instrument.settle if instrument else ""
        role = pnl_role(profit, old)
        multiple = self._multiple(leg, profit)
        distance = liquidation_distance(leg, mark) if mark else None
        near = distance is not None and distance < CLOSE_PCT
        return {
            "venue": Cell(leg.instrument.venue, "dim"),
            "symbol": Cell(leg.instrument.symbol, "symbol"),
            "side": Cell("LONG" if leg.side is Side.BUY else "SHORT", "buy" if leg.side is Side.BUY else "sell"),
            "size": Cell(size, "text" if sure else "stale", not sure),
            "entry": Cell(entry),
            "mark": Cell(mark_text, "stale" if old else "text", old),
            "pnl": Cell(money(profit, currency, signed=True), role, old),
            "home": self._in_home(profit, currency, old),
            "r": Cell(multiple, role, old and multiple != NOTHING),
            "liq": Cell(optional(distance, 1), "stale" if old else "alarm" if near else "text", old),
            "be": Cell(even),
            "prot": Cell(f"{number(cover.percent, 0)}%", "alarm" if cover.is_naked else "text", not told),
            "sl": Cell(self._stop_word(leg, cover), "alarm" if cover.is_naked else "text"),
            "tp": Cell(self._exit_price(leg, cover.target) if cover.target else NOTHING),
        }

    def _in_home(self, profit: Decimal | None, currency: str, old: bool) -> Cell:
        """Return a profit in the currency of totals; one that no fresh mark converts is not made up."""
        home = self._store.home_currency()
        converted = None if profit is None else self._store.in_home(profit, currency)
        if converted is None or home is None:
            return Cell(NOTHING, "stale", profit is not None)
        return Cell(money(converted, home, signed=True), pnl_role(converted, old), old)

    def _multiple(self, leg: Position, profit: Decimal | None) -> str:
        """Return the profit in units of what its entry risked; nothing where that is not known."""
        risked = self._risked(leg)
        return NOTHING if profit is None or not risked else number(divide(profit, risked), 1, signed=True)

    def _risked(self, leg: Position) -> Decimal | None:
        return self._store.initial_risk.of(leg) or self._store.trades.risked(leg)

    def multiple_words(self, leg: Position) -> str:
        """Return the multiple of a leg and what it is one of, or why there is none."""
        instrument, risked = self._store.instruments.get(leg.instrument), self._risked(leg)
        if risked and instrument is not None:
            multiple = self._multiple(leg, self._store.unrealised(leg))
            return f"{multiple} of {money(risked, instrument.settle)} that its entries risked"
        trip = self._store.trades.opened(leg)
        if trip is None or not trip.whole:
            return "not known: a part of it was there before the executions that are known"
        return "not known: an entry left without a stop"

    def _break_even(self, leg: Position) -> str:
        instrument = self._store.instruments.get(leg.instrument)
        return self._price(leg, break_even(leg, instrument) if instrument else None)

    def _stop_word(self, leg: Position, cover: Cover) -> str:
        if cover.stop is None:
            return "NAKED"
        text = self._exit_price(leg, cover.stop) + _SOURCE[cover.stop.trigger_source]
        return f"{text} {number(cover.percent, 0)}%" if cover.is_naked else text

    def _exit(self, leg: Position, order: Order, mark: Decimal | None, old: bool, count: int, source: str) -> str:
        level = level_of(order)
        distance = percent(divide((level - mark) * HUNDRED, mark), 1) if level is not None and mark else NOTHING
        more = f" +{count - 1}" if count > 1 else ""
        return f"{self._exit_price(leg, order)}{source} {distance}{'?' if old else ''}{more}"

    def _exit_price(self, leg: Position, order: Order) -> str:
        """Return where an exit triggers."""
        return self._without_zeros(self._price(leg, level_of(order)))

    @staticmethod
    def _without_zeros(text: str) -> str:
        """Return a price without decimals that are all zero."""
        whole, _, rest = text.partition(".")
        return text if rest.strip("0") else whole

    def _price(self, leg: Position, price: Decimal | None) -> str:
        instrument: Instrument | None = self._store.instruments.get(leg.instrument)
        # An average entry lies between ticks: one decimal more would be false, the tick's own decimals are enough to read.
        return NOTHING if price is None else number(price, instrument.price_places if instrument else _own_places(price))


def level_of(order: Order) -> Decimal | None:
    """Return where an exit stands: its trigger, or its limit where it has none."""
    return order.trigger_price if order.trigger_price is not None else order.price


def pnl_role(profit: Decimal | None, old: bool) -> str:
    """Return the role that a profit is drawn in."""
    if old or profit is None:
        return "stale"
    return "gain" if profit > 0 else ("loss" if profit < 0 else "text")


def _own_places(price: Decimal) -> int:
    exponent = price.normalize().as_tuple().exponent
    return min(8, max(0, -exponent)) if isinstance(exponent, int) else 0
