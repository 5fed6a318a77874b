"""Recorded frames through a venue's dialect into a Store: what a session would have shown, without a session."""

from __future__ import annotations

from typing import Any

import msgspec

from tui_trader.core.clock import NS, ManualClock
from tui_trader.core.decimals import plain
from tui_trader.core.event import Event, InstrumentsListed
from tui_trader.core.sanitise import is_symbol
from tui_trader.core.types import InstrumentId
from tui_trader.state.store import Store
from tui_trader.venues.base import Lane
from tui_trader.venues.registry import load as venue_named


class _Line(msgspec.Struct):
    """One line of a recording: direction, seconds since the epoch, the frame as it stood on the wire."""

    dir: str
    msg: msgspec.Raw
    ts: float = 0.0


class _Named(msgspec.Struct):
    """The one field of a frame that is looked at before the dialect reads it."""

    symbol: str = ""


class Replay:
    """Feeds lines one at a time and keeps the Store that results."""

    def __init__(self, venue: str) -> None:
        self.venue = venue_named(venue)
        self.clock = ManualClock()
        self.store = Store(self.clock)
        self.frames = 0
        """Received frames fed to the dialect."""
        self.ignored = 0
        """Received frames that carried nothing the Store keeps: replies, notices, unknown kinds."""
        self.bad_lines = 0
        """Lines that are not part of a recording."""
        self._decoder = msgspec.json.Decoder(_Line)
        self._dialect = self.venue.feed(Lane.PUBLIC, None)
        self._symbol = msgspec.json.Decoder(_Named)

    def feed_line(self, line: bytes) -> float | None:
        """Feed one line; return its time in seconds, None when it was no received frame."""
        if not line.strip():
            return None
        try:
            row = self._decoder.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError):
            self.bad_lines += 1
            return None
        if row.dir != "recv":
            return None
        self.feed(bytes(row.msg), round(row.ts * NS))
        return row.ts

    def feed(self, frame: bytes, at_ns: int) -> list[Event]:
        """Feed one frame as received at a wall time; return the events it carried."""
        self._list_symbol(frame)
        events = self._dialect.receive(frame, at_ns)
        self.frames += 1
        if not events:
            self.ignored += 1
        for event in events:
            self.store.apply(event)
        return events

    def _list_symbol(self, frame: bytes) -> None:
        """Give a symbol that no product list named the terms that the venue assumes for it."""
        try:
            symbol = self._symbol.decode(frame).symbol
        except (msgspec.DecodeError, UnicodeDecodeError):
            return
        if is_symbol(symbol) and InstrumentId(self.venue.name, symbol) not in self.store.instruments:
            instrument = self.venue.assume(symbol)
            self._dialect.list_instruments([instrument])
            self.store.apply(InstrumentsListed(self.venue.name, [instrument]))

    def document(self, depth: int | None = None) -> dict[str, Any]:
        """Return what ``document_of`` says of what was fed so far."""
        return document_of(self.store, self.frames, self.ignored, self.store.unreadable + self.bad_lines, depth)


def document_of(store: Store, frames: int, ignored: int, unreadable: int, depth: int | None = None) -> dict[str, Any]:
    """Return the final book of every symbol, prices and sizes as decimal text, best levels first."""
    books = {}
    for iid in sorted(store.books):
        book = store.books[iid]
        books[iid.symbol] = {
            "bids": [[plain(price), plain(size)] for price, size in book.bids(depth)],
            "asks": [[plain(price), plain(size)] for price, size in book.asks(depth)],
            "sequence": book.sequence,
            "live": book.is_live,
            "reason": book.reason,
            "price_scale": book.instrument.price_scale,
            "size_scale": book.instrument.size_scale,
            "messages": book.applied,
            "mismatches": book.mismatches,
        }
    return {"books": books, "frames": frames, "ignored": ignored, "unreadable": unreadable}
