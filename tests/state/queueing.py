"""A queue whose truth is known: the built-in exchange's matching book with strangers in it, told as a venue tells it.

One own order rests among others. Strangers come behind it, leave from anywhere, and trade from the front. What a venue would
publish of it goes to a ``Store`` as messages: absolute sizes, several operations in one message, trades before or after the
change they caused, the news of the own order late.
"""

from __future__ import annotations

import random
from decimal import Decimal as D

from tests.state.conftest import BTC, linear
from tui_trader.core.clock import ManualClock
from tui_trader.core.event import BookDelta, BookSnapshot, Event, InstrumentsListed, OrderChanged, TradesPrinted
from tui_trader.core.order import Order, OrderReport
from tui_trader.core.tape import Trade
from tui_trader.core.types import ClientOrderId, OrderStatus, OrderType, Side, VenueOrderId
from tui_trader.sim.engine import MatchingBook, Resting
from tui_trader.state.queue import Place
from tui_trader.state.store import Store

TICK = 1_000
"""Where everything happens."""

LOT = D("0.001")


class Street:
    """One price of a book, an own order at it, and a Store that hears of both."""

    def __init__(self, seed: int, *, conflate: int = 1, late: int = 0) -> None:
        """``conflate`` operations go into one message; news of the own order come ``late`` messages after it rests."""
        self.dice = random.Random(seed)
        self.clock = ManualClock()
        self.store = Store(self.clock)
        self.book = MatchingBook()
        self.strangers: list[Resting] = []
        self.mine: Resting | None = None
        self.client_id = ClientOrderId("tt-1")
        self._conflate, self._late = conflate, late
        self._pending: list[Event] = []
        self._news: list[tuple[int, Event]] = []
        self._messages = self._unsaid = self._sequence = 0
        self.say(InstrumentsListed("phemex", [linear(BTC)]))
        for _ in range(self.dice.randrange(1, 8)):
            self._arrive()
        self._tell_snapshot()

    # -- truth -----------------------------------------------------------------------------------------------------

    @property
    def ahead(self) -> D:
        """What really executes before the own order."""
        assert self.mine is not None
        before = [one for one in self.strangers if one.priority and one.priority < self.mine.priority]
        return sum((one.lots * LOT for one in before), D(0))

    @property
    def order(self) -> Order | None:
        return self.store.blotter.get(self.client_id)

    @property
    def place(self) -> Place | None:
        order = self.order
        return None if order is None else self.store.place(order)

    @property
    def quiet(self) -> bool:
        """Whether everything that happened was told."""
        return not (self._pending or self._news or self._unsaid)

    # -- what happens ----------------------------------------------------------------------------------------------

    def join(self) -> None:
        """Let the own order come to rest."""
        self.clock.advance(0.001)
        self.mine = self._arrive(mine=True)
        self._report(OrderStatus.LIVE)
        self._changed()

    def act(self) -> None:
        """Let a stranger do something."""
        self.clock.advance(self.dice.randrange(1, 400) / 1_000)
        roll = self.dice.random()
        alive = [one for one in self.strangers if one.priority]
        if roll < 0.4 or not alive:
            self._arrive()
        elif roll < 0.75:
            gone = self.dice.choice(alive)
            if self.dice.random() < 0.5:
                self.book.remove(gone)
            else:
                self.book.reduce(gone, self.dice.randrange(1, gone.lots + 1))
        else:
            self._trade(self.dice.randrange(1, 40))
            return
        self._changed()

    def flush(self) -> None:
        """Tell everything that was not told yet."""
        self._unsaid = self._conflate
        self._changed(0)
        self._late = 0
        self._deliver()

    # -- inside ----------------------------------------------------------------------------------------------------

    def _arrive(self, *, mine: bool = False) -> Resting:
        resting = Resting("me" if mine else "them", Side.BUY, TICK, self.dice.randrange(1, 60))
        self.book.add(resting)
        if not mine:
            self.strangers.append(resting)
        return resting

    def _trade(self, lots: int) -> None:
        """Sell into the queue from its front; the own order is never taken, so that it always has a place."""
        taken = 0
        while lots and (head := self.book.head(Side.BUY)) is not None and head is not self.mine:
            part = min(lots, head.lots)
            self.book.reduce(head, part)
            lots -= part
            taken += part
        if not taken:
            return
        price = linear(BTC).from_ticks(TICK)
        print_ = TradesPrinted(BTC, [Trade(self.clock.wall_ns(), Side.SELL, price, taken * LOT)], False)
        if self.dice.random() < 0.5:
            self.say(print_)
            self._changed()
        else:
            self._pending.append(print_)
            self._changed()

    def _changed(self, count: int = 1) -> None:
        self._unsaid += count
        if self._unsaid < self._conflate:
            return
        self._unsaid = 0
        bids, _ = self.book.collect()
        if bids:
            self._sequence += 1
            levels = [(str(linear(BTC).from_ticks(ticks)), str(lots * LOT)) for ticks, lots in bids]
            self.say(BookDelta(BTC, levels, [], self._sequence, 0, self.clock.wall_ns()))
            self._messages += 1
        self.clock.advance(self.dice.randrange(1, 30) / 1_000)
        for event in self._pending:
            self.say(event)
        self._pending.clear()
        self._deliver()

    def _report(self, status: OrderStatus) -> None:
        assert self.mine is not None
        report = OrderReport(
            BTC,
            self.client_id,
            VenueOrderId("v-1"),
            status,
            Side.BUY,
            OrderType.LIMIT,
            self.mine.lots * LOT,
            price=linear(BTC).from_ticks(TICK),
            at_ns=self.clock.wall_ns(),
        )
        self._news.append((self._messages + self._late, OrderChanged(report)))
        self._deliver()

    def _deliver(self) -> None:
        due = [event for at, event in self._news if at <= self._messages or not self._late]
        self._news = [(at, event) for at, event in self._news if at > self._messages and self._late]
        for event in due:
            self.say(event)

    def _tell_snapshot(self) -> None:
        self.book.collect()
        self._sequence += 1
        size = str(self.book.lots_at(Side.BUY, TICK) * LOT)
        price = str(linear(BTC).from_ticks(TICK))
        self.say(BookSnapshot(BTC, [(price, size)], [("100.5", "1")], self._sequence, 0, self.clock.wall_ns()))

    def say(self, event: Event) -> None:
        """Apply an event at the present time."""
        self.store.mono_ns = self.clock.mono_ns()
        self.store.apply(event)


