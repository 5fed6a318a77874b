"""A book stream with faults in it, and the plainest book that can be right, to hold the real one against after every message.

One in a hundred messages is repeated, old, crossed, unreadable, about nothing, or missing its beginning. After each the book
must equal the reference or say why it does not know. What cannot be seen is not among the faults: a message that the venue
never sent leaves no gap, because its sequence is not contiguous; the next snapshot of the same sequence tells (see the tests).
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import Any

from tui_trader.core.book import Book, BookState
from tui_trader.core.event import BookDelta, BookSnapshot
from tui_trader.core.instrument import Instrument
from tui_trader.core.types import ContractKind, InstrumentId

BTC = InstrumentId("phemex", "BTCUSDT")
LINEAR = Instrument(
    id=BTC, kind=ContractKind.LINEAR, base="BTC", quote="USDT", settle="USDT", tick=Decimal("0.1"), lot=Decimal("0.001")
)
DEPTH = 30
FAULT_RATE = 0.01
LENGTH = 10_000
"""Messages of one stream: what ``--replay`` has to go through."""

Pairs = list[tuple[int, str]]
"""Price in ticks and size as sent: what the reference is told, so that it shares no parsing with the book."""

JUNK_PRICES: tuple[Any, ...] = (
    "",
    "x",
    "-1",
    "0",
    "100.05",
    "NaN",
    "Infinity",
    "1e400",
    None,
    [],
    {},
    99.9,
    True,
    "1_000",
    "１００",
)
JUNK_SIZES: tuple[Any, ...] = (
    "",
    "x",
    "-1",
    "-0.001",
    "NaN",
    "Infinity",
    "1e400",
    None,
    [],
    {},
    10**400,
    "1_000",
    " 1",
    "１",
    True,
)
"""The last five only look like numbers: the book may carry them as they came until somebody reads them."""


@dataclass(slots=True)
class Told:
    """One message as the book gets it, and what it means, for the reference; None where it cannot be read."""

    event: BookSnapshot | BookDelta | str
    """A text is something that happened to the connection: ``down`` or ``reconnect``."""
    bids: Pairs | None = field(default_factory=list)
    asks: Pairs | None = field(default_factory=list)
    fault: str = ""


class Reference:
    """A dictionary for each side and a word for the state."""

    def __init__(self) -> None:
        self.state = ""
        self.bids: dict[int, str] = {}
        self.asks: dict[int, str] = {}
        self.sequence = 0
        self.joined = False
        """Whether an increment went beyond the last snapshot: from then on going back is a fault of the stream."""
        self.forget()

    def forget(self) -> None:
        """Know nothing, as at first."""
        self.state, self.bids, self.asks, self.sequence = "empty", {}, {}, 0
        self.joined = False

    def hear(self, told: Told) -> None:
        """Do what a message says, or stop believing."""
        event = told.event
        if isinstance(event, str):
            if event == "reconnect":
                self.forget()
            else:
                self.state = "suspect"
            return
        live = self.state == "live"
        if isinstance(event, BookSnapshot):
            self.joined = False
            if live and event.sequence < self.sequence:
                return
            if told.bids is None or told.asks is None:
                self.state = "suspect"
                return
            self.bids = {ticks: size for ticks, size in told.bids if float(size)}
            self.asks = {ticks: size for ticks, size in told.asks if float(size)}
            self.state = "live"
        else:
            if not live:
                return
            if event.sequence < self.sequence:
                self.state = "suspect" if self.joined else self.state
                return
            self.joined = True
            if told.bids is None or told.asks is None:
                self.state = "suspect"
                return
            for side, pairs in ((self.bids, told.bids), (self.asks, told.asks)):
                for ticks, size in pairs:
                    if float(size):
                        side[ticks] = size
                    else:
                        side.pop(ticks, None)
        self.sequence = event.sequence
        self._cut()
        if self.bids and self.asks and max(self.bids) >= min(self.asks):
            self.state = "suspect"

    def _cut(self) -> None:
        if len(self.bids) > DEPTH:
            self.bids = dict(sorted(self.bids.items(), reverse=True)[:DEPTH])
        if len(self.asks) > DEPTH:
            self.asks = dict(sorted(self.asks.items())[:DEPTH])


class Venue:
    """Tells of a book that wanders, mostly well."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.reference = Reference()
        """What a listener without faults of its own knows now."""
        self.middle = 10_000
        self.sequence = self.rng.randrange(1, 1 << 40)
        self.past: list[Told] = []

    def stream(self, count: int) -> Iterator[Told]:
        """Yield ``count`` messages, one in a hundred of them bad."""
        draw, rate = self.rng.random, FAULT_RATE
        healing = 0
        for _ in range(count):
            if self.reference.state != "live":
                healing -= 1
                told = self.snapshot() if healing < 0 else self.fault() if draw() < 0.3 else self.delta()
            elif draw() < rate:
                told = self.fault()
            elif draw() < 0.002:
                told = self.snapshot()
            else:
                told = self.delta()
            self.reference.hear(told)
            if self.reference.state != "live" and healing < 0:
                healing = self.rng.randrange(4)
            if not isinstance(told.event, str) and told.bids is not None:
                self.past.append(told)
                del self.past[:-20]
            yield told

    # -- good messages -------------------------------------------------------------------------------------------------

    def delta(self) -> Told:
        """Return one to three changed levels on the two sides of the middle."""
        rng = self.rng
        self.sequence += rng.randrange(1, 9)
        roll = rng.random()
        if roll < 0.02:
            return self._moved()
        bids: Pairs = []
        asks: Pairs = []
        for _ in range(1 + (roll < 0.5) + (roll < 0.2)):
            away = 1 + int(rng.random() * 25)
            size = "0" if rng.random() < 0.35 else f"{1 + int(rng.random() * 9999)}e-3" if roll > 0.97 else self._size()
            if rng.random() < 0.5:
                bids.append((self.middle - away, size))
            else:
                asks.append((self.middle + away, size))
        return self._told(BookDelta, bids, asks, "")

    def _moved(self) -> Told:
        """Return the message with which the market moves: levels that would be in the way go in the same breath."""
        step = self.rng.choice((-3, -2, -1, 1, 2, 3))
        self.middle += step
        bids: Pairs = [(ticks, "0") for ticks in self.reference.bids if ticks >= self.middle]
        asks: Pairs = [(ticks, "0.000") for ticks in self.reference.asks if ticks <= self.middle]
        bids.append((self.middle - 1, self._size()))
        asks.append((self.middle + 1, self._size()))
        return self._told(BookDelta, bids, asks, "")

    def snapshot(self, fault: str = "") -> Told:
        """Return a whole new book."""
        self.sequence += self.rng.randrange(1, 9)
        count = self.rng.randrange(1, DEPTH + 1)
        bids = [(self.middle - 1 - i, self._size()) for i in range(count)]
        asks = [(self.middle + 1 + i, self._size()) for i in range(self.rng.randrange(1, DEPTH + 1))]
        return self._told(BookSnapshot, bids, asks, fault)

    # -- bad ones ------------------------------------------------------------------------------------------------------

    def fault(self) -> Told:
        """Return one message that should not be."""
        name = self.rng.choice(FAULTS)
        made: Told = getattr(self, f"_{name}")(name)
        return made

    def _repeated(self, name: str) -> Told:
        return self._again(self.past[-1], name) if self.past else self.snapshot(name)

    def _backward(self, name: str) -> Told:
        return self._again(self.rng.choice(self.past), name) if self.past else self.snapshot(name)

    def _jump(self, name: str) -> Told:
        self.sequence = min(self.sequence + (1 << self.rng.randrange(10, 62)), (1 << 63) - (1 << 32))
        told = self.delta()
        return Told(told.event, told.bids, told.asks, name)

    def _crossed(self, name: str) -> Told:
        self.sequence += 1
        price = self.middle + self.rng.randrange(-5, 6)
        kind = self.rng.choice((BookDelta, BookSnapshot))
        return self._told(kind, [(price, "1")], [(price - self.rng.randrange(2), "1")], name)

    def _unreadable(self, name: str) -> Told:
        self.sequence += 1
        on_bids = self.rng.random() < 0.5
        best, next_best = (_price(self.middle + (-away if on_bids else away)) for away in (1, 2))
        junk: Any = (next_best, self.rng.choice(JUNK_SIZES)) if self.rng.random() < 0.5 else (self.rng.choice(JUNK_PRICES), "1")
        if self.rng.random() < 0.1:
            junk = self.rng.choice([(), ("1",), ("1", "1", "1"), 5, None])
        levels = [(best, "1"), junk]  # nothing else is wrong with it
        self.rng.shuffle(levels)
        sides = (levels, []) if on_bids else ([], levels)
        kind = self.rng.choice((BookDelta, BookSnapshot))
        return Told(kind(BTC, *sides, self.sequence, DEPTH, self.sequence), None, None, name)

    def _unknown_delete(self, name: str) -> Told:
        self.sequence += 1
        return self._told(BookDelta, [(self.middle - 5_000, "0")], [(self.middle + 5_000, "0.0")], name)

    def _one_side(self, name: str) -> Told:
        self.sequence += 1
        bids: Pairs = [(self.middle - 2, self._size())]
        return self._told(BookSnapshot, bids, [], name) if self.rng.random() < 0.5 else self._told(BookSnapshot, [], bids, name)

    def _deep(self, name: str) -> Told:
        self.sequence += 1
        bids = [(self.middle - 1 - i, self._size()) for i in range(self.rng.choice((31, 100, 1000)))]
        self.rng.shuffle(bids)
        return self._told(BookDelta, bids, [(self.middle + 1 + i, "1") for i in range(40)], name)

    def _differs(self, name: str) -> Told:
        """A snapshot of the sequence that is held, of another book."""
        self.sequence = max(self.sequence, self.reference.sequence)
        return self._told(BookSnapshot, [(self.middle - 3, self._size())], [(self.middle + 3, self._size())], name)

    def _down(self, name: str) -> Told:
        return Told("down", fault=name)

    def _reconnect(self, name: str) -> Told:
        self.past.clear()
        return Told("reconnect", fault=name)

    # -- inside --------------------------------------------------------------------------------------------------------

    def _size(self) -> str:
        return _SIZES[int(self.rng.random() * len(_SIZES))]

    def _told(self, kind: type[BookDelta] | type[BookSnapshot], bids: Pairs, asks: Pairs, fault: str) -> Told:
        spelled = ([(_price(ticks), size) for ticks, size in side] for side in (bids, asks))
        return Told(kind(BTC, *spelled, self.sequence, DEPTH, self.sequence), bids, asks, fault)

    def _again(self, told: Told, fault: str) -> Told:
        return Told(told.event, told.bids, told.asks, fault)


