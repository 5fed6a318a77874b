"""The client, watched: every change of an order and every book is held against the exchange while it happens."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tests.dst.grounds import Ground
from tests.dst.venue import Venue
from tui_trader.core.event import BookDelta, BookRun, BookSnapshot, Event, PositionChanged
from tui_trader.core.order import Order
from tui_trader.core.position import Position
from tui_trader.core.types import ClientOrderId, InstrumentId, OrderStatus
from tui_trader.desk.desk import Desk
from tui_trader.sim.types import Refusal, SimOrder, SimStatus
from tui_trader.state.blotter import Blotter

if TYPE_CHECKING:
    from tests.dst.wire import Line

_MEANING: dict[OrderStatus, frozenset[SimStatus | None]] = {
    OrderStatus.FILLED: frozenset({SimStatus.FILLED}),
    OrderStatus.CANCELED: frozenset({SimStatus.CANCELED}),
    OrderStatus.EXPIRED: frozenset({SimStatus.CANCELED}),
    OrderStatus.REJECTED: frozenset({SimStatus.REJECTED, None}),
    OrderStatus.ABSENT: frozenset({None}),
    OrderStatus.ARMED: frozenset({SimStatus.UNTRIGGERED}),
    OrderStatus.LIVE: frozenset({SimStatus.NEW}),
    OrderStatus.PARTIAL: frozenset({SimStatus.PARTIAL}),
}
"""What the exchange must hold of an order that is shown so; None is an order it never had."""


BY_THE_ENGINE = frozenset({Refusal.WOULD_CROSS, Refusal.NO_LIQUIDITY})
"""What the matching engine turns away: post-only that would take, fill-or-kill that cannot be filled."""


def agrees(status: OrderStatus, theirs: SimOrder | None, ground: Ground | type[Ground]) -> bool:
    """Whether a status is true of what the exchange holds; a status of doubt never is."""
    ended = theirs is not None and theirs.status is SimStatus.CANCELED and theirs.refusal is not Refusal.NONE
    if ground.closes_alike and ended and not theirs.filled and status is OrderStatus.REJECTED:
        return True  # one word for both, and a reason that sounds like a refusal
    if theirs is not None and theirs.refusal in ground.at_the_gate and status is OrderStatus.ABSENT:
        return True  # what the gate turned away is told by its answer alone, and that may be lost
    if theirs is not None and theirs.refusal in BY_THE_ENGINE and status is OrderStatus.CANCELED:
        return True  # some venues take such an order and cancel it at once
    return (theirs.status if theirs else None) in _MEANING.get(status, frozenset())


class WatchedBlotter(Blotter):
    """Tells ``complain`` of every false or moving end and of every execution that there was not."""

    def __init__(
        self, venue: Venue, terms: Ground | type[Ground], complain: Callable[[str], None], say: Callable[[str], None]
    ) -> None:
        super().__init__()
        self._venue = venue
        self._terms = terms
        self._complain = complain
        self._say = say

    def _tell(self, key: ClientOrderId, told: Order) -> None:
        before = self._orders.get(key)
        super()._tell(key, told)
        after = self._orders[key]
        if before is None or (before.status, before.filled, before.pending) != (after.status, after.filled, after.pending):
            self._say(f"    {key} {after.status} {after.filled}/{after.qty} {after.pending or ''} {after.reason}")
        theirs = self._venue.told_as(after.venue_id) if after.venue_id else self._venue.order(key)
        if before is not None and before.status.is_terminal and after.status is not before.status:
            if not (
                agrees(before.status, theirs, self._terms) and agrees(after.status, theirs, self._terms)
            ):  # found absent, later heard of as refused
                self._complain(f"end moved: {key} was {before.status} and is {after.status}")
        elif after.status.is_terminal and not agrees(after.status, theirs, self._terms):
            self._complain(f"false end: {key} is shown {after.status}, the exchange has {theirs.status if theirs else 'nothing'}")
        if theirs is not None and after.filled > theirs.filled:
            self._complain(f"executions that were not: {key} shows {after.filled} of {theirs.filled}")
        if after.overfilled and not (theirs is not None and theirs.filled > after.qty):
            self._complain(f"more than all: {key} shows {after.filled} of {after.qty}")
        if before is not None and after.filled < before.filled:
            self._complain(f"executions taken back: {key} from {before.filled} to {after.filled}")


class WatchedDesk(Desk):
    """A desk whose books are compared with what the venue told, message by message."""

    _line: Line
    _complain: Callable[[str], None]

    def watch(self, line: Line, complain: Callable[[str], None]) -> None:
        """Compare from now on; the line is the one that this desk is connected by."""
        self._line = line
        self._complain = complain

    def _take_in(self, events: list[Event]) -> None:
        """Apply events, of frames and of answers, then look at what they were about."""
        positions = dict(self.store.positions)
        super()._take_in(events)
        for event in events:
            kind = type(event)
            if kind is BookDelta or kind is BookRun or kind is BookSnapshot:
                self._look_at(event.instrument)
            elif kind is PositionChanged:
                self._compare(positions.get(event.position.key), self.store.positions.get(event.position.key))

    def _compare(self, before: Position | None, after: Position | None) -> None:
        if before is not None and after is not None and after.sequence < before.sequence:
            self._complain(f"position taken back: {after.instrument.symbol} from {before.signed_qty} to {after.signed_qty}")

    def _look_at(self, iid: InstrumentId) -> None:
        if problem := self.wrong_book(iid):
            self._complain(problem)

    def wrong_book(self, iid: InstrumentId, *, newest: bool = False) -> str:
        """Return how a book that claims to be live differs from what the venue told at its sequence; empty when it does not.

        With ``newest`` it must also be live and up to date.
        """
        book = self.store.book(iid)
        socket = next((each for each in self._line.sockets if each.published.sequence(iid.symbol)), None)
        if book is None or not book.is_live or socket is None or socket.muted:
            return f"book not live: {iid.symbol}" if newest else ""
        if iid.symbol in socket.misled:
            return f"book not healed: {iid.symbol}" if newest else ""
        told = socket.published.at(iid.symbol, book.sequence)
        if told is None:
            return f"false book: {iid.symbol} claims sequence {book.sequence}, which was never told"
        if tuple(dict(side) for side in book.raw_sides) != told:
            return f"false book: {iid.symbol} at sequence {book.sequence} is not what the venue told"
        if newest and book.sequence != socket.published.sequence(iid.symbol):
            return f"old book: {iid.symbol} is at {book.sequence}, told was {socket.published.sequence(iid.symbol)}"
        return ""
