"""Recorded frames through a venue's dialect into a Store: what a session would have shown, without a session."""

from __future__ import annotations

from typing import Any

import msgspec

from tui_trader.core.clock import NS, ManualClock
from tui_trader.core.decimals import plain
from tui_trader.core.event import Event
from tui_trader.state.store import Store
from tui_trader.venues.base import Lane
from tui_trader.venues.registry import venue as venue_named


class _Line(msgspec.Struct):
    """One line of a recording: direction, seconds since the epoch, the frame as it stood on the wire."""

    dir: str
    msg: msgspec.Raw
    ts: float = 0.0


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
        self._dialects = [self.venue.feed(Lane.PUBLIC, None)]

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
        events = self._dialects[0].receive(frame, at_ns)
        self.frames += 1
        if not events:
            self.ignored += 1
        for event in events:
            self.store.apply(event)
        return events

    def document(self, depth: int | None = None) -> dict[str, Any]:
        """Return the final book of every symbol, prices and sizes as decimal text, best levels first."""
        books = {}
        for iid in sorted(self.store.books):
            book = self.store.books[iid]
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
        return {
            "books": books,
            "frames": self.frames,
            "ignored": self.ignored,
            "unreadable": self.store.unreadable + self.bad_lines,
        }
