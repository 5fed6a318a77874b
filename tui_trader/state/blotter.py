"""Orders and fills: merged by client id, deduplicated by execution id, never moved backwards.

Applying any multiset or permutation of the same venue events ends in the same blotter: what reports say and what executions
add up to are kept apart and only laid over each other to be read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from types import MappingProxyType
from typing import NamedTuple

from tui_trader.core.decimals import ZERO
from tui_trader.core.order import RANK, Fill, Order, OrderReport
from tui_trader.core.types import ClientOrderId, ExecId, InstrumentId, OrderStatus, PendingAction

MAX_CLOSED = 500
"""Finished orders kept in memory, up to twice as many between two looks; the journal and the venue hold the rest."""

MAX_FILLS = 2_000

MADE_UP = "ext-"
"""Begins the key of an order that carries no client id of anybody's."""

_FillKey = tuple[InstrumentId, ExecId]


class Ledger(NamedTuple):
    """A blotter as a value."""

    orders: list[Order]
    """As reports and this side tell them, oldest first."""
    concluded: list[str]
    """Those whose end this side put."""
    fills: list[Fill]
    """In the order they became known."""


def is_made_up(client_id: str) -> bool:
    """Whether a client id is only our own key for somebody else's order: the venue does not know it."""
    return client_id.startswith(MADE_UP)


