"""The trades of an account, and what a day has brought, put together from this run's executions and those of the past.

It reads the Store and remembers what it computed until something changed; it owns nothing.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from tui_trader.core.decimals import ZERO, divide
from tui_trader.core.event import FundingPaid
from tui_trader.core.order import Fill
from tui_trader.core.position import Position
from tui_trader.core.round_trip import TEN_THOUSAND, RoundTrip, Terms, closings, round_trips, slippage, terms_of
from tui_trader.core.types import InstrumentId, PositionSide

if TYPE_CHECKING:
    from tui_trader.state.holdings import Holdings


@dataclass(frozen=True, slots=True)
class SymbolDay:
    """What one instrument brought since a moment. Money in its settle currency; costs are positive."""

    instrument: InstrumentId
    realised: Decimal = ZERO
    """Of what was closed, before fees and funding."""
    fees: Decimal = ZERO
    funding: Decimal = ZERO
    fills: int = 0
    won: int = 0
    lost: int = 0
    sure: bool = True
    """False where a position began before anything that is known, so that its profit is what the venue told, if it did."""

    @property
    def net(self) -> Decimal:
        """Realised after fees and funding."""
        return self.realised - self.fees - self.funding


@dataclass(frozen=True, slots=True)
class Day:
    """What instruments of one settle currency brought since a moment."""

    currency: str
    symbols: tuple[SymbolDay, ...] = ()
    slippage: Decimal | None = None
    """Lost against arrival prices; None where no order has one."""
    slippage_bp: Decimal | None = None
    """The same in hundredths of a percent of the value at those prices."""

    @property
    def won(self) -> int:
        """Trades that were closed with a profit after fees and funding."""
        return sum(one.won for one in self.symbols)

    @property
    def lost(self) -> int:
        """Trades that were closed with a loss."""
        return sum(one.lost for one in self.symbols)

    @property
    def fills(self) -> int:
        """Executions."""
        return sum(one.fills for one in self.symbols)

    @property
    def win_pct(self) -> Decimal | None:
        """Share of closed trades that won, in percent; None while none was closed."""
        closed = self.won + self.lost
        return divide(Decimal(self.won * 100), Decimal(closed)) if closed else None


class Trades:
    """Views of one Store's executions."""

    def __init__(self, store: Holdings) -> None:
        self._store = store
        self._fills: tuple[object, tuple[Fill, ...]] | None = None
        self._trips: tuple[object, tuple[RoundTrip, ...]] | None = None
        self._terms: tuple[object, dict[str, Terms]] | None = None
        self._days: dict[str, tuple[object, Day]] = {}

    def executions(self) -> tuple[Fill, ...]:
        """Return the executions of this run and, before them, those of the past that it does not know; oldest first."""
        store = self._store
        key = (store.blotter.fills_version, id(store.past))
        if self._fills is None or self._fills[0] != key:
            fills = store.blotter.fills()
            known = {(fill.instrument, fill.exec_id) for fill in fills}
            older = [fill for fill in store.past.fills if (fill.instrument, fill.exec_id) not in known]
            if older:
                fills = sorted([*older, *fills], key=lambda fill: (fill.at_ns, fill.exec_id))
            self._fills = (key, tuple(fills))
        return self._fills[1]

    def funding(self) -> list[FundingPaid]:
        """Return funding payments of this run and of the past, each once."""
        told = {_payment(one): one for one in self._store.past.funding}
        told |= {_payment(one): one for one in self._store.funded()}
        return sorted(told.values(), key=lambda one: one.at_ns)

    def terms(self) -> dict[str, Terms]:
        """Return what orders were sent with, by client and venue id."""
        store = self._store
        key = (store.blotter.version, id(store.past), len(store.first_stops))
        if self._terms is None or self._terms[0] != key:
            found = dict(store.past.terms)
            for entry, first in store.first_stops.items():  # also of entries that an earlier run made
                found[entry] = (found.get(entry) or Terms())._replace(stop=first)
            for order in store.blotter.orders():
                stop = store.first_stops.get(order.client_id, order.stop_loss)
                if order.arrival_price is None and stop is None:
                    continue
                before = found.get(order.client_id) or Terms()
                terms = Terms(order.arrival_price or before.arrival, stop or before.stop)
                found[order.client_id] = terms
                if order.venue_id:
                    found[order.venue_id] = terms
            self._terms = (key, found)
        return self._terms[1]

    def trips(self) -> tuple[RoundTrip, ...]:
        """Return the trades that are known, in the order they were opened."""
        store = self._store
        held = {key: leg.signed_qty for key, leg in store.positions.items()}
        key = (
            store.blotter.fills_version,
            id(store.past),
            len(store.first_stops),
            store.funding_count,
            tuple(sorted(held.items())),
        )
        if self._trips is None or self._trips[0] != key:
            trips = round_trips(
                self.executions(), store.instruments, held=self._held(held), funding=self.funding(), terms=self.terms()
            )
            self._trips = (key, tuple(trips))
        return self._trips[1]

    def opened(self, leg: Position) -> RoundTrip | None:
        """Return the trade that a leg is, as executions tell it; None while none of it is known."""
        mine = [trip for trip in self.trips() if trip.is_open and (trip.instrument, trip.position_side) == leg.key]
        return mine[-1] if mine else None

    def risked(self, leg: Position) -> Decimal | None:
        """Return what the stops that a leg was entered with would lose of what is held now, in the settle currency.

        It is told of what an earlier run entered too: from the recorded executions and the first stops that were kept. None where
        a part of the leg was there before anything that is known, or was entered without a stop.
        """
        trip = self.opened(leg)
        if trip is None or not trip.whole or not trip.qty or trip.risk is None or trip.risk <= 0:
            return None
        return divide(trip.risk * leg.qty, trip.qty)

    def day(self, since_ns: int, currency: str) -> Day:
        """Return what the instruments of a settle currency have brought since a moment."""
        trips = self.trips()
        key = (id(trips), self._store.blotter.fills_version, self._store.funding_count, id(self._store.past), since_ns)
        known = self._days.get(currency)
        if known is None or known[0] != key:
            known = self._days[currency] = (key, self._day(since_ns, currency))
        return known[1]

    # -- inside ----------------------------------------------------------------------------------------------------

    def _day(self, since_ns: int, currency: str) -> Day:
        store = self._store
        rows: dict[InstrumentId, SymbolDay] = {}

        def row(iid: InstrumentId) -> SymbolDay:
            return rows.get(iid) or SymbolDay(iid)

        def wanted(iid: InstrumentId) -> bool:
            instrument = store.instruments.get(iid)
            return instrument is not None and instrument.settle == currency

        terms, lost, value, any_known = self.terms(), ZERO, ZERO, False
        fills = self.executions()
        for fill in fills[bisect_left(fills, since_ns, key=lambda fill: fill.at_ns) :]:
            if not wanted(fill.instrument):
                continue
            one = row(fill.instrument)
            fee = fill.fee if fill.fee_currency == currency else ZERO
            rows[fill.instrument] = replace(one, fees=one.fees + fee, fills=one.fills + 1)
            if terms_of(fill, terms).arrival:
                more, over = slippage([fill], store.instruments[fill.instrument], terms)
                lost, value, any_known = lost + (more or ZERO), value + over, True
        for payment in self.funding():
            if payment.at_ns >= since_ns and payment.currency == currency:
                one = row(payment.instrument)
                rows[payment.instrument] = replace(one, funding=one.funding + payment.amount)
        for trip in self.trips():
            if wanted(trip.instrument) and (trip.is_open or trip.closed_ns >= since_ns):
                rows |= self._closed(trip, since_ns, row(trip.instrument))
        bp = divide(lost * TEN_THOUSAND, value) if value else None
        found = sorted((one for one in rows.values() if one != SymbolDay(one.instrument)), key=lambda one: one.instrument)
        return Day(currency, tuple(found), lost if any_known else None, bp)

    def _closed(self, trip: RoundTrip, since_ns: int, one: SymbolDay) -> dict[InstrumentId, SymbolDay]:
        parts = [profit for fill, profit in closings(trip, self._store.instruments[trip.instrument]) if fill.at_ns >= since_ns]
        won = lost = 0
        if not trip.is_open and trip.closed_ns >= since_ns and trip.net is not None:
            won, lost = int(trip.net > 0), int(trip.net < 0)
        if not parts and not won and not lost:
            return {}
        sure = one.sure and trip.whole
        realised = one.realised + sum(parts, ZERO)
        return {trip.instrument: replace(one, realised=realised, won=one.won + won, lost=one.lost + lost, sure=sure)}

    def _held(self, told: dict[tuple[InstrumentId, PositionSide], Decimal]) -> dict[tuple[InstrumentId, PositionSide], Decimal]:
        """Return the sizes that executions are held against: where the two are being told apart, the executions count."""
        held = dict(told)
        for key in self._store.desync:
            held.pop(key, None)
        executed: dict[tuple[InstrumentId, PositionSide], Decimal] = {}
        for fill in self.executions():
            key = (fill.instrument, fill.position_side)
            executed[key] = executed.get(key, ZERO) + fill.qty * fill.side.sign
        for difference in self._store.tally.differences(self._store.positions.values()):
            # An execution that came before the row of the position it made: what it changed was not there before.
            if difference.leg in held:
                held[difference.leg] += difference.by_fills - difference.told
            elif difference.leg in executed:
                held[difference.leg] = difference.by_fills
        return held


def _payment(one: FundingPaid) -> tuple[object, ...]:
    return (one.instrument, one.exec_id) if one.exec_id else (one.instrument, one.at_ns, one.amount)
