"""What every market message of an instrument touches, found by one look-up: hashing its topics with each message would cost more
than what the message says.

It must not know events.
"""

from __future__ import annotations

from typing import ClassVar

from tui_trader.core.book import Book
from tui_trader.state.flow import Flow
from tui_trader.state.queue import Spots
from tui_trader.state.topic import Topic


class Lane:
    """One thing that is told of an instrument: when it was heard of last, and whether its topic is among the dirty ones."""

    __slots__ = ("clean", "heard_ns", "topic")

    def __init__(self, topic: Topic) -> None:
        self.topic = topic
        self.heard_ns = 0
        """Monotonic time; 0 for never."""
        self.clean = True
        """Whether the topic is not among the dirty ones yet."""


class BookLane(Lane):
    """A book, and who wants to know of each of its changes."""

    __slots__ = ("book", "flow", "queued")

    def __init__(self, book: Book, topic: Topic) -> None:
        super().__init__(topic)
        self.book = book
        self.queued: Spots = {}
        """The places of own orders that rest in the book."""
        self.flow: Flow | None = None
        """Adds up what comes and goes at each price, while somebody looks at that."""


class TickerLane(Lane):
    """Reference prices: ``heard_ns`` is when any of them was told, the last and the mark price have times of their own."""

    __slots__ = ("last_ns", "mark_ns")

    TOLD: ClassVar[tuple[str, ...]] = ("ticker", "last", "mark")
    """What there is a time of."""

    def __init__(self, topic: Topic) -> None:
        super().__init__(topic)
        self.last_ns = 0
        self.mark_ns = 0

    def heard_of(self, what: str) -> int:
        """Return when ``ticker``, ``last`` or ``mark`` was told; 0 for never, and for anything else."""
        return {"ticker": self.heard_ns, "last": self.last_ns, "mark": self.mark_ns}.get(what, 0)

    def set_heard(self, what: str, at_ns: int) -> None:
        """Take up a time that ``heard_of`` returned; anything else is ignored."""
        match what:
            case "ticker":
                self.heard_ns = at_ns
            case "last":
                self.last_ns = at_ns
            case "mark":
                self.mark_ns = at_ns
