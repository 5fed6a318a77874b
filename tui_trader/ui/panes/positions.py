"""Positions: what is held, what it is worth now, and what protects it.

The cursor rests on a leg, not on a line. A profit made from an old mark says so, and a leg without a stop at the venue is
called NAKED whatever else is known of it.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import ClassVar

from tui_trader.core.clock import Clock
from tui_trader.core.decimals import HUNDRED, ZERO, divide
from tui_trader.core.instrument import Instrument
from tui_trader.core.order import Order
from tui_trader.core.position import Position, break_even, liquidation_distance
from tui_trader.core.types import ContractKind, Side, TriggerSource
from tui_trader.state import topic as t
from tui_trader.state.cover import Cover, cover_of, open_risk, risk_to_stops
from tui_trader.state.store import PositionKey, Store
from tui_trader.ui.format import NOTHING, compact, contracts, money, number, on_point, optional, percent, stale
from tui_trader.ui.panes.cursor import CursorView
from tui_trader.ui.panes.spans import Part, Row, Span, by_rank, fit, page, part
from tui_trader.ui.panes.table import Cell, Column, Record, Table
from tui_trader.ui.panes.view import waiting

TWO_LINES = (84, 112)
"""Widths from which, and up to which, a leg takes two lines: figures, and under them what protects it."""

_LINE = (
    Column("venue", "venue", 6, 10),
    Column("symbol", "symbol", 8, 0),
    Column("side", "side", 5, 1),
    Column("size", "size", 6, 2, right=True),
    Column("entry", "entry", 8, 4, right=True),
    Column("mark", "mark", 9, 5, right=True),
    Column("pnl", "uP&L", 8, 3, right=True),
    Column("r", "R/%", 6, 8, right=True),
    Column("liq", "liq%", 5, 7, right=True),
    Column("be", "BE fee+fund", 11, 11, right=True),
    Column("sl", "SL", 7, 6),
    Column("tp", "TP", 6, 9),
)
_FIGURES = tuple(column for column in _LINE if column.key not in ("sl", "tp", "liq"))
_SOURCE = {TriggerSource.MARK: "m", TriggerSource.LAST: "l", TriggerSource.INDEX: "i"}


class PositionsView(CursorView[PositionKey]):
    """Open legs of every account."""

    name: ClassVar[str] = "positions"

    def __init__(self, store: Store, clock: Clock, *, made_by: Callable[[Order], str] = lambda order: "") -> None:
        """``made_by`` says of an exit that belongs to an entry who made it: ``native`` or ``ours``."""
        super().__init__(store, clock)
        self._made_by = made_by
        self.filter_text = ""
        """Only symbols that contain this, in any letter case."""
        self._line = Table(_LINE)
        self._figures = Table(_FIGURES)
        self._hidden = 0

    # -- keys ------------------------------------------------------------------------------------------------------

    def choose(self, key: PositionKey) -> None:
        """Put the cursor on a leg."""
        self._cursor.key = key
        self.moved()

    def selected(self) -> Position | None:
        """Return the chosen leg; None when nothing is chosen or it was closed since."""
        key = self._cursor.key
        position = self.store.positions.get(key) if key is not None else None
        return None if position is None or position.is_flat else position

    def filter(self, text: str) -> None:
        """Show only symbols that contain ``text``."""
        self.filter_text = text.strip()
        self.moved()

    # -- content ---------------------------------------------------------------------------------------------------

    @property
    def topics(self) -> frozenset[t.Topic]:
        return frozenset({t.POSITIONS, t.ORDERS, t.TICKERS, t.LINKS, t.INSTRUMENTS, t.CLOCK})

    def title(self) -> list[Part]:
        legs = self._legs()
        parts = [part(0, f"POSITIONS {len(legs)}", "title")]
        naked = sum(1 for leg in legs if self._cover(leg).is_naked)
        if naked:
            parts.append(part(1, f"{naked} NAKED", "alarm"))
        if self.store.desync:
            parts.append(part(0, f"{len(self.store.desync)} DESYNC", "alarm"))
        if self._hidden:
            parts.append(part(1, f"+{self._hidden} more", "warn"))
        if self.filter_text:
            parts.append(part(2, f"/{self.filter_text}", "warn"))
        if legs:
            net, gross, doubtful = self._exposure(legs)
            parts.append(part(3, stale(f"net {compact(net, 6, signed=True)}", doubtful).rstrip(), "dim"))
            parts.append(part(5, stale(f"gross {compact(gross, 5)}", doubtful).rstrip(), "dim"))
            parts.append(part(4, f"open risk {self._open_risk(legs)}", "dim"))
        return parts

    def body(self, width: int, height: int) -> list[Row]:
        self._hidden = 0
        legs = self._legs()
        if not legs:
            return waiting(self._nothing(), width, height)
        double = TWO_LINES[0] <= width < TWO_LINES[1]
        table = self._figures if double else self._line
        lead = 2 if width >= 20 else 0
        records = self._records(legs)
        table.fit(records, max(1, width - lead))
        rows: list[Row] = []
        if height >= 3:
            rows.append((Span(" " * lead, "header"), *table.header()))
        room = height - len(rows)
        total = room >= 2 * len(legs) + 2 and width >= TWO_LINES[0]
        per_leg = 2 if double and room >= 2 else 1
        count = max(1, (room - (1 if total else 0)) // per_leg)
        keys = [leg.key for leg in legs]
        first = self._cursor.first_visible(keys, count)
        self._hidden = max(0, len(legs) - count)
        for leg, record in list(zip(legs, records, strict=True))[first : first + count]:
            chosen = leg.key == self._cursor.key
            cover = self._cover(leg)
            mark = Span(("▸" if chosen else " ") + ("!" if cover.is_naked else " "), "alarm" if cover.is_naked else "cursor_mark")
            rows.append((*((mark,) if lead else ()), *table.row(record, "cursor" if chosen else None)))
            if per_leg == 2:
                rows.append(self._exits(leg, cover, width))
        if total:
            rows = [*rows[: height - 1], *page([], width, max(0, height - 1 - len(rows))), self._total(legs, width)]
        return page(rows, width, height)

    def _nothing(self) -> str:
        if self.filter_text:
            return f"no position matches /{self.filter_text}"
        if not self.store.positions and not any(
            lane == "private" and link.is_live for (_, lane), link in self.store.links.items()
        ):
            return "waiting for the private feed: positions are not known yet"
        return "no open position"

    def _legs(self) -> list[Position]:
        wanted = self.filter_text.lower()
        return [leg for leg in self.store.open_positions() if wanted in leg.instrument.symbol.lower()]

    def _keys(self) -> list[PositionKey]:
        return [leg.key for leg in self._legs()]

    def _cover(self, leg: Position) -> Cover:
        return cover_of(leg, self.store.blotter.working(leg.instrument))

    # -- rows ------------------------------------------------------------------------------------------------------

    def _records(self, legs: list[Position]) -> list[Record]:
        entries = on_point([self._price(leg, leg.entry) for leg in legs])
        marks = on_point([self._price(leg, self.store.ticker(leg.instrument).mark) for leg in legs])
        return [self._record(leg, entry, mark) for leg, entry, mark in zip(legs, entries, marks, strict=True)]

    def _price(self, leg: Position, price: Decimal | None) -> str:
        instrument = self.store.instruments.get(leg.instrument)
        # An average entry lies between ticks: one decimal more would be false, the tick's own decimals are enough to read.
        return NOTHING if price is None else number(price, instrument.price_places if instrument else _own_places(price))

    def _exit_price(self, leg: Position, order: Order) -> str:
        """Return where an exit triggers, without decimals that are all zero."""
        text = self._price(leg, _level(order))
        whole, _, rest = text.partition(".")
        return text if rest.strip("0") else whole

    def _record(self, leg: Position, entry: str, mark_text: str) -> Record:
        instrument = self.store.instruments.get(leg.instrument)
        mark = self.store.ticker(leg.instrument).mark
        old = not self.store.mark_is_fresh(leg.instrument)
        profit = self.store.unrealised(leg)
        cover = self._cover(leg)
        sure = self.store.private_is_fresh(leg.instrument.venue) and leg.key not in self.store.desync
        size_role = "text" if sure else "stale"
        size = number(leg.qty, 0)
        if instrument is not None:
            size = contracts(leg.qty, instrument.qty_places, instrument.size_unit)
        currency = instrument.settle if instrument else ""
        return {
            "venue": Cell(leg.instrument.venue, "dim"),
            "symbol": Cell(leg.instrument.symbol, "symbol"),
            "side": Cell("LONG" if leg.side is Side.BUY else "SHORT", "buy" if leg.side is Side.BUY else "sell"),
            "size": Cell(stale(size, not sure), size_role),
            "entry": Cell(entry),
            "mark": Cell(stale(mark_text, old), "stale" if old else "text"),
            "pnl": Cell(stale(money(profit, currency, signed=True), old), _pnl_role(profit, old)),
            "r": Cell(stale(self._return(leg, instrument, cover, profit, mark), old), _pnl_role(profit, old)),
            "liq": Cell(stale(optional(liquidation_distance(leg, mark) if mark else None, 1), old), "stale" if old else "text"),
            "be": Cell(self._price(leg, break_even(leg, instrument) if instrument else None)),
            "sl": Cell(self._stop_word(leg, cover), "alarm" if cover.is_naked else "text"),
            "tp": Cell(self._exit_price(leg, cover.target) if cover.target else NOTHING),
        }

    def _stop_word(self, leg: Position, cover: Cover) -> str:
        if cover.stop is None:
            return "NAKED"
        text = self._exit_price(leg, cover.stop) + _SOURCE[cover.stop.trigger_source]
        return f"{text} {number(cover.percent, 0)}%" if cover.is_naked else text

    def _return(
        self, leg: Position, instrument: Instrument | None, cover: Cover, profit: Decimal | None, mark: Decimal | None
    ) -> str:
        """Return the profit in units of what the present stops would lose, or else the move from entry in percent."""
        if profit is None or instrument is None or mark is None or not leg.entry or leg.side is None:
            return NOTHING
        risk = risk_to_stops(leg, instrument, cover)
        if risk is not None and risk > 0:
            return f"{number(divide(profit, risk), 1, signed=True)}R"
        return percent(divide((mark - leg.entry) * leg.side.sign * HUNDRED, leg.entry), 1)

    def _exits(self, leg: Position, cover: Cover, width: int) -> Row:
        """Return the second line: protection, stop, target, liquidation."""
        mark = self.store.ticker(leg.instrument).mark
        old = not self.store.mark_is_fresh(leg.instrument)
        doubt = "" if self.store.private_is_fresh(leg.instrument.venue) else "?"
        parts: list[Part] = []
        if cover.stop is None:
            parts.append(part(0, f"NAKED 100%{doubt}  no stop at venue", "alarm"))
            parts.append(part(1, "p protects", "warn"))
        else:
            role = "alarm" if cover.is_naked else "text"
            word = "NAKED" if cover.is_naked else "prot"
            share = HUNDRED - cover.percent if cover.is_naked else cover.percent
            parts.append(part(0, f"{word} {number(share, 0)}%{doubt}", role))
            parts.append(part(1, f"SL {self._exit(leg, cover.stop, mark, old)}", "text"))
        if cover.target is not None:
            parts.append(part(3, f"TP {self._exit(leg, cover.target, mark, old)}", "text"))
        distance = liquidation_distance(leg, mark) if mark else None
        if leg.liquidation is None:
            parts.append(part(2, "liq --", "dim"))
        else:
            text = f"liq {self._price(leg, leg.liquidation)} {percent(distance, 1, signed=False)}{'?' if old else ''}"
            parts.append(part(2, text, "alarm" if distance is not None and distance < 5 else "text"))
        parts.append(part(4, f"{number(leg.leverage, 0)}x {leg.margin_mode.value}", "dim"))
        return fit((Span("     ", "text"), *by_rank(parts, max(0, width - 5))), width)

    def _exit(self, leg: Position, order: Order, mark: Decimal | None, old: bool) -> str:
        level = _level(order)
        source = f" {order.trigger_source.value}" if order.trigger_price is not None else ""
        distance = percent(divide((level - mark) * HUNDRED, mark), 1) if level is not None and mark else NOTHING
        made_by = self._made_by(order)
        return f"{self._exit_price(leg, order)}{source} {distance}{'?' if old else ''}{made_by and f' {made_by}'}"

    # -- sums ------------------------------------------------------------------------------------------------------

    def _exposure(self, legs: list[Position]) -> tuple[Decimal, Decimal, bool]:
        """Return net and gross value in quote currency, and whether a part of it is old or unknown."""
        net, gross, doubtful = ZERO, ZERO, False
        for leg in legs:
            value = self._value(leg)
            if value is None or not self.store.mark_is_fresh(leg.instrument):
                doubtful = True
            if value is not None and leg.side is not None:
                net += value * leg.side.sign
                gross += value
        return net, gross, doubtful

    def _value(self, leg: Position) -> Decimal | None:
        instrument = self.store.instruments.get(leg.instrument)
        mark = self.store.ticker(leg.instrument).mark
        if instrument is None:
            return None
        if instrument.kind is ContractKind.INVERSE:
            return leg.qty * instrument.contract_size
        return None if mark is None else instrument.value(leg.qty, mark)

    def _open_risk(self, legs: list[Position]) -> str:
        """Return what all stops together would lose, by currency; ``+`` when a part has no stop and so no bound."""
        return risk_words(open_risk((leg, self.store.instruments.get(leg.instrument), self._cover(leg)) for leg in legs))

    def _total(self, legs: list[Position], width: int) -> Row:
        net, gross, doubtful = self._exposure(legs)
        long = (gross + net) / 2
        role = "stale" if doubtful else "text"
        mark = "?" if doubtful else ""
        parts = [
            part(0, "  TOTAL", "header"),
            part(3, f"long {compact(long, 5)}{mark}", role),
            part(4, f"short {compact(gross - long, 5)}{mark}", role),
            part(1, f"net {compact(net, 6, signed=True)}{mark}", role),
            part(2, f"gross {compact(gross, 5)}{mark}", role),
            part(5, f"all stops hit {self._open_risk(legs)}", "text"),
        ]
        return by_rank(parts, width)


def risk_words(risk: tuple[dict[str, Decimal], bool]) -> str:
    """Return the open risk by currency; ``+unbounded`` where a part has no stop."""
    lost, bounded = risk
    text = " ".join(money(amount, currency) for currency, amount in sorted(lost.items()))
    if not bounded:
        return f"{text}+unbounded" if text else "unbounded"
    return text or NOTHING


def _level(order: Order | None) -> Decimal | None:
    return None if order is None else (order.trigger_price if order.trigger_price is not None else order.price)


def _pnl_role(profit: Decimal | None, old: bool) -> str:
    if old or profit is None:
        return "stale"
    return "gain" if profit > 0 else ("loss" if profit < 0 else "text")


def _own_places(price: Decimal) -> int:
    exponent = price.normalize().as_tuple().exponent
    return min(8, max(0, -exponent)) if isinstance(exponent, int) else 0
