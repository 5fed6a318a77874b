"""Planted bugs of the book: it goes on as if nothing had happened."""

from __future__ import annotations

from contextlib import ExitStack

from tests.dst.mutants.plot import mutant, swap
from tui_trader.core.book import Book
from tui_trader.core.event import BookDelta, Unreadable
from tui_trader.state.store import Store


@mutant("goes on with a book of which a message could not be read", seed=11)
def _unread(stack: ExitStack) -> None:
    init = Store.__init__

    def made(self: Store, *args: object) -> None:
        init(self, *args)  # type: ignore[arg-type]
        self._apply[Unreadable] = lambda event: None

    swap(stack, Store, "__init__", made)


@mutant("applies an older book message over a newer one", seed=178)
def _older(stack: ExitStack) -> None:
    apply = Book.apply

    def applied(self: Book, event: BookDelta) -> None:
        self.sequence = min(self.sequence, event.sequence)
        apply(self, event)

    swap(stack, Book, "apply", applied)


@mutant("never doubts a book", seed=69)
def _sure(stack: ExitStack) -> None:
    swap(stack, Book, "doubt", lambda self, reason: None)


@mutant("adds sizes of a level up", seed=1)
def _sums(stack: ExitStack) -> None:
    apply = Book.apply

    def applied(self: Book, event: BookDelta) -> None:
        held = dict(self._bids)
        apply(self, event)
        for ticks, size in self._bids.items():
            if ticks in held and held[ticks] != size:
                self._bids[ticks] = str(float(size) + float(held[ticks]))

    swap(stack, Book, "apply", applied)
