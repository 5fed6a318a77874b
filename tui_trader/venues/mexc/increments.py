"""Books kept from increments: a whole book that is asked for, and what changed since, each version once and none left out.

An increment spans the versions ``begin`` to ``end`` (both are its ``version`` where it says neither). It fits when it reaches the
version after the last one; what the whole book has already is dropped, and a version that never came ends the trust in the book.
Source: WebSocket part of the futures API documentation, how depth is maintained. It must not know frames or requests.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from tui_trader.core.event import BookDelta, BookSnapshot, BookWanted, Event, Unreadable
from tui_trader.core.types import InstrumentId
from tui_trader.venues.mexc.books import Level
from tui_trader.venues.mexc.words import VENUE

MOST_KEPT: Final = 1_000
"""Increments that are kept while a whole book is asked for: ten come in a second, and an answer takes less than one."""


class Increment(NamedTuple):
    """What changed between two versions of a book."""

    begin: int
    end: int
    bids: list[Level]
    asks: list[Level]
    at_ns: int


class _Book:
    """How far one book is known."""

    def __init__(self) -> None:
        self.version = 0
        """Of the last increment that was passed on; 0 before the whole book is known."""
        self.kept: list[Increment] = []
        """What came before the whole book did."""
        self.broken = False
        """A version is missing: nothing is passed on until it is begun anew."""


class Increments:
    """The books of one connection."""

    def __init__(self) -> None:
        self._books: dict[InstrumentId, _Book] = {}

    def forget(self, instrument: InstrumentId | None = None) -> None:
        """Begin a book anew, or all of them."""
        if instrument is None:
            self._books.clear()
        else:
            self._books.pop(instrument, None)

    def take(self, instrument: InstrumentId, told: Increment) -> list[Event]:
        """Return what an increment changes, or that a whole book is wanted first."""
        book = self._books.setdefault(instrument, _Book())
        if book.broken:
            return []
        if not book.version:
            if len(book.kept) >= MOST_KEPT:
                del book.kept[0]
            book.kept.append(told)
            return [BookWanted(instrument)]
        return self._follow(instrument, book, told)

    def seed(self, whole: BookSnapshot) -> list[Event]:
        """Return a book as of now: the whole one and what was kept of later versions. One that is too old is wanted again."""
        book = self._books.get(whole.instrument)
        if book is None or book.version or book.broken:
            return []
        later = [told for told in book.kept if told.end > whole.sequence]
        if later and later[0].begin > whole.sequence + 1:
            return [BookWanted(whole.instrument)]
        book.version, book.kept = whole.sequence, []
        events: list[Event] = [whole]
        for told in later:
            events += self._follow(whole.instrument, book, told)
        return events

    def _follow(self, instrument: InstrumentId, book: _Book, told: Increment) -> list[Event]:
        if told.end <= book.version:
            return []
        if told.begin > book.version + 1:
            book.broken = True
            reason = f"versions {book.version + 1} to {told.begin - 1} of the book never came"
            return [Unreadable(VENUE, reason, "", instrument)]
        book.version = told.end
        return [BookDelta(instrument, told.bids, told.asks, told.end, 0, told.at_ns)]
