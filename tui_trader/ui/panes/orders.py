"""Orders that are or may be alive, and for a little while those that failed.

The cursor rests on a client id. While something is chosen the order of rows is frozen: new orders are added at the end.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar

from tui_trader.core.clock import NS, Clock
from tui_trader.core.decimals import HUNDRED, ZERO, divide
from tui_trader.core.instrument import Instrument
from tui_trader.core.order import Order
from tui_trader.core.types import (
    ClientOrderId,
    OrderStatus,
    OrderType,
    PendingAction,
    PositionSide,
    Side,
    TimeInForce,
    TriggerSource,
)
from tui_trader.core.venue_rules import closes
from tui_trader.state import topic as t
from tui_trader.state.store import Store
from tui_trader.ui.format import NOTHING, age, contracts, latency, number, on_point, percent, stale
from tui_trader.ui.panes.cursor import CursorView
from tui_trader.ui.panes.labels import OrderLabels
from tui_trader.ui.panes.spans import Part, Row, Span, page, part
from tui_trader.ui.panes.table import Cell, Column, Record, Table
from tui_trader.ui.panes.view import waiting

LINGER_NS = 15 * NS
"""How long an order that failed stays in the list, so that a refusal is not a row that was never there."""

_NEAR_TICKS = 20
"""Distances up to this are told in ticks, longer ones in percent."""

_WIDE = 108
_MEDIUM = 76

_COLUMNS_WIDE = (
    Column("id", "id", 3, 0),
    Column("venue", "venue", 7, 13),
    Column("symbol", "symbol", 10, 5),
    Column("side", "side", 4, 1),
    Column("type", "type", 7, 4),
    Column("qty", "qty", 7, 2, right=True),
    Column("fill", "fill", 4, 9, right=True),
    Column("price", "price", 9, 3, right=True),
    Column("trigger", "trigger", 11, 6, right=True),
    Column("dist", "dist", 6, 8, right=True),
    Column("flags", "flags", 6, 10),
    Column("age", "age", 3, 11, right=True),
    Column("state", "state", 9, 7),
    Column("rtt", "rtt", 5, 12, right=True),
)
_COLUMNS_MEDIUM = (
    Column("id", "id", 2, 0),
    Column("venue", "venue", 6, 11),
    Column("symbol", "symbol", 8, 6),
    Column("side", "side", 4, 1),
    Column("type", "type", 7, 4),
    Column("qty", "qty", 5, 2, right=True),
    Column("fill", "fill", 4, 9, right=True),
    Column("level", "price/trig", 10, 3, right=True),
    Column("dist", "dist", 6, 7, right=True),
    Column("flags", "flags", 5, 8),
    Column("age", "age", 3, 10, right=True),
    Column("state", "state", 9, 5),
)
_COLUMNS_NARROW = (
    Column("id", "id", 2, 0),
    Column("side", "side", 4, 1),
    Column("short", "type", 4, 4),
    Column("qty", "qty", 5, 2, right=True),
    Column("level", "price", 8, 3, right=True),
    Column("dist", "dist", 5, 6, right=True),
    Column("age", "age", 3, 8, right=True),
    Column("word", "state", 5, 5),
    Column("fl", "fl", 2, 7),
)

_STATES: dict[OrderStatus, tuple[str, str]] = {
    OrderStatus.INTENT: ("sending", "send"),
    OrderStatus.SENT: ("sending", "send"),
    OrderStatus.UNKNOWN: ("UNKNOWN ?", "UNKN?"),
    OrderStatus.ACKED: ("pending", "pend"),
    OrderStatus.ARMED: ("armed", "armed"),
    OrderStatus.LIVE: ("working", "work"),
    OrderStatus.PARTIAL: ("partial", "part"),
    OrderStatus.FILLED: ("filled", "filled"),
    OrderStatus.CANCELED: ("canceled", "cxl"),
    OrderStatus.REJECTED: ("REJECTED", "REJ"),
    OrderStatus.EXPIRED: ("EXPIRED", "EXP"),
    OrderStatus.ABSENT: ("not at venue", "gone"),
}
_FAILED = frozenset({OrderStatus.REJECTED, OrderStatus.EXPIRED, OrderStatus.ABSENT})
_SOURCE = {TriggerSource.MARK: "m", TriggerSource.LAST: "l", TriggerSource.INDEX: "i"}


class OrderSort(StrEnum):
    """How rows are sorted while nothing is chosen."""

    LABEL = "label"
    DISTANCE = "distance"


class OrdersView(CursorView[ClientOrderId]):
    """Working orders of every venue."""

    name: ClassVar[str] = "orders"

    def __init__(
        self,
        store: Store,
        clock: Clock,
        labels: OrderLabels | None = None,
        *,
        made_by: Callable[[Order], str] = lambda order: "",
    ) -> None:
        """``made_by`` says of an exit that belongs to an entry who made it: ``native`` or ``ours``."""
        super().__init__(store, clock)
        self._made_by = made_by
        self.labels = labels or OrderLabels()
        self.filter_text = ""
        self.sort = OrderSort.LABEL
        self._marked: set[ClientOrderId] = set()
        self._frozen: list[ClientOrderId] = []
        self._of_interest: tuple[int, list[Order]] = (-1, [])
        self._wide = Table(_COLUMNS_WIDE)
        self._medium = Table(_COLUMNS_MEDIUM)
        self._narrow = Table(_COLUMNS_NARROW)
        self._hidden = 0

    # -- keys ------------------------------------------------------------------------------------------------------

    def choose(self, client_id: ClientOrderId) -> None:
        """Put the cursor on an order."""
        self._keys()
        self._cursor.key = client_id
        self.moved()

    def selected(self) -> Order | None:
        """Return the chosen order as it is now, finished or not; None when nothing is chosen."""
        key = self._cursor.key
        return None if key is None else self.store.blotter.get(key)

    def toggle_mark(self) -> None:
        """Mark the chosen order for a command on several, or unmark it."""
        if self._cursor.key is not None:
            self._marked ^= {self._cursor.key}
            self.moved()

    def clear_marks(self) -> None:
        """Unmark every order."""
        self._marked.clear()
        self.moved()

    def marked(self) -> list[Order]:
        """Return the marked orders that are still working, as they are on the screen."""
        return [order for order in self._orders() if order.client_id in self._marked and order.status.is_working]

    def filter(self, text: str) -> None:
        """Show only orders whose symbol, side, type or label contains ``text``."""
        self.filter_text = text.strip()
        self.moved()

    def sort_by(self, sort: OrderSort) -> None:
        """Sort rows otherwise, from the next moment that nothing is chosen."""
        self.sort = sort
        self.moved()

    # -- content ---------------------------------------------------------------------------------------------------

    @property
    def topics(self) -> frozenset[t.Topic]:
        return frozenset({t.ORDERS, t.TICKERS, t.LINKS, t.CLOCK, t.INSTRUMENTS})

    def title(self) -> list[Part]:
        working = self.store.blotter.working()
        parts = [part(0, f"ORDERS {len(working)}", "title")]
        unknown = sum(order.status is OrderStatus.UNKNOWN for order in working)
        if unknown:
            parts.append(part(1, f"{unknown} UNKNOWN ?", "alarm"))
        if self._marked:
            parts.append(part(2, f"{len(self.marked())} marked", "warn"))
        if self._hidden:
            parts.append(part(1, f"+{self._hidden} more", "warn"))
        if self.filter_text:
            parts.append(part(2, f"/{self.filter_text}", "warn"))
        if any(not self.store.private_is_fresh(order.instrument.venue) for order in working):
            parts.append(part(1, "STALE ?", "alarm"))
        parts.append(part(5, "c cancel", "dim"))
        return parts

    def body(self, width: int, height: int) -> list[Row]:
        self._hidden = 0
        orders = self._orders()
        if not orders:
            return waiting(self._nothing(), width, height)
        table = self._wide if width >= _WIDE else (self._medium if width >= _MEDIUM else self._narrow)
        lead = 1 if width >= 12 else 0
        records = self._records(orders)
        table.fit(records, max(1, width - lead))
        rows: list[Row] = []
        if height >= 5 and width >= _MEDIUM:
            rows.append((Span(" " * lead, "header"), *table.header()))
        room = max(1, height - len(rows))
        first = self._cursor.first_visible([order.client_id for order in orders], room)
        self._hidden = max(0, len(orders) - room)
        for order, record in list(zip(orders, records, strict=True))[first : first + room]:
            chosen = order.client_id == self._cursor.key
            glyph = "*" if order.client_id in self._marked else ("▸" if chosen else " ")
            rows.append((*((Span(glyph, "cursor_mark"),) if lead else ()), *table.row(record, "cursor" if chosen else None)))
        return page(rows, width, height)

    def _nothing(self) -> str:
        if self.filter_text:
            return f"no order matches /{self.filter_text}"
        if not any(lane == "private" and link.is_live for (_, lane), link in self.store.links.items()):
            return "waiting for the private feed: orders are not known yet"
        return "no working order"

    # -- which rows, in which order --------------------------------------------------------------------------------

    def _orders(self) -> list[Order]:
        now = self.clock.wall_ns()
        blotter = self.store.blotter
        if self._of_interest[0] != blotter.version:
            chosen = [order for order in blotter.orders() if order.status.is_working or order.status in _FAILED]
            self._of_interest = (blotter.version, chosen)
        shown: dict[ClientOrderId, Order] = {}
        for order in self._of_interest[1]:
            failed_lately = order.status in _FAILED and 0 <= now - order.updated_ns <= LINGER_NS
            if order.status.is_working or failed_lately:
                self.labels.label(order.client_id, order.instrument)
                if self._matches(order):
                    shown[order.client_id] = order
        if self._cursor.key is not None and self._cursor.key not in shown:
            self._cursor.off()
        if self._cursor.key is None:
            self._frozen = [order.client_id for order in sorted(shown.values(), key=self._sort_key)]
        else:
            known = set(self._frozen)
            self._frozen = [key for key in self._frozen if key in shown] + [key for key in shown if key not in known]
        return [shown[key] for key in self._frozen]

    def _keys(self) -> list[ClientOrderId]:
        return [order.client_id for order in self._orders()]

    def _sort_key(self, order: Order) -> tuple[Decimal, int, str]:
        label = self.labels.label(order.client_id, order.instrument)
        count = int(label.lstrip("abcdefghijklmnopqrstuvwxyz"))
        if self.sort is OrderSort.DISTANCE:
            mark, level = self.store.ticker(order.instrument).mark, _level(order)
            away = divide(abs(level - mark), mark) if mark and level is not None else HUNDRED
            return away, count, label
        return ZERO, 0, label.rstrip("0123456789").rjust(4) + str(count).rjust(9)

    def _matches(self, order: Order) -> bool:
        wanted = self.filter_text.lower()
        if not wanted:
            return True
        label = self.labels.label(order.client_id, order.instrument)
        return any(wanted in text.lower() for text in (order.instrument.symbol, order.side.value, order.type.value, label))

    # -- rows ------------------------------------------------------------------------------------------------------

    def _records(self, orders: list[Order]) -> list[Record]:
        levels = on_point([self._price(order, _level(order)) for order in orders])
        prices = on_point([self._price(order, order.price) for order in orders])
        return [self._record(*row) for row in zip(orders, levels, prices, strict=True)]

    def _price(self, order: Order, price: Decimal | None) -> str:
        instrument = self.store.instruments.get(order.instrument)
        if price is None:
            return "market"
        return number(price, instrument.price_places) if instrument else f"{price:,f}"

    def _record(self, order: Order, level: str, price: str) -> Record:
        instrument = self.store.instruments.get(order.instrument)
        word, short, role = self._state(order)
        source = _SOURCE[order.trigger_source]
        # The letter of the trigger's source has a column of its own, or prices would not stand under each other.
        level += source if order.trigger_price is not None and _level(order) is order.trigger_price else " "
        trigger = NOTHING
        if order.trigger_price is not None:
            trigger = f"{self._price(order, order.trigger_price)} {order.trigger_source.value}"
        return {
            "id": Cell(self.labels.label(order.client_id, order.instrument), "own"),
            "venue": Cell(order.instrument.venue, "dim"),
            "symbol": Cell(order.instrument.symbol, "symbol"),
            "side": Cell("BUY" if order.side is Side.BUY else "SELL", "buy" if order.side is Side.BUY else "sell"),
            "type": Cell(type_word(order)),
            "short": Cell(type_word(order, short=True)),
            "qty": Cell(self._qty(order, instrument)),
            "fill": Cell(self._filled(order), "alarm" if order.overfilled else "text"),
            "price": Cell(price),
            "trigger": Cell(trigger, "text" if order.trigger_price is not None else "dim"),
            "level": Cell(level),
            "dist": self._distance(order, instrument),
            "flags": Cell(" ".join(word for word in (_flags(order), self._made_by(order)) if word), "dim"),
            "fl": Cell(_flags(order).replace("ext", "x").replace(" ", ""), "dim"),
            "age": Cell(age(self.clock.wall_ns() - order.created_ns) if order.created_ns else NOTHING, "dim"),
            "state": Cell(word, role),
            "word": Cell(short, role),
            "rtt": Cell(latency(order.rtt_ns) if order.rtt_ns else NOTHING, "dim"),
        }

    def _state(self, order: Order) -> tuple[str, str, str]:
        """Return the state in a long word, a short one, and its role."""
        word, short = _STATES[order.status]
        if order.status in _FAILED and order.reason:
            word = f"{word} {order.reason}"
        if order.pending is PendingAction.CANCEL and order.status.is_working:
            return "cancel…", "cxl…", "pending"
        if order.pending is PendingAction.AMEND and order.status.is_working:
            return "amend…", "amd…", "pending"
        if order.status is OrderStatus.UNKNOWN or order.status in _FAILED:
            return word, short, "alarm"
        if order.status in (OrderStatus.INTENT, OrderStatus.SENT, OrderStatus.ACKED):
            return word, short, "pending"
        if not self.store.private_is_fresh(order.instrument.venue):
            return stale(word, True), stale(short, True), "stale"
        return word, short, "text"

    def _qty(self, order: Order, instrument: Instrument | None) -> str:
        if not order.qty and order.close_on_trigger:
            return "all"
        if instrument is None:
            return f"{order.qty:,f}"
        return contracts(order.qty, instrument.qty_places, instrument.size_unit)

    def _filled(self, order: Order) -> str:
        if order.type.is_conditional and not order.filled:
            return NOTHING
        if order.overfilled:
            return "OVER"
        return f"{int(divide(order.filled * HUNDRED, order.qty))}%" if order.qty else NOTHING

    def _distance(self, order: Order, instrument: Instrument | None) -> Cell:
        ticker = self.store.ticker(order.instrument)
        mark, level = ticker.mark, _level(order)
        if not mark or level is None or instrument is None:
            return Cell(NOTHING, "dim")
        old = not self.store.mark_is_fresh(order.instrument)
        ticks = divide(level - mark, instrument.tick)
        if abs(ticks) <= _NEAR_TICKS:
            text = f"{number(ticks, 0, signed=True)}t"
        else:
            text = percent(divide((level - mark) * HUNDRED, mark), 1)
        return Cell(text + ("?" if old else ""), "stale" if old else "text")


def type_word(order: Order, *, short: bool = False) -> str:
    """Return the type in the words of the field: a conditional order that can only reduce is a stop-loss or a take-profit."""
    if order.type is OrderType.LIMIT:
        return "LMT"
    if order.type is OrderType.MARKET:
        return "MKT"
    exits = closes(order)
    if order.type is OrderType.TRAILING_STOP:
        return "TRL" if short else "TRAIL"
    if order.type.is_stop:
        stem = "SL" if exits else "ST"
    else:
        stem = "TP" if exits else "IT"
    if short:
        return f"{stem}-l" if order.type.has_limit else f"{stem}-m"
    if not exits:
        stem = "STP" if stem == "ST" else "MIT" if not order.type.has_limit else "LIT"
        if stem in ("MIT", "LIT"):
            return stem
    return f"{stem}-lmt" if order.type.has_limit else f"{stem}-mkt"


def _flags(order: Order) -> str:
    flags = []
    if order.external:
        flags.append("ext")
    if order.tif is TimeInForce.POST_ONLY:
        flags.append("po")
    elif order.tif in (TimeInForce.IOC, TimeInForce.FOK):
        flags.append(order.tif.value)
    if order.reduce_only or order.close_on_trigger:
        flags.append("ro")
    if order.position_side is not PositionSide.MERGED:
        flags.append("L" if order.position_side is PositionSide.LONG else "S")
    return " ".join(flags)


def _level(order: Order) -> Decimal | None:
    """Return the price that decides when something happens to the order: its trigger, else its limit."""
    if order.trigger_price is not None and order.status not in (OrderStatus.LIVE, OrderStatus.PARTIAL):
        return order.trigger_price
    return order.price
