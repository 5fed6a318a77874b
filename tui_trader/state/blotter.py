"""Orders and fills: merged by client id, deduplicated by execution id, never moved backwards.

Applying any multiset or permutation of the same venue events ends in the same blotter.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from tui_trader.core.decimals import ZERO
from tui_trader.core.order import Fill, Order, OrderReport
from tui_trader.core.types import ClientOrderId, ExecId, InstrumentId, OrderStatus

MAX_CLOSED = 2_000
"""Finished orders kept in memory; the journal and the venue hold the rest."""

MAX_FILLS = 5_000

_FillKey = tuple[InstrumentId, ExecId]


class Blotter:
    """All orders this terminal knows, working and finished, and all own fills."""

    def __init__(self) -> None:
        self._orders: dict[ClientOrderId, Order] = {}
        self._by_venue_id: dict[str, ClientOrderId] = {}
        self._fills: dict[_FillKey, Fill] = {}
        self._filled_qty: dict[ClientOrderId, Decimal] = {}
        self._early: dict[str, list[Fill]] = {}
        self.fees: Decimal = ZERO
        """Fees of all fills since start, in the settle currency of the venue's linear contracts."""

    # -- reading ---------------------------------------------------------------------------------------------------

    def get(self, client_id: str) -> Order | None:
        """Return the order with a client id, or None."""
        return self._orders.get(ClientOrderId(client_id))

    def find(self, text: str) -> Order | None:
        """Return the order whose client or venue id is ``text``, or None."""
        order = self._orders.get(ClientOrderId(text))
        if order is None:
            key = self._by_venue_id.get(text)
            order = self._orders.get(key) if key else None
        return order

    def working(self, instrument: InstrumentId | None = None) -> list[Order]:
        """Return orders that are or may be alive, oldest first."""
        return [
            order
            for order in self._orders.values()
            if order.status.is_working and (instrument is None or order.instrument == instrument)
        ]

    def closed(self) -> list[Order]:
        """Return finished orders, oldest first."""
        return [order for order in self._orders.values() if order.status.is_terminal]

    def orders(self) -> list[Order]:
        """Return every order, oldest first."""
        return list(self._orders.values())

    def fills(self, instrument: InstrumentId | None = None) -> list[Fill]:
        """Return own fills, oldest first by the venue's time."""
        chosen = [f for f in self._fills.values() if instrument is None or f.instrument == instrument]
        chosen.sort(key=lambda fill: (fill.at_ns, fill.exec_id))
        return chosen

    # -- writing ---------------------------------------------------------------------------------------------------

    def put(self, order: Order) -> None:
        """Store an order that this side moved (created, sent, unknown); venue facts go through ``merge``."""
        self._orders[order.client_id] = order
        if order.venue_id:
            self._by_venue_id[order.venue_id] = order.client_id
        self._trim()

    def merge(self, report: OrderReport) -> Order:
        """Merge a venue report into the order it is about, creating an EXTERNAL one when it is not ours."""
        key = self._key(report)
        known = self._orders.get(key)
        order = known.merge(report) if known else replace(Order.from_report(report), client_id=key)
        order = self._with_fills(order)
        self._orders[key] = order
        if order.venue_id:
            self._by_venue_id[order.venue_id] = key
            for fill in self._early.pop(order.venue_id, ()):
                self._count(key, fill)
                order = self._orders[key]
        self._trim()
        return order

    def add_fill(self, fill: Fill) -> bool:
        """Add an execution; return False when it was known already."""
        fill_key = (fill.instrument, fill.exec_id)
        if fill_key in self._fills:
            return False
        self._fills[fill_key] = fill
        self.fees += fill.fee
        key = self._by_venue_id.get(fill.venue_id, fill.client_id)
        if key in self._orders:
            self._count(key, fill)
        elif fill.venue_id:
            self._early.setdefault(fill.venue_id, []).append(fill)
        if len(self._fills) > MAX_FILLS:
            del self._fills[next(iter(self._fills))]
        return True

    def absent_from(self, reports: set[str], instrument: InstrumentId) -> list[Order]:
        """Return working orders of an instrument that an open-orders answer (a set of venue and client ids) did not list."""
        return [order for order in self.working(instrument) if order.venue_id not in reports and order.client_id not in reports]

    # -- inside ----------------------------------------------------------------------------------------------------

    def _key(self, report: OrderReport) -> ClientOrderId:
        by_venue = self._by_venue_id.get(report.venue_id) if report.venue_id else None
        if by_venue is not None:
            return by_venue
        return report.client_id or ClientOrderId(f"ext-{report.venue_id}"[:40])

    def _count(self, key: ClientOrderId, fill: Fill) -> None:
        self._filled_qty[key] = self._filled_qty.get(key, ZERO) + fill.qty
        self._orders[key] = self._with_fills(self._orders[key])

    def _with_fills(self, order: Order) -> Order:
        executed = self._filled_qty.get(order.client_id, ZERO)
        if executed <= order.filled:
            return order
        status = order.status
        if not status.is_terminal:
            status = OrderStatus.FILLED if order.qty and executed >= order.qty else OrderStatus.PARTIAL
        return replace(order, filled=executed, status=status)

    def _trim(self) -> None:
        if len(self._orders) <= MAX_CLOSED * 2:
            return
        closed = [key for key, order in self._orders.items() if order.status.is_terminal]
        for key in closed[: len(closed) - MAX_CLOSED]:
            order = self._orders.pop(key)
            self._by_venue_id.pop(order.venue_id, None)
            self._filled_qty.pop(key, None)
