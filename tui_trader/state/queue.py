"""How much stands before own orders in the queue of their price: an estimate from the book and the trades, with its bounds.

A venue executes what rests at a price in the order of its arrival and tells nobody who is where. What can be known:

* when our order came to rest, all else at its price was before it, and whatever comes later is behind it;
* what trades at its price was before it, until it executes itself;
* what leaves without a trade was before or behind it, and nobody says which.

So ``most`` counts only trades, and is never more than all else that stands at the price: nobody can be further back than that.
``least`` counts all that left as having stood before us. ``ahead`` lies between: what leaves is shared between those before and
those behind in proportion to their sizes. Trades and book travel in messages of their own, so a decrease is held for a moment
against trades that come after it, and a trade against a decrease that comes after it. After a doubt about the book the estimate
goes on from what stands there then, and says that it is doubtful. It must not know venues or the screen.

Venues that do not execute in order of arrival are not described by this.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from tui_trader.core.book import Book
from tui_trader.core.clock import NS
from tui_trader.core.decimals import ZERO, divide
from tui_trader.core.instrument import Instrument
from tui_trader.core.order import Order
from tui_trader.core.tape import Trade
from tui_trader.core.types import ClientOrderId, InstrumentId, OrderStatus, OrderType, PendingAction, Side

SETTLE_NS = NS
"""After this every state of the book has our order in it, whatever its stamp says."""

TRAIL_NS = 3 * NS
"""How long a trade and the decrease that it caused may come after each other."""

_RESTING = frozenset({OrderStatus.LIVE, OrderStatus.PARTIAL})
_AT_MARKET = frozenset({OrderType.MARKET, OrderType.STOP, OrderType.MARKET_IF_TOUCHED, OrderType.TRAILING_STOP})


@dataclass(frozen=True, slots=True)
class Place:
    """Where an order stands in the queue of its price. Sizes in the instrument's unit."""

    ahead: Decimal
    """What probably executes before it."""
    least: Decimal
    """What would, if all that left had stood before it."""
    most: Decimal
    """What does at most."""
    doubtful: bool
    """Whether the book was in doubt since the order came to rest."""


class _Drop:
    """A decrease that no trade explains, for as long as one may still come."""

    __slots__ = ("left", "mono_ns", "off")

    def __init__(self, mono_ns: int, size: Decimal, off: Decimal) -> None:
        self.mono_ns = mono_ns
        self.left = size
        self.off = off
        """What was taken off the estimate for what is left of it."""


class _Owed:
    """A trade whose decrease has not been seen."""

    __slots__ = ("at_ns", "mono_ns", "qty")

    def __init__(self, at_ns: int, mono_ns: int, qty: Decimal) -> None:
        self.at_ns, self.mono_ns, self.qty = at_ns, mono_ns, qty