def distribution(errors: list[D]) -> str:
    """Return the quantiles of errors, which are estimate minus truth in shares of what stood at the price."""
    ordered = sorted(errors)

    def at(share: float) -> D:
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]

    words = " ".join(f"p{round(share * 100)} {at(share):+.3f}" for share in (0.05, 0.25, 0.5, 0.75, 0.95))
    mean = sum(errors, D(0)) / len(errors)
    nearer = sum(error < 0 for error in errors) * 100 // len(errors)
    return f"{len(errors)} looks: mean {mean:+.3f}  {words}  claimed nearer than true in {nearer}%"


def measure(seeds: range, steps: int, *, conflate: int, late: int) -> list[D]:
    """Return the errors of the estimate after every step of many streets."""
    errors = []
    for seed in seeds:
        street = Street(seed, conflate=conflate, late=late)
        street.join()
        for _ in range(steps):
            street.act()
            place, total = street.place, street.book.lots_at(Side.BUY, TICK) * LOT
            assert street.mine is not None
            if place is not None:
                errors.append((place.ahead - street.ahead) / total)
    return errors


if __name__ == "__main__":
    for changes, behind in ((1, 0), (1, 2), (3, 0), (3, 2), (8, 2)):
        print(f"{changes} changes a message, own news {behind} messages late: ", end="")
        print(distribution(measure(range(200), 60, conflate=changes, late=behind)))
