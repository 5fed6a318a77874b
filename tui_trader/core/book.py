"""A price-level book with a guard on its own truth.

Levels arrive as the venue sends them and are keyed by whole ticks; sizes stay raw until somebody reads them. Of a book that
is sent whole, increments are only laid up, the newest size of each price, and folded in when somebody looks: then every size
that changed is proven to be one, zeros are taken out, and a crossed book is noticed. Nothing can be read that was not proven,
because every way to read leads past that look, and what comes out of order is doubted within its message. Of a book that is
sent as a window of some levels each increment is folded in at once, since what falls out of the window depends on the order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Any

from tui_trader.core.decimals import ZERO, from_scaled, from_wire
from tui_trader.core.error import WireError
from tui_trader.core.event import BookDelta, BookRun, BookSnapshot, BookStep, RawLevels
from tui_trader.core.instrument import Instrument
from tui_trader.core.levels import GARBLED, MOST, fold, is_zero
from tui_trader.core.tick_memo import ABSURD, TickMemo
from tui_trader.core.types import InstrumentId

_FAR_ASK = 1 << 62
_UNREAD_LIMIT = 4_096
"""Prices laid up at most: a book that nobody looks at must not grow."""


class BookState(StrEnum):
    """Whether prices of a book may be acted on."""

    EMPTY = "empty"
    """No snapshot yet."""
    LIVE = "live"
    SUSPECT = "suspect"
    """Something contradicted it; ``reason`` says what. Only a snapshot heals it."""


_LIVE = BookState.LIVE
"""Compared with on every message: in Python 3.11 reading a member from its class costs 230 ns, more than a level does."""


class Book:
    """Bids and asks of one instrument. One writer: the Store."""

    __slots__ = (
        "_ask_floor",
        "_asks",
        "_bid_ceiling",
        "_bids",
        "_joined",
        "_memo",
        "_new_asks",
        "_new_bids",
        "_on_doubt",
        "_reason",
        "_sorted",
        "_state",
        "_unread",
        "_version",
        "applied",
        "at_ns",
        "depth",
        "instrument",
        "mismatches",
        "sequence",
        "unknown_deletes",
    )

    def __init__(self, instrument: Instrument, on_doubt: Callable[[InstrumentId], None] | None = None) -> None:
        """``on_doubt`` is told when a look at the book finds what its messages did not say: a size that is none, or a cross."""
        self.instrument = instrument
        self.sequence = 0
        """The venue's stamp on the last applied message."""
        self.at_ns = 0
        """The venue's time of the last applied message, UTC nanoseconds."""
        self.depth = 0
        """Levels a side that the venue maintains; 0 for all."""
        self.applied = 0
        """Messages applied."""
        self.mismatches = 0
        """Periodic snapshots that differed from what increments had built."""
        self.unknown_deletes = 0
        """Deletes of a price that was not there, in a window of levels: none occurs on an unbroken stream."""
        self._state = BookState.EMPTY
        self._reason = "no snapshot yet"
        self._version = 0
        self._bids: dict[int, Any] = {}
        self._asks: dict[int, Any] = {}
        self._new_bids: dict[int, Any] = {}
        """What increments said and nobody has looked at, the newest size of each price."""
        self._new_asks: dict[int, Any] = {}
        self._unread = False
        self._bid_ceiling = 0
        self._ask_floor = _FAR_ASK
        self._joined = False
        """Whether an increment went beyond the last snapshot: an older one is part of it, after that the stream went back."""
        self._memo = TickMemo(instrument)
        self._sorted: tuple[int, list[int], list[int]] | None = None
        self._on_doubt = on_doubt

    # -- writing ---------------------------------------------------------------------------------------------------

    def snapshot(self, event: BookSnapshot) -> None:
        """Replace the book; an older snapshot than what is held is ignored while the book is live, and so is what follows it
        until the stream is past what is held.

        A snapshot that carries the held sequence but other content is a true error signal: it is counted, and wins.
        """
        if self._unread:
            self._look()
        if self._state is BookState.LIVE and event.sequence < self.sequence:
            self._joined = False
            return
        try:
            bids = self._load(event.bids)
            asks = self._load(event.asks)
        except (WireError, TypeError, ValueError) as error:
            self.doubt(f"unreadable snapshot: {error}")
            return
        if (
            self._state is BookState.LIVE
            and event.sequence == self.sequence
            and (self._differs(bids, self._bids) or self._differs(asks, self._asks))
        ):
            self.mismatches += 1
        self._bids, self._asks = bids, asks
        self._new_bids, self._new_asks = {}, {}
        self._bid_ceiling = max(bids, default=0)
        self._ask_floor = min(asks, default=_FAR_ASK)
        self.sequence, self.depth, self.at_ns = event.sequence, event.depth, event.at_ns
        self._joined = False
        self._state, self._reason = BookState.LIVE, ""
        self._version += 1
        self.applied += 1
        if self._bid_ceiling >= self._ask_floor:
            self.doubt("crossed snapshot")

    def apply(self, event: BookDelta) -> None:
        """Take changed levels. Before a snapshot, or while in doubt, nothing is taken.

        Sequences may leave gaps but never go back: one that does, or that jumped ahead before, is a stream not to be trusted.
        """
        if self._state is not _LIVE:
            if self._state is BookState.EMPTY:
                self._reason = "increment before snapshot"
            return
        _, bid_levels, ask_levels, sequence, depth, at_ns = event
        if sequence < self.sequence:
            if self._joined:
                self.doubt(f"sequence went back from {self.sequence} to {sequence}")
            return
        if depth:
            problem = self._fold_in_order(bid_levels, ask_levels, depth)
        else:
            self._unread = True
            problem = self._lay_up(bid_levels, ask_levels)
        if problem:
            self.doubt(problem)
            return
        self.sequence = sequence
        self._joined = True
        self.at_ns = at_ns
        self._version += 1
        self.applied += 1
        if depth:
            self._look_for_a_cross()
        elif len(self._new_bids) > _UNREAD_LIMIT or len(self._new_asks) > _UNREAD_LIMIT:
            self._look()

    def apply_run(self, run: BookRun) -> None:
        """Take increments that came one after the other by the rules of ``apply``, for a fraction of its cost."""
        steps = run.steps
        if self._state is not _LIVE:
            for event in run.deltas():
                self.apply(event)
            return
        if self.depth or steps[-1].depth:
            self._take_in_order(steps, run.at_ns)
            return
        known, bids, asks = self._memo.known, self._new_bids, self._new_asks
        sequence, joined, taken, problem = self.sequence, self._joined, 0, ""
        self._unread = True
        left, more = iter(steps), True
        while more:
            try:
                for step in left:
                    told = step.sequence
                    if told < sequence:
                        if joined:
                            problem = f"sequence went back from {sequence} to {told}"
                            break
                        continue
                    sides = step.levels
                    for raw, size in sides.bids:
                        bids[known[raw]] = size
                    for raw, size in sides.asks:
                        asks[known[raw]] = size
                    sequence, joined = told, True
                    taken += 1
                more = False
            except KeyError:  # a price not seen before: the step is taken again from its beginning
                problem = self._lay_up(sides.bids, sides.asks)
                if problem:
                    break
                sequence, joined = told, True
                taken += 1
            except GARBLED as error:
                problem = f"unreadable level: {error}"
                break
        if taken:
            self.sequence, self._joined = sequence, True
            last = steps[-1] if taken == len(steps) else next(step for step in reversed(steps) if step.sequence == sequence)
            self.at_ns = last.timestamp or run.at_ns
            self._version += 1
            self.applied += taken
        if problem:
            self.doubt(problem)
        elif len(bids) > _UNREAD_LIMIT or len(asks) > _UNREAD_LIMIT:
            self._look()

    def _lay_up(self, bid_levels: RawLevels, ask_levels: RawLevels) -> str:
        """Lay up levels of a whole book and learn their prices; return what is wrong with them, empty when nothing is."""
        known, ticks_of = self._memo.known, self._memo.ticks_of
        try:
            for levels, told in ((self._new_bids, bid_levels), (self._new_asks, ask_levels)):
                for raw, size in told:
                    levels[known[raw] if raw in known else ticks_of(raw)] = size
        except GARBLED as error:
            return f"unreadable level: {error}"
        return ""

    def _take_in_order(self, steps: Sequence[BookStep], at_ns: int) -> None:
        """Change a window of levels step by step; whoever is in doubt takes none of what comes after."""
        sequence = self.sequence
        for step in steps:
            told = step.sequence
            if told < sequence:
                if self._joined:
                    self.doubt(f"sequence went back from {sequence} to {told}")
                    return
                continue
            sides = step.levels
            problem = self._fold_in_order(sides.bids, sides.asks, step.depth)
            if problem:
                self.doubt(problem)
                return
            self.sequence = sequence = told
            self._joined = True
            self.at_ns = step.timestamp or at_ns
            self._version += 1
            self.applied += 1
            self._look_for_a_cross()
            if self._state is not _LIVE:
                return

    def _look_for_a_cross(self) -> None:
        if self._bid_ceiling >= self._ask_floor and self._is_crossed():
            self.doubt("crossed")

    def doubt(self, reason: str) -> None:
        """Mark the book as not to be trusted until the next snapshot."""
        self._state = BookState.SUSPECT
        self._reason = reason
        self._version += 1

    def clear(self, reason: str = "no snapshot yet") -> None:
        """Forget everything: the stream restarted."""
        self._bids, self._asks = {}, {}
        self._new_bids, self._new_asks = {}, {}
        self._unread = False
        self._bid_ceiling, self._ask_floor = 0, _FAR_ASK
        self.sequence = 0
        self._state, self._reason = BookState.EMPTY, reason
        self._version += 1

    # -- reading ---------------------------------------------------------------------------------------------------

    @property
    def standing(self) -> BookState:
        """Whether prices could be acted on at the last look, for the writer, who asks with every message."""
        return self._state

    @property
    def state(self) -> BookState:
        """Whether prices may be acted on."""
        if self._unread:
            self._look()
        return self._state

    @property
    def reason(self) -> str:
        """Why prices may not be acted on; empty when they may."""
        if self._unread:
            self._look()
        return self._reason

    @property
    def version(self) -> int:
        """Counts changes: a cheap key for caches."""
        if self._unread:
            self._look()
        return self._version

    @property
    def is_live(self) -> bool:
        """Whether prices may be acted on."""
        if self._unread:
            self._look()
        return self._state is _LIVE

    @property
    def bid_ticks(self) -> list[int]:
        """Bid prices in ticks, best (highest) first."""
        return self._order()[1]

    @property
    def ask_ticks(self) -> list[int]:
        """Ask prices in ticks, best (lowest) first."""
        return self._order()[2]

    @property
    def best_bid(self) -> Decimal | None:
        """Highest bid price, None on an empty side."""
        ticks = self.bid_ticks
        return self.instrument.from_ticks(ticks[0]) if ticks else None

    @property
    def best_ask(self) -> Decimal | None:
        """Lowest ask price, None on an empty side."""
        ticks = self.ask_ticks
        return self.instrument.from_ticks(ticks[0]) if ticks else None

    @property
    def mid(self) -> Decimal | None:
        """Midpoint of the best prices, None unless both sides exist."""
        bid, ask = self.best_bid, self.best_ask
        return None if bid is None or ask is None else (bid + ask) / 2

    def bid_size(self, ticks: int) -> Decimal:
        """Return the size bid at a price in ticks; zero where there is none."""
        if self._unread:
            self._look()
        raw = self._bids.get(ticks)
        return ZERO if raw is None else self._shown(raw)

    def ask_size(self, ticks: int) -> Decimal:
        """Return the size offered at a price in ticks; zero where there is none."""
        if self._unread:
            self._look()
        raw = self._asks.get(ticks)
        return ZERO if raw is None else self._shown(raw)

    @property
    def raw_sides(self) -> tuple[Mapping[int, Any], Mapping[int, Any]]:
        """Bids and asks as raw sizes by price in ticks, unsorted, to be read and not kept: equal raw values are equal sizes."""
        if self._unread:
            self._look()
        return self._bids, self._asks

    def size_of(self, raw: Any) -> Decimal:
        """Return the size that a raw value of this book stands for."""
        return self._shown(raw)

    def ticks_of(self, raw: Any) -> int:
        """Return a raw price of this book as whole ticks; raises WireError for one that is none."""
        return self._memo.ticks_of(raw)

    def bids(self, count: int | None = None) -> list[tuple[Decimal, Decimal]]:
        """Return (price, size) of the best ``count`` bids, best first."""
        return [(self.instrument.from_ticks(t), self._shown(self._bids[t])) for t in self.bid_ticks[:count]]

    def asks(self, count: int | None = None) -> list[tuple[Decimal, Decimal]]:
        """Return (price, size) of the best ``count`` asks, best first."""
        return [(self.instrument.from_ticks(t), self._shown(self._asks[t])) for t in self.ask_ticks[:count]]

    # -- inside ----------------------------------------------------------------------------------------------------

    def _look(self) -> None:
        """Prove what was laid up and fold it in; doubt the book where that is no book."""
        self._unread = False
        live = self._state is _LIVE
        bids, asks = self._new_bids, self._new_asks
        self._new_bids, self._new_asks = {}, {}
        try:
            if bids:
                fold(bids, self._bids)
                self._bid_ceiling = max(self._bid_ceiling, max(bids))
            if asks:
                fold(asks, self._asks)
                self._ask_floor = min(self._ask_floor, min(asks))
        except GARBLED as error:
            self._found(f"unreadable level: {error}", live)
            return
        if self._is_crossed():
            self._found("crossed", live)

    def _found(self, reason: str, live: bool) -> None:
        """Doubt what a look found, and tell."""
        if live:
            self.doubt(reason)
            if self._on_doubt is not None:
                self._on_doubt(self.instrument.id)

    def _is_crossed(self) -> bool:
        """The bounds only ever widen between looks: a conflict means "look", not "crossed"."""
        if self._bid_ceiling < self._ask_floor:
            return False
        self._bid_ceiling = max(self._bids, default=0)
        self._ask_floor = min(self._asks, default=_FAR_ASK)
        return self._bid_ceiling >= self._ask_floor

    def _fold_in_order(self, bid_levels: RawLevels, ask_levels: RawLevels, depth: int) -> str:
        """Change a window of ``depth`` levels a side; return what is wrong with a level, empty when nothing is.

        float() is here for its verdict alone, "a number above zero", and its value is dropped: that verdict costs 90 ns where the
        pattern of from_wire costs 330. Whatever it does not pass is looked at closely.
        """
        if self._unread:
            self._look()
        known, ticks_of, ceiling, floor = self._memo.known, self._memo.ticks_of, self._bid_ceiling, self._ask_floor
        bids, asks = self._bids, self._asks
        try:
            for raw, size in bid_levels:
                ticks = known[raw] if raw in known else ticks_of(raw)
                if size == "0":
                    if bids.pop(ticks, None) is None:
                        self.unknown_deletes += 1
                elif 0.0 < float(size) < MOST:
                    bids[ticks] = size
                    if ticks > ceiling:
                        ceiling = ticks
                elif not is_zero(size):
                    raise WireError(f"size {size!r:.40}")
                elif bids.pop(ticks, None) is None:
                    self.unknown_deletes += 1
            for raw, size in ask_levels:
                ticks = known[raw] if raw in known else ticks_of(raw)
                if size == "0":
                    if asks.pop(ticks, None) is None:
                        self.unknown_deletes += 1
                elif 0.0 < float(size) < MOST:
                    asks[ticks] = size
                    if ticks < floor:
                        floor = ticks
                elif not is_zero(size):
                    raise WireError(f"size {size!r:.40}")
                elif asks.pop(ticks, None) is None:
                    self.unknown_deletes += 1
        except GARBLED as error:
            return f"unreadable level: {error}"
        self._bid_ceiling, self._ask_floor = ceiling, floor
        if len(bids) > depth or len(asks) > depth:
            self._truncate(depth)
        return ""

    def _order(self) -> tuple[int, list[int], list[int]]:
        if self._unread:
            self._look()
        cached = self._sorted
        if cached is None or cached[0] != self._version:
            cached = (self._version, sorted(self._bids, reverse=True), sorted(self._asks))
            self._sorted = cached
        return cached

    def _load(self, levels: RawLevels) -> dict[int, Any]:
        ticks_of = self._memo.ticks_of
        out: dict[int, Any] = {}
        for raw, size in levels:
            if self._size(size) > 0:
                out[ticks_of(raw)] = size
        return out

    def _differs(self, sent: dict[int, Any], held: dict[int, Any]) -> bool:
        return sent.keys() != held.keys() or any(self._size(raw) != self._shown(held[ticks]) for ticks, raw in sent.items())

    def _size(self, raw: Any) -> Decimal:
        scale = self.instrument.size_scale
        size = from_scaled(raw, scale) if scale and type(raw) is int else from_wire(raw)
        if not 0 <= size < ABSURD:
            raise WireError(f"{self.instrument.symbol}: size {size:.6e} in the book")
        return size

    def _shown(self, raw: Any) -> Decimal:
        """Return a size held; one that only looked like a number when it was applied (``1_000``) is not shown, and doubted."""
        try:
            return self._size(raw)
        except WireError as error:
            self.doubt(f"unreadable level: {error}")
            return ZERO

    def _truncate(self, depth: int) -> None:
        """Let fall out of the window what is beyond it: nearly always one level."""
        if len(self._bids) == depth + 1:
            del self._bids[min(self._bids)]
        elif len(self._bids) > depth:
            self._bids = {t: self._bids[t] for t in sorted(self._bids, reverse=True)[:depth]}
        if len(self._asks) == depth + 1:
            del self._asks[max(self._asks)]
        elif len(self._asks) > depth:
            self._asks = {t: self._asks[t] for t in sorted(self._asks)[:depth]}