class _Spot:
    """One order at its price."""

    __slots__ = (
        "ahead",
        "base_ns",
        "based",
        "before",
        "doubtful",
        "drops",
        "filled",
        "heard_ns",
        "least",
        "left",
        "most",
        "most_ns",
        "owed",
        "qty",
        "raw",
        "rested_ns",
        "settled",
        "side",
        "size",
        "skipped_ns",
        "tick",
    )

    def __init__(self, order: Order, tick: int, rested_ns: int, mono_ns: int) -> None:
        self.side = order.side
        self.tick = tick
        self.qty = order.qty
        self.filled = order.filled
        self.left = order.remaining
        self.rested_ns = rested_ns
        """The venue's time at which the order came to rest; 0 when it was not told."""
        self.heard_ns = mono_ns
        self.based = False
        """Whether a state of the book with this order in it was seen."""
        self.base_ns = self.most_ns = 0
        """The venue's times of the states that the estimate and its upper bound begin with."""
        self.before: Decimal | None = None
        """What stood at the price in the last state without this order."""
        self.raw: object = None
        self.size = self.ahead = self.least = self.most = ZERO
        self.doubtful = False
        self.skipped_ns = 0
        self.settled = False
        """Whether it was held against all else at the price once every state has it in it."""
        self.drops: deque[_Drop] = deque(maxlen=64)
        self.owed: deque[_Owed] = deque(maxlen=64)

    def front(self) -> None:
        """It executes, so nothing is before it."""
        self.ahead = self.least = self.most = ZERO
        self.based, self.doubtful = True, False
        self.drops.clear()
        self.owed.clear()

    def lose_sight(self, mono_ns: int) -> None:
        """The book cannot be believed, or does not reach this price: what happens there is not seen."""
        self.doubtful = self.doubtful or self.based
        self.raw = None
        self.before = None
        self.skipped_ns = self.skipped_ns or mono_ns
        self.drops.clear()
        self.owed.clear()

    def see(self, size: Decimal, at_ns: int, mono_ns: int) -> None:
        """Take the size that stands at the price now."""
        if not self.based:
            self._begin(size, at_ns, mono_ns)
            return
        if size < self.left:
            # Executed and not told yet, or past the depth that the venue keeps: nothing can be said from it.
            self.skipped_ns = self.skipped_ns or mono_ns
            return
        if self.skipped_ns:
            self.doubtful = self.doubtful or mono_ns - self.skipped_ns > TRAIL_NS
            self.skipped_ns = 0
        traded = self._settle_owed(self.size - size, at_ns, mono_ns)
        gone = self.size - size - traded
        if gone > 0:
            others = self.size - self.left - traded
            off = divide(gone * self.ahead, others) if others > 0 else ZERO
            off = min(off, gone, self.ahead)
            self.ahead -= off
            self.least = max(ZERO, self.least - gone)
            self.drops.append(_Drop(mono_ns, gone, off))
        self.size = size
        if mono_ns - self.heard_ns >= SETTLE_NS:
            self.settled = True
            if size - self.left < self.most:
                self.most, self.most_ns = size - self.left, at_ns
        self._clamp()

    def _begin(self, size: Decimal, at_ns: int, mono_ns: int) -> None:
        sure = mono_ns - self.heard_ns >= SETTLE_NS
        has_it = at_ns >= self.rested_ns if at_ns and self.rested_ns else sure
        if size < self.left or not (has_it or sure):
            self.before = size
            return
        # A stamp may be of the moment of sending: what stood there before us counts as long as it is not settled.
        ahead = size - self.left
        if self.before is not None and not sure:
            ahead = max(ahead, self.before)
        self.based = True
        self.skipped_ns = 0
        self.size = size
        self.ahead = self.least = self.most = ahead
        self.base_ns = self.most_ns = at_ns

    def _settle_owed(self, decrease: Decimal, at_ns: int, mono_ns: int) -> Decimal:
        """Return how much of a decrease earlier trades explain, and forget those that this state has in it."""
        traded = ZERO
        for _ in range(len(self.owed)):
            owed = self.owed.popleft()
            if mono_ns - owed.mono_ns > TRAIL_NS:
                continue
            if at_ns:
                if owed.at_ns > at_ns:
                    self.owed.append(owed)
                else:
                    traded += owed.qty
                continue
            used = min(owed.qty, max(ZERO, decrease - traded))
            traded += used
            owed.qty -= used
            if owed.qty:
                self.owed.append(owed)
        return traded

    def trade(self, trade: Trade, mono_ns: int) -> None:
        """Take a trade at the price against this side."""
        if not self.based or trade.at_ns <= self.base_ns:
            return  # what it took was gone when counting began
        rest = trade.qty
        for drop in self.drops:
            if rest <= 0:
                break
            if mono_ns - drop.mono_ns <= TRAIL_NS and drop.left:
                used = min(rest, drop.left)
                back = drop.off if used == drop.left else divide(drop.off * used, drop.left)
                self.ahead += back
                self.least += used
                drop.off -= back
                drop.left -= used
                rest -= used
        self.ahead = max(ZERO, self.ahead - trade.qty)
        self.least = max(ZERO, self.least - trade.qty)
        if self.most_ns and trade.at_ns > self.most_ns:
            self.most = max(ZERO, self.most - trade.qty)
        if rest:
            self.owed.append(_Owed(trade.at_ns, mono_ns, rest))
        self._clamp()

    def _clamp(self) -> None:
        self.ahead = min(self.ahead, self.most)
        self.least = min(self.least, self.ahead)


