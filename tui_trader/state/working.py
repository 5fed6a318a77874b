"""Own orders and executions as far as they are known, and what must be said about them aloud.

It must not know positions or money.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from tui_trader.core.book import Book
from tui_trader.core.clock import Clock
from tui_trader.core.decimals import plain
from tui_trader.core.event import Notice, OrderChanged, OrderFilled, OrdersSnapshot
from tui_trader.core.instrument import Instrument
from tui_trader.core.order import Order, OrderReport
from tui_trader.core.types import OrderStatus, PositionSide, Severity
from tui_trader.state import topic as t
from tui_trader.state.blotter import Blotter
from tui_trader.state.covers import Covers
from tui_trader.state.initial_risk import InitialRisk
from tui_trader.state.latency import Histogram
from tui_trader.state.market import Market, StaleLimits
from tui_trader.state.queue import Place
from tui_trader.state.tally import Tally


class Working(Market):
    """The orders of the account, and the market that they work in."""

    def __init__(self, clock: Clock, limits: StaleLimits | None = None) -> None:
        super().__init__(clock, limits)
        self.blotter = Blotter()
        self.covers = Covers(self.blotter)
        self.first_stops: dict[str, Decimal] = {}
        """Where the stops of entries were first, by the client id of the entry."""
        self.tally = Tally()
        """Positions as the executions add up."""
        self.initial_risk = InitialRisk()
        """What was put at risk when positions were entered; whoever sends an entry tells its stop."""
        self.order_rtt = Histogram()
        self._overfilled: set[str] = set()
        self._unbound: set[str] = set()
        """Orders that were to reduce only and stand without that."""

    def place(self, order: Order) -> Place | None:
        """Return where a resting order stands in the queue of its price, None while that is not known."""
        place = self._places.of(order)
        if place is not None and not place.doubtful and not self.book_is_fresh(order.instrument):
            place = replace(place, doubtful=True)
        return place

    def private_is_fresh(self, venue: str) -> bool:
        """Whether own orders and positions are being told: the private lane is live and was heard of lately."""
        link = self.links.get((venue, "private"))
        return link is not None and link.is_live and self._clock.mono_ns() - link.heard_ns <= self.limits.private_ns

    # -- events -------------------------------------------------------------------------------------------------------

    def _order(self, event: OrderChanged) -> None:
        self._merge(event.report)

    def _orders(self, event: OrdersSnapshot) -> None:
        for report in event.reports:
            self._merge(report)
        self._dirty.add(t.ORDERS)

    def _merge(self, report: OrderReport) -> None:
        asked = self.blotter.get(report.client_id)
        order = self.blotter.merge(report)
        self._follow(order, 0 if report.is_ack else report.at_ns)
        self._dirty.update((t.ORDERS, ("book", report.instrument)))
        self._alarm(order)
        if asked is not None and _stands_unbound(asked, report) and order.client_id not in self._unbound:
            self._unbound.add(order.client_id)
            text = (
                f"order {order.client_id[-6:]} {order.instrument.symbol} was sent to reduce only and stands at the venue "
                "without that: it can open a position"
            )
            self._notice(Notice(text, Severity.ALARM, self._clock.wall_ns(), order.client_id))

    def _fill(self, event: OrderFilled) -> None:
        fill = event.fill
        if self.blotter.add_fill(fill):
            self.tally.add(fill)
            self._dirty.update((t.FILLS, t.ORDERS, t.PNL, ("book", fill.instrument)))
            order = self.blotter.find(fill.venue_id) or self.blotter.get(fill.client_id)
            if (instrument := self.instruments.get(fill.instrument)) is not None:
                self.initial_risk.fill(fill, order, instrument)
            if order is not None:
                self._follow(order, fill.at_ns)
                self._alarm(order)
            if not event.replayed:
                terms = f"{fill.side} {plain(fill.qty)} {fill.instrument.symbol} @ {plain(fill.price)}"
                if fill.kind == "trade":
                    self._notice(Notice(f"filled {terms} {fill.liquidity}", Severity.NOTE, self._clock.wall_ns(), fill.client_id))
                else:
                    self._notice(Notice(f"{fill.kind.upper()} by the venue: {terms}", Severity.ALARM, self._clock.wall_ns()))

    def _open_book(self, instrument: Instrument) -> Book:
        book = super()._open_book(instrument)
        for order in self.blotter.working(instrument.id):
            self._follow(order, 0)
        return book

    def _follow(self, order: Order, at_ns: int) -> None:
        """Keep count of what stands before an order at its price."""
        lane = self._book_lanes.get(order.instrument)
        self._places.follow(order, at_ns, None if lane is None else lane.book, self.mono_ns)
        if lane is not None:
            lane.queued = self._places.spots(order.instrument)

    def _alarm(self, order: Order) -> None:
        """Say what must not happen and did: an order that was thought over lives, or more was executed than was asked for."""
        for risen in self.blotter.take_resurrected():
            if risen.status is not OrderStatus.REJECTED:
                text = f"order {risen.client_id[-6:]} {risen.instrument.symbol} was thought over and is {risen.status}"
                self._notice(Notice(text, Severity.ALARM, self._clock.wall_ns(), risen.client_id))
        if order.overfilled and order.client_id not in self._overfilled:
            self._overfilled.add(order.client_id)
            text = f"order {order.client_id[-6:]} {order.instrument.symbol}: {order.filled} executed of {order.qty} asked for"
            self._notice(Notice(text, Severity.ALARM, self._clock.wall_ns(), order.client_id))


def _stands_unbound(asked: Order, report: OrderReport) -> bool:
    """Whether a report says of an order of ours that it is alive and may open a position, against what was asked.

    A hedged leg needs no flag: an order against it cannot turn it over.
    """
    if asked.external or asked.position_side is not PositionSide.MERGED or not report.status.is_working:
        return False
    if not asked.reduce_only and not asked.close_on_trigger:
        return False
    closes = asked.close_on_trigger if report.close_on_trigger is None else report.close_on_trigger
    return report.reduce_only is False and not closes
