"""One order as a row: its terms, how far it stands from the mark, its place in the queue, and its state in a word.

It must not know which orders are shown, or where.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from tui_trader.core.clock import Clock
from tui_trader.core.decimals import HUNDRED, divide
from tui_trader.core.instrument import Instrument
from tui_trader.core.order import Order
from tui_trader.core.types import OrderStatus, OrderType, PendingAction, PositionSide, Side, TimeInForce, TriggerSource
from tui_trader.core.venue_rules import closes
from tui_trader.state.store import Store
from tui_trader.ui.format import NOTHING, age, contracts, latency, number, on_one_point, percent, stale
from tui_trader.ui.panes.labels import OrderLabels
from tui_trader.ui.panes.ladder_own import queue_text
from tui_trader.ui.panes.table import Cell, Column, Record

_NEAR_TICKS = 20
"""Distances up to this are told in ticks, longer ones in percent, where that is not zero."""


WIDE = (
    Column("id", "id", 3, 0),
    Column("venue", "venue", 7, 13),
    Column("symbol", "symbol", 10, 5),
    Column("side", "side", 4, 1),
    Column("type", "type", 7, 4),
    Column("qty", "qty", 7, 2, right=True),
    Column("fill", "fill", 4, 9, right=True),
    Column("price", "price", 9, 3, right=True),
    Column("trigger", "trigger", 11, 6, right=True),
    Column("dist", "dist", 6, 8, right=True, doubtful=True),
    Column("flags", "flags", 6, 10),
    Column("age", "age", 3, 11, right=True),
    Column("state", "state", 9, 7),
    Column("rtt", "rtt", 5, 12, right=True),
)
MEDIUM = (
    Column("id", "id", 2, 0),
    Column("venue", "venue", 6, 11),
    Column("symbol", "symbol", 8, 6),
    Column("side", "side", 4, 1),
    Column("type", "type", 7, 4),
    Column("qty", "qty", 5, 2, right=True),
    Column("fill", "fill", 4, 9, right=True),
    Column("level", "price/trig", 10, 3, right=True),
    Column("dist", "dist", 6, 7, right=True, doubtful=True),
    Column("flags", "flags", 5, 8),
    Column("age", "age", 3, 10, right=True),
    Column("state", "state", 9, 5),
)
NARROW = (
    Column("id", "id", 2, 0),
    Column("side", "side", 4, 1),
    Column("short", "type", 4, 4),
    Column("qty", "qty", 5, 2, right=True),
    Column("bare", "price", 8, 3, right=True),
    Column("dist", "dist", 5, 6, right=True, doubtful=True),
    Column("age", "age", 3, 7, right=True),
    Column("word", "state", 8, 5),
)

STATES: dict[OrderStatus, tuple[str, str]] = {
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
FAILED = frozenset({OrderStatus.REJECTED, OrderStatus.EXPIRED, OrderStatus.ABSENT})
_SOURCE = {TriggerSource.MARK: "m", TriggerSource.LAST: "l", TriggerSource.INDEX: "i"}


class OrderRows:
    """Writes orders."""

    def __init__(self, store: Store, clock: Clock, labels: OrderLabels, made_by: Callable[[Order], str]) -> None:
        self._store = store
        self._clock = clock
        self._labels = labels
        self._made_by = made_by

    def records(self, orders: list[Order]) -> list[Record]:
        """Return the cells of orders, prices on one decimal point."""
        levels = on_one_point([self._price(order, level_of(order)) for order in orders])
        prices = on_one_point([self._price(order, order.price) for order in orders])
        return [self._record(*row) for row in zip(orders, levels, prices, strict=True)]

    def _price(self, order: Order, price: Decimal | None) -> str:
        instrument = self._store.instruments.get(order.instrument)
        if price is None:
            return "market"
        return number(price, instrument.price_places) if instrument else f"{price:,f}"

    def _record(self, order: Order, level: str, price: str) -> Record:
        instrument = self._store.instruments.get(order.instrument)
        word, short, role = self.state(order)
        source = _SOURCE[order.trigger_source]
        bare = level
        # The letter of the trigger's source has a column of its own, or prices would not stand under each other.
        level += source if order.trigger_price is not None and level_of(order) is order.trigger_price else " "
        trigger = NOTHING
        if order.trigger_price is not None:
            trigger = f"{self._price(order, order.trigger_price)} {order.trigger_source.value}"
        return {
            "id": Cell(self._labels.label(order.client_id, order.instrument), "own"),
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
            "flags": Cell(self._flags(order), "dim"),
            "bare": Cell(bare),
            "age": Cell(age(self._clock.wall_ns() - order.created_ns) if order.created_ns else NOTHING, "dim"),
            "state": Cell(f"{word} {self._queue(order, instrument, 7)}".rstrip(), role),
            "word": Cell(f"{short} {self._remark(order, instrument)}".rstrip(), role),
            "rtt": Cell(latency(order.rtt_ns) if order.rtt_ns else NOTHING, "dim"),
        }

    def state(self, order: Order) -> tuple[str, str, str]:
        """Return the state in a long word, a short one, and its role."""
        word, short = STATES[order.status]
        if order.pending is PendingAction.CANCEL and order.status.is_working:
            return "cancel…", "cxl…", "pending"
        if order.pending is PendingAction.AMEND and order.status.is_working:
            return "amend…", "amd…", "pending"
        if order.status is OrderStatus.UNKNOWN or order.status in FAILED:
            return word, short, "alarm"
        if order.status in (OrderStatus.INTENT, OrderStatus.SENT, OrderStatus.ACKED):
            return word, short, "pending"
        if not self._store.private_is_fresh(order.instrument.venue):
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
        ticker = self._store.ticker(order.instrument)
        mark, level = ticker.mark, level_of(order)
        if not mark or level is None or instrument is None:
            return Cell(NOTHING, "dim")
        old = not self._store.mark_is_fresh(order.instrument)
        ticks = divide(level - mark, instrument.tick)
        text = percent(divide((level - mark) * HUNDRED, mark), 1)
        if abs(ticks) <= _NEAR_TICKS or not any(digit in text for digit in "123456789"):
            text = f"{number(ticks, 0, signed=True)}t"
        return Cell(text, "stale" if old else "text", old)

    def _queue(self, order: Order, instrument: Instrument | None, width: int) -> str:
        """Return how much stands before a resting order; nothing while it is being changed or is not known."""
        place = self._store.place(order) if order.pending is None else None
        return "" if place is None or instrument is None else queue_text(place, instrument.qty_places, width)

    def _flags(self, order: Order) -> str:
        """Return the flags, and of an exit that belongs to an entry who made it: then it is nobody else's."""
        made_by = self._made_by(order)
        words = [word for word in _flags(order).split(" ") if word and not (made_by and word == "ext")]
        return " ".join([*words, made_by] if made_by else words)

    def _remark(self, order: Order, instrument: Instrument | None) -> str:
        """Return the one thing that a narrow row says besides the state: place in the queue, what it watches, or a flag."""
        if queue := self._queue(order, instrument, 4):
            return queue
        if order.status is OrderStatus.ARMED:
            return _SOURCE[order.trigger_source]
        flags = _flags(order).split(" ")
        return flags[0].replace("ext", "x") if order.status.is_working else ""


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
    if order.tif.only_rests:
        flags.append("po" if order.tif is TimeInForce.POST_ONLY else "rpi")
    elif order.tif in (TimeInForce.IOC, TimeInForce.FOK) and order.type.has_limit:
        flags.append(order.tif.value)
    if order.reduce_only or order.close_on_trigger:
        flags.append("ro")
    if order.position_side is not PositionSide.MERGED:
        flags.append("L" if order.position_side is PositionSide.LONG else "S")
    return " ".join(flags)


def level_of(order: Order) -> Decimal | None:
    """Return the price that decides when something happens to the order: its trigger, else its limit."""
    if order.trigger_price is not None and order.status not in (OrderStatus.LIVE, OrderStatus.PARTIAL):
        return order.trigger_price
    return order.price
