"""Trades: executions of one leg from flat to flat, with what they brought and cost. Exact arithmetic over executions alone.

What a position held before the first execution that is known cannot be told from executions: such a trade is marked as not whole,
and no profit is made up for it.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import NamedTuple

from tui_trader.core.decimals import ZERO, divide
from tui_trader.core.event import FundingPaid
from tui_trader.core.instrument import Instrument
from tui_trader.core.order import Fill, average_price
from tui_trader.core.types import ContractKind, InstrumentId, PositionSide, Side

Leg = tuple[InstrumentId, PositionSide]

TEN_THOUSAND = Decimal(10_000)


class Terms(NamedTuple):
    """What an order was sent with, as far as it is known."""

    arrival: Decimal | None = None
    """Mid price when it was confirmed."""
    stop: Decimal | None = None
    """Where its stop was first."""


@dataclass(frozen=True, slots=True)
class RoundTrip:
    """One trade. Money in the settle currency of the instrument; costs are positive."""

    instrument: InstrumentId
    position_side: PositionSide
    side: Side
    """Of its entry."""
    opened_ns: int
    fills: tuple[Fill, ...]
    """Its executions; one that closed it and opened the next is in both, each time with its own part."""
    closed_ns: int = 0
    """0 while it is open."""
    whole: bool = True
    """False when a part of it was there before the first execution that is known."""
    qty: Decimal = ZERO
    """Size that was entered."""
    entry: Decimal | None = None
    """Average price of the entry."""
    exit: Decimal | None = None
    """Average price of what was closed; None while nothing was."""
    gross: Decimal | None = None
    """Profit of what was closed, before fees and funding; None where it cannot be told."""
    fees: Decimal | None = ZERO
    """Fees, where all were paid in the settle currency; else None."""
    funding: Decimal | None = ZERO
    """Funding while it was open; None where another leg of the instrument was open at the same time."""
    slippage: Decimal | None = None
    """What was lost against the arrival prices of its orders; None where no order has one."""
    risk: Decimal | None = None
    """What the stops that its entries left with would have lost; None where one left without, or that is not known."""

    @property
    def key(self) -> str:
        """What identifies it: its first execution."""
        return f"{self.instrument.symbol}:{self.fills[0].exec_id}"

    @property
    def is_open(self) -> bool:
        """Whether something of it is still held."""
        return not self.closed_ns

    @property
    def net(self) -> Decimal | None:
        """Profit of what was closed, after fees and funding; None where a part of it cannot be told."""
        if self.gross is None or self.fees is None or self.funding is None:
            return None
        return self.gross - self.fees - self.funding

    @property
    def multiple(self) -> Decimal | None:
        """Net profit in units of what was risked; None where that is not known."""
        return None if self.net is None or not self.risk or self.risk < 0 else divide(self.net, self.risk)


@dataclass(slots=True)
class _Open:
    """A trade that is being put together."""

    whole: bool
    position: Decimal
    """Signed size now."""
    fills: list[Fill] = field(default_factory=list)


def round_trips(
    fills: Iterable[Fill],
    instruments: Mapping[InstrumentId, Instrument],
    *,
    held: Mapping[Leg, Decimal] | None = None,
    funding: Iterable[FundingPaid] = (),
    terms: Mapping[str, Terms] | None = None,
) -> list[RoundTrip]:
    """Return the trades that executions make, in the order they were opened.

    ``fills`` are in order of time. ``held`` are the signed sizes of the legs now: what the executions do not explain was there
    before them; without it every leg is taken to have begun flat. ``terms`` are those of orders, by their client or venue ids.
    """
    by_leg: dict[Leg, list[Fill]] = {}
    for fill in fills:
        by_leg.setdefault((fill.instrument, fill.position_side), []).append(fill)
    found: list[RoundTrip] = []
    for leg, own in by_leg.items():
        instrument = instruments.get(leg[0])
        if instrument is None:
            continue
        executed = sum((fill.qty * fill.side.sign for fill in own), ZERO)
        before = ZERO if held is None else held.get(leg, ZERO) - executed
        found += [_summed(trip, instrument, terms or {}) for trip in _cut(leg, own, before)]
    found.sort(key=lambda trip: (trip.opened_ns, trip.instrument, trip.position_side))
    return _funded(found, funding)


def _cut(leg: Leg, fills: Sequence[Fill], before: Decimal) -> list[RoundTrip]:
    """Cut the executions of a leg where its position passes through zero."""
    trips: list[RoundTrip] = []
    now = _Open(whole=not before, position=before)
    for fill in fills:
        signed = fill.qty * fill.side.sign
        if now.position and (now.position > 0) != (signed > 0) and abs(signed) > abs(now.position):
            closing, fill = _split(fill, abs(now.position))
            now.fills.append(closing)
            trips.append(_trip(leg, now, closing.at_ns))
            now = _Open(whole=True, position=ZERO)
            signed = fill.qty * fill.side.sign
        now.fills.append(fill)
        now.position += signed
        if not now.position:
            trips.append(_trip(leg, now, fill.at_ns))
            now = _Open(whole=True, position=ZERO)
    if now.fills:
        trips.append(_trip(leg, now, 0))
    return trips


def _trip(leg: Leg, made: _Open, closed_ns: int) -> RoundTrip:
    first, last = made.fills[0], made.fills[-1]
    if made.whole:
        side = first.side
    elif made.position:
        side = Side.BUY if made.position > 0 else Side.SELL
    else:
        side = last.side.opposite
    return RoundTrip(leg[0], leg[1], side, first.at_ns, tuple(made.fills), closed_ns, made.whole)


def _split(fill: Fill, qty: Decimal) -> tuple[Fill, Fill]:
    """Return an execution as the part of ``qty`` that closed and the rest that opened; nothing of the fee is lost."""
    fee = divide(fill.fee * qty, fill.qty)
    closing = replace(fill, qty=qty, fee=fee)
    return closing, replace(fill, qty=fill.qty - qty, fee=fill.fee - fee, realised=ZERO)


def _summed(trip: RoundTrip, instrument: Instrument, terms: Mapping[str, Terms]) -> RoundTrip:
    """Return a trade with its sums."""
    entries = [fill for fill in trip.fills if fill.side is trip.side]
    exits = [fill for fill in trip.fills if fill.side is not trip.side]
    entry, out = _average(entries, instrument), _average(exits, instrument)
    entered = sum((fill.qty for fill in entries), ZERO)
    closed = sum((fill.qty for fill in exits), ZERO)
    gross: Decimal | None = None
    if trip.whole:
        gross = _cash(trip.fills, instrument) if trip.closed_ns else sum((one for _, one in closings(trip, instrument)), ZERO)
    fees = (
        None if any(f.fee and f.fee_currency != instrument.settle for f in trip.fills) else sum((f.fee for f in trip.fills), ZERO)
    )
    return replace(
        trip,
        qty=entered if trip.whole else max(entered, closed),
        entry=entry if trip.whole else None,
        exit=out,
        gross=gross,
        fees=fees,
        slippage=slippage(trip.fills, instrument, terms)[0],
        risk=_risk(trip, entries, instrument, terms) if trip.whole else None,
    )


def _cash(fills: Iterable[Fill], instrument: Instrument) -> Decimal:
    """Return the profit of executions that begin and end flat: what was got less what was given."""
    total = ZERO
    for fill in fills:
        if instrument.kind is ContractKind.INVERSE:
            total += divide(fill.side.sign * fill.qty * instrument.contract_size, fill.price)
        else:
            total -= fill.side.sign * fill.qty * instrument.contract_size * fill.price
    return total


def closings(trip: RoundTrip, instrument: Instrument) -> list[tuple[Fill, Decimal]]:
    """Return the executions that closed a part of a trade, and the profit of each against the average entry at that moment.

    Of a trade that is not whole it is the profit that the venue told.
    """
    qty, value = ZERO, ZERO
    inverse = instrument.kind is ContractKind.INVERSE
    found = []
    for fill in trip.fills:
        if fill.side is trip.side:
            qty += fill.qty
            value += instrument.value(fill.qty, fill.price)
            continue
        if not trip.whole:
            found.append((fill, fill.realised))
            continue
        entry = average_price(inverse, instrument.contract_size, qty, value)
        if entry is not None:
            found.append((fill, instrument.pnl(trip.side, fill.qty, entry, fill.price)))
            value -= divide(value * fill.qty, qty)
            qty -= fill.qty
    return found


def _average(fills: Sequence[Fill], instrument: Instrument) -> Decimal | None:
    qty = sum((fill.qty for fill in fills), ZERO)
    value = sum((instrument.value(fill.qty, fill.price) for fill in fills), ZERO)
    return average_price(instrument.kind is ContractKind.INVERSE, instrument.contract_size, qty, value)


def _risk(trip: RoundTrip, entries: Sequence[Fill], instrument: Instrument, terms: Mapping[str, Terms]) -> Decimal | None:
    """Return what the stops that the entries left with would have lost; None where one left without."""
    total = ZERO
    for fill in entries:
        stop = terms_of(fill, terms).stop
        if stop is None:
            return None
        total -= instrument.pnl(trip.side, fill.qty, fill.price, stop)
    return total


def terms_of(fill: Fill, terms: Mapping[str, Terms]) -> Terms:
    """Return the terms of the order that an execution belongs to; empty ones when they are not known."""
    return terms.get(fill.client_id) or terms.get(fill.venue_id) or Terms()


def slippage(fills: Iterable[Fill], instrument: Instrument, terms: Mapping[str, Terms]) -> tuple[Decimal | None, Decimal]:
    """Return what executions lost against the arrival prices of their orders, and the value at those prices it is measured over.

    None, and no value, where no order has an arrival price.
    """
    lost, value, any_known = ZERO, ZERO, False
    for fill in fills:
        arrival = terms_of(fill, terms).arrival
        if arrival:
            any_known = True
            lost -= instrument.pnl(fill.side, fill.qty, fill.price, arrival)
            value += instrument.value(fill.qty, arrival)
    return (lost, value) if any_known else (None, ZERO)


def _funded(trips: list[RoundTrip], funding: Iterable[FundingPaid]) -> list[RoundTrip]:
    """Give every payment to the trade that was open then; where two legs were, neither can claim it."""
    paid: dict[InstrumentId, list[FundingPaid]] = {}
    for one in sorted(funding, key=lambda one: one.at_ns):
        paid.setdefault(one.instrument, []).append(one)
    if not paid:
        return trips
    out = []
    for trip in trips:
        own = _within(paid.get(trip.instrument, []), trip)
        if own and trip.position_side is not PositionSide.MERGED:
            rivals = [t for t in trips if t.instrument == trip.instrument and t.position_side is not trip.position_side]
            shared = any(_within(own, rival) for rival in rivals)
            out.append(replace(trip, funding=None if shared else _total(own)))
        else:
            out.append(replace(trip, funding=_total(own)) if own else trip)
    return out


def _within(paid: list[FundingPaid], trip: RoundTrip) -> list[FundingPaid]:
    """Return the payments, in order of time, that fell due while a trade was open."""
    first = bisect_left(paid, trip.opened_ns, key=lambda one: one.at_ns)
    last = len(paid) if trip.is_open else bisect_right(paid, trip.closed_ns, key=lambda one: one.at_ns)
    return paid[first:last]


def _total(paid: list[FundingPaid]) -> Decimal:
    return sum((one.amount for one in paid), ZERO)