class Blotter:
    """All orders this terminal knows, working and finished, and all own fills."""

    def __init__(self) -> None:
        self._orders: dict[ClientOrderId, Order] = {}
        """As they are shown: told, with the executions laid over."""
        self._told: dict[ClientOrderId, Order] = {}
        """As reports and this side tell them."""
        self._by_venue_id: dict[str, ClientOrderId] = {}
        self._fills: dict[_FillKey, Fill] = {}
        self._filled_qty: dict[ClientOrderId, Decimal] = {}
        self._early: dict[str, list[Fill]] = {}
        """Executions of orders not heard of yet, by the venue's id."""
        self._concluded: set[ClientOrderId] = set()
        """Orders whose end this side put, not the venue."""
        self._own: frozenset[str] = frozenset()
        self.sent_before: Callable[[str], bool] = lambda client_id: False
        """Whether an order that nobody claimed was sent from here long ago; asked once for each order not heard of before."""
        self.on_put: Callable[[Order], None] | None = None
        """Called with every order that this side moved: nothing of the wire tells of it."""
        self._resurrected: list[Order] = []
        self.fees: dict[str, Decimal] = {}
        """Fees of all fills since start, by the currency they were paid in."""
        self.version = 0
        """Counts changes of orders: a cheap key for caches."""
        self.fills_version = 0
        """Counts executions that were added."""
        self._alive: tuple[int, list[Order]] = (-1, [])
        self._by_time: list[Fill] | None = None

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
        # Every pane asks at every frame, and finished orders are many: what is alive is looked for once per change.
        if self._alive[0] != self.version:
            self._alive = (self.version, [order for order in self._orders.values() if order.status.is_working])
        return [order for order in self._alive[1] if instrument is None or order.instrument == instrument]

    def closed(self) -> list[Order]:
        """Return finished orders, oldest first."""
        return [order for order in self._orders.values() if order.status.is_terminal]

    def orders(self) -> list[Order]:
        """Return every order, oldest first."""
        return list(self._orders.values())

    def fills(self, instrument: InstrumentId | None = None) -> list[Fill]:
        """Return own fills, oldest first by the venue's time."""
        if self._by_time is None:
            self._by_time = sorted(self._fills.values(), key=lambda fill: (fill.at_ns, fill.exec_id))
        return [fill for fill in self._by_time if instrument is None or fill.instrument == instrument]

    # -- writing ---------------------------------------------------------------------------------------------------

    def executed(self, client_id: str) -> Decimal:
        """Return how much of an order the executions add up to; reports may say more."""
        return self._filled_qty.get(ClientOrderId(client_id), ZERO)

    def claim(self, client_ids: Iterable[str], named: Mapping[str, str] = MappingProxyType({})) -> None:
        """Take orders with these ids for our own when the venue tells of them: an earlier run sent them.

        ``named`` are ours by the venue's ids, for orders that carry none of ours.
        """
        self._own |= frozenset(client_ids) | frozenset(named.values())
        for venue_id, client_id in named.items():
            self._by_venue_id.setdefault(venue_id, ClientOrderId(client_id))

    def put(self, order: Order) -> None:
        """Store an order that this side moved (created, sent, unknown); venue facts go through ``merge``.

        An end that this side puts here is a conclusion: the venue's word may still overturn it, which ``take_resurrected`` tells.
        """
        if self.on_put is not None:
            self.on_put(order)
        key = order.client_id
        shown, told = self._orders.get(key), self._told.get(key)
        if shown is not None and told is not None:
            # What the caller left as it was shown may come from executions: that is not to be taken for the venue's word.
            if order.status is shown.status:
                order = replace(order, status=told.status)
            if order.filled == shown.filled:
                order = replace(order, filled=told.filled, filled_value=told.filled_value)
        if order.status.is_terminal and (told is None or told.status is not order.status):
            self._concluded.add(key)
        self._tell(key, order)
        self._trim()

    def merge(self, report: OrderReport) -> Order:
        """Merge a venue report into the order it is about, creating an EXTERNAL one when it is not ours.

        A report may show that two orders are one: a receipt names the id under which the stream told of nobody's order, or a
        trigger order turns out to have become one that was told of before.
        """
        key, *others = self._keys(report)
        for other in others:
            self._unite(key, other)
        known = self._told.get(key)
        if known is None:
            own = key in self._own or self.sent_before(key)
            told = replace(Order.from_report(report), client_id=key, external=not own)
        elif key in self._concluded and not report.is_ack and report.status is not known.status:
            # A conclusion stands below everything the venue says, so the order starts again from where it was sent.
            told = replace(known, status=OrderStatus.SENT, reason="").merge(report)
            self._overturn(key, told)
        else:
            told = known.merge(report)
        self._tell(key, told)
        self._trim()
        return self._orders[key]

    def add_fill(self, fill: Fill) -> bool:
        """Add an execution; return False when it was known already."""
        fill_key = (fill.instrument, fill.exec_id)
        if fill_key in self._fills:
            return False
        self._fills[fill_key] = fill
        self._by_time = None
        self.version += 1
        self.fills_version += 1
        self.fees[fill.fee_currency] = self.fees.get(fill.fee_currency, ZERO) + fill.fee
        key = self._by_venue_id.get(fill.venue_id, fill.client_id)
        told = self._told.get(key)
        if told is not None:
            self._filled_qty[key] = self._filled_qty.get(key, ZERO) + fill.qty
            if key in self._concluded:
                told = replace(told, status=OrderStatus.SENT, reason="")
                self._overturn(key, told)
            self._tell(key, told)
        elif fill.venue_id:
            self._early.setdefault(fill.venue_id, []).append(fill)
        if len(self._fills) > MAX_FILLS:
            oldest = self._fills.pop(next(iter(self._fills)))
            self._early.pop(oldest.venue_id, None)
        return True

    def ledger(self) -> Ledger:
        """Return everything as a value."""
        return Ledger(list(self._told.values()), sorted(self._concluded), list(self._fills.values()))

    def restore(self, ledger: Ledger) -> None:
        """Take up the ledger of another run; this blotter must be empty."""
        for order in ledger.orders:
            self._tell(order.client_id, order)
        for fill in ledger.fills:
            self.add_fill(fill)
        self._concluded = {ClientOrderId(key) for key in ledger.concluded}
        self._resurrected.clear()

    def take_resurrected(self) -> list[Order]:
        """Return the orders that this side had declared over and the venue knows after all, and forget the list."""
        found = [self._orders.get(order.client_id, order) for order in self._resurrected]
        self._resurrected.clear()
        return found

    def absent_from(self, reports: set[str], instrument: InstrumentId) -> list[Order]:
        """Return working orders of an instrument that an open-orders answer (a set of venue and client ids) did not list."""
        return [order for order in self.working(instrument) if order.venue_id not in reports and order.client_id not in reports]

    # -- inside ----------------------------------------------------------------------------------------------------

    def _keys(self, report: OrderReport) -> list[ClientOrderId]:
        """Return whose order a report is about, and others that it shows to be the same one: those nobody here sent."""
        by_id = [self._by_venue_id.get(one) for one in (report.venue_id, report.becomes) if one]
        named = report.client_id if report.client_id in self._told else None
        found = list(dict.fromkeys(key for key in (*by_id, named) if key is not None))
        if not found:
            return [report.client_id or ClientOrderId(f"{MADE_UP}{report.venue_id}"[:40])]
        # Between two that were told of by the venue alone, the first: that of the id that the report goes by.
        key = next((one for one in found if not self._is_anybodys(one)), found[0])
        return [key, *(one for one in found if one != key and self._is_anybodys(one))]

    def _is_anybodys(self, key: ClientOrderId) -> bool:
        told = self._told.get(key)
        return told is not None and told.external

    def _unite(self, key: ClientOrderId, other: ClientOrderId) -> None:
        """Let what is known of one order be known of another, and forget the one."""
        theirs = self._told.pop(other)
        del self._orders[other]
        self._concluded.discard(other)
        for venue_id in (theirs.venue_id, theirs.waited_as):
            if venue_id:
                self._by_venue_id[venue_id] = key
        if executed := self._filled_qty.pop(other, None):
            self._filled_qty[key] = self._filled_qty.get(key, ZERO) + executed
        ours = self._told.get(key)
        if ours is None:
            ours = replace(theirs, client_id=key, external=not (key in self._own or self.sent_before(key)))
        elif key in self._concluded and theirs.status is not ours.status:
            ours = replace(ours, status=OrderStatus.SENT, reason="").join(theirs)
            self._overturn(key, ours)
        else:
            ours = ours.join(theirs)
        self._tell(key, ours)

    def _overturn(self, key: ClientOrderId, told: Order) -> None:
        self._concluded.discard(key)
        self._resurrected.append(told)

    def _tell(self, key: ClientOrderId, told: Order) -> None:
        """Store what is told of an order and lay its executions over it."""
        self._told[key] = told
        for venue_id in (told.venue_id, told.waited_as):
            if venue_id:
                self._by_venue_id[venue_id] = key
                for fill in self._early.pop(venue_id, ()):
                    self._filled_qty[key] = self._filled_qty.get(key, ZERO) + fill.qty
        self._orders[key] = self._with_fills(told)
        self.version += 1

    def _with_fills(self, told: Order) -> Order:
        executed = self._filled_qty.get(told.client_id, ZERO)
        # While a change is being answered nobody knows what size it has: then executions alone do not end an order.
        whole = told.qty and executed >= told.qty and told.pending is not PendingAction.AMEND
        if executed <= told.filled and not whole:
            return told
        status = OrderStatus.FILLED if whole else OrderStatus.PARTIAL
        if RANK[status] <= RANK[told.status]:
            status = told.status
        # The value that reports told is of fewer executions: an average over it would be a wrong price.
        value = ZERO if executed > told.filled else told.filled_value
        pending = None if status.is_terminal else told.pending
        return replace(told, filled=max(executed, told.filled), filled_value=value, status=status, pending=pending)

    def _trim(self) -> None:
        if len(self._orders) <= MAX_CLOSED * 2:
            return
        closed = [key for key, order in self._orders.items() if order.status.is_terminal]
        for key in closed[: len(closed) - MAX_CLOSED]:
            order = self._orders.pop(key)
            del self._told[key]
            self._concluded.discard(key)
            self._by_venue_id.pop(order.venue_id, None)
            self._by_venue_id.pop(order.waited_as, None)
            self._filled_qty.pop(key, None)
        self.version += 1