Spots = dict[ClientOrderId, _Spot]
"""The orders that rest in one book."""


class Places:
    """The places of all own resting orders. One writer: the Store."""

    def __init__(self) -> None:
        self._spots: dict[InstrumentId, Spots] = {}

    # -- reading ---------------------------------------------------------------------------------------------------

    def spots(self, instrument: InstrumentId) -> Spots:
        """Return the places of an instrument, for ``look_at`` on every message of its book; empty where no own order rests."""
        return self._spots.get(instrument) or {}

    def followed(self, instrument: InstrumentId) -> list[ClientOrderId]:
        """Return the orders of an instrument that are followed."""
        return list(self._spots.get(instrument, ()))

    def of(self, order: Order) -> Place | None:
        """Return where an order stands; None when it does not rest, or no state of the book with it was seen yet."""
        spot = self._spots.get(order.instrument, {}).get(order.client_id)
        if spot is None or not spot.based or order.status not in _RESTING:
            return None
        doubtful = spot.doubtful or bool(spot.skipped_ns) or order.pending is PendingAction.AMEND
        return Place(spot.ahead, spot.least, spot.most, doubtful)

    # -- writing ---------------------------------------------------------------------------------------------------

    def follow(self, order: Order, at_ns: int, book: Book | None, mono_ns: int) -> None:
        """Take news of an own order; ``at_ns`` is the venue's time of it, 0 when it was not told."""
        spots = self._spots.get(order.instrument)
        known = spots.get(order.client_id) if spots is not None else None
        if order.status not in _RESTING or order.price is None or order.type in _AT_MARKET or book is None:
            if known is not None and order.status.is_terminal:
                self.forget(order.instrument, order.client_id)
            return
        try:
            tick = book.instrument.to_ticks(order.price)
        except ValueError:
            return
        if known is not None and (known.tick, known.side, known.qty) == (tick, order.side, order.qty):
            known.left = order.remaining
            if order.filled > known.filled:
                known.filled = order.filled
                known.front()
            return
        # New, or changed: which changes keep a place differs by venue, so a changed order is counted as one that just came.
        spot = _Spot(order, tick, at_ns, mono_ns)
        self._spots.setdefault(order.instrument, {})[order.client_id] = spot
        _look(spot, book, mono_ns)

    def forget(self, instrument: InstrumentId, client_id: ClientOrderId) -> None:
        """Follow an order no longer."""
        self._spots.get(instrument, {}).pop(client_id, None)

    def look(self, book: Book, mono_ns: int) -> None:
        """Take the book as it is after a message."""
        look_at(self.spots(book.instrument.id), book, mono_ns)

    def traded(self, instrument: Instrument, trades: Iterable[Trade], mono_ns: int) -> None:
        """Take public trades, oldest first."""
        spots = self._spots.get(instrument.id)
        if not spots:
            return
        for trade in trades:
            for spot in spots.values():
                if trade.side is not spot.side and trade.price == instrument.from_ticks(spot.tick):
                    spot.trade(trade, mono_ns)


def look_at(spots: Spots, book: Book, mono_ns: int) -> None:
    """Take the book as it is after a message, for the orders that rest in it."""
    for spot in spots.values():
        _look(spot, book, mono_ns)


def _look(spot: _Spot, book: Book, mono_ns: int) -> None:
    if not book.is_live:
        spot.lose_sight(mono_ns)
        return
    bids, asks = book.raw_sides
    raw = (bids if spot.side is Side.BUY else asks).get(spot.tick)
    if raw is None and spot.based:
        # Nothing there, and ours is: it executed and that was not told yet, or the venue's depth ends before it.
        spot.raw = None
        spot.skipped_ns = spot.skipped_ns or mono_ns
        return
    known = raw == spot.raw and spot.based and not spot.skipped_ns
    if known and (spot.settled or mono_ns - spot.heard_ns < SETTLE_NS):
        return
    spot.raw = raw
    spot.see(ZERO if raw is None else book.size_of(raw), book.at_ns, mono_ns)