FAULTS = (
    "repeated",
    "backward",
    "jump",
    "crossed",
    "unreadable",
    "unknown_delete",
    "one_side",
    "deep",
    "differs",
    "down",
    "reconnect",
)


_SIZES = tuple(f"{n * 17 / 1000:.3f}" if n % 3 else str(n) for n in range(1, 5_001))


@lru_cache(maxsize=100_000)
def _price(ticks: int) -> str:
    whole, tenth = divmod(ticks, 10)
    return f"{whole}.{tenth}" if ticks % 7 else f"{whole}.{tenth}0"


@dataclass(slots=True)
class Checked:
    """What became of one stream."""

    messages: int = 0
    faults: int = 0
    live: int = 0
    """Messages after which the book was live, and so equal to the reference."""
    mismatch: str = ""
    """What was wrong first; empty when nothing was."""


def check(seed: int, count: int = LENGTH, *, tell: Any = None, make: type[Book] = Book) -> Checked:
    """Run one stream through a book and the reference; ``tell`` is called with a line for every message."""
    venue, book, done = Venue(seed), make(LINEAR), Checked()
    reference = venue.reference
    for told in venue.stream(count):
        event = told.event
        if isinstance(event, BookDelta):
            book.apply(event)
        elif isinstance(event, BookSnapshot):
            book.snapshot(event)
        elif event == "reconnect":
            book.clear("reconnected")
        else:
            book.doubt("feed down")
        done.messages += 1
        done.faults += bool(told.fault)
        if told.bids is None or done.messages % 997 == 0:
            book.bids(), book.asks()  # what is looked at, as a screen does, is judged
            if book.is_live:
                done.mismatch = _wrong_numbers(book, reference)
        if tell:
            tell(f"{done.messages:6} {told.fault or '-':14} {book.state:8} {book.reason[:50]}")
        if book.state.value != reference.state:
            done.mismatch = done.mismatch or f"the book is {book.state} ({book.reason}), the reference {reference.state}"
        elif book.state is BookState.LIVE:
            done.live += 1
            if book.raw_sides != (reference.bids, reference.asks) or book.sequence != reference.sequence:
                done.mismatch = done.mismatch or "the book says it is live, and is another one"
        elif not book.reason:
            done.mismatch = done.mismatch or f"the book is {book.state} and does not say why"
        if done.mismatch:
            done.mismatch = f"message {done.messages} ({told.fault or 'good'}): {done.mismatch}"
            break
    return done


def _wrong_numbers(book: Book, reference: Reference) -> str:
    """Return what differs when every level is read as an exact number, empty when nothing does."""
    for side, shown, wanted in (("bids", book.bids(), reference.bids), ("asks", book.asks(), reference.asks)):
        exact = {Decimal(ticks) / 10: Decimal(size) for ticks, size in wanted.items()}
        if dict(shown) != exact or [price for price, _ in shown] != sorted(exact, reverse=side == "bids"):
            return f"{side} read {shown[:3]}, the reference has {sorted(exact.items(), reverse=side == 'bids')[:3]}"
    return ""
